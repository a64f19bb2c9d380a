"""Which energy a reactant has, and the phases it may react to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..energies.conditions import reads_as_gas, unknown_parts
from ..engine.walk import lowest_energy
from ..errors import InputError
from ..phases.conditions import GAS
from ..phases.formula import Formula, parse_formula
from ..phases.hull import require_near
from ..phases.identifiers import spelled_as
from ..phases.material import Composition, Given, Material, as_material, phase_material, resolve
from ..phases.names import IDENTIFIER, names
from ..phases.system import Floats, System
from ..phases.table import PhaseTable

GIVEN, PHASE, HULL = "given", "phase", "hull"

ON_HULL = 1e-8  # energies closer than this are equal [eV/atom]


class UnknownEnergyError(InputError):
    """A material has no energy at the temperature of the table."""


@dataclass(frozen=True)
class Reactant:
    """A material in a system of phases."""

    input: str  # as the user wrote it
    composition: Composition
    fractions: Floats  # (m,) atom fractions over the elements of the system
    own_energy: float | None  # of the material itself [eV/atom]; None when the hull stands in
    above_hull: float  # to be added to the hull energy then [eV/atom]
    energy_source: str  # given, phase or hull
    reference: float = 0.0  # of its gaseous elements, from those at 1 bar [eV/atom]

    def energy(self, hull_energy: float) -> float:
        """Energy of the reactant [eV/atom], once the hull energy of its composition is known."""
        if self.own_energy is not None:
            return self.own_energy
        return hull_energy + self.above_hull

    def describe(self, hull_energy: float) -> dict[str, Any]:
        """Return the entry in results."""
        energy = self.energy(hull_energy)
        return {
            "input": self.input,
            "formula": self.composition.text,
            "energy_eV_per_atom": energy + self.reference,
            "energy_source": self.energy_source,
            "energy_above_hull_eV_per_atom": without_noise(energy - hull_energy),
        }


def without_noise(value: float) -> float:
    """Exactly zero for an energy that is zero to numerical accuracy [eV/atom]."""
    return 0.0 if abs(value) < ON_HULL else value


def is_identifier(given: Given) -> bool:
    """Whether a material is the identifier of a document (``mp-942733``)."""
    return IDENTIFIER.fullmatch(as_material(given).formula) is not None


def identified(table: PhaseTable, given: Given) -> Given:
    """Return the phase of a table with an identifier (``mp-942733``); other materials as they are.

    InputError when the table has no such identifier.
    """
    if not is_identifier(given):
        return given
    material = as_material(given)
    rows = np.flatnonzero(table.ids == spelled_as(material.formula, table.ids.tolist()))
    if not len(rows):
        known = (
            "keeps the lowest structure of each formula it holds"
            if any(table.ids)
            else "states none"
        )
        raise InputError(
            f"{material.formula}: the source {table.source.name} has no such identifier (it "
            f"{known}); write the formula, with --energy or --above-hull for another structure"
        )
    phase = phase_material(str(table.formulas[rows[0]]))
    name = material.name or material.formula
    return replace(material, formula=phase.formula, name=name)


def prepare(
    table: PhaseTable, materials: Sequence[Given], extra: Sequence[str] = ()
) -> tuple[System, list[Reactant]]:
    """Resolve reactants and select the phases of all their elements.

    ``extra`` are further elements of the system (``Li``).  The system also holds any reactant that
    has an energy of its own but is not among the counted phases: a phase somebody has in the flask
    competes like any other.

    Raises
    ------
    InputError
        For unreadable formulas and elements that the table does not know.
    """
    question = tuple(m if isinstance(m, str | Material) else as_material(m) for m in materials)
    extra = (*extra, *gas_elements(table))
    key = (names(), question, extra)
    found: tuple[System, list[Reactant]] = table.remember(
        key, lambda: _prepared(table, question, extra)
    )
    return found


def _prepared(
    table: PhaseTable, materials: Sequence[str | Material], extra: Sequence[str]
) -> tuple[System, list[Reactant]]:
    resolved = [(given, *resolve(identified(table, given))) for given in materials]
    elements = frozenset(
        {symbol for _, _, unit in resolved for symbol in unit.elements}.union(extra)
    )
    # shared by all questions about these elements: nobody writes into its arrays
    system: System = table.remember(elements, lambda: with_gases(table, table.within(elements)))
    conditions, reactants = table.source.conditions, []
    for given, material, unit in resolved:
        rule = energy_rule(table, material, unit)
        fractions = system.fractions(unit.amounts)
        shares = zip(system.elements, fractions.tolist(), strict=True)
        reference = conditions.reference(shares) if conditions else 0.0
        reactants.append(
            Reactant(
                input=given.formula if isinstance(given, Material) else given,
                composition=unit,
                fractions=fractions,
                own_energy=_own_energy(table, system, rule),
                above_hull=rule.above_hull,
                energy_source=rule.source,
                reference=reference,
            )
        )
        for name, part, energy, _ in own_phases(table, unit, rule):
            system = system.with_phase(name, system.fractions(part.amounts), energy)
    return system, reactants


def gas_elements(table: PhaseTable) -> tuple[str, ...]:
    """Elements of the gases that are named for a table."""
    conditions = table.source.conditions
    names = conditions.gases if conditions else ()
    return tuple(sorted({symbol for name in names for symbol in parse_formula(name).elements}))


def gas_rows(table: PhaseTable) -> list[str | int]:
    """Gases that are named for a table: the symbol of an element, or a row."""
    conditions = table.source.conditions
    found: list[str | int] = []
    for gas in conditions.gases if conditions else ():
        symbols = parse_formula(gas).elements
        found.append(
            symbols[0]
            if len(symbols) == 1
            else int(np.flatnonzero(table.formulas == f"{gas}{GAS}")[0])
        )
    return found


def with_gases(table: PhaseTable, system: System) -> System:
    """Return a system with the gases that are named for its table as reservoirs."""
    for gas in gas_rows(table):
        if isinstance(gas, str):
            column = system.elements.index(gas)
        else:
            name = str(table.formulas[gas])
            there = np.flatnonzero(system.rows == gas)
            if not len(there):  # a gas above its elements is no product, but may be named
                unit = parse_formula(name)
                system = system.with_phase(
                    name, system.fractions(unit.amounts), float(table.energies[gas])
                )
                there = np.array([len(system.rows) - 1])
            column = int(there[0])
        system = replace(system, reservoirs=(*system.reservoirs, column))
    return system


def _row(table: PhaseTable, formula: Formula) -> int | None:
    """Row of the phase with the composition of a formula; None for an element."""
    if len(formula.elements) == 1:
        return None
    return table.find(formula)


@dataclass(frozen=True)
class EnergyRule:
    """Where the energy of a material itself comes from."""

    source: str  # given, phase or hull
    given: float | None = None  # formation energy that the user gave [eV/atom]
    above_hull: float = 0.0  # to be added to the hull energy, where that stands in [eV/atom]
    # components that are no elements: share of the atoms, row of the phase (None: the hull energy
    # of the component stands in), and the component
    parts: tuple[tuple[float, int | None, Formula], ...] = ()
    whole: bool = False  # the hull energy of the whole composition stands in


def energy_rule(table: PhaseTable, material: Material, unit: Composition) -> EnergyRule:
    """Decide which energy a material has: the user's, that of its phase, or that of the hull.

    Raises
    ------
    InputError
        For an energy below zero that is given for an element, or one far from the hull.
    """
    if material.energy_eV_per_atom is not None:
        energy = float(material.energy_eV_per_atom)
        if len(unit.elements) == 1 and energy < 0.0:
            raise InputError(
                f"{unit.text}: a formation energy of {energy} eV/atom; the elements are the zero "
                "of energy, none can lie below it"
            )
        require_near(material.label, energy, table, unit.amounts)
        conditions = table.source.conditions
        if conditions:
            shares = ((s, float(n / unit.n_atoms)) for s, n in unit.amounts)
            energy -= conditions.reference(shares)
        return EnergyRule(GIVEN, given=energy)
    if material.energy_above_hull_eV_per_atom is not None:
        above = float(material.energy_above_hull_eV_per_atom)
        return EnergyRule(GIVEN, above_hull=above, whole=True)
    _require_known(table, unit)
    # a mixture: each component has its own energy, or the hull energy of its own composition
    parts = tuple(
        (float(factor * formula.n_atoms / unit.n_atoms), _row(table, formula), formula)
        for factor, formula in unit.parts
        if len(formula.elements) > 1
    )
    if all(row is not None for _, row, _ in parts):
        return EnergyRule(PHASE, parts=parts)  # an element is its own reference
    whole = len(unit.parts) == 1
    return EnergyRule(HULL, parts=() if whole else parts, whole=whole)


def _require_known(table: PhaseTable, unit: Composition) -> None:
    """Refuse what has no energy at the conditions of the table, and gases without a pressure."""
    conditions = table.source.conditions
    if conditions is None:
        return
    at = f"at {conditions.temperature_K:g} K"
    for _, formula in unit.parts:
        gas = reads_as_gas(formula, table)
        if gas and gas not in conditions.gases:
            raise InputError(
                f"{formula.text}: a gas {at}; say its pressure (--gas {gas}=1bar): it acts on the "
                "other material then"
            )
        row = _row(table, formula)
        if row is not None and np.isnan(table.energies[row]):
            parts = ", ".join(unknown_parts(table, formula, conditions.temperature_K))
            raise UnknownEnergyError(
                f"{formula.text}: no energy {at}: what is measured of its parts does not reach so "
                f"far ({parts}); choose a lower temperature, or give the energy of the material"
            )


def own_phases(
    table: PhaseTable, unit: Composition, rule: EnergyRule
) -> list[tuple[str, Composition | Formula, float, int | None]]:
    """Phases that a reactant brings along: somebody has them in the flask, so they compete.

    Name, composition, formation energy [eV/atom] and row of the table of each: the material with
    the energy given for it, or components that the table holds but does not count.
    """
    if rule.given is not None:
        return [(unit.text, unit, rule.given, None)] if rule.given < 0.0 else []
    if rule.source != PHASE:
        return []
    return [
        (str(table.formulas[row]), formula, float(table.energies[row]), row)
        for _, row, formula in rule.parts
        if row is not None and not table.counted[row]
    ]


def _own_energy(table: PhaseTable, system: System, rule: EnergyRule) -> float | None:
    """Energy of the material itself [eV/atom]; None when the hull energy of all of it stands in."""
    if rule.whole or rule.given is not None:
        return rule.given
    total = 0.0
    for share, row, formula in rule.parts:
        if row is None:
            b = system.fractions(formula.amounts)
            total += share * lowest_energy(system.columns, system.energies, b).energy
        else:
            total += share * float(table.energies[row])
    return total


def require_lithium(table: PhaseTable, symbol: str = "Li") -> None:
    """Refuse questions about Li, or another ion, where the source has none."""
    if symbol not in table.elements:
        raise InputError(
            f"the source {table.source.name} has no phase with {symbol}; windows and lithiation "
            "need it"
        )
