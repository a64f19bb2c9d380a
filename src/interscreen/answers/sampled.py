"""Single questions with their error bars: the answer, and the spread over sampled energies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ..energies.sampling import EnergyModel, checked_samples
from ..energies.spread import spread
from ..phases.material import Given, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .lithiation import Lithiation, lithiate
from .materials import Materials
from .provenance import Answer
from .reaction import Reaction, react
from .stacks import Partners, partners_in_samples, with_lithium
from .window import Window, stability_window

Sampled = TypeVar("Sampled", bound=Answer)


def sampled_reaction(
    table: PhaseTable, a: Given, b: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Reaction:
    """Reaction of two materials (closed) with the error bar of its minimum mutual energy.

    Parameters
    ----------
    table : PhaseTable
    a, b : str, Material, pymatgen Composition or entry
    model : EnergyModel, optional
        What is assumed about the errors of the energies (docs/uncertainty.md).
    samples : int

    Raises
    ------
    InputError, SolverError
        See ``react``; InputError also for a number of samples that gives no interval.
    """
    checked_samples(samples)
    found = react(table, a, b)

    def minimum(common: Partners, ours: Materials) -> dict[str, Floats]:
        sample = np.arange(common.phases.count)
        energy = common.mutual(0, ours.mixtures, np.zeros_like(sample), sample)
        return {"min_mutual_energy_eV_per_atom": energy}

    values = _over(table, [a], [b], model, samples, minimum, lithium=False)
    return _with_bars(found, values, samples)


def sampled_window(
    table: PhaseTable, m: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Window:
    """Stability window of a material with the error bars of its limits.

    Parameters and errors: see ``sampled_reaction``.
    """
    checked_samples(samples)
    found = stability_window(table, m)

    def limits(common: Partners, ours: Materials) -> dict[str, Floats]:
        line = with_lithium(common.phases, ours)
        return {
            "reduction_limit_V": line.reduction[0],
            "oxidation_limit_V": line.oxidation[0],
        }

    return _with_bars(found, _over(table, [m], [], model, samples, limits), samples)


def sampled_lithiation(
    table: PhaseTable, m: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Lithiation:
    """Lithiation of a material with the error bars of its voltages and of the Li it takes up.

    Parameters and errors: see ``sampled_reaction``.
    """
    checked_samples(samples)
    found = lithiate(table, m)
    n_atoms = float(resolve(m)[1].n_atoms)

    def numbers(common: Partners, ours: Materials) -> dict[str, Floats]:
        line = with_lithium(common.phases, ours)
        return {
            "first_voltage_V": np.where(line.uptake > 0.0, line.reduction, np.nan)[0],
            "average_voltage_V": line.average_voltage[0],
            "li_uptake_per_formula": line.uptake[0] * n_atoms,
        }

    return _with_bars(found, _over(table, [m], [], model, samples, numbers), samples)


def _over(
    table: PhaseTable,
    ours: Sequence[Given],
    theirs: Sequence[Given],
    model: EnergyModel | None,
    samples: int,
    ask: Callable[[Partners, Materials], Mapping[str, Floats]],
    *,
    lithium: bool = True,
) -> dict[str, Floats]:
    """Put a question to every block of samples; the energies as they are do not count."""
    drawn = [
        ask(common, materials)
        for common, materials in partners_in_samples(
            table, ours, theirs, samples=samples, model=model, lithium=lithium
        )
    ]
    found = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    return {name: values[1:] for name, values in found.items()}


def _with_bars(found: Sampled, values: Mapping[str, Floats], samples: int) -> Sampled:
    bars = {key: spread(numbers) for key, numbers in values.items()}
    return replace(found, uncertainty=bars, samples=samples)
