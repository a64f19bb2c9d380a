"""Time and memory of a screen of everything, in fresh processes, beside an earlier checkout.

    python benchmarks/whole_source.py --source table.csv.gz
    python benchmarks/whole_source.py --against ../earlier/src --rounds 3

Every formula of the source against LLZO, LATP and LAGP: numbers of all, then (``--refined``) error
bars and sensitivity of the best. ``--against`` runs the same question with the code of another
checkout in turn with this one, so that both meet the same machine; ratios mean something, times are
of one machine. Memory is the largest resident set of a process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FULL = ROOT.parent / "shared" / "data" / "mp_formation_energies.csv.gz"
STUDY = """
name: everything
source: {source}
electrolytes: [LLZO, LATP, LAGP]
candidates: all
sensitivity: {refined}
uncertainty: {{samples: {samples}}}
jobs: {jobs}
"""


def run(code: Path, source: str, jobs: int, refined: bool, folder: Path) -> dict[str, float]:
    """Screen everything in a process of its own; seconds, seconds of CPU, MiB."""
    study = folder / "everything.yaml"
    study.write_text(
        STUDY.format(
            source=Path(source).resolve() if Path(source).exists() else source,
            jobs=jobs,
            refined=str(refined).lower(),
            samples=1000 if refined else 0,
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "interscreen", "screen", str(study), "--quiet", "--json"]
    command += ["--out", str(folder / f"run-{time.monotonic_ns()}")]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(code)}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"{' '.join(command)} failed with the code in {code}")
    return {
        "wall_s": time.perf_counter() - started,
        "cpu_s": used.ru_utime + used.ru_stime,
        "memory_MiB": used.ru_maxrss / 1024,
    }


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=str(FULL) if FULL.is_file() else "reference")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", metavar="SRC", help="src folder of another checkout")
    parser.add_argument("--refined", action="store_true", help="error bars and sensitivity, too")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    codes = {"this": ROOT / "src"}
    if arguments.against:
        codes["earlier"] = Path(arguments.against).resolve()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, code in codes.items():  # compiled loops and the hull into the cache
            run(code, arguments.source, 2, False, Path(temporary))
            print(f"{name}: warm", file=sys.stderr)
        for jobs in arguments.jobs:
            runs: dict[str, list[dict[str, float]]] = {name: [] for name in codes}
            for _ in range(arguments.rounds):
                for name, code in codes.items():
                    refined = arguments.refined and name == "this"
                    runs[name].append(run(code, arguments.source, jobs, refined, Path(temporary)))
            for name, of_code in runs.items():
                medians = {k: statistics.median(r[k] for r in of_code) for k in of_code[0]}
                found[f"{name}, {jobs} jobs"] = medians
                print(f"{name:8s} {jobs} jobs", *(f"{k} {v:.1f}" for k, v in medians.items()))
            if arguments.against:
                ratio = found[f"this, {jobs} jobs"]["wall_s"]
                ratio /= found[f"earlier, {jobs} jobs"]["wall_s"]
                print(f"wall time, this over earlier, {jobs} jobs: {ratio:.2f}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
