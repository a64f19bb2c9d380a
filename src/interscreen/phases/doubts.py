"""What may be wrong with a formula as it is written: rounded charges, molecules, capitals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from itertools import product

from ..files import data_yaml
from .formula import Formula, Piece, pieces
from .notation import number_text

_NONMETALS = frozenset("H B C N O F Si P S Cl As Se Br Te I".split())
_ALKALI = frozenset("Li Na K Rb Cs".split())
_CAPITALS = {
    **{"CU": "copper", "NI": "nickel", "SI": "silicon", "SN": "tin", "IN": "indium"},
    **{"BI": "bismuth", "SB": "antimony", "PB": "lead", "NB": "niobium"},
    # at the beginning only: K2CO3, KHF2
    **{"^CO(?!2?$)": "cobalt", "^HF(?!$)": "hafnium", "^CS(?!2?$)": "caesium", "^SC": "scandium"},
}
_MOST_STATES = 4096  # combinations that are tried
_SMALL = Fraction(
    3, 100
)  # of the negative charge; more is no rounding but a peroxide, an alloy, ...

States = tuple[int, int]
"""Lowest and highest state; the two are equal for a state that is not mixed."""


@lru_cache(maxsize=65536)
def doubts(formula: Formula) -> tuple[str, ...]:
    """Warnings about a formula, one line each; none for most."""
    found = [_molecule(formula), _capitals(formula)]
    if any(amount.denominator > 1 for _, amount in formula.amounts):
        found.append(_rounded(formula))
    return tuple(line for line in found if line)


def _molecule(formula: Formula) -> str:
    """Say that an organic composition is no crystal of the table."""
    elements = set(formula.elements)
    organic = {"C", "H"} <= elements <= _NONMETALS
    if organic or {"C", "F", "S"} <= elements <= _NONMETALS | _ALKALI:
        return f"{formula.text}: molecules lie outside the method, which knows crystals"
    return ""


def _capitals(formula: Formula) -> str:
    """Say that two capitals may be meant as one metal (``CUF2``, ``LiCOO2``)."""
    capitals = not re.search("[a-z]", formula.text)  # BiSI is a compound
    found = ((re.search(pattern, formula.text), name) for pattern, name in _CAPITALS.items())
    meant = sorted((m.start(), m.group(), name) for m, name in found if m and capitals)
    _, word, name = meant[0] if meant else (0, "", "")
    if not word and "COO" in formula.text and "H" not in formula.elements:
        word, name = "CO", "cobalt"
    if not word:
        return ""
    return (
        f"{formula.text} read with {word[0]} and {word[1]} (with {name} write "
        f"{formula.text.replace(word, word.capitalize(), 1)})"
    )


# -- charge ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _States:
    """Oxidation states by element."""

    alone: dict[str, tuple[States, ...]]
    beside_oxygen: dict[str, tuple[States, ...]]
    reducible: frozenset[str]
    anions: frozenset[str]

    def of(self, symbol: str, elements: tuple[str, ...]) -> tuple[States, ...]:
        """States of an element in a compound; none where they are not known."""
        more = self.beside_oxygen.get(symbol, ()) if "O" in elements and symbol != "O" else ()
        return self.alone.get(symbol, ()) + more


@cache
def _states() -> _States:
    data = data_yaml("oxidation_states.yaml")

    def by_element(*kinds: str) -> dict[str, tuple[States, ...]]:
        found: dict[str, tuple[States, ...]] = {}
        for key, symbols in (item for kind in kinds for item in data[kind].items()):
            numbers = [int(number) for number in re.findall(r"-?\d+", str(key))]
            pair = (min(numbers), max(numbers))
            states = (pair,) if " to " in str(key) else tuple((n, n) for n in numbers)
            for symbol in symbols:
                found[symbol] = found.get(symbol, ()) + states
        return found

    return _States(
        by_element("states", "mixed"),
        by_element("beside_oxygen"),
        frozenset(data["reducible"]),
        frozenset(data["anions"]),
    )


def _rounded(formula: Formula) -> str:
    """Say that a formula is off neutrality by what rounding its digits may have cost."""
    known = _states()
    if not known.anions & set(formula.elements):
        return ""
    sets = [known.of(symbol, formula.elements) for symbol in formula.elements]
    combinations = 1
    for states in sets:
        combinations *= len(states)
    if not 0 < combinations <= _MOST_STATES:
        return ""
    written = pieces(formula.text)
    best: tuple[Fraction, dict[str, States]] | None = None
    for chosen in product(*sets):
        low, high = (
            sum((n * s[end] for (_, n), s in zip(formula.amounts, chosen, strict=True)), Fraction())
            for end in (0, 1)
        )
        if low <= 0 <= high:
            return ""
        charge = low if low > 0 else high
        state = dict(zip(formula.elements, chosen, strict=True))
        negative = sum((-n * min(state[s][0], 0) for s, n in formula.amounts), Fraction())
        limit = min(_cost_of_rounding(written, state, charge), _SMALL * negative)
        if abs(charge) <= limit and (best is None or abs(charge) < abs(best[0])):
            best = charge, state
    if best is None:
        return ""
    charge, state = best
    nearest = _neutral(formula.text, written, charge, state)
    return (
        f"{formula.text} is not neutral, {float(abs(charge)):g} positive charges too "
        f"{'many' if charge > 0 else 'few'} (rounded digits?), which can decide an answer "
        f"(nearest neutral formula: {nearest})"
    )


def _cost_of_rounding(written: list[Piece], state: dict[str, States], charge: Fraction) -> Fraction:
    """Charge that one unit of the last digits is worth; half a unit where it may be reduction."""
    cost = sum((p.digit * max(map(abs, state[p.symbol])) for p in written), Fraction())
    reduced = charge > 0 and _states().reducible & set(state)
    return cost / 2 if reduced else cost


def _neutral(text: str, written: list[Piece], charge: Fraction, state: dict[str, States]) -> str:
    """Change one amount so that a formula is neutral: printed digits first, Li or an anion first.

    Returns the new formula, or nothing where no amount can take the charge.
    """
    found = []
    for piece in written:
        low, high = state[piece.symbol]
        if low != high or sum(p.symbol == piece.symbol for p in written) > 1:
            continue
        number = piece.number - charge / low / piece.factor
        if number <= 0:
            continue
        digit = Fraction(1, 10 ** len(text[piece.start : piece.end].partition(".")[2]))
        units = abs(number - piece.number) / digit
        key = (
            digit == 1,  # printed without decimals
            units.denominator > 1,
            units,
            0 if piece.symbol in _ALKALI else 1 if low < 0 else 2,
        )
        neutral = text[: piece.start] + piece.symbol + number_text(number) + text[piece.end :]
        found.append((key, neutral))
    return min(found)[1] if found else "none with one amount changed"
