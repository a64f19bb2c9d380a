"""What anchored energies change in rankings: the numbers of a table in docs/anchored.md.

    python scripts/rank_changes.py            # print the table, and how alike the scores are
    python scripts/rank_changes.py --write    # and put it in the place of the one that stands

The shipped candidates, and those of the table, are screened twice, with energies as tabulated and
anchored, everything else the same.  The first column of the table says which rows it has (``CuS``,
``LaF3 on LLZO``; without an electrolyte the overall ranking), the last one is a judgement, written
by hand: both stay.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
from scipy.stats import kendalltau

import interscreen as si
from interscreen.screen.entries import MaterialEntry
from interscreen.screen.study_file import load_study

PAGE = Path(__file__).parents[1] / "docs" / "anchored.md"
HEAD = "| candidate | rank | score | verdict | right? |"
ELECTROLYTES = ["LLZO", "LATP", "LAGP", "LPSCl"]
OVERALL = "overall"
_KEYS = ["electrolyte", "candidate"]
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_FIRST = re.compile(r"\| ([^|]+?)(?: on (\S+))? \|")


def main() -> None:
    """Print, and write where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="change docs/anchored.md")
    write = parser.parse_args().write
    page = PAGE.read_text(encoding="utf-8")
    start = page.index(HEAD)
    end = page.index("\n\n", start)
    written = page[start:end].splitlines()[2:]
    more = dict.fromkeys(_first(line)[0] for line in written)
    both = pd.merge(
        *(ranking(scale, more) for scale in ("source", "anchored")),
        on=_KEYS,
        suffixes=("_before", "_after"),
    ).set_index(_KEYS)
    table = "\n".join(lines(written, both))
    print(table)
    for electrolyte, rows in both.groupby(level=0, sort=False):
        tau = kendalltau(rows["score_before"], rows["score_after"]).statistic
        same = (rows["verdict_before"] == rows["verdict_after"]).mean()
        print(f"{electrolyte}: tau of the scores {tau:.2f}, the same verdict {same:.0%}")
    if write:
        PAGE.write_text(page[:start] + table + page[end:], encoding="utf-8")


def ranking(energies: str, more: Iterable[str]) -> pd.DataFrame:
    """Ranks, scores and verdicts of the shipped candidates, and of more, on one scale."""
    known = load_study("library")
    labels = {entry.label for entry in known.candidates}
    added = [MaterialEntry(formula=formula) for formula in more if formula not in labels]
    study = known.model_copy(
        update={
            "electrolytes": [one for one in known.electrolytes if one.formula in ELECTROLYTES],
            "candidates": [*known.candidates, *added],
            "cathodes": [],
            "air": [],
            "sensitivity": False,
        }
    )
    found = si.load(energies=energies).run(study).ranking
    named = found.rename(columns={"score_meV_per_atom": "score"})
    return named[[*_KEYS, "rank", "score", "verdict"]]


def lines(written: list[str], both: pd.DataFrame) -> Iterator[str]:
    """Lines of the table, with the numbers of today."""
    yield from (HEAD, "|---|---|---|---|---|")
    for line in written:
        candidate, electrolyte = _first(line)
        row = both.loc[(electrolyte, candidate)]
        cells = (
            line.split("|")[1].strip(),
            _change(*(str(row[f"rank_{when}"]) for when in ("before", "after"))),
            _change(*(_whole(row[f"score_{when}"]) for when in ("before", "after"))),
            _change(*(row[f"verdict_{when}"] for when in ("before", "after"))),
            line.rsplit("|", 2)[1].strip(),
        )
        yield f"| {' | '.join(cells)} |"


def _first(line: str) -> tuple[str, str]:
    match = _FIRST.match(line)
    if match is None:
        raise SystemExit(f"no row of the table: {line}")
    return match[1].translate(_SUBSCRIPTS), match[2] or OVERALL


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _whole(score: float) -> str:
    return f"{score:.0f}".replace("-0", "0").replace("-", "−")


if __name__ == "__main__":
    main()
