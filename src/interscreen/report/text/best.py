"""The best candidates of a run as text for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...phases.electrode import LITHIUM_METAL, Electrode
from ...screen.ranking import OVERALL
from ...screen.top import SCORE
from ..cells import MADE, SHORT_ROLES, hidden_counts, made
from .answers import table, wrapped
from .ranking import doubts_line

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 80
_WITH_METAL = "with Li metal"
_LEAST = 8  # characters of a name that is cut
# head, column, factor and digits of what is shown; without an electrolyte only the first three
_SHOWN = (
    ("score", SCORE, 1.0, 0),
    ("comp.", "lithium_competitors", 1.0, 0),
    ("Li", "lithium_mutual_eV_per_atom", 1000.0, 0),
    ("depos.", "deposited_mutual_eV_per_atom", 1000.0, 0),
    ("layer", "layer_mutual_eV_per_atom", 1000.0, 0),
    ("worst", "worst_product_mutual_eV_per_atom", 1000.0, 0),
    ("bridge", "bridge_margin_V", 1.0, 2),
)


def best_text(
    found: pd.DataFrame,
    *,
    where: str = "",
    ranking: pd.DataFrame | None = None,
    electrode: Electrode = LITHIUM_METAL,
) -> str:
    """Write what ``best`` found, asked with the condition ``where``, in 80 columns.

    The ranking of the run knows the phases in doubt that move scores; ``electrode`` is the run's.
    """
    head = title(found, where)
    if found.empty:
        return head
    overall = found.attrs["electrolyte"] == OVERALL
    columns = _SHOWN[:3] if overall else _SHOWN
    heads = [
        ["rank"],
        ["candidate"],
        ["role"],
        ["made"],
        *([electrode.words(head)] for head, *_ in columns),
    ]
    for row in records(found):
        rank = "-" if row["rank"] is None else f"{row['rank']}{'=' if row['tied'] else ''}"
        cells = [rank, row["candidate"], row.get("role") or row["status"], made(row)]
        cells += [_number(row.get(name), factor, digits) for _, name, factor, digits in columns]
        for column, cell in zip(heads, cells, strict=True):
            column.append(cell)
    left = [1, 2, 3]
    if overall and "conversion_products" in found:
        heads.append([electrode.words(_WITH_METAL), *(found["conversion_products"].fillna(""))])
        left.append(len(heads) - 1)
    gap = "  " if overall else " "
    wide = [*left[3:], 1]  # what is cut where the table is too wide
    lines = table(_fitted(heads, len(gap), wide), left=left, gap=gap)
    shown = ", Li (reaction with Li metal): meV/atom; the score is 0 at best; "
    if not overall:
        shown = (
            ", Li, as deposited, converted layer, worst product: meV/atom; the score is 0 at best; "
            "bridge [V]: oxidation limit of the Li-bearing salt of the layer minus reduction limit "
            "of the electrolyte; "
        )
    legend = f"score{shown}rank: among all candidates, =: tied; {MADE}. "
    legend += "Driving forces at 0 K, not rates."
    if any("…" in line for line in lines):
        legend += " …: cut to fit; --columns, --csv and --json give whole names."
    said = wrapped(electrode.words(legend), "", width=_WIDTH - 1)
    if ranking is not None and len(ranking) and "suspect_phase" in ranking:
        here = ranking["candidate"].isin(found["candidate"])
        if not overall:
            here &= ranking["electrolyte"] == found.attrs["electrolyte"]
        said.append(doubts_line(ranking[here].to_dict("records")))
    return "\n".join([head, *("  " + line for line in lines), "", *filter(None, said)])


def title(found: pd.DataFrame, where: str) -> str:
    """Say what the table is, and how much of what there is it shows."""
    facts = found.attrs
    overall = facts["electrolyte"] == OVERALL
    name = "overall (mean over the electrolytes)" if overall else facts["electrolyte"]
    matched = f"{facts['matched']:,}"
    if not where.strip():
        text = f"{name}: {len(found):,} of {matched} candidates"
    elif found.empty:
        every = " with each electrolyte" if overall else ""
        text = f"{name}: none of {facts['counted']:,} candidates meets {where}{every}"
    else:
        text = f"{name}: {len(found):,} of {matched} candidates that meet {where}"
    if facts["sort"] != SCORE and len(found):
        texts = found[facts["sort"]].map(lambda value: isinstance(value, str)).any()
        orders = ("Z to A", "A to Z") if texts else ("largest first", "smallest first")
        text += f", sorted by {facts['sort']} ({orders[not facts['descending']]})"
    lines = wrapped(text, "  ", width=_WIDTH - 1)
    if facts["hidden"]:
        note = f"hidden: {hidden_counts(facts['hidden'])} (interscreen top --everything shows them)"
        lines += wrapped(note, "  ", width=_WIDTH - 1)
    return "\n".join(lines)


def _number(value: Any, factor: float, digits: int) -> str:
    if value is None:
        return ""
    return f"{round(factor * value, digits) + 0.0:.{digits}f}"  # never -0


def _fitted(columns: list[list[str]], gap: int, wide: list[int]) -> list[list[str]]:
    """Rows of a table of these columns: short roles, then cut texts (``wide``) where it must be."""

    def excess() -> int:
        widths = [max(len(cell) for cell in column) for column in columns]
        return 2 + sum(widths) + gap * (len(columns) - 1) - _WIDTH

    if excess() > 0:
        columns[2] = [SHORT_ROLES.get(cell, cell) for cell in columns[2]]
    for number in wide:
        over = excess()
        if over > 0:
            width = max(_LEAST, max(len(cell) for cell in columns[number]) - over)
            columns[number] = [
                cell if len(cell) <= width else cell[: width - 1] + "…" for cell in columns[number]
            ]
    return [list(row) for row in zip(*columns, strict=True)]


def plain_lines(shown: pd.DataFrame) -> list[str]:
    """Lines of a table of any columns, under their own names."""
    rows = [[_cell(value) for value in row.values()] for row in records(shown)]
    texts = shown.map(lambda value: isinstance(value, str)).any()
    left = [i for i, text in enumerate(texts) if text]
    return table([list(shown.columns), *rows], left=left)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{round(value, 4) + 0.0:.4f}"
    return "" if value is None else str(value)


def records(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with None where there is no value."""
    plain = found.astype(object).where(found.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
