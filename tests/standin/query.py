"""What a request asks for, refused in the words of the service where it cannot be answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .phases import DEFAULT_FIELDS, FIELDS, SUMMARY, THERMO, VALUES, Phase, composition_key
from .phases import R2SCAN as R2SCAN_SPELLED

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100

_PAGES = {"_fields", "_all_fields", "_limit", "_skip", "_page", "_per_page"}
_SYSTEMS = {"chemsys", "formula", "material_ids", "license"}
_FLAGS = {
    THERMO: {"is_stable"},
    SUMMARY: {"is_stable", "theoretical", "is_metal", "deprecated"},
}
_NUMBERS = {
    THERMO: {
        "nelements",
        "nsites",
        "volume",
        "density",
        "energy_per_atom",
        "uncorrected_energy_per_atom",
        "formation_energy_per_atom",
        "energy_above_hull",
    },
}
_NUMBERS[SUMMARY] = _NUMBERS[THERMO] | {"band_gap"}
_MORE = {
    THERMO: {"thermo_types", "thermo_ids"},
    SUMMARY: {"elements", "exclude_elements", "batch_id", "batch_id_not_eq"},
}
KNOWN = {
    route: _PAGES
    | _SYSTEMS
    | _FLAGS[route]
    | _MORE[route]
    | {f"{name}_{end}" for name in _NUMBERS[route] for end in ("min", "max")}
    for route in (THERMO, SUMMARY)
}


class QueryError(Exception):
    """The service would refuse this request.

    Attributes
    ----------
    status : int
        400, or 422 for a value of the wrong kind.
    detail : str or list of dict
        What stands in the answer.
    """

    def __init__(self, detail: str | list[dict[str, Any]], status: int = 400):
        super().__init__(str(detail))
        self.status = status
        self.detail = detail


class Query(NamedTuple):
    """A request, understood; ``filters`` is hashable so that the next page finds its selection."""

    route: str
    fields: tuple[str, ...]
    skip: int
    limit: int
    filters: tuple[tuple[str, str], ...]


def read_query(route: str, params: Mapping[str, str]) -> Query:
    """Check the parameters of a request.

    Raises
    ------
    QueryError
        For an unknown parameter, more than 1,000 documents a page, or a value of the wrong kind.
    """
    if unknown := [name for name in params if name not in KNOWN[route]]:
        raise QueryError(
            f"Request contains query parameters which cannot be used: {', '.join(unknown)}"
        )
    number = {
        name: _whole(name, params.get(name, str(default)))
        for name, default in {
            "_limit": DEFAULT_LIMIT,
            "_skip": 0,
            "_page": 1,
            "_per_page": DEFAULT_LIMIT,
        }.items()
    }
    skip, limit = number["_skip"], number["_limit"]
    names = "_skip or _limit"
    if "_page" in params:  # a page beats _skip and _limit
        limit = number["_per_page"]
        skip = max(number["_page"] - 1, 0) * limit
        names = "_page or _per_page"
    if limit > MAX_LIMIT:
        raise QueryError(
            "Requested more data per query than allowed by this endpoint. "
            f"The max limit is {MAX_LIMIT} entries"
        )
    if min(skip, limit, number["_page"]) < 0:
        raise QueryError(f"Cannot request negative {names} values")
    fields = tuple(params["_fields"].split(",")) if "_fields" in params else DEFAULT_FIELDS[route]
    if _flag("_all_fields", params.get("_all_fields", "false")):
        fields = tuple(name for name in VALUES if name in FIELDS[route])
    filters = {name: value for name, value in params.items() if name not in _PAGES}
    if route == SUMMARY:
        filters.setdefault("deprecated", "false")
    return Query(route, fields, skip, limit, tuple(sorted(filters.items())))


def systems_asked(chemsys: str) -> list[str]:
    """Chemical systems of a parameter, each with its elements in the order of the alphabet."""
    return ["-".join(sorted(part.strip().split("-"))) for part in chemsys.split(",")]


def formulas_asked(formula: str) -> set[tuple[tuple[str, int], ...]]:
    """Compositions of a parameter.

    Raises
    ------
    QueryError
        For a formula that cannot be read; wild cards are beyond the stand-in.
    """
    from pymatgen.core import Composition

    try:
        cells = [Composition(text.strip()).reduced_composition for text in formula.split(",")]
        return {composition_key(cell.formula.replace(" ", "")) for cell in cells}
    except ValueError:
        raise QueryError("Problem processing one or more provided formulas.") from None


def test_of(name: str, value: str) -> Callable[[Phase], bool] | None:
    """Return the test of one filter on a row; None for those that the index answers."""
    wanted = {part.strip() for part in value.split(",")}
    if name == "thermo_types":
        kinds = {R2SCAN_SPELLED if kind == "R2SCAN" else kind for kind in wanted}
        return lambda phase: phase.thermo_type in kinds
    if name == "thermo_ids":
        return lambda phase: f"{phase.material_id}_{phase.thermo_type}" in wanted
    if name == "license":
        return _license_test(value)
    if name == "elements":
        return lambda phase: wanted <= set(phase.chemsys.split("-"))
    if name == "exclude_elements":
        return lambda phase: not wanted & set(phase.chemsys.split("-"))
    if name == "batch_id":
        return lambda phase: phase.batch_id == value
    if name == "batch_id_not_eq":
        return lambda phase: phase.batch_id != value
    if name in _FLAGS[SUMMARY]:
        flag, of = _flag(name, value), VALUES[name]
        return lambda phase: of(phase, "") == flag
    field, _, end = name.rpartition("_")
    if end in ("min", "max"):
        bound, of = _number(name, value), VALUES[field]
        sign = 1.0 if end == "min" else -1.0
        return lambda phase: (x := of(phase, "")) is not None and sign * x >= sign * bound
    return None


def _license_test(value: str) -> Callable[[Phase], bool]:
    if value not in ("BY-C", "BY-NC", "All"):
        raise _wrong_kind("license", "Input should be 'BY-C', 'BY-NC' or 'All'")
    return lambda phase: value in ("All", phase.license)


def _wrong_kind(name: str, message: str) -> QueryError:
    return QueryError([{"type": "parsing", "loc": ["query", name], "msg": message}], 422)


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _wrong_kind(name, "Input should be a valid integer") from None


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _wrong_kind(name, "Input should be a valid number") from None


def _flag(name: str, text: str) -> bool:
    if text.lower() in ("true", "1", "yes", "on"):
        return True
    if text.lower() in ("false", "0", "no", "off"):
        return False
    raise _wrong_kind(name, "Input should be a valid boolean")
