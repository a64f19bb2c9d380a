"""Numbers by the name of their column, and any other result as a list of its fields."""

from __future__ import annotations

from html import escape
from typing import Any

from ...phases.columns import COLUMNS
from ..markup import marked
from .card import Card, fixed
from .headlines import headline

_DIGITS = {"meV/atom": 1, "eV/atom": 3, "V": 3, "%": 1, "% by volume": 1, "mAh/g": 1}
_LONGEST = 12  # of a list that is spelled out


def _milli(key: str) -> bool:
    """Whether a column is shown in meV/atom: energies of reactions, not those of phases."""
    known = COLUMNS.get(key)
    formation = key.endswith("energy_eV_per_atom") and "mutual" not in key and "total" not in key
    return bool(known and known.unit == "eV/atom" and not formation)


def shown_unit(key: str) -> str:
    """Return the unit in which a column is shown."""
    known = COLUMNS.get(key)
    return "meV/atom" if _milli(key) else known.unit if known else ""


def cell(key: str, value: Any) -> str:
    """Write a value of a column as HTML, rounded; empty where it is missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        scaled = 1000.0 * value if _milli(key) else value
        if isinstance(value, int):
            return fixed(scaled, 0)
        digits = _DIGITS.get(shown_unit(key))
        return (
            f"{scaled:.4g}".replace("-", "\N{MINUS SIGN}")
            if digits is None
            else fixed(scaled, digits)
        )
    if isinstance(value, list | tuple):
        shown = [cell(key, one) for one in value[:_LONGEST]]
        rest = f" and {len(value) - _LONGEST} more" if len(value) > _LONGEST else ""
        return ", ".join(shown) + rest
    if isinstance(value, dict):
        return escape(f"{len(value)} entries: {', '.join(map(str, list(value)[:_LONGEST]))}")
    return marked(str(value))


def show_fields(card: Card, result: Any) -> None:
    """List the fields of a result that has no view of its own."""
    card.title(type(result).__name__)
    rows = []
    for key, value in result.to_dict().items():
        known = COLUMNS.get(key)
        label = known.label if known else key.replace("_", " ")
        unit = shown_unit(key)
        written = cell(key, value)
        rows.append((label, f"{written} {escape(unit)}".strip() if written else ""))
    card.facts(rows)
    if not rows:
        card.line(f"<code>{escape(headline(result))}</code>")
