"""What the numbers are held against: published windows and reactions, measured cells, tolerances.

The tables in ``data/`` hold the figures as published, each row with its reference;
``data/validation.yaml`` says how they are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from ..files import data_rows, data_yaml
from ..phases.material import Material

DECOMPOSITION = "decomposition_energy_0V_meV_per_atom"
ABOVE_HULL = "energy_above_hull_meV_per_atom"
MUTUAL = "min_mutual_energy_meV_per_atom"
REDUCTION, OXIDATION = "reduction_limit_V", "oxidation_limit_V"
_TOLERANCES = {
    REDUCTION: "window_V", OXIDATION: "window_V", DECOMPOSITION: "decomposition_meV_per_atom",
    ABOVE_HULL: "above_hull_meV_per_atom", MUTUAL: "energy_meV_per_atom",
}  # fmt: skip


class Tolerance(NamedTuple):
    """How far a number may be off, in the unit of the quantity [V or meV/atom], and why."""

    value: float
    reason: str


class KnownMiss(NamedTuple):
    """What this family of data gives in place of a published number [V or meV/atom], and why."""

    here: float
    reason: str


@dataclass(frozen=True)
class Published:
    """One published number of a material, or of the contact of two [V or meV/atom]."""

    item: str
    materials: tuple[Material, ...]
    quantity: str
    value: float
    products: tuple[str, ...]  # published ones that belong to it; empty where none are given
    anion_class: str
    reference: str


@dataclass(frozen=True)
class MeasuredCell:
    """One measured symmetric cell Li | interlayer | electrolyte | interlayer | Li.

    Attributes
    ----------
    deposited_phases : str
        A mixture is taken with equal amounts.  Empty for a bare cell.
    resistance_before_ohm_cm2, resistance_after_ohm_cm2 : float or None
        Interfacial resistance without and with the interlayer [ohm cm2]; ``..._ohm_per_cell`` where
        it is given per cell and the area is not known [ohm].
    outcome : str
        ``works``, or ``fails`` for negative controls.
    route, arrangement : str
        How the layer was made and which phase meets the electrolyte, as reported; see ``entries``.
    computable : bool
        Whether it is a crystal that the method can answer for; False for bare cells.
    others
        As published; see the columns of ``cells`` in the registry.
    """

    interlayer: str
    kind: str
    deposited_phases: str
    reported_products: str
    electrolyte: str
    electrolyte_formula: str
    resistance_before_ohm_cm2: float | None
    resistance_after_ohm_cm2: float | None
    resistance_before_ohm_per_cell: float | None
    resistance_after_ohm_per_cell: float | None
    ccd_before_mA_cm2: float | None
    ccd_after_mA_cm2: float | None
    cycling_mA_cm2_hours: str
    outcome: str
    route: str
    arrangement: str
    computable: bool
    method: str
    reference: str
    note: str


def judgement() -> Mapping[str, Any]:
    """Return tolerances, known misses and choices (``data/validation.yaml``)."""
    found: Mapping[str, Any] = data_yaml("validation.yaml")
    return found


def published_windows() -> tuple[Published, ...]:
    """Return published windows, energies at 0 V and energies above the hull, one entry each.

    An energy above the hull that has to be handed in is no number to compare.
    """
    found = []
    given = judgement()["given_above_hull_meV_per_atom"]
    for row in data_rows("published_windows.csv"):
        name = row["material"]
        above = given[name] / 1000 if name in given else None
        materials = (Material(row["formula"], energy_above_hull_eV_per_atom=above),)
        numbers = [
            (REDUCTION, row["reduction_V"], 1.0, row["products_at_reduction"]),
            (OXIDATION, row["oxidation_V"], 1.0, row["products_at_oxidation"]),
            (DECOMPOSITION, row["decomposition_energy_0V_eV_per_atom"], 1000.0, ""),
            (ABOVE_HULL, "" if name in given else row["energy_above_hull_meV_per_atom"], 1.0, ""),
        ]
        found += [
            _published(name, materials, quantity, float(text) * factor, products, row["reference"])
            for quantity, text, factor, products in numbers
            if text
        ]
    return tuple(found)


def published_reactions() -> tuple[Published, ...]:
    """Return published mutual reaction energies."""
    return tuple(
        _published(
            f"{row['reactant_a']} | {row['reactant_b']}",
            (Material(row["reactant_a"]), Material(row["reactant_b"])),
            MUTUAL,
            float(row[MUTUAL]),
            row["products"],
            row["reference"],
        )
        for row in data_rows("published_reactions.csv")
    )


def _published(
    item: str,
    materials: tuple[Material, ...],
    quantity: str,
    value: float,
    products: str,
    reference: str,
) -> Published:
    phases = tuple(products.split(" + ")) if products else ()
    anion_class = judgement()["anion_class"][item]
    return Published(item, materials, quantity, value, phases, anion_class, reference)


def tolerance(published: Published) -> Tolerance:
    """Return how far a number of this anion class may be off, and why."""
    allowed = judgement()["tolerances"][published.anion_class]
    key = _TOLERANCES[published.quantity]
    reason = allowed["window_reason"] if key == "window_V" else judgement()["energy_reason"]
    return Tolerance(float(allowed[key]), str(reason))


def known_miss(item: str, quantity: str) -> KnownMiss | None:
    """Return what is known of a number that does not come out as published."""
    for miss in judgement()["known_misses"]:
        if (miss["item"], miss["quantity"]) == (item, quantity):
            return KnownMiss(float(miss["here"]), str(miss["reason"]))
    return None


@lru_cache(maxsize=1)
def measured_cells() -> tuple[MeasuredCell, ...]:
    """Return measured interlayers and bare cells, in the order of the table."""
    return tuple(map(_measured, data_rows("interlayer_experiments.csv")))


def _measured(row: dict[str, str]) -> MeasuredCell:
    whole: dict[str, Any] = {**row, "computable": row["computable"] == "yes"}
    whole["arrangement"] = row["arrangement"] or "mixture"
    per_cell = row["interlayer"] in judgement()["resistance_per_cell"]
    for when in ("before", "after"):
        ccd, area = f"ccd_{when}_mA_cm2", f"resistance_{when}_ohm_cm2"
        whole[ccd] = float(row[ccd]) if row[ccd] else None
        resistance = float(row[area]) if row[area] else None
        whole[area] = None if per_cell else resistance
        whole[f"resistance_{when}_ohm_per_cell"] = resistance if per_cell else None
    return MeasuredCell(**whole)
