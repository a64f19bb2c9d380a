"""A reaction at a ratio that somebody chooses: of atoms, moles, weights or volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..phases.formula import molar_mass
from ..phases.material import Composition
from ..phases.result import Keyed
from ..phases.solids import row_volumes
from ..phases.table import PhaseTable
from .reactant import Reactant

SHARES = ("atom", "mole", "weight", "volume")


@dataclass(frozen=True)
class AtRatio(Keyed):
    """A reaction at a ratio that somebody chose.

    Attributes
    ----------
    fraction : float
        Share of the first reactant.
    by : str
        Of the atoms, the moles (``mole``), the weight or the volume.
    mixing_fraction : float
        The same as a share of the atoms.
    mutual_energy_eV_per_atom, total_energy_eV_per_atom : float
        Reaction energies there [eV/atom of both reactants].
    equation : str
        Balanced equation.
    products : dict of str to float
        Products and their amounts in the equation.
    """

    fraction: float
    by: str
    mixing_fraction: float
    mutual_energy_eV_per_atom: float
    total_energy_eV_per_atom: float
    equation: str
    products: dict[str, float]


def atom_fraction(
    table: PhaseTable, sides: tuple[Reactant, Reactant], fraction: float, by: str
) -> float:
    """Share of the atoms that the first reactant has, from its share of something else.

    Parameters
    ----------
    by : str
        One of ``SHARES``.

    Raises
    ------
    InputError
        For a share outside 0 to 1, an unknown kind, or a volume that is not known.
    """
    if by not in SHARES:
        raise InputError(f"by {by!r}: use {', '.join(SHARES)}")
    if not 0.0 <= fraction <= 1.0:
        raise InputError(f"at {fraction}: give a share of the first reactant, 0 to 1")
    if by == "atom":
        return float(fraction)
    amounts = []  # of atoms in one unit of what is shared
    for side in sides:
        unit = side.composition
        n_atoms = float(unit.n_atoms)
        size = 1.0
        if by == "weight":
            size = molar_mass(unit.amounts)
        elif by == "volume":
            size = _volume(table, unit)
        amounts.append(n_atoms / size)
    first, second = fraction * amounts[0], (1.0 - fraction) * amounts[1]
    return float(first / (first + second))


def _volume(table: PhaseTable, unit: Composition) -> float:
    """Volume of one mole of a composition [cm3]: its phases side by side."""
    total = 0.0
    for factor, formula in unit.parts:
        row = table.find(formula)
        found = {} if row is None else row_volumes(table, np.array([row]))
        known = [float(values[0]) for values in found.values() if not np.isnan(values[0])]
        if not known:
            raise InputError(
                f"{formula.text}: its volume is not known to {table.source.name}; give the share "
                "of the weight, as --by weight"
            )
        total += float(factor * formula.n_atoms) * known[0]
    return total
