"""Anchors: measured compounds that a composition is divided into, and what each is wrong by.

Every composition is divided into binary compounds whose energies are measured, in one way only, and
the parts change continuously with the composition: they are the corners of that simplex of a
regular triangulation in which the composition lies.  The triangulation is the lower hull of heights
(data/anchors.csv), which are near the measured Gibbs energies, so that the parts have the
valences that thermodynamics gives them, and bent so that each anchor is a corner.  Finding the
parts is the linear program that everything here solves, with heights in place of energies.

An oxyanion has a pseudo-oxide as anchor: SO3 in a sulfate is the mean of some sulfates less their
base oxides.  It counts together with a base oxide only, up to as many as the base can neutralise:
CaO + SO3 is a column, SO3 alone is none.  What lies beyond is anchored to the acid oxide itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property
from statistics import median

import numpy as np

from ..engine.batch import EVERYBODY, PointBatch, Problem, Sparse, lowest_energies
from ..errors import SolverError
from ..files import data_rows
from ..phases.conditions import ROOM_K
from ..phases.formula import element_formula, parse_formula, reduced_text, whole_numbers
from ..phases.system import Floats
from ..phases.table import PhaseTable, compositions_of
from .measured import Measured, element_gibbs, measured, molecules

ANIONS = ("F", "O", "Cl", "N", "Br", "I", "S", "Se", "P", "H")
"""What makes a compound with another element an anchor, the one that takes electrons first."""

_NEUTRAL = frozenset({*ANIONS, "C", "He", "Ne", "Ar", "Kr", "Xe"}) - {"H"}
_METAL = 1.0  # height of metals and H2: no element is an anchor where its compounds can be [eV]
_GASES = frozenset({"H", "N", "O", "F", "Cl"})
_BOUND_ENTROPY = 1.6e-4  # of an atom in a solid, about 15 J/(K mol) [eV/K]
MEASURED, PEROXIDE, MOLECULE = "measured", "peroxide", "molecule"
ESTIMATED, GROUP = "estimated", "group"
_STRENGTH = 0.02  # by how much of its binding energy a group lies lower
_ENOUGH = 4  # compounds that make a mean


@dataclass(frozen=True)
class Anchor:
    """One column of the division.

    Attributes
    ----------
    name : str
        ``Li2O``, or ``SO3 in K2O`` for an oxyanion together with its base.
    amounts : mapping of str to float
        Atoms of each element.
    height : float
        What the division minimises [eV per formula unit].
    shift : mapping of str to float
        How often the error of each measured compound goes into it (negative: less a base).
    kind : str
        ``measured``, ``peroxide``, ``molecule``, ``estimated``, or ``group``.
    acid : str
        Of a group: its acid oxide.
    base : mapping of str to float
        Of a group: the base oxide, and how much of it.
    """

    name: str
    amounts: Mapping[str, float]
    height: float
    shift: Mapping[str, float]
    kind: str
    acid: str = ""
    base: Mapping[str, float] = field(default_factory=dict)

    @property
    def atoms(self) -> float:
        """Atoms per formula unit."""
        return sum(self.amounts.values())


def anion_of(amounts: Mapping[str, float]) -> str:
    """Anion of a binary anchor."""
    return next(symbol for symbol in ANIONS if symbol in amounts)


@cache
def _read() -> tuple[tuple[Anchor, ...], tuple[dict[str, str], ...]]:
    """Binary anchors, and the rows of the groups."""
    binaries, groups = [], []
    for row in data_rows("anchors.csv"):
        if row["kind"] == GROUP:
            groups.append(row)
            continue
        name, amounts = row["formula"], amounts_of(row["formula"])
        anchor = Anchor(name, amounts, float(row["height"]), {name: 1.0}, row["kind"])
        binaries.append(_estimated(anchor) if row["kind"] == ESTIMATED else anchor)
    return tuple(binaries), tuple(groups)


def _estimated(anchor: Anchor) -> Anchor:
    """Return the anchor with the mean error of its anion with cations of its kind."""
    anion = anion_of(anchor.amounts)
    name = mean_of(anion, block_of(cation_of(anchor.amounts)))
    return replace(anchor, shift={name: anchor.amounts[anion]}, kind=ESTIMATED)


def mean_of(anion: str, block: str) -> str:
    """Name of the mean error of an anion with the cations of a block."""
    return f"mean of {anion} with {block}"


def cation_of(amounts: Mapping[str, float]) -> str:
    """Cation of a binary anchor."""
    anion = anion_of(amounts)
    return next(symbol for symbol in amounts if symbol != anion)


@cache
def block_of(symbol: str) -> str:
    """Kind of a cation: ``s``, ``d`` or ``f`` metal (Sc, Y and La are f metals), or ``p``."""
    from pymatgen.core import Element

    element = Element(symbol)
    if element.is_rare_earth or element.is_actinoid:
        return "f"
    return str(element.block) if symbol != "H" else "p"


@cache
def amounts_of(text: str) -> Mapping[str, float]:
    """Atoms of each element in a formula unit."""
    return {symbol: float(amount) for symbol, amount in parse_formula(text).amounts}


@dataclass(frozen=True, eq=False)
class Anchoring:
    """The anchors that a table of phases can use: those it holds itself.

    Attributes
    ----------
    table : PhaseTable
    without : frozenset of str
        Measured compounds that are no anchors here (to judge them by the others).
    own_salts : bool
        Whether an oxyanion in a base whose salt is measured has the error of that salt in place of
        the mean over some.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.energies.anchors import Anchoring
    >>> table = PhaseTable.reference()
    >>> Anchoring(table).parts("LiCoO2")
    {'Li2O': 0.5, 'Co3O4': 0.333, 'O2': 0.083}
    """

    table: PhaseTable
    without: frozenset[str] = frozenset()
    own_salts: bool = False

    @classmethod
    def of(cls, table: PhaseTable) -> Anchoring:
        """Return the anchors of a table, the same object each time."""
        found: Anchoring = table.remember("anchoring", lambda: cls(table), stays=True)
        return found

    @cached_property
    def known(self) -> Mapping[str, tuple[int, Measured]]:
        """Measured compounds that the table holds: its row, and the figures."""
        _, groups = _read()
        names = {anchor.name for anchor in _read()[0] if anchor.kind != ESTIMATED}
        names |= {pair.split(":")[0] for row in groups for pair in row["members"].split()}
        found = {}
        for name in sorted(names - self.without):
            figures = molecules().get(name) or measured().get(name)
            row = (
                self.table.find(name) if set(amounts_of(name)) <= set(self.table.elements) else None
            )
            if row is not None and figures is not None:
                found[name] = (row, figures)
        return found

    @cached_property
    def columns(self) -> tuple[Anchor, ...]:
        """The anchors, oxyanions with each base oxide among them."""
        binaries = self._binaries
        oxygen = {row["formula"]: float(row["oxygen"]) for row in _read()[1]}
        groups = [
            _together(acid, base, oxygen[acid.name])
            for acid in self.acids
            for base in binaries
            if _is_base(base, acid)
        ]
        return (*binaries, *(map(self._by_strength, groups) if self.own_salts else groups))

    @cached_property
    def _room(self) -> Mapping[str, float]:
        return {name: one.gibbs(ROOM_K) for name, (_, one) in self.known.items()}

    def _by_strength(self, group: Anchor) -> Anchor:
        """Return a group a little lower in the base that binds it more: no two bases tie."""
        found = self._salt_of(group)
        if found is None:
            return group
        _, figures, units = found
        mean = sum(n * self._room.get(name, 0.0) for name, n in group.shift.items())
        return replace(
            group, height=group.height + _STRENGTH * (units * figures.gibbs(ROOM_K) - mean)
        )

    def _salt_of(self, group: Anchor) -> tuple[int, Measured, float] | None:
        """Row, figures and number of the measured salt that a group is; None without one."""
        name = _salt_name(tuple(group.amounts.items()))
        figures, row = measured().get(name), self.table.find(name)
        if figures is None or row is None or name in self.without:
            return None
        return row, figures, group.atoms / figures.atoms

    @cached_property
    def _own_salts(self) -> Mapping[int, tuple[int, Measured, float]]:
        """Salts that groups are, by column."""
        groups = ((n, a) for n, a in enumerate(self.columns) if self.own_salts and a.kind == GROUP)
        found = ((number, self._salt_of(anchor)) for number, anchor in groups)
        return {number: salt for number, salt in found if salt is not None}

    def _beyond_mean(self, shifts: Floats, temperature_K: float) -> Floats:
        """Return how far the errors of salts are from the means of groups [eV/atom], (columns,)."""
        more = np.zeros(len(self.columns))
        for number, (row, figures, units) in self._own_salts.items():
            energy = figures.gibbs(temperature_K) - figures.atoms * float(self.table.energies[row])
            more[number] = units * energy / self.columns[number].atoms - shifts[number]
        return more

    @cached_property
    def _beyond_mean_at_room(self) -> Floats:
        plain = replace(self, own_salts=False)
        return self._beyond_mean(plain.column_shifts(ROOM_K), ROOM_K)

    @cached_property
    def _binaries(self) -> tuple[Anchor, ...]:
        elements = set(self.table.elements)
        return tuple(
            anchor if anchor.name in self.known else _estimated(anchor)
            for anchor in _read()[0]
            if set(anchor.amounts) <= elements
        )

    @cached_property
    def acids(self) -> tuple[Anchor, ...]:
        """Pseudo-oxides of the oxyanions; they are columns together with a base only."""
        binaries = {anchor.name: anchor for anchor in self._binaries}
        found = (_acid(row, binaries, self.known) for row in _read()[1])
        elements = set(self.table.elements)
        return tuple(acid for acid in found if acid and set(acid.amounts) <= elements)

    @cached_property
    def _problem(self) -> Problem:
        place = {symbol: number for number, symbol in enumerate(self.table.elements)}
        dense = np.zeros((len(self.columns), len(place)))
        costs = np.zeros((1, len(self.columns)))
        for number, anchor in enumerate(self.columns):
            raised = 0.0
            for symbol, amount in anchor.amounts.items():
                dense[number, place[symbol]] = amount / anchor.atoms
                raised += 0.0 if symbol in _NEUTRAL else amount * _METAL
            costs[0, number] = (anchor.height - raised) / anchor.atoms
        return Problem(Sparse.of_dense(dense), costs, len(place))

    def divide(self, compositions: Sparse) -> PointBatch:
        """Divide compositions over the elements of the table into anchors.

        Returns
        -------
        PointBatch
            ``phases`` are columns of ``columns`` (from ``len(columns)`` on: elements), ``amounts``
            shares of the atoms.

        Raises
        ------
        SolverError
            When a division cannot be certified.
        """
        every = np.arange(len(compositions))
        found = lowest_energies(self._problem, compositions, every, np.zeros_like(every))
        if not found.solved.all():
            raise SolverError("the division of a composition into anchors could not be certified")
        return found

    def divide_rows(self, rows: np.ndarray) -> PointBatch:
        """Divide phases of the table; see ``divide``."""
        return self.divide(compositions_of(self.table, rows))

    def parts(self, formula: str, digits: int = 3) -> dict[str, float]:
        """Anchors of one formula unit, how many of each; elements as ``O2``."""
        unit = parse_formula(formula)
        names = self.table.elements
        index = np.array([self.table.position(symbol) for symbol in unit.elements])
        shares = np.array([float(amount / unit.n_atoms) for _, amount in unit.amounts])
        order = np.argsort(index)
        one = Sparse(np.array([0, len(index)]), index[order], shares[order], np.array([EVERYBODY]))
        found = self.divide(one)
        parts = {}
        for phase, share in zip(found.phases[0].tolist(), found.amounts[0].tolist(), strict=True):
            if phase < 0 or share < 1e-9:
                continue
            atoms = share * float(unit.n_atoms)
            if phase < len(self.columns):
                anchor = self.columns[phase]
                parts[anchor.name] = round(atoms / anchor.atoms, digits)
            else:
                name = element_formula(names[phase - len(self.columns)])
                parts[name] = round(atoms / float(parse_formula(name).n_atoms), digits)
        return parts

    def errors(self, temperature_K: float | None = ROOM_K) -> dict[str, float]:
        """Measured less tabulated energy of each known compound [eV per formula unit].

        ``temperature_K`` of None compares enthalpies at 298 K.  The mean of an anion with the
        cations of a block is the median over measured compounds, per atom of the anion; over all
        blocks where fewer than four were measured.  NaN where a table ends below.
        """
        found: dict[str, float] = {}
        each: dict[tuple[str, str], list[float]] = {}
        for name, (row, figures) in self.known.items():
            atoms = sum(amounts_of(name).values())
            value = figures.enthalpy_eV if temperature_K is None else figures.gibbs(temperature_K)
            value = float("nan") if value is None else value
            found[name] = value - atoms * float(self.table.energies[row])
        for anchor in _read()[0]:
            error = found.get(anchor.name, float("nan"))
            if anchor.kind == MEASURED and np.isfinite(error):
                anion, block = anion_of(anchor.amounts), block_of(cation_of(anchor.amounts))
                for key in ((anion, block), (anion, "")):
                    each.setdefault(key, []).append(error / anchor.amounts[anion])
        for anion, block in itertools.product(ANIONS, "sdfp"):
            some = each.get((anion, block), [])
            some = some if len(some) >= _ENOUGH else each.get((anion, ""), [0.0])
            found[mean_of(anion, block)] = median(some)
        return found

    def salts(self, temperature_K: float | None = ROOM_K) -> dict[str, dict[str, float]]:
        """Error of each pseudo-oxide as each of its salts has it [eV per unit]."""
        return self._of_salts(self.errors(temperature_K))

    @cached_property
    def _salts_at_room(self) -> dict[str, dict[str, float]]:
        return self.salts(ROOM_K)

    @staticmethod
    def _of_salts(errors: Mapping[str, float]) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for acid, salt, base, bases, units in _salts():
            if salt in errors and base in errors:
                each = (errors[salt] - bases * errors[base]) / units
                found.setdefault(acid, {})[salt] = each
        return found

    def _with_every_salt(self, errors: dict[str, float]) -> dict[str, float]:
        """Errors in which a salt whose table ends below changes as the others of its group do."""
        room, here = self._salts_at_room, self._of_salts(errors)
        filled = dict(errors)
        for acid, salt, base, bases, units in _salts():
            if np.isnan(here.get(acid, {}).get(salt, 0.0)) and np.isnan(errors[salt]):
                changes = [here[acid][s] - room[acid][s] for s in here[acid]]
                known = [change for change in changes if np.isfinite(change)]
                if known:
                    each = room[acid][salt] + sum(known) / len(known)
                    filled[salt] = each * units + bases * errors[base]
        return filled

    def column_shifts(self, temperature_K: float | None = ROOM_K) -> Floats:
        """Shift of each column [eV/atom], (columns + elements,).

        Elements stay at zero, but for a gas that is left over: in a solid it has lost its entropy.
        NaN where a measured table does not reach the temperature.
        """
        if temperature_K not in self._known_shifts:
            self._known_shifts[temperature_K] = self._column_shifts(temperature_K)
        return self._known_shifts[temperature_K]

    @cached_property
    def _known_shifts(self) -> dict[float | None, Floats]:
        return {}

    def _column_shifts(self, temperature_K: float | None) -> Floats:
        errors = self.errors(temperature_K)
        at = ROOM_K if temperature_K is None else temperature_K
        if np.isnan(list(errors.values())).any():
            errors = self._with_every_salt(errors)
        bound = [bound_gas(symbol, at) for symbol in self.table.elements]
        if temperature_K is None:
            bound = [0.0 for _ in bound]
        shifts = np.concatenate([np.zeros(len(self.columns)), bound])
        for number, anchor in enumerate(self.columns):
            parts = (count * errors.get(name, 0.0) for name, count in anchor.shift.items())
            shifts[number] = sum(parts) / anchor.atoms
        if self.own_salts:  # where its table ends below, a salt keeps its distance from the mean
            more = self._beyond_mean(shifts, at)
            room = self._beyond_mean_at_room
            shifts[: len(more)] += np.where(np.isnan(more), room, more)
        return shifts

    def shifts(self, compositions: Sparse, temperature_K: float | None = ROOM_K) -> Floats:
        """Return what anchoring adds to the energy of compositions [eV/atom], (q,)."""
        return combined(self.divide(compositions), self.column_shifts(temperature_K))


@cache
def _salt_name(amounts: tuple[tuple[str, float], ...]) -> str:
    """Return the formula of the salt with these amounts."""
    counts = whole_numbers([Fraction(n).limit_denominator(60) for _, n in amounts])
    return reduced_text(dict(zip((symbol for symbol, _ in amounts), counts, strict=True)))


@cache
def _salts() -> tuple[tuple[str, str, str, float, float], ...]:
    """Salts of the oxyanions: acid, salt, base, bases and acids in a unit of the salt."""
    found = []
    for row in _read()[1]:
        acid = amounts_of(row["formula"])
        centre = next(symbol for symbol in acid if symbol != "O")
        for salt, base in (pair.split(":") for pair in row["members"].split()):
            atoms, metals = amounts_of(salt), amounts_of(base)
            metal = next(symbol for symbol in metals if symbol != "O")
            units = atoms[centre] / acid[centre]
            found.append((row["formula"], salt, base, atoms[metal] / metals[metal], units))
    return tuple(found)


def bound_gas(symbol: str, temperature_K: float) -> float:
    """Free energy that an atom of a gas loses when a solid binds it [eV]; zero for others."""
    if symbol not in _GASES:
        return 0.0
    heat = element_gibbs(symbol, temperature_K)  # G(T) - H(298 K)
    return -heat - temperature_K * _BOUND_ENTROPY


def combined(divided: PointBatch, values: Floats) -> Floats:
    """Add up a value of each column over divided compositions, (q,)."""
    there = divided.phases >= 0
    each = np.where(there & (divided.amounts > 0.0), values[divided.phases], 0.0)
    total: Floats = (each * divided.amounts).sum(axis=1)
    return total


def _acid(
    row: Mapping[str, str],
    binaries: Mapping[str, Anchor],
    known: Mapping[str, tuple[int, Measured]],
) -> Anchor | None:
    """Pseudo-oxide of an oxyanion: the mean of its salts less their base oxides; None without."""
    acid = amounts_of(row["formula"])
    central = next(symbol for symbol in acid if symbol != "O")
    shift: dict[str, float] = {}
    listed = [pair.split(":") for pair in row["members"].split()]
    pairs = [(salt, base) for salt, base in listed if salt in known and base in binaries]
    for salt, base in pairs:
        atoms = amounts_of(salt)
        units = atoms[central] / acid[central]
        metal = next(symbol for symbol in binaries[base].amounts if symbol != "O")
        bases = atoms[metal] / binaries[base].amounts[metal]
        for name, count in ((salt, 1.0 / units), (base, -bases / units)):
            shift[name] = shift.get(name, 0.0) + count / len(pairs)
    return Anchor(row["formula"], acid, float(row["height"]), shift, GROUP) if pairs else None


def _is_base(base: Anchor, acid: Anchor) -> bool:
    """Whether an anchor can be the base of an oxyanion: an oxide of a metal."""
    metal = next((symbol for symbol in base.amounts if symbol != "O"), "")
    return (
        "O" in base.amounts
        and base.kind in ("measured", ESTIMATED)
        and metal not in _NEUTRAL
        and metal != "H"
        and metal not in acid.amounts
    )


def _together(acid: Anchor, base: Anchor, oxygen: float) -> Anchor:
    """One unit of a pseudo-oxide with as much base as it neutralises (``oxygen`` atoms of O)."""
    times = oxygen / base.amounts["O"]
    amounts, shift = dict(acid.amounts), dict(acid.shift)
    for symbol, amount in base.amounts.items():
        amounts[symbol] = amounts.get(symbol, 0.0) + times * amount
    for name, count in base.shift.items():
        shift[name] = shift.get(name, 0.0) + times * count
    height = acid.height + times * base.height
    name, parts = f"{acid.name} in {base.name}", {base.name: times}
    return Anchor(name, amounts, height, shift, GROUP, acid.name, parts)
