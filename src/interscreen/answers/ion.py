"""Elements at a fixed potential, and the negative electrode, as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from ..energies.conditions import read_conditions
from ..energies.gases import BOLTZMANN
from ..errors import InputError
from ..phases.conditions import GASEOUS
from ..phases.electrode import CHARGES, Ion
from ..phases.formula import element_formula
from ..phases.table import PhaseTable


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
