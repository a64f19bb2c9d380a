"""What a request asks for, refused in the words of the service where it cannot be answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .phases import DEFAULT_FIELDS, SUMMARY, THERMO, Phase
from .phases import R2SCAN as R2SCAN_SPELLED

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100

_PAGES = {"_fields", "_limit", "_skip"}
KNOWN = {
    THERMO: _PAGES | {"chemsys", "material_ids", "license", "thermo_types", "batch_id_not_eq"},
    SUMMARY: _PAGES | {"chemsys", "material_ids", "license", "deprecated", "batch_id_not_eq"},
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
    skip = _whole("_skip", params.get("_skip", "0"))
    limit = _whole("_limit", params.get("_limit", str(DEFAULT_LIMIT)))
    if limit > MAX_LIMIT:
        raise QueryError(
            "Requested more data per query than allowed by this endpoint. "
            f"The max limit is {MAX_LIMIT} entries"
        )
    if min(skip, limit) < 0:
        raise QueryError("Cannot request negative _skip or _limit values")
    fields = tuple(params["_fields"].split(",")) if "_fields" in params else DEFAULT_FIELDS[route]
    filters = {name: value for name, value in params.items() if name not in _PAGES}
    if route == SUMMARY:
        filters.setdefault("deprecated", "false")
    return Query(route, fields, skip, limit, tuple(sorted(filters.items())))


def systems_asked(chemsys: str) -> list[str]:
    """Chemical systems of a parameter, each with its elements in the order of the alphabet."""
    return ["-".join(sorted(part.strip().split("-"))) for part in chemsys.split(",")]


def test_of(name: str, value: str) -> Callable[[Phase], bool] | None:
    """Return the test of one filter on a row; None for those that the index answers."""
    if name == "thermo_types":
        kinds = {R2SCAN_SPELLED if k.strip() == "R2SCAN" else k.strip() for k in value.split(",")}
        return lambda phase: phase.thermo_type in kinds
    if name == "license":
        return lambda phase: value in ("All", phase.license)
    if name == "batch_id_not_eq":
        return lambda phase: phase.batch_id != value
    if name == "deprecated":
        return lambda phase: phase.deprecated == (value.lower() in ("true", "1"))
    return None


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        message = "Input should be a valid integer"
        raise QueryError([{"loc": ["query", name], "msg": message}], 422) from None
