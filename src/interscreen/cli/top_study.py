"""The best of a run as a study: from a screen of everything to error bars of a few."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError, OutputError
from ..files import write_whole
from ..phases.filters import Filters
from ..screen.folder import MANIFEST
from ..screen.weights import Ranking
from ..sources.open import NAMES

# what the new study takes over from the run, so that it asks the same source the same way
_KEPT = (
    "source", "thermo_type", "database", "filters", "add", "all_phases", "electrolytes",
    "cathodes", "air", "ranking",
)  # fmt: skip


def write_study(folder: Path, candidates: Sequence[str], path: Path) -> None:
    """Write a study of some candidates with the source and the electrolytes of a run.

    Parameters
    ----------
    folder : Path
        Of a finished run; its manifest says what the study was.
    candidates : sequence of str
    path : Path
        Ends in .yaml or .yml.

    Raises
    ------
    InputError
        For another ending, no candidates, or a manifest that cannot be read.
    OutputError
        When the file cannot be written.
    """
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"--study {path}: the ending must be .yaml")
    if not candidates:
        raise InputError(f"--study {path}: no candidate fits; loosen --where")
    study = _study(folder / MANIFEST)
    wanted: dict[str, Any] = {"name": path.stem}
    usual = {"ranking": Ranking().model_dump(mode="json"), "filters": vars(Filters())}
    for key in _KEPT:
        value = _stated(_unusual(study.get(key), usual.get(key)))
        if value not in (None, "", [], {}, False):
            wanted[key] = value
    # a study names files relative to itself
    if wanted.get("source", "") not in ("", *NAMES):
        wanted["source"] = str(Path(wanted["source"]).resolve())
    if "add" in wanted:
        wanted["add"] = [str(Path(name).resolve()) for name in wanted["add"]]
    known = {_name(entry): entry for entry in study.get("candidates") or []}
    wanted["candidates"] = [_stated(known.get(name, name)) for name in candidates]
    head = f"# The best of {folder.name}: interscreen screen {path.name} gives them error bars.\n"
    try:
        write_whole(path, (head + _yaml(wanted)).encode())
    except OSError as error:
        raise OutputError(f"--study {path}: cannot be written ({error.strerror})") from None


def _study(manifest: Path) -> dict[str, Any]:
    try:
        study: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["study"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{manifest}: cannot be read, so the source of the run is not known; run the screen "
            "again"
        ) from None
    return study


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("name") or entry.get("formula"))


def _unusual(value: Any, usual: Any) -> Any:
    """Leave out of nested mappings what equals the defaults."""
    if not isinstance(value, dict) or not isinstance(usual, dict):
        return value
    return {
        key: _unusual(entry, usual.get(key))
        for key, entry in value.items()
        if key not in usual or entry != usual[key]
    }


def _stated(value: Any) -> Any:
    """Leave out what is empty: it has its default anyway."""
    if isinstance(value, dict):
        kept = {key: _stated(entry) for key, entry in value.items()}
        return {k: v for k, v in kept.items() if v is not None and v not in ("", [], {})}
    if isinstance(value, list):
        entries = [_stated(entry) for entry in value]
        # an entry with a formula alone is written as such
        return [
            e["formula"]
            if isinstance(e, dict) and set(e) <= {"formula", "role"} and e.get("role") == "auto"
            else e
            for e in entries
        ]
    return value


def _yaml(data: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer = YAML(typ="safe")
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    writer.dump(data, stream)
    return stream.getvalue()
