"""Heatmap of the reaction energies of Li | interlayer | electrolyte, before and after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import cells
from .heatmap_data import KINDS, HeatmapData, read_results
from .heatmap_layout import BASELINE, BASELINE_LONG, BASELINE_NAME, KIND_GAP, Block, lay_out
from .labels import formula_label, line_height, printed, text_width, wrap
from .page import Keys, Page, message
from .style import (
    BODY,
    HATCH,
    INK,
    MARGIN,
    MUTED,
    PALE,
    RULE,
    SMALL,
    WIDTHS,
    Width,
    anode,
    colour_scale,
    luminance,
    styled,
    worded,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_LI_COLOUR = "#a6cee3"
_BETWEEN = 0.15  # panels [in]
_KEY = 0.155  # a line of the keys [in]
_Box = tuple[float, float, float, float]


@styled
def reaction_heatmap(results: pd.DataFrame, *, note: str = "", width: Width = "two") -> Figure:
    """Draw candidates against contacts, reaction energies in meV/atom.

    The colour scale is that of reactions with the electrolyte, which are bad.  The reaction with Li
    metal, which a conversion interlayer needs, has bars of its own.  What is written into the cells
    depends on the room there is: values, or colours alone; the data beside the figure hold all.

    Parameters
    ----------
    results : DataFrame
        Rows of results.csv; candidates and electrolytes in the order of their first rows.
    note, width
        See ``lithiation_staircase``.
    """
    title = f"Reaction energies of {anode()} | interlayer | electrolyte"
    rows = cells.records(results)
    data = read_results(rows)
    remarks = cells.reasons(rows)
    if data.hidden:
        shown = len(data.candidates)
        remarks.insert(0, f"The first {shown} of {shown + data.hidden} candidates are shown.")
    if all(math.isnan(value) for value in data.cells()):
        what = "No candidate could be computed." if rows else "There are no candidates."
        return message(title, what, remarks, note, width)
    return _Heatmap(data, title, remarks, note, width).page.figure


class _Heatmap:
    """The figure: interlayer | converted layer | with Li | one block an electrolyte."""

    def __init__(
        self, data: HeatmapData, title: str, remarks: list[str], note: str, width: Width
    ) -> None:
        self.data = data
        self.layout = lay_out(data, WIDTHS[width])
        self.detail = self.layout.detail
        self.driving = [data.energy("lithium", name) for name in data.candidates]
        drawn = data.cells()
        self.failed = any(math.isnan(value) for value in drawn)
        values = [round(value) for value in drawn if not math.isnan(value)]
        self.limit = cells.colour_range(values)
        self.beyond = min(values) < -self.limit
        self.norm, self.colours = colour_scale(self.limit)
        strongest = max((-value for value in self.driving if not math.isnan(value)), default=0)
        self.li_limit = 100 * max(math.ceil(strongest / 100), 1)
        thick = 0.8 if self.detail.values else 0.4
        self.edge: dict[str, Any] = {"edgecolor": "white", "linewidth": thick}
        subtitle = (
            "Minimum mutual reaction energy [meV/atom]; 0: no reaction. With the electrolyte, it "
            "is unwanted; with Li metal, it drives the conversion."
        )
        self.beside = width == "two"  # keys beside the colour bar, else below it
        keys = self._key_lines(WIDTHS[width])
        lines = _KEY * sum(len(lines) for _, lines in keys)
        body = self.layout.height + 0.1
        body += max(0.44, lines + 0.05) if self.beside else 0.46 + lines
        self.page = Page(title, worded(subtitle), width, body, remarks, note)
        y = self.page.top
        for number, blocks in enumerate(self.layout.panels):
            self._panel(y, blocks, first=number == 0)
            y += self.layout.panel + _BETWEEN
        self._keys(y - _BETWEEN + 0.1, keys)

    def _panel(self, top: float, blocks: list[Block], *, first: bool) -> None:
        page, data, layout, detail = self.page, self.data, self.layout, self.detail
        y = top + layout.header
        self._header(y, blocks, first)
        middle = y + BASELINE / 2
        name = worded(BASELINE_LONG) if detail.layer else BASELINE_NAME
        page.text(MARGIN, middle, name, min(detail.name_size, SMALL), color=MUTED)
        for block in blocks:
            value = data.energy("bare", electrolyte=block.electrolyte)
            size = detail.value_size if block.width > 0.3 else 0.0
            self._cell((block.x, y, block.width, BASELINE), value, f"bare-{block.number}", size)
        y += BASELINE + KIND_GAP
        size = detail.value_size if detail.values else 0.0
        for row, candidate in enumerate(data.candidates):
            height = layout.heights[row]
            middle = y + height / 2
            for x, lines, font, colour in (
                (MARGIN, layout.names[row], detail.name_size, INK),
                (layout.layer_x, layout.layers[row], SMALL, MUTED),
            ):
                start = middle - len(lines) * line_height(font) / 2
                page.lines(x, start, lines, font, color=colour)
            if first:
                box = (layout.li_x, y, layout.li_width, height)
                self._driving(box, self.driving[row], f"{row}-lithium")
            for block in blocks:
                x = block.x
                for kind, width in zip(KINDS, block.widths, strict=True):
                    value = data.energy(kind, candidate, block.electrolyte)
                    named = detail.named and kind == "worst_product" and value < -0.5
                    product = data.word(kind, candidate, block.electrolyte) if named else ""
                    key = f"{row}-{block.number}-{kind}"
                    self._cell((x, y, width, height), value, key, size, product)
                    x += width
            y += height

    def _header(self, bottom: float, blocks: list[Block], first: bool) -> None:
        page, layout = self.page, self.layout
        rule = bottom - layout.kinds_height
        line = line_height(SMALL)
        middle: dict[str, Any] = {"ha": "center"}

        def column(x: float, words: tuple[str, ...], size: float = SMALL, **style: Any) -> None:
            for at, word in enumerate(words):
                page.text(x, bottom - 0.04 - (1.5 - at) * line, word, size, **style)

        column(MARGIN, ("", "Interlayer"), min(BODY, self.detail.name_size))
        if self.detail.layer:
            column(layout.layer_x, ("Converted layer", worded("(at Li metal)")))
        if first:
            x = layout.li_x + layout.li_width / 2
            if layout.kinds == "flat":
                column(x, ("driving", "force"), **middle)
                page.rule([layout.li_x, layout.li_x + layout.li_width], [rule, rule], color=INK)
                page.text(
                    x, rule - 0.02 - line / 2, worded("with Li"), BODY, weight="bold", **middle
                )
            else:
                column(x, ("with", worded("Li")), **middle)
        for block in blocks:
            x = block.x + block.width / 2
            page.rule([block.x, block.x + block.width], [rule, rule], color=INK)
            if block.turned:
                style = {"va": "bottom", "rotation": 90, "weight": "bold"} | middle
                for at, (label, size) in enumerate(block.heads):
                    shift = (at - (len(block.heads) - 1) / 2) * line_height(size)
                    page.text(x + shift, rule - 0.03, label, size, **style)
                continue
            y = rule - 0.02
            for label, size in reversed(block.heads):
                y -= line_height(size)
                small = size == SMALL
                style = {"weight": "normal" if small else "bold", "color": MUTED if small else INK}
                page.text(x, y + line_height(size) / 2, label, size, **style, **middle)
        for block in blocks if layout.kinds != "none" else ():
            x = block.x
            for width, words in zip(block.widths, KINDS.values(), strict=True):
                if layout.kinds == "flat":
                    column(x + width / 2, words, **middle)
                else:
                    style = {"va": "bottom", "rotation": 90} | middle
                    page.text(x + width / 2, bottom - 0.03, " ".join(words), SMALL, **style)
                x += width

    def _cell(self, box: _Box, value: float, key: str, size: float, name: str = "") -> None:
        """Draw one coloured cell, its value at a size, and the name of a phase under it."""
        if math.isnan(value):
            self._hatched(box, f"failed-{key}")
            return
        x, y, width, height = box
        colour = self.colours(self.norm(value))
        self.page.box(*box, facecolor=colour, gid=f"cell-{key}", **self.edge)
        if not size:
            return
        # the ink has a luminance of 0.01: the better contrast of the two
        dark = (luminance(colour) + 0.05) ** 2 > 1.05 * 0.06
        ink: dict[str, Any] = {"ha": "center", "color": INK if dark else "white"}
        x, y = x + width / 2, y + height / 2
        self.page.text(x, y - 0.06 * bool(name), printed(value), size, gid=f"value-{key}", **ink)
        if name:
            self.page.text(x, y + 0.075, formula_label(name), SMALL, **ink)

    def _driving(self, box: _Box, value: float, key: str) -> None:
        """Draw the cell of the reaction with Li metal: a bar and its value."""
        if math.isnan(value):
            self._hatched(box, f"failed-{key}")
            return
        x, y, width, height = box
        pad = 0.02 if self.detail.values else 0.005
        self.page.box(*box, facecolor="#f2f2f2", **self.edge)
        length = width * max(-value, 0.0) / self.li_limit
        bar = (x, y + pad, length, height - 2 * pad)
        self.page.box(*bar, facecolor=_LI_COLOUR, gid=f"cell-{key}")
        at = (x + width - 0.04, y + height / 2)
        size = self.detail.value_size
        self.page.text(*at, printed(value), size, ha="right", gid=f"value-{key}")

    def _hatched(self, box: _Box, name: str | None = None) -> None:
        self.page.box(*box, facecolor=PALE, edgecolor=RULE, hatch=HATCH, gid=name)
        self.page.box(*box, facecolor="none", **self.edge)

    def _key_lines(self, width: float) -> Keys:
        """Say what the marks mean: kind of mark and lines of text."""
        room = width - 2 * MARGIN - 0.3 - (2.95 if self.beside else 0.0)
        bars = f"bars from 0 to {printed(-self.li_limit)} meV/atom"
        keys = [("bar", f"{worded('with Li metal')}: {bars}")]
        if self.failed:
            keys.append(("hatched", "could not be computed"))
        if self.layout.kinds == "none":
            said = ", ".join(" ".join(words) for words in KINDS.values())
            keys.append(("columns", f"columns of an electrolyte: {said}"))
        return [(mark, wrap(words, room, SMALL)) for mark, words in keys]

    def _keys(self, y: float, keys: Keys) -> None:
        """Draw the colour bar and say what the other marks mean."""
        page = self.page
        scale = f"With the electrolyte: colours from 0 to {printed(-self.limit)} meV/atom"
        more = " (arrow: beyond, darkest colour)" if self.beyond else ""
        if text_width(scale + more, SMALL) > page.width - 2 * MARGIN:
            more = " (arrow: beyond)" if self.beyond else ""
        page.text(MARGIN, y + 0.06, scale + more, SMALL)
        page.colour_bar(y + 0.15, 2.4, self.limit, self.beyond)
        x = MARGIN + 2.95 if self.beside else MARGIN

        def draw(mark: str, y: float) -> None:
            if mark == "bar":
                page.box(x, y - 0.05, 0.22, 0.1, facecolor=_LI_COLOUR)
            elif mark == "hatched":
                self._hatched((x, y - 0.05, 0.22, 0.1))
            else:
                for at, colour in enumerate((PALE, RULE, MUTED)):
                    page.box(x + at * 0.075, y - 0.05, 0.07, 0.1, facecolor=colour)

        page.legend(x, y + (0.2 if self.beside else 0.52), keys, draw, 0.3, _KEY)
