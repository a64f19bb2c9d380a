"""Identifiers of the Materials Project: ``mp-149``, which is ``mp-aaaaaaft`` since 2026.04.13."""

from __future__ import annotations

import re
from collections.abc import Container

_IDENTIFIER = re.compile(r"(?:mp|mvc)-(?:\d+|[a-z]+)")
_LETTERS = 8  # that the service writes


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
    if not is_identifier(identifier):
        return identifier
    from emmet.core.mpid import AlphaID

    spelled = AlphaID(identifier, padlen=_LETTERS)
    return str(spelled) if letters else str(spelled.string)
