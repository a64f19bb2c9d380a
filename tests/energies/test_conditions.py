"""Temperature and gases: how they are read, and the table they make."""

from math import log

import numpy as np
import pytest

from interscreen.energies.anchors import amounts_of
from interscreen.energies.conditions import at_conditions, read_conditions, read_temperature
from interscreen.energies.gases import BOLTZMANN, gas_energies
from interscreen.energies.given import with_given
from interscreen.energies.measured import gases, measured
from interscreen.energies.scale import anchored
from interscreen.errors import InputError


@pytest.mark.parametrize(
    ("text", "kelvin"), [("973K", 973.0), ("700C", 973.15), ("25 °C", 298.15), (500, 500.0)]
)
def test_a_temperature_has_its_unit(text, kelvin):
    assert read_temperature(text) == pytest.approx(kelvin)


@pytest.mark.parametrize(
    ("amount", "bar"),
    [("400ppm", 8e-4), ("0.21", 0.42), (0.21, 0.42), ("21%", 0.42), ("20mbar", 0.02), ("1e5Pa", 1)],
)
def test_shares_are_those_of_all_gases_and_pressures_are_pressures(amount, bar):
    found = read_conditions("300K", {"CO2": amount}, pressure="2bar")
    assert found.gases["CO2"] == pytest.approx(bar)


@pytest.mark.parametrize(
    ("temperature", "gas", "words"),
    [
        ("700", {}, "write it with its unit"),
        ("200K", {}, "use 250 to 2000 K"),
        (2001.0, {}, "use 250 to 2000 K"),
        ("300K", {"XY2": 0.1}, "X is not an element"),
        ("300K", {"Cl2O": 0.1}, "no measured energies; did you mean"),
        ("300K", {"CO2": 0}, "above zero"),
        ("300K", {"CO2": "-1bar"}, "above zero"),
        ("300K", {"CO2": "1 stone"}, "unit 'stone' is unknown"),
        ("300K", {"CO2": "much"}, "write 0.21, 400ppm, 21% or 20mbar"),
        ("300K", {"CO2": 0.6, "O2": 0.6}, "add up to 1.2"),
        ("300K", {"CO2": 0.6, "CO2(g)": 0.1}, "named twice"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(temperature, gas, words):
    with pytest.raises(InputError, match=words) as error:
        read_conditions(temperature, gas)
    assert "\n" not in str(error.value)


def test_at_room_temperature_what_is_no_salt_has_those_of_anchored_energies(embedded):
    conditions = read_conditions(298.15, {"O2": "1bar"}, background_bar=1.0)
    warm, cold = at_conditions(embedded, conditions), anchored(embedded)
    molecules = {gas.removesuffix("(g)") for gas in warm.formulas if gas.endswith("(g)")}
    # salts of oxyanions have their own measured energies at a temperature
    plain = np.array([name not in molecules and "O" not in name for name in cold.formulas])
    np.testing.assert_allclose(
        warm.energies[: len(cold)][plain], cold.energies[plain], rtol=0.0, atol=1e-8
    )
    assert (warm.counted[: len(cold)][plain] == cold.counted[plain]).all()


def test_a_compound_has_its_measured_energy_from_the_gases_as_they_are(embedded):
    conditions = read_conditions(900.0, {"O2": 0.21, "CO2": "400ppm"})
    warm = at_conditions(embedded, conditions)
    oxygen = BOLTZMANN * 900.0 * log(0.21) / 2.0  # of an atom, from O2 at 1 bar
    for name in ("CaO", "CaCO3", "Li2O"):
        amounts = amounts_of(name)
        known = measured()[name]
        expected = known.gibbs(900.0) - amounts["O"] * oxygen
        assert warm.energies[warm.find(name)] * sum(amounts.values()) == pytest.approx(expected)
    carbon = gases()["CO2"].gibbs(900.0) + BOLTZMANN * 900.0 * log(4e-4) - 2 * oxygen
    row = warm.find("CO2")
    assert warm.formulas[row] == "CO2(g)"
    assert 3 * warm.energies[row] == pytest.approx(carbon)


def test_water_is_a_liquid_and_a_gas(embedded):
    warm = at_conditions(embedded, read_conditions("25C"))
    assert warm.formulas[warm.find("H2O")] == "H2O"
    assert "H2O(g)" in warm.formulas[len(embedded) :]


def test_a_table_that_ends_is_followed_for_300_K_and_no_further():
    oxide = measured()["Ag2O"]  # ends at 500 K
    steps = np.diff([oxide.gibbs(t) for t in (490.0, 500.0, 510.0, 520.0)])
    np.testing.assert_allclose(steps, steps[0], rtol=0.1)
    assert np.isfinite(oxide.gibbs(800.0))
    assert np.isnan(oxide.gibbs(801.0))


def test_phases_without_an_energy_are_not_counted_and_named(embedded):
    warm = at_conditions(embedded, read_conditions(1000.0))
    row = warm.find("Ag2O")
    assert np.isnan(warm.energies[row])
    assert not warm.counted[row]
    assert "Ag2O" in warm.within(["Ag", "O"]).unknown


def test_most_made_phases_have_an_energy_at_1000_K(embedded):
    warm = at_conditions(embedded, read_conditions(1000.0))
    made = (embedded.observed == 1) & embedded.counted
    assert np.isnan(warm.energies[: len(embedded)][made]).mean() < 0.05


def test_a_gas_without_a_name_lies_at_its_equilibrium_with_the_named_ones():
    conditions = read_conditions(1500.0, {"N2": 0.79, "O2": 0.21})
    found = gas_energies(conditions, {"N", "O"})
    made = 0.5 * (found["N2"] + found["O2"])
    assert found["NO"] == pytest.approx(made, abs=3e-6)
    # 1500 K: K = exp(-72.1 kJ/mol / RT) = 3.1e-3, p = K sqrt(0.79 0.21) = 1.3e-3 bar > 1 ppm
    pressure = np.exp((found["NO"] - gases()["NO"].gibbs(1500.0)) / (BOLTZMANN * 1500.0))
    assert pressure == pytest.approx(1.3e-3, rel=0.1)


def test_energies_of_ones_own_hold_at_their_temperature(embedded):
    mine = with_given(embedded, ["LiF=-2.5eV/atom@900K"])
    warm = at_conditions(mine, read_conditions(900.0, {"F2": "1bar"}))
    assert warm.energies[warm.find("LiF")] == pytest.approx(-2.5)
    with pytest.raises(InputError, match="holds at 900 K, and 500 K are asked"):
        at_conditions(mine, read_conditions(500.0))
