"""A series of compositions in a terminal."""

from __future__ import annotations

from ...answers.sweep import Sweep
from ...phases.electrode import Electrode
from .answers import milli, origin_lines
from .layout import short, table

_WIDEST = 34  # of the column of layers


def layers(found: Sweep) -> list[str]:
    """Say which phases the converted layer has from where to where."""
    return [
        f"x = {' to '.join(f'{x:.5g}' for x in dict.fromkeys((one['start'], one['end'])))}: "
        + " + ".join(one["phases"])
        for one in found.layers
    ]


def sweep_text(found: Sweep) -> str:
    """Write the points of a series, and where its phases change."""
    electrode = Electrode.of(found.provenance["conditions"])
    rows = [
        [
            "x",
            electrode.words("bare Li"),
            "deposited",
            "layer",
            "facing",
            "bridge V",
            "converted layer",
        ]
    ]
    for point in found.points:
        energies = [point[f"{name}_mutual_eV_per_atom"] for name in ("bare", "deposited", "layer")]
        facing = point["facing_energy_meV_per_atom"]
        energies.append(None if facing is None else facing / 1000.0)
        mark = "*" if point["changes"] == "yes" else ""
        rows.append(
            [
                f"{point['x']:.5g}{mark}",
                *("-" if energy is None else milli(energy) for energy in energies),
                f"{point['bridge_margin_V']:.2f}",
                short(point["layer"], _WIDEST),
            ]
        )
    lines = [f"{electrode.label} | {found.candidate} | {found.electrolyte} (meV/atom)"]
    lines += ["  " + line for line in table(rows, left=(6,))]
    if found.changes:
        lines.append("  * phases change here: of a side, of the layer, or of what a contact gives")
    return "\n".join([*lines, *origin_lines(found.provenance)])
