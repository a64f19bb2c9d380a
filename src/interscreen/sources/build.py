"""Rows of any source -> one PhaseTable: the lowest energy of each formula, filters applied."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.filters import Filters
from ..phases.formula import (
    atomic_number,
    parse_formula,
    read_amounts,
    reduced_text,
    whole_numbers,
)  # fmt: skip
from ..phases.identifiers import spelled_as
from ..phases.source import Source
from ..phases.table import ABOVE_HULL, PhaseTable
from .rows import Rows, Units

_ELEMENT_TOLERANCE = 1e-6  # eV/atom
_EDGE = 1e-9  # eV/atom; a phase exactly at a limit counts


def read_units(rows: Rows, source: Source) -> Units:
    """Reduce the formulas of a source; InputError for an unreadable one, with its row."""
    known = rows.units or Units(np.empty(0, dtype=np.int64), [], [], [])
    of_text: dict[str, int] = {}
    number = {key: i for i, key in enumerate(zip(known.symbols, known.counts, strict=True))}
    first = len(known.of_row)
    of_row = np.empty(len(rows), dtype=np.int64)
    of_row[:first] = known.of_row
    unreadable: list[tuple[int, str]] = []
    for row, text in enumerate(rows.formulas[first:], first):
        unit = of_text.get(text)
        if unit is None:
            try:
                amounts = read_amounts(text)
            except InputError as error:
                unreadable.append((row, str(error)))
                continue
            key = (tuple(amounts), whole_numbers(list(amounts.values())))
            unit = of_text[text] = number.setdefault(key, len(number))
        of_row[row] = unit
    if unreadable:
        row, message = unreadable[0]
        raise InputError(f"{rows.place(row, source)}: {message}{_more(len(unreadable))}")
    pairs = list(number)
    texts = [reduced_text(dict(zip(*pair, strict=True))) for pair in pairs[len(known.texts) :]]
    return Units(of_row, known.texts + texts, [s for s, _ in pairs], [n for _, n in pairs])


def table_from_rows(
    rows: Rows,
    source: Source,
    *,
    all_phases: bool = False,
    left_out: NDArray[np.bool_] | None = None,
    units: Units | None = None,
) -> PhaseTable:
    """Build the table of a source: of each formula the structure of the lowest energy.

    ``all_phases`` counts what is marked as never observed (0), too; ``left_out``, shape (r,), are
    structures that do not count.  A formula counts while one of its structures does.

    Raises
    ------
    InputError
        For an empty table, an unreadable formula, an energy that is not a finite number, or an
        element whose own formation energy is negative.
    """
    if not len(rows):
        raise InputError(f"{source.name}: no phases in it; a source needs at least one row")
    energies = rows.energies
    if len(bad := np.flatnonzero(~np.isfinite(energies))):
        raise InputError(
            f"{rows.place(bad[0], source)}: the formation energy of "
            f"{rows.formulas[bad[0]]} is {energies[bad[0]]}, not a finite number"
            f"{_more(len(bad))}; correct or remove it"
        )
    if units is None:
        units = read_units(rows, source)
    seen = np.full(len(rows), -1, dtype=np.int64) if rows.observed is None else rows.observed
    excluded = ((seen == 0) & (not all_phases)) | (False if left_out is None else left_out)
    # an observed polymorph comes before one that is left out; then the lower energy
    order = np.lexsort((np.arange(len(rows)), energies, excluded, units.of_row))
    chosen = order[np.searchsorted(units.of_row[order], np.arange(len(units.symbols)))]
    lengths = np.array([len(symbols) for symbols in units.symbols], dtype=np.int64)
    below = np.flatnonzero((lengths == 1) & (energies[chosen] < -_ELEMENT_TOLERANCE))
    if len(below):
        row = chosen[below[0]]
        raise InputError(
            f"{rows.place(row, source)}: the element {units.symbols[below[0]][0]} "
            f"has the formation energy {energies[row]} eV/atom; energies must be relative to the "
            "elements (formation energies, not total energies)"
        )
    elements = tuple(sorted(set(chain(*units.symbols)), key=atomic_number))
    position = {symbol: i for i, symbol in enumerate(elements)}
    more = {"theoretical": rows.theoretical, "licence": rows.licences}
    properties: dict[str, Any] = {**rows.properties, **more}
    return PhaseTable(
        formulas=np.array(units.texts),
        elements=elements,
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        element_index=np.array([position[s] for s in chain(*units.symbols)], dtype=np.int64),
        counts=np.array(list(chain(*units.counts)), dtype=np.int64),
        energies=np.where(lengths == 1, np.maximum(energies[chosen], 0.0), energies[chosen]),
        ids=np.array([""] * len(chosen) if rows.ids is None else [rows.ids[row] for row in chosen]),
        structures=np.bincount(units.of_row, rows.stands_for, len(chosen)).astype(np.int64),
        observed=seen[chosen],
        counted=~excluded[chosen],
        source=replace(source, n_rows=int(rows.stands_for.sum()), n_phases=len(chosen)),
        properties={
            key: np.asarray(values)[chosen]
            for key, values in properties.items()
            if values is not None
        },
    )


def select(rows: Rows, source: Source, filters: Filters, *, all_phases: bool = False) -> PhaseTable:
    """Build the table of a source without the phases that are to be left out.

    Limits on stability are measured from the hull of everything that counts without the filters,
    for each structure: a polymorph that takes the place of a left-out ground state has to meet
    them itself.

    ``all_phases`` counts phases marked as never observed, too.  InputError for a filter that the
    source cannot answer, or a banned phase that cannot be read.
    """
    units = read_units(rows, source)
    table = table_from_rows(rows, source, all_phases=all_phases, units=units)
    if not filters.active:
        return table
    # loads the compiled engine, which a table does not need
    from ..phases.hull import known_hull_phases, stability

    out = rows.left_out(filters, source.name)
    formula = units.of_row
    most, least = filters.max_energy_above_hull_eV_per_atom, filters.min_stability_eV_per_atom
    if most is None and least is None:
        on_hull = known_hull_phases(table)
    else:
        measured = stability(table)
        on_hull = measured.energy_above_hull == 0.0
        lowest = table.energies - measured.energy_above_hull  # hull energy of each formula
        without = table.energies + measured.margin  # the same without the formula itself
        if most is not None:
            out |= rows.energies - lowest[formula] > most + _EDGE
        if least is not None:
            out |= without[formula] - rows.energies < least - _EDGE
    elements = np.diff(table.indptr) == 1
    out &= ~elements[formula]  # the reference states always count
    _leave_out_banned(rows, table, filters, out, formula)
    chosen = table_from_rows(
        rows,
        replace(source, filters=filters.to_dict()),
        all_phases=all_phases,
        left_out=out,
        units=units,
    )
    # no loss, so no message; what was left out before this choice is named as before
    above = table.counted & ~on_hull
    return replace(chosen, properties={**chosen.properties, ABOVE_HULL: above})


def _leave_out_banned(
    rows: Rows,
    table: PhaseTable,
    filters: Filters,
    out: NDArray[np.bool_],
    formula: NDArray[np.int64],
) -> None:
    """Leave out banned formulas; InputError for one that is not there."""
    row_of = {text: row for row, text in enumerate(rows.ids or ())}
    for text in filters.banned:
        row: int | None = None
        symbols: Collection[str] = ()
        identifier = spelled_as(text, row_of)
        if identifier in row_of:  # left out row by row
            out |= np.array([other == identifier for other in rows.ids or ()], dtype=bool)
            row = int(formula[row_of[identifier]])
            symbols = table.composition(row)
        elif not text.startswith(("mp-", "mvc-")):
            try:
                unit = parse_formula(text)
            except InputError as error:
                raise InputError(
                    f"banned: {text!r} is no identifier of the source {table.source.name}, and no "
                    f"formula either ({error})"
                ) from None
            row, symbols = table.find(unit), unit.elements
            if row is not None:
                out |= formula == row
        if len(symbols) == 1:
            raise InputError(
                f"banned: {text}: the reference state of the element {next(iter(symbols))} is the "
                "zero of energy and always counts; take it off the list"
            )
        if row is None:
            raise InputError(
                f"banned: {text}: the source {table.source.name} has no such phase; correct it, or "
                "take it off the list"
            )


def _more(count: int) -> str:
    return f" (and {count - 1} more rows like it)" if count > 1 else ""
