"""Treatments of surfaces, one after another."""

import pytest

import interscreen as si
from interscreen.answers.treat import read_step
from interscreen.errors import InputError
from interscreen.phases.material import compose


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


def test_garnet_forms_carbonate_in_air_and_is_clean_after_a_furnace(db):
    """Li2CO3 in moist air; burnt off above 500 C (at 1 ppm of CO2)."""
    found = db.treat("LLZO", "air 25C; O2=1bar 600C")
    air, furnace = found.steps
    assert air.phases["Li2CO3"] > 1.0
    assert air.taken_up["CO2(g)"] == pytest.approx(8.0)
    assert furnace.phases == {"Li7La3Zr2O12": pytest.approx(1.0)}
    assert furnace.given_off["CO2(g)"] == pytest.approx(8.0)
    assert "here it counts as stable" in found.warnings[-1]


def test_hydroxide_forms_where_there_is_no_carbon_dioxide(db):
    found = db.treat("Li2O", ["H2O=20mbar 25C"])
    assert "LiHO" in "".join(found.steps[0].phases) or "LiH3O2" in found.steps[0].phases


def test_hydrofluoric_acid_makes_fluorides_and_lithium_reduces_what_it_can(db):
    acid, metal = db.treat("LLZO", "+13 HF 25C; Li 25C").steps
    assert {"LiF", "LaF3"} <= set(acid.phases)
    assert acid.given_off["H2O(g)"] == pytest.approx(6.5)
    assert metal.taken_up["Li"] > 1.0
    assert "LiF" in metal.phases
    assert "LaF3" not in metal.phases


def test_carbonate_and_cobalt_oxide_become_the_cathode(db):
    (step,) = db.treat("3 Li2CO3 + 2 Co3O4", "air 700C").steps
    assert step.phases == {"LiCoO2": pytest.approx(6.0)}
    assert step.taken_up == {"O2(g)": pytest.approx(0.5)}
    assert step.given_off == {"CO2(g)": pytest.approx(3.0)}
    assert step.conditions["temperature_K"] == pytest.approx(973.15)


def test_ammonium_fluoride_turns_carbonate_into_fluoride(db):
    (step,) = db.treat("Li2CO3 + 2 NH4F", "Ar 25C").steps
    assert step.phases["LiF"] == pytest.approx(2.0)
    assert "Li2CO3" not in step.phases


def test_carbon_removes_carbonate_without_oxygen(db):
    (step,) = db.treat("Li2CO3 + C", "Ar 700C").steps
    assert step.phases == {"Li2O": pytest.approx(1.0)}
    assert step.given_off == {"CO(g)": pytest.approx(2.0)}
    (cold,) = db.treat("Li2CO3 + C", "Ar 300C").steps
    assert cold.phases["Li2CO3"] == pytest.approx(1.0)


def test_atoms_are_kept_from_step_to_step(db):
    found = db.treat("LLZO", "+2 H3PO4 25C; Li 250C; air 25C")

    def atoms(parts):
        total = {}
        for name, units in parts.items():
            for symbol, amount in compose(name).amounts:
                total[symbol] = total.get(symbol, 0.0) + units * float(amount)
        return total

    before = atoms({"Li7La3Zr2O12": 1.0, "H3PO4": 2.0})
    for step in found.steps:
        for name, units in step.taken_up.items():
            for symbol, amount in compose(name).amounts:
                before[symbol] = before.get(symbol, 0.0) + units * float(amount)
        after = atoms({**step.phases})
        for symbol, amount in atoms(step.given_off).items():
            after[symbol] = after.get(symbol, 0.0) + amount
        assert {s: n for s, n in before.items() if n > 1e-6} == pytest.approx(after, abs=1e-5)
        before = atoms(step.phases)


def test_what_does_not_form_in_time_can_be_left_out():
    step = read_step("Ar 200C -N2 -CH4, +0.5 HF")
    assert step.without == {"N2", "CH4"}
    assert step.added[0][0] == 0.5
    assert step.conditions.gases == {}


@pytest.mark.parametrize(
    ("steps", "words"),
    [("wash", "'wash' is no treatment"), ("air 5000C", "use 250 to 2000 K"), ([], "at least one")],
)
def test_bad_steps_are_refused(db, steps, words):
    with pytest.raises(InputError, match=words):
        db.treat("LLZO", steps)
