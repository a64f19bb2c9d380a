"""Gases at their pressures: G(T) + kT ln p, and what named gases make among themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from math import log

import numpy as np

from ..engine.walk import lowest_energy
from ..errors import InputError
from ..phases.conditions import GASEOUS, Conditions
from ..phases.formula import element_formula, nearest, parse_formula, read_amounts
from .measured import gases

BOLTZMANN = 8.617333262e-5  # eV/K
_VAPOURS = frozenset({"Li", "Na", "K", "Zn"})  # metals: they count as metals and melts only
_NOBLE = frozenset({"He", "Ne", "Ar", "Kr", "Xe"})
_SETTLED = 1e-9  # eV
_APART = 1e-6  # of a gas from its equilibrium: ways to write the same gases must not tie [eV]
_ROUNDS = 200


@cache
def known_gases() -> Mapping[str, Mapping[str, float]]:
    """Gases that count, and the atoms of each element in a molecule."""
    elements = [element_formula(symbol) for symbol in GASEOUS]
    names = [*elements, *(name for name in gases() if name not in _VAPOURS)]
    return {name: {s: float(n) for s, n in read_amounts(name).items()} for name in names}


def gas_named(text: str) -> str:
    """Return a gas by its name, as its molecule is written.

    Raises
    ------
    InputError
        For a gas without measured energies, and for a noble one.
    """
    name = text.strip().removesuffix("(g)")
    if name in known_gases():
        return name
    if name in _NOBLE:
        raise InputError(f"gas {name}: it reacts with nothing; leave it out")
    try:
        unit = parse_formula(name)
    except InputError as error:
        raise InputError(f"gas {text.strip()}: {error}") from None
    for known in known_gases():
        if parse_formula(known).amounts == unit.amounts:
            return known
    close = nearest(name, list(known_gases()), 1)
    raise InputError(f"gas {text.strip()}: no measured energies{close} ({' '.join(known_gases())})")


def gas_energies(conditions: Conditions, elements: Iterable[str]) -> dict[str, float]:
    """Energies of the gases within some elements [eV per molecule], from the elements at 1 bar.

    A named gas has its own pressure, others that of the background.  What named gases would make
    among themselves at the background pressure lies at its equilibrium with them.
    """
    within = set(elements)
    found = {
        name: _energy(name, conditions, conditions.gases.get(name, conditions.background_bar))
        for name, atoms in known_gases().items()
        if set(atoms) <= within
    }
    most = {name: _energy(name, conditions, conditions.pressure_bar) for name in found}
    return _settled(found, most, [name for name in conditions.gases if name in found])


def _energy(name: str, conditions: Conditions, pressure: float) -> float:
    own = gases()[name].gibbs(conditions.temperature_K) if name in gases() else 0.0
    return own + BOLTZMANN * conditions.temperature_K * log(pressure)


def _settled(
    energies: dict[str, float], most: dict[str, float], named: list[str]
) -> dict[str, float]:
    """Raise gases without a name that the named ones would make, up to the pressure of all.

    Those that would make more react with each other; that is found out when they are asked.
    """
    known = known_gases()
    symbols = sorted({symbol for name in named for symbol in known[name]})
    some = [name for name in energies if set(known[name]) <= set(symbols)]
    if not named or len(some) == len(named):
        return energies
    atoms = np.array([[known[name].get(s, 0.0) for name in some] for s in symbols])
    total = atoms.sum(axis=0)
    columns = np.hstack([np.eye(len(symbols)), atoms / total])
    together = atoms[:, [some.index(name) for name in named]].sum(axis=1)
    never = 100.0  # the elements are among the gases, or condensed: that is seen with the phases
    for _ in range(_ROUNDS):
        costs = np.array([energies[name] for name in some]) / total
        point = lowest_energy(
            columns, np.concatenate([np.full(len(symbols), never), costs]), together
        )
        change = point.energy - sum(energies[name] for name in named)
        made = {
            some[phase - len(symbols)]: amount / total[phase - len(symbols)]
            for phase, amount in zip(point.phases.tolist(), point.amounts.tolist(), strict=True)
            if phase >= len(symbols) and some[phase - len(symbols)] not in named
        }
        number = sum(made.values())
        if change > -_SETTLED or number < 1e-9:
            break
        for name, amount in made.items():
            if amount > 0.0:
                energies[name] = min(energies[name] - change / number + _APART, most[name])
    return energies
