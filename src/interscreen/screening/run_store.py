"""Finished chunks of a run on disk: a killed run goes on where it was."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import InterscreenError, OutputError
from ..wholefile import sync_folder, write_whole
from .folder import MANIFEST, check_place
from .run_files import (
    inode_of,
    is_whole,
    manifest_of,
    remove,
    sync_tree,
)
from .run_key import RunKey, decode, encode

_KEY_FILE, _PARTS, _FINAL, _REPLACED = "run.json", "parts", "final", "replaced"
_OWN = {_KEY_FILE, f".{_KEY_FILE}.new", _PARTS, _FINAL, _REPLACED}
_TRIES = 20  # a lock file that another process removes at this moment


class RunStore:
    """The chunks of a run, in a working folder beside the place of the finished run.

    Made by :meth:`open`; a context manager.  The working folder ``.NAME.partial`` holds the key
    of the run (``run.json``) and one Parquet file for each finished chunk; it outlives a kill at
    any moment and goes when the run is finished.

    Attributes
    ----------
    target : Path
        Where the finished run goes.
    key : RunKey
        What the results depend on.
    folder : Path
        The working folder.
    complete : bool
        Whether the finished run of this key is already in its place.
    damaged : tuple of int
        Chunks that were there but cannot be used; they count as missing.
    """

    def __init__(self, target: Path, key: RunKey) -> None:
        self.target = Path(os.path.abspath(target))
        self.key = key
        self.folder = self.target.parent / f".{self.target.name}.partial"
        self.complete = False
        self.damaged: tuple[int, ...] = ()
        self._missing: set[int] = set()
        self._made: list[Path] = []
        self._unlock = contextlib.ExitStack()

    @classmethod
    def open(cls, target: Path, key: RunKey, *, fresh: bool = False) -> RunStore:
        """Make the working folder of a run, or continue with it.

        Parameters
        ----------
        target : Path
            Where the finished run goes; an earlier run there stays until then.
        key : RunKey
            What the results depend on.
        fresh : bool
            Begin again: forget finished chunks, of whatever key, and a complete run.

        Raises
        ------
        OutputError
            When the place is taken, cannot be written to, holds an unfinished run of another key,
            or another process works there.
        """
        store = cls(target, key)
        with store._told(), contextlib.ExitStack() as undo:
            undo.callback(store._close)
            check_place(store.target)
            store._made = [parent for parent in store.target.parents if not parent.exists()]
            store.target.parent.mkdir(parents=True, exist_ok=True)
            store._lock()
            store._restore()
            store._begin(fresh)
            undo.pop_all()
        return store

    @property
    def missing(self) -> list[int]:
        """Numbers of the chunks that are not there yet, in order."""
        return sorted(self._missing)

    def add(self, number: int, table: Any) -> None:
        """Store a finished chunk as a whole, or not at all.

        Parameters
        ----------
        number : int
            Which chunk; one of those that are missing.
        table : pyarrow.Table
            Its rows.

        Raises
        ------
        OutputError
            When it cannot be written; earlier chunks are kept.
        """
        if number not in self._missing:
            raise ValueError(f"chunk {number} is not missing")
        data = encode(table, self.key.hash, number)
        with self._told():
            write_whole(self._part(number), data)
        self._missing.remove(number)

    def finish(self, write: Callable[[Path, Iterator[Any]], None]) -> Path:
        """Write the final files and put them in their place as a whole.

        Parameters
        ----------
        write : callable
            Gets a new folder and the chunks in the order of their numbers, read one by one;
            writes the final files, ``manifest.json`` with the ``run_key`` (the key's hash) too.

        Returns
        -------
        Path
            The folder of the finished run.

        Raises
        ------
        OutputError
            When something cannot be written, or a stored chunk was damaged meanwhile; finished
            chunks are kept, and so is the earlier run.
        """
        if self.complete or self._missing:
            raise ValueError(f"{len(self._missing)} chunks are missing, complete: {self.complete}")
        final = self.folder / _FINAL
        with self._told():
            remove(final)
            final.mkdir()
            try:
                write(final, self._tables())
                if manifest_of(final).get("run_key") != self.key.hash:
                    raise ValueError(f"{MANIFEST} does not state the run_key")
                sync_tree(final)
                check_place(self.target)
                self._take_place(final)
            finally:
                shutil.rmtree(final, ignore_errors=True)
        self.complete = True
        with contextlib.suppress(OSError):  # the results are in their place
            self._discard()
        return self.target

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.complete and len(self._missing) == self.key.chunks:
            with contextlib.suppress(OSError):  # nothing to keep for the next time
                self._discard()
        self._close()

    # -- the beginning -----------------------------------------------------------

    def _lock(self) -> None:
        """Keep other processes away until this one ends, however it ends."""
        from filelock import FileLock, Timeout

        path = self.folder.with_name(f"{self.folder.name}.lock")
        for _ in range(_TRIES):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o666))
            before = inode_of(path)
            lock = FileLock(path, timeout=0, thread_local=False)
            try:
                lock.acquire()
            except Timeout:
                raise OutputError(
                    f"output folder {self.target}: another process is working on it; wait until "
                    "it has finished, or name another folder with --out"
                ) from None
            except FileNotFoundError:  # removed between two looks of the library
                continue
            except NotImplementedError:
                raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from None
            # whoever finishes removes the file: a lock on a removed one would guard nothing
            if before is not None and before == inode_of(path):
                self._unlock.callback(lock.release)
                self._unlock.callback(path.unlink, missing_ok=True)  # first, while it is ours
                return
            lock.release()
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def _restore(self) -> None:
        """Put an earlier run back that a killed process had moved aside."""
        replaced = self.folder / _REPLACED
        if os.path.lexists(replaced) and not os.path.lexists(self.target):
            replaced.rename(self.target)
            sync_folder(self.target.parent)

    def _begin(self, fresh: bool) -> None:
        """Find out what is there, and make the working folder if it is not."""
        earlier = self._earlier()
        if fresh or (earlier is not None and is_whole(self.target, earlier.hash)):
            self._discard()  # not wanted any more, or the rest of a run that is finished
            earlier = None
        parts = self.folder / _PARTS
        orphans = earlier is None and parts.is_dir() and any(parts.glob("*.parquet"))
        self.complete = not fresh and is_whole(self.target, self.key.hash)
        if self.complete:
            if earlier is None and not orphans:
                self._discard()  # what may be left of it holds nothing
            return
        if orphans:
            raise OutputError(
                f"output folder {self.target}: finished chunks are there, but "
                f"{self.folder / _KEY_FILE}, which says of what, is missing or damaged; start "
                "over with --fresh, or name another folder with --out"
            )
        if earlier is None:
            try:
                parts.mkdir(parents=True, exist_ok=True)
                write_whole(self.folder / _KEY_FILE, self.key.to_json().encode())
                sync_folder(self.folder.parent)
            except OSError:
                with contextlib.suppress(OSError):
                    self._discard()
                raise
        elif earlier.hash != self.key.hash:
            done = sum(1 for _ in parts.glob("*.parquet"))
            raise OutputError(
                f"output folder {self.target}: an unfinished run is there ({done} of "
                f"{earlier.chunks} chunks), but {self.key.changes(earlier)}; finish it as it was "
                "begun, start over with --fresh, or name another folder with --out"
            )
        self._take_stock(parts)

    def _earlier(self) -> RunKey | None:
        """Return the key of the run in the working folder, if there is one."""
        if not os.path.lexists(self.folder):
            return None
        if self.folder.is_symlink() or not self.folder.is_dir():
            raise OutputError(
                f"output folder {self.target}: {self.folder} is no folder; the chunks go there: "
                "move it away, or name another folder with --out"
            )
        with contextlib.suppress(FileNotFoundError, UnicodeDecodeError):
            key = RunKey.from_json((self.folder / _KEY_FILE).read_text(encoding="utf-8"))
            if key is not None:
                return key
        if any(entry.name not in _OWN for entry in self.folder.iterdir()):
            raise OutputError(
                f"output folder {self.target}: {self.folder} holds files that are no interscreen "
                "run; move it away, or name another folder with --out"
            )
        return None

    def _take_stock(self, parts: Path) -> None:
        """Read every chunk: after a power cut some may be there but empty or cut short."""
        parts.mkdir(exist_ok=True)
        for leftover in parts.glob(".*.new"):
            leftover.unlink()
        damaged = []
        for number in range(self.key.chunks):
            if not self._part(number).exists():
                self._missing.add(number)
            elif self._read(number) is None:
                self._missing.add(number)
                damaged.append(number)
        self.damaged = tuple(damaged)

    # -- chunks and places -------------------------------------------------------

    def _part(self, number: int) -> Path:
        return self.folder / _PARTS / f"{number:05d}.parquet"

    def _read(self, number: int) -> Any | None:
        return decode(self._part(number).read_bytes(), self.key.hash, number)

    def _tables(self) -> Iterator[Any]:
        for number in range(self.key.chunks):
            yield self._sound(number)  # without a name of its own: the reader may let it go

    def _sound(self, number: int) -> Any:
        table = self._read(number) if self._part(number).exists() else None
        if table is None:
            self._missing.add(number)
            raise OutputError(
                f"output folder {self.target}: chunk {number} was damaged after it had been "
                f"stored ({self._part(number)}); run the same command again, it computes that one "
                "anew"
            )
        return table

    def _take_place(self, final: Path) -> None:
        """Move the final folder to its place; a kill in between is mended by the next process."""
        replaced = self.folder / _REPLACED
        try:
            if os.path.lexists(self.target):
                remove(replaced)  # somebody made the target anew after a kill
                self.target.rename(replaced)
            final.rename(self.target)
        except BaseException:
            self._restore()
            raise
        sync_folder(self.target.parent)

    def _discard(self) -> None:
        """Remove the working folder, its key last: a rest of it still says what it was."""
        self._restore()  # an earlier run never goes before another one has its place
        for name in sorted(_OWN - {_KEY_FILE}):
            remove(self.folder / name)
        remove(self.folder)

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._unlock.close()
        for parent in self._made:  # innermost first; one that holds anything stays
            with contextlib.suppress(OSError):
                parent.rmdir()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the operating system says into one line with a remedy."""
        try:
            yield
        except InterscreenError:  # some of them are OSErrors as well
            raise
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                remedy = "make room and run the same command again"
            elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
                remedy = "make it writable and run the same command again, or name another folder"
                remedy += " with --out"
            else:
                remedy = "mend that and run the same command again"
            raise OutputError(
                f"output folder {self.target}: cannot be written ({reason}); {remedy}; "
                "finished chunks are kept"
            ) from None
