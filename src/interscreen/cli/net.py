"""The last net: what nobody foresaw becomes one line, and the details go to a file."""

from __future__ import annotations

import os
import platform
import shlex
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime

from ..files import write_whole
from ..phases.cache import cache_folder
from ..version import version


def record(error: Exception, words: Sequence[str]) -> str:
    """Write the details of an error below the cache folder; return what happened, and where."""
    from ..sources.materials_project.key import find_key

    try:
        key = find_key()
    except Exception:  # whatever is set there, it is no key
        key = None
    details = "".join(traceback.format_exception(error))
    reason = (str(error).strip().splitlines() or ["no more is known"])[0][:200]
    now = datetime.now(UTC)
    text = (
        f"interscreen {version()}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{now.isoformat(timespec='seconds')}: {shlex.join(['interscreen', *words])}\n\n{details}"
    )
    if key is not None:
        text, reason = key.hidden_in(text), key.hidden_in(reason)
    file = cache_folder() / "errors" / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text.encode("utf-8", "backslashreplace"))
        where = f"the details are in {file}; please report it with this file"
    except (OSError, ValueError):
        where = f"no file for the details could be written in {file.parent}; please report it"
    return f"{type(error).__name__}: {reason}; {where}"
