"""Reaction energies between two materials, closed or at an applied potential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.walk import Floats, Walk, walk_line
from ..errors import InputError
from ..phases.material import Material
from ..phases.result import Result
from ..phases.system import System
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL
from .kinks import Curve, Kink
from .provenance import provenance
from .reactant import ON_HULL, Reactant, prepare

if TYPE_CHECKING:
    import pandas as pd

_GENERIC = 0.4472135954999579  # 1/sqrt(5): no kink lies at an irrational mixing fraction


@dataclass(frozen=True)
class Reaction(Result):
    """Reaction of two materials.

    Attributes
    ----------
    reactants : tuple of two dict
        ``input``, ``formula``, ``energy_eV_per_atom``, ``energy_source`` (given, phase or hull) and
        ``energy_above_hull_eV_per_atom`` of each.
    min_mutual_energy_eV_per_atom : float
        Minimum of the mutual reaction energy [eV/atom]; zero when the two coexist.
    mixing_fraction : float or None
        Atom fraction of the first reactant there; None when the two coexist.
    total_energy_eV_per_atom : float or None
        Total reaction energy there [eV/atom].
    kinks : tuple of Kink
        All of them in order of mixing fraction, both ends included.
    potential_V : float or None
        Potential against Li/Li+ [V] of an interface open to Li; None when closed.
    provenance : dict
    """

    reactants: tuple[dict[str, Any], dict[str, Any]]
    min_mutual_energy_eV_per_atom: float
    mixing_fraction: float | None
    total_energy_eV_per_atom: float | None
    kinks: tuple[Kink, ...]
    potential_V: float | None
    provenance: dict[str, Any]

    @property
    def best(self) -> Kink | None:
        """Kink of the minimum; None when the two coexist."""
        return next((k for k in self.kinks if k.mixing_fraction == self.mixing_fraction), None)

    @property
    def equation(self) -> str | None:
        """Balanced equation at the minimum; None when the two coexist."""
        return self.best.equation if self.best else None

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in that equation."""
        return self.best.products if self.best else {}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        return {
            "reactants": [dict(reactant) for reactant in self.reactants],
            "min_mutual_energy_eV_per_atom": self.min_mutual_energy_eV_per_atom,
            "mixing_fraction": self.mixing_fraction,
            "total_energy_eV_per_atom": self.total_energy_eV_per_atom,
            "equation": self.equation,
            "products": self.products,
            "kinks": [kink.to_dict() for kink in self.kinks],
            "potential_V": self.potential_V,
            "provenance": dict(self.provenance),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per kink."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """Return flat rows, one per kink, for tables."""
        first, second = self.reactants
        return [
            {
                "reactant_a": first["formula"],
                "reactant_a_energy_source": first["energy_source"],
                "reactant_b": second["formula"],
                "reactant_b_energy_source": second["energy_source"],
                "is_minimum": kink.mixing_fraction == self.mixing_fraction,
                "mixing_fraction": kink.mixing_fraction,
                "mutual_energy_eV_per_atom": kink.mutual_energy_eV_per_atom,
                "mutual_energy_kJ_per_mol": kink.mutual_energy_eV_per_atom * KJ_PER_MOL,
                "total_energy_eV_per_atom": kink.total_energy_eV_per_atom,
                "total_energy_eV_per_formula_a": kink.total_energy_per_formula(0),
                "total_energy_eV_per_formula_b": kink.total_energy_per_formula(1),
                "equation": kink.equation,
            }
            for kink in self.kinks
        ]


def react(
    table: PhaseTable,
    a: str | Material,
    b: str | Material,
    potential_V: float | None = None,
) -> Reaction:
    """Reaction energies of two materials over all mixing fractions.

    With ``x`` the atom fraction of the first reactant, ``H`` the hull energy of a composition and
    ``E`` the energy of a reactant itself,

        total  dE(x) = H(x A + (1 - x) B) - x E_A - (1 - x) E_B
        mutual      = dE(x) - x (H(A) - E_A) - (1 - x) (H(B) - E_B)

    (Richards et al., Chem. Mater. 28, 266 (2016), doi:10.1021/acs.chemmater.5b04082).  At a
    potential V every phase has E + V n_Li in place of E and the Li balance is dropped.

    Parameters
    ----------
    table : PhaseTable
    a, b : str or Material
        Formula, mixture (``"Cu + 2 LiF"``) or name of an electrolyte.
    potential_V : float, optional
        Potential of Li against Li/Li+ [V], zero or positive; None for a closed interface.

    Returns
    -------
    Reaction

    Raises
    ------
    InputError
        For an unreadable formula, an element the table does not know, or a negative potential.
    SolverError
        When an equilibrium cannot be certified.
    """
    open_lithium = potential_V is not None
    system, (first, second) = prepare(table, [a, b], extra=["Li"] if open_lithium else [])
    if potential_V is None:
        walk = _walk(system.columns, system.energies, first.fractions, second.fractions)
        shift = np.zeros(len(system.energies))
    else:
        walk, shift = _open_walk(system, first, second, float(potential_V))
    return _collect(table, system, walk, shift, first, second, potential_V)


def _walk(columns: Floats, costs: Floats, a: Floats, b: Floats) -> Walk:
    return walk_line(columns, costs, b, a - b, start=_GENERIC, low=0.0, high=1.0, keep_start=False)


def _open_walk(
    system: System, first: Reactant, second: Reactant, potential: float
) -> tuple[Walk, Floats]:
    """Walk with Li at a fixed potential: no Li row, E + V n_Li in place of E.

    The column of Li metal is dropped with its row: at V > 0 it costs energy, at V = 0 nothing.
    """
    if not 0.0 <= potential < 100.0:
        raise InputError(
            f"potential {potential} V: give a potential from 0 V (Li metal) upwards, against Li/Li+"
        )
    lithium = system.elements.index("Li")
    others = [i for i in range(len(system.elements)) if i != lithium]
    if not any(reactant.fractions[others].any() for reactant in (first, second)):
        raise InputError("both reactants are Li: nothing is left to react when Li is open")
    columns = np.delete(system.columns, lithium, axis=1)[others]
    costs = np.delete(system.energies + potential * system.columns[lithium], lithium)
    walk = _walk(columns, costs, first.fractions[others], second.fractions[others])
    # columns are counted without Li from here on; put the full numbering back
    phases = walk.phases + (walk.phases >= lithium)
    shift = np.array([potential * r.fractions[lithium] for r in (first, second)])
    return Walk(**{**walk.__dict__, "phases": phases}), shift


def _collect(
    table: PhaseTable,
    system: System,
    walk: Walk,
    shift: Floats,
    first: Reactant,
    second: Reactant,
    potential: float | None,
) -> Reaction:
    """Turn a walk into energies, equations and the minimum."""
    # hull energies on the scale of formation energies: without the V n_Li of an open reservoir
    ends = (float(walk.energy[-1]), float(walk.energy[0]))
    if potential is None:
        hulls = ends
        self_energies = tuple(
            hull - reactant.energy(hull)
            for hull, reactant in zip(hulls, (first, second), strict=True)
        )
    else:
        closed = _walk(system.columns, system.energies, first.fractions, second.fractions)
        hulls = (float(closed.energy[-1]), float(closed.energy[0]))
        self_energies = tuple(
            end - reactant.energy(hull) - float(lithium)
            for end, hull, reactant, lithium in zip(
                ends, hulls, (first, second), shift, strict=True
            )
        )
    mutual = walk.energy - walk.t * ends[0] - (1.0 - walk.t) * ends[1]
    total = mutual + walk.t * self_energies[0] + (1.0 - walk.t) * self_energies[1]
    curve = Curve(system, first.composition, second.composition, walk, potential is not None)
    kinks = tuple(
        Kink(x, _no_dust(m), _no_dust(t), curve, point)
        for point, (x, m, t) in enumerate(
            zip(walk.t.tolist(), mutual.tolist(), total.tolist(), strict=True)
        )
    )
    best = int(np.argmin(mutual))
    reacts = mutual[best] < -ON_HULL
    return Reaction(
        reactants=(first.describe(hulls[0]), second.describe(hulls[1])),
        min_mutual_energy_eV_per_atom=kinks[best].mutual_energy_eV_per_atom if reacts else 0.0,
        mixing_fraction=kinks[best].mixing_fraction if reacts else None,
        total_energy_eV_per_atom=kinks[best].total_energy_eV_per_atom if reacts else None,
        kinks=kinks,
        potential_V=potential,
        provenance=provenance(table, system, (first, second)),
    )


def _no_dust(value: float) -> float:
    return 0.0 if abs(value) < 1e-12 else value
