"""Are these formation energies in eV/atom?  What is known of the same compounds says so."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.energy_units import HIGHEST, LOWEST, PER_ATOM, PER_CELL, UNITS, factors, likely_units
from ..phases.source import Source
from .build import read_units
from .embedded import embedded_table
from .rows import Rows, Units

_BOUND = 0.3  # eV/atom; compounds that say something about a scale
_UNLIKE, _ALIKE = 0.5, 0.2  # relative differences: of no scale at all, of the right one
_ENOUGH = 3  # compounds that show another scale without showing which


def check_scale(
    rows: Rows, source: Source, unit: str = "", *, entries: bool = False, sure: bool = False
) -> Rows:
    """Return rows with their compositions, if their energies can be formation energies per atom.

    ``unit`` is the one that the energies came in, where one was stated; ``sure`` leaves out the
    comparison: the user insists on eV/atom.  ``entries`` had total energies before.

    Raises
    ------
    InputError
        For an energy that no phase can have, and for energies whose median is far from those of the
        same compounds in Matbench v0.1; the message says in which unit they would fit.
    """
    rows = replace(rows, units=read_units(rows, source))
    units = rows.units
    assert units is not None
    atoms = np.array([sum(counts) for counts in units.counts], dtype=np.float64)
    known = _known(units)
    lowest = np.full(len(units.texts), np.inf)
    np.minimum.at(lowest, units.of_row, rows.energies)
    shared = np.abs(known) > _BOUND
    wide = rows.energies[~((rows.energies >= LOWEST) & (rows.energies <= HIGHEST))]
    differences = lowest[shared] - known[shared]
    unlike = _apart(lowest[shared], known[shared])
    if not len(wide) and (sure or unlike <= _UNLIKE):
        return rows
    n_atoms = np.ones(len(atoms)) if entries else atoms
    raw = lowest / factors(unit or PER_ATOM, n_atoms)
    apart = {
        other: _apart((raw * factors(other, n_atoms))[shared], known[shared]) for other in UNITS
    }
    best = min(apart, key=lambda other: apart[other])
    fits = shared.any() and apart[best] < _ALIKE
    if not len(wide) and not fits and (shared.sum() < _ENOUGH):
        return rows
    if len(wide):
        row = int(np.flatnonzero(rows.energies == wide[np.argmax(np.abs(wide))])[0])
        what = f"{rows.place(row, source)}: {rows.formulas[row]} has {rows.energies[row]:g} eV/atom"
        if not shared.any():
            possible = likely_units(float(raw[units.of_row[row]]), n_atoms[units.of_row[row]])
            fits, best = bool(possible), next(iter(possible), best)
    else:
        what = (
            f"{source.name}: its compounds have {np.median(lowest[shared]):.3g} eV/atom in the "
            f"median, {np.median(known[shared]):.3g} in Matbench v0.1"
        )
    if not fits and len(differences) and not entries:
        per_formula = (raw / (known * n_atoms + (known == 0.0)))[shared]
        cells = np.abs(per_formula / np.maximum(per_formula.round(), 1.0) - 1.0)
        fits, best = bool(np.median(cells) < _ALIKE / 2), PER_CELL
    difference = float(np.median(differences)) if len(differences) else -1.0
    remedy = _remedy(best if fits else "", difference, entries)
    raise InputError(f"{what}: no formation energies in eV/atom; {remedy}")


def _apart(energies: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    """Median difference in units of what is known; zero where nothing is."""
    if not len(known):
        return 0.0
    return float(np.median(np.abs(energies - known)) / np.median(np.abs(known)))


def _remedy(unit: str, difference: float, entries: bool) -> str:
    if unit == PER_CELL:
        return (
            "they look like energies of whole cells: divide them by the atoms of the cell and call "
            "the column formation_energy_eV_per_atom"
        )
    if unit and unit != PER_ATOM:
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
