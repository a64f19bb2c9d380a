"""Single questions with their error bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from ..energies.sampling import FEWEST, MOST, EnergyModel, EnergySamples
from ..energies.spread import Spread, spread
from ..errors import InputError
from ..phases.material import Material, elements_of, resolve
from ..phases.result import Result
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .contacts import contact_samples, lithium_samples, needed_rows
from .reaction import Reaction, react
from .sampled_stacks import blocks, sample_stacks
from .stack import Stack, stack
from .window import Window, stability_window

Answer = TypeVar("Answer", bound=Result)


@dataclass(frozen=True)
class Sampled(Result, Generic[Answer]):
    """An answer and the spread of its numbers over sampled energies.

    Attributes
    ----------
    answer : Reaction, Window or Stack
        With the energies as they are.
    spreads : mapping of str to Spread
        By the name of the number, in its unit.
    samples : int
    """

    answer: Answer
    spreads: Mapping[str, Spread]
    samples: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: that of the answer, and the spreads."""
        return {
            **self.answer.to_dict(),
            "samples": self.samples,
            "uncertainty": {key: asdict(value) for key, value in self.spreads.items()},
        }

    def to_frame(self) -> Any:
        """Return one row per number."""
        import pandas as pd

        return pd.DataFrame(
            [{"quantity": key, **asdict(value)} for key, value in self.spreads.items()]
        )


def sampled_stack(
    table: PhaseTable,
    candidate: str | Material,
    electrolyte: str | Material,
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
) -> Sampled[Stack]:
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
    values = numbers.numbers(ours.label, theirs.label)
    return Sampled(found, {key: spread(value) for key, value in values.items()}, samples)


def sampled_reaction(
    table: PhaseTable,
    a: str | Material,
    b: str | Material,
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
) -> Sampled[Reaction]:
    """Reaction of two materials (closed) with the error bar of its minimum mutual energy.

    Parameters and errors: see ``sampled_stack``.
    """
    _check(samples)
    found = react(table, a, b)
    first, second = resolve(a)[0], resolve(b)[0]
    values = _over(
        table,
        [first, second],
        model,
        samples,
        lambda drawn: [contact_samples(table, drawn, first, second)],
        lithium=False,
    )
    return Sampled(found, {"min_mutual_energy_eV_per_atom": spread(values[0])}, samples)


def sampled_window(
    table: PhaseTable,
    m: str | Material,
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
) -> Sampled[Window]:
    """Stability window of a material with the error bars of its limits.

    Parameters and errors: see ``sampled_stack``.
    """
    _check(samples)
    found = stability_window(table, m)
    material = resolve(m)[0]

    def limits(drawn: EnergySamples) -> list[Floats]:
        numbers = lithium_samples(table, drawn, material)
        return [numbers.reduction, numbers.oxidation]

    values = _over(table, [material], model, samples, limits, lithium=True)
    names = ("reduction_limit_V", "oxidation_limit_V")
    return Sampled(found, dict(zip(names, map(spread, values), strict=True)), samples)


def _over(
    table: PhaseTable,
    materials: Sequence[Material],
    model: EnergyModel | None,
    samples: int,
    ask: Callable[[EnergySamples], list[Floats]],
    *,
    lithium: bool,
) -> list[Floats]:
    """Put a question to every block of samples."""
    rows = needed_rows(table, [elements_of(materials, lithium=lithium)], materials)
    drawn = [
        ask(EnergySamples(model or EnergyModel(), table, rows, block, count))
        for block, count in blocks(samples)
    ]
    return [np.concatenate(parts) for parts in zip(*drawn, strict=True)]


def _check(samples: int) -> None:
    if not FEWEST <= samples <= MOST:
        raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
