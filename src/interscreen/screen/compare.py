"""Which answers of a study change from one source to another.

Each screen becomes a flat list of answers (``answers``), and the two lists are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..phases.columns import COLUMNS
from ..phases.difference import EDGE
from ..phases.result import Result
from ..phases.units import checked_limit
from .answers import (
    AnswerKey,
    Value,
    answers_of,
    number_or_none,
    records,
    text_or_empty,
)
from .run import ScreenResult
from .tables import OK

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AnswerChange(Result):
    """One answer in both screens.

    Attributes
    ----------
    candidate, electrolyte : str
        Names as in the study; empty where the answer does not depend on it.
    contact : str
        For answers that results.csv does not hold: the contact (``LiF | LATP``), the product
        (``LiF``), or the end of a step of the lithiation (``to Cu + LiF``).  Empty otherwise.
    quantity : str
        Key of the column (see ``interscreen.columns``).
    value_a, value_b : float, str or None
        Numbers, None where there is none; phases as ``A + B`` in alphabetical order, empty where
        there are none (nothing reacts); for ``reason`` why the row could not be computed.
    change : float or None
        ``value_b - value_a`` of numbers.
    unit : str
        ``eV/atom``, ``V`` or empty.
    """

    candidate: str
    electrolyte: str
    contact: str
    quantity: str
    value_a: Value
    value_b: Value
    change: float | None
    unit: str


@dataclass(frozen=True)
class RankChange(Result):
    """Place of a candidate in both rankings.

    Attributes
    ----------
    electrolyte : str
        ``overall`` for the ranking over all electrolytes.
    candidate : str
    rank_a, rank_b : int or None
        None where the candidate could not be ranked.
    score_a_meV_per_atom, score_b_meV_per_atom : float or None
    role_a, role_b : str
        Empty where the candidate could not be ranked.
    """

    electrolyte: str
    candidate: str
    rank_a: int | None
    rank_b: int | None
    score_a_meV_per_atom: float | None
    score_b_meV_per_atom: float | None
    role_a: str
    role_b: str

    @property
    def changed(self) -> bool:
        """Whether rank or role differ."""
        return self.rank_a != self.rank_b or self.role_a != self.role_b


@dataclass(frozen=True)
class ScreenDifference(Result):
    """Answers of one study that differ between sources a and b.

    Attributes
    ----------
    source_a, source_b : str
        Labels of the sources.
    tolerance_eV_per_atom, tolerance_V : float
        Smaller changes of energies [eV/atom] and voltages [V] are none.
    rows : int
        Candidates times electrolytes.
    failures : tuple of AnswerChange
        Rows that only one screen could compute: ``reason`` is empty there.
    numbers : tuple of AnswerChange
        Those that appear or vanish first, then the larger changes.
    products : tuple of AnswerChange
        Assemblages of phases, whatever their amounts; in order of the study.
    ranking : tuple of RankChange
        All places in order of the ranking of a, changed or not.
    """

    source_a: str
    source_b: str
    tolerance_eV_per_atom: float
    tolerance_V: float
    rows: int
    failures: tuple[AnswerChange, ...]
    numbers: tuple[AnswerChange, ...]
    products: tuple[AnswerChange, ...]
    ranking: tuple[RankChange, ...]

    @property
    def changed(self) -> bool:
        """Whether any answer changed."""
        return bool(self.failures or self.numbers or self.products) or any(
            place.changed for place in self.ranking
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per changed answer; changed ranks are rows with the quantity ``rank``."""
        import pandas as pd

        columns = [field.name for field in fields(AnswerChange)]
        rows = [change.to_dict() for change in (*self.failures, *self.numbers, *self.products)]
        for place in self.ranking:
            key = AnswerKey(place.candidate, place.electrolyte, "", "rank")
            if place.rank_a != place.rank_b:
                rows.append(_change(key, place.rank_a, place.rank_b).to_dict())
        return pd.DataFrame(rows, columns=columns, dtype=object)


def compare_screens(
    a: ScreenResult,
    b: ScreenResult,
    *,
    tolerance_eV_per_atom: float = 0.005,
    tolerance_V: float = 0.01,
) -> ScreenDifference:
    """Compare the answers of one study that was run with two sources.

    All columns of results.csv in eV/atom and V are compared and those that name phases; the
    windows of candidates, electrolytes and products; each product with each electrolyte; and the
    steps of the lithiation.  Of a reaction curve the minimum counts.

    Parameters
    ----------
    a, b : ScreenResult
        Before and after.
    tolerance_eV_per_atom, tolerance_V : float
        Smaller changes of energies [eV/atom] and voltages [V] are none.

    Raises
    ------
    InputError
        For a tolerance that is none, and for screens of different studies.
    """
    tolerances = {
        "eV/atom": float(checked_limit(tolerance_eV_per_atom, "tolerance", "eV/atom")),
        "V": float(checked_limit(tolerance_V, "tolerance", "V")),
    }
    reasons_a, reasons_b = _reasons(a), _reasons(b)
    for pair in sorted(reasons_a.keys() ^ reasons_b.keys()):
        raise InputError(
            f"{' with '.join(pair)}: in one of the two screens only; compare runs of one study"
        )
    failures = [
        _change(AnswerKey(*pair, "", "reason"), reason, reasons_b[pair])
        for pair, reason in reasons_a.items()
        if bool(reason) != bool(reasons_b[pair])
    ]
    answers_a, answers_b = dict(answers_of(a)), dict(answers_of(b))
    numbers, products = [], []
    for key, before in answers_a.items():
        # a contact or a step that only one has comes with a change of the products
        if key not in answers_b:
            continue
        change = _change(key, before, answers_b[key])
        if isinstance(before, str):
            if before != change.value_b:
                products.append(change)
        elif change.change is None:
            if before is not change.value_b:
                numbers.append(change)
        elif abs(change.change) > tolerances[change.unit] + EDGE:
            numbers.append(change)
    numbers.sort(key=_size, reverse=True)
    return ScreenDifference(
        source_a=str(a.results["source"].iloc[0]),
        source_b=str(b.results["source"].iloc[0]),
        tolerance_eV_per_atom=tolerances["eV/atom"],
        tolerance_V=tolerances["V"],
        rows=len(reasons_a),
        failures=tuple(failures),
        numbers=tuple(numbers),
        products=tuple(products),
        ranking=tuple(_places(a.ranking, b.ranking)),
    )


def _change(key: AnswerKey, before: Value, after: Value) -> AnswerChange:
    if isinstance(before, str) or isinstance(after, str):
        return AnswerChange(*key, before, after, change=None, unit="")
    change = None if before is None or after is None else after - before
    return AnswerChange(*key, before, after, change, COLUMNS[key.quantity].unit)


def _size(change: AnswerChange) -> float:
    """Size of a change without its last bits, so that equal ones stay in order of the study."""
    return math.inf if change.change is None else round(abs(change.change), 9)


def _reasons(screen: ScreenResult) -> dict[tuple[str, str], str]:
    """Why each row could not be computed; empty where it could."""
    return {
        (row["candidate"], row["electrolyte"]): (
            "" if row["status"] == OK else text_or_empty(row["reason"]) or row["status"]
        )
        for row in records(screen.results)
    }


def _places(a: pd.DataFrame, b: pd.DataFrame) -> Iterator[RankChange]:
    after = {(row["electrolyte"], row["candidate"]): row for row in records(b)}
    for row in records(a):
        other = after[row["electrolyte"], row["candidate"]]
        yield RankChange(
            electrolyte=row["electrolyte"],
            candidate=row["candidate"],
            rank_a=_whole(row["rank"]),
            rank_b=_whole(other["rank"]),
            score_a_meV_per_atom=number_or_none(row["score_meV_per_atom"]),
            score_b_meV_per_atom=number_or_none(other["score_meV_per_atom"]),
            role_a=text_or_empty(row["role"]),
            role_b=text_or_empty(other["role"]),
        )


def _whole(value: Any) -> int | None:
    number = number_or_none(value)
    return None if number is None else int(number)
