"""lithiate: steps, capacities and products, on cases worked out by hand."""

from __future__ import annotations

import json

import pytest

from interscreen import Material, lithiate
from interscreen.errors import InputError

KEYS = {"material", "steps", "final_products", "provenance"}
STEP = {
    "voltage_V", "li_per_formula_start", "li_per_formula_end", "capacity_mAh_per_g", "products",
}  # fmt: skip
FARADAY = 26801.4814  # mAh per mol of electrons


def test_a_path_has_the_agreed_keys_and_is_plain_json(reference):
    path = lithiate(reference, "AlF3")
    data = path.to_dict()
    assert set(data) >= KEYS
    assert json.loads(json.dumps(data)) == data
    for step in data["steps"]:
        assert set(step) == STEP
    assert len(path.to_frame()) == len(path.steps)
    assert isinstance(data["final_products"], list)


def test_the_conversion_of_copper_fluoride(reference):
    path = lithiate(reference, "CuF2")
    (step,) = path.steps  # LiCu3 is left out
    # CuF2 + 2 Li -> Cu + 2 LiF from the rounded energies of the table
    assert step.voltage_V == pytest.approx((4 * 3.181 - 3 * 1.815) / 2, abs=1e-9)
    assert step.li_per_formula_start == 0.0
    assert step.li_per_formula_end == pytest.approx(2.0, abs=1e-12)
    assert step.products == {"Cu": 1.0, "LiF": 2.0}
    assert step.capacity_mAh_per_g == pytest.approx(2 * FARADAY / (63.546 + 2 * 18.9984), rel=1e-5)
    assert path.final_products == ("Cu", "LiF")
    assert "LiCu3" in path.provenance["left_out_phases"]


def test_the_alloy_that_nobody_made_adds_a_step_with_all_phases(reference_all):
    path = lithiate(reference_all, "CuF2")
    assert len(path.steps) == 2
    assert path.steps[1].voltage_V == pytest.approx(0.137, abs=2e-3)
    assert path.final_products == ("LiCu3", "LiF")
    assert path.steps[1].products["LiCu3"] == pytest.approx(1 / 3, abs=1e-9)


def test_own_lithium_counts_from_the_start(reference):
    path = lithiate(reference, "LATP")
    assert path.steps[0].li_per_formula_start == pytest.approx(1.3, abs=1e-12)
    assert path.energy_source == "hull"
    # but the capacity counts what is taken up
    first = path.steps[0]
    taken = first.li_per_formula_end - 1.3
    mass = 1.3 * 6.94 + 0.3 * 26.9815 + 1.7 * 47.867 + 3 * (30.9738 + 4 * 15.999)
    assert first.capacity_mAh_per_g == pytest.approx(taken * FARADAY / mass, rel=1e-4)


@pytest.mark.parametrize("formula", ["Li", "LiF", "Li2O", "Li3N", "Cu"])
def test_what_is_stable_against_lithium_has_no_steps(reference, formula):
    path = lithiate(reference, formula)
    assert path.steps == ()
    assert path.final_products == (formula,)
    assert path.average_voltage_V is None


def test_the_mean_voltage_counts_from_the_materials_own_energy(reference):
    # Cu3N lies 190 meV/atom above the elements: that energy is released on the way
    path = lithiate(reference, "Cu3N")
    assert path.final_products == ("Cu", "Li3N")
    assert path.average_voltage_V == pytest.approx((4 * 0.190 + 4 * 0.461) / 3, abs=1e-9)
    assert path.energy_above_hull_eV_per_atom == pytest.approx(0.190, abs=1e-12)
    assert path.initial_products == {"Cu": 3.0, "N2": 0.5}


@pytest.mark.parametrize("text", ["Cu2F4", "2 CuF2", "0.5 CuF2"])
def test_the_lithium_taken_up_belongs_to_the_unit_that_is_shown(reference, text):
    path = lithiate(reference, text)
    units = {"CuF2": 1.0, "2 CuF2": 2.0, "0.5 CuF2": 0.5}[path.material]
    assert path.steps[0].li_per_formula_end == pytest.approx(2.0 * units, abs=1e-12)
    assert path.steps[0].products == pytest.approx({"Cu": units, "LiF": 2.0 * units})


def test_a_given_energy_moves_the_first_voltage(reference):
    # CuF2 on the hull, 0.1 eV/atom deeper: 0.3 eV over 2 Li
    usual = lithiate(reference, "CuF2").steps[0].voltage_V
    deeper = lithiate(reference, Material("CuF2", energy_eV_per_atom=-1.915))
    assert deeper.steps[0].voltage_V == pytest.approx(usual - 0.15, abs=1e-9)
    assert deeper.energy_source == "given"


def test_a_source_without_lithium_is_refused(make_table):
    with pytest.raises(InputError, match="no phase with Li"):
        lithiate(make_table({"CuF2": -1.8, "Cu": 0.0}), "CuF2")
