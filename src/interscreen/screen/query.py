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
from ..phases.formula import nearest
from ..phases.table import OBSERVED
from ..sources.rows import NUMBERS, TEXTS
from .where import ELEMENTS, NUMBER, TEXT, Kind, Where, parse_where

ALL = "all"
ABOVE_HULL = "energy_above_hull_eV_per_atom"
FIRST_VOLTAGE = "first_voltage_V"
PHASE_KINDS: Mapping[str, Kind] = {
    ELEMENTS: Kind(ELEMENTS),
    "n_elements": Kind(NUMBER),
    "anion": Kind(TEXT, ANION_CLASSES),
    ABOVE_HULL: Kind(NUMBER),
    FIRST_VOLTAGE: Kind(NUMBER),
    "formation_energy_eV_per_atom": Kind(NUMBER),
    "formula": Kind(TEXT),
    "id": Kind(TEXT),
    "structures": Kind(NUMBER),
    **dict.fromkeys(
        ("observed", "theoretical"), Kind(TEXT, tuple(word for word in OBSERVED if word))
    ),
    "licence": Kind(TEXT),
    **dict.fromkeys(NUMBERS, Kind(NUMBER)),
    **dict.fromkeys(TEXTS, Kind(TEXT)),
}


class Query(BaseModel):
    """Which phases of a source are candidates.

    Text in place of a mapping is the condition alone.  What was written before there was one
    language (``n_elements=2-3,anion=fluoride``, or a mapping with such keys) is translated.

    Attributes
    ----------
    where : str
        Condition on the columns of ``PHASE_KINDS`` (see ``where.parse_where``).  If empty: every
        counted formula of the source but Li itself.
    limit : int, optional
        At most so many, those with the lowest energy above hull; of equal ones the first in the
        table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: str = ""
    limit: int | None = Field(None, ge=1, strict=True)
    _translated: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _translate(cls, value: Any, make: Callable[[Any], Query]) -> Query:
        if isinstance(value, str):
            value = _old_form(value) or {"where": value}
        old = isinstance(value, Mapping) and not set(value) & set(cls.model_fields)
        query = make(translated(value) if old else value)
        if old and value:
            query._translated = True
        return query

    @field_validator("where")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value.strip() in ("", ALL):
            return ""
        try:
            parse_where(value, PHASE_KINDS)
        except InputError as error:
            raise ValueError(str(error).removeprefix("where, ")) from None
        return " ".join(value.split())

    @property
    def condition(self) -> Where:
        """The condition, in parts."""
        return parse_where(self.where, PHASE_KINDS) if self.where else Where(())

    @property
    def only(self) -> frozenset[str]:
        """Elements of the candidates, where the condition allows no others."""
        allowed = [set(part.symbols) for part in self.condition.parts if part.only]
        return frozenset(set.intersection(*allowed)) if allowed else frozenset()

    @property
    def notes(self) -> tuple[str, ...]:
        """The form of today, where another one was written."""
        limit = "" if self.limit is None else f" and limit {self.limit}"
        return (
            (f'these candidates are now written as where "{self.where or ALL}"{limit}',)
            if self._translated
            else ()
        )


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


def _any(pattern: str) -> Callable[[list[str]], str]:
    return lambda words: " or ".join(pattern.format(word) for word in words)


_OLD: Mapping[str, Callable[[list[str]], str]] = {
    "any_of": _any("elements has {}"),
    "all_of": lambda words: " and ".join(f"elements has {word}" for word in words),
    "none_of": lambda words: f"not ({_any('elements has {}')(words)})",
    "only": lambda words: f"elements only {'-'.join(words)}",
    "n_elements": lambda words: (
        f"n_elements == {words[0]}"
        if len(words) == 1
        else f"{words[0]} <= n_elements <= {words[-1]}"
    ),
    "anion": _any("anion == {}"),
    "contains_lithium": lambda words: f"{'' if _yes(words[0]) else 'not '}elements has Li",
    "exclude": lambda words: f"not ({_any('elements has {}')(words)})",
    "experimental_only": lambda words: "theoretical != yes" if _yes(words[0]) else "",
    "max_energy_above_hull_eV_per_atom": lambda words: f"{ABOVE_HULL} <= {words[0]}",
    "converts_above_V": lambda words: f"{FIRST_VOLTAGE} > {words[0]}",
}
_SHORT = {"max_above_hull": "max_energy_above_hull_eV_per_atom"}
_OLD_PIECE = re.compile(r"\s*(\w+)\s*=(?!=)\s*(-?[\w.]*(?:\s*[+-]\s*[\w.]*)*)\s*")


def translated(old: Mapping[str, Any]) -> dict[str, Any]:
    """Write the keys of before there was one language as ``where`` and ``limit``.

    Raises
    ------
    ValueError
        One line with every mistake and its key.
    """
    given = {_SHORT.get(key, key): _words(key, value) for key, value in old.items() if value != []}
    parts, problems = [], []
    for key in given.keys() - {*_OLD, "max_count"}:
        problems.append(
            f"{key}: unknown key{nearest(key, ['where', 'limit', *_OLD, 'max_count'], 1)}"
        )
    for key in (key for key in _OLD if given.get(key)):
        try:
            part = _OLD[key](given[key])
            if part:
                parse_where(part, PHASE_KINDS)
                parts.append(f"({part})" if " or " in part and part[:4] != "not " else part)
        except (InputError, ValueError) as error:
            problems.append(f"{key}: {re.sub(r'^where, position .*?: ', '', str(error))}")
    if problems:
        raise ValueError("; ".join(problems))
    limit = given.get("max_count")
    return {"where": " and ".join(parts), "limit": limit and _whole(limit[0])}


def _whole(word: str) -> int | str:
    return int(word) if word.isdecimal() else word


def _yes(word: str) -> bool:
    if word.lower() not in ("yes", "true", "no", "false"):
        raise ValueError(f"{word!r} is neither yes nor no")
    return word.lower() in ("yes", "true")


def _words(key: str, value: Any) -> list[str]:
    """Values of a key, as words."""
    if value is None:
        return []
    if isinstance(value, str):
        return [word.strip() for word in re.split("[+-]" if key == "n_elements" else "[+]", value)]
    values = value if isinstance(value, list | tuple) else [value]
    return [("no", "yes")[each] if isinstance(each, bool) else str(each) for each in values]


def _old_form(text: str) -> dict[str, str]:
    """Keys and values of ``key=value,...``; nothing for a condition."""
    pieces = [_OLD_PIECE.fullmatch(piece) for piece in text.split(",") if piece.strip() != ALL]
    if not all(pieces) or not pieces:
        return {}
    return {piece[1]: piece[2] for piece in pieces if piece is not None}
