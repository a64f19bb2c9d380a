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
            old = "; that is a key of the old API" if len(text) in (16, 17) else ""
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
    if os.environ.get("MP_API_KEY", "").strip():
        return "MP_API_KEY"
    return "pymatgen's settings (PMG_MAPI_KEY)" if _from_settings() else ""


def find_key() -> Key | None:
    """Return the key from ``MP_API_KEY`` or pymatgen's settings, or None.

    InputError for something that cannot be a key; the message does not show it.
    """
    place = key_place()
    if not place:
        return None
    return Key(os.environ["MP_API_KEY"] if place == "MP_API_KEY" else _from_settings(), place)


def _from_settings() -> str:
    """Key in pymatgen's settings file or its environment variable."""
    from pymatgen.core import SETTINGS

    return str(os.environ.get("PMG_MAPI_KEY") or SETTINGS.get("PMG_MAPI_KEY") or "").strip()
