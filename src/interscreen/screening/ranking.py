"""Ranking, first version: a score per role, ties, per electrolyte and overall.

Every term is in meV/atom and zero at best, so the score is the energy-like distance from an ideal
interlayer.  docs/method.md explains the formula; a study may change the weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from .rows import FAILED, OK
from .scores import COATING, CONVERSION, SCORE_COLUMNS, role_columns, role_terms

if TYPE_CHECKING:
    import pandas as pd

OVERALL = "overall"

RANKING_COLUMNS = (
    "electrolyte rank candidate role score_meV_per_atom tied_with score_terms "
    "lithium_mutual_eV_per_atom layer layer_mutual_eV_per_atom worst_product "
    "worst_product_mutual_eV_per_atom deposited_mutual_eV_per_atom improvement_eV_per_atom "
    "bridge_product bridge_margin_V electrolytes_counted status reason left_out_phases source"
).split()


class ConversionWeights(BaseModel):
    """Weights of a conversion interlayer (it reacts with Li; its products do the work).

    Attributes
    ----------
    layer, worst_product, deposited : float
        Factors of the mutual energies of converted layer, worst product and candidate itself
        with the electrolyte.
    bridge_meV_per_V : float
        Penalty for each volt by which no Li-bearing salt of the layer reaches the reduction limit
        of the electrolyte [meV/atom per V].
    driving_force : float
        Factor of what the driving force with Li lacks of ``enough_meV_per_atom``.
    enough_meV_per_atom : float
        Driving force that is enough for the conversion [meV/atom].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layer: float = Field(1.0, ge=0)
    worst_product: float = Field(0.25, ge=0)
    deposited: float = Field(0.25, ge=0)
    bridge_meV_per_V: float = Field(100.0, ge=0)
    driving_force: float = Field(1.0, ge=0)
    enough_meV_per_atom: float = Field(100.0, ge=0)


class CoatingWeights(BaseModel):
    """Weights of a coating (inert to both sides).

    Attributes
    ----------
    lithium, deposited : float
        Factors of the mutual energies with Li and with the electrolyte.
    bridge_meV_per_V : float
        As for a conversion interlayer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lithium: float = Field(1.0, ge=0)
    deposited: float = Field(1.0, ge=0)
    bridge_meV_per_V: float = Field(100.0, ge=0)


class Weights(BaseModel):
    """Weights of both roles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversion: ConversionWeights = ConversionWeights()
    coating: CoatingWeights = CoatingWeights()


class Ranking(BaseModel):
    """How a study ranks.

    Attributes
    ----------
    weights : Weights
    tie_meV_per_atom : float
        Scores nearer than this are tied [meV/atom].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Weights = Weights()
    tie_meV_per_atom: float = Field(10.0, ge=0)


def role_of(lithium_mutual_eV_per_atom: float) -> str:
    """Role of a candidate: conversion when it reacts with Li beyond the method's accuracy."""
    return str(role_columns(lithium_mutual_eV_per_atom))


def score_terms(row: dict[str, Any], weights: Weights) -> dict[str, float]:
    """Terms of the score of one row of results.csv [meV/atom], each zero or negative."""
    values = {name: float(row[name]) for name in SCORE_COLUMNS}
    role = COATING if row["role"] == COATING else CONVERSION
    return {name: float(term) for name, term in role_terms(role, values, weights).items()}


def rank(results: pd.DataFrame, ranking: Ranking) -> pd.DataFrame:
    """Rank the rows of results.csv per electrolyte, and the candidates overall.

    Parameters
    ----------
    results : DataFrame
        With the columns of results.csv.
    ranking : Ranking

    Returns
    -------
    DataFrame
        Columns ``RANKING_COLUMNS``; first the overall ranking (mean score over the electrolytes
        of the candidates that have one for each), then one block per electrolyte.  Rows that
        could not be computed stand at the end of their block without a rank.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in results.to_dict("records")
    ]
    electrolytes = list(dict.fromkeys(row["electrolyte"] for row in rows))
    scored: dict[tuple[str, str], tuple[float, dict[str, float]]] = {}
    for row in rows:
        if row["status"] == OK:
            terms = score_terms(row, ranking.weights)
            scored[row["candidate"], row["electrolyte"]] = (fsum(terms.values()), terms)
    blocks = []
    if len(electrolytes) > 1:
        blocks.append(_overall(rows, electrolytes, scored, ranking.tie_meV_per_atom))
    for electrolyte in electrolytes:
        block = []
        for row in rows:
            if row["electrolyte"] == electrolyte:
                entry = {key: row.get(key) for key in RANKING_COLUMNS}
                found = scored.get((row["candidate"], electrolyte))
                if found:
                    entry["score_meV_per_atom"], terms = found
                    entry["score_terms"] = _write(terms)
                block.append(entry)
        blocks.append(_order(block, ranking.tie_meV_per_atom))
    return pd.DataFrame([row for block in blocks for row in block], columns=RANKING_COLUMNS)


def _overall(
    rows: list[dict[str, Any]],
    electrolytes: list[str],
    scored: dict[tuple[str, str], tuple[float, dict[str, float]]],
    tie: float,
) -> list[dict[str, Any]]:
    """Mean score over the electrolytes."""
    block = []
    for candidate in dict.fromkeys(row["candidate"] for row in rows):
        mine = [row for row in rows if row["candidate"] == candidate]
        found = [scored[key] for e in electrolytes if (key := (candidate, e)) in scored]
        entry: dict[str, Any] = dict.fromkeys(RANKING_COLUMNS)
        entry.update(
            electrolyte=OVERALL,
            candidate=candidate,
            electrolytes_counted=len(found),
            left_out_phases=_all_words(row.get("left_out_phases") for row in mine),
            source=mine[0]["source"],
        )
        if len(found) == len(electrolytes):
            names = found[0][1]
            means = {name: fsum(terms[name] for _, terms in found) / len(found) for name in names}
            entry.update(
                status=OK,
                reason="",
                role=mine[0]["role"],
                score_meV_per_atom=fsum(score for score, _ in found) / len(found),
                score_terms=_write(means),
                lithium_mutual_eV_per_atom=mine[0]["lithium_mutual_eV_per_atom"],
                layer=mine[0]["layer"],
            )
        else:
            failed = [row for row in mine if row["status"] != OK]
            entry.update(status=FAILED, reason=failed[0]["reason"])
        block.append(entry)
    return _order(block, tie)


def _order(block: list[dict[str, Any]], tie: float) -> list[dict[str, Any]]:
    """Sort by score, give ranks and mark ties."""
    good = [row for row in block if row["status"] == OK]
    good.sort(key=lambda row: -row["score_meV_per_atom"])
    for row in good:
        score = row["score_meV_per_atom"]
        row["rank"] = 1 + sum(other["score_meV_per_atom"] > score + tie for other in good)
        row["tied_with"] = "; ".join(
            other["candidate"]
            for other in good
            if other is not row and abs(other["score_meV_per_atom"] - score) <= tie
        )
    return good + [row for row in block if row["status"] != OK]


def _all_words(texts: Iterable[Any]) -> str:
    words = [word for text in texts if isinstance(text, str) for word in text.split()]
    return " ".join(dict.fromkeys(words))


def _write(terms: dict[str, float]) -> str:
    return "; ".join(
        f"{name} {value:.1f}".replace(" -0.0", " 0.0") for name, value in terms.items()
    )
