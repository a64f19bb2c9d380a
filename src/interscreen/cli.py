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
        epilog="Exit codes: 0 all right, 2 wrong input, 3 finished with failed rows, "
        "5 an equilibrium could not be certified.",
    )
    parser.add_argument("--version", action="store_true", help="show the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    reaction = _command(
        commands, "reaction", "questions.reaction_command", "reaction energies of two materials"
    )
    reaction.add_argument("a", metavar="A", help="formula, mixture ('Cu + 2 LiF') or name (LLZO)")
    reaction.add_argument("b", metavar="B", help="the same")
    reaction.add_argument(
        "--potential", type=float, metavar="V", help="open the interface to Li at V vs Li/Li+"
    )
    for side in ("a", "b"):
        _energy_options(reaction, f"-{side}", f" of {side.upper()}")

    window = _command(
        commands, "window", "questions.window_command", "electrochemical stability window"
    )
    lithiate = _command(
        commands, "lithiate", "questions.lithiate_command", "stepwise lithiation down to Li metal"
    )
    for parser_of_one in (window, lithiate):
        parser_of_one.add_argument("m", metavar="M", help="formula, mixture or name")
        _energy_options(parser_of_one, "", "")

    stack = _command(
        commands,
        "stack",
        "questions.stack_command",
        "every contact of Li | candidate | electrolyte",
    )
    stack.add_argument("candidate", metavar="CANDIDATE", help="formula, mixture or name")
    stack.add_argument("electrolyte", metavar="ELECTROLYTE", help="formula or name")

    screen = _command(
        commands, "screen", "screen.screen_command", "screen candidates x electrolytes, as in STUDY"
    )
    screen.add_argument(
        "study", metavar="STUDY.yaml", nargs="?", help="the study; without it the shipped one runs"
    )
    screen.add_argument("--out", metavar="DIR", help="output folder (default: as in the study)")
    screen.add_argument("--jobs", type=int, metavar="N", help="worker processes, -1: one per core")
    screen.add_argument("--check", action="store_true", help="only check the study")

    listing = commands.add_parser("electrolytes", help="names that stand for electrolytes")
    listing.set_defaults(run="questions.electrolytes_command")
    listing.add_argument("--json", action="store_true", help="one JSON object on stdout")
    listing.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
    return parser


def _command(commands: Any, name: str, run: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="'reference' (the embedded set; default) or a table: .csv, .csv.gz, .parquet, .json",
    )
    parser.add_argument("--formula-column", metavar="NAME", help="formula column of the table")
    parser.add_argument("--energy-column", metavar="NAME", help="formation-energy column [eV/atom]")
    parser.add_argument(
        "--all-phases",
        action="store_true",
        help="count phases that the source marks as never observed, too",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
    return parser


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
