"""Numbers of stacks as the rows of results.csv: the same columns for one candidate and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..answers.competitors import competitors
from ..answers.layer import layer_columns
from ..answers.lithiation import amount_text
from ..answers.lithium import TOLERANCE_EV
from ..answers.materials import Materials, materials_of
from ..answers.provenance import artefact_warning
from ..answers.reactant import ON_HULL
from ..answers.stacks import UNCERTIFIED, Stacks, WithLithium
from ..answers.texts import Texts, by_value, joined_texts, layer_texts
from ..phases.artefacts import known_artefacts
from ..phases.columns import COLUMNS, arrow_schema, columns_of
from ..phases.system import Floats
from ..phases.table import PhaseTable
from ..phases.units import KJ_PER_MOL, MAH_PER_MOL
from . import verdict
from .marks import mark_columns
from .routes import published_routes
from .scores import (
    DEPOSITED,
    MIXTURE,
    OPTIONAL_COLUMNS,
    SCORE_COLUMNS,
    STATED,
    alternatives,
    as_numbers,
    role_columns,
    score_columns,
)
from .weights import Weights

if TYPE_CHECKING:
    import pyarrow as pa

OK, FAILED = "ok", "failed"
ALTERED = "alone turns into something else in"  # a gas
# known of a row even when nothing could be computed
_ALWAYS = frozenset(
    "electrolyte candidate id formula electrolyte_formula status reason elements n_elements "
    "observed volatile gaseous hygroscopic expected_products reference source".split()
)

Given = Mapping[str, Sequence[str]]
"""Texts of the candidates by column: ``id``, ``role`` (or empty), ``expected_products``, ..."""


def results_table(
    numbers: Stacks,
    weights: Weights,
    given: Given,
    reasons: NDArray[np.object_] | None = None,
) -> pa.Table:
    """Return the rows of some candidates with all electrolytes, in this order.

    Equations are left empty (``with_equations`` writes them for those that are shown).

    Parameters
    ----------
    numbers : Stacks
        The first sample counts.
    weights : Weights
        Of the score.
    given : mapping of str to (k,) sequence of str
    reasons : (E, k) array of str, optional
        Why a stack cannot be computed; empty where it can.

    Returns
    -------
    pyarrow.Table
        The columns of ``results``, k x E rows.
    """
    import pyarrow as pa

    e, k = numbers.worst.shape[:2]
    found = _columns(numbers, given)
    why = np.full((e, k), "", dtype=object) if reasons is None else reasons.astype(object)
    why = np.where((why == "") & ~numbers.solved, UNCERTIFIED, why)
    failed = why != ""
    found |= {"status": np.where(failed, FAILED, OK), "reason": why}
    said = np.array(given.get("role", [""] * k), dtype=object)
    roles = role_columns(numbers.lithium.mutual[:, 0], numbers.has_salt[:, 0])
    found["role"] = np.where(np.isin(said, ("", "auto")), roles, said)
    stated = {name: np.array(given.get(name, [""] * k), dtype=object) for name in STATED}
    routes = published_routes()
    found["route"] = np.array(
        [
            one or routes.get(formula, DEPOSITED)
            for one, formula in zip(stated["route"], numbers.candidates.formulas, strict=True)
        ],
        dtype=object,
    )
    found["arrangement"] = np.where(stated["arrangement"] == "", MIXTURE, stated["arrangement"])
    full = {key: np.broadcast_to(values, (e, k)) for key, values in found.items()}
    columns = {name: full[name] for name in (*SCORE_COLUMNS, *STATED, *OPTIONAL_COLUMNS)}
    full["score_meV_per_atom"] = score_columns(columns, weights)
    full |= alternatives(columns, weights)
    bare = full["bare_mutual_eV_per_atom"]
    contact, gain = verdict.stated(
        verdict.contact_and_gain(columns | {"bare_mutual_eV_per_atom": bare}), bare
    )
    known = verdict.at_worst(contact, columns), gain
    path = (as_numbers(full["li_uptake_per_formula"]) > 0.0) | numbers.has_salt[None, :, 0]
    full["verdict"] = verdict.verdicts(*known, path)
    full["verdict_reason"] = verdict.reasons(full["verdict"], *known)
    arrays = []
    for field in arrow_schema("results"):
        if field.name not in full:
            arrays.append(pa.nulls(e * k, field.type))
            continue
        values = full[field.name].T.reshape(-1)
        hidden = failed.T.reshape(-1) & (field.name not in _ALWAYS)
        if COLUMNS[field.name].is_number:
            values = values.astype(np.float64)
            empty = np.isnan(values) | hidden
            kind = np.int64 if field.type == pa.int64() else np.float64
            arrays.append(pa.array(np.where(empty, 0, values).astype(kind), mask=empty))
        else:
            texts = pa.array(values.astype(object), pa.string(), mask=hidden)
            arrays.append(texts)
    return pa.table(arrays, schema=arrow_schema("results"))


def _columns(numbers: Stacks, given: Given) -> dict[str, Any]:
    """Columns that follow from the numbers, (E, k) or what broadcasts to it."""
    phases, ours, theirs = numbers.phases, numbers.candidates, numbers.electrolytes
    li, names, place = numbers.lithium, phases.names, numbers.common.place
    first = {key: values[..., 0] for key, values in numbers.numbers.items()}
    ion = phases.table.electrode.ion
    taken = ion.charge * li.uptake[:, 0]  # elementary charges per atom
    total = li.total[:, 0]
    with np.errstate(invalid="ignore"):
        per_formula = total / (1.0 - li.mixing[:, 0]) * ours.n_atoms
    units = numbers.product_units
    front = by_value(units, amount_text)
    products = joined_texts(numbers.products, names, " + ", front)
    bridge = np.where(numbers.bridge < 0, "", names[numbers.bridge])
    elements = _element_texts(phases.table, ours)
    with_li = competitors(phases.table, ours, materials_of(phases.table, [ion.symbol]))
    with_electrolytes = competitors(phases.table, ours, theirs)
    return {
        **{key: np.array(values, dtype=object)[None] for key, values in given.items()},
        **first,
        **{key: values[None] for key, values in layer_columns(numbers.common, ours, li).items()},
        "electrolyte": theirs.labels[:, None],
        "candidate": ours.labels[None],
        "formula": ours.formulas[None],
        "electrolyte_formula": theirs.formulas[:, None],
        "elements": elements[None],
        "n_elements": np.diff(ours.mixtures.indptr)[None],
        **{key: values[None] for key, values in mark_columns(phases.table, ours).items()},
        "lithium_competitors": with_li[0],
        "lithium_competitors_one_less": with_li[1],
        "deposited_competitors": with_electrolytes[0],
        "deposited_competitors_one_less": with_electrolytes[1],
        "candidate_energy_eV_per_atom": li.own[None, :, 0],
        "candidate_energy_source": ours.sources[None],
        "candidate_energy_above_hull_eV_per_atom": _quiet(li.own - li.hull)[None, :, 0],
        "electrolyte_energy_eV_per_atom": numbers.baseline.own[:, :1],
        "electrolyte_energy_source": theirs.sources[:, None],
        "electrolyte_energy_above_hull_eV_per_atom": _quiet(
            numbers.baseline.own - numbers.baseline.hull
        )[:, :1],
        "lithium_mixing_fraction": li.mixing[None, :, 0],
        "lithium_total_eV_per_formula": per_formula[None],
        "lithium_total_kJ_per_mol": per_formula[None] * KJ_PER_MOL,
        "lithium_products": joined_texts(_sorted(li.met, place), names, " + ")[None],
        "conversion_products": products[None],
        "capacity_mAh_per_g": (taken * ours.n_atoms * MAH_PER_MOL / ours.mass)[None],
        "deposited_mixing_fraction": numbers.deposited_mixing[..., 0],
        "deposited_products": np.array(
            [joined_texts(_sorted(met, place), names, " + ") for met in numbers.met]
        ),
        "layer": layer_texts(numbers)[None],
        "worst_product": names[numbers.worst_product],
        "product_energies": np.array(
            [_product_energies(numbers, number) for number in range(len(theirs))]
        ),
        "facing_product": np.where(numbers.facing_product < 0, "", names[numbers.facing_product]),
        "layer_order": np.array([_orders(numbers, number) for number in range(len(theirs))]),
        "bridge_product": bridge[None],
        **_remarks(numbers),
        "source": np.array([[phases.table.source.label]], dtype=object),
    }


def _quiet(values: Floats) -> Floats:
    """Exactly zero where energies above the hull are noise."""
    quiet: Floats = np.where(np.abs(values) < ON_HULL, 0.0, values)
    return quiet


def _sorted(phases: Any, place: Any) -> Any:
    """Phases of each row in alphabetical order, each once."""
    order = np.argsort(np.where(phases < 0, len(place), place[phases]), axis=1, kind="stable")
    return np.take_along_axis(phases, order, axis=1)


def _product_energies(numbers: Stacks, electrolyte: int) -> Texts:
    """``"Cu 0.0; LiF -12.3"``: each phase of the layer with one electrolyte [meV/atom]."""
    energies = numbers.product_energies[electrolyte]
    phases = np.where(np.isnan(energies), -1, numbers.products)
    back = by_value(np.nan_to_num(energies), lambda energy: f" {energy * 1000:.1f}")
    return joined_texts(phases, numbers.phases.names, "; ", back=back)


def _orders(numbers: Stacks, electrolyte: int) -> Texts:
    """``"LiF | Li9Al4"``: phases from the electrolyte to Li, none of whose contacts reacts.

    All phases of a layer coexist with each other and with Li metal, so the contact with the
    electrolyte decides; empty where every phase reacts with it by more than the tolerance.
    """
    phases = numbers.products
    energies = np.where(phases < 0, -np.inf, numbers.product_energies[electrolyte])
    faces: Any = numbers.common.faces[phases] & (phases >= 0)
    quiet: Any = energies > -TOLERANCE_EV
    # the best facing one first, or any that is quiet; then what blocks electrons, metals last
    chosen: Any = np.where(faces & quiet, energies + 1e3, np.where(quiet, energies, -np.inf))
    first = chosen.argmax(axis=1)
    later: Any = np.where(phases < 0, 3, np.where(faces, 1, 2))
    later[np.arange(len(phases)), first] = 0
    order = np.argsort(later, axis=1, kind="stable")
    named = np.take_along_axis(phases, order, axis=1)
    none = ~quiet.any(axis=1)
    return joined_texts(np.where(none[:, None], -1, named), numbers.phases.names, " | ")


def _element_texts(table: PhaseTable, materials: Materials) -> Texts:
    """Chemical systems, symbols in alphabetical order (``"Cu-F"``)."""
    symbols = np.array(table.elements, dtype=object)
    mixtures = materials.mixtures
    known: dict[bytes, str] = {}
    found = np.empty(len(materials), dtype=object)
    for number, (begin, end) in enumerate(zip(mixtures.indptr, mixtures.indptr[1:], strict=False)):
        key = mixtures.index[begin:end].tobytes()
        if key not in known:
            known[key] = "-".join(sorted(symbols[mixtures.index[begin:end]]))
        found[number] = known[key]
    return found


def _remarks(numbers: Stacks) -> dict[str, Any]:
    """Phases that were left out of each stack, and what may be wrong with it; (E, k) each."""
    table = numbers.phases.table
    symbols = np.array(table.elements, dtype=object)
    ours, theirs = numbers.candidates, numbers.electrolytes
    artefacts = _artefact_warnings(numbers)
    for k, line in _gas_warnings(numbers, numbers.lithium, ours).items():
        artefacts[k].append(line)
    altered = _gas_warnings(numbers, numbers.baseline, theirs)
    own = {phase.name for phase in (*ours.own, *theirs.own)}
    left_out = np.full(numbers.worst.shape[:2], "", dtype=object)
    warnings = np.full(numbers.worst.shape[:2], "", dtype=object)
    known: dict[tuple[bytes, int], str] = {}
    ion = table.electrode.ion.symbol
    notes = list(table.source.notes)
    read = [dict(enumerate(materials.warnings)) for materials in (ours, theirs)]
    for e, (begin, end) in enumerate(
        zip(theirs.mixtures.indptr, theirs.mixtures.indptr[1:], strict=False)
    ):
        other = set(symbols[theirs.mixtures.index[begin:end]])
        for k, (low, high) in enumerate(
            zip(ours.mixtures.indptr, ours.mixtures.indptr[1:], strict=False)
        ):
            key = (ours.mixtures.index[low:high].tobytes(), e)
            if key not in known:
                within = {ion, *other, *symbols[ours.mixtures.index[low:high]]}
                missing = sorted(set(table.left_out_within(within)) - own)
                known[key] = " ".join(missing)
            left_out[e, k] = known[key]
            said = (*read[0].get(k, ()), *read[1].get(e, ()))
            lines = [*notes, *said, *artefacts[k], altered.get(e, "")]
            warnings[e, k] = "; ".join(filter(None, dict.fromkeys(lines)))
    return {"left_out_phases": left_out, "warnings": warnings}


def _gas_warnings(numbers: Stacks, side: WithLithium, materials: Materials) -> dict[int, str]:
    """Warnings about candidates, or electrolytes, that a named gas turns into something else."""
    conditions = numbers.phases.table.source.conditions
    if not conditions or not conditions.gases:
        return {}
    gained = (side.own - side.hull)[:, 0]
    return {
        number: f"{materials.labels[number]} {ALTERED} {' and '.join(conditions.gases)} "
        f"({-1000.0 * gained[number]:.0f} meV/atom)"
        for number in np.flatnonzero(gained > TOLERANCE_EV).tolist()
    }


def _artefact_warnings(numbers: Stacks) -> list[list[str]]:
    """Warnings about products with Li metal that no experiment shows, by candidate."""
    names, artefacts = numbers.phases.names, known_artefacts()
    doubtful = np.array([name in artefacts for name in names], dtype=bool)
    found: list[list[str]] = [[] for _ in range(len(numbers.candidates))]
    for k, slot in np.argwhere((numbers.products >= 0) & doubtful[numbers.products]).tolist():
        found[k].append(artefact_warning(str(names[numbers.products[k, slot]])))
    return found


def failed_table(
    candidates: Sequence[Mapping[str, str]],
    electrolytes: Sequence[tuple[str, str]],
    reasons: Mapping[tuple[int, int], str],
    source: str,
) -> pa.Table:
    """Return rows of candidates that could not be computed with any electrolyte.

    Parameters
    ----------
    candidates : sequence of mapping
        What is known of each, by column.
    electrolytes : sequence of (str, str)
        Name and formula.
    reasons : mapping of (candidate, electrolyte) to str
    source : str
    """
    import pyarrow as pa

    rows = [
        {
            **dict.fromkeys(columns_of("results")),
            **candidate,
            "electrolyte": name,
            "electrolyte_formula": formula,
            "status": FAILED,
            "reason": reasons[k, e],
            "source": source,
        }
        for k, candidate in enumerate(candidates)
        for e, (name, formula) in enumerate(electrolytes)
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema("results"))
