"""Tables and paragraphs that fit the terminal; the only place that knows how wide it is."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

PAGE = 80  # places of prose where nobody says how wide the terminal is
_LEAST, _MOST = 40, 100  # places that prose has in any case, and at most
_NARROW = 24  # no column of a table needs more for a word
_INDENT = 4  # places that may stand before a table


def terminal_width() -> int | None:
    """Return the places of a line: ``COLUMNS``, else what the terminal says, None for a file."""
    return shutil.get_terminal_size((0, 0)).columns or None


def page_width() -> int:
    """Return the places of a table that is cut to fit, in a file, too."""
    return terminal_width() or PAGE


def table(
    rows: Sequence[Sequence[str]],
    left: Sequence[int] = (0,),
    gap: str = "  ",
    *,
    limit: int | None = None,
) -> list[str]:
    """Return the lines of a table whose columns are as wide as they need be.

    The first row is the header; columns of ``left`` are aligned to the left, others to the right.
    Columns of ``left`` are broken into several lines where the table is wider than ``limit``
    places, by default those of the terminal with room for an indent; a file takes any width.
    """
    if limit is None and (terminal := terminal_width()) is not None:
        limit = terminal - _INDENT
    widths = _widths(rows, left, len(gap), limit)
    lines = []
    for row in rows:
        cells = [
            [cell] if places(cell) <= width else _broken(cell, width)
            for cell, width in zip(row, widths, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            spaces = [
                " " * (width - places(cell)) for cell, width in zip(parts, widths, strict=True)
            ]
            padded = [
                cell + space if i in left else space + cell
                for i, (cell, space) in enumerate(zip(parts, spaces, strict=True))
            ]
            lines.append(gap.join(padded).rstrip())
    return lines


def _widths(
    rows: Sequence[Sequence[str]], left: Sequence[int], gap: int, limit: int | None
) -> list[int]:
    """Return the widths of columns, those of texts as narrow as the terminal asks for."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(places, column)) for column in columns]
    if limit is None:
        return widths
    least = {
        i: min(
            _NARROW, max((places(word) for cell in columns[i] for word in cell.split()), default=0)
        )
        for i in left
        if i < len(columns)
    }
    over = sum(widths) + gap * (len(widths) - 1) - limit
    while over > 0 and (wide := [i for i in least if widths[i] > least[i]]):
        widest = max(wide, key=lambda i: widths[i])
        widths[widest] -= 1
        over -= 1
    return widths


def _broken(cell: str, width: int) -> list[str]:
    return textwrap.wrap(cell, width, break_on_hyphens=False) or [""]


def wrapped(text: str, further: str = "   ", *, width: int | None = None) -> list[str]:
    """Break a text into lines; formulas and long words stay whole."""
    width = width or min(max(page_width(), _LEAST), _MOST)
    return textwrap.wrap(
        text, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def folded(text: str) -> str:
    """Break the lines of a text that are longer than the terminal, if it goes to one."""
    limit = terminal_width()
    if limit is None:
        return text
    lines = []
    for line in text.splitlines():
        start = line[: len(line) - len(line.lstrip())]
        lines += wrapped(line, f"{start}  ", width=limit) if places(line) > limit else [line]
    return "\n".join(lines)


def places(text: str) -> int:
    """Count the places of a text on a terminal: two for wide characters, none for accents."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def short(text: str, width: int) -> str:
    """Shorten a text to one line of ``width`` places, its middle left out where it is longer."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    if places(text) <= width:
        return text
    tail = _within(text[::-1], (width - 1) // 3)[::-1]
    return _within(text, width - 1 - places(tail)) + "\N{HORIZONTAL ELLIPSIS}" + tail


def _within(text: str, width: int) -> str:
    """Return the longest beginning of a text that takes at most ``width`` places."""
    while places(text) > width:
        text = text[:-1]
    return text
