"""Series of compositions: formulas and mixtures with an x that takes one value after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from ..errors import InputError
from .notation import number_text
from .shares import RATIO

MOST_POINTS = 1000

_NUMBER = r"\d+(?:\.\d+)?(?:/\d+)?"
_TERM = re.compile(rf"([+-]?)({_NUMBER})?(x)?")
_SUBSCRIPT = re.compile(r"(Dy|[A-Z][a-z]?)\{([^{}]*)\}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_AMOUNT = re.compile(rf"(^|[+:]\s*)({_NUMBER})?\s*x\s+(?=[A-Z(])")
_HELP = "write 'Cu + x LiF' or 'Li{7-3x}Al{x}La3Zr2O12'"


def has_x(text: str) -> bool:
    """Whether a formula or mixture is a series."""
    return "{" in text or _AMOUNT.search(text) is not None


def at(template: str, x: Fraction) -> str:
    """Put a number in place of x, exactly: ``Cu + x LiF``, ``Li{7-3x}Al{x}La3Zr2O12``.

    What has the amount zero is left out; a text without x stays as it is.

    Raises
    ------
    InputError
        For braces that hold no sum of numbers and multiples of x, for an amount below zero, and
        where nothing is left.
    """

    def value(inside: str) -> Fraction:
        text = inside.replace(" ", "")
        terms = [m for m in _TERM.finditer(text) if m[2] or m[3]]
        if "".join(m[0] for m in terms) != text or not terms:
            raise InputError(f"{template}: {{{inside}}} is no sum such as {{7-3x}}")
        total = sum(
            ((-1 if m[1] == "-" else 1) * Fraction(m[2] or 1) * (x if m[3] else 1) for m in terms),
            Fraction(0),
        )
        if total < 0:
            raise InputError(f"{template}: {{{inside}}} is {float(total):g} at x = {float(x):g}")
        return total

    def subscript(match: re.Match[str]) -> str:
        amount = value(match[2])
        return match[1] + number_text(amount) if amount else ""

    def amount(match: re.Match[str]) -> str:
        value = Fraction(match[2] or 1) * x
        return match[1] + (f"{_plain(value)} " if value != 1 else "")

    found = _SUBSCRIPT.sub(subscript, RATIO.sub(" + ", template))
    found = _AMOUNT.sub(amount, _BRACES.sub(lambda m: _plain(value(m[1])), found))
    parts = [part.strip() for part in found.split(" + ")]
    there = [part for part in parts if part and not part.startswith("0 ")]
    if not there:
        raise InputError(f"{template}: nothing is left at x = {float(x):g}")
    return " + ".join(there)


def _plain(value: Fraction) -> str:
    return number_text(value) or "1"


def read_span(text: str) -> tuple[Fraction, Fraction]:
    """Read the first and the last value of x, as ``0..4``.

    Raises
    ------
    InputError
        For anything that is no range of numbers from zero upwards.
    """
    low, _, high = text.partition("..")
    try:
        span = Fraction(low.strip()), Fraction(high.strip())
    except (ValueError, ZeroDivisionError):
        raise InputError(f"x {text}: write the first and the last value, as 0..4") from None
    if not 0 <= span[0] < span[1] <= 10_000:
        raise InputError(f"x {text}: write a range upwards from 0 or more, as 0..4")
    return span


def values_of(span: tuple[Fraction, Fraction], points: int) -> tuple[Fraction, ...]:
    """Return evenly spaced values from the first to the last one.

    Raises
    ------
    InputError
        For fewer than two points, or more than ``MOST_POINTS``.
    """
    if not 2 <= points <= MOST_POINTS:
        raise InputError(f"points {points}: ask for 2 to {MOST_POINTS}")
    low, high = span
    return tuple(low + (high - low) * Fraction(step, points - 1) for step in range(points))


def require_x(texts: Sequence[str]) -> None:
    """InputError unless one of some formulas is a series."""
    if not any(map(has_x, texts)):
        raise InputError(f"{' | '.join(texts)}: no x in it; {_HELP}")
