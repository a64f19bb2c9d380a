"""Energies above the hull, by programs other than the one under test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from .phases import Phase, composition_key

MOST_FOR_HULLS = 5_000
MOST_ELEMENTS = 5
SAME = 1e-6  # [eV/atom] closer to the hull than this is on it


def with_hulls(phases: Iterable[Phase]) -> list[Phase]:
    """Fill in the energy above the hull of every phase, type of energy by type of energy.

    Up to five elements by pymatgen's PhaseDiagram, beyond by one linear program (HiGHS) a phase.
    More than 5,000 phases get no hull but a lower bound: the distance to the lowest phase of the
    same composition.  Deprecated phases and those without a formation energy take no part.
    """
    families: dict[str, list[Phase]] = defaultdict(list)
    everything = list(phases)
    for phase in everything:
        if phase.formation is not None and not phase.deprecated:
            families[phase.thermo_type].append(phase)
    heights = {kind: _heights(members) for kind, members in families.items()}
    return [
        phase._replace(
            above_hull=None
            if phase.formation is None
            else _above(phase.formation, heights.get(phase.thermo_type, {}), phase)
        )
        for phase in everything
    ]


def _above(formation: float, heights: dict[Any, float], phase: Phase) -> float:
    above = formation - heights.get(composition_key(phase.formula), formation)
    return above if above > SAME else 0.0


def _heights(phases: Sequence[Phase]) -> dict[Any, float]:
    """Energy of the hull [eV/atom] at each composition."""
    lowest: dict[Any, float] = {}
    for phase in phases:
        key, energy = composition_key(phase.formula), phase.formation
        if energy is not None and energy < lowest.get(key, float("inf")):
            lowest[key] = energy
    if len(phases) > MOST_FOR_HULLS:
        return lowest
    symbols = {symbol for key in lowest for symbol, _ in key}
    for symbol in symbols:
        lowest.setdefault(((symbol, 1),), 0.0)
    if len(symbols) <= MOST_ELEMENTS:
        return _by_phase_diagram(lowest)
    return {key: _by_linear_program(key, lowest) for key in lowest}


def _by_phase_diagram(lowest: dict[Any, float]) -> dict[Any, float]:
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    entries = {
        key: PDEntry(Composition(dict(key)), energy * sum(number for _, number in key))
        for key, energy in lowest.items()
    }
    diagram = PhaseDiagram(list(entries.values()))
    return {
        key: lowest[key] - float(diagram.get_e_above_hull(entry) or 0.0)
        for key, entry in entries.items()
    }


def _by_linear_program(key: Any, lowest: dict[Any, float]) -> float:
    import numpy as np
    from scipy.optimize import linprog

    rows = {symbol: row for row, (symbol, _) in enumerate(key)}
    if len(rows) == 1:
        return lowest[key]
    columns, costs = [], []
    for other, energy in lowest.items():
        if all(symbol in rows for symbol, _ in other):
            column = np.zeros(len(rows))
            for symbol, number in other:
                column[rows[symbol]] = number
            columns.append(column / column.sum())
            costs.append(energy)
    own = np.array([number for _, number in key], dtype=float)
    answer = linprog(
        costs, A_eq=np.array(columns).T, b_eq=own / own.sum(), bounds=(0, None), method="highs"
    )
    if not answer.success:
        raise RuntimeError(f"no hull for {key}: {answer.message}")
    height: Any = answer.fun
    return float(height)
