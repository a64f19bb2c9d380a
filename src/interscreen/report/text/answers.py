"""Results as plain text for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...answers.decompose import Decomposition
from ...answers.lithiation import Lithiation, format_amounts
from ...answers.provenance import Answer, PutBack
from ...answers.ratio import AtRatio
from ...answers.reaction import Reaction
from ...answers.stack import Contact, Stack
from ...answers.treat import Treatment
from ...answers.window import Window
from ...energies.conditions import HIGHEST_K, LOWEST_K
from ...phases.conditions import Conditions
from ...phases.electrode import Electrode, Ion
from ...phases.units import KJ_PER_MOL
from ..markup import rounded
from .layout import page_width, table, wrapped


def energy(value: float | None) -> str:
    """Write an energy [eV/atom] in both units of the field."""
    if value is None:
        return "-"
    return f"{milli(value)} meV/atom ({rounded(value * KJ_PER_MOL, 2)} kJ per mol of atoms)"


def milli(value: float) -> str:
    """Write an energy [eV/atom] that readers compare in meV/atom, without the unit."""
    return rounded(1000.0 * value, 1)


def _volt(value: float | None, ion: str = "Li") -> str:
    return f"none (no {ion} to give off)" if value is None else f"{value:.3f} V"


def origin_lines(provenance: dict[str, Any], put_back: PutBack | None = None) -> list[str]:
    """Return lines that say what a result was made from, and what left-out phases would change."""
    left_out = provenance["left_out_phases"]
    said = [
        f"source: {provenance['source_label']}",
        *([left_out_text(left_out)] if left_out else []),
        *([str(put_back)] if put_back else []),
    ]
    return [line for text in said for line in wrapped(text, "  ", width=page_width() - 4)]


def contacts_origin(contacts: Sequence[Contact], put_back: PutBack | None = None) -> list[str]:
    """Return the same of several contacts."""
    provenances = [contact.reaction.provenance for contact in contacts]
    left_out = sorted({name for p in provenances for name in p["left_out_phases"]})
    return origin_lines({**provenances[0], "left_out_phases": left_out}, put_back)


def left_out_text(phases: Sequence[str], most: int = 16) -> str:
    """Name the phases that were not counted, and how many more there are."""
    names = ", ".join(phases[:most])
    more = f" and {len(phases) - most} more" if len(phases) > most else ""
    why = "artefacts: never made, or energies that measurement contradicts; or by choice"
    return f"left out ({why}): {names}{more}"


def source_note(label: str, left_out: Sequence[str]) -> str:
    """Return the foot of a figure: where the energies come from and what was not counted."""
    note = f"Source: {label}."
    if left_out:
        said = left_out_text(left_out)
        note += f" {said[0].upper()}{said[1:]}."
    return note


def used(material: Any) -> str:
    """Say which energy was used for a material."""
    found = material if isinstance(material, Mapping) else vars(material)
    return (
        f"{found['energy_eV_per_atom']:.4f} eV/atom ({found['energy_source']}), "
        f"{milli(found['energy_above_hull_eV_per_atom'])} meV/atom above the hull"
    )


def reaction_text(result: Reaction) -> str:
    """Write the reaction of two materials."""
    first, second = (r["input"] for r in result.reactants)
    lines = [f"{first} | {second}"]
    if result.potential_V is not None:
        ion = Electrode.of(result.conditions).ion
        lines[0] += f"   open to {ion.symbol} at {result.potential_V:g} V"
    elif result.open_elements:
        mu = (f"{s} ({value:.3f} eV/atom)" for s, value in result.open_elements.items())
        lines[0] += f"   open to {' and '.join(mu)}"
    if result.coexist:
        lines.append("  nothing reacts: the two coexist (driving force zero)")
    elif result.mixing_fraction is None:
        lines.append("  no mutual reaction, but what each side does alone:")
    else:
        lines += [
            f"  minimum mutual energy  {energy(result.min_mutual_energy_eV_per_atom)}",
            f"  total energy there     {energy(result.total_energy_eV_per_atom)}",
            f"  atom fraction of {first} there  {result.mixing_fraction:.4f}",
            f"  {result.equation}",
        ]
    for name, alone in zip((first, second), result.self_decomposition, strict=True):
        if alone.equation:
            lines += [
                f"  {name} alone  {energy(alone.energy_eV_per_atom)}",
                f"    {alone.equation}",
            ]
    if result.at:
        lines += _at_ratio(result.at, first)
    lines += ["  energies used", *(f"    {r['formula']}: {used(r)}" for r in result.reactants)]
    rows = [[f"x({first})", "mutual", "total", "equation (energies in meV/atom)"]]
    for kink in result.kinks:
        energies = (kink.mutual_energy_eV_per_atom, kink.total_energy_eV_per_atom)
        numbers = [milli(value) for value in energies]
        rows.append([f"{kink.mixing_fraction:.4f}", *numbers, kink.equation])
    lines += ["  kinks", *("    " + line for line in table(rows, left=(3,)))]
    return "\n".join(
        [*lines, *("  " + line for line in origin_lines(result.provenance, result.put_back))]
    )


def _at_ratio(found: AtRatio, first: str) -> list[str]:
    share = {"atom": "atoms", "mole": "moles"}.get(found.by, found.by)
    atoms = f"atom fraction {found.mixing_fraction:.4f}"
    return [
        f"  with {found.fraction:g} of the {share} in {first} ({atoms})",
        f"    mutual  {energy(found.mutual_energy_eV_per_atom)}",
        f"    total   {energy(found.total_energy_eV_per_atom)}",
        f"    {found.equation}",
    ]


def window_text(result: Window) -> str:
    """Write a stability window."""
    tolerant = result.tolerance_window_V
    couple, stable = Ion(result.ion).couple, f"stable against {result.ion} metal"
    whole = " to ".join(_volt(limit, result.ion) for limit in result.assemblage_window_V)
    phase = f"none: {result.phase_window_reason}"
    if result.phase_window_V is not None:
        low, high = result.phase_window_V
        phase = f"{_volt(low, result.ion)} to {_volt(high, result.ion)} vs {couple}"
    lines = [
        f"{result.material}",
        f"  window of the assemblage  {whole} vs {couple}",
        f"  window of the phase       {phase}",
        f"{f'  within {result.tolerance_meV_per_atom:g} meV/atom':<28}"
        f"{_volt(tolerant[0], result.ion)} to {_volt(tolerant[1], result.ion)} vs {couple}",
        f"  below it  {' + '.join(result.reduction_products) or stable}",
        f"  above it  {' + '.join(result.oxidation_products) or '-'}",
        f"  decomposition at 0 V  {energy(result.decomposition_energy_0V_eV_per_atom)}",
    ]
    if result.steps:
        rows = [["at V", "reacted", "of", "products"]]
        for step in result.steps:
            moved = " ".join(name for name, part in step.reacted_elements.items() if part >= 0.005)
            share = f"{100.0 * step.reacted_fraction:.1f} %"
            rows.append([_volt(step.voltage_V)[:-2], share, moved, " + ".join(step.products)])
        lines += ["  " + line for line in table(rows, left=(2, 3))]
        lines.append(
            f"  reacted: share of the atoms other than {result.ion} in new phases; reduction "
            "first, then oxidation"
        )
    return "\n".join([*lines, *_foot(result)])


def lithiation_text(result: Lithiation) -> str:
    """Write a lithiation path."""
    electrode = Electrode.of(result.conditions)
    ion, couple = electrode.ion.symbol, electrode.ion.couple
    metal = electrode.words("Li metal")
    lines = [result.material]
    if not result.steps:
        stable = f": stable against {metal}" if result.endless_V is None else ""
        lines.append(f"  takes up no {ion}{stable}")
    else:
        rows = [["voltage/V", f"{ion} per formula", "mAh/g", "products"]]
        rows += [
            [
                f"{step.voltage_V:.3f}",
                f"{step.li_per_formula_start:.3f} to {step.li_per_formula_end:.3f}",
                f"{step.capacity_mAh_per_g:.1f}",
                format_amounts(step.products),
            ]
            for step in result.steps
        ]
        lines += ["  " + line for line in table(rows, left=(3,))]
        lines.append(f"  mean voltage  {result.average_voltage_V:.3f} V vs {couple}")
    if result.endless_V is None:
        lines.append(f"  with {metal}  {' + '.join(result.final_products)}")
    else:
        lines.append(f"  {result.end}")
    return "\n".join([*lines, *_foot(result)])


def decomposition_text(result: Decomposition) -> str:
    """Write the temperature at which a material gives off gas."""
    onset = result.onset_temperature_K
    if onset is None:
        said = [f"  gives off no gas up to {result.known_to_K:g} K"]
        if result.known_to_K < HIGHEST_K:
            said = [f"{said[0]}, up to where its energy is known"]
    else:
        below = "at any temperature from " if onset <= LOWEST_K else "from "
        said = [
            f"  gives off gas {below}{onset:.0f} K ({onset - 273.15:.0f} C) on",
            f"  {result.equation}",
            f"  {_gases_of(result.provenance['conditions'])}",
        ]
    lines = (*said, *(f"  {line}" for line in origin_lines(result.provenance)))
    return "\n".join([result.material, *lines])


def _gases_of(conditions: Mapping[str, Any]) -> str:
    """Say which gases the conditions of a provenance name, and when others leave."""
    background = conditions["unnamed_gases_bar"]
    whole = background if conditions["closed_gas"] else math.inf
    return Conditions(0.0, conditions["gases"], background, whole).rest


def treatment_text(result: Treatment) -> str:
    """Write what is left of a surface after each treatment."""
    lines = [f"{result.material}   formula units per formula unit of it"]
    for step in result.steps:
        lines += wrapped(
            f"  {step.treatment}: {format_amounts(step.phases) or 'nothing'}", "      "
        )
        for word, gas in (("takes up", step.taken_up), ("gives off", step.given_off)):
            if gas:
                lines += wrapped(f"    {word} {format_amounts(gas)}", "      ")
    return "\n".join([*lines, *("  " + line for line in origin_lines(result.provenance))])


def _foot(result: Window | Lithiation) -> list[str]:
    """Return lines on the energy and the source of a single material."""
    lines = (f"energy used  {used(result)}", *origin_lines(result.provenance, result.put_back))
    return ["  " + line for line in lines]


# numbers of single questions whose error bars are sampled: name, unit, factor and digits
_SAMPLED = {
    "min_mutual_energy_eV_per_atom": ("mutual energy", "meV/atom", 1000.0, 0),
    "reduction_limit_V": ("reduction limit", "V", 1.0, 3),
    "oxidation_limit_V": ("oxidation limit", "V", 1.0, 3),
    "tolerance_reduction_V": ("reduction limit within tolerance", "V", 1.0, 3),
    "tolerance_oxidation_V": ("oxidation limit within tolerance", "V", 1.0, 3),
    "first_voltage_V": ("first voltage", "V", 1.0, 3),
    "average_voltage_V": ("mean voltage", "V", 1.0, 3),
    "li_uptake_per_formula": ("Li taken up per formula", "", 1.0, 2),
}


def with_spreads(text: str, result: Answer) -> str:
    """Put the error bars of an answer, where it has some, below its first lines."""
    lines = [f"  error bars ({result.samples} samples of the energies)"]
    ion = Electrode.of(result.conditions).ion
    for key, found in result.uncertainty.items():
        name, unit, factor, digits = _SAMPLED[key]
        name = ion.words(name)
        if found.standard_deviation is not None and None not in (found.low, found.high):
            deviation, low, high = (
                rounded(factor * (value or 0.0), digits)
                for value in (found.standard_deviation, found.low, found.high)
            )
            size = f"{deviation} {unit}".rstrip()
            lines.append(f"    {name} ± {size}; 90 % of the samples from {low} to {high}")
    if len(lines) == 1:
        return text
    head, first, *rest = text.split("\n")
    return "\n".join([head, first, *lines, *rest])


# contacts of a stack by kind
CONTACTS = {
    "bare": "bare Li",
    "lithium": "conversion",
    "deposited": "as deposited",
    "layer": "converted layer",
    "product": "product",
}


def _known(value: float | None) -> str:
    return "? (a volume is missing)" if value is None else f"{value:.3g}"


def stack_text(result: Stack, more: Sequence[str] = ()) -> str:
    """Write the contacts of a stack, with error bars where somebody asked for them.

    ``more`` are lines that stand before the source.
    """
    spreads, electrode = result.uncertainty, Electrode.of(result.conditions)

    def deviation(key: str, factor: float, digits: int) -> str:
        found = spreads.get(key)
        if found is None or found.standard_deviation is None:
            return ""
        return f" ± {factor * found.standard_deviation:.{digits}f}"

    rows = [["", "contact", "meV/atom", *(["std"] if spreads else [])]]
    for contact in result.contacts:
        row = [electrode.words(CONTACTS[contact.kind]), contact.label, milli(contact.energy)]
        if spreads:  # of the products only the worst has some
            column = "worst_product" if contact is result.worst_product else contact.kind
            row.append(deviation(f"{column}_mutual_eV_per_atom", 1000.0, 0))
        rows.append(row)
    lines = [f"{electrode.label} | {result.candidate} | {result.electrolyte}"]
    lines += ["  " + line for line in table(rows, left=(0, 1))]
    bridge = result.bridge_product or electrode.words(
        f"no Li-bearing salt stable at {electrode.potential_V:.3g} V"
    )
    margin = f"{result.bridge_margin_V:.3f}{deviation('bridge_margin_V', 1.0, 2)}"
    lines.append(f"  bridge  {bridge}, margin {margin} V")
    if spreads:
        lines.append("  std: standard deviation over the samples; of the products only the worst")
    if result.of_thickness is not None:
        sized = result.of_thickness
        lines.append(
            f"  {sized.thickness_nm:g} nm take up {_known(sized.lithium_mAh_per_cm2)} mAh/cm2 "
            f"({_known(sized.lithium_um)} um of {electrode.ion.symbol}), become "
            f"{_known(sized.converted_nm)} nm, and could consume "
            f"{_known(sized.electrolyte_nm)} nm of the electrolyte"
        )
    origin = ["  " + line for line in contacts_origin(result.contacts, result.put_back)]
    return "\n".join([*lines, *more, *origin])
