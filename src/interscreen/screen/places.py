"""Places that follow from scores: ranks, and ties where scores are too near to tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
