"""What a user hands in as a reactant: a formula, a mixture or a name, with or without energy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import InputError
from .doubts import doubts
from .energy_units import HIGHEST, LOWEST, check_energy
from .formula import Amounts, Formula, atomic_number, nearest, parse_formula, split_mixture
from .names import Names, find_name, names, refuse_words, written_out
from .shares import plain_mixture
from .texts import LONGEST_NAME, checked_text
from .units import checked_limit

if TYPE_CHECKING:
    from pymatgen.core import Composition as PymatgenComposition
    from pymatgen.core import Element
    from pymatgen.entries import Entry

Given: TypeAlias = "str | Material | PymatgenComposition | Element | Entry"
"""What a question takes for a material; see ``as_material``."""


@dataclass(frozen=True)
class Material:
    """A reactant as the user gives it.

    Attributes
    ----------
    formula : str
        A formula, a mixture (``"Cu + 2 LiF"``) or a name (``"LATP"``, ``"NCM811"``).
        A pymatgen ``Composition`` or ``Element`` becomes its formula.
    energy_eV_per_atom : float, optional
        Formation energy of the material itself [eV/atom].
    energy_above_hull_eV_per_atom : float, optional
        Its energy above the hull [eV/atom], where that is known instead.
    name : str
        How tables and figures call it; the formula if empty.
    note : str
        What results say about how the formula was read; looking up a name sets it.

    Raises
    ------
    InputError
        For two energies, and for one that no phase can have (below -7 or above 10 eV/atom, 1
        eV/atom or more above the hull); the message says in which unit it would be one.

    Examples
    --------
    >>> from interscreen import Material
    >>> Material("LATP", energy_above_hull_eV_per_atom=0.02).label
    'LATP'
    """

    formula: str
    energy_eV_per_atom: float | None = None
    energy_above_hull_eV_per_atom: float | None = None
    name: str = ""
    note: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        given: Any = self.formula
        if not isinstance(given, str):
            object.__setattr__(self, "formula", _formula_text(given))
        if self.name:
            checked_text(self.name, "name", LONGEST_NAME)
        energies = (self.energy_eV_per_atom, self.energy_above_hull_eV_per_atom)
        if None not in energies:
            raise InputError(
                f"{self.formula}: give either its energy or its energy above the hull, not both"
            )
        energy, above = energies
        if energy is not None and not LOWEST <= energy <= HIGHEST:
            check_energy(self.formula, energy, float(resolve(self.formula)[1].n_atoms))
        if above is not None and above < 0:
            raise InputError(
                f"{self.formula}: the energy above the hull is {above} eV/atom; it cannot be "
                "negative (give energy_eV_per_atom for a phase below the hull)"
            )
        if above is not None:
            checked_limit(above, f"{self.formula}: the energy above the hull", "eV/atom")

    @property
    def label(self) -> str:
        """Name, or the formula as written."""
        return self.name or self.formula


@dataclass(frozen=True)
class Composition:
    """A material with its formula resolved: one unit of a formula or of a mixture."""

    text: str  # the unit, as it stands in equations
    parts: tuple[tuple[Fraction, Formula], ...]  # how many of each component make one unit
    notes: tuple[str, ...] = field(default=(), compare=False)  # how names and forms were read

    @cached_property
    def amounts(self) -> Amounts:
        """Atoms of each element in one unit, in order of atomic number."""
        if len(self.parts) == 1 and self.parts[0][0] == 1:
            return self.parts[0][1].amounts
        total: dict[str, Fraction] = {}
        for factor, formula in self.parts:
            for symbol, amount in formula.amounts:
                total[symbol] = total.get(symbol, Fraction(0)) + factor * amount
        return tuple(sorted(total.items(), key=lambda item: atomic_number(item[0])))

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """How it was read, and what may be wrong with its components as crystals."""
        doubted = (line for _, formula in self.parts for line in doubts(formula))
        return tuple(dict.fromkeys((*self.notes, *doubted)))

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


def as_material(given: Given) -> Material:
    """Return what a user hands in as a Material.

    An entry or a structure of pymatgen stands for its composition.  The energy of an entry is a
    total energy and is left aside; only a formation energy that its ``data`` states
    (``formation_energy_per_atom`` [eV/atom]) is taken as that of the material.  InputError for
    anything else.
    """
    if isinstance(given, Material):
        return given
    composition: Any = getattr(given, "composition", given)
    data = getattr(given, "data", None)
    stated = data.get("formation_energy_per_atom") if isinstance(data, Mapping) else None
    return Material(composition, energy_eV_per_atom=None if stated is None else float(stated))


def _formula_text(given: Any) -> str:
    """Write a composition or an element of pymatgen as a formula, to the last digit that counts."""
    if hasattr(given, "get_el_amt_dict"):
        amounts = given.get_el_amt_dict()
        written = (f"{symbol}{_plain_number(n)}" for symbol, n in amounts.items())
        return written_out("".join(written))
    if hasattr(given, "symbol"):
        return str(given.symbol)
    remedy = "write a formula such as 'CuF2', or hand in a Material or a pymatgen Composition"
    if isinstance(given, bool):
        remedy = "a bare NO in a YAML 1.1 file becomes False: write it in quotes"
    raise InputError(f"formula {given!r} is not text; {remedy}")


def _plain_number(amount: float) -> str:
    """Write an amount without exponent; nothing for one."""
    return "" if amount == 1.0 else f"{amount:.9f}".rstrip("0").rstrip(".")


def phase_material(formula: str) -> Material:
    """Return a phase of a table as a material, even if it is spelled like a word (``SN``)."""
    written = written_out(formula)
    return Material(written, name="" if written == formula else formula)


def resolve(material: Given) -> tuple[Material, Composition]:
    """Look up a name and read the formula.

    InputError for a text that is neither, and for a word of the field that is no formula (PVDF).
    """
    if isinstance(material, str):
        return _resolved_text(names(), material)
    return _resolved(as_material(material))


@lru_cache(maxsize=65536)
def _resolved_text(_: Names, text: str) -> tuple[Material, Composition]:
    return _resolved(Material(text))


def _resolved(material: Material) -> tuple[Material, Composition]:
    named = find_name(material.formula)
    unit = _composed(names(), material.formula, strict=True)
    if named is not None:
        name = material.name or named.name
        return replace(material, formula=named.formula, name=name, note=named.note), unit
    if material.note:  # looked up before
        unit = replace(unit, notes=(material.note, *unit.notes))
    return material, unit


def compose(text: str) -> Composition:
    """Read a formula, a name, or a mixture of them."""
    return _composed(names(), text)


@lru_cache(maxsize=65536)
def _composed(_: Names, text: str, strict: bool = False) -> Composition:
    """Read a mixture; ``strict`` refuses words that are no formulas."""
    notes: list[str] = []
    text = plain_mixture(text, lambda part: _part(part, notes))
    if strict:
        refuse_words(text)
    try:
        mixture = [
            (factor * other, formula)
            for factor, part in split_mixture(text)
            for other, formula in _components(part, notes)
        ]
        if len(mixture) == 1:  # the amount of one formula alone means nothing
            mixture = [(Fraction(1), mixture[0][1])]
        parts = tuple((factor, parse_formula(formula)) for factor, formula in mixture)
    except InputError as error:
        close = "" if "did you mean" in str(error) else nearest(text, list(names()), 1)
        raise InputError(f"{error}{close}") from None
    shown = " + ".join(
        formula.text if factor == 1 else f"{_number(factor)} {formula.text}"
        for factor, formula in parts
    )
    notes += [line for _, formula in parts for line in formula.notes]
    return Composition(shown if len(parts) > 1 else parts[0][1].text, parts, tuple(notes))


def _part(part: str, notes: list[str]) -> Formula:
    """Return the formula of one component, which may be a name."""
    (_, formula), *more = _components(part, notes)
    if more:
        raise InputError(f"{part}: a mixture by itself; give the share of each of its formulas")
    return parse_formula(formula)


def _components(part: str, notes: list[str]) -> list[tuple[Fraction, str]]:
    """Formulas of a component, which may be a name."""
    named = find_name(part)
    if named is not None:
        notes += [named.note] if named.note else []
        return split_mixture(named.formula)
    return [(Fraction(1), part)]


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


def elements_of(materials: Iterable[Given], *, lithium: bool = True) -> frozenset[str]:
    """Elements of some materials together, and Li unless it is not part of the question."""
    found = {symbol for given in materials for symbol in resolve(given)[1].elements}
    return frozenset(found | ({"Li"} if lithium else set()))
