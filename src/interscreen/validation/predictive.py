"""Does a metric order the measured cells?  One row per metric, measurement and group of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Any

from ..phases.result import Result
from .cells import GOOD_SIGN, MEASUREMENTS, METRICS, Cell
from .correlation import bootstrap_interval, holm, permutation_p, spearman

FEWEST = 6  # cells: with five, no order has a two-sided p value below 0.016
LEVEL = 0.05
GROUPS: dict[str, Callable[[Cell], bool]] = {
    "all": lambda cell: True,
    "LLZTO": lambda cell: cell.measured.electrolyte == "LLZTO",
    "LLZO": lambda cell: cell.measured.electrolyte == "LLZO",
    "garnets": lambda cell: cell.measured.electrolyte.startswith("LL"),
    "deposited": lambda cell: cell.measured.route == "deposited",
    "molten": lambda cell: cell.measured.route == "molten",
    "surface": lambda cell: cell.measured.route == "surface",
}
TOO_FEW, NOTHING, HINT = "too few cells", "predicts nothing", "chance, for so many tests"
_STRENGTHS = ((0.4, "weak"), (0.7, "moderate"), (1.01, "strong"))

_Pairs = list[tuple[float, float, str]]  # of each cell: metric, measurement, phases as deposited


@dataclass(frozen=True)
class Correlation(Result):
    """Rank correlation of one metric with one measurement.

    The registry of columns explains each; coefficients are None where there are too few cells, or
    all have the same number.
    """

    cells: str
    metric: str
    measurement: str
    n_cells: int
    n_interlayers: int
    spearman: float | None
    kendall: float | None
    rho_low: float | None
    rho_high: float | None
    p_value: float | None
    p_holm: float | None
    expected_sign: int
    spearman_with_artefacts: float | None
    spearman_without_artefacts: float | None
    same_order_as: str
    verdict: str


def correlate(
    cells: Sequence[Cell], with_artefacts: Sequence[Cell], without_artefacts: Sequence[Cell]
) -> tuple[Correlation, ...]:
    """Correlate every metric with every measurement, over all cells, and by electrolyte and route.

    ``cells`` have the phases of the source as it was opened and decide everything but the two
    coefficients of the other choices.  Holm's correction runs over all that could be tested.
    """
    found = []
    for group, inside in GROUPS.items():
        for measurement, (_, more_is_better) in MEASUREMENTS.items():
            earlier: dict[Any, str] = {}  # order of the cells to the first metric that gives it
            for metric in METRICS:
                pairs, other, third = (
                    _pairs(filter(inside, some), metric, measurement)
                    for some in (cells, with_artefacts, without_artefacts)
                )
                numbers = _numbers(pairs)
                first = earlier.setdefault(_order(pairs), metric)
                alone = first == metric or numbers["spearman"] is None
                found.append(
                    Correlation(
                        cells=group,
                        metric=metric,
                        measurement=measurement,
                        n_cells=len(pairs),
                        n_interlayers=len({phases for _, _, phases in pairs}),
                        **numbers,
                        p_holm=None,
                        expected_sign=GOOD_SIGN[metric] * (1 if more_is_better else -1),
                        spearman_with_artefacts=_spearman(other),
                        spearman_without_artefacts=_spearman(third),
                        same_order_as="" if alone else first,
                        verdict="",
                    )
                )
    tests = [row for row in found if row.p_value is not None and not row.same_order_as]
    corrected = dict(zip(map(id, tests), holm([row.p_value or 0.0 for row in tests]), strict=True))
    judged = (replace(row, p_holm=corrected.get(id(row))) for row in found)
    return tuple(replace(row, verdict=_verdict(row)) for row in judged)


def _pairs(cells: Any, metric: str, measurement: str) -> _Pairs:
    """Both numbers of the cells that have them; equal up to rounding errors is equal."""
    found = []
    for cell in cells:
        x, y = getattr(cell.metrics, metric, None), cell.measurement(measurement)
        if x is not None and y is not None:
            found.append((round(x, 6), y, cell.measured.deposited_phases))
    return found


def _spearman(pairs: _Pairs) -> float | None:
    """Coefficient, or None where there are too few cells or no order."""
    if len(pairs) < FEWEST:
        return None
    value = spearman([x for x, _, _ in pairs], [y for _, y, _ in pairs])
    return None if isnan(value) else value


def _numbers(pairs: _Pairs) -> dict[str, Any]:
    from scipy.stats import kendalltau

    coefficient = _spearman(pairs)
    if coefficient is None:
        return dict.fromkeys(("spearman", "kendall", "rho_low", "rho_high", "p_value"))
    x, y = [x for x, _, _ in pairs], [y for _, y, _ in pairs]
    low, high = bootstrap_interval(x, y)
    return {
        "spearman": coefficient,
        "kendall": float(kendalltau(x, y).statistic),  # tau-b, doi:10.1093/biomet/33.3.239
        "rho_low": low,
        "rho_high": high,
        "p_value": permutation_p(x, y),
    }


def _order(pairs: _Pairs) -> Any:
    """Which cells a metric orders, and in which order."""
    x = [value for value, _, _ in pairs]
    return tuple(y for _, y, _ in pairs), tuple(sum(b < a for b in x) for a in x)


def _verdict(row: Correlation) -> str:
    """Say it plainly."""
    if row.spearman is None or row.rho_low is None or row.rho_high is None or row.p_value is None:
        return TOO_FEW if row.n_cells < FEWEST else "all cells alike"
    if row.same_order_as:
        return "same order as another"
    if row.rho_low <= 0.0 <= row.rho_high or row.p_value >= LEVEL:
        return NOTHING
    direction = "" if row.spearman * row.expected_sign > 0 else ", against expectation"
    if row.p_holm is None or row.p_holm >= LEVEL:
        return HINT + direction
    return next(word for limit, word in _STRENGTHS if abs(row.spearman) < limit) + direction
