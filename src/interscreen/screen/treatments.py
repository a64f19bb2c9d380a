"""Treatments of a study: what is left of each surface after every step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..answers.lithiation import format_amounts
from ..answers.treat import treat
from ..errors import reason_of
from ..phases.columns import columns_of
from ..phases.material import Material
from ..phases.table import PhaseTable
from .entries import MaterialEntry, TreatmentEntry, with_deposit
from .tables import FAILED, OK

Row = dict[str, Any]


def treatment_rows(
    table: PhaseTable,
    treatments: Sequence[TreatmentEntry],
    electrolytes: Sequence[MaterialEntry],
    candidates: Sequence[MaterialEntry],
) -> list[Row]:
    """Rows of treatments.csv, one for each step of each surface.

    A treatment that cannot be computed is one row with the reason; it never stops the others.
    """
    found = []
    for each in treatments:
        for entry in each.of or electrolytes:
            for candidate in candidates if each.deposits else (None,):
                found += list(_rows(table, each, entry, candidate))
    return found


def _rows(
    table: PhaseTable, each: TreatmentEntry, entry: MaterialEntry, candidate: MaterialEntry | None
) -> Iterator[Row]:
    """Rows of one surface."""
    known: Row = dict.fromkeys(columns_of("treatments"), "") | {
        "treatment": each.label,
        "surface": entry.label,
        "candidate": candidate.label if candidate else "",
        "step": None,
        "temperature_K": None,
    }
    try:
        formula = candidate.formula if candidate else ""
        steps = [with_deposit(text, formula) for text in each.steps]
        done = treat(table, Material(entry.formula, name=entry.name), steps)
    except Exception as error:  # one treatment must not stop the others; the row says why
        yield known | {"status": FAILED, "reason": reason_of(error)}
        return
    warnings = "; ".join(done.provenance["warnings"])
    for number, (text, step) in enumerate(zip(each.steps, done.steps, strict=True), start=1):
        yield known | {
            "step": number,
            "treatment_step": text,
            "temperature_K": step.conditions["temperature_K"],
            "phases_left": format_amounts(step.phases),
            "taken_up": format_amounts(step.taken_up),
            "given_off": format_amounts(step.given_off),
            "status": OK,
            "warnings": warnings,
            "source": done.provenance["source_label"],
        }
