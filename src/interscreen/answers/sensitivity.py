"""Which phases decide the answers of a study, and how far these move with phases in doubt varied.

Suspects that count are left out, phases that do not count are put back.
"""

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
    left_out_reason,
    suspects,
    tells_observed,
)
from ..phases.table import PhaseTable
from .deciding import SCORE, Answers, Score, Variants
from .stack import Stack

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Reasons = dict[int, tuple[str, ...]]

ALL_SUSPECTS = "all suspects"
LEFT_OUT, PUT_BACK = "left out", "put back"
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
    """Leave suspect phases out of every stack of a study, and put those back that do not count.

    The study's own materials always count.

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
    known: Stack | None = None,
) -> list[Row]:
    """Answers of one stack, with each phase in doubt left out or put back, and without all.

    What decides an answer: see ``deciding``.  ``all suspects`` goes on until no suspect is left
    among the deciding phases, because the next in line may be one, too.  Of barely stable phases
    the least stable is left out first: without it the others may stand firm.  Phases with weak
    reasons only (``suspects.WEAK``) have rows of their own, but are kept there.  Each phase that
    does not count, and lies below the hull of those that do, is put back by itself.

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
    known : Stack, optional
        The stack as it is, where it has been computed.

    Returns
    -------
    list of dict
        Keys are the columns of sensitivity.csv; per quantity one row for each phase left out, one
        for each that decides the answer once it is put back, then one of ``all suspects`` (change 0
        where there is none).  The change is None where one of the two values does not exist.
    """
    check_limits(margin, atoms)
    variants = Variants(table, resolve(candidate)[0], resolve(electrolyte)[0], keep, score, known)
    limits = {"margin": margin, "atoms": atoms, "unknown": tells_observed(table)}
    base = variants.answers()
    doubts = _doubts(variants, frozenset(), limits)
    last, blamed = _without_suspects(variants, doubts, limits)
    back = [
        (variants.name(row), left_out_reason(variants.table, row),
         variants.answers(back=frozenset({row})))
        for row in sorted(variants.back().tolist(), key=variants.name)
    ]  # fmt: skip
    rows = []
    for quantity, value in base.values.items():
        decisive = base.deciding[quantity]
        varied = [
            (variants.name(row), LEFT_OUT, "; ".join(doubts.get(row, ())),
             variants.answers(frozenset({row})))
            for row in sorted(variants.rows(decisive), key=variants.name)
            if row in doubts or not only_suspects
        ]  # fmt: skip
        varied += [
            (phase, PUT_BACK, reason, answers)
            for phase, reason, answers in back
            if phase in answers.deciding[quantity]
        ]
        why = "; ".join(
            f"{variants.name(row)}: {', '.join(reasons)}"
            for row, reasons in blamed[quantity].items()
        )
        varied.append((ALL_SUSPECTS, LEFT_OUT, why, last if why else base))
        for phase, direction, reason, answers in varied:
            then = answers.values[quantity]
            change = None if value is None or then is None else then - value
            rows.append(
                {
                    "candidate": variants.candidate.label,
                    "electrolyte": variants.electrolyte.label,
                    "quantity": quantity,
                    "value": value,
                    "deciding_phases": " ".join(sorted(decisive)),
                    "phase": phase,
                    "direction": direction,
                    "suspect_reason": reason,
                    "value_then": then,
                    "change": 0.0 if change is not None and abs(change) < _NOISE else change,
                    "products_then": answers.products[quantity],
                }
            )
    return rows


def _doubts(variants: Variants, out: frozenset[int], limits: dict[str, Any]) -> Reasons:
    """Suspects that decide an answer, where some phases are left out already."""
    phases = frozenset().union(*variants.answers(out).deciding.values())
    return suspects(variants.varied(out), variants.rows(phases) - out, **limits)


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
            margins = stability(variants.varied(out), rows).margin
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
) -> dict[tuple[str, str], tuple[str, str, float]]:
    """Return the phase in doubt that moves an answer most, for each stack.

    The keys are (candidate, electrolyte), the values the phase, whether it was left out or put
    back, and the change in the unit of the quantity; stacks whose answer no phase in doubt moves
    are not in it.  ``rows`` are those of ``stack_sensitivity``.
    """
    found: dict[tuple[str, str], tuple[str, str, float]] = {}
    for row in rows:
        if row["quantity"] != quantity or row["phase"] == ALL_SUSPECTS:
            continue
        change, stack = row["change"], (row["candidate"], row["electrolyte"])
        most = found[stack][2] if stack in found else 0.0
        if row["suspect_reason"] and change and abs(change) > abs(most):
            found[stack] = (row["phase"], row["direction"], change)
    return found
