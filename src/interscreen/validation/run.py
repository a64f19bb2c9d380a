"""Hold a source against published numbers and against measured cells, in one call."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..energies.scale import as_tabulated
from ..errors import InputError
from ..phases.material import elements_of
from ..phases.result import Result
from ..phases.table import PhaseTable
from ..version import version
from .calorimetry import Coverage, LeftOut, coverage, left_out, residuals
from .cells import Cell, measured_stacks
from .facts import judgement, measured_cells, published_reactions, published_windows
from .heat import GasLoss, LeftOutAt, gas_losses, left_out_at, residuals_at
from .predictive import Correlation, correlate
from .published import OUTSIDE, WITHIN, Comparison, artefacts_counted, compare_published

if TYPE_CHECKING:
    import pandas as pd

PARTS = tuple("published cells correlations calorimetry coverage heat gas_losses".split())


@dataclass(frozen=True)
class Validation(Result):
    """How far the numbers of a source can be trusted.

    Attributes
    ----------
    published : tuple of Comparison
        Published numbers and those of the source.
    cells : tuple of Cell
        Measured interlayers and what their stacks say; bare cells among them.
    correlations : tuple of Correlation
        Whether a metric orders the cells as the measurements do.
    calorimetry : tuple of LeftOut
        Errors of measured compounds, as tabulated and anchored, by class.
    coverage : tuple of Coverage
        How many measured values lie within the 90 % intervals.
    heat : tuple of LeftOutAt
        Errors of anchored Gibbs energies at 300, 600 and 1000 K, by class.
    gas_losses : tuple of GasLoss
        Where measured salts give off their gas, and where they would without their own figures.
    undoped : bool
        Whether undoped LLZO stands in for doped garnets.
    """

    published: tuple[Comparison, ...]
    cells: tuple[Cell, ...]
    correlations: tuple[Correlation, ...]
    calorimetry: tuple[LeftOut, ...]
    coverage: tuple[Coverage, ...]
    heat: tuple[LeftOutAt, ...]
    gas_losses: tuple[GasLoss, ...]
    undoped: bool
    provenance: dict[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """How many published numbers have each verdict."""
        return dict(Counter(row.verdict for row in self.published))

    @property
    def passed(self) -> bool:
        """Whether a number is within its tolerance, none is outside, and the intervals hold."""
        held = all(row.held is not False for row in self.coverage)
        return self.counts.get(WITHIN, 0) > 0 and not self.counts.get(OUTSIDE) and held

    def to_frame(self, part: str = "published") -> pd.DataFrame:
        """Return one of the parts (``PARTS``) as a table.

        Raises
        ------
        InputError
            For another name.
        """
        import pandas as pd

        if part not in PARTS:
            raise InputError(f"part {part!r}: one of {', '.join(PARTS)}")
        rows = [row.to_dict() for row in getattr(self, part)]
        for row in rows:
            row.update({k: " + ".join(v) for k, v in row.items() if isinstance(v, list)})
        return pd.DataFrame(rows)


def validate(table: PhaseTable, *, undoped: bool = False) -> Validation:
    """Hold a source against published numbers and measured cells.

    With ``undoped`` cells on doped garnets are computed with undoped LLZO, for a source that lacks
    the dopant.  What the source cannot answer stands in the result with the reason; nothing is
    raised for that.

    Examples
    --------
    >>> from interscreen import PhaseTable, validate
    >>> validate(PhaseTable.reference()).passed
    True
    """
    cells = measured_stacks(table, undoped=undoped)
    tabulated = as_tabulated(table)
    others = [
        cells if other is table else measured_stacks(other, undoped=undoped)
        for other in (artefacts_counted(table, True), artefacts_counted(table, False))
    ]
    heated = residuals_at(tabulated)
    return Validation(
        published=compare_published(table),
        cells=cells,
        correlations=correlate(cells, *others),
        calorimetry=left_out(residuals(tabulated)),
        coverage=coverage(tabulated),
        heat=left_out_at(heated),
        gas_losses=gas_losses(heated),
        undoped=undoped,
        provenance={
            **table.source.to_dict(),
            "left_out_phases": sorted(table.left_out),
            "interscreen_version": version(),
        },
    )


def element_sets(*, undoped: bool = False) -> list[frozenset[str]]:
    """Elements of every question that ``validate`` asks, for a source that is fetched."""
    sets = [elements_of(p.materials) for p in (*published_windows(), *published_reactions())]
    stands_in = judgement()["undoped"] if undoped else {}
    for cell in measured_cells():
        if cell.deposited_phases:
            formula = cell.electrolyte_formula
            sets.append(elements_of([cell.deposited_phases, str(stands_in.get(formula, formula))]))
    return list(dict.fromkeys(sets))
