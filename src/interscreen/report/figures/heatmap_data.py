"""What the heatmap shows: energies by candidate and electrolyte, and their colours."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from ...phases.columns import COLUMNS, columns_of
from .. import cells

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 120
# contacts with the electrolyte, headed as the registry of columns calls them, on two lines
KINDS = {
    kind: tuple(COLUMNS[f"{kind}_mutual_eV_per_atom"].label.lower().split(" ", 1))
    for kind in ("deposited", "layer", "worst_product")
}


@dataclass(frozen=True)
class HeatmapData:
    """Rows of results.csv by candidate and electrolyte."""

    candidates: list[str]
    electrolytes: list[str]
    rows: dict[tuple[str, str], Mapping[Hashable, Any]]
    hidden: int

    def word(self, key: str, candidate: str = "", electrolyte: str = "") -> str:
        """Return the first text in a column, of one candidate, one electrolyte or both."""
        found = (cells.text(row.get(key)) for row in self._rows(candidate, electrolyte))
        return next((word for word in found if word), "")

    def energy(self, kind: str, candidate: str = "", electrolyte: str = "") -> float:
        """Return the first energy of a contact [meV/atom]; NaN when there is none."""
        key = f"{kind}_mutual_eV_per_atom"
        found = (cells.number(row.get(key)) for row in self._rows(candidate, electrolyte))
        return next((value for value in found if not math.isnan(value)), math.nan) * 1000

    def _rows(self, candidate: str, electrolyte: str) -> list[Mapping[Hashable, Any]]:
        ours = [candidate] if candidate else self.candidates
        theirs = [electrolyte] if electrolyte else self.electrolytes
        return [self.rows[place] for place in product(ours, theirs) if place in self.rows]

    def cells(self) -> list[float]:
        """Return all values on the colour scale."""
        bare = [self.energy("bare", electrolyte=name) for name in self.electrolytes]
        return bare + [
            self.energy(kind, candidate, electrolyte)
            for candidate in self.candidates
            for electrolyte in self.electrolytes
            for kind in KINDS
        ]


PLOTTED = list(columns_of("heatmap"))


def plotted(results: pd.DataFrame) -> pd.DataFrame:
    """Return the columns and rows of results.csv that the heatmap shows."""
    shown = list(dict.fromkeys(results["candidate"]))[:MOST_ROWS]
    return results.loc[results["candidate"].isin(shown), PLOTTED]


def read_results(rows: list[dict[Hashable, Any]]) -> HeatmapData:
    """Sort rows of results.csv by candidate and electrolyte."""
    candidates = list(dict.fromkeys(cells.text(row["candidate"]) for row in rows))
    electrolytes = list(dict.fromkeys(cells.text(row["electrolyte"]) for row in rows))
    shown = candidates[:MOST_ROWS]
    found: dict[tuple[str, str], Mapping[Hashable, Any]] = {}
    for row in rows:
        place = (cells.text(row["candidate"]), cells.text(row["electrolyte"]))
        if place[0] in shown:
            if row.get("status") != "ok":  # no number of a failed row is shown
                row = {key: row.get(key) for key in ("formula", "electrolyte_formula")}  # noqa: PLW2901
            found.setdefault(place, row)
    return HeatmapData(shown, electrolytes, found, len(candidates) - len(shown))
