"""Where everything stands in a heatmap: as much as is legible on the width of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .heatmap_data import KINDS, HeatmapData
from .labels import formula_label, line_height, printed, shorten, text_width, wrap
from .style import BODY, HEAD, MARGIN, SMALL, TALLEST, TINY

BASELINE_NAME, BASELINE_LONG = "no interlayer", "no interlayer: bare Li"
BASELINE, KIND_GAP = 0.2, 0.06  # [in]
TURNABLE = 0.105  # a turned word needs this much width [in]
_ROOM = {True: 1.7, False: 2.3}  # title, notes and keys [in]; on a wide page, on a narrow one
_PANEL_COST, _TALL_COST = 1.2, 10.0  # for each further panel, for twice the height of a page
_FEW = 12  # of so many candidates names take two lines, and cells name the worst product
_MOST_STRETCH = {True: 1.6, False: 5.0}  # of cells with values, of plain colours
_LEAST = 0.05  # width of a plain cell [in]
_HEAD_LENGTH = 0.8  # of one line of a turned name [in]


@dataclass(frozen=True)
class Detail:
    """How much a heatmap says; less is worse, at a cost."""

    named: bool  # cells of the worst product name it
    layer: bool  # a column names the converted layer
    values: bool  # cells carry their value
    name_size: float  # font sizes [pt]
    value_size: float
    row: float  # least height of a row [in]
    gap: float  # between electrolytes [in]
    cost: float


DETAILS = (
    Detail(True, True, True, HEAD, BODY, 0.32, 0.09, 0.0),
    Detail(False, True, True, BODY, SMALL, 0.165, 0.09, 1.0),
    Detail(False, False, True, BODY, SMALL, 0.165, 0.09, 2.0),
    Detail(False, False, True, TINY, TINY, 0.108, 0.07, 3.0),
    Detail(False, False, False, SMALL, SMALL, 0.125, 0.06, 5.0),
    Detail(False, False, False, TINY, TINY, 0.105, 0.05, 6.0),
)


@dataclass(frozen=True)
class Block:
    """Columns of one electrolyte."""

    electrolyte: str
    number: int
    x: float
    widths: tuple[float, ...]
    heads: tuple[tuple[str, float], ...]
    turned: bool

    @property
    def width(self) -> float:
        """Width of all columns [in]."""
        return sum(self.widths)


def lay_out(data: HeatmapData, width: float) -> Layout:
    """Choose the most telling layout that fits a width [in].

    The electrolytes may be dealt out to panels one below the other.  Where nothing is small
    enough for a page, the smallest is taken, and the figure is as tall as it has to be.
    """
    best: tuple[float, Layout] | None = None
    for detail in DETAILS:
        if detail.named and len(data.candidates) > _FEW:
            continue
        for count in range(1, len(data.electrolytes) + 1):
            cost = detail.cost + _PANEL_COST * (count - 1)
            if best and cost >= best[0]:
                break
            layout = Layout(data, width, detail, count)
            height = layout.height + _ROOM[width > 5.0]
            cost += _TALL_COST * max(height / TALLEST - 1.0, 0.0)
            if layout.fits and (best is None or cost < best[0]):
                best = (cost, layout)
    # names that leave no room for cells: they are drawn, however narrow
    return best[1] if best else Layout(data, width, DETAILS[-1], len(data.electrolytes))


class Layout:
    """Where everything stands [in from the left edge, or from the top of a panel].

    ``fits`` says whether all columns have the room that they need, ``kinds`` how the contacts are
    headed: ``flat``, ``turned`` or ``none``.
    """

    def __init__(self, data: HeatmapData, width: float, detail: Detail, panels: int) -> None:
        self.data, self.width, self.detail = data, width, detail
        self._columns()
        names = data.electrolytes
        per_panel = math.ceil(len(names) / panels)
        groups = [names[at : at + per_panel] for at in range(0, len(names), per_panel)]
        room = width - MARGIN - self.left - detail.gap * per_panel
        natural = {name: self._natural(name) for name in names}
        widest = max(width for widths in natural.values() for width in widths)
        if widest * len(KINDS) * per_panel <= room:  # cells of one size look best
            natural = dict.fromkeys(names, (widest,) * len(KINDS))
        need = max(sum(sum(natural[name]) for name in group) for group in groups)
        self.fits = need <= room
        stretch = min(room / need, _MOST_STRETCH[detail.values])
        self.panels = [self._panel(group, natural, stretch) for group in groups]
        self._heights()

    def _columns(self) -> None:
        """Place names, converted layers and the reaction with Li."""
        data, detail = self.data, self.detail
        size = detail.name_size
        widest = 0.34 * self.width if detail.values else 0.24 * self.width
        if detail.layer or len(data.candidates) <= _FEW:
            self.names = [wrap(name, min(widest, 1.9), size) for name in data.candidates]
        else:
            self.names = [[shorten(name, widest, size)] for name in data.candidates]
        first = [text_width(line, size) for lines in self.names for line in lines]
        least = text_width("Interlayer" if detail.layer else BASELINE_NAME, min(size, BODY))
        self.layer_x = MARGIN + max([least, *first]) + 0.1
        self.layers: list[list[str]] = [[] for _ in data.candidates]
        self.li_x = self.layer_x
        if detail.layer:
            self.layers = [self._layer(name) for name in data.candidates]
            second = [text_width(line, SMALL) for lines in self.layers for line in lines]
            self.li_x += max([text_width("Converted layer", SMALL), *second]) + 0.1
            self.li_x = max(self.li_x, MARGIN + text_width(BASELINE_LONG, SMALL) + 0.05)
        value = text_width(printed(-1000), detail.value_size)
        self.li_width = max(0.52 if detail.layer else 0.0, value + 0.1)
        self.left = self.li_x + self.li_width

    def _layer(self, candidate: str) -> list[str]:
        layer = self.data.word("layer", candidate)
        same = layer == self.data.word("formula", candidate)
        return ["unchanged"] if layer and same else wrap(layer, 1.4, SMALL)

    def _natural(self, electrolyte: str) -> tuple[float, ...]:
        """Return the least widths of the columns of an electrolyte [in]."""
        data, detail = self.data, self.detail
        if not detail.values:
            return (_LEAST,) * len(KINDS)
        found: list[float] = []
        for kind, heads in KINDS.items():
            values = [data.energy(kind, name, electrolyte) for name in data.candidates]
            words = [printed(value) for value in values if not math.isnan(value)]
            need = max((text_width(word, detail.value_size) for word in words), default=0.0) + 0.07
            if detail.named:
                need = max(need, *(text_width(word, SMALL) + 0.03 for word in heads))
            if detail.named and kind == "worst_product":
                labels = [formula_label(data.word(kind, n, electrolyte)) for n in data.candidates]
                need = max(need, *(text_width(label, SMALL) + 0.08 for label in labels))
            found.append(need)
        return tuple(found)

    def _panel(
        self, group: list[str], natural: dict[str, tuple[float, ...]], stretch: float
    ) -> list[Block]:
        blocks = []
        x = self.left
        for name in group:
            x += self.detail.gap
            widths = tuple(stretch * one for one in natural[name])
            heads, turned = self._heads(name, sum(widths))
            number = self.data.electrolytes.index(name)
            blocks.append(Block(name, number, x, widths, heads, turned))
            x += blocks[-1].width
        return blocks

    def _heads(self, electrolyte: str, width: float) -> tuple[tuple[tuple[str, float], ...], bool]:
        """Return name and formula of an electrolyte, and whether the name has to be turned."""
        size = HEAD if self.detail.named else BODY
        name = formula_label(electrolyte, bold=True)
        if 1.02 * text_width(name, size, "bold") > width:
            lines = wrap(electrolyte, width / 1.15, size)
            if len(lines) == 2 and width > 0.6:
                return tuple((line, size) for line in lines), False
            lines = wrap(electrolyte, _HEAD_LENGTH, size)
            if len(lines) * line_height(size) > width:
                lines = [shorten(electrolyte, _HEAD_LENGTH, size, "bold")]
            return tuple((line, size) for line in lines), True
        heads = [(name, size)]
        formula = self.data.word("electrolyte_formula", electrolyte=electrolyte)
        label = formula_label(formula)
        told = self.detail.values and formula not in ("", electrolyte)
        if told and text_width(label, SMALL) <= width:
            heads.append((label, SMALL))
        return tuple(heads), False

    def _heights(self) -> None:
        """Measure rows and headings."""
        detail, line = self.detail, line_height(SMALL)
        blocks = [block for panel in self.panels for block in panel]
        flat = all(
            text_width(word, SMALL) + 0.03 <= width
            for block in blocks
            for width, words in zip(block.widths, KINDS.values(), strict=True)
            for word in words
        )
        turnable = all(width >= TURNABLE for block in blocks for width in block.widths)
        self.kinds = "flat" if flat else "turned" if turnable else "none"
        longest = max(text_width(" ".join(words), SMALL) for words in KINDS.values())
        heights = {"flat": 2 * line + 0.05, "turned": longest + 0.08, "none": line + 0.05}
        self.kinds_height = heights[self.kinds]
        heads = [
            max(text_width(label, size, "bold") for label, size in block.heads)
            if block.turned
            else sum(line_height(size) for _, size in block.heads)
            for block in blocks
        ]
        self.heights = [
            max(
                detail.row,
                len(names) * line_height(detail.name_size) * (1.0 if detail.values else 0.9),
                len(layer) * line + 0.03 * bool(layer),
            )
            for names, layer in zip(self.names, self.layers, strict=True)
        ]
        self.header = max([*heads, line_height(BODY)]) + 0.05 + self.kinds_height
        self.panel = self.header + BASELINE + KIND_GAP + sum(self.heights)
        self.height = self.panel * len(self.panels) + 0.15 * (len(self.panels) - 1)
