"""A walk beside reservoirs: gases that never end, and elements at a fixed potential.

An element with the chemical potential mu is one that has no row in the balance: every phase has
E - mu n in place of E.  A gas may hold several elements, which are not fixed one by one.  So each
composition gets an excess of it, far more than any equilibrium on the way takes up; what is left
fixes the potential of the gas.  Energies and amounts are returned without the excess: an amount
below zero is gas that was taken up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..engine.walk import EXCESS, LEFT, MOST_EXCESS, Walk, lowest_energy, walk_line
from ..errors import InputError
from ..phases.equation import NOISE, balance
from ..phases.formula import Amounts
from ..phases.material import compose
from ..phases.system import Floats, System

_ENDLESS = 1e-8  # energy per atom of gas by which reservoirs react with each other [eV]


class ReservoirError(InputError):
    """Reservoirs are not stable beside each other."""


Potentials = Mapping[str, float]


@dataclass(frozen=True)
class WalkBeside(Walk):
    """A walk beside reservoirs."""

    # columns of what a gas becomes where it takes up what the line brings without end
    beyond: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Balance:
    """The columns and rows that are left beside open elements, and the gases."""

    columns: Floats
    costs: Floats
    kept: np.ndarray  # their columns in the system
    rows: np.ndarray
    gases: np.ndarray  # places among the kept columns

    @classmethod
    def of(cls, system: System, potentials: Potentials) -> _Balance:
        mu = np.array([potentials.get(symbol, 0.0) for symbol in system.elements])
        rows = np.array([i for i, s in enumerate(system.elements) if s not in potentials], int)
        costs = system.energies - mu @ system.columns
        # what is open alone costs energy or nothing: never a product
        kept = np.flatnonzero(system.columns[rows].any(axis=0))
        alone = np.setdiff1d(np.arange(len(system.elements), len(costs)), kept)
        if len(alone) and costs[alone].min() < -_ENDLESS:
            made = system.name(int(alone[costs[alone].argmin()]))
            raise ReservoirError(
                f"open {' and '.join(potentials)} react with each other to {made} without end; "
                "choose potentials at which they do not"
            )
        gases = np.flatnonzero(np.isin(kept, system.reservoirs))
        return cls(system.columns[rows][:, kept], costs[kept], kept, rows, gases)


def walk_beside(
    system: System,
    start: Floats,
    direction: Floats,
    *,
    at: float,
    low: float,
    high: float,
    keep_start: bool = True,
    potentials: Potentials | None = None,
) -> WalkBeside:
    """Walk the hull along ``start + t direction`` beside the reservoirs of a system.

    Parameters
    ----------
    start, direction : (m,) float arrays over the elements of the system
    at, low, high, keep_start
        As ``start``, ``low``, ``high`` and ``keep_start`` of ``engine.walk.walk_line``.
    potentials : mapping of str to float, optional
        Chemical potentials of open elements [eV/atom].

    Returns
    -------
    WalkBeside
        With the columns of the system; energies without those of the gases and of open elements.
        Where a gas takes up what the line brings without end, the last point is where this begins.

    Raises
    ------
    ReservoirError
        When reservoirs react with each other.
    """
    open_ = _Balance.of(system, potentials or {})
    b0, d = start[open_.rows], direction[open_.rows]
    given: dict[str, float | bool] = {
        "start": at, "low": low, "high": high, "keep_start": keep_start
    }  # fmt: skip
    if not len(open_.gases):
        walk = walk_line(open_.columns, open_.costs, b0, d, **given)  # type: ignore[arg-type]
        return WalkBeside(**{**vars(walk), "phases": open_.kept[walk.phases]})
    _require_quiet(system, open_, potentials or {})
    excess, energy = EXCESS, float(open_.costs[open_.gases].sum())
    while True:
        more = excess * open_.columns[:, open_.gases].sum(axis=1)
        walk = walk_line(open_.columns, open_.costs, b0 + more, d, **given)  # type: ignore[arg-type]
        left = np.array(
            [np.where(walk.phases == gas, walk.amounts, 0.0).sum(axis=1) for gas in open_.gases]
        ).min(axis=0)
        points = np.flatnonzero(left > LEFT)
        if len(points) == len(left) or (np.isinf(high) and excess > 2 * EXCESS):
            break
        if excess > MOST_EXCESS:
            raise InputError("the gases are used up; please report the question")
        excess *= 4.0
    some = slice(int(points[0]), int(points[-1]) + 1)
    phases, amounts = walk.phases[some], walk.amounts[some].copy()
    for gas in open_.gases:
        amounts[phases == gas] -= excess
    after = some.stop if some.stop < len(left) else None
    made = () if after is None else open_.kept[walk.phases[after][walk.amounts[after] > NOISE]]
    return WalkBeside(
        t=walk.t[some],
        energy=walk.energy[some] - excess * energy,
        slope=walk.slope[some],
        phases=open_.kept[phases],
        amounts=np.where(np.abs(amounts) > 1e-11, amounts, 0.0),
        start=walk.start - some.start,
        potentials=walk.potentials,
        pivots=walk.pivots,
        beyond=tuple(int(column) for column in made),
    )


def _require_quiet(system: System, open_: _Balance, potentials: Potentials) -> None:
    """Refuse reservoirs that react with each other."""
    together = open_.columns[:, open_.gases].sum(axis=1)
    costs = open_.costs[open_.gases]
    point = lowest_energy(open_.columns, open_.costs, together)
    if point.energy > costs.sum() - _ENDLESS:
        return
    names = [system.name(int(open_.kept[gas])) for gas in open_.gases]
    made = {
        system.name(int(open_.kept[phase])): float(amount)
        for phase, amount in zip(point.phases, point.amounts, strict=True)
        if amount > NOISE
    }
    used = [(name, compose(name), 1.0 - made.pop(name, 0.0)) for name in names]
    left = [(n, unit.amounts, atoms / float(unit.n_atoms)) for n, unit, atoms in used if atoms > 0]
    equation = balance(left, list(made.items()), exchanged_with(system, potentials, left, made))
    if len(left) == len(made) == 1 and left[0][1] == compose(next(iter(made))).amounts:
        raise ReservoirError(
            f"the gas condenses at this temperature and pressure: {equation.text}; give it a lower "
            "pressure, or take a higher temperature"
        )
    with_ = f" and open {', '.join(potentials)}" if potentials else ""
    raise ReservoirError(
        f"the gases{with_} react with each other without end: {equation.text}; name what is "
        "stable beside each other at this temperature"
    )


def exchanged_with(
    system: System,
    potentials: Potentials,
    left: Sequence[tuple[str, Amounts, float]],
    made: Mapping[str, float],
) -> list[tuple[str, float]]:
    """Atoms of each open element that products hold beyond the reactants."""
    found = []
    for symbol in potentials:
        had = sum(float(dict(amounts).get(symbol, 0)) * units for _, amounts, units in left)
        has = sum(
            atoms * float(compose(name).amount(symbol) / compose(name).n_atoms)
            for name, atoms in made.items()
        )
        name = system.element_names[system.elements.index(symbol)]
        found.append((name, (has - had) / float(compose(name).n_atoms)))
    return found
