"""The phases of a source that a query asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..answers.lithiation import lithiate
from ..answers.reactant import require_lithium
from ..errors import InputError, InterscreenError
from ..phases.classes import Mask, Rows, anion_classes, how_many
from ..phases.hull import stability
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .query import ABOVE_HULL, ALL, Query, element_lists

Voltages = Callable[[Rows], Floats]

_EQUAL = 1e-9  # energies nearer than this are equal [eV/atom]


@dataclass(frozen=True, eq=False)
class Choice:
    """Phases that a query chose.

    Attributes
    ----------
    rows : (k,) int array
        Rows of the phase table, in its order.
    counts : dict of str to int
        How many phases each condition left, in the order of the conditions; first ``all``: every
        counted formula but Li.
    notes : tuple of str
        What the user should know about the answer.
    """

    rows: Rows
    counts: dict[str, int]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)


def choose(table: PhaseTable, query: Query, *, voltages: Voltages | None = None) -> Choice:
    """Return the phases of a source that a query asks for.

    Parameters
    ----------
    table : PhaseTable
        Only counted phases are candidates.
    query : Query
    voltages : callable, optional
        Voltage of the first lithiation step [V] of rows of the table: zero where there is none,
        NaN where it could not be computed.  Called once, with what all conditions but
        ``max_count`` leave.  Without it ``lithiate`` is asked one by one: for small tables.

    Raises
    ------
    InputError
        When no phase is left (with the number that each condition left), or the source cannot
        answer: no Li, nothing on what is theoretical.
    SolverError
        When an energy above hull cannot be certified.
    """
    if query.experimental_only:
        _require_theoretical(table)
    if query.converts_above_V is not None:
        require_lithium(table)
    lithium = (how_many(table, ["Li"]) == 1) & (np.diff(table.indptr) == 1)
    rows: Rows = np.flatnonzero(table.counted & ~lithium)
    if not len(rows):
        raise InputError(
            f"the query leaves no phase: {table.source.name} counts none but Li; use another source"
        )
    counts, notes = {ALL: len(rows)}, _unknown_elements(table, query)
    above: Floats | None = None
    for key, text in query.conditions().items():
        if key in _MASKS:
            kept, more = _MASKS[key](table, query)[rows], []
            if key == "experimental_only":
                more = _unsaid(table, rows[kept])
        elif key == "converts_above_V":
            kept, more = _converting(table, rows, query, voltages)
        elif key == "max_count" and len(rows) <= getattr(query, key):
            kept, more = np.ones(len(rows), dtype=bool), []
        else:
            if above is None:
                above = stability(table, rows).energy_above_hull
            kept, more = _near_hull(above, key, query)
        rows = rows[kept]
        above = above[kept] if above is not None else None
        counts[text] = len(rows)
        notes += more
        if not len(rows):
            steps = ", ".join(f"{step}: {number}" for step, number in counts.items())
            raise InputError(
                f"the query leaves no phase of {table.source.name}: {steps}; relax {text}"
                + (f" ({'; '.join(notes)})" if notes else "")
            )
    return Choice(rows=rows, counts=counts, notes=tuple(notes))


def _any_anion(table: PhaseTable, query: Query) -> Mask:
    classes = anion_classes(table)
    found: Mask = np.logical_or.reduce([classes[name] for name in query.anion])
    return found


def _with_lithium(table: PhaseTable, query: Query) -> Mask:
    with_lithium: Mask = how_many(table, ["Li"]) > 0
    return with_lithium if query.contains_lithium else ~with_lithium


def _in_range(table: PhaseTable, query: Query) -> Mask:
    low, high = query.n_elements or (1, len(table.elements))
    lengths = np.diff(table.indptr)
    inside: Mask = (low <= lengths) & (lengths <= high)
    return inside


def _not_excluded(table: PhaseTable, query: Query) -> Mask:
    excluded = [symbol for name in query.exclude for symbol in element_lists()[name]]
    without: Mask = how_many(table, excluded) == 0
    return without


def _not_theoretical(table: PhaseTable, query: Query) -> Mask:
    kept: Mask = table.properties["theoretical"] != 1
    return kept


# conditions that look at the table row by row: (table, query) -> (n,) bool array
_MASKS: dict[str, Callable[[PhaseTable, Query], Mask]] = {
    "any_of": lambda table, query: how_many(table, query.any_of) > 0,
    "all_of": lambda table, query: how_many(table, query.all_of) == len(query.all_of),
    "none_of": lambda table, query: how_many(table, query.none_of) == 0,
    "only": lambda table, query: how_many(table, query.only) == np.diff(table.indptr),
    "n_elements": _in_range,
    "anion": _any_anion,
    "contains_lithium": _with_lithium,
    "exclude": _not_excluded,
    "experimental_only": _not_theoretical,
}


def _require_theoretical(table: PhaseTable) -> None:
    """Refuse a source that says of no phase whether it is theoretical."""
    stated = table.properties.get("theoretical")
    if stated is None or not bool((stated >= 0).any()):
        raise InputError(
            f"experimental_only: nothing in {table.source.name} says which phases are theoretical; "
            "leave it out, or use the source mp or a table with a column theoretical (yes, no)"
        )


def _unsaid(table: PhaseTable, rows: Rows) -> list[str]:
    unknown = int((table.properties["theoretical"][rows] < 0).sum())
    return [f"experimental_only: unknown origin, kept: {unknown}"] if unknown else []


def _unknown_elements(table: PhaseTable, query: Query) -> list[str]:
    """Name the elements that no phase of the source has."""
    notes = []
    for key in ("any_of", "all_of", "none_of", "only"):
        missing = [symbol for symbol in getattr(query, key) if symbol not in table.elements]
        if missing:
            notes.append(f"{key}: no phase of {table.source.name} has {' or '.join(missing)}")
    return notes


def _converting(
    table: PhaseTable, rows: Rows, query: Query, voltages: Voltages | None
) -> tuple[Mask, list[str]]:
    """Keep rows that take up Li above a voltage, with a note on those it is not known of."""
    first = np.asarray(_one_by_one(table, rows) if voltages is None else voltages(rows), float)
    if first.shape != rows.shape:
        raise ValueError(f"voltages: shape {first.shape} for rows of shape {rows.shape}")
    unknown = np.isnan(first)
    notes = []
    if unknown.any():
        names = [str(formula) for formula in table.formulas[rows[unknown]]]
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        notes.append(
            f"converts_above_V: voltage cannot be computed, left out: {len(names)} ({shown}); "
            f"`interscreen lithiate {names[0]}` says why"
        )
    return ~unknown & (first > query.converts_above_V), notes


def _one_by_one(table: PhaseTable, rows: Rows) -> Floats:
    """Voltage of the first lithiation step [V], zero where there is none; slow."""
    found = np.zeros(len(rows))
    for place, row in enumerate(rows.tolist()):
        try:
            steps = lithiate(table, str(table.formulas[row])).steps
        except InterscreenError:
            found[place] = np.nan
            continue
        if steps:
            found[place] = steps[0].voltage_V
    return found


def _near_hull(above: Floats, key: str, query: Query) -> tuple[Mask, list[str]]:
    """Keep phases near the hull: below a limit, or the lowest ones; with a note on the latter."""
    # numerical noise must not decide between equal energies
    energies = np.round(above / _EQUAL) * _EQUAL
    if key == ABOVE_HULL:
        return energies <= getattr(query, key) + 0.5 * _EQUAL, []
    lowest = np.argsort(energies, kind="stable")[: query.max_count]
    kept = np.zeros(len(above), dtype=bool)
    kept[lowest] = True
    highest = 1000.0 * float(energies[lowest[-1]])
    return kept, [
        f"max_count: of {len(above)} phases the {query.max_count} with the lowest energy above "
        f"hull (at most {highest:.3g} meV/atom; of equal ones the first in the source)"
    ]
