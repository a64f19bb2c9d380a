"""Stepwise lithiation of a material down to Li metal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..phases.formula import molar_mass
from ..phases.material import Given, compose
from ..phases.result import Keyed
from ..phases.table import PhaseTable
from ..phases.units import MAH_PER_MOL
from .competitors import Competitors, competitors_of, unproven
from .lithium import lithium_line
from .provenance import Answer, provenance

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LithiationStep(Keyed):
    """One voltage plateau.

    Attributes
    ----------
    voltage_V : float
        Equilibrium voltage [V against Li/Li+].
    li_per_formula_start, li_per_formula_end : float
        Li content per formula unit of the material, its own Li included.
    capacity_mAh_per_g : float
        Capacity taken up by the end of the step [mAh per gram of the material as made].
    products : dict of str to float
        Phases at the end of the step and formula units of each per formula unit of the material.
    """

    voltage_V: float
    li_per_formula_start: float
    li_per_formula_end: float
    capacity_mAh_per_g: float
    products: dict[str, float]


@dataclass(frozen=True)
class Lithiation(Answer, figure="lithiation"):
    """Lithiation path of a material.

    Attributes
    ----------
    steps : tuple of LithiationStep
        In order of falling voltage, down to Li metal or the anode of the table; empty when the
        material is stable against it.
    initial_products : dict of str to float
        Equilibrium assemblage before any Li is taken up (the material itself when it is stable).
    final_products : tuple of str
        Phases in equilibrium with Li metal, or the anode of the table.
    final_amounts : dict of str to float
        Formula units of each per formula unit of the material.
    energy_eV_per_atom, energy_source, energy_above_hull_eV_per_atom :
        Energy used for the material [eV/atom] and where it comes from.
    average_voltage_V : float or None
        Mean voltage of the whole conversion from the material with its own energy [V]; None when
        it takes up no Li.
    endless_V : float or None
        Voltage below which a gas at its pressure takes up Li without end [V]: the path stops
        there.  None without such a gas.
    ion : str
        What is taken up, also where names of keys say ``li``; voltages are against its metal.
    """

    material: str
    steps: tuple[LithiationStep, ...]
    initial_products: dict[str, float]
    final_products: tuple[str, ...]
    final_amounts: dict[str, float]
    energy_eV_per_atom: float
    energy_source: str
    energy_above_hull_eV_per_atom: float
    average_voltage_V: float | None
    endless_V: float | None
    provenance: dict[str, Any]
    table: PhaseTable = field(repr=False, compare=False)
    ion: str = "Li"

    _also = "competitors"

    @cached_property
    def competitors(self) -> Competitors:
        """Compounds of its elements with Li that could have competed."""
        return competitors_of(self.table, self.material)

    @property
    def uptake_per_formula(self) -> float:
        """Li taken up per formula unit; below zero where a material gives it off to the anode."""
        if self.steps:
            return self.steps[-1].li_per_formula_end - self.steps[0].li_per_formula_start
        own = float(compose(self.material).amount(self.ion))
        parts = ((compose(name), number) for name, number in self.final_amounts.items())
        held = sum(float(unit.amount(self.ion)) * number for unit, number in parts)
        return round(held - own, 9)

    @property
    def end(self) -> str:
        """Where a gas takes up Li without end, in words; empty without such a gas."""
        if self.endless_V is None:
            return ""
        return f"below {self.endless_V:.3f} V the gas takes up {self.ion} without end"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step."""
        import pandas as pd

        return pd.DataFrame(lithiation_rows(self))


def lithiation_rows(lithiation: Lithiation) -> list[dict[str, Any]]:
    """Flat rows of a path, for tables."""
    return [
        {
            "material": lithiation.material,
            "step": number,
            **vars(step),
            "products": format_amounts(step.products),
        }
        for number, step in enumerate(lithiation.steps, start=1)
    ]


def format_amounts(amounts: Mapping[str, float]) -> str:
    """Write phases with their amounts, as a sum."""
    return " + ".join(format_amount(formula, number) for formula, number in amounts.items())


def format_amount(formula: str, number: float) -> str:
    """Write a formula with its amount per formula unit (``2 LiF``, ``0.333 Al2O3``)."""
    return f"{amount_text(number)}{formula}"


def amount_text(number: float) -> str:
    """Write an amount in front of a formula (``2 ``, ``0.333 ``; nothing for one)."""
    rounded = round(number)
    if abs(number - rounded) < 1e-6:
        return "" if rounded == 1 else f"{rounded} "
    return f"{number:.4g} "


def lithiate(table: PhaseTable, m: Given) -> Lithiation:
    """Follow a material from its own Li content to equilibrium with Li metal, or another anode.

    ``m`` is a formula, a mixture or the name of an electrolyte; errors as for ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable, lithiate
    >>> lithiate(PhaseTable.reference(), "CuF2").final_products
    ('Cu', 'LiF')
    """
    line = lithium_line(table, m)
    walk, unit, ion = line.walk, line.reactant.composition, line.ion
    own, n_atoms = float(unit.amount(ion.symbol)), float(unit.n_atoms)
    mass = molar_mass(unit.amounts)
    steps, last = [], line.end
    for point in range(walk.start, last):
        taken = float(walk.t[point + 1]) * n_atoms
        steps.append(
            LithiationStep(
                voltage_V=line.voltage(point),
                li_per_formula_start=own + float(walk.t[point]) * n_atoms,
                li_per_formula_end=own + taken,
                capacity_mAh_per_g=ion.charge * taken * MAH_PER_MOL / mass,
                products=line.products(point + 1),
            )
        )
    taken = float(walk.t[last])
    final = line.products(last)
    mean = (line.energy - float(walk.energy[last])) / taken if steps else 0.0
    return Lithiation(
        material=unit.text,
        steps=tuple(steps),
        initial_products=line.products(walk.start),
        final_products=tuple(final),
        final_amounts=final,
        energy_eV_per_atom=line.energy,
        energy_source=line.reactant.energy_source,
        energy_above_hull_eV_per_atom=line.above_hull,
        average_voltage_V=mean / ion.charge if steps else None,
        endless_V=line.voltage(last) if line.endless else None,
        provenance=provenance(
            table.source,
            line.system,
            [line.reactant],
            final,
            () if steps else unproven(table, unit),
        ),
        table=table,
        ion=ion.symbol,
    )
