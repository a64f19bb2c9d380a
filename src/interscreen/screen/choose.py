"""The phases of a source that a query asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..answers.lithiation import lithiate
from ..answers.reactant import require_lithium
from ..errors import InputError, InterscreenError
from ..phases.classes import Rows, anion_classes, how_many
from ..phases.hull import stability
from ..phases.table import OBSERVED, PhaseTable
from .query import ABOVE_HULL, ALL, FIRST_VOLTAGE, PHASE_KINDS, Query
from .where import ELEMENTS, NUMBER, Bools, Floats, Ints, Part

Voltages = Callable[[Rows], Floats]

_WORDS = {number: word for word, number in OBSERVED.items() if word}
_FLAGS = ("observed", "theoretical")
_COMPUTED = (ABOVE_HULL, FIRST_VOLTAGE)  # the dearer the later
_DIGITS = 9  # of energies: numerical noise must not decide between equal ones


@dataclass(frozen=True, eq=False)
class Choice:
    """Phases that a query chose.

    Attributes
    ----------
    rows : (k,) int array
        Rows of the phase table, in its order.
    counts : dict of str to int
        How many phases each part of the condition left, in the order in which they were applied;
        first ``all``: every counted formula but Li.
    notes : tuple of str
        What the user should know about the answer.
    """

    rows: Rows
    counts: dict[str, int]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)


def choose(
    table: PhaseTable,
    query: Query | str | Mapping[str, Any],
    *,
    voltages: Voltages | None = None,
) -> Choice:
    """Return the phases of a source that a query asks for.

    The parts of the condition are applied in order, but those that need a computation after all
    others, so that it is done for few.

    Parameters
    ----------
    table : PhaseTable
        Only counted phases are candidates.
    query : Query, or what makes one
    voltages : callable, optional
        Voltage of the first lithiation step [V] of rows of the table: zero where there is none,
        NaN where it could not be computed.  Called once, with what the other parts leave.  Without
        it ``lithiate`` is asked one by one: for small tables.

    Raises
    ------
    InputError
        When no phase is left (with the number that each part left), or the source cannot answer:
        no Li, nothing in a column.
    SolverError
        When an energy above hull cannot be certified.
    """
    query = Query.model_validate(query)
    condition = query.condition
    _require(table, condition.columns)
    lithium = (how_many(table, ["Li"]) == 1) & (np.diff(table.indptr) == 1)
    rows: Rows = np.flatnonzero(table.counted & ~lithium)
    if not len(rows):
        raise InputError(
            f"the query leaves no phase: {table.source.name} counts none but Li; use another source"
        )
    phases = _Phases(table, rows, voltages)
    counts = {ALL: len(rows)}
    notes = [*query.notes, *(note for part in condition.parts for note in _unknown(table, part))]
    for part in sorted(condition.parts, key=_cost):
        kept = part.mask(phases)
        notes += phases.notes(part, kept)
        phases = phases.only(kept)
        counts[part.text] = len(phases.rows)
        if not len(phases.rows):
            steps = ", ".join(f"{step}: {number}" for step, number in counts.items())
            raise InputError(
                f"the query leaves no phase of {table.source.name}: {steps}; relax {part.text}"
                + (f" ({'; '.join(notes)})" if notes else "")
            )
    if query.limit is not None:
        if len(phases.rows) > query.limit:
            kept, note = _lowest(phases.numbers(ABOVE_HULL), query.limit)
            phases = phases.only(kept)
            notes.append(note)
        counts[f"limit {query.limit}"] = len(phases.rows)
    return Choice(rows=phases.rows, counts=counts, notes=tuple(notes))


def _cost(part: Part) -> int:
    return max((_COMPUTED.index(name) + 1 for name in part.columns if name in _COMPUTED), default=0)


def _unknown(table: PhaseTable, part: Part) -> list[str]:
    """Name the elements that no phase of the source has."""
    missing = [symbol for symbol in part.symbols if symbol not in table.elements]
    return [f"{part.text}: no phase of {table.source.name} has {' or '.join(missing)}"] * bool(
        missing
    )


def _require(table: PhaseTable, names: Collection[str]) -> None:
    """Refuse a source that has nothing in a column."""
    if FIRST_VOLTAGE in names:
        require_lithium(table)
    for name in names:
        values = _stored(table, name)
        if values is not None and _missing(values).all():
            raise InputError(
                f"{name}: nothing in {table.source.name} says it of any phase; leave it out, or "
                f"use a table with a column {name} or another source (mp has most)"
            )


def _stored(table: PhaseTable, name: str) -> Any:
    """Return a column that a source may or may not have, one value for each phase; or None."""
    if name == "observed":
        return table.observed
    own = (ELEMENTS, "n_elements", "anion", "formula", "id", "structures", *_COMPUTED)
    if name in own or name == "formation_energy_eV_per_atom":
        return None
    blank = np.nan if PHASE_KINDS[name].kind == NUMBER else -1 if name in _FLAGS else ""
    return np.asarray(table.properties.get(name, np.full(len(table), blank)))


def _missing(values: Any) -> Bools:
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.asarray(values < 0 if values.dtype.kind in "iu" else values == "", dtype=bool)


class _Phases:
    """Some rows of a phase table, as a condition asks for them (see ``where.Columns``)."""

    def __init__(
        self,
        table: PhaseTable,
        rows: Rows,
        voltages: Voltages | None,
        computed: Mapping[str, Floats] | None = None,
    ) -> None:
        self._table, self.rows, self._voltages = table, rows, voltages
        self._computed = dict(computed or {})

    def only(self, kept: Bools) -> _Phases:
        """Return some of these rows, with what was computed for them."""
        computed = {name: values[kept] for name, values in self._computed.items()}
        return _Phases(self._table, self.rows[kept], self._voltages, computed)

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN for missing ones."""
        table, rows = self._table, self.rows
        if name in _COMPUTED and name not in self._computed:
            if name == ABOVE_HULL:
                found = np.round(stability(table, rows).energy_above_hull, _DIGITS)
            else:
                ask = self._voltages or (lambda rows: _one_by_one(table, rows))
                found = np.asarray(ask(rows), dtype=float)
            if found.shape != rows.shape:
                raise ValueError(f"voltages: shape {found.shape} for rows of shape {rows.shape}")
            self._computed[name] = found
        if name in self._computed:
            return self._computed[name]
        if name == "n_elements":
            return np.diff(table.indptr)[rows].astype(float)
        own = {"formation_energy_eV_per_atom": table.energies, "structures": table.structures}
        return np.asarray(own.get(name, _stored(table, name))[rows], dtype=float)

    def texts(self, name: str, test: Callable[[str], bool]) -> Bools:
        """Return which rows have a text that meets a test; a missing one meets none."""
        table, rows = self._table, self.rows
        if name == "anion":
            fitting = [mask[rows] for word, mask in anion_classes(table).items() if test(word)]
            return np.any([np.zeros(len(rows), dtype=bool), *fitting], axis=0)
        if name in _FLAGS:
            numbers = [number for number, word in _WORDS.items() if test(word)]
            return np.isin(_stored(table, name)[rows], numbers)
        own = {"formula": table.formulas, "id": table.ids}
        values = (own[name] if name in own else _stored(table, name))[rows].tolist()
        return np.array([bool(value) and test(value) for value in values], dtype=bool)

    def elements(self, symbols: Collection[str]) -> tuple[Ints, Ints]:
        """Return how many of some elements each row has, and how many of all."""
        return how_many(self._table, symbols)[self.rows], np.diff(self._table.indptr)[self.rows]

    def notes(self, part: Part, kept: Bools) -> list[str]:
        """Say of how many phases a column that the condition reads is not known."""
        notes = []
        for name in part.columns:
            values = self._computed.get(name, _stored(self._table, name))
            if values is None:
                continue
            missing = _missing(values if name in self._computed else values[self.rows])
            for word, which in (("kept", missing & kept), ("left out", missing & ~kept)):
                names = [str(formula) for formula in self._table.formulas[self.rows[which]]]
                if names:
                    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
                    why = f"; `interscreen lithiate {names[0]}` says why" * (name == FIRST_VOLTAGE)
                    notes.append(f"{name}: unknown, {word}: {len(names)} ({shown}){why}")
        return notes


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


def _lowest(above: Floats, limit: int) -> tuple[Bools, str]:
    """Keep the phases nearest to the hull, with a note on them."""
    lowest = np.argsort(above, kind="stable")[:limit]
    kept = np.zeros(len(above), dtype=bool)
    kept[lowest] = True
    highest = 1000.0 * float(above[lowest[-1]])
    return kept, (
        f"limit: of {len(above)} phases the {limit} with the lowest energy above hull "
        f"(at most {highest:.3g} meV/atom; of equal ones the first in the source)"
    )
