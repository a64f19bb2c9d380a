"""The folder of a run: written beside its place, moved there file by file when it is complete.

Its manifest.json says what the run was made from, so that it can be repeated, and proves which
files are ours.
"""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import os
import platform
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, OutputError
from ..files import checksum, sync, umask, write_whole
from ..phases.columns import COLUMNS
from ..phases.table import PhaseTable
from ..version import version as own_version

if TYPE_CHECKING:
    import pandas as pd

    from .run import ScreenResult

log = logging.getLogger(__name__)

MANIFEST, RESULTS = "manifest.json", "results.parquet"
_OWN_KEYS = {"source", "command", "versions"}  # of a manifest that we wrote
_REPLACED = "files_sha256_replaced"  # checksums of a run that is being replaced
# of what a manifest says; the lists are of texts
_KINDS: dict[str, type] = {
    **dict.fromkeys(("source", "study", "versions", "files_sha256", "hidden"), dict),
    **dict.fromkeys(("warnings", "notes", "left_out_phases"), list),
    **dict.fromkeys(("command", "date", "run_key"), str),
}
_ENDING = ".unfinished"  # of a temporary folder
_YOUNG = 60.0  # s: who made a temporary folder has locked it by then
_MOST_BYTES = 64 * 1024**2  # of a manifest
_PACKAGES = (
    "numpy", "pandas", "pyarrow", "numba", "scipy", "joblib", "pymatgen", "pymatgen-core",
    "matplotlib", "pydantic", "ruamel.yaml",
)  # fmt: skip
TABLES = (
    "results reactions windows lithiation ranking weights uncertainty sensitivity surroundings "
    "treatments anchors scales coatings phases"
).split()


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder whose files take their place in ``target`` if nothing goes wrong.

    The files of an earlier run at the same place are replaced or removed; whatever else lies there
    stays.  After an error nothing is left behind.

    Raises
    ------
    OutputError
        When the place holds files that are not proven to be ours, or cannot be written to.
    """
    target = Path(os.path.abspath(target))
    check_place(target)
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        temporary = Path(tempfile.mkdtemp(_ENDING, f".{target.name}.", target.parent))
        temporary.chmod(0o777 & ~umask())
        lock = _locked(temporary)
    except OSError as error:
        raise OutputError(f"output folder {target}: cannot be written ({error.strerror})") from None
    try:
        yield temporary
        publish(temporary, target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"output folder {target}: cannot be written ({error.strerror})") from None
    finally:
        _remove(temporary, lock)
        for parent in missing:  # innermost first; one that holds the run stays
            with contextlib.suppress(OSError):
                parent.rmdir()


def _sweep(target: Path) -> None:
    """Remove the temporary folders of processes that were killed: nobody holds their locks."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.????????{_ENDING}"):
        with contextlib.suppress(OSError):
            old = left.is_dir() and time.time() - left.stat().st_mtime > _YOUNG
            lock = _locked(left) if old else None
            if lock is not None:
                _remove(left, lock)


def _remove(folder: Path, lock: int | None) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        if lock is not None:
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """Lock a folder until this process ends; None where that cannot be, or another one has it."""
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def check_place(target: Path) -> None:
    """Refuse a place that holds something else than a run, and a name that no place can have."""
    _require_name(target, "output folder")
    if target.is_dir():
        if any(target.iterdir()) and not own_files(target):
            raise OutputError(
                f"output folder {target}: holds files that are no interscreen run; "
                "name another folder with --out"
            )
    elif target.exists() or target.is_symlink():
        raise OutputError(f"output folder {target}: is a file; name another place with --out")


def publish(new: Path, target: Path) -> None:
    """Move the files of a finished run to their place, the manifest last.

    Only files that the manifest of the earlier run lists, and that still are as it says, are
    replaced or removed.  While files are moved the manifest names the old checksums as well as the
    new ones, so that the next run can take over a folder that a killed process left half replaced.

    Raises
    ------
    OutputError
        When a file would be overwritten or removed that is not proven to be ours; nothing is
        touched then.
    """
    check_place(target)
    for file in new.iterdir():
        sync(file)
    sync(new)
    if not target.exists():
        new.rename(target)
        sync(target.parent)
        return
    ours = own_files(target)
    names = {file.name for file in new.iterdir()} - {MANIFEST}
    there = [name for name in sorted({*ours, *names}) if os.path.lexists(target / name)]
    for name in there:
        if not _is_ours(target / name, ours.get(name, ())):
            what = "was changed since the run" if name in ours else "is not of this run"
            raise OutputError(
                f"output folder {target}: {name} {what} and would be lost; move it away, or name "
                "another folder with --out"
            )
    manifest = _read_manifest(new)
    between = {**manifest, _REPLACED: {name: list(sums) for name, sums in ours.items()}}
    write_whole(target / MANIFEST, _text_of(between))
    for name in sorted(names):
        os.replace(new / name, target / name)
    for name in set(there) - names:
        (target / name).unlink()
    sync(target)
    os.replace(new / MANIFEST, target / MANIFEST)
    sync(target)


def own_files(folder: Path) -> dict[str, tuple[str, ...]]:
    """Files that the manifest of a folder claims, each with the checksums that prove it.

    Empty where there is no manifest, or one that interscreen did not write.
    """
    manifest = _read_manifest(folder)
    sums = manifest.get("files_sha256")
    if not isinstance(sums, dict) or not set(manifest) >= _OWN_KEYS:
        return {}
    found: dict[str, tuple[str, ...]] = {str(name): (str(value),) for name, value in sums.items()}
    replaced = manifest.get(_REPLACED, {})
    for name, values in replaced.items() if isinstance(replaced, dict) else ():
        found[name] = (*found.get(name, ()), *map(str, values))
    return found


def require_unaltered(folder: Path) -> None:
    """Refuse a run with a table that is not as the run wrote it.

    Raises
    ------
    InputError
        For a table that was changed or added, results or ranking that are missing, and a manifest
        that is none.  Another table that is missing, and a folder without checksums (of an earlier
        version, or gathered by hand), are only warned about.
    """
    sums = read_manifest(folder).get("files_sha256")
    if not isinstance(sums, dict):
        if not folder.is_dir():
            return  # whoever reads it says so
        log.warning("warning: run %s has no checksums: nobody can tell if it was changed", folder)
        return
    if _REPLACED in read_manifest(folder):
        raise InputError(
            f"run {folder}: a screen was stopped while it replaced this run; run that again"
        )
    there = [f"{name}.csv" for name in TABLES] + [RESULTS]
    for name in there:
        file = folder / name
        if name in sums and not file.is_file():
            what = "is missing"
            if name not in (RESULTS, "results.csv", "ranking.csv"):  # too large to hand on
                log.warning("warning: run %s: %s is missing", folder, name)
                continue
        elif file.exists() and name not in sums:
            what = "is not of this run"
        elif file.exists() and checksum(file) != sums[name]:
            what = "was changed since the run"
        else:
            continue
        raise InputError(f"run {folder}: {name} {what}; put it right, or run the screen again")


def check_file(file: Path, force: bool = False) -> None:
    """Refuse to write over a file of a run, and without ``force`` over any other that is there.

    Raises
    ------
    OutputError
    """
    _require_name(file, "output file")
    if file.is_dir():
        raise OutputError(f"output file {file}: is a folder; name a file")
    folder = file.resolve().parent
    ours = own_files(folder)
    if ours and file.name in (*ours, MANIFEST):
        raise OutputError(f"output file {file}: belongs to a run; name another place")
    if os.path.lexists(file) and not force:
        raise OutputError(
            f"output file {file}: is there already; name another place, or replace it with --force"
        )


def _require_name(path: Path, what: str) -> None:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:  # too long, NUL in it
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{what} {str(path)[:200]!r}: cannot be used ({reason})") from None


def record_file(folder: Path, name: str) -> None:
    """Enter a file that was added to a finished run, or made again, in its manifest."""
    if own_files(folder):
        manifest = _read_manifest(folder)
        manifest["files_sha256"][name] = checksum(folder / name)
        write_whole(folder / MANIFEST, _text_of(manifest))


def is_whole(folder: Path, run_key: str) -> bool:
    """Whether the finished run of a key is there, with every table as it was written."""
    return _read_manifest(folder).get("run_key") == run_key and all(
        _is_ours(folder / name, checksums)
        for name, checksums in own_files(folder).items()
        if Path(name).suffix in (".csv", ".parquet")  # page and figures can be made from them
    )


def _is_ours(file: Path, checksums: Sequence[str]) -> bool:
    return file.is_file() and not file.is_symlink() and checksum(file) in checksums


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read manifest.json, empty where there is none; InputError for a file that is no manifest."""
    file = folder / MANIFEST
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("larger than any manifest")
        read = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read ({error}); run the screen again") from None
    if not isinstance(read, dict):
        raise InputError(f"{file}: cannot be read (no manifest of a run); run the screen again")
    for key, value in read.items():
        kind = _KINDS.get(key, object)
        texts = not isinstance(value, list) or all(isinstance(text, str) for text in value)
        if not isinstance(value, kind) or (kind is list and not texts):
            raise InputError(f"{file}: cannot be read (its {key} is none); run the screen again")
    return read


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        return read_manifest(folder)
    except InputError:  # that of somebody else
        return {}


def _text_of(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def write_tables(folder: Path, result: ScreenResult) -> None:
    """Write the CSV files: full precision, the same bytes for the same input."""
    for name in TABLES:
        table = getattr(result, name)
        if table is not None:  # not asked for
            write_table(table, folder / f"{name}.csv")


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a CSV file; whole numbers stay whole where some rows have none."""
    whole = [key for key in table if COLUMNS[str(key)].type == "integer"]
    table.astype(dict.fromkeys(whole, "Int64")).to_csv(file, index=False, lineterminator="\n")


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write manifest.json with the checksum of every other file."""
    sums = {file.name: checksum(file) for file in sorted(folder.iterdir()) if file.name != MANIFEST}
    (folder / MANIFEST).write_bytes(_text_of({**manifest, "files_sha256": sums}))


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that a number depends on."""
    found = {"python": platform.python_version(), "interscreen": own_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def build_manifest(
    table: PhaseTable,
    study: Mapping[str, Any],
    command: Sequence[str],
    seconds: float,
    **results: Any,
) -> dict[str, Any]:
    """Collect the manifest of a run: study as resolved, command line, wall time [s], the rest."""
    return {
        "source": table.source.to_dict(),
        "phases_left_out_of_the_source": list(table.left_out),
        "study": dict(study),
        "command": shlex.join(command),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_time_s": round(seconds, 3),
        "versions": package_versions(),
        **results,
    }
