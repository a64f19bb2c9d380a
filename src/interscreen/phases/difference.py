"""What changed between two tables of phases, such as two versions of one database.

Phases are matched by composition.  Whether a phase lies on the hull is a question to its own table,
so a phase may leave the hull although its own energy did not move.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .formula import atomic_number
from .hull import stability
from .source import NOT_STATED, Source
from .table import PhaseTable
from .units import is_number

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.int64]

EDGE = 1e-9  # a change of exactly the tolerance is no change, whatever its last bit says
KINDS = ("new", "gone", "moved", "hull_changed")


@dataclass(frozen=True)
class PhaseChange:
    """One phase in both tables.

    Attributes
    ----------
    formula : str
        Reduced formula.
    chemical_system : str
        Its elements in alphabetical order, ``Li-O-P``.
    id_a, id_b : str
        Identifiers; empty where the table has none, or lacks the phase.
    formation_energy_a_eV_per_atom, formation_energy_b_eV_per_atom : float or None
        Formation energies [eV/atom]; None where the table lacks the phase.
    change_eV_per_atom : float or None
        Energy in b minus energy in a [eV/atom]; None for a phase that only one table has.
    energy_above_hull_a_eV_per_atom, energy_above_hull_b_eV_per_atom : float or None
        Above the hull of all phases that the table counts [eV/atom] (negative: a phase that is not
        counted and lies below it); None where the table lacks the phase, or does not hold its
        chemical system.
    stable_a, stable_b : bool or None
        Whether the phase is counted and lies on that hull; None likewise.
    """

    formula: str
    chemical_system: str
    id_a: str
    id_b: str
    formation_energy_a_eV_per_atom: float | None
    formation_energy_b_eV_per_atom: float | None
    change_eV_per_atom: float | None
    energy_above_hull_a_eV_per_atom: float | None
    energy_above_hull_b_eV_per_atom: float | None
    stable_a: bool | None
    stable_b: bool | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Difference:
    """What changed from table a to table b.

    In each tuple the phases that are stable in either table come first, then the larger changes
    (of the energy; in ``hull_changed`` of the energy above the hull), then the formulas.

    Attributes
    ----------
    source_a, source_b : Source
    tolerance_eV_per_atom : float
        Smaller changes of an energy are none [eV/atom].
    compared_formulas : int
        Formulas that both tables have.
    compared_systems : int
        Chemical systems of the phases of either table that both claim to hold.
    new, gone : tuple of PhaseChange
        Phases that only b or only a has, in chemical systems that the other one claims to hold.
    moved : tuple of PhaseChange
        Phases of both whose energies differ by more than the tolerance.
    hull_changed : tuple of PhaseChange
        Phases of both that did not move, and are stable in one table only.
    not_comparable_a, not_comparable_b : int
        Formulas that only a or only b has, in chemical systems that the other one does not hold.
    notes : tuple of str
        What else may be behind the differences.
    """

    source_a: Source
    source_b: Source
    tolerance_eV_per_atom: float
    compared_formulas: int
    compared_systems: int
    new: tuple[PhaseChange, ...]
    gone: tuple[PhaseChange, ...]
    moved: tuple[PhaseChange, ...]
    hull_changed: tuple[PhaseChange, ...]
    not_comparable_a: int
    not_comparable_b: int
    notes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything changed."""
        return any(getattr(self, kind) for kind in KINDS)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **values,
            **{kind: [phase.to_dict() for phase in values[kind]] for kind in KINDS},
            "source_a": self.source_a.to_dict(),
            "source_b": self.source_b.to_dict(),
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per phase that changed; the column ``change`` says how."""
        import pandas as pd

        rows = [
            {"change": kind, **phase.to_dict()} for kind in KINDS for phase in getattr(self, kind)
        ]
        columns = ["change", *(field.name for field in fields(PhaseChange))]
        return pd.DataFrame(rows, columns=columns)


def compare_tables(
    a: PhaseTable, b: PhaseTable, *, tolerance_eV_per_atom: float = 0.005
) -> Difference:
    """Compare the phases of two tables.

    A source that names the chemical systems it holds says nothing about others: what is missing
    there is neither new nor gone, and the hull of such a system is not known.

    Parameters
    ----------
    a, b : PhaseTable
        Before and after.
    tolerance_eV_per_atom : float
        Smaller changes of an energy are none [eV/atom].

    Raises
    ------
    InputError
        For a tolerance that is none, and for tables of different run families.
    SolverError
        When an energy above hull cannot be certified.
    """
    tolerance = checked_tolerance(tolerance_eV_per_atom, "tolerance", "eV/atom")
    _check_families(a.source, b.source)
    row_in_b = {key: row for row, key in enumerate(_keys(b))}
    partner = np.array([row_in_b.get(key, -1) for key in _keys(a)], dtype=np.int64)
    in_a = np.flatnonzero(partner >= 0)
    in_b = partner[in_a]
    only_a = np.flatnonzero(partner < 0)
    only_b = np.setdiff1d(np.arange(len(b)), in_b)
    first, second = _side(a, b.source), _side(b, a.source)
    moved = np.abs(b.energies[in_b] - a.energies[in_a]) > tolerance + EDGE
    known = first.held[in_a] & second.held[in_b]
    flipped = known & ~moved & (first.stable[in_a] != second.stable[in_b])
    gone, new = only_a[first.shared[only_a]], only_b[second.shared[only_b]]

    def changes(rows_a: Rows, rows_b: Rows) -> list[PhaseChange]:
        pairs = zip(rows_a.tolist(), rows_b.tolist(), strict=True)
        return [_change(first, second, row_a, row_b) for row_a, row_b in pairs]

    return Difference(
        source_a=a.source,
        source_b=b.source,
        tolerance_eV_per_atom=tolerance,
        compared_formulas=len(in_a),
        compared_systems=len(first.systems | second.systems),
        new=_in_order(changes(np.full_like(new, -1), new)),
        gone=_in_order(changes(gone, np.full_like(gone, -1))),
        moved=_in_order(changes(in_a[moved], in_b[moved])),
        hull_changed=_in_order(changes(in_a[flipped], in_b[flipped]), of_hull=True),
        not_comparable_a=len(only_a) - len(gone),
        not_comparable_b=len(only_b) - len(new),
        notes=tuple(_notes(a.source, b.source, new=len(new), gone=len(gone))),
    )


def checked_tolerance(value: float, name: str, unit: str) -> float:
    """Return a tolerance as a number.

    Raises
    ------
    InputError
        For anything but a number from 0 to 1; more is most likely meant in thousandths.
    """
    if not is_number(value):
        raise InputError(f"{name}: {value!r} is no number [{unit}]")
    number = float(value)
    if not isfinite(number) or number < 0.0:
        raise InputError(f"{name}: {number} {unit}; a number of zero or more is needed")
    if number > 1.0:
        raise InputError(f"{name}: {number:g} {unit} is beyond any use; is it meant in m{unit}?")
    return number


def _check_families(a: Source, b: Source) -> None:
    if NOT_STATED not in (a.thermo_type, b.thermo_type) and a.thermo_type != b.thermo_type:
        raise InputError(
            f"{a.name} ({a.version}) is {a.thermo_type} and {b.name} ({b.version}) is "
            f"{b.thermo_type}: all energies differ between run families, which is no change of a "
            "database; compare two versions of one family"
        )


def _notes(a: Source, b: Source, *, new: int, gone: int) -> Iterator[str]:
    """Say what besides the database may be behind the differences."""
    unstated = [name for name, s in (("A", a), ("B", b)) if s.thermo_type == NOT_STATED]
    if unstated:
        yield (
            f"run family not stated by {' and '.join(unstated)}: energies of another family "
            "differ, too"
        )
    if a.filters != b.filters:
        yield "A and B leave out different phases, which changes hulls and lowest energies, too"
    if a.added != b.added:
        yield "A and B hold different entries of the user's own"


@dataclass(frozen=True, eq=False)
class _Side:
    """One table with what is known of each of its rows.

    Attributes
    ----------
    table : PhaseTable
    names : list of str
        Chemical system of each row.
    systems : set of str
        Those that both sources claim to hold.
    held, shared : (n,) bool array
        Whether the own and the other source claim to hold the chemical system.
    stable : (n,) bool array
    above : (n,) float array
        Energy above hull [eV/atom].
    """

    table: PhaseTable
    names: list[str]
    systems: set[str]
    held: NDArray[np.bool_]
    shared: NDArray[np.bool_]
    stable: NDArray[np.bool_]
    above: NDArray[np.float64]


def _side(table: PhaseTable, other: Source) -> _Side:
    claims: dict[bytes, tuple[str, bool, bool]] = {}
    rows = []
    bounds = table.indptr.tolist()
    for start, end in pairwise(bounds):
        numbers = table.element_index[start:end]
        key = numbers.tobytes()
        if key not in claims:
            symbols = sorted(table.elements[number] for number in numbers)
            claims[key] = ("-".join(symbols), table.source.covers(symbols), other.covers(symbols))
        rows.append(claims[key])
    names, held, shared = zip(*rows, strict=True)
    measured = stability(table)
    return _Side(
        table=table,
        names=list(names),
        systems={name for name, mine, others in claims.values() if mine and others},
        held=np.array(held),
        shared=np.array(shared),
        # as in stability.hull_phases: the reference state of an element is stable in any case
        stable=(measured.energy_above_hull == 0.0) & (table.counted | np.isinf(measured.margin)),
        above=measured.energy_above_hull,
    )


def _change(a: _Side, b: _Side, row_a: int, row_b: int) -> PhaseChange:
    """Describe a phase; the row is -1 in a table that lacks it."""
    columns: dict[str, Any] = {}
    for letter, side, row in (("a", a, row_a), ("b", b, row_b)):
        there = row >= 0
        held = there and bool(side.held[row])
        columns |= {
            f"id_{letter}": str(side.table.ids[row]) if there else "",
            f"formation_energy_{letter}_eV_per_atom": (
                float(side.table.energies[row]) if there else None
            ),
            f"energy_above_hull_{letter}_eV_per_atom": float(side.above[row]) if held else None,
            f"stable_{letter}": bool(side.stable[row]) if held else None,
        }
    before, after = (columns[f"formation_energy_{letter}_eV_per_atom"] for letter in "ab")
    side, row = (b, row_b) if row_b >= 0 else (a, row_a)
    return PhaseChange(
        formula=str(side.table.formulas[row]),
        chemical_system=side.names[row],
        change_eV_per_atom=None if before is None or after is None else after - before,
        **columns,
    )


def _in_order(phases: list[PhaseChange], *, of_hull: bool = False) -> tuple[PhaseChange, ...]:
    def place(phase: PhaseChange) -> tuple[bool, float, str]:
        change = phase.change_eV_per_atom or 0.0
        if of_hull:  # the energies themselves have hardly changed
            before = phase.energy_above_hull_a_eV_per_atom or 0.0
            change = (phase.energy_above_hull_b_eV_per_atom or 0.0) - before
        # rounded: changes that are equal but for the last bit are in order of the formulas
        return not (phase.stable_a or phase.stable_b), -round(abs(change), 9), phase.formula

    return tuple(sorted(phases, key=place))


def _keys(table: PhaseTable) -> list[bytes]:
    """Composition of each row, the same in any table."""
    numbers = np.array([atomic_number(symbol) for symbol in table.elements], dtype=np.int64)
    pairs = np.column_stack([numbers[table.element_index], table.counts])
    return [pairs[start:end].tobytes() for start, end in pairwise(table.indptr.tolist())]
