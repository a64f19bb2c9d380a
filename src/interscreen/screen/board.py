"""The rows of results.csv as arrays: electrolyte by candidate, and both together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .scores import OPTIONAL_COLUMNS, ROLES, SCORE_COLUMNS, Floats, as_numbers
from .tables import OK

if TYPE_CHECKING:
    import pyarrow as pa

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
    columns : dict of str to (E, C) float array
        ``SCORE_COLUMNS``, and those of ``OPTIONAL_COLUMNS`` that the results have.
    """

    candidates: tuple[str, ...]
    electrolytes: tuple[str, ...]
    place: NDArray[np.int64]
    roles: NDArray[np.str_]
    columns: dict[str, Floats]

    @classmethod
    def of(cls, rows: Sequence[dict[str, Any]]) -> Board:
        """Arrange rows of results.csv."""
        candidates = tuple(dict.fromkeys(row["candidate"] for row in rows))
        electrolytes = tuple(dict.fromkeys(row["electrolyte"] for row in rows))
        of_candidate = {name: i for i, name in enumerate(candidates)}
        of_electrolyte = {name: i for i, name in enumerate(electrolytes)}
        shape = (len(electrolytes), len(candidates))
        place = np.full(shape, -1, dtype=np.int64)
        roles = np.full(shape, "", dtype=f"<U{max(map(len, ROLES))}")
        numbers = {name: np.full(shape, np.nan) for name in (*SCORE_COLUMNS, *OPTIONAL_COLUMNS)}
        for position, row in enumerate(rows):
            at = of_electrolyte[row["electrolyte"]], of_candidate[row["candidate"]]
            place[at] = position
            if row["status"] == OK:
                roles[at] = row["role"]
                for name, values in numbers.items():
                    values[at] = as_numbers(row.get(name))
        return cls(candidates, electrolytes, place, roles, numbers)

    @classmethod
    def of_table(cls, results: pa.Table) -> Board:
        """Arrange results in which every candidate has a row with every electrolyte, in order."""
        electrolytes = tuple(results["electrolyte"].unique().to_pylist())
        e = len(electrolytes)
        k = len(results) // e

        def grid(values: Any) -> Any:
            return np.asarray(values).reshape(k, e).T

        ok = grid(results["status"].to_numpy()) == OK
        numbers = {
            name: np.where(ok, grid(as_numbers(results[name].to_numpy())), np.nan)
            for name in (*SCORE_COLUMNS, *OPTIONAL_COLUMNS)
        }
        return cls(
            tuple(results["candidate"].to_numpy()[::e].tolist()),
            electrolytes,
            grid(np.arange(len(results))),
            np.where(ok, grid(results["role"].fill_null("").to_numpy()), "").astype(
                f"<U{max(map(len, ROLES))}"
            ),
            numbers,
        )

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

    def with_overall(self, values: Floats) -> Floats:
        """Put the mean over the electrolytes in front: (..., E, C) to (..., B, C).

        NaN for a candidate that lacks a value with one that counts.
        """
        if len(self.electrolytes) < 2:
            return values
        counted = values[..., self.counted, :] if self.counted.any() else values
        mean = counted.mean(axis=-2, keepdims=True)
        return np.concatenate([mean, values], axis=-2)
