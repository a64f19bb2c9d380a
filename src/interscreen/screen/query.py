"""Candidates by query: which phases of a source a screen shall try.

A query is a set of conditions, all of which must hold; without any it means every counted formula
but Li itself.  A study writes it as a mapping, the command line as ``key=value`` with commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from math import isfinite
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from ..errors import InputError
from ..files import load_yaml
from ..phases.classes import ANION_CLASSES
from ..phases.formula import atomic_number, nearest

ALL = "all"
_LISTS = "element_lists.yaml"
ABOVE_HULL = "max_energy_above_hull_eV_per_atom"
_SHORT = {ABOVE_HULL: "max_above_hull"}  # on the command line
_NUMBERS = (ABOVE_HULL, "converts_above_V", "max_count")
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


@lru_cache(maxsize=1)
def element_lists() -> Mapping[str, tuple[str, ...]]:
    """Elements of the lists that come with the package (data/element_lists.yaml), by name."""
    text = (files("interscreen") / "data" / _LISTS).read_text(encoding="utf-8")
    return {
        str(name): tuple(str(symbol) for symbol in entry["elements"])
        for name, entry in load_yaml(text, _LISTS).items()
    }


@lru_cache(maxsize=1)
def _symbols() -> tuple[str, ...]:
    from pymatgen.core import Element

    return tuple(element.symbol for element in Element if element.symbol not in ("D", "T"))


def _many(value: Any) -> Any:
    """Take one word, words joined by +, or a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split("+")]
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError(f"{value!r} is no list; write it as [A, B]")


def _element(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no element symbol; write it as text, in quotes if need be")
    if value.strip() not in _symbols():
        raise ValueError(f"{value!r} is no element symbol{nearest(value, list(_symbols()), 1)}")
    return value.strip()


def _known(value: Any, known: Iterable[str], what: str) -> str:
    names = list(known)
    if not isinstance(value, str) or value.strip() not in names:
        close = nearest(str(value), names, 1) or f" (known: {', '.join(names)})"
        raise ValueError(f"{value!r} is no {what}{close}")
    return value.strip()


def _class(value: Any) -> str:
    return _known(value, ANION_CLASSES, "anion class")


def _list_name(value: Any) -> str:
    return _known(value, element_lists(), "list of elements")


def _number(value: Any, unit: str, limit: float) -> float | None:
    """Check an energy or a voltage; beyond the limit it was meant in thousandths."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number [{unit}]")
    if not isfinite(value) or value < 0.0:
        raise ValueError(f"{value} {unit}; a number of zero or more is needed")
    if value > limit:
        raise ValueError(
            f"{value:g} {unit} is far beyond any use; is it meant in m{unit}? "
            f"Then write {value / 1000:g}"
        )
    return float(value)


def _energy(value: Any) -> float | None:
    return _number(value, "eV/atom", 1.0)


def _voltage(value: Any) -> float | None:
    return _number(value, "V", 10.0)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is no whole number of 1 or more")
    return int(value)


def _count(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _range(value: Any) -> tuple[int, int] | None:
    """Take a number, two of them, or text such as 2-3."""
    if value is None:
        return None
    ends = value if isinstance(value, list | tuple) else [value]
    if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*(-\s*\d+\s*)?", value):
        ends = [int(part) for part in value.split("-")]
    try:
        low, high = _whole(ends[0]), _whole(ends[-1])
        if len(ends) > 2:
            raise ValueError
    except (ValueError, IndexError):
        raise ValueError(
            f"{value!r} is no number of elements; write 2, or [2, 3] for 2 to 3"
        ) from None
    if low > high:
        raise ValueError(f"from {low} to {high}; the smaller number comes first")
    return low, high


def _truth(value: Any) -> Any:
    """Take a truth value; YAML 1.2 reads a bare yes or no as text."""
    if isinstance(value, str):
        value = _YES_NO.get(value.strip().lower(), value)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither yes nor no")
    return value


def _in_order(symbols: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(symbols), key=atomic_number))


def _by_name(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


_Elements = Annotated[
    tuple[Annotated[str, BeforeValidator(_element)], ...],
    BeforeValidator(_many),
    AfterValidator(_in_order),
]
_Classes = Annotated[
    tuple[Annotated[str, BeforeValidator(_class)], ...],
    BeforeValidator(_many),
    AfterValidator(_by_name),
]
_Lists = Annotated[
    tuple[Annotated[str, BeforeValidator(_list_name)], ...],
    BeforeValidator(_many),
    AfterValidator(_by_name),
]


class Query(BaseModel):
    """Which phases of a source are candidates; all conditions must hold.

    Without any condition: every counted formula of the source but Li itself.  Lists are kept in
    order (elements by atomic number), so that the same question is the same query however it was
    written.  Text in place of a mapping is read as on the command line (``parse_query``).

    Attributes
    ----------
    any_of, all_of, none_of, only : tuple of str
        Elements: at least one of them, every one, none, no others than these.
    n_elements : (int, int), optional
        Least and greatest number of elements; one number stands for both.
    max_energy_above_hull_eV_per_atom : float, optional
        Above the hull of all counted phases [eV/atom].
    anion : tuple of str
        Names of ``ANION_CLASSES``; a phase belongs to at least one of them (see
        ``anion_classes``).
    contains_lithium : bool, optional
        False leaves out phases with Li, True those without.
    converts_above_V : float, optional
        The first step of the lithiation lies above this voltage [V against Li/Li+].
    exclude : tuple of str
        Names of the lists of elements that come with the package (``element_lists``).
    experimental_only : bool
        Leave out phases that only computations know, where the source says so.  What counts is
        the polymorph in the table, the lowest in energy that was not filtered out.
    max_count : int, optional
        At most so many, those with the lowest energy above hull; of equal ones the first in the
        table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    any_of: _Elements = ()
    all_of: _Elements = ()
    none_of: _Elements = ()
    only: _Elements = ()
    n_elements: Annotated[tuple[int, int] | None, BeforeValidator(_range)] = None
    anion: _Classes = ()
    contains_lithium: Annotated[bool | None, BeforeValidator(_truth)] = None
    exclude: _Lists = ()
    experimental_only: Annotated[bool, BeforeValidator(_truth)] = False
    max_energy_above_hull_eV_per_atom: Annotated[float | None, BeforeValidator(_energy)] = None
    converts_above_V: Annotated[float | None, BeforeValidator(_voltage)] = None
    max_count: Annotated[int | None, BeforeValidator(_count)] = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        given, problems = _split(value)
        if problems:
            raise ValueError("; ".join(problems))
        return given

    @model_validator(mode="after")
    def _possible(self) -> Query:
        """Refuse conditions that contradict each other."""
        problems = [
            f"all_of: {symbol} is ruled out by {reason}"
            for symbol in self.all_of
            if (reason := self._ruled_out(symbol))
        ]
        reasons = {symbol: self._ruled_out(symbol) for symbol in self.any_of}
        if reasons and all(reasons.values()):
            each = ", ".join(f"{symbol} by {reason}" for symbol, reason in reasons.items())
            problems.append(f"any_of: each of its elements is ruled out ({each})")
        if self.contains_lithium and (reason := self._ruled_out("Li")):
            problems.append(f"contains_lithium: Li is ruled out by {reason}")
        if self.n_elements and self.n_elements[1] < len(self.all_of):
            problems.append(
                f"n_elements: {len(self.all_of)} elements of all_of are more than "
                f"{self.n_elements[1]}"
            )
        if self.n_elements and self.only and self.n_elements[0] > len(self.only):
            problems.append(
                f"n_elements: {len(self.only)} elements of only are fewer than {self.n_elements[0]}"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _ruled_out(self, symbol: str) -> str:
        """Name the condition that leaves out every phase with an element; empty if none does."""
        if symbol in self.none_of:
            return "none_of"
        if self.only and symbol not in self.only:
            return "only"
        if symbol == "Li" and self.contains_lithium is False:
            return "contains_lithium"
        named = (name for name in self.exclude if symbol in element_lists()[name])
        return next((f"the list {name}" for name in named), "")

    def conditions(self) -> dict[str, str]:
        """Conditions in the order in which they are applied, each as on the command line."""
        found = {}
        for key in type(self).model_fields:
            value = getattr(self, key)
            if value is None or value == () or (key == "experimental_only" and not value):
                continue
            if key == "n_elements":
                text = f"{value[0]}" if value[0] == value[1] else f"{value[0]}-{value[1]}"
            elif isinstance(value, tuple):
                text = "+".join(value)
            elif isinstance(value, bool):
                text = "yes" if value else "no"
            else:
                text = repr(value)
            found[key] = f"{_SHORT.get(key, key)}={text}"
        return found

    def __str__(self) -> str:
        """Return the form of the command line; ``parse_query`` reads it back."""
        return ",".join(self.conditions().values()) or ALL


def parse_query(text: str) -> Query:
    """Read the form of the command line.

    ``all``, or conditions with commas between them, several values joined by ``+``:
    ``n_elements=2-3,none_of=Pb+Cd,anion=fluoride+oxide,exclude=radioactive+toxic,
    contains_lithium=no,max_above_hull=0.05,converts_above_V=1.0,max_count=1000``.
    Keys are those of ``Query``; ``max_above_hull`` is short for the one in eV/atom.

    Raises
    ------
    InputError
        One line with every mistake and the known keys.
    """
    given, problems = _split(text)
    try:
        query = Query.model_validate(given)
    except ValidationError as error:
        for problem in error.errors():
            where = [_SHORT.get(str(part), str(part)) for part in problem["loc"][:1]]
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(": ".join([*where, message]))
    if problems:
        raise InputError(
            f"query {text!r}: {'; '.join(problems)} "
            f"(write {ALL}, or key=value,...; keys: {', '.join(_short_keys())})"
        )
    return query


def _short_keys() -> list[str]:
    return [_SHORT.get(key, key) for key in Query.model_fields]


def _split(text: str) -> tuple[dict[str, Any], list[str]]:
    """Keys and values of the form of the command line, and what is wrong with it."""
    given: dict[str, Any] = {}
    problems = []
    long = {short: key for key, short in _SHORT.items()}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        key = long.get(name, name)
        if name == ALL and not equals:
            continue
        if not equals:
            problems.append(f"{part.strip()!r} is no condition")
        elif key not in Query.model_fields:
            problems.append(f"{name}: unknown key{nearest(name, _short_keys(), 1)}")
        elif key in given:
            problems.append(f"{name} stands twice; join its values with +")
        else:
            given[key] = _as_number(value) if key in _NUMBERS else value
    return given, problems


def _as_number(text: str) -> Any:
    """Turn a text into a number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
