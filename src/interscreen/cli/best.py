"""The command top: the best candidates of a finished screen, and a study of them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, OutputError
from .command import Output, listed, option, output_options, root

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..screen.ranking import Ranking

BATCH_FILE, STUDY_FILE = "results.parquet", "results.csv"
_NUMBERS = (
    "_eV_per_atom", "_V", "_eV_per_formula", "_kJ_per_mol", "_per_formula", "_mAh_per_g",
    "_mixing_fraction", "_percent", "_um",
)  # fmt: skip
# what the new study takes over from the run, so that it asks the same source the same way
_KEPT = (
    "source", "thermo_type", "database", "filters", "add", "all_phases", "electrolytes",
    "cathodes", "air", "ranking",
)  # fmt: skip


@root.command("top")
@click.argument("folder", metavar="RUN", help="folder of the screen")
@option("--electrolyte", "with this one (default: mean over all)", metavar="E")
@option("--where", "docs/screens.md", metavar="EXPRESSION", default="")
@option("--sort", metavar="COLUMN", default="score_meV_per_atom")
@option("--count", type=int, default=20, metavar="N")
@option("--columns", "columns to show", metavar="A,B,...")
@option("--csv", "write the rows there, full precision", metavar="FILE")
@option("--study", "write a study of these candidates there", metavar="FILE")
@output_options
def top(
    folder: str, electrolyte: str | None, where: str, sort: str, count: int, columns: str | None,
    csv: str | None, study: str | None, output: Output,
) -> int:  # fmt: skip
    """Print the best candidates of a run, as a table or as JSON."""
    from ..report.text.best import best_text, plain_lines, records, title
    from ..screen.ranking import OVERALL
    from ..screen.top import best

    if csv and Path(csv).suffix.lower() != ".csv":
        raise InputError(f"--csv {csv}: the ending must be .csv")
    run = _folder(folder)
    ranking = _ranking(run)
    found = best(
        _results(run, ranking),
        electrolyte=None if electrolyte == OVERALL else electrolyte,
        where=where,
        sort=sort,
        count=count,
        tie_meV_per_atom=ranking.tie_meV_per_atom,
    )
    shown = found[_columns(columns, list(found.columns))] if columns else found
    if csv:
        _write(shown, Path(csv))
    if study:
        write_study(run, list(dict.fromkeys(found["candidate"])), Path(study))

    def text() -> str:
        if not columns:
            return best_text(found, where=where)
        lines = plain_lines(shown) if len(shown) else []
        return "\n".join([title(found, where), *("  " + line for line in lines)])

    answer = {"folder": str(run), **found.attrs, "where": where, "rows": records(shown)}
    output.show(answer, text)
    return 0


def _columns(text: str, known: Sequence[str]) -> list[str]:
    from ..screen.where import like

    names = listed(text)
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
    from ..screen.folder import MANIFEST
    from ..screen.ranking import Ranking

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

    from ..phases.material import compose
    from ..screen.results_table import SCORE
    from ..screen.scores import OPTIONAL_COLUMNS, SCORE_COLUMNS, score_columns

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


# -- a study of the best ---------------------------------------------------------------------------


def write_study(folder: Path, candidates: Sequence[str], path: Path) -> None:
    """Write a study of some candidates with the source and the electrolytes of a run.

    Parameters
    ----------
    folder : Path
        Of a finished run; its manifest says what the study was.
    candidates : sequence of str
    path : Path
        Ends in .yaml or .yml.

    Raises
    ------
    InputError
        For another ending, no candidates, or a manifest that cannot be read.
    OutputError
        When the file cannot be written.
    """
    from ..files import write_whole
    from ..phases.filters import Filters
    from ..screen.folder import MANIFEST
    from ..screen.weights import Ranking
    from ..sources import NAMES

    if path.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"--study {path}: the ending must be .yaml")
    if not candidates:
        raise InputError(f"--study {path}: no candidate fits; loosen --where")
    study = _study(folder / MANIFEST)
    wanted: dict[str, Any] = {"name": path.stem}
    usual = {"ranking": Ranking().model_dump(mode="json"), "filters": vars(Filters())}
    for key in _KEPT:
        value = _stated(_unusual(study.get(key), usual.get(key)))
        if value not in (None, "", [], {}, False):
            wanted[key] = value
    # a study names files relative to itself
    if wanted.get("source", "") not in ("", *NAMES):
        wanted["source"] = str(Path(wanted["source"]).resolve())
    if "add" in wanted:
        wanted["add"] = [str(Path(name).resolve()) for name in wanted["add"]]
    known = {_name(entry): entry for entry in study.get("candidates") or []}
    wanted["candidates"] = [_stated(known.get(name, name)) for name in candidates]
    head = f"# The best of {folder.name}: interscreen screen {path.name} gives them error bars.\n"
    try:
        write_whole(path, (head + _yaml(wanted)).encode())
    except OSError as error:
        raise OutputError(f"--study {path}: cannot be written ({error.strerror})") from None


def _study(manifest: Path) -> dict[str, Any]:
    try:
        study: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["study"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{manifest}: cannot be read, so the source of the run is not known; run the screen "
            "again"
        ) from None
    return study


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("name") or entry.get("formula"))


def _unusual(value: Any, usual: Any) -> Any:
    """Leave out of nested mappings what equals the defaults."""
    if not isinstance(value, dict) or not isinstance(usual, dict):
        return value
    return {
        key: _unusual(entry, usual.get(key))
        for key, entry in value.items()
        if key not in usual or entry != usual[key]
    }


def _stated(value: Any) -> Any:
    """Leave out what is empty: it has its default anyway."""
    if isinstance(value, dict):
        kept = {key: _stated(entry) for key, entry in value.items()}
        return {k: v for k, v in kept.items() if v is not None and v not in ("", [], {})}
    if isinstance(value, list):
        entries = [_stated(entry) for entry in value]
        # an entry with a formula alone is written as such
        return [
            e["formula"]
            if isinstance(e, dict) and set(e) <= {"formula", "role"} and e.get("role") == "auto"
            else e
            for e in entries
        ]
    return value


def _yaml(data: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer = YAML(typ="safe")
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    writer.dump(data, stream)
    return stream.getvalue()
