"""What every result can do."""

from __future__ import annotations

import dataclasses
from typing import Any

from .hooks import given


class Displayed:
    """Shows itself in Jupyter as tables and a figure, and in a terminal as one line.

    Both are made by ``report.notebook``, which is imported when something is shown (``hooks``).
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # a dataclass writes a __repr__ of all its fields unless the class has one of its own
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Displayed.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return str(given("headline")(self))

    def _repr_html_(self) -> str:
        return str(given("result_html")(self))


class Result(Displayed):
    """Base of the frozen result dataclasses: attributes are named like the JSON keys."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        }


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
