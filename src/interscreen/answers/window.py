"""Electrochemical stability windows against Li/Li+."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..phases.electrode import CHARGES
from ..phases.material import Given, compose
from ..phases.result import Keyed
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL
from .competitors import Competitors, competitors_of, unproven
from .lithium import TOLERANCE_EV, LithiumLine, lithium_line
from .provenance import Answer, provenance
from .reactant import HULL, without_noise

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class WindowStep(Keyed):
    """What has reacted after one step outside the exact window.

    Attributes
    ----------
    voltage_V : float
        Where the step happens [V against Li/Li+]: below the window or above it.
    reacted_fraction : float
        Share of the atoms of the material, Li aside, that are in other phases than in the window.
    reacted_elements : dict of str to float
        The same share of the atoms of each element.
    products : tuple of str
        Phases after the step.
    """

    voltage_V: float
    reacted_fraction: float
    reacted_elements: dict[str, float]
    products: tuple[str, ...]


@dataclass(frozen=True)
class Window(Answer, figure="window"):
    """Stability window of a material.

    Attributes
    ----------
    assemblage_window_V : tuple of (float, float or None)
        Voltages [V against Li/Li+] between which the equilibrium assemblage of the material's
        composition neither takes up nor gives off Li.  0.0: stable against Li metal.  The upper
        limit is None where there is no Li to give off.
    tolerance_window_V : tuple of (float, float or None)
        Voltages between which the assemblage gains at most the tolerance by taking up or giving off
        Li, traces that a formula leaves open aside (``lithium.FORMULA_LITHIUM``).  They move little
        when the formula does; the exact limits may move by volts.
    tolerance_meV_per_atom : float
        That tolerance [meV per atom of the material].
    steps : tuple of WindowStep
        Steps outside the window: of reduction by falling, then of oxidation by rising voltage.
    phase_window_V : tuple or None
        The same for the material with its own energy; None when it lies above the hull or when
        no energy of its own is known (``phase_window_reason`` says which).
    phase_window_reason : str
        Why there is no window of the phase; empty when there is one.
    energy_eV_per_atom, energy_source : float, str
        Energy used for the material [eV/atom], and whether it was given, that of the phase, or
        that of the hull.
    energy_above_hull_eV_per_atom : float
    decomposition_energy_0V_eV_per_atom : float
        Energy of the equilibrium with Li metal minus that of the material and the Li taken up
        [eV per atom of the material]; None beside a gas that takes up Li without end.
    reduction_products, oxidation_products : tuple of str
        Phases after the first step below and above the window; empty where there is no step.
    ion : str
        What is taken up and given off; voltages are against its metal.
    """

    material: str
    assemblage_window_V: tuple[float, float | None]
    tolerance_window_V: tuple[float, float | None]
    tolerance_meV_per_atom: float
    steps: tuple[WindowStep, ...]
    phase_window_V: tuple[float, float | None] | None
    phase_window_reason: str
    energy_eV_per_atom: float
    energy_source: str
    energy_above_hull_eV_per_atom: float
    decomposition_energy_0V_eV_per_atom: float | None
    reduction_products: tuple[str, ...]
    oxidation_products: tuple[str, ...]
    provenance: dict[str, Any]
    table: PhaseTable = field(repr=False, compare=False)
    ion: str = "Li"

    _also = "competitors"

    @cached_property
    def competitors(self) -> Competitors:
        """Compounds of its elements with Li that could have competed."""
        return competitors_of(self.table, self.material)

    @property
    def limiting(self) -> tuple[frozenset[str], frozenset[str]]:
        """Products of the steps that decide the lower and the upper limit within tolerance."""
        low, high = self.tolerance_window_V
        exact = self.assemblage_window_V[1]
        below, above = set[str](), set[str]()
        for step in self.steps:
            if exact is not None and step.voltage_V >= exact:
                if high is None or step.voltage_V <= high:
                    above.update(step.products)
            elif step.voltage_V >= low:
                below.update(step.products)
        return frozenset(below), frozenset(above)

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        import pandas as pd

        return pd.DataFrame([window_row(self)])


def window_row(window: Window) -> dict[str, Any]:
    """Flat row of a window, for tables."""
    phase = window.phase_window_V or (None, None)
    n_atoms = float(compose(window.material).n_atoms)
    per_atom = window.decomposition_energy_0V_eV_per_atom
    per_formula = None if per_atom is None else per_atom * n_atoms
    return {
        "material": window.material,
        "reduction_limit_V": window.assemblage_window_V[0],
        "oxidation_limit_V": window.assemblage_window_V[1],
        "tolerance_reduction_V": window.tolerance_window_V[0],
        "tolerance_oxidation_V": window.tolerance_window_V[1],
        "phase_reduction_limit_V": phase[0],
        "phase_oxidation_limit_V": phase[1],
        "phase_window_reason": window.phase_window_reason,
        "energy_eV_per_atom": window.energy_eV_per_atom,
        "energy_source": window.energy_source,
        "energy_above_hull_eV_per_atom": window.energy_above_hull_eV_per_atom,
        "decomposition_energy_0V_eV_per_atom": per_atom,
        "decomposition_energy_0V_eV_per_formula": per_formula,
        "decomposition_energy_0V_kJ_per_mol": None
        if per_formula is None
        else per_formula * KJ_PER_MOL,
        "reduction_products": " + ".join(window.reduction_products),
        "oxidation_products": " + ".join(window.oxidation_products),
    }


def checked_tolerance(tolerance_meV_per_atom: float) -> float:
    """Return a tolerance in eV/atom.

    Raises
    ------
    InputError
        For one that is not above zero or beyond 1000 meV/atom.
    """
    if not 0.0 < tolerance_meV_per_atom <= 1000.0:
        raise InputError(
            f"tolerance {tolerance_meV_per_atom:g} meV/atom: use more than 0 and at most 1000"
        )
    return tolerance_meV_per_atom / 1000.0


def _steps(line: LithiumLine) -> tuple[WindowStep, ...]:
    start, last = line.walk.start, len(line.walk.t) - 1
    lowest = min(0.0, line.electrode.potential_V)
    down = [p for p in range(start + 1, last + 1) if line.voltage(p - 1) > lowest]
    voltages = [(p, line.voltage(p - 1)) for p in down]
    voltages += [(p, line.voltage(p)) for p in range(start - 1, -1, -1)]
    shares = {
        symbol: float(share)
        for symbol, share in zip(line.system.elements, line.reactant.fractions, strict=True)
        if symbol != line.ion.symbol
    }
    found = []
    for point, voltage in voltages:
        reacted = line.reacted(point)
        whole = sum(reacted[symbol] * shares[symbol] for symbol in reacted)
        fraction = whole / (sum(shares.values()) or 1.0)
        found.append(WindowStep(voltage, fraction, reacted, tuple(line.products(point))))
    return tuple(found)


def stability_window(
    table: PhaseTable,
    m: Given,
    *,
    tolerance_meV_per_atom: float = 1000.0 * TOLERANCE_EV,
) -> Window:
    """Electrochemical stability window of a material against Li/Li+, or the ion of the table.

    The hull along the Li content of the material is walked to either side; minus its slope is the
    voltage (Zhu, He, Mo, ACS Appl. Mater. Interfaces 7, 23685 (2015), doi:10.1021/acsami.5b07517).

    ``m`` is a formula, a mixture or the name of an electrolyte; errors as for ``react``, and
    InputError for a tolerance that is none.

    Examples
    --------
    >>> from interscreen import PhaseTable, stability_window
    >>> stability_window(PhaseTable.reference(), "LiF").assemblage_window_V[0]
    0.0
    """
    tolerance = checked_tolerance(tolerance_meV_per_atom)
    line = lithium_line(table, m)
    walk, start, ion = line.walk, line.walk.start, line.ion
    lowest = min(0.0, line.electrode.potential_V)
    reduction = line.voltage(start)
    oxidation = line.voltage(start - 1) if start > 0 else None
    if line.reactant.energy_source == HULL:
        reason = "no energy of its own is known; the hull energy stands in"
    elif line.above_hull > 0.0:
        reason = (
            f"{line.above_hull * 1000:.1f} meV/atom above the hull: not stable at any potential"
        )
    else:
        reason = ""
    limits = (reduction, oxidation)
    doubts = () if reduction > lowest else unproven(table, line.reactant.composition)
    origin = provenance(table.source, line.system, [line.reactant], doubts=doubts)
    held = line.reactant.composition.elements
    others = [s for s in CHARGES if s in held and s != ion.symbol and CHARGES[s] == 1]
    if oxidation is None and others:  # a fluoride of Al or Mg is rather a coating than a conductor
        origin["warnings"].append(
            f"{line.reactant.composition.text} holds no {ion.symbol} that could be given off; "
            f"--ion {others[0]} asks for {others[0]}"
        )
    return Window(
        material=line.reactant.composition.text,
        assemblage_window_V=limits,
        tolerance_window_V=line.tolerance_window(tolerance),
        tolerance_meV_per_atom=tolerance_meV_per_atom,
        steps=_steps(line),
        phase_window_V=None if reason else limits,
        phase_window_reason=reason,
        energy_eV_per_atom=line.energy,
        energy_source=line.reactant.energy_source,
        energy_above_hull_eV_per_atom=line.above_hull,
        decomposition_energy_0V_eV_per_atom=None
        if line.endless
        else without_noise(float(walk.energy[-1]) - line.energy),
        reduction_products=tuple(line.products(start + 1)) if reduction > lowest else (),
        oxidation_products=tuple(line.products(start - 1)) if start > 0 else (),
        provenance=origin,
        table=table,
        ion=ion.symbol,
    )
