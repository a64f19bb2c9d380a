"""Look in the embedded table for phases that may belong into src/interscreen/data/artefacts.csv.

Run it as ``python scripts/find_artefacts.py``; it takes half a minute.  Four rules give candidates.
Which of them are artefacts is a judgement with a reference, made by hand; those that were judged
and stay are named in docs/decisions/left-out-phases.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from interscreen import PhaseTable, lithiate
from interscreen.phases.artefacts import known_artefacts
from interscreen.phases.hull import known_hull_phases, stability
from interscreen.phases.suspects import evidence
from interscreen.phases.units import KJ_PER_MOL

METALS = (
    "Cu Fe Co Ni Mn Ti V Cr Mo W Sn Sb Bi Ag Zn Al Mg In Pb Ge Si Zr Nb Ta Y La Ca Sr Ba Hf Ga Sc "
    "B Ce"
).split()
ANIONS = "F Cl Br I O S Se N P H C".split()
DILUTE, HOST = 50, 0.98  # atoms, and share of one element
MOVES_V = 0.05


def main() -> None:
    """Print the candidates of each rule."""
    table = PhaseTable.reference()
    for title, found in (
        (f"dilute: {DILUTE} atoms or more, {HOST:.0%} of one element", dilute(table)),
        ("azides: binary, three N for each charge of a metal [kJ/mol]", azides(table)),
        (f"unsupported, moves the mean voltage of an electrode by {MOVES_V} V", voltages(table)),
        ("on the hull only because an artefact is left out [margin, meV/atom]", neighbours(table)),
    ):
        print(f"\n{title}")
        for formula, text in sorted(found):
            mark = "known" if formula in known_artefacts() else evidence().get(formula, "")
            print(f"  {formula:16} {text:60} {mark}")


def dilute(table: PhaseTable) -> Iterator[tuple[str, str]]:
    """Compounds that are almost one element: supercells with a defect, rather than phases."""
    atoms = np.add.reduceat(table.counts, table.indptr[:-1])
    most = np.maximum.reduceat(table.counts, table.indptr[:-1])
    on_hull = known_hull_phases(PhaseTable.reference(all_phases=True))
    for row in np.flatnonzero((atoms >= DILUTE) & (HOST * atoms <= most) & (most < atoms)):
        yield str(table.formulas[row]), "on the hull" if on_hull[row] else "above it"


def azides(table: PhaseTable) -> Iterator[tuple[str, str]]:
    """Azides, whose tabulated energy lies far below calorimetry."""
    for row in binaries(table):
        amounts = table.composition(row)
        others = [(symbol, count) for symbol, count in amounts.items() if symbol != "N"]
        if len(others) == 1 and others[0][1] == 1 and amounts["N"] in (3, 6):
            energy = float(table.energies[row]) * sum(amounts.values()) * KJ_PER_MOL
            yield str(table.formulas[row]), f"{energy:.0f}"


def voltages(table: PhaseTable) -> Iterator[tuple[str, str]]:
    """Phases without evidence that turn a conversion electrode somebody made."""
    made, moved = evidence(), dict[str, tuple[float, str]]()
    for row in binaries(table):
        formula, symbols = str(table.formulas[row]), set(table.composition(row))
        if formula not in made or not (symbols & set(METALS) and symbols & set(ANIONS)):
            continue
        path = lithiate(table, formula)
        for name in {name for step in path.steps for name in step.products} - set(made):
            counted = table.counted.copy()
            counted[table.find(name)] = False
            voltage = lithiate(replace(table, counted=counted), formula).average_voltage_V
            change = (voltage or 0.0) - (path.average_voltage_V or 0.0)
            if abs(change) > max(MOVES_V, moved.get(name, (0.0, ""))[0]):
                moved[name] = (abs(change), f"{formula}: {change:+.3f} V without it")
    yield from ((name, text) for name, (_, text) in moved.items())


def neighbours(table: PhaseTable) -> Iterator[tuple[str, str]]:
    """Phases that take the place of artefacts."""
    everything = known_hull_phases(PhaseTable.reference(all_phases=True))
    rows = np.flatnonzero(known_hull_phases(table) & ~everything & table.counted)
    for row, margin in zip(rows, stability(table, rows).margin, strict=True):
        yield str(table.formulas[row]), f"{1000 * margin:.1f}"


def binaries(table: PhaseTable) -> Iterable[int]:
    """Rows with two elements."""
    rows: list[int] = np.flatnonzero(np.diff(table.indptr) == 2).tolist()
    return rows


if __name__ == "__main__":
    main()
