"""Command line: parse, call, print.  Data go to stdout, everything else to stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ..errors import InputError, InterscreenError
from .parsers import build_parser

EXIT_OK, EXIT_INTERRUPTED = 0, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.version:
        from ..version import version

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
        run = getattr(import_module(f".{module}", __package__), function)
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
