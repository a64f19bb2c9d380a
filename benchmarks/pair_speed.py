"""Time of one pair: ``react`` against pymatgen's route, in one run on the same pairs.

    python benchmarks/pair_speed.py
    python benchmarks/pair_speed.py --elements 6 7 --pairs 20 --source my_table.csv --json out.json

pymatgen's route is ``PhaseDiagram`` of all phases within the elements and then
``InterfacialReactivity.get_kinks``; its entries are made beforehand and not timed.  ``react`` is
timed twice: on a table that holds the same phases only, and on the whole source, choice of phases
included.  Both must agree on the minimum to 1e-6 eV/atom, otherwise the benchmark fails.  From 10
elements on pymatgen's route is not run; there the two runs of ``react`` must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interscreen import PhaseTable, react
from interscreen.engine.walk import walk_line
from interscreen.errors import InputError
from interscreen.phases.material import resolve
from interscreen.phases.source import Source
from interscreen.sources.build import table_from_rows
from interscreen.sources.open import open_table
from interscreen.sources.rows import Rows

FULL = Path(__file__).parents[2] / "shared" / "data" / "mp_formation_energies.csv.gz"
# pymatgen's hull needs half a second a pair at 8 elements and 2 to 30 seconds at 9; at 10 a typical
# pair of the full table does not end within three minutes
PAIRS = {5: 12, 6: 12, 7: 12, 8: 3, 9: 3, 10: 12, 11: 12, 12: 12}
DRAWN = 12  # at least; where fewer are timed, those in the middle by number of phases
PYMATGEN_UP_TO = 9  # elements
AGREE = 1e-6  # eV/atom
REPEAT = 15  # runs of ``react`` per pair; the median counts
START = 0.4472135954999579  # where react starts its walk (irrational: no kink lies there)


def median_us(question: Callable[[], Any], repeat: int = REPEAT) -> float:
    """Median time of a call [microseconds], after one call to warm up."""
    question()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        question()
        times.append(time.perf_counter() - started)
    return 1e6 * float(np.median(times))


def draw_pairs(
    table: PhaseTable, n_elements: int, count: int, seed: int, holding: str = ""
) -> list[tuple[str, str, list[str]]]:
    """Random pairs of phases with exactly so many elements between them; fewer if there are few.

    ``holding`` is an element that one of them must have, or empty.
    """
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(table.counted & (table.energies < 0.0))
    found: dict[tuple[str, str], list[str]] = {}
    for _ in range(200_000):
        a, b = (int(row) for row in rng.choice(rows, size=2))
        elements = set(table.composition(a)) | set(table.composition(b))
        if len(elements) == n_elements and (not holding or holding in elements):
            found[str(table.formulas[a]), str(table.formulas[b])] = sorted(elements)
        if len(found) == count:
            break
    return [(a, b, elements) for (a, b), elements in found.items()]


def typical(
    table: PhaseTable, pairs: list[tuple[str, str, list[str]]], count: int
) -> list[tuple[str, str, list[str]]]:
    """Return so many pairs from the middle of all, by number of phases within their elements."""
    left_out = max(len(pairs) - count, 0)
    if not left_out:
        return pairs
    sizes = [table.within(elements).columns.shape[1] for _, _, elements in pairs]
    order = np.argsort(sizes, kind="stable")[(left_out + 1) // 2 :][:count]
    return [pairs[place] for place in order]


def pymatgen_entries(table: PhaseTable, elements: list[str]) -> list[Any]:
    """Return all counted phases within the elements, and the elements at zero, as entries."""
    from pymatgen.analysis.phase_diagram import PDEntry
    from pymatgen.core import Composition

    entries = [PDEntry(Composition(symbol), 0.0) for symbol in elements]
    for row in table.rows_within(elements):
        if table.counted[row]:
            composition = Composition(str(table.formulas[row]))
            energy = float(table.energies[row]) * composition.num_atoms
            entries.append(PDEntry(composition, energy))
    return entries


def pymatgen_route(a: str, b: str, entries: list[Any]) -> list[Any]:
    """Kinks by way of the whole convex hull."""
    from pymatgen.analysis.interface_reactions import InterfacialReactivity
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    diagram = PhaseDiagram(entries)
    interface = InterfacialReactivity(
        Composition(a), Composition(b), diagram, norm=True, use_hull_energy=True
    )
    kinks: list[Any] = interface.get_kinks()
    return kinks


def warm_up() -> None:
    """Import and run pymatgen once, so that its imports are not timed."""
    from pymatgen.analysis.phase_diagram import PDEntry
    from pymatgen.core import Composition

    energies = {"Li": 0.0, "F2": 0.0, "LiF": -6.4}
    pymatgen_route("Li", "F2", [PDEntry(Composition(f), e) for f, e in energies.items()])


def small_table(table: PhaseTable, elements: list[str]) -> PhaseTable:
    """Build a table of the phases within the elements, and of nothing else."""
    rows = [int(row) for row in table.rows_within(elements) if table.counted[row]]
    formulas = [str(table.formulas[row]) for row in rows]
    energies = table.energies[rows]
    rows = Rows([*elements, *formulas], np.concatenate([np.zeros(len(elements)), energies]))
    return table_from_rows(rows, Source("the same phases"))


def time_pymatgen(
    table: PhaseTable, a: str, b: str, elements: list[str]
) -> tuple[float | None, float | None]:
    """Return pymatgen's time [microseconds] and minimum [eV/atom]; None where it is not run."""
    if len(elements) > PYMATGEN_UP_TO:
        return None, None
    entries = pymatgen_entries(table, elements)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        kinks = pymatgen_route(a, b, entries)
        taken = 1e6 * (time.perf_counter() - started)
    return taken, min(float(energy) for _, _, energy, _, _ in kinks)


def time_pair(table: PhaseTable, a: str, b: str, elements: list[str]) -> dict[str, float | None]:
    """Measure one pair [microseconds], and how far the answers differ [eV/atom]."""
    reference, minimum = time_pymatgen(table, a, b, elements)
    same = small_table(table, elements)
    answers = [react(source, a, b) for source in (same, table)]
    found = [answer.min_mutual_energy_eV_per_atom for answer in answers]
    if minimum is not None:
        found.append(minimum)
    difference = max(found) - min(found)

    system = table.within(elements)
    ends = [system.fractions(resolve(formula)[1].amounts) for formula in (a, b)]

    def walk() -> Any:
        return walk_line(
            system.columns, system.energies, ends[1], ends[0] - ends[1],
            start=START, low=0.0, high=1.0, keep_start=False,
        )  # fmt: skip

    whole = median_us(lambda: react(table, a, b))
    selection = median_us(lambda: table.within(elements))
    walking = median_us(walk)
    written = median_us(lambda: [kink.equation for kink in react(table, a, b).kinks])
    return {
        "phases": system.columns.shape[1],
        "kinks": len(answers[1].kinks),
        "react_same_phases_us": median_us(lambda: react(same, a, b)),
        "react_us": whole,
        "react_with_equations_us": written,
        "selection_us": selection,
        "walk_us": walking,
        "rest_us": max(whole - selection - walking, 0.0),
        "equations_us": max(written - whole, 0.0),
        "pymatgen_us": reference,
        "difference_eV_per_atom": difference,
    }


def summary(n_elements: int, times: list[dict[str, Any]]) -> dict[str, Any]:
    """Return medians over pairs, the slowest of them, and how often ``react`` is faster."""
    row: dict[str, Any] = {"elements": n_elements, "pairs": len(times)}
    for key in times[0]:
        values = [entry[key] for entry in times]
        if None in values:
            row[key] = None
        else:
            row[key] = float(max(values) if key.startswith("difference") else np.median(values))
    row["slowest_react_us"] = max(entry["react_us"] for entry in times)
    for name, key in (
        ("ratio", "react_us"),
        ("ratio_same_phases", "react_same_phases_us"),
        ("ratio_with_equations", "react_with_equations_us"),
    ):
        row[name] = None
        if row["pymatgen_us"] is not None:
            row[name] = float(np.median([entry["pymatgen_us"] / entry[key] for entry in times]))
    return row


def measure(
    table: PhaseTable,
    elements: Sequence[int],
    pairs: int | None = None,
    seed: int = 1,
    holding: str = "",
) -> list[dict[str, Any]]:
    """Return one row per number of elements: medians over its pairs."""
    rows = []
    warm_up()
    for n_elements in elements:
        count = pairs or PAIRS.get(n_elements, DRAWN)
        drawn = draw_pairs(table, n_elements, max(count, DRAWN), seed + n_elements, holding)
        drawn = typical(table, drawn, count)
        if not drawn:
            print(f"no pair of {n_elements} elements in {table.source.name}", file=sys.stderr)
            continue
        times = []
        for number, (a, b, symbols) in enumerate(drawn, start=1):
            print(f"  {n_elements} elements, {number}/{len(drawn)}: {a} | {b}", file=sys.stderr)
            times.append(time_pair(table, a, b, symbols))
        rows.append(summary(n_elements, times))
    return rows


def table_text(columns: dict[str, str], rows: list[dict[str, Any]]) -> str:
    """Right-aligned columns; ``columns`` maps keys to headings."""
    cells = [list(columns.values())]
    for row in rows:
        cells.append(["not run" if row[key] is None else f"{row[key]:,.0f}" for key in columns])
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True))
             for line in cells]  # fmt: skip
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def report(table: PhaseTable, rows: list[dict[str, Any]], holding: str) -> str:
    """Return what is printed: speed, and where the time of ``react`` goes."""
    speed = {
        "elements": "elements",
        "pairs": "pairs",
        "phases": "phases",
        "kinks": "kinks",
        "pymatgen_us": "pymatgen us",
        "react_same_phases_us": "react us, same phases",
        "react_us": "react us, whole table",
        "slowest_react_us": "slowest",
        "ratio_same_phases": "ratio, same phases",
        "ratio": "ratio, whole table",
    }
    parts = {
        "elements": "elements",
        "react_us": "react us",
        "selection_us": "choice of phases",
        "walk_us": "walk",
        "rest_us": "the rest",
        "equations_us": "+ text of all equations",
        "react_with_equations_us": "= with equations",
        "ratio_with_equations": "ratio with equations",
    }
    worst = max(row["difference_eV_per_atom"] for row in rows)
    left_out = []
    if any(row["pymatgen_us"] is None for row in rows):
        left_out.append(
            f"not run: from {PYMATGEN_UP_TO + 1} elements on the convex hull of pymatgen's route "
            "takes more than three minutes a pair."
        )
    return "\n".join(
        [
            f"One pair, medians; source {table.source.name} ({len(table):,} formulas);",
            f"random pairs of phases{f', one of them with {holding}' if holding else ''}.",
            f"Python {platform.python_version()}, {os.cpu_count()} cores, one used.",
            "",
            table_text(speed, rows),
            *left_out,
            "",
            "Where the time of react goes (whole table):",
            "",
            table_text(parts, rows),
            "",
            f"Largest difference between the minima: {worst:.1e} eV/atom (allowed {AGREE:.0e}).",
        ]
    )


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--elements", type=int, nargs="+", default=list(PAIRS), metavar="N",
        help="numbers of elements of a pair (default: 5 to 12)",
    )  # fmt: skip
    parser.add_argument(
        "--pairs",
        type=int,
        metavar="N",
        help="pairs per number (default: 12, where pymatgen is slow fewer)",
    )
    parser.add_argument(
        "--source", metavar="FILE",
        help="a table, or the word reference (default: the full table of ../shared where it is "
        "there, otherwise reference)",
    )  # fmt: skip
    parser.add_argument(
        "--holding", default="Li", metavar="ELEMENT",
        help="element that one of the two must have, or 'any' (default: Li)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="seed of the pairs (default: 1)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows to a file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when the two answers differ."""
    options = arguments(argv)
    source = options.source or (str(FULL) if FULL.is_file() else "reference")
    try:
        table = open_table(source)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    holding = "" if options.holding == "any" else options.holding
    rows = measure(table, options.elements, options.pairs, options.seed, holding)
    if not rows:
        print("nothing to measure", file=sys.stderr)
        return 1
    print(report(table, rows, holding))
    if options.json:
        data = {
            "source": table.source.name,
            "formulas": len(table),
            "python": platform.python_version(),
            "rows": rows,
        }
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    differs = any(row["difference_eV_per_atom"] > AGREE for row in rows)
    if differs:
        print("the two methods disagree", file=sys.stderr)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
