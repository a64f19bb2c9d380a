"""System: the phases within some elements, as columns for the linear program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .electrode import Electrode

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """The phases within some elements, ready for the linear program."""

    elements: tuple[str, ...]  # one row each
    columns: Floats  # (m, n) atom fractions; the first m columns are the elements themselves
    energies: Floats  # (n,) formation energies [eV/atom]
    rows: NDArray[np.int64]  # (n,) of the table; -1 for an element or an added phase
    formulas: NDArray[np.str_]  # of the table
    element_names: tuple[str, ...]  # how they are written as phases
    left_out: tuple[str, ...]  # phases of these elements that were not counted
    unknown: tuple[str, ...] = ()  # phases without an energy at the temperature of the table
    added: tuple[str, ...] = ()
    reservoirs: tuple[int, ...] = ()  # columns of gases that never end (``answers.beside``)

    def name(self, column: int) -> str:
        """Return the formula of a column."""
        m = len(self.elements)
        if column < m:
            return self.element_names[column]
        row = int(self.rows[column])
        if row < 0:
            return self.added[column - (len(self.rows) - len(self.added))]
        return str(self.formulas[row])

    def fractions(self, amounts: Iterable[tuple[str, Any]]) -> Floats:
        """Amounts by element as a vector over the rows, scaled to a sum of one."""
        vector = np.zeros(len(self.elements))
        for symbol, amount in amounts:
            vector[self.elements.index(symbol)] = float(amount)
        scaled: Floats = vector / vector.sum()
        return scaled

    def against(self, electrode: Electrode) -> System:
        """Return the system with the ion in an electrode in place of its metal."""
        if electrode.potential_V == 0.0:
            return self
        row = self.elements.index(electrode.ion.symbol)
        shares = self.columns[row].copy()
        shares[row] = 0.0  # the column of the metal is the ion in the electrode now
        return replace(self, energies=electrode.shifted(self.energies, shares))

    def with_phase(self, name: str, fractions: Floats, energy: float) -> System:
        """Return the same system with one more phase (a reactant with an energy of its own)."""
        return replace(
            self,
            columns=np.column_stack([self.columns, fractions]),
            energies=np.append(self.energies, energy),
            rows=np.append(self.rows, -1),
            added=(*self.added, name),
            left_out=tuple(phase for phase in self.left_out if phase != name),
        )
