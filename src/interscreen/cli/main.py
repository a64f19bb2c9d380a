"""Command line: parse, call, print.  Data go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from ..errors import InputError, InterscreenError
from .command import root

EXIT_OK, EXIT_INTERRUPTED = 0, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with root.make_context("interscreen", list(words), obj=["interscreen", *words]) as context:
            code: int = root.invoke(context)
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as stop:  # after --help and --version
        return stop.exit_code
    except click.UsageError as error:
        print(f"interscreen: error: {_line(error)}", file=sys.stderr)
        return InputError.exit_code
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


def _line(error: click.UsageError) -> str:
    """One line for a slip on the command line, with the nearest name where there is one."""
    place = error.ctx.command_path if error.ctx else "interscreen"
    nearest = getattr(error, "possibilities", None)  # of an option or a command, best first
    text = f"{error.message} Did you mean {nearest[0]!r}?" if nearest else error.format_message()
    return f"{' '.join(text.split()).removesuffix('.')} ({place} --help)"
