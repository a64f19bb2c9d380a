"""What the scale of the energies does to a run: anchors of its phases, scores on either scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..answers.lithiation import format_amount
from ..energies.anchors import Anchoring
from ..energies.scale import TABULATED_ENERGY
from ..errors import InterscreenError
from ..phases.columns import columns_of
from ..phases.formula import parse_formula, split_mixture
from ..phases.table import PhaseTable

if TYPE_CHECKING:
    import pandas as pd

SCORE = "score_meV_per_atom"


def anchor_table(table: PhaseTable, results: pd.DataFrame) -> pd.DataFrame:
    """Return the anchors of every compound in the stacks of an anchored run.

    Parameters
    ----------
    results : DataFrame
        Rows of results.csv.

    Returns
    -------
    DataFrame
        Columns of anchors.csv; energies are empty for a composition that is no phase.
    """
    import pandas as pd

    texts = [*results["formula"], *results["electrolyte_formula"], *results["layer"]]
    anchoring, rows = Anchoring.of(table), []
    for name in _compounds(text for text in dict.fromkeys(texts) if isinstance(text, str)):
        try:
            parts = anchoring.parts(name)
        except InterscreenError:  # an element that the table does not know
            continue
        row = table.find(name)
        energies: tuple[float | None, float | None] = (None, None)
        if row is not None:
            before = table.properties[TABULATED_ENERGY]
            energies = float(table.energies[row]), float(before[row])
        written = (format_amount(part, number) for part, number in parts.items())
        rows.append((name, " + ".join(written), *energies))
    return pd.DataFrame(rows, columns=list(columns_of("anchors")))


def _compounds(texts: Iterable[str]) -> list[str]:
    """Return the compounds in formulas and mixtures, each once."""
    found: dict[str, None] = {}
    for text in texts:
        for _, name in split_mixture(text) if text else ():
            if len(parse_formula(name).elements) > 1:
                found[name] = None
    return sorted(found)


def scale_table(ranking: pd.DataFrame, tabulated: pd.DataFrame, *, ranks: bool) -> pd.DataFrame:
    """Return scores and ranks of a ranking beside those with energies as tabulated.

    ``ranks`` says whether those of ``tabulated`` are among the same candidates.
    """
    import pandas as pd

    keys = ["electrolyte", "candidate"]
    names = {SCORE: "tabulated_score_meV_per_atom", "rank": "tabulated_rank"}
    other = tabulated[[*keys, "rank", SCORE]].rename(columns=names)
    found = pd.merge(ranking[[*keys, "rank", SCORE]], other, on=keys, how="inner")
    found["score_change_meV_per_atom"] = found["tabulated_score_meV_per_atom"] - found[SCORE]
    if not ranks:
        found["tabulated_rank"] = pd.NA
    return found[list(columns_of("scales"))]
