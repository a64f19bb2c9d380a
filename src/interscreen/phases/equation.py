"""Balanced equations with exact whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from ..errors import SolverError
from .formula import Amounts, whole_numbers
from .material import compose

ARROW = "->"
NOISE = 1e-6  # product amounts below this are numerical noise [atoms per atom of reactants]
_LARGEST = 99_999  # larger whole numbers are given as decimals per first reactant
_AGREE = 1e-5  # exact and computed amounts must agree to this


@dataclass(frozen=True)
class Equation:
    """A balanced reaction: the text, and the amounts on both sides.

    They are the smallest whole numbers, or numbers per first reactant to six digits where whole
    ones would exceed 99,999.
    """

    text: str  # "8 CuF2 + Li7La3Zr2O12 -> 8 CuO + 7 LiF + 3 LaF3 + 2 ZrO2"
    reactants: dict[str, float]
    products: dict[str, float]


def balance(
    reactants: Sequence[tuple[str, Amounts, float]],
    products: Sequence[tuple[str, float]],
    exchanged: Sequence[tuple[str, float]] = (),
) -> Equation:
    """Balance an equation whose amounts are known to numerical accuracy.

    Parameters
    ----------
    reactants : sequence of (text, atoms of one unit, number of units)
        Entries with zero units are left out.
    products : sequence of (formula, atoms of it per atom of reactants)
        Amounts below 1e-6 are noise and left out; one below zero is taken up.
    exchanged : sequence of (formula, number of units), optional
        Elements taken up (positive) or given off (negative) by an open reservoir.

    Raises
    ------
    SolverError
        When the amounts do not balance within 2e-5 atoms per atom of reactants.
    """
    left = [_Term(text, amounts, units) for text, amounts, units in reactants if units > 1e-12]
    right: list[_Term] = []
    for formula, atoms in products:
        if abs(atoms) > NOISE:
            unit = compose(formula)
            term = _Term(formula, unit.amounts, abs(atoms) / float(unit.n_atoms))
            (right if atoms > 0 else left).append(term)
    for formula, units in exchanged:
        if abs(units) > NOISE:
            term = _Term(formula, compose(formula).amounts, abs(units))
            (left if units > 0 else right).append(term)
    numbers = _whole(left, right) or _decimals(left, right)
    sides: list[dict[str, float]] = [{}, {}]
    for position, (term, number) in enumerate(zip(left + right, numbers, strict=True)):
        side = sides[0] if position < len(left) else sides[1]
        side[term.text] = side.get(term.text, 0) + number
    made = dict(sorted(sides[1].items(), key=lambda item: (-item[1], item[0])))
    return Equation(f"{format_side(sides[0])} {ARROW} {format_side(made)}", sides[0], made)


@dataclass(frozen=True)
class _Term:
    """A formula, the atoms of one unit and how many units take part."""

    text: str
    amounts: Amounts
    units: float


def _whole(left: list[_Term], right: list[_Term]) -> list[float] | None:
    """Smallest whole numbers that balance exactly; None where the amounts allow none.

    That is so for compositions rounded to a few digits (Ni0.333333): what they lack of a ratio of
    small numbers ends up in products below the noise.
    """
    terms = left + right
    exact = _exact(
        [dict(term.amounts) for term in left]
        + [{symbol: -amount for symbol, amount in term.amounts} for term in right],
        [term.units for term in terms],
    )
    if exact is None or min(exact) <= 0:
        return None
    whole = whole_numbers(exact)
    scale = terms[0].units / whole[0]
    largest = max(term.units for term in terms)
    off = (abs(n * scale - term.units) for n, term in zip(whole, terms, strict=True))
    if any(error > _AGREE * largest for error in off):
        return None
    if max(whole) > _LARGEST:
        return [float(f"{value / whole[0]:.6g}") for value in whole]
    return list(whole)


def _decimals(left: list[_Term], right: list[_Term]) -> list[float]:
    """Amounts per unit of the first reactant, to six digits; the balance is checked."""
    surplus: dict[str, float] = {}
    for sign, terms in ((1.0, left), (-1.0, right)):
        for term in terms:
            for symbol, amount in term.amounts:
                surplus[symbol] = surplus.get(symbol, 0.0) + sign * float(amount) * term.units
    if max(abs(value) for value in surplus.values()) > 20 * NOISE:
        raise SolverError(
            f"no balance for {' + '.join(term.text for term in left)} {ARROW} "
            f"{' + '.join(term.text for term in right)}; please report the formulas"
        )
    return [float(f"{term.units / left[0].units:.6g}") for term in left + right]


def format_side(amounts: dict[str, float]) -> str:
    """One side of an equation; a mixture stands in brackets."""
    written = []
    for formula, number in amounts.items():
        shown = f"({formula})" if " + " in formula else formula
        amount = f"{int(number)}" if number == int(number) else f"{number:g}"
        written.append(shown if number == 1 else f"{amount} {shown}")
    return " + ".join(written)


def _exact(vectors: list[dict[str, Fraction]], computed: list[float]) -> list[Fraction] | None:
    """Exact amounts with ``sum_k amount_k vector_k = 0`` next to the computed ones.

    At a kink the balance has one solution up to a factor; where reactants are collinear there
    are several, and the amounts of the surplus terms are taken over as rational numbers.
    Elimination in whole numbers, each row divided by its common factor: far quicker than fractions.
    """
    elements = sorted({symbol for vector in vectors for symbol in vector})
    # one whole-number unit for each term; its amount is scaled back at the end
    scales = [lcm(*(amount.denominator for amount in vector.values())) for vector in vectors]
    whole = [
        {
            symbol: amount.numerator * (scale // amount.denominator)
            for symbol, amount in each.items()
        }
        for each, scale in zip(vectors, scales, strict=True)
    ]
    rows = [[vector.get(symbol, 0) for vector in whole] for symbol in elements]
    pivots: list[int] = []
    # eliminate from the last term backwards, so that reactants stay free
    for column in reversed(range(len(vectors))):
        top = len(pivots)
        found = next((r for r in range(top, len(rows)) if rows[r][column]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        pivot_row = rows[top]
        pivot = pivot_row[column]
        for other, row in enumerate(rows):
            factor = row[column]
            if other != top and factor:
                mixed = [
                    pivot * value - factor * base
                    for value, base in zip(row, pivot_row, strict=True)
                ]
                common = gcd(*mixed) or 1
                rows[other] = [value // common for value in mixed]
        pivots.append(column)
    free = [column for column in range(len(vectors)) if column not in pivots]
    if not free:
        return None
    largest = max(free, key=lambda column: computed[column])
    amounts = [Fraction(0)] * len(vectors)
    for column in free:
        amounts[column] = Fraction(computed[column] / computed[largest]).limit_denominator(10_000)
    # in whole numbers of one unit, and of the units of the terms
    unit = lcm(*(amounts[column].denominator * scales[column] for column in free))
    parts = [(column, int(amounts[column] * unit / scales[column])) for column in free]
    for position, column in enumerate(pivots):
        row = rows[position]
        taken = -sum(row[other] * part for other, part in parts)
        amounts[column] = Fraction(taken * scales[column], unit * row[column])
    return amounts
