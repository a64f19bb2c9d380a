"""Command line: parse, call, print.  Data go to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .errors import InputError, InterscreenError

EXIT_OK, EXIT_INTERRUPTED = 0, 130


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

    reaction = _command(
        commands, "reaction", "questions.reaction_command", "reaction energies of two materials"
    )
    _reaction_options(reaction)
    _samples_option(reaction)

    window = _command(
        commands, "window", "questions.window_command", "electrochemical stability window"
    )
    lithiate = _command(
        commands, "lithiate", "questions.lithiate_command", "stepwise lithiation down to Li metal"
    )
    for parser_of_one in (window, lithiate):
        parser_of_one.add_argument("m", metavar="M", help="formula, mixture or name")
        _energy_options(parser_of_one, "", "")
    _samples_option(window)

    profile = _command(
        commands,
        "profile",
        "profile.profile_command",
        "an interface open to Li over a range of potentials",
    )
    _profile_options(profile)
    profile.add_argument(
        "--out", metavar="FOLDER", help="write profile.png, .svg, .pdf and .csv there"
    )

    stack = _command(
        commands,
        "stack",
        "questions.stack_command",
        "every contact of Li | candidate | electrolyte",
    )
    stack.add_argument("candidate", metavar="CANDIDATE", help="formula, mixture or name")
    stack.add_argument("electrolyte", metavar="ELECTROLYTE", help="formula or name")
    _samples_option(stack)

    maps = _command(
        commands,
        "map",
        "map.map_command",
        "mutual energy of every composition of a ternary system with one partner",
    )
    _map_options(maps)
    maps.add_argument(
        "--out", metavar="DIR", help="write map.png, .svg, .pdf, the tables and manifest"
    )

    screen = _command(
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
        metavar="QUERY",
        help="'all', or conditions: n_elements=2-3,anion=fluoride,exclude=toxic (docs/screens.md)",
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
    _output_options(top)

    check = _command(
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
    _output_options(page)

    listing = commands.add_parser("electrolytes", help="names that stand for electrolytes")
    listing.set_defaults(run="questions.electrolytes_command")
    _output_options(listing)
    _plot_commands(commands)
    _data_commands(commands)
    return parser


def _reaction_options(parser: argparse.ArgumentParser) -> None:
    """Two materials with their energies, and a potential."""
    parser.add_argument("a", metavar="A", help="formula, mixture ('Cu + 2 LiF') or name (LLZO)")
    parser.add_argument("b", metavar="B", help="the same")
    parser.add_argument(
        "--potential", type=float, metavar="V", help="open the interface to Li at V vs Li/Li+"
    )
    for side in ("a", "b"):
        _energy_options(parser, f"-{side}", f" of {side.upper()}")


def _samples_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--samples", type=int, default=0, metavar="N", help="for error bars, as 1000 (default none)"
    )


def _profile_options(parser: argparse.ArgumentParser) -> None:
    """Two materials with their energies, and a range of potentials."""
    parser.add_argument("a", metavar="A", help="formula, mixture or name")
    parser.add_argument("b", metavar="B", help="the same")
    parser.add_argument(
        "--from", dest="start", type=float, default=0.0, metavar="V", help="default 0 V vs Li/Li+"
    )
    parser.add_argument("--to", dest="end", type=float, default=5.0, metavar="V", help="default 5")
    parser.add_argument("--step", type=float, metavar="V", help="list points at this distance, too")
    for side in ("a", "b"):
        _energy_options(parser, f"-{side}", f" of {side.upper()}")


def _map_options(parser: argparse.ArgumentParser) -> None:
    """Ternary systems and their partner."""
    parser.add_argument("system", metavar="SYSTEM", help="Li-Al-O, or Li-M-O with --m")
    parser.add_argument(
        "--against", required=True, metavar="PARTNER", help="formula, mixture or name; or Li"
    )
    parser.add_argument("--m", metavar="A,B,...", help="elements that take the place of M")
    parser.add_argument(
        "--divisions", type=int, default=200, metavar="N", help="of a side (default 200)"
    )
    parser.add_argument(
        "--level", type=float, default=0.05, metavar="E", help="outlined [eV/atom] (default 0.05)"
    )


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
            _source_options(parser)
        _output_options(parser)
        return parser

    _reaction_options(add("reaction", "mutual energy of two materials over the mixing ratio"))
    for name, summary in (
        ("window", "stability windows as bars"),
        ("lithiation", "voltage against Li taken up"),
    ):
        add(name, summary).add_argument(
            "m", metavar="M", nargs="+", help="formula, mixture or name"
        )
    _profile_options(add("profile", "an interface open to Li over a range of potentials"))
    heatmap = add("heatmap", "reaction energies of a finished screen", source=False)
    heatmap.add_argument("folder", metavar="RUN", help="folder of the screen")
    heatmap.add_argument("--electrolytes", metavar="A,B,...", help="only these, in this order")
    heatmap.add_argument("--top", type=int, metavar="N", help="only the best N of the ranking")
    _map_options(add("map", "mutual energies of ternary systems with one partner"))


def _command(commands: Any, name: str, run: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    _source_options(parser)
    _output_options(parser)
    return parser


def _source_options(parser: argparse.ArgumentParser) -> None:
    source = parser.add_argument_group("source of phases")
    source.add_argument(
        "--source",
        metavar="SOURCE",
        default="",
        help="'mp' (the Materials Project; default when an API key is set), 'reference' (the "
        "embedded set; default without one), 'matbench', or a table: .csv, .csv.gz, .parquet, "
        ".json",
    )
    _store_options(source)
    source.add_argument("--offline", action="store_true", help="mp: make no request")
    source.add_argument("--formula-column", metavar="NAME", help="formula column of the table")
    source.add_argument("--energy-column", metavar="NAME", help="formation-energy column [eV/atom]")
    source.add_argument(
        "--add", action="append", metavar="FILE", help="entries of your own: pymatgen JSON or CSV"
    )
    choice = parser.add_argument_group("which phases may be products")
    choice.add_argument(
        "--all-phases",
        action="store_true",
        help="count phases that the source marks as never observed, too",
    )
    choice.add_argument(
        "--no-theoretical",
        action="store_true",
        help="leave out phases known from computations only",
    )
    choice.add_argument(
        "--ban", action="append", metavar="PHASE", help="leave out a formula or an identifier"
    )
    choice.add_argument(
        "--max-above-hull",
        type=float,
        metavar="E",
        help="count only phases at most this far above the hull of all [eV/atom]",
    )
    choice.add_argument(
        "--min-stability",
        type=float,
        metavar="E",
        help="count a phase only if the hull without it lies at least this far above it [eV/atom]",
    )
    choice.add_argument(
        "--licence", action="append", metavar="L", help="count only documents under it (BY-C)"
    )


def _store_options(group: Any) -> None:
    group.add_argument(
        "--thermo-type", metavar="T", default="", help="mp: GGA_GGA+U (default) or R2SCAN"
    )
    group.add_argument(
        "--database", metavar="V", default="", help="mp: database version (default: newest local)"
    )
    _cache_option(group)


def _cache_option(group: Any) -> None:
    group.add_argument(
        "--cache", metavar="DIR", help="folder of the local store (or set INTERSCREEN_CACHE)"
    )


def _output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")


def _data_commands(commands: Any) -> None:
    """Commands below ``data``: the local store of the Materials Project."""
    summary = "the local store: pull, list, info, diff, export, import"
    data = commands.add_parser("data", help=summary, description=summary)
    data.set_defaults(run="data.no_command", json=False, quiet=False, cache=None)
    below = data.add_subparsers(dest="data_command", metavar="WHAT")

    def add(name: str, run: str, summary: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = below.add_parser(name, help=summary, description=summary)
        parser.set_defaults(run=run)
        _output_options(parser)
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
    _cache_option(pull)

    listing = add("list", "data.list_command", "databases in the local store")
    _cache_option(listing)

    info = add("info", "data.info_command", "what a database in the local store holds")
    _store_options(info)

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
    _cache_option(diff)

    export = add("export", "data.export_command", "write a database to a Parquet file")
    export.add_argument("file", metavar="FILE.parquet")
    export.add_argument("--elements", metavar="Li,O,...", help="only the systems of these elements")
    export.add_argument("--study", metavar="STUDY.yaml", help="only the systems of a study")
    _store_options(export)

    take = add("import", "data.import_command", "take an exported file into the local store")
    take.add_argument("file", metavar="FILE.parquet")
    _cache_option(take)

    structure = add("structure", "data.structure_command", "print a pulled structure as CIF")
    structure.add_argument("identifier", metavar="mp-ID")
    _store_options(structure)


def _energy_options(parser: argparse.ArgumentParser, suffix: str, of: str) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        f"--energy{suffix}", type=float, metavar="E", help=f"formation energy{of} [eV/atom]"
    )
    group.add_argument(
        f"--above-hull{suffix}", type=float, metavar="E", help=f"energy above hull{of} [eV/atom]"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.version:
        from .version import version

        print(f"interscreen {version()}")
        return EXIT_OK
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return InputError.exit_code
    logging.basicConfig(
        level=logging.ERROR if arguments.quiet else logging.WARNING,
        format="interscreen: %(message)s",
    )
    if getattr(arguments, "cache", None):
        os.environ["INTERSCREEN_CACHE"] = arguments.cache  # worker processes see it, too
    arguments.argv = ["interscreen", *(sys.argv[1:] if argv is None else argv)]
    try:
        module, _, function = arguments.run.partition(".")
        run = getattr(import_module(f".commands.{module}", __package__), function)
        code: int = run(arguments)
        sys.stdout.flush()
        return code
    except InterscreenError as error:
        for line in str(error).splitlines():
            print(f"interscreen: error: {line}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of a pipe went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        print("interscreen: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
