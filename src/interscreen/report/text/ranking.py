"""The ranking as tables of plain text that fit 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...phases.electrode import LITHIUM_METAL, Electrode
from ...screen.ranking import OVERALL
from ...screen.weights import Ranking
from .. import cells
from ..doubts import doubts
from ..markup import listed, rounded
from .answers import origin_lines, places, short, table, wrapped

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 80
_INDENT = "  "
_LEAST = 10  # places that a name has in any case
_KINDS = ("layer", "worst_product", "deposited")
_STD, _TOP = "score_std_meV_per_atom", "probability_top3"
_Row = Mapping[Hashable, Any]


def ranking_text(ranking: pd.DataFrame, electrode: Electrode = LITHIUM_METAL) -> str:
    """Write a ranking as tables that fit 80 columns, one per electrolyte.

    Error bars and probabilities are shown where there are any; ``electrode`` is that of the run.
    """
    blocks = []
    uncertain = False
    several = OVERALL in set(ranking["electrolyte"])
    for electrolyte, block in ranking.groupby("electrolyte", sort=False):
        rows = block.to_dict("records")
        uncertain |= any(_number(row, _STD) for row in rows)
        overall = electrolyte == OVERALL
        title = "overall (mean over the electrolytes)" if overall else str(electrolyte)
        lines = _block(rows, contacts=not overall, own=overall or not several)
        blocks.append("\n".join([short(title, WIDTH), *(_INDENT + line for line in lines)]))
    said = (
        "score, layer, worst product, as deposited (depos.): meV/atom, 0 is best; =: tied with a "
        "neighbour; bridge: oxidation limit of the Li-bearing salt of the layer minus reduction "
        "limit of the electrolyte [V]. Driving forces at 0 K, not rates."
    )
    if "observed" in ranking:
        said += f" {cells.MADE[0].upper()}{cells.MADE[1:]}."
    if uncertain:
        said += (
            " ±: standard deviation of the score, top 3: probability of a place among the best "
            "three, both from the uncertainty of the energies."
        )
    legend = "\n".join(textwrap.wrap(electrode.words(said), width=WIDTH - 2))
    if moved := doubts_line(ranking.to_dict("records")):
        legend += f"\n{moved}"
    left_out = {name for text in ranking["left_out_phases"].dropna() for name in text.split()}
    source = ranking["source"].iloc[0] if len(ranking) else ""
    origin = origin_lines({"source_label": source, "left_out_phases": sorted(left_out)})
    return "\n\n".join([*blocks, legend, "\n".join(origin)])


def doubts_line(rows: Sequence[Mapping[Hashable, Any]]) -> str:
    """Say which scores of a ranking a phase in doubt moves; empty where it moves none."""
    moved = listed(doubts(rows, Ranking().tie_meV_per_atom), most=5)
    said = f"Phases in doubt, left out or put back, move scores: {moved} meV/atom."
    return "\n".join(wrapped(said, "", width=79)) if moved else ""


def _block(rows: list[dict[Hashable, Any]], *, contacts: bool, own: bool) -> list[str]:
    """Return the lines of one table.

    ``contacts`` adds what only one electrolyte has, ``own`` what is known of the candidates alone.
    """
    computed = [row for row in rows if row["status"] == "ok"]
    wide = max((len(_number(row, _STD)) for row in computed), default=0)
    top = any(_number(row, _TOP) for row in computed)
    known = own and any(cells.made(row) for row in computed)
    heads = ["rank", "candidate", "role"]
    heads += ["made", "comp."] if known else []
    heads += ["score", "top 3"] if top else ["score"]
    heads += ["layer", "worst", "depos.", "bridge"] if contacts else []
    lines = [heads]
    for row in rows:
        name = cells.text(row["candidate"])
        if row["status"] != "ok":
            lines.append(["-", name, "failed", *[""] * (len(heads) - 3)])
            continue
        line = [f"{int(row['rank'])}{'=' if cells.text(row['tied_with']) else ''}", name]
        line.append(cells.text(row["role"]))
        if known:
            line += [cells.made(row), _number(row, "lithium_competitors")]
        line.append(_score(row, wide))
        if top:
            share = _number(row, _TOP, 100.0)
            line.append(share and f"{share} %")
        if contacts:
            line += [_number(row, f"{kind}_mutual_eV_per_atom", 1000.0) for kind in _KINDS]
            line.append(_number(row, "bridge_margin_V", digits=2))
        lines.append(line)
    for gap, roles in ((_INDENT, {}), (" ", {}), (" ", cells.SHORT_ROLES)):
        for line in lines:
            line[2] = roles.get(line[2], line[2])
        others = sum(
            max(places(line[i]) for line in lines) for i in range(len(heads)) if i != 1
        ) + len(gap) * (len(heads) - 1)
        room = WIDTH - len(_INDENT) - others
        widest = max(places(line[1]) for line in lines)
        if widest <= room or (gap == " " and room >= _LEAST):
            break
    for line in lines:
        line[1] = short(line[1], max(room, _LEAST))
    return table(lines, left=(1, 2, 3) if known else (1, 2), gap=gap)


def _score(row: _Row, wide: int) -> str:
    """Write a score with its standard deviation, the signs below each other."""
    score, std = rounded(row["score_meV_per_atom"], 0), _number(row, _STD)
    if not wide:
        return score
    return score + (f" ± {std:>{wide}}" if std else " " * (wide + 3))


def _number(row: _Row, key: str, factor: float = 1.0, digits: int = 0) -> str:
    value = cells.number(row.get(key))
    return "" if math.isnan(value) else rounded(factor * value, digits)
