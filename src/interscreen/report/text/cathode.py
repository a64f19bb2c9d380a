"""The cathode side of a stack in a terminal."""

from __future__ import annotations

from ...answers.cathode import CathodeStack
from ..markup import rounded
from .answers import milli
from .layout import table, wrapped


def cathode_lines(side: CathodeStack) -> list[str]:
    """Write the contacts from the electrolyte to a cathode."""
    parts = (side.electrolyte, *([side.coating] if side.coating else []), side.cathode)
    low, high = side.potential_V
    lines = [
        f"{' | '.join(parts)}   {side.discharged} at {low:g} V, {side.charged} at {high:g} V",
    ]
    rows = [["contact", "closed", "at V", "mutual", "alone: first, second"]]
    for one in (*side.contacts, *side.bare):
        alone = [milli(x.energy_eV_per_atom) for x in one.opened.self_decomposition]
        closed, opened = milli(one.mutual_eV_per_atom), milli(one.open_mutual_eV_per_atom)
        mark = " (no coating)" if one in side.bare else ""
        rows.append(
            [one.label + mark, closed, f"{one.potential_V:g}", opened, ", ".join(alone)],
        )
    lines += ["  " + line for line in table(rows, left=(0,))]
    row = side.judged
    if row:
        said = f"coating {side.coating}: {row['verdict']} ({row['verdict_reason']}), gain "
        said += (
            f"{rounded(row['gain_meV_per_atom'])}, score {rounded(row['score_meV_per_atom'], 1)}"
        )
        limits = (row["tolerance_reduction_V"], row["tolerance_oxidation_V"])
        window = " to ".join("none" if limit is None else f"{limit:.2f}" for limit in limits)
        said += f" meV/atom; window within tolerance {window} V"
        lines += ["  " + line for line in wrapped(said, "  ", width=76)]
    lines.append("  meV/atom; at V: open to Li, the part of the interface and what each does alone")
    return lines
