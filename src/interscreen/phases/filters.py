"""Which phases of a source may be products: the choices a study or a command line makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import InputError
from .units import checked_limit

THEORETICAL = {"yes": 1, "no": 0, "unknown": -1, "": -1}

KNOWN = "known"
"""Among the banned phases: the known artefacts, which are left out by default anyway."""

_LISTS = ("banned", "kept", "licences")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Phases that are left out of equilibria, beside those that count in no source by default.

    By default known artefacts of computed hulls (data/artefacts.csv) do not count, nor what a
    source marks as never observed.  A phase that is left out stays in the table: it can still be a
    reactant with its own energy.

    Attributes
    ----------
    theoretical : bool
        Count phases that only computations know.  False leaves them out; a formula whose ground
        state is theoretical then has the energy of its lowest experimental polymorph.
    banned : tuple of str
        Formulas or identifiers of the source (``mp-1234``: that polymorph only); ``known`` stands
        for the known artefacts, also where all phases are to count.
    kept : tuple of str
        Formulas or identifiers that count, whatever else leaves them out: known artefacts, or
        phases that the source marks as never observed.
    max_energy_above_hull_eV_per_atom : float, optional
        Farthest that a phase may lie above the hull of all phases [eV/atom].
    min_stability_eV_per_atom : float, optional
        Least height of the hull of all other phases above a phase [eV/atom]; elements always count.
    licences : tuple of str
        Licences of documents that count (``BY-C``, ``BY-NC``); those that state none always do.

    Examples
    --------
    >>> from interscreen import Filters
    >>> str(Filters(banned=("LiCu3",)))
    'without LiCu3'
    >>> str(Filters(kept=("LiCu3",)))
    'LiCu3 counted'
    """

    theoretical: bool = True
    banned: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    max_energy_above_hull_eV_per_atom: float | None = None
    min_stability_eV_per_atom: float | None = None
    licences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.theoretical, bool):
            raise InputError(f"theoretical: {self.theoretical!r}; write true or false")
        for name in _LISTS:
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise InputError(f"{name}: {value!r} is no list; write [{value}]")
            for entry in value:
                if not isinstance(entry, str) or not entry.strip():
                    raise InputError(f"{name}: {entry!r} is no text; write it in quotes")
            object.__setattr__(self, name, tuple(dict.fromkeys(entry.strip() for entry in value)))
        if both := [phase for phase in self.kept if phase in self.banned]:
            raise InputError(f"kept: {both[0]} is banned, too; take it off one of the lists")
        for name in ("max_energy_above_hull_eV_per_atom", "min_stability_eV_per_atom"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, checked_limit(value, name, "eV/atom"))

    @property
    def active(self) -> bool:
        """Whether anything is chosen beyond the default."""
        return self != Filters()

    def updated(self, **changes: Any) -> Filters:
        """Return a copy with the changes that are not None; lists are joined."""
        values = {key: value for key, value in changes.items() if value is not None}
        for name in _LISTS:
            if name in values:
                values[name] = (*getattr(self, name), *values[name])
        return replace(self, **values)

    def to_dict(self) -> dict[str, Any]:
        """Return what differs from the default."""
        usual = asdict(Filters())
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != usual[name]
        }

    @property
    def key(self) -> str:
        """Text that tells two sets of choices apart."""
        return repr(sorted(asdict(self).items()))

    def __str__(self) -> str:
        """One line for outputs; empty for the default."""
        parts = []
        if not self.theoretical:
            parts.append("no theoretical phases")
        if self.banned:
            named = ["the known artefacts" if text == KNOWN else text for text in self.banned]
            parts.append(f"without {', '.join(named)}")
        if self.kept:
            parts.append(f"{', '.join(self.kept)} counted")
        if (limit := self.max_energy_above_hull_eV_per_atom) is not None:
            parts.append(f"products at most {1000 * limit:g} meV/atom above the hull")
        if (limit := self.min_stability_eV_per_atom) is not None:
            parts.append(f"products stable by {1000 * limit:g} meV/atom or more")
        if self.licences:
            parts.append(f"licence {' or '.join(self.licences)}")
        return "; ".join(parts)
