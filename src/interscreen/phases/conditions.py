"""Temperature and gases that a table of phases holds for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

GAS = "(g)"
"""What the name of a gas ends with."""

GASEOUS = ("H", "N", "O", "F", "Cl")
"""Elements that are gases: their molecules hold two atoms."""

ROOM_K = 298.15
BACKGROUND_BAR = 1e-6


@dataclass(frozen=True)
class Conditions:
    """Temperature and gases.

    Attributes
    ----------
    temperature_K : float
    gases : mapping of str to float
        Partial pressure of each named gas [bar].  Named gases are reservoirs.
    background_bar : float
        Pressure at which a gas leaves that is not named [bar].
    pressure_bar : float
        All gases together [bar]; fractions of a gas refer to it.
    references : mapping of str to float
        Energy of an atom of each gaseous element at its pressure, from that at 1 bar [eV]; the
        energies of a table at these conditions are formation energies from there.
    """

    temperature_K: float
    gases: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    background_bar: float = BACKGROUND_BAR
    pressure_bar: float = 1.0
    references: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def reference(self, fractions: Iterable[tuple[str, float]]) -> float:
        """Energy of the gaseous elements in a composition, from those at 1 bar [eV/atom]."""
        return sum(self.references.get(symbol, 0.0) * share for symbol, share in fractions)

    @property
    def closed_gas(self) -> bool:
        """Whether a gas without a name leaves only at the pressure of all gases."""
        return self.background_bar == self.pressure_bar

    @property
    def rest(self) -> str:
        """What holds at any temperature, in words."""
        named = [f"{name} {pressure:.3g} bar" for name, pressure in self.gases.items()]
        others = "other gases leave" if named else "gases leave"
        how = (
            f"{others} when they reach {self.background_bar:g} bar (closed)"
            if self.closed_gas
            else f"{others} at {self.background_bar:g} bar"
        )
        return "; ".join([*named, how])

    @property
    def text(self) -> str:
        """Conditions in words."""
        return f"{self.temperature_K:g} K; {self.rest}"

    def to_dict(self) -> dict[str, Any]:
        """Return the entries of results."""
        return {
            "temperature_K": self.temperature_K,
            "gases": dict(self.gases),
            "unnamed_gases_bar": self.background_bar,
            "closed_gas": self.closed_gas,
        }
