"""Time and memory of error bars, against asking ``stack`` once for each sample.

    python benchmarks/error_bars.py --source table.csv.gz
    python benchmarks/error_bars.py --samples 200 --json out.json

The shipped study ``library`` against five electrolytes, every question for every sample of the
energies, with one thread and with one per core. For comparison some stacks are answered by
``stack`` on tables whose energies were shifted by the same samples; the numbers must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from interscreen import EnergyModel, PhaseTable, open_table, stack
from interscreen.answers.stacks import Stacks, stacks
from interscreen.energies.sampling import EnergySamples
from interscreen.screen.study_file import load_study

ROOT = Path(__file__).parents[1]
FULL = ROOT.parent / "shared" / "data" / "mp_formation_energies.csv.gz"
ELECTROLYTES = ("LLZO", "LLZTO", "LATP", "LAGP", "LPSCl")
COMPARED = ("CuF2", "Cu3N", "Al2O3", "Sn", "Li3PO4")


def measure(table: PhaseTable, samples: int) -> dict[str, Any]:
    """Sample the library with one thread and with one per core."""
    study = load_study("library")
    known = set(table.elements)
    candidates = [e.material for e in study.candidates if _elements(e) <= known]
    electrolytes = [
        e.material for e in study.electrolytes if e.label in ELECTROLYTES and _elements(e) <= known
    ]
    stacks(table, candidates[:1], electrolytes[:1], samples=20)  # compile, load
    seconds = {}
    for jobs in sorted({1, os.cpu_count() or 1}):
        started = time.perf_counter()
        found = stacks(table, candidates, electrolytes, samples=samples, jobs=jobs)
        seconds[jobs] = time.perf_counter() - started
    count = len(candidates) * len(electrolytes)
    return {
        "candidates": len(candidates),
        "electrolytes": len(electrolytes),
        "samples": samples,
        "seconds": seconds,
        "peak_memory_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **_one_by_one(table, found, seconds[1] / (samples * count)),
    }


def _elements(entry: Any) -> set[str]:
    from interscreen.phases.material import resolve

    return set(resolve(entry.material)[1].elements)


def _one_by_one(table: PhaseTable, found: Stacks, each: float) -> dict[str, Any]:
    """Answer some stacks by ``stack`` for the first samples; compare numbers and time."""
    rows = np.flatnonzero(np.diff(table.indptr) > 1)
    errors = EnergySamples(EnergyModel(), table, rows, 0, 5)
    labels = found.candidates.labels.tolist()
    worst, count, seconds = 0.0, 0, 0.0
    for number in range(5):
        energies = table.energies.copy()
        shifted = energies[rows] + errors.of_rows(rows)[:, number]
        keep = (energies[rows] >= 0.0) | (shifted >= 0.0)  # no part of an equilibrium either way
        energies[rows] = np.where(keep, np.maximum(energies[rows], shifted), shifted)
        sample = replace(table, energies=energies)
        stack(sample, "LiF", str(found.electrolytes.labels[0]))  # builds the index of the table
        for candidate in COMPARED:
            for place, electrolyte in enumerate(found.electrolytes.labels):
                started = time.perf_counter()
                right = stack(sample, candidate, str(electrolyte))
                seconds += time.perf_counter() - started
                count += 1
                at = place, labels.index(candidate), number + 1
                worst = max(
                    worst,
                    abs(found.layer[at] - right.layer.energy),
                    abs(found.deposited[at] - right.deposited.energy),
                )
    return {
        "largest_difference_eV_per_atom": worst,
        "milliseconds_per_stack_one_by_one": 1e3 * seconds / count,
        "milliseconds_per_stack_sampled": 1e3 * each,
        "ratio": seconds / count / each,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=str(FULL) if FULL.is_file() else "reference")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    found = measure(open_table(arguments.source), arguments.samples)
    if found["largest_difference_eV_per_atom"] > 1e-7:
        raise SystemExit(f"the numbers differ by {found['largest_difference_eV_per_atom']} eV/atom")
    for key, value in found.items():
        print(f"{key:40s} {value}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
