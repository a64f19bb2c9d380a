"""The Materials Project's REST service: one answer at a time, with retries."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from ...errors import InputError, SourceError
from ...phases.identifiers import stored
from .documents import FIELDS, HULL, THERMO
from .key import Key
from .store import VERSION_NAME

ADDRESS = "https://api.materialsproject.org/"
PAGE = 1000  # documents in one answer; the service gives no more
ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # s, doubled each time
_PATIENCE = 300.0  # s; a service that asks for more than that is left alone
_TIME_LIMIT = (10.0, 60.0)  # s, to connect and between two parts of an answer
_SILENCE = 4.0  # s; then a line says what is waited for
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NO_CONNECTION = {
    "timed out": "it timed out", "refused": "refused",
    "resolve": "its name is not known here: is this machine online?",
    "incompleteread": "it broke off", "connection broken": "it broke off",
    "remotedisconnected": "it broke off", "connection reset": "it broke off",
    "proxy": "the proxy does not let it through",
}  # fmt: skip

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


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

    The address (``endpoint``) is by default that in ``MP_API_ENDPOINT``, or the project's own;
    ``notify`` is told in one line about every wait [s].  ``answers`` counts pages.  SourceError
    when the service refuses the key, or stays unreachable.
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

        from ...version import version

        self._key, self.family = key, family
        self._notify = notify or (lambda text: log.warning("%s", text))
        self._sleep, self._attempts, self.answers = sleep, attempts, 0
        self.endpoint = _address(endpoint)
        self._session = requests.Session()
        self._session.headers["x-api-key"] = key.reveal()
        self._session.headers["user-agent"] = f"interscreen/{version()}"
        self.database = self.current_database()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def current_database(self) -> str:
        """Version of the database that the service answers from at this moment."""

        def read(answer: Any) -> str:
            version = answer["db_version"]
            if not isinstance(version, str) or not VERSION_NAME.fullmatch(version):
                raise PassingError("a heartbeat without a database version")
            return version

        self.checked = time.monotonic()
        return self._ask("heartbeat", "heartbeat", {}, read)

    def page(
        self,
        route: str,
        *,
        systems: Sequence[str] = (),
        between: tuple[float, float] = (-math.inf, math.inf),
        identifiers: Sequence[str] = (),
        control: str = "",
        family: str = "",
    ) -> Page:
        """Ask for the documents of some chemical systems (none: of all), at most ``PAGE`` of them.

        ``between`` are the least and the largest formation energy [eV/atom], both included;
        ``identifiers`` asks for some documents only.  ``control`` is a system that has documents:
        an answer without them is none.  ``family`` is by default the client's.  SourceError when no
        usable answer came.
        """
        extra = [control] if control and control not in systems else []
        low, high = (repr(limit) if math.isfinite(limit) else None for limit in between)
        thermo = route in (THERMO, HULL)
        spelled = (family or self.family).replace("R2SCAN", "r2SCAN")  # as the service does
        parameters = {
            "_limit": PAGE,
            "_fields": ",".join(FIELDS[route]),
            "chemsys": ",".join([*systems, *extra]) or None,
            "material_ids": ",".join(identifiers) or None,
            "formation_energy_per_atom_min": low,
            "formation_energy_per_atom_max": high,
            "thermo_types": spelled if thermo else None,
        }

        def read(answer: Any) -> Page:
            page = _read_page(answer, route)
            of_control = [i for i, d in page.documents.items() if d["chemsys"] == control]
            if control and not of_control and page.total <= PAGE:
                raise PassingError(f"{route} documents without those of {control}")
            for identifier in of_control if extra else ():
                del page.documents[identifier]
            return page

        what = f"{route} documents"
        if systems:
            what += f" of {len(systems)} system{'s' * (len(systems) > 1)}"
        path = "materials/thermo/" if thermo else "materials/summary/"
        self.answers += 1
        return self._ask(what, path, parameters, read)

    # -- asking again ------------------------------------------------------------------------------

    def _ask(
        self, what: str, path: str, parameters: dict[str, Any], read: Callable[[Any], Answer]
    ) -> Answer:
        """Ask until there is an answer; give up with one line that says why."""
        for attempt in range(1, self._attempts + 1):
            try:
                return self._get(what, path, parameters, read)
            except PassingError as failure:
                problem = failure
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

    def _get(
        self, what: str, path: str, parameters: dict[str, Any], read: Callable[[Any], Answer]
    ) -> Answer:
        """Ask once; say what is waited for when the answer takes long."""
        line = f"the Materials Project: waiting for an answer ({what})"
        timer = threading.Timer(_SILENCE, self._notify, [line])
        timer.daemon = True
        timer.start()
        try:
            answer = self._session.get(
                self.endpoint + path,
                params=parameters,
                timeout=_TIME_LIMIT,
                allow_redirects=False,  # the key goes to no other address
            )
        except Exception as error:  # of requests and what is below it: the kinds are many
            raise self._no_connection(error) from None
        finally:
            timer.cancel()
        self._check_status(answer, what)
        try:
            return read(answer.json())
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # of another form
            raise PassingError(f"an answer that cannot be read ({type(error).__name__})") from None

    def _no_connection(self, error: Exception) -> PassingError:
        """Say why no answer came; raise when asking again is useless."""
        text = str(error).lower()
        if "certificate" in text:
            raise SourceError(
                f"the Materials Project: its certificate is not accepted ({self.endpoint}); behind "
                "a proxy that opens connections, put the path of its certificate into "
                "REQUESTS_CA_BUNDLE"
            ) from None
        known = [meaning for sign, meaning in _NO_CONNECTION.items() if sign in text]
        return PassingError(f"no connection ({(*known, self._one_line(str(error)))[0]})")

    def _check_status(self, answer: Any, what: str) -> None:
        """Raise for every answer but a good one, SourceError where asking again is useless."""
        from urllib3.exceptions import InvalidHeader
        from urllib3.util import Retry

        status = answer.status_code
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
                f"machine's address (HTTP {status}, {what}): {self._said(answer)}; check "
                "the key on your dashboard there"
            )
        said = self._said(answer)
        if answer.is_redirect:
            said = f"it sends on to {self._one_line(answer.headers['location'])}, not followed"
        raise SourceError(
            f"the Materials Project answers HTTP {status} to a request for {what}: "
            f"{said}; update interscreen, or check MP_API_ENDPOINT"
        )

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


def _address(given: str | None) -> str:
    """Return the address of the service, which ends with a slash; InputError for none."""
    names = ("MPRESTER_ENDPOINT", "MP_API_ENDPOINT")  # as the project's own client has it
    address = given or next(filter(None, map(os.environ.get, names)), ADDRESS)
    if not re.match(r"https?://[^/]", address):
        raise InputError(
            f"MP_API_ENDPOINT: {address!r} is no address of a service; it begins with https://"
        )
    return address if address.endswith("/") else f"{address}/"


def _read_page(answer: Any, route: str) -> Page:
    """Check an answer: as many different documents as it announces, with their fields."""
    documents, total = answer["data"], answer["meta"]["total_doc"]
    for document in documents:
        if not isinstance(document, dict) or not document.get("material_id"):
            raise PassingError(f"a {route} document without material_id")
        if "chemsys" not in document:
            raise PassingError(f"{route} documents without the fields that were asked for")
    found = {stored(str(document["material_id"])): document for document in documents}
    if len(found) != min(total, PAGE):
        raise PassingError(f"{len(found)} different documents where {total} were announced")
    return Page(found, total)
