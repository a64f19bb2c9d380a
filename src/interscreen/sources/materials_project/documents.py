"""Documents of the service -> rows of the store: the few fields that are needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ...errors import SourceError
from ...phases.units import is_number

THERMO, SUMMARY, STRUCTURE = "thermo", "summary", "structure"
ROUTES = (THERMO, SUMMARY)

# the service spells uncertainty without its second t; a corrected spelling is taken, too
_UNCERTAINTY = ("energy_uncertainty_per_atom", "energy_uncertainy_per_atom")
_ENERGIES = (
    "formation_energy_per_atom", "energy_above_hull", "energy_per_atom",
    "uncorrected_energy_per_atom",
)  # fmt: skip
FIELDS = {
    THERMO: (
        "material_id", "formula_pretty", "chemsys", "thermo_type", *_ENERGIES, *_UNCERTAINTY,
        "last_updated", "deprecated", "builder_meta",
    ),
    SUMMARY: (
        "material_id", "chemsys", "theoretical", "volume", "nsites", "density", "band_gap",
        "is_metal", "deprecated",
    ),
    STRUCTURE: ("material_id", "chemsys", "structure", "deprecated"),
}  # fmt: skip
OPTIONAL = frozenset(_UNCERTAINTY)


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
    documents: Iterable[Any],
    family: str,
    asked: frozenset[str] | None,
    into: Batch | None = None,
) -> Batch:
    """Check documents and take out what is kept, into the batch of the pages before.

    SourceError for documents that are none, or not of the thermo type and the chemical systems
    (None: all) that were asked for: the service, or something between, answers something else.
    """
    batch = into or Batch(route)
    for document in documents:
        if not isinstance(document, Mapping) or not document.get("material_id"):
            raise SourceError(
                f"the Materials Project answered a {route} document without material_id; nothing "
                "of this answer is kept; try again later, or update mp-api"
            )
        identifier = str(document["material_id"])
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
    uncertainties = [_number(document.get(name)) for name in _UNCERTAINTY]
    meta, updated = document.get("builder_meta"), document.get("last_updated")
    return (
        identifier,
        formula,
        chemsys,
        *energies,
        next((value for value in uncertainties if value is not None), None),
        str((updated.get("$date") if isinstance(updated, Mapping) else updated) or ""),
        str(meta.get("license") or "") if isinstance(meta, Mapping) else "",
    )


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
