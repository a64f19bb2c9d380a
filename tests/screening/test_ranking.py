"""The score is a documented function of the metrics; ties are shown as ties."""

import pandas as pd
import pytest

from interscreen.screening.ranking import Ranking, Weights, rank, role_of, score_terms


def row(candidate, *, electrolyte="E", role="conversion", lithium=-1.0, layer=0.0, worst=0.0,
        deposited=0.0, margin=1.0, status="ok"):  # fmt: skip
    return {
        "candidate": candidate,
        "electrolyte": electrolyte,
        "role": role,
        "status": status,
        "reason": "" if status == "ok" else "no energy",
        "lithium_mutual_eV_per_atom": lithium,
        "layer_mutual_eV_per_atom": layer,
        "worst_product_mutual_eV_per_atom": worst,
        "deposited_mutual_eV_per_atom": deposited,
        "bridge_margin_V": margin,
        "layer": "x",
        "left_out_phases": "",
        "source": "s",
    }


def ranked(rows, **options):
    table = rank(pd.DataFrame(rows), Ranking(**options))
    return table[table["electrolyte"] == "E"].set_index("candidate")


def test_score_of_a_conversion_layer_is_the_documented_sum():
    # -20 - 0.25 * 40 - 0.25 * 60 - 100 * 0.5 - (100 - 70) = -125 meV/atom
    terms = score_terms(
        row("A", lithium=-0.07, layer=-0.02, worst=-0.04, deposited=-0.06, margin=-0.5), Weights()
    )
    assert terms == pytest.approx(
        {
            "converted layer": -20,
            "worst product": -10,
            "as deposited": -15,
            "bridge": -50,
            "driving force": -30,
        }
    )


def test_score_of_a_coating_wants_it_inert_to_both_sides():
    terms = score_terms(
        row("A", role="coating", lithium=-0.005, deposited=-0.02, margin=-0.1, layer=-9, worst=-9),
        Weights(),
    )
    assert terms == pytest.approx({"Li": -5, "as deposited": -20, "bridge": -10})


def test_enough_driving_force_and_margin_give_no_bonus():
    terms = score_terms(row("A", lithium=-2.0, margin=4.0), Weights())
    assert set(terms.values()) == {0.0}


def test_weights_of_a_study_count():
    weights = Weights(conversion={"layer": 0.0, "worst_product": 2.0})
    terms = score_terms(row("A", layer=-0.5, worst=-0.01), weights)
    assert terms["converted layer"] == 0.0
    assert terms["worst product"] == pytest.approx(-20)


def test_role_follows_from_the_reaction_with_lithium():
    assert role_of(-0.5) == "conversion"
    assert role_of(0.0) == "coating"
    assert role_of(-0.009) == "coating"  # below the accuracy of the method


def test_candidates_within_ten_mev_are_tied():
    table = ranked([row("A", layer=-0.001), row("B", layer=-0.009), row("C", layer=-0.020)])
    assert list(table["rank"]) == [1, 1, 3]
    assert table.loc["A", "tied_with"] == "B"
    assert table.loc["C", "tied_with"] == ""
    near = ranked([row("A"), row("B", layer=-0.008), row("C", layer=-0.016)])
    assert near.loc["B", "tied_with"] == "A; C"
    assert list(near["rank"]) == [1, 1, 2]


def test_tie_limit_of_a_study_counts():
    table = ranked([row("A"), row("B", layer=-0.008)], tie_meV_per_atom=5)
    assert list(table["rank"]) == [1, 2]
    assert set(table["tied_with"]) == {""}


def test_failed_rows_stand_last_without_a_rank():
    table = ranked([row("A", status="failed"), row("B", layer=-5)])
    assert list(table.index) == ["B", "A"]
    assert pd.isna(table.loc["A", "rank"])
    assert table.loc["A", "reason"] == "no energy"


def test_overall_is_the_mean_over_the_electrolytes_of_complete_candidates():
    rows = [
        row("A", layer=-0.010),
        row("A", electrolyte="F", layer=-0.030),
        row("B", layer=-0.5),
        row("B", electrolyte="F", status="failed"),
    ]
    table = rank(pd.DataFrame(rows), Ranking())
    overall = table[table["electrolyte"] == "overall"].set_index("candidate")
    assert overall.loc["A", "score_meV_per_atom"] == pytest.approx(-20)
    assert overall.loc["A", "electrolytes_counted"] == 2
    assert overall.loc["B", "status"] == "failed"
    assert pd.isna(overall.loc["B", "rank"])


def test_one_electrolyte_needs_no_overall_block():
    assert set(rank(pd.DataFrame([row("A")]), Ranking())["electrolyte"]) == {"E"}
