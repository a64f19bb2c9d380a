"""The documents of the Materials Project behind the phases of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..phases.columns import columns_of
from ..phases.conditions import GAS
from ..phases.filters import THEORETICAL
from ..phases.identifiers import in_letters, is_identifier
from ..phases.result import Result
from ..phases.table import PhaseTable

if TYPE_CHECKING:
    import pandas as pd

NON_COMMERCIAL = "BY-NC"
_WORDS = {value: key for key, value in THEORETICAL.items() if key}
_FORMULA = re.compile(r"[A-Z](?:[A-Za-z0-9.]|\([A-Za-z0-9.]+\))*")
_NAMING = re.compile(r"(formula|material|reactant_.|layer|equation|products?|phases)(_then)?$")
Found = TypeVar("Found", bound=Result)


def documents_of(answer: Any, table: PhaseTable) -> dict[str, dict[str, Any]]:
    """Return the document of each phase that an answer names, by its formula.

    Each has its identifier in numbers and in letters, whether it is theoretical (yes, no, unknown),
    its licence, and the energy above hull that the service states [eV/atom] (None where unknown).

    Parameters
    ----------
    answer : mapping or sequence
        What ``to_dict()`` of a result gives, or formulas.
    table : PhaseTable
        The phases that it was made from; of another source than ``mp`` nothing is returned.
    """
    found: dict[str, dict[str, Any]] = {}
    if not _named(table):
        return found
    words = {text.removesuffix(GAS) for text in _texts(answer)}
    properties = table.properties
    for row in np.flatnonzero(np.isin(table.formulas, list(words))).tolist():
        identifier = str(table.ids[row])
        values = {name: column[row] for name, column in properties.items()}
        above = float(values.get("energy_above_hull_eV_per_atom", "nan"))
        found[str(table.formulas[row])] = {
            "material_id": identifier,
            "material_id_in_letters": in_letters(identifier),
            "theoretical": _WORDS[int(values.get("theoretical", -1))],
            "licence": str(values.get("licence", "")),
            "energy_above_hull_eV_per_atom": above if isfinite(above) else None,
        }
    return found


def with_documents(found: Found, table: PhaseTable) -> Found:
    """Return an answer that names the documents of its phases (``documents``)."""
    if _named(table):
        object.__setattr__(found, "_documents", documents_of(found.to_dict(), table))
    return found


def phase_table(table: PhaseTable, frames: Iterable[pd.DataFrame]) -> pd.DataFrame | None:
    """Return the documents of all phases that tables of a run name; None for another source.

    Looked at are the columns of formulas, mixtures and equations.
    """
    import pandas as pd

    if not _named(table):
        return None
    cells = {
        cell
        for frame in frames
        for key in frame.columns
        if _NAMING.search(str(key))
        for cell in frame[key].unique()
    }
    words = {word for cell in cells for word in _FORMULA.findall(str(cell))}
    rows = [
        (formula, *document.values())
        for formula, document in sorted(documents_of(sorted(words), table).items())
    ]
    return pd.DataFrame(rows, columns=list(columns_of("phases")))


def _named(table: PhaseTable) -> bool:
    return any(map(is_identifier, table.ids[:1].tolist()))


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
            if key != "provenance":
                yield str(key)
                yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
