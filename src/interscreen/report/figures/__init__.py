"""Figures for papers, with the data beside them."""
