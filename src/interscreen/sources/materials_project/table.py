"""What the store holds: rows of a source, and a check that none is missing."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np

from ...errors import InputError
from ...phases.hull import stability
from ...phases.source import Source
from ..build import read_units, table_from_rows
from ..rows import Rows
from .store import Store

NAME = "mp"
STATEMENT = "Materials Project, CC BY 4.0 (documents marked BY-NC: not for commercial use)"
CITATION = (
    "A. Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323; "
    "M. K. Horton et al., Nat. Mater. 24, 1522 (2025), doi:10.1038/s41563-025-02272-0"
)
_SAME = 0.002  # eV/atom between two energies above hull of one document
_NUMBERS = (
    "energy_uncertainty_eV_per_atom", "volume_A3_per_atom", "density_g_per_cm3", "band_gap_eV",
)  # fmt: skip
_QUERY = (
    "SELECT material_id, formula, formation_energy_eV_per_atom, licence, theoretical, is_metal, "
    f"{', '.join(_NUMBERS)} FROM documents LEFT JOIN summaries USING (material_id) "
    "ORDER BY material_id"
)


def store_rows(store: Store) -> Rows:
    """Read all documents, in order of their identifiers; InputError for an empty store."""
    columns: list[Any] = list(zip(*store.read(_QUERY), strict=True))
    if not columns:
        raise InputError(
            f"store {store.path}: empty; fill it with `interscreen data pull --elements ...`"
        )
    ids, formulas, energies, licences, theoretical, metals, *numbers = columns
    # total energies of the elements [eV/atom]: those of their lowest phases
    references = store.read(
        "SELECT chemsys, MIN(total_energy_eV_per_atom) FROM documents WHERE chemsys NOT LIKE '%-%' "
        "AND total_energy_eV_per_atom IS NOT NULL GROUP BY chemsys ORDER BY chemsys"
    )
    return Rows(
        formulas=formulas,
        energies=np.array(energies, dtype=float),
        ids=ids,
        theoretical=np.array([-1 if value is None else value for value in theoretical]),
        licences=[value or "" for value in licences],
        properties={
            **{
                name: [float("nan") if value is None else float(value) for value in values]
                for name, values in zip(_NUMBERS, numbers, strict=True)
            },
            "is_metal": ["" if value is None else ("no", "yes")[value] for value in metals],
        },
        references=dict(references),
        where="document",
    )


def store_source(store: Store) -> Source:
    """Say what a table from the store is made from, and which systems it covers.

    An element without a phase of its own is no element of the source: a hull with it would have
    a hole.
    """
    present = store.elements()
    sets = [present] if store.complete else [s for s in store.pulled_sets() if s <= present]
    sets = sets or [frozenset({symbol}) for symbol in sorted(present)]  # none would mean all
    return Source(
        name=NAME,
        version=f"database {store.database}",
        thermo_type=store.thermo_type,
        statement=STATEMENT,
        citation=CITATION,
        systems=tuple(sets),
        closed=True,
    )


def audit(store: Store) -> dict[str, Any]:
    """Describe what a store holds, and check it against itself.

    The service gives every document's energy above hull.  The store holds, for each system that it
    covers, all phases of the system and its subsystems; so the distance from the store's own hull
    must be the same, unless a phase is missing.  InputError for an empty or damaged store.
    """
    rows, source = store_rows(store), store_source(store)
    units = read_units(rows, source)
    table = table_from_rows(rows, source, units=units, all_phases=True)  # as the service does
    stated = dict(
        store.read(
            "SELECT material_id, energy_above_hull_eV_per_atom FROM documents "
            "WHERE energy_above_hull_eV_per_atom IS NOT NULL"
        )
    )
    covers = cache(lambda chemsys: source.covers(chemsys.split("-")))
    for identifier, chemsys in store.read("SELECT material_id, chemsys FROM documents"):
        if not covers(chemsys):
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
        "left_aside": dict(aside),
        "check": store.check(),
        "hull": hull,
        "hull_differences": len(off),
    }
