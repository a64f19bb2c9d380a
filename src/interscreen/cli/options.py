"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any


def question(commands: Any, name: str, run: str, summary: str) -> argparse.ArgumentParser:
    """Add a command that puts a question to a source."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    source_options(parser)
    output_options(parser)
    return parser


def reaction_options(parser: argparse.ArgumentParser) -> None:
    """Two materials with their energies, and a potential."""
    parser.add_argument("a", metavar="A", help="formula, mixture ('Cu + 2 LiF') or name (LLZO)")
    parser.add_argument("b", metavar="B", help="the same")
    parser.add_argument(
        "--potential", type=float, metavar="V", help="open the interface to Li at V vs Li/Li+"
    )
    for side in ("a", "b"):
        energy_options(parser, f"-{side}", f" of {side.upper()}")


def samples_option(parser: argparse.ArgumentParser) -> None:
    """Add the number of samples for error bars."""
    parser.add_argument(
        "--samples", type=int, default=0, metavar="N", help="for error bars, as 1000 (default none)"
    )


def profile_options(parser: argparse.ArgumentParser) -> None:
    """Two materials with their energies, and a range of potentials."""
    parser.add_argument("a", metavar="A", help="formula, mixture or name")
    parser.add_argument("b", metavar="B", help="the same")
    parser.add_argument(
        "--from", dest="start", type=float, default=0.0, metavar="V", help="default 0 V vs Li/Li+"
    )
    parser.add_argument("--to", dest="end", type=float, default=5.0, metavar="V", help="default 5")
    parser.add_argument("--step", type=float, metavar="V", help="list points at this distance, too")
    for side in ("a", "b"):
        energy_options(parser, f"-{side}", f" of {side.upper()}")


def map_options(parser: argparse.ArgumentParser) -> None:
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


def energy_options(parser: argparse.ArgumentParser, suffix: str, of: str) -> None:
    """Add the energy of a material, given by the user."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        f"--energy{suffix}", type=float, metavar="E", help=f"formation energy{of} [eV/atom]"
    )
    group.add_argument(
        f"--above-hull{suffix}", type=float, metavar="E", help=f"energy above hull{of} [eV/atom]"
    )


def source_options(parser: argparse.ArgumentParser) -> None:
    """Add where phases come from, and which may be products."""
    source = parser.add_argument_group("source of phases")
    source.add_argument(
        "--source",
        metavar="SOURCE",
        default="",
        help="'mp' (the Materials Project; default when an API key is set), 'reference' (the "
        "embedded set; default without one), 'matbench', or a table: .csv, .csv.gz, .parquet, "
        ".json",
    )
    store_options(source)
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


def store_options(group: Any) -> None:
    """Add the local store of the Materials Project."""
    group.add_argument(
        "--thermo-type", metavar="T", default="", help="mp: GGA_GGA+U (default) or R2SCAN"
    )
    group.add_argument(
        "--database", metavar="V", default="", help="mp: database version (default: newest local)"
    )
    cache_option(group)


def cache_option(group: Any) -> None:
    """Add the folder of the local store."""
    group.add_argument(
        "--cache", metavar="DIR", help="folder of the local store (or set INTERSCREEN_CACHE)"
    )


def output_options(parser: argparse.ArgumentParser) -> None:
    """Add what is printed."""
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
