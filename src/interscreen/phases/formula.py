"""Chemical formulas: read as written, kept as written, exact amounts.

Parsing and the conventional way of writing a reduced formula are pymatgen's; this module adds
exact fractions, plain error messages with a suggestion, and mixtures such as ``Cu + 2 LiF``.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from math import gcd, lcm

from ..errors import InputError
from .conditions import GAS

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_ALLOWED = re.compile(r"[A-Za-z0-9.()\[\]{}]+")
_COEFFICIENT = re.compile(r"^(\d+(?:\.\d+)?(?:/\d+)?)\s*\*?\s*(?=[A-Z(\[])")
_DENOMINATOR = 1_000_000

Amounts = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Formula:
    """One formula unit."""

    text: str  # as it is shown: as written, or reduced when it was a multiple
    amounts: Amounts  # atoms of each element in one unit, in order of atomic number

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
    scaled = [int(value * scale) for value in values]
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


def read_amounts(text: str) -> dict[str, Fraction]:
    """Atoms of each element in a formula, exact, in order of atomic number.

    Raises
    ------
    InputError
        For anything that is not a chemical formula; the message suggests one where it can.
    """
    cleaned = text.translate(_SUBSCRIPTS).replace(" ", "")
    if not cleaned:
        raise InputError("an empty formula; write one such as Li3PO4")
    if "-" in cleaned and re.search(r"-\d", cleaned):
        raise InputError(f"formula {text!r}: negative amount; amounts must be positive")
    if not _ALLOWED.fullmatch(cleaned):
        strange = next(c for c in cleaned if not _ALLOWED.fullmatch(c))
        raise InputError(
            f"formula {text!r}: cannot read {strange!r}; write letters, numbers and brackets only "
            "(a hydrate as CuSO4(H2O)5)"
        )
    zero = re.search(r"([A-Z][a-z]?|[)\]}])(0+(?:\.0*)?|\.0+)(?![0-9.])", cleaned)
    if zero:
        raise InputError(
            f"formula {text!r}: the amount of {zero.group(1)} is zero; leave the element out"
        )
    from pymatgen.core import Composition, Element

    try:
        composition = Composition(cleaned)
    except (ValueError, TypeError, KeyError):
        raise InputError(f"formula {text!r} cannot be read{_suggestion(cleaned)}") from None
    amounts: dict[str, Fraction] = {}
    for species, amount in composition.items():
        if not isinstance(species, Element):
            raise InputError(
                f"formula {text!r}: {species.symbol} is not an element{_suggestion(cleaned)}"
            )
        exact = Fraction(float(amount)).limit_denominator(_DENOMINATOR)
        if exact <= 0:
            raise InputError(f"formula {text!r}: the amount of {species.symbol} is not positive")
        amounts[species.symbol] = exact
    if not amounts:
        raise InputError(f"formula {text!r} contains no atoms")
    return dict(sorted(amounts.items(), key=lambda item: atomic_number(item[0])))


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
    amounts = read_amounts(text.removesuffix(GAS))
    if text.endswith(GAS):
        return Formula(text, tuple(amounts.items()))
    shown = text.translate(_SUBSCRIPTS).replace(" ", "")
    if all(value.denominator == 1 for value in amounts.values()):
        reduced = reduced_text({symbol: int(value) for symbol, value in amounts.items()})
        unit = read_amounts(reduced)
        if unit != amounts:
            shown, amounts = reduced, unit
    return Formula(shown, tuple(amounts.items()))


def split_mixture(text: str) -> list[tuple[Fraction, str]]:
    """Split ``"Cu + 2 LiF"`` into coefficients and formulas; one formula gives one pair.

    InputError for an empty part or a coefficient of zero.
    """
    if not text.strip():
        raise InputError("an empty formula; write one such as Li3PO4")
    mixture = []
    for part in re.split(r"\s*\+\s*", text.strip()):
        match = _COEFFICIENT.match(part)
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


def _suggestion(text: str) -> str:
    """Suggest formulas for a text with wrong capitals (``cuf2``)."""
    from pymatgen.core import Composition

    try:
        if not re.fullmatch(r"[A-Za-z0-9.()]{1,40}", text):
            raise ValueError
        ranked = Composition.ranked_compositions_from_indeterminate_formula(text)
    except Exception:  # pymatgen raises many kinds here; a suggestion is a courtesy
        ranked = []
    real = [str(composition.reduced_formula) for composition in ranked if composition.valid]
    names = list(dict.fromkeys(real))[:2]
    if names:
        return f"; did you mean {' or '.join(names)}?"
    return "; write element symbols with amounts, such as Li1.3Al0.3Ti1.7(PO4)3"
