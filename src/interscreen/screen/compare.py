"""Which answers of a study change from one source to another.

Each screen becomes a flat list of answers, each number once, and the two lists are compared.  What
belongs to a candidate alone has no electrolyte, what belongs to an electrolyte alone no candidate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError
from ..phases.columns import COLUMNS, columns_of
from ..phases.difference import EDGE
from ..phases.result import Result
from ..phases.units import checked_limit
from .run import ScreenResult
from .tables import OK

if TYPE_CHECKING:
    import pandas as pd

_UNITS = ("eV/atom", "V")
# results.csv repeats these for each electrolyte, or for each candidate
_OF_CANDIDATE = (
    "candidate_", "lithium_", "conversion_", "first_voltage_", "average_voltage_",
    "reduction_limit_", "oxidation_limit_",
)  # fmt: skip
_OF_ELECTROLYTE = ("electrolyte_", "bare_")
# columns with phases; of an equation its products count ("layer" repeats conversion_products)
_PHASES = (
    "lithium_equation conversion_products deposited_equation layer_equation worst_product "
    "bridge_product reduction_products oxidation_products"
).split()
_AMOUNT = re.compile(r"^[0-9.]+(e[+-]?[0-9]+)? ")

Value = float | str | None


class AnswerKey(NamedTuple):
    """What an answer is about."""

    candidate: str
    electrolyte: str
    contact: str
    quantity: str


@dataclass(frozen=True)
class AnswerChange(Result):
    """One answer in both screens.

    Candidate and electrolyte are empty where the answer does not depend on them.  ``contact`` says
    what results.csv does not hold: the contact (``LiF | LATP``), the product (``LiF``), or the end
    of a step of the lithiation (``to Cu + LiF``).  Values are numbers, None where there is none, or
    phases as ``A + B`` in alphabetical order, empty where nothing reacts; for ``reason`` why the
    row could not be computed.  ``change`` is b minus a of numbers, ``unit`` eV/atom, V or empty.
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
    """Place of a candidate in both rankings; None and empty where it could not be ranked."""

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

    Changes smaller than the tolerances are none.  ``rows`` counts candidates times electrolytes;
    ``failures`` are rows that only one screen could compute (``reason`` is empty there),
    ``numbers`` those that appear or vanish first, then the larger changes, ``products``
    assemblages of phases, whatever their amounts, and ``ranking`` all places in order of a.
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
            if place.rank_a != place.rank_b:
                key = AnswerKey(place.candidate, place.electrolyte, "", "rank")
                rows.append(_change(key, place.rank_a, place.rank_b).to_dict())
        return pd.DataFrame(rows, columns=columns, dtype=object)


def compare_screens(
    a: ScreenResult,
    b: ScreenResult,
    *,
    tolerance_eV_per_atom: float = 0.005,
    tolerance_V: float = 0.01,
) -> ScreenDifference:
    """Compare the answers of one study that was run with two sources, before (a) and after (b).

    All columns of results.csv in eV/atom and V are compared and those that name phases; the
    windows of candidates, electrolytes and products; each product with each electrolyte; and the
    steps of the lithiation.  Of a reaction curve the minimum counts.  Changes of energies [eV/atom]
    and voltages [V] that are smaller than the tolerances are none.

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
    answers_a, answers_b = _answers(a), _answers(b)
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
            "" if row["status"] == OK else row["reason"] or row["status"]
        )
        for row in _records(screen.results)
    }


def _places(a: pd.DataFrame, b: pd.DataFrame) -> Iterator[RankChange]:
    after = {(row["electrolyte"], row["candidate"]): row for row in _records(b)}
    for row in _records(a):
        other = after[row["electrolyte"], row["candidate"]]
        yield RankChange(
            electrolyte=row["electrolyte"],
            candidate=row["candidate"],
            rank_a=int(row["rank"]) if row["rank"] else None,
            rank_b=int(other["rank"]) if other["rank"] else None,
            score_a_meV_per_atom=row["score_meV_per_atom"],
            score_b_meV_per_atom=other["score_meV_per_atom"],
            role_a=row["role"] or "",
            role_b=other["role"] or "",
        )


def _answers(screen: ScreenResult) -> dict[AnswerKey, Value]:
    """All answers of a screen."""
    found: dict[AnswerKey, Value] = {}

    def add(key: AnswerKey, value: Any) -> None:
        if key.quantity in _PHASES:
            found[key] = phases_of(value or "")
        elif key.quantity in COLUMNS and COLUMNS[key.quantity].unit in _UNITS:
            found[key] = None if value is None else float(value)

    formulas = {}
    for row in _records(screen.results[screen.results["status"] == OK]):
        formulas[row["candidate"]] = row["formula"]
        for column in columns_of("results"):
            candidate = "" if column.startswith(_OF_ELECTROLYTE) else row["candidate"]
            electrolyte = "" if column.startswith(_OF_CANDIDATE) else row["electrolyte"]
            add(AnswerKey(candidate, electrolyte, "", column), row.get(column))
    for row in _records(screen.windows):
        part = row["part"]
        of = {"candidate": "", "electrolyte": "", "product": "", part: row["name"]}
        for column in columns_of("windows"):
            own = f"{part}_{column}"  # its name in results.csv
            quantity = own if own in columns_of("results") else column
            key = AnswerKey(of["candidate"], of["electrolyte"], of["product"], quantity)
            add(key, row.get(column))
    found |= _contacts(screen.reactions, formulas)
    found |= _steps(screen.lithiation)
    return found


def _contacts(reactions: pd.DataFrame, formulas: dict[str, str]) -> dict[AnswerKey, Value]:
    """Answers on contacts that results.csv does not hold."""
    found: dict[AnswerKey, Value] = {}
    where = ["candidate", "electrolyte", "contact", "contact_kind"]
    kinds = reactions[reactions["contact_kind"].isin(["bare", "product"])]
    minima = kinds[kinds["is_minimum"].astype(bool)]
    # without a minimum where the two coexist
    for row in _records(kinds[where].drop_duplicates().merge(minima, on=where, how="left")):
        product = row["contact_kind"] == "product"
        # a product that is the candidate itself may have an energy of its own
        own = product and row["contact"].partition(" | ")[0] == formulas.get(row["candidate"])
        place = (row["candidate"] if own else "", row["electrolyte"], row["contact"])
        found[AnswerKey(*place, "equation")] = phases_of(row["equation"] or "")
        if product:
            key = AnswerKey(*place, "mutual_energy_eV_per_atom")
            found[key] = row["mutual_energy_eV_per_atom"] or 0.0
    return found


def _steps(lithiation: pd.DataFrame) -> dict[AnswerKey, Value]:
    """Voltages of the steps after the first, which results.csv holds, and the way as a whole."""
    found: dict[AnswerKey, Value] = {}
    paths: dict[str, list[str]] = {}
    for row in _records(lithiation):
        candidate, products = row["candidate"], phases_of(row["products"])
        paths.setdefault(candidate, []).append(products)
        if row["step"] > 1:
            found[AnswerKey(candidate, "", f"to {products}", "voltage_V")] = row["voltage_V"]
    for candidate, steps in paths.items():
        found[AnswerKey(candidate, "", "", "products")] = "; ".join(steps)
    return found


def phases_of(text: str) -> str:
    """Phases of an assemblage, or of the right side of an equation, without their amounts.

    >>> phases_of("2 Li + CuF2 -> Cu + 2 LiF")
    'Cu + LiF'
    """
    side = text.rpartition("-> ")[2]
    terms, start, depth = [], 0, 0
    for match in re.finditer(r"[()]| \+ |$", side):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0 and match[0] in (" + ", ""):  # a mixture stands in brackets
            terms.append(_AMOUNT.sub("", side[start : match.start()]))
            start = match.end()
    return " + ".join(sorted({*terms} - {""}))


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows of a table, None where there is nothing."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
