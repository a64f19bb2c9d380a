"""The command screen for candidates from the source itself."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from ..phases.table import PhaseTable
from ..report.page import write_report
from ..screen.batch import BatchReport, run_batch
from ..screen.folder import RESULTS, write_manifest
from ..screen.manifest import build_manifest
from ..screen.study import Study
from ..screen.workers import Workers
from .interrupts import noticed_interrupts
from .source import pull_progress, speaker

EXIT_OK, EXIT_FAILED_ROWS = 0, 3


def batch_command(
    arguments: argparse.Namespace, study: Study, table: PhaseTable, started: float
) -> int:
    """Run a study with a query; exit code 3 when rows failed."""
    folder = Path(study.folder)
    say = speaker(arguments)
    workers = Workers(backend=arguments.backend, scheduler=arguments.scheduler or "")

    def manifest(place: Path, report: BatchReport, key: str) -> None:
        write_manifest(
            place,
            build_manifest(
                table,
                study.model_dump(mode="json"),
                arguments.argv,
                time.perf_counter() - started,
                run_key=key,
                candidates=report.candidates,
                rows=report.candidates * len(report.electrolytes),
                failed_rows=report.failed,
                computed_now=report.computed,
                query=report.choice.counts,
                notes=list(report.choice.notes),
            ),
        )

    with noticed_interrupts() as check:
        report = run_batch(
            study,
            table,
            folder,
            workers=workers,
            fresh=arguments.fresh,
            say=say,
            progress=pull_progress(arguments, unit="candidate"),
            check=check,
            write_manifest=manifest,
        )
    if report is None:
        say(f"{folder}/ holds this run already; --fresh computes it anew")
        return EXIT_OK
    page = write_report(folder)
    seconds = time.perf_counter() - started
    for note in report.choice.notes:
        say(f"note: {note}")
    say(
        f"{report.candidates} candidates x {len(report.electrolytes)} electrolytes in "
        f"{seconds:.0f} s; {folder}/{RESULTS}, {folder}/ranking.csv, "
        f"{page}"
    )
    if report.failed:
        say(f"{report.failed} rows could not be computed; their reasons are in {RESULTS}")
    summary: dict[str, Any] = {
        "folder": str(folder),
        "candidates": report.candidates,
        "failed_rows": report.failed,
        "seconds": round(seconds, 1),
    }
    if arguments.json:
        print(json.dumps(summary))
    else:
        _show(folder)
    sys.stdout.flush()
    return EXIT_FAILED_ROWS if report.failed else EXIT_OK


def _show(folder: Path) -> None:
    """Print the best ten overall."""
    from ..screen.top import best
    from .top import best_text

    print(best_text(best(folder / RESULTS, electrolyte=None, count=10)))
