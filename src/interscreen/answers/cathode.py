"""The other side of a stack, electrolyte | coating | cathode: its numbers, and each contact.

A contact is closed (nothing but the two takes part), and open to Li at the potential it sees: that
of the charged or of the discharged cathode.  Open, the mutual part is what the interface does and
stands apart from what each side does alone.  Numbers are arrays over materials and samples; a
single contact is put in words by ``react``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..energies.sampling import EnergyModel
from ..errors import InputError
from ..phases.cathodes import Cathode
from ..phases.material import Given, Material, resolve
from ..phases.result import Result
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .materials import Materials, materials_of
from .reaction import OpenContact, Reaction, react
from .stacks import (
    Bools,
    Partners,
    mutual_energies,
    partners_in_samples,
    salts_among,
    with_lithium,
)

STATES = ("discharged", "charged")


@dataclass(frozen=True, eq=False)
class OnCathode:
    """Some materials on one cathode, n of them in s samples; of two states where it says so."""

    closed: Floats  # (2, n, s) mutual energy with each state [eV/atom]
    open: Floats  # (2, n, s) the same open to Li at the potential of that state [eV/atom]
    alone: Floats  # (2, n, s) self-decomposition of the material there [eV per atom of it]
    above_hull: Floats  # (n, s) energy above the hull, which is part of it [eV/atom]
    low: Floats  # (n, s) window within tolerance [V]
    high: Floats  # (n, s) infinite where no potential gains more
    path: Bools  # (n, s) holds a Li-bearing salt, or takes up Li above the lower potential

    @property
    def worst(self) -> Floats:
        """What decides without a coating: each contact, and the window at each potential.

        (4, n, s) [eV/atom]: closed contacts, then decomposition of the assemblage at the potentials
        of ``STATES``.
        """
        return np.concatenate([self.closed, np.minimum(0.0, self.alone + self.above_hull)])


@dataclass(frozen=True, eq=False)
class CathodeSide:
    """k coatings between E electrolytes and one cathode, in s samples."""

    coatings: OnCathode
    electrolytes: OnCathode  # without a coating
    between: Floats  # (E, k, s) mutual energy of coating and electrolyte [eV/atom]


def cathode_side(
    table: PhaseTable,
    coatings: Sequence[Given],
    electrolytes: Sequence[Given],
    cathode: Cathode,
    *,
    samples: int = 0,
    model: EnergyModel | None = None,
    jobs: int = 1,
) -> CathodeSide:
    """Every number of electrolyte | coating | cathode.

    Parameters
    ----------
    samples, model, jobs
        As for ``stacks``.

    Raises
    ------
    InputError
        For an unreadable formula, an element that the table does not know, and Li as a coating.
    """
    ion = table.electrode.ion.symbol
    cathode.require_ion(ion)
    for given in coatings:
        if resolve(given)[1].elements == (ion,):
            raise InputError(
                f"coating {ion}: a cathode charges; name something else than {ion} metal"
            )
    mine, theirs = materials_of(table, coatings), materials_of(table, electrolytes, len(coatings))
    parts = [
        side_of(common, mine, theirs, cathode, jobs)
        for common, _ in partners_in_samples(
            table, [*coatings, *electrolytes], partners_of(cathode, electrolytes),
            samples=samples, model=model,
        )
    ]  # fmt: skip

    def joined(of: Callable[[CathodeSide], Any], names: Iterable[str]) -> dict[str, Any]:
        return {
            name: np.concatenate([getattr(of(part), name) for part in parts], axis=-1)
            for name in names
        }

    names = [field.name for field in fields(OnCathode)]
    return CathodeSide(
        OnCathode(**joined(lambda part: part.coatings, names)),
        OnCathode(**joined(lambda part: part.electrolytes, names)),
        **joined(lambda part: part, ["between"]),
    )


def partners_of(cathode: Cathode, electrolytes: Sequence[Given]) -> list[Given]:
    """Return what ``side_of`` wants for the partners of its contacts, in this order."""
    return [*cathode.states, *electrolytes]


def side_of(
    common: Partners, coatings: Materials, electrolytes: Materials, cathode: Cathode, jobs: int = 1
) -> CathodeSide:
    """Return the same among phases that stand, in their samples; see ``partners_of``."""
    k, e, s = len(coatings), len(electrolytes), common.phases.count
    of, sample = _grid(k, s)
    between = np.zeros((e, k, s))
    for number in range(e):
        pair = common.contact(len(STATES) + number, coatings.mixtures, of, sample, jobs=jobs)
        between[number] = mutual_energies(pair.mutual, pair.solved).reshape(k, s)
    mine, theirs = (_on_cathode(common, one, cathode, jobs) for one in (coatings, electrolytes))
    return CathodeSide(mine, theirs, between)


def _grid(count: int, samples: int) -> tuple[Any, Any]:
    return np.repeat(np.arange(count), samples), np.tile(np.arange(samples), count)


def _on_cathode(common: Partners, ours: Materials, cathode: Cathode, jobs: int) -> OnCathode:
    phases, n = common.phases, len(ours)
    li = with_lithium(phases, ours, jobs)
    of, sample = _grid(n, phases.count)
    lithium = ours.mixtures.held(phases.lithium)[:, None]
    without = ours.mixtures.without(phases.lithium)
    closed, opened, alone = (np.zeros((2, n, phases.count)) for _ in range(3))
    charge = phases.table.electrode.ion.charge
    for state, potential in enumerate(cathode.potentials):
        pair = common.contact(state, ours.mixtures, of, sample, jobs=jobs)
        closed[state] = mutual_energies(pair.mutual, pair.solved).reshape(n, -1)
        pair = common.opened(potential).contact(state, without, of, sample, jobs=jobs)
        opened[state] = mutual_energies(pair.mutual, pair.solved).reshape(n, -1)
        lowest = np.where(pair.solved, pair.hull, np.nan).reshape(n, -1)
        alone[state] = lowest - li.own - charge * potential * lithium
    takes = (li.uptake > 0.0) & (li.reduction > cathode.discharge_V)
    with np.errstate(invalid="ignore"):
        high = np.where(np.isnan(li.tolerant_oxidation), np.inf, li.tolerant_oxidation)
    return OnCathode(
        closed=closed,
        open=opened,
        alone=alone,
        above_hull=li.own - li.hull,
        low=li.tolerant_reduction,
        high=np.where(li.solved, high, np.nan),
        path=salts_among(phases, ours.mixtures)[:, None] | takes,
    )


@dataclass(frozen=True)
class CathodeContact(OpenContact):
    """One interface between electrolyte and cathode, closed and open to Li.

    Attributes
    ----------
    label : str
        Both sides as they are named.
    state : str
        ``charged`` or ``discharged``.
    potential_V : float
        Potential of that state [V against Li/Li+].
    closed, opened : Reaction
        Nothing but the two takes part; open to Li at that potential.
    """

    label: str
    state: str
    potential_V: float
    closed: Reaction
    opened: Reaction

    _keys = (
        "label state potential_V mutual_eV_per_atom equation open_mutual_eV_per_atom open_equation "
        "self_decomposition"
    )

    @property
    def mutual_eV_per_atom(self) -> float:
        """Minimum mutual energy, closed [eV/atom]."""
        return self.closed.min_mutual_energy_eV_per_atom

    @property
    def equation(self) -> str | None:
        """Balanced equation there; None where the two coexist."""
        return self.closed.equation

    @property
    def sides(self) -> tuple[str, str]:
        """Both sides as they are named."""
        first, second = self.label.split(" | ")
        return first, second


@dataclass(frozen=True)
class CathodeStack(Result):
    """Electrolyte | coating | cathode, or electrolyte | cathode.

    Attributes
    ----------
    cathode : str
    discharged, charged : str
        Formulas of its states.
    potential_V : tuple of (float, float)
        Potentials of these [V against Li/Li+].
    electrolyte : str
    coating : str or None
    contacts : tuple of CathodeContact
        From the electrolyte to the cathode, discharged first.
    bare : tuple of CathodeContact
        Electrolyte | cathode, where there is a coating between them.
    judged : dict
        Row of coatings.csv of the coating (verdict, its reason, score, margins); empty without one.
    """

    cathode: str
    discharged: str
    charged: str
    potential_V: tuple[float, float]
    electrolyte: str
    coating: str | None
    contacts: tuple[CathodeContact, ...]
    bare: tuple[CathodeContact, ...]
    judged: dict[str, Any]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with its contacts, each once."""
        found = (line for one in self.contacts for line in one.closed.warnings)
        return tuple(dict.fromkeys(found))


def cathode_stack(
    table: PhaseTable, electrolyte: Given, cathode: Cathode, coating: Given | None = None
) -> CathodeStack:
    """Contacts from an electrolyte to a cathode, with or without a coating; errors as ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.phases.cathodes import find_cathode
    >>> found = cathode_stack(PhaseTable.reference(), "LPSCl", find_cathode("LCO"), "LiNbO3")
    >>> found.contacts[2].label
    'LiNbO3 | LiCoO2'
    """
    cathode.require_ion(table.electrode.ion.symbol)
    theirs = resolve(electrolyte)[0]
    mine = None if coating is None else resolve(coating)[0]

    def contacts(one: Material, others: tuple[Material, Material]) -> list[CathodeContact]:
        found = zip(STATES, cathode.potentials, others, strict=True)
        return [
            CathodeContact(
                f"{one.label} | {other.label}", state, potential,
                react(table, one, other), react(table, one, other, potential),
            )
            for state, potential, other in found
        ]  # fmt: skip

    bare = contacts(theirs, cathode.states)
    inner = [] if mine is None else contacts(theirs, (mine, mine))
    outer = bare if mine is None else contacts(mine, cathode.states)
    return CathodeStack(
        cathode=cathode.name,
        discharged=resolve(cathode.discharged)[1].text,
        charged=resolve(cathode.charged)[1].text,
        potential_V=cathode.potentials,
        electrolyte=theirs.label,
        coating=None if mine is None else mine.label,
        contacts=(*inner, *outer),
        bare=() if mine is None else tuple(bare),
        judged={},
    )
