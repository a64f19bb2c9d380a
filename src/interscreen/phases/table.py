"""PhaseTable: the phases a question may be answered with, as one struct of arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..engine.batch import EVERYBODY, Sparse, grouped, spans
from ..errors import InputError
from .electrode import Electrode
from .formula import Formula, atomic_number, nearest, parse_formula
from .hooks import given
from .source import Source
from .system import Floats, System

if TYPE_CHECKING:
    import pandas as pd

_ENUMERATED = 8  # up to this many elements, looking up all their subsets beats a scan
_WORD = (1 << 64) - 1
_REMEMBERED = 32  # more of them is slower: fresh memory costs more than what is found again

ABOVE_HULL = "above_hull_of_all"  # property: lies above the hull of all phases of the source
_MADE_AGAIN = frozenset(
    "_index _compounds _positions _quiet _aside _remembered possible fingerprint".split()
)
OBSERVED = {"yes": 1, "no": 0, "unknown": -1, "": -1}


@dataclass(frozen=True, eq=False)
class _Index:
    """Phases by chemical system: bit masks (two words each), and the rows of each system.

    The rows of system ``i`` are ``order[first[i]:first[i + 1]]``.
    """

    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    number: dict[int, int]
    fractions: Floats

    def rows(self, system: int) -> NDArray[np.int64]:
        """Rows of a system, by its number."""
        return self.order[self.first[system] : self.first[system + 1]]


@dataclass(frozen=True, eq=False)
class PhaseTable:
    """Formulas, compositions and formation energies of phases; frozen.

    Attributes
    ----------
    formulas : (n,) str array
        Reduced formulas, one row each.
    elements : tuple of str
        Every element the source knows, in order of atomic number.
    indptr, element_index, counts : int arrays
        Composition matrix in compressed rows: phase ``i`` has ``counts[k]`` atoms of
        ``elements[element_index[k]]`` for ``indptr[i] <= k < indptr[i + 1]``.
    energies : (n,) float array
        Formation energies [eV/atom] relative to the elements.
    ids : (n,) str array
        Identifiers of the source, empty where it gives none.
    structures : (n,) int array
        Rows of the source with this formula; the lowest energy is the one that counts.
    observed : (n,) int array
        1 made by somebody, 0 never made, -1 unknown.
    counted : (n,) bool array
        Whether the phase takes part in equilibria.
    properties : mapping of str to (n,) array
        Further columns of the source (density, conduction, ...), where it has them.
    source : Source
        Where all this comes from.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> PhaseTable.reference()
    PhaseTable(95118 formulas, 84 elements, embedded)
    """

    formulas: NDArray[np.str_]
    elements: tuple[str, ...]
    indptr: NDArray[np.int64]
    element_index: NDArray[np.int64]
    counts: NDArray[np.int64]
    energies: Floats
    ids: NDArray[np.str_]
    structures: NDArray[np.int64]
    observed: NDArray[np.int64]
    counted: NDArray[np.bool_]
    source: Source
    properties: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._freeze()

    def _freeze(self) -> None:
        for value in (*self.__dict__.values(), *self.properties.values()):
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._freeze()

    def __getstate__(self) -> dict[str, Any]:
        """State without what any process makes again in milliseconds."""
        return {key: value for key, value in self.__dict__.items() if key not in _MADE_AGAIN}

    def __len__(self) -> int:
        return len(self.formulas)

    def __repr__(self) -> str:
        return (
            f"PhaseTable({len(self)} formulas, {len(self.elements)} elements, {self.source.name})"
        )

    def _repr_html_(self) -> str:
        return str(given("result_html")(self))

    # -- ways in ------------------------------------------------------------------------------

    @classmethod
    def read(
        cls,
        path: str | PathLike[str],
        *,
        formula_column: str | None = None,
        energy_column: str | None = None,
        all_phases: bool = False,
    ) -> PhaseTable:
        """Read CSV, CSV.GZ, Parquet or pymatgen JSON; a second time from a cache.

        ``formula_column`` and ``energy_column`` (formation energies [eV/atom]) are found by
        themselves where they have one of the usual names; ``all_phases`` counts also known
        artefacts, and the phases that the table marks as never observed.

        Raises
        ------
        InputError
            For a missing file, column or element, an empty table, or an energy that is no number.
        """
        found: PhaseTable = given("read_table")(
            path, formula_column=formula_column, energy_column=energy_column, all_phases=all_phases
        )
        return found

    @classmethod
    def reference(cls, *, all_phases: bool = False) -> PhaseTable:
        """Return the table embedded in the package (works offline, without a key)."""
        found: PhaseTable = given("reference_table")(all_phases=all_phases)
        return found

    @classmethod
    def from_entries(cls, entries: Sequence[Any], *, name: str = "entries") -> PhaseTable:
        """Build from pymatgen entries with total energies; each element's lowest is the zero."""
        found: PhaseTable = given("entries_table")(entries, name=name)
        return found

    # -- questions ----------------------------------------------------------------------------

    @cached_property
    def _index(self) -> _Index:
        """Phases grouped by chemical system."""
        low, high, ptr, members = grouped(self.element_index, self.indptr)
        totals = np.add.reduceat(self.counts, self.indptr[:-1])
        words = np.stack([low, high], axis=1).astype("<u8").tobytes()
        return _Index(
            low=low,
            high=high,
            order=members,
            first=ptr,
            number={
                int.from_bytes(words[16 * i : 16 * i + 16], "little"): i for i in range(len(low))
            },
            fractions=self.counts / np.repeat(totals, np.diff(self.indptr)),
        )

    @cached_property
    def _remembered(self) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
        return {}, {}

    def remember(self, key: Hashable, make: Callable[[], Any], *, stays: bool = False) -> Any:
        """Return what was made for a key before, or make it; the latest ones are kept.

        What ``make`` returns depends on the key and on this table alone, and nobody changes it.
        What ``stays`` is kept with the table: things that it has one of.
        """
        known = self._remembered[stays]
        found = known.get(key)
        if found is None:
            found = make()
            while len(known) >= _REMEMBERED and not stays:
                known.pop(next(iter(list(known)), None), None)
            known[key] = found
        return found

    @cached_property
    def possible(self) -> NDArray[np.bool_]:
        """Phases with a negative formation energy: the elements are better than any other.

        Where the metal of the ion is plated, what counts is the energy from the ion there.
        """
        if self.electrode.potential_V >= 0.0:
            return self.energies < 0.0
        shares = compositions_of(self, np.arange(len(self))).shares(
            self.position(self.electrode.ion.symbol)
        )
        return (self.electrode.shifted(self.energies, shares) < 0.0) & (shares < 1.0)

    @property
    def electrode(self) -> Electrode:
        """Which ion moves, and the negative electrode."""
        return self.source.electrode

    def against(self, electrode: Electrode) -> PhaseTable:
        """Return the same phases with another negative electrode."""
        if electrode == self.electrode:
            return self
        source = replace(self.source, electrode=electrode)
        found: PhaseTable = self.remember(electrode, lambda: replace(self, source=source))
        return found

    def _mask(self, elements: Iterable[str]) -> int:
        """Bit mask of a set of elements."""
        return sum({1 << self.position(symbol) for symbol in elements})

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {symbol: i for i, symbol in enumerate(self.elements)}

    def position(self, symbol: str) -> int:
        """Return the number of an element; InputError for one that the source does not know."""
        try:
            return self._positions[symbol]
        except KeyError:
            raise InputError(
                f"element {symbol}: the source {self.source.name} has no phase with it"
                f"{nearest(symbol, list(self.elements), 1)}"
                f" (its elements: {' '.join(self.elements)}); use another --source"
            ) from None

    def rows_within(self, elements: Iterable[str]) -> NDArray[np.int64]:
        """Rows of all phases that consist of no other elements, in table order.

        InputError for an element that the source does not know.
        """
        mask = self._mask(elements)
        index = self._index
        if mask.bit_count() <= _ENUMERATED:
            found = []
            subset = mask
            while subset:  # every chemical system within these elements
                system = index.number.get(subset)
                if system is not None:
                    found.append(index.rows(system))
                subset = (subset - 1) & mask
        else:
            outside_low = np.uint64(~mask & _WORD)
            outside_high = np.uint64((~mask >> 64) & _WORD)
            inside = ((index.low & outside_low) | (index.high & outside_high)) == 0
            found = [index.rows(system) for system in np.flatnonzero(inside).tolist()]
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def within(self, elements: Iterable[str]) -> System:
        """Return all counted phases within some elements, as columns for the linear program.

        Only phases that are ``possible`` become columns.

        Raises
        ------
        InputError
            For an element that the source does not know, or a system that a source which says
            what it holds does not hold.
        """
        symbols = tuple(sorted(set(elements), key=atomic_number))
        rows = self.rows_within(symbols)
        self.require_covered(symbols)
        counted = self.counted[rows]
        unknown = rows[np.isnan(self.energies[rows]) & ~self._quiet[rows]]
        left_out = rows[~counted & ~self._quiet[rows] & ~np.isnan(self.energies[rows])]
        rows = rows[counted & self.possible[rows]]
        m = len(symbols)
        return System(
            elements=symbols,
            columns=self.fractions(symbols, rows, beside_elements=True),
            energies=np.concatenate([np.zeros(m), self.energies[rows]]),
            rows=np.concatenate([np.full(m, -1, dtype=np.int64), rows]),
            formulas=self.formulas,
            element_names=tuple(map(self.source.element_name, symbols)),
            left_out=tuple(str(formula) for formula in self.formulas[left_out]),
            unknown=tuple(str(formula) for formula in self.formulas[unknown]),
        )

    def require_covered(self, elements: Iterable[str]) -> None:
        """Raise InputError for a system that a source which says what it holds does not hold."""
        if not self.source.closed or self.source.covers(elements):
            return
        system = "-".join(sorted(elements))
        raise InputError(
            f"{system}: not all of its phases are in {self.source.name} "
            f"({self.source.version}); an answer would miss some: run `interscreen data pull "
            f"--elements {system.replace('-', ',')}` first"
        )

    def find(self, formula: Formula | str) -> int | None:
        """Row of the phase with the composition of a formula, counted or not; None without one.

        Raises
        ------
        InputError
            For a text that is no formula.
        """
        unit = parse_formula(formula) if isinstance(formula, str) else formula
        known, elements = self._positions, unit.elements
        mask = sum(1 << known[symbol] for symbol in elements if symbol in known)
        system = self._index.number.get(mask)
        if system is None or mask.bit_count() < len(elements):
            return None
        rows = self._index.rows(system)
        entries = self.indptr[rows][:, None] + np.arange(len(elements))
        same = (self.counts[entries] == unit.counts).all(axis=1)
        return int(rows[same][0]) if same.any() else None

    @cached_property
    def _compounds(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64], Any]:
        """Low and high words of all systems, key of each system, and its counted compounds."""
        index = self._index
        lows, highs = np.unique(index.low), np.unique(index.high)
        keys = np.searchsorted(highs, index.high) * len(lows) + np.searchsorted(lows, index.low)
        compound = (self.counted & (np.diff(self.indptr) > 1))[index.order]
        return lows, highs, keys, np.add.reduceat(compound, index.first[:-1], dtype=np.int64)

    def compounds_of(self, systems: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Count the counted compounds that have exactly some elements, (k,).

        ``systems`` (k, 2) are bit masks: the element at position p is bit p of the first word, or
        bit p - 64 of the second.
        """
        lows, highs, keys, number = self._compounds
        low, high = systems.T
        i, j = (
            np.minimum(np.searchsorted(known, asked), len(known) - 1)
            for known, asked in ((highs, high), (lows, low))
        )
        found = np.minimum(np.searchsorted(keys, i * len(lows) + j), len(keys) - 1)
        there = (self._index.low[found] == low) & (self._index.high[found] == high)
        return np.where(there, number[found], 0)

    def composition(self, row: int) -> dict[str, int]:
        """Atoms of each element in the reduced formula unit of a row."""
        part = slice(self.indptr[row], self.indptr[row + 1])
        return {
            self.elements[i]: int(count)
            for i, count in zip(self.element_index[part], self.counts[part], strict=True)
        }

    def only(self, rows: NDArray[np.int64]) -> PhaseTable:
        """Return the table of some rows, in the order given; the elements stay all known."""
        entry, lengths = self._entries(rows)
        return replace(
            self,
            formulas=self.formulas[rows],
            indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            element_index=self.element_index[entry],
            counts=self.counts[entry],
            energies=self.energies[rows],
            ids=self.ids[rows],
            structures=self.structures[rows],
            observed=self.observed[rows],
            counted=self.counted[rows],
            properties={key: np.asarray(values)[rows] for key, values in self.properties.items()},
        )

    @cached_property
    def fingerprint(self) -> str:
        """Checksum of everything that decides an answer (hexadecimal)."""
        digest = hashlib.sha256(" ".join(self.elements).encode())
        for array in (self.indptr, self.element_index, self.counts, self.energies, self.counted):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def fractions(
        self, elements: Sequence[str], rows: NDArray[np.int64], *, beside_elements: bool = False
    ) -> Floats:
        """Atom fractions of some elements in some phases, shape (elements, rows).

        ``beside_elements`` puts a column for each pure element before those of the phases.
        """
        m = len(elements)
        first = m if beside_elements else 0
        place = np.full(len(self.elements), m, dtype=np.int64)  # other elements: a spare line
        place[[self.position(symbol) for symbol in elements]] = np.arange(m)
        entry, lengths = self._entries(rows)
        dense = np.zeros((m + 1, first + len(rows)))
        dense[np.arange(first), np.arange(first)] = 1.0
        phase = np.repeat(np.arange(first, first + len(rows)), lengths)
        dense[place[self.element_index[entry]], phase] = self._index.fractions[entry]
        return dense[:m]

    def _entries(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Entries of the compressed rows of some phases, and how many each phase has."""
        first = self.indptr[rows]
        lengths = self.indptr[rows + 1] - first
        start = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
        return start + np.arange(len(start)), lengths

    def left_out_within(self, elements: Iterable[str]) -> tuple[str, ...]:
        """Return ``left_out`` of some elements."""
        aside = self._aside
        return tuple(aside.formulas[aside.rows_within(elements)].tolist()) if len(aside) else ()

    @cached_property
    def _aside(self) -> PhaseTable:
        unknown = np.isnan(self.energies)
        return self.only(np.flatnonzero(~self.counted & ~self._quiet & ~unknown))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Phases that no equilibrium counts although they could be part of one."""
        return tuple(self._aside.formulas.tolist())

    @cached_property
    def _quiet(self) -> NDArray[np.bool_]:
        """Phases above the hull of all phases, as far as the table knows: not worth a word."""
        return np.asarray(self.properties.get(ABOVE_HULL, np.zeros(len(self))), dtype=bool)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per formula."""
        import pandas as pd

        names = {value: key for key, value in OBSERVED.items() if key}
        return pd.DataFrame(
            {
                "formula": self.formulas.astype(object),
                "formation_energy_eV_per_atom": self.energies,
                "id": self.ids.astype(object),
                "structures": self.structures,
                "observed": [names[int(value)] for value in self.observed],
                "counted": self.counted,
                **{key: np.asarray(values) for key, values in self.properties.items()},
            }
        )


def compositions_of(table: PhaseTable, rows: NDArray[np.int64]) -> Sparse:
    """Atom fractions of some phases over the elements of a table."""
    entry, indptr = spans(table.indptr, rows)
    of = np.repeat(np.arange(len(rows)), np.diff(indptr))
    counts = table.counts[entry].astype(np.float64)
    parts = counts / np.bincount(of, counts, len(rows))[of]
    index = table.element_index[entry].astype(np.int64)
    return Sparse(indptr, index, parts, np.full(len(rows), EVERYBODY))
