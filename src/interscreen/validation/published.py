"""Published windows and reaction energies against those of a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..answers.reaction import react
from ..answers.window import stability_window
from ..errors import InputError, SolverError
from ..phases.artefacts import known_artefacts
from ..phases.formula import parse_formula
from ..phases.material import Material, elements_of
from ..phases.result import Result
from ..phases.table import PhaseTable
from .facts import (
    ABOVE_HULL,
    DECOMPOSITION,
    MUTUAL,
    OXIDATION,
    REDUCTION,
    Published,
    known_miss,
    published_reactions,
    published_windows,
    tolerance,
)

WITHIN, MISS, OUTSIDE = "within", "known miss", "OUTSIDE"
NOT_COMPUTED = "not computed"

# what a table of phases says about one material or contact: numbers and products by quantity
_Numbers = dict[str, tuple[float | None, tuple[str, ...]]]


class _Answer(NamedTuple):
    value: float | None
    products: tuple[str, ...]
    failure: str


@dataclass(frozen=True)
class Comparison(Result):
    """One published number and the same number of a source, in the unit of its ``quantity``.

    The registry of columns explains each.  ``value`` is that of the source as it was opened; there
    is none where it could not be computed.  Verdicts: ``within``, ``known miss``, ``OUTSIDE``,
    ``not counted`` (the source does not cover the question) and ``not computed``.
    """

    item: str
    quantity: str
    anion_class: str
    published: float
    value: float | None
    value_with_artefacts: float | None
    value_without_artefacts: float | None
    artefacts: tuple[str, ...]
    deviation: float | None
    tolerance: float
    tolerance_reason: str
    computed_products: tuple[str, ...]
    published_products: tuple[str, ...]
    verdict: str
    reason: str
    reference: str

    @property
    def same_products(self) -> bool | None:
        """Whether the products are the published ones; None where there is nothing to compare."""
        if not self.published_products or self.verdict == NOT_COMPUTED:
            return None
        return _reduced(self.computed_products) == _reduced(self.published_products)


def compare_published(table: PhaseTable) -> tuple[Comparison, ...]:
    """Hold every published number against a source; what cannot be computed says why."""
    tables = (table, artefacts_counted(table, True), artefacts_counted(table, False))
    return tuple(_compare(one, tables) for one in (*published_windows(), *published_reactions()))


def artefacts_within(table: PhaseTable, elements: Iterable[str]) -> tuple[str, ...]:
    """Phases of the table within some elements that are artefacts of computed hulls."""
    wanted = set(elements)
    there = known_artefacts().intersection(table.formulas.tolist())
    return tuple(sorted(name for name in there if set(parse_formula(name).elements) <= wanted))


def artefacts_counted(table: PhaseTable, counted: bool) -> PhaseTable:
    """Return the table with the artefacts of computed hulls counted, or left out."""
    mask = np.isin(table.formulas, sorted(known_artefacts()))
    wanted = table.counted | mask if counted else table.counted & ~mask
    return table if (wanted == table.counted).all() else replace(table, counted=wanted)


def _compare(published: Published, tables: tuple[PhaseTable, ...]) -> Comparison:
    """Ask the source as it was opened, with and without artefacts, and judge."""
    (value, products, failure), with_artefacts, without_artefacts = (
        _answer(published, table) for table in tables
    )
    table, elements = tables[0], elements_of(published.materials)
    artefacts = artefacts_within(table, elements)
    verdict, reason = NOT_COMPUTED, failure
    if value is not None:
        verdict, reason = _judge(published, value, with_artefacts.value, artefacts)
    allowed = tolerance(published)
    return Comparison(
        item=published.item,
        quantity=published.quantity,
        anion_class=published.anion_class,
        published=published.value,
        value=value,
        value_with_artefacts=with_artefacts.value,
        value_without_artefacts=without_artefacts.value,
        artefacts=artefacts,
        deviation=None if value is None else value - published.value,
        tolerance=allowed.value,
        tolerance_reason=allowed.reason,
        computed_products=products,
        published_products=published.products,
        verdict=verdict,
        reason=reason,
        reference=published.reference,
    )


def _answer(published: Published, table: PhaseTable) -> _Answer:
    """Return number and products of one source, or why there is none."""
    ask = _reaction if published.quantity == MUTUAL else _window
    try:
        value, products = ask(table, *published.materials)[published.quantity]
    except (InputError, SolverError) as error:
        return _Answer(None, (), str(error))
    return _Answer(value, products, "" if value is not None else "there is no Li to give off")


def _judge(
    published: Published,
    value: float,
    with_artefacts: float | None,
    artefacts: tuple[str, ...],
) -> tuple[str, str]:
    """Verdict and its reason."""
    allowed = tolerance(published).value
    if abs(value - published.value) <= allowed:
        return WITHIN, ""
    if with_artefacts is not None and abs(with_artefacts - published.value) <= allowed:
        names = " and ".join(artefacts)
        return (
            MISS,
            f"the publication counts {names}, an artefact of the hull that is left out here",
        )
    miss = known_miss(published.item, published.quantity)
    if miss is not None and abs(value - miss.here) <= allowed:
        return MISS, miss.reason
    return OUTSIDE, f"off by more than {allowed:g}, and no known miss"


def _window(table: PhaseTable, material: Material) -> _Numbers:
    window = stability_window(table, material)
    reduction, oxidation = window.assemblage_window_V
    at_lithium = window.decomposition_energy_0V_eV_per_atom
    return {
        REDUCTION: (reduction, window.reduction_products),
        OXIDATION: (oxidation, window.oxidation_products),
        DECOMPOSITION: (np.nan if at_lithium is None else 1000.0 * at_lithium, ()),
        ABOVE_HULL: (1000.0 * window.energy_above_hull_eV_per_atom, ()),
    }


def _reaction(table: PhaseTable, one: Material, other: Material) -> _Numbers:
    reaction = react(table, one, other)
    return {MUTUAL: (1000.0 * reaction.min_mutual_energy_eV_per_atom, tuple(reaction.products))}


def _reduced(formulas: Iterable[str]) -> set[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Compositions, however the formulas are written."""
    return {(f.elements, f.counts) for f in map(parse_formula, formulas)}
