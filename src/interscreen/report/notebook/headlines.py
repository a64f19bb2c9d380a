"""Results in one line, for a terminal and for the text of a notebook's cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...answers.lithiation import format_amount
from ..text.answers import rounded

if TYPE_CHECKING:
    from ...answers.lithiation import Lithiation
    from ...answers.map import CompositionMap
    from ...answers.profile_result import Profile
    from ...answers.reaction import Reaction
    from ...answers.sensitivity import Sensitivity
    from ...answers.stack import Stack
    from ...answers.window import Window
    from ...screen.run import ScreenResult
    from ...validation import Validation

_LONGEST = 60  # of a text inside the line


def headline(result: Any) -> str:
    """Return ``<Kind: what it says>`` on one line; never fails."""
    names = [kind.__name__ for kind in type(result).__mro__]
    write = next((_LINES[name] for name in names if name in _LINES), _fields)
    try:
        said = write(result)
    except Exception:  # whatever is wrong with it, a debugger must be able to print it
        said = ""
    return f"<{type(result).__name__} {said}>" if said else f"<{type(result).__name__}>"


def names_of(result: Reaction | Profile) -> str:
    """Both reactants, as they were written."""
    return " | ".join(str(reactant["input"]) for reactant in result.reactants)


def _fixed(value: float, digits: int) -> str:
    return rounded(round(value, 9), digits)  # without noise, see card.fixed


def _milli(value: float) -> str:
    return _fixed(1000.0 * value, 1)


def _reaction(result: Reaction) -> str:
    where = "" if result.potential_V is None else f" at {result.potential_V:g} V"
    said = f"{names_of(result)}{where}: "
    if result.mixing_fraction is None:
        return said + "no mutual reaction"
    return said + (
        f"{_milli(result.min_mutual_energy_eV_per_atom)} meV/atom at x = "
        f"{_fixed(result.mixing_fraction, 3)}, {result.equation}"
    )


def _window(result: Window) -> str:
    low, high = result.assemblage_window_V
    top = "no upper limit" if high is None else f"{_fixed(high, 3)} V"
    phase = "" if result.phase_window_V else ", none of the phase itself"
    return f"{result.material}: {_fixed(low, 3)} V to {top}{phase}"


def _lithiation(result: Lithiation) -> str:
    if not result.steps:
        return f"{result.material}: takes up no Li"
    steps = ", ".join(_fixed(step.voltage_V, 3) for step in result.steps[:6])
    final = " + ".join(format_amount(name, n) for name, n in result.final_amounts.items())
    more = f" and {len(result.steps) - 6} more" if len(result.steps) > 6 else ""
    return f"{result.material}: {steps} V{more}, to {final}"


def _stack(result: Stack) -> str:
    parts = (result.bare, result.deposited, result.layer)
    bare, deposited, layer = (_milli(contact.energy) for contact in parts)
    return (
        f"Li | {result.candidate} | {result.electrolyte}: bare Li {bare}, as deposited "
        f"{deposited}, converted layer {layer} meV/atom"
    )


def _profile(result: Profile) -> str:
    worst = result.worst
    first, last = result.points[0].potential_V, result.points[-1].potential_V
    return (
        f"{names_of(result)}, {first:g} to {last:g} V: at worst "
        f"{_milli(worst.mutual_eV_per_atom)} meV/atom at {_fixed(worst.potential_V, 3)} V, "
        f"{len(result.segments)} ranges"
    )


def _map(result: CompositionMap) -> str:
    return (
        f"{result.name} with {result.partner['input']}: {len(result.fractions)} compositions, "
        f"{len(result.phases)} stable phases, at worst {_milli(result.strongest[1])} meV/atom"
    )


def _screen(result: ScreenResult) -> str:
    results = result.results
    counts = (results["candidate"].nunique(), results["electrolyte"].nunique())
    said = f"{counts[0]} candidates x {counts[1]} electrolytes, {result.failed} rows failed"
    good = result.ranking[result.ranking["status"] == "ok"]
    first = [
        f"{electrolyte}: {block['candidate'].iloc[0]}"
        for electrolyte, block in good.groupby("electrolyte", sort=False)
    ]
    more = f" and {len(first) - 4} more" if len(first) > 4 else ""
    return f"{said}; first in the ranking: {', '.join(first[:4])}{more}" if first else said


def _sensitivity(result: Sensitivity) -> str:
    moved = sum(bool(row["suspect_reason"]) and bool(row["change"]) for row in result.rows)
    return f"{len(result.rows)} rows, {moved} answers moved, {len(result.failed)} stacks failed"


def _validation(result: Validation) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items())
    return f"{result.provenance['source']}: {counts or 'nothing compared'}"


def _fields(result: Any) -> str:
    """Short fields by name, of any dataclass."""
    if not dataclasses.is_dataclass(result):
        return ""
    found = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    return ", ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value!r}"
        for name, value in found.items()
        if isinstance(value, str | int | float | bool | None) and len(str(value)) <= _LONGEST
    )


_LINES: dict[str, Callable[[Any], str]] = {
    "Reaction": _reaction,
    "Window": _window,
    "Lithiation": _lithiation,
    "Stack": _stack,
    "Profile": _profile,
    "CompositionMap": _map,
    "ScreenResult": _screen,
    "Sensitivity": _sensitivity,
    "Validation": _validation,
    "PhaseTable": repr,
}
