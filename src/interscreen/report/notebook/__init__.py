"""Results in Jupyter: tables and figures as one HTML fragment; and as one line in a terminal.

A fragment asks for nothing from outside, runs no script, takes its text colour from the theme,
and always comes: where a figure cannot be drawn, the tables stand alone and a line says why.
"""

from __future__ import annotations

from html import escape
from typing import Any

from . import card

__all__ = ["headline", "result_html"]


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
    try:
        _register(result)
        page = card.Card()
        card.shown(result, page)
        return page.html
    except Exception as error:  # a notebook must show something, and say what went wrong
        page = card.Card()
        page.line(f"<code>{escape(headline(result))}</code>")
        page.line(
            "The tables could not be made: "
            f"{escape(f'{type(error).__name__}: {error}')}; please report it. to_dict() and "
            "to_frame() have all numbers.",
            "interscreen-warning",
        )
        return page.html


def headline(result: Any) -> str:
    """Return ``<Kind: what it says>`` on one line; never fails."""
    _register(result)
    return card.headline(result)


def _register(result: Any) -> None:
    """Import the views, those that need pandas only where no other shows the result."""
    from . import interfaces, questions  # noqa: F401

    if card.shown.dispatch(type(result)) is card.shown.dispatch(object):
        from . import checks, screens  # noqa: F401
