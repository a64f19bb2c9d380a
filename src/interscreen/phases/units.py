"""Numbers: what is one, and conversion factors (CODATA 2018; e and N_A are exact)."""

from __future__ import annotations

from math import isfinite
from numbers import Real
from typing import Any, TypeGuard

from ..errors import InputError

KJ_PER_MOL = 96.48533212  # 1 eV per particle [kJ/mol]
HARTREE = 27.211386245988  # 1 Ha [eV]; two Rydberg
MAH_PER_MOL = 96485.33212 / 3.6  # charge of one mole of electrons [mAh/mol]
CM3_PER_MOL = 0.602214076  # 1 A3 per formula unit [cm3/mol]


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a number, of Python or NumPy; truth values and texts are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def checked_limit(value: Any, name: str, unit: str) -> float:
    """Return a number from 0 to below 1; more is most likely meant in thousandths of the unit.

    Raises
    ------
    InputError
        For anything else.
    """
    if not is_number(value):
        raise InputError(f"{name}: {value!r} is no number [{unit}]")
    if not isfinite(value) or value < 0.0:
        raise InputError(f"{name}: {value} {unit}; a number of zero or more is needed")
    if value >= 1.0:
        raise InputError(
            f"{name}: {value:g} {unit} is far beyond any use; is it meant in m{unit}? "
            f"Then write {value / 1000:g}"
        )
    # a number of NumPy is none in JSON
    return value if isinstance(value, int) else float(value)
