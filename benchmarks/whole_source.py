"""Time and memory of a screen of every compound of a source, from outside and from inside.

    python benchmarks/whole_source.py
    python benchmarks/whole_source.py --source my_table.csv.gz --json out.json
    python benchmarks/whole_source.py --quick

Every run is a fresh process of the command line; the parsed table and its hull are in its cache (a
folder of this benchmark, filled by a first run, which is shown as well).  Memory is
that of all processes together, summed every 50 ms from /proc: shared pages count once (PSS).
When the first and the last chunk appear on disk divides a run into start, computing and final
files.  At the end one process is timed from inside on evenly spaced chunks of the whole source.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

FULL = Path(__file__).parents[2] / "shared" / "data" / "mp_formation_energies.csv.gz"
ELECTROLYTES = "LLZO,LATP,LAGP"
SIZES, QUICK_SIZES = (1_000, 3_000, 10_000, 30_000), (1_000, 3_000)
INSIDE, QUICK_INSIDE = 4_000, 800  # candidates that are timed from inside
INTERVAL = 0.05  # s between two looks at /proc
_NEAR = 1024  # kB that a process grows or shrinks before its shared pages are counted anew
PACKAGES = ("numpy", "numba", "pyarrow", "joblib")
_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")

# -- from outside --------------------------------------------------------------------------------


class Watch(threading.Thread):
    """Memory and processor time of a process and all that it starts, and chunks on disk.

    Attributes
    ----------
    peak : int
        Greatest sum over the processes [kB].
    kind : str
        ``PSS``; ``RSS`` (shared pages count once for each process) where it is not readable.
    processes : int
        How many there were at the peak.
    first, last : float or None
        When the first and the last chunk appeared (``time.perf_counter``).
    cost : float
        Processor time of the looking itself [s].
    """

    def __init__(self, root: int, parts: Path) -> None:
        super().__init__(daemon=True)
        self.peak, self.processes, self.kind, self.cost = 0, 0, "PSS", 0.0
        self.first: float | None = None
        self.last: float | None = None
        self._parts, self._files = parts, 0
        self._mine, self._foreign = {root}, set[int]()
        self._cpu: dict[int, float] = {}
        self._read: dict[int, tuple[int, int]] = {}
        self._end = threading.Event()

    @property
    def cpu(self) -> float:
        """Processor time of all processes [s]."""
        return sum(self._cpu.values())

    def run(self) -> None:
        """Look until ``finish`` is called."""
        while not self._end.is_set():
            started = time.perf_counter()
            self._look_at_chunks()
            self._find()
            sizes = [size for pid in list(self._mine) if (size := self._size(pid))]
            if sum(sizes) > self.peak:
                self.peak, self.processes = sum(sizes), len(sizes)
            self.cost = time.thread_time()
            self._end.wait(max(INTERVAL - (time.perf_counter() - started), 0.0))

    def finish(self) -> None:
        """End the looking."""
        self._end.set()
        self.join()

    def _look_at_chunks(self) -> None:
        try:
            files = sum(1 for file in os.scandir(self._parts) if file.name.endswith(".parquet"))
        except OSError:
            return
        if files > self._files:
            self.last = time.perf_counter()
            self.first = self.first or self.last
            self._files = files

    def _find(self) -> None:
        """Take in processes whose parent is known."""
        if not _PROC.is_dir():
            return
        for entry in os.listdir(_PROC):
            if not entry.isdigit() or int(entry) in self._mine or int(entry) in self._foreign:
                continue
            fields = _stat(int(entry))
            if fields:
                parent, session = int(fields[1]), int(fields[3])
                mine = parent in self._mine or session in self._mine
                (self._mine if mine else self._foreign).add(int(entry))
                if mine:
                    self._read.clear()  # one more shares what the others hold

    def _size(self, pid: int) -> int:
        """Memory of one process [kB]; 0 when it is gone."""
        fields = _stat(pid)
        if not fields or fields[0] in "ZX":
            return 0
        self._cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICK
        resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") // 1024
        before, size = self._read.get(pid, (-_NEAR, 0))
        if abs(resident - before) >= _NEAR:
            before, size = resident, self._proportional(pid, resident)
            self._read[pid] = before, size
        return size + resident - before

    def _proportional(self, pid: int, resident: int) -> int:
        """PSS of a process [kB], or its resident memory; takes the system milliseconds."""
        try:
            for line in (_PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
                if line.startswith(b"Pss:"):
                    return int(line.split()[1])
        except ProcessLookupError:
            return 0
        except OSError:
            self.kind = "RSS"
        return resident


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; empty when the process is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _busy() -> float:
    """Processor time of everything on this machine since it started [s]."""
    try:
        fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    return sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7)) / _TICK  # without idle and iowait


def run(source: Path, query: str, jobs: int, folder: Path, cache: Path) -> dict[str, Any]:
    """Run the command once; its figures."""
    command = [
        sys.executable, "-m", "interscreen", "screen", "--source", str(source),
        "--candidates", query, "--electrolytes", ELECTROLYTES, "--jobs", str(jobs),
        "--out", str(folder), "--json", "--quiet",
    ]  # fmt: skip
    print(f"  {query}, --jobs {jobs} ...", file=sys.stderr, flush=True)
    environment = {**os.environ, "INTERSCREEN_CACHE": str(cache)}
    others, started = _busy() - time.process_time(), time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=err, start_new_session=True
        )
        watch = Watch(process.pid, folder.with_name(f".{folder.name}.partial") / "parts")
        watch.start()
        try:
            process.wait()
        finally:
            process.kill()
            watch.finish()
        ended = time.perf_counter()
        others = _busy() - time.process_time() - others - watch.cpu
        out.seek(0)
        err.seek(0)
        if process.returncode not in (0, 3):
            message = err.read().decode(errors="replace").strip()[-2000:]
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{message}")
        summary = json.loads(out.read())
    seconds, candidates = ended - started, summary["candidates"]
    rows = candidates * len(ELECTROLYTES.split(","))
    first, last = watch.first or ended, watch.last or ended
    return {
        "query": query,
        "jobs": jobs,
        "candidates": candidates,
        "mean_elements": _mean_elements(folder / "results.parquet"),
        "rows": rows,
        "failed_rows": summary["failed_rows"],
        "seconds": seconds,
        "start_s": first - started,
        "computing_s": last - first,
        "final_files_s": ended - last,
        "s_per_1000": 1e3 * seconds / candidates,
        "s_per_1000_after_start": 1e3 * (ended - first) / candidates,
        "rows_per_s": rows / seconds,
        "peak_MiB": watch.peak / 1024 if watch.peak else None,
        "memory": watch.kind,
        "processes": watch.processes,
        "results_MB": (folder / "results.parquet").stat().st_size / 1e6,
        "cpu_s": watch.cpu,
        "other_programs_cpu_s": max(others, 0.0),
        "watching_cpu_s": watch.cost,
    }


def _mean_elements(file: Path) -> float:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    return float(pc.mean(pq.read_table(file, columns=["n_elements"])["n_elements"]).as_py())


# -- from inside ---------------------------------------------------------------------------------

START, LOOPS = "start of Python, imports", "loading the compiled loops"
EACH, TOP = "computing chunks", "top.csv, one by one"
# stage (None: a part of whatever stage calls it), what is timed, where it is called from
_PLACES: tuple[tuple[str | None, str, str], ...] = (
    ("reading the table", "", "commands.screen:open_source"),
    ("choosing candidates", "", "screening.batch_run:choose_candidates"),
    ("plan", "", "screening.batch_run:build_plan"),
    (None, "hull of the source", "screening.plan:known_hull_phases"),
    (None, "hull of the source", "screening.batch_run:known_hull_phases"),
    (EACH, "", "screening.workers:screen_chunk"),
    (None, "selecting phases", "phases:PhaseTable.within"),
    (None, "selecting phases", "screening.plan:Partner.complete"),
    (None, "walks (pivots)", "screening.chunk:lithium_lines"),
    (None, "walks (pivots)", "screening.chunk:mutual_minima"),
    (None, "walks (pivots)", "screening.plan:lithium_lines"),
    (None, "walks (pivots)", "screening.plan:mutual_minima"),
    (None, "texts of products", "screening.chunk:_reaction"),
    (None, "texts of products", "screening.chunk:_products"),
    (None, "rows as a table", "screening.chunk:_table"),
    ("storing chunks", "", "screening.run_store:RunStore.add"),
    ("final files", "", "screening.run_store:RunStore.finish"),
    (None, "results.parquet", "screening.batch_run:_write_results"),
    (TOP, "", "screening.batch_run:top_rows"),
    (None, "equations", "kinks:balance"),
)
_GROW = (EACH, "storing chunks", "final files")  # with the number of candidates; top.csv has few


class Clock:
    """Exclusive times [s] of stages and of what they are made of."""

    def __init__(self, stage: str) -> None:
        self.times: dict[tuple[str, str], float] = {}
        self.missing: list[str] = []
        self._open = [(stage, "")]
        self._since = time.perf_counter()

    def turn(self) -> None:
        """Book the time since the last turn."""
        now = time.perf_counter()
        self.times[self._open[-1]] = self.times.get(self._open[-1], 0.0) + now - self._since
        self._since = now

    @contextmanager
    def inside(self, stage: str | None, part: str) -> Iterator[None]:
        """Book the time of a block to a stage, or to a part of the stage that runs."""
        self.turn()
        self._open.append((stage or self._open[-1][0], part))
        try:
            yield
        finally:
            self.turn()
            self._open.pop()

    def timed(self, function: Callable[..., Any], stage: str | None, part: str) -> Any:
        """Return the function with its time booked."""

        def call(*arguments: Any, **options: Any) -> Any:
            with self.inside(stage, part):
                return function(*arguments, **options)

        return call

    def patches(self) -> Iterator[Any]:
        """Yield a patch for every place; those that the code lacks are noted."""
        for stage, part, place in _PLACES:
            module, _, path = place.partition(":")
            *owners, name = path.split(".")
            try:
                owner: Any = import_module(f"interscreen.{module}")
                for attribute in owners:
                    owner = getattr(owner, attribute)
                yield patch.object(owner, name, self.timed(getattr(owner, name), stage, part))
            except (ImportError, AttributeError):
                self.missing.append(place)


def measure_inside(source: str, candidates: int, folder: str, began: float) -> dict[str, Any]:
    """Run the screen in this process, timed; evenly spaced chunks of the whole source."""
    clock = Clock(START)
    clock.times[START, ""] = time.time() - began  # until here
    for module in ("cli", "commands.screen", "commands.batch"):
        import_module(f"interscreen.{module}")
    for module in ("pandas", "pyarrow.parquet", "pyarrow.compute", "pymatgen.core", "joblib"):
        import_module(module)
    from interscreen.cli.main import main
    from interscreen.engine import batch
    from interscreen.screen import batch_run

    with clock.inside(LOOPS, ""):
        batch._kernel()
    choose, size = batch_run.choose_candidates, batch_run.CHUNK
    found: list[int] = []

    def some(table: Any, query: Any) -> Any:
        from dataclasses import replace

        import numpy as np

        choice = choose(table, query)
        rows = batch_run.in_order(table, choice.rows)
        chunks = np.array_split(rows, -(-len(rows) // size))
        wanted = min(max(candidates // size, 1), len(chunks))
        places = np.linspace(0, len(chunks) - 1, wanted).round().astype(int)
        picked = np.concatenate([chunks[place] for place in places])
        found.extend([len(rows), len(picked)])
        return replace(choice, rows=picked)

    with ExitStack() as stack:
        stack.enter_context(patch.object(batch_run, "choose_candidates", some))
        for change in clock.patches():
            stack.enter_context(change)
        with clock.inside("the rest", ""):
            code = main(
                ["screen", "--source", source, "--candidates", "all", "--electrolytes",
                 ELECTROLYTES, "--jobs", "1", "--out", folder, "--quiet", "--fresh"]
            )  # fmt: skip
    if code not in (0, 3):
        raise SystemExit(code)
    clock.turn()
    everything, timed = found
    return {
        "candidates": timed,
        "of": everything,
        "not_found": clock.missing,
        "parts": [
            {
                "stage": stage,
                "part": part,
                "seconds": seconds,
                "seconds_for_all": seconds * (everything / timed if stage in _GROW else 1.0),
            }
            for (stage, part), seconds in clock.times.items()
        ],
    }


def run_inside(source: Path, candidates: int, folder: Path, cache: Path) -> dict[str, Any]:
    """Start a process of this script that is timed from inside."""
    print(f"  {candidates:,} candidates, timed from inside ...", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--source", str(source)]
    began = time.time()
    done = subprocess.run(
        [*command, "--inside", str(candidates), str(folder), repr(began)],
        env={**os.environ, "INTERSCREEN_CACHE": str(cache)}, stdout=subprocess.PIPE, text=True,
        check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures["seconds"] = time.time() - began
    return figures


# -- the report ----------------------------------------------------------------------------------

_RUNS = {
    "candidates": ("candidates", "{:,}"),
    "mean_elements": ("elements", "{:.2f}"),
    "jobs": ("jobs", "{}"),
    "seconds": ("wall s", "{:.1f}"),
    "start_s": ("start s", "{:.1f}"),
    "computing_s": ("chunks s", "{:.1f}"),
    "final_files_s": ("files s", "{:.1f}"),
    "s_per_1000": ("s/1,000", "{:.2f}"),
    "s_per_1000_after_start": ("after start", "{:.2f}"),
    "rows_per_s": ("rows/s", "{:,.0f}"),
    "peak_MiB": ("peak MiB", "{:,.0f}"),
    "processes": ("processes", "{}"),
    "results_MB": ("results MB", "{:.1f}"),
    "cpu_s": ("cpu s", "{:.1f}"),
    "other_programs_cpu_s": ("others' cpu s", "{:.1f}"),
}


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return a table, the first line its head."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    text = ["  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([text[0], "-" * len(text[0]), *text[1:]])


def report(figures: dict[str, Any]) -> str:
    """Return what is printed."""
    machine, inside = figures["machine"], figures["inside"]
    lines = [[head for head, _ in _RUNS.values()]]
    for row in figures["runs"]:
        cells = [(row[key], shape) for key, (_, shape) in _RUNS.items()]
        lines.append(["-" if value is None else shape.format(value) for value, shape in cells])
    cold, memory = figures["first_run"], figures["runs"][-1]["memory"]
    whole = sum(part["seconds_for_all"] for part in inside["parts"])
    parts = [["stage", "part", "s", f"s for {inside['of']:,}", "share"]]
    for part in inside["parts"]:
        parts.append(
            [
                part["stage"], part["part"] or "(the rest)", f"{part['seconds']:.2f}",
                f"{part['seconds_for_all']:.1f}", f"{part['seconds_for_all'] / whole:.0%}",
            ]
        )  # fmt: skip
    parts.append(["all", "", f"{inside['seconds']:.2f}", f"{whole:.1f}", "100%"])
    text = [
        f"Every candidate x {ELECTROLYTES}; source {figures['source']}.",
        f"{machine['cores']} cores, Python {machine['python']}, "
        + ", ".join(f"{name} {machine[name]}" for name in PACKAGES)
        + f"; load at the start {machine['load']:.1f}.",
        f"Peak: all processes together, {memory}, every {1e3 * INTERVAL:.0f} ms. Others' cpu: "
        "of programs that have nothing to do with this.",
        f"First run with an empty cache ({cold['query']}): {cold['seconds']:.1f} s; all others "
        "find the parsed table and its hull there.",
        "",
        aligned(lines),
        *_disturbed(figures),
        "",
        *(
            f"{first['candidates']:,} candidates, --jobs {second['jobs']} against "
            f"{first['jobs']}: {first['seconds'] / second['seconds']:.2f} times as fast, "
            f"without the start {_after(first) / _after(second):.2f} times"
            for first, second in _pairs(figures["runs"])
        ),
        "",
        f"Where the time goes: one process, {inside['candidates']:,} candidates (evenly spaced "
        "chunks of all), extrapolated to all of them.",
        "",
        aligned(parts),
        *(f"not timed, the code has no {place}" for place in inside["not_found"]),
    ]
    return "\n".join(text)


def _disturbed(figures: dict[str, Any]) -> Iterator[str]:
    """Say when other programs took a twentieth or more of the machine during a run."""
    share = max(
        row["other_programs_cpu_s"] / (row["seconds"] * figures["machine"]["cores"])
        for row in figures["runs"]
    )
    if share >= 0.05:
        yield (
            f"Other programs took up to {share:.0%} of the machine: measure again when it is quiet."
        )


def _after(row: dict[str, Any]) -> float:
    return float(row["seconds"] - row["start_s"])


def _pairs(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pair the runs of one query with one and with several processes."""
    return [
        (one, more)
        for one in rows
        for more in rows
        if one["query"] == more["query"] and one["jobs"] == 1 < more["jobs"]
    ]


def measure(source: Path, quick: bool) -> dict[str, Any]:
    """Make every run; return all figures."""
    figures: dict[str, Any] = {
        "source": str(source),
        "machine": {
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(terse=True),
            "load": os.getloadavg()[0],
            **{name: version(name) for name in PACKAGES},
        },
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        cache = place / "cache"
        figures["first_run"] = run(source, "max_count=1", 1, place / "first", cache)
        manifest = json.loads((place / "first" / "manifest.json").read_text(encoding="utf-8"))
        figures["candidates"] = manifest["query"]["all"]
        sizes = QUICK_SIZES if quick else SIZES
        queries = [f"max_count={size}" for size in sizes if size < figures["candidates"]]
        if not quick or not queries:
            queries.append("all")
        figures["runs"] = [
            run(source, query, jobs, place / f"run{number}", cache)
            for number, (query, jobs) in enumerate(
                [*((query, 2) for query in queries), (queries[-1], 1)]
            )
        ]
        number = QUICK_INSIDE if quick else INSIDE
        figures["inside"] = run_inside(source, number, place / "inside", cache)
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--source", type=Path, default=FULL, help="a table that interscreen reads")
    parser.add_argument("--quick", action="store_true", help="only 1,000 and 3,000 candidates")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument("--inside", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if not options.source.is_file():
        print(f"{options.source} is not there: nothing to screen", file=sys.stderr)
        return 0
    if options.inside:
        candidates, folder, began = options.inside
        print()  # whatever the command printed ends here
        found = measure_inside(str(options.source), int(candidates), folder, float(began))
        print(json.dumps(found))
        return 0
    figures = measure(options.source.resolve(), options.quick)
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
