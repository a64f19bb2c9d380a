"""What samples say: standard deviations, 90 % intervals, and how sure a rank is."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np

from ..phases.system import Floats

LOW, HIGH = 5.0, 95.0  # ends of the interval that holds 90 % of the samples [%]
_NOISE = 1e-12  # standard deviations below this are rounding [eV/atom, V]
_EQUAL = 1e-6  # scores closer than this are equal [meV/atom]


@dataclass(frozen=True)
class Spread:
    """Spread of one number over the samples.

    Attributes
    ----------
    standard_deviation, low, high : float or None
        In the unit of the number; ``low`` and ``high`` are the 5 % and 95 % points.  None with
        fewer than two samples.
    counted : int
        Samples in which the number exists.
    """

    standard_deviation: float | None
    low: float | None
    high: float | None
    counted: int


def spread(values: Floats) -> Spread:
    """Return standard deviation and 90 % interval; samples that are not a number are left out.

    Parameters
    ----------
    values : (s,) float array
    """
    there = values[~np.isnan(values)]
    if len(there) < 2:
        return Spread(None, None, None, len(there))
    # exact sums: the last digit does not depend on how a library adds up
    mean = fsum(there) / len(there)
    variance = fsum((there - mean) ** 2) / (len(there) - 1)
    low, high = (_quantile(np.sort(there), percent / 100.0) for percent in (LOW, HIGH))
    deviation = sqrt(variance)
    return Spread(deviation if deviation > _NOISE else 0.0, low, high, len(there))


def _quantile(climbing: Floats, share: float) -> float:
    """Return the value below which a share of sorted numbers lies, linear between two of them."""
    place = share * (len(climbing) - 1)
    below = int(place)
    above = min(below + 1, len(climbing) - 1)
    step = float(climbing[above]) - float(climbing[below])
    return float(climbing[below]) + (place - below) * step


@dataclass(frozen=True, eq=False)
class RankSpread:
    """How sure the ranks of some candidates are.

    Attributes
    ----------
    best, top3 : (n,) float arrays
        Share of the samples in which a candidate is the best, or among the best three; equal
        ones share a place.
    low, high : (n,) float arrays
        5 % and 95 % points of its rank (1 is the best).
    """

    best: Floats
    top3: Floats
    low: Floats
    high: Floats


def rank_spread(scores: Floats) -> RankSpread:
    """Return how sure the ranks of candidates are.

    Parameters
    ----------
    scores : (s, n) float array
        Score of each candidate in each sample, larger is better; those that are not a number
        stand behind all others.

    Returns
    -------
    RankSpread
    """
    count, n = scores.shape
    known = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-known, axis=1, kind="stable")
    falling = np.take_along_axis(known, order, axis=1)
    with np.errstate(invalid="ignore"):
        new = np.abs(np.diff(falling, axis=1)) > _EQUAL  # inf - inf is not a number: equal
    group = np.concatenate([np.zeros((count, 1), np.int64), np.cumsum(new, axis=1)], axis=1)
    place = np.arange(n)
    first = np.zeros((count, n), np.int64)  # best place of the group that each place belongs to
    last = np.zeros((count, n), np.int64)
    for sample in range(count):
        starts = np.flatnonzero(np.r_[True, np.diff(group[sample]) > 0])
        ends = np.r_[starts[1:], n] - 1
        first[sample] = starts[group[sample]]
        last[sample] = ends[group[sample]]
    size = last - first + 1
    shares = {
        places: np.clip(places - first, 0, size) / size  # places of the group within the best ones
        for places in (1, 3)
    }
    back = np.empty_like(order)
    np.put_along_axis(back, order, np.broadcast_to(place, (count, n)), axis=1)
    rank = np.take_along_axis(first, back, axis=1) + 1
    low, high = np.percentile(rank, [LOW, HIGH], axis=0, method="nearest")
    return RankSpread(
        best=np.take_along_axis(shares[1], back, axis=1).mean(axis=0),
        top3=np.take_along_axis(shares[3], back, axis=1).mean(axis=0),
        low=low,
        high=high,
    )
