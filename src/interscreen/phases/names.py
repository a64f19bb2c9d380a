"""Names that stand for formulas, and words of the field that are no formulas (names.yaml)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import data_yaml, load_yaml, read_text
from .formula import parse_formula, pieces, split_mixture
from .notation import POLYMORPH, cleaned, in_plain_notation, number_text, polymorph_note

# of a document: mp-942733, and mp-aaaaaaft as the Materials Project writes it since 2026.04.13
IDENTIFIER = re.compile(r"(?:[a-z]{2,6}|JVASP)-\d+|(?:mp|mvc)-[a-z]+")

_SAID = ("cathodes", "salts")


@dataclass(frozen=True)
class Name:
    """A name and the formula, or the mixture, that it stands for.

    Attributes
    ----------
    name, formula : str
    electrolyte : bool
        Whether it belongs to the list of electrolytes, the user's own among them.
    note : str
        What a result says about how the name was read; empty where the list is the user's.
    """

    name: str
    formula: str
    electrolyte: bool = True
    note: str = ""


class Names(dict[str, Name]):
    """Names by themselves; what was looked up in one list is remembered for that list."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@lru_cache(maxsize=1)
def names() -> Names:
    """Names that stand for formulas: the shipped list, with the user's own entries over it.

    InputError when the user's list cannot be read.
    """
    shipped = data_yaml("names.yaml")
    found = _entries(shipped["electrolytes"], "names.yaml")
    for kind in _SAID:
        for name, formula in shipped[kind].items():
            found[name] = _said(name, formula)
    own = user_electrolytes_file()
    if own.is_file():
        found.update(_entries(load_yaml(read_text(own, "electrolyte list"), str(own)), str(own)))
    elif os.environ.get("INTERSCREEN_ELECTROLYTES"):
        raise InputError(f"electrolyte list {own}: no such file (INTERSCREEN_ELECTROLYTES)")
    return found


def electrolytes() -> dict[str, str]:
    """Formulas of the electrolytes by name, the user's own among them."""
    return {name: entry.formula for name, entry in names().items() if entry.electrolyte}


def user_electrolytes_file() -> Path:
    """Return the place of the user's own list (or what ``INTERSCREEN_ELECTROLYTES`` says)."""
    chosen = os.environ.get("INTERSCREEN_ELECTROLYTES")
    if chosen:
        return Path(chosen)
    from platformdirs import user_config_dir

    return Path(user_config_dir("interscreen", appauthor=False)) / "electrolytes.yaml"


def _entries(data: Any, where: str) -> Names:
    if not isinstance(data, Mapping):
        raise InputError(f"{where}: write one electrolyte a line, NAME: FORMULA")
    found = Names()
    for name, formula in data.items():
        if not isinstance(name, str) or not isinstance(formula, str):
            raise InputError(f"{where}: {name!r}: {formula!r} is not NAME: FORMULA")
        try:
            for _, part in split_mixture(formula):
                parse_formula(part)
        except InputError as error:
            raise InputError(f"{where}: {name}: {error}") from None
        found[name] = Name(name, formula)
    return found


def _said(name: str, formula: str) -> Name:
    return Name(name, formula, electrolyte=False, note=f"{name} read as {formula}")


def find_name(text: str) -> Name | None:
    """Entry of the list with this name (capitals ignored when nothing else fits)."""
    known, text = names(), cleaned(text)
    if text in known:
        return known[text]
    if found := _shares(text):
        return found
    lower = {name.lower(): entry for name, entry in known.items()}
    if text.lower() in lower and not _readable(text):
        return lower[text.lower()]
    prefix = POLYMORPH.match(text)  # c-LLZO
    entry = find_name(text[prefix.end() :]) if prefix else None
    return replace(entry, note=polymorph_note(text, entry.formula)) if entry else None


def _shares(text: str) -> Name | None:
    """Read letters with the shares of three metals (``NCM811``).

    They are tenths, or equal.  InputError for other digits: NCM90, and NMC955, which is 90, 5, 5.
    """
    match = re.fullmatch(r"([A-Za-z]+)[ -]?(\d+)", text)
    formula = data_yaml("names.yaml")["shares"].get(match.group(1).upper()) if match else None
    if match is None or formula is None:
        return None
    shares = [int(digit) for digit in match.group(2)]
    tenths = len(shares) == 3 and all(shares) and (sum(shares) == 10 or len(set(shares)) == 1)
    if not tenths:
        raise InputError(
            f"{text}: its digits are no tenths of three metals; write the formula, as "
            f"{formula.format('0.9', '0.05', '0.05')}"
        )
    amounts = (number_text(Fraction(share, sum(shares))) for share in shares)
    return _said(text, formula.format(*amounts))


def _readable(text: str) -> bool:
    try:
        parse_formula(text)
    except InputError:
        return False
    return True


@cache
def _refused() -> dict[str, tuple[str, str, str]]:
    """Word, what it means and why it is refused, by the word in small letters."""
    return {
        word.lower(): (word, meaning, reason)
        for reason, words in data_yaml("names.yaml")["refused"].items()
        for word, meaning in words.items()
    }


def refuse_words(text: str) -> None:
    """Refuse words of the field that are no formulas, and isotopes of hydrogen, in a mixture.

    For what a user hands in; a phase of a table may well be called SN.  InputError says what the
    word means, and how to write the elements if they are meant.
    """
    for _, part in split_mixture(text):
        word = cleaned(part)
        listed, meaning, reason = _refused().get(word.lower(), ("", "", ""))
        if find_name(part) is not None:
            continue
        if listed and (word == listed or not _readable(word)):
            meant = word.isalpha() and _readable(word) and not _isotopes(word)
            elements = f"; write {written_out(word)} if the elements are meant" if meant else ""
            raise InputError(f"{word} ({meaning}): {reason}{elements}")
        if IDENTIFIER.fullmatch(word):
            raise InputError(
                f"{word} is an identifier: only single questions to a source that is at hand and "
                "has identifiers take one; write the formula"
            )
        if isotopes := _isotopes(part):
            raise InputError(
                f"formula {part!r}: {min(isotopes)} is an isotope of hydrogen; write H if it is "
                "meant (the energies are the same)"
            )


def _isotopes(text: str) -> set[str]:
    if not _readable(text):
        return set()
    return {piece.symbol for piece in pieces(in_plain_notation(text)[0])} & {"D", "T"}


def written_out(formula: str) -> str:
    """Write every amount of a formula that is spelled like a refused word (``S1N1``)."""
    found = _refused().get(formula.lower())
    if found is None or found[0] != formula:
        return formula
    return re.sub(r"([A-Z][a-z]?)(?!\d)", r"\g<1>1", formula)
