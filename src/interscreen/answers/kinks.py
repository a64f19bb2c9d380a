"""The reaction-energy curve of two materials and its kinks; what nobody reads is not made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.walk import Walk
from ..phases.equation import Equation, balance
from ..phases.system import Floats, System
from .reactant import ON_HULL, Reactant

_DUST = 1e-12  # energies below this are zero [eV/atom]


@dataclass(frozen=True, eq=False)
class Curve:
    """Numbers behind the kinks and equations of a curve.

    Attributes
    ----------
    system : System
    first, second : Reactant
    walk : Walk
        ``t`` is the atom fraction of the first reactant.
    hulls : tuple of two float
        Hull energies of the reactants, on the scale of formation energies [eV/atom].
    potential_V : float or None
        Potential of Li [V against Li/Li+] where it is exchanged with a reservoir.
    """

    system: System
    first: Reactant
    second: Reactant
    walk: Walk
    hulls: tuple[float, float]
    potential_V: float | None

    @cached_property
    def mutual(self) -> Floats:
        """Mutual reaction energy at each point [eV/atom]."""
        t, energy = self.walk.t, self.walk.energy
        mutual: Floats = energy - t * energy[-1] - (1.0 - t) * energy[0]
        return mutual

    @cached_property
    def minimum(self) -> int | None:
        """Point of the minimum; None when the two coexist."""
        best = int(self.mutual.argmin())
        return best if self.mutual[best] < -ON_HULL else None

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """All points in order of mixing fraction, both ends included."""
        t = self.walk.t
        ends = (self.walk.energy[-1], self.walk.energy[0])
        alone = [
            end - reactant.energy(hull) - self._lithium(reactant)
            for end, hull, reactant in zip(ends, self.hulls, (self.first, self.second), strict=True)
        ]
        total = self.mutual + t * alone[0] + (1.0 - t) * alone[1]
        columns = (np.where(np.abs(values) < _DUST, 0.0, values) for values in (self.mutual, total))
        points = zip(t.tolist(), *(values.tolist() for values in columns), strict=True)
        return tuple(Kink(x, m, e, self, point) for point, (x, m, e) in enumerate(points))

    def _lithium(self, reactant: Reactant) -> float:
        """Energy that the Li of a reactant has from an open reservoir [eV/atom]."""
        if self.potential_V is None:
            return 0.0
        return self.potential_V * float(reactant.fractions[self.system.elements.index("Li")])

    def equation(self, point: int) -> Equation:
        """Balance the equation at a point of the walk."""
        x = float(self.walk.t[point])
        phases = self.walk.phases[point]
        atoms = self.walk.amounts[point]
        units = (self.first.composition, self.second.composition)
        shares = [
            (unit, share / float(unit.n_atoms))
            for unit, share in zip(units, (x, 1.0 - x), strict=True)
        ]
        exchanged = None
        if self.potential_V is not None:
            lithium = self.system.elements.index("Li")
            taken = float(self.system.columns[lithium, phases] @ atoms)
            had = sum(number * float(unit.amount("Li")) for unit, number in shares)
            exchanged = ("Li", taken - had)
        return balance(
            [(unit.text, unit.amounts, number) for unit, number in shares],
            [
                (self.system.name(int(phase)), float(amount))
                for phase, amount in zip(phases, atoms, strict=True)
            ],
            exchanged,
        )


@dataclass(frozen=True)
class Kink:
    """One point of the reaction-energy curve.

    Attributes
    ----------
    mixing_fraction : float
        Atom fraction of the first reactant.
    mutual_energy_eV_per_atom, total_energy_eV_per_atom : float
        Mutual and total reaction energy there [eV/atom of both reactants].
    """

    mixing_fraction: float
    mutual_energy_eV_per_atom: float
    total_energy_eV_per_atom: float
    curve: Curve = field(repr=False, compare=False)
    point: int = field(repr=False, compare=False)

    @cached_property
    def _balanced(self) -> Equation:
        return self.curve.equation(self.point)

    @property
    def equation(self) -> str:
        """Balanced equation (at the two ends: the self-decomposition of one reactant)."""
        return self._balanced.text

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in the equation."""
        return dict(self._balanced.products)

    def total_energy_per_formula(self, side: int) -> float | None:
        """Total reaction energy per formula unit of reactant 0 or 1 [eV]; None without it."""
        unit = (self.curve.first, self.curve.second)[side].composition
        share = (self.mixing_fraction, 1.0 - self.mixing_fraction)[side]
        return self.total_energy_eV_per_atom * float(unit.n_atoms) / share if share > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "mixing_fraction": self.mixing_fraction,
            "mutual_energy_eV_per_atom": self.mutual_energy_eV_per_atom,
            "total_energy_eV_per_atom": self.total_energy_eV_per_atom,
            "equation": self.equation,
            "products": self.products,
        }
