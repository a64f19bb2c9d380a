"""Files of a figure: PNG, SVG and PDF, and the CSV of what is plotted."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import OutputError
from ...files import csv_bytes, write_whole
from ...screen.folder import check_file
from .style import FONT, drawing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
# without dates and versions: the same figure gives the same bytes
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
# where the font is not installed: one of (nearly) the same widths, so that the layout holds
_STAND_INS = f"'{FONT}', 'Bitstream Vera Sans', Verdana, sans-serif"
_FAMILY = re.compile(rf"'{FONT}'(?:, sans-serif)?")
_SPACE = "\N{NO-BREAK SPACE}"
_LINE = re.compile(r"<text>\s*((?:<tspan [^<]*</tspan>\s*)+)</text>")
_GLYPH = re.compile(r'<tspan x="([-\d.e]+)" y="([-\d.e]+)" style="([^"]*)">([^<]*)</tspan>')


def save(
    figure: Figure,
    folder: str | PathLike[str],
    stem: str,
    formats: Sequence[str] = FORMATS,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    force: bool = True,
) -> tuple[Path, ...]:
    """Write a figure and its data; the same figure gives the same bytes.

    Everything is drawn before the first file appears, and each appears whole.

    Parameters
    ----------
    figure : Figure
    folder : path
        Made where it is not there.
    stem : str
        File name without its ending.
    formats : sequence of str
        Of ``png`` (300 dpi), ``svg`` and ``pdf``.
    tables : mapping of str to DataFrame, optional
        Data of the figure; each becomes ``<stem><key>.csv``, after the figures.
    force : bool
        Replace files that are there even where no table of the same kind lies beside them.

    Raises
    ------
    OutputError
        When a file cannot be written, belongs to a run, or is not to be replaced.
    """
    contents = {Path(folder, f"{stem}.{kind}"): _drawn(figure, kind) for kind in formats}
    for key, frame in (tables or {}).items():
        contents[Path(folder, f"{stem}{key}.csv")] = csv_bytes(frame)
    csvs = [path for path in contents if path.suffix == ".csv"]
    drawn_before = bool(csvs) and all(_same_head(path, contents[path]) for path in csvs)
    for path in contents:
        check_file(path, force or drawn_before)
    for path, content in contents.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise OutputError(f"output file {path}: cannot be written ({error.strerror})") from None
    return tuple(contents)


def _same_head(path: Path, content: bytes) -> bool:
    """Whether a file has the columns of a table that is to be written there."""
    try:
        with path.open("rb") as file:
            return file.readline().rstrip() == content.partition(b"\n")[0].rstrip()
    except OSError:
        return False


def _drawn(figure: Figure, kind: str) -> bytes:
    stream = io.BytesIO()
    metadata = dict(_METADATA[kind])
    if kind != "png" and figure.get_label():
        metadata["Title"] = str(figure.get_label())
    with drawing():
        figure.savefig(stream, format=kind, metadata=metadata)
    content = stream.getvalue()
    if kind == "svg":
        text = _FAMILY.sub(_STAND_INS, content.decode("utf-8"))
        content = _LINE.sub(_in_reading_order, text).encode("utf-8")
    return content


def _in_reading_order(line: re.Match[str]) -> str:
    """Join the glyphs of a line with subscripts, which matplotlib writes one by one and by size.

    A reader that searches, copies or reads aloud then finds ``CuF2`` and not ``C u F 2``.
    """
    glyphs = _GLYPH.findall(line[1])
    if len(glyphs) != line[1].count("<tspan"):  # another way of writing: leave it
        return line[0]
    glyphs.sort(key=lambda glyph: float(glyph[0]))
    parts: list[str] = []
    for (y, style), group in groupby(glyphs, key=lambda glyph: glyph[1:3]):
        members = list(group)
        if parts and members[0][3] == _SPACE:  # some viewers drop a space at a beginning
            parts.append(" ")
            del members[0]
        if members:
            places = " ".join(glyph[0] for glyph in members)
            words = "".join(glyph[3] for glyph in members)
            parts.append(f'<tspan x="{places}" y="{y}" style="{style}">{words}</tspan>')
    return f"<text>{''.join(parts)}</text>"
