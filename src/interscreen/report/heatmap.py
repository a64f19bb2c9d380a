"""Heatmap of the reaction energies of Li | interlayer | electrolyte, before and after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from . import cells
from .heatmap_data import KINDS, RANGES, HeatmapData, colour_scale, luminance, printed, read_results
from .labels import formula_label, line_height, text_width, wrap
from .page import Page, message
from .style import BODY, HATCH, HEAD, INK, MARGIN, MUTED, PALE, RULE, SMALL, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_NAMED = 12  # up to this many candidates the worst product is named in its cell
_HEADER, _BASELINE, _GAP, _CELL, _LI = 0.72, 0.28, 0.1, 0.6, 0.72  # [in]
_LI_COLOUR = "#a6cee3"
_EDGE: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.8}
_BARE = "bare Li | electrolyte"


@styled
def reaction_heatmap(results: pd.DataFrame, *, note: str = "") -> Figure:
    """Draw candidates against contacts, reaction energies in meV/atom.

    The colour scale is that of reactions with the electrolyte, which are bad.  The reaction with Li
    metal, which a conversion interlayer needs, has bars of its own.

    Parameters
    ----------
    results : DataFrame
        Rows of results.csv; candidates and electrolytes in the order of their first rows.
    note : str
        Where the energies come from, for the foot of the figure.

    Returns
    -------
    Figure
    """
    title = "Reaction energies of Li | interlayer | electrolyte"
    rows = cells.records(results)
    data = read_results(rows)
    remarks = cells.reasons(rows)
    if data.hidden:
        shown = len(data.candidates)
        remarks.insert(0, f"The first {shown} of {shown + data.hidden} candidates are shown.")
    if all(math.isnan(value) for value in data.cells()):
        what = "No candidate could be computed." if rows else "There are no candidates."
        return message(title, what, remarks, note)
    return _Heatmap(data, title, remarks, note).page.figure


class _Heatmap:
    """Measures, then draws: interlayer | converted layer | with Li | one block an electrolyte."""

    def __init__(self, data: HeatmapData, title: str, remarks: list[str], note: str) -> None:
        self.data = data
        self.named = len(data.candidates) <= _NAMED
        self.labels = [wrap(name, 1.9, HEAD) for name in data.candidates]
        self.layers = [self._layer(name) for name in data.candidates]
        self.driving = [data.energy("lithium", name) for name in data.candidates]
        self._place()
        cells = data.cells()
        self.failed = any(math.isnan(value) for value in cells)
        worst = min(round(value) for value in cells if not math.isnan(value))
        self.limit = next((limit for limit in RANGES if worst >= -limit), RANGES[-1])
        self.beyond = worst < -self.limit
        self.norm, self.colours = colour_scale(self.limit)
        strongest = max((-value for value in self.driving if not math.isnan(value)), default=0)
        self.li_limit = 100 * max(math.ceil(strongest / 100), 1)
        subtitle = (
            "Minimum mutual reaction energy [meV/atom]. 0: no reaction. With the electrolyte, more "
            "negative is worse; with Li metal, it is what drives the conversion."
        )
        body = _HEADER + _BASELINE + _GAP + sum(self.heights) + 0.6
        self.page = Page(title, subtitle, max(self.right + MARGIN, 5.6), body, remarks, note)
        self._draw()

    def _layer(self, candidate: str) -> list[str]:
        layer = self.data.word("layer", candidate)
        same = layer == self.data.word("formula", candidate)
        return ["unchanged"] if layer and same else wrap(layer, 1.7, BODY)

    def _place(self) -> None:
        """Heights of the rows, left edges and widths of the columns [in]."""
        data, width = self.data, text_width
        label, layer = line_height(HEAD), line_height(BODY)
        self.heights = [
            max(0.34 if self.named else 0.2, len(one) * label + 0.04, len(other) * layer + 0.04)
            for one, other in zip(self.labels, self.layers, strict=True)
        ]
        labels = [width(line, HEAD) for lines in self.labels for line in lines]
        layers = [width(line, BODY) for lines in self.layers for line in lines]
        self.layer_x = MARGIN + max([width("no interlayer", HEAD), *labels]) + 0.15
        self.li_x = self.layer_x + max([width(_BARE, BODY), *layers]) + 0.1
        worst = _CELL
        if self.named:
            products = [cells.text(row.get("worst_product")) for row in data.rows.values()]
            worst = max([width(formula_label(name), SMALL) + 0.12 for name in products])
        x = self.li_x + _LI
        self.blocks = [(self.li_x, [_LI], [("with Li", HEAD)])]
        for name in data.electrolytes:
            formula = data.word("electrolyte_formula", electrolyte=name)
            heads = [(formula_label(name, bold=True), HEAD)]
            if formula not in ("", name):
                heads.append((formula_label(formula), SMALL))
            widths = [_CELL, _CELL, max(_CELL, worst)]
            needed = max(width(head, size) * 1.12 for head, size in heads)  # bold is wider
            widths = [one + max(needed - sum(widths), 0.0) / len(widths) for one in widths]
            self.blocks.append((x + 0.16, widths, heads))
            x += 0.16 + sum(widths)
        self.right = x

    def _draw(self) -> None:
        page, data = self.page, self.data
        y = page.top + _HEADER
        self._header(y)
        middle = y + _BASELINE / 2
        page.text(MARGIN, middle, "no interlayer", HEAD, color=MUTED)
        page.text(self.layer_x, middle, _BARE, BODY, color=MUTED)
        for block, (electrolyte, (x, widths, _)) in enumerate(
            zip(data.electrolytes, self.blocks[1:], strict=True)
        ):
            value = data.energy("bare", electrolyte=electrolyte)
            self._cell((x, y, sum(widths), _BASELINE), value, f"bare-{block}")
        y += _BASELINE + _GAP
        for row, candidate in enumerate(data.candidates):
            height = self.heights[row]
            middle = y + height / 2
            for x, lines, size, colour in (
                (MARGIN, self.labels[row], HEAD, INK),
                (self.layer_x, self.layers[row], BODY, MUTED),
            ):
                top = middle - len(lines) * line_height(size) / 2
                page.lines(x, top, lines, size, color=colour)
            self._driving((self.li_x, y, _LI, height), self.driving[row], f"{row}-lithium")
            for block, electrolyte in enumerate(data.electrolytes):
                x, widths, _ = self.blocks[block + 1]
                for kind, width in zip(KINDS, widths, strict=True):
                    value = data.energy(kind, candidate, electrolyte)
                    named = self.named and kind == "worst_product" and value < -0.5
                    product = data.word(kind, candidate, electrolyte) if named else ""
                    self._cell((x, y, width, height), value, f"{row}-{block}-{kind}", product)
                    x += width
            y += height
        self._keys(y + 0.12)

    def _header(self, bottom: float) -> None:
        page, line = self.page, line_height(BODY)
        rule = bottom - 0.04 - 2 * line

        def column(x: float, first: str, second: str, align: str = "center") -> None:
            page.text(x, rule + 0.01 + 0.5 * line, first, BODY, ha=align)
            page.text(x, rule + 0.01 + 1.5 * line, second, BODY, ha=align)

        column(MARGIN, "", "Interlayer", "left")
        column(self.layer_x, "Converted layer", "(at Li metal)", "left")
        column(self.li_x + _LI / 2, "driving", "force")
        for x, widths, heads in self.blocks:
            page.rule([x, x + sum(widths)], [rule, rule], color=INK)
            y = rule - 0.02
            for label, size in reversed(heads):
                y -= line_height(size)
                page.text(
                    x + sum(widths) / 2,
                    y + line_height(size) / 2,
                    label,
                    size,
                    ha="center",
                    weight="bold" if size == HEAD else "normal",
                    color=INK if size == HEAD else MUTED,
                )
        for x, widths, _ in self.blocks[1:]:
            for at, words in enumerate(KINDS.values()):
                column(x + sum(widths[:at]) + widths[at] / 2, *words)

    def _cell(
        self, box: tuple[float, float, float, float], value: float, key: str, name: str = ""
    ) -> None:
        """Draw one coloured cell with its value, and the name of a phase under it."""
        if math.isnan(value):
            self._hatched(box, f"failed-{key}")
            return
        x, y, width, height = box
        colour = self.colours(self.norm(value))
        self.page.box(*box, facecolor=colour, gid=f"cell-{key}", **_EDGE)
        light = luminance(colour)  # the ink has 0.01: the better contrast of the two
        ink: dict[str, Any] = {
            "ha": "center",
            "color": INK if (light + 0.05) ** 2 > 1.05 * 0.06 else "white",
        }
        x, y = x + width / 2, y + height / 2
        self.page.text(x, y - 0.06 * bool(name), printed(value), gid=f"value-{key}", **ink)
        if name:
            self.page.text(x, y + 0.075, formula_label(name), SMALL, **ink)

    def _driving(self, box: tuple[float, float, float, float], value: float, key: str) -> None:
        """Draw the cell of the reaction with Li metal: a bar and its value."""
        if math.isnan(value):
            self._hatched(box, f"failed-{key}")
            return
        x, y, width, height = box
        self.page.box(*box, facecolor="#f2f2f2", **_EDGE)
        length = width * max(-value, 0.0) / self.li_limit
        self.page.box(x, y + 0.02, length, height - 0.04, facecolor=_LI_COLOUR, gid=f"cell-{key}")
        at = (x + width - 0.06, y + height / 2)
        self.page.text(*at, printed(value), ha="right", gid=f"value-{key}")

    def _hatched(self, box: tuple[float, float, float, float], name: str | None = None) -> None:
        self.page.box(*box, facecolor=PALE, edgecolor=RULE, hatch=HATCH, gid=name)
        self.page.box(*box, facecolor="none", **_EDGE)

    def _keys(self, y: float) -> None:
        """Draw the colour bar and say what the other marks mean."""
        from matplotlib.cm import ScalarMappable

        page = self.page
        scale = f"With the electrolyte: colours from 0 to {printed(-self.limit)} meV/atom"
        more = " (arrow: beyond, darkest colour)" if self.beyond else ""
        page.text(MARGIN, y + 0.06, scale + more, SMALL)
        bar = page.figure.colorbar(
            ScalarMappable(self.norm, self.colours),
            cax=page.axes(MARGIN + 0.15, y + 0.16, 2.4, 0.11),
            orientation="horizontal",
            extend="min" if self.beyond else "neither",
        )
        ticks = [-self.limit * step / 5 for step in range(5, -1, -1)]
        bar.set_ticks(ticks, labels=[printed(tick) for tick in ticks])
        x = MARGIN + 2.85
        page.box(x, y + 0.165, 0.24, 0.1, facecolor=_LI_COLOUR)
        driving = f"with Li metal: bars from 0 to {printed(-self.li_limit)} meV/atom"
        page.text(x + 0.3, y + 0.215, driving, SMALL)
        if self.failed:
            self._hatched((x, y + 0.335, 0.24, 0.1))
            page.text(x + 0.3, y + 0.385, "could not be computed", SMALL)
