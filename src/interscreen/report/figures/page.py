"""The page of a figure, laid out from measured text so that nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .labels import line_height, printed, wrap
from .style import (
    BODY,
    HEAD,
    MARGIN,
    MUTED,
    RULE,
    SMALL,
    TITLE,
    WIDTHS,
    Width,
    colour_scale,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text

_bare: ContextVar[bool] = ContextVar("bare", default=False)


@contextmanager
def bare_figures(bare: bool = True) -> Iterator[None]:
    """Draw figures without title, subtitle and source, which a journal wants in the caption."""
    before = _bare.set(bare)
    try:
        yield
    finally:
        _bare.reset(before)


class Page:
    """A figure with title, subtitle, room for a body, remarks and a note, all measured.

    Parameters
    ----------
    title, subtitle : str
    width : str
        ``one`` or ``two`` columns of a journal page.
    body : float
        Height of what is drawn [in].
    remarks : sequence of str
    note : str
        Where the numbers come from.

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
        width: Width,
        body: float,
        remarks: Sequence[str] = (),
        note: str = "",
    ) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width = WIDTHS[width]
        room = self.width - 2 * MARGIN
        size = HEAD if width == "one" else TITLE
        bare = _bare.get()
        head = [] if bare else wrap(title, room / 1.15, size)  # bold is wider than wrap measures
        below = [] if bare else wrap(subtitle, room, SMALL)
        foot = [line for remark in remarks for line in wrap(remark, room, SMALL)]
        parts = [] if bare else note.splitlines()
        source = [line for part in parts for line in wrap(part, room, SMALL)]
        self.top = MARGIN + len(head) * line_height(size) + len(below) * line_height(SMALL) + 0.1
        rows = len(foot) + len(source)
        gap = (0.08 if foot else 0.0) + (0.06 if source else 0.0)
        height = self.top + body + gap + rows * line_height(SMALL) + MARGIN
        self.figure: Figure = Figure(figsize=(self.width, height))
        FigureCanvasAgg(self.figure)
        self.figure.set_label(title)  # of the SVG and the PDF, for screen readers
        self.canvas: Axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.canvas.set(xlim=(0.0, self.width), ylim=(height, 0.0))
        self.canvas.set_axis_off()
        self.canvas.set_zorder(1)  # text on the page hides the grid of a panel, not the reverse
        y = self.lines(MARGIN, MARGIN, head, size, weight="bold")
        self.lines(MARGIN, y, below, SMALL, color=MUTED)
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

    def colour_bar(self, y: float, width: float, limit: int, beyond: bool) -> None:
        """Draw the colours from ``-limit`` to 0 [meV/atom]; an arrow where values lie beyond."""
        from matplotlib.cm import ScalarMappable

        bar = self.figure.colorbar(
            ScalarMappable(*colour_scale(limit)),
            cax=self.axes(MARGIN + 0.15, y, width, 0.1),
            orientation="horizontal",
            extend="min" if beyond else "neither",
        )
        ticks = [-limit * step / 5 for step in range(5, -1, -1)]
        bar.set_ticks(ticks, labels=[printed(tick) for tick in ticks])
        bar.ax.tick_params(labelsize=SMALL)

    def axes(self, x: float, y: float, width: float, height: float, **style: Any) -> Axes:
        """Add axes with their upper left corner at (x, y) [in]."""
        page_width, page_height = self.figure.get_size_inches()
        place = (x / page_width, 1.0 - (y + height) / page_height)
        return self.figure.add_axes((*place, width / page_width, height / page_height), **style)


def message(
    title: str, line: str, remarks: Sequence[str] = (), note: str = "", width: Width = "two"
) -> Figure:
    """Return a figure that says that there is nothing to draw."""
    return Page(title, line, width, 0.0, remarks, note).figure
