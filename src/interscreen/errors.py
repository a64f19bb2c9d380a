"""One family of exceptions; each message names the value, the place and the remedy."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


class InterscreenError(Exception):
    """Base of every error that interscreen raises on purpose.

    Attributes
    ----------
    exit_code : int
        What the command line returns for it.
    """

    exit_code = 1


class InputError(InterscreenError, ValueError):
    """Something the user handed in cannot be used (formula, table, study, option)."""

    exit_code = 2


class OutputError(InterscreenError):
    """A result could not be written."""

    exit_code = 2


class SourceError(InterscreenError):
    """A source elsewhere refused, failed or answered something unusable; nothing half is kept."""

    exit_code = 4


class SolverError(InterscreenError, ArithmeticError):
    """An equilibrium could not be certified; no number is returned in its place."""

    exit_code = 5


class InterscreenWarning(UserWarning):
    """Something about an answer that its reader should know."""


def reason_of(error: Exception) -> str:
    """Return in one line why something could not be computed, for a row that says so."""
    if isinstance(error, InterscreenError):
        return str(error)
    log.debug("unexpected error", exc_info=error)
    return f"unexpected {type(error).__name__}: {error}; please report it"
