"""``interscreen sweep``: a stack along a series of compositions."""

from __future__ import annotations

import click

from ..database.database import Database
from ..errors import InputError
from .ask import answer
from .command import Output, option, output_options, root
from .electrode import Moves, electrode_options
from .source import Choice, source_options


@root.command("sweep")
@click.argument("candidate", help="formula or mixture, with x ('Cu + x LiF')")
@click.argument("electrolyte", help="formula or name, with or without x")
@electrode_options
@option("--x", "first and last value of x, as 0..4", required=True, metavar="LOW..HIGH", key="span")
@option("--points", "how many values of x (default 11)", type=int, default=11, metavar="N")
@source_options
@output_options
def sweep(
    candidate: str, electrolyte: str, moves: Moves, span: str, points: int, choice: Choice,
    output: Output,
) -> int:  # fmt: skip
    """Answer with every contact of a stack along x."""
    from ..answers.sweep import sweep as swept
    from ..report.text.sweep import sweep_text

    low, _, high = span.partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        raise InputError(f"--x {span}: write the first and the last value, as 0..4") from None

    def ask(db: Database) -> object:
        return swept(moves.against(db).table, candidate, electrolyte, *ends, points)

    return answer(choice, output, ask, sweep_text)
