"""The user's own phases from a file, added to the rows of a source on the same scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..phases.energy_units import CLOSE
from ..phases.hull import require_near
from ..phases.source import GGA, NOT_STATED, Source
from ..phases.table import PhaseTable
from .build import table_from_rows
from .frames import Reading
from .rows import Rows
from .tables import TableFile

_SAME_ELEMENT = 0.010  # eV/atom between two energies of one element on the same scale


@dataclass(frozen=True)
class Addition:
    """One file of the user's own.

    ``thermo_type`` is the run family that it states, empty without one; ``scale`` says what the
    energies are relative to, and ``note`` what the user should know about that.
    """

    path: str
    sha256: str
    rows: Rows
    thermo_type: str
    scale: str
    note: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return what the manifest says about the file."""
        return {
            "file": self.path,
            "sha256": self.sha256,
            "entries": len(self.rows),
            "formulas": [str(formula) for formula in self.rows.formulas],
            "ids": [str(identifier) for identifier in self.rows.ids or ()],
            "thermo_type": self.thermo_type or NOT_STATED,
            "scale": self.scale,
        }


def with_additions(
    paths: Sequence[str], rows: Rows, source: Source, reading: Reading | None = None
) -> tuple[Rows, Source]:
    """Add the rows of the user's own files to those of a source; see ``read_additions``."""
    additions = read_additions(paths, rows, source, reading)
    family, notes = source.thermo_type, list(source.notes)
    for addition in additions:
        rows = rows.joined(addition.rows)
        if family == NOT_STATED and addition.thermo_type:
            family = addition.thermo_type
            notes.append(
                f"{addition.path}: its entries are {family}, {source.name} states no run family; "
                "make sure that they are on one scale (--thermo-type says it)"
            )
        if addition.note:
            notes.append(addition.note)
    added = tuple(addition.to_dict() for addition in additions)
    return rows, replace(source, thermo_type=family, notes=tuple(notes), added=added)


def read_additions(
    paths: Sequence[str], rows: Rows, source: Source, reading: Reading | None = None
) -> list[Addition]:
    """Read files with entries of the user's own; ``reading`` says how, as of a source.

    These are pymatgen entries as JSON (total energies, corrections included; the element energies
    of the source are the reference of those that bring none), or tables of formation energies
    [eV/atom].

    Raises
    ------
    InputError
        For an unreadable file, another run family than the source's, entries whose corrections are
        missing, or elements without a reference energy.
    """
    additions: list[Addition] = []
    base = cache(lambda: table_from_rows(rows, source))
    family, owner = source.thermo_type, f"the source {source.name}"
    for path in paths:
        mine, described = TableFile(path, reading).read(rows.references)
        stated = "" if described.thermo_type == NOT_STATED else described.thermo_type
        _check_family(path, stated, family, owner)
        addition = _addition(path, mine, described, stated, rows, source)
        if family == NOT_STATED and addition.thermo_type:
            family, owner = addition.thermo_type, path
        # read alone first, so that a message names this file and its line
        _check_distances(table_from_rows(addition.rows, Source(name=path)), base())
        additions.append(addition)
    return additions


def _check_family(path: str, stated: str, family: str, owner: str) -> None:
    if stated and family not in {NOT_STATED, stated}:
        raise InputError(
            f"{path}: its entries are {stated}, {owner} is {family}; energies of two run families "
            "must not share a hull"
        )


def _check_distances(mine: PhaseTable, base: PhaseTable) -> None:
    """Refuse phases whose energies are far below the hull of the source that they are added to."""
    for row in np.flatnonzero(np.diff(mine.indptr) > 1):
        amounts, energy = mine.composition(int(row)), float(mine.energies[row])
        known = base.find(str(mine.formulas[row]))
        if known is not None and energy > base.energies[known] - CLOSE:
            continue
        if not set(amounts) <= set(base.elements) or not base.source.covers(amounts):
            continue
        name = f"{mine.source.name}: {mine.formulas[row]}"
        require_near(name, energy, base, amounts.items(), above=False)


def _addition(
    path: str, mine: Rows, described: Source, family: str, rows: Rows, source: Source
) -> Addition:
    """Return what a file adds; energies of its elements have to be those of the source."""
    if not mine.references:
        scale = "formation energies as given"
        notes = "; ".join(described.notes)
        return Addition(path, described.sha256, _named(mine, path), family, scale, notes)
    symbols = np.array([str(formula).rstrip("0123456789") for formula in mine.formulas])
    own = [symbol for symbol in dict.fromkeys(symbols.tolist()) if symbol in mine.references]
    for symbol in own:
        energy = mine.references[symbol] + float(mine.energies[symbols == symbol].min())
        theirs = rows.references.get(symbol, energy)
        if abs(theirs - energy) > _SAME_ELEMENT:
            raise InputError(
                f"{path}: its {symbol} has {energy:.4f} eV/atom, that of {source.name} "
                f"{theirs:.4f}: not the same scale; hand in formation energies as CSV, or "
                f"entries without {symbol} of their own"
            )
    # differences that are noise would put an element below the zero of energy: taken out
    energies = np.where(np.isin(symbols, own), np.maximum(mine.energies, 0.0), mine.energies)
    of_their_own = set(own).issuperset(mine.references)
    elements = "the file's own elements" if of_their_own else f"the elements of {source.name}"
    note = ""
    if family == GGA and not rows.references:
        note = (
            f"{path}: total energies made relative to its own elements; {source.name} may carry "
            "other corrections (those of Matbench v0.1 are older than MP2020), so they are on a "
            "similar, not the same scale"
        )
    return Addition(
        path=path,
        sha256=described.sha256,
        rows=_named(replace(mine, energies=energies), path),
        thermo_type=family,
        scale=f"total energies relative to {elements}",
        note=note,
    )


def _named(rows: Rows, path: str) -> Rows:
    """Give rows without an identifier the name of their file; own phases are not theoretical."""
    name = Path(path).name
    ids = rows.ids or [""] * len(rows)
    return replace(
        rows,
        ids=[identifier or f"{name}:{row + 1}" for row, identifier in enumerate(ids)],
        theoretical=np.zeros(len(rows), dtype=np.int64)
        if rows.theoretical is None
        else rows.theoretical,
    )
