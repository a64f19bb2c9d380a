"""The command top: the best candidates of a finished screen, and a study of them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, OutputError
from .command import Output, force_option, listed, option, output_options, root, write_csv

if TYPE_CHECKING:
    from ..database.run import Run

# what the new study takes over from the run, so that it asks the same source the same way
_KEPT = {
    "source", "thermo_type", "database", "filters", "add", "all_phases", "electrolytes",
    "cathode", "coatings", "cathodes", "air", "ion", "anode", "ranking",
}  # fmt: skip


@root.command("top")
@click.argument("folder", metavar="RUN", help="folder of the screen")
@option("--electrolyte", "with this one (default: mean over all)", metavar="E")
@option("--where", "docs/screens.md", metavar="EXPRESSION", default="")
@option("--sort", metavar="COLUMN", default="score_meV_per_atom")
@option("--count", type=int, default=20, metavar="N")
@option("--everything", "also what is volatile, radioactive or known not to exist", is_flag=True)
@option("--columns", "columns to show", metavar="A,B,...")
@option("--csv", "write the rows there, full precision", metavar="FILE")
@option("--study", "write a study of these candidates there", metavar="FILE")
@force_option
@output_options
def top(
    folder: str, electrolyte: str | None, where: str, sort: str, count: int, everything: bool,
    columns: str | None, csv: str | None, study: str | None, force: bool, output: Output,
) -> int:  # fmt: skip
    """Print the best candidates of a run, as a table or as JSON."""
    from ..database.run import open_run
    from ..report.text.best import best_text, plain_lines, records, title

    run = open_run(folder)
    found = run.best(electrolyte, count, where=where, sort=sort, everything=everything)
    shown = found[_columns(columns, list(found.columns))] if columns else found
    if csv:
        write_csv(shown.replace({"tied": {True: "yes", False: "no"}}), csv, force)
    if study:
        write_study(run, list(dict.fromkeys(found["candidate"])), Path(study), force)

    def text() -> str:
        if not columns:
            return best_text(found, where=where, ranking=run.ranking, electrode=run.electrode)
        lines = plain_lines(shown) if len(shown) else []
        return "\n".join([title(found, where), *("  " + line for line in lines)])

    answer = {"folder": str(run.folder), **found.attrs, "where": where, "rows": records(shown)}
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


def write_study(run: Run, candidates: Sequence[str], path: Path, force: bool = False) -> None:
    """Write a study of some candidates with the source and the electrolytes of a run.

    Raises
    ------
    InputError
        For an ending that is not .yaml or .yml, no candidates, or a run whose manifest does not
        say what the study was.
    OutputError
        When the file cannot be written, belongs to a run, or is there and not to be replaced.
    """
    from ruamel.yaml import YAML

    from ..files import write_whole
    from ..screen.folder import check_file
    from ..screen.study import Study
    from ..sources import NAMES

    if path.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"--study {path}: the ending must be .yaml")
    check_file(path, force)
    if not candidates:
        raise InputError(f"--study {path}: no candidate fits; loosen --where")
    try:
        asked = Study.model_validate(run.study)
    except ValueError:
        raise InputError(
            f"{run.folder / 'manifest.json'}: cannot be read, so the source of the run is not "
            "known; run the screen again"
        ) from None
    kept = asked.model_dump(mode="json", include=_KEPT, exclude_defaults=True)
    wanted = {"name": path.stem, **{key: kept[key] for key in Study.model_fields if key in kept}}
    # a study names files relative to itself
    if asked.source not in ("", *NAMES):
        wanted["source"] = str(Path(asked.source).resolve())
    if asked.add:
        wanted["add"] = [str(Path(name).resolve()) for name in asked.add]
    if asked.filters.active:
        usual = vars(type(asked.filters)())
        wanted["filters"] = {k: v for k, v in kept["filters"].items() if v != usual[k]}
    known = {
        entry.label: entry.model_dump(mode="json", exclude_defaults=True)
        for entry in asked.candidates
    }
    wanted["candidates"] = [known.get(name, name) for name in candidates]
    for key in ("candidates", "electrolytes", "coatings", "cathodes", "air"):
        if key in wanted:
            wanted[key] = [_short(entry) for entry in wanted[key]]
    writer, text = YAML(typ="safe"), io.StringIO()
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.dump(wanted, text)
    head = f"# The best of {run.folder.name}: interscreen screen {path.name} gives them error bars."
    try:
        write_whole(path, f"{head}\n{text.getvalue()}".encode())
    except OSError as error:
        raise OutputError(f"--study {path}: cannot be written ({error.strerror})") from None


def _short(entry: str | Mapping[str, Any]) -> Any:
    """Write an entry with a formula alone as such."""
    return entry if isinstance(entry, str) or len(entry) > 1 else entry["formula"]
