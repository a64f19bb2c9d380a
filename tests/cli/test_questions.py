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
