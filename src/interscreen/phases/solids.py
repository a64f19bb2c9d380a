"""Molar volumes and electronic conduction of phases: from the source, or measured.

The package's own figures stand in data/reference_phases.csv and data/solids.csv, each with its
reference; they are read when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from math import isfinite
from typing import Any

from ..files import data_rows
from .formula import Formula, molar_mass, parse_formula, reduced_text
from .table import PhaseTable
from .units import CM3_PER_MOL

SOURCE, MEASURED = "source", "measured"

METAL, SEMICONDUCTOR, INSULATOR = "metal", "semiconductor", "insulator"
NONMETAL = "nonmetal"  # not a metal, but its band gap is not known

# computed (PBE) gaps are too small by 30 to 50 %; docs/layers.md compares the two
INSULATING_PBE_GAP_EV = 2.0

_FILES = ("reference_phases.csv", "solids.csv")  # what the first one has, counts
_GASES = frozenset("H He N O F Ne Cl Ar Kr Xe Rn".split())
# with metals these make conductors; As, Sb, Bi, Te make semiconductors as often as not
_LIKE_METALS = frozenset("B Si Ge".split())
_ANIONS = frozenset("H N O F P S Cl Se Br I".split())
# a salt of Li with nothing but these has closed shells
_MAIN_GROUP = _ANIONS | frozenset(
    "Li Be B Na Mg Al Si K Ca Ga Ge Rb Sr In Sn Cs Ba".split()
)  # fmt: skip


@dataclass(frozen=True)
class Solid:
    """Figures of one phase with their sources; None and empty text where there is none.

    Attributes
    ----------
    formula : str
        Reduced formula.
    density_g_per_cm3 : float or None
        Density at room temperature [g/cm3].
    density_source : str
    conduction : str
        ``metal``, ``semiconductor``, ``insulator`` or empty.
    band_gap_eV : float or None
        Measured band gap [eV].
    conduction_source : str
    """

    formula: str
    density_g_per_cm3: float | None
    density_source: str
    conduction: str
    band_gap_eV: float | None
    conduction_source: str


@lru_cache(maxsize=1)
def solids() -> Mapping[str, Solid]:
    """Figures of the package, by reduced formula; the reference set goes before solids.csv."""
    found: dict[str, dict[str, str]] = {}
    for name in _FILES:
        for row in data_rows(name):
            known = found.setdefault(row["formula"], {})
            for figure in (
                ("density_g_per_cm3", "density_source"),
                ("conduction", "band_gap_eV", "conduction_source"),
            ):
                if not known.get(figure[0]):
                    known.update({key: row[key] for key in figure})
    return {
        formula: Solid(
            formula=formula,
            **{field.name: _figure(row[field.name], field.name) for field in fields(Solid)[1:]},
        )
        for formula, row in found.items()
    }


def molar_volumes(table: PhaseTable, formula: str) -> dict[str, float]:
    """Volume of one mole of formula units [cm3/mol], by origin.

    Parameters
    ----------
    table : PhaseTable
    formula : str
        One formula; the volume is that of one unit as it is shown (``parse_formula``).

    Returns
    -------
    dict of str to float
        ``source``: volume or density of the source, computed as a rule. ``measured``: density of
        the package, or one that the source gives with a reference for it. Empty for a phase
        without figures and for gases.
    """
    unit = parse_formula(formula)
    if len(unit.elements) == 1 and unit.elements[0] in _GASES:
        return {}
    mass = molar_mass(unit.amounts)  # [g/mol]
    volumes = {}
    row = _row(table, unit)
    volume = _number(table, row, "volume_A3_per_atom")
    density = _number(table, row, "density_g_per_cm3")
    if volume is not None:
        volumes[SOURCE] = volume * float(unit.n_atoms) * CM3_PER_MOL
    elif density is not None:
        origin = MEASURED if _text(table, row, "density_source") else SOURCE
        volumes[origin] = mass / density
    known = solids().get(_reduced(unit))
    if MEASURED not in volumes and known is not None and known.density_g_per_cm3:
        volumes[MEASURED] = mass / known.density_g_per_cm3
    return volumes


def conduction(table: PhaseTable, formula: str) -> str | None:
    """How a phase conducts electrons.

    The first of these that answers: the word in the source's column ``conduction``; the package's
    measured figures; the source's ``is_metal`` and ``band_gap_eV``, which count as computed (PBE);
    the composition. Metals, and metals with B, Si or Ge, are metals; salts of Li with main-group
    elements only are none.

    Parameters
    ----------
    table : PhaseTable
    formula : str

    Returns
    -------
    str or None
        ``metal``, ``semiconductor``, ``insulator``, ``nonmetal`` (no metal, gap unknown) or None.
    """
    unit = parse_formula(formula)
    row = _row(table, unit)
    stated = _text(table, row, "conduction")
    if stated in (METAL, SEMICONDUCTOR, INSULATOR):
        return stated
    known = solids().get(_reduced(unit))
    if known is not None and known.conduction:
        return known.conduction
    is_metal = _text(table, row, "is_metal")
    gap = _number(table, row, "band_gap_eV", zero=True)
    if is_metal in ("yes", "true") or (gap == 0.0 and not is_metal):
        return METAL
    if gap is not None:
        return INSULATOR if gap >= INSULATING_PBE_GAP_EV else SEMICONDUCTOR
    if is_metal in ("no", "false"):
        return NONMETAL
    return _by_composition(unit.elements)


def _by_composition(elements: tuple[str, ...]) -> str | None:
    from pymatgen.core import Element

    metals = {symbol for symbol in elements if symbol != "Bi" and Element(symbol).is_metal}
    if metals and metals.union(_LIKE_METALS).issuperset(elements):
        return METAL
    if "Li" in elements and _ANIONS.intersection(elements) and _MAIN_GROUP.issuperset(elements):
        return NONMETAL
    return None


def _reduced(unit: Formula) -> str:
    return reduced_text(dict(zip(unit.elements, unit.counts, strict=True)))


def _row(table: PhaseTable, unit: Formula) -> int | None:
    """Row of the composition in the table; None also for elements that the table lacks."""
    if not set(unit.elements) <= set(table.elements):
        return None
    return table.find(zip(unit.elements, unit.counts, strict=True))


def _number(table: PhaseTable, row: int | None, name: str, *, zero: bool = False) -> float | None:
    """Return a property that is a number above zero (or zero, where that is a figure)."""
    if row is None or name not in table.properties:
        return None
    value = float(table.properties[name][row])
    return value if isfinite(value) and (value > 0.0 or (zero and value == 0.0)) else None


def _text(table: PhaseTable, row: int | None, name: str) -> str:
    if row is None or name not in table.properties:
        return ""
    text = str(table.properties[name][row]).strip().lower()
    return "" if text in ("nan", "none", "<na>") else text  # what an empty cell may have become


def _figure(text: str, name: str) -> Any:
    if name in ("density_g_per_cm3", "band_gap_eV"):
        return float(text) if text else None
    return text
