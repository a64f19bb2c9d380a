"""Ranking: a score per role, ties, the Pareto front, and what the weights do to the order.

Every term is in meV/atom and zero at best, so the score is the energy-like distance from an ideal
interlayer.  docs/ranking.md explains the formula; a study may change the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..phases.columns import columns_of
from .board import OVERALL, Board
from .pareto import pareto_front
from .places import ranks
from .scores import (
    ROLES,
    TERMS,
    Floats,
    missing_numbers,
    role_columns,
    role_terms,
    score_columns,
)
from .tables import FAILED, OK
from .weight_sensitivity import weight_rank_ranges
from .weights import (
    AlloyWeights,
    CoatingWeights,
    ConversionWeights,
    Ranking,
    Weights,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "OVERALL", "AlloyWeights", "CoatingWeights", "ConversionWeights", "Ranking",
    "Weights", "rank", "role_of", "score_terms",
]  # fmt: skip

# columns that error bars and sensitivity add
_LATER = (
    "score_std_meV_per_atom score_low_meV_per_atom score_high_meV_per_atom probability_best "
    "probability_top3 rank_low rank_high suspect_phase suspect_change_meV_per_atom"
).split()
_FRONT_DIGITS = 3  # of a term in meV/atom: what is nearer is equal, as the solver is exact to 1e-6

Row = dict[str, Any]


def role_of(lithium_mutual_eV_per_atom: float, has_salt: bool) -> str:
    """Role of a candidate (``scores.role_columns`` for one).

    Parameters
    ----------
    lithium_mutual_eV_per_atom : float
        Minimum mutual reaction energy with Li [eV/atom].
    has_salt : bool
        Whether a phase in equilibrium with Li metal is a Li-bearing salt
        (``stacks.lithium_salts`` of the products is not empty).
    """
    return str(role_columns(lithium_mutual_eV_per_atom, has_salt))


def score_terms(row: Mapping[str, Any], weights: Weights) -> dict[str, float]:
    """Terms of the score of one row of results.csv [meV/atom], each zero or negative."""
    factors = weights.by_role()[row["role"]]
    return {name: float(term) for name, term in role_terms(row["role"], row, factors).items()}


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

    rows = [{str(key): value for key, value in row.items()} for row in results.to_dict("records")]
    columns = columns_of("ranking")
    board = Board.of(rows)
    scores = board.with_overall(score_columns(board.columns, ranking.weights, board.roles))
    terms = _terms(board, ranking.weights)
    low, high = weight_rank_ranges(board, ranking)
    reasons = _reasons(board, rows, ranking.weights)
    found = []
    for number, block in enumerate(board.blocks):
        front = _front(board.block_roles[number], [t[number] for t in terms.values()])
        entries = []
        for column, candidate in enumerate(board.candidates):
            if block == OVERALL:
                entry = _overall_row(board, rows, column, reasons)
            else:
                place = int(board.place[board.electrolytes.index(block), column])
                if place < 0:
                    continue
                entry = {key: rows[place].get(key) for key in columns}
            entry |= {"electrolyte": block, "candidate": candidate}
            if not isnan(scores[number, column]):
                entry |= {
                    "score_meV_per_atom": float(scores[number, column]),
                    "weight_rank_low": int(low[number, column]),
                    "weight_rank_high": int(high[number, column]),
                    "pareto": "yes" if front[column] else "no",
                    "score_terms": _write(
                        {
                            term.label: float(terms[term.label][number, column])
                            for term in TERMS[entry["role"]]
                            if term.label in terms
                        }
                    ),
                }
            elif entry["status"] == OK:
                entry |= {"status": FAILED, "reason": reasons[candidate, block]}
            entries.append(entry)
        found += _order(entries, ranking.tie_meV_per_atom)
    if among is not None:
        among.correct(found)
    return pd.DataFrame(found, columns=[c for c in columns if c not in _LATER])


@dataclass(frozen=True, eq=False)
class Standing:
    """Ranks and Pareto front of all candidates of a large screen.

    Attributes
    ----------
    board : Board
    scores : (B, C) float array
        Score of each candidate in each block [meV/atom]; NaN without one.
    rank : (B, C) int array
        Zero without a score.
    front : (B, C) bool array
    """

    board: Board
    scores: Floats
    rank: NDArray[np.int64]
    front: NDArray[np.bool_]

    @classmethod
    def of(cls, board: Board, ranking: Ranking) -> Standing:
        """Rank all candidates of a board."""
        scores = board.with_overall(score_columns(board.columns, ranking.weights, board.roles))
        terms = list(_terms(board, ranking.weights).values())
        return cls(
            board,
            scores,
            np.array([ranks(block, ranking.tie_meV_per_atom)[0] for block in scores]),
            np.array(
                [
                    _front(roles, [term[number] for term in terms])
                    for number, roles in enumerate(board.block_roles)
                ]
            ),
        )

    def best(self, block: int, each: int) -> NDArray[np.int64]:
        """Return the best candidates of each role in a block, so many of each, best first."""
        scores, roles = self.scores[block], self.board.block_roles[block]
        order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
        order = order[~np.isnan(scores[order])]
        found = [order[roles[order] == role][:each] for role in ROLES]
        chosen = np.concatenate(found)
        return chosen[np.argsort(-scores[chosen], kind="stable")]

    def correct(self, rows: list[Row]) -> None:
        """Put rank and front among all candidates into rows of a ranking."""
        place = {name: column for column, name in enumerate(self.board.candidates)}
        block = {name: number for number, name in enumerate(self.board.blocks)}
        for row in rows:
            at = block[row["electrolyte"]], place[row["candidate"]]
            if self.rank[at]:
                row["rank"] = int(self.rank[at])
                row["pareto"] = "yes" if self.front[at] else "no"


def _terms(board: Board, weights: Weights) -> dict[str, Floats]:
    """Terms of all candidates by label, (B, C) each; NaN for those of other roles."""
    found: dict[str, Floats] = {}
    for role, factors in weights.by_role().items():
        mine = board.roles == role
        some = {name: values[mine] for name, values in board.columns.items()}
        for label, values in role_terms(role, some, factors).items():
            found.setdefault(label, np.full(board.roles.shape, np.nan))[mine] = values
    return {label: board.with_overall(values) for label, values in found.items()}


def _front(roles: NDArray[np.str_], terms: list[Floats]) -> NDArray[np.bool_]:
    """Whether each candidate of a block is on the Pareto front of its role."""
    front = np.zeros(roles.shape, dtype=np.bool_)
    for role in ROLES:
        mine = np.flatnonzero(roles == role)
        # a term that no candidate of the role has belongs to other roles
        own = [term[mine] for term in terms if not np.isnan(term[mine]).all()]
        if own:
            front[mine] = pareto_front(np.round(np.transpose(own), _FRONT_DIGITS))
    return front


def _reasons(board: Board, rows: list[Row], weights: Weights) -> dict[tuple[str, str], str]:
    """Why a pair, or a candidate overall, has no score; by candidate and block."""
    found: dict[tuple[str, str], str] = {}
    for column, candidate in enumerate(board.candidates):
        for line, electrolyte in enumerate(board.electrolytes):
            row = rows[place] if (place := int(board.place[line, column])) >= 0 else None
            if row is None:
                reason = f"no row for {electrolyte}"
            elif row["status"] != OK:
                reason = str(row["reason"])
            else:
                missing = missing_numbers(row["role"], row, weights)
                if not missing:
                    continue
                reason = "no score: " + "; ".join(
                    f"no {name}, which the weight {weight} asks for (set that to 0, or add what "
                    "is missing)"
                    for name, weight in missing.items()
                )
            found[candidate, electrolyte] = reason
    return found


def _overall_row(
    board: Board, rows: list[Row], column: int, reasons: dict[tuple[str, str], str]
) -> Row:
    """Return what a candidate has of its own, without rank and score."""
    candidate = board.candidates[column]
    mine = [rows[place] for place in board.place[:, column].tolist() if place >= 0]
    good = next((row for row in mine if row["status"] == OK), mine[0])
    entry: Row = dict.fromkeys(columns_of("ranking"))
    counted = sum((candidate, electrolyte) not in reasons for electrolyte in board.electrolytes)
    entry |= {
        "electrolytes_counted": counted,
        "left_out_phases": _all_words(row.get("left_out_phases") for row in mine),
        "source": mine[0]["source"],
    }
    if not counted or counted < board.counted.sum():
        reason = next(
            reasons[candidate, electrolyte]
            for electrolyte, there in zip(board.electrolytes, board.counted, strict=True)
            if (candidate, electrolyte) in reasons and (there or not counted)
        )
        return entry | {"status": FAILED, "reason": reason}
    return entry | {
        "status": OK,
        "reason": "",
        **{key: good[key] for key in ("role", "lithium_mutual_eV_per_atom", "layer")},
    }


def _order(block: list[Row], tie: float) -> list[Row]:
    """Sort by score, give ranks and mark ties."""
    good = [row for row in block if row["status"] == OK]
    good.sort(key=lambda row: -row["score_meV_per_atom"])
    scores = np.array([row["score_meV_per_atom"] for row in good], dtype=np.float64)
    places, tied = ranks(scores, tie)
    for position, row in enumerate(good):
        row["rank"] = int(places[position])
        row["tied_with"] = ""
        if tied[position]:
            near = np.flatnonzero(np.abs(scores - scores[position]) <= tie).tolist()
            row["tied_with"] = "; ".join(good[i]["candidate"] for i in near if i != position)
    return good + [row for row in block if row["status"] != OK]


def _all_words(texts: Iterable[Any]) -> str:
    words = [word for text in texts if isinstance(text, str) for word in text.split()]
    return " ".join(dict.fromkeys(words))


def _write(terms: dict[str, float]) -> str:
    return "; ".join(
        f"{name} {value:.1f}".replace(" -0.0", " 0.0")
        for name, value in terms.items()
        if not isnan(value)
    )
