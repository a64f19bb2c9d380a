"""One look for every figure: colours, fonts and sizes.

All lengths are inches at final size.  Neither pyplot nor the user's matplotlib settings are
touched.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
