"""Bytes of a user's file -> text; text with separators -> columns; within stated limits."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# what a file may hold; all of the Materials Project is a tenth of it
MOST_BYTES = 256 * 1024**2  # unpacked
MOST_ROWS = 2_000_000
MOST_CELLS = 20_000_000
_MOST_IN_LINE = 1024**2

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Sheet:
    """A text table: its columns as text, the line of its first row, and how it was read."""

    frame: pd.DataFrame
    first_row: int
    taken: tuple[str, ...]


def is_packed(file: Path) -> bool:
    """Whether the name of a file says that it is compressed with gzip."""
    return file.name.lower().endswith(".gz")


def unpacked(content: bytes, file: Path) -> bytes:
    """Return the bytes of a file, unpacked where its name ends in ``.gz``.

    Raises
    ------
    InputError
        For a damaged file, and one of more than 256 MiB; no more than that is unpacked.
    """
    if is_packed(file):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{file}: not a readable gzip file ({error}); pack it again with gzip, or hand in "
                "the plain file"
            ) from None
    require_size(len(content), file)
    return content


def size_of(file: Path) -> int:
    """Bytes of a file; zero where it cannot be read, as whoever reads it says why."""
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return 0


def require_size(size: int, file: Path) -> None:
    """Refuse a file of more bytes than any table has."""
    if size > MOST_BYTES:
        raise InputError(
            f"{file}: more than {MOST_BYTES // 1024**2} MiB; hand in the elements of the question "
            "only, or a Parquet table"
        )


def as_text(content: bytes, file: Path) -> tuple[str, str]:
    """Decode UTF-8, or UTF-16 and UTF-32 by their marks; also return the name of the encoding.

    InputError for anything else, with the command that converts it.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):  # ASCII in two bytes, no mark
        if encoding == "utf-8" and len(content) > 1 and not any(content[start:200:2]):
            encoding = name
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as error:
        if content.startswith(b"\x1f\x8b"):
            remedy = f"it is packed with gzip: mv {file} {file}.gz"
        else:
            remedy = f"convert it: iconv -f latin1 -t utf8 {file} > utf8{file.suffix}"
        place = f"byte {error.start + 1} is no {encoding.removesuffix('-sig').upper()}"
        raise InputError(f"{file}: not a readable CSV file ({place}); {remedy}") from None


def read_sheet(content: bytes, file: Path, wanted: Iterable[str]) -> Sheet:
    """Read a text table: commas, semicolons, tabs or pipes between the columns, a head.

    Lines that start with ``#`` at the top are comments; ``sep=;`` there names the separator, which
    is otherwise the one that shows a column of the ``wanted`` names.  All values stay text.

    Raises
    ------
    InputError
        For a line with more or fewer fields than the head, quotation marks that do not match, and
        what is larger than any table.
    """
    import pandas as pd

    text, encoding = as_text(content, file)
    lines = _lines(text, file)
    number, named, head = 0, "", ""
    for head in lines:
        number += 1
        sign = re.fullmatch(r"sep=(.)\s*", head, re.IGNORECASE)
        named = sign[1] if sign else named
        if not sign and head.strip() and not head.startswith("#"):
            break
    else:
        raise InputError(f"{file}: the table is empty; it needs a header line and at least one row")
    separator = named or _separator(head, frozenset(wanted))
    names = _fields(head, separator)
    if len(names) == 1 and len(head.split()) > 1 and head.split()[0].lower() in wanted:
        raise InputError(
            f"{file}: its columns are separated by blanks; put commas between them: "
            f"sed 's/  */,/g' {file} > commas.csv"
        )
    rows = list(_rows(lines, names, separator, number, file))
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    frame = pd.DataFrame(
        {i: pd.Series(values, dtype=object) for i, values in enumerate(columns)}
    ).set_axis(names, axis=1)
    taken = [f"{SEPARATORS.get(separator, separator)} between the columns"] * (separator != ",")
    taken += [encoding.upper()] * (not encoding.startswith("utf-8"))
    return Sheet(frame, number + 1, tuple(taken))


def _lines(text: str, file: Path) -> Iterator[str]:
    """Yield the lines; InputError for one that no table has."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if len(line) > _MOST_IN_LINE:
            raise InputError(f"{file}, line {number}: {len(line)} characters; no table has that")
        if "\0" in line:
            raise InputError(f"{file}, line {number}: it holds NUL; this is no text file")
        yield line


def _separator(head: str, wanted: frozenset[str]) -> str:
    """Separator of a head: the one that shows a wanted column, else the most frequent one."""

    def shows(separator: str) -> tuple[bool, int]:
        names = _fields(head, separator)
        return bool({name.lower() for name in names} & wanted), len(names)

    return max(SEPARATORS, key=shows)


def _fields(line: str, separator: str) -> list[str]:
    reader = csv.reader([line], delimiter=separator, skipinitialspace=separator != "\t")
    return [field.strip() for field in next(reader, [""])]


def _rows(
    lines: Iterator[str], names: list[str], separator: str, before: int, file: Path
) -> Iterator[list[str]]:
    """Yield the rows, each with as many fields as the head; blank lines are rows of nothing."""
    most = min(MOST_ROWS, MOST_CELLS // len(names))
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t", strict=True)
    number = 0
    try:
        for number, fields in enumerate(islice(reader, most + 1), start=1):
            place = f"{file}, line {before + number}"
            if reader.line_num > number:
                raise InputError(f"{place}: a line break within quotation marks; close them")
            if number > most:
                raise InputError(f"{file}: more than {most} rows of {len(names)} columns")
            if fields and len(fields) != len(names):
                more = "more" if len(fields) > len(names) else "fewer"
                remedy = "correct it"
                if not any(fields[len(names) :]) and len(fields) > len(names):
                    remedy += f", or all: sed 's/{separator}*$//' {file} > even{file.suffix}"
                raise InputError(
                    f"{place}: {len(fields)} fields, the head has {len(names)} "
                    f"({', '.join(names)[:200]}): {more} than the head would shift the columns; "
                    f"the line is {separator.join(fields)[:80]!r}; {remedy}"
                )
            yield fields or [""] * len(names)
    except csv.Error as error:
        raise InputError(
            f"{file}, line {before + number + 1}: not a readable CSV file ({error})"
        ) from None
