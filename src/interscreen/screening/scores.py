"""The score of ``ranking.py`` over whole columns, and the places that follow from it.

A study of every compound has 95,000 rows per electrolyte; the numbers of the formula are those of
the same ``Weights``, and ``docs/method.md`` explains them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from .ranking import Weights

Floats = NDArray[np.float64]

CONVERSION, COATING = "conversion", "coating"
INERT_MEV = 10.0  # weaker driving forces with Li are below the method's accuracy [meV/atom]

SCORE_COLUMNS = (
    "lithium_mutual_eV_per_atom",
    "layer_mutual_eV_per_atom",
    "worst_product_mutual_eV_per_atom",
    "deposited_mutual_eV_per_atom",
    "bridge_margin_V",
)


def role_columns(lithium_mutual_eV_per_atom: ArrayLike) -> NDArray[np.str_]:
    """Role of each candidate.

    Parameters
    ----------
    lithium_mutual_eV_per_atom : (n,) array
        Minimum mutual reaction energy with Li [eV/atom], NaN for failed rows.

    Returns
    -------
    (n,) str array
        ``conversion`` or ``coating`` (see ``ranking.role_of``), empty for failed rows.
    """
    lithium = np.asarray(lithium_mutual_eV_per_atom, dtype=np.float64)
    role = np.where(-1000.0 * lithium > INERT_MEV, CONVERSION, COATING)
    return np.where(np.isnan(lithium), "", role)


def role_terms(
    role: str, columns: Mapping[str, ArrayLike], weights: Weights
) -> dict[str, NDArray[np.float64]]:
    """Terms of the score of rows that all have one role [meV/atom], each zero or negative.

    Parameters
    ----------
    role : conversion or coating
    columns : mapping of str to (n,) array, or to numbers
        ``SCORE_COLUMNS``; those that the role does not ask for may be missing values.
    weights : Weights

    Returns
    -------
    dict of str to (n,) array
        NaN where a number that the term needs is NaN.
    """
    milli = {
        key: 1000.0 * np.asarray(columns[f"{key}_mutual_eV_per_atom"], dtype=np.float64)
        for key in ("lithium", "layer", "worst_product", "deposited")
    }
    shortfall = np.maximum(0.0, -np.asarray(columns["bridge_margin_V"], dtype=np.float64))
    if role == COATING:
        coating = weights.coating
        return {
            "Li": coating.lithium * milli["lithium"],
            "as deposited": coating.deposited * milli["deposited"],
            "bridge": -coating.bridge_meV_per_V * shortfall,
        }
    conversion = weights.conversion
    lacking = np.maximum(0.0, conversion.enough_meV_per_atom + milli["lithium"])
    return {
        "converted layer": conversion.layer * milli["layer"],
        "worst product": conversion.worst_product * milli["worst_product"],
        "as deposited": conversion.deposited * milli["deposited"],
        "bridge": -conversion.bridge_meV_per_V * shortfall,
        "driving force": -conversion.driving_force * lacking,
    }


def score_columns(
    columns: Mapping[str, ArrayLike],
    weights: Weights,
    roles: ArrayLike | None = None,
) -> Floats:
    """Score of each row [meV/atom], 0 at best.

    Parameters
    ----------
    columns : mapping of str to (n,) float array
        ``SCORE_COLUMNS`` [eV/atom, V], NaN for failed rows.
    weights : Weights
    roles : (n,) str array, optional
        Where a study sets them; otherwise they follow from the reaction with Li.

    Returns
    -------
    (n,) float array
        The sum of ``ranking.score_terms`` of each row; NaN for failed rows.
    """
    role = np.asarray(role_columns(columns[SCORE_COLUMNS[0]]) if roles is None else roles)
    score = np.full(role.shape, np.nan)
    for name in (CONVERSION, COATING):
        mine = role == name
        some = {key: np.asarray(columns[key], dtype=np.float64)[mine] for key in SCORE_COLUMNS}
        score[mine] = sum(role_terms(name, some, weights).values())
    return score


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
