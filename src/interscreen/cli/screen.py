"""The command screen: check a study, run it, write its folder, print the ranking."""

from __future__ import annotations

import contextlib
import functools
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ..errors import InputError
from .command import Output, command_line, gathered, listed, option, output_options, root
from .source import Choice, open_source, source_options

if TYPE_CHECKING:
    from ..screen.batch import BatchReport
    from ..screen.entries import Uncertainty
    from ..screen.run import ScreenResult
    from ..screen.study import Study
    from ..sources.open import SourceOptions

EXIT_OK, EXIT_FAILED_ROWS = 0, 3
_SHOWN = 5  # warnings on the terminal


@dataclass(frozen=True)
class Query:
    """What concerns candidates from the source itself."""

    candidates: str | None
    limit: int | None
    electrolytes: str | None
    fresh: bool
    backend: Literal["local", "dask"]
    scheduler: str | None


_of_whole = functools.partial(option, section="Candidates from the source itself")
_query_options = gathered(
    "query",
    Query,
    _of_whole(
        "--candidates",
        "'all', or a condition: anion == fluoride and n_elements <= 3 (docs/screens.md)",
        metavar="EXPRESSION",
    ),
    _of_whole("--limit", "at most so many candidates, nearest to the hull", type=int, metavar="N"),
    _of_whole("--electrolytes", "in place of those of the study", metavar="A,B,..."),
    _of_whole("--fresh", "forget what an earlier start computed", is_flag=True),
    _of_whole(
        "--backend",
        "what runs the workers (default local)",
        type=click.Choice(["local", "dask"]),
        default="local",
    ),
    _of_whole("--scheduler", "of a running Dask cluster", metavar="ADDRESS"),
)


@root.command("screen")
@click.argument(
    "study",
    metavar="[STUDY.yaml]",
    required=False,
    help="the study; without it the shipped one runs",
)
@option("--out", "output folder (default: as in the study)", metavar="DIR")
@option("--jobs", "worker processes, -1: one per core", type=int, metavar="N")
@option("--samples", "for the error bars, 0: none (default 1000)", type=int, metavar="N")
@option("--check", "only check the study", is_flag=True)
@_query_options
@source_options
@output_options
def screen(
    study: str | None, out: str | None, jobs: int | None, samples: int | None, check: bool,
    query: Query, choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Run a study; exit code 3 when rows failed."""
    from ..database.run import write_run
    from ..report.text.ranking import ranking_text
    from ..screen.run import ScreenResult
    from ..screen.workers import Workers
    from ..sources.open import default_source

    started = time.perf_counter()
    asked = _study(study, query)
    stated = asked.source
    updates: dict[str, Any] = {}
    if jobs is not None:
        updates["jobs"] = jobs
    if samples is not None:
        updates["uncertainty"] = _sampled(asked, samples)
    if out:
        updates["output"] = out
    options = choice.options(asked.source_options)
    asked = asked.model_copy(update=updates).with_source(
        choice.source or asked.source or default_source()[0], options
    )
    if check:
        return _check(asked, choice, options, output)
    table = open_source(choice, output, asked.element_sets, source=stated, options=options)
    for name, value in (("--fresh", query.fresh), ("--scheduler", query.scheduler)):
        if value and asked.query is None:
            raise InputError(f"{name}: only for candidates by a condition, as --candidates all")
    folder = Path(asked.folder)
    with noticed_interrupts() as look:
        result = write_run(
            asked,
            table,
            folder,
            command=command_line(),
            progress=_checked(look, output.progress(" candidate", dynamic_ncols=True)),
            sampling=_checked(look, output.progress(" sample", dynamic_ncols=True)),
            say=output.say,
            check=look,
            workers=Workers(backend=query.backend, scheduler=query.scheduler or ""),
            fresh=query.fresh,
        )
    if not isinstance(result, ScreenResult):
        return _tell_batch(folder, result, output, started)
    output.show(_summary(folder, result), lambda: ranking_text(result.ranking))
    for warning in result.warnings[:_SHOWN]:
        output.say(f"warning: {warning}")
    if len(result.warnings) > _SHOWN:
        output.say(f"and {len(result.warnings) - _SHOWN} more warnings in manifest.json")
    output.say(f"results in {folder}/")
    if result.failed:
        for line in _failures(result):
            print(f"interscreen: failed: {line}", file=sys.stderr)
        return EXIT_FAILED_ROWS
    return EXIT_OK


def _sampled(study: Study, samples: int) -> Uncertainty:
    """Error bars of the study with another number of samples."""
    from ..energies.sampling import FEWEST, MOST
    from ..screen.entries import Uncertainty

    try:
        return Uncertainty(**{**study.uncertainty.model_dump(), "samples": samples})
    except ValueError:
        raise InputError(
            f"--samples {samples}: use {FEWEST} to {MOST} samples of the energies, or 0 for no "
            "error bars"
        ) from None


def _failures(result: ScreenResult) -> list[str]:
    """One line for each reason why rows have no numbers, and whose they are."""
    rows = result.results
    bad = rows[rows["status"] == "failed"]
    everybody = rows["candidate"].nunique()
    lines = []
    for reason, block in bad.groupby("reason", sort=False):
        names = list(dict.fromkeys(block["candidate"]))
        who = ", ".join(names[:_SHOWN]) + (
            f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        )
        lines.append(f"{'all candidates' if len(names) == everybody else who}: {reason}")
    return lines


def _study(file: str | None, query: Query) -> Study:
    """Study of a file, of the options, or the shipped one."""
    from ..phases.material import resolve
    from ..screen.entries import MaterialEntry
    from ..screen.query import parse_query
    from ..screen.study import Study
    from ..screen.study_file import default_study, load_study

    electrolytes = listed(query.electrolytes or "")
    for name in electrolytes:
        resolve(name)  # a misspelled one is a line, not a traceback
    if file:
        study = load_study(file)
    elif query.candidates:
        if not electrolytes:
            raise InputError("--candidates: name the electrolytes, too: --electrolytes LLZO,LATP")
        study = Study.model_validate(
            {"name": "screen", "electrolytes": electrolytes, "candidates": [], "query": {}}
        )
    else:
        study = default_study()
    updates: dict[str, Any] = {}
    if query.candidates:
        updates = {"query": parse_query(query.candidates, query.limit), "candidates": []}
    elif query.limit is not None:
        raise InputError("--limit: say of which candidates, too: --candidates all")
    if electrolytes:
        updates["electrolytes"] = [MaterialEntry(formula=name) for name in electrolytes]
    return study.model_copy(update=updates)


def _check(study: Study, choice: Choice, options: SourceOptions, output: Output) -> int:
    """Check a study against its source without computing anything."""
    from ..phases.material import resolve

    table = open_source(choice, output, study.element_sets, source=study.source, options=options)
    for entry in study.electrolytes:
        _, unit = resolve(entry.material)
        table.within(unit.elements)
    missing = []
    for entry in study.candidates:
        try:
            table.within(resolve(entry.material)[1].elements)
        except InputError as error:
            missing.append(f"{entry.label}: {error}")
    for line in missing:
        print(f"interscreen: warning: {line}", file=sys.stderr)
    if study.query is not None:
        from ..screen.batch import choose_candidates

        chosen = choose_candidates(table, study.query)
        for step, left in chosen.counts.items():
            print(f"  {step}: {left}")
        for note in chosen.notes:
            print(f"interscreen: note: {note}", file=sys.stderr)
        print(
            f"{study.name}: {len(chosen.rows)} candidates x "
            f"{_count(study.electrolytes, 'electrolyte')}, results would go to {study.folder}/"
        )
        return EXIT_OK
    print(
        f"{study.name}: {_count(study.candidates, 'candidate')} x "
        f"{_count(study.electrolytes, 'electrolyte')}, results would go to {study.folder}/"
    )
    return EXIT_OK


def _count(things: Sequence[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _checked(
    check: Callable[[], None], progress: Callable[[int, int | None], None]
) -> Callable[[int, int], None]:
    """Return what is called after each candidate: look for Ctrl-C, then draw the bar."""

    def report(done: int, total: int) -> None:
        check()
        progress(done, total)

    return report


def _summary(folder: Path, result: ScreenResult) -> dict[str, Any]:
    """JSON object of a screen: the ranking and where the files are."""
    ranking = json.loads(result.ranking.to_json(orient="records", double_precision=15))
    return {
        "folder": str(folder),
        "files": sorted(file.name for file in folder.iterdir()),
        "failed_rows": result.failed,
        "left_out_phases": list(result.left_out),
        "warnings": list(result.warnings),
        "ranking": ranking,
    }


# -- candidates from the source itself -------------------------------------------------------------


def _tell_batch(folder: Path, report: BatchReport | None, output: Output, started: float) -> int:
    """Say what a screen by query did; exit code 3 when rows failed."""
    from ..report.text.best import best_text
    from ..screen.folder import RESULTS
    from ..screen.top import best

    if report is None:
        output.say(f"{folder}/ holds this run already; --fresh computes it anew")
        return EXIT_OK
    seconds = time.perf_counter() - started
    for note in report.choice.notes:
        output.say(f"note: {note}")
    output.say(
        f"{report.candidates} candidates x {len(report.electrolytes)} electrolytes in "
        f"{seconds:.0f} s; {folder}/{RESULTS}, {folder}/ranking.csv (the best {report.refined} "
        f"with error bars), {folder}/report.html"
    )
    if report.failed:
        output.say(f"{report.failed} rows could not be computed; their reasons are in {RESULTS}")
    summary: dict[str, Any] = {
        "folder": str(folder),
        "candidates": report.candidates,
        "failed_rows": report.failed,
        "seconds": round(seconds, 1),
    }
    output.show(summary, lambda: best_text(best(folder / RESULTS, electrolyte=None, count=10)))
    return EXIT_FAILED_ROWS if report.failed else EXIT_OK


@contextlib.contextmanager
def noticed_interrupts() -> Iterator[Callable[[], None]]:
    """Give a function that raises KeyboardInterrupt if one came since; call it now and then."""
    came = threading.Event()

    def check() -> None:
        if came.is_set():
            raise KeyboardInterrupt

    def handler(number: int, frame: Any) -> None:
        came.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check  # only the main thread may set a handler
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
