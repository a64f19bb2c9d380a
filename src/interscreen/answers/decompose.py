"""The temperature at which something starts to give off gas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..energies.conditions import HIGHEST_K, LOWEST_K, Heated, read_conditions
from ..phases.conditions import GAS, Conditions
from ..phases.equation import NOISE, Equation, balance
from ..phases.material import Given, compose, resolve
from ..phases.result import Result
from ..phases.system import System
from ..phases.table import PhaseTable
from .beside import ReservoirError, WalkBeside, walk_beside
from .provenance import provenance
from .reactant import Reactant, UnknownEnergyError, prepare

_STEP_K = 25.0
_EXACT_K = 0.05


@dataclass(frozen=True)
class Decomposition(Result):
    """What a material gives off when it is heated.

    Attributes
    ----------
    material : str
    onset_temperature_K : float or None
        Lowest temperature at which its equilibrium gives off gas [K]; None where it never does up
        to ``known_to_K``.  250 K: it does at any temperature that is known.
    known_to_K : float
        Up to where the energies of what is there are known [K].
    equation : str or None
        What happens there.
    products : dict of str to float
        Products and their amounts in the equation; gases end in ``(g)``.
    """

    material: str
    onset_temperature_K: float | None
    known_to_K: float
    equation: str | None
    products: dict[str, float]
    provenance: dict[str, Any]


@dataclass(frozen=True)
class _Heating:
    """The equilibrium of a material at one temperature."""

    table: PhaseTable
    system: System
    reactant: Reactant
    walk: WalkBeside

    @classmethod
    def of(cls, table: PhaseTable, material: Given) -> _Heating:
        system, (reactant,) = prepare(table, [material])
        none = np.zeros(len(system.elements))
        walk = walk_beside(system, reactant.fractions, none, at=0.0, low=0.0, high=0.0)
        return cls(table, system, reactant, walk)

    @property
    def phases(self) -> dict[str, float]:
        """Atoms in each phase per atom of the material; below zero for gas that is taken up."""
        pairs = zip(self.walk.phases[0].tolist(), self.walk.amounts[0].tolist(), strict=True)
        return {self.system.name(column): n for column, n in pairs if abs(n) > NOISE}

    @property
    def gives_off(self) -> bool:
        """Whether it gives off gas."""
        return any(name.endswith(GAS) and n > NOISE for name, n in self.phases.items())

    @property
    def equation(self) -> Equation:
        """What happens, balanced."""
        unit = self.reactant.composition
        reactants = [(unit.text, unit.amounts, 1.0 / float(unit.n_atoms))]
        return balance(reactants, list(self.phases.items()))

    def lost(self, names: Mapping[str, float]) -> bool:
        """Whether a phase that was there before has no energy here."""
        return any(name in names for name in self.system.unknown)


def heating_conditions(
    gases: Mapping[str, str | float] | None = None,
    pressure: str | float | None = None,
    *,
    closed_gas: bool = False,
) -> Conditions:
    """Gases while something is heated, at room temperature for now; see ``read_conditions``.

    With a pressure, a gas without a name leaves when it reaches that pressure.
    """
    return read_conditions(
        298.15,
        gases,
        pressure=1.0 if pressure is None else pressure,
        closed_gas=closed_gas or pressure is not None,
    )


def decompose(table: PhaseTable, m: Given, conditions: Conditions) -> Decomposition:
    """Heat a material until its equilibrium gives off gas.

    Parameters
    ----------
    table : PhaseTable
    m : str or Material
        A formula, a mixture or the name of an electrolyte.
    conditions : Conditions
        The gases (``heating_conditions``); the temperature is what is looked for, from 250 to
        2000 K, to 0.1 K.

    Raises
    ------
    InputError
        As for ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.answers.decompose import decompose, heating_conditions
    >>> found = decompose(PhaseTable.reference(), "CaCO3", heating_conditions(pressure="1bar"))
    >>> found.equation
    'CaCO3 -> CO2(g) + CaO'
    """
    symbols = set(resolve(m)[1].elements)
    symbols.update(s for gas in conditions.gases for s in compose(gas).elements)
    heated = Heated.of(table, frozenset(symbols))

    def at(kelvin: float) -> _Heating:
        return _Heating.of(heated.at(replace(conditions, temperature_K=kelvin)), m)

    known = onset = LOWEST_K
    while True:  # a gas may condense when it is cold
        try:
            low = here = at(known)
            break
        except ReservoirError:
            known = onset = known + _STEP_K
            if known > HIGHEST_K:
                raise
    while not here.gives_off and known < HIGHEST_K:
        onset = min(known + _STEP_K, HIGHEST_K)
        try:
            here = at(onset)
        except UnknownEnergyError:
            break
        if here.lost(low.phases):
            here = low
            break
        if not here.gives_off:
            low, known = here, onset
    unit = here.reactant.composition.text
    if not here.gives_off:
        return Decomposition(unit, None, known, None, {}, _origin(here, conditions))
    while onset - known > _EXACT_K:
        middle = (known + onset) / 2.0
        tried = at(middle)
        if tried.gives_off:
            onset, here = middle, tried
        else:
            known = middle
    return Decomposition(
        material=unit,
        onset_temperature_K=round(onset, 1),
        known_to_K=HIGHEST_K,
        equation=here.equation.text,
        products=dict(here.equation.products),
        provenance=_origin(here, conditions),
    )


def _origin(found: _Heating, conditions: Conditions) -> dict[str, Any]:
    """Provenance; the temperature is none of the conditions, but the answer."""
    origin = provenance(found.table.source, found.system, [])
    asked = {**conditions.to_dict(), "temperature_K": None}
    return {**origin, "conditions": asked}
