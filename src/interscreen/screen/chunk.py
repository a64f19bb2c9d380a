"""One chunk of a screen of a whole source: numbers for many candidates, group by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..answers.lithiation import format_amount
from ..answers.reactant import ON_HULL
from ..engine.batch import LithiumBatch, PairBatch, lithium_lines, mutual_minima
from ..errors import InputError, InterscreenError
from ..phases.equation import NOISE
from ..phases.formula import atomic_mass, parse_formula
from ..phases.system import Floats, System
from ..phases.table import PhaseTable
from ..phases.units import MAH_PER_MOL
from .plan import LITHIUM, Partner, Plan, by_system, contact_energies, spread
from .rows import FAILED, OK
from .scores import role_columns, score_columns

if TYPE_CHECKING:
    import pyarrow as pa

_UNCERTIFIED = "an equilibrium could not be certified; please report the formula and the source"

# one row of results.parquet per candidate and electrolyte
TEXTS = (
    "candidate id electrolyte status reason role elements lithium_products conversion_products "
    "deposited_products worst_product bridge_product"
).split()
COLUMNS = (
    "candidate id electrolyte status reason role elements n_elements candidate_energy_eV_per_atom "
    "candidate_energy_above_hull_eV_per_atom bare_mutual_eV_per_atom lithium_mutual_eV_per_atom "
    "lithium_mixing_fraction lithium_products conversion_products first_voltage_V "
    "average_voltage_V li_uptake_per_formula capacity_mAh_per_g deposited_mutual_eV_per_atom "
    "deposited_mixing_fraction deposited_products layer_mutual_eV_per_atom worst_product "
    "worst_product_mutual_eV_per_atom improvement_eV_per_atom reduction_limit_V oxidation_limit_V "
    "electrolyte_reduction_limit_V bridge_product bridge_margin_V score_meV_per_atom"
).split()


@dataclass(frozen=True, eq=False)
class Chunk:
    """Candidates of one chunk: rows of the source.

    Attributes
    ----------
    number : int
    candidates : PhaseTable
        Only their rows.
    """

    number: int
    candidates: PhaseTable


class _Columns:
    """Columns that grow by assignment to groups of rows."""

    def __init__(self, candidates: PhaseTable, plan: Plan) -> None:
        self.k, self.e = len(candidates), len(plan.partners)
        shape = (self.e, self.k)
        self.numbers: dict[str, Floats] = {}
        self.texts: dict[str, NDArray[Any]] = {}
        self.reason = np.full(shape, "", dtype=object)

    def number(self, name: str, *, each: bool = False) -> Floats:
        """Return a column of numbers, for each electrolyte or the same for all."""
        if name not in self.numbers:
            self.numbers[name] = np.full((self.e, self.k) if each else self.k, np.nan)
        return self.numbers[name]

    def text(self, name: str, *, each: bool = False) -> NDArray[Any]:
        """Return a column of texts."""
        if name not in self.texts:
            self.texts[name] = np.full((self.e, self.k) if each else self.k, "", dtype=object)
        return self.texts[name]


def screen_chunk(plan: Plan, chunk: Chunk) -> pa.Table:
    """Compute every contact of the candidates of a chunk.

    Returns
    -------
    pyarrow.Table
        ``COLUMNS``, one row per candidate and electrolyte; a candidate that could not be computed
        has a row with the reason.
    """
    candidates = chunk.candidates
    found = _Columns(candidates, plan)
    for rows, symbols, fractions in by_system(candidates, np.arange(len(candidates))):
        found.text("elements")[rows] = "-".join(sorted(symbols))
        found.number("n_elements")[rows] = len(symbols)
        try:
            lines = _with_lithium(plan, candidates, found, rows, symbols, fractions)
        except InterscreenError as error:
            found.reason[:, rows] = str(error)
            continue
        for number, partner in enumerate(plan.partners):
            try:
                _with_partner(plan, found, number, partner, rows, symbols, fractions, lines)
            except InterscreenError as error:
                found.reason[number, rows] = str(error)
    _products(plan, candidates, found)
    return _table(plan, candidates, found)


def _with_lithium(
    plan: Plan,
    candidates: PhaseTable,
    found: _Columns,
    rows: NDArray[np.int64],
    symbols: tuple[str, ...],
    fractions: Floats,
) -> LithiumBatch:
    """Window, conversion and reaction with Li metal of one group."""
    system = plan.phases.within({*symbols, *LITHIUM})
    compositions = spread(system, symbols, fractions)
    row = system.elements.index("Li")
    lines = lithium_lines(system.columns, system.energies, compositions, row)
    metal = np.zeros(len(system.elements))
    metal[row] = 1.0
    pairs = mutual_minima(system.columns, system.energies, compositions, metal)
    bad = rows[~(lines.solved & pairs.solved)]
    found.reason[:, bad] = _UNCERTIFIED
    own = candidates.energies[rows] if len(symbols) > 1 else np.zeros(len(rows))
    found.number("candidate_energy_eV_per_atom")[rows] = own
    found.number("candidate_energy_above_hull_eV_per_atom")[rows] = _quiet(own - lines.hull)
    found.number("reduction_limit_V")[rows] = lines.reduction
    found.number("oxidation_limit_V")[rows] = lines.oxidation
    takes = lines.uptake > 0.0
    found.number("first_voltage_V")[rows] = np.where(takes, lines.reduction, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (own - lines.final) / lines.uptake
    found.number("average_voltage_V")[rows] = np.where(takes, mean, np.nan)
    found.number("uptake")[rows] = lines.uptake
    _reaction(plan, found, "lithium", system, pairs, rows, None)
    # the first reactant of this contact is Li
    mixing = found.number("lithium_mixing_fraction")
    mixing[rows] = 1.0 - mixing[rows]
    final = plan.product_numbers(system, lines.phases)
    width = final.shape[1]
    for name, values in (("final", final), ("parts", lines.amounts)):
        held = found.numbers.setdefault(name, np.full((found.k, 0), np.nan))
        if held.shape[1] < width:
            held = np.hstack([held, np.full((found.k, width - held.shape[1]), np.nan)])
            found.numbers[name] = held
        held[np.ix_(rows, np.arange(width))] = values
    return lines


def _with_partner(
    plan: Plan,
    found: _Columns,
    number: int,
    partner: Partner,
    rows: NDArray[np.int64],
    symbols: tuple[str, ...],
    fractions: Floats,
    lines: LithiumBatch,
) -> None:
    """Contacts of one group with an electrolyte, as deposited and converted."""
    system = partner.complete(plan.phases.within({*symbols, *partner.elements}))
    second = system.fractions(partner.amounts)
    first = spread(system, symbols, fractions)
    pairs = mutual_minima(system.columns, system.energies, first, second)
    _reaction(plan, found, "deposited", system, pairs, rows, number)
    layer = found.number("layer_mutual_eV_per_atom", each=True)
    layer[number, rows] = found.number("deposited_mutual_eV_per_atom", each=True)[number, rows]
    solved = pairs.solved
    converts = np.flatnonzero(lines.solved & (lines.uptake > 0.0))
    if len(converts):
        if "Li" not in system.elements:
            system = partner.complete(plan.phases.within({*symbols, *partner.elements, *LITHIUM}))
            second = system.fractions(partner.amounts)
        converted = spread(system, symbols, fractions[converts])
        converted[:, system.elements.index("Li")] += lines.uptake[converts]
        converted /= converted.sum(axis=1, keepdims=True)
        after = mutual_minima(system.columns, system.energies, converted, second)
        layer[number, rows[converts]] = contact_energies(after)
        solved = solved.copy()
        solved[converts] &= after.solved
    failed = rows[~solved]
    found.reason[number, failed] = _UNCERTIFIED


def _reaction(
    plan: Plan,
    found: _Columns,
    name: str,
    system: System,
    pairs: PairBatch,
    rows: NDArray[np.int64],
    number: int | None,
) -> None:
    """Energy, mixing fraction and products of a contact."""
    where: Any = rows if number is None else (number, rows)
    each = number is not None
    mutual = contact_energies(pairs)
    found.number(f"{name}_mutual_eV_per_atom", each=each)[where] = mutual
    found.number(f"{name}_mixing_fraction", each=each)[where] = np.where(
        mutual < 0.0, pairs.mixing, np.nan
    )
    names = found.text(f"{name}_products", each=each)
    numbers = plan.product_numbers(system, pairs.phases)
    texts = [""] * len(rows)
    for i in np.flatnonzero(mutual < 0.0).tolist():
        chosen = [
            plan.names[product] if product >= 0 else system.name(column)
            for product, column, amount in zip(
                numbers[i].tolist(), pairs.phases[i].tolist(), pairs.amounts[i].tolist(),
                strict=True,
            )
            if amount > NOISE
        ]  # fmt: skip
        texts[i] = " + ".join(sorted(set(chosen)))
    names[where] = texts


def _products(plan: Plan, candidates: PhaseTable, found: _Columns) -> None:
    """Conversion products as text, and what they mean for each electrolyte."""
    final, parts = found.numbers.pop("final", None), found.numbers.pop("parts", None)
    uptake = found.numbers.pop("uptake", np.full(found.k, np.nan))
    per_formula, capacity = (
        found.number("li_uptake_per_formula"),
        found.number("capacity_mAh_per_g"),
    )
    conversion = found.text("conversion_products")
    worst = found.text("worst_product", each=True)
    worst_energy = found.number("worst_product_mutual_eV_per_atom", each=True)
    bridge = found.text("bridge_product", each=True)
    margin = found.number("bridge_margin_V", each=True)
    if final is None or parts is None:
        return
    limits = np.array([partner.reduction_limit_V for partner in plan.partners])
    has_salt = found.number("has_salt")
    hopeful = ~np.isnan(uptake) & (found.reason == "").any(axis=0)
    for i in np.flatnonzero(hopeful).tolist():
        try:
            unit = parse_formula(str(candidates.formulas[i]))
        except InputError as error:
            found.reason[:, i] = str(error)
            continue
        n_atoms = float(unit.n_atoms)
        mass = sum(float(amount) * atomic_mass(symbol) for symbol, amount in unit.amounts)
        per_formula[i] = uptake[i] * n_atoms
        capacity[i] = uptake[i] * n_atoms * MAH_PER_MOL / mass
        kept = parts[i] > NOISE
        products = final[i][kept].astype(int)
        if np.isnan(plan.atoms[products]).any():  # Li reduces one of them: not what it should be
            found.reason[:, i] = _UNCERTIFIED
            continue
        amounts: dict[int, float] = {}
        for product, share in zip(products, parts[i][kept], strict=True):
            amounts[product] = amounts.get(product, 0.0) + share * n_atoms / plan.atoms[product]
        order = sorted(amounts, key=lambda product: str(plan.names[product]))
        conversion[i] = " + ".join(
            format_amount(str(plan.names[product]), round(amounts[product], 10))
            for product in order
        )
        energies = plan.energies[:, order]
        lowest = np.argmin(energies, axis=1)
        worst[:, i] = [plan.names[order[place]] for place in lowest]
        worst_energy[:, i] = energies[np.arange(len(limits)), lowest]
        salts = [product for product in order if plan.salt[product]]
        has_salt[i] = bool(salts)
        best = max(salts, key=lambda product: plan.reach[product], default=None)
        bridge[:, i] = "" if best is None else plan.names[best]
        margin[:, i] = (0.0 if best is None else plan.reach[best]) - limits
    lost = np.isnan(worst_energy) & (found.reason == "")
    found.reason[lost] = _UNCERTIFIED


def _table(plan: Plan, candidates: PhaseTable, found: _Columns) -> pa.Table:
    """Rows in the order candidate, electrolyte."""
    import pyarrow as pa

    failed = found.reason != ""
    bare = np.array([partner.bare_eV_per_atom for partner in plan.partners])
    limits = np.array([partner.reduction_limit_V for partner in plan.partners])
    shape = (found.e, found.k)
    columns: dict[str, NDArray[Any]] = {
        "candidate": np.broadcast_to(candidates.formulas.astype(object), shape),
        "id": np.broadcast_to(candidates.ids.astype(object), shape),
        "electrolyte": np.broadcast_to(
            np.array([[partner.label] for partner in plan.partners], dtype=object), shape
        ),
        "status": np.where(failed, FAILED, OK),
        "reason": found.reason,
        "bare_mutual_eV_per_atom": np.broadcast_to(bare[:, None], shape),
        "electrolyte_reduction_limit_V": np.broadcast_to(limits[:, None], shape),
    }
    for name, values in (*found.numbers.items(), *found.texts.items()):
        columns[name] = np.broadcast_to(values, shape)
    for name in (*COLUMNS, "has_salt"):  # a chunk in which every candidate failed lacks the rest
        columns.setdefault(name, np.full(shape, "" if name in TEXTS else np.nan, dtype=object))
    layer = columns["layer_mutual_eV_per_atom"].astype(float)
    columns["improvement_eV_per_atom"] = layer - columns["bare_mutual_eV_per_atom"]
    flat = {name: np.asarray(values.T).reshape(-1) for name, values in columns.items()}
    bad = flat["status"] == FAILED
    lithium = flat["lithium_mutual_eV_per_atom"].astype(float)
    has_salt = np.nan_to_num(flat["has_salt"].astype(float)) > 0.0
    flat["role"] = np.where(bad, "", role_columns(lithium, has_salt))
    metrics = {name: flat[name] for name in flat if name not in TEXTS}
    flat["score_meV_per_atom"] = score_columns(metrics, plan.weights, flat["role"])
    kept = {"n_elements", "bare_mutual_eV_per_atom", "electrolyte_reduction_limit_V"}
    arrays = []
    for name in COLUMNS:
        values = flat[name]
        if name in TEXTS:
            texts = values.astype(object)
            if name not in ("candidate", "id", "electrolyte", "status", "reason", "elements"):
                texts = np.where(bad, "", texts)
            arrays.append(pa.array(texts.tolist(), type=pa.string()))
        elif name == "n_elements":
            arrays.append(pa.array(values.astype(np.int64)))
        else:
            numbers = values.astype(float)
            hidden = np.isnan(numbers) | (bad if name not in kept else False)
            arrays.append(pa.array(np.where(hidden, 0.0, numbers), mask=hidden))
    return pa.table(arrays, names=COLUMNS)


def _quiet(values: Floats) -> Floats:
    """Exactly zero where energies above the hull are noise."""
    quiet: Floats = np.where(np.abs(values) < ON_HULL, 0.0, values)
    return quiet
