"""Places that follow from scores: ranks, ties, and how sure a rank is over samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..energies.spread import HIGH, LOW
from ..phases.system import Floats

_EQUAL = 1e-6  # scores closer than this are equal [meV/atom]


def ranks(
    scores: ArrayLike, tie_meV_per_atom: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Place of each score, and whether another one is as good within the tie limit.

    Parameters
    ----------
    scores : (n,) float array
        Any order [meV/atom]; NaN for rows without a score.
    tie_meV_per_atom : float
        Scores nearer than this are tied [meV/atom].

    Returns
    -------
    rank : (n,) int array
        One more than the number of scores that are better by more than the tie limit; 0 for NaN.
    tied : (n,) bool array
    """
    values = np.asarray(scores, dtype=np.float64)
    there = np.flatnonzero(~np.isnan(values))
    order = there[np.argsort(values[there], kind="stable")]
    climbing = values[order]
    rank = np.zeros(values.shape, dtype=np.int64)
    better = len(climbing) - np.searchsorted(climbing, climbing + tie_meV_per_atom, side="right")
    rank[order] = 1 + better
    tied = np.zeros(values.shape, dtype=np.bool_)
    near = np.diff(climbing) <= tie_meV_per_atom  # a tie with anybody is a tie with a neighbour
    tied[order[1:][near]] = True
    tied[order[:-1][near]] = True
    return rank, tied


def rank_matrix(scores: ArrayLike, tie_meV_per_atom: float) -> NDArray[np.int32]:
    """Places of many sets of scores.

    Parameters
    ----------
    scores : (..., n) float array
        Sets of n scores that are compared with each other [meV/atom].
    tie_meV_per_atom : float

    Returns
    -------
    (..., n) int array
        As ``ranks`` gives them for each set.
    """
    values = np.asarray(scores, dtype=np.float64)
    found = np.zeros(values.shape, dtype=np.int32)
    for place in np.ndindex(values.shape[:-1]):
        found[place] = ranks(values[place], tie_meV_per_atom)[0]
    return found


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


def rank_spread(scores: Floats, tie_meV_per_atom: float) -> RankSpread:
    """Return how sure the ranks of candidates are.

    Parameters
    ----------
    scores : (s, n) float array
        Score of each candidate in each sample [meV/atom], larger is better; those that are not a
        number stand behind all others.
    tie_meV_per_atom : float
        As for ``ranks``: a rank in a sample is what a rank is everywhere.

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
    rank = rank_matrix(scores, tie_meV_per_atom)
    rank = np.where(rank == 0, n, rank)
    low, high = np.percentile(rank, [LOW, HIGH], axis=0, method="nearest")
    return RankSpread(
        best=np.take_along_axis(shares[1], back, axis=1).mean(axis=0),
        top3=np.take_along_axis(shares[3], back, axis=1).mean(axis=0),
        low=low,
        high=high,
    )
