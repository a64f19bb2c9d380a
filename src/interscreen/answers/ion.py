"""The mobile ion, its electrode, and elements at a fixed potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from ..energies.conditions import read_conditions
from ..energies.gases import BOLTZMANN
from ..errors import InputError
from ..phases.conditions import GASEOUS
from ..phases.formula import element_formula, nearest
from ..phases.table import PhaseTable

CHARGES = {"Li": 1, "Na": 1, "K": 1, "Mg": 2, "Ca": 2, "Zn": 2, "Al": 3}
LOWEST_V, HIGHEST_V = -0.5, 100.0  # against the metal; below zero it is plated


@dataclass(frozen=True)
class Ion:
    """What moves: voltages are against its metal.

    Attributes
    ----------
    symbol : str
        One of ``CHARGES``.
    """

    symbol: str = "Li"

    def __post_init__(self) -> None:
        if self.symbol not in CHARGES:
            close = nearest(self.symbol, list(CHARGES), 1)
            raise InputError(f"ion {self.symbol!r}: use one of {' '.join(CHARGES)}{close}")

    @property
    def charge(self) -> int:
        """Elementary charges."""
        return CHARGES[self.symbol]

    @property
    def couple(self) -> str:
        """Electrode that voltages are against (``Mg/Mg2+``)."""
        number = "" if self.charge == 1 else str(self.charge)
        return f"{self.symbol}/{self.symbol}{number}+"

    def checked(self, potential_V: float) -> float:
        """Return a potential against the metal that makes sense [V].

        Raises
        ------
        InputError
            For one below -0.5 V, or no number.
        """
        value = float(potential_V)
        if not LOWEST_V <= value < HIGHEST_V:
            raise InputError(
                f"potential {value} V: give a potential from 0 V ({self.symbol} metal) upwards, "
                f"against {self.couple} (down to {LOWEST_V:g} V where it is plated)"
            )
        return value


LITHIUM = Ion()


def chemical_potentials(table: PhaseTable, opened: Mapping[str, str | float]) -> dict[str, float]:
    """Read elements at a fixed potential.

    Parameters
    ----------
    table : PhaseTable
    opened : mapping
        Of a metal its potential against itself (``{"Li": "3.8V"}``), of a gas its pressure, as in
        ``Database.at`` (``{"O2": 0.21}``), for which the table needs a temperature.

    Returns
    -------
    dict of str to float
        Chemical potentials [eV/atom], from the elements of the table.

    Raises
    ------
    InputError
        For what cannot be read, and a gas without a temperature.
    """
    found: dict[str, float] = {}
    conditions = table.source.conditions
    gaseous = {element_formula(symbol): symbol for symbol in GASEOUS}
    for name, amount in opened.items():
        if name in gaseous:
            if conditions is None:
                raise InputError(f"open {name}={amount}: say at which temperature, as 700C")
            read = read_conditions(
                conditions.temperature_K, {name: amount}, pressure=conditions.pressure_bar
            )
            own = BOLTZMANN * conditions.temperature_K * log(read.gases[name]) / 2.0
            symbol = gaseous[name]
            found[symbol] = own - conditions.references.get(symbol, 0.0)
        elif name in CHARGES:
            ion, text = Ion(name), str(amount).strip()
            try:
                volts = float(text.removesuffix("V"))
            except ValueError:
                raise InputError(f"open {name}@{amount}: write its potential, as 3.8V") from None
            found[name] = -ion.charge * ion.checked(volts)
        else:
            raise InputError(
                f"open {name}: opened can be {' '.join(CHARGES)} at a potential (Li@3.8V) and "
                f"{' '.join(gaseous)} at a pressure (O2=0.21)"
            )
    return found
