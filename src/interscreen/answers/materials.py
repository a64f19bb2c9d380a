"""Materials and phases as arrays: what the functions over candidates and samples work on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..energies.sampling import EnergySamples
from ..engine.batch import EVERYBODY, Problem, Sparse, row_lines
from ..phases.formula import atomic_mass, element_formula, molar_mass, parse_formula
from ..phases.material import Given, compose, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .reactant import PHASE, energy_rule, own_phases

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OwnPhase:
    """A phase that a material brings along (``reactant.own_phases``).

    Attributes
    ----------
    name : str
    index : int array, parts : float array
        Elements of the table, and atom fractions.
    energy : float
        Formation energy [eV/atom].
    row : int or None
        Row of the table; None for an energy that the user gave.
    owner : int
    """

    name: str
    index: Rows
    parts: Floats
    energy: float
    row: int | None
    owner: int


@dataclass(frozen=True, eq=False)
class Materials:
    """Some materials as arrays over the elements of a table.

    Attributes
    ----------
    labels, formulas : (k,) arrays of str
        How tables call them, and one unit as it stands in equations.
    mixtures : Sparse
        Atom fractions.
    n_atoms, mass : (k,) float arrays
        Atoms in one unit, and its molar mass [g/mol].
    sources : (k,) array of str
        ``given``, ``phase`` or ``hull``.
    given : (k,) float array
        Formation energy that the user gave [eV/atom]; not a number without one.
    above_hull : (k,) float array
        To be added to the hull energy, for those that it stands in for [eV/atom].
    whole : (k,) bool array
        The hull energy of the whole composition stands in.
    part_of, part_row : (p,) int arrays, part_share : (p,) float array
        Components with an energy of their own: material, row of the table, share of its atoms.
    components : Sparse
        Components of all materials, one after the other.
    component_of, component_row : (c,) int arrays
        Material, and row of the table, of each; -1 where the table has no such phase.
    component_share : (c,) float array
        Its share of the atoms.
    component_name : (c,) array of str
    loose : tuple of (int, float, int array, float array)
        Components whose hull energy stands in: material, share of its atoms, and composition.
    own : tuple of OwnPhase
    """

    labels: NDArray[np.object_]
    formulas: NDArray[np.object_]
    mixtures: Sparse
    n_atoms: Floats
    mass: Floats
    sources: NDArray[np.object_]
    given: Floats
    above_hull: Floats
    whole: NDArray[np.bool_]
    part_of: Rows
    part_row: Rows
    part_share: Floats
    components: Sparse
    component_of: Rows
    component_share: Floats
    component_row: Rows
    component_name: NDArray[np.object_]
    loose: tuple[tuple[int, float, Rows, Floats], ...] = ()
    own: tuple[OwnPhase, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def rows(self) -> Rows:
        """Rows of the table whose energies the materials have."""
        return np.unique(
            np.concatenate([self.part_row, [p.row for p in self.own if p.row]])
        ).astype(np.int64)


def materials_of(table: PhaseTable, materials: Sequence[Given], first_owner: int = 0) -> Materials:
    """Read materials as a user gives them.

    Parameters
    ----------
    table : PhaseTable
    materials : sequence of str or Material
    first_owner : int
        Number of the first one among all materials that are asked together.

    Raises
    ------
    InputError
        For an unreadable formula, or an element that the table does not know.
    """
    found = [resolve(given) for given in materials]
    rules = [energy_rule(table, material, unit) for material, unit in found]
    own = []
    for number, ((_, unit), rule) in enumerate(zip(found, rules, strict=True), start=first_owner):
        for name, part, energy, row in own_phases(table, unit, rule):
            own.append(OwnPhase(name, *_fractions(table, part.amounts), energy, row, number))
    owners = {phase.owner for phase in own}
    pieces = [_fractions(table, unit.amounts) for _, unit in found]
    numbers = range(first_owner, first_owner + len(found))
    parts = [
        (number, row, share)
        for number, rule in enumerate(rules)
        for share, row, _ in rule.parts
        if row is not None
    ]
    components = [
        (number, float(factor * formula.n_atoms / unit.n_atoms), formula)
        for number, (_, unit) in enumerate(found)
        for factor, formula in unit.parts
    ]
    known = [table.find(formula) for _, _, formula in components]
    return Materials(
        components=_sparse(
            [_fractions(table, formula.amounts) for _, _, formula in components],
            [EVERYBODY] * len(components),
        ),
        component_of=np.array([number for number, _, _ in components], dtype=np.int64),
        component_share=np.array([share for _, share, _ in components], dtype=np.float64),
        component_row=np.array([-1 if row is None else row for row in known], dtype=np.int64),
        component_name=np.array([formula.text for _, _, formula in components], dtype=object),
        labels=np.array([material.label for material, _ in found], dtype=object),
        formulas=np.array([unit.text for _, unit in found], dtype=object),
        mixtures=_sparse(pieces, [n if n in owners else EVERYBODY for n in numbers]),
        n_atoms=np.array([float(unit.n_atoms) for _, unit in found]),
        mass=np.array([molar_mass(unit.amounts) for _, unit in found]),
        sources=np.array([rule.source for rule in rules], dtype=object),
        given=np.array([np.nan if r.given is None else r.given for r in rules], dtype=np.float64),
        above_hull=np.array([rule.above_hull for rule in rules], dtype=np.float64),
        whole=np.array([rule.whole for rule in rules], dtype=bool),
        part_of=np.array([number for number, _, _ in parts], dtype=np.int64),
        part_row=np.array([row for _, row, _ in parts], dtype=np.int64),
        part_share=np.array([share for _, _, share in parts], dtype=np.float64),
        loose=tuple(
            (number, share, *_fractions(table, formula.amounts))
            for number, rule in enumerate(rules)
            for share, row, formula in rule.parts
            if row is None
        ),
        own=tuple(own),
    )


def materials_of_rows(table: PhaseTable, rows: Rows) -> Materials:
    """Take phases of a table as materials, each with its own energy."""
    lengths = np.diff(table.indptr)[rows]
    first = table.indptr[rows]
    entry = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    of = np.repeat(np.arange(len(rows)), lengths)
    counts, index = table.counts[entry].astype(np.float64), table.element_index[entry]
    atoms: Floats = np.bincount(of, counts, len(rows)).astype(np.float64)
    masses = np.array([atomic_mass(symbol) for symbol in table.elements])
    unit = _atoms_of_units(table, rows, atoms)
    compounds = np.flatnonzero(lengths > 1)
    nothing = np.full(len(rows), np.nan)
    formulas = table.formulas[rows].astype(object)
    mixtures = Sparse(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        index.astype(np.int64),
        counts / atoms[of],
        np.full(len(rows), EVERYBODY),
    )
    return Materials(
        components=mixtures,
        component_of=np.arange(len(rows)),
        component_share=np.ones(len(rows)),
        component_row=rows,
        component_name=formulas,
        labels=formulas,
        formulas=formulas,
        mixtures=mixtures,
        n_atoms=unit,
        mass=np.bincount(of, counts * masses[index], len(rows)) * unit / atoms,
        sources=np.full(len(rows), PHASE, dtype=object),
        given=nothing,
        above_hull=np.zeros(len(rows)),
        whole=np.zeros(len(rows), dtype=bool),
        part_of=compounds,
        part_row=rows[compounds],
        part_share=np.ones(len(compounds)),
    )


def _atoms_of_units(table: PhaseTable, rows: Rows, atoms: Floats) -> Floats:
    """Atoms in one formula unit as it is written (``Li2O2``, ``O2``: twice the reduced counts)."""
    units = atoms.copy()
    doubtful = np.flatnonzero(atoms == np.diff(table.indptr)[rows])
    for place in doubtful.tolist():
        units[place] = float(parse_formula(str(table.formulas[rows[place]])).n_atoms)
    return units


def _fractions(table: PhaseTable, amounts: Iterable[tuple[str, object]]) -> tuple[Rows, Floats]:
    """Elements by number and atom fractions, in the order of the table."""
    known = sorted((table.position(symbol), float(amount)) for symbol, amount in amounts)  # type: ignore[arg-type]
    values = np.array([amount for _, amount in known])
    return np.array([place for place, _ in known], dtype=np.int64), values / values.sum()


def _sparse(pieces: Sequence[tuple[Rows, Floats]], owners: Sequence[int]) -> Sparse:
    lengths = [len(index) for index, _ in pieces]
    empty = np.empty(0)
    return Sparse(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([empty.astype(np.int64), *(index for index, _ in pieces)]),
        np.concatenate([empty, *(parts for _, parts in pieces)]),
        np.array(owners, dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class Phases:
    """The phases that equilibria are made of, in one or many samples of their energies.

    Phases are numbered: rows of the table, phases that materials bring along, and the elements.

    Attributes
    ----------
    table : PhaseTable
    rows : (n,) int array
        Rows of the table that take part.
    own : tuple of OwnPhase
    problem : Problem
    samples : EnergySamples or None
        None: the energies as they are.
    nominal : int
        1 where the first sample are the energies as they are, else 0.
    """

    table: PhaseTable
    rows: Rows
    own: tuple[OwnPhase, ...]
    problem: Problem
    samples: EnergySamples | None
    nominal: int

    @classmethod
    def of(
        cls,
        table: PhaseTable,
        rows: Rows,
        own: Iterable[OwnPhase] = (),
        samples: EnergySamples | None = None,
        *,
        nominal: bool = True,
    ) -> Phases:
        """Put phases together.

        Parameters
        ----------
        table : PhaseTable
        rows : (n,) int array
            Phases that count and have a negative energy; no others can be part of an equilibrium.
        own : iterable of OwnPhase
        samples : EnergySamples, optional
        nominal : bool
            Whether the energies as they are come first.
        """
        own = tuple(own)
        part = table.only(rows)
        totals = np.add.reduceat(part.counts, part.indptr[:-1]) if len(rows) else np.empty(0)
        of_table = Sparse(
            part.indptr,
            part.element_index.astype(np.int64),
            part.counts / np.repeat(totals, np.diff(part.indptr)),
            np.full(len(rows), EVERYBODY),
        )
        added = _sparse([(p.index, p.parts) for p in own], [p.owner for p in own])
        columns = Sparse(
            np.concatenate([of_table.indptr, of_table.indptr[-1] + added.indptr[1:]]),
            np.concatenate([of_table.index, added.index]),
            np.concatenate([of_table.parts, added.parts]),
            np.concatenate([of_table.owner, added.owner]),
        )
        energies = np.concatenate([part.energies, [phase.energy for phase in own]])
        shifts = []
        if samples is None or nominal:
            shifts.append(np.zeros((1, len(energies))))
        if samples is not None:
            errors = [
                samples.of_given(p.name) if p.row is None else samples.of_rows(np.array([p.row]))[0]
                for p in own
            ]
            shifts.append(np.vstack([samples.of_rows(rows), *errors]).T)
        costs = np.ascontiguousarray(energies + np.vstack(shifts))
        problem = Problem(columns, costs, len(table.elements))
        return cls(table, rows, own, problem, samples, int(samples is None or nominal))

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.problem.costs)

    @cached_property
    def lithium(self) -> int:
        """Row of Li."""
        return self.table.position("Li")

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """Name of each phase, the elements at the end."""
        return np.array(
            [
                *self.table.formulas[self.rows].tolist(),
                *(phase.name for phase in self.own),
                *(element_formula(symbol) for symbol in self.table.elements),
            ],
            dtype=object,
        )

    def rows_of(self, numbers: Rows) -> Rows:
        """Rows of the table that phases are; -1 where the table has no such row."""
        found: Rows = self._every_row[numbers]
        return found

    @cached_property
    def _every_row(self) -> Rows:
        own = [-1 if phase.row is None else phase.row for phase in self.own]
        elements = [self.table.find(symbol) for symbol in self.table.elements]
        of_elements = [-1 if row is None else row for row in elements]
        return np.concatenate([self.rows, np.array([*own, *of_elements], dtype=np.int64)])

    @cached_property
    def atoms(self) -> Floats:
        """Atoms in one formula unit of each phase, the elements at the end."""
        rows = self.rows
        counts = np.add.reduceat(self.table.counts, self.table.indptr[:-1])[rows]
        others = [compose(str(name)).n_atoms for name in self.names[len(rows) :]]
        of_table = _atoms_of_units(self.table, rows, counts.astype(np.float64))
        return np.concatenate([of_table, np.array([float(n) for n in others])])

    @cached_property
    def compositions(self) -> Sparse:
        """Composition of each phase, the elements at the end."""
        return self.problem.columns.with_rows(self.problem.rows)

    def energies_of(self, materials: Materials, hull: Floats) -> Floats:
        """Energy of each material itself in every sample [eV/atom].

        Parameters
        ----------
        materials : Materials
        hull : (k, s) float array
            Hull energies of their compositions [eV/atom].
        """
        k = len(materials)
        found = np.zeros((k, self.count))
        shifts = np.zeros((len(materials.part_row), self.count))
        if self.samples is not None:
            shifts[:, self.nominal :] = self.samples.of_rows(materials.part_row)
        energies = self.table.energies[materials.part_row][:, None] + shifts
        np.add.at(found, materials.part_of, materials.part_share[:, None] * energies)
        for number, share, index, parts in materials.loose:
            one = _sparse([(index, parts)], [EVERYBODY])
            of = np.zeros(self.count, dtype=np.int64)
            line = row_lines(self.problem, one, of, np.arange(self.count), self.lithium)
            found[number] += share * line.hull
        for number in np.flatnonzero(~np.isnan(materials.given)).tolist():
            found[number] = materials.given[number]
            if self.samples is not None:
                found[number, self.nominal :] += self.samples.of_given(
                    str(materials.formulas[number])
                )
        whole = materials.whole
        found[whole] = hull[whole] + materials.above_hull[whole, None]
        return found
