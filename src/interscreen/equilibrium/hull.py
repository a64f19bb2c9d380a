"""The lowest energy of one composition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .walk import Floats, Integers, walk_line


@dataclass(frozen=True)
class HullPoint:
    """Equilibrium of one composition.

    Attributes
    ----------
    energy : float
        Lowest energy [eV per unit of composition].
    phases : (m,) int array
        Columns of the optimal basis.
    amounts : (m,) float array
        Their amounts (zero where the basis is degenerate).
    potentials : (m,) float array
        Chemical potentials of the rows [eV].
    """

    energy: float
    phases: Integers
    amounts: Floats
    potentials: Floats


def lowest_energy(columns: Floats, costs: Floats, b: Floats) -> HullPoint:
    """Solve ``min costs.x  subject to  columns x = b, x >= 0``, certified.

    Parameters
    ----------
    columns : (m, n) float array
        Compositions; the first ``m`` columns are the identity.
    costs : (n,) float array
        Energies [eV per unit of a column].
    b : (m,) float array
        Composition, non-negative.

    Raises
    ------
    SolverError
        When the answer cannot be certified.
    """
    walk = walk_line(columns, costs, b, np.zeros_like(b), start=0.0, low=0.0, high=0.0)
    return HullPoint(
        energy=float(walk.energy[0]),
        phases=walk.phases[0],
        amounts=walk.amounts[0],
        potentials=walk.potentials,
    )
