"""Phase tables of the user's own: CSV, CSV.GZ, Parquet, and pymatgen entries as JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import read_whole
from ..phases.cache import cached
from ..phases.filters import THEORETICAL, Filters
from ..phases.formula import nearest
from ..phases.source import Source, run_family
from ..phases.table import OBSERVED, PhaseTable
from .build import table_from_rows
from .entries import entries_rows, load_entries
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
    return read_file(TableFile(path, formula_column, energy_column), all_phases=all_phases)


class TableFile:
    """A file with a table, opened but not yet parsed.

    ``source`` is what is known before parsing: checksum, and what an exported store says about
    itself.  InputError for a missing file or one of an unknown kind.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        formula_column: str | None = None,
        energy_column: str | None = None,
    ) -> None:
        self._path = Path(path)
        self._kind = _kind(self._path)
        self._columns = (formula_column, energy_column)
        self._content = read_whole(self._path, "source")
        digest = hashlib.sha256(self._content).hexdigest()
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
        """Parse the file; the source is completed with what the rows say (run family)."""
        if self._kind == "json":
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
    """Return the rows of a table in memory, and the source with its run family."""
    import pandas as pd

    where = "line" if first_row > 1 else "row"

    def refuse(row: int, problem: str) -> NoReturn:
        raise InputError(f"{source.name}, {where} {row + first_row}: {problem}")

    formula_name = _column(frame, formula_column, FORMULA_COLUMNS, "formula", source.name)
    energy_name = _column(frame, energy_column, ENERGY_COLUMNS, "formation-energy", source.name)
    if frame.empty:
        raise InputError(f"{source.name}: the table is empty; it needs at least one row")
    blank = (frame.astype(str) == "").all(axis=1).to_numpy()
    kept = np.flatnonzero(~blank)
    if len(kept) < len(frame) and len(kept) and kept[-1] != len(kept) - 1:
        refuse(int(np.argmax(blank)), "empty line")
    frame = frame.iloc[kept]
    formulas = frame[formula_name].tolist()
    for row, value in enumerate(formulas):
        if not isinstance(value, str) or not value.strip():
            found = "empty" if value == "" else repr(value)
            remedy = "was NaN, sodium nitride, read as a missing value? store the column as text"
            refuse(row, f"the formula is {found}, not text ({remedy})")
    energies = pd.to_numeric(frame[energy_name], errors="coerce").to_numpy(dtype=np.float64)
    if len(bad := np.flatnonzero(~np.isfinite(energies))):
        value = str(frame[energy_name].iloc[bad[0]])
        more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
        refuse(
            bad[0],
            f"the formation energy of {formulas[bad[0]]} is {value!r}, not a finite number{more}; "
            "correct or remove it",
        )
    columns = {str(column).lower(): frame[column] for column in frame.columns}
    ids, licences = (
        next((columns[name] for name in names if name in columns), None)
        for names in (ID_COLUMNS, LICENCE_COLUMNS)
    )
    rows = Rows(
        formulas=formulas,
        energies=energies,
        ids=None if ids is None else ids.astype(str).tolist(),
        observed=_words(columns, OBSERVED_COLUMN, OBSERVED, refuse),
        theoretical=_words(columns, THEORETICAL_COLUMN, THEORETICAL, refuse),
        licences=None if licences is None else _property(licences, "licence"),
        properties={
            name: _property(columns[name.lower()], name)
            for name in (*NUMBERS, *TEXTS)
            if name.lower() in columns
        },
        where=where,
        first_row=first_row,
    )
    return rows, _with_family(source, columns.get(THERMO_COLUMN, ()))


def _with_family(source: Source, values: Iterable[Any]) -> Source:
    """Take the run family from a column of the table; two families share no table."""
    stated = {str(value).strip() for value in values} - {"", "nan", "None"}
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
    columns: Mapping[str, pd.Series[Any]],
    name: str,
    meanings: dict[str, int],
    refuse: Callable[[int, str], NoReturn],
) -> NDArray[np.int64] | None:
    """Codes of a column of words (yes, no, unknown); None where there is no such column."""
    if name not in columns:
        return None
    import pandas as pd

    # a Parquet or spreadsheet round trip turns yes and no into truth values
    same = {"true": "yes", "false": "no", "nan": "", "none": "", "<na>": ""}
    words = ["" if pd.isna(value) else str(value).strip().lower() for value in columns[name]]
    words = [same.get(word, word) for word in words]
    for row, word in enumerate(words):
        if word not in meanings:
            refuse(row, f"{name} is {word!r}; write yes, no or unknown")
    return np.array([meanings[word] for word in words], dtype=np.int64)


def _property(values: pd.Series[Any], name: str) -> list[Any]:
    import pandas as pd

    if name in NUMBERS:
        return [float(value) for value in pd.to_numeric(values, errors="coerce")]
    return ["" if value is None else str(value) for value in values]


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
