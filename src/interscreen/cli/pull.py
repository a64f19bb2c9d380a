"""The command data pull: the Materials Project or Matbench into the local store."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from ..errors import InputError, SourceError
from ..sources.materials_project.local import Wanted, check_elements, connect
from ..sources.materials_project.pull import PullReport, pull_everything
from ..sources.materials_project.systems import pull_systems
from ..sources.materials_project.table import audit
from .source import pull_progress, speaker


def pull_command(arguments: argparse.Namespace) -> int:
    """Fetch phases into the local store."""
    if arguments.what == "matbench":
        return _matbench(arguments)
    for option, value in (("--from", arguments.origin), ("--sha256", arguments.sha256)):
        if value:
            raise InputError(f"{option}: only for `interscreen data pull matbench`")
    return _materials_project(arguments)


def _materials_project(arguments: argparse.Namespace) -> int:
    named: set[str] = set()
    sets: list[frozenset[str]] = []
    for text in arguments.elements or ():
        chosen = check_elements(text.split(","))
        named |= chosen
        sets.append(chosen)
    for file in arguments.study or ():
        from ..screen.study_file import load_study

        sets += load_study(file).element_sets
    if not sets and not arguments.all:
        raise InputError(
            "data pull: what? name --elements Li,La,Zr,O or --study STUDY.yaml, or --all"
        )
    say = speaker(arguments)
    wanted = Wanted(thermo_type=arguments.thermo_type or Wanted.thermo_type)
    client = connect(wanted, "a pull", notify=say)
    options: dict[str, Any] = {"notify": say, "progress": pull_progress(arguments)}
    say(f"the Materials Project answers from database {client.database}, {client.family}")
    try:
        if arguments.all:
            report = pull_everything(client, **options)
            if arguments.structures:
                raise InputError("--structures: with --elements or --study, not with --all")
        else:
            report = pull_systems(client, sets, structures=arguments.structures, **options)
    finally:
        client.close()
    return _tell(arguments, report, named)


def _tell(arguments: argparse.Namespace, report: PullReport, named: set[str]) -> int:
    say = speaker(arguments)
    store = report.store
    with store:
        checked = audit(store)
        summary = {
            "database": store.database,
            "thermo_type": store.thermo_type,
            "documents": report.documents,
            "systems": report.systems,
            "requests": report.requests,
            "seconds": round(report.seconds, 1),
            "documents_in_store": store.count("documents"),
            "absent_elements": sorted(report.absent),
            "hull": checked["hull"],
            "file": str(store.path),
        }
    say(
        f"pulled {report.documents} documents of {report.systems or 'all'} chemical systems "
        f"({report.requests} requests) in {report.seconds:.1f} s"
        if report.requests
        else "everything was in the store already"
    )
    if checked["left_aside"]:
        say(f"documents left aside: {checked['left_aside']}")
    say(f"energies above hull: {checked['hull']}")
    say(f"store {store.path}: {summary['documents_in_store']} documents")
    if arguments.json:
        print(json.dumps(summary))
    lacking = sorted(report.absent & named)
    if lacking:
        raise SourceError(
            f"element {', '.join(lacking)}: the Materials Project has no {store.thermo_type} phase "
            "of it, so no question with it can be answered; the systems without it are in the store"
        )
    for symbol in sorted(report.absent):
        say(f"warning: no phase of {symbol} there; candidates with it will fail")
    return 0


def _matbench(arguments: argparse.Namespace) -> int:
    from ..sources.matbench import PUBLISHED_SHA256, pull_matbench

    for option, value in (
        ("--elements", arguments.elements), ("--study", arguments.study), ("--all", arguments.all),
        ("--structures", arguments.structures), ("--thermo-type", arguments.thermo_type),
    ):  # fmt: skip
        if value:
            raise InputError(f"{option}: not for Matbench, which comes as one file")
    say = speaker(arguments)
    report = pull_matbench(
        arguments.origin, sha256=arguments.sha256, progress=_byte_progress(arguments), say=say
    )
    published = report.sha256 == PUBLISHED_SHA256
    state = "as published" if published else f"not the published file, sha256 {report.sha256[:12]}"
    say(
        f"matbench: {report.rows} structures, {report.formulas} formulas from {report.origin} "
        f"({state}) in {report.seconds:.0f} s; use it with --source matbench"
    )
    if arguments.json:
        print(
            json.dumps(
                {
                    "rows": report.rows,
                    "formulas": report.formulas,
                    "sha256": report.sha256,
                    "verified": report.verified,
                    "file": str(report.path),
                }
            )
        )
    return 0


def _byte_progress(arguments: argparse.Namespace) -> Any:
    """Return what draws a bar of bytes, where stderr is a terminal."""
    if arguments.quiet or not sys.stderr.isatty():
        return None
    bar: list[Any] = []

    def report(done: int, total: int | None) -> None:
        from tqdm import tqdm

        if bar and done < bar[0].n:  # downloaded; now it is read
            bar.pop().close()
        if not bar:
            bar.append(tqdm(total=total, unit="B", unit_scale=True, file=sys.stderr))
        bar[0].update(done - bar[0].n)

    return report
