"""The Materials Project through its own client, mp-api: one page at a time, with retries."""

from __future__ import annotations

import logging
import random
import time
import warnings
from collections.abc import Callable
from itertools import count
from json import JSONDecodeError
from typing import Any, NamedTuple

from ...errors import InputError, InterscreenError, SourceError
from ..retries import PassingError, persist, retry_after
from .documents import FIELDS, OPTIONAL, SUMMARY, THERMO
from .key import Key
from .store import VERSION_NAME

PAGE = 1000  # documents in one answer; the service gives no more
ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # s, doubled each time
_PATIENCE = 300.0  # s; a service that asks for more than that is left alone
_TIMEOUT = 60.0  # s
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NO_CONNECTION = {
    "timed out": "it timed out",
    "refused": "refused",
    **dict.fromkeys(
        ("resolve", "nameresolution"), "its name is not known here: is this machine online?"
    ),
    **dict.fromkeys(
        ("incompleteread", "connection broken", "remotedisconnected", "connection reset"),
        "it broke off",
    ),
    "certificate": "the certificate is not accepted",
    "proxy": "the proxy does not let it through",
}

log = logging.getLogger(__name__)


class Page(NamedTuple):
    """Documents of one answer, and how many the whole question has."""

    documents: list[Any]
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
        self._rester = self._persist("the client", self._connect)
        self._fields: dict[str, list[str]] = {}

    @property
    def page_size(self) -> int:
        """Documents in one answer at most."""
        return PAGE

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def current_database(self) -> str:
        """Version of the database that the service answers from at this moment."""
        return str(self._persist("heartbeat", self._heartbeat))

    def page(
        self,
        route: str,
        *,
        first: int = 0,
        systems: list[str] | None = None,
        identifier: str = "",
    ) -> Page:
        """Ask for one page of the documents of some chemical systems, or of everything.

        ``first`` documents come before the page; ``identifier`` asks for one document by its
        material id.  SourceError when no usable answer came.
        """
        criteria: dict[str, Any] = {"_limit": PAGE}
        if first:
            criteria["_skip"] = first
        if systems is not None:
            criteria["chemsys"] = ",".join(systems)
        if identifier:
            criteria["material_ids"] = identifier
        page: Page = self._persist(f"{route} documents", lambda: self._page(route, criteria))
        return page

    def _page(self, route: str, criteria: dict[str, Any]) -> Page:
        rester = getattr(self._rester.materials, THERMO if route == THERMO else SUMMARY)
        if route == THERMO:  # the client knows how the service spells a family
            (family,) = rester._check_thermo_types([self.family])
            criteria = {**criteria, "thermo_types": family}
        if route not in self._fields:
            available = set(rester.available_fields)
            missing = set(FIELDS[route]) - available - OPTIONAL
            if missing:
                raise InputError(
                    f"mp-api {_client_version()} knows no field {', '.join(sorted(missing))} of "
                    f"{route} documents; install a release that interscreen states in its "
                    "dependencies"
                )
            self._fields[route] = [name for name in FIELDS[route] if name in available]
        # not as ``fields``: the client would check each of them anew, at 10 ms a piece
        answer = rester._query_resource(
            criteria={**criteria, "_fields": ",".join(self._fields[route])},
            use_document_model=False,
            num_chunks=1,
            chunk_size=PAGE,
            timeout=_TIMEOUT,
        )
        documents, total = answer["data"], answer["meta"]["total_doc"]
        if not isinstance(documents, list) or not isinstance(total, int):
            raise PassingError("an answer that is no list of documents")
        expected = min(PAGE, max(total - criteria.get("_skip", 0), 0))
        if len(documents) != expected:
            raise PassingError(f"{len(documents)} documents where {expected} were announced")
        return Page(documents, total)

    def _heartbeat(self) -> str:
        answer = self._session.get(f"{self.endpoint}heartbeat", timeout=_TIMEOUT)
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
                answer = super().send(request, **options)
                client._last = answer
                return answer

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

    def _connect(self) -> Any:
        from mp_api.client import MPRester

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            rester = MPRester(
                self._key.reveal(),
                endpoint=self.endpoint,
                session=self._session,
                use_document_model=False,
                mute_progress_bars=True,
            )
        for warning in caught:
            if "MPRest" in warning.category.__name__:
                log.warning("mp-api: %s", self._one_line(str(warning.message)))
        return rester

    def _persist(self, what: str, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer; give up with one line that says why."""
        attempts = count(1)

        def once() -> Any:
            self._last = None
            try:
                return ask()
            except InterscreenError:
                raise
            except Exception as error:  # whatever the client raises: its kinds are many
                if self._last is None and isinstance(error, AttributeError | TypeError):
                    raise InputError(  # no request was made: the client has changed
                        f"mp-api {_client_version()} does not work with this version of "
                        f"interscreen ({self._one_line(str(error))}); install mp-api as "
                        "interscreen's dependencies state"
                    ) from None
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

    def _judge(self, what: str, error: Exception) -> str:
        """Say what went wrong; raise when asking again is useless."""
        status = getattr(self._last, "status_code", None)
        if isinstance(error, PassingError) and status in (None, 200):
            return f"{error}"
        if status in (401, 403):
            raise SourceError(
                f"the Materials Project refuses the key found in {self._key.found_in} "
                f"(HTTP {status}, {what}); check it on your dashboard there, or whether this "
                "machine's address is blocked"
            ) from None
        if status == 429:
            return "too many requests (HTTP 429)"
        if status in _AGAIN:
            return f"the service fails (HTTP {status})"
        if status is not None and status != 200:
            raise SourceError(
                f"the Materials Project answers HTTP {status} to a request for {what}: "
                f"{self._one_line(str(error))}; update mp-api and try again"
            ) from None
        # the client's own requests of the heartbeat do not come by the session
        if status == 200 or isinstance(error, KeyError | JSONDecodeError):
            return f"an answer that cannot be read ({type(error).__name__})"
        text = str(error).lower()
        known = (meaning for sign, meaning in _NO_CONNECTION.items() if sign in text)
        return f"no connection ({next(known, None) or self._one_line(str(error))})"

    def _one_line(self, text: str) -> str:
        line = " ".join(self._key.hidden_in(text).split())
        return line if len(line) <= 160 else f"{line[:157]}..."


def _client_version() -> str:
    from importlib.metadata import version

    return version("mp-api")
