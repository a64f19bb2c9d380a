"""top.csv: what people read, with balanced equations; checks the batch while it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.layer import layer_metrics, layer_row
from ..answers.stack import (
    CandidateSide,
    candidate_side,
    electrolyte_side,
    join,
    lithium_salts,
)
from ..errors import InterscreenError, SolverError
from ..phases.table import PhaseTable
from .ranking import OVERALL, Weights, role_of, score_terms
from .results_table import SCORE, Results, codes
from .rows import RESULT_COLUMNS, Row, result_row
from .scores import INERT_MEV, SCORE_COLUMNS
from .top import best, is_of_pair

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .study import Study

TOP = 200  # candidates per electrolyte in top.csv
TOP_COLUMNS = (
    *("electrolyte", "rank", "tied", SCORE),
    *(name for name in RESULT_COLUMNS if name != "electrolyte"),
)
_AGREE = 1e-6  # eV/atom, V
_CHECKED = tuple(name for name in RESULT_COLUMNS if name.endswith(("_eV_per_atom", "_V")))
_SCORE_AGREE = 1e-6  # meV/atom; the same numbers through the same formula


def top_rows(
    results: pa.Table | Path, study: Study, table: PhaseTable, count: int = TOP
) -> pd.DataFrame:
    """Return the best candidates overall and per electrolyte, with balanced equations.

    Equations and texts come from the one-pair functions, for these candidates only; the numbers of
    the batch must agree with theirs.

    Parameters
    ----------
    results : pyarrow.Table or path of a Parquet file
    study : Study
        Its electrolytes and weights.
    table : PhaseTable
        What the results were computed with.
    count : int
        Candidates per electrolyte, and overall.

    Returns
    -------
    DataFrame
        Columns ``TOP_COLUMNS``; first the candidates overall (where there are several
        electrolytes), then one block per electrolyte, best first.

    Raises
    ------
    SolverError
        When the batch and the one-pair functions disagree.
    """
    import pandas as pd

    labels = [entry.label for entry in study.electrolytes]
    blocks: list[str | None] = [None, *labels] if len(labels) > 1 else [*labels]
    tie = study.ranking.tie_meV_per_atom
    frames = [
        best(results, electrolyte=label, count=count, tie_meV_per_atom=tie) for label in blocks
    ]
    one_pair = _OnePair(study, table)
    batch = _rows_of(results, {name for frame in frames for name in frame["candidate"]})
    rows: list[Row] = []
    for label, frame in zip(blocks, frames, strict=True):
        for found in frame.to_dict("records"):
            candidate = found["candidate"]
            mine = [
                one_pair.row(candidate, each, batch.get((candidate, each), {}))
                for each in (labels if label is None else [label])
            ]
            rows.append(
                {
                    **(_overall(mine) if label is None else mine[0]),
                    "rank": int(found["rank"]),
                    "tied": "yes" if found["tied"] else "no",
                    SCORE: found[SCORE],
                }
            )
    return pd.DataFrame(rows, columns=TOP_COLUMNS)


def _rows_of(results: pa.Table | Path, candidates: set[str]) -> dict[tuple[str, str], Row]:
    """Rows of some candidates by candidate and electrolyte."""
    rows = Results(results)
    names, of_row = codes(rows.columns(["candidate"])["candidate"])
    wanted = np.array([name in candidates for name in names], dtype=np.bool_)
    found = rows.take(np.flatnonzero(wanted[of_row])).to_pylist() if len(of_row) else []
    return {(row["candidate"], row["electrolyte"]): row for row in found}


class _OnePair:
    """Rows of the one-pair functions, checked against those of the batch; each computed once."""

    def __init__(self, study: Study, table: PhaseTable) -> None:
        self._table = table
        self._weights = study.ranking.weights
        self._electrolytes = {
            entry.label: electrolyte_side(table, entry.material) for entry in study.electrolytes
        }
        listed = study.candidates if isinstance(study.candidates, list | tuple) else ()
        self._entries = {entry.label: entry for entry in listed}
        self._sides: dict[str, CandidateSide] = {}
        self._rows: dict[tuple[str, str], Row] = {}

    def row(self, candidate: str, electrolyte: str, batch: Mapping[str, Any]) -> Row:
        """Row of results.csv.

        Raises
        ------
        SolverError
            When the numbers of the batch are others.
        """
        if (candidate, electrolyte) not in self._rows:
            try:
                if candidate not in self._sides:
                    entry = self._entries.get(candidate)
                    material = entry.material if entry else candidate
                    self._sides[candidate] = candidate_side(self._table, material)
                side, theirs = self._sides[candidate], self._electrolytes[electrolyte]
                row = result_row(join(self._table, side, theirs), side, theirs)
                row |= layer_row(layer_metrics(self._table, side))
            except InterscreenError as error:
                raise SolverError(
                    f"{candidate} | {electrolyte}: the batch has an answer and the one-pair "
                    f"function none ({error}); please report it"
                ) from None
            entry = self._entries.get(candidate)
            row["role"] = self._role(entry.role if entry else "auto", side, batch)
            row["expected_products"] = entry.products if entry else ""
            row["reference"] = entry.reference if entry else ""
            _compare(candidate, electrolyte, batch, row, self._weights)
            self._rows[candidate, electrolyte] = row
        return self._rows[candidate, electrolyte]

    def _role(self, given: str, side: CandidateSide, batch: Mapping[str, Any]) -> str:
        if given != "auto":
            return given
        energy = side.lithium.energy
        role = role_of(energy, bool(lithium_salts(side.products)))
        # at the limit of the roles the last digits decide, and these may differ
        near = abs(1000.0 * energy + INERT_MEV) <= 1000.0 * _AGREE
        return str(batch.get("role") or role) if near else role


def _compare(
    candidate: str, electrolyte: str, batch: Mapping[str, Any], row: Row, weights: Weights
) -> None:
    pairs = [(name, batch[name], row[name], _AGREE) for name in _CHECKED if name in batch]
    if all(_is_number(batch.get(name)) for name in SCORE_COLUMNS) and batch.get("role"):
        score = fsum(score_terms(dict(batch), weights).values())
        pairs.append((SCORE, batch[SCORE], score, _SCORE_AGREE))
    if batch.get("role", row["role"]) != row["role"]:
        raise SolverError(
            f"{candidate} | {electrolyte}: the batch and the one-pair function disagree on the "
            f"role ({batch['role']} and {row['role']}); please report it"
        )
    for name, ours, theirs, tolerance in pairs:
        if _is_number(ours) and _is_number(theirs):
            same = abs(ours - theirs) <= tolerance
        else:
            same = _is_number(ours) == _is_number(theirs)
        if not same:
            raise SolverError(
                f"{candidate} | {electrolyte}: the batch and the one-pair function disagree on "
                f"{name} ({ours} and {theirs}); please report it"
            )


def _is_number(value: Any) -> bool:
    return value is not None and isfinite(value)


def _overall(rows: Sequence[Row]) -> Row:
    """Row of a candidate over all electrolytes: only what is its own."""
    return {
        **{name: None if is_of_pair(name) else value for name, value in rows[0].items()},
        "electrolyte": OVERALL,
        "left_out_phases": _joined((row["left_out_phases"] for row in rows), " "),
        "warnings": _joined((row["warnings"] for row in rows), "; "),
    }


def _joined(texts: Iterable[str], separator: str) -> str:
    parts = [part for text in texts for part in text.split(separator) if part]
    return separator.join(dict.fromkeys(parts))
