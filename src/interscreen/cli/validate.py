"""The command ``validate``: a source against published numbers and measured cells."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from ..phases.table import PhaseTable
from ..report.text.validation import validation_text
from ..screen.folder import new_folder, write_manifest
from ..screen.manifest import build_manifest
from ..validation import PARTS, Validation, element_sets, validate
from .source import open_source, speaker

EXIT_OK, EXIT_OUTSIDE = 0, 3


def validate_command(arguments: argparse.Namespace) -> int:
    """Compare and correlate; exit code 3 when a number is outside, or none could be compared."""
    started = time.perf_counter()
    table = open_source(arguments, element_sets(undoped=arguments.undoped))
    result = validate(table, undoped=arguments.undoped)
    say = speaker(arguments)
    if arguments.out:
        folder = Path(arguments.out)
        _write(folder, arguments, table, result, time.perf_counter() - started)
        say(f"tables in {folder}/")
    if arguments.json:
        print(json.dumps(result.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        print(validation_text(result))
    return EXIT_OK if result.passed else EXIT_OUTSIDE


def _write(
    folder: Path,
    arguments: argparse.Namespace,
    table: PhaseTable,
    result: Validation,
    seconds: float,
) -> None:
    """Write the three tables and the manifest."""
    with new_folder(folder) as place:
        for part in PARTS:
            frame = result.to_frame(part)
            frame.to_csv(place / f"{part}.csv", index=False, lineterminator="\n")
        manifest = build_manifest(
            table,
            {"validate": {"undoped": result.undoped}},
            arguments.argv,
            seconds,
            verdicts=result.counts,
        )
        write_manifest(place, manifest)
