"""How far each phase lies above the hull, and how firmly it lies on it.

One linear program per phase answers both questions.  Let W be the lowest energy of the
composition of phase p among all phases without p.  The margin of p is W - E_p.  If it is negative,
p lies above the hull by as much.  If not, p lies on the hull: of a mixture below E_p that holds p,
the rest without p would lie below E_p, and so would W.

Systems with fewer elements come first, and a phase q above the hull of its own system is left out
of all larger systems.  No answer changes by that: q can be replaced by what it decomposes to, at a
lower energy, also in W, as that has only the elements of q and so p is not among it.  Among the
phases that have exactly the elements of p all stay: q may be what takes over once p is gone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.batch import Problem, grouped, lowest_energies
from ..engine.walk import CERTIFIED, lowest_energy
from ..errors import InputError, SolverError
from ..files import EMBEDDED_FILE, data_parquet
from .cache import cached_flags
from .energy_units import check_distance
from .system import Floats
from .table import PhaseTable, compositions_of

Rows = NDArray[np.int64]

_CLEARLY_ABOVE = 10 * CERTIFIED  # left out of larger systems only beyond any doubt [eV/atom]


@dataclass(frozen=True)
class Stability:
    """Stability of phases against decomposition into others.

    Attributes
    ----------
    rows : (k,) int array
        Rows of the phase table, as they were asked for.
    energy_above_hull : (k,) float array
        Energy of the phase minus the lowest energy of its composition among the phases that take
        part [eV/atom]; negative only for a phase that takes no part and lies below their hull.
    margin : (k,) float array
        Lowest energy of the composition among all *other* phases that take part, minus the energy
        of the phase [eV/atom].  Positive: how far the hull would rise here without the phase.
        Negative: minus the energy above hull.  Infinite for an element in its reference state.

    Energies within 1e-9 eV/atom of zero are exactly zero.
    """

    rows: Rows
    energy_above_hull: Floats
    margin: Floats


def require_near(
    name: str,
    energy: float,
    table: PhaseTable,
    amounts: Collection[tuple[str, Any]],
    *,
    above: bool = True,
) -> None:
    """Refuse a formation energy [eV/atom] that is handed in and far from the hull of a table.

    ``amounts`` are atoms by element, as in the formula.  Where a part of the composition stays
    unbound on the hull, the table may just lack the compounds, and nothing lies too far below;
    ``above`` says whether anything can lie too far above.

    Raises
    ------
    InputError
        See ``check_distance``; also for elements that the table does not know.
    """
    system = table.within(symbol for symbol, _ in amounts)
    hull = lowest_energy(system.columns, system.energies, system.fractions(amounts))
    bound = (hull.phases[hull.amounts > CERTIFIED] >= len(system.elements)).all()
    if above if energy > hull.energy else bound:
        n_atoms = float(sum(amount for _, amount in amounts))
        check_distance(name, energy, hull.energy, n_atoms)


def stability(
    table: PhaseTable,
    rows: NDArray[np.integer] | None = None,
    *,
    counted: NDArray[np.bool_] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Stability:
    """Return the energy above hull of phases, and how stable those on the hull are.

    Parameters
    ----------
    rows : (k,) int array, optional
        Rows of the table; all of them by default.
    counted : (n,) bool array, optional
        Phases that take part; ``table.counted`` by default.  The elements at zero energy always
        do, whether or not the table has rows for them.
    progress : callable, optional
        Called with the number of phases done and the number of all, after each chemical system.

    Raises
    ------
    InputError
        For rows that the table does not have, or a mask of another length.
    SolverError
        When an energy cannot be certified.
    """
    asked = _checked_rows(table, rows)
    counted = _checked_mask(table, counted)
    margin = _margins(table, np.unique(asked), counted, progress)[asked]
    above = 0.0 - margin  # "0.0 -": there is no minus zero
    # a phase that takes part, and the reference state of an element, is part of the hull itself
    on_hull = (margin > 0.0) & (counted[asked] | np.isinf(margin))
    return Stability(rows=asked, energy_above_hull=np.where(on_hull, 0.0, above), margin=margin)


def known_hull_phases(table: PhaseTable) -> NDArray[np.bool_]:
    """Return ``hull_phases(table)``, of the embedded table at once, else the second time."""
    with data_parquet(EMBEDDED_FILE) as file:
        for name in ("on_hull", "on_hull_all"):
            if file.metadata.metadata[name.encode()].decode() == table.fingerprint:
                column = file.read(columns=[name], use_threads=False)[name]
                return np.array(column.to_pylist(), dtype=bool)
    key = f"hull|{table.fingerprint}"
    return cached_flags(key, len(table), lambda: hull_phases(table))


def hull_phases(table: PhaseTable, counted: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Return, shape (n,), which phases that take part lie on the hull of their composition.

    The reference state of an element always does.  Parameters and errors: see ``stability``.
    """
    taking_part = _checked_mask(table, counted)
    columns = np.flatnonzero(taking_part & (table.energies < 0.0))
    costs = table.energies[columns][None].copy()
    problem = Problem(compositions_of(table, columns), costs, len(table.elements))
    # phases of the same elements follow each other and share their columns
    *_, order = grouped(table.element_index, table.indptr)
    every = compositions_of(table, np.arange(len(table)))
    found = lowest_energies(problem, every, order, np.zeros_like(order), jobs=os.cpu_count() or 1)
    if not found.solved.all():
        raise SolverError("the hull of a composition could not be certified")
    hull = np.empty(len(table))
    hull[order] = found.hull
    single = np.diff(table.indptr) == 1
    on_hull: NDArray[np.bool_] = (table.energies - hull <= CERTIFIED) & (taking_part | single)
    return on_hull


def _margins(
    table: PhaseTable,
    asked: Rows,
    counted: NDArray[np.bool_],
    progress: Callable[[int, int], None] | None,
) -> Floats:
    """Margins [eV/atom] of the rows asked for, in an array over all rows of the table."""
    margin = np.full(len(table), np.nan)
    # columns: elements are the better choice against positive energies (see PhaseTable.within),
    # and phases above the hull of a smaller system drop out on the way
    useful = counted & (table.energies < 0.0)
    done = 0
    for elements, rows in _by_system(table, asked):
        if len(elements) == 1:
            energies = table.energies[rows]
            found = np.where(energies <= CERTIFIED, np.inf, -energies)
        else:
            found = _system_margins(table, elements, rows, useful)
        margin[rows] = np.where(np.abs(found) < CERTIFIED, 0.0, found)
        useful[rows[found < -_CLEARLY_ABOVE]] = False
        done += len(rows)
        if progress is not None:
            progress(done, len(asked))
    return margin


def _by_system(table: PhaseTable, rows: Rows) -> Iterator[tuple[list[str], Rows]]:
    """Elements of chemical systems and the rows that have them; small systems first."""
    lengths = table.indptr[rows + 1] - table.indptr[rows]
    systems: dict[bytes, list[int]] = {}
    for row in rows[np.argsort(lengths, kind="stable")].tolist():
        elements = table.element_index[table.indptr[row] : table.indptr[row + 1]]
        systems.setdefault(elements.tobytes(), []).append(row)
    for key, members in systems.items():
        elements = np.frombuffer(key, table.element_index.dtype)
        yield [table.elements[number] for number in elements], np.array(members, dtype=np.int64)


def _system_margins(
    table: PhaseTable, elements: list[str], rows: Rows, useful: NDArray[np.bool_]
) -> Floats:
    """Margins [eV/atom] of phases with exactly these elements, shape as ``rows``."""
    inside = table.rows_within(elements)
    inside = inside[useful[inside]]
    m = len(elements)
    columns = table.fractions(elements, inside, beside_elements=True)
    costs = np.concatenate([np.zeros(m), table.energies[inside]])
    places = m + np.searchsorted(inside, rows)
    wanted = np.ascontiguousarray(table.fractions(elements, rows).T)
    margins = np.empty(len(rows))
    for k, (row, place) in enumerate(zip(rows.tolist(), places.tolist(), strict=True)):
        energy = table.energies[row]
        if useful[row]:
            costs[place] = 0.0  # as good as the elements it is made of: as if it did not exist
        margins[k] = lowest_energy(columns, costs, wanted[k]).energy - energy
        if useful[row]:
            costs[place] = energy
    return margins


def _checked_rows(table: PhaseTable, rows: NDArray[np.integer] | None) -> Rows:
    given = np.arange(len(table)) if rows is None else np.asarray(rows)
    if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise InputError(
            f"rows: an array of {given.dtype} with shape {given.shape}; give row numbers of the "
            "phase table, one dimension (numpy.flatnonzero makes them from a mask)"
        )
    outside = given[(given < 0) | (given >= len(table))]
    if outside.size:
        raise InputError(
            f"rows: {outside[0]} is no row of {table!r}; they count from 0 to {len(table) - 1}"
        )
    return given.astype(np.int64)


def _checked_mask(table: PhaseTable, counted: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    given = table.counted if counted is None else np.asarray(counted)
    if given.dtype != np.bool_ or given.shape != (len(table),):
        raise InputError(
            f"counted: an array of {given.dtype} with shape {given.shape}; give one bool for each "
            f"of the {len(table)} phases of the table"
        )
    return given
