"""One result on the page of a notebook: facts, tables, a figure, warnings and the source.

A view registers itself: ``@shows(Reaction)`` above a function that writes on a card, and
``@says(Reaction)`` above one that returns what the result says in one line.  Plain text is escaped
and its formulas get subscripts; ``Html`` is written as it is.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import math
from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ...phases.columns import COLUMNS
from ..cells import listing
from ..figures.page import without
from ..figures.saving import save
from ..figures.style import drawing
from ..markup import MINUS, marked, number, rounded
from ..text.answers import left_out_text
from ..units import EV, MEV, digits_of, factor_of, unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...answers.provenance import PutBack

VOLTS = "V vs Li/Li⁺"
MOST_SVG = 120_000  # bytes; a larger drawing becomes a picture of points
MOST_ROWS = 60  # of a table; the object holds all
_SCREEN, _FINE = 96.0, 192.0  # points per inch of a page in the browser, and of a picture
_LONG_TEXT = 60  # of a text inside a headline
_WARNINGS = 8  # that are spelled out
_LONGEST = 12  # of a list that is spelled out
_TABLE = '<table class="interscreen-table">'
_SOURCES = {"phase": "phase of the source", "hull": "hull: a lower bound"}


class Html(str):
    """Text that is HTML already."""


class Number(Html):
    """A number as people read it; its column is aligned to the right."""


def html(text: Any) -> str:
    """Return a text as HTML."""
    return text if isinstance(text, Html) else marked(str(text))


# -- values, rounded, in the unit in which people quote them -------------------------------------


def fixed(value: float | None, digits: int = 0) -> Number:
    """Write a number; nothing for a missing one.

    Energies quoted to 1 meV/atom end in halves; without their noise (1e-15) they round one way.
    """
    return Number("" if value is None or math.isnan(value) else number(round(value, 9), digits))


def milli(value: float | None, digits: int = 1) -> Number:
    """Write an energy [eV/atom] in meV/atom, without the unit."""
    return fixed(None if value is None else 1000.0 * value, digits)


def line(value: float, digits: int) -> str:
    """Write a number for the line of a terminal, rounded like ``fixed``."""
    return rounded(round(value, 9), digits)


def energy_words(source: str) -> str:
    """Say where the energy of a reactant comes from."""
    return _SOURCES.get(source, source)


def label_of(key: str) -> str:
    """Return the name of a number in words."""
    if key in COLUMNS:
        return COLUMNS[key].label
    return key.removesuffix("_eV_per_atom").replace("_", " ")


def cell(key: str, value: Any) -> Html:
    """Write a value of a column, rounded; empty where it is missing."""
    if value is None or isinstance(value, bool):
        return Html({None: "", True: "yes", False: "no"}[value])
    if isinstance(value, int | float):
        scaled = factor_of(key) * value
        digits = 0 if isinstance(value, int) else digits_of(key)
        if digits is None:
            return Number(f"{scaled:.4g}".replace("-", MINUS))
        return fixed(scaled, digits)
    if isinstance(value, list | tuple):
        return Html(listing((cell(key, one) for one in value), _LONGEST))
    if isinstance(value, dict):
        return Html(escape(f"{len(value)} entries: {', '.join(map(str, list(value)[:_LONGEST]))}"))
    return Html(marked(str(value)))


class Card:
    """Pieces of HTML that become one fragment."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.drawn = False

    @property
    def html(self) -> str:
        """The fragment."""
        style = (files(__package__) / "card.css").read_text(encoding="utf-8").partition("*/\n")[2]
        parts = [f"<style>{style.replace(chr(10), '')}</style>", *self.parts]
        return f'<div class="interscreen-result">{"".join(parts)}</div>'

    def title(self, text: str) -> None:
        """Write the heading."""
        self.line(text, "title")

    def line(self, text: str, kind: str = "") -> None:
        """Write a line; kinds are ``title``, ``foot`` and ``warning``."""
        said = f' class="interscreen-{kind}"' if kind else ""
        self.parts.append(f"<p{said}>{html(text)}</p>")

    def facts(self, *rows: tuple[str, Any]) -> None:
        """Write labels and what is to be said of each; without an empty one."""
        body = "".join(
            f'<tr><th scope="row">{marked(label)}</th><td>{html(said)}</td></tr>'
            for label, said in rows
            if said
        )
        self.parts.append(f"{_TABLE}<tbody>{body}</tbody></table>")

    def table(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        best: int = -1,
        summary: str = "",
        unfolded: bool | None = None,
        notes: Iterable[str] = (),
        most: int = MOST_ROWS,
    ) -> None:
        """Write a table; in a head, the unit stands behind a ``|``.

        Parameters
        ----------
        best : int
            Number of a row that stands out.
        summary : str
            If given, the table is folded behind this line.
        unfolded : bool, optional
            Whether it is open at first; by default where no figure shows the same.
        notes : iterable of str
            Lines below the table.
        most : int
            Rows that are shown.
        """
        rows = list(rows)
        right = [
            ' class="interscreen-number"' if any(isinstance(one, Number) for one in column) else ""
            for column in zip(*rows, strict=True)
        ]
        above = ""
        for head, side in zip(heads, right, strict=True):
            label, _, unit = head.partition("|")
            below = f"<br><small>{escape(unit)}</small>" if unit else ""
            above += f'<th scope="col"{side}>{marked(label)}{below}</th>'
        body = "".join(
            ('<tr class="interscreen-best">' if at == best else "<tr>")
            + "".join(f"<td{s}>{html(one)}</td>" for one, s in zip(row, right, strict=True))
            + "</tr>"
            for at, row in enumerate(rows[:most])
        )
        table = f"{_TABLE}<thead><tr>{above}</tr></thead><tbody>{body}</tbody></table>"
        if len(rows) > most:
            table += f"<p>The first {most} of {len(rows)} rows; the object holds all.</p>"
        table += "".join(f'<p class="interscreen-foot">{html(note)}</p>' for note in notes)
        if summary:
            state = " open" if (not self.drawn if unfolded is None else unfolded) else ""
            table = f"<details{state}><summary>{marked(summary)}</summary>{table}</details>"
        self.parts.append(table)

    def reactants(self, reactants: Iterable[dict[str, Any]]) -> None:
        """Write reactants with their energies, where these come from, and what that means."""
        reactants = list(reactants)
        self.table(
            ["Reactant", "Formula", f"Energy|{EV}", f"Above hull|{MEV}", "Energy source"],
            (
                (
                    one["input"],
                    one["formula"],
                    fixed(one["energy_eV_per_atom"], 3),
                    milli(one["energy_above_hull_eV_per_atom"]),
                    energy_words(one["energy_source"]),
                )
                for one in reactants
            ),
        )
        names = [str(one["input"]) for one in reactants if one["energy_source"] == "hull"]
        if names:
            have = "have the hull energies" if names[1:] else "has the hull energy"
            self.line(
                f"{' and '.join(names)} {have} of the composition (no phase of the source): a "
                "lower bound, so the total driving force is at least the one shown."
            )

    def error_bars(self, result: Any) -> None:
        """Write the error bars of an answer, where it has some."""
        bars = []
        for key, found in result.uncertainty.items():
            if found.standard_deviation is not None:
                std, low, high = (
                    cell(key, value) for value in (found.standard_deviation, found.low, found.high)
                )
                bars.append(f"{html(label_of(key))} ± {std} {unit_of(key)} ({low} to {high})")
        if bars:
            self.line(
                Html(
                    f"Error bars over {result.samples} samples of the energies (standard "
                    f"deviation; 90 % interval): {'; '.join(bars)}."
                ),
                "foot",
            )

    def figure(self, result: Any, **options: Any) -> None:
        """Draw the figure of a result; where that fails, say why.

        An image element keeps the style sheet of an SVG away from the page around it, and no
        script in it can run.  The card is white in every theme.
        """
        try:
            with without("source"):  # it stands at the foot of the card
                kind, content, width = _image(result.plot(**options))
        except Exception as error:  # the tables hold the numbers; a figure must not hide them
            why = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
            if isinstance(error, ImportError):
                why = f"matplotlib is missing ({error})"
            self.line(Html(f"No figure: {escape(why)}."))
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
            self.line(Html(f"<strong>Warning:</strong> {marked(text)}"), "warning")
        if len(found) > _WARNINGS:
            self.line(f"{len(found) - _WARNINGS} more warnings.", "warning")

    def origin(self, provenance: dict[str, Any], put_back: PutBack | None = None) -> None:
        """Write warnings, the phases left out, what they would change, and the source."""
        self.warnings(provenance.get("warnings", ()))
        self.foot(provenance["source_label"], provenance.get("left_out_phases", ()), put_back)

    def foot(self, source: str, left_out: Sequence[str], put_back: PutBack | None = None) -> None:
        """Write the source, the phases that were not counted, and what they would change."""
        if put_back:
            said = str(put_back)
            self.line(f"{said[0].upper()}{said[1:]}.", "foot")
        words = left_out_text(left_out) + ". " if left_out else ""
        self.line(f"{words[:1].upper()}{words[1:]}Source: {source}.", "foot")


@singledispatch
def shown(result: Any, card: Card) -> None:
    """Write a result on a card; here one without a view of its own, as a list of its fields."""
    card.title(type(result).__name__)
    rows = []
    for key, value in result.to_dict().items():
        written = cell(key, value)
        unit = escape(unit_of(key)) if written else ""
        rows.append((label_of(key), Html(f"{written} {unit}".strip())))
    card.facts(*rows)
    if not rows:
        card.line(Html(f"<code>{escape(headline(result))}</code>"))


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
    if len(svg) > MOST_SVG:
        drawn, packed = io.BytesIO(), io.BytesIO()
        with drawing():
            figure.savefig(drawn, format="png", dpi=_FINE, metadata={"Software": None})
        Image.open(drawn).convert("RGB").quantize(256).save(packed, "PNG", optimize=True)
        if len(packed.getvalue()) < len(svg):
            return "png", packed.getvalue(), width
    return "svg+xml", svg, width
