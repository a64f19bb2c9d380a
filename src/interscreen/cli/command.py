"""The group of all commands, and the options that most of them share."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, OutputError
from ..files import csv_bytes, write_whole
from .streams import shown, takes_all

if TYPE_CHECKING:
    import pandas as pd

EXIT_OK, EXIT_FAILED_ROWS = 0, 3

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

# name -> module and summary: a module is imported when one of its commands is asked for
COMMANDS = {
    "discover": ("discover", "which compounds to try on an electrolyte, of all that were made"),
    "reaction": ("ask", "reaction energies of two materials"),
    "window": ("ask", "electrochemical stability window"),
    "lithiate": ("ask", "stepwise lithiation down to Li metal"),
    "profile": ("profile", "an interface open to Li over a range of potentials"),
    "stack": ("ask", "every contact of Li | candidate | electrolyte"),
    "sweep": ("sweep", "a stack along a ratio of phases or a dopant"),
    "explain": ("explain", "how the numbers of a stack come about, in ten lines"),
    "decompose": ("ask", "the temperature at which a material gives off gas"),
    "treat": ("ask", "a surface in air, in a furnace, with acid or Li, one after another"),
    "map": ("map", "mutual energy of every composition of a ternary system with one partner"),
    "electrolytes": ("ask", "names that stand for electrolytes, cathodes and salts"),
    "screen": ("screen", "screen candidates x electrolytes, as in STUDY"),
    "top": ("best", "the best of a finished screen"),
    "report": ("report", "the page of a finished screen"),
    "validate": ("report", "a source against published numbers and measured interlayers"),
    "plot": ("plot", "one figure for a paper: PNG, SVG, PDF and the CSV of what is plotted"),
    "data": ("data", "the local store: pull, list, info, diff, export, import"),
}


class Option(click.Option):
    """An option that the help lists in a section of its own."""

    def __init__(self, *names: Any, section: str = "Options", **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.section = section


class Command(click.Command):
    """A command whose help lists its options by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                section = getattr(parameter, "section", "Options")
                sections.setdefault(section, []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)


class Group(click.Group):
    """Commands in the order in which they are defined."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return list(self.commands)


class LazyGroup(Group):
    """The commands of ``COMMANDS``, each imported when it is asked for."""

    def command(self, *names: Any, **attributes: Any) -> Callable[[Function], click.Command]:  # type: ignore[override]
        """Register a command under a name of ``COMMANDS``."""
        return super().command(*names, help=COMMANDS[names[0]][1], **attributes)

    def group(self, *names: Any, **attributes: Any) -> Callable[[Function], click.Group]:  # type: ignore[override]
        """Register a group under a name of ``COMMANDS``."""
        summary = COMMANDS[names[0]][1]
        return super().group(
            *names, cls=Group, help=summary, invoke_without_command=True, **attributes
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, which registers it."""
        if cmd_name in COMMANDS:
            import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


def _show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from ..version import version

        print(f"interscreen {version()}")
        context.exit()


@click.group(
    cls=LazyGroup,
    commands={name: click.Command(name) for name in COMMANDS},  # until they are imported
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Interlayers between Li metal and solid electrolytes from phase diagrams.",
    epilog="Exit codes: 0 all right, 2 wrong input, 3 finished with failed rows (validate: a "
    "number outside of its tolerance, or none that could be compared), 4 a source elsewhere (the "
    "Materials Project) failed or lacks something, 5 an equilibrium could not be certified, 1 "
    "something unexpected (its details are in a file), 130, 143, 129 stopped by Ctrl-C, TERM, HUP.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="show the version and stop",
)  # fmt: skip
@click.pass_context
def root(context: click.Context) -> int:
    """Show the help where no command is given."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        return InputError.exit_code
    return 0


def command_line() -> list[str]:
    """Words of the command line that is being run."""
    words: list[str] = click.get_current_context().find_root().obj
    return words


# -- options ------------------------------------------------------------------------------------


def option(
    name: str,
    help: str | None = None,
    *,
    key: str = "",
    section: str = "Options",
    **attributes: Any,
) -> Decorator:
    """Return the decorator for an option in a section of the help; ``attributes`` are click's.

    ``key`` is the parameter of the command that takes the value, if its name is another.
    """
    names = (name, key) if key else (name,)
    return click.option(*names, cls=Option, section=section, help=help, **attributes)


def together(*decorators: Decorator) -> Decorator:
    """Return several decorators as one; the help lists their options in the same order."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def gathered(name: str, kind: type, *options: Decorator) -> Decorator:
    """Return a decorator that hands over the values of options as one object.

    ``name`` is the parameter of the command that takes it; the fields of the dataclass ``kind``
    are named as the options.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
            return function(**values)

        return together(*options)(command)

    return decorate


@dataclass(frozen=True)
class Output:
    """What a command prints: one JSON object or text on stdout, and notes on stderr."""

    json: bool
    quiet: bool

    def say(self, text: str) -> None:
        """Print a line on stderr, but not with ``--quiet``."""
        if not self.quiet:
            print(f"interscreen: {shown(text)}", file=sys.stderr)

    def show(self, answer: Any, text: Callable[[], str] | None = None) -> None:
        """Print an answer as JSON, or as text where there is one."""
        if self.json:
            plain = not takes_all(sys.stdout)
            print(json.dumps(answer, ensure_ascii=plain, allow_nan=False))
        elif text is not None:
            from ..report.text.layout import folded

            print(shown(folded(text())))

    def progress(self, unit: str = "system", **looks: Any) -> Callable[[int, int | None], None]:
        """Return what draws a bar, where stderr is a terminal; ``looks`` are for tqdm."""
        bar: list[Any] = []

        def report(done: int, total: int | None) -> None:
            from tqdm import tqdm

            if bar and (bar[0].total != total or done < bar[0].n):  # another round
                bar.pop().close()
            if not bar:
                bar.append(tqdm(total=total, unit=unit, file=sys.stderr, **looks))
            bar[0].update(done - bar[0].n)
            if total is not None and done >= total:
                bar.pop().close()

        return (lambda done, total: None) if self.quiet or not sys.stderr.isatty() else report


def _set_log_level(context: click.Context, parameter: click.Parameter, quiet: bool) -> bool:
    logging.basicConfig(
        level=logging.ERROR if quiet else logging.WARNING, format="interscreen: %(message)s"
    )
    return quiet


output_options = gathered(
    "output",
    Output,
    option("--json", "one JSON object on stdout", is_flag=True),
    option("--quiet", "nothing on stderr but errors", is_flag=True, callback=_set_log_level),
)


def _set_cache(context: click.Context, parameter: click.Parameter, folder: str | None) -> None:
    if folder:
        os.environ["INTERSCREEN_CACHE"] = folder  # worker processes see it, too


def cache_option(section: str = "Options") -> Decorator:
    """Return the option for the folder of the local store."""
    return option(
        "--cache", "folder of the local store (or set INTERSCREEN_CACHE)", section=section,
        metavar="DIR", expose_value=False, callback=_set_cache,
    )  # fmt: skip


def store_options(section: str = "Options") -> Decorator:
    """Return the options for a database of the Materials Project in the local store."""
    of_store = functools.partial(option, section=section, default="")
    return together(
        of_store("--thermo-type", "mp: GGA_GGA+U (default) or R2SCAN", metavar="T"),
        of_store("--database", "mp: database version (default: newest local)", metavar="V"),
        cache_option(section),
    )


def listed(text: str) -> list[str]:
    """Words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


force_option = option("--force", "replace a file that is there already", is_flag=True)


def write_csv(rows: pd.DataFrame, name: str, force: bool = False) -> None:
    """Write a table where the user says, making its folder, or refuse; whole or not at all."""
    from ..screen.folder import check_file

    file = Path(name)
    if file.suffix.lower() != ".csv":
        raise InputError(f"{file}: the ending must be .csv")
    check_file(file, force)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, csv_bytes(rows))
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror})") from None
