"""What single answers say about the phases that were left out."""

import json

import numpy as np
import pytest

import interscreen as si
from interscreen.answers.deciding import left_out_below
from interscreen.answers.put_back import with_put_back
from interscreen.answers.reaction import react
from interscreen.answers.stack import stack
from interscreen.answers.window import stability_window
from interscreen.report.text.answers import stack_text

# LiCu3 (nobody made it) takes the place of Cu; 7 Li + 3 CuF2 -> LiCu3 + 6 LiF
BY_HAND = {"Li": 0.0, "Cu": 0.0, "F2": 0.0, "LiF": -3.0, "CuF2": -1.0, "LiCu3": -0.1, "Li3Cu": 0.1}


@pytest.fixture
def db(make_table):
    return si.Database(make_table(BY_HAND))


def test_a_phase_below_the_hull_that_is_left_out_changes_the_answer(db):
    found = db.reaction("Li", "Cu")
    assert found.min_mutual_energy_eV_per_atom == 0.0
    assert found.put_back.phases == ("LiCu3",)
    assert found.put_back.changes == {
        "min_mutual_energy_eV_per_atom": (0.0, pytest.approx(-0.1, abs=1e-9))
    }
    line = "with LiCu3: mutual energy -100.0 meV/atom in place of 0.0"
    assert str(found.put_back) == line
    told = json.loads(json.dumps(found.to_dict()))["put_back"]
    assert told["phases"] == ["LiCu3"]
    assert told["text"] == line
    (change,) = told["changes"]
    assert change["quantity"] == "min_mutual_energy_eV_per_atom"
    assert change["value_then"] == pytest.approx(-0.1, abs=1e-9)


def test_lithiation_and_profile_say_it_too(db):
    path = db.lithiation("CuF2")
    assert path.final_products == ("Cu", "LiF")
    # (6 * 2 * 3.0 + 4 * 0.1 - 9 * 1.0) / 7 Li, without the artefact (2 * 2 * 3.0 - 3 * 1.0) / 2
    voltage = ((9 * 3 + 0.4) / 7, 4.5)
    assert path.put_back.changes == {
        "conversion_products": ("Cu + LiF", "LiCu3 + LiF"),
        "average_voltage_V": (pytest.approx(voltage[1]), pytest.approx(voltage[0])),
    }
    assert path.to_dict()["put_back"]["phases"] == ["LiCu3"]
    # Cu takes up Li below 0.4 V = 4 * 0.1 eV per Li
    span = db.profile("Cu", "LiF", 0.0, 1.0)
    assert span.put_back.changes["stable_window_V"] == ("0.000 to 1.000", "0.400 to 1.000")
    assert "with LiCu3: nothing reacts from 0.400 to 1.000 V in place of" in str(span.put_back)


def test_what_changes_nothing_is_not_worth_a_word(db, make_table):
    found = db.window("LiF")
    assert found.put_back is None
    assert "put_back" not in found.to_dict()
    everything = si.Database(make_table(BY_HAND, all_phases=True))
    assert everything.reaction("Li", "Cu").put_back is None


def test_only_phases_below_the_hull_are_tried(db, make_table):
    table = db.table
    below = left_out_below(table, ["Li", "Cu", "F"])
    assert [str(table.formulas[row]) for row in below] == ["LiCu3"]  # Li3Cu is above it

    def never(table):
        raise AssertionError("nothing to put back")

    found = stability_window(table, "LiF")
    assert with_put_back(found, table, ["Li", "F"], never) is found
    above = make_table({**BY_HAND, "LiCu3": 0.2})
    assert with_put_back(found, above, ["Li", "Cu", "F"], never) is found


def test_what_the_table_marks_as_never_observed_is_put_back_like_an_artefact(make_table):
    lower = make_table(
        {"Li": 0.0, "S": 0.0, "Li2S": -1.5, "LiS": -1.2}, observed=np.array([1, 1, 1, 0])
    )
    found = si.Database(lower).reaction("Li2S", "S")
    assert found.put_back.phases == ("LiS",)
    value, then = found.put_back.changes["min_mutual_energy_eV_per_atom"]
    assert (value, then) == (0.0, pytest.approx(-1.2 + 1.5 * 0.75, abs=1e-9))


def test_the_main_example(embedded):
    found = si.Database(embedded).stack("CuF2", "LATP")
    layer = found.put_back.changes["layer_mutual_eV_per_atom"]
    assert [round(1000 * value, 1) for value in layer] == [-1.8, -102.1]
    everything = stack(si.PhaseTable.reference(all_phases=True), "CuF2", "LATP")
    assert layer[1] == everything.layer.energy
    text = stack_text(found)
    assert "with LiCu3: converted layer -102.1 meV/atom in place of -1.8" in text
    assert found.put_back.phases == ("LiCu3",)


def test_error_bars_and_the_line_go_together(db):
    found = db.reaction("Li", "Cu", samples=50)
    assert found.samples == 50
    assert found.put_back.phases == ("LiCu3",)
    assert react(db.table, "Li", "Cu").put_back is None  # a bare function does not ask
