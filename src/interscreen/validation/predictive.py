"""Does a metric order the measured cells?  One row per metric, measurement and group of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan

from ..phases.result import Result
from .cells import GOOD_SIGN, MEASUREMENTS, METRICS, Cell
from .correlation import bootstrap_interval, holm, kendall, permutation_p, spearman

FEWEST = 6  # cells: with five, no order has a two-sided p value below 0.016
LEVEL = 0.05
GROUPS: dict[str, Callable[[Cell], bool]] = {
    "all": lambda cell: True,
    "LLZTO": lambda cell: cell.measured.electrolyte == "LLZTO",
}
TOO_FEW, NOTHING, HINT = "too few cells", "predicts nothing", "chance, for so many tests"
_STRENGTHS = ((0.4, "weak"), (0.7, "moderate"), (1.01, "strong"))


@dataclass(frozen=True)
class Correlation(Result):
    """Rank correlation of one metric with one measurement.

    Attributes
    ----------
    cells : str
        Group: ``all``, or those on one electrolyte.
    metric, measurement : str
    n_cells, n_interlayers : int
        Cells that have both numbers, and how many interlayers (phases as deposited) they are.
    spearman, kendall : float or None
        None where there are too few cells, or all have the same number.
    rho_low, rho_high : float or None
        95 % bootstrap interval of Spearman's coefficient.
    p_value, p_holm : float or None
        Two-sided, by permutation; and corrected for the number of correlations in the table.
    expected_sign : int
        Sign that the coefficient has if the metric does what the ranking assumes.
    spearman_with_artefacts, spearman_without_artefacts : float or None
        Artefacts of computed hulls counted, and left out.
    same_order_as : str
        Earlier metric that puts the cells in the same order; not counted as a test of its own.
    verdict : str
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
    """Correlate every metric with every measurement, over all cells and over those on LLZTO.

    Parameters
    ----------
    cells : sequence of Cell
        With the phases of the source as it was opened; decides everything but the two coefficients
        of the other choices.
    with_artefacts, without_artefacts : sequence of Cell

    Returns
    -------
    tuple of Correlation
        Holm's correction runs over all that could be tested.
    """
    found = []
    for group, inside in GROUPS.items():
        for measurement in MEASUREMENTS:
            earlier: dict[str, list[tuple[float, float]]] = {}
            for metric in METRICS:
                mine, other, third = (
                    [cell for cell in some if inside(cell)]
                    for some in (cells, with_artefacts, without_artefacts)
                )
                pairs = _pairs(mine, metric, measurement)
                same = next((m for m in earlier if _same_order(earlier[m], pairs)), "")
                earlier[metric] = pairs
                row = _row(group, metric, measurement, mine, pairs)
                found.append(
                    replace(
                        row,
                        same_order_as=same if row.spearman is not None else "",
                        spearman_with_artefacts=_spearman(_pairs(other, metric, measurement)),
                        spearman_without_artefacts=_spearman(_pairs(third, metric, measurement)),
                    )
                )
    return _corrected(found)


def _row(
    group: str,
    metric: str,
    measurement: str,
    cells: Sequence[Cell],
    pairs: list[tuple[float, float]],
) -> Correlation:
    there = [c for c in cells if None not in _numbers(c, metric, measurement)]
    coefficient = _spearman(pairs)
    x, y = [p[0] for p in pairs], [p[1] for p in pairs]
    low, high = bootstrap_interval(x, y) if coefficient is not None else (None, None)
    return Correlation(
        cells=group,
        metric=metric,
        measurement=measurement,
        n_cells=len(pairs),
        n_interlayers=len({cell.measured.deposited_phases for cell in there}),
        spearman=coefficient,
        kendall=kendall(x, y) if coefficient is not None else None,
        rho_low=low,
        rho_high=high,
        p_value=permutation_p(x, y) if coefficient is not None else None,
        p_holm=None,
        expected_sign=GOOD_SIGN[metric] * (1 if MEASUREMENTS[measurement][1] else -1),
        spearman_with_artefacts=None,
        spearman_without_artefacts=None,
        same_order_as="",
        verdict=TOO_FEW,
    )


def _corrected(rows: list[Correlation]) -> tuple[Correlation, ...]:
    """Give every test its corrected p value and its verdict."""
    tests = [row for row in rows if row.p_value is not None and not row.same_order_as]
    corrected = dict(zip(map(id, tests), holm([row.p_value or 0.0 for row in tests]), strict=True))
    return tuple(
        replace(row, p_holm=corrected.get(id(row)), verdict=_verdict(row, corrected.get(id(row))))
        for row in rows
    )


def _verdict(row: Correlation, p_holm: float | None) -> str:
    """Say it plainly."""
    if row.spearman is None or row.rho_low is None or row.rho_high is None or row.p_value is None:
        return TOO_FEW if row.n_cells < FEWEST else "all cells alike"
    if row.same_order_as:
        return "same order as another"
    if row.rho_low <= 0.0 <= row.rho_high or row.p_value >= LEVEL:
        return NOTHING
    direction = "" if row.spearman * row.expected_sign > 0 else ", against expectation"
    if p_holm is None or p_holm >= LEVEL:
        return HINT + direction
    return next(word for limit, word in _STRENGTHS if abs(row.spearman) < limit) + direction


def _numbers(cell: Cell, metric: str, measurement: str) -> tuple[float | None, float | None]:
    value = getattr(cell.metrics, metric) if cell.metrics else None
    return value, cell.measurement(measurement)


def _pairs(cells: Sequence[Cell], metric: str, measurement: str) -> list[tuple[float, float]]:
    """Both numbers of the cells that have them; equal up to rounding errors is equal."""
    found = (_numbers(cell, metric, measurement) for cell in cells)
    return [(round(x, 6), y) for x, y in found if x is not None and y is not None]


def _spearman(pairs: list[tuple[float, float]]) -> float | None:
    """Coefficient, or None where there are too few cells or no order."""
    if len(pairs) < FEWEST:
        return None
    value = spearman([p[0] for p in pairs], [p[1] for p in pairs])
    return None if isnan(value) else value


def _same_order(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> bool:
    """Whether two metrics put the same cells in the same order."""
    return [p[1] for p in a] == [p[1] for p in b] and _places(a) == _places(b)


def _places(pairs: list[tuple[float, float]]) -> list[int]:
    return [sum(other < mine for other, _ in pairs) for mine, _ in pairs]
