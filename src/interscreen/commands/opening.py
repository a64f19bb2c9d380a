"""Open the source that a command line names, and say which one it is."""

from __future__ import annotations

import argparse
import sys

from ..phases import PhaseTable
from ..sources import REFERENCE, open_source


def open_table(
    arguments: argparse.Namespace,
    source: str | None = None,
    *,
    all_phases: bool | None = None,
    quiet: bool = False,
) -> PhaseTable:
    """Open ``--source``, or what the study says, or the default.

    Parameters
    ----------
    arguments : argparse.Namespace
    source : str, optional
        Source of the study.
    all_phases, quiet : optional
        In place of the options with these names.
    """
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
