"""Series of compositions: the points are those of single stacks, changes are found exactly."""

from fractions import Fraction

import numpy as np
import pytest

import interscreen as si
from interscreen.answers.stack import stack
from interscreen.answers.sweep import sweep
from interscreen.cli.main import main
from interscreen.errors import InputError
from interscreen.phases.columns import columns_of
from interscreen.phases.material import compose
from interscreen.phases.series import at

GARNET = "Li{7-3x}Al{x}La3Zr2O12"


@pytest.mark.parametrize(
    ("template", "x", "text"),
    [
        ("Cu + x LiF", "2", "Cu + 2 LiF"),
        ("Cu + x LiF", "1", "Cu + LiF"),
        ("Cu + x LiF", "0", "Cu"),
        ("Cu + 2x LiF", "0.25", "Cu + 0.5 LiF"),
        ("Cu + x LiF", "2/3", "Cu + 2/3 LiF"),
        (GARNET, "0.25", "Li6.25Al0.25La3Zr2O12"),
        (GARNET, "0", "Li7La3Zr2O12"),
        ("{1-x} CuF2 + {x} LiF", "0.25", "0.75 CuF2 + 0.25 LiF"),
        ("LATP", "1", "LATP"),
    ],
)
def test_a_number_takes_the_place_of_x(template, x, text):
    assert at(template, Fraction(x)) == text


def test_points_are_single_stacks(reference):
    found = sweep(reference, "x CuF2 + LiF", "LATP", "0..1", points=3)
    points = [point for point in found.points if point["changes"] == "no" or point["x"] == 0.5]
    assert [point["x"] for point in points] == [0.0, 0.5, 1.0]
    for point in points:
        one = stack(reference, point["candidate"], "LATP")
        assert point["layer_mutual_eV_per_atom"] == pytest.approx(one.layer.energy, abs=1e-12)
        assert point["bare_mutual_eV_per_atom"] == pytest.approx(one.bare.energy, abs=1e-12)
        assert point["bridge_margin_V"] == pytest.approx(one.bridge_margin_V, abs=1e-12)
    assert points[1]["layer"] == "0.5 Cu + 2 LiF"
    assert list(found.to_frame().columns) == list(columns_of("sweep"))
    assert set(found.to_frame()["candidate"]) == {point["candidate"] for point in found.points}


def test_a_change_by_hand(make_table):
    # x Al2O3 + Li2O: 2 x Li5AlO4 and Li2O until x = 1/5, Li5AlO4 and LiAlO2 until 1, then Al2O3.
    # With y Li2O more: 2 LiAlO2 + (x - 1) Al2O3 gives LiAlO2 at y = x - 1 (-1.9 y eV in 8 x atoms)
    # or Li5AlO4 at y = 5 x - 1 (1.9 - 2.5 x in 20 x): the same at 2.25 x = 2.85
    table = make_table({"Li2O": -2.0, "Al2O3": -3.3, "Li5AlO4": -2.45, "LiAlO2": -3.05})
    found = sweep(table, "Li2O + x Al2O3", "Li2O", "0..1.3", points=4)
    assert found.changes == pytest.approx((0.2, 1.0, 2.85 / 2.25), abs=1e-12)


def test_a_doping_series_changes_where_a_phase_is_used_up(embedded):
    """At Al1/8 and Al1/4 a phase of the garnet, or of what CuF2 makes of it, is used up."""
    found = sweep(embedded, "CuF2", GARNET, "0..0.3", points=4)
    assert {0.125, 0.25} <= set(found.changes)
    assert [point["x"] for point in found.points] == sorted(
        {0.0, 0.1, 0.2, 0.3} | set(found.changes)
    )
    bare = [point["bare_mutual_eV_per_atom"] for point in found.points]
    assert bare == sorted(bare, reverse=True)  # Al makes the garnet less stable against Li


@pytest.mark.parametrize(
    ("candidate", "electrolyte", "span"),
    [("Al + x AlF3", "LLZO", "0..2"), ("x LiF + LaF3", "LLZO", "0..4"), ("CuF2", GARNET, "0..0.3")],
)
def test_the_points_do_not_decide_which_changes_are_found(embedded, candidate, electrolyte, span):
    few, many = (sweep(embedded, candidate, electrolyte, span, points=points) for points in (2, 24))
    assert few.changes == pytest.approx(many.changes, abs=2e-8)
    assert few.layers[0]["start"] == 0.0
    assert few.layers[-1]["end"] == float(span.split("..")[1])


@pytest.mark.parametrize(
    ("candidate", "first"), [("2 LiF : x LaF3", "LiF"), ("{100-x} wt% C + {x} wt% LLZTO", "LiC12")]
)
def test_a_series_of_a_ratio_and_of_shares(embedded, candidate, first):
    found = sweep(embedded, candidate, "LLZO", "0..50", points=2)
    assert found.layers[0] == {"start": 0.0, "end": 0.0, "phases": (first,)}
    assert len(found.layers) == 2  # nothing goes, and what comes comes with the first of it
    here = [point["deposited_mutual_eV_per_atom"] for point in found.points]
    assert here[0] == 0.0
    assert max(here[1:]) < 0.0


def test_between_changes_energies_are_smooth(embedded):
    """A kink has to be a change: second differences of a dense series are small elsewhere."""
    found = sweep(embedded, "Al + x AlF3", "LLZO", "0..2", points=201)
    xs = np.array([p["x"] for p in found.points if p["x"] * 100 == round(p["x"] * 100)])
    ys = np.array([p["deposited_mutual_eV_per_atom"] for p in found.points
                   if p["x"] * 100 == round(p["x"] * 100)])  # fmt: skip
    slopes = np.diff(ys) / np.diff(xs)
    bends = np.abs(np.diff(slopes))
    inside = [
        place for place in range(1, len(bends) - 1)
        if all(abs(x - xs[place + 1]) > 0.021 for x in found.changes) and xs[place] > 0.05
    ]  # fmt: skip
    # a smooth curve bends as much as beside it; a kink much more
    for place in inside:
        assert bends[place] < 3.0 * max(bends[place - 1], bends[place + 1]) + 1e-6


def test_a_change_is_the_fraction_where_something_is_used_up(embedded):
    """40 Al + 29 AlF3 + 6 LLZO -> 33 LiF + 18 LaF3 + 12 ZrAl2 + 9 LiAl5O8, which balances."""
    found = sweep(embedded, "Al + x AlF3", "LLZO", "0..2", points=2)
    used_up = (1 / 62, 11 / 52, 71 / 208, 29 / 52, 29 / 40)
    assert found.changes[1:] == used_up
    (here,) = (point for point in found.points if point["x"] == 29 / 40)
    assert set(here["deposited_products"].split(" + ")) == {"LiF", "LaF3", "ZrAl2", "LiAl5O8"}
    # at the other one Li3Al2 gives way to LiAl: two sets of phases are as good there
    tie = found.changes[0]
    beside = [
        stack(embedded, f"Al + {tie + step:.8f} AlF3", "LLZO").deposited for step in (-1e-6, 1e-6)
    ]
    products = [set(contact.reaction.products) for contact in beside]
    assert products[0] ^ products[1] == {"Li3Al2", "LiAl"}
    assert beside[0].energy == pytest.approx(beside[1].energy, abs=5e-6)
    assert [one["phases"] for one in found.layers] == [("Li9Al4",), ("Li9Al4", "LiF")]
    assert [(one["start"], one["end"]) for one in found.layers] == [(0.0, 0.0), (0.0, 2.0)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CuF2", "LATP", "0..1"), "CuF2 | LATP: no x in it; write 'Cu \\+ x LiF'"),
        (("Cu + x LiF", "LATP", "1..1"), "write a range upwards"),
        (("Cu + x LiF", "LATP", "1"), "write the first and the last value, as 0..4"),
        (("Li{y}F", "LATP", "0..1"), "{y} is no sum"),
        (("x Cu", "LATP", "0..1"), "x Cu: nothing is left at x = 0"),
        (("Li{1-2x}F", "LATP", "0..1"), "{1-2x} is -1 at x = 1"),
    ],
)
def test_what_is_no_series_is_refused(reference, arguments, message):
    with pytest.raises(InputError, match=message.replace("{", r"\{").replace("|", r"\|")):
        sweep(reference, *arguments)


def test_the_figure_has_every_curve_and_the_changes(embedded, tmp_path, capsys):
    found = si.load(embedded).sweep("Al + x AlF3", "LLZO", "0..2", points=5)
    axes = found.plot().axes
    drawn = {line.get_gid(): line for panel in axes for line in panel.lines if line.get_gid()}
    for key in ("deposited_mutual_eV_per_atom", "layer_mutual_eV_per_atom"):
        values = [1000.0 * point[key] for point in found.points]
        assert list(drawn[key].get_xdata()) == [point["x"] for point in found.points]
        assert drawn[key].get_ydata() == pytest.approx(values)
        assert list(drawn[f"changes-{key}"].get_xdata()) == list(found.changes)
    # LiF comes with the first AlF3: the curve of the facing product begins beyond x = 0
    facing = drawn["facing_energy_meV_per_atom-1"]
    assert list(facing.get_xdata()) == [point["x"] for point in found.points][1:]
    assert list(drawn["changes-bridge_margin_V"].get_xdata()) == [0.0]
    arguments = ["Cu + x LiF", "LATP", "--x", "0..4", "--quiet", "--out", str(tmp_path)]
    assert main(["sweep", *arguments]) == 0
    assert "Cu + 1.6 LiF" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {
        f"sweep.{ending}" for ending in ("csv", "png", "svg", "pdf")
    }
    assert main(["plot", "sweep", *arguments[:-1], str(tmp_path / "fine.svg")]) == 0
    lines = (tmp_path / "fine.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 62


# -- shares and ratios -----------------------------------------------------------------------------


def test_shares_by_mass_by_hand():
    # 80 g / 12.011 = 6.661 mol C; 20 g / 25.939 = 0.771 mol LiF; 8.639 to 1
    unit = compose("80 wt% C + 20 wt% LiF")
    (carbon, _), (fluoride, _) = unit.parts
    assert float(carbon / fluoride) == pytest.approx((80 / 12.011) / (20 / 25.938), rel=1e-4)
    assert compose("80 wt.% C + 20 wt.% LiF").text == unit.text


def test_ratios_and_shares_by_formula_units():
    for same in ("2 LiF : LaF3", "2LiF:LaF3", "200/3 mol% LiF + 100/3 mol% LaF3"):
        assert compose(same).parts == compose("2 LiF + LaF3").parts


def test_shares_by_volume_by_hand():
    # LiF 9.83 and Cu 7.11 cm3/mol: 1.38 Cu for each LiF
    (fluoride, _), (copper, _) = compose("50 vol% LiF + 50 vol% Cu").parts
    assert float(copper / fluoride) == pytest.approx(9.83 / 7.11, rel=5e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80 wt% C + 30 wt% LiF", "add up to 110, not 100"),
        ("80 wt% C + 20 vol% LiF", "every part with wt%, every part with vol%"),
        ("80 wt% C + LiF", "write every part with wt%"),
    ],
)
def test_shares_that_are_none_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        compose(text)
