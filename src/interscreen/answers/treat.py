"""Treatments of a surface, one after another: what is left of each is what the next one meets.

A thin surface meets a reagent in excess, so each step is the equilibrium of one formula unit of it
with gases at their pressures, with Li metal, or with a stated amount of something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..energies.conditions import Heated, read_conditions
from ..errors import InputError
from ..phases.conditions import GAS, Conditions
from ..phases.equation import NOISE
from ..phases.material import Composition, Given, compose, resolve
from ..phases.result import Keyed, Result
from ..phases.system import System
from ..phases.table import PhaseTable
from .as_made import above_hull, lowered, said
from .beside import walk_beside
from .provenance import provenance
from .reactant import gas_elements, with_gases
from .surroundings import AIR

_NEVER = 100.0  # energy of what does not form [eV/atom]
_NOTHING = ("ar", "argon", "vacuum", "inert")
_TEMPERATURE = re.compile(r"[-+]?\d+(\.\d+)?°?[KC]", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """One treatment.

    Attributes
    ----------
    text : str
        As it was written.
    conditions : Conditions
    lithium : bool
        Whether Li metal is there in excess.
    added : tuple of (float, Composition)
        Formula units of something else per formula unit of the material.
    without : frozenset of str
        Phases that do not form in time, gases without ``(g)``.
    """

    text: str
    conditions: Conditions
    lithium: bool
    added: tuple[tuple[float, Composition], ...]
    without: frozenset[str]

    @property
    def elements(self) -> set[str]:
        """Elements that it brings."""
        found = {s for _, unit in self.added for s in unit.elements}
        found.update(s for gas in self.conditions.gases for s in compose(gas).elements)
        return found | ({"Li"} if self.lithium else set())


def read_step(text: str) -> Step:
    """Read a treatment, as ``air 25C``, ``O2=1bar 500C``, ``Li 300C``, ``+2 HF`` or ``Ar 700C``.

    Without a temperature it is done at 25 C.  ``-N2 -CH4`` leaves out what does not form in time.

    Raises
    ------
    InputError
        For a word that is none of these.

    Examples
    --------
    >>> from interscreen.answers.treat import read_step
    >>> read_step("O2=1bar 500C").conditions.text
    '773.15 K; O2 1 bar; other gases leave at 1e-06 bar'
    """
    temperature, gases, added, lithium = "25C", dict[str, str](), [], False
    without: set[str] = set()
    words = re.sub(r"\+\s*", "+", text).replace(",", " ").split()
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if _TEMPERATURE.fullmatch(word):
            temperature = word
        elif word.lower() == "air":
            gases.update(AIR)
        elif "=" in word:
            name, _, amount = word.partition("=")
            gases[name] = amount
        elif word == "Li":
            lithium = True
        elif word.startswith("+"):
            number = word[1:]
            if re.fullmatch(r"\d+(\.\d+)?", number) and place < len(words):
                added.append((float(number), resolve(words[place])[1]))
                place += 1
            else:
                added.append((1.0, resolve(number)[1]))
        elif word.startswith("-") and len(word) > 1:
            without.add(resolve(word[1:])[1].text)
        elif word.lower() not in _NOTHING:
            raise InputError(
                f"step {text.strip()!r}: {word!r} is no treatment; write a temperature (500C), a "
                "gas (O2=1bar, air), Ar, Li, an amount of something else (+2 HF), or what does "
                "not form (-CH4)"
            )
    conditions = read_conditions(temperature, gases)
    return Step(text.strip(), conditions, lithium, tuple(added), frozenset(without))


@dataclass(frozen=True)
class TreatmentStep(Keyed):
    """What one treatment does, in formula units per formula unit of the material.

    Attributes
    ----------
    treatment : str
        As it was written.
    phases : dict of str to float
        What is there afterwards, condensed.
    taken_up, given_off : dict of str to float
        Gases; and Li, where there is metal.
    conditions : dict
        Temperature [K] and gases [bar].
    """

    treatment: str
    phases: dict[str, float]
    taken_up: dict[str, float]
    given_off: dict[str, float]
    conditions: dict[str, Any]


@dataclass(frozen=True)
class Treatment(Result):
    """Treatments of a material, one after another.

    Attributes
    ----------
    material : str
    steps : tuple of TreatmentStep
    """

    material: str
    steps: tuple[TreatmentStep, ...]
    provenance: dict[str, Any] = field(repr=False)


def treat(table: PhaseTable, m: Given, steps: Sequence[str]) -> Treatment:
    """Treat the surface of a material.

    Parameters
    ----------
    table : PhaseTable
    m : str or Material
        A formula, a mixture or the name of an electrolyte.
    steps : sequence of str
        As ``read_step`` reads them.

    Raises
    ------
    InputError
        For a step that cannot be read, no step, or reagents that react with each other without
        end.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.answers.treat import treat
    >>> found = treat(PhaseTable.reference(), "3 Li2CO3 + 2 Co3O4", ["air 700C"])
    >>> found.steps[0].phases
    {'LiCoO2': 6.0}
    """
    if not steps:
        raise InputError("treat: name at least one step, as 'air 25C'")
    read = [read_step(text) for text in steps]
    unit = resolve(m)[1]
    symbols = set(unit.elements).union(*(step.elements for step in read))
    heated = Heated.of(table, frozenset(symbols))
    above, name = above_hull(heated, unit)
    atoms = {symbol: float(amount) for symbol, amount in unit.amounts}
    done = []
    warnings: list[str] = []
    for step in read:
        warm = heated.at(step.conditions)
        for number, other in step.added:
            for symbol, amount in other.amounts:
                atoms[symbol] = atoms.get(symbol, 0.0) + number * float(amount)
        elements = {symbol for symbol, amount in atoms.items() if amount > 0.0}
        elements |= {*gas_elements(warm)} | ({"Li"} if step.lithium else set())
        system = _counting(with_gases(warm, warm.within(elements)), step.without, name, above)
        found = _equilibrium(system, atoms, lithium=step.lithium)
        origin = provenance(warm.source, system, [])
        warnings += [line for line in origin["warnings"] if line not in warnings]
        kept = {phase: n for phase, n in found.items() if not phase.endswith(GAS)}
        gone = {phase: n for phase, n in found.items() if phase.endswith(GAS)}
        held = _atoms(kept)
        if step.lithium:
            gone["Li"] = atoms.get("Li", 0.0) - held.get("Li", 0.0)
        atoms = held
        done.append(
            TreatmentStep(
                step.text,
                kept,
                {phase: -n for phase, n in gone.items() if n < -NOISE},
                {phase: n for phase, n in gone.items() if n > NOISE},
                origin["conditions"],
            )
        )
    warnings += said([(unit.text, above)])
    label = origin["source_label"].replace(read[-1].conditions.text, "at each temperature")
    origin = {**origin, "warnings": warnings, "source_label": label}
    return Treatment(unit.text, tuple(done), origin)


def _counting(system: System, without: frozenset[str], name: str, above: float) -> System:
    """Return a system in which the material is stable, and some phases do not form."""
    energies = np.array(system.energies)
    for column in range(len(energies)):
        phase = system.name(column)
        if phase == name:
            energies[column] = lowered(float(energies[column]), above)
        if phase.removesuffix(GAS) in without and column not in system.reservoirs:
            energies[column] = _NEVER
    return replace(system, energies=energies)


def _equilibrium(system: System, atoms: Mapping[str, float], *, lithium: bool) -> dict[str, float]:
    """Units of each phase at equilibrium; below zero where a gas is taken up."""
    amounts = np.array([atoms.get(symbol, 0.0) for symbol in system.elements])
    total = float(amounts.sum())
    walk = walk_beside(
        system, amounts / total, np.zeros_like(amounts), at=0.0, low=0.0, high=0.0,
        potentials={"Li": 0.0} if lithium else None,
    )  # fmt: skip
    found: dict[str, float] = {}
    for column, share in zip(walk.phases[0].tolist(), walk.amounts[0].tolist(), strict=True):
        name = system.name(column)
        units = share * total / float(compose(name).n_atoms)
        if abs(units) > NOISE:
            found[name] = round(found.get(name, 0.0) + units, 9)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _atoms(phases: Mapping[str, float]) -> dict[str, float]:
    """Atoms of each element in some phases."""
    found: dict[str, float] = {}
    for name, units in phases.items():
        for symbol, amount in compose(name).amounts:
            found[symbol] = found.get(symbol, 0.0) + units * float(amount)
    return found
