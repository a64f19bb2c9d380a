"""The command ``report``: the page of a finished run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..report.page import write_report


def report_command(arguments: argparse.Namespace) -> int:
    """Write report.html from the files of a run folder."""
    file = write_report(Path(arguments.folder), Path(arguments.out) if arguments.out else None)
    if arguments.json:
        print(json.dumps({"file": str(file), "bytes": file.stat().st_size}, ensure_ascii=False))
    elif not arguments.quiet:
        print(f"interscreen: wrote {file}", file=sys.stderr)
    return 0
