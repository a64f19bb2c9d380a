"""Energies drawn from the model of their errors: what compounds share, and what each has alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .errors import ErrorModel, own_errors

FEWEST, MOST = 20, 100_000  # samples that give a 90 % interval, and that anybody can wait for
BLOCK = 500  # samples that are answered together
GIVEN = "oxide"  # kind whose own error an energy has that the user gave

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class EnergyModel:
    """What is assumed about the errors of the energies (docs/uncertainty.md).

    Attributes
    ----------
    independent_eV_per_atom : float, optional
        Standard deviation of what is particular to each phase [eV/atom]; by default that of its
        kind, as fitted to measured compounds.
    correlated : bool
        Whether the errors that compounds share are sampled.
    seed : int
        Seeds every random number.

    Examples
    --------
    >>> import interscreen as si
    >>> model = si.EnergyModel(independent_eV_per_atom=0.03, seed=2)
    >>> si.load().window("LATP", samples=100, model=model).samples
    100
    """

    independent_eV_per_atom: float | None = None
    correlated: bool = True
    seed: int = 1


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
        errors = ErrorModel.of(table)
        if model.independent_eV_per_atom is None:
            alone = errors.own(rows)
        else:
            compounds = np.diff(table.indptr)[rows] > 1
            alone = np.where(compounds, model.independent_eV_per_atom, 0.0)
        shift = np.zeros((len(rows), count))
        for number in np.flatnonzero(alone).tolist():
            name = str(table.formulas[rows[number]])
            shift[number] = alone[number] * self._normal(name)
        if model.correlated:
            for cause, sizes in errors.shared(rows).items():
                held = np.flatnonzero(sizes)  # term by term: a matrix product differs in its digits
                shift[held] += sizes[held, None] * self._normal(cause)
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
        alone = self.model.independent_eV_per_atom
        size = own_errors()[GIVEN] if alone is None else alone
        return size * self._normal(f"given {text}")

    def _normal(self, name: str) -> Floats:
        """Return standard normal numbers that belong to a name."""
        from numpy.random import Generator, Philox

        words = hashlib.blake2b(
            f"{self.model.seed}|{name}".encode(), digest_size=16, usedforsecurity=False
        ).digest()
        key = np.frombuffer(words, dtype=np.uint64)
        stream = Generator(Philox(key=key, counter=[0, 0, 0, self.block]))
        return stream.standard_normal(self.count)
