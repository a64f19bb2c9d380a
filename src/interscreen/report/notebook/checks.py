"""What a result rests on, in a notebook: suspect phases, validation, the phases themselves."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from ...answers.sensitivity import ALL_SUSPECTS, Sensitivity
from ...phases.columns import COLUMNS
from ...phases.table import PhaseTable
from ...validation import Validation
from ...validation.predictive import LEVEL
from ...validation.published import Comparison
from ..markup import linked, marked
from .card import Card, Column, numeric, says, shows
from .values import cell, fixed, plain, shown_unit

_CHANGED = 5e-5  # a smaller change reads as zero [eV/atom, V]


@shows(Sensitivity)
def show_sensitivity(result: Sensitivity, card: Card) -> None:
    """Write answers that move without a suspect phase; count the others."""
    stacks = len({(row["candidate"], row["electrolyte"]) for row in result.rows})
    card.title(f"Sensitivity to suspect phases: {stacks} stack{'' if stacks == 1 else 's'}")
    left_out = [row for row in result.rows if row["suspect_reason"]]
    changed = [row for row in left_out if row["change"] is None or abs(row["change"]) > _CHANGED]
    all_answers, moved_answers = (
        len({(row["candidate"], row["electrolyte"], row["quantity"]) for row in rows})
        for rows in (result.rows, changed)
    )
    card.line(
        f"{moved_answers} of {all_answers} answers change when suspect phases are left out."
        if left_out
        else "No suspect phase decides any answer."
    )
    # the only suspect of an answer is also all of its suspects
    moved = [
        row
        for row in changed
        if row["left_out_phase"] != ALL_SUSPECTS or "; " in row["suspect_reason"]
    ]
    if moved:
        card.table(
            moved,
            _text("Candidate", "candidate"),
            _text("Electrolyte", "electrolyte"),
            Column("Answer", _quantity),
            numeric("With it", lambda row: cell(row["quantity"], row["value"])),
            numeric(
                "Without it", lambda row: cell(row["quantity"], row["value_without"]) or "none"
            ),
            _text("Left out", "left_out_phase"),
            _text("Why it is suspect", "suspect_reason"),
            _text("Then", "products_without"),
        )
    for candidate, electrolyte, reason in result.failed:
        card.line(
            marked(f"{candidate} | {electrolyte} could not be computed: {reason}"),
            "interscreen-warning",
        )


def _text(label: str, key: str) -> Column:
    return Column(label, lambda row: marked(str(row[key] or "")))


def _quantity(row: dict[str, Any]) -> str:
    quantity = row["quantity"]
    unit = shown_unit(quantity)
    label = COLUMNS[quantity].label if quantity in COLUMNS else quantity
    return marked(label) + (f" [{escape(unit)}]" if unit else "")


@says(Sensitivity)
def _sensitivity(result: Sensitivity) -> str:
    moved = sum(bool(row["suspect_reason"]) and bool(row["change"]) for row in result.rows)
    return f"{len(result.rows)} rows, {moved} answers moved, {len(result.failed)} stacks failed"


@shows(Validation)
def show_validation(result: Validation, card: Card) -> None:
    """Put published numbers beside those of the source; count correlations with cells."""
    tested = [row.p_holm for row in result.correlations if row.p_holm is not None]
    beyond = sum(p < LEVEL for p in tested)
    computed = sum(one.metrics is not None for one in result.cells)
    card.title(f"Validation of the source {result.provenance['source']}")
    card.facts(
        [
            ("Published numbers", marked(_verdicts(result)) or "none could be compared"),
            ("Passed", "yes" if result.passed else "<strong>no</strong>"),
            ("Measured cells", f"{len(result.cells)}, of which {computed} could be computed"),
            (
                "Correlations with measurements",
                f"{len(tested)} tested, {beyond} beyond chance (Holm, {fixed(100 * LEVEL)} %)"
                if tested
                else "too few cells for any",
            ),
        ]
    )
    reasons = dict.fromkeys(row.reason for row in result.published if row.reason)
    notes = {reason: number for number, reason in enumerate(reasons, 1)}
    card.table(
        result.published,
        Column("Material", lambda row: marked(row.item)),
        Column("Quantity", _published),
        numeric("Published", lambda row: fixed(row.published, 2 if _in_volts(row) else 0)),
        numeric("Here", lambda row: plain(row.value, 3 if _in_volts(row) else 1)),
        numeric("Off by", lambda row: plain(row.deviation, 3 if _in_volts(row) else 1)),
        numeric("Allowed", lambda row: f"{row.tolerance:g}"),
        Column(
            "Verdict",
            lambda row: marked(row.verdict) + (f" [{notes[row.reason]}]" if row.reason else ""),
        ),
        Column("Reference", lambda row: linked(row.reference)),
        summary=f"The {len(result.published)} published numbers",
        unfolded=not result.passed,
        notes=[f"[{at}] {marked(reason)}" for reason, at in notes.items()],
    )
    card.foot(result.provenance["source_label"], result.provenance["left_out_phases"])


def _in_volts(row: Comparison) -> bool:
    return row.quantity.endswith("_V")


def _published(row: Comparison) -> str:
    quantity = row.quantity.removesuffix("_V").removesuffix("_meV_per_atom").replace("_", " ")
    unit = "V" if _in_volts(row) else "meV/atom"
    return f"{escape(quantity.replace('0V', 'at 0 V'))} <small>{unit}</small>"


def _verdicts(result: Validation) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items())


@says(Validation)
def _validation(result: Validation) -> str:
    return f"{result.provenance['source']}: {_verdicts(result) or 'nothing compared'}"


@shows(PhaseTable)
def show_phases(table: PhaseTable, card: Card) -> None:
    """Say what a table holds and where it comes from."""
    source, energies = table.source, table.energies[table.counted]
    made = (
        f"{np.count_nonzero(table.observed == value):,} {word}"
        for word, value in (("yes", 1), ("no", 0), ("not known", -1))
    )
    card.title(f"PhaseTable: {len(table):,} formulas of {len(table.elements)} elements")
    added = ", ".join(f"{file['entries']} of {file['file']}" for file in source.added)
    card.facts(
        [
            (
                "Counted in equilibria",
                f"{int(table.counted.sum()):,} of {len(table):,} formulas "
                f"({int(table.structures.sum()):,} structures; the lowest energy of each formula)",
            ),
            ("Made by somebody", ", ".join(made)),
            (
                "Formation energies",
                f"{fixed(float(energies.min()), 3)} to {fixed(float(energies.max()), 3)} eV/atom"
                if len(energies)
                else "",
            ),
            ("Elements", escape(" ".join(table.elements))),
            ("Calculations", escape(source.thermo_type)),
            ("Version", escape(source.version)),
            ("Entries of your own", marked(added)),
            ("Cite", linked(source.citation)),
        ]
    )
    card.warnings(source.notes)
    card.foot(source.label, table.left_out)


@says(PhaseTable)
def _phases(table: PhaseTable) -> str:
    return repr(table)
