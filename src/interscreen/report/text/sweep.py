"""A series of compositions in a terminal."""

from __future__ import annotations

from ...answers.sweep import Sweep
from ...phases.electrode import Electrode
from .answers import milli, table


def sweep_text(found: Sweep) -> str:
    """Write the points of a series, and where its phases change."""
    rows = [["x", "deposited", "layer", "worst", "bridge V", "converted layer"]]
    for point in found.points:
        energies = (
            point[f"{name}_mutual_eV_per_atom"] for name in ("deposited", "layer", "worst_product")
        )
        mark = "*" if round(point["x"], 6) in found.changes else ""
        rows.append(
            [
                f"{point['x']:.4g}{mark}",
                *("-" if energy is None else milli(energy) for energy in energies),
                f"{point['bridge_margin_V']:.2f}",
                point["layer"],
            ]
        )
    anode = Electrode.of(found.conditions).label
    lines = [f"{anode} | {found.candidate} | {found.electrolyte} (meV/atom)"]
    lines += ["  " + line for line in table(rows, left=(5,))]
    if found.changes:
        lines.append("  * the phases change here")
    return "\n".join(lines)
