"""Kinks of a reaction-energy curve, with equations that are written when somebody reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..engine.walk import Walk
from ..phases.equation import Equation, balance
from ..phases.material import Composition
from ..phases.system import System


@dataclass(frozen=True, eq=False)
class Curve:
    """Numbers behind the equations of a curve; the text is written when somebody reads it.

    Attributes
    ----------
    system : System
    first, second : Composition
        The two reactants.
    walk : Walk
        ``t`` is the atom fraction of the first reactant.
    open_lithium : bool
        Whether Li is exchanged with a reservoir.
    """

    system: System
    first: Composition
    second: Composition
    walk: Walk
    open_lithium: bool

    def equation(self, point: int) -> Equation:
        """Balance the equation at a point of the walk."""
        x = float(self.walk.t[point])
        phases = self.walk.phases[point]
        atoms = self.walk.amounts[point]
        shares = [
            (unit, share / float(unit.n_atoms))
            for unit, share in ((self.first, x), (self.second, 1.0 - x))
        ]
        exchanged = None
        if self.open_lithium:
            lithium = self.system.elements.index("Li")
            taken = float(self.system.columns[lithium, phases] @ atoms)
            had = sum(units * float(unit.amount("Li")) for unit, units in shares)
            exchanged = ("Li", taken - had)
        return balance(
            [(unit.text, unit.amounts, units) for unit, units in shares],
            [
                (self.system.name(int(phase)), float(amount))
                for phase, amount in zip(phases, atoms, strict=True)
            ],
            exchanged,
        )


@dataclass(frozen=True)
class Kink:
    """One point of the reaction-energy curve.

    Attributes
    ----------
    mixing_fraction : float
        Atom fraction of the first reactant.
    mutual_energy_eV_per_atom, total_energy_eV_per_atom : float
        Mutual and total reaction energy there [eV/atom of both reactants].
    """

    mixing_fraction: float
    mutual_energy_eV_per_atom: float
    total_energy_eV_per_atom: float
    curve: Curve = field(repr=False, compare=False)
    point: int = field(repr=False, compare=False)

    @cached_property
    def _balanced(self) -> Equation:
        return self.curve.equation(self.point)

    @property
    def equation(self) -> str:
        """Balanced equation (at the two ends: the self-decomposition of one reactant)."""
        return self._balanced.text

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in the equation."""
        return dict(self._balanced.products)

    def total_energy_per_formula(self, side: int) -> float | None:
        """Total reaction energy per formula unit of reactant 0 or 1 [eV]; None without it."""
        unit = (self.curve.first, self.curve.second)[side]
        share = (self.mixing_fraction, 1.0 - self.mixing_fraction)[side]
        return self.total_energy_eV_per_atom * float(unit.n_atoms) / share if share > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "mixing_fraction": self.mixing_fraction,
            "mutual_energy_eV_per_atom": self.mutual_energy_eV_per_atom,
            "total_energy_eV_per_atom": self.total_energy_eV_per_atom,
            "equation": self.equation,
            "products": self.products,
        }
