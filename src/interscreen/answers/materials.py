"""Materials and phases as arrays: what the functions over candidates and samples work on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..energies.sampling import EnergySamples
from ..engine.batch import EVERYBODY, Problem, Sparse, lowest_energies, spans
from ..phases.conditions import GAS
from ..phases.formula import atomic_mass, molar_mass, parse_formula
from ..phases.material import Given, compose, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable, compositions_of
from .reactant import PHASE, energy_rule, gas_elements, gas_rows, identified, own_phases

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OwnPhase:
    """A phase that a material brings along (``reactant.own_phases``)."""

    name: str
    index: Rows  # elements of the table
    parts: Floats  # their atom fractions
    energy: float  # of formation [eV/atom]
    row: int | None  # of the table; None for an energy that the user gave
    owner: int


@dataclass(frozen=True, eq=False)
class Materials:
    """Some materials as arrays over the elements of a table: k of them, with c components."""

    labels: NDArray[np.object_]  # (k,) how tables call them
    formulas: NDArray[np.object_]  # (k,) one unit as it stands in equations
    mixtures: Sparse  # k compositions
    n_atoms: Floats  # (k,) in one unit
    mass: Floats  # (k,) of one unit [g/mol]
    sources: NDArray[np.object_]  # (k,) given, phase or hull
    given: Floats  # (k,) formation energy that the user gave [eV/atom], or not a number
    above_hull: Floats  # (k,) to be added to the hull energy, where that stands in [eV/atom]
    whole: NDArray[np.bool_]  # (k,) the hull energy of the whole composition stands in
    components: Sparse  # c compositions, those of one material after the other
    component_of: Rows  # (c,) material
    component_share: Floats  # (c,) of its atoms
    component_row: Rows  # (c,) row of the table; -1 where it has no such phase
    component_name: NDArray[np.object_]  # (c,)
    own: tuple[OwnPhase, ...] = ()
    warnings: tuple[tuple[str, ...], ...] = ()  # k, about the formulas; none for rows of a table

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def parts(self) -> Rows:
        """Components whose energies make up that of their material: compounds."""
        counts = np.isnan(self.given) & ~self.whole
        compounds = np.diff(self.components.indptr) > 1
        return np.flatnonzero(counts[self.component_of] & compounds)

    @property
    def rows(self) -> Rows:
        """Rows of the table whose energies the materials have."""
        of_parts = self.component_row[self.parts]
        own = [phase.row for phase in self.own if phase.row is not None]
        return np.unique(np.concatenate([of_parts[of_parts >= 0], own])).astype(np.int64)


def materials_of(table: PhaseTable, materials: Sequence[Given], first_owner: int = 0) -> Materials:
    """Read materials as a user gives them.

    ``first_owner`` is the number of the first one among all materials that are asked together.

    Raises
    ------
    InputError
        For an unreadable formula, or an element that the table does not know.
    """
    found = [resolve(identified(table, given)) for given in materials]
    rules = [energy_rule(table, material, unit) for material, unit in found]
    own = tuple(
        OwnPhase(name, *_fractions(table, part.amounts), energy, row, number)
        for number, ((_, unit), rule) in enumerate(zip(found, rules, strict=True), first_owner)
        for name, part, energy, row in own_phases(table, unit, rule)
    )
    owners = {phase.owner for phase in own}
    numbers = range(first_owner, first_owner + len(found))
    components = [
        (number, float(factor * formula.n_atoms / unit.n_atoms), formula)
        for number, (_, unit) in enumerate(found)
        for factor, formula in unit.parts
    ]
    known = [table.find(formula) for _, _, formula in components]
    return Materials(
        labels=np.array([material.label for material, _ in found], dtype=object),
        formulas=np.array([unit.text for _, unit in found], dtype=object),
        mixtures=_sparse(
            [_fractions(table, unit.amounts) for _, unit in found],
            [n if n in owners else EVERYBODY for n in numbers],
        ),
        n_atoms=np.array([float(unit.n_atoms) for _, unit in found]),
        mass=np.array([molar_mass(unit.amounts) for _, unit in found]),
        sources=np.array([rule.source for rule in rules], dtype=object),
        given=np.array([np.nan if r.given is None else r.given for r in rules], dtype=np.float64),
        above_hull=np.array([rule.above_hull for rule in rules], dtype=np.float64),
        whole=np.array([rule.whole for rule in rules], dtype=bool),
        components=_sparse([_fractions(table, formula.amounts) for _, _, formula in components]),
        component_of=np.array([number for number, _, _ in components], dtype=np.int64),
        component_share=np.array([share for _, share, _ in components], dtype=np.float64),
        component_row=np.array([-1 if row is None else row for row in known], dtype=np.int64),
        component_name=np.array([formula.text for _, _, formula in components], dtype=object),
        own=own,
        warnings=tuple(unit.warnings for _, unit in found),
    )


def materials_of_rows(table: PhaseTable, rows: Rows) -> Materials:
    """Take phases of a table as materials, each with its own energy."""
    k = len(rows)
    mixtures = compositions_of(table, rows)
    entry, indptr = spans(table.indptr, rows)
    of = np.repeat(np.arange(k), np.diff(indptr))
    counts = table.counts[entry].astype(np.float64)
    atoms: Floats = np.bincount(of, counts, k).astype(np.float64)
    masses = np.array([atomic_mass(symbol) for symbol in table.elements])[mixtures.index]
    n_atoms = _atoms_of_units(table, rows, atoms)
    formulas = table.formulas[rows].astype(object)
    return Materials(
        labels=formulas,
        formulas=formulas,
        mixtures=mixtures,
        n_atoms=n_atoms,
        mass=np.bincount(of, counts * masses, k) * n_atoms / atoms,
        sources=np.full(k, PHASE, dtype=object),
        given=np.full(k, np.nan),
        above_hull=np.zeros(k),
        whole=np.zeros(k, dtype=bool),
        components=mixtures,
        component_of=np.arange(k),
        component_share=np.ones(k),
        component_row=rows,
        component_name=formulas,
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


def _sparse(pieces: Sequence[tuple[Rows, Floats]], owners: Sequence[int] | None = None) -> Sparse:
    lengths = [len(index) for index, _ in pieces]
    return Sparse(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([np.empty(0, dtype=np.int64), *(index for index, _ in pieces)]),
        np.concatenate([np.empty(0), *(parts for _, parts in pieces)]),
        np.full(len(pieces), EVERYBODY) if owners is None else np.array(owners, dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class Phases:
    """The phases that equilibria are made of, in one or many samples of their energies.

    Phases are numbered: rows of the table, phases that materials bring along, and the elements.
    """

    table: PhaseTable
    rows: Rows  # (n,) of the table that take part
    own: tuple[OwnPhase, ...]
    problem: Problem
    samples: EnergySamples | None  # None: the energies as they are
    nominal: int  # 1 where the first sample are the energies as they are, else 0

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
        rows : (n,) int array
            Phases that count and have a negative energy, in rising order: no others can be part of
            an equilibrium, but gases that are named.
        nominal : bool
            Whether the energies as they are come before the samples.
        """
        own = tuple(own)
        of_table = compositions_of(table, rows)
        added = _sparse([(p.index, p.parts) for p in own], [p.owner for p in own])
        energies = np.concatenate([table.energies[rows], [phase.energy for phase in own]])
        shifts = []
        if samples is None or nominal:
            shifts.append(np.zeros((1, len(energies))))
        if samples is not None:
            errors = [
                samples.of_given(p.name) if p.row is None else samples.of_rows(np.array([p.row]))[0]
                for p in own
            ]
            shifts.append(np.vstack([samples.of_rows(rows), *errors]).T)
        count = len(energies)
        gases = gas_rows(table)
        if gases:  # reservoirs are measured: what they alone could make does not come and go
            known = np.flatnonzero(np.isin(rows, table.rows_within(set(gas_elements(table)))))
            shifts = [np.array(shift) for shift in shifts]
            for shift in shifts:
                shift[:, known] = 0.0
        endless = [
            count + table.position(gas) if isinstance(gas, str) else np.searchsorted(rows, gas)
            for gas in gases
        ]
        costs = np.ascontiguousarray(energies + np.vstack(shifts))
        problem = Problem(
            of_table.and_then(added), costs, len(table.elements), np.array(endless, dtype=np.int64)
        )
        return cls(table, rows, own, problem, samples, int(samples is None or nominal))

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.problem.costs)

    @cached_property
    def gases(self) -> NDArray[np.bool_]:
        """Which phases are gases: what leaves is no part of a layer."""
        return np.array([str(name).endswith(GAS) for name in self.names], dtype=bool)

    @cached_property
    def lithium(self) -> int:
        """Row of the ion."""
        return self.table.position(self.table.electrode.ion.symbol)

    @cached_property
    def plated(self) -> Problem:
        """The problem without the metal of the ion, where the potential is below that.

        The ion in the electrode stands in its place; any other electrode changes nothing.
        """
        electrode = self.table.electrode
        if electrode.potential_V >= 0.0:
            return self.problem
        shares = self.problem.columns.shares(self.lithium)
        return replace(self.problem, costs=electrode.shifted(self.problem.costs, shares))

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """Name of each phase, the elements at the end."""
        return np.array(
            [
                *self.table.formulas[self.rows].tolist(),
                *(phase.name for phase in self.own),
                *map(self.table.source.element_name, self.table.elements),
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
        """Energy of each material itself in every sample [eV/atom], (k, s).

        ``hull`` (k, s) are the hull energies of their compositions [eV/atom].  Beside reservoirs
        the energies that stand in are those without them.
        """
        found = np.zeros((len(materials), self.count))
        rows = materials.component_row[materials.parts]
        parts, loose = materials.parts[rows >= 0], materials.parts[rows < 0]
        rows = rows[rows >= 0]
        energies = np.repeat(self.table.energies[rows][:, None], self.count, axis=1)
        if self.samples is not None:
            energies[:, self.nominal :] += self.samples.of_rows(rows)
        of, share = materials.component_of, materials.component_share
        np.add.at(found, of[parts], share[parts, None] * energies)
        every = np.arange(self.count)
        closed = self.problem.without_reservoirs()
        for part in loose.tolist():  # the hull energy of the component stands in
            point = lowest_energies(closed, materials.components, np.full_like(every, part), every)
            found[of[part]] += share[part] * point.hull
        for number in np.flatnonzero(~np.isnan(materials.given)).tolist():
            found[number] = materials.given[number]
            if self.samples is not None:
                found[number, self.nominal :] += self.samples.of_given(
                    str(materials.formulas[number])
                )
        whole = materials.whole
        if closed is not self.problem:
            hull = np.array(hull)
            for number in np.flatnonzero(whole).tolist():
                of_one = np.full_like(every, number)
                hull[number] = lowest_energies(closed, materials.mixtures, of_one, every).hull
        found[whole] = hull[whole] + materials.above_hull[whole, None]
        return found
