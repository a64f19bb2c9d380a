"""Verdicts follow from intervals, worked out by hand; two candidates tie where no order is sure."""

import re

import numpy as np
import pytest

from interscreen import Study, run_study
from interscreen.answers.reaction import react
from interscreen.answers.stacks import stacks
from interscreen.energies.scale import on_scale
from interscreen.phases.material import Material
from interscreen.phases.source import ANCHORED
from interscreen.screen.judge import judged
from interscreen.screen.places import order_probabilities, ranks
from interscreen.screen.tables import results_table
from interscreen.screen.verdict import (
    NO_GAIN,
    NO_PATH,
    REACTS,
    TRY,
    UNSURE,
    Interval,
    at_worst,
    reasons,
    sampled,
    stated,
    verdicts,
)
from interscreen.screen.weights import Weights

NUMBERS = "value low high".split()
CASES = [
    # contact, gain, path, verdict, the number that decides
    ((0, -30, 0), (600, 500, 700), True, TRY, "contact 0 (-30 to 0) meV/atom"),
    ((0, -80, 0), (600, 500, 700), True, UNSURE, "contact 0 (-80 to 0) meV/atom"),
    ((-90, -200, -40), (500, 400, 600), True, REACTS, "contact -90 (-200 to -40) meV/atom"),
    # CuS on LLZO: -5 against -11 for bare Li
    ((-5, -40, 0), (6, -40, 20), True, NO_GAIN, "gain 6 (-40 to 20) meV/atom"),
    ((-20, -60, 0), (80, -5, 160), True, UNSURE, "gain 80 (-5 to 160) meV/atom"),
    ((0, 0, 0), (600, 500, 700), False, NO_PATH, "no Li-bearing salt and no Li taken up"),
]


@pytest.mark.parametrize(("contact", "gain", "path", "verdict", "why"), CASES)
def test_verdicts_by_hand(contact, gain, path, verdict, why):
    one, other = (Interval(*np.array([values], dtype=float).T) for values in (contact, gain))
    found = verdicts(one, other, np.array([path]))
    assert found.tolist() == [verdict]
    assert reasons(found, one, other).tolist() == [why]


def test_without_samples_the_interval_has_the_stated_width():
    contact, gain = stated((np.array([-5.0, -45.0]), np.array([6.0, 400.0])), [-0.011, -0.445])
    assert contact.low.tolist() == [-5, -75]
    assert contact.high.tolist() == [0, -15]
    assert gain.low.tolist() == [-24, 370]
    assert gain.high.tolist() == [11, 430]  # a gain of more than 11 is no gain over bare Li


def test_a_contact_is_no_sure_reaction_that_does_not_react_as_it_stands():
    # CoF2 on LATP: nearly all samples react, the energies as they are do not
    contact = np.linspace(-98.0, -13.0, 101)
    worst, gain = sampled((np.array(-7.0), np.array(689.0)), (contact, contact + 696.0))
    assert (worst.low, worst.high) == pytest.approx((-93.75, -7.0))
    assert (gain.low, gain.high) == pytest.approx((602.25, 689.0))
    found = verdicts(worst, gain, True)
    assert found == UNSURE
    assert reasons(found.reshape(()), worst, gain) == "contact -7 (-94 to -7) meV/atom"


@pytest.mark.parametrize("samples", [0, 60])
def test_a_weak_pull_of_lithium_is_no_reason_to_try_what_would_react_once_converted(
    embedded, samples
):
    """C takes up Li with 9 meV/atom; LiC12 reacts with Li6PS5Cl by 103 and more."""
    row = judged(embedded, "C", "Li6PS5Cl", samples=samples)
    layer = 1000 * row["layer_mutual_eV_per_atom"]
    assert layer < -100
    assert row["verdict"] == UNSURE
    assert row["verdict_reason"].startswith("contact -9 (")
    low = int(re.search(r"\((-\d+) to", row["verdict_reason"]).group(1))
    assert low == round(layer) if samples == 0 else low < -50
    kept = judged(embedded, "LiF", "Li6PS5Cl", samples=samples)
    assert (kept["verdict"], kept["layer"]) == (TRY, "LiF")


def test_only_a_contact_that_could_be_tried_is_widened():
    columns = {
        "lithium_mutual_eV_per_atom": np.array([-0.009, -0.009, -0.5, -0.009]),
        "deposited_mutual_eV_per_atom": np.zeros(4),
        "layer_mutual_eV_per_atom": np.array([-0.2, -0.2, -0.002, -0.04]),
    }
    contact = Interval(np.full(4, -9.0), np.array([-30.0, -80.0, -30.0, -30.0]), np.zeros(4))
    assert at_worst(contact, columns).low.tolist() == pytest.approx([-200.0, -80.0, -30.0, -30.0])


def test_a_layer_without_a_bridge_is_unsure_by_what_is_missing():
    """Ni + LiC12 coexists with LATP, but electrons pass, and LATP sees Li."""
    columns = {
        "lithium_mutual_eV_per_atom": np.full(3, -0.5),
        "deposited_mutual_eV_per_atom": np.zeros(3),
        "layer_mutual_eV_per_atom": np.full(3, -0.002),
        "bridge_margin_V": np.array([-2.1, -0.3, 4.0]),
        "own_bridge_margin_V": np.array([-2.1, -0.3, 4.0]),
    }
    contact = Interval(np.full(3, -2.0), np.full(3, -2.0), np.zeros(3))
    assert at_worst(contact, columns).low.tolist() == pytest.approx([-2 - 50 * 2.1, -2.0, -2.0])


@pytest.mark.parametrize("samples", [0, 60])
def test_an_electronic_conductor_is_no_layer_to_try_on_what_lithium_reduces(embedded, samples):
    row = judged(embedded, "Ni3C", "LATP", samples=samples)
    assert row["bridge_margin_V"] < -2.0
    assert row["verdict"] == UNSURE


def test_the_order_of_two_is_sure_in_nine_of_ten_samples():
    scores = np.array([[0.0, -1.0, -5.0]] * 9 + [[-2.0, -1.0, -5.0]])
    ahead = order_probabilities(scores)
    assert ahead[0, 1] == pytest.approx(0.9)
    assert ahead[1, 0] == pytest.approx(0.1)
    assert ahead[0, 2] == 1.0
    assert (np.diag(ahead) == 0.5).all()


def test_a_better_verdict_stands_in_front_of_a_better_score():
    rank, tied = ranks([-50.0, 0.0, -52.0, np.nan], 10.0, [0, 1, 0, 5])
    assert rank.tolist() == [1, 3, 1, 0]
    assert tied.tolist() == [True, False, True, False]


def test_a_study_is_ordered_by_verdict_and_ties_follow_from_its_samples(reference):
    study = Study(
        name="s", electrolytes=["LATP"], candidates=["CuF2", "LiF", "Li3N", "Mo", "AlF3"],
        uncertainty={"samples": 200}, sensitivity=False,
    )  # fmt: skip
    ranking = run_study(study, reference).ranking.set_index("candidate")
    verdict = ranking["verdict"].to_dict()
    assert verdict["Li3N"] == verdict["AlF3"] == REACTS
    assert verdict["Mo"] == NO_PATH  # -8 meV/atom on LATP, but nothing in it conducts Li
    assert list(ranking["rank"]) == sorted(ranking["rank"])
    assert ranking.index[-1] == "Mo"
    for name, row in ranking.iterrows():
        for other in filter(None, str(row["tied_with"]).split("; ")):
            assert name in ranking.loc[other, "tied_with"]
            assert verdict[other] == verdict[name]


# -- order and route, with the arithmetic ----------------------------------------------------------

ORDERS = {
    # LiF meets LLZO without reaction; the metal lies behind it
    ("AlF3", "LLZO"): ("LiF", "LiF | Li9Al4", "molten"),
    ("CuF2", "LLZO"): ("LiF", "LiF | Cu", "deposited"),
    ("LiF + LaF3", "LLZO"): ("LiF", "LiF | La", "surface"),
    # Li2S reacts with LAGP: no order with it in front, but Cu is no better than 10 meV/atom
    ("CuS", "LAGP"): ("Li2S", None, "deposited"),
}


@pytest.fixture(scope="module")
def four(embedded):
    found = {}
    for candidate, electrolyte in ORDERS:
        numbers = stacks(embedded, [Material(candidate)], [Material(electrolyte)])
        found[candidate, electrolyte] = results_table(numbers, Weights(), {}).to_pylist()[0]
    return found


@pytest.mark.parametrize("pair", ORDERS)
def test_facing_product_order_and_route(four, embedded, pair):
    row, (facing, order, route) = four[pair], ORDERS[pair]
    assert (row["facing_product"], row["route"]) == (facing, route)
    alone = 1000 * react(embedded, facing, pair[1]).min_mutual_energy_eV_per_atom
    assert row["facing_energy_meV_per_atom"] == pytest.approx(alone, abs=1e-9)
    if order is not None:
        assert row["layer_order"] == order
        assert alone > -10


@pytest.mark.parametrize("pair", ORDERS)
def test_what_order_and_route_change_is_the_difference_of_their_terms(four, embedded, pair):
    row = four[pair]
    deposited, layer, facing = (
        1000 * react(embedded, side, pair[1]).min_mutual_energy_eV_per_atom
        for side in (pair[0], row["layer"], row["facing_product"])
    )
    base = row["score_deposited_meV_per_atom"]
    # the route takes a quarter of the contact of the candidate away, the order the layer's contact
    assert row["score_molten_meV_per_atom"] - base == pytest.approx(-0.25 * deposited, abs=1e-6)
    change = row["score_facing_meV_per_atom"] - row["score_meV_per_atom"]
    assert change == pytest.approx(facing - layer, abs=1e-6)


def test_every_interval_of_a_study_holds_its_number(embedded):
    study = Study(
        name="s", electrolytes=["LATP"], candidates=["CoF2", "CuF2", "Al"],
        uncertainty={"samples": 200}, sensitivity=False,
    )  # fmt: skip
    found = run_study(study, on_scale(embedded, ANCHORED))
    rows = found.uncertainty.dropna(subset=["low_5_percent"])
    values = rows["value"].astype(float)
    assert (rows["low_5_percent"] <= values).all()
    assert (values <= rows["high_95_percent"]).all()
    # CoF2 reacts more than as it stands in nearly every sample
    ends = rows[rows["quantity"] == "layer_mutual_eV_per_atom"].set_index(
        ["candidate", "electrolyte"]
    )
    assert ends.loc[("CoF2", "LATP"), "high_95_percent"] == ends.loc[("CoF2", "LATP"), "value"]
    ranking = found.ranking
    assert (ranking["score_low_meV_per_atom"] <= ranking["score_meV_per_atom"]).all()
    assert (ranking["score_meV_per_atom"] <= ranking["score_high_meV_per_atom"]).all()
    verdict = found.results.set_index(["candidate", "electrolyte"])["verdict"]
    assert verdict["CoF2", "LATP"] == UNSURE
