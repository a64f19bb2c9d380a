"""Measured cells and what the stack of each says: the numbers that a screening would rank by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import log10
from typing import Any

from ..answers.stacks import stacks
from ..errors import InputError
from ..phases.artefacts import known_artefacts
from ..phases.material import Material, elements_of, resolve
from ..phases.result import Result
from ..phases.table import PhaseTable
from ..screen.scores import DEPOSITED, MIXTURE
from ..screen.tables import FAILED, OK, results_table
from ..screen.weights import Weights
from .facts import MeasuredCell, judgement, measured_cells

BARE, LEFT_OUT, NONE = "bare", "not computed", "none"
RESISTANCE, CCD, RATIO = "resistance", "ccd", "ratio"


@dataclass(frozen=True)
class Metrics:
    """Numbers of one stack, as columns of results; scores have the default weights.

    ``score_meV_per_atom`` is that of a mixture that was deposited, ``score_made_meV_per_atom`` that
    of the route and arrangement which the experiment states.
    """

    lithium_mutual_eV_per_atom: float | None
    average_voltage_V: float | None
    deposited_mutual_eV_per_atom: float | None
    layer_mutual_eV_per_atom: float | None
    worst_product_mutual_eV_per_atom: float | None
    facing_energy_meV_per_atom: float | None
    improvement_eV_per_atom: float | None
    bridge_margin_V: float | None
    score_meV_per_atom: float | None
    score_made_meV_per_atom: float | None


METRICS = tuple(field.name for field in fields(Metrics))
# The sign that the correlation with something good (a high critical current density) should have:
# all energies are better near zero, except the driving force with Li, which is better negative.
GOOD_SIGN = {name: -1 if name == "lithium_mutual_eV_per_atom" else 1 for name in METRICS}


@dataclass(frozen=True)
class Cell(Result):
    """One measured cell, and what its stack says.

    ``computed_electrolyte`` is another one where an undoped garnet stands in; ``status`` is ``ok``,
    ``failed`` or ``not computed`` with the reason, or ``bare`` for a cell without interlayer.
    Without metrics ``role`` and ``layer`` are empty; ``artefacts`` are the phases of the layer that
    only hulls know.
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
    status, reason = BARE, "no interlayer: a line of reference, not a point"
    if measured.computable:
        try:
            return _computed(table, measured, formula)
        except InputError as error:
            status, reason = FAILED, str(error)
    elif measured.deposited_phases or measured.kind != NONE:
        status, reason = LEFT_OUT, "outside the method: " + (measured.note or measured.kind)
    return Cell(measured, "", status, reason, "", "", (), None)


def _computed(table: PhaseTable, measured: MeasuredCell, formula: str) -> Cell:
    ours, theirs = resolve(measured.deposited_phases)[0], Material(formula)
    table.require_covered(elements_of(["Li", ours, theirs]))
    numbers = stacks(table, [ours], [theirs])
    plain = {"route": [DEPOSITED], "arrangement": [MIXTURE]}
    made = {"route": [measured.route or DEPOSITED], "arrangement": [measured.arrangement]}
    row, other = (
        results_table(numbers, Weights(), given).to_pylist()[0] for given in (plain, made)
    )
    row["score_made_meV_per_atom"] = other["score_meV_per_atom"]
    products = {str(numbers.phases.names[p]) for p in numbers.products[0] if p >= 0}
    return Cell(
        measured=measured,
        computed_electrolyte=formula,
        status=row["status"],
        reason=row["reason"],
        role=row["role"] or "",
        layer=row["layer"] or "",
        artefacts=tuple(sorted(known_artefacts().intersection(products))),
        metrics=Metrics(**{name: row[name] for name in METRICS}) if row["status"] == OK else None,
    )
