"""Everything the page shows, gathered from the files of a run folder."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from itertools import groupby
from math import gcd
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files import data_yaml
from ...phases.columns import COLUMNS
from ...phases.electrode import LITHIUM, Electrode
from ...phases.formula import read_amounts, split_mixture, whole_numbers
from ...phases.source import ANCHORED
from ...phases.units import is_number
from ...screen.folder import TABLES, read_manifest, require_unaltered
from ...screen.query import query_of
from ...screen.verdict import VERDICTS
from ..cells import RANGES, Row, colour_range, number, read_rows
from ..markup import AMOUNT, FORMULA, PERIODS, unit_text
from ..units import digits_of, factor_of, unit_of
from .glossary import plain

RESULTS, WHOLE_RESULTS = "results.csv", "results.parquet"
MEASURED = "interlayer_experiments.csv"
EXTRA_TABLES = [name for name in TABLES if name not in ("results", "ranking", "reactions")]
TIE = 10.0  # meV/atom, where a manifest states none
SAME, RELATED, OTHER = "same", "related", "other"
_STACK = ("candidate", "electrolyte", "contact", "contact_kind")
HEAT = ("bare", "deposited", "layer", "worst_product")


@dataclass(frozen=True)
class Run:
    """Files of a run folder, as rows; tables that are not there are empty.

    ``whole``: the candidates came from a query of the source; ``results`` are then those of the
    candidates in the ranking, and ``statistics`` those of all.
    """

    folder: Path
    manifest: dict[str, Any]
    whole: bool
    results: list[Row]
    ranking: list[Row]
    reactions: list[Row]
    extra: dict[str, list[Row]]
    statistics: dict[str, Any]

    def stated(self, part: str) -> dict[str, Any]:
        """Return a part of the manifest: its ``source``, ``study`` or ``versions``."""
        found = self.manifest.get(part)
        return found if isinstance(found, dict) else {}

    @property
    def source(self) -> dict[str, Any]:
        """Source of the energies."""
        return self.stated("source")

    @property
    def study(self) -> dict[str, Any]:
        """Study of the run."""
        return self.stated("study")

    @property
    def electrode(self) -> Electrode:
        """The negative electrode of the run."""
        return Electrode.of(self.source.get("conditions") or {})

    @property
    def tie(self) -> float:
        """Scores nearer than this are equal [meV/atom]."""
        stated = (self.study.get("ranking") or {}).get("tie_meV_per_atom")
        return float(stated) if is_number(stated) else TIE

    @property
    def electrolytes(self) -> list[str]:
        """Names of the electrolytes in the order of the study."""
        return list(dict.fromkeys(row["electrolyte"] for row in self.results))

    @cached_property
    def pairs(self) -> dict[tuple[str, str], Row]:
        """Results by candidate and electrolyte."""
        return {(row["candidate"], row["electrolyte"]): row for row in self.results}

    @cached_property
    def spreads(self) -> dict[tuple[str, str, str], Row]:
        """Error bars by candidate, electrolyte and quantity."""
        rows = self.extra.get("uncertainty", [])
        return {
            (row.get("candidate", ""), row.get("electrolyte", ""), row.get("quantity", "")): row
            for row in rows
        }

    @cached_property
    def measured(self) -> dict[str, list[dict[str, Any]]]:
        """Measured cells by candidate; see ``measured_cells``.  All of them are of lithium."""
        if self.electrode.ion != LITHIUM:
            return {}
        formulas, theirs = (
            {row[side]: row.get(formula) or row[side] for row in self.results}
            for side, formula in (("candidate", "formula"), ("electrolyte", "electrolyte_formula"))
        )
        return measured_cells(formulas, theirs)

    def blocks(self) -> dict[str, list[Row]]:
        """Return the rows of the ranking by electrolyte, ``overall`` first where it is there."""
        found: dict[str, list[Row]] = {}
        for row in self.ranking:
            found.setdefault(row["electrolyte"], []).append(row)
        return found

    def order(self) -> list[str]:
        """Return the candidates as in the first block of the ranking, the others behind."""
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
    require_unaltered(folder)
    manifest = read_manifest(folder)
    pair = ("candidate", "electrolyte")
    ranking = read_rows(folder / "ranking.csv", pair)
    statistics: dict[str, Any] = {}
    whole = (folder / WHOLE_RESULTS).is_file()
    if whole:
        from .whole import read_whole

        asked = query_of(manifest.get("study") or {})
        results, statistics = read_whole(folder / WHOLE_RESULTS, ranking, asked)
    elif not (folder / RESULTS).is_file():
        raise InputError(
            f"{folder}: holds no run (neither {RESULTS} nor {WHOLE_RESULTS}); "
            "name the folder that `interscreen screen` wrote"
        )
    else:
        results = read_rows(folder / RESULTS, pair)
    if not results and not whole:
        raise InputError(f"{folder / RESULTS}: no rows; run the screen again")
    reactions = read_rows(folder / "reactions.csv", (*pair, "contact_kind", "mixing_fraction"))
    extra = {name: read_rows(folder / f"{name}.csv") for name in EXTRA_TABLES}
    return Run(folder, manifest, whole, results, ranking, reactions, extra, statistics)


def page_data(run: Run) -> dict[str, Any]:
    """Return what the page is drawn from, for JSON: the numbers of the files, at full precision."""
    tables = {"results": run.results, "ranking": run.ranking, **run.extra}
    used = dict.fromkeys(key for rows in tables.values() for key in (rows[0] if rows else ()))
    curves, electrode = gather_curves(run.reactions), run.electrode
    tables["ranking"], same = without_repeats(run)
    return {
        "anode": electrode.label,
        "whole": run.whole,
        "verdicts": VERDICTS,
        "tie": run.tie,
        "range": colour_range(
            1000.0 * value
            for row in run.results
            for kind in HEAT
            if not math.isnan(value := number(row.get(f"{kind}_mutual_eV_per_atom")))
        ),
        "ranges": list(RANGES),
        "heat": list(HEAT),
        "periods": list(PERIODS),
        "formula": FORMULA,
        "amount": AMOUNT,
        "columns": {
            key: [
                electrode.words(COLUMNS[key].label),
                electrode.words(unit_text(unit_of(key))),
                electrode.words(plain(COLUMNS[key].meaning)),
                factor_of(key),
                digits_of(key),
            ]
            for key in used
            if key in COLUMNS
        },
        "candidates": run.order(),
        "electrolytes": run.electrolytes,
        "tables": {name: packed(_shortened(name, rows)) for name, rows in tables.items()},
        "same": same,
        "reactions": {
            **curves,
            **spelled(curves["equations"]),
            "contacts": packed(curves["contacts"]),
        },
        "measured": run.measured,
        "ambient": run.source.get("energies") == ANCHORED,
        "statistics": run.statistics,
    }


def _shortened(table: str, rows: Sequence[Row]) -> list[Row]:
    """Leave out what the page does not show, and digits of error bars that mean nothing."""
    if table == "sensitivity":
        return [{k: v for k, v in row.items() if k != "deciding_phases"} for row in rows]
    if table == "uncertainty":
        ends = ("standard_deviation", "low_5_percent", "high_95_percent")
        return [
            {k: float(f"{v:.6g}") if k in ends and is_number(v) else v for k, v in row.items()}
            for row in rows
        ]
    return list(rows)


def without_repeats(run: Run) -> tuple[list[Row], list[str]]:
    """Return the ranking without the numbers that the results have, too, and their columns."""
    pairs = [row for row in run.ranking if (row["candidate"], row["electrolyte"]) in run.pairs]
    common = [key for key in (pairs[0] if pairs else ()) if key in run.results[0]]
    same = [
        key for key in common
        if key not in ("candidate", "electrolyte")
        and all(row[key] == run.pairs[row["candidate"], row["electrolyte"]][key] for row in pairs)
    ]  # fmt: skip
    mine = {id(row) for row in pairs}
    rows = [
        {key: None if key in same and id(row) in mine else value for key, value in row.items()}
        for row in run.ranking
    ]
    return rows, same


def spelled(equations: Sequence[str]) -> dict[str, list[str]]:
    """Write equations with the number of each formula, ``$`` before it, in place of the formula.

    Returns
    -------
    dict
        ``words``, most frequent first, and ``equations`` with ``$0`` for the first of them (to the
        base of 36).
    """
    found = Counter(word for text in equations for word in text.split(" ") if _spell(word))
    words = [word for word, _ in found.most_common()]
    codes = {word: f"${_base36(number)}" for number, word in enumerate(words)}
    texts = [" ".join(codes.get(word, word) for word in text.split(" ")) for text in equations]
    return {"words": words, "equations": texts}


def _spell(word: str) -> bool:
    return len(word) > 3 or word.startswith("$")


def _base36(value: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[value] if value < 36 else _base36(value // 36) + digits[value % 36]


def packed(rows: Sequence[Row]) -> dict[str, Any]:
    """Write rows as columns: what repeats is written once.

    A column is a list, ``{"c": value}`` when all rows agree, or ``{"v": values, "i": indices}``
    when few values repeat.  Left out are columns without any value and the source, the same text in
    every row, which the page says once.
    """
    columns: dict[str, Any] = {}
    for key in rows[0] if rows else ():
        values = [_short(row.get(key)) for row in rows]
        distinct = list(dict.fromkeys(values))
        if key == "source" or set(distinct) <= {None, ""}:
            continue
        if len(distinct) == 1:
            columns[key] = {"c": distinct[0]}
        elif len(distinct) * 2 < len(values):
            index = {value: place for place, value in enumerate(distinct)}
            columns[key] = {"v": distinct, "i": [index[value] for value in values]}
        else:
            columns[key] = values
    return {"n": len(rows), "columns": columns}


def _short(value: Any) -> Any:
    """Return whole floats as integers: the same number in fewer characters."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
    return value


def gather_curves(rows: Iterable[Row]) -> dict[str, Any]:
    """Collect the kinks of reactions.csv, in which those of a contact stand together.

    Returns
    -------
    dict
        ``equations`` (texts), ``curves`` (reactants ``a`` and ``b``, where their energies
        come from ``ea`` and ``eb``, atom fractions of a ``x``, mutual energies [eV/atom] ``e``,
        numbers of the equations ``q``, place of the minimum ``m`` or -1) and ``contacts``
        (candidate, electrolyte, kind, label, number of the curve).  Fractions and energies are
        rounded to six digits after the point.
    """
    equations: dict[str, int] = {}
    numbers: dict[str, int] = {}
    curves: list[dict[str, Any]] = []
    contacts: list[Row] = []
    for stack, group in groupby(rows, key=lambda row: tuple(row.get(key) for key in _STACK)):
        kinks = list(group)
        first = kinks[0]
        curve: dict[str, Any] = {
            "a": first.get("reactant_a", ""),
            "b": first.get("reactant_b", ""),
            "ea": first.get("reactant_a_energy_source", ""),
            "eb": first.get("reactant_b_energy_source", ""),
            "x": [_rounded(kink.get("mixing_fraction")) for kink in kinks],
            "e": [_rounded(kink.get("mutual_energy_eV_per_atom")) for kink in kinks],
            "q": [equations.setdefault(kink.get("equation", ""), len(equations)) for kink in kinks],
            "m": next((i for i, kink in enumerate(kinks) if kink.get("is_minimum") == "True"), -1),
        }
        key = repr(curve)
        if key not in numbers:
            numbers[key] = len(curves)
            curves.append(curve)
        candidate, electrolyte, label, kind = stack
        contacts.append(
            {
                "candidate": candidate,
                "electrolyte": electrolyte,
                "kind": kind,
                "name": label,
                "curve": numbers[key],
            }
        )
    return {"equations": list(equations), "curves": curves, "contacts": contacts}


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def measured_cells(
    candidates: Mapping[str, str],
    electrolytes: Mapping[str, str],
    rows: Iterable[Row] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Find the measured cells whose layer was deposited as the phases of a candidate.

    Candidates and electrolytes are formulas by name.  Each cell (those of the package by default)
    comes with ``electrolyte_match`` for every electrolyte: ``same`` (of the same elements),
    ``related`` (one has all elements of the other, as LLZO and its doped forms) or ``other``.
    """
    rows = measured_rows() if rows is None else rows
    found: dict[str, list[dict[str, Any]]] = {}
    theirs = {name: elements_in(formula) for name, formula in electrolytes.items()}
    known: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        measured = elements_in(row.get("electrolyte_formula", ""))
        matches = {label: _match(measured, elements) for label, elements in theirs.items()}
        phases = _phases(row.get("deposited_phases", ""))
        known.setdefault(phases, []).append({**row, "electrolyte_match": matches})
    for name, formula in candidates.items():
        phases = _phases(formula)
        if phases and phases in known:
            found[name] = known[phases]
    return found


def measured_rows() -> list[Row]:
    """Return the measured cells of the package; resistances per cell in columns of their own."""
    with as_file(files("interscreen") / "data" / MEASURED) as file:
        rows = read_rows(file)
    per_cell = set(data_yaml("validation.yaml")["resistance_per_cell"])
    for row in rows:
        for when in ("before", "after") if row["interlayer"] in per_cell else ():
            row[f"resistance_{when}_ohm_per_cell"] = row.pop(f"resistance_{when}_ohm_cm2")
    return rows


def _match(measured: frozenset[str], studied: frozenset[str]) -> str:
    if not measured or not studied:
        return OTHER
    if measured == studied:
        return SAME
    return RELATED if measured <= studied or studied <= measured else OTHER


def _phases(text: str) -> frozenset[tuple[tuple[str, int], ...]]:
    """Return the phases of a mixture without their amounts; none for a text that is no mixture."""
    found = set()
    try:
        for _, formula in split_mixture(text):
            amounts = read_amounts(formula)
            whole = whole_numbers(list(amounts.values()))
            divisor = gcd(*whole)
            found.add(tuple((s, n // divisor) for s, n in zip(amounts, whole, strict=True)))
    except InputError:
        return frozenset()
    return frozenset(found)


def elements_in(formula: str) -> frozenset[str]:
    """Return the elements of a formula."""
    return frozenset(re.findall(r"[A-Z][a-z]?", formula))
