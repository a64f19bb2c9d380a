"""Measured cells and what the stack of each says: the numbers that a screening would rank by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import log10
from typing import Any

from ..answers.stack import Stack, is_lithium_salt, stack
from ..errors import InputError, SolverError
from ..phases.artefacts import known_artefacts
from ..phases.material import Material
from ..phases.result import Result
from ..phases.table import PhaseTable
from ..screen.scores import role_columns, score_columns
from ..screen.tables import FAILED, OK
from ..screen.weights import Weights
from .facts import MeasuredCell, judgement, measured_cells

BARE = "bare"
RESISTANCE, CCD, RATIO = "resistance", "ccd", "ratio"


@dataclass(frozen=True)
class Metrics:
    """Numbers of one stack, as columns of results; the score has the default weights and roles."""

    lithium_mutual_eV_per_atom: float
    average_voltage_V: float | None
    deposited_mutual_eV_per_atom: float
    layer_mutual_eV_per_atom: float
    worst_product_mutual_eV_per_atom: float
    improvement_eV_per_atom: float
    bridge_margin_V: float
    score_meV_per_atom: float


METRICS = tuple(field.name for field in fields(Metrics))
# The sign that the correlation with something good (a high critical current density) should have:
# all energies are better near zero, except the driving force with Li, which is better negative.
GOOD_SIGN = {name: -1 if name == "lithium_mutual_eV_per_atom" else 1 for name in METRICS}


@dataclass(frozen=True)
class Cell(Result):
    """One measured cell, and what its stack says.

    ``computed_electrolyte`` is another one where an undoped garnet stands in; ``status`` is ``ok``,
    ``failed`` with the reason, or ``bare`` for a cell without interlayer.  Without metrics ``role``
    and ``layer`` are empty; ``artefacts`` are the phases of the layer that only hulls know.
    """

    measured: MeasuredCell
    computed_electrolyte: str
    status: str
    reason: str
    role: str
    layer: str
    artefacts: tuple[str, ...]
    metrics: Metrics | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: one level, the names of the measurements first."""
        whole = super().to_dict()
        del whole["metrics"]
        metrics = {name: getattr(self.metrics, name, None) for name in METRICS}
        return {**asdict(whole.pop("measured")), **whole, **metrics}

    def measurement(self, name: str) -> float | None:
        """Return one of ``MEASUREMENTS``; None where it was not measured or has no area."""
        measured = self.measured
        if name == CCD:
            return measured.ccd_after_mA_cm2
        after = measured.resistance_after_ohm_cm2
        if name == RESISTANCE:
            return None if after is None else log10(after)
        before = measured.resistance_before_ohm_cm2
        if after is None or before is None:  # a ratio needs no area
            before = measured.resistance_before_ohm_per_cell
            after = measured.resistance_after_ohm_per_cell
        return None if after is None or before is None else log10(after / before)


# name: (label, whether more is better)
MEASUREMENTS: Mapping[str, tuple[str, bool]] = {
    RESISTANCE: ("log10 of the resistance with interlayer [ohm cm2]", False),
    CCD: ("critical current density with interlayer [mA/cm2]", True),
    RATIO: ("log10 of the resistance with over that without interlayer", False),
}


def measured_stacks(table: PhaseTable, *, undoped: bool = False) -> tuple[Cell, ...]:
    """Compute the stack of every measured cell, in the order of the table of experiments.

    With ``undoped`` LLZO stands in for doped garnets.  Cells that the source cannot answer say why
    and have no metrics.
    """
    return tuple(_cell(table, measured, undoped) for measured in measured_cells())


def _cell(table: PhaseTable, measured: MeasuredCell, undoped: bool) -> Cell:
    formula = measured.electrolyte_formula
    if undoped:
        formula = str(judgement()["undoped"].get(formula, formula))
    found: Stack | None = None
    status, reason = OK, ""
    if not measured.deposited_phases:
        status, reason = BARE, "no interlayer: a line of reference, not a point"
    else:
        try:
            found = stack(table, measured.deposited_phases, Material(formula))
        except (InputError, SolverError) as error:
            reason = str(error)
        status = OK if found else FAILED
    if found is None:
        return Cell(measured, "", status, reason, "", "", (), None)
    metrics, role = _metrics(found)
    return Cell(
        measured=measured,
        computed_electrolyte=formula,
        status=status,
        reason=reason,
        role=role,
        layer=found.layer.label.partition(" | ")[0],
        artefacts=tuple(sorted(known_artefacts().intersection(found.lithiation.final_products))),
        metrics=metrics,
    )


def _metrics(found: Stack) -> tuple[Metrics, str]:
    """Numbers of a stack, and the role of its candidate."""
    energies = {
        "lithium_mutual_eV_per_atom": found.lithium.energy,
        "deposited_mutual_eV_per_atom": found.deposited.energy,
        "layer_mutual_eV_per_atom": found.layer.energy,
        "worst_product_mutual_eV_per_atom": found.worst_product.energy,
        "bridge_margin_V": found.bridge_margin_V,
    }
    has_salt = any(is_lithium_salt(phase) for phase in found.lithiation.final_products)
    role = role_columns(found.lithium.energy, has_salt)
    metrics = Metrics(
        average_voltage_V=found.lithiation.average_voltage_V,
        improvement_eV_per_atom=found.layer.energy - found.bare.energy,
        score_meV_per_atom=float(score_columns(energies, Weights(), role)),
        **energies,
    )
    return metrics, str(role)
