"""Parsed phase tables in the user's cache folder; a convenience that may fail silently."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..files import write_whole
from ..version import version
from .source import Source
from .table import PhaseTable

_FORMAT = "3"  # raise it when the meaning of a stored array changes
_ARRAYS = (
    "formulas", "indptr", "element_index", "counts", "energies", "ids", "structures", "observed",
    "counted",
)  # fmt: skip

_DIGEST = hashlib.sha256().digest_size
T = TypeVar("T")

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Folder for everything that can be made again; ``INTERSCREEN_CACHE`` changes it."""
    chosen = os.environ.get("INTERSCREEN_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("interscreen", appauthor=False))


def cached(key: str, source: Source, build: Callable[[], PhaseTable]) -> PhaseTable:
    """Return the table stored under a key, or build and store it."""
    file = _file(key, ".npz")
    table = _load(file, lambda content: _unpacked(content, source))
    if table is None:
        table = build()
        _store(file, _packed(table))
    return table


def cached_flags(
    key: str, length: int, build: Callable[[], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Return the truth values stored under a key, or build and store them; shape (length,)."""
    file = _file(key, ".flags")
    flags = _load(file, lambda content: np.unpackbits(np.frombuffer(content, "u1"), count=length))
    if flags is not None:
        return flags.astype(bool)
    built = build()
    _store(file, np.packbits(built).tobytes())
    return built


def _file(key: str, ending: str) -> Path:
    name = hashlib.sha256(f"{_FORMAT}|{version()}|{key}".encode()).hexdigest()[:32]
    return cache_folder() / "tables" / f"{name}{ending}"


def _load(file: Path, read: Callable[[bytes], T]) -> T | None:
    """Return what a file holds, or None (absent, damaged, of another format)."""
    try:
        stored = file.read_bytes()
        digest, content = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            raise ValueError("its checksum is wrong")
        return read(content)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever is wrong with it, it can be made again
        log.info("cached file left aside (%s)", error)
        return None


def _store(file: Path, content: bytes) -> None:
    """Keep a file; a folder that cannot be written to costs time only."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, hashlib.sha256(content).digest() + content)
    except OSError as error:
        log.info("not cached (%s)", error)


def _packed(table: PhaseTable) -> bytes:
    arrays: dict[str, Any] = {
        "elements": np.array(table.elements),
        "n_rows": np.array(table.source.n_rows),
        "thermo_type": np.array(table.source.thermo_type),
        "notes": np.array(table.source.notes, dtype=str),
        **{name: getattr(table, name) for name in _ARRAYS},
        **{f"property_{name}": array for name, array in table.properties.items()},
    }
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


def _unpacked(content: bytes, source: Source) -> PhaseTable:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
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
