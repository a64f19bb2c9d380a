"""interscreen: interlayers between Li metal and solid electrolytes from phase diagrams.

>>> import interscreen as si
>>> db = si.load()
>>> db.reaction("Li", "CuF2").equation
'2 Li + CuF2 -> 2 LiF + Cu'
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
    from .answers.stack import stack
    from .answers.sweep import sweep
    from .answers.window import stability_window
    from .database.database import Database, load
    from .database.run import Run, open_run
    from .energies.sampling import EnergyModel
    from .errors import (
        InputError,
        InterscreenError,
        InterscreenWarning,
        OutputError,
        SolverError,
        SourceError,
    )
    from .phases.filters import Filters
    from .phases.material import Material
    from .phases.table import PhaseTable
    from .screen.run import run_study
    from .screen.study import Study
    from .screen.study_file import load_study
    from .sources.open import SourceOptions, open_table
    from .validation import validate

_FIGURES = "reaction window lithiation profile map phase_map stack sweep screen".split()

hooks.give(
    headline="interscreen.report.notebook:headline",
    result_html="interscreen.report.notebook:result_html",
    read_table="interscreen.sources.tables:read_table",
    reference_table="interscreen.sources.embedded:embedded_table",
    entries_table="interscreen.sources.entries:entries_table",
    **{f"{name}_figure": f"interscreen.report.figures.results:{name}_figure" for name in _FIGURES},
)

_PUBLIC = {
    "answers.layer": "layer_metrics",
    "answers.lithiation": "lithiate",
    "answers.map": "composition_map",
    "answers.profile": "profile",
    "answers.reaction": "react",
    "answers.stack": "stack",
    "answers.sweep": "sweep",
    "answers.window": "stability_window",
    "database.database": "Database load",
    "database.run": "Run open_run",
    "energies.sampling": "EnergyModel",
    "errors": "InputError InterscreenError InterscreenWarning OutputError SolverError SourceError",
    "phases.filters": "Filters",
    "phases.material": "Material",
    "phases.table": "PhaseTable",
    "screen.run": "run_study",
    "screen.study": "Study",
    "screen.study_file": "load_study",
    "sources.open": "SourceOptions open_table",
    "validation": "validate",
}
_HOMES = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = [
    "Database", "EnergyModel", "Filters", "InputError", "InterscreenError", "InterscreenWarning",
    "Material", "OutputError", "PhaseTable", "Run", "SolverError", "SourceError", "SourceOptions",
    "Study", "composition_map", "layer_metrics", "lithiate", "load", "load_study", "open_run",
    "open_table", "profile", "react", "run_study", "stability_window", "stack", "sweep", "validate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``--help`` stays quick."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
