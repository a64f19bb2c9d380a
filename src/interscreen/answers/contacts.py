"""Single questions, answered once for every sample of the energies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..energies.sampling import EnergySamples, Rows
from ..engine.batch import PairBatch, lithium_lines, mutual_minima
from ..phases.equation import NOISE
from ..phases.material import Composition, Material, compose, resolve
from ..phases.system import Floats, System
from ..phases.table import PhaseTable
from .reactant import GIVEN, ON_HULL, Reactant, prepare

Mask = NDArray[np.bool_]

LITHIUM = "Li"


@dataclass(frozen=True, eq=False)
class LithiumSamples:
    """A material in contact with Li metal.

    Attributes
    ----------
    mutual, total : (s,) float arrays
        Minimum of the mutual energy with Li, and the total energy there [eV/atom]; the total is
        not a number where nothing reacts.
    reduction, oxidation : (s,) float arrays
        Window of the assemblage [V]; not a number where there is no Li to give off.
    average_voltage : (s,) float array
        Mean voltage of the conversion [V]; not a number where no Li is taken up.
    uptake : (s,) float array
        Li taken up down to 0 V, per atom of the material.
    layer : mapping of str to (s,) float array
        Atom fractions of the converted layer.
    products : mapping of str to (s,) bool array
        Phases in equilibrium with Li metal, and the samples in which they are.
    """

    mutual: Floats
    total: Floats
    reduction: Floats
    oxidation: Floats
    average_voltage: Floats
    uptake: Floats
    layer: Mapping[str, Floats]
    products: Mapping[str, Mask]


def needed_rows(
    table: PhaseTable, element_sets: Iterable[frozenset[str]], materials: Iterable[Material]
) -> Rows:
    """Rows of all compounds that may take part in some equilibria, and of the reactants."""
    wanted = np.zeros(len(table), dtype=bool)
    for elements in dict.fromkeys(element_sets):
        rows = table.rows_within(elements)
        wanted[rows[table.counted[rows] & (table.energies[rows] < 0.0)]] = True
    for material in materials:
        for row in _rows_of(table, resolve(material)[1]):
            if row is not None:
                wanted[row] = True
    return np.flatnonzero(wanted)


def lithium_samples(
    table: PhaseTable, samples: EnergySamples, material: Material
) -> LithiumSamples:
    """Reaction, window and conversion of a material with Li metal.

    Raises
    ------
    InputError
        As ``lithiate`` and ``react`` do.
    """
    system, (reactant,) = prepare(table, [material], extra=[LITHIUM])
    costs = _costs(table, samples, system, [reactant])
    row = system.elements.index(LITHIUM)
    many = np.tile(reactant.fractions, (samples.count, 1))
    lines = lithium_lines(system.columns, costs, many, row)
    metal = np.zeros(len(system.elements))
    metal[row] = 1.0
    pairs = mutual_minima(system.columns, costs, many, metal)
    own = _own_energy(table, samples, system, costs, reactant, lines.hull)
    solved = lines.solved & pairs.solved
    mutual = _contact(pairs, solved)
    total = np.where(mutual < 0.0, mutual + pairs.mixing * (lines.hull - own), np.nan)
    takes = lines.uptake > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(takes, (own - lines.final) / lines.uptake, np.nan)
    converted = many.copy()
    converted[:, row] += lines.uptake
    converted /= converted.sum(axis=1, keepdims=True)
    return LithiumSamples(
        mutual=mutual,
        total=total,
        reduction=np.where(solved, lines.reduction, np.nan),
        oxidation=np.where(solved, lines.oxidation, np.nan),
        average_voltage=np.where(solved, mean, np.nan),
        uptake=np.where(solved, lines.uptake, np.nan),
        layer={symbol: converted[:, i] for i, symbol in enumerate(system.elements)},
        products=_products(system, lines.phases, lines.amounts, solved),
    )


def window_reach(table: PhaseTable, samples: EnergySamples, material: Material) -> Floats:
    """Oxidation limit of a phase where it is stable at 0 V, else 0 [V], shape (s,)."""
    system, (reactant,) = prepare(table, [material], extra=[LITHIUM])
    costs = _costs(table, samples, system, [reactant])
    many = np.tile(reactant.fractions, (samples.count, 1))
    lines = lithium_lines(system.columns, costs, many, system.elements.index(LITHIUM))
    stable = (lines.reduction == 0.0) & ~np.isnan(lines.oxidation)
    reach: Floats = np.where(stable, lines.oxidation, 0.0)
    return np.where(lines.solved, reach, np.nan)


def contact_samples(
    table: PhaseTable,
    samples: EnergySamples,
    first: Material,
    second: Material,
    where: Mask | None = None,
) -> Floats:
    """Minimum of the mutual energy of two materials [eV/atom], shape (s,).

    Parameters
    ----------
    table : PhaseTable
    samples : EnergySamples
    first, second : Material
    where : (s,) bool array, optional
        Samples that are asked for; the others are not a number.
    """
    system, reactants = prepare(table, [first, second])
    chosen = np.ones(samples.count, bool) if where is None else where
    costs = _costs(table, samples, system, reactants)[chosen]
    firsts = np.tile(reactants[0].fractions, (len(costs), 1))
    found = mutual_minima(system.columns, costs, firsts, reactants[1].fractions)
    answer = np.full(samples.count, np.nan)
    answer[chosen] = _contact(found, found.solved)
    return answer


def layer_samples(
    table: PhaseTable,
    samples: EnergySamples,
    layer: Mapping[str, Floats],
    electrolyte: Material,
) -> Floats:
    """Minimum of the mutual energy of a layer, whose composition varies, with an electrolyte.

    Returns
    -------
    (s,) float array
        [eV/atom]
    """
    system, (second,) = prepare(table, [electrolyte], extra=list(layer))
    firsts = np.zeros((samples.count, len(system.elements)))
    for symbol, fractions in layer.items():
        firsts[:, system.elements.index(symbol)] = fractions
    costs = _costs(table, samples, system, [second])
    found = mutual_minima(system.columns, costs, firsts, second.fractions)
    return _contact(found, found.solved)


def _contact(pairs: PairBatch, solved: Mask) -> Floats:
    """Mutual energies without noise [eV/atom]; not a number where they are not certified."""
    energy: Floats = np.where(pairs.mutual < -ON_HULL, pairs.mutual, 0.0)
    return np.where(solved, energy, np.nan)


def _costs(
    table: PhaseTable, samples: EnergySamples, system: System, reactants: Iterable[Reactant]
) -> Floats:
    """Energies of the columns of a system in every sample [eV/atom], shape (s, n)."""
    shift = samples.of_rows(system.rows)
    given = {reactant.composition.text for reactant in reactants if reactant.energy_source == GIVEN}
    first = len(system.rows) - len(system.added)
    for number, name in enumerate(system.added):
        if name in given:
            shift[first + number] = samples.of_given(name)
        else:  # a phase of the table that is not counted but stands in the flask
            rows = np.array([row for row in _rows_of(table, compose(name)) if row is not None])
            shift[first + number] = samples.of_rows(rows)[0]
    costs: Floats = np.ascontiguousarray(system.energies + shift.T)
    return costs


def _rows_of(table: PhaseTable, unit: Composition) -> list[int | None]:
    """Rows of the components of a material; None for elements and for what has no phase."""
    return [
        table.find(zip(formula.elements, formula.counts, strict=True))
        if len(formula.elements) > 1
        else None
        for _, formula in unit.parts
    ]


def _own_energy(
    table: PhaseTable,
    samples: EnergySamples,
    system: System,
    costs: Floats,
    reactant: Reactant,
    hull: Floats,
) -> Floats:
    """Energy of a reactant itself in every sample [eV/atom]; rules as in ``reactants``."""
    unit = reactant.composition
    if reactant.own_energy is None:
        return hull + reactant.above_hull
    if reactant.energy_source == GIVEN:
        return reactant.own_energy + samples.of_given(unit.text)
    total = np.zeros(samples.count)
    for (factor, formula), row in zip(unit.parts, _rows_of(table, unit), strict=True):
        if len(formula.elements) == 1:
            continue
        share = float(factor * formula.n_atoms / unit.n_atoms)
        if row is None:  # a component without a phase of its own: its hull energy
            fractions = system.fractions(formula.amounts)
            many = np.tile(fractions, (samples.count, 1))
            other = np.zeros(len(fractions))
            other[system.elements.index(LITHIUM)] = 1.0
            total += share * mutual_minima(system.columns, costs, many, other).hull
        else:
            shift = samples.of_rows(np.array([row]))[0]
            total += share * (float(table.energies[row]) + shift)
    return total


def _products(
    system: System, phases: NDArray[np.int64], amounts: Floats, solved: Mask
) -> dict[str, Mask]:
    """Phases that are there, and in which samples."""
    there = (amounts > NOISE) & solved[:, None]
    found: dict[str, Mask] = {}
    for column in np.unique(phases[there]).tolist():
        name = system.name(column)
        mask = (there & (phases == column)).any(axis=1)
        found[name] = found[name] | mask if name in found else mask
    return found
