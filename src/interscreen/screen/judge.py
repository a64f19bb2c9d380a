"""One candidate with one electrolyte, judged as a screen does: role, score, verdict and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..answers.two_layers import TwoLayers
from ..phases.table import PhaseTable
from . import verdict
from .entries import MaterialEntry, Uncertainty
from .run import run_study
from .study import Study


def judged(
    table: PhaseTable,
    candidate: str,
    electrolyte: str,
    *,
    samples: int = 0,
    sensitivity: bool = False,
) -> dict[str, Any]:
    """Return the row of a screen of one candidate and one electrolyte.

    Returns
    -------
    dict
        Columns of results.csv and of ranking.csv; ``bare_equation``; ``spreads``: rows of
        uncertainty.csv by quantity.

    Raises
    ------
    InputError
        For what cannot be read or computed.
    """
    study = Study(
        name="one",
        candidates=[MaterialEntry(formula=candidate)],
        electrolytes=[MaterialEntry(formula=electrolyte)],
        uncertainty=Uncertainty(samples=samples),
        sensitivity=sensitivity,
    )
    found = run_study(study, table, jobs=1)
    row: dict[str, Any] = dict(found.results.iloc[0])
    ranked = found.ranking[found.ranking["electrolyte"] == row["electrolyte"]]
    row |= dict(ranked.iloc[0]) if len(ranked) else {}
    kinks = found.reactions
    least = kinks[(kinks["contact_kind"] == "bare") & kinks["is_minimum"].astype(bool)]
    row["bare_equation"] = str(least["equation"].iloc[0]) if len(least) else ""
    spreads = found.uncertainty
    row["spreads"] = (
        {} if spreads is None else {line["quantity"]: line for line in spreads.to_dict("records")}
    )
    return row


def judged_layers(found: TwoLayers) -> dict[str, Any]:
    """Return ``verdict`` and ``verdict_reason`` of two layers, by the rules of one.

    The contact is the worst once both are converted; without samples, so that its interval has the
    stated width.
    """
    contact, gain, bare = (
        np.array([value])
        for value in (
            1000.0 * found.worst.energy, 1000.0 * found.gain_eV_per_atom, found.bare.energy
        )
    )  # fmt: skip
    worst, better = verdict.stated((contact, gain), bare)
    columns = {
        "lithium_mutual_eV_per_atom": -np.inf,
        "deposited_mutual_eV_per_atom": 0.0,
        "layer_mutual_eV_per_atom": found.worst.energy,
        "own_bridge_margin_V": found.bridge_margin_V,
        "bridge_margin_V": found.bridge_margin_V,
    }
    worst = verdict.at_worst(worst, columns)
    said = verdict.verdicts(worst, better, [found.has_lithium_path])
    return {"verdict": said[0], "verdict_reason": verdict.reasons(said, worst, better)[0]}
