"""One file over http(s): streamed, resumed where it broke off, kept only when it is complete."""

from __future__ import annotations

import hashlib
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from ..errors import InputError, InterscreenError, OutputError, SourceError
from ..version import version
from .retries import PassingError, persist, retry_after

if TYPE_CHECKING:
    import requests

Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 16
_RETRIED = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE = 60.0  # [s], where the server does not say how long to wait
_LONGEST_RETRY_AFTER = 120.0  # [s]
_WORTHWHILE = 1 << 20  # an attempt that brings this many new bytes starts the count afresh
_REMEDY = "or download the file by hand and give its path"


@dataclass
class _Partial:
    """What has arrived so far, and how the server named the version it belongs to."""

    stream: BinaryIO
    length: int = 0
    total: int | None = None
    etag: str = ""
    modified: str = ""
    digest: Any = field(default_factory=hashlib.sha256)

    def append(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:  # an unbuffered file may take less than it is given
            rest = rest[self.stream.write(rest) :]
        self.digest.update(chunk)
        self.length += len(chunk)

    def restart(self) -> None:
        self.stream.seek(0)
        self.stream.truncate()
        self.length, self.total, self.etag, self.modified = 0, None, "", ""
        self.digest = hashlib.sha256()

    def begin(self, headers: Mapping[str, str]) -> None:
        """Take down the length and the version of a file that is sent from its start."""
        self.restart()
        length = headers.get("Content-Length", "")
        self.total = int(length) if length.isdecimal() else None
        self.etag, self.modified = headers.get("ETag", ""), headers.get("Last-Modified", "")

    def condition(self) -> dict[str, str]:
        """Headers that ask for the rest, provided that the file is still the same."""
        if not self.length:
            return {}
        # a weak ETag (W/) does not promise the same bytes
        mark = self.modified if not self.etag or self.etag.startswith("W/") else self.etag
        return {"Range": f"bytes={self.length}-"} | ({"If-Range": mark} if mark else {})

    def continues(self, headers: Mapping[str, str]) -> bool:
        """Whether a partial answer is the rest of this very file."""
        where = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip())
        if where is None or int(where[1]) != self.length:
            return False
        if self.total is None and where[2] != "*":
            self.total = int(where[2])
        return (
            where[2] in ("*", str(self.total))
            and headers.get("ETag", self.etag) == self.etag
            and headers.get("Last-Modified", self.modified) == self.modified
        )


def public_address(url: str) -> str:
    """Return a web address as it may be shown and stored: without user, password and query.

    Raises
    ------
    InputError
        When it is no http(s) address.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:  # not shown: it may hold a password that cannot be told from the rest
        raise InputError("the address to download from cannot be read; write https://host/path")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def download(
    url: str,
    target: Path,
    *,
    attempts: int = 5,
    timeout: float = 60.0,
    progress: Progress | None = None,
    on_retry: Callable[[str], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Fetch one file; the target appears only when it is complete.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``; user, password and query are used, but never shown.
    target : path
        Where the file goes; ``<target>.part`` beside it holds what has arrived so far.
    attempts : int
        Give up after so many attempts in a row that brought less than 1 MiB each.
    timeout : float
        How long a server may stay silent [s].
    progress : callable, optional
        Called with the bytes that have arrived and the bytes in all (None when unknown); the
        first falls back to 0 when the server makes the download start again.
    on_retry : callable, optional
        Called with one line that says what went wrong and how long the pause is.
    sleep : callable
        Pauses for a number of seconds.

    Returns
    -------
    str
        SHA-256 of the file, in hexadecimal digits.

    Raises
    ------
    InputError
        When the address is no http(s) address.
    SourceError
        When the server refuses, or stays unreachable.
    OutputError
        When the file cannot be written.
    """
    import requests

    shown = public_address(url)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb", buffering=0) as stream, requests.Session() as session:
            partial = _Partial(stream)
            failures, furthest = 0, 0

            def attempt() -> None:
                for _ in _attempt(session, url, shown, partial, timeout):
                    if progress is not None:
                        progress(partial.length, partial.total)

            def pause(problem: PassingError) -> float:
                nonlocal failures, furthest
                worthwhile = partial.length >= furthest + _WORTHWHILE
                failures = 1 if worthwhile else failures + 1
                furthest = max(furthest, partial.length)
                if failures >= attempts:
                    raise SourceError(
                        f"{shown}: {problem} ({failures} attempts); try again later, {_REMEDY}"
                    ) from None
                wait = _pause(failures) if problem.wait is None else problem.wait
                if on_retry is not None:
                    on_retry(
                        f"{shown}: {problem}; attempt {failures + 1} of {attempts} in {wait:.0f} s"
                    )
                return wait

            persist(attempt, pause, sleep)
        os.replace(part, target)
        return str(partial.digest.hexdigest())
    except InterscreenError:  # before OSError: a SourceError is one, too
        raise
    except OSError as error:
        raise OutputError(
            f"{part}: cannot be written ({error.strerror or type(error).__name__}); make room, or "
            "choose another folder with INTERSCREEN_CACHE"
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _attempt(
    session: requests.Session, url: str, shown: str, partial: _Partial, timeout: float
) -> Iterator[None]:
    """Ask for what is missing and append it; yields after every chunk."""
    import requests
    import urllib3

    headers = {
        "User-Agent": f"interscreen/{version()}",
        "Accept-Encoding": "identity",  # the bytes as they are stored: they have the checksum
        **partial.condition(),
    }
    try:
        response = session.get(
            url, headers=headers, stream=True, timeout=timeout, hooks={"response": _stay_encrypted}
        )
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _failure(error, shown, timeout) from None
    with response:
        _judge(response, shown, partial, asked_for_rest="Range" in headers)
        yield
        chunks = response.raw.stream(_CHUNK, decode_content=False)
        while True:
            try:
                chunk = next(chunks, b"")
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                raise _failure(error, shown, timeout) from None
            if not chunk:
                break
            partial.append(chunk)
            yield
    if partial.total is not None and partial.length != partial.total:
        raise PassingError(
            f"the connection ended after {partial.length:,} of {partial.total:,} bytes"
        )


def _judge(
    response: requests.Response, shown: str, partial: _Partial, *, asked_for_rest: bool
) -> None:
    """Go on with a file or with its rest; raise for every other answer."""
    status = response.status_code
    if status == HTTPStatus.OK:
        partial.begin(response.headers)
    elif asked_for_rest and status == HTTPStatus.PARTIAL_CONTENT:
        if not partial.continues(response.headers):
            partial.restart()
            raise PassingError("the file changed during the download")
    elif asked_for_rest and status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        partial.restart()
        raise PassingError("the rest of the file is not to be had")
    elif status in _RETRIED:
        wait = retry_after(response.headers.get("Retry-After"))
        wait = None if wait is None else min(wait, _LONGEST_RETRY_AFTER)
        raise PassingError(f"the server answered {_phrase(status)}", wait)
    else:
        raise SourceError(
            f"{shown}: the server answered {_phrase(status)}; check the address, {_REMEDY}"
        )


def _stay_encrypted(response: requests.Response, **_: Any) -> None:
    """Refuse to follow https to http, where anybody on the way could change the file."""
    if response.is_redirect and urlsplit(response.url).scheme == "https":
        onward = urljoin(response.url, response.headers["Location"])
        if urlsplit(onward).scheme != "https":
            raise SourceError(
                f"{public_address(response.url)}: the server redirects to an address without "
                f"encryption, which is refused; check the address, {_REMEDY}"
            )


def _failure(error: Exception, shown: str, timeout: float) -> Exception:
    """Say what went wrong without the text of the error, which holds the whole address."""
    import requests
    import urllib3

    detail = _system_message(error)
    if isinstance(error, requests.exceptions.SSLError) and "certificate" in detail.lower():
        return SourceError(f"{shown}: {detail}; check the address, {_REMEDY}")
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return PassingError(f"no answer within {timeout:g} s")
    lost = (requests.ConnectionError, urllib3.exceptions.HTTPError)
    if isinstance(error, lost) and not isinstance(error, urllib3.exceptions.LocationValueError):
        return PassingError("the connection broke off" + (f" ({detail})" if detail else ""))
    return SourceError(
        f"{shown}: cannot be downloaded ({type(error).__name__}); check the address, {_REMEDY}"
    )


def _system_message(error: BaseException | None) -> str:
    """Return what the operating system said, from the innermost cause of an error."""
    found = ""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            found = " ".join(str(error.strerror).split())
        error = error.__cause__ or error.__context__
    return found


def _phrase(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def _pause(failures: int) -> float:
    """Back off exponentially, with jitter so that many clients do not return at once [s]."""
    return min(2.0 ** (failures - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.5)
