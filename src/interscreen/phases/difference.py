"""What changed between two tables of phases, such as two versions of one database.

Phases are matched by composition.  Whether a phase lies on the hull is a question to its own table,
so a phase may leave the hull although its own energy did not move.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .formula import atomic_number
from .hull import stability
from .source import NOT_STATED, Source
from .table import PhaseTable
from .units import checked_limit

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.int64]

EDGE = 1e-9  # a change of exactly the tolerance is no change, whatever its last bit says
KINDS = ("new", "gone", "moved", "hull_changed")


@dataclass(frozen=True)
class PhaseChange:
    """One phase in both tables; ids are empty and numbers None where a table lacks the phase.

    The chemical system is its elements in alphabetical order (``Li-O-P``); the change is the energy
    in b minus that in a.  Above the hull of all phases that the table counts (negative: a phase
    that is not counted and lies below it), and stable (counted, and on that hull): None also where
    the table does not hold the chemical system.
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
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """What changed from table a to table b.

    In each tuple the phases that are stable in either table come first, then the larger changes
    (of the energy; in ``hull_changed`` of the energy above the hull), then the formulas.

    Attributes
    ----------
    compared_formulas, compared_systems : int
        Formulas that both tables have, and chemical systems that both claim to hold.
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
        return {
            **vars(self),
            **{kind: [phase.to_dict() for phase in getattr(self, kind)] for kind in KINDS},
            "source_a": self.source_a.to_dict(),
            "source_b": self.source_b.to_dict(),
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per phase that changed; the column ``change`` says how."""
        import pandas as pd

        rows = [{"change": kind} | vars(phase) for kind in KINDS for phase in getattr(self, kind)]
        columns = ["change", *(field.name for field in fields(PhaseChange))]
        return pd.DataFrame(rows, columns=columns)


def compare_tables(
    a: PhaseTable, b: PhaseTable, *, tolerance_eV_per_atom: float = 0.005
) -> Difference:
    """Compare the phases of two tables.

    A source that names the chemical systems it holds says nothing about others: what is missing
    there is neither new nor gone, and the hull of such a system is not known.  InputError for a
    tolerance that is none, and for tables of different run families; SolverError when an energy
    above hull cannot be certified.
    """
    tolerance = float(checked_limit(tolerance_eV_per_atom, "tolerance", "eV/atom"))
    families = a.source.thermo_type, b.source.thermo_type
    if NOT_STATED not in families and families[0] != families[1]:
        raise InputError(
            f"{a.source.name} ({a.source.version}) is {families[0]} and {b.source.name} "
            f"({b.source.version}) is {families[1]}: all energies differ between run families, "
            "which is no change of a database; compare two versions of one family"
        )
    row_in_b = {key: row for row, key in enumerate(_keys(b))}
    partner = np.array([row_in_b.get(key, -1) for key in _keys(a)], dtype=np.int64)
    in_a = np.flatnonzero(partner >= 0)
    in_b = partner[in_a]
    only_a = np.flatnonzero(partner < 0)
    only_b = np.setdiff1d(np.arange(len(b)), in_b)
    first, second = _Side(a, b.source), _Side(b, a.source)
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
        notes=tuple(_notes(a.source, b.source)),
    )


def _notes(a: Source, b: Source) -> Iterator[str]:
    """Say what besides the database may be behind the differences."""
    unstated = [name for name, one in (("A", a), ("B", b)) if one.thermo_type == NOT_STATED]
    if unstated:
        yield (
            f"run family not stated by {' and '.join(unstated)}: energies of another family "
            "differ, too"
        )
    if a.filters != b.filters:
        yield "A and B leave out different phases, which changes hulls and lowest energies, too"
    if a.added != b.added:
        yield "A and B hold different entries of the user's own"


class _Side:
    """One table, and for each row: its system, whether the own source holds it and shares it."""

    def __init__(self, table: PhaseTable, other: Source) -> None:
        claims: dict[bytes, tuple[str, bool, bool]] = {}
        rows = []
        for start, end in pairwise(table.indptr.tolist()):
            numbers = table.element_index[start:end]
            key = numbers.tobytes()
            if key not in claims:
                symbols = sorted(table.elements[number] for number in numbers)
                covered = table.source.covers(symbols), other.covers(symbols)
                claims[key] = ("-".join(symbols), *covered)
            rows.append(claims[key])
        self.table = table
        self.systems = {name for name, mine, others in claims.values() if mine and others}
        self.names, held, shared = zip(*rows, strict=True)
        self.held, self.shared = np.array(held), np.array(shared)
        measured = stability(table)
        self.above = measured.energy_above_hull
        # as in hull_phases: the reference state of an element is stable in any case
        self.stable = (self.above == 0.0) & (table.counted | np.isinf(measured.margin))


def _change(a: _Side, b: _Side, row_a: int, row_b: int) -> PhaseChange:
    """Describe a phase; the row is -1 in a table that lacks it."""
    side, place = (b, row_b) if row_b >= 0 else (a, row_a)
    columns: dict[str, Any] = dict.fromkeys(field.name for field in fields(PhaseChange))
    columns |= {"formula": str(side.table.formulas[place]), "chemical_system": side.names[place]}
    for letter, side, row in (("a", a, row_a), ("b", b, row_b)):
        columns[f"id_{letter}"] = str(side.table.ids[row]) if row >= 0 else ""
        if row >= 0:
            energy = float(side.table.energies[row])
            columns[f"formation_energy_{letter}_eV_per_atom"] = energy
        if row >= 0 and side.held[row]:
            columns[f"energy_above_hull_{letter}_eV_per_atom"] = float(side.above[row])
            columns[f"stable_{letter}"] = bool(side.stable[row])
    if row_a >= 0 and row_b >= 0:
        change = float(b.table.energies[row_b] - a.table.energies[row_a])
        columns["change_eV_per_atom"] = change
    return PhaseChange(**columns)


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
    numbers = np.array([atomic_number(symbol) for symbol in table.elements])
    pairs = np.column_stack([numbers[table.element_index], table.counts])
    return [pairs[start:end].tobytes() for start, end in pairwise(table.indptr.tolist())]
