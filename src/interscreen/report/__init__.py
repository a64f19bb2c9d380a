"""Figures of a screen.  Matplotlib is imported when the first one is drawn."""

from .heatmap import reaction_heatmap
from .staircase import lithiation_staircase
from .style import formula_label, save
from .window_bars import window_bars

__all__ = ["formula_label", "lithiation_staircase", "reaction_heatmap", "save", "window_bars"]
