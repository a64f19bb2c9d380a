"""Certified walks along a line of compositions (the checks around the compiled kernel)."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
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

_warm_lock = threading.RLock()
_warm: list[Any] = []
_plain: list[float] = []  # entries of columns that may still be walked over in plain Python

_NO_GUESS = np.empty(0, dtype=np.int64)
EXCESS, MOST_EXCESS = 36.0, 40_000.0  # of each reservoir, per unit of a composition
LEFT = 1.0  # of each reservoir that must be left
SHORT = 10  # status of a walk that used one up


@dataclass(frozen=True)
class Walk:
    """The lowest energy along ``b(t) = b0 + t d``: convex and piecewise linear."""

    t: Floats  # (k,) points in ascending order: the ends, the start, and every kink
    energy: Floats  # (k,) [eV]
    slope: Floats  # (k,) to the next point; the last one is that of a ray, or not a number
    phases: Integers  # (k, m) basis columns
    amounts: Floats  # (k, m) of these; entries at noise level are exactly zero
    start: int  # index of the point the walk started from
    potentials: Floats  # (m,) duals (chemical potentials) at the start [eV]
    pivots: int


def warmed(held: list[Any], load: Callable[[], Any], probe: Callable[[Any], Any], say: str) -> Any:
    """Return a compiled module, tried once per process; a damaged cache is left aside."""
    with _warm_lock:
        if not held:
            from . import kernel

            module = load()
            try:
                call_compiled(probe, module)
            except Exception as error:  # unreadable or half-written cache files: do without them
                log.warning(say, type(error).__name__)
                kernel.compile_all(cache=False)
                probe(module)
            held.append(module)
    return held[0]


def compiled_kernel() -> Any:
    """Return the compiled kernel."""
    if _warm:
        return _warm[0]
    from . import kernel

    def load() -> Any:
        kernel.compile_all()
        return kernel

    return warmed(
        _warm,
        load,
        lambda module: module.walk_line(
            np.eye(2), np.zeros(2), np.ones(2), np.zeros(2), 0.0, 0.0, 0.0, 1, False, _NO_GUESS
        ),
        "compiled code in the cache cannot be read (%s); compiling anew, which takes a few "
        "seconds each time until __pycache__/*.nbi of interscreen is deleted",
    )


@contextlib.contextmanager
def plain_walks(entries: int = 10_000) -> Iterator[None]:
    """Walk in plain Python at first, which spares a short process the import of numba.

    The functions are those that are compiled otherwise, and so is the certificate; the numbers
    agree but for the last digits.  After so many ``entries`` of ``columns`` in all walks (about
    16 us each) the code is compiled after all.
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
    """Walk the hull along the line ``b0 + t d``, certified.

    Parameters
    ----------
    columns : (m, n) float array
        Compositions of the phases; the first ``m`` columns are the identity.
    costs : (n,) float array
        Their energies [eV per unit of a column].
    b0, d : (m,) float array
    start, low, high : float
        Where to solve first, and the range to walk; ``high`` may be infinite.
    keep_start : bool
        Keep the starting point even where the line has no kink.

    Raises
    ------
    SolverError
        When mass balance or reduced costs cannot be brought within 1e-9.
    """
    if may_be_plain(columns.size):
        from . import kernel
    else:
        kernel = compiled_kernel()
    arrays = [np.ascontiguousarray(array, dtype=np.float64) for array in (columns, costs, b0, d)]
    range_ = (float(start), float(low), float(high))
    problem = ""
    for careful, room in ((False, _ROOM), (True, _ROOM), (True, 32 * _ROOM)):
        status, first, begin, last, *points, potentials, lowest, imbalance, pivots = call_compiled(
            kernel.walk_line, *arrays, *range_, room, careful, _NO_GUESS
        )
        # "not <=" and not ">": a result that is not a number fails, too
        if status == kernel.OK and -lowest <= CERTIFIED and imbalance <= CERTIFIED:
            t, energy, slope, phases, amounts = (values[first : last + 1] for values in points)
            if not np.isinf(high):
                slope[-1] = np.nan
            kept = _kinks(slope, begin - first if keep_start else None)
            return Walk(
                t=t[kept],
                energy=energy[kept],
                slope=slope[kept],
                phases=phases[kept],
                amounts=np.where(amounts[kept] > 1e-12, amounts[kept], 0.0),
                start=int(np.searchsorted(kept, begin - first)),
                potentials=potentials,
                pivots=int(pivots),
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


def _kinks(slope: Floats, start: int | None) -> Integers:
    """Points but those where the slope does not change (degenerate pivots)."""
    count = len(slope)
    keep = np.ones(count, dtype=bool)
    if count > 2:
        keep[1:-1] = np.diff(slope[: count - 1]) > SAME_SLOPE
    if count > 1 and np.isfinite(slope[-1]):  # a ray goes on beyond the last point
        keep[-1] = slope[-1] - slope[-2] > SAME_SLOPE
    if start is not None:
        keep[start] = True
    return np.flatnonzero(keep)


@dataclass(frozen=True)
class HullPoint:
    """Equilibrium of one composition."""

    energy: float  # [eV per unit of composition]
    phases: Integers  # (m,) columns of the optimal basis
    amounts: Floats  # (m,) of these; zero where the basis is degenerate
    potentials: Floats  # (m,) chemical potentials of the rows [eV]


def lowest_energy(columns: Floats, costs: Floats, b: Floats) -> HullPoint:
    """Solve ``min costs.x  subject to  columns x = b, x >= 0``; see ``walk_line``."""
    walk = walk_line(columns, costs, b, np.zeros_like(b), start=0.0, low=0.0, high=0.0)
    return HullPoint(float(walk.energy[0]), walk.phases[0], walk.amounts[0], walk.potentials)
