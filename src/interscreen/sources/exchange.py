"""Parquet files that a store is exported to: a table anybody can read, and what it says of itself.

The schema's metadata hold the database version, the thermo type and the systems that are complete;
so the file is a source by itself (``--source FILE.parquet``) and can be imported into a store.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

from ..phases.source import Source

METADATA = b"interscreen"
KIND = "materials-project"


def metadata_of(content: bytes) -> dict[str, Any]:
    """Return what a Parquet file says about itself; empty if interscreen did not write it."""
    import pyarrow.parquet as pq

    try:
        stored = pq.read_schema(io.BytesIO(content)).metadata or {}
        described = json.loads(stored.get(METADATA, b"{}"))
    except Exception:  # unreadable: the reader of the table says so
        return {}
    return described if isinstance(described, dict) else {}


def described_source(content: bytes, source: Source) -> Source:
    """Complete a source with what its Parquet file says about itself."""
    described = metadata_of(content)
    if described.get("kind") != KIND:
        return source
    return replace(
        source,
        version=f"database {described['database_version']}",
        thermo_type=described["thermo_type"],
        statement=described["statement"],
        citation=described["citation"],
        systems=tuple(frozenset(text.split("-")) for text in described["systems"]),
        closed=True,
    )
