"""Maps of ternary systems as text for the terminal."""

from __future__ import annotations

from ...answers.map import CompositionMap
from ...answers.reactant import HULL
from ..markup import rounded
from .answers import origin_lines
from .layout import table, wrapped


def map_text(maps: list[CompositionMap], level: float) -> str:
    """Stable phases of each system and the share of the triangle within the level.

    A single map lists all of its stable phases; of several, those within the level are listed.
    """
    first = maps[0]
    name, formula = first.partner["input"], first.partner["formula"]
    called = name if name == formula else f"{name} ({formula})"
    near = f"|E| below {1000.0 * level:.4g} meV/atom"
    head = (
        f"minimum mutual reaction energy with {called}, {len(first.fractions)} compositions a "
        "system; those that are no phase have the hull energy: their reactivity is a lower bound"
    )
    if first.partner["energy_source"] == HULL:
        head += f" (so has {name})"
    lines = wrapped(head, "  ")
    for one in maps:
        lines += ["", *_block(one, level, near, whole=len(maps) == 1)]
    origin = {**first.provenance, "left_out_phases": left_out_phases(maps)}
    return "\n".join([*lines, "", *origin_lines(origin)])


def left_out_phases(maps: list[CompositionMap]) -> list[str]:
    """Phases that were not counted, in any of the maps."""
    return sorted({phase for one in maps for phase in one.provenance["left_out_phases"]})


def _block(one: CompositionMap, level: float, near: str, *, whole: bool) -> list[str]:
    fractions, energy = one.strongest
    worst = " ".join(
        f"{symbol} {share:.3g}"
        for symbol, share in zip(one.elements, fractions.tolist(), strict=True)
        if share > 0.0
    )
    lines = [
        f"{one.name}: {100.0 * one.share_within(level):.1f} % of the triangle has {near}",
        f"  strongest: {rounded(1000.0 * energy, 1)} meV/atom at {worst}",
    ]
    shown = [phase for phase in one.phases if whole or phase.min_mutual_energy_eV_per_atom > -level]
    rows = [["stable phase", "E [meV/atom]", "reduced below [V]"]]
    for phase in shown:
        limit, energy = phase.reduction_limit_V, phase.min_mutual_energy_eV_per_atom
        said = "-" if limit is None else f"{limit:.3f}" if limit else "stable"
        rows.append([phase.formula, rounded(1000.0 * energy, 1), said])
    lines += [f"  {line}" for line in table(rows)]
    if len(shown) < len(one.phases):
        count = len(one.phases) - len(shown)
        lines.append(f"  and {count} stable {'phase' if count == 1 else 'phases'} beyond")
    return lines
