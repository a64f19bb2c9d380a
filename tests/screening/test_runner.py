"""Screens: the same tables whatever the number of workers; one failure stops nothing."""

import pandas as pd
import pytest

from interscreen import react
from interscreen.columns import COLUMNS
from interscreen.errors import InputError
from interscreen.screening.runner import run_study
from interscreen.screening.study import Study, default_study


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
    for name in ("results", "reactions", "windows", "lithiation", "ranking"):
        assert set(getattr(demo, name).columns) <= set(COLUMNS)


def test_rows_hold_what_the_single_questions_give(demo, reference):
    for row in demo.results.to_dict("records"):
        one = react(reference, row["candidate"], row["electrolyte"])
        assert row["deposited_mutual_eV_per_atom"] == one.min_mutual_energy_eV_per_atom
        assert row["deposited_equation"] == (one.equation or "")
        layer = react(reference, row["layer"], row["electrolyte"])
        assert row["layer_mutual_eV_per_atom"] == layer.min_mutual_energy_eV_per_atom
        assert row["improvement_eV_per_atom"] == pytest.approx(
            layer.min_mutual_energy_eV_per_atom - row["bare_mutual_eV_per_atom"]
        )


def test_copper_fluoride_is_the_choice_for_latp(demo):
    latp = demo.ranking[demo.ranking["electrolyte"] == "LATP"]
    assert list(latp["candidate"]) == ["CuF2", "CuS", "AlF3", "Cu3N"]
    assert list(latp["rank"]) == [1, 2, 3, 4]


def test_workers_do_not_change_a_bit(demo, reference):
    parallel = run_study(default_study(), reference, jobs=2)
    for name in ("results", "reactions", "windows", "lithiation", "ranking"):
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


def test_unexpected_error_is_a_row_too(reference, monkeypatch):
    from interscreen.screening import runner

    right = runner.candidate_side

    def broken(table, material):
        if material.formula == "AlF3":
            raise ZeroDivisionError("surprise")
        return right(table, material)

    monkeypatch.setattr(runner, "candidate_side", broken)
    found = run_study(study("CuF2", "AlF3"), reference)
    reasons = dict(zip(found.results["candidate"], found.results["reason"], strict=True))
    assert reasons["CuF2"] == ""
    assert "ZeroDivisionError: surprise" in reasons["AlF3"]


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


def test_questions_outside_the_reference_set_are_flagged(reference):
    found = run_study(study("SnO2", electrolytes=("LLZO",)), reference)
    assert any("SnO2" in warning for warning in found.warnings)


def test_every_row_says_what_was_left_out_and_where_it_comes_from(demo):
    cu = demo.results[demo.results["candidate"] == "CuF2"]
    assert all("LiCu3" in text for text in cu["left_out_phases"])
    for name in ("results", "reactions", "windows", "lithiation", "ranking"):
        assert all("CC BY 4.0" in text for text in getattr(demo, name)["source"])
