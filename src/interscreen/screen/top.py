"""The best candidates of a run: look into its results without computing again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.columns import COLUMNS
from ..phases.formula import nearest
from .board import OVERALL
from .marks import HIDDEN_BY, OBSERVED, any_of, counts_of, hidden
from .places import ranks
from .scores import ROLES
from .tables import FAILED, OK
from .verdict import VERDICTS
from .weights import Ranking
from .where import (
    ELEMENTS,
    EMPTY,
    FLAG,
    MAYBE,
    NUMBER,
    PRODUCTS,
    TEXT,
    Bools,
    Floats,
    Ints,
    Kind,
    Where,
    like,
    parse_where,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SCORE = "score_meV_per_atom"
_DOUBT = ("suspect_phase", "suspect_direction", "suspect_change_meV_per_atom")
_NEEDED = ("candidate", "electrolyte", "status", SCORE)
VERDICT = "verdict"
_KNOWN = {"role": Kind(TEXT, ROLES), "status": Kind(TEXT, (OK, FAILED)), OBSERVED: MAYBE}
_PHASES = ("layer", "worst_product", "bridge_product")  # and every column ..._products
# what belongs to a candidate and an electrolyte together; the rest is the candidate's own
_OF_PAIR = (
    "electrolyte_", "bare_", "deposited_", "layer_", "worst_product", "product_energies",
    "improvement_", "bridge_margin_",
)  # fmt: skip


class Results:
    """Results in memory or in a Parquet file, read by columns or by rows."""

    def __init__(self, results: pa.Table | Path) -> None:
        import pyarrow.parquet as pq

        self._place = str(results) if isinstance(results, str | Path) else "results"
        self._table: pa.Table | None = None
        if isinstance(results, str | Path):
            if not Path(results).exists():
                raise InputError(f"{results}: no such file")
            self._file = self._read(lambda: pq.ParquetFile(results))
            self.schema: pa.Schema = self._file.schema_arrow
        else:
            self._table, self.schema = results, results.schema
        missing = [name for name in _NEEDED if name not in self.schema.names]
        if missing:
            raise InputError(
                f"{self._place}: no results of a screen (column {missing[0]} is missing)"
            )

    def columns(self, names: Iterable[str]) -> pa.Table:
        """Return some columns of all rows."""
        chosen = list(names)
        missing = [name for name in chosen if name not in self.schema.names]
        if missing:
            raise InputError(
                f"{self._place}: has no column {missing[0]}; run the screen again with this version"
            )
        if self._table is not None:
            return self._table.select(chosen)
        return self._read(lambda: self._file.read(columns=chosen)).select(chosen)

    def take(self, positions: NDArray[np.int64]) -> pa.Table:
        """Return the rows at some positions, in that order; only their row groups are read."""
        if self._table is not None:
            return self._table.take(positions)
        groups = range(self._file.metadata.num_row_groups)
        lengths = [self._file.metadata.row_group(group).num_rows for group in groups]
        starts = np.cumsum([0, *lengths])
        wanted, of_position = np.unique(
            np.searchsorted(starts, positions, side="right") - 1, return_inverse=True
        )
        found = self._read(lambda: self._file.read_row_groups(wanted.tolist()))
        before = np.cumsum([0, *(lengths[group] for group in wanted)])[of_position]
        return found.take(positions - starts[wanted[of_position]] + before)

    def _read(self, read: Callable[[], Any]) -> Any:
        import pyarrow as pa

        try:
            return read()
        except (OSError, pa.ArrowException) as error:
            why = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(
                f"{self._place}: cannot be read ({why}); run the screen again"
            ) from None


def codes(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Texts of a column in order of appearance, and the number of the text of each row."""
    import pyarrow as pa

    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    indices = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    return encoded.dictionary.to_pylist(), indices


def kinds_of(schema: pa.Schema) -> dict[str, Kind]:
    """Return what each column of a table of results holds."""
    import pyarrow as pa

    found = {}
    for name, arrow_type in zip(schema.names, schema.types, strict=True):
        if pa.types.is_null(arrow_type):
            found[name] = Kind(EMPTY)
        elif pa.types.is_floating(arrow_type) or pa.types.is_integer(arrow_type):
            found[name] = Kind(NUMBER)
        elif name in COLUMNS and COLUMNS[name].type == "flag":
            found[name] = FLAG
        elif name.endswith("_products") or name in _PHASES:
            found[name] = Kind(PRODUCTS)
        else:
            found[name] = _KNOWN.get(name, Kind(ELEMENTS if name == ELEMENTS else TEXT))
    return found


class TableColumns:
    """Rows of a table of results, as a condition asks for them (see ``where.Columns``)."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._codes: dict[str, tuple[list[str], NDArray[np.int64]]] = {}

    def numbers(self, name: str) -> Floats:
        """Return a column as floats of its own memory, NaN for missing values."""
        import pyarrow as pa

        return np.array(self._table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)

    def texts(self, name: str, test: Callable[[str], bool]) -> Bools:
        """Return which rows have a text that meets a test; each text is looked at once."""
        return self._each(name, lambda text: bool(text) and test(text)).astype(bool)

    def elements(self, symbols: Collection[str]) -> tuple[Ints, Ints]:
        """Return how many of some elements each row has, and how many of all."""
        wanted = set(symbols)
        return (
            self._each(ELEMENTS, lambda text: len(wanted.intersection(text.split("-")))),
            self._each(ELEMENTS, lambda text: text.count("-") + bool(text)),
        )

    def _each(self, name: str, ask: Callable[[str], int]) -> Ints:
        if name not in self._codes:
            self._codes[name] = codes(self._table[name])
        texts, of_row = self._codes[name]
        # a missing text has the number -1, that of the last answer
        return np.array([*map(ask, texts), 0], dtype=np.int64)[of_row]


def best(
    results: pa.Table | Path,
    *,
    electrolyte: str | None,
    where: str = "",
    sort: str = SCORE,
    count: int = 20,
    tie_meV_per_atom: float | None = None,
    hide: Where | None = None,
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
    hide : Where, optional
        The condition that chose the candidates of a whole source: what it and ``where`` do not
        name is hidden (``marks.hidden``).  Nothing is hidden without it.

    Returns
    -------
    DataFrame
        ``rank`` and ``tied`` (among all candidates of the electrolyte that are not hidden, whatever
        the condition), then the columns of the table.  ``attrs`` holds ``electrolyte`` (or
        ``overall``), ``matched`` (candidates that meet the condition), ``counted`` (all with a
        rank), ``hidden`` (how many meet it but are hidden, by reason), ``sort`` and ``descending``.

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
    judged = (VERDICT,) if VERDICT in kinds else ()
    core = rows.columns(dict.fromkeys((*_NEEDED, *judged, column)))
    names, of_row = codes(core["electrolyte"])
    if electrolyte is None and len(names) == 1:
        electrolyte = names[0]
    if electrolyte is not None and electrolyte not in names:
        close = nearest(electrolyte, names, 1) or f" (there are: {', '.join(names)})"
        raise InputError(f"electrolyte {electrolyte!r} is not in these results{close}")
    columns = TableColumns(core)
    scores = columns.numbers(SCORE)
    scores[~columns.texts("status", OK.__eq__)] = np.nan
    said = np.zeros(len(core), dtype=np.int64)
    for place, name in enumerate(VERDICTS if judged else ()):
        said[columns.texts(VERDICT, name.__eq__)] = place
    meets = np.ones(len(core), dtype=np.bool_)
    if condition:
        meets = condition.mask(TableColumns(rows.columns(condition.columns)))
    if electrolyte is None:
        if column.startswith(_OF_PAIR):
            raise InputError(
                f"sort: {column} differs between the electrolytes; name one of them with "
                f"--electrolyte ({', '.join(names)})"
            )
        candidate = codes(core["candidate"])[1]
        positions, scores, meets = _together(candidate, len(names), scores, meets)
        groups = np.zeros(len(positions), dtype=np.int64)
        np.maximum.at(groups, np.unique(candidate, return_inverse=True)[1], said)
    else:
        positions = np.flatnonzero(of_row == names.index(electrolyte))
        scores, meets, groups = scores[positions], meets[positions], said[positions]
    tie = Ranking().tie_meV_per_atom if tie_meV_per_atom is None else tie_meV_per_atom
    aside = {} if hide is None else _aside(rows, (hide, condition), positions)
    if condition is None or not {"status", "reason"} & set(condition.columns):
        meets &= ~np.isnan(scores)
    left_out = counts_of({reason: mask & meets for reason, mask in aside.items()})
    away = any_of(aside.values(), len(positions))
    meets &= ~away
    rank, tied = ranks(np.where(away, np.nan, scores), tie, groups)
    chosen = np.flatnonzero(meets)
    if column == SCORE:
        key = scores
    elif kinds[column].kind == NUMBER:
        key = columns.numbers(column)[positions]
    else:
        key = _alphabetical(core[column], positions)
    value = key[chosen] * (-1.0 if descending else 1.0)
    front = np.where(np.isnan(scores), len(VERDICTS), groups)[chosen]
    front = front * (column == SCORE and descending)
    # the best verdict first; NaN stands last, ties in order
    order = chosen[np.lexsort((-scores[chosen], value, front))][:count]
    frame: pd.DataFrame = rows.take(positions[order]).to_pandas()
    if electrolyte is None:
        for name in frame.columns:
            if name.startswith(_OF_PAIR):
                frame[name] = None
        frame["electrolyte"], frame[SCORE] = OVERALL, scores[order]
    frame.insert(0, "rank", rank[order])
    frame["rank"] = frame["rank"].astype("Int64").mask(frame["rank"] == 0)
    frame.insert(1, "tied", tied[order])
    frame.attrs.update(
        electrolyte=OVERALL if electrolyte is None else electrolyte,
        matched=len(chosen),
        counted=int((rank > 0).sum()),
        hidden=left_out,
        sort=column,
        descending=descending,
    )
    return frame


def with_doubts(found: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """Add the phase in doubt that moves each score most, as the ranking of the run knows it.

    ``found`` is what ``best`` gives for one electrolyte; a mean has no single answer to move.
    """
    if not set(_DOUBT) <= set(ranking) or found.attrs["electrolyte"] == OVERALL:
        return found
    known = ranking[ranking["electrolyte"] == found.attrs["electrolyte"]].set_index("candidate")
    return found.assign(**{name: found["candidate"].map(known[name]) for name in _DOUBT})


def _aside(
    rows: Results, asked: Iterable[Where | None], positions: NDArray[np.int64]
) -> dict[str, Bools]:
    """Return which of some rows are hidden, by reason, where conditions do not name them."""
    parts = [part for where in asked if where for part in where.parts]
    found = hidden(TableColumns(rows.columns(HIDDEN_BY)), Where(tuple(parts)))
    return {reason: mask[positions] for reason, mask in found.items()}


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
