"""What a study says about its source: run family, filters, entries of the user's own."""

from __future__ import annotations

import csv
import hashlib
import json

import click
import pytest

from interscreen.cli.main import main
from interscreen.cli.source import source_options
from interscreen.errors import InputError
from interscreen.phases.filters import Filters
from interscreen.screen.study import Study
from interscreen.screen.study_file import default_study, load_study
from interscreen.sources.open import SourceOptions

GOOD = "name: s\nelectrolytes: [LLZO]\ncandidates: [CuF2]\n"  # the next line is line 4
FILTERS = """\
filters:
  theoretical: false
  banned: [LiCu3, mp-1234]
  max_energy_above_hull_eV_per_atom: 0.1
  min_stability_eV_per_atom: 0.02
  licences: [BY-C]
"""


@pytest.fixture
def study(tmp_path):
    def load(more, head=GOOD):
        file = tmp_path / "study.yaml"
        file.write_text(head + more, encoding="utf-8")
        return load_study(file)

    return load


def problems(study, more):
    with pytest.raises(InputError) as caught:
        study(more)
    return str(caught.value).splitlines()


# -- what a study may say ------------------------


def test_a_study_says_nothing_about_its_source_by_default(study):
    found = study("")
    assert found.source == ""
    assert found.source_options == SourceOptions()
    assert not found.filters.active
    assert default_study().source_options == SourceOptions()


def test_all_filters_are_read(study):
    found = study(FILTERS)
    assert found.filters == Filters(
        theoretical=False,
        banned=("LiCu3", "mp-1234"),
        max_energy_above_hull_eV_per_atom=0.1,
        min_stability_eV_per_atom=0.02,
        licences=("BY-C",),
    )
    assert found.source_options.filters == found.filters
    dumped = json.loads(json.dumps(found.model_dump(mode="json")))
    assert Filters(**dumped["filters"]) == found.filters
    assert Study(**dumped) == found


def test_a_bare_NO_among_the_banned_phases_is_nitric_oxide(study):
    assert study("filters: {banned: [NO, NaN, 'Y', off]}\n").filters.banned == (
        "NO", "NaN", "Y", "off",
    )  # fmt: skip


def test_a_NO_that_became_a_truth_value_is_refused(study):
    (line,) = problems(
        lambda more: study(more, head=f"%YAML 1.1\n---\n{GOOD}"), "filters:\n  banned: [NO]\n"
    )
    assert "study.yaml, line 7: filters.banned" in line
    assert "False" in line


def test_source_and_database_and_family_are_read(study):
    found = study("source: mp\nthermo_type: R2SCAN\ndatabase: 2026.10.1\n")
    assert found.source == "mp"
    assert found.source_options == SourceOptions(thermo_type="R2SCAN", database="2026.10.1")


@pytest.mark.parametrize("source", ["embedded", "reference", "mp"])
def test_names_of_sources_are_no_paths(study, source):
    assert study(f"source: {source}\n").source == source


def test_files_are_relative_to_the_study(study, tmp_path):
    found = study("source: data/table.csv\nadd: [own.json, ../b.csv, /data/c.csv]\n")
    assert found.source == str(tmp_path / "data/table.csv")
    assert found.add == [str(tmp_path / "own.json"), str(tmp_path / "../b.csv"), "/data/c.csv"]
    assert found.source_options.add == tuple(found.add)


def test_element_sets_are_those_of_every_stack(study):
    head = (
        "name: s\nelectrolytes: [Li3PS4, Li7La3Zr2O12]\n"
        "candidates: [CuF2, {formula: Cu + 2 LiF, name: made}, Li3N]\n"
    )
    found = study("", head=head).element_sets
    assert found == [
        frozenset("Li Cu F P S".split()),
        frozenset("Li Cu F La Zr O".split()),
        frozenset("Li N P S".split()),
        frozenset("Li N La Zr O".split()),
    ]


def test_element_sets_of_two_by_two_hold_lithium_even_where_nothing_else_does():
    found = Study(name="s", electrolytes=["LLZO", "LATP"], candidates=["CuF2", "ZnO"]).element_sets
    assert len(found) == 4
    assert all("Li" in elements for elements in found)
    assert frozenset("Li Zn O La Zr".split()) in found
    assert frozenset("Li Cu F Al Ti P O".split()) in found
    no_lithium = Study(name="s", electrolytes=["ZrO2"], candidates=["CuF2"]).element_sets
    assert no_lithium == [frozenset({"Li", "Cu", "F", "Zr", "O"})]


# -- what it may not say ------------------------


@pytest.mark.parametrize(
    ("block", "line", "says"),
    [
        ("filters: {theoreticl: false}\n", 4, "did you mean theoretical?"),
        ("filters:\n  banned: [LiCu3]\n  band: [LiCu3]\n", 6, "did you mean banned?"),
        (
            "filters:\n  min_stability: 0.01\n",
            5,
            "filters.min_stability: unknown key; did you mean min_stability_eV_per_atom?",
        ),
        ("filters:\n  colour: red\n", 5, "max_energy_above_hull_eV_per_atom"),
        ("filters: LiCu3\n", 4, "not 'LiCu3'"),
        ("filters: []\n", 4, "filters: "),
        ("filters:\n  theoretical: perhaps\n", 5, "not 'perhaps'"),
        ("filters:\n  banned: LiCu3\n", 5, "not 'LiCu3'"),
        ("filters:\n  banned: [1]\n", 5, "not 1"),
        ("filters:\n  licences: {BY-C: 1}\n", 5, "filters.licences"),
        ("filters:\n  min_stability_eV_per_atom: low\n", 5, "not 'low'"),
        ("filters: {min_stability_eV_per_atom: 10}\n", 4, "meV/atom? Then write 0.01"),
        ("filters: {min_stability_eV_per_atom: yes}\n", 4, "filters"),
        ("filters: {min_stability_eV_per_atom: true}\n", 4, "min_stability_eV_per_atom"),
        ("filters: {min_stability_eV_per_atom: '0.05'}\n", 4, "'0.05' is no number"),
        ("filters: {min_stability_eV_per_atom: false}\n", 4, "False is no number"),
        ("filters: {max_energy_above_hull_eV_per_atom: -0.1}\n", 4, "zero or more"),
        ("filters: {max_energy_above_hull_eV_per_atom: .nan}\n", 4, "zero or more"),
        ("add: own.json\n", 4, "add: "),
        ("add:\n- own.json\n- 3\n", 6, "not 3"),
        ("thermo_type: 2\n", 4, "thermo_type: "),
        ("filter: {theoretical: false}\n", 4, "did you mean filters?"),
    ],
)
def test_a_mistake_is_named_with_its_line(study, tmp_path, block, line, says):
    (found,) = problems(study, block)
    assert found.startswith(f"{tmp_path / 'study.yaml'}, line {line}: ")
    assert says in found


def test_a_mistake_in_the_filters_comes_along_with_the_others(study):
    found = problems(study, "filters:\n  banned: [LiCu3]\n  theoreticl: false\nsourc: mp\n")
    assert [line.partition(": ")[0][-6:] for line in found] == ["line 6", "line 7"]


# -- the command line on top of it ------------------------


@click.command()
@source_options
def chosen(choice):
    return choice


def from_command(*flags, study=None):
    return chosen.main(flags, standalone_mode=False).options(study)


def test_without_flags_the_choices_of_the_study_hold(study):
    found = study(FILTERS + "add: [own.csv]\nthermo_type: R2SCAN\nall_phases: true\n")
    assert from_command(study=found.source_options) == found.source_options


def test_flags_come_on_top_of_the_choices_of_the_study(study, tmp_path):
    options = study(FILTERS + "add: [own.csv]\nthermo_type: R2SCAN\n").source_options
    found = from_command(
        "--ban", "Li3Cu", "--ban", "LiCu3", "--min-stability", "0", "--licence", "BY-NC",
        "--add", "more.json", "--thermo-type", "GGA_GGA+U", "--database", "2026.10.1", "--offline",
        "--all-phases", study=options,
    )  # fmt: skip
    assert found.filters == Filters(
        theoretical=False,
        banned=("LiCu3", "mp-1234", "Li3Cu"),
        max_energy_above_hull_eV_per_atom=0.1,
        min_stability_eV_per_atom=0.0,
        licences=("BY-C", "BY-NC"),
    )
    assert found.add == (str(tmp_path / "own.csv"), "more.json")
    assert (found.thermo_type, found.database) == ("GGA_GGA+U", "2026.10.1")
    assert found.offline
    assert found.all_phases
    assert from_command("--no-theoretical", "--max-above-hull", "0.2").filters == Filters(
        theoretical=False, max_energy_above_hull_eV_per_atom=0.2
    )


def test_a_question_has_the_choices_of_its_flags_alone():
    assert from_command("--ban", "Zr4O") == SourceOptions(filters=Filters(banned=("Zr4O",)))


def test_a_resolved_study_carries_the_choices_that_were_made(study):
    options = SourceOptions(
        thermo_type="R2SCAN", database="2026.10.1", filters=Filters(banned=("LiCu3",)),
        add=("own.csv",), all_phases=True,
    )  # fmt: skip
    resolved = study("").with_source("mp", options)
    assert resolved.source == "mp"
    assert resolved.source_options == options
    assert resolved.candidates == study("").candidates


# -- a screen with choices ------------------------

TABLE = (
    "id,formula,formation_energy_eV_per_atom,theoretical\n"
    "a,Li,0,no\nb,Cu,0,no\nc,F2,0,no\nd,LiF,-3.0,no\ne,CuF2,-1.8,no\nf,LiCu3,-0.034,yes\n"
    "g,S,0,no\nh,Li2S,-1.5,no\ni,CuS,-0.5,no\n"
)
SCREEN = "name: s\nsource: table.csv\nelectrolytes: [Li2S]\ncandidates: [CuF2]\n"


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    """Manifest and results of a screen without choices, and of one with some."""
    folder = tmp_path_factory.mktemp("screens")
    (folder / "table.csv").write_text(TABLE)
    (folder / "own.csv").write_text("id,formula,e_form\nmy-1,LiCuS,-1.2\n")
    (folder / "plain.yaml").write_text(SCREEN)
    (folder / "chosen.yaml").write_text(
        SCREEN + "filters:\n  theoretical: false\n  banned: [Cu3Li]\nadd: [own.csv]\n"
    )
    found = {}
    for name, flags in (("plain", []), ("chosen", ["--ban", "CuS", "--max-above-hull", "0.2"])):
        out = folder / name
        study = str(folder / f"{name}.yaml")
        assert main(["screen", study, "--out", str(out), "--quiet", *flags]) == 0
        with (out / "lithiation.csv").open(newline="", encoding="utf-8") as stream:
            steps = list(csv.DictReader(stream))
        with (out / "reactions.csv").open(newline="", encoding="utf-8") as stream:
            reactions = list(csv.DictReader(stream))
        found[name] = (json.loads((out / "manifest.json").read_text()), steps, reactions)
    return folder, found


def test_a_manifest_says_what_was_left_out_and_added(screens):
    folder, found = screens
    manifest = found["chosen"][0]
    filters = {
        "theoretical": False,
        "banned": ["Cu3Li", "CuS"],
        "max_energy_above_hull_eV_per_atom": 0.2,
    }
    assert manifest["source"]["filters"] == filters
    (added,) = manifest["source"]["added_entries"]
    own = (folder / "own.csv").read_bytes()
    assert added["sha256"] == hashlib.sha256(own).hexdigest()
    assert added["file"] == str(folder / "own.csv")
    assert (added["entries"], added["formulas"], added["ids"]) == (1, ["LiCuS"], ["my-1"])
    assert manifest["source"]["sha256"] == hashlib.sha256(TABLE.encode()).hexdigest()
    for part in ("no theoretical phases", "without Cu3Li, CuS", "at most 200 meV/atom", "own.csv"):
        assert part in manifest["source"]["source_label"]
    assert Filters(**manifest["study"]["filters"]) == Filters(**filters)
    assert manifest["study"]["add"] == [str(folder / "own.csv")]
    assert sorted(manifest["phases_left_out_of_the_source"]) == ["CuS", "LiCu3"]
    assert "LiCu3" in manifest["left_out_phases"]
    assert "--max-above-hull 0.2" in manifest["command"]


def test_a_manifest_without_choices_says_so(screens):
    manifest = screens[1]["plain"][0]
    assert manifest["source"]["filters"] == {}
    assert manifest["source"]["added_entries"] == []
    assert manifest["phases_left_out_of_the_source"] == ["LiCu3"]  # a known artefact
    assert not Filters(**manifest["study"]["filters"]).active
    assert manifest["study"]["add"] == []


def test_results_differ_as_the_choices_do(screens):
    plain, chosen = screens[1]["plain"], screens[1]["chosen"]
    for run in (plain, chosen):  # LiCu3, a known artefact, counts in neither
        assert [step["products"] for step in run[1]] == ["Cu + 2 LiF"]
    # CuF2 and Li2S form CuS, and without CuS what the user added: LiCuS
    found = [
        (row["equation"], float(row["mutual_energy_eV_per_atom"]))
        for rows in (plain[2], chosen[2])
        for row in rows
        if row["contact"] == "CuF2 | Li2S" and row["is_minimum"] == "True"
    ]
    (before, energy), (after, other) = found
    assert before == "CuF2 + Li2S -> 2 LiF + CuS"
    assert energy == pytest.approx((2 * -0.5 + 4 * -3.0 - 3 * -1.8 - 3 * -1.5) / 6, abs=1e-9)
    assert after == "2 CuF2 + 3 Li2S -> 4 LiF + 2 LiCuS + S"
    assert other == pytest.approx((6 * -1.2 + 8 * -3.0 - 6 * -1.8 - 9 * -1.5) / 15, abs=1e-9)


def test_a_study_that_states_the_wrong_family_is_refused(tmp_path, capsys):
    lines = [f"{line},R2SCAN" for line in TABLE.splitlines()]
    text = "\n".join(lines).replace("theoretical,R2SCAN", "theoretical,thermo_type")
    (tmp_path / "table.csv").write_text(text + "\n")
    (tmp_path / "s.yaml").write_text(SCREEN + "thermo_type: GGA_GGA+U\n")
    assert main(["screen", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "thermo type GGA_GGA+U" in error
    assert "is R2SCAN" in error
    assert not (tmp_path / "out").exists()


def test_a_check_opens_the_source_with_the_choices(tmp_path, capsys):
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "s.yaml").write_text(SCREEN + "filters: {banned: [licu3]}\n")
    assert main(["screen", str(tmp_path / "s.yaml"), "--check"]) == 2
    assert "did you mean LiCu3" in capsys.readouterr().err
    assert main(["screen", str(tmp_path / "s.yaml"), "--check", "--ban", "LiCu3"]) == 2
    (tmp_path / "s.yaml").write_text(SCREEN + "filters: {banned: [LiCu3]}\n")
    assert main(["screen", str(tmp_path / "s.yaml"), "--check"]) == 0
    captured = capsys.readouterr()
    assert "1 candidate x 1 electrolyte" in captured.out
    assert "phases: without LiCu3" in captured.err


def test_a_study_counts_a_known_artefact(tmp_path, capsys):
    (tmp_path / "table.csv").write_text(TABLE)
    study = tmp_path / "s.yaml"
    study.write_text(SCREEN + "filters: {keep: [licu3]}\n")
    assert main(["screen", str(study), "--check"]) == 2
    assert "kept: 'licu3' is no identifier" in capsys.readouterr().err
    study.write_text(SCREEN + "filters: {keep: [LiCu3]}\n")
    assert load_study(study).filters == Filters(kept=("LiCu3",))
    assert main(["screen", str(study), "--out", str(tmp_path / "out")]) == 0
    assert "phases: LiCu3 counted" in capsys.readouterr().err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["source"]["filters"] == {"kept": ["LiCu3"]}
    assert "LiCu3" not in manifest["left_out_phases"]
    assert "LiCu3 counted" in manifest["source"]["source_label"]
