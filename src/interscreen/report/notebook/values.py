"""Values of results as HTML: rounded, in the unit in which people quote them."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from ...phases.columns import COLUMNS
from ..cells import listing
from ..markup import MINUS, marked, number, rounded

if TYPE_CHECKING:
    from ...answers.profile_result import Profile
    from ...answers.reaction import Reaction

MEV, EV, VOLTS = "meV/atom", "eV/atom", "V vs Li/Li⁺"
_DIGITS = {"meV/atom": 1, "eV/atom": 3, "V": 3, "%": 1, "% by volume": 1, "mAh/g": 1}
_SOURCES = {"phase": "phase of the source", "hull": "hull: a lower bound"}
_LONGEST = 12  # of a list that is spelled out


def fixed(value: float, digits: int = 0) -> str:
    """Write a number.

    Energies quoted to 1 meV/atom end in halves; without their noise (1e-15) they round one way.
    """
    return number(round(value, 9), digits)


def line(value: float, digits: int) -> str:
    """Write a number for the line of a terminal, rounded like ``fixed``."""
    return rounded(round(value, 9), digits)


def names_of(result: Reaction | Profile) -> str:
    """Return both reactants, as they were written."""
    return " | ".join(str(reactant["input"]) for reactant in result.reactants)


def plain(value: float | None, digits: int) -> str:
    """Write a number; nothing for a missing one."""
    return "" if value is None or math.isnan(value) else fixed(value, digits)


def milli(value: float | None, digits: int = 1) -> str:
    """Write an energy [eV/atom] in meV/atom, without the unit."""
    return "" if value is None else plain(1000.0 * value, digits)


def energy_words(source: str) -> str:
    """Say where the energy of a reactant comes from."""
    return _SOURCES.get(source, escape(source))


def _milli(key: str) -> bool:
    """Whether a column is shown in meV/atom: energies of reactions, not those of phases."""
    known = COLUMNS.get(key)
    formation = key.endswith("energy_eV_per_atom") and "mutual" not in key and "total" not in key
    return bool(known and known.unit == "eV/atom" and not formation)


def shown_unit(key: str) -> str:
    """Return the unit in which a column is shown."""
    known = COLUMNS.get(key)
    return "meV/atom" if _milli(key) else known.unit if known else ""


def cell(key: str, value: Any) -> str:
    """Write a value of a column as HTML, rounded; empty where it is missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        scaled = 1000.0 * value if _milli(key) else value
        if isinstance(value, int):
            return fixed(scaled, 0)
        digits = _DIGITS.get(shown_unit(key))
        return f"{scaled:.4g}".replace("-", MINUS) if digits is None else fixed(scaled, digits)
    if isinstance(value, list | tuple):
        return listing((cell(key, one) for one in value), _LONGEST)
    if isinstance(value, dict):
        return escape(f"{len(value)} entries: {', '.join(map(str, list(value)[:_LONGEST]))}")
    return marked(str(value))
