"""The figures of a run: written into its folder, and drawn again from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...phases.electrode import Electrode
from ...screen.folder import require_unaltered
from ...screen.ranking import OVERALL
from ...screen.run import Shown, left_out_of
from ...screen.workers import in_processes
from .. import cells
from ..text.answers import source_note
from .heatmap import reaction_heatmap
from .heatmap_data import PLOTTED, plotted
from .lithiation import lithiation_staircase
from .saving import save
from .style import beside
from .windows import window_bars

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@contextmanager
def figures_into(
    folder: Path, *, source: str, electrode: Electrode, workers: int = 1
) -> Iterator[Shown]:
    """Give what draws heatmap_reaction_energy, windows and lithiation as PNG, SVG and PDF.

    Candidates stand in the order of the overall ranking.  What is plotted stands beside each
    figure: heatmap_reaction_energy.csv, and the tables windows.csv and lithiation.csv of the run.
    ``workers`` are processes, which begin at once; all is written when the block ends.
    """
    with ExitStack() as stack:
        begun: list[Iterator[None]] = []

        def draw(
            results: pd.DataFrame,
            ranking: pd.DataFrame,
            windows: pd.DataFrame,
            lithiation: pd.DataFrame,
        ) -> None:
            note = source_note(source, left_out_of(results))
            rows, steps = (ranked(table, ranking) for table in (results, lithiation))
            figures: tuple[tuple[Any, ...], ...] = (
                ("heatmap_reaction_energy", reaction_heatmap, (rows,), {"": plotted(rows)}),
                ("lithiation", lithiation_staircase, (steps, rows), {}),
                ("windows", window_bars, (windows, rows), {}),
            )
            tasks = [(folder, note, electrode, *figure) for figure in figures]
            begun.append(stack.enter_context(closing(in_processes(_write, tasks, workers))))

        yield draw
        for drawn in begun:
            deque(drawn, maxlen=0)


def _write(
    folder: Path,
    note: str,
    electrode: Electrode,
    stem: str,
    draw: Callable[..., Figure],
    rows: tuple[pd.DataFrame, ...],
    tables: dict[str, pd.DataFrame],
) -> None:
    with beside(electrode):
        figure = draw(*rows, note=note)
    save(figure, folder, stem, tables=tables)


def ranked(rows: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order of the overall ranking (or of that of the only electrolyte)."""
    if (ranking["electrolyte"] == OVERALL).any():
        ranking = ranking[ranking["electrolyte"] == OVERALL]
    order = {name: place for place, name in enumerate(dict.fromkeys(ranking["candidate"]))}
    return rows.sort_values("candidate", key=lambda names: names.map(order), kind="stable")


def read_run(folder: Path) -> pd.DataFrame:
    """Return results.csv of a finished run, in the order of its ranking.

    Raises
    ------
    InputError
        When the folder holds no results that a heatmap could be drawn from, or altered ones.
    """
    import pandas as pd

    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the folder of a finished screen")
    file = folder / "results.csv"
    if not file.is_file():
        raise InputError(
            f"{folder}: holds no results.csv; name the folder of a finished screen (one of listed "
            "candidates; of a screen by query, write a study of the best: interscreen top)"
        )
    require_unaltered(folder)
    rows = cells.read_rows(file, PLOTTED)
    for place, row in enumerate(rows, 1):
        for name in PLOTTED if row["status"] == "ok" else ():
            if cells.is_number(name) and row[name] is None:
                raise InputError(
                    f"{file}: row {place} ({row['candidate']}): {name} is empty; "
                    "run the screen again"
                )
    results = pd.DataFrame(rows, columns=None if rows else PLOTTED)
    ranking = cells.read_rows(folder / "ranking.csv", ("candidate", "electrolyte"))
    return ranked(results, pd.DataFrame(ranking)) if ranking else results
