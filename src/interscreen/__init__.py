"""interscreen: interlayers between Li metal and solid electrolytes from phase diagrams.

>>> from interscreen import PhaseTable, react, stability_window, lithiate
>>> table = PhaseTable.reference()
>>> react(table, "CuF2", "LATP").min_mutual_energy_eV_per_atom  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layers import layer_metrics
    from .lithiation import lithiate
    from .maps import composition_map
    from .materials import Material
    from .opening import open_table
    from .phases import PhaseTable
    from .profiles import profile
    from .reactions import react
    from .screening.runner import run_study
    from .screening.study import Study
    from .screening.study_file import load_study
    from .stacks import stack
    from .uncertainty.model import EnergyModel
    from .uncertainty.stacks import sample_stacks
    from .validation import validate
    from .windows import stability_window

_HOMES = {
    "PhaseTable": "phases",
    "Material": "materials",
    "open_table": "opening",
    "SourceOptions": "opening",
    "Filters": "filters",
    "react": "reactions",
    "stability_window": "windows",
    "lithiate": "lithiation",
    "stack": "stacks",
    "profile": "profiles",
    "composition_map": "maps",
    "layer_metrics": "layers",
    "sample_stacks": "uncertainty.stacks",
    "EnergyModel": "uncertainty.model",
    "Study": "screening.study",
    "load_study": "screening.study_file",
    "run_study": "screening.runner",
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
