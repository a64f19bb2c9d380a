"""A table at a temperature, with gases at their pressures (docs/temperature.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from ..engine.batch import PointBatch
from ..errors import InputError
from ..phases.conditions import BACKGROUND_BAR, GAS, GASEOUS, Conditions
from ..phases.formula import Formula, element_formula, parse_formula
from ..phases.source import ANCHORED
from ..phases.system import Floats
from ..phases.table import ABOVE_HULL, PhaseTable
from .anchors import Anchoring, combined
from .gases import gas_energies, gas_named, known_gases
from .given import read_given, with_given, with_rows
from .measured import measured
from .scale import COUNTED_BEFORE, NAME_BEFORE, TABULATED_ENERGY, as_tabulated, molecular

LOWEST_K, HIGHEST_K = 250.0, 2000.0
_ZERO_C = 273.15
_DIGITS = 9
_REMEMBERED = 4_000_000  # energies
_CLOSE_K = 1.0  # a measured energy holds at temperatures this near to its own
_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z%°]*)\s*"
_BAR = {
    "bar": 1.0, "mbar": 1e-3, "atm": 1.01325, "pa": 1e-5, "hpa": 1e-3, "kpa": 1e-2, "mpa": 10.0,
    "torr": 1.01325 / 760, "mmhg": 1.01325 / 760,
}  # fmt: skip
_SHARES = {"": 1.0, "%": 0.01, "ppm": 1e-6, "ppb": 1e-9}


def read_temperature(text: str | float) -> float:
    """Read a temperature in K: ``973K``, ``700C``, or a number of kelvins.

    Raises
    ------
    InputError
        For a text without a unit, and outside 250 to 2000 K.
    """
    if isinstance(text, str):
        found = re.fullmatch(_NUMBER, text)
        unit = found[2].strip("°").upper() if found else ""
        if found is None or unit not in ("K", "C"):
            raise InputError(f"temperature {text!r}: write it with its unit, as 973K or 700C")
        value = float(found[1]) + (_ZERO_C if unit == "C" else 0.0)
    else:
        value = float(text)
    if not LOWEST_K <= value <= HIGHEST_K:
        raise InputError(
            f"temperature {text if isinstance(text, str) else f'{value:g} K'}: use "
            f"{LOWEST_K:g} to {HIGHEST_K:g} K ({LOWEST_K - _ZERO_C:.0f} to "
            f"{HIGHEST_K - _ZERO_C:.0f} C)"
        )
    return round(value, 6)


def read_pressure(text: str | float) -> float:
    """Read a pressure in bar: ``1bar``, ``20mbar``, ``101325Pa``, or a number of bars.

    Raises
    ------
    InputError
        For a text without a unit of pressure, and for zero or less.
    """
    value = float("nan")
    if isinstance(text, str):
        found = re.fullmatch(_NUMBER, text)
        if found is None or found[2].lower() not in _BAR:
            raise InputError(f"pressure {text!r}: write it with its unit, as 1bar or 20mbar")
        value = float(found[1]) * _BAR[found[2].lower()]
    else:
        value = float(text)
    if not 0.0 < value < 1e5:
        raise InputError(f"pressure {text!r}: give one above zero, below 1e5 bar")
    return value


def read_conditions(
    temperature: str | float,
    gases: Mapping[str, str | float] | None = None,
    *,
    pressure: str | float = 1.0,
    closed_gas: bool = False,
    background_bar: float = BACKGROUND_BAR,
) -> Conditions:
    """Read conditions as people write them.

    Parameters
    ----------
    temperature : str or float
        ``"973K"``, ``"700C"``, or a number [K].
    gases : mapping, optional
        Pressure of each named gas: a share of all gases (``0.21``, ``"400ppm"``, ``"21%"``), or
        with a unit of pressure (``"20mbar"``).
    pressure : str or float
        All gases together, ``"1bar"`` or a number [bar].
    closed_gas : bool
        Gases without a name leave only when they reach that pressure.
    background_bar : float
        Pressure at which they leave otherwise [bar].

    Raises
    ------
    InputError
        For anything that cannot be read, an unknown gas, shares above 1, a pressure of zero or
        less, and a temperature outside 250 to 2000 K.

    Examples
    --------
    >>> from interscreen.energies.conditions import read_conditions
    >>> read_conditions("700C", {"CO2": "400ppm"}).text
    '973.15 K; CO2 0.0004 bar; other gases leave at 1e-06 bar'
    """
    whole = read_pressure(pressure)
    found: dict[str, float] = {}
    shares = 0.0
    for text, amount in (gases or {}).items():
        name = gas_named(text)
        if name in found:
            raise InputError(f"gas {text}: named twice; keep one")
        share = _share(text, amount)
        shares += share or 0.0
        found[name] = share * whole if share is not None else read_pressure(amount)
    if shares > 1.0 + 1e-9:
        raise InputError(
            f"gases: their shares add up to {shares:g}; they cannot exceed 1 (write a pressure "
            "with its unit, as CO2=1bar, for one that is no share)"
        )
    return Conditions(
        read_temperature(temperature),
        MappingProxyType(found),
        whole if closed_gas else read_pressure(background_bar),
        whole,
    )


def _share(name: str, amount: str | float) -> float | None:
    """Share of all gases; None for a pressure of its own."""
    if isinstance(amount, str):
        found = re.fullmatch(_NUMBER, amount)
        if found is None:
            raise InputError(f"gas {name}={amount}: write 0.21, 400ppm, 21% or 20mbar")
        if found[2].lower() not in _SHARES:
            if found[2].lower() not in _BAR:
                raise InputError(
                    f"gas {name}={amount}: unit {found[2]!r} is unknown; write 0.21, 400ppm, 21% "
                    "or 20mbar"
                )
            return None
        value = float(found[1]) * _SHARES[found[2].lower()]
    else:
        value = float(amount)
    if not 0.0 < value < float("inf"):
        raise InputError(f"gas {name}={amount}: give a pressure above zero")
    return value


@dataclass(frozen=True, eq=False)
class Heated:
    """Some phases of a table at any temperature; how they are divided into anchors stays.

    Attributes
    ----------
    table : PhaseTable
        With energies as tabulated; what each anchor is wrong by is found in all of it.
    rows : (n,) int array
        The phases.
    """

    table: PhaseTable
    rows: np.ndarray

    @classmethod
    def of(cls, table: PhaseTable, elements: frozenset[str] | None = None) -> Heated:
        """All phases of a table, or those within some elements."""
        base: PhaseTable = table.remember(as_tabulated, lambda: as_tabulated(table), stays=True)

        def make() -> Heated:
            every = np.arange(len(base))
            return cls(base, every if elements is None else base.rows_within(elements))

        found: Heated = base.remember((cls, elements), make)
        return found

    @cached_property
    def part(self) -> PhaseTable:
        """The phases with energies as tabulated; molecular solids of 0 K are not counted."""
        some = self.table if len(self.rows) == len(self.table) else self.table.only(self.rows)
        quiet = molecular(some)
        above = some.properties.get(ABOVE_HULL, np.zeros(len(some), dtype=bool))
        properties = {
            **some.properties,
            TABULATED_ENERGY: np.array(some.energies),
            ABOVE_HULL: quiet | above,
            NAME_BEFORE: some.formulas,
            COUNTED_BEFORE: some.counted,
        }
        return replace(some, counted=some.counted & ~quiet, properties=properties)

    @cached_property
    def _compounds(self) -> np.ndarray:
        return np.flatnonzero(np.diff(self.part.indptr) > 1)

    @cached_property
    def _anchoring(self) -> Anchoring:
        found: Anchoring = self.table.remember(
            Anchoring, lambda: Anchoring(self.table, own_salts=True), stays=True
        )
        return found

    @cached_property
    def _divided(self) -> PointBatch:
        return self._anchoring.divide_rows(self.rows[self._compounds])

    def _shifts(self, temperature_K: float) -> Floats:
        """Return what anchoring adds to the compounds [eV/atom]; the same for any gases."""
        if temperature_K not in self._known:
            if len(self._known) * len(self._compounds) > _REMEMBERED:
                self._known.clear()
            columns = self._anchoring.column_shifts(temperature_K)
            self._known[temperature_K] = combined(self._divided, columns)
        return self._known[temperature_K]

    @cached_property
    def _known(self) -> dict[float, Floats]:
        return {}

    @cached_property
    def _gaseous(self) -> Floats:
        """Atom fractions of the elements that are gases, (5, compounds)."""
        known = [symbol for symbol in GASEOUS if symbol in self.part.elements]
        return self.part.fractions(known, self._compounds)

    def at(self, conditions: Conditions) -> PhaseTable:
        """Return the phases at a temperature, and the gases at their pressures among them.

        The elements are zero as they are there: O2, N2, H2, F2, Cl2 at their pressure or at that
        of the background.  A phase whose anchors were not measured up to the temperature has no
        energy and is not counted.

        Raises
        ------
        InputError
            For a gas with an element that the table lacks.
        """
        part = self.part
        for name in conditions.gases:
            for symbol in known_gases()[name]:
                part.position(symbol)
        energies = np.array(part.energies)
        energies[self._compounds] += self._shifts(conditions.temperature_K)
        gas = gas_energies(conditions, part.elements)
        references = {s: gas.pop(element_formula(s)) / 2.0 for s in GASEOUS if s in part.elements}
        energies[self._compounds] -= np.array(list(references.values())) @ self._gaseous
        counted = part.counted & ~np.isnan(energies)
        formulas = part.formulas.astype(object)
        added = []
        for name, whole in gas.items():
            atoms = known_gases()[name]
            own = whole - sum(references.get(s, 0.0) * n for s, n in atoms.items())
            energy = own / sum(atoms.values())
            row = part.find(name) if len(atoms) > 1 else None
            if row is not None and str(part.formulas[row]) not in measured():
                formulas[row], energies[row] = f"{name}{GAS}", energy
                counted[row] = self.table.counted[self.rows[row]]
            else:
                added.append((f"{name}{GAS}", atoms, energy))
        conditions = replace(conditions, references=MappingProxyType(references))
        source = replace(part.source, scale=ANCHORED, conditions=conditions, given=())
        found = replace(
            part,
            formulas=formulas.astype(str),
            energies=energies.round(_DIGITS),
            counted=counted,
            source=source,
        )
        return with_rows(found, added)


def at_conditions(
    table: PhaseTable,
    conditions: Conditions,
    elements: frozenset[str] | None = None,
    *,
    near: bool = False,
) -> PhaseTable:
    """Return a table at a temperature, with gases at their pressures; see ``Heated.at``.

    Energies of the user's own stay, where they were measured at that temperature; with ``near``
    others are left out.  ``elements`` are those of the phases that are wanted, all by default.

    Raises
    ------
    InputError
        For a gas with an element that the table lacks, or an energy of the user's own that holds
        at another temperature.
    """
    found = Heated.of(table, elements).at(conditions)
    given = []
    for text in table.source.given:
        stated = read_given(text).temperature_K or 298.15
        if abs(stated - conditions.temperature_K) <= _CLOSE_K:
            given.append(text)
        elif not near:
            raise InputError(
                f"set {text!r}: holds at {stated:g} K, and {conditions.temperature_K:g} K are "
                f"asked; give it with @{conditions.temperature_K:g}K, or leave it out"
            )
    return with_given(found, given)


def unknown_parts(table: PhaseTable, unit: Formula | str, temperature_K: float) -> list[str]:
    """Say which measured energies of the parts of a phase end below a temperature, and where."""
    text = unit if isinstance(unit, str) else unit.reduced
    anchoring = Anchoring(as_tabulated(table))
    names = []
    for part in anchoring.parts(text):
        for name in part.split(" in "):
            figures = measured().get(name)
            if figures is not None and np.isnan(figures.gibbs(temperature_K)):
                names.append(f"{name} ends at {figures.highest_K:g} K")
    return names


def reads_as_gas(formula: Formula | str, table: PhaseTable) -> str:
    """Name of the gas that a formula is at the conditions of a table; empty for none."""
    unit = parse_formula(formula) if isinstance(formula, str) else formula
    if table.source.conditions is None:
        return ""
    if len(unit.elements) == 1:
        return element_formula(unit.elements[0]) if unit.elements[0] in GASEOUS else ""
    row = table.find(unit)
    name = "" if row is None else str(table.formulas[row])
    return name.removesuffix(GAS) if name.endswith(GAS) else ""
