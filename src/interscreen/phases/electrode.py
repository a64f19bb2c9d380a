"""The negative electrode of a question: which ion moves, and at which potential it is held.

Li metal is the case that most people ask for, and one of the general rule: a reservoir of an ion
with the chemical potential -zV, from the metal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .formula import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHARGES = {"Li": 1, "Na": 1, "K": 1, "Mg": 2, "Ca": 2, "Zn": 2, "Al": 3}
LOWEST_V, HIGHEST_V = -0.5, 100.0  # against the metal; below zero it is plated
_WORDS = {
    "Li": ("lithium", "lithiation"),
    "Na": ("sodium", "sodiation"),
    "K": ("potassium", "potassiation"),
    "Mg": ("magnesium", "magnesiation"),
    "Ca": ("calcium", "calciation"),
    "Zn": ("zinc", "zincation"),
    "Al": ("aluminium", "alumination"),
}

_COUPLE = re.compile(r"Li/Li(\+|⁺|\\u207a|\$\^\{\+\}\$)")
_METAL = re.compile(r"\b(?:Li|lithium) metal\b")
_BARE = re.compile(r"\b([Bb]are) (?:Li|lithium)\b")
_ION = re.compile(r"\b(?:Li|[Ll]ithium|[Ll]ithiation)\b")
_IN_CODE = re.compile(r"\b(?:Li|Lithiation)\b")  # names and keys in a script are of Li for good


@dataclass(frozen=True)
class Ion:
    """What moves: voltages are against its metal.

    Attributes
    ----------
    symbol : str
        One of ``CHARGES``.
    """

    symbol: str = "Li"

    def __post_init__(self) -> None:
        if self.symbol not in CHARGES:
            close = nearest(self.symbol, list(CHARGES), 1)
            raise InputError(f"ion {self.symbol!r}: use one of {' '.join(CHARGES)}{close}")

    @property
    def charge(self) -> int:
        """Elementary charges."""
        return CHARGES[self.symbol]

    @property
    def couple(self) -> str:
        """Electrode that voltages are against (``Mg/Mg2+``)."""
        number = "" if self.charge == 1 else str(self.charge)
        return f"{self.symbol}/{self.symbol}{number}+"

    @property
    def name(self) -> str:
        """Name of the element (``sodium``)."""
        return _WORDS[self.symbol][0]

    @property
    def uptake(self) -> str:
        """Word for taking it up (``sodiation``)."""
        return _WORDS[self.symbol][1]

    def words(self, text: str, *, script: bool = False) -> str:
        """Put the ion in the place of Li in a sentence of ours: there must be no formula in it.

        In a ``script`` the word lithium stays, which is the name of things there.

        Examples
        --------
        >>> Ion("Mg").words("lithiation: V against Li/Li+")
        'magnesiation: V against Mg/Mg2+'
        """
        if self == LITHIUM:
            return text
        number, raised = (
            ("", "") if self.charge == 1 else (f"{self.charge}", " ²³"[self.charge - 1])
        )
        ends = {"+": f"{number}+", "⁺": f"{raised}⁺", "\\u207a": f"{raised}⁺"}

        def couple(found: re.Match[str]) -> str:
            end = ends.get(found[1], f"$^{{{number}+}}$")
            return f"{self.symbol}/{self.symbol}{end}"

        said = {"li": self.symbol, "lithium": self.name, "lithiation": self.uptake}

        def word(found: re.Match[str]) -> str:
            new = said[found[0].lower()]
            return new.capitalize() if found[0][0] == "L" else new

        return (_IN_CODE if script else _ION).sub(word, _COUPLE.sub(couple, text))

    def checked(self, potential_V: float) -> float:
        """Return a potential against the metal that makes sense [V].

        Raises
        ------
        InputError
            For one below -0.5 V, or no number.
        """
        value = float(potential_V)
        if not LOWEST_V <= value < HIGHEST_V:
            raise InputError(
                f"potential {value} V: give a potential from 0 V ({self.symbol} metal) upwards, "
                f"against {self.couple} (down to {LOWEST_V:g} V where it is plated)"
            )
        return value


LITHIUM = Ion()


@dataclass(frozen=True)
class Electrode:
    """The negative electrode: a metal, an alloy, or anything that holds an ion at a potential.

    Attributes
    ----------
    ion : Ion
    potential_V : float
        Against the metal of the ion [V].
    material : str
        What holds the ion there; the metal, or nothing that has a name, where this is empty.
    computed : bool
        Whether the potential follows from the hull of the source.
    """

    ion: Ion = LITHIUM
    potential_V: float = 0.0
    material: str = ""
    computed: bool = False

    @property
    def level(self) -> float:
        """Energy of the metal above the ion in the electrode [eV per ion]."""
        return self.ion.charge * self.potential_V

    @property
    def is_metal(self) -> bool:
        """Whether it is the metal of the ion."""
        return self.potential_V == 0.0 and not self.material

    @property
    def label(self) -> str:
        """How contacts call it (``Li``, ``LiIn``, ``Li at 0.62 V``)."""
        if self.material or self.is_metal:
            return self.material or self.ion.symbol
        return f"{self.ion.symbol} at {self.potential_V:.4g} V"

    @property
    def written(self) -> str:
        """How somebody writes it (``Na``, ``LiIn``, ``0.62V``, ``LiIn@0.62V``)."""
        if self.is_metal or self.computed:
            return self.material or self.ion.symbol
        return f"{self.material}{'@' if self.material else ''}{self.potential_V:g}V"

    @property
    def text(self) -> str:
        """What it is, in a sentence (``Na metal``, ``LiIn at 0.617 V against Li/Li+``)."""
        if self.is_metal:
            return f"{self.ion.symbol} metal"
        where = f"{self.potential_V:.4g} V against {self.ion.couple}"
        how = " (from the hull of the source)" if self.computed else ""
        return f"{self.material or self.ion.symbol} at {where}{how}"

    def words(self, text: str, *, script: bool = False) -> str:
        """Put the electrode and its ion in the place of Li in a sentence of ours; as ``Ion.words``.

        Examples
        --------
        >>> Electrode(potential_V=0.62, material="LiIn").words("bare Li, with Li metal")
        'bare LiIn, with LiIn'
        """
        if not self.is_metal:
            text = _BARE.sub(lambda found: f"{found[1]} {self.label}", text)
            text = _METAL.sub(lambda found: self.label, text)
        return self.ion.words(text, script=script)

    def shifted(self, energies: NDArray[np.float64], shares: Any) -> NDArray[np.float64]:
        """Energies from the ion in the electrode in place of its metal [eV/atom].

        ``shares`` are the atom fractions of the ion.  E + V z x in place of E: an ion in the
        electrode then has the energy zero, as an atom of the metal has before.
        """
        return energies if self.potential_V == 0.0 else energies + self.level * shares

    @classmethod
    def of(cls, conditions: Mapping[str, Any]) -> Electrode:
        """Read the electrode of an answer from its ``conditions``."""
        anode = conditions.get("anode") or {}
        return cls(
            Ion(conditions.get("ion", "Li")),
            float(anode.get("potential_V", 0.0)),
            anode.get("material") or "",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the entries of results; none for Li metal, which they need not name."""
        if self == LITHIUM_METAL:
            return {}
        anode = {"material": self.material or None, "potential_V": self.potential_V}
        return {"ion": self.ion.symbol, "anode": anode}


LITHIUM_METAL = Electrode()
