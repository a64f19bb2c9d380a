"""The registry of columns (data/columns.csv): what every column of every result means.

Tables, figures, the page and docs/columns.md read it; nothing writes a column that is not here.
The lines stand in the order in which tables have their columns.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

KINDS = ("text", "number", "integer", "flag", "boolean")


@dataclass(frozen=True)
class Column:
    """One column of a result.

    Attributes
    ----------
    key : str
        Name in files, with the unit at its end.
    type : str
        One of ``KINDS``; a flag is the text ``yes`` or ``no``.
    label : str
        Name in figures and tables.
    unit : str
        Unit, empty for text and pure numbers.
    tables : tuple of str
        Tables in which it occurs (``results`` for results.csv and results.parquet).
    meaning : str
        One line.
    """

    key: str
    type: str
    label: str
    unit: str
    tables: tuple[str, ...]
    meaning: str

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.type in ("number", "integer")


def _read() -> dict[str, Column]:
    text = (files("interscreen") / "data" / "columns.csv").read_text(encoding="utf-8")
    return {
        row["key"]: Column(**{**row, "tables": tuple(row["tables"].split())})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    }


COLUMNS: dict[str, Column] = _read()


@lru_cache(maxsize=64)
def columns_of(table: str) -> tuple[str, ...]:
    """Columns of a table, in their order."""
    found = tuple(key for key, column in COLUMNS.items() if table in column.tables)
    if not found:
        raise KeyError(table)
    return found


def arrow_schema(table: str) -> pa.Schema:
    """Types of the columns of a table in Parquet files."""
    import pyarrow as pa

    kinds: dict[str, Any] = {"number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}
    keys = columns_of(table)
    return pa.schema([(key, kinds.get(COLUMNS[key].type, pa.string())) for key in keys])


def columns_markdown() -> str:
    """Text of docs/columns.md."""
    lines = [
        "# Columns of the result files",
        "",
        "Made from `src/interscreen/data/columns.csv`; `make docs` writes it again.",
        "",
        "| column | type | unit | tables | meaning |",
        "|---|---|---|---|---|",
        *(
            f"| `{c.key}` | {c.type} | {c.unit} | {', '.join(c.tables)} | {c.meaning} |"
            for c in COLUMNS.values()
        ),
        "",
    ]
    return "\n".join(lines)
