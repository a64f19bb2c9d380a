"""Kinks of a reaction-energy curve, with equations that are written when somebody reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .equations import Equation, balance
from .materials import Composition
from .system import System


@dataclass(frozen=True, eq=False)
class Terms:
    """Numbers behind one equation; the text is written when somebody reads it."""

    system: System
    reactants: tuple[tuple[Composition, float, float], ...]  # unit, atom share, Li fraction
    phases: tuple[int, ...]
    atoms: tuple[float, ...]
    open_lithium: bool

    def write(self) -> Equation:
        """Balance the equation."""
        exchanged = None
        if self.open_lithium:
            lithium = self.system.elements.index("Li")
            taken = sum(
                float(self.system.columns[lithium, phase]) * atoms
                for phase, atoms in zip(self.phases, self.atoms, strict=True)
            )
            exchanged = ("Li", taken - sum(share * li for _, share, li in self.reactants))
        return balance(
            [
                (unit.text, unit.amounts, share / float(unit.n_atoms))
                for unit, share, _ in self.reactants
            ],
            [
                (self.system.name(phase), atoms)
                for phase, atoms in zip(self.phases, self.atoms, strict=True)
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
    terms: Terms = field(repr=False, compare=False)

    @cached_property
    def _balanced(self) -> Equation:
        return self.terms.write()

    @property
    def equation(self) -> str:
        """Balanced equation (at the two ends: the self-decomposition of one reactant)."""
        return self._balanced.text

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in the equation."""
        return dict(self._balanced.products)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "mixing_fraction": self.mixing_fraction,
            "mutual_energy_eV_per_atom": self.mutual_energy_eV_per_atom,
            "total_energy_eV_per_atom": self.total_energy_eV_per_atom,
            "equation": self.equation,
            "products": self.products,
        }
