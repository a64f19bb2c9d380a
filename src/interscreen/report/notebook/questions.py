"""Reactions, windows and lithiation paths in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...answers.lithiation import Lithiation, format_amount, lithiation_rows
from ...answers.reaction import Reaction
from ...answers.window import Window, window_row
from ...phases.units import KJ_PER_MOL
from ..markup import marked
from .card import (
    Card,
    Column,
    energy_words,
    fixed,
    lower_bound,
    milli,
    plain,
    volts,
)
from .headlines import headline, names_of

if TYPE_CHECKING:
    import pandas as pd

MEV, EV = "meV/atom", "eV/atom"
_FEW = 6  # steps whose labels fit a narrow figure


def show_reaction(card: Card, result: Reaction) -> None:
    """Minimum, reactants, the curve, and all kinks."""
    from ..figures.reaction import curve_plot

    first = str(result.reactants[0]["input"])
    where = "" if result.potential_V is None else f", open to Li at {result.potential_V:g} V"
    card.title(names_of(result) + where)
    if result.mixing_fraction is None:
        card.line("No mutual reaction: the two coexist (driving force zero).")
    else:
        card.facts(
            [
                ("Minimum mutual energy", f"<strong>{energy(result)}</strong>"),
                (
                    "Total energy there",
                    f"{milli(result.total_energy_eV_per_atom)} {MEV} (self-decomposition of both "
                    "included)",
                ),
                (
                    "Mixing there",
                    f"x = {fixed(result.mixing_fraction, 4)} (atom fraction of {marked(first)})",
                ),
                ("Reaction", marked(result.equation or "")),
            ]
        )
    card.table(*reactants_table(result.reactants))
    if said := lower_bound(result.reactants):
        card.line(said)
    card.figure(lambda: curve_plot(result), headline(result))
    card.table(
        [
            Column(f"x({first})", numbers=True),
            Column("Mutual", MEV, numbers=True),
            Column("Total", MEV, numbers=True),
            Column("Equation"),
        ],
        [
            [
                fixed(kink.mixing_fraction, 4),
                milli(kink.mutual_energy_eV_per_atom),
                milli(kink.total_energy_eV_per_atom),
                marked(kink.equation),
            ]
            for kink in result.kinks
        ],
        best=[kink.mixing_fraction == result.mixing_fraction for kink in result.kinks],
        summary=f"All {len(result.kinks)} kinks of the curve, with equations",
    )
    card.origin(result.provenance)


def energy(result: Reaction) -> str:
    """Minimum in both units of the field."""
    value = result.min_mutual_energy_eV_per_atom
    return f"{milli(value)} {MEV} ({fixed(value * KJ_PER_MOL, 1)} kJ per mol of atoms)"


def reactants_table(
    reactants: tuple[dict[str, Any], ...],
) -> tuple[list[Column], list[list[str]]]:
    """Reactants with their energies and where these come from."""
    columns = [
        Column("Reactant"),
        Column("Formula"),
        Column("Energy", EV, numbers=True),
        Column("Above hull", MEV, numbers=True),
        Column("Energy source"),
    ]
    rows = [
        [
            marked(str(one["input"])),
            marked(str(one["formula"])),
            fixed(one["energy_eV_per_atom"], 3),
            milli(one["energy_above_hull_eV_per_atom"]),
            energy_words(one["energy_source"]),
        ]
        for one in reactants
    ]
    return columns, rows


def own_energy(result: Window | Lithiation) -> str:
    """Energy of a single material and where it comes from."""
    return (
        f"{fixed(result.energy_eV_per_atom, 3)} {EV}, "
        f"{milli(result.energy_above_hull_eV_per_atom)} {MEV} above the hull "
        f"({energy_words(result.energy_source)})"
    )


def show_window(card: Card, result: Window) -> None:
    """Both windows, the products beyond them, and the bar."""
    import pandas as pd

    from ..figures.windows import window_bars

    low, high = result.assemblage_window_V
    card.title(f"{result.material}: stability window")
    if result.phase_window_V is None:
        phase = f"none: {marked(result.phase_window_reason)}"
    else:
        phase = _range(*result.phase_window_V)
    card.facts(
        [
            ("Window of the assemblage", f"<strong>{_range(low, high)}</strong> vs Li/Li⁺"),
            ("Window of the phase itself", phase),
            (
                "Below it",
                marked(" + ".join(result.reduction_products)) or "stable against Li metal",
            ),
            ("Above it", marked(" + ".join(result.oxidation_products)) or "nothing to give off"),
            (
                "Decomposition at 0 V",
                f"{milli(result.decomposition_energy_0V_eV_per_atom)} {MEV} of the material",
            ),
            ("Energy used", own_energy(result)),
        ]
    )
    row = {"part": "material", "name": result.material, **window_row(result)}
    card.figure(lambda: window_bars(pd.DataFrame([row]), width="one"), headline(result))
    card.origin(result.provenance)


def _range(low: float, high: float | None) -> str:
    return f"{volts(low, '')} to {volts(high, 'no upper limit (no Li to give off)')}"


def show_lithiation(card: Card, result: Lithiation) -> None:
    """Plateaus with products, and the staircase."""
    from ..figures.lithiation import lithiation_staircase

    card.title(f"{result.material}: lithiation down to Li metal")
    if result.steps:
        card.table(
            [
                Column("Voltage", "V vs Li/Li⁺", numbers=True),
                Column("Li per formula", "start", numbers=True),
                Column("Li per formula", "end", numbers=True),
                Column("Capacity", "mAh/g", numbers=True),
                Column("Phases at the end of the step"),
            ],
            [
                [
                    fixed(row["voltage_V"], 3),
                    fixed(row["li_per_formula_start"], 3),
                    fixed(row["li_per_formula_end"], 3),
                    fixed(row["capacity_mAh_per_g"], 1),
                    marked(row["products"]),
                ]
                for row in lithiation_rows(result)
            ],
        )
    final = " + ".join(format_amount(name, n) for name, n in result.final_amounts.items())
    mean = plain(result.average_voltage_V, 3)
    card.facts(
        [
            ("With Li metal", marked(final) + ("" if result.steps else " (takes up no Li)")),
            ("Mean voltage", f"{mean} V" if mean else ""),
            ("Energy used", own_energy(result)),
        ]
    )
    if result.steps:
        card.figure(
            lambda: lithiation_staircase(
                lithiation_frame(result), width="one" if len(result.steps) <= _FEW else "two"
            ),
            headline(result),
        )
    card.origin(result.provenance)


def lithiation_frame(result: Lithiation) -> pd.DataFrame:
    """Plateaus as the staircase reads them."""
    import pandas as pd

    rows = lithiation_rows(result)
    return pd.DataFrame([{"candidate": result.material, **row} for row in rows])
