"""The command data diff: what changed between two databases, and in a study's answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import InputError, OutputError
from ..phases.difference import compare_tables
from ..phases.table import PhaseTable
from ..report.text.changes import difference_text, screen_difference_text
from ..sources import MATERIALS_PROJECT
from ..sources.materials_project.local import Wanted, any_store
from ..sources.open import SourceOptions, open_table
from .source import speaker

_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq", ".json", ".json.gz")


def diff_command(arguments: argparse.Namespace) -> int:
    """Compare two databases (or tables), phase by phase, and the answers of a study."""
    study = None
    if arguments.study:
        from ..screen.study_file import load_study

        study = load_study(arguments.study)
    sets = study.element_sets if study else ()
    options = study.source_options if study else SourceOptions()  # its filters, its entries
    options = replace(options, thermo_type=arguments.thermo_type or options.thermo_type)
    a, b = (_open(name, options, sets) for name in (arguments.a, arguments.b))
    say = speaker(arguments)
    for table in (a, b):
        say(f"{table.source.name} ({table.source.version}): {len(table)} formulas")
    difference = compare_tables(a, b, tolerance_eV_per_atom=arguments.tolerance)
    answers = None
    if study is not None:
        from ..screen.compare import compare_screens
        from ..screen.run import run_study

        answers = compare_screens(
            run_study(study, a), run_study(study, b), tolerance_eV_per_atom=arguments.tolerance
        )
    if arguments.out:
        _write(difference.to_frame(), Path(arguments.out))
        say(f"changes of phases in {arguments.out}")
    if arguments.json:
        found = {"phases": difference.to_dict()}
        if answers is not None:
            found["answers"] = answers.to_dict()
        print(json.dumps(found, ensure_ascii=False, allow_nan=False))
        return 0
    print(difference_text(difference))
    if answers is not None:
        print()
        print(screen_difference_text(answers))
    return 0


def _open(name: str, options: SourceOptions, sets: Sequence[frozenset[str]]) -> PhaseTable:
    """Open a table by its path, or a database of the local store by its version."""
    if name.lower().endswith(_ENDINGS):
        return open_table(name, options=replace(options, database=""))
    family = options.thermo_type or Wanted.thermo_type
    any_store(Wanted(thermo_type=family, database=name)).close()
    return open_table(
        MATERIALS_PROJECT,
        sets,
        options=replace(options, database=name, offline=True),
    )


def _write(frame: object, file: Path) -> None:
    if file.suffix.lower() != ".csv":
        raise InputError(f"{file}: the ending must be .csv")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(file, index=False)  # type: ignore[attr-defined]
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror})") from None
