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
from typing import Any, NamedTuple

from ...errors import InputError, InterscreenError, SourceError
from ...phases.identifiers import stored
from .documents import FIELDS, HULL, THERMO
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
_ROUTES = {True: "materials/thermo/", False: "materials/summary/"}
_NO_CONNECTION = {
    "timed out": "it timed out", "refused": "refused",
    "resolve": "its name is not known here: is this machine online?",
    "incompleteread": "it broke off", "connection broken": "it broke off",
    "remotedisconnected": "it broke off", "connection reset": "it broke off",
    "proxy": "the proxy does not let it through",
}  # fmt: skip

log = logging.getLogger(__name__)


class PassingError(Exception):
    """A failure that may pass, and how long the service asks to wait [s]."""

    def __init__(self, text: str, wait: float = 0.0) -> None:
        super().__init__(text)
        self.wait = wait


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
        import requests
        from mp_api.client.core.utils import validate_endpoint

        from ...version import version

        self._key, self.family = key, family
        self._notify = notify or (lambda text: log.warning("%s", text))
        self._sleep, self._attempts = sleep, attempts
        self._asked, self._status = "", 0
        self.endpoint = str(validate_endpoint(endpoint))
        self._session = requests.Session()
        self._session.headers["x-api-key"] = key.reveal()
        self._session.headers["user-agent"] = f"interscreen/{version()} mp-api/{_mp_api()}"
        self._session.hooks["response"].append(self._check_status)
        self.database = self.current_database()
        self._rester = self._make_rester()

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
        control: str = "",
        family: str = "",
    ) -> Page:
        """Ask for the documents of some chemical systems (None: all), at most ``PAGE`` of them.

        ``between`` are the least and the largest formation energy [eV/atom], both included;
        ``identifiers`` asks for some documents only.  ``control`` is a system that has documents:
        an answer without them is none.  ``family`` is by default the client's.  SourceError when no
        usable answer came.
        """
        wanted = list(systems or [])
        extra = [control] if control and control not in wanted else []
        criteria: dict[str, Any] = {"_limit": PAGE, "_fields": ",".join(FIELDS[route])}
        for name, values in (("chemsys", wanted + extra), ("material_ids", identifiers)):
            if values:
                criteria[name] = ",".join(values)
        for name, limit in zip(("min", "max"), between, strict=True):
            if math.isfinite(limit):
                criteria[f"formation_energy_per_atom_{name}"] = repr(float(limit))
        if thermo := route in (THERMO, HULL):  # the service spells one family its own way
            criteria["thermo_types"] = (family or self.family).replace("R2SCAN", "r2SCAN")

        def ask() -> Page:
            page = _read_page(self._ask(thermo, criteria), route)
            of_control = [i for i, d in page.documents.items() if d["chemsys"] == control]
            if control and not of_control and page.total <= PAGE:
                raise PassingError(f"{route} documents without those of {control}")
            for identifier in of_control if extra else ():
                del page.documents[identifier]
            return page

        what = f"{route} documents" + (
            f" of {len(wanted)} system{'s' * (len(wanted) > 1)}" if wanted else ""
        )
        page: Page = self._persist(what, ask)
        return page

    def _ask(self, thermo: bool, criteria: dict[str, Any]) -> Any:
        return self._rester._query_resource(
            criteria=criteria,
            suburl=_ROUTES[thermo],
            use_document_model=False,
            num_chunks=1,
            chunk_size=PAGE,
            timeout=_TIME_LIMIT,
        )

    def _heartbeat(self) -> str:
        answer = self._session.get(f"{self.endpoint}heartbeat", timeout=_TIME_LIMIT)
        version = answer.json()["db_version"]
        if not isinstance(version, str) or not VERSION_NAME.fullmatch(version):
            raise PassingError("a heartbeat without a database version")
        return version

    def _make_rester(self) -> Any:
        """mp-api's client with our session, and without the heartbeat of its constructor."""
        from mp_api.client.core.client import BaseRester

        if lacking := [name for name in _PRIVATE if not hasattr(BaseRester, name)]:
            raise _outdated(f"no {', '.join(lacking)}")
        known: Any = staticmethod(lambda endpoint: (self.database, []))
        return type("Rester", (BaseRester,), {_PRIVATE[0]: known})(
            self._key.reveal(),
            endpoint=self.endpoint,
            session=self._session,
            mute_progress_bars=True,
        )

    # -- asking again ------------------------------------------------------------------------------

    def _persist(self, what: str, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer; give up with one line that says why."""
        for attempt in range(1, self._attempts + 1):
            self._asked, self._status = what, 0
            try:
                with self._told():
                    return ask()
            except PassingError as failure:
                problem = failure
            except InterscreenError:
                raise
            except Exception as error:  # whatever the client raises: its kinds are many
                problem = self._judge(error)
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1)) * random.uniform(0.8, 1.2)
            wait = max(wait, problem.wait)
            if wait > _PATIENCE:
                raise SourceError(
                    f"the Materials Project asks to wait {wait:.0f} s ({problem}); run the same "
                    "command later, it goes on where it stopped"
                )
            if attempt < self._attempts:
                self._notify(
                    f"the Materials Project: {problem}; next try in {wait:.1f} s "
                    f"({attempt} of {self._attempts - 1})"
                )
                self._sleep(wait)
        raise SourceError(
            f"the Materials Project: {problem}, {self._attempts} times in a row ({what}); nothing "
            "of this answer is kept, what has arrived before is: run the same command later, or "
            "work from the store with --offline"
        )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say what is waited for when an answer takes long."""
        line = f"the Materials Project: waiting for an answer ({self._asked})"
        timer = threading.Timer(_SILENCE, self._notify, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _check_status(self, answer: Any, **_: Any) -> None:
        """Raise for every answer but a good one, SourceError where asking again is useless."""
        from urllib3.exceptions import InvalidHeader
        from urllib3.util import Retry

        status = self._status = answer.status_code
        if status == 200:
            return
        if status in _AGAIN:
            wait = 0.0
            with contextlib.suppress(InvalidHeader, KeyError):
                wait = Retry().parse_retry_after(answer.headers["Retry-After"])
            fault = "too many requests" if status == 429 else "the service fails"
            raise PassingError(f"{fault} (HTTP {status})", wait)
        if status in (401, 403):
            raise SourceError(
                f"the Materials Project refuses the key found in {self._key.found_in}, or this "
                f"machine's address (HTTP {status}, {self._asked}): {self._said(answer)}; check "
                "the key on your dashboard there"
            )
        said = self._said(answer)
        if answer.is_redirect:  # the key goes to no other address
            said = f"it sends on to {self._one_line(answer.headers['location'])}, not followed"
        raise SourceError(
            f"the Materials Project answers HTTP {status} to a request for {self._asked}: "
            f"{said}; update mp-api and interscreen, or check MP_API_ENDPOINT"
        )

    def _judge(self, error: Exception) -> PassingError:
        """Say what went wrong; raise when asking again is useless."""
        text = str(error).lower()
        known = [meaning for sign, meaning in _NO_CONNECTION.items() if sign in text]
        if self._status and not known:
            return PassingError(f"an answer that cannot be read ({type(error).__name__})")
        if isinstance(error, AttributeError | TypeError):
            raise _outdated(self._one_line(str(error))) from None
        if "certificate" in text:
            raise SourceError(
                f"the Materials Project: its certificate is not accepted ({self.endpoint}); behind "
                "a proxy that opens connections, put the path of its certificate into "
                "REQUESTS_CA_BUNDLE"
            ) from None
        return PassingError(f"no connection ({(*known, self._one_line(str(error)))[0]})")

    def _said(self, answer: Any) -> str:
        """Return in one line what the body of a refusal says."""
        text = answer.text
        with contextlib.suppress(ValueError, AttributeError):
            content = json.loads(text)
            text = str(content.get("detail") or content.get("message") or text)
        return self._one_line(re.sub(r"<[^>]*>", " ", text), 600) or "no reason given"

    def _one_line(self, text: str, most: int = 160) -> str:
        line = " ".join(self._key.hidden_in(text).split())
        return line if len(line) <= most else f"{line[: most - 3]}..."


def _read_page(answer: Any, route: str) -> Page:
    """Check an answer: as many different documents as it announces, with their fields."""
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


def _outdated(problem: str) -> InputError:
    return InputError(
        f"mp-api {_mp_api()} does not work with this version of interscreen ({problem}); install "
        "mp-api as interscreen's dependencies state"
    )


def _mp_api() -> str:
    from importlib.metadata import version

    return version("mp-api")
