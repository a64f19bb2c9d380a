"""What an answer would be with the phases that were left out.

Of the phases of the question's elements that are left out only those below the hull of the counted
ones can change anything; without such a phase nothing is computed a second time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import singledispatch
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import SolverError
from ..phases.table import PhaseTable
from .deciding import (
    BRIDGE,
    DEPOSITED,
    LAYER,
    VOLTAGE,
    WORST,
    answers_of,
    left_out_below,
    reaction_phases,
)
from .lithiation import Lithiation
from .profile_result import Profile
from .provenance import Answered, PutBack
from .reaction import Reaction
from .stack import Stack
from .window import Window

Found = TypeVar("Found", bound=Answered)
Values = Mapping[str, float | str | None]

_FINEST = 5e-5  # changes below this are not worth a word [eV/atom, V]


def with_put_back(
    found: Found, table: PhaseTable, elements: Collection[str], ask: Callable[[PhaseTable], Found]
) -> Found:
    """Return an answer that says what changes with the phases counted that were left out.

    Parameters
    ----------
    found : Answered
        What ``ask`` says of the table.
    table : PhaseTable
    elements : collection of str
        Elements of the question.
    ask : callable
        Puts the question to a table.
    """
    back = left_out_below(table, elements)
    if not len(back):
        return found
    with contextlib.suppress(SolverError):  # a note is a courtesy
        values, _ = essence(found)
        then, phases = essence(ask(counting(table, back)))
        changes = {
            key: (values[key], then[key]) for key in values if _differ(values[key], then[key])
        }
        names = [str(table.formulas[row]) for row in back]
        if changes:
            named = tuple(name for name in names if name in phases) or tuple(names)
            return replace(found, put_back=PutBack(named, changes))
    return found


def counting(table: PhaseTable, rows: NDArray[np.int64]) -> PhaseTable:
    """Return the table with some more of its phases counted."""
    counted = table.counted.copy()
    counted[rows] = True
    return replace(table, counted=counted)


def _differ(one: float | str | None, other: float | str | None) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > _FINEST
    return one != other


@singledispatch
def essence(found: Answered) -> tuple[Values, frozenset[str]]:
    """Return the main numbers of an answer by column, and the phases that they rest on."""
    raise NotImplementedError(type(found).__name__)


@essence.register
def _(found: Reaction) -> tuple[Values, frozenset[str]]:
    energy = found.min_mutual_energy_eV_per_atom
    return {"min_mutual_energy_eV_per_atom": energy}, reaction_phases(found)


@essence.register
def _(found: Window) -> tuple[Values, frozenset[str]]:
    limits = dict(
        zip(("reduction_limit_V", "oxidation_limit_V"), found.assemblage_window_V, strict=True)
    )
    return limits, frozenset((*found.reduction_products, *found.oxidation_products))


@essence.register
def _(found: Lithiation) -> tuple[Values, frozenset[str]]:
    voltage = found.average_voltage_V
    values = {"conversion_products": _joined(found.final_products), "average_voltage_V": voltage}
    return values, frozenset(found.initial_products).union(*(s.products for s in found.steps))


@essence.register
def _(found: Stack) -> tuple[Values, frozenset[str]]:
    answers = answers_of(found)
    values: dict[str, float | str | None] = {
        key: answers.values[key] for key in (LAYER, WORST, DEPOSITED, BRIDGE, VOLTAGE)
    }
    values["conversion_products"] = _joined(found.lithiation.final_products)
    return values, frozenset[str]().union(*answers.deciding.values())


@essence.register
def _(found: Profile) -> tuple[Values, frozenset[str]]:
    window = [f"{low:.3f} to {high:.3f}" for low, high in found.stable_window_V]
    values: Values = {
        "mutual_energy_eV_per_atom": found.worst.mutual_eV_per_atom,
        "stable_window_V": " and ".join(window) or "none",
    }
    parts = (
        phases or {}
        for part in found.segments
        for phases in (part.products, part.self_a_products, part.self_b_products)
    )
    return values, frozenset[str]().union(*parts)


def _joined(products: Collection[str]) -> str:
    return " + ".join(sorted(products))
