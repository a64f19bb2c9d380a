"""The words of a screen: equations, kinks, windows, paths and sensitivity of what is shown.

Numbers come from ``answers.stacks`` for all candidates at once; this is what is added to those that
somebody will read, one candidate at a time, in worker processes where there are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import uuid4

from ..answers.lithiation import lithiate, lithiation_rows
from ..answers.sensitivity import stack_sensitivity
from ..answers.stack import Reactions, Stack, products_of, stack_view
from ..answers.stacks import stacks
from ..answers.surroundings import stack_parts, surroundings, surroundings_rows
from ..answers.texts import layer_texts
from ..answers.way import LayerWay
from ..answers.window import Window, stability_window, window_row
from ..errors import reason_of
from ..phases.material import Material
from ..phases.table import PhaseTable
from .entries import MaterialEntry
from .scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, STATED, score_columns
from .weights import Weights
from .workers import in_processes

Row = dict[str, Any]
EQUATIONS = ("lithium", "deposited", "layer")  # contacts with an equation in results
WORST_STATE = ("worst_state", "worst_state_mutual_eV_per_atom", "worst_state_potential_V")
WRITTEN = (*(f"{kind}_equation" for kind in EQUATIONS), *WORST_STATE)
"""Columns of results that come with the words."""


@dataclass(frozen=True)
class Task:
    """What is asked of every candidate.

    Attributes
    ----------
    electrolytes : tuple of Material
    cathodes, air : tuple of Material
    sensitivity : bool
        Whether suspect phases are left out in turn, and those that do not count put back.
    weights : Weights
        Of the score, for the sensitivity.
    keep : tuple of str
        Materials of the study, which are never left out.
    """

    electrolytes: tuple[Material, ...]
    cathodes: tuple[Material, ...]
    air: tuple[Material, ...]
    sensitivity: bool
    weights: Weights
    keep: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One candidate: which electrolytes it is asked with, and its rows of results.

    Attributes
    ----------
    entry : MaterialEntry
    rows : mapping of int to dict
        Rows that could be computed, by number of the electrolyte.
    """

    entry: MaterialEntry
    rows: Mapping[int, Row]


@dataclass
class Detail:
    """Rows of one candidate."""

    written: dict[str, Row] = field(default_factory=dict)  # by electrolyte
    reactions: list[Row] = field(default_factory=list)
    windows: list[Row] = field(default_factory=list)
    products: dict[str, Row] = field(default_factory=dict)
    lithiation: list[Row] = field(default_factory=list)
    surroundings: list[Row] = field(default_factory=list)
    sensitivity: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@contextmanager
def details(
    asked: Sequence[Asked], task: Task, table: PhaseTable, workers: int
) -> Iterator[Iterator[tuple[int, Detail]]]:
    """Give finished candidates with their numbers, in any order.

    Worker processes begin at once, and end with the block.
    """
    numbered = list(enumerate(asked))
    # chunks, so that the table travels to a worker a few times only; joblib maps large arrays
    size = max(1, min(50, len(numbered) // (4 * workers)))
    chunks = [numbered[start : start + size] for start in range(0, len(numbered), size)]
    if workers == 1:
        yield chain.from_iterable(_in_turn(chunk, task, table) for chunk in chunks)
        return
    run = uuid4().hex
    tasks = [(chunk, task, table, run) for chunk in chunks]
    with closing(in_processes(_chunk, tasks, workers)) as found:
        yield chain.from_iterable(found)


# of the run that a worker process computes: the table keeps what it remembers
_kept: dict[str, PhaseTable] = {}


def _chunk(
    part: list[tuple[int, Asked]], task: Task, table: PhaseTable, run: str
) -> list[tuple[int, Detail]]:
    if run not in _kept:
        _kept.clear()
    return list(_in_turn(part, task, _kept.setdefault(run, table)))


def _in_turn(
    part: list[tuple[int, Asked]], task: Task, table: PhaseTable
) -> Iterator[tuple[int, Detail]]:
    known: Reactions = {}
    for number, one in part:
        yield number, detail(one, task, table, known)


def detail(asked: Asked, task: Task, table: PhaseTable, known: Reactions) -> Detail:
    """Put one candidate in words; what fails is a warning, the numbers stand.

    ``known`` are reactions of contacts that other candidates have, too.
    """
    found = Detail()
    material = asked.entry.material
    if not asked.rows:
        found.surroundings = beside(table, [("candidate", material)], task)
        return found
    places = sorted(asked.rows)
    electrolytes = [task.electrolytes[place] for place in places]
    try:
        numbers = stacks(table, [material], electrolytes)
        path = lithiate(table, material)
        layer = str(layer_texts(numbers)[0]) if numbers.lithium.uptake[0, 0] else ""
        found.windows = [
            window_rows("candidate", material.label, stability_window(table, material))
        ]
        for product in products_of(numbers, material, 0):
            window = stability_window(table, product)
            found.products[product.formula] = window_rows("product", product.formula, window)
        origin = _origin(path.provenance)
        found.lithiation = [
            {"candidate": material.label, **row, **origin} for row in lithiation_rows(path)
        ]
        found.surroundings = beside(table, stack_parts([], [(material, layer)]), task)
        for number, place in enumerate(places):
            view = stack_view(numbers, [material], electrolytes, 0, number, path, known)
            found.written[view.electrolyte] = {
                **{f"{kind}_equation": getattr(view, kind).equation or "" for kind in EQUATIONS},
                **_worst_state(view.way),
            }
            found.reactions += reaction_rows(view)
            found.sensitivity += _sensitivity(view, asked, place, task, table, found)
    except Exception as error:  # one candidate must not stop the others
        found.warnings.append(f"{material.label}: no equations ({reason_of(error)})")
    return found


def _worst_state(way: LayerWay | None) -> Row:
    if way is None:
        return dict.fromkeys(WORST_STATE)
    worst = way.worst
    values = (worst.layer, worst.mutual_eV_per_atom, way.worst_potential_V)
    return dict(zip(WORST_STATE, values, strict=True))


def _sensitivity(
    view: Stack, asked: Asked, place: int, task: Task, table: PhaseTable, found: Detail
) -> list[Row]:
    if not task.sensitivity:
        return []
    row = asked.rows[place]
    fixed = {c: row.get(c) for c in (*SCORE_COLUMNS, *STATED, *OPTIONAL_COLUMNS)}

    def score(values: Mapping[str, float | None]) -> float:
        """Score from the answers; what is none of them stays as it is in the row."""
        columns: dict[str, Any] = {**fixed, **values}
        return float(score_columns(columns, task.weights))

    try:
        return stack_sensitivity(
            table, asked.entry.material, task.electrolytes[place], score=score, keep=task.keep,
            known=view,
        )  # fmt: skip
    except Exception as error:  # the answers stand; only what they rest on is not known
        found.warnings.append(
            f"{view.candidate} | {view.electrolyte}: no sensitivity to suspect phases "
            f"({reason_of(error)})"
        )
        return []


def beside(table: PhaseTable, mine: Sequence[tuple[str, Material]], task: Task) -> list[Row]:
    """Rows of some materials beside the cathodes and in air; none where there are no such."""
    return surroundings_rows(surroundings(table, mine, task.cathodes, task.air))


def reaction_rows(stack: Stack) -> list[Row]:
    """All kinks of all contacts of a stack."""
    return [
        {
            "candidate": stack.candidate,
            "electrolyte": stack.electrolyte,
            "contact": contact.label,
            "contact_kind": contact.kind,
            **row,
            **_origin(contact.reaction.provenance),
        }
        for contact in stack.contacts
        for row in contact.reaction.rows()
    ]


def window_rows(part: str, name: str, window: Window) -> Row:
    """Return the row of one material in windows.csv."""
    return {"part": part, "name": name, **window_row(window), **_origin(window.provenance)}


def _origin(provenance: dict[str, Any]) -> Row:
    return {
        "left_out_phases": " ".join(provenance["left_out_phases"]),
        "source": provenance["source_label"],
    }
