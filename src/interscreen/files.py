"""Files: written whole or not at all, YAML with its line numbers, tables of the package."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

# what a YAML file may hold; a study of all 95,118 formulas of the package is a fifth of it
MOST_CHARACTERS, MOST_VALUES, MOST_LEVELS = 16 * 1024**2, 1_000_000, 32
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
    sync(path.parent)


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


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, safe against a power cut."""
    folder = path.is_dir()  # not every system can do it for one
    with contextlib.suppress(OSError) if folder else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY)
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
        When the text is not YAML, or larger than any study once its aliases are written out; the
        message holds file, line and column.
    """
    from ruamel.yaml import YAML

    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{where}: more than {MOST_CHARACTERS} characters; no study has that")
    with _yaml_problems(where):
        _require_small(YAML(typ="rt").parse(text), where)
        return YAML(typ="rt").load(text)


@contextlib.contextmanager
def _yaml_problems(where: str) -> Iterator[None]:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        yield
    except InputError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = (error.problem or str(error)).strip().splitlines()[0]
        raise InputError(f"{where}{place}: not readable as YAML ({problem})") from None
    except YAMLError as error:
        raise InputError(
            f"{where}: not readable as YAML ({str(error).strip().splitlines()[0]})"
        ) from None
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        # ruamel's own slips: dates that are none, numbers with too many digits
        raise InputError(f"{where}: not readable as YAML ({type(error).__name__})") from None


def _require_small(events: Iterable[Any], where: str) -> None:
    """Count the values of a YAML document as it is read, those behind aliases each time."""
    sizes: dict[str, int] = {}  # of what has an anchor
    inside: list[tuple[str | None, int]] = []  # anchor and place in the count of what is open
    count = 0
    for event in events:
        kind, place = type(event).__name__, f"{where}, line {event.start_mark.line + 1}"
        if kind == "AliasEvent":
            if event.anchor not in sizes:
                raise InputError(f"{place}: *{event.anchor} stands within itself, or for nothing")
            count += sizes[event.anchor]
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            count += 1
            inside.append((event.anchor, count))
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            anchor, before = inside.pop()
            if anchor is not None:
                sizes[anchor] = count - before + 1
        elif kind == "ScalarEvent":
            count += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if len(inside) > MOST_LEVELS:
            raise InputError(f"{place}: nested more than {MOST_LEVELS} levels deep; no study is")
        if count > MOST_VALUES:
            raise InputError(f"{place}: more than {MOST_VALUES} values; no study has that")


@lru_cache(maxsize=8)
def data_yaml(name: str) -> Any:
    """Return a YAML file of the package; read once, not to be changed."""
    from ruamel.yaml import YAML

    text = (files("interscreen") / "data" / name).read_text(encoding="utf-8")
    return YAML(typ="rt").load(text)
