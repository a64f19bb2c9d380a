"""A stack along a series of compositions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...answers.sweep import Sweep
from ..text.sweep import layers
from .labels import printed
from .page import Keys, Page, ticked
from .style import (
    BLUE,
    BODY,
    GREEN,
    INK,
    MARGIN,
    MUTED,
    ORANGE,
    RULE,
    WIDTHS,
    Width,
    anode,
    styled,
    worded,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_HEIGHTS: dict[Width, tuple[float, float]] = {"one": (1.5, 0.8), "two": (2.0, 1.0)}  # panels [in]
_LEFT = MARGIN + 0.46  # room for the numbers of the axis [in]
_HEAD, _BETWEEN, _KEY = 0.22, 0.12, 0.15  # above a panel, below it, a line of the legend [in]
_LEAST = 10.0  # an axis never spans less than this [meV/atom]
_BARE = 2.0  # bare Li is drawn where it reacts at most so many times as hard as the rest

# column, factor, style, words: the wider below the narrower, so that equal ones are seen
_CURVES: tuple[tuple[str, float, dict[str, Any], str], ...] = (
    ("deposited_mutual_eV_per_atom", 1000.0, {"color": BLUE, "linewidth": 3.8}, "as deposited"),
    (
        "layer_mutual_eV_per_atom",
        1000.0,
        {"color": ORANGE, "linewidth": 2.4},
        "converted layer, all of it mixed",
    ),
    (
        "facing_energy_meV_per_atom",
        1.0,
        {"color": GREEN, "linewidth": 1.4},
        "the product of it that faces it best",
    ),
    (
        "worst_product_mutual_eV_per_atom",
        1000.0,
        {"color": INK, "linewidth": 1.4, "linestyle": ":"},
        "the product of it that reacts most",
    ),
    (
        "bare_mutual_eV_per_atom",
        1000.0,
        {"color": MUTED, "linewidth": 1.4, "linestyle": "--"},
        "bare Li",
    ),
)
_BRIDGE = {"color": BLUE, "linewidth": 1.4}
# of one product of the layer: they jump where it appears
_JUMPS = ("facing_energy_meV_per_atom", "worst_product_mutual_eV_per_atom", "bridge_margin_V")
_DOTS = ("deposited_mutual_eV_per_atom", "layer_mutual_eV_per_atom")


@styled
def sweep_plot(found: Sweep, *, note: str = "", width: Width = "two") -> Figure:
    """Draw contacts with the electrolyte, and the bridge, over x; dots where phases change."""
    curves = {key: _values(found, key, factor) for key, factor, *_ in _CURVES}
    ours = [values for key, values in curves.items() if not key.startswith("bare")]
    lowest = float(np.nanmin(ours))
    bare = curves["bare_mutual_eV_per_atom"]
    drawn = [
        curve for curve in _CURVES
        if not (curve[0].startswith("bare") and min(bare) < _BARE * min(lowest, -_LEAST))
    ]  # fmt: skip
    upper, lower = _HEIGHTS[width]
    wide = WIDTHS[width] - _LEFT - MARGIN - 0.12
    keys: Keys = [(key, [worded(text)]) for key, _, _, text in drawn]
    if len(drawn) < len(_CURVES):
        ends = " to ".join(printed(value) for value in dict.fromkeys(bare[[0, -1]].tolist()))
        keys = [*keys, ("", [f"{worded('bare Li')}: {ends} meV/atom, below this axis"])]
    body = 2 * _HEAD + upper + lower + _BETWEEN + 0.44 + _KEY * len(keys)
    page = Page(
        f"{anode()} | {found.candidate} | {found.electrolyte}",
        "Over x; dots: phases change there.",
        width,
        body,
        [f"Converted layer: {'; '.join(layers(found))}"],
        note,
    )
    y = page.top
    page.text(_LEFT, y + _HEAD / 2, "Contacts with the electrolyte, meV/atom", BODY)
    axes = page.axes(_LEFT, y + _HEAD, wide, upper)
    for key, _, style, _ in drawn:
        _curve(axes, found, key, curves[key], style)
    axes.set(ylim=(min(1.06 * min(axes.get_ylim()[0], lowest), -_LEAST), 0.0))
    axes.tick_params(labelbottom=False)
    y += _HEAD + upper + _BETWEEN
    page.text(_LEFT, y + _HEAD / 2, "Bridge margin, V", BODY)
    below = page.axes(_LEFT, y + _HEAD, wide, lower)
    _curve(below, found, "bridge_margin_V", _values(found, "bridge_margin_V", 1.0), _BRIDGE)
    below.axhline(0.0, color=INK, linewidth=0.6)
    below.set_xlabel("x")
    for panel in (axes, below):
        panel.set_xlim(found.points[0]["x"], found.points[-1]["x"])
        ticked(panel, 8, 5)
        panel.grid(True)
        for place, x in enumerate(found.changes):
            panel.axvline(x, color=RULE, linewidth=0.6, zorder=1, gid=f"change-{place}")
    styles = {key: style for key, _, style, _ in drawn}

    def mark(key: str, y: float) -> None:
        page.rule([MARGIN, MARGIN + 0.3], [y, y], **styles[key])

    page.legend(MARGIN, y + _HEAD + lower + 0.44, keys, mark, 0.38, _KEY)
    return page.figure


def _values(found: Sweep, key: str, factor: float) -> NDArray[np.float64]:
    """Return a column, NaN where there is no value."""
    return factor * np.array([point[key] for point in found.points], dtype=float)


def _curve(
    axes: Axes, found: Sweep, key: str, values: NDArray[np.float64], style: dict[str, Any]
) -> None:
    """Draw one curve, with dots where phases change or it jumps."""
    xs = np.array([point["x"] for point in found.points])
    pieces = _pieces(found) if key in _JUMPS else [list(range(len(xs)))]
    for number, piece in enumerate(pieces):
        name = f"{key}-{number}" if number else key
        axes.plot(xs[piece], values[piece], clip_on=False, zorder=3, gid=name, **style)
    changes = [key in _DOTS and point["changes"] == "yes" for point in found.points]
    dots = np.flatnonzero(changes).tolist() + [piece[0] for piece in pieces if len(piece) == 1]
    size = style["linewidth"] + 1.6
    axes.plot(
        xs[dots], values[dots], "o", clip_on=False, color=style["color"], markersize=size,
        zorder=3, gid=f"changes-{key}",
    )  # fmt: skip


def _pieces(found: Sweep) -> list[list[int]]:
    """Places of the points between which the converted layer has the same phases."""
    pieces: dict[int, list[int]] = {}
    for place, point in enumerate(found.points):
        around = [
            number for number, one in enumerate(found.layers)
            if one["start"] <= point["x"] <= one["end"]
        ]  # fmt: skip
        # where one phase comes or goes, there are as few as on the poorer side
        poorest = min(around, key=lambda number: len(found.layers[number]["phases"]))
        pieces.setdefault(poorest, []).append(place)
    return [pieces[number] for number in sorted(pieces)]
