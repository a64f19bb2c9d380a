"""Studies in YAML: every mistake is reported at once, with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from ..errors import InputError
from ..files import load_yaml, read_text
from ..phases.formula import nearest
from ..sources import NAMES
from .entries import CathodeEntry, MaterialEntry, places, repeated
from .study import Study

DEFAULT_STUDY = "demo"
_FOLDER = Path(__file__).parents[1] / "data" / "studies"
SHIPPED = {file.stem: file for file in sorted(_FOLDER.glob("*.yaml"))}


def load_study(path: str | Path) -> Study:
    """Read and check a study: that of a file, or a shipped one (``demo``, ``library``, ``seeds``).

    Raises
    ------
    InputError
        With one line per mistake: file, line, what is wrong and what may have been meant.

    Examples
    --------
    >>> from pathlib import Path
    >>> from interscreen import load_study
    >>> _ = Path("one.yaml").write_text("{name: one, candidates: [CuF2], electrolytes: [LATP]}")
    >>> load_study("one.yaml").name
    'one'
    """
    file = SHIPPED.get(path, Path(path)) if isinstance(path, str) else path
    if not file.exists():
        raise InputError(
            f"study {str(path)!r}: no such file, and no shipped study ({', '.join(SHIPPED)})"
            f"{nearest(str(path), list(SHIPPED), 1)}"
        )
    data = _read(file, "study")
    if not isinstance(data, dict):
        raise InputError(
            f"{file}, line 1: a study is a mapping with name, electrolytes, candidates"
        )
    candidates = data.get("candidates")
    listed: tuple[Path, Any] | None = None
    given = dict(data)
    if candidates == "all" or (isinstance(candidates, dict) and candidates):
        query = {} if candidates == "all" else candidates
        given["query"] = (query["query"] or {}) if list(query) == ["query"] else query
        given["candidates"] = []
    elif isinstance(candidates, str):
        listed = _candidates_file(file, candidates, _line(data, ("candidates",)))
        given["candidates"] = listed[1]
    try:
        study = Study.model_validate(given)
    except ValidationError as error:
        raise InputError("\n".join(_problems(error, file, data, listed))) from None
    keys = ("electrolytes", "cathode", "coatings", "cathodes", "air", "candidates")
    twice = [line for key in keys for line in _twice(file, data, study, key, listed)]
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
    return load_yaml(read_text(file, what), str(file))


def _candidates_file(study: Path, name: str, line: int) -> tuple[Path, Any]:
    places = [study.parent / name, study.parent / "candidates" / name, Path("candidates") / name]
    places += [SHIPPED[name]] if name in SHIPPED else []
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        looked = ", ".join(str(place) for place in dict.fromkeys(places))
        raise InputError(
            f"{study}, line {line}: candidates: no such file (looked for {looked}), and no shipped "
            f"study ({', '.join(SHIPPED)})"
        )
    data = _read(file, "candidates")
    if isinstance(data, dict):
        data = data.get("candidates")
    if not isinstance(data, list):
        raise InputError(f"{file}, line 1: a list of candidates is needed (- CuF2, one a line)")
    return file, data


def _place(
    file: Path, data: Any, listed: tuple[Path, Any] | None, location: tuple[int | str, ...]
) -> str:
    """File and line of a place in a study, or in the list of candidates that it names."""
    if listed is not None and location[:1] == ("candidates",) and len(location) > 1:
        return f"{listed[0]}, line {_line(listed[1], location[1:])}"
    return f"{file}, line {_line(data, location)}"


def _twice(
    file: Path, data: Any, study: Study, key: str, listed: tuple[Path, Any] | None
) -> Iterator[str]:
    """Names that stand twice in a list."""
    own = listed[1] if listed is not None and key == "candidates" else data.get(key, ())
    written = places(own)
    for position, before, label in repeated(getattr(study, key)):
        spots = ((key, written[each]) for each in (position, before))
        place, earlier = (_place(file, data, listed, spot) for spot in spots)
        line = earlier.rpartition(", ")[2]
        remedy = "remove one or give it another name"
        yield f"{place}: {key}: {label} stands on {line} already; {remedy}"


def _problems(
    error: ValidationError, file: Path, data: Any, listed: tuple[Path, Any] | None
) -> Iterator[str]:
    for problem in error.errors():
        location = place = problem["loc"]
        if location[:1] == ("query",) and "query" not in data:
            inside = list(data["candidates"]) == ["query"]
            place = ("candidates", *location[not inside :])
        where = _place(file, data, listed, place)
        name = ".".join(str(part) for part in place if not isinstance(part, int))
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
        yield f"{where}: {name}: {message}" if name else f"{file}: {message}"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys of the model at a place in the study."""
    model: Any = Study
    for part in location:
        if isinstance(part, int):
            continue
        if part in ("candidates", "electrolytes", "coatings", "cathodes", "air"):
            model = MaterialEntry
        elif part == "cathode":
            model = CathodeEntry
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
    """Return the shipped study that runs where none is named."""
    return load_study(DEFAULT_STUDY)
