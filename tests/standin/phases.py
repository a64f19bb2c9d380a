"""One calculation as a compact row, and the fields of the service's documents made from it.

A document is only made when it is served: 130,000 of them as dicts would take gigabytes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple
from zlib import crc32

THERMO = "/materials/thermo/"
SUMMARY = "/materials/summary/"
GGA = "GGA_GGA+U"
R2SCAN = "r2SCAN"  # as the service spells it; its client rewrites R2SCAN to this
MIXED = "GGA_GGA+U_R2SCAN"
EMMET_VERSION = "0.87.1"

_PART = re.compile(r"([A-Z][a-z]?)(\d*)")


class Phase(NamedTuple):
    """One material with one type of energy; None means: to be derived when it is served.

    Attributes
    ----------
    material_id, formula, chemsys : str
        ``formula`` is that of the cell, without brackets (``Li8O4``).
    formation : float or None
        Formation energy [eV/atom]; None is served as null.
    total : float or None
        Corrected energy [eV/atom]; None: the same number as the formation energy.
    above_hull : float or None
        Energy above the hull [eV/atom].
    volume : float or None
        Volume of the cell [Å³].
    """

    material_id: str
    formula: str
    chemsys: str
    formation: float | None
    total: float | None = None
    thermo_type: str = GGA
    uncorrected: float | None = None
    uncertainty: float | None = None
    above_hull: float | None = None
    volume: float | None = None
    theoretical: bool | None = None
    band_gap: float | None = None
    license: str = "BY-C"
    batch_id: str | None = None
    deprecated: bool = False
    updated: str = "2026-09-30T12:00:00Z"
    structure: dict[str, Any] | None = None


def make_phase(
    formula: str, formation: float | None, material_id: str | None = None, **more: Any
) -> Phase:
    """Make a row from any formula; without an id it gets one that depends on the formula only.

    The client of the service writes ids beyond mp-3347529 in letters; these stay below.
    """
    if "(" in formula:
        from pymatgen.core import Composition

        formula = Composition(formula).formula.replace(" ", "")
    material_id = material_id or f"mp-{2_000_000 + crc32(formula.encode()) % 1_000_000}"
    return Phase(material_id, formula, system_of(formula), formation, **more)


def amounts(formula: str) -> dict[str, int]:
    """``"Li2FeO3"`` -> ``{"Li": 2, "Fe": 1, "O": 3}`` (no brackets, whole numbers)."""
    return {symbol: int(number or 1) for symbol, number in _PART.findall(formula)}


def system_of(formula: str) -> str:
    """Chemical system, its elements in the order of the alphabet: ``"Fe-Li-O"``."""
    return sys.intern("-".join(sorted({symbol for symbol, _ in _PART.findall(formula)})))


def reduced(formula: str) -> dict[str, int]:
    """Amounts without their common divisor."""
    found = amounts(formula)
    divisor = gcd(*found.values())
    return {symbol: number // divisor for symbol, number in found.items()}


def composition_key(formula: str) -> tuple[tuple[str, int], ...]:
    """Return the same key for every way to write one composition."""
    return tuple(sorted(reduced(formula).items()))


@lru_cache(maxsize=200_000)
def pretty(formula: str) -> str:
    """Formula as the service prints it."""
    from pymatgen.core import Composition

    return str(Composition(formula).reduced_formula)


@lru_cache(maxsize=200)
def mass(symbol: str) -> float:
    """Atomic mass [g/mol]."""
    from pymatgen.core import Element

    return float(Element(symbol).atomic_mass)


def _hash(phase: Phase) -> int:
    return crc32(phase.material_id.encode())


def theoretical(phase: Phase) -> bool:
    """Whether nobody made it: as given, otherwise for 40 % of the ids, always the same ones."""
    return _hash(phase) % 100 < 40 if phase.theoretical is None else phase.theoretical


def band_gap(phase: Phase) -> float:
    """Band gap [eV]: as given, otherwise made up from the id; elements are metals."""
    if phase.band_gap is not None:
        return phase.band_gap
    number = _hash(phase)
    return 0.0 if "-" not in phase.chemsys or number % 5 < 2 else 0.05 + number % 8000 / 1000


def nsites(phase: Phase) -> int:
    return sum(amounts(phase.formula).values())


def volume(phase: Phase) -> float:
    """Volume of the cell [Å³]: as given, otherwise 11 to 20 Å³ an atom."""
    if phase.volume is not None:
        return phase.volume
    return nsites(phase) * (11.0 + _hash(phase) % 90 / 10)


def density(phase: Phase) -> float:
    """Density [g/cm³] that belongs to the volume."""
    weight = sum(mass(symbol) * number for symbol, number in amounts(phase.formula).items())
    return weight * 1.66053906660 / volume(phase)


def total(phase: Phase) -> float | None:
    return phase.formation if phase.total is None else phase.total


def builder_meta(phase: Phase, version: str) -> dict[str, Any]:
    return {
        "emmet_version": EMMET_VERSION,
        "pymatgen_version": "2026.5.4",
        "run_id": None,
        "batch_id": phase.batch_id,
        "database_version": version,
        "build_date": "2026-09-30T13:00:00Z",
        "license": phase.license,
    }


# what a field is, from the row and the version of the database
VALUES: dict[str, Callable[[Phase, str], Any]] = {
    "material_id": lambda p, _: p.material_id,
    "formula_pretty": lambda p, _: pretty(p.formula),
    "chemsys": lambda p, _: p.chemsys,
    "nsites": lambda p, _: nsites(p),
    "volume": lambda p, _: volume(p),
    "density": lambda p, _: density(p),
    "formation_energy_per_atom": lambda p, _: p.formation,
    "energy_per_atom": lambda p, _: total(p),
    "uncorrected_energy_per_atom": lambda p, _: (
        total(p) if p.uncorrected is None else p.uncorrected
    ),
    "energy_above_hull": lambda p, _: p.above_hull,
    "last_updated": lambda p, _: p.updated,
    "deprecated": lambda p, _: p.deprecated,
    "builder_meta": builder_meta,
    "thermo_id": lambda p, _: f"{p.material_id}_{p.thermo_type}",
    "thermo_type": lambda p, _: p.thermo_type,
    "energy_uncertainy_per_atom": lambda p, _: p.uncertainty,  # the service spells it so
    "theoretical": lambda p, _: theoretical(p),
    "band_gap": lambda p, _: band_gap(p),
    "is_metal": lambda p, _: band_gap(p) == 0.0,
    "structure": lambda p, _: p.structure,
}
_ONLY_THERMO = {"thermo_id", "thermo_type", "energy_uncertainy_per_atom"}
_ONLY_SUMMARY = {"theoretical", "band_gap", "is_metal", "structure"}
FIELDS = {THERMO: set(VALUES) - _ONLY_SUMMARY, SUMMARY: set(VALUES) - _ONLY_THERMO}
DEFAULT_FIELDS = {
    THERMO: ("thermo_id", "material_id", "last_updated"),
    SUMMARY: ("material_id", "last_updated"),
}


class Projection:
    """Makes documents with some fields only; unknown fields are passed over, as the service does.

    Parameters
    ----------
    route : str
    fields : tuple of str
        ``"builder_meta.license"`` asks for one part of a field.
    """

    def __init__(self, route: str, fields: tuple[str, ...]):
        known = FIELDS[route]
        self.whole = [(name, VALUES[name]) for name in dict.fromkeys(fields) if name in known]
        self.parts: dict[str, list[str]] = {}
        for field in fields:
            name, _, part = field.partition(".")
            if part and name in known and name not in fields:
                self.parts.setdefault(name, []).append(part)

    def __call__(self, phase: Phase, version: str) -> dict[str, Any]:
        document = {name: value(phase, version) for name, value in self.whole}
        if phase.structure is None:
            document.pop("structure", None)
        for name, parts in self.parts.items():
            value = VALUES[name](phase, version) or {}
            document[name] = {part: value[part] for part in parts if part in value}
        return document
