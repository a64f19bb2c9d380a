"""What the numbers are held against: published windows and reactions, measured cells, tolerances.

The tables in ``data/`` hold the figures as published, each row with its reference;
``data/validation.yaml`` says how they are judged.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ..files import load_yaml
from ..phases.material import Material

DECOMPOSITION = "decomposition_energy_0V_meV_per_atom"
ABOVE_HULL = "energy_above_hull_meV_per_atom"
MUTUAL = "min_mutual_energy_meV_per_atom"
REDUCTION, OXIDATION = "reduction_limit_V", "oxidation_limit_V"


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off.

    Attributes
    ----------
    value : float
        In the unit of the quantity [V or meV/atom].
    reason : str
    """

    value: float
    reason: str


@dataclass(frozen=True)
class KnownMiss:
    """A published number that this family of data does not give.

    Attributes
    ----------
    here : float
        What it gives [V or meV/atom].
    reason : str
    """

    here: float
    reason: str


@dataclass(frozen=True)
class Published:
    """One published number.

    Attributes
    ----------
    item : str
        Name of the material, or both sides of a contact.
    materials : tuple of Material
        One for a window, two for a contact.
    quantity : str
        Key of the number, with its unit.
    value : float
        As published [V or meV/atom].
    products : tuple of str
        Published products that belong to it; empty where none are given.
    anion_class : str
    reference : str
    """

    item: str
    materials: tuple[Material, ...]
    quantity: str
    value: float
    products: tuple[str, ...]
    anion_class: str
    reference: str


@dataclass(frozen=True)
class MeasuredCell:
    """One measured symmetric cell Li | interlayer | electrolyte | interlayer | Li.

    Attributes
    ----------
    interlayer, kind : str
        Name, and conversion, alloy, coating or none (bare electrolyte).
    deposited_phases : str
        Phases as deposited; a mixture is taken with equal amounts.  Empty for a bare cell.
    reported_products : str
        What the experiment found after contact with Li, as written there.
    electrolyte, electrolyte_formula : str
    resistance_before_ohm_cm2, resistance_after_ohm_cm2 : float or None
        Interfacial resistance without and with the interlayer [ohm cm2].
    resistance_before_ohm_per_cell, resistance_after_ohm_per_cell : float or None
        The same where it is given per cell and the area is not known [ohm].
    ccd_before_mA_cm2, ccd_after_mA_cm2 : float or None
        Critical current density [mA/cm2].
    cycling_mA_cm2_hours, method, reference, note : str
        As published.
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
    method: str
    reference: str
    note: str


@lru_cache(maxsize=1)
def judgement() -> Mapping[str, Any]:
    """Return tolerances, known misses and choices (``data/validation.yaml``)."""
    name = "validation.yaml"
    text = (files("interscreen") / "data" / name).read_text(encoding="utf-8")
    found: Mapping[str, Any] = load_yaml(text, name)
    return found


def published_windows() -> tuple[Published, ...]:
    """Return published windows, energies at 0 V and energies above the hull, one entry each.

    An energy above the hull that has to be handed in is no number to compare.
    """
    found = []
    given = judgement()["given_above_hull_meV_per_atom"]
    for row in _rows("published_windows.csv"):
        name = row["material"]
        material = Material(
            row["formula"],
            energy_above_hull_eV_per_atom=given[name] / 1000 if name in given else None,
        )
        above = row["energy_above_hull_meV_per_atom"]
        numbers = [
            (REDUCTION, row["reduction_V"], 1.0, row["products_at_reduction"]),
            (OXIDATION, row["oxidation_V"], 1.0, row["products_at_oxidation"]),
            (DECOMPOSITION, row["decomposition_energy_0V_eV_per_atom"], 1000.0, ""),
            (ABOVE_HULL, "" if name in given else above, 1.0, ""),
        ]
        found += [
            Published(
                item=name,
                materials=(material,),
                quantity=quantity,
                value=float(text) * factor,
                products=_phases(products),
                anion_class=judgement()["anion_class"][name],
                reference=row["reference"],
            )
            for quantity, text, factor, products in numbers
            if text
        ]
    return tuple(found)


def published_reactions() -> tuple[Published, ...]:
    """Return published mutual reaction energies."""
    found = []
    for row in _rows("published_reactions.csv"):
        sides = (row["reactant_a"], row["reactant_b"])
        item = " | ".join(sides)
        found.append(
            Published(
                item=item,
                materials=tuple(Material(side) for side in sides),
                quantity=MUTUAL,
                value=float(row["min_mutual_energy_meV_per_atom"]),
                products=_phases(row["products"]),
                anion_class=judgement()["anion_class"][item],
                reference=row["reference"],
            )
        )
    return tuple(found)


def tolerance(published: Published) -> Tolerance:
    """Return how far a number of this anion class may be off, and why."""
    allowed = judgement()["tolerances"][published.anion_class]
    reason = str(judgement()["energy_reason"])
    if published.quantity in (REDUCTION, OXIDATION):
        return Tolerance(float(allowed["window_V"]), str(allowed["window_reason"]))
    key = {
        DECOMPOSITION: "decomposition_meV_per_atom",
        ABOVE_HULL: "above_hull_meV_per_atom",
        MUTUAL: "energy_meV_per_atom",
    }[published.quantity]
    return Tolerance(float(allowed[key]), reason)


def known_miss(item: str, quantity: str) -> KnownMiss | None:
    """Return what is known of a number that does not come out as published."""
    for miss in judgement()["known_misses"]:
        if (miss["item"], miss["quantity"]) == (item, quantity):
            return KnownMiss(float(miss["here"]), str(miss["reason"]))
    return None


def measured_cells() -> tuple[MeasuredCell, ...]:
    """Return measured interlayers and bare cells, in the order of the table."""
    return tuple(_measured(row) for row in _rows("interlayer_experiments.csv"))


def _measured(row: Mapping[str, str]) -> MeasuredCell:
    per_cell = row["interlayer"] in judgement()["resistance_per_cell"]
    before, after = (_number(row[f"resistance_{when}_ohm_cm2"]) for when in ("before", "after"))
    return MeasuredCell(
        interlayer=row["interlayer"],
        kind=row["kind"],
        deposited_phases=row["deposited_phases"],
        reported_products=row["reported_products"],
        electrolyte=row["electrolyte"],
        electrolyte_formula=row["electrolyte_formula"],
        resistance_before_ohm_cm2=None if per_cell else before,
        resistance_after_ohm_cm2=None if per_cell else after,
        resistance_before_ohm_per_cell=before if per_cell else None,
        resistance_after_ohm_per_cell=after if per_cell else None,
        ccd_before_mA_cm2=_number(row["ccd_before_mA_cm2"]),
        ccd_after_mA_cm2=_number(row["ccd_after_mA_cm2"]),
        cycling_mA_cm2_hours=row["cycling_mA_cm2_hours"],
        method=row["method"],
        reference=row["reference"],
        note=row["note"],
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("interscreen") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _phases(text: str) -> tuple[str, ...]:
    return tuple(text.split(" + ")) if text else ()
