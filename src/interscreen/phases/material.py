"""What a user hands in as a reactant: a formula, a mixture or a name, with or without energy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import InputError
from .formula import (
    Formula,
    atomic_number,
    nearest,
    parse_formula,
    split_mixture,
)


@dataclass(frozen=True)
class Material:
    """A reactant as the user gives it.

    Attributes
    ----------
    formula : str
        A formula, a mixture (``"Cu + 2 LiF"``) or a name of the electrolyte list (``"LATP"``).
    energy_eV_per_atom : float, optional
        Formation energy of the material itself [eV/atom].
    energy_above_hull_eV_per_atom : float, optional
        Its energy above the hull [eV/atom], where that is known instead.
    name : str
        How tables and figures call it; the formula if empty.
    """

    formula: str
    energy_eV_per_atom: float | None = None
    energy_above_hull_eV_per_atom: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.formula, str):
            raise InputError(
                f"formula {self.formula!r} is not text; a bare NO in a YAML 1.1 file becomes False:"
                " write it in quotes"
            )
        given = (self.energy_eV_per_atom, self.energy_above_hull_eV_per_atom)
        if None not in given:
            raise InputError(
                f"{self.formula}: give either its energy or its energy above the hull, not both"
            )
        for value in given:
            if value is not None and not abs(value) < 1e3:
                raise InputError(f"{self.formula}: the energy {value} eV/atom is no usable number")
        above = self.energy_above_hull_eV_per_atom
        if above is not None and above < 0:
            raise InputError(
                f"{self.formula}: the energy above the hull is {above} eV/atom; it cannot be "
                "negative (give energy_eV_per_atom for a phase below the hull)"
            )

    @property
    def label(self) -> str:
        """Name, or the formula as written."""
        return self.name or self.formula


@dataclass(frozen=True)
class Composition:
    """A material with its formula resolved: one unit of a formula or of a mixture.

    Attributes
    ----------
    text : str
        The unit, as it stands in equations.
    parts : tuple of (Fraction, Formula)
        Components and how many of each make one unit; one entry for a plain formula.
    """

    text: str
    parts: tuple[tuple[Fraction, Formula], ...]

    @cached_property
    def amounts(self) -> tuple[tuple[str, Fraction], ...]:
        """Atoms of each element in one unit, in order of atomic number."""
        total: dict[str, Fraction] = {}
        for factor, formula in self.parts:
            for symbol, amount in formula.amounts:
                total[symbol] = total.get(symbol, Fraction(0)) + factor * amount
        return tuple(sorted(total.items(), key=lambda item: atomic_number(item[0])))

    @property
    def elements(self) -> tuple[str, ...]:
        """Element symbols in order of atomic number."""
        return tuple(symbol for symbol, _ in self.amounts)

    @cached_property
    def n_atoms(self) -> Fraction:
        """Atoms in one unit."""
        return sum((amount for _, amount in self.amounts), Fraction(0))

    def amount(self, symbol: str) -> Fraction:
        """Atoms of one element in one unit."""
        return dict(self.amounts).get(symbol, Fraction(0))


def resolve(material: str | Material) -> tuple[Material, Composition]:
    """Look up a name and read the formula.

    Raises
    ------
    InputError
        When the text is neither a name of the electrolyte list nor a formula.
    """
    if not isinstance(material, Material):
        material = Material(material)
    named = find_electrolyte(material.formula)
    if named is not None:
        material = Material(
            formula=named.formula,
            energy_eV_per_atom=material.energy_eV_per_atom,
            energy_above_hull_eV_per_atom=material.energy_above_hull_eV_per_atom,
            name=material.name or named.name,
        )
    return material, compose(material.formula)


@lru_cache(maxsize=65536)
def compose(text: str) -> Composition:
    """Read a formula or a mixture of formulas."""
    try:
        mixture = [(factor, _formula_of(part)) for factor, part in split_mixture(text)]
        if len(mixture) == 1:  # the amount of one formula alone means nothing
            mixture = [(Fraction(1), mixture[0][1])]
        parts = tuple((factor, parse_formula(formula)) for factor, formula in mixture)
    except InputError as error:
        close = nearest(text, list(electrolytes()), 1)
        raise InputError(f"{error}{close}" if close else str(error)) from None
    shown = " + ".join(
        formula.text if factor == 1 else f"{_number(factor)} {formula.text}"
        for factor, formula in parts
    )
    return Composition(shown if len(parts) > 1 else parts[0][1].text, parts)


def _formula_of(part: str) -> str:
    """Look up a component that may be a name of the electrolyte list."""
    named = find_electrolyte(part)
    return part if named is None else named.formula


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


def user_electrolytes_file() -> Path:
    """Return the place of the user's own list (or what ``INTERSCREEN_ELECTROLYTES`` says)."""
    chosen = os.environ.get("INTERSCREEN_ELECTROLYTES")
    if chosen:
        return Path(chosen)
    from platformdirs import user_config_dir

    return Path(user_config_dir("interscreen", appauthor=False)) / "electrolytes.yaml"


@lru_cache(maxsize=1)
def electrolytes() -> Mapping[str, Material]:
    """Electrolytes by name: the shipped list, with the user's own entries over it.

    Raises
    ------
    InputError
        When the user's list cannot be read.
    """
    from ..files import load_yaml

    shipped = load_yaml(
        (files("interscreen") / "data" / "electrolytes.yaml").read_text(), "electrolytes.yaml"
    )
    entries = _entries(shipped, "electrolytes.yaml")
    own = user_electrolytes_file()
    if own.is_file():
        entries.update(_entries(load_yaml(own.read_text(), str(own)), str(own)))
    elif os.environ.get("INTERSCREEN_ELECTROLYTES"):
        raise InputError(f"electrolyte list {own}: no such file (INTERSCREEN_ELECTROLYTES)")
    return entries


def _entries(data: Any, where: str) -> dict[str, Material]:
    if not isinstance(data, Mapping):
        raise InputError(f"{where}: write one electrolyte a line, NAME: FORMULA")
    found = {}
    for name, formula in data.items():
        if not isinstance(name, str) or not isinstance(formula, str):
            raise InputError(f"{where}: {name!r}: {formula!r} is not NAME: FORMULA")
        try:
            for _, part in split_mixture(formula):
                parse_formula(part)
        except InputError as error:
            raise InputError(f"{where}: {name}: {error}") from None
        found[name] = Material(formula, name=name)
    return found


def find_electrolyte(text: str) -> Material | None:
    """Entry of the electrolyte list with this name (capitals ignored when nothing else fits)."""
    known = electrolytes()
    if text in known:
        return known[text]
    lower = {name.lower(): entry for name, entry in known.items()}
    if text.lower() in lower:
        try:
            parse_formula(text)
        except InputError:
            return lower[text.lower()]
    return None


def elements_of(materials: Iterable[str | Material], *, lithium: bool = True) -> frozenset[str]:
    """Elements of some materials together, and Li unless it is not part of the question.

    Raises
    ------
    InputError
        For unreadable formulas.
    """
    found = {symbol for given in materials for symbol in resolve(given)[1].elements}
    return frozenset(found | ({"Li"} if lithium else set()))
