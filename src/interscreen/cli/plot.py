"""The command ``plot``: one figure for a paper, with the data beside it."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError
from .ask import NAMED, reaction_options
from .command import (
    COMMANDS,
    EXIT_FAILED_ROWS,
    EXIT_OK,
    Output,
    gathered,
    listed,
    option,
    output_options,
    root,
)
from .map import computed_maps, map_figure, map_options, map_tables
from .profile import profile_options
from .source import Choice, asked, source_options
from .sweep import DRAWN, sweep_arguments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..database.database import Database
    from ..phases.material import Material
    from ..phases.result import Result
    from ..report.figures.style import Width

_LONGEST = 60  # characters of a name made from materials


@dataclass(frozen=True)
class Place:
    """Folder, stem of the file names, and formats."""

    folder: Path
    stem: str
    formats: tuple[str, ...]
    force: bool

    def write(self, figure: Figure, tables: Mapping[str, pd.DataFrame]) -> tuple[Path, ...]:
        """Write a figure and its data; see ``save``."""
        from ..report.figures.saving import save

        return save(figure, self.folder, self.stem, self.formats, tables, force=self.force)


@dataclass(frozen=True)
class Paper:
    """How a figure is drawn and where its files go."""

    out: str | None
    width: Width
    format: str | None
    bare: bool
    force: bool

    def place(self, *names: str) -> Place:
        """Return where the files go; ``names`` make the file name where the options do not.

        Raises
        ------
        InputError
            For an unknown format or a file ending that contradicts it.
        """
        from ..report.figures.saving import FORMATS

        known = ", ".join(FORMATS)
        chosen = tuple(dict.fromkeys(word.lower() for word in listed(self.format or "")))
        for word in chosen:
            if word not in FORMATS:
                raise InputError(f"--format {word}: unknown; choose from {known}")
        if self.format is not None and not chosen:
            raise InputError(f"--format {self.format!r}: names none; choose from {known}")
        if self.out is not None and not self.out.strip():
            raise InputError("--out: is empty; name a folder or a file without its ending")
        path = Path(self.out or "")
        if not self.out or self.out.endswith(("/", os.sep)) or path.is_dir():
            words = (re.sub(r"[^A-Za-z0-9.()-]+", "-", name).strip("-.") for name in names)
            stem = "_".join(word for word in words if word)[:_LONGEST].rstrip("_-.")
            return Place(path, stem, chosen or FORMATS, self.force)
        ending = path.suffix.lower().removeprefix(".")
        if ending in FORMATS and chosen and ending not in chosen:
            raise InputError(f"--out {self.out}: ends in .{ending}, but --format is {self.format}")
        stem = path.stem if ending in (*FORMATS, "csv") else path.name
        kinds = chosen or ((ending,) if ending in FORMATS else FORMATS)
        return Place(path.parent, stem, kinds, self.force)


_of_figure = functools.partial(option, section="Figure")
_paper_options = gathered(
    "paper",
    Paper,
    _of_figure("--out", "folder, or file without its ending (default: here)", metavar="PATH"),
    _of_figure(
        "--width", "columns (default two)", type=click.Choice(["one", "two"]), default="two"
    ),
    _of_figure("--format", "png, svg, pdf (default all three)", metavar="F,..."),
    _of_figure("--bare", "no title and source: they stand in the caption", is_flag=True),
    _of_figure("--force", "replace files that are no such figure", is_flag=True),
)


@root.group("plot")
@click.pass_context
def plot(context: click.Context) -> None:
    """Ask for a kind of figure where none is named."""
    if context.invoked_subcommand is None:
        raise InputError(
            "plot: name what: reaction, window, lithiation, profile, sweep, heatmap or map "
            "(interscreen plot --help)"
        )


def _figure(name: str, summary: str) -> Callable[[Callable[..., int]], click.Command]:
    """Register a kind of figure, which is drawn bare where the paper has a caption."""

    def register(draw: Callable[..., int]) -> click.Command:
        @functools.wraps(draw)
        def command(**values: Any) -> int:
            from ..report.figures.page import BARE, without

            with without(*BARE if values["bare"] else ()):
                return draw(**values)

        made: click.Command = plot.command(name, help=summary)(command)
        return made

    return register


_materials = click.argument("m", nargs=-1, required=True, help=NAMED)


@_figure("reaction", "mutual energy of two materials over the mixing ratio")
@reaction_options
@source_options
@_paper_options
@output_options
def reaction(
    a: Material, b: Material, potential: float | None, choice: Choice, output: Output, paper: Paper
) -> int:
    """Draw the mutual energy of two materials over the mixing ratio."""
    place = paper.place("reaction", a.formula, b.formula)
    result = asked(choice, output).reaction(a, b, potential)
    files = place.write(result.plot(width=paper.width), {"": result.to_frame()})
    return _tell(output, files, [result])


@_figure("window", "stability windows as bars")
@_materials
@source_options
@_paper_options
@output_options
def window(m: tuple[str, ...], choice: Choice, output: Output, paper: Paper) -> int:
    """Draw stability windows of materials; limits of electrolytes cross the others."""
    from ..report.figures.results import window_figure, window_frame

    place = paper.place("window", *m)
    db = _opened(m, choice, output)
    windows = {name: db.window(name) for name in m}
    figure = window_figure(windows, width=paper.width)
    files = place.write(figure, {"": window_frame(windows)})
    return _tell(output, files, windows.values())


@_figure("lithiation", "voltage against Li taken up")
@_materials
@source_options
@_paper_options
@output_options
def lithiation(m: tuple[str, ...], choice: Choice, output: Output, paper: Paper) -> int:
    """Draw the voltage against Li taken up."""
    from ..report.figures.results import lithiation_figure, lithiation_frame

    place = paper.place("lithiation", *m)
    db = _opened(m, choice, output)
    paths = {name: db.lithiation(name) for name in m}
    figure = lithiation_figure(paths, width=paper.width)
    files = place.write(figure, {"": lithiation_frame(paths)})
    return _tell(output, files, paths.values())


@_figure("profile", COMMANDS["profile"][1])
@profile_options
@source_options
@_paper_options
@output_options
def profile(
    a: Material, b: Material, start: float, end: float, step: float | None,
    choice: Choice, output: Output, paper: Paper,
) -> int:  # fmt: skip
    """Draw reaction energies over a range of potentials."""
    place = paper.place("profile", a.formula, b.formula)
    result = asked(choice, output).profile(a, b, start, end, step)
    files = place.write(result.plot(width=paper.width), {"": result.to_frame()})
    return _tell(output, files, [result])


@_figure("sweep", COMMANDS["sweep"][1])
@sweep_arguments
@option("--points", f"how many values of x (default {DRAWN})", type=int, default=DRAWN, metavar="N")
@source_options
@_paper_options
@output_options
def sweep(
    candidate: str, electrolyte: str, x: str, points: int, choice: Choice, output: Output,
    paper: Paper,
) -> int:  # fmt: skip
    """Draw the contacts of a stack along a series of compositions."""
    place = paper.place("sweep", candidate, electrolyte)
    result = asked(choice, output).sweep(candidate, electrolyte, x, points)
    files = place.write(result.plot(width=paper.width), {"": result.to_frame()})
    return _tell(output, files, [result])


@_figure("heatmap", "reaction energies of a finished screen")
@click.argument("folder", metavar="RUN", help="folder of the screen")
@option("--electrolytes", "only these, in this order", metavar="A,B,...")
@option("--top", "only the best N of the ranking", type=int, metavar="N")
@_paper_options
@output_options
def heatmap(
    folder: str, electrolytes: str | None, top: int | None, output: Output, paper: Paper
) -> int:
    """Draw the heatmap of a finished run, from its results.csv."""
    from ..database.run import open_run
    from ..phases.formula import nearest
    from ..report.figures.heatmap import reaction_heatmap
    from ..report.figures.heatmap_data import plotted
    from ..report.figures.run import read_run
    from ..report.figures.style import beside
    from ..report.text.answers import source_note

    run = Path(folder)
    results = read_run(run)
    place = paper.place("heatmap", run.resolve().name)
    if electrolytes is not None:
        there = list(dict.fromkeys(results["electrolyte"]))
        chosen = listed(electrolytes)
        for name in chosen or [""]:
            if name not in there:
                hint = nearest(name, there) or f" (there are {', '.join(there)})"
                raise InputError(f"--electrolytes {name or repr('')}: not in {run}{hint}")
        order = {name: number for number, name in enumerate(chosen)}
        results = results[results["electrolyte"].isin(chosen)]
        results = results.sort_values(
            "electrolyte", key=lambda names: names.map(order), kind="stable"
        )
    if top is not None:
        if top < 1:
            raise InputError(f"--top {top}: give a number of candidates from 1 upwards")
        first = list(dict.fromkeys(results["candidate"]))[:top]
        results = results[results["candidate"].isin(first)]
    known = results.reindex(columns=["source", "left_out_phases"], fill_value="")
    left_out = {phase for text in known["left_out_phases"] for phase in text.split()}
    note = source_note(known["source"].iloc[0], sorted(left_out)) if len(known) else ""
    with beside(open_run(folder).electrode):
        figure = reaction_heatmap(results, note=note, width=paper.width)
    return _tell(output, place.write(figure, {"": plotted(results)}), [])


@_figure("map", "mutual energies of ternary systems with one partner")
@map_options
@source_options
@_paper_options
@output_options
def composition_maps(
    system: str, against: str, m: str | None, divisions: int, level: float,
    choice: Choice, output: Output, paper: Paper,
) -> int:  # fmt: skip
    """Draw triangles of ternary systems; exit code 3 when some could not be computed."""
    place = paper.place("map", system, m or "", against)
    _, maps, failed = computed_maps(system, against, m, divisions, level, choice, output)
    files = place.write(map_figure(maps, failed, level, paper.width), map_tables(maps))
    _tell(output, files, maps)
    return EXIT_FAILED_ROWS if failed else EXIT_OK


def _opened(materials: tuple[str, ...], choice: Choice, output: Output) -> Database:
    """Open the source for all materials of a command."""
    from ..phases.material import elements_of

    return asked(choice, output, [elements_of([name]) for name in materials])


def _tell(output: Output, files: Iterable[Path], results: Iterable[Result]) -> int:
    """Print the files, one a line."""
    names = [str(file) for file in files]
    warnings = list(dict.fromkeys(line for result in results for line in result.warnings))
    output.show({"files": names, "warnings": warnings}, lambda: "\n".join(names))
    return EXIT_OK
