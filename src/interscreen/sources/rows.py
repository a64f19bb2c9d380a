"""What every source delivers: one row per structure, before the lowest of a formula counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.filters import Filters
from ..phases.source import Source

FORMULA_COLUMNS = (
    "formula", "reduced_formula", "formula_pretty", "pretty_formula", "composition",
    "chemical_formula_reduced",
)  # fmt: skip
# further columns that a table may have; the numbers among them
NUMBERS = (
    "density_g_per_cm3", "volume_A3_per_atom", "band_gap_eV", "energy_uncertainty_eV_per_atom",
    "energy_above_hull_eV_per_atom",
)  # fmt: skip
LICENCES = frozenset({"BY-C", "BY-NC"})  # of the Materials Project's documents
TEXTS = ("density_source", "conduction", "conduction_source", "observed_note", "is_metal")


@dataclass(frozen=True, eq=False)
class Units:
    """Distinct compositions of a source, in order of their first row; one table row each.

    Attributes
    ----------
    of_row : (r,) int array
        Composition of each row.
    texts : list of str
        Reduced formulas.
    symbols, counts : list of tuple
        Elements and smallest whole numbers of each composition.
    """

    of_row: NDArray[np.int64]
    texts: list[str]
    symbols: list[tuple[str, ...]]
    counts: list[tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Rows:
    """Structures of a source.

    Attributes
    ----------
    formulas : sequence of str, length r
    energies : (r,) float array
        Formation energies [eV/atom].
    ids : sequence of str, optional
    observed : (r,) int array, optional
        1 made by somebody, 0 never made, -1 unknown.
    theoretical : (r,) int array, optional
        1 known from computations only, 0 from experiments, -1 unknown.
    licences : sequence of str, optional
        Licence of each document, empty where it states none.
    properties : mapping of str to sequence
        ``NUMBERS`` and ``TEXTS``.
    references : mapping of str to float
        Total energies of the elements [eV/atom] on the scale of the source.
    structures : (r,) int array, optional
        How many structures a row stands for; one by default.
    units : Units, optional
        Compositions of the first rows, where the source knows them already.
    where, first_row : str, int
        How a row is named in a message, and the number of the first one.
    numbers : (r,) int array, optional
        The number of each row, where some of the source were left out.
    """

    formulas: Sequence[str]
    energies: NDArray[np.float64]
    ids: Sequence[str] | None = None
    observed: NDArray[np.int64] | None = None
    theoretical: NDArray[np.int64] | None = None
    licences: Sequence[str] | None = None
    properties: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
    structures: NDArray[np.int64] | None = None
    units: Units | None = None
    where: str = "row"
    first_row: int = 1
    numbers: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.formulas)

    @property
    def stands_for(self) -> NDArray[np.int64]:
        """How many structures each row stands for, shape (r,)."""
        return np.ones(len(self), dtype=np.int64) if self.structures is None else self.structures

    def place(self, row: int, source: Source) -> str:
        """Name a row of a source in a message."""
        given = self.numbers is not None and row < len(self.numbers)
        number = self.numbers[row] if given else row + self.first_row  # type: ignore[index]
        return f"{source.name}, {self.where} {number}"

    @property
    def says_theoretical(self) -> bool:
        """Whether any row says that it is theoretical, or that it is not."""
        return self.theoretical is not None and bool((self.theoretical >= 0).any())

    @property
    def says_licences(self) -> bool:
        """Whether any row carries a licence."""
        return self.licences is not None and any(self.licences)

    def left_out(self, filters: Filters, name: str) -> NDArray[np.bool_]:
        """Structures that a choice of phases leaves out, shape (r,).

        InputError when the source cannot answer: no column that says what is theoretical, no
        licences.
        """
        out = np.zeros(len(self), dtype=bool)
        if not filters.theoretical:
            if not self.says_theoretical:
                raise InputError(
                    f"{name}: nothing in it says which phases are theoretical; leave out the "
                    "filter, or use the source mp or a table with a column theoretical (yes, no)"
                )
            out |= self.theoretical == 1
        if filters.licences:
            if self.licences is None or not self.says_licences:
                raise InputError(
                    f"{name}: its rows carry no licence; leave out the filter, or use the source "
                    "mp or a table with a column licence"
                )
            known = {licence for licence in self.licences if licence}
            strange = [licence for licence in filters.licences if licence not in known]
            # a part of the database may well lack one of its licences
            if len(strange) == len(filters.licences) or not LICENCES.issuperset(strange):
                raise InputError(
                    f"licences: {', '.join(strange)} is none of those in {name} "
                    f"({', '.join(sorted(known))})"
                )
            allowed = {"", *filters.licences}
            out |= np.array([licence not in allowed for licence in self.licences], dtype=bool)
        return out

    def joined(self, other: Rows) -> Rows:
        """Append rows of the user's own; what one side lacks is unknown.

        Where these rows say nothing on what is theoretical, or on licences, the joined rows say
        nothing either: a filter must not seem to work because the user's own rows answer it.
        """
        n, m = len(self), len(other)

        def join(mine: Any, theirs: Any, unknown: Any) -> list[Any] | None:
            if mine is None and theirs is None:
                return None
            return [
                *([unknown] * n if mine is None else mine),
                *([unknown] * m if theirs is None else theirs),
            ]

        def numbers(mine: Any, theirs: Any) -> NDArray[np.int64] | None:
            joined = join(mine, theirs, -1)
            return None if joined is None else np.array(joined, dtype=np.int64)

        return replace(
            self,
            formulas=[*self.formulas, *other.formulas],
            energies=np.concatenate([self.energies, other.energies]),
            ids=join(self.ids, other.ids, ""),
            observed=numbers(self.observed, other.observed),
            theoretical=numbers(self.theoretical, other.theoretical)
            if self.says_theoretical
            else None,
            structures=np.concatenate([self.stands_for, other.stands_for]),
            licences=join(self.licences, other.licences, "") if self.says_licences else None,
            properties={
                name: join(
                    self.properties.get(name),
                    other.properties.get(name),
                    float("nan") if name in NUMBERS else "",
                )
                or []
                for name in dict.fromkeys((*self.properties, *other.properties))
            },
        )
