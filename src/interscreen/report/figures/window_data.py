"""What the figure of stability windows shows: bars, and what each phase forms from."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import cells

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Bar:
    """Window of one material [V]."""

    part: str
    name: str
    low: float
    high: float  # infinite: open
    assemblage_only: bool


def read_windows(windows: pd.DataFrame) -> list[Bar]:
    """Bars of windows.csv, each once; a row without a lower limit has none."""
    bars = []
    for row in cells.records(windows):
        low = cells.number(row.get("reduction_limit_V"))
        high = cells.number(row.get("oxidation_limit_V"))
        if math.isnan(low):
            continue
        bars.append(
            Bar(
                part=cells.text(row.get("part")),
                name=cells.text(row.get("name")) or cells.text(row.get("material")),
                low=low,
                high=math.inf if math.isnan(high) else high,
                assemblage_only=math.isnan(cells.number(row.get("phase_reduction_limit_V"))),
            )
        )
    return list(dict.fromkeys(bars))


def origins(rows: list[dict[Hashable, Any]]) -> dict[str, list[str]]:
    """Candidates whose converted layer holds a phase."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for part in cells.text(row.get("layer")).split(" + "):
            formula = part.rpartition(" ")[2]
            if formula:
                found.setdefault(formula, {})[cells.text(row.get("candidate"))] = None
    return {formula: list(candidates) for formula, candidates in found.items()}
