"""The command map: reaction energies of whole ternary systems with one partner."""

from __future__ import annotations

import argparse
import json
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers.map import (
    MOST_DIVISIONS,
    CompositionMap,
    composition_map,
    read_system,
)
from ..answers.reactant import HULL
from ..errors import InputError
from ..phases.material import elements_of
from ..phases.table import PhaseTable
from ..report.text.answers import left_out_text, source_note, table
from ..screen.folder import new_folder, write_manifest
from ..screen.manifest import build_manifest
from .source import open_source, speaker

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..report.figures.style import Width

EXIT_OK, EXIT_FAILED_ROWS = 0, 3
STEM = "map"


def map_command(arguments: argparse.Namespace) -> int:
    """Map one or several systems; exit code 3 when some could not be computed."""
    started = time.perf_counter()
    phases, maps, failed = computed_maps(arguments)
    level = float(arguments.level)
    say = speaker(arguments)
    if arguments.out:
        folder = Path(arguments.out)
        _write(folder, arguments, phases, maps, failed, time.perf_counter() - started)
        say(f"maps in {folder}/")
    if arguments.json:
        print(json.dumps(_answer(maps, failed, level), ensure_ascii=False, allow_nan=False))
    else:
        print(map_text(maps, level))
    for warning in dict.fromkeys(line for one in maps for line in one.provenance["warnings"]):
        say(f"warning: {warning}")
    return EXIT_FAILED_ROWS if failed else EXIT_OK


def computed_maps(
    arguments: argparse.Namespace,
) -> tuple[PhaseTable, list[CompositionMap], dict[str, str]]:
    """Open the source and compute the maps of the options; say which could not be computed."""
    systems = _systems(arguments.system, arguments.m)
    level, divisions = float(arguments.level), int(arguments.divisions)
    if not 0.0 < level < 100.0:
        raise InputError(f"--level {level}: give an energy above zero [eV/atom], as 0.05")
    if not 2 <= divisions <= MOST_DIVISIONS:
        raise InputError(f"--divisions {divisions}: give a number from 2 to {MOST_DIVISIONS}")
    other = elements_of([arguments.against], lithium=False)
    phases = open_source(arguments, [other | set(elements) for elements in systems])
    maps, failed = _computed(phases, systems, arguments.against, divisions)
    for name, reason in failed.items():
        speaker(arguments)(f"failed: {name}: {reason}")
    return phases, maps, failed


def map_figure(
    maps: list[CompositionMap], failed: dict[str, str], level: float, width: Width = "two"
) -> Figure:
    """Figure of maps with their source."""
    from ..report.figures.map import composition_maps

    note = source_note(maps[0].provenance["source_label"], _left_out(maps))
    return composition_maps(maps, level=level, failed=failed, note=note, width=width)


def map_tables(maps: list[CompositionMap]) -> dict[str, pd.DataFrame]:
    """Tables beside the figure, by what their names end in: all compositions, and the phases."""
    import pandas as pd

    return {
        "": pd.concat([one.to_frame() for one in maps]),
        "_phases": pd.concat([one.phases_frame() for one in maps]),
    }


def _systems(text: str, m: str | None) -> list[tuple[str, str, str]]:
    """Systems in the order of ``--m``, each once."""
    if m is None:
        return [read_system(text)]
    listed = [symbol.strip() for symbol in m.split(",") if symbol.strip()]
    if not listed:
        raise InputError(f"--m {m!r}: names no element; write --m Al,Si")
    return [read_system(text, symbol) for symbol in dict.fromkeys(listed)]


def _computed(
    phases: PhaseTable, systems: list[tuple[str, str, str]], partner: str, divisions: int
) -> tuple[list[CompositionMap], dict[str, str]]:
    """Compute maps, and say why others could not be computed; an error where none could."""
    maps, failed = [], {}
    for elements in systems:
        try:
            maps.append(composition_map(phases, elements, partner, divisions=divisions))
        except InputError as error:
            if len(systems) == 1:
                raise
            failed["-".join(elements)] = str(error)
    if not maps:
        raise InputError("\n".join(f"{name}: {reason}" for name, reason in failed.items()))
    return maps, failed


def _write(
    folder: Path,
    arguments: argparse.Namespace,
    phases: PhaseTable,
    maps: list[CompositionMap],
    failed: dict[str, str],
    seconds: float,
) -> None:
    """Write the figure, the grid, the phases and the manifest."""
    from ..report.figures.saving import save

    level = float(arguments.level)
    figure, tables = map_figure(maps, failed, level), map_tables(maps)
    with new_folder(folder) as place:
        save(figure, place, STEM, tables=tables)
        write_manifest(
            place,
            build_manifest(
                phases,
                {
                    "systems": [one.name for one in maps] + list(failed),
                    "against": arguments.against,
                    "divisions": int(arguments.divisions),
                    "level_eV_per_atom": level,
                },
                arguments.argv,
                seconds,
                failed=failed,
            ),
        )


def _left_out(maps: list[CompositionMap]) -> list[str]:
    return sorted({phase for one in maps for phase in one.provenance["left_out_phases"]})


def _answer(maps: list[CompositionMap], failed: dict[str, str], level: float) -> dict[str, Any]:
    """JSON object: one entry for each system."""
    return {
        "level_eV_per_atom": level,
        "maps": [{**one.to_dict(), "share_within_level": one.share_within(level)} for one in maps],
        "failed": dict(failed),
    }


def map_text(maps: list[CompositionMap], level: float) -> str:
    """Stable phases of each system and the share of the triangle within the level.

    A single map lists all of its stable phases; of several, those within the level are listed.
    """
    first = maps[0]
    name, formula = first.partner["input"], first.partner["formula"]
    called = name if name == formula else f"{name} ({formula})"
    near = f"|E| below {1000.0 * level:.4g} meV/atom"
    head = (
        f"minimum mutual reaction energy with {called}, {len(first.fractions)} compositions a "
        "system; those that are no phase have the hull energy: their reactivity is a lower bound"
    )
    if first.partner["energy_source"] == HULL:
        head += f" (so has {name})"
    lines = textwrap.wrap(head, width=76, subsequent_indent="  ")
    for one in maps:
        lines += ["", *_block(one, level, near, whole=len(maps) == 1)]
    lines += ["", *textwrap.wrap(
        f"source: {first.provenance['source_label']}", width=76, subsequent_indent="  "
    )]  # fmt: skip
    left_out = _left_out(maps)
    if left_out:
        lines += textwrap.wrap(left_out_text(left_out), width=76, subsequent_indent="  ")
    return "\n".join(lines)


def _block(one: CompositionMap, level: float, near: str, *, whole: bool) -> list[str]:
    fractions, energy = one.strongest
    worst = " ".join(
        f"{symbol} {share:.3g}"
        for symbol, share in zip(one.elements, fractions.tolist(), strict=True)
        if share > 0.0
    )
    lines = [
        f"{one.name}: {100.0 * one.share_within(level):.1f} % of the triangle has {near}",
        f"  strongest: {_milli(energy)} meV/atom at {worst}",
    ]
    shown = [phase for phase in one.phases if whole or phase.min_mutual_energy_eV_per_atom > -level]
    rows = [["stable phase", "E [meV/atom]", "reduced below [V]"]]
    for phase in shown:
        limit = phase.reduction_limit_V
        rows.append(
            [
                phase.formula,
                _milli(phase.min_mutual_energy_eV_per_atom),
                "-" if limit is None else f"{limit:.3f}" if limit else "stable",
            ]
        )
    lines += [f"  {line}" for line in table(rows)]
    if len(shown) < len(one.phases):
        count = len(one.phases) - len(shown)
        lines.append(f"  and {count} stable {'phase' if count == 1 else 'phases'} beyond")
    return lines


def _milli(energy: float) -> str:
    """Energy in meV/atom to one digit, never a negative zero."""
    text = f"{1000.0 * energy:.1f}"
    return "0.0" if text == "-0.0" else text
