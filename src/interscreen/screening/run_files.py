"""Files that are there as a whole or not at all, and what a finished run says of itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from ..wholefile import sync_folder
from .folder import MANIFEST


def sync_tree(folder: Path) -> None:
    """Make every file of a folder safe against a power cut."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def inode_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another of the same name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run; empty where there is none."""
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def is_whole(folder: Path, run_key: str) -> bool:
    """Whether the finished run of a key is there, with every file as it was written."""
    manifest = manifest_of(folder)
    if manifest.get("run_key") != run_key:
        return False
    for name, checksum in manifest.get("files_sha256", {}).items():
        try:
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != checksum:
                    return False
        except FileNotFoundError:
            return False
    return True
