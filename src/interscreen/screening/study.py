"""A study: what to screen, as YAML; every mistake is reported at once, with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from ..errors import InputError
from ..filters import Filters
from ..formula import nearest
from ..materials import Material, elements_of, resolve
from ..opening import NAMES, SourceOptions
from ..uncertainty.model import INDEPENDENT_MEV
from ..yamlfile import load_yaml
from .query import Query
from .ranking import Ranking

DEFAULT_STUDY = "demo.yaml"


class MaterialEntry(BaseModel):
    """A candidate or an electrolyte in a study: a formula, or a mapping with more about it.

    Attributes
    ----------
    formula : str
        Formula, mixture (``Cu + 2 LiF``) or name of the electrolyte list.
    name : str
        How tables and figures call it; the formula if empty.
    energy_eV_per_atom, energy_above_hull_eV_per_atom : float, optional
        Energy of the material itself, or above the hull [eV/atom].
    role : auto, conversion, alloy or coating
        For candidates; ``auto`` decides from the reaction with Li.
    products : str
        What is expected of the contact with Li, or reported; free text.
    reference : str
        Where that comes from; free text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    formula: str
    name: str = ""
    energy_eV_per_atom: float | None = Field(None, strict=True)
    energy_above_hull_eV_per_atom: float | None = Field(None, strict=True)
    role: Literal["auto", "conversion", "alloy", "coating"] = "auto"
    products: str = ""
    reference: str = ""

    def model_post_init(self, context: Any) -> None:
        """Read the formula, so that a misspelled one is found before anything is computed."""
        resolve(self.material)

    @property
    def material(self) -> Material:
        """The entry as a reactant."""
        return Material(
            formula=self.formula,
            energy_eV_per_atom=self.energy_eV_per_atom,
            energy_above_hull_eV_per_atom=self.energy_above_hull_eV_per_atom,
            name=self.name,
        )

    @property
    def label(self) -> str:
        """Name, or formula."""
        return self.material.label


def _entry(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(
            f"{value} is no formula (YAML read a bare NO, no or off as a truth value); "
            'write it in quotes, as in "NO"'
        )
    if isinstance(value, str):
        return {"formula": value}
    if isinstance(value, dict | MaterialEntry):
        return value
    raise ValueError(f"{value!r} is no formula; write text such as CuF2, in quotes if need be")


Entry = Annotated[MaterialEntry, BeforeValidator(_entry)]


class Uncertainty(BaseModel):
    """How the energies of the phases are sampled.

    Attributes
    ----------
    samples : int
        How often every question is answered; 0 for no error bars.
    seed : int
    independent_meV_per_atom : float
        Standard deviation of what is particular to each phase [meV/atom].
    correlated : bool
        Whether the errors of the anion and transition-metal corrections are shared by the phases.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    samples: int = Field(1000, ge=0, le=100_000, strict=True)
    seed: int = Field(1, ge=0, lt=2**63, strict=True)
    independent_meV_per_atom: float = Field(INDEPENDENT_MEV, ge=0, le=500)
    correlated: bool = True

    @field_validator("samples")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < 20:
            raise ValueError(f"{value} samples give no 90 % interval; use 20 or more, or 0")
        return value


class Study(BaseModel):
    """What to screen and how.

    Attributes
    ----------
    name : str
        Name of the study; also of its folder below ``reports/`` when ``output`` is not given.
    source : str
        ``reference``, ``mp``, ``matbench`` or the path of a table, relative to the study; if empty
        ``mp`` when an API key is set and ``reference`` otherwise.
    thermo_type, database : str
        Run family, and database version of the Materials Project.
    filters : Filters
        Phases to leave out.
    add : list of str
        Files with entries of the user's own, relative to the study.
    anode : Li
    electrolytes, candidates : list of MaterialEntry
        ``candidates`` may also name a YAML file with the list: beside the study, or in a folder
        ``candidates`` there or below the current folder; or be ``all``, or ``{query: {...}}``.
    query : Query, optional
        Candidates from the source's own phases, in place of a list.
    cathodes, air : list of MaterialEntry
        Materials beside the stack: what touches the electrolyte on its other side, and what it
        meets before the cell is built; their contacts stand in surroundings.csv.
    uncertainty : Uncertainty
        How the energies are sampled for the error bars.
    sensitivity : bool
        Whether suspect phases are left out in turn (sensitivity.csv).
    all_phases : bool
        Count also phases that the source marks as never observed.
    jobs : int or None
        Worker processes; None: one for small studies, otherwise one per core.
    output : str
        Folder for the results, relative to the current folder.
    ranking : Ranking
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    source: str = ""
    thermo_type: str = ""
    database: str = ""
    filters: Filters = Filters()
    add: list[str] = []
    anode: Literal["Li"] = "Li"
    electrolytes: list[Entry] = Field(min_length=1)
    candidates: list[Entry]
    query: Query | None = None
    cathodes: list[Entry] = []
    air: list[Entry] = []
    uncertainty: Uncertainty = Uncertainty()
    sensitivity: bool = True
    all_phases: bool = False
    jobs: int | None = Field(None, ge=-64, strict=True)
    output: str = ""
    ranking: Ranking = Ranking()

    @model_validator(mode="after")
    def _some_candidates(self) -> Study:
        if not self.candidates and self.query is None:
            raise ValueError("candidates: none given; list formulas, or write all")
        if self.candidates and self.query is not None:
            raise ValueError("candidates: a list or a query, not both")
        return self

    @field_validator("filters", mode="before")
    @classmethod
    def _kinds_of_filters(cls, value: Any) -> Any:
        """Refuse what a lenient reader would turn into a number."""
        for key, entry in value.items() if isinstance(value, dict) else ():
            text = isinstance(entry, str) and entry.replace(".", "", 1).isdigit()
            if key.endswith("_eV_per_atom") and (text or isinstance(entry, bool)):
                raise ValueError(f"{key}: {entry!r} is no number [eV/atom]")
        return value

    @field_validator("jobs")
    @classmethod
    def _some_workers(cls, value: int | None) -> int | None:
        if value == 0:
            raise ValueError("0 worker processes; use 1 or more, or -1 for one per core")
        return value

    @property
    def element_sets(self) -> list[frozenset[str]]:
        """Elements of every stack of the study, the anode's included.

        Of a query only those of the electrolytes are known beforehand.
        """
        if self.query is not None:
            only = self.query.only
            return list(
                dict.fromkeys(elements_of([e.material]) | set(only) for e in self.electrolytes)
            )
        beside = [entry.material for entry in (*self.cathodes, *self.air)]
        ours = [entry.material for entry in self.candidates]
        theirs = [entry.material for entry in self.electrolytes]
        pairs = [(candidate, electrolyte) for candidate in ours for electrolyte in theirs]
        pairs += [(one, other) for one in (*theirs, *ours) for other in beside]
        return list(dict.fromkeys(elements_of(pair) for pair in pairs))

    @property
    def source_options(self) -> SourceOptions:
        """How the study wants its source opened."""
        return SourceOptions(
            thermo_type=self.thermo_type,
            database=self.database,
            filters=self.filters,
            add=tuple(self.add),
            all_phases=self.all_phases,
        )

    def with_source(self, source: str, options: SourceOptions) -> Study:
        """Return the study with the choices that were made for it."""
        return self.model_copy(
            update={
                "source": source,
                "thermo_type": options.thermo_type,
                "database": options.database,
                "filters": options.filters,
                "add": list(options.add),
                "all_phases": options.all_phases,
            }
        )

    @property
    def folder(self) -> Path:
        """Folder for the results."""
        return Path(self.output or f"reports/{self.name}")


def load_study(path: str | Path) -> Study:
    """Read and check a study.

    Raises
    ------
    InputError
        With one line per mistake: file, line, what is wrong and what may have been meant.
    """
    file = Path(path)
    data = _read(file, "study")
    if not isinstance(data, dict):
        raise InputError(
            f"{file}, line 1: a study is a mapping with name, electrolytes, candidates"
        )
    candidates = data.get("candidates")
    listed: tuple[Path, Any] | None = None
    if candidates == "all":
        data["query"], data["candidates"] = {}, []
    elif isinstance(candidates, dict) and list(candidates) == ["query"]:
        data["query"], data["candidates"] = candidates["query"] or {}, []
    elif isinstance(candidates, str):
        listed = _candidates_file(file, candidates, _line(data, ("candidates",)))
        data["candidates"] = listed[1]
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        raise InputError("\n".join(_problems(error, file, data, listed))) from None
    twice = [
        problem
        for key in ("electrolytes", "cathodes", "air")
        for problem in _twice(file, data, study, key, None)
    ]
    twice += _twice(file, data, study, "candidates", listed)
    if twice:
        raise InputError("\n".join(twice))
    return study.model_copy(
        update={
            "source": study.source if study.source in ("", *NAMES) else _beside(file, study.source),
            "add": [_beside(file, name) for name in study.add],
        }
    )


def _beside(study: Path, name: str) -> str:
    """Path of a file that a study names relative to itself."""
    return name if Path(name).is_absolute() else str(study.parent / name)


def _read(file: Path, what: str) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{what} {str(file)!r}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{what} {str(file)!r}: cannot be read ({error})") from None
    return load_yaml(text, str(file))


def _candidates_file(study: Path, name: str, line: int) -> tuple[Path, Any]:
    places = [study.parent / name, study.parent / "candidates" / name, Path("candidates") / name]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        looked = ", ".join(str(place) for place in dict.fromkeys(places))
        raise InputError(f"{study}, line {line}: candidates: no such file (looked for {looked})")
    data = _read(file, "candidates")
    if isinstance(data, dict) and list(data) == ["candidates"]:
        data = data["candidates"]
    if not isinstance(data, list):
        raise InputError(f"{file}, line 1: a list of candidates is needed (- CuF2, one a line)")
    return file, data


def _twice(
    file: Path, data: Any, study: Study, key: str, listed: tuple[Path, Any] | None
) -> Iterator[str]:
    """Names that stand twice in a list."""
    first: dict[str, int] = {}
    where = listed[0] if listed else file
    for position, entry in enumerate(getattr(study, key)):
        line = _line(listed[1], (position,)) if listed else _line(data, (key, position))
        if entry.label in first:
            yield (
                f"{where}, line {line}: {key}: {entry.label} stands on line {first[entry.label]} "
                "already; remove one or give it another name"
            )
        first.setdefault(entry.label, line)


def _problems(
    error: ValidationError, file: Path, data: Any, listed: tuple[Path, Any] | None
) -> Iterator[str]:
    for problem in error.errors():
        location = problem["loc"]
        inside = listed is not None and location[:1] == ("candidates",) and len(location) > 1
        if inside and listed is not None:
            where, line = listed[0], _line(listed[1], location[1:])
        else:
            where, line = file, _line(data, location)
        name = ".".join(str(part) for part in location if not isinstance(part, int))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            known = _known_keys(location[:-1])
            message = f"unknown key{nearest(str(location[-1]), known, 1)}"
            if "did you mean" not in message:
                message += f" (known: {', '.join(known)})"
        elif problem["type"] == "missing":
            message = "is missing"
        elif problem["type"] != "value_error":
            message = f"{message}, not {problem['input']!r}"
        yield f"{where}, line {line}: {name}: {message}" if name else f"{where}: {message}"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys of the model at a place in the study."""
    model: Any = Study
    for part in location:
        if isinstance(part, int):
            continue
        if part in ("candidates", "electrolytes", "cathodes", "air"):
            model = MaterialEntry
        else:
            model = model.model_fields[part].annotation
            model = next((kind for kind in get_args(model) if kind is not type(None)), model)
    if is_dataclass(model):
        return [field.name for field in fields(model)]
    return list(model.model_fields)


def _line(data: Any, location: tuple[int | str, ...]) -> int:
    """Line of a place in a YAML document (of the nearest place above it that has one)."""
    line = 1
    for part in location:
        marks = getattr(data, "lc", None)
        if marks is None:
            break
        if marks.data and part in marks.data:
            line = marks.data[part][0] + 1
        elif not isinstance(data, dict) or part not in data:
            break
        data = data[part]
    return line


def default_study() -> Study:
    """Return the study that ships with the package."""
    from importlib.resources import as_file, files

    with as_file(files("interscreen") / "data" / DEFAULT_STUDY) as path:
        return load_study(path)
