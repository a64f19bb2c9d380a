"""Two layers one upon the other, Li | A | B | electrolyte: every contact on the way down.

A is a layer on B as any other on its electrolyte, and so is B on the electrolyte.  Li reaches B
through A, so B becomes what it is in contact with Li, too: a primed one (A', B') is converted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..phases.material import Given
from ..phases.result import Result
from ..phases.table import PhaseTable
from .lithiation import Lithiation
from .stack import Contact, Stack, is_lithium_salt, stack


@dataclass(frozen=True)
class TwoLayers(Result):
    """Li | first | second | electrolyte.

    Attributes
    ----------
    first, second, electrolyte : str
        The layer on the side of Li, the one on the electrolyte, and this.
    contacts : tuple of Contact
        ``lithium`` (Li | A), ``deposited`` (A | B), ``layer`` (A' | B), ``converted`` (A' | B'),
        then ``deposited`` (B | electrolyte) and ``layer`` (B' | electrolyte).
    without_second : Contact
        A' | electrolyte: what the second layer keeps apart.
    bare : Contact
        Li | electrolyte.
    bridge_product : str or None
        Li-bearing salt of either layer whose window reaches highest.
    bridge_margin_V : float
        Its oxidation limit minus the reduction limit of the electrolyte [V]; minus the reduction
        limit when there is no such salt.
    """

    first: str
    second: str
    electrolyte: str
    contacts: tuple[Contact, ...]
    without_second: Contact
    bare: Contact
    bridge_product: str | None
    bridge_margin_V: float
    lithiations: tuple[Lithiation, Lithiation] = field(repr=False)

    _keys = (
        "first second electrolyte contacts worst gain_eV_per_atom without_second bare "
        "bridge_product bridge_margin_V has_lithium_path"
    )

    @property
    def worst(self) -> Contact:
        """Contact that reacts most once both layers are converted; of equal ones the first."""
        there = [self.contacts[3], self.contacts[5]]
        return min(there, key=lambda contact: contact.energy)

    @property
    def gain_eV_per_atom(self) -> float:
        """What this contact is better than bare Li on the electrolyte [eV/atom]."""
        return self.worst.energy - self.bare.energy

    @property
    def has_lithium_path(self) -> bool:
        """Whether Li can pass both: each holds a Li-bearing salt, or takes up Li."""
        return all(
            bool(path.steps) or any(is_lithium_salt(name, path.ion) for name in path.final_products)
            for path in self.lithiations
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with its contacts, each once."""
        lines = [line for one in self.contacts for line in one.reaction.warnings]
        return tuple(dict.fromkeys(lines))


def two_layers(table: PhaseTable, first: Given, second: Given, electrolyte: Given) -> TwoLayers:
    """Every contact of Li | first | second | electrolyte; errors as for ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> found = two_layers(PhaseTable.reference(), "Al", "LiF", "LLZO")
    >>> found.worst.label, found.worst.energy, found.without_second.label
    ('Li9Al4 | LiF', 0.0, 'Li9Al4 | LLZO')
    """
    upper, lower, direct = (
        stack(table, one, other)
        for one, other in ((first, second), (second, electrolyte), (first, electrolyte))
    )
    best = max((lower, direct), key=lambda found: found.bridge_margin_V)
    return TwoLayers(
        first=upper.candidate,
        second=lower.candidate,
        electrolyte=lower.electrolyte,
        contacts=(
            upper.lithium,
            upper.deposited,
            upper.layer,
            _converted(table, upper, lower),
            lower.deposited,
            lower.layer,
        ),
        without_second=direct.layer,
        bare=lower.bare,
        bridge_product=best.bridge_product,
        bridge_margin_V=best.bridge_margin_V,
        lithiations=(upper.lithiation, lower.lithiation),
    )


def _converted(table: PhaseTable, upper: Stack, lower: Stack) -> Contact:
    """Contact of the two layers when both are converted."""
    label = f"{upper.layer.first} | {lower.layer.first}"
    sides = upper.layer.sides[0], lower.layer.sides[0]
    blank = Contact("converted", label, 0.0, table, sides)
    return replace(blank, energy=blank.reaction.min_mutual_energy_eV_per_atom)
