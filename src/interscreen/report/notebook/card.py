"""One result on the page of a notebook: facts, tables, a figure, warnings and the source.

A view registers itself: ``@shows(Reaction)`` above a function that writes on a card, and
``@says(Reaction)`` above one that returns what the result says in one line.
"""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial, singledispatch
from html import escape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ...phases.columns import COLUMNS
from ..figures.saving import save
from ..figures.style import drawing
from ..markup import marked
from ..text.answers import left_out_text
from .values import EV, MEV, cell, energy_words, fixed, milli, shown_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SVG = 120_000  # bytes; a larger drawing becomes a picture of points
_SCREEN, _FINE = 96.0, 192.0  # points per inch of a page in the browser, and of a picture
_LONG_TEXT = 60  # of a text inside a headline
MOST_ROWS = 60  # of a table; the object holds all
_WARNINGS = 8  # that are spelled out
_TABLE = '<table class="interscreen-table">'


@dataclass(frozen=True)
class Column:
    """Column of a table: label, its cell (HTML) of a row, unit below the label, and alignment."""

    label: str
    cell: Callable[[Any], str]
    unit: str = ""
    numbers: bool = False

    @property
    def head(self) -> str:
        """The cell above the column."""
        unit = f"<br><small>{escape(self.unit)}</small>" if self.unit else ""
        return f'<th scope="col"{self.right}>{marked(self.label)}{unit}</th>'

    @property
    def right(self) -> str:
        """Class of the cells of numbers."""
        return ' class="interscreen-number"' if self.numbers else ""


numeric = partial(Column, numbers=True)


@dataclass
class Card:
    """Pieces of HTML that become one fragment."""

    parts: list[str] = field(default_factory=list)
    drawn: bool = False

    @property
    def html(self) -> str:
        """The fragment."""
        style = (files(__package__) / "card.css").read_text(encoding="utf-8").partition("*/\n")[2]
        parts = [f"<style>{style.replace(chr(10), '')}</style>", *self.parts]
        return f'<div class="interscreen-result">{"".join(parts)}</div>'

    def title(self, text: str) -> None:
        """Write the heading (text)."""
        self.line(marked(text), "interscreen-title")

    def line(self, html: str, kind: str = "") -> None:
        """Write a line (HTML)."""
        self.parts.append(f'<p class="{kind}">{html}</p>' if kind else f"<p>{html}</p>")

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write labels (text) and what is to be said of each (HTML); without an empty one."""
        body = "".join(
            f'<tr><th scope="row">{marked(label)}</th><td>{html}</td></tr>'
            for label, html in rows
            if html
        )
        self.parts.append(f"{_TABLE}<tbody>{body}</tbody></table>")

    def table(
        self,
        rows: Sequence[Any],
        *columns: Column,
        best: Callable[[Any], bool] = lambda _: False,
        summary: str = "",
        unfolded: bool | None = None,
        notes: Iterable[str] = (),
        most: int = MOST_ROWS,
    ) -> None:
        """Write a table.

        Parameters
        ----------
        rows : sequence
        *columns : Column
        best : callable
            Whether a row stands out.
        summary : str
            If given, the table is folded behind this line.
        unfolded : bool, optional
            Whether it is open at first; by default where no figure shows the same.
        notes : iterable of str
            Lines (HTML) below the table.
        most : int
            Rows that are shown.
        """
        head = "".join(column.head for column in columns)
        body = "".join(
            ('<tr class="interscreen-best">' if best(row) else "<tr>")
            + "".join(f"<td{column.right}>{column.cell(row)}</td>" for column in columns)
            + "</tr>"
            for row in rows[:most]
        )
        table = f"{_TABLE}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if len(rows) > most:
            table += f"<p>The first {most} of {len(rows)} rows; the object holds all.</p>"
        table += "".join(f'<p class="interscreen-foot">{note}</p>' for note in notes)
        if summary:
            state = " open" if (not self.drawn if unfolded is None else unfolded) else ""
            table = f"<details{state}><summary>{marked(summary)}</summary>{table}</details>"
        self.parts.append(table)

    def reactants(self, reactants: Iterable[dict[str, Any]]) -> None:
        """Write reactants with their energies, where these come from, and what that means."""
        reactants = list(reactants)
        self.table(
            reactants,
            Column("Reactant", lambda one: marked(str(one["input"]))),
            Column("Formula", lambda one: marked(str(one["formula"]))),
            numeric("Energy", lambda one: fixed(one["energy_eV_per_atom"], 3), EV),
            numeric("Above hull", lambda one: milli(one["energy_above_hull_eV_per_atom"]), MEV),
            Column("Energy source", lambda one: energy_words(one["energy_source"])),
        )
        names = [str(one["input"]) for one in reactants if one["energy_source"] == "hull"]
        if names:
            have = "have the hull energies" if names[1:] else "has the hull energy"
            self.line(
                f"{marked(' and '.join(names))} {have} of the composition (no phase of the "
                "source): a lower bound, so the total driving force is at least the one shown."
            )

    def figure(self, draw: Callable[[], Figure], result: Any) -> None:
        """Draw the figure of a result; where that fails, say why.

        An image element keeps the style sheet of an SVG away from the page around it, and no
        script in it can run.  The card is white in every theme.
        """
        try:
            kind, content, width = _image(draw())
        except Exception as error:  # the tables hold the numbers; a figure must not hide them
            self.line(f"No figure: {escape(_reason(error))}.")
            return
        self.drawn = True
        data = base64.b64encode(content).decode("ascii")
        words = escape(headline(result), quote=True)
        self.parts.append(
            f'<div class="interscreen-figure"><img alt="{words}" width="{width}" '
            f'src="data:image/{kind};base64,{data}"></div>'
        )

    def warnings(self, texts: Iterable[str]) -> None:
        """Write warnings, each once."""
        found = list(dict.fromkeys(texts))
        for text in found[:_WARNINGS]:
            self.line(f"<strong>Warning:</strong> {marked(text)}", "interscreen-warning")
        if len(found) > _WARNINGS:
            self.line(f"{len(found) - _WARNINGS} more warnings.", "interscreen-warning")

    def origin(self, provenance: dict[str, Any]) -> None:
        """Write warnings, the phases left out and the source of a result."""
        self.warnings(provenance.get("warnings", ()))
        self.foot(provenance["source_label"], provenance.get("left_out_phases", ()))

    def foot(self, source: str, left_out: Sequence[str]) -> None:
        """Write the source and the phases that were not counted."""
        words = ""
        if left_out:
            words = left_out_text(left_out)
            words = f"{words[0].upper()}{words[1:]}. "
        self.line(f"{marked(words)}Source: {marked(source)}.", "interscreen-foot")


@singledispatch
def shown(result: Any, card: Card) -> None:
    """Write a result on a card; here one without a view of its own, as a list of its fields."""
    card.title(type(result).__name__)
    rows = []
    for key, value in result.to_dict().items():
        label = COLUMNS[key].label if key in COLUMNS else key.replace("_", " ")
        written = cell(key, value)
        rows.append((label, f"{written} {escape(shown_unit(key))}".strip() if written else ""))
    card.facts(rows)
    if not rows:
        card.line(f"<code>{escape(headline(result))}</code>")


@singledispatch
def said(result: Any) -> str:
    """Return what a result says in one line; here the short fields of any dataclass."""
    if not dataclasses.is_dataclass(result):
        return ""
    found = {one.name: getattr(result, one.name) for one in dataclasses.fields(result)}
    return ", ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value!r}"
        for name, value in found.items()
        if isinstance(value, str | int | float | bool | None) and len(str(value)) <= _LONG_TEXT
    )


shows, says = shown.register, said.register


def headline(result: Any) -> str:
    """Return ``<Kind: what it says>`` on one line; never fails."""
    try:
        line = said(result)
    except Exception:  # whatever is wrong with it, a debugger must be able to print it
        line = ""
    return f"<{type(result).__name__} {line}>" if line else f"<{type(result).__name__}>"


def _image(figure: Figure) -> tuple[str, bytes, int]:
    """Kind, bytes and width on the page [px]: SVG, or PNG in 256 colours where that is smaller."""
    from PIL import Image  # comes with matplotlib

    width = round(figure.get_size_inches()[0] * _SCREEN)
    with TemporaryDirectory() as folder:
        (file,) = save(figure, Path(folder), "figure", ["svg"])
        svg = file.read_bytes()
    if len(svg) <= MOST_SVG:
        return "svg+xml", svg, width
    stream = io.BytesIO()
    with drawing():
        figure.savefig(stream, format="png", dpi=_FINE, metadata={"Software": None})
    picture = Image.open(stream).convert("RGB").quantize(256)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    png = stream.getvalue()
    return ("png", png, width) if len(png) < len(svg) else ("svg+xml", svg, width)


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"matplotlib is missing ({error})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
