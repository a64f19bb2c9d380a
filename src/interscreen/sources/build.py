"""Rows of any source -> one PhaseTable: the lowest energy of each formula, filters applied."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.artefacts import known_artefacts, wrong_energies
from ..phases.filters import KNOWN, Filters
from ..phases.formula import (
    atomic_number,
    nearest,
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
    kept: NDArray[np.bool_] | None = None,
    units: Units | None = None,
) -> PhaseTable:
    """Build the table of a source: of each formula the structure of the lowest energy.

    Known artefacts, and what is marked as never observed (0), do not count, unless ``all_phases``
    says so or they are among the structures ``kept``, shape (r,).  ``left_out``, shape (r,), are
    further structures that do not count.  A formula counts while one of its structures does.

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
    excluded = np.zeros(len(rows), dtype=bool) if left_out is None else left_out
    if not all_phases:
        unasked = (seen == 0) | artefact_rows(rows, units)
        excluded = excluded | (unasked if kept is None else unasked & ~kept)
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


def artefact_rows(rows: Rows, units: Units) -> NDArray[np.bool_]:
    """Structures that are known artefacts, shape (r,).

    A source that says of one that somebody made it is believed, but not where the tabulated
    energy contradicts experiment.  That a structure is not theoretical says less: ordered stand-ins
    for solid solutions go back to experiments, too.
    """
    known, wrong = (
        np.array([text in names for text in units.texts], dtype=bool)[units.of_row]
        for names in (known_artefacts(), wrong_energies())
    )
    return known if rows.observed is None else wrong | (known & (rows.observed != 1))


def select(rows: Rows, source: Source, filters: Filters, *, all_phases: bool = False) -> PhaseTable:
    """Build the table of a source without the phases that are to be left out.

    Limits on stability are measured from the hull of everything that counts without the filters,
    for each structure: a polymorph that takes the place of a left-out ground state has to meet
    them itself.

    ``all_phases`` counts known artefacts and phases marked as never observed, too.  InputError for
    a filter that the source cannot answer, or a banned or kept phase that cannot be read; for a
    kept one also where the source has no such phase.
    """
    units = read_units(rows, source)
    table = table_from_rows(rows, source, all_phases=all_phases, units=units)
    notes = _added_artefacts(table)
    if not filters.active:
        notes += _added_above(rows, table, units)
        return replace(table, source=replace(table.source, notes=(*source.notes, *notes)))
    # loads the compiled engine, which a table does not need
    from ..phases.hull import known_hull_phases, stability

    formula = units.of_row
    kept, unmet = _kept(rows, table, filters, formula)
    if kept.any():
        table = table_from_rows(rows, source, all_phases=all_phases, kept=kept, units=units)
        notes = _added_artefacts(table)
    notes += unmet
    out = rows.left_out(filters, source.name)
    most, least = filters.max_energy_above_hull_eV_per_atom, filters.min_stability_eV_per_atom
    on_hull = None
    if most is not None or least is not None:
        measured = stability(table)
        on_hull = measured.energy_above_hull == 0.0
        lowest = table.energies - measured.energy_above_hull  # hull energy of each formula
        without = table.energies + measured.margin  # the same without the formula itself
        if most is not None:
            out |= rows.energies - lowest[formula] > most + _EDGE
        if least is not None:
            out |= without[formula] - rows.energies < least - _EDGE
    if KNOWN in filters.banned:
        out |= artefact_rows(rows, units)
    elements = np.diff(table.indptr) == 1
    out &= ~elements[formula] & ~kept  # the reference states always count
    _leave_out_banned(rows, table, filters, out, formula)
    chosen = table_from_rows(
        rows,
        replace(source, filters=filters.to_dict(), notes=(*source.notes, *notes)),
        all_phases=all_phases,
        left_out=out,
        kept=kept,
        units=units,
    )
    if said := _added_above(rows, chosen, units):
        chosen = replace(chosen, source=replace(chosen.source, notes=(*chosen.source.notes, *said)))
    if not (table.counted & ~chosen.counted).any():
        return chosen
    # no loss, so no message; what was left out before this choice is named as before
    above = table.counted & ~(known_hull_phases(table) if on_hull is None else on_hull)
    return replace(chosen, properties={**chosen.properties, ABOVE_HULL: above})


def _added_artefacts(table: PhaseTable) -> list[str]:
    """Return notes on phases that the user added in vain."""
    found = []
    for added in table.source.added:
        for text in dict.fromkeys(added["formulas"]):
            row = table.find(text)
            if row is not None and not table.counted[row]:
                name = str(table.formulas[row])
                found.append(
                    f"{added['file']}: {name} does not count, because it is a known artefact or "
                    f"marked as never observed; --keep {name} counts it"
                )
    return found


def _added_rows(rows: Rows, source: Source) -> NDArray[np.bool_]:
    """Structures that the user added: the last ones, shape (r,)."""
    count = sum(int(added["entries"]) for added in source.added)
    return np.arange(len(rows)) >= len(rows) - count


def _added_above(rows: Rows, table: PhaseTable, units: Units) -> list[str]:
    """Return notes on added energies that do not count, because the source's are lower."""
    found = []
    for row in np.flatnonzero(_added_rows(rows, table.source)).tolist():
        phase = int(units.of_row[row])
        lowest, energy = float(table.energies[phase]), float(rows.energies[row])
        if energy > lowest + _EDGE and len(units.symbols[phase]) > 1:
            name = units.texts[phase]
            found.append(
                f"{rows.formulas[row]}: {energy:.4f} eV/atom was added, but {lowest:.4f} is lower "
                f"and counts; --set {name}={energy:.4f}eV/atom puts it in its place"
            )
    return found


def _kept(
    rows: Rows, table: PhaseTable, filters: Filters, formula: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], list[str]]:
    """Structures that count whatever else leaves them out, shape (r,), and notes.

    A note is due for a known artefact that is not there; InputError for any other phase.
    """
    kept, notes = np.zeros(len(rows), dtype=bool), []
    for text in filters.kept:
        named, _ = _named(text, "kept", rows, table, formula)
        kept |= named
        if not named.any():
            problem = f"the source {table.source.name} has no such phase"
            if _reduced(text) not in known_artefacts():
                close = nearest(text, sorted(known_artefacts()), 1)
                raise InputError(f"kept: {text}: {problem}{close or '; take it off the list'}")
            notes.append(f"kept phase {text}: {problem}")
    return kept, notes


def _leave_out_banned(
    rows: Rows,
    table: PhaseTable,
    filters: Filters,
    out: NDArray[np.bool_],
    formula: NDArray[np.int64],
) -> None:
    """Leave out banned phases; InputError for one that is not there."""
    mine = _added_rows(rows, table.source)
    for text in filters.banned:
        if text == KNOWN:
            continue
        named, symbols = _named(text, "banned", rows, table, formula)
        if len(symbols) == 1:
            raise InputError(
                f"banned: {text}: the reference state of the element {next(iter(symbols))} is the "
                "zero of energy and always counts; take it off the list"
            )
        if not named.any():
            raise InputError(
                f"banned: {text}: the source {table.source.name} has no such phase; correct it, or "
                "take it off the list"
            )
        # what the user added of a banned phase takes its place
        replaced = bool((named & mine).any()) and bool((named & ~mine).any())
        out |= named & ~mine if replaced else named


def _named(
    text: str, what: str, rows: Rows, table: PhaseTable, formula: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Collection[str]]:
    """Structures that a formula or an identifier names, shape (r,), and its elements.

    No structure where the source has no such phase.
    """
    spelled = text if rows.ids is None else spelled_as(text, rows.ids)
    if rows.ids is not None and spelled in rows.ids:
        named = np.array([identifier == spelled for identifier in rows.ids], dtype=bool)
        return named, table.composition(int(formula[named][0]))
    if text.startswith(("mp-", "mvc-")):
        return np.zeros(len(rows), dtype=bool), ()
    try:
        unit = parse_formula(text)
    except InputError as error:
        raise InputError(
            f"{what}: {text!r} is no identifier of the source {table.source.name}, and no "
            f"formula either ({error})"
        ) from None
    row = table.find(unit)
    return formula == (-1 if row is None else row), unit.elements


def _reduced(text: str) -> str:
    """Return a formula as tables write it; an identifier stays as it is."""
    try:
        amounts = read_amounts(text)
    except InputError:
        return text
    return reduced_text(dict(zip(amounts, whole_numbers(list(amounts.values())), strict=True)))


def _more(count: int) -> str:
    return f" (and {count - 1} more rows like it)" if count > 1 else ""
