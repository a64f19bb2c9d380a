"""Gibbs energies held against calorimetry: errors at a temperature, and when gas leaves.

What is judged is no anchor and does not count among the salts that make the anchor of its group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..energies.anchors import amounts_of
from ..energies.measured import gases, measured
from ..phases.conditions import GAS
from ..phases.equation import balance
from ..phases.formula import parse_formula
from ..phases.table import PhaseTable
from .calorimetry import LEVEL, OfKind, Residual, left_out, residuals

TEMPERATURES_K = (300.0, 600.0, 1000.0)
_GASES = {"carbonate": ("C", "CO2"), "hydroxide": ("H", "H2O"), "sulfate": ("S", "SO3")}
_LOWEST_K, _HIGHEST_K, _STEP_K = 300.0, 2000.0, 10.0
_EVERY = "all"


@dataclass(frozen=True)
class LeftOutAt(OfKind):
    """Errors of anchored Gibbs energies of measured compounds that are no anchors, by class.

    Attributes
    ----------
    temperature_K : float
    kind : str
        ``oxide``, ``carbonate``, ..., or ``all``.
    n : int
        Measured compounds.
    anchored_median_meV_per_atom, anchored_p90_meV_per_atom : float
        Of the absolute errors.
    """

    temperature_K: float
    kind: str
    n: int
    anchored_median_meV_per_atom: float
    anchored_p90_meV_per_atom: float


@dataclass(frozen=True)
class GasLoss(OfKind):
    """A measured salt that gives off its gas at 1 bar, and becomes oxides.

    Attributes
    ----------
    formula, kind, equation : str
    measured_onset_K : float or None
        Where its measured Gibbs energy says so; None where it does already at 300 K, or not up to
        the end of a table.
    anchored_onset_K : float or None
        The same without its own figures.
    """

    formula: str
    kind: str
    equation: str
    measured_onset_K: float | None
    anchored_onset_K: float | None

    @property
    def difference_K(self) -> float | None:
        """Anchored less measured."""
        if self.measured_onset_K is None or self.anchored_onset_K is None:
            return None
        return self.anchored_onset_K - self.measured_onset_K


def residuals_at(table: PhaseTable) -> dict[float, tuple[Residual, ...]]:
    """Return the errors of measured compounds at some temperatures; see ``residuals``."""
    return {kelvin: residuals(table, kelvin) for kelvin in TEMPERATURES_K}


def left_out_at(found: Mapping[float, Sequence[Residual]]) -> tuple[LeftOutAt, ...]:
    """Summarise residuals by temperature and class, all of them first."""
    rows = []
    for kelvin, some in found.items():
        sizes = np.abs([one.anchored_meV_per_atom for one in some])
        if len(sizes):
            every = (float(np.median(sizes)), float(np.quantile(sizes, LEVEL)))
            rows.append(LeftOutAt(kelvin, _EVERY, len(sizes), *every))
        rows += [
            LeftOutAt(
                kelvin, one.kind, one.n, one.anchored_median_meV_per_atom,
                one.anchored_p90_meV_per_atom,
            )
            for one in left_out(some)
        ]  # fmt: skip
    return tuple(rows)


def gas_losses(found: Mapping[float, Sequence[Residual]]) -> tuple[GasLoss, ...]:
    """Compare where measured carbonates, hydroxides and sulfates become oxides at 1 bar.

    Errors between the temperatures of ``found`` lie on straight lines, and stay beyond them.
    Only salts whose measured or anchored energy says that they decompose are listed.
    """
    errors: dict[str, dict[float, float]] = {}
    kinds: dict[str, str] = {}
    for kelvin, some in found.items():
        for one in some:
            if one.kind in _GASES:
                kinds[one.formula] = one.kind
                errors.setdefault(one.formula, {})[kelvin] = one.anchored_meV_per_atom / 1000.0
    rows = []
    for name, kind in kinds.items():
        parts = _oxides(name, kind)
        if parts is None:
            continue
        kelvins, energies = _reaction(name, parts, _GASES[kind][1])
        known = sorted(errors[name])
        error = np.interp(kelvins, known, [errors[name][kelvin] for kelvin in known])
        anchored = energies - measured()[name].atoms * error
        ends = (_root(kelvins, energies), _root(kelvins, anchored))
        if ends != (None, None):
            rows.append(GasLoss(name, kind, _equation(name, parts, kind), *ends))
    return tuple(sorted(rows, key=lambda row: (row.kind, row.measured_onset_K or _HIGHEST_K)))


def _oxides(name: str, kind: str) -> dict[str, float] | None:
    """Return measured oxides that the salt becomes, and how many of each; None for none."""
    amounts = amounts_of(name)
    centre, gas = _GASES[kind]
    molecules = amounts[centre] / amounts_of(gas)[centre]
    oxygen = amounts["O"] - molecules * amounts_of(gas)["O"]
    metals = [symbol for symbol in amounts if symbol not in (centre, "O")]
    choices = [list(_oxides_of(symbol, amounts[symbol])) for symbol in metals]
    for some in product(*choices):
        if abs(sum(n * amounts_of(oxide)["O"] for oxide, n in some) - oxygen) < 1e-6:
            return dict(some)
    return None


def _oxides_of(symbol: str, amount: float) -> Iterator[tuple[str, float]]:
    """Oxides of a metal with measured Gibbs energies, and how many hold some atoms of it."""
    for name, figures in measured().items():
        atoms = amounts_of(name)
        if set(atoms) == {symbol, "O"} and len(figures.temperatures_K) > 1:
            yield name, amount / atoms[symbol]


def _reaction(name: str, parts: Mapping[str, float], gas: str) -> tuple[np.ndarray, np.ndarray]:
    """Return temperatures and Gibbs energies of the decomposition [eV per formula unit]."""
    kelvins = np.arange(_LOWEST_K, _HIGHEST_K + 1.0, _STEP_K)
    centre = next(symbol for symbol in amounts_of(gas) if symbol != "O")
    molecules = amounts_of(name)[centre] / amounts_of(gas)[centre]
    energies = np.array(
        [
            molecules * gases()[gas].gibbs(kelvin)
            + sum(n * measured()[oxide].gibbs(kelvin) for oxide, n in parts.items())
            - measured()[name].gibbs(kelvin)
            for kelvin in kelvins
        ]
    )
    known = np.isfinite(energies)
    return kelvins[known], energies[known]


def _root(kelvins: np.ndarray, energies: np.ndarray) -> float | None:
    """Temperature above which a Gibbs energy is below zero; None for none."""
    below = np.flatnonzero(energies < 0.0)
    if not len(below):
        return None
    place = int(below[0])
    if place == 0:
        return None  # it does at any temperature that is known
    high, low = energies[place], energies[place - 1]
    share = float(low / (low - high))
    return round(float(kelvins[place - 1]) + share * _STEP_K, 1)


def _equation(name: str, parts: Mapping[str, float], kind: str) -> str:
    unit = parse_formula(name)
    centre, gas = _GASES[kind]
    units = {**parts, f"{gas}{GAS}": amounts_of(name)[centre] / amounts_of(gas)[centre]}
    whole = float(unit.n_atoms)
    products = [
        (one, n * sum(amounts_of(one.removesuffix(GAS)).values()) / whole)
        for one, n in units.items()
    ]
    return balance([(unit.text, unit.amounts, 1.0 / whole)], products).text
