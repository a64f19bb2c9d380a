"""Stacks over sampled energies: every number of a screen, once for each sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..energies.sampling import BLOCK, EnergyModel, EnergySamples
from ..errors import InterscreenError
from ..phases.material import Material, elements_of, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .contacts import (
    LithiumSamples,
    Mask,
    contact_samples,
    layer_samples,
    lithium_samples,
    needed_rows,
    window_reach,
)
from .stack import is_lithium_salt

CANDIDATE_QUANTITIES = (
    "lithium_mutual_eV_per_atom lithium_total_eV_per_atom first_voltage_V average_voltage_V "
    "li_uptake_per_formula reduction_limit_V oxidation_limit_V"
).split()
ELECTROLYTE_QUANTITIES = ("bare_mutual_eV_per_atom", "electrolyte_reduction_limit_V")
STACK_QUANTITIES = (
    "deposited_mutual_eV_per_atom layer_mutual_eV_per_atom worst_product_mutual_eV_per_atom "
    "improvement_eV_per_atom bridge_margin_V"
).split()

Numbers = dict[str, Floats]
_Product = tuple[str, str]  # candidate it belongs to, if it has an energy given for it; its formula


@dataclass(frozen=True, eq=False)
class StackSamples:
    """Numbers of a screen in every sample of the energies.

    Attributes
    ----------
    candidates, electrolytes : mapping of str to mapping of str to (s,) float array
        By label, then by column of results.csv.
    stacks : mapping of (str, str) to mapping of str to (s,) float array
        By label of the candidate and of the electrolyte.
    samples : int
    """

    candidates: dict[str, Numbers]
    electrolytes: dict[str, Numbers]
    stacks: dict[tuple[str, str], Numbers]
    samples: int

    def numbers(self, candidate: str, electrolyte: str) -> Numbers:
        """All numbers of one row of results.csv."""
        return {
            **self.candidates[candidate],
            **self.electrolytes[electrolyte],
            **self.stacks[candidate, electrolyte],
        }


def sample_stacks(
    table: PhaseTable,
    candidates: Sequence[Material],
    electrolytes: Sequence[Material],
    *,
    model: EnergyModel | None = None,
    samples: int = 1000,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> StackSamples:
    """Answer every question of Li | candidate | electrolyte for each sample of the energies.

    Parameters
    ----------
    table : PhaseTable
    candidates, electrolytes : sequence of Material
        Those that cannot be computed are left out.
    model : EnergyModel, optional
    samples : int
    jobs : int
        Threads (the compiled code runs side by side).
    progress : callable, optional
        Called with the number of finished questions and their total.

    Returns
    -------
    StackSamples
        The numbers of a stack do not depend on what else is asked for, nor on ``jobs``.
    """
    ours, theirs = _known(table, candidates), _known(table, electrolytes)
    everything = [*ours.values(), *theirs.values()]
    sets = [elements_of([material]) for material in everything]
    sets += [elements_of([c, e]) for c in ours.values() for e in theirs.values()]
    rows = needed_rows(table, sets, everything)
    numbered = list(blocks(samples))
    parts = [
        _Block(
            table, ours, theirs, EnergySamples(model or EnergyModel(), table, rows, block, count)
        ).run(jobs, _scaled(progress, block, len(numbered)))
        for block, count in numbered
    ]
    first = parts[0]
    return StackSamples(
        candidates={k: _joined([b.candidates[k] for b in parts]) for k in first.candidates},
        electrolytes={k: _joined([b.electrolytes[k] for b in parts]) for k in first.electrolytes},
        stacks={k: _joined([b.stacks[k] for b in parts]) for k in first.stacks},
        samples=samples,
    )


def _known(table: PhaseTable, materials: Sequence[Material]) -> dict[str, Material]:
    """Materials by label, without those that the table cannot answer for."""
    known = {}
    for material in materials:
        with suppress(InterscreenError):
            if elements_of([material]) <= set(table.elements):
                known[material.label] = material
    return known


def blocks(samples: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks of samples: their numbers, and how many samples of each."""
    for block in range(-(-samples // BLOCK)):
        yield block, min(BLOCK, samples - block * BLOCK)


def _joined(parts: list[Numbers]) -> Numbers:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _scaled(
    progress: Callable[[int, int], None] | None, number: int, blocks: int
) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(number * total + done, blocks * total)

    return report


class _Block:
    """One block of samples."""

    def __init__(
        self,
        table: PhaseTable,
        candidates: dict[str, Material],
        electrolytes: dict[str, Material],
        samples: EnergySamples,
    ) -> None:
        self.table, self.samples = table, samples
        self.candidates, self.electrolytes = candidates, electrolytes

    def run(self, jobs: int, progress: Callable[[int, int], None]) -> StackSamples:
        """Answer all questions: first those with Li, which say what the layers are."""
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=jobs, backend="threading", return_as="generator_unordered")
        done = 0
        total = len(self.candidates) * (1 + len(self.electrolytes)) + len(self.electrolytes)

        def answers(tasks: Iterable[tuple[Any, ...]], counts: bool = True) -> dict[Any, Any]:
            nonlocal done
            found = {}
            for key, value in parallel(delayed(self._answer)(*task) for task in tasks):
                found[key] = value
                done += counts
                progress(min(done, total), total)
            return {key: value for key, value in found.items() if value is not None}

        lithium = answers(
            (("lithium", kind, label), lithium_samples, material)
            for kind, group in (("c", self.candidates), ("e", self.electrolytes))
            for label, material in group.items()
        )
        mine = {key[2]: value for key, value in lithium.items() if key[1] == "c"}
        theirs = {key[2]: value for key, value in lithium.items() if key[1] == "e"}
        products = self._products(mine)
        reach = answers(
            [
                ((key,), window_reach, material)
                for key, (material, _) in products.items()
                if is_lithium_salt(key[1])
            ],
            counts=False,
        )
        tasks = [
            ((key, label), contact_samples, material, self.electrolytes[label], mask)
            for key, (material, mask) in products.items()
            for label in theirs
        ]
        contacts = answers(tasks, counts=False)
        pairs = answers(
            ((c, e), _pair, self.candidates[c], self.electrolytes[e], mine[c])
            for c in mine
            for e in theirs
        )
        stacks = {
            (c, e): self._stack(c, e, mine[c], theirs[e], pair, reach, contacts)
            for (c, e), pair in sorted(pairs.items())
        }
        return StackSamples(
            candidates={c: self._candidate(c, numbers) for c, numbers in sorted(mine.items())},
            electrolytes={
                e: {
                    "bare_mutual_eV_per_atom": numbers.mutual,
                    "electrolyte_reduction_limit_V": numbers.reduction,
                }
                for e, numbers in sorted(theirs.items())
            },
            stacks=stacks,
            samples=self.samples.count,
        )

    def _answer(self, key: Any, question: Callable[..., Any], *given: Any) -> tuple[Any, Any]:
        try:
            return key, question(self.table, self.samples, *given)
        except InterscreenError:  # the nominal row of the same question says why
            return key, None

    def _products(
        self, lithium: dict[str, LithiumSamples]
    ) -> dict[_Product, tuple[Material, Mask]]:
        """Products of all candidates, each once, and the samples in which any candidate has it."""
        found: dict[_Product, tuple[Material, Mask]] = {}
        for label, numbers in lithium.items():
            for formula, mask in numbers.products.items():
                key, material = self._product(label, formula)
                held = found.get(key)
                found[key] = (material, mask if held is None else held[1] | mask)
        return found

    def _product(self, label: str, formula: str) -> tuple[_Product, Material]:
        """Return a product as a reactant; the candidate itself keeps an energy given for it."""
        candidate, unit = resolve(self.candidates[label])
        energies = (candidate.energy_eV_per_atom, candidate.energy_above_hull_eV_per_atom)
        if formula == unit.text and energies != (None, None):
            return (label, formula), replace(candidate, formula=formula, name="")
        return ("", formula), Material(formula)

    def _candidate(self, label: str, numbers: LithiumSamples) -> Numbers:
        n_atoms = float(resolve(self.candidates[label])[1].n_atoms)
        return {
            "lithium_mutual_eV_per_atom": numbers.mutual,
            "lithium_total_eV_per_atom": numbers.total,
            "first_voltage_V": np.where(numbers.uptake > 0.0, numbers.reduction, np.nan),
            "average_voltage_V": numbers.average_voltage,
            "li_uptake_per_formula": numbers.uptake * n_atoms,
            "reduction_limit_V": numbers.reduction,
            "oxidation_limit_V": numbers.oxidation,
        }

    def _stack(
        self,
        label: str,
        electrolyte: str,
        mine: LithiumSamples,
        theirs: LithiumSamples,
        pair: tuple[Floats, Floats],
        reach: dict[Any, Floats],
        contacts: dict[Any, Floats],
    ) -> Numbers:
        """Numbers of one stack; the rules are those of ``interscreen.stacks``."""
        deposited, layer = pair
        worst = np.full(self.samples.count, np.inf)
        highest = np.zeros(self.samples.count)
        for formula, mask in mine.products.items():
            key, _ = self._product(label, formula)
            energy = contacts.get((key, electrolyte))
            worst = np.minimum(worst, np.where(mask, np.nan if energy is None else energy, np.inf))
            if (key,) in reach:
                highest = np.maximum(highest, np.where(mask, reach[(key,)], 0.0))
        return {
            "deposited_mutual_eV_per_atom": deposited,
            "layer_mutual_eV_per_atom": layer,
            "worst_product_mutual_eV_per_atom": np.where(np.isinf(worst), np.nan, worst),
            "improvement_eV_per_atom": layer - theirs.mutual,
            "bridge_margin_V": highest - theirs.reduction,
        }


def _pair(
    table: PhaseTable,
    samples: EnergySamples,
    candidate: Material,
    electrolyte: Material,
    lithium: LithiumSamples,
) -> tuple[Floats, Floats]:
    """Contact with the electrolyte as deposited, and after conversion [eV/atom]."""
    deposited = contact_samples(table, samples, candidate, electrolyte)
    converts = lithium.uptake > 0.0
    if not converts.any():
        return deposited, deposited
    layer = layer_samples(table, samples, lithium.layer, electrolyte)
    return deposited, np.where(converts, layer, deposited)
