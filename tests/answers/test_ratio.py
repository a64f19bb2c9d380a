"""What each side of a contact does alone, and reactions at a chosen ratio."""

import numpy as np
import pytest

from interscreen import Database, Material, react
from interscreen.errors import InputError


@pytest.mark.parametrize(
    ("a", "b", "potential", "alone"),
    [  # eV/atom, as issue 14 states them for the embedded table
        ("LATP", "CuF2", 0.5, (-0.816, -2.093)),
        ("In", "LPSCl", 0.62, (0.0, -0.578)),
        ("Cu3N", "Cu", None, (-0.190, 0.0)),
        ("Li2O", "Cu3N", None, (0.0, -0.190)),
        ("LiF", "Li3PS4", 1.0, (0.0, -0.461)),
    ],
)
def test_sides_that_decompose_do_not_coexist(embedded, a, b, potential, alone):
    found = react(embedded, a, b, potential)
    assert found.mixing_fraction is None
    assert not found.coexist
    energies = [one.energy_eV_per_atom for one in found.self_decomposition]
    assert energies == pytest.approx(alone, abs=1e-3)
    assert found.min_total_energy_eV_per_atom == pytest.approx(min(alone), abs=1e-3)
    assert [one.equation is None for one in found.self_decomposition] == [e == 0.0 for e in alone]
    assert found.to_dict()["coexist"] is False


def test_two_that_coexist_do_nothing_at_all(embedded):
    found = react(embedded, "LiF", "Li2O")
    assert found.coexist
    assert found.min_total_energy_eV_per_atom == 0.0


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("atom", 0.3),
        # 3 and 2 atoms; 101.54 and 25.94 g/mol
        ("mole", 0.3 * 3 / (0.3 * 3 + 0.7 * 2)),
        ("weight", 0.3 * 3 / 101.54 / (0.3 * 3 / 101.54 + 0.7 * 2 / 25.94)),
    ],
)
def test_a_ratio_is_one_of_atoms_moles_or_weights(embedded, by, expected):
    found = react(embedded, "CuF2", "LiF", at=0.3, by=by).at
    assert found.mixing_fraction == pytest.approx(expected, rel=1e-4)


def test_energies_at_a_ratio_lie_on_the_curve(embedded):
    found = react(embedded, "CuF2", "LATP", at=0.3)
    kinks = found.kinks
    expected = np.interp(
        0.3,
        [kink.mixing_fraction for kink in kinks],
        [kink.mutual_energy_eV_per_atom for kink in kinks],
    )
    assert found.at.mutual_energy_eV_per_atom == pytest.approx(expected, abs=1e-12)
    at_kink = react(embedded, "CuF2", "LATP", at=found.mixing_fraction).at
    assert at_kink.equation == found.equation
    assert at_kink.products == found.products


def test_the_products_at_a_ratio_balance_at_a_potential(embedded, assert_balanced):
    found = react(embedded, "CuF2", "LATP", 2.0, at=0.4)
    assert_balanced(found.at.equation)


def test_a_ratio_that_is_none_is_refused(embedded):
    with pytest.raises(InputError, match=r"at 1\.3: give a share"):
        react(embedded, "CuF2", "LATP", at=1.3)
    with pytest.raises(InputError, match="its volume is not known"):
        react(embedded, Material("LATP", energy_eV_per_atom=-3.0), "CuF2", at=0.5, by="volume")
    with pytest.raises(InputError, match="by 'colour': use atom"):
        Database(embedded).reaction("CuF2", "LATP", at=0.5, by="colour")
