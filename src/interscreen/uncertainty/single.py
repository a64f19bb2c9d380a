"""One stack with its error bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import InputError
from ..materials import Material, resolve
from ..phases import PhaseTable
from ..result import Result
from ..stacks import Stack, stack
from .model import EnergyModel
from .spread import Spread, spread
from .stacks import sample_stacks

FEWEST, MOST = 20, 100_000  # samples


@dataclass(frozen=True)
class SampledStack(Result):
    """A stack and the spread of its numbers over sampled energies.

    Attributes
    ----------
    stack : Stack
        With the energies as they are.
    spreads : mapping of str to Spread
        By column of results.csv, in the unit of its name.
    samples : int
    """

    stack: Stack
    spreads: Mapping[str, Spread]
    samples: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: that of the stack, and the spreads."""
        return {
            **self.stack.to_dict(),
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
) -> SampledStack:
    """Every contact of Li | candidate | electrolyte with error bars.

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
    if not FEWEST <= samples <= MOST:
        raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
    found = stack(table, candidate, electrolyte)
    ours, theirs = resolve(candidate)[0], resolve(electrolyte)[0]
    numbers = sample_stacks(table, [ours], [theirs], model=model, samples=samples)
    values = numbers.numbers(ours.label, theirs.label)
    return SampledStack(found, {key: spread(value) for key, value in values.items()}, samples)
