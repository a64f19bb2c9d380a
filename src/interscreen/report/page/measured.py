"""Measured cells with the same interlayers: what experiments say beside the numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from math import gcd
from typing import Any

from ...errors import InputError
from ...phases.formula import read_amounts, split_mixture, whole_numbers

FILE = "interlayer_experiments.csv"
SAME, RELATED, OTHER = "same", "related", "other"

_Phase = tuple[tuple[str, int], ...]


def experiments() -> list[dict[str, str]]:
    """Read the measured cells that come with the package; none where it has no such file."""
    file = files("interscreen") / "data" / FILE
    if not file.is_file():
        return []
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
    return [{key: value or "" for key, value in row.items()} for row in rows]


def measured_cells(
    candidates: Mapping[str, str],
    electrolytes: Mapping[str, str],
    rows: Iterable[Mapping[str, str]] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Find the measured cells whose layer was deposited as the phases of a candidate.

    Parameters
    ----------
    candidates, electrolytes : mapping of str to str
        Names in the study and their formulas.
    rows : iterable of mapping, optional
        Measured cells; those of the package when nothing is given.

    Returns
    -------
    dict
        By candidate: the rows, each with ``electrolyte_match`` for every electrolyte of the study:
        ``same`` (of the same elements), ``related`` (one has all elements of the other, as LLZO and
        its doped forms) or ``other``.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    known = [
        (row, phases)
        for row in (experiments() if rows is None else rows)
        if (phases := _phases(row.get("deposited_phases", "")))
    ]
    theirs = {name: _elements(formula) for name, formula in electrolytes.items()}
    for name, formula in candidates.items():
        wanted = _phases(formula)
        cells = [
            {
                **row,
                "electrolyte_match": {
                    label: _match(_elements(row.get("electrolyte_formula", "")), elements)
                    for label, elements in theirs.items()
                },
            }
            for row, phases in known
            if phases == wanted
        ]
        if cells:
            found[name] = cells
    return found


def _match(measured: frozenset[str], studied: frozenset[str]) -> str:
    if not measured or not studied:
        return OTHER
    if measured == studied:
        return SAME
    return RELATED if measured <= studied or studied <= measured else OTHER


def _phases(text: str) -> frozenset[_Phase]:
    """Phases of a mixture without their amounts; none for a text that is no mixture."""
    try:
        return frozenset(_phase(formula) for _, formula in split_mixture(text))
    except InputError:
        return frozenset()


def _phase(formula: str) -> _Phase:
    amounts = read_amounts(formula)
    whole = whole_numbers(list(amounts.values()))
    divisor = gcd(*whole)
    return tuple((symbol, n // divisor) for symbol, n in zip(amounts, whole, strict=True))


def _elements(formula: str) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Z][a-z]?", formula))
