"""Documents of the service -> rows of the store: the few fields that are needed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import hypot, isfinite
from typing import Any

from ...errors import SourceError
from ...phases.units import is_number

THERMO, SUMMARY, STRUCTURE, HULL = "thermo", "summary", "structure", "hull"
ROUTES = (THERMO, SUMMARY)

_ENERGIES = (
    "formation_energy_per_atom", "energy_above_hull", "energy_per_atom",
    "uncorrected_energy_per_atom",
)  # fmt: skip
# of the entries only the corrections: whole entries are a hundred times as long
FIELDS = {
    THERMO: (
        "material_id", "formula_pretty", "chemsys", "thermo_type", *_ENERGIES, "energy_type",
        "nsites", "last_updated", "deprecated", "builder_meta.license",
        "entries.GGA.energy_adjustments", "entries.GGA+U.energy_adjustments",
    ),
    SUMMARY: (
        "material_id", "chemsys", "formation_energy_per_atom", "theoretical", "volume", "nsites",
        "density", "band_gap", "is_metal", "deprecated",
    ),
    STRUCTURE: ("material_id", "chemsys", "formation_energy_per_atom", "structure", "deprecated"),
    HULL: ("material_id", "chemsys", "decomposes_to"),  # of thermo documents
}  # fmt: skip
Document = Mapping[str, Any]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Batch:
    """What one answer holds, ready for the store: rows in the order of its columns.

    ``left_aside`` are material id and reason of documents that cannot be used.
    """

    route: str
    rows: list[Row] = field(default_factory=list)
    left_aside: list[tuple[str, str]] = field(default_factory=list)


def read_documents(
    route: str,
    documents: Mapping[str, Document],
    family: str,
    asked: Collection[str] = (),
    into: Batch | None = None,
) -> Batch:
    """Check documents (by their identifiers) and take out what is kept, into an earlier batch.

    SourceError for documents that are not of the thermo type and the chemical systems (none: all)
    that were asked for: the service, or something between, answers something else.
    """
    batch = into or Batch(route)
    for identifier, document in documents.items():
        chemsys = "-".join(sorted(str(document.get("chemsys") or "").split("-")))
        if asked and chemsys not in asked:
            raise SourceError(
                f"the Materials Project answered {identifier} of {chemsys or 'no system'}, which "
                "was not asked for; nothing of this answer is kept; update interscreen"
            )
        stated = str(document.get("thermo_type") or "")
        if route == THERMO and stated.lower() != family.lower():
            raise SourceError(
                f"the Materials Project answered {identifier} as {stated or 'of no thermo type'}, "
                f"not {family}; two run families share no table; nothing of this answer is kept"
            )
        kept = "deprecated" if document.get("deprecated") else _READ[route](document, chemsys)
        if isinstance(kept, str):
            batch.left_aside.append((identifier, kept))
        else:
            batch.rows.append((identifier, *kept))
    return batch


def _thermo(document: Document, chemsys: str) -> Row | str:
    """Columns after the identifier, or why the document is left aside."""
    formula, *energies = document.get("formula_pretty"), *map(document.get, _ENERGIES)
    if not formula:
        return "no formula"
    energies = [number(value) for value in energies]
    if energies[0] is None:
        return "no formation energy"
    meta, updated = document.get("builder_meta") or {}, document.get("last_updated") or ""
    run = str(document.get("energy_type") or "")
    corrections, uncertainty = _corrections(document, run)
    date = updated.get("$date") if isinstance(updated, Mapping) else updated
    licence = str(meta.get("license") or "")
    return (formula, chemsys, *energies, uncertainty, str(date or ""), licence, run, corrections)


def _corrections(document: Document, run: str) -> tuple[str, float | None]:
    """Corrections of the entry that counts, by name [eV/atom] (JSON), and their uncertainty."""
    entry = (document.get("entries") or {}).get(run) or {}
    found: dict[str, float] = {}
    errors = []
    for adjustment in entry.get("energy_adjustments") or ():
        share = (number(adjustment.get("n_atoms")) or 1.0) / document["nsites"]
        each = number(adjustment.get("adj_per_atom")) or number(adjustment.get("value")) or 0.0
        name = str(adjustment.get("name"))
        found[name] = found.get(name, 0.0) + round(each * share, 9)
        errors.append((number(adjustment.get("uncertainty_per_atom")) or 0.0) * share)
    return json.dumps(found) if found else "", hypot(*errors) if any(errors) else None


def _summary(document: Document, _: str) -> Row:
    volume, sites = number(document.get("volume")), number(document.get("nsites"))
    density, gap = map(number, map(document.get, ("density", "band_gap")))
    theoretical, metal = map(_truth, map(document.get, ("theoretical", "is_metal")))
    return theoretical, volume / sites if volume and sites else None, density, gap, metal


def _structure(document: Document, _: str) -> Row | str:
    structure = document.get("structure")
    return (zlib.compress(json.dumps(structure).encode()),) if structure else "no structure"


_READ = {THERMO: _thermo, SUMMARY: _summary, STRUCTURE: _structure}


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    return float(value) if is_number(value) and isfinite(value) else None


def _truth(value: Any) -> int | None:
    return int(value) if isinstance(value, bool) else None
