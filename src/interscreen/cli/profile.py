"""The command ``profile``: an interface open to Li over a range of potentials."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers.lithiation import format_amount
from ..answers.profile import profile
from ..answers.profile_result import Profile, ProfileSegment
from ..errors import OutputError
from ..phases.material import Material, elements_of
from ..phases.table import PhaseTable
from ..report.markup import rounded
from ..report.text import answers as text
from .questions import answer, reactant_of
from .source import speaker

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..report.figures.style import Width


def profile_command(arguments: argparse.Namespace) -> int:
    """Reactions of two materials with each other and with Li, from one potential to another."""
    a = reactant_of(arguments.a, arguments.energy_a, arguments.above_hull_a)
    b = reactant_of(arguments.b, arguments.energy_b, arguments.above_hull_b)
    found: list[Profile] = []  # the first is the answer; a second one counts every phase

    def ask(table: PhaseTable) -> Profile:
        result = computed_profile(arguments, table, a, b)
        if arguments.out and not found:  # before anything is printed: a reader may go away
            for file in write_profile(result, arguments.out):
                speaker(arguments)(f"wrote {file}")
        found.append(result)
        return result

    return answer(arguments, elements_of([a, b]), ask, profile_text, _essence)


def computed_profile(
    arguments: argparse.Namespace, table: PhaseTable, a: Material, b: Material
) -> Profile:
    """Profile over the range of the options."""
    return profile(table, a, b, arguments.start, arguments.end, arguments.step)


def profile_figure(result: Profile, width: Width = "two") -> Figure:
    """Figure of a profile with its source."""
    from ..report.figures.profile import profile_plot

    provenance = result.provenance
    note = text.source_note(provenance["source_label"], provenance["left_out_phases"])
    return profile_plot(result, note=note, width=width)


def write_profile(result: Profile, folder: str) -> tuple[Path, ...]:
    """Write profile.png, profile.svg, profile.pdf and profile.csv (what is plotted).

    Raises
    ------
    OutputError
        When the folder cannot be written to.
    """
    from ..report.figures.saving import save

    target = Path(folder)
    figure = profile_figure(result)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"output folder {folder}: cannot be written ({error.strerror})") from None
    return save(figure, target, "profile", tables={"": result.to_frame()})


def _essence(result: Profile) -> dict[str, Any]:
    """Return what phases that were left out might change."""
    return {
        "the most negative mutual energy [meV/atom]": 1000 * result.worst.mutual_eV_per_atom,
        "the window in which nothing reacts [V]": _ranges(result.stable_window_V),
    }


def profile_text(result: Profile) -> str:
    """Three tables: the mutual part, and each side alone, one line for each reaction."""
    a, b = (reactant["input"] for reactant in result.reactants)
    start, end = (result.points[i].potential_V for i in (0, -1))
    worst = result.worst
    lines = [
        f"{a} | {b}   open to Li from {start:g} to {end:g} V vs Li/Li+",
        *(f"  {note}" for note in result.notes),
        f"  nothing reacts                 {_ranges(result.stable_window_V)}",
        f"  nothing beyond 10 meV/atom     {_ranges(result.stable_window_10meV_V)}",
    ]
    if worst.mutual_eV_per_atom < 0.0:
        lines.append(
            f"  most negative mutual energy    {1000 * worst.mutual_eV_per_atom:.1f} meV/atom "
            f"at {worst.potential_V:.3f} V"
        )
    lines.append("  energies in meV/atom at both ends of a range; Li per atom, + taken up")
    if not result.notes:
        rows = [["V", "", "mutual", "", f"x({a})", "Li", "reaction at the minimum"]]
        rows += [
            [
                *_ends(part, "mutual"),
                "-" if part[0].mixing_fraction is None else f"{part[0].mixing_fraction:.3f}",
                "-"
                if part[0].li_exchanged_per_atom is None
                else f"{part[0].li_exchanged_per_atom:+.3f}",
                part[0].equation or "none",
            ]
            for part in _grouped(result.segments, attrgetter("equation"))
        ]
        lines += _block("mutual reaction, per atom of both", rows, (6,))
    for side, reactant in zip("ab", result.reactants, strict=True):
        if getattr(result.segments[0], f"self_{side}_eV_per_atom") is None:
            continue
        rows = [["V", "", "energy", "", "products per formula unit"]]
        rows += [
            [*_ends(part, f"self_{side}"), _written(getattr(part[0], f"self_{side}_products"))]
            for part in _grouped(result.segments, attrgetter(f"self_{side}_products"))
        ]
        lines += _block(f"{reactant['input']} alone, per atom of it", rows, (4,))
    lines.append("  energies used")
    lines += [
        f"    {r['formula']}: {r['energy_eV_per_atom']:.4f} eV/atom ({r['energy_source']}), "
        f"{1000 * r['energy_above_hull_eV_per_atom']:.1f} meV/atom above the hull"
        for r in result.reactants
    ]
    return "\n".join([*lines, *("  " + line for line in text.origin_lines(result.provenance))])


def _block(title: str, rows: list[list[str]], left: tuple[int, ...]) -> list[str]:
    return [f"  {title}", *("    " + line for line in text.table(rows, left=left))]


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


def _written(products: dict[str, float]) -> str:
    return " + ".join(format_amount(formula, number) for formula, number in products.items())


def _ranges(windows: tuple[tuple[float, float], ...]) -> str:
    return ", ".join(f"{low:.3f} to {high:.3f} V" for low, high in windows) or "at no potential"
