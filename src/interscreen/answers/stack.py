"""Li | interlayer | electrolyte: every contact that matters, before and after conversion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..phases.formula import whole_numbers
from ..phases.material import Given, Material, compose, resolve
from ..phases.table import PhaseTable
from .lithiation import Lithiation, lithiation_of
from .lithium import lithium_line
from .provenance import Answer
from .reaction import Reaction, react
from .window import Window, stability_window, window_of

if TYPE_CHECKING:
    import pandas as pd

ANODE = "Li"
# A Li-bearing product with one of these is a salt; the others are alloys, which conduct electrons.
# C is not among them (LiC6 conducts; carbonates hold O, cyanamides N), Te is (Li2Te has a band gap
# of 2.5 eV in the Materials Project, more than Li3N or Li3P).
_NONMETALS = frozenset("H N O F P S Cl Se Br Te I".split())


@dataclass(frozen=True)
class Contact:
    """One interface of a stack.

    Attributes
    ----------
    kind : str
        ``bare`` (Li | electrolyte), ``lithium`` (Li | candidate), ``deposited`` (candidate |
        electrolyte), ``layer`` (all conversion products | electrolyte) or ``product`` (one of
        them | electrolyte).
    label : str
        Both sides as they are named.
    reaction : Reaction
    """

    kind: str
    label: str
    reaction: Reaction

    @property
    def energy(self) -> float:
        """Minimum mutual reaction energy [eV/atom]."""
        return self.reaction.min_mutual_energy_eV_per_atom

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"kind": self.kind, "label": self.label, "reaction": self.reaction.to_dict()}


@dataclass(frozen=True)
class CandidateSide:
    """What happens to a candidate in contact with Li metal; the same for every electrolyte.

    Attributes
    ----------
    label : str
    material : Material
    lithium : Contact
        Li | candidate.
    window : Window
    lithiation : Lithiation
    layer : str
        The converted layer as a mixture (``"Cu + 2 LiF"``); the candidate itself where it takes
        up no Li.
    products : tuple of str
        Phases of the layer.
    product_materials : tuple of Material
        The same as reactants; the candidate itself, where it is stable, has its given energy.
    product_windows : tuple of Window
        Window of each.
    """

    label: str
    material: Material
    lithium: Contact
    window: Window
    lithiation: Lithiation
    layer: str
    products: tuple[str, ...]
    product_materials: tuple[Material, ...]
    product_windows: tuple[Window, ...]


@dataclass(frozen=True)
class ElectrolyteSide:
    """An electrolyte by itself and in contact with Li metal: the baseline."""

    label: str
    material: Material
    bare: Contact
    window: Window


@dataclass(frozen=True)
class Stack(Answer, figure="stack"):
    """Li | candidate | electrolyte.

    Attributes
    ----------
    candidate, electrolyte : str
    bare, lithium, deposited, layer : Contact
    products : tuple of Contact
        Each conversion product | electrolyte.
    lithiation : Lithiation
        The way from the candidate to the products in equilibrium with Li metal.
    bridge_product : str or None
        Li-bearing salt among the products whose window reaches highest.
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

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """All contacts in a fixed order."""
        return (self.bare, self.lithium, self.deposited, self.layer, *self.products)

    @property
    def worst_product(self) -> Contact:
        """Conversion product with the most negative mutual energy against the electrolyte."""
        return min(self.products, key=lambda contact: (contact.energy, contact.label))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with its contacts and its lithiation, each once."""
        parts = (*(contact.reaction for contact in self.contacts), self.lithiation)
        return tuple(dict.fromkeys(line for part in parts for line in part.warnings))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per contact."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "contact": contact.label,
                    "contact_kind": contact.kind,
                    "mutual_energy_eV_per_atom": contact.energy,
                    "equation": contact.reaction.equation,
                }
                for contact in self.contacts
            ]
        )


def candidate_side(table: PhaseTable, candidate: Given) -> CandidateSide:
    """Conversion of a candidate with Li metal and the windows of its products."""
    material, unit = resolve(candidate)
    line = lithium_line(table, material)
    lithiation = lithiation_of(table, line)
    products = lithiation.final_products
    as_reactants = tuple(
        replace(material, formula=product, name="") if product == unit.text else Material(product)
        for product in products
    )
    layer = _mixture(lithiation.final_amounts) if lithiation.steps else unit.text
    return CandidateSide(
        label=material.label,
        material=material,
        lithium=_contact(table, "lithium", ANODE, material),
        window=window_of(table, line),
        lithiation=lithiation,
        layer=layer,
        products=products,
        product_materials=as_reactants,
        product_windows=tuple(stability_window(table, product) for product in as_reactants),
    )


def electrolyte_side(table: PhaseTable, electrolyte: Given) -> ElectrolyteSide:
    """Window of an electrolyte and its reaction with bare Li metal."""
    material, _ = resolve(electrolyte)
    return ElectrolyteSide(
        label=material.label,
        material=material,
        bare=_contact(table, "bare", ANODE, material),
        window=stability_window(table, material),
    )


def stack(table: PhaseTable, candidate: Given, electrolyte: Given) -> Stack:
    """Every contact of Li | candidate | electrolyte, as deposited and after conversion.

    Parameters
    ----------
    table : PhaseTable
    candidate, electrolyte : str or Material

    Returns
    -------
    Stack

    Raises
    ------
    InputError, SolverError
        See ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable, stack
    >>> stack(PhaseTable.reference(), "CuF2", "LATP").layer.label
    'Cu + 2 LiF | LATP'
    """
    return join(table, candidate_side(table, candidate), electrolyte_side(table, electrolyte))


def join(table: PhaseTable, candidate: CandidateSide, electrolyte: ElectrolyteSide) -> Stack:
    """Put the two sides together."""
    deposited = _contact(table, "deposited", candidate.material, electrolyte.material)
    converts = bool(candidate.lithiation.steps)
    layer = (
        _contact(table, "layer", candidate.layer, electrolyte.material)
        if converts
        else Contact("layer", deposited.label, deposited.reaction)
    )
    limit = electrolyte.window.assemblage_window_V[0]
    salts = lithium_salts(candidate.products)
    reach = {
        product: _reach(window)
        for product, window in zip(candidate.products, candidate.product_windows, strict=True)
        if product in salts
    }
    bridge = max(reach, key=lambda product: reach[product], default=None)
    return Stack(
        candidate=candidate.label,
        electrolyte=electrolyte.label,
        bare=electrolyte.bare,
        lithium=candidate.lithium,
        deposited=deposited,
        layer=layer,
        products=tuple(
            _contact(table, "product", product, electrolyte.material)
            for product in candidate.product_materials
        ),
        lithiation=candidate.lithiation,
        bridge_product=bridge,
        bridge_margin_V=(reach[bridge] if bridge else 0.0) - limit,
    )


def is_lithium_salt(formula: str) -> bool:
    """Whether a phase holds Li and a nonmetal (an alloy of Li is no electronic barrier)."""
    elements = compose(formula).elements
    return "Li" in elements and any(symbol in _NONMETALS for symbol in elements)


def lithium_salts(products: Iterable[str]) -> tuple[str, ...]:
    """Return the Li-bearing salts among the phases of a layer (``CandidateSide.products``)."""
    return tuple(product for product in products if is_lithium_salt(product))


def _reach(window: Window) -> float:
    """Oxidation limit [V] of a phase that is stable at 0 V, else 0."""
    reduction, oxidation = window.assemblage_window_V
    return oxidation if reduction == 0.0 and oxidation is not None else 0.0


def _contact(table: PhaseTable, kind: str, a: str | Material, b: str | Material) -> Contact:
    label = " | ".join(side.label if isinstance(side, Material) else side for side in (a, b))
    return Contact(kind, label, react(table, a, b))


def _mixture(amounts: Mapping[str, float]) -> str:
    """Write amounts as a mixture with the smallest whole numbers (``"Cu + 2 LiF"``)."""
    numbers = whole_numbers(
        [Fraction(amount).limit_denominator(100_000) for amount in amounts.values()]
    )
    return " + ".join(
        formula if number == 1 else f"{number} {formula}"
        for formula, number in zip(amounts, numbers, strict=True)
    )
