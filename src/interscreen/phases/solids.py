"""Molar volumes and electronic conduction of phases: from the source, or measured.

The package's own figures stand in the embedded table, each with its reference, and in
data/solids.csv for phases that this table lacks; they are read when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..files import EMBEDDED_FILE, data_parquet, data_rows
from .formula import atomic_mass, molar_mass, parse_formula
from .system import Floats
from .table import PhaseTable
from .units import CM3_PER_MOL

SOURCE, MEASURED = "source", "measured"

METAL, SEMICONDUCTOR, INSULATOR = "metal", "semiconductor", "insulator"
NONMETAL = "nonmetal"  # not a metal, but its band gap is not known

# computed (PBE) gaps are too small by 30 to 50 %; docs/layers.md compares the two
INSULATING_PBE_GAP_EV = 2.0

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
    """Figures of one phase with their sources; None and empty text where there is none."""

    formula: str  # reduced
    density_g_per_cm3: float | None  # at room temperature
    density_source: str
    conduction: str  # metal, semiconductor, insulator or empty
    band_gap_eV: float | None  # measured
    conduction_source: str


@lru_cache(maxsize=1)
def solids() -> Mapping[str, Solid]:
    """Figures of the package, by reduced formula."""
    import pyarrow.compute as pc

    names = ["measured_" * (field.name == "band_gap_eV") + field.name for field in fields(Solid)]
    with data_parquet(EMBEDDED_FILE) as file:
        table = file.read(columns=names, use_threads=False).select(names)
    known = pc.or_(table["density_g_per_cm3"].is_valid(), table["conduction"].is_valid())
    rows = [tuple(row.values()) for row in table.filter(known).to_pylist()]
    rows += [tuple(row[field.name] for field in fields(Solid)) for row in data_rows("solids.csv")]
    return {
        formula: Solid(
            formula=formula,
            density_g_per_cm3=_figure(density),
            density_source=density_source or "",
            conduction=conduction or "",
            band_gap_eV=_figure(gap),
            conduction_source=conduction_source or "",
        )
        for formula, density, density_source, conduction, gap, conduction_source in rows
    }


def solid_of(formula: str) -> Solid | None:
    """Figures of the package for a phase, however its formula is written; None without any."""
    return solids().get(parse_formula(formula).reduced)


def row_volumes(table: PhaseTable, rows: NDArray[np.int64]) -> dict[str, Floats]:
    """Volume of one mole of atoms of some phases [cm3/mol], by origin.

    Returns
    -------
    dict of str to (k,) float array
        ``source``: volume or density of the source, computed as a rule. ``measured``: density of
        the package, or one that the source gives with a reference for it. Not a number for a phase
        without figures and for gases.
    """
    part = table.only(rows)
    lengths = np.diff(part.indptr)
    of = np.repeat(np.arange(len(rows)), lengths)
    masses = np.array([atomic_mass(symbol) for symbol in table.elements])
    atoms = np.bincount(of, part.counts, len(rows))
    mass = np.bincount(of, part.counts * masses[part.element_index], len(rows)) / atoms
    volume = _positive(part, "volume_A3_per_atom") * CM3_PER_MOL
    by_density = mass / _positive(part, "density_g_per_cm3")
    has_reference = _words(part, "density_source") != ""
    found = {
        SOURCE: np.where(np.isnan(volume) & ~has_reference, by_density, volume),
        MEASURED: np.where(np.isnan(volume) & has_reference, by_density, np.nan),
    }
    for place, solid in _known(part):
        if solid.density_g_per_cm3 and np.isnan(found[MEASURED][place]):
            found[MEASURED][place] = mass[place] / solid.density_g_per_cm3
    gases = np.array([symbol in _GASES for symbol in table.elements])
    gas = (lengths == 1) & gases[part.element_index[part.indptr[:-1]]]
    return {origin: np.where(gas, np.nan, values) for origin, values in found.items()}


def row_conduction(table: PhaseTable, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """How some phases conduct electrons.

    The first of these that answers: the word in the source's column ``conduction``; the package's
    measured figures; the source's ``is_metal`` and ``band_gap_eV``, which count as computed (PBE);
    the composition. Metals, and metals with B, Si or Ge, are metals; salts of Li with main-group
    elements only are none.

    Returns
    -------
    (k,) array of str
        ``metal``, ``semiconductor``, ``insulator``, ``nonmetal`` (no metal, gap unknown) or empty.
    """
    part = table.only(rows)
    found = _by_composition(part.elements, part.element_index, part.indptr[:-1])
    gap, is_metal = _positive(part, "band_gap_eV", zero=True), _words(part, "is_metal")
    found[np.isin(is_metal, ("no", "false"))] = NONMETAL
    found[gap >= 0.0] = SEMICONDUCTOR
    found[gap >= INSULATING_PBE_GAP_EV] = INSULATOR
    found[np.isin(is_metal, ("yes", "true")) | ((gap == 0.0) & (is_metal == ""))] = METAL
    for place, solid in _known(part):
        if solid.conduction:
            found[place] = solid.conduction
    stated = _words(part, "conduction")
    said = np.isin(stated, (METAL, SEMICONDUCTOR, INSULATOR))
    found[said] = stated[said]
    return found


def figures_of(formula: str) -> tuple[float, str]:
    """Volume of one mole of atoms [cm3/mol] and conduction of a phase that the table lacks.

    What the package has of it; not a number, and empty, without any.
    """
    unit = parse_formula(formula)
    known = solid_of(formula)
    index, starts = np.arange(len(unit.elements)), np.zeros(1, dtype=np.int64)
    kind = str(_by_composition(unit.elements, index, starts)[0])
    if known is None:
        return np.nan, kind
    gas = len(unit.elements) == 1 and unit.elements[0] in _GASES
    volume = np.nan
    if known.density_g_per_cm3 and not gas:
        volume = molar_mass(unit.amounts) / float(unit.n_atoms) / known.density_g_per_cm3
    return volume, known.conduction or kind


def _by_composition(
    elements: Sequence[str], index: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.object_]:
    from pymatgen.core import Element

    def held(symbols: Container[str]) -> NDArray[np.bool_]:
        flags = np.array([symbol in symbols for symbol in elements])
        return flags[index]

    if not len(starts):
        return np.empty(0, dtype=object)
    metals = {s for s in elements if s != "Bi" and Element(s).is_metal}
    some_metal = np.logical_or.reduceat(held(metals), starts)
    like_metal = np.logical_and.reduceat(held(metals | _LIKE_METALS), starts)
    salt = (
        np.logical_or.reduceat(held({"Li"}), starts)
        & np.logical_or.reduceat(held(_ANIONS), starts)
        & np.logical_and.reduceat(held(_MAIN_GROUP), starts)
    )
    found = np.where(some_metal & like_metal, METAL, np.where(salt, NONMETAL, ""))
    return found.astype(object)


def _known(part: PhaseTable) -> Iterator[tuple[int, Solid]]:
    """Rows of a table that the package has figures of."""
    known = solids()
    for place, formula in enumerate(part.formulas.tolist()):
        if formula in known:
            yield place, known[formula]


def _positive(part: PhaseTable, name: str, *, zero: bool = False) -> Floats:
    """Return a property where it is above zero (or zero, where that is a figure), else NaN."""
    if name not in part.properties:
        return np.full(len(part), np.nan)
    values = np.asarray(part.properties[name], dtype=np.float64)
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(values) & ((values > 0.0) | (zero & (values == 0.0)))
    return np.where(usable, values, np.nan)


def _words(part: PhaseTable, name: str) -> NDArray[np.object_]:
    if name not in part.properties:
        return np.full(len(part), "", dtype=object)
    texts = [str(value).strip().lower() for value in part.properties[name].tolist()]
    # what an empty cell may have become
    return np.array(["" if text in ("nan", "none", "<na>") else text for text in texts], object)


def _figure(given: float | str | None) -> float | None:
    return round(float(given), 6) if given else None
