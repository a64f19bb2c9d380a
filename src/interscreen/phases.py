"""PhaseTable: the phases a question may be answered with, as one struct of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .formula import atomic_number, nearest
from .source import Source
from .system import Floats, System

if TYPE_CHECKING:
    import pandas as pd

OBSERVED = {"yes": 1, "no": 0, "unknown": -1, "": -1}


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
        for array in (
            self.formulas,
            self.indptr,
            self.element_index,
            self.counts,
            self.energies,
            self.ids,
            self.structures,
            self.observed,
            self.counted,
            *self.properties.values(),
        ):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.formulas)

    def __repr__(self) -> str:
        return (
            f"PhaseTable({len(self)} formulas, {len(self.elements)} elements, {self.source.name})"
        )

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

        Parameters
        ----------
        path : path
        formula_column, energy_column : str, optional
            Column names, where they are not found by themselves.  Energies are formation
            energies [eV/atom].
        all_phases : bool
            Count also the phases that the table marks as never observed.

        Raises
        ------
        InputError
            For a missing file, column or element, an empty table, or an energy that is no number.
        """
        from .sources.tables import read_table

        return read_table(
            path, formula_column=formula_column, energy_column=energy_column, all_phases=all_phases
        )

    @classmethod
    def reference(cls, *, all_phases: bool = False) -> PhaseTable:
        """Return the set embedded in the package (works offline, without a key)."""
        from .sources.reference import reference_table

        return reference_table(all_phases=all_phases)

    @classmethod
    def from_entries(cls, entries: Sequence[Any], *, name: str = "entries") -> PhaseTable:
        """Build from pymatgen entries (``ComputedEntry``, ``PDEntry``) with total energies.

        The lowest entry of each element is the reference; see ``sources.entries``.
        """
        from .sources.entries import entries_table

        return entries_table(entries, name=name)

    # -- questions ----------------------------------------------------------------------------

    @cached_property
    def _index(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64], Any]:
        """Phases grouped by chemical system: bit masks, row order and group borders."""
        bits = np.left_shift(
            np.uint64(1), (self.element_index % 64).astype(np.uint64), dtype=np.uint64
        )
        starts = self.indptr[:-1]
        zero = np.uint64(0)
        low = np.bitwise_or.reduceat(np.where(self.element_index < 64, bits, zero), starts)
        high = np.bitwise_or.reduceat(np.where(self.element_index < 64, zero, bits), starts)
        order = np.lexsort((np.arange(len(self)), low, high)).astype(np.int64)
        low, high = low[order], high[order]
        new = np.flatnonzero(np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
        return low[new], high[new], order, np.r_[new, len(order)]

    def _masks(self, elements: Iterable[str]) -> tuple[np.uint64, np.uint64]:
        low = high = 0
        for symbol in elements:
            position = self._position(symbol)
            if position < 64:
                low |= 1 << position
            else:
                high |= 1 << (position - 64)
        return np.uint64(low), np.uint64(high)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {symbol: i for i, symbol in enumerate(self.elements)}

    def _position(self, symbol: str) -> int:
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

        Raises
        ------
        InputError
            For an element that the source does not know.
        """
        want_low, want_high = self._masks(elements)
        low, high, order, borders = self._index
        groups = np.flatnonzero(((low & ~want_low) | (high & ~want_high)) == 0)
        if not len(groups):
            return np.empty(0, dtype=np.int64)
        return np.sort(
            np.concatenate([order[borders[group] : borders[group + 1]] for group in groups])
        )

    def within(self, elements: Iterable[str]) -> System:
        """Return all counted phases within some elements, as columns for the linear program.

        Only phases with a negative formation energy can be part of an equilibrium (the
        elements themselves are better otherwise), so only these become columns.
        """
        symbols = tuple(sorted(set(elements), key=atomic_number))
        rows = self.rows_within(symbols)
        left_out = rows[~self.counted[rows]]
        rows = rows[self.counted[rows] & (self.energies[rows] < 0.0)]
        m = len(symbols)
        row_of = np.full(len(self.elements), -1, dtype=np.int64)
        row_of[[self._positions[symbol] for symbol in symbols]] = np.arange(m)
        lengths = self.indptr[rows + 1] - self.indptr[rows]
        column = np.repeat(np.arange(len(rows)), lengths)
        offset = np.arange(len(column)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entry = self.indptr[rows][column] + offset
        columns = np.zeros((m, m + len(rows)))
        columns[np.arange(m), np.arange(m)] = 1.0
        columns[row_of[self.element_index[entry]], m + column] = self.counts[entry]
        columns[:, m:] /= columns[:, m:].sum(axis=0)
        return System(
            elements=symbols,
            columns=columns,
            energies=np.concatenate([np.zeros(m), self.energies[rows]]),
            rows=np.concatenate([np.full(m, -1, dtype=np.int64), rows]),
            formulas=self.formulas,
            left_out=tuple(str(formula) for formula in self.formulas[left_out]),
        )

    def find(self, amounts: Iterable[tuple[str, int]]) -> int | None:
        """Row of the phase with exactly this composition (whole numbers), counted or not."""
        wanted = dict(amounts)
        want_low, want_high = self._masks(wanted)
        low, high, order, borders = self._index
        groups = np.flatnonzero((low == want_low) & (high == want_high))
        for group in groups:
            for row in order[borders[group] : borders[group + 1]]:
                if self.composition(int(row)) == wanted:
                    return int(row)
        return None

    def composition(self, row: int) -> dict[str, int]:
        """Atoms of each element in the reduced formula unit of a row."""
        part = slice(self.indptr[row], self.indptr[row + 1])
        return {
            self.elements[i]: int(count)
            for i, count in zip(self.element_index[part], self.counts[part], strict=True)
        }

    def element_fractions(self, elements: Sequence[str] | None = None) -> Floats:
        """Dense matrix of atom fractions, shape (n, number of elements)."""
        symbols = list(self.elements if elements is None else elements)
        row_of = np.full(len(self.elements), -1, dtype=np.int64)
        row_of[[self._position(symbol) for symbol in symbols]] = np.arange(len(symbols))
        lengths = np.diff(self.indptr)
        phase = np.repeat(np.arange(len(self)), lengths)
        totals = np.add.reduceat(self.counts, self.indptr[:-1])
        wanted = row_of[self.element_index] >= 0
        dense = np.zeros((len(self), len(symbols)))
        dense[phase[wanted], row_of[self.element_index[wanted]]] = self.counts[wanted]
        fractions: Floats = dense / totals[:, None]
        return fractions

    @property
    def left_out(self) -> tuple[str, ...]:
        """Phases that the table holds but that no equilibrium counts."""
        return tuple(str(formula) for formula in self.formulas[~self.counted])

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
