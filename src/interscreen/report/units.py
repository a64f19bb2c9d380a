"""The unit in which a reader gets a number: decided here for page, notebook and terminal."""

from __future__ import annotations

from ..phases.columns import COLUMNS

MEV, EV = "meV/atom", "eV/atom"
_DIGITS = {MEV: 1, EV: 3, "V": 3, "%": 1, "% by volume": 1, "mAh/g": 1}


def unit_of(key: str) -> str:
    """Return the unit in which a number is shown: energies that are compared in meV/atom.

    Formation energies, which nobody compares, stay in eV/atom, as tables have all of them.
    """
    known = COLUMNS[key].unit if key in COLUMNS else EV if key.endswith("_eV_per_atom") else ""
    formation = key.endswith("energy_eV_per_atom") and "mutual" not in key and "total" not in key
    return MEV if known == EV and not formation else known


def factor_of(key: str) -> float:
    """Return what a value of a table is multiplied by for the unit in which it is shown."""
    return 1000.0 if unit_of(key) == MEV and not key.endswith("meV_per_atom") else 1.0


def digits_of(key: str) -> int | None:
    """Return the digits after the point that a number deserves, None where its size decides."""
    return _DIGITS.get(unit_of(key))
