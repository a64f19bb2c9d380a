"""What a profile holds: segments between kinks, points to plot, windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..phases.result import Keyed
from .provenance import Answered
from .reactant import without_noise
from .reaction import Reaction

if TYPE_CHECKING:
    import pandas as pd

Ends = tuple[float, float]


@dataclass(frozen=True)
class ProfileSegment(Keyed):
    """A range of potentials in which nothing but the energies changes, and these linearly.

    Attributes
    ----------
    start_V, end_V : float
        Potentials at its ends [V against Li/Li+].
    mutual_eV_per_atom : tuple of two float
        Minimum mutual reaction energy at its two ends [eV/atom of both reactants].
    self_a_eV_per_atom, self_b_eV_per_atom : tuple of two float, or None
        Self-decomposition energy at its two ends [eV/atom of that reactant]; None for Li metal.
    self_a_products, self_b_products : dict of str to float
        What each reactant alone becomes: formula units per formula unit of the reactant.
    mixing_fraction : float or None
        Atom fraction of the first reactant at the minimum; None where nothing reacts mutually.
    li_exchanged_per_atom : float or None
        Li taken up (positive) or given off (negative) there, per atom of both reactants.
    reaction : Reaction or None
        The reaction in the middle of the range; None beside Li metal.
    """

    start_V: float
    end_V: float
    mutual_eV_per_atom: Ends
    self_a_eV_per_atom: Ends | None
    self_b_eV_per_atom: Ends | None
    self_a_products: dict[str, float]
    self_b_products: dict[str, float]
    mixing_fraction: float | None
    li_exchanged_per_atom: float | None
    reaction: Reaction | None = field(repr=False, compare=False)

    _keys = (
        "start_V end_V mutual_eV_per_atom self_a_eV_per_atom self_b_eV_per_atom mixing_fraction "
        "li_exchanged_per_atom equation products self_a_products self_b_products"
    )

    @property
    def equation(self) -> str | None:
        """Balanced equation at the minimum; None where nothing reacts mutually."""
        return self.reaction.equation if self.reaction else None

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in that equation, Li that is given off included."""
        return self.reaction.products if self.reaction else {}

    def at(self, potential: float, *, is_kink: bool) -> ProfilePoint:
        """Return the point at a potential in this range."""
        share = (potential - self.start_V) / (self.end_V - self.start_V)
        mutual, a, b = (
            None if ends is None else without_noise(ends[0] + share * (ends[1] - ends[0]))
            for ends in (self.mutual_eV_per_atom, self.self_a_eV_per_atom, self.self_b_eV_per_atom)
        )
        x, total = self.mixing_fraction, None
        if x is not None and mutual is not None and a is not None and b is not None:
            total = mutual + x * a + (1.0 - x) * b
        return ProfilePoint(potential, mutual or 0.0, x, total, a, b, is_kink, self)


@dataclass(frozen=True)
class ProfilePoint(Keyed):
    """The interface at one potential.

    Products, mixing fraction and exchanged Li jump at kinks; there, those above the kink are
    given (below it at the last point).  The energies are the same on both sides.

    Attributes
    ----------
    potential_V : float
        Against Li/Li+ [V].
    mutual_eV_per_atom : float
        Minimum mutual reaction energy [eV per atom of both reactants as they are, their own Li
        counted, that of the reservoir not]; 0.0 where the two coexist.
    mixing_fraction : float or None
        Atom fraction of the first reactant there; None where the two coexist.
    total_eV_per_atom : float or None
        Total reaction energy at that mixing fraction [same unit].
    self_a_eV_per_atom, self_b_eV_per_atom : float or None
        Self-decomposition energy [eV/atom of that reactant], zero or negative; None for Li metal,
        which is the reservoir itself.
    is_kink : bool
        Whether a slope changes here or the range ends; otherwise a point of the regular grid.
    """

    potential_V: float
    mutual_eV_per_atom: float
    mixing_fraction: float | None
    total_eV_per_atom: float | None
    self_a_eV_per_atom: float | None
    self_b_eV_per_atom: float | None
    is_kink: bool
    segment: ProfileSegment = field(repr=False, compare=False)

    # products stand with the segments
    _keys = (
        "potential_V mutual_eV_per_atom mixing_fraction total_eV_per_atom self_a_eV_per_atom "
        "self_b_eV_per_atom li_exchanged_per_atom is_kink"
    )

    @property
    def li_exchanged_per_atom(self) -> float | None:
        """Li taken up (+) or given off (-) at the minimum, per atom of both reactants."""
        return self.segment.li_exchanged_per_atom

    @property
    def equation(self) -> str | None:
        """Balanced equation at the minimum."""
        return self.segment.equation

    @property
    def products(self) -> dict[str, float]:
        """Products and their amounts in that equation."""
        return self.segment.products


@dataclass(frozen=True)
class Profile(Answered, figure="profile"):
    """Reactions of two materials with each other and with a reservoir of Li.

    Attributes
    ----------
    reactants : tuple of two dict
        As in ``Reaction``.
    points : tuple of ProfilePoint
        In order of potential: every kink, both ends, and a regular grid if one was asked for.
        Every curve is exactly straight between kinks.
    segments : tuple of ProfileSegment
        The ranges between the kinks, with products and equations.
    stable_window_V, stable_window_10meV_V : tuple of (float, float)
        Ranges of potential [V against Li/Li+] in which neither a self-decomposition nor the mutual
        reaction exceeds 1e-6 eV/atom; or 10 meV/atom, below which the energies tell nothing apart.
    notes : tuple of str
        What has to be said about the reactants.
    """

    reactants: tuple[dict[str, Any], dict[str, Any]]
    points: tuple[ProfilePoint, ...]
    segments: tuple[ProfileSegment, ...]
    stable_window_V: tuple[Ends, ...]
    stable_window_10meV_V: tuple[Ends, ...]
    notes: tuple[str, ...]
    provenance: dict[str, Any]

    @property
    def worst(self) -> ProfilePoint:
        """Point of the most negative mutual energy; the first one of several."""
        return min(self.points, key=lambda point: point.mutual_eV_per_atom)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per point."""
        import pandas as pd

        a, b = (reactant["formula"] for reactant in self.reactants)
        return pd.DataFrame(
            [
                {
                    "reactant_a": a,
                    "reactant_b": b,
                    "potential_V": point.potential_V,
                    "is_kink": point.is_kink,
                    "mutual_energy_eV_per_atom": point.mutual_eV_per_atom,
                    "mixing_fraction": point.mixing_fraction,
                    "total_energy_eV_per_atom": point.total_eV_per_atom,
                    "self_a_eV_per_atom": point.self_a_eV_per_atom,
                    "self_b_eV_per_atom": point.self_b_eV_per_atom,
                    "li_exchanged_per_atom": point.li_exchanged_per_atom,
                    "equation": point.equation,
                }
                for point in self.points
            ]
        )
