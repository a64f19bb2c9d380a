"""Figures for papers, with the data beside them.  Matplotlib is imported by the first one drawn."""

from .heatmap import reaction_heatmap
from .labels import formula_label
from .lithiation import lithiation_staircase
from .saving import save
from .windows import window_bars

__all__ = ["formula_label", "lithiation_staircase", "reaction_heatmap", "save", "window_bars"]
