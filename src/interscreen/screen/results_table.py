"""Results of a screen, in memory or in a Parquet file: read by columns or by rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.formula import nearest

if TYPE_CHECKING:
    import pyarrow as pa

Bools = NDArray[np.bool_]
Mask = Callable[["pa.Table"], Bools]
SCORE = "score_meV_per_atom"
NEEDED = ("candidate", "electrolyte", "status", SCORE)
_BATCH = 1 << 16  # rows that are decoded at a time


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
        import pyarrow as pa

        parts = list(self.batches(names))
        return pa.concat_tables(parts) if parts else self.schema.empty_table().select(list(names))

    def batches(
        self, names: Iterable[str] | None = None, groups: Sequence[int] | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows in pieces, in order."""
        import pyarrow as pa

        chosen = None if names is None else list(names)
        if self._table is not None:
            yield self._table if chosen is None else self._table.select(chosen)
            return
        try:
            for batch in self._file.iter_batches(_BATCH, row_groups=groups, columns=chosen):
                part = pa.Table.from_batches([batch])
                yield part if chosen is None else part.select(chosen)
        except (OSError, pa.ArrowException) as error:
            self._unreadable(error)

    def take(self, positions: NDArray[np.int64]) -> pa.Table:
        """Return the rows at some positions, in that order; only their row groups are read."""
        import pyarrow as pa

        climbing = np.unique(positions)
        parts = [self.schema.empty_table()]
        for start, part in self._located(climbing):
            low, high = np.searchsorted(climbing, (start, start + len(part)))
            if high > low:
                parts.append(part.take(climbing[low:high] - start))
        found = pa.concat_tables(parts)
        return found.take(np.searchsorted(climbing, positions))

    def _located(self, climbing: NDArray[np.int64]) -> Iterator[tuple[int, pa.Table]]:
        """Pieces that may hold some of the positions, each with that of its first row."""
        if self._table is not None:
            yield 0, self._table
            return
        start = 0
        for group in range(self._file.metadata.num_row_groups):
            stop = start + self._file.metadata.row_group(group).num_rows
            low, high = np.searchsorted(climbing, (start, stop))
            if high > low:
                place = start
                for part in self.batches(groups=[group]):
                    yield place, part
                    place += len(part)
            start = stop


def codes(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Texts of a column in order of appearance, and the number of the text of each row."""
    import pyarrow as pa

    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    indices = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    return encoded.dictionary.to_pylist(), indices


def kind_of(arrow_type: pa.DataType) -> str:
    """Return what a column holds: ``number``, ``text``, or ``null`` where nothing at all."""
    import pyarrow as pa

    if pa.types.is_null(arrow_type):
        return "null"
    number = pa.types.is_floating(arrow_type) or pa.types.is_integer(arrow_type)
    return "number" if number else "text"


def numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Column as floats, NaN for missing values."""
    return floats(table[name])


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Column as floats of its own memory, NaN for missing values."""
    import pyarrow as pa

    return np.array(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def matching(name: str, pattern: str) -> Mask:
    """Rows whose text matches a pattern (RE2: linear in the text, whatever the pattern)."""

    def mask(table: pa.Table) -> Bools:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = table[name]
        if not pa.types.is_large_string(column.type):
            column = column.cast(pa.string())
        found = pc.match_substring_regex(column, pattern=pattern)
        return np.asarray(pc.fill_null(found, False), dtype=np.bool_)

    return mask


def like(word: str, columns: Sequence[str]) -> str:
    """Columns that may have been meant, or all of them, as the end of a message."""
    inside = [name for name in columns if len(word) > 2 and word.lower() in name.lower()]
    if inside:
        return f"; did you mean {' or '.join(inside[:3])}?"
    return nearest(word, list(columns)) or f" (columns: {', '.join(columns)})"
