"""CPU time and memory of a first question in a fresh process, on the embedded table.

    python benchmarks/cold_start.py
    python benchmarks/cold_start.py --repeats 9

The compiled loops are in the cache already; each question is asked several times, and the median
of CPU time (all threads, start of Python and imports included) and the peak of memory are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

PYTHON = "from interscreen import open_table, react; react(open_table('embedded'), 'CuF2', 'LATP')"
COMMAND = [sys.executable, "-m", "interscreen"]
QUESTIONS = {
    "Python alone": [sys.executable, "-c", "pass"],
    "import numpy": [sys.executable, "-c", "import numpy"],
    "react in Python": [sys.executable, "-c", PYTHON],
    "interscreen --help": [*COMMAND, "--help"],
    "interscreen reaction CuF2 LATP": [*COMMAND, "reaction", "CuF2", "LATP"],
    "interscreen window LLZO": [*COMMAND, "window", "LLZO"],
    "interscreen stack CuF2 LATP": [*COMMAND, "stack", "CuF2", "LATP"],
}


def ask(command: list[str]) -> tuple[float, float]:
    """Return CPU time [s] and peak memory [MB] of a command."""
    environment = {**os.environ, "MP_API_KEY": "", "PMG_MAPI_KEY": ""}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"{'question':32} {'CPU/s':>6} {'MB':>5}")
    for name, command in QUESTIONS.items():
        ask(command)
        times, peaks = zip(*(ask(command) for _ in range(repeats)), strict=True)
        print(f"{name:32} {statistics.median(times):6.2f} {max(peaks):5.0f}")


if __name__ == "__main__":
    main()
