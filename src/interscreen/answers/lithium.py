"""The line that windows and lithiation share: a material that takes up or gives off an ion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.batch import tolerant_limits
from ..phases.equation import NOISE
from ..phases.material import Given, compose
from ..phases.system import System
from ..phases.table import PhaseTable
from .beside import WalkBeside, walk_beside
from .ion import LITHIUM, Ion
from .reactant import Reactant, prepare, require_lithium, without_noise

TOLERANCE_EV = 0.010
"""Driving force for decomposition that a window within tolerance allows [eV/atom of material]."""

FORMULA_LITHIUM = 0.025
"""Li taken up or given off that a formula leaves open [per atom]: a trace, which is no reaction.

The last printed places of Zr1.4 and Ta0.6 are worth 0.4 and 0.5 Li in 23 atoms.  Three times as
much counts in full, what lies between in proportion.
"""


@dataclass(frozen=True)
class LithiumLine:
    """The hull of ``M + u Li`` per atom of M, from no Li at all to Li metal (or another ion)."""

    system: System
    reactant: Reactant  # the material M
    # t is the Li added per atom of M; minus the slope the voltage [V against Li/Li+]
    walk: WalkBeside
    ion: Ion = LITHIUM

    @classmethod
    def of(cls, system: System, reactant: Reactant, ion: Ion = LITHIUM) -> LithiumLine:
        """Walk the line of a reactant in a system with the ion's element."""
        direction = np.zeros(len(system.elements))
        lithium = system.elements.index(ion.symbol)
        direction[lithium] = 1.0
        low = -float(reactant.fractions[lithium])
        walk = walk_beside(
            system, reactant.fractions, direction, at=0.0, low=low, high=float("inf")
        )
        return cls(system, reactant, walk, ion)

    @property
    def hull_energy(self) -> float:
        """Hull energy of M [eV/atom]."""
        return float(self.walk.energy[self.walk.start])

    @property
    def energy(self) -> float:
        """Energy used for M [eV/atom]."""
        return self.reactant.energy(self.hull_energy)

    @property
    def above_hull(self) -> float:
        """Energy of M above the hull [eV/atom], without numerical noise."""
        return without_noise(self.energy - self.hull_energy)

    @property
    def endless(self) -> bool:
        """Whether a gas takes up Li without end: the line ends before Li metal."""
        return bool(self.walk.beyond)

    def voltage(self, interval: int) -> float:
        """Voltage between points ``interval`` and ``interval + 1`` [V against Li/Li+]."""
        value = -float(self.walk.slope[interval]) / self.ion.charge
        return value if value > 1e-9 else 0.0

    def tolerance_window(self, tolerance: float) -> tuple[float, float | None]:
        """Potentials [V] between which the hull of M gains at most ``tolerance`` [eV/atom of M].

        The gain at V is the integral of the Li exchanged over the potential, traces aside
        (``FORMULA_LITHIUM``); None where the Li to give off gains less at any potential.
        """
        low, high = tolerant_limits(self.walk, tolerance, FORMULA_LITHIUM)
        charge = self.ion.charge
        return low / charge, high / charge if np.isfinite(high) else None

    def reacted(self, point: int) -> dict[str, float]:
        """Share of each element's atoms, Li aside, that have left the phases they were in."""
        columns, start = self.system.columns, self.walk.start
        moved: dict[int, float] = {}
        for sign, at in ((1.0, point), (-1.0, start)):
            held = zip(self.walk.phases[at], self.walk.amounts[at], strict=True)
            for column, atoms in held:
                moved[int(column)] = moved.get(int(column), 0.0) + sign * float(atoms)
        found = {}
        for row, symbol in enumerate(self.system.elements):
            whole = float(self.reactant.fractions[row])
            if symbol != self.ion.symbol and whole > 0.0:
                more = sum(max(0.0, gain) * columns[row, at] for at, gain in moved.items())
                found[symbol] = round(min(1.0, more / whole), 10)
        return found

    def products(self, point: int) -> dict[str, float]:
        """Equilibrium at a point: formula units of each phase per formula unit of M.

        Behind the last point of an endless line: what the gas becomes, infinitely much.
        """
        if point == len(self.walk.t) and self.endless:
            return dict.fromkeys(sorted(map(self.system.name, self.walk.beyond)), float("inf"))
        n_atoms = float(self.reactant.composition.n_atoms)
        found: dict[str, float] = {}
        for column, atoms in zip(self.walk.phases[point], self.walk.amounts[point], strict=True):
            if atoms > NOISE:
                name = self.system.name(int(column))
                units = float(atoms) * n_atoms / float(compose(name).n_atoms)
                found[name] = found.get(name, 0.0) + units
        return {name: round(amount, 10) for name, amount in sorted(found.items())}


def lithium_line(table: PhaseTable, m: Given, ion: Ion = LITHIUM) -> LithiumLine:
    """Walk the hull along the content of Li or another ion; errors as for ``react``."""
    require_lithium(table, ion.symbol)
    system, (reactant,) = prepare(table, [m], extra=[ion.symbol])
    return LithiumLine.of(system, reactant, ion)
