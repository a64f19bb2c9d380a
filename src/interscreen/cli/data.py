"""Commands about the local store: pull, update, list, info, diff, export, import, structure."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, SourceError
from .command import (
    EXIT_OK,
    Output,
    cache_option,
    force_option,
    option,
    output_options,
    root,
    store_options,
    write_csv,
)

if TYPE_CHECKING:
    from ..phases.table import PhaseTable
    from ..sources.materials_project.pull import PullReport
    from ..sources.materials_project.store import Store
    from ..sources.open import SourceOptions

_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq", ".json", ".json.gz")
_TOLERANCE = 0.005  # eV/atom
_of_mp = functools.partial(option, section="Of mp, one or several of")


@root.group("data")
@click.pass_context
def data(context: click.Context) -> None:
    """Ask for a command where none is named."""
    if context.invoked_subcommand is None:
        raise InputError("data: what? pull, update, list, info, diff, export, import or structure")


# -- pull -----------------------------------------------------------------------------------------


@data.command("pull", help="fetch phases into the local store")
@click.argument(
    "what",
    type=click.Choice(["mp"]),
    default="mp",
    help="the Materials Project (needs a key); the embedded table needs no pull",
)
@_of_mp("--elements", "every system of these elements", metavar="Li,O,...", multiple=True)
@_of_mp("--study", "every system of a study's stacks", metavar="STUDY.yaml", multiple=True)
@_of_mp("--all", "every document of the thermo type", key="everything", is_flag=True)
@option(
    "--from",
    "with --all: from where",
    key="place",
    type=click.Choice(["service", "open-data"]),
    default="service",
)
@_of_mp("--structures", "crystal structures, too", is_flag=True)
@_of_mp("--thermo-type", "as for --source mp", metavar="T", default="")
@cache_option()
@output_options
def pull(
    what: str, elements: tuple[str, ...], study: tuple[str, ...], everything: bool,
    place: str, structures: bool, thermo_type: str, output: Output,
) -> int:  # fmt: skip
    """Fetch phases of the Materials Project into the local store."""
    from ..sources.materials_project.local import Wanted, connect
    from ..sources.materials_project.pull import pull_everything, pull_systems

    sets, named = _sets(elements, study)
    if not sets and not everything:
        raise InputError(
            "data pull: what? name --elements Li,La,Zr,O or --study STUDY.yaml, or --all"
        )
    if everything and structures:
        raise InputError("--structures: with --elements or --study, not with --all")
    wanted = Wanted(thermo_type=thermo_type or Wanted.thermo_type)
    if place == "open-data":
        from ..sources.materials_project.open_data import pull_open_data

        if not everything or sets:
            raise InputError("--from open-data: with --all only; its tables are read as a whole")
        report = pull_open_data(wanted.thermo_type, notify=output.say, progress=output.progress())
        return _tell(report, named, output)
    client = connect(wanted, "a pull", notify=output.say)
    options: dict[str, Any] = {"notify": output.say, "progress": output.progress()}
    output.say(f"the Materials Project answers from database {client.database}, {client.family}")
    with contextlib.closing(client):
        if everything:
            report = pull_everything(client, **options)
        else:
            report = pull_systems(client, sets, structures=structures, **options)
    return _tell(report, named, output)


def _tell(report: PullReport, named: frozenset[str], output: Output) -> int:
    """Say what a pull brought, and fail where a named element has no phases."""
    from ..sources.materials_project.check import audit

    with report.store as store:
        checked = audit(store)
        family = store.thermo_type
        summary = {
            "database": store.database,
            "thermo_type": family,
            "documents": report.documents,
            "systems": report.systems,
            "requests": report.requests,
            "seconds": round(report.seconds, 1),
            "documents_in_store": store.count("documents"),
            "absent_elements": sorted(report.absent),
            "hull": checked["hull"],
            "licences": checked["licences"],
            "hidden_documents": checked["hidden"],
            "file": str(store.path),
        }
    output.say(
        f"pulled {report.documents} documents of {report.systems or 'all'} chemical systems "
        f"({report.requests} requests) in {report.seconds:.1f} s"
        if report.requests
        else "everything was in the store already"
    )
    if checked["left_aside"]:
        output.say(f"documents left aside: {checked['left_aside']}")
    output.say(f"energies above hull: {checked['hull']}")
    output.say(
        f"licence BY-NC: {checked['licences'].get('BY-NC', 0)} documents in the store, "
        f"{len(checked['hidden'])} on the service's hull not shown to this key"
    )
    output.say(f"store {summary['file']}: {summary['documents_in_store']} documents")
    output.show(summary)
    lacking = sorted(report.absent & named)
    if lacking:
        raise SourceError(
            f"element {', '.join(lacking)}: the Materials Project has no {family} phase "
            "of it, so no question with it can be answered; the systems without it are in the store"
        )
    for symbol in sorted(report.absent):
        output.say(f"warning: no phase of {symbol} there; candidates with it will fail")
    return EXIT_OK


def _sets(
    elements: Iterable[str], studies: Iterable[str]
) -> tuple[list[frozenset[str]], frozenset[str]]:
    """Return the sets of elements that are asked for, and the elements that are named."""
    from ..sources.materials_project.local import check_elements

    sets = [check_elements(text.split(",")) for text in elements]
    named = frozenset[str]().union(*sets)
    for file in studies:
        from ..screen.study_file import load_study

        sets += load_study(file).element_sets
    return sets, named


@data.command("update", help="move a study to the newest database, and say what changes")
@option("--study", "the study", metavar="STUDY.yaml", required=True)
@option("--thermo-type", "as for --source mp", metavar="T", default="")
@cache_option()
@output_options
def update(study: str, thermo_type: str, output: Output) -> int:
    """Pull a study as a whole from the newest database; compare it with the one before."""
    from ..sources.materials_project.local import Wanted, connect, local_store
    from ..sources.materials_project.pull import pull_systems

    sets, _ = _sets([], [study])
    wanted = Wanted(thermo_type=thermo_type or Wanted.thermo_type)
    before = ""
    if (found := local_store(wanted, sets)) is not None:
        with found:
            before = found.database
    with contextlib.closing(connect(wanted, "an update", notify=output.say)) as client:
        report = pull_systems(client, sets, notify=output.say, progress=output.progress())
    with report.store as store:
        after = store.database
    output.say(f"{study}: database {after}" + (f", before {before}" if before else ""))
    if not before or before == after:
        output.show({"database": after, "before": before or None})
        return EXIT_OK
    return _compare(before, after, thermo_type, study, _TOLERANCE, None, output)


# -- what is there ---------------------------------------------------------------------------------


def _store(thermo_type: str, database: str) -> Store:
    """Open the store that the options name."""
    from ..sources.materials_project.local import Wanted, any_store

    return any_store(Wanted(thermo_type=thermo_type or Wanted.thermo_type, database=database))


@data.command("list", help="databases in the local store")
@cache_option()
@output_options
def list_stores(output: Output) -> int:
    """List the databases of the local store."""
    from ..report.text.layout import table
    from ..sources.materials_project.store import Store, find_stores, stores_folder

    found = []
    for file in find_stores():
        with Store(file) as store:
            found.append(_summary(store))

    def text() -> str:
        rows = [["database", "thermo type", "documents", "elements", "systems", "changed", "MB"]]
        for entry in found:
            cells = [entry[key] for key in ("database", "thermo_type", "documents", "elements")]
            cells += ["all" if entry["complete"] else entry["systems"], entry["changed"][:10]]
            rows.append([*map(str, cells), f"{entry['bytes'] / 1e6:.1f}"])
        if not found:
            return "nothing in the local store yet; fill it with `interscreen data pull`"
        return "\n".join(table(rows, (0, 1, 5)))

    folder = str(stores_folder())
    output.show({"folder": folder, "stores": found}, text)
    output.say(f"folder {folder}")
    return EXIT_OK


def _summary(store: Store) -> dict[str, Any]:
    return {
        "database": store.database,
        "thermo_type": store.thermo_type,
        "documents": store.count("documents"),
        "elements": len(store.elements()),
        "systems": store.count("systems WHERE route = 'thermo'"),
        "complete": store.complete,
        "changed": store.about("changed"),
        "bytes": store.path.stat().st_size,
        "file": str(store.path),
    }


@data.command("info", help="what a database in the local store holds")
@store_options()
@output_options
def info(thermo_type: str, database: str, output: Output) -> int:
    """Say what a database in the local store holds, and check it."""
    from ..sources.materials_project.check import audit

    with _store(thermo_type, database) as store:
        report = {**_summary(store), **audit(store)}

    def text() -> str:
        sets = report["pulled"]
        lines = [
            "database {database}, {thermo_type}, changed {changed}",
            "  {documents} documents, {formulas} formulas; {file}",
            f"  elements with phases: {' '.join(report['element_symbols'])}",
        ]
        if report["absent_elements"]:
            lines.append(f"  elements without any: {' '.join(report['absent_elements'])}")
        if report["complete"]:
            lines.append("  complete: every document of this thermo type")
        else:
            lines.append("  systems pulled: {systems}, all those within")
            lines += [f"    {elements}" for elements in sets[:20]]
        if len(sets) > 20 and not report["complete"]:
            lines.append(f"    and {len(sets) - 20} more sets of elements")
        lines.append("  theoretical only: {theoretical}; licences: {licences}")
        if report["left_aside"]:
            lines.append("  documents left aside: {left_aside}")
        lines.append("  file: {check}; energies above hull: {hull}")
        return "\n".join(lines).format_map(report)

    output.show(report, text)
    return EXIT_OK


@data.command("export", help="write a database to a Parquet file")
@click.argument("file", metavar="FILE.parquet")
@option("--elements", "only the systems of these elements", metavar="Li,O,...")
@option("--study", "only the systems of a study", metavar="STUDY.yaml")
@force_option
@store_options()
@output_options
def export(
    file: str, elements: str | None, study: str | None, force: bool, thermo_type: str,
    database: str, output: Output,
) -> int:  # fmt: skip
    """Write a database, or the part of a question, to a Parquet file."""
    from ..screen.folder import check_file
    from ..sources.materials_project.exchange import export_store

    check_file(Path(file), force)
    sets, _ = _sets([elements] if elements else [], [study] if study else [])
    with _store(thermo_type, database) as store:
        count = export_store(store, Path(file), sets or None)
        version, family = store.database, store.thermo_type
    output.show({"file": file, "documents": count, "database": version})
    output.say(
        f"wrote {count} documents of database {version}, {family}, to {file}; use it "
        f"with --source {file} or `interscreen data import {file}`"
    )
    return EXIT_OK


@data.command("import", help="take an exported file into the local store")
@click.argument("file", metavar="FILE.parquet")
@option("--replace", "take what differs, too, and keep the store as it was", is_flag=True)
@cache_option()
@output_options
def take(file: str, replace: bool, output: Output) -> int:
    """Take an exported file into the local store."""
    from ..sources.materials_project.exchange import import_file

    with import_file(Path(file), replace=replace, notify=output.say) as store:
        summary = _summary(store)
    output.show(summary)
    output.say(
        "database {database}, {thermo_type}: {documents} documents in {file}".format_map(summary)
    )
    return EXIT_OK


@data.command("structure", help="print a pulled structure as CIF")
@click.argument("identifier", metavar="mp-ID")
@store_options()
@output_options
def structure(identifier: str, thermo_type: str, database: str, output: Output) -> int:
    """Print a structure that was pulled with ``--structures``."""
    with _store(thermo_type, database) as store:
        found = store.structure(identifier)
        version = store.database
    if found is None:
        raise InputError(
            f"{identifier}: no structure of it in the store of database {version}; pull "
            "its system with `interscreen data pull --structures --elements ...`"
        )

    def text() -> str:
        from pymatgen.core import Structure

        return str(Structure.from_dict(found).to(fmt="cif")).rstrip("\n")

    output.show(found, text)
    return EXIT_OK


# -- diff ------------------------------------------------------------------------------------------


@data.command("diff", help="what changed between two databases")
@click.argument("a", help="database version, or a table")
@click.argument("b", help="database version, or a table")
@option("--thermo-type", "as for --source mp", metavar="T", default="")
@option("--study", "say which of its answers change, too", metavar="STUDY.yaml")
@option(
    "--tolerance",
    "smallest change that is told [eV/atom] (default 0.005)",
    type=float,
    default=_TOLERANCE,
    metavar="E",
)
@option("--out", "write all changes of phases there", metavar="FILE.csv")
@force_option
@cache_option()
@output_options
def diff(
    a: str, b: str, thermo_type: str, study: str | None, tolerance: float, out: str | None,
    force: bool, output: Output,
) -> int:  # fmt: skip
    """Compare two databases (or tables), phase by phase, and the answers of a study."""
    return _compare(a, b, thermo_type, study, tolerance, out, output, force=force)


def _compare(
    a: str, b: str, thermo_type: str, study: str | None, tolerance: float, out: str | None,
    output: Output, *, force: bool = False,
) -> int:  # fmt: skip
    from ..phases.difference import compare_tables
    from ..report.text.changes import difference_text, screen_difference_text
    from ..screen.study_file import load_study
    from ..sources.open import SourceOptions

    asked = load_study(study) if study else None
    sets = asked.element_sets if asked else ()
    options = asked.source_options if asked else SourceOptions()  # its filters, its entries
    options = replace(options, thermo_type=thermo_type or options.thermo_type)
    before, after = (_open(name, options, sets) for name in (a, b))
    for table in (before, after):
        output.say(f"{table.source.name} ({table.source.version}): {len(table)} formulas")
    difference = compare_tables(before, after, tolerance_eV_per_atom=tolerance)
    answers = None
    if asked is not None:
        from ..screen.compare import compare_screens
        from ..screen.run import run_study

        answers = compare_screens(
            run_study(asked, before), run_study(asked, after), tolerance_eV_per_atom=tolerance
        )
    if out:
        write_csv(difference.to_frame(), out, force)
        output.say(f"changes of phases in {out}")
    found, text = {"phases": difference.to_dict()}, difference_text(difference)
    if answers is not None:
        found["answers"] = answers.to_dict()
        text += f"\n\n{screen_difference_text(answers)}"
    output.show(found, lambda: text)
    return EXIT_OK


def _open(name: str, options: SourceOptions, sets: Sequence[frozenset[str]]) -> PhaseTable:
    """Open a table by its path, or a database of the local store by its version."""
    from ..sources import MATERIALS_PROJECT
    from ..sources.open import open_table

    if name.lower().endswith(_ENDINGS):
        return open_table(name, options=replace(options, database=""))
    _store(options.thermo_type, name).close()
    return open_table(
        MATERIALS_PROJECT,
        sets,
        options=replace(options, database=name, offline=True),
    )
