"""Rows of a source and what the user chose to leave out -> the table that questions are put to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.filters import Filters
from ..phases.formula import parse_formula
from ..phases.hull import stability
from ..phases.source import Source
from ..phases.table import ABOVE_HULL, PhaseTable
from .build import read_units, table_from_rows
from .rows import Rows

_EDGE = 1e-9  # eV/atom; a phase exactly at a limit counts


def select(rows: Rows, source: Source, filters: Filters, *, all_phases: bool = False) -> PhaseTable:
    """Build the table of a source without the phases that are to be left out.

    Limits on stability are measured from the hull of everything that counts without the filters,
    for each structure: a polymorph that takes the place of a left-out ground state has to meet
    them itself.

    Parameters
    ----------
    rows : Rows
    source : Source
    filters : Filters
    all_phases : bool
        Count phases marked as never observed, too.

    Raises
    ------
    InputError
        For a filter that the source cannot answer, or a banned phase that cannot be read.
    """
    units = read_units(rows.formulas, name=source.name, where=rows.where, first_row=rows.first_row)
    table = table_from_rows(rows, source, all_phases=all_phases, units=units)
    if not filters.active:
        return table
    out = rows.left_out(filters, source.name)
    measured = stability(table)
    lowest = table.energies - measured.energy_above_hull  # hull energy of each formula
    without = table.energies + measured.margin  # the same without the formula itself
    formula = units.of_row
    limit = filters.max_energy_above_hull_eV_per_atom
    if limit is not None:
        out |= rows.energies - lowest[formula] > limit + _EDGE
    limit = filters.min_stability_eV_per_atom
    if limit is not None:
        out |= without[formula] - rows.energies < limit - _EDGE
    elements = np.diff(table.indptr) == 1
    out &= ~elements[formula]  # the reference states always count
    banned, out = _banned(rows, table, filters, out, formula)
    chosen = table_from_rows(
        rows,
        replace(source, filters=filters.to_dict(), notes=(*source.notes, *banned)),
        all_phases=all_phases,
        left_out=out,
        units=units,
    )
    # no loss, so not worth a word; what was left out before this choice is named as before
    above = table.counted & (measured.energy_above_hull > 0.0)
    return replace(chosen, properties={**chosen.properties, ABOVE_HULL: above})


def _banned(
    rows: Rows,
    table: PhaseTable,
    filters: Filters,
    out: NDArray[np.bool_],
    formula: NDArray[np.int64],
) -> tuple[list[str], NDArray[np.bool_]]:
    """Leave out banned formulas; return notes on those that are not there."""
    row_of = {text: row for row, text in enumerate(rows.ids or ())}
    notes = []
    for text in filters.banned:
        row: int | None
        if text in row_of:  # an identifier: left out row by row
            row = int(formula[row_of[text]])
            symbols = tuple(table.composition(row))
        elif text.startswith(("mp-", "mvc-")):
            row, symbols = None, ()
        else:
            row, symbols = _find(table, text)
            if row is not None:
                out = out | (formula == row)
        if len(symbols) == 1:
            raise InputError(
                f"banned: {text}: the reference state of the element {symbols[0]} is the zero of "
                "energy and always counts; take it off the list"
            )
        if row is None:
            notes.append(f"banned phase {text}: the source has no such phase")
    return notes, out


def _find(table: PhaseTable, text: str) -> tuple[int | None, tuple[str, ...]]:
    """Row of a banned formula (None if it is not there) and its elements."""
    try:
        unit = parse_formula(text)
    except InputError as error:
        raise InputError(
            f"banned: {text!r} is no identifier of the source {table.source.name}, and no formula "
            f"either ({error})"
        ) from None
    there = set(unit.elements) <= set(table.elements)
    row = table.find(zip(unit.elements, unit.counts, strict=True)) if there else None
    return row, unit.elements
