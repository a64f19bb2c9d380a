"""Every table of a run, in its files and on its page, has the columns and types of the registry."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import interscreen
from interscreen import PhaseTable, load_study
from interscreen.database.run import write_run
from interscreen.phases.columns import COLUMNS, arrow_schema, columns_of
from interscreen.report.markup import unit_text
from interscreen.report.page.glossary import plain
from interscreen.report.units import digits_of, factor_of, unit_of

SRC = Path(interscreen.__file__).parent
# files whose name is not that of their table
TABLE_OF = {"heatmap_reaction_energy": "heatmap"}
ALWAYS = {"results", "ranking", "reactions", "windows", "lithiation", "weights"}
WRITTEN = {  # how a cell of a CSV file looks, empty ones aside
    "number": r"-?\d+(\.\d*)?(e[+-]?\d+)?",
    "integer": r"-?\d+",
    "flag": r"yes|no",
    "boolean": r"True|False",
    "text": r"(?s).+",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, reference: PhaseTable) -> dict[str, Path]:
    """A study that asks for everything there is, and a screen by query, in their folders."""
    folder = tmp_path_factory.mktemp("runs")
    asked = "electrolytes: [LLZO, LATP]\nuncertainty: {samples: 20}\n"
    candidates = {  # one bare, one with its energy, one that cannot be computed; and a query
        "named": "[CuF2, {formula: LiF, energy_above_hull_eV_per_atom: 0.01}, FeF3]\n"
        "cathodes: [Li2O2]\nair: [Li2O, O2]\n",
        "whole": "{where: n_elements == 2 and elements has F}\n",
    }
    for name, wanted in candidates.items():
        file = folder / f"{name}.yaml"
        file.write_text(f"name: {name}\n{asked}candidates: {wanted}", encoding="utf-8")
        write_run(load_study(file), reference, folder / name, command=["test"])
    return {name: folder / name for name in candidates}


def wrong_in_file(path: Path) -> Iterator[str]:
    """Yield what the registry does not say of a CSV file."""
    table = TABLE_OF.get(path.stem, path.stem)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    header = list(reader.fieldnames or ())
    known = columns_of(table)
    if header != [key for key in known if key in header]:
        yield f"{path.name}: {header} are not columns of {table} in their order"
        return
    for key in header:
        kind = COLUMNS[key].type
        for text in {row[key] for row in rows} - {""}:
            if not re.fullmatch(WRITTEN[kind], text):
                yield f"{path.name}: {key} is a {kind}, not {text!r}"


def wrong_in_page(data: dict[str, Any]) -> Iterator[str]:
    """Yield what the registry does not say of the tables of a page."""
    for table, packed in data["tables"].items():
        for key, values in packed["columns"].items():
            if table not in COLUMNS[key].tables if key in COLUMNS else True:
                yield f"page: {table} has no column {key}"
            elif data["columns"][key] != [
                COLUMNS[key].label, unit_text(unit_of(key)), plain(COLUMNS[key].meaning),
                factor_of(key), digits_of(key),
            ]:  # fmt: skip
                yield f"page: {key} is explained otherwise"
            else:
                kind, there = COLUMNS[key].type, [v for v in unpacked(values) if v is not None]
                yield from (f"page: {table}: {key}: {v!r}" for v in there if not fits(kind, v))
    for curve in data["reactions"]["curves"]:
        for key in ("mixing_fraction", "mutual_energy_eV_per_atom"):
            values = curve["x" if key == "mixing_fraction" else "e"]
            yield from (f"page: {key}: {v!r}" for v in values if not fits("number", v))
    for cell in (cell for cells in data["measured"].values() for cell in cells):
        for key, value in cell.items():
            kind = COLUMNS[key].type if key in COLUMNS else "text"
            if key != "electrolyte_match" and value is not None and not fits(kind, value):
                yield f"page: measured: {key}: {value!r}"


def unpacked(values: Any) -> list[Any]:
    """All values of a column of a page."""
    if isinstance(values, list):
        return values
    return list(values["v"]) if "v" in values else [values["c"]]


def fits(kind: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        return number and float(value).is_integer()
    return number if kind == "number" else isinstance(value, str)


def page_of(folder: Path) -> dict[str, Any]:
    html = (folder / "report.html").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(
        html.partition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    )
    return data


@pytest.mark.parametrize("name", ["named", "whole"])
def test_every_file_and_the_page_of_a_run_have_what_the_registry_says(
    runs: dict[str, Path], name: str
) -> None:
    import pyarrow.parquet as pq

    folder = runs[name]
    found = {TABLE_OF.get(path.stem, path.stem): path for path in folder.glob("*.csv")}
    found |= {path.stem: path for path in folder.glob("*.parquet")}
    wanted = ALWAYS | {"uncertainty", "sensitivity"}
    assert set(found) == wanted | ({"surroundings", "heatmap"} if name == "named" else set())
    wrong = []
    for table, path in found.items():
        if path.suffix == ".csv":
            wrong += wrong_in_file(path)
        elif not pq.read_schema(path).equals(arrow_schema(table)):
            wrong.append(f"{path.name}: {pq.read_schema(path)}")
    data = page_of(folder)
    assert set(data["tables"]) >= {"results", "ranking"}
    wrong += wrong_in_page(data)
    assert not wrong, "\n".join(wrong)


def test_numbers_that_only_some_rows_have_are_numbers_on_the_page(runs: dict[str, Path]) -> None:
    columns = page_of(runs["named"])["tables"]["surroundings"]["columns"]
    assert all(
        value is None or isinstance(value, int | float)
        for key in ("mixing_fraction", "mutual_energy_eV_per_atom")
        for value in unpacked(columns[key])
    )


@pytest.mark.parametrize(
    ("key", "text"), [("score_meV_per_atom", "good"), ("rank", "1.5"), ("pareto", "True")]
)
def test_a_wrong_type_is_found(tmp_path: Path, key: str, text: str) -> None:
    (tmp_path / "ranking.csv").write_text(f"{key}\n{text}\n")
    assert list(wrong_in_file(tmp_path / "ranking.csv"))


def test_a_column_of_another_table_is_found(tmp_path: Path) -> None:
    (tmp_path / "weights.csv").write_text("electrolyte,elements\nLLZO,Li\n")
    assert list(wrong_in_file(tmp_path / "weights.csv"))


# -- no second list ------------------------------------------------------------------------------

FEW = 5  # so many columns named together are no list of columns
# JSON keys of answers, what the engine sums up, and choices among columns of the screen
LISTS = {
    "answers/profile_result.py", "answers/reaction.py", "answers/stacks.py", "answers/sweep.py",
    "screen/compare.py", "screen/ranking.py", "screen/scores.py", "screen/tables.py",
}  # fmt: skip


def second_lists(code: str) -> Iterator[str]:
    """Yield literals that name more than a few columns."""
    tree = ast.parse(code)
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        words: list[str] = []
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            words = node.value.split()
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = [str(one.value) for one in node.elts if isinstance(one, ast.Constant)]
        named = [word for word in dict.fromkeys(words) if word in COLUMNS]
        if len(named) > FEW:
            yield f"line {node.lineno}: {' '.join(named)}"


def test_there_is_no_second_list_of_columns() -> None:
    found = [
        f"{path.relative_to(SRC)}, {line}"
        for path in sorted(SRC.rglob("*.py"))
        if str(path.relative_to(SRC)) not in LISTS
        for line in second_lists(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_a_second_list_is_found() -> None:
    names = ("candidate", "rank", "role", "score_meV_per_atom", "layer", "worst_product")
    for value in (names, list(names), " ".join(names)):
        assert list(second_lists(f"X = {value!r}"))
    assert not list(second_lists(f"X = {names[:FEW]!r}"))
