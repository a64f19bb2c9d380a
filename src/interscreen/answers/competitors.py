"""How many phases could have competed: what an answer "does not react" rests on.

A contact is only as well known as the compounds of its elements.  Where the source holds none that
has all of them, the two coexist for want of data as much as for chemistry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.batch import Sparse
from ..phases.material import Composition, Given
from ..phases.result import Keyed
from ..phases.table import PhaseTable
from .materials import Materials, Rows, materials_of

Words = NDArray[np.uint64]  # (..., 2) bit masks of elements: low and high word


@dataclass(frozen=True)
class Competitors(Keyed):
    """Competing phases of one contact.

    Attributes
    ----------
    all_elements : int
        Counted compounds that hold all elements of both sides, the two sides not among them.
    one_less : int
        The same of the chemical system with one element less that has most.
    """

    all_elements: int
    one_less: int


def competitors_of(table: PhaseTable, first: Given, second: Given | None = None) -> Competitors:
    """Count the competing phases of one contact, by default with the metal of the table's ion.

    Errors as for ``react``.
    """
    other = table.electrode.ion.symbol if second is None else second
    found = competitors(table, materials_of(table, [first]), materials_of(table, [other]))
    return Competitors(*(int(number[0, 0]) for number in found))


def unproven(table: PhaseTable, unit: Composition) -> list[str]:
    """Return a warning if a material that does not react with Li may do so for want of data.

    Li, or the ion of the table.  None for a material that holds it, which is such a compound
    itself, and where compounds are known but left out.
    """
    ion = table.electrode.ion.symbol
    joint = {ion, *unit.elements}
    sizes = np.diff(table.indptr)[table.rows_within(joint)]
    if ion in unit.elements or (sizes == len(joint)).any():
        return []
    *others, last = unit.elements
    names = f"{', '.join(others)} and {last}" if others else last
    return [
        f"the source {table.source.name} has no compound of {names} with {ion}: that {unit.text} "
        f"does not react with {ion} may be for want of data"
    ]


def competitors(table: PhaseTable, ours: Materials, theirs: Materials) -> tuple[Rows, Rows]:
    """Count the competing phases of every contact of some materials with some others.

    Compounds count whatever their energy: one above the hull says that somebody has looked.

    Parameters
    ----------
    ours, theirs : Materials
        k of them, and E.

    Returns
    -------
    all_elements, one_less : (E, k) int arrays
        See ``Competitors``.
    """
    mine, others = _masks(ours.mixtures), _masks(theirs.mixtures)
    found = np.zeros((2, len(theirs), len(ours)), dtype=np.int64)
    for number, other in enumerate(others):
        joint = mine | other
        reactants = [*_reactants(table, ours), *_reactants(table, theirs, number)]
        found[0, number] = _others(table, joint, reactants)
        for bit in (*_bits(ours.mixtures), *_bits(theirs.mixtures, number)):
            rest = np.where(bit.any(axis=1, keepdims=True), joint & ~bit, np.uint64(0))
            found[1, number] = np.maximum(found[1, number], _others(table, rest, reactants))
    return found[0], found[1]


def _others(table: PhaseTable, systems: Words, reactants: list[Words]) -> Rows:
    """Count the compounds of some systems but the reactants, (k,)."""
    number = table.compounds_of(systems)
    for reactant in reactants:
        number = number - (reactant == systems).all(axis=1)
    return np.maximum(number, 0)


def _words(index: Rows) -> Words:
    """Bits of some elements, (n, 2)."""
    bit = np.left_shift(np.uint64(1), (index % 64).astype(np.uint64), dtype=np.uint64)
    return np.where(np.stack([index < 64, index >= 64], axis=1), bit[:, None], np.uint64(0))


def _masks(compositions: Sparse) -> Words:
    """Elements of each composition, (n, 2)."""
    found: Words = np.bitwise_or.reduceat(_words(compositions.index), compositions.indptr[:-1])
    return found


def _bits(compositions: Sparse, number: int | None = None) -> list[Words]:
    """Element after element of each composition, or of one: (n, 2) each, zero for no more."""
    which = slice(None) if number is None else slice(number, number + 1)
    first, end = compositions.indptr[:-1][which], compositions.indptr[1:][which]
    found = []
    for place in range(int((end - first).max(initial=0))):
        there = first + place < end
        bits = _words(compositions.index[np.where(there, first + place, 0)])
        found.append(np.where(there[:, None], bits, np.uint64(0)))
    return found


def _reactants(table: PhaseTable, materials: Materials, number: int | None = None) -> list[Words]:
    """Systems of the counted compounds that the materials (or one) are made of: (n, 2) each."""
    rows, of = materials.component_row, materials.component_of
    counts = (rows >= 0) & table.counted[rows] & (np.diff(materials.components.indptr) > 1)
    systems = np.where(counts[:, None], _masks(materials.components), np.uint64(0))
    if number is not None:
        return [system[None] for system in systems[of == number]]
    places = np.arange(len(of)) - np.searchsorted(of, of)  # first, second, ... component
    found = []
    for place in range(int(places.max(initial=-1)) + 1):
        wide = np.zeros((len(materials), 2), dtype=np.uint64)
        wide[of[places == place]] = systems[places == place]
        found.append(wide)
    return found
