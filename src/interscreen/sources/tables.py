"""Phase tables of the user's own: CSV, CSV.GZ, Parquet, and pymatgen entries as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..files import read_whole
from ..phases.cache import cached
from ..phases.filters import Filters
from ..phases.source import Source
from ..phases.table import PhaseTable
from .build import table_from_rows
from .entries import entries_rows
from .frames import Reading, frame_rows, records
from .json_files import is_entry, read_json
from .reading import MOST_CELLS, MOST_ROWS, is_packed, read_sheet, require_size, size_of, unpacked
from .rows import FORMULA_COLUMNS, Rows

if TYPE_CHECKING:
    import pandas as pd


def read_table(
    path: str | PathLike[str],
    *,
    formula_column: str | None = None,
    energy_column: str | None = None,
    all_phases: bool = False,
) -> PhaseTable:
    """Read a table of formation energies; see ``PhaseTable.read``.

    The parsed arrays are kept in the user's cache.  Lines that start with ``#`` at the top of a
    CSV are comments.
    """
    reading = Reading(formula_column, energy_column)
    return read_file(TableFile(path, reading), all_phases=all_phases)


class TableFile:
    """A file with a table, opened but not yet parsed.

    ``source`` is what is known before parsing: checksum, and what an exported store says about
    itself.  InputError for a missing file or one of an unknown kind.
    """

    def __init__(self, path: str | PathLike[str], reading: Reading | None = None) -> None:
        self._path = Path(path)
        self._kind = _kind(self._path)
        self._reading = reading or Reading()
        require_size(size_of(self._path), self._path)
        self._content = read_whole(self._path, "source")
        digest = hashlib.sha256(self._content).hexdigest()
        source = Source(name=str(path), version=f"sha256 {digest[:12]}")
        if self._kind == "parquet":
            from .materials_project.exchange import described_source

            try:
                source = described_source(self._content, source)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise InputError(
                    f"{path}: what it says about itself is damaged ({_line(error)}); export it "
                    f"again: interscreen data export {self._path}"
                ) from None
        self.source = replace(source, sha256=digest)

    def key(self, all_phases: bool, filters: Filters | None = None) -> str:
        """Text that changes with the content and how it is read."""
        packed = is_packed(self._path)
        choices = (filters or Filters()).key
        return f"{self.source.sha256}|{self._kind}|{packed}|{self._reading}|{all_phases}|{choices}"

    def read(self, references: Mapping[str, float] | None = None) -> tuple[Rows, Source]:
        """Parse the file; the source is completed with what the rows say (run family).

        ``references`` are total energies of elements for entries that bring none [eV/atom].
        """
        if self._kind == "parquet":
            frame = _read_parquet(self._content, self._path)
            return frame_rows(frame, 1, self.source, self._reading)
        content = unpacked(self._content, self._path)
        if self._kind == "json":
            items = read_json(content, self._path)
            if not items or any(map(is_entry, items)):
                family, unit = self._reading.family, self._reading.energy_unit
                return entries_rows(
                    items, self.source, references=references, family=family, unit=unit
                )
            rows, source = frame_rows(records(items), 1, self.source, self._reading)
            return replace(rows, where="entry"), source
        wanted = (*FORMULA_COLUMNS, *filter(None, [self._reading.formula_column]))
        sheet = read_sheet(content, self._path, wanted)
        return frame_rows(sheet.frame, sheet.first_row, self.source, self._reading, sheet.taken)


def read_file(file: TableFile, *, all_phases: bool = False) -> PhaseTable:
    """Parse an opened table, a second time from the cache; see ``read_table``."""

    def build() -> PhaseTable:
        rows, source = file.read()
        return table_from_rows(rows, source, all_phases=all_phases)

    return cached(file.key(all_phases), file.source, build)


def _kind(file: Path) -> str:
    name = file.name.lower().removesuffix(".gz")
    for kind, endings in {
        "csv": (".csv", ".tsv", ".txt", ".dat"),
        "parquet": (".parquet", ".pq"),
        "json": (".json", ".jsonl", ".ndjson"),
    }.items():
        if name.endswith(endings) and not (kind == "parquet" and is_packed(file)):
            return kind
    other = {
        ".xlsx": "save the sheet as CSV",
        ".xls": "save the sheet as CSV",
        ".ods": "save the sheet as CSV",
        ".zip": f"unpack it first: unzip {file}",
        ".bz2": f"unpack it first: bunzip2 {file}",
        ".xz": f"unpack it first: unxz {file}",
        ".yaml": "write it as JSON",
        ".yml": "write it as JSON",
        ".pkl": "write it as CSV or JSON; pickles are not read, as they execute code",
    }
    remedy = next((text for ending, text in other.items() if name.endswith(ending)), "")
    raise InputError(
        f"source {str(file)!r}: unknown kind of file; use .csv, .csv.gz, .tsv, .parquet, .json or "
        f".jsonl (or the word embedded){'; ' if remedy else ''}{remedy}"
    )


def _read_parquet(content: bytes, file: Path) -> pd.DataFrame:
    """Read the flat columns of a Parquet file, within the limits of any table."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(io.BytesIO(content)) as opened:
            schema, rows = opened.schema_arrow, opened.metadata.num_rows
            names = [field.name for field in schema if not pa.types.is_nested(field.type)]
            if rows > MOST_ROWS or rows * len(names) > MOST_CELLS:
                raise InputError(
                    f"{file}: {rows} rows of {len(names)} columns; a table has {MOST_ROWS} rows "
                    "at most"
                )
            table = opened.read(columns=names)
            table.validate(full=True)  # texts that are no UTF-8
            frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
            return frame
    except (ValueError, OSError, KeyError, TypeError, MemoryError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: not a readable Parquet file ({_line(error)})") from None


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
