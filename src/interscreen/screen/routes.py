"""How published interlayers were made: the routes that the shipped library states."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ..files import data_yaml
from ..phases.material import resolve


@lru_cache(maxsize=1)
def published_routes() -> Mapping[str, str]:
    """Route of each interlayer of the library that states one, by its formula in reduced form."""
    entries = data_yaml("studies/library.yaml")["candidates"]
    return {
        resolve(entry["formula"])[1].text: entry["route"] for entry in entries if "route" in entry
    }
