"""Which phases decide an answer, and how far it moves without the suspect ones."""

import dataclasses

import numpy as np
import pytest

from interscreen import Material, react, stability_window
from interscreen.answers.deciding import (
    BRIDGE,
    DEPOSITED,
    LAYER,
    LITHIUM,
    QUANTITIES,
    SCORE,
    VOLTAGE,
    WORST,
    Variants,
)
from interscreen.answers.sensitivity import (
    ALL_SUSPECTS,
    LEFT_OUT,
    PUT_BACK,
    sensitivity,
    stack_sensitivity,
    strongest_suspects,
)
from interscreen.answers.stack import stack
from interscreen.errors import InputError
from interscreen.phases.columns import columns_of
from interscreen.phases.hull import stability
from interscreen.phases.material import elements_of, resolve
from interscreen.phases.suspects import left_out_reason

# Li | CuF2 | FeS, worked out by hand.  Energies per formula unit [eV]: LiF -6, CuF2 -3, FeS -1,
# Li2S -4.5, LiCu3 -0.4 (nobody made it).  LiCu lies above the hull (-0.006; the mixture of LiCu3
# and Li has -0.133) and 3 meV/atom below it when LiCu3 is gone.
BY_HAND = {"LiF": -3.0, "CuF2": -1.0, "FeS": -0.5, "Li2S": -1.5, "LiCu3": -0.1, "LiCu": -0.003}
AS_COMPUTED = {
    LITHIUM: -9 / 5,  # 2 Li + CuF2 -> Cu + 2 LiF
    DEPOSITED: 0.0,
    LAYER: -2.7 / 34,  # 2 (LiCu3 + 6 LiF) + FeS -> 6 Cu + 12 LiF + Li2S + Fe
    WORST: -2.7 / 10,  # 2 LiCu3 + FeS -> 6 Cu + Li2S + Fe
    # LiF -> Li + F; 2 Li + FeS -> Li2S + Fe; each within 10 meV/atom
    BRIDGE: 6.0 - 1.75 + 0.010 / (1 / 2) + 0.010,
    VOLTAGE: (9 + 0.4 / 3) / (7 / 3),  # 7 Li + 3 CuF2 -> LiCu3 + 6 LiF
}
WITHOUT_LICU3 = AS_COMPUTED | {
    LAYER: -3.488 / 14,  # 2 (LiCu + 2 LiF) + FeS -> 2 Cu + 4 LiF + Li2S + Fe
    WORST: -3.488 / 6,
    VOLTAGE: (9 + 0.006) / 3,  # 3 Li + CuF2 -> LiCu + 2 LiF
}
WITHOUT_BOTH = AS_COMPUTED | {LAYER: 0.0, WORST: 0.0, VOLTAGE: 4.5}


@pytest.fixture(scope="module")
def by_hand(make_table):
    return make_table(BY_HAND, all_phases=True)


def outcomes(rows, phase):
    return {row["quantity"]: row["value_then"] for row in rows if row["phase"] == phase}


def row_of(rows, quantity, phase=ALL_SUSPECTS):
    (found,) = (r for r in rows if (r["quantity"], r["phase"]) == (quantity, phase))
    return found


def variants(table, candidate, electrolyte):
    return Variants(table, resolve(candidate)[0], resolve(electrolyte)[0])


def test_answers_by_hand(by_hand):
    rows = stack_sensitivity(by_hand, "CuF2", "FeS")
    assert {row["quantity"]: row["value"] for row in rows} == pytest.approx(AS_COMPUTED)
    without = outcomes(rows, "LiCu3")
    assert without == pytest.approx({key: WITHOUT_LICU3[key] for key in without})
    assert set(without) == {LAYER, WORST, BRIDGE, VOLTAGE}  # the others do not rest on it
    assert row_of(rows, LAYER, "LiCu3")["suspect_reason"] == "known artefact"
    assert row_of(rows, LAYER, "LiCu3")["change"] == pytest.approx(2.7 / 34 - 3.488 / 14)
    assert row_of(rows, WORST, "LiCu3")["products_then"] == "LiCu -> Cu + Fe + Li2S"


def test_what_takes_the_place_of_a_suspect_is_suspected_in_turn(by_hand):
    rows = stack_sensitivity(by_hand, "CuF2", "FeS")
    assert outcomes(rows, ALL_SUSPECTS) == pytest.approx(WITHOUT_BOTH)
    assert (
        row_of(rows, LAYER)["suspect_reason"]
        == "LiCu3: known artefact; LiCu: barely stable (3.0 meV/atom)"
    )
    assert row_of(rows, LAYER)["products_then"] == "Cu + 2 LiF -> no reaction"
    assert row_of(rows, LITHIUM)["suspect_reason"] == ""
    strict = stack_sensitivity(by_hand, "CuF2", "FeS", margin=0.002)
    assert outcomes(strict, ALL_SUSPECTS) == pytest.approx(WITHOUT_LICU3)


def test_of_barely_stable_phases_the_least_stable_goes_first(make_table):
    # both lie below the flat line from Na3As to NaAs2: Na2As by 4 and NaAs by 6 meV/atom.  Their
    # margins are 4 - 6/3 = 2 and 6 - 4/2 = 4 meV/atom; without Na2As that of NaAs is 6
    arsenides = {"Na3As": -0.4, "Na2As": -0.404, "NaAs": -0.406, "NaAs2": -0.4}
    table = make_table({"LiF": -3.0, **arsenides})
    rows = stack_sensitivity(table, "LiF", "Na3As2")  # no phase of its own: Na2As + NaAs
    assert row_of(rows, DEPOSITED)["deciding_phases"] == "LiF Na2As NaAs"
    for phase, margin in (("Na2As", 2.0), ("NaAs", 4.0)):
        reason = row_of(rows, DEPOSITED, phase)["suspect_reason"]
        assert reason == f"barely stable ({margin} meV/atom)"
    assert row_of(rows, DEPOSITED)["suspect_reason"] == "Na2As: barely stable (2.0 meV/atom)"


def test_copper_fluoride_without_what_nobody_made(reference_all):
    rows = stack_sensitivity(reference_all, "CuF2", "LATP")
    layer, worst = row_of(rows, LAYER), row_of(rows, WORST)
    assert 1000 * layer["value"] == pytest.approx(-102, abs=0.5)
    assert 1000 * worst["value"] == pytest.approx(-284, abs=0.5)
    assert 1000 * layer["value_then"] == pytest.approx(-1.8, abs=0.1)
    assert layer["suspect_reason"] == "LiCu3: known artefact"
    assert layer["products_then"].startswith("Cu + 2 LiF -> ")
    assert row_of(rows, VOLTAGE)["value_then"] == pytest.approx(3.639, abs=1e-3)


def test_answers_without_artefacts_are_those_of_the_table_without_them(reference, reference_all):
    for candidate, electrolyte in (("CuF2", "LATP"), ("CuS", "LLZO"), ("Cu3N", "LAGP")):
        rows = stack_sensitivity(reference_all, candidate, electrolyte)
        plain = stack_sensitivity(reference, candidate, electrolyte)
        for quantity in QUANTITIES:
            value = row_of(plain, quantity)["value"]
            assert row_of(rows, quantity)["value_then"] == pytest.approx(value, abs=1e-9)


def test_lithium_sulfide_oxidises_later_without_lis4(reference_all):
    row = row_of(stack_sensitivity(reference_all, "Li2S", "LLZO"), BRIDGE, "LiS4")
    limit = stability_window(reference_all, "LLZO").tolerance_window_V[0]
    assert row["value"] + limit == pytest.approx(2.157, abs=5e-3)
    assert row["value_then"] + limit == pytest.approx(2.356, abs=5e-3)


def test_full_table_knows_the_artefacts_too(full_table):
    rows = stack_sensitivity(full_table, "CuF2", "LATP")
    assert 1000 * row_of(rows, LAYER)["value"] == pytest.approx(-102, abs=0.5)
    assert 1000 * row_of(rows, LAYER)["value_then"] == pytest.approx(-1.8, abs=0.1)


def test_values_are_those_of_the_screen(reference):
    found = stack(reference, "AlF3", "LATP")
    rows = stack_sensitivity(reference, "AlF3", "LATP")
    expected = {
        LITHIUM: found.lithium.energy,
        DEPOSITED: found.deposited.energy,
        LAYER: found.layer.energy,
        WORST: found.worst_product.energy,
        BRIDGE: found.bridge_margin_V,
        VOLTAGE: found.lithiation.average_voltage_V,
    }
    assert {row["quantity"]: row["value"] for row in rows} == pytest.approx(expected, abs=1e-12)


def test_deciding_phases_are_the_products_at_the_minimum(reference):
    rows = stack_sensitivity(reference, "CuF2", "LATP")
    products = react(reference, "CuF2", "LATP").products
    assert set(products) <= set(row_of(rows, DEPOSITED)["deciding_phases"].split())
    assert row_of(rows, VOLTAGE)["deciding_phases"] == "Cu LiF"


def test_nothing_but_the_deciding_phases_matters(reference_all):
    """Leaving out all others at once changes nothing, not even the products."""
    stacks = [
        (candidate, electrolyte)
        for candidate in ("CuF2", "Cu3N", "MgF2", "SiO2", "Li2S", "Ag", "Li2ZrO3", "Cu + LATP")
        for electrolyte in ("LLZO", "LATP", "LAGP")
    ]
    for candidate, electrolyte in stacks:
        found = variants(reference_all, candidate, electrolyte)
        base = found.answers()
        everything = found.rows(found.table.formulas)
        for quantity, value in base.values.items():
            out = everything - found.rows(base.deciding[quantity])
            assert out
            assert found.answers(out).values[quantity] == pytest.approx(value, abs=1e-9)
            if quantity in (LITHIUM, DEPOSITED, VOLTAGE):
                assert found.answers(out).products[quantity] == base.products[quantity]


def test_nothing_but_the_deciding_phases_matters_in_random_stacks(full_table):
    rng = np.random.default_rng(7)
    few = (np.diff(full_table.indptr) < 4) & (full_table.energies < 0.1)
    for row in rng.choice(np.flatnonzero(few), size=25, replace=False):
        candidate = str(full_table.formulas[row])
        found = variants(full_table, candidate, rng.choice(["LLZO", "LATP", "Li3PS4"]))
        base = found.answers()
        everything = found.rows(found.table.formulas)
        for quantity, value in base.values.items():
            out = everything - found.rows(base.deciding[quantity])
            assert found.answers(out).values[quantity] == pytest.approx(value, abs=1e-9)


def test_leaving_out_raises_the_hull_and_moves_a_reaction_by_no_more_than_the_margin(full_table):
    """H rises by at most the margin times the phase's share, so mutual energies move by less."""
    moved = 0
    for candidate, electrolyte in (("CuO", "Li3PS4"), ("SnF2", "LATP"), ("Nb2O5", "LAGP")):
        found = variants(full_table, candidate, electrolyte)
        base = found.answers()
        margins = stability(found.table).margin
        before = found.table.energies - stability(found.table).energy_above_hull
        for row in found.rows(base.deciding[DEPOSITED] | base.deciding[LITHIUM]):
            fewer = found.varied(frozenset({row}))
            after = fewer.energies - stability(fewer).energy_above_hull
            assert (after >= before - 1e-9).all()
            assert after[row] - before[row] == pytest.approx(margins[row], abs=1e-9)
            for quantity in (LITHIUM, DEPOSITED):
                change = found.answers(frozenset({row})).values[quantity] - base.values[quantity]
                assert abs(change) <= margins[row] + 1e-9
                moved += abs(change) > 1e-6
    assert moved > 5


def test_every_deciding_phase_in_turn(by_hand):
    rows = stack_sensitivity(by_hand, "CuF2", "FeS", only_suspects=False)
    assert row_of(rows, LAYER, "LiF")["suspect_reason"] == ""
    assert outcomes(rows, "LiF").keys() == {LITHIUM, LAYER, WORST, BRIDGE, VOLTAGE}
    # without LiF nothing takes up Li but Cu that CuF2 cannot give
    assert row_of(rows, LITHIUM, "LiF")["value_then"] == 0.0
    assert {"CuF2", "FeS", "Li", "Cu", "Fe"}.isdisjoint(row["phase"] for row in rows)


def test_a_number_that_is_gone_has_no_change(by_hand):
    row = row_of(stack_sensitivity(by_hand, "CuF2", "FeS", only_suspects=False), VOLTAGE, "LiF")
    assert row["value_then"] is None
    assert row["change"] is None


def test_materials_of_the_study_are_never_left_out(by_hand):
    assert outcomes(stack_sensitivity(by_hand, "LiCu3", "FeS"), "LiCu3") == {}
    assert outcomes(stack_sensitivity(by_hand, "CuF2", "FeS", keep=["Cu3Li"]), "LiCu3") == {}
    mixture = stack_sensitivity(by_hand, "CuF2", "FeS", keep=["LiCu3 + LiF", "XeF2"])
    assert outcomes(mixture, "LiCu3") == {}
    study = sensitivity(by_hand, ["CuF2", "LiCu3"], ["FeS"]).rows
    assert {row["phase"] for row in study if row["candidate"] == "CuF2"} == {ALL_SUSPECTS}


def test_weak_suspects_stay_when_all_are_left_out(reference):
    rows = stack_sensitivity(reference, "Li3N", "LATP")
    single = row_of(rows, DEPOSITED, "LiTi2N3")
    assert single["suspect_reason"] == "observation unknown"
    assert 1000 * single["change"] == pytest.approx(5, abs=1)
    assert row_of(rows, DEPOSITED)["change"] == 0.0
    assert row_of(rows, DEPOSITED)["suspect_reason"] == ""


def test_score_is_computed_again(by_hand):
    def score(values):
        return 1000 * values[LAYER] + 250 * values[WORST] - values[BRIDGE]

    rows = stack_sensitivity(by_hand, "CuF2", "FeS", score=score)
    found = row_of(rows, SCORE, "LiCu3")
    assert found["value"] == pytest.approx(score(AS_COMPUTED))
    assert found["value_then"] == pytest.approx(score(WITHOUT_LICU3))
    assert row_of(rows, SCORE)["value_then"] == pytest.approx(score(WITHOUT_BOTH))
    change = score(WITHOUT_LICU3) - score(AS_COMPUTED)
    assert strongest_suspects(rows) == {("CuF2", "FeS"): ("LiCu3", LEFT_OUT, pytest.approx(change))}
    assert strongest_suspects(rows, LITHIUM) == {}


def test_candidate_with_an_energy_of_its_own_keeps_it(by_hand):
    mine = Material("CuF2", energy_eV_per_atom=-1.2, name="mine")
    rows = stack_sensitivity(by_hand, mine, "FeS")
    assert row_of(rows, LITHIUM)["value"] == pytest.approx((-12 + 3.6) / 5)
    assert row_of(rows, VOLTAGE)["value_then"] == pytest.approx(4.2)
    assert row_of(rows, LITHIUM)["candidate"] == "mine"


def test_one_table_for_a_study_in_order(reference_all):
    found = sensitivity(reference_all, ["CuF2", "XeF2", "LiF"], ["LATP", "LAGP"])
    frame = found.to_frame()
    assert list(frame.columns) == list(columns_of("sensitivity"))
    assert list(dict.fromkeys(zip(frame["candidate"], frame["electrolyte"], strict=True))) == [
        (candidate, electrolyte)
        for candidate in ("CuF2", "LiF")
        for electrolyte in ("LATP", "LAGP")
    ]
    everything = frame[frame["phase"] == ALL_SUSPECTS]
    assert (everything.groupby(["candidate", "electrolyte"]).size() == len(QUANTITIES)).all()
    assert [failed[:2] for failed in found.failed] == [("XeF2", "LATP"), ("XeF2", "LAGP")]
    assert "element Xe" in found.failed[0][2]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.rows = ()


def test_a_closed_source_answers_only_what_it_covers(reference):
    held = frozenset(elements_of(["Li", "CuF2", "LATP"]))
    closed = dataclasses.replace(reference.source, systems=(held,), closed=True)
    table = dataclasses.replace(reference, source=closed)
    rows = stack_sensitivity(table, "CuF2", "LATP")
    assert rows == stack_sensitivity(reference, "CuF2", "LATP")
    with pytest.raises(InputError, match="not all of its phases"):
        stack_sensitivity(table, "CuF2 + MgF2", "LATP")


def test_a_phase_that_does_not_count_is_put_back(make_table):
    """The artefact counts in none of the answers; put back, it gives those that count it."""
    rows = stack_sensitivity(make_table(BY_HAND), "CuF2", "FeS")
    put_back = [row for row in rows if row["phase"] == "LiCu3"]
    assert {row["direction"] for row in put_back} == {PUT_BACK}
    assert {row["suspect_reason"] for row in put_back} == {"known artefact"}
    # it is part of no equilibrium of the other answers
    assert {row["quantity"] for row in put_back} == {LAYER, WORST, BRIDGE, VOLTAGE}
    for row in put_back:
        assert row["value"] == pytest.approx(WITHOUT_LICU3[row["quantity"]])
        assert row["value_then"] == pytest.approx(AS_COMPUTED[row["quantity"]])
    assert row_of(rows, VOLTAGE, "LiCu3")["products_then"] == "LiCu3 + 6 LiF"
    assert {row["direction"] for row in rows if row["phase"] != "LiCu3"} == {LEFT_OUT}
    strongest = strongest_suspects(rows, WORST)
    change = AS_COMPUTED[WORST] - WITHOUT_LICU3[WORST]
    # leaving out LiCu, which stands in for it, changes more
    assert strongest["CuF2", "FeS"] == ("LiCu", LEFT_OUT, pytest.approx(3.488 / 6))
    assert change == pytest.approx(3.488 / 6 - 0.27)


def test_what_the_study_names_is_not_put_back(make_table):
    table = make_table(BY_HAND)
    rows = stack_sensitivity(table, "CuF2", "FeS", keep=["LiCu3"])
    assert PUT_BACK not in {row["direction"] for row in rows}
    assert PUT_BACK not in {row["direction"] for row in stack_sensitivity(table, "LiCu3", "FeS")}


def test_why_a_phase_does_not_count_is_said(make_table):
    table = make_table({"Na": 0.0, "S": 0.0, "Na2S": -1.3, "NaS": -1.1}, observed=np.array([1] * 4))
    banned = dataclasses.replace(table, counted=np.array([True, True, True, False]))
    assert left_out_reason(banned, 3) == "left out by choice"
    assert left_out_reason(dataclasses.replace(banned, observed=np.zeros(4)), 3) == "never observed"


def test_the_main_example_shows_what_the_artefact_would_do(embedded):
    rows = stack_sensitivity(embedded, "CuF2", "LATP")
    found = row_of(rows, LAYER, "LiCu3")
    assert found["direction"] == PUT_BACK
    assert 1000 * found["value"] == pytest.approx(-1.8, abs=0.1)
    assert 1000 * found["value_then"] == pytest.approx(-102.1, abs=0.1)
    assert "Li3Cu" not in {row["phase"] for row in rows}  # above the hull: it changes nothing


@pytest.mark.parametrize("limits", [{"margin": -1.0}, {"atoms": 0}])
def test_limits_that_are_none(by_hand, limits):
    with pytest.raises(InputError):
        stack_sensitivity(by_hand, "CuF2", "FeS", **limits)
    with pytest.raises(InputError):
        sensitivity(by_hand, ["CuF2"], ["FeS"], **limits)
