"""An interface open to Li, from one potential to another: exact kinks instead of a grid.

With ``F(M, V)`` the lowest grand potential of the composition of M per atom of M (every phase has
E + V n_Li in place of E, and Li is not conserved), the self-decomposition of M is
``F(M, V) - (E_M + V n_Li(M))`` and the mutual part of A and B is the minimum over the atom
fraction x of ``F(x A + (1 - x) B, V) - x F(A, V) - (1 - x) F(B, V)``.

``F`` is a minimum of straight lines in V, one for each set of products, so it is concave, and
between two kinks of F(A, V) and F(B, V), which the lithium lines of A and B give exactly, the
mutual part is a minimum of concave functions: concave and piecewise linear, too.  Tangents from
both ends of such a range then find every kink: where two of them meet, the curve either passes
through the crossing, and it is the kink, or below it, with a new tangent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor

import numpy as np

from ..errors import InputError
from ..phases.electrode import HIGHEST_V, LOWEST_V, Electrode
from ..phases.material import Given
from ..phases.system import System
from ..phases.table import PhaseTable
from .lithium import LithiumLine
from .profile_result import Ends, Profile, ProfilePoint, ProfileSegment
from .provenance import provenance
from .reactant import Reactant, prepare, require_lithium, without_noise
from .reaction import Reaction, react

STABLE, NEARLY_STABLE = 1e-6, 0.010  # reactions smaller than this do not count [eV/atom]
_SAME = 3e-8  # energies closer than this are equal [eV/atom]; reactions below 1e-8 are zero
_CLOSE = 1e-7  # potentials closer than this are one [V]
_NARROW = 1e-4  # a curve that only touches zero has a "window" as wide as the threshold [V]
_MOST_STEPS = 100_000


def profile(
    table: PhaseTable,
    a: Given,
    b: Given,
    from_V: float = 0.0,
    to_V: float = 5.0,
    step_V: float | None = None,
) -> Profile:
    """Interface of two materials, open to Li, between two potentials.

    At every potential the mutual part is that of ``react(table, a, b, potential_V=V)`` (Richards
    et al., Chem. Mater. 28, 266 (2016), doi:10.1021/acs.chemmater.5b04082; Zhu, He, Mo, J. Mater.
    Chem. A 4, 3253 (2016), doi:10.1039/C5TA08574H).

    Parameters
    ----------
    a, b : str or Material
        Li metal is the reservoir itself: Li | B at a potential is B alone.
    from_V, to_V : float
        Range of potentials [V against Li/Li+, or the metal of the table's ion]; below zero it is
        plated.
    step_V : float, optional
        Adds points at regular distances [V]; the curves need none.

    Raises
    ------
    InputError, SolverError
        As for ``react``; InputError also for a range that makes no sense, or two times Li.

    Examples
    --------
    >>> from interscreen import PhaseTable, profile
    >>> profile(PhaseTable.reference(), "LiF", "LATP", 2.5, 3.5).reactants[1]["formula"]
    'Li1.3Al0.3Ti1.7(PO4)3'
    """
    ion = table.electrode.ion
    if not LOWEST_V <= from_V < to_V < HIGHEST_V:
        raise InputError(
            f"potentials {from_V} to {to_V} V: give a range that rises, from 0 V ({ion.symbol} "
            f"metal) upwards, against {ion.couple} (from {LOWEST_V:g} V where it is plated)"
        )
    finest = (to_V - from_V) / _MOST_STEPS
    if step_V is not None and not finest <= step_V < float("inf"):
        raise InputError(
            f"step {step_V} V: give a positive distance of the points, at least {finest:g} V for "
            "this range"
        )
    require_lithium(table, ion.symbol)
    if from_V < 0.0:  # phases count that would be no better than the metal
        table = table.against(Electrode(ion, from_V))
    system, reactants = prepare(table, [a, b], extra=[ion.symbol])
    lowest_V = Electrode(ion, min(0.0, from_V))  # nothing beyond the metal unless asked for
    sides = [_Side(system, reactant, lowest_V) for reactant in reactants]
    if not any(side.line for side in sides):
        raise InputError(
            f"both reactants are {ion.symbol}: nothing is left to react when {ion.symbol} is open"
        )
    segments = tuple(_Interface(table, (a, b), sides).segments(float(from_V), float(to_V)))
    lowest = segments[0]
    met = {*lowest.self_a_products, *lowest.self_b_products, *lowest.products}
    first, second = (side.reactant.describe(side.hull_energy) for side in sides)
    return Profile(
        reactants=(first, second),
        points=tuple(_points(segments, step_V)),
        segments=segments,
        stable_window_V=_windows(segments, STABLE),
        stable_window_10meV_V=_windows(segments, NEARLY_STABLE),
        notes=tuple(
            f"{ion.symbol} is the reservoir itself: at a potential {ion.symbol} | "
            f"{other.reactant.input} is "
            f"{other.reactant.input} alone, without mutual part"
            for side, other in (sides, sides[::-1])
            if side.line is None
        ),
        # the warning in it speaks of Li metal: only where the range begins there
        provenance=provenance(table.source, system, reactants, met if from_V == 0.0 else ()),
    )


class _Side:
    """One reactant alone: its curve in V is the Legendre transform of its lithium line."""

    def __init__(self, system: System, reactant: Reactant, lowest: Electrode) -> None:
        self.reactant, self.ion = reactant, lowest.ion
        symbol = lowest.ion.symbol
        self.own_lithium = float(reactant.fractions[system.elements.index(symbol)])
        self.line: LithiumLine | None = None  # Li metal is the reservoir and has no line
        if reactant.composition.elements != (symbol,):
            # in the system of both: the other reactant, if it has an energy of its own, counts
            self.line = LithiumLine.of(system, reactant, lowest)

    @property
    def hull_energy(self) -> float:
        return self.line.hull_energy if self.line else 0.0

    def kinks(self) -> set[float]:
        """Potentials at which the products change [V]."""
        points = range(len(self.line.walk.t) - 1) if self.line else ()
        return {self.line.voltage(point) for point in points} if self.line else set()

    def piece(self, potential: float) -> int:
        """Point of the lithium line with the lowest grand potential."""
        walk = self.line.walk if self.line else None
        return int(np.argmin(walk.energy + self.ion.charge * potential * walk.t)) if walk else 0

    def taken(self, piece: int) -> float:
        """Li taken up there, per atom of the reactant."""
        return float(self.line.walk.t[piece]) if self.line else 0.0

    def energies(self, piece: int, *potentials: float) -> Ends | None:
        """Self-decomposition energy [eV/atom] at two potentials."""
        if self.line is None:
            return None
        walk, own, charge = self.line.walk, self.line.energy, self.ion.charge
        start, end = (
            without_noise(float(walk.energy[piece] + charge * v * walk.t[piece]) - own)
            for v in potentials
        )
        return start, end

    def products(self, piece: int) -> dict[str, float]:
        return self.line.products(piece) if self.line else {}


@dataclass(frozen=True)
class _Tangent:
    """Mutual part at a potential: value [eV/atom], slope in V, Li exchanged and the reaction."""

    potential: float
    value: float = 0.0
    slope: float = 0.0
    exchanged: float | None = None
    reaction: Reaction | None = None

    def at(self, potential: float) -> float:
        return self.value + self.slope * (potential - self.potential)


class _Interface:
    """Finds the kinks of the mutual part."""

    def __init__(
        self, table: PhaseTable, materials: tuple[Given, Given], sides: Sequence[_Side]
    ) -> None:
        self.table, self.materials, self.sides = table, materials, sides
        self.reacts = all(side.line for side in sides)

    def segments(self, low: float, high: float) -> Iterator[ProfileSegment]:
        """Ranges between the kinks of all three curves, in order."""
        kinks = {v for side in self.sides for v in side.kinks() if low < v < high}
        for start, end in pairwise(_apart([low, *sorted(kinks), high])):
            pieces = [side.piece((start + end) / 2) for side in self.sides]
            last: ProfileSegment | None = None
            for left, right in pairwise(_apart([start, *self._inner(start, end, pieces), end])):
                segment = self._segment(left, right, pieces)
                if last and _same_line(last, segment):
                    segment = self._segment(last.start_V, right, pieces)
                elif last:
                    yield last
                last = segment
            if last:
                yield last

    def _segment(self, start: float, end: float, pieces: list[int]) -> ProfileSegment:
        (a, b), (piece_a, piece_b) = self.sides, pieces
        middle = self._tangent((start + end) / 2, pieces)
        low, high = (self._tangent(v, pieces).value for v in (start, end))
        return ProfileSegment(
            start_V=start,
            end_V=end,
            mutual_eV_per_atom=(low, high),
            self_a_eV_per_atom=a.energies(piece_a, start, end),
            self_b_eV_per_atom=b.energies(piece_b, start, end),
            self_a_products=a.products(piece_a),
            self_b_products=b.products(piece_b),
            mixing_fraction=middle.reaction.mixing_fraction if middle.reaction else None,
            li_exchanged_per_atom=middle.exchanged,
            reaction=middle.reaction,
        )

    def _inner(self, start: float, end: float, pieces: list[int]) -> list[float]:
        """Potentials between which the mutual part is straight, where A and B alone are."""
        found: list[float] = []
        ranges = [(self._tangent(start, pieces), self._tangent(end, pieces))]
        while ranges and self.reacts:
            left, right = ranges.pop()
            width, fall = right.potential - left.potential, left.slope - right.slope
            if width < 2 * _CLOSE:
                continue
            rise = right.value - left.value
            offset = (rise - right.slope * width) / fall if fall > 1e-12 else -1.0
            crossing = _CLOSE < offset < width - _CLOSE
            tangent = self._tangent(left.potential + (offset if crossing else width / 2), pieces)
            # a crossing on the curve is a kink; without one the curve is its own chord
            expected = left.at(tangent.potential) if crossing else left.value + rise / 2
            if crossing:
                found.append(tangent.potential)
            if abs(tangent.value - expected) > _SAME:
                found.append(tangent.potential)
                ranges += [(left, tangent), (tangent, right)]
        return sorted(found)

    def _tangent(self, potential: float, pieces: list[int]) -> _Tangent:
        """Mutual part at a potential, with the slope that its reaction keeps on either side."""
        if not self.reacts:
            return _Tangent(potential)
        reaction = react(self.table, *self.materials, potential_V=potential)
        kink = reaction.best
        if kink is None:
            return _Tangent(potential, reaction=reaction)
        ion = self.sides[0].ion
        x, exchanged = kink.mixing_fraction, reaction.held_at(kink.point, ion.symbol)
        slope = 0.0
        for share, side, piece in zip((x, 1.0 - x), self.sides, pieces, strict=True):
            exchanged -= share * side.own_lithium
            slope -= share * side.taken(piece)
        return _Tangent(
            potential,
            value=reaction.min_mutual_energy_eV_per_atom,
            slope=ion.charge * (slope + exchanged),
            exchanged=without_noise(exchanged),
            reaction=reaction,
        )


def _same_line(one: ProfileSegment, other: ProfileSegment) -> bool:
    """Whether two neighbours are one straight line with one reaction."""
    if one.mixing_fraction is None or other.mixing_fraction is None:
        return one.mixing_fraction is other.mixing_fraction
    if abs(one.mixing_fraction - other.mixing_fraction) > 1e-9:
        return False
    (low, knee), (_, high) = one.mutual_eV_per_atom, other.mutual_eV_per_atom
    share = (one.end_V - one.start_V) / (other.end_V - one.start_V)
    return abs(knee - low - share * (high - low)) < _SAME


def _apart(potentials: list[float]) -> list[float]:
    """Drop inner potentials that are too close to one before, or to the end."""
    kept = potentials[:1]
    for v in potentials[1:-1]:
        if v - kept[-1] > _CLOSE and potentials[-1] - v > _CLOSE:
            kept.append(v)
    return [*kept, potentials[-1]]


def _points(segments: Sequence[ProfileSegment], step: float | None) -> Iterator[ProfilePoint]:
    low, high = segments[0].start_V, segments[-1].end_V
    count = floor((high - low) / step + 1e-9) if step else 0
    grid = [round(low + i * (step or 0.0), 12) for i in range(1, count + 1)]
    for segment in segments:
        yield segment.at(segment.start_V, is_kink=True)
        inside = (segment.start_V + _CLOSE, segment.end_V - _CLOSE)
        yield from (segment.at(v, is_kink=False) for v in grid if inside[0] < v < inside[1])
    yield segments[-1].at(high, is_kink=True)


def _windows(segments: Sequence[ProfileSegment], threshold: float) -> tuple[Ends, ...]:
    """Ranges in which no energy lies below minus the threshold."""
    found: list[Ends] = []
    for s in segments:
        low, high = 0.0, 1.0  # share of the segment
        for ends in (s.mutual_eV_per_atom, s.self_a_eV_per_atom, s.self_b_eV_per_atom):
            if ends is None:
                continue
            over = [value + threshold for value in ends]  # zero or positive: small enough
            if max(over) < 0.0:
                high = -1.0
            elif over[0] < 0.0:
                low = max(low, over[0] / (over[0] - over[1]))
            elif over[1] < 0.0:
                high = min(high, over[0] / (over[0] - over[1]))
        if low <= high:
            start, end = (s.start_V + share * (s.end_V - s.start_V) for share in (low, high))
            if found and start - found[-1][1] < _CLOSE:
                start = found.pop()[0]
            found.append((start, end))
    return tuple(window for window in found if window[1] - window[0] > _NARROW)
