"""Commands about the local store: list, info, export, import, structure."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..report.text.answers import table as text_table
from ..sources.materials_project.local import Wanted, any_store, check_elements
from ..sources.materials_project.store import Store, find_stores, stores_folder
from ..sources.materials_project.table import audit
from .source import speaker


def no_command(arguments: argparse.Namespace) -> int:
    """Say that ``data`` needs to be told what to do."""
    raise InputError("data: what? pull, list, info, diff, export, import or structure")


def wanted_store(arguments: argparse.Namespace) -> Store:
    """Open the store that the options name."""
    return any_store(
        Wanted(thermo_type=arguments.thermo_type or Wanted.thermo_type, database=arguments.database)
    )


def list_command(arguments: argparse.Namespace) -> int:
    """List the databases of the local store, and what else it holds."""
    found = []
    for file in find_stores():
        with Store(file) as store:
            found.append(_summary(store))
    matbench = _matbench()
    if arguments.json:
        print(json.dumps({"folder": str(stores_folder()), "stores": found, "matbench": matbench}))
        return 0
    if not found and not matbench:
        print("nothing in the local store yet; fill it with `interscreen data pull`")
    if found:
        rows = [["database", "thermo type", "documents", "elements", "systems", "changed", "MB"]]
        for entry in found:
            systems = "all" if entry["complete"] else str(entry["systems"])
            rows.append(
                [
                    entry["database"], entry["thermo_type"], str(entry["documents"]),
                    str(entry["elements"]), systems, entry["changed"][:10],
                    f"{entry['bytes'] / 1e6:.1f}",
                ]
            )  # fmt: skip
        print("\n".join(text_table(rows, (0, 1, 5))))
    if matbench:
        state = "as published" if matbench["published"] else "not the published file"
        print(f"matbench: {matbench['rows']} structures ({state})")
    speaker(arguments)(f"folder {stores_folder()}")
    return 0


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


def _matbench() -> dict[str, Any] | None:
    """Describe a pulled Matbench file."""
    from ..sources.matbench import PUBLISHED_SHA256, matbench_file, stored_metadata

    if not matbench_file().is_file():
        return None
    described = stored_metadata()
    return {
        "rows": int(described["rows"]),
        "published": described["sha256"] == PUBLISHED_SHA256,
        "sha256": described["sha256"],
        "origin": described["origin"],
    }


def info_command(arguments: argparse.Namespace) -> int:
    """Say what a database in the local store holds, and check it."""
    with wanted_store(arguments) as store:
        report = {**_summary(store), **audit(store)}
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False))
        return 0
    print(f"database {report['database']}, {report['thermo_type']}, changed {report['changed']}")
    print(f"  {report['documents']} documents, {report['formulas']} formulas; {report['file']}")
    print(f"  elements with phases: {' '.join(report['element_symbols'])}")
    if report["absent_elements"]:
        print(f"  elements without any: {' '.join(report['absent_elements'])}")
    sets = report["pulled"]
    if report["complete"]:
        print("  complete: every document of this thermo type")
    else:
        print(f"  systems pulled: {report['systems']}, all those within")
        for elements in sets[:20]:
            print(f"    {elements}")
        if len(sets) > 20:
            print(f"    and {len(sets) - 20} more sets of elements")
    print(f"  theoretical only: {report['theoretical']}; licences: {report['licences']}")
    if report["left_aside"]:
        print(f"  documents left aside: {report['left_aside']}")
    print(f"  file: {report['check']}; energies above hull: {report['hull']}")
    return 0


def export_command(arguments: argparse.Namespace) -> int:
    """Write a database, or the part of a question, to a Parquet file."""
    from ..sources.materials_project.exchange import export_store

    sets = None
    if arguments.elements:
        sets = [check_elements(arguments.elements.split(","))]
    if arguments.study:
        from ..screen.study_file import load_study

        sets = [*(sets or []), *load_study(arguments.study).element_sets]
    with wanted_store(arguments) as store:
        count = export_store(store, Path(arguments.file), sets)
        database, family = store.database, store.thermo_type
    if arguments.json:
        print(json.dumps({"file": arguments.file, "documents": count, "database": database}))
    speaker(arguments)(
        f"wrote {count} documents of database {database}, {family}, to {arguments.file}; use it "
        f"with --source {arguments.file} or `interscreen data import {arguments.file}`"
    )
    return 0


def import_command(arguments: argparse.Namespace) -> int:
    """Take an exported file into the local store."""
    from ..sources.materials_project.exchange import import_file

    with import_file(Path(arguments.file)) as store:
        summary = _summary(store)
    if arguments.json:
        print(json.dumps(summary))
    speaker(arguments)(
        f"database {summary['database']}, {summary['thermo_type']}: {summary['documents']} "
        f"documents in {summary['file']}"
    )
    return 0


def structure_command(arguments: argparse.Namespace) -> int:
    """Print a structure that was pulled with ``--structures``."""
    with wanted_store(arguments) as store:
        found = store.structure(arguments.identifier)
        database = store.database
    if found is None:
        raise InputError(
            f"{arguments.identifier}: no structure of it in the store of database {database}; pull "
            "its system with `interscreen data pull --structures --elements ...`"
        )
    if arguments.json:
        print(json.dumps(found))
    else:
        from pymatgen.core import Structure

        print(Structure.from_dict(found).to(fmt="cif"), end="")
    return 0
