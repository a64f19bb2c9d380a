"""How wrong the energies may be: what compounds share, and what each has alone.

The error of a phase is that of its anchors (see ``anchors``) and one of its own:

*As tabulated.*  A cation bound to an anion is wrong by as much in every compound of the two, per
unit of charge: it cancels where both sides of a reaction hold the pair, and does not where the
bond is new.  An oxyanion is wrong by what its salts are wrong by beyond their base oxides.

*Anchored.*  A measured anchor has the uncertainty of its measurement.  A pair of cation and anion
that nobody measured has the scatter that measured pairs show about the mean of their anion.

*Its own.*  What is left between a phase and its anchors: the scatter of measured ternaries.  An
anchor has none on the anchored scale.  The elements are the zero of energy and have no error.

The standard deviations (data/energy_errors.csv) are fitted so that 90 % of the measured differences
lie within 1.645 of them; ``validate`` holds them against what was left out of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from ..engine.batch import PointBatch
from ..files import data_rows
from ..phases.source import ANCHORED
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .anchors import ESTIMATED, GROUP, Anchor, Anchoring, anion_of, compositions_of

OWN_EV = 0.038
"""Standard deviation of what a phase has alone, against its anchors [eV/atom]."""

MEASURED_EV = 0.010
"""Uncertainty of a measured energy that states none [eV/atom]: how far compilations differ."""


@dataclass(frozen=True)
class PairError:
    """Errors of the bond of a cation to an anion, standard deviations [eV per unit of charge]."""

    charge: int
    tabulated: float
    estimated: float


@cache
def pair_errors() -> Mapping[str, PairError]:
    """Errors of the bond to each anion."""
    return {
        row["anion"]: PairError(int(row["charge"]), float(row["tabulated"]), float(row["estimated"]))
        for row in data_rows("energy_errors.csv")
    }


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """Shared errors of the phases of a table, as standard deviations by name.

    Attributes
    ----------
    anchoring : Anchoring
        Of the table; its scale decides which errors the anchors have.
    """

    anchoring: Anchoring

    @classmethod
    def of(cls, table: PhaseTable) -> ErrorModel:
        """Return the model of a table, the same one each time."""
        model: ErrorModel = table.remember("error model", lambda: cls(Anchoring(table)))
        return model

    @property
    def anchored(self) -> bool:
        """Whether the energies are anchored."""
        return self.anchoring.table.source.scale == ANCHORED

    @cached_property
    def columns(self) -> tuple[Mapping[str, float], ...]:
        """Error of each column of the anchoring by the name of its cause [eV per formula unit]."""
        return tuple(self._of_column(anchor) for anchor in self.anchoring.columns)

    def _of_column(self, anchor: Anchor) -> dict[str, float]:
        if anchor.kind == GROUP:
            found = {}
            for name, times in anchor.base.items():
                base = self._by_name[name]
                found = {cause: times * size for cause, size in self._of_column(base).items()}
            if not self.anchored:
                found[f"group {anchor.acid}"] = self._groups[anchor.acid]
            return found
        if self.anchored and anchor.kind != ESTIMATED:
            figures = self.anchoring.known[anchor.name][1]
            return {f"measured {anchor.name}": figures.uncertainty_eV or MEASURED_EV * anchor.atoms}
        anion = anion_of(anchor.amounts)
        error = pair_errors()[anion]
        cation = next(symbol for symbol in anchor.amounts if symbol != anion)
        size = error.estimated if self.anchored else error.tabulated
        return {f"{cation} with {anion}": size * error.charge * anchor.amounts[anion]}

    @cached_property
    def _by_name(self) -> Mapping[str, Anchor]:
        return {a.name: a for a in self.anchoring.columns if a.kind != GROUP}

    @cached_property
    def _groups(self) -> Mapping[str, float]:
        """What each oxyanion is wrong by as tabulated [eV per unit of its acid oxide]."""
        errors = self.anchoring.errors(None)
        return {
            acid.name: abs(sum(count * errors[name] for name, count in acid.shift.items()))
            for acid in self.anchoring.acids
        }

    def shared(self, rows: np.ndarray) -> dict[str, Floats]:
        """Errors that phases of the table share: cause -> standard deviations [eV/atom], (k,).

        Signs count: two phases with the same sign are wrong in the same direction.
        """
        return self.of_divided(self.anchoring.divide(compositions_of(self.anchoring.table, rows)))

    def of_divided(self, divided: PointBatch) -> dict[str, Floats]:
        """Errors of compositions that were divided into anchors; see ``shared``."""
        found: dict[str, Floats] = {}
        here = (divided.phases >= 0) & (divided.phases < len(self.columns))
        here &= divided.amounts > 1e-12
        for number in np.unique(divided.phases[here]).tolist():
            share = np.where(divided.phases == number, divided.amounts, 0.0).sum(axis=1)
            anchor = self.anchoring.columns[number]
            for cause, size in self.columns[number].items():
                part = share * (size / anchor.atoms)
                found[cause] = found[cause] + part if cause in found else part
        return dict(sorted(found.items()))

    def own(self, rows: np.ndarray, size: float) -> Floats:
        """Error that each phase has alone [eV/atom], (k,): none for anchored anchors."""
        table = self.anchoring.table
        sizes = np.where(np.diff(table.indptr)[rows] > 1, size, 0.0)
        if self.anchored:
            anchors = {row for row, _ in self.anchoring.known.values()}
            groups = {row for name, (row, _) in self.anchoring.known.items() if name not in self._by_name}
            sizes[np.isin(rows, sorted(anchors - groups))] = 0.0
        return sizes
