"""Triangles: mutual reaction energies of ternary systems with one partner."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...answers.map import LEVEL, CompositionMap
from ...phases.system import Floats
from .. import cells
from .labels import formula_label, line_height, printed, text_width
from .map_geometry import (
    CORNERS,
    HEIGHT,
    Box,
    along,
    around,
    beside_lithium,
    free_spot,
    outline,
    place,
    raster,
)
from .page import Page, message
from .style import (
    BLUE,
    BODY,
    HATCH,
    HEAD,
    INK,
    MARGIN,
    MUTED,
    PALE,
    RULE,
    SMALL,
    WIDTHS,
    Width,
    colour_scale,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Polygon

RANGES = (100, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000)
_PIXELS = 300  # per inch
_LISTED = 24
_DASHES = (0, (3, 2))
_DOT = 0.035  # radius of a dot, with a little air [in]


@styled
def composition_maps(
    maps: Sequence[CompositionMap],
    *,
    level: float = LEVEL,
    failed: Mapping[str, str] | None = None,
    note: str = "",
    width: Width = "two",
) -> Figure:
    """Draw maps with one partner as triangles with one colour range.

    The first element of each system is at the left corner, the second on top, the third at the
    right.  A single map has the list of its stable phases beside it, or below it in one column.

    Parameters
    ----------
    maps : sequence of CompositionMap
    level : float
        |E| [eV/atom] below which a region is outlined and its phases are named.
    failed : mapping of str to str, optional
        Systems that could not be computed and why; each gets a hatched triangle.
    note, width
        See ``lithiation_staircase``.
    """
    failed = failed or {}
    remarks = cells.reasons(
        {"candidate": name, "status": "failed", "reason": reason} for name, reason in failed.items()
    )
    if not maps:
        return message("Composition maps", "No system could be computed.", remarks, note, width)
    return _Maps(maps, level, list(failed), remarks, note, width).page.figure


def _columns(count: int, narrow: bool) -> int:
    """Return how many triangles stand side by side."""
    if count == 1:
        return 1
    if narrow:
        return 2
    return {2: 2, 4: 2}.get(count, 3 if count <= 9 else 4)


class _Maps:
    """The figure: triangles row by row, the list of a single one, the keys."""

    def __init__(
        self,
        maps: Sequence[CompositionMap],
        level: float,
        failed: list[str],
        remarks: list[str],
        note: str,
        width: Width,
    ) -> None:
        self.maps, self.level = maps, 1000.0 * level
        count = len(maps) + len(failed)
        self.single = count == 1
        self.narrow = width == "one"
        columns = _columns(count, self.narrow)
        self.pad = 0.25 if self.single else 0.2
        across = (WIDTHS[width] - 2 * MARGIN) / columns
        self.side = min(across - 2 * self.pad, 2.75 if self.narrow else 3.9)
        across = min(across, self.side + 2 * self.pad) if self.single else across
        height = self.side * HEIGHT + 2 * self.pad + 0.1 * self.single
        worst = 1000.0 * min(one.strongest[1] for one in maps)
        self.limit = cells.colour_range([worst], RANGES)
        self.beyond = worst < -self.limit
        self.norm, self.colours = colour_scale(self.limit)
        partner = maps[0].partner
        name, formula = partner["input"], partner["formula"]
        called = name if name == formula else f"{name} ({formula})"
        title = f"Reaction energies with {name}" + (f": {maps[0].name}" if self.single else "")
        subtitle = (
            f"Minimum mutual reaction energy of each composition with {called} [meV/atom]. 0: no "
            "reaction. Compositions that are no phase have the hull energy: their reactivity is a "
            "lower bound."
        )
        self.lithium = formula != "Li" and any("Li" in one.elements for one in maps)
        rows = math.ceil(count / columns)
        below = self.single and self.narrow  # the list of phases
        listed = 0.05 + line_height(BODY) * (2.6 + min(len(maps[0].phases), _LISTED + 1))
        triangles = rows * height + (listed if below else 0.0)
        inside = any(one.partner_fractions is not None for one in maps)
        marks = (line_height(SMALL) + 0.02) * (2 + self.lithium + inside)
        body = triangles + 0.1 + (0.46 + marks if self.narrow else max(0.42, marks))
        self.page = Page(title, subtitle, width, body, remarks, note)
        top = self.page.top
        places = [
            (MARGIN + at % columns * across, top + at // columns * height) for at in range(count)
        ]
        for one, (x, y) in zip(maps, places, strict=False):
            self._panel(self._axes(x, y, across, height), one)
        for missing, (x, y) in zip(failed, places[len(maps) :], strict=True):
            self._failed(self._axes(x, y, across, height), missing)
        if below:
            self._list(maps[0], MARGIN, top + height)
        elif self.single:
            self._list(maps[0], MARGIN + across, top + 0.2)
        self._keys(top + triangles + 0.1)

    def _axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return axes in units of a side, with the triangle in the middle."""
        axes = self.page.axes(x, y, width, height)
        beside = (width / self.side - 1.0) / 2
        pad = self.pad / self.side
        axes.set(xlim=(-beside, 1.0 + beside), ylim=(-pad, height / self.side - pad))
        axes.set_axis_off()
        return axes

    def _failed(self, axes: Axes, name: str) -> None:
        _polygon(axes, CORNERS, facecolor=PALE, edgecolor=RULE, hatch=HATCH, linewidth=0.0,
                 gid=f"failed-{name}")  # fmt: skip
        self._frame(axes, name.split("-"))

    def _frame(self, axes: Axes, elements: Sequence[str]) -> list[Box]:
        """Draw the sides and name the corners; return where the names stand [in]."""
        axes.plot(*np.vstack([CORNERS, CORNERS[:1]]).T, color=MUTED, linewidth=0.6, zorder=3)
        away = np.array([(-0.1, -0.11), (0.0, 0.13), (0.1, -0.11)])
        boxes = []
        for symbol, at in zip(elements, CORNERS * self.side + away, strict=True):
            x, y = (at / self.side).tolist()
            axes.text(x, y, symbol, fontsize=HEAD, weight="bold", ha="center",
                      va="center_baseline")  # fmt: skip
            wide = text_width(symbol, HEAD, "bold")
            boxes.append(around(at, wide / 2, line_height(HEAD) / 2))
        return boxes

    def _panel(self, axes: Axes, one: CompositionMap) -> None:
        from matplotlib.patches import PathPatch

        axes.imshow(
            self.colours(self.norm(raster(one, round(self.side * _PIXELS))), bytes=True),
            extent=(0.0, 1.0, 0.0, HEIGHT), origin="lower", interpolation="none", aspect="auto",
            clip_path=_polygon(axes, CORNERS, facecolor="none", edgecolor="none"),
            gid=f"map-{one.name}",
        )  # fmt: skip
        boxes = self._frame(axes, one.elements)
        path = outline(one, self.level / 1000.0)
        for color, width in (("white", 2.4), (INK, 1.1)):
            look: dict[str, Any] = {"edgecolor": color, "linewidth": width, "capstyle": "round"}
            name = f"level-{one.name}"
            axes.add_patch(PathPatch(path, fill=False, zorder=4, snap=False, gid=name, **look))
        edges = [(ring[1:] + ring[:-1]) / 2 for ring in map(np.asarray, path.to_polygons())]
        drawn = [*edges, along(CORNERS)]
        if self.lithium and "Li" in one.elements:
            region = beside_lithium(one)
            drawn.append(along(region))
            _polygon(axes, region, facecolor="none", edgecolor=BLUE, linewidth=0.9,
                     linestyle=_DASHES, zorder=5, gid=f"lithium-{one.name}")  # fmt: skip
        self._dots(axes, one, boxes, np.concatenate(drawn) * self.side)

    def _dots(self, axes: Axes, one: CompositionMap, taken: list[Box], lines: Floats) -> None:
        """Draw the stable phases; name those within the level where there is room."""
        from matplotlib.patheffects import withStroke

        points = place([phase.fractions for phase in one.phases])
        energies = np.array([phase.min_mutual_energy_eV_per_atom for phase in one.phases])
        named = -1000.0 * energies < self.level
        size = 13.0 if self.single else 7.0
        for which, fill, edge in ((~named, "white", INK), (named, INK, "white")):
            x, y = points[which].T
            axes.scatter(x, y, s=size, c=fill, edgecolors=edge, linewidths=0.6, zorder=6,
                         clip_on=False, gid=f"phases-{one.name}")  # fmt: skip
        labels = [
            (formula_label(phase.formula), point, INK)
            for phase, point, close in zip(one.phases, points, named, strict=True)
            if close and max(phase.fractions) < 1.0
        ]
        if one.partner_fractions is not None:
            at = place(one.partner_fractions)
            axes.scatter(at[0], at[1], s=3.5 * size, marker="D", c="none", edgecolors=BLUE,
                         linewidths=1.0, zorder=7, clip_on=False,
                         gid=f"partner-{one.name}")  # fmt: skip
            taken.append(around(at * self.side, 2 * _DOT, 2 * _DOT))
            name = formula_label(one.partner["input"])
            if name not in one.elements:
                labels = [(name, at, BLUE), *(label for label in labels if label[0] != name)]
                points = np.vstack([points, at])
        points = points * self.side
        taken += [around(point, _DOT, _DOT) for point in points]
        pad = self.pad
        limits = (-pad, -pad, self.side + pad, self.side * HEIGHT + pad)
        for label, point, color in labels:
            mine = point * self.side
            others = points[np.abs(points - mine).max(axis=1) > 1e-6]
            room = (text_width(label, SMALL), line_height(SMALL))
            spot = free_spot(mine, room, taken, others, lines, limits)
            if spot is None:
                continue
            taken.append(spot)
            axes.text(
                (spot[0] + spot[2]) / 2 / self.side, (spot[1] + spot[3]) / 2 / self.side, label,
                fontsize=SMALL, color=color, ha="center", va="center_baseline", zorder=8,
                path_effects=[withStroke(linewidth=1.6, foreground="white")],
                gid=f"label-{one.name}",
            )  # fmt: skip

    def _list(self, one: CompositionMap, x: float, y: float) -> None:
        """Write the stable phases, least reactive first."""
        page, line = self.page, line_height(BODY)
        ends = (x + 1.45, x + 2.2)
        heads = [("stable", x, "left"), ("E", ends[0], "right")]
        units = [("phase", x, "left"), ("[meV/atom]", ends[0], "right")]
        if one.reduction_limit_V is not None:
            heads.append(("reduced", ends[1], "right"))
            units.append(("below [V]", ends[1], "right"))
        for row in (heads, units):
            y += line
            for word, at, align in row:
                page.text(at, y - line / 2, word, BODY, ha=align, color=MUTED)
        page.rule([x, ends[len(heads) - 2]], [y + 0.03, y + 0.03], color=INK)
        y += 0.06
        for phase in one.phases[:_LISTED]:
            middle, energy = y + line / 2, 1000.0 * phase.min_mutual_energy_eV_per_atom
            close = -energy < self.level
            color = INK if close else MUTED
            page.text(x, middle, formula_label(phase.formula), BODY, color=color)
            page.text(ends[0], middle, printed(energy), BODY, ha="right", color=color)
            if phase.reduction_limit_V is not None:
                text = f"{phase.reduction_limit_V:.2f}" if phase.reduction_limit_V else "stable"
                page.text(ends[1], middle, text, BODY, ha="right", color=color)
            y += line
        if len(one.phases) > _LISTED:
            page.text(x, y + line / 2, f"and {len(one.phases) - _LISTED} more", BODY, color=MUTED)

    def _keys(self, y: float) -> None:
        """Draw the colour bar and say what the marks mean."""
        page = self.page
        more = " (arrow: beyond)" if self.beyond else ""
        page.text(
            MARGIN, y + 0.06, f"Colours from 0 to {printed(-self.limit)} meV/atom{more}", SMALL
        )
        page.colour_bar(y + 0.15, 2.2, self.limit, self.beyond)
        x = MARGIN if self.narrow else MARGIN + 2.75
        level = f"{self.level:.4g} meV/atom"
        keys = [("level", f"|E| below {level}")]
        keys.append(("phases", f"stable phases below {level}, and others"))
        if self.lithium:
            keys.append(("lithium", "inside: stable against Li metal"))
        if any(one.partner_fractions is not None for one in self.maps):
            keys.append(("partner", formula_label(self.maps[0].partner["input"])))

        def draw(key: str, y: float) -> None:
            if key in ("level", "lithium"):
                look: dict[str, Any] = {"color": INK, "linewidth": 1.1}
                if key == "lithium":
                    look = {"color": BLUE, "linewidth": 0.9, "linestyle": _DASHES}
                page.rule([x, x + 0.22], [y, y], **look)
            dots = [(0.05, INK, "white", 0.6), (0.17, "white", INK, 0.6)]
            marker, size = "o", 3.6
            if key == "partner":
                dots, marker, size = [(0.11, "none", BLUE, 1.0)], "D", 4.5
            for at, fill, edge, thick in dots if key in ("phases", "partner") else ():
                look = {"markerfacecolor": fill, "markeredgecolor": edge, "markeredgewidth": thick}
                page.rule([x + at], [y], linewidth=0.0, marker=marker, markersize=size, **look)

        y += 0.06 + (0.46 if self.narrow else 0.0)
        listed = [(key, [said]) for key, said in keys]
        page.legend(x, y, listed, draw, 0.3, line_height(SMALL) + 0.02)


def _polygon(axes: Axes, corners: Floats, **style: Any) -> Polygon:
    from matplotlib.patches import Polygon

    patch = Polygon(corners, **style)
    axes.add_patch(patch)
    return patch
