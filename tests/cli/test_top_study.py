"""From the best of a run to a study of them."""

import json

import pytest

from interscreen import open_run
from interscreen.cli.best import write_study
from interscreen.cli.main import main
from interscreen.errors import InputError, OutputError
from interscreen.screen.study import Study
from interscreen.screen.study_file import load_study


def run_of(folder, **study):
    """A run of which only the manifest is looked at."""
    (folder / "results.csv").touch()
    given = Study.model_validate(
        {"name": "all", "electrolytes": ["LATP"], "candidates": ["CuF2"], **study}
    )
    (folder / "manifest.json").write_text(json.dumps({"study": given.model_dump(mode="json")}))
    return open_run(folder), given


def test_the_study_asks_the_same_source_the_same_way(tmp_path):
    own = tmp_path / "own.csv"
    run, given = run_of(
        tmp_path,
        source="table.csv",
        filters={"theoretical": False, "banned": ["LiCu3"]},
        add=[str(own)],
        electrolytes=["LLZO", {"formula": "LATP", "energy_above_hull_eV_per_atom": 0.03}],
        ranking={"weights": {"deposited": 0.5}, "tie_meV_per_atom": 5},
        candidates=["CuF2", {"formula": "Cu + 2 LiF", "name": "layer", "role": "conversion"}],
    )
    path = tmp_path / "best.yaml"
    write_study(run, ["layer", "NO", "CuS"], path)
    found = load_study(path)
    assert found.name == "best"
    assert found.filters == given.filters
    assert found.ranking == given.ranking
    assert found.electrolytes == given.electrolytes
    assert found.add == [str(own)]
    assert found.source.endswith("table.csv")
    assert [entry.label for entry in found.candidates] == ["layer", "NO", "CuS"]
    assert found.candidates[0] == given.candidates[1]
    assert "worst_product" not in path.read_text()  # what has its default is not repeated


def test_what_cannot_be_a_study_is_a_line(tmp_path):
    run, _ = run_of(tmp_path)
    with pytest.raises(InputError, match=r"must be \.yaml"):
        write_study(run, ["CuF2"], tmp_path / "best.txt")
    with pytest.raises(InputError, match="no candidate fits"):
        write_study(run, [], tmp_path / "best.yaml")
    with pytest.raises(OutputError, match="cannot be written"):
        write_study(run, ["CuF2"], tmp_path / "nowhere" / "best.yaml")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="run the screen again"):
        write_study(open_run(tmp_path), ["CuF2"], tmp_path / "best.yaml")
    assert not (tmp_path / "best.yaml").exists()


@pytest.mark.proof
def test_the_command_writes_a_study_that_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    query = ("--candidates", "anion=fluoride,n_elements=2", "--electrolytes", "LATP")
    assert main(["screen", "--source", "reference", *query, "--out", "all"]) == 0
    assert main(["top", "all", "--count", "3", "--study", "best.yaml"]) == 0
    capsys.readouterr()
    assert main(["screen", "best.yaml", "--check"]) == 0
    assert "3 candidates x 1 electrolyte" in capsys.readouterr().out
