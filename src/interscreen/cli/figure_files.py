"""Where the files of a figure go: ``--out``, ``--format`` and ``--width``."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, OutputError
from ..report.figures.saving import FORMATS, save
from ..screen.folder import MANIFEST

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_LONGEST = 60  # characters of a name made from materials


@dataclass(frozen=True)
class Place:
    """Folder, stem of the file names, and formats."""

    folder: Path
    stem: str
    formats: tuple[str, ...]

    def write(self, figure: Figure, tables: Mapping[str, pd.DataFrame]) -> tuple[Path, ...]:
        """Write a figure and its data; a table that is something else is not overwritten.

        Raises
        ------
        OutputError
            When the place is taken or cannot be written to.
        """
        for key, frame in tables.items():
            _check_table(self.folder / f"{self.stem}{key}.csv", frame)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"output folder {self.folder}: cannot be written ({error.strerror})"
            ) from None
        return save(figure, self.folder, self.stem, self.formats, tables)


def place_of(arguments: argparse.Namespace, *names: str) -> Place:
    """Place that the options name; ``names`` make the file name where they do not.

    Raises
    ------
    InputError
        For an unknown format or a file ending that contradicts it.
    """
    formats = _formats(arguments.format)
    words = (re.sub(r"[^A-Za-z0-9.()-]+", "-", name).strip("-.") for name in names)
    stem = "_".join(word for word in words if word)[:_LONGEST].rstrip("_-.")
    out = arguments.out
    if out is None:
        return Place(Path(), stem, formats or FORMATS)
    if not out.strip():
        raise InputError("--out: is empty; name a folder or a file without its ending")
    path = Path(out)
    if out.endswith(("/", os.sep)) or path.is_dir():
        return Place(path, stem, formats or FORMATS)
    ending = path.suffix.lower().removeprefix(".")
    if ending not in (*FORMATS, "csv"):
        return Place(path.parent, path.name, formats or FORMATS)
    if ending == "csv":
        return Place(path.parent, path.stem, formats or FORMATS)
    if formats and ending not in formats:
        raise InputError(f"--out {out}: ends in .{ending}, but --format is {arguments.format}")
    return Place(path.parent, path.stem, formats or (ending,))


def _formats(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    listed = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in listed:
        if word not in FORMATS:
            raise InputError(f"--format {word}: unknown; choose from {', '.join(FORMATS)}")
    if not listed:
        raise InputError(f"--format {text!r}: names none; choose from {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(listed))


def _check_table(path: Path, frame: pd.DataFrame) -> None:
    """Refuse to overwrite a table of a run, or one with other columns."""
    if not path.is_file():
        return
    mine = ",".join(str(name) for name in frame.columns)
    try:
        with path.open(encoding="utf-8") as stream:
            theirs = stream.readline().rstrip("\r\n")
        manifest = path.with_name(MANIFEST)
        kept = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
        of_run = path.name in kept.get("files_sha256", {})
    except (OSError, ValueError, AttributeError):
        theirs, of_run = "", False
    if of_run or theirs != mine:
        what = "belongs to a run" if of_run else "holds another table"
        raise OutputError(f"output file {path}: {what}; name another place with --out")
