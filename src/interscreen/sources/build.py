"""Rows of any source -> one PhaseTable: reduce formulas, keep the lowest energy of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..formula import atomic_number, read_amounts, reduced_text, whole_numbers
from ..phases import PhaseTable
from ..source import Source

_ELEMENT_TOLERANCE = 1e-6


def build_table(
    formulas: Sequence[str],
    energies: NDArray[np.float64],
    source: Source,
    *,
    ids: Sequence[str] | None = None,
    observed: NDArray[np.int64] | None = None,
    properties: Mapping[str, Sequence[Any]] | None = None,
    all_phases: bool = False,
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
    all_phases : bool
        Count phases that are marked as never observed (0), too.
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
    seen = np.full(len(formulas), -1, dtype=np.int64) if observed is None else observed
    excluded = (seen == 0) & (not all_phases)
    unit_of: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {}
    best: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    structures: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    unreadable: list[tuple[int, str]] = []
    for row, text in enumerate(formulas):
        unit = unit_of.get(text)
        if unit is None:
            try:
                amounts = read_amounts(text)
            except InputError as error:
                unreadable.append((row, str(error)))
                continue
            unit = (tuple(amounts), whole_numbers(list(amounts.values())))
            unit_of[text] = unit
        structures[unit] = structures.get(unit, 0) + 1
        held = best.get(unit)
        # an observed polymorph comes before one that is left out; then the lower energy
        if held is None or (excluded[row], energies[row]) < (excluded[held], energies[held]):
            best[unit] = row
    if unreadable:
        row, message = unreadable[0]
        raise InputError(
            f"{source.name}, {where} {row + first_row}: {message}{_more(len(unreadable))}"
        )
    for unit, row in best.items():
        if len(unit[0]) == 1 and energies[row] < -_ELEMENT_TOLERANCE:
            raise InputError(
                f"{source.name}, {where} {row + first_row}: the element {unit[0][0]} has the "
                f"formation energy {energies[row]} eV/atom; energies must be relative to the "
                "elements (formation energies, not total energies)"
            )
    rows = np.array(list(best.values()), dtype=np.int64)
    elements = tuple(
        sorted({symbol for symbols, _ in best for symbol in symbols}, key=atomic_number)
    )
    position = {symbol: i for i, symbol in enumerate(elements)}
    lengths = [len(symbols) for symbols, _ in best]
    return PhaseTable(
        formulas=np.array(
            [reduced_text(dict(zip(symbols, counts, strict=True))) for symbols, counts in best]
        ),
        elements=elements,
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        element_index=np.array(
            [position[symbol] for symbols, _ in best for symbol in symbols], dtype=np.int64
        ),
        counts=np.array([count for _, counts in best for count in counts], dtype=np.int64),
        energies=np.where(np.array(lengths) == 1, np.maximum(energies[rows], 0.0), energies[rows]),
        ids=np.array([""] * len(rows) if ids is None else [ids[row] for row in rows]),
        structures=np.array(list(structures.values()), dtype=np.int64),
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
