"""The study behind ``discover``: every compound that somebody made, less what cannot be a layer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import InputError
from ..phases.cathodes import find_cathode
from ..phases.compounds import compound_lists
from ..phases.formula import nearest
from ..phases.material import elements_of
from .entries import MaterialEntry
from .query import NEAR, parse_query
from .study import Study
from .where import element_lists

# what sorts out a compound before anything is computed, and in which words
RULES = (
    ("observed == yes", "that somebody has made"),
    ("not volatile", "no volatile or gaseous ones"),
    ("not elements has radioactive", "no radioactive elements"),
    ("not elements has noble_gases", "no noble gases"),
    (f"{NEAR} > 0.05", "not the electrolyte itself, or nearly (5 % of the atoms)"),
)
# the same for what was asked beside them: pattern and words
_ASKED = (
    (r"n_elements <= (\d+)", r"at most \1 elements"),
    (r"not elements has ([A-Z]\w?)", r"without \1"),
    (r"not elements has (\w+)", r"without \1 elements"),
    (r"not (\w+)", r"no \1 ones"),
)
MOST_ELEMENTS = 4
BEST = 10  # of each role, for each electrolyte, with error bars


def discovery(
    electrolytes: Sequence[str],
    *,
    cathodes: Sequence[str] = (),
    exclude: Sequence[str] = (),
    max_elements: int = MOST_ELEMENTS,
    conditions: str = "",
    best: int = BEST,
) -> Study:
    """Return the study of every compound that could be a layer on some electrolytes.

    Parameters
    ----------
    electrolytes : sequence of str
        Names or formulas.
    cathodes : sequence of str
        As ``find_cathode`` reads them.
    exclude : sequence of str
        Elements, lists of elements (``toxic``, ``precious``) and lists of compounds
        (``hygroscopic``) to sort out, too.
    max_elements : int
        Elements of a candidate at most.
    conditions : str
        A further condition on candidates (docs/screens.md).
    best : int
        How many of each role get error bars and sensitivity, for each electrolyte.

    Raises
    ------
    InputError
        For a word in ``exclude`` that is no element and no list, a misspelled formula or
        condition, or a number that is too small.

    Examples
    --------
    >>> from interscreen.screen.discover import discovery
    >>> discovery(["LATP"], exclude=["toxic"], max_elements=3).query.where[-51:]
    'not elements has toxic and n_elements <= 3'
    """
    for name, value in (("--max-elements", max_elements), ("--count", best)):
        if value < 1:
            raise InputError(f"{name} {value}: use 1 or more")
    elements_of(electrolytes)  # a misspelled one is a line, not a traceback
    sides = [find_cathode(name) for name in cathodes]
    parts = [rule for rule, _ in RULES]
    parts += [_without(word) for word in exclude]
    parts.append(f"n_elements <= {max_elements}")
    if conditions:
        parts.append(f"({conditions})")
    theirs = [MaterialEntry(formula=name) for name in electrolytes]
    return Study(
        name=f"discover {', '.join(electrolytes)}".replace("/", " "),
        electrolytes=theirs,
        cathode=cathodes,
        cathodes=[MaterialEntry(formula=one.discharged.formula, name=one.name) for one in sides],
        candidates=[],
        query=parse_query(" and ".join(parts)),
        best=best,
    )


def rule_words(rule: str) -> str:
    """Return what a condition asks for in words; those of a user's own are quoted."""
    known = {"all": "compounds of the source", **dict(RULES)}
    if rule in known:
        return known[rule]
    for pattern, words in _ASKED:
        if found := re.fullmatch(pattern, rule):
            return found.expand(words)
    return f"with {rule}"


def _without(word: str) -> str:
    """Condition that sorts out an element or a list."""
    from pymatgen.core import Element

    if word in element_lists() or Element.is_valid_symbol(word):
        return f"not elements has {word}"
    if word in compound_lists():
        return f"not {word}"
    lists = [*element_lists(), *compound_lists()]
    raise InputError(
        f"--exclude {word}: no element and no list{nearest(word, lists, 1)}; lists are "
        f"{', '.join(lists)}"
    )
