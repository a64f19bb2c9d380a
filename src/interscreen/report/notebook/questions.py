"""Reactions, windows and lithiation paths in a notebook."""

from __future__ import annotations

from ...answers.lithiation import Lithiation, format_amount, lithiation_rows
from ...answers.reaction import Reaction
from ...answers.window import Window, window_row
from ...phases.units import KJ_PER_MOL
from ..markup import marked
from .card import Card, Column, numeric, says, shows
from .values import EV, MEV, VOLTS, energy_words, fixed, line, milli, names_of, plain

_FEW = 6  # steps whose labels fit a narrow figure


@shows(Reaction)
def show_reaction(result: Reaction, card: Card) -> None:
    """Write minimum, reactants, the curve, and all kinks."""
    from ..figures.reaction import curve_plot

    first = str(result.reactants[0]["input"])
    where = "" if result.potential_V is None else f", open to Li at {result.potential_V:g} V"
    card.title(names_of(result) + where)
    if result.mixing_fraction is None:
        card.line("No mutual reaction: the two coexist (driving force zero).")
    else:
        least = result.min_mutual_energy_eV_per_atom
        card.facts(
            [
                (
                    "Minimum mutual energy",
                    f"<strong>{milli(least)} {MEV} ({fixed(least * KJ_PER_MOL, 1)} kJ per mol of "
                    "atoms)</strong>",
                ),
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
    card.reactants(result.reactants)
    card.figure(lambda: curve_plot(result), result)
    card.table(
        result.kinks,
        numeric(f"x({first})", lambda kink: fixed(kink.mixing_fraction, 4)),
        numeric("Mutual", lambda kink: milli(kink.mutual_energy_eV_per_atom), MEV),
        numeric("Total", lambda kink: milli(kink.total_energy_eV_per_atom), MEV),
        Column("Equation", lambda kink: marked(kink.equation)),
        best=lambda kink: bool(kink.mixing_fraction == result.mixing_fraction),
        summary=f"All {len(result.kinks)} kinks of the curve, with equations",
    )
    card.origin(result.provenance)


@says(Reaction)
def _reaction(result: Reaction) -> str:
    where = "" if result.potential_V is None else f" at {result.potential_V:g} V"
    head = f"{names_of(result)}{where}: "
    if result.mixing_fraction is None:
        return head + "no mutual reaction"
    return head + (
        f"{line(1000.0 * result.min_mutual_energy_eV_per_atom, 1)} meV/atom at x = "
        f"{line(result.mixing_fraction, 3)}, {result.equation}"
    )


def _own_energy(result: Window | Lithiation) -> tuple[str, str]:
    """Return the energy of a single material and where it comes from."""
    return "Energy used", (
        f"{fixed(result.energy_eV_per_atom, 3)} {EV}, "
        f"{milli(result.energy_above_hull_eV_per_atom)} {MEV} above the hull "
        f"({energy_words(result.energy_source)})"
    )


@shows(Window)
def show_window(result: Window, card: Card) -> None:
    """Write both windows, the products beyond them, and the bar."""
    import pandas as pd

    from ..figures.windows import window_bars

    if result.phase_window_V is None:
        phase = f"none: {marked(result.phase_window_reason)}"
    else:
        phase = _range(*result.phase_window_V)
    below, above = (
        marked(" + ".join(products))
        for products in (result.reduction_products, result.oxidation_products)
    )
    decomposition = milli(result.decomposition_energy_0V_eV_per_atom)
    card.title(f"{result.material}: stability window")
    card.facts(
        [
            (
                "Window of the assemblage",
                f"<strong>{_range(*result.assemblage_window_V)}</strong> vs Li/Li⁺",
            ),
            ("Window of the phase itself", phase),
            ("Below it", below or "stable against Li metal"),
            ("Above it", above or "nothing to give off"),
            ("Decomposition at 0 V", f"{decomposition} {MEV} of the material"),
            _own_energy(result),
        ]
    )
    row = {"part": "material", "name": result.material, **window_row(result)}
    card.figure(lambda: window_bars(pd.DataFrame([row]), width="one"), result)
    card.origin(result.provenance)


def _range(low: float, high: float | None) -> str:
    top = "no upper limit (no Li to give off)" if high is None else f"{fixed(high, 3)} V"
    return f"{fixed(low, 3)} V to {top}"


@says(Window)
def _window(result: Window) -> str:
    low, high = result.assemblage_window_V
    top = "no upper limit" if high is None else f"{line(high, 3)} V"
    phase = "" if result.phase_window_V else ", none of the phase itself"
    return f"{result.material}: {line(low, 3)} V to {top}{phase}"


@shows(Lithiation)
def show_lithiation(result: Lithiation, card: Card) -> None:
    """Write plateaus with products, and the staircase."""
    import pandas as pd

    from ..figures.lithiation import lithiation_staircase

    rows = lithiation_rows(result)
    card.title(f"{result.material}: lithiation down to Li metal")
    if rows:
        card.table(
            rows,
            numeric("Voltage", lambda row: fixed(row["voltage_V"], 3), VOLTS),
            numeric("Li per formula", lambda row: fixed(row["li_per_formula_start"], 3), "start"),
            numeric("Li per formula", lambda row: fixed(row["li_per_formula_end"], 3), "end"),
            numeric("Capacity", lambda row: fixed(row["capacity_mAh_per_g"], 1), "mAh/g"),
            Column("Phases at the end of the step", lambda row: marked(row["products"])),
        )
    mean = plain(result.average_voltage_V, 3)
    card.facts(
        [
            ("With Li metal", marked(_final(result)) + ("" if rows else " (takes up no Li)")),
            ("Mean voltage", f"{mean} V" if mean else ""),
            _own_energy(result),
        ]
    )
    if rows:
        frame = pd.DataFrame([{"candidate": result.material, **row} for row in rows])
        card.figure(
            lambda: lithiation_staircase(frame, width="one" if len(rows) <= _FEW else "two"),
            result,
        )
    card.origin(result.provenance)


def _final(result: Lithiation) -> str:
    return " + ".join(format_amount(name, n) for name, n in result.final_amounts.items())


@says(Lithiation)
def _lithiation(result: Lithiation) -> str:
    if not result.steps:
        return f"{result.material}: takes up no Li"
    steps = ", ".join(line(step.voltage_V, 3) for step in result.steps[:6])
    more = f" and {len(result.steps) - 6} more" if len(result.steps) > 6 else ""
    return f"{result.material}: {steps} V{more}, to {_final(result)}"
