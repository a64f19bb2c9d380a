"""The reasoning behind a verdict in ten lines, with the equations."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from typing import Any

from ...phases.electrode import LITHIUM_METAL, Electrode
from ...phases.units import is_number
from ...screen.scores import AS_DEPOSITED, DEPOSITED, MOLTEN, WEIGHT_OF
from ...screen.verdict import ALLOWED_MEV, LIMIT_MEV, NO_GAIN, NO_PATH, REACTS, TRY, UNSURE
from ...screen.weights import Weights
from ..cells import number, text
from ..markup import rounded
from ..page.verdicts import MEANINGS, verdict
from .layout import page_width, wrapped

# the rules of screen.verdict, for the ninety per cent between which a number lies
WHY = {
    TRY: f"the gain is surely above 0, and the contact at worst above -{ALLOWED_MEV:.0f}",
    UNSURE: f"the gain may be below 0, or the contact at worst (by its interval, once all has "
    f"taken up Li, or for want of a bridge) below -{ALLOWED_MEV:.0f}",
    NO_GAIN: f"the gain is below {LIMIT_MEV:.0f}, the accuracy of the method",
    REACTS: f"the contact is below -{LIMIT_MEV:.0f} even at best",
    NO_PATH: "lithium ions cannot pass",
}


def explain_text(row: dict[str, Any], electrode: Electrode = LITHIUM_METAL) -> str:
    """Write why a candidate is worth a try with an electrolyte or not.

    ``row`` is what ``screen.judge.judged`` returns, beside that negative electrode.
    """
    anode, ion = electrode.label, electrode.ion.symbol
    candidate, electrolyte = row["candidate"], row["electrolyte"]
    if row.get("status") != "ok":
        return f"{candidate} | {electrolyte}: could not be computed: {row.get('reason')}"
    layer = text(row.get("layer")) or candidate
    lines = [
        f"Bare {anode} | {electrolyte}: {_energy(row, 'bare')}. {text(row.get('bare_equation'))}",
        f"{candidate} | {electrolyte}, as deposited: {_energy(row, 'deposited')}. "
        f"{_equation(row, 'deposited')}",
        f"{anode} | {candidate}: {_energy(row, 'lithium')}. {_equation(row, 'lithium')}",
        f"With enough {ion} the layer is {layer}{_facing(row)}"
        f" ({rounded(number(row.get('li_uptake_per_formula')), 2)} {ion} per {candidate}, first at "
        f"{rounded(number(row.get('first_voltage_V')), 2)} V)."
        if layer != row.get("formula")
        else f"So {candidate} stays as it is beside {anode}.",
        f"{layer} | {electrolyte}: {_energy(row, 'layer')}. {_equation(row, 'layer')}",
        f"Its worst phase, {text(row.get('worst_product'))}: {_energy(row, 'worst_product')}.",
        f"Gain over bare {anode} = layer - bare = {_energy(row, 'layer')} - "
        f"({_energy(row, 'bare')}) = {_gain(row)}.",
        _bridge(row, ion),
        f"Role {text(row.get('role'))}; score = weighted sum of: {_terms(row)} = "
        f"{rounded(number(row.get('score_meV_per_atom')), 1)} meV/atom (0 is best).",
        _verdict(row, electrode),
    ]
    numbered = [wrapped(f"{n:>2}. {line}", "    ") for n, line in enumerate(lines, 1)]
    return "\n".join(
        [f"{anode} | {candidate} | {electrolyte}", *(part for n in numbered for part in n)]
    )


JUDGED = ("role", "verdict", "verdict_reason", "score_meV_per_atom", "score_terms")
BLOCKING = "electron_blocking"
VOLUMES = {
    "volume change": "volume_change_percent",
    "metal": "metal_volume_percent",
    "salt": "salt_volume_percent",
}


def judgement(row: dict[str, Any]) -> dict[str, Any]:
    """Return the same as ``judgement_lines`` for JSON; empty where nothing could be computed."""
    keys = (*JUDGED, *VOLUMES.values(), BLOCKING)
    return plain(row, keys) if row.get("status") == "ok" else {}


def plain(row: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return numbers and texts of a row for JSON; without what is missing."""
    found = {key: value for key in keys if is_number(value := row.get(key)) or text(value)}
    return {
        key: float(value) if is_number(value) else value
        for key, value in found.items()
        if not (is_number(value) and isnan(value))
    }


def judgement_lines(
    row: dict[str, Any], electrode: Electrode = LITHIUM_METAL, *, anchored: bool
) -> list[str]:
    """Return role, verdict, score and volumes of a stack, as a row of a screen has them.

    Screens and ``explain`` anchor energies by default; where these are not, that is said.
    """
    if row.get("status") != "ok":
        return []
    role, said = text(row.get("role")), electrode.words(MEANINGS.get(verdict(row), ""))
    score = rounded(number(row.get("score_meV_per_atom")), 1)
    told = f"role {role}{', verdict ' + said if said else ''}, score {score} meV/atom (0 is best)"
    lines = [told]
    if reason := text(row.get("verdict_reason")):
        lines.append(electrode.words(f"because: {reason}: {WHY[verdict(row)]}"))
    lines += [f"score = {_terms(row)}"]
    shares = {name: number(row.get(key)) for name, key in VOLUMES.items()}
    volumes = [f"{name} {rounded(share)} %" for name, share in shares.items() if not isnan(share)]
    if volumes:
        blocking = text(row.get(BLOCKING))
        also = f"; blocks electrons: {blocking}" if blocking else ""
        lines.append(f"layer by volume: {', '.join(volumes)}{also}")
    if not anchored:
        lines.append("energies as tabulated; screens and explain have --energies anchored")
    return ["  " + part for line in lines for part in wrapped(line, "  ", width=page_width() - 4)]


def _terms(row: dict[str, Any]) -> str:
    """Terms of a score by the default weights, each with its weight."""
    factors, route, terms = Weights().factors(), text(row.get("route")), []
    for term in text(row.get("score_terms")).split("; "):
        label, _, value = term.rpartition(" ")
        weight = WEIGHT_OF.get(label, "")
        said = f"weight {factors.get(weight, 1.0):g}{' per V' if weight.endswith('per_V') else ''}"
        if label == AS_DEPOSITED and route != DEPOSITED:
            said = f"weight 0, {route}" if route == MOLTEN else f"{said}, {route}"
        terms.append(f"{label} ({said}) {value}")
    return "; ".join(terms)


def _energy(row: dict[str, Any], kind: str) -> str:
    value = row.get(f"{kind}_mutual_eV_per_atom")
    return f"{rounded(1000.0 * value, 1)} meV/atom" if is_number(value) else "not computed"


def _equation(row: dict[str, Any], kind: str) -> str:
    found = text(row.get(f"{kind}_equation"))
    return found or "Nothing reacts: the two coexist."


def _facing(row: dict[str, Any]) -> str:
    facing = text(row.get("facing_product"))
    return f"; {facing} faces {row['electrolyte']}" if facing else ""


def _gain(row: dict[str, Any]) -> str:
    value = row.get("improvement_eV_per_atom")
    if not is_number(value):
        return "not known"
    said = f"{rounded(1000.0 * value, 1)} meV/atom"
    spread = row["spreads"].get("improvement_eV_per_atom", {})
    low, high = spread.get("low_5_percent"), spread.get("high_95_percent")
    if is_number(low) and is_number(high):
        said += f" (90 %: {rounded(1000.0 * low)} to {rounded(1000.0 * high)})"
    return said


def _bridge(row: dict[str, Any], ion: str) -> str:
    salt, margin = text(row.get("bridge_product")), row.get("bridge_margin_V")
    limit = rounded(number(row.get("electrolyte_tolerance_limit_V")), 2)
    if not salt:
        return (
            f"Bridge: no {ion}-bearing salt in the layer holds the potential of {ion} off "
            f"{row['electrolyte']}, which is reduced below {limit} V."
        )
    top = rounded(number(margin) + number(row.get("electrolyte_tolerance_limit_V")), 2)
    meet = "overlap" if number(margin) >= 0.0 else "do not meet"
    return (
        f"Bridge: {salt} is stable up to {top} V, {row['electrolyte']} down to {limit} V: the "
        f"windows {meet} (margin {rounded(number(margin), 2)} V)."
    )


def _verdict(row: dict[str, Any], electrode: Electrode) -> str:
    found = verdict(row)
    if not found:
        head = "No verdict in this run."
    else:
        reason = text(row.get("verdict_reason"))
        head = electrode.words(f"Verdict: {MEANINGS[found]}; {reason}: {WHY[found]}.")
    phase, change = text(row.get("suspect_phase")), row.get("suspect_change_meV_per_atom")
    if phase and is_number(change) and abs(change) >= 1.0:
        sign = "+" if change > 0 else ""
        head += (
            f" In doubt: {phase} {text(row.get('suspect_direction'))} moves the score by "
            f"{sign}{rounded(change)} meV/atom."
        )
    return head + " Driving forces, not rates: they say what can react, not how fast."
