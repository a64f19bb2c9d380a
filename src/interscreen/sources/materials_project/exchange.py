"""A store to a Parquet file and back: how data reach a machine without network.

The schema's metadata hold the database version, the thermo type and the systems that are complete;
so the file is a source by itself (``--source FILE.parquet``) and can be imported into a store.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace as changed
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError, OutputError
from ...files import read_whole, whole_file
from ...phases.identifiers import stored
from ...phases.source import Source, thermo_type
from ..rows import Rows
from ..scale import check_scale
from .documents import ROUTES, SUMMARY, THERMO, Batch
from .pull import subsystems
from .store import DOCUMENTS, SUMMARIES, Store, store_path
from .table import CITATION, statement

METADATA = b"interscreen"
KIND = "materials-project"
FORMAT = 1
_NAMES = {"material_id": "id", "chemsys": "chemical_system"}  # as in any table
_WORDS = {"theoretical": ("no", "yes"), "is_metal": ("no", "yes")}
_LATER = ("run_type", "corrections")  # not in files of earlier versions
_NEEDED, _NUMBERS = DOCUMENTS[:4], (*DOCUMENTS[3:8], *SUMMARIES[2:5])
_COLUMNS = (*DOCUMENTS, *SUMMARIES[1:])


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
    rows = store.read(
        f"SELECT {', '.join(_COLUMNS)} FROM documents LEFT JOIN summaries USING (material_id) "
        "ORDER BY material_id"
    )
    present, absent = store.elements(), store.absent()
    if sets is None:
        covered = [present] if store.complete else store.pulled_sets()
        covered = covered or [frozenset({symbol}) for symbol in sorted(present)]
        asked = {} if store.complete else {route: sorted(store.asked(route)) for route in ROUTES}
    else:
        for elements in sets:
            if not store.covers(set(elements) - absent):
                raise InputError(
                    f"{'-'.join(sorted(elements))}: not all of its systems are in the store of "
                    f"database {store.database}; pull them first"
                )
        covered = [frozenset(elements) & (present | absent) for elements in sets]
        wanted = {name for elements in covered for name in subsystems(elements)}
        rows = [row for row in rows if row[2] in wanted]
        asked = {route: sorted(wanted) for route in ROUTES}
    data = []
    for name, values in zip(_COLUMNS, zip(*rows, strict=True) if rows else [()] * 17, strict=True):
        words = _WORDS.get(name)
        kept = [None if v is None else words[v] for v in values] if words else values
        data.append(pa.array(kept, type=pa.float64() if name in _NUMBERS else pa.string()))
    described = {
        "kind": KIND,
        "format": FORMAT,
        "database_version": store.database,
        "thermo_type": store.thermo_type,
        "complete": store.complete and sets is None,
        "systems": ["-".join(sorted(elements)) for elements in covered],
        "asked": asked,
        "left_aside": store.read("SELECT * FROM left_aside") if sets is None else [],
        "statement": statement(store.thermo_type),
        "citation": CITATION,
    }
    names = [_NAMES.get(name, name) for name in _COLUMNS]
    table = pa.table(data, names=names, metadata={METADATA: json.dumps(described).encode()})
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
        family = thermo_type(described["thermo_type"])
        path = store_path(described["database_version"], family)
        batches = _batches(pq.read_table(pa.BufferReader(content)), described)
        asked = {batch.route: list(described["asked"].get(batch.route, ())) for batch in batches}
        pulled = [frozenset(text.split("-")) for text in described["systems"]]
        complete = bool(described["complete"])
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{file}: damaged ({reason}); export it again") from None
    columns = list(zip(*batches[0].rows, strict=True))
    if columns:
        check_scale(Rows(columns[1], np.array(columns[3])), Source(str(file)))
    store = Store(path, create=(described["database_version"], family))
    try:
        before = store.state
        _compare(store, batches, file, replace, notify)
        with store.alone():
            if store.state != before:
                raise InputError(f"store {path}: another process changed it; import again")
            for batch in batches:
                store.add(batch, asked[batch.route])
            store.finish(None if complete else pulled)
    except BaseException:
        store.close()
        raise
    return store


def _compare(
    store: Store, batches: list[Batch], file: Path, replace: bool, notify: Callable[[str], None]
) -> None:
    """Say what a file would change in a store; refuse, or keep the store as it was."""
    new, same, different = 0, 0, []
    for batch, name, columns in zip(
        batches, ("documents", "summaries"), (DOCUMENTS, SUMMARIES), strict=True
    ):
        known = {row[0]: row for row in store.read(f"SELECT {', '.join(columns)} FROM {name}")}
        for row in batch.rows:
            there = known.get(row[0], row)
            new += row[0] not in known
            same += row[0] in known and there == row
            if there != row:
                pairs = zip(columns, there, row, strict=True)
                column, old, now = next(pair for pair in pairs if pair[1] != pair[2])
                different.append(f"{row[0]}: {column} {old} there, {now} in the file")
    if different and not replace:
        raise InputError(
            f"{file}: {len(different)} rows differ from the store of database {store.database} "
            f"({different[0]}); nothing was taken; --replace takes them and keeps the store beside"
        )
    if different:
        kept = store.path.with_name(f"{store.path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
        store.copy(kept)
        notify(f"{len(different)} rows replaced ({different[0]}); the store before is {kept}")
    notify(f"{new} rows are new, {same} were there")


def _metadata_of(content: bytes) -> dict[str, Any]:
    """Return what a Parquet file says about itself; empty if interscreen did not write it."""
    import pyarrow.parquet as pq

    try:
        described = json.loads((pq.read_schema(io.BytesIO(content)).metadata or {})[METADATA])
    except Exception:  # unreadable: the reader of the table says so
        return {}
    return described if isinstance(described, dict) else {}


def _batches(table: Any, described: dict[str, Any]) -> list[Batch]:
    """Take energies and summaries out of an exported table."""
    columns = []
    for name in _COLUMNS:
        title = _NAMES.get(name, name)
        lacking = name in _LATER and title not in table.column_names
        values = [None] * table.num_rows if lacking else table.column(title).to_pylist()
        for number, value in enumerate(values if name in _NEEDED else (), start=1):
            if value in (None, "") or (isinstance(value, float) and not isfinite(value)):
                raise ValueError(f"row {number}: {title} is {value!r}")
        if words := _WORDS.get(name):
            values = [None if value is None else words.index(value) for value in values]
        columns.append(list(map(stored, values)) if name == _COLUMNS[0] else values)
    rows = list(zip(*columns, strict=True))
    split, systems = len(DOCUMENTS), Counter(columns[2])
    known = [(row[0], *row[split:]) for row in rows if set(row[split:]) != {None}]
    aside: dict[str, list[tuple[str, str]]] = {route: [] for route in ROUTES}
    for route, identifier, reason in described["left_aside"]:
        if route in aside:  # structures are not exported
            aside[route].append((identifier, reason))
    return [
        Batch(THERMO, [row[:split] for row in rows], aside[THERMO], systems),
        Batch(SUMMARY, known, aside[SUMMARY], systems),
    ]
