"""Li | layer | electrolyte: every number of a stack, over candidates and samples of the energies.

Li stands for the negative electrode of the table: any ion, in its metal or at a potential.

What a contact, a converted layer, its worst product and the bridge are is decided here, over arrays
(candidates x samples).  A single stack is an array of one; a nominal answer is one sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..energies.sampling import BLOCK, EnergyModel, EnergySamples
from ..engine.batch import LineBatch, PairBatch, Sparse, mutual_minima, row_lines, spans
from ..phases.equation import NOISE
from ..phases.material import Given
from ..phases.solids import INSULATOR, row_conduction
from ..phases.system import Floats
from ..phases.table import PhaseTable
from .beside import walk_beside
from .lithium import FORMULA_LITHIUM, TOLERANCE_EV
from .materials import Materials, Phases, Rows, materials_of
from .reactant import ON_HULL, gas_elements, gas_rows, require_lithium, with_gases

UNCERTIFIED = "an equilibrium could not be certified; please report the formula and the source"

# A Li-bearing product with one of these is a salt; the others are alloys, which conduct electrons.
# C is not among them (LiC6 conducts; carbonates hold O, cyanamides N), Te is (Li2Te has a band gap
# of 2.5 eV in the Materials Project, more than Li3N or Li3P).
NONMETALS = frozenset("H N O F P S Cl Se Br Te I".split())

Progress = Callable[[int, int], None]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WithLithium:
    """Materials in contact with the negative electrode: (k, s) arrays for k materials, s samples.

    Where this says Li it is the ion of the table's electrode, at the potential of that.
    """

    mutual: Floats  # minimum of the mutual energy with Li [eV/atom]
    total: Floats  # total energy there [eV/atom]; not a number where nothing reacts
    mixing: Floats  # atom fraction of Li there; not a number where nothing reacts
    own: Floats  # energy of the material itself [eV/atom]
    hull: Floats  # hull energy of its composition [eV/atom]
    reduction: Floats  # window of the assemblage [V]
    oxidation: Floats  # not a number where there is no Li to give off
    tolerant_reduction: Floats  # the same within the tolerance of ``lithium``
    tolerant_oxidation: Floats  # not a number where no potential gains more
    average_voltage: Floats  # of the conversion [V]; not a number where no Li is taken up
    # Li taken up (+) or given off (-) to the potential of the anode, per atom of the material
    uptake: Floats
    # (k, s, w) condensed phases in equilibrium with the anode, or where a gas takes up Li; or -1
    phases: Rows
    amounts: Floats  # (k, s, w) atoms in each per atom of the material
    met: Rows  # (k, w) products of the reaction with Li in the first sample
    met_amounts: Floats  # (k, w)
    solved: Bools


def with_lithium(
    phases: Phases, materials: Materials, jobs: int = 1, tolerance: float = TOLERANCE_EV
) -> WithLithium:
    """Window (exact, and within a tolerance [eV/atom]), conversion and reaction with Li metal."""
    k, s = len(materials), phases.count
    of, sample = np.repeat(np.arange(k), s), np.tile(np.arange(s), k)
    found = anode_lines(phases, materials.mixtures, of, sample, jobs, tolerance)

    def grid(values: Any) -> Any:
        return values.reshape(k, s, *values.shape[1:])

    solved, hull, uptake = grid(found.solved), grid(found.hull), grid(found.uptake)
    own = phases.energies_of(materials, hull)
    mutual = mutual_energies(grid(found.mutual), solved)
    mixing = grid(found.mixing)
    takes = solved & (uptake > 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gained = (own - grid(found.final)) / phases.table.electrode.ion.charge
        mean = np.where(takes, gained / uptake, np.nan)
    reacts = mutual < 0.0
    gone = (found.phases >= 0) & phases.gases[found.phases]
    names, amounts = _present(found.phases, np.where(gone, 0.0, found.amounts))
    met, met_amounts = _present(found.met, found.met_amounts)
    return WithLithium(
        mutual=mutual,
        total=np.where(
            reacts, mutual + mixing * (hull - own) + (1.0 - mixing) * grid(found.alone), np.nan
        ),
        mixing=np.where(reacts, 1.0 - mixing, np.nan),
        own=own,
        hull=np.where(solved, hull, np.nan),
        reduction=np.where(solved, grid(found.reduction), np.nan),
        oxidation=np.where(solved, grid(found.oxidation), np.nan),
        tolerant_reduction=np.where(solved, grid(found.low), np.nan),
        tolerant_oxidation=np.where(
            solved & np.isfinite(grid(found.high)), grid(found.high), np.nan
        ),
        average_voltage=mean,
        uptake=np.where(solved, uptake, np.nan),
        phases=grid(names),
        amounts=grid(amounts),
        met=grid(met)[:, 0],
        met_amounts=grid(met_amounts)[:, 0],
        solved=solved,
    )


def anode_lines(
    phases: Phases, compositions: Sparse, of: Rows, sample: Rows, jobs: int = 1,
    tolerance: float = TOLERANCE_EV,
) -> LineBatch:  # fmt: skip
    """Walk from each composition to the anode; voltages are against the metal of the ion [V]."""
    electrode = phases.table.electrode
    found = row_lines(
        phases.plated, compositions, of, sample, phases.lithium, jobs=jobs,
        tolerance=tolerance, ignored=FORMULA_LITHIUM, floor=max(0.0, electrode.level),
    )  # fmt: skip
    plated = min(0.0, electrode.potential_V)
    if electrode.ion.charge == 1 and plated == 0.0:
        return found
    voltages = {
        name: getattr(found, name) / electrode.ion.charge + plated
        for name in ("reduction", "oxidation", "low", "high")
    }
    own, level = compositions.shares(phases.lithium)[of], electrode.ion.charge * plated
    hull, final = found.hull - level * own, found.final - level * (own + found.uptake)
    return replace(found, hull=hull, final=final, **voltages)


def mutual_energies(energies: Floats, solved: Bools) -> Floats:
    """Mutual energies [eV/atom]: zero where the two coexist, not a number where not certified."""
    quiet: Floats = np.where(energies < -ON_HULL, energies, 0.0)
    return np.where(solved, quiet, np.nan)


def salts_among(phases: Phases, compositions: Sparse) -> Bools:
    """Which compositions hold the ion and a nonmetal (its alloys are no electronic barrier)."""
    nonmetal = np.array([symbol in NONMETALS for symbol in phases.table.elements])
    index, starts = compositions.index, compositions.indptr[:-1]
    if not len(starts):
        return np.empty(0, dtype=bool)
    with_li: Bools = np.logical_or.reduceat(index == phases.lithium, starts)
    return with_li & np.logical_or.reduceat(nonmetal[index], starts)


@dataclass(frozen=True, eq=False)
class Stacks:
    """Stacks of k candidates and E electrolytes in s samples."""

    common: Partners  # phases and electrolytes, of the first samples
    candidates: Materials
    lithium: WithLithium  # candidates in contact with Li metal
    baseline: WithLithium  # electrolytes in contact with Li metal
    deposited: Floats  # (E, k, s) mutual energy of candidate and electrolyte [eV/atom]
    deposited_mixing: Floats  # atom fraction of the candidate there; NaN where the two coexist
    met: Rows  # (E, k, w) products of that reaction in the first sample
    met_amounts: Floats
    layer: Floats  # (E, k, s) mutual energy of converted layer and electrolyte [eV/atom]
    # phases in equilibrium with Li metal in the first sample, (k, w) in alphabetical order
    products: Rows
    product_amounts: Floats  # atoms in each per atom of the candidate
    product_energies: Floats  # (E, k, w) mutual energy with each electrolyte [eV/atom]
    worst: Floats  # (E, k, s) lowest of these
    worst_product: Rows  # (E, k) the phase that has it in the first sample
    # (k, s) highest oxidation limit, within tolerance, of the salts of the layer that are stable
    # against Li metal [V]
    reach: Floats  # the potential of the anode without any
    deposited_reach: Floats  # (k, s) the same of the salts that are part of the candidate itself
    surface: Floats  # (E, k, s) mutual energy of the component that meets the electrolyte best
    facing: Floats  # (E, k, s) that of the product which conducts Li or insulates and meets it best
    facing_product: Rows  # (E, k) in the first sample, -1 without any
    bridge: Rows  # (k,) the salt that has it in the first sample, -1 without any
    has_salt: Bools  # (k, s) one of the phases in equilibrium with Li metal is a Li-bearing salt

    @property
    def phases(self) -> Phases:
        """Phases that the equilibria are made of."""
        return self.common.phases

    @property
    def electrolytes(self) -> Materials:
        """The electrolytes."""
        return self.common.electrolytes

    @cached_property
    def numbers(self) -> dict[str, Floats]:
        """Numbers by column of results.csv, (E, k, s) or what broadcasts to it."""
        li, electrolyte = self.lithium, self.baseline
        bare, limit = electrolyte.mutual[:, None], electrolyte.tolerant_reduction[:, None]
        units = self.candidates.n_atoms[:, None]
        return {
            "bare_mutual_eV_per_atom": bare,
            "electrolyte_reduction_limit_V": electrolyte.reduction[:, None],
            "electrolyte_tolerance_limit_V": limit,
            "lithium_mutual_eV_per_atom": li.mutual[None],
            "lithium_total_eV_per_atom": li.total[None],
            "first_voltage_V": np.where(li.uptake > 0.0, li.reduction, np.nan)[None],
            "average_voltage_V": li.average_voltage[None],
            "li_uptake_per_formula": (li.uptake * units)[None],
            "reduction_limit_V": li.reduction[None],
            "oxidation_limit_V": li.oxidation[None],
            "deposited_mutual_eV_per_atom": self.deposited,
            "layer_mutual_eV_per_atom": self.layer,
            "worst_product_mutual_eV_per_atom": self.worst,
            "improvement_eV_per_atom": self.layer - bare,
            "surface_mutual_eV_per_atom": self.surface,
            "facing_energy_meV_per_atom": 1000.0 * self.facing,
            "bridge_margin_V": self.reach[None] - limit,
            "own_bridge_margin_V": self.deposited_reach[None] - limit,
        }

    @property
    def product_units(self) -> Floats:
        """Formula units of each phase of the layer per formula unit of the candidate, (k, w)."""
        atoms = self.phases.atoms[self.products]
        units: Floats = self.product_amounts * self.candidates.n_atoms[:, None] / atoms
        return np.round(units, 10)

    @property
    def solved(self) -> Bools:
        """Whether every equilibrium of a stack was certified in the first sample, (E, k)."""
        known = ~np.isnan(self.worst[..., 0]) & ~np.isnan(self.layer[..., 0])
        answered: Bools = known & self.lithium.solved[:, 0] & ~np.isnan(self.deposited[..., 0])
        return answered


OF_CANDIDATE = (
    "lithium_mutual_eV_per_atom lithium_total_eV_per_atom first_voltage_V average_voltage_V "
    "li_uptake_per_formula reduction_limit_V oxidation_limit_V"
).split()
OF_ELECTROLYTE = (
    "bare_mutual_eV_per_atom electrolyte_reduction_limit_V electrolyte_tolerance_limit_V"
).split()
OF_STACK = (
    "deposited_mutual_eV_per_atom layer_mutual_eV_per_atom worst_product_mutual_eV_per_atom "
    "improvement_eV_per_atom surface_mutual_eV_per_atom facing_energy_meV_per_atom "
    "bridge_margin_V own_bridge_margin_V"
).split()


@dataclass(frozen=True, eq=False)
class Partners:
    """What many stacks have in common: phases, electrolytes, and the products met so far."""

    phases: Phases
    electrolytes: Materials
    _known: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def baseline(self) -> WithLithium:
        """The electrolytes in contact with Li metal."""
        return with_lithium(self.phases, self.electrolytes)

    @cached_property
    def seconds(self) -> Floats:
        """Atom fractions of the electrolytes over all elements, (E, rows)."""
        mixtures = self.electrolytes.mixtures
        wide = np.zeros((len(mixtures), self.phases.problem.rows))
        of = np.repeat(np.arange(len(mixtures)), np.diff(mixtures.indptr))
        wide[of, mixtures.index] = mixtures.parts
        return wide

    @cached_property
    def salt(self) -> Bools:
        """Which phases hold Li and a nonmetal."""
        return salts_among(self.phases, self.phases.compositions)

    @cached_property
    def faces(self) -> Bools:
        """Which phases may face an electrolyte: Li-bearing salts, and insulators by the data."""
        rows = self.phases.rows_of(np.arange(len(self.phases.names)))
        there = rows >= 0
        insulates = np.zeros(len(rows), dtype=bool)
        insulates[there] = row_conduction(self.phases.table, rows[there]) == INSULATOR
        return self.salt | insulates

    @cached_property
    def place(self) -> Rows:
        """Place of each phase in the alphabet: of equal ones the first is named."""
        place = np.empty(len(self.phases.names), dtype=np.int64)
        place[np.argsort(self.phases.names.astype(str), kind="stable")] = np.arange(len(place))
        return place

    def opened(self, potential_V: float) -> Partners:
        """Return the same partners open to Li at a potential [V against Li/Li+].

        Compositions that meet them are taken ``without`` Li; what is lowest then are grand
        potentials: every phase has E + V n_Li in place of E (docs/method.md), z V of another ion.
        """
        lithium, theirs = self.phases.lithium, self.electrolytes
        charge = self.phases.table.electrode.ion.charge
        problem = self.phases.problem.opened(lithium, charge * potential_V)
        return Partners(
            replace(self.phases, problem=problem),
            replace(theirs, mixtures=theirs.mixtures.without(lithium)),
        )

    def prepare(self) -> None:
        """Make what threads will share."""
        self.products(np.full((1, 1, 1), -1))
        _ = self.seconds, self.faces, self.place, self.phases.problem.groups, self.phases.atoms

    def contact(
        self, number: int, firsts: Sparse, of: Rows, sample: Rows,
        added: Floats | None = None, jobs: int = 1,
    ) -> PairBatch:  # fmt: skip
        """Reactions of some compositions (with Li added) with one electrolyte."""
        owner, row = int(self.electrolytes.mixtures.owner[number]), self.phases.lithium
        return mutual_minima(
            self.phases.problem, firsts, of, sample, self.seconds[number],
            second_owner=owner, added=added, row=0 if added is None else row, jobs=jobs,
        )  # fmt: skip

    def mutual(self, number: int, firsts: Sparse, of: Rows, sample: Rows) -> Floats:
        """Mutual energies of some compositions with one electrolyte [eV/atom]."""
        found = self.contact(number, firsts, of, sample)
        return mutual_energies(found.mutual, found.solved)

    def products(self, phases: Rows, jobs: int = 1) -> tuple[Floats, Floats]:
        """Oxidation limits (p, s) [V] and mutual energies (E, p, s) [eV/atom] of all phases.

        Only those that stand in ``phases`` (k, s, w) are computed, in the samples they occur in;
        the others are not numbers, unless they were asked for before.
        """
        s, p = self.phases.count, len(self.phases.names)
        if not self._known:
            self._known["reach"] = np.full((p, s), np.nan)
            self._known["energies"] = np.full((len(self.electrolytes), p, s), np.nan)
        reach, energies = self._known["reach"], self._known["energies"]
        there = phases >= 0
        samples = np.broadcast_to(np.arange(s)[None, :, None], phases.shape)[there]
        wanted = np.unique(phases[there].astype(np.int64) * s + samples)
        numbers, samples = wanted // s, wanted % s
        new = np.isnan(reach[numbers, samples])
        numbers, samples = numbers[new], samples[new]
        if not len(numbers):
            return reach, energies
        compositions = self.phases.compositions
        reached = np.full(len(numbers), self.phases.table.electrode.potential_V)
        salts = np.flatnonzero(self.salt[numbers])
        if len(salts):
            line = anode_lines(self.phases, compositions, numbers[salts], samples[salts], jobs)
            anode = self.phases.table.electrode.potential_V
            stable = (line.reduction <= anode + ON_HULL) & np.isfinite(line.high)
            reached[salts] = np.where(stable & line.solved, line.high, anode)
        for number in range(len(self.electrolytes)):
            met = self.contact(number, compositions, numbers, samples, jobs=jobs)
            energies[number, numbers, samples] = mutual_energies(met.mutual, met.solved)
        reach[numbers, samples] = reached  # last: other threads take it for "known"
        return reach, energies

    def stacks(self, candidates: Materials, jobs: int = 1) -> Stacks:
        """Every number of the stacks of some candidates with all electrolytes."""
        phases, k, s = self.phases, len(candidates), self.phases.count
        e = len(self.electrolytes)
        li = with_lithium(phases, candidates, jobs)
        of, sample = np.repeat(np.arange(k), s), np.tile(np.arange(s), k)
        deposited, mixing, layer = (np.full((e, k, s), np.nan) for _ in range(3))
        found: list[tuple[Rows, Floats]] = []
        converts = np.flatnonzero(li.solved.reshape(-1) & (li.uptake.reshape(-1) != 0.0))
        layers = self._layers(candidates, li, converts)
        for number in range(e):
            pair = self.contact(number, candidates.mixtures, of, sample, jobs=jobs)
            deposited[number] = mutual_energies(pair.mutual, pair.solved).reshape(k, s)
            reacts = deposited[number] < 0.0
            mixing[number] = np.where(reacts, pair.mixing.reshape(k, s), np.nan)
            found.append(_present(pair.phases[::s], pair.amounts[::s] * reacts[:, :1]))
            layer[number] = deposited[number]
            if len(converts):
                after = self.contact(number, *layers, jobs=jobs)
                layer[number].reshape(-1)[converts] = mutual_energies(after.mutual, after.solved)
        width = max((phases.shape[1] for phases, _ in found), default=0)
        met: Any = np.full((e, k, width), -1, dtype=np.int32)
        met_amounts = np.zeros((e, k, width))
        for number, (names, amounts) in enumerate(found):
            met[number, :, : names.shape[1]] = names
            met_amounts[number, :, : names.shape[1]] = amounts
        return Stacks(
            common=self,
            candidates=candidates,
            lithium=li,
            baseline=self.baseline,
            deposited=deposited,
            deposited_mixing=mixing,
            met=met,
            met_amounts=met_amounts,
            layer=layer,
            surface=self._surface(candidates, deposited),
            deposited_reach=self._own_reach(candidates, jobs),
            **self._of_products(li, jobs),
        )

    def _layers(
        self, candidates: Materials, li: WithLithium, converts: Rows
    ) -> tuple[Sparse, Rows, Rows, Floats | None]:
        """Compositions of some converted layers, as ``contact`` takes them."""
        of, sample = np.divmod(converts, self.phases.count)
        if self.phases.table.source.conditions is None:
            return candidates.mixtures, of, sample, li.uptake.reshape(-1)[converts]
        # gases may have come in or left: what counts is what is there
        width, rows = li.phases.shape[2], self.phases.problem.rows
        named = li.phases.reshape(-1, width)[converts]
        layer, slot = np.nonzero(named >= 0)
        compositions = self.phases.compositions
        entry, ends = spans(compositions.indptr, named[layer, slot].astype(np.int64))
        lengths = np.diff(ends)
        shares = li.amounts.reshape(-1, width)[converts][layer, slot]
        key = np.repeat(layer, lengths) * rows + compositions.index[entry]
        places, inverse = np.unique(key, return_inverse=True)
        parts = np.bincount(inverse, compositions.parts[entry] * np.repeat(shares, lengths))
        owner, index = np.divmod(places, rows)
        indptr = np.searchsorted(owner, np.arange(len(converts) + 1)).astype(np.int64)
        whole = np.bincount(owner, parts, len(converts))
        mixtures = Sparse(
            indptr, index.astype(np.int64), parts / whole[owner], candidates.mixtures.owner[of]
        )
        return mixtures, np.arange(len(converts)), sample, None

    def _surface(self, candidates: Materials, deposited: Floats) -> Floats:
        """Mutual energies with the component of each candidate that reacts least, (E, k, s)."""
        found, s = deposited.copy(), self.phases.count
        several = np.bincount(candidates.component_of, minlength=len(candidates)) > 1
        parts = np.flatnonzero(several[candidates.component_of])
        if len(parts):
            of, sample = np.repeat(parts, s), np.tile(np.arange(s), len(parts))
            owner = candidates.component_of[parts]
            found[:, several] = -np.inf
            for number in range(len(found)):
                alone = self.mutual(number, candidates.components, of, sample)
                np.maximum.at(found[number], owner, alone.reshape(len(parts), s))
        return found

    def _own_reach(self, candidates: Materials, jobs: int) -> Floats:
        """Highest oxidation limit [V] of the salts that each candidate consists of, (k, s)."""
        s = self.phases.count
        anode = self.phases.table.electrode.potential_V
        found = np.full((len(candidates), s), anode)
        parts = np.flatnonzero(salts_among(self.phases, candidates.components))
        if len(parts):
            of, sample = np.repeat(parts, s), np.tile(np.arange(s), len(parts))
            line = anode_lines(self.phases, candidates.components, of, sample, jobs)
            high = np.where(line.solved & np.isfinite(line.high), line.high, anode)
            np.maximum.at(found, candidates.component_of[parts], high.reshape(len(parts), s))
        return found

    def _of_products(self, li: WithLithium, jobs: int) -> dict[str, Any]:
        """Worst product and bridge of each layer."""
        k, s, _ = li.phases.shape
        reach, energies = self.products(li.phases, jobs)
        # in order of names, so that the first of equal ones is named
        order = np.argsort(
            np.where(li.phases < 0, len(self.place), self.place[li.phases]), axis=2, kind="stable"
        )
        named = np.take_along_axis(li.phases, order, axis=2)
        there = named >= 0
        samples = np.arange(s)[None, :, None]
        of_each = np.where(there, energies[:, named, samples], np.inf)  # (E, k, s, w)
        lowest = of_each.argmin(axis=3)
        worst = np.take_along_axis(of_each, lowest[..., None], axis=3)[..., 0]
        unknown = np.isnan(of_each).any(axis=3) | np.isinf(worst)
        faces = there & self.faces[named]
        to_face = np.where(faces, of_each, -np.inf)
        best_face = to_face.argmax(axis=3)
        facing = np.take_along_axis(to_face, best_face[..., None], axis=3)[..., 0]
        salts = there & self.salt[named]
        highest = np.where(salts, reach[named, samples], -np.inf)
        best = highest.argmax(axis=2)
        has_salt: Bools = np.asarray(salts.any(axis=2))
        first = named[:, 0]
        numbers = np.arange(k)
        return {
            "products": first,
            "product_amounts": np.take_along_axis(li.amounts[:, 0], order[:, 0], axis=1),
            "product_energies": np.where(there[:, 0], of_each[:, :, 0], np.nan),
            "worst": np.where(unknown, np.nan, worst),
            "worst_product": first[numbers[None], lowest[..., 0]],
            "facing": np.where(np.isinf(facing), np.nan, facing),
            "facing_product": np.where(
                faces[:, 0].any(axis=1), first[numbers[None], best_face[..., 0]], -1
            ),
            "reach": np.where(
                has_salt,
                np.take_along_axis(highest, best[..., None], axis=2)[..., 0],
                self.phases.table.electrode.potential_V,
            ),
            "bridge": np.where(has_salt[:, 0], first[numbers, best[:, 0]], -1),
            "has_salt": has_salt,
        }


def _present(phases: Rows, amounts: Floats) -> tuple[Rows, Floats]:
    """Phases and their amounts without numerical noise; -1 where there is nothing."""
    amounts = np.where(amounts > NOISE, amounts, 0.0)
    return np.where(amounts > 0.0, phases, -1), amounts


def stacks(
    table: PhaseTable,
    candidates: Sequence[Given],
    electrolytes: Sequence[Given],
    *,
    samples: int = 0,
    model: EnergyModel | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Stacks:
    """Answer every question of Li | candidate | electrolyte.

    What stands for Li is the negative electrode of the table (``PhaseTable.against``).
    The numbers of a stack do not depend on what else is asked for, nor on ``jobs``.

    Parameters
    ----------
    samples : int
        Samples of the energies behind the first one, which has the energies as they are.
    model : EnergyModel, optional
        What is assumed about the errors of the energies (docs/uncertainty.md).
    jobs : int
        Threads; the compiled code runs side by side.
    progress : callable, optional
        Called with the number of finished samples and their total.

    Raises
    ------
    InputError
        For an unreadable formula, or an element that the table does not know.
    """
    found = []
    for common, ours in partners_in_samples(
        table, candidates, electrolytes, samples=samples, model=model
    ):
        found.append(common.stacks(ours, jobs))
        if progress is not None:
            progress(min(len(found) * BLOCK, samples), samples)
    return joined(found)


def partners_in_samples(
    table: PhaseTable,
    candidates: Sequence[Given],
    electrolytes: Sequence[Given],
    *,
    samples: int = 0,
    model: EnergyModel | None = None,
    lithium: bool = True,
) -> Iterator[tuple[Partners, Materials]]:
    """Yield what some stacks have in common, and their candidates, for each block of samples.

    The first sample of the first block has the energies as they are; ``lithium`` says whether Li
    takes part.  Other parameters and errors: see ``stacks``.
    """
    require_quiet_gases(table)
    if lithium:
        require_lithium(table, table.electrode.ion.symbol)
    ours = materials_of(table, candidates)
    theirs = materials_of(table, electrolytes, len(ours))
    own = (*ours.own, *theirs.own)
    always = {*gas_elements(table), *({table.electrode.ion.symbol} if lithium else ())}
    rows = _rows_of_stacks(table, ours, theirs, always)
    drawn = np.unique(np.concatenate([rows, ours.rows, theirs.rows]))
    for block in range(max(1, -(-samples // BLOCK))):
        count = min(BLOCK, samples - block * BLOCK)
        errors = None
        if count:
            errors = EnergySamples(model or EnergyModel(), table, drawn, block, count)
        yield Partners(Phases.of(table, rows, own, errors, nominal=not block), theirs), ours


def _rows_of_stacks(
    table: PhaseTable, ours: Materials, theirs: Materials, always: set[str]
) -> Rows:
    """Rows of all phases that can take part in the equilibria of some stacks."""
    wanted = np.zeros(len(table), dtype=bool)
    symbols = np.array(table.elements)

    def elements(materials: Materials) -> list[frozenset[str]]:
        mixtures = materials.mixtures
        pieces = np.split(symbols[mixtures.index], mixtures.indptr[1:-1])
        return [frozenset(piece.tolist()) for piece in pieces]

    for mine in dict.fromkeys(elements(ours)):
        for other in dict.fromkeys([*elements(theirs), frozenset[str]()]):
            wanted[table.rows_within({*always, *mine, *other})] = True
    wanted &= table.counted & table.possible
    wanted[[gas for gas in gas_rows(table) if isinstance(gas, int)]] = True
    rows: Rows = np.flatnonzero(wanted)
    return rows


def require_quiet_gases(table: PhaseTable) -> None:
    """Refuse a table whose named gases react with each other."""
    symbols = gas_elements(table)
    if symbols:
        system = with_gases(table, table.within(symbols))
        none = np.zeros(len(symbols))
        walk_beside(system, none + 1.0 / len(none), none, at=0.0, low=0.0, high=0.0)


def joined(parts: Sequence[Stacks]) -> Stacks:
    """Put blocks of samples behind each other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]

    def along(names: str, axis: int, of: Callable[[Stacks], Any] = lambda part: part) -> Any:
        return {
            name: np.concatenate([getattr(of(part), name) for part in parts], axis=axis)
            for name in names.split()
        }

    def lithium(of: Callable[[Stacks], WithLithium]) -> WithLithium:
        names = (
            "mutual total mixing own hull reduction oxidation tolerant_reduction "
            "tolerant_oxidation average_voltage uptake phases amounts solved"
        )
        return replace(of(first), **along(names, 1, of))

    return replace(
        first,
        lithium=lithium(lambda part: part.lithium),
        baseline=lithium(lambda part: part.baseline),
        **along("deposited deposited_mixing layer worst surface facing", 2),
        **along("reach deposited_reach has_salt", 1),
    )
