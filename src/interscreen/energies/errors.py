"""How wrong the energies may be: what compounds share, and what each has alone.

The error of a phase is that of its anchors (see ``anchors``) and one of its own:

*As tabulated.*  A cation bound to an anion is wrong by as much in every compound of the two, per
unit of charge: it cancels where both sides of a reaction hold the pair, and does not where the
bond is new.  An oxyanion is wrong by what its salts are wrong by beyond their base oxides.

*Anchored.*  A measured anchor has the uncertainty of its measurement.  A pair of cation and anion
that nobody measured has the scatter that measured pairs show about the mean of their anion.

*Its own.*  What is left between a phase and its anchors: the scatter of measured ternaries.  An
anchor has none on the anchored scale.  The elements are the zero of energy and have no error.

The standard deviations (data/bond_errors.csv, data/own_errors.csv) are fitted so that 90 % of the
measured differences lie within 1.645 of them; ``validate`` holds them against what was left out of
the fit.
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
from ..phases.table import PhaseTable, compositions_of
from .anchors import (
    ANIONS,
    ESTIMATED,
    GROUP,
    MOLECULE,
    Anchor,
    Anchoring,
    anion_of,
    block_of,
    cation_of,
)

QUANTILE = 1.6448536
"""Half of a 90 % interval in standard deviations of the normal distribution."""

MEASURED_EV = 0.010
"""Uncertainty of a measured energy that states none [eV/atom]: how far compilations differ."""

CHARGES = {"N": 3, "P": 3, "O": 2, "S": 2, "Se": 2}  # of anions; all others 1
_CENTRES = {  # kind of an oxide by another element, with the O per atom that makes it one
    "carbonate": ("C", 3.0), "nitrate": ("N", 3.0), "sulfate": ("S", 4.0),
    "perchlorate": ("Cl", 4.0),
    "phosphate": ("P", 2.5), "arsenate": ("As", 2.5), "borate": ("B", 1.5), "silicate": ("Si", 2.0),
    "vanadate": ("V", 2.5), "molybdate": ("Mo", 3.0), "tungstate": ("W", 3.0),
}  # fmt: skip
WORDS = {
    "O": "oxide", "F": "fluoride", "Cl": "chloride", "Br": "bromide", "I": "iodide", "S": "sulfide",
    "Se": "selenide", "N": "nitride", "P": "phosphide", "H": "hydride",
}  # fmt: skip
METALLIC, MIXED, OTHERS = "metallic", "mixed", "others"


@dataclass(frozen=True)
class BondError:
    """Errors of the bond of a cation to an anion, standard deviations [eV per unit of charge]."""

    tabulated: float
    estimated: float


@cache
def bond_errors() -> Mapping[tuple[str, str], BondError]:
    """Errors of bonds by anion and block of the cation."""
    return {
        (row["anion"], row["block"]): BondError(float(row["tabulated"]), float(row["estimated"]))
        for row in data_rows("bond_errors.csv")
    }


@cache
def own_errors() -> Mapping[str, float]:
    """Errors that phases have alone, by kind: standard deviations [eV/atom]."""
    return {row["kind"]: float(row["own"]) for row in data_rows("own_errors.csv")}


def kind_of(amounts: Mapping[str, float]) -> str:
    """Kind of a compound by its atoms.

    ``carbonate`` and the like, ``hydroxide``, ``oxide`` and the like with one anion, ``metallic``
    without any, ``mixed``.
    """
    oxygen = amounts.get("O", 0.0)
    anions = [symbol for symbol in ANIONS if symbol in amounts]
    if not anions:
        return METALLIC
    for name, (centre, least) in _CENTRES.items() if oxygen else ():
        if oxygen >= least * amounts.get(centre, np.inf) - 1e-6:
            rest = amounts.keys() - {"O", centre}
            return MIXED if rest & {*ANIONS, "C"} else name
    if anions == ["O", "H"] and "C" not in amounts:
        return "hydroxide" if abs(amounts["H"] - oxygen) < 1e-6 else MIXED
    plain = len(anions) == 1 and not {"C", "B", "Si", "As"} & amounts.keys()
    return WORDS[anions[0]] if plain else MIXED


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
        model: ErrorModel = table.remember(
            "error model", lambda: cls(Anchoring.of(table)), stays=True
        )
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
        if anchor.kind == MOLECULE:
            return {f"molecule {anchor.name}": abs(self._enthalpies[anchor.name]) / QUANTILE}
        anion, cation = anion_of(anchor.amounts), cation_of(anchor.amounts)
        error = bond_errors()[anion, block_of(cation)]
        size = error.estimated if self.anchored else error.tabulated
        charge = CHARGES.get(anion, 1) * anchor.amounts[anion]
        return {f"{cation} with {anion}": size * charge}

    @cached_property
    def _by_name(self) -> Mapping[str, Anchor]:
        return {a.name: a for a in self.anchoring.columns if a.kind != GROUP}

    @cached_property
    def _groups(self) -> Mapping[str, float]:
        """Error of each oxyanion as tabulated [eV per unit of its acid oxide].

        What it is known to be wrong by is the half of its 90 % interval.
        """
        errors = self._enthalpies
        return {
            acid.name: abs(sum(count * errors[name] for name, count in acid.shift.items()))
            / QUANTILE
            for acid in self.anchoring.acids
        }

    @cached_property
    def _enthalpies(self) -> Mapping[str, float]:
        return self.anchoring.errors(None)

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

    def own(self, rows: np.ndarray, times: float = 1.0) -> Floats:
        """Error that each phase has alone [eV/atom], (k,): none for anchored anchors.

        ``times`` multiplies that of every kind.
        """
        table, sizes = self.anchoring.table, np.zeros(len(rows))
        exact = self._exact if self.anchored else frozenset()
        for place, row in enumerate(rows.tolist()):
            amounts = table.composition(row)
            if len(amounts) > 1 and row not in exact:
                kind = kind_of(amounts)
                sizes[place] = times * own_errors().get(kind, own_errors()[OTHERS])
        return sizes

    @cached_property
    def _exact(self) -> frozenset[int]:
        """Rows whose energies are measured ones."""
        known = self.anchoring.known
        return frozenset(known[name][0] for name in self._by_name if name in known)
