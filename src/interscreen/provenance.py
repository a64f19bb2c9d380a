"""What a result was made from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from .phases import PhaseTable, System
from .reactants import Reactant


@lru_cache(maxsize=1)
def version() -> str:
    """Version of the installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("interscreen")
    except PackageNotFoundError:
        return "0+unknown"


def provenance(table: PhaseTable, system: System, reactants: Iterable[Reactant]) -> dict[str, Any]:
    """Source, its version, the phases left out and warnings, for one question."""
    formulas = [formula.text for r in reactants for _, formula in r.composition.parts]
    return {
        **table.source.to_dict(),
        "elements": list(system.elements),
        "left_out_phases": sorted(system.left_out),
        "warnings": table.source.gaps(system.elements, formulas),
        "interscreen_version": version(),
    }
