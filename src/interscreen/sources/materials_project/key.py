"""The API key: found, checked, kept out of every text."""

from __future__ import annotations

import os
import re

from ...errors import InputError

_KEY = re.compile(r"[A-Za-z0-9]{32}")


class Key:
    """A key that shows itself to nobody but the one who calls ``reveal``."""

    __slots__ = ("_value", "found_in")

    def __init__(self, value: str, found_in: str) -> None:
        text = value.strip()
        if not _KEY.fullmatch(text):
            old = "; that is a key of the old API" if _old(text) else ""
            raise InputError(
                f"the API key in {found_in} has {len(text)} characters, a Materials Project key is "
                f"32 letters and digits{old}; copy it again from your dashboard there"
            )
        self._value, self.found_in = text, found_in

    def reveal(self) -> str:
        """Return the key itself, for the header of a request."""
        return self._value

    def hidden_in(self, text: str) -> str:
        """Return a text with the key taken out of it."""
        return text.replace(self._value, "<key>")

    def __repr__(self) -> str:
        return f"Key(found in {self.found_in})"

    def __reduce__(self) -> str:
        raise TypeError("an API key is not stored or sent to other processes")


def key_place() -> str:
    """Where a key is set: a name for messages, empty where there is none; never the key."""
    return next((place for place, value in _found() if not _old(value)), "")


def old_key_place() -> str:
    """Where there is nothing but a key of the old API, which the service takes no longer."""
    return "" if key_place() else next((place for place, _ in _found()), "")


def find_key() -> Key | None:
    """Return the key from ``MP_API_KEY`` or pymatgen's settings, or None.

    InputError for something that cannot be a key; the message does not show it.
    """
    found = sorted(_found(), key=lambda pair: _old(pair[1]))
    return Key(found[0][1], found[0][0]) if found else None


def _old(value: str) -> bool:
    return len(value) in (16, 17)


def _found() -> list[tuple[str, str]]:
    """Places where a key is set, and what stands there."""
    given = os.environ.get("MP_API_KEY", "").strip()
    first = [("MP_API_KEY", given)] if given else []
    settings = "" if given and not _old(given) else _from_settings()
    return first + ([("pymatgen's settings (PMG_MAPI_KEY)", settings)] if settings else [])


def _from_settings() -> str:
    """Key in pymatgen's settings file or its environment variable."""
    from pymatgen.core import SETTINGS

    return str(os.environ.get("PMG_MAPI_KEY") or SETTINGS.get("PMG_MAPI_KEY") or "").strip()
