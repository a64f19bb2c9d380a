"""The Materials Project through its own client, mp-api: one answer at a time, with retries."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

from ...errors import InputError, InterscreenError, SourceError
from ...phases.identifiers import stored
from ..retries import PassingError, persist, retry_after
from .documents import FIELDS, HULL, SUMMARY, THERMO
from .key import Key
from .store import VERSION_NAME

PAGE = 1000  # documents in one answer; the service gives no more
ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # s, doubled each time
_PATIENCE = 300.0  # s; a service that asks for more than that is left alone
_TIME_LIMIT = (10.0, 60.0)  # s, to connect and between two parts of an answer
_SILENCE = 4.0  # s; then a line says what is waited for
_PRIVATE = ("_get_heartbeat_info", "_query_resource")  # of mp-api, used here
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NO_CONNECTION = {
    "timed out": "it timed out",
    "refused": "refused",
    "resolve": "its name is not known here: is this machine online?",
    "incompleteread": "it broke off",
    "connection broken": "it broke off",
    "remotedisconnected": "it broke off",
    "connection reset": "it broke off",
    "proxy": "the proxy does not let it through",
}

log = logging.getLogger(__name__)


class Page(NamedTuple):
    """Documents of one answer by their identifiers, and how many the whole question has."""

    documents: dict[str, dict[str, Any]]
    total: int


class Client:
    """Questions to the Materials Project, each asked again until it is answered or hopeless.

    The address (``endpoint``) is by default what mp-api's own settings say; ``notify`` is told in
    one line about every wait [s].  SourceError when the service refuses the key, or stays
    unreachable.
    """

    def __init__(
        self,
        key: Key,
        family: str,
        *,
        endpoint: str | None = None,
        notify: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._key, self.family = key, family
        self._notify = notify or (lambda text: log.warning("%s", text))
        self._sleep, self._attempts = sleep, attempts
        self._last: Any = None
        from mp_api.client.core.utils import validate_endpoint

        self._session = self._make_session()
        self.endpoint = str(validate_endpoint(endpoint))
        self.database = self.current_database()
        self._resters = self._make_resters()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def current_database(self) -> str:
        """Version of the database that the service answers from at this moment."""
        self.checked = time.monotonic()
        return str(self._persist("heartbeat", self._heartbeat))

    def page(
        self,
        route: str,
        *,
        systems: list[str] | None = None,
        between: tuple[float, float] = (-math.inf, math.inf),
        identifiers: list[str] | None = None,
    ) -> Page:
        """Ask for the documents of some chemical systems (None: all), at most ``PAGE`` of them.

        ``between`` are the least and the largest formation energy [eV/atom], both included;
        ``identifiers`` asks for some documents only.  SourceError when no usable answer came.
        """
        criteria: dict[str, Any] = {"_limit": PAGE, "_fields": ",".join(FIELDS[route])}
        if systems is not None:
            criteria["chemsys"] = ",".join(systems)
        if identifiers is not None:
            criteria["material_ids"] = ",".join(identifiers)
        for name, limit in zip(("min", "max"), between, strict=True):
            if math.isfinite(limit):
                criteria[f"formation_energy_per_atom_{name}"] = repr(float(limit))
        kind = THERMO if route in (THERMO, HULL) else SUMMARY
        if kind == THERMO:  # the service spells one family its own way
            criteria["thermo_types"] = self.family.replace("R2SCAN", "r2SCAN")
        what = f"{route} documents" + (f" of {len(systems)} systems" if systems else "")
        page: Page = self._persist(what, lambda: self._page(route, kind, criteria))
        return page

    def count(self, systems: list[str], family: str) -> int:
        """Return how many thermo documents of a family some chemical systems have."""
        criteria = {"_limit": 1, "_fields": "material_id", "chemsys": ",".join(systems)}
        criteria["thermo_types"] = family
        ask = self._ask
        return int(self._persist("count", lambda: ask(THERMO, criteria)["meta"]["total_doc"]))

    def _ask(self, kind: str, criteria: dict[str, Any]) -> Any:
        return self._resters[kind]._query_resource(
            criteria=criteria,
            use_document_model=False,
            num_chunks=1,
            chunk_size=PAGE,
            timeout=_TIME_LIMIT,
        )

    def _page(self, route: str, kind: str, criteria: dict[str, Any]) -> Page:
        answer = self._ask(kind, criteria)
        documents, total = answer["data"], answer["meta"]["total_doc"]
        if not isinstance(documents, list) or not isinstance(total, int):
            raise PassingError("an answer that is no list of documents")
        for document in documents:
            if not isinstance(document, dict) or not document.get("material_id"):
                raise PassingError(f"a {route} document without material_id")
            if "chemsys" not in document:
                raise PassingError(f"{route} documents without the fields that were asked for")
        found = {stored(str(document["material_id"])): document for document in documents}
        if len(found) != min(total, PAGE):
            raise PassingError(f"{len(found)} different documents where {total} were announced")
        return Page(found, total)

    def _heartbeat(self) -> str:
        answer = self._session.get(f"{self.endpoint}heartbeat", timeout=_TIME_LIMIT)
        if answer.status_code != 200:
            raise PassingError("no heartbeat")
        version = answer.json()["db_version"]
        if not isinstance(version, str) or not VERSION_NAME.fullmatch(version):
            raise PassingError("a heartbeat without a database version")
        return version

    def _make_session(self) -> Any:
        import requests
        from requests.adapters import HTTPAdapter

        from ...version import version

        client = self

        class Session(requests.Session):
            """Remembers how the last answer came, and gives the key to one host only."""

            def send(self, request: Any, **options: Any) -> Any:
                client._last = None
                client._last = super().send(request, **options)
                return client._last

            def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
                super().rebuild_auth(prepared_request, response)
                if self.should_strip_auth(response.request.url, prepared_request.url):
                    prepared_request.headers.pop("x-api-key", None)

        session = Session()
        session.headers["x-api-key"] = self._key.reveal()
        session.headers["user-agent"] = f"interscreen/{version()} mp-api/{_client_version()}"
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=0))  # retries are ours: they are told
        return session

    def _make_resters(self) -> dict[str, Any]:
        """Two routes of mp-api, without the requests that its constructors make, unlimited."""
        from mp_api.client.routes.materials.summary import SummaryRester
        from mp_api.client.routes.materials.thermo import ThermoRester

        made = {}
        for route, kind in ((THERMO, ThermoRester), (SUMMARY, SummaryRester)):
            if lacking := [name for name in _PRIVATE if not hasattr(kind, name)]:
                raise self._outdated(f"no {', '.join(lacking)}")
            quiet: dict[str, Any] = {
                "_get_heartbeat_info": staticmethod(lambda endpoint: (self.database, []))
            }
            made[route] = type(kind.__name__, (kind,), quiet)(
                self._key.reveal(),
                endpoint=self.endpoint,
                session=self._session,
                use_document_model=False,
                mute_progress_bars=True,
            )
        return made

    # -- asking again ------------------------------------------------------------------------------

    def _persist(self, what: str, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer; give up with one line that says why."""
        attempts = count(1)

        def once() -> Any:
            self._last = None
            try:
                with self._told(what):
                    return ask()
            except InterscreenError:
                raise
            except Exception as error:  # whatever the client raises: its kinds are many
                asked = retry_after(getattr(self._last, "headers", {}).get("Retry-After"))
                raise PassingError(self._judge(what, error), asked) from None

        def pause(problem: PassingError) -> float:
            attempt = next(attempts)
            wait: float = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1))
            wait = max(wait * random.uniform(0.8, 1.2), problem.wait or 0.0)
            if wait > _PATIENCE:
                raise SourceError(
                    f"the Materials Project asks to wait {wait:.0f} s ({problem}); run the same "
                    "command later, it goes on where it stopped"
                ) from None
            if attempt == self._attempts:
                raise SourceError(
                    f"the Materials Project: {problem}, {attempt} times in a row ({what}); what "
                    "has arrived is kept: run the same command later, or work from the store with "
                    "--offline"
                ) from None
            self._notify(
                f"the Materials Project: {problem}; next try in {wait:.1f} s "
                f"({attempt} of {self._attempts - 1})"
            )
            return wait

        return persist(once, pause, self._sleep)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Say what is waited for when an answer takes long."""
        timer = threading.Timer(
            _SILENCE, self._notify, [f"the Materials Project: waiting for an answer ({what})"]
        )
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _judge(self, what: str, error: Exception) -> str:
        """Say what went wrong; raise when asking again is useless."""
        status = getattr(self._last, "status_code", None)
        if isinstance(error, PassingError) and status in (None, 200):
            return f"{error}"
        if self._last is None and isinstance(error, AttributeError | TypeError):
            raise self._outdated(self._one_line(str(error))) from None
        if status in (401, 403):
            raise SourceError(
                f"the Materials Project refuses the key found in {self._key.found_in}, or this "
                f"machine's address (HTTP {status}, {what}): {self._said()}; check the key on your "
                "dashboard there"
            ) from None
        if status == 429:
            return "too many requests (HTTP 429)"
        if status in _AGAIN:
            return f"the service fails (HTTP {status})"
        if status is not None and status != 200:
            raise SourceError(
                f"the Materials Project answers HTTP {status} to a request for {what}: "
                f"{self._said()}; update mp-api and interscreen, or check MP_API_ENDPOINT"
            ) from None
        if status == 200:
            return f"an answer that cannot be read ({type(error).__name__})"
        text = str(error).lower()
        if "certificate" in text:
            raise SourceError(
                f"the Materials Project: its certificate is not accepted ({self.endpoint}); behind "
                "a proxy that opens connections, put the path of its certificate into "
                "REQUESTS_CA_BUNDLE"
            ) from None
        known = (meaning for sign, meaning in _NO_CONNECTION.items() if sign in text)
        return f"no connection ({next(known, None) or self._one_line(str(error))})"

    def _said(self) -> str:
        """Return in one line what the body of a refusal says."""
        text = self._last.text
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, IndexError):
            content = json.loads(text)
            text = str(content.get("detail") or content.get("message") or text)
        return self._one_line(re.sub(r"<[^>]*>", " ", text), 600) or "no reason given"

    def _outdated(self, problem: str) -> InputError:
        return InputError(
            f"mp-api {_client_version()} does not work with this version of interscreen "
            f"({problem}); install mp-api as interscreen's dependencies state"
        )

    def _one_line(self, text: str, most: int = 160) -> str:
        line = " ".join(self._key.hidden_in(text).split())
        return line if len(line) <= most else f"{line[: most - 3]}..."


def _client_version() -> str:
    from importlib.metadata import version

    return version("mp-api")
