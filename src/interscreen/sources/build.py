"""Rows of any source -> one PhaseTable: reduce formulas, keep the lowest energy of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.formula import atomic_number, read_amounts, reduced_text, whole_numbers
from ..phases.source import Source
from ..phases.table import PhaseTable
from .rows import Rows

_ELEMENT_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Units:
    """Distinct compositions of a source, in order of their first row; one table row each.

    Attributes
    ----------
    of_row : (r,) int array
        Composition of each row.
    symbols, counts : list of tuple
        Elements and smallest whole numbers of each composition.
    """

    of_row: NDArray[np.int64]
    symbols: list[tuple[str, ...]]
    counts: list[tuple[int, ...]]


def read_units(
    formulas: Sequence[str], *, name: str, where: str = "row", first_row: int = 1
) -> Units:
    """Reduce the formulas of a source.

    Raises
    ------
    InputError
        For an unreadable formula, with its row.
    """
    of_text: dict[str, int] = {}
    number: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    of_row = np.empty(len(formulas), dtype=np.int64)
    unreadable: list[tuple[int, str]] = []
    for row, text in enumerate(formulas):
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
        raise InputError(f"{name}, {where} {row + first_row}: {message}{_more(len(unreadable))}")
    return Units(of_row, [key[0] for key in number], [key[1] for key in number])


def table_from_rows(
    rows: Rows,
    source: Source,
    *,
    all_phases: bool = False,
    left_out: NDArray[np.bool_] | None = None,
    units: Units | None = None,
) -> PhaseTable:
    """Build the table of a source; see ``build_table``."""
    properties = dict(rows.properties)
    if rows.theoretical is not None:
        properties["theoretical"] = rows.theoretical.tolist()
    if rows.licences is not None:
        properties["licence"] = list(rows.licences)
    return build_table(
        rows.formulas,
        rows.energies,
        source,
        ids=rows.ids,
        observed=rows.observed,
        left_out=left_out,
        properties=properties,
        all_phases=all_phases,
        units=units,
        where=rows.where,
        first_row=rows.first_row,
    )


def build_table(
    formulas: Sequence[str],
    energies: NDArray[np.float64],
    source: Source,
    *,
    ids: Sequence[str] | None = None,
    observed: NDArray[np.int64] | None = None,
    left_out: NDArray[np.bool_] | None = None,
    properties: Mapping[str, Sequence[Any]] | None = None,
    all_phases: bool = False,
    units: Units | None = None,
    where: str = "row",
    first_row: int = 1,
) -> PhaseTable:
    """Build the table from one row per structure.

    Parameters
    ----------
    formulas : sequence of str, length r
    energies : (r,) float array
        Formation energies [eV/atom].
    source : Source
        Row and phase counts are filled in here.
    ids, observed, properties : optional, length r
    left_out : (r,) bool array, optional
        Structures that do not count; a formula counts while one of its structures does.
    all_phases : bool
        Count phases that are marked as never observed (0), too.
    units : Units, optional
        What ``read_units`` says about the formulas, where it has been asked already.
    where, first_row : str, int
        How a row is named in an error message, and the number of the first one.

    Raises
    ------
    InputError
        For an empty table, an unreadable formula, an energy that is not a finite number, or an
        element whose own formation energy is negative.
    """
    if not len(formulas):
        raise InputError(f"{source.name}: no phases in it; a source needs at least one row")
    bad = np.flatnonzero(~np.isfinite(energies))
    if len(bad):
        raise InputError(
            f"{source.name}, {where} {bad[0] + first_row}: the formation energy of "
            f"{formulas[bad[0]]} is {energies[bad[0]]}, not a finite number"
            f"{_more(len(bad))}; correct or remove it"
        )
    if units is None:
        units = read_units(formulas, name=source.name, where=where, first_row=first_row)
    seen = np.full(len(formulas), -1, dtype=np.int64) if observed is None else observed
    excluded = (seen == 0) & (not all_phases)
    if left_out is not None:
        excluded |= left_out
    # an observed polymorph comes before one that is left out; then the lower energy
    order = np.lexsort((np.arange(len(formulas)), energies, excluded, units.of_row))
    rows = order[np.searchsorted(units.of_row[order], np.arange(len(units.symbols)))]
    lengths = np.array([len(symbols) for symbols in units.symbols], dtype=np.int64)
    below = np.flatnonzero((lengths == 1) & (energies[rows] < -_ELEMENT_TOLERANCE))
    if len(below):
        row = rows[below[0]]
        raise InputError(
            f"{source.name}, {where} {row + first_row}: the element {units.symbols[below[0]][0]} "
            f"has the formation energy {energies[row]} eV/atom; energies must be relative to the "
            "elements (formation energies, not total energies)"
        )
    elements = tuple(
        sorted({symbol for symbols in units.symbols for symbol in symbols}, key=atomic_number)
    )
    position = {symbol: i for i, symbol in enumerate(elements)}
    pairs = list(zip(units.symbols, units.counts, strict=True))
    return PhaseTable(
        formulas=np.array(
            [reduced_text(dict(zip(symbols, counts, strict=True))) for symbols, counts in pairs]
        ),
        elements=elements,
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        element_index=np.array(
            [position[symbol] for symbols, _ in pairs for symbol in symbols], dtype=np.int64
        ),
        counts=np.array([count for _, counts in pairs for count in counts], dtype=np.int64),
        energies=np.where(lengths == 1, np.maximum(energies[rows], 0.0), energies[rows]),
        ids=np.array([""] * len(rows) if ids is None else [ids[row] for row in rows]),
        structures=np.bincount(units.of_row, minlength=len(rows)).astype(np.int64),
        observed=seen[rows],
        counted=~excluded[rows],
        source=replace(source, n_rows=len(formulas), n_phases=len(rows)),
        properties={
            key: np.array([values[row] for row in rows])
            for key, values in (properties or {}).items()
        },
    )


def _more(count: int) -> str:
    return f" (and {count - 1} more rows like it)" if count > 1 else ""
