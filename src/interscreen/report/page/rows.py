"""Files of a run folder as rows, and rows as compact columns for the page."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError

Row = dict[str, Any]

_NUMBER = re.compile(
    r"(_V|_(?:m?eV|kJ|mAh)_per_\w+|_percent|_per_formula(?:_start|_end)?|mixing_fraction"
    r"|_mAh_per_cm2_um)$"
)
_NUMBERS = frozenset(
    """rank step value standard_deviation low_5_percent high_95_percent samples_counted
    value_without change probability_best probability_top3 rank_low rank_high weight_rank_low
    weight_rank_high kendall_tau largest_rank_change weight electrolytes_counted n_elements
    li_uptake_per_formula""".split()
)


def is_number(key: str) -> bool:
    """Whether a column of a result file holds numbers."""
    return key in _NUMBERS or bool(_NUMBER.search(key))


def read_rows(file: Path, needed: Sequence[str] = ()) -> list[Row]:
    """Read a CSV file of a run; no rows where there is no file.

    Texts stay as written (a candidate may be called None), empty cells of number columns become
    None.

    Raises
    ------
    InputError
        For a file that cannot be read or lacks a needed column.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            names = reader.fieldnames or []
            missing = [name for name in needed if name not in names]
            if missing:
                raise InputError(
                    f"{file}: no result of a screen (column {missing[0]} is missing); "
                    "run the screen again"
                )
            return [_row(row) for row in reader]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: cannot be read ({error}); run the screen again") from None


def _row(cells: Mapping[str, str | None]) -> Row:
    return {key: cell(key, value or "") for key, value in cells.items() if key is not None}


def cell(key: str, value: str) -> Any:
    """Return one cell: a number, None for an empty one, or the text."""
    if not is_number(key):
        return value
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        return value  # weights.csv calls its change "half"
    return number if math.isfinite(number) else None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read manifest.json; empty where there is none.

    Raises
    ------
    InputError
        For a file that is no manifest.
    """
    file = folder / "manifest.json"
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error}); run the screen again") from None
    if not isinstance(read, dict):
        raise InputError(f"{file}: no manifest of a run; run the screen again")
    return read


def packed(rows: Sequence[Row], leave: Sequence[str] = ()) -> dict[str, Any]:
    """Write rows as columns: what repeats is written once.

    Parameters
    ----------
    rows : sequence of dict
    leave : sequence of str
        Columns that the page does not need.

    Returns
    -------
    dict
        ``n`` and ``columns``; a column is a list, ``{"c": value}`` when all rows agree, or
        ``{"v": values, "i": indices}`` when few values repeat.  Columns without any value are
        left out.
    """
    keys = [key for key in (rows[0] if rows else {}) if key not in leave]
    columns: dict[str, Any] = {}
    for key in keys:
        values = [_short(row.get(key)) for row in rows]
        distinct = list(dict.fromkeys(values))
        if set(distinct) <= {None, ""}:
            continue
        if len(distinct) == 1:
            columns[key] = {"c": distinct[0]}
        elif len(distinct) * 2 < len(values):
            index = {value: place for place, value in enumerate(distinct)}
            columns[key] = {"v": distinct, "i": [index[value] for value in values]}
        else:
            columns[key] = values
    return {"n": len(rows), "columns": columns}


def _short(value: Any) -> Any:
    """Whole floats as integers: the same number in fewer characters."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
    return value


def script_json(value: Any) -> str:
    """Write JSON that may stand in a script element: nothing in it ends or opens a tag."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":  # </script>, <!--, and line ends of old JavaScript
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
