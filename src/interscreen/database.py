"""The front door: a table of phases that is asked, and the runs that come of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .answers.lithiation import Lithiation, lithiate
from .answers.map import CompositionMap, composition_map, read_system
from .answers.profile import profile
from .answers.profile_result import Profile
from .answers.reaction import Reaction, react
from .answers.sampled import (
    sampled_lithiation,
    sampled_reaction,
    sampled_stack,
    sampled_window,
)
from .answers.stack import Stack, stack
from .answers.window import Window, stability_window
from .energies.sampling import EnergyModel
from .errors import InputError, InterscreenWarning
from .phases.filters import Filters
from .phases.material import Given, as_material, elements_of
from .phases.result import Displayed
from .phases.table import PhaseTable
from .sources import MATERIALS_PROJECT, REFERENCE
from .sources.open import Origin, SourceOptions, open_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from matplotlib.figure import Figure
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    from .report.page.data import Run as PageRun
    from .screen.ranking import Ranking
    from .screen.runner import ScreenResult
    from .screen.study import Study
    from .validation import Validation

ElementSets = Sequence[frozenset[str]]
Progress = Callable[[int, int], None]

_SHOWN = 5  # warnings of a run that are given one by one
_TABLES = "reactions windows lithiation weights uncertainty sensitivity surroundings".split()


def load(
    source: Origin = REFERENCE,
    *,
    filters: Filters | Mapping[str, Any] | None = None,
    ban: Iterable[str] = (),
    add: Iterable[str | PathLike[str]] = (),
    all_phases: bool = False,
    thermo_type: str = "",
    database: str = "",
    offline: bool = False,
    formula_column: str | None = None,
    energy_column: str | None = None,
    endpoint: str | None = None,
) -> Database:
    """Load a source of phases, ready for questions.

    Parameters
    ----------
    source : str, path, DataFrame or sequence of pymatgen entries
        ``"reference"`` (the table embedded in the package), ``"mp"`` (the Materials Project: each
        question fetches what the local store lacks), ``"matbench"``, or the path of a table.  A
        DataFrame has columns with formulas and formation energies [eV/atom]; entries have total
        energies, those of the elements among them.  Without a source the embedded table is meant,
        whatever keys are set.
    filters : Filters or mapping, optional
        Phases to leave out, as ``{"theoretical": False}``.
    ban : iterable of str
        Formulas or identifiers to leave out, on top of those of ``filters``.
    add : iterable of path
        Files with entries of your own.
    all_phases : bool
        Count phases that the source marks as never observed, too.
    thermo_type, database, offline, formula_column, energy_column, endpoint
        See ``SourceOptions``.

    Returns
    -------
    Database

    Raises
    ------
    InputError
        For a source, a file or a choice that cannot be used.
    SourceError
        When a service cannot be reached, refuses, or lacks what is needed.

    Examples
    --------
    >>> import interscreen as si
    >>> db = si.load()
    >>> db
    <Database reference: 290 formulas, 19 elements>
    >>> import pandas as pd
    >>> rows = {"formula": ["Li", "F2", "LiF"], "formation_energy_eV_per_atom": [0, 0, -3.18]}
    >>> si.load(pd.DataFrame(rows)).window("LiF").assemblage_window_V
    (0.0, 6.36)
    """
    if not isinstance(filters, Filters):
        filters = Filters(**dict(filters or {}))
    options = SourceOptions(
        thermo_type=thermo_type,
        database=database,
        offline=offline,
        filters=filters.updated(banned=[ban] if isinstance(ban, str) else list(ban)),
        add=tuple(fspath(file) for file in ([add] if isinstance(add, str | PathLike) else add)),
        formula_column=formula_column,
        energy_column=energy_column,
        all_phases=all_phases,
        endpoint=endpoint,
    )
    return Database(source, options)


class Database:
    """Phases with their energies, and every question that can be put to them.

    Made by ``load``.  Materials are text (a formula, a mixture such as ``"Cu + 2 LiF"``, a name
    such as ``"LATP"``), a ``Material`` (which may have an energy of its own), or a pymatgen
    ``Composition``, ``Element``, structure or entry.  An entry brings its composition: its energy
    is a total energy and not taken for a formation energy, unless its ``data`` states one.

    Warnings about an answer are given as ``InterscreenWarning``, each once per database; an
    answer holds all of its own in ``warnings``.

    Parameters
    ----------
    source, options
        See ``load``; or a ``PhaseTable`` as source.

    Examples
    --------
    >>> import interscreen as si
    >>> db = si.load()
    >>> found = db.reaction("LiF", "LATP")
    >>> found.min_mutual_energy_eV_per_atom, found.equation
    (0.0, None)
    >>> db.window("LiF", samples=100).uncertainty["oxidation_limit_V"].counted
    100
    """

    def __init__(
        self, source: Origin | PhaseTable = REFERENCE, options: SourceOptions | None = None
    ) -> None:
        self._source, self._options = source, options or SourceOptions()
        self._told: set[str] = set()
        self._table: PhaseTable | None = None
        self._fetched = source == MATERIALS_PROJECT if isinstance(source, str) else False
        if isinstance(source, PhaseTable):
            self._table = source
        elif not self._fetched:
            self._table = open_table(source, options=self._options)
        if self._table is not None:
            self._tell(self._table.source.notes, stacklevel=4)

    @property
    def table(self) -> PhaseTable:
        """The phases; of a source that is fetched those of the last question."""
        return self._table or self._holding([])

    def __repr__(self) -> str:
        table = self._table
        if table is None:
            return f"<Database {self._source}: nothing asked yet>"
        counts = f"{len(table)} formulas, {len(table.elements)} elements"
        return f"<Database {table.source.name}: {counts}>"

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    # -- questions --------------------------------------------------------------------------------

    def reaction(
        self,
        a: Given,
        b: Given,
        potential_V: float | None = None,
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
    ) -> Reaction:
        """Return the reaction of two materials over all mixing ratios.

        Parameters
        ----------
        a, b : str, Material, or pymatgen Composition, Element or entry
        potential_V : float, optional
            Potential of Li [V against Li/Li+]; None for a closed interface.
        samples : int
            Samples of the energies for error bars, as 1000; 0 for none.
        model : EnergyModel, optional
            What is assumed about the errors of the energies.

        Raises
        ------
        InputError, SolverError
            See ``react``; InputError also for error bars at a potential.
        """
        if samples or model:
            if potential_V is not None:
                raise InputError(
                    "samples: error bars are there for closed interfaces only; leave out "
                    "potential_V"
                )
            _check_model(samples, model)
            table = self._for(a, b, lithium=False)
            found = sampled_reaction(table, a, b, model=model, samples=samples)
        else:
            table = self._for(a, b, lithium=potential_V is not None)
            found = react(table, a, b, potential_V)
        self._tell(found.warnings)
        return found

    def window(self, m: Given, samples: int = 0, *, model: EnergyModel | None = None) -> Window:
        """Return the stability window of a material against Li/Li+.

        Parameters
        ----------
        m : str, Material, or pymatgen Composition, Element or entry
        samples, model
            See ``reaction``.
        """
        table = self._for(m)
        if _check_model(samples, model):
            found = sampled_window(table, m, model=model, samples=samples)
        else:
            found = stability_window(table, m)
        self._tell(found.warnings)
        return found

    def lithiation(
        self, m: Given, samples: int = 0, *, model: EnergyModel | None = None
    ) -> Lithiation:
        """Return the way of a material to equilibrium with Li metal, step by step.

        Parameters
        ----------
        m : str, Material, or pymatgen Composition, Element or entry
        samples, model
            See ``reaction``.
        """
        table = self._for(m)
        if _check_model(samples, model):
            found = sampled_lithiation(table, m, model=model, samples=samples)
        else:
            found = lithiate(table, m)
        self._tell(found.warnings)
        return found

    def stack(
        self,
        candidate: Given,
        electrolyte: Given,
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
    ) -> Stack:
        """Return every contact of Li | candidate | electrolyte, before and after conversion.

        Parameters
        ----------
        candidate, electrolyte : str, Material, or pymatgen Composition, Element or entry
        samples, model
            See ``reaction``.
        """
        table = self._for(candidate, electrolyte)
        if _check_model(samples, model):
            found = sampled_stack(table, candidate, electrolyte, model=model, samples=samples)
        else:
            found = stack(table, candidate, electrolyte)
        self._tell(found.warnings)
        return found

    def profile(
        self, a: Given, b: Given, start: float = 0.0, end: float = 5.0, step: float | None = None
    ) -> Profile:
        """Return the reactions of two materials over a range of potentials of Li.

        Parameters
        ----------
        a, b : str, Material, or pymatgen Composition, Element or entry
        start, end : float
            Ends of the range [V against Li/Li+].
        step : float, optional
            Adds points at regular distances [V]; the curves need none.
        """
        found = profile(self._for(a, b), a, b, start, end, step)
        self._tell(found.warnings)
        return found

    def map(
        self, system: str | Sequence[str], against: Given, *, divisions: int = 200
    ) -> CompositionMap:
        """Return the reaction energies of a whole ternary system with one partner.

        Parameters
        ----------
        system : str or sequence of str
            Three elements, as ``"Li-Al-O"``.
        against : str, Material, or pymatgen Composition, Element or entry
            The partner.
        divisions : int
            Of a side of the triangle.
        """
        elements = frozenset(read_system(system)) | elements_of([against], lithium=False)
        found = composition_map(self._holding([elements]), system, against, divisions=divisions)
        self._tell(found.warnings)
        return found

    def phase_diagram(self, system: str | Iterable[str]) -> PhaseDiagram:
        """Return the counted phases of some elements as a phase diagram of pymatgen.

        Parameters
        ----------
        system : str or iterable of str
            Elements, as ``"Li-Cu-F"``; or materials that hold them, as ``["Li", "LATP"]``.

        Returns
        -------
        pymatgen.analysis.phase_diagram.PhaseDiagram
            Its energies are formation energies: the elements lie at zero.

        Raises
        ------
        InputError
            For an element that the source does not know.
        """
        from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
        from pymatgen.core import Composition

        parts = system.split("-") if isinstance(system, str) else system
        elements = elements_of(parts, lithium=False)
        table = self._holding([elements])
        table.within(elements)  # says what is missing, if anything is
        entries = [PDEntry(Composition(symbol), 0.0) for symbol in sorted(elements)]
        for row in table.rows_within(elements):
            composition = Composition(table.composition(row))
            if table.counted[row] and len(composition) > 1:
                energy = float(table.energies[row]) * composition.num_atoms
                named = {"id": str(table.ids[row])}
                entries.append(PDEntry(composition, energy, str(table.formulas[row]), named))
        return PhaseDiagram(entries)

    def validate(self, *, undoped: bool = False) -> Validation:
        """Hold the source against published numbers and measured cells; see ``validate``."""
        from .validation import element_sets, validate

        found = validate(self._holding(element_sets(undoped=undoped)), undoped=undoped)
        self._tell(found.warnings)
        return found

    # -- screens ----------------------------------------------------------------------------------

    def screen(
        self,
        candidates: str | Sequence[Given | dict[str, Any]],
        electrolytes: Given | Sequence[Given | dict[str, Any]],
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
        cathodes: Sequence[Given] = (),
        air: Sequence[Given] = (),
        sensitivity: bool = True,
        ranking: Ranking | Mapping[str, Any] | None = None,
        jobs: int | None = None,
        out: str | PathLike[str] | None = None,
        name: str = "screen",
        progress: Progress | None = None,
    ) -> Run:
        """Screen candidates against electrolytes and rank them.

        Parameters
        ----------
        candidates : sequence of materials, or str
            Materials, or dictionaries with the keys of a study (``formula``, ``role``, ...).  Text
            chooses candidates from the source itself: ``"all"``, or conditions such as
            ``"n_elements=2,anion=fluoride"``.
        electrolytes : sequence of materials
        samples, model
            See ``reaction``.
        cathodes, air : sequence of materials
            What touches the electrolyte on its other side, and what the stack meets before.
        sensitivity : bool
            Whether suspect phases are left out in turn.
        ranking : Ranking or mapping, optional
            Weights of the score, and from when on scores differ.
        jobs : int, optional
            Worker processes, -1 for one per core.
        out : path, optional
            Folder that keeps the run, with figures and page as the command line writes them.
            Without it the run lasts as long as the object.
        name : str
            Name of the screen, in its page.
        progress : callable, optional
            Called with candidates done and in all.

        Returns
        -------
        Run
        """
        from pydantic import ValidationError

        from .energies.sampling import FEWEST, MOST
        from .screen.query import parse_query
        from .screen.study import Study

        if samples and not FEWEST <= samples <= MOST:
            raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
        _check_model(samples, model)
        model = model or EnergyModel()
        chosen = parse_query(candidates) if isinstance(candidates, str) else None
        if not isinstance(electrolytes, Sequence) or isinstance(electrolytes, str):
            electrolytes = [electrolytes]
        asked = {
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
        return self._run(study, out, progress, stacklevel=4)

    def run(
        self,
        study: Study,
        *,
        out: str | PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Run a study on these phases, whatever source it names.

        Parameters
        ----------
        study : Study
            As ``load_study`` reads it.
        out, progress
            See ``screen``.

        Returns
        -------
        Run
        """
        return self._run(study, out, progress, stacklevel=4)

    def _run(
        self,
        study: Study,
        out: str | PathLike[str] | None,
        progress: Progress | None,
        stacklevel: int,
    ) -> Run:
        table = self._holding(study.element_sets)
        study = study.with_source(table.source.name, self._options)
        if out is not None:
            _write_run(study, table, Path(out), progress, whole=True)
            run = Run(out)
        else:
            folder = TemporaryDirectory(prefix="interscreen-")
            _write_run(study, table, Path(folder.name) / study.name, progress, whole=False)
            run = Run(Path(folder.name) / study.name, folder)
        said = [*run.warnings[:_SHOWN]]
        if len(run.warnings) > _SHOWN:
            said.append(f"and {len(run.warnings) - _SHOWN} more warnings in run.warnings")
        if run.failed:
            said.append(f"{run.failed} rows could not be computed: run.results says why (reason)")
        self._tell(said, stacklevel)
        return run

    # -- inside -----------------------------------------------------------------------------------

    def _for(self, *materials: Given, lithium: bool = True) -> PhaseTable:
        """Return a table that answers for some materials."""
        if self._table is not None and not self._fetched:
            return self._table
        return self._holding([elements_of(materials, lithium=lithium)])

    def _holding(self, sets: ElementSets) -> PhaseTable:
        """Return a table that holds some chemical systems; fetch what is missing."""
        table = self._table
        if table is None or (self._fetched and not all(table.source.covers(s) for s in sets)):
            assert not isinstance(self._source, PhaseTable)
            self._table = table = open_table(self._source, sets, options=self._options)
        return table

    def _tell(self, lines: Iterable[str], stacklevel: int = 3) -> None:
        """Warn of what was not said yet."""
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                warnings.warn(line, InterscreenWarning, stacklevel=stacklevel)


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
        from .report.page.data import read_run

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
        from .screen.results_table import SCORE
        from .screen.top import best

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
        from .report.page import write_report

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
        from .screen.runner import ScreenResult

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
        from .screen.ranking import Ranking

        return Ranking.model_validate(self.study.get("ranking") or {})

    def _searched(self) -> pa.Table | Path:
        """Results as ``best`` reads them: with score and elements."""
        import pyarrow as pa

        from .phases.material import compose
        from .screen.results_table import SCORE
        from .screen.scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, score_columns

        if self._read.whole:
            return self.folder / "results.parquet"
        rows = self.results.copy()
        if SCORE not in rows:
            elements = [sorted(compose(formula).elements) for formula in rows["formula"]]
            rows["elements"] = ["-".join(symbols) for symbols in elements]
            rows["n_elements"] = [len(symbols) for symbols in elements]
            columns = {name: rows[name].to_numpy(dtype=float) for name in SCORE_COLUMNS}
            for name in OPTIONAL_COLUMNS:
                if name in rows:
                    columns[name] = rows[name].to_numpy(dtype=object)
            roles = rows["role"].to_numpy(dtype=str)
            rows[SCORE] = score_columns(columns, self._ranked_by.weights, roles)
        return pa.Table.from_pandas(rows, preserve_index=False)


def _write_run(
    study: Study, table: PhaseTable, folder: Path, progress: Progress | None, *, whole: bool
) -> None:
    """Run a study into a folder: tables and manifest, and all else that the command line writes."""
    from .report.figures.run import write_figures
    from .report.page import write_report
    from .screen.folder import new_folder, write_manifest, write_tables
    from .screen.manifest import build_manifest
    from .screen.runner import run_study

    started = time.perf_counter()

    def manifest(place: Path, **found: Any) -> None:
        seconds = time.perf_counter() - started
        asked = study.model_dump(mode="json")
        write_manifest(place, build_manifest(table, asked, ["Database.run"], seconds, **found))

    if study.query is not None:
        _write_whole(study, table, folder, progress, manifest)
        if whole:
            write_report(folder)
        return
    with new_folder(folder) as place:
        result = run_study(study, table, progress=progress)
        write_tables(place, result)
        if whole:
            write_figures(place, result, table.source.label)
        manifest(
            place,
            rows=len(result.results),
            failed_rows=result.failed,
            left_out_phases=list(result.left_out),
            warnings=list(result.warnings),
        )
        if whole:
            write_report(place)


def _write_whole(
    study: Study,
    table: PhaseTable,
    folder: Path,
    progress: Progress | None,
    manifest: Callable[..., None],
) -> None:
    """Run a study whose candidates a query chooses."""
    from .screen.batch_run import BatchReport, run_batch

    def write(place: Path, report: BatchReport, key: str) -> None:
        manifest(
            place,
            run_key=key,
            candidates=report.candidates,
            rows=report.candidates * len(report.electrolytes),
            failed_rows=report.failed,
            computed_now=report.computed,
            query=report.choice.counts,
            notes=list(report.choice.notes),
        )

    run_batch(study, table, folder, progress=progress, write_manifest=write)


def _entries(materials: Any) -> list[Any]:
    """Entries of a study: mappings as they are, all else by formula, energy and name."""
    entries = []
    for one in materials:
        if isinstance(one, dict):  # a Composition is a mapping, too
            entries.append(one)
            continue
        material = as_material(one)
        entries.append({key: value for key, value in vars(material).items() if value is not None})
    return entries


def _check_model(samples: int, model: EnergyModel | None) -> bool:
    """Whether error bars are asked for."""
    if model is not None and not samples:
        raise InputError("model: says how energies are sampled; say how often, as samples=1000")
    return bool(samples)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table; a column without any value holds numbers that are missing."""
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    kinds = {name: "float64" for name in frame.columns if frame[name].isna().all()}
    return frame.astype({**kinds, **({"rank": "Int64"} if "rank" in frame else {})})


def _with(electrolyte: str) -> str:
    return electrolyte if electrolyte == "overall" else f"with {electrolyte}"
