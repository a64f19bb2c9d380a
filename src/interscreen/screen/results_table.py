"""Results of a screen, in memory or in a Parquet file: read by columns or by rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .scores import ROLES
from .tables import FAILED, OK
from .where import ELEMENTS, EMPTY, NUMBER, PRODUCTS, TEXT, Bools, Floats, Ints, Kind

if TYPE_CHECKING:
    import pyarrow as pa

_KNOWN = {"role": ROLES, "status": (OK, FAILED)}
_PHASES = ("layer", "worst_product", "bridge_product")  # and every column ..._products
SCORE = "score_meV_per_atom"
NEEDED = ("candidate", "electrolyte", "status", SCORE)


class Results:
    """Results in memory or in a Parquet file, read by columns or by rows."""

    def __init__(self, results: pa.Table | Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._table: pa.Table | None = None
        self._place = "results"
        if isinstance(results, str | Path):
            self._place = str(results)
            try:
                self._file = pq.ParquetFile(results)
            except FileNotFoundError:
                raise InputError(f"{results}: no such file") from None
            except (OSError, pa.ArrowException) as error:
                self._unreadable(error)
            self.schema: pa.Schema = self._file.schema_arrow
        else:
            self._table = results
            self.schema = results.schema
        missing = [name for name in NEEDED if name not in self.schema.names]
        if missing:
            raise InputError(
                f"{self._place}: no results of a screen (column {missing[0]} is missing)"
            )

    def _unreadable(self, error: Exception) -> NoReturn:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{self._place}: cannot be read ({why}); run the screen again") from None

    def columns(self, names: Iterable[str]) -> pa.Table:
        """Return some columns of all rows."""
        chosen = list(names)
        if self._table is not None:
            return self._table.select(chosen)
        return self._read(lambda: self._file.read(columns=chosen)).select(chosen)

    def take(self, positions: NDArray[np.int64]) -> pa.Table:
        """Return the rows at some positions, in that order; only their row groups are read."""
        if self._table is not None:
            return self._table.take(positions)
        groups = range(self._file.metadata.num_row_groups)
        lengths = [self._file.metadata.row_group(group).num_rows for group in groups]
        starts = np.cumsum([0, *lengths])
        wanted, of_position = np.unique(
            np.searchsorted(starts, positions, side="right") - 1, return_inverse=True
        )
        found = self._read(lambda: self._file.read_row_groups(wanted.tolist()))
        before = np.cumsum([0, *(lengths[group] for group in wanted)])[of_position]
        return found.take(positions - starts[wanted[of_position]] + before)

    def _read(self, read: Callable[[], pa.Table]) -> pa.Table:
        import pyarrow as pa

        try:
            return read()
        except (OSError, pa.ArrowException) as error:
            self._unreadable(error)


def codes(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Texts of a column in order of appearance, and the number of the text of each row."""
    import pyarrow as pa

    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    indices = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    return encoded.dictionary.to_pylist(), indices


def kinds_of(schema: pa.Schema) -> dict[str, Kind]:
    """Return what each column of a table of results holds."""
    import pyarrow as pa

    found = {}
    for name, arrow_type in zip(schema.names, schema.types, strict=True):
        kind = PRODUCTS if name.endswith("_products") or name in _PHASES else TEXT
        if name == ELEMENTS:
            kind = ELEMENTS
        if pa.types.is_null(arrow_type):
            kind = EMPTY
        elif pa.types.is_floating(arrow_type) or pa.types.is_integer(arrow_type):
            kind = NUMBER
        found[name] = Kind(kind, _KNOWN.get(name, ()))
    return found


class TableColumns:
    """Rows of a table of results, as a condition asks for them (see ``where.Columns``)."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._codes: dict[str, tuple[list[str], NDArray[np.int64]]] = {}

    def numbers(self, name: str) -> Floats:
        """Return a column as floats of its own memory, NaN for missing values."""
        import pyarrow as pa

        return np.array(self._table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)

    def texts(self, name: str, test: Callable[[str], bool]) -> Bools:
        """Return which rows have a text that meets a test; each text is looked at once."""
        return self._each(name, lambda text: bool(text) and test(text)).astype(bool)

    def elements(self, symbols: Collection[str]) -> tuple[Ints, Ints]:
        """Return how many of some elements each row has, and how many of all."""
        wanted = set(symbols)
        return (
            self._each(ELEMENTS, lambda text: len(wanted.intersection(text.split("-")))),
            self._each(ELEMENTS, lambda text: text.count("-") + bool(text)),
        )

    def _each(self, name: str, ask: Callable[[str], int]) -> Ints:
        if name not in self._codes:
            self._codes[name] = codes(self._table[name])
        texts, of_row = self._codes[name]
        # a missing text has the number -1, that of the last answer
        return np.array([*map(ask, texts), 0], dtype=np.int64)[of_row]
