"""interscreen: interlayers between Li metal and solid electrolytes from phase diagrams.

>>> from interscreen import PhaseTable, react, stability_window, lithiate
>>> table = PhaseTable.reference()
>>> react(table, "CuF2", "LATP").min_mutual_energy_eV_per_atom  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .phases import hooks

if TYPE_CHECKING:
    from .answers.layer import layer_metrics
    from .answers.lithiation import lithiate
    from .answers.map import composition_map
    from .answers.profile import profile
    from .answers.reaction import react
    from .answers.sampled_stacks import sample_stacks
    from .answers.stack import stack
    from .answers.window import stability_window
    from .energies.sampling import EnergyModel
    from .phases.material import Material
    from .phases.table import PhaseTable
    from .screen.run import run_study
    from .screen.study import Study
    from .screen.study_file import load_study
    from .sources.open import open_table
    from .validation import validate

hooks.give(
    headline="interscreen.report.notebook:headline",
    result_html="interscreen.report.notebook:result_html",
    read_table="interscreen.sources.tables:read_table",
    reference_table="interscreen.sources.bundled:reference_table",
    entries_table="interscreen.sources.entries:entries_table",
)

_HOMES = {
    "PhaseTable": "phases.table",
    "Material": "phases.material",
    "open_table": "sources.open",
    "SourceOptions": "sources.open",
    "Filters": "phases.filters",
    "react": "answers.reaction",
    "stability_window": "answers.window",
    "lithiate": "answers.lithiation",
    "stack": "answers.stack",
    "profile": "answers.profile",
    "composition_map": "answers.map",
    "layer_metrics": "answers.layer",
    "sample_stacks": "answers.sampled_stacks",
    "EnergyModel": "energies.sampling",
    "Study": "screen.study",
    "load_study": "screen.study_file",
    "run_study": "screen.runner",
    "validate": "validation",
    "InterscreenError": "errors",
    "InputError": "errors",
    "SolverError": "errors",
    "SourceError": "errors",
}

__all__ = [
    "EnergyModel", "Material", "PhaseTable", "Study", "composition_map", "layer_metrics",
    "lithiate", "load_study", "open_table", "profile", "react", "run_study", "sample_stacks",
    "stability_window", "stack", "validate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``--help`` stays quick."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
