"""Treatments of surfaces, one table each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from ...phases.units import is_number
from ..cells import Row
from ..markup import marked, number
from .data import Run

_ZERO_C = 273.15


@dataclass(frozen=True)
class Treated:
    """One surface: title and cells of each step, in HTML; or why it could not be computed."""

    title: str
    steps: list[list[str]]
    failed: str


def treatments(run: Run) -> list[Treated]:
    """Return the treatments of a run in their order."""
    rows = run.extra.get("treatments", [])
    found = []
    for (treatment, surface, candidate), some in groupby(rows, key=_surface):
        steps = list(some)
        title = marked(surface) + (f", {marked(candidate)} on it" if candidate else "")
        written = "; ".join(str(row.get("treatment_step") or "") for row in steps)
        title += "" if treatment == written else f": {marked(treatment)}"
        failed = marked(str(steps[0].get("reason") or ""))
        found.append(Treated(title, [] if failed else [_cells(row) for row in steps], failed))
    return found


def _surface(row: Row) -> tuple[str, str, str]:
    treatment, surface, candidate = (
        str(row.get(key) or "") for key in ("treatment", "surface", "candidate")
    )
    return treatment, surface, candidate


def _cells(row: Row) -> list[str]:
    kelvin = row.get("temperature_K")
    step, left, taken, off = (
        str(row.get(key) or "")
        for key in ("treatment_step", "phases_left", "taken_up", "given_off")
    )
    return [
        marked(step),
        number(kelvin - _ZERO_C) if is_number(kelvin) else "",
        marked(left or "nothing"),
        *(marked(gas.replace("(g)", "")) for gas in (taken, off)),
    ]
