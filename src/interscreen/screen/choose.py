"""The phases of a source that a query asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..answers.materials import Phases, materials_of_rows
from ..answers.reactant import require_lithium
from ..answers.stacks import with_lithium
from ..errors import InputError
from ..phases.classes import Rows, anion_classes, how_many
from ..phases.compounds import compound_lists
from ..phases.hull import known_hull_phases, stability
from ..phases.material import Given, resolve
from ..phases.table import PhaseTable
from .marks import OBSERVED, WORDS, listed, observed_words
from .query import ABOVE_HULL, ALL, FIRST_VOLTAGE, NEAR, Query
from .where import UNKNOWN, Bools, Floats, Ints, Part

_COMPUTED = (ABOVE_HULL, FIRST_VOLTAGE)  # the dearer the later
_DIGITS = 9  # of energies: numerical noise must not decide between equal ones


@dataclass(frozen=True, eq=False)
class Choice:
    """Phases that a query chose: rows of the table, in its order, and what to know about them.

    ``counts`` says how many phases each part of the condition left, in the order in which they were
    applied; first ``all``: every counted formula but Li.
    """

    rows: Rows
    counts: dict[str, int]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)


def choose(
    table: PhaseTable, query: Query | str | Mapping[str, Any], electrolytes: Sequence[Given] = ()
) -> Choice:
    """Return the phases of a source that a query asks for, as layers on some electrolytes.

    Only counted phases are candidates.  The parts of the condition are applied in order, but those
    that need a computation after all others, so that it is done for few.

    Raises
    ------
    InputError
        When no phase is left (with the number that each part left), or the source cannot answer:
        no Li, nothing in a column.
    SolverError
        When an energy above hull cannot be certified.
    """
    query = Query.model_validate(query)
    ion = table.electrode.ion.symbol
    metal = (how_many(table, [ion]) == 1) & (np.diff(table.indptr) == 1)
    phases = _Phases(table, np.flatnonzero(table.counted & ~metal), electrolytes)
    if not len(phases.rows):
        raise InputError(
            f"the query leaves no phase: {table.source.name} counts none but {ion}; use another "
            "source"
        )
    counts, notes = {ALL: len(phases.rows)}, list(query.notes)
    for part in sorted(query.condition.parts, key=_cost):
        missing = [symbol for symbol in part.symbols if symbol not in table.elements]
        if missing:
            notes.append(f"{part.text}: no phase of {table.source.name} has {' or '.join(missing)}")
        kept = part.mask(phases)
        notes += phases.unknown(part, kept)
        phases.rows = phases.rows[kept]
        counts[part.text] = len(phases.rows)
        if not len(phases.rows):
            steps = ", ".join(f"{step}: {number}" for step, number in counts.items())
            raise InputError(
                f"the query leaves no phase of {table.source.name}: {steps}; relax {part.text}"
                + (f" ({'; '.join(notes)})" if notes else "")
            )
    if query.limit is not None:
        if len(phases.rows) > query.limit:
            notes.append(phases.cut(query.limit))
        counts[f"limit {query.limit}"] = len(phases.rows)
    return Choice(rows=phases.rows, counts=counts, notes=tuple(notes))


def _cost(part: Part) -> int:
    return max((_COMPUTED.index(name) + 1 for name in part.columns if name in _COMPUTED), default=0)


class _Phases:
    """Some rows of a phase table, as a condition asks for them (see ``where.Columns``)."""

    def __init__(self, table: PhaseTable, rows: Rows, electrolytes: Sequence[Given]) -> None:
        self.rows = rows
        self._table, self._electrolytes = table, electrolytes
        self._columns: dict[str, NDArray[Any]] = {}  # of all rows of the table

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN for missing ones."""
        return np.asarray(self._column(name)[self.rows], dtype=float)

    def texts(self, name: str, test: Callable[[str], bool]) -> Bools:
        """Return which rows have a text that meets a test; a missing one meets none."""
        if name == "anion":
            found = np.zeros(len(self._table), dtype=bool)
            for word, mask in anion_classes(self._table).items():
                found |= mask if test(word) else False
            return np.asarray(found[self.rows])
        texts = self._column(name)[self.rows].tolist()
        return np.array([bool(text) and test(text) for text in texts], dtype=bool)

    def elements(self, symbols: Collection[str]) -> tuple[Ints, Ints]:
        """Return how many of some elements each row has, and how many of all."""
        return how_many(self._table, symbols)[self.rows], np.diff(self._table.indptr)[self.rows]

    def unknown(self, part: Part, kept: Bools) -> list[str]:
        """Say of how many phases a column that a condition reads is not known."""
        notes = []
        for name in (name for name in part.columns if name in self._columns):
            missing = _missing(self._columns[name][self.rows])
            for word, which in (("kept", missing & kept), ("left out", missing & ~kept)):
                names = [str(formula) for formula in self._table.formulas[self.rows[which]]]
                shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
                if names:
                    notes.append(f"{name}: unknown, {word}: {len(names)} ({shown})")
                if names and name == FIRST_VOLTAGE:
                    notes[-1] += f"; `interscreen lithiate {names[0]}` says why"
        return notes

    def cut(self, limit: int) -> str:
        """Keep the phases nearest to the hull; return a note on them."""
        above = self.numbers(ABOVE_HULL)
        lowest = np.argsort(above, kind="stable")[:limit]
        self.rows = self.rows[np.sort(lowest)]
        return (
            f"limit: of {len(above)} phases the {limit} with the lowest energy above hull (at most "
            f"{1000.0 * above[lowest[-1]]:.3g} meV/atom; of equal ones the first in the source)"
        )

    def _column(self, name: str) -> NDArray[Any]:
        """Return a column for all rows of the table; a computed one is known of ours only."""
        if name not in self._columns:
            if name == NEAR:
                self._columns[name] = electrolyte_distances(self._table, self._electrolytes)
                return self._columns[name]
            if name not in _COMPUTED:
                self._columns[name] = _stored(self._table, name)
                return self._columns[name]
            if name == ABOVE_HULL:
                found = np.round(stability(self._table, self.rows).energy_above_hull, _DIGITS)
            else:
                require_lithium(self._table, self._table.electrode.ion.symbol)
                found = first_voltages(self._table, self.rows)
            self._columns[name] = np.full(len(self._table), np.nan)
            self._columns[name][self.rows] = found
        return self._columns[name]


def electrolyte_distances(table: PhaseTable, electrolytes: Sequence[Given]) -> Floats:
    """Share of the atoms by which each phase differs from the nearest of some electrolytes.

    Half of the sum of the differences in atom fractions: 0 for the electrolyte itself, 1 where the
    two have no element in common.

    Raises
    ------
    InputError
        Without electrolytes.
    """
    if not electrolytes:
        raise InputError(f"{NEAR}: the distance to what? Name electrolytes")
    starts = table.indptr[:-1]
    whole = np.repeat(np.add.reduceat(table.counts, starts), np.diff(table.indptr))
    shares, found = table.counts / whole, np.ones(len(table))
    for given in electrolytes:
        unit = resolve(given)[1]
        theirs = {symbol: float(amount / unit.n_atoms) for symbol, amount in unit.amounts}
        wanted = np.array([theirs.get(symbol, 0.0) for symbol in table.elements])
        common = np.add.reduceat(np.minimum(shares, wanted[table.element_index]), starts)
        found = np.minimum(found, 1.0 - common)
    return np.round(found, _DIGITS)


def _stored(table: PhaseTable, name: str) -> NDArray[Any]:
    """Return a column of the source; refuse one that says nothing of any phase."""
    if name == OBSERVED:
        return observed_words(table, np.arange(len(table)))
    if name in compound_lists():
        return listed(name, table.formulas)
    own = {
        "n_elements": np.diff(table.indptr),
        "formation_energy_eV_per_atom": table.energies,
        "formula": table.formulas,
        "id": table.ids,
        "structures": table.structures,
    }
    values = np.asarray(own.get(name, table.properties.get(name, [""])))
    if name == "theoretical" and values.dtype.kind == "i":
        values = WORDS[values]
    if _missing(values).all():
        raise InputError(
            f"{name}: nothing in {table.source.name} says it of any phase; leave it out, or use "
            f"another source (mp has most) or a table with a column {name}"
        )
    return values


def _missing(values: NDArray[Any]) -> Bools:
    if values.dtype.kind in "biuf":
        return np.asarray(np.isnan(values.astype(float)))
    return np.isin(values.astype(str), ["", UNKNOWN])


def hull_rows(table: PhaseTable) -> Rows:
    """Rows of the phases that equilibria of the energies as they are can be made of."""
    # beyond the potential of the metal phases take part that are on no hull with it
    plated = table.electrode.potential_V < 0.0
    on_hull = known_hull_phases(table) | plated
    rows: Rows = np.flatnonzero(on_hull & table.counted & table.possible)
    return rows


def first_voltages(table: PhaseTable, rows: Rows) -> Floats:
    """First conversion voltage with Li of some phases [V].

    Or with the ion of the table.  0 where they take up none; not a number where no answer could be
    certified, or where the source does not hold all phases of the system.
    """
    found = with_lithium(Phases.of(table, hull_rows(table)), materials_of_rows(table, rows))
    voltages = np.where(found.uptake > 0.0, found.reduction, 0.0)[:, 0]
    known = found.solved[:, 0]
    if table.source.closed:
        ion = table.electrode.ion.symbol
        known &= [table.source.covers({ion, *table.composition(row)}) for row in rows.tolist()]
    return np.where(known, voltages, np.nan)
