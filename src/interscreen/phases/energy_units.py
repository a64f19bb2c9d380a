"""Energies as people hand them in: the unit they are in, and what no formation energy can be."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .units import HARTREE, KJ_PER_MOL

PER_ATOM = "eV/atom"  # what everything is computed in
PER_CELL = "eV/cell"  # cannot be converted: nobody says how many atoms the cell has
LOWEST, HIGHEST = -7.0, 10.0  # eV/atom; the lowest of Matbench v0.1 is La2Th8O19 with -4.61
FAR_BELOW, FAR_ABOVE = 0.7, 1.0  # eV/atom from the hull; measured nitrates lie 0.5 below it
CLOSE = 0.1  # eV/atom below the hull, from where another unit that fits better is believed
_BOUND = (-5.0, 2.5)  # eV/atom: formation energies of all known and most computed phases
_LEAST = 0.1  # eV/atom: below it, a unit is no guess

# eV in the unit, and whether it is per formula unit as written
_UNITS = {
    PER_ATOM: (1.0, False),
    "eV/formula": (1.0, True),
    "kJ/mol": (1.0 / KJ_PER_MOL, True),
    "meV/atom": (1e-3, False),
    "kJ/mol-atom": (1.0 / KJ_PER_MOL, False),
    "kcal/mol": (4.184 / KJ_PER_MOL, True),
    "meV/formula": (1e-3, True),
    "kcal/mol-atom": (4.184 / KJ_PER_MOL, False),
    "Ha/formula": (HARTREE, True),
    "Ha/atom": (HARTREE, False),
    "Ry/formula": (HARTREE / 2, True),
    "Ry/atom": (HARTREE / 2, False),
    "J/mol": (1e-3 / KJ_PER_MOL, True),
    "J/mol-atom": (1e-3 / KJ_PER_MOL, False),
}
UNITS = tuple(_UNITS)
_ENERGIES = {
    **{"ev": "eV", "mev": "meV", "kj": "kJ/mol", "kcal": "kcal/mol", "j": "J/mol"},
    **{"ha": "Ha", "hartree": "Ha", "ry": "Ry", "rydberg": "Ry"},
}
_PART = r"(?:(?:per)?atoms?|at|fu|formula(?:_?units?)?|(?:unit_?|super)?cell|g_?atom)"
_SUFFIX = re.compile(
    rf"(?P<what>.*?)(?:(?:^|_)(?P<before>{_PART}))?"
    rf"(?:(?:^|_)(?P<energy>mev|ev|kj|kcal|j(?=_?mol)|ha|hartree|ry|rydberg)"
    rf"(?:_?mole?(?:_1)?)?(?:_?(?P<after>{_PART})(?:_1)?)?)?"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read_unit(text: str) -> str:
    """Return the unit that a text names, however it is spelled: ``kJ/mol``, ``eV per f.u.``.

    Raises
    ------
    InputError
        For anything that is no unit of energy.
    """
    what, unit = split_column(text)
    if what or not unit:
        raise InputError(f"unit {text!r}: unknown; write one of {', '.join(UNITS)}")
    return unit


def read_energy(text: str) -> tuple[float, str]:
    """Split ``-542.7 kJ/mol`` into number and unit; the unit is empty where there is none.

    InputError for a text without a number, or with an unknown unit.
    """
    cleaned = text.strip().replace("\N{MINUS SIGN}", "-")
    number = _NUMBER.match(cleaned)
    if re.match(r"[+-]?\d+,\d", cleaned):
        point = cleaned.replace(",", ".")
        raise InputError(f"energy {text!r}: write decimals with a point, {point!r}")
    if number is None:
        raise InputError(f"energy {text!r}: no number; write one [eV/atom], or '-542.7 kJ/mol'")
    rest = cleaned[number.end() :].strip()
    return float(number.group()), read_unit(rest) if rest else ""


def split_column(name: str) -> tuple[str, str]:
    """Split the name of a column into what it holds and the unit it states.

    ``Formation energy (kJ/mol)`` gives ``formation_energy`` and ``kJ/mol``; the unit is empty where
    none is stated.
    """
    if "," in name:  # formation energy, kJ/mol; formation energy (kJ/mol, 298 K)
        whole = split_column(name.replace(",", " "))
        return whole if whole[1] else split_column(name.split(",", maxsplit=1)[0])
    lower = re.sub(r"f\.?\s?u\.", "fu", name.strip().lower().replace("µ", "micro"))
    words = [word for word in re.split(r"[^a-z0-9]+", lower) if word not in ("per", "of", "")]
    found = _SUFFIX.fullmatch("_".join(words))
    if found is None:
        return "_".join(words), ""
    part = found["after"] or found["before"] or ""
    of = "cell" if "cell" in part else "formula" if part.startswith("f") else "atom"
    if found["energy"] is None:
        return found["what"], "" if of == "atom" else f"eV/{of}"
    energy = _ENERGIES[found["energy"]]
    if of == "cell":
        return found["what"], PER_CELL
    if energy.endswith("/mol"):
        return found["what"], f"{energy}-atom" if part and of == "atom" else energy
    return found["what"], f"{energy}/{of}"


def factors(unit: str, n_atoms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a unit is in eV/atom, for formulas of so many atoms as written; their shape.

    InputError for energies per cell.
    """
    if unit == PER_CELL:
        raise InputError(
            "energies per cell say nothing of how many atoms the cell has; divide by them and "
            "call the column formation_energy_eV_per_atom"
        )
    factor, of_formula = _UNITS[unit]
    return factor / n_atoms if of_formula else np.full(n_atoms.shape, factor)


def converted(value: float, unit: str, n_atoms: float) -> float:
    """Energy [eV/atom] of a value in some unit, for a formula of so many atoms as written."""
    return float(value * factors(unit, np.array(n_atoms)))


def likely_units(value: float, n_atoms: float, known: float | None = None) -> dict[str, float]:
    """Units in which a value would be a formation energy, with that energy [eV/atom].

    ``known`` is an energy that it should be near [eV/atom]; without one, all that can be counts.
    """
    found = {unit: converted(value, unit, n_atoms) for unit in UNITS if unit != PER_ATOM}
    if known is None:  # what is next to nothing in a unit was hardly written in it
        low, high = _BOUND
        likely = (unit for unit in UNITS[1:5] if low <= found[unit] <= high)
        return {unit: found[unit] for unit in likely if abs(found[unit]) > _LEAST}
    near = {unit: abs(energy - known) for unit, energy in found.items()}
    best = min(near, key=lambda unit: near[unit])
    fits = near[best] <= min(0.05 + 0.1 * abs(known), 0.3 * abs(value - known))
    return {best: found[best]} if fits else {}


def told(value: float, units: dict[str, float]) -> str:
    """Say what a value is in other units, and how to hand it in; empty where there are none."""
    parts = [f"{energy:.4f} if it is in {unit}" for unit, energy in units.items()]
    if not parts:
        return ""
    state = f"on a command line also '{value:g} {next(iter(units))}'"
    return f"; write {', '.join(parts)} ({state})"


def check_energy(name: str, energy: float, n_atoms: float) -> None:
    """Refuse a formation energy [eV/atom] that no phase can have.

    ``n_atoms`` are those of the formula, for the unit that is likely meant.

    Raises
    ------
    InputError
        Below -7 or above 10 eV/atom, or no finite number.
    """
    if not LOWEST <= energy <= HIGHEST:
        raise InputError(
            f"{name}: no formation energy is {energy:g} eV/atom (they lie between -5 and 3)"
            f"{told(energy, likely_units(energy, n_atoms))}"
        )


def check_distance(name: str, energy: float, hull: float, n_atoms: float) -> None:
    """Refuse a given formation energy that is far from the hull of its composition [eV/atom].

    Raises
    ------
    InputError
        More than 0.7 eV/atom below the hull, or 1 eV/atom and more above it; from 0.1 eV/atom below
        it where the value fits in another unit.
    """
    distance = energy - hull
    if -CLOSE <= distance < FAR_ABOVE:
        return
    likely = likely_units(energy, n_atoms, hull)
    if -FAR_BELOW <= distance < 0.0 and not likely:
        return
    if distance > 0.0:
        above = f"; if {energy:g} is meant above the hull, give it as that (--above-hull)"
        remedy = told(energy, likely) or (above if 0.0 <= energy < FAR_ABOVE else "")
    else:
        remedy = told(energy, likely) or "; is it a total energy? A formation energy is needed"
    raise InputError(
        f"{name}: {energy:g} eV/atom lies {abs(distance):.3g} eV/atom "
        f"{'above' if distance > 0 else 'below'} the hull of its composition ({hull:.4f}): no "
        f"formation energy in eV/atom{remedy}"
    )
