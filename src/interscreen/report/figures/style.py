"""One look for every figure: colours, fonts and sizes.

The settings stand in ``report/interscreen.mplstyle``; users may load it, too.  All
lengths are inches at final size.  Neither pyplot nor the user's matplotlib settings are touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

from ...phases.electrode import LITHIUM_METAL, Electrode

if TYPE_CHECKING:
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

P = ParamSpec("P")
Width = Literal["one", "two"]

# one and two columns of a journal page: 89 and 183 mm
WIDTHS: dict[Width, float] = {"one": 3.5, "two": 7.2}
TALLEST = 9.4  # that a journal page has room for
INK, MUTED, RULE, PALE = "#1a1a1a", "#595959", "#b3b3b3", "#dedede"
# Okabe and Ito, Color Universal Design (2008): told apart by colour-blind readers
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
TITLE, HEAD, BODY, SMALL, TINY = 10.0, 8.5, 7.5, 6.5, 6.0  # font sizes [pt]
MARGIN = 0.08
HATCH = "/////"
VOLT_AXIS = r"Potential [V vs Li/Li$^{+}$]"
STYLE_FILE = Path(__file__).parents[1] / "interscreen.mplstyle"
FONT = "DejaVu Sans"


_electrode: ContextVar[Electrode] = ContextVar("electrode", default=LITHIUM_METAL)


@contextmanager
def beside(electrode: Electrode) -> Iterator[None]:
    """Draw figures of answers beside another negative electrode."""
    before = _electrode.set(electrode)
    try:
        yield
    finally:
        _electrode.reset(before)


def anode() -> str:
    """Return what stands for Li in the stacks of the figure."""
    return _electrode.get().label


def worded(text: str) -> str:
    """Put the negative electrode of the figure in the place of Li in a sentence of ours."""
    return _electrode.get().words(text)


@lru_cache(maxsize=1)
def settings() -> dict[str, Any]:
    """Return what the style file says, as matplotlib reads it."""
    from matplotlib import rc_params_from_file

    said = rc_params_from_file(STYLE_FILE, use_default_template=False)
    return {str(name): value for name, value in said.items()}


def drawing() -> AbstractContextManager[None]:
    """Use matplotlib's own defaults and this style inside the ``with`` block only."""
    from matplotlib import style

    return style.context(["default", settings()])


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in this style, ticks included, which matplotlib leaves until a file is written."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with drawing():
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
        return figure

    return drawn


def colour_scale(limit: float) -> tuple[Normalize, Colormap]:
    """Return colours from ``-limit`` (dark) to 0 (light) [meV/atom]: magma, less its black."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, Normalize

    colours = colormaps["magma"](np.linspace(0.15, 1.0, 256))
    return Normalize(-limit, 0.0, clip=True), ListedColormap(colours, name="reaction energy")


def luminance(colour: tuple[float, ...]) -> float:
    """Return the relative luminance of a colour, 0 (black) to 1 (white) (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
