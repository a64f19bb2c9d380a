"""Error bars of a screen: the samples of the energies, carried to every number and every rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.stacks import OF_CANDIDATE, OF_ELECTROLYTE, OF_STACK, Stacks
from ..energies.spread import spread
from ..phases.columns import columns_of
from ..phases.system import Floats
from ..phases.units import is_number
from .board import OVERALL
from .places import order_probabilities, rank_spread
from .scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, STATED, as_numbers, score_columns
from .tables import OK
from .verdict import VERDICTS, at_worst, contact_and_gain, reasons, sampled, verdicts
from .weights import Weights

if TYPE_CHECKING:
    import pandas as pd

_SCORE = "score_meV_per_atom"
SURE = 0.90  # share of the samples in which one of two is better, for their order to count

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
    """Score of every computed row in every sample, (s,) by candidate and electrolyte [meV/atom].

    Numbers that are not sampled (volumes) are those of the energies as they are.  Not a number
    where a number is missing.
    """
    rows = _computed(results, samples)
    if not rows:
        return {}
    numbers = [samples.stacks[key] for key in rows]
    shape = (len(rows), samples.samples)

    def nominal(column: str) -> Any:
        values = np.array([[row.get(column)] for row in rows.values()], dtype=object)
        return np.broadcast_to(as_numbers(values), shape)

    columns = {column: np.array([own[column] for own in numbers]) for column in SCORE_COLUMNS}
    stated = [column for column in (*STATED, *OPTIONAL_COLUMNS) if column in results]
    columns |= {column: nominal(column) for column in stated}
    return dict(zip(rows, score_columns(columns, weights), strict=True))


def _computed(results: pd.DataFrame, samples: Sampled) -> dict[Key, dict[Any, Any]]:
    """Rows that were computed and sampled."""
    ok = results[results["status"] == OK].to_dict("records")
    rows = {(row["candidate"], row["electrolyte"]): row for row in ok}
    return {key: row for key, row in rows.items() if key in samples.stacks}


def uncertainty_table(
    samples: Sampled, results: pd.DataFrame, ranking: pd.DataFrame, scores: dict[Key, Floats]
) -> pd.DataFrame:
    """Return uncertainty.csv: one row for each number that the energies decide.

    Numbers of a candidate by itself have no electrolyte, those of an electrolyte no candidate.
    """
    import pandas as pd

    ranked = ranking[ranking["status"] == OK]
    nominal = ranked.set_index(["candidate", "electrolyte"])[_SCORE].to_dict()
    found: dict[Key, list[dict[str, Any]]] = {}
    for (candidate, electrolyte), row in _computed(results, samples).items():
        pair, values = (candidate, electrolyte), samples.stacks[candidate, electrolyte]
        for key, names in (
            (("", electrolyte), OF_ELECTROLYTE),
            ((candidate, ""), OF_CANDIDATE),
            (pair, OF_STACK),
        ):
            if key not in found:
                found[key] = [_row(key, name, row.get(name), values[name]) for name in names]
        if pair in scores and pair in nominal:
            found[pair].append(_row(pair, _SCORE, nominal[pair], scores[pair]))
    order = {name: place for place, name in enumerate(["", *dict.fromkeys(results["candidate"])])}
    keys = sorted(found, key=lambda key: order[key[0]])
    rows = [row for key in keys for row in found[key]]
    return pd.DataFrame(rows, columns=list(columns_of("uncertainty")))


def _row(key: Key, name: str, value: Any, values: Floats) -> dict[str, Any]:
    found = spread(values, float(value) if is_number(value) else np.nan)
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


def with_verdicts(samples: Sampled, results: pd.DataFrame) -> pd.DataFrame:
    """Return results with verdicts from the samples, for the rows that have them."""
    known = results.copy()
    columns = (*SCORE_COLUMNS, "bare_mutual_eV_per_atom")
    said: dict[Any, tuple[str, str]] = {}
    ok = results["status"] == OK
    for index, row in zip(results.index[ok], results[ok].to_dict("records"), strict=True):
        own = samples.stacks.get((row["candidate"], row["electrolyte"]))
        if own is None:
            continue
        stated: dict[str, Any] = {name: row.get(name) for name in STATED}
        drawn = contact_and_gain({**{name: own[name] for name in columns}, **stated})
        own_row = {**{name: row[name] for name in columns}, **stated}
        contact, gain = sampled(contact_and_gain(own_row), drawn)
        contact = at_worst(contact, own_row)
        path = row["li_uptake_per_formula"] > 0.0 or bool(row["bridge_product"])
        verdict = verdicts(contact, gain, np.asarray(path)).reshape(())
        said[index] = verdict.item(), reasons(verdict, contact, gain).item()
    for place, name in enumerate(("verdict", "verdict_reason")):
        known.loc[list(said), name] = [texts[place] for texts in said.values()]
    return known


def with_confidence(
    ranking: pd.DataFrame,
    scores: dict[Key, Floats],
    tie_meV_per_atom: float,
    *,
    alone: bool = True,
) -> pd.DataFrame:
    """Return a ranking with error bars of the scores and of the ranks.

    Two candidates of one verdict are tied where neither is better in ``SURE`` of the samples; ranks
    count the surely better ones, unless more candidates than these are ranked (``alone``).

    The overall block takes the mean over the electrolytes that anything could be computed for.
    """
    known = ranking.copy()
    scored = {electrolyte for _, electrolyte in scores}
    electrolytes = [name for name in dict.fromkeys(ranking["electrolyte"]) if name in scored]
    for name in dict.fromkeys(ranking["electrolyte"]):
        wanted = electrolytes if name == OVERALL else [name]
        block = known[(known["electrolyte"] == name) & (known["status"] == OK)]
        labels = {
            index: label
            for index, label in block["candidate"].items()
            if all((label, electrolyte) in scores for electrolyte in wanted)
        }
        if not labels:
            continue
        means = [np.mean([scores[label, e] for e in wanted], axis=0) for label in labels.values()]
        places = rank_spread(np.transpose(means), tie_meV_per_atom)
        spreads = list(map(spread, means, block.loc[list(labels), _SCORE].astype(float)))
        found: dict[str, Any] = {
            "score_std_meV_per_atom": [one.standard_deviation for one in spreads],
            "score_low_meV_per_atom": [one.low for one in spreads],
            "score_high_meV_per_atom": [one.high for one in spreads],
            "probability_best": places.best,
            "probability_top3": places.top3,
            "rank_low": places.low,
            "rank_high": places.high,
        }
        for column, values in found.items():
            known.loc[list(labels), column] = values
        names = np.array(list(labels.values()), dtype=object)
        verdict = known.loc[list(labels), "verdict"].to_numpy()
        said = np.array([VERDICTS.index(one) if one in VERDICTS else -1 for one in verdict])
        ahead = order_probabilities(np.transpose(means)) >= SURE
        same = said[:, None] == said
        tied = same & ~ahead & ~ahead.T & ~np.eye(len(names), dtype=bool)
        known.loc[list(labels), "tied_with"] = ["; ".join(names[row]) for row in tied]
        if alone and len(labels) == len(block):
            better = (said[:, None] < said) | (same & ahead)
            # in the order of the block: a worse score has no better rank
            known.loc[list(labels), "rank"] = np.maximum.accumulate(1 + better.sum(axis=0))
    return known
