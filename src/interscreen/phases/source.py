"""Where phases come from, and what every result says about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from .conditions import GAS, GASEOUS, ROOM_K, Conditions
from .electrode import LITHIUM_METAL, Electrode
from .filters import Filters
from .formula import element_formula, nearest

NOT_STATED = "not stated"
TABULATED, ANCHORED = "source", "anchored"  # scales of energies

# run families (thermo types): energies of two of them never share a table
GGA = "GGA_GGA+U"
R2SCAN = "R2SCAN"
MIXED = "GGA_GGA+U_R2SCAN"
POOLED = (GGA, R2SCAN)

_FAMILIES = {family.lower(): family for family in (*POOLED, MIXED)}
_SPELLED = {
    **dict.fromkeys(("gga", "gga_u", "gga+u", "gga/gga+u", "gga_gga_u"), GGA),
    **dict.fromkeys(("pbe", "pbe_u", "pbe+u", "pbe/pbe+u"), GGA),
    **dict.fromkeys(("r2-scan", "r²scan"), R2SCAN),
}


@dataclass(frozen=True)
class Source:
    """Provenance of a phase table.

    Attributes
    ----------
    name : str
        ``embedded``, ``mp``, or the path as the user gave it.
    version : str
        Version of the database or of the embedded table; the start of the checksum for a file.
    thermo_type : str
        Family of calculations the energies belong to, as far as it is known.
    statement : str
        One sentence on origin and licence that accompanies every output.
    n_rows, n_phases : int
        Rows (structures) and distinct formulas.
    systems : tuple of frozenset of str
        Chemical systems that the source covers; empty when it makes no such claim.
    closed : bool
        Whether a question outside ``systems`` is an error: phases are missing there for certain.
    filters, added : dict, tuple of dict
        Which phases were left out of equilibria, and files with entries of the user's own.
    scale : str
        ``source`` (energies as tabulated) or ``anchored`` (to measured energies).
    given : tuple of str
        Measured energies of the user's own that replace those of the source, as written.
    conditions : Conditions or None
        Temperature and gases the energies hold for; None for the 298 K of anchored energies, and
        the 0 K of those as tabulated.
    electrode : Electrode
        Which ion moves, and the negative electrode of stacks, windows and lithiation.
    notes : tuple of str
        What the user should know about the choices; each becomes a warning.
    """

    name: str
    version: str = ""
    thermo_type: str = NOT_STATED
    statement: str = ""
    citation: str = ""
    sha256: str = ""
    n_rows: int = 0
    n_phases: int = 0
    systems: tuple[frozenset[str], ...] = ()
    closed: bool = False
    filters: dict[str, Any] = field(default_factory=dict)
    added: tuple[dict[str, Any], ...] = ()
    scale: str = TABULATED
    given: tuple[str, ...] = ()
    conditions: Conditions | None = None
    electrode: Electrode = LITHIUM_METAL
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """One line that stands in every output."""
        parts = [f"{self.name} ({self.version}"]
        if self.closed and self.thermo_type != NOT_STATED:
            parts.append(f", {self.thermo_type}")
        if self.added:
            count = sum(int(file["entries"]) for file in self.added)
            files = ", ".join(str(file["file"]) for file in self.added)
            parts.append(f"; with {count} {'entry' if count == 1 else 'entries'} of {files}")
        if self.filters:
            parts.append(f"; {Filters(**self.filters)}")
        if self.scale == ANCHORED:
            where = self.conditions.text if self.conditions else "298 K"
            parts.append(f"; energies anchored to calorimetry, {where}")
        if self.given:
            parts.append(f"; energies of your own: {', '.join(self.given)}")
        if self.electrode != LITHIUM_METAL:
            parts.append(f"; negative electrode {self.electrode.text}")
        return "".join(parts) + ")" + (f": {self.statement}" if self.statement else "")

    def covers(self, elements: Iterable[str]) -> bool:
        """Whether the source claims to hold every phase of some elements."""
        wanted = frozenset(elements)
        return not self.systems or any(wanted <= known for known in self.systems)

    def element_name(self, symbol: str) -> str:
        """Return how an element is written as a phase (``Cu``; ``O2(g)`` where gases count)."""
        gas = GAS if self.conditions and symbol in GASEOUS else ""
        return f"{element_formula(symbol)}{gas}"

    def _conditions(self) -> dict[str, Any]:
        electrode = self.electrode.to_dict()
        if self.conditions:
            return self.conditions.to_dict() | electrode
        room = ROOM_K if self.scale == ANCHORED else None
        return {"temperature_K": room, "gases": {}} | electrode

    def to_dict(self) -> dict[str, Any]:
        """Return the entries that go into results and manifests."""
        return {
            "source": self.name,
            "source_version": self.version,
            "thermo_type": self.thermo_type,
            "energies": self.scale,
            "conditions": self._conditions(),
            "source_label": self.label,
            "statement": self.statement,
            "citation": self.citation,
            "sha256": self.sha256,
            "n_rows": self.n_rows,
            "n_phases": self.n_phases,
            "filters": dict(self.filters),
            "added_entries": [dict(file) for file in self.added],
            "given_energies": list(self.given),
        }


def run_family(stated: str) -> str:
    """Return the family of a run type or thermo type, however it is spelled; unknown ones stay."""
    text = stated.strip()
    return (_FAMILIES | _SPELLED).get(text.lower(), text)


def thermo_type(name: str) -> str:
    """Return a run family by its name; InputError for an unknown one, and for the mixed one."""
    family = _FAMILIES.get(name.strip().lower())
    if family is None:
        raise InputError(
            f"thermo type {name!r}: unknown{nearest(name, list(POOLED), 1)}; "
            f"use {GGA} (the default) or {R2SCAN}"
        )
    if family == MIXED:
        raise InputError(
            f"thermo type {MIXED}: the mixed entries are corrected anew in each chemical system, "
            "so entries of different systems are not on one scale and cannot share a table; use "
            f"{GGA} (the default) or {R2SCAN}"
        )
    return family
