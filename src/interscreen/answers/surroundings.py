"""What else a material touches: cathodes beside it, and air before the cell is built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..energies.conditions import at_conditions, read_conditions
from ..errors import InterscreenError, reason_of
from ..phases.columns import columns_of
from ..phases.conditions import ROOM_K, Conditions
from ..phases.material import Material, compose, resolve
from ..phases.result import Result
from ..phases.source import ANCHORED
from ..phases.table import PhaseTable
from .reactant import ON_HULL
from .reaction import Reaction, react

OK, FAILED = "ok", "failed"
CATHODE, OPEN_AIR = "cathode", "air"
AIR = {"O2": "21%", "CO2": "400ppm", "H2O": "0.0158bar"}
"""Ambient air; moisture is 50 % of what air holds at 25 C."""


@dataclass(frozen=True)
class SurroundingsContact(Result):
    """A material of a stack beside a cathode or in air.

    Attributes
    ----------
    part : str
        ``electrolyte``, ``candidate`` or ``layer`` (a candidate after its contact with Li).
    name, formula, partner, partner_formula : str
        Names of the material and of its partner in the study, and their formulas.
    partner_kind : str
        ``cathode`` or ``air``.
    status, reason : str
        ``ok``, or ``failed`` (then ``reason`` says why and all numbers are None).
    mutual_energy_eV_per_atom : float or None
        Minimum mutual reaction energy [eV/atom]; zero when the two coexist.
    mixing_fraction : float or None
        Atom fraction of the material there; None when the two coexist.
    equation : str or None
        Balanced equation there; None when the two coexist.
    energy_per_molecule_eV : float or None
        Of air only: the energy of that equation per molecule of the partner [eV].
    first_molecule_energy_eV : float or None
        Of air only: the same for the first molecules, those that meet an excess of the material
        [eV].  No other mixture gains more per molecule, so this is what decides whether anything
        happens.
    first_molecule_equation : str or None
        Balanced equation of those.
    material_energy_source, partner_energy_source : str
        ``given``, ``phase`` or ``hull`` (a lower bound of the reactivity).
    source : str
        Where the energies come from.
    """

    part: str
    name: str
    formula: str
    partner_kind: str
    partner: str
    partner_formula: str
    status: str
    reason: str = ""
    mutual_energy_eV_per_atom: float | None = None
    mixing_fraction: float | None = None
    equation: str | None = None
    energy_per_molecule_eV: float | None = None
    first_molecule_energy_eV: float | None = None
    first_molecule_equation: str | None = None
    material_energy_source: str = ""
    partner_energy_source: str = ""
    left_out_phases: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    source: str = ""


def stack_parts(
    electrolytes: Iterable[Material], candidates: Iterable[tuple[Material, str]]
) -> list[tuple[str, Material]]:
    """Name the materials of some stacks that meet cathodes and air, as ``surroundings`` takes them.

    Each candidate comes with its converted layer; empty for one that takes up no Li: it is its own
    layer and stands there once.
    """
    parts = [("electrolyte", material) for material in electrolytes]
    for material, layer in candidates:
        parts.append(("candidate", material))
        if layer:
            parts.append(("layer", Material(layer, name=material.label)))
    return parts


def surroundings(
    table: PhaseTable,
    materials: Sequence[tuple[str, str | Material]],
    cathodes: Sequence[str | Material],
    air: Sequence[str | Material],
) -> list[SurroundingsContact]:
    """Reaction of every material with every cathode and every part of the air.

    ``materials`` are (what it is in the stack: ``electrolyte``, ``candidate``, ``layer``; itself).
    Contacts come in their order, cathodes before air.  One that cannot be computed has the status
    ``failed`` and the reason; it never stops the others.
    """
    partners = [(CATHODE, entry) for entry in cathodes] + [(OPEN_AIR, entry) for entry in air]
    return [
        _contact(table, part, material, kind, partner)
        for part, material in materials
        for kind, partner in partners
    ]


def surroundings_rows(contacts: Iterable[SurroundingsContact]) -> list[dict[str, Any]]:
    """Flat rows of surroundings.csv."""
    columns = columns_of("surroundings")
    return [
        {
            **{key: value for key, value in vars(c).items() if key in columns},
            "equation": c.equation or "",
            "first_molecule_equation": c.first_molecule_equation or "",
            "reactant_a_energy_source": c.material_energy_source,
            "reactant_b_energy_source": c.partner_energy_source,
            "left_out_phases": " ".join(c.left_out_phases),
            "warnings": "; ".join(c.warnings),
        }
        for c in contacts
    ]


def _contact(
    table: PhaseTable, part: str, material: str | Material, kind: str, partner: str | Material
) -> SurroundingsContact:
    name, formula = _names(material)
    partner_name, partner_formula = _names(partner)
    failed = SurroundingsContact(
        part, name, formula, kind, partner_name, partner_formula, FAILED,
        source=table.source.to_dict()["source_label"],
    )  # fmt: skip
    try:
        phases, own, label = table, material, failed.source
        if kind == OPEN_AIR:
            phases, own, label = _in_air(table, material, partner)
        reaction = react(phases, own, partner)
        return replace(
            failed,
            status=OK,
            source=label,
            mutual_energy_eV_per_atom=reaction.min_mutual_energy_eV_per_atom,
            mixing_fraction=reaction.mixing_fraction,
            equation=reaction.equation,
            **(_per_molecule(reaction) if kind == OPEN_AIR else {}),
            material_energy_source=reaction.reactants[0]["energy_source"],
            partner_energy_source=reaction.reactants[1]["energy_source"],
            left_out_phases=tuple(reaction.provenance["left_out_phases"]),
            warnings=tuple(reaction.provenance["warnings"]),
        )
    except Exception as error:  # one contact must not stop the others; the row says why
        return replace(failed, reason=reason_of(error))


def _in_air(
    table: PhaseTable, material: str | Material, partner: str | Material
) -> tuple[PhaseTable, str | Material, str]:
    """Return the phases at 25 C with gases as they are in ambient air, the material, and a label.

    What is given off leaves when it reaches its pressure in the air, or 1 ppm.  Energies as
    tabulated know no temperature: they stay as they are.
    """
    label = str(table.source.to_dict()["source_label"])
    if table.source.scale != ANCHORED:
        return table, material, label
    given, unit = resolve(material)
    elements = {s for one in (unit, resolve(partner)[1]) for s in one.elements}
    within = frozenset(elements | ({"O", "H", "C"} & set(table.elements)))
    named = {gas: p for gas, p in AIR.items() if set(compose(gas).elements) <= within}
    conditions = read_conditions(ROOM_K, named)

    def make() -> tuple[PhaseTable, Conditions]:
        warm = at_conditions(table, conditions, within, near=True)
        at = warm.source.conditions or conditions
        return replace(warm, source=replace(warm.source, conditions=None)), at

    found, at = table.remember((_in_air, within), make)
    if given.energy_eV_per_atom is not None:
        shares = ((s, float(n / unit.n_atoms)) for s, n in unit.amounts)
        energy = given.energy_eV_per_atom - at.reference(shares)
        material = replace(given, energy_eV_per_atom=energy)
    return found, material, f"{found.source.to_dict()['source_label']}; ambient air, 25 C"


def _names(given: str | Material) -> tuple[str, str]:
    """Name and formula of a material; as written where it cannot be read."""
    try:
        material, unit = resolve(given)
    except InterscreenError:
        written = given if isinstance(given, Material) else Material(str(given))
        return written.label, written.formula
    return material.label, unit.text


def _per_molecule(reaction: Reaction) -> dict[str, Any]:
    """Energies per molecule of the second reactant [eV]; nothing where the two coexist.

    The mutual energy is convex in the mixing fraction and zero at both ends, so its ratio to the
    amount of gas is lowest at the last kink before the pure material.
    """
    if reaction.best is None:
        return {}
    _, unit = resolve(reaction.reactants[1]["formula"])
    reacting = [k for k in reaction.kinks[1:-1] if k.mutual_energy_eV_per_atom < -ON_HULL]
    first = max(reacting, key=lambda kink: kink.mixing_fraction)
    energies = [
        kink.mutual_energy_eV_per_atom / (1.0 - kink.mixing_fraction) * float(unit.n_atoms)
        for kink in (reaction.best, first)
    ]
    return {
        "energy_per_molecule_eV": energies[0],
        "first_molecule_energy_eV": energies[1],
        "first_molecule_equation": first.equation,
    }
