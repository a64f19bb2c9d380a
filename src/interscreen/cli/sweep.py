"""``interscreen sweep``: a stack along a series of compositions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .ask import answer, drawn_into
from .command import Output, force_option, option, output_options, root, together
from .electrode import Moves, electrode_options
from .source import Choice, source_options

if TYPE_CHECKING:
    pass

LISTED, DRAWN = 11, 61  # values of x in a terminal, and in a figure

sweep_arguments = together(
    click.argument("candidate", help="formula or mixture, with x ('Cu + x LiF')"),
    click.argument("electrolyte", help="formula or name, with or without x"),
    option("--x", "first and last value of x, as 0..4", required=True, metavar="LOW..HIGH"),
)


@root.command("sweep")
@sweep_arguments
@option(
    "--points",
    f"how many values of x (default {LISTED}, with --out {DRAWN})",
    type=int,
    metavar="N",
)
@option("--out", "write sweep.csv, .png, .svg and .pdf there, too", metavar="FOLDER")
@force_option
@electrode_options
@source_options
@output_options
def sweep(
    candidate: str, electrolyte: str, x: str, points: int | None, out: str | None, force: bool,
    moves: Moves, choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Answer with every contact of a stack along x, and where its phases change."""
    from ..report.text.sweep import sweep_text

    if points is None:
        points = DRAWN if out else LISTED

    return answer(
        choice,
        output,
        lambda db: moves.against(db).sweep(candidate, electrolyte, x, points),
        sweep_text,
        first=drawn_into(out, "sweep", force, output),
    )
