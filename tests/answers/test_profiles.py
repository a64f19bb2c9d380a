"""Interfaces open to Li over a range of potentials."""

from __future__ import annotations

import json
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from interscreen import Material, react, stability_window
from interscreen.answers.profile import profile
from interscreen.cli.main import main
from interscreen.errors import InputError
from interscreen.report.text.profile import profile_text

EXACT = 1e-6  # eV/atom
POTENTIALS = (0.0, 0.7, 2.1, 4.2)  # all on the grid of step 0.7 V
PAIRS = [("LLZO", "CuF2"), ("LATP", "Li3PS4"), ("LAGP", "Li2S"), ("Cu + 2 LiF", "LLZO")]


def curves(found):
    """Potentials and the three curves at the kinks."""
    kinks = [point for point in found.points if point.is_kink]
    return np.array(
        [
            (k.potential_V, k.mutual_eV_per_atom, k.self_a_eV_per_atom, k.self_b_eV_per_atom)
            for k in kinks
        ]
    ).T


@pytest.fixture(scope="module")
def copper_sulfide(make_table):
    """CuS + 2 Li -> Cu + Li2S: -4.5 + 0.5 = -4.0 eV, 2.0 V; Li2S -> S + 2 Li: 4.5 eV, 2.25 V."""
    return make_table({"Li2S": -4.5 / 3, "CuS": -0.5 / 2, "Cu": 0.0, "S": 0.0, "Li": 0.0})


# ---- by hand ------------------------------------------------------------------------------------


def test_lithium_sulfide_and_copper_by_hand(copper_sulfide):
    """Li2S + Cu -> CuS + 2 Li costs 4.0 eV - 2 V: it runs from 2.0 V.

    From 2.25 V Li2S falls apart alone (4.5 eV - 2 V) and what the contact adds is S + Cu -> CuS,
    -0.5 eV over the 4 atoms of Li2S + Cu.
    """
    found = profile(copper_sulfide, "Li2S", "Cu", 0.0, 3.0)
    assert [point.potential_V for point in found.points] == pytest.approx([0, 2.0, 2.25, 3.0])
    assert [p.mutual_eV_per_atom for p in found.points] == pytest.approx([0, 0, -0.125, -0.125])
    assert [p.self_a_eV_per_atom for p in found.points] == pytest.approx([0, 0, 0, -0.5])
    assert [p.self_b_eV_per_atom for p in found.points] == [0.0] * 4
    inert, middle, above = found.segments
    assert (inert.equation, inert.products, inert.mixing_fraction) == (None, {}, None)
    assert inert.li_exchanged_per_atom is None
    for segment in (middle, above):
        assert segment.equation == "Li2S + Cu -> 2 Li + CuS"
        assert segment.mixing_fraction == pytest.approx(0.75)
        assert segment.li_exchanged_per_atom == pytest.approx(-0.5)
    assert middle.self_a_products == {"Li2S": 1.0}
    assert above.self_a_products == {"S": 1.0}
    # at 3 V: -0.125 of the contact and 0.75 of -0.5 eV/atom of Li2S; in all (4 - 6) / 4
    assert found.points[-1].total_eV_per_atom == pytest.approx(-0.5)
    assert found.worst.mutual_eV_per_atom == pytest.approx(-0.125)
    ((low, high),) = found.stable_window_V
    assert (low, high) == pytest.approx((0.0, 2.0), abs=1e-5)
    # -10 meV/atom: (4 - 2 V) / 4 = -0.01 at 2.02 V
    assert found.stable_window_10meV_V == (pytest.approx((0.0, 2.02)),)


def test_what_only_lithium_drives_is_no_mutual_reaction(copper_sulfide):
    found = profile(copper_sulfide, "Li2S", "CuS", 0.0, 3.0)
    assert {point.mutual_eV_per_atom for point in found.points} == {0.0}
    assert found.points[0].self_b_eV_per_atom == pytest.approx(-2.0)  # -4.0 eV over CuS
    assert found.segments[0].self_b_products == {"Cu": 1.0, "Li2S": 1.0}
    assert found.stable_window_V == (pytest.approx((2.0, 2.25), abs=1e-5),)


# ---- against the library and against react ------------------------------------------------------


def check_against_pymatgen(table, entries, a, b):
    """Minimum of the mutual part and both self-decompositions at four potentials.

    pymatgen's energies are per atom without Li, ours per atom of the reactants as they are; its
    mixing ratio counts the atoms with Li.
    """
    from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity
    from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PhaseDiagram
    from pymatgen.core import Composition, Element

    lithium = Element("Li")
    units = [Composition(a), Composition(b)]
    kept = [1.0 - unit.get_atomic_fraction(lithium) for unit in units]
    found = profile(table, a, b, 0.0, 4.2, step_V=0.7)
    at = {point.potential_V: point for point in found.points}
    closed = PhaseDiagram(entries)
    lowest = 0.0
    for potential in POTENTIALS:
        opened = GrandPotentialPhaseDiagram(entries, {lithium: -potential})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            interface = GrandPotentialInterfacialReactivity(
                *units, opened, closed, include_no_mixing_energy=False, norm=True,
                use_hull_energy=True,
            )  # fmt: skip
        kinks = sorted((x, energy) for _, x, energy, _, _ in interface.get_kinks())
        x, energy = np.array(kinks).T
        energy = energy * (x * kept[0] + (1 - x) * kept[1])
        point = at[potential]
        assert point.mutual_eV_per_atom == pytest.approx(energy.min(), abs=EXACT)
        if point.mutual_eV_per_atom < -EXACT:
            there = np.interp(point.mixing_fraction, x, energy)
            assert there == pytest.approx(energy.min(), abs=EXACT)
        lowest = min(lowest, energy.min())
        alone = (point.self_a_eV_per_atom, point.self_b_eV_per_atom)
        for unit, part, value, reactant in zip(units, kept, alone, found.reactants, strict=True):
            rest = Composition({e: n for e, n in unit.items() if e != lithium})
            own = reactant["energy_eV_per_atom"] + potential * (1.0 - part)
            hull = opened.get_hull_energy_per_atom(rest) * part
            assert value == pytest.approx(hull - own, abs=EXACT)
    return lowest


@pytest.mark.parametrize("count", [10, pytest.param(30, marks=pytest.mark.proof)])
@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
def test_profile_equals_pymatgen_on_pairs_of_the_reference_set(
    reference_all, pd_entries, draw_pairs, count
):
    lowest = [
        check_against_pymatgen(reference_all, pd_entries(reference_all, elements | {"Li"}), a, b)
        for a, b, elements in draw_pairs(reference_all, seed=31, count=count, most=6)
    ]
    assert np.mean(np.array(lowest) < -0.01) > 0.5, "pairs that do nothing would prove little"


@pytest.mark.parametrize("count", [5, pytest.param(20, marks=pytest.mark.proof)])
@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
def test_profile_equals_pymatgen_on_pairs_of_the_full_table(
    full_table, pd_entries, draw_pairs, count
):
    lowest = [
        check_against_pymatgen(full_table, pd_entries(full_table, elements), a, b)
        for a, b, elements in draw_pairs(
            full_table, seed=32, count=count, most=5, with_element="Li"
        )
    ]
    assert np.mean(np.array(lowest) < -0.01) > 0.5


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_every_curve_is_straight_between_its_kinks(reference, a, b):
    """At any potential, the straight lines give what react gives there."""
    found = profile(reference, a, b)
    kinks = curves(found)
    for potential in np.random.default_rng(7).uniform(0.0, 5.0, 80):
        mutual, own_a, own_b = (np.interp(potential, kinks[0], row) for row in kinks[1:])
        reaction = react(reference, a, b, potential_V=potential)
        assert mutual == pytest.approx(reaction.min_mutual_energy_eV_per_atom, abs=1e-7)
        ends = [reaction.kinks[i].total_energy_eV_per_atom for i in (-1, 0)]
        assert [own_a, own_b] == pytest.approx(ends, abs=1e-7)
        segment = next(s for s in found.segments if s.start_V <= potential <= s.end_V)
        point = segment.at(potential, is_kink=False)
        assert segment.reaction.mixing_fraction == point.mixing_fraction
        if reaction.mixing_fraction == pytest.approx(point.mixing_fraction or -1.0):
            expected = reaction.total_energy_eV_per_atom
            assert point.total_eV_per_atom == pytest.approx(expected, abs=1e-7)


def test_both_orders_of_the_reactants_give_the_same(reference):
    one, other = profile(reference, "LATP", "Li3PS4"), profile(reference, "Li3PS4", "LATP")
    (v, mutual, a, b), (w, mirrored, c, d) = curves(one), curves(other)
    assert v == pytest.approx(w, abs=1e-6)
    assert mutual == pytest.approx(mirrored, abs=1e-7)
    assert [*a, *b] == pytest.approx([*d, *c], abs=1e-7)


def test_a_part_of_the_range_gives_the_same_kinks(reference):
    whole, part = profile(reference, "LATP", "CuF2"), profile(reference, "LATP", "CuF2", 1.0, 3.0)
    inside = [p.potential_V for p in whole.points if 1.0 < p.potential_V < 3.0]
    assert [p.potential_V for p in part.points] == pytest.approx([1.0, *inside, 3.0], abs=1e-6)


# ---- each side alone ----------------------------------------------------------------------------


@pytest.mark.parametrize("m", ["Li3PS4", "LLZO", "LiF", "LiTi2(PO4)3", "CuF2", "Li2S", "AlN"])
def test_self_decomposition_agrees_with_the_window(reference, m):
    """Zero inside the window of a phase on the hull; at 0 V the decomposition energy."""
    window = stability_window(reference, m)
    found = profile(reference, m, "Cu", 0.0, 6.0)
    first = found.points[0]
    assert first.self_a_eV_per_atom == pytest.approx(
        window.decomposition_energy_0V_eV_per_atom, abs=1e-9
    )
    low, high = window.assemblage_window_V
    level = -window.energy_above_hull_eV_per_atom
    for point in found.points:
        if low <= point.potential_V <= (6.0 if high is None else high):
            assert point.self_a_eV_per_atom == pytest.approx(level, abs=1e-8)
        elif abs(point.potential_V - low) > 1e-6 and abs(point.potential_V - (high or 9)) > 1e-6:
            assert point.self_a_eV_per_atom < level - 1e-9


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_self_decomposition_is_concave_and_never_positive(reference, a, b):
    """A minimum of straight lines, one for each set of products, is concave.

    The lines have the Li taken up as slope: it falls with the potential, from positive (reduced)
    to negative (oxidised).
    """
    found = profile(reference, a, b)
    potentials, mutual, *alone = curves(found)
    assert mutual.max() <= 0.0
    for values in alone:
        assert values.max() <= 0.0
        slopes = np.diff(values) / np.diff(potentials)
        assert np.all(np.diff(slopes) < 1e-6)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_mutual_part_is_concave_where_both_sides_alone_are_straight(reference, a, b):
    found = profile(reference, a, b)
    checked = 0
    for one, other in pairwise(found.segments):
        alone = [(s.self_a_products, s.self_b_products) for s in (one, other)]
        slopes = [
            (s.mutual_eV_per_atom[1] - s.mutual_eV_per_atom[0]) / (s.end_V - s.start_V)
            for s in (one, other)
        ]
        if alone[0] == alone[1]:
            assert slopes[1] < slopes[0] + 1e-6
            checked += 1
        else:
            assert alone[0][0] != alone[1][0] or alone[0][1] != alone[1][1]
    assert checked or found.worst.mutual_eV_per_atom == 0.0


def test_segments_follow_each_other_and_their_equations_balance(reference, assert_balanced):
    found = profile(reference, "LATP", "CuF2")
    for one, other in pairwise(found.segments):
        assert one.end_V == other.start_V
        assert one.mutual_eV_per_atom[1] == pytest.approx(other.mutual_eV_per_atom[0], abs=1e-7)
    reacting = [segment for segment in found.segments if segment.equation]
    assert len(reacting) > 5
    for segment in reacting:
        assert_balanced(segment.equation)
        exchange = segment.li_exchanged_per_atom
        left = segment.equation.split(" -> ")[0].split(" + ")
        takes = any(term == "Li" or term.endswith(" Li") for term in left)
        assert takes == (exchange > 0.0)


def test_windows_hold_exactly_where_nothing_exceeds_their_threshold(reference):
    found = profile(reference, "LATP", "Li3PO4")
    potentials, *energies = curves(found)
    assert found.stable_window_10meV_V
    for windows, threshold in ((found.stable_window_V, 1e-6), (found.stable_window_10meV_V, 0.01)):
        for v in np.linspace(0.0, 5.0, 2001):
            worst = min(np.interp(v, potentials, row) for row in energies)
            inside = any(low <= v <= high for low, high in windows)
            if abs(worst + threshold) > 1e-7:
                assert inside == (worst > -threshold), v
    (low, high), *_ = found.stable_window_V
    assert any(a <= low and high <= b for a, b in found.stable_window_10meV_V)


def test_an_energy_above_the_hull_shifts_self_decomposition_and_closes_the_window(reference):
    plain = profile(reference, "Li3PS4", "LiF")
    raised = profile(reference, Material("Li3PS4", energy_above_hull_eV_per_atom=0.02), "LiF")
    assert plain.stable_window_V
    assert raised.stable_window_V == raised.stable_window_10meV_V == ()
    shift = curves(raised)[2] - curves(plain)[2]
    assert shift == pytest.approx(-0.02 - plain.reactants[0]["energy_above_hull_eV_per_atom"])
    assert curves(raised)[1] == pytest.approx(curves(plain)[1], abs=1e-9)


def test_a_phase_of_ones_own_may_be_what_the_other_side_becomes(copper_sulfide):
    """Cu2S at -0.3 eV/atom: 2 CuS + 2 Li -> Li2S + Cu2S gives -4.5 - 0.9 + 1.0 = -4.4 eV."""
    own = Material("Cu2S", energy_eV_per_atom=-0.3)
    found = profile(copper_sulfide, own, "CuS", 0.0, 4.0)
    assert max(p.potential_V for p in found.points[:-1]) == pytest.approx(2.2)
    assert found.segments[-2].self_b_products == {"Cu2S": 0.5, "Li2S": 0.5}


# ---- Li, ranges, input --------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("Li", "LATP"), ("LATP", "Li")])
def test_beside_lithium_the_other_side_is_alone_and_the_result_says_so(reference, order):
    found = profile(reference, *order)
    mine, its = ("b", "a") if order[0] == "Li" else ("a", "b")
    alone = profile(reference, "LATP", "LiF")
    for point in found.points:
        assert (point.mutual_eV_per_atom, point.mixing_fraction) == (0.0, None)
        assert getattr(point, f"self_{its}_eV_per_atom") is None
    (note,) = found.notes
    assert "Li | LATP is LATP alone" in note
    v, *_ = curves(alone)
    values = [getattr(p, f"self_{mine}_eV_per_atom") for p in found.points]
    kinks = [p.potential_V for p in found.points]
    assert np.interp(kinks, v, curves(alone)[2]) == pytest.approx(values, abs=1e-7)
    assert found.stable_window_V
    json.dumps(found.to_dict(), allow_nan=False)
    assert note in profile_text(found)


def test_two_times_lithium_is_refused(reference):
    with pytest.raises(InputError, match="both reactants are Li"):
        profile(reference, "Li", "Li")


def test_a_source_without_lithium_is_refused(make_table):
    with pytest.raises(InputError, match="no phase with Li"):
        profile(make_table({"CuF2": -1.8, "Cu": 0.0, "F2": 0.0}), "CuF2", "Cu")


@pytest.mark.parametrize(
    ("start", "end", "step", "says"),
    [
        (-0.6, 5, None, "-0.6"), (3, 3, None, "range that rises"), (4, 2, None, "4 to 2"),
        (0, float("inf"), None, "inf"), (float("nan"), 5, None, "nan"), (0, 5, 0, "step 0"),
        (0, 5, -1, "step -1"), (0, 5, 1e-9, "step 1e-09"), (0, 5, float("nan"), "step nan"),
    ],
)  # fmt: skip
def test_ranges_that_make_no_sense_are_refused(reference, start, end, step, says):
    with pytest.raises(InputError, match=says) as caught:
        profile(reference, "LLZO", "CuF2", start, end, step)
    assert "\n" not in str(caught.value)


def test_the_grid_adds_points_and_changes_nothing(reference):
    plain = profile(reference, "LLZO", "CuF2")
    dense = profile(reference, "LLZO", "CuF2", step_V=0.25)
    assert [p for p in dense.points if p.is_kink] == list(plain.points)
    shown = {p.potential_V for p in dense.points}
    kinks = np.array([p.potential_V for p in plain.points])
    for v in np.arange(0.0, 5.01, 0.25):
        assert v in shown or np.abs(kinks - v).min() < 1e-6
    assert all(one.potential_V < other.potential_V for one, other in pairwise(dense.points))


def test_materials_that_only_differ_in_lithium_have_no_mutual_part(full_table):
    found = profile(full_table, "LiFePO4", "FePO4")
    assert {point.mutual_eV_per_atom for point in found.points} == {0.0}


def test_llzo_and_lithium_cobalt_oxide_as_published(full_table):
    """About -1 meV/atom at the chemical contact; LLZO is oxidised from 2.91 V."""
    found = profile(full_table, "LLZO", "LiCoO2")
    potentials, mutual, llzo, _ = curves(found)
    assert np.interp(2.2, potentials, mutual) == pytest.approx(-0.001, abs=2e-4)
    assert np.abs(potentials - 2.914).min() < 1e-3
    assert llzo[0] == pytest.approx(-0.021, abs=1e-3)


# ---- tables, JSON, command ----------------------------------------------------------------------


def test_json_and_frame_say_the_same(reference):
    found = profile(reference, "LATP", "CuF2", 1.0, 4.0, 0.5)
    answer = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert list(answer) == [
        "reactants", "points", "segments", "stable_window_V", "stable_window_10meV_V", "notes",
        "provenance", "conditions",
    ]  # fmt: skip
    frame = found.to_frame()
    assert len(frame) == len(answer["points"]) == len(found.points)
    for row, point in zip(frame.to_dict("records"), answer["points"], strict=True):
        assert row["potential_V"] == point["potential_V"]
        assert row["mutual_energy_eV_per_atom"] == point["mutual_eV_per_atom"]
        assert row["is_kink"] == point["is_kink"]
    assert len(answer["segments"]) == sum(point["is_kink"] for point in answer["points"]) - 1
    assert answer["provenance"]["elements"][0] == "Li"


def command(*words):
    return main(["profile", "--source", "reference", *words])


def test_command_prints_a_table_and_writes_figure_and_data(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert command("LATP", "CuF2", "--out", str(folder), "--step", "0.5") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("LATP | CuF2   open to Li from 0 to 5 V vs Li/Li+\n")
    for title in (
        "mutual reaction, per atom of both",
        "LATP alone",
        "CuF2 alone",
        "nothing reacts",
    ):
        assert title in printed.out
    assert "profile.svg" in printed.err
    names = {file.name for file in folder.iterdir()}
    assert names == {f"profile.{ending}" for ending in ("csv", "png", "svg", "pdf")}
    rows = pd.read_csv(folder / "profile.csv")
    assert 0.5 in set(rows["potential_V"])
    assert rows["mutual_energy_eV_per_atom"].min() < -0.01


def test_command_in_json_has_nothing_else_on_stdout(capsys):
    status = command("LLZO", "Li", "--json", "--quiet", "--from", "1", "--to", "2")
    printed = capsys.readouterr()
    assert status == 0
    assert printed.err == ""
    assert json.loads(printed.out)["points"][0]["potential_V"] == 1.0


def test_an_output_folder_that_is_a_file_is_refused_in_one_line(tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("")
    assert command("LiF", "Cu", "--quiet", "--out", str(taken)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert str(taken) in line
    assert "cannot be written" in line
