"""System: the phases within some elements, as columns for the linear program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .formula import element_formula

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """The phases within some elements, ready for the linear program.

    Attributes
    ----------
    elements : tuple of str
        One row each.
    columns : (m, n) float array
        Atom fractions; the first ``m`` columns are the elements themselves.
    energies : (n,) float array
        Formation energies [eV/atom].
    names : tuple-like of str
        ``names[j]`` is the formula of column ``j`` (see ``name``).
    rows : (n,) int array
        Row of the phase table of each column, -1 for an element or an added phase.
    left_out : tuple of str
        Phases of these elements that were not counted.
    """

    elements: tuple[str, ...]
    columns: Floats
    energies: Floats
    rows: NDArray[np.int64]
    formulas: NDArray[np.str_]
    left_out: tuple[str, ...]
    added: tuple[str, ...] = ()

    def name(self, column: int) -> str:
        """Return the formula of a column."""
        m = len(self.elements)
        if column < m:
            return element_formula(self.elements[column])
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
