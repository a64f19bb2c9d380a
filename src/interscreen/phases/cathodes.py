"""Cathodes as they are in a cell: discharged, charged, and between which potentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TypeAlias

from ..errors import InputError
from ..files import data_yaml
from .electrode import CHARGES
from .material import Material, resolve

_WRITTEN = re.compile(
    r"(?P<discharged>[^/@]+)/(?P<charged>[^/@]+)@\s*(?P<low>\d+(?:\.\d+)?)\s*V?\s*-\s*"
    r"(?P<high>\d+(?:\.\d+)?)\s*V?\s*"
)
_REMEDY = "write another one as LiCoO2/Li0.5CoO2@3.0-4.2V (discharged/charged@potentials)"

_Shares: TypeAlias = "tuple[tuple[str, Fraction], ...]"


@dataclass(frozen=True)
class Cathode:
    """A cathode with both of its states.

    Attributes
    ----------
    name : str
        How tables call it.
    discharged, charged : Material
    discharge_V, charge_V : float
        Potentials between which it is cycled [V against the metal of its ion].
    reference : str
        Where the charged state and the potentials come from.

    Raises
    ------
    InputError
        For potentials that are no range, and for states that are no charge of each other: the
        charged one must have less of an ion on the same other elements.
    """

    name: str
    discharged: Material
    charged: Material
    discharge_V: float
    charge_V: float
    reference: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.discharge_V < self.charge_V < 10.0:
            raise InputError(
                f"cathode {self.name}: potentials {self.discharge_V:g} to {self.charge_V:g} V; "
                "give the lower one first, against the metal of its ion"
            )
        _ = self.ion

    @cached_property
    def ion(self) -> str:
        """The ion that leaves as it is charged: Li, Na, ..."""
        full, less = (dict(resolve(state)[1].amounts) for state in self.states)
        for symbol in CHARGES:
            frame = set(full) - {symbol}
            one = min(frame, default="")
            if (
                frame
                and frame == set(less) - {symbol}
                and all(full[s] * less[one] == less[s] * full[one] for s in frame)
                and full.get(symbol, 0) * less[one] > less.get(symbol, 0) * full[one]
            ):
                return symbol
        raise InputError(
            f"cathode {self.name}: {self.charged.formula} is not {self.discharged.formula} "
            f"with less {' or '.join(s for s in CHARGES if s in full) or 'Li'}; write the "
            "discharged state first, then the charged one"
        )

    def require_ion(self, symbol: str) -> None:
        """Raise ``InputError`` where another ion moves."""
        if symbol != self.ion:
            raise InputError(
                f"cathode {self.name}: {self.ion} leaves it, but {symbol} moves; name another with "
                f"--cathode, or --ion {self.ion}"
            )

    @property
    def states(self) -> tuple[Material, Material]:
        """The discharged and the charged one."""
        return self.discharged, self.charged

    @property
    def potentials(self) -> tuple[float, float]:
        """Potentials of these states [V against the metal of its ion]."""
        return self.discharge_V, self.charge_V


@lru_cache(maxsize=1)
def known_cathodes() -> Mapping[str, Cathode]:
    """Cathodes of data/cathodes.yaml by the formula of the discharged one."""
    found = {}
    for formula, entry in data_yaml("cathodes.yaml").items():
        low, high = entry["potential_V"]
        states = Material(formula), Material(entry["charged"])
        found[str(formula)] = Cathode(
            str(formula), *states, float(low), float(high), entry["reference"]
        )
    return found


@lru_cache(maxsize=1)
def _by_composition() -> dict[_Shares, str]:
    """Formulas of the known cathodes by the composition of either state."""
    return {
        _shares(state): formula
        for formula, cathode in known_cathodes().items()
        for state in cathode.states
    }


def _shares(material: Material) -> _Shares:
    unit = resolve(material)[1]
    return tuple((symbol, amount / unit.n_atoms) for symbol, amount in unit.amounts)


def find_cathode(text: str) -> Cathode:
    """Return a cathode by its name (LCO), by the formula of one of its states, or as written out.

    Raises
    ------
    InputError
        For one that is not on the list and does not state its charge and potentials.

    Examples
    --------
    >>> find_cathode("LCO").charged.formula
    'Li0.5CoO2'
    >>> find_cathode("Li3V2(PO4)3/LiV2(PO4)3@3.0-4.3V").charge_V
    4.3
    """
    if written := _WRITTEN.fullmatch(text.strip()):
        full, less = (Material(written[key].strip()) for key in ("discharged", "charged"))
        return Cathode(full.label, full, less, float(written["low"]), float(written["high"]))
    if "/" in text or "@" in text:
        raise InputError(f"cathode {text!r}: cannot be read; {_REMEDY}")
    material = Material(text.strip())
    formula = _by_composition().get(_shares(material))
    if formula is None:
        raise InputError(
            f"cathode {text}: its charged state and potentials are not known; {_REMEDY}; known are "
            f"{', '.join(known_cathodes())}"
        )
    known = known_cathodes()[formula]
    label = resolve(material)[0].label
    return Cathode(label, *known.states, *known.potentials, known.reference)
