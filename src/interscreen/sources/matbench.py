"""Matbench v0.1 formation energies: fetched once, checked, kept as one small Parquet file."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, InterscreenError, OutputError, SourceError
from ..phases.cache import cache_folder
from ..phases.source import Source
from .download import Progress, download, public_address
from .matbench_formats import FORMULA, read_matbench

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PUBLISHED_URL = "https://ml.materialsproject.org/projects/matbench_mp_e_form.json.gz"
# as the metadata of the data sets in the package matminer record it
PUBLISHED_SHA256 = "dedcb1d4ba2e3e50dbdd45ba5bc647a00e9c2bcf8f8bf556dc8e92caa39eb21f"
STATEMENT = "formation energies of the Materials Project as published in Matbench v0.1 (CC BY 4.0)"

_FORMAT = "1"  # raise it when the meaning of a stored column changes
_PULL = "`interscreen data pull matbench`"
_WORK = "pull-"  # folders of pulls under way begin with it
_LEFT_BEHIND = 3 * 24 * 3600.0  # [s]


@dataclass(frozen=True)
class MatbenchPull:
    """What was pulled.

    Attributes
    ----------
    path : path
        The Parquet file in the user's cache folder.
    rows, formulas : int
        Structures, and distinct reduced formulas among them.
    sha256 : str
        Checksum of the file that was read.
    verified : bool
        Whether the checksum is the published one or the one that was asked for.
    origin : str
        Where the file came from; an address without user, password and query.
    seconds : float
        How long it took [s].
    """

    path: Path
    rows: int
    formulas: int
    sha256: str
    verified: bool
    origin: str
    seconds: float


def matbench_file() -> Path:
    """Where the pulled data are kept."""
    return cache_folder() / "matbench" / "matbench_mp_e_form.parquet"


def pull_matbench(
    origin: str | None = None,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> MatbenchPull:
    """Fetch the data, check them and keep them; an earlier file stays until all went well.

    Parameters
    ----------
    origin : str, optional
        A file, or an address with ``http://`` or ``https://``; by default the published
        address.  JSON of the published form or CSV, gzipped or plain.
    sha256 : str, optional
        Checksum that the file must have; that of the published address is known.
    progress : callable, optional
        Called with bytes done and bytes in all (None when unknown): first of the download, then
        from 0 again while the file is read.
    say : callable, optional
        Called with one line at the start of each stage and before another attempt.

    Raises
    ------
    InputError
        When the file cannot be read, has another checksum than asked for, or holds something
        else.
    SourceError
        When an address refuses or sends a file with another checksum.
    OutputError
        When the cache folder cannot be written to.
    """
    started = time.monotonic()
    say = say or (lambda line: None)
    origin = PUBLISHED_URL if origin is None else origin
    expected = _expected(origin, sha256)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", origin)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise InputError(f"matbench: {scheme[1]}:// is not supported; give https://... or a path")
    shown = public_address(origin) if scheme else origin
    stored = matbench_file()
    try:
        stored.parent.mkdir(parents=True, exist_ok=True)
        _sweep(stored.parent)
        with tempfile.TemporaryDirectory(
            prefix=_WORK, dir=stored.parent, ignore_cleanup_errors=True
        ) as folder:
            if scheme:
                say(f"downloading {shown}")
                file = Path(folder) / "download"
                digest = download(origin, file, progress=progress, on_retry=say)
            else:
                file = Path(origin)
                digest = _digest(file)
            if expected is not None and digest != expected:
                raise (SourceError if scheme else InputError)(
                    f"{shown}: its checksum (sha256) is {digest}, not {expected}; it is damaged or "
                    "another file: " + ("pull again, or " if scheme else "")
                    + "give a file whose checksum you trust together with its sha256"
                )  # fmt: skip
            say(f"reading {shown}")
            rows = read_matbench(file, shown, progress)
            verified = digest in (expected, PUBLISHED_SHA256)
            part = Path(folder) / stored.name
            _write(rows.table(), part, shown, digest, verified)
            os.replace(part, stored)
    except InterscreenError:  # before OSError: a SourceError is one, too
        raise
    except OSError as error:
        raise OutputError(
            f"{stored}: cannot be written ({error.strerror or _line(error)}); make room, or choose "
            "another folder with INTERSCREEN_CACHE"
        ) from None
    return MatbenchPull(
        path=stored,
        rows=len(rows.formulas),
        formulas=len(set(rows.formulas)),
        sha256=digest,
        verified=verified,
        origin=shown,
        seconds=time.monotonic() - started,
    )


def matbench_frame() -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the stored data, one row per structure, and where they come from.

    Returns
    -------
    frame : pandas.DataFrame
        Columns ``formula`` (reduced), ``formation_energy_eV_per_atom`` and, unless a CSV was
        pulled, ``volume_A3_per_atom`` and ``density_g_per_cm3``.
    metadata : dict of str to str
        See ``stored_metadata``.

    Raises
    ------
    InputError
        When nothing was pulled yet, or the stored file is damaged or of another version.
    """
    table, metadata = _stored()
    return table.to_pandas(), metadata


def stored_metadata() -> dict[str, str]:
    """Return ``origin``, ``sha256``, ``verified`` (yes or no), ``date``, ``rows`` and the format.

    Raises
    ------
    InputError
        See ``matbench_frame``.
    """
    return _stored()[1]


def stored_matbench() -> tuple[str, Source]:
    """Return the path of the stored file, which was checked, and what is known about it.

    Raises
    ------
    InputError
        See ``matbench_frame``.
    """
    from .bundled import CITATION, VERSION

    metadata = stored_metadata()
    if metadata["sha256"] == PUBLISHED_SHA256:
        version = VERSION
    else:
        version = f"{VERSION}, not the published file: sha256 {metadata['sha256'][:12]}"
    return str(matbench_file()), Source(
        name="matbench",
        version=version,
        thermo_type="GGA_GGA+U",
        statement=STATEMENT,
        citation=CITATION,
    )


def _stored() -> tuple[pa.Table, dict[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = matbench_file()
    if not file.exists():
        raise InputError(
            f"matbench is not in the local store; run {_PULL} once (132,752 formation energies of "
            "the Materials Project, CC BY 4.0; no key needed)"
        )
    try:
        table = pq.read_table(file)
        stored = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        if stored.get("format_version") != _FORMAT:
            raise ValueError("it is of another format version")
        if _fingerprint(table) != stored["content_sha256"]:
            raise ValueError("its checksum is wrong")
        names = ("origin", "sha256", "verified", "date", "format_version")
        return table, {name: stored[name] for name in names} | {"rows": str(table.num_rows)}
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(
            f"matbench: {file} cannot be used ({_line(error)}); run {_PULL} again"
        ) from None


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _sweep(folder: Path) -> None:
    """Remove what pulls left behind that were killed days ago."""
    for left in folder.glob(f"{_WORK}*"):
        if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)


def _expected(origin: str, sha256: str | None) -> str | None:
    """Return the checksum that the file must have, if any."""
    asked = None if sha256 is None else sha256.strip().lower()
    if asked is not None and not re.fullmatch("[0-9a-f]{64}", asked):
        raise InputError(f"sha256 {sha256!r}: a checksum has 64 digits 0-9 and a-f; copy all of it")
    if origin != PUBLISHED_URL:
        return asked
    if asked not in (None, PUBLISHED_SHA256):
        raise InputError(
            f"sha256 {asked}: the file at {PUBLISHED_URL} has {PUBLISHED_SHA256}; leave the "
            "checksum out, or give another origin"
        )
    return PUBLISHED_SHA256


def _digest(file: Path) -> str:
    try:
        with open(file, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise InputError(f"matbench: {str(file)!r}: no such file; give a path or a URL") from None
    except OSError as error:
        raise InputError(f"matbench: {str(file)!r} cannot be read ({error.strerror})") from None


def _write(table: pa.Table, file: Path, origin: str, digest: str, verified: bool) -> None:
    import pyarrow.parquet as pq

    metadata = {
        "origin": origin,
        "sha256": digest,
        "verified": "yes" if verified else "no",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "format_version": _FORMAT,
        "content_sha256": _fingerprint(table),
    }
    pq.write_table(table.replace_schema_metadata(metadata), file, compression="zstd")


def _fingerprint(table: pa.Table) -> str:
    """Checksum of the contents, so that a damaged file cannot pass for a sound one."""
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{name}\n".encode())
        digest.update(
            "\n".join(column.to_pylist()).encode()
            if name == FORMULA
            else column.to_numpy().astype("float64").tobytes()
        )
    return digest.hexdigest()
