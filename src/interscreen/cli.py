"""Command line: parse, call, print.  Data go to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from .errors import InputError, InterscreenError, SolverError

if TYPE_CHECKING:
    from .materials import Material
    from .phases import PhaseTable
    from .screening.runner import ScreenResult
    from .screening.study import Study

EXIT_OK, EXIT_FAILED_ROWS, EXIT_INTERRUPTED = 0, 3, 130


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

    reaction = _command(commands, "reaction", _reaction, "reaction energies of two materials")
    reaction.add_argument("a", metavar="A", help="formula, mixture ('Cu + 2 LiF') or name (LLZO)")
    reaction.add_argument("b", metavar="B", help="the same")
    reaction.add_argument(
        "--potential", type=float, metavar="V", help="open the interface to Li at V vs Li/Li+"
    )
    for side in ("a", "b"):
        _energy_options(reaction, f"-{side}", f" of {side.upper()}")

    window = _command(commands, "window", _window, "electrochemical stability window")
    lithiate = _command(commands, "lithiate", _lithiate, "stepwise lithiation down to Li metal")
    for parser_of_one in (window, lithiate):
        parser_of_one.add_argument("m", metavar="M", help="formula, mixture or name")
        _energy_options(parser_of_one, "", "")

    stack = _command(commands, "stack", _stack, "every contact of Li | candidate | electrolyte")
    stack.add_argument("candidate", metavar="CANDIDATE", help="formula, mixture or name")
    stack.add_argument("electrolyte", metavar="ELECTROLYTE", help="formula or name")

    screen = _command(commands, "screen", _screen, "screen candidates x electrolytes, as in STUDY")
    screen.add_argument(
        "study", metavar="STUDY.yaml", nargs="?", help="the study; without it the shipped one runs"
    )
    screen.add_argument("--out", metavar="DIR", help="output folder (default: as in the study)")
    screen.add_argument("--jobs", type=int, metavar="N", help="worker processes, -1: one per core")
    screen.add_argument("--check", action="store_true", help="only check the study")

    listing = commands.add_parser("electrolytes", help="names that stand for electrolytes")
    listing.set_defaults(run=_electrolytes)
    listing.add_argument("--json", action="store_true", help="one JSON object on stdout")
    listing.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
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
        from .provenance import version

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
        run: Callable[[argparse.Namespace], int] = arguments.run
        code = run(arguments)
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


# -- single questions ---------------------------------------------------------------------------


def _reaction(arguments: argparse.Namespace) -> int:
    from .reactions import react
    from .report.text import reaction_text

    a = _material(arguments.a, arguments.energy_a, arguments.above_hull_a)
    b = _material(arguments.b, arguments.energy_b, arguments.above_hull_b)
    return _answer(
        arguments,
        lambda table: react(table, a, b, potential_V=arguments.potential),
        reaction_text,
        lambda result: {
            "the minimum mutual energy [meV/atom]": 1000 * result.min_mutual_energy_eV_per_atom
        },
    )


def _window(arguments: argparse.Namespace) -> int:
    from .report.text import window_text
    from .windows import stability_window

    m = _material(arguments.m, arguments.energy, arguments.above_hull)
    return _answer(
        arguments,
        lambda table: stability_window(table, m),
        window_text,
        lambda result: {
            "the reduction limit [V]": result.assemblage_window_V[0],
            "the oxidation limit [V]": result.assemblage_window_V[1],
        },
    )


def _lithiate(arguments: argparse.Namespace) -> int:
    from .lithiation import lithiate
    from .report.text import lithiation_text

    m = _material(arguments.m, arguments.energy, arguments.above_hull)
    return _answer(
        arguments,
        lambda table: lithiate(table, m),
        lithiation_text,
        lambda result: {"the products with Li metal": " + ".join(result.final_products)},
    )


def _stack(arguments: argparse.Namespace) -> int:
    from .report.text import stack_text
    from .stacks import stack

    return _answer(
        arguments,
        lambda table: stack(table, arguments.candidate, arguments.electrolyte),
        stack_text,
        lambda result: {
            "the converted layer": result.layer.label,
            "its mutual energy [meV/atom]": 1000 * result.layer.energy,
        },
    )


def _material(formula: str, energy: float | None, above_hull: float | None) -> Material:
    from .materials import Material

    return Material(formula, energy_eV_per_atom=energy, energy_above_hull_eV_per_atom=above_hull)


def _answer(
    arguments: argparse.Namespace,
    ask: Callable[[PhaseTable], Any],
    write: Callable[[Any], str],
    essence: Callable[[Any], dict[str, Any]],
) -> int:
    """Open the source, ask, print; say what the phases that were left out would change."""
    table = _table(arguments)
    result = ask(table)
    answer = result.to_dict()
    if arguments.json:
        print(json.dumps(answer, ensure_ascii=False, allow_nan=False))
    else:
        print(write(result))
    if not arguments.quiet:
        for warning in _warnings(answer):
            print(f"interscreen: warning: {warning}", file=sys.stderr)
        if not arguments.all_phases and table.left_out:
            with contextlib.suppress(SolverError):  # a note is a courtesy
                other = essence(ask(_table(arguments, all_phases=True, quiet=True)))
                for line in _differences(essence(result), other):
                    print(f"interscreen: note: {line}", file=sys.stderr)
    return EXIT_OK


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


def _differences(mine: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Say what changes when never-observed phases are counted."""
    lines = []
    for key, value in mine.items():
        if isinstance(value, float) and isinstance(other[key], float):
            if abs(value - other[key]) > 1e-3:
                lines.append(f"with --all-phases {key} would be {other[key]:.3f}, not {value:.3f}")
        elif value != other[key]:
            lines.append(f"with --all-phases {key} would be {other[key]}, not {value}")
    return lines


def _table(
    arguments: argparse.Namespace,
    source: str | None = None,
    *,
    all_phases: bool | None = None,
    quiet: bool = False,
) -> PhaseTable:
    from .sources import REFERENCE, open_source

    name = arguments.source or source or REFERENCE
    table = open_source(
        name,
        formula_column=arguments.formula_column,
        energy_column=arguments.energy_column,
        all_phases=arguments.all_phases if all_phases is None else all_phases,
    )
    if not (arguments.quiet or quiet):
        why = "" if arguments.source else (" as the study says" if source else ", the default")
        print(
            f"interscreen: source {table.source.name} ({table.source.version}){why}: "
            f"{len(table)} formulas, {len(table.elements)} elements",
            file=sys.stderr,
        )
    return table


# -- screening ----------------------------------------------------------------------------------


def _screen(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from .screening.study import default_study, load_study

    started = time.perf_counter()
    study = load_study(arguments.study) if arguments.study else default_study()
    updates: dict[str, Any] = {}
    if arguments.source:
        updates["source"] = arguments.source
    if arguments.all_phases:
        updates["all_phases"] = True
    if arguments.jobs is not None:
        updates["jobs"] = arguments.jobs
    if arguments.out:
        updates["output"] = arguments.out
    study = study.model_copy(update=updates)
    if arguments.check:
        return _check(arguments, study)
    table = _table(arguments, study.source, all_phases=study.all_phases)
    folder = Path(study.folder)
    result = _run_into(folder, arguments, study, table, started)
    if arguments.json:
        print(json.dumps(_summary(folder, result), ensure_ascii=False, allow_nan=False))
    else:
        from .report.text import ranking_text

        print(ranking_text(result.ranking))
    if not arguments.quiet:
        for warning in result.warnings:
            print(f"interscreen: warning: {warning}", file=sys.stderr)
        if result.left_out:
            names = ", ".join(result.left_out)
            print(f"interscreen: left out (never observed): {names}", file=sys.stderr)
        print(f"interscreen: results in {folder}/", file=sys.stderr)
    if result.failed:
        rows = result.results
        bad = rows[rows["status"] == "failed"].drop_duplicates("candidate")
        for name, reason in zip(bad["candidate"], bad["reason"], strict=True):
            print(f"interscreen: failed: {name}: {reason}", file=sys.stderr)
        return EXIT_FAILED_ROWS
    return EXIT_OK


def _check(arguments: argparse.Namespace, study: Study) -> int:
    """Check a study against its source without computing anything."""
    table = _table(arguments, study.source, all_phases=study.all_phases)
    from .materials import resolve

    for entry in study.electrolytes:
        _, unit = resolve(entry.material)
        table.within(unit.elements)
    missing = []
    for entry in study.candidates:
        try:
            table.within(resolve(entry.material)[1].elements)
        except InputError as error:
            missing.append(f"{entry.label}: {error}")
    for line in missing:
        print(f"interscreen: warning: {line}", file=sys.stderr)
    print(
        f"{study.name}: {len(study.candidates)} candidates x {len(study.electrolytes)} "
        f"electrolytes, results would go to {study.folder}/"
    )
    return EXIT_OK


def _run_into(
    folder: Any, arguments: argparse.Namespace, study: Study, table: PhaseTable, started: float
) -> ScreenResult:
    """Run a study and write its folder."""
    from .manifest import build_manifest
    from .report.files import write_figures
    from .screening.folder import new_folder, write_manifest, write_tables
    from .screening.runner import run_study

    with new_folder(folder) as temporary:
        result = run_study(
            study, table, jobs=arguments.jobs, progress=_progress(arguments, sys.stderr)
        )
        write_tables(temporary, result)
        write_figures(temporary, result, table.source.label)
        write_manifest(
            temporary,
            build_manifest(
                table,
                study.model_dump(mode="json"),
                arguments.argv,
                time.perf_counter() - started,
                rows=len(result.results),
                failed_rows=result.failed,
                left_out_phases=list(result.left_out),
                warnings=list(result.warnings),
            ),
        )
    return result


def _progress(arguments: argparse.Namespace, stream: TextIO) -> Callable[[int, int], None] | None:
    """Return a progress bar by finished candidates; none where stderr is no terminal."""
    if arguments.quiet or not stream.isatty():
        return None
    from tqdm import tqdm

    bar: list[Any] = []

    def show(done: int, total: int) -> None:
        if not bar:
            bar.append(tqdm(total=total, unit="candidate", file=stream, leave=False))
        bar[0].update(done - bar[0].n)
        if done == total:
            bar[0].close()

    return show


def _summary(folder: Any, result: ScreenResult) -> dict[str, Any]:
    """JSON object of a screen: the ranking and where the files are."""
    ranking = json.loads(result.ranking.to_json(orient="records", double_precision=15))
    return {
        "folder": str(folder),
        "files": sorted(file.name for file in folder.iterdir()),
        "failed_rows": result.failed,
        "left_out_phases": list(result.left_out),
        "warnings": list(result.warnings),
        "ranking": ranking,
    }


def _electrolytes(arguments: argparse.Namespace) -> int:
    """List the names that stand for electrolytes."""
    from .materials import electrolytes, user_electrolytes_file
    from .report.text import table

    known = {name: entry.formula for name, entry in electrolytes().items()}
    if arguments.json:
        print(json.dumps(known, ensure_ascii=False))
    else:
        print("\n".join(table([["name", "formula"], *([n, f] for n, f in known.items())], (0, 1))))
    if not arguments.quiet:
        print(f"interscreen: entries of your own: {user_electrolytes_file()}", file=sys.stderr)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
