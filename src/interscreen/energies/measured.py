"""Measured energies of formation: enthalpies at 298 K and Gibbs energies against temperature.

data/measured.csv holds the figures with their sources (scripts/build_measured.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from ..errors import InputError
from ..files import data_rows
from ..phases.formula import read_amounts
from ..phases.system import Floats

ROOM_K = 298.15
KJ_PER_EV = 96.48533212  # kJ/mol
_BEYOND_K = 300.0  # how far a table is followed beyond its end
_SOLID_HEAT = 25.0e-3 / KJ_PER_EV  # heat capacity of an atom in a solid [eV/K]
SOLID, GAS, MOLECULE = "s", "g", "molecule"


@dataclass(frozen=True)
class Measured:
    """One compound: energies in eV per formula unit, from the elements at the same temperature.

    Attributes
    ----------
    formula : str
        Reduced formula; of a gas that of its molecule.
    phase : str
        ``s`` (stable condensed state), ``g``, or ``molecule``: a gas without its entropy, for
        solids that hold it.
    source : str
        NIST-JANAF, FREED (U.S. Bureau of Mines), ``enthalpy`` (with an entropy summed over the
        elements), or ``by hand``.
    enthalpy_eV, uncertainty_eV : float or None
        Of formation at 298.15 K, and its stated uncertainty.
    temperatures_K, gibbs_eV : (t,) float arrays
        Gibbs energies of formation at 1 bar, and where they are known.
    """

    formula: str
    phase: str
    source: str
    enthalpy_eV: float | None
    uncertainty_eV: float | None
    temperatures_K: Floats
    gibbs_eV: Floats

    def gibbs(self, temperature_K: float) -> float:
        """Gibbs energy of formation [eV per formula unit]; NaN outside the range of the table.

        Up to 300 K beyond its end the compound keeps its phase, with a heat capacity of
        25 J/(K mol) of its atoms.  Below 298 K the line goes straight on.
        """
        known, values = self.temperatures_K, self.gibbs_eV
        if not len(known) or not known[0] - 50.0 <= temperature_K <= self.highest_K + 1e-9:
            return float("nan")
        if temperature_K < known[0] and len(known) > 1:
            slope = (values[1] - values[0]) / (known[1] - known[0])
            return float(values[0] + slope * (temperature_K - known[0]))
        if temperature_K <= known[-1]:
            return float(np.interp(temperature_K, known, values))
        last, before = float(known[-1]), float(known[-2])
        own = [
            value + self._elements(t) for t, value in zip((before, last), values[-2:], strict=True)
        ]
        heat = self.atoms * _SOLID_HEAT
        half = (before + last) / 2.0
        entropy = (own[0] - own[1]) / (last - before) + heat * np.log(last / half)
        gone = temperature_K - last
        bent = heat * (temperature_K * np.log(temperature_K / last) - gone)
        return float(own[1] - entropy * gone - bent - self._elements(temperature_K))

    def _elements(self, temperature_K: float) -> float:
        """G(T) - H(298 K) of the elements in a formula unit [eV]."""
        amounts = self._amounts.items()
        return sum(n * element_gibbs(symbol, temperature_K) for symbol, n in amounts)

    @cached_property
    def _amounts(self) -> dict[str, float]:
        return {symbol: float(n) for symbol, n in read_amounts(self.formula).items()}

    @property
    def highest_K(self) -> float:
        """Highest temperature at which an energy is given [K]; zero without any."""
        known = self.temperatures_K
        beyond = _BEYOND_K if len(known) > 1 else 0.0
        return min(float(known[-1]) + beyond, 2000.0) if len(known) else 0.0

    @property
    def atoms(self) -> float:
        """Atoms per formula unit, of a gas per molecule."""
        return sum(self._amounts.values())


@cache
def _every() -> tuple[Measured, ...]:
    rows = []
    for row in data_rows("measured.csv"):
        points = [(float(k), float(v)) for k, v in row.items() if k[0].isdigit() and v]
        rows.append(
            Measured(
                row["formula"],
                row["phase"],
                row["source"],
                float(row["enthalpy"]) / KJ_PER_EV if row["enthalpy"] else None,
                float(row["uncertainty"]) / KJ_PER_EV if row["uncertainty"] else None,
                np.array([t for t, _ in points]),
                np.array([g for _, g in points]) / KJ_PER_EV,
            )
        )
    return tuple(rows)


@cache
def measured() -> Mapping[str, Measured]:
    """Measured compounds in their stable condensed state, by reduced formula."""
    return {one.formula: one for one in _every() if one.phase == SOLID}


@cache
def molecules() -> Mapping[str, Measured]:
    """Molecules as parts of solids, by reduced formula."""
    return {one.formula: one for one in _every() if one.phase == MOLECULE}


@cache
def gases() -> Mapping[str, Measured]:
    """Gases by the formula of their molecule."""
    return {one.formula: one for one in _every() if one.phase == GAS}


@cache
def _elements() -> tuple[Floats, Mapping[str, Floats]]:
    """Temperatures, and G(T) - H(298 K) of the elements [eV/atom]: pymatgen's g_els.json."""
    path = files("pymatgen.core") / "data" / "g_els.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    temperatures = sorted(table, key=float)
    symbols = set.intersection(*(set(table[t]) for t in temperatures))
    curves = {s: np.array([table[t][s] for t in temperatures]) for s in sorted(symbols)}
    return np.array([float(t) for t in temperatures]), curves


def element_gibbs(symbol: str, temperature_K: float) -> float:
    """G(T) of an element less its enthalpy at 298 K [eV/atom]; straight on below 300 K.

    Raises
    ------
    InputError
        For an element without figures, or a temperature outside 250 to 2000 K.
    """
    known, curves = _elements()
    if symbol not in curves:
        raise InputError(f"{symbol}: its energy against temperature is not known")
    if not 250.0 <= temperature_K <= known[-1]:
        raise InputError(f"temperature {temperature_K:g} K: use 250 to {known[-1]:g} K")
    curve = curves[symbol]
    if temperature_K < known[0]:
        slope = (curve[1] - curve[0]) / (known[1] - known[0])
        return float(curve[0] + (temperature_K - known[0]) * slope)
    return float(np.interp(temperature_K, known, curve))
