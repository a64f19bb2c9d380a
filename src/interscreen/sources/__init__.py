"""Sources of phases; each gives one PhaseTable."""

from __future__ import annotations

from ..phases import PhaseTable

REFERENCE = "reference"


def open_source(
    name: str,
    *,
    formula_column: str | None = None,
    energy_column: str | None = None,
    all_phases: bool = False,
) -> PhaseTable:
    """Open a source by its name on the command line: ``reference`` or a path to a table."""
    if name == REFERENCE:
        return PhaseTable.reference(all_phases=all_phases)
    return PhaseTable.read(
        name, formula_column=formula_column, energy_column=energy_column, all_phases=all_phases
    )
