"""One stack in words: its numbers, and the reaction of every contact when somebody looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..energies.sampling import EnergyModel, checked_samples
from ..errors import SolverError
from ..phases.material import Given, Material, compose, phase_material, resolve
from ..phases.result import Keyed, Result
from ..phases.table import PhaseTable
from .lithiation import Lithiation, lithiate
from .provenance import Answer
from .reactant import identified
from .reaction import Reaction, react, react_with_anode
from .stacks import NONMETALS, UNCERTIFIED, Stacks, stacks
from .texts import layer_texts
from .way import AtPotential, LayerWay, layer_way

if TYPE_CHECKING:
    import pandas as pd

    from .cathode import CathodeStack
    from .thickness import OfThickness


ANODIC = ("bare", "lithium")  # contacts with the negative electrode

Reactions: TypeAlias = dict[tuple[bool, tuple[str | Material, str | Material]], Reaction]
"""Reactions of one table, by whether the first side is the electrode, and the sides."""


@dataclass(frozen=True)
class Contact(Keyed):
    """One interface of a stack.

    Attributes
    ----------
    kind : str
        ``bare`` (Li | electrolyte), ``lithium`` (Li | candidate), ``deposited`` (candidate |
        electrolyte), ``layer`` (all conversion products | electrolyte) or ``product`` (one of
        them | electrolyte).
    label : str
        Both sides as they are named.
    energy : float
        Minimum mutual reaction energy [eV/atom].
    """

    kind: str
    label: str
    energy: float
    table: PhaseTable = field(repr=False, compare=False)
    sides: tuple[str | Material, str | Material] = field(repr=False, compare=False)
    known: Reactions = field(default_factory=dict, repr=False, compare=False)  # of any contacts

    _keys = "kind label reaction"

    @property
    def first(self) -> str:
        """Name of the first side."""
        return self.label.partition(" | ")[0]

    @cached_property
    def reaction(self) -> Reaction:
        """All kinks and equations; computed when it is looked at, once for contacts alike."""
        anodic = self.kind in ANODIC
        found = self.known.get((anodic, self.sides))
        if found is None:
            found = (
                react_with_anode(self.table, self.sides[1])
                if anodic
                else react(self.table, *self.sides)
            )
            self.known[anodic, self.sides] = found
        return found

    @property
    def equation(self) -> str | None:
        """Balanced equation; where the anode takes the ion from a material, what is left of it."""
        found = self.reaction.equation
        if found is None and self.energy < 0.0:
            return self.reaction.self_decomposition[1].equation
        return found


@dataclass(frozen=True)
class Stack(Answer, figure="stack"):
    """Li | candidate | electrolyte.

    Attributes
    ----------
    products : tuple of Contact
        Each conversion product | electrolyte.
    lithiation : Lithiation
        The way from the candidate to the products in equilibrium with Li metal.
    bridge_product : str or None
        Li-bearing salt among the products whose window reaches highest.
    of_thickness : OfThickness or None
        The layer at a thickness, where one was asked for.
    at_potential : AtPotential or None
        The layer at a potential, where one was asked for.
    cathode_side : CathodeStack or None
        From the electrolyte to a cathode, where one was asked for.
    bridge_margin_V : float
        Its oxidation limit minus the reduction limit of the electrolyte [V]; minus the reduction
        limit when there is no such product.
    """

    candidate: str
    electrolyte: str
    bare: Contact
    lithium: Contact
    deposited: Contact
    layer: Contact
    products: tuple[Contact, ...]
    lithiation: Lithiation
    bridge_product: str | None
    bridge_margin_V: float
    at_potential: AtPotential | None = None
    of_thickness: OfThickness | None = None
    cathode_side: CathodeStack | None = None

    _also = "way"

    @cached_property
    def way(self) -> LayerWay | None:
        """Contact with the electrolyte at every state of charge of the layer; None beside gases."""
        return layer_way(self.deposited.table, *self.deposited.sides)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """All contacts in a fixed order."""
        return (self.bare, self.lithium, self.deposited, self.layer, *self.products)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with its contacts and its lithiation, each once."""
        parts: list[Result] = [contact.reaction for contact in self.contacts]
        parts += [self.lithiation, *([self.cathode_side] if self.cathode_side else [])]
        lines = [line for part in parts for line in part.warnings]
        if self.lithiation.end:
            lines.append(f"{self.lithiation.end}: the layer is what forms above")
        return tuple(dict.fromkeys(lines))

    @property
    def conditions(self) -> dict[str, Any]:
        """Temperature [K] and gases [bar] of the table."""
        found: dict[str, Any] = self.bare.table.source.to_dict()["conditions"]
        return found

    @property
    def worst_product(self) -> Contact:
        """Conversion product with the most negative mutual energy against the electrolyte."""
        return min(self.products, key=lambda contact: (contact.energy, contact.label))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per contact."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "contact": contact.label,
                    "contact_kind": contact.kind,
                    "mutual_energy_eV_per_atom": contact.energy,
                    "equation": contact.equation,
                }
                for contact in self.contacts
            ]
        )


def stack(
    table: PhaseTable,
    candidate: Given,
    electrolyte: Given,
    *,
    samples: int = 0,
    model: EnergyModel | None = None,
) -> Stack:
    """Every contact of Li | candidate | electrolyte, as deposited and after conversion.

    Li stands for the negative electrode of the table (``PhaseTable.against``).  ``samples`` above
    0 gives error bars, by column of results.csv; ``model`` is what is assumed about the errors of
    the energies (docs/uncertainty.md).  Errors as for ``react``; InputError
    also for a number of samples that gives no interval.

    Examples
    --------
    >>> from interscreen import PhaseTable, stack
    >>> stack(PhaseTable.reference(), "CuF2", "LATP").bridge_product
    'LiF'
    """
    count = checked_samples(samples) if samples else 0
    ours, theirs = (resolve(identified(table, given))[0] for given in (candidate, electrolyte))
    mine = {table.electrode.ion.symbol, *compose(ours.formula).elements}
    table.require_covered(mine)
    table.require_covered(mine.union(compose(theirs.formula).elements))
    numbers = stacks(table, [ours], [theirs], samples=count, model=model)
    if not numbers.solved.all():
        raise SolverError(f"{ours.label} | {theirs.label}: {UNCERTIFIED}")
    found = stack_view(numbers, [ours], [theirs])
    if not count:
        return found
    sampled = {key: values.reshape(-1) for key, values in numbers.numbers.items()}
    return found.with_bars(sampled, count)


def stack_view(
    numbers: Stacks,
    candidates: Sequence[Material],
    electrolytes: Sequence[Material],
    candidate: int = 0,
    electrolyte: int = 0,
    lithiation: Lithiation | None = None,
    known: Reactions | None = None,
) -> Stack:
    """Put the numbers of one stack in words.

    Parameters
    ----------
    numbers : Stacks
    candidates, electrolytes : sequence of Material
        What the numbers were computed for.
    candidate, electrolyte : int
        Which of them.
    lithiation : Lithiation, optional
        That of the candidate, where it is known.
    known : dict, optional
        Reactions of the same table, to which those that are looked at are added.
    """
    reactions: Reactions = {} if known is None else known
    table, k, e = numbers.phases.table, candidate, electrolyte
    ours, theirs = candidates[k], electrolytes[e]
    shape, anode = numbers.deposited.shape, table.electrode.label
    energies = {
        key: float(np.broadcast_to(values, shape)[e, k, 0])
        for key, values in numbers.numbers.items()
    }
    products = products_of(numbers, ours, k)

    def contact(
        kind: str, one: str | Material, other: Material, energy: float | None = None
    ) -> Contact:
        label = f"{one.label if isinstance(one, Material) else one} | {other.label}"
        found = energies[f"{kind}_mutual_eV_per_atom"] if energy is None else energy
        return Contact(kind, label, found, table, (one, other), reactions)

    deposited = contact("deposited", ours, theirs)
    layer = replace(deposited, kind="layer")
    if numbers.lithium.uptake[k, 0] != 0.0:
        layer = contact("layer", layer_texts(numbers)[k], theirs)
    bridge = int(numbers.bridge[k])
    return Stack(
        candidate=ours.label,
        electrolyte=theirs.label,
        bare=contact("bare", anode, theirs),
        lithium=contact("lithium", anode, ours),
        deposited=deposited,
        layer=layer,
        products=tuple(
            contact("product", product, theirs, float(numbers.product_energies[e, k, place]))
            for place, product in enumerate(products)
        ),
        lithiation=lithiation or lithiate(table, ours),
        bridge_product=None if bridge < 0 else str(numbers.phases.names[bridge]),
        bridge_margin_V=energies["bridge_margin_V"],
    )


def products_of(numbers: Stacks, candidate: Material, number: int) -> list[Material]:
    """Phases of a layer as materials; the candidate itself keeps an energy given for it."""
    names = [str(numbers.phases.names[p]) for p in numbers.products[number] if p >= 0]
    own = compose(candidate.formula).text
    return [
        replace(candidate, formula=name, name="") if name == own else phase_material(name)
        for name in names
    ]


def is_lithium_salt(formula: str, ion: str = "Li") -> bool:
    """Whether a phase holds Li (or another ion) and a nonmetal: an alloy is no barrier."""
    elements = compose(formula).elements
    return ion in elements and any(symbol in NONMETALS for symbol in elements)
