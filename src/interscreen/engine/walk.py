"""Certified walks along a line of compositions (the checks around the compiled kernel)."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SolverError

CERTIFIED = 1e-9  # mass balance [atom fraction] and reduced costs [eV/atom]
SAME_SLOPE = 1e-9  # a breakpoint whose slopes differ by less than this is no kink [eV]
_ROOM = 128  # breakpoints in each direction; the lines of real phase diagrams have < 60

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

log = logging.getLogger(__name__)

_warm_lock = threading.Lock()
_warm: list[Any] = []
_plain: list[float] = []  # entries of columns that may still be walked over in plain Python


@dataclass(frozen=True)
class Walk:
    """The lowest energy along ``b(t) = b0 + t d``: convex and piecewise linear.

    Attributes
    ----------
    t : (k,) float array
        Points in ascending order: the ends, the start, and every kink.
    energy : (k,) float array
        Lowest energy at each point [eV].
    slope : (k,) float array
        ``slope[i]`` holds between points i and i + 1; the last entry belongs to the ray
        beyond the last point (not a number when the line ends there).
    phases : (k, m) int array
        Basis columns at each point.
    amounts : (k, m) float array
        Their amounts; entries at noise level are exactly zero.
    start : int
        Index of the point the walk started from.
    potentials : (m,) float array
        Duals (chemical potentials) at the start [eV].
    pivots : int
        Simplex pivots used.
    """

    t: Floats
    energy: Floats
    slope: Floats
    phases: Integers
    amounts: Floats
    start: int
    potentials: Floats
    pivots: int


def compiled_kernel() -> Any:
    """Return the compiled kernel, warmed once per process; a damaged cache is left aside."""
    if _warm:
        return _warm[0]
    with _warm_lock:
        if _warm:
            return _warm[0]
        from . import kernel

        kernel.compile_all()
        arguments = (np.eye(2), np.zeros(2), np.ones(2), np.zeros(2), 0.0, 0.0, 0.0, 1, False)
        try:
            call_compiled(kernel.walk_line, *arguments)
        except Exception as error:  # unreadable or half-written cache files: do without them
            log.warning(
                "compiled code in the cache cannot be read (%s); compiling anew, which takes a few "
                "seconds each time until __pycache__/*.nbi of interscreen is deleted",
                type(error).__name__,
            )
            kernel.compile_all(cache=False)
            kernel.walk_line(*arguments)
        _warm.append(kernel)
    return _warm[0]


@contextlib.contextmanager
def plain_walks(entries: int = 10_000) -> Iterator[None]:
    """Walk in plain Python at first, which spares a short process the import of numba.

    The functions are those that are compiled otherwise, and so is the certificate; the numbers
    agree but for the last digits.

    Parameters
    ----------
    entries : int
        Of ``columns``, over all walks (about 16 us each); then the code is compiled after all.
    """
    _plain.append(entries)
    try:
        with np.errstate(all="ignore"):  # as compiled code: what is no number is found out later
            yield
    finally:
        _plain.clear()


def may_be_plain(entries: float) -> bool:
    """Whether so many entries of ``columns`` are better walked over before numba is imported."""
    if not _plain or _warm:
        return False
    _plain[-1] -= entries
    return _plain[-1] >= 0


def call_compiled(function: Any, *arguments: Any) -> Any:
    """Run compiled code; Ctrl-C inside it, or while it is loaded, stays a KeyboardInterrupt."""
    try:
        return function(*arguments)
    except Exception as error:  # "returned a result with an exception set", several times over
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            cause = cause.__cause__ or cause.__context__
        raise


def walk_line(
    columns: Floats,
    costs: Floats,
    b0: Floats,
    d: Floats,
    *,
    start: float,
    low: float,
    high: float,
    keep_start: bool = True,
) -> Walk:
    """Walk the hull along a line, certified.

    Parameters
    ----------
    columns : (m, n) float array
        Compositions of the phases; the first ``m`` columns are the identity.
    costs : (n,) float array
        Their energies [eV per unit of a column].
    b0, d : (m,) float array
        The line ``b0 + t d``.
    start, low, high : float
        Where to solve first, and the range to walk; ``high`` may be infinite.
    keep_start : bool
        Keep the starting point even where the line has no kink.

    Returns
    -------
    Walk

    Raises
    ------
    SolverError
        When mass balance or reduced costs cannot be brought within 1e-9.
    """
    if may_be_plain(columns.size):
        from . import kernel
    else:
        kernel = compiled_kernel()
    columns = np.ascontiguousarray(columns, dtype=np.float64)
    costs = np.ascontiguousarray(costs, dtype=np.float64)
    b0 = np.ascontiguousarray(b0, dtype=np.float64)
    d = np.ascontiguousarray(d, dtype=np.float64)
    problem = ""
    for careful, room in ((False, _ROOM), (True, _ROOM), (True, 32 * _ROOM)):
        (
            status, first, begin, last, ts, energies, slopes, phases, amounts,
            potentials, lowest, imbalance, pivots,
        ) = call_compiled(
            kernel.walk_line,
            columns, costs, b0, d, float(start), float(low), float(high), room, careful,
        )  # fmt: skip
        # "not <=" and not ">": a result that is not a number fails, too
        if status == kernel.OK and -lowest <= CERTIFIED and imbalance <= CERTIFIED:
            keep = slice(first, last + 1)
            if not np.isinf(high):
                slopes[last] = np.nan
            return _clean(
                ts[keep],
                energies[keep],
                slopes[keep],
                phases[keep],
                amounts[keep],
                begin - first,
                keep_start,
                potentials,
                pivots,
            )
        problem = kernel.MEANING[status]
        if status == kernel.OK:
            problem = (
                f"worst reduced cost {lowest:.1e} eV/atom, worst mass balance {imbalance:.1e}, "
                f"allowed {CERTIFIED:.0e}"
            )
    raise SolverError(
        f"an equilibrium among {columns.shape[1]} phases of {columns.shape[0]} elements could not "
        f"be certified ({problem}); please report the formulas and the source of the energies"
    )


def _clean(
    t: Floats,
    energy: Floats,
    slope: Floats,
    phases: Integers,
    amounts: Floats,
    start: int,
    keep_start: bool,
    potentials: Floats,
    pivots: int,
) -> Walk:
    """Drop the breakpoints where the slope does not change (degenerate pivots)."""
    count = len(t)
    keep = np.ones(count, dtype=bool)
    if count > 2:
        keep[1:-1] = np.diff(slope[: count - 1]) > SAME_SLOPE
    if count > 1 and np.isfinite(slope[-1]):  # a ray goes on beyond the last point
        keep[-1] = slope[-1] - slope[-2] > SAME_SLOPE
    if keep_start:
        keep[start] = True
    kept = np.flatnonzero(keep)
    return Walk(
        t=t[kept],
        energy=energy[kept],
        slope=slope[kept],
        phases=phases[kept],
        amounts=np.where(amounts[kept] > 1e-12, amounts[kept], 0.0),
        start=int(np.searchsorted(kept, start)),
        potentials=potentials,
        pivots=int(pivots),
    )


@dataclass(frozen=True)
class HullPoint:
    """Equilibrium of one composition.

    Attributes
    ----------
    energy : float
        Lowest energy [eV per unit of composition].
    phases : (m,) int array
        Columns of the optimal basis.
    amounts : (m,) float array
        Their amounts (zero where the basis is degenerate).
    potentials : (m,) float array
        Chemical potentials of the rows [eV].
    """

    energy: float
    phases: Integers
    amounts: Floats
    potentials: Floats


def lowest_energy(columns: Floats, costs: Floats, b: Floats) -> HullPoint:
    """Solve ``min costs.x  subject to  columns x = b, x >= 0``, certified.

    Parameters
    ----------
    columns : (m, n) float array
        Compositions; the first ``m`` columns are the identity.
    costs : (n,) float array
        Energies [eV per unit of a column].
    b : (m,) float array
        Composition, non-negative.

    Raises
    ------
    SolverError
        When the answer cannot be certified.
    """
    walk = walk_line(columns, costs, b, np.zeros_like(b), start=0.0, low=0.0, high=0.0)
    return HullPoint(
        energy=float(walk.energy[0]),
        phases=walk.phases[0],
        amounts=walk.amounts[0],
        potentials=walk.potentials,
    )
