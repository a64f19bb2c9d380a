"""Voltage against Li taken up, one panel for each candidate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .. import cells
from .labels import line_height, shorten, text_width, wrap
from .page import Page, message, ticked
from .style import (
    BLUE,
    BODY,
    HEAD,
    INK,
    MARGIN,
    MUTED,
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

FEW = 6  # up to this many candidates the products stand at each plateau
MOST_PANELS = 80
_PAD = 0.045  # between a plateau and its label [in]
_LINE = line_height(SMALL)
_TITLE = 0.22
_LABEL = 1.7  # labels wider than this are broken [in]


@dataclass
class _Step:
    voltage: float
    start: float
    end: float
    products: str

    @cached_property
    def label(self) -> list[str]:
        return wrap(self.products, _LABEL, SMALL)

    @property
    def room(self) -> float:
        """Height of the label [in]."""
        return _LINE * len(self.label)


@dataclass(frozen=True)
class _Path:
    """Steps of one candidate, Li counted from the start of the first."""

    candidate: str
    steps: tuple[_Step, ...]

    @property
    def end(self) -> float:
        return self.steps[-1].end

    def label_heights(self, scale: float) -> list[float]:
        """Return heights [in] of the lower edges of the labels, for ``scale`` inches per volt.

        Each stands on its plateau, or on the label after it where plateaus lie close.  The path
        only descends, so what is above a plateau and right of its start is empty.
        """
        heights: list[float] = []
        above = 0.0
        for step in reversed(self.steps):
            heights.append(max(step.voltage * scale + _PAD, above))
            above = heights[-1] + step.room
        return heights[::-1]


@styled
def lithiation_staircase(
    lithiation: pd.DataFrame,
    results: pd.DataFrame | None = None,
    *,
    note: str = "",
    width: Width = "two",
) -> Figure:
    """Draw the voltage of each lithiation step against the Li taken up per formula unit.

    More than a few candidates have panels with the share of their Li, from 0 to 100 %, so that all
    fill their panel; how much Li that is stands beneath the name.

    Parameters
    ----------
    lithiation, results : DataFrame
        Rows of lithiation.csv; and of results.csv, to name the candidates that take up no Li or
        could not be computed.
    note : str
        Where the energies come from, for the foot of the figure.
    width : str
        ``one`` or ``two`` columns of a journal page.
    """
    title = worded("Lithiation down to Li metal")
    paths = _read(lithiation)
    rows = cells.records(results)
    taking = {path.candidate for path in paths}
    computed = dict.fromkeys(
        cells.text(row.get("candidate")) for row in rows if row.get("status") == "ok"
    )
    inert = [name for name in computed if name not in taking]
    remarks = [f"{worded('Take up no Li')}: {cells.listing(inert, 40)}."] if inert else []
    remarks += cells.reasons(rows)
    if not paths:
        failed = rows and not computed
        what = "No candidate could be computed." if failed else worded("No candidate takes up Li.")
        return message(title, what, remarks, note, width)
    if len(paths) > MOST_PANELS:
        remarks.append(f"The first {MOST_PANELS} of {len(paths)} candidates are shown.")
        paths = paths[:MOST_PANELS]
    return _Panels(paths, title, remarks, note, width).page.figure


def _read(lithiation: pd.DataFrame) -> list[_Path]:
    paths: dict[str, list[_Step]] = {}
    rows = [r for r in cells.records(lithiation) if cells.number(r.get("voltage_V")) > 0.0]
    for row in sorted(rows, key=lambda row: cells.number(row["step"])):
        keys = ("voltage_V", "li_per_formula_start", "li_per_formula_end")
        voltage, start, end = (cells.number(row[key]) for key in keys)
        steps = paths.setdefault(cells.text(row.get("candidate")), [])
        steps.append(_Step(voltage, start, end, cells.text(row.get("products"))))
    names = dict.fromkeys(cells.text(row.get("candidate")) for row in rows)
    for steps in paths.values():
        first = steps[0].start
        for step in steps:
            step.start, step.end = step.start - first, step.end - first
    return [_Path(name, tuple(paths[name])) for name in names]


class _Panels:
    """The figure: one panel for each candidate."""

    def __init__(
        self, paths: list[_Path], title: str, remarks: list[str], note: str, width: Width
    ) -> None:
        self.paths = paths
        self.few = len(paths) <= FEW
        count = len(paths)
        most = {"one": (1, 2), "two": (2, 5)}[width][not self.few]
        self.n_columns = min(count, most)
        self.n_rows = math.ceil(count / self.n_columns)
        self.left = MARGIN + 0.46
        between = 0.25 if self.few else 0.18
        room = WIDTHS[width] - self.left - MARGIN - between * (most - 1) - 0.05
        self.width = room / most if count >= most else room / most * 1.2
        labels = max(sum(step.room for step in path.steps) for path in paths)
        self.height = max(1.5, 0.6 + labels) if self.few else 0.9
        self.finals = [
            []
            if self.few
            else wrap(f"{path.end:.2f} Li → {path.steps[-1].products}", self.width + 0.1, SMALL)
            for path in paths
        ]
        self.head = _TITLE + _LINE * max(len(lines) for lines in self.finals) + 0.03
        self._scales()
        self.step_x, self.step_y = self.width + between, self.head + self.height + 0.1
        subtitle = (
            "Equilibrium voltage of each step and the phases at its end, per formula unit. Dots: "
            "in equilibrium with Li metal."
            if self.few
            else "Equilibrium voltage over the share of the Li that is taken up. →: phases at the "
            "end, per formula unit."
        )
        self.page = Page(
            title, worded(subtitle), width, self.n_rows * self.step_y + 0.34, remarks, note
        )
        self._draw()

    def _scales(self) -> None:
        """Set inches per Li and per volt, the same in all panels, with room for the labels."""
        self.per_li = (
            self.width / (max(path.end for path in self.paths) if self.few else 100) / 1.06
        )
        self.per_volt = self.height / max(path.steps[0].voltage for path in self.paths) / 1.1
        if not self.few:
            return
        for path in self.paths:
            stacked = 0.0
            for step in path.steps:
                stacked += step.room
                self.per_volt = min(self.per_volt, (self.height - _PAD - stacked) / step.voltage)
                wide = max((text_width(line, SMALL) for line in step.label), default=0.0) + 0.08
                if step.start > 0:
                    self.per_li = min(self.per_li, max(self.width - wide, 0.5) / step.start)

    def _draw(self) -> None:
        page = self.page
        for index, path in enumerate(self.paths):
            row, column = divmod(index, self.n_columns)
            x = self.left + column * self.step_x
            y = page.top + row * self.step_y
            label = shorten(path.candidate, self.width, HEAD, "bold")
            page.text(x, y + _TITLE / 2, label, HEAD, weight="bold")
            page.lines(x, y + _TITLE, self.finals[index], SMALL, color=MUTED)
            axes = page.axes(x, y + self.head, self.width, self.height)
            last = index + self.n_columns >= len(self.paths)
            self._panel(axes, path, first=column == 0, last=last)
        middle = self.left + ((self.n_columns - 1) * self.step_x + self.width) / 2
        bottom = page.top + self.n_rows * self.step_y
        label = "Li taken up per formula unit" if self.few else "Share of the Li taken up [%]"
        page.text(middle, bottom + 0.21, worded(label), BODY, ha="center")
        centre = (page.top + bottom) / 2
        turned = {"ha": "center", "va": "center", "rotation": 90}
        page.text(MARGIN + 0.05, centre, worded(VOLT_AXIS), BODY, **turned)

    def _panel(self, axes: Axes, path: _Path, first: bool, last: bool) -> None:
        axes.set(xlim=(0, self.width / self.per_li), ylim=(0, self.height / self.per_volt))
        ticked(axes, 8 if self.few else 4, 5 if self.few else 3, integer=True)
        axes.tick_params(labelbottom=last, labelleft=first)
        axes.grid(True)
        unit = 1.0 if self.few else 100.0 / path.end
        x = [unit * li for step in path.steps for li in (step.start, step.end)]
        x.append(x[-1])
        y = [*(step.voltage for step in path.steps for _ in range(2)), 0.0]
        axes.fill_between(x, y, color=BLUE, alpha=0.12, linewidth=0.0)
        axes.plot(x, y, color=BLUE, linewidth=1.4, gid=f"path-{self.paths.index(path)}")
        axes.plot([x[-1]], [0.0], "o", color=INK, markersize=3.5, clip_on=False, zorder=5)
        if self.few:
            self._products(axes, path)

    def _products(self, axes: Axes, path: _Path) -> None:
        for step, height in zip(path.steps, path.label_heights(self.per_volt), strict=True):
            x = step.start + 0.04 / self.per_li
            if height > step.voltage * self.per_volt + 1.5 * _PAD:  # a leader to its plateau
                leader = [step.voltage, (height + step.room) / self.per_volt]
                axes.plot([x, x], leader, color=MUTED, linewidth=0.5)
            for line, label in enumerate(reversed(step.label)):
                y = (height + _LINE * (line + 0.5)) / self.per_volt
                axes.text(x + 0.025 / self.per_li, y, label, fontsize=SMALL, va="center_baseline")
