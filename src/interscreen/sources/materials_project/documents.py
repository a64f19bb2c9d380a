"""Documents of the service -> rows of the store: the few fields that are needed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
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


@dataclass(frozen=True)
class Batch:
    """What one answer holds, ready for the store: rows in the order of its columns.

    ``left_aside`` are material id and reason of documents that cannot be used, so that they are
    not asked for again; ``chemsys`` counts the usable ones of each chemical system.
    """

    route: str
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    left_aside: list[tuple[str, str]] = field(default_factory=list)
    structures: list[tuple[str, Any]] = field(default_factory=list)
    chemsys: Counter[str] = field(default_factory=Counter)

    @property
    def empty(self) -> bool:
        """Whether nothing usable is in it."""
        return not (self.rows or self.structures)


def read_documents(
    route: str,
    documents: Mapping[str, Mapping[str, Any]],
    family: str,
    asked: frozenset[str] | None,
    into: Batch | None = None,
) -> Batch:
    """Check documents (by their identifiers) and take out what is kept, into an earlier batch.

    SourceError for documents that are not of the thermo type and the chemical systems (None: all)
    that were asked for: the service, or something between, answers something else.
    """
    batch = into or Batch(route)
    for identifier, document in documents.items():
        chemsys = "-".join(sorted(str(document.get("chemsys") or "").split("-")))
        if asked is not None and chemsys not in asked:
            raise SourceError(
                f"the Materials Project answered {identifier} of {chemsys or 'no system'}, which "
                "was not asked for; nothing of this answer is kept; update mp-api"
            )
        if document.get("deprecated"):
            batch.left_aside.append((identifier, "deprecated"))
            continue
        if route == THERMO:
            row = _thermo(identifier, chemsys, document, family)
            if isinstance(row, str):
                batch.left_aside.append((identifier, row))
                continue
            batch.rows.append(row)
        elif route == SUMMARY:
            batch.rows.append(_summary(identifier, document))
        elif document.get("structure"):
            batch.structures.append((identifier, document["structure"]))
        else:
            continue
        batch.chemsys[chemsys] += 1
    return batch


def _thermo(
    identifier: str, chemsys: str, document: Mapping[str, Any], family: str
) -> tuple[Any, ...] | str:
    """Row of the store, or why the document is left aside."""
    stated = str(document.get("thermo_type") or "")
    if stated.lower() != family.lower():
        raise SourceError(
            f"the Materials Project answered {identifier} as {stated or 'of no thermo type'}, not "
            f"{family}; two run families share no table; nothing of this answer is kept"
        )
    energies = [_number(document.get(name)) for name in _ENERGIES]
    formula = str(document.get("formula_pretty") or "")
    if energies[0] is None or not formula:
        return "no formation energy" if formula else "no formula"
    meta, updated = document.get("builder_meta"), document.get("last_updated")
    run = str(document.get("energy_type") or "")
    corrections, uncertainty = _corrections(document, run)
    return (
        identifier,
        formula,
        chemsys,
        *energies,
        uncertainty,
        str((updated.get("$date") if isinstance(updated, Mapping) else updated) or ""),
        str(meta.get("license") or "") if isinstance(meta, Mapping) else "",
        run,
        corrections,
    )


def _corrections(document: Mapping[str, Any], run: str) -> tuple[str, float | None]:
    """Corrections of the entry that counts, by name [eV/atom] (JSON), and their uncertainty."""
    entries, sites = document.get("entries"), document.get("nsites")
    entry = entries.get(run) if isinstance(entries, Mapping) else None
    if not isinstance(entry, Mapping) or not sites:
        return "", None
    found: dict[str, float] = {}
    errors = []
    for adjustment in entry.get("energy_adjustments") or ():
        atoms = _number(adjustment.get("n_atoms")) or 1.0
        each = _number(adjustment.get("adj_per_atom")) or _number(adjustment.get("value")) or 0.0
        name = str(adjustment.get("name"))
        found[name] = found.get(name, 0.0) + round(each * atoms / sites, 9)
        errors.append((_number(adjustment.get("uncertainty_per_atom")) or 0.0) * atoms / sites)
    return json.dumps(found) if found else "", hypot(*errors) if any(errors) else None


def _summary(identifier: str, document: Mapping[str, Any]) -> tuple[Any, ...]:
    volume, sites = _number(document.get("volume")), _number(document.get("nsites"))
    return (
        identifier,
        _truth(document.get("theoretical")),
        volume / sites if volume and sites else None,
        _number(document.get("density")),
        _number(document.get("band_gap")),
        _truth(document.get("is_metal")),
    )


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    return float(value) if is_number(value) and isfinite(value) else None


def _truth(value: Any) -> int | None:
    return int(value) if isinstance(value, bool) else None
