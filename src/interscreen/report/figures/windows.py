"""Stability windows of electrolytes, interlayers and conversion products as bars."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import cells
from .labels import formula_label, line_height, shorten, text_width, wrap
from .page import Page, message
from .style import (
    BLUE,
    BODY,
    GREEN,
    HATCH,
    HEAD,
    INK,
    MARGIN,
    MUTED,
    ORANGE,
    SMALL,
    VOLT_AXIS,
    WIDTHS,
    Width,
    styled,
    worded,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 80  # in each group
_GROUPS = {
    "electrolyte": ("Electrolytes", BLUE),
    "candidate": ("Interlayers as deposited", ORANGE),
    "product": ("Conversion products, in equilibrium with Li metal", GREEN),
    "material": ("Materials", GREEN),
}
_CROSSED = ("product", "material")  # by the reduction limits of the electrolytes
_INKS = {BLUE: BLUE, ORANGE: "#8f6200", GREEN: "#00734f"}  # dark enough for text
_BACK = {"facecolor": "white", "edgecolor": "none", "pad": 1.6}  # lines stop short of the text
_LIMIT: dict[str, Any] = {"color": INK, "linewidth": 0.8, "dashes": (3, 2)}
_ASSEMBLAGE = (
    "window of the equilibrium phases only: the material itself lies above the hull, or its "
    "energy is not known"
)
_ROW, _BAR = 0.19, 0.12
_LEFT_ROOM, _RIGHT_ROOM = 0.3, 0.38  # for the limits written beside the bars [in]
_FROM = {"one": 0.72, "two": 1.45}  # for the candidates that a product forms from [in]
_HEADING = 0.07  # above and below the heading of a group [in]
_STRIP = 0.16  # one line of electrolyte names above the products
_TIP = 0.1  # length of the point of an open bar [in]


@dataclass(frozen=True)
class Bar:
    """Window of one material [V]."""

    part: str
    name: str
    low: float
    high: float  # infinite: open
    assemblage_only: bool


def volts(value: float) -> str:
    """Write two decimals; one significant digit where they would read 0.00."""
    if value < 0.0005:
        return "0"
    return f"{value:.1g}" if value < 0.005 else f"{value:.2f}"


@styled
def window_bars(
    windows: pd.DataFrame,
    results: pd.DataFrame | None = None,
    *,
    note: str = "",
    width: Width = "two",
) -> Figure:
    """Draw the window of each material as a bar, the electrolytes' reduction limits across it.

    A Li salt among the conversion products whose bar begins at 0 V and crosses an electrolyte's
    dashed line is stable from Li metal up to that electrolyte: a bridge.

    Parameters
    ----------
    windows, results : DataFrame
        Rows of windows.csv; and of results.csv, to name the candidates that each product forms
        from and to say what could not be computed.
    note, width
        See ``lithiation_staircase``.
    """
    title = worded("Stability windows against Li metal")
    bars = read_windows(windows)
    rows = cells.records(results)
    remarks = cells.reasons(rows)
    if not bars:
        return message(title, "No window could be computed.", remarks, note, width)
    groups = {part: [bar for bar in bars if bar.part == part] for part in _GROUPS}
    for part, members in groups.items():
        if len(members) > MOST_ROWS:
            heading = worded(_GROUPS[part][0])
            remarks.append(f"{heading}: the first {MOST_ROWS} of {len(members)} are shown.")
            del members[MOST_ROWS:]
    return _Windows(groups, origins(rows), title, remarks, note, width).page.figure


def read_windows(windows: pd.DataFrame) -> list[Bar]:
    """Return the bars of windows.csv, each once; a row without a lower limit has none."""
    bars: dict[Bar, None] = {}
    for row in cells.records(windows):
        keys = ("reduction_limit_V", "oxidation_limit_V", "phase_reduction_limit_V")
        low, high, phase = (cells.number(row.get(key)) for key in keys)
        if not math.isnan(low):
            name = cells.text(row.get("name")) or cells.text(row.get("material"))
            high = math.inf if math.isnan(high) else high
            bars[Bar(cells.text(row.get("part")), name, low, high, math.isnan(phase))] = None
    return list(bars)


def origins(rows: list[dict[Hashable, Any]]) -> dict[str, list[str]]:
    """Return the candidates whose converted layer holds a phase, by phase."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for part in filter(None, cells.text(row.get("layer")).split(" + ")):
            mine = found.setdefault(part.rpartition(" ")[2], [])
            if (name := cells.text(row.get("candidate"))) not in mine:
                mine.append(name)
    return found


class _Windows:
    """The figure: groups of bars below each other, and the keys."""

    def __init__(
        self,
        groups: dict[str, list[Bar]],
        origins: dict[str, list[str]],
        title: str,
        remarks: list[str],
        note: str,
        width: Width,
    ) -> None:
        self.groups = {part: members for part, members in groups.items() if members}
        self.origins = origins
        bars = [bar for members in self.groups.values() for bar in members]
        self.width = WIDTHS[width]
        self._places(bars, width)
        crossed = any(part in self.groups for part in _CROSSED)
        self.levels = self._levels() if crossed else {}
        self.strip = _STRIP * (1 + max(self.levels.values(), default=-1)) + 0.04
        self.height = sum(self._head(part) + sum(rows) for part, rows in self.rows.items())
        self.height += 0.04
        subtitle = "Between the limits a material neither takes up nor gives off Li."
        if self.levels:
            subtitle += (
                " A Li salt from 0 V across the dashed line of an electrolyte bridges it and Li "
                "metal."
            )
        keys = self._keys(bars)
        body = self.height + 0.42 + 0.15 * sum(len(lines) for _, lines in keys)
        self.page = Page(title, worded(subtitle), width, body, remarks, note)
        self.axes: Axes = self.page.axes(self.left, self.page.top, self.axis, self.height)
        self._draw()
        self.page.legend(MARGIN, self.page.top + self.height + 0.46, keys, self._mark, 0.38, 0.15)

    def _places(self, bars: list[Bar], width: Width) -> None:
        """Set columns of the page [in] and the scale of the axis [V per inch]."""
        room = 0.3 * self.width
        self.labels = {bar: wrap(bar.name, room, BODY) for bar in bars}
        widest = max(text_width(line, BODY) for lines in self.labels.values() for line in lines)
        self.left = MARGIN + max(widest, 0.4) + 0.1
        products = self.groups.get("product", [])
        self.named = any(bar.name in self.origins for bar in products)
        self.from_width = _FROM[width] if self.named else 0.0
        self.axis = self.width - MARGIN - self.left - self.from_width
        limits = [limit for bar in bars for limit in (bar.low, bar.high) if math.isfinite(limit)]
        most = max([1.2, *limits])
        self.inch = most / (self.axis - _LEFT_ROOM - _RIGHT_ROOM)
        self.start = -_LEFT_ROOM * self.inch
        self.end = self.start + self.axis * self.inch
        line = line_height(BODY)
        self.rows = {
            part: [max(_ROW, len(self.labels[bar]) * line + 0.05) for bar in members]
            for part, members in self.groups.items()
        }
        self.headings = {
            part: wrap(worded(_GROUPS[part][0]), (self.width - 2 * MARGIN) / 1.15, HEAD)
            for part in self.groups
        }

    def _head(self, part: str) -> float:
        """Return the height of what stands above the bars of a group [in]."""
        height = 2 * _HEADING + len(self.headings[part]) * line_height(HEAD)
        if part in _CROSSED and self.levels:
            return height + self.strip
        return height + 0.1 if part == "product" and self.named else height

    def _levels(self) -> dict[Bar, int]:
        """Return the line of each electrolyte's name, so that names of near limits do not meet."""
        levels: dict[Bar, int] = {}
        ends: list[float] = []
        for bar in sorted(self.groups.get("electrolyte", []), key=self._limit_x):
            half = text_width(self._limit_name(bar), SMALL) / 2 + 0.04
            x = self._limit_x(bar)
            free = (level for level, end in enumerate(ends) if end <= x - half)
            level = next(free, len(ends))
            ends[level : level + 1] = [x + half]
            levels[bar] = level
        return levels

    def _limit_name(self, bar: Bar) -> str:
        return shorten(bar.name, 0.8 * self.axis, SMALL)

    def _limit_x(self, bar: Bar) -> float:
        """Return the middle of the name above a reduction limit [in]; no name leaves the page."""
        half = text_width(self._limit_name(bar), SMALL) / 2 + 0.02
        x = self.left + (bar.low - self.start) / self.inch
        return min(max(x, MARGIN + half), self.left + self.axis - half)

    def _keys(self, bars: list[Bar]) -> list[tuple[str, list[str]]]:
        """Return the marks that are drawn, and the lines that say what they mean."""
        keys = []
        if any(math.isinf(bar.high) for bar in bars):
            keys.append(("open", worded("no upper limit: there is no Li to give off")))
        if any(bar.assemblage_only for bar in bars):
            keys.append(("assemblage", _ASSEMBLAGE))
        if self.levels:
            keys.append(("limit", "reduction limit of an electrolyte"))
        room = self.width - 2 * MARGIN - 0.38
        return [(key, wrap(meaning, room, SMALL)) for key, meaning in keys]

    def _draw(self) -> None:
        from matplotlib.ticker import MaxNLocator

        axes, page = self.axes, self.page
        axes.set(xlim=(self.start, self.end), ylim=(self.height, 0.0), xlabel=worded(VOLT_AXIS))
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_bounds(0.0, self.end)
        ticks = MaxNLocator(9, integer=True).tick_values(0.0, self.end)
        axes.set_xticks([tick for tick in ticks if 0.0 <= tick <= self.end])
        axes.set_yticks([])
        from_x = self.left + self.axis + 0.06
        y = 0.0
        for part, members in self.groups.items():
            colour = _GROUPS[part][1]
            white = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            style = {"weight": "bold", "color": _INKS[colour], "bbox": white}
            page.lines(MARGIN, page.top + y + _HEADING, self.headings[part], HEAD, **style)
            y += self._head(part)
            if part == "product" and self.named:
                page.text(from_x, page.top + y - 0.1, "forms from", SMALL, color=MUTED)
            end = y + sum(self.rows[part])
            axes.plot([0.0, 0.0], [y, end], color=MUTED, linewidth=0.8, zorder=1)
            if part in _CROSSED:
                self._limits(y - self.strip, end)
            for place, (bar, high) in enumerate(zip(members, self.rows[part], strict=True)):
                middle = y + high / 2
                self._bar(bar, middle, colour, f"window-{part}-{place}")
                lines = self.labels[bar]
                start = page.top + middle - len(lines) * line_height(BODY) / 2
                page.lines(self.left - 0.06, start, lines, BODY, ha="right")
                if part == "product" and self.named:
                    origin = self._origin(bar, self.from_width - 0.06)
                    page.text(from_x, page.top + middle, origin, SMALL, color=MUTED)
                y += high

    def _bar(self, bar: Bar, y: float, colour: str, name: str) -> None:
        from matplotlib.patches import Polygon

        least = 0.02 * self.inch  # a window of no width is still seen
        low = bar.low
        high = max(min(bar.high, self.end), low + least)
        top, bottom = y - _BAR / 2, y + _BAR / 2
        corners = [(low, top), (high, top), (high, bottom), (low, bottom)]
        if math.isinf(bar.high):
            neck = high - _TIP * self.inch
            corners[1:3] = [(neck, top), (high, y), (neck, bottom)]
        look: dict[str, Any] = {"edgecolor": "white", "hatch": HATCH} if bar.assemblage_only else {}
        self.axes.add_patch(
            Polygon(corners, facecolor=colour, linewidth=0.0, zorder=2, gid=name, **look)
        )
        space = 0.045 * self.inch
        labels = [(low - space, "right", bar.low)]
        if math.isfinite(bar.high):
            labels.append((high + space, "left", bar.high))
        for x, align, value in labels:
            said: dict[str, Any] = {"fontsize": SMALL, "ha": align, "va": "center_baseline"}
            self.axes.text(x, y, volts(value), bbox=_BACK, zorder=4, **said)

    def _limits(self, top: float, bottom: float) -> None:
        """Draw dashed lines of the electrolytes through the bars of a group."""
        for bar, level in self.levels.items():
            y = top + _STRIP * (level + 0.5)
            self.axes.plot([bar.low] * 2, [y + 0.07, bottom], **_LIMIT, zorder=3)
            at = (self._limit_x(bar), self.page.top + y)
            name = self._limit_name(bar)
            self.page.text(*at, name, SMALL, ha="center", color=BLUE, bbox=_BACK)

    def _origin(self, bar: Bar, width: float) -> str:
        """Name candidates that a product forms from, as many as fit, and at least one."""
        names = self.origins.get(bar.name, [])
        for count in range(len(names), 0, -1):
            rest = f" +{len(names) - count}" if count < len(names) else ""
            label = formula_label(", ".join(names[:count])) + rest
            if text_width(label, SMALL) <= width:
                return label
        rest = f" +{len(names) - 1}" if len(names) > 1 else ""
        return shorten(names[0], width - text_width(rest, SMALL), SMALL) + rest if names else ""

    def _mark(self, key: str, y: float) -> None:
        from matplotlib.patches import Polygon

        page, x, wide = self.page, MARGIN, 0.3
        if key == "open":
            corners = [(0, -1), (wide - _TIP, -1), (wide, 0), (wide - _TIP, 1), (0, 1)]
            points = [(x + dx, y + dy * 0.045) for dx, dy in corners]
            page.canvas.add_patch(Polygon(points, facecolor=MUTED, linewidth=0.0))
        elif key == "assemblage":
            page.box(x, y - 0.045, wide, 0.09, facecolor=MUTED, edgecolor="white", hatch=HATCH)
        else:
            page.rule([x, x + wide], [y, y], **_LIMIT)
