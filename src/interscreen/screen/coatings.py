"""Coatings of the cathode side, judged by the rules of the Li side.

Five numbers may speak against a coating: its contacts with the discharged and the charged cathode
and with the electrolyte, and what it gains by decomposing at the potentials of these two states
(which is within 10 meV/atom where its tolerance window reaches them).  The lowest of them is the
``contact`` of ``verdict``; its ``gain`` is what it is better than the lowest of the four that the
electrolyte has by itself.  ``docs/ranking.md`` explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.cathode import CathodeSide, cathode_side
from ..answers.materials import Rows, materials_of
from ..answers.reaction import react
from ..answers.stacks import UNCERTIFIED
from ..energies.sampling import EnergyModel
from ..errors import InputError, InterscreenError
from ..phases.cathodes import Cathode
from ..phases.columns import columns_of
from ..phases.material import Given, Material, as_material, elements_of, resolve
from ..phases.table import PhaseTable
from . import verdict
from .confidence import with_confidence
from .entries import MaterialEntry
from .places import ranks
from .ranking import ties
from .scores import Floats
from .tables import FAILED, OK
from .verdict import VERDICTS
from .weights import Ranking, Weights

if TYPE_CHECKING:
    import pandas as pd


def contact_and_gain(side: CathodeSide) -> tuple[Floats, Floats]:
    """Lowest of what speaks against each coating, and its gain, (E, k, s) [meV/atom]."""
    contact = 1000.0 * _against(side).min(axis=0)
    bare = 1000.0 * side.electrolytes.worst.min(axis=0)[:, None]
    return contact, contact - bare


def _against(side: CathodeSide) -> Floats:
    """Contacts and decomposition of each coating, (5, E, k, s) [eV/atom]."""
    mine = np.repeat(side.coatings.worst[:, None], len(side.between), axis=1)
    found: Floats = np.concatenate([mine, side.between[None]])
    return found


def coating_terms(side: CathodeSide, cathode: Cathode, weights: Weights) -> dict[str, Floats]:
    """Terms of the score, (E, k, s) [meV/atom], each zero or negative.

    The weight ``layer`` counts the worse contact with the cathode and the one with the electrolyte,
    ``bridge_meV_per_V`` the volts by which the window within tolerance falls short of the
    potentials.
    """
    mine, shape = side.coatings, side.between.shape
    low, high = cathode.potentials
    missing = np.maximum(0.0, mine.low - low) + np.maximum(0.0, high - mine.high)
    found = {
        "cathode": 1000.0 * weights.layer * mine.closed.min(axis=0),
        "electrolyte": 1000.0 * weights.layer * side.between,
        "window": -weights.bridge_meV_per_V * missing,
    }
    return {label: np.broadcast_to(term, shape) for label, term in found.items()}


def judged(side: CathodeSide, cathode: Cathode, names: Sequence[str]) -> dict[str, Any]:
    """Verdicts and what decided them, (E, k) by column.

    ``names`` are those of the electrolytes.  Intervals come from the samples behind the first one;
    without any they have the stated width.
    """
    contact, gain = contact_and_gain(side)
    value = contact[..., 0], gain[..., 0]
    if contact.shape[-1] > 1:
        worst, better = verdict.sampled(value, (contact[..., 1:], gain[..., 1:]))
    else:
        bare = side.electrolytes.worst.min(axis=0)[:, :1]
        worst, better = verdict.stated(value, bare)
    path = np.broadcast_to(side.coatings.path[:, 0], gain.shape[:2])
    said = verdict.verdicts(worst, better, path)
    reason = verdict.reasons(said, worst, better)
    lowest = _against(side)[..., 0].argmin(axis=0)
    of_states = [state.label for state in cathode.states]
    labels = [f"contact with {label}" for label in of_states]
    labels += [f"decomposition at {volts:g} V" for volts in cathode.potentials]
    for place in np.ndindex(reason.shape):
        what = [*labels, f"contact with {names[place[0]]}"][lowest[place]]
        if reason[place].startswith("contact "):
            reason[place] = f"{what}{reason[place].removeprefix('contact')}"
    return {
        "verdict": said,
        "verdict_reason": reason,
        "worst_meV_per_atom": worst.value,
        "gain_meV_per_atom": better.value,
    }


def coating_columns(
    side: CathodeSide, cathode: Cathode, names: Sequence[str], weights: Weights
) -> dict[str, Any]:
    """Columns of coatings.csv that are numbers or verdicts, (E, k) or what broadcasts to it."""
    mine, bare = side.coatings, side.electrolytes
    low, high = cathode.potentials
    terms = {label: term[..., 0] for label, term in coating_terms(side, cathode, weights).items()}
    found: dict[str, Any] = {
        "score_meV_per_atom": sum(terms.values()),
        "score_terms": _texts(terms),
        "electrolyte_mutual_eV_per_atom": side.between[..., 0],
        "tolerance_reduction_V": mine.low[:, 0],
        "tolerance_oxidation_V": np.where(np.isinf(mine.high[:, 0]), np.nan, mine.high[:, 0]),
        "discharge_margin_V": low - mine.low[:, 0],
        "charge_margin_V": np.where(np.isinf(mine.high[:, 0]), np.nan, mine.high[:, 0] - high),
    }
    for state, name in enumerate(("discharged", "charged")):
        found |= {
            f"{name}_mutual_eV_per_atom": mine.closed[state, :, 0],
            f"{name}_open_mutual_eV_per_atom": mine.open[state, :, 0],
            f"{name}_alone_eV_per_atom": mine.alone[state, :, 0],
            f"bare_{name}_mutual_eV_per_atom": bare.closed[state, :, :1],
            f"bare_{name}_open_mutual_eV_per_atom": bare.open[state, :, :1],
            f"bare_{name}_alone_eV_per_atom": bare.alone[state, :, :1],
        }
    return found | judged(side, cathode, names)


def _texts(terms: dict[str, Floats]) -> Any:
    first = next(iter(terms.values()))
    found = np.full(first.shape, "", dtype=object)
    for place in np.ndindex(first.shape):
        parts = (f"{label} {term[place]:.1f}" for label, term in terms.items())
        found[place] = "; ".join(parts).replace(" -0.0", " 0.0")
    return found


def best_first(side: CathodeSide, cathode: Cathode, weights: Weights) -> list[Rows]:
    """Order of the coatings by verdict and score, for each electrolyte; without the failed ones."""
    names = [""] * len(side.between)
    columns = coating_columns(side, cathode, names, weights)
    found = []
    for said, scores in zip(columns["verdict"], columns["score_meV_per_atom"], strict=True):
        place = np.array([VERDICTS.index(one) if one in VERDICTS else -1 for one in said])
        order = np.lexsort((-scores, place))
        found.append(order[~np.isnan(scores[order])])
    return found


def coatings_table(
    table: PhaseTable,
    coatings: Sequence[MaterialEntry],
    electrolytes: Sequence[Material],
    cathodes: Sequence[Cathode],
    ranking: Ranking,
    *,
    samples: int = 0,
    model: EnergyModel | None = None,
    jobs: int = 1,
) -> pd.DataFrame:
    """Rank coatings for every cathode and electrolyte; rows of coatings.csv, best first.

    A coating that cannot be computed stands at the end of its block with the reason.
    """
    import pandas as pd

    wanted, ion = columns_of("coatings"), table.electrode.ion.symbol
    blocks: list[pd.DataFrame] = []
    for cathode in cathodes:
        cathode.require_ion(ion)
        beside = [*electrolytes, cathode.discharged]
        good, failed = _sorted_out(table, coatings, beside)
        materials = [resolve(entry.material)[0] for entry in good]
        side = None
        if good:
            side = cathode_side(
                table, materials, electrolytes, cathode, samples=samples, model=model, jobs=jobs
            )
        for number, electrolyte in enumerate(electrolytes):
            shared: dict[str, Any] = {
                "cathode": cathode.name,
                "cathode_discharged": resolve(cathode.discharged)[1].text,
                "cathode_charged": resolve(cathode.charged)[1].text,
                "discharge_V": cathode.discharge_V,
                "charge_V": cathode.charge_V,
                "electrolyte": electrolyte.label,
                "source": table.source.label,
            }
            rows = [
                {**shared, **_named(entry), "status": FAILED, "reason": reason}
                for entry, reason in failed
            ]
            found = pd.DataFrame(rows)
            if side is not None:
                mine = _block(table, side, good, electrolyte, number, cathode, ranking, samples)
                found = pd.concat([mine.assign(**shared), found], ignore_index=True)
            blocks.append(found.reindex(columns=list(wanted)))
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=list(wanted))


def _sorted_out(
    table: PhaseTable, coatings: Sequence[MaterialEntry], beside: Sequence[Material]
) -> tuple[list[MaterialEntry], list[tuple[MaterialEntry, str]]]:
    """Coatings that the table can answer for, and the others with the reason."""
    good, failed = [], []
    for entry in coatings:
        try:
            materials_of(table, [entry.material])
            for other in beside:
                asked: list[Given] = [entry.material, other, table.electrode.ion.symbol]
                table.require_covered(elements_of(asked, lithium=False))
            good.append(entry)
        except InterscreenError as error:
            failed.append((entry, str(error)))
    return good, failed


def _named(entry: MaterialEntry) -> dict[str, Any]:
    unit = resolve(entry.material)
    return {
        "candidate": unit[0].label, "formula": unit[1].text, "reference": entry.reference,
    }  # fmt: skip


def _block(
    table: PhaseTable,
    side: CathodeSide,
    coatings: Sequence[MaterialEntry],
    electrolyte: Material,
    number: int,
    cathode: Cathode,
    ranking: Ranking,
    samples: int,
) -> pd.DataFrame:
    """Rows of one electrolyte and cathode, best first."""
    import pandas as pd

    names = [electrolyte.label] * len(side.between)
    columns = coating_columns(side, cathode, names, ranking.weights)
    shape = side.between.shape[:2]
    rows = pd.DataFrame([_named(entry) for entry in coatings])
    for key, values in columns.items():
        rows[key] = np.broadcast_to(values, shape)[number]
    known = rows["score_meV_per_atom"].notna() & (rows["verdict"] != "")
    rows["status"], rows["reason"] = np.where(known, OK, FAILED), np.where(known, "", UNCERTIFIED)
    rows["electrolyte"] = electrolyte.label
    said = np.array([VERDICTS.index(one) if one in VERDICTS else -1 for one in rows["verdict"]])
    scores = rows["score_meV_per_atom"].to_numpy(dtype=float)
    order = np.lexsort((-scores, said))
    tie, labels = ranking.tie_meV_per_atom, rows["candidate"].to_numpy(dtype=object)
    rows["rank"] = ranks(scores, tie, said)[0]
    rows["tied_with"] = ties(scores, labels, order, tie, said)
    rows = rows.iloc[order].reset_index(drop=True)
    if samples:
        terms = coating_terms(side, cathode, ranking.weights).values()
        drawn = np.sum([term[number] for term in terms], axis=0)[:, 1:]
        scored = {(label, electrolyte.label): drawn[k] for k, label in enumerate(labels)}
        rows = with_confidence(rows, scored, tie)
    words = [_equations(table, row, entry, electrolyte, cathode) for row, entry in
             zip(rows.to_dict("records"), [coatings[k] for k in order], strict=True)]  # fmt: skip
    return rows.join(pd.DataFrame(words))


def _equations(
    table: PhaseTable, row: dict[Any, Any], entry: MaterialEntry, electrolyte: Material,
    cathode: Cathode,
) -> dict[str, str]:  # fmt: skip
    """Balanced equation of each contact that reacts."""
    others = {"discharged": cathode.discharged, "charged": cathode.charged}
    found = {}
    for kind, other in {**others, "electrolyte": electrolyte}.items():
        reacts = row[f"{kind}_mutual_eV_per_atom"] < 0.0
        equation = react(table, entry.material, other).equation if reacts else ""
        found[f"{kind}_equation"] = equation or ""
    return found


def judged_coating(
    table: PhaseTable,
    coating: Given,
    electrolyte: Given,
    cathode: Cathode,
    *,
    samples: int = 0,
    model: EnergyModel | None = None,
) -> dict[str, Any]:
    """Return the row of coatings.csv of one coating; InputError where it cannot be computed."""
    entry = MaterialEntry(**{k: v for k, v in vars(as_material(coating)).items() if k != "note"})
    theirs = resolve(electrolyte)[0]
    rows = coatings_table(
        table, [entry], [theirs], [cathode], Ranking(), samples=samples, model=model
    )
    first = rows.astype(object).where(rows.notna(), None).to_dict("records")[0]
    row = {str(key): value for key, value in first.items()}
    if row["status"] != OK:
        raise InputError(f"coating {entry.label}: {row['reason']}")
    return row
