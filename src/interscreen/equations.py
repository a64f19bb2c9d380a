"""Balanced equations with exact whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .errors import SolverError
from .formula import Amounts, parse_formula, whole_numbers

ARROW = "->"
NOISE = 1e-6  # product amounts below this are numerical noise [atoms per atom of reactants]
_LARGEST = 99_999  # larger whole numbers are given as decimals per first reactant
_AGREE = 1e-5  # exact and computed amounts must agree to this


@dataclass(frozen=True)
class Equation:
    """A balanced reaction.

    Attributes
    ----------
    text : str
        ``"8 CuF2 + Li7La3Zr2O12 -> 8 CuO + 7 LiF + 3 LaF3 + 2 ZrO2"``.
    reactants, products : dict of str to number
        Amounts in that equation, whole numbers unless they would exceed 99,999.
    """

    text: str
    reactants: dict[str, float]
    products: dict[str, float]


def balance(
    reactants: Sequence[tuple[str, Amounts, float]],
    products: Sequence[tuple[str, float]],
    exchanged: tuple[str, float] | None = None,
) -> Equation:
    """Balance an equation whose amounts are known to numerical accuracy.

    Parameters
    ----------
    reactants : sequence of (text, atoms of one unit, number of units)
        Entries with zero units are left out.
    products : sequence of (formula, atoms of it per atom of reactants)
        Amounts below 1e-6 are noise and left out.
    exchanged : (formula, number of units), optional
        An element taken up (positive) or given off (negative) by an open reservoir.

    Returns
    -------
    Equation

    Raises
    ------
    SolverError
        When no exact balance with these amounts exists.
    """
    left = [(text, dict(amounts), units) for text, amounts, units in reactants if units > 1e-12]
    right = [
        (formula, dict(parse_formula(formula).amounts), atoms)
        for formula, atoms in products
        if atoms > NOISE
    ]
    right = [
        (formula, amounts, atoms / float(sum(amounts.values())))
        for formula, amounts, atoms in right
    ]
    if exchanged is not None and abs(exchanged[1]) > NOISE:
        amounts = dict(parse_formula(exchanged[0]).amounts)
        (left if exchanged[1] > 0 else right).append((exchanged[0], amounts, abs(exchanged[1])))
    terms = left + right
    computed = [units for _, _, units in terms]
    signs = [1] * len(left) + [-1] * len(right)
    exact = _exact(
        [
            {symbol: sign * amount for symbol, amount in amounts.items()}
            for sign, (_, amounts, _) in zip(signs, terms, strict=True)
        ],
        computed,
    )
    whole = whole_numbers(exact)
    scale = computed[0] / whole[0] if whole[0] > 0 else 0.0
    if any(
        number <= 0 or abs(number * scale - units) > _AGREE * max(computed)
        for number, units in zip(whole, computed, strict=True)
    ):
        raise SolverError(
            f"no exact balance for {[term[0] for term in left]} {ARROW} "
            f"{[term[0] for term in right]}; please report the formulas"
        )
    numbers: list[float] = list(whole)
    if max(whole) > _LARGEST:
        numbers = [float(f"{value / whole[0]:.6g}") for value in whole]
    return _write(terms, numbers, len(left))


def _write(terms: list[tuple[str, Any, float]], numbers: list[float], n_left: int) -> Equation:
    sides: list[dict[str, float]] = [{}, {}]
    for position, ((text, _, _), number) in enumerate(zip(terms, numbers, strict=True)):
        side = sides[0] if position < n_left else sides[1]
        side[text] = side.get(text, 0) + number
    products = dict(sorted(sides[1].items(), key=lambda item: (-item[1], item[0])))
    text = f"{format_side(sides[0])} {ARROW} {format_side(products)}"
    return Equation(text=text, reactants=sides[0], products=products)


def format_side(amounts: dict[str, float]) -> str:
    """One side of an equation; a mixture stands in brackets."""
    written = []
    for formula, number in amounts.items():
        shown = f"({formula})" if " + " in formula else formula
        written.append(shown if number == 1 else f"{number:g} {shown}" if number != int(number)
                       else f"{int(number)} {shown}")  # fmt: skip
    return " + ".join(written)


def _exact(vectors: list[dict[str, Fraction]], computed: list[float]) -> list[Fraction]:
    """Exact amounts with ``sum_k amount_k vector_k = 0`` next to the computed ones.

    At a kink the balance has one solution up to a factor; where reactants are collinear there
    are several, and the amounts of the surplus terms are taken over as rational numbers.
    """
    elements = sorted({symbol for vector in vectors for symbol in vector})
    rows = [[vector.get(symbol, Fraction(0)) for vector in vectors] for symbol in elements]
    pivots: list[int] = []
    row = 0
    # eliminate from the last term backwards, so that reactants stay free
    for column in reversed(range(len(vectors))):
        found = next((r for r in range(row, len(rows)) if rows[r][column] != 0), None)
        if found is None:
            continue
        rows[row], rows[found] = rows[found], rows[row]
        factor = rows[row][column]
        rows[row] = [value / factor for value in rows[row]]
        for other in range(len(rows)):
            if other != row and rows[other][column] != 0:
                factor = rows[other][column]
                rows[other] = [
                    value - factor * base
                    for value, base in zip(rows[other], rows[row], strict=True)
                ]
        pivots.append(column)
        row += 1
    free = [column for column in range(len(vectors)) if column not in pivots]
    if not free:
        raise SolverError("no exact balance; please report the formulas")
    largest = max(free, key=lambda column: computed[column])
    amounts = [Fraction(0)] * len(vectors)
    for column in free:
        amounts[column] = Fraction(computed[column] / computed[largest]).limit_denominator(10_000)
    for position, column in enumerate(pivots):
        amounts[column] = -sum(
            (rows[position][other] * amounts[other] for other in free), Fraction(0)
        )
    return amounts
