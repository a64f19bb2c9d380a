"""The command screen: check a study, run it, write its folder, print the ranking."""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ..errors import InputError
from ..phases.source import ANCHORED, TABULATED
from ..sources import NAMES
from . import signals
from .command import (
    EXIT_FAILED_ROWS,
    EXIT_OK,
    Output,
    command_line,
    listed,
    option,
    output_options,
    root,
    together,
)
from .electrode import Moves, electrode_options
from .source import Choice, open_source, source_options

if TYPE_CHECKING:
    from ..phases.table import PhaseTable
    from ..screen.batch import BatchReport
    from ..screen.entries import CathodeEntry, Uncertainty
    from ..screen.run import ScreenResult
    from ..screen.study import Study
    from ..screen.workers import Workers

_SHOWN = 5  # warnings on the terminal

_of_whole = functools.partial(option, section="Candidates from the source itself")
_query_options = together(
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
    _of_whole("--scheduler", "of a running Dask cluster", metavar="ADDRESS", default=""),
)


@root.command("screen")
@click.argument(
    "study",
    metavar="[STUDY]",
    required=False,
    help="a YAML file, or a shipped study: demo (runs without a name), library, seeds",
)
@option("--out", "output folder (default: as in the study)", metavar="DIR")
@option("--jobs", "worker processes, -1: one per core", type=int, metavar="N")
@option("--samples", "for the error bars, 0: none (default 1000)", type=int, metavar="N")
@option(
    "--cathode",
    "rank coatings for the cathode side, too: LCO, or LiCoO2/Li0.5CoO2@3.0-4.2V",
    metavar="C",
    multiple=True,
)
@option("--check", "only check the study", is_flag=True)
@electrode_options
@_query_options
@source_options
@output_options
def screen(
    study: str | None, out: str | None, jobs: int | None, samples: int | None,
    cathode: tuple[str, ...], check: bool, moves: Moves, candidates: str | None, limit: int | None,
    electrolytes: str | None, fresh: bool, backend: Literal["local", "dask"], scheduler: str,
    choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Run a study; exit code 3 when rows failed."""
    from ..screen.run import ScreenResult
    from ..screen.workers import Workers

    started = time.perf_counter()
    asked = moves.of_study(_study(study, candidates, limit, listed(electrolytes or "")))
    updates: dict[str, Any] = {}
    if jobs is not None:
        updates["jobs"] = jobs
    if samples is not None:
        updates["uncertainty"] = _sampled(asked, samples)
    if cathode:
        updates["cathode"] = _cathodes([name for word in cathode for name in listed(word)])
    if out:
        updates["output"] = out
    asked, table = opened(asked.model_copy(update=updates), choice, output)
    if check:
        return _check(asked, table)
    for name, value in (("--fresh", fresh), ("--scheduler", scheduler)):
        if value and asked.query is None:
            raise InputError(f"{name}: only for candidates by a condition, as --candidates all")
    folder = Path(asked.folder)
    workers = Workers(backend=backend, scheduler=scheduler)
    result = run_into(folder, asked, table, output, workers, fresh=fresh)
    if isinstance(result, ScreenResult):
        return _tell(folder, result, output)
    return _tell_batch(folder, result, output, time.perf_counter() - started)


def opened(study: Study, choice: Choice, output: Output) -> tuple[Study, PhaseTable]:
    """Open the source of a study; return the study with what was chosen for it, and the table."""
    from ..sources.open import default_source

    stated = study.source
    options = choice.options(study.source_options)
    source = choice.source or stated or default_source()[0]
    # a table of one's own may lack the anchors; it is anchored where that is asked for
    scale = ANCHORED if source in NAMES else TABULATED
    options = replace(options, energies=options.energies or scale)
    asked = study.with_source(source, options)
    table = open_source(choice, output, asked.element_sets, source=stated, options=options)
    return asked, table


def run_into(
    folder: Path, asked: Study, table: PhaseTable, output: Output, workers: Workers, *, fresh: bool
) -> ScreenResult | BatchReport | None:
    """Run a study into its folder with a bar on the terminal; see ``database.run.write_run``."""
    from ..database.run import write_run

    def bar(unit: str) -> Callable[[int, int], None]:
        draw = output.progress(unit, dynamic_ncols=True)

        def report(done: int, total: int) -> None:
            signals.check()
            draw(done, total)

        return report

    return write_run(
        asked,
        table,
        folder,
        command=command_line(),
        progress=bar(" candidate"),
        sampling=bar(" sample"),
        say=output.say,
        check=signals.check,
        workers=workers,
        fresh=fresh,
    )


def _tell(folder: Path, result: ScreenResult, output: Output) -> int:
    """Print the ranking and what may be wrong; exit code 3 when rows failed."""
    from ..report.text.ranking import ranking_text

    summary = {
        "folder": str(folder),
        "files": sorted(file.name for file in folder.iterdir()),
        "failed_rows": result.failed,
        "left_out_phases": list(result.left_out),
        "warnings": list(result.warnings),
        "ranking": json.loads(result.ranking.to_json(orient="records", double_precision=15)),
    }
    output.show(summary, lambda: ranking_text(result.ranking, result.electrode))
    for warning in result.warnings[:_SHOWN]:
        output.say(f"warning: {warning}")
    if len(result.warnings) > _SHOWN:
        output.say(f"and {len(result.warnings) - _SHOWN} more warnings in manifest.json")
    output.say(f"results in {folder}/")
    rows = result.results
    everybody = rows["candidate"].nunique()
    for reason, block in rows[rows["status"] == "failed"].groupby("reason", sort=False):
        names = list(block["candidate"].unique())
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        who = "all candidates" if len(names) == everybody else ", ".join(names[:_SHOWN]) + more
        print(f"interscreen: failed: {who}: {reason}", file=sys.stderr)
    return EXIT_FAILED_ROWS if result.failed else EXIT_OK


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


def _cathodes(names: list[str]) -> list[CathodeEntry]:
    from ..screen.entries import CathodeEntry, repeated

    found = [CathodeEntry.of(name) for name in names]
    for *_, label in repeated(found):
        raise InputError(f"--cathode: {label} stands twice; remove one")
    return found


def _study(
    file: str | None, candidates: str | None, limit: int | None, electrolytes: list[str]
) -> Study:
    """Study of a file, of the options, or the shipped one."""
    from ..phases.material import elements_of
    from ..screen.entries import MaterialEntry, repeated
    from ..screen.query import Query, parse_query
    from ..screen.study import Study
    from ..screen.study_file import default_study, load_study

    elements_of(electrolytes)  # a misspelled one is a line, not a traceback
    theirs = [MaterialEntry(formula=name) for name in electrolytes]
    for *_, label in repeated(theirs):
        raise InputError(f"--electrolytes: {label} stands twice; remove one")
    if candidates and not file:
        if not electrolytes:
            raise InputError("--candidates: name the electrolytes, too: --electrolytes LLZO,LATP")
        study = Study(name="screen", electrolytes=theirs, candidates=[], query=Query())
    else:
        study = load_study(file) if file else default_study()
    updates: dict[str, Any] = {}
    if candidates:
        updates = {"query": parse_query(candidates, limit), "candidates": []}
    elif limit is not None:
        raise InputError("--limit: say of which candidates, too: --candidates all")
    if electrolytes:
        updates["electrolytes"] = theirs
    return study.model_copy(update=updates)


def _check(study: Study, table: PhaseTable) -> int:
    """Check a study against its source without computing anything but the anode's potential."""
    from ..phases.electrode import LITHIUM_METAL
    from ..phases.material import elements_of

    table = study.beside(table)
    for entry in study.electrolytes:
        table.within(elements_of([entry.material], lithium=False))
    for entry in study.candidates:
        try:
            table.within(elements_of([entry.material], lithium=False))
        except InputError as error:
            print(f"interscreen: warning: {entry.label}: {error}", file=sys.stderr)
    count = len(study.candidates)
    if study.query is not None:
        from ..screen.choose import choose

        near = [entry.material for entry in study.electrolytes]
        chosen = choose(table, study.query, near)
        for step, left in chosen.counts.items():
            print(f"  {step}: {left}")
        for note in chosen.notes:
            print(f"interscreen: note: {note}", file=sys.stderr)
        count = len(chosen.rows)
    ours, theirs = (
        f"{number} {name}{'' if number == 1 else 's'}"
        for number, name in ((count, "candidate"), (len(study.electrolytes), "electrolyte"))
    )
    if table.electrode != LITHIUM_METAL:
        print(f"negative electrode: {table.electrode.text}")
    print(f"{study.name}: {ours} x {theirs}, results would go to {study.folder}/")
    return EXIT_OK


def _tell_batch(folder: Path, report: BatchReport | None, output: Output, seconds: float) -> int:
    """Say what a screen by query did; exit code 3 when rows failed."""
    from ..database.run import open_run
    from ..report.text.best import best_text
    from ..screen.folder import RESULTS

    if report is None:
        output.say(f"{folder}/ holds this run already; --fresh computes it anew")
        return EXIT_OK
    for note in report.choice.notes:
        output.say(f"note: {note}")
    output.say(
        f"{report.candidates} candidates x {len(report.electrolytes)} electrolytes in "
        f"{seconds:.0f} s; {folder}/{RESULTS}, {folder}/ranking.csv (the best {report.refined} "
        f"with error bars), {folder}/report.html"
    )
    if report.failed:
        output.say(f"{report.failed} rows could not be computed; their reasons are in {RESULTS}")
    summary = {
        "folder": str(folder),
        "candidates": report.candidates,
        "failed_rows": report.failed,
        "hidden": report.hidden,
        "seconds": round(seconds, 1),
    }
    run = open_run(folder)
    output.show(summary, lambda: best_text(run.best(), electrode=run.electrode))
    return EXIT_FAILED_ROWS if report.failed else EXIT_OK
