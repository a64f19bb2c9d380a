"""A series of compositions: a ratio of two phases, or a dopant, as candidate or electrolyte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..phases.result import Result
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .stacks import Stacks, stacks
from .texts import layer_texts

if TYPE_CHECKING:
    import pandas as pd

POINTS = 11  # of a series, its ends among them
_CLOSE = 1e-6  # how exactly the x of a change is found
_TERM = re.compile(r"([+-]?)(\d+(?:\.\d+)?)?(x)?")
_BRACES = re.compile(r"\{([^{}]*)\}")
_AMOUNT = re.compile(r"(^|\+\s*)(\d+(?:\.\d+)?)?\s*x\s+(?=[A-Z(])")
_NUMBERS = (
    "deposited_mutual_eV_per_atom layer_mutual_eV_per_atom worst_product_mutual_eV_per_atom "
    "facing_energy_meV_per_atom bridge_margin_V bare_mutual_eV_per_atom"
).split()


@dataclass(frozen=True)
class Sweep(Result):
    """Numbers of a stack along a series of compositions.

    Attributes
    ----------
    candidate, electrolyte : str
        As written, with x.
    points : tuple of dict
        Of each x its formulas, the layer, and numbers by column of results; points where the phases
        change stand among those that were asked for.
    changes : tuple of float
        Values of x at which the converted layer or the products as deposited become others.
    conditions : dict
        Those of the table: temperature, gases, another ion or anode.
    """

    candidate: str
    electrolyte: str
    points: tuple[dict[str, Any], ...]
    changes: tuple[float, ...]
    conditions: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per point."""
        import pandas as pd

        return pd.DataFrame(list(self.points))


def at(template: str, x: float) -> str:
    """Put a number in place of x: ``Cu + x LiF``, ``Li{7-3x}Al{x}La3Zr2O12``.

    Raises
    ------
    InputError
        For braces that hold no sum of numbers and multiples of x, or a negative amount.
    """

    def value(match: re.Match[str]) -> str:
        text = match[1].replace(" ", "")
        terms = [m for m in _TERM.finditer(text) if m[2] or m[3]]
        if "".join(m[0] for m in terms) != text or not terms:
            raise InputError(f"{template}: {{{match[1]}}} is no sum such as {{7-3x}}")
        total = sum(
            (-1.0 if m[1] == "-" else 1.0) * float(m[2] or 1) * (x if m[3] else 1.0) for m in terms
        )
        if total < -1e-9:
            raise InputError(f"{template}: {{{match[1]}}} is {total:g} at x = {x:g}")
        return _plain(abs(total))

    found = re.sub(r"(?:Dy|[A-Z][a-z]?)\{([^{}]*)\}", lambda m: _without_zero(m, value), template)
    found = _BRACES.sub(value, found)
    found = _AMOUNT.sub(lambda m: f"{m[1]}{_plain(float(m[2] or 1) * x)} ", found)
    parts = [part.strip() for part in found.split(" + ")]
    return " + ".join(part for part in parts if not part.startswith("0 ")) or found


def _plain(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _without_zero(match: re.Match[str], value: Any) -> str:
    amount = value(match)
    return "" if float(amount) == 0.0 else match[0][: match[0].index("{")] + amount


def sweep(
    table: PhaseTable,
    candidate: str,
    electrolyte: str,
    low: float,
    high: float,
    points: int = POINTS,
) -> Sweep:
    """Every contact of Li | candidate | electrolyte along x from ``low`` to ``high``.

    Raises
    ------
    InputError
        For texts without x, a range that is none, fewer than two points, and as for ``stacks``.
    """
    if at(candidate, 0.3) == at(candidate, 0.7) and at(electrolyte, 0.3) == at(electrolyte, 0.7):
        raise InputError(
            f"{candidate} | {electrolyte}: no x in either; write 'Cu + x LiF' or "
            "'Li{7-3x}Al{x}La3Zr2O12'"
        )
    if not 0.0 <= low < high or not 2 <= points <= 1000:
        raise InputError(f"x from {low:g} to {high:g} in {points} points: no series")

    def rows(values: Floats) -> list[dict[str, Any]]:
        return [_point(table, candidate, electrolyte, float(x)) for x in values]

    grid = rows(np.linspace(low, high, points))
    changes = []
    for pair in map(list, pairwise(grid)):
        while pair[1]["x"] - pair[0]["x"] > _CLOSE and pair[0]["phases"] != pair[1]["phases"]:
            (middle,) = rows(np.array([(pair[0]["x"] + pair[1]["x"]) / 2.0]))
            pair[int(middle["phases"] != pair[0]["phases"])] = middle
        if pair[0]["phases"] != pair[1]["phases"]:
            changes.append(pair[1])
    ordered = sorted((*grid, *changes), key=lambda row: float(row["x"]))
    kept = tuple({k: v for k, v in row.items() if k != "phases"} for row in ordered)
    conditions = table.source.to_dict()["conditions"]
    return Sweep(candidate, electrolyte, kept, tuple(round(c["x"], 6) for c in changes), conditions)


def _point(table: PhaseTable, candidate: str, electrolyte: str, x: float) -> dict[str, Any]:
    mine, other = at(candidate, x), at(electrolyte, x)
    numbers: Stacks = stacks(table, [mine], [other])
    names = numbers.phases.names
    layer = str(layer_texts(numbers)[0]) if numbers.lithium.uptake[0, 0] != 0.0 else mine
    met = sorted(str(names[p]) for p in numbers.met[0, 0] if p >= 0)
    products = tuple(sorted(str(names[p]) for p in numbers.products[0] if p >= 0))
    of_column = {key: float(numbers.numbers[key].reshape(-1)[0]) for key in _NUMBERS}
    return {
        "x": x,
        "candidate": mine,
        "electrolyte": other,
        "layer": layer,
        "deposited_products": " + ".join(met),
        **{key: None if np.isnan(value) else value for key, value in of_column.items()},
        "phases": (products, tuple(met)),
    }
