"""Check a store against itself: each document must lie where the service says it does.

The service gives every document's energy above hull.  The store holds, for each system that it
covers, all phases of the system and its subsystems; so the distance from the store's own hull must
be the same, unless a phase is missing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ...phases.hull import stability
from ..build import read_units, table_from_rows
from .store import Store
from .table import store_rows, store_source

_SAME = 0.002  # eV/atom


def audit(store: Store) -> dict[str, Any]:
    """Describe what a store holds, and compare its hull with the service's.

    Raises
    ------
    InputError
        For an empty or damaged store.
    """
    rows, source = store_rows(store), store_source(store)
    units = read_units(rows.formulas, name=source.name)
    table = table_from_rows(rows, source, units=units)
    stated = dict(
        store.read(
            "SELECT material_id, energy_above_hull_eV_per_atom FROM documents "
            "WHERE energy_above_hull_eV_per_atom IS NOT NULL"
        )
    )
    covered = {}
    for identifier, chemsys in store.read("SELECT material_id, chemsys FROM documents"):
        if chemsys not in covered:
            covered[chemsys] = source.covers(chemsys.split("-"))
        if not covered[chemsys]:
            stated.pop(identifier, None)
    measured = stability(table)
    own = rows.energies - (table.energies - measured.energy_above_hull)[units.of_row]
    ids = rows.ids or []
    compared = np.array([identifier in stated for identifier in ids], dtype=bool)
    theirs = np.array([stated.get(identifier, 0.0) for identifier in ids])
    off = np.flatnonzero(compared & (np.abs(own - theirs) > _SAME))
    hull = f"{int(compared.sum())} agree with the Materials Project's"
    if len(off):
        worst = off[np.argmax(np.abs(own - theirs)[off])]
        hull = (
            f"{len(off)} of {int(compared.sum())} differ from the Materials Project's by more than "
            f"{1000 * _SAME:g} meV/atom, most {ids[worst]} ({rows.formulas[worst]}): "
            f"{1000 * own[worst]:.0f} in place of {1000 * theirs[worst]:.0f} meV/atom; phases may "
            "be missing: pull its elements into an empty folder (--cache) and compare"
        )
    aside = store.read("SELECT reason, COUNT(*) FROM left_aside GROUP BY reason ORDER BY reason")
    known = rows.theoretical if rows.theoretical is not None else np.empty(0)
    return {
        "formulas": len(table),
        "element_symbols": list(table.elements),
        "absent_elements": sorted(store.absent()),
        "pulled": ["-".join(sorted(elements)) for elements in store.pulled_sets()],
        "theoretical": f"{int((known == 1).sum())} of {len(rows)}",
        "licences": dict(sorted(Counter(rows.licences or []).items())),
        "left_aside": {str(reason): int(count) for reason, count in aside},
        "check": store.check(),
        "hull": hull,
        "hull_differences": len(off),
    }
