"""Many texts at once: names and amounts of phases, joined row by row."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..phases.formula import whole_numbers
from ..phases.system import Floats
from .materials import Rows
from .stacks import Stacks

Texts = NDArray[np.object_]

_SCALES, _WHOLE = 64, 1e-7  # factors that are tried, and what counts as whole
_READABLE = 100  # larger whole numbers say nothing to a reader


def joined_texts(
    phases: Rows,
    names: Texts,
    separator: str,
    front: Texts | None = None,
    back: Texts | None = None,
) -> Texts:
    """Join the names of the phases in each row.

    Parameters
    ----------
    phases : (k, w) int array
        Places in ``names``; -1 for none.
    front, back : (k, w) arrays of str, optional
        What stands before and behind each name.

    Returns
    -------
    (k,) array of str
        Empty where a row names nothing.
    """
    if not phases.size:
        return np.full(len(phases), "", dtype=object)
    if len(phases) < 100:  # joined sooner than pyarrow, and with it pandas, is imported
        words = ("" if front is None else front) + names[phases] + ("" if back is None else back)
        rows = zip(words, phases >= 0, strict=True)
        return np.array([separator.join(row[there]) for row, there in rows], dtype=object)
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(names, pa.string())
    columns = []
    for slot in range(phases.shape[1]):
        place = pa.array(phases[:, slot], pa.int64(), mask=phases[:, slot] < 0)
        parts = [known.take(place)]
        if front is not None:
            parts.insert(0, pa.array(front[:, slot], pa.string()))
        if back is not None:
            parts.append(pa.array(back[:, slot], pa.string()))
        columns.append(pc.binary_join_element_wise(*parts, "") if len(parts) > 1 else parts[0])
    # a row of nulls only would be dropped: the join has to find an empty text there
    nothing = pa.array((phases < 0).all(axis=1))
    columns[0] = pc.if_else(nothing, "", columns[0])
    joined = pc.binary_join_element_wise(*columns, separator, null_handling="skip")
    found: Texts = joined.to_numpy(zero_copy_only=False)
    return found


def by_value(values: Any, write: Any) -> Texts:
    """Write an array of numbers as texts, each different number once."""
    different, place = np.unique(values, return_inverse=True)
    written = np.array([write(value) for value in different.tolist()], dtype=object)
    return written[place.reshape(values.shape)] if len(written) else np.empty(values.shape, object)


def in_whole_numbers(amounts: Floats) -> Rows:
    """Scale each row of amounts (k, w) to the smallest whole numbers in the same proportion."""
    found = np.zeros(amounts.shape, dtype=np.int64)
    open_rows = np.arange(len(amounts))
    for scale in range(1, _SCALES):  # nearly all are whole after a small factor
        scaled = amounts[open_rows] * scale
        whole = (np.abs(scaled - np.rint(scaled)) < _WHOLE).all(axis=1)
        found[open_rows[whole]] = np.rint(scaled[whole])
        open_rows = open_rows[~whole]
        if not len(open_rows):
            break
    for row in open_rows.tolist():
        there = amounts[row] > 0.0
        found[row, there] = _whole(tuple(np.round(amounts[row, there], 10).tolist()))
    divisor = np.gcd.reduce(found, axis=1, initial=0) if found.size else np.ones(len(found))
    return found // np.maximum(divisor, 1)[:, None]


def in_readable_numbers(amounts: Floats) -> Floats:
    """Return the same as ``in_whole_numbers``, but none so large that it says nothing.

    Where one would exceed 100 (a mixture by mass), all are given to four digits per unit of the
    rarest.
    """
    numbers = in_whole_numbers(amounts).astype(np.float64)
    for row in np.flatnonzero((numbers > _READABLE).any(axis=1)).tolist():
        least = numbers[row][numbers[row] > 0.0].min()
        numbers[row] = [float(f"{number / least:.4g}") for number in numbers[row]]
    return numbers


@lru_cache(maxsize=65536)
def _whole(amounts: tuple[float, ...]) -> tuple[int, ...]:
    return whole_numbers([Fraction(amount).limit_denominator(100_000) for amount in amounts])


def layer_texts(numbers: Stacks) -> Texts:
    """Write the converted layers as mixtures (``"Cu + 2 LiF"``).

    Candidates that take up no Li stand there as they are.
    """
    found = numbers.candidates.formulas.astype(object)
    converts = np.flatnonzero(np.nan_to_num(numbers.lithium.uptake[:, 0]) != 0.0)
    units = in_readable_numbers(numbers.product_units[converts])
    front = by_value(units, lambda number: "" if number == 1 else f"{number:.10g} ")
    products = numbers.products[converts]
    found[converts] = joined_texts(products, numbers.phases.names, " + ", front)
    return found
