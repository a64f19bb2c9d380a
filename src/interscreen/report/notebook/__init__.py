"""Results in Jupyter: tables and figures as one HTML fragment; and as one line in a terminal.

A fragment asks for nothing from outside, runs no script, takes its text colour from the theme,
and always comes: where a figure cannot be drawn, the tables stand alone and a line says why.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib import import_module
from typing import Any

from .card import Card
from .headlines import headline

__all__ = ["headline", "result_html"]

# by the name of the class, so that showing a reaction does not import what a screen needs
_VIEWS = {
    "Reaction": ("questions", "show_reaction"),
    "Window": ("questions", "show_window"),
    "Lithiation": ("questions", "show_lithiation"),
    "Stack": ("interfaces", "show_stack"),
    "Profile": ("interfaces", "show_profile"),
    "CompositionMap": ("interfaces", "show_map"),
    "ScreenResult": ("screens", "show_screen"),
    "Sensitivity": ("checks", "show_sensitivity"),
    "Validation": ("checks", "show_validation"),
    "PhaseTable": ("checks", "show_phases"),
}
_ANY = ("fields", "show_fields")


def result_html(result: Any) -> str:
    """Return a result as an HTML fragment for Jupyter.

    Parameters
    ----------
    result : Result, ScreenResult or PhaseTable

    Returns
    -------
    str
        One ``div``; well-formed, everything in it escaped.
    """
    names = [kind.__name__ for kind in type(result).__mro__]
    module, name = next((_VIEWS[kind] for kind in names if kind in _VIEWS), _ANY)
    try:
        view: Callable[[Card, Any], None] = getattr(import_module(f".{module}", __name__), name)
        card = Card()
        view(card, result)
        return card.html
    except Exception as error:  # a notebook must show something, and say what went wrong
        card = Card()
        card.line(f"<code>{escape(headline(result))}</code>")
        card.line(
            "The tables could not be made: "
            f"{escape(f'{type(error).__name__}: {error}')}; please report it. to_dict() and "
            "to_frame() have all numbers.",
            "interscreen-warning",
        )
        return card.html
