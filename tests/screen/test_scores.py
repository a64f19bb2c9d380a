"""The score over whole columns is the score of each row; places follow from scores alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen.answers.stacks import stacks
from interscreen.phases.material import Material
from interscreen.screen.places import rank_matrix, ranks
from interscreen.screen.run import run_study
from interscreen.screen.scores import (
    ROLES,
    SCORE_COLUMNS,
    missing_numbers,
    role_columns,
    role_terms,
    score_columns,
)
from interscreen.screen.study import Study
from interscreen.screen.tables import results_table
from interscreen.screen.weights import Ranking, Weights

OTHER = Weights(
    conversion={"layer": 0.7, "worst_product": 0.0, "deposited": 1.3, "bridge_meV_per_V": 33.0,
                "driving_force": 0.4, "enough_meV_per_atom": 250.0},
    alloy={"layer": 0.9, "worst_product": 0.2, "bridge_meV_per_V": 5.0, "driving_force": 0.7,
           "enough_meV_per_atom": 90.0},
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
    return columns, rng.random(n) < 0.6


def one_by_one(columns, weights, roles):
    total = []
    for i, role in enumerate(roles):
        row = {name: values[i] for name, values in columns.items()}
        total.append(sum(role_terms(role, row, weights.by_role()[role]).values()))
    return np.array(total)


@pytest.mark.parametrize("weights", [Weights(), OTHER], ids=["default", "others"])
def test_score_of_columns_is_the_score_of_each_row(weights):
    columns, has_salt = random_rows(1)
    lithium = columns["lithium_mutual_eV_per_atom"]
    roles = role_columns(lithium, has_salt)
    assert set(roles.tolist()) == set(ROLES)
    found = score_columns(columns, weights, roles)
    np.testing.assert_allclose(found, one_by_one(columns, weights, roles), rtol=0, atol=1e-9)


def test_roles_that_a_study_sets_count():
    columns, _ = random_rows(2, 99)
    roles = [*ROLES] * 33
    np.testing.assert_allclose(
        score_columns(columns, OTHER, roles), one_by_one(columns, OTHER, roles), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("role", ROLES)
def test_terms_have_the_names_and_values_of_the_single_row(role):
    columns, _ = random_rows(3, 50)
    terms = role_terms(role, columns, OTHER.by_role()[role])
    for i in range(50):
        row = {name: values[i] for name, values in columns.items()}
        single = role_terms(role, row, OTHER.by_role()[role])
        assert list(single) == list(terms)
        assert single == {name: float(values[i]) for name, values in terms.items()}


def test_terms_of_one_row_are_numbers_too():
    row = dict.fromkeys(SCORE_COLUMNS, -0.07)
    found = role_terms("conversion", row, Weights().by_role()["conversion"])
    assert float(found["driving force"]) == pytest.approx(-30)


def test_score_of_real_rows_is_that_of_the_ranking(reference):
    study = Study(
        name="s",
        electrolytes=["LLZO", "LATP"],
        candidates=["CuF2", "CuS", "AlF3", "LiF", "Li2O", "Al", "Li3N", "Cu", "TaF5"],
        uncertainty={"samples": 0},
        sensitivity=False,
    )
    screen = run_study(study, reference)
    rows = screen.results
    columns = {name: rows[name].to_numpy(dtype=float) for name in SCORE_COLUMNS}
    found = dict(
        zip(
            zip(rows["candidate"], rows["electrolyte"], strict=True),
            score_columns(columns, study.ranking.weights, rows["role"].to_numpy(object)),
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


# -- roles: who takes up Li, and whether a salt comes of it --------------------------------------


def test_role_follows_from_the_reaction_with_lithium_and_what_it_gives():
    lithium = [-0.5, -0.5, -0.011, -0.009, -0.009, 0.0, np.nan]
    has_salt = [True, False, False, True, False, True, False]
    assert role_columns(lithium, has_salt).tolist() == [
        "conversion", "alloy", "alloy", "coating", "coating", "coating", "",
    ]  # fmt: skip


def test_roles_of_columns_are_the_roles_of_each_row():
    columns, has_salt = random_rows(4)
    lithium = columns["lithium_mutual_eV_per_atom"]
    single = [str(role_columns(*each)) for each in zip(lithium, has_salt, strict=True)]
    assert role_columns(lithium, has_salt).tolist() == single
    square = role_columns(lithium.reshape(40, 50), has_salt.reshape(40, 50))
    assert square.reshape(-1).tolist() == single


def roles_of(table, roles):
    """Role of each candidate that is named in a mapping of roles to formulas."""
    names = [name for formulas in roles.values() for name in formulas.split(", ")]
    numbers = stacks(table, [Material(name) for name in names], [Material("LATP")])
    found = results_table(numbers, Weights(), {}).to_pandas()
    return {
        role: ", ".join(found.loc[found["role"] == role, "candidate"]) for role in found["role"]
    }


def test_roles_of_well_known_interlayers(reference):
    known = {
        "alloy": "Al, Sn, Zn, Mg, Ag, Si, Ge",
        "conversion": "CuF2, Al2O3, Cu3N, CuS, Cu3P, Al + LiF",
        "coating": "LiF, Li2O, Li3N, Mo, Cu, Li9Al4",
    }
    assert roles_of(reference, known) == known


def test_roles_with_all_phases_of_a_big_source(full_table):
    # graphite takes up 1 Li for 12 C at 0.12 V: 9 meV for each of these 13 atoms
    known = {"alloy": "Sb, Cu6Sn5, SiC", "conversion": "Te, ZnTe, MgH2", "coating": "W, TiN, C"}
    assert roles_of(full_table, known) == known


# -- rows without a score ------------------------------------------------------------------------


def test_failed_row_has_no_role_and_no_score():
    columns, has_salt = random_rows(5, 8)
    columns = {name: np.where(np.arange(8) == 0, np.nan, v) for name, v in columns.items()}
    roles = role_columns(columns["lithium_mutual_eV_per_atom"], has_salt)
    assert roles[0] == ""
    assert list(np.isnan(score_columns(columns, Weights(), roles))) == [True] + [False] * 7
    assert np.isnan(score_columns(columns, Weights(), [None, np.nan, *roles[2:]])[:2]).all()


def test_missing_number_that_a_role_needs_is_no_score_and_one_it_does_not_need_is_nothing():
    row = {name: np.array([-0.5, -0.5, -0.001]) for name in SCORE_COLUMNS}
    row["layer_mutual_eV_per_atom"] = np.full(3, np.nan)
    assert list(np.isnan(score_columns(row, Weights(), ROLES))) == [True, True, False]


WITH_VOLUMES = Weights(
    conversion={"volume_change_meV_per_percent": 0.2, "percolation_meV": 30.0},
    alloy={"volume_change_meV_per_percent": 0.1},
)


def made(n, **columns):
    """Rows without any penalty, but for some columns."""
    ideal = {name: np.zeros(n) for name in SCORE_COLUMNS}
    return ideal | {"lithium_mutual_eV_per_atom": np.full(n, -1.0)} | columns


def test_volume_change_and_percolation_are_penalties_where_they_have_a_weight():
    columns = made(
        5, volume_change_percent=np.array([50.0, -50.0, 50.0, 50.0, np.nan]),
        metal_percolates=np.array(["yes", "no", "yes", "", None], dtype=object),
    )  # fmt: skip
    roles = ["conversion", "conversion", "alloy", "alloy", "coating"]
    # 0.2 * 50 + 30; 0.2 * 50; 0.1 * 50 twice (of an alloy nobody asks whether it conducts); of a
    # coating neither is asked, but it reacts with Li
    found = score_columns(columns, WITH_VOLUMES, roles)
    np.testing.assert_allclose(found, [-40, -10, -5, -5, -1000], rtol=0, atol=1e-9)
    for without in (columns, made(5)):
        assert score_columns(without, Weights(), roles).tolist() == [0, 0, 0, 0, -1000]


def test_missing_volume_is_no_score_where_it_has_a_weight_and_nothing_elsewhere():
    columns = made(4, volume_change_percent=[np.nan, 10.0, np.nan, np.nan],
                   metal_percolates=["no", "", "", ""])  # fmt: skip
    roles = ["conversion", "conversion", "alloy", "coating"]
    assert np.isnan(score_columns(columns, WITH_VOLUMES, roles)).tolist() == [True] * 3 + [False]
    assert np.isnan(score_columns(made(4), WITH_VOLUMES, roles)).tolist() == [True] * 3 + [False]
    row = {"volume_change_percent": None, "metal_percolates": "no"} | dict.fromkeys(
        SCORE_COLUMNS, -0.1
    )
    assert missing_numbers("conversion", row, WITH_VOLUMES) == {
        "volume_change_percent": "conversion.volume_change_meV_per_percent"
    }
    assert missing_numbers("coating", row, WITH_VOLUMES) == {}
    assert missing_numbers("conversion", row, Weights()) == {}


# -- many rows, samples and weights at once ------------------------------------------------------


def test_columns_may_have_any_shape():
    columns, has_salt = random_rows(7, 120)
    roles = role_columns(columns["lithium_mutual_eV_per_atom"], has_salt)
    flat = score_columns(columns, OTHER, roles)
    shaped = {name: values.reshape(4, 5, 6) for name, values in columns.items()}
    assert (score_columns(shaped, OTHER, roles.reshape(4, 5, 6)).reshape(-1) == flat).all()
    one = {name: float(values[0]) for name, values in columns.items()}
    assert float(score_columns(one, OTHER, roles[0])) == flat[0]
    # what all samples share may be given once
    shaped["bridge_margin_V"] = shaped["bridge_margin_V"][:1]
    found = score_columns(shaped, OTHER, roles.reshape(4, 5, 6))
    assert (found[0] == flat.reshape(4, 5, 6)[0]).all()


def test_draws_of_the_weights_are_the_scores_of_each_set_of_weights():
    columns, has_salt = random_rows(8, 60)
    roles = role_columns(columns["lithium_mutual_eV_per_atom"], has_salt)
    sets = [Weights(), OTHER, Weights(alloy={"bridge_meV_per_V": 40.0})]
    factors = {
        role: {
            name: np.array([[each.by_role()[role][name]] for each in sets])
            for name in Weights().by_role()[role]
        }
        for role in ROLES
    }
    columns |= {"volume_change_percent": np.zeros(60), "metal_percolates": np.zeros(60)}
    found = score_columns(columns, factors, roles)
    assert found.shape == (3, 60)
    for scores, weights in zip(found, sets, strict=True):
        np.testing.assert_allclose(
            scores, score_columns(columns, weights, roles), rtol=0, atol=1e-9
        )


def test_no_rows_have_no_scores():
    nothing = {name: np.zeros(0) for name in SCORE_COLUMNS}
    assert score_columns(nothing, Weights(), np.array([], dtype=str)).shape == (0,)


# -- places -------------------------------------------------------------------------------------


def by_counting(scores, tie):
    """Rank and tie of each score by comparing it with every other one."""
    rank = [1 + sum(other > score + tie for other in scores) for score in scores]
    tied = [
        any(i != j and abs(other - score) <= tie for j, other in enumerate(scores))
        for i, score in enumerate(scores)
    ]
    return rank, tied


def test_places_are_those_of_counting_who_is_better():
    rng = np.random.default_rng(6)
    for n, tie in [(1, 10.0), (2, 10.0), (300, 10.0), (300, 0.0), (300, 0.5), (50, 1e6)]:
        scores = np.round(-rng.exponential(100.0, n), 1)  # rounded: many equal and at the limit
        rank, tied = ranks(scores, tie)
        assert (rank.tolist(), tied.tolist()) == by_counting(scores.tolist(), tie)


@given(
    st.lists(st.one_of(st.integers(-30, 0).map(float), st.floats(-40, 0)), max_size=25),
    st.one_of(st.integers(0, 12).map(float), st.floats(0, 15)),
)
def test_places_of_any_scores_are_those_of_counting_who_is_better(scores, tie):
    rank, tied = ranks(scores, tie)
    assert (rank.tolist(), tied.tolist()) == by_counting(scores, tie)


def test_places_of_many_sets_are_those_of_each_set():
    scores = np.round(-np.random.default_rng(9).exponential(40.0, (3, 4, 12)))
    scores[0, 1, 5] = np.nan
    found = rank_matrix(scores, 10.0)
    for place in np.ndindex(3, 4):
        assert found[place].tolist() == ranks(scores[place], 10.0)[0].tolist()
    assert found[0, 1, 5] == 0
    assert rank_matrix(np.zeros((0, 3)), 10.0).shape == (0, 3)


def test_rows_without_a_score_have_no_place_and_change_none():
    rank, tied = ranks([-5.0, np.nan, -7.0, -40.0, np.nan], Ranking().tie_meV_per_atom)
    assert rank.tolist() == [1, 0, 1, 3, 0]
    assert tied.tolist() == [True, False, True, False, False]
    rank, tied = ranks([np.nan], 10.0)
    assert (rank.tolist(), tied.tolist()) == ([0], [False])
    assert ranks([], 10.0)[0].shape == (0,)
