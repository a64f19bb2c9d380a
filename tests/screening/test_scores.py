"""The score over whole columns is the score of each row; places follow from scores alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen.screening.ranking import Ranking, Weights, _order, role_of, score_terms
from interscreen.screening.runner import run_study
from interscreen.screening.scores import (
    SCORE_COLUMNS,
    ranks,
    role_columns,
    role_terms,
    score_columns,
)
from interscreen.screening.study import Study

OTHER = Weights(
    conversion={"layer": 0.7, "worst_product": 0.0, "deposited": 1.3, "bridge_meV_per_V": 33.0,
                "driving_force": 0.4, "enough_meV_per_atom": 250.0},
    coating={"lithium": 2.0, "deposited": 0.1, "bridge_meV_per_V": 7.0},
)  # fmt: skip


def random_rows(seed, n=2000):
    rng = np.random.default_rng(seed)
    columns = {name: -rng.exponential(0.1, n) for name in SCORE_COLUMNS[:4]}
    columns["bridge_margin_V"] = rng.normal(0.0, 1.0, n)
    # around the limit of the roles, and exactly on it
    columns["lithium_mutual_eV_per_atom"][: n // 4] = -0.01 + rng.normal(0.0, 0.002, n // 4)
    columns["lithium_mutual_eV_per_atom"][:3] = -0.01, 0.0, -0.0
    columns["bridge_margin_V"][3:6] = 0.0, -0.0, 5.0
    return columns


def one_by_one(columns, weights, roles):
    total = []
    for i, role in enumerate(roles):
        row = {name: values[i] for name, values in columns.items()} | {"role": role}
        total.append(sum(score_terms(row, weights).values()))
    return np.array(total)


@pytest.mark.parametrize("weights", [Weights(), OTHER], ids=["default", "others"])
def test_score_of_columns_is_the_score_of_each_row(weights):
    columns = random_rows(1)
    roles = [role_of(value) for value in columns["lithium_mutual_eV_per_atom"]]
    assert {"conversion", "coating"} == set(roles)
    found = score_columns(columns, weights)
    np.testing.assert_allclose(found, one_by_one(columns, weights, roles), rtol=0, atol=1e-9)


def test_roles_that_a_study_sets_count():
    columns = random_rows(2, 100)
    roles = ["coating" if i % 2 else "conversion" for i in range(100)]
    np.testing.assert_allclose(
        score_columns(columns, OTHER, roles), one_by_one(columns, OTHER, roles), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("role", ["conversion", "coating"])
def test_terms_have_the_names_and_values_of_the_single_row(role):
    columns = random_rows(3, 50)
    terms = role_terms(role, columns, OTHER)
    for i in range(50):
        row = {name: values[i] for name, values in columns.items()} | {"role": role}
        single = score_terms(row, OTHER)
        assert list(single) == list(terms)
        assert single == {name: float(values[i]) for name, values in terms.items()}


def test_terms_of_one_row_are_numbers_too():
    row = dict.fromkeys(SCORE_COLUMNS, -0.07)
    found = role_terms("conversion", row, Weights())
    assert float(found["driving force"]) == pytest.approx(-30)


def test_score_of_real_rows_is_that_of_the_ranking(reference):
    study = Study(
        name="s",
        electrolytes=["LLZO", "LATP"],
        candidates=["CuF2", "CuS", "AlF3", "LiF", "Li2O", "Al2O3", "Li3N", "Cu", "TaF5"],
    )
    screen = run_study(study, reference)
    rows = screen.results
    columns = {name: rows[name].to_numpy(dtype=float) for name in SCORE_COLUMNS}
    found = dict(
        zip(
            zip(rows["candidate"], rows["electrolyte"], strict=True),
            score_columns(columns, study.ranking.weights),
            strict=True,
        )
    )
    ranked = screen.ranking[screen.ranking["electrolyte"] != "overall"]
    assert len(ranked) == len(found) == 18
    for row in ranked.to_dict("records"):
        mine = found[row["candidate"], row["electrolyte"]]
        if row["status"] == "failed":
            assert np.isnan(mine)
        else:
            assert mine == pytest.approx(row["score_meV_per_atom"], rel=0, abs=1e-9)


def test_roles_of_columns_are_the_roles_of_each_row():
    lithium = random_rows(4)["lithium_mutual_eV_per_atom"]
    assert list(role_columns(lithium)) == [role_of(value) for value in lithium]


def test_failed_row_has_no_role_and_no_score():
    columns = random_rows(5, 8)
    columns = {name: np.where(np.arange(8) == 0, np.nan, v) for name, v in columns.items()}
    assert list(np.isnan(score_columns(columns, Weights()))) == [True] + [False] * 7
    assert role_columns([np.nan, -1.0])[0] == ""


def test_missing_number_that_a_role_needs_is_no_score_and_one_it_does_not_need_is_nothing():
    row = {name: np.array([-0.5, -0.001]) for name in SCORE_COLUMNS}  # conversion, coating
    row["layer_mutual_eV_per_atom"] = np.array([np.nan, np.nan])
    assert list(np.isnan(score_columns(row, Weights()))) == [True, False]


def test_no_rows_have_no_scores():
    assert score_columns({name: np.zeros(0) for name in SCORE_COLUMNS}, Weights()).shape == (0,)


# -- places -------------------------------------------------------------------------------------


def by_ranking(scores, tie):
    """Rank and tie of each score as ``ranking.py`` gives them."""
    block = [
        {"candidate": str(i), "status": "ok", "score_meV_per_atom": float(score)}
        for i, score in enumerate(scores)
    ]
    for row in _order(block, tie):
        assert "rank" in row
    return [row["rank"] for row in block], [bool(row["tied_with"]) for row in block]


def test_places_are_those_of_the_ranking():
    rng = np.random.default_rng(6)
    for n, tie in [(1, 10.0), (2, 10.0), (300, 10.0), (300, 0.0), (300, 0.5), (50, 1e6)]:
        scores = np.round(-rng.exponential(100.0, n), 1)  # rounded: many equal and at the limit
        rank, tied = ranks(scores, tie)
        assert (rank.tolist(), tied.tolist()) == by_ranking(scores, tie)


@given(
    st.lists(st.one_of(st.integers(-30, 0).map(float), st.floats(-40, 0)), max_size=25),
    st.one_of(st.integers(0, 12).map(float), st.floats(0, 15)),
)
def test_places_of_any_scores_are_those_of_the_ranking(scores, tie):
    rank, tied = ranks(scores, tie)
    assert (rank.tolist(), tied.tolist()) == by_ranking(scores, tie)


def test_rows_without_a_score_have_no_place_and_change_none():
    rank, tied = ranks([-5.0, np.nan, -7.0, -40.0, np.nan], Ranking().tie_meV_per_atom)
    assert rank.tolist() == [1, 0, 1, 3, 0]
    assert tied.tolist() == [True, False, True, False, False]
    rank, tied = ranks([np.nan], 10.0)
    assert (rank.tolist(), tied.tolist()) == ([0], [False])
    assert ranks([], 10.0)[0].shape == (0,)
