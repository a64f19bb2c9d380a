"""Questions at a temperature, beside gases."""

from math import log

import pytest

import interscreen as si
from interscreen.energies.gases import BOLTZMANN
from interscreen.energies.measured import gases, measured
from interscreen.errors import InputError


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


def test_lithium_oxide_takes_up_carbon_dioxide_as_measured(db):
    found = db.at(900.0, {"CO2": "400ppm"}).reaction("Li2O", "LiF")
    alone = found.kinks[-1]  # Li2O
    assert alone.equation == "Li2O + CO2(g) -> Li2CO3"
    room = measured()
    energy = room["Li2CO3"].gibbs(900.0) - room["Li2O"].gibbs(900.0)
    energy -= gases()["CO2"].gibbs(900.0) + BOLTZMANN * 900.0 * log(4e-4)
    # Li2CO3 is anchored to the mean of carbonates: 25 meV/atom of its own
    assert 3 * alone.total_energy_eV_per_atom == pytest.approx(energy, abs=0.15)
    assert found.conditions["gases"] == {"CO2": pytest.approx(4e-4)}
    assert found.conditions["temperature_K"] == 900.0


def test_a_gas_reactant_is_the_reservoir_and_needs_a_pressure(db):
    found = db.at(300.0, {"CO2": "1bar"}).reaction("Li2O", "CO2")
    assert found.mixing_fraction is None
    assert found.kinks[-1].equation == "Li2O + CO2(g) -> Li2CO3"
    with pytest.raises(InputError, match=r"CO2: a gas at 300 K; say its pressure \(--gas CO2=1bar"):
        db.at(300.0).reaction("Li2O", "CO2")


def test_equations_balance_with_gases_on_the_side_where_they_belong(db):
    warm = db.at("700C", {"O2": 0.21, "CO2": "400ppm"})
    found = warm.reaction("Li2CO3", "Co3O4")
    assert found.equation == "6 Li2CO3 + 4 Co3O4 + O2(g) -> 12 LiCoO2 + 6 CO2(g)"
    assert found.kinks[0].equation in {"Co3O4 -> Co3O4"}


def test_gases_that_react_with_each_other_are_refused(db):
    with pytest.raises(InputError, match=r"each other without end: 2 H2\(g\) \+ O2\(g\)"):
        db.at(900.0, {"H2": 0.1, "O2": 0.1}).reaction("Li2O", "LiF")


def test_a_gas_above_its_vapour_pressure_condenses(db):
    with pytest.raises(
        InputError, match=r"condenses .*: H2O\(g\) -> H2O; give it a lower pressure"
    ):
        db.at(300.0, {"H2O": "1bar"}).reaction("Li2O", "LiF")
    for temperature, pressure in ((300.0, "20mbar"), (400.0, "1bar")):
        dry = db.at(temperature, {"H2O": pressure}).reaction("Li2O", "LiF")
        assert dry.min_mutual_energy_eV_per_atom == pytest.approx(0.0, abs=1e-9)


def test_oxygen_as_a_reservoir_limits_windows_at_its_own_voltage(db):
    temperature, pressure = 773.0, 0.2
    found = db.at(temperature, {"O2": pressure}).window("Li2O")
    oxide = measured()["Li2O"].gibbs(temperature)
    volt = -(oxide - 0.5 * BOLTZMANN * temperature * log(pressure)) / 2.0
    # Li2O gives off O2 above it, and O2 takes up Li below it
    assert found.assemblage_window_V == pytest.approx((volt, volt), abs=1e-4)
    assert found.decomposition_energy_0V_eV_per_atom is None


def test_lithiation_stops_where_the_gas_takes_up_lithium_without_end(db):
    found = db.at(500.0, {"O2": "1bar"}).lithiation("CuF2")
    assert found.endless_V is not None
    assert all(step.voltage_V > found.endless_V for step in found.steps)
    assert db.at(500.0).lithiation("CuF2").endless_V is None


@pytest.mark.parametrize(
    ("formula", "at_300", "at_500"), [("CuF2", 3.54, 3.50), ("AlF3", 1.147, 1.131)]
)
def test_conversion_voltages_move_as_measured(db, formula, at_300, at_500):
    """Gibbs energies of NIST-JANAF, as issue 14 states them."""
    taken = {"CuF2": 2.0, "AlF3": 3.0}[formula]  # to the metal and LiF
    for temperature, voltage in ((300.0, at_300), (500.0, at_500)):
        energy = 0.0
        for step in db.at(temperature).lithiation(formula).steps:
            end = min(step.li_per_formula_end, taken)
            energy += step.voltage_V * max(end - step.li_per_formula_start, 0.0)
        assert energy / taken == pytest.approx(voltage, abs=0.02)


def test_a_potential_at_which_the_gas_takes_up_lithium_is_refused(db):
    warm = db.at(300.0, {"O2": 0.21})
    with pytest.raises(InputError, match=r"without end: O2\(g\) \+ 4 Li -> 2 Li2O"):
        warm.reaction("LiCoO2", "LiF", potential_V=1.0)
    assert warm.reaction("LiCoO2", "LiF", potential_V=3.9).kinks


def test_a_reactant_without_an_energy_says_which_table_ends(db):
    with pytest.raises(InputError, match=r"Ag2O: no energy at 1000 K.*Ag2O ends at 800 K"):
        db.at(1000.0).reaction("Ag2O", "LiF")


def test_air_of_an_anchored_screen_is_ambient(db, embedded):
    from interscreen.answers.surroundings import surroundings
    from interscreen.energies.scale import anchored

    room = anchored(embedded)
    (found,) = surroundings(room, [("electrolyte", "Li2O")], [], ["CO2"])
    energies = {name: measured()[name].gibbs(298.15) for name in ("Li2O",)}
    carbonate = 6.0 * room.energies[room.find("Li2CO3")]
    gas = gases()["CO2"].gibbs(298.15) + BOLTZMANN * 298.15 * log(4e-4)
    assert found.energy_per_molecule_eV == pytest.approx(
        carbonate - energies["Li2O"] - gas, abs=1e-6
    )
    hot = db.at(500.0).table
    every = surroundings(hot, [("electrolyte", "Li2O")], [], ["CO2", "H2O", "O2"])
    assert [one.status for one in every] == ["ok", "ok", "ok"]


def test_a_study_has_a_temperature(db, tmp_path):
    study = si.Study(
        name="hot", candidates=["CuF2"], electrolytes=["LATP"], sensitivity=False,
        conditions={"temperature": "500K"}, uncertainty={"samples": 0},
    )  # fmt: skip
    found = db.run(study, out=tmp_path / "hot").results
    alone = db.at(500.0).stack("CuF2", "LATP").layer.energy
    assert found["layer_mutual_eV_per_atom"].iloc[0] == pytest.approx(alone, abs=1e-9)
    with pytest.raises(ValueError, match="write it with its unit"):
        si.Study(
            name="x", candidates=["CuF2"], electrolytes=["LATP"], conditions={"temperature": "500"}
        )


def test_garnet_and_cathode_in_oxygen_coexist_but_for_what_the_garnet_does_alone(db):
    """Measured: they are sintered together in O2 at 973 K (docs/temperature.md)."""
    found = db.at(973.0, {"O2": "1bar"}).reaction("LLZO", "LiCoO2")
    alone, cathode = found.self_decomposition
    assert -0.0075 < alone.energy_eV_per_atom < -0.005
    assert cathode.energy_eV_per_atom == pytest.approx(0.0, abs=1e-6)
    assert -0.005 < found.min_mutual_energy_eV_per_atom <= 0.0
    assert found.min_total_energy_eV_per_atom > -0.010
    with pytest.warns(si.InterscreenWarning, match="counts as stable"):
        quiet = db.phase_map("LLZO", "LiCoO2", "O2", (960.0, 980.0), ("0.1bar", "1bar"))
    assert [quiet.happening(region) for region in quiet.regions] == ["nothing"]
