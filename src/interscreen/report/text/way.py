"""A layer on its way to Li metal, and at one potential, in a terminal."""

from __future__ import annotations

from ...answers.lithiation import format_amounts
from ...answers.way import AtPotential, LayerState, LayerWay
from .answers import milli
from .layout import table


def way_lines(way: LayerWay | None) -> list[str]:
    """Write the contact of each state of a layer with the electrolyte; nothing of a single one."""
    if way is None or len(way.states) == 1:
        return []
    rows = [[f"on the way to {way.ion}", f"{way.ion} per formula", "meV/atom", "layer"]]
    for state in way.states:
        mark = "  <- worst" if state is way.worst else ""
        rows.append(
            [
                _potentials(state),
                f"{state.li_taken_up:.3g}",
                milli(state.mutual_eV_per_atom),
                f"{format_amounts(state.phases)}{mark}",
            ]
        )
    return ["  " + line for line in table(rows, left=(0, 3))]


def _potentials(state: LayerState) -> str:
    if state.to_V is None:
        return f"above {state.from_V:.3f} V"
    if state.from_V == state.to_V:
        return f"on {state.to_V:.3f} V"
    return f"{state.to_V:.3f} to {state.from_V:.3f} V"


def potential_lines(found: AtPotential | None) -> list[str]:
    """Write what touches the electrolyte at a potential, closed and open to Li."""
    if found is None:
        return []
    where = " (on a plateau: the state above it)" if found.plateau else ""
    lines = [
        f"at {found.potential_V:g} V the layer is {format_amounts(found.state.phases)}{where}",
        f"  with the electrolyte, closed  {milli(found.state.mutual_eV_per_atom)} meV/atom",
    ]
    worst = sorted(found.products.items(), key=lambda one: one[1])
    each = ", ".join(f"{name} {milli(energy)}" for name, energy in worst)
    lines += [f"  each phase of it, closed  {each}"]
    ion = next(iter(found.opened.open_elements))
    alone = zip(found.sides, found.opened.self_decomposition, strict=True)
    apart = ", ".join(f"{name} {milli(one.energy_eV_per_atom)}" for name, one in alone)
    opened = milli(found.open_mutual_eV_per_atom)
    lines.append(f"  open to {ion}: interface {opened}, alone {apart}")
    return ["  " + line for line in lines]
