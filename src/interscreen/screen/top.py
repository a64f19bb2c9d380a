"""The best candidates of a run: look into its results without computing again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.formula import nearest
from .board import OVERALL
from .places import ranks
from .results_table import NEEDED, SCORE, Results, TableColumns, codes, kinds_of
from .tables import OK
from .weights import Ranking
from .where import NUMBER, Bools, Kind, like, parse_where

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# what belongs to a candidate and an electrolyte together; the rest is the candidate's own
_OF_PAIR = (
    "electrolyte_", "bare_", "deposited_", "layer_", "worst_product", "product_energies",
    "improvement_", "bridge_margin_",
)  # fmt: skip


def best(
    results: pa.Table | Path,
    *,
    electrolyte: str | None,
    where: str = "",
    sort: str = SCORE,
    count: int = 20,
    tie_meV_per_atom: float | None = None,
) -> pd.DataFrame:
    """Return the best candidates for one electrolyte, or for all of them together.

    Parameters
    ----------
    results : pyarrow.Table or path of a Parquet file
        One row per candidate and electrolyte.
    electrolyte : str or None
        None: mean score over the electrolytes, of the candidates that have one for each; columns
        that depend on the electrolyte are then empty.
    where : str
        Condition (see ``parse_where``); with None as electrolyte a candidate must meet it with
        each of them.  Failed rows are found only by conditions on ``status`` or ``reason``.
    sort : str
        Column, with ``:up`` (smallest first) or ``:down`` (largest first) behind it if need be.  By
        itself a column of numbers has the largest first, one of texts is in alphabetical order.
        Rows without a value come last, equals in order of score.
    count : int
        Most rows that are returned.
    tie_meV_per_atom : float, optional
        Tie limit [meV/atom]; by default that of ``Ranking``.

    Returns
    -------
    DataFrame
        ``rank`` and ``tied`` (among all candidates of the electrolyte, whatever the condition),
        then the columns of the table.  ``attrs`` holds ``electrolyte`` (or ``overall``),
        ``matched`` (candidates that meet the condition), ``counted`` (all with a rank), ``sort``
        and ``descending``.

    Raises
    ------
    InputError
        For an unknown electrolyte or column, a count below 1, a mistake in the condition, or
        a file that holds no such results.
    """
    if count < 1:
        raise InputError(f"count: {count} candidates; ask for 1 or more")
    rows = Results(results)
    kinds = kinds_of(rows.schema)
    condition = parse_where(where, kinds) if where.strip() else None
    column, descending = _sort_column(sort, kinds)
    core = rows.columns(dict.fromkeys((*NEEDED, column)))
    names, of_row = codes(core["electrolyte"])
    if electrolyte is None and len(names) == 1:
        electrolyte = names[0]
    if electrolyte is not None and electrolyte not in names:
        close = nearest(electrolyte, names, 1) or f" (there are: {', '.join(names)})"
        raise InputError(f"electrolyte {electrolyte!r} is not in these results{close}")
    columns = TableColumns(core)
    scores = columns.numbers(SCORE)
    scores[~columns.texts("status", OK.__eq__)] = np.nan
    meets = np.ones(len(core), dtype=np.bool_)
    if condition:
        meets = condition.mask(TableColumns(rows.columns(condition.columns)))
    if electrolyte is None:
        if is_of_pair(column):
            raise InputError(
                f"sort: {column} differs between the electrolytes; name one of them with "
                f"--electrolyte ({', '.join(names)})"
            )
        positions, scores, meets = _together(codes(core["candidate"])[1], len(names), scores, meets)
    else:
        positions = np.flatnonzero(of_row == names.index(electrolyte))
        scores, meets = scores[positions], meets[positions]
    tie = Ranking().tie_meV_per_atom if tie_meV_per_atom is None else tie_meV_per_atom
    rank, tied = ranks(scores, tie)
    if condition is None or not {"status", "reason"} & set(condition.columns):
        meets &= rank > 0
    chosen = np.flatnonzero(meets)
    if column == SCORE:
        key = scores
    elif kinds[column].kind == NUMBER:
        key = columns.numbers(column)[positions]
    else:
        key = _alphabetical(core[column], positions)
    value = key[chosen] * (-1.0 if descending else 1.0)
    order = chosen[np.lexsort((-scores[chosen], value))][:count]  # NaN stands last, ties in order
    frame: pd.DataFrame = rows.take(positions[order]).to_pandas()
    if electrolyte is None:
        frame = _without_pairs(frame, scores[order])
    frame.insert(0, "rank", rank[order])
    frame["rank"] = frame["rank"].astype("Int64").mask(frame["rank"] == 0)
    frame.insert(1, "tied", tied[order])
    frame.attrs.update(
        electrolyte=OVERALL if electrolyte is None else electrolyte,
        matched=len(chosen),
        counted=int((rank > 0).sum()),
        sort=column,
        descending=descending,
    )
    return frame


def _sort_column(sort: str, kinds: Mapping[str, Kind]) -> tuple[str, bool]:
    """Name of the column to sort by, and whether the largest value comes first."""
    name, _, direction = sort.partition(":")
    if name not in kinds:
        raise InputError(f"sort: no column {name!r}{like(name, list(kinds))}")
    if direction not in ("", "up", "down"):
        raise InputError(
            f"sort: {sort!r}: write {name}:up (smallest first) or {name}:down (largest first)"
        )
    return name, direction == "down" or (not direction and kinds[name].kind == NUMBER)


def _together(
    candidate: NDArray[np.int64], electrolytes: int, scores: NDArray[np.float64], meets: Bools
) -> tuple[NDArray[np.int64], NDArray[np.float64], Bools]:
    """First row, mean score and whether all rows meet the condition, of each candidate."""
    _, first, of_row = np.unique(candidate, return_index=True, return_inverse=True)
    ok = ~np.isnan(scores)
    complete = np.bincount(of_row, weights=ok) == electrolytes
    total = np.bincount(of_row, weights=np.where(ok, scores, 0.0))
    mean = np.where(complete, total / electrolytes, np.nan)
    return first, mean, np.bincount(of_row, weights=~meets) == 0


def _alphabetical(column: pa.ChunkedArray, positions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Numbers in the order of the texts, NaN for missing ones."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.fill_null(column.cast(pa.string()), "")
    missing = np.asarray(pc.equal(texts, ""), dtype=np.bool_)[positions]
    place = pc.rank(texts, tiebreaker="dense").to_numpy()[positions]
    return np.where(missing, np.nan, place.astype(np.float64))


def is_of_pair(column: str) -> bool:
    """Whether a column depends on the electrolyte, too."""
    return column.startswith(_OF_PAIR)


def _without_pairs(frame: pd.DataFrame, scores: NDArray[np.float64]) -> pd.DataFrame:
    """Rows of one electrolyte -> rows of all of them together."""
    frame = frame.copy()
    for name in frame.columns:
        if is_of_pair(name):
            frame[name] = None
    frame["electrolyte"] = OVERALL
    frame[SCORE] = scores
    return frame
