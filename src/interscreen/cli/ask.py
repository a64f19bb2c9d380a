"""Commands that answer one question, and the list of electrolytes."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, OutputError, SolverError
from .command import Decorator, Output, command_line, listed, option, output_options, root, together
from .source import Choice, open_source, source_options

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..answers.map import CompositionMap
    from ..answers.profile_result import Profile
    from ..answers.window import Window
    from ..phases.material import Material
    from ..phases.table import PhaseTable
    from ..report.figures.style import Width
    from ..sources.open import SourceOptions

EXIT_OK, EXIT_FAILED_ROWS = 0, 3
NAMED = "formula, mixture or name"


# -- options that `plot` has, too -----------------------------------------------------------------


def material(name: str, help: str = "the same") -> Decorator:
    """Return the argument for a material, with the options for its energy."""
    suffix, of = ("", "") if name == "m" else (f"-{name}", f" of {name.upper()}")
    keys = [f"{key}{suffix}".replace("-", "_") for key in ("energy", "above_hull")]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            from ..phases.material import Material

            energy, above_hull = (values.pop(key) for key in keys)
            if energy is not None and above_hull is not None:
                raise click.UsageError(
                    f"--above-hull{suffix} {above_hull}: not beside --energy{suffix}",
                    click.get_current_context(),
                )
            values[name] = Material(
                values[name],
                energy_eV_per_atom=energy,
                energy_above_hull_eV_per_atom=above_hull,
            )
            return function(**values)

        return together(
            click.argument(name, help=help),
            option(f"--energy{suffix}", f"formation energy{of} [eV/atom]", type=float, metavar="E"),
            option(
                f"--above-hull{suffix}", f"energy above hull{of} [eV/atom]", type=float, metavar="E"
            ),
        )(command)

    return decorate


reaction_options = together(
    material("a", "formula, mixture ('Cu + 2 LiF') or name (LLZO)"),
    material("b"),
    option("--potential", "open the interface to Li at V vs Li/Li+", type=float, metavar="V"),
)
profile_options = together(
    material("a", NAMED),
    material("b"),
    option("--from", "default 0 V vs Li/Li+", key="start", type=float, default=0.0, metavar="V"),
    option("--to", "default 5", key="end", type=float, default=5.0, metavar="V"),
    option("--step", "list points at this distance, too", type=float, metavar="V"),
)
map_options = together(
    click.argument("system", help="Li-Al-O, or Li-M-O with --m"),
    option("--against", "formula, mixture or name; or Li", required=True, metavar="PARTNER"),
    option("--m", "elements that take the place of M", metavar="A,B,..."),
    option("--divisions", "of a side (default 200)", type=int, default=200, metavar="N"),
    option("--level", "outlined [eV/atom] (default 0.05)", type=float, default=0.05, metavar="E"),
)
_samples = option(
    "--samples", "for error bars, as 1000 (default none)", type=int, default=0, metavar="N"
)


# -- commands -------------------------------------------------------------------------------------


@root.command("reaction")
@reaction_options
@_samples
@source_options
@output_options
def reaction(
    a: Material, b: Material, potential: float | None, samples: int, choice: Choice, output: Output
) -> int:
    """Answer with the reaction energies of two materials."""
    from ..answers.reaction import react
    from ..answers.sampled import sampled_reaction
    from ..phases.material import elements_of
    from ..report.text import answers as text

    if samples and potential is not None:
        raise InputError(
            "--samples: error bars are there for closed interfaces only; leave out --potential"
        )
    return answer(
        choice,
        output,
        elements_of([a, b], lithium=potential is not None),
        lambda table: (
            sampled_reaction(table, a, b, samples=samples)
            if samples
            else react(table, a, b, potential_V=potential)
        ),
        lambda found: text.with_spreads(text.reaction_text(found), found),
        lambda found: {
            "the minimum mutual energy [meV/atom]": 1000 * found.min_mutual_energy_eV_per_atom
        },
    )


@root.command("window")
@material("m", NAMED)
@_samples
@source_options
@output_options
def window(m: Material, samples: int, choice: Choice, output: Output) -> int:
    """Answer with the stability window of a material."""
    from ..answers.sampled import sampled_window
    from ..answers.window import stability_window
    from ..phases.material import elements_of
    from ..report.text import answers as text

    def limits(found: Window) -> dict[str, Any]:
        return {
            "the reduction limit [V]": found.assemblage_window_V[0],
            "the oxidation limit [V]": found.assemblage_window_V[1],
        }

    return answer(
        choice,
        output,
        elements_of([m]),
        lambda table: (
            sampled_window(table, m, samples=samples) if samples else stability_window(table, m)
        ),
        lambda found: text.with_spreads(text.window_text(found), found),
        limits,
    )


@root.command("lithiate")
@material("m", NAMED)
@source_options
@output_options
def lithiate(m: Material, choice: Choice, output: Output) -> int:
    """Answer with the lithiation path of a material."""
    from ..answers.lithiation import lithiate
    from ..phases.material import elements_of
    from ..report.text import answers as text

    return answer(
        choice,
        output,
        elements_of([m]),
        lambda table: lithiate(table, m),
        text.lithiation_text,
        lambda found: {"the products with Li metal": " + ".join(found.final_products)},
    )


@root.command("stack")
@click.argument("candidate", help=NAMED)
@click.argument("electrolyte", help="formula or name")
@_samples
@source_options
@output_options
def stack(candidate: str, electrolyte: str, samples: int, choice: Choice, output: Output) -> int:
    """Answer with every contact of Li | candidate | electrolyte."""
    from ..answers.stack import stack
    from ..phases.material import elements_of
    from ..report.text import answers as text

    return answer(
        choice,
        output,
        elements_of([candidate, electrolyte]),
        lambda table: stack(table, candidate, electrolyte, samples=samples),
        text.stack_text,
        lambda found: {
            "the converted layer": found.layer.label,
            "its mutual energy [meV/atom]": 1000 * found.layer.energy,
        },
    )


@root.command("profile")
@profile_options
@option("--out", "write profile.png, .svg, .pdf and .csv there", metavar="FOLDER")
@source_options
@output_options
def profile(
    a: Material, b: Material, start: float, end: float, step: float | None, out: str | None,
    choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Answer with the reactions of two materials and Li, from one potential to another."""
    from ..answers.profile import profile
    from ..phases.material import elements_of
    from ..report.text.profile import profile_text, ranges

    found: list[Profile] = []  # the first is the answer; a second one counts every phase

    def ask(table: PhaseTable) -> Profile:
        result = profile(table, a, b, start, end, step)
        if out and not found:  # before anything is printed: a reader may go away
            tables = {"": result.to_frame()}
            for file in write_figure(result.plot(), Path(out), "profile", tables):
                output.say(f"wrote {file}")
        found.append(result)
        return result

    return answer(
        choice,
        output,
        elements_of([a, b]),
        ask,
        profile_text,
        lambda result: {
            "the most negative mutual energy [meV/atom]": 1000 * result.worst.mutual_eV_per_atom,
            "the window in which nothing reacts [V]": ranges(result.stable_window_V),
        },
        many_walks=True,
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
    phases, maps, failed = computed_maps(system, against, m, divisions, level, choice, output)
    if out:
        from ..report.figures.saving import save
        from ..screen.folder import new_folder, write_manifest
        from ..screen.manifest import build_manifest

        figure, tables = map_figure(maps, failed, level), map_tables(maps)
        asked = {
            "systems": [one.name for one in maps] + list(failed),
            "against": against,
            "divisions": divisions,
            "level_eV_per_atom": level,
        }
        with new_folder(Path(out)) as place:
            save(figure, place, "map", tables=tables)
            seconds = time.perf_counter() - started
            write_manifest(
                place, build_manifest(phases, asked, command_line(), seconds, failed=failed)
            )
        output.say(f"maps in {Path(out)}/")
    found = [{**one.to_dict(), "share_within_level": one.share_within(level)} for one in maps]
    output.show(
        {"level_eV_per_atom": level, "maps": found, "failed": failed},
        lambda: map_text(maps, level),
    )
    for warning in dict.fromkeys(line for one in maps for line in one.provenance["warnings"]):
        output.say(f"warning: {warning}")
    return EXIT_FAILED_ROWS if failed else EXIT_OK


@root.command("electrolytes")
@output_options
def list_electrolytes(output: Output) -> int:
    """List the names that stand for electrolytes."""
    from ..phases.material import electrolytes, user_electrolytes_file
    from ..report.text.answers import table

    known = {name: entry.formula for name, entry in electrolytes().items()}
    rows = [["name", "formula"], *([name, formula] for name, formula in known.items())]
    output.show(known, lambda: "\n".join(table(rows, (0, 1))))
    output.say(f"entries of your own: {user_electrolytes_file()}")
    return EXIT_OK


# -- what they share ------------------------------------------------------------------------------


def answer(
    choice: Choice,
    output: Output,
    elements: frozenset[str],
    ask: Callable[[PhaseTable], Any],
    write: Callable[[Any], str],
    essence: Callable[[Any], dict[str, Any]],
    *,
    many_walks: bool = False,
) -> int:
    """Open the source, ask, print; say what the phases that were left out would change.

    Parameters
    ----------
    choice, output
        Of the command line.
    elements : frozenset of str
        Elements of the question.
    ask, write, essence : callables
        Table to result; result to text; result to what a note on left-out phases compares.
    many_walks : bool
        Whether so many walks are needed that compiled code is quicker from the start.
    """
    from ..engine.walk import plain_walks

    options = choice.options()
    table = open_source(choice, output, [elements], options=options)
    with contextlib.nullcontext() if many_walks else plain_walks():
        result = ask(table)
        found = result.to_dict()
        output.show(found, lambda: write(result))
        for warning in _warnings(found):
            output.say(f"warning: {warning}")
        if table.left_out_within(elements) and not output.quiet:
            with contextlib.suppress(SolverError):  # a note is a courtesy
                other = essence(ask(_with_all_phases(table, choice.source, elements, options)))
                how = "every phase counted" if options.filters.active else "--all-phases"
                for line in _differences(essence(result), other, how):
                    output.say(f"note: {line}")
    return EXIT_OK


def _with_all_phases(
    table: PhaseTable, source: str, elements: frozenset[str], options: SourceOptions
) -> PhaseTable:
    """Count every phase; a source that was filtered is read again, as other polymorphs count."""
    import numpy as np

    from ..phases.filters import Filters
    from ..sources.open import open_table

    if not options.filters.active:
        return replace(table, counted=np.ones(len(table), dtype=bool))
    every = replace(options, all_phases=True, filters=Filters())
    return open_table(source, [elements], options=every)


def _warnings(answer: Any) -> list[str]:
    """All warnings in a result, once each."""
    found: list[str] = []
    if isinstance(answer, dict):
        found += answer.get("warnings", [])
        for value in answer.values():
            found += _warnings(value)
    elif isinstance(answer, list):
        for value in answer:
            found += _warnings(value)
    return list(dict.fromkeys(found))


def _differences(mine: dict[str, Any], other: dict[str, Any], how: str) -> list[str]:
    """Say what changes when the phases that were left out are counted."""
    lines = []
    for key, value in mine.items():
        if isinstance(value, float) and isinstance(other[key], float):
            if abs(value - other[key]) > 1e-3:
                lines.append(f"with {how} {key} would be {other[key]:.3f}, not {value:.3f}")
        elif value != other[key]:
            lines.append(f"with {how} {key} would be {other[key]}, not {value}")
    return lines


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
    from ..answers.map import MOST_DIVISIONS, composition_map, read_system
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
    phases = open_source(choice, output, [other | set(elements) for elements in systems])
    maps, failed = [], {}
    for elements in systems:
        try:
            maps.append(composition_map(phases, elements, against, divisions=divisions))
        except InputError as error:
            if len(systems) == 1:
                raise
            failed["-".join(elements)] = str(error)
    if not maps:
        raise InputError("\n".join(f"{name}: {reason}" for name, reason in failed.items()))
    for name, reason in failed.items():
        output.say(f"failed: {name}: {reason}")
    return phases, maps, failed


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


def write_figure(
    figure: Figure,
    folder: Path,
    stem: str,
    tables: Mapping[str, pd.DataFrame],
    formats: Sequence[str] | None = None,
) -> tuple[Path, ...]:
    """Write a figure and its tables into a folder, which is made where it is not there.

    Raises
    ------
    OutputError
        When the folder cannot be written to.
    """
    from ..report.figures.saving import FORMATS, save

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"output folder {folder}: cannot be written ({error.strerror})") from None
    return save(figure, folder, stem, formats or FORMATS, tables)
