"""A finished screen in a notebook, and what its results rest on: suspect phases, validation."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from ...answers.sensitivity import ALL_SUSPECTS, Sensitivity
from ...phases.columns import COLUMNS
from ...screen.folder import TABLES
from ...screen.ranking import OVERALL
from ...screen.run import ScreenResult
from ...validation import Validation
from ...validation.predictive import LEVEL
from .. import cells
from ..markup import linked, marked
from ..units import MEV, unit_of
from .card import Card, Html, Number, cell, fixed, label_of, says, shows

if TYPE_CHECKING:
    import pandas as pd

_RANKS = 20  # of each ranking that are shown
_MOVES = 0.5  # a smaller change reads as zero [meV/atom]
_CHANGED = 5e-5  # a smaller change reads as zero [eV/atom, V]
_Row = Mapping[Hashable, Any]


@shows(ScreenResult)
def _show_screen(result: ScreenResult, card: Card) -> None:
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
        card.line(Html(f"<strong>{marked(head)}</strong>"))
        _block(card, block, "")
    bars = "score_low_meV_per_atom" in ranking.columns
    card.line(
        "Score: 0 is best. =: nearer to a neighbour than the method can tell apart. "
        + ("5 to 95 %, top 3: over samples of the energies. " if bars else "")
        + "Driving forces, not rates.",
        "foot",
    )
    hull = dict.fromkeys(
        cells.text(row[side])
        for row in rows
        for side in ("electrolyte", "candidate")
        if row.get(f"{side}_energy_source") == "hull"
    )
    if hull:
        card.line(
            f"{', '.join(hull)}: the hull energy of the composition (no phase of the source), a "
            "lower bound: total driving forces are at least those computed."
        )
    for line in cells.reasons(rows):
        card.line(line, "warning")
    card.figure(result)
    for head, block in blocks[1:]:
        _block(card, block, head)
    there = [f"<code>.{name}</code>" for name in TABLES if getattr(result, name) is not None]
    card.line(Html(f"Tables: {', '.join(there)}"))
    card.warnings(result.warnings)
    source = next((cells.text(value) for value in results.get("source", [])), "not stated")
    card.foot(source, result.left_out)


def _block(card: Card, block: pd.DataFrame, summary: str) -> None:
    """Write the ranking of one electrolyte, or overall; folded when there is a summary."""
    good = [row for row in cells.records(block) if row.get("status") == "ok"]

    def known(key: str) -> bool:
        return any(not math.isnan(cells.number(row.get(key))) for row in good)

    heads = [label_of(key) for key in ("rank", "candidate", "role")]
    heads += ["Made", label_of("lithium_competitors")]
    heads.append(f"{label_of('score_meV_per_atom')}|{MEV}")
    bars, contacts = known("score_low_meV_per_atom"), known("layer_mutual_eV_per_atom")
    suspects = any(cells.text(row.get("suspect_phase")) for row in good)
    heads += [f"5 to 95 %|{MEV}", "Top 3"] if bars else []
    heads.append(label_of("layer"))
    energies = [f"{kind}_mutual_eV_per_atom" for kind in ("deposited", "layer", "worst_product")]
    if contacts:
        heads += [f"{label_of(key)}|{MEV}" for key in energies]
        heads.append(f"{label_of('bridge_margin_V')}|V")
    if suspects:
        heads.append(f"{label_of('suspect_phase')}|change when left out or put back, {MEV}")
    lines = []
    for row in good:
        tied = "=" if cells.text(row.get("tied_with")) else ""
        line: list[Any] = [Number(_number(row, "rank") + tied)]
        line += [cells.text(row.get("candidate")), cells.text(row.get("role"))]
        line += [cells.made(row), _number(row, "lithium_competitors")]
        line.append(_number(row, "score_meV_per_atom"))
        if bars:
            low, high = (_number(row, f"score_{end}_meV_per_atom") for end in ("low", "high"))
            line += [Number(f"{low} to {high}" if low and high else ""), _share(row)]
        line.append(cells.text(row.get("layer")))
        if contacts:
            line += [_number(row, key, factor=1000.0) for key in energies]
            line.append(_number(row, "bridge_margin_V", digits=2))
        lines.append([*line, _suspect(row)] if suspects else line)
    if good:
        card.table(heads, lines, summary=summary, most=_RANKS)
    elif summary:
        card.line(f"{summary}: nothing could be computed.")


def _number(row: _Row, key: str, digits: int = 0, factor: float = 1.0) -> Number:
    return fixed(factor * cells.number(row.get(key)), digits)


def _share(row: _Row) -> Number:
    """Write a probability; one is never certain, nor impossible, from samples alone."""
    value = cells.number(row.get("probability_top3"))
    if math.isnan(value):
        return Number("")
    if value > 0.99:
        return Number("&gt; 99 %")
    return Number("&lt; 1 %" if value < 0.01 else f"{100.0 * value:.0f} %")


def _suspect(row: _Row) -> str:
    phase = cells.text(row.get("suspect_phase"))
    change = cells.number(row.get("suspect_change_meV_per_atom"))
    if not phase or math.isnan(change) or abs(change) < _MOVES:
        return ""
    direction = cells.text(row.get("suspect_direction"))
    return f"{phase} {direction}: {'+' if change > 0 else ''}{fixed(change, 0)}"


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


@shows(Sensitivity)
def _show_sensitivity(result: Sensitivity, card: Card) -> None:
    stacks = len({(row["candidate"], row["electrolyte"]) for row in result.rows})
    card.title(f"Sensitivity to phases in doubt: {stacks} stack{'' if stacks == 1 else 's'}")
    varied = [row for row in result.rows if row["suspect_reason"]]
    changed = [row for row in varied if row["change"] is None or abs(row["change"]) > _CHANGED]
    every, moved = (
        len({(row["candidate"], row["electrolyte"], row["quantity"]) for row in rows})
        for rows in (result.rows, changed)
    )
    card.line(
        f"{moved} of {every} answers change when phases in doubt are left out or put back."
        if varied
        else "No phase in doubt decides any answer."
    )
    # the only suspect of an answer is also all of its suspects
    lines = [
        (
            row["candidate"],
            row["electrolyte"],
            _quantity(row["quantity"]),
            cell(row["quantity"], row["value"]),
            cell(row["quantity"], row["value_then"]) or Number("none"),
            f"{row['phase']} {row['direction']}",
            row["suspect_reason"],
            row["products_then"] or "",
        )
        for row in changed
        if row["phase"] != ALL_SUSPECTS or "; " in row["suspect_reason"]
    ]
    if lines:
        heads = ["Candidate", "Electrolyte", "Answer", "Value", "Value then", "Phase"]
        card.table([*heads, "Why", "Then"], lines)
    for candidate, electrolyte, reason in result.failed:
        card.line(f"{candidate} | {electrolyte} could not be computed: {reason}", "warning")


def _quantity(key: str) -> Html:
    unit = unit_of(key)
    label = COLUMNS[key].label if key in COLUMNS else key
    return Html(marked(label) + (f" [{escape(unit)}]" if unit else ""))


@says(Sensitivity)
def _sensitivity(result: Sensitivity) -> str:
    moved = sum(bool(row["suspect_reason"]) and bool(row["change"]) for row in result.rows)
    return f"{len(result.rows)} rows, {moved} answers moved, {len(result.failed)} stacks failed"


@shows(Validation)
def _show_validation(result: Validation, card: Card) -> None:
    tested = [row.p_holm for row in result.correlations if row.p_holm is not None]
    beyond = sum(p < LEVEL for p in tested)
    computed = sum(one.metrics is not None for one in result.cells)
    card.title(f"Validation of the source {result.provenance['source']}")
    card.facts(
        ("Published numbers", _verdicts(result) or "none could be compared"),
        ("Passed", Html("yes" if result.passed else "<strong>no</strong>")),
        ("Measured cells", f"{len(result.cells)}, of which {computed} could be computed"),
        (
            "Correlations with measurements",
            f"{len(tested)} tested, {beyond} beyond chance (Holm, {fixed(100 * LEVEL)} %)"
            if tested
            else "too few cells for any",
        ),
    )
    reasons = dict.fromkeys(row.reason for row in result.published if row.reason)
    notes = {reason: number for number, reason in enumerate(reasons, 1)}
    lines = []
    for row in result.published:
        volts = row.quantity.endswith("_V")
        what = row.quantity.removesuffix("_V").removesuffix("_meV_per_atom").replace("_", " ")
        unit = "V" if volts else MEV
        lines.append(
            (
                row.item,
                Html(f"{escape(what.replace('0V', 'at 0 V'))} <small>{unit}</small>"),
                fixed(row.published, 2 if volts else 0),
                *(fixed(value, 3 if volts else 1) for value in (row.value, row.deviation)),
                Number(f"{row.tolerance:g}"),
                row.verdict + (f" [{notes[row.reason]}]" if row.reason else ""),
                Html(linked(row.reference)),
            )
        )
    heads = "Material, Quantity, Published, Here, Off by, Allowed, Verdict, Reference"
    card.table(
        heads.split(", "),
        lines,
        summary=f"The {len(result.published)} published numbers",
        unfolded=not result.passed,
        notes=[f"[{at}] {reason}" for reason, at in notes.items()],
    )
    card.foot(result.provenance["source_label"], result.provenance["left_out_phases"])


def _verdicts(result: Validation) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items())


@says(Validation)
def _validation(result: Validation) -> str:
    return f"{result.provenance['source']}: {_verdicts(result) or 'nothing compared'}"
