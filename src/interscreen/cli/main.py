"""Command line: parse, call, print.  Data go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import click

from ..errors import InputError, InterscreenError, OutputError
from . import signals, streams
from .command import root

EXIT_OK, EXIT_UNEXPECTED = 0, InterscreenError.exit_code
_LONGEST = 2000  # characters of a message


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    streams.prepare()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow's own keep what they had
    with signals.heard():
        try:
            return _run(words)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or signals.came():
                return _stopped()
            if not isinstance(error, Exception):
                raise
            return _failed(error, words)


def _run(words: list[str]) -> int:
    try:
        with root.make_context("interscreen", list(words), obj=["interscreen", *words]) as context:
            code: int = root.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:  # after --help and --version
        return stop.exit_code
    except BrokenPipeError:  # the reader of a pipe went away
        streams.silence(sys.stdout)
        return EXIT_OK
    return code


def _stopped() -> int:
    number = signals.came() or signal.SIGINT
    how = {signal.SIGINT: "interrupted"}.get(signal.Signals(number), "terminated")
    _say(how)
    return 128 + number


def _failed(error: Exception, words: list[str]) -> int:
    """Say in a line what went wrong; exit code."""
    if isinstance(error, click.UsageError):
        _say(f"error: {_line(error)}")
        return InputError.exit_code
    if isinstance(error, InterscreenError):
        for line in str(error).splitlines():
            _say(f"error: {line}")
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        try:
            sys.stdout.flush()
        except OSError:
            streams.silence(sys.stdout)  # or Python complains of it once more at the end
        place = f"{error.filename}: " if error.filename else "stdout, or another file: "
        _say(f"error: {place}cannot be read or written ({error.strerror})")
        return OutputError.exit_code
    if isinstance(error, MemoryError):
        _say("error: there is not enough memory; ask for less at once, or lower --jobs")
        return OutputError.exit_code
    from .net import record

    _say(f"error: unexpected {record(error, words)}")
    return EXIT_UNEXPECTED


def _say(text: str) -> None:
    if len(text) > _LONGEST:  # a line names values, and those may be of any length
        text = f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
    print(f"interscreen: {streams.shown(text)}", file=sys.stderr)


def _line(error: click.UsageError) -> str:
    """One line for a slip on the command line, with the nearest name where there is one."""
    place = error.ctx.command_path if error.ctx else "interscreen"
    nearest = getattr(error, "possibilities", None)  # of an option or a command, best first
    text = f"{error.message} Did you mean {nearest[0]!r}?" if nearest else error.format_message()
    if isinstance(error, click.NoSuchOption) and error.ctx and not error.ctx.parent:
        text = f"{text.rstrip('.')}; options of a command stand behind its name"
    return f"{' '.join(text.split()).removesuffix('.')} ({place} --help)"
