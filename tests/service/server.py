"""emmet-api with its thermo and summary routes, behind a gate that does what its gateway does."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import random
import threading
import time
import warnings
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest

from .documents import Document, Documents

KEY = "k" * 32
HEARTBEAT, THERMO, SUMMARY = "/heartbeat", "/materials/thermo/", "/materials/summary/"
LONGEST_REQUEST_LINE = 8_190
VERSION = "2026.04.13"
Reply = tuple[int, dict[str, str], bytes]


def require_server_code() -> None:
    """Skip a test where the Materials Project's server code is not installed."""
    for module in ("emmet.api", "uvicorn"):
        try:
            found = find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            pytest.skip(f"{module} is not installed here (pip install '.[test]' brings it)")


class Request(NamedTuple):
    """One request; ``line`` is the length of its request line [bytes]."""

    path: str
    params: dict[str, str]
    status: int
    fault: str
    line: int


class Fault(NamedTuple):
    """What happens to the answers of a route: ``after`` pass, then ``times`` (None: all) do not."""

    name: str
    change: Callable[[Reply], Reply] | None
    wait: float
    times: list[float]
    after: list[int]


class Collection:
    """The few questions that emmet-api puts to MongoDB, answered from a list."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.shuffle: random.Random | None = None  # without an order, MongoDB promises none
        self._found: dict[str, list[Document]] = {}
        self._systems: dict[str, list[Document]] = defaultdict(list)
        for document in documents:
            self._systems[document["chemsys"]].append(document)
        known = [d for d in documents if d["formation_energy_per_atom"] is not None]
        self._by_energy = sorted(known, key=lambda d: d["formation_energy_per_atom"])
        self._energies = [d["formation_energy_per_atom"] for d in self._by_energy]

    def select(self, criteria: dict[str, Any]) -> list[Document]:
        """Documents that meet MongoDB criteria, in the order of the list."""
        key = json.dumps(criteria, sort_keys=True)
        if key not in self._found:
            if len(self._found) > 50:
                self._found.clear()
            pool = self._pool(criteria)
            tests = [(path.split("."), want) for path, want in criteria.items()]
            self._found[key] = [d for d in pool if all(_meets(d, *test) for test in tests)]
        return self._found[key]

    def _pool(self, criteria: dict[str, Any]) -> list[Document]:
        """Documents among which those that meet some criteria are, by one index or the other."""
        if wanted := criteria.get("chemsys"):
            names = wanted["$in"] if isinstance(wanted, dict) else [wanted]
            return [d for name in dict.fromkeys(names) for d in self._systems.get(name, ())]
        limits = criteria.get("formation_energy_per_atom", {})
        if not limits:
            return self.documents
        first = bisect_left(self._energies, limits.get("$gte", -math.inf))
        return self._by_energy[first : bisect_right(self._energies, limits.get("$lte", math.inf))]

    async def count_documents(self, criteria: dict[str, Any], **_: Any) -> int:
        return len(self.select(criteria))

    async def estimated_document_count(self) -> int:
        return len(self.documents)

    async def aggregate(self, pipeline: list[dict[str, Any]], **_: Any) -> Any:
        stages = {name: value for stage in pipeline for name, value in stage.items()}
        found = list(self.select(stages.get("$match", {})))
        if self.shuffle is not None:
            self.shuffle.shuffle(found)
        for name, direction in stages.get("$sort", {}).items():
            found.sort(key=lambda d: str(_value(d, name.split("."))), reverse=direction < 0)
        first = stages.get("$skip", 0)
        page = found[first : first + stages.get("$limit", len(found))]
        names = [name for name, wanted in stages["$project"].items() if wanted]
        return _Cursor([_projected(d, names) if names else dict(d) for d in page])


class _Cursor:
    def __init__(self, documents: list[Document]) -> None:
        self._documents = documents

    async def to_list(self) -> list[Document]:
        return self._documents


def _projected(document: Document, names: list[str]) -> Document:
    """Return the fields asked for; ``builder_meta.license`` is one part of a field."""
    found: Document = {}
    for name in names:
        inner, (*path, last) = found, name.split(".")
        source = _value(document, path)
        if isinstance(source, dict) and last in source:
            for step in path:
                inner = inner.setdefault(step, {})
            inner[last] = source[last]
    return found


def _value(document: Document, path: list[str]) -> Any:
    for name in path:
        document = (document or {}).get(name)  # type: ignore[assignment]
    return document


def _meets(document: Document, path: list[str], want: Any) -> bool:
    value = _value(document, path)
    if not isinstance(want, dict):
        return bool(value == want)
    tests: dict[str, Callable[[Any], bool]] = {
        "$in": lambda allowed: value in allowed,
        "$gte": lambda limit: value is not None and value >= limit,
        "$lte": lambda limit: value is not None and value <= limit,
        "$ne": lambda other: value != other,
    }
    return all(tests[name](operand) for name, operand in want.items())


class Service:
    """Serve documents until stopped; a context manager.

    ``terms_accepted``: whether the owner of the key may see documents of licence BY-NC.
    ``latency`` [s] and ``bandwidth`` [bytes/s] slow every answer down.
    """

    def __init__(
        self, documents: Documents, *, key: str = KEY, version: str = VERSION,
        terms_accepted: bool = True, latency: float = 0.0, bandwidth: float = 0.0,
    ) -> None:  # fmt: skip
        self.key, self.terms_accepted = key, terms_accepted
        self.latency, self.bandwidth = latency, bandwidth
        self.requests: list[Request] = []
        self.headers: list[dict[str, str]] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._switch: tuple[int, str, Documents | None] | None = None
        self.meta: dict[str, Any] = {"access_controlled_batch_ids": ["gnome_r2scan_statics"]}
        self.set_version(version, documents)
        self._port, self._server, self._thread = 0, None, None

    # -- life ---------------------------------------------------------------------

    def __enter__(self) -> Service:
        import uvicorn

        _server_code()

        config = uvicorn.Config(
            self._gate, "127.0.0.1", self._port, log_level="critical", lifespan="off",
            interface="asgi3", timeout_keep_alive=1, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server: Any = uvicorn.Server(config)
        self._thread: Any = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join()
            self._thread = None

    @property
    def endpoint(self) -> str:
        """Address, ending with a slash."""
        return f"http://127.0.0.1:{self._port}/"

    # -- what the service does next -----------------------------------------------

    def set_version(self, version: str, documents: Documents | None = None) -> None:
        """Serve another version of the database from now on, perhaps with other documents."""
        if documents is not None:
            self.thermo = Collection(documents.thermo)
            self.summary = Collection(documents.summary)
        self.meta["db_version"] = version

    def change_version_after(
        self, requests: int, version: str, documents: Documents | None = None
    ) -> None:
        """Do so after that many further requests for documents."""
        self._switch = (requests, version, documents)

    def shuffle(self, seed: int = 0) -> None:
        """Give the documents of the thermo route in another order each time."""
        self.thermo.shuffle = random.Random(seed)

    def fail(
        self, fault: str | Callable[[dict[str, Any]], Any] = "502", *, route: str = THERMO,
        times: int | None = 1, after: int = 0, retry_after: object = None, seconds: float = 60.0,
    ) -> None:  # fmt: skip
        """Arm a fault on a route; faults armed earlier come first.

        A status (``401`` ... ``504``, as the gateway sends it), ``cut`` (half of the body),
        ``json`` (broken), ``html`` (a page with status 200), ``hang`` (waits first), or a function
        that changes the answer's content in place or returns another.
        """
        change: Callable[[Reply], Reply] | None
        if callable(fault):
            given, name = fault, getattr(fault, "__name__", "changed")

            def change(reply: Reply) -> Reply:
                status, headers, body = reply
                content = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
                other = given(content)
                headers.pop("content-encoding", None)
                return status, headers, json.dumps(content if other is None else other).encode()
        elif fault == "hang":
            name, change = fault, None
        else:
            name, change = fault, lambda reply: _spoilt(fault, reply, retry_after)
        left = float("inf") if times is None else times
        wait = seconds if fault == "hang" else 0.0
        self._faults[route].append(Fault(name, change, wait, [left], [after]))

    def mend(self) -> None:
        """Disarm all faults."""
        self._faults.clear()

    # -- what was asked -----------------------------------------------------------

    def asked(self, *routes: str) -> list[Request]:
        """Requests for documents, or of some routes."""
        return [r for r in self.requests if r.path in (routes or (THERMO, SUMMARY))]

    def systems(self, route: str = THERMO) -> Counter[str]:
        """How often each chemical system was asked for and answered well."""
        found: Counter[str] = Counter()
        for request in self.asked(route):
            if request.status == 200 and not request.fault and "chemsys" in request.params:
                found.update(request.params["chemsys"].split(","))
        return found

    # -- the gate -----------------------------------------------------------------

    async def _gate(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path, query = scope["path"], scope["query_string"].decode()
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        self.headers.append(headers)
        fault = self._next_fault(path)
        line = len(path) + len(query) + len("GET ? HTTP/1.1")
        status, head, body = await self._answer(scope, path, headers, line)
        wait = self.latency + (len(body) / self.bandwidth if self.bandwidth else 0.0)
        if fault and fault.change:
            status, head, body = fault.change((status, head, body))
        noted = fault.name if fault else ""
        self.requests.append(Request(path, dict(parse_qsl(query)), status, noted, line))
        await asyncio.sleep(wait + (fault.wait if fault else 0.0))
        cut = noted == "cut"
        head = {**head, "content-length": str(len(body))}
        sent = [(k.encode(), v.encode()) for k, v in head.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send(
            {
                "type": "http.response.body",
                "body": body[: len(body) // 2] if cut else body,
                "more_body": cut,
            }
        )
        if cut:
            await asyncio.sleep(0.02)
            raise ConnectionAbortedError  # uvicorn closes the connection

    def _next_fault(self, path: str) -> Fault | None:
        armed = self._faults[path]
        if not armed:
            return None
        if armed[0].after[0] > 0:
            armed[0].after[0] -= 1
            return None
        fault = armed[0]
        fault.times[0] -= 1
        if fault.times[0] <= 0:
            armed.popleft()
        return fault

    async def _answer(
        self, scope: dict[str, Any], path: str, headers: dict[str, str], line: int
    ) -> Reply:
        plain = {"content-type": "application/json"}
        if line > LONGEST_REQUEST_LINE:
            return 414, {"content-type": "text/html"}, b"<html>414 Request-URI Too Large</html>"
        if path not in (HEARTBEAT, THERMO, SUMMARY):
            return 404, plain, b'{"message":"no Route matched with those values"}'
        if path != HEARTBEAT:
            if headers.get("x-api-key") != self.key:
                return 401, plain, b'{"message":"Unauthorized"}'
            if self._switch is not None:
                left, version, documents = self._switch
                self._switch = (left - 1, version, documents) if left else None
                if not left:
                    self.set_version(version, documents)
        groups = [(b"x-consumer-groups", b"TERMS:ACCEPT-NC")] if self.terms_accepted else []
        inner = {**scope, "headers": [*scope["headers"], *groups]}
        sent: list[dict[str, Any]] = []

        async def collect(message: dict[str, Any]) -> None:
            sent.append(message)

        async def nothing() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        _CURRENT.set(self)
        await _server_code()(inner, nothing, collect)
        head = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return sent[0]["status"], head, b"".join(m.get("body", b"") for m in sent[1:])


_CURRENT: ContextVar[Service] = ContextVar("service that is asked")


class _Served:
    """The collection of whichever service is asked."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(_CURRENT.get(), self._name), name)


class _Meta:
    """What its heartbeat says."""

    def keys(self) -> Any:
        return _CURRENT.get().meta.keys()

    def __getitem__(self, key: str) -> Any:
        return _CURRENT.get().meta[key]


@cache
def _server_code() -> Any:
    """The Materials Project's own routes; made once, because that takes half a second."""
    from emmet.api.core.api import MAPI
    from emmet.api.resource.utils import CollectionWithKey
    from emmet.api.routes.materials.summary.resources import summary_resource
    from emmet.api.routes.materials.thermo.resources import thermo_resource

    served: Any = _Served
    meta: Any = _Meta()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pydantic, not ours
        resources = [
            thermo_resource(CollectionWithKey(served("thermo"))),
            summary_resource(CollectionWithKey(served("summary"))),
        ]
        return MAPI({"materials": resources}, heartbeat_meta=meta).app


_TITLES = {
    "500": "Internal Server Error", "502": "Bad Gateway", "503": "Service Unavailable",
    "504": "Gateway Time-out",
}  # fmt: skip
BLOCKED = (
    "Your IP address or ASN has been (temporarily) blocked from accessing all MP services due to "
    "inefficient or abusive traffic. Afterwards, reach out to us per email to "
    "support@materialsproject.org if you think your use case is legitimate."
)


def _spoilt(fault: str, reply: Reply, retry_after: object) -> Reply:
    status, headers, body = reply
    html, plain = {"content-type": "text/html"}, {"content-type": "application/json"}
    if fault == "401":
        return 401, plain, b'{"message":"Unauthorized"}'
    if fault == "403":
        return 403, {"content-type": "text/plain"}, BLOCKED.encode()
    if fault == "429":
        head = {} if retry_after is None else {"retry-after": str(retry_after)}
        return 429, {**plain, **head}, b'{"message":"API rate limit exceeded"}'
    if fault in _TITLES:
        title = f"<html><head><title>{fault} {_TITLES[fault]}</title></head></html>"
        return int(fault), html, title.encode()
    if fault == "html":
        return 200, html, b"<html><head><title>Down for maintenance</title></head></html>"
    if fault == "json":
        return 200, plain, b'{"data":[{"material_id":"mp-1","ener'
    if fault == "cut":
        return status, headers, body
    raise ValueError(f"no fault {fault!r}")


def empty(content: dict[str, Any]) -> None:
    """No documents, and none announced."""
    content["data"], content["meta"]["total_doc"] = [], 0


def short(content: dict[str, Any]) -> None:
    """Fewer documents than announced."""
    content["data"] = []


def nodata(content: dict[str, Any]) -> None:
    """No documents at all."""
    del content["data"]


def doubled(content: dict[str, Any]) -> None:
    """One document in place of another."""
    content["data"][-1:] = content["data"][:1]


def bare(content: dict[str, Any]) -> None:
    """The list of fields is ignored."""
    content["data"] = [{"material_id": d["material_id"]} for d in content["data"]]
