"""The store against the service's own energies above hull, which tell a missing phase."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import SourceError
from ...phases.formula import atomic_number
from ...phases.hull import stability
from ...phases.identifiers import in_letters, stored
from ..build import read_units, table_from_rows
from .documents import HULL, THERMO
from .store import Store
from .table import STATED_ABOVE_HULL, store_rows, store_source

if TYPE_CHECKING:
    from .client import Client

_SAME = 0.002  # eV/atom between two energies above hull of one document
_LOOKED_AT = 50  # documents that the service is asked about


class Differences(NamedTuple):
    """Documents whose energy above hull [eV/atom] differs from the service's, worst first."""

    compared: int
    worst: list[tuple[str, str, float, float]]  # identifier, formula, here, there

    def __str__(self) -> str:
        if not self.worst:
            return f"{self.compared} agree with the Materials Project's"
        identifier, formula, own, theirs = self.worst[0]
        return (
            f"{len(self.worst)} of {self.compared} differ from the Materials Project's by more "
            f"than {1000 * _SAME:g} meV/atom, most {identifier} ({formula}): {1000 * own:.0f} in "
            f"place of {1000 * theirs:.0f} meV/atom"
        )


def hull_differences(store: Store, sets: Iterable[Collection[str]] | None = None) -> Differences:
    """Compare each document's energy above hull with the hull of the store.

    The store holds, for each system that it covers, all phases of the system and its subsystems;
    so both must be the same, unless a phase is missing.  ``sets`` are those to look at, by default
    all that the store covers.  InputError for an empty or damaged store.
    """
    source = store_source(store)
    if sets is None and not store.complete:
        sets = source.systems
    rows = store_rows(store, sets)
    units = read_units(rows, source)
    table = table_from_rows(rows, source, units=units, all_phases=True)  # as the service does
    own = rows.energies - (table.energies - stability(table).energy_above_hull)[units.of_row]
    theirs = np.array(rows.properties[STATED_ABOVE_HULL], dtype=float)
    apart = np.abs(own - theirs)  # NaN where the service states nothing
    off = np.flatnonzero(apart > _SAME)
    off = off[np.argsort(-apart[off], kind="stable")]
    ids = rows.ids or []
    worst = [(ids[r], rows.formulas[r], float(own[r]), float(theirs[r])) for r in off.tolist()]
    return Differences(int(np.isfinite(apart).sum()), worst)


def audit(store: Store) -> dict[str, Any]:
    """Describe what a store holds, and check it against itself; see ``hull_differences``."""
    rows, found = store_rows(store), hull_differences(store)
    aside = store.read("SELECT reason, COUNT(*) FROM left_aside GROUP BY reason ORDER BY reason")
    known = rows.theoretical if rows.theoretical is not None else np.empty(0)
    hull = str(found)
    if found.worst:
        hidden = store.hidden()
        remedy = "phases may be missing: pull its elements into an empty folder (--cache)"
        hull += f"; {hidden_text(hidden) if hidden else f'{remedy} and compare'}"
    return {
        "formulas": len(set(rows.formulas)),
        "element_symbols": sorted(store.elements(), key=atomic_number),
        "absent_elements": sorted(store.absent()),
        "pulled": ["-".join(sorted(elements)) for elements in store.pulled_sets()],
        "theoretical": f"{int((known == 1).sum())} of {len(rows)}",
        "licences": dict(sorted(Counter(rows.licences or []).items())),
        "hidden": sorted(store.hidden()),
        "left_aside": dict(aside),
        "check": store.read("PRAGMA quick_check")[0][0],
        "hull": hull,
        "hull_differences": len(found.worst),
    }


def check_hull(
    client: Client,
    store: Store,
    sets: Iterable[Collection[str]] | None,
    notify: Callable[[str], None] | None = None,
) -> None:
    """Find out why a hull differs from the service's, where it does.

    Documents that the service's hull rests on and that this key is not shown (licence BY-NC) are
    noted in the store.  SourceError when the service shows one that the pull did not bring.
    """
    tell = notify or (lambda text: None)
    found = hull_differences(store, sets)
    if not found.worst:
        return
    asked = [in_letters(identifier) for identifier, *_ in found.worst[:_LOOKED_AT]]
    rests_on = {
        stored(str(phase["material_id"])): str(phase.get("formula") or "")
        for document in client.page(HULL, identifiers=asked).documents.values()
        for phase in document.get("decomposes_to") or ()
        if phase.get("material_id")
    }
    arrived = "SELECT material_id FROM documents UNION SELECT material_id FROM left_aside"
    lacking = sorted(rests_on.keys() - {i for (i,) in store.read(arrived)})[:_LOOKED_AT]
    if not lacking:
        tell(f"warning: energies above hull: {found}; no phase is missing, though")
        return
    shown = client.page(THERMO, identifiers=[in_letters(i) for i in lacking]).documents
    missed = {i: d for i, d in shown.items() if not d.get("deprecated")}
    if missed:
        identifier, document = next(iter(missed.items()))
        store.forget({str(d["chemsys"]) for d in missed.values()})
        raise SourceError(
            f"the Materials Project left out {identifier} ({document.get('formula_pretty')})"
            f"{f' and {len(missed) - 1} more' if len(missed) > 1 else ''} in its answer, which its "
            "own hull rests on; nothing is answered from an incomplete store: run the same command "
            "again"
        )
    hidden = {i: rests_on[i] for i in lacking if i not in shown}
    if hidden:
        store.note(hidden=json.dumps({**store.hidden(), **hidden}))
        tell(f"warning: {hidden_text(hidden)}")


def hidden_text(hidden: Mapping[str, str]) -> str:
    """Say which documents (formulas by their identifiers) the licence rule hides."""
    some = ", ".join(f"{formula} {identifier}" for identifier, formula in [*hidden.items()][:5])
    return (
        f"the Materials Project's own hull rests on {len(hidden)} "
        f"document{'' if len(hidden) == 1 else 's'} that this key is not shown ({some}): licence "
        "BY-NC, as GNoME's (accept its terms on your dashboard there and pull into an empty "
        "folder, --cache, or take the hull without them)"
    )
