"""Run families of rows or entries: one of them makes a table, whichever way they come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.source import MIXED, run_family

FAMILY_KEYS = ("thermo_type", "run_type", "functional", "xc_functional", "xc")
"""Columns of tables, and parameters of entries, that state it; the first one counts."""


def one_family(
    families: Sequence[str], name: str, what: str, chosen: str = ""
) -> tuple[NDArray[np.int64], str, tuple[str, ...]]:
    """Return the rows of the only run family of a file, or of the chosen one, its name, and notes.

    Rows that state none (empty) belong to any, with a note; the name is empty where no row states
    one.

    Raises
    ------
    InputError
        For several families without a choice, mixed energies, or a choice that no row meets; the
        message counts what was found.
    """
    counts = Counter(family for family in families if family)
    wanted = run_family(chosen)
    found = ", ".join(f"{one[:40]}: {count}" for one, count in sorted(counts.items())[:8])
    pure = sorted(set(counts) - {MIXED})
    if wanted and counts and wanted not in pure:
        raise InputError(f"{name}: --family {chosen}: none of its {what} ({found})")
    if not wanted and len(counts) > 1:
        remedy = " or ".join(f"--family {family}" for family in pure[:8])
        raise InputError(
            f"{name}: {what} of different run families ({found}) must not share a hull; choose "
            f"one: {remedy}"
        )
    if not wanted and MIXED in counts:
        raise InputError(
            f"{name}: {what} of the mixed run family ({found}), whose energies are adjusted anew "
            "in each chemical system, so they share no table; hand in those of one family "
            "(--source mp fetches them)"
        )
    family = wanted if wanted in counts else next(iter(counts), "")
    kept = [i for i, stated in enumerate(families) if stated in ("", family)]
    silent = sum(not families[i] for i in kept) if family else 0
    said = f"{name}: {silent} of {len(kept)} {what} state no run family; they count as {family}"
    return np.array(kept, dtype=np.int64), family, (said,) if silent else ()
