"""The documents of the Materials Project behind the phases of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from ..phases.filters import THEORETICAL
from ..phases.identifiers import in_letters, is_identifier
from ..phases.table import PhaseTable

NON_COMMERCIAL = "BY-NC"
_WORDS = {value: key for key, value in THEORETICAL.items() if key}


def documents_of(answer: Mapping[str, Any], table: PhaseTable) -> dict[str, dict[str, Any]]:
    """Return the document of each phase that an answer names, by its formula.

    Each has its identifier in numbers and in letters, whether it is theoretical (yes, no, unknown),
    its licence, and the energy above hull that the service states [eV/atom] (None where unknown).

    Parameters
    ----------
    answer : mapping
        What ``to_dict()`` of a result gives.
    table : PhaseTable
        The phases that it was made from; of another source than ``mp`` nothing is returned.
    """
    found: dict[str, dict[str, Any]] = {}
    if not any(map(is_identifier, table.ids[:1].tolist())):
        return found
    words = set(_texts({key: value for key, value in answer.items() if key != "provenance"}))
    properties = table.properties
    for row, formula in enumerate(table.formulas.tolist()):
        if formula not in words:
            continue
        identifier = str(table.ids[row])
        values = {name: column[row] for name, column in properties.items()}
        above = float(values.get("energy_above_hull_eV_per_atom", "nan"))
        found[formula] = {
            "material_id": identifier,
            "material_id_in_letters": in_letters(identifier),
            "theoretical": _WORDS[int(values.get("theoretical", -1))],
            "licence": str(values.get("licence", "")),
            "energy_above_hull_eV_per_atom": above if isfinite(above) else None,
        }
    return found


def documents_text(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one line for each document; empty for none."""
    lines = []
    for formula, document in documents.items():
        above = document["energy_above_hull_eV_per_atom"]
        facts = [
            {"yes": "theoretical", "no": "made"}.get(document["theoretical"], ""),
            "" if above is None else f"{1000 * above:.0f} meV/atom above hull",
            document["licence"],
        ]
        spelled = dict.fromkeys((document["material_id"], document["material_id_in_letters"]))
        lines.append(f"  {formula}: {', '.join([' = '.join(spelled), *filter(None, facts)])}")
    return "\n".join(["documents", *lines]) if lines else ""


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON object, keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
