"""Default weights stand in one file, each with its reason; a study changes single ones."""

import json
from importlib.resources import files
from itertools import pairwise

import pytest
from pydantic import ValidationError

from interscreen.errors import InputError
from interscreen.screen.scores import OPTIONAL_COLUMNS, ROLES, TERMS
from interscreen.screen.study_file import load_study
from interscreen.screen.weights import FILE, Ranking, Weights, default_weights


def lines_of_the_file():
    return (files("interscreen") / "data" / FILE).read_text(encoding="utf-8").splitlines()


def test_file_holds_every_weight_of_the_models_and_nothing_else():
    models = {role: set(factors) for role, factors in Weights().by_role().items()}
    assert tuple(models) == ROLES
    written = {key: set(v) for key, v in default_weights().items() if isinstance(v, dict)}
    assert written == models
    assert set(default_weights()) == {*ROLES, "tie_meV_per_atom"}


def test_defaults_are_those_of_the_file():
    assert Weights().by_role() == {role: default_weights()[role] for role in ROLES}
    assert Ranking().tie_meV_per_atom == default_weights()["tie_meV_per_atom"] == 10.0


def test_every_role_and_every_first_mention_of_a_weight_has_its_reason_above_it():
    lines = lines_of_the_file()
    seen = set()
    for above, line in pairwise(lines):
        name = line.strip().partition(":")[0]
        if line.strip().startswith("#") or ":" not in line or name in seen:
            continue
        seen.add(name)
        assert above.strip().startswith("#"), line
    assert {name for factors in Weights().by_role().values() for name in factors} <= seen


def test_every_weight_but_the_limits_belongs_to_one_term():
    for role, factors in Weights().by_role().items():
        assert {term.weight for term in TERMS[role]} | {"enough_meV_per_atom"} >= set(factors)
        assert len({term.label for term in TERMS[role]}) == len(TERMS[role])


def test_missing_data_cannot_decide_a_rank_by_default():
    for role, factors in Weights().by_role().items():
        optional = [term for term in TERMS[role] if term.column in OPTIONAL_COLUMNS]
        assert all(factors[term.weight] == 0 for term in optional)


def test_what_a_study_does_not_name_stays_as_it_is():
    weights = Weights(alloy={"layer": 2})
    assert weights.alloy.layer == 2.0
    assert weights.alloy.worst_product == Weights().alloy.worst_product
    assert (weights.conversion, weights.coating) == (Weights().conversion, Weights().coating)


def test_weights_survive_the_manifest():
    ranking = Ranking(weights={"coating": {"lithium": 3.5}}, tie_meV_per_atom=5)
    assert Ranking.model_validate(json.loads(json.dumps(ranking.model_dump()))) == ranking
    older = {"weights": {"conversion": {"layer": 1.0}, "coating": {}}, "tie_meV_per_atom": 10}
    assert Ranking.model_validate(older) == Ranking()  # a run from before alloys had a role


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), True, "1"])
def test_a_weight_is_a_number_of_zero_or_more(value):
    with pytest.raises(ValidationError):
        Weights(conversion={"layer": value})


def test_a_misspelled_weight_is_named_with_its_line(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        "name: s\nelectrolytes: [LLZO]\ncandidates: [Al]\n"
        "ranking:\n  weights:\n    alloy:\n      layr: 2\n"
    )
    with pytest.raises(InputError, match=r"line 7: .*layr: unknown key; did you mean layer"):
        load_study(study)
    study.write_text(study.read_text().replace("layr: 2", "layer: -2"))
    with pytest.raises(InputError, match=r"line 7: ranking\.weights\.alloy\.layer: "):
        load_study(study)
    study.write_text(study.read_text().replace("layer: -2", "layer: 2.5"))
    assert load_study(study).ranking.weights.alloy.layer == 2.5
