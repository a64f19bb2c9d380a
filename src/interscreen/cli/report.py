"""Commands ``report``, the page of a finished run, and ``validate``, a source against facts."""

from __future__ import annotations

import time
from pathlib import Path

import click

from .command import (
    EXIT_FAILED_ROWS,
    EXIT_OK,
    Output,
    command_line,
    force_option,
    option,
    output_options,
    root,
)
from .source import Choice, open_source, source_options


@root.command("report")
@click.argument("folder", metavar="RUN", help="folder of the screen")
@option("--out", "default: report.html in the folder", metavar="FILE")
@force_option
@output_options
def report(folder: str, out: str | None, force: bool, output: Output) -> int:
    """Write report.html from the files of a run folder."""
    from ..report.page import write_report

    file = write_report(Path(folder), Path(out) if out else None, force=force)
    output.show({"file": str(file), "bytes": file.stat().st_size})
    output.say(f"wrote {file}")
    return EXIT_OK


@root.command("validate")
@option("--undoped", "undoped LLZO stands in for doped garnets", is_flag=True)
@option("--out", "write the three tables and manifest there", metavar="DIR")
@source_options
@output_options
def validate(undoped: bool, out: str | None, choice: Choice, output: Output) -> int:
    """Compare and correlate; exit code 3 when a number is outside, or none could be compared."""
    from ..report.text.validation import validation_text
    from ..screen.folder import build_manifest, new_folder, write_manifest
    from ..validation import PARTS, element_sets, validate

    started = time.perf_counter()
    table = open_source(choice, output, element_sets(undoped=undoped))
    result = validate(table, undoped=undoped)
    if out:
        with new_folder(Path(out)) as place:
            for part in PARTS:
                frame = result.to_frame(part)
                frame.to_csv(place / f"{part}.csv", index=False, lineterminator="\n")
            manifest = build_manifest(
                table,
                {"validate": {"undoped": result.undoped}},
                command_line(),
                time.perf_counter() - started,
                verdicts=result.counts,
            )
            write_manifest(place, manifest)
        output.say(f"tables in {Path(out)}/")
    output.show(result.to_dict(), lambda: validation_text(result))
    return EXIT_OK if result.passed else EXIT_FAILED_ROWS
