"""Studies: every mistake at once, each with its line."""

from pathlib import Path

import pytest

from interscreen.errors import InputError
from interscreen.screen.study import Study
from interscreen.screen.study_file import SHIPPED, default_study, load_study


def write(folder, text, name="study.yaml"):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def problems(folder, text):
    file = write(folder, text)
    with pytest.raises(InputError) as caught:
        load_study(file)
    return str(caught.value).splitlines()


GOOD = "name: s\nelectrolytes: [LLZO]\ncandidates: [CuF2]\n"


def test_shipped_study_is_the_question_of_the_readme():
    study = default_study()
    assert [entry.formula for entry in study.candidates] == ["CuF2", "CuS", "Cu3N", "AlF3"]
    assert [entry.formula for entry in study.electrolytes] == ["LLZO", "LATP", "LAGP"]
    assert study.source == "embedded"


def test_all_mistakes_come_at_once_with_their_lines(tmp_path):
    lines = problems(
        tmp_path,
        "name: x\n"
        "sourc: reference\n"
        "electrolytes: [LLZO, LATPP]\n"
        "candidates:\n"
        "  - cuf2\n"
        "  - formula: AlF3\n"
        "    rol: coating\n"
        "  - false\n"
        "  - 1.5\n"
        "  - Li-1O\n"
        "ranking: {weights: {laier: 2}}\n"
        "jobs: two\n",
    )
    file = tmp_path / "study.yaml"
    expected = {
        2: "did you mean source?",
        3: "did you mean LATP?",
        5: "did you mean CuF2",
        7: "did you mean role?",
        8: "bare NO",
        9: "1.5 is no formula",
        10: "negative amount",
        11: "did you mean layer?",
        12: "not 'two'",
    }
    assert len(lines) == len(expected)
    for line, text in expected.items():
        (found,) = [entry for entry in lines if entry.startswith(f"{file}, line {line}:")]
        assert text in found


def test_bare_no_is_nitric_oxide_and_nan_is_sodium_nitride(tmp_path):
    file = write(tmp_path, "name: s\nelectrolytes: [LLZO]\ncandidates: [NO, NaN, 'N']\n")
    assert [entry.formula for entry in load_study(file).candidates] == ["NO", "NaN", "N"]


def test_yaml_1_1_no_becomes_false_and_is_refused(tmp_path):
    (line,) = problems(
        tmp_path, "%YAML 1.1\n---\nname: s\nelectrolytes: [LLZO]\ncandidates:\n- CuF2\n- NO\n"
    )
    assert "line 7" in line
    assert "False" in line
    assert '"NO"' in line


def test_candidates_may_stand_in_a_file_of_their_own(tmp_path):
    write(tmp_path, "- CuF2\n- {formula: AlF3, name: alu}\n", "list.yaml")
    file = write(tmp_path, "name: s\nelectrolytes: [LATP]\ncandidates: list.yaml\n")
    assert [entry.label for entry in load_study(file).candidates] == ["CuF2", "alu"]


@pytest.mark.parametrize("place", ["candidates", "here/candidates"])
def test_candidates_file_is_looked_for_in_candidates(tmp_path, monkeypatch, place):
    (tmp_path / "here").mkdir()
    (tmp_path / place).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write(tmp_path / place, "- CuF2\n", "list.yaml")
    file = write(tmp_path, "name: s\nelectrolytes: [LATP]\ncandidates: list.yaml\n")
    assert [entry.label for entry in load_study(file).candidates] == ["CuF2"]


def test_mistake_in_a_candidates_file_names_that_file(tmp_path):
    write(tmp_path, "# comment\n- CuF2\n- {formula: AlF3, nam: alu}\n", "list.yaml")
    (line,) = problems(tmp_path, "name: s\nelectrolytes: [LATP]\ncandidates: list.yaml\n")
    assert line.startswith(f"{tmp_path / 'list.yaml'}, line 3:")
    assert "did you mean name?" in line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: s\nelectrolytes: [LLZO]\n", "candidates: is missing"),
        ("name: s\nelectrolytes: []\ncandidates: [CuF2]\n", "line 2"),
        (GOOD + "anode: Na\n", "line 4: anode"),
        (GOOD + "jobs: true\n", "jobs"),
        (GOOD + "name: t\n", "line 4"),
        ("- CuF2\n", "mapping"),
        ("name: [\n", "not readable as YAML"),
        ("name: s\nelectrolytes: [LLZO]\ncandidates: none.yaml\n", "no such file"),
        ("name: s\nelectrolytes: [LLZO]\ncandidates: [CuF2, AlF3, CuF2]\n", "already"),
        ("name: a/b\nelectrolytes: [LLZO]\ncandidates: [CuF2]\n", "name"),
        (GOOD + "ranking: {tie_meV_per_atom: -1}\n", "line 4: ranking.tie_meV_per_atom"),
        (
            "name: s\nelectrolytes: [LLZO]\ncandidates:\n- {formula: CuF2, energy_eV_per_atom: 0, "
            "energy_above_hull_eV_per_atom: 0.1}\n",
            "line 4",
        ),
    ],
)
def test_bad_studies_are_refused(tmp_path, text, message):
    assert message in "\n".join(problems(tmp_path, text))


def test_missing_study_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        load_study(tmp_path / "nowhere.yaml")


def test_table_path_is_relative_to_the_study(tmp_path):
    file = write(tmp_path, GOOD + "source: table.csv\n")
    assert load_study(file).source == str(tmp_path / "table.csv")


def test_study_can_be_built_in_python():
    study = Study(name="s", electrolytes=["LATP"], candidates=["CuF2", {"formula": "LiF"}])
    assert [entry.label for entry in study.candidates] == ["CuF2", "LiF"]


@pytest.mark.parametrize("name", ["demo", "library", "seeds"])
def test_shipped_studies_are_known_by_their_names(name):
    study = load_study(name)
    assert study.name == name
    assert study.folder == Path("reports") / name
    assert load_study(SHIPPED[name]) == study
    assert list(SHIPPED) == ["demo", "library", "seeds"]


def test_a_name_that_is_neither_a_file_nor_shipped_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_study("libary")
    assert str(caught.value) == (
        "study 'libary': no such file, and no shipped study (demo, library, seeds); did you mean "
        "library?"
    )
    write(tmp_path, GOOD, "demo")  # a path names the file where a name names the shipped one
    assert load_study("./demo").name == load_study(Path("demo")).name == "s"
    assert load_study("demo").name == "demo"


def test_a_study_of_ones_own_takes_a_shipped_list(tmp_path):
    found = load_study(write(tmp_path, "name: s\nelectrolytes: [LGPS]\ncandidates: library\n"))
    assert found.candidates == load_study("library").candidates
    (line,) = problems(tmp_path, "name: s\nelectrolytes: [LGPS]\ncandidates: libary\n")
    assert "line 3: candidates: no such file" in line
    assert line.endswith("and no shipped study (demo, library, seeds)")


def test_a_series_is_an_entry_for_each_x(tmp_path):
    study = load_study(
        write(
            tmp_path,
            "name: s\n"
            "electrolytes:\n"
            '  - {formula: "Li{7-3x}Al{x}La3Zr2O12", x: 0..0.3, points: 4, name: A}\n'
            "candidates:\n  - {formula: Cu + x LiF, x: 1..2, points: 3, route: molten}\n"
            "  - 80 wt% C + 20 wt% LLZTO\n  - '2 LiF : LaF3'\n",
        )
    )
    assert [entry.label for entry in study.candidates] == [
        "Cu + LiF", "Cu + 1.5 LiF", "Cu + 2 LiF", "80 wt% C + 20 wt% LLZTO", "2 LiF : LaF3",
    ]  # fmt: skip
    assert [entry.route for entry in study.candidates[:4]] == ["molten"] * 3 + ["auto"]
    assert [entry.label for entry in study.electrolytes] == [
        "A, x = 0", "A, x = 0.1", "A, x = 0.2", "A, x = 0.3",
    ]  # fmt: skip
    assert study.electrolytes[3].formula == "Li6.1Al0.3La3Zr2O12"
    assert Study.model_validate(study.model_dump()) == study
    same = Study(
        name="s", electrolytes=["LATP"], candidates=[{"formula": "Cu + x LiF", "x": "1..2"}]
    )
    assert len(same.candidates) == 5


def test_mistakes_in_a_series_have_their_lines(tmp_path):
    assert problems(
        tmp_path,
        "name: bad\nelectrolytes: [LATP]\ncandidates:\n"
        "  - 2 LiF : LaF3\n"
        "  - Cu + x LiF\n"
        "  - {formula: CuF2, x: 0..1}\n"
        '  - {formula: "Li{3-5x}N", x: 0..1}\n'
        "  - {formula: Cu + x LiF, x: 4..1}\n",
    ) == [
        f"{tmp_path / 'study.yaml'}, line {line}: candidates: {message}"
        for line, message in [
            (4, "2 LiF: LaF3 is a mapping in YAML; write '2 LiF : LaF3' in quotes"),
            (5, "Cu + x LiF: a series; give the range of x, as x: 0..4"),
            (6, "CuF2: no x in it; write 'Cu + x LiF' or 'Li{7-3x}Al{x}La3Zr2O12'"),
            (7, "Li{3-5x}N: {3-5x} is -0.75 at x = 0.75"),
            (8, "x 4..1: write a range upwards from 0 or more, as 0..4"),
        ]
    ]


def test_what_a_series_repeats_is_told_with_both_lines(tmp_path):
    assert problems(
        tmp_path,
        "name: bad\nelectrolytes: [LATP]\ncandidates:\n"
        "  - {formula: Cu + x LiF, x: 0..4}\n  - CuF2\n  - Cu + 2 LiF\n",
    ) == [
        f"{tmp_path / 'study.yaml'}, line 6: candidates: Cu + 2 LiF stands on line 4 already; "
        "remove one or give it another name"
    ]
