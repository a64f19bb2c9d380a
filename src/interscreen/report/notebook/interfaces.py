"""Stacks, profiles and maps in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...answers.map import CompositionMap
from ...answers.profile_result import Profile
from ...answers.stack import Stack
from ..markup import marked
from .card import Card, Column, fixed, lower_bound, milli, plain
from .headlines import headline, names_of
from .questions import MEV, reactants_table

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {
    "bare": "bare Li",
    "lithium": "conversion",
    "deposited": "as deposited",
    "layer": "converted layer",
    "product": "product",
}


def show_stack(card: Card, result: Stack) -> None:
    """Every contact, the bridge, and the heatmap of this one interlayer."""
    from ..figures.heatmap import reaction_heatmap

    card.title(f"Li | {result.candidate} | {result.electrolyte}")
    card.table(
        [
            Column("Contact"),
            Column(""),
            Column("Mutual energy", MEV, numbers=True),
            Column("x of the first", numbers=True),
            Column("Reaction at the minimum"),
        ],
        [
            [
                marked(contact.label),
                _KINDS.get(contact.kind, marked(contact.kind)),
                milli(contact.energy),
                plain(contact.reaction.mixing_fraction, 3),
                marked(contact.reaction.equation or "no mutual reaction"),
            ]
            for contact in result.contacts
        ],
    )
    bridge = (
        marked(result.bridge_product)
        if result.bridge_product
        else ("no Li-bearing salt that is stable at 0 V")
    )
    card.facts(
        [
            ("Converted layer", _layer(result)),
            ("Bridge", f"{bridge}; margin {fixed(result.bridge_margin_V, 3)} V"),
        ]
    )
    names = (result.candidate, result.electrolyte)
    sides = tuple(
        {**reactant, "input": name}
        for reactant, name in zip(result.deposited.reaction.reactants, names, strict=True)
    )
    card.table(*reactants_table(sides))
    if said := lower_bound(sides):
        card.line(said)
    card.figure(lambda: reaction_heatmap(stack_frame(result)), headline(result))
    provenances = [contact.reaction.provenance for contact in result.contacts]
    provenances.append(result.lithiation.provenance)
    card.warnings(text for one in provenances for text in one["warnings"])
    left_out = sorted({name for one in provenances for name in one["left_out_phases"]})
    card.foot(provenances[0]["source_label"], left_out)


def _layer(result: Stack) -> str:
    steps = result.lithiation.steps
    said = marked(result.layer.label.partition(" | ")[0])
    if not steps:
        return f"{said}, as deposited (it takes up no Li)"
    return f"{said} (lithiation begins at {fixed(steps[0].voltage_V, 3)} V)"


def stack_frame(result: Stack) -> pd.DataFrame:
    """One row with the columns that the heatmap reads."""
    import pandas as pd

    ours, theirs = result.deposited.reaction.reactants
    worst = result.worst_product
    row = {
        "candidate": result.candidate,
        "formula": ours["formula"],
        "electrolyte": result.electrolyte,
        "electrolyte_formula": theirs["formula"],
        "status": "ok",
        "reason": "",
        "bare_mutual_eV_per_atom": result.bare.energy,
        "lithium_mutual_eV_per_atom": result.lithium.energy,
        "deposited_mutual_eV_per_atom": result.deposited.energy,
        "layer": result.layer.label.partition(" | ")[0],
        "layer_mutual_eV_per_atom": result.layer.energy,
        "worst_product": worst.label.partition(" | ")[0],
        "worst_product_mutual_eV_per_atom": worst.energy,
    }
    return pd.DataFrame([row])


def show_profile(card: Card, result: Profile) -> None:
    """Windows, the curves, and every range of potentials."""
    from ..figures.profile import profile_plot

    first, last = (result.points[at].potential_V for at in (0, -1))
    worst = result.worst
    card.title(f"{names_of(result)}, open to Li from {first:g} to {last:g} V")
    card.facts(
        [
            (
                "Most negative mutual energy",
                f"<strong>{milli(worst.mutual_eV_per_atom)} {MEV}</strong> at "
                f"{fixed(worst.potential_V, 3)} V vs Li/Li⁺",
            ),
            ("No reaction at all", _windows(result.stable_window_V)),
            ("None beyond 10 meV/atom", _windows(result.stable_window_10meV_V)),
        ]
    )
    card.table(*reactants_table(result.reactants))
    if said := lower_bound(result.reactants):
        card.line(said)
    for note in result.notes:
        card.line(marked(note))
    card.figure(lambda: profile_plot(result), headline(result))
    card.table(
        [
            Column("From", "V", numbers=True),
            Column("To", "V", numbers=True),
            Column("Mutual at both ends", MEV, numbers=True),
            Column("x", numbers=True),
            Column("Li exchanged", "per atom", numbers=True),
            Column("Reaction"),
        ],
        [
            [
                fixed(one.start_V, 3),
                fixed(one.end_V, 3),
                " to ".join(milli(value) for value in one.mutual_eV_per_atom),
                plain(one.mixing_fraction, 3),
                plain(one.li_exchanged_per_atom, 3),
                marked(one.equation or "no mutual reaction"),
            ]
            for one in result.segments
        ],
        summary=f"All {len(result.segments)} ranges of potential, with equations",
    )
    card.origin(result.provenance)


def _windows(found: tuple[tuple[float, float], ...]) -> str:
    if not found:
        return "nowhere in this range"
    return ", ".join(f"{fixed(low, 3)} to {fixed(high, 3)} V" for low, high in found)


def show_map(card: Card, result: CompositionMap) -> None:
    """Shares, the triangle, and the stable phases."""
    from ..figures.map import composition_maps

    worst, energy = result.strongest
    partner = str(result.partner["input"])
    card.title(f"{result.name} with {partner}")
    composition = " ".join(
        f"{name} {fixed(float(share), 3)}"
        for name, share in zip(result.elements, worst, strict=True)
    )
    card.facts(
        [
            ("Compositions", f"{len(result.fractions):,} of a triangular grid"),
            ("Within 50 meV/atom", f"{fixed(100.0 * result.share_within(), 0)} % of the triangle"),
            (
                "Most reactive",
                f"<strong>{milli(energy)} {MEV}</strong> at {marked(composition)} (atom fractions)",
            ),
        ]
    )
    card.table(*reactants_table((result.partner,)))
    if said := lower_bound([result.partner]):
        card.line(said)
    card.figure(lambda: composition_maps([result]), headline(result))
    card.table(
        [
            Column("Stable phase"),
            Column("Mutual energy", MEV, numbers=True),
            Column("Reduction limit", "V vs Li/Li⁺", numbers=True),
        ],
        [
            [
                marked(phase.formula),
                "coexists" if phase.coexists else milli(phase.min_mutual_energy_eV_per_atom),
                plain(phase.reduction_limit_V, 3),
            ]
            for phase in result.phases
        ],
        summary=f"The {len(result.phases)} stable phases",
    )
    card.origin(result.provenance)
