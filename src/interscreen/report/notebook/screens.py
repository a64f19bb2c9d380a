"""A finished screen in a notebook: the ranking and the heatmap."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from ...phases.columns import COLUMNS
from ...screen.ranking import OVERALL
from ...screen.run import ScreenResult
from .. import cells
from ..markup import marked
from .card import Card, Column, numeric, says, shows
from .values import MEV, fixed, plain

if TYPE_CHECKING:
    import pandas as pd

_RANKS = 20  # of each ranking that are shown
_MOVES = 0.5  # a smaller change reads as zero [meV/atom]
_Row = Mapping[Hashable, Any]
_TABLES = (
    "results reactions windows lithiation ranking weights uncertainty sensitivity surroundings"
)


@shows(ScreenResult)
def show_screen(result: ScreenResult, card: Card) -> None:
    """Write rankings, what failed, the heatmap, and where everything is."""
    from ..figures.heatmap import reaction_heatmap
    from ..figures.run import ranked

    results, ranking = result.results, result.ranking
    rows = cells.records(results)
    card.title(
        f"Screen of {results['candidate'].nunique()} candidates against "
        f"{', '.join(dict.fromkeys(results['electrolyte'].astype(str)))}"
    )
    blocks = [
        ("Overall: mean over the electrolytes" if name == OVERALL else f"On {name}", block)
        for name, block in ranking.groupby("electrolyte", sort=False)
    ]
    for head, block in blocks[:1]:
        card.line(f"<strong>{marked(head)}</strong>")
        _block(card, block, "")
    bars = "score_low_meV_per_atom" in ranking.columns
    card.line(
        "Score: 0 is best. =: nearer to a neighbour than the method can tell apart. "
        + ("5 to 95 %, top 3: over samples of the energies. " if bars else "")
        + "Driving forces at 0 K, not rates.",
        "interscreen-foot",
    )
    hull = dict.fromkeys(
        cells.text(row[side])
        for row in rows
        for side in ("electrolyte", "candidate")
        if row.get(f"{side}_energy_source") == "hull"
    )
    if hull:
        card.line(
            f"{marked(', '.join(hull))}: the hull energy of the composition (no phase of the "
            "source), a lower bound: total driving forces are at least those computed."
        )
    for line in cells.reasons(rows):
        card.line(marked(line), "interscreen-warning")
    card.figure(lambda: reaction_heatmap(ranked(results, ranking)), result)
    for head, block in blocks[1:]:
        _block(card, block, head)
    there = [name for name in _TABLES.split() if getattr(result, name) is not None]
    card.line(f"Tables: {', '.join(f'<code>.{name}</code>' for name in there)}")
    card.warnings(result.warnings)
    source = next((cells.text(value) for value in results.get("source", [])), "not stated")
    card.foot(source, result.left_out)


def _block(card: Card, block: pd.DataFrame, summary: str) -> None:
    """Write the ranking of one electrolyte, or overall; folded when there is a summary."""
    good = [row for row in cells.records(block) if row.get("status") == "ok"]
    columns = [numeric(COLUMNS["rank"].label, _rank), _text("candidate"), _text("role")]
    columns += [_energy("score_meV_per_atom", factor=1.0)]
    if _known(good, "score_low_meV_per_atom"):
        columns += [numeric("5 to 95 %", _interval, MEV), numeric("Top 3", _share)]
    columns += [_text("layer")]
    if _known(good, "layer_mutual_eV_per_atom"):
        columns += [
            _energy("deposited_mutual_eV_per_atom"),
            _energy("layer_mutual_eV_per_atom"),
            _energy("worst_product_mutual_eV_per_atom"),
            numeric(COLUMNS["bridge_margin_V"].label,
                    lambda row: plain(cells.number(row.get("bridge_margin_V")), 2), "V"),
        ]  # fmt: skip
    if any(cells.text(row.get("suspect_phase")) for row in good):
        head = COLUMNS["suspect_phase"].label
        columns += [Column(head, _suspect, f"change without it, {MEV}")]
    if good:
        card.table(good, *columns, summary=summary, most=_RANKS)
    elif summary:
        card.line(f"{marked(summary)}: nothing could be computed.")


def _known(rows: list[dict[Hashable, Any]], key: str) -> bool:
    return any(not math.isnan(cells.number(row.get(key))) for row in rows)


def _text(key: str) -> Column:
    return Column(COLUMNS[key].label, lambda row: marked(cells.text(row.get(key))))


def _energy(key: str, factor: float = 1000.0) -> Column:
    return numeric(COLUMNS[key].label, lambda row: _whole(row, key, factor), MEV)


def _whole(row: _Row, key: str, factor: float = 1.0) -> str:
    return plain(factor * cells.number(row.get(key)), 0)


def _rank(row: _Row) -> str:
    return _whole(row, "rank") + ("=" if cells.text(row.get("tied_with")) else "")


def _interval(row: _Row) -> str:
    low, high = (_whole(row, f"score_{end}_meV_per_atom") for end in ("low", "high"))
    return f"{low} to {high}" if low and high else ""


def _share(row: _Row) -> str:
    """Write a probability; one is never certain, nor impossible, from samples alone."""
    value = cells.number(row.get("probability_top3"))
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
    return f"{marked(phase)}: {'+' if change > 0 else ''}{fixed(change, 0)}"


@says(ScreenResult)
def _screen(result: ScreenResult) -> str:
    results = result.results
    counts = (results["candidate"].nunique(), results["electrolyte"].nunique())
    head = f"{counts[0]} candidates x {counts[1]} electrolytes, {result.failed} rows failed"
    good = result.ranking[result.ranking["status"] == "ok"]
    first = [
        f"{electrolyte}: {block['candidate'].iloc[0]}"
        for electrolyte, block in good.groupby("electrolyte", sort=False)
    ]
    more = f" and {len(first) - 4} more" if len(first) > 4 else ""
    return f"{head}; first in the ranking: {', '.join(first[:4])}{more}" if first else head
