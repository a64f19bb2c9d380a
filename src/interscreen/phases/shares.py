"""Mixtures by mass, volume or formula units (``80 wt% C + 20 wt% LLZTO``), or by ratio."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import isnan

from ..errors import InputError
from .formula import Formula, molar_mass
from .solids import figures_of

RATIO = re.compile(r"\s*:\s*")  # 2 LiF : LaF3
_PART = re.compile(r"\s*(\d+(?:\.\d+)?(?:/\d+)?|\.\d+)\s*(wt|vol|mol)[.-]?\s*%\s*(\S.*?)\s*")


def plain_mixture(text: str, read: Callable[[str], Formula]) -> str:
    """Write a mixture by shares, or by ratio, in moles of its formulas; other texts as they are.

    Parameters
    ----------
    text : str
    read : callable
        Formula of one part, which may be a name.

    Raises
    ------
    InputError
        For shares that do not add up to 100, that mix mass and volume, or a part without a measured
        density where volumes are given.
    """
    text = RATIO.sub(" + ", text)
    if "%" not in text:
        return text
    found = [_PART.fullmatch(part) for part in text.split(" + ")]
    parts = [(float(Fraction(m[1])), m[2], m[3]) for m in found if m is not None]
    if len(parts) != len(found) or len({kind for _, kind, _ in parts}) != 1:
        raise InputError(
            f"{text}: write every part with wt%, every part with vol% or every part with mol%, "
            "as in '80 wt% C + 20 wt% LLZTO'"
        )
    if abs(sum(share for share, _, _ in parts) - 100.0) > 0.1:
        raise InputError(f"{text}: the shares add up to {sum(p[0] for p in parts):g}, not 100")
    moles = [share / _size(text, kind, name, read(name)) for share, kind, name in parts]
    least = min(mole for mole in moles if mole > 0.0)
    return " + ".join(
        f"{Decimal(f'{mole / least:.6g}'):f} {name}"
        for mole, (_, _, name) in zip(moles, parts, strict=True)
        if mole
    )


def _size(text: str, kind: str, name: str, unit: Formula) -> float:
    """Mass [g/mol] or volume [cm3/mol] of one formula unit; 1 for shares of units."""
    if kind == "mol":
        return 1.0
    if kind == "wt":
        return molar_mass(unit.amounts)
    volume = figures_of(unit.text)[0]
    if isnan(volume):
        raise InputError(f"{text}: no measured density of {name}; give the shares in wt%")
    return volume * float(unit.n_atoms)
