"""The score is a documented function of the metrics; ties and judgements are shown as such."""

import numpy as np
import pandas as pd
import pytest

from interscreen.phases.columns import columns_of
from interscreen.screen.board import Board
from interscreen.screen.places import ranks
from interscreen.screen.ranking import Ranking, Standing, Weights, rank
from interscreen.screen.scores import score_columns
from interscreen.screen.weight_sensitivity import drawn_weights, weight_rank_ranges, weight_table


def row(candidate, *, electrolyte="E", role="conversion", lithium=-1.0, layer=0.0, worst=0.0,
        deposited=0.0, margin=1.0, status="ok", **more):  # fmt: skip
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
        "surface_mutual_eV_per_atom": deposited,
        "facing_energy_meV_per_atom": np.nan,
        "bridge_margin_V": margin,
        "own_bridge_margin_V": margin,
        "layer": "x",
        "left_out_phases": "",
        "source": "s",
        **more,
    }


def ranked(rows, **options):
    table = rank(pd.DataFrame(rows), Ranking(**options))
    return table[table["electrolyte"] == "E"].set_index("candidate")


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


def test_terms_stand_in_order_and_their_mean_overall():
    rows = [
        row("A", layer=-0.010), row("A", electrolyte="F", layer=-0.030),
        row("B", margin=-0.1), row("B", electrolyte="F"),
    ]  # fmt: skip
    table = rank(pd.DataFrame(rows), Ranking())
    terms = table.set_index(["electrolyte", "candidate"])["score_terms"]
    assert terms["overall", "A"] == ("converted layer -20.0; as deposited 0.0; bridge 0.0")
    assert terms["E", "B"] == "converted layer 0.0; as deposited 0.0; bridge -5.0"


def test_one_electrolyte_needs_no_overall_block():
    assert set(rank(pd.DataFrame([row("A")]), Ranking())["electrolyte"]) == {"E"}


# -- numbers that a weight asks for ----------------------------------------------------------------

VOLUMES = {"weights": {"volume_change_meV_per_percent": 0.5, "percolation_meV": 20}}


def test_row_without_a_number_that_has_a_weight_says_so_and_gets_no_rank():
    rows = [
        row("A", volume_change_percent=np.nan, metal_percolates="no"),
        row("B", volume_change_percent=60.0, metal_percolates="yes"),
        row("C", layer=-0.1, volume_change_percent=0.0, metal_percolates="no"),
    ]
    table = ranked(rows, **VOLUMES)
    assert list(table.index) == ["B", "C", "A"]
    assert table.loc["B", "score_meV_per_atom"] == -50  # 0.5 * 60 + 20
    assert table.loc["B", "score_terms"].endswith("volume change -30.0; percolation -20.0")
    assert table.loc["A", "status"] == "failed"
    assert table.loc["A", "reason"].startswith(
        "no score: no volume_change_percent, which the weight "
        "volume_change_meV_per_percent asks for"
    )
    assert table.loc["A", ["rank", "score_meV_per_atom", "pareto", "weight_rank_low"]].isna().all()
    assert table.loc["C", ["status", "score_meV_per_atom"]].tolist() == ["ok", -100]


def test_results_without_such_columns_are_ranked_as_long_as_nobody_asks_for_them():
    assert list(ranked([row("A"), row("B", layer=-0.05)])["rank"]) == [1, 2]
    assert set(ranked([row("A")], **VOLUMES)["status"]) == {"failed"}


def test_candidate_without_a_score_with_one_electrolyte_has_none_overall():
    rows = [
        row("A", volume_change_percent=1.0, metal_percolates="no"),
        row("A", electrolyte="F", volume_change_percent=np.nan, metal_percolates="no"),
    ]
    table = rank(pd.DataFrame(rows), Ranking(**VOLUMES)).set_index("electrolyte")
    assert list(table.index) == ["overall", "E", "F"]
    assert table.loc["overall", "electrolytes_counted"] == 1
    assert table.loc["overall", "reason"].startswith("no score: no volume_change_percent")
    assert table.loc["E", "status"] == "ok"


# -- Pareto front ----------------------------------------------------------------------------------


def test_pareto_front_is_that_of_the_terms():
    table = ranked(
        [
            row("best layer", layer=-0.01, deposited=-0.50),
            row("beaten", layer=-0.02, deposited=-0.50),
            row("best deposited", layer=-0.30),
            row("its equal", layer=-0.30, role="alloy"),
            row("worst of all", layer=-0.9, deposited=-0.9, margin=-1),
            row("failed", status="failed"),
        ]
    )
    assert dict(table["pareto"].dropna()) == {
        "best layer": "yes", "beaten": "no", "best deposited": "yes", "its equal": "yes",
        "worst of all": "no",
    }  # fmt: skip


def test_what_earns_nothing_puts_nobody_on_the_front():
    """More driving force than the change of the layer and more margin than zero are not better."""
    table = ranked([row("A"), row("B", lithium=-2.0, margin=5.0, layer=-0.001)])
    assert dict(table["pareto"]) == {"A": "yes", "B": "no"}


def test_weight_of_zero_takes_a_metric_from_the_front():
    rows = [row("A", layer=-0.01, deposited=-0.02), row("B", layer=-0.02, deposited=-0.01)]
    assert set(ranked(rows)["pareto"]) == {"yes"}
    table = ranked(rows, weights={"deposited": 0})
    assert dict(table["pareto"]) == {"A": "yes", "B": "no"}


def test_noise_of_the_solver_puts_nobody_off_the_front():
    table = ranked([row("A", layer=-0.01), row("B", layer=-0.01 - 1e-9)])
    assert set(table["pareto"]) == {"yes"}


def test_front_of_the_overall_block_is_that_of_the_means():
    rows = [
        row("A", layer=-0.01), row("A", electrolyte="F", layer=-0.05),
        row("B", layer=-0.04), row("B", electrolyte="F", layer=-0.04),
    ]  # fmt: skip
    table = rank(pd.DataFrame(rows), Ranking()).set_index(["electrolyte", "candidate"])["pareto"]
    assert [table[block, "A"] for block in ("overall", "E", "F")] == ["yes", "yes", "no"]
    assert [table[block, "B"] for block in ("overall", "E", "F")] == ["no", "no", "yes"]


# -- weights ---------------------------------------------------------------------------------------

# A: -60 by the layer (weight 1); B: -0.25 * 320 = -80 as deposited; C: -300 without a bridge
THREE = [row("A", layer=-0.06), row("B", deposited=-0.32), row("C", margin=-6.0)]


def test_drawn_weights_lie_between_half_and_twice_and_zero_stays_zero():
    drawn = drawn_weights(Weights(), draws=4000, seed=3)
    for name, value in Weights().factors().items():
        values = drawn[name]
        assert values.shape == (4000, 1)
        assert (values >= 0.5 * value).all()
        assert (values <= 2.0 * value).all()
        # log-uniform: half of the draws lie below the default
        assert value == 0.0 or np.mean(values < value) == pytest.approx(0.5, abs=0.03)
    one, other = drawn["layer"], drawn["deposited"]
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.05


def test_rank_intervals_worked_out_by_hand():
    """Of A and B each may be first; C is too far behind.

    With u and v uniform in [-ln 2, ln 2], B beats A where u - v > ln(80/60), an area of 31 %; C
    beats B where u - v > ln(300/80), an area of 0.1 %.
    """
    table = ranked(THREE, tie_meV_per_atom=0)
    assert list(table["rank"]) == [1, 2, 3]
    assert dict(table["weight_rank_low"]) == {"A": 1, "B": 1, "C": 3}
    assert dict(table["weight_rank_high"]) == {"A": 2, "B": 2, "C": 3}


def test_candidate_that_wins_in_everything_is_first_whatever_the_weights():
    table = ranked([row("A"), row("B", layer=-0.2), row("C", layer=-0.21)])
    assert table.loc["A", ["weight_rank_low", "weight_rank_high"]].tolist() == [1, 1]
    assert table.loc["B", ["weight_rank_low", "weight_rank_high"]].tolist() == [2, 2]


def test_intervals_are_the_ranks_of_each_draw():
    """Scores that are computed for each set of weights alone give the same intervals."""
    rng = np.random.default_rng(5)
    roles = ["conversion", "alloy", "coating"]
    rows = [
        row(f"M{i}", electrolyte=e, role=roles[i % 3], lithium=-0.02 * i % 0.2,
            **dict(zip(("layer", "worst", "deposited"), -rng.exponential(0.1, 3), strict=True)),
            margin=rng.normal())
        for i in range(12) for e in "EF"
    ]  # fmt: skip
    board, ranking = Board.of(pd.DataFrame(rows)), Ranking()
    low, high = weight_rank_ranges(board, ranking, draws=200, seed=4)
    drawn = drawn_weights(ranking.weights, 200, 4)
    places = []
    for i in range(200):
        one = Weights.model_validate({k: float(v[i, 0]) for k, v in drawn.items()})
        scores = score_columns(board.columns, one)
        places.append([ranks(block, 10.0)[0] for block in (scores.mean(axis=0), *scores)])
    climbing = np.sort(places, axis=0)
    # the 10th smallest of 200 has 5 % of them at or below it
    assert (low == climbing[9]).all()
    assert (high == climbing[189]).all()
    assert (low < high).any()


def test_same_input_gives_the_same_intervals():
    rows = pd.DataFrame(THREE)
    pd.testing.assert_frame_equal(rank(rows, Ranking()), rank(rows, Ranking()))
    later = set(columns_of("ranking")) - set(rank(rows, Ranking()).columns)
    assert later == {name for name in later if "score_" in name or "prob" in name} | {
        "rank_low", "rank_high", "suspect_phase", "suspect_direction", "suspect_change_meV_per_atom"
    }  # fmt: skip


def test_table_of_the_weights_worked_out_by_hand():
    table = weight_table(pd.DataFrame(THREE), Ranking())
    assert tuple(table.columns) == columns_of("weights")
    assert set(table["electrolyte"]) == {"E"}
    assert set(table["weight"]) == {"layer", "deposited", "bridge_meV_per_V"}
    found = table.set_index(["weight", "weight_change"])
    # twice the weight of the layer: A -120 falls behind B -80; A, B, C become B, A, C
    assert found.loc[("layer", "double"), "kendall_tau"] == pytest.approx(1 / 3)
    assert found.loc[("layer", "double"), "best_candidate"] == "B"
    assert found.loc[("layer", "double"), "largest_rank_change"] == 1
    assert found.loc[("layer", "double"), "candidate_of_largest_change"] == "A"
    # half the weight: A -30, the order stays
    assert found.loc[("layer", "half"), "kendall_tau"] == 1.0
    assert found.loc[("layer", "half"), "best_candidate"] == "A"
    assert found.loc[("layer", "half"), "candidate_of_largest_change"] == ""
    # half the weight as deposited: B -40, in front of A
    assert found.loc[("deposited", "half"), "best_candidate"] == "B"
    # twice: B -160; half the penalty of the bridge: C -150
    assert found.loc[("deposited", "double"), "kendall_tau"] == 1.0
    assert found.loc[("bridge_meV_per_V", "half"), "kendall_tau"] == 1.0


def test_best_of_a_tie_names_all_of_it():
    rows = [row("A", layer=-0.004), row("B"), row("C", layer=-0.1)]
    assert set(weight_table(pd.DataFrame(rows), Ranking())["best_candidate"]) == {"B; A"}


def test_table_of_the_weights_has_a_block_for_each_electrolyte_and_all_together():
    rows = [
        *THREE,
        row("A", electrolyte="F", layer=-0.06),
        row("B", electrolyte="F", status="failed"),
        row("C", electrolyte="F", margin=-4.0),
        row("D", electrolyte="F", role="coating", lithium=-0.002),
        row("D", electrolyte="E", status="failed"),
    ]
    table = weight_table(pd.DataFrame(rows), Ranking())
    assert list(dict.fromkeys(table["electrolyte"])) == ["overall", "E", "F"]
    assert set(table.loc[table["electrolyte"] == "overall", "best_candidate"]) <= {"A", "C; A"}


def test_no_candidate_with_a_score_gives_an_empty_table():
    assert weight_table(pd.DataFrame([row("A", status="failed")]), Ranking()).empty
    one = weight_table(pd.DataFrame([row("A")]), Ranking())
    assert one["kendall_tau"].isna().all()
    assert (one["largest_rank_change"] == 0).all()


def test_ranks_among_more_candidates_than_are_shown():
    rows = [row("A", layer=-0.01), row("B", layer=-0.2), row("C", layer=-0.3, worst=-0.3)]
    rows += [row(r["candidate"], electrolyte="F", layer=-0.1) for r in rows]
    whole = pd.DataFrame(rows)
    standing = Standing.of(Board.of(whole), Ranking())
    some = whole[whole["candidate"] != "A"].reset_index(drop=True)
    found = rank(some, Ranking(), standing)
    key = ["electrolyte", "candidate"]
    wanted = rank(whole, Ranking()).set_index(key)
    for column in ("rank", "pareto", "score_meV_per_atom"):
        mine = found.set_index(key)[column]
        assert mine.to_dict() == wanted.loc[mine.index, column].to_dict()
    alone = rank(some, Ranking()).set_index(key)["rank"]
    assert alone["E", "B"] == 1
    assert found.set_index(key)["rank"]["E", "B"] == 2
    assert standing.best(1, 1).tolist() == [0]


def test_no_rows_have_no_ranking():
    none = pd.DataFrame([row("A")]).iloc[:0]
    assert rank(none, Ranking()).empty
    assert weight_table(none, Ranking()).empty
