"""A screen as a flat list of answers, each number once.

What belongs to a candidate alone has no electrolyte, what belongs to an electrolyte alone has no
candidate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..phases.columns import COLUMNS, columns_of
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


def answers_of(screen: ScreenResult) -> Iterator[tuple[AnswerKey, Value]]:
    """All answers of a screen; some come twice, with the same value."""
    formulas = {}
    for row in records(screen.results):
        if row["status"] != OK:
            continue
        candidate, electrolyte = row["candidate"], row["electrolyte"]
        formulas[candidate] = row["formula"]
        for column in columns_of("results"):
            if column.startswith(_OF_CANDIDATE):
                key = AnswerKey(candidate, "", "", column)
            elif column.startswith(_OF_ELECTROLYTE):
                key = AnswerKey("", electrolyte, "", column)
            else:
                key = AnswerKey(candidate, electrolyte, "", column)
            yield from _value(key, row.get(column))
    for row in records(screen.windows):
        part, name = row["part"], row["name"]
        for column in columns_of("windows"):
            own = f"{part}_{column}"  # its name in results.csv
            yield from _value(
                AnswerKey(
                    name if part == "candidate" else "",
                    name if part == "electrolyte" else "",
                    name if part == "product" else "",
                    own if own in columns_of("results") else column,
                ),
                row.get(column),
            )
    yield from _contacts(screen.reactions, formulas)
    yield from _steps(screen.lithiation)


def _value(key: AnswerKey, value: Any) -> Iterator[tuple[AnswerKey, Value]]:
    if key.quantity in _PHASES:
        yield key, phases_of(text_or_empty(value))
    elif key.quantity in COLUMNS and COLUMNS[key.quantity].unit in _UNITS:
        yield key, number_or_none(value)


def _contacts(
    reactions: pd.DataFrame, formulas: dict[str, str]
) -> Iterator[tuple[AnswerKey, Value]]:
    """Answers on contacts that results.csv does not hold."""
    kinds = reactions[reactions["contact_kind"].isin(["bare", "product"])]
    where = ["candidate", "electrolyte", "contact", "contact_kind"]
    minima = {
        tuple(row[column] for column in where): row
        for row in records(kinds[kinds["is_minimum"].astype(bool)])
    }
    for row in records(kinds[where].drop_duplicates()):
        minimum = minima.get(tuple(row.values()))  # none where the two coexist
        # a product that is the candidate itself may have an energy of its own
        own = row["contact"].partition(" | ")[0] == formulas.get(row["candidate"])
        candidate = row["candidate"] if own and row["contact_kind"] == "product" else ""
        key = AnswerKey(candidate, row["electrolyte"], row["contact"], "equation")
        yield key, phases_of(minimum["equation"]) if minimum else ""
        if row["contact_kind"] == "product":
            column = "mutual_energy_eV_per_atom"
            yield key._replace(quantity=column), number_or_none(minimum[column]) if minimum else 0.0


def _steps(lithiation: pd.DataFrame) -> Iterator[tuple[AnswerKey, Value]]:
    """Voltages of the steps after the first, which results.csv holds, and the way as a whole."""
    paths: dict[str, list[str]] = {}
    for row in records(lithiation):
        candidate, products = row["candidate"], phases_of(row["products"])
        paths.setdefault(candidate, []).append(products)
        if row["step"] > 1:
            yield (
                AnswerKey(candidate, "", f"to {products}", "voltage_V"),
                number_or_none(row["voltage_V"]),
            )
    for candidate, steps in paths.items():
        yield AnswerKey(candidate, "", "", "products"), "; ".join(steps)


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


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def number_or_none(value: Any) -> float | None:
    """Return a number, or None where there is none."""
    number = math.nan if value is None else float(value)
    return None if math.isnan(number) else number


def text_or_empty(value: Any) -> str:
    """Return a text, empty where there is none."""
    return value if isinstance(value, str) else ""
