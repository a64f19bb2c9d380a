"""Which phases of a source may be products: the choices a study or a command line makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import InputError
from .units import checked_limit

THEORETICAL = {"yes": 1, "no": 0, "unknown": -1, "": -1}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Phases that are left out of equilibria; nothing is left out by default.

    A phase that is left out stays in the table: it can still be a reactant with its own energy.

    Attributes
    ----------
    theoretical : bool
        Count phases that only computations know.  False leaves them out; a formula whose ground
        state is theoretical then has the energy of its lowest experimental polymorph.
    banned : tuple of str
        Formulas or identifiers of the source (``mp-1234``: that polymorph only).
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
    """

    theoretical: bool = True
    banned: tuple[str, ...] = ()
    max_energy_above_hull_eV_per_atom: float | None = None
    min_stability_eV_per_atom: float | None = None
    licences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.theoretical, bool):
            raise InputError(f"theoretical: {self.theoretical!r}; write true or false")
        for name in ("banned", "licences"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise InputError(f"{name}: {value!r} is no list; write [{value}]")
            for entry in value:
                if not isinstance(entry, str) or not entry.strip():
                    raise InputError(f"{name}: {entry!r} is no text; write it in quotes")
            object.__setattr__(self, name, tuple(dict.fromkeys(entry.strip() for entry in value)))
        for name in ("max_energy_above_hull_eV_per_atom", "min_stability_eV_per_atom"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, checked_limit(value, name, "eV/atom"))

    @property
    def active(self) -> bool:
        """Whether anything can be left out."""
        return self != Filters()

    def updated(self, **changes: Any) -> Filters:
        """Return a copy with the changes that are not None; lists are joined."""
        values = {key: value for key, value in changes.items() if value is not None}
        for name in ("banned", "licences"):
            if name in values:
                values[name] = (*getattr(self, name), *values[name])
        return replace(self, **values)

    def to_dict(self) -> dict[str, Any]:
        """Return what differs from counting everything."""
        everything = asdict(Filters())
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != everything[name]
        }

    @property
    def key(self) -> str:
        """Text that tells two sets of choices apart."""
        return repr(sorted(asdict(self).items()))

    def __str__(self) -> str:
        """One line for outputs; empty when nothing is left out."""
        parts = []
        if not self.theoretical:
            parts.append("no theoretical phases")
        if self.banned:
            parts.append(f"without {', '.join(self.banned)}")
        if (limit := self.max_energy_above_hull_eV_per_atom) is not None:
            parts.append(f"products at most {1000 * limit:g} meV/atom above the hull")
        if (limit := self.min_stability_eV_per_atom) is not None:
            parts.append(f"products stable by {1000 * limit:g} meV/atom or more")
        if self.licences:
            parts.append(f"licence {' or '.join(self.licences)}")
        return "; ".join(parts)
