"""Reaction energy of two materials over their mixing fraction, with the products of each kink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...answers.lithiation import format_amounts
from ...answers.reaction import Reaction
from .labels import line_height, printed, shorten, text_width, wrap
from .page import Page, ticked
from .style import (
    BODY,
    GREEN,
    INK,
    MARGIN,
    MUTED,
    ORANGE,
    RULE,
    SMALL,
    TALLEST,
    WIDTHS,
    Width,
    styled,
    worded,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHTS: dict[Width, float] = {"one": 1.7, "two": 2.3}  # of the axes [in]
_LEFT = MARGIN + 0.52  # room for the axis [in]
_STRIP = 0.3  # numbers of the kinks above the axes [in]
_FOOT = 0.5  # ticks and names below them [in]
_KEY = 0.15  # a line of the legend [in]
_APART = 0.03  # numbers keep this distance [in]
_LEAST = 10.0  # the axis never spans less than this [meV/atom]
_VISIBLE = 0.5  # a self-decomposition beyond this is drawn [meV/atom]
_DASHES = (3, 1.5)


@dataclass(frozen=True)
class _Row:
    """One line of the list: a kink with its number, or one side alone without."""

    mark: str
    fraction: float
    mutual: float
    total: float
    products: str
    best: bool


@styled
def curve_plot(reaction: Reaction, *, note: str = "", width: Width = "two") -> Figure:
    """Draw the mutual energy against the atom fraction of the first reactant.

    Numbers above the curve lead to its kinks; the list below gives the products of each.  Where a
    reactant decomposes by itself, the total energy is drawn, too.
    """
    return _Curve(reaction, note, width).page.figure


class _Curve:
    """The figure of one reaction: curve, keys, list of the kinks."""

    def __init__(self, reaction: Reaction, note: str, width: Width) -> None:
        self.reaction = reaction
        self.names = [str(reactant["input"]) for reactant in reaction.reactants]
        self.x = [kink.mixing_fraction for kink in reaction.kinks]
        self.mutual = [1000.0 * kink.mutual_energy_eV_per_atom for kink in reaction.kinks]
        self.total = [1000.0 * kink.total_energy_eV_per_atom for kink in reaction.kinks]
        self.alone = any(abs(np.subtract(self.total, self.mutual)) > _VISIBLE)
        self.rows = self._rows()
        self.wide, self.height = WIDTHS[width] - _LEFT - MARGIN - 0.1, _HEIGHTS[width]
        # right ends of x, mutual and total, and where the products begin [in]
        ends = [MARGIN + 0.55, MARGIN + 1.03, MARGIN + 1.03 + 0.42 * self.alone]
        self.columns = (*ends, ends[2] + 0.14)
        room = WIDTHS[width] - MARGIN - self.columns[-1]
        self.products = {row: wrap(row.products, room, SMALL) for row in self.rows}
        fixed = _STRIP + self.height + _FOOT + (1 + self.alone) * _KEY + 0.08
        self.listed = self._listed(TALLEST - 1.6 - fixed)
        remarks = []
        if len(self.listed) < len(self.rows):
            remarks.append(
                f"{len(self.listed)} of {len(self.rows)} points are listed, those of the lowest "
                "energy; all are in the data beside the figure."
            )
        volts = reaction.potential_V
        where = "" if volts is None else f", {worded('open to Li')} at {volts:g} V"
        subtitle = "Reaction energy [meV per atom of both] and the products at each kink."
        if reaction.mixing_fraction is None:
            subtitle += " The two coexist." if reaction.coexist else " No mutual reaction."
        body = fixed + self._tall(self.listed)
        self.page = Page(" | ".join(self.names) + where, subtitle, width, body, remarks, note)
        self._axes(self.page.top)
        keys = [(GREEN, ["mutual: what the contact adds"])]
        if self.alone:
            keys.append((ORANGE, ["total: self-decomposition of the two included"]))
        y = self.page.top + _STRIP + self.height + _FOOT + _KEY / 2
        y = self.page.legend(_LEFT, y, keys, self._key, 0.34, _KEY) - _KEY / 2
        self._list(y + 0.08)

    def _key(self, color: str, y: float) -> None:
        style = {"dashes": _DASHES} if color == ORANGE else {}
        self.page.rule([_LEFT, _LEFT + 0.26], [y, y], color=color, linewidth=1.4, **style)

    def _rows(self) -> list[_Row]:
        """Return kinks between the ends, and the ends that decompose by themselves."""
        rows = []
        last = len(self.x) - 1
        for at, kink in enumerate(self.reaction.kinks):
            products = format_amounts(kink.products)
            if inner := 0 < at < last:
                pass
            elif abs(self.total[at]) <= _VISIBLE:
                continue
            else:
                products = f"{self.names[0 if at == last else 1]} alone: {products}"
            best = kink.mixing_fraction == self.reaction.mixing_fraction
            mark = str(at) if inner else ""
            rows.append(_Row(mark, self.x[at], self.mutual[at], self.total[at], products, best))
        return rows

    def _tall(self, rows: Sequence[_Row]) -> float:
        """Return the height of a list [in]."""
        lines = sum(len(self.products[row]) for row in rows)
        return (1.0 + lines) * line_height(SMALL) + 0.03 * len(rows) + 0.1 if rows else 0.0

    def _listed(self, room: float) -> list[_Row]:
        """Return rows that fit into a height [in], those of the lowest energy."""
        chosen: list[_Row] = []
        for row in sorted(self.rows, key=lambda row: (row.mutual, row.fraction)):
            if self._tall([*chosen, row]) > room:
                break
            chosen.append(row)
        return [row for row in self.rows if row in chosen]

    def _axes(self, y: float) -> None:
        page = self.page
        axes = page.axes(_LEFT, y + _STRIP, self.wide, self.height)
        lowest = min([*self.mutual, *(self.total if self.alone else [])])
        axes.set(xlim=(0.0, 1.0), ylim=(min(1.08 * lowest, -_LEAST), 0.0))
        ticked(axes, 0, 5)
        axes.set_xticks([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
        axes.grid(True)
        axes.spines["top"].set_visible(True)
        line: dict[str, Any] = {"clip_on": False}
        if self.alone:
            axes.plot(self.x, self.total, color=ORANGE, linewidth=1.2, dashes=_DASHES, gid="total",
                      zorder=2, **line)  # fmt: skip
        axes.plot(self.x, self.mutual, color=GREEN, linewidth=1.4, gid="mutual", zorder=3, **line)
        axes.plot(self.x[1:-1], self.mutual[1:-1], "o", color=GREEN, markersize=3.2, gid="kinks",
                  zorder=4, **line)  # fmt: skip
        self._numbers(axes, y)
        bottom = y + _STRIP + self.height
        page.text(MARGIN + 0.05, bottom - self.height / 2, "Reaction energy [meV/atom]", BODY,
                  ha="center", va="center", rotation=90)  # fmt: skip
        half = self.wide / 2 - 0.55
        first, second = (shorten(name, half, SMALL) for name in self.names)
        page.text(_LEFT, bottom + 0.25, second, SMALL, color=MUTED)
        page.text(_LEFT + self.wide, bottom + 0.25, first, SMALL, ha="right", color=MUTED)
        said = f"Atom fraction x of {shorten(self.names[0], self.wide - 1.2, BODY)}"
        page.text(_LEFT + self.wide / 2, bottom + 0.38, said, BODY, ha="center")

    def _numbers(self, axes: Axes, y: float) -> None:
        """Write numbers of the kinks above the axes; a thin line leads down to each."""
        page = self.page
        marked = [row for row in self.rows if row.mark]
        widths = [text_width(row.mark, SMALL, "bold") for row in marked]
        wanted = [_LEFT + row.fraction * self.wide for row in marked]
        places = spread(wanted, widths, _LEFT - 0.1, _LEFT + self.wide + 0.1)
        for row, place, at in zip(marked, places, wanted, strict=True):
            color, weight, thin = (INK, "bold", INK) if row.best else (MUTED, "normal", RULE)
            page.text(place, y + 0.07, row.mark, SMALL, ha="center", color=color, weight=weight,
                      gid=f"number-{row.mark}")  # fmt: skip
            heights = [y + 0.14, y + _STRIP - 0.04, y + _STRIP]
            page.rule([place, at, at], heights, color=thin, linewidth=0.5)
            axes.plot([row.fraction] * 2, [0.0, row.mutual], linewidth=0.5, zorder=1, color=thin)

    def _list(self, y: float) -> None:
        """Write the kinks with their products."""
        if not self.listed:
            return
        page, line = self.page, line_height(SMALL)
        first, second, third, start = self.columns
        heads = [(first, "x", "right"), (second, "mutual", "right"), (start, "products", "left")]
        if self.alone:
            heads.append((third, "total", "right"))
        for x, word, align in heads:
            page.text(x, y + line / 2, word, SMALL, ha=align, color=MUTED)
        y += line
        page.rule([MARGIN, page.width - MARGIN], [y + 0.03] * 2, color=INK)
        y += 0.07
        for row in self.listed:
            middle = y + line / 2
            style = {"weight": "bold"} if row.best else {}
            page.text(MARGIN, middle, row.mark, SMALL, **style)
            numbers = [(first, f"{row.fraction:.3f}"), (second, printed(row.mutual))]
            numbers += [(third, printed(row.total))] if self.alone else []
            for x, text in numbers:
                page.text(x, middle, text, SMALL, ha="right", **style)
            y = page.lines(start, y, self.products[row], SMALL) + 0.03


def spread(
    wanted: Sequence[float], widths: Sequence[float], low: float, high: float
) -> list[float]:
    """Move labels apart along a line, each as near to where it should be as its neighbours allow.

    Parameters
    ----------
    wanted, widths : sequence of float
        Where the middle of each should be, climbing, and its width [in].
    low, high : float
        Ends of the line; the labels go beyond the upper end if they are too many.

    Returns
    -------
    list of float
        Middles that keep the order, without overlap.
    """
    from scipy.optimize import isotonic_regression

    steps = np.array(widths) + _APART
    ends = np.cumsum(steps)
    if not len(steps):
        return []
    # without the room of the labels before, each middle lies at or beyond the one before it
    before = ends - steps / 2
    left = isotonic_regression(np.array(wanted) - before).x
    places: list[float] = (np.maximum(np.minimum(left, high - ends[-1]), low) + before).tolist()
    return places
