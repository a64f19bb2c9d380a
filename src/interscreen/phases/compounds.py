"""Named lists of compounds (data/compound_lists.csv): what boils away, what air spoils."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..files import data_rows

VOLATILE, GASEOUS, HYGROSCOPIC = "volatile", "gaseous", "hygroscopic"
ROOM_C = 25.0  # what boils or sublimes up to here is gaseous


@cache
def compound_lists() -> Mapping[str, Mapping[str, str]]:
    """Return why each compound is on a list, by list and reduced formula.

    ``volatile``: boils, sublimes or decomposes to vapours at 1 bar up to 250 C; ``gaseous``: up to
    25 C; ``hygroscopic``: deliquescent, or reacts with the water of air.  Compounds are judged by
    composition; what no list names may still be so.
    """
    found: dict[str, dict[str, str]] = {VOLATILE: {}, GASEOUS: {}, HYGROSCOPIC: {}}
    for row in data_rows("compound_lists.csv"):
        why, formula = row["why"], row["formula"]
        if row["temperature_C"]:
            why = f"{why} at {row['temperature_C']} \N{DEGREE SIGN}C"
            if float(row["temperature_C"]) <= ROOM_C:
                found[GASEOUS][formula] = why
        found[row["list"]][formula] = why
    return found
