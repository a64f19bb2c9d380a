"""Time and memory of error bars, against asking the one-pair functions once for each sample.

    python benchmarks/error_bars.py --source table.csv.gz
    python benchmarks/error_bars.py --samples 200 --json out.json

The library (``candidates/library.yaml``) against five electrolytes, every question for every sample
of the energies, with one thread and with one per core.  For comparison some stacks are answered by
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

from interscreen import Material, PhaseTable, open_table, stack
from interscreen.answers.sampled_stacks import StackSamples, sample_stacks
from interscreen.energies.sampling import EnergyModel, EnergySamples
from interscreen.screen.study_file import load_study

ROOT = Path(__file__).parents[1]
FULL = ROOT.parent / "shared" / "data" / "mp_formation_energies.csv.gz"
ELECTROLYTES = ("LLZO", "LLZTO", "LATP", "LAGP", "LPSCl")
COMPARED = ("CuF2", "Cu3N", "Al2O3", "Sn", "Li3PO4")


def measure(table: PhaseTable, samples: int) -> dict[str, Any]:
    """Sample the library with one thread and with one per core."""
    study = load_study(ROOT / "candidates" / "study-library.yaml")
    candidates = [entry.material for entry in study.candidates]
    electrolytes = [Material(name) for name in ELECTROLYTES if _answers(table, name)]
    sample_stacks(table, candidates[:1], electrolytes[:1], samples=20)  # compile, load
    seconds = {}
    for jobs in sorted({1, os.cpu_count() or 1}):
        started = time.perf_counter()
        found = sample_stacks(table, candidates, electrolytes, samples=samples, jobs=jobs)
        seconds[jobs] = time.perf_counter() - started
    walks = _walks(found, samples)
    return {
        "candidates": len(found.candidates),
        "electrolytes": len(found.electrolytes),
        "samples": samples,
        "walks": walks,
        "seconds": seconds,
        "microseconds_per_walk_one_thread": 1e6 * seconds[1] / walks,
        "peak_memory_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **_one_by_one(table, electrolytes, seconds[1] / (samples * len(found.stacks)), found),
    }


def _answers(table: PhaseTable, name: str) -> bool:
    try:
        stack(table, "LiF", name)
    except ValueError:
        return False
    return True


def _walks(found: StackSamples, samples: int) -> int:
    """Return the walks along the hull, those with the products of the layers not counted."""
    return samples * (2 * (len(found.candidates) + len(found.electrolytes)) + 2 * len(found.stacks))


def _one_by_one(
    table: PhaseTable, electrolytes: list[Material], each: float, found: StackSamples
) -> dict[str, Any]:
    """Answer some stacks by ``stack`` for the first samples; compare numbers and time."""
    rows = np.flatnonzero(np.diff(table.indptr) > 1)
    errors = EnergySamples(EnergyModel(), table, rows, 0, 5)
    worst, count, seconds = 0.0, 0, 0.0
    for number in range(5):
        energies = table.energies.copy()
        shifted = energies[rows] + errors.of_rows(rows)[:, number]
        keep = (energies[rows] >= 0.0) | (shifted >= 0.0)  # no part of an equilibrium either way
        energies[rows] = np.where(keep, np.maximum(energies[rows], shifted), shifted)
        sample = replace(table, energies=energies)
        stack(sample, "LiF", electrolytes[0])  # builds the index of the table
        for candidate in COMPARED:
            for electrolyte in electrolytes:
                started = time.perf_counter()
                right = stack(sample, candidate, electrolyte)
                seconds += time.perf_counter() - started
                count += 1
                ours = found.numbers(candidate, right.electrolyte)
                worst = max(
                    worst,
                    abs(ours["layer_mutual_eV_per_atom"][number] - right.layer.energy),
                    abs(ours["deposited_mutual_eV_per_atom"][number] - right.deposited.energy),
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
