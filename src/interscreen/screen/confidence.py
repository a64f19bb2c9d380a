"""Error bars of a screen: the samples of the energies, carried to every number and every rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.sampled_stacks import (
    CANDIDATE_QUANTITIES,
    ELECTROLYTE_QUANTITIES,
    STACK_QUANTITIES,
    StackSamples,
    sample_stacks,
)
from ..energies.sampling import EnergyModel
from ..energies.spread import RankSpread, rank_spread, spread
from ..phases.material import Material
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .ranking import OVERALL
from .rows import OK
from .scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, score_columns
from .weights import Weights

if TYPE_CHECKING:
    import pandas as pd

    from .entries import Uncertainty

UNCERTAINTY_COLUMNS = (
    "candidate electrolyte quantity value standard_deviation low_5_percent high_95_percent "
    "samples_counted"
).split()
CONFIDENCE_COLUMNS = (
    "score_std_meV_per_atom score_low_meV_per_atom score_high_meV_per_atom probability_best "
    "probability_top3 rank_low rank_high"
).split()
_SCORE = "score_meV_per_atom"

Key = tuple[str, str]  # candidate and electrolyte


def sample_study(
    table: PhaseTable,
    candidates: Sequence[Material],
    electrolytes: Sequence[Material],
    options: Uncertainty,
    jobs: int,
    progress: Callable[[int, int], None] | None = None,
) -> StackSamples:
    """Answer the questions of a study for each sample of the energies."""
    model = EnergyModel(options.independent_meV_per_atom / 1000.0, options.correlated, options.seed)
    return sample_stacks(
        table,
        candidates,
        electrolytes,
        model=model,
        samples=options.samples,
        jobs=jobs,
        progress=progress,
    )


def sampled_scores(
    samples: StackSamples, results: pd.DataFrame, weights: Weights
) -> dict[Key, Floats]:
    """Score of every computed row in every sample.

    The role of a candidate is that of its nominal energies, and so are the numbers that are not
    sampled (volumes).

    Parameters
    ----------
    samples : StackSamples
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
    numbers = [samples.numbers(row["candidate"], row["electrolyte"]) for row in rows]
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
    samples: StackSamples, results: pd.DataFrame, ranking: pd.DataFrame, scores: dict[Key, Floats]
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
        add(("", electrolyte), row, ELECTROLYTE_QUANTITIES, samples.electrolytes[electrolyte])
        add((candidate, ""), row, CANDIDATE_QUANTITIES, samples.candidates[candidate])
        key = (candidate, electrolyte)
        add(key, row, STACK_QUANTITIES, samples.stacks[key])
        if key in scores and key in nominal:
            rows.append(_row(key, _SCORE, nominal[key], scores[key]))
    order = {"": 0}
    for row in ok:
        order.setdefault(row["candidate"], len(order))
    rows.sort(key=lambda row: order[row["candidate"]])
    return pd.DataFrame(rows, columns=UNCERTAINTY_COLUMNS)


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


def with_confidence(ranking: pd.DataFrame, scores: dict[Key, Floats]) -> pd.DataFrame:
    """Return the ranking with ``CONFIDENCE_COLUMNS``.

    Parameters
    ----------
    ranking : DataFrame
        Blocks as ``ranking.rank`` gives them; the overall block takes the mean over the
        electrolytes that anything could be computed for.
    scores : dict of (candidate, electrolyte) to (s,) float array
    """
    known = ranking.copy()
    for column in CONFIDENCE_COLUMNS:
        known[column] = np.nan
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
        places = rank_spread(matrix)
        for column, values in _confidence(matrix, places).items():
            known.loc[list(labels), column] = values
    return known


def _confidence(scores: Floats, places: RankSpread) -> dict[str, list[Any]]:
    spreads = [spread(column) for column in scores.T]
    values: list[list[Any]] = [
        [found.standard_deviation for found in spreads],
        [found.low for found in spreads],
        [found.high for found in spreads],
        places.best.tolist(),
        places.top3.tolist(),
        places.low.tolist(),
        places.high.tolist(),
    ]
    return dict(zip(CONFIDENCE_COLUMNS, values, strict=True))
