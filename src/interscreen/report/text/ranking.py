"""The ranking as tables of plain text that fit 80 columns."""

from __future__ import annotations

import math
from collections.abc import Container, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...phases.electrode import LITHIUM_METAL, Electrode
from ...screen.ranking import OVERALL
from ...screen.weights import Ranking
from .. import cells
from ..doubts import doubts
from ..markup import listed, rounded
from .answers import origin_lines
from .layout import page_width, places, short, table, wrapped

if TYPE_CHECKING:
    import pandas as pd

_INDENT = "  "
_LEAST = 13  # places that a name has in any case: Li7La3Zr2O12
_CONTACTS = {"layer": "layer", "worst": "worst_product", "depos.": "deposited"}
_SPARED = (
    "comp.",
    "worst",
    "top 3",
    "Li",
    "depos.",
    "made",
    "bridge",
    "layer",
)  # on narrow terminals
_TEXTS = ("role", "verdict", "made")
_ENERGIES = {
    "score": "score", "Li": "Li (reaction with Li metal)", "layer": "layer",
    "worst": "worst product", "depos.": "as deposited (depos.)",
}  # fmt: skip
_EXPLAINED = {
    "rank": "=: tied with a neighbour",
    "top 3": "top 3: probability of a place among the best three",
    "bridge": "bridge: oxidation limit of the Li-bearing salt of the layer minus reduction limit "
    "of the electrolyte [V]",
    **cells.MADE,
}
NAME = "candidate"
_STD, _TOP = "score_std_meV_per_atom", "probability_top3"
_Row = Mapping[Hashable, Any]


def ranking_text(ranking: pd.DataFrame, electrode: Electrode = LITHIUM_METAL) -> str:
    """Write a ranking as tables that fit 80 columns, one per electrolyte.

    Error bars and probabilities are shown where there are any; ``electrode`` is that of the run.
    """
    blocks = []
    shown: set[str] = set()
    uncertain = False
    several = OVERALL in set(ranking["electrolyte"])
    for electrolyte, block in ranking.groupby("electrolyte", sort=False):
        rows = block.to_dict("records")
        uncertain |= any(_number(row, _STD) for row in rows)
        overall = electrolyte == OVERALL
        title = "overall (mean over the electrolytes)" if overall else str(electrolyte)
        heads, lines = _block(rows, contacts=not overall, own=overall or not several)
        shown |= set(heads)
        blocks.append("\n".join([short(title, page_width()), *(_INDENT + line for line in lines)]))
    said = legend_of(shown)
    if uncertain:
        said += " ±: standard deviation of the score, from the uncertainty of the energies."
    legend = "\n".join(wrapped(electrode.words(said), "", width=page_width() - 2))
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
    return "\n".join(wrapped(said, "", width=page_width() - 1)) if moved else ""


def legend_of(shown: Container[str]) -> str:
    """Explain the columns of a table that are there."""
    energies = ", ".join(words for head, words in _ENERGIES.items() if head in shown)
    best = "the score is 0 at best" if "Li" in shown else "0 is best"
    parts = [words for head, words in _EXPLAINED.items() if head in shown]
    return f"{'; '.join([f'{energies}: meV/atom, {best}', *parts])}. Driving forces, not rates."


def _block(
    rows: list[dict[Hashable, Any]], *, contacts: bool, own: bool
) -> tuple[list[str], list[str]]:
    """Return the heads and the lines of one table.

    ``contacts`` adds what only one electrolyte has, ``own`` what is known of the candidates alone.
    """
    computed = [row for row in rows if row["status"] == "ok"]
    wide = max((len(_number(row, _STD)) for row in computed), default=0)
    top = any(_number(row, _TOP) for row in computed)
    known = own and any(cells.made(row) for row in computed)
    heads = ["rank", NAME, "role"]
    heads += ["verdict"] if any(cells.verdict_word(row) for row in computed) else []
    heads += ["made", "comp."] if known else []
    heads += ["score", "top 3"] if top else ["score"]
    heads += ["layer", "worst", "depos.", "bridge"] if contacts else []
    columns = {head: [head, *(_cell(head, row, wide) for row in rows)] for head in heads}
    lines = fitted(columns)
    return list(columns), lines


def _cell(head: str, row: dict[Hashable, Any], wide: int) -> str:
    """Write a row in a column."""
    if head == NAME:
        return cells.text(row["candidate"])
    if row["status"] != "ok":
        return {"rank": "-", "role": "failed"}.get(head, "")
    if head == "rank":
        return f"{int(row['rank'])}{'=' if cells.text(row['tied_with']) else ''}"
    if head == "score":
        return _score(row, wide)
    if head == "top 3":
        share = _number(row, _TOP, 100.0)
        return share and f"{share} %"
    if head in _CONTACTS:
        return _number(row, f"{_CONTACTS[head]}_mutual_eV_per_atom", 1000.0)
    if head == "bridge":
        return _number(row, "bridge_margin_V", digits=2)
    if head == "comp.":
        return _number(row, "lithium_competitors")
    words = {"verdict": cells.verdict_word, "made": cells.made}
    return words[head](row) if head in words else cells.text(row["role"])


def fitted(columns: dict[str, list[str]], cut: Sequence[str] = (NAME,)) -> list[str]:
    """Return the lines of a table that fits: narrow gaps, short roles, fewer columns, cut texts.

    Parameters
    ----------
    columns : dict
        Cells of each column, its head first; columns without a place are taken out of it.
    cut : sequence of str
        Columns whose texts may be cut, the first most.
    """

    def over(gap: str, least: int) -> int:
        """Places too many when the texts that may be cut have ``least`` places each."""
        wide = {head: max(map(places, cells)) for head, cells in columns.items()}
        wide |= {head: min(wide[head], least) for head in cut}
        return sum(wide.values()) + len(gap) * (len(wide) - 1) + len(_INDENT) - page_width()

    gap = " " if over(_INDENT, page_width()) > 0 else _INDENT
    if over(gap, _LEAST) > 0:
        columns["role"] = [cells.SHORT_ROLES.get(role, role) for role in columns["role"]]
    for head in _SPARED:
        if over(gap, _LEAST) > 0:
            columns.pop(head, None)
    for head in cut:
        widest = min(page_width(), max(map(places, columns[head])))
        least = max(_LEAST, widest - max(0, over(gap, page_width())))
        columns[head] = [short(name, least) for name in columns[head]]
    left = [n for n, head in enumerate(columns) if head in _TEXTS or head in cut]
    rows = list(zip(*columns.values(), strict=True))
    return table(rows, left=left, gap=gap, limit=page_width() - len(_INDENT))


def _score(row: _Row, wide: int) -> str:
    """Write a score with its standard deviation, the signs below each other."""
    score, std = rounded(row["score_meV_per_atom"], 0), _number(row, _STD)
    if not wide:
        return score
    return score + (f" ± {std:>{wide}}" if std else " " * (wide + 3))


def _number(row: _Row, key: str, factor: float = 1.0, digits: int = 0) -> str:
    value = cells.number(row.get(key))
    return "" if math.isnan(value) else rounded(factor * value, digits)
