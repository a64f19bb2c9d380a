"""Everything the page shows, gathered from the files of a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...phases.columns import COLUMNS
from .curves import gather_curves
from .markup import AMOUNT, FORMULA, PERIODS
from .measured import measured_cells
from .rows import Row, packed, read_manifest, read_rows

OVERALL = "overall"
RESULTS, WHOLE_RESULTS = "results.csv", "results.parquet"
EXTRA_TABLES = ("windows", "lithiation", "uncertainty", "sensitivity", "surroundings", "weights")
TIE = 10.0  # meV/atom, where a manifest states none
# the colours reach from 0 to the smallest of these that holds all values, else to the last
RANGES = (100, 200, 300, 500)  # meV/atom
HEAT = ("bare", "deposited", "layer", "worst_product")


@dataclass(frozen=True)
class Run:
    """Files of a run folder, as rows.

    Attributes
    ----------
    folder : Path
    manifest : dict
        Empty where there is no manifest.json.
    whole : bool
        Whether the candidates came from a query of the source.
    results, ranking : list of dict
        Rows of one candidate and electrolyte; rows of the blocks of the ranking, best first.
    reactions : list of dict
        Kinks of the contacts; none for a query.
    extra : dict of list
        The other tables by name; those that are not there are empty.
    statistics : dict
        Of all candidates of a query (``interscreen.report.html.whole``).
    """

    folder: Path
    manifest: dict[str, Any]
    whole: bool
    results: list[Row]
    ranking: list[Row]
    reactions: list[Row] = field(default_factory=list)
    extra: dict[str, list[Row]] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> dict[str, Any]:
        """Source of the energies, as in the manifest."""
        stated = self.manifest.get("source")
        return stated if isinstance(stated, dict) else {}

    @property
    def study(self) -> dict[str, Any]:
        """Study of the run, as in the manifest."""
        stated = self.manifest.get("study")
        return stated if isinstance(stated, dict) else {}

    @property
    def tie(self) -> float:
        """Scores nearer than this are equal [meV/atom]."""
        stated = (self.study.get("ranking") or {}).get("tie_meV_per_atom")
        return float(stated) if isinstance(stated, int | float) else TIE

    @property
    def electrolytes(self) -> list[str]:
        """Names of the electrolytes in the order of the study."""
        return list(dict.fromkeys(row["electrolyte"] for row in self.results))

    def blocks(self) -> dict[str, list[Row]]:
        """Return the rows of the ranking by electrolyte, ``overall`` first where it is there."""
        found: dict[str, list[Row]] = {}
        for row in self.ranking:
            found.setdefault(row["electrolyte"], []).append(row)
        return found

    def order(self) -> list[str]:
        """Candidates, best first: as in the first block of the ranking, the others behind."""
        blocks = list(self.blocks().values())
        best = [row["candidate"] for row in blocks[0]] if blocks else []
        return list(dict.fromkeys([*best, *(row["candidate"] for row in self.results)]))


def read_run(folder: Path) -> Run:
    """Read a run folder.

    Raises
    ------
    InputError
        For a folder without results, or with files that cannot be read.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if (folder / WHOLE_RESULTS).is_file():
        from .whole import read_whole

        results, ranking, statistics = read_whole(folder)
        return Run(folder, manifest, True, results, ranking, statistics=statistics)
    if not (folder / RESULTS).is_file():
        raise InputError(
            f"{folder}: holds no run (neither {RESULTS} nor {WHOLE_RESULTS}); "
            "name the folder that `interscreen screen` wrote"
        )
    pair = ("candidate", "electrolyte")
    results = read_rows(folder / RESULTS, pair)
    if not results:
        raise InputError(f"{folder / RESULTS}: no rows; run the screen again")
    return Run(
        folder,
        manifest,
        False,
        results,
        read_rows(folder / "ranking.csv", pair),
        read_rows(folder / "reactions.csv", (*pair, "contact_kind", "mixing_fraction")),
        {name: read_rows(folder / f"{name}.csv") for name in EXTRA_TABLES},
    )


def page_data(run: Run) -> dict[str, Any]:
    """Return what the page is drawn from, as one structure for JSON.

    Numbers are those of the files, at full precision.
    """
    left_away = ("source",)  # the same text in every row; the page says it once
    tables = {"results": run.results, "ranking": run.ranking, **run.extra}
    used = dict.fromkeys(key for rows in tables.values() for key in (rows[0] if rows else ()))
    formulas = {row["candidate"]: row.get("formula") or row["candidate"] for row in run.results}
    return {
        "whole": run.whole,
        "tie": run.tie,
        "range": colour_range(run.results),
        "ranges": list(RANGES),
        "heat": list(HEAT),
        "periods": list(PERIODS),
        "formula": FORMULA,
        "amount": AMOUNT,
        "columns": {
            key: [COLUMNS[key].label, COLUMNS[key].unit, COLUMNS[key].meaning]
            for key in used
            if key in COLUMNS
        },
        "candidates": run.order(),
        "electrolytes": run.electrolytes,
        "tables": {name: packed(rows, left_away) for name, rows in tables.items()},
        "reactions": gather_curves(run.reactions),
        "measured": measured_cells(formulas, _formulas_of_electrolytes(run.results)),
        "statistics": run.statistics,
    }


def colour_range(results: Sequence[Row]) -> int:
    """Return where the colours end: the values [meV/atom] from 0 to minus this have their own."""
    values = [
        -1000.0 * value
        for row in results
        for kind in HEAT
        if isinstance(value := row.get(f"{kind}_mutual_eV_per_atom"), int | float)
    ]
    most = max(values, default=0.0)
    return next((limit for limit in RANGES if most <= limit), RANGES[-1])


def _formulas_of_electrolytes(results: Sequence[Row]) -> dict[str, str]:
    return {
        row["electrolyte"]: row.get("electrolyte_formula") or row["electrolyte"] for row in results
    }
