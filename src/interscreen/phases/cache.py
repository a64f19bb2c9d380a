"""Parsed phase tables in the user's cache folder; a convenience that may fail silently."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..version import version
from .source import Source
from .table import PhaseTable

_FORMAT = "3"  # raise it when the meaning of a stored array changes
_ARRAYS = (
    "formulas", "indptr", "element_index", "counts", "energies", "ids", "structures", "observed",
    "counted",
)  # fmt: skip

_DIGEST = hashlib.sha256().digest_size

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Folder for everything that can be made again; ``INTERSCREEN_CACHE`` changes it."""
    chosen = os.environ.get("INTERSCREEN_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("interscreen", appauthor=False))


def _file(key: str) -> Path:
    name = hashlib.sha256(f"{_FORMAT}|{version()}|{key}".encode()).hexdigest()[:32]
    return cache_folder() / "tables" / f"{name}.npz"


def cached(key: str, source: Source, build: Callable[[], PhaseTable]) -> PhaseTable:
    """Return the table stored under a key, or build and store it."""
    table = load_cached(key, source)
    if table is None:
        table = build()
        store_cached(key, table)
    return table


def cached_flags(
    key: str, length: int, build: Callable[[], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Return the truth values stored under a key, or build and store them; shape (length,)."""
    file = _file(key).with_suffix(".flags")
    try:
        content = file.read_bytes()
        packed = content[_DIGEST:]
        if hashlib.sha256(packed).digest() == content[:_DIGEST]:
            flags = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=length)
            return flags.astype(bool)
    except (OSError, ValueError) as error:
        log.info("nothing cached (%s)", error)
    built = build()
    packed = np.packbits(built).tobytes()
    _write(file, hashlib.sha256(packed).digest() + packed)
    return built


def load_cached(key: str, source: Source) -> PhaseTable | None:
    """Return the table stored under a key, or None (absent, unreadable, of another format)."""
    try:
        content = _file(key).read_bytes()
        digest, arrays = content[:_DIGEST], content[_DIGEST:]
        if hashlib.sha256(arrays).digest() != digest:
            raise ValueError("its checksum is wrong")
        with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
            return PhaseTable(
                elements=tuple(str(symbol) for symbol in stored["elements"]),
                source=replace(
                    source,
                    n_rows=int(stored["n_rows"]),
                    n_phases=len(stored["energies"]),
                    thermo_type=str(stored["thermo_type"]),
                    notes=tuple(str(note) for note in stored["notes"]),
                ),
                properties={
                    name.removeprefix("property_"): stored[name]
                    for name in stored.files
                    if name.startswith("property_")
                },
                **{name: stored[name] for name in _ARRAYS},
            )
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever is wrong with it, the table itself can be read again
        log.info("cached table left aside (%s)", error)
        return None


def store_cached(key: str, table: PhaseTable) -> None:
    """Keep a table; a folder that cannot be written to costs time only."""
    arrays: dict[str, Any] = {
        "elements": np.array(table.elements),
        "n_rows": np.array(table.source.n_rows),
        "thermo_type": np.array(table.source.thermo_type),
        "notes": np.array(table.source.notes, dtype=str),
        **{name: getattr(table, name) for name in _ARRAYS},
        **{f"property_{name}": array for name, array in table.properties.items()},
    }
    packed = io.BytesIO()
    try:
        np.savez(packed, **arrays)
    except OSError as error:
        log.info("parsed table not cached (%s)", error)
        return
    content = packed.getvalue()
    _write(_file(key), hashlib.sha256(content).digest() + content)


def _write(target: Path, content: bytes) -> None:
    """Put a file into the cache, whole or not at all; a failure costs time only."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        log.info("not cached (%s)", error)
