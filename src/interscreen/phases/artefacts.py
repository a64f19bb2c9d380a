"""Known artefacts of computed hulls: what is left out of every source unless somebody asks for it.

data/artefacts.csv holds them, each with a reason and a reference.  They are judged by composition,
not by structure, so the list holds for any source.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256

from ..files import data_rows

_WRONG_ENERGY = "energy"


@cache
def artefacts() -> Mapping[str, str]:
    """Known artefacts of computed hulls by reduced formula, whatever the source: why they are.

    No experiment shows these phases, or the tabulated energy contradicts it (data/artefacts.csv).
    """
    return {row["formula"]: row["reason"] for row in data_rows("artefacts.csv")}


def known_artefacts() -> frozenset[str]:
    """Return the reduced formulas of ``artefacts``."""
    return frozenset(artefacts())


@cache
def wrong_energies() -> frozenset[str]:
    """Return those that exist, but whose tabulated energy contradicts experiment."""
    rows = data_rows("artefacts.csv")
    return frozenset(row["formula"] for row in rows if row["doubt"] == _WRONG_ENERGY)


@cache
def artefacts_digest() -> str:
    """Return a text that changes with the list."""
    return sha256(" ".join(sorted(artefacts())).encode()).hexdigest()[:16]
