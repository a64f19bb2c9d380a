"""A contact over temperature, or over the pressure of a gas: where the answer changes.

Between two changes the same reactions happen; a change is found by halving the range in which it
lies, so it does not depend on a grid.  Ranges are looked at where the measured tables have their
points (temperature) or ten times a decade (pressure).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import log10
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..energies.conditions import Heated, read_conditions, read_pressure, read_temperature
from ..energies.gases import gas_named
from ..errors import InputError
from ..phases.conditions import ROOM_K, Conditions
from ..phases.material import Given, compose, resolve
from ..phases.result import Keyed, Result
from ..phases.table import PhaseTable
from .reaction import Reaction, react

if TYPE_CHECKING:
    import pandas as pd

TEMPERATURE = "temperature"
_POINTS_K = (ROOM_K, *(float(kelvin) for kelvin in range(300, 2001, 100)))
_EXACT_K = 0.05
_EXACT_DECADES = 1e-4


@dataclass(frozen=True)
class ScanPoint(Keyed):
    """The contact at one temperature or pressure.

    Attributes
    ----------
    at : float
        Temperature [K] or pressure [bar].
    mutual_eV_per_atom, self_a_eV_per_atom, self_b_eV_per_atom : float
        Mutual reaction energy at its minimum, and of each side alone [eV/atom].
    mixing_fraction : float or None
        Atom fraction of the first material at the minimum.
    equation, self_a_equation, self_b_equation : str or None
        What happens; None where nothing does.
    changes : bool
        Whether what happens changes here: the point below is on the other side of it.
    """

    at: float
    mutual_eV_per_atom: float
    self_a_eV_per_atom: float
    self_b_eV_per_atom: float
    mixing_fraction: float | None
    equation: str | None
    self_a_equation: str | None
    self_b_equation: str | None
    changes: bool = False

    @property
    def reactions(self) -> tuple[str | None, str | None, str | None]:
        """What happens: between the two, and on each side."""
        return self.equation, self.self_a_equation, self.self_b_equation


@dataclass(frozen=True)
class Scan(Result):
    """A contact over temperature or the pressure of a gas.

    Attributes
    ----------
    over : str
        ``temperature``, or the gas.
    unit : str
        ``K`` or ``bar``.
    reactants : tuple of two str
    points : tuple of ScanPoint
        In rising order: both ends, both sides of every change, and points between.
    """

    over: str
    unit: str
    reactants: tuple[str, str]
    points: tuple[ScanPoint, ...]
    provenance: dict[str, Any] = field(repr=False)

    @property
    def segments(self) -> list[tuple[ScanPoint, ScanPoint]]:
        """First and last point of each range in which the same happens."""
        starts = [0, *(place for place, point in enumerate(self.points) if point.changes)]
        ends = [*(place - 1 for place in starts[1:]), len(self.points) - 1]
        return [(self.points[a], self.points[b]) for a, b in zip(starts, ends, strict=True)]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per point."""
        import pandas as pd

        a, b = self.reactants
        return pd.DataFrame(
            [
                {
                    "reactant_a": a,
                    "reactant_b": b,
                    "temperature_K" if self.unit == "K" else "pressure_bar": point.at,
                    "is_kink": point.changes,
                    "mutual_energy_eV_per_atom": point.mutual_eV_per_atom,
                    "mixing_fraction": point.mixing_fraction,
                    "self_a_eV_per_atom": point.self_a_eV_per_atom,
                    "self_b_eV_per_atom": point.self_b_eV_per_atom,
                    "equation": point.equation,
                    "self_a_equation": point.self_a_equation,
                    "self_b_equation": point.self_b_equation,
                }
                for point in self.points
            ]
        )


def scan(
    table: PhaseTable,
    a: Given,
    b: Given,
    over: str = TEMPERATURE,
    start: str | float = "25C",
    end: str | float = "1000C",
    *,
    conditions: Conditions | None = None,
    potential_V: float | None = None,
) -> Scan:
    """Follow a contact over temperature or over the pressure of a gas.

    Parameters
    ----------
    a, b : str or Material
    over : str
        ``temperature``, or a gas (``CO2``).
    start, end : str or float
        Temperatures (``25C``, or numbers [K]); pressures (``1e-6bar``, or numbers [bar]).
    conditions : Conditions, optional
        The gases, and of a scan over a gas the temperature (``read_conditions``).
    potential_V : float, optional
        Potential of Li [V against Li/Li+].

    Raises
    ------
    InputError, SolverError
        As for ``react``; InputError also for a range that does not rise.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.answers.scan import scan
    >>> found = scan(PhaseTable.reference(), "CaCO3", "CaO", "temperature", "600K", "1200K")
    >>> [first.self_a_equation for first, _ in found.segments]
    [None, 'CaCO3 -> CO2(g) + CaO']
    """
    given = conditions or read_conditions(ROOM_K)
    kelvin = over == TEMPERATURE
    gas = "" if kelvin else gas_named(over)
    low, high = (read_temperature(v) if kelvin else read_pressure(v) for v in (start, end))
    if not low < high:
        raise InputError(f"over {over}: {start} to {end} does not rise; give a range that does")
    symbols = elements_beside((a, b), [*given.gases, *([gas] if gas else [])], potential_V)
    heated = Heated.of(table, symbols)
    reactions: dict[float, Reaction] = {}

    def ask(place: float) -> ScanPoint:
        where = (
            replace(given, temperature_K=place)
            if kelvin
            else with_pressure(given, gas, 10.0**place)
        )
        found = react(heated.at(where), a, b, potential_V)
        reactions.setdefault(0.0, found)
        first, second = found.self_decomposition
        return ScanPoint(
            place if kelvin else 10.0**place,
            found.min_mutual_energy_eV_per_atom,
            first.energy_eV_per_atom,
            second.energy_eV_per_atom,
            found.mixing_fraction,
            found.equation,
            first.equation,
            second.equation,
        )

    if kelvin:
        grid = [low, *(t for t in _POINTS_K if low < t < high), high]
    else:
        low, high = log10(low), log10(high)
        grid = np.linspace(low, high, max(2, int(10 * (high - low)) + 1)).tolist()
    points = list(_changes(ask, grid, _EXACT_K if kelvin else _EXACT_DECADES))
    first = reactions[0.0]
    text = {"temperature_K": None} if kelvin else {"gases": {**given.gases, gas: None}}
    origin = dict(first.provenance)
    shown = first.table.source.conditions
    if shown is not None:  # the label speaks of one temperature or pressure
        label = f"over {TEMPERATURE if kelvin else gas}; {given.text if not kelvin else shown.rest}"
        origin["source_label"] = str(origin["source_label"]).replace(shown.text, label)
    origin["conditions"] = {**given.to_dict(), **text}
    one, other = first.reactants
    return Scan(
        TEMPERATURE if kelvin else gas,
        "K" if kelvin else "bar",
        (one["input"], other["input"]),
        tuple(points),
        origin,
    )


def elements_beside(
    materials: tuple[Given, Given], gases: Sequence[str], potential_V: float | None = None
) -> frozenset[str]:
    """Elements of two materials, of gases, and Li at a potential."""
    found = {symbol for m in materials for symbol in resolve(m)[1].elements}
    found.update(symbol for name in gases for symbol in compose(name).elements)
    return frozenset(found | (set() if potential_V is None else {"Li"}))


def with_pressure(conditions: Conditions, gas: str, pressure: float) -> Conditions:
    """Return conditions with a gas at a pressure [bar]."""
    gases: Mapping[str, float] = MappingProxyType({**conditions.gases, gas: pressure})
    return replace(conditions, gases=gases)


def _changes(
    ask: Callable[[float], ScanPoint], grid: Sequence[float], exact: float
) -> Iterator[ScanPoint]:
    """Points of a grid, with both sides of every change between them."""

    def between(left: float, one: ScanPoint, right: float, other: ScanPoint) -> Iterator[ScanPoint]:
        if one.reactions == other.reactions:
            return
        if right - left <= exact:
            yield one
            yield replace(other, changes=True)
            return
        middle = (left + right) / 2.0
        found = ask(middle)
        yield from between(left, one, middle, found)
        yield from between(middle, found, right, other)

    last = ask(grid[0])
    yield last
    for left, right in pairwise(grid):
        following = ask(right)
        yield from between(left, last, right, following)
        yield following
        last = following
