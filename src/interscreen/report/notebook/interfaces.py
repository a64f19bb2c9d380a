"""Stacks, profiles and maps in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...answers.map import CompositionMap
from ...answers.profile_result import Profile
from ...answers.stack import Stack
from ..markup import marked
from ..text.answers import CONTACTS
from .card import Card, Column, numeric, says, shows
from .values import MEV, VOLTS, fixed, line, milli, names_of, plain

if TYPE_CHECKING:
    import pandas as pd


@shows(Stack)
def show_stack(result: Stack, card: Card) -> None:
    """Write every contact, the bridge, and the heatmap of this one interlayer."""
    from ..figures.heatmap import reaction_heatmap

    card.title(f"Li | {result.candidate} | {result.electrolyte}")
    card.table(
        result.contacts,
        Column("Contact", lambda contact: marked(contact.label)),
        Column("", lambda contact: CONTACTS[contact.kind]),
        numeric("Mutual energy", lambda contact: milli(contact.energy), MEV),
        numeric("x of the first", lambda contact: plain(contact.reaction.mixing_fraction, 3)),
        Column(
            "Reaction at the minimum",
            lambda contact: marked(contact.reaction.equation or "no mutual reaction"),
        ),
    )
    layer, steps = marked(_layer(result)), result.lithiation.steps
    if steps:
        layer += f" (lithiation begins at {fixed(steps[0].voltage_V, 3)} V)"
    else:
        layer += ", as deposited (it takes up no Li)"
    bridge = marked(result.bridge_product or "no Li-bearing salt that is stable at 0 V")
    card.facts(
        [
            ("Converted layer", layer),
            ("Bridge", f"{bridge}; margin {fixed(result.bridge_margin_V, 3)} V"),
        ]
    )
    names = (result.candidate, result.electrolyte)
    card.reactants(
        {**reactant, "input": name}
        for reactant, name in zip(result.deposited.reaction.reactants, names, strict=True)
    )
    card.figure(lambda: reaction_heatmap(_frame(result)), result)
    provenances = [contact.reaction.provenance for contact in result.contacts]
    provenances.append(result.lithiation.provenance)
    card.warnings(text for one in provenances for text in one["warnings"])
    left_out = sorted({name for one in provenances for name in one["left_out_phases"]})
    card.foot(provenances[0]["source_label"], left_out)


def _layer(result: Stack) -> str:
    return result.layer.label.partition(" | ")[0]


def _frame(result: Stack) -> pd.DataFrame:
    """Return one row with the columns that the heatmap reads."""
    import pandas as pd

    ours, theirs = result.deposited.reaction.reactants
    worst = result.worst_product
    contacts = {
        "bare": result.bare, "lithium": result.lithium, "deposited": result.deposited,
        "layer": result.layer, "worst_product": worst,
    }  # fmt: skip
    row = {
        "candidate": result.candidate,
        "formula": ours["formula"],
        "electrolyte": result.electrolyte,
        "electrolyte_formula": theirs["formula"],
        "status": "ok",
        "layer": _layer(result),
        "worst_product": worst.label.partition(" | ")[0],
        **{f"{kind}_mutual_eV_per_atom": contact.energy for kind, contact in contacts.items()},
    }
    return pd.DataFrame([row])


@says(Stack)
def _stack(result: Stack) -> str:
    bare, deposited, layer = (
        line(1000.0 * contact.energy, 1)
        for contact in (result.bare, result.deposited, result.layer)
    )
    return (
        f"Li | {result.candidate} | {result.electrolyte}: bare Li {bare}, as deposited "
        f"{deposited}, converted layer {layer} meV/atom"
    )


@shows(Profile)
def show_profile(result: Profile, card: Card) -> None:
    """Write windows, the curves, and every range of potentials."""
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
    card.reactants(result.reactants)
    for note in result.notes:
        card.line(marked(note))
    card.figure(lambda: profile_plot(result), result)
    card.table(
        result.segments,
        numeric("From", lambda one: fixed(one.start_V, 3), "V"),
        numeric("To", lambda one: fixed(one.end_V, 3), "V"),
        numeric("Mutual at both ends", lambda one: " to ".join(map(milli, one.mutual_eV_per_atom)),
                MEV),
        numeric("x", lambda one: plain(one.mixing_fraction, 3)),
        numeric("Li exchanged", lambda one: plain(one.li_exchanged_per_atom, 3), "per atom"),
        Column("Reaction", lambda one: marked(one.equation or "no mutual reaction")),
        summary=f"All {len(result.segments)} ranges of potential, with equations",
    )  # fmt: skip
    card.origin(result.provenance)


def _windows(found: tuple[tuple[float, float], ...]) -> str:
    if not found:
        return "nowhere in this range"
    return ", ".join(f"{fixed(low, 3)} to {fixed(high, 3)} V" for low, high in found)


@says(Profile)
def _profile(result: Profile) -> str:
    worst = result.worst
    first, last = result.points[0].potential_V, result.points[-1].potential_V
    return (
        f"{names_of(result)}, {first:g} to {last:g} V: at worst "
        f"{line(1000.0 * worst.mutual_eV_per_atom, 1)} meV/atom at {line(worst.potential_V, 3)} V, "
        f"{len(result.segments)} ranges"
    )


@shows(CompositionMap)
def show_map(result: CompositionMap, card: Card) -> None:
    """Write shares, the triangle, and the stable phases."""
    from ..figures.map import composition_maps

    worst, energy = result.strongest
    card.title(f"{result.name} with {result.partner['input']}")
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
    card.reactants([result.partner])
    card.figure(lambda: composition_maps([result]), result)
    card.table(
        result.phases,
        Column("Stable phase", lambda phase: marked(phase.formula)),
        numeric("Mutual energy", lambda phase: "coexists" if phase.coexists else milli(
            phase.min_mutual_energy_eV_per_atom), MEV),
        numeric("Reduction limit", lambda phase: plain(phase.reduction_limit_V, 3), VOLTS),
        summary=f"The {len(result.phases)} stable phases",
    )  # fmt: skip
    card.origin(result.provenance)


@says(CompositionMap)
def _map(result: CompositionMap) -> str:
    return (
        f"{result.name} with {result.partner['input']}: {len(result.fractions)} compositions, "
        f"{len(result.phases)} stable phases, at worst {line(1000.0 * result.strongest[1], 1)} "
        "meV/atom"
    )
