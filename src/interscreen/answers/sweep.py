"""A stack along a series of compositions: a ratio of two phases, or a dopant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..engine.batch import lowest_energies
from ..errors import SolverError
from ..phases.columns import columns_of
from ..phases.result import Result
from ..phases.series import at, read_span, require_x, values_of
from ..phases.table import PhaseTable
from .layer import layer_columns
from .reaction import react
from .stacks import UNCERTIFIED, Stacks, anode_lines, partners_in_samples, stacks
from .texts import joined_texts

if TYPE_CHECKING:
    import pandas as pd

POINTS = 11  # of a series, its ends among them
Phases: TypeAlias = "tuple[tuple[str, ...], ...]"

# nearer than this to a point nothing is told apart [of the range, or of 1]
_NEAR, _CLOSE = Fraction(1, 10**5), Fraction(1, 10**11)
# where something is used up, x is a simple fraction: taken for one with a denominator up to the
# first number where it lies nearer than the second; of any other x so many decimals are kept
_SIMPLE = ((24, _NEAR / 2), (1000, Fraction(1, 10**8)))
_DECIMALS = 8
_NOTHING = 1e-10  # a contact that gains less does not react [eV/atom]
_TRACE = 1e-9  # of a phase [atoms per atom]: less comes of the last digits of formulas


@dataclass(frozen=True)
class Sweep(Result, figure="sweep"):
    """Numbers of a stack along a series of compositions.

    Attributes
    ----------
    candidate, electrolyte : str
        As written, with x.
    points : tuple of dict
        Of each x its formulas, the layer, and numbers by column of results, as single stacks have
        them; points where phases change stand among those that were asked for.
    changes : tuple of float
        Values of x at which phases become others: of the candidate, the electrolyte, the layer, or
        the products of its contact as deposited, of its contact as a layer, or of bare Li.  Between
        them every energy is a smooth function of x.
    layers : tuple of dict
        Phases of the converted layer (``phases``) from one x to another (``start``, ``end``; the
        same where it has them at this x alone).
    """

    candidate: str
    electrolyte: str
    points: tuple[dict[str, Any], ...]
    changes: tuple[float, ...]
    layers: tuple[dict[str, Any], ...]
    provenance: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per point."""
        import pandas as pd

        return pd.DataFrame(list(self.points), columns=list(columns_of("sweep")))


def sweep(
    table: PhaseTable, candidate: str, electrolyte: str, x: str, *, points: int = POINTS
) -> Sweep:
    """Every contact of Li | candidate | electrolyte along x, and where phases change.

    Parameters
    ----------
    candidate, electrolyte : str
        At least one of them with x: ``Cu + x LiF``, ``Li{7-3x}Al{x}La3Zr2O12``.
    x : str
        First and last value, as ``0..4``.
    points : int
        Evenly spaced values of x; those at which phases change come on top.

    Raises
    ------
    InputError
        For texts without x, a range that is none, and as for ``stack``.

    Examples
    --------
    >>> from interscreen import PhaseTable, sweep
    >>> sweep(PhaseTable.reference(), "Cu + x LiF", "LATP", "0..4", points=3).points[1]["layer"]
    'Cu + 2 LiF'
    """
    require_x([candidate, electrolyte])
    span = read_span(x)
    grid = values_of(span, points)
    for text in (candidate, electrolyte):  # no amount is below zero inside if none is at the ends
        at(text, span[0]), at(text, span[1])

    @cache
    def phases(value: Fraction) -> Phases:
        return _phases(table, at(candidate, value), at(electrolyte, value))

    changes = tuple(_changes(grid, phases))
    rows = []
    for value in sorted({*grid, *changes}):
        numbers = stacks(table, [at(candidate, value)], [at(electrolyte, value)])
        if not numbers.solved.all():
            raise SolverError(f"{candidate} | {electrolyte} at x = {value}: {UNCERTIFIED}")
        rows.append(_row(value, numbers, value in changes))
    middle = sum(span, Fraction(0)) / 2
    origin: dict[str, Any] = react(table, at(candidate, middle), at(electrolyte, middle)).provenance
    layers = tuple(_layers((span[0], *changes, span[1]), lambda x: phases(x)[0]))
    where = tuple(map(float, changes))
    return Sweep(candidate, electrolyte, tuple(rows), where, layers, origin)


def _changes(
    grid: tuple[Fraction, ...], phases: Callable[[Fraction], Phases]
) -> Iterator[Fraction]:
    """Values of x inside a series on whose two sides phases differ.

    Equal phases on two sides are those between: equilibria are convex in the composition.
    """
    whole = max(grid[-1] - grid[0], Fraction(1))
    near, close = _NEAR * whole, _CLOSE * whole
    for point, after in pairwise(grid):
        low, high = point + near, after - near
        if point != grid[0] and phases(point - near) != phases(low):
            yield point
        while phases(low) != phases(high):
            first, end = low, high
            while end - first > close:
                middle = (first + end) / 2
                first, end = (middle, end) if phases(middle) == phases(low) else (first, middle)
            here = _written(first)
            yield here
            low = min(here + near, high)


def _layers(
    borders: tuple[Fraction, ...], held: Callable[[Fraction], tuple[str, ...]]
) -> Iterator[dict[str, Any]]:
    """Ranges of x, and single values, in which the converted layer has the same phases."""
    between = [((low, high), held((low + high) / 2)) for low, high in pairwise(borders)]
    here = [((border, border), held(border)) for border in borders]
    all_of_them = [one for pair in zip(here, between, strict=False) for one in pair]
    for names, group in groupby([*all_of_them, here[-1]], key=lambda one: one[1]):
        spans = [span for span, _ in group]
        yield {"start": float(spans[0][0]), "end": float(spans[-1][1]), "phases": names}


def _written(x: Fraction) -> Fraction:
    """Return the fraction that a value of x found in steps stands for."""
    for denominator, near in _SIMPLE:
        simple = x.limit_denominator(denominator)
        if abs(simple - x) < near:
            return simple
    return Fraction(round(x, _DECIMALS))


def _phases(table: PhaseTable, candidate: str, electrolyte: str) -> Phases:
    """Phases of every equilibrium of a stack, by name."""
    common, ours = next(partners_in_samples(table, [candidate], [electrolyte]))
    hull, mine, theirs = common.phases, ours.mixtures, common.electrolytes.mixtures
    one, names = np.zeros(1, dtype=np.int64), hull.names
    line, bare = (anode_lines(hull, each, one, one) for each in (mine, theirs))
    pairs = [common.contact(0, mine, one, one, added) for added in (None, line.uptake)]
    found = [(line.phases, line.amounts), (bare.met, bare.met_amounts)]
    found += [(each.phases, each.amounts * (each.mutual < -_NOTHING)[:, None]) for each in pairs]
    for each in (mine, theirs):
        alone = lowest_energies(hull.problem, each, one, one)
        found.append((alone.phases, alone.amounts))
    there = (phases[0][amounts[0] > _TRACE] for phases, amounts in found)
    return tuple(tuple(sorted(names[each].astype(str).tolist())) for each in there)


def _row(x: Fraction, numbers: Stacks, changes: bool) -> dict[str, Any]:
    """Line of a table for one x."""
    names = numbers.phases.names
    metrics = layer_columns(numbers.common, numbers.candidates, numbers.lithium)
    energies = {key: float(values.reshape(-1)[0]) for key, values in numbers.numbers.items()}
    facing = int(numbers.facing_product[0, 0])
    row: dict[str, Any] = {
        "x": float(x),
        "candidate": str(numbers.candidates.labels[0]),
        "electrolyte": str(numbers.electrolytes.labels[0]),
        "changes": "yes" if changes else "no",
        "layer": _layer(numbers),
        "deposited_products": str(joined_texts(numbers.met[0], names, " + ")[0]),
        "facing_product": "" if facing < 0 else str(names[facing]),
        "metal_volume_percent": float(metrics["metal_volume_percent"][0]),
        **energies,
    }
    kept = {key: row[key] for key in columns_of("sweep")}
    return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in kept.items()}


def _layer(numbers: Stacks) -> str:
    """Phases of the converted layer, per formula unit of the candidate."""
    if numbers.lithium.uptake[0, 0] == 0.0:
        return str(numbers.candidates.formulas[0])
    parts = zip(numbers.products[0], numbers.product_units[0], strict=True)
    written = ((f"{units:.5g}", str(numbers.phases.names[p])) for p, units in parts if p >= 0)
    return " + ".join(name if units == "1" else f"{units} {name}" for units, name in written)
