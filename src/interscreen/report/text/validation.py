"""A validation as plain text: three tables and what to conclude."""

from __future__ import annotations

from collections.abc import Iterable

from ...validation import Validation
from ...validation.cells import BARE, Cell
from ...validation.correlation import smallest_significant
from ...validation.facts import MeasuredCell
from ...validation.predictive import LEVEL, Correlation
from ...validation.published import MISS, OUTSIDE, WITHIN
from .answers import origin_lines
from .validation_tables import (
    METRICS,
    cells_table,
    correlations_table,
    products_lines,
    published_table,
    wrapped,
)


def validation_text(result: Validation) -> str:
    """Three tables, and what to conclude."""
    blocks = [
        [
            *published_table(result.published),
            *(f"  {line}" for line in products_lines(result.published)),
        ],
        cells_table(result),
        correlations_table(result.correlations),
        _sentences(result),
        origin_lines(result.provenance),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _sentences(result: Validation) -> list[str]:
    """Say what to conclude."""
    counts = result.counts
    asked = len(result.published)
    compared = sum(counts.get(verdict, 0) for verdict in (WITHIN, MISS, OUTSIDE))
    text = wrapped(
        f"Published: of {asked} numbers {compared} could be compared; {counts.get(WITHIN, 0)} "
        f"within tolerance, {counts.get(MISS, 0)} known misses, {counts.get(OUTSIDE, 0)} outside."
    )
    if not compared:
        text += wrapped("Nothing was compared: this source has not been validated.")
    tested = [row for row in result.correlations if row.p_holm is not None]
    there = [cell for cell in result.cells if cell.metrics is not None]
    if not tested:
        missing = "" if result.undoped else "; --undoped lets LLZO stand in for doped garnets"
        text += wrapped(
            f"Measured: {len(there)} cells could be computed, too few for any correlation{missing}."
        )
        return text + _bare(result.cells)
    good = [row for row in tested if row.p_holm is not None and row.p_holm < LEVEL]
    if good:
        names = "; ".join(
            f"{METRICS[r.metric][0]} with {r.measurement} ({r.cells}): {r.verdict}" for r in good
        )
        text += wrapped(f"Measured: beyond chance in {len(good)} of {len(tested)}: {names}.")
    else:
        text += wrapped(
            "Measured: no metric, the score among them, orders the resistances or the critical "
            f"current densities of these cells ({len(tested)} correlations, none beyond chance). "
            "The calculations say which contacts can react and to what, not how good a cell is."
        )
    most = max(row.n_cells for row in tested)
    text += wrapped(
        f"With {most} cells only |rho| above {smallest_significant(most, LEVEL):.2f} would show in "
        f"one test and above {smallest_significant(most, LEVEL / len(tested)):.2f} among "
        f"{len(tested)}; the cells differ in electrolyte, method, thickness, temperature and "
        "pressure, so this is no proof that there is no effect."
    )
    changed = max(tested, key=_artefact_change)
    if _artefact_change(changed) >= 0.005:
        text += wrapped(
            "Whether artefacts of the hull are counted or left out moves a coefficient by at most "
            f"{_artefact_change(changed):.2f} ({METRICS[changed.metric][0]} with "
            f"{changed.measurement}, {changed.cells})."
        )
    return text + _bare(result.cells)


def _artefact_change(row: Correlation) -> float:
    pair = (row.spearman_with_artefacts, row.spearman_without_artefacts)
    return abs(pair[0] - pair[1]) if pair[0] is not None and pair[1] is not None else 0.0


def _bare(cells: Iterable[Cell]) -> list[str]:
    """How many interlayers beat the best cell without one, on the same electrolyte."""
    bare: dict[str, list[MeasuredCell]] = {}
    others: dict[str, list[MeasuredCell]] = {}
    for cell in cells:
        group = bare if cell.status == BARE else others
        group.setdefault(cell.measured.electrolyte, []).append(cell.measured)
    text = []
    for electrolyte, without in bare.items():
        mine = others.get(electrolyte, [])
        least, most = min(_ohm(without), default=None), max(_ccd(without), default=None)
        if least is not None and most is not None:
            lower = [value < least for value in _ohm(mine)]
            higher = [value > most for value in _ccd(mine)]
            text += wrapped(
                f"For scale: clean {electrolyte} without any interlayer reaches {least:g} ohm cm2 "
                f"and {most:g} mA/cm2; {sum(lower)} of {len(lower)} interlayers have a lower "
                f"resistance, {sum(higher)} of {len(higher)} a higher critical current density."
            )
    return text


def _ohm(cells: Iterable[MeasuredCell]) -> list[float]:
    return [v for c in cells if (v := c.resistance_after_ohm_cm2) is not None]


def _ccd(cells: Iterable[MeasuredCell]) -> list[float]:
    return [v for c in cells if (v := c.ccd_after_mA_cm2) is not None]
