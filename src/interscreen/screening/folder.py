"""The folder of a run: written beside its place and moved there when it is complete."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..wholefile import umask
from .runner import ScreenResult

MANIFEST = "manifest.json"
TABLES = (
    "results reactions windows lithiation ranking weights uncertainty sensitivity surroundings"
).split()


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``target`` if nothing goes wrong.

    An earlier run at the same place is replaced as a whole; a folder that holds anything else is
    refused.  After an error nothing is left behind.

    Raises
    ------
    OutputError
        When the place is taken by something else or cannot be written to.
    """
    target = Path(os.path.abspath(target))
    check_place(target)
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        temporary.chmod(0o777 & ~umask())
    except OSError as error:
        raise OutputError(f"output folder {target}: cannot be written ({error.strerror})") from None
    try:
        yield temporary
        check_place(target)
        _swap(temporary, target)
    except OSError as error:
        raise OutputError(f"output folder {target}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for parent in missing:  # innermost first; one that holds the run stays
            with contextlib.suppress(OSError):
                parent.rmdir()


def check_place(target: Path) -> None:
    """Refuse a place that holds something else than a run."""
    if target.is_dir():
        if any(target.iterdir()) and not (target / MANIFEST).is_file():
            raise OutputError(
                f"output folder {target}: holds files that are no interscreen run; "
                "name another folder with --out"
            )
    elif target.exists() or target.is_symlink():
        raise OutputError(f"output folder {target}: is a file; name another place with --out")


def _swap(temporary: Path, target: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    try:
        target.rename(old / "run")
        try:
            temporary.rename(target)
        except OSError:
            (old / "run").rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def write_tables(folder: Path, result: ScreenResult) -> None:
    """Write the CSV files: full precision, the same bytes for the same input."""
    for name in TABLES:
        table = getattr(result, name)
        if table is not None:  # not asked for
            table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write manifest.json with the checksum of every other file."""
    sums = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.name != MANIFEST
    }
    text = json.dumps({**manifest, "files_sha256": sums}, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
