"""Identifiers of the Materials Project: ``mp-149``, which is ``mp-aaaaaaft`` since 2026.04.13."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import reduce
from string import ascii_lowercase

_IDENTIFIER = re.compile(r"(?:mp|mvc)-(?:\d+|[a-z]+)")
_LETTERS = 8  # that the service writes
_LAST_NUMBER = 3347529  # of the materials that are older than the change


def stored(identifier: str) -> str:
    """Return the spelling that the store keeps: numbers, and letters for ids that never had any.

    What is no identifier is returned as it is.
    """
    return _spelled(identifier, letters=False)


def in_letters(identifier: str) -> str:
    """Return the spelling of the service, ``mp-aaaaaaft``; what is no identifier as it is."""
    return _spelled(identifier, letters=True)


def is_identifier(text: str) -> bool:
    """Whether a text is an identifier of a material, in either spelling."""
    return _IDENTIFIER.fullmatch(text) is not None


def spelled_as(identifier: str, known: Container[str]) -> str:
    """Return the spelling of an identifier that is known, or the one given."""
    spellings = (identifier, stored(identifier), in_letters(identifier))
    return next((text for text in spellings if text in known), identifier)


def _spelled(identifier: str, *, letters: bool) -> str:
    """Spell the number of an identifier: letters are its digits to the base 26."""
    if not is_identifier(identifier):
        return identifier
    prefix, _, text = identifier.partition("-")
    if text.isdecimal():
        number = int(text)
    else:
        number = reduce(lambda value, letter: 26 * value + ascii_lowercase.index(letter), text, 0)
    if number <= _LAST_NUMBER and not letters:
        return f"{prefix}-{number}"
    spelled = ""
    while number:
        number, digit = divmod(number, 26)
        spelled = ascii_lowercase[digit] + spelled
    return f"{prefix}-{spelled.rjust(_LETTERS, ascii_lowercase[0])}"
