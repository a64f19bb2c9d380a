"""What samples say: standard deviations and 90 % intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
from numpy.typing import ArrayLike

from ..phases.system import Floats

LOW, HIGH = 5.0, 95.0  # ends of the interval that holds 90 % of the samples [%]
_NOISE = 1e-12  # standard deviations below this are rounding [eV/atom, V]


@dataclass(frozen=True)
class Spread:
    """Spread of one number over the samples.

    Attributes
    ----------
    standard_deviation, low, high : float or None
        In the unit of the number; ``low`` and ``high`` are the ends of the 90 % interval.  None
        with fewer than two samples.
    counted : int
        Samples in which the number exists.
    """

    standard_deviation: float | None
    low: float | None
    high: float | None
    counted: int


def with_number(number: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats]:
    """Return intervals that reach as far as the numbers they belong to; NaN moves no end.

    Samples of a minimum over many phases have its bias a second time, so a number can lie beyond
    nearly all of them; what is true then lies on its side (docs/uncertainty.md).
    """
    return np.fmin(low, number), np.fmax(high, number)


def spread(values: Floats, number: float = np.nan) -> Spread:
    """Return standard deviation and 90 % interval of samples, (s,); NaN counts for nothing.

    ``number`` is that of the energies as they are, see ``with_number``.
    """
    there = values[~np.isnan(values)]
    if len(there) < 2:
        return Spread(None, None, None, len(there))
    # exact sums: the last digit does not depend on how a library adds up
    mean = fsum(there) / len(there)
    variance = fsum((there - mean) ** 2) / (len(there) - 1)
    climbing = np.sort(there).tolist()
    ends = (_quantile(climbing, percent / 100.0) for percent in (LOW, HIGH))
    low, high = map(float, with_number(number, *ends))
    deviation = sqrt(variance)
    return Spread(deviation if deviation > _NOISE else 0.0, low, high, len(there))


def _quantile(climbing: list[float], share: float) -> float:
    """Return the value below which a share of sorted numbers lies, linear between two of them."""
    place = share * (len(climbing) - 1)
    below = int(place)
    above = min(below + 1, len(climbing) - 1)
    return climbing[below] + (place - below) * (climbing[above] - climbing[below])
