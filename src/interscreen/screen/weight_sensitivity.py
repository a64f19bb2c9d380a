"""How much the order of a ranking depends on its weights.

Two answers: the ranks that each candidate has when all weights are drawn at once between half and
twice their values, and what halving or doubling a single weight does to the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..phases.columns import columns_of
from .board import Board
from .places import rank_matrix
from .scores import Factors, Floats, score_columns
from .weights import Ranking, Weights

if TYPE_CHECKING:
    import pandas as pd

DRAWS, SEED = 1000, 1
SPAN = 2.0  # a weight is drawn between its value over SPAN and its value times SPAN
LOW, HIGH = 0.05, 0.95
CHANGES = {"half": 1.0 / SPAN, "double": SPAN}
_AT_ONCE = 2_000_000  # scores that are held in memory
_NOISE_DIGITS = 6  # of a score in meV/atom; differences below that are no order


def drawn_weights(weights: Weights, draws: int = DRAWS, seed: int = SEED) -> Factors:
    """Draw every weight log-uniformly between half and twice its value.

    Returns
    -------
    dict of str to (draws, 1) array
        Each weight independently of all others; one that is zero stays zero.
    """
    rng = np.random.default_rng(seed)
    width = np.log(SPAN)
    return {
        name: value * np.exp(rng.uniform(-width, width, (draws, 1)))
        for name, value in weights.factors().items()
    }


def weight_rank_ranges(
    board: Board, ranking: Ranking, draws: int = DRAWS, seed: int = SEED
) -> tuple[Floats, Floats]:
    """Return the 90 % interval of the rank of each candidate over draws of the weights.

    Returns
    -------
    low, high : (B, C) int array
        5 % of the draws give a rank below ``low`` at most, and 5 % one above ``high``; 0 for
        candidates without a score.
    """
    factors = drawn_weights(ranking.weights, draws, seed)
    step = max(1, _AT_ONCE // max(1, board.roles.size))
    found = []
    for start in range(0, draws, step):
        some = {name: np.asarray(values)[start : start + step] for name, values in factors.items()}
        scores = board.with_overall(score_columns(board.columns, some))
        found.append(rank_matrix(scores, ranking.tie_meV_per_atom, board.block_verdicts))
    low, high = np.quantile(np.concatenate(found), (LOW, HIGH), axis=0, method="inverted_cdf")
    return low, high


def weight_table(results: pd.DataFrame, ranking: Ranking) -> pd.DataFrame:
    """Halve and double each weight by itself and compare the order with the default one.

    Returns
    -------
    DataFrame
        Columns of weights.csv, one row per block (overall first), weight that is not zero, and
        change.  ``kendall_tau`` compares the scores (tau-b, Kendall
        1945, doi:10.1093/biomet/33.3.239; empty when there are no two different ones),
        ``best_candidate`` names the best score and after it those of the same rank,
        ``largest_rank_change`` counts places, and ``candidate_of_largest_change`` is empty where
        no rank changes.
    """
    import pandas as pd

    board = Board.of(results)
    weights, tie = ranking.weights.factors(), ranking.tie_meV_per_atom
    changes = [(name, change) for name, value in weights.items() if value for change in CHANGES]
    factors = {name: np.full((len(changes), 1), value) for name, value in weights.items()}
    for number, (weight, change) in enumerate(changes):
        factors[weight][number] *= CHANGES[change]
    default, changed = (
        board.with_overall(score_columns(board.columns, some)) for some in (weights, factors)
    )
    said = board.block_verdicts
    ranks_before, ranks_after = (rank_matrix(each, tie, said) for each in (default, changed))
    names = np.array(board.candidates, dtype=object)
    rows = []
    for block, electrolyte in enumerate(board.blocks):
        there = ranks_before[block] > 0
        before = np.round(default[block, there], _NOISE_DIGITS)
        for number, (weight, change) in enumerate(changes if there.any() else ()):
            scores, after = changed[number, block, there], ranks_after[number, block, there]
            rounded = np.round(scores, _NOISE_DIGITS)
            tau = _kendall(before, rounded) if len(before) > 1 else np.nan
            order = np.argsort(-scores, kind="stable")
            moved = np.abs(after - ranks_before[block, there])
            most = int(np.argmax(moved))
            rows.append(
                {
                    "electrolyte": electrolyte,
                    "weight": weight,
                    "weight_change": change,
                    "kendall_tau": float(tau),
                    "best_candidate": "; ".join(names[there][order[after[order] == 1]]),
                    "largest_rank_change": int(moved[most]),
                    "candidate_of_largest_change": names[there][most] if moved[most] else "",
                }
            )
    return pd.DataFrame(rows, columns=list(columns_of("weights")))


def _kendall(one: Floats, other: Floats) -> float:
    from scipy.stats import kendalltau  # half a second, which a single stack does without

    return float(kendalltau(one, other).statistic)
