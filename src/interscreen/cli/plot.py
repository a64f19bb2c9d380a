"""The command ``plot``: one figure for a paper, with the data beside it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers.lithiation import lithiate, lithiation_rows
from ..answers.reaction import react
from ..answers.window import stability_window, window_row
from ..errors import InputError
from ..phases.formula import nearest
from ..phases.material import electrolytes, elements_of
from ..report.text.answers import source_note
from .figure_files import place_of
from .map import (
    EXIT_FAILED_ROWS,
    EXIT_OK,
    computed_maps,
    map_figure,
    map_tables,
)
from .profile import computed_profile, profile_figure
from .questions import reactant_of
from .source import open_source

if TYPE_CHECKING:
    from ..phases.table import PhaseTable


def no_figure(arguments: argparse.Namespace) -> int:
    """Answer ``plot`` without a kind of figure."""
    raise InputError(
        "plot: name what: reaction, window, lithiation, profile, heatmap or map "
        "(interscreen plot --help)"
    )


def figure_command(arguments: argparse.Namespace) -> int:
    """Draw the figure that is asked for, bare where the paper has a caption for the rest."""
    from ..report.figures.page import bare_figures

    draw: Callable[[argparse.Namespace], int] = globals()[f"{arguments.plot_command}_plot"]
    with bare_figures(arguments.bare):
        return draw(arguments)


def reaction_plot(arguments: argparse.Namespace) -> int:
    """Mutual energy of two materials over the mixing ratio."""
    from ..report.figures.reaction import curve_plot

    place = place_of(arguments, "reaction", arguments.a, arguments.b)
    a = reactant_of(arguments.a, arguments.energy_a, arguments.above_hull_a)
    b = reactant_of(arguments.b, arguments.energy_b, arguments.above_hull_b)
    elements = elements_of([a, b], lithium=arguments.potential is not None)
    table = open_source(arguments, [elements])
    result = react(table, a, b, potential_V=arguments.potential)
    figure = curve_plot(result, note=_note([result.provenance]), width=arguments.width)
    files = place.write(figure, {"": result.to_frame()})
    return _told(arguments, files, [result.provenance])


def window_plot(arguments: argparse.Namespace) -> int:
    """Stability windows of materials; limits of electrolytes cross the others."""
    import pandas as pd

    from ..phases.columns import columns_of
    from ..report.figures.windows import window_bars

    place = place_of(arguments, "window", *arguments.m)
    table, names = _opened(arguments)
    known = electrolytes()
    windows = [stability_window(table, name) for name in names]
    frame = pd.DataFrame(
        [
            {
                "part": "electrolyte" if name in known else "material",
                "name": name,
                **window_row(window),
                **_origin(window.provenance),
            }
            for name, window in zip(names, windows, strict=True)
        ],
        columns=columns_of("windows"),
    )
    provenances = [window.provenance for window in windows]
    figure = window_bars(frame, note=_note(provenances), width=arguments.width)
    return _told(arguments, place.write(figure, {"": frame}), provenances)


def lithiation_plot(arguments: argparse.Namespace) -> int:
    """Voltage against Li taken up."""
    import pandas as pd

    from ..phases.columns import columns_of
    from ..report.figures.lithiation import lithiation_staircase

    place = place_of(arguments, "lithiation", *arguments.m)
    table, names = _opened(arguments)
    paths = {name: lithiate(table, name) for name in names}
    frame = pd.DataFrame(
        [
            {"candidate": name, **row, **_origin(path.provenance)}
            for name, path in paths.items()
            for row in lithiation_rows(path)
        ],
        columns=columns_of("lithiation"),
    )
    asked = pd.DataFrame({"candidate": names, "status": "ok"})
    provenances = [path.provenance for path in paths.values()]
    figure = lithiation_staircase(frame, asked, note=_note(provenances), width=arguments.width)
    return _told(arguments, place.write(figure, {"": frame}), provenances)


def profile_plot(arguments: argparse.Namespace) -> int:
    """Reaction energies over a range of potentials."""
    place = place_of(arguments, "profile", arguments.a, arguments.b)
    a = reactant_of(arguments.a, arguments.energy_a, arguments.above_hull_a)
    b = reactant_of(arguments.b, arguments.energy_b, arguments.above_hull_b)
    result = computed_profile(arguments, open_source(arguments, [elements_of([a, b])]), a, b)
    files = place.write(profile_figure(result, arguments.width), {"": result.to_frame()})
    return _told(arguments, files, [result.provenance])


def map_plot(arguments: argparse.Namespace) -> int:
    """Triangles of ternary systems; exit code 3 when some could not be computed."""
    place = place_of(arguments, "map", arguments.system, arguments.m or "", arguments.against)
    _, maps, failed = computed_maps(arguments)
    figure = map_figure(maps, failed, float(arguments.level), arguments.width)
    files = place.write(figure, map_tables(maps))
    _told(arguments, files, [one.provenance for one in maps])
    return EXIT_FAILED_ROWS if failed else EXIT_OK


def heatmap_plot(arguments: argparse.Namespace) -> int:
    """Heatmap of a finished run, from its results.csv."""
    from ..report.figures.heatmap import reaction_heatmap
    from ..report.figures.heatmap_data import plotted
    from ..report.figures.run import read_run

    folder = Path(arguments.folder)
    results = read_run(folder)
    place = place_of(arguments, "heatmap", folder.resolve().name)
    if arguments.electrolytes is not None:
        there = list(dict.fromkeys(results["electrolyte"]))
        chosen = [name.strip() for name in arguments.electrolytes.split(",") if name.strip()]
        for name in chosen or [""]:
            if name not in there:
                hint = nearest(name, there) or f" (there are {', '.join(there)})"
                raise InputError(f"--electrolytes {name or repr('')}: not in {folder}{hint}")
        order = {name: number for number, name in enumerate(chosen)}
        results = results[results["electrolyte"].isin(chosen)]
        results = results.sort_values(
            "electrolyte", key=lambda names: names.map(order), kind="stable"
        )
    if arguments.top is not None:
        if arguments.top < 1:
            raise InputError(f"--top {arguments.top}: give a number of candidates from 1 upwards")
        first = list(dict.fromkeys(results["candidate"]))[: arguments.top]
        results = results[results["candidate"].isin(first)]
    provenances = [
        {"source_label": row["source"], "left_out_phases": row["left_out_phases"].split()}
        for row in results.reindex(columns=["source", "left_out_phases"], fill_value="").to_dict(
            "records"
        )
    ]
    figure = reaction_heatmap(results, note=_note(provenances), width=arguments.width)
    return _told(arguments, place.write(figure, {"": plotted(results)}), [])


def _opened(arguments: argparse.Namespace) -> tuple[PhaseTable, list[str]]:
    """Source for all materials of a command, each named once."""
    names = list(dict.fromkeys(arguments.m))
    return open_source(arguments, [elements_of([name]) for name in names]), names


def _origin(provenance: dict[str, Any]) -> dict[str, str]:
    return {
        "left_out_phases": " ".join(provenance["left_out_phases"]),
        "source": provenance["source_label"],
    }


def _note(provenances: list[dict[str, Any]]) -> str:
    """Foot of a figure; empty where no source is known."""
    if not provenances:
        return ""
    left_out = {phase for one in provenances for phase in one["left_out_phases"]}
    return source_note(provenances[0]["source_label"], sorted(left_out))


def _told(
    arguments: argparse.Namespace, files: Iterable[Path], provenances: list[dict[str, Any]]
) -> int:
    """Print the files, one a line, and what may be wrong."""
    warnings = list(dict.fromkeys(line for one in provenances for line in one["warnings"]))
    if arguments.json:
        answer = {"files": [str(file) for file in files], "warnings": warnings}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print("\n".join(str(file) for file in files))
    if not arguments.quiet:
        for warning in warnings:
            print(f"interscreen: warning: {warning}", file=sys.stderr)
    return EXIT_OK
