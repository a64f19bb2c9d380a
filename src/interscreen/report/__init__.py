"""Figures of a screen.  Matplotlib is imported when the first one is drawn."""

from .heatmap import reaction_heatmap
from .labels import formula_label
from .page import save
from .staircase import lithiation_staircase
from .window_bars import window_bars

__all__ = ["formula_label", "lithiation_staircase", "reaction_heatmap", "save", "window_bars"]
