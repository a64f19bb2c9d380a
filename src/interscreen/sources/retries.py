"""Ask a service again after failures that may pass."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

T = TypeVar("T")


class PassingError(Exception):
    """A failure that may pass, and how long the service asks to wait [s], where it does."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


def persist(
    ask: Callable[[], T],
    pause: Callable[[PassingError], float],
    sleep: Callable[[float], None],
) -> T:
    """Ask until there is an answer.

    ``ask`` raises ``PassingError`` where asking again may help; ``pause`` is told every such
    failure and returns how long to wait [s], or raises to give up.
    """
    while True:
        try:
            return ask()
        except PassingError as failure:
            seconds = pause(failure)
        sleep(seconds)


def retry_after(value: str | None) -> float | None:
    """Seconds to wait as a ``Retry-After`` header asks for (a number or a date), if it does."""
    if value is None:
        return None
    with suppress(ValueError):
        return max(0.0, float(value))
    with suppress(TypeError, ValueError):
        when = parsedate_to_datetime(value)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    return None
