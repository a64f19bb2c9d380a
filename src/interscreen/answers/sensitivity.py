"""Which phases decide the answers of a study, and how far these move without the suspect ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InterscreenError
from ..phases.columns import columns_of
from ..phases.hull import stability
from ..phases.material import Material, resolve
from ..phases.result import Result
from ..phases.suspects import (
    ATOMS,
    BARELY_STABLE,
    MARGIN_EV,
    check_limits,
    is_firm,
    suspects,
    tells_observed,
)
from ..phases.table import PhaseTable
from .deciding import SCORE, Answers, Score, Variants

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Reasons = dict[int, tuple[str, ...]]

ALL_SUSPECTS = "all suspects"
_NOISE = 1e-9  # changes below this are rounding [eV/atom, V, meV/atom]


@dataclass(frozen=True)
class Sensitivity(Result):
    """How far the answers of a study rest on suspect phases.

    Attributes
    ----------
    rows : tuple of dict
        See ``stack_sensitivity``.
    failed : tuple of (str, str, str)
        Candidate, electrolyte and reason of the stacks that could not be computed.
    """

    rows: tuple[Row, ...]
    failed: tuple[tuple[str, str, str], ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a table with the columns of sensitivity.csv."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=columns_of("sensitivity"))


def sensitivity(
    table: PhaseTable,
    candidates: Sequence[str | Material],
    electrolytes: Sequence[str | Material],
    *,
    only_suspects: bool = True,
    score: Score | None = None,
    margin: float = MARGIN_EV,
    atoms: int = ATOMS,
) -> Sensitivity:
    """Leave suspect phases out of every stack of a study, but none of the study's own materials.

    Parameters and errors: see ``stack_sensitivity``; a stack that fails is named in ``failed``.
    """
    check_limits(margin, atoms)
    keep = tuple(resolve(given)[1].text for given in (*candidates, *electrolytes))
    rows: list[Row] = []
    failed = []
    for candidate in candidates:
        for electrolyte in electrolytes:
            try:
                rows += stack_sensitivity(
                    table, candidate, electrolyte, only_suspects=only_suspects, score=score,
                    margin=margin, atoms=atoms, keep=keep,
                )  # fmt: skip
            except InterscreenError as error:
                labels = (resolve(candidate)[0].label, resolve(electrolyte)[0].label)
                failed.append((*labels, str(error)))
    return Sensitivity(tuple(rows), tuple(failed))


def stack_sensitivity(
    table: PhaseTable,
    candidate: str | Material,
    electrolyte: str | Material,
    *,
    only_suspects: bool = True,
    score: Score | None = None,
    margin: float = MARGIN_EV,
    atoms: int = ATOMS,
    keep: Iterable[str] = (),
) -> list[Row]:
    """Answers of one stack, with each suspect phase that decides them left out, and with all.

    What decides an answer: see ``deciding``.  ``all suspects`` goes on until no suspect is left
    among the deciding phases, because the next in line may be one, too.  Of barely stable phases
    the least stable is left out first: without it the others may stand firm.  Phases with weak
    reasons only (``suspects.WEAK``) have rows of their own, but are kept there.

    Parameters
    ----------
    only_suspects : bool
        False: leave out every deciding phase in turn, the ones beyond suspicion, too.
    score : callable, optional
        From the values of ``deciding.QUANTITIES`` (a mapping) to a score [meV/atom].
    margin, atoms : float [eV/atom], int
        See ``suspects.suspect_reasons``.
    keep : iterable of str
        Formulas or mixtures that are never left out, besides both sides of the stack.

    Returns
    -------
    list of dict
        Keys are the columns of sensitivity.csv; per quantity one row for each phase left out, then
        one of ``all suspects`` (change 0 where there is none).  The change is None where one of
        the two values does not exist.
    """
    check_limits(margin, atoms)
    variants = Variants(table, resolve(candidate)[0], resolve(electrolyte)[0], keep, score)
    limits = {"margin": margin, "atoms": atoms, "unknown": tells_observed(table)}
    base = variants.answers()
    doubts = _doubts(variants, frozenset(), limits)
    last, blamed = _without_suspects(variants, doubts, limits)
    rows = []
    for quantity, value in base.values.items():
        decisive = base.deciding[quantity]
        left_out = [
            (variants.name(row), "; ".join(doubts.get(row, ())), variants.answers(frozenset({row})))
            for row in sorted(variants.rows(decisive), key=variants.name)
            if row in doubts or not only_suspects
        ]
        why = "; ".join(
            f"{variants.name(row)}: {', '.join(reasons)}"
            for row, reasons in blamed[quantity].items()
        )
        left_out.append((ALL_SUSPECTS, why, last if why else base))
        for phase, reason, answers in left_out:
            without = answers.values[quantity]
            change = None if value is None or without is None else without - value
            rows.append(
                {
                    "candidate": variants.candidate.label,
                    "electrolyte": variants.electrolyte.label,
                    "quantity": quantity,
                    "value": value,
                    "deciding_phases": " ".join(sorted(decisive)),
                    "left_out_phase": phase,
                    "suspect_reason": reason,
                    "value_without": without,
                    "change": 0.0 if change is not None and abs(change) < _NOISE else change,
                    "products_without": answers.products[quantity],
                }
            )
    return rows


def _doubts(variants: Variants, out: frozenset[int], limits: dict[str, Any]) -> Reasons:
    """Suspects that decide an answer, where some phases are left out already."""
    phases = frozenset().union(*variants.answers(out).deciding.values())
    return suspects(variants.without(out), variants.rows(phases) - out, **limits)


def _without_suspects(
    variants: Variants, doubts: Reasons, limits: dict[str, Any]
) -> tuple[Answers, dict[str, Reasons]]:
    """Answers that no firm suspect decides, and for each the suspects left out on the way."""
    out: frozenset[int] = frozenset()
    answers = variants.answers()
    blamed: dict[str, Reasons] = {quantity: {} for quantity in answers.values}
    while firm := {row: reasons for row, reasons in doubts.items() if is_firm(reasons)}:
        # reasons beyond a small margin come first
        leaving = frozenset(
            row
            for row, reasons in firm.items()
            if is_firm(reason for reason in reasons if not reason.startswith(BARELY_STABLE))
        )
        if not leaving:
            rows = np.array(sorted(firm))
            margins = stability(variants.without(out), rows).margin
            leaving = frozenset({int(rows[np.argmin(margins)])})
        for quantity, phases in answers.deciding.items():
            for row in sorted(leaving & variants.rows(phases), key=variants.name):
                blamed[quantity][row] = firm[row]
        out |= leaving
        answers = variants.answers(out)
        doubts = _doubts(variants, out, limits)
    return answers, blamed


def strongest_suspects(
    rows: Iterable[Row], quantity: str = SCORE
) -> dict[tuple[str, str], tuple[str, float]]:
    """Return the suspect phase that moves an answer most, and its change, for each stack.

    The keys are (candidate, electrolyte), the change is in the unit of the quantity; stacks whose
    answer no suspect moves are not in it.  ``rows`` are those of ``stack_sensitivity``.
    """
    found: dict[tuple[str, str], tuple[str, float]] = {}
    for row in rows:
        if row["quantity"] != quantity or row["left_out_phase"] == ALL_SUSPECTS:
            continue
        change, stack = row["change"], (row["candidate"], row["electrolyte"])
        if row["suspect_reason"] and change and abs(change) > abs(found.get(stack, ("", 0.0))[1]):
            found[stack] = (row["left_out_phase"], change)
    return found
