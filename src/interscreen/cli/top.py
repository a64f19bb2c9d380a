"""The command top: the best candidates of a finished screen, without computing again."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, OutputError
from ..phases.material import compose
from ..report.text.answers import table
from ..screen.folder import MANIFEST
from ..screen.ranking import OVERALL, Ranking
from ..screen.results_table import SCORE
from ..screen.scores import (
    COATING,
    CONVERSION,
    OPTIONAL_COLUMNS,
    SCORE_COLUMNS,
    score_columns,
)
from ..screen.top import best
from ..screen.where import like
from .top_study import write_study

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

BATCH_FILE, STUDY_FILE = "results.parquet", "results.csv"
_WIDTH = 80
_LEAST = 8  # characters of a name that is cut
_SHORT = {CONVERSION: "conv.", COATING: "coat."}
_NUMBERS = (
    "_eV_per_atom", "_V", "_eV_per_formula", "_kJ_per_mol", "_per_formula", "_mAh_per_g",
    "_mixing_fraction", "_percent", "_um",
)  # fmt: skip
# head, column, factor and digits of what is shown; without an electrolyte only the first two
_SHOWN = (
    ("score", SCORE, 1.0, 0),
    ("Li", "lithium_mutual_eV_per_atom", 1000.0, 0),
    ("depos.", "deposited_mutual_eV_per_atom", 1000.0, 0),
    ("layer", "layer_mutual_eV_per_atom", 1000.0, 0),
    ("worst", "worst_product_mutual_eV_per_atom", 1000.0, 0),
    ("bridge", "bridge_margin_V", 1.0, 2),
)


def top_command(arguments: argparse.Namespace) -> int:
    """Print the best candidates of a run, as a table or as JSON."""
    if arguments.csv and Path(arguments.csv).suffix.lower() != ".csv":
        raise InputError(f"--csv {arguments.csv}: the ending must be .csv")
    folder = _folder(arguments.folder)
    ranking = _ranking(folder)
    electrolyte = arguments.electrolyte
    if electrolyte == OVERALL:
        electrolyte = None
    found = best(
        _results(folder, ranking),
        electrolyte=electrolyte,
        where=arguments.where,
        sort=arguments.sort,
        count=arguments.count,
        tie_meV_per_atom=ranking.tie_meV_per_atom,
    )
    shown = found
    if arguments.columns:
        shown = found[_columns(arguments.columns, list(found.columns))]
    if arguments.csv:
        _write(shown, Path(arguments.csv))
    if arguments.study:
        write_study(folder, list(dict.fromkeys(found["candidate"])), Path(arguments.study))
    if arguments.json:
        answer = {
            "folder": str(folder),
            **found.attrs,
            "where": arguments.where,
            "rows": _records(shown),
        }
        print(json.dumps(answer, ensure_ascii=False, allow_nan=False))
    elif arguments.columns:
        print(_title(found, arguments.where))
        if len(shown):
            print("\n".join("  " + line for line in _plain(shown)))
    else:
        print(best_text(found, where=arguments.where))
    return 0


def best_text(found: pd.DataFrame, *, where: str = "") -> str:
    """Write the answer of ``best`` as a table that fits 80 columns.

    Parameters
    ----------
    found : DataFrame
        As ``best`` returns it.
    where : str
        The condition it was asked for.
    """
    title = _title(found, where)
    if found.empty:
        return title
    overall = found.attrs["electrolyte"] == OVERALL
    columns = _SHOWN[:2] if overall else _SHOWN
    heads = [["rank"], ["candidate"], ["role"], *([head] for head, *_ in columns)]
    for row in _records(found):
        rank = "-" if row["rank"] is None else f"{row['rank']}{'=' if row['tied'] else ''}"
        cells = [rank, row["candidate"], row.get("role") or row["status"]]
        cells += [_number(row.get(name), factor, digits) for _, name, factor, digits in columns]
        for column, cell in zip(heads, cells, strict=True):
            column.append(cell)
    left = [1, 2]
    if overall and "conversion_products" in found:
        heads.append(["with Li metal", *(found["conversion_products"].fillna(""))])
        left.append(len(heads) - 1)
    lines = table(_fitted(heads), left=left)
    legend = "score"
    if overall:
        legend += ", Li (reaction with Li metal): meV/atom; the score is 0 at best; "
    else:
        legend += (
            ", Li, as deposited, converted layer, worst product: meV/atom; the score is 0 at best; "
            "bridge [V]: oxidation limit of the Li-bearing salt of the layer minus reduction limit "
            "of the electrolyte; "
        )
    legend += "rank: among all candidates, =: tied. Driving forces at 0 K, not rates."
    if any("…" in line for line in lines):
        legend += " …: cut to fit; --columns, --csv and --json give whole names."
    return "\n".join([title, *("  " + line for line in lines), "", *_wrapped(legend, "")])


def _title(found: pd.DataFrame, where: str) -> str:
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
        text_column = found[facts["sort"]].map(lambda value: isinstance(value, str)).any()
        first = "largest first" if facts["descending"] else "smallest first"
        if text_column:
            first = "Z to A" if facts["descending"] else "A to Z"
        text += f", sorted by {facts['sort']} ({first})"
    return "\n".join(_wrapped(text, "  "))


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH - 1, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _number(value: Any, factor: float, digits: int) -> str:
    if value is None:
        return ""
    return f"{round(factor * value, digits) + 0.0:.{digits}f}"  # never -0


def _fitted(columns: list[list[str]]) -> list[list[str]]:
    """Rows of a table of these columns: short roles, then cut texts, where it is too wide."""

    def excess() -> int:
        widths = [max(len(cell) for cell in column) for column in columns]
        return 2 + sum(widths) + 2 * (len(columns) - 1) - _WIDTH

    if excess() > 0:
        columns[2] = [_SHORT.get(cell, cell) for cell in columns[2]]
    texts = [1] if len(columns) != 6 else [5, 1]
    for number in texts:
        over = excess()
        if over > 0:
            width = max(_LEAST, max(len(cell) for cell in columns[number]) - over)
            columns[number] = [
                cell if len(cell) <= width else cell[: width - 1] + "…" for cell in columns[number]
            ]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(shown: pd.DataFrame) -> list[str]:
    """Lines of a table of any columns, under their own names."""
    rows = [list(shown.columns)]
    for row in _records(shown):
        rows.append([_cell(value) for value in row.values()])
    left = [
        i for i, name in enumerate(shown) if any(isinstance(v, str) for v in shown[name].tolist())
    ]
    return table(rows, left=left)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{round(value, 4) + 0.0:.4f}"
    return "" if value is None else str(value)


def _records(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with None where there is no value."""
    plain = found.astype(object).where(found.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _columns(text: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise InputError(f"--columns: no column {name!r}{like(name, known)}")
    if not names:
        raise InputError("--columns: no name given; write them as a,b,c")
    return list(dict.fromkeys(names))


def _write(shown: pd.DataFrame, file: Path) -> None:
    if "tied" in shown:
        shown = shown.assign(tied=shown["tied"].map({True: "yes", False: "no"}))  # as in top.csv
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        shown.to_csv(file, index=False, lineterminator="\n")
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror})") from None


# -- the folder of a run --------------------------------------------------------------------------


def _folder(name: str) -> Path:
    folder = Path(name)
    if folder.name in (BATCH_FILE, STUDY_FILE) and folder.is_file():
        folder = folder.parent
    if not folder.is_dir():
        what = "is a file; name the folder it is in" if folder.exists() else "no such folder"
        raise InputError(f"run {name}: {what}")
    return folder


def _results(folder: Path, ranking: Ranking) -> pa.Table | Path:
    if (folder / BATCH_FILE).is_file():
        return folder / BATCH_FILE
    if (folder / STUDY_FILE).is_file():
        return _study_results(folder / STUDY_FILE, ranking)
    raise InputError(
        f"run {folder}: holds neither {BATCH_FILE} nor {STUDY_FILE}; name the folder of a finished "
        "screen (the command of an interrupted one finishes it)"
    )


def _ranking(folder: Path) -> Ranking:
    """How the run ranks: weights and tie limit, from its manifest."""
    file = folder / MANIFEST
    if not file.is_file():
        return Ranking()
    try:
        manifest: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Ranking.model_validate(manifest.get("study", {}).get("ranking", {}))
    except (OSError, ValueError, AttributeError) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"{file}: cannot be read ({why}); run the screen again") from None


def _study_results(file: Path, ranking: Ranking) -> pa.Table:
    """Rows of results.csv with the columns of a big run: elements and score."""
    import pandas as pd
    import pyarrow as pa

    try:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
        numbers = [name for name in rows.columns if name.endswith(_NUMBERS)]
        for name in numbers:
            rows[name] = pd.to_numeric(rows[name].replace("", None))
        elements = [sorted(compose(formula).elements) for formula in rows["formula"]]
        rows["elements"] = ["-".join(symbols) for symbols in elements]
        rows["n_elements"] = [len(symbols) for symbols in elements]
        columns = {name: rows[name].to_numpy(dtype=float) for name in SCORE_COLUMNS}
        for name in OPTIONAL_COLUMNS:
            if name in rows:
                columns[name] = rows[name].to_numpy(dtype=object)
        rows[SCORE] = score_columns(columns, ranking.weights, rows["role"].to_numpy(dtype=str))
    except (OSError, ValueError, KeyError) as error:  # pandas' own errors are ValueErrors
        why = str(error).splitlines()[0]
        raise InputError(f"{file}: cannot be read ({why}); run the screen again") from None
    return pa.Table.from_pandas(rows, preserve_index=False)
