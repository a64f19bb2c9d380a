"""manifest.json: what a run was made from, so that it can be repeated."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..phases.table import PhaseTable
from ..version import version as own_version

_PACKAGES = (
    "numpy", "pandas", "pyarrow", "numba", "scipy", "joblib", "pymatgen", "pymatgen-core",
    "matplotlib", "pydantic", "ruamel.yaml", "mp-api",
)  # fmt: skip


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that a number depends on."""
    found = {"python": platform.python_version(), "interscreen": own_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def build_manifest(
    table: PhaseTable,
    study: Mapping[str, Any],
    command: Sequence[str],
    seconds: float,
    **results: Any,
) -> dict[str, Any]:
    """Collect the manifest of a run: study as resolved, command line, wall time [s], the rest."""
    return {
        "source": table.source.to_dict(),
        "phases_left_out_of_the_source": list(table.left_out),
        "study": dict(study),
        "command": shlex.join(command),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_time_s": round(seconds, 3),
        "versions": package_versions(),
        **results,
    }
