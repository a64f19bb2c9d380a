"""Every document of a thermo type from the Materials Project's open data: no key, no service.

The project publishes its collections as Delta tables on Amazon S3.  Whole rows of the thermo
collection are gigabytes; only the columns that the store keeps are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import SourceError
from ...phases.identifiers import stored
from ...phases.source import thermo_type
from .documents import FIELDS, ROUTES, THERMO, read_documents
from .pull import PullReport, pulling, require_references
from .store import VERSION_NAME, version_order

COLLECTIONS = "s3a://materialsproject-build/collections"
_ANONYMOUS = {"AWS_SKIP_SIGNATURE": "true", "AWS_REGION": "us-east-1", "timeout": "60s"}


def pull_open_data(
    family: str,
    *,
    where: str = COLLECTIONS,
    notify: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PullReport:
    """Fetch every document that is not BY-NC into a store, which is complete then.

    ``where`` is the place of the tables ``thermo`` and ``summary``.  SourceError when they cannot
    be read, or hold no such documents.
    """
    family = thermo_type(family)
    tables = {route: _open(f"{where}/{route}/") for route in ROUTES}
    database = _newest(tables[THERMO])
    with pulling(database, family) as report:
        if notify is not None:
            notify(f"the Materials Project's open data hold database {database}")
        for route, table in tables.items():
            for done, documents in _documents(table, route, database, family):
                answer = read_documents(route, documents, family)
                report.store.add(answer)
                report.documents += len(answer.rows) if route == THERMO else 0
                if progress is not None:
                    progress(done, table.count())
        require_references(report.store, f"delete {report.store.path} and pull again")
        report.store.finish(None)
    return report


def _open(place: str) -> Any:
    from deltalake import DeltaTable

    try:
        return DeltaTable(place, storage_options=_ANONYMOUS if "://" in place else None)
    except Exception as error:  # whatever the reader raises: its kinds are many
        reason = " ".join(str(error).split())[:160]
        raise SourceError(
            f"{place}: cannot be read ({reason}); `interscreen data pull --all` fetches the same "
            "with a key"
        ) from None


def _newest(table: Any) -> str:
    """Newest database version in a table, which is partitioned by it."""
    versions = {str(part.get("version") or "") for part in table.partitions()}
    known = sorted(filter(VERSION_NAME.fullmatch, versions), key=version_order)
    if not known:
        raise SourceError(f"{table.table_uri}: it names no database version")
    return known[-1]


def _documents(table: Any, route: str, database: str, family: str) -> Any:
    """Yield how many rows are read, and documents by their identifiers."""
    import pyarrow.compute as pc

    dataset = table.to_pyarrow_dataset(partitions=[("version", "=", database)])
    names = {name.partition(".")[0] for name in FIELDS[route]}
    names &= set(dataset.schema.names) - {"entries"}
    wanted = pc.field("builder_meta", "license") != "BY-NC"
    if route == THERMO:
        wanted &= pc.utf8_lower(pc.field("thermo_type")) == family.lower()
    done = 0
    for batch in dataset.scanner(columns=sorted(names), filter=wanted).to_batches():
        done += batch.num_rows
        rows: list[Mapping[str, Any]] = batch.to_pylist(maps_as_pydicts="strict")
        yield done, {stored(str(row["material_id"])): row for row in rows}
