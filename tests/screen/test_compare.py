"""Answers that change from one source to another: all of them, and no others."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from interscreen import react
from interscreen.errors import InputError
from interscreen.phases.columns import COLUMNS
from interscreen.screen.compare import (
    AnswerChange,
    ScreenDifference,
    compare_screens,
    phases_of,
)
from interscreen.screen.run import run_study
from interscreen.screen.study import Study
from interscreen.screen.study_file import default_study

FRAMES = ("results", "reactions", "windows", "lithiation", "ranking")


def shifted(table, formula, change):
    """The table with another energy of one phase [eV/atom]."""
    energies = table.energies.copy()
    energies[np.flatnonzero(table.formulas == formula)] += change
    return replace(table, energies=energies)


def without(table, formula):
    """The table in which one phase takes part in nothing."""
    return replace(table, counted=table.counted & (table.formulas != formula))


def study(*candidates, electrolytes=("LATP",)):
    return Study(name="s", electrolytes=list(electrolytes), candidates=list(candidates))


def find(changes, candidate, electrolyte, quantity, contact=""):
    """The one change of an answer."""
    wanted = (candidate, electrolyte, contact, quantity)
    (found,) = [
        change
        for change in changes
        if (change.candidate, change.electrolyte, change.contact, change.quantity) == wanted
    ]
    return found


@pytest.fixture(scope="module")
def demo(reference):
    return run_study(default_study(), reference)


@pytest.fixture(scope="module")
def fluoride(reference):
    """The demo with LiF 10 meV/atom higher."""
    return run_study(default_study(), shifted(reference, "LiF", 0.010))


@pytest.fixture(scope="module")
def changed(demo, fluoride):
    return compare_screens(demo, fluoride)


# -- a changed energy ----------------------------------------------------------


def test_nothing_changes_from_a_screen_to_itself(demo):
    found = compare_screens(demo, demo, tolerance_eV_per_atom=0.0, tolerance_V=0.0)
    assert not found.changed
    assert found.numbers == found.products == found.failures == ()
    assert found.rows == 12
    assert len(found.ranking) == 16
    assert len(found.to_frame()) == 0


def test_numbers_of_copper_fluoride_change_as_done_by_hand(changed):
    # 2 Li + CuF2 -> Cu + 2 LiF: 4 atoms of LiF, 40 meV, over 5 atoms and over 2 electrons
    mutual = find(changed.numbers, "CuF2", "", "lithium_mutual_eV_per_atom")
    assert mutual.change == pytest.approx(0.040 / 5, abs=1e-9)
    assert mutual.value_b - mutual.value_a == mutual.change
    assert mutual.unit == "eV/atom"
    voltage = find(changed.numbers, "CuF2", "", "first_voltage_V")
    assert voltage.change == pytest.approx(-0.040 / 2, abs=1e-9)
    assert voltage.unit == "V"
    # Li3AlF6 + 3 Li -> Al + 6 LiF is the second step of AlF3: 120 meV over 3 electrons
    second = find(changed.numbers, "AlF3", "", "voltage_V", "to Al + LiF")
    assert second.change == pytest.approx(-0.120 / 3, abs=1e-9)
    # LiF itself gives off its Li at a voltage lower by 20 meV
    limit = find(changed.numbers, "", "", "oxidation_limit_V", "LiF")
    assert limit.change == pytest.approx(-0.020, abs=1e-9)


def test_only_what_makes_lithium_fluoride_changes(changed):
    assert changed.changed
    assert {c.candidate for c in changed.numbers} == {"CuF2", "AlF3", ""}
    assert all("LiF" in c.contact for c in changed.numbers if not c.candidate)
    assert not any(place.changed for place in changed.ranking)


def expected(demo, fluoride, tolerances):
    """Cells of results.csv that changed, without any code of the package."""
    found = set()
    pairs = zip(demo.results.to_dict("records"), fluoride.results.to_dict("records"), strict=True)
    for before, after in pairs:
        for column in demo.results.columns:
            unit = COLUMNS[column].unit
            if unit in tolerances and before[column] is not None:
                change = after[column] - before[column]
                if abs(change) > tolerances[unit] + 1e-9:
                    found.add((column, round(before[column], 9), round(after[column], 9)))
    return found


@pytest.mark.parametrize("tolerances", [(0.0, 0.0), (0.0025, 0.015), (0.008, 0.02), (0.9, 0.9)])
def test_every_number_of_the_results_beyond_the_tolerance_is_there(demo, fluoride, tolerances):
    energy, volt = tolerances
    found = compare_screens(demo, fluoride, tolerance_eV_per_atom=energy, tolerance_V=volt)
    mine = {
        (c.quantity, round(c.value_a, 9), round(c.value_b, 9))
        for c in found.numbers
        if not c.contact and c.quantity in demo.results.columns
    }
    assert mine == expected(demo, fluoride, {"eV/atom": energy, "V": volt})
    for change in found.numbers:
        assert abs(change.change) > (energy if change.unit == "eV/atom" else volt)


def test_products_against_an_electrolyte_are_those_of_the_single_question(
    demo, fluoride, reference
):
    found = compare_screens(demo, fluoride, tolerance_eV_per_atom=0.0)
    answer = find(found.numbers, "", "LAGP", "mutual_energy_eV_per_atom", "LiF | LAGP")
    for table, value in (
        (reference, answer.value_a),
        (shifted(reference, "LiF", 0.010), answer.value_b),
    ):
        assert react(table, "LiF", "LAGP").min_mutual_energy_eV_per_atom == value
    found_once = [c for c in found.numbers if c.contact == "LiF | LAGP"]
    assert len(found_once) == 1  # although CuF2 and AlF3 both make LiF


def test_larger_changes_come_first(changed):
    sizes = [round(abs(change.change), 9) for change in changed.numbers]
    assert sizes == sorted(sizes, reverse=True)


# -- other products, other rows ------------------------------------------------


@pytest.mark.proof
def test_products_change_when_a_phase_is_taken_away(demo, reference):
    found = compare_screens(demo, run_study(default_study(), without(reference, "CuO")))
    deposited = find(found.products, "CuF2", "LLZO", "deposited_equation")
    assert deposited.value_a == "CuO + LaF3 + LiF + ZrO2"
    assert "CuO" not in deposited.value_b.split(" + ")
    assert deposited.value_b == phases_of(react(without(reference, "CuO"), "CuF2", "LLZO").equation)
    assert (deposited.change, deposited.unit) == (None, "")
    bare = compare_screens(demo, run_study(default_study(), without(reference, "Zr3O")))
    baseline = find(bare.products, "", "LLZO", "equation", "Li | LLZO")
    assert baseline.value_a == "La2O3 + Li2O + Zr3O"
    assert "Zr3O" not in baseline.value_b


def test_an_alloy_changes_the_layer_its_steps_and_the_worst_product(demo, reference_all):
    found = compare_screens(demo, run_study(default_study(), reference_all))
    layer = find(found.products, "CuF2", "", "conversion_products")
    assert (layer.value_a, layer.value_b) == ("Cu + LiF", "LiCu3 + LiF")
    steps = find(found.products, "CuF2", "", "products")
    assert (steps.value_a, steps.value_b) == ("Cu + LiF", "Cu + LiF; LiCu3 + LiF")
    worst = find(found.products, "CuF2", "LLZO", "worst_product")
    assert (worst.value_a, worst.value_b) == ("Cu", "LiCu3")


def test_places_are_those_of_either_ranking(demo, reference):
    other = run_study(default_study(), shifted(reference, "LiF", 0.3))
    found = compare_screens(demo, other)
    columns = ["electrolyte", "candidate", "rank", "score_meV_per_atom", "role"]

    def places(screen):
        rows = screen.ranking[columns].itertuples(index=False)
        return {tuple(row)[:2]: tuple(row)[2:] for row in rows}

    before, after = places(demo), places(other)
    assert [(p.electrolyte, p.candidate) for p in found.ranking] == list(before)
    for place in found.ranking:
        key = (place.electrolyte, place.candidate)
        assert (place.rank_a, place.score_a_meV_per_atom, place.role_a) == before[key]
        assert (place.rank_b, place.score_b_meV_per_atom, place.role_b) == after[key]
        assert place.changed == (before[key][0] != after[key][0])
    moved = {key for key in before if before[key][0] != after[key][0]}
    assert ("LATP", "CuS") in moved
    rows = found.to_frame().query("quantity == 'rank'")
    assert set(zip(rows["electrolyte"], rows["candidate"], strict=True)) == moved
    for row in rows.to_dict("records"):
        key = (row["electrolyte"], row["candidate"])
        assert (row["value_a"], row["value_b"]) == (before[key][0], after[key][0])
        assert row["change"] == row["value_b"] - row["value_a"]


def test_no_reaction_is_an_empty_assemblage(make_table):
    # 2 LiF + 3 Li2O atoms as they are: -2.4 eV/atom
    one = study("LiF", electrolytes=("Li2O",))
    before = make_table({"LiF": -3.0, "Li2O": -2.0})
    after = make_table({"LiF": -3.0, "Li2O": -2.0, "Li3OF": -2.6})
    found = compare_screens(run_study(one, before), run_study(one, after))
    contact = find(found.products, "LiF", "Li2O", "equation", "LiF | Li2O")
    assert (contact.value_a, contact.value_b) == ("", "Li3OF")
    energy = find(found.numbers, "LiF", "Li2O", "mutual_energy_eV_per_atom", "LiF | Li2O")
    assert (energy.value_a, energy.change) == (0.0, pytest.approx(-0.2))


def test_a_number_that_appears_has_no_change_and_comes_first(make_table):
    # Li + LiF -> Li2F: (3 * -2.5 - 2 * -3.0) eV for one electron, over 3 atoms
    one = study("LiF", electrolytes=("Li2O",))
    before = make_table({"LiF": -3.0, "Li2O": -2.0})
    after = make_table({"LiF": -3.0, "Li2O": -2.0, "Li2F": -2.5})
    found = compare_screens(run_study(one, before), run_study(one, after))
    voltage = find(found.numbers, "LiF", "", "first_voltage_V")
    assert (voltage.value_a, voltage.change) == (None, None)
    assert voltage.value_b == pytest.approx(1.5)
    assert found.numbers[0].change is None
    energy = find(found.numbers, "LiF", "", "lithium_mutual_eV_per_atom")
    assert energy.change == pytest.approx(-0.5)
    products = find(found.products, "LiF", "", "conversion_products")
    assert (products.value_a, products.value_b) == ("LiF", "Li2F")
    assert [(p.role_a, p.role_b) for p in found.ranking] == [("coating", "conversion")]
    assert found.ranking[0].changed
    back = compare_screens(run_study(one, after), run_study(one, before))
    assert find(back.numbers, "LiF", "", "first_voltage_V").value_b is None


def test_rows_that_fail_in_one_only_say_why(reference, make_table):
    energies = dict(zip(reference.formulas.tolist(), reference.energies.tolist(), strict=True))
    everything = make_table(energies)
    rows = [i for i in range(len(reference)) if "N" not in reference.composition(i)]
    no_nitrogen = make_table({f: energies[f] for f in reference.formulas[rows].tolist()})
    a, b = (run_study(default_study(), table) for table in (everything, no_nitrogen))
    found = compare_screens(a, b)
    assert [(f.candidate, f.electrolyte) for f in found.failures] == [
        ("Cu3N", "LLZO"), ("Cu3N", "LATP"), ("Cu3N", "LAGP"),
    ]  # fmt: skip
    for failure in found.failures:
        assert failure.quantity == "reason"
        assert failure.value_a == ""
        assert failure.value_b.startswith("element N: ")
    assert found.numbers == found.products == ()
    assert found.changed
    lost = [place for place in found.ranking if place.candidate == "Cu3N"]
    assert all(place.rank_a and place.rank_b is None for place in lost)
    assert all(place.score_b_meV_per_atom is None for place in lost)
    back = compare_screens(b, a)
    assert back.failures[0].value_b == ""
    assert len(back.ranking) == len(found.ranking)


def test_rows_that_fail_in_both_are_no_change(reference):
    screen = run_study(study("CuF2", "TaF5"), reference)
    found = compare_screens(screen, screen)
    assert not found.changed
    assert found.rows == 2


def test_an_energy_given_for_a_candidate_counts_wherever_the_phase_is_met(make_table):
    table = make_table({"LiF": -3.0, "Li2O": -2.0, "CuF2": -1.8, "Li3OF": -2.6})

    def screen(energy):
        own = {"formula": "LiF", "name": "own", "energy_eV_per_atom": energy}
        return run_study(study("CuF2", own, electrolytes=("Li2O",)), table)

    found = compare_screens(screen(-3.0), screen(-3.1))
    contact = find(found.numbers, "own", "Li2O", "mutual_energy_eV_per_atom", "LiF | Li2O")
    assert contact.value_a == pytest.approx(-0.2)
    assert contact.value_b == pytest.approx(-2.6 + (2 * 3.1 + 3 * 2.0) / 5)
    # what CuF2 makes is this LiF, too
    assert {change.candidate for change in found.numbers} == {"", "CuF2", "own"}


# -- what cannot be compared ---------------------------------------------------


def test_screens_of_different_studies_are_refused(reference, demo):
    other = run_study(study("CuF2", electrolytes=("LLZO",)), reference)
    with pytest.raises(InputError, match=r"AlF3 with LAGP.*one study") as caught:
        compare_screens(demo, other)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [-0.001, math.nan, 10])
@pytest.mark.parametrize("name", ["tolerance_eV_per_atom", "tolerance_V"])
def test_a_tolerance_that_is_none_is_refused(demo, name, value):
    unit = "eV/atom" if "eV" in name else "V"
    with pytest.raises(InputError, match=f"tolerance: .* {unit}"):
        compare_screens(demo, demo, **{name: value})


# -- what can be done with it --------------------------------------------------


def test_tables_read_back_from_files_give_the_same(demo, fluoride, changed, tmp_path):
    def read(screen):
        frames = {}
        for name in FRAMES:
            getattr(screen, name).to_csv(tmp_path / "table.csv", index=False)
            frames[name] = pd.read_csv(tmp_path / "table.csv")
        return replace(screen, **frames)

    assert compare_screens(read(demo), read(fluoride)) == changed
    assert not compare_screens(demo, read(demo)).changed


def test_the_dictionary_is_plain_json(changed):
    data = json.loads(json.dumps(changed.to_dict(), allow_nan=False))
    assert data == changed.to_dict()
    assert set(data) == {field.name for field in fields(ScreenDifference)}
    assert set(data["numbers"][0]) == {field.name for field in fields(AnswerChange)}
    assert data["source_a"].startswith("small set")


def test_the_frame_has_a_row_for_each_change(changed):
    frame = changed.to_frame()
    assert list(frame.columns) == [field.name for field in fields(AnswerChange)]
    assert len(frame) == len(changed.numbers) + len(changed.products)
    assert set(frame["quantity"]) <= set(COLUMNS)


@pytest.mark.parametrize(
    ("text", "phases"),
    [
        ("Cu + 2 LiF", "Cu + LiF"),
        ("2 Li + CuF2 -> 2 LiF + Cu", "Cu + LiF"),
        ("8 A + B -> 0.333333 Al2O3 + 1.5e-05 Ti(CuS)4 + Li(PO4)3", "Al2O3 + Li(PO4)3 + Ti(CuS)4"),
        ("A -> 2 (Cu + 2 LiF) + O2", "(Cu + 2 LiF) + O2"),
        ("A -> (2 LiF + Al2(SO4)3) + O2", "(2 LiF + Al2(SO4)3) + O2"),
        ("LiF + 3 LiF", "LiF"),
        ("", ""),
    ],
)
def test_amounts_are_no_part_of_an_assemblage(text, phases):
    assert phases_of(text) == phases
