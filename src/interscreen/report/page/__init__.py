"""A run as one HTML file: made from the files of its folder alone, opened without a network."""

from .page import write_report

__all__ = ["write_report"]
