"""Are these formation energies in eV/atom?  What is known of the same compounds says so."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.energy_units import HIGHEST, LOWEST, PER_ATOM, PER_CELL, UNITS, factors, likely_units
from ..phases.formula import read_amounts
from ..phases.source import Source
from .build import read_units
from .embedded import embedded_table
from .rows import Rows, Units

_BOUND = 0.3  # eV/atom; compounds that say something about a scale
_WEAK = 0.03  # eV/atom; compounds that do where there are several and none of the others
_UNLIKE, _ALIKE = 0.5, 0.2  # relative differences: of no scale at all, of the right one
_ENOUGH = 3  # compounds that show another scale without showing which
_MUCH = 10.0  # how much better a unit fits than energies that are nearly right as they stand
_SIGN = "turned"


def check_scale(
    rows: Rows, source: Source, unit: str = "", *, entries: bool = False, sure: bool = False
) -> tuple[Rows, tuple[str, ...]]:
    """Return rows with their compositions, if their energies can be formation energies per atom.

    ``unit`` is the one that the energies came in, where one was stated; ``sure`` leaves out the
    comparison: the user insists on eV/atom.  ``entries`` had total energies before.  A note comes
    with energies that look strange but are too few to be refused.

    Raises
    ------
    InputError
        For an energy that no phase can have, and for energies whose median is far from those of the
        same compounds in Matbench v0.1; the message says in which unit they would fit.
    """
    rows = replace(rows, units=read_units(rows, source))
    units = rows.units
    assert units is not None
    known = _known(units)
    lowest = np.full(len(units.texts), np.inf)
    np.minimum.at(lowest, units.of_row, rows.energies)
    shared = np.abs(known) > _BOUND
    if not shared.any() and (np.abs(known) > _WEAK).sum() >= _ENOUGH:
        shared = np.abs(known) > _WEAK
    wide = rows.energies[~((rows.energies >= LOWEST) & (rows.energies <= HIGHEST))]
    differences = lowest[shared] - known[shared]
    unlike = _apart(lowest[shared], known[shared])
    if not len(wide) and (sure or unlike <= _ALIKE):
        return rows, ()
    n_atoms = np.ones(len(units.texts)) if entries else _atoms(rows, units, lowest)
    raw = lowest / factors(unit or PER_ATOM, n_atoms)
    apart = {
        other: _apart((raw * factors(other, n_atoms))[shared], known[shared]) for other in UNITS
    }
    apart[_SIGN] = _apart(-lowest[shared], known[shared])
    best = min(apart, key=lambda other: apart[other])
    fits = bool(shared.any()) and apart[best] < _ALIKE
    if not len(wide) and unlike <= _UNLIKE:  # another functional, unless a unit fits much better
        fits = best != PER_ATOM and shared.sum() >= _ENOUGH and apart[best] < unlike / _MUCH
        if not fits:
            return rows, ()
    far = float(np.median(np.abs(differences))) if len(differences) else 0.0
    medians = (
        f"{source.name}: its compounds have {np.median(lowest[shared]):.3g} eV/atom in the "
        f"median, {np.median(known[shared]):.3g} in Matbench v0.1"
        if len(differences)
        else ""
    )
    if not len(wide) and not fits:
        if shared.sum() < _ENOUGH:
            said = f"{medians}: are these formation energies in eV/atom?"
            return rows, (said,) if far > _BOUND else ()
        if far <= _BOUND:
            return rows, ()
    if len(wide):
        row = int(np.flatnonzero(rows.energies == wide[np.argmax(np.abs(wide))])[0])
        what = f"{rows.place(row, source)}: {rows.formulas[row]} has {rows.energies[row]:g} eV/atom"
        if not shared.any():
            possible = likely_units(float(raw[units.of_row[row]]), n_atoms[units.of_row[row]])
            fits, best = bool(possible), next(iter(possible), best)
    else:
        what = medians
    if not fits and len(differences) and not entries:
        per_formula = (raw / (known * n_atoms + (known == 0.0)))[shared]
        cells = np.abs(per_formula / np.maximum(per_formula.round(), 1.0) - 1.0)
        fits, best = bool(np.median(cells) < _ALIKE / 2), PER_CELL
    difference = float(np.median(differences)) if len(differences) else -1.0
    remedy = _remedy(best if fits else "", unit, difference, entries)
    raise InputError(f"{what}: no formation energies in eV/atom; {remedy}")


def _atoms(rows: Rows, units: Units, lowest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Atoms of each composition as its lowest row writes it (4 of Li2O2)."""
    found = np.ones(len(units.texts))
    for row in np.flatnonzero(rows.energies == lowest[units.of_row]).tolist():
        found[units.of_row[row]] = float(sum(read_amounts(rows.formulas[row]).values()))
    return found


def _apart(energies: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    """Median difference in units of what is known; zero where nothing is."""
    if not len(known):
        return 0.0
    return float(np.median(np.abs(energies - known)) / np.median(np.abs(known)))


def _remedy(unit: str, stated: str, difference: float, entries: bool) -> str:
    if unit == PER_CELL:
        return (
            "they look like energies of whole cells: divide them by the atoms of the cell and call "
            "the column formation_energy_eV_per_atom"
        )
    if unit == _SIGN:
        return "their signs are turned: a stable compound has a negative formation energy"
    if unit and unit != PER_ATOM:
        if stated:
            return (
                f"they look like {unit}, not {stated}: correct the name of the column or the unit"
            )
        return f"they look like {unit}: say so with --energy-unit '{unit}'"
    if unit:
        return "they are in eV/atom as they stand: leave out --energy-unit"
    if entries:
        return "the energies of the entries are no total energies in eV, or not all of one kind"
    if difference < -_UNLIKE:
        return (
            "they look like total energies: subtract those of the elements, or hand in pymatgen "
            "entries (JSON) with an entry of each element"
        )
    return (
        "name another column with --energy-column, or state the unit with --energy-unit "
        f"({', '.join(UNITS[1:5])}; {PER_ATOM} takes them as they are)"
    )


def _known(units: Units) -> NDArray[np.float64]:
    """Return formation energies of compounds in the embedded table [eV/atom]; zero without one."""
    known = _of_formulas()
    return np.array([known.get(text, 0.0) for text in units.texts])


@lru_cache(maxsize=1)
def _of_formulas() -> dict[str, float]:
    table = embedded_table()
    return dict(zip(table.formulas.tolist(), table.energies.tolist(), strict=True))
