"""Roles and scores over whole columns.

One formula for every role, for one row, for 95,000 rows of a whole source, for samples of the
energies and for draws of the weights; ``docs/ranking.md`` explains it, ``data/weights.yaml`` the
weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .weights import Weights

Floats = NDArray[np.float64]
Factors = Mapping[str, float | Floats]  # weights by name; or many values of each

CONVERSION, ALLOY, COATING = "conversion", "alloy", "coating"
ROLES = (CONVERSION, ALLOY, COATING)
INERT_MEV = 10.0  # weaker driving forces with Li are below the method's accuracy [meV/atom]

DEPOSITED, MOLTEN, SURFACE = "deposited", "molten", "surface"
ROUTES = (DEPOSITED, MOLTEN, SURFACE)  # how a layer is made
MIXTURE, FACING, WORST = "mixture", "facing", "worst"
ARRANGEMENTS = (MIXTURE, FACING, WORST)  # which phase of it meets the electrolyte

SCORE_COLUMNS = (
    "lithium_mutual_eV_per_atom deposited_mutual_eV_per_atom layer_mutual_eV_per_atom "
    "surface_mutual_eV_per_atom worst_product_mutual_eV_per_atom facing_energy_meV_per_atom "
    "bridge_margin_V own_bridge_margin_V"
).split()
STATED = ("route", "arrangement")  # texts that decide which of them count; or their places
OPTIONAL_COLUMNS = ("volume_change_percent", "metal_percolates")
"""Asked for only where their weight is not zero."""
_OPTIONAL = {
    "volume change": ("volume_change_meV_per_percent", OPTIONAL_COLUMNS[0]),
    "percolation": ("percolation_meV", OPTIONAL_COLUMNS[1]),
}
AS_DEPOSITED = "as deposited"
WEIGHT_OF = {
    "converted layer": "layer", AS_DEPOSITED: "deposited", "bridge": "bridge_meV_per_V"
} | {label: weight for label, (weight, _) in _OPTIONAL.items()}  # fmt: skip
"""Name of the weight of each term."""
LABELS = tuple(WEIGHT_OF)
_WORDS = {"yes": 1.0, "no": 0.0} | {
    word: float(place) for words in (ROUTES, ARRANGEMENTS) for place, word in enumerate(words)
}


def role_columns(lithium_mutual_eV_per_atom: ArrayLike, has_salt: ArrayLike) -> NDArray[np.str_]:
    """Role of each candidate.

    Parameters
    ----------
    lithium_mutual_eV_per_atom : float array of any shape
        NaN for failed rows.
    has_salt : bool array of the same shape
        Whether a phase in equilibrium with Li metal is a Li-bearing salt
        (``stacks.is_lithium_salt``).

    Returns
    -------
    str array of that shape
        ``coating`` where it takes up no Li beyond the accuracy of the method, ``conversion`` where
        it does and gives a salt, ``alloy`` where it gives none; empty for failed rows.
    """
    lithium = np.asarray(lithium_mutual_eV_per_atom, dtype=np.float64)
    reacting = np.where(np.asarray(has_salt, dtype=np.bool_), CONVERSION, ALLOY)
    role = np.where(-1000.0 * lithium > INERT_MEV, reacting, COATING)
    return np.where(np.isnan(lithium), "", role)


def score_terms(columns: Mapping[str, ArrayLike], factors: Factors) -> dict[str, Floats]:
    """Terms of the score [meV/atom], each zero or negative.

    What the layer is after Li counts as far as Li drives it there: the difference between the
    layer as deposited and after conversion is taken up to the driving force of the conversion, so
    that a coating which takes up 3 meV/atom of Li differs from itself by 3 meV/atom at most.

    Parameters
    ----------
    columns : mapping of str to (n,) array, or to numbers
        ``SCORE_COLUMNS``, ``STATED`` (deposited and mixture where missing) and, where their weight
        is not zero, ``OPTIONAL_COLUMNS``.
    factors : mapping of str to float, or to (d, 1) array
        Weights by name (``Weights.factors``), or d values of each.

    Returns
    -------
    dict of str to (n,) array, or to (d, n) array
        By ``LABELS``, without those whose weight is zero; NaN where a number is missing.
    """
    known = {name: as_numbers(columns.get(name)) for name in SCORE_COLUMNS}
    route, arrangement = (np.nan_to_num(as_numbers(columns.get(name))) for name in STATED)
    lithium, deposited, layer, surface, worst = (1000.0 * known[n] for n in SCORE_COLUMNS[:5])
    facing = known["facing_energy_meV_per_atom"]
    driving = np.maximum(0.0, -lithium)

    def converted(before: Floats, after: Floats) -> Floats:
        """How far the driving force takes a layer to its state after Li: 1 is all the way."""
        with np.errstate(divide="ignore", invalid="ignore"):
            part: Floats = np.fmin(1.0, driving / np.abs(after - before))
        return part

    meets = np.select(
        [arrangement == ARRANGEMENTS.index(FACING), arrangement == ARRANGEMENTS.index(WORST)],
        [np.where(np.isnan(facing), layer, facing), worst],
        layer,
    )
    made = np.select(
        [route == ROUTES.index(MOLTEN), route == ROUTES.index(SURFACE)],
        [0.0 * deposited, np.where(np.isnan(surface), deposited, surface)],
        deposited,
    )
    volts = (np.minimum(0.0, known[f"{name}bridge_margin_V"]) for name in ("own_", ""))
    before, after = (factors["bridge_meV_per_V"] * missing for missing in volts)
    found = {
        "converted layer": factors["layer"]
        * (deposited + converted(deposited, layer) * (meets - deposited)),
        AS_DEPOSITED: factors["deposited"] * made,
        "bridge": before + converted(before, after) * (after - before),
    }
    for label, (weight, column) in _OPTIONAL.items():
        if np.any(factors[weight]):
            found[label] = -factors[weight] * np.abs(as_numbers(columns.get(column)))
    return {label: found[label] for label in found if np.any(factors[WEIGHT_OF[label]])}


def as_numbers(values: ArrayLike | None) -> Floats:
    """Numbers, or texts yes and no, routes and arrangements as numbers; NaN for anything else."""
    found = np.asarray(np.nan if values is None else values)
    if found.dtype.kind in "OUS":
        numbers = [_as_number(value) for value in found.reshape(-1).tolist()]
        return np.array(numbers, dtype=np.float64).reshape(found.shape)
    return found.astype(np.float64)


def _as_number(value: Any) -> float:
    try:
        return float(_WORDS.get(value, value))
    except (TypeError, ValueError):
        return np.nan


def score_columns(columns: Mapping[str, ArrayLike], weights: Weights | Factors) -> Floats:
    """Score of each row [meV/atom], 0 at best: the sum of its terms.

    Parameters
    ----------
    columns : mapping of str to array
        As for ``score_terms``; of one shape, or broadcast to that of the first.
    weights : Weights, or mapping of str to float or (d, 1) array
        Numbers only, or d values of each weight.

    Returns
    -------
    float array of that shape, with d in front of it where there are d values
        NaN for failed rows and where a number is missing whose weight is not zero.
    """
    factors = weights.factors() if isinstance(weights, Weights) else weights
    shape = np.broadcast_shapes(*(np.shape(columns[n]) for n in SCORE_COLUMNS if n in columns))
    flat = {
        name: np.broadcast_to(as_numbers(columns[name]), shape).reshape(-1)
        for name in (*SCORE_COLUMNS, *STATED, *OPTIONAL_COLUMNS)
        if name in columns
    }
    total: Floats = np.asarray(sum(score_terms(flat, factors).values()))
    total = total + 0.0 * flat[SCORE_COLUMNS[0]]  # a failed row has no score, whatever the weights
    return total.reshape((*total.shape[:-1], *shape))


def alternatives(columns: Mapping[str, ArrayLike], weights: Weights) -> dict[str, Floats]:
    """Scores by the other routes and arrangements, by column of results."""
    ways = {DEPOSITED: "route", MOLTEN: "route", FACING: "arrangement", WORST: "arrangement"}
    return {
        f"score_{way}_meV_per_atom": score_columns({**columns, stated: way}, weights)
        for way, stated in ways.items()
    }


def missing_numbers(columns: Mapping[str, Any], weights: Weights) -> dict[str, str]:
    """Columns without a number that the score of one row needs, and the weight that needs it."""
    factors = weights.factors()
    return {
        column: weight
        for weight, column in _OPTIONAL.values()
        if factors[weight] and np.isnan(as_numbers(columns.get(column)))
    }
