"""A layer on its way to Li metal: its contact with the electrolyte at every state of charge.

Along M + u Li the layer goes from plateau to plateau.  Between two of them it is one assemblage, on
a plateau a mixture of the one before and the one behind.  A contact at a state is the mutual energy
of that layer with the electrolyte, as ``deposited`` (u = 0) and ``layer`` (all of u) of a stack
are.  On a plateau the lowest contact is that of a triangle of compositions: with c1 and c2 the
layer before and behind and E the electrolyte (each one atom, H their hull energies), the minimum of

    H(a1 c1 + a2 c2 + e E) - a1 H(c1) - a2 H(c2) - e H(E),    a1 + a2 + e = 1,

convex and piecewise linear in both directions.  With a1 = 1 - e - a2 this is one walk from E to c1
along e, beside the phases with one more column, c1 - c2 at the price H(c1) - H(c2), which one more
row keeps at a2 <= 1 - e.  So its minimum is a kink like any other: exact, and no grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..engine.batch import START
from ..engine.walk import walk_line
from ..errors import InputError
from ..phases.equation import NOISE
from ..phases.material import Given, phase_material
from ..phases.result import Keyed
from ..phases.system import Floats, System
from ..phases.table import PhaseTable
from .lithium import LithiumLine
from .reactant import ON_HULL, identified, prepare, require_lithium, without_gas
from .reaction import Reaction, react
from .texts import in_whole_numbers

_SAME = 1e-9  # potentials nearer than this are one [V]


@dataclass(frozen=True)
class LayerState(Keyed):
    """A layer at one state of charge, and its contact with the electrolyte.

    Attributes
    ----------
    from_V, to_V : float or None
        Potentials between which the layer has this state [V against Li/Li+]: equal for one on a
        plateau, ``to_V`` None where no potential takes Li out of it.
    li_taken_up : float
        Per formula unit of the candidate as deposited.
    phases : dict of str to float
        Formula units of each phase per formula unit of the candidate.
    mutual_eV_per_atom : float
        Minimum mutual energy with the electrolyte [eV/atom].
    """

    from_V: float
    to_V: float | None
    li_taken_up: float
    phases: dict[str, float]
    mutual_eV_per_atom: float

    @property
    def layer(self) -> str:
        """The layer as a mixture, in the smallest whole numbers."""
        amounts = np.array([list(self.phases.values())])
        numbers = in_whole_numbers(amounts)[0].tolist()
        parts = zip(self.phases, numbers, strict=True)
        return " + ".join(f"{'' if n == 1 else f'{n} '}{name}" for name, n in parts)


@dataclass(frozen=True)
class LayerWay(Keyed):
    """Contacts of a layer with an electrolyte from as deposited to Li metal.

    Attributes
    ----------
    states : tuple of LayerState
        In order of falling potential; a state on a plateau stands among them where its contact is
        lower than at both ends of the plateau.
    """

    states: tuple[LayerState, ...]

    _keys = "states worst"

    @property
    def worst(self) -> LayerState:
        """State whose contact reacts most; of equal ones the first."""
        return min(self.states, key=lambda state: round(state.mutual_eV_per_atom, 9))

    @property
    def worst_potential_V(self) -> float | None:
        """Potential at which the layer comes into it [V]; None as deposited."""
        return None if self.worst.li_taken_up == 0.0 else self.worst.to_V


def layer_way(table: PhaseTable, candidate: Given, electrolyte: Given) -> LayerWay:
    """Contacts of a layer with an electrolyte at every state of charge; errors as for ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> [state.layer for state in layer_way(PhaseTable.reference(), "AlF3", "LLZO").states][:2]
    ['AlF3', 'AlF3 + 3 Li3AlF6']
    """
    without_gas(table, "the states of a layer")
    require_lithium(table)
    given = [identified(table, one) for one in (candidate, electrolyte)]
    system, (ours, theirs) = prepare(table, given, extra=["Li"])
    line = LithiumLine.of(system, ours)
    n_atoms = float(ours.composition.n_atoms)
    voltages, points = _plateaus(line)
    layers = [_layer(line, point) for point in points]
    states = []
    for number, point in enumerate(points):
        contact = _lowest(system, theirs.fractions, layers[number])[0]
        upper = voltages[number - 1] if number else _highest(line)
        lower = voltages[number] if number < len(voltages) else 0.0
        taken = float(line.walk.t[point]) * n_atoms
        states.append(LayerState(lower, upper, taken, _named(line.products(point)), contact))
        if number == len(voltages):
            break
        between, share = _lowest(system, theirs.fractions, layers[number], layers[number + 1])
        ends = min(contact, _lowest(system, theirs.fractions, layers[number + 1])[0])
        if between < ends - ON_HULL:
            one, other = line.products(point), line.products(points[number + 1])
            # share counts atoms of the layer; formula units of the candidate follow from its Li
            u, v = (1.0 + float(line.walk.t[p]) for p in (point, points[number + 1]))
            part = share / v / (share / v + (1.0 - share) / u)
            mixed = {
                name: (1.0 - part) * one.get(name, 0.0) + part * other.get(name, 0.0)
                for name in sorted({*one, *other})
            }
            moved = (1.0 - part) * (u - 1.0) + part * (v - 1.0)
            plateau = voltages[number]
            states.append(LayerState(plateau, plateau, moved * n_atoms, _named(mixed), between))
    return LayerWay(tuple(states))


def _plateaus(line: LithiumLine) -> tuple[list[float], list[int]]:
    """Potentials of the plateaus down to Li metal [V], and the points between them."""
    voltages, points = [], [line.walk.start]
    for point in range(line.walk.start, len(line.walk.t) - 1):
        voltage = line.voltage(point)
        if voltage <= 0.0:
            break
        voltages.append(voltage)
        points.append(point + 1)
    return voltages, points


def _highest(line: LithiumLine) -> float | None:
    """Potential up to which the layer stays as deposited [V]."""
    return line.voltage(line.walk.start - 1) if line.walk.start > 0 else None


def _named(products: Mapping[str, float]) -> dict[str, float]:
    return {name: amount for name, amount in products.items() if amount > NOISE}


def _layer(line: LithiumLine, point: int) -> tuple[Floats, float]:
    """Composition and hull energy of the layer at a point, per atom of it."""
    added = float(line.walk.t[point])
    fractions = line.reactant.fractions.copy()
    fractions[line.system.elements.index(line.ion.symbol)] += added
    return fractions / (1.0 + added), float(line.walk.energy[point]) / (1.0 + added)


def _lowest(
    system: System,
    electrolyte: Floats,
    first: tuple[Floats, float],
    second: tuple[Floats, float] | None = None,
) -> tuple[float, float]:
    """Lowest mutual energy of a layer, or of a mixture of two, with an electrolyte [eV/atom].

    Returns
    -------
    float, float
        The energy, and the share of the second in the atoms of the layer there.
    """
    m, n = system.columns.shape
    columns, costs = system.columns, system.energies
    start, end = electrolyte, first[0]
    if second is not None:
        # rows: elements, and what the exchange may take; columns: identity, phases, exchange
        columns = np.zeros((m + 1, n + 2))
        columns[:m, :m] = np.eye(m)
        columns[m, m] = 1.0
        columns[:m, m + 1 : n + 1] = system.columns[:, m:]
        columns[:m, n + 1], columns[m, n + 1] = first[0] - second[0], 1.0
        costs = np.concatenate(
            [system.energies[:m], [0.0], system.energies[m:], [first[1] - second[1]]]
        )
        start, end = np.append(electrolyte, 0.0), np.append(first[0], 1.0)
    walk = walk_line(
        columns, costs, start, end - start, start=START, low=0.0, high=1.0, keep_start=False
    )
    t = walk.t
    mutual = walk.energy - t * walk.energy[-1] - (1.0 - t) * walk.energy[0]
    best = int(mutual.argmin())
    if mutual[best] >= -ON_HULL:
        return 0.0, 0.0
    swapped = 0.0
    if second is not None:
        swapped = float(walk.amounts[best][walk.phases[best] == n + 1].sum()) / float(t[best])
    return float(mutual[best]), swapped


@dataclass(frozen=True)
class AtPotential(Keyed):
    """A stack with its layer at one potential.

    Attributes
    ----------
    potential_V : float
        Against Li/Li+ [V].
    state : LayerState
        The layer there; on a plateau the one before it.
    plateau : bool
        Whether the potential is that of a plateau, where two states are in equilibrium.
    opened : Reaction
        Candidate and electrolyte open to Li at the potential: the part of the interface, and what
        each side does alone.
    """

    potential_V: float
    state: LayerState
    plateau: bool
    opened: Reaction

    _keys = (
        "potential_V plateau state products open_mutual_eV_per_atom open_equation "
        "self_decomposition"
    )

    products: dict[str, float]

    @property
    def open_mutual_eV_per_atom(self) -> float:
        """Minimum mutual energy at the potential [eV/atom]."""
        return self.opened.min_mutual_energy_eV_per_atom

    @property
    def open_equation(self) -> str | None:
        """Balanced equation there."""
        return self.opened.equation

    @property
    def self_decomposition(self) -> dict[str, object]:
        """What candidate and electrolyte do alone at the potential."""
        first, second = self.opened.self_decomposition
        return {"candidate": first.to_dict(), "electrolyte": second.to_dict()}


def at_potential(
    table: PhaseTable, candidate: Given, electrolyte: Given, potential_V: float
) -> AtPotential:
    """Contacts of a layer with an electrolyte at a potential [V against Li/Li+].

    Above the potentials at which the candidate is oxidised the layer is what it becomes there.

    Raises
    ------
    InputError
        As for ``react``.
    """
    opened = react(table, candidate, electrolyte, potential_V)
    given = [identified(table, one) for one in (candidate, electrolyte)]
    system, (ours, theirs) = prepare(table, given, extra=["Li"])
    line = LithiumLine.of(system, ours)
    if line.endless:
        raise InputError(f"{ours.input}: a gas that never ends takes up Li; leave the gas out")
    volts = [line.voltage(interval) for interval in range(len(line.walk.t) - 1)]
    point = sum(voltage > potential_V + _SAME for voltage in volts)
    upper = volts[point - 1] if point else None
    lower = volts[point] if point < len(volts) else 0.0
    phases = _named(line.products(point))
    contact = _lowest(system, theirs.fractions, _layer(line, point))[0]
    taken = float(line.walk.t[point]) * float(ours.composition.n_atoms)
    products = {
        name: react(table, phase_material(name), electrolyte).min_mutual_energy_eV_per_atom
        for name in phases
    }
    return AtPotential(
        potential_V=potential_V,
        state=LayerState(lower, upper, taken, phases, contact),
        plateau=abs(lower - potential_V) <= _SAME and lower > 0.0,
        opened=opened,
        products=products,
    )
