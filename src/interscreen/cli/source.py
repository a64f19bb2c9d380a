"""Open the source that a command line names, and say which one it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from ..errors import SourceError
from ..phases.filters import Filters
from ..phases.table import PhaseTable
from ..sources import MATERIALS_PROJECT
from ..sources.open import SourceOptions, default_source, open_table

ElementSets = Sequence[Collection[str]]


def source_options(
    arguments: argparse.Namespace, study: SourceOptions | None = None
) -> SourceOptions:
    """Return the choices of the command line, on top of those of a study."""
    before = study or SourceOptions()
    return replace(
        before,
        thermo_type=arguments.thermo_type or before.thermo_type,
        database=arguments.database or before.database,
        offline=arguments.offline,
        add=(*before.add, *(arguments.add or ())),
        filters=before.filters.updated(
            theoretical=False if arguments.no_theoretical else None,
            banned=arguments.ban,
            max_energy_above_hull_eV_per_atom=arguments.max_above_hull,
            min_stability_eV_per_atom=arguments.min_stability,
            licences=arguments.licence,
        ),
        formula_column=arguments.formula_column,
        energy_column=arguments.energy_column,
        all_phases=arguments.all_phases or before.all_phases,
    )


def open_source(
    arguments: argparse.Namespace,
    elements: ElementSets,
    *,
    source: str = "",
    options: SourceOptions | None = None,
) -> PhaseTable:
    """Open ``--source``, or what the study says, or the default; say which and why.

    Parameters
    ----------
    arguments : argparse.Namespace
    elements : sequence of collections of str
        Elements of each question.
    source : str
        Source of the study.
    options : SourceOptions, optional
        In place of those of the command line.
    """
    name, why = arguments.source, "as the command says"
    if not name:
        name, why = (source, "as the study says") if source else default_source()
    say = speaker(arguments)
    if name == MATERIALS_PROJECT:  # a pull may take a while: say first what is going on
        say(f"source {name}, {why}")
    try:
        table = open_table(
            name,
            elements,
            options=options or source_options(arguments),
            notify=say,
            progress=pull_progress(arguments),
        )
    except SourceError as error:
        if name == MATERIALS_PROJECT and not (arguments.source or source):
            raise SourceError(
                f"{error}; --source reference needs neither key nor network"
            ) from None
        raise
    origin = table.source
    counts = f"{len(table)} formulas, {len(table.elements)} elements"
    which = f"{origin.version}, {origin.thermo_type}" if origin.closed else origin.version
    if name == MATERIALS_PROJECT:
        say(f"{which}: {counts}")
    else:
        say(f"source {origin.name} ({which}), {why}: {counts}")
    if origin.filters:
        say(f"left out: {Filters(**origin.filters)}")
    for added in origin.added:
        count = f"{added['entries']} {'entry' if added['entries'] == 1 else 'entries'}"
        say(f"added {count} of {added['file']} ({added['scale']})")
    return table


def speaker(arguments: argparse.Namespace) -> Callable[[str], None]:
    """Return what prints a line on stderr, or nothing with ``--quiet``."""

    def say(text: str) -> None:
        if not arguments.quiet:
            print(f"interscreen: {text}", file=sys.stderr)

    return say


def pull_progress(
    arguments: argparse.Namespace, unit: str = "system"
) -> Callable[[int, int], None] | None:
    """Return what draws a bar, where stderr is a terminal."""
    if arguments.quiet or not sys.stderr.isatty():
        return None
    bar: list[Any] = []

    def report(done: int, total: int) -> None:
        from tqdm import tqdm

        if bar and bar[0].total != total:
            bar.pop().close()
        if not bar:
            bar.append(tqdm(total=total, unit=unit, file=sys.stderr))
        bar[0].update(done - bar[0].n)
        if done >= total:
            bar.pop().close()

    return report
