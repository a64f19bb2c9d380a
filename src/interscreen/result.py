"""What every result can do."""

from __future__ import annotations

import dataclasses
from typing import Any


class Result:
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
