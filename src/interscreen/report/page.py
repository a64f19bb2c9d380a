"""The page of a figure, laid out from measured text so that nothing is cut off, and its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .labels import line_height, wrap
from .style import BODY, DPI, MARGIN, MUTED, RULE, SMALL, TITLE, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text


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
