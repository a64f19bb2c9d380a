"""The key of a run: what its results depend on, and the stamp that every stored chunk carries."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

STAMP = b"interscreen"
_SHOWN = 3  # differences named in a refusal
_WIDTH = 60  # characters of a value in a refusal
_ABSENT = object()


@dataclass(frozen=True)
class RunKey:
    """What decides the results of a run; chunks of another key are never mixed in.

    Attributes
    ----------
    study : dict
        Whatever of the study decides the results, as JSON knows it.
    table : str
        Fingerprint of the phase table.
    table_label : str
        How people name the table; not part of the hash, so a table may move.
    version : str
        Version of the results that this code computes.
    chunks : int
        Number of chunks that the candidates are divided into.

    Raises
    ------
    ValueError, TypeError
        For a study that JSON cannot hold, or a negative number of chunks.
    """

    study: dict[str, Any]
    table: str
    table_label: str
    version: str
    chunks: int

    def __post_init__(self) -> None:
        if self.chunks < 0:
            raise ValueError(f"a run cannot have {self.chunks} chunks")
        # tuples become lists and keys become strings, as in the key that is read back
        object.__setattr__(self, "study", json.loads(json.dumps(self.study, allow_nan=False)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of study, table, version and number of chunks."""
        return hashlib.sha256(
            _text([self.study, self.table, self.version, self.chunks]).encode()
        ).hexdigest()

    def to_json(self) -> str:
        """Return the key in full, so that a later process can say what changed."""
        fields = {
            "run_key": self.hash,
            "version": self.version,
            "table": self.table,
            "table_label": self.table_label,
            "chunks": self.chunks,
            "study": self.study,
        }
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunKey | None:
        """Read what :meth:`to_json` wrote; None when it is damaged."""
        try:
            fields = json.loads(text)
            stated = fields.pop("run_key")
            key = cls(**fields)
            return key if key.hash == stated else None
        except (ValueError, TypeError, LookupError, AttributeError):
            return None

    def changes(self, earlier: RunKey) -> str:
        """Say in one line what differs from an earlier key."""
        found = [_study_changes(earlier.study, self.study)]
        if earlier.table != self.table:
            names = f"was {_line(earlier.table_label)}, is {_line(self.table_label)}"
            if earlier.table_label == self.table_label:
                names = (
                    f"still called {_line(self.table_label)}, but its fingerprint was "
                    f"{earlier.table[:12]}, is {self.table[:12]}"
                )
            found.append(f"the table changed ({names})")
        if earlier.version != self.version:
            was, now = _line(earlier.version), _line(self.version)
            found.append(f"interscreen computes another version of results (was {was}, is {now})")
        if not any(found) and earlier.chunks != self.chunks:  # else it only follows from the rest
            found.append(f"the number of chunks changed (was {earlier.chunks}, is {self.chunks})")
        return " and ".join(filter(None, found))


def encode(table: Any, key: str, number: int) -> bytes:
    """Return a chunk as Parquet, stamped with its key, its number and a checksum.

    The same table gives the same bytes: nothing of the time or the machine is in them.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, bytes, numbers, booleans or nulls.
    key : str
        Hash of the run's key.
    number : int
        Number of the chunk.

    Raises
    ------
    TypeError
        For a column of another type.
    """
    import pyarrow.parquet as pq

    stamp = {"run_key": key, "chunk": number, "sha256": _checksum(table)}
    metadata = {**(table.schema.metadata or {}), STAMP: _text(stamp).encode()}
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd")
    return sink.getvalue()


def decode(data: bytes, key: str, number: int) -> Any | None:
    """Return the chunk that :func:`encode` was given; None when it is damaged or another one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # no threads: there may be as many processes as cores already
        table = pq.ParquetFile(io.BytesIO(data)).read(use_threads=False)
        metadata = dict(table.schema.metadata or {})
        stamp = json.loads(metadata.pop(STAMP))
        table = table.replace_schema_metadata(metadata or None)
        expected = {"run_key": key, "chunk": number, "sha256": _checksum(table)}
    except (pa.ArrowException, OSError, ValueError, TypeError, LookupError, MemoryError):
        return None  # whatever a damaged file makes the reader say (OSError: zstd)
    return table if stamp == expected else None


def _checksum(table: Any) -> str:
    """Hash what the table says, however its memory is laid out before and after Parquet."""
    import numpy as np

    digest = hashlib.sha256(repr(sorted((table.schema.metadata or {}).items())).encode())
    for field, column in zip(table.schema, table.combine_chunks().columns, strict=True):
        digest.update(_text([field.name, str(field.type), field.nullable, len(column)]).encode())
        digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
        for values in column.drop_null().chunks:  # what lies below a null is not stored
            for piece in _pieces(values, field):
                digest.update(piece)
    return digest.hexdigest()


def _pieces(values: Any, field: Any) -> Iterator[Any]:
    """Yield the bytes of an array without nulls."""
    import numpy as np
    from pyarrow import types

    kind = field.type
    if len(values) == 0 or types.is_null(kind):
        return
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        yield np.ascontiguousarray(values.to_numpy(zero_copy_only=False)).view(np.uint8)
        return
    large = types.is_large_string(kind) or types.is_large_binary(kind)
    if not (large or types.is_string(kind) or types.is_binary(kind)):
        raise TypeError(f"column {field.name}: a chunk cannot hold the type {kind}")
    _, offsets, text = values.buffers()
    bounds = np.frombuffer(offsets, np.int64 if large else np.int32)
    bounds = bounds[values.offset : values.offset + len(values) + 1].astype(np.int64)
    yield np.diff(bounds)
    if text is not None:
        yield memoryview(text)[bounds[0] : bounds[-1]]


def _study_changes(old: dict[str, Any], new: dict[str, Any]) -> str:
    found = list(_differences(old, new, ""))
    if not found:
        return ""
    named = []
    for path, was, now in found[:_SHOWN]:
        start = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
        named.append(f"{path} was {_cut(was, start)}, is {_cut(now, start)}")
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"the study changed ({'; '.join(named)}{more})"


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield where two JSON values differ, and both values as text."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*new, *(name for name in old if name not in new)]:
            inner = f"{path}.{name}" if path else name
            yield from _differences(old.get(name, _ABSENT), new.get(name, _ABSENT), inner)
    elif isinstance(old, list) and isinstance(new, list):
        for place, (one, other) in enumerate(itertools.zip_longest(old, new, fillvalue=_ABSENT)):
            yield from _differences(one, other, f"{path}[{place}]")
    else:
        was, now = ("nothing" if value is _ABSENT else _text(value) for value in (old, new))
        if was != now:  # as text: 1 and 1.0 and true are different keys
            yield path, was, now


def _cut(text: str, start: int) -> str:
    """Show a long value around the place where it differs."""
    if len(text) <= _WIDTH:
        return text
    first = max(0, min(start - _WIDTH // 3, len(text) - _WIDTH))
    last = first + _WIDTH
    return f"{'…' * (first > 0)}{text[first:last]}{'…' * (last < len(text))}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _text(value: Any) -> str:
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
