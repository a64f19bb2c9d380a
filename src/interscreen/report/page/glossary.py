"""The words of the page: those of the field, and the columns of its tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# what no column is called
TERMS = (
    ("Anchor", "a simple compound whose energy is measured; a phase on the anchored scale is its "
     "anchors at their measured energies, and its own reaction from them as computed"),
    ("Bare Li", "lithium metal on the electrolyte without a layer: what every candidate is "
     "compared with"),
    ("Bridge", "the salt of the converted layer that holds the potential of lithium off the "
     "electrolyte; its margin is how far their windows overlap"),
    ("Converted layer", "the phases that a candidate becomes in contact with lithium metal"),
    ("Facing phase", "the phase of the converted layer that touches the electrolyte"),
    ("Interval, 90 %", "between the ends lie 90 % of the results when the energies are varied "
     "within their errors; it holds the number itself, which is that of the energies as they are"),
    ("Mutual energy", "energy per atom that two materials gain by reacting with each other, less "
     "what either gains by decomposing alone; 0: they coexist"),
    ("Phase in doubt", "a computed phase that perhaps nobody can make, and that changes an "
     "answer when it is counted or left out"),
    ("Tie", "scores nearer to each other than the accuracy of the method"),
)  # fmt: skip


def words(
    columns: Mapping[str, Sequence[Any]], put: Callable[[str], str] = str
) -> list[tuple[str, str]]:
    """Return words with their meanings, by letters: the terms, and columns (label, unit, meaning).

    Of columns with the same label and meaning one is named; ``put`` puts another ion into the
    terms.
    """
    found = dict.fromkeys((put(word), put(meaning)) for word, meaning in TERMS)
    known = {word.lower() for word, _ in found}
    for label, unit, meaning, *_ in columns.values():
        if meaning and label.lower() not in known:
            found[(f"{label} [{unit}]" if unit else label, plain(meaning))] = None
    return sorted(found, key=lambda pair: pair[0].lower())


def plain(meaning: str) -> str:
    """Return a meaning without the names of files that a reader of the page does not have."""
    return re.sub(r" \((?:docs|data)/[^)]*\)", "", meaning)
