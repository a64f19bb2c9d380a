"""What the store holds, as rows of a source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import InputError
from ...phases.source import Source
from ..rows import Rows
from .store import Store

NAME = "mp"
STATEMENT = "Materials Project, CC BY 4.0 (documents marked BY-NC: not for commercial use)"
CITATION = (
    "A. Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323; "
    "M. K. Horton et al., Nat. Mater. 24, 1522 (2025), doi:10.1038/s41563-025-02272-0"
)
_QUERY = """
SELECT d.material_id, d.formula, d.formation_energy_eV_per_atom,
  d.energy_uncertainty_eV_per_atom, d.licence, s.theoretical, s.volume_A3_per_atom,
  s.density_g_per_cm3, s.band_gap_eV, s.is_metal
FROM documents d LEFT JOIN summaries s USING (material_id) ORDER BY d.material_id
"""


def store_rows(store: Store) -> Rows:
    """Read all documents, in order of their identifiers.

    Raises
    ------
    InputError
        For an empty store.
    """
    columns: Sequence[Any] = list(zip(*store.read(_QUERY), strict=True))
    if not columns:
        raise InputError(
            f"store {store.path}: empty; fill it with `interscreen data pull --elements ...`"
        )
    (
        ids, formulas, energies, uncertainties, licences, theoretical, volumes, densities,
        gaps, metals,
    ) = columns  # fmt: skip
    energies = np.array(energies, dtype=float)
    return Rows(
        formulas=formulas,
        energies=energies,
        ids=ids,
        theoretical=np.array([-1 if value is None else value for value in theoretical]),
        licences=[value or "" for value in licences],
        properties={
            "energy_uncertainty_eV_per_atom": _numbers(uncertainties),
            "volume_A3_per_atom": _numbers(volumes),
            "density_g_per_cm3": _numbers(densities),
            "band_gap_eV": _numbers(gaps),
            "is_metal": ["" if value is None else ("no", "yes")[value] for value in metals],
        },
        references=_references(store),
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


def _references(store: Store) -> dict[str, float]:
    """Total energies of the elements [eV/atom]: those of their lowest phases."""
    found = store.read(
        "SELECT chemsys, MIN(total_energy_eV_per_atom) FROM documents WHERE chemsys NOT LIKE '%-%' "
        "AND total_energy_eV_per_atom IS NOT NULL GROUP BY chemsys ORDER BY chemsys"
    )
    return {str(symbol): float(energy) for symbol, energy in found}


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]
