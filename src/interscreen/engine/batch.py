"""Many walks at once, certified one by one; what a screen of a whole source is made of."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from .walk import Floats, Integers, call_compiled, compiled_kernel

SIZE = 64  # breakpoints in each direction; the lines of real phase diagrams have < 60
START = 0.4472135954999579  # 1/sqrt(5): no kink lies at an irrational mixing fraction

log = logging.getLogger(__name__)

_warm: list[Any] = []
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Many compositions with one other; see ``batch_kernel.pairs``.

    Attributes
    ----------
    solved : (k,) bool array
        Whether the answer is certified; the other numbers mean nothing where it is not.
    mutual, mixing, hull : (k,) float arrays
        Minimum of the mutual energy [eV/atom], mixing fraction there, hull energy [eV/atom].
    phases : (k, m) int array, amounts : (k, m) float array
    """

    solved: Any
    mutual: Floats
    mixing: Floats
    hull: Floats
    phases: Integers
    amounts: Floats


@dataclass(frozen=True, eq=False)
class LithiumBatch:
    """Windows and conversions of many compositions; see ``batch_kernel.lithium_lines``.

    Attributes
    ----------
    solved : (k,) bool array
    hull, reduction, oxidation, uptake, final : (k,) float arrays
        Hull energy [eV/atom], limits of the window [V] (``oxidation`` is not a number where there
        is no Li to give off), Li taken up per atom down to 0 V, hull energy there [eV/atom].
    phases : (k, m) int array, amounts : (k, m) float array
    """

    solved: Any
    hull: Floats
    reduction: Floats
    oxidation: Floats
    uptake: Floats
    final: Floats
    phases: Integers
    amounts: Floats


def mutual_minima(columns: Floats, costs: Floats, firsts: Floats, second: Floats) -> PairBatch:
    """Minimise the mutual energy of each row of ``firsts`` with ``second``.

    Parameters
    ----------
    columns : (m, n) float array
        Compositions of the phases; the first ``m`` columns are the identity.
    costs : (n,) or (k, n) float array
        Their energies [eV/atom]; a row for each of ``firsts`` where they differ.
    firsts : (k, m) float array
    second : (m,) float array
    """
    status, *values = _run("pairs", columns, costs, firsts, second, START, SIZE)
    return PairBatch(status == 0, *values)


def lithium_lines(columns: Floats, costs: Floats, compositions: Floats, row: int) -> LithiumBatch:
    """Walk the Li content of each row of ``compositions``; ``row`` is that of Li.

    Energies as for ``mutual_minima``.
    """
    status, *values = _run("lithium_lines", columns, costs, compositions, row, SIZE)
    return LithiumBatch(status == 0, *values)


def _run(name: str, columns: Floats, costs: Floats, *arguments: Any) -> Any:
    given = [
        np.ascontiguousarray(value, dtype=np.float64) if isinstance(value, np.ndarray) else value
        for value in (columns, costs, *arguments)
    ]
    given[1] = np.atleast_2d(given[1])
    if given[1].shape[0] not in (1, given[2].shape[0]):
        raise ValueError(f"{given[1].shape[0]} rows of energies for {given[2].shape[0]} questions")
    return call_compiled(getattr(_kernel(), name), *given)


def _kernel() -> Any:
    """Return the compiled loops, warmed once per process; a damaged cache is left aside."""
    if _warm:
        return _warm[0]
    with _lock:
        if _warm:
            return _warm[0]
        kernel = compiled_kernel()
        from . import batch_kernel

        one, two = np.eye(2), np.zeros((1, 2))
        try:
            call_compiled(batch_kernel.pairs, one, two, one[:1], one[1], START, 2)
            call_compiled(batch_kernel.lithium_lines, one, two, one[:1], 1, 2)
        except Exception as error:  # unreadable or half-written cache files: do without them
            log.warning("compiled loops are compiled anew (%s)", type(error).__name__)
            kernel.compile_all(cache=False)
        _warm.append(batch_kernel)
    return _warm[0]
