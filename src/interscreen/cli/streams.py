"""What a terminal can show: no traceback for a sign it lacks, no escape sequence from a file."""

from __future__ import annotations

import codecs
import os
import re
import sys
import unicodedata

# signs of the program's own texts; other letters lose their accents, what is left becomes ?
_PLAIN = {
    "±": "+/-", "−": "-", "–": "-", "—": "-", "→": "->", "≤": "<=", "≥": ">=", "×": "x",
    "·": ".", "…": "...", "°": " deg ", "µ": "u", "μ": "u", "Δ": "d", "σ": "sigma", "’": "'",
}  # fmt: skip
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def prepare() -> None:
    """Make the standard streams take every text, whatever their encoding is, and closed ones too.

    Where an encoding lacks a sign, ASCII stands in for it.
    """
    codecs.register_error("interscreen", _plainly)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started the process
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace" if takes_all(stream) else "interscreen")


def takes_all(stream: object) -> bool:
    """Whether a stream is written in an encoding that has every sign."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return str(encoding).lower().replace("_", "-").startswith("utf")


def silence(stream: object) -> None:
    """Send what is still written to a stream nowhere: its reader is gone, or its disk full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]


def shown(text: str) -> str:
    """Return a text with control characters written out, which a terminal would obey."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    signs = (
        _PLAIN.get(sign)
        or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        or "?"
        for sign in text
    )
    return "".join(signs), error.end
