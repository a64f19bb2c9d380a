"""A layer of 50 nm: Li per area, thickness after conversion, electrolyte consumed, by hand."""

import pytest

from interscreen.answers.stack import stack
from interscreen.answers.thickness import of_thickness, read_thickness
from interscreen.cli.main import main
from interscreen.errors import InputError

CAPACITY = 26801.5  # of a mole of Li [mAh]
FLUORIDE = 25.94 / 2.64  # LiF [cm3/mol]
GARNET = 839.7 / 5.11  # Li7La3Zr2O12 [cm3/mol]


def test_copper_fluoride_by_hand(embedded):
    """CuF2 + 2 Li -> Cu + 2 LiF, which LLZO leaves alone."""
    deposited = 101.54 / 4.89  # cm3/mol
    found = of_thickness(embedded, "CuF2", "LLZO", stack(embedded, "CuF2", "LLZO"), 50.0)
    assert found.lithium_mAh_per_cm2 == pytest.approx(50e-7 / deposited * 2 * CAPACITY, rel=3e-3)
    # 13.0 cm3 per mole of Li metal
    assert found.lithium_um == pytest.approx(50e-7 / deposited * 2 * 13.0 * 1e4, rel=5e-3)
    converted = 63.55 / 8.96 + 2 * FLUORIDE
    assert found.converted_nm == pytest.approx(50.0 * converted / deposited, rel=3e-3)  # 64
    assert found.electrolyte_nm == 0.0


def test_aluminium_fluoride_by_hand(embedded):
    """4 AlF3 + 21 Li -> Li9Al4 + 12 LiF; 16 of these take 18 LLZO with them."""
    deposited = 83.98 / 3.19  # cm3/mol
    found = of_thickness(embedded, "AlF3", "LLZO", stack(embedded, "AlF3", "LLZO"), 50.0)
    assert found.lithium_mAh_per_cm2 == pytest.approx(50e-7 / deposited * 5.25 * CAPACITY, rel=3e-3)
    alloy = (9 * 6.94 + 4 * 26.98) / 1.27  # Li9Al4 [cm3/mol]
    converted = alloy / 4 + 3 * FLUORIDE
    assert found.converted_nm == pytest.approx(50.0 * converted / deposited, rel=3e-3)  # 120
    consumed = 18 / (16 * 4) * GARNET
    assert found.electrolyte_nm == pytest.approx(50.0 * consumed / deposited, rel=3e-3)  # 88


def test_a_mixture_has_the_volume_of_its_parts(embedded):
    """Cu + 2 LiF is what CuF2 becomes: 64 nm of it are as much as 50 nm of CuF2."""
    made = stack(embedded, "Cu + 2 LiF", "LATP")
    whole = of_thickness(embedded, "Cu + 2 LiF", "LATP", made, 64.4)
    before = of_thickness(embedded, "CuF2", "LATP", stack(embedded, "CuF2", "LATP"), 50.0)
    assert (whole.lithium_mAh_per_cm2, whole.converted_nm) == (0.0, 64.4)
    assert whole.electrolyte_nm == pytest.approx(before.electrolyte_nm, rel=2e-3)


@pytest.mark.parametrize(
    ("text", "nm"), [("50nm", 50.0), ("15 um", 15000.0), ("0.5µm", 500.0), (" 7 nm ", 7.0)]
)
def test_thickness_as_people_write_it(text, nm):
    assert read_thickness(text) == nm


@pytest.mark.parametrize("text", ["50", "0nm", "-5nm", "5mm", "nm"])
def test_no_thickness(text):
    with pytest.raises(InputError, match="write it as 50nm or 15um"):
        read_thickness(text)


def test_the_command_says_it(capsys):
    assert main(["stack", "AlF3", "LLZO", "--thickness", "50nm", "--quiet"]) == 0
    assert (
        "50 nm take up 0.0267 mAh/cm2 (0.13 um of Li), become 120 nm, and could consume 87.8 nm"
        in capsys.readouterr().out
    )
