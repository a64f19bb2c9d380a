"""The figures of a run, written into its folder."""

from __future__ import annotations

from pathlib import Path

from ..screening.ranking import OVERALL
from ..screening.runner import ScreenResult
from .heatmap import reaction_heatmap
from .page import save
from .staircase import lithiation_staircase
from .text import left_out_text
from .window_bars import window_bars


def write_figures(folder: Path, result: ScreenResult, source: str) -> None:
    """Draw heatmap_reaction_energy, windows and lithiation as PNG and SVG.

    Candidates stand in the order of the overall ranking.

    Parameters
    ----------
    folder : Path
    result : ScreenResult
    source : str
        Statement on the source, for the foot of each figure.
    """
    note = f"Source: {source}."
    if result.left_out:
        text = left_out_text(result.left_out)
        note += f" {text[0].upper()}{text[1:]}."
    order = _order(result)
    results = result.results.sort_values(
        "candidate", key=lambda names: names.map(order), kind="stable"
    )
    lithiation = result.lithiation.sort_values(
        "candidate", key=lambda names: names.map(order), kind="stable"
    )
    save(reaction_heatmap(results, note=note), folder, "heatmap_reaction_energy")
    save(window_bars(result.windows, results, note=note), folder, "windows")
    save(lithiation_staircase(lithiation, results, note=note), folder, "lithiation")


def _order(result: ScreenResult) -> dict[str, int]:
    """Place of each candidate in the overall ranking (or in that of the only electrolyte)."""
    ranking = result.ranking
    if (ranking["electrolyte"] == OVERALL).any():
        ranking = ranking[ranking["electrolyte"] == OVERALL]
    return {name: place for place, name in enumerate(dict.fromkeys(ranking["candidate"]))}
