"""Energies that the user measured: they replace those of the source in every equilibrium."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..phases.energy_units import check_energy, converted, likely_units, read_energy, told
from ..phases.formula import Formula, read_amounts
from ..phases.material import Material, compose, resolve
from ..phases.table import PhaseTable

_WRITTEN = re.compile(
    r"(?P<formula>[^=]+)=(?P<energy>[^@]+)(?:@\s*(?P<temperature>\d+(?:\.\d+)?)\s*K\s*)?"
)
_FORM = "write it as BiF3=-2.17eV/atom, -8.69eV/formula or -838kJ/mol, with @298K if you like"
_SAME = 1e-9  # energies closer than this are equal [eV/atom]
_FAR = 1.5  # from the energy of the source that no measurement lies [eV/atom]


@dataclass(frozen=True)
class GivenEnergy:
    """A measured energy of formation of one phase.

    Attributes
    ----------
    text : str
        As it was written.
    formula : Formula
    energy_eV_per_atom : float
        Of formation from the elements.
    temperature_K : float or None
        At which it was measured; None where it is not said.
    """

    text: str
    formula: Formula
    energy_eV_per_atom: float
    temperature_K: float | None


def read_given(text: str) -> GivenEnergy:
    """Read an energy as ``BiF3=-2.36eV/atom@298K``.

    Raises
    ------
    InputError
        For another form, an unknown unit, an element, or a word that is no formula (PVDF).

    Examples
    --------
    >>> from interscreen.energies.given import read_given
    >>> round(read_given("BiF3 = -838 kJ/mol").energy_eV_per_atom, 3)
    -2.171
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise InputError(f"set {text!r}: cannot be read; {_FORM}")
    try:
        value, unit = read_energy(found["energy"])
    except InputError as error:
        raise InputError(f"set {text!r}: {error}") from None
    if not unit:
        raise InputError(f"set {text!r}: no unit; {_FORM}")
    material, resolved = resolve(found["formula"].strip())
    formula = resolved.parts[0][1]
    if len(resolved.parts) > 1:
        raise InputError(f"set {text!r}: a mixture has no energy of its own; name a compound")
    if len(formula.elements) < 2:
        raise InputError(f"set {text!r}: an element is the zero of energy; name a compound")
    written = float(sum(read_amounts(material.formula).values()))
    energy = converted(value, unit, written)
    check_energy(f"set {text!r}", energy, written)
    stated = found["temperature"]
    return GivenEnergy(text.strip(), formula, energy, float(stated) if stated else None)


def with_given(table: PhaseTable, given: Iterable[str | GivenEnergy]) -> PhaseTable:
    """Return a table in which measured energies stand for those of the source.

    The phase counts, whatever was left out; one that the table lacks is added to it.

    Raises
    ------
    InputError
        For a text that is no energy, an element that the table lacks, a phase that is set twice,
        or an energy so far from the source's that its unit or sign must be wrong.
    """
    read = [read_given(one) if isinstance(one, str) else one for one in given]
    seen: dict[str, str] = {}
    for one in (_from_gases(table, stated) for stated in read):
        name = one.formula.reduced
        if name in seen:
            raise InputError(f"set {one.text!r}: {seen[name]!r} sets {name} already; keep one")
        seen[name] = one.text
        table = _with_one(table, one)
    if read:
        source = table.source
        table = replace(table, source=replace(source, given=tuple(one.text for one in read)))
    return table


def with_materials(table: PhaseTable, materials: Iterable[Material]) -> PhaseTable:
    """Return a table in which energies given for materials stand for those of known phases.

    A material with an energy of its own whose formula the table holds is that phase: what the user
    gives counts in every equilibrium, and a note of the source says so.

    Raises
    ------
    InputError
        For two energies of one phase.
    """
    given: dict[str, GivenEnergy] = {}
    notes = []
    for material in materials:
        energy = material.energy_eV_per_atom
        unit = compose(material.formula)
        if energy is None or len(unit.parts) != 1 or len(unit.elements) < 2:
            continue
        formula = unit.parts[0][1]
        known = set(unit.elements) <= set(table.elements)
        row = table.find(formula) if known else None
        if row is None or abs(table.energies[row] - energy) < _SAME:
            continue
        if min(table.energies[row], energy) >= 0.0:  # no part of any equilibrium
            continue
        text = f"{material.formula}={energy:g}eV/atom"
        if given.setdefault(formula.reduced, GivenEnergy(text, formula, energy, None)).text != text:
            raise InputError(
                f"{material.formula}: two energies are given, {energy:g} and "
                f"{given[formula.reduced].energy_eV_per_atom:g} eV/atom; keep one"
            )
        notes.append(
            f"{material.formula}: the energy given, {energy:g} eV/atom, stands for the source's "
            f"{table.energies[row]:.4f} in every equilibrium"
        )
    if not given:
        return table
    table = with_given(table, given.values())
    source = table.source
    return replace(table, source=replace(source, notes=(*source.notes, *dict.fromkeys(notes))))


def _from_gases(table: PhaseTable, one: GivenEnergy) -> GivenEnergy:
    """Take an energy from gases at 1 bar to those of the conditions of a table."""
    conditions = table.source.conditions
    if conditions is None:
        return one
    n_atoms = float(one.formula.n_atoms)
    shares = ((symbol, float(amount) / n_atoms) for symbol, amount in one.formula.amounts)
    energy = one.energy_eV_per_atom - conditions.reference(shares)
    return replace(one, energy_eV_per_atom=energy)


def _with_one(table: PhaseTable, one: GivenEnergy) -> PhaseTable:
    missing = [symbol for symbol in one.formula.elements if symbol not in table.elements]
    if missing:
        raise InputError(
            f"set {one.text!r}: {table.source.name} has no phase with {' or '.join(missing)}"
        )
    row = table.find(one.formula)
    if row is None:
        atoms = dict(zip(one.formula.elements, map(float, one.formula.counts), strict=True))
        return with_rows(table, [(one.formula.reduced, atoms, one.energy_eV_per_atom)])
    energy, counted = np.array(table.energies), np.array(table.counted)
    before = float(energy[row])
    _check(one, before)
    energy[row], counted[row] = one.energy_eV_per_atom, True
    return replace(table, energies=energy, counted=counted)


def _check(one: GivenEnergy, before: float) -> None:
    """Refuse an energy that is far from the source's; name the slip that explains it."""
    value, atoms = one.energy_eV_per_atom, float(one.formula.n_atoms)
    if abs(value - before) <= _FAR:
        return
    slip = told(value, likely_units(value, atoms, before))
    if abs(value + before) < _FAR / 2:
        slip = "; is the sign right?"
    raise InputError(
        f"set {one.text!r}: {value:.4g} eV/atom, but the source has {before:.3f}{slip}; {_FORM}"
    )


def with_rows(
    table: PhaseTable, phases: Sequence[tuple[str, Mapping[str, float], float]]
) -> PhaseTable:
    """Return a table with more phases at its end.

    ``phases`` are the name, the atoms of each element in a unit and the energy [eV/atom] of each;
    they count, and what else the table knows of phases is unknown of them.
    """
    place = {symbol: number for number, symbol in enumerate(table.elements)}
    parts = [sorted((place[s], int(n)) for s, n in atoms.items()) for _, atoms, _ in phases]
    flat = [pair for some in parts for pair in some]
    names = [name for name, _, _ in phases]

    def more(values: np.ndarray, last: object) -> np.ndarray:
        return np.concatenate([values, np.array([last] * len(phases)).astype(values.dtype)])

    empty = {"i": -1, "u": 0, "b": False, "f": np.nan, "U": ""}
    ends = table.indptr[-1] + np.cumsum([len(some) for some in parts])
    return replace(
        table,
        formulas=np.concatenate([table.formulas, np.array(names, dtype=str)]),
        indptr=np.concatenate([table.indptr, ends]).astype(np.int64),
        element_index=np.concatenate([table.element_index, [n for n, _ in flat]]).astype(np.int64),
        counts=np.concatenate([table.counts, [n for _, n in flat]]).astype(np.int64),
        energies=np.concatenate([table.energies, [energy for _, _, energy in phases]]),
        ids=more(table.ids, ""),
        structures=more(table.structures, 0),
        observed=more(table.observed, 1),
        counted=more(table.counted, True),
        properties={
            key: more(values, empty.get(values.dtype.kind, values[-1]))
            for key, values in table.properties.items()
        },
    )
