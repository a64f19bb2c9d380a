"""Ctrl-C, TERM and HUP end a command in one way: what it began is undone, its workers end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

_HEARD = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
_came: list[int] = []


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Turn each of the signals into KeyboardInterrupt while a command runs.

    A signal that whoever started the process wants ignored (``nohup``) stays ignored.
    """
    _came.clear()
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    before = {number: signal.getsignal(number) for number in _HEARD}
    taken = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in taken:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def _stop(number: int, frame: Any) -> None:
    _came.append(number)
    if len(_came) == 1 or number == signal.SIGINT:  # TERM after HUP does not stop the tidying up
        raise KeyboardInterrupt


def check() -> None:
    """Raise KeyboardInterrupt if a signal came; a library may have swallowed the first one."""
    if _came:
        raise KeyboardInterrupt


def came() -> int:
    """Return the first signal that came; 0 for none."""
    return _came[0] if _came else 0
