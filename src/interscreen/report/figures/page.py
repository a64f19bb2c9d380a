"""The page of a figure, laid out from measured text so that nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .labels import line_height, printed, wrap
from .style import BODY, HEAD, MARGIN, MUTED, RULE, SMALL, TITLE, WIDTHS, Width, colour_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Keys = Sequence[tuple[str, Sequence[str]]]  # marks and the lines that say what they mean
BARE = ("title", "source")
_hidden: ContextVar[tuple[str, ...]] = ContextVar("hidden", default=())


@contextmanager
def without(*parts: str) -> Iterator[None]:
    """Draw figures without their ``title`` and subtitle, or without the note on the ``source``."""
    before = _hidden.set((*_hidden.get(), *parts))
    try:
        yield
    finally:
        _hidden.reset(before)


class Page:
    """A figure with title, subtitle, a body of some height [in], remarks and a note, all measured.

    Attributes
    ----------
    figure : Figure
    canvas : Axes
        The whole page in inches, (0, 0) at the upper left.
    width, top : float
        Of the page, and where the body begins [in from the upper edge].
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
        titled = "title" not in _hidden.get()
        head = wrap(title, room / 1.15, size) if titled else []  # bold is wider than wrap measures
        below = wrap(subtitle, room, SMALL) if titled else []
        foot = [line for remark in remarks for line in wrap(remark, room, SMALL)]
        parts = [] if "source" in _hidden.get() else note.splitlines()
        source = [line for part in parts for line in wrap(part, room, SMALL)]
        self.top = MARGIN + len(head) * line_height(size) + len(below) * line_height(SMALL) + 0.1
        gaps = (0.08 if foot else 0.0, 0.06 if source else 0.0)
        rows = len(foot) + len(source)
        height = self.top + body + sum(gaps) + rows * line_height(SMALL) + MARGIN
        self.figure: Figure = Figure(figsize=(self.width, height))
        FigureCanvasAgg(self.figure)
        self.figure.set_label(title)  # of the SVG and the PDF, for screen readers
        self.canvas: Axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.canvas.set(xlim=(0.0, self.width), ylim=(height, 0.0))
        self.canvas.set_axis_off()
        self.canvas.set_zorder(1)  # text on the page hides the grid of a panel, not the reverse
        y = self.lines(MARGIN, MARGIN, head, size, weight="bold")
        self.lines(MARGIN, y, below, SMALL, color=MUTED)
        y = self.lines(MARGIN, self.top + body + gaps[0], foot, SMALL)
        self.lines(MARGIN, y + gaps[1], source, SMALL, color=MUTED)

    def text(self, x: float, y: float, label: str, size: float = BODY, **style: Any) -> None:
        """Write one line, centred on the height ``y`` [in]."""
        style = {"ha": "left", "va": "center_baseline", **style}
        self.canvas.text(x, y, label, fontsize=size, **style)

    def lines(self, x: float, y: float, lines: Iterable[str], size: float, **style: Any) -> float:
        """Write lines below ``y`` [in]; return where they end."""
        for line in lines:
            self.text(x, y + line_height(size) / 2, line, size, **style)
            y += line_height(size)
        return y

    def box(self, x: float, y: float, width: float, height: float, **style: Any) -> None:
        """Draw a rectangle with its upper left corner at (x, y) [in]."""
        from matplotlib.patches import Rectangle

        self.canvas.add_artist(Rectangle((x, y), width, height, **{"linewidth": 0.0, **style}))

    def rule(self, x: Sequence[float], y: Sequence[float], **style: Any) -> None:
        """Draw a thin line through points [in]."""
        self.canvas.plot(x, y, **{"color": RULE, "linewidth": 0.6, **style})

    def legend(
        self, x: float, y: float, keys: Keys, mark: Callable[[str, float], None], indent: float,
        step: float,
    ) -> float:  # fmt: skip
        """Draw marks at ``x`` and say beside them what they mean; return where the lines end."""
        for key, lines in keys:
            if key:
                mark(key, y)
            for line in lines:
                self.text(x + indent, y, line, SMALL)
                y += step
        return y

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

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Add axes with their upper left corner at (x, y) [in]."""
        across, down = self.figure.get_size_inches()
        place = (x / across, 1.0 - (y + height) / down, width / across, height / down)
        return self.figure.add_axes(place)


def message(
    title: str, line: str, remarks: Sequence[str] = (), note: str = "", width: Width = "two"
) -> Figure:
    """Return a figure that says that there is nothing to draw."""
    return Page(title, line, width, 0.0, remarks, note).figure


def ticked(axes: Axes, x: int, y: int, *, integer: bool = False) -> None:
    """Set at most so many round ticks along both axes; none given leaves an axis as it is."""
    from matplotlib.ticker import MaxNLocator

    if x:
        steps = [1, 2, 5, 10]
        axes.xaxis.set_major_locator(MaxNLocator(x, integer=integer, steps=steps))
    axes.yaxis.set_major_locator(MaxNLocator(y, steps=[1, 2, 5, 10]))
