"""The answers of a stack, and for each of them the phases that it rests on.

A phase decides an answer when it is part of an equilibrium that the answer is computed from.  No
other phase matters: without it every equilibrium is still there, and nothing lies lower.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..phases.equation import NOISE
from ..phases.hull import stability
from ..phases.material import Given, Material, elements_of, resolve
from ..phases.table import PhaseTable
from .lithiation import Lithiation, lithiate
from .reactant import HULL, gas_elements
from .reaction import Kink, Reaction
from .stack import Stack, is_lithium_salt, stack
from .window import stability_window

LITHIUM, DEPOSITED = "lithium_mutual_eV_per_atom", "deposited_mutual_eV_per_atom"
LAYER, WORST = "layer_mutual_eV_per_atom", "worst_product_mutual_eV_per_atom"
BRIDGE, VOLTAGE = "bridge_margin_V", "average_voltage_V"
SCORE = "score_meV_per_atom"
QUANTITIES = (LITHIUM, DEPOSITED, LAYER, WORST, BRIDGE, VOLTAGE)

Score = Callable[[Mapping[str, float | None]], float]
"""From the values of ``QUANTITIES`` to a score [meV/atom]."""


@dataclass(frozen=True)
class Answers:
    """Answers of a stack: ``QUANTITIES``, and ``SCORE`` where one was asked for."""

    values: dict[str, float | None]  # None where there is no such number
    # the phases that each rests on, elements and the sides of the stack included
    deciding: dict[str, frozenset[str]]
    # what comes out: the products at the minimum (behind the layer or the product that reacts),
    # the salt that bridges, the converted layer; for the score the layer
    products: dict[str, str]


def stack_answers(
    table: PhaseTable, candidate: Material, electrolyte: Material, score: Score | None = None
) -> Answers:
    """Answer a stack and say what the answers rest on; errors as for ``react``."""
    return answers_of(stack(table, candidate, electrolyte), score)


def answers_of(found: Stack, score: Score | None = None) -> Answers:
    """Say what the answers of a stack are and rest on."""
    table, candidate = found.deposited.table, found.deposited.sides[0]
    assert isinstance(candidate, Material)
    path = found.lithiation
    layer, names = frozenset(path.final_products), found.layer.first
    # no Li is added at the first kink of the contact of bare Li
    bridge = layer | _of_windows(table, found) | _at(found.bare.reaction.kinks[0])
    worst = found.worst_product
    reactions = {
        LITHIUM: (found.lithium, frozenset[str](), ""),
        DEPOSITED: (found.deposited, frozenset[str](), ""),
        LAYER: (found.layer, layer, f"{names} -> "),
        WORST: (worst, layer, f"{worst.first} -> "),
    }
    values = {key: contact.energy for key, (contact, _, _) in reactions.items()} | {
        BRIDGE: found.bridge_margin_V,
        VOLTAGE: path.average_voltage_V,
    }
    deciding = {
        key: behind | reaction_phases(contact.reaction)
        for key, (contact, behind, _) in reactions.items()
    } | {BRIDGE: bridge, VOLTAGE: layer | _of_energy(table, candidate, path)}
    products = {
        key: front + _outcome(contact.reaction) for key, (contact, _, front) in reactions.items()
    } | {BRIDGE: found.bridge_product or "no salt", VOLTAGE: names}
    if score is not None:  # it rests on all that the other answers rest on
        values[SCORE] = float(score(dict(values)))
        deciding[SCORE] = frozenset().union(*deciding.values())
        products[SCORE] = names
    return Answers(values, deciding, products)


def reaction_phases(reaction: Reaction) -> frozenset[str]:
    """Phases that the mutual energy of a reaction rests on.

    Those at the minimum, and those into which either reactant decomposes by itself.
    """
    points = [reaction.kinks[0], reaction.kinks[-1]]
    if reaction.best is not None:
        points.append(reaction.best)
    return frozenset().union(*(_at(kink) for kink in points))


def _at(kink: Kink) -> frozenset[str]:
    """Phases in equilibrium at a kink (without writing its equation)."""
    return frozenset(name for name, atoms in kink.reaction.phases_at(kink.point) if atoms > NOISE)


def _of_windows(table: PhaseTable, found: Stack) -> frozenset[str]:
    """Phases that limit the windows of the salts of the layer and of the electrolyte."""
    ion = table.electrode.ion.symbol
    salts = (contact.sides[0] for contact in found.products if is_lithium_salt(contact.first, ion))
    sides = [*((salt, 1) for salt in salts), (found.bare.sides[1], 0)]
    return frozenset().union(
        *(stability_window(table, side).limiting[number] for side, number in sides)
    )


def _of_energy(table: PhaseTable, material: Material, path: Lithiation) -> frozenset[str]:
    """Phases that the energy of the candidate itself rests on; none when it has its own."""
    if material.energy_eV_per_atom is not None:
        return frozenset()
    parts = resolve(material)[1].parts
    on_hull = path.energy_source == HULL
    if material.energy_above_hull_eV_per_atom is not None or (on_hull and len(parts) == 1):
        return frozenset(path.initial_products)
    if not on_hull:
        return frozenset()
    paths = (lithiate(table, formula.text) for _, formula in parts)
    return frozenset().union(
        *(path.initial_products for path in paths if path.energy_source == HULL)
    )


def _outcome(reaction: Reaction) -> str:
    """Products at the minimum, without amounts."""
    return " + ".join(sorted(_at(reaction.best))) if reaction.best else "no reaction"


def left_out_below(table: PhaseTable, elements: Collection[str]) -> NDArray[np.int64]:
    """Rows of phases that are left out and lie below the hull of the counted ones.

    No other left-out phase can change an answer by itself.
    """
    elements = {*elements, *gas_elements(table)}
    names = table.left_out_within(elements)
    rows = table.rows_within(elements) if names else np.empty(0, dtype=np.int64)
    rows = rows[np.isin(table.formulas[rows], names)]
    below: NDArray[np.int64] = rows[stability(table, rows).margin > 0.0]
    return below


class Variants:
    """One stack, answered with some phases left out or put back; each answer is computed once.

    ``keep`` are formulas or mixtures that are not to be left out, besides the two; ``known`` is the
    stack as it is, where it has been computed.
    """

    def __init__(
        self,
        table: PhaseTable,
        candidate: Material,
        electrolyte: Material,
        keep: Iterable[str] = (),
        score: Score | None = None,
        known: Stack | None = None,
    ) -> None:
        self.candidate, self.electrolyte, self.score = candidate, electrolyte, score
        # the phases of these elements answer every question: a table that is quickly varied
        sides: list[Given] = [candidate, electrolyte, table.electrode.ion.symbol]
        self._elements = elements_of(sides, lithium=False).union(gas_elements(table))
        self.table = table.only(table.rows_within(self._elements))
        self._row_of = {str(formula): row for row, formula in enumerate(self.table.formulas)}
        self._kept = {
            self.table.find(formula)
            for text in (candidate.formula, electrolyte.formula, *keep)
            for _, formula in resolve(text)[1].parts
        }
        self._known: dict[tuple[frozenset[int], frozenset[int]], Answers] = {}
        if known is not None:
            self._known[frozenset(), frozenset()] = answers_of(known, score)

    def name(self, row: int) -> str:
        """Return the formula of a row of the small table."""
        return str(self.table.formulas[row])

    def rows(self, phases: Iterable[str]) -> frozenset[int]:
        """Rows of the phases that may be left out: no elements, nothing that is to be kept."""
        found = {self._row_of[phase] for phase in phases if phase in self._row_of}
        return frozenset(
            row
            for row in found - self._kept
            if self.table.counted[row] and self.table.indptr[row + 1] - self.table.indptr[row] > 1
        )

    def back(self) -> NDArray[np.int64]:
        """Rows of the phases that are left out and may change an answer when they are put back."""
        rows = left_out_below(self.table, self._elements)
        return rows[[int(row) not in self._kept for row in rows]]

    def varied(self, out: frozenset[int], back: frozenset[int] = frozenset()) -> PhaseTable:
        """Return the small table with some phases left out, and others put back."""
        counted = self.table.counted.copy()
        counted[list(out)] = False
        counted[list(back)] = True
        return replace(self.table, counted=counted)

    def answers(
        self, out: frozenset[int] = frozenset(), back: frozenset[int] = frozenset()
    ) -> Answers:
        """Answers with some phases left out, and others put back."""
        if (out, back) not in self._known:
            self._known[out, back] = stack_answers(
                self.varied(out, back), self.candidate, self.electrolyte, self.score
            )
        return self._known[out, back]
