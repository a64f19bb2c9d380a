"""The picture of the first screen: candidates against electrolytes, as SVG without scripts.

Rows and names are two drawings side by side, so that the names can stay while the rest scrolls.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from ...phases.units import is_number
from ..cells import Row
from ..markup import MINUS, marked, number
from .data import Run
from .verdicts import SIGNS, anchor, said

_CELL, _ROW, _HEAD, _GAP = 64, 21, 66, 5  # px
# contacts that are drawn with up to so many electrolytes
_KINDS = (
    (2, ("deposited", "layer", "worst_product")),
    (4, ("deposited", "layer")),
    (math.inf, ("layer",)),
)
_WORDS = {"deposited": "deposited", "layer": "layer", "worst_product": "worst"}
# OKLab stops of one hue, light to dark; base.js has the same
_STOPS = (
    (0.985, 0.0, -0.004),
    (0.80, -0.030, -0.085),
    (0.56, -0.032, -0.145),
    (0.27, -0.008, -0.105),
)


def ramp(share: float) -> tuple[str, bool]:
    """Return the colour of a share of the range (0 light, 1 dark), and whether it is dark."""
    place = min(1.0, max(0.0, share)) * (len(_STOPS) - 1)
    i = min(len(_STOPS) - 2, int(place))
    light, a, b = (v + (w - v) * (place - i) for v, w in zip(_STOPS[i], _STOPS[i + 1], strict=True))
    p = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    q = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    r = (light - 0.0894841775 * a - 1.291485548 * b) ** 3
    linear = (
        4.0767416621 * p - 3.3077115913 * q + 0.2309699292 * r,
        -1.2684380046 * p + 2.6097574011 * q - 0.3413193965 * r,
        -0.0041960863 * p - 0.7034186147 * q + 1.707614701 * r,
    )
    lit = [min(1.0, max(0.0, v)) for v in linear]
    rgb = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in lit]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#" + "".join(f"{round(255 * v):02x}" for v in rgb), luminance < 0.179


def picture(run: Run, names: Sequence[str], limit: float) -> tuple[str, str]:
    """Draw the number that decides for some candidates with every electrolyte.

    Parameters
    ----------
    names : sequence of str
        Candidates, top to bottom; bare Li stands above them once.
    limit : float
        Energy [meV/atom] below zero with the darkest colour.

    Returns
    -------
    str, str
        Two SVG drawings of the same height: the names, and the cells.
    """
    kinds = next(kinds for most, kinds in _KINDS if len(run.electrolytes) <= most)
    head = _HEAD if len(kinds) == 1 else 2 * _ROW + 4
    height = head + (len(names) + 1) * _ROW + _GAP
    bare_name = run.electrode.words("bare lithium")
    left = 16 + max(len(name) for name in [*(_cut(name) for name in names), bare_name]) * 7
    labels = [_label(left - 8, head + _ROW / 2, bare_name, "muted")]
    cells, width = [], len(kinds) * _CELL
    for place, electrolyte in enumerate(run.electrolytes):
        x = place * (width + _GAP)
        cells.append(_head(x, electrolyte, kinds))
        bare = next(
            (energy for row in run.results if row["electrolyte"] == electrolyte
             and (energy := said(run, row).bare) is not None),
            None,
        )  # fmt: skip
        cells.append(_cell(x, head, bare, limit, f"{bare_name} | {electrolyte}", width=width))
    for line, name in enumerate(names):
        y = head + _GAP + (line + 1) * _ROW
        labels.append(_label(left - 8, y + _ROW / 2, _cut(name), "", name))
        for place, electrolyte in enumerate(run.electrolytes):
            row = run.pairs.get((name, electrolyte), {})
            boxes = [
                _contact(run, row, kind, place * (width + _GAP) + column * _CELL, y, limit)
                for column, kind in enumerate(kinds)
            ]
            cells.append(
                f'<a tabindex="-1" href="#{anchor(name, electrolyte)}">{"".join(boxes)}</a>'
            )
    width = len(run.electrolytes) * (width + _GAP) + 34
    title = "Reaction energy of each converted layer with each electrolyte, in meV per atom"
    return (
        f'<svg class="names" width="{left}" height="{height}" viewBox="0 0 {left} {height}" '
        f'aria-hidden="true">{"".join(labels)}</svg>',
        f'<svg class="cells" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="group" aria-label="{title}">{"".join(cells)}</svg>',
    )


def _head(x: float, electrolyte: str, kinds: Sequence[str]) -> str:
    """Write the name of an electrolyte over its columns, and what they hold where it is more."""
    title = f"<title>{html.escape(electrolyte)}</title>"
    y = _HEAD - 8 if len(kinds) == 1 else _ROW - 4
    if len(kinds) == 1:
        text = _small(_cut(electrolyte, 13))
        return f'<text x="{x + 8}" y="{y}" transform="rotate(-32 {x + 8} {y})">{title}{text}</text>'
    name = _small(_cut(electrolyte, 11 * len(kinds)))
    found = [f'<text x="{x + 2}" y="{y}" class="strong">{title}{name}</text>']
    for column, kind in enumerate(kinds):
        place = x + (column + 0.5) * _CELL
        style = 'text-anchor="middle" class="muted"'
        found.append(f'<text x="{place}" y="{y + 20}" {style}>{_WORDS[kind]}</text>')
    return "".join(found)


def _contact(run: Run, row: Row, kind: str, x: float, y: float, limit: float) -> str:
    """Draw the cell of a contact; that of the layer has the number that decides, and its sign."""
    found = said(run, row) if row else None
    if found is None or found.energy is None:
        return _cell(x, y, None, limit, str(row.get("reason") or "not computed"))
    words = f"{row['candidate']} | {row['electrolyte']}: "
    if kind != "layer":
        value = row.get(f"{kind}_mutual_eV_per_atom")
        energy = 1000.0 * value if is_number(value) else None
        words += _WORDS[kind] + ("" if energy is None else f" {number(energy, 1)} meV/atom")
        return _cell(x, y, energy, limit, words)
    words += f"{number(found.energy, 1)} meV/atom"
    if found.low is not None and found.high is not None:
        words += f" (90 %: {number(found.low)} to {number(found.high)})"
    words += f"; layer {row.get('layer') or ''}"
    return _cell(x, y, found.energy, limit, words, SIGNS.get(found.verdict, ""))


def _cell(
    x: float,
    y: float,
    energy: float | None,
    limit: float,
    words: str,
    sign: str = "",
    width: float = _CELL,
) -> str:
    box = f'x="{x}" y="{y}" width="{width - 1.5}" height="{_ROW - 1.5}"'
    tip = f"<title>{html.escape(words)}</title>"
    if energy is None or math.isnan(energy):
        return f'<g><rect {box} class="missing"/>{tip}</g>'
    colour, dark = ramp(-energy / limit)
    text = number(energy).removeprefix(MINUS) if round(energy) == 0 else number(energy)
    ink = "#fff" if dark else "#000"
    mark = f'<text x="{x + 5}" y="{y + 14}" fill="{ink}">{sign}</text>' if sign else ""
    return (
        f'<g><rect {box} fill="{colour}"/>{mark}<text x="{x + width - 8}" y="{y + 14}" '
        f'text-anchor="end" fill="{ink}">{text}</text>{tip}</g>'
    )


def _label(x: float, y: float, text: str, kind: str, whole: str = "") -> str:
    title = f"<title>{html.escape(whole)}</title>" if whole and whole != text else ""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y + 4}" text-anchor="end"{name}>{title}{_small(text)}</text>'


def _small(text: str) -> str:
    """Write amounts of formulas below the line."""
    return (
        marked(text)
        .replace("<sub>", '<tspan class="sub" dy="3">')
        .replace("</sub>", '</tspan><tspan dy="-3">\u200b</tspan>')
    )


def _cut(text: str, most: int = 20) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
