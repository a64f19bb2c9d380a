"""What the store holds, as rows of a source."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from ...errors import InputError
from ...phases.source import Source
from ..rows import Rows
from .store import COLUMNS, TRUTHS, Store

NAME = "mp"
STATED_ABOVE_HULL = "energy_above_hull_eV_per_atom"  # the service's own
CITATION = (
    "A. Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323; "
    "M. K. Horton et al., Nat. Mater. 24, 1522 (2025), doi:10.1038/s41563-025-02272-0"
)
_NUMBERS = (
    "energy_uncertainty_eV_per_atom", "volume_A3_per_atom", "density_g_per_cm3", "band_gap_eV",
    STATED_ABOVE_HULL,
)  # fmt: skip


def store_rows(store: Store, sets: Iterable[Collection[str]] | None = None) -> Rows:
    """Read all documents, in order of their identifiers; InputError for an empty store.

    ``sets``: only the documents of systems within one of these sets of elements.
    """
    found = store.rows()
    if sets is not None:
        wanted = [frozenset(elements) for elements in sets]
        known = {row[2]: frozenset(row[2].split("-")) for row in found}
        inside = {name for name, own in known.items() if any(own <= some for some in wanted)}
        found = [row for row in found if row[2] in inside]
    if not found:
        raise InputError(
            f"store {store.path}: empty; fill it with `interscreen data pull --elements ...`"
        )
    columns = dict(zip(COLUMNS, zip(*found, strict=True), strict=True))
    numbers = {name: np.array(columns[name], dtype=float).tolist() for name in _NUMBERS}
    metals = ["" if value is None else TRUTHS[value] for value in columns["is_metal"]]
    return Rows(
        formulas=columns["formula"],
        energies=np.array(columns["formation_energy_eV_per_atom"], dtype=float),
        ids=columns["material_id"],
        theoretical=np.array([-1 if value is None else value for value in columns["theoretical"]]),
        licences=[value or "" for value in columns["licence"]],
        properties={**numbers, "is_metal": metals},
        references=store.lowest("total_energy_eV_per_atom"),
        where="document",
    )


def statement(family: str) -> str:
    """Say origin, licence and scale, and why the numbers of the website are others."""
    return (
        f"Materials Project, CC BY 4.0 (documents marked BY-NC: not for commercial use); {family} "
        "energies, while its website shows hulls mixed with r2SCAN"
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
        statement=statement(store.thermo_type),
        citation=CITATION,
        sha256=store.checksum(),
        systems=tuple(sets),
        closed=True,
    )
