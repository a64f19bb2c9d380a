"""The options for temperature and gases."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError
from .command import Decorator, gathered, option

if TYPE_CHECKING:
    from ..answers.phase_map import PhaseMap
    from ..answers.scan import Scan
    from ..database.database import Database
    from ..phases.material import Given

COLDEST, HOTTEST = ("25C", "1e-6bar"), ("1000C", "1bar")  # corners of a map


@dataclass(frozen=True)
class Gases:
    """Gases as a command line names them."""

    gas: tuple[str, ...]
    pressure: str | None

    @property
    def gases(self) -> dict[str, str]:
        """Pressure of each gas, as it is written."""
        found: dict[str, str] = {}
        for text in self.gas:
            name, sign, amount = text.partition("=")
            if not sign or not amount.strip():
                raise InputError(f"--gas {text}: write it with its pressure, as CO2=400ppm")
            if name.strip() in found:
                raise InputError(f"--gas {text}: {name.strip()} is named twice; keep one")
            found[name.strip()] = amount
        return found


@dataclass(frozen=True)
class Heat(Gases):
    """Temperature and gases as a command line names them."""

    temperature: str | None
    closed_gas: bool

    def on(self, db: Database) -> Database:
        """Return a database at these conditions; as it is where none are named."""
        if self.temperature is None:
            given = {
                "--gas": self.gas, "--pressure": self.pressure, "--closed-gas": self.closed_gas
            }  # fmt: skip
            for name, value in given.items():
                if value:
                    raise InputError(f"{name}: say at which temperature, as --temperature 700C")
            return db
        return db.at(
            self.temperature,
            self.gases,
            pressure=self.pressure or 1.0,
            closed_gas=self.closed_gas,
        )

    def scan(
        self, db: Database, a: Given, b: Given, over: str, start: str, end: str,
        *, potential_V: float | None,
    ) -> Scan:  # fmt: skip
        """Ask for a contact over temperature or a gas."""
        if over == "temperature":
            if self.temperature is not None:
                raise InputError("--temperature: it is what is followed; leave it out")
        elif self.temperature is None:
            raise InputError(f"--over {over}: say at which temperature, as --temperature 700C")
        return db.scan(
            a, b, over, start, end, gases=self.gases, temperature_K=self.temperature or "25C",
            pressure=self.pressure or 1.0, closed_gas=self.closed_gas, potential_V=potential_V,
        )  # fmt: skip

    def map(
        self, db: Database, a: Given, b: Given, over: str, start: str | None, end: str | None
    ) -> PhaseMap:
        """Ask for a contact over temperature and a gas (``temperature,CO2``)."""
        first, _, gas = (word.strip() for word in over.partition(","))
        if first != "temperature" or not gas or "," in gas:
            raise InputError(f"--over {over}: write temperature and one gas, as temperature,CO2")
        if self.temperature is not None:
            raise InputError("--temperature: it is what is followed; leave it out")
        (cold, low), (hot, high) = (
            _pair(name, text, default)
            for name, text, default in (("--from", start, COLDEST), ("--to", end, HOTTEST))
        )
        return db.phase_map(
            a, b, gas, (cold, hot), (low, high), gases=self.gases,
            pressure=self.pressure or 1.0, closed_gas=self.closed_gas,
        )  # fmt: skip


def _pair(name: str, text: str | None, default: tuple[str, str]) -> tuple[str, str]:
    """Temperature and pressure at an end of the axes of a map."""
    if text is None:
        return default
    first, comma, second = (word.strip() for word in text.partition(","))
    if not comma or not first or not second:
        raise InputError(f"{name} {text}: write temperature and pressure, as {','.join(default)}")
    return first, second


_HEAT = "Temperature and gases"
_of_heat = functools.partial(option, section=_HEAT)


def _gas(section: str) -> Decorator:
    return option(
        "--gas",
        "a gas of endless amount: O2=0.21, CO2=400ppm, H2O=20mbar (shares of --pressure)",
        section=section,
        metavar="NAME=P",
        multiple=True,
    )


heat_options = gathered(
    "heat",
    Heat,
    _of_heat("--temperature", "973K or 700C (default: no temperature)", metavar="T"),
    _gas(_HEAT),
    _of_heat("--pressure", "all gases together (default 1bar)", metavar="P"),
    _of_heat(
        "--closed-gas",
        "gases without a name leave when they reach --pressure (default: at 1 ppm of 1 bar)",
        is_flag=True,
    ),
)
gases_only = gathered(
    "heat",
    Gases,
    _gas("Gases"),
    option(
        "--pressure",
        "gases without a name leave when they reach it (default: at 1 ppm of 1 bar)",
        metavar="P",
        section="Gases",
    ),
)
