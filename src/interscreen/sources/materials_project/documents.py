"""Documents of the service -> rows of the store: the few fields that are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ...errors import SourceError
from ...phases.units import is_number

THERMO, SUMMARY, STRUCTURE = "thermo", "summary", "structure"
ROUTES = (THERMO, SUMMARY)

# the service spells uncertainty without its second t; a corrected spelling is taken, too
_UNCERTAINTY = ("energy_uncertainty_per_atom", "energy_uncertainy_per_atom")
FIELDS = {
    THERMO: (
        "material_id", "formula_pretty", "chemsys", "thermo_type", "formation_energy_per_atom",
        "energy_above_hull", "energy_per_atom", "uncorrected_energy_per_atom", *_UNCERTAINTY,
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
    """What one answer holds, ready for the store.

    Attributes
    ----------
    route : str
        ``thermo``, ``summary`` or ``structure``.
    rows : list of tuple
        In the order of the store's columns; none for structures.
    left_aside : list of (material_id, reason)
        Documents that cannot be used, so that they are not asked for again.
    structures : list of (material_id, dict)
    chemsys : dict of str to int
        Usable documents of each chemical system.
    """

    route: str
    rows: list[tuple[Any, ...]]
    left_aside: list[tuple[str, str]]
    structures: list[tuple[str, Any]]
    chemsys: dict[str, int]


def read_documents(
    route: str, documents: Iterable[Any], family: str, asked: frozenset[str] | None
) -> Batch:
    """Check documents and take out what is kept.

    Parameters
    ----------
    route : str
    documents : iterable of mapping
    family : str
        Thermo type that was asked for.
    asked : frozenset of str, optional
        Chemical systems that were asked for; None for all.

    Raises
    ------
    SourceError
        For documents that were not asked for or are no documents: the service, or something
        between, answers something else.
    """
    batch = Batch(route, [], [], [], {})
    for document in documents:
        if not isinstance(document, Mapping) or not document.get("material_id"):
            raise SourceError(
                f"the Materials Project answered a {route} document without material_id; nothing "
                "of this answer is kept; try again later, or update mp-api"
            )
        identifier = str(document["material_id"])
        chemsys = _sorted_system(str(document.get("chemsys") or ""))
        if asked is not None and chemsys not in asked:
            raise SourceError(
                f"the Materials Project answered {identifier} of {chemsys or 'no system'}, which "
                "was not asked for; nothing of this answer is kept; update mp-api"
            )
        if document.get("deprecated"):
            batch.left_aside.append((identifier, "deprecated"))
        elif route == THERMO:
            _thermo(batch, identifier, chemsys, document, family)
        elif route == SUMMARY:
            _summary(batch, identifier, chemsys, document)
        elif document.get("structure"):
            batch.chemsys[chemsys] = batch.chemsys.get(chemsys, 0) + 1
            batch.structures.append((identifier, document["structure"]))
    return batch


def _thermo(
    batch: Batch, identifier: str, chemsys: str, document: Mapping[str, Any], family: str
) -> None:
    stated = str(document.get("thermo_type") or "")
    if stated.lower() != family.lower():
        raise SourceError(
            f"the Materials Project answered {identifier} as {stated or 'of no thermo type'}, not "
            f"{family}; two run families share no table; nothing of this answer is kept"
        )
    energy = _number(document.get("formation_energy_per_atom"))
    formula = str(document.get("formula_pretty") or "")
    if energy is None or not formula:
        batch.left_aside.append((identifier, "no formation energy" if formula else "no formula"))
        return
    batch.chemsys[chemsys] = batch.chemsys.get(chemsys, 0) + 1
    licence = document.get("builder_meta") or {}
    batch.rows.append(
        (
            identifier,
            formula,
            chemsys,
            energy,
            _number(document.get("energy_above_hull")),
            _number(document.get("energy_per_atom")),
            _number(document.get("uncorrected_energy_per_atom")),
            next((v for n in _UNCERTAINTY if (v := _number(document.get(n))) is not None), None),
            _date(document.get("last_updated")),
            str(licence.get("license") or "") if isinstance(licence, Mapping) else "",
        )
    )


def _summary(batch: Batch, identifier: str, chemsys: str, document: Mapping[str, Any]) -> None:
    batch.chemsys[chemsys] = batch.chemsys.get(chemsys, 0) + 1
    volume, sites = _number(document.get("volume")), _number(document.get("nsites"))
    batch.rows.append(
        (
            identifier,
            _truth(document.get("theoretical")),
            volume / sites if volume and sites else None,
            _number(document.get("density")),
            _number(document.get("band_gap")),
            _truth(document.get("is_metal")),
        )
    )


def _sorted_system(text: str) -> str:
    return "-".join(sorted(text.split("-")))


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    return float(value) if is_number(value) and isfinite(value) else None


def _truth(value: Any) -> int | None:
    return int(value) if isinstance(value, bool) else None


def _date(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("$date", "")
    return str(value or "")
