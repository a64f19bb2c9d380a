"""Chemical formulas: read as written, kept as written, exact amounts.

Exact fractions, plain error messages with a suggestion, and mixtures such as ``Cu + 2 LiF``; the
conventional way of writing a reduced formula is pymatgen's.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
import warnings
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from math import gcd, lcm
from typing import Any

from ..errors import InputError
from .conditions import GAS
from .notation import NUMBER, SIMPLE, in_plain_notation, own_number

_COEFFICIENT = re.compile(r"^(\d+(?:\.\d+)?(?:/\d+)?)\s*\*?\s*(?=[A-Z(\[])")
_PLUS = re.compile(r"\s+\+\s+|\s+\+$")
_PIECE = re.compile(
    rf"(?:(?P<symbol>[A-Z][a-z]?)|(?P<open>[(\[{{])|(?P<close>[)\]}}]))(?P<number>{NUMBER})?"
)
_DENOMINATOR = 1_000_000
_PLUTONIUM = 94
_MOST = 10_000_000  # atoms of one element in a formula
_ISOTOPES = {"D": "H", "T": "H"}

Amounts = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Formula:
    """One formula unit."""

    text: str  # as it is shown: as written, or reduced when it was a multiple
    amounts: Amounts  # atoms of each element in one unit, in order of atomic number
    notes: tuple[str, ...] = field(default=(), compare=False)  # what reading it set aside

    @property
    def elements(self) -> tuple[str, ...]:
        """Element symbols in order of atomic number."""
        return tuple(symbol for symbol, _ in self.amounts)

    @cached_property
    def n_atoms(self) -> Fraction:
        """Atoms per formula unit."""
        return sum((amount for _, amount in self.amounts), Fraction(0))

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Smallest whole numbers in the proportion of the amounts."""
        return whole_numbers([amount for _, amount in self.amounts])

    @property
    def reduced(self) -> str:
        """Conventional reduced formula, as a table has it."""
        return reduced_text(dict(zip(self.elements, self.counts, strict=True)))

    def amount(self, symbol: str) -> Fraction:
        """Atoms of one element per formula unit (zero if absent)."""
        return dict(self.amounts).get(symbol, Fraction(0))


def whole_numbers(values: list[Fraction]) -> tuple[int, ...]:
    """Scale rational numbers to the smallest whole numbers in the same proportion."""
    scale = lcm(*(value.denominator for value in values))
    scaled = [value.numerator * (scale // value.denominator) for value in values]
    divisor = gcd(*scaled) or 1
    return tuple(value // divisor for value in scaled)


@cache
def atomic_number(symbol: str) -> int:
    """Atomic number of an element symbol."""
    from pymatgen.core import Element

    return int(Element(symbol).Z)


@cache
def atomic_mass(symbol: str) -> float:
    """Atomic mass [g/mol] (pymatgen's table of standard atomic weights)."""
    from pymatgen.core import Element

    return float(Element(symbol).atomic_mass)


def molar_mass(amounts: Amounts) -> float:
    """Mass of one mole of units with these atoms [g/mol]."""
    return sum(float(amount) * atomic_mass(symbol) for symbol, amount in amounts)


@dataclass(frozen=True)
class Piece:
    """One symbol in a formula."""

    symbol: str
    number: Fraction
    factor: Fraction  # of the brackets around it
    digit: Fraction  # atoms that one unit of the last digit printed stands for; 0 if whole
    start: int  # of the symbol in the text
    end: int  # behind its number


def pieces(plain: str, text: str = "") -> list[Piece]:
    """Symbols of a formula in plain notation, in the order in which they are written.

    ``text`` is how messages call it.  InputError for anything that is not a chemical formula; the
    message suggests one where it can.
    """
    text = text or plain
    groups: list[tuple[str, list[Piece]]] = [("", [])]
    place = 0
    while place < len(plain):
        match = _PIECE.match(plain, place)
        if match is None or (match["open"] and match["number"]):
            raise _unreadable(text, plain, place)
        place = match.end()
        if match["open"]:
            groups.append((")]}"["([{".index(match["open"])], []))
            continue
        number, digit = _number(text, match)
        if match["symbol"]:
            _require_element(text, plain, match["symbol"])
            found = Piece(match["symbol"], number, Fraction(1), digit, match.start(), place)
            groups[-1][1].append(found)
            continue
        close, inner = groups.pop()
        if close != match["close"] or not inner:
            raise _unreadable(text, plain, match.start())
        groups[-1][1].extend(
            replace(p, factor=p.factor * number, digit=max(p.digit * number, p.number * digit))
            for p in inner
        )
    if len(groups) > 1 or not groups[0][1]:
        raise _unreadable(text, plain, len(plain))
    return groups[0][1]


def _number(text: str, match: re.Match[str]) -> tuple[Fraction, Fraction]:
    """Amount behind a symbol or a bracket, and one unit of its last digit (0 if whole)."""
    written, of = match["number"], match["symbol"] or match["close"]
    if written is None:
        return Fraction(1), Fraction(0)
    front, _, below = written.partition("/")
    if below and not int(below):
        raise InputError(f"formula {text!r}: {written} divides by zero")
    number = Fraction(front) / int(below or 1)
    if not number:
        raise InputError(f"formula {text!r}: the amount of {of} is zero; leave the element out")
    if not Fraction(1, _DENOMINATOR) <= number <= _MOST:
        raise InputError(
            f"formula {text!r}: the amount of {of} is {written}; amounts from 0.000001 to "
            f"{_MOST} are read"
        )
    decimals = len(front.partition(".")[2])
    return number, Fraction(1, 10**decimals) if decimals and not below else Fraction(0)


def read_amounts(text: str) -> dict[str, Fraction]:
    """Atoms of each element in a formula, exact, in order of atomic number.

    Isotopes (D, T) are atoms of their element.

    Raises
    ------
    InputError
        For anything that is not a chemical formula; the message suggests one where it can.
    """
    return _read(text)[1]


def _read(text: str) -> tuple[str, dict[str, Fraction], tuple[str, ...]]:
    """Plain notation of a formula, atoms of each element, and notes."""
    plain, notes = (text, ()) if SIMPLE.fullmatch(text) else in_plain_notation(text)
    if not plain:
        raise InputError("an empty formula; write one such as Li3PO4")
    total: dict[str, Fraction] = {}
    for piece in pieces(plain, text):
        symbol = _ISOTOPES.get(piece.symbol, piece.symbol)
        total[symbol] = total.get(symbol, Fraction(0)) + piece.number * piece.factor
    amounts = {
        s: total[s].limit_denominator(_DENOMINATOR) for s in sorted(total, key=atomic_number)
    }
    if missing := [symbol for symbol, amount in amounts.items() if not amount]:
        raise InputError(f"formula {text!r}: the amount of {missing[0]} is too small to count")
    return plain, amounts, notes


def _require_element(text: str, plain: str, symbol: str) -> None:
    try:
        atomic_number(symbol)
    except ValueError:
        raise InputError(
            f"formula {text!r}: {symbol} is not an element{_suggestion(plain)}"
        ) from None


def _unreadable(text: str, plain: str, place: int) -> InputError:
    """Error about a formula that cannot be read from some place on."""
    strange = re.search(r"[^A-Za-z0-9.()\[\]{}]", plain)
    if strange is None:
        return InputError(f"formula {text!r} cannot be read{_suggestion(plain)}")
    character, name = strange.group(), unicodedata.name(strange.group(), "")
    named = "" if character.isascii() else f" ({name.lower()})"
    remedy = "write letters, numbers and brackets only, a mixture as Cu + 2 LiF"
    if re.search(r"\d,\d", plain):
        remedy = f"write decimals with points: {re.sub(r'(?<=[0-9]),(?=[0-9])', '.', plain)}"
    return InputError(f"formula {text!r}: cannot read {character!r}{named}; {remedy}")


def reduced_text(amounts: dict[str, int]) -> str:
    """Conventional reduced formula of whole-number amounts (pymatgen's way of writing it)."""
    from pymatgen.core import Composition

    return str(Composition(amounts).reduced_formula)


@cache
def element_formula(symbol: str) -> str:
    """Return how an element is written as a phase (``O2``, ``Cu``)."""
    return reduced_text({symbol: 1})


@lru_cache(maxsize=65536)
def parse_formula(text: str) -> Formula:
    """Read one formula; multiples are shown reduced (InputError: see ``read_amounts``).

    That of a gas (``P4O10(g)``) stays as its molecule is written.
    """
    if text.endswith(GAS):
        return Formula(text, tuple(read_amounts(text.removesuffix(GAS)).items()))
    shown, amounts, notes = _read(text)
    if all(value.denominator == 1 for value in amounts.values()):
        reduced = reduced_text({symbol: int(value) for symbol, value in amounts.items()})
        unit = read_amounts(reduced)
        if unit != amounts:
            shown, amounts = reduced, unit
    return Formula(shown, tuple(amounts.items()), notes)


def split_mixture(text: str) -> list[tuple[Fraction, str]]:
    """Split ``"Cu + 2 LiF"`` into coefficients and formulas; one formula gives one pair.

    A plus without blanks is no plus of a mixture but a sum in a subscript (``Li1+0.3``).
    InputError for an empty part or a coefficient of zero.
    """
    if not text.strip():
        raise InputError("an empty formula; write one such as Li3PO4")
    mixture = []
    for part in _PLUS.split(text.strip()):
        match = _COEFFICIENT.match(part)
        if match and own_number(part, part[match.end() :]):
            match = None
        try:
            coefficient = Fraction(match.group(1)) if match else Fraction(1)
        except ZeroDivisionError:
            coefficient = Fraction(0)
        if coefficient <= 0:
            raise InputError(f"mixture {text!r}: the amount of {part!r} is not positive")
        formula = part[match.end() :].strip() if match else part.strip()
        if not formula:
            raise InputError(f"mixture {text!r}: empty part; write it like Cu + 2 LiF")
        mixture.append((coefficient, formula))
    return mixture


def nearest(word: str, known: list[str], count: int = 3) -> str:
    """``"; did you mean A or B?"`` for the nearest known words, or an empty string."""
    lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), lower, n=count, cutoff=0.6)
    return f"; did you mean {' or '.join(lower[name] for name in found)}?" if found else ""


def _plausible(composition: Any) -> bool:
    """Whether a reading of a text holds elements that a chemist can mean."""
    return bool(composition.valid) and all(element.Z <= _PLUTONIUM for element in composition)


def _suggestion(text: str) -> str:
    """Suggest formulas for a text with wrong capitals (``cuf2``)."""
    from pymatgen.core import Composition

    try:
        if not re.fullmatch(r"[A-Za-z0-9.()]{1,40}", text):
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of elements that nobody means
            ranked = Composition.ranked_compositions_from_indeterminate_formula(text)
            real = [composition for composition in ranked if _plausible(composition)]
            # the longest symbols: co is Co, and no other element is read into it
            best = min(real, key=lambda composition: composition.num_atoms).reduced_formula
        return f"; did you mean {best}?"
    except Exception:  # pymatgen raises many kinds here; a suggestion is a courtesy
        pass
    return "; write element symbols with amounts, such as Li1.3Al0.3Ti1.7(PO4)3"
