"""Questions about temperature and gases in a notebook."""

from __future__ import annotations

from ...answers.decompose import Decomposition
from ...answers.lithiation import format_amounts
from ...answers.phase_map import PhaseMap
from ...answers.scan import Scan
from ...answers.treat import Treatment
from ..units import MEV
from .card import Card, fixed, milli, says, shows

_NOTHING = "nothing"


def _contact(result: Scan | PhaseMap) -> str:
    return " | ".join(dict.fromkeys(result.reactants))


@shows(PhaseMap)
def _show_map(result: PhaseMap, card: Card) -> None:
    card.title(f"{_contact(result)} over temperature and {result.gas}")
    card.figure(result)
    card.table(
        ["", "Share of the map|%", "As at|K", "and|bar", "What happens"],
        (
            (
                str(one.region),
                fixed(100.0 * one.share, 1),
                fixed(one.temperature_K, 0),
                f"{one.pressure_bar:.1e}",
                result.happening(one),
            )
            for one in result.regions
        ),
    )
    card.origin(result.provenance)


@says(PhaseMap)
def _map(result: PhaseMap) -> str:
    return f"{_contact(result)} over temperature and {result.gas}: {len(result.regions)} regions"


@shows(Scan)
def _show_scan(result: Scan, card: Card) -> None:
    a, b = result.reactants
    card.title(f"{_contact(result)} over {result.over}")
    card.table(
        [f"From|{result.unit}", f"To|{result.unit}", f"Mutual at both ends|{MEV}", "Reaction",
         f"{a} alone", f"{b} alone"],
        (
            (
                f"{first.at:.5g}",
                f"{last.at:.5g}",
                f"{milli(first.mutual_eV_per_atom)} to {milli(last.mutual_eV_per_atom)}",
                *(equation or _NOTHING for equation in first.reactions),
            )
            for first, last in result.segments
        ),
    )  # fmt: skip
    card.origin(result.provenance)


@says(Scan)
def _scan(result: Scan) -> str:
    first, last = result.points[0].at, result.points[-1].at
    return (
        f"{_contact(result)} over {result.over}, {first:.5g} to {last:.5g} {result.unit}: "
        f"{len(result.segments)} ranges"
    )


def _onset(result: Decomposition) -> str:
    if result.onset_temperature_K is None:
        return f"no gas up to {result.known_to_K:.0f} K"
    return f"gas from {result.onset_temperature_K:.1f} K on"


@shows(Decomposition)
def _show_decomposition(result: Decomposition, card: Card) -> None:
    card.title(f"{result.material}: {_onset(result)}")
    card.facts(("Reaction there", result.equation or ""))
    card.origin(result.provenance)


@says(Decomposition)
def _decomposition(result: Decomposition) -> str:
    return f"{result.material}: {_onset(result)}"


@shows(Treatment)
def _show_treatment(result: Treatment, card: Card) -> None:
    card.title(f"{result.material}, treated")
    card.table(
        ["Step", "What is left", "Taken up", "Given off"],
        (
            (step.treatment, format_amounts(step.phases) or _NOTHING, format_amounts(step.taken_up),
             format_amounts(step.given_off))
            for step in result.steps
        ),
        notes=["Formula units per formula unit of the material."],
    )  # fmt: skip
    card.origin(result.provenance)


@says(Treatment)
def _treatment(result: Treatment) -> str:
    return f"{result.material} -> {format_amounts(result.steps[-1].phases) or _NOTHING}"
