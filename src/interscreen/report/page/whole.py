"""What a page shows of a whole source: the best rows, and statistics of all candidates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...screen.marks import HIDDEN_BY, any_of, counts_of, hidden
from ...screen.ranking import OVERALL
from ...screen.top import TableColumns
from ...screen.where import Where
from ..cells import Row

if TYPE_CHECKING:
    import pandas as pd

SCORE = "score_meV_per_atom"
TEXTS = "candidate electrolyte status role elements".split()
# quantity, factor to the unit of the page, width of a bin, ends of the axis
HISTOGRAMS = (
    ("layer_mutual_eV_per_atom", 1000.0, 20.0, -800.0, 0.0),
    ("deposited_mutual_eV_per_atom", 1000.0, 20.0, -800.0, 0.0),
    ("lithium_mutual_eV_per_atom", 1000.0, 50.0, -2000.0, 0.0),
    (SCORE, 1.0, 40.0, -1600.0, 0.0),
    ("bridge_margin_V", 1.0, 0.2, -4.0, 6.0),
)
NEEDED = [*TEXTS, *(key for key, *_ in HISTOGRAMS)]
ROLES = ("conversion", "alloy", "coating")  # in this order; others behind
SCATTER_X, SCATTER_Y = (2000.0, 20.0), (800.0, 10.0)  # end of the axis, width of a bin [meV/atom]
NAMED = 3  # candidates named in a bin of the scatter


def read_whole(
    file: Path, ranking: Iterable[Row], asked: Where
) -> tuple[list[Row], dict[str, Any]]:
    """Read results.parquet: rows of the candidates of a ranking, and the statistics of all.

    What a ranking hides (``asked`` chose the candidates) is in no statistics; ``hidden`` counts it.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(row["candidate"] for row in ranking))
    try:
        needed = list(dict.fromkeys([*NEEDED, *HIDDEN_BY]))
        missing = [name for name in needed if name not in pq.read_schema(file).names]
        if missing:
            raise InputError(
                f"{file}: no results of a screen (column {missing[0]} is missing); run the screen "
                "again"
            )
        whole = pq.read_table(file, columns=needed)
        aside = hidden(TableColumns(whole), asked)
        kept = whole.filter(~any_of(aside.values(), len(whole))).select(NEEDED)
        # plain objects: texts that live in Arrow are slow to group by
        numbers = kept.to_pandas().astype(dict.fromkeys(TEXTS, object))
        shown = pq.read_table(file, filters=[("candidate", "in", names or [""])])
    except (OSError, pa.ArrowException) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{file}: cannot be read ({why}); run the screen again") from None
    said = statistics(numbers)
    said["hidden"] = counts_of(aside, len(whole["electrolyte"].unique()))
    return shown.to_pylist(), said


def statistics(table: pd.DataFrame) -> dict[str, Any]:
    """Count and bin all candidates of results.parquet, by electrolyte.

    The elements are there ``overall``, too, where there are several electrolytes.
    """
    rows = table[table["status"] == "ok"]
    electrolytes = list(dict.fromkeys(table["electrolyte"]))
    found: dict[str, Any] = {
        "count": int(table["candidate"].nunique()),
        "failed": int(len(table) - len(rows)),
        "roles": {
            role: int((rows["role"] == role).sum() / len(electrolytes)) for role in roles_of(rows)
        },
        "histograms": {},
        "scatter": {},
        "elements": {},
        "scatter_axes": [*SCATTER_X, *SCATTER_Y],
    }
    for name in electrolytes:
        mine = rows[rows["electrolyte"] == name]
        found["histograms"][name] = histograms(mine)
        found["scatter"][name] = scatter(mine)
        found["elements"][name] = best_of_elements(mine)
    if len(electrolytes) > 1:
        counts = rows.groupby("candidate", sort=False)["candidate"].transform("size")
        whole = rows[counts == len(electrolytes)]
        mean = whole.groupby("candidate", sort=False, as_index=False).agg(
            {SCORE: "mean", "elements": "first", "role": "first"}
        )
        found["elements"][OVERALL] = best_of_elements(mean)
    return found


def roles_of(rows: pd.DataFrame) -> list[str]:
    """Roles that occur, in their order."""
    found = set(rows["role"].dropna().unique()) - {""}
    return [*(role for role in ROLES if role in found), *sorted(found - set(ROLES))]


def histograms(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Count values in bins of equal width, by role.

    What lies beyond an end of the axis is counted in the last bin there.
    """
    import numpy as np

    found = []
    for key, factor, width, low, high in HISTOGRAMS:
        edges = low + width * np.arange(round((high - low) / width) + 1)
        counts = {}
        for role in roles_of(rows):
            values = rows.loc[rows["role"] == role, key].to_numpy(dtype=float) * factor
            values = np.clip(values[np.isfinite(values)], low, high)
            counts[role] = np.histogram(values, edges)[0].tolist()
        found.append({"key": key, "low": low, "high": high, "width": width, "counts": counts})
    return found


def scatter(rows: pd.DataFrame) -> list[list[Any]]:
    """Bin driving force with Li against what the converted layer has left with the electrolyte.

    Each bin that is not empty has its numbers along x and y, how many candidates, and the names of
    the best of them.
    """
    import numpy as np

    energies = {"x": "lithium_mutual_eV_per_atom", "y": "layer_mutual_eV_per_atom"}
    columns = _best_first(rows[["candidate", *energies.values(), SCORE]].dropna())
    bins = {}
    for (key, column), (end, width) in zip(energies.items(), (SCATTER_X, SCATTER_Y), strict=True):
        values = np.abs(columns[column].to_numpy()) * 1000.0
        bins[key] = np.minimum(values // width, end // width).astype(int)
    groups: dict[tuple[int, int], list[Any]] = {}
    for x, y, name in zip(bins["x"], bins["y"], columns["candidate"], strict=True):
        group = groups.setdefault((int(x), int(y)), [int(x), int(y), 0])
        group[2] += 1
        if len(group) < 3 + NAMED:
            group.append(name)
    return [groups[place] for place in sorted(groups)]


def best_of_elements(rows: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """Find the best score [meV/atom], its candidate and the number of candidates by element.

    They stand by role (and ``all``), then by element.
    """
    ordered = _best_first(rows.dropna(subset=[SCORE]))
    found: dict[str, dict[str, list[Any]]] = {}
    for role in ("all", *roles_of(ordered)):
        mine = ordered if role == "all" else ordered[ordered["role"] == role]
        systems = mine.groupby("elements", sort=False).agg(
            score=(SCORE, "first"), candidate=("candidate", "first"), count=(SCORE, "size")
        )
        symbols = systems.assign(symbol=systems.index.str.split("-")).explode("symbol")
        of_symbol = symbols.groupby("symbol", sort=False).agg(
            score=("score", "first"), candidate=("candidate", "first"), count=("count", "sum")
        )
        best = {
            str(symbol): [float(score), name, int(count)]
            for symbol, score, name, count in of_symbol.itertuples()
        }
        found[role] = best
    return found


def _best_first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values([SCORE, "candidate"], ascending=[False, True], kind="stable")
