"""Single questions with their error bars: the answer, and the spread over sampled energies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ..energies.sampling import FEWEST, MOST, EnergyModel, EnergySamples
from ..energies.spread import spread
from ..errors import InputError
from ..phases.material import Given, Material, elements_of, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .contacts import contact_samples, lithium_samples, needed_rows
from .lithiation import Lithiation, lithiate
from .provenance import Answer
from .reaction import Reaction, react
from .sampled_stacks import blocks, sample_stacks
from .stack import Stack, stack
from .window import Window, stability_window

Sampled = TypeVar("Sampled", bound=Answer)


def sampled_stack(
    table: PhaseTable,
    candidate: Given,
    electrolyte: Given,
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
) -> Stack:
    """Every contact of Li | candidate | electrolyte with error bars, by column of results.csv.

    Parameters
    ----------
    table : PhaseTable
    candidate, electrolyte : str or Material
    model : EnergyModel, optional
        What is assumed about the errors of the energies (docs/uncertainty.md).
    samples : int

    Raises
    ------
    InputError, SolverError
        See ``react``; InputError also for a number of samples that gives no interval.
    """
    _check(samples)
    found = stack(table, candidate, electrolyte)
    ours, theirs = resolve(candidate)[0], resolve(electrolyte)[0]
    numbers = sample_stacks(table, [ours], [theirs], model=model, samples=samples)
    return _with_bars(found, numbers.numbers(ours.label, theirs.label), samples)


def sampled_reaction(
    table: PhaseTable, a: Given, b: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Reaction:
    """Reaction of two materials (closed) with the error bar of its minimum mutual energy.

    Parameters and errors: see ``sampled_stack``.
    """
    _check(samples)
    found = react(table, a, b)
    first, second = resolve(a)[0], resolve(b)[0]

    def minimum(drawn: EnergySamples) -> dict[str, Floats]:
        values = contact_samples(table, drawn, first, second)
        return {"min_mutual_energy_eV_per_atom": values}

    values = _over(table, [first, second], model, samples, minimum, lithium=False)
    return _with_bars(found, values, samples)


def sampled_window(
    table: PhaseTable, m: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Window:
    """Stability window of a material with the error bars of its limits.

    Parameters and errors: see ``sampled_stack``.
    """
    _check(samples)
    found = stability_window(table, m)
    material = resolve(m)[0]

    def limits(drawn: EnergySamples) -> dict[str, Floats]:
        numbers = lithium_samples(table, drawn, material)
        return {"reduction_limit_V": numbers.reduction, "oxidation_limit_V": numbers.oxidation}

    values = _over(table, [material], model, samples, limits, lithium=True)
    return _with_bars(found, values, samples)


def sampled_lithiation(
    table: PhaseTable, m: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Lithiation:
    """Lithiation of a material with the error bars of its voltages and of the Li it takes up.

    Parameters and errors: see ``sampled_stack``.
    """
    _check(samples)
    found = lithiate(table, m)
    material, unit = resolve(m)

    def numbers(drawn: EnergySamples) -> dict[str, Floats]:
        lithium = lithium_samples(table, drawn, material)
        return {
            "first_voltage_V": np.where(lithium.uptake > 0.0, lithium.reduction, np.nan),
            "average_voltage_V": lithium.average_voltage,
            "li_uptake_per_formula": lithium.uptake * float(unit.n_atoms),
        }

    values = _over(table, [material], model, samples, numbers, lithium=True)
    return _with_bars(found, values, samples)


def _over(
    table: PhaseTable,
    materials: Sequence[Material],
    model: EnergyModel | None,
    samples: int,
    ask: Callable[[EnergySamples], Mapping[str, Floats]],
    *,
    lithium: bool,
) -> dict[str, Floats]:
    """Put a question to every block of samples."""
    rows = needed_rows(table, [elements_of(materials, lithium=lithium)], materials)
    drawn = [
        ask(EnergySamples(model or EnergyModel(), table, rows, block, count))
        for block, count in blocks(samples)
    ]
    return {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}


def _with_bars(found: Sampled, values: Mapping[str, Floats], samples: int) -> Sampled:
    bars = {key: spread(numbers) for key, numbers in values.items()}
    return replace(found, uncertainty=bars, samples=samples)


def _check(samples: int) -> None:
    if not FEWEST <= samples <= MOST:
        raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
