"""What a name or a remark may hold: it ends up in tables, figures, pages and on terminals."""

from __future__ import annotations

import re

from ..errors import InputError

LONGEST_NAME, LONGEST_TEXT = 200, 5000  # characters
# line breaks and escapes, what XML cannot hold, and what turns the direction of writing
_UNSHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_FORMULAS = ("=", "+", "-", "@")  # a spreadsheet executes a cell that begins so


def checked_text(text: str, what: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that can be shown anywhere.

    Raises
    ------
    InputError
        For control characters, a beginning that spreadsheets take for a formula, and a text longer
        than ``longest`` characters.
    """
    if len(text) > longest:
        raise InputError(f"{what} {text[:40]!r}...: {len(text)} characters, at most {longest}")
    if found := _UNSHOWN.search(text):
        raise InputError(f"{what} {text!r}: holds the control character {found[0]!r}; leave it out")
    if text.startswith(_FORMULAS):
        raise InputError(
            f"{what} {text!r}: begins with {text[0]!r}, which spreadsheets take for a formula; put "
            "another character first"
        )
    return text
