"""Scores that a phase in doubt moves beyond a tie, in words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from ..screen.ranking import OVERALL
from . import cells
from .markup import rounded

_Row = Mapping[Hashable, Any] | Mapping[str, Any]


def doubts(
    rows: Iterable[_Row],
    tie: float,
    mark: Callable[[str], str] = str,
    write: Callable[[float, int], str] = rounded,
) -> list[str]:
    """Return which scores a phase that is left out or put back moves, largest move first.

    Parameters
    ----------
    rows : iterable of mappings
        Rows of ranking.csv; of a candidate and a phase the electrolyte with the largest move is
        named.
    tie : float
        Moves up to this are ties [meV/atom].
    mark, write : callables
        Write a name, and a number with its digits.
    """
    moves: dict[tuple[str, str, str], tuple[float, str]] = {}
    for row in rows:
        change = cells.number(row.get("suspect_change_meV_per_atom"))
        phase, electrolyte = (cells.text(row.get(key)) for key in ("suspect_phase", "electrolyte"))
        if electrolyte == OVERALL or not phase or not abs(change) > tie:
            continue
        key = (cells.text(row["candidate"]), phase, cells.text(row.get("suspect_direction")))
        if abs(change) > abs(moves.get(key, (0.0, ""))[0]):
            moves[key] = (change, electrolyte)
    ordered = sorted(moves.items(), key=lambda move: -abs(move[1][0]))
    return [
        f"{mark(candidate)} with {mark(electrolyte)} {'+' if change > 0 else ''}{write(change, 0)} "
        f"({mark(phase)} {direction})"
        for (candidate, phase, direction), (change, electrolyte) in ordered
    ]
