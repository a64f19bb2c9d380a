"""Parsed phase tables in the user's cache folder; a convenience that may fail silently."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..files import write_whole
from ..version import version
from .artefacts import artefacts_digest
from .source import Source
from .table import PhaseTable

_FORMAT = "4"  # raise it when the meaning of a stored array changes
_ARRAYS = sorted(
    {field.name for field in fields(PhaseTable)} - {"elements", "source", "properties"}
)
_DIGEST = hashlib.sha256().digest_size
T = TypeVar("T")

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Folder for everything that can be made again; ``INTERSCREEN_CACHE`` changes it."""
    if chosen := os.environ.get("INTERSCREEN_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("interscreen", appauthor=False))


def cached(key: str, source: Source, build: Callable[[], PhaseTable]) -> PhaseTable:
    """Return the table stored under a key, or build and store it."""
    key = f"{artefacts_digest()}|{key}"  # what counts by default is part of the table
    return _kept(key, ".npz", lambda content: _unpacked(content, source), _packed, build)


def cached_flags(
    key: str, length: int, build: Callable[[], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Return the truth values stored under a key, or build and store them; shape (length,)."""

    def unpacked(content: bytes) -> NDArray[np.bool_]:
        return np.unpackbits(np.frombuffer(content, "u1"), count=length).astype(bool)

    return _kept(key, ".flags", unpacked, lambda flags: np.packbits(flags).tobytes(), build)


def _kept(
    key: str,
    ending: str,
    unpack: Callable[[bytes], T],
    pack: Callable[[T], bytes],
    build: Callable[[], T],
) -> T:
    """Return what is stored under a key; build and store it if it is absent or damaged."""
    name = hashlib.sha256(f"{_FORMAT}|{version()}|{key}".encode()).hexdigest()[:32]
    file = cache_folder() / "tables" / f"{name}{ending}"
    try:
        stored = file.read_bytes()
        digest, content = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            raise ValueError("its checksum is wrong")
        return unpack(content)
    except FileNotFoundError:
        pass
    except Exception as error:  # whatever is wrong with it, it can be made again
        log.info("cached file left aside (%s)", error)
    built = build()
    content = pack(built)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, hashlib.sha256(content).digest() + content)
    except OSError as error:  # costs time only
        log.info("not cached (%s)", error)
    return built


def _packed(table: PhaseTable) -> bytes:
    packed = io.BytesIO()
    arrays: dict[str, Any] = {f"property_{name}": a for name, a in table.properties.items()}
    np.savez(
        packed,
        elements=table.elements,
        n_rows=table.source.n_rows,
        thermo_type=table.source.thermo_type,
        name=table.source.name,
        notes=np.array(table.source.notes, dtype=str),
        **{name: getattr(table, name) for name in _ARRAYS},
        **arrays,
    )
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
                # the file may have another name by now
                notes=tuple(
                    str(note).replace(str(stored["name"]), source.name) for note in stored["notes"]
                ),
            ),
            properties={
                name.removeprefix("property_"): stored[name]
                for name in stored.files
                if name.startswith("property_")
            },
            **{name: stored[name] for name in _ARRAYS},
        )
