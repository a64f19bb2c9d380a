"""Reaction energies between two materials, closed or at an applied potential.

What nobody looks at is not computed: kinks, equations and provenance are made when they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.walk import Floats, Walk, lowest_energy
from ..errors import InputError
from ..phases.electrode import Electrode
from ..phases.equation import Equation, balance
from ..phases.material import Given, compose
from ..phases.result import Keyed
from ..phases.system import System
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL
from .beside import walk_beside
from .competitors import Competitors, competitors_of, unproven
from .ion import chemical_potentials
from .provenance import Answer, provenance, warnings_of
from .ratio import AtRatio, atom_fraction
from .reactant import ON_HULL, Reactant, prepare, without_noise

if TYPE_CHECKING:
    import pandas as pd

_GENERIC = 0.4472135954999579  # 1/sqrt(5): no kink lies at an irrational mixing fraction
_DUST = 1e-12  # energies below this are zero [eV/atom]


@dataclass(frozen=True)
class Kink(Keyed):
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
    reaction: Reaction = field(repr=False, compare=False)
    point: int = field(repr=False, compare=False)

    _keys = "mixing_fraction mutual_energy_eV_per_atom total_energy_eV_per_atom equation products"

    @cached_property
    def _balanced(self) -> Equation:
        return self.reaction.equation_at(self.point)

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
        unit = self.reaction.sides[side].composition
        share = (self.mixing_fraction, 1.0 - self.mixing_fraction)[side]
        return self.total_energy_eV_per_atom * float(unit.n_atoms) / share if share > 0 else None


@dataclass(frozen=True)
class SelfDecomposition(Keyed):
    """What one reactant does alone.

    Attributes
    ----------
    energy_eV_per_atom : float
        Zero or negative [eV/atom of it].
    equation : str or None
        None where nothing happens.
    products : dict of str to float
        Products and their amounts in that equation.
    """

    energy_eV_per_atom: float
    equation: str | None
    products: dict[str, float]


@dataclass(frozen=True, eq=False)
class Reaction(Answer, figure="reaction"):
    """Reaction of two materials."""

    system: System = field(repr=False)
    sides: tuple[Reactant, Reactant] = field(repr=False)
    walk: Walk = field(repr=False)  # t is the atom fraction of the first reactant
    # hull energies of the reactants, on the scale of formation energies [eV/atom]
    hulls: tuple[float, float] = field(repr=False)
    potential_V: float | None  # of an interface open to Li [V against Li/Li+]; None when closed
    open_elements: Mapping[str, float] = field(repr=False)  # chemical potentials [eV/atom]
    table: PhaseTable = field(repr=False)

    at: AtRatio | None = field(default=None, repr=False)  # where a ratio was asked for

    _keys = (
        "reactants min_mutual_energy_eV_per_atom mixing_fraction total_energy_eV_per_atom equation "
        "products coexist self_decomposition min_total_energy_eV_per_atom kinks at potential_V "
        "competitors provenance"
    )

    @cached_property
    def reactants(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of both: input, formula, energy [eV/atom], its source, energy above hull [eV/atom]."""
        (first, second), hulls = self.sides, self.hulls
        return first.describe(hulls[0]), second.describe(hulls[1])

    @cached_property
    def _mutual(self) -> Floats:
        """Mutual reaction energy at each point [eV/atom]."""
        t, energy = self.walk.t, self.walk.energy
        mutual: Floats = energy - t * energy[-1] - (1.0 - t) * energy[0]
        return mutual

    @cached_property
    def _minimum(self) -> int | None:
        """Point of the minimum; None when the two coexist."""
        best = int(self._mutual.argmin())
        return best if self._mutual[best] < -ON_HULL else None

    @property
    def min_mutual_energy_eV_per_atom(self) -> float:
        """Minimum of the mutual reaction energy [eV/atom]; zero when the two coexist."""
        return 0.0 if self._minimum is None else float(self._mutual[self._minimum])

    @property
    def mixing_fraction(self) -> float | None:
        """Atom fraction of the first reactant there; None when the two coexist."""
        return None if self._minimum is None else float(self.walk.t[self._minimum])

    @property
    def total_energy_eV_per_atom(self) -> float | None:
        """Total reaction energy there [eV/atom]; None when the two coexist."""
        return self.best.total_energy_eV_per_atom if self.best else None

    @property
    def best(self) -> Kink | None:
        """Kink of the minimum; None when the two coexist."""
        return None if self._minimum is None else self.kinks[self._minimum]

    @property
    def equation(self) -> str | None:
        """Balanced equation at the minimum; None when the two coexist."""
        return self.best.equation if self.best else None

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in that equation."""
        return self.best.products if self.best else {}

    @property
    def coexist(self) -> bool:
        """Whether nothing reacts at all: neither the two with each other, nor one alone."""
        return self._minimum is None and all(one.products == {} for one in self.self_decomposition)

    @cached_property
    def self_decomposition(self) -> tuple[SelfDecomposition, SelfDecomposition]:
        """What each reactant does alone, under the conditions of the question."""
        first, second = (
            SelfDecomposition(kink.total_energy_eV_per_atom, kink.equation, kink.products)
            if kink.total_energy_eV_per_atom < -ON_HULL
            else SelfDecomposition(0.0, None, {})
            for kink in (self.kinks[-1], self.kinks[0])
        )
        return first, second

    @property
    def min_total_energy_eV_per_atom(self) -> float:
        """Lowest total reaction energy over all mixing fractions, both ends included [eV/atom]."""
        return min(kink.total_energy_eV_per_atom for kink in self.kinks)

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """All kinks of the curve in order of mixing fraction, both ends included."""
        t = self.walk.t
        alone = self._alone
        total = self._mutual + t * alone[0] + (1.0 - t) * alone[1]
        energies = (
            np.where(np.abs(values) < _DUST, 0.0, values) for values in (self._mutual, total)
        )
        points = zip(t.tolist(), *(values.tolist() for values in energies), strict=True)
        return tuple(Kink(x, m, e, self, point) for point, (x, m, e) in enumerate(points))

    @cached_property
    def _alone(self) -> tuple[float, float]:
        """Self-decomposition energy of each reactant [eV/atom]."""
        ends = (self.walk.energy[-1], self.walk.energy[0])
        first, second = (
            float(end) - reactant.energy(hull) - self._opened(reactant)
            for end, hull, reactant in zip(ends, self.hulls, self.sides, strict=True)
        )
        return first, second

    def with_ratio(self, fraction: float, by: str, table: PhaseTable) -> Reaction:
        """Return the same reaction with its energies at a ratio; see ``AtRatio``."""
        x = atom_fraction(table, self.sides, fraction, by)
        share = (x, 1.0 - x)
        mutual = float(np.interp(x, self.walk.t, self._mutual))
        total = mutual + sum(s * alone for s, alone in zip(share, self._alone, strict=True))
        equation = self._equation(x, self._phases_between(x))
        found = AtRatio(
            fraction, by, x, without_noise(mutual), without_noise(total), equation.text,
            dict(equation.products),
        )  # fmt: skip
        return replace(self, at=found)

    def _phases_between(self, x: float) -> list[tuple[str, float]]:
        """Phases of the equilibrium at any mixing fraction: those of the kinks beside it."""
        after = int(np.clip(np.searchsorted(self.walk.t, x), 1, len(self.walk.t) - 1))
        left, right = self.walk.t[after - 1], self.walk.t[after]
        weight = float((x - left) / (right - left))
        found: dict[str, float] = {}
        for point, share in ((after - 1, 1.0 - weight), (after, weight)):
            for name, atoms in self.phases_at(point):
                found[name] = found.get(name, 0.0) + share * atoms
        return list(found.items())

    def _opened(self, reactant: Reactant) -> float:
        """Energy that a reactant has from the open elements it holds [eV/atom]."""
        place = self.system.elements.index
        shares = ((mu, reactant.fractions[place(s)]) for s, mu in self.open_elements.items())
        return -sum(mu * float(share) for mu, share in shares)

    def held_at(self, point: int, symbol: str) -> float:
        """Atoms of an element in the products at a kink, per atom of the reactants."""
        return _held(self.phases_at(point), symbol)

    def phases_at(self, point: int) -> list[tuple[str, float]]:
        """Phases of the equilibrium at a kink, and atoms in each per atom of the reactants."""
        present = zip(self.walk.phases[point], self.walk.amounts[point], strict=True)
        return [(self.system.name(int(column)), float(atoms)) for column, atoms in present]

    def equation_at(self, point: int) -> Equation:
        """Balance the equation at a kink."""
        return self._equation(float(self.walk.t[point]), self.phases_at(point))

    def _equation(self, x: float, phases: list[tuple[str, float]]) -> Equation:
        shares = [
            (side.composition, share / float(side.composition.n_atoms))
            for side, share in zip(self.sides, (x, 1.0 - x), strict=True)
        ]
        exchanged = []
        for symbol in self.open_elements:
            had = sum(number * float(unit.amount(symbol)) for unit, number in shares)
            name = self.system.element_names[self.system.elements.index(symbol)]
            units = (_held(phases, symbol) - had) / float(compose(name).n_atoms)
            exchanged.append((name, units))
        reactants = [(unit.text, unit.amounts, number) for unit, number in shares]
        return balance(reactants, phases, exchanged)

    @cached_property
    def competitors(self) -> Competitors:
        """Compounds of the elements of both that could have competed."""
        return competitors_of(self.table, *(side.composition.text for side in self.sides))

    @cached_property
    def _doubts(self) -> list[str]:
        """Warn of a material that coexists with Li metal for want of data."""
        units = [side.composition for side in self.sides]
        ion = self.table.electrode.ion.symbol
        alone = [unit.elements == (ion,) for unit in units]
        if self._minimum is not None or not any(alone):
            return []
        return unproven(self.table, units[alone.index(True) - 1])

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Where the energies come from, what was left out, and warnings."""
        return provenance(self.table.source, self.system, self.sides, doubts=self._doubts)

    @property
    def conditions(self) -> dict[str, Any]:
        """Temperature [K], gases [bar], and chemical potentials of open elements [eV/atom]."""
        return {**super().conditions, "open": dict(self.open_elements)}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with the answer."""
        return (*warnings_of(self.table.source, self.sides), *self._doubts)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per kink."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """Return flat rows, one per kink, for tables."""
        first, second = self.reactants
        return [
            {
                "reactant_a": first["formula"],
                "reactant_a_energy_source": first["energy_source"],
                "reactant_b": second["formula"],
                "reactant_b_energy_source": second["energy_source"],
                "is_minimum": kink.mixing_fraction == self.mixing_fraction,
                "mixing_fraction": kink.mixing_fraction,
                "mutual_energy_eV_per_atom": kink.mutual_energy_eV_per_atom,
                "mutual_energy_kJ_per_mol": kink.mutual_energy_eV_per_atom * KJ_PER_MOL,
                "total_energy_eV_per_atom": kink.total_energy_eV_per_atom,
                "total_energy_eV_per_formula_a": kink.total_energy_per_formula(0),
                "total_energy_eV_per_formula_b": kink.total_energy_per_formula(1),
                "equation": kink.equation,
            }
            for kink in self.kinks
        ]


def _held(phases: Sequence[tuple[str, float]], symbol: str) -> float:
    """Atoms of an element in phases whose atoms are given."""
    units = ((compose(name), atoms) for name, atoms in phases)
    return sum(float(unit.amount(symbol)) * atoms / float(unit.n_atoms) for unit, atoms in units)


class OpenContact(Keyed):
    """What is said of a contact open to Li, ``opened``, of two sides with names, ``sides``."""

    opened: Reaction

    @property
    def sides(self) -> tuple[str, str]:
        """Return the names of both sides."""
        raise NotImplementedError

    @property
    def open_mutual_eV_per_atom(self) -> float:
        """Minimum mutual energy at the potential [eV/atom]: the part of the interface."""
        return self.opened.min_mutual_energy_eV_per_atom

    @property
    def open_equation(self) -> str | None:
        """Balanced equation there."""
        return self.opened.equation

    @property
    def self_decomposition(self) -> dict[str, dict[str, Any]]:
        """What each side does alone at the potential, by its name."""
        found = zip(self.sides, self.opened.self_decomposition, strict=True)
        return {name: one.to_dict() for name, one in found}


def react(
    table: PhaseTable,
    a: Given,
    b: Given,
    potential_V: float | None = None,
    *,
    open_elements: Mapping[str, str | float] | None = None,
    at: float | None = None,
    by: str = "atom",
) -> Reaction:
    """Reaction energies of two materials over all mixing fractions.

    With ``x`` the atom fraction of the first reactant, ``H`` the hull energy of a composition and
    ``E`` the energy of a reactant itself,

        total  dE(x) = H(x A + (1 - x) B) - x E_A - (1 - x) E_B
        mutual      = dE(x) - x (H(A) - E_A) - (1 - x) (H(B) - E_B)

    (Richards et al., Chem. Mater. 28, 266 (2016), doi:10.1021/acs.chemmater.5b04082).  At a
    potential V every phase has E + V n_Li in place of E and the Li balance is dropped.

    Parameters
    ----------
    table : PhaseTable
    a, b : str, Material, or pymatgen Composition, Element or entry
        Formula, mixture (``"Cu + 2 LiF"``) or name of an electrolyte; of an entry its composition
        counts, not its total energy.
    potential_V : float, optional
        Potential of Li against Li/Li+ [V] (of the ion of the table), below zero where it is
        plated; None for a closed interface.
    open_elements : mapping, optional
        Further elements at a fixed potential: ``{"Na": "2V", "O2": 0.21}`` (a gas needs a table at
        a temperature).
    at : float, optional
        Share of the first reactant at which the energies are given, too.
    by : str
        Share of what: ``atom``, ``mole``, ``weight`` or ``volume``.

    Raises
    ------
    InputError
        For an unreadable formula, an element the table does not know, or a potential that is none.
    SolverError
        When an equilibrium cannot be certified.

    Examples
    --------
    >>> from interscreen import PhaseTable, react
    >>> found = react(PhaseTable.reference(), "Li", "CuF2")
    >>> found.equation
    '2 Li + CuF2 -> 2 LiF + Cu'
    """
    opened = chemical_potentials(table, open_elements or {})
    if potential_V is not None:
        ion = table.electrode.ion
        volts = ion.checked(potential_V)
        opened[ion.symbol] = -ion.charge * volts
        if volts < 0.0:  # phases count that would be no better than the metal
            table = table.against(Electrode(ion, volts))
    system, (first, second) = prepare(table, (a, b), tuple(opened))
    closed = _walk(replace(system, reservoirs=()), first, second)
    # hull energies on the scale of formation energies: without open elements and gases
    hulls = (float(closed.energy[-1]), float(closed.energy[0]))
    walk = closed
    if opened or system.reservoirs:
        _require_rest(opened, (first, second))
        walk = _walk(system, first, second, opened)
    found = Reaction(system, (first, second), walk, hulls, potential_V, opened, table)
    return found if at is None else found.with_ratio(at, by, table)


def react_with_anode(table: PhaseTable, m: Given) -> Reaction:
    """Reaction of a material with the negative electrode of a table; see ``react``.

    The ion takes part as an atom of its metal does, with the energy -zV in place of zero: what it
    takes is counted as atoms, and Li metal is the case V = 0.  A material that holds the ion at a
    lower potential gives it off alone: its self-decomposition says so.
    """
    electrode = table.electrode
    system, sides = prepare(table, (electrode.ion.symbol, m))
    row = system.elements.index(electrode.ion.symbol)
    first, second = sides[0], _beside_anode(sides[1], electrode, row)
    beside = system.against(electrode)
    walk = _walk(replace(beside, reservoirs=()), first, second)
    fractions = sides[1].fractions
    hull = lowest_energy(system.columns, system.energies, fractions).energy
    hulls = (float(walk.energy[-1]), hull + electrode.level * float(fractions[row]))
    return Reaction(beside, (first, second), walk, hulls, None, {}, table)


def _beside_anode(side: Reactant, electrode: Electrode, row: int) -> Reactant:
    """Count the energy of a reactant from the ion in an electrode."""
    more = electrode.level * float(side.fractions[row])
    own = None if side.own_energy is None else side.own_energy + more
    return replace(side, own_energy=own, reference=side.reference - more)


def _walk(
    system: System, first: Reactant, second: Reactant, opened: Mapping[str, float] | None = None
) -> Walk:
    return walk_beside(
        system, second.fractions, first.fractions - second.fractions,
        at=_GENERIC, low=0.0, high=1.0, keep_start=False, potentials=opened,
    )  # fmt: skip


def _require_rest(opened: Mapping[str, float], sides: tuple[Reactant, Reactant]) -> None:
    """Refuse reactants that hold nothing but open elements."""
    if not any(set(side.composition.elements) - set(opened) for side in sides):
        names = " and ".join(opened)
        raise InputError(
            f"both reactants are {names}: nothing is left to react when {names} is open"
        )
