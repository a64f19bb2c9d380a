"""A screen of candidates from the source itself: numbers for all of them, words for the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.cathode import partners_of, side_of
from ..answers.documents import phase_table
from ..answers.materials import Phases, Rows, materials_of, materials_of_rows
from ..answers.stacks import Partners, stacks
from ..errors import InputError
from ..phases.columns import columns_of
from ..phases.material import phase_material, resolve
from ..phases.system import Floats
from ..phases.table import PhaseTable
from ..version import version
from .board import OVERALL, Board
from .choose import Choice, choose, hull_rows
from .coatings import best_first
from .confidence import Sampled, sampled_scores, uncertainty_table, with_confidence, with_verdicts
from .detail import WRITTEN, details
from .entries import MaterialEntry
from .folder import RESULTS, write_table
from .marks import HIDDEN_BY, any_of, counts_of, hidden
from .query import Query
from .ranking import Standing, rank
from .run import (
    Electrolytes,
    asked_of,
    coating_tables,
    cores,
    detail_tables,
    model_of,
    scale_tables,
    task_of,
    with_equations,
    with_suspects,
)
from .run_store import RunStore
from .scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, STATED
from .study import Study
from .tables import FAILED, OK, results_table
from .top import TableColumns
from .weight_sensitivity import weight_table
from .weights import Weights
from .workers import Workers, computed, count_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RESULT_VERSION = "5"  # raise it when a number of the batch means something else
CHUNK = 2000  # candidates
SHOWN = 200  # candidates per electrolyte, and overall, in ranking.csv

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Plan:
    """What all chunks of a screen have in common; workers of a cluster get it once.

    Attributes
    ----------
    partners : Partners
        The phases on the hull, and the electrolytes.
    weights : Weights
    """

    partners: Partners
    weights: Weights


@dataclass(frozen=True, eq=False)
class Chunk:
    """Candidates of one chunk: rows of the source."""

    number: int
    rows: Rows


@dataclass(frozen=True)
class BatchReport:
    """What a run did.

    Attributes
    ----------
    candidates, failed : int
        Candidates, and rows that could not be computed.
    computed : int
        Candidates computed now; the others were there from an earlier start.
    choice : Choice
    electrolytes : tuple of str
    refined : int
        Candidates that have error bars and sensitivity.
    hidden : dict of str to int
        Candidates that the ranking hides, by reason (``marks.hidden``).
    """

    candidates: int
    failed: int
    computed: int
    choice: Choice
    electrolytes: tuple[str, ...]
    refined: int
    hidden: dict[str, int]


def build_plan(table: PhaseTable, electrolytes: Sequence[MaterialEntry], weights: Weights) -> Plan:
    """Prepare a screen of candidates from the source itself.

    Raises
    ------
    InputError
        For an electrolyte that cannot be computed with this table.
    """
    for entry in electrolytes:
        try:
            table.within({table.electrode.ion.symbol, *resolve(entry.material)[1].elements})
        except InputError as error:
            raise InputError(f"electrolyte {entry.label}: {error}") from None
    theirs = materials_of(table, [entry.material for entry in electrolytes], len(table))
    partners = Partners(Phases.of(table, hull_rows(table), theirs.own), theirs)
    partners.baseline  # noqa: B018  (computed once, before threads share it)
    partners.prepare()
    return Plan(partners, weights)


def screen_chunk(plan: Plan, chunk: Chunk) -> tuple[int, pa.Table]:
    """Compute every contact of the candidates of a chunk.

    Returns
    -------
    int, pyarrow.Table
        Number of the chunk; the columns of ``results``, one row per candidate and electrolyte; a
        candidate that could not be computed has a row with the reason.
    """
    table = plan.partners.phases.table
    ours = materials_of_rows(table, chunk.rows)
    numbers = plan.partners.stacks(ours)
    given = {"id": table.ids[chunk.rows].tolist()}
    reasons = _uncovered(plan, chunk.rows)
    return chunk.number, results_table(numbers, plan.weights, given, reasons)


def _uncovered(plan: Plan, rows: Rows) -> Any:
    """Why the source cannot answer for single stacks, (E, k); None where it holds everything."""
    table, theirs = plan.partners.phases.table, plan.partners.electrolytes.mixtures
    if not table.source.closed:
        return None
    symbols = np.array(table.elements, dtype=object)
    found = np.full((len(theirs), len(rows)), "", dtype=object)
    known: dict[tuple[int, bytes], str] = {}
    ion = table.electrode.ion.symbol
    for k, row in enumerate(rows.tolist()):
        index = table.element_index[table.indptr[row] : table.indptr[row + 1]]
        for e in range(len(theirs)):
            key = e, index.tobytes()
            if key not in known:
                other = symbols[theirs.index[theirs.indptr[e] : theirs.indptr[e + 1]]]
                known[key] = ""
                try:
                    table.require_covered({ion, *symbols[index], *other})
                except InputError as error:
                    known[key] = str(error)
            found[e, k] = known[key]
    return found


def in_order(table: PhaseTable, rows: Rows) -> Rows:
    """Sort rows by chemical system, then as in the table: neighbours share their phases."""
    keys = [
        tuple(table.element_index[table.indptr[row] : table.indptr[row + 1]].tolist())
        for row in rows.tolist()
    ]
    order = sorted(range(len(rows)), key=lambda i: (keys[i], int(rows[i])))
    return rows[np.array(order, dtype=np.int64)]


def run_batch(
    study: Study,
    table: PhaseTable,
    target: Path,
    *,
    workers: Workers | None = None,
    fresh: bool = False,
    say: Say = lambda text: None,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] = lambda: None,
    write_manifest: Callable[[Path, BatchReport, str], None],
) -> BatchReport | None:
    """Screen what a study's query finds; continue what an earlier start left.

    Parameters
    ----------
    study : Study
        With a query.
    table : PhaseTable
    target : Path
        Folder of the results.
    workers : Workers, optional
        Threads of this machine, or a Dask cluster; how many threads the study's ``jobs`` say.
    fresh : bool
        Start over.
    say : callable
        Told in one line what happens.
    progress : callable, optional
        Called with candidates done and in all.
    check : callable
        Called between chunks; may raise KeyboardInterrupt.
    write_manifest : callable
        Called with the folder, the report and the key when everything else is written.

    Returns
    -------
    BatchReport, or None when the same run is complete already

    Raises
    ------
    InputError
        For a study that cannot be computed with this table.
    OutputError
        When the folder cannot be written, holds another run, or another process works on it.
    """
    theirs = [entry.material for entry in study.electrolytes]
    choice = choose(table, study.query or Query(), theirs)
    rows = in_order(table, choice.rows)
    chunks = [Chunk(n, rows[at : at + CHUNK]) for n, at in enumerate(range(0, len(rows), CHUNK))]
    key = {
        "study": _decisive(study),
        "table": table.fingerprint,
        "version": f"{version()}/{RESULT_VERSION}",
    }
    with RunStore.open(target, key, len(chunks), fresh=fresh) as store:
        if store.complete:
            return None
        missing = [chunks[number] for number in store.missing]
        todo = sum(len(chunk.rows) for chunk in missing)
        if todo < len(rows):
            say(f"{len(rows) - todo} of {len(rows)} candidates are there already")
        if missing:
            plan = build_plan(table, study.electrolytes, study.ranking.weights)
            chosen = workers or Workers()
            chosen = replace(chosen, jobs=count_of(study.jobs, len(missing)))
            done = len(rows) - todo
            for number, result in computed(
                screen_chunk, plan, missing, chosen, store.folder, check=check
            ):
                store.add(number, result)
                done += len(chunks[number].rows)
                if progress is not None:
                    progress(done, len(rows))
        report: list[BatchReport] = []

        def write(folder: Path) -> None:
            say("error bars and sensitivity of the best")
            best = refine(study, table, store.tables, cores(study))
            failed = _write_results(folder / RESULTS, store.tables(), best.equations, check)
            for name, frame in best.tables.items():
                write_table(frame, folder / f"{name}.csv")
            names = tuple(entry.label for entry in study.electrolytes)
            report.append(
                BatchReport(len(rows), failed, todo, choice, names, best.count, best.hidden)
            )
            write_manifest(folder, report[0], store.hash)

        store.finish(write)
    return report[0]


def _decisive(study: Study) -> dict[str, Any]:
    """Everything of a study that decides its results."""
    whole = study.model_dump(mode="json")
    return {name: value for name, value in whole.items() if name not in ("jobs", "output", "name")}


@dataclass(frozen=True, eq=False)
class Refined:
    """The best candidates of a screen of everything, in words and with error bars.

    Attributes
    ----------
    tables : dict of str to DataFrame
        As a study of these candidates has them; ``ranking`` with ranks among all candidates.
    equations : DataFrame
        Rows of results with their equations.
    count : int
        How many candidates have error bars.
    hidden : dict of str to int
        How many candidates are in no ranking, by reason.
    """

    tables: dict[str, pd.DataFrame]
    equations: pd.DataFrame
    count: int
    hidden: dict[str, int]


def refine(
    study: Study, table: PhaseTable, read: Callable[[], Iterator[pa.Table]], jobs: int
) -> Refined:
    """Give the best candidates of each role and electrolyte what a study gives to all of its own.

    Parameters
    ----------
    study : Study
        Its ``best`` says how many of each role, for each electrolyte and overall.
    table : PhaseTable
    read : callable
        Yields the rows of all candidates.
    jobs : int
        Workers.
    """
    import pyarrow as pa

    needed = ["candidate", "electrolyte", "status", "role", *HIDDEN_BY]
    needed += dict.fromkeys(("verdict", *SCORE_COLUMNS, *STATED, *OPTIONAL_COLUMNS))
    whole = pa.concat_tables(part.select(needed) for part in read())
    aside = hidden(TableColumns(whole), (study.query or Query()).condition)
    board = Board.of(whole.filter(~any_of(aside.values(), len(whole))).to_pandas())
    standing = Standing.of(board, study.ranking)
    best = {b: standing.best(n, study.best) for n, b in enumerate(board.blocks)}
    listed = {b: _listed(standing, n, best[b]) for n, b in enumerate(board.blocks)}
    shown = {board.candidates[place] for places in listed.values() for place in places.tolist()}
    rows = pa.concat_tables(_rows_of(part, shown) for part in read()).to_pandas()
    everywhere = set(best.get(OVERALL, np.empty(0, dtype=np.int64)).tolist())
    wanted = {
        name: [board.candidates[place] for place in sorted(everywhere | set(best[name].tolist()))]
        for name in board.electrolytes
    }
    electrolytes = Electrolytes.of(study, table)
    pairs = {(name, e) for e, names in wanted.items() for name in names}
    phases = map(phase_material, dict.fromkeys(name for name, _ in pairs))
    entries = [MaterialEntry(formula=phase.formula, name=phase.name) for phase in phases]
    entries.sort(key=lambda entry: entry.formula)
    of_rows = zip(rows["candidate"], rows["electrolyte"], strict=True)
    chosen = np.array([pair in pairs for pair in of_rows], dtype=bool)
    asked = asked_of(entries, electrolytes, rows[chosen])
    listing = study.model_copy(update={"candidates": entries, "query": None})
    task = task_of(listing, electrolytes)
    with details(asked, task, table, jobs) as begun:
        numbered = dict(begun)
    found = [numbered[number] for number in range(len(asked))]
    rows = with_equations(rows, found)
    drawn = None
    if study.uncertainty.samples:
        drawn = _sampled(study, table, electrolytes, wanted, jobs)
        rows = with_verdicts(drawn, rows)
        standing = Standing.of(board.with_verdicts(rows), study.ranking)
    ranking = rank(rows, study.ranking, standing)
    keep = [
        row["candidate"] in {board.candidates[place] for place in listed[row["electrolyte"]]}
        for row in ranking[["candidate", "electrolyte"]].to_dict("records")
    ]
    ranking = ranking[np.array(keep, dtype=bool)].reset_index(drop=True)
    tables = detail_tables(listing, electrolytes, table, task, found)
    if drawn is not None:
        scores = sampled_scores(drawn, rows, study.ranking.weights)
        tie = study.ranking.tie_meV_per_atom
        ranking = with_confidence(ranking, scores, tie, alone=False)
        tables["uncertainty"] = uncertainty_table(drawn, rows, ranking, scores)
    if study.sensitivity:
        ranking = with_suspects(ranking, [row for part in found for row in part.sensitivity])
    of_best = rows[rows["candidate"].isin([entry.label for entry in entries])]
    tables |= scale_tables(listing, table, electrolytes, of_best, ranking, jobs, ranks=False)
    tables |= coating_tables(study, table, electrolytes, _coatings(study, table, board, jobs), jobs)
    if (documents := phase_table(table, [of_best, *tables.values()])) is not None:
        tables["phases"] = documents
    ordered = [name for name in columns_of("ranking") if name in ranking]
    tables |= {"ranking": ranking[ordered], "weights": weight_table(rows, study.ranking)}
    return Refined(tables, rows, len(entries), counts_of(aside, len(study.electrolytes)))


def _coatings(study: Study, table: PhaseTable, board: Board, jobs: int) -> list[MaterialEntry]:
    """Coatings of the cathodes: those that are listed, or the best of all candidates."""
    if study.coatings or not study.cathode:
        return study.coatings
    names = np.array(board.candidates, dtype=object)
    place = {str(formula): row for row, formula in enumerate(table.formulas)}
    ours = materials_of_rows(table, np.array([place[name] for name in names], dtype=np.int64))
    given = [entry.material for entry in study.electrolytes]
    theirs = materials_of(table, given, len(table))
    best: set[str] = set()
    for entry in study.cathode:
        others = materials_of(table, partners_of(entry.cathode, given), len(table))
        partners = Partners(Phases.of(table, hull_rows(table), others.own), others)
        partners.prepare()
        side = side_of(partners, ours, theirs, entry.cathode, jobs)
        for order in best_first(side, entry.cathode, study.ranking.weights):
            best.update(names[order[: study.best]])
    chosen = map(phase_material, sorted(best))
    return [MaterialEntry(formula=phase.formula, name=phase.name) for phase in chosen]


def _listed(standing: Standing, block: int, best: Rows) -> Rows:
    """Candidates of a block that the ranking lists: the best of all, and the best of each role."""
    scores = standing.scores[block]
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
    first = order[~np.isnan(scores[order])][:SHOWN]
    listed: Rows = np.union1d(first, best)
    return listed


def _rows_of(part: pa.Table, candidates: set[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    return part.filter(pc.is_in(part["candidate"], pa.array(sorted(candidates), pa.string())))


def _sampled(
    study: Study,
    table: PhaseTable,
    electrolytes: Electrolytes,
    wanted: dict[str, list[str]],
    jobs: int,
) -> Sampled:
    """Sample the energies of the best stacks, one electrolyte after the other."""
    found: dict[tuple[str, str], dict[str, Floats]] = {}
    for material in electrolytes.materials:
        names = wanted.get(material.label, [])
        if names:
            numbers = stacks(
                table,
                [phase_material(name) for name in names],
                [material],
                samples=study.uncertainty.samples,
                model=model_of(study),
                jobs=jobs,
            )
            found |= Sampled.of(numbers).stacks
    return Sampled(found, study.uncertainty.samples)


def _write_results(
    file: Path, tables: Iterator[pa.Table], shown: pd.DataFrame, check: Callable[[], None]
) -> int:
    """Write the chunks one after the other with what is written of those that are shown.

    Returns how many rows failed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    shown = shown[shown["status"] == OK].astype(object)
    texts = {
        (row["candidate"], row["electrolyte"]): row
        for row in shown.where(shown.notna(), None).to_dict("records")
    }
    names = pa.array(sorted({candidate for candidate, _ in texts}), pa.string())
    failed, writer = 0, None
    try:
        for table in tables:
            check()
            part, mask = table, pc.is_in(table["candidate"], names)
            some = table.filter(mask).select(["candidate", "electrolyte"]).to_pylist()
            for column in WRITTEN if some else ():
                values = [texts.get(tuple(row.values()), {}).get(column) for row in some]
                filled = pc.replace_with_mask(
                    part[column].combine_chunks(),
                    mask.combine_chunks(),
                    pa.array(values, part.schema.field(column).type),
                )
                part = part.set_column(part.schema.get_field_index(column), column, filled)
            if writer is None:
                writer = pq.ParquetWriter(file, part.schema, compression="zstd")
            writer.write_table(part)
            failed += int(pc.sum(pc.equal(part["status"], FAILED)).as_py() or 0)
    finally:
        if writer is not None:
            writer.close()
    return failed
