"""Roles and scores over whole columns.

One formula for one row, for 95,000 rows of a whole source, for samples of the energies and for
draws of the weights; ``docs/ranking.md`` explains it, ``data/weights.yaml`` the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .weights import Weights

Floats = NDArray[np.float64]
Factors = Mapping[str, float | Floats]  # weights of a role by name; or many values of each

CONVERSION, ALLOY, COATING = "conversion", "alloy", "coating"
ROLES = (CONVERSION, ALLOY, COATING)
INERT_MEV = 10.0  # weaker driving forces with Li are below the method's accuracy [meV/atom]

_LITHIUM, _LAYER, _WORST, _DEPOSITED = (
    f"{name}_mutual_eV_per_atom" for name in ("lithium", "layer", "worst_product", "deposited")
)
_BRIDGE, _VOLUME, _PERCOLATES = "bridge_margin_V", "volume_change_percent", "metal_percolates"
SCORE_COLUMNS = (_LITHIUM, _LAYER, _WORST, _DEPOSITED, _BRIDGE)
OPTIONAL_COLUMNS = (_VOLUME, _PERCOLATES)  # asked for only where their weight is not zero
_ENOUGH = "enough_meV_per_atom"


@dataclass(frozen=True)
class Term:
    """One term of a score: its name, its weight and the column of results.csv that it reads."""

    label: str
    weight: str
    column: str


_OF_LAYER = (
    Term("converted layer", "layer", _LAYER),
    Term("worst product", "worst_product", _WORST),
    Term("as deposited", "deposited", _DEPOSITED),
    Term("bridge", "bridge_meV_per_V", _BRIDGE),
    Term("driving force", "driving_force", _LITHIUM),
    Term("volume change", "volume_change_meV_per_percent", _VOLUME),
)
TERMS: Mapping[str, tuple[Term, ...]] = {
    CONVERSION: (*_OF_LAYER, Term("percolation", "percolation_meV", _PERCOLATES)),
    ALLOY: _OF_LAYER,
    COATING: (
        Term("Li", "lithium", _LITHIUM),
        Term("as deposited", "deposited", _DEPOSITED),
        Term("bridge", "bridge_meV_per_V", _BRIDGE),
    ),
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


def role_terms(
    role: str, columns: Mapping[str, ArrayLike], factors: Factors
) -> dict[str, NDArray[np.float64]]:
    """Terms of the score of rows that all have one role [meV/atom], each zero or negative.

    Parameters
    ----------
    role : conversion, alloy or coating
    columns : mapping of str to (n,) array, or to numbers
        ``SCORE_COLUMNS`` and, where their weight is not zero, ``OPTIONAL_COLUMNS``; those that the
        role does not ask for may be missing values.
    factors : mapping of str to float, or to (d, 1) array
        Weights of the role (``Weights.by_role``), or d values of each.

    Returns
    -------
    dict of str to (n,) array, or to (d, n) array
        By the label of the term, without those whose weight is zero; NaN where the number that the
        term needs is missing.
    """
    return {
        term.label: factors[term.weight] * _metric(term, columns, factors)
        for term in TERMS[role]
        if np.any(factors[term.weight])
    }


def _metric(term: Term, columns: Mapping[str, ArrayLike], factors: Factors) -> Floats:
    """Return what a weight of 1 would add to the score."""
    values = as_numbers(columns.get(term.column))
    if term.column in OPTIONAL_COLUMNS:
        return -np.abs(values)
    if term.column == _BRIDGE:
        return np.minimum(0.0, values)
    if term.weight == "driving_force":
        return np.minimum(0.0, -1000.0 * values - factors[_ENOUGH])
    return 1000.0 * values


def as_numbers(values: ArrayLike | None) -> Floats:
    """Numbers, or texts yes and no as 1 and 0; NaN for anything else."""
    found = np.asarray(np.nan if values is None else values)
    if found.dtype.kind in "OUS":
        numbers = [_as_number(value) for value in found.reshape(-1).tolist()]
        return np.array(numbers, dtype=np.float64).reshape(found.shape)
    return found.astype(np.float64)


def _as_number(value: Any) -> float:
    try:
        return float({"yes": 1.0, "no": 0.0}.get(value, value))
    except (TypeError, ValueError):
        return np.nan


def score_columns(
    columns: Mapping[str, ArrayLike],
    weights: Weights | Mapping[str, Factors],
    roles: ArrayLike,
) -> Floats:
    """Score of each row [meV/atom], 0 at best.

    Parameters
    ----------
    columns : mapping of str to array
        ``SCORE_COLUMNS`` [eV/atom, V], NaN for failed rows, and those of ``OPTIONAL_COLUMNS`` whose
        weight is not zero; each of the shape of ``roles``, or broadcast to it.
    weights : Weights, or mapping of role to mapping of str to float or (d, 1) array
        Numbers only, or d values of each weight.
    roles : str array of any shape
        From ``role_columns``, or as a study sets them; anything that is no role for failed rows.

    Returns
    -------
    float array of the shape of ``roles``, with d in front of it where there are d values
        The sum of ``role_terms`` of each row; NaN for failed rows and where a number is missing
        whose weight is not zero.
    """
    factors = weights.by_role() if isinstance(weights, Weights) else weights
    role = np.asarray(roles)
    known = {
        name: np.broadcast_to(as_numbers(columns[name]), role.shape)
        for name in (*SCORE_COLUMNS, *OPTIONAL_COLUMNS)
        if name in SCORE_COLUMNS or name in columns
    }
    lengths = {np.shape(v)[0] for own in factors.values() for v in own.values() if np.ndim(v)}
    scores = np.full((*sorted(lengths), *role.shape), np.nan)
    for name in ROLES:
        mine = np.asarray(role == name)
        if mine.any():
            some = {column: values[mine] for column, values in known.items()}
            scores[..., mine] = sum(role_terms(name, some, factors[name]).values())
    return scores


def missing_numbers(role: str, columns: Mapping[str, Any], weights: Weights) -> dict[str, str]:
    """Columns without a number that the score of one row needs, and the weight that needs it."""
    factors = weights.by_role()[role]
    return {
        term.column: f"{role}.{term.weight}"
        for term in TERMS[role]
        if factors[term.weight] and np.isnan(as_numbers(columns.get(term.column)))
    }
