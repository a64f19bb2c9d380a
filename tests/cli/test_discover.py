"""interscreen discover: rules, the run, and what it names."""

import json

import pytest

from interscreen.cli.main import main
from interscreen.errors import InputError
from interscreen.screen.discover import RULES, discovery


def test_the_rules_come_first_and_what_is_asked_behind_them():
    study = discovery(
        ["LATP"], cathodes=["LiCoO2"], exclude=["toxic", "Ag", "hygroscopic"], max_elements=3,
        conditions="anion == fluoride",
    )  # fmt: skip
    assert study.query.where == " and ".join(
        [rule for rule, _ in RULES]
        + ["not elements has toxic", "not elements has Ag", "not hygroscopic", "n_elements <= 3"]
        + ["(anion == fluoride)"]
    )
    assert [entry.formula for entry in study.cathodes] == ["LiCoO2"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"exclude": ["toxc"]}, "--exclude toxc: no element and no list; did you mean toxic"),
        ({"max_elements": 0}, "--max-elements 0: use 1 or more"),
    ],
)
def test_a_slip_is_one_line(asked, message):
    with pytest.raises(InputError, match=message):
        discovery(["LATP"], **asked)


def test_discover_names_what_was_measured_and_what_nobody_tried(tmp_path, capsys):
    words = ["discover", "LATP", "--source", "embedded", "--conditions", "elements has F",
             "--max-elements", "2", "--count", "3", "--out", str(tmp_path / "run")]  # fmt: skip
    assert main([*words, "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = list(found["counts"].values())
    assert counts == sorted(counts, reverse=True)
    assert counts[1] < 5000 < counts[0]
    rows = {row["candidate"]: row for row in found["candidates"]["LATP"]}
    assert rows["CuF2"]["measured"] == "on LATP"
    assert rows["CuF2"]["references"] == ["10.1039/d3sc06347j"]
    assert rows["LiF"]["measured"] == "elsewhere"
    assert {row["measured"] for row in rows.values()} >= {"no cell known"}
    low, high = (rows["CuF2"][f"{end}_meV_per_atom"] for end in ("low", "high"))
    assert low < high <= 0.0
    assert found["bare_meV_per_atom"]["LATP"] < -600
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Sorted out" in page
    assert main([*words, "--quiet"]) == 0  # the finished run is told again
    text = capsys.readouterr().out
    assert "that somebody has made" in text
    assert all(len(line) <= 80 for line in text.splitlines())
