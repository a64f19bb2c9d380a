"""What a result rests on, in a notebook: suspect phases, validation, the phases themselves."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ...answers.sensitivity import ALL_SUSPECTS, Sensitivity
from ...phases.columns import COLUMNS
from ..markup import linked, marked
from .card import Card, Column, fixed
from .fields import cell, shown_unit

if TYPE_CHECKING:
    from ...phases.table import PhaseTable
    from ...validation import Validation
    from ...validation.published import Comparison

_CHANGED = 5e-5  # a smaller change reads as zero [eV/atom, V]


def show_sensitivity(card: Card, result: Sensitivity) -> None:
    """Answers that move without a suspect phase; the others are counted."""
    stacks = dict.fromkeys((row["candidate"], row["electrolyte"]) for row in result.rows)
    card.title(f"Sensitivity to suspect phases: {len(stacks)} {_plural(len(stacks), 'stack')}")
    left_out = [row for row in result.rows if row["suspect_reason"]]
    answers = {_answer(row) for row in result.rows}
    changed = [row for row in left_out if row["change"] is None or abs(row["change"]) > _CHANGED]
    card.line(
        f"{len({_answer(row) for row in changed})} of {len(answers)} answers change when suspect "
        "phases are left out."
        if left_out
        else "No suspect phase decides any answer."
    )
    moved: list[dict[str, Any]] = []
    for row in changed:  # the only suspect of an answer is also all of its suspects
        if row["left_out_phase"] != ALL_SUSPECTS or "; " in row["suspect_reason"]:
            moved.append(row)
    if moved:
        card.table(
            [
                Column("Candidate"),
                Column("Electrolyte"),
                Column("Answer"),
                Column("With it", numbers=True),
                Column("Without it", numbers=True),
                Column("Left out"),
                Column("Why it is suspect"),
                Column("Then"),
            ],
            [_moved(row) for row in moved],
        )
    for candidate, electrolyte, reason in result.failed:
        said = f"{candidate} | {electrolyte} could not be computed: {reason}"
        card.line(marked(said), "interscreen-warning")


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _answer(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["candidate"], row["electrolyte"], row["quantity"]


def _moved(row: dict[str, Any]) -> list[str]:
    quantity = row["quantity"]
    unit = shown_unit(quantity)
    label = COLUMNS[quantity].label if quantity in COLUMNS else quantity
    return [
        marked(str(row["candidate"])),
        marked(str(row["electrolyte"])),
        marked(label) + (f" [{escape(unit)}]" if unit else ""),
        cell(quantity, row["value"]),
        cell(quantity, row["value_without"]) or "none",
        marked(str(row["left_out_phase"])),
        marked(str(row["suspect_reason"])),
        marked(str(row["products_without"] or "")),
    ]


def show_validation(card: Card, result: Validation) -> None:
    """Put published numbers beside those of the source; count correlations with cells."""
    from ...validation.predictive import LEVEL

    counts = ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items())
    tested = [row for row in result.correlations if row.p_holm is not None]
    beyond = [row for row in tested if row.p_holm is not None and row.p_holm < LEVEL]
    computed = sum(one.metrics is not None for one in result.cells)
    card.title(f"Validation of the source {result.provenance['source']}")
    card.facts(
        [
            ("Published numbers", marked(counts) or "none could be compared"),
            ("Passed", "yes" if result.passed else "<strong>no</strong>"),
            ("Measured cells", f"{len(result.cells)}, of which {computed} could be computed"),
            (
                "Correlations with measurements",
                f"{len(tested)} tested, {len(beyond)} beyond chance (Holm, {fixed(100 * LEVEL)} %)"
                if tested
                else "too few cells for any",
            ),
        ]
    )
    notes: dict[str, int] = {}
    rows = [_compared(row, notes) for row in result.published]
    card.table(
        [
            Column("Material"),
            Column("Quantity"),
            Column("Published", numbers=True),
            Column("Here", numbers=True),
            Column("Off by", numbers=True),
            Column("Allowed", numbers=True),
            Column("Verdict"),
            Column("Reference"),
        ],
        rows,
        summary=f"The {len(result.published)} published numbers",
        unfolded=not result.passed,
        notes=[f"[{at}] {marked(reason)}" for reason, at in notes.items()],
    )
    card.foot(result.provenance["source_label"], result.provenance["left_out_phases"])


def _compared(row: Comparison, notes: dict[str, int]) -> list[str]:
    """Cells of one published number; reasons are numbered in ``notes``."""
    unit = "V" if row.quantity.endswith("_V") else "meV/atom"
    quantity = row.quantity.removesuffix("_V").removesuffix("_meV_per_atom").replace("_", " ")
    digits = 3 if unit == "V" else 1
    verdict = marked(row.verdict)
    if row.reason:
        verdict += f" [{notes.setdefault(row.reason, len(notes) + 1)}]"
    return [
        marked(row.item),
        f"{escape(quantity.replace('0V', 'at 0 V'))} <small>{unit}</small>",
        fixed(row.published, 2 if unit == "V" else 0),
        *("" if v is None else fixed(v, digits) for v in (row.value, row.deviation)),
        f"{row.tolerance:g}",
        verdict,
        linked(row.reference),
    ]


def show_phases(card: Card, table: PhaseTable) -> None:
    """Say what a table holds and where it comes from."""
    source = table.source
    made = {name: int(np.count_nonzero(table.observed == value)) for name, value in _MADE.items()}
    energies = table.energies[table.counted]
    card.title(f"PhaseTable: {len(table):,} formulas of {len(table.elements)} elements")
    added = ", ".join(f"{file['entries']} of {file['file']}" for file in source.added)
    card.facts(
        [
            (
                "Counted in equilibria",
                f"{int(table.counted.sum()):,} of {len(table):,} formulas "
                f"({int(table.structures.sum()):,} structures; the lowest energy of each formula)",
            ),
            (
                "Made by somebody",
                f"{made['yes']:,} yes, {made['no']:,} no, {made['unknown']:,} not known",
            ),
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


_MADE = {"yes": 1, "no": 0, "unknown": -1}
