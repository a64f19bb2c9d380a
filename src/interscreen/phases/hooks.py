"""What the phases and results call, and rooms above them give: ways into a table, and how to show.

The front door (``interscreen/__init__.py``) says where each of them is; it is imported when it is
called for the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_PLACES: dict[str, str] = {}


def give(**places: str) -> None:
    """Say where a function is (``"interscreen.sources.tables:read_table"``), by name."""
    _PLACES.update(places)


def given(name: str) -> Callable[..., Any]:
    """Return the function of this name."""
    module, _, function = _PLACES[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
