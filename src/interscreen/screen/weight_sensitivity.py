"""How much the order of a ranking depends on its weights.

Two answers: the ranks that each candidate has when all weights are drawn at once between half and
twice their values, and what halving or doubling a single weight does to the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..phases.columns import columns_of
from .board import Board
from .places import rank_matrix
from .scores import ROLES, Factors, Floats, score_draws
from .weights import Ranking, Weights

if TYPE_CHECKING:
    import pandas as pd

DRAWS, SEED = 1000, 1
SPAN = 2.0  # a weight is drawn between its value over SPAN and its value times SPAN
LOW, HIGH = 0.05, 0.95
CHANGES = {"half": 1.0 / SPAN, "double": SPAN}
_AT_ONCE = 2_000_000  # scores that are held in memory
_NOISE_DIGITS = 6  # of a score in meV/atom; differences below that are no order


def drawn_weights(weights: Weights, draws: int = DRAWS, seed: int = SEED) -> dict[str, Factors]:
    """Draw every weight log-uniformly between half and twice its value.

    Parameters
    ----------
    weights : Weights
    draws : int
    seed : int

    Returns
    -------
    dict of role to dict of str to (draws, 1) array
        Each weight independently of all others; one that is zero stays zero.
    """
    rng = np.random.default_rng(seed)
    width = np.log(SPAN)
    return {
        role: {
            name: value * np.exp(rng.uniform(-width, width, (draws, 1)))
            for name, value in factors.items()
        }
        for role, factors in weights.by_role().items()
    }


def weight_rank_ranges(
    board: Board, ranking: Ranking, draws: int = DRAWS, seed: int = SEED
) -> tuple[Floats, Floats]:
    """90 % interval of the rank of each candidate over draws of the weights.

    Parameters
    ----------
    board : Board
        B blocks of C candidates.
    ranking : Ranking
    draws, seed : int
        See ``drawn_weights``.

    Returns
    -------
    low, high : (B, C) float array
        Whole numbers: 5 % of the draws give a rank below ``low`` at most, and 5 % one above
        ``high``; NaN for candidates without a score.
    """
    factors = drawn_weights(ranking.weights, draws, seed)
    step = max(1, _AT_ONCE // max(1, board.roles.size))
    found = []
    for start in range(0, draws, step):
        some = _rows(factors, slice(start, start + step))
        scores = board.with_overall(score_draws(board.columns, some, board.roles))
        found.append(rank_matrix(scores, ranking.tie_meV_per_atom))
    places = np.concatenate(found)
    low, high = np.quantile(places, (LOW, HIGH), axis=0, method="inverted_cdf")
    scored = places[0] > 0
    return np.where(scored, low, np.nan), np.where(scored, high, np.nan)


def weight_table(results: pd.DataFrame, ranking: Ranking) -> pd.DataFrame:
    """Halve and double each weight by itself and compare the order with the default one.

    Parameters
    ----------
    results : DataFrame
        With the columns of results.csv.
    ranking : Ranking

    Returns
    -------
    DataFrame
        Columns of weights.csv, one row per block (overall first), role that occurs in it,
        weight that is not zero, and change.  ``kendall_tau`` compares the scores (empty when there
        are no two different ones), ``best_candidate`` names the best score and after it those of
        the same rank, ``largest_rank_change`` counts places, and ``candidate_of_largest_change``
        is empty where no rank changes.
    """
    import pandas as pd

    board = Board.of([{str(k): v for k, v in row.items()} for row in results.to_dict("records")])
    weights, tie = ranking.weights.by_role(), ranking.tie_meV_per_atom
    changes = [
        (role, name, change)
        for role in ROLES
        for name, value in weights[role].items()
        if value
        for change in CHANGES
    ]
    factors = _one_by_one(weights, changes)
    default = board.with_overall(score_draws(board.columns, weights, board.roles))
    before = rank_matrix(default, tie)
    scores = board.with_overall(score_draws(board.columns, factors, board.roles))
    after = rank_matrix(scores, tie)
    rows = []
    for block, name in enumerate(board.blocks):
        there = before[block] > 0
        present = set(board.block_roles[block][there].tolist())
        names = [c for c, scored in zip(board.candidates, there, strict=True) if scored]
        for number, (role, weight, change) in enumerate(changes):
            if role in present:
                rows.append(
                    {
                        "electrolyte": name,
                        "role": role,
                        "weight": weight,
                        "weight_change": change,
                        "kendall_tau": kendall_tau(
                            default[block][there], scores[number, block][there]
                        ),
                        **_places(
                            names,
                            scores[number, block][there],
                            before[block][there],
                            after[number, block][there],
                        ),
                    }
                )
    return pd.DataFrame(rows, columns=list(columns_of("weights")))


def kendall_tau(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation of two lists of scores (tau-b: pairs that are equal in one count half).

    Parameters
    ----------
    a, b : (n,) float array
        Without NaN [meV/atom]; differences below 1e-6 count as equal.

    Returns
    -------
    float
        1 for the same order, -1 for the opposite one, NaN when one list has no two different
        scores.

    Notes
    -----
    tau-b = (concordant - discordant) / sqrt(pairs that differ in a * pairs that differ in b),
    Kendall 1945, doi:10.1093/biomet/33.3.239.
    """
    first, second = (np.round(np.asarray(x, dtype=np.float64), _NOISE_DIGITS) for x in (a, b))
    agreeing, differ_a, differ_b = 0.0, 0.0, 0.0
    step = max(1, _AT_ONCE // max(1, len(first)))
    for start in range(0, len(first), step):  # every pair twice, which cancels
        one = np.sign(first[start : start + step, None] - first)
        other = np.sign(second[start : start + step, None] - second)
        agreeing += float((one * other).sum())
        differ_a += np.count_nonzero(one)
        differ_b += np.count_nonzero(other)
    if not differ_a or not differ_b:
        return float("nan")
    return float(agreeing / np.sqrt(differ_a * differ_b))


def _rows(factors: dict[str, Factors], rows: slice) -> dict[str, Factors]:
    return {
        role: {name: np.asarray(values)[rows] for name, values in of_role.items()}
        for role, of_role in factors.items()
    }


def _one_by_one(
    weights: dict[str, dict[str, float]], changes: list[tuple[str, str, str]]
) -> dict[str, dict[str, Any]]:
    """Weights as arrays of one row per change."""
    factors = {
        role: {name: np.full((len(changes), 1), value) for name, value in of_role.items()}
        for role, of_role in weights.items()
    }
    for number, (role, name, change) in enumerate(changes):
        factors[role][name][number] *= CHANGES[change]
    return factors


def _places(
    names: list[str], scores: Floats, before: NDArray[np.int32], after: NDArray[np.int32]
) -> dict[str, Any]:
    """Who is best, and who moves most."""
    order = np.argsort(-scores, kind="stable")
    moved = np.abs(after - before)
    most = int(np.argmax(moved))
    return {
        "best_candidate": "; ".join(names[i] for i in order if after[i] == 1),
        "largest_rank_change": int(moved[most]),
        "candidate_of_largest_change": names[most] if moved[most] else "",
    }
