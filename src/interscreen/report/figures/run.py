"""The figures of a run: written into its folder, and drawn again from it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError
from ...screen.ranking import OVERALL
from ...screen.runner import ScreenResult
from .. import cells
from ..text.answers import source_note
from .heatmap import reaction_heatmap
from .heatmap_data import PLOTTED, plotted
from .lithiation import lithiation_staircase
from .saving import save
from .windows import window_bars

if TYPE_CHECKING:
    import pandas as pd

RESULTS, RANKING = "results.csv", "ranking.csv"


def write_figures(folder: Path, result: ScreenResult, source: str) -> None:
    """Draw heatmap_reaction_energy, windows and lithiation as PNG, SVG and PDF.

    Candidates stand in the order of the overall ranking.  What is plotted stands beside each
    figure: heatmap_reaction_energy.csv, and the tables windows.csv and lithiation.csv of the run.

    Parameters
    ----------
    folder : Path
    result : ScreenResult
    source : str
        Statement on the source, for the foot of each figure.
    """
    note = source_note(source, result.left_out)
    results = ranked(result.results, result.ranking)
    lithiation = ranked(result.lithiation, result.ranking)
    save(
        reaction_heatmap(results, note=note),
        folder,
        "heatmap_reaction_energy",
        tables={"": plotted(results)},
    )
    save(window_bars(result.windows, results, note=note), folder, "windows")
    save(lithiation_staircase(lithiation, results, note=note), folder, "lithiation")


def ranked(rows: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of the overall ranking (or of that of the only electrolyte)."""
    if (ranking["electrolyte"] == OVERALL).any():
        ranking = ranking[ranking["electrolyte"] == OVERALL]
    order = {name: place for place, name in enumerate(dict.fromkeys(ranking["candidate"]))}
    return rows.sort_values("candidate", key=lambda names: names.map(order), kind="stable")


def read_run(folder: Path) -> pd.DataFrame:
    """Rows of results.csv of a finished run, as text, in the order of its ranking.

    Raises
    ------
    InputError
        When the folder holds no results that a heatmap could be drawn from.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the folder of a finished screen")
    if not (folder / RESULTS).is_file():
        raise InputError(
            f"{folder}: holds no {RESULTS}; name the folder of a finished screen (one of listed "
            "candidates; of a screen by query, write a study of the best: interscreen top)"
        )
    results = _read(folder / RESULTS, PLOTTED)
    energies = [name for name in PLOTTED if name.endswith("_eV_per_atom")]
    computed = results[results["status"] == "ok"]
    for name in energies:
        for row, candidate, value in zip(
            computed.index, computed["candidate"], computed[name], strict=True
        ):
            if not math.isfinite(cells.number(value)):
                raise InputError(
                    f"{folder / RESULTS}: row {row} ({candidate}): {name} is {value!r}, no number; "
                    "run the screen again"
                )
    if not (folder / RANKING).is_file():
        return results
    return ranked(results, _read(folder / RANKING, ["candidate", "electrolyte"]))


def _read(file: Path, columns: list[str]) -> pd.DataFrame:
    """Table whose cells are text (the formula NaN is one, too), rows counted from 1."""
    import pandas as pd

    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{file}: cannot be read ({why}); run the screen again") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(f"{file}: no results of a screen (column {missing[0]} is missing)")
    table.index += 1
    return table
