"""Single questions with their error bars: the answer, and the spread over sampled energies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from ..energies.sampling import EnergyModel, checked_samples
from ..phases.material import Given, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .lithiation import Lithiation, lithiate
from .lithium import TOLERANCE_EV
from .materials import Materials
from .provenance import Answer
from .reaction import Reaction, react
from .stacks import Partners, partners_in_samples, with_lithium
from .window import Window, checked_tolerance, stability_window

Sampled = TypeVar("Sampled", bound=Answer)


def sampled_reaction(
    table: PhaseTable,
    a: Given,
    b: Given,
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
    at: float | None = None,
    by: str = "atom",
) -> Reaction:
    """Reaction of two materials (closed) with the error bar of its minimum mutual energy.

    ``model`` is what is assumed about the errors of the energies (docs/uncertainty.md); ``at`` and
    ``by`` as for ``react``.  Errors as for ``react``; InputError also for a number of samples that
    gives no interval.
    """

    def minimum(common: Partners, ours: Materials) -> dict[str, Floats]:
        sample = np.arange(common.phases.count)
        energy = common.mutual(0, ours.mixtures, np.zeros_like(sample), sample)
        return {"min_mutual_energy_eV_per_atom": energy}

    checked_samples(samples)
    found = react(table, a, b, at=at, by=by)
    return _with_bars(found, table, [a], [b], model, samples, minimum, lithium=False)


def sampled_window(
    table: PhaseTable,
    m: Given,
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
    tolerance_meV_per_atom: float = 1000.0 * TOLERANCE_EV,
) -> Window:
    """Stability window of a material with the error bars of its limits; see sampled_reaction."""
    tolerance = checked_tolerance(tolerance_meV_per_atom)

    def limits(common: Partners, ours: Materials) -> dict[str, Floats]:
        line = with_lithium(common.phases, ours, tolerance=tolerance)
        return {
            "reduction_limit_V": line.reduction[0],
            "oxidation_limit_V": line.oxidation[0],
            "tolerance_reduction_V": line.tolerant_reduction[0],
            "tolerance_oxidation_V": line.tolerant_oxidation[0],
        }

    checked_samples(samples)
    nominal = stability_window(table, m, tolerance_meV_per_atom=tolerance_meV_per_atom)
    return _with_bars(nominal, table, [m], [], model, samples, limits)


def sampled_lithiation(
    table: PhaseTable, m: Given, *, model: EnergyModel | None = None, samples: int = 1000
) -> Lithiation:
    """Lithiation with the error bars of its voltages and of the Li taken; see sampled_reaction."""

    def numbers(common: Partners, ours: Materials) -> dict[str, Floats]:
        line = with_lithium(common.phases, ours)
        return {
            "first_voltage_V": np.where(line.uptake > 0.0, line.reduction, np.nan)[0],
            "average_voltage_V": line.average_voltage[0],
            "li_uptake_per_formula": line.uptake[0] * float(resolve(m)[1].n_atoms),
        }

    checked_samples(samples)
    return _with_bars(lithiate(table, m), table, [m], [], model, samples, numbers)


def _with_bars(
    found: Sampled,
    table: PhaseTable,
    ours: Sequence[Given],
    theirs: Sequence[Given],
    model: EnergyModel | None,
    samples: int,
    ask: Callable[[Partners, Materials], Mapping[str, Floats]],
    *,
    lithium: bool = True,
) -> Sampled:
    """Put a question to every block of samples; the energies as they are do not count."""
    drawn = [
        ask(common, materials)
        for common, materials in partners_in_samples(
            table, ours, theirs, samples=samples, model=model, lithium=lithium
        )
    ]
    values = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    return found.with_bars(values, samples)
