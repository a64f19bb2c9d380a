"""Rows of result tables, from files or frames; missing cells may have any form."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..phases.columns import COLUMNS
from ..screen.scores import COATING, CONVERSION

if TYPE_CHECKING:
    import pandas as pd

_MOST_BYTES = 256 * 1024**2  # of a table of a run
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
Row = dict[str, Any]

# one colour range for a figure: the smallest of these [meV/atom] that holds all its values
RANGES = (100, 200, 300, 500)


def colour_range(values: Iterable[float], ranges: Sequence[int] = RANGES) -> int:
    """Return where the colours end: from 0 to minus this, energies [meV/atom] have their own.

    Beyond the last of the ranges, all have the darkest colour.
    """
    worst = min(values, default=0.0)
    return next((limit for limit in ranges if worst >= -limit), ranges[-1])


def is_number(key: str) -> bool:
    """Tell whether a column of a result file holds numbers."""
    return key in COLUMNS and COLUMNS[key].is_number


def read_rows(file: Path, needed: Sequence[str] = ()) -> list[Row]:
    """Read a CSV file of a run; no rows where there is no file.

    Texts stay as written (a candidate may be called None), empty cells of number columns become
    None.

    Raises
    ------
    InputError
        For a file that cannot be read, lacks a needed column, or has text where a number stands.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise csv.Error(f"more than {_MOST_BYTES // 1024**2} MiB")
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(_shown(lines), strict=True)
            if not reader.fieldnames:
                raise csv.Error("it is empty")
            rows = list(reader)
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: cannot be read ({error}); run the screen again") from None
    for name in needed:
        if name not in reader.fieldnames:
            raise InputError(
                f"{file}: no result of a screen (column {name} is missing); run the screen again"
            )
    return [
        {key: _cell(file, at, key, text or "") for key, text in row.items() if key is not None}
        for at, row in enumerate(rows, start=1)
    ]


def _shown(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines; csv.Error for a character that no terminal and no SVG can show."""
    for line in lines:
        if found := _CONTROLS.search(line):
            raise csv.Error(f"it holds the control character {found[0]!r}")
        yield line


def _cell(file: Path, row: int, key: str, written: str) -> Any:
    """Return one cell: a number, None for an empty one, or the text of a column of texts."""
    if not is_number(key):
        return written
    found = number(written)
    if math.isfinite(found):
        return found
    if written and written.lower() not in ("nan", "inf", "-inf"):
        raise InputError(f"{file}, row {row}, {key}: {written[:40]!r} is no number; run it again")
    return None


def number(value: Any) -> float:
    """Return a cell as a number, NaN when it is empty."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def text(value: Any) -> str:
    """Return a cell as text, empty when pandas has made a missing value of it."""
    return value if isinstance(value, str) else ""


def records(frame: pd.DataFrame | None) -> list[dict[Hashable, Any]]:
    """Return the rows of a table; none of a missing table."""
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


def made(row: Mapping[Any, Any]) -> str:
    """Return whether somebody made a candidate, and what else is known of it: ``yes, h``."""
    signs = {"gaseous": "g", "volatile": "v", "hygroscopic": "h"}
    seen = text(row.get("observed"))
    marks = [sign for name, sign in signs.items() if row.get(name) == "yes"]
    word = {"yes": "yes", "no": "no", "unknown": "?"}.get(seen, "")
    return ", ".join(filter(None, [word, "".join(marks).replace("gv", "g")]))


def verdict_word(row: Mapping[Any, Any]) -> str:
    """Return the verdict of a row as a word or two for a narrow table, empty without one."""
    return text(row.get("verdict")).replace(" lithium", "")


SHORT_ROLES = {CONVERSION: "conv.", COATING: "coat."}  # where a table is too wide
MADE = {
    "made": "made: whether somebody made the candidate (?: unknown), h: hygroscopic, v: "
    "volatile, g: a gas",
    "comp.": "comp.: compounds of all its elements with Li that could have competed (0: no "
    "reaction may be for want of data)",
}
"""What stands in these columns."""


def hidden_counts(hidden: Mapping[str, int]) -> str:
    """Say how many candidates a ranking hides: ``205 volatile, 7,800 radioactive``."""
    return ", ".join(f"{number:,} {reason}" for reason, number in hidden.items())


def listing(names: Iterable[str], most: int = 12) -> str:
    """Join names: ``A, B, C and 4 more``."""
    names = list(names)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
