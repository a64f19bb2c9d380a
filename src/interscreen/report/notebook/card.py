"""One result on the page of a notebook: facts, tables, a figure, warnings and the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from ..markup import marked, number
from ..text.answers import left_out_text
from .figures import embedded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 60  # of a table; the object holds all
_WARNINGS = 8  # that are spelled out
# The text takes the colour of the theme; lines and shades are half-transparent greys, which are
# seen on white and on black.  A figure has its own white ground.  The class of the table makes
# the rules stronger than those of JupyterLab for any table.
_STYLE = """
.interscreen-result{color:inherit;font-size:13px;line-height:1.45;max-width:62em;margin:.3em 0}
.interscreen-result p{margin:.35em 0}
.interscreen-result p.interscreen-title{font-size:1.15em;font-weight:600}
.interscreen-result p.interscreen-foot{font-size:.85em;opacity:.75}
.interscreen-result p.interscreen-warning{border-left:3px solid #d08a00;padding-left:.6em}
.interscreen-result table.interscreen-table{border-collapse:collapse;margin:.4em 0;color:inherit;
 font-size:inherit;table-layout:auto}
.interscreen-result table.interscreen-table tr{background:none}
.interscreen-result table.interscreen-table tr>*{text-align:left;vertical-align:top;
 padding:.15em .8em .15em 0;border:0;border-bottom:1px solid rgba(128,128,128,.3);
 background:none;color:inherit;white-space:normal;max-width:none}
.interscreen-result table.interscreen-table thead th{vertical-align:bottom;font-weight:600}
.interscreen-result table.interscreen-table th small{font-weight:400;opacity:.75}
.interscreen-result table.interscreen-table tbody th{font-weight:400;opacity:.75}
.interscreen-result table.interscreen-table tr>.interscreen-number{text-align:right;
 white-space:nowrap;font-variant-numeric:tabular-nums}
.interscreen-result table.interscreen-table tr.interscreen-best td{font-weight:600}
.interscreen-result sub{font-size:.75em;line-height:0}
.interscreen-result .interscreen-figure{display:inline-block;background:#fff;border-radius:4px;
 padding:4px;margin:.4em 0;max-width:100%;box-sizing:border-box}
.interscreen-result .interscreen-figure img{display:block;max-width:100%;height:auto;
 background:#fff;margin:0}
.interscreen-result details summary{cursor:pointer}
""".strip().replace("\n", "")


_TABLE = '<table class="interscreen-table">'


@dataclass(frozen=True)
class Column:
    """Head of a table: label, unit below it, and whether numbers stand in it."""

    label: str
    unit: str = ""
    numbers: bool = False

    @property
    def html(self) -> str:
        """The cell."""
        unit = f"<br><small>{escape(self.unit)}</small>" if self.unit else ""
        return f'<th scope="col"{_right(self.numbers)}>{marked(self.label)}{unit}</th>'


def _right(numbers: bool) -> str:
    return ' class="interscreen-number"' if numbers else ""


@dataclass
class Card:
    """Pieces of HTML that become one fragment."""

    parts: list[str] = field(default_factory=list)
    drawn: bool = False

    @property
    def html(self) -> str:
        """The fragment."""
        style = f"<style>{_STYLE}</style>"
        return f'<div class="interscreen-result">{style}{"".join(self.parts)}</div>'

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
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        best: Sequence[bool] = (),
        summary: str = "",
        *,
        unfolded: bool | None = None,
        notes: Sequence[str] = (),
        most: int = MOST_ROWS,
    ) -> None:
        """Write a table of HTML cells.

        Parameters
        ----------
        columns : sequence of Column
        rows : sequence of sequences of str
            HTML.
        best : sequence of bool
            Rows that stand out.
        summary : str
            If given, the table is folded behind this line.
        unfolded : bool, optional
            Whether it is open at first; by default where no figure shows the same.
        notes : sequence of str
            Lines (HTML) below the table.
        most : int
            Rows that are shown.
        """
        marks = [*best, *(False for _ in rows)]
        head = "".join(column.html for column in columns)
        body = "".join(
            ('<tr class="interscreen-best">' if mark else "<tr>")
            + "".join(
                f"<td{_right(column.numbers)}>{cell}</td>"
                for column, cell in zip(columns, row, strict=True)
            )
            + "</tr>"
            for row, mark in zip(rows[:most], marks, strict=False)
        )
        table = f"{_TABLE}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if len(rows) > most:
            table += f"<p>The first {most} of {len(rows)} rows; the object holds all.</p>"
        table += "".join(f'<p class="interscreen-foot">{note}</p>' for note in notes)
        if summary:
            state = " open" if (not self.drawn if unfolded is None else unfolded) else ""
            table = f"<details{state}><summary>{marked(summary)}</summary>{table}</details>"
        self.parts.append(table)

    def figure(self, draw: Callable[[], Figure], description: str) -> None:
        """Draw a figure; where that fails, say why."""
        html, self.drawn = embedded(draw, description)
        self.parts.append(html)

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
        said = ""
        if left_out:
            words = left_out_text(left_out)
            said = f"{words[0].upper()}{words[1:]}. "
        self.line(f"{marked(said)}Source: {marked(source)}.", "interscreen-foot")


def fixed(value: float, digits: int = 0) -> str:
    """Write a number.

    Energies quoted to 1 meV/atom end in halves; without their noise (1e-15) they round one way.
    """
    return number(round(value, 9), digits)


def milli(value: float | None, digits: int = 1) -> str:
    """Write an energy [eV/atom] in meV/atom, without the unit."""
    return "" if value is None else fixed(1000.0 * value, digits)


def plain(value: float | None, digits: int) -> str:
    """Write a number; nothing for a missing one."""
    return "" if value is None else fixed(value, digits)


def volts(value: float | None, missing: str) -> str:
    """Write a voltage with its unit."""
    return missing if value is None else f"{fixed(value, 3)} V"


def energy_words(source: str) -> str:
    """Say where the energy of a reactant comes from."""
    return {
        "given": "given",
        "phase": "phase of the source",
        "hull": "hull: a lower bound",
    }.get(source, escape(source))


def lower_bound(reactants: Iterable[dict[str, Any]]) -> str:
    """Say what a hull energy means for the answer; empty where none was used."""
    names = [str(r["input"]) for r in reactants if r["energy_source"] == "hull"]
    if not names:
        return ""
    have = "have the hull energies" if names[1:] else "has the hull energy"
    return (
        f"{marked(' and '.join(names))} {have} of the composition (no phase of the source): a "
        "lower bound, so the total driving force is at least the one shown."
    )
