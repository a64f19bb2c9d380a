"""The parser of the command line."""

from __future__ import annotations

import argparse
from typing import Any

from .options import (
    cache_option,
    energy_options,
    map_options,
    output_options,
    profile_options,
    question,
    reaction_options,
    samples_option,
    source_options,
    store_options,
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="interscreen",
        description="Interlayers between Li metal and solid electrolytes from phase diagrams.",
        epilog="Exit codes: 0 all right, 2 wrong input, 3 finished with failed rows (validate: a "
        "number outside of its tolerance, or none that could be compared), 4 a source "
        "elsewhere (the Materials Project) failed or lacks something, 5 an equilibrium could not "
        "be certified.",
    )
    parser.add_argument("--version", action="store_true", help="show the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    reaction = question(
        commands, "reaction", "questions.reaction_command", "reaction energies of two materials"
    )
    reaction_options(reaction)
    samples_option(reaction)

    window = question(
        commands, "window", "questions.window_command", "electrochemical stability window"
    )
    lithiate = question(
        commands, "lithiate", "questions.lithiate_command", "stepwise lithiation down to Li metal"
    )
    for parser_of_one in (window, lithiate):
        parser_of_one.add_argument("m", metavar="M", help="formula, mixture or name")
        energy_options(parser_of_one, "", "")
    samples_option(window)

    profile = question(
        commands,
        "profile",
        "profile.profile_command",
        "an interface open to Li over a range of potentials",
    )
    profile_options(profile)
    profile.add_argument(
        "--out", metavar="FOLDER", help="write profile.png, .svg, .pdf and .csv there"
    )

    stack = question(
        commands,
        "stack",
        "questions.stack_command",
        "every contact of Li | candidate | electrolyte",
    )
    stack.add_argument("candidate", metavar="CANDIDATE", help="formula, mixture or name")
    stack.add_argument("electrolyte", metavar="ELECTROLYTE", help="formula or name")
    samples_option(stack)

    maps = question(
        commands,
        "map",
        "map.map_command",
        "mutual energy of every composition of a ternary system with one partner",
    )
    map_options(maps)
    maps.add_argument(
        "--out", metavar="DIR", help="write map.png, .svg, .pdf, the tables and manifest"
    )

    screen = question(
        commands, "screen", "screen.screen_command", "screen candidates x electrolytes, as in STUDY"
    )
    screen.add_argument(
        "study", metavar="STUDY.yaml", nargs="?", help="the study; without it the shipped one runs"
    )
    screen.add_argument("--out", metavar="DIR", help="output folder (default: as in the study)")
    screen.add_argument("--jobs", type=int, metavar="N", help="worker processes, -1: one per core")
    screen.add_argument(
        "--samples", type=int, metavar="N", help="for the error bars, 0: none (default 1000)"
    )
    screen.add_argument("--check", action="store_true", help="only check the study")
    whole = screen.add_argument_group("candidates from the source itself")
    whole.add_argument(
        "--candidates",
        metavar="EXPRESSION",
        help="'all', or a condition: anion == fluoride and n_elements <= 3 (docs/screens.md)",
    )
    whole.add_argument(
        "--limit", type=int, metavar="N", help="at most so many candidates, nearest to the hull"
    )
    whole.add_argument("--electrolytes", metavar="A,B,...", help="in place of those of the study")
    whole.add_argument("--fresh", action="store_true", help="forget what an earlier start computed")
    whole.add_argument(
        "--backend", choices=["local", "dask"], default="local", help="who computes (default local)"
    )
    whole.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask cluster")

    top = commands.add_parser(
        "top", help="the best of a finished screen", description="the best of a finished screen"
    )
    top.set_defaults(run="top.top_command")
    top.add_argument("folder", metavar="RUN", help="folder of the screen")
    top.add_argument("--electrolyte", metavar="E", help="with this one (default: mean over all)")
    top.add_argument("--where", metavar="EXPRESSION", default="", help="docs/screens.md")
    top.add_argument("--sort", metavar="COLUMN", default="score_meV_per_atom")
    top.add_argument("--count", type=int, default=20, metavar="N")
    top.add_argument("--columns", metavar="A,B,...", help="columns to show")
    top.add_argument("--csv", metavar="FILE", help="write the rows there, full precision")
    top.add_argument("--study", metavar="FILE", help="write a study of these candidates there")
    output_options(top)

    check = question(
        commands,
        "validate",
        "validate.validate_command",
        "a source against published numbers and measured interlayers",
    )
    check.add_argument(
        "--undoped", action="store_true", help="undoped LLZO stands in for doped garnets"
    )
    check.add_argument("--out", metavar="DIR", help="write the three tables and manifest there")

    page = commands.add_parser(
        "report", help="the page of a finished screen", description="the page of a finished screen"
    )
    page.set_defaults(run="report.report_command")
    page.add_argument("folder", metavar="RUN", help="folder of the screen")
    page.add_argument("--out", metavar="FILE", help="default: report.html in the folder")
    output_options(page)

    listing = commands.add_parser("electrolytes", help="names that stand for electrolytes")
    listing.set_defaults(run="questions.electrolytes_command")
    output_options(listing)
    _plot_commands(commands)
    _data_commands(commands)
    return parser


def _plot_commands(commands: Any) -> None:
    """Commands below ``plot``: one figure for a paper each."""
    summary = "one figure for a paper: PNG, SVG, PDF and the CSV of what is plotted"
    plot = commands.add_parser("plot", help=summary, description=summary)
    plot.set_defaults(run="plot.no_figure", json=False, quiet=False, cache=None)
    below = plot.add_subparsers(dest="plot_command", metavar="WHAT")

    def add(name: str, summary: str, *, source: bool = True) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = below.add_parser(name, help=summary, description=summary)
        parser.set_defaults(run="plot.figure_command")
        files = parser.add_argument_group("figure")
        files.add_argument(
            "--out", metavar="PATH", help="folder, or file without its ending (default: here)"
        )
        files.add_argument(
            "--width", choices=["one", "two"], default="two", help="columns (default two)"
        )
        files.add_argument("--format", metavar="F,...", help="png, svg, pdf (default all three)")
        files.add_argument(
            "--bare", action="store_true", help="no title and source: they stand in the caption"
        )
        if source:
            source_options(parser)
        output_options(parser)
        return parser

    reaction_options(add("reaction", "mutual energy of two materials over the mixing ratio"))
    for name, summary in (
        ("window", "stability windows as bars"),
        ("lithiation", "voltage against Li taken up"),
    ):
        add(name, summary).add_argument(
            "m", metavar="M", nargs="+", help="formula, mixture or name"
        )
    profile_options(add("profile", "an interface open to Li over a range of potentials"))
    heatmap = add("heatmap", "reaction energies of a finished screen", source=False)
    heatmap.add_argument("folder", metavar="RUN", help="folder of the screen")
    heatmap.add_argument("--electrolytes", metavar="A,B,...", help="only these, in this order")
    heatmap.add_argument("--top", type=int, metavar="N", help="only the best N of the ranking")
    map_options(add("map", "mutual energies of ternary systems with one partner"))


def _data_commands(commands: Any) -> None:
    """Commands below ``data``: the local store of the Materials Project."""
    summary = "the local store: pull, list, info, diff, export, import"
    data = commands.add_parser("data", help=summary, description=summary)
    data.set_defaults(run="data.no_command", json=False, quiet=False, cache=None)
    below = data.add_subparsers(dest="data_command", metavar="WHAT")

    def add(name: str, run: str, summary: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = below.add_parser(name, help=summary, description=summary)
        parser.set_defaults(run=run)
        output_options(parser)
        return parser

    pull = add("pull", "pull.pull_command", "fetch phases into the local store")
    pull.add_argument(
        "what",
        nargs="?",
        choices=["mp", "matbench"],
        default="mp",
        help="the Materials Project (default; needs a key) or the public Matbench file (no key)",
    )
    systems = pull.add_argument_group("mp: one or several of")
    systems.add_argument(
        "--elements", action="append", metavar="Li,O,...", help="every system of these elements"
    )
    systems.add_argument(
        "--study", action="append", metavar="STUDY.yaml", help="every system of a study's stacks"
    )
    systems.add_argument("--all", action="store_true", help="every document of the thermo type")
    systems.add_argument("--structures", action="store_true", help="crystal structures, too")
    systems.add_argument("--thermo-type", metavar="T", default="", help="as for --source mp")
    matbench = pull.add_argument_group("matbench")
    matbench.add_argument(
        "--from", dest="origin", metavar="FILE|URL", help="instead of the published address"
    )
    matbench.add_argument("--sha256", metavar="H", help="checksum the file must have")
    cache_option(pull)

    listing = add("list", "data.list_command", "databases in the local store")
    cache_option(listing)

    info = add("info", "data.info_command", "what a database in the local store holds")
    store_options(info)

    diff = add("diff", "diff.diff_command", "what changed between two databases")
    for side in ("a", "b"):
        diff.add_argument(side, metavar=side.upper(), help="database version, or a table")
    diff.add_argument("--thermo-type", metavar="T", default="", help="as for --source mp")
    diff.add_argument("--study", metavar="STUDY.yaml", help="say which of its answers change, too")
    diff.add_argument(
        "--tolerance",
        type=float,
        default=0.005,
        metavar="E",
        help="smallest change that is told [eV/atom] (default 0.005)",
    )
    diff.add_argument("--out", metavar="FILE.csv", help="write all changes of phases there")
    cache_option(diff)

    export = add("export", "data.export_command", "write a database to a Parquet file")
    export.add_argument("file", metavar="FILE.parquet")
    export.add_argument("--elements", metavar="Li,O,...", help="only the systems of these elements")
    export.add_argument("--study", metavar="STUDY.yaml", help="only the systems of a study")
    store_options(export)

    take = add("import", "data.import_command", "take an exported file into the local store")
    take.add_argument("file", metavar="FILE.parquet")
    cache_option(take)

    structure = add("structure", "data.structure_command", "print a pulled structure as CIF")
    structure.add_argument("identifier", metavar="mp-ID")
    store_options(structure)
