"""The command discover: from an electrolyte to what is worth a try, in one go."""

from __future__ import annotations

import time
from pathlib import Path

import click

from .command import EXIT_OK, Output, listed, option, output_options, root
from .electrode import Moves, electrode_options
from .screen import opened, run_into
from .source import Choice, source_options


@root.command("discover")
@click.argument(
    "electrolytes", metavar="ELECTROLYTE...", nargs=-1, required=True, help="names or formulas"
)
@option(
    "--cathode",
    "ranks coatings for it, too: LCO, or LiCoO2/Li0.5CoO2@3.0-4.2V",
    metavar="C",
    multiple=True,
)
@option(
    "--exclude",
    "elements and lists to sort out, too: toxic, precious, hygroscopic, Pb",
    metavar="A,B,...",
    multiple=True,
)
@electrode_options
@option("--max-elements", "of a candidate (default 4)", type=int, default=4, metavar="N")
@option("--conditions", "on candidates (docs/screens.md)", metavar="EXPRESSION", default="")
@option(
    "--count", "of each role that get error bars (default 10)", type=int, default=10, metavar="N"
)
@option("--out", "output folder (default: reports/discover ...)", metavar="DIR")
@option("--jobs", "threads, -1: one per core (default)", type=int, metavar="N")
@option("--fresh", "forget what an earlier start computed", is_flag=True)
@source_options
@output_options
def discover(
    electrolytes: tuple[str, ...], cathode: tuple[str, ...], exclude: tuple[str, ...], moves: Moves,
    max_elements: int, conditions: str, count: int, out: str | None, jobs: int | None, fresh: bool,
    choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Screen every compound that was made, refine the best, write the page, name what to try."""
    from ..report.text.discover import discover_text, discovered
    from ..screen.discover import discovery
    from ..screen.workers import Workers

    started = time.perf_counter()
    study = discovery(
        [name for word in electrolytes for name in listed(word)],
        cathodes=[name for word in cathode for name in listed(word)],
        exclude=[name for word in exclude for name in listed(word)],
        max_elements=max_elements,
        conditions=conditions,
        best=count,
    )
    study = moves.of_study(study.model_copy(update={"jobs": jobs, "output": out or ""}))
    study, table = opened(study, choice, output)
    folder = Path(study.folder)
    if run_into(folder, study, table, output, Workers(), fresh=fresh) is None:
        output.say(f"{folder}/ holds this run already; --fresh computes it anew")
    found = discovered(folder)
    found["seconds"] = round(time.perf_counter() - started, 1)
    output.show(found, lambda: discover_text(found))
    output.say(f"everything on one page: {folder}/report.html")
    return EXIT_OK
