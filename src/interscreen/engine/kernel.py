"""Compiled linear program: the lowest energy along a straight line of compositions.

For phases p with composition columns c_p and costs e_p the energy of a composition b is

    E(b) = min over x >= 0 of sum_p x_p e_p   with   sum_p x_p c_p = b .

``walk_line`` solves this once with a primal revised simplex that starts from the
elements (the first ``m`` columns are the identity, so ``x = b`` is feasible) and then
follows ``b(t) = b0 + t d`` in both directions.  The basis stays optimal until an amount
falls to zero; there one dual-simplex pivot gives the next basis (parametric right-hand
side, see for instance R. J. Vanderbei, *Linear Programming*, chapter 7).  Every basis is
factorised afresh and priced against all columns, so each answer carries its own proof of
optimality: the worst reduced cost and the worst mass balance are returned.

Nothing here knows about chemistry: arrays in, arrays out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .compiled_files import check_files

OK = 0
ITERATION_LIMIT = 1
SINGULAR_BASIS = 2
OUTSIDE = 3
TOO_MANY_POINTS = 4
NOT_A_NUMBER = 5

MEANING = {
    OK: "solved",
    ITERATION_LIMIT: "the pivot limit was reached",
    SINGULAR_BASIS: "the basis became singular",
    OUTSIDE: "the line leaves the compositions that the columns span",
    TOO_MANY_POINTS: "more kinks than the output arrays hold",
    NOT_A_NUMBER: "an energy or an amount is not a number",
}

_PRICE_TOL = 1e-11  # a column enters when its reduced cost lies below minus this [eV]
_PIVOT_TOL = 1e-9  # smallest pivot element that is trusted
_RATE_TOL = 1e-11  # an amount that falls more slowly than this is constant
_SAME_T = 1e-12  # two breakpoints closer than this are one
_STALL_LIMIT = 40  # degenerate pivots in a row before Bland's rule takes over
_PIVOT_LIMIT = 20000

_python: dict[str, Callable[..., Any]] = {}
_compiling: list[bool] = []  # whether with a cache; empty as long as nothing is compiled


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    import numba  # a quarter of a second, which a single question does without

    options: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
    if _compiling[-1]:
        try:
            made: Callable[..., Any] = numba.njit(cache=True, **options)(function)
            check_files(made)
            return made
        except RuntimeError:  # no folder that compiled code may be written to
            pass
    made = numba.njit(**options)(function)
    return made


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function to be compiled: it is plain Python until ``compile_all`` is called."""
    _python[function.__name__] = function
    return _compile(function) if _compiling else function


def compile_all(*, cache: bool = True) -> None:
    """Replace every marked function by a compiled one.

    Parameters
    ----------
    cache : bool
        Keep the machine code beside the module where that is possible, and read it from there.
    """
    _compiling.append(cache)
    for function in list(_python.values()):
        made = _compile(function)
        for module in list(sys.modules.values()):  # wherever it was imported, too
            if getattr(module, "__package__", None) == __package__:
                held = getattr(module, function.__name__, None)
                if held is function or getattr(held, "py_func", None) is function:
                    setattr(module, function.__name__, made)


@compiled
def _invert(columns, basis, inverse, work):
    """Gauss-Jordan inverse, with row pivoting, of the basis columns; False if singular."""
    m = basis.shape[0]
    for i in range(m):
        for j in range(m):
            work[i, j] = columns[i, basis[j]]
            inverse[i, j] = 0.0
        inverse[i, i] = 1.0
    for k in range(m):
        pivot_row = k
        largest = abs(work[k, k])
        for i in range(k + 1, m):
            if abs(work[i, k]) > largest:
                largest = abs(work[i, k])
                pivot_row = i
        if largest < 1e-13:
            return False
        if pivot_row != k:
            for j in range(m):
                work[k, j], work[pivot_row, j] = work[pivot_row, j], work[k, j]
                inverse[k, j], inverse[pivot_row, j] = inverse[pivot_row, j], inverse[k, j]
        scale = 1.0 / work[k, k]
        for j in range(m):
            work[k, j] *= scale
            inverse[k, j] *= scale
        for i in range(m):
            if i != k:
                factor = work[i, k]
                if factor != 0.0:
                    for j in range(m):
                        work[i, j] -= factor * work[k, j]
                        inverse[i, j] -= factor * inverse[k, j]
    return True


@compiled
def _times(matrix, vector, out):
    """Write ``matrix @ vector`` to ``out``."""
    for i in range(out.shape[0]):
        total = 0.0
        for j in range(vector.shape[0]):
            total += matrix[i, j] * vector[j]
        out[i] = total


@compiled
def _subtract_rows(columns, factors, out):
    """``out -= factors @ columns``, row by row (contiguous, so it is vectorised)."""
    m, n = columns.shape
    for i in range(m):
        factor = factors[i]
        for p in range(n):
            out[p] -= factor * columns[i, p]


@compiled
def _price(columns, costs, basis, inverse, potentials, reduced):
    """Potentials (duals) of a basis and the reduced cost of every column; their minimum."""
    m, n = columns.shape
    for i in range(m):
        total = 0.0
        for j in range(m):
            total += costs[basis[j]] * inverse[j, i]
        potentials[i] = total
    reduced[:] = costs
    _subtract_rows(columns, potentials, reduced)
    # four at a time: none waits for the one before it
    a = b = c = d = 0.0
    for p in range(0, n - 3, 4):
        a, b = min(a, reduced[p]), min(b, reduced[p + 1])
        c, d = min(c, reduced[p + 2]), min(d, reduced[p + 3])
    for p in range(n - n % 4, n):
        a = min(a, reduced[p])
    return min(a, b, c, d)


@compiled
def _first_gone(amounts, falls, basis, careful, least, same):
    """Amount that is the first to fall to zero, and when; -1 where none falls."""
    leaving = -1
    step = np.inf
    for i in range(amounts.shape[0]):
        if falls[i] > least:
            ratio = max(amounts[i], 0.0) / falls[i]
            better = ratio < step - same
            if not better and ratio <= step + same:  # as good: by number, or the safer pivot
                better = basis[i] < basis[leaving] if careful else falls[i] > falls[leaving]
            if better:
                leaving = i
                step = min(step, ratio)
    return leaving, step


@compiled
def _begin(columns, b, guess, basis, inverse, amounts, work):
    """Start with the basis of a guess, if it is one of ``b``, or with that of the elements."""
    m = b.shape[0]
    if guess.shape[0]:
        basis[:] = guess
        if _invert(columns, basis, inverse, work):
            _times(inverse, b, amounts)
            if amounts.min() > -_SAME_T:
                return
    amounts[:] = b
    for i in range(m):
        basis[i] = i
        for j in range(m):
            inverse[i, j] = 1.0 if i == j else 0.0


@compiled
def _solve(columns, costs, b, basis, inverse, potentials, reduced, work, bland, guess):
    """Primal revised simplex from where ``_begin`` says; leaves the optimal basis, factorised.

    Returns status, number of pivots and the lowest reduced cost at the end.
    """
    m, n = columns.shape
    amounts = np.empty(m)
    direction = np.empty(m)
    _begin(columns, b, guess, basis, inverse, amounts, work)
    stalled = 0
    fresh = True
    for pivots in range(_PIVOT_LIMIT):
        lowest = _price(columns, costs, basis, inverse, potentials, reduced)
        if lowest >= -_PRICE_TOL:
            if fresh:
                return OK, pivots, lowest
            if not _invert(columns, basis, inverse, work):
                return SINGULAR_BASIS, pivots, lowest
            _times(inverse, b, amounts)
            fresh = True
            continue
        careful = bland or stalled > _STALL_LIMIT
        entering = -1
        for p in range(n):
            if reduced[p] < -_PRICE_TOL and (careful or reduced[p] == lowest):
                entering = p
                break
        if entering < 0:  # not a number somewhere: nothing compares
            return SINGULAR_BASIS, pivots, lowest
        _times(inverse, columns[:, entering], direction)
        leaving, step = _first_gone(amounts, direction, basis, careful, _PIVOT_TOL, 1e-14)
        if leaving < 0:
            return OUTSIDE, pivots, lowest
        stalled = stalled + 1 if step * -reduced[entering] < 1e-15 else 0
        basis[leaving] = entering
        if careful or pivots % 32 == 31:
            if not _invert(columns, basis, inverse, work):
                return SINGULAR_BASIS, pivots, lowest
            _times(inverse, b, amounts)
            fresh = True
        else:
            scale = 1.0 / direction[leaving]
            for j in range(m):
                inverse[leaving, j] *= scale
            for i in range(m):
                if i != leaving and direction[i] != 0.0:
                    amounts[i] -= step * direction[i]
                    for j in range(m):
                        inverse[i, j] -= direction[i] * inverse[leaving, j]
            amounts[leaving] = step
            fresh = False
    return ITERATION_LIMIT, _PIVOT_LIMIT, 0.0


@compiled
def _record(columns, costs, b0, d, t, basis, x, point, ts, energies, phases, amounts):
    """Store one point of the walk; returns its worst mass-balance error."""
    m = basis.shape[0]
    ts[point] = t
    energy = 0.0
    worst = 0.0
    for j in range(m):
        phases[point, j] = basis[j]
        amounts[point, j] = x[j]
        energy += x[j] * costs[basis[j]]
        worst = max(worst, -x[j])
    energies[point] = energy
    for i in range(m):
        balance = -b0[i] - t * d[i]
        for j in range(m):
            balance += x[j] * columns[i, basis[j]]
        worst = max(worst, abs(balance))
    return worst


@compiled
def _follow(
    columns, costs, b0, d, t, t_end, sign, basis, inverse, potentials, reduced, work, bland, start,
    ts, energies, slopes, phases, amounts,
):  # fmt: skip
    """Follow the line from ``t`` to ``t_end`` in the direction ``sign`` (+1 or -1).

    Points go to ``start + sign``, ``start + 2 sign``, ...; the slope between points k and
    k + 1 to ``slopes[k]``.  Returns status, last point, worst reduced cost, worst mass
    balance and the number of pivots.
    """
    m, n = columns.shape
    x = np.empty(m)
    fall = np.empty(m)
    row = np.empty(n)
    point = start
    lowest = 0.0
    imbalance = 0.0
    stalled = 0
    for pivots in range(_PIVOT_LIMIT):
        if pivots:  # the first basis comes factorised and priced
            if not _invert(columns, basis, inverse, work):
                return SINGULAR_BASIS, point, lowest, imbalance, pivots
            lowest = min(lowest, _price(columns, costs, basis, inverse, potentials, reduced))
        for i in range(m):
            value = 0.0
            change = 0.0
            for j in range(m):
                value += inverse[i, j] * (b0[j] + t * d[j])
                change += inverse[i, j] * d[j]
            x[i] = value
            fall[i] = -sign * change
        if pivots == 0 and sign > 0:
            imbalance = max(
                imbalance,
                _record(columns, costs, b0, d, t, basis, x, point, ts, energies, phases, amounts),
            )
        slope = 0.0
        for i in range(m):
            slope += potentials[i] * d[i]
        careful = bland or stalled > _STALL_LIMIT
        leaving, step = _first_gone(x, fall, basis, careful, _RATE_TOL, _SAME_T)
        remaining = (t_end - t) * sign
        edge = point if sign > 0 else point - 1  # the interval next to this point
        if leaving < 0 and not np.isfinite(t_end):
            slopes[edge] = slope  # a ray: nothing changes any more
            return OK, point, lowest, imbalance, pivots
        done = leaving < 0 or step >= remaining - _SAME_T
        if done:
            step = remaining
        if step > _SAME_T:
            if point + sign < 0 or point + sign >= ts.shape[0]:
                return TOO_MANY_POINTS, point, lowest, imbalance, pivots
            slopes[edge] = slope
            for i in range(m):
                x[i] -= step * fall[i]
            t = t_end if done else t + sign * step
            point += sign
            stalled = 0
            imbalance = max(
                imbalance,
                _record(columns, costs, b0, d, t, basis, x, point, ts, energies, phases, amounts),
            )
        else:
            stalled += 1
        if done:
            return OK, point, lowest, imbalance, pivots
        entering = -1
        best = np.inf
        largest = 0.0
        row[:] = 0.0
        _subtract_rows(columns, inverse[leaving], row)
        for p in range(n):
            pivot = row[p]  # minus the element of the pivot row
            if pivot > _PIVOT_TOL:
                ratio = max(reduced[p], 0.0) / pivot
                if ratio < best - 1e-13:
                    better = True
                elif ratio <= best + 1e-13:
                    better = not careful and pivot > largest
                else:
                    better = False
                if better:
                    entering = p
                    best = min(best, ratio)
                    largest = pivot
        if entering < 0:
            if np.isfinite(t_end) and (t_end - t) * sign <= 1e-9:
                return OK, point, lowest, imbalance, pivots
            return OUTSIDE, point, lowest, imbalance, pivots
        basis[leaving] = entering
    return ITERATION_LIMIT, point, lowest, imbalance, _PIVOT_LIMIT


@compiled
def _all_finite(columns, costs, b0, d):
    """Whether every number is finite; one that is not would compare as optimal."""
    m, n = columns.shape
    odd = 0  # counted in whole numbers, several at a time
    for i in range(m):
        odd += not np.isfinite(b0[i] + d[i])
        for p in range(n):
            odd += not np.isfinite(columns[i, p])
    for p in range(n):
        odd += not np.isfinite(costs[p])
    return odd == 0


@compiled
def first_basis(columns, costs, b0, d, t_start):
    """Optimal basis of ``b0 + t_start d``, a guess for other costs; empty where there is none."""
    m, n = columns.shape
    basis, inverse, work = np.empty(m, dtype=np.int64), np.empty((m, m)), np.empty((m, m))
    b = np.empty(m)
    for i in range(m):
        b[i] = max(b0[i] + t_start * d[i], 0.0)
    careful = m < 0  # never; a constant as an argument would be compiled by itself
    status, _, _ = _solve(
        columns, costs, b, basis, inverse, np.empty(m), np.empty(n), work, careful, basis[:0]
    )
    return basis if status == OK else basis[:0]


@compiled
def walk_line(columns, costs, b0, d, t_start, t_low, t_high, size, bland, guess):
    """Solve at ``t_start`` and walk the line ``b0 + t d`` down to ``t_low`` and up to ``t_high``.

    Arrays as for ``walk.walk_line``, in C order.  ``size`` is the room for breakpoints in each
    direction; ``bland`` the careful mode: Bland's rule and a fresh inverse at every pivot;
    ``guess`` the basis to begin with, or empty.

    Returns
    -------
    status, first, start, last : int
        Valid points are ``first .. last``; ``start`` is the one at ``t_start``.
    ts, energies, slopes : (2 size + 1,) float arrays
        ``slopes[k]`` holds between points k and k + 1 (and beyond the last one of a ray).
    phases : (2 size + 1, m) int array, amounts : (2 size + 1, m) float array
        Basis columns and their amounts at each point.
    potentials : (m,) float array
        Chemical potentials at ``t_start`` [eV].
    lowest, imbalance : float
        Most negative reduced cost met [eV], worst mass-balance error (negative amounts included).
    pivots : int
    """
    m, n = columns.shape
    points = 2 * size + 1
    ts, energies, slopes = np.zeros(points), np.zeros(points), np.zeros(points)
    phases = np.zeros((points, m), dtype=np.int64)
    amounts = np.zeros((points, m))
    basis = np.empty(m, dtype=np.int64)
    inverse = np.empty((m, m))
    work = np.empty((m, m))
    potentials = np.empty(m)
    at_start = np.zeros(m)
    reduced = np.empty(n)
    start = size
    b = np.empty(m)
    for i in range(m):
        b[i] = max(b0[i] + t_start * d[i], 0.0)
    status, pivots, lowest = NOT_A_NUMBER, 0, 0.0
    if _all_finite(columns, costs, b0, d):
        status, pivots, lowest = _solve(
            columns, costs, b, basis, inverse, potentials, reduced, work, bland, guess
        )
    imbalance = 0.0
    first, last = start, start
    at_start[:] = potentials
    if status == OK:
        optimal, factors, prices = basis.copy(), inverse.copy(), reduced.copy()
        for turn in range(2):  # upwards, then downwards (a literal sign would compile twice)
            sign = 1 - 2 * turn
            basis[:], inverse[:], reduced[:], potentials[:] = optimal, factors, prices, at_start
            status, end, low, wrong, more = _follow(
                columns, costs, b0, d, t_start, t_high if turn == 0 else t_low, sign, basis,
                inverse, potentials, reduced, work, bland, start, ts, energies, slopes, phases,
                amounts,
            )  # fmt: skip
            pivots += more
            lowest = min(lowest, low)
            imbalance = max(imbalance, wrong)
            first = min(first, end)
            last = max(last, end)
            if status != OK:
                break
    return (
        status, first, start, last, ts, energies, slopes, phases, amounts,
        at_start, lowest, imbalance, pivots,
    )  # fmt: skip
