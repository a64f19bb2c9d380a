"""Places that follow from scores: ranks, ties, how sure a rank is, and the Pareto front."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..energies.spread import HIGH, LOW
from ..phases.system import Floats

_EQUAL = 1e-6  # scores closer than this are equal [meV/atom]
_PAIRS = 2_000_000  # of scores that are compared at once
_BLOCK = 64  # members of the front between two clearings of what they dominate


def ranks(
    scores: ArrayLike, tie_meV_per_atom: float, groups: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Place of each score, and whether another one is as good within the tie limit.

    Parameters
    ----------
    scores : (n,) float array
        Any order [meV/atom]; NaN for rows without a score.
    tie_meV_per_atom : float
        Scores nearer than this are tied [meV/atom].
    groups : (n,) int array, optional
        Scores of a lower group stand in front of all of a higher one, and tie with none of it.

    Returns
    -------
    rank : (n,) int array
        One more than the number of scores that are better by more than the tie limit; 0 for NaN.
    tied : (n,) bool array
    """
    values = _apart(np.asarray(scores, dtype=np.float64), tie_meV_per_atom, groups)
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


def _apart(values: Floats, tie: float, groups: ArrayLike | None) -> Floats:
    """Scores of (..., n) with the groups so far apart that no two meet."""
    if groups is None:
        return values
    highest = np.nanmax(values, axis=-1, initial=0.0, keepdims=True)
    span = highest - np.nanmin(values, axis=-1, initial=0.0, keepdims=True)
    apart: Floats = values - np.asarray(groups) * (span + 2.0 * tie + 1.0)
    return apart


def rank_matrix(
    scores: ArrayLike, tie_meV_per_atom: float, groups: ArrayLike | None = None
) -> NDArray[np.int32]:
    """Places of many sets of n scores, (..., n) both, as ``ranks`` gives them for each set."""
    values = _apart(np.asarray(scores, dtype=np.float64), tie_meV_per_atom, groups)
    found = np.zeros(values.shape, dtype=np.int32)
    if not found.size:
        return found
    sets, n = found.reshape(-1, values.shape[-1]), values.shape[-1]
    step = _PAIRS // max(1, n * n)  # sets whose scores are compared one by one at a time
    if not step:
        for number, one in enumerate(values.reshape(-1, n)):
            sets[number] = ranks(one, tie_meV_per_atom)[0]
        return found
    for start in range(0, len(sets), step):
        some = values.reshape(-1, n)[start : start + step]
        better = (some[:, None, :] > some[:, :, None] + tie_meV_per_atom).sum(axis=2)
        sets[start : start + step] = np.where(np.isnan(some), 0, 1 + better)
    return found


class RankSpread(NamedTuple):
    """How sure the ranks of n candidates are, (n,) arrays.

    Share of the samples in which a candidate is the best, or among the best three (equal ones share
    a place), and the 5 % and 95 % points of its rank.
    """

    best: Floats
    top3: Floats
    low: Floats
    high: Floats


def order_probabilities(scores: Floats) -> Floats:
    """Share of the samples in which candidate i has a better score than j, (n, n).

    ``scores`` are (s, n); equal ones share a sample.
    """
    found = np.empty((scores.shape[1], scores.shape[1]))
    for number, mine in enumerate(scores.T):
        ahead = mine[:, None] - scores
        found[number] = np.mean((ahead > _EQUAL) + 0.5 * (np.abs(ahead) <= _EQUAL), axis=0)
    return found


def rank_spread(scores: Floats, tie_meV_per_atom: float) -> RankSpread:
    """Return how sure the ranks of candidates are.

    Parameters
    ----------
    scores : (s, n) float array
        Score of each candidate in each sample [meV/atom], larger is better; those that are not a
        number stand behind all others.
    tie_meV_per_atom : float
        As for ``ranks``: a rank in a sample is what a rank is everywhere.
    """
    count, n = scores.shape
    known = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-known, axis=1, kind="stable")
    with np.errstate(invalid="ignore"):  # inf - inf is not a number: equal
        new = np.abs(np.diff(np.take_along_axis(known, order, axis=1), axis=1)) > _EQUAL
    edge, place = np.ones((count, 1), dtype=np.bool_), np.arange(n)
    # first and last place of the equal ones that each place belongs to
    starts, ends = np.hstack([edge, new]), np.hstack([new, edge])
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, n)[:, ::-1], axis=1)[:, ::-1]
    size, back = last - first + 1, np.argsort(order, axis=1)
    best, top3 = (
        np.take_along_axis(np.clip(places - first, 0, size) / size, back, axis=1).mean(axis=0)
        for places in (1, 3)  # places of the equal ones within the best so many
    )
    rank = rank_matrix(scores, tie_meV_per_atom)
    low, high = np.percentile(np.where(rank == 0, n, rank), [LOW, HIGH], axis=0, method="nearest")
    return RankSpread(best, top3, low, high)


def pareto_front(values: ArrayLike) -> NDArray[np.bool_]:
    """Rows that no other row beats in everything at once, whatever the weights.

    Parameters
    ----------
    values : (n, k) float array
        One row per candidate, one column per metric, all of them better where larger.

    Returns
    -------
    (n,) bool array
        False for rows with NaN; these beat none.  Equal rows are on the front together.

    Notes
    -----
    Rows are taken by falling sum of their places in the columns: who beats others stands before
    them, so every row that is still there when its turn comes is on the front, and only what is
    left is compared with it: 0.3 s for 95,000 rows of six independent metrics.
    """
    table = np.asarray(values, dtype=np.float64)
    front = np.zeros(len(table), dtype=np.bool_)
    rows = np.flatnonzero(~np.isnan(table).any(axis=1))
    if not table.shape[1]:  # nothing to be better in
        front[rows] = True
    if not table.size or not len(rows):
        return front
    places = np.array(
        [np.unique(column, return_inverse=True)[1] for column in table[rows].T], dtype=np.int32
    )
    different, of_row = np.unique(places, axis=1, return_inverse=True)
    order = np.argsort(-different.sum(axis=0, dtype=np.int64), kind="stable")
    best = np.zeros(different.shape[1], dtype=np.bool_)
    best[_undominated(different[:, order], order)] = True
    front[rows] = best[of_row.reshape(-1)]
    return front


def _undominated(places: NDArray[np.int32], names: NDArray[np.int64]) -> list[int]:
    """Names of the columns that no earlier one dominates; all columns differ."""
    found: list[int] = []
    while places.shape[1]:
        alive = np.ones(places.shape[1], dtype=np.bool_)
        for position in range(min(_BLOCK, places.shape[1])):
            if alive[position]:
                found.append(int(names[position]))
                beaten = np.logical_and.reduce(places <= places[:, position : position + 1])
                alive &= ~beaten
            alive[position] = False
        places, names = places[:, alive], names[alive]
    return found
