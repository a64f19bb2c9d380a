"""One candidate of a study: every number of its stacks, as rows; what a worker does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..answers.layer import layer_metrics, layer_row
from ..answers.sensitivity import stack_sensitivity
from ..answers.stack import (
    CandidateSide,
    ElectrolyteSide,
    candidate_side,
    join,
    lithium_salts,
)
from ..answers.surroundings import stack_parts, surroundings, surroundings_rows
from ..errors import reason_of
from ..phases.material import Material
from ..phases.table import PhaseTable
from .entries import MaterialEntry
from .ranking import role_of
from .rows import (
    MissingElectrolyte,
    Row,
    candidate_lithiation_rows,
    failed_row,
    reaction_rows,
    result_row,
    window_rows,
)
from .scores import OPTIONAL_COLUMNS, score_columns
from .weights import Weights


@dataclass(frozen=True)
class Task:
    """What is asked of every candidate.

    Attributes
    ----------
    electrolytes : list of ElectrolyteSide or MissingElectrolyte
    cathodes, air : tuple of Material
    sensitivity : bool
        Whether suspect phases are left out in turn.
    weights : Weights
        Of the score, for the sensitivity.
    keep : tuple of str
        Materials of the study, which are never left out.
    """

    electrolytes: list[ElectrolyteSide | MissingElectrolyte]
    cathodes: tuple[Material, ...]
    air: tuple[Material, ...]
    sensitivity: bool
    weights: Weights
    keep: tuple[str, ...]


@dataclass
class Part:
    """Rows of one candidate."""

    position: int
    results: list[Row] = field(default_factory=list)
    reactions: list[Row] = field(default_factory=list)
    windows: list[Row] = field(default_factory=list)
    products: dict[str, Row] = field(default_factory=dict)
    lithiation: list[Row] = field(default_factory=list)
    surroundings: list[Row] = field(default_factory=list)
    sensitivity: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parts(
    candidates: Sequence[MaterialEntry], task: Task, table: PhaseTable, workers: int
) -> Iterator[Part]:
    """Yield the finished candidates in any order."""
    numbered = list(enumerate(candidates))
    if workers == 1:
        for position, entry in numbered:
            yield screen_one(position, entry, task, table)
        return
    from joblib import Parallel, delayed

    # chunks, so that the table travels to a worker a few times only; joblib maps large arrays
    size = max(1, min(200, len(numbered) // (4 * workers)))
    chunks = [numbered[start : start + size] for start in range(0, len(numbered), size)]
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered")
    for chunk in parallel(delayed(_screen_chunk)(c, task, table) for c in chunks):
        yield from chunk


def _screen_chunk(
    chunk: list[tuple[int, MaterialEntry]], task: Task, table: PhaseTable
) -> list[Part]:
    return [screen_one(position, entry, task, table) for position, entry in chunk]


def screen_one(position: int, entry: MaterialEntry, task: Task, table: PhaseTable) -> Part:
    """Answer every question about one candidate; a failure is a row with its reason."""
    part = Part(position)
    more = {"expected_products": entry.products, "reference": entry.reference}
    try:
        side = candidate_side(table, entry.material)
        metrics = layer_row(layer_metrics(table, side))
    except Exception as error:  # one candidate must not stop the others; the row says why
        reason = reason_of(error)
        part.results = [
            failed_row(entry.label, entry.formula, e, reason, **more) for e in task.electrolytes
        ]
        part.surroundings = _beside(table, [("candidate", entry.material)], task)
        return part
    more["role"] = (
        role_of(side.lithium.energy, bool(lithium_salts(side.products)))
        if entry.role == "auto"
        else entry.role
    )
    part.windows = [window_rows("candidate", side.label, side.window)]
    part.products = {
        product: window_rows("product", product, window)
        for product, window in zip(side.products, side.product_windows, strict=True)
    }
    part.lithiation = candidate_lithiation_rows(side)
    part.surroundings = _beside(table, stack_parts([], [side]), task)
    for electrolyte in task.electrolytes:
        _stack(part, table, side, electrolyte, entry, task, {**metrics, **more})
    return part


def _stack(
    part: Part,
    table: PhaseTable,
    side: CandidateSide,
    electrolyte: ElectrolyteSide | MissingElectrolyte,
    entry: MaterialEntry,
    task: Task,
    more: Mapping[str, Any],
) -> None:
    """Add the rows of one stack."""
    try:
        if isinstance(electrolyte, MissingElectrolyte):
            row = failed_row(entry.label, entry.formula, electrolyte, electrolyte.reason)
        else:
            stack = join(table, side, electrolyte)
            row = {**result_row(stack, side, electrolyte), **more}
            part.reactions += reaction_rows(stack)
    except Exception as error:  # as above
        row = failed_row(entry.label, entry.formula, electrolyte, reason_of(error))
    known = {key: more[key] for key in ("expected_products", "reference")}
    part.results.append({**row, **known})
    if not task.sensitivity or row["status"] != "ok":
        return
    try:
        part.sensitivity += stack_sensitivity(
            table,
            entry.material,
            electrolyte.material if isinstance(electrolyte, ElectrolyteSide) else "",
            score=_score_of(row, task.weights),
            keep=task.keep,
        )
    except Exception as error:  # the answers stand; only what they rest on is not known
        part.warnings.append(
            f"{entry.label} | {electrolyte.label}: no sensitivity to suspect phases "
            f"({reason_of(error)})"
        )


def _score_of(row: Row, weights: Weights) -> Any:
    """Score of a stack from its energies; role and volumes stay as they are in the row."""
    fixed = {column: row.get(column) for column in OPTIONAL_COLUMNS}

    def score(values: Mapping[str, float | None]) -> float:
        columns: dict[str, Any] = {**fixed, **values}
        return float(score_columns(columns, weights, row["role"]))

    return score


def electrolyte_surroundings(table: PhaseTable, task: Task) -> list[Row]:
    """Rows of the electrolytes beside cathodes and in air."""
    mine: list[tuple[str, Material]] = [
        ("electrolyte", Material(side.formula, name=side.label))
        if isinstance(side, MissingElectrolyte)
        else stack_parts([side], [])[0]
        for side in task.electrolytes
    ]
    return _beside(table, mine, task)


def _beside(table: PhaseTable, mine: Sequence[tuple[str, Material]], task: Task) -> list[Row]:
    """Rows of some materials beside the cathodes and in air; none where there are no such."""
    return surroundings_rows(surroundings(table, mine, task.cathodes, task.air))
