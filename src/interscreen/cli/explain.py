"""The command explain: the reasoning behind one verdict."""

from __future__ import annotations

from dataclasses import replace

import click

from ..phases.source import ANCHORED
from .command import EXIT_OK, Output, option, output_options, root
from .electrode import Moves, electrode_options
from .source import Choice, asked, source_options


@root.command("explain")
@click.argument("candidate", help="formula, mixture (Cu + 2 LiF) or name")
@click.argument("electrolyte", help="formula or name")
@electrode_options
@option("--samples", "for the error bars (default 300)", type=int, default=300, metavar="N")
@source_options
@output_options
def explain(
    candidate: str, electrolyte: str, moves: Moves, samples: int, choice: Choice, output: Output
) -> int:
    """Explain how the numbers of a stack come about."""
    from ..report.text.explain import explain_text, plain
    from ..screen.judge import judged

    on_scale = replace(choice, energies=choice.energies or ANCHORED)  # as screens are
    sets = moves.element_sets([candidate, electrolyte])
    table = moves.against(asked(on_scale, output, sets)).table
    row = judged(table, candidate, electrolyte, samples=samples, sensitivity=True)
    lines = explain_text(row, table.electrode).splitlines()
    spreads = {
        name: plain(found, ("standard_deviation", "low_5_percent", "high_95_percent"))
        for name, found in row["spreads"].items()
    }
    keys = [key for key in row if key != "spreads"]
    told = {"candidate": candidate, "electrolyte": electrolyte, "lines": lines}
    output.show({**told, "numbers": plain(row, keys), "spreads": spreads},
                lambda: "\n".join(lines))  # fmt: skip
    return EXIT_OK
