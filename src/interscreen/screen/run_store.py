"""Finished chunks of a run on disk: the same command goes on where a killed one stopped."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InterscreenError, OutputError
from ..files import write_whole
from .folder import check_place, is_whole, publish

if TYPE_CHECKING:
    import pyarrow as pa

_KEY, _FINAL, _LOCK = "run.json", "final", "lock"


class RunStore:
    """The chunks of a run, in a working folder beside the place of the finished run.

    Made by :meth:`open`; a context manager.  The working folder ``.NAME.partial`` holds the key of
    the run (``run.json``) and one Parquet file for each finished chunk.  It outlives a kill and
    goes when the run is finished.

    Attributes
    ----------
    target, folder : Path
        Where the finished run goes, and the working folder.
    key : dict
        What the results depend on, as JSON knows it: study, table, version.
    hash : str
        SHA-256 of the key.
    complete : bool
        Whether the finished run of this key is already in its place.
    missing : list of int
        Numbers of the chunks that are not there yet.
    """

    def __init__(self, target: Path, key: Mapping[str, Any], chunks: int) -> None:
        self.target = Path(os.path.abspath(target))
        text = json.dumps(key, sort_keys=True, ensure_ascii=False, allow_nan=False)
        self.key: dict[str, Any] = json.loads(text)
        self.hash = hashlib.sha256(text.encode()).hexdigest()
        self.folder = self.target.parent / f".{self.target.name}.partial"
        self.complete = False
        self.missing = list(range(chunks))
        self._chunks = chunks
        self._unlock = contextlib.ExitStack()

    @classmethod
    def open(
        cls, target: Path, key: Mapping[str, Any], chunks: int, *, fresh: bool = False
    ) -> RunStore:
        """Make the working folder of a run, or continue with it.

        An earlier run at the place stays until this one is finished.  With ``fresh`` finished
        chunks, of whatever key, and a complete run are forgotten.

        Raises
        ------
        OutputError
            When the place is taken, cannot be written to, holds an unfinished run of another key,
            or another process works there.
        """
        store = cls(target, key, chunks)
        check_place(store.target)
        store.complete = not fresh and is_whole(store.target, store.hash)
        if store.complete:
            store.missing = []
            return store
        with store._told(), contextlib.ExitStack() as undo:
            undo.callback(store._unlock.close)
            store._begin(fresh)
            undo.pop_all()
        return store

    def add(self, number: int, table: pa.Table) -> None:
        """Store a finished chunk as a whole, or not at all.

        Raises
        ------
        OutputError
            When it cannot be written; earlier chunks are kept.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        with self._told():
            write_whole(self._part(number), sink.getvalue().to_pybytes())
        self.missing.remove(number)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the chunks in the order of their numbers, read one by one."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for number in range(self._chunks):
            part = self._part(number)
            try:
                with part.open("rb") as file:
                    table = pq.ParquetFile(file).read(use_threads=False)
            except (pa.ArrowException, OSError, ValueError):
                part.unlink(missing_ok=True)
                raise OutputError(
                    f"output folder {self.target}: chunk {number} was damaged after it had been "
                    "stored; run the same command again, it computes that one anew"
                ) from None
            yield table

    def finish(self, write: Callable[[Path], None]) -> Path:
        """Write the final files and put them in their place.

        ``write`` gets a new folder and writes the final files (from ``tables``), ``manifest.json``
        with the ``run_key`` (``hash``) too.

        Raises
        ------
        OutputError
            When something cannot be written, or a stored chunk was damaged meanwhile; finished
            chunks are kept, and so is the earlier run.
        """
        final = self.folder / _FINAL
        with self._told():
            shutil.rmtree(final, ignore_errors=True)
            final.mkdir()
            write(final)
            publish(final, self.target)
        self.complete = True
        self._clear()
        return self.target

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._unlock.close()
        if len(self.missing) == self._chunks > 0 and not self.complete:  # nothing to keep
            self._clear()

    def _begin(self, fresh: bool) -> None:
        """Lock the working folder and see what is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock()
        try:
            stated = json.loads((self.folder / _KEY).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            stated = None
        if stated is not None and stated != self.key and not fresh:
            raise OutputError(
                f"output folder {self.target}: an unfinished run is there, but "
                f"{_changes(stated, self.key)}; finish it as it was begun, start over with "
                "--fresh, or name another folder with --out"
            )
        if fresh or stated is None:
            for part in self.folder.glob("*.parquet"):
                part.unlink()
        write_whole(self.folder / _KEY, json.dumps(self.key, ensure_ascii=False).encode())
        self.missing = [n for n in self.missing if not self._part(n).exists()]

    def _lock(self) -> None:
        """Keep other processes away until this one ends, however it ends."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / _LOCK, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise OutputError(
                f"output folder {self.target}: another process is working on it; wait until it has "
                "finished, or name another folder with --out"
            ) from None
        except NotImplementedError:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from None
        self._unlock.callback(lock.release)

    def _clear(self) -> None:
        """Remove what is ours, and the working folder if nothing else lies in it."""
        shutil.rmtree(self.folder / _FINAL, ignore_errors=True)
        with contextlib.suppress(OSError):
            for plan in self.folder.glob("plan-*"):  # of a process that was killed
                shutil.rmtree(plan, ignore_errors=True)
            for pattern in ("*.parquet", ".*.new", _KEY, _LOCK):
                for file in self.folder.glob(pattern):
                    file.unlink()
            self.folder.rmdir()

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:05d}.parquet"

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the operating system says into one line with a remedy."""
        try:
            yield
        except InterscreenError:  # some of them are OSErrors as well
            raise
        except OSError as error:
            raise OutputError(
                f"output folder {self.target}: cannot be written ({error.strerror or error}); mend "
                "that and run the same command again (finished chunks are kept), or name another "
                "folder with --out"
            ) from None


def _changes(old: Any, new: dict[str, Any]) -> str:
    """Name what differs between two keys, the first three places."""
    was, now = dict(_leaves(old, "")), dict(_leaves(new, ""))
    places = [place for place in {**now, **was} if was.get(place) != now.get(place)]
    shown = [
        f"{place} was {_short(was.get(place))}, is {_short(now.get(place))}" for place in places[:3]
    ]
    return "; ".join(shown) + (f"; and {len(places) - 3} more" if len(places) > 3 else "")


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield every value that is no mapping, with its place."""
    if not isinstance(value, dict):
        yield place, value
        return
    for key, inner in value.items():
        yield from _leaves(inner, f"{place}.{key}" if place else key)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
