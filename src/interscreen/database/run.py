"""A finished screen as an object, and how a screen gets into its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..energies.sampling import FEWEST, MOST, EnergyModel
from ..errors import InputError
from ..phases.material import Given, as_material
from ..phases.result import Displayed
from ..phases.table import PhaseTable

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from matplotlib.figure import Figure

    from ..report.page.data import Run as PageRun
    from ..screen.batch import BatchReport
    from ..screen.ranking import Ranking
    from ..screen.run import ScreenResult
    from ..screen.study import Study
    from ..screen.workers import Workers

Progress = Callable[[int, int], None]

_TABLES = "reactions windows lithiation weights uncertainty sensitivity surroundings".split()


def open_run(folder: str | PathLike[str]) -> Run:
    """Open the folder of a finished screen.

    Parameters
    ----------
    folder : path
        As ``interscreen screen`` or ``Database.screen(..., out=folder)`` wrote it.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        When the folder holds no run.

    Examples
    --------
    >>> import interscreen as si
    >>> run = si.load().screen(["LiF", "Li3N"], ["LLZO"], out="screen-of-two")
    >>> list(si.open_run("screen-of-two").ranking["candidate"])
    ['LiF', 'Li3N']
    """
    return Run(folder)


class Run(Displayed):
    """A finished screen in its folder.

    Parameters
    ----------
    folder : path

    Attributes
    ----------
    folder : Path
    reactions, windows, lithiation, weights, uncertainty, sensitivity, surroundings : DataFrame
        The other tables of the run; empty where there is none.

    Raises
    ------
    InputError
        When the folder holds no run.

    Examples
    --------
    >>> import interscreen as si
    >>> run = si.load().screen(["LiF", "Li3N", "AlF3"], ["LLZO", "LATP"])
    >>> run
    <Run screen: 3 candidates x 2 electrolytes, 0 rows failed; first overall: LiF>
    >>> list(run.best("LATP", 1)["candidate"])
    ['LiF']
    """

    reactions: pd.DataFrame
    windows: pd.DataFrame
    lithiation: pd.DataFrame
    weights: pd.DataFrame
    uncertainty: pd.DataFrame
    sensitivity: pd.DataFrame
    surroundings: pd.DataFrame

    def __init__(
        self, folder: str | PathLike[str], keep: TemporaryDirectory[str] | None = None
    ) -> None:
        from ..report.page.data import read_run

        self.folder = Path(folder)
        self._keep = keep  # a temporary folder goes with the last one who holds it
        self._read: PageRun = read_run(self.folder)

    def __repr__(self) -> str:
        results, ranking = self.results, self.ranking
        first = ranking.iloc[0] if len(ranking) else None
        said = (
            f"{results['candidate'].nunique()} candidates x {results['electrolyte'].nunique()} "
            f"electrolytes, {self.failed} rows failed"
        )
        if first is not None:
            said += f"; first {_with(first['electrolyte'])}: {first['candidate']}"
        return f"<Run {self.study.get('name') or self.folder.name}: {said}>"

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in _TABLES:
            raise AttributeError(f"a run has no attribute {name!r}")
        rows = self._read.reactions if name == "reactions" else self._read.extra.get(name, [])
        table = self.__dict__[name] = _frame(rows)
        return table

    @cached_property
    def results(self) -> pd.DataFrame:
        """One row per candidate and electrolyte."""
        import pandas as pd

        if self._read.whole:
            return pd.read_parquet(self.folder / "results.parquet")
        return _frame(self._read.results)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """Candidates, best first: overall, then for each electrolyte."""
        return _frame(self._read.ranking)

    @property
    def study(self) -> dict[str, Any]:
        """What was asked, as the manifest says it."""
        return self._read.study

    @property
    def failed(self) -> int:
        """Rows of ``results`` that could not be computed."""
        return int((self.results["status"] == "failed").sum())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with the results."""
        stated = self._read.manifest
        return (*stated.get("warnings", ()), *stated.get("notes", ()))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Phases that were met and not counted."""
        return tuple(self._read.manifest.get("left_out_phases", ()))

    def best(
        self, electrolyte: str | None = None, count: int = 10, *, where: str = "", sort: str = ""
    ) -> pd.DataFrame:
        """Return the best candidates for one electrolyte, or for all of them together.

        Parameters
        ----------
        electrolyte : str, optional
        count : int
        where, sort : str
            Condition and column, as for ``interscreen top``.
        """
        from ..screen.results_table import SCORE
        from ..screen.top import best

        return best(
            self._searched(),
            electrolyte=electrolyte,
            where=where,
            sort=sort or SCORE,
            count=count,
            tie_meV_per_atom=self._ranked_by.tie_meV_per_atom,
        )

    def report(self, path: str | PathLike[str] | None = None) -> Path:
        """Write the page of the run; return the file.

        Parameters
        ----------
        path : path, optional
            File to write; report.html in the folder of the run by default.
        """
        from ..report.page import write_report

        if path is None and self._keep is not None:
            raise InputError("report: the folder of this run is temporary; name a file to write")
        return write_report(self.folder, None if path is None else Path(path))

    def plot(self, **options: Any) -> Figure:
        """Draw the heatmap of the best candidates.

        Parameters
        ----------
        **options
            ``count`` (candidates that are shown, 40), ``width``, ``bare``: see ``Result.plot``.
        """
        return self._shown().plot(**options)

    def _repr_html_(self) -> str:
        return self._shown()._repr_html_()

    def _shown(self) -> ScreenResult:
        """Return the tables as those of a finished study; of a whole source its best."""
        from ..screen.run import ScreenResult

        results = _frame(self._read.results)
        if "source" not in results:
            results["source"] = self._read.source.get("source_label", "not stated")
        return ScreenResult(
            results=results,
            ranking=self.ranking,
            **{name: getattr(self, name) for name in _TABLES},
            failed=self.failed,
            warnings=self.warnings,
            left_out=self.left_out,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the ranking."""
        return self.ranking

    @property
    def _ranked_by(self) -> Ranking:
        from ..screen.ranking import Ranking

        return Ranking.model_validate(self.study.get("ranking") or {})

    def _searched(self) -> pa.Table | Path:
        """Results as ``best`` reads them."""
        from ..phases.columns import arrow_schema

        if self._read.whole:
            return self.folder / "results.parquet"
        import pyarrow as pa

        schema = arrow_schema("results")
        rows = self.results.reindex(columns=schema.names)
        return pa.Table.from_pandas(rows, schema=schema, preserve_index=False)


def asked_study(
    name: str,
    candidates: str | Iterable[Given | dict[str, Any]],
    electrolytes: Given | Iterable[Given | dict[str, Any]],
    *,
    samples: int,
    model: EnergyModel,
    cathodes: Given | Iterable[Given],
    air: Given | Iterable[Given],
    sensitivity: bool,
    ranking: Ranking | Mapping[str, Any] | None,
    jobs: int | None,
) -> Study:
    """Return the study of a screen; parameters as those of ``Database.screen``.

    Raises
    ------
    InputError
        One line with everything that is wrong.
    """
    from pydantic import ValidationError

    from ..screen.query import parse_query
    from ..screen.study import Study

    if samples and not FEWEST <= samples <= MOST:
        raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
    chosen = parse_query(candidates) if isinstance(candidates, str) else None
    asked: dict[str, Any] = {
        "name": name,
        "candidates": [] if chosen else _entries(candidates),
        "query": chosen,
        "electrolytes": _entries(electrolytes),
        "cathodes": _entries(cathodes),
        "air": _entries(air),
        "sensitivity": sensitivity,
        "uncertainty": {
            "samples": samples,
            "seed": model.seed,
            "independent_meV_per_atom": 1000.0 * model.independent_eV_per_atom,
            "correlated": model.correlated,
        },
        "ranking": ranking or {},
        "jobs": jobs,
    }
    try:
        study = Study.model_validate(asked)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, p['loc']))}: {p['msg'].removeprefix('Value error, ')}"
            for p in error.errors()
        ]
        raise InputError("; ".join(problems)) from None
    for key in ("candidates", "electrolytes", "cathodes", "air"):
        labels = [entry.label for entry in getattr(study, key)]
        for label in labels:
            if labels.count(label) > 1:
                raise InputError(f"{key}: {label} stands twice; remove one or give it another name")
    return study


def _entries(materials: Any) -> list[Any]:
    """Entries of a study: dictionaries as they are, all else by formula, energy and name."""
    alone = isinstance(materials, str | Mapping) or hasattr(materials, "composition")
    if alone or not isinstance(materials, Iterable):
        materials = [materials]
    return [one if isinstance(one, dict) else vars(as_material(one)) for one in materials]


def write_run(
    study: Study,
    table: PhaseTable,
    folder: Path,
    *,
    command: Sequence[str],
    figures: bool = True,
    progress: Progress = lambda done, total: None,
    sampling: Progress = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
    check: Callable[[], None] = lambda: None,
    workers: Workers | None = None,
    fresh: bool = False,
) -> ScreenResult | BatchReport | None:
    """Run a study into its folder.

    Parameters
    ----------
    study : Study
    table : PhaseTable
    folder : Path
    command : sequence of str
        What the manifest states.
    figures : bool
        Whether figures and the page are written, too.
    progress, sampling : callable
        Called with candidates, and samples of the energies, done and in all.
    say : callable
        Told in one line what happens.
    check : callable
        Called now and then; may raise KeyboardInterrupt.
    workers : Workers, optional
        Of a screen by query.
    fresh : bool
        Whether a screen by query forgets what an earlier start computed.

    Returns
    -------
    ScreenResult, or BatchReport of a screen by query (None where it was complete already)
    """
    from ..report.figures.run import write_figures
    from ..report.page import write_report
    from ..screen.batch import run_batch
    from ..screen.folder import new_folder, write_manifest, write_tables
    from ..screen.manifest import build_manifest
    from ..screen.run import run_study

    started = time.perf_counter()

    def manifest(place: Path, **found: Any) -> None:
        seconds = time.perf_counter() - started
        asked = study.model_dump(mode="json")
        write_manifest(place, build_manifest(table, asked, command, seconds, **found))

    def of_batch(place: Path, report: BatchReport, key: str) -> None:
        manifest(
            place,
            run_key=key,
            candidates=report.candidates,
            rows=report.candidates * len(report.electrolytes),
            failed_rows=report.failed,
            computed_now=report.computed,
            refined=report.refined,
            query=report.choice.counts,
            notes=list(report.choice.notes),
        )

    if study.query is not None:
        report = run_batch(
            study, table, folder, workers=workers, fresh=fresh, say=say, progress=progress,
            check=check, write_manifest=of_batch,
        )  # fmt: skip
        if figures and (report or not (folder / "report.html").is_file()):
            write_report(folder)
        return report
    with new_folder(folder) as place:
        result = run_study(study, table, progress=progress, sampling=sampling)
        write_tables(place, result)
        if figures:
            write_figures(place, result, table.source.label)
        manifest(
            place,
            rows=len(result.results),
            failed_rows=result.failed,
            left_out_phases=list(result.left_out),
            warnings=list(result.warnings),
        )
        if figures:
            write_report(place)
        check()
    return result


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table; a column without any value holds numbers that are missing."""
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    kinds = {name: "float64" for name in frame.columns if frame[name].isna().all()}
    return frame.astype({**kinds, **({"rank": "Int64"} if "rank" in frame else {})})


def _with(electrolyte: str) -> str:
    return electrolyte if electrolyte == "overall" else f"with {electrolyte}"
