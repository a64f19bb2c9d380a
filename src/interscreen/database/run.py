"""A finished screen as an object, and how a screen gets into its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..energies.conditions import at_conditions
from ..energies.sampling import FEWEST, MOST, EnergyModel
from ..errors import InputError
from ..phases.electrode import Electrode
from ..phases.material import Given, as_material
from ..phases.result import Displayed
from ..phases.table import PhaseTable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..screen.batch import BatchReport
    from ..screen.ranking import Ranking
    from ..screen.run import ScreenResult
    from ..screen.study import Study
    from ..screen.workers import Workers

Progress = Callable[[int, int], None]

WHOLE, LISTED = "results.parquet", "results.csv"  # of candidates by query, and of a list
_KINDS = {"number": "float64", "integer": "Int64", "boolean": "boolean"}  # the others are texts
_TABLES = (
    "reactions windows lithiation weights uncertainty sensitivity surroundings treatments anchors "
    "scales coatings phases"
).split()


def open_run(folder: str | PathLike[str]) -> Run:
    """Open the folder of a finished screen.

    Parameters
    ----------
    folder : path
        As ``interscreen screen`` or ``Database.screen(..., out=folder)`` wrote it.

    Raises
    ------
    InputError
        When the folder holds no run, or a table that was changed since.

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
    reactions, windows, lithiation, weights, uncertainty : DataFrame
    sensitivity, surroundings, treatments, anchors, scales, coatings, phases : DataFrame
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
    treatments: pd.DataFrame
    anchors: pd.DataFrame
    scales: pd.DataFrame
    coatings: pd.DataFrame
    phases: pd.DataFrame

    def __init__(
        self, folder: str | PathLike[str], keep: TemporaryDirectory[str] | None = None
    ) -> None:
        from ..screen.folder import require_unaltered

        place = Path(folder)
        if place.name in (WHOLE, LISTED) and place.is_file():
            place = place.parent
        if not place.is_dir():
            what = "is a file; name the folder it is in" if place.exists() else "no such folder"
            raise InputError(f"run {place}: {what}")
        self.folder = place
        self._keep = keep  # a temporary folder goes with the last one who holds it
        self._whole = (place / WHOLE).is_file()
        if not self._whole and not (place / LISTED).is_file():
            raise InputError(
                f"run {place}: holds neither {WHOLE} nor {LISTED}; name the folder of a finished "
                "screen (the command of an interrupted one finishes it)"
            )
        if keep is None:
            require_unaltered(place)

    def __repr__(self) -> str:
        results, ranking = self.results, self.ranking
        said = (
            f"{results['candidate'].nunique()} candidates x {results['electrolyte'].nunique()} "
            f"electrolytes, {self.failed} rows failed"
        )
        if len(ranking):
            with_it, candidate = ranking.loc[0, ["electrolyte", "candidate"]]
            with_it = with_it if with_it == "overall" else f"with {with_it}"
            said += f"; first {with_it}: {candidate}"
        return f"<Run {self.study.get('name') or self.folder.name}: {said}>"

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in _TABLES:
            raise AttributeError(f"a run has no attribute {name!r}")
        table = self.__dict__[name] = self._read(f"{name}.csv")
        return table

    def _read(self, name: str) -> pd.DataFrame:
        """Read a table of the run; its columns have the types of the registry."""
        import pandas as pd

        from ..phases.columns import COLUMNS, columns_of

        file = self.folder / name
        if not file.is_file():
            return pd.DataFrame()
        kinds = {key: _KINDS.get(column.type, "str") for key, column in COLUMNS.items()}
        missing = {key: ["", "nan", "inf", "-inf"] for key, kind in kinds.items() if kind != "str"}
        try:
            if name == WHOLE:
                return pd.read_parquet(file)
            return pd.read_csv(
                file,
                dtype=kinds,
                usecols=columns_of("results") if name == LISTED else None,
                keep_default_na=False,
                na_values=missing,
            )
        except (OSError, ValueError, TypeError) as error:  # pandas raises all three
            why = str(error).splitlines()[0]
            raise InputError(f"{file}: cannot be read ({why}); run the screen again") from None

    @cached_property
    def results(self) -> pd.DataFrame:
        """One row per candidate and electrolyte."""
        return self._read(WHOLE if self._whole else LISTED)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """Candidates, best first: overall, then for each electrolyte."""
        return self._read("ranking.csv")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the run was made from: its source, study, versions; empty where it is not told."""
        from ..screen.folder import read_manifest

        return read_manifest(self.folder)

    @property
    def study(self) -> dict[str, Any]:
        """What was asked, as the manifest says it."""
        return dict(self.manifest.get("study") or {})

    @property
    def failed(self) -> int:
        """Rows of ``results`` that could not be computed."""
        return int((self.results["status"] == "failed").sum())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with the results."""
        return (*self.manifest.get("warnings", ()), *self.manifest.get("notes", ()))

    @property
    def electrode(self) -> Electrode:
        """The negative electrode."""
        return Electrode.of((self.manifest.get("source") or {}).get("conditions") or {})

    @property
    def left_out(self) -> tuple[str, ...]:
        """Phases that were met and not counted."""
        return tuple(self.manifest.get("left_out_phases", ()))

    def best(
        self,
        electrolyte: str | None = None,
        count: int = 10,
        *,
        where: str = "",
        sort: str = "",
        everything: bool = False,
    ) -> pd.DataFrame:
        """Return the best candidates for one electrolyte, or for all of them together.

        ``where`` is a condition and ``sort`` a column, as for ``interscreen top``.  Of a whole
        source, what is known not to exist, what is volatile and what is radioactive is hidden
        unless a condition names it, or ``everything`` is asked for; ``attrs["hidden"]`` counts it.
        """
        import pyarrow as pa

        from ..phases.columns import arrow_schema
        from ..screen.query import query_of
        from ..screen.ranking import OVERALL
        from ..screen.top import SCORE, best, with_doubts

        tie = self._ranked_by.tie_meV_per_atom
        schema = arrow_schema("results")
        found = best(
            self.folder / WHOLE
            if self._whole
            else pa.Table.from_pandas(self.results, schema, False),
            electrolyte=None if electrolyte == OVERALL else electrolyte,
            where=where,
            sort=sort or SCORE,
            count=count,
            tie_meV_per_atom=tie,
            hide=query_of(self.study) if self._whole and not everything else None,
        )
        return with_doubts(found, self.ranking)

    def report(self, path: str | PathLike[str] | None = None, *, force: bool = False) -> Path:
        """Write the page of the run, report.html in its folder by default; return the file.

        With ``force`` a file is replaced that is no such page, or was changed.
        """
        from ..report.page import write_report

        if path is None and self._keep is not None:
            raise InputError("report: the folder of this run is temporary; name a file to write")
        return write_report(self.folder, None if path is None else Path(path), force=force)

    def plot(self, **options: Any) -> Figure:
        """Draw the heatmap of the best ``count`` (40) candidates; options as of ``Result.plot``."""
        return self._shown().plot(**options)

    def _repr_html_(self) -> str:
        return self._shown()._repr_html_()

    def _shown(self) -> ScreenResult:
        """Return the tables as those of a finished study; of a whole source its best."""
        from ..screen.run import ScreenResult

        results = self.results
        if self._whole:
            results = results[results["candidate"].isin(self.ranking["candidate"])]
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
        """Weights and tie limit."""
        from ..screen.ranking import Ranking

        stated = self.study.get("ranking") or {}
        try:
            return Ranking.model_validate(stated)
        except ValueError as error:
            why = str(error).splitlines()[0]
            file = self.folder / "manifest.json"
            raise InputError(f"{file}: cannot be read ({why}); run the screen again") from None


def study_of(
    candidates: str | Iterable[Given | dict[str, Any]],
    model: EnergyModel,
    samples: int,
    materials: Mapping[str, Given | Iterable[Given | dict[str, Any]]],
    **asked: Any,
) -> Study:
    """Return the study of ``Database.screen``, or raise InputError with all that is wrong.

    ``materials`` are the other lists of materials, ``asked`` other entries of a study.
    """
    from pydantic import ValidationError

    from ..screen.entries import repeated
    from ..screen.query import parse_query
    from ..screen.study import Study

    if samples and not FEWEST <= samples <= MOST:
        raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
    chosen = parse_query(candidates) if isinstance(candidates, str) else None
    lists = {"candidates": [] if isinstance(candidates, str) else candidates, **materials}
    asked |= {key: _entries(given) for key, given in lists.items()} | {"query": chosen}
    alone = model.independent_eV_per_atom
    asked["uncertainty"] = {
        "samples": samples,
        "seed": model.seed,
        "independent_meV_per_atom": None if alone is None else 1000.0 * alone,
        "correlated": model.correlated,
    }
    try:
        study = Study.model_validate(asked)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, p['loc']))}: {p['msg'].removeprefix('Value error, ')}"
            for p in error.errors()
        ]
        raise InputError("; ".join(problems)) from None
    for key in lists:
        for *_, label in repeated(getattr(study, key)):
            raise InputError(f"{key}: {label} stands twice; remove one or give it another name")
    return study


def _entries(materials: Any) -> list[Any]:
    """Entries of a study: dictionaries as they are, all else by formula, energy and name."""
    alone = isinstance(materials, str | Mapping) or hasattr(materials, "composition")
    if alone or not isinstance(materials, Iterable):
        materials = [materials]
    return [
        one
        if isinstance(one, dict)
        else {key: value for key, value in vars(as_material(one)).items() if key != "note"}
        for one in materials
    ]


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
    """Run a study into its folder; return its tables, or the report of a screen by query.

    ``command`` is what the manifest states, ``figures`` whether figures and page are written, too.
    ``progress`` and ``sampling`` are called with candidates, and samples of the energies, done and
    in all; ``say`` is told in one line what happens; ``check`` is called now and then and may raise
    KeyboardInterrupt.  A screen by query also takes ``workers``, and ``fresh`` to forget what an
    earlier start computed; it returns None where it was complete already.
    """
    from ..report.figures.run import figures_into
    from ..report.page import write_report
    from ..screen.batch import run_batch
    from ..screen.folder import build_manifest, new_folder, write_manifest, write_tables
    from ..screen.run import run_study, workers_of

    started = time.perf_counter()
    if study.conditions is not None:
        table = at_conditions(table, study.conditions.read())
    table = study.beside(table)
    study = study.with_electrode(table.electrode)

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
            hidden=report.hidden,
            query=report.choice.counts,
            notes=list(report.choice.notes),
        )
        if figures:
            write_report(place)

    if study.query is not None:
        report = run_batch(
            study, table, folder, workers=workers, fresh=fresh, say=say, progress=progress,
            check=check, write_manifest=of_batch,
        )  # fmt: skip
        if figures and report is None and not (folder / "report.html").is_file():
            write_report(folder)
        return report
    with new_folder(folder) as place:
        label, processes = table.source.label, workers_of(study)
        with figures_into(
            place, source=label, electrode=table.electrode, workers=processes
        ) as draw:
            result = run_study(
                study, table, progress=progress, sampling=sampling, shown=draw if figures else None
            )
            write_tables(place, result)
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
