"""Anion classes of phases, by composition alone: oxide, phosphate, halide, intermetallic, ..."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from .table import PhaseTable

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Nonmetals and metalloids in order of falling electronegativity (Pauling): the class that each
# makes, its charge as an anion, and the atoms of O for each of its own from which on it is the
# centre of an oxoanion in any case (as in its highest oxide, or in the carbonate).
_ANIONS: dict[str, tuple[str, int, float]] = {
    "F": ("fluoride", 1, np.inf),
    "O": ("oxide", 2, np.inf),
    "Cl": ("chloride", 1, np.inf),
    "N": ("nitride", 3, np.inf),
    "Br": ("bromide", 1, np.inf),
    "I": ("iodide", 1, np.inf),
    "S": ("sulfide", 2, np.inf),
    "Se": ("selenide", 2, np.inf),
    "C": ("carbide", 4, 3.0),
    "H": ("hydride", 1, np.inf),
    "P": ("phosphide", 3, 2.5),
    "As": ("arsenide", 3, 2.5),
    "Te": ("telluride", 2, 3.0),
    "Sb": ("antimonide", 3, 2.5),
    "B": ("boride", 3, 1.5),
    "Ge": ("germanide", 4, 2.0),
    "Si": ("silicide", 4, 2.0),
}
# centre, ligand, and the atoms of the ligand for each centre that are needed
_POLYANIONS: dict[str, tuple[str, str, float]] = {
    "phosphate": ("P", "O", 2.5),
    "sulfate": ("S", "O", 3.5),
    "carbonate": ("C", "O", 3.0),
    "nitrate": ("N", "O", 3.0),
    "borate": ("B", "O", 1.5),
    "silicate": ("Si", "O", 2.0),
    "thiophosphate": ("P", "S", 2.5),
}
_ANY_OF = {
    "halide": ("fluoride", "chloride", "bromide", "iodide"),
    "chalcogenide": ("sulfide", "selenide", "telluride"),
}
_BOTH_OF = {
    "oxyfluoride": ("oxide", "fluoride"),
    "oxyhalide": ("oxide", "halide"),
    "oxynitride": ("oxide", "nitride"),
    "oxysulfide": ("oxide", "sulfide"),
}
INTERMETALLIC = "intermetallic"
_NOBLE = "He Ne Ar Kr Xe Rn".split()

ANION_CLASSES: tuple[str, ...] = (
    *(name for name, _, _ in _ANIONS.values()), *_POLYANIONS, *_ANY_OF, *_BOTH_OF, INTERMETALLIC,
)  # fmt: skip

# highest oxidation states that are usual in solids: what an element can pay for anions
_HIGHEST_STATE: dict[str, int] = {
    symbol: state
    for state, symbols in {
        1: "H Li Na K Rb Cs Fr Ag",
        2: "Be Mg Ca Sr Ba Ra Zn Cd Hg Cu Pb",
        3: "B Al Ga In Tl Bi Sc Y La Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Ac Fe Co Ni Au "
        "Am Cm Bk Cf",
        4: "C Si Ge Sn Ti Zr Hf Ce Th Mn Ru Rh Pd Ir Pt",
        5: "N P As Sb V Nb Ta Pa",
        6: "S Se Te Cr Mo W Os U Np Pu",
        7: "Cl Br I Tc Re",
    }.items()
    for symbol in symbols.split()
}
# the same beside hydride ions, which reduce what is in a higher state and stand on no nonmetal
_BESIDE_HYDRIDE: dict[str, int] = {
    **{symbol: min(state, 4) for symbol, state in _HIGHEST_STATE.items()},
    **dict.fromkeys("H C N P As Sb S Se Te Cl Br I".split(), 0),
    **{"Cu": 1, "Mn": 2, "Fe": 2, "Co": 2, "Ni": 2, "Sn": 2, "V": 3, "Cr": 3},
}


def anion_classes(table: PhaseTable) -> dict[str, Mask]:
    """Return which phases belong to each class of ``ANION_CLASSES``, by composition alone.

    Only compounds (two elements or more) have classes, and a compound may have several.

    1. Nonmetals and metalloids (F O Cl N Br I S Se C H P As Te Sb B Ge Si, in order of falling
       electronegativity) can be anions.  The first one that a compound has is one, and so is O.
    2. A further one is, too, if the other elements in their highest usual oxidation states can
       pay for it beside the anions before it: Cl and S in Li6PS5Cl but not P in it, S in La2O2S
       but not in Li2SO4, H in LaHO but not in LiOH.  For H only metals, B, Si and Ge can pay, and
       in low states (Mn2+, Cr3+): CrHO2 is a hydroxide.  C, P, As, Te, Sb, B, Ge and Si with as
       much oxygen as in their highest oxides (C: as in carbonates) are no anions in any case.
    3. N or C with H beside a more electronegative element of the list belongs to ammonium or an
       organic group, and makes no nitride or carbide.
    4. The polyanionic classes hold compounds of three elements or more whose centre is no anion
       and has enough of the ligand: phosphate O/P >= 2.5, sulfate O/S >= 3.5, carbonate
       O/C >= 3, nitrate O/N >= 3, borate O/B >= 1.5, silicate O/Si >= 2; thiophosphate
       S/P >= 2.5 without O.  These compounds are oxides (sulfides) as well.
    5. ``halide`` is any of fluoride, chloride, bromide and iodide, ``chalcogenide`` any of
       sulfide, selenide and telluride; ``oxyfluoride``, ``oxyhalide``, ``oxynitride`` and
       ``oxysulfide`` are both.  ``intermetallic`` holds what has metals only: every compound
       without noble gases belongs to it, or to at least one of the simple classes.

    Structures are not looked at: a peroxide counts as oxide, a cyanide as nitride, FeS2 as
    sulfide.

    Returns
    -------
    dict of str to (n,) bool array
    """
    atoms = {symbol: _sum(table, {symbol: 1}) for symbol in _ANIONS}
    lengths = np.diff(table.indptr)
    compound = lengths > 1
    # charge that the elements which are no anions can pay, less the charge of the anions so far
    left, left_for_h = _sum(table, _HIGHEST_STATE), _sum(table, _BESIDE_HYDRIDE)
    before = np.zeros(len(table), dtype=bool)  # has a more electronegative element of the list
    acts: dict[str, Mask] = {}
    masks: dict[str, Mask] = {}
    for symbol, (name, charge, oxygen) in _ANIONS.items():
        present = compound & (atoms[symbol] > 0)
        cost = atoms[symbol] * (charge + _HIGHEST_STATE.get(symbol, 0))
        cost_for_h = atoms[symbol] * (charge + _BESIDE_HYDRIDE.get(symbol, 0))
        paid = cost_for_h <= left_for_h if symbol == "H" else cost <= left
        centre = atoms["O"] >= oxygen * np.maximum(atoms[symbol], 1)
        acts[symbol] = present & (~before | (paid & ~centre) | (symbol == "O"))
        left -= np.where(acts[symbol], cost, 0)
        left_for_h -= np.where(acts[symbol], cost_for_h, 0)
        organic = before & (atoms["H"] > 0) & (symbol in ("N", "C"))
        masks[name] = acts[symbol] & ~organic
        before |= present
    for name, (centre_of, ligand, ratio) in _POLYANIONS.items():
        enough = (atoms[centre_of] > 0) & (atoms[ligand] >= ratio * atoms[centre_of])
        masks[name] = enough & (lengths > 2) & acts[ligand] & ~acts[centre_of]
        if ligand != "O":
            masks[name] &= atoms["O"] == 0
    for name, parts in _ANY_OF.items():
        masks[name] = np.logical_or.reduce([masks[part] for part in parts])
    for name, parts in _BOTH_OF.items():
        masks[name] = np.logical_and.reduce([masks[part] for part in parts])
    masks[INTERMETALLIC] = compound & ~before & (how_many(table, _NOBLE) == 0)
    return {name: masks[name] for name in ANION_CLASSES}


def _sum(table: PhaseTable, values: Mapping[str, int]) -> Rows:
    """Sum of the values of all atoms of each reduced formula, shape (n,)."""
    value = np.array([values.get(symbol, 0) for symbol in table.elements])
    total: Rows = np.add.reduceat(table.counts * value[table.element_index], table.indptr[:-1])
    return total


def how_many(table: PhaseTable, symbols: Iterable[str]) -> Rows:
    """How many of some elements each phase has, shape (n,)."""
    wanted = set(symbols)
    listed = np.array([symbol in wanted for symbol in table.elements], dtype=np.int64)
    number: Rows = np.add.reduceat(listed[table.element_index], table.indptr[:-1])
    return number
