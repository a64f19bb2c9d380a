"""Reaction energies between two materials, closed or at an applied potential."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.walk import Floats, Walk, walk_line
from ..errors import InputError
from ..phases.material import Given
from ..phases.source import Source
from ..phases.system import System
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL
from .kinks import Curve, Kink
from .provenance import Answer, provenance, warnings_of
from .reactant import Reactant, prepare

if TYPE_CHECKING:
    import pandas as pd

_GENERIC = 0.4472135954999579  # 1/sqrt(5): no kink lies at an irrational mixing fraction


@dataclass(frozen=True, eq=False)
class Reaction(Answer, figure="reaction"):
    """Reaction of two materials; what is not looked at is not computed.

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

    curve: Curve = field(repr=False)
    source: Source = field(repr=False)

    @cached_property
    def reactants(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both materials and the energies used for them."""
        curve = self.curve
        return curve.first.describe(curve.hulls[0]), curve.second.describe(curve.hulls[1])

    @property
    def min_mutual_energy_eV_per_atom(self) -> float:
        """Minimum of the mutual reaction energy [eV/atom]; zero when the two coexist."""
        point = self.curve.minimum
        return 0.0 if point is None else float(self.curve.mutual[point])

    @property
    def mixing_fraction(self) -> float | None:
        """Atom fraction of the first reactant there; None when the two coexist."""
        point = self.curve.minimum
        return None if point is None else float(self.curve.walk.t[point])

    @property
    def total_energy_eV_per_atom(self) -> float | None:
        """Total reaction energy there [eV/atom]; None when the two coexist."""
        return None if self.best is None else self.best.total_energy_eV_per_atom

    @property
    def kinks(self) -> tuple[Kink, ...]:
        """All kinks of the curve in order of mixing fraction, both ends included."""
        return self.curve.kinks

    @property
    def potential_V(self) -> float | None:
        """Potential of an interface open to Li [V against Li/Li+]; None when closed."""
        return self.curve.potential_V

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Where the energies come from, what was left out, and warnings."""
        curve = self.curve
        return provenance(self.source, curve.system)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with the answer."""
        return tuple(warnings_of(self.source))

    @property
    def best(self) -> Kink | None:
        """Kink of the minimum; None when the two coexist."""
        point = self.curve.minimum
        return None if point is None else self.kinks[point]

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
            **self.error_bars(),
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
    a: Given,
    b: Given,
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
    a, b : str, Material, or pymatgen Composition, Element or entry
        Formula, mixture (``"Cu + 2 LiF"``) or name of an electrolyte; of an entry its composition
        counts, not its total energy.
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

    Examples
    --------
    >>> from interscreen import PhaseTable, react
    >>> found = react(PhaseTable.reference(), "Li", "CuF2")
    >>> found.equation
    '2 Li + CuF2 -> 2 LiF + Cu'
    """
    extra = () if potential_V is None else ("Li",)
    system, (first, second) = prepare(table, (a, b), extra)
    closed = _walk(system.columns, system.energies, first.fractions, second.fractions)
    # hull energies on the scale of formation energies: without the V n_Li of an open reservoir
    hulls = (float(closed.energy[-1]), float(closed.energy[0]))
    walk = closed
    if potential_V is not None:
        potential_V = float(potential_V)
        walk = _open_walk(system, first, second, potential_V)
    return Reaction(Curve(system, first, second, walk, hulls, potential_V), table.source)


def _walk(columns: Floats, costs: Floats, a: Floats, b: Floats) -> Walk:
    return walk_line(columns, costs, b, a - b, start=_GENERIC, low=0.0, high=1.0, keep_start=False)


def _open_walk(system: System, first: Reactant, second: Reactant, potential: float) -> Walk:
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
    return replace(walk, phases=phases)
