"""The command screen: check a study, run it, write its folder, print the ranking."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from ..energies.sampling import FEWEST, MOST
from ..errors import InputError
from ..phases.material import resolve
from ..phases.table import PhaseTable
from ..report.figures.run import write_figures
from ..report.page import write_report
from ..report.text.ranking import ranking_text
from ..screen.entries import MaterialEntry, Uncertainty
from ..screen.folder import new_folder, write_manifest, write_tables
from ..screen.manifest import build_manifest
from ..screen.query import parse_query
from ..screen.run import ScreenResult, run_study
from ..screen.study import Study
from ..screen.study_file import default_study, load_study
from ..sources.open import SourceOptions, default_source
from .interrupts import noticed_interrupts
from .source import open_source, source_options

EXIT_OK, EXIT_FAILED_ROWS = 0, 3
_SHOWN = 5  # warnings on the terminal


def screen_command(arguments: argparse.Namespace) -> int:
    """Run a study; exit code 3 when rows failed."""
    started = time.perf_counter()
    study = _study(arguments)
    stated = study.source
    updates: dict[str, Any] = {}
    if arguments.jobs is not None:
        updates["jobs"] = arguments.jobs
    if arguments.samples is not None:
        updates["uncertainty"] = _sampled(study, arguments.samples)
    if arguments.out:
        updates["output"] = arguments.out
    options = source_options(arguments, study.source_options)
    study = study.model_copy(update=updates).with_source(
        arguments.source or study.source or default_source()[0], options
    )
    if arguments.check:
        return _check(arguments, study, options)
    table = open_source(arguments, study.element_sets, source=stated, options=options)
    if study.query is not None:
        from .batch import batch_command

        return batch_command(arguments, study, table, started)
    for option in ("fresh", "scheduler"):
        if getattr(arguments, option):
            raise InputError(f"--{option}: only for candidates by a condition, as --candidates all")
    folder = Path(study.folder)
    result = _run_into(folder, arguments, study, table, started)
    if arguments.json:
        print(json.dumps(_summary(folder, result), ensure_ascii=False, allow_nan=False))
    else:
        print(ranking_text(result.ranking))
    if not arguments.quiet:
        for warning in result.warnings[:_SHOWN]:
            print(f"interscreen: warning: {warning}", file=sys.stderr)
        if len(result.warnings) > _SHOWN:
            more = len(result.warnings) - _SHOWN
            print(f"interscreen: and {more} more warnings in manifest.json", file=sys.stderr)
        print(f"interscreen: results in {folder}/", file=sys.stderr)
    if result.failed:
        for line in _failures(result):
            print(f"interscreen: failed: {line}", file=sys.stderr)
        return EXIT_FAILED_ROWS
    return EXIT_OK


def _sampled(study: Study, samples: int) -> Uncertainty:
    """Error bars of the study with another number of samples."""
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


def _study(arguments: argparse.Namespace) -> Study:
    """Study of a file, of the options, or the shipped one."""
    listed = [name.strip() for name in (arguments.electrolytes or "").split(",") if name.strip()]
    for name in listed:
        resolve(name)  # a misspelled one is a line, not a traceback
    if arguments.study:
        study = load_study(arguments.study)
    elif arguments.candidates:
        if not listed:
            raise InputError("--candidates: name the electrolytes, too: --electrolytes LLZO,LATP")
        study = Study.model_validate(
            {"name": "screen", "electrolytes": listed, "candidates": [], "query": {}}
        )
    else:
        study = default_study()
    updates: dict[str, Any] = {}
    if arguments.candidates:
        updates = {"query": parse_query(arguments.candidates, arguments.limit), "candidates": []}
    elif arguments.limit is not None:
        raise InputError("--limit: say of which candidates, too: --candidates all")
    if listed:
        updates["electrolytes"] = [MaterialEntry(formula=name) for name in listed]
    return study.model_copy(update=updates)


def _check(arguments: argparse.Namespace, study: Study, options: SourceOptions) -> int:
    """Check a study against its source without computing anything."""
    table = open_source(arguments, study.element_sets, source=study.source, options=options)

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

        choice = choose_candidates(table, study.query)
        for step, left in choice.counts.items():
            print(f"  {step}: {left}")
        for note in choice.notes:
            print(f"interscreen: note: {note}", file=sys.stderr)
        print(
            f"{study.name}: {len(choice.rows)} candidates x "
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


def _run_into(
    folder: Any, arguments: argparse.Namespace, study: Study, table: PhaseTable, started: float
) -> ScreenResult:
    """Run a study and write its folder."""
    with noticed_interrupts() as check, new_folder(folder) as temporary:
        result = run_study(
            study,
            table,
            progress=_progress(arguments, sys.stderr, check),
            sampling=_progress(arguments, sys.stderr, check, "sampled question"),
        )
        write_tables(temporary, result)
        write_figures(temporary, result, table.source.label)
        write_manifest(
            temporary,
            build_manifest(
                table,
                study.model_dump(mode="json"),
                arguments.argv,
                time.perf_counter() - started,
                rows=len(result.results),
                failed_rows=result.failed,
                left_out_phases=list(result.left_out),
                warnings=list(result.warnings),
            ),
        )
        write_report(temporary)
        check()
    return result


def _progress(
    arguments: argparse.Namespace,
    stream: TextIO,
    check: Callable[[], None],
    unit: str = "candidate",
) -> Callable[[int, int], None]:
    """Return what is called after each candidate: a bar where stderr is a terminal."""
    bar: list[Any] = []
    shown = not arguments.quiet and stream.isatty()

    def report(done: int, total: int) -> None:
        check()
        if not shown:
            return
        if not bar:
            from tqdm import tqdm

            bar.append(tqdm(total=total, unit=f" {unit}", file=stream, dynamic_ncols=True))
        bar[0].update(done - bar[0].n)
        if done == total:
            bar[0].close()

    return report


def _summary(folder: Any, result: ScreenResult) -> dict[str, Any]:
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
