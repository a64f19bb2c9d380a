"""Requests, time and memory of pulls from the Materials Project's server code on this machine.

    python benchmarks/pull_everything.py
    python benchmarks/pull_everything.py --json out.json

The service (``tests/service``: emmet-api behind a gate) has the 132,752 rows of the shared table as
thermo and summary documents.  One pair, the demo study and the library study are pulled with 300 ms
a request and 1 MB/s, then everything at full speed; one question is answered from that store with
the service stopped.  Memory is the peak of the pulling process, as the system reports it when the
process ends.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from service import HEARTBEAT, KEY, Service, from_table  # noqa: E402

FULL = ROOT.parent / "shared" / "data" / "mp_formation_energies.csv.gz"
LATENCY_S, BANDWIDTH = 0.3, 1e6
TASKS = {
    "pair": ["--elements", "Li,Cu,F,Al,Ti,P,O"],
    "demo": ["--study", "demo"],
    "library": ["--study", "library"],
}
COMMAND = [sys.executable, "-m", "interscreen"]


def run(command: list[str], environment: dict[str, str]) -> tuple[str, float, float]:
    """Run a command; return its stdout, wall time [s] and peak memory [MiB]."""
    started = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return text, time.perf_counter() - started, usage.ru_maxrss / 1024


def measure(table: Path, tasks: dict[str, list[str]]) -> dict[str, Any]:
    """Pull some tasks, then everything, then ask one question from the store."""
    figures: dict[str, Any] = {}
    with Service(from_table(table)) as service, tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ, "MP_API_KEY": KEY, "MP_API_ENDPOINT": service.endpoint,
            "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        service.latency, service.bandwidth = LATENCY_S, BANDWIDTH
        for name, question in tasks.items():
            del service.requests[:]
            environment["INTERSCREEN_CACHE"] = f"{folder}/{name}"
            text, _, _ = run(
                [*COMMAND, "data", "pull", *question, "--json", "--quiet"], environment
            )
            report = json.loads(text)
            figures[f"{name}_requests"] = len(service.asked())
            figures[f"{name}_heartbeats"] = len(service.asked(HEARTBEAT))
            figures[f"{name}_documents"] = report["documents"]
            figures[f"{name}_s"] = report["seconds"]
        service.latency = service.bandwidth = 0.0
        environment["INTERSCREEN_CACHE"] = f"{folder}/everything"
        text, seconds, memory = run([*COMMAND, "data", "pull", "--all", "--json"], environment)
        report = json.loads(text)
        service.stop()
        question = [*COMMAND, "window", "Li3PS4", "--source", "mp", "--json", "--quiet"]
        text, first, _ = run(question, environment)
        _, second, _ = run(question, environment)
    return {
        **figures,
        "documents": report["documents"],
        "requests": report["requests"],
        "pull_s": report["seconds"],
        "command_s": round(seconds, 1),
        "peak_memory_MiB": round(memory),
        "first_question_s": round(first, 1),
        "second_question_s": round(second, 1),
        "Li3PS4_window_V": json.loads(text)["assemblage_window_V"],
    }


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=FULL, help="CSV with formula and e_form")
    parser.add_argument("--tasks", default=",".join(TASKS), help="which of pair, demo, library")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        print(f"{arguments.source} is not there: nothing to serve", file=sys.stderr)
        return 0
    chosen = {name: TASKS[name] for name in arguments.tasks.split(",") if name}
    figures = measure(arguments.source, chosen)
    for name, value in figures.items():
        print(f"{name:>20}  {value}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
