"""A study: what to screen and how."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..answers.anode import against, anode_parts, elements_of_anode
from ..energies.given import read_given
from ..files import data_yaml
from ..phases.electrode import LITHIUM_METAL, Electrode, Ion
from ..phases.filters import Filters
from ..phases.material import elements_of
from ..phases.table import PhaseTable
from ..phases.texts import LONGEST_NAME, checked_text
from ..sources.open import SourceOptions
from .entries import Cathodes, Entry, MaterialEntry, StudyConditions, TreatmentEntry, Uncertainty
from .query import Query
from .ranking import OVERALL, Ranking

_OF_SOURCE = ("thermo_type", "database", "filters", "all_phases", "energies")  # and lists


@lru_cache(maxsize=1)
def library_coatings() -> tuple[MaterialEntry, ...]:
    """Coatings of cathodes that the shipped library lists, with their references."""
    listed = data_yaml("studies/library.yaml")["coatings"]
    return tuple(MaterialEntry.model_validate(dict(entry)) for entry in listed)


class Study(BaseModel):
    """What to screen and how.

    Attributes
    ----------
    name : str
        Name of the study; also of its folder below ``reports/`` when ``output`` is not given.
    source : str
        ``embedded``, ``mp`` or the path of a table, relative to the study; if empty
        ``mp`` when an API key is set and ``embedded`` otherwise.
    thermo_type, database : str
        Run family, and database version of the Materials Project.
    filters : Filters
        Phases to leave out, and artefacts to count (``keep``, ``kept``).
    add : list of str
        Files with entries of the user's own, relative to the study.
    energies : source or anchored
        Scale of the energies (docs/anchored.md); by default a study on the command line is
        anchored, and one of ``Database`` has the scale of the database.
    set : list of str
        Measured energies that replace those of the source, as ``BiF3=-2.17eV/atom@298K``.
    conditions : mapping, optional
        ``temperature: 500K``, ``gases: {O2: 0.21}`` (and ``pressure``, ``closed_gas: true``):
        docs/temperature.md.
    ion : str
        What moves: Li, Na, K, Mg, Ca, Zn or Al (docs/temperature.md).
    anode : str
        The negative electrode: the metal of the ion, or as for ``anode_parts`` (``LiIn``,
        ``0.62V``, ``LiIn@0.62V``); in YAML also ``{material: LiIn, potential: 0.62V}``.
    electrolytes, candidates : list of MaterialEntry
        One with a range of x (``{formula: Cu + x LiF, x: 0..4}``) is a series of entries.
        In YAML ``candidates`` may also name a file with the list (or another study): beside the
        study, or in a folder ``candidates`` there or below the current folder; or a shipped study;
        or be ``all``, or ``{where: CONDITION, limit: NUMBER}``.
    query : Query, optional
        Candidates from the source's own phases, in place of a list: a condition, or ``all``.
    cathode : list of CathodeEntry
        Cathodes with both of their states and their potentials, as ``LCO`` or
        ``LiCoO2/Li0.5CoO2@3.0-4.2V``: what coatings on that side do stands in coatings.csv.
    coatings : list of MaterialEntry
        Coatings of these; by default the candidates of the role ``cathode coating``, or those of
        the library where there are none.  Of a screen by query: whatever it finds.
    cathodes, air : list of MaterialEntry
        Materials beside the stack: what touches the electrolyte on its other side, and what it
        meets before the cell is built; their contacts stand in surroundings.csv.
    treatments : list of TreatmentEntry
        What is done to a thin surface: steps one after another, or mappings with ``steps``, ``of``
        and ``name``; what is left stands in treatments.csv.
    uncertainty : Uncertainty
        How the energies are sampled for the error bars.
    sensitivity : bool
        Whether suspect phases are left out in turn, and those that do not count put back
        (sensitivity.csv).
    best : int
        Of a screen by query: how many candidates of each role get error bars and sensitivity, for
        each electrolyte and overall.
    all_phases : bool
        Count also known artefacts, and phases that the source marks as never observed.
    jobs : int or None
        Worker processes; None: one for small studies, otherwise one per core.
    output : str
        Folder for the results, relative to the current folder.
    ranking : Ranking

    Examples
    --------
    >>> from interscreen import Study
    >>> study = Study(name="two", candidates=["CuF2", "LiF"], electrolytes=["LATP"])
    >>> [entry.label for entry in study.candidates]
    ['CuF2', 'LiF']
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    source: str = ""
    thermo_type: str = ""
    database: str = ""
    filters: Filters = Filters()
    add: list[str] = []
    energies: Literal["", "source", "anchored"] = ""
    set: list[str] = []
    conditions: StudyConditions | None = None
    ion: str = "Li"
    anode: str = "Li"
    electrolytes: list[Entry] = Field(min_length=1)
    candidates: list[Entry]
    query: Query | None = None
    cathode: Cathodes = []
    coatings: list[Entry] = []
    cathodes: list[Entry] = []
    air: list[Entry] = []
    treatments: list[TreatmentEntry] = []
    uncertainty: Uncertainty = Uncertainty()
    sensitivity: bool = True
    best: int = Field(25, ge=1, le=1000, strict=True)
    all_phases: bool = False
    jobs: int | None = Field(None, ge=-64, strict=True)
    output: str = ""
    ranking: Ranking = Ranking()

    @model_validator(mode="before")
    @classmethod
    def _metal_of_the_ion(cls, data: Any) -> Any:
        """Take the metal of the ion for the anode where none is named."""
        if isinstance(data, dict) and "ion" in data and not data.get("anode"):
            return {**data, "anode": data["ion"]}
        return data

    @model_validator(mode="after")
    def _some_candidates(self) -> Study:
        if not self.candidates and self.query is None:
            raise ValueError("candidates: none given; list formulas, or write all")
        if self.candidates and self.query is not None:
            raise ValueError("candidates: a list or a query, not both")
        return self

    @field_validator("electrolytes", "candidates", "coatings", "cathodes", "air")
    @classmethod
    def _one_by_one(cls, value: list[MaterialEntry]) -> list[MaterialEntry]:
        return [one for entry in value for one in entry.series()]

    @field_validator("filters", mode="before")
    @classmethod
    def _kinds_of_filters(cls, value: Any) -> Any:
        """Refuse what a lenient reader would turn into a number."""
        for key, entry in value.items() if isinstance(value, dict) else ():
            text = isinstance(entry, str) and entry.replace(".", "", 1).isdigit()
            if key.endswith("_eV_per_atom") and (text or isinstance(entry, bool)):
                raise ValueError(f"{key}: {entry!r} is no number [eV/atom]")
        if isinstance(value, dict) and "keep" in value and "kept" not in value:
            return {"kept" if key == "keep" else key: entry for key, entry in value.items()}
        return value

    @field_validator("treatments", mode="before")
    @classmethod
    def _steps_or_treatments(cls, value: Any) -> Any:
        """Take a list of steps for one treatment."""
        if isinstance(value, str):
            value = [value]
        steps = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
        return [{"steps": "; ".join(value)}] if steps else value

    @field_validator("name")
    @classmethod
    def _name_of_a_folder(cls, value: str) -> str:
        if value.startswith("."):
            raise ValueError(
                f"{value!r}: a folder of this name would be hidden; begin with a letter"
            )
        return checked_text(value, "name", LONGEST_NAME)

    @field_validator("electrolytes")
    @classmethod
    def _not_the_mean(cls, value: list[MaterialEntry]) -> list[MaterialEntry]:
        if any(entry.label == OVERALL for entry in value):
            raise ValueError(
                f"{OVERALL}: stands for the mean over all electrolytes; give it another name"
            )
        return value

    @field_validator("set")
    @classmethod
    def _readable_energies(cls, value: list[str]) -> list[str]:
        for text in value:
            read_given(text)
        return value

    @field_validator("ion")
    @classmethod
    def _known_ion(cls, value: str) -> str:
        return Ion(value).symbol

    @field_validator("anode", mode="before")
    @classmethod
    def _one_text(cls, value: Any) -> Any:
        """Write an anode that is given in parts as one text."""
        if isinstance(value, dict):
            parts = [str(value[key]) for key in ("material", "potential") if key in value]
            unknown = [key for key in value if key not in ("material", "potential")]
            if unknown or not parts:
                raise ValueError(
                    f"{', '.join(unknown) or 'nothing given'}: name a material, a potential, or "
                    "both ({material: LiIn, potential: 0.62V})"
                )
            return "@".join(parts)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return f"{value}V" if is_number else value

    @field_validator("anode")
    @classmethod
    def _readable_anode(cls, value: str, info: ValidationInfo) -> str:
        ion = Ion(info.data.get("ion", "Li"))
        return value if anode_parts(value, ion) != ("", 0.0) else ion.symbol

    @field_validator("jobs")
    @classmethod
    def _some_workers(cls, value: int | None) -> int | None:
        if value == 0:
            raise ValueError("0 worker processes; use 1 or more, or -1 for one per core")
        return value

    @property
    def element_sets(self) -> list[frozenset[str]]:
        """Elements of every stack of the study, those of the anode and of gases included.

        Of a query only those of the electrolytes are known beforehand.
        """
        gases = self.conditions.elements if self.conditions else frozenset()
        anode = [] if self.ion == self.anode else [elements_of_anode(self.anode, Ion(self.ion))]
        return list(dict.fromkeys(gases | some for some in (*self._sets(), *anode)))

    def _sets(self) -> Iterable[frozenset[str]]:
        if self.query is not None:
            only = self.query.only.union(*(each.elements for each in self.treatments))
            asked = [elements_of([e.material, self.ion], lithium=False) for e in self.electrolytes]
            return [some | only for some in asked]
        beside = [entry.material for entry in (*self.cathodes, *self.air)]
        ours = [entry.material for entry in self.candidates]
        theirs = [entry.material for entry in self.electrolytes]
        pairs = [(candidate, electrolyte) for candidate in ours for electrolyte in theirs]
        pairs += [(one, other) for one in (*theirs, *ours) for other in beside]
        if self.cathode:
            mine = [entry.material for entry in self.judged_coatings]
            others = [*theirs, *(entry.cathode.discharged for entry in self.cathode)]
            pairs += [(one, other) for one in (*mine, *theirs) for other in others]
        sets = [elements_of([*pair, self.ion], lithium=False) for pair in pairs]
        for each in self.treatments:
            surfaces = [entry.material for entry in each.of] or theirs
            put_on = [[one] for one in ours] if each.deposits else [[]]
            sets += [
                each.elements | elements_of([one, *put, self.ion], lithium=False)
                for one in surfaces
                for put in put_on
            ]
        return sets

    @property
    def judged_coatings(self) -> list[MaterialEntry]:
        """Coatings of the cathodes: those that are listed, or of that role, or of the library."""
        role = "cathode coating"
        mine = self.coatings or [entry for entry in self.candidates if entry.role == role]
        return mine or list(library_coatings())

    def beside(self, table: PhaseTable) -> PhaseTable:
        """Return a table with the negative electrode of the study.

        The table's own stays where the study says nothing else than Li metal.
        """
        if self.ion == self.anode == LITHIUM_METAL.ion.symbol:
            return table
        return against(table, self.anode, Ion(self.ion))

    def with_electrode(self, electrode: Electrode) -> Study:
        """Return the study with the electrode that counts."""
        return self.model_copy(update={"ion": electrode.ion.symbol, "anode": electrode.written})

    @property
    def source_options(self) -> SourceOptions:
        """How the study wants its source opened."""
        chosen = {name: getattr(self, name) for name in _OF_SOURCE}
        return SourceOptions(**{**chosen, "add": tuple(self.add), "given": tuple(self.set)})

    def with_source(self, source: str, options: SourceOptions) -> Study:
        """Return the study with the choices that were made for it."""
        chosen = {name: getattr(options, name) for name in _OF_SOURCE}
        lists = {"add": list(options.add), "set": list(options.given)}
        return self.model_copy(update={**chosen, **lists, "source": source})

    @property
    def folder(self) -> Path:
        """Folder for the results."""
        return Path(self.output or f"reports/{self.name}")
