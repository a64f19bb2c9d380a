"""First questions of somebody new, outside the shipped studies: the embedded table answers them.

Literature has the same quantity measured, or computed on another version of the Materials Project;
the comment says what is known to be off.
"""

import pytest

from interscreen import lithiate, react, stability_window


def test_the_window_of_a_halide(embedded):
    """2.37 to 4.26 V is published (Wang et al. 2019, 10.1002/anie.201901938)."""
    window = stability_window(embedded, "Li3InCl6")
    assert window.energy_source == "phase"
    assert window.assemblage_window_V == pytest.approx((2.37, 4.26), abs=0.15)
    assert "LiCl" in window.reduction_products
    assert set(window.oxidation_products) == {"Cl2", "InCl3"}


def test_a_chlorine_rich_argyrodite_and_strontium_fluoride(embedded):
    """Reduced at the limit of Li3PS4, 1.71 V (Zhu, He, Mo 2015, 10.1021/acsami.5b07517)."""
    window = stability_window(embedded, "Li5.5PS4.5Cl1.5")
    assert window.energy_source == "hull"
    assert window.assemblage_window_V[0] == pytest.approx(1.71, abs=0.02)
    assert react(embedded, "Li", "SrF2").min_mutual_energy_eV_per_atom == 0.0
    found = react(embedded, "SrF2", "Li5.5PS4.5Cl1.5")
    assert found.min_mutual_energy_eV_per_atom == pytest.approx(-0.024, abs=0.001)
    assert {"LiF", "SrClF"} <= set(found.products)


def test_titanium_nitride_meets_neither_lithium_nor_llzo(embedded):
    for other in ("Li", "LLZO"):
        assert react(embedded, "TiN", other).min_mutual_energy_eV_per_atom == 0.0


@pytest.mark.parametrize(
    ("metal", "measured_V"),
    [("Bi", [0.83, 0.81]), ("In", [0.62])],  # W. Weppner, R. Huggins 1977; A. Santhosha et al. 2019
)
def test_alloys_form_a_tenth_of_a_volt_lower_than_measured(embedded, metal, measured_V):
    steps = lithiate(embedded, metal).steps[: len(measured_V)]
    for step, measured in zip(steps, measured_V, strict=True):
        assert step.voltage_V == pytest.approx(measured - 0.1, abs=0.04)


def test_bismuth_fluoride_converts_half_a_volt_too_low(embedded):
    """Measured heats (BiF3 -909, LiF -616 kJ/mol) give 3.2 V; PBE binds Bi(3+) too strongly."""
    path = lithiate(embedded, "BiF3")
    (half, full) = path.steps[:2]
    assert full.products == pytest.approx({"Bi": 1.0, "LiF": 3.0})
    mean = (0.75 * half.voltage_V + 2.25 * full.voltage_V) / 3
    assert mean == pytest.approx(2.63, abs=0.01)
    assert set(path.final_products) == {"Li3Bi", "LiF"}


def test_indium_reduces_the_thiophosphate(embedded):
    found = react(embedded, "In", "LPSCl")
    assert found.min_mutual_energy_eV_per_atom == pytest.approx(-0.1195, abs=1e-4)
    assert {"InP", "Li2S", "LiCl"} <= set(found.products)


def test_lithium_carbonate_stays_on_llzo(embedded):
    assert react(embedded, "Li2CO3", "LLZO").min_mutual_energy_eV_per_atom == 0.0
