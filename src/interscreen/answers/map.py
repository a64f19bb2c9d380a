"""Maps: the mutual reaction energy of every composition of a ternary system with one partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.batch import START, Problem, Sparse, mutual_minima, row_lines
from ..errors import InputError, SolverError
from ..phases.formula import atomic_number
from ..phases.material import Given
from ..phases.result import Result
from ..phases.system import Floats, System
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL
from .beside import walk_beside
from .provenance import provenance
from .reactant import ON_HULL, Reactant, prepare, without_noise

if TYPE_CHECKING:
    import pandas as pd

DIVISIONS = 200  # of an edge: 20,301 compositions
MOST_DIVISIONS = 1000
LEVEL = 0.05  # [eV/atom]; reactions weaker than this are outlined
PLACEHOLDER = "M"  # in Li-M-O


@dataclass(frozen=True)
class MapPhase(Result):
    """A stable phase of the ternary system.

    Attributes
    ----------
    fractions : tuple of three float
        Atom fractions in the order of the system.
    min_mutual_energy_eV_per_atom : float
        With the partner; exactly zero when the two coexist.
    reduction_limit_V : float or None
        Zero: stable against Li metal.  None where Li is part of neither side.
    """

    formula: str
    fractions: tuple[float, float, float]
    min_mutual_energy_eV_per_atom: float
    reduction_limit_V: float | None

    @property
    def coexists(self) -> bool:
        """Whether nothing reacts."""
        return self.min_mutual_energy_eV_per_atom == 0.0


@dataclass(frozen=True, eq=False)
class CompositionMap(Result, figure="map"):
    """Mutual reaction energies of a ternary system with one partner.

    Attributes
    ----------
    elements : tuple of three str
        The system, as it was written.
    partner : dict
        ``input``, ``formula``, ``energy_eV_per_atom``, ``energy_source`` and
        ``energy_above_hull_eV_per_atom``, as in a reaction.
    divisions : int
        Of an edge; the grid has (divisions + 1)(divisions + 2)/2 points.
    fractions : (n, 3) float array
        Atom fractions of the elements; the second one grows from row to row, the third within.
    min_mutual_energy_eV_per_atom : (n,) float array
        Exactly zero where the two coexist.  Compositions that are no phase have the hull energy,
        so their decomposition into phases is not part of the number, and it is a lower bound.
    reduction_limit_V : (n,) float array or None
        Lower end of the window of each composition; None where Li is part of neither side.
    phases : tuple of MapPhase
        Stable phases, the elements among them; least reactive first.
    partner_fractions : tuple of three float, or None
        Where the partner lies in the triangle; None when it has other elements.
    """

    elements: tuple[str, str, str]
    partner: dict[str, Any]
    divisions: int
    fractions: Floats
    min_mutual_energy_eV_per_atom: Floats
    reduction_limit_V: Floats | None
    phases: tuple[MapPhase, ...]
    partner_fractions: tuple[float, float, float] | None
    provenance: dict[str, Any]

    @property
    def name(self) -> str:
        """The system (``Li-Al-O``)."""
        return "-".join(self.elements)

    @property
    def strongest(self) -> tuple[Floats, float]:
        """Composition that reacts most and its energy [eV/atom]."""
        worst = int(np.argmin(self.min_mutual_energy_eV_per_atom))
        return self.fractions[worst], float(self.min_mutual_energy_eV_per_atom[worst])

    def share_within(self, level: float = LEVEL) -> float:
        """Return the share of the triangle's area where |E| is below ``level`` [eV/atom]."""
        # a point counts as many sixths as triangles of the grid meet there
        weights = np.array([1.0, 1.0, 3.0, 6.0])[np.count_nonzero(self.fractions, axis=1)]
        within = self.min_mutual_energy_eV_per_atom > -level
        return float(weights[within].sum() / weights.sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: the phases and the size of the grid (its points: to_frame)."""
        worst, energy = self.strongest
        return {
            "system": self.name,
            "elements": list(self.elements),
            "partner": dict(self.partner),
            "divisions": self.divisions,
            "grid_points": len(self.fractions),
            "strongest": {"fractions": worst.tolist(), "min_mutual_energy_eV_per_atom": energy},
            "phases": [{**phase.to_dict(), "coexists": phase.coexists} for phase in self.phases],
            "provenance": dict(self.provenance),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per grid point."""
        import pandas as pd

        columns = self._columns(self.fractions, self.min_mutual_energy_eV_per_atom)
        return pd.DataFrame({**columns, "reduction_limit_V": self.reduction_limit_V})

    def phases_frame(self) -> pd.DataFrame:
        """Return one row per stable phase, least reactive first."""
        import pandas as pd

        energies = np.array([phase.min_mutual_energy_eV_per_atom for phase in self.phases])
        columns = self._columns(np.array([phase.fractions for phase in self.phases]), energies)
        return pd.DataFrame(
            {
                "system": columns.pop("system"),
                "formula": [phase.formula for phase in self.phases],
                **columns,
                "min_mutual_energy_kJ_per_mol": energies * KJ_PER_MOL,
                "coexists": [phase.coexists for phase in self.phases],
                "reduction_limit_V": [phase.reduction_limit_V for phase in self.phases],
            }
        )

    def _columns(self, fractions: Floats, energies: Floats) -> dict[str, Any]:
        return {
            "system": [self.name] * len(energies),
            **{f"atom_fraction_{i + 1}": fractions[:, i] for i in range(3)},
            "min_mutual_energy_eV_per_atom": energies,
        }


def read_system(text: str | Sequence[str], m: str | None = None) -> tuple[str, str, str]:
    """Read a ternary system (``Li-Al-O``); ``m`` takes the place of M in ``Li-M-O``.

    InputError for anything but three different elements.
    """
    given = text if isinstance(text, str) else "-".join(text)
    parts = [part.strip() for part in given.split("-")]
    if m is None and PLACEHOLDER in parts:
        raise InputError(f"system {given}: say which elements M stands for, with --m Al,Si,...")
    if m is not None and parts.count(PLACEHOLDER) != 1:
        raise InputError(f"system {given}: has no M for {m} to take its place; write Li-M-O")
    symbols = [m.strip() if part == PLACEHOLDER and m is not None else part for part in parts]
    shown = "-".join(symbols)
    for symbol in symbols:
        try:
            atomic_number(symbol)
        except ValueError:
            raise InputError(
                f"system {shown}: {symbol!r} is no element; write three, as in Li-Al-O"
            ) from None
    if len(symbols) != 3 or len(set(symbols)) != 3:
        raise InputError(f"system {shown}: write three different elements, as in Li-Al-O")
    return (symbols[0], symbols[1], symbols[2])


def composition_map(
    table: PhaseTable,
    system: str | Sequence[str],
    partner: Given,
    *,
    divisions: int = DIVISIONS,
) -> CompositionMap:
    """Mutual reaction energy of every composition of a ternary system with a partner.

    Each value is the minimum over the mixing fraction, as ``react`` gives it for the composition
    and the partner, with the phases that the table counts.

    ``divisions`` is that of an edge of the triangle.  Errors as for ``react``; InputError also for
    an unreadable system, or a grid that is no grid.

    Examples
    --------
    >>> from interscreen import PhaseTable, composition_map
    >>> table = PhaseTable.reference()
    >>> composition_map(table, "Li-Al-O", "LATP", divisions=10).partner["input"]
    'LATP'
    """
    elements = read_system(system)
    if not 2 <= divisions <= MOST_DIVISIONS:
        raise InputError(f"divisions {divisions}: give a number from 2 to {MOST_DIVISIONS}")
    phases, (other,) = prepare(table, [partner], extra=elements)
    places = [phases.elements.index(symbol) for symbol in elements]
    fractions = grid(divisions)
    stable = _stable_columns(phases, places)
    count = len(fractions)
    everything = np.zeros((count + len(stable), len(phases.elements)))
    everything[:count, places] = fractions
    everything[count:] = phases.columns[:, stable].T
    mutual = _mutual(phases, everything, other)
    limits = _reduction_limits(phases, everything)
    found = [
        MapPhase(
            formula=phases.name(int(column)),
            fractions=tuple(phases.columns[places, column].tolist()),
            min_mutual_energy_eV_per_atom=float(mutual[place]),
            reduction_limit_V=None if limits is None else float(limits[place]),
        )
        for place, column in enumerate(stable.tolist(), count)
    ]
    found.sort(key=lambda phase: (-phase.min_mutual_energy_eV_per_atom, phase.formula))
    inside = np.isclose(other.fractions[places].sum(), 1.0, rtol=0.0, atol=1e-12)
    return CompositionMap(
        elements=elements,
        partner=other.describe(
            float(_hulls(replace(phases, reservoirs=()), other.fractions[None, :])[0])
        ),
        divisions=divisions,
        fractions=fractions,
        min_mutual_energy_eV_per_atom=mutual[:count],
        reduction_limit_V=None if limits is None else limits[:count],
        phases=tuple(found),
        partner_fractions=tuple(other.fractions[places].tolist()) if inside else None,
        provenance=provenance(table.source, phases, [other]),
    )


def grid(divisions: int) -> Floats:
    """Atom fractions of a triangular grid, shape ((n + 1)(n + 2)/2, 3) for n divisions."""
    second, third = np.nonzero(np.tri(divisions + 1, dtype=bool)[::-1])
    counts = np.column_stack([divisions - second - third, second, third])
    fractions: Floats = counts / divisions
    return fractions


def _stable_columns(phases: System, places: Sequence[int]) -> Any:
    """Columns of the stable phases of the ternary system, one for each formula."""
    others = np.delete(phases.columns, places, axis=0)
    inside = np.flatnonzero(~others.any(axis=0))
    above = phases.energies[inside] - _hulls(phases, phases.columns[:, inside].T)
    stable = inside[above <= ON_HULL]
    names = [phases.name(int(column)) for column in stable]
    return stable[np.sort(np.unique(names, return_index=True)[1])]


def _asked(phases: System, points: Floats) -> tuple[Problem, Sparse, Any, Any]:
    """Put one question about each of some points, as the compiled loops take them."""
    problem = Problem.of_dense(phases.columns, phases.energies, phases.reservoirs)
    return problem, Sparse.of_dense(points), np.arange(len(points)), np.zeros(len(points), int)


def _hulls(phases: System, points: Floats) -> Floats:
    """Hull energies [eV/atom] of points, shape (k,)."""
    # any partner does: the walk ends at the point itself
    found = mutual_minima(*_asked(phases, points), phases.columns[:, 0])
    hulls = found.hull
    for k in np.flatnonzero(~found.solved):
        none = np.zeros(len(points[k]))
        hulls[k] = walk_beside(phases, points[k], none, at=0.0, low=0.0, high=0.0).energy[0]
    return hulls


def _mutual(phases: System, points: Floats, other: Reactant) -> Floats:
    """Minimum mutual energies [eV/atom] of points with the partner, shape (k,)."""
    second = other.fractions
    found = mutual_minima(*_asked(phases, points), second)
    values: Floats = np.where(found.mutual < -ON_HULL, found.mutual, 0.0)
    for k in np.flatnonzero(~found.solved):  # once more with the greatest care; may raise
        walk = walk_beside(
            phases, second, points[k] - second, at=START, low=0.0, high=1.0, keep_start=False
        )  # fmt: skip
        curve = walk.energy - walk.t * walk.energy[-1] - (1.0 - walk.t) * walk.energy[0]
        values[k] = without_noise(min(float(curve.min()), 0.0))
    return values


def _reduction_limits(phases: System, points: Floats) -> Floats | None:
    """Reduction limits [V], shape (k,); None without Li among the elements."""
    if "Li" not in phases.elements:
        return None
    found = row_lines(*_asked(phases, points), phases.elements.index("Li"))
    if not found.solved.all():
        amounts = points[int(np.flatnonzero(~found.solved)[0])]
        shown = " ".join(
            f"{symbol} {amount:.4f}"
            for symbol, amount in zip(phases.elements, amounts, strict=True)
            if amount > 0.0
        )
        raise SolverError(f"the window of {shown} could not be certified; please report it")
    limits: Floats = found.reduction
    return limits
