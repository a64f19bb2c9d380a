"""The options for temperature and gases."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError
from .command import gathered, option

if TYPE_CHECKING:
    from ..database.database import Database

_of_heat = functools.partial(option, section="Temperature and gases (docs/temperature.md)")


@dataclass(frozen=True)
class Heat:
    """Temperature and gases as a command line names them."""

    temperature: str | None
    gas: tuple[str, ...]
    pressure: str | None
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


gas_options = (
    _of_heat(
        "--gas",
        "a gas of endless amount: O2=0.21, CO2=400ppm, H2O=20mbar (shares of --pressure)",
        metavar="NAME=P",
        multiple=True,
    ),
    _of_heat("--pressure", "all gases together (default 1bar)", metavar="P"),
    _of_heat(
        "--closed-gas",
        "gases without a name leave when they reach --pressure (default: at 1 ppm of 1 bar)",
        is_flag=True,
    ),
)
heat_options = gathered(
    "heat",
    Heat,
    _of_heat("--temperature", "973K or 700C (default: no temperature)", metavar="T"),
    *gas_options,
)
