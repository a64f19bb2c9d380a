"""What happens at a contact over temperature and the pressure of a gas: regions and boundaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import log10
from typing import TYPE_CHECKING, Any

from ..energies.conditions import Heated, read_conditions, read_pressure, read_temperature
from ..energies.gases import gas_named
from ..errors import InputError
from ..phases.conditions import ROOM_K, Conditions
from ..phases.material import Given, resolve
from ..phases.result import Keyed, Result
from ..phases.table import PhaseTable
from .as_made import WITHIN_EV, as_made, height, said
from .beside import ReservoirError
from .reactant import ON_HULL, UnknownEnergyError
from .reaction import Reaction, react
from .regions import Point, Square
from .scan import elements_beside, with_pressure

if TYPE_CHECKING:
    import pandas as pd

_REFUSED = (ReservoirError, UnknownEnergyError)  # here, and perhaps not elsewhere


@dataclass(frozen=True)
class Region(Keyed):
    """Where the same happens.

    Attributes
    ----------
    region : int
        Its number, from 1; the largest first.
    share : float
        Of the map.
    equation, self_a_equation, self_b_equation : str or None
        What happens between the two and on each side somewhere in it; None where nothing does.
    temperature_K, pressure_bar : float
        That place, away from its boundaries.
    reason : str or None
        Why there is no answer in it.
    """

    region: int
    share: float
    equation: str | None
    self_a_equation: str | None
    self_b_equation: str | None
    temperature_K: float
    pressure_bar: float
    reason: str | None = None


@dataclass(frozen=True)
class Boundary(Keyed):
    """A piece of the line between two regions: from one point to another.

    Attributes
    ----------
    region, next_region : int
    temperature_K, pressure_bar, end_temperature_K, end_pressure_bar : float
    """

    region: int
    next_region: int
    temperature_K: float
    pressure_bar: float
    end_temperature_K: float
    end_pressure_bar: float


@dataclass(frozen=True)
class PhaseMap(Result, figure="phase_map"):
    """A contact over temperature and the pressure of a gas.

    Attributes
    ----------
    gas : str
    reactants : tuple of two str
    temperatures_K, pressures_bar : tuple of two float
        Ends of the axes.
    regions : tuple of Region
    boundaries : tuple of Boundary
    pieces : tuple of (int, tuple of points)
        Polygons of each region [K, bar], for drawing.
    """

    gas: str
    reactants: tuple[str, str]
    temperatures_K: tuple[float, float]
    pressures_bar: tuple[float, float]
    regions: tuple[Region, ...]
    boundaries: tuple[Boundary, ...]
    provenance: dict[str, Any] = field(repr=False)
    pieces: tuple[tuple[int, tuple[Point, ...]], ...] = field(repr=False)

    _keys = "gas reactants temperatures_K pressures_bar regions boundaries provenance"

    def happening(self, region: Region) -> str:
        """Say what happens in a region, in one line."""
        if region.reason:
            return f"no answer: {region.reason}"
        a, b = self.reactants
        words = [] if region.equation is None else [f"between the two: {region.equation}"]
        sides = dict.fromkeys([(a, region.self_a_equation), (b, region.self_b_equation)])
        words += [f"{name} alone: {equation}" for name, equation in sides if equation]
        return "; ".join(words) or "nothing"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per piece of a boundary."""
        import pandas as pd

        return pd.DataFrame([vars(piece) for piece in self.boundaries])

    def regions_frame(self) -> pd.DataFrame:
        """Return one row per region."""
        import pandas as pd

        return pd.DataFrame([vars(region) for region in self.regions])


_Key = tuple[frozenset[str] | None, ...]
_Said = tuple[str | None, str | None, str | None, str | None]  # three equations, or a reason


def _key(found: Reaction, level: float) -> _Key:
    """Products between the two, and of each side alone; None where nothing happens.

    A reaction between the two that is weaker than ``level`` [eV/atom] counts as none.
    """
    best, kinks = found.best, found.kinks
    best = None if found.min_mutual_energy_eV_per_atom >= -level else best

    def products(point: int) -> frozenset[str]:
        return frozenset(name for name, atoms in found.phases_at(point) if abs(atoms) > 1e-9)

    alone = [
        products(kink.point) if kink.total_energy_eV_per_atom < -ON_HULL else None
        for kink in (kinks[-1], kinks[0])
    ]
    return (None if best is None else products(best.point), alone[0], alone[1])


@dataclass
class _Contact:
    """A contact at points of the unit square: shares of temperature, and of log pressure."""

    heated: Heated
    sides: tuple[tuple[Given, float], tuple[Given, float]]  # and how much lower each counts
    level: float
    gas: str
    given: Conditions
    low: Point
    high: Point
    numbers: dict[_Key, int] = field(default_factory=dict)

    def place(self, point: Point) -> Point:
        """Return temperature [K] and pressure [bar]."""
        x, y = (a + share * (b - a) for a, b, share in zip(self.low, self.high, point, strict=True))
        return x, 10.0**y

    def reaction(self, point: Point) -> Reaction:
        """Ask for the contact at a point."""
        kelvin, bar = self.place(point)
        where = replace(self.given, temperature_K=kelvin)
        table = self.heated.at(with_pressure(where, self.gas, bar))
        one, other = (as_made(table, side, above) for side, above in self.sides)
        return react(table, one, other)

    def number(self, point: Point) -> int:
        """Return the number of what happens at a point."""
        try:
            key = _key(self.reaction(point), self.level)
        except _REFUSED:
            key = ()
        return self.numbers.setdefault(key, len(self.numbers))


def phase_map(
    table: PhaseTable,
    a: Given,
    b: Given,
    gas: str,
    temperatures: tuple[str | float, str | float] = ("25C", "1000C"),
    pressures: tuple[str | float, str | float] = ("1e-6bar", "1bar"),
    *,
    conditions: Conditions | None = None,
    level_eV_per_atom: float = WITHIN_EV,
) -> PhaseMap:
    """Find the regions of temperature and pressure of a gas in which the same happens at a contact.

    Parameters
    ----------
    a, b : str or Material
    gas : str
        Whose pressure is followed (``CO2``).
    temperatures, pressures : tuple of two
        Ends of the axes: ``25C`` or a number [K]; ``1e-6bar`` or a number [bar].
    conditions : Conditions, optional
        The other gases (``read_conditions``).
    level_eV_per_atom : float
        A reaction between the two that is weaker counts as none; 0 for all of them.

    A material that lies above the hull at 298 K by no more than errors explain counts as stable.

    Raises
    ------
    InputError, SolverError
        As for ``react``; InputError also for a range that does not rise.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.answers.phase_map import phase_map
    >>> axes = ("800K", "1300K"), ("1e-3bar", "1bar")
    >>> found = phase_map(PhaseTable.reference(), "CaO", "CaO", "CO2", *axes)
    >>> [region.self_a_equation for region in found.regions]
    ['CaO + CO2(g) -> CaCO3', None]
    """
    given = conditions or read_conditions(ROOM_K)
    name = gas_named(gas)
    kelvins = [read_temperature(value) for value in temperatures]
    bars = [read_pressure(value) for value in pressures]
    for what, asked, values in (
        ("temperatures", temperatures, kelvins),
        ("pressures", pressures, bars),
    ):
        if not values[0] < values[1]:
            raise InputError(f"{what} {asked[0]} to {asked[1]}: give a range that rises")
    if not 0.0 <= level_eV_per_atom < 1.0:
        raise InputError(f"level {level_eV_per_atom:g} eV/atom: use 0 or more, below 1")
    heated = Heated.of(table, elements_beside((a, b), [*given.gases, name]))
    low, high = ((kelvins[end], log10(bars[end])) for end in (0, 1))
    sides = ((a, height(table, a)), (b, height(table, b)))
    contact = _Contact(heated, sides, level_eV_per_atom, name, given, low, high)
    square = Square(contact.number)
    if set(contact.numbers) == {()}:
        contact.reaction((0.0, 0.0))  # says why
    return _made(contact, square)


def _made(contact: _Contact, square: Square) -> PhaseMap:
    """Return the map: regions numbered by their size, and all of it on the axes."""
    areas = square.areas()
    found: dict[_Said, tuple[float, Point]] = {}  # what happens: where, and how much of it
    which: dict[int, _Said] = {}
    origin: dict[str, Any] = {}
    for number in sorted(areas, key=lambda number: (-areas[number], number)):
        middle = square.middle(number)
        try:
            answer = contact.reaction(middle)
        except _REFUSED as error:
            said_there: _Said = (None, None, None, str(error))
        else:
            one, other = answer.self_decomposition
            between = answer.min_mutual_energy_eV_per_atom < -contact.level
            said_there = (
                answer.equation if between else None, one.equation, other.equation, None
            )  # fmt: skip
            origin = origin or _origin(answer, contact)
        size, place = found.get(said_there, (0.0, middle))
        found[said_there] = (size + areas[number], place)
        which[number] = said_there
    order = sorted(found, key=lambda key: -found[key][0])
    new = {number: order.index(key) + 1 for number, key in which.items()}
    regions = tuple(
        Region(place, found[key][0], *key[:3], *contact.place(found[key][1]), key[3])
        for place, key in enumerate(order, start=1)
    )
    low, high = (contact.place(corner) for corner in ((0.0, 0.0), (1.0, 1.0)))
    lines = [
        Boundary(new[one.left], new[one.right], *contact.place(one.start), *contact.place(one.end))
        for one in square.lines
        if {one.left, one.right} <= set(new) and new[one.left] != new[one.right]
    ]
    named = (resolve(side)[0].label for side, _ in contact.sides)
    return PhaseMap(
        contact.gas,
        (next(named), next(named)),
        (low[0], high[0]),
        (low[1], high[1]),
        regions,
        tuple(sorted(lines, key=lambda piece: tuple(vars(piece).values()))),
        origin,
        tuple(
            (new[number], tuple(map(contact.place, points)))
            for number, points in square.pieces
            if number in new
        ),
    )


def _origin(found: Reaction, contact: _Contact) -> dict[str, Any]:
    """Provenance; temperature and gas are none of the conditions, but the axes."""
    origin = dict(found.provenance)
    shown = found.table.source.conditions
    if shown is not None:
        label = f"over temperature and {contact.gas}; {contact.given.rest}"
        origin["source_label"] = str(origin["source_label"]).replace(shown.text, label)
    gases: Mapping[str, float | None] = {**contact.given.gases, contact.gas: None}
    conditions = {**contact.given.to_dict(), "temperature_K": None, "gases": dict(gases)}
    named = [(resolve(side)[0].label, above) for side, above in contact.sides]
    warnings = list(dict.fromkeys([*origin["warnings"], *said(named)]))
    return {**origin, "conditions": conditions, "warnings": warnings}
