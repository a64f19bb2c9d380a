"""Ranking: one score, ties, the Pareto front, and what the weights do to the order.

Every term is in meV/atom and zero at best, so the score is the energy-like distance from an ideal
interlayer.  docs/ranking.md explains the formula; a study may change the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..phases.columns import COLUMNS, columns_of
from .board import OVERALL, Board
from .places import pareto_front, rank_matrix
from .scores import ROLES, Floats, missing_numbers, score_columns, score_terms
from .tables import FAILED, OK
from .verdict import VERDICTS
from .weight_sensitivity import weight_rank_ranges
from .weights import Ranking, Weights

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OVERALL", "Ranking", "Standing", "Weights", "rank"]

# columns that error bars and sensitivity add
_LATER = (
    "score_std_meV_per_atom score_low_meV_per_atom score_high_meV_per_atom probability_best "
    "probability_top3 rank_low rank_high suspect_phase suspect_direction "
    "suspect_change_meV_per_atom"
).split()
# columns of a candidate by itself, which the overall ranking has, too
_OF_CANDIDATE = (
    "observed volatile gaseous hygroscopic lithium_competitors lithium_mutual_eV_per_atom layer"
).split()
_FRONT_DIGITS = 3  # of a term in meV/atom: what is nearer is equal, as the solver is exact to 1e-6


@dataclass(frozen=True, eq=False)
class Standing:
    """Ranks and Pareto front of all candidates of a screen, in B blocks of C candidates.

    Attributes
    ----------
    board : Board
    terms : dict of str to (B, C) float array
        Terms of the score by label [meV/atom]; NaN without a score.
    scores : (B, C) float array
        Score of each candidate in each block [meV/atom]; NaN without one.
    rank : (B, C) int array
        Zero without a score.
    front : (B, C) bool array
    """

    board: Board
    terms: dict[str, Floats]
    scores: Floats
    rank: NDArray[np.int64]
    front: NDArray[np.bool_]

    @classmethod
    def of(cls, board: Board, ranking: Ranking) -> Standing:
        """Rank all candidates of a board."""
        terms = {
            label: board.with_overall(values)
            for label, values in score_terms(board.columns, ranking.weights.factors()).items()
        }
        scores = board.with_overall(score_columns(board.columns, ranking.weights))
        front = np.zeros(scores.shape, dtype=np.bool_)
        for number in range(len(scores)):
            own = [term[number] for term in terms.values()]
            if own:
                front[number] = pareto_front(np.round(np.transpose(own), _FRONT_DIGITS))
        places = rank_matrix(scores, ranking.tie_meV_per_atom, board.block_verdicts)
        return cls(board, terms, scores, places.astype(np.int64), front)

    def best(self, block: int, each: int) -> NDArray[np.int64]:
        """Return the best candidates of each role in a block, so many of each, best first."""
        scores, roles = self.scores[block], self.board.block_roles[block]
        order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
        order = order[~np.isnan(scores[order])]
        chosen = np.concatenate([order[roles[order] == role][:each] for role in ROLES])
        return chosen[np.argsort(-scores[chosen], kind="stable")]


def rank(results: pd.DataFrame, ranking: Ranking, among: Standing | None = None) -> pd.DataFrame:
    """Rank the rows of results.csv per electrolyte, and the candidates overall.

    Parameters
    ----------
    results : DataFrame
        With the columns of results.csv.
    ranking : Ranking
    among : Standing, optional
        Ranks and Pareto front of more candidates than these; by default they are among themselves.

    Returns
    -------
    DataFrame
        Columns of ranking.csv but those on error bars; first the overall ranking (mean score over
        the electrolytes that anything could be computed for, of the candidates that have one for
        each of them), then one block per electrolyte.  Rows that could not be computed, or lack a
        number that a weight asks for, stand at the end of their block without a rank and say why.
    """
    import pandas as pd

    board = Board.of(results)
    mine = Standing.of(board, ranking)
    low, high = weight_rank_ranges(board, ranking)
    wide, lines = among or mine, list(range(len(board.blocks)))
    columns: Any = slice(None)
    if among is not None:
        lines = [among.board.blocks.index(name) for name in board.blocks]
        place = {name: column for column, name in enumerate(among.board.candidates)}
        columns = [place[name] for name in board.candidates]
    names = np.array(board.candidates, dtype=object)
    pairs = mine.scores[len(board.blocks) - len(board.electrolytes) :]
    reasons = _reasons(board, results, ranking.weights, pairs)
    wanted = [name for name in columns_of("ranking") if name not in _LATER]
    nothing = np.array(None, dtype=object)
    blocks = []
    for number, (block, line) in enumerate(zip(board.blocks, lines, strict=True)):
        scores = mine.scores[number]
        # without a score last, in the order of the results
        said = mine.board.block_verdicts[number]
        order = np.lexsort((np.where(np.isnan(scores), np.inf, -scores), said, np.isnan(scores)))
        if block == OVERALL:
            known, why = _overall(board, results, reasons)
        else:
            electrolyte = board.electrolytes.index(block)
            known, why = results.iloc[board.place[electrolyte]], reasons[electrolyte]
            order = order[board.place[electrolyte, order] >= 0]
        ok = ~np.isnan(scores)
        numbers: dict[str, NDArray[Any]] = {
            "score_meV_per_atom": scores,
            "rank": wide.rank[line, columns],
            "weight_rank_low": low[number],
            "weight_rank_high": high[number],
            "pareto": np.where(wide.front[line, columns], "yes", "no"),
            "score_terms": _term_texts(mine, number),
            "tied_with": ties(scores, names, order, ranking.tie_meV_per_atom, said),
            "verdict": np.array([*VERDICTS, ""], dtype=object)[said],
        }
        frame = known.reindex(columns=wanted).astype(object)
        frame["electrolyte"], frame["candidate"] = block, names
        frame["status"], frame["reason"] = np.where(ok, OK, FAILED), np.where(ok, "", why)
        for name, values in numbers.items():
            frame[name] = np.where(ok, values.astype(object), nothing)
        blocks.append(frame.iloc[order])
    found = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=wanted)
    for name in wanted:
        if COLUMNS[name].is_number:
            found[name] = pd.to_numeric(found[name])
    return found


def _reasons(
    board: Board, results: pd.DataFrame, weights: Weights, scores: Floats
) -> NDArray[np.object_]:
    """Why a pair has no score, (E, C); empty where it has one."""
    found = np.full(scores.shape, "", dtype=object)
    for line, column in np.argwhere(np.isnan(scores)).tolist():
        place = board.place[line, column]
        row = results.iloc[place]
        if place < 0:
            found[line, column] = f"no row for {board.electrolytes[line]}"
        elif row["status"] != OK:
            found[line, column] = str(row["reason"])
        else:
            missing = missing_numbers(row, weights)
            found[line, column] = "no score: " + "; ".join(
                f"no {name}, which the weight {weight} asks for (set that to 0, or add what is "
                "missing)"
                for name, weight in missing.items()
            )
    return found


def _overall(
    board: Board, results: pd.DataFrame, reasons: NDArray[np.object_]
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Return what candidates have of their own, and why those without a score have none."""
    import pandas as pd

    every = np.arange(len(board.candidates))
    there = board.place >= 0
    # a row that was computed, where there is one
    known = results.iloc[board.place[np.where(board.roles != "", 2, there).argmax(axis=0), every]]
    counted = (reasons == "").sum(axis=0)
    complete = (counted > 0) & (counted >= board.counted.sum())
    frame = known.reindex(columns=["role", *_OF_CANDIDATE]).astype(object)
    frame = frame.reset_index(drop=True).where(pd.Series(complete), None)
    frame["electrolytes_counted"] = counted
    frame["source"] = known["source"].to_numpy()
    words = results["left_out_phases"].fillna("").str.split()
    frame["left_out_phases"] = [
        " ".join(dict.fromkeys(word for row in words.iloc[places[places >= 0]] for word in row))
        for places in board.place.T
    ]
    blamed = (reasons != "") & (board.counted[:, None] | (counted == 0))
    return frame, reasons[blamed.argmax(axis=0), every]


def ties(
    scores: Floats,
    names: NDArray[np.object_],
    order: NDArray[np.int64],
    tie: float,
    verdicts: NDArray[np.int64],
) -> NDArray[np.object_]:
    """Names of the candidates of the same verdict that are tied with each, best first."""
    found = np.full(len(scores), "", dtype=object)
    falling = scores[order]
    for place in order[~np.isnan(falling)].tolist():
        same = verdicts[order] == verdicts[place]
        near = order[same & (np.abs(falling - scores[place]) <= tie)]
        found[place] = "; ".join(names[near[near != place]])
    return found


def _term_texts(standing: Standing, block: int) -> NDArray[np.object_]:
    """Write what each metric adds to a score (``"converted layer -20.0; bridge 0.0"``)."""
    found = np.full(standing.scores.shape[1], "", dtype=object)
    for column in range(len(found)):
        values = {label: term[block, column] for label, term in standing.terms.items()}
        found[column] = "; ".join(
            f"{label} {value:.1f}".replace(" -0.0", " 0.0")
            for label, value in values.items()
            if not np.isnan(value)
        )
    return found
