"""Composition maps of ternary systems."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError
from .command import (
    EXIT_FAILED_ROWS,
    EXIT_OK,
    Output,
    command_line,
    listed,
    option,
    output_options,
    root,
    together,
)
from .source import Choice, asked, source_options

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..answers.map import CompositionMap
    from ..phases.table import PhaseTable
    from ..report.figures.style import Width

map_options = together(
    click.argument("system", help="Li-Al-O, or Li-M-O with --m"),
    option("--against", "formula, mixture or name; or Li", required=True, metavar="PARTNER"),
    option("--m", "elements that take the place of M", metavar="A,B,..."),
    option("--divisions", "of a side (default 200)", type=int, default=200, metavar="N"),
    option("--level", "outlined [eV/atom] (default 0.05)", type=float, default=0.05, metavar="E"),
)


@root.command("map")
@map_options
@option("--out", "write map.png, .svg, .pdf, the tables and manifest", metavar="DIR")
@source_options
@output_options
def composition_maps(
    system: str, against: str, m: str | None, divisions: int, level: float, out: str | None,
    choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Map one or several systems; exit code 3 when some could not be computed."""
    from ..report.text.map import map_text

    started = time.perf_counter()
    table, maps, failed = computed_maps(system, against, m, divisions, level, choice, output)
    if out:
        from ..report.figures.saving import save
        from ..screen.folder import build_manifest, new_folder, write_manifest

        figure, tables = map_figure(maps, failed, level), map_tables(maps)
        study = {
            "systems": [one.name for one in maps] + list(failed),
            "against": against,
            "divisions": divisions,
            "level_eV_per_atom": level,
        }
        with new_folder(Path(out)) as place:
            save(figure, place, "map", tables=tables)
            spent = time.perf_counter() - started
            manifest = build_manifest(table, study, command_line(), spent, failed=failed)
            write_manifest(place, manifest)
        output.say(f"maps in {Path(out)}/")
    found = [{**one.to_dict(), "share_within_level": one.share_within(level)} for one in maps]
    output.show(
        {"level_eV_per_atom": level, "maps": found, "failed": failed},
        lambda: map_text(maps, level),
    )
    return EXIT_FAILED_ROWS if failed else EXIT_OK


def computed_maps(
    system: str,
    against: str,
    m: str | None,
    divisions: int,
    level: float,
    choice: Choice,
    output: Output,
) -> tuple[PhaseTable, list[CompositionMap], dict[str, str]]:
    """Compute the maps of the options; say which could not be computed, and fail if none could."""
    from ..answers.map import MOST_DIVISIONS, read_system
    from ..phases.material import elements_of

    symbols: list[Any] | None = None if m is None else listed(m)
    if symbols == []:
        raise InputError(f"--m {m!r}: names no element; write --m Al,Si")
    systems = [read_system(system, symbol) for symbol in dict.fromkeys(symbols or [None])]
    if not 0.0 < level < 100.0:
        raise InputError(f"--level {level}: give an energy above zero [eV/atom], as 0.05")
    if not 2 <= divisions <= MOST_DIVISIONS:
        raise InputError(f"--divisions {divisions}: give a number from 2 to {MOST_DIVISIONS}")
    other = elements_of([against], lithium=False)
    db = asked(choice, output, [other | set(elements) for elements in systems])
    maps, failed = [], {}
    for elements in systems:
        try:
            maps.append(db.map(elements, against, divisions=divisions))
        except InputError as error:
            if len(systems) == 1:
                raise
            failed["-".join(elements)] = str(error)
    if not maps:
        raise InputError("\n".join(f"{name}: {reason}" for name, reason in failed.items()))
    for name, reason in failed.items():
        output.say(f"failed: {name}: {reason}")
    return db.table, maps, failed


def map_figure(
    maps: list[CompositionMap], failed: dict[str, str], level: float, width: Width = "two"
) -> Figure:
    """Draw maps with their source."""
    from ..report.figures.map import composition_maps
    from ..report.text.answers import source_note
    from ..report.text.map import left_out_phases

    note = source_note(maps[0].provenance["source_label"], left_out_phases(maps))
    return composition_maps(maps, level=level, failed=failed, note=note, width=width)


def map_tables(maps: list[CompositionMap]) -> dict[str, pd.DataFrame]:
    """Tables beside the figure, by what their names end in: all compositions, and the phases."""
    import pandas as pd

    return {
        "": pd.concat([one.to_frame() for one in maps]),
        "_phases": pd.concat([one.phases_frame() for one in maps]),
    }
