"""A screen of candidates from the source itself: chosen, cut into chunks, computed, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..engine.batch import lithium_lines
from ..phases.hull import known_hull_phases
from ..phases.system import Floats
from ..phases.table import PhaseTable
from ..version import version
from .choose import Choice, choose
from .chunk import COLUMNS, Chunk
from .plan import (
    LITHIUM,
    Plan,
    build_plan,
    by_system,
    covered_system,
    spread,
)
from .query import Query
from .run_store import RunStore
from .study import Study
from .top_file import top_rows
from .workers import Workers, computed, count_of

if TYPE_CHECKING:
    import pyarrow as pa

RESULT_VERSION = "2"  # raise it when a number of the batch means something else
CHUNK = 400  # candidates
TOP = 200  # candidates per electrolyte in top.csv
RESULTS, TOP_FILE = "results.parquet", "top.csv"

Say = Callable[[str], None]


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
    """

    candidates: int
    failed: int
    computed: int
    choice: Choice
    electrolytes: tuple[str, ...]


def choose_candidates(table: PhaseTable, query: Query) -> Choice:
    """Answer a query; conversion voltages come from the fast route."""

    def voltages(rows: NDArray[np.int64]) -> Floats:
        return first_voltages(table, rows)

    return choose(table, query, voltages=voltages)


def first_voltages(table: PhaseTable, rows: NDArray[np.int64]) -> Floats:
    """First conversion voltage with Li of some phases [V].

    0 where they take up none; not a number where no answer could be certified, or where the source
    does not hold all phases of the system.
    """
    on_hull = known_hull_phases(table) & table.counted & (table.energies < 0.0)
    phases = table.only(np.flatnonzero(on_hull))
    found = np.zeros(len(rows))
    for positions, symbols, fractions in by_system(table, rows):
        system = covered_system(phases, {*symbols, *LITHIUM})
        if system is None:
            found[positions] = np.nan
            continue
        lines = lithium_lines(
            system.columns,
            system.energies,
            spread(system, symbols, fractions),
            system.elements.index("Li"),
        )
        voltages = np.where(lines.uptake > 0.0, lines.reduction, 0.0)
        found[positions] = np.where(lines.solved, voltages, np.nan)
    return found


def in_order(table: PhaseTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
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
        Who computes; how many processes of this machine the study's ``jobs`` say.
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
        For a study that cannot be computed with this table, or another run at the same place.
    OutputError
        When the folder cannot be written, or another process is at work on it.
    """
    query = study.query or Query()
    choice = choose_candidates(table, query)
    rows = in_order(table, choice.rows)
    bounds = list(range(0, len(rows), CHUNK))
    key = {
        "study": _decisive(study),
        "table": table.fingerprint,
        "version": f"{version()}/{RESULT_VERSION}",
    }
    with RunStore.open(target, key, len(bounds), fresh=fresh) as store:
        if store.complete:
            return None
        missing = list(store.missing)
        todo = sum(len(rows[bounds[number] : bounds[number] + CHUNK]) for number in missing)
        if len(missing) < len(bounds):
            say(f"{len(rows) - todo} of {len(rows)} candidates are there already")
        if missing:
            plan = build_plan(table, study.electrolytes, study.ranking.weights)
            chosen = workers or Workers()
            chosen = replace(chosen, jobs=count_of(study.jobs, len(missing)))
            done = len(rows) - todo
            for number, result in computed(
                plan, _chunks(table, rows, missing), chosen, store.folder, check=check
            ):
                store.add(number, result)
                done += len(result) // len(plan.partners)
                if progress is not None:
                    progress(done, len(rows))
        report: list[BatchReport] = []

        def write(folder: Path, tables: Iterator[pa.Table]) -> None:
            failed = _write_results(folder / RESULTS, tables, check)
            top = top_rows(folder / RESULTS, study, table, TOP)
            top.to_csv(folder / TOP_FILE, index=False, lineterminator="\n")
            names = tuple(entry.label for entry in study.electrolytes)
            report.append(BatchReport(len(rows), failed, todo, choice, names))
            write_manifest(folder, report[0], store.hash)

        store.finish(write)
    return report[0]


def _decisive(study: Study) -> dict[str, Any]:
    """Everything of a study that decides its results."""
    whole = study.model_dump(mode="json")
    return {name: value for name, value in whole.items() if name not in ("jobs", "output", "name")}


def _chunks(table: PhaseTable, rows: NDArray[np.int64], numbers: list[int]) -> Iterator[Chunk]:
    for number in numbers:
        yield Chunk(number, table.only(rows[number * CHUNK : (number + 1) * CHUNK]))


def _write_results(file: Path, tables: Iterator[pa.Table], check: Callable[[], None]) -> int:
    """Write the chunks one after the other; return how many rows failed."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    failed, writer = 0, None
    try:
        for part in tables:
            check()
            clean = part.select(list(COLUMNS)).replace_schema_metadata(None)
            if writer is None:
                writer = pq.ParquetWriter(file, clean.schema, compression="zstd")
            writer.write_table(clean)
            failed += int(pc.sum(pc.equal(clean["status"], "failed")).as_py() or 0)
    finally:
        if writer is not None:
            writer.close()
    return failed


__all__ = ["BatchReport", "Plan", "choose_candidates", "run_batch"]
