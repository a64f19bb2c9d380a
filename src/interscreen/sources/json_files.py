"""JSON of entries or documents -> plain values; nothing in a file is imported or executed.

Only the keys that count are read, of a fixed list of classes; what else a file holds stays text and
numbers.  (monty's decoder would import any module that a file names.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..phases.units import is_number
from .reading import MOST_ROWS, as_text
from .rows import FORMULA_COLUMNS

MOST_VALUES = 10_000_000
ENTRIES = frozenset({"ComputedEntry", "ComputedStructureEntry", "PDEntry", "ExpEntry"})
_LISTS = {
    "PhaseDiagram": "all_entries",
    "PatchedPhaseDiagram": "all_entries",
    "EntrySet": "entries",
    "ComputedEntrySet": "entries",
}
_AROUND = ("entries", "data", "response", "all_entries")  # keys of a list with something beside it
_PREFIX = re.compile(r"^_[a-z\d]+_")  # of the fields of one OPTIMADE provider: _oqmd_delta_e
_FORMS = (
    "a JSON list of pymatgen entries (ComputedEntry, ComputedStructureEntry, PDEntry), a "
    "PhaseDiagram, an EntrySet, or documents of the Materials Project"
)


def read_json(content: bytes, file: Path) -> list[dict[str, Any]]:
    """Return the entries or documents of a JSON file, one dictionary each.

    It holds a list of them, a PhaseDiagram, an EntrySet, a dictionary with ``entries`` or
    ``data``, one by identifier, one on each line, columns as pandas writes them, or the answer of
    an OPTIMADE server.  Structures become compositions.

    Raises
    ------
    InputError
        For anything else, and for more than ten million values.
    """
    text, _ = as_text(content, file)
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise InputError(
            f"{file}: more than {MOST_VALUES} values; hand in the entries without structures, or "
            "a table of formation energies"
        )
    items = _listed(_parsed(text, file), file)
    if len(items) > MOST_ROWS:
        raise InputError(f"{file}: more than {MOST_ROWS} entries")
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise InputError(
                f"{file}, entry {number}: {_shown(item)} is no entry; hand in {_FORMS}"
            )
        kind = str(item.get("@class", "ComputedEntry"))
        if all(isinstance(value, dict | list) for value in item.values()):
            raise InputError(f"{file}, entry {number}: {_shown(item)} is none; hand in {_FORMS}")
        if kind not in ENTRIES and not _is_document(item):
            raise InputError(f"{file}, entry {number}: a {kind[:60]}; hand in {_FORMS}")
    return items


def is_entry(item: Mapping[str, Any]) -> bool:
    """Whether a dictionary is an entry with a total energy, not a document of a database."""
    return str(item.get("@class")) in ENTRIES or ("energy" in item and "composition" in item)


def _parsed(text: str, file: Path) -> Any:
    try:
        try:
            return json.loads(text, object_hook=_smaller)
        except json.JSONDecodeError as error:
            lines = [line for line in text.splitlines() if line.strip()]
            if error.msg != "Extra data" or not lines[0].lstrip().startswith(("{", "[")):
                raise
            return [json.loads(line, object_hook=_smaller) for line in lines]
    except RecursionError:
        raise InputError(
            f"{file}: not readable as pymatgen entries (nested too deeply); hand in {_FORMS}"
        ) from None
    except ValueError as error:
        raise InputError(
            f"{file}: not readable as pymatgen entries ({error}); it is no JSON, write it with "
            "json.dump or monty's dumpfn"
        ) from None


def _smaller(found: dict[str, Any]) -> dict[str, Any]:
    """Put the composition in place of a structure as soon as it is read.

    An entry of OPTIMADE becomes a row: its attributes, those of the provider without its prefix.
    """
    attributes = found.get("attributes")
    if "type" in found and isinstance(attributes, dict):
        plain = {_PREFIX.sub("", key, count=1): value for key, value in attributes.items()}
        return {"id": found.get("id"), **plain}
    sites = found.get("sites")
    if "lattice" not in found or not isinstance(sites, list):
        return found
    amounts: dict[str, float] = {}
    try:
        for site in sites:
            for species in site["species"]:
                symbol = species["element"]
                amounts[symbol] = amounts.get(symbol, 0.0) + float(species["occu"])
    except (KeyError, TypeError, ValueError, IndexError):
        return {}
    return {"composition": amounts}


def _listed(found: Any, file: Path) -> list[Any]:
    """Take the entries out of what is around them."""
    if isinstance(found, list):
        inner = found[0] if len(found) == 1 else None
        named = isinstance(inner, dict) and str(inner.get("@class")) in _LISTS
        return _listed(inner, file) if named or isinstance(inner, list) else found
    if not isinstance(found, dict):
        raise InputError(f"{file}: {_shown(found)} is no list of entries; hand in {_FORMS}")
    name = str(found.get("@class", ""))
    if is_entry(found) or _is_document(found):
        return [found]
    if name and name not in _LISTS:
        raise InputError(f"{file}: a {name[:60]}; hand in {_FORMS}")
    _whole(found, file)
    keys = (_LISTS[name], "computed_data") if name in _LISTS else _AROUND
    for key in keys:
        inner = found.get(key)
        if key == "data" and isinstance(found.get("columns"), list) and isinstance(inner, list):
            return _rows_of(found["columns"], inner)
        if key == "computed_data" and isinstance(inner, dict):
            inner = inner.get("all_entries")
        if isinstance(inner, list):
            return inner
        if isinstance(inner, dict) and inner and all(isinstance(v, dict) for v in inner.values()):
            return _by_name(inner)
    values = list(found.values())
    if len(values) == 1 and isinstance(values[0], dict | list):
        return _listed(values[0], file)  # {"result": {"entries": [...]}}
    if values and all(isinstance(value, dict) for value in values):
        return _by_name(found)
    if values and all(isinstance(value, list) for value in values):
        return _rows_of(list(found), zip(*values, strict=False))
    keys_shown = ", ".join(map(str, list(found)[:6]))
    raise InputError(f"{file}: a dictionary with the keys {keys_shown}; hand in {_FORMS}")


def _whole(found: Mapping[str, Any], file: Path) -> None:
    """Refuse answers of OPTIMADE servers that are cut off, are errors, or of several databases."""
    several = [one.get("data") for one in found.values() if isinstance(one, dict)]
    if len(found) > 1 and len(several) == len(found) and all(isinstance(x, list) for x in several):
        raise InputError(
            f"{file}: answers of {len(found)} databases, whose scales differ; ask one at a time"
        )
    rows, about = found.get("data"), found.get("meta")
    if not isinstance(rows, list) or not isinstance(about, dict):
        return
    there = about.get("data_returned")
    if found.get("errors"):
        raise InputError(f"{file}: the server answered with an error: {_shown(found['errors'])}")
    if is_number(there) and there > len(rows):
        raise InputError(
            f"{file}: {len(rows)} of the {there} entries that the server has; phases would be "
            "missing: fetch all (optimade-get --max-results-per-provider 1000000)"
        )


def _by_name(found: Mapping[str, Any]) -> list[Any]:
    """Entries or rows by their identifiers, or columns of pandas (each by the number of a row)."""
    columns = list(found.values())
    if is_entry(columns[0]) or _is_document(columns[0]):
        return [{"entry_id": name, "material_id": name, **entry} for name, entry in found.items()]
    return [{name: column.get(row) for name, column in found.items()} for row in columns[0]]


def _rows_of(names: list[Any], rows: Iterable[Any]) -> list[Any]:
    return [
        dict(zip(map(str, names), row, strict=False)) if isinstance(row, list | tuple) else row
        for row in rows
    ]


def _is_document(found: Mapping[str, Any]) -> bool:
    """Whether a dictionary has a formula of its own: a row of a table, a document of emmet's."""
    return any(
        key.lower() in FORMULA_COLUMNS and key != "composition" and isinstance(value, str)
        for key, value in found.items()
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
