"""A store to a Parquet file and back: how data reach a machine without network.

The schema's metadata hold the database version, the thermo type and the systems that are complete;
so the file is a source by itself (``--source FILE.parquet``) and can be imported into a store.
"""

from __future__ import annotations

import contextlib
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
from .store import DOCUMENTS, SUMMARIES, Store, beside, put_in_place, store_path
from .table import CITATION, statement

METADATA = b"interscreen"
KIND = "materials-project"
FORMAT = 1
_NAMES = {"material_id": "id", "chemsys": "chemical_system"}
_WORDS = ("theoretical", "is_metal")  # yes, no, as in any table
_LATER = ("run_type", "corrections")  # not in files of earlier versions
_TEXTS = ("material_id", "formula", "chemsys", "last_updated", "licence", *_LATER, *_WORDS)
_NEEDED = ("material_id", "formula", "chemsys", "formation_energy_eV_per_atom")
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
    wanted_columns = [f"d.{name}" if store.knows(name) else "NULL" for name in DOCUMENTS]
    rows = store.read(
        f"SELECT {', '.join(wanted_columns)}, "
        f"{', '.join('s.' + name for name in SUMMARIES[1:])} FROM documents d "
        "LEFT JOIN summaries s USING (material_id) ORDER BY d.material_id"
    )
    present, absent = store.elements(), store.absent()
    if sets is None:
        covered = [present] if store.complete else store.pulled_sets()
        covered = covered or [frozenset({symbol}) for symbol in sorted(present)]
        asked = {route: sorted(store.asked(route)) for route in ROUTES}
    else:
        covered = [frozenset(elements) & (present | absent) for elements in sets]
        lacking = [elements for elements in sets if not store.covers(set(elements) - absent)]
        if lacking:
            raise InputError(
                f"{'-'.join(sorted(lacking[0]))}: not all of its systems are in the store of "
                f"database {store.database}; pull them first"
            )
        wanted = {name for elements in covered for name in subsystems(elements)}
        rows = [row for row in rows if row[2] in wanted]
        asked = {route: sorted(wanted) for route in ROUTES}
    columns = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    data: dict[str, Any] = {}
    for name, values in zip(_COLUMNS, columns, strict=True):
        word = {None: None, 0: "no", 1: "yes"}
        kept = [word[value] for value in values] if name in _WORDS else values
        kind = pa.string() if name in _TEXTS else pa.float64()
        data[_NAMES.get(name, name)] = pa.array(kept, type=kind)
    complete = store.complete and sets is None
    described = {
        "kind": KIND,
        "format": FORMAT,
        "database_version": store.database,
        "thermo_type": store.thermo_type,
        "complete": complete,
        "systems": ["-".join(sorted(elements)) for elements in covered],
        "asked": {} if complete else asked,
        "left_aside": store.read("SELECT * FROM left_aside") if sets is None else [],
        "statement": statement(store.thermo_type),
        "citation": CITATION,
    }
    table = pa.table(data).replace_schema_metadata({METADATA: json.dumps(described).encode()})
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
    beside it.  Everything becomes visible at once: an import that is stopped leaves the store as it
    was, or none.  InputError for a file that is no export, one of another format or scale, or one
    that differs; OutputError when the store cannot be written.
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
    fresh = not path.is_file()
    place = beside(path) if fresh else path
    try:
        with Store(place, create=(described["database_version"], family)) as store:
            before = store.state
            _compare(store, batches, file, replace, notify)
            with store.transaction():
                if store.state != before:
                    raise InputError(f"store {path}: another process changed it; import again")
                for batch in batches:
                    store.add([batch], asked[batch.route])
                if complete:
                    store.mark_complete()
                else:
                    store.mark_pulled(pulled)
        placed = not fresh or put_in_place(place, path)
    except OSError as error:
        raise OutputError(f"store {path}: cannot be written ({error.strerror})") from None
    finally:
        if fresh:
            with contextlib.suppress(OSError):
                place.unlink()
    # another process may have made the store of this database by now
    return Store(path) if placed else import_file(file, replace=replace, notify=notify)


def _compare(
    store: Store, batches: list[Batch], file: Path, replace: bool, notify: Callable[[str], None]
) -> None:
    """Say what a file would change in a store; refuse, or keep the store as it was."""
    tables = {THERMO: ("documents", DOCUMENTS), SUMMARY: ("summaries", SUMMARIES)}
    new, same, different = 0, 0, []
    for batch in batches:
        name, columns = tables[batch.route]
        known = {row[0]: row for row in store.read(f"SELECT {', '.join(columns)} FROM {name}")}
        for row in batch.rows:
            there = known.get(row[0])
            new += there is None
            same += there == tuple(row)
            if there is not None and there != tuple(row):
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
        stored = pq.read_schema(io.BytesIO(content)).metadata or {}
        described = json.loads(stored.get(METADATA, b"{}"))
    except Exception:  # unreadable: the reader of the table says so
        return {}
    return described if isinstance(described, dict) else {}


def _batches(table: Any, described: dict[str, Any]) -> list[Batch]:
    """Take energies and summaries out of an exported table."""
    absent = [None] * table.num_rows
    columns = {
        name: absent
        if name in _LATER and name not in table.column_names
        else table.column(_NAMES.get(name, name)).to_pylist()
        for name in _COLUMNS
    }
    columns["material_id"] = [text and stored(text) for text in columns["material_id"]]
    for name in _NEEDED:
        for number, value in enumerate(columns[name], start=1):
            if value in (None, "") or (isinstance(value, float) and not isfinite(value)):
                raise ValueError(f"row {number}: {_NAMES.get(name, name)} is {value!r}")
    for name in _WORDS:
        columns[name] = [
            None if word is None else ("no", "yes").index(word) for word in columns[name]
        ]
    rows = list(zip(*columns.values(), strict=True))
    split = len(DOCUMENTS)
    known = [row for row in rows if any(value is not None for value in row[split:])]
    summaries = [(row[0], *row[split:]) for row in known]
    count = Counter(columns["chemsys"])
    batches = {
        THERMO: Batch(THERMO, [row[:split] for row in rows], chemsys=count),
        SUMMARY: Batch(SUMMARY, summaries, chemsys=count),
    }
    for route, identifier, reason in described["left_aside"]:
        if route in batches:  # structures are not exported
            batches[route].left_aside.append((identifier, reason))
    return list(batches.values())
