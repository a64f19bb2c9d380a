"""Time and memory of ``interscreen data pull --all`` from a stand-in server on this machine.

    python benchmarks/pull_everything.py
    python benchmarks/pull_everything.py --json out.json

The server (``tests/standin``) serves the 132,752 rows of the shared table as thermo and summary
documents, 1,000 a page; it runs in a process of its own.  Then one question is answered from the
store, with the server stopped.  Memory is the peak of the pulling process, as the system reports
it when the process ends.
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
FULL = ROOT.parent / "shared" / "data" / "mp_formation_energies.csv.gz"


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


def measure(table: Path) -> dict[str, Any]:
    """Pull everything, then ask one question from the store."""
    server = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "tests" / "standin" / "server.py"),
            "--port",
            "0",
            "--documents",
            f"table:{table}",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        endpoint = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as cache:
            environment = {
                **os.environ,
                "MP_API_KEY": "k" * 32,
                "MP_API_ENDPOINT": endpoint,
                "INTERSCREEN_CACHE": cache,
                "NO_PROXY": "127.0.0.1",
            }
            command = [sys.executable, "-m", "interscreen"]
            text, seconds, memory = run([*command, "data", "pull", "--all", "--json"], environment)
            report = json.loads(text)
            server.terminate()
            question = [*command, "window", "Li3PS4", "--source", "mp", "--json", "--quiet"]
            text, first, _ = run(question, environment)
            _, second, _ = run(question, environment)
            return {
                "documents": report["documents"],
                "requests": report["requests"],
                "pull_s": report["seconds"],
                "command_s": round(seconds, 1),
                "peak_memory_MiB": round(memory),
                "store_MB": round(Path(report["file"]).stat().st_size / 1e6, 1),
                "first_question_s": round(first, 1),
                "second_question_s": round(second, 1),
                "Li3PS4_window_V": json.loads(text)["assemblage_window_V"],
            }
    finally:
        server.kill()
        server.wait()


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=FULL, help="CSV with formula and e_form")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        print(f"{arguments.source} is not there: nothing to serve", file=sys.stderr)
        return 0
    figures = measure(arguments.source)
    for name, value in figures.items():
        print(f"{name:>20}  {value}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
