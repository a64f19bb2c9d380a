"""The score over whole columns is the score of each row; places follow from scores alone."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen.answers.stacks import stacks
from interscreen.phases.material import Material
from interscreen.screen.places import rank_matrix, ranks
from interscreen.screen.run import run_study
from interscreen.screen.scores import (
    SCORE_COLUMNS,
    STATED,
    missing_numbers,
    role_columns,
    score_columns,
    score_terms,
)
from interscreen.screen.study import Study
from interscreen.screen.tables import results_table
from interscreen.screen.weights import Ranking, Weights

OTHER = Weights(layer=0.7, deposited=1.3, bridge_meV_per_V=33.0)


def random_rows(seed, n=2000):
    rng = np.random.default_rng(seed)
    columns = {name: -rng.exponential(0.1, n) for name in SCORE_COLUMNS[:5]}
    columns["facing_energy_meV_per_atom"] = -rng.exponential(100.0, n)
    columns["bridge_margin_V"] = rng.normal(0.0, 1.0, n)
    columns["own_bridge_margin_V"] = rng.normal(0.0, 1.0, n)
    # around the limit of the roles, and exactly on it
    columns["lithium_mutual_eV_per_atom"][: n // 4] = -0.01 + rng.normal(0.0, 0.002, n // 4)
    columns["lithium_mutual_eV_per_atom"][:3] = -0.01, 0.0, -0.0
    columns["bridge_margin_V"][3:6] = 0.0, -0.0, 5.0
    return columns, rng.random(n) < 0.6


def row_of(columns, i):
    return {name: values[i] for name, values in columns.items()}


@pytest.mark.parametrize("weights", [Weights(), OTHER], ids=["default", "others"])
def test_score_of_columns_is_the_score_of_each_row(weights):
    columns, _ = random_rows(1)
    found = score_columns(columns, weights)
    single = [sum(score_terms(row_of(columns, i), weights.factors()).values()) for i in range(2000)]
    np.testing.assert_allclose(found, single, rtol=0, atol=1e-9)
    assert (found <= 0.0).all()


BY_HAND = {
    "lithium_mutual_eV_per_atom": -0.5, "deposited_mutual_eV_per_atom": -0.06,
    "layer_mutual_eV_per_atom": -0.02, "surface_mutual_eV_per_atom": -0.01,
    "worst_product_mutual_eV_per_atom": -0.1, "facing_energy_meV_per_atom": -4.0,
    "bridge_margin_V": -0.5, "own_bridge_margin_V": -2.0,
}  # fmt: skip


def terms_by_hand(**changes):
    return score_terms(BY_HAND | changes, Weights().factors())


def test_terms_by_hand():
    # -20, a quarter of -60, 0.5 V at 50 meV/atom per V
    assert terms_by_hand() == pytest.approx(
        {"converted layer": -20, "as deposited": -15, "bridge": -25}
    )
    assert terms_by_hand(route="molten")["as deposited"] == 0.0
    assert terms_by_hand(route="surface")["as deposited"] == pytest.approx(-2.5)
    assert terms_by_hand(arrangement="facing")["converted layer"] == pytest.approx(-4)
    assert terms_by_hand(arrangement="worst")["converted layer"] == pytest.approx(-100)
    # without a product to face it, the mixture does
    alone = terms_by_hand(arrangement="facing", facing_energy_meV_per_atom=np.nan)
    assert alone["converted layer"] == pytest.approx(-20)


def test_a_layer_counts_as_far_as_lithium_drives_it_there():
    # 3 meV/atom: from -60 as deposited 3 towards -20, from 100 meV without a bridge 3 towards 25
    terms = terms_by_hand(lithium_mutual_eV_per_atom=-0.003)
    assert terms["converted layer"] == pytest.approx(-57)
    assert terms["bridge"] == pytest.approx(-97)
    # the better arrangement of a state that is reached by 3 / 40
    terms = terms_by_hand(lithium_mutual_eV_per_atom=-0.003, arrangement="facing")
    assert terms["converted layer"] == pytest.approx(-60 + 3 / 40 * 56)
    assert terms_by_hand(lithium_mutual_eV_per_atom=0.0)["converted layer"] == pytest.approx(-60)


@given(
    st.lists(st.floats(-300, 0), min_size=5, max_size=5),
    st.integers(0, 4),
    st.sampled_from([-1.0, 1.0]),
)
def test_a_score_moves_no_more_than_its_energies(energies, which, sign):
    """With weights that add up to one: 1 meV/atom in any energy is 1 meV/atom at most."""
    names = SCORE_COLUMNS[:5]

    def score(values):
        row = {name: value / 1000.0 for name, value in zip(names, values, strict=True)}
        rest = dict.fromkeys(SCORE_COLUMNS[5:], 0.0)
        return float(score_columns(row | rest, Weights(layer=0.8, deposited=0.2)))

    moved = [min(0.0, e + sign * (i == which)) for i, e in enumerate(energies)]
    assert abs(score(moved) - score(energies)) <= 1.0 + 1e-9


def test_the_same_layer_has_the_same_terms_whatever_the_role(embedded):
    """Cu + 2 LiF after Li is CuF2 after Li: one reacts with it, one does not."""
    numbers = stacks(embedded, ["CuF2", "Cu + 2 LiF"], ["LLZTO", "LATP", "LAGP", "LPSCl"])
    rows = results_table(numbers, Weights(), {}).to_pandas()
    assert set(rows["role"]) == {"conversion", "coating"}
    for arrangement in ("mixture", "facing", "worst"):
        columns = {name: rows[name].to_numpy() for name in SCORE_COLUMNS}
        terms = score_terms(columns | {"arrangement": arrangement}, Weights().factors())
        for label in ("converted layer", "bridge"):
            one, other = (terms[label][rows["candidate"] == c] for c in rows["candidate"].unique())
            np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.proof
def test_one_mev_in_any_energy_moves_no_score_by_more(embedded):
    """But where the last plateau of the conversion ends at 0 V: Mg and its solid solutions."""
    candidates = ["CuF2", "CuS", "AlF3", "CaF2", "LiF", "Li3N", "Al", "Sn", "Al2O3", "Li3PO4"]
    electrolytes = ["LLZTO", "LATP", "LPSCl"]

    def scores(table):
        numbers = stacks(table, candidates, electrolytes)
        return np.array(results_table(numbers, Weights(), {})["score_meV_per_atom"])

    before = scores(embedded)
    names = ["LiF", "Li2O", "Li2S", "Li3PO4", "LiTi2(PO4)3", "Li9Al4", "Li13Sn5", "La2O3", "Li3P"]
    for row in map(embedded.find, names):
        for sign in (-1, 1):
            energies = embedded.energies.copy()
            energies[row] += sign * 0.001
            moved = scores(dataclasses.replace(embedded, energies=energies))
            # a candidate that stays as it is has one contact twice, with 1.25 of its weight, and
            # its bridge: Li3N on LATP moves by 1.02
            assert np.abs(moved - before).max() <= 1.05, embedded.formulas[row]
            assert (np.abs(moved - before) > 1.0).sum() <= 1, embedded.formulas[row]


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
    columns |= {name: rows[name].to_numpy(dtype=object) for name in STATED}
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
    assert role_columns(columns["lithium_mutual_eV_per_atom"], has_salt)[0] == ""
    assert list(np.isnan(score_columns(columns, Weights()))) == [True] + [False] * 7


WITH_VOLUMES = Weights(volume_change_meV_per_percent=0.2, percolation_meV=30.0)


def made(n, **columns):
    """Rows without any penalty, but for some columns."""
    ideal = {name: np.zeros(n) for name in SCORE_COLUMNS}
    return ideal | {"lithium_mutual_eV_per_atom": np.full(n, -1.0)} | columns


def test_volume_change_and_percolation_are_penalties_where_they_have_a_weight():
    columns = made(
        4, volume_change_percent=np.array([50.0, -50.0, 50.0, np.nan]),
        metal_percolates=np.array(["yes", "no", "", "no"], dtype=object),
    )  # fmt: skip
    # 0.2 * 50 + 30; 0.2 * 50; percolation unknown; volume unknown
    found = score_columns(columns, WITH_VOLUMES)
    np.testing.assert_allclose(found, [-40, -10, np.nan, np.nan], rtol=0, atol=1e-9)
    for without in (columns, made(4)):
        assert score_columns(without, Weights()).tolist() == [0, 0, 0, 0]
    row = {"volume_change_percent": None, "metal_percolates": "no"} | dict.fromkeys(
        SCORE_COLUMNS, -0.1
    )
    assert missing_numbers(row, WITH_VOLUMES) == {
        "volume_change_percent": "volume_change_meV_per_percent"
    }
    assert missing_numbers(row, Weights()) == {}


# -- many rows, samples and weights at once ------------------------------------------------------


def test_columns_may_have_any_shape():
    columns, _ = random_rows(7, 120)
    flat = score_columns(columns, OTHER)
    shaped = {name: values.reshape(4, 5, 6) for name, values in columns.items()}
    assert (score_columns(shaped, OTHER).reshape(-1) == flat).all()
    one = {name: float(values[0]) for name, values in columns.items()}
    assert float(score_columns(one, OTHER)) == flat[0]
    # what all samples share may be given once
    shaped["bridge_margin_V"] = shaped["bridge_margin_V"][:1]
    assert (score_columns(shaped, OTHER)[0] == flat.reshape(4, 5, 6)[0]).all()


def test_draws_of_the_weights_are_the_scores_of_each_set_of_weights():
    columns, _ = random_rows(8, 60)
    sets = [Weights(), OTHER, Weights(bridge_meV_per_V=40.0)]
    factors = {
        name: np.array([[each.factors()[name]] for each in sets]) for name in Weights().factors()
    }
    columns |= {"volume_change_percent": np.zeros(60), "metal_percolates": np.zeros(60)}
    found = score_columns(columns, factors)
    assert found.shape == (3, 60)
    for scores, weights in zip(found, sets, strict=True):
        np.testing.assert_allclose(scores, score_columns(columns, weights), rtol=0, atol=1e-9)


def test_no_rows_have_no_scores():
    nothing = {name: np.zeros(0) for name in SCORE_COLUMNS}
    assert score_columns(nothing, Weights()).shape == (0,)


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
