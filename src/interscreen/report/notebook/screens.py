"""A finished screen in a notebook: the ranking and the heatmap."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from ...screen.ranking import OVERALL
from ...screen.runner import ScreenResult
from .. import cells
from ..markup import marked
from .card import Card, Column, fixed
from .headlines import headline
from .questions import MEV

if TYPE_CHECKING:
    import pandas as pd

_OK = "ok"
_RANKS = 20  # of each ranking that are shown
_MOVES = 0.5  # a smaller change reads as zero [meV/atom]
_Row = Mapping[Hashable, Any]
_TABLES = (
    "results reactions windows lithiation ranking weights uncertainty sensitivity surroundings"
)


def show_screen(card: Card, result: ScreenResult) -> None:
    """Rankings, what failed, the heatmap, and where everything is."""
    from ..figures.heatmap import reaction_heatmap
    from ..figures.run import ranked

    results, ranking = result.results, result.ranking
    card.title(
        f"Screen of {results['candidate'].nunique()} candidates against "
        f"{', '.join(dict.fromkeys(results['electrolyte'].astype(str)))}"
    )
    blocks = [
        ("Overall: mean over the electrolytes" if name == OVERALL else f"On {name}", block)
        for name, block in ranking.groupby("electrolyte", sort=False)
    ]
    if blocks:
        said, block = blocks[0]
        card.line(f"<strong>{marked(said)}</strong>")
        _block(card, cells.records(block), "")
    bars = "score_low_meV_per_atom" in ranking.columns
    card.line(
        "Score: 0 is best. =: nearer to a neighbour than the method can tell apart. "
        + ("5 to 95 %, top 3: over samples of the energies. " if bars else "")
        + "Driving forces at 0 K, not rates.",
        "interscreen-foot",
    )
    if hull := _on_hull(results):
        card.line(
            f"{marked(', '.join(hull))}: the hull energy of the composition (no phase of the "
            "source), a lower bound: total driving forces are at least those computed."
        )
    for line in cells.reasons(cells.records(results)):
        card.line(marked(line), "interscreen-warning")
    card.figure(lambda: reaction_heatmap(ranked(results, ranking)), headline(result))
    for said, block in blocks[1:]:
        _block(card, cells.records(block), said)
    there = [name for name in _TABLES.split() if getattr(result, name) is not None]
    card.line(f"Tables: {', '.join(f'<code>.{name}</code>' for name in there)}")
    card.warnings(result.warnings)
    source = next((cells.text(value) for value in results.get("source", [])), "not stated")
    card.foot(source, result.left_out)


def _on_hull(results: pd.DataFrame) -> list[str]:
    """Candidates and electrolytes without an energy of their own."""
    found: dict[str, None] = {}
    for row in cells.records(results):
        for side in ("electrolyte", "candidate"):
            if row.get(f"{side}_energy_source") == "hull":
                found[cells.text(row[side])] = None
    return list(found)


def _block(card: Card, rows: list[dict[Hashable, Any]], summary: str) -> None:
    """Ranking of one electrolyte, or overall; folded when there is a summary."""
    good = [row for row in rows if row.get("status") == _OK]
    bars = any(not math.isnan(cells.number(row.get("score_low_meV_per_atom"))) for row in good)
    contacts = {
        name: f"{name}_mutual_eV_per_atom" for name in ("deposited", "layer", "worst_product")
    }
    own = any(not math.isnan(cells.number(row.get(contacts["layer"]))) for row in good)
    suspects = any(cells.text(row.get("suspect_phase")) for row in good)
    columns = [Column("Rank", numbers=True), Column("Candidate"), Column("Role")]
    columns += [Column("Score", MEV, numbers=True)]
    if bars:
        columns += [Column("5 to 95 %", MEV, numbers=True), Column("Top 3", numbers=True)]
    columns += [Column("Converted layer")]
    if own:
        columns += [
            Column("As deposited", MEV, numbers=True),
            Column("Layer", MEV, numbers=True),
            Column("Worst product", MEV, numbers=True),
            Column("Bridge", "V", numbers=True),
        ]
    if suspects:
        columns += [Column("Suspect phase", f"change without it, {MEV}")]
    table = []
    for row in good:
        line = [
            _rank(row), marked(cells.text(row["candidate"])), marked(cells.text(row["role"])),
            _whole(row, "score_meV_per_atom"),
        ]  # fmt: skip
        if bars:
            line += [_interval(row), _share(cells.number(row.get("probability_top3")))]
        line += [marked(cells.text(row.get("layer")))]
        if own:
            line += [_whole(row, key, 1000.0) for key in contacts.values()]
            line += [_number(cells.number(row.get("bridge_margin_V")), 2)]
        if suspects:
            line += [_suspect(row)]
        table.append(line)
    if table:
        card.table(columns, table, summary=summary, most=_RANKS)
    elif summary:
        card.line(f"{marked(summary)}: nothing could be computed.")


def _number(value: float, digits: int) -> str:
    return "" if math.isnan(value) else fixed(value, digits)


def _whole(row: _Row, key: str, factor: float = 1.0) -> str:
    return _number(factor * cells.number(row.get(key)), 0)


def _rank(row: _Row) -> str:
    rank = _number(cells.number(row.get("rank")), 0)
    return rank + ("=" if cells.text(row.get("tied_with")) else "")


def _interval(row: _Row) -> str:
    low, high = (_whole(row, f"score_{end}_meV_per_atom") for end in ("low", "high"))
    return f"{low} to {high}" if low and high else ""


def _share(value: float) -> str:
    """Write a probability; one is never certain, nor impossible, from samples alone."""
    if math.isnan(value):
        return ""
    if value > 0.99:
        return "&gt; 99 %"
    return "&lt; 1 %" if value < 0.01 else f"{100.0 * value:.0f} %"


def _suspect(row: _Row) -> str:
    phase = cells.text(row.get("suspect_phase"))
    change = cells.number(row.get("suspect_change_meV_per_atom"))
    if not phase or math.isnan(change) or abs(change) < _MOVES:
        return ""
    sign = "+" if change > 0 else ""
    return f"{marked(phase)}: {sign}{fixed(change, 0)}"
