"""Marks of candidates: observed, volatile, hygroscopic; and what rankings of a source hide."""

import json

import numpy as np
import pytest

from interscreen import PhaseTable, Study, run_study
from interscreen.answers.materials import materials_of
from interscreen.cli.main import main
from interscreen.database.run import open_run
from interscreen.phases.suspects import observations
from interscreen.screen.choose import choose
from interscreen.screen.marks import hidden, mark_columns
from interscreen.screen.query import PHASE_KINDS
from interscreen.screen.where import parse_where


@pytest.fixture(scope="module")
def embedded():
    return PhaseTable.reference()


def chosen(table, condition):
    return table.formulas[choose(table, condition).rows].tolist()


def test_the_evidence_of_the_embedded_table_decides_where_a_source_says_nothing(make_table):
    names = ["CuF2", "LiCu3", "Cu5F7", "AlF3"]
    table = make_table(dict.fromkeys(names, -1.0), observed=np.array([-1, -1, -1, 0]))
    seen = dict(zip(table.formulas.tolist(), observations(table, np.arange(4)), strict=True))
    # measured and listed; artefact; nobody knows; the source itself
    assert seen == {"CuF2": 1, "LiCu3": 0, "Cu5F7": -1, "AlF3": 0}


def test_marks_of_a_mixture_are_those_of_its_components(embedded):
    names = ["CuF2", "Cu + 2 LiF", "LiCl + Cu", "LiF + LiCu3", "LiF + Sr25Cl52", "LATP", "WF6"]
    marks = mark_columns(embedded, materials_of(embedded, names))
    assert marks["observed"].tolist() == ["yes", "yes", "yes", "no", "unknown", "unknown", "yes"]
    assert marks["hygroscopic"].tolist() == ["yes", "no", "yes", "no", "no", "no", "no"]
    assert marks["volatile"].tolist() == ["no"] * 6 + ["yes"]
    assert marks["gaseous"].tolist() == ["no"] * 6 + ["yes"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("elements == I-F and volatile", {"IF3", "IF5", "IF7"}),
        ("elements == W-F and not gaseous", {"WF4", "WF5"}),
        ("elements == Li-Cl and hygroscopic == yes", {"LiCl"}),
        ("elements == Cu-F and observed", {"CuF", "CuF2"}),
    ],
)
def test_marks_are_words_of_the_language(embedded, condition, expected):
    assert set(chosen(embedded, condition)) == expected


def test_a_column_of_yes_and_no_may_stand_alone(embedded):
    by_word = chosen(embedded, "elements only Al-Cl-Li and not volatile == yes")
    assert chosen(embedded, "elements only Al-Cl-Li and not volatile") == by_word
    assert "AlCl3" not in by_word
    assert chosen(embedded, "(volatile or hygroscopic) and elements == Al-Cl") == ["AlCl3"]


class Rows:
    """Four candidates: a gas, an artefact, a radioactive gas, and a solid."""

    def texts(self, name, test):
        values = {
            "observed": ["yes", "no", "yes", "unknown"],
            "volatile": ["yes", "no", "yes", "no"],
            "formula": ["WF6", "LiCu3", "UF6", "PuO2"],
        }
        return np.array([test(text) for text in values[name]])

    def elements(self, symbols):
        have = [{"W", "F"}, {"Li", "Cu"}, {"U", "F"}, {"Pu", "O"}]
        return np.array([len(set(symbols) & them) for them in have]), np.array([2] * 4)


@pytest.mark.parametrize(
    ("condition", "left_out"),
    [
        ("n_elements < 9", {"not observed": [1], "volatile": [0, 2], "radioactive": [3]}),
        ("observed != no", {"volatile": [0, 2], "radioactive": [3]}),
        ("not gaseous", {"not observed": [1], "radioactive": [2, 3]}),
        ("volatile", {"not observed": [1], "radioactive": [2, 3]}),
        ("elements has radioactive", {"not observed": [1], "volatile": [0, 2]}),
        ("elements has Pu", {"not observed": [1], "volatile": [0, 2]}),
        ("elements has U and volatile", {"not observed": [1], "radioactive": [3]}),
        ("formula == WF6", {"not observed": [1], "volatile": [2], "radioactive": [3]}),
        ("formula != WF6", {"not observed": [1], "volatile": [0, 2], "radioactive": [3]}),
    ],
)
def test_what_a_condition_names_is_not_hidden_and_a_row_has_one_reason(condition, left_out):
    found = hidden(Rows(), parse_where(condition, PHASE_KINDS))
    there = {name: np.flatnonzero(mask).tolist() for name, mask in found.items() if mask.any()}
    assert there == left_out


def test_results_and_ranking_of_a_study_have_the_marks_and_hide_nothing(embedded):
    study = Study(
        name="marks", candidates=["WF6", "LiCl", "ThO2"], electrolytes=["LLZO"],
        sensitivity=False, uncertainty={"samples": 0},
    )  # fmt: skip
    found = run_study(study, embedded)
    for table in (found.results, found.ranking):
        rows = table.set_index("candidate")
        assert rows.loc["WF6", ["observed", "volatile", "gaseous"]].tolist() == ["yes"] * 3
        assert rows.loc["LiCl", ["volatile", "hygroscopic"]].tolist() == ["no", "yes"]
        assert rows.loc["ThO2", "lithium_competitors"] == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Fluorides of W and U, whole-source."""
    folder = tmp_path_factory.mktemp("hidden") / "run"
    question = ["--candidates", "elements only W-U-F-Li and elements has F", "--samples", "0"]
    assert main(["screen", *question, "--electrolytes", "LLZO", "--out", str(folder)]) == 0
    return open_run(folder)


def test_results_hold_what_the_ranking_hides(run):
    everything, listed = set(run.results["candidate"]), set(run.ranking["candidate"])
    assert {"WF6", "UF6", "LiF"} <= everything
    assert "LiF" in listed
    assert "WF6" not in listed
    # the query names U, so its compounds stand in the ranking; but UF6 sublimes at 56 C
    assert "UF4" in listed
    assert "UF6" not in listed
    assert run.manifest["hidden"] == {"volatile": 3}


def test_top_counts_what_it_hides_and_shows_it_when_asked(run, capsys):
    best = run.best(count=100)
    assert best.attrs["hidden"] == {"volatile": 3}
    assert best.attrs["matched"] == len(best) == run.results["candidate"].nunique() - 3
    assert set(run.best(count=100, where="volatile")["candidate"]) == {"WF6", "UF6", "F2"}
    assert run.best(count=100, everything=True).attrs["hidden"] == {}
    assert main(["top", str(run.folder)]) == 0
    assert "hidden: 3 volatile (interscreen top --everything shows them)" in capsys.readouterr().out
    assert main(["top", str(run.folder), "--everything", "--count", "99", "--json"]) == 0
    names = {row["candidate"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert {"WF6", "UF6"} <= names


def test_the_page_says_what_is_hidden(run):
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "Sorted out before the ranking: 3 volatile" in page


def test_a_ranking_may_hide_everything(tmp_path, capsys):
    folder = str(tmp_path / "all")
    question = ["--candidates", "elements == O", "--electrolytes", "LLZO"]
    assert main(["screen", *question, "--out", folder]) == 0
    run = open_run(folder)
    assert set(run.results["candidate"]) == {"O2"}
    assert not len(run.ranking)
    assert "hidden: 1 volatile" in capsys.readouterr().out
