"""Recorded answers of the command line stay what they were, but for their provenance."""

import json
from pathlib import Path

import pytest

from interscreen.cli.main import main

RECORDED = json.loads(
    (Path(__file__).parents[1] / "golden" / "questions.json").read_text(encoding="utf-8")
)


def assert_same(found, recorded, place="answer"):
    if isinstance(recorded, dict):
        assert set(recorded) - {"provenance"} <= set(found), place
        for key, value in recorded.items():
            if key != "provenance":
                assert_same(found[key], value, f"{place}.{key}")
    elif isinstance(recorded, list):
        assert len(found) == len(recorded), place
        for number, (one, other) in enumerate(zip(found, recorded, strict=True)):
            assert_same(one, other, f"{place}[{number}]")
    elif isinstance(recorded, float):
        assert found == pytest.approx(recorded, abs=1e-9), place
    else:
        assert found == recorded, place


@pytest.mark.parametrize("question", RECORDED, ids=lambda q: " ".join(q["arguments"][:3]))
def test_the_answer_is_the_recorded_one(question, capsys, request):
    arguments = question["arguments"]
    if "{full}" in arguments:
        full = str(request.getfixturevalue("full_csv"))
        arguments = [full if argument == "{full}" else argument for argument in arguments]
    assert main(arguments) == question["exit_code"]
    assert_same(json.loads(capsys.readouterr().out), question["answer"])


def test_energies_anchored_and_error_bars(capsys):
    """BiF3 on the measured scale: 3.21 V to Bi, and its alloys with Li below."""
    arguments = ["lithiate", "BiF3", "--energies", "anchored", "--samples", "200", "--json"]
    assert main([*arguments, "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    bar = found["uncertainty"]["average_voltage_V"]
    assert bar["low"] < found["average_voltage_V"] < bar["high"]
    assert bar["standard_deviation"] < 0.1
    assert found["provenance"]["energies"] == "anchored"
    assert found["anchors"]["BiF3"] == {"BiF3": 1.0}
    main_step = max(found["steps"], key=lambda step: step["voltage_V"] > 2.5)
    assert main_step["voltage_V"] == pytest.approx(3.2, abs=0.2)


def test_a_set_energy_is_said_and_used(capsys):
    assert main(["window", "BiF3", "--set", "BiF3=-838kJ/mol@298K"]) == 0
    captured = capsys.readouterr()
    assert "set BiF3=-838kJ/mol@298K: in place of the source's energy" in captured.err
    assert "-2.1713 eV/atom" in captured.out
    assert main(["window", "BiF3", "--set", "BiF3=-838eV/atom"]) == 2
    assert "if it is in kJ/mol" in capsys.readouterr().err


def test_a_stack_names_its_source_behind_everything_it_says(capsys):
    assert main(["stack", "CuF2", "LLZO", "--potential", "2", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    source = next(n for n, line in enumerate(lines) if line.startswith("  source: "))
    for begins in ("  score = ", "  on the way to Li", "  at 2 V the layer is"):
        assert any(line.startswith(begins) for line in lines[:source]), begins
        assert not any(line.startswith(begins) for line in lines[source:]), begins
