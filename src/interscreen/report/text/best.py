"""The best candidates of a run as text for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...phases.electrode import LITHIUM_METAL, Electrode
from ...screen.ranking import OVERALL
from ...screen.top import SCORE
from ..cells import hidden_counts, made, verdict_word
from .layout import page_width, table, wrapped
from .ranking import NAME, doubts_line, fitted, legend_of

if TYPE_CHECKING:
    import pandas as pd

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
    """Write what ``best`` found, asked with the condition ``where``, as wide as the terminal.

    The ranking of the run knows the phases in doubt that move scores; ``electrode`` is the run's.
    """
    head = title(found, where)
    if found.empty:
        return head
    overall = found.attrs["electrolyte"] == OVERALL
    rows = records(found)
    cells = {
        "rank": [
            "-" if row["rank"] is None else f"{row['rank']}{'=' if row['tied'] else ''}"
            for row in rows
        ],
        NAME: [row["candidate"] for row in rows],
        "role": [row.get("role") or row["status"] for row in rows],
        "verdict": [electrode.words(verdict_word(row)) for row in rows],
        "made": [made(row) for row in rows],
    }
    for word, name, factor, digits in _SHOWN[:3] if overall else _SHOWN:
        cells[electrode.words(word)] = [_number(row.get(name), factor, digits) for row in rows]
    cut = [NAME]
    if overall and "conversion_products" in found:
        metal = electrode.words("with Li metal")
        cut = [metal, NAME]
        cells[metal] = list(found["conversion_products"].fillna(""))
    columns = {word: [word, *column] for word, column in cells.items()}
    lines = fitted(columns, cut)
    known = ("rank", "made", *(word for word, *_ in _SHOWN))
    shown = {word for word in known if electrode.words(word) in columns}
    legend = f"rank: among all candidates; {legend_of(shown)}"
    if any("…" in line for line in lines):
        legend += " …: cut to fit; --columns, --csv and --json give whole names."
    said = wrapped(electrode.words(legend), "", width=page_width() - 1)
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
    lines = wrapped(text, "  ", width=page_width() - 1)
    if facts["hidden"]:
        note = f"hidden: {hidden_counts(facts['hidden'])} (interscreen top --everything shows them)"
        lines += wrapped(note, "  ", width=page_width() - 1)
    return "\n".join(lines)


def _number(value: Any, factor: float, digits: int) -> str:
    if value is None:
        return ""
    return f"{round(factor * value, digits) + 0.0:.{digits}f}"  # never -0


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
