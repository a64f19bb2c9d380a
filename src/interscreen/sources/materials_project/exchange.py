"""A store to a Parquet file and back: how data reach a machine without network.

The schema's metadata hold the database version, the thermo type and the systems that are complete;
so the file is a source by itself (``--source FILE.parquet``) and can be imported into a store.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError, OutputError
from ...files import read_whole, whole_file
from ...phases.identifiers import stored
from ...phases.source import Source, thermo_type
from ..rows import Rows
from ..scale import check_scale
from .documents import ROUTES, SUMMARY, THERMO, Batch, Row, number
from .pull import subsystems
from .store import COLUMNS, DOCUMENTS, SUMMARIES, TRUTHS, Store, store_path
from .table import store_source

METADATA = b"interscreen"
KIND = "materials-project"
FORMAT = 1
_NAMES = {"material_id": "id", "chemsys": "chemical_system"}  # as in any table
_IN_WORDS = ("theoretical", "is_metal")
_LATER = ("run_type", "corrections")  # not in files of earlier versions
_NUMBERS = (*DOCUMENTS[3:8], *SUMMARIES[2:5])


def described_source(content: bytes, source: Source) -> Source:
    """Complete a source with what its Parquet file says about itself."""
    described = _metadata_of(content)
    if described.get("kind") != KIND:
        return source
    return changed(
        source,
        version=f"database {described['database_version']}",
        thermo_type=described["thermo_type"],
        statement=described["statement"],
        citation=described["citation"],
        systems=tuple(frozenset(text.split("-")) for text in described["systems"]),
        closed=True,
    )


def export_store(store: Store, file: Path, sets: Sequence[Collection[str]] | None = None) -> int:
    """Write a store, or the systems of some sets of elements, to a Parquet file.

    An existing file is replaced.  Return the number of documents written.  InputError for another
    ending, or systems that the store lacks; OutputError when the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if file.suffix.lower() != ".parquet":
        raise InputError(f"{file}: the ending must be .parquet")
    source, rows, absent = store_source(store), store.rows(), store.absent()
    covered = [*source.systems]
    asked = {route: sorted(store.asked(route)) for route in ROUTES}
    if sets is not None:
        if lacking := store.lacking(frozenset(elements) - absent for elements in sets):
            raise InputError(
                f"{'-'.join(sorted(lacking[0]))}: not all of its systems are in the store of "
                f"database {store.database}; pull them first"
            )
        covered = [frozenset(elements) & (store.elements() | absent) for elements in sets]
        wanted = {name for elements in covered for name in subsystems(elements)}
        rows = [row for row in rows if row[2] in wanted]
        asked = dict.fromkeys(ROUTES, sorted(wanted))
    described = {
        "kind": KIND,
        "format": FORMAT,
        "database_version": store.database,
        "thermo_type": store.thermo_type,
        "complete": store.complete and sets is None,
        "systems": ["-".join(sorted(elements)) for elements in covered],
        "asked": asked,
        "left_aside": store.read("SELECT * FROM left_aside") if sets is None else [],
        "statement": source.statement,
        "citation": source.citation,
    }
    columns, arrays = [*zip(*rows, strict=True)] or [()] * len(COLUMNS), []
    for name, values in zip(COLUMNS, columns, strict=True):
        kept = [v if v is None else TRUTHS[v] for v in values] if name in _IN_WORDS else values
        arrays.append(pa.array(kept, type=pa.float64() if name in _NUMBERS else pa.string()))
    names = [_NAMES.get(name, name) for name in COLUMNS]
    table = pa.table(arrays, names=names, metadata={METADATA: json.dumps(described).encode()})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as stream:
            pq.write_table(table, stream, compression="zstd")
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror or error})") from None
    return len(rows)


def import_file(
    file: Path, *, replace: bool = False, notify: Callable[[str], None] = lambda text: None
) -> Store:
    """Take an exported file into the store of its database and thermo type.

    What differs from the store is taken only with ``replace``, and the store as it was is kept
    beside it.  Everything becomes visible at once: an import that is stopped leaves the rows as
    they were.  InputError for a file that is no export, one of another format or scale, or one that
    differs; OutputError when the store cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = read_whole(file, "export")
    described = _metadata_of(content)
    if described.get("kind") != KIND:
        raise InputError(
            f"{file}: not a file that `interscreen data export` wrote; a table is used with "
            f"--source {file}"
        )
    if described.get("format") != FORMAT:
        raise InputError(
            f"{file}: of export format {described.get('format')}, this version of interscreen "
            f"reads {FORMAT}"
        )
    try:
        database = described["database_version"], thermo_type(described["thermo_type"])
        path = store_path(*database)
        rows = _rows_of(pq.read_table(pa.BufferReader(content)))
        aside = [(str(route), str(text), str(why)) for route, text, why in described["left_aside"]]
        asked = {route: list(described["asked"].get(route, ())) for route in ROUTES}
        pulled = [frozenset(text.split("-")) for text in described["systems"]]
        complete = bool(described["complete"])
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{file}: damaged ({reason}); export it again") from None
    if rows:
        energies = np.array([row[3] for row in rows])
        check_scale(Rows([row[1] for row in rows], energies), Source(str(file)))
    store = Store(path, create=database)
    try:
        with store.transaction() as write:
            _compare(store, rows, file, replace, notify)
            split = len(DOCUMENTS)
            store.add(Batch(THERMO, [row[:split] for row in rows]), asked[THERMO])
            store.add(Batch(SUMMARY, [(row[0], *row[split:]) for row in rows]), asked[SUMMARY])
            write.executemany("INSERT OR REPLACE INTO left_aside VALUES (?, ?, ?)", aside)
            store.finish(None if complete else pulled)
    except BaseException:
        store.close()
        raise
    return store


def _compare(
    store: Store, rows: list[Row], file: Path, replace: bool, notify: Callable[[str], None]
) -> None:
    """Say what a file would change in a store; refuse, or keep the store as it was."""
    known = {row[0]: row for row in store.rows()}
    same = sum(known.get(row[0]) == row for row in rows)
    different: dict[str, str] = {}
    for row in rows:
        for name, old, new in zip(COLUMNS, known.get(row[0], row), row, strict=True):
            if old not in (None, new):
                different.setdefault(row[0], f"{row[0]}: {name} {old} there, {new} in the file")
    first = next(iter(different.values()), "")
    if different and not replace:
        raise InputError(
            f"{file}: {len(different)} documents differ from the store of database "
            f"{store.database} ({first}); nothing was taken; --replace takes them and keeps the "
            "store beside"
        )
    if different:
        kept = store.path.with_name(f"{store.path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
        store.copy(kept)
        notify(f"{len(different)} documents replaced ({first}); the store before is {kept}")
    notify(f"{len(rows) - same - len(different)} documents are new, {same} were there")


def _metadata_of(content: bytes) -> dict[str, Any]:
    """Return what a Parquet file says about itself; empty if interscreen did not write it."""
    import pyarrow.parquet as pq

    try:
        described = json.loads((pq.read_schema(io.BytesIO(content)).metadata or {})[METADATA])
    except Exception:  # unreadable: the reader of the table says so
        return {}
    return described if isinstance(described, dict) else {}


def _rows_of(table: Any) -> list[Row]:
    """Take the columns of the store out of an exported table."""
    import pyarrow as pa

    for name in set(_LATER).difference(table.column_names):
        table = table.append_column(name, pa.nulls(table.num_rows))
    columns = {name: table.column(_NAMES.get(name, name)).to_pylist() for name in COLUMNS}
    for name in _IN_WORDS:
        columns[name] = [None if word is None else TRUTHS.index(word) for word in columns[name]]
    rows = []
    for at, (identifier, *row) in enumerate(zip(*columns.values(), strict=True), start=1):
        if not identifier or not row[0] or not row[1] or number(row[2]) is None:
            raise ValueError(f"row {at}: no {', '.join(COLUMNS[:3])} or {COLUMNS[3]}")
        rows.append((stored(identifier), *row))
    return rows
