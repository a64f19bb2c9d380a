"""How often the 90 % intervals of contacts hold the truth, where the truth is known.

    python benchmarks/known_truth.py
    python benchmarks/known_truth.py --draws 20 --energies source

The energies of the embedded table count as true. They are put in error by the error model, again
and again, and each time the layers of the shipped library are answered with samples, as a study
does. What is printed says whether the truth lies within the samples, and, where the number of the
energies in error lies outside its own samples, which of the two is nearer to the truth.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from interscreen import EnergyModel, PhaseTable, open_table
from interscreen.answers.stacks import Stacks, partners_in_samples, stacks
from interscreen.energies.errors import ErrorModel
from interscreen.energies.sampling import EnergySamples
from interscreen.energies.scale import on_scale
from interscreen.phases.source import ANCHORED, TABULATED
from interscreen.phases.system import Floats
from interscreen.screen.study_file import load_study

ELECTROLYTES = ("LLZO", "LATP", "LPSCl", "LAGP", "Li3PS4", "Li3YCl6", "LIPON")
FIRST_SEED = 5000  # other errors than those of the samples, which have seed 1


def numbers(found: Stacks) -> dict[str, Floats]:
    """Return energies [meV/atom] and voltages [V], (..., samples); the first is no sample."""
    known = found.numbers
    return {
        "layer": 1000.0 * found.layer,
        "deposited": 1000.0 * found.deposited,
        "gain": 1000.0 * known["improvement_eV_per_atom"],
        "reduction limit": known["reduction_limit_V"],
        "mean voltage": known["average_voltage_V"],
    }


def in_error(table: PhaseTable, rows: np.ndarray, seed: int) -> PhaseTable:
    """Return a table whose energies are wrong as the error model says."""
    drawn = EnergySamples(EnergyModel(seed=seed), table, rows, 0, 1)
    energies = table.energies.copy()
    energies[rows] += drawn.of_rows(rows)[:, 0]
    wrong = replace(table, energies=energies)
    wrong.remember("error model", lambda: ErrorModel.of(table))  # the sizes of errors stay
    return wrong


def trial(table: PhaseTable, draws: int, samples: int) -> dict[str, list[Floats]]:
    """Return truth, number, and 5, 50 and 95 % of its samples, (5, ...) for each draw."""
    layers = [entry.material for entry in load_study("library").candidates]
    common, ours = next(iter(partners_in_samples(table, layers, ELECTROLYTES)))
    held = [common.phases.rows, ours.rows, common.electrolytes.rows]
    rows = np.unique(np.concatenate(held))
    rows = rows[rows >= 0]
    truth = numbers(stacks(table, layers, ELECTROLYTES))
    found: dict[str, list[Floats]] = {name: [] for name in truth}
    for draw in range(draws):
        wrong = in_error(table, rows, FIRST_SEED + draw)
        for name, values in numbers(stacks(wrong, layers, ELECTROLYTES, samples=samples)).items():
            there = ~np.isnan(truth[name][..., 0]) & ~np.isnan(values).all(axis=-1)
            ends = np.nanpercentile(values[there][:, 1:], [5.0, 50.0, 95.0], axis=-1)
            found[name].append(np.stack([truth[name][there, 0], values[there, 0], *ends]))
    return found


def summary(name: str, drawn: list[Floats]) -> str:
    """Say how often the truth lay within the samples, and what holds beyond them."""
    truth, number, low, median, high = np.concatenate(drawn, axis=1)
    beyond = (number < low - 1e-9) | (number > high + 1e-9)
    within = (truth >= low - 1e-9) & (truth <= high + 1e-9)
    text = f"{name:16s} {len(truth):6d} within {within.mean():.3f}; outside {beyond.sum():4d}"
    if beyond.any():
        off = [np.abs(one - truth)[beyond].mean() for one in (number, median)]
        text += f", off there: number {off[0]:.2f}, median of its samples {off[1]:.2f}"
    return text


def main() -> None:
    """Try and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--energies", choices=(TABULATED, ANCHORED), default=ANCHORED)
    asked = parser.parse_args()
    table = on_scale(open_table("embedded"), asked.energies)
    for name, drawn in trial(table, asked.draws, asked.samples).items():
        print(summary(name, drawn))


if __name__ == "__main__":
    main()
