"""What a result was made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..phases.suspects import known_artefacts
from ..phases.system import System
from ..phases.table import PhaseTable
from ..version import version
from .reactant import Reactant


def provenance(
    table: PhaseTable,
    system: System,
    reactants: Iterable[Reactant],
    outcome: Iterable[str] = (),
) -> dict[str, Any]:
    """Source, its version, the phases left out and warnings, for one question.

    Parameters
    ----------
    table : PhaseTable
    system : System
        The phases that were counted.
    reactants : iterable of Reactant
    outcome : iterable of str
        Phases that the answer rests on; a warning names those that nobody has made.
    """
    formulas = [formula.text for r in reactants for _, formula in r.composition.parts]
    return {
        **table.source.to_dict(),
        "elements": list(system.elements),
        "left_out_phases": sorted(system.left_out),
        "warnings": [
            *table.source.notes,
            *table.source.gaps(system.elements, formulas),
            *(
                f"{phase} is among the products with Li metal, but no experiment shows it (leave "
                "it out with --ban, or such phases by rule with --min-stability: docs/sources.md)"
                for phase in sorted(_artefacts(outcome))
            ),
        ],
        "interscreen_version": version(),
    }


def _artefacts(phases: Iterable[str]) -> set[str]:
    found = set(phases)
    return found & known_artefacts() if found else found
