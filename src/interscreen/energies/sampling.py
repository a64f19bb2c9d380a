"""How wrong the energies may be: shared errors of the corrections, and what each phase has alone.

Two parts, both normal and with mean zero:

*Correlated.*  The Materials Project corrects its energies for each atom of an anion (O, S, F, ...)
and, in oxides and fluorides, of a transition metal treated with GGA+U.  The corrections are fitted
to measured enthalpies of formation, and the fit gives them a standard deviation (Wang et al.,
Sci. Rep. 11, 15496 (2021), doi:10.1038/s41598-021-94550-5: data/corrections.csv).  The error of a
correction is the same in every phase that has it, so in a reaction between oxides it cancels.

*Independent.*  What is left is particular to each phase.  Reactions between oxides are wrong by
24 meV/atom (one standard deviation of a ternary oxide against its binary oxides; Hautier, Ong,
Jain, Moore, Ceder, Phys. Rev. B 85, 155208 (2012), doi:10.1103/PhysRevB.85.155208).  Such a
reaction holds the phase itself and two others in shares x that make sum(x^2) about 1.45 in all, so
the independent part of one phase is 24 / sqrt(1.45) = 20 meV/atom.

The elements are the zero of energy and have no error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import data_rows
from ..phases.classes import anion_classes
from ..phases.system import Floats
from ..phases.table import PhaseTable

FEWEST, MOST = 20, 100_000  # samples that give a 90 % interval, and that anybody can wait for
BLOCK = 500  # samples that are answered together
INDEPENDENT_MEV = 20.0  # standard deviation of what is particular to a phase [meV/atom]
TOTAL = "energy_uncertainty_eV_per_atom"  # property: what the source says of all corrections

Rows = NDArray[np.int64]

_ALKALI = {"Li": 1, "Na": 1, "K": 1, "Rb": 1, "Cs": 1, "Mg": 2, "Ca": 2, "Sr": 2, "Ba": 2}


@dataclass(frozen=True)
class EnergyModel:
    """What is assumed about the errors of the energies.

    Attributes
    ----------
    independent_eV_per_atom : float
        Standard deviation of what is particular to each phase [eV/atom].
    correlated : bool
        Whether the errors of the corrections are sampled.
    seed : int
        Seeds every random number.

    Examples
    --------
    >>> import interscreen as si
    >>> model = si.EnergyModel(independent_eV_per_atom=0.03, seed=2)
    >>> si.load().window("LATP", samples=100, model=model).samples
    100
    """

    independent_eV_per_atom: float = INDEPENDENT_MEV / 1000.0
    correlated: bool = True
    seed: int = 1


@dataclass(frozen=True)
class Correction:
    """One correction of the energies."""

    name: str  # anion class, or "Fe in oxides"
    element: str  # that it counts by
    kind: str  # anion, oxide or fluoride (a transition metal in these)
    standard_deviation_eV: float  # per atom of that element [eV]


@lru_cache(maxsize=1)
def corrections() -> tuple[Correction, ...]:
    """Corrections and their standard deviations, as published."""
    deviation = "standard_deviation_eV_per_atom"
    return tuple(
        Correction(row["name"], row["element"], row["kind"], float(row[deviation]))
        for row in data_rows("corrections.csv")
    )


def correction_shares(table: PhaseTable, rows: Rows) -> Floats:
    """How much of each correction some compounds hold, by composition.

    Returns
    -------
    (k, number of corrections) float array
        Atoms that carry the correction, per atom of the phase.
    """
    part = table.only(rows)
    shares = np.zeros((len(rows), len(corrections())))
    if not len(rows):
        return shares
    classes = anion_classes(part)
    fractions = part.fractions(part.elements, np.arange(len(part))).T
    column = {symbol: number for number, symbol in enumerate(part.elements)}
    peroxide, superoxide = _of_alkali_metals(part)
    has = {
        "oxide": fractions[:, column["O"]] > 0 if "O" in column else np.zeros(len(rows), bool),
        "fluoride": classes["fluoride"],
        "peroxide": peroxide,
        "superoxide": superoxide,
    }
    anion = {**classes, "peroxide": peroxide, "superoxide": superoxide}
    anion["oxide"] = classes["oxide"] & ~peroxide & ~superoxide
    for number, correction in enumerate(corrections()):
        if correction.element not in column:
            continue
        mask = anion[correction.name] if correction.kind == "anion" else has[correction.kind]
        if correction.kind == "fluoride":
            mask = mask & ~has["oxide"]  # an oxyfluoride has the correction of the oxide
        shares[:, number] = np.where(mask, fractions[:, column[correction.element]], 0.0)
    return shares


def _of_alkali_metals(table: PhaseTable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Peroxides and superoxides: O on alkali or alkaline-earth metals, by the charge for each O."""
    charge = np.array([_ALKALI.get(symbol, 0) for symbol in table.elements], dtype=float)
    oxygen = np.array([symbol == "O" for symbol in table.elements])
    known = (charge > 0) | oxygen
    starts = table.indptr[:-1]
    only = np.logical_and.reduceat(known[table.element_index], starts)
    paid = np.add.reduceat(table.counts * charge[table.element_index], starts)
    atoms = np.add.reduceat(table.counts * oxygen[table.element_index], starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(only & (atoms > 0), paid / atoms, np.nan)
    return np.abs(each - 1.0) < 1e-9, np.abs(each - 0.5) < 1e-9


def checked_samples(samples: int) -> int:
    """Return a number of samples that gives an interval.

    Raises
    ------
    InputError
        For any other.
    """
    if not FEWEST <= samples <= MOST:
        raise InputError(f"samples {samples}: use {FEWEST} to {MOST} samples of the energies")
    return samples


class EnergySamples:
    """Sampled errors of the energies of some phases.

    The numbers of a phase depend on the seed, the sample and its own formula only: they stay the
    same whatever else a study holds, and however it is divided among workers.

    Those of ``rows`` (each once) can be asked for.  Samples are numbered in blocks of ``BLOCK``;
    ``block`` says which, and ``count`` how many samples of it.
    """

    def __init__(
        self, model: EnergyModel, table: PhaseTable, rows: Rows, block: int, count: int
    ) -> None:
        self.model, self.block, self.count = model, block, count
        self._place = np.full(len(table), -1, dtype=np.int64)
        self._place[rows] = np.arange(len(rows))
        lengths = np.diff(table.indptr)[rows]
        compounds = lengths > 1
        shift = np.zeros((len(rows), count))
        alone = np.full(len(rows), model.independent_eV_per_atom)
        if model.correlated:
            shares = np.zeros((len(rows), len(corrections())))
            shares[compounds] = correction_shares(table, rows[compounds])
            size = np.array([c.standard_deviation_eV for c in corrections()])
            guess = np.sqrt(((shares * size) ** 2).sum(axis=1))
            # uncertainty of all corrections as the source states it [eV/atom]
            held = table.properties.get(TOTAL, np.full(len(table), np.nan))
            stated = np.asarray(held, dtype=np.float64)[rows]
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = np.where(np.isnan(stated), 1.0, np.where(guess > 0, stated / guess, 0.0))
            # what the source states and the composition does not explain belongs to the phase
            alone = np.hypot(alone, np.where((guess == 0) & (stated > 0), stated, 0.0))
            for number, correction in enumerate(corrections()):
                atoms = scale * shares[:, number]
                if atoms.any():  # term by term: a matrix product differs in the last digit
                    error = size[number] * self._normal(f"correction {correction.name}")
                    shift += atoms[:, None] * error
        for number, (row, compound) in enumerate(zip(rows.tolist(), compounds, strict=True)):
            if compound:
                shift[number] += alone[number] * self._normal(str(table.formulas[row]))
        shift[~compounds] = 0.0
        self._shift = shift

    def of_rows(self, rows: Rows) -> Floats:
        """Errors of phases of the table [eV/atom], shape (len(rows), count); -1 is an element."""
        found = np.zeros((len(rows), self.count))
        there = rows >= 0
        places = self._place[rows[there]]
        if (places < 0).any():
            raise IndexError("a phase was asked for whose errors were not sampled")
        found[there] = self._shift[places]
        return found

    def of_given(self, text: str) -> Floats:
        """Errors of a material whose energy the user gave [eV/atom], shape (count,)."""
        return self.model.independent_eV_per_atom * self._normal(f"given {text}")

    def _normal(self, name: str) -> Floats:
        """Return standard normal numbers that belong to a name."""
        from numpy.random import Generator, Philox

        words = hashlib.blake2b(
            f"{self.model.seed}|{name}".encode(), digest_size=16, usedforsecurity=False
        ).digest()
        key = np.frombuffer(words, dtype=np.uint64)
        stream = Generator(Philox(key=key, counter=[0, 0, 0, self.block]))
        return stream.standard_normal(self.count)
