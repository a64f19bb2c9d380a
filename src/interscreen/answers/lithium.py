"""The line that windows and lithiation share: a material that takes up or gives off an ion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..engine.batch import tolerant_limits
from ..phases.electrode import LITHIUM_METAL, Electrode, Ion
from ..phases.equation import NOISE
from ..phases.material import Given, compose
from ..phases.system import System
from ..phases.table import PhaseTable
from .beside import WalkBeside, walk_beside
from .reactant import Reactant, prepare, require_lithium, without_noise

TOLERANCE_EV = 0.010
"""Driving force for decomposition that a window within tolerance allows [eV/atom of material]."""

FORMULA_LITHIUM = 0.025
"""Li taken up or given off that a formula leaves open [per atom]: a trace, which is no reaction.

The last printed places of Zr1.4 and Ta0.6 are worth 0.4 and 0.5 Li in 23 atoms.  Three times as
much counts in full, what lies between in proportion.
"""

_NEAR_V = 1e-9  # voltages nearer than this are equal [V]


@dataclass(frozen=True)
class LithiumLine:
    """The hull of ``M + u Li`` per atom of M, from no Li at all to the anode (or another ion)."""

    system: System
    reactant: Reactant  # the material M
    # t is the Li added per atom of M; minus the slope the voltage [V against Li/Li+]
    walk: WalkBeside
    electrode: Electrode = LITHIUM_METAL

    @classmethod
    def of(
        cls, system: System, reactant: Reactant, electrode: Electrode = LITHIUM_METAL
    ) -> LithiumLine:
        """Walk the line of a reactant, in a system with the ion.

        It goes to the metal, or as far below as the electrode lies, where that is plated; energies
        are those of formation.
        """
        direction = np.zeros(len(system.elements))
        lithium = system.elements.index(electrode.ion.symbol)
        direction[lithium] = 1.0
        low = -float(reactant.fractions[lithium])
        lowest = replace(electrode, potential_V=min(0.0, electrode.potential_V))
        walk = walk_beside(
            system.against(lowest), reactant.fractions, direction,
            at=0.0, low=low, high=float("inf"),
        )  # fmt: skip
        if lowest.level:
            energy, slope = walk.energy - lowest.level * (walk.t - low), walk.slope - lowest.level
            walk = replace(walk, energy=energy, slope=slope)
        return cls(system, reactant, walk, electrode)

    @property
    def ion(self) -> Ion:
        """What is taken up."""
        return self.electrode.ion

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
        lowest = min(0.0, self.electrode.potential_V)
        return value if value > lowest + 1e-9 else lowest

    @property
    def end(self) -> int:
        """Point in equilibrium with the electrode."""
        point, last, anode = self.walk.start, len(self.walk.t) - 1, self.electrode.potential_V
        while point < last and self.voltage(point) > anode + _NEAR_V:
            point += 1
        while point > 0 and self.voltage(point - 1) < anode - _NEAR_V:
            point -= 1
        return point

    def tolerance_window(self, tolerance: float) -> tuple[float, float | None]:
        """Potentials [V] between which the hull of M gains at most ``tolerance`` [eV/atom of M].

        The gain at V is the integral of the Li exchanged over the potential, traces aside
        (``FORMULA_LITHIUM``); None where the Li to give off gains less at any potential.
        """
        lowest, charge = min(0.0, self.electrode.potential_V), self.ion.charge
        walk = replace(self.walk, slope=self.walk.slope + charge * lowest)
        low, high = (v / charge + lowest for v in tolerant_limits(walk, tolerance, FORMULA_LITHIUM))
        return low, high if np.isfinite(high) else None

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


def lithium_line(table: PhaseTable, m: Given) -> LithiumLine:
    """Walk the hull along the content of the ion of a table; errors as for ``react``."""
    symbol = table.electrode.ion.symbol
    require_lithium(table, symbol)
    system, (reactant,) = prepare(table, [m], extra=[symbol])
    return LithiumLine.of(system, reactant, table.electrode)
