"""Ctrl-C that is never lost: compiled code may swallow the exception, not the note of it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def noticed_interrupts() -> Iterator[Callable[[], None]]:
    """Give a function that raises KeyboardInterrupt if one came since; call it now and then."""
    came = threading.Event()

    def check() -> None:
        if came.is_set():
            raise KeyboardInterrupt

    def handler(number: int, frame: Any) -> None:
        came.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check  # only the main thread may set a handler
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
