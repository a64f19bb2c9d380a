"""What every chunk of a screen needs: the hull, the electrolytes, and what may form against Li.

Only phases on the hull of the whole source can be part of any equilibrium (``stability``), so the
others are left out of every linear program.  The phases in equilibrium with Li metal are those
whose reduction limit is 0 V; their windows and their energies with each electrolyte are computed
once, before the candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..answers.reactant import ON_HULL, prepare, require_lithium
from ..answers.stack import electrolyte_side, is_lithium_salt
from ..engine.batch import LithiumBatch, PairBatch, lithium_lines, mutual_minima
from ..errors import InputError
from ..phases.formula import element_formula
from ..phases.hull import known_hull_phases
from ..phases.material import compose
from ..phases.system import Floats, System
from ..phases.table import PhaseTable
from .entries import MaterialEntry
from .scores import score_inputs
from .weights import Weights

LITHIUM = frozenset({"Li"})


@dataclass(frozen=True)
class Partner:
    """An electrolyte.

    Attributes
    ----------
    label : str
    amounts : tuple of (symbol, fraction)
    own : tuple of (name, amounts, energy)
        Its phases that compete although the source does not count them [eV/atom].
    bare_eV_per_atom : float
        Mutual energy with Li metal.
    reduction_limit_V : float
    """

    label: str
    amounts: tuple[tuple[str, float], ...]
    own: tuple[tuple[str, tuple[tuple[str, float], ...], float], ...]
    bare_eV_per_atom: float
    reduction_limit_V: float

    @property
    def elements(self) -> frozenset[str]:
        """Its elements."""
        return frozenset(symbol for symbol, _ in self.amounts)

    def complete(self, system: System) -> System:
        """Add its own phases to a system that holds its elements."""
        for name, amounts, energy in self.own:
            system = system.with_phase(name, system.fractions(amounts), energy)
        return system


@dataclass(frozen=True, eq=False)
class Plan:
    """Constant data of a screen; sent to every worker once.

    Products are numbered by their row in ``phases``; the elements follow after the last row.

    Attributes
    ----------
    phases : PhaseTable
        Phases on the hull.
    partners : tuple of Partner
    names : (p,) str array, atoms : (p,) float array
        Formula of each product, and atoms in it where it is stable against Li metal.
    reach : (p,) float array
        Oxidation limit of a product that is stable against Li metal [V]; 0 otherwise.
    salt : (p,) bool array
        Holds Li and a nonmetal, where it is stable against Li metal.
    energies : (E, p) float array
        Mutual energy of each such product with each electrolyte [eV/atom]; not a number for those
        that Li reduces.
    weights : Weights
    """

    phases: PhaseTable
    partners: tuple[Partner, ...]
    names: NDArray[np.str_]
    atoms: Floats
    reach: Floats
    salt: NDArray[np.bool_]
    energies: Floats
    weights: Weights

    def product_numbers(self, system: System, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the product in each column of a system; -1 for an added phase."""
        m = len(system.elements)
        elements = np.array(
            [len(self.phases) + self.phases.elements.index(symbol) for symbol in system.elements]
        )
        of_column = system.rows.copy()
        of_column[:m] = elements
        numbers: NDArray[np.int64] = of_column[columns]
        return numbers


def build_plan(
    table: PhaseTable,
    electrolytes: Sequence[MaterialEntry],
    weights: Weights,
    *,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Prepare a screen of candidates from the source itself.

    Raises
    ------
    InputError
        For an electrolyte that cannot be computed with this table, or a weight of what a screen of
        a whole source does not compute.
    """
    for column, weight in score_inputs(weights).items():
        raise InputError(
            f"ranking.weights.{weight}: a screen of a whole source has no {column}; set the weight "
            "to 0, or list the candidates in the study"
        )
    require_lithium(table)
    say = progress or (lambda text: None)
    say("hull of the source")
    on_hull = np.flatnonzero(known_hull_phases(table) & table.counted & (table.energies < 0.0))
    phases = table.only(on_hull)
    say(f"{len(phases)} phases on the hull; electrolytes")
    partners = tuple(_partner(table, entry) for entry in electrolytes)
    names = np.array([*phases.formulas, *(element_formula(s) for s in phases.elements)])
    count = len(names)
    reach, stable = np.zeros(count), np.zeros(count, dtype=bool)
    say("windows of the phases on the hull")
    for numbers, symbols, fractions in _products(phases, np.arange(count)):
        system = covered_system(phases, set(symbols) | LITHIUM)
        if system is None:
            continue
        found = lithium_lines(
            system.columns, system.energies, spread(system, symbols, fractions),
            system.elements.index("Li"),
        )  # fmt: skip
        _require(found, names, numbers)
        stable[numbers] = found.reduction == 0.0
        reach[numbers] = np.where(found.reduction == 0.0, np.nan_to_num(found.oxidation), 0.0)
    atoms, salt = np.full(count, np.nan), np.zeros(count, dtype=bool)
    for number in np.flatnonzero(stable).tolist():
        atoms[number] = float(compose(str(names[number])).n_atoms)
        salt[number] = is_lithium_salt(str(names[number]))
    energies = np.full((len(partners), count), np.nan)
    say(f"{int(stable.sum())} phases are stable against Li metal; their contacts")
    for numbers, symbols, fractions in _products(phases, np.flatnonzero(stable)):
        for number, partner in enumerate(partners):
            within = covered_system(phases, set(symbols) | partner.elements)
            if within is None:
                continue  # a candidate that needs it fails with the reason
            system = partner.complete(within)
            second = system.fractions(partner.amounts)
            batch = mutual_minima(
                system.columns, system.energies, spread(system, symbols, fractions), second
            )
            energies[number, numbers] = np.where(batch.solved, contact_energies(batch), np.nan)
    return Plan(
        phases=phases,
        partners=partners,
        names=names,
        atoms=atoms,
        reach=reach,
        salt=salt,
        energies=energies,
        weights=weights,
    )


def _partner(table: PhaseTable, entry: MaterialEntry) -> Partner:
    try:
        side = electrolyte_side(table, entry.material)
        system, (reactant,) = prepare(table, [entry.material])
    except InputError as error:
        raise InputError(f"electrolyte {entry.label}: {error}") from None
    first = len(system.energies) - len(system.added)
    return Partner(
        label=entry.label,
        amounts=_amounts(system, reactant.fractions),
        own=tuple(
            (name, _amounts(system, system.columns[:, column]), float(system.energies[column]))
            for column, name in enumerate(system.added, start=first)
        ),
        bare_eV_per_atom=side.bare.energy,
        reduction_limit_V=side.window.assemblage_window_V[0],
    )


def _amounts(system: System, fractions: Floats) -> tuple[tuple[str, float], ...]:
    """Atom fractions by element, without those that are zero."""
    return tuple(
        (symbol, fraction)
        for symbol, fraction in zip(system.elements, fractions.tolist(), strict=True)
        if fraction > 0.0
    )


def contact_energies(pairs: PairBatch) -> Floats:
    """Mutual energies [eV/atom], exactly zero where the two coexist."""
    values: Floats = np.where(pairs.mutual < -ON_HULL, pairs.mutual, 0.0)
    return values


def by_system(
    table: PhaseTable, rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], tuple[str, ...], Floats]]:
    """Group rows by chemical system.

    Yields
    ------
    positions : (k,) int array
        Places in ``rows``.
    symbols : tuple of str
    fractions : (k, len(symbols)) float array
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for position, row in enumerate(rows.tolist()):
        part = table.element_index[table.indptr[row] : table.indptr[row + 1]]
        groups.setdefault(tuple(part.tolist()), []).append(position)
    for key, positions in groups.items():
        members = np.array(positions, dtype=np.int64)
        entries = table.indptr[rows[members]][:, None] + np.arange(len(key))
        counts = table.counts[entries].astype(float)
        yield (
            members,
            tuple(table.elements[i] for i in key),
            counts / counts.sum(axis=1, keepdims=True),
        )


def _products(
    phases: PhaseTable, numbers: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], tuple[str, ...], Floats]]:
    """Group products by chemical system, the elements among them."""
    rows = numbers[numbers < len(phases)]
    for positions, symbols, fractions in by_system(phases, rows):
        yield rows[positions], symbols, fractions
    for number in numbers[numbers >= len(phases)].tolist():
        symbol = phases.elements[number - len(phases)]
        yield np.array([number]), (symbol,), np.ones((1, 1))


def covered_system(phases: PhaseTable, elements: set[str]) -> System | None:
    """Phases of some elements, or None where the source does not hold all of them."""
    if phases.source.closed and not phases.source.covers(elements):
        return None
    return phases.within(elements)


def spread(system: System, symbols: Sequence[str], fractions: Floats) -> Floats:
    """Fractions over the elements of a system."""
    wide = np.zeros((len(fractions), len(system.elements)))
    wide[:, [system.elements.index(symbol) for symbol in symbols]] = fractions
    return wide


def _require(found: LithiumBatch, names: NDArray[np.str_], numbers: NDArray[np.int64]) -> None:
    from ..errors import SolverError

    bad = np.flatnonzero(~found.solved)
    if len(bad):
        raise SolverError(
            f"the window of {names[numbers[bad[0]]]} could not be certified; please report it"
        )
