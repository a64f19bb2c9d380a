"""One look for every figure: fonts, colours, formulas, the page and how it is saved.

All lengths are inches at final size; pages are laid out from measured text, so that nothing is cut
off however long the formulas are.  Neither pyplot nor the user's matplotlib settings are touched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache, wraps
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from ..errors import InputError
from ..formula import read_amounts

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text

P = ParamSpec("P")

INK, MUTED, RULE, PALE = "#1a1a1a", "#595959", "#b3b3b3", "#dedede"
# Okabe and Ito, Color Universal Design (2008): told apart by colour-blind readers
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
TITLE, HEAD, BODY, SMALL = 10.0, 8.5, 7.5, 6.5  # font sizes [pt]
MARGIN = 0.16
HATCH = "/////"
MINUS = "\N{MINUS SIGN}"
DPI = 200
VOLT_AXIS = r"Potential [V vs Li/Li$^{+}$]"

FONT = "DejaVu Sans"  # comes with matplotlib: the same figure on every machine
_RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": [FONT],
    "font.size": BODY,
    "mathtext.fontset": "dejavusans",
    "text.color": INK,
    "axes.labelsize": BODY,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": BODY,
    "ytick.labelsize": BODY,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "grid.color": PALE,
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.7,
    "axes.facecolor": "none",
    "figure.dpi": 150.0,
    "svg.fonttype": "path",  # glyphs as outlines: looks the same where the font is missing
    "svg.hashsalt": "interscreen",
}
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_AMOUNT = re.compile(r"(?<=[A-Za-z)\]}])\d+(?:\.\d+)?")
_WORD = re.compile(r"^(\(*(?:\d[\d./]*\*?(?=[A-Z(\[]))?)(.*?)([,;:]*\.?)$")
_NUMBER = re.compile(r"^\d[\d./]*$")


def drawing() -> AbstractContextManager[None]:
    """Matplotlib's own defaults and this style, in force inside the ``with`` block only."""
    from matplotlib import style

    return style.context(["default", _RC])


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in this style, ticks included, which matplotlib leaves until a file is written."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with drawing():
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
        return figure

    return drawn


def formula_label(text: str, bold: bool = False) -> str:
    """Write the amounts in formulas as subscripts, for matplotlib.

    Works on names (``LLZO`` stays), formulas, mixtures (``Li9Al4 + 12 LiF``: the 12 is an amount of
    LiF and stays) and sentences that hold formulas.

    Parameters
    ----------
    text : str
    bold : bool
        For text set in bold.
    """
    return " ".join(_word_label(word, bold) for word in text.split())


@lru_cache(maxsize=65536)
def _word_label(word: str, bold: bool) -> str:
    match = _WORD.match(word)
    before, core, after = match.groups() if match else ("", word, "")
    plain = core.translate(_SUBSCRIPTS)
    # an opening bracket belongs to the formula if the formula closes it
    while before.endswith("(") and plain.count(")") > plain.count("("):
        before, plain = before[:-1], "(" + plain
    if not _AMOUNT.search(plain) or not _is_formula(plain):
        return word.replace("$", r"\$")
    digits = r"$_{\\mathbf{\g<0>}}$" if bold else r"$_{\g<0>}$"
    return before + _AMOUNT.sub(digits, plain) + after


def _is_formula(text: str) -> bool:
    try:
        read_amounts(text.rstrip(")") if text.count(")") > text.count("(") else text)
    except InputError:
        return False
    return True


@lru_cache(maxsize=65536)
def text_width(label: str, size: float = BODY, weight: str = "normal") -> float:
    """Width of one line of text [in], with a little to spare for hinting."""
    from matplotlib.cbook import is_math_text
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=size, weight=weight, math_fontfamily="dejavusans")
    width, _, _ = text_to_path.get_text_width_height_descent(
        label, font, ismath=bool(is_math_text(label))
    )
    return float(width) / 72.0 * 1.03


def line_height(size: float) -> float:
    """Distance of two lines of text [in]."""
    return size * 1.35 / 72.0


def wrap(text: str, width: float, size: float = BODY) -> list[str]:
    """Break text into labels no wider than ``width`` [in], where it can be broken.

    An amount stays with its formula and a plus sign with what follows.
    """
    words: list[str] = []
    for word in text.split():
        last = words[-1].rsplit(" ", 1)[-1] if words else ""
        if last == "+" or (_NUMBER.match(last) and re.match(r"[A-Z(\[]", word)):
            words[-1] += f" {word}"
        else:
            words.append(word)
    lines: list[str] = []
    current = ""
    for word in words:
        label = formula_label(word)
        longer = f"{current} {label}" if current else label
        if current and text_width(longer, size) > width:
            lines.append(current)
            current = label
        else:
            current = longer
    return [*lines, current] if current else lines


def number(value: Any) -> float:
    """Return a cell of a result table as a number, NaN when it is empty."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def text(value: Any) -> str:
    """Return a cell of a result table as text, empty when pandas has made a missing value of it."""
    return value if isinstance(value, str) else ""


def records(frame: pd.DataFrame | None) -> list[dict[Hashable, Any]]:
    """Rows of a table; none of a missing table."""
    return [] if frame is None or frame.empty else frame.to_dict("records")


def reasons(rows: Iterable[Mapping[Hashable, Any]], most: int = 6) -> list[str]:
    """Say which candidates could not be computed and why, one line for each reason.

    The first clause of a reason is given; results.csv has all of it.
    """
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.get("status") != "ok":
            reason = re.split(r"; | \(", " ".join(text(row.get("reason")).split()))[0]
            found.setdefault(reason, {})[text(row.get("candidate"))] = None
    lines = [f"Not computed: {listing(names)}: {reason}" for reason, names in found.items()]
    return lines if len(lines) <= most else [*lines[:most], "Others not computed: see results.csv"]


def listing(names: Iterable[str], most: int = 12) -> str:
    """Join names: ``A, B, C and 4 more``."""
    names = list(names)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


class Page:
    """A figure with title, subtitle, room for a body, remarks and a note, all measured.

    Attributes
    ----------
    figure : Figure
    canvas : Axes
        The whole page in inches, (0, 0) at the upper left.
    width : float
        Width of the page [in].
    top : float
        Where the body begins [in from the upper edge].
    """

    def __init__(
        self,
        title: str,
        subtitle: str,
        width: float,
        body: float,
        remarks: Sequence[str] = (),
        note: str = "",
    ) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        room = width - 2 * MARGIN
        head = wrap(title, room / 1.1, TITLE)  # bold is wider than what wrap measures
        below = wrap(subtitle, room, BODY)
        foot = [line for remark in remarks for line in wrap(remark, room, SMALL)]
        source = [line for part in note.splitlines() for line in wrap(part, room, SMALL)]
        self.width = width
        self.top = MARGIN + len(head) * line_height(TITLE) + len(below) * line_height(BODY) + 0.12
        rows = len(foot) + len(source)
        gap = (0.08 if foot else 0.0) + (0.06 if source else 0.0)
        height = self.top + body + gap + rows * line_height(SMALL) + MARGIN
        self.figure: Figure = Figure(figsize=(width, height))
        FigureCanvasAgg(self.figure)
        self.canvas: Axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.canvas.set(xlim=(0.0, width), ylim=(height, 0.0))
        self.canvas.set_axis_off()
        self.canvas.set_zorder(1)  # text on the page hides the grid of a panel, not the reverse
        y = self.lines(MARGIN, MARGIN, head, TITLE, weight="bold")
        self.lines(MARGIN, y, below, BODY, color=MUTED)
        y = self.top + body + (0.08 if foot else 0.0)
        y = self.lines(MARGIN, y, foot, SMALL)
        self.lines(MARGIN, y + (0.06 if source else 0.0), source, SMALL, color=MUTED)

    def text(self, x: float, y: float, label: str, size: float = BODY, **style: Any) -> Text:
        """Write one line, centred on the height ``y`` [in]."""
        style = {"ha": "left", "va": "center_baseline", **style}
        return self.canvas.text(x, y, label, fontsize=size, **style)

    def lines(self, x: float, y: float, lines: Iterable[str], size: float, **style: Any) -> float:
        """Write lines below ``y`` [in]; return where they end."""
        for line in lines:
            self.text(x, y + line_height(size) / 2, line, size, **style)
            y += line_height(size)
        return y

    def box(self, x: float, y: float, width: float, height: float, **style: Any) -> Rectangle:
        """Draw a rectangle with its upper left corner at (x, y) [in]."""
        from matplotlib.patches import Rectangle

        patch = Rectangle((x, y), width, height, **{"linewidth": 0.0, **style})
        self.canvas.add_patch(patch)
        return patch

    def rule(self, x: Sequence[float], y: Sequence[float], **style: Any) -> None:
        """Draw a thin line through points [in]."""
        self.canvas.plot(x, y, **{"color": RULE, "linewidth": 0.6, **style})

    def axes(self, x: float, y: float, width: float, height: float, **style: Any) -> Axes:
        """Add axes with their upper left corner at (x, y) [in]."""
        page_width, page_height = self.figure.get_size_inches()
        place = (x / page_width, 1.0 - (y + height) / page_height)
        return self.figure.add_axes((*place, width / page_width, height / page_height), **style)


def message(title: str, line: str, remarks: Sequence[str] = (), note: str = "") -> Figure:
    """Return a figure that says that there is nothing to draw."""
    return Page(title, line, 5.5, 0.0, remarks, note).figure


def save(figure: Figure, folder: str | PathLike[str], stem: str) -> tuple[Path, Path]:
    """Write a figure as PNG (200 dpi) and SVG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
    folder : path
        Must exist.
    stem : str
        File name without its ending.

    Returns
    -------
    tuple of Path
        The PNG and the SVG file.
    """
    png, svg = Path(folder, f"{stem}.png"), Path(folder, f"{stem}.svg")
    with drawing():
        figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return png, svg
