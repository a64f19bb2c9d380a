"""Default weights stand in one file, each with its reason; a study changes single ones."""

import json
from importlib.resources import files
from itertools import pairwise

import pytest
from pydantic import ValidationError

from interscreen.errors import InputError
from interscreen.screen.scores import LABELS
from interscreen.screen.study_file import load_study
from interscreen.screen.weights import FILE, Ranking, Weights, default_weights


def lines_of_the_file():
    return (files("interscreen") / "data" / FILE).read_text(encoding="utf-8").splitlines()


def test_file_holds_every_weight_of_the_model_and_nothing_else():
    assert set(default_weights()) == {*Weights().factors(), "tie_meV_per_atom"}


def test_defaults_are_those_of_the_file():
    assert Weights().factors() | {"tie_meV_per_atom": 10.0} == default_weights()
    assert Ranking().tie_meV_per_atom == 10.0


def test_every_weight_has_its_reason_above_it():
    lines = lines_of_the_file()
    seen = set()
    for above, line in pairwise(lines):
        name = line.strip().partition(":")[0]
        if line.strip().startswith("#") or ":" not in line or name in seen:
            continue
        seen.add(name)
        assert above.strip().startswith("#"), line
    assert set(Weights().factors()) <= seen


def test_every_weight_has_one_term():
    assert len(Weights().factors()) == len(LABELS)


def test_missing_data_cannot_decide_a_rank_by_default():
    factors = Weights().factors()
    assert factors["volume_change_meV_per_percent"] == factors["percolation_meV"] == 0.0


def test_what_a_study_does_not_name_stays_as_it_is():
    assert Weights(layer=2).factors() == Weights().factors() | {"layer": 2.0}


def test_weights_survive_the_manifest():
    ranking = Ranking(weights={"deposited": 3.5}, tie_meV_per_atom=5)
    assert Ranking.model_validate(json.loads(json.dumps(ranking.model_dump()))) == ranking


def test_weights_of_roles_are_refused_with_the_remedy():
    with pytest.raises(ValidationError, match="alloy: one score holds for every role"):
        Weights.model_validate({"alloy": {"layer": 2}})


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), True, "1"])
def test_a_weight_is_a_number_of_zero_or_more(value):
    with pytest.raises(ValidationError):
        Weights(layer=value)


def test_a_misspelled_weight_is_named_with_its_line(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        "name: s\nelectrolytes: [LLZO]\ncandidates: [Al]\nranking:\n  weights:\n    layr: 2\n"
    )
    with pytest.raises(InputError, match=r"line 6: .*layr: unknown key; did you mean layer"):
        load_study(study)
    study.write_text(study.read_text().replace("layr: 2", "layer: -2"))
    with pytest.raises(InputError, match=r"line 6: ranking\.weights\.layer: "):
        load_study(study)
    study.write_text(study.read_text().replace("layer: -2", "layer: 2.5"))
    assert load_study(study).ranking.weights.layer == 2.5
