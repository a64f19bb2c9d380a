"""What can go wrong between a client and the service."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

REASONS = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
OPTIONS = {"429": {"retry_after"}, "hang": {"seconds"}}
FAULTS = frozenset(
    "401 403 429 500 502 503 504 cut json empty short html hang refuse nodata".split()
)


@dataclass(frozen=True)
class Answer:
    """What goes back; ``meta`` is what a spoilt answer is built from.

    ``transport`` is ``"whole"``, ``"cut"`` (half of the body) or ``"refuse"`` (nothing at all);
    ``wait`` is the time before the answer [s].
    """

    status: int
    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    transport: str = "whole"
    wait: float = 0.0


@dataclass
class Fault:
    """An armed fault: lets ``after`` requests pass, spoils ``times`` of them (None: all)."""

    name: str
    times: int | None
    after: int
    options: dict[str, Any]

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"no fault {self.name!r}; there are {', '.join(sorted(FAULTS))}")
        if extra := set(self.options) - OPTIONS.get(self.name, set()):
            raise ValueError(f"the fault {self.name!r} has no option {', '.join(sorted(extra))}")


def page(title: str) -> bytes:
    """Return an error page as a gateway sends it."""
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


def spoil(fault: Fault, good: Answer) -> Answer:
    """Turn the answer that would have been right into a wrong one."""
    name, options = fault.name, fault.options
    if name == "401":
        return _json(401, {"message": "Invalid authentication credentials"})
    if name == "403":
        return _json(403, {"message": "Forbidden"})
    if name == "429":
        headers = {"Retry-After": str(options.get("retry_after", 1))}
        return replace(_json(429, {"message": "API rate limit exceeded"}), headers=headers)
    if name in ("500", "502", "503", "504"):
        status = int(name)
        return Answer(status, page(f"{status} {REASONS[status]}"), "text/html")
    if name == "html":
        return Answer(200, page("Down for maintenance"), "text/html")
    if name == "json":
        return replace(good, status=200, body=b'{"data":[{"material_id":"mp-1","ener')
    if name == "empty":
        return _json(200, {"data": [], "meta": {**good.meta, "total_doc": 0}})
    if name == "short":
        return _json(200, {"data": [], "meta": good.meta})
    if name == "nodata":
        return _json(200, {"meta": good.meta})
    if name == "hang":
        return replace(good, wait=float(options.get("seconds", 60.0)))
    return replace(good, transport=name)


def _json(status: int, content: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(content).encode())
