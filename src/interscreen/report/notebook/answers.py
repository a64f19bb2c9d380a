"""Single questions in a notebook."""

from __future__ import annotations

import numpy as np

from ...answers.lithiation import Lithiation, format_amounts, lithiation_rows
from ...answers.map import CompositionMap
from ...answers.profile_result import Profile
from ...answers.reaction import Reaction
from ...answers.stack import Stack
from ...answers.window import Window
from ...phases.electrode import Electrode, Ion
from ...phases.table import PhaseTable
from ...phases.units import KJ_PER_MOL
from ..markup import linked, marked
from ..text.answers import CONTACTS
from ..units import EV, MEV
from .card import VOLTS, Card, Html, Number, energy_words, fixed, line, milli, says, shows

_FEW = 6  # steps whose labels fit a narrow figure
_NONE = "no mutual reaction"


def _names(result: Reaction | Profile) -> str:
    return " | ".join(str(reactant["input"]) for reactant in result.reactants)


def _open(result: Reaction, text: str) -> str:
    return "" if result.potential_V is None else f"{text} {result.potential_V:g} V"


@shows(Reaction)
def _show_reaction(result: Reaction, card: Card) -> None:
    first = str(result.reactants[0]["input"])
    card.title(_names(result) + _open(result, ", open to Li at"))
    least, total = result.min_mutual_energy_eV_per_atom, result.total_energy_eV_per_atom
    if result.mixing_fraction is None:
        card.line(
            "Nothing reacts: the two coexist (driving force zero)."
            if result.coexist
            else "No mutual reaction; what each side does alone stands at the ends of the curve."
        )
    else:
        card.facts(
            (
                "Minimum mutual energy",
                Html(
                    f"<strong>{milli(least)} {MEV} ({fixed(least * KJ_PER_MOL, 1)} kJ per mol of "
                    "atoms)</strong>"
                ),
            ),
            ("Total energy there", f"{milli(total)} {MEV} (self-decomposition of both included)"),
            ("Mixing there", f"x = {fixed(result.mixing_fraction, 4)} (atom fraction of {first})"),
            ("Reaction", result.equation),
        )
    card.error_bars(result)
    card.reactants(result.reactants)
    card.figure(result)
    fractions = [kink.mixing_fraction for kink in result.kinks]
    card.table(
        [f"x({first})", f"Mutual|{MEV}", f"Total|{MEV}", "Equation"],
        (
            (
                fixed(kink.mixing_fraction, 4),
                milli(kink.mutual_energy_eV_per_atom),
                milli(kink.total_energy_eV_per_atom),
                kink.equation,
            )
            for kink in result.kinks
        ),
        best=fractions.index(result.mixing_fraction) if result.mixing_fraction in fractions else -1,
        summary=f"All {len(result.kinks)} kinks of the curve, with equations",
    )
    card.origin(result.provenance, result.put_back)


@says(Reaction)
def _reaction(result: Reaction) -> str:
    head = f"{_names(result)}{_open(result, ' at')}: "
    if result.mixing_fraction is None:
        return head + _NONE
    return head + (
        f"{line(1000.0 * result.min_mutual_energy_eV_per_atom, 1)} meV/atom at x = "
        f"{line(result.mixing_fraction, 3)}, {result.equation}"
    )


def _own_energy(result: Window | Lithiation) -> str:
    """Say which energy a single material has, and where it comes from."""
    return (
        f"{fixed(result.energy_eV_per_atom, 3)} {EV}, "
        f"{milli(result.energy_above_hull_eV_per_atom)} {MEV} above the hull "
        f"({energy_words(result.energy_source)})"
    )


@shows(Window)
def _show_window(result: Window, card: Card) -> None:
    window, ion = result.phase_window_V, Electrode.of(result.conditions).ion
    decomposition = milli(result.decomposition_energy_0V_eV_per_atom)
    card.title(f"{result.material}: stability window")
    card.facts(
        (
            "Window of the assemblage",
            Html(
                f"<strong>{_range(*result.assemblage_window_V, ion)}</strong> "
                f"{ion.words('vs Li/Li⁺')}"
            ),
        ),
        (
            f"Within {result.tolerance_meV_per_atom:g} meV/atom",
            _range(*result.tolerance_window_V, ion),
        ),
        (
            "Window of the phase itself",
            _range(*window, ion) if window else f"none: {result.phase_window_reason}",
        ),
        (
            "Below it",
            " + ".join(result.reduction_products) or ion.words("stable against Li metal"),
        ),
        ("Above it", " + ".join(result.oxidation_products) or "nothing to give off"),
        ("Decomposition at 0 V", f"{decomposition} {MEV} of the material"),
        ("Energy used", _own_energy(result)),
    )
    card.error_bars(result)
    card.figure(result)
    card.origin(result.provenance, result.put_back)


def _range(low: float, high: float | None, ion: Ion) -> str:
    top = f"no upper limit (no {ion.symbol} to give off)" if high is None else f"{fixed(high, 3)} V"
    return f"{fixed(low, 3)} V to {top}"


@says(Window)
def _window(result: Window) -> str:
    low, high = result.assemblage_window_V
    top = "no upper limit" if high is None else f"{line(high, 3)} V"
    phase = "" if result.phase_window_V else ", none of the phase itself"
    return f"{result.material}: {line(low, 3)} V to {top}{phase}"


@shows(Lithiation)
def _show_lithiation(result: Lithiation, card: Card) -> None:
    rows, put = lithiation_rows(result), Electrode.of(result.conditions).words
    card.title(f"{result.material}: {put('lithiation down to Li metal')}")
    if rows:
        keys = {"voltage_V": 3, "li_per_formula_start": 3, "li_per_formula_end": 3}
        keys["capacity_mAh_per_g"] = 1
        heads = [put(f"Voltage|{VOLTS}"), put("Li per formula|start"), put("Li per formula|end")]
        card.table(
            [*heads, "Capacity|mAh/g", "Phases at the end of the step"],
            ([*(fixed(row[k], n) for k, n in keys.items()), row["products"]] for row in rows),
        )
    mean = fixed(result.average_voltage_V, 3)
    card.facts(
        (put("With Li metal"), _final(result) + ("" if rows else put(" (takes up no Li)"))),
        ("Mean voltage", mean and f"{mean} V"),
        ("Energy used", _own_energy(result)),
    )
    card.error_bars(result)
    if rows:
        card.figure(result, width="one" if len(rows) <= _FEW else "two")
    card.origin(result.provenance, result.put_back)


def _final(result: Lithiation) -> str:
    return format_amounts(result.final_amounts)


@says(Lithiation)
def _lithiation(result: Lithiation) -> str:
    if not result.steps:
        return f"{result.material}: takes up no {Electrode.of(result.conditions).ion.symbol}"
    steps = ", ".join(line(step.voltage_V, 3) for step in result.steps[:6])
    more = f" and {len(result.steps) - 6} more" if len(result.steps) > 6 else ""
    return f"{result.material}: {steps} V{more}, to {_final(result)}"


@shows(Stack)
def _show_stack(result: Stack, card: Card) -> None:
    electrode = Electrode.of(result.conditions)
    card.title(f"{electrode.label} | {result.candidate} | {result.electrolyte}")
    card.table(
        ["Contact", "", f"Mutual energy|{MEV}", "x of the first", "Reaction at the minimum"],
        (
            (
                contact.label,
                electrode.words(CONTACTS[contact.kind]),
                milli(contact.energy),
                fixed(contact.reaction.mixing_fraction, 3),
                contact.equation or _NONE,
            )
            for contact in result.contacts
        ),
    )
    layer, steps = result.layer.label.partition(" | ")[0], result.lithiation.steps
    if steps:
        layer += f" ({electrode.ion.uptake} begins at {fixed(steps[0].voltage_V, 3)} V)"
    else:
        layer += f", as deposited (it takes up no {electrode.ion.symbol})"
    bridge = result.bridge_product or electrode.words(
        f"no Li-bearing salt that is stable at {electrode.potential_V:.3g} V"
    )
    card.facts(
        ("Converted layer", layer),
        ("Bridge", f"{bridge}; margin {fixed(result.bridge_margin_V, 3)} V"),
    )
    card.error_bars(result)
    names = (result.candidate, result.electrolyte)
    card.reactants(
        {**reactant, "input": name}
        for reactant, name in zip(result.deposited.reaction.reactants, names, strict=True)
    )
    card.figure(result)
    origins = [contact.reaction.provenance for contact in result.contacts]
    origins.append(result.lithiation.provenance)
    card.warnings(result.warnings)
    left_out = sorted({name for one in origins for name in one["left_out_phases"]})
    card.foot(origins[0]["source_label"], left_out, result.put_back)


@says(Stack)
def _stack(result: Stack) -> str:
    bare, deposited, layer = (
        line(1000.0 * contact.energy, 1)
        for contact in (result.bare, result.deposited, result.layer)
    )
    anode = Electrode.of(result.conditions).label
    return (
        f"{anode} | {result.candidate} | {result.electrolyte}: bare {anode} {bare}, as deposited "
        f"{deposited}, converted layer {layer} meV/atom"
    )


@shows(Profile)
def _show_profile(result: Profile, card: Card) -> None:
    first, last = (result.points[at].potential_V for at in (0, -1))
    worst, ion = result.worst, Electrode.of(result.conditions).ion
    card.title(f"{_names(result)}, open to {ion.symbol} from {first:g} to {last:g} V")
    card.facts(
        (
            "Most negative mutual energy",
            Html(
                f"<strong>{milli(worst.mutual_eV_per_atom)} {MEV}</strong> at "
                f"{fixed(worst.potential_V, 3)} {ion.words('V vs Li/Li⁺')}"
            ),
        ),
        ("No reaction at all", _windows(result.stable_window_V)),
        ("None beyond 10 meV/atom", _windows(result.stable_window_10meV_V)),
    )
    card.reactants(result.reactants)
    for note in result.notes:
        card.line(note)
    card.figure(result)
    heads = ["From|V", "To|V", f"Mutual at both ends|{MEV}", "x"]
    heads.append(f"{ion.symbol} exchanged|per atom")
    card.table(
        [*heads, "Reaction"],
        (
            (
                fixed(one.start_V, 3),
                fixed(one.end_V, 3),
                Number(" to ".join(map(milli, one.mutual_eV_per_atom))),
                fixed(one.mixing_fraction, 3),
                fixed(one.li_exchanged_per_atom, 3),
                one.equation or _NONE,
            )
            for one in result.segments
        ),
        summary=f"All {len(result.segments)} ranges of potential, with equations",
    )
    card.origin(result.provenance, result.put_back)


def _windows(found: tuple[tuple[float, float], ...]) -> str:
    ranges = ", ".join(f"{fixed(low, 3)} to {fixed(high, 3)} V" for low, high in found)
    return ranges or "nowhere in this range"


@says(Profile)
def _profile(result: Profile) -> str:
    worst = result.worst
    first, last = result.points[0].potential_V, result.points[-1].potential_V
    return (
        f"{_names(result)}, {first:g} to {last:g} V: at worst "
        f"{line(1000.0 * worst.mutual_eV_per_atom, 1)} meV/atom at {line(worst.potential_V, 3)} V, "
        f"{len(result.segments)} ranges"
    )


@shows(CompositionMap)
def _show_map(result: CompositionMap, card: Card) -> None:
    worst, energy = result.strongest
    shares = zip(result.elements, worst, strict=True)
    composition = " ".join(f"{name} {fixed(float(share), 3)}" for name, share in shares)
    card.title(f"{result.name} with {result.partner['input']}")
    card.facts(
        ("Compositions", f"{len(result.fractions):,} of a triangular grid"),
        ("Within 50 meV/atom", f"{fixed(100.0 * result.share_within(), 0)} % of the triangle"),
        (
            "Most reactive",
            Html(
                f"<strong>{milli(energy)} {MEV}</strong> at {marked(composition)} (atom fractions)"
            ),
        ),
    )
    card.reactants([result.partner])
    card.figure(result)
    card.table(
        ["Stable phase", f"Mutual energy|{MEV}", f"Reduction limit|{VOLTS}"],
        (
            (
                phase.formula,
                Number("coexists")
                if phase.coexists
                else milli(phase.min_mutual_energy_eV_per_atom),
                fixed(phase.reduction_limit_V, 3),
            )
            for phase in result.phases
        ),
        summary=f"The {len(result.phases)} stable phases",
    )
    card.origin(result.provenance)


@says(CompositionMap)
def _map(result: CompositionMap) -> str:
    return (
        f"{result.name} with {result.partner['input']}: {len(result.fractions)} compositions, "
        f"{len(result.phases)} stable phases, at worst {line(1000.0 * result.strongest[1], 1)} "
        "meV/atom"
    )


@shows(PhaseTable)
def _show_phases(table: PhaseTable, card: Card) -> None:
    source, energies = table.source, table.energies[table.counted]
    kinds = (("yes", 1), ("no", 0), ("not known", -1))
    made = (f"{np.count_nonzero(table.observed == value):,} {word}" for word, value in kinds)
    lowest, highest = (fixed(float(f(energies)), 3) if len(energies) else "" for f in (min, max))
    counts = f"{int(table.counted.sum()):,} of {len(table):,} formulas"
    card.title(f"PhaseTable: {len(table):,} formulas of {len(table.elements)} elements")
    card.facts(
        (
            "Counted in equilibria",
            f"{counts} ({int(table.structures.sum()):,} structures; the lowest energy of each "
            "formula)",
        ),
        ("Made by somebody", ", ".join(made)),
        ("Formation energies", lowest and f"{lowest} to {highest} {EV}"),
        ("Elements", " ".join(table.elements)),
        ("Calculations", source.thermo_type),
        ("Version", source.version),
        ("Entries of your own", ", ".join(f"{f['entries']} of {f['file']}" for f in source.added)),
        ("Cite", Html(linked(source.citation))),
    )
    card.warnings(source.notes)
    card.foot(source.label, table.left_out)


@says(PhaseTable)
def _phases(table: PhaseTable) -> str:
    return repr(table)
