"""Run a study: candidates in parallel, one failed candidate never stops the others."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import InputError, InterscreenError
from ..phases import PhaseTable
from ..stacks import CandidateSide, ElectrolyteSide, candidate_side, electrolyte_side, join
from .ranking import rank, role_of
from .rows import (
    FAILED,
    LITHIATION_COLUMNS,
    REACTION_COLUMNS,
    RESULT_COLUMNS,
    WINDOW_COLUMNS,
    Row,
    candidate_lithiation_rows,
    failed_row,
    reaction_rows,
    result_row,
    window_rows,
)
from .study import MaterialEntry, Study

if TYPE_CHECKING:
    import pandas as pd

_SERIAL = 64  # candidates up to which starting workers costs more than it saves

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScreenResult:
    """Tables of a finished screen.

    Attributes
    ----------
    results, reactions, windows, lithiation, ranking : DataFrame
    failed : int
        Rows of ``results`` that could not be computed.
    warnings : tuple of str
    left_out : tuple of str
        Phases that were met and not counted.
    """

    results: pd.DataFrame
    reactions: pd.DataFrame
    windows: pd.DataFrame
    lithiation: pd.DataFrame
    ranking: pd.DataFrame
    failed: int
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass
class _Part:
    """Rows of one candidate."""

    position: int
    results: list[Row] = field(default_factory=list)
    reactions: list[Row] = field(default_factory=list)
    windows: list[Row] = field(default_factory=list)
    products: dict[str, Row] = field(default_factory=dict)
    lithiation: list[Row] = field(default_factory=list)


def run_study(
    study: Study,
    table: PhaseTable,
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ScreenResult:
    """Compute every stack of a study.

    Parameters
    ----------
    study : Study
    table : PhaseTable
    jobs : int, optional
        Worker processes, -1 for one per core; overrides the study.
    progress : callable, optional
        Called with the number of finished candidates and their total.

    Raises
    ------
    InputError
        When an electrolyte cannot be computed with this table.
    """
    electrolytes = []
    for entry in study.electrolytes:
        try:
            electrolytes.append(electrolyte_side(table, entry.material))
        except InputError as error:
            raise InputError(f"electrolyte {entry.label}: {error}") from None
    total = len(study.candidates)
    parts: list[_Part] = []
    for part in _parts(study.candidates, electrolytes, table, _workers(study, jobs)):
        parts.append(part)
        if progress is not None:
            progress(len(parts), total)
    parts.sort(key=lambda part: part.position)
    return _collect(study, electrolytes, parts)


def _workers(study: Study, jobs: int | None) -> int:
    chosen = study.jobs if jobs is None else jobs
    if chosen is None:
        return 1 if len(study.candidates) <= _SERIAL else (os.cpu_count() or 1)
    if chosen == 0:
        raise InputError("jobs: 0 worker processes; use 1 or more, or -1 for one per core")
    if chosen < 0:
        return max(1, (os.cpu_count() or 1) + 1 + chosen)
    return min(chosen, len(study.candidates))


def _parts(
    candidates: Sequence[MaterialEntry],
    electrolytes: list[ElectrolyteSide],
    table: PhaseTable,
    workers: int,
) -> Iterator[_Part]:
    """Yield the finished candidates in any order."""
    numbered = list(enumerate(candidates))
    if workers == 1:
        for position, entry in numbered:
            yield _screen_one(position, entry, electrolytes, table)
        return
    from joblib import Parallel, delayed

    # chunks, so that the table travels to a worker a few times only; joblib maps large arrays
    size = max(1, min(200, len(numbered) // (4 * workers)))
    chunks = [numbered[start : start + size] for start in range(0, len(numbered), size)]
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered")
    for chunk in parallel(delayed(_screen_chunk)(c, electrolytes, table) for c in chunks):
        yield from chunk


def _screen_chunk(
    chunk: list[tuple[int, MaterialEntry]], electrolytes: list[ElectrolyteSide], table: PhaseTable
) -> list[_Part]:
    return [_screen_one(position, entry, electrolytes, table) for position, entry in chunk]


def _screen_one(
    position: int, entry: MaterialEntry, electrolytes: list[ElectrolyteSide], table: PhaseTable
) -> _Part:
    part = _Part(position)
    try:
        side = candidate_side(table, entry.material)
    except Exception as error:  # one candidate must not stop the others; the row says why
        reason = _reason(error)
        part.results = [failed_row(entry.label, entry.formula, e, reason) for e in electrolytes]
        return part
    role = entry.role if entry.role != "auto" else role_of(side.lithium.energy)
    part.windows = [window_rows("candidate", side.label, side.window)]
    part.products = {
        product: window_rows("product", product, window)
        for product, window in zip(side.products, side.product_windows, strict=True)
    }
    part.lithiation = candidate_lithiation_rows(side)
    for electrolyte in electrolytes:
        row, reactions = _stack_rows(table, side, electrolyte, entry, role)
        part.results.append(row)
        part.reactions += reactions
    return part


def _stack_rows(
    table: PhaseTable,
    side: CandidateSide,
    electrolyte: ElectrolyteSide,
    entry: MaterialEntry,
    role: str,
) -> tuple[Row, list[Row]]:
    try:
        stack = join(table, side, electrolyte)
        row = result_row(stack, side, electrolyte)
        row["role"] = role
        return row, reaction_rows(stack)
    except Exception as error:  # as above
        return failed_row(entry.label, entry.formula, electrolyte, _reason(error)), []


def _reason(error: Exception) -> str:
    if isinstance(error, InterscreenError):
        return str(error)
    log.debug("unexpected error", exc_info=error)
    return f"unexpected {type(error).__name__}: {error}; please report it"


def _collect(study: Study, electrolytes: list[ElectrolyteSide], parts: list[_Part]) -> ScreenResult:
    import pandas as pd

    windows = [window_rows("electrolyte", e.label, e.window) for e in electrolytes]
    windows += [row for part in parts for row in part.windows]
    products: dict[str, Row] = {}
    for part in parts:
        for name, row in part.products.items():
            products.setdefault(name, row)
    windows += [products[name] for name in sorted(products)]
    results = pd.DataFrame([row for p in parts for row in p.results], columns=RESULT_COLUMNS)
    warnings = [text for row in results["warnings"].dropna() for text in row.split("; ") if text]
    left_out = [name for row in results["left_out_phases"].dropna() for name in row.split()]
    return ScreenResult(
        results=results,
        reactions=pd.DataFrame(
            [row for part in parts for row in part.reactions], columns=REACTION_COLUMNS
        ),
        windows=pd.DataFrame(windows, columns=WINDOW_COLUMNS),
        lithiation=pd.DataFrame(
            [row for part in parts for row in part.lithiation], columns=LITHIATION_COLUMNS
        ),
        ranking=rank(results, study.ranking),
        failed=int((results["status"] == FAILED).sum()),
        warnings=tuple(dict.fromkeys(warnings)),
        left_out=tuple(sorted(set(left_out))),
    )
