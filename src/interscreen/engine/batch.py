"""Many walks at once, certified one by one, on sparse columns in one or many samples of costs."""

from __future__ import annotations

import itertools
import logging
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .walk import Floats, Integers, call_compiled, compiled_kernel

SIZE = 64  # breakpoints in each direction; the lines of real phase diagrams have < 60
START = 0.4472135954999579  # 1/sqrt(5): no kink lies at an irrational mixing fraction
EVERYBODY = -1  # owner of a column that takes part wherever its rows are there
MOST_ROWS = 128

log = logging.getLogger(__name__)

_warm: list[Any] = []
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Sparse:
    """Compositions over the rows of a problem, in compressed form.

    Attributes
    ----------
    indptr : (n + 1,) int array
    index : (nnz,) int array
        Rows of composition ``i`` stand at ``indptr[i] <= k < indptr[i + 1]``.
    parts : (nnz,) float array
        Fractions; they add up to one for each composition.
    owner : (n,) int array
        ``EVERYBODY``, or a number: columns and compositions with the same number belong together.
    """

    indptr: Integers
    index: Integers
    parts: Floats
    owner: Integers

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

    def take(self, numbers: Integers) -> Sparse:
        """Return some of the compositions."""
        lengths = np.diff(self.indptr)[numbers]
        first = self.indptr[numbers]
        entry = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        return Sparse(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            self.index[entry],
            self.parts[entry],
            self.owner[numbers],
        )

    def with_rows(self, rows: int) -> Sparse:
        """Return the compositions with every pure row behind them."""
        count = len(self.index)
        return Sparse(
            np.concatenate([self.indptr, count + 1 + np.arange(rows)]),
            np.concatenate([self.index, np.arange(rows)]),
            np.concatenate([self.parts, np.ones(rows)]),
            np.concatenate([self.owner, np.full(rows, EVERYBODY)]),
        )


@dataclass(frozen=True, eq=False)
class Problem:
    """Columns with their costs; the pure rows, at cost zero, are columns too.

    Columns are numbered 0 to n - 1, the pure rows n to n + rows - 1.

    Attributes
    ----------
    columns : Sparse
    costs : (c, n) float array
        In every sample; one sample is the rule.
    rows : int
        At most ``MOST_ROWS``.
    """

    columns: Sparse
    costs: Floats
    rows: int

    @classmethod
    def of_dense(cls, columns: Floats, costs: Floats) -> Problem:
        """Take the columns as a full matrix with the identity in front, and one cost each."""
        rows = len(columns)
        return cls(Sparse.of_dense(columns[:, rows:].T), costs[None, rows:].copy(), rows)

    @cached_property
    def groups(self) -> tuple[Any, Any, Integers, Integers]:
        """Columns grouped by the rows they have: bits in two words, and the members."""
        index, starts = self.columns.index, self.columns.indptr[:-1]
        bit = np.left_shift(np.uint64(1), (index % 64).astype(np.uint64), dtype=np.uint64)
        zero = np.uint64(0)
        low = (
            np.bitwise_or.reduceat(np.where(index < 64, bit, zero), starts) if len(starts) else bit
        )
        high = (
            np.bitwise_or.reduceat(np.where(index < 64, zero, bit), starts) if len(starts) else bit
        )
        order = np.lexsort((low, high)).astype(np.int64)
        low, high = low[order], high[order]
        new = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][: len(low)]
        first = np.flatnonzero(new)
        return low[first], high[first], np.r_[first, len(order)].astype(np.int64), order


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Many compositions with one other; see ``batch_kernel.pairs``.

    Attributes
    ----------
    solved : (q,) bool array
        Whether the answer is certified; the other numbers mean nothing where it is not.
    mutual, mixing, hull : (q,) float arrays
        Minimum of the mutual energy, fraction of the first there, lowest energy of the first.
    phases : (q, w) int array, amounts : (q, w) float array
        Equilibrium at the minimum; -1 where there is nothing.
    """

    solved: NDArray[np.bool_]
    mutual: Floats
    mixing: Floats
    hull: Floats
    phases: Integers
    amounts: Floats


@dataclass(frozen=True, eq=False)
class LineBatch:
    """Windows and conversions of many compositions; see ``batch_kernel.lines``.

    Attributes
    ----------
    solved : (q,) bool array
    hull, reduction, oxidation, uptake, final : (q,) float arrays
    phases : (q, w) int array, amounts : (q, w) float array
        Equilibrium at the end of the conversion.
    mutual, mixing : (q,) float arrays, met : (q, w) int array, met_amounts : (q, w) float array
        Contact with the pure row.
    """

    solved: NDArray[np.bool_]
    hull: Floats
    reduction: Floats
    oxidation: Floats
    uptake: Floats
    final: Floats
    phases: Integers
    amounts: Floats
    mutual: Floats
    mixing: Floats
    met: Integers
    met_amounts: Floats


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
        Compositions.
    of, sample : (q,) int arrays
        Composition and sample of each question; neighbours with the same rows share their columns.
    second : (rows,) float array
        The other composition.
    second_owner : int
        Owner of columns that take part because of it.
    added : (q,) float array, optional
        How much of ``row`` is added to one unit of the first.
    jobs : int
        Threads.
    """
    more = np.zeros(len(of)) if added is None else np.asarray(added, dtype=np.float64)
    width = min(problem.rows, firsts.longest + int((second != 0.0).sum()) + 1)
    goal = np.ascontiguousarray(second, dtype=np.float64)
    values = _run(
        "pairs",
        problem,
        firsts,
        (of, sample, more),
        (row, goal, second_owner, START, SIZE, width),
        jobs,
    )
    return PairBatch(values[0] == 0, *values[1:])


def row_lines(
    problem: Problem,
    compositions: Sparse,
    of: Integers,
    sample: Integers,
    row: int,
    *,
    jobs: int = 1,
) -> LineBatch:
    """Walk the amount of one row in many compositions; questions as for ``mutual_minima``."""
    width = min(problem.rows, compositions.longest + 1)
    values = _run(
        "lines", problem, compositions, (of, sample), (row, problem.rows, SIZE, width), jobs
    )
    return LineBatch(values[0] == 0, *values[1:])


def _run(
    name: str,
    problem: Problem,
    compositions: Sparse,
    questions: tuple[Any, ...],
    rest: tuple[Any, ...],
    jobs: int,
) -> list[Any]:
    """Call a compiled loop, in several threads where that is asked for (they hold no lock)."""
    columns = problem.columns
    given = (
        columns.indptr, columns.index, columns.parts, columns.owner, *problem.groups, problem.costs,
        compositions.indptr, compositions.index, compositions.parts, compositions.owner,
    )  # fmt: skip
    loop = getattr(_kernel(), name)
    count = len(questions[0])
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


def _kernel() -> Any:
    """Return the compiled loops, warmed once per process; a damaged cache is left aside."""
    if _warm:
        return _warm[0]
    with _lock:
        if _warm:
            return _warm[0]
        kernel = compiled_kernel()
        from . import batch_kernel

        index = np.zeros(1, dtype=np.int64)
        one = Sparse(np.arange(2), index, np.ones(1), index - 1)
        tiny = Problem(one, np.zeros((1, 1)), 2)
        given = (*_arrays(one), *tiny.groups, tiny.costs, *_arrays(one))
        try:
            call_compiled(
                batch_kernel.pairs, *given, index, index, np.zeros(1), 0, np.array([0.0, 1.0]), -1,
                START, 2, 2,
            )  # fmt: skip
            call_compiled(batch_kernel.lines, *given, index, index, 1, 2, 2, 2)
        except Exception as error:  # unreadable or half-written cache files: do without them
            log.warning("compiled loops are compiled anew (%s)", type(error).__name__)
            kernel.compile_all(cache=False)
        _warm.append(batch_kernel)
    return _warm[0]


def _arrays(sparse: Sparse) -> tuple[Any, ...]:
    return sparse.indptr, sparse.index, sparse.parts, sparse.owner
