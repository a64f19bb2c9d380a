"""Cells of result tables as figures read them: missing values may have any form."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def number(value: Any) -> float:
    """Return a cell of a result table as a number, NaN when it is empty."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def text(value: Any) -> str:
    """Return a cell of a result table as text, empty when pandas has made a missing value of it."""
    return value if isinstance(value, str) else ""


def records(frame: pd.DataFrame | None) -> list[dict[Hashable, Any]]:
    """Rows of a table; none of a missing table."""
    return [] if frame is None or frame.empty else frame.to_dict("records")


def reasons(rows: Iterable[Mapping[Hashable, Any]], most: int = 6) -> list[str]:
    """Say which candidates could not be computed and why, one line for each reason.

    The first clause of a reason is given; results.csv has all of it.
    """
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.get("status") != "ok":
            reason = re.split(r"; | \(", " ".join(text(row.get("reason")).split()))[0]
            found.setdefault(reason, {})[text(row.get("candidate"))] = None
    lines = [f"Not computed: {listing(names)}: {reason}" for reason, names in found.items()]
    return lines if len(lines) <= most else [*lines[:most], "Others not computed: see results.csv"]


def listing(names: Iterable[str], most: int = 12) -> str:
    """Join names: ``A, B, C and 4 more``."""
    names = list(names)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
