"""What to know of a candidate before anything is computed, and whom a ranking hides for it.

Observed or not, volatile, gaseous, hygroscopic: columns of results and rankings, and words of
conditions.  A ranking of a whole source leaves out what cannot be a layer (``hidden``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..answers.materials import Materials, Rows
from ..phases.compounds import GASEOUS, VOLATILE, compound_lists
from ..phases.formula import parse_formula
from ..phases.suspects import evidence, observations
from ..phases.table import PhaseTable
from .where import ELEMENTS, NO, UNKNOWN, YES, Bools, Columns, Where, element_lists

Texts = NDArray[Any]

OBSERVED, RADIOACTIVE = "observed", "radioactive"
WORDS = np.array([NO, YES, UNKNOWN])  # 0, 1 or -1 in a table
HIDDEN_BY = (OBSERVED, VOLATILE, ELEMENTS, "formula")  # columns that ``hidden`` reads


def observed_words(table: PhaseTable, rows: Rows) -> Texts:
    """Return yes, no or unknown for some phases of a table, (k,)."""
    words: Texts = WORDS[observations(table, rows)]
    return words


def listed(name: str, formulas: Iterable[str]) -> Texts:
    """Return whether a list of compounds holds each of some reduced formulas: yes or no."""
    known = compound_lists()[name]
    return np.array([YES if str(formula) in known else NO for formula in formulas])


def mark_columns(table: PhaseTable, materials: Materials) -> dict[str, Texts]:
    """Return the marks of some materials by column of results.csv, (k,) each.

    A mixture is observed if all its components are, not observed if one is known not to be, and on
    a list if one of them is.  A component that is no phase of the table is known by the evidence
    of the embedded one only.
    """
    rows, of, k = materials.component_row, materials.component_of, len(materials)
    names = table.formulas[rows].astype(object)
    seen = np.full(len(rows), -1)
    seen[rows >= 0] = observations(table, rows[rows >= 0])
    for place in np.flatnonzero(rows < 0).tolist():
        names[place] = parse_formula(str(materials.component_name[place])).reduced
        seen[place] = 1 if names[place] in evidence() else -1
    marks: dict[str, Texts] = {OBSERVED: np.full(k, YES, dtype=object)}
    for code, word in ((-1, UNKNOWN), (0, NO)):  # the latter decides
        marks[OBSERVED][of[seen == code]] = word
    for name in compound_lists():
        marks[name] = np.full(k, NO, dtype=object)
        marks[name][of[listed(name, names) == YES]] = YES
    return marks


def hidden(columns: Columns, asked: Where) -> dict[str, Bools]:
    """Return which rows a ranking of a whole source hides, by reason; a row has one reason.

    What is known not to exist, volatile compounds (gases among them), and compounds of radioactive
    elements; but what a condition names is for the condition to decide: ``observed``, ``volatile``
    or ``gaseous``, ``elements has radioactive``, a radioactive element by its symbol, a candidate
    (``formula == WF6``).
    """
    named, found = set(asked.columns), {}
    lists, names, known = (
        {word for part in asked.parts for word in getattr(part, kind)}
        for kind in ("lists", "names", "symbols")
    )
    if OBSERVED not in named:
        found["not observed"] = columns.texts(OBSERVED, NO.__eq__)
    if not named & {VOLATILE, GASEOUS}:
        found[VOLATILE] = columns.texts(VOLATILE, YES.__eq__)
    if RADIOACTIVE not in lists:
        found[RADIOACTIVE] = columns.elements(set(element_lists()[RADIOACTIVE]) - known)[0] > 0
    before: Any = columns.texts("formula", names.__contains__)
    for reason, mask in found.items():
        found[reason], before = mask & ~before, before | mask
    return found


def counts_of(masks: Mapping[str, Bools], each: int = 1) -> dict[str, int]:
    """Return how many candidates with ``each`` rows every mask has; masks without any left out."""
    return {name: int(mask.sum()) // each for name, mask in masks.items() if mask.any()}


def any_of(masks: Iterable[Bools], size: int) -> Bools:
    """Return which of so many rows any mask has."""
    found: Bools = np.logical_or.reduce([np.zeros(size, dtype=bool), *masks])
    return found
