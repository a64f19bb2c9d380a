"""Run families (thermo types): entries of two of them never share a table."""

from __future__ import annotations

from ..errors import InputError
from ..phases.formula import nearest

GGA = "GGA_GGA+U"
R2SCAN = "R2SCAN"
MIXED = "GGA_GGA+U_R2SCAN"
POOLED = (GGA, R2SCAN)


_FAMILIES = {
    "GGA": GGA,
    "GGA_U": GGA,
    "GGA+U": GGA,
    "PBE": GGA,
    "PBE+U": GGA,
    "R2SCAN": R2SCAN,
}


def run_family(stated: str) -> str:
    """Return the family of a run type or thermo type, however it is spelled; unknown ones stay."""
    text = stated.strip()
    known = {name.lower(): name for name in (*POOLED, MIXED)}
    return known.get(text.lower()) or _FAMILIES.get(text.upper(), text)


def thermo_type(name: str) -> str:
    """Check the name of a run family.

    Raises
    ------
    InputError
        For an unknown one, and for the mixed one.
    """
    known = {family.lower(): family for family in (*POOLED, MIXED)}
    family = known.get(name.strip().lower())
    if family is None:
        raise InputError(
            f"thermo type {name!r}: unknown{nearest(name, list(POOLED), 1)}; "
            f"use {GGA} (the default) or {R2SCAN}"
        )
    if family == MIXED:
        raise InputError(
            f"thermo type {MIXED}: the mixed entries are corrected anew in each chemical system, "
            "so entries of different systems are not on one scale and cannot share a table; use "
            f"{GGA} (the default) or {R2SCAN}"
        )
    return family
