"""The rows of a screen as arrays: electrolyte by candidate, and both together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, STATED, Floats, as_numbers
from .tables import OK
from .verdict import VERDICTS

if TYPE_CHECKING:
    import pandas as pd

OVERALL = "overall"


@dataclass(frozen=True, eq=False)
class Board:
    """What the scores of a screen are made of.

    Attributes
    ----------
    candidates, electrolytes : tuple of str
        C and E names in the order of the results.
    place : (E, C) int array
        Position of the row of each pair in the results, -1 where there is none.
    roles : (E, C) str array
        Empty where the row could not be computed.
    verdicts : (E, C) int array
        Place of the verdict among ``VERDICTS``; behind all of them where there is none.
    columns : dict of str to (E, C) float array
        ``SCORE_COLUMNS``, ``STATED`` and ``OPTIONAL_COLUMNS`` as numbers.
    """

    candidates: tuple[str, ...]
    electrolytes: tuple[str, ...]
    place: NDArray[np.int64]
    roles: NDArray[np.str_]
    verdicts: NDArray[np.int64]
    columns: dict[str, Floats]

    @classmethod
    def of(cls, results: pd.DataFrame) -> Board:
        """Arrange rows of results, in any order."""
        import pandas as pd

        column, candidates = pd.factorize(results["candidate"])
        line, electrolytes = pd.factorize(results["electrolyte"])
        ok = (results["status"] == OK).to_numpy(dtype=bool)

        def grid(values: Any, missing: Any) -> Any:
            found = np.full((len(electrolytes), len(candidates)), missing, np.asarray(values).dtype)
            found[line, column] = values
            return found

        numbers = {
            name: grid(np.where(ok, as_numbers(results.get(name)), np.nan), np.nan)
            for name in (*SCORE_COLUMNS, *STATED, *OPTIONAL_COLUMNS)
        }
        judged = _places_of_verdicts(results)
        return cls(
            tuple(candidates),
            tuple(electrolytes),
            grid(np.arange(len(results)), -1),
            grid(np.where(ok, results["role"], "").astype(str), ""),
            grid(judged, len(VERDICTS)),
            numbers,
        )

    def with_verdicts(self, results: pd.DataFrame) -> Board:
        """Return the board with the verdicts of some of its rows."""
        line = {name: number for number, name in enumerate(self.electrolytes)}
        column = {name: number for number, name in enumerate(self.candidates)}
        verdicts = self.verdicts.copy()
        places = [line[name] for name in results["electrolyte"]]
        verdicts[places, [column[name] for name in results["candidate"]]] = _places_of_verdicts(
            results
        )
        return replace(self, verdicts=verdicts)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Electrolytes that count for the overall ranking: those with a row that was computed."""
        any_row: NDArray[np.bool_] = (self.roles != "").any(axis=1)
        return any_row

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the rankings: ``overall`` first where there are several electrolytes."""
        return (OVERALL, *self.electrolytes) if len(self.electrolytes) > 1 else self.electrolytes

    @property
    def block_roles(self) -> NDArray[np.str_]:
        """Role of each candidate in each block, (B, C) for B blocks."""
        if len(self.electrolytes) < 2:
            return self.roles
        there = self.roles[self.counted]
        complete = (there != "").all(axis=0) & (len(there) > 0)
        first = there[0] if len(there) else self.roles[0]
        return np.vstack([np.where(complete, first, ""), self.roles])

    @property
    def block_verdicts(self) -> NDArray[np.int64]:
        """Verdict of each candidate in each block, (B, C); overall the least favourable one."""
        if len(self.electrolytes) < 2:
            return self.verdicts
        counted = self.verdicts[self.counted] if self.counted.any() else self.verdicts
        return np.vstack([counted.max(axis=0), self.verdicts])

    def with_overall(self, values: Floats) -> Floats:
        """Put the mean over the electrolytes in front: (..., E, C) to (..., B, C).

        NaN for a candidate that lacks a value with one that counts.
        """
        if len(self.electrolytes) < 2:
            return values
        counted = values[..., self.counted, :] if self.counted.any() else values
        mean = counted.mean(axis=-2, keepdims=True)
        return np.concatenate([mean, values], axis=-2)


def _places_of_verdicts(results: pd.DataFrame) -> NDArray[np.int64]:
    order = {name: place for place, name in enumerate(VERDICTS)}
    said = results["verdict"] if "verdict" in results else [""] * len(results)
    return np.array([order.get(one, len(order)) for one in said], dtype=np.int64)
