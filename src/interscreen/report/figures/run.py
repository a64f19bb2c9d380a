"""The figures of a run: written into its folder, and drawn again from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...phases.electrode import Electrode
from ...screen.folder import require_unaltered
from ...screen.ranking import OVERALL
from ...screen.run import ScreenResult
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


def write_figures(folder: Path, result: ScreenResult, source: str, workers: int = 1) -> None:
    """Draw heatmap_reaction_energy, windows and lithiation as PNG, SVG and PDF.

    Candidates stand in the order of the overall ranking.  What is plotted stands beside each
    figure: heatmap_reaction_energy.csv, and the tables windows.csv and lithiation.csv of the run.
    ``workers`` are processes.
    """
    note = source_note(source, result.left_out)
    results, lithiation = (ranked(t, result.ranking) for t in (result.results, result.lithiation))
    figures: tuple[tuple[Any, ...], ...] = (
        ("heatmap_reaction_energy", reaction_heatmap, (results,), {"": plotted(results)}),
        ("windows", window_bars, (result.windows, results), {}),
        ("lithiation", lithiation_staircase, (lithiation, results), {}),
    )
    list(in_processes(_write, [(folder, note, result.electrode, *one) for one in figures], workers))


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
