"""Series of compositions: the points are those of single stacks, changes are found exactly."""

import pytest

from interscreen.answers.stack import stack
from interscreen.answers.sweep import at, sweep
from interscreen.errors import InputError
from interscreen.phases.material import compose


@pytest.mark.parametrize(
    ("template", "x", "text"),
    [
        ("Cu + x LiF", 2.0, "Cu + 2 LiF"),
        ("Cu + x LiF", 0.0, "Cu"),
        ("Cu + 2x LiF", 0.25, "Cu + 0.5 LiF"),
        ("Li{7-3x}Al{x}La3Zr2O12", 0.25, "Li6.25Al0.25La3Zr2O12"),
        ("Li{7-3x}Al{x}La3Zr2O12", 0.0, "Li7La3Zr2O12"),
        ("LATP", 1.0, "LATP"),
    ],
)
def test_a_number_takes_the_place_of_x(template, x, text):
    assert at(template, x) == text


def test_points_are_single_stacks_and_changes_lie_between_them(reference):
    found = sweep(reference, "x CuF2 + LiF", "LATP", 0.0, 1.0, 3)
    ends = [point for point in found.points if point["x"] in (0.0, 0.5, 1.0)]
    for point in ends:
        one = stack(reference, point["candidate"], "LATP")
        assert point["layer_mutual_eV_per_atom"] == pytest.approx(one.layer.energy, abs=1e-12)
        assert point["bridge_margin_V"] == pytest.approx(one.bridge_margin_V, abs=1e-12)
    assert found.changes[0] == pytest.approx(0.0, abs=1e-5)  # Cu comes with the first CuF2


def test_what_is_no_series_is_refused(reference):
    for arguments, message in [
        (("CuF2", "LATP", 0.0, 1.0), "no x in either"),
        (("Cu + x LiF", "LATP", 1.0, 1.0), "no series"),
        (("Li{y}F", "LATP", 0.0, 1.0), "no x in either|is no sum"),
    ]:
        with pytest.raises(InputError, match=message):
            sweep(reference, *arguments)


# -- shares and ratios -----------------------------------------------------------------------------


def test_shares_by_mass_by_hand():
    # 80 g / 12.011 = 6.661 mol C; 20 g / 25.939 = 0.771 mol LiF; 8.639 to 1
    unit = compose("80 wt% C + 20 wt% LiF")
    (carbon, _), (fluoride, _) = unit.parts
    assert float(carbon / fluoride) == pytest.approx((80 / 12.011) / (20 / 25.938), rel=1e-4)
    assert compose("2 LiF : LaF3").text == compose("2 LiF + LaF3").text


def test_shares_by_volume_by_hand():
    # LiF 9.83 and Cu 7.11 cm3/mol: 1.38 Cu for each LiF
    (fluoride, _), (copper, _) = compose("50 vol% LiF + 50 vol% Cu").parts
    assert float(copper / fluoride) == pytest.approx(9.83 / 7.11, rel=5e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80 wt% C + 30 wt% LiF", "add up to 110, not 100"),
        ("80 wt% C + 20 vol% LiF", "every part with wt%, or every part with vol%"),
        ("80 wt% C + LiF", "write every part with wt%"),
    ],
)
def test_shares_that_are_none_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        compose(text)
