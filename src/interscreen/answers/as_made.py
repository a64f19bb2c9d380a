"""Materials that exist although the source has them a little above the hull.

LLZO lies 7 meV/atom above the hull of most sources, within the error of their energies.  What it
would become there reacts in its place, which says nothing of LLZO.  At 298 K such a material is put
on the hull, and at any temperature it is lower by as much.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..energies.conditions import Heated, read_conditions
from ..engine.walk import lowest_energy
from ..phases.conditions import ROOM_K
from ..phases.material import Composition, Given, resolve
from ..phases.table import PhaseTable
from .reactant import ON_HULL

WITHIN_EV = 0.010
"""Heights above the hull that errors of the energies explain [eV/atom]."""

_MORE = 1.001  # a hair below the hull


def above_hull(heated: Heated, unit: Composition) -> tuple[float, str]:
    """How far a phase lies above the hull at 298 K [eV/atom], and its name; zero for no phase."""
    if len(unit.parts) != 1 or len(unit.elements) < 2:
        return 0.0, ""
    room = heated.at(read_conditions(ROOM_K, closed_gas=True))
    row = room.find(unit.parts[0][1])
    if row is None or np.isnan(room.energies[row]):
        return 0.0, ""
    system = room.within(unit.elements)
    hull = lowest_energy(system.columns, system.energies, system.fractions(unit.amounts)).energy
    above = float(room.energies[row]) - hull
    return (above if above > ON_HULL else 0.0), str(room.formulas[row])


def lowered(energy: float, above: float) -> float:
    """Energy of a phase that is put on the hull [eV/atom]."""
    return energy - above * _MORE


def height(table: PhaseTable, given: Given) -> float:
    """How far a material lies above the hull at 298 K, if errors explain it [eV/atom]; or zero."""
    material, unit = resolve(given)
    if material.energy_eV_per_atom is not None or material.energy_above_hull_eV_per_atom:
        return 0.0
    above, _ = above_hull(Heated.of(table, frozenset(unit.elements)), unit)
    return above if above <= WITHIN_EV else 0.0


def as_made(table: PhaseTable, given: Given, above: float) -> Given:
    """Return a phase of a table as a material that is lower by some height [eV/atom]."""
    material, unit = resolve(given)
    row = table.find(unit.parts[0][1]) if above > 0.0 else None
    if row is None or np.isnan(table.energies[row]):
        return given
    energy, conditions = float(table.energies[row]), table.source.conditions
    if conditions:  # energies that are handed in count from gases at 1 bar
        energy += conditions.reference((s, float(n / unit.n_atoms)) for s, n in unit.amounts)
    return replace(material, name=material.label, energy_eV_per_atom=lowered(energy, above))


def said(materials: list[tuple[str, float]]) -> list[str]:
    """Sentences about materials that count as stable: name and height [eV/atom]."""
    return [
        f"{name} lies {1000 * above:.1f} meV/atom above the hull; here it counts as stable"
        for name, above in materials
        if above > 0.0
    ]
