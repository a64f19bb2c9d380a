"""The stand-in itself: answers, counts, fails on demand and changes the database version.

As a program it prints its address on the first line::

    python tests/standin/server.py --port 0 --documents table:mp_formation_energies.csv.gz
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

if __package__ in (None, ""):  # started as a program
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from standin.documents import VERSION, Documents
from standin.faults import Answer, Fault, page, spoil
from standin.makers import from_entries, from_table, small_set
from standin.phases import DEFAULT_FIELDS, EMMET_VERSION, SUMMARY, THERMO
from standin.query import MAX_LIMIT, QueryError, systems_asked
from standin.transport import Server

KEY = "k" * 32
HEARTBEAT = "/heartbeat"
LONGEST_REQUEST_LINE = 8_000
ROUTES = {route.rstrip("/"): route for route in (THERMO, SUMMARY)}


class Request(NamedTuple):
    """One request, noted when it was answered; ``version`` is that of the answer."""

    time: float
    path: str
    params: dict[str, str]
    status: int
    fault: str | None
    version: str


class StandIn:
    """Serve documents until stopped; a context manager.

    Parameters
    ----------
    documents : Documents
    key : str
        The only API key that is let in.
    db_version : str
        Version of the database, in the heartbeat and in ``builder_meta``.
    terms_accepted : bool
        Whether the owner of the key may see documents of licence BY-NC; otherwise the service
        leaves them out without a word.

    Attributes
    ----------
    requests : list of Request
        In the order of the answers; 0 as status where the connection was closed without one.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        key: str = KEY,
        db_version: str = VERSION,
        terms_accepted: bool = True,
    ):
        self.key = key
        self.requests: list[Request] = []
        self.terms_accepted = terms_accepted
        self._documents = documents.at(db_version)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._switches: deque[tuple[int, Documents]] = deque()
        self._lock = threading.RLock()
        self._server: Server | None = None
        self._port = 0

    # -- life ---------------------------------------------------------------------

    def start(self, port: int = 0) -> StandIn:
        """Listen; after a stop on the same port as before."""
        if self._server is None:
            self._server = Server(port or self._port, self.answer)
            self._port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port and every connection, in the middle of an answer, too."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.close_everything()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """Address, ending with a slash."""
        if not self._port:
            raise RuntimeError("the stand-in was not started: with StandIn(documents) as service")
        return f"http://127.0.0.1:{self._port}/"

    # -- what the service does next -----------------------------------------------

    @property
    def version(self) -> str:
        """Version of the database that is served now."""
        return self._documents.version

    def fail(
        self,
        fault: str,
        *,
        route: str = THERMO,
        times: int | None = 1,
        after: int = 0,
        **options: Any,
    ) -> None:
        """Arm a fault on a route; faults armed earlier come first.

        Parameters
        ----------
        fault : str
            ``401 403 429 500 502 503 504``: this status. ``cut``: half of the body, then the
            connection is closed. ``json``: not JSON. ``html``: a page, status 200. ``empty``: no
            documents and none promised. ``short``: no documents, though promised. ``nodata``: JSON
            without data. ``hang``: waits first. ``refuse``: closes the connection unanswered.
        route : str
            ``/materials/thermo/``, ``/materials/summary/`` or ``/heartbeat``.
        times : int or None
            How many requests; None is all from then on.
        after : int
            How many requests on the route are answered well before.
        **options
            ``retry_after`` [s] of 429, ``seconds`` of hang.
        """
        if route.rstrip("/") not in {*ROUTES, HEARTBEAT}:
            raise ValueError(f"no route {route!r}")
        with self._lock:
            self._faults[route.rstrip("/")].append(Fault(fault, times, after, options))

    def mend(self) -> None:
        """Disarm all faults."""
        with self._lock:
            self._faults.clear()

    def set_version(self, version: str, documents: Documents | None = None) -> None:
        """Serve another version of the database from now on, perhaps with other documents."""
        with self._lock:
            self._documents = (documents or self._documents).at(version)

    def change_version_after(
        self, requests: int, version: str, documents: Documents | None = None
    ) -> None:
        """Do so after that many further requests for data."""
        with self._lock:
            self._switches.append((requests, (documents or self._documents).at(version)))

    # -- what was asked -----------------------------------------------------------

    def chemsys_requests(self, route: str = THERMO) -> Counter[str]:
        """How often each chemical system was asked for and answered well; first pages only."""
        found: Counter[str] = Counter()
        for request in list(self.requests):
            params = request.params
            if (
                request.path.rstrip("/") == route.rstrip("/")
                and request.status == 200
                and request.fault in (None, "hang")
                and "chemsys" in params
                and int(params.get("_skip", 0)) == 0
            ):
                found.update(systems_asked(params["chemsys"]))
        return found

    # -- answering ----------------------------------------------------------------

    def answer(self, target: str, key: str | None, line: int) -> Answer:
        """Answer one request and note it; ``line`` is the length of the request line [bytes]."""
        parts = urlsplit(target)
        path = parts.path.rstrip("/")
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._lock:
            documents = self._documents_now(path)
            fault = self._next_fault(path)
        good = self._good(path, params, key, line, documents)
        final = spoil(fault, good) if fault else good
        status = 0 if final.transport == "refuse" else final.status
        self.requests.append(
            Request(
                time.time(),
                parts.path,
                params,
                status,
                fault.name if fault else None,
                documents.version,
            )
        )
        return final

    def _documents_now(self, path: str) -> Documents:
        if path in ROUTES and self._switches:
            left, following = self._switches[0]
            if left > 0:
                self._switches[0] = (left - 1, following)
            else:
                self._documents = following
                self._switches.popleft()
        return self._documents

    def _next_fault(self, path: str) -> Fault | None:
        armed = self._faults[path]
        if not armed:
            return None
        fault = armed[0]
        if fault.after > 0:
            fault.after -= 1
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                armed.popleft()
        return fault

    def _good(
        self, path: str, params: dict[str, str], key: str | None, line: int, documents: Documents
    ) -> Answer:
        if line > LONGEST_REQUEST_LINE:
            return Answer(414, page("414 Request-URI Too Large"), "text/html")
        if path == HEARTBEAT:
            meta = {
                "status": "OK",
                "time": datetime.now(UTC).isoformat(),
                "version": EMMET_VERSION,
                "pymatgen": "2026.5.4",
                "db_version": documents.version,
                "suffix": "",
                "access_controlled_batch_ids": ["gnome_r2scan_statics"],
            }
            return Answer(200, json.dumps(meta).encode(), meta=meta)
        if path not in ROUTES:
            return Answer(404, b'{"detail":"Not Found"}')
        if key != self.key:
            message = "Invalid authentication credentials" if key else "No API key found in request"
            return Answer(401, json.dumps({"message": message}).encode())
        return self._data(ROUTES[path], params, documents)

    def _data(self, route: str, params: dict[str, str], documents: Documents) -> Answer:
        import orjson

        if not self.terms_accepted:
            params = {**params, "license": "BY-C"}
        try:
            count, page_of = documents.select(route, params)
        except QueryError as error:
            return Answer(error.status, json.dumps({"detail": error.detail}).encode())
        meta = {
            "api_version": EMMET_VERSION,
            "time_stamp": datetime.now(UTC).isoformat(),
            "total_doc": count,
            "max_limit": MAX_LIMIT,
            "default_fields": list(DEFAULT_FIELDS[route]),
        }
        return Answer(200, orjson.dumps({"data": list(page_of), "meta": meta}), meta=meta)


def _documents(text: str) -> Documents:
    kind, _, path = text.partition(":")
    makers: dict[str, Callable[[str], Documents]] = {
        "small": lambda _: small_set(),
        "entries": from_entries,
        "table": from_table,
    }
    if kind not in makers:
        raise SystemExit(f"--documents {text}: give small, entries:FILE or table:FILE")
    return makers[kind](path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--documents", default="small", help="small, entries:FILE or table:FILE")
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--db-version", default=VERSION)
    given = parser.parse_args(arguments)
    standin = StandIn(_documents(given.documents), key=given.key, db_version=given.db_version)
    print(standin.start(given.port).endpoint, flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
    standin.stop()


if __name__ == "__main__":
    main()
