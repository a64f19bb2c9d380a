"""Candidates by query: a condition on the phases of a source, and how many of them at most."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from ..errors import InputError
from ..phases.classes import ANION_CLASSES
from ..phases.compounds import compound_lists
from ..phases.formula import nearest
from ..sources.rows import NUMBERS, TEXTS
from .where import ELEMENTS, FLAG, MAYBE, NUMBER, TEXT, Kind, Where, parse_where

ALL = "all"
ABOVE_HULL, FIRST_VOLTAGE = "energy_above_hull_eV_per_atom", "first_voltage_V"
NEAR = "electrolyte_distance"
_OWN = ("n_elements", NEAR, ABOVE_HULL, FIRST_VOLTAGE, "formation_energy_eV_per_atom", "structures")
PHASE_KINDS: Mapping[str, Kind] = {
    ELEMENTS: Kind(ELEMENTS),
    "anion": Kind(TEXT, ANION_CLASSES),
    **dict.fromkeys(("observed", "theoretical"), MAYBE),
    **dict.fromkeys(compound_lists(), FLAG),
    **dict.fromkeys((*_OWN, *NUMBERS), Kind(NUMBER)),
    **dict.fromkeys(("formula", "id", "licence", *TEXTS), Kind(TEXT)),
}


class Query(BaseModel):
    """Which phases of a source are candidates: those that meet a condition, at most so many.

    The condition ``where`` is on the columns of ``PHASE_KINDS``; without one, every counted formula
    but Li itself.  ``limit`` keeps those with the lowest energy above hull, of equal ones the first
    in the table.  Text in place of a mapping is the condition alone.  What was written before there
    was one language (``n_elements=2-3,anion=fluoride``) is translated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: str = ""
    limit: int | None = Field(None, ge=1, strict=True)
    _translated: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _any_form(cls, value: Any, make: Callable[[Any], Query]) -> Query:
        if isinstance(value, str):
            value = _old_form(value) or {"where": value}
        if not isinstance(value, Mapping) or not value or set(value) & set(cls.model_fields):
            return make(value)
        query = make(translated(value))
        query._translated = True
        return query

    @field_validator("where")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value.strip() in ("", ALL):
            return ""
        _parse(value)
        return " ".join(value.split())

    @property
    def condition(self) -> Where:
        """The condition, in parts."""
        return _parse(self.where)

    @property
    def only(self) -> frozenset[str]:
        """Elements of the candidates, where the condition allows no others."""
        allowed = [frozenset(part.symbols) for part in self.condition.parts if part.only]
        return frozenset.intersection(*allowed) if allowed else frozenset()

    @property
    def notes(self) -> tuple[str, ...]:
        """The form of today, where another one was written."""
        limit = "" if self.limit is None else f", limit {self.limit}"
        note = f'these candidates are now written as "{self.where or ALL}"{limit}'
        return (note,) if self._translated else ()


def parse_query(text: str, limit: int | None = None) -> Query:
    """Read the form of the command line: ``all``, or a condition; and how many at most.

    Raises
    ------
    InputError
        One line with what is wrong.
    """
    try:
        query = Query.model_validate(text)
        if limit is not None:
            query = query.model_copy(update={"limit": Query(limit=limit).limit})
        return query
    except ValidationError as error:
        problems = [
            ": ".join([*map(str, problem["loc"]), problem["msg"].removeprefix("Value error, ")])
            for problem in error.errors()
        ]
        raise InputError(f"candidates {text!r}: {'; '.join(problems)}") from None


def query_of(study: Mapping[str, Any]) -> Where:
    """Return the condition of a study as a manifest has it; the empty one where it states none."""
    query = study.get("query")
    where = query.get("where") if isinstance(query, Mapping) else ""
    return _parse(where if isinstance(where, str) else "")


def _parse(text: str) -> Where:
    try:
        return parse_where(text, PHASE_KINDS) if text else Where(())
    except InputError as error:
        raise InputError(str(error).removeprefix("where, ")) from None


def _any(words: list[str], column: str = "elements has") -> str:
    return " or ".join(f"{column} {word}" for word in words)


def _none(words: list[str]) -> str:
    return f"not ({_any(words)})" if len(words) > 1 else f"not {_any(words)}"


def _yes(words: list[str]) -> bool:
    word = words[0].lower()
    if word not in ("yes", "true", "no", "false"):
        raise ValueError(f"{words[0]!r} is neither yes nor no")
    return word in ("yes", "true")


# keys of before there was one language, in the order in which they were applied
_OLD: Mapping[str, Callable[[list[str]], str]] = {
    "any_of": _any,
    "all_of": lambda words: _any(words).replace(" or ", " and "),
    "none_of": _none,
    "only": lambda words: f"elements only {'-'.join(words)}",
    "n_elements": lambda words: (
        f"{words[0]} <= n_elements <= {words[-1]}" if words[1:] else f"n_elements == {words[0]}"
    ),
    "anion": lambda words: _any(words, "anion =="),
    "contains_lithium": lambda words: _any(["Li"]) if _yes(words) else _none(["Li"]),
    "exclude": _none,
    "experimental_only": lambda words: "theoretical != yes" if _yes(words) else "",
    "max_energy_above_hull_eV_per_atom": lambda words: f"{ABOVE_HULL} <= {words[0]}",
    "converts_above_V": lambda words: f"{FIRST_VOLTAGE} > {words[0]}",
}
_OLD_PIECE = re.compile(r"\s*(\w+)\s*=(?!=)\s*(-?[\w.]*(?:\s*[+-]\s*[\w.]*)*)\s*")
_OLD_SHORT = {"max_above_hull": "max_energy_above_hull_eV_per_atom", "max_count": "limit"}


def _old_form(text: str) -> dict[str, Any]:
    """Keys and values of ``key=value,...``; nothing for a condition."""
    pieces = [_OLD_PIECE.fullmatch(piece) for piece in text.split(",") if piece.strip() != ALL]
    if not all(pieces):
        return {}
    found: dict[str, Any] = {}
    for key, value in (piece.groups() for piece in pieces if piece):
        if key in found:
            raise ValueError(f"{key} stands twice; join its values with +")
        found[key] = int(value) if key == "max_count" and value.isdecimal() else value
    return found


def translated(old: Mapping[str, Any]) -> dict[str, Any]:
    """Write the keys of before there was one language as ``where`` and ``limit``.

    Raises
    ------
    ValueError
        One line with every mistake and its key.
    """
    given = {_OLD_SHORT.get(key, key): value for key, value in old.items()}
    limit = given.pop("limit", None)
    known = ["where", "limit", *_OLD]
    problems = [f"{key}: unknown key{nearest(key, known, 1)}" for key in given if key not in _OLD]
    parts = []
    for key in (key for key in _OLD if given.get(key) not in (None, [], ())):
        value = given[key]
        if isinstance(value, str):
            value = re.split(r"\s*[+-]\s*" if key == "n_elements" else r"\s*\+\s*", value.strip())
        words = [str(each) for each in (value if isinstance(value, list | tuple) else [value])]
        try:
            part = _OLD[key](words)
            _parse(part)
        except ValueError as error:
            problems.append(f"{key}: {re.sub('^position .*?: ', '', str(error))}")
        else:
            parts += [f"({part})" if " or " in part and key in ("any_of", "anion") else part]
    if problems:
        raise ValueError("; ".join(problems))
    return {"where": " and ".join(part for part in parts if part), "limit": limit}
