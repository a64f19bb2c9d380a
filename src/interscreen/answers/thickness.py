"""What a layer of some thickness takes and consumes: per area of the cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..phases.material import Given, compose, resolve
from ..phases.result import Result
from ..phases.solids import MEASURED, SOURCE, figures_of, row_volumes
from ..phases.table import PhaseTable
from .layer import layer_metrics
from .lithiation import lithiate
from .stack import Stack

METAL_MAH_PER_CM2_UM = {
    "Li": 0.206, "Na": 0.113, "K": 0.059, "Mg": 0.383, "Ca": 0.207, "Zn": 0.585, "Al": 0.805
}  # fmt: skip
"""Charge of one micrometre of metal, from z F, molar mass and density (0.534 g/cm3 of Li; Na 0.968,
K 0.862, Mg 1.738, Ca 1.55, Zn 7.14, Al 2.70: CRC Handbook of Chemistry and Physics)."""

_UNITS = {"nm": 1.0, "um": 1e3, "µm": 1e3, "μm": 1e3}


@dataclass(frozen=True)
class OfThickness(Result):
    """A layer of some thickness as deposited; None where a volume is missing.

    Attributes
    ----------
    thickness_nm : float
        As deposited.
    lithium_mAh_per_cm2, lithium_um : float or None
        Li that the conversion takes [mAh/cm2], and as a thickness of Li metal [um].
    converted_nm : float or None
        Thickness after conversion, without pores and with fixed area.
    electrolyte_nm : float or None
        Electrolyte that the whole converted layer could consume at the minimum of their mutual
        energy; zero where the two coexist.
    """

    thickness_nm: float
    lithium_mAh_per_cm2: float | None
    lithium_um: float | None
    converted_nm: float | None
    electrolyte_nm: float | None


def read_thickness(text: str) -> float:
    """Read a thickness such as ``50nm`` or ``15 um`` [nm]; InputError for any other text."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(nm|um|µm|μm)\s*", text)
    if found is None or float(found[1]) == 0.0:
        raise InputError(f"thickness {text!r}: write it as 50nm or 15um")
    return float(found[1]) * _UNITS[found[2]]


def of_thickness(
    table: PhaseTable, candidate: Given, electrolyte: Given, stack: Stack, nm: float
) -> OfThickness:
    """Scale the layer of a stack to a thickness of ``nm`` as deposited."""
    metrics = layer_metrics(table, candidate)
    of_metal = METAL_MAH_PER_CM2_UM[table.electrode.ion.symbol]
    capacity = metrics.li_capacity_mAh_per_cm2_um
    taken = None if capacity is None else capacity * nm / 1000.0
    change = metrics.volume_change_percent
    best = stack.layer.reaction.best
    consumed: float | None = 0.0
    if best is not None:
        volumes = [_volume(table, side) for side in (candidate, electrolyte)]
        n_atoms = float(resolve(candidate)[1].n_atoms)
        uptake = stack.lithiation.uptake_per_formula
        # atoms of the converted layer per atom of the candidate, and of the electrolyte per those
        atoms = (1.0 + uptake / n_atoms) * (1.0 / best.mixing_fraction - 1.0)
        one, other = volumes
        consumed = None if one is None or other is None else nm * atoms * other / one
    return OfThickness(
        thickness_nm=nm,
        lithium_mAh_per_cm2=taken,
        lithium_um=None if taken is None else taken / of_metal,
        converted_nm=None if change is None else nm * (1.0 + change / 100.0),
        electrolyte_nm=consumed,
    )


def _volume(table: PhaseTable, material: Given) -> float | None:
    """Volume of one mole of atoms [cm3/mol], of a mixture by its parts.

    A formula that is no phase has the volume of the phases that its hull energy stands for.
    """
    unit = compose(resolve(material)[0].formula)
    if len(unit.parts) == 1 and table.find(unit.parts[0][1]) is None:
        standing = lithiate(table, material).initial_products
        unit = compose(" + ".join(f"{units:.9f} {name}" for name, units in standing.items()))
    total = 0.0
    for factor, formula in unit.parts:
        row = table.find(formula)
        if row is None:
            found = figures_of(formula.text)[0]
        else:
            known = row_volumes(table, np.array([row]))
            measured, computed = (float(known[origin][0]) for origin in (MEASURED, SOURCE))
            found = computed if np.isnan(measured) else measured
        total += float(factor * formula.n_atoms / unit.n_atoms) * found
    return None if np.isnan(total) else total
