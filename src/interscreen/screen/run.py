"""Run a study: numbers of all stacks, words for those that are shown, error bars and ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..answers.documents import phase_table
from ..answers.lithiation import lithiate
from ..answers.materials import materials_of
from ..answers.sensitivity import strongest_suspects
from ..answers.stacks import Stacks, stacks
from ..answers.window import stability_window
from ..energies.given import with_materials
from ..energies.sampling import EnergyModel
from ..energies.scale import as_tabulated
from ..errors import InputError, InterscreenError
from ..phases.columns import COLUMNS, columns_of
from ..phases.electrode import LITHIUM_METAL, Electrode
from ..phases.material import Material, elements_of, resolve
from ..phases.result import Displayed
from ..phases.source import ANCHORED
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .coatings import coatings_table
from .confidence import (
    Key,
    Sampled,
    sampled_scores,
    uncertainty_table,
    with_confidence,
    with_verdicts,
)
from .detail import WRITTEN, Asked, Detail, Row, Task, beside, details, window_rows
from .entries import MaterialEntry
from .ranking import OVERALL, rank
from .scales import anchor_table, scale_table
from .study import Study
from .tables import FAILED, OK, failed_table, results_table
from .treatments import treatment_rows
from .weight_sensitivity import weight_table
from .workers import count_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SERIAL = 300  # stacks up to which starting workers costs more than it saves

Progress = Callable[[int, int], None]
Shown: TypeAlias = "Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame], None]"


@dataclass(frozen=True)
class ScreenResult(Displayed, figure="screen"):
    """Tables of a finished screen.

    Attributes
    ----------
    results, reactions, windows, lithiation, ranking : DataFrame
    weights : DataFrame
        How much the order depends on the weights of the score.
    uncertainty, sensitivity, surroundings, treatments : DataFrame or None
        Error bars, dependence on suspect phases, contacts with cathodes and air, surfaces after
        treatments; None where the study does not ask for them.
    anchors, scales : DataFrame or None
        Anchors of the phases, and scores as tabulated; of anchored runs.
    coatings : DataFrame or None
        Ranking of the coatings of the cathode side; None where the study names no cathode.
    phases : DataFrame or None
        Documents of the phases that the tables name; of runs on the Materials Project.
    failed : int
        Rows of ``results`` that could not be computed.
    warnings : tuple of str
    left_out : tuple of str
        Phases that were met and not counted.
    electrode : Electrode
        The negative electrode.
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
    treatments: pd.DataFrame | None = None
    anchors: pd.DataFrame | None = None
    scales: pd.DataFrame | None = None
    coatings: pd.DataFrame | None = None
    phases: pd.DataFrame | None = None
    electrode: Electrode = LITHIUM_METAL


@dataclass(frozen=True)
class Electrolytes:
    """Electrolytes of a study: those that the source can answer for, and why it cannot the others.

    Attributes
    ----------
    entries : tuple of MaterialEntry
        All of them.
    materials : tuple of Material
        The ones that can be computed, with their numbers among all in ``numbers``.
    numbers : tuple of int
    missing : mapping of int to str
        Reasons of the others.
    """

    entries: tuple[MaterialEntry, ...]
    materials: tuple[Material, ...]
    numbers: tuple[int, ...]
    missing: Mapping[int, str]

    @classmethod
    def of(cls, study: Study, table: PhaseTable) -> Electrolytes:
        """Try every electrolyte of a study.

        Raises
        ------
        InputError
            When none of them can be computed with this table.
        """
        good, missing = {}, {}
        for number, entry in enumerate(study.electrolytes):
            try:
                stability_window(table, entry.material)
                good[number] = resolve(entry.material)[0]
            except InputError as error:
                missing[number] = f"electrolyte {entry.label}: {error}"
        if not good:
            raise InputError(next(iter(missing.values())))
        return cls(tuple(study.electrolytes), tuple(good.values()), tuple(good), missing)

    @property
    def names(self) -> list[tuple[str, str]]:
        """Name and formula of each."""
        found = [resolve(entry.material) for entry in self.entries]
        return [(material.label, unit.text) for material, unit in found]


def run_study(
    study: Study,
    table: PhaseTable,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    sampling: Progress | None = None,
    shown: Shown | None = None,
) -> ScreenResult:
    """Compute every stack of a study.

    Parameters
    ----------
    study : Study
        With a list of candidates.
    table : PhaseTable
    jobs : int, optional
        Worker processes, -1 for one per core; overrides the study.
    progress, sampling : callable, optional
        Called with the number of finished candidates and their total, and with the number of
        finished samples of the energies and their total.
    shown : callable, optional
        Called with results, the order of the ranking, windows and lithiation as soon as these are
        known: what figures show.

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
    table = study.beside(table)
    table = with_materials(table, (e.material for e in (*study.candidates, *study.electrolytes)))
    electrolytes = Electrolytes.of(study, table)
    samples, threads = study.uncertainty.samples, cores(study, jobs)
    results, numbers = _results(study, table, electrolytes, 0, threads, None)
    asked = asked_of(study.candidates, electrolytes, results.to_pandas())
    task = task_of(study, electrolytes)
    with details(asked, task, table, workers_of(study, jobs)) as begun:  # meanwhile:
        if samples:
            results, numbers = _results(study, table, electrolytes, samples, threads, sampling)
        frame = results.to_pandas()
        drawn = Sampled({}, samples) if numbers is None else Sampled.of(numbers)
        scores: dict[Key, Floats] = {}
        if samples:
            frame = with_verdicts(drawn, frame)
            scores = sampled_scores(drawn, frame, study.ranking.weights)
        found = _details(begun, len(asked), progress)
    frame = with_equations(frame, found)
    ranking = rank(frame, study.ranking)
    tables = detail_tables(study, electrolytes, table, task, found)
    if shown is not None:
        shown(frame, ranking, tables["windows"], tables["lithiation"])
    uncertainty = None
    if samples:
        ranking = with_confidence(ranking, scores, study.ranking.tie_meV_per_atom)
        uncertainty = uncertainty_table(drawn, frame, ranking, scores)
    if study.sensitivity:
        ranking = with_suspects(ranking, [row for part in found for row in part.sensitivity])
    tables |= scale_tables(study, table, electrolytes, frame, ranking, threads)
    tables |= coating_tables(study, table, electrolytes, study.judged_coatings, threads)
    tables["phases"] = phase_table(table, [frame, *tables.values()])
    return ScreenResult(
        results=frame,
        electrode=table.electrode,
        ranking=ranking[[name for name in columns_of("ranking") if name in ranking]],
        weights=weight_table(frame, study.ranking),
        uncertainty=uncertainty,
        failed=int((frame["status"] == FAILED).sum()),
        warnings=_warnings(study, table, electrolytes, frame, found),
        left_out=left_out_of(frame),
        **tables,
    )


def _results(
    study: Study,
    table: PhaseTable,
    electrolytes: Electrolytes,
    samples: int,
    jobs: int,
    sampling: Progress | None,
) -> tuple[pa.Table, Stacks | None]:
    """Rows of all candidates, and their numbers in every sample."""
    import pyarrow as pa

    reasons: dict[int, str] = {}
    ion = table.electrode.ion.symbol
    for number, entry in enumerate(study.candidates):
        try:
            materials_of(table, [entry.material])
            table.require_covered(elements_of([entry.material, ion], lithium=False))
        except InterscreenError as error:
            reasons[number] = str(error)
    good = [number for number in range(len(study.candidates)) if number not in reasons]
    materials = [resolve(study.candidates[number].material)[0] for number in good]
    parts, order, numbers = [], [], None
    if good:
        numbers = stacks(
            table,
            materials,
            electrolytes.materials,
            samples=samples,
            model=model_of(study),
            jobs=jobs,
            progress=sampling,
        )
        given = given_texts([study.candidates[number] for number in good])
        uncovered = _uncovered(table, materials, electrolytes.materials)
        parts.append(results_table(numbers, study.ranking.weights, given, uncovered))
        order += [(k, e) for k in good for e in electrolytes.numbers]
    names = electrolytes.names
    for number, reason in reasons.items():
        entry = study.candidates[number]
        known = {
            key: values[0] for key, values in given_texts([entry]).items() if key not in _DECIDED
        }
        known |= {"candidate": entry.label, "formula": entry.formula}
        why = dict.fromkeys(((0, e) for e in range(len(names))), reason)
        why |= {(0, e): text for e, text in electrolytes.missing.items()}
        parts.append(failed_table([known], names, why, table.source.label))
        order += [(number, e) for e in range(len(names))]
    for e, reason in electrolytes.missing.items():
        entries = [study.candidates[number] for number in good]
        known_of = [
            {
                **_texts_of(entry),
                "candidate": entry.label,
                "formula": resolve(entry.material)[1].text,
            }
            for entry in entries
        ]
        why = {(k, 0): reason for k in range(len(entries))}
        parts.append(failed_table(known_of, [names[e]], why, table.source.label))
        order += [(number, e) for number in good]
    whole = pa.concat_tables(parts)
    return whole.take(sorted(range(len(order)), key=lambda place: order[place])), numbers


_DECIDED = ("role", "route", "arrangement")  # known of rows that were computed


def _texts_of(entry: MaterialEntry) -> dict[str, str]:
    return {k: values[0] for k, values in given_texts([entry]).items() if k not in _DECIDED}


def given_texts(entries: Sequence[MaterialEntry]) -> dict[str, list[str]]:
    """Texts that a study states of its candidates, by column."""
    return {
        "role": ["" if entry.role == "auto" else entry.role for entry in entries],
        "route": ["" if entry.route == "auto" else entry.route for entry in entries],
        "arrangement": [entry.arrangement for entry in entries],
        "expected_products": [entry.products for entry in entries],
        "reference": [entry.reference for entry in entries],
    }


def _uncovered(
    table: PhaseTable, candidates: Sequence[Material], electrolytes: Sequence[Material]
) -> Any:
    """Why the source cannot answer for single stacks, (E, k)."""
    found = np.full((len(electrolytes), len(candidates)), "", dtype=object)
    ion = table.electrode.ion.symbol
    if table.source.closed:
        for e, electrolyte in enumerate(electrolytes):
            for k, candidate in enumerate(candidates):
                try:
                    table.require_covered(elements_of([candidate, electrolyte, ion], lithium=False))
                except InputError as error:
                    found[e, k] = str(error)
    return found


def model_of(study: Study) -> EnergyModel:
    """Return what a study assumes about the errors of the energies."""
    chosen = study.uncertainty
    alone = chosen.independent_meV_per_atom
    each = None if alone is None else alone / 1000.0
    return EnergyModel(each, chosen.correlated, chosen.seed)


def task_of(study: Study, electrolytes: Electrolytes) -> Task:
    """Return what is asked of every candidate of a study."""
    return Task(
        electrolytes=electrolytes.materials,
        cathodes=tuple(entry.material for entry in study.cathodes),
        air=tuple(entry.material for entry in study.air),
        sensitivity=study.sensitivity,
        weights=study.ranking.weights,
        keep=tuple(entry.formula for entry in (*study.candidates, *study.electrolytes)),
    )


def asked_of(
    candidates: Sequence[MaterialEntry], electrolytes: Electrolytes, results: pd.DataFrame
) -> list[Asked]:
    """Rows that could be computed of each candidate."""
    place = {material.label: e for e, material in enumerate(electrolytes.materials)}
    rows: dict[str, dict[int, Row]] = {}
    for row in results[results["status"] == OK].to_dict("records"):
        rows.setdefault(row["candidate"], {})[place[row["electrolyte"]]] = {
            str(key): value for key, value in row.items()
        }
    return [Asked(entry, rows.get(resolve(entry.material)[0].label, {})) for entry in candidates]


def _details(
    begun: Iterable[tuple[int, Detail]], count: int, progress: Progress | None
) -> list[Detail]:
    found: dict[int, Detail] = {}
    for number, part in begun:
        found[number] = part
        if progress is not None:
            progress(len(found), count)
    return [found[number] for number in range(count)]


def with_equations(results: pd.DataFrame, found: Sequence[Detail]) -> pd.DataFrame:
    """Write the equations, and the worst state of the layer, into their rows of results."""
    import pandas as pd

    known: dict[tuple[str, str], Row] = {}
    for part in found:
        for row in part.reactions[:1]:
            for electrolyte, written in part.written.items():
                known[row["candidate"], electrolyte] = written
    results = results.copy()
    places = list(zip(results["candidate"], results["electrolyte"], strict=True))
    for column in WRITTEN:
        values = [
            known[place][column] if place in known else before
            for place, before in zip(places, results[column], strict=True)
        ]
        results[column] = pd.to_numeric(values) if COLUMNS[column].is_number else values
    return results


def detail_tables(
    study: Study,
    electrolytes: Electrolytes,
    table: PhaseTable,
    task: Task,
    found: Sequence[Detail],
) -> dict[str, Any]:
    """Tables of all that was put in words."""
    import pandas as pd

    windows = [
        window_rows("electrolyte", material.label, stability_window(table, material))
        for material in electrolytes.materials
    ]
    windows += [row for part in found for row in part.windows]
    products: dict[str, Row] = {}
    for part in found:
        for name, row in part.products.items():
            products.setdefault(name, row)
    windows += [products[name] for name in sorted(products)]

    def frame(name: str, rows: Iterable[Row]) -> pd.DataFrame:
        return pd.DataFrame(list(rows), columns=list(columns_of(name)))

    tables: dict[str, Any] = {
        "windows": frame("windows", windows),
        "reactions": frame("reactions", (row for part in found for row in part.reactions)),
        "lithiation": frame("lithiation", (row for part in found for row in part.lithiation)),
    }
    if study.sensitivity:
        doubts = (row for part in found for row in part.sensitivity)
        tables["sensitivity"] = frame("sensitivity", doubts)
    if study.cathodes or study.air:
        named = [
            ("electrolyte", Material(resolve(entry.material)[1].text, name=entry.label)
             if number in electrolytes.missing else resolve(entry.material)[0])
            for number, entry in enumerate(electrolytes.entries)
        ]  # fmt: skip
        rows = [*beside(table, named, task), *(row for part in found for row in part.surroundings)]
        tables["surroundings"] = frame("surroundings", rows)
    if study.treatments:
        rows = treatment_rows(table, study.treatments, study.electrolytes, study.candidates)
        tables["treatments"] = frame("treatments", rows)
    return tables


def scale_tables(
    study: Study,
    table: PhaseTable,
    electrolytes: Electrolytes,
    results: pd.DataFrame,
    ranking: pd.DataFrame,
    jobs: int,
    *,
    ranks: bool = True,
) -> dict[str, Any]:
    """Anchors and scores as tabulated of an anchored run (``scales``); nothing of another."""
    if table.source.scale != ANCHORED or not study.candidates:
        return {}
    before, _ = _results(study, as_tabulated(table), electrolytes, 0, jobs, None)
    tabulated = rank(before.to_pandas(), study.ranking)
    return {
        "anchors": anchor_table(table, results),
        "scales": scale_table(ranking, tabulated, ranks=ranks),
    }


def coating_tables(
    study: Study,
    table: PhaseTable,
    electrolytes: Electrolytes,
    coatings: Sequence[MaterialEntry],
    jobs: int,
) -> dict[str, Any]:
    """Coatings of the cathodes (``coatings``); nothing of a study that names none."""
    if not study.cathode:
        return {}
    found = coatings_table(
        table, coatings, electrolytes.materials, [entry.cathode for entry in study.cathode],
        study.ranking, samples=study.uncertainty.samples, model=model_of(study), jobs=jobs,
    )  # fmt: skip
    return {"coatings": found}


def cores(study: Study, jobs: int | None = None) -> int:
    """Workers that were asked for; one per core where nobody did."""
    return count_of(study.jobs if jobs is None else jobs)


def workers_of(study: Study, jobs: int | None = None) -> int:
    """Worker processes for what is put in words and drawn; small studies need none."""
    wanted = cores(study, jobs)
    stacks_asked = len(study.candidates) * len(study.electrolytes)
    if (study.jobs if jobs is None else jobs) is None and stacks_asked <= _SERIAL:
        return 1
    return min(wanted, len(study.candidates))


def with_suspects(ranking: pd.DataFrame, rows: list[Row]) -> pd.DataFrame:
    """Name the phase in doubt that moves each score most when it is left out or put back."""
    known = ranking.copy()
    strongest = strongest_suspects(rows)
    places = list(zip(known["candidate"], known["electrolyte"], strict=True))
    found = [strongest.get(place, ("", "", None)) for place in places]
    columns = ("suspect_phase", "suspect_direction", "suspect_change_meV_per_atom")
    for place, name in enumerate(columns):
        known[name] = [one[place] for one in found]
    overall = known["electrolyte"] == OVERALL  # a mean has no single answer to move
    known.loc[overall, ["suspect_phase", "suspect_direction"]] = ""
    return known


def _warnings(
    study: Study,
    table: PhaseTable,
    electrolytes: Electrolytes,
    results: pd.DataFrame,
    found: Sequence[Detail],
) -> tuple[str, ...]:
    texts = list(electrolytes.missing.values())
    if table.source.conditions and table.source.conditions.gases:
        end = lithiate(table, electrolytes.materials[0]).end
        texts += [f"{end}: layers are what forms above"] if end else []
    beside = (resolve(entry.material)[1] for entry in (*study.cathodes, *study.air))
    texts += [line for unit in beside for line in unit.warnings]
    texts += [text for row in results["warnings"].dropna() for text in row.split("; ") if text]
    texts += [text for part in found for text in part.warnings]
    return tuple(dict.fromkeys(texts))


def left_out_of(results: pd.DataFrame) -> tuple[str, ...]:
    """Phases that were met and not counted."""
    names = [name for row in results["left_out_phases"].dropna() for name in row.split()]
    return tuple(sorted(set(names)))
