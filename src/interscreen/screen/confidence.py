"""Error bars of a screen: the samples of the energies, carried to every number and every rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.stacks import OF_CANDIDATE, OF_ELECTROLYTE, OF_STACK, Stacks
from ..energies.spread import spread
from ..phases.columns import columns_of
from ..phases.system import Floats
from .places import RankSpread, rank_spread
from .ranking import OVERALL
from .scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, score_columns
from .tables import OK
from .weights import Weights

if TYPE_CHECKING:
    import pandas as pd

_SCORE = "score_meV_per_atom"

Key = tuple[str, str]  # candidate and electrolyte


@dataclass(frozen=True)
class Sampled:
    """Numbers of stacks in every sample of the energies.

    Attributes
    ----------
    stacks : dict of (str, str) to dict of str to (s,) float array
        By candidate and electrolyte, then by column of results.
    samples : int
    """

    stacks: dict[Key, dict[str, Floats]]
    samples: int

    @classmethod
    def of(cls, numbers: Stacks) -> Sampled:
        """Take the samples of some stacks; the first one, the energies as they are, is none."""
        shape = numbers.worst.shape
        wide = {key: np.broadcast_to(values, shape) for key, values in numbers.numbers.items()}
        return cls(
            {
                (str(candidate), str(electrolyte)): {
                    key: values[e, k, 1:] for key, values in wide.items()
                }
                for e, electrolyte in enumerate(numbers.electrolytes.labels)
                for k, candidate in enumerate(numbers.candidates.labels)
            },
            shape[2] - 1,
        )


def sampled_scores(samples: Sampled, results: pd.DataFrame, weights: Weights) -> dict[Key, Floats]:
    """Score of every computed row in every sample.

    The role of a candidate is that of its nominal energies, and so are the numbers that are not
    sampled (volumes).

    Parameters
    ----------
    samples : Sampled
    results : DataFrame
        Rows of results.csv.
    weights : Weights

    Returns
    -------
    dict of (candidate, electrolyte) to (s,) float array
        Scores [meV/atom]; not a number where a number is missing.
    """
    rows = [
        row
        for row in results.to_dict("records")
        if row["status"] == OK and (row["candidate"], row["electrolyte"]) in samples.stacks
    ]
    if not rows:
        return {}
    numbers = [samples.stacks[row["candidate"], row["electrolyte"]] for row in rows]
    columns: dict[str, Any] = {
        column: np.array([of_row[column] for of_row in numbers]) for column in SCORE_COLUMNS
    }
    shape = (len(rows), samples.samples)
    for column in OPTIONAL_COLUMNS:
        if column in results.columns:
            known = np.array([[row.get(column)] for row in rows], dtype=object)
            columns[column] = np.broadcast_to(known, shape)
    roles = np.broadcast_to(np.array([[row["role"]] for row in rows]), shape)
    scores = score_columns(columns, weights, roles)
    return {
        (row["candidate"], row["electrolyte"]): scores[number] for number, row in enumerate(rows)
    }


def uncertainty_table(
    samples: Sampled, results: pd.DataFrame, ranking: pd.DataFrame, scores: dict[Key, Floats]
) -> pd.DataFrame:
    """Return uncertainty.csv: one row for each number that the energies decide.

    Numbers of a candidate by itself have no electrolyte, those of an electrolyte no candidate.
    """
    import pandas as pd

    ok = [row for row in results.to_dict("records") if row["status"] == OK]
    nominal = {
        (row["candidate"], row["electrolyte"]): row[_SCORE]
        for row in ranking.to_dict("records")
        if row["status"] == OK
    }
    rows: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()

    def add(key: Key, row: dict[Any, Any], names: Sequence[str], values: dict[str, Floats]) -> None:
        if key in seen:
            return
        seen.add(key)
        for name in names:
            rows.append(_row(key, name, row.get(name), values[name]))

    for row in ok:
        candidate, electrolyte = row["candidate"], row["electrolyte"]
        if (candidate, electrolyte) not in samples.stacks:
            continue
        key = (candidate, electrolyte)
        values = samples.stacks[key]
        add(("", electrolyte), row, OF_ELECTROLYTE, values)
        add((candidate, ""), row, OF_CANDIDATE, values)
        add(key, row, OF_STACK, values)
        if key in scores and key in nominal:
            rows.append(_row(key, _SCORE, nominal[key], scores[key]))
    order = {"": 0}
    for row in ok:
        order.setdefault(row["candidate"], len(order))
    rows.sort(key=lambda row: order[row["candidate"]])
    return pd.DataFrame(rows, columns=list(columns_of("uncertainty")))


def _row(key: Key, name: str, value: Any, values: Floats) -> dict[str, Any]:
    found = spread(values)
    return {
        "candidate": key[0],
        "electrolyte": key[1],
        "quantity": name,
        "value": value,
        "standard_deviation": found.standard_deviation,
        "low_5_percent": found.low,
        "high_95_percent": found.high,
        "samples_counted": found.counted,
    }


def with_confidence(
    ranking: pd.DataFrame, scores: dict[Key, Floats], tie_meV_per_atom: float
) -> pd.DataFrame:
    """Return the ranking with the columns of ``_confidence``.

    Parameters
    ----------
    ranking : DataFrame
        Blocks as ``ranking.rank`` gives them; the overall block takes the mean over the
        electrolytes that anything could be computed for.
    scores : dict of (candidate, electrolyte) to (s,) float array
    tie_meV_per_atom : float
    """
    known = ranking.copy()
    scored = {electrolyte for _, electrolyte in scores}
    electrolytes = [name for name in dict.fromkeys(ranking["electrolyte"]) if name in scored]
    for name in dict.fromkeys(ranking["electrolyte"]):
        block = known[(known["electrolyte"] == name) & (known["status"] == OK)]
        wanted = electrolytes if name == OVERALL else [name]
        labels = {
            index: label
            for index, label in zip(block.index, block["candidate"], strict=True)
            if all((label, electrolyte) in scores for electrolyte in wanted)
        }
        if not labels:
            continue
        matrix = np.array(
            [np.mean([scores[label, e] for e in wanted], axis=0) for label in labels.values()]
        ).T
        places = rank_spread(matrix, tie_meV_per_atom)
        for column, values in _confidence(matrix, places).items():
            known.loc[list(labels), column] = values
    return known


def _confidence(scores: Floats, places: RankSpread) -> dict[str, list[Any]]:
    spreads = [spread(column) for column in scores.T]
    return {
        "score_std_meV_per_atom": [found.standard_deviation for found in spreads],
        "score_low_meV_per_atom": [found.low for found in spreads],
        "score_high_meV_per_atom": [found.high for found in spreads],
        "probability_best": places.best.tolist(),
        "probability_top3": places.top3.tolist(),
        "rank_low": places.low.tolist(),
        "rank_high": places.high.tolist(),
    }
