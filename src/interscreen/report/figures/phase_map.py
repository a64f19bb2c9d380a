"""A contact over temperature and the pressure of a gas: numbered regions and what happens there."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

import numpy as np

from ...answers.phase_map import PhaseMap, Region
from .labels import formula_label, wrap
from .page import Keys, Page, ticked
from .style import BODY, HATCH, HEAD, INK, MARGIN, RULE, SMALL, WIDTHS, Width, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHTS: dict[Width, float] = {"one": 2.3, "two": 3.4}  # of the panel [in]
_LEFT = MARGIN + 0.46  # room for the numbers of the axis [in]
_BELOW = 0.5  # numbers and name of the axis below [in]
_KEY = 0.14  # one line of the legend [in]
_ZERO_C = 273.15
_NUMBERED = 0.004  # share of the map that has room for a number
_SHOWN, _LISTED = 0.001, 9  # share of the map, and how many regions, the legend lists
_WHITE = "#ffffff"
# tints of the colours of Okabe and Ito: ink stays legible on them
_TINTS = (
    "#a9d3ec", "#f8dca0", "#9fdcc6", "#eebf9b", "#e8c5da", "#f7f2a8", "#c9c9c9", "#c5cdf0",
    "#d9e8b8",
)  # fmt: skip


@styled
def phase_map_plot(found: PhaseMap, *, note: str = "", width: Width = "two") -> Figure:
    """Draw the regions in which the same happens; white is where nothing does."""
    a, b = found.reactants
    reacting = [one for one in found.regions if _happens(one)]
    tints = {one.region: _TINTS[i % len(_TINTS)] for i, one in enumerate(reacting)}
    keys = _keys(found, WIDTHS[width] - 2 * MARGIN - 0.4)
    height = _HEIGHTS[width]
    body = height + _BELOW + _KEY * sum(len(lines) for _, lines in keys)
    title = f"{a} alone" if a == b else f"{a} | {b}"
    page = Page(
        f"{title} over temperature and {found.gas}",
        "What happens at equilibrium; white: nothing. Lines: where the answer changes.",
        width,
        body,
        found.warnings,
        note,
    )
    wide = WIDTHS[width] - _LEFT - MARGIN - 0.1
    axes = page.axes(_LEFT, page.top, wide, height)
    _regions(axes, found, tints)
    _boundaries(axes, found)
    numbered = [one for one in found.regions if one.share >= _NUMBERED]
    for one in numbered:
        axes.text(
            one.temperature_K - _ZERO_C, log10(one.pressure_bar), str(one.region), fontsize=HEAD,
            weight="bold", ha="center", va="center_baseline", color=INK, gid=f"number-{one.region}",
        )  # fmt: skip

    def mark(key: str, y: float) -> None:
        number = int(key)
        face = tints.get(number, _WHITE)
        hatch = HATCH if found.regions[number - 1].reason else None
        page.box(
            MARGIN, y - 0.055, 0.26, 0.11, facecolor=face, edgecolor=RULE, linewidth=0.4,
            hatch=hatch,
        )  # fmt: skip
        page.text(MARGIN + 0.13, y, key, SMALL, ha="center")

    page.legend(MARGIN, page.top + height + _BELOW, keys, mark, 0.34, _KEY)
    return page.figure


def _happens(region: Region) -> bool:
    return bool(region.equation or region.self_a_equation or region.self_b_equation)


def _regions(axes: Axes, found: PhaseMap, tints: dict[int, str]) -> None:
    from matplotlib.collections import PolyCollection

    for region in found.regions:
        corners = [
            np.array([(kelvin - _ZERO_C, log10(bar)) for kelvin, bar in points])
            for number, points in found.pieces
            if number == region.region
        ]
        face = tints.get(region.region, _WHITE)
        axes.add_collection(
            PolyCollection(
                corners, facecolors=face, edgecolors=face, linewidths=0.8,
                hatch=HATCH if region.reason else None, gid=f"region-{region.region}", zorder=1,
            )
        )  # fmt: skip


def _boundaries(axes: Axes, found: PhaseMap) -> None:
    from matplotlib.collections import LineCollection

    lines = [
        [
            (one.temperature_K - _ZERO_C, log10(one.pressure_bar)),
            (one.end_temperature_K - _ZERO_C, log10(one.end_pressure_bar)),
        ]
        for one in found.boundaries
    ]
    axes.add_collection(
        LineCollection(
            lines, colors=INK, linewidths=0.9, capstyle="round", gid="boundaries", zorder=2
        )
    )
    (cold, hot), (low, high) = found.temperatures_K, found.pressures_bar
    axes.set(xlim=(cold - _ZERO_C, hot - _ZERO_C), ylim=(log10(low), log10(high)))
    ticked(axes, 8, 8)
    axes.set_xlabel("Temperature [°C]", fontsize=BODY)
    axes.set_ylabel(
        rf"log$_{{10}}$ of the pressure of {formula_label(found.gas)} [bar]", fontsize=BODY
    )
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_zorder(3)


def _keys(found: PhaseMap, room: float) -> Keys:
    """Return numbers of regions, and the lines that say what happens there."""
    shown = [one for one in found.regions[:_LISTED] if one.share >= _SHOWN]
    keys = [(str(one.region), wrap(found.happening(one), room, SMALL)) for one in shown]
    if more := len(found.regions) - len(shown):
        keys.append(("", [f"smaller ones: {more}"]))
    return keys
