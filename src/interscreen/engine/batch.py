"""Many walks at once, certified one by one, on sparse columns in one or many samples of costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .walk import (
    EXCESS,
    MOST_EXCESS,
    SHORT,
    Floats,
    Integers,
    Walk,
    call_compiled,
    compiled_kernel,
    may_be_plain,
    warmed,
)

SIZE = 64  # breakpoints in each direction; the lines of real phase diagrams have < 60
START = 0.4472135954999579  # 1/sqrt(5): no kink lies at an irrational mixing fraction
EVERYBODY = -1  # owner of a column that takes part wherever its rows are there
MOST_ROWS = 128

_warm: list[Any] = []


def spans(indptr: Integers, numbers: Integers) -> tuple[Integers, Integers]:
    """Entries of some rows of a compressed matrix, one after the other, and their ``indptr``."""
    lengths = np.diff(indptr)[numbers]
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    entry: Integers = np.repeat(indptr[numbers] - ends[:-1], lengths) + np.arange(ends[-1])
    return entry, ends


def grouped(index: Integers, indptr: Integers) -> tuple[Any, Any, Integers, Integers]:
    """Group rows of a compressed matrix by the columns they have (fewer than 128).

    Returns
    -------
    low, high : (g,) uint64 arrays
        The columns of each group as bits in two words.
    ptr, members : int arrays
        The rows of group ``i`` are ``members[ptr[i] : ptr[i + 1]]``, in order.
    """
    starts = indptr[:-1]
    bit = np.left_shift(np.uint64(1), (index % 64).astype(np.uint64), dtype=np.uint64)
    words = [np.where(inside, bit, np.uint64(0)) for inside in (index < 64, index >= 64)]
    low, high = (np.bitwise_or.reduceat(word, starts) if len(starts) else bit for word in words)
    order = np.lexsort((low, high)).astype(np.int64)
    low, high = low[order], high[order]
    new = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][: len(low)]
    first = np.flatnonzero(new)
    return low[first], high[first], np.r_[first, len(order)].astype(np.int64), order


@dataclass(frozen=True, eq=False)
class Sparse:
    """Compositions over the rows of a problem, in compressed form."""

    indptr: Integers  # (n + 1,)
    index: Integers  # rows of composition i stand at indptr[i] <= k < indptr[i + 1]
    parts: Floats  # fractions; they add up to one for each composition
    owner: Integers  # (n,) EVERYBODY, or a number: what has the same number belongs together

    @classmethod
    def of_dense(cls, rows: Floats) -> Sparse:
        """Take compositions as a full matrix, one each row."""
        of, index = np.nonzero(rows)
        counts = np.bincount(of, minlength=len(rows))
        return cls(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            index.astype(np.int64),
            np.ascontiguousarray(rows[of, index]),
            np.full(len(rows), EVERYBODY),
        )

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @cached_property
    def longest(self) -> int:
        """Rows of the composition that has most."""
        return int(np.diff(self.indptr).max(initial=0))

    def shares(self, row: int) -> Floats:
        """Fraction of one row in each composition."""
        of = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        here = self.index == row
        return np.bincount(of[here], self.parts[here], len(self)).astype(np.float64)

    def take(self, numbers: Integers) -> Sparse:
        """Return some of the compositions."""
        entry, indptr = spans(self.indptr, numbers)
        return Sparse(indptr, self.index[entry], self.parts[entry], self.owner[numbers])

    def and_then(self, other: Sparse) -> Sparse:
        """Return the compositions with some others behind them."""
        return Sparse(
            np.concatenate([self.indptr, self.indptr[-1] + other.indptr[1:]]),
            np.concatenate([self.index, other.index]),
            np.concatenate([self.parts, other.parts]),
            np.concatenate([self.owner, other.owner]),
        )

    def with_rows(self, rows: int) -> Sparse:
        """Return the compositions with every pure row behind them."""
        every = np.arange(rows + 1)
        pure = Sparse(every, every[:-1], np.ones(rows), np.full(rows, EVERYBODY))
        return self.and_then(pure)

    def without(self, row: int) -> Sparse:
        """Return the compositions without what they hold of one row; the rest stays as it is."""
        kept = self.index != row
        ends = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        return Sparse(ends[self.indptr], self.index[kept], self.parts[kept], self.owner)

    def held(self, row: int) -> Floats:
        """How much of one row each composition holds, (n,)."""
        of = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        held = self.parts * (self.index == row)
        return np.bincount(of, held, minlength=len(self)).astype(np.float64)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """Its fields, as compiled code takes them."""
        return self.indptr, self.index, self.parts, self.owner


@dataclass(frozen=True, eq=False)
class Problem:
    """Columns with their costs; the pure rows, at cost zero, are columns too.

    Columns are numbered 0 to n - 1, the pure rows n to n + rows - 1.
    """

    columns: Sparse
    costs: Floats  # (c, n) in every sample; one sample is the rule
    rows: int  # at most MOST_ROWS
    endless: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # reservoirs

    @classmethod
    def of_dense(cls, columns: Floats, costs: Floats, endless: Sequence[int] = ()) -> Problem:
        """Take the columns as a full matrix with the identity in front, and one cost each.

        ``endless`` are those of reservoirs.
        """
        rows = len(columns)
        count = columns.shape[1] - rows
        numbers = np.array([n - rows if n >= rows else count + n for n in endless], dtype=np.int64)
        return cls(Sparse.of_dense(columns[:, rows:].T), costs[None, rows:].copy(), rows, numbers)

    def opened(self, row: int, price: float) -> Problem:
        """Return the problem beside a reservoir: what a column holds of a row costs ``price``.

        The row is in no balance any more; no column may consist of it alone.
        """
        costs = self.costs + price * self.columns.held(row)
        return Problem(self.columns.without(row), costs, self.rows)

    @cached_property
    def groups(self) -> tuple[Any, Any, Integers, Integers]:
        """Columns by the rows they have."""
        return grouped(self.columns.index, self.columns.indptr)

    def arrays(self, excess: float = 0.0) -> tuple[Any, ...]:
        """Everything, as compiled code takes it."""
        return *self.columns.arrays, *self.groups, self.costs, self.endless, excess

    @cached_property
    def endless_rows(self) -> int:
        """Rows of the reservoirs."""
        n = len(self.columns)
        phases = self.columns.take(self.endless[self.endless < n]).index
        return len(np.union1d(phases, self.endless[self.endless >= n] - n))

    def without_reservoirs(self) -> Problem:
        """Return the same problem without endless columns."""
        return Problem(self.columns, self.costs, self.rows) if len(self.endless) else self


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Many compositions with one other: (q,) arrays, (q, w) of phases; see ``batch_kernel``."""

    solved: NDArray[np.bool_]  # certified; the other numbers mean nothing where this is not so
    mutual: Floats  # minimum of the mutual energy
    mixing: Floats  # fraction of the first there
    hull: Floats  # lowest energy of the first
    phases: Integers  # equilibrium at the minimum; -1 where there is nothing
    amounts: Floats


@dataclass(frozen=True, eq=False)
class LineBatch:
    """Windows and conversions of many compositions: as ``PairBatch``; see ``batch_kernel``."""

    solved: NDArray[np.bool_]
    hull: Floats
    reduction: Floats
    oxidation: Floats
    uptake: Floats
    final: Floats
    phases: Integers  # equilibrium at the end of the conversion
    amounts: Floats
    mutual: Floats  # contact with the pure row
    mixing: Floats
    met: Integers
    met_amounts: Floats
    low: Floats  # limits within the tolerance: 0 and infinite where there is none
    high: Floats
    alone: Floats  # energy that a unit of the row gains alone, beside reservoirs


def mutual_minima(
    problem: Problem,
    firsts: Sparse,
    of: Integers,
    sample: Integers,
    second: Floats,
    *,
    second_owner: int = EVERYBODY,
    added: Floats | None = None,
    row: int = 0,
    jobs: int = 1,
) -> PairBatch:
    """Minimise the mutual energy of many compositions with one other.

    Parameters
    ----------
    problem : Problem
    firsts : Sparse
    of, sample : (q,) int arrays
        Composition and sample of each question; neighbours with the same rows share their columns.
    second : (rows,) float array
        The other composition.
    second_owner : int
        Owner of columns that take part because of it.
    added : (q,) float array, optional
        How much of ``row`` is added to one unit of the first, or taken from it (below zero).
    jobs : int
        Threads.
    """
    more = np.zeros(len(of)) if added is None else np.asarray(added, dtype=np.float64)
    width = firsts.longest + int(np.count_nonzero(second)) + 1 + problem.endless_rows
    width = min(problem.rows, width)
    goal = np.ascontiguousarray(second, dtype=np.float64)
    rest = (row, goal, second_owner, START, SIZE, width)
    values = _run("pairs", problem, firsts, (of, sample, more), rest, jobs)
    return PairBatch(values[0] == 0, *values[1:])


def row_lines(
    problem: Problem,
    compositions: Sparse,
    of: Integers,
    sample: Integers,
    row: int,
    *,
    jobs: int = 1,
    tolerance: float = 0.0,
    ignored: float = 0.0,
    floor: float = 0.0,
) -> LineBatch:
    """Walk the amount of one row in many compositions; questions as for ``mutual_minima``.

    ``tolerance`` and ``ignored`` are those of ``tolerant_limits``; ``floor`` is that of
    ``batch_kernel.lines``.
    """
    width = min(problem.rows, compositions.longest + 1 + problem.endless_rows)
    rest = (row, problem.rows, SIZE, tolerance, ignored, floor, width)
    values = _run("lines", problem, compositions, (of, sample), rest, jobs)
    return LineBatch(values[0] == 0, *values[1:])


def tolerant_limits(walk: Walk, tolerance: float, ignored: float) -> tuple[float, float]:
    """Limits between which one walk gains no more than a tolerance (``batch_kernel.tolerant``)."""
    last = len(walk.t) - 1
    ends = 0, walk.start, last
    low, high = call_compiled(_kernel(0.0).tolerant, walk.t, walk.slope, *ends, tolerance, ignored)
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class PointBatch:
    """Lowest energies of many compositions: (q,) arrays, (q, w) of phases; see ``batch_kernel``."""

    solved: NDArray[np.bool_]
    hull: Floats
    phases: Integers
    amounts: Floats


def lowest_energies(
    problem: Problem, compositions: Sparse, of: Integers, sample: Integers, *, jobs: int = 1
) -> PointBatch:
    """Lowest energy of many compositions; questions as for ``mutual_minima``."""
    width = min(problem.rows, compositions.longest + problem.endless_rows)
    rest = (problem.rows, width)
    values = _run("points", problem, compositions, (of, sample), rest, jobs)
    return PointBatch(values[0] == 0, *values[1:])


def _run(
    name: str,
    problem: Problem,
    compositions: Sparse,
    questions: tuple[Any, ...],
    rest: tuple[Any, ...],
    jobs: int,
) -> list[Any]:
    """Call a compiled loop, with more of the reservoirs where an excess was used up."""
    if not len(problem.endless):
        return _called(name, problem, compositions, questions, rest, jobs, 0.0)
    # a line to the pure row uses up any excess: what it takes up on the way is far less
    excess = 4.0 * EXCESS if name == "lines" else EXCESS
    found = _called(name, problem, compositions, questions, rest, jobs, excess)
    while excess < MOST_EXCESS and len(short := np.flatnonzero(found[0] == SHORT)):
        excess *= 4.0
        some = tuple(each[short] for each in questions)
        again = _called(name, problem, compositions, some, rest, jobs, excess)
        for values, better in zip(found, again, strict=True):
            values[short] = better
    return found


def _called(
    name: str,
    problem: Problem,
    compositions: Sparse,
    questions: tuple[Any, ...],
    rest: tuple[Any, ...],
    jobs: int,
    excess: float,
) -> list[Any]:
    """Call a compiled loop, in several threads where that is asked for (they hold no lock)."""
    given = problem.arrays(excess), compositions.arrays
    count = len(questions[0])
    loop = getattr(_kernel(count * len(problem.columns) * rest[-1]), name)
    if jobs == 1 or count < 4 * jobs:
        return list(call_compiled(loop, *given, *questions, *rest))
    from joblib import Parallel, delayed

    # pieces are small enough that no thread waits long for the last one
    bounds = np.linspace(0, count, 8 * jobs + 1).astype(int)
    parts = Parallel(n_jobs=jobs, backend="threading")(
        delayed(call_compiled)(loop, *given, *(each[a:b] for each in questions), *rest)
        for a, b in itertools.pairwise(bounds)
    )
    return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]


def _kernel(entries: float = math.inf) -> Any:
    """Return the compiled loops, or the plain ones where ``plain_walks`` allows so few entries."""
    if _warm:
        return _warm[0]
    if may_be_plain(entries):
        from . import batch_kernel

        return batch_kernel

    def load() -> Any:
        compiled_kernel()
        from . import batch_kernel

        return batch_kernel

    def probe(loops: Any) -> None:
        index = np.zeros(1, dtype=np.int64)
        one = Sparse(np.arange(2), index, np.ones(1), index - 1)
        given = Problem(one, np.zeros((1, 1)), 2).arrays(), one.arrays, index, index
        loops.pairs(*given, np.zeros(1), 0, np.array([0.0, 1.0]), -1, START, 2, 2)
        loops.lines(*given, 1, 2, 2, 0.0, 0.0, 0.0, 2)
        loops.points(*given, 2, 2)

    return warmed(_warm, load, probe, "compiled loops are compiled anew (%s)")
