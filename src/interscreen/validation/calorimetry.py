"""Energies held against calorimetry: what anchors leave, and whether error bars hold it.

Everything is judged by what it has not seen.  Measured ternaries are no anchors; the salts that
make an oxyanion's anchor are judged without themselves; conversions of measured binaries are
judged as if no compound of their cation were measured, with errors fitted without that cation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np

from ..energies.anchors import (
    ANIONS,
    GROUP,
    MEASURED,
    MEAN,
    PEROXIDE,
    Anchoring,
    amounts_of,
    anion_of,
    combined,
    compositions_of,
)
from ..energies.errors import OWN_EV, ErrorModel, pair_errors
from ..energies.measured import ROOM_K, Measured, measured
from ..phases.result import Result
from ..phases.source import ANCHORED, TABULATED
from ..phases.system import Floats
from ..phases.table import PhaseTable

LEVEL = 0.90  # of the intervals
QUANTILE = 1.6448536  # of the normal distribution: half of the interval in standard deviations
OVERALL, EACH = (0.85, 0.95), (0.75, 0.98)  # bands of the coverage, overall and of a class
ENOUGH = 10  # cases that make a class worth judging
CONVERSION, WITH_LITHIUM, FROM_ANCHORS = (
    "conversion voltage",
    "reaction with Li",
    "reaction from anchors",
)
_CENTRES = {  # class of an oxide by another element, with the O per atom that makes it one
    "carbonate": ("C", 3.0), "nitrate": ("N", 3.0), "sulfate": ("S", 4.0), "perchlorate": ("Cl", 4.0),
    "phosphate": ("P", 2.5), "arsenate": ("As", 2.5), "borate": ("B", 1.5), "silicate": ("Si", 2.0),
    "vanadate": ("V", 2.5), "molybdate": ("Mo", 3.0), "tungstate": ("W", 3.0),
}  # fmt: skip
_LITHIUM = {"O": "Li2O", "F": "LiF", "Cl": "LiCl", "Br": "LiBr", "I": "LiI", "S": "Li2S"}
_LITHIUM |= {"Se": "Li2Se", "N": "Li3N", "H": "LiH"}


@dataclass(frozen=True)
class Residual(Result):
    """One measured compound that is no anchor: what its energy is wrong by.

    Attributes
    ----------
    formula, kind : str
        Reduced formula and class (``plain oxide``, ``carbonate``, ...).
    tabulated_meV_per_atom, anchored_meV_per_atom : float
        Calculated less measured energy of formation.
    anchors : str
        What it is anchored to.
    """

    formula: str
    kind: str
    tabulated_meV_per_atom: float
    anchored_meV_per_atom: float
    anchors: str


@dataclass(frozen=True)
class Coverage(Result):
    """How many measured values lie within the 90 % interval.

    Attributes
    ----------
    energies : str
        ``source`` or ``anchored``.
    quantity : str
        ``conversion voltage`` [V], ``reaction with Li`` or ``reaction from anchors`` [eV/atom].
    kind : str
        Class of compounds, or ``all``.
    n, inside : int
        Cases, and those within the interval.
    mean_width : float
        Of the intervals, in the unit of the quantity.
    held : bool or None
        Whether the share lies in its band; None for fewer than ten cases.
    """

    energies: str
    quantity: str
    kind: str
    n: int
    inside: int
    mean_width: float
    held: bool | None


def kind_of(formula: str) -> str:
    """Class of a compound by its composition."""
    amounts = amounts_of(formula)
    oxygen = amounts.get("O", 0.0)
    anions = [a for a in ANIONS if a in amounts]
    if not oxygen:
        plain = len(anions) == 1 and not {"C", "B", "Si"} & set(amounts)
        return _WORDS.get(anions[0], "other") if plain and anions else "other"
    for name, (centre, least) in _CENTRES.items():
        if oxygen >= least * amounts.get(centre, np.inf) - 1e-6:
            rest = set(amounts) - {"O", centre}
            return name if not rest & {*ANIONS, "C"} else "other"
    if "H" in amounts and not set(amounts) & (set(ANIONS) - {"O", "H"}):
        return "hydroxide" if abs(amounts["H"] - oxygen) < 1e-6 else "other"
    return "plain oxide" if anions == ["O"] and not {"C", "B", "Si", "As"} & set(amounts) else "other"


_WORDS = {
    "O": "oxide", "F": "fluoride", "Cl": "chloride", "Br": "bromide", "I": "iodide", "S": "sulfide",
    "Se": "selenide", "N": "nitride", "P": "phosphide", "H": "hydride",
}  # fmt: skip


def residuals(table: PhaseTable, temperature_K: float | None = None) -> tuple[Residual, ...]:
    """Compare measured compounds of three and more elements with bare and anchored energies.

    Parameters
    ----------
    table : PhaseTable
        With energies as tabulated.
    temperature_K : float, optional
        Gibbs energies at this temperature; by default enthalpies at 298 K.

    Returns
    -------
    tuple of Residual
        In order of class and formula.
    """
    left = _Left(table, temperature_K)
    found = []
    for number, name in enumerate(left.names):
        parts = left.anchoring.parts(name, 2)
        found.append(
            Residual(
                name,
                left.kinds[number],
                1000.0 * float(left.bare[number]),
                1000.0 * float(left.anchored[number]),
                " + ".join(f"{amount:g} {part}" for part, amount in parts.items()),
            )
        )
    return tuple(sorted(found, key=lambda row: (row.kind, row.formula)))


class _Left:
    """Measured compounds that are no anchors, and what is left of their errors [eV/atom]."""

    def __init__(self, table: PhaseTable, temperature_K: float | None) -> None:
        self.table, self.temperature_K = table, temperature_K
        self.anchoring = Anchoring(table)
        known = set(table.elements)
        named = [
            (name, table.find(name), figures, _energy(figures, temperature_K))
            for name, figures in measured().items()
            if len(amounts_of(name)) > 2 and set(amounts_of(name)) <= known
        ]
        kept = [one for one in named if one[1] is not None and one[3] == one[3]]
        self.names = [name for name, *_ in kept]
        self.kinds = [kind_of(name) for name in self.names]
        self.rows = np.array([row for _, row, *_ in kept], dtype=np.int64)
        atoms = np.array([figures.atoms for _, _, figures, _ in kept])
        truth = np.array([energy for *_, energy in kept]) / atoms
        self.divided = self.anchoring.divide(compositions_of(table, self.rows))
        shifts = combined(self.divided, self.anchoring.column_shifts(temperature_K))
        self.bare: Floats = table.energies[self.rows] - truth
        self.anchored: Floats = self.bare + shifts + self._without_themselves() / atoms
        keep = np.isfinite(self.anchored)
        self.names = [name for name, k in zip(self.names, keep, strict=True) if k]
        self.kinds = [kind for kind, k in zip(self.kinds, keep, strict=True) if k]
        self.rows, self.bare, self.anchored = self.rows[keep], self.bare[keep], self.anchored[keep]

    def _without_themselves(self) -> Floats:
        """What the anchor of a salt's oxyanion changes by if the salt is no part of it [eV]."""
        change = np.zeros(len(self.names))
        for acid, salts in self.anchoring.salts(self.temperature_K).items():
            centre = next(s for s in amounts_of(acid) if s != "O")
            for salt, error in salts.items():
                if salt not in self.names:
                    continue
                others = [e for name, e in salts.items() if name != salt]
                units = amounts_of(salt)[centre] / amounts_of(acid)[centre]
                mean = np.mean(others) if others else np.nan
                change[self.names.index(salt)] = units * (mean - np.mean(list(salts.values())))
        return change


def _energy(figures: Measured, temperature_K: float | None) -> float:
    if temperature_K is None:
        return np.nan if figures.enthalpy_eV is None else figures.enthalpy_eV
    return figures.gibbs(temperature_K)


# -- coverage -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A measured binary: what a bond of cation and anion is wrong by [eV per unit of charge]."""

    formula: str
    cation: str
    anion: str
    tabulated: float  # error of the voltage of its conversion, as tabulated
    estimated: float  # the same with the mean error of the anion over all other cations


def pairs(table: PhaseTable) -> tuple[Pair, ...]:
    """Errors of the conversion of measured binaries: M X + Li -> M + Li X, at 298 K."""
    anchoring = Anchoring(table)
    errors = anchoring.errors(ROOM_K)
    binaries = [
        a
        for a in anchoring.columns
        if a.kind in (MEASURED, PEROXIDE) and not a.acid and np.isfinite(errors[a.name])
    ]
    each: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for anchor in binaries:
        anion = anion_of(anchor.amounts)
        each[anion].append((_cation(anchor.amounts), errors[anchor.name] / anchor.amounts[anion]))
    found = []
    for anchor in binaries:
        anion, cation = anion_of(anchor.amounts), _cation(anchor.amounts)
        lithium = _LITHIUM.get(anion)
        if lithium not in errors or cation == "Li" or cation in (*ANIONS, "C"):
            continue
        per_anion = errors[anchor.name] / anchor.amounts[anion]
        reference = errors[lithium] / amounts_of(lithium)[anion]
        mean = median(value for other, value in each[anion] if other != cation)
        charge = pair_errors()[anion].charge
        found.append(
            Pair(
                anchor.name,
                cation,
                anion,
                (per_anion - reference) / charge,
                (per_anion - mean) / charge,
            )
        )
    return tuple(found)


def _cation(amounts: Mapping[str, float]) -> str:
    anion = anion_of(amounts)
    return next(symbol for symbol in amounts if symbol != anion)


def fitted(found: Iterable[Pair]) -> dict[str, tuple[float, float]]:
    """Standard deviations of each anion that hold 90 % of some pairs [eV per unit of charge].

    As tabulated (of one bond: two of them make a conversion), and estimated.
    """
    every: dict[str, list[Pair]] = defaultdict(list)
    for pair in found:
        every[pair.anion].append(pair)
    return {
        anion: (
            _size(pair.tabulated for pair in some) / 2**0.5,
            _size(pair.estimated for pair in some),
        )
        for anion, some in every.items()
    }


def _size(errors: Iterable[float]) -> float:
    """Standard deviation whose 90 % interval holds 90 % of some errors."""
    return float(np.quantile(np.abs(list(errors)), LEVEL)) / QUANTILE


def coverage(table: PhaseTable) -> tuple[Coverage, ...]:
    """Count how many measured values lie within the 90 % interval of what they did not decide.

    Parameters
    ----------
    table : PhaseTable
        With energies as tabulated.
    """
    found = pairs(table)
    left = _Left(table, None)
    rows: list[Coverage] = []
    cations = sorted({pair.cation for pair in found})
    sizes = {c: fitted(pair for pair in found if pair.cation != c) for c in cations}
    for scale, number in ((TABULATED, 0), (ANCHORED, 1)):
        cases = [
            (
                _WORDS[pair.anion],
                pair.estimated if number else pair.tabulated,
                sizes[pair.cation][pair.anion][number] * (1.0 if number else 2**0.5),
            )
            for pair in found
            if pair.anion in sizes[pair.cation]
        ]
        rows += _counted(scale, CONVERSION, cases)
        rows += _counted(scale, WITH_LITHIUM, _with_lithium(left, scale))
        own = _own_without(left)
        cases = list(zip(left.kinds, left.anchored.tolist(), own, strict=True))
        rows += _counted(scale, FROM_ANCHORS, cases)
    return tuple(rows)


def _own_without(left: _Left) -> list[float]:
    """Error that phases have alone, fitted without those of the same cations [eV/atom]."""
    cations = [frozenset(set(amounts_of(name)) - {*ANIONS, "C"}) for name in left.names]
    errors = np.abs(left.anchored)
    sizes: dict[frozenset[str], float] = {}
    for own in set(cations):
        others = np.array([not own & other for other in cations])
        sizes[own] = _size(errors[others])
    return [sizes[own] for own in cations]


def _with_lithium(left: _Left, scale: str) -> list[tuple[str, float, float]]:
    """Reaction of each compound with Li, to Li compounds of its anions and its other elements."""
    anchored = scale == ANCHORED
    model = ErrorModel(left.anchoring)
    errors = left.anchoring.errors(None)
    shared = model.shared(left.rows)
    own, cases = _own_without(left), []
    for number, name in enumerate(left.names):
        amounts = amounts_of(name)
        atoms = sum(amounts.values())
        loads = {cause: float(sizes[number]) for cause, sizes in shared.items()}
        error = float(left.anchored[number] if anchored else left.bare[number])
        possible = True
        for anion in (a for a in amounts if a in _LITHIUM):
            lithium = _LITHIUM[anion]
            possible &= lithium in errors
            units = amounts[anion] / amounts_of(lithium)[anion] / atoms
            if not possible:
                break
            error += 0.0 if anchored else units * errors[lithium]
            row = np.array([left.table.find(lithium)])
            for cause, sizes in model.shared(row).items():
                load = float(sizes[0]) * units * sum(amounts_of(lithium).values())
                loads[cause] = loads.get(cause, 0.0) - load
        total = own[number] ** 2
        if not anchored:
            total += sum(size**2 for size in loads.values())
        if possible:
            cases.append((left.kinds[number], error, total**0.5))
    return cases


def _counted(
    scale: str, quantity: str, cases: Sequence[tuple[str, float, float]]
) -> list[Coverage]:
    """Coverage of all cases, and of each class."""

    def one(kind: str, some: Sequence[tuple[str, float, float]]) -> Coverage:
        inside = sum(abs(error) <= QUANTILE * size for _, error, size in some)
        width = 2.0 * QUANTILE * float(np.mean([size for *_, size in some]))
        low, high = OVERALL if kind == "all" else EACH
        held = low <= inside / len(some) <= high if len(some) >= ENOUGH else None
        return Coverage(scale, quantity, kind, len(some), inside, width, held)

    kinds = sorted({kind for kind, *_ in cases})
    return [one("all", cases), *(one(k, [c for c in cases if c[0] == k]) for k in kinds)]
