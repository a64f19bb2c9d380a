"""Stacks as flat rows of the result files (columns: see ``interscreen.columns``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..answers.lithiation import format_amount, lithiation_rows
from ..answers.stack import CandidateSide, Contact, ElectrolyteSide, Stack
from ..answers.window import Window, window_row
from ..phases.units import KJ_PER_MOL

OK, FAILED = "ok", "failed"

Row = dict[str, Any]

RESULT_COLUMNS = (
    "candidate formula electrolyte electrolyte_formula status reason role "
    "candidate_energy_eV_per_atom candidate_energy_source candidate_energy_above_hull_eV_per_atom "
    "electrolyte_energy_eV_per_atom electrolyte_energy_source "
    "electrolyte_energy_above_hull_eV_per_atom bare_mutual_eV_per_atom lithium_mutual_eV_per_atom "
    "lithium_total_eV_per_atom lithium_total_eV_per_formula lithium_total_kJ_per_mol "
    "lithium_equation conversion_products first_voltage_V "
    "average_voltage_V li_uptake_per_formula capacity_mAh_per_g deposited_mutual_eV_per_atom "
    "deposited_mixing_fraction deposited_equation layer layer_mutual_eV_per_atom layer_equation "
    "worst_product worst_product_mutual_eV_per_atom product_energies improvement_eV_per_atom "
    "reduction_limit_V oxidation_limit_V electrolyte_reduction_limit_V bridge_product "
    "bridge_margin_V li_capacity_mAh_per_cm2_um volume_change_percent metal_volume_percent "
    "salt_volume_percent metal_percolates insulating_products electron_blocking volume_data "
    "expected_products reference left_out_phases warnings source"
).split()
REACTION_COLUMNS = (
    "candidate electrolyte contact contact_kind reactant_a reactant_a_energy_source reactant_b "
    "reactant_b_energy_source is_minimum mixing_fraction mutual_energy_eV_per_atom "
    "mutual_energy_kJ_per_mol total_energy_eV_per_atom total_energy_eV_per_formula_a "
    "total_energy_eV_per_formula_b equation left_out_phases source"
).split()
WINDOW_COLUMNS = (
    "part name material reduction_limit_V oxidation_limit_V phase_reduction_limit_V "
    "phase_oxidation_limit_V phase_window_reason energy_eV_per_atom energy_source "
    "energy_above_hull_eV_per_atom decomposition_energy_0V_eV_per_atom "
    "decomposition_energy_0V_eV_per_formula decomposition_energy_0V_kJ_per_mol reduction_products "
    "oxidation_products left_out_phases source"
).split()
LITHIATION_COLUMNS = (
    "candidate material step voltage_V li_per_formula_start li_per_formula_end capacity_mAh_per_g "
    "products left_out_phases source"
).split()


def result_row(stack: Stack, candidate: CandidateSide, electrolyte: ElectrolyteSide) -> Row:
    """Return the row of one candidate and electrolyte in results.csv."""
    lithium = stack.lithium.reaction
    deposited = stack.deposited.reaction
    ours, theirs = deposited.reactants
    per_formula = lithium.best.total_energy_per_formula(1) if lithium.best else None
    path = stack.lithiation
    last = path.steps[-1] if path.steps else None
    worst = stack.worst_product
    return {
        "candidate": candidate.label,
        "formula": ours["formula"],
        "electrolyte": electrolyte.label,
        "electrolyte_formula": theirs["formula"],
        "status": OK,
        "reason": "",
        "candidate_energy_eV_per_atom": ours["energy_eV_per_atom"],
        "candidate_energy_source": ours["energy_source"],
        "candidate_energy_above_hull_eV_per_atom": ours["energy_above_hull_eV_per_atom"],
        "electrolyte_energy_eV_per_atom": theirs["energy_eV_per_atom"],
        "electrolyte_energy_source": theirs["energy_source"],
        "electrolyte_energy_above_hull_eV_per_atom": theirs["energy_above_hull_eV_per_atom"],
        "bare_mutual_eV_per_atom": stack.bare.energy,
        "lithium_mutual_eV_per_atom": stack.lithium.energy,
        "lithium_total_eV_per_atom": lithium.total_energy_eV_per_atom,
        "lithium_total_eV_per_formula": per_formula,
        "lithium_total_kJ_per_mol": None if per_formula is None else per_formula * KJ_PER_MOL,
        "lithium_equation": lithium.equation or "",
        "conversion_products": " + ".join(
            format_amount(formula, number) for formula, number in path.final_amounts.items()
        ),
        "first_voltage_V": path.steps[0].voltage_V if path.steps else None,
        "average_voltage_V": path.average_voltage_V,
        "li_uptake_per_formula": (
            last.li_per_formula_end - path.steps[0].li_per_formula_start if last else 0.0
        ),
        "capacity_mAh_per_g": last.capacity_mAh_per_g if last else 0.0,
        "deposited_mutual_eV_per_atom": stack.deposited.energy,
        "deposited_mixing_fraction": deposited.mixing_fraction,
        "deposited_equation": deposited.equation or "",
        "layer": candidate.layer,
        "layer_mutual_eV_per_atom": stack.layer.energy,
        "layer_equation": stack.layer.reaction.equation or "",
        "worst_product": worst.label.partition(" | ")[0],
        "worst_product_mutual_eV_per_atom": worst.energy,
        "product_energies": "; ".join(
            f"{contact.label.partition(' | ')[0]} {contact.energy * 1000:.1f}"
            for contact in stack.products
        ),
        "improvement_eV_per_atom": stack.layer.energy - stack.bare.energy,
        "reduction_limit_V": candidate.window.assemblage_window_V[0],
        "oxidation_limit_V": candidate.window.assemblage_window_V[1],
        "electrolyte_reduction_limit_V": electrolyte.window.assemblage_window_V[0],
        "bridge_product": stack.bridge_product or "",
        "bridge_margin_V": stack.bridge_margin_V,
        "left_out_phases": " ".join(_gather(stack.contacts, "left_out_phases")),
        "warnings": "; ".join(
            dict.fromkeys([*path.provenance["warnings"], *_gather(stack.contacts, "warnings")])
        ),
        "source": deposited.provenance["source_label"],
    }


@dataclass(frozen=True)
class MissingElectrolyte:
    """An electrolyte that the source cannot answer for.

    Attributes
    ----------
    label, formula : str
    reason : str
    source : str
        Where the energies come from.
    """

    label: str
    formula: str
    reason: str
    source: str


def failed_row(
    candidate: str,
    formula: str,
    electrolyte: ElectrolyteSide | MissingElectrolyte,
    reason: str,
    **more: str,
) -> Row:
    """Return the row of a candidate that could not be computed; ``more`` columns are known."""
    if isinstance(electrolyte, MissingElectrolyte):
        composition, source = electrolyte.formula, electrolyte.source
    else:
        composition = electrolyte.window.material
        source = electrolyte.window.provenance["source_label"]
    return {
        "candidate": candidate,
        "formula": formula,
        "electrolyte": electrolyte.label,
        "electrolyte_formula": composition,
        "status": FAILED,
        "reason": reason,
        **more,
        "source": source,
    }


def reaction_rows(stack: Stack) -> list[Row]:
    """All kinks of all contacts of a stack."""
    return [
        {
            "candidate": stack.candidate,
            "electrolyte": stack.electrolyte,
            "contact": contact.label,
            "contact_kind": contact.kind,
            **row,
            **_origin(contact.reaction.provenance),
        }
        for contact in stack.contacts
        for row in contact.reaction.rows()
    ]


def window_rows(part: str, name: str, window: Window) -> Row:
    """Return the row of one material in windows.csv."""
    return {"part": part, "name": name, **window_row(window), **_origin(window.provenance)}


def candidate_lithiation_rows(candidate: CandidateSide) -> list[Row]:
    """Rows of one candidate in lithiation.csv."""
    origin = _origin(candidate.lithiation.provenance)
    return [
        {"candidate": candidate.label, **row, **origin}
        for row in lithiation_rows(candidate.lithiation)
    ]


def _origin(provenance: dict[str, Any]) -> Row:
    return {
        "left_out_phases": " ".join(provenance["left_out_phases"]),
        "source": provenance["source_label"],
    }


def _gather(contacts: Iterable[Contact], key: str) -> list[str]:
    found = [item for contact in contacts for item in contact.reaction.provenance[key]]
    return list(dict.fromkeys(found))
