"""Energies held against calorimetry: what anchors leave, and whether error bars hold it.

Everything is judged by what it has not seen.  Measured ternaries are no anchors; the salts that
make an oxyanion's anchor are judged without themselves; conversions of measured binaries are
judged as if no compound of their cation were measured, with errors fitted without that cation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from ..energies.anchors import (
    ANIONS,
    MEASURED,
    PEROXIDE,
    Anchoring,
    amounts_of,
    anion_of,
    block_of,
    cation_of,
    combined,
)
from ..energies.errors import (
    CHARGES,
    MIXED,
    OTHERS,
    QUANTILE,
    WORDS,
    BondError,
    ErrorModel,
    kind_of,
)
from ..energies.measured import Measured, measured
from ..phases.conditions import ROOM_K
from ..phases.result import Result
from ..phases.source import ANCHORED, TABULATED
from ..phases.system import Floats
from ..phases.table import PhaseTable, compositions_of

LEVEL = 0.90  # of the intervals
OVERALL, EACH = (0.85, 0.95), (0.75, 0.98)  # bands of the coverage, overall and of a class
ENOUGH = 10  # cases that make a class worth judging
_FEWEST = 50  # pairs and compounds that a source must hold to be judged
_MEAN = 4  # cases that make a mean, as in energies.anchors
_ENOUGH = 8  # cases that make a standard deviation
CONVERSION, WITH_LITHIUM, FROM_ANCHORS = (
    "conversion voltage",
    "reaction with Li",
    "reaction from anchors",
)
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
class OfKind(Result):
    """Something about a class of compounds (``kind``; in files and JSON ``class``)."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"class" if key == "kind" else key: v for key, v in super().to_dict().items()}


@dataclass(frozen=True)
class LeftOut(OfKind):
    """Errors of measured compounds that are no anchors, by class: medians and 90th percentiles.

    Attributes
    ----------
    kind : str
        ``oxide``, ``carbonate``, ... (``energies.errors.kind_of``).
    n : int
        Measured compounds.
    tabulated_median_meV_per_atom, tabulated_p90_meV_per_atom : float
        Of the absolute errors as tabulated.
    anchored_median_meV_per_atom, anchored_p90_meV_per_atom : float
        Of the anchored energies.
    """

    kind: str
    n: int
    tabulated_median_meV_per_atom: float
    tabulated_p90_meV_per_atom: float
    anchored_median_meV_per_atom: float
    anchored_p90_meV_per_atom: float


@dataclass(frozen=True)
class Coverage(OfKind):
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


def left_out(found: Iterable[Residual]) -> tuple[LeftOut, ...]:
    """Summarise residuals by class, the largest class first."""
    every: dict[str, list[Residual]] = defaultdict(list)
    for one in found:
        every[one.kind].append(one)

    def quantiles(values: Iterable[float]) -> tuple[float, float]:
        sizes = np.abs(list(values))
        return float(np.median(sizes)), float(np.quantile(sizes, LEVEL))

    return tuple(
        LeftOut(
            kind,
            len(some),
            *quantiles(one.tabulated_meV_per_atom for one in some),
            *quantiles(one.anchored_meV_per_atom for one in some),
        )
        for kind, some in sorted(every.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    )


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
        self.kinds = [kind_of(amounts_of(name)) for name in self.names]
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
        """Return by how much an oxyanion's anchor differs without the salt itself [eV]."""
        change = np.zeros(len(self.names))
        for acid, salts in self.anchoring.salts(self.temperature_K).items():
            centre = next(s for s in amounts_of(acid) if s != "O")
            for salt, _error in salts.items():
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
    each: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for anchor in binaries:
        anion, cation = anion_of(anchor.amounts), cation_of(anchor.amounts)
        if anchor.kind == MEASURED:
            for block in (block_of(cation), ""):
                per_anion = errors[anchor.name] / anchor.amounts[anion]
                each[anion, block].append((cation, per_anion))
    found = []
    for anchor in binaries:
        anion, cation = anion_of(anchor.amounts), cation_of(anchor.amounts)
        lithium = _LITHIUM.get(anion)
        if lithium not in errors or cation == "Li" or cation in (*ANIONS, "C"):
            continue
        per_anion = errors[anchor.name] / anchor.amounts[anion]
        reference = errors[lithium] / amounts_of(lithium)[anion]
        others = [v for other, v in each[anion, block_of(cation)] if other != cation]
        if len(others) < _MEAN:
            others = [v for other, v in each[anion, ""] if other != cation]
        mean = median(others)
        charge = CHARGES.get(anion, 1)
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


def fitted(found: Iterable[Pair]) -> dict[tuple[str, str], BondError]:
    """Errors of bonds that hold 90 % of some pairs, by anion and block of the cation.

    As tabulated, a conversion has the error of the bond to the cation and that of the bond to Li.
    Blocks with fewer than eight pairs of an anion have the errors of all its pairs.
    """
    every: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in found:
        for block in (block_of(pair.cation), ""):
            every[pair.anion, block].append(pair)
    result = {}
    for anion in {anion for anion, _ in every}:
        sizes = {}
        for block in "sdfp":
            some = every.get((anion, block), [])
            some = some if len(some) >= _ENOUGH else every[anion, ""]
            sizes[block] = [_size(p.tabulated for p in some), _size(p.estimated for p in some)]
        lithium = sizes["s"][0] / 2**0.5
        for block, (total, estimated) in sizes.items():
            bond = max(total**2 - lithium**2, lithium**2) ** 0.5
            result[anion, block] = BondError(bond, estimated)
    return result


def fitted_own(found: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Error that phases of each kind have alone: what holds 90 % of some errors [eV/atom].

    Kinds with fewer than eight share ``others``: all of them together.
    """
    every: dict[str, list[float]] = defaultdict(list)
    for kind, error in found:
        every[kind].append(error)
    few = [error for some in every.values() if len(some) < _ENOUGH for error in some]
    kinds = {kind: _size(some) for kind, some in every.items() if len(some) >= _ENOUGH}
    pool = few if len(few) >= _ENOUGH else [e for some in every.values() for e in some]
    return {**kinds, OTHERS: _size(pool)}


def _size(errors: Iterable[float]) -> float:
    """Return the standard deviation whose 90 % interval holds 90 % of some errors."""
    return float(np.quantile(np.abs(list(errors)), LEVEL)) / QUANTILE


def coverage(table: PhaseTable) -> tuple[Coverage, ...]:
    """Count how many measured values lie within the 90 % interval of what they did not decide.

    Parameters
    ----------
    table : PhaseTable
        With energies as tabulated.

    Returns
    -------
    tuple of Coverage
        Empty for a source with too few measured compounds to judge it.
    """
    found = pairs(table)
    left = _Left(table, None)
    if len(found) < _FEWEST or len(left.names) < _FEWEST:
        return ()
    rows: list[Coverage] = []
    cations = sorted({pair.cation for pair in found})
    sizes = {c: fitted(pair for pair in found if pair.cation != c) for c in cations}
    own = _own_without(left)
    for scale in (TABULATED, ANCHORED):
        cases = []
        for pair in found:
            bonds = sizes[pair.cation]
            bond, lithium = bonds[pair.anion, block_of(pair.cation)], bonds[pair.anion, "s"]
            if scale == ANCHORED:
                cases.append((WORDS[pair.anion], pair.estimated, bond.estimated))
            else:
                size = (bond.tabulated**2 + lithium.tabulated**2) ** 0.5
                cases.append((WORDS[pair.anion], pair.tabulated, size))
        rows += _counted(scale, CONVERSION, cases)
        rows += _counted(scale, WITH_LITHIUM, _with_lithium(left, scale, own))
        cases = list(zip(left.kinds, left.anchored.tolist(), own, strict=True))
        rows += _counted(scale, FROM_ANCHORS, cases)
    return tuple(rows)


def _own_without(left: _Left) -> list[float]:
    """Error that phases have alone, fitted without those of the same cations [eV/atom]."""
    cations = [frozenset(set(amounts_of(name)) - {*ANIONS, "C"}) for name in left.names]
    cases = list(zip(left.kinds, left.anchored.tolist(), strict=True))
    sizes: dict[frozenset[str], dict[str, float]] = {}
    for own in set(cations):
        sizes[own] = fitted_own(c for c, other in zip(cases, cations, strict=True) if own != other)
    return [
        sizes[own].get(kind, sizes[own][OTHERS])
        for own, kind in zip(cations, left.kinds, strict=True)
    ]


def _with_lithium(left: _Left, scale: str, own: Sequence[float]) -> list[tuple[str, float, float]]:
    """Reaction of each compound with Li, to Li compounds of its anions and its other elements."""
    anchored = scale == ANCHORED
    model = ErrorModel(left.anchoring)
    errors = left.anchoring.errors(None)
    shared = model.shared(left.rows)
    cases = []
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

    merged = [
        (kind if kind in (*WORDS.values(), MIXED) else "oxide", error, size)
        for kind, error, size in cases
    ]
    kinds = sorted({kind for kind, *_ in merged})
    return [one("all", cases), *(one(k, [c for c in merged if c[0] == k]) for k in kinds)]
