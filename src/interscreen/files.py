"""Files: written whole or not at all, YAML with its line numbers, tables of the package."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import secrets
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

EMBEDDED_FILE = "embedded.parquet"
_FORMULAS = tuple("=+-@\t\r")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that is there as a whole or not at all, whatever happens.

    Yields
    ------
    file
        A new binary file beside the place, whose name ends in ``.new``; it is moved to the place
        when the block ends, and removed when the block fails.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there as a whole or not at all; see ``whole_file``."""
    with whole_file(path) as file:
        file.write(data)


def read_whole(path: Path, what: str) -> bytes:
    """Read a file that the user names.

    Raises
    ------
    InputError
        When it cannot be read; the message begins with ``what`` it is for.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{what} {str(path)!r}: no such file") from None
    except (OSError, ValueError) as error:  # NUL in a name is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{what} {str(path)!r}: cannot be read ({reason})") from None


def read_text(path: Path, what: str) -> str:
    """Read a text file in UTF-8 that the user names; errors as of ``read_whole``."""
    try:
        return read_whole(path, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{what} {str(path)!r}: cannot be read (byte {error.start + 1} is no UTF-8); convert "
            "it: iconv -f latin1 -t utf8"
        ) from None


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe against a power cut."""
    with contextlib.suppress(OSError):  # not every system can; the files themselves are safe
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as a CSV file; a text that a spreadsheet takes for a formula begins with '."""

    def quoted(value: Any) -> Any:
        return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULAS else value

    texts = [name for name, kind in table.dtypes.items() if kind.kind == "O"]
    safe = table.assign(**{str(name): table[name].map(quoted) for name in texts})
    return safe.to_csv(index=False, lineterminator="\n").encode()


def umask() -> int:
    """Return the permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def data_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of the package; lines that start with ``#`` are comments."""
    text = (files("interscreen") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@contextlib.contextmanager
def data_parquet(name: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file of the package; to read it column by column takes least memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())  # the others keep what they had for a moment
    try:
        with (
            as_file(files("interscreen") / "data" / name) as path,
            pq.ParquetFile(path, memory_map=True) as file,
        ):
            yield file
    finally:
        pa.set_memory_pool(before)


def load_yaml(text: str, where: str) -> Any:
    """Read a YAML document; mappings and lists keep their line numbers (``.lc``).

    Raises
    ------
    InputError
        When the text is not YAML; the message holds file, line and column.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = (error.problem or str(error)).strip().splitlines()[0]
        raise InputError(f"{where}{place}: not readable as YAML ({problem})") from None
    except YAMLError as error:
        raise InputError(
            f"{where}: not readable as YAML ({str(error).strip().splitlines()[0]})"
        ) from None


@lru_cache(maxsize=8)
def data_yaml(name: str) -> Any:
    """Return a YAML file of the package; read once, not to be changed."""
    return load_yaml((files("interscreen") / "data" / name).read_text(encoding="utf-8"), name)
