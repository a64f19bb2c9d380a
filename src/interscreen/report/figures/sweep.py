"""A stack along a series of compositions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...answers.sweep import Sweep
from ..text.sweep import layers
from .page import Keys, Page, ticked
from .style import BLUE, BODY, GREEN, INK, MARGIN, MUTED, ORANGE, RULE, WIDTHS, Width, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHTS: dict[Width, tuple[float, float]] = {"one": (1.5, 0.8), "two": (2.0, 1.0)}  # panels [in]
_LEFT = MARGIN + 0.46  # room for the numbers of the axis [in]
_HEAD, _BETWEEN, _KEY = 0.22, 0.12, 0.15  # above a panel, below it, a line of the legend [in]
_LEAST = 10.0  # an axis never spans less than this [meV/atom]
_BARE = 2.0  # bare Li is drawn where it reacts at most so many times as hard as the rest

_CURVES = (
    ("deposited_mutual_eV_per_atom", 1000.0, BLUE, "-", "as deposited"),
    ("layer_mutual_eV_per_atom", 1000.0, ORANGE, "-", "converted layer, all of it mixed"),
    ("facing_energy_meV_per_atom", 1.0, GREEN, "-", "the product of it that faces it best"),
    ("worst_product_mutual_eV_per_atom", 1000.0, INK, ":", "the product of it that reacts most"),
    ("bare_mutual_eV_per_atom", 1000.0, MUTED, "--", "bare Li"),
)


@styled
def sweep_plot(found: Sweep, *, note: str = "", width: Width = "two") -> Figure:
    """Draw contacts with the electrolyte, and the bridge, over x; dots where phases change."""
    curves = {key: _values(found, key, factor) for key, factor, *_ in _CURVES}
    lowest = min(
        value for key, values in curves.items() if not key.startswith("bare")
        for value in values if value is not None
    )  # fmt: skip
    bare = [value for value in curves["bare_mutual_eV_per_atom"] if value is not None]
    drawn = [
        curve for curve in _CURVES
        if not (curve[0].startswith("bare") and min(bare) < _BARE * min(lowest, -_LEAST))
    ]  # fmt: skip
    upper, lower = _HEIGHTS[width]
    wide = WIDTHS[width] - _LEFT - MARGIN - 0.12
    keys: Keys = [(key, [text]) for key, _, _, _, text in drawn]
    if len(drawn) < len(_CURVES):
        ends = " to ".join(f"{value:.0f}" for value in dict.fromkeys((bare[0], bare[-1])))
        keys = [*keys, ("", [f"bare Li: {ends} meV/atom, below this axis"])]
    body = 2 * _HEAD + upper + lower + _BETWEEN + 0.44 + _KEY * len(keys)
    page = Page(
        f"Li | {found.candidate} | {found.electrolyte}",
        "Over x; dots: phases change there.",
        width,
        body,
        layers(found),
        note,
    )
    y = page.top
    page.text(_LEFT, y + _HEAD / 2, "Contacts with the electrolyte, meV/atom", BODY)
    axes = page.axes(_LEFT, y + _HEAD, wide, upper)
    for key, _, colour, style, _ in drawn:
        _curve(axes, found, curves[key], key, style == "-", color=colour, linestyle=style)
    axes.set(ylim=(min(1.06 * min(axes.get_ylim()[0], lowest), -_LEAST), 0.0))
    axes.tick_params(labelbottom=False)
    y += _HEAD + upper + _BETWEEN
    page.text(_LEFT, y + _HEAD / 2, "Bridge margin, V", BODY)
    below = page.axes(_LEFT, y + _HEAD, wide, lower)
    _curve(below, found, _values(found, "bridge_margin_V", 1.0), "bridge", False, color=BLUE)
    below.axhline(0.0, color=INK, linewidth=0.6)
    below.set_xlabel("x")
    for panel in (axes, below):
        panel.set_xlim(found.points[0]["x"], found.points[-1]["x"])
        ticked(panel, 8, 5)
        panel.grid(True)
        for place, x in enumerate(found.changes):
            panel.axvline(x, color=RULE, linewidth=0.6, zorder=1, gid=f"change-{place}")
    styles = {key: {"color": colour, "linestyle": style} for key, _, colour, style, _ in drawn}

    def mark(key: str, y: float) -> None:
        page.rule([MARGIN, MARGIN + 0.3], [y, y], linewidth=1.4, **styles[key])

    page.legend(MARGIN, y + _HEAD + lower + 0.44, keys, mark, 0.38, _KEY)
    return page.figure


def _values(found: Sweep, key: str, factor: float) -> list[float | None]:
    return [None if point[key] is None else factor * point[key] for point in found.points]


def _curve(
    axes: Axes, found: Sweep, values: list[float | None], name: str, dots: bool, **style: Any
) -> None:
    """Draw one curve, where there is a value, with dots at the changes if they are wanted."""
    there = [
        (point, value) for point, value in zip(found.points, values, strict=True)
        if value is not None
    ]  # fmt: skip
    line = {"color": style["color"], "clip_on": False}
    axes.plot(
        [point["x"] for point, _ in there], [value for _, value in there], linewidth=1.4, gid=name,
        zorder=3, **style, clip_on=False,
    )  # fmt: skip
    marked = [(point["x"], value) for point, value in there if dots and point["changes"] == "yes"]
    axes.plot(
        [x for x, _ in marked], [value for _, value in marked], "o", markersize=2.6,
        gid=f"changes-{name}", zorder=4, **line,
    )  # fmt: skip
