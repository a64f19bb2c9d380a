"""Stability windows of electrolytes, interlayers and conversion products as bars."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import cells
from .labels import formula_label, text_width
from .page import Page, message
from .style import BLUE, GREEN, HATCH, HEAD, INK, MARGIN, MUTED, ORANGE, SMALL, VOLT_AXIS, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 80  # in each group
_GROUPS = {
    "electrolyte": ("Electrolytes", BLUE),
    "candidate": ("Interlayers as deposited", ORANGE),
    "product": ("Conversion products, in equilibrium with Li metal", GREEN),
}
_INKS = {BLUE: BLUE, ORANGE: "#8f6200", GREEN: "#00734f"}  # dark enough for text
_BACK = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
_AXIS = 4.6  # width of the axes [in]
_ROW, _BAR = 0.205, 0.135
_STRIP = 0.16  # one line of electrolyte names above the products
_TIP = 0.1  # length of the point of an open bar [in]


@dataclass(frozen=True)
class _Bar:
    part: str
    name: str
    low: float
    high: float  # infinite: open
    assemblage_only: bool


def volts(value: float) -> str:
    """Two decimals; one significant digit below 0.005 V so that a narrow window does not read 0."""
    if value < 0.0005:
        return "0"
    return f"{value:.1g}" if value < 0.005 else f"{value:.2f}"


@styled
def window_bars(
    windows: pd.DataFrame, results: pd.DataFrame | None = None, *, note: str = ""
) -> Figure:
    """Draw the window of each material as a bar, the electrolytes' reduction limits across it.

    A Li salt among the conversion products whose bar begins at 0 V and crosses an electrolyte's
    dashed line is stable from Li metal up to that electrolyte: a bridge.

    Parameters
    ----------
    windows : DataFrame
        Rows of windows.csv.
    results : DataFrame, optional
        Rows of results.csv, to name the candidates that each product forms from and to say what
        could not be computed.
    note : str
        Where the energies come from, for the foot of the figure.

    Returns
    -------
    Figure
    """
    title = "Stability windows against Li metal"
    bars = _read(windows)
    rows = cells.records(results)
    remarks = cells.reasons(rows)
    if not bars:
        return message(title, "No window could be computed.", remarks, note)
    groups = {part: [bar for bar in bars if bar.part == part] for part in _GROUPS}
    for part, members in groups.items():
        if len(members) > MOST_ROWS:
            heading = _GROUPS[part][0]
            remarks.append(f"{heading}: the first {MOST_ROWS} of {len(members)} are shown.")
            del members[MOST_ROWS:]
    return _Windows(groups, _origins(rows), title, remarks, note).page.figure


def _read(windows: pd.DataFrame) -> list[_Bar]:
    bars = []
    for row in cells.records(windows):
        low = cells.number(row.get("reduction_limit_V"))
        high = cells.number(row.get("oxidation_limit_V"))
        if math.isnan(low):
            continue
        bars.append(
            _Bar(
                part=cells.text(row.get("part")),
                name=cells.text(row.get("name")) or cells.text(row.get("material")),
                low=low,
                high=math.inf if math.isnan(high) else high,
                assemblage_only=math.isnan(cells.number(row.get("phase_reduction_limit_V"))),
            )
        )
    return list(dict.fromkeys(bars))


def _origins(rows: list[dict[Hashable, Any]]) -> dict[str, list[str]]:
    """Candidates whose converted layer holds a phase."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for part in cells.text(row.get("layer")).split(" + "):
            formula = part.rpartition(" ")[2]
            if formula:
                found.setdefault(formula, {})[cells.text(row.get("candidate"))] = None
    return {formula: list(candidates) for formula, candidates in found.items()}


class _Windows:
    """Measures, then draws."""

    def __init__(
        self,
        groups: dict[str, list[_Bar]],
        origins: dict[str, list[str]],
        title: str,
        remarks: list[str],
        note: str,
    ) -> None:
        self.groups = {part: members for part, members in groups.items() if members}
        self.origins = origins
        bars = [bar for members in self.groups.values() for bar in members]
        limits = [limit for bar in bars for limit in (bar.low, bar.high) if math.isfinite(limit)]
        self.end = max(max(limits) + 0.85, 2.0)
        self.start = -0.07 * (self.end + 0.5)
        self.inch = (self.end - self.start) / _AXIS  # volts per inch
        labels = max(text_width(formula_label(bar.name), HEAD) for bar in bars)
        self.left = MARGIN + max(labels, 0.6) + 0.12
        self.levels = self._levels()
        self.strip = _STRIP * (1 + max(self.levels.values(), default=-1)) + 0.04
        self.height = sum(0.3 + _ROW * len(members) for members in self.groups.values())
        if "product" in self.groups:
            self.height += self.strip
        self.named = any(bar.name in origins for bar in self.groups.get("product", []))
        shortest = [self._origin(bar, 0.0) for bar in self.groups.get("product", [])]
        widest = max((text_width(label, SMALL) for label in shortest), default=0.0)
        self.from_width = max(widest + 0.1, 1.55) if self.named else 0.25
        subtitle = (
            "Between the limits a material neither takes up nor gives off Li. A Li salt from 0 V "
            "across the dashed line of an electrolyte bridges Li metal and that electrolyte."
        )
        width = self.left + _AXIS + self.from_width + MARGIN
        self.keys = self._keys(bars)
        body = self.height + 0.44 + 0.17 * len(self.keys)
        self.page = Page(title, subtitle, width, body, remarks, note)
        self.axes: Axes = self.page.axes(self.left, self.page.top, _AXIS, self.height)
        self._draw()

    def _levels(self) -> dict[_Bar, int]:
        """Line of each electrolyte's name, so that names of near limits do not meet."""
        levels: dict[_Bar, int] = {}
        ends: list[float] = []
        for bar in sorted(self.groups.get("electrolyte", []), key=lambda bar: bar.low):
            half = (text_width(formula_label(bar.name), SMALL) / 2 + 0.04) * self.inch
            free = [level for level, end in enumerate(ends) if end <= bar.low - half]
            level = free[0] if free else len(ends)
            ends[level : level + 1] = [bar.low + half]
            levels[bar] = level
        return levels

    def _keys(self, bars: list[_Bar]) -> list[str]:
        keys = []
        if any(math.isinf(bar.high) for bar in bars):
            keys.append("open")
        if any(bar.assemblage_only for bar in bars):
            keys.append("assemblage")
        if self.levels and "product" in self.groups:
            keys.append("limit")
        return keys

    def _draw(self) -> None:
        from matplotlib.ticker import MaxNLocator

        axes, page = self.axes, self.page
        axes.set(xlim=(self.start, self.end), ylim=(self.height, 0.0), xlabel=VOLT_AXIS)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_bounds(0.0, self.end)
        ticks = MaxNLocator(9, integer=True).tick_values(0.0, self.end)
        axes.set_xticks([tick for tick in ticks if 0.0 <= tick <= self.end])
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        places: list[float] = []
        names: list[str] = []
        y = 0.0
        for part, members in self.groups.items():
            heading, colour = _GROUPS[part]
            white = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            ink = _INKS[colour]
            page.text(
                MARGIN, page.top + y + 0.17, heading, HEAD, weight="bold", color=ink, bbox=white
            )
            if part == "product" and self.named:
                x = self.left + _AXIS + 0.08
                page.text(x, page.top + y + 0.17, "forms from", SMALL, color=MUTED)
            y += 0.3
            if part == "product":
                self._limits(y, y + self.strip + _ROW * len(members))
                y += self.strip
            for place, bar in enumerate(members):
                middle = y + _ROW / 2
                self._bar(bar, middle, colour, f"window-{part}-{place}")
                places.append(middle)
                names.append(formula_label(bar.name))
                if part == "product":
                    origin = self._origin(bar, self.from_width - 0.1)
                    x = self.left + _AXIS + 0.08
                    page.text(x, page.top + middle, origin, SMALL, color=MUTED)
                y += _ROW
        axes.set_yticks(places, names, fontsize=HEAD)
        axes.tick_params(axis="y", length=0)
        self._legend(page.top + self.height + 0.5)

    def _bar(self, bar: _Bar, y: float, colour: str, name: str) -> None:
        from matplotlib.patches import Polygon

        least = 0.02 * self.inch  # a window of no width is still seen
        low = bar.low
        high = max(min(bar.high, self.end), low + least)
        top, bottom = y - _BAR / 2, y + _BAR / 2
        corners = [(low, top), (high, top), (high, bottom), (low, bottom)]
        if math.isinf(bar.high):
            neck = high - _TIP * self.inch
            corners[1:3] = [(neck, top), (high, y), (neck, bottom)]
        self.axes.add_patch(
            Polygon(
                corners,
                facecolor=colour,
                edgecolor="white" if bar.assemblage_only else colour,
                linewidth=0.0,
                hatch=HATCH if bar.assemblage_only else None,
                zorder=2,
                gid=name,
            )
        )
        space = 0.045 * self.inch
        labels = [(low - space, "right", bar.low)]
        if math.isfinite(bar.high):
            labels.append((high + space, "left", bar.high))
        for x, align, value in labels:
            self.axes.text(
                x,
                y,
                volts(value),
                fontsize=SMALL,
                ha=align,
                va="center_baseline",
                bbox=_BACK,
                zorder=4,
            )

    def _limits(self, top: float, bottom: float) -> None:
        """Dashed lines of the electrolytes through the products."""
        for bar, level in self.levels.items():
            y = top + _STRIP * (level + 0.5)
            self.axes.plot(
                [bar.low] * 2,
                [y + 0.07, bottom],
                color=INK,
                linewidth=0.8,
                dashes=(3, 2),
                zorder=3,
            )
            self.axes.text(
                bar.low,
                y,
                formula_label(bar.name),
                fontsize=SMALL,
                ha="center",
                va="center_baseline",
                color=BLUE,
                bbox=_BACK,
                zorder=4,
            )

    def _origin(self, bar: _Bar, width: float) -> str:
        """Candidates that a product forms from, as many as fit, the first one in any case."""
        names = self.origins.get(bar.name, [])
        label = ""
        for count in range(1, len(names) + 1):
            rest = f" +{len(names) - count}" if count < len(names) else ""
            longer = formula_label(", ".join(names[:count])) + rest
            if label and text_width(longer, SMALL) > width:
                break
            label = longer
        return label

    def _legend(self, y: float) -> None:
        from matplotlib.patches import Polygon

        page = self.page
        x, wide = MARGIN, 0.3
        meaning = {
            "open": "no upper limit: there is no Li to give off",
            "assemblage": "window of the equilibrium phases only: the material itself lies above "
            "the hull, or its energy is not known",
            "limit": "reduction limit of an electrolyte",
        }
        for key in self.keys:
            if key == "open":
                corners = [(0, -1), (wide - _TIP, -1), (wide, 0), (wide - _TIP, 1), (0, 1)]
                points = [(x + dx, y + dy * 0.045) for dx, dy in corners]
                page.canvas.add_patch(Polygon(points, facecolor=MUTED, linewidth=0.0))
            elif key == "assemblage":
                page.box(x, y - 0.045, wide, 0.09, facecolor=MUTED, edgecolor="white", hatch=HATCH)
            else:
                page.rule([x, x + wide], [y, y], color=INK, linewidth=0.8, dashes=(3, 2))
            page.text(x + wide + 0.08, y, meaning[key], SMALL)
            y += 0.17
