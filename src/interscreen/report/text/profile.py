"""A profile as text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from ...answers.lithiation import format_amounts
from ...answers.phase_map import PhaseMap
from ...answers.profile_result import Profile, ProfileSegment
from ...answers.scan import Scan, ScanPoint
from ...phases.electrode import Electrode
from ..markup import rounded
from .answers import origin_lines, used
from .layout import table


def profile_text(result: Profile) -> str:
    """Three tables: the mutual part, and each side alone, one line for each reaction."""
    a, b = (reactant["input"] for reactant in result.reactants)
    start, end = (result.points[i].potential_V for i in (0, -1))
    worst, ion = result.worst, Electrode.of(result.conditions).ion
    lines = [
        f"{a} | {b}   open to {ion.symbol} from {start:g} to {end:g} V vs {ion.couple}",
        *(f"  {note}" for note in result.notes),
        f"  nothing reacts                 {ranges(result.stable_window_V)}",
        f"  nothing beyond 10 meV/atom     {ranges(result.stable_window_10meV_V)}",
    ]
    if worst.mutual_eV_per_atom < 0.0:
        lines.append(
            f"  most negative mutual energy    {1000 * worst.mutual_eV_per_atom:.1f} meV/atom "
            f"at {worst.potential_V:.3f} V"
        )
    lines.append(
        f"  energies in meV/atom at both ends of a range; {ion.symbol} per atom, + taken up"
    )
    if not result.notes:
        rows = [["V", "", "mutual", "", f"x({a})", ion.symbol, "reaction at the minimum"]]
        for part in _grouped(result.segments, attrgetter("equation")):
            x, li = part[0].mixing_fraction, part[0].li_exchanged_per_atom
            shares = ["-" if x is None else f"{x:.3f}", "-" if li is None else f"{li:+.3f}"]
            rows.append([*_ends(part, "mutual"), *shares, part[0].equation or "none"])
        lines += _block("mutual reaction, per atom of both", rows, (6,))
    for side, reactant in zip("ab", result.reactants, strict=True):
        if getattr(result.segments[0], f"self_{side}_eV_per_atom") is None:
            continue
        rows = [["V", "", "energy", "", "products per formula unit"]]
        products = attrgetter(f"self_{side}_products")
        for part in _grouped(result.segments, products):
            rows.append([*_ends(part, f"self_{side}"), format_amounts(products(part[0]))])
        lines += _block(f"{reactant['input']} alone, per atom of it", rows, (4,))
    lines += ["  energies used", *(f"    {r['formula']}: {used(r)}" for r in result.reactants)]
    return "\n".join(
        [*lines, *("  " + line for line in origin_lines(result.provenance, result.put_back))]
    )


def _of_first(name: str, segment: tuple[ScanPoint, ScanPoint]) -> Any:
    return getattr(segment[0], name)


def scan_text(result: Scan) -> str:
    """One line for each range in which the same happens: between the two, and on each side."""
    a, b = result.reactants
    first, last = result.points[0], result.points[-1]
    unit = result.unit
    lines = [f"{a} | {b}   over {result.over} from {first.at:.6g} to {last.at:.6g} {unit}"]
    columns = (
        ("mutual reaction, per atom of both", "mutual_eV_per_atom", "equation"),
        (f"{a} alone, per atom of it", "self_a_eV_per_atom", "self_a_equation"),
        (f"{b} alone, per atom of it", "self_b_eV_per_atom", "self_b_equation"),
    )
    lines.append("  energies in meV/atom at both ends of a range")
    for title, energy, equation in columns:
        rows = [[unit, "", "energy", "", "reaction"]]
        for _, part in groupby(result.segments, partial(_of_first, equation)):
            parts = list(part)
            low, high = parts[0][0], parts[-1][1]
            energies = (rounded(1000 * getattr(one, energy), 1) for one in (low, high))
            start, end = energies
            rows.append(
                [f"{low.at:.5g}", f"to {high.at:.5g}", start, f"to {end}",
                 getattr(low, equation) or "none"]
            )  # fmt: skip
        lines += _block(title, rows, (4,))
    return "\n".join([*lines, *("  " + line for line in origin_lines(result.provenance))])


def phase_map_text(result: PhaseMap) -> str:
    """One line for each region, the largest first."""
    a, b = result.reactants
    (cold, hot), (low, high) = result.temperatures_K, result.pressures_bar
    rows = [["", "share", "as at K", "bar", "what happens"]]
    rows += [
        [
            str(one.region),
            f"{100 * one.share:.1f} %",
            f"{one.temperature_K:.0f}",
            f"{one.pressure_bar:.1e}",
            result.happening(one),
        ]
        for one in result.regions
    ]
    return "\n".join(
        [
            f"{a} | {b}   over temperature from {cold:.6g} to {hot:.6g} K and {result.gas} from "
            f"{low:.3g} to {high:.3g} bar",
            *("  " + line for line in table(rows, left=(4,))),
            *("  " + line for line in origin_lines(result.provenance)),
        ]
    )


def _block(title: str, rows: list[list[str]], left: tuple[int, ...]) -> list[str]:
    return [f"  {title}", *("    " + line for line in table(rows, left=left))]


def _grouped(
    segments: Iterable[ProfileSegment], key: Callable[[ProfileSegment], Any]
) -> list[list[ProfileSegment]]:
    """Neighbours with the same reaction together (a kink elsewhere parts them)."""
    return [list(part) for _, part in groupby(segments, key)]


def _ends(part: list[ProfileSegment], curve: str) -> list[str]:
    """Potentials and energies at both ends of neighbours."""
    first, last = (getattr(s, f"{curve}_eV_per_atom") for s in (part[0], part[-1]))
    return [
        f"{part[0].start_V:.3f}",
        f"to {part[-1].end_V:.3f}",
        rounded(1000 * first[0], 1),
        f"to {rounded(1000 * last[1], 1)}",
    ]


def ranges(windows: tuple[tuple[float, float], ...]) -> str:
    """Ranges of potentials in words."""
    return ", ".join(f"{low:.3f} to {high:.3f} V" for low, high in windows) or "at no potential"
