"""Numbers: what is one, and conversion factors (CODATA 2018; e and N_A are exact)."""

from __future__ import annotations

from numbers import Real
from typing import Any, TypeGuard

KJ_PER_MOL = 96.48533212  # 1 eV per particle [kJ/mol]
MAH_PER_MOL = 96485.33212 / 3.6  # charge of one mole of electrons [mAh/mol]
CM3_PER_MOL = 0.602214076  # 1 A3 per formula unit [cm3/mol]


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a number, of Python or NumPy; truth values and texts are none."""
    return isinstance(value, Real) and not isinstance(value, bool)
