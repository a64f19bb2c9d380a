"""A layer on its way to the anode: its contact with the electrolyte at every state of charge.

Along M + u Li (or another ion) the layer goes from plateau to plateau.  Between two of them it is
one assemblage, on a plateau a mixture of the one before and the one behind.  A contact at a state
is the mutual energy of that layer with the electrolyte, as ``deposited`` (u = 0) and ``layer`` (all
of u) of a stack are.  On a plateau the lowest contact is that of a triangle of compositions: with
c1 and c2 the layer before and behind and E the electrolyte (each one atom, H their hull energies),
the minimum of

    H(a1 c1 + a2 c2 + e E) - a1 H(c1) - a2 H(c2) - e H(E),    a1 + a2 + e = 1,

convex and piecewise linear in both directions.  With a1 = 1 - e - a2 this is one walk from E to c1
along e, beside the phases with one more column, c1 - c2 at the price H(c1) - H(c2), which one more
row keeps at a2 <= 1 - e.  So its minimum is a kink like any other: exact, and no grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.batch import START
from ..engine.walk import walk_line
from ..errors import InputError
from ..phases.conditions import GAS
from ..phases.equation import NOISE
from ..phases.material import Given, phase_material
from ..phases.result import Keyed
from ..phases.system import Floats, System
from ..phases.table import PhaseTable
from .lithium import LithiumLine
from .reactant import ON_HULL, gas_elements, identified, prepare, require_lithium
from .reaction import OpenContact, Reaction, react
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
    """Contacts of a layer with an electrolyte from as deposited to Li metal, or another anode.

    Attributes
    ----------
    states : tuple of LayerState
        From as deposited on; a state on a plateau stands among them where its contact is lower than
        at both ends of the plateau.
    ion : str
        What is taken up.
    """

    states: tuple[LayerState, ...]
    ion: str = "Li"

    _keys = "states worst worst_potential_V"

    @property
    def worst(self) -> LayerState:
        """State whose contact reacts most; of equal ones the first."""
        return min(self.states, key=lambda state: round(state.mutual_eV_per_atom, 9))

    @property
    def worst_potential_V(self) -> float | None:
        """Potential at which the layer comes into it [V]; None as deposited."""
        taken = self.worst.li_taken_up
        if taken == 0.0:
            return None
        return self.worst.to_V if taken > 0.0 else self.worst.from_V


def layer_way(table: PhaseTable, candidate: Given, electrolyte: Given) -> LayerWay | None:
    """Contacts of a layer with an electrolyte at every state of charge; errors as for ``react``.

    Gases that form leave.  None beside gases that are named, which come and go as the layer does.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> [state.layer for state in layer_way(PhaseTable.reference(), "AlF3", "LLZO").states][:2]
    ['AlF3', 'AlF3 + 3 Li3AlF6']
    """
    if gas_elements(table):
        return None
    line, theirs = _line(table, candidate, electrolyte)
    start, end = line.walk.start, line.end
    step = 1 if end >= start else -1  # an anode may take the ion from the layer
    points = list(range(start, end + step, step))
    layers = [(point, layer) for point in points if (layer := _layer(line, point)).atoms]
    contacts = [_lowest(line.system, theirs, layer)[0] for _, layer in layers]
    states = []
    for number, (point, layer) in enumerate(layers):
        lower, upper = _range(line, point)
        lower = max(lower, table.electrode.potential_V) if point == end else lower
        states.append(LayerState(lower, upper, layer.taken, layer.phases, contacts[number]))
        if number + 1 == len(layers):
            break
        next_to, after = layers[number + 1]
        between, share = _lowest(line.system, theirs, layer, after)
        if between < min(contacts[number : number + 2]) - ON_HULL:
            mixed, plateau = layer.mixed(after, share), line.voltage(min(point, next_to))
            states.append(LayerState(plateau, plateau, mixed.taken, mixed.phases, between))
    return LayerWay(tuple(states), line.ion.symbol)


def _range(line: LithiumLine, point: int) -> tuple[float, float | None]:
    """Potentials between which the layer stays at a point [V]; None without an upper one."""
    upper = line.voltage(point - 1) if point else None
    return line.voltage(point) if point + 1 < len(line.walk.t) else 0.0, upper


def _line(table: PhaseTable, candidate: Given, electrolyte: Given) -> tuple[LithiumLine, Floats]:
    """Lithium line of a candidate among the phases of both, and the electrolyte's fractions."""
    symbol = table.electrode.ion.symbol
    require_lithium(table, symbol)
    given = [identified(table, one) for one in (candidate, electrolyte)]
    system, (ours, theirs) = prepare(table, given, extra=[symbol])
    return LithiumLine.of(system, ours, table.electrode), theirs.fractions


@dataclass(frozen=True)
class _Layer:
    """A layer at one point of its lithium line: what stays of it."""

    fractions: Floats  # (m,) atom fractions
    energy: float  # of its phases [eV/atom of the layer]
    atoms: float  # per formula unit of the candidate
    taken: float  # Li, per formula unit of the candidate
    phases: dict[str, float]  # formula units, per formula unit of the candidate

    def mixed(self, other: _Layer, share: float) -> _Layer:
        """Return a mixture in which the other has a share of the atoms."""
        part = share / other.atoms / (share / other.atoms + (1.0 - share) / self.atoms)
        one, two = 1.0 - part, part
        names = sorted({*self.phases, *other.phases})
        return _Layer(
            (1.0 - share) * self.fractions + share * other.fractions,
            (1.0 - share) * self.energy + share * other.energy,
            one * self.atoms + two * other.atoms,
            one * self.taken + two * other.taken,
            {n: one * self.phases.get(n, 0.0) + two * other.phases.get(n, 0.0) for n in names},
        )


def _layer(line: LithiumLine, point: int) -> _Layer:
    """Return the layer at a point: the candidate itself, or what it becomes but for the gases."""
    unit, system = line.reactant.composition, line.system
    n_atoms = float(unit.n_atoms)
    given = point == line.walk.start
    held = [
        (int(column), float(atoms))
        for column, atoms in zip(line.walk.phases[point], line.walk.amounts[point], strict=True)
        if atoms > NOISE and (given or not system.name(int(column)).endswith(GAS))
    ]
    columns, shares = [column for column, _ in held], np.array([atoms for _, atoms in held])
    whole = float(shares.sum())
    fractions, energy = system.columns[:, columns] @ shares, system.energies[columns] @ shares
    phases = (
        {formula.text: float(factor) for factor, formula in unit.parts}
        if given
        else {n: units for n, units in line.products(point).items() if not n.endswith(GAS)}
    )
    taken = float(line.walk.t[point]) * n_atoms
    per_atom = 1.0 / (whole or 1.0)
    return _Layer(fractions * per_atom, float(energy) * per_atom, n_atoms * whole, taken, phases)


def _lowest(
    system: System,
    electrolyte: Floats,
    first: _Layer,
    second: _Layer | None = None,
) -> tuple[float, float]:
    """Lowest mutual energy of a layer, or of a mixture of two, with an electrolyte [eV/atom].

    Returns
    -------
    float, float
        The energy, and the share of the second in the atoms of the layer there.
    """
    m, n = system.columns.shape
    columns, costs = system.columns, system.energies
    start, end = electrolyte, first.fractions
    if second is not None:
        # rows: elements, and what the exchange may take; columns: identity, phases, exchange
        columns = np.zeros((m + 1, n + 2))
        columns[:m, :m] = np.eye(m)
        columns[m, m] = 1.0
        columns[:m, m + 1 : n + 1] = system.columns[:, m:]
        columns[:m, n + 1], columns[m, n + 1] = first.fractions - second.fractions, 1.0
        costs = np.concatenate(
            [system.energies[:m], [0.0], system.energies[m:], [first.energy - second.energy]]
        )
        start, end = np.append(electrolyte, 0.0), np.append(first.fractions, 1.0)
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
class AtPotential(OpenContact):
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
    products : dict of str to float
        Minimum mutual energy of each phase of the layer with the electrolyte, closed [eV/atom].
    """

    potential_V: float
    state: LayerState
    plateau: bool
    opened: Reaction
    products: dict[str, float]

    _keys = (
        "potential_V plateau state products open_mutual_eV_per_atom open_equation "
        "self_decomposition"
    )

    @property
    def sides(self) -> tuple[str, str]:
        """What each side is called."""
        return "candidate", "electrolyte"


def at_potential(
    table: PhaseTable, candidate: Given, electrolyte: Given, potential_V: float
) -> AtPotential:
    """Contacts of a layer with an electrolyte at a potential [V against Li/Li+].

    Above the potentials at which the candidate is oxidised the layer is what it becomes there.

    Raises
    ------
    InputError
        As for ``react``; beside gases that are named.
    """
    if gas_elements(table):
        raise InputError(
            "a layer at a potential beside gases is not computed; leave --potential or --gas out"
        )
    opened = react(table, candidate, electrolyte, potential_V)
    line, theirs = _line(table, candidate, electrolyte)
    volts = [line.voltage(interval) for interval in range(len(line.walk.t) - 1)]
    point = sum(voltage > potential_V + _SAME for voltage in volts)
    lower, upper = _range(line, point)
    layer = _layer(line, point)
    contact = _lowest(line.system, theirs, layer)[0] if layer.atoms else 0.0
    products = {
        name: react(table, phase_material(name), electrolyte).min_mutual_energy_eV_per_atom
        for name in layer.phases
    }
    return AtPotential(
        potential_V=potential_V,
        state=LayerState(lower, upper, layer.taken, layer.phases, contact),
        plateau=abs(lower - potential_V) <= _SAME and lower > 0.0,
        opened=opened,
        products=products,
    )
