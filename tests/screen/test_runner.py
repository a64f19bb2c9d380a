"""Screens: the same tables whatever the number of workers; one failure stops nothing."""

import numpy as np
import pandas as pd
import pytest

from interscreen import react
from interscreen.errors import InputError
from interscreen.phases.columns import COLUMNS
from interscreen.report.text.ranking import ranking_text
from interscreen.screen.entries import MaterialEntry, Uncertainty
from interscreen.screen.run import run_study
from interscreen.screen.study import Study
from interscreen.screen.study_file import default_study


@pytest.fixture(scope="module")
def demo(reference):
    return run_study(default_study(), reference)


def study(*candidates, electrolytes=("LATP",)):
    return Study(name="s", electrolytes=list(electrolytes), candidates=list(candidates))


def test_every_candidate_and_electrolyte_has_a_row(demo):
    pairs = set(zip(demo.results["candidate"], demo.results["electrolyte"], strict=True))
    assert len(demo.results) == len(pairs) == 12
    assert (demo.results["status"] == "ok").all()
    assert demo.failed == 0


def test_every_column_is_registered(demo):
    for name in (
        "results reactions windows lithiation ranking weights uncertainty sensitivity"
    ).split():
        assert set(getattr(demo, name).columns) <= set(COLUMNS)


def test_rows_hold_what_the_single_questions_give(demo, reference):
    for row in demo.results.to_dict("records"):
        one = react(reference, row["candidate"], row["electrolyte"])
        assert row["deposited_mutual_eV_per_atom"] == pytest.approx(
            one.min_mutual_energy_eV_per_atom, abs=1e-12
        )
        assert row["deposited_equation"] == (one.equation or "")
        layer = react(reference, row["layer"], row["electrolyte"])
        assert row["layer_mutual_eV_per_atom"] == pytest.approx(
            layer.min_mutual_energy_eV_per_atom, abs=1e-12
        )
        assert row["improvement_eV_per_atom"] == pytest.approx(
            layer.min_mutual_energy_eV_per_atom - row["bare_mutual_eV_per_atom"]
        )
        worst = react(reference, row["worst_state"], row["electrolyte"])
        assert row["worst_state_mutual_eV_per_atom"] == pytest.approx(
            worst.min_mutual_energy_eV_per_atom, abs=1e-9
        )
        ends = (row["deposited_mutual_eV_per_atom"], row["layer_mutual_eV_per_atom"])
        assert row["worst_state_mutual_eV_per_atom"] <= min(ends) + 1e-9
        as_deposited = row["worst_state"] == row["candidate"]
        assert as_deposited == np.isnan(row["worst_state_potential_V"])


def test_copper_fluoride_is_the_choice_for_latp(demo):
    latp = demo.ranking[demo.ranking["electrolyte"] == "LATP"]
    assert list(latp["candidate"]) == ["CuF2", "CuS", "Cu3N", "AlF3"]
    assert list(latp["rank"]) == [
        1,
        2,
        3,
        3,
    ]


@pytest.mark.proof
def test_workers_do_not_change_a_bit(demo, reference):
    parallel = run_study(default_study(), reference, jobs=2)
    for name in (
        "results reactions windows lithiation ranking weights uncertainty sensitivity"
    ).split():
        mine, other = getattr(demo, name), getattr(parallel, name)
        pd.testing.assert_frame_equal(mine, other, check_exact=True)
        assert mine.to_csv() == other.to_csv()


def test_failed_candidate_is_a_row_with_a_reason_and_the_rest_goes_on(reference):
    found = run_study(study("CuF2", "TaF5", "AlF3", electrolytes=("LATP", "LLZO")), reference)
    assert found.failed == 2
    bad = found.results[found.results["candidate"] == "TaF5"]
    assert set(bad["status"]) == {"failed"}
    assert all("Ta" in reason for reason in bad["reason"])
    assert bad["deposited_mutual_eV_per_atom"].isna().all()
    good = found.results[found.results["candidate"] != "TaF5"]
    assert (good["status"] == "ok").all()


def test_unexpected_error_in_words_is_a_warning_and_the_numbers_stand(reference, monkeypatch):
    from interscreen.screen import detail

    right = detail.lithiate

    def broken(table, material):
        if material.formula == "AlF3":
            raise ZeroDivisionError("surprise")
        return right(table, material)

    monkeypatch.setattr(detail, "lithiate", broken)
    found = run_study(study("CuF2", "AlF3"), reference)
    assert found.failed == 0
    assert found.results["score_meV_per_atom"].notna().all()
    assert any("AlF3: no equations" in text and "surprise" in text for text in found.warnings)
    assert set(found.reactions["candidate"]) == {"CuF2"}


def test_electrolyte_that_the_source_cannot_answer_is_wrong_input(reference):
    with pytest.raises(InputError, match=r"electrolyte LLZTO.*Ta"):
        run_study(study("CuF2", electrolytes=("LLZTO",)), reference)


def test_roles_come_from_lithium_unless_the_study_says(reference):
    found = run_study(
        study("CuF2", "LiF", {"formula": "Al2O3", "role": "coating", "name": "alumina"}), reference
    )
    roles = dict(zip(found.results["candidate"], found.results["role"], strict=True))
    assert roles == {"CuF2": "conversion", "LiF": "coating", "alumina": "coating"}


def test_progress_counts_finished_candidates(reference):
    seen = []
    run_study(study("CuF2", "LiF"), reference, progress=lambda *state: seen.append(state))
    assert seen == [(1, 2), (2, 2)]


def test_every_row_says_what_was_left_out_and_where_it_comes_from(demo):
    cu = demo.results[demo.results["candidate"] == "CuF2"]
    assert all("LiCu3" in text for text in cu["left_out_phases"])
    for name in ("results", "reactions", "windows", "lithiation", "ranking"):
        assert all("CC BY 4.0" in text for text in getattr(demo, name)["source"])


def test_an_electrolyte_that_the_source_lacks_fails_alone(reference):
    found = run_study(study("CuF2", "LiF", electrolytes=("LLZO", "LPSCl", "LATP")), reference)
    rows = found.results
    bad = rows[rows["electrolyte"] == "LPSCl"]
    assert (bad["status"] == "failed").all()
    assert bad["reason"].str.contains("element Cl").all()
    assert (rows[rows["electrolyte"] != "LPSCl"]["status"] == "ok").all()
    overall = found.ranking[found.ranking["electrolyte"] == "overall"]
    assert (overall["status"] == "ok").all()
    assert (overall["electrolytes_counted"] == 2).all()
    two = run_study(study("CuF2", "LiF", electrolytes=("LLZO", "LATP")), reference).ranking
    two = two[two["electrolyte"] == "overall"]
    for column in ("score_meV_per_atom", "score_std_meV_per_atom", "probability_best"):
        assert list(overall[column]) == list(two[column])
    assert any("LPSCl" in warning for warning in found.warnings)


def test_what_the_study_expects_stands_beside_the_answer(reference):
    known = {"formula": "CuF2", "products": "Cu + LiF", "reference": "somebody 2023"}
    found = run_study(study(known, "TaF5"), reference)
    row = found.results[found.results["candidate"] == "CuF2"].iloc[0]
    assert (row["expected_products"], row["reference"]) == ("Cu + LiF", "somebody 2023")
    assert row["metal_percolates"] == "yes"
    assert row["metal_volume_percent"] == pytest.approx(26.5, abs=0.1)


def test_error_bars_stand_in_the_ranking_and_may_be_switched_off(reference):
    given = study("CuF2", "CuS", "LiF", electrolytes=("LLZO", "LATP"))
    found = run_study(given, reference)
    for _, block in found.ranking.groupby("electrolyte"):
        assert block["probability_best"].sum() == pytest.approx(1.0)
        assert block["probability_top3"].sum() == pytest.approx(3.0)
        assert (block["rank_low"] <= block["rank_high"]).all()
        assert (block["score_low_meV_per_atom"] <= block["score_high_meV_per_atom"]).all()
    table = found.uncertainty.set_index(["candidate", "electrolyte", "quantity"])
    row = found.results.set_index(["candidate", "electrolyte"]).loc[("CuS", "LATP")]
    for key, index in {
        "layer_mutual_eV_per_atom": ("CuS", "LATP"),
        "average_voltage_V": ("CuS", ""),
        "bare_mutual_eV_per_atom": ("", "LATP"),
    }.items():
        entry = table.loc[(*index, key)]
        assert entry["value"] == row[key]
        assert entry["standard_deviation"] > 0
        assert entry["samples_counted"] == 1000
    quiet = given.model_copy(update={"uncertainty": Uncertainty(samples=0), "sensitivity": False})
    without = run_study(quiet, reference)
    assert without.uncertainty is None
    assert without.sensitivity is None
    assert "probability_best" not in without.ranking
    assert "suspect_phase" not in without.ranking
    judged = ["verdict", "verdict_reason"]  # from samples, or from the stated width
    assert without.results.drop(columns=judged).equals(found.results.drop(columns=judged))


def test_the_score_of_a_sample_is_the_score_of_its_numbers(reference):
    """Without errors every sample has the nominal score; with them the mean is near it."""
    from interscreen.answers.stacks import stacks
    from interscreen.energies.sampling import EnergyModel
    from interscreen.phases.material import Material
    from interscreen.screen.confidence import Sampled, sampled_scores
    from interscreen.screen.weights import Weights

    names, others = ["CuF2", "CuS", "LiF", "Al"], ["LLZO", "LATP"]
    found = run_study(study(*names, electrolytes=others), reference)
    numbers = stacks(
        reference, [Material(n) for n in names], [Material(n) for n in others],
        model=EnergyModel(0.0, correlated=False), samples=20,
    )  # fmt: skip
    scores = sampled_scores(Sampled.of(numbers), found.results, Weights())
    ranking = found.ranking.set_index(["candidate", "electrolyte"])["score_meV_per_atom"]
    assert len(scores) == 8
    for key, values in scores.items():
        assert values == pytest.approx(ranking[key], abs=1e-6)


def test_suspect_phases_are_named(reference_all):
    found = run_study(study("CuF2", electrolytes=("LATP",)), reference_all)
    row = found.ranking.iloc[0]
    assert row["suspect_phase"] == "LiCu3"
    assert row["suspect_direction"] == "left out"
    assert row["suspect_change_meV_per_atom"] > 50
    table = found.sensitivity
    layer = table[table["quantity"] == "layer_mutual_eV_per_atom"].set_index("phase")
    assert layer.loc["all suspects", "value"] == pytest.approx(-0.102, abs=0.001)
    assert layer.loc["all suspects", "value_then"] == pytest.approx(-0.002, abs=0.001)


def test_phases_that_do_not_count_are_named_as_well(reference):
    found = run_study(study("CuF2", electrolytes=("LATP",)), reference)
    row = found.ranking.iloc[0]
    assert (row["suspect_phase"], row["suspect_direction"]) == ("LiCu3", "put back")
    assert row["suspect_change_meV_per_atom"] < -50
    text = " ".join(ranking_text(found.ranking).split())
    assert "move scores: CuF2 with LATP -1" in text
    assert "(LiCu3 put back) meV/atom" in text


def test_cathodes_and_air_are_asked_for_by_the_study(reference):
    given = study("CuF2", "LiF").model_copy(
        update={
            "cathodes": [MaterialEntry(formula="TiO2")],
            "air": [MaterialEntry(formula="O2"), MaterialEntry(formula="CO2")],
        }
    )
    found = run_study(given, reference).surroundings
    assert set(found["part"]) == {"electrolyte", "candidate", "layer"}
    assert set(found["partner"]) == {"TiO2", "O2", "CO2"}
    carbon = found[found["partner"] == "CO2"]
    assert (carbon["status"] == "failed").all()
    assert carbon["reason"].str.contains("element C").all()
    assert (found[found["partner"] == "TiO2"]["status"] == "ok").all()
    assert run_study(study("CuF2"), reference).surroundings is None


def test_a_name_of_the_electrolyte_list_has_error_bars_however_it_is_written(reference):
    found = run_study(study("CuF2", "lagp", electrolytes=("latp",)), reference)
    assert list(found.results["candidate"]) == ["CuF2", "LAGP"]
    assert found.ranking["score_std_meV_per_atom"].notna().all()
