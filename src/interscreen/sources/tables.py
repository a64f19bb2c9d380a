"""Phase tables of the user's own: CSV, CSV.GZ, Parquet, and pymatgen entries as JSON."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..files import read_whole
from ..phases.cache import cached
from ..phases.filters import THEORETICAL, Filters
from ..phases.formula import nearest
from ..phases.source import Source, run_family
from ..phases.table import OBSERVED, PhaseTable
from .build import table_from_rows
from .rows import NUMBERS, TEXTS, Rows

if TYPE_CHECKING:
    import pandas as pd

FORMULA_COLUMNS = ("formula", "reduced_formula", "formula_pretty", "pretty_formula", "composition")
ENERGY_COLUMNS = (
    "formation_energy_eV_per_atom",
    "formation_energy_per_atom",
    "formation_energy",
    "e_form",
    "e_form_per_atom",
    "formation_energy_peratom",
)
ID_COLUMNS = ("id", "material_id", "entry_id", "mpid", "mp_id")
OBSERVED_COLUMN = "observed"
THEORETICAL_COLUMN = "theoretical"
THERMO_COLUMN = "thermo_type"
LICENCE_COLUMNS = ("licence", "license")
PROPERTY_COLUMNS = (*NUMBERS, *TEXTS)


def read_table(
    path: str | PathLike[str],
    *,
    formula_column: str | None = None,
    energy_column: str | None = None,
    all_phases: bool = False,
    source: Source | None = None,
) -> PhaseTable:
    """Read a table of formation energies; the parsed arrays are kept in the user's cache.

    Parameters
    ----------
    path : path
        ``.csv``, ``.csv.gz``, ``.parquet``, ``.json`` or ``.json.gz`` (pymatgen entries).
        Lines that start with ``#`` at the top of a CSV are comments.
    formula_column, energy_column : str, optional
        Names of the columns; otherwise common ones are looked for.
    all_phases : bool
        Count phases marked ``no`` in a column ``observed``, too.
    source : Source, optional
        What is known about the origin; by default only the file.

    Raises
    ------
    InputError
        See ``PhaseTable.read``.
    """
    file = TableFile(
        path, formula_column=formula_column, energy_column=energy_column, source=source
    )
    return read_file(file, all_phases=all_phases)


class TableFile:
    """A file with a table, opened but not yet parsed.

    Parameters
    ----------
    path, formula_column, energy_column, source
        See ``read_table``.

    Attributes
    ----------
    source : Source
        What is known before parsing: checksum, and what an exported store says about itself.

    Raises
    ------
    InputError
        For a missing file or one of an unknown kind.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        formula_column: str | None = None,
        energy_column: str | None = None,
        source: Source | None = None,
    ) -> None:
        self._path = Path(path)
        self._kind = _kind(self._path)
        self._columns = (formula_column, energy_column)
        self._content = read_whole(self._path, "source")
        digest = hashlib.sha256(self._content).hexdigest()
        if source is None:
            source = Source(name=str(path), version=f"sha256 {digest[:12]}")
            if self._kind == "parquet":
                from .materials_project.exchange import described_source

                source = described_source(self._content, source)
        self.source = replace(source, sha256=digest)

    def key(self, all_phases: bool, filters: Filters | None = None) -> str:
        """Text that changes with the content and how it is read."""
        packed = self._path.name.lower().endswith(".gz")
        choices = (filters or Filters()).key
        return f"{self.source.sha256}|{self._kind}|{packed}|{self._columns}|{all_phases}|{choices}"

    def read(self) -> tuple[Rows, Source]:
        """Parse the file; the source is completed with what the rows say (run family).

        Raises
        ------
        InputError
            See ``PhaseTable.read``.
        """
        if self._kind == "json":
            from .entries import entries_rows, load_entries

            entries = load_entries(self._content, self._path)
            rows, family = entries_rows(entries, name=self.source.name)
            return rows, replace(self.source, thermo_type=family or self.source.thermo_type)
        frame, first_row = _read_frame(self._content, self._path, self._kind)
        return frame_rows(frame, first_row, self.source, *self._columns)


def read_file(file: TableFile, *, all_phases: bool = False) -> PhaseTable:
    """Parse an opened table, a second time from the cache; see ``read_table``."""

    def build() -> PhaseTable:
        rows, source = file.read()
        return table_from_rows(rows, source, all_phases=all_phases)

    return cached(file.key(all_phases), file.source, build)


def _kind(file: Path) -> str:
    name = file.name.lower()
    for kind, endings in {
        "csv": (".csv", ".csv.gz"),
        "parquet": (".parquet", ".pq"),
        "json": (".json", ".json.gz"),
    }.items():
        if name.endswith(endings):
            return kind
    raise InputError(
        f"source {str(file)!r}: unknown kind of file; use .csv, .csv.gz, .parquet or .json"
        " (or the word embedded)"
    )


def _read_frame(content: bytes, file: Path, kind: str) -> tuple[pd.DataFrame, int]:
    """Return the table as text (so that the formula NaN survives) and its first line number."""
    import gzip
    import io

    import pandas as pd

    if kind == "parquet":
        try:
            return pd.read_parquet(io.BytesIO(content)), 1
        except (ValueError, OSError, KeyError) as error:
            raise InputError(f"{file}: not a readable Parquet file ({_line(error)})") from None
    try:
        if file.name.lower().endswith(".gz"):
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable CSV file ({_line(error)})") from None
    comments = 0
    rest = text
    while rest.startswith(("#", "\n", "\r")):
        comments += 1
        rest = rest.partition("\n")[2]
    if not rest.strip():
        raise InputError(f"{file}: the table is empty; it needs a header line and at least one row")
    try:
        frame = pd.read_csv(
            io.StringIO(rest), dtype=str, keep_default_na=False, na_filter=False,
            skip_blank_lines=False, skipinitialspace=True,
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        problem = re.sub(r"line (\d+)", lambda m: f"line {int(m[1]) + comments}", _line(error))
        raise InputError(f"{file}: not a readable CSV file ({problem})") from None
    return frame.rename(columns=str.strip), comments + 2


def frame_rows(
    frame: pd.DataFrame,
    first_row: int,
    source: Source,
    formula_column: str | None,
    energy_column: str | None,
) -> tuple[Rows, Source]:
    """Return the rows of a table in memory, and the source with its run family.

    Raises
    ------
    InputError
        See ``PhaseTable.read``.
    """
    import pandas as pd

    where = "line" if first_row > 1 else "row"
    formula_name = _column(frame, formula_column, FORMULA_COLUMNS, "formula", source.name)
    energy_name = _column(frame, energy_column, ENERGY_COLUMNS, "formation-energy", source.name)
    if not len(frame):
        raise InputError(f"{source.name}: the table is empty; it needs at least one row")
    blank = (frame.astype(str) == "").all(axis=1).to_numpy()
    kept = np.flatnonzero(~blank)
    if len(kept) < len(frame) and len(kept) and kept[-1] != len(kept) - 1:
        raise InputError(f"{source.name}, {where} {int(np.argmax(blank)) + first_row}: empty line")
    frame = frame.iloc[kept]
    texts: list[str] = []
    for row, value in enumerate(frame[formula_name].tolist()):
        if not isinstance(value, str) or not value.strip():
            raise InputError(
                f"{source.name}, {where} {row + first_row}: the formula is "
                f"{'empty' if value == '' else repr(value)}, not text"
                " (was NaN, sodium nitride, read as a missing value? store the column as text)"
            )
        texts.append(value)
    energies = pd.to_numeric(frame[energy_name], errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(energies))
    if len(bad):
        raise InputError(
            f"{source.name}, {where} {bad[0] + first_row}: the formation energy of "
            f"{texts[bad[0]]} is {str(frame[energy_name].iloc[bad[0]])!r}, not a finite number"
            + (f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else "")
            + "; correct or remove it"
        )
    names = {str(column).lower(): str(column) for column in frame.columns}
    id_name = next((names[name] for name in ID_COLUMNS if name in names), None)
    licence = next((names[name] for name in LICENCE_COLUMNS if name in names), None)
    rows = Rows(
        formulas=texts,
        energies=energies,
        ids=None if id_name is None else frame[id_name].astype(str).tolist(),
        observed=_words(frame, names, OBSERVED_COLUMN, OBSERVED, source.name, where, first_row),
        theoretical=_words(
            frame, names, THEORETICAL_COLUMN, THEORETICAL, source.name, where, first_row
        ),
        licences=None if licence is None else _property(frame[licence], licence),
        properties={
            name: _property(frame[names[name.lower()]], name)
            for name in PROPERTY_COLUMNS
            if name.lower() in names
        },
        where=where,
        first_row=first_row,
    )
    return rows, _with_family(source, frame, names)


def _with_family(source: Source, frame: pd.DataFrame, names: dict[str, str]) -> Source:
    """Take the run family from a column ``thermo_type``; two families share no table.

    Raises
    ------
    InputError
        For rows of different families.
    """
    if THERMO_COLUMN not in names:
        return source
    stated = {str(value).strip() for value in frame[names[THERMO_COLUMN]]} - {"", "nan", "None"}
    families = sorted({run_family(text) for text in stated})
    if len(families) > 1:
        raise InputError(
            f"{source.name}: rows of different run families ({', '.join(families)}) must not share "
            "a hull; keep one family"
        )
    return replace(source, thermo_type=families[0]) if families else source


def _column(
    frame: pd.DataFrame, named: str | None, known: tuple[str, ...], what: str, source: str
) -> str:
    """Name of a column: the one the user named, or the first known one (capitals ignored)."""
    columns = [str(column) for column in frame.columns]
    if named is not None:
        if named in columns:
            return named
        raise InputError(
            f"{source}: no column {named!r} for the {what}{nearest(named, columns, 1)}"
            f" (columns: {', '.join(columns)})"
        )
    lower = {column.lower(): column for column in columns}
    for name in known:
        if name.lower() in lower:
            return lower[name.lower()]
    option = "--formula-column" if what == "formula" else "--energy-column"
    raise InputError(
        f"{source}: no {what} column found among {', '.join(columns) or 'no columns'}; call it "
        f"{known[0]} or name it with {option}"
    )


def _words(
    frame: pd.DataFrame,
    names: dict[str, str],
    column: str,
    meanings: dict[str, int],
    source: str,
    where: str,
    first_row: int,
) -> Any:
    """Codes of a column of words (yes, no, unknown); None where there is no such column."""
    if column not in names:
        return None
    import pandas as pd

    # a Parquet or spreadsheet round trip turns yes and no into truth values
    words = {"true": "yes", "false": "no", "nan": "", "none": "", "<na>": ""}
    values = frame[names[column]].map(
        lambda value: "" if pd.isna(value) else str(value).strip().lower()
    )
    values = values.astype(object).map(lambda word: words.get(word, word))
    codes = values.map(meanings)
    bad = np.flatnonzero(codes.isna().to_numpy())
    if len(bad):
        raise InputError(
            f"{source}, {where} {bad[0] + first_row}: {column} is {values.iloc[bad[0]]!r}; "
            "write yes, no or unknown"
        )
    return codes.to_numpy(dtype=np.int64)


def _property(values: pd.Series[Any], name: str) -> list[Any]:
    import pandas as pd

    if name in NUMBERS:
        return [float(value) for value in pd.to_numeric(values, errors="coerce")]
    return ["" if value is None else str(value) for value in values]


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
