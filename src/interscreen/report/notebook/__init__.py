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
    """Return any result as one ``div`` for Jupyter: well-formed, everything in it escaped."""
    try:
        _register(result)
        page = card.Card()
        card.shown(result, page)
    except Exception as error:  # a notebook must show something, and say what went wrong
        page = card.Card()
        page.line(card.Html(f"<code>{escape(headline(result))}</code>"))
        what = escape(f"{type(error).__name__}: {error}")
        page.line(
            card.Html(
                f"The tables could not be made: {what}; please report it. to_dict() and "
                "to_frame() have all numbers."
            ),
            "warning",
        )
    return page.html


def headline(result: Any) -> str:
    """Return ``<Kind: what it says>`` on one line; never fails."""
    _register(result)
    return card.headline(result)


def _register(result: Any) -> None:
    """Import the views, those that need pandas only where no other shows the result."""
    from . import answers, heat  # noqa: F401

    if card.shown.dispatch(type(result)) is card.shown.dispatch(object):
        from . import screens  # noqa: F401
