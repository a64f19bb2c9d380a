"""Rank correlations of small samples: coefficient, interval, permutation p value, Holm.

Arrays in, numbers out; what the numbers mean is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SEED = 1
SAMPLES = 5000
PERMUTATIONS = 20_000
_SAME = 1e-12  # correlation coefficients this near to each other are equal


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Return Spearman's rank correlation: Pearson's of the ranks, ties at their mean rank.

    ``x`` and ``y`` are (n,) arrays; NaN where one side is constant, here and in all that follows.
    """
    return float(_pearson(_ranks(x)[None, :], _ranks(y)[None, :])[0])


def bootstrap_interval(
    x: ArrayLike, y: ArrayLike, *, level: float = 0.95, samples: int = SAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of Spearman's coefficient.

    Pairs are drawn with replacement (B. Efron, R. Tibshirani, Stat. Sci. 1, 54 (1986),
    doi:10.1214/ss/1177013815).  With ten to twenty pairs such an interval is somewhat too narrow.

    """
    a, b = (np.asarray(values, dtype=np.float64) for values in (x, y))
    drawn = np.random.default_rng(seed).integers(0, len(a), (samples, len(a)))
    found = _pearson(_ranks(a[drawn]), _ranks(b[drawn]))
    found = found[~np.isnan(found)]  # draws of a single value have no order
    if not len(found) or np.isnan(spearman(a, b)):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def permutation_p(
    x: ArrayLike, y: ArrayLike, *, most: int = PERMUTATIONS, seed: int = SEED
) -> float:
    """Return the two-sided p value of Spearman's coefficient under exchange of the pairs.

    All permutations where there are at most ``most``; as many random ones otherwise, the order
    found being one more (so p is never zero).
    """
    first, second = _ranks(x), _ranks(y)
    here = abs(float(_pearson(first[None, :], second[None, :])[0]))
    if np.isnan(here):
        return float("nan")
    few = factorial(len(first)) <= most
    if few:
        orders = np.array(list(permutations(second)))
    else:
        orders = np.random.default_rng(seed).permuted(np.tile(second, (most, 1)), axis=1)
    found = np.abs(_pearson(np.broadcast_to(first, orders.shape), orders))
    extra = 0 if few else 1
    return float(((found >= here - _SAME).sum() + extra) / (len(orders) + extra))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (S. Holm, Scand. J. Stat. 6, 65 (1979)).

    The smallest is multiplied by the number of tests, the next by one less and so on; none falls
    below the one before it, none exceeds 1.  Valid however the tests depend on each other.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(np.minimum(1.0, np.arange(len(p), 0, -1) * p[order]))
    return list(map(float, corrected))


def smallest_significant(n: int, p: float) -> float:
    """Return the coefficient beyond which n pairs have a two-sided p value below ``p``.

    By Student's t with n - 2 degrees of freedom, an approximation for ranks.
    """
    from scipy.stats import t

    quantile = t.ppf(1.0 - p / 2.0, n - 2)
    return float(quantile / np.sqrt(n - 2 + quantile**2))


def _ranks(values: ArrayLike) -> Floats:
    """Ranks along the last axis, ties at their mean."""
    from scipy.stats import rankdata

    ranks: Floats = np.asarray(rankdata(np.asarray(values, dtype=np.float64), axis=-1))
    return ranks


def _pearson(x: Floats, y: Floats) -> Floats:
    """Pearson correlation of each row; NaN where one side is constant."""
    a = x - x.mean(axis=1, keepdims=True)
    b = y - y.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(scale > 0.0, (a * b).sum(axis=1) / scale, np.nan)
    return found
