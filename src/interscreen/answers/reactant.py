"""Which energy a reactant has, and the phases it may react to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.walk import lowest_energy
from ..errors import InputError
from ..phases.formula import Formula
from ..phases.material import Composition, Given, Material, as_material, electrolytes, resolve
from ..phases.system import Floats, System
from ..phases.table import PhaseTable

GIVEN, PHASE, HULL = "given", "phase", "hull"

ON_HULL = 1e-8  # energies closer than this are equal [eV/atom]


@dataclass(frozen=True)
class Reactant:
    """A material in a system of phases.

    Attributes
    ----------
    input : str
        As the user wrote it.
    composition : Composition
    fractions : (m,) float array
        Atom fractions over the elements of the system.
    own_energy : float or None
        Formation energy of the material itself [eV/atom]; None when the hull stands in.
    above_hull : float
        Energy above hull to add to the hull energy [eV/atom]; used with ``own_energy`` None.
    energy_source : str
        ``given``, ``phase`` or ``hull``.
    """

    input: str
    composition: Composition
    fractions: Floats
    own_energy: float | None
    above_hull: float
    energy_source: str

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
            "energy_eV_per_atom": energy,
            "energy_source": self.energy_source,
            "energy_above_hull_eV_per_atom": without_noise(energy - hull_energy),
        }


def without_noise(value: float) -> float:
    """Exactly zero for an energy that is zero to numerical accuracy [eV/atom]."""
    return 0.0 if abs(value) < ON_HULL else value


def prepare(
    table: PhaseTable, materials: Sequence[Given], extra: Sequence[str] = ()
) -> tuple[System, list[Reactant]]:
    """Resolve reactants and select the phases of all their elements.

    Parameters
    ----------
    table : PhaseTable
    materials : sequence of str, Material or what pymatgen has
    extra : sequence of str
        Further elements of the system (``Li``).

    Returns
    -------
    System, list of Reactant
        The system also holds any reactant that has an energy of its own but is not among the
        counted phases: a phase somebody has in the flask competes like any other.

    Raises
    ------
    InputError
        For unreadable formulas and elements that the table does not know.
    """
    question = tuple(m if isinstance(m, str | Material) else as_material(m) for m in materials)
    key = (electrolytes(), question, tuple(extra))
    found: tuple[System, list[Reactant]] = table.remember(
        key, lambda: _prepared(table, question, extra)
    )
    return found


def _prepared(
    table: PhaseTable, materials: Sequence[str | Material], extra: Sequence[str]
) -> tuple[System, list[Reactant]]:
    resolved = [(given, *resolve(given)) for given in materials]
    elements = frozenset(
        {symbol for _, _, unit in resolved for symbol in unit.elements}.union(extra)
    )
    # shared by all questions about these elements: nobody writes into its arrays
    system: System = table.remember(elements, lambda: table.within(elements))
    reactants = []
    for given, material, unit in resolved:
        fractions = system.fractions(unit.amounts)
        rows = [_row(table, formula) for _, formula in unit.parts]
        own, source = _own_energy(table, system, material, unit, rows)
        reactants.append(
            Reactant(
                input=given.formula if isinstance(given, Material) else given,
                composition=unit,
                fractions=fractions,
                own_energy=own,
                above_hull=material.energy_above_hull_eV_per_atom or 0.0,
                energy_source=source,
            )
        )
        if source == GIVEN and own is not None and own < 0.0:
            system = system.with_phase(unit.text, fractions, own)
        elif source == PHASE:
            system = _with_left_out(table, system, unit, rows)
    return system, reactants


def _row(table: PhaseTable, formula: Formula) -> int | None:
    """Row of the phase with the composition of a formula; None for an element."""
    if len(formula.elements) == 1:
        return None
    return table.find(zip(formula.elements, formula.counts, strict=True))


def _own_energy(
    table: PhaseTable,
    system: System,
    material: Material,
    unit: Composition,
    rows: list[int | None],
) -> tuple[float | None, str]:
    """Energy of the material itself [eV/atom] and where it comes from."""
    if material.energy_eV_per_atom is not None:
        if len(unit.elements) == 1 and material.energy_eV_per_atom < 0.0:
            raise InputError(
                f"{unit.text}: a formation energy of {material.energy_eV_per_atom} eV/atom; the "
                "elements are the zero of energy, none can lie below it"
            )
        return float(material.energy_eV_per_atom), GIVEN
    if material.energy_above_hull_eV_per_atom is not None:
        return None, GIVEN
    if len(unit.parts) == 1:
        if len(unit.elements) == 1:
            return 0.0, PHASE  # an element is its own reference
        return (None, HULL) if rows[0] is None else (float(table.energies[rows[0]]), PHASE)
    # a mixture: each component has its own energy, or the hull energy of its own composition
    total, source = 0.0, PHASE
    for (factor, formula), row in zip(unit.parts, rows, strict=True):
        if len(formula.elements) == 1:
            continue
        if row is None:
            source = HULL
            b = system.fractions(formula.amounts)
            energy = lowest_energy(system.columns, system.energies, b).energy
        else:
            energy = float(table.energies[row])
        total += float(factor * formula.n_atoms) * energy
    return total / float(unit.n_atoms), source


def _with_left_out(
    table: PhaseTable, system: System, unit: Composition, rows: list[int | None]
) -> System:
    """Add components that the table holds but does not count."""
    for (_, formula), row in zip(unit.parts, rows, strict=True):
        if row is not None and not table.counted[row]:
            system = system.with_phase(
                str(table.formulas[row]),
                system.fractions(formula.amounts),
                float(table.energies[row]),
            )
    return system


def require_lithium(table: PhaseTable) -> None:
    """Refuse questions about Li where the source has none."""
    if "Li" not in table.elements:
        raise InputError(
            f"the source {table.source.name} has no phase with Li; windows and lithiation need it"
        )
