"""The scale of energies: as the source tabulates them, or anchored to calorimetry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.conditions import ROOM_K
from ..phases.formula import nearest, parse_formula
from ..phases.source import ANCHORED, TABULATED
from ..phases.table import ABOVE_HULL, PhaseTable, compositions_of
from .anchors import Anchoring
from .given import with_given
from .measured import gases, measured

TABULATED_ENERGY = "tabulated_energy_eV_per_atom"
"""Property of an anchored table: its energies before [eV/atom]."""

NAME_BEFORE, COUNTED_BEFORE = "name_before", "counted_before"
"""Properties of a table at a temperature: names of its phases before, and whether they counted."""

SCALES = (TABULATED, ANCHORED)
_DIGITS = 9  # of energies: numerical noise must not decide between equal ones
_MOLECULAR = frozenset({"H", "C", "N", "O", "F", "Cl", "Br", "I", "S", "Se", "P", "Xe", "Kr"})
_VOLATILE = frozenset({"H", "O", "F", "Cl", "Br"})


def on_scale(table: PhaseTable, scale: str) -> PhaseTable:
    """Return a table with its energies on a scale.

    Parameters
    ----------
    scale : str
        ``source``: as tabulated.  ``anchored``: at 298 K on the calorimetric scale; every phase is
        its anchors at their measured Gibbs energies, and its own reaction energy from them in the
        source (docs/anchored.md).  The elements stay at zero, compounds without an anchor as they
        are.  Gases have their energies as gases at 1 bar, and molecular solids that nobody
        measured are not counted.

    Raises
    ------
    InputError
        For another scale, or a table that is anchored already.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.energies.scale import on_scale
    >>> table = on_scale(PhaseTable.reference(), "anchored")
    >>> round(float(table.energies[table.find("BiF3")]), 2)
    -2.17
    """
    if scale not in SCALES:
        raise InputError(
            f"energies {scale!r}: no such scale{nearest(scale, list(SCALES), 1)}; use source "
            "(as tabulated) or anchored (to measured energies)"
        )
    if scale == table.source.scale:
        return table
    if table.source.scale == ANCHORED:
        raise InputError("energies: the table is anchored already; open the source again")
    return anchored(table)


def as_tabulated(table: PhaseTable) -> PhaseTable:
    """Return a table with the energies of its source, without conditions; what counts stays."""
    if table.source.scale != ANCHORED:
        return table
    source = replace(table.source, scale=TABULATED, conditions=None)
    if table.source.conditions is None:
        return replace(table, energies=table.properties[TABULATED_ENERGY], source=source)
    found = table.only(np.flatnonzero(table.properties[NAME_BEFORE] != ""))  # no gases
    return replace(
        found,
        formulas=found.properties[NAME_BEFORE],
        energies=found.properties[TABULATED_ENERGY],
        counted=found.properties[COUNTED_BEFORE],
        source=source,
    )


def prepared(table: PhaseTable, scale: str, given: Iterable[str] = ()) -> PhaseTable:
    """Return an opened table on a scale (``""``: as it is), with energies of the user's own.

    See ``on_scale`` and ``given.with_given``.
    """
    return with_given(on_scale(table, scale or table.source.scale), given)


def anchored(table: PhaseTable, temperature_K: float = ROOM_K) -> PhaseTable:
    """Return a table with anchored energies; see ``on_scale``."""
    compounds = np.flatnonzero(np.diff(table.indptr) > 1)
    energies = np.array(table.energies)
    shifts = Anchoring(table, own_salts=True).shifts(
        compositions_of(table, compounds), temperature_K
    )
    energies[compounds] += shifts
    quiet = molecular(table)
    counted = table.counted & ~quiet
    for formula, gas in gases().items():
        row = _row(table, formula)
        if row is None or len(parse_formula(formula).elements) < 2:
            continue
        energy = gas.gibbs(temperature_K) / gas.atoms
        solid = measured().get(str(table.formulas[row]))
        if solid is not None and solid.gibbs(temperature_K) / solid.atoms < energy:
            energy = solid.gibbs(temperature_K) / solid.atoms
        energies[row], counted[row] = energy, table.counted[row]
    return replace(
        table,
        energies=energies.round(_DIGITS),
        counted=counted,
        properties={
            **table.properties,
            TABULATED_ENERGY: np.array(table.energies),
            ABOVE_HULL: quiet | table.properties.get(ABOVE_HULL, np.zeros(len(table), dtype=bool)),
        },
        source=replace(table.source, scale=ANCHORED),
    )


def molecular(table: PhaseTable) -> NDArray[np.bool_]:
    """Return which phases are molecular solids of 0 K that nobody measured, (n,).

    They hold nonmetals alone, H, O or a halogen among them, and are no ammonium salts.  As solids
    at 0 K they are no products at room temperature, and what they are as gases is not known.
    """
    nonmetal = np.isin(np.array(table.elements), sorted(_MOLECULAR))
    volatile = np.isin(np.array(table.elements), sorted(_VOLATILE))
    starts = table.indptr[:-1]
    only = np.logical_and.reduceat(nonmetal[table.element_index], starts)
    some = np.logical_or.reduceat(volatile[table.element_index], starts)
    found = only & some & (np.diff(table.indptr) > 1)
    for row in np.flatnonzero(found).tolist():
        amounts = table.composition(row)
        nitrogen, hydrogen = amounts.get("N", 0), amounts.get("H", 0)
        ammonium = nitrogen > 0 and hydrogen >= 4 * nitrogen and len(amounts) > 2
        found[row] = not ammonium and str(table.formulas[row]) not in measured()
    return found


def _row(table: PhaseTable, formula: str) -> int | None:
    known = set(parse_formula(formula).elements) <= set(table.elements)
    return table.find(formula) if known else None
