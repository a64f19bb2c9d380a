"""The registry of result columns (data/columns.csv): key, label, unit and one line of meaning.

Tables, figures and docs/columns.md read it; nothing writes a column that is not here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Column:
    """One column of a result file.

    Attributes
    ----------
    key : str
        Name in files, with the unit at its end.
    label : str
        Name in figures and tables.
    unit : str
        Unit, empty for text and pure numbers.
    meaning : str
        One line.
    """

    key: str
    label: str
    unit: str
    meaning: str


def _read() -> dict[str, Column]:
    text = (files("interscreen") / "data" / "columns.csv").read_text(encoding="utf-8")
    return {row["key"]: Column(**row) for row in csv.DictReader(text.splitlines())}


COLUMNS: dict[str, Column] = _read()


def columns_markdown() -> str:
    """Text of docs/columns.md."""
    lines = [
        "# Columns of the result files",
        "",
        "Made from `src/interscreen/data/columns.csv`; `make docs` writes it again.",
        "",
        "| column | unit | meaning |",
        "|---|---|---|",
        *(f"| `{c.key}` | {c.unit} | {c.meaning} |" for c in COLUMNS.values()),
        "",
    ]
    return "\n".join(lines)
