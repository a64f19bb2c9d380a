"""Electrochemical stability windows against Li/Li+."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..phases.material import Given, compose
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL
from .ion import CHARGES, LITHIUM, Ion
from .lithium import lithium_line
from .provenance import Answer, provenance
from .reactant import HULL, without_noise

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Window(Answer, figure="window"):
    """Stability window of a material.

    Attributes
    ----------
    assemblage_window_V : tuple of (float, float or None)
        Voltages [V against Li/Li+] between which the equilibrium assemblage of the material's
        composition neither takes up nor gives off Li.  0.0: stable against Li metal.  The upper
        limit is None where there is no Li to give off.
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
    phase_window_V: tuple[float, float | None] | None
    phase_window_reason: str
    energy_eV_per_atom: float
    energy_source: str
    energy_above_hull_eV_per_atom: float
    decomposition_energy_0V_eV_per_atom: float | None
    reduction_products: tuple[str, ...]
    oxidation_products: tuple[str, ...]
    provenance: dict[str, Any]
    ion: str = "Li"

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


def stability_window(table: PhaseTable, m: Given, ion: Ion = LITHIUM) -> Window:
    """Electrochemical stability window of a material against Li/Li+, or another metal.

    The hull along the Li content of the material is walked to either side; minus its slope is the
    voltage (Zhu, He, Mo, ACS Appl. Mater. Interfaces 7, 23685 (2015), doi:10.1021/acsami.5b07517).

    ``m`` is a formula, a mixture or the name of an electrolyte; errors as for ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable, stability_window
    >>> stability_window(PhaseTable.reference(), "LiF").assemblage_window_V[0]
    0.0
    """
    line = lithium_line(table, m, ion)
    walk, start = line.walk, line.walk.start
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
    origin = provenance(table.source, line.system)
    others = [s for s in CHARGES if s in line.reactant.composition.elements and s != ion.symbol]
    if oxidation is None and others:
        origin["warnings"].append(
            f"{line.reactant.composition.text} holds no {ion.symbol} that could be given off; "
            f"--ion {others[0]} asks for {others[0]}"
        )
    return Window(
        material=line.reactant.composition.text,
        assemblage_window_V=limits,
        phase_window_V=None if reason else limits,
        phase_window_reason=reason,
        energy_eV_per_atom=line.energy,
        energy_source=line.reactant.energy_source,
        energy_above_hull_eV_per_atom=line.above_hull,
        decomposition_energy_0V_eV_per_atom=None
        if line.endless
        else without_noise(float(walk.energy[-1]) - line.energy),
        reduction_products=tuple(line.products(start + 1)) if reduction > 0.0 else (),
        oxidation_products=tuple(line.products(start - 1)) if start > 0 else (),
        provenance=origin,
        ion=ion.symbol,
    )
