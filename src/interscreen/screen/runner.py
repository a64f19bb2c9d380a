"""Run a study: candidates in parallel, one failed candidate never stops the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers.sensitivity import SENSITIVITY_COLUMNS, strongest_suspects
from ..answers.stack import ElectrolyteSide, electrolyte_side
from ..answers.surroundings import SURROUNDINGS_COLUMNS
from ..errors import InputError
from ..phases.material import Material, resolve
from ..phases.result import Displayed
from ..phases.table import PhaseTable
from .confidence import (
    CONFIDENCE_COLUMNS,
    sample_study,
    sampled_scores,
    uncertainty_table,
    with_confidence,
)
from .ranking import OVERALL, rank
from .rows import (
    FAILED,
    LITHIATION_COLUMNS,
    OK,
    REACTION_COLUMNS,
    RESULT_COLUMNS,
    WINDOW_COLUMNS,
    MissingElectrolyte,
    Row,
    window_rows,
)
from .study import Study
from .tasks import Part, Task, electrolyte_surroundings, parts
from .weight_sensitivity import weight_table

if TYPE_CHECKING:
    import pandas as pd

_SERIAL = 64  # candidates up to which starting workers costs more than it saves

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ScreenResult(Displayed, figure="screen"):
    """Tables of a finished screen.

    Attributes
    ----------
    results, reactions, windows, lithiation, ranking : DataFrame
    weights : DataFrame
        How much the order depends on the weights of the score.
    uncertainty, sensitivity, surroundings : DataFrame or None
        Error bars, dependence on suspect phases, contacts with cathodes and air; None where the
        study does not ask for them.
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
    weights: pd.DataFrame
    failed: int
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    uncertainty: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    surroundings: pd.DataFrame | None = None


def run_study(
    study: Study,
    table: PhaseTable,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    sampling: Progress | None = None,
) -> ScreenResult:
    """Compute every stack of a study.

    Parameters
    ----------
    study : Study
    table : PhaseTable
    jobs : int, optional
        Worker processes, -1 for one per core; overrides the study.
    progress, sampling : callable, optional
        Called with the number of finished candidates and their total, and with the number of
        finished questions over sampled energies and their total.

    Raises
    ------
    InputError
        When none of the electrolytes can be computed with this table.

    Examples
    --------
    >>> from interscreen import PhaseTable, Study, run_study
    >>> study = Study(name="two", candidates=["CuF2", "LiF"], electrolytes=["LATP"])
    >>> found = run_study(study, PhaseTable.reference())
    >>> list(found.ranking["candidate"])
    ['LiF', 'CuF2']
    """
    sides = _electrolytes(study, table)
    task = Task(
        electrolytes=sides,
        cathodes=tuple(entry.material for entry in study.cathodes),
        air=tuple(entry.material for entry in study.air),
        sensitivity=study.sensitivity,
        weights=study.ranking.weights,
        keep=tuple(entry.formula for entry in (*study.candidates, *study.electrolytes)),
    )
    total = len(study.candidates)
    found: list[Part] = []
    for part in parts(study.candidates, task, table, _workers(study, jobs)):
        found.append(part)
        if progress is not None:
            progress(len(found), total)
    found.sort(key=lambda part: part.position)
    there = [side for side in sides if isinstance(side, ElectrolyteSide)]
    beside = electrolyte_surroundings(table, task)
    tables = _tables(study, there, beside, found)
    ranking = rank(tables["results"], study.ranking)
    uncertainty = None
    if study.uncertainty.samples:
        samples = sample_study(
            table,
            _computed(study, tables["results"]),
            [side.material for side in there],
            study.uncertainty,
            _cores(study, jobs),
            sampling,
        )
        scores = sampled_scores(samples, tables["results"], study.ranking.weights)
        ranking = with_confidence(ranking, scores)
        uncertainty = uncertainty_table(samples, tables["results"], ranking, scores)
    if study.sensitivity:
        ranking = _with_suspects(ranking, [row for part in found for row in part.sensitivity])
    return ScreenResult(
        **tables,
        ranking=_ordered(ranking),
        weights=weight_table(tables["results"], study.ranking),
        uncertainty=uncertainty,
        failed=int((tables["results"]["status"] == FAILED).sum()),
        warnings=_warnings(sides, tables["results"], found),
        left_out=_left_out(tables["results"]),
    )


def _electrolytes(study: Study, table: PhaseTable) -> list[ElectrolyteSide | MissingElectrolyte]:
    """Electrolytes by themselves; those that the source cannot answer for say why."""
    sides: list[ElectrolyteSide | MissingElectrolyte] = []
    problems = []
    for entry in study.electrolytes:
        try:
            sides.append(electrolyte_side(table, entry.material))
        except InputError as error:
            reason = f"electrolyte {entry.label}: {error}"
            problems.append(reason)
            material, unit = resolve(entry.material)
            source = str(table.source.label)
            sides.append(MissingElectrolyte(material.label, unit.text, reason, source))
    if len(problems) == len(sides):
        raise InputError(problems[0])
    return sides


def _cores(study: Study, jobs: int | None) -> int:
    """Workers that were asked for; one per core where nobody did."""
    chosen = study.jobs if jobs is None else jobs
    if chosen == 0:
        raise InputError("jobs: 0 worker processes; use 1 or more, or -1 for one per core")
    if chosen is None:
        return os.cpu_count() or 1
    return chosen if chosen > 0 else max(1, (os.cpu_count() or 1) + 1 + chosen)


def _workers(study: Study, jobs: int | None) -> int:
    """Worker processes for the candidates; small studies need none."""
    cores = _cores(study, jobs)
    if (study.jobs if jobs is None else jobs) is None and len(study.candidates) <= _SERIAL:
        return 1
    return min(cores, len(study.candidates))


def _computed(study: Study, results: pd.DataFrame) -> list[Material]:
    """Candidates with at least one row that could be computed."""
    good = set(results.loc[results["status"] == OK, "candidate"])
    named = [resolve(entry.material)[0] for entry in study.candidates]
    return [material for material in named if material.label in good]


def _tables(
    study: Study, electrolytes: Sequence[ElectrolyteSide], beside: list[Row], found: list[Part]
) -> dict[str, Any]:
    """Rows of all candidates as tables."""
    import pandas as pd

    windows = [window_rows("electrolyte", e.label, e.window) for e in electrolytes]
    windows += [row for part in found for row in part.windows]
    products: dict[str, Row] = {}
    for part in found:
        for name, row in part.products.items():
            products.setdefault(name, row)
    windows += [products[name] for name in sorted(products)]

    def frame(rows: Iterable[Row], columns: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame(list(rows), columns=list(columns))

    tables: dict[str, Any] = {
        "results": frame((row for part in found for row in part.results), RESULT_COLUMNS),
        "reactions": frame((row for part in found for row in part.reactions), REACTION_COLUMNS),
        "windows": frame(windows, WINDOW_COLUMNS),
        "lithiation": frame((row for part in found for row in part.lithiation), LITHIATION_COLUMNS),
    }
    if study.sensitivity:
        rows = (row for part in found for row in part.sensitivity)
        tables["sensitivity"] = frame(rows, SENSITIVITY_COLUMNS)
    if study.cathodes or study.air:
        tables["surroundings"] = frame(
            [*beside, *(row for part in found for row in part.surroundings)], SURROUNDINGS_COLUMNS
        )
    return tables


def _with_suspects(ranking: pd.DataFrame, rows: list[Row]) -> pd.DataFrame:
    """Name the suspect phase that moves each score most."""
    known = ranking.copy()
    strongest = strongest_suspects(rows)
    places = list(zip(known["candidate"], known["electrolyte"], strict=True))
    found = [strongest.get(place, ("", None)) for place in places]
    known["suspect_phase"] = [phase for phase, _ in found]
    known["suspect_change_meV_per_atom"] = [change for _, change in found]
    overall = known["electrolyte"] == OVERALL  # a mean has no single answer to move
    known.loc[overall, "suspect_phase"] = ""
    return known


def _ordered(ranking: pd.DataFrame) -> pd.DataFrame:
    """Put what belongs to the score and the rank beside them."""
    first = ["electrolyte", "rank", "candidate", "role", "score_meV_per_atom"]
    beside = [c for c in CONFIDENCE_COLUMNS if c in ranking.columns]
    rest = [c for c in ranking.columns if c not in (*first, *beside)]
    return ranking[[*first, *beside, *rest]]


def _warnings(
    sides: Sequence[ElectrolyteSide | MissingElectrolyte], results: pd.DataFrame, found: list[Part]
) -> tuple[str, ...]:
    texts = [side.reason for side in sides if isinstance(side, MissingElectrolyte)]
    texts += [text for row in results["warnings"].dropna() for text in row.split("; ") if text]
    texts += [text for part in found for text in part.warnings]
    return tuple(dict.fromkeys(texts))


def _left_out(results: pd.DataFrame) -> tuple[str, ...]:
    names = [name for row in results["left_out_phases"].dropna() for name in row.split()]
    return tuple(sorted(set(names)))
