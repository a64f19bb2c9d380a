"""Maps: every value is that of the reaction of its composition, and the command that draws them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from math import gcd

import numpy as np
import pandas as pd
import pytest

from interscreen import Material, react, stability_window
from interscreen.answers import map as maps_module
from interscreen.answers.map import CompositionMap, composition_map, grid, read_system
from interscreen.cli.command import root
from interscreen.errors import InputError
from interscreen.phases.hull import hull_phases


def formula(elements, fractions, divisions):
    """The composition of a grid point in whole numbers."""
    counts = np.rint(np.asarray(fractions) * divisions).astype(int)
    common = gcd(*counts.tolist())
    return "".join(f"{s}{n // common}" for s, n in zip(elements, counts, strict=True) if n)


def energies_by_composition(one: CompositionMap, order):
    """``{whole numbers in some order of the elements: energy}``."""
    columns = [one.elements.index(symbol) for symbol in order]
    counts = np.rint(one.fractions[:, columns] * one.divisions).astype(int)
    return dict(
        zip(map(tuple, counts.tolist()), one.min_mutual_energy_eV_per_atom.tolist(), strict=True)
    )


# -- the grid and the system -------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 17])
def test_a_grid_has_every_composition_once(n):
    fractions = grid(n)
    counts = np.rint(fractions * n).astype(int)
    assert len(fractions) == (n + 1) * (n + 2) // 2 == len({tuple(row) for row in counts.tolist()})
    assert (counts.sum(axis=1) == n).all()
    assert (counts >= 0).all()


def test_a_system_is_read_as_it_is_written():
    assert read_system("Li-Al-O") == ("Li", "Al", "O")
    assert read_system(" O - Al-Li ") == ("O", "Al", "Li")
    assert read_system(["Li", "P", "O"]) == ("Li", "P", "O")
    assert read_system("Li-M-O", "Ta") == ("Li", "Ta", "O")


@pytest.mark.parametrize(
    ("text", "m", "said"),
    [
        ("Li-Al", None, "three different elements"),
        ("Li-Al-O-F", None, "three different elements"),
        ("Li-Al-Al", None, "three different elements"),
        ("Li-M-O", "Li", "three different elements"),
        ("Li-Al2-O", None, "'Al2' is no element"),
        ("Li--O", None, "'' is no element"),
        ("Li-M-O", None, "with --m"),
        ("Li-M-O", "Foo", "'Foo' is no element"),
        ("Li-Al-O", "Si", "has no M"),
    ],
)
def test_what_is_no_system_is_refused_in_one_line(text, m, said):
    with pytest.raises(InputError, match=said) as caught:
        read_system(text, m)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("divisions", [-1, 0, 1, 1001])
def test_a_grid_that_is_no_grid_is_refused(reference, divisions):
    with pytest.raises(InputError, match=f"divisions {divisions}"):
        composition_map(reference, "Li-Al-O", "LLZO", divisions=divisions)


def test_a_source_that_lacks_an_element_says_so(reference):
    with pytest.raises(InputError, match=r"element Xe: the source small set"):
        composition_map(reference, "Li-Xe-O", "LLZO", divisions=2)
    with pytest.raises(InputError, match=r"element Cl: the source small set"):
        composition_map(reference, "Li-Al-O", "Li6PS5Cl", divisions=2)


# -- values ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "partner"),
    [("Li-Al-O", "LLZO"), ("Li-P-O", "LATP"), ("Li-Si-O", "Li"), ("Li-Al-O", "LiAlO2"),
     ("La-Zr-O", "LLZO"), ("Ti-P-O", "Cu + 2 LiF")],
)  # fmt: skip
def test_values_are_those_of_react_at_100_random_points(full_table, system, partner):
    one = composition_map(full_table, system, partner, divisions=60)
    rng = np.random.default_rng(5)
    points = rng.choice(len(one.fractions), size=100, replace=False)
    for point in points.tolist():
        name = formula(one.elements, one.fractions[point], one.divisions)
        expected = react(full_table, name, partner).min_mutual_energy_eV_per_atom
        value = one.min_mutual_energy_eV_per_atom[point]
        assert value == pytest.approx(expected, abs=1e-6), name


def test_values_of_the_embedded_set_are_those_of_react(reference_all):
    one = composition_map(reference_all, "Li-Al-O", "LLZO", divisions=12)
    for fractions, value in zip(one.fractions, one.min_mutual_energy_eV_per_atom, strict=True):
        name = formula(one.elements, fractions, one.divisions)
        expected = react(reference_all, name, "LLZO").min_mutual_energy_eV_per_atom
        assert value == pytest.approx(expected, abs=1e-6), name


@pytest.mark.parametrize("partner", ["LLZO", "LATP", "Li", "Li2O", "LiF"])
def test_stable_phases_have_the_energies_of_their_reactions(reference, partner):
    one = composition_map(reference, "Li-Al-O", partner, divisions=2)
    for phase in one.phases:
        reaction = react(reference, phase.formula, partner)
        expected = reaction.min_mutual_energy_eV_per_atom
        assert phase.min_mutual_energy_eV_per_atom == pytest.approx(expected, abs=1e-9)
        assert phase.coexists == (reaction.mixing_fraction is None), phase.formula


def test_phases_are_those_on_the_hull_and_the_least_reactive_comes_first(full_table):
    one = composition_map(full_table, "Li-P-O", "LLZO", divisions=2)
    rows = full_table.rows_within(["Li", "P", "O"])
    small = full_table.only(rows)
    hull = {str(name) for name in small.formulas[hull_phases(small)]}
    assert {phase.formula for phase in one.phases} == hull | {"Li", "P", "O2"}
    energies = [phase.min_mutual_energy_eV_per_atom for phase in one.phases]
    assert energies == sorted(energies, reverse=True)


def test_corners_are_the_elements(reference):
    one = composition_map(reference, "Li-Al-O", "LLZO", divisions=5)
    energies = energies_by_composition(one, one.elements)
    by_name = {phase.formula: phase.min_mutual_energy_eV_per_atom for phase in one.phases}
    for counts, name in (((5, 0, 0), "Li"), ((0, 5, 0), "Al"), ((0, 0, 5), "O2")):
        expected = react(reference, name, "LLZO").min_mutual_energy_eV_per_atom
        assert energies[counts] == pytest.approx(expected, abs=1e-9)
        assert energies[counts] == pytest.approx(by_name[name], abs=1e-12)


def test_lithium_takes_the_oxygen_of_a_made_up_system(make_table):
    """With o' the O beyond Li2O, Li2O at -2 eV/atom: E = -6 o' / (1 + 2 o').

    x atoms of the composition and 2 o' x of Li make one atom of mixture, so x = 1/(1 + 2 o'); they
    turn o' x more O into Li2O, -6 eV an O.
    """
    one = composition_map(make_table({"Li2O": -2.0, "NaF": -2.0}), "Li-Na-O", "Li", divisions=40)
    excess = np.maximum(one.fractions[:, 2] - one.fractions[:, 0] / 2, 0.0)
    expected = -6.0 * excess / (1.0 + 2.0 * excess)
    assert one.min_mutual_energy_eV_per_atom == pytest.approx(expected, abs=1e-9)
    assert one.strongest[1] == pytest.approx(-2.0)
    assert one.strongest[0].tolist() == [0.0, 0.0, 1.0]


def test_the_share_of_the_triangle_is_an_area(make_table):
    """In that system |E| < L is o' < c = L / (6 - 2 L): all but (1 - c)(1 - c) / 1.5."""
    one = composition_map(make_table({"Li2O": -2.0, "NaF": -2.0}), "Li-Na-O", "Li")
    for level in (0.05, 0.3, 1.0):
        c = level / (6.0 - 2.0 * level)
        assert one.share_within(level) == pytest.approx(1.0 - (1.0 - c) ** 2 / 1.5, abs=0.01)
    assert one.share_within(2.5) == pytest.approx(1.0)


def test_points_on_the_sides_of_the_triangle_count_for_less(make_table):
    """Four triangles: three meet in the middle of a side, one in a corner, twelve in all."""
    one = composition_map(
        make_table({"Li2O": -2.0, "NaF": -2.0}), "Li-Na-O", "Li", divisions=2
    )  # Li, Na and LiNa: 0; LiO: -1.0; NaO: -1.5; O: -2.0
    assert one.share_within(0.5) == pytest.approx((1 + 1 + 3) / 12)
    assert one.share_within(1.2) == pytest.approx((1 + 1 + 3 + 3) / 12)


def test_nothing_reacts_where_there_is_no_compound(make_table):
    one = composition_map(make_table({"Li2O": -2.0, "NaF": -2.0}), "Li-Na-O", "Na", divisions=10)
    assert not one.min_mutual_energy_eV_per_atom.any()
    assert one.share_within(1e-6) == 1.0
    assert all(phase.coexists for phase in one.phases)


def test_elements_that_are_alike_give_a_symmetric_map(make_table):
    phases = {"Na2O": -1.4, "K2O": -1.4, "NaKO": -1.5, "Na2O2": -1.2, "K2O2": -1.2, "F2O": -0.1,
              "NaF": -3.0, "KF": -3.0}  # fmt: skip
    one = composition_map(make_table(phases), "Na-K-O", "F2O", divisions=30)
    energies = energies_by_composition(one, one.elements)
    assert min(energies.values()) < -1.0
    for (na, k, o), value in energies.items():
        assert value == pytest.approx(energies[k, na, o], abs=1e-9)


def test_the_order_of_the_elements_changes_no_value(reference):
    one = composition_map(reference, "Li-Al-O", "LLZO", divisions=15)
    other = composition_map(reference, "O-Li-Al", "LLZO", divisions=15)
    turned = energies_by_composition(other, one.elements)
    assert energies_by_composition(one, one.elements) == pytest.approx(turned, abs=1e-9)


# -- the partner -------------------------------------------------------------------


def test_a_partner_in_the_triangle_has_its_place_and_zero_there(reference):
    one = composition_map(reference, "Li-Al-O", "LiAlO2", divisions=20)
    assert one.partner_fractions == pytest.approx((0.25, 0.25, 0.5))
    assert energies_by_composition(one, one.elements)[5, 5, 10] == 0.0
    assert composition_map(reference, "Li-Al-O", "LLZO", divisions=2).partner_fractions is None
    assert composition_map(reference, "Li-Al-O", "Li", divisions=2).partner_fractions == (1, 0, 0)


def test_a_partner_with_an_energy_of_its_own_competes_as_in_react(reference):
    partner = Material("Li3Al3O7", energy_eV_per_atom=-3.5)
    one = composition_map(reference, "Li-Al-O", partner, divisions=6)
    assert "Li3Al3O7" in {phase.formula for phase in one.phases}
    assert one.partner["energy_source"] == "given"
    for fractions, value in zip(one.fractions, one.min_mutual_energy_eV_per_atom, strict=True):
        expected = react(reference, formula(one.elements, fractions, 6), partner)
        assert value == pytest.approx(expected.min_mutual_energy_eV_per_atom, abs=1e-6)


def test_an_energy_above_hull_of_the_partner_is_no_part_of_the_mutual_energy(reference):
    a = composition_map(reference, "Li-Al-O", "LATP", divisions=8)
    b = composition_map(
        reference, "Li-Al-O", Material("LATP", energy_above_hull_eV_per_atom=0.03), divisions=8
    )
    assert (a.min_mutual_energy_eV_per_atom == b.min_mutual_energy_eV_per_atom).all()
    assert (a.partner["energy_source"], b.partner["energy_source"]) == ("hull", "given")
    assert b.partner["energy_above_hull_eV_per_atom"] == pytest.approx(0.03)


# -- Li metal ----------------------------------------------------------------------


def test_reduction_limits_are_those_of_the_windows(reference):
    one = composition_map(reference, "Li-Al-O", "LLZO", divisions=6)
    for fractions, value in zip(one.fractions, one.reduction_limit_V, strict=True):
        window = stability_window(reference, formula(one.elements, fractions, 6))
        assert value == pytest.approx(window.assemblage_window_V[0], abs=1e-6)
    for phase in one.phases:
        expected = stability_window(reference, phase.formula).assemblage_window_V[0]
        assert phase.reduction_limit_V == pytest.approx(expected, abs=1e-6)


def test_without_li_there_is_no_reduction_limit(reference):
    one = composition_map(reference, "Al-Si-O", "MgO", divisions=4)
    assert one.reduction_limit_V is None
    assert {phase.reduction_limit_V for phase in one.phases} == {None}
    assert one.to_frame()["reduction_limit_V"].isna().all()
    json.dumps(one.to_dict(), allow_nan=False)


# -- what is known about coatings of LLZO --------------------------------------------


def test_known_coatings_of_llzo_come_out_as_they_are_known(full_table):
    aluminates = composition_map(full_table, "Li-Al-O", "LLZO", divisions=2)
    phosphates = composition_map(full_table, "Li-P-O", "LLZO", divisions=2)
    energy = {
        phase.formula: 1000 * phase.min_mutual_energy_eV_per_atom
        for one in (aluminates, phosphates)
        for phase in one.phases
    }
    assert energy["Li5AlO4"] == energy["Li3PO4"] == 0.0
    assert -5.0 < energy["LiAlO2"] < 0.0
    assert energy["Al2O3"] == pytest.approx(-97.4, abs=0.1)
    assert energy["LiPO3"] == pytest.approx(-200.7, abs=0.1)
    assert energy["P2O5"] == pytest.approx(-400.1, abs=0.1)


# -- the proof ---------------------------------------------------------------------


def test_what_the_compiled_loop_cannot_certify_is_computed_with_care(reference, monkeypatch):
    expected = composition_map(reference, "Li-Al-O", "LLZO", divisions=10)
    batch = maps_module.mutual_minima

    def doubtful(*arguments):
        found = batch(*arguments)
        solved = np.arange(len(found.solved)) % 3 > 0
        wrong = np.where(solved, found.mutual, np.nan)
        return replace(
            found, solved=solved, mutual=wrong, hull=np.where(solved, found.hull, np.nan)
        )

    monkeypatch.setattr(maps_module, "mutual_minima", doubtful)
    one = composition_map(reference, "Li-Al-O", "LLZO", divisions=10)
    assert one.min_mutual_energy_eV_per_atom == pytest.approx(
        expected.min_mutual_energy_eV_per_atom, abs=1e-9
    )
    assert [phase.formula for phase in one.phases] == [phase.formula for phase in expected.phases]


# -- tables ------------------------------------------------------------------------


def test_tables_hold_every_point_and_every_phase_with_units(reference):
    one = composition_map(reference, "Li-Al-O", "LLZO", divisions=7)
    points, phases = one.to_frame(), one.phases_frame()
    assert len(points) == 36
    assert (points["min_mutual_energy_eV_per_atom"] == one.min_mutual_energy_eV_per_atom).all()
    assert set(points["system"]) == {"Li-Al-O"}
    assert phases["formula"].tolist() == [phase.formula for phase in one.phases]
    ratio = phases["min_mutual_energy_kJ_per_mol"] / phases["min_mutual_energy_eV_per_atom"]
    assert ratio.dropna().to_numpy() == pytest.approx(96.48533212)
    for frame in (points, phases):
        sums = frame[[f"atom_fraction_{i}" for i in (1, 2, 3)]].sum(axis=1)
        assert sums.to_numpy() == pytest.approx(1.0)


def test_the_json_object_holds_the_phases_and_the_size_of_the_grid(reference):
    one = composition_map(reference, "Li-Al-O", "LLZO", divisions=7)
    answer = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert answer["grid_points"] == 36
    assert answer["system"] == "Li-Al-O"
    assert [phase["formula"] for phase in answer["phases"]] == [p.formula for p in one.phases]
    assert answer["phases"][0]["coexists"] is True
    assert answer["provenance"]["elements"] == ["Li", "O", "Al", "Zr", "La"]


# -- the command -------------------------------------------------------------------


def run(system, *flags, **options):
    """``interscreen map``; its errors are raised."""
    options = {"against": "LLZO", "divisions": 12, **options}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    words = ["map", system, "--source", "embedded", *words, *flags]
    return root.main(words, standalone_mode=False, obj=["interscreen", *words])


def test_one_map_lists_all_its_stable_phases(capsys, embedded):
    assert run("Li-Al-O") == 0
    out = capsys.readouterr().out
    one = composition_map(embedded, "Li-Al-O", "LLZO", divisions=12)
    assert f"Li-Al-O: {100 * one.share_within():.1f} % of the triangle" in out
    assert "hull energy" in out
    lines = out.split("stable phase  ")[1].splitlines()[1 : len(one.phases) + 1]
    assert [line.split()[0] for line in lines] == [phase.formula for phase in one.phases]
    for line, phase in zip(lines, one.phases, strict=True):
        _, energy, limit = line.split()
        expected = 1000 * phase.min_mutual_energy_eV_per_atom
        assert float(energy) == pytest.approx(expected, abs=0.051)
        volts = 0.0 if limit == "stable" else float(limit)
        assert volts == pytest.approx(phase.reduction_limit_V, abs=0.00051)
    assert "-0.0 " not in out


def test_several_maps_list_what_is_within_the_level(capsys):
    assert run("Li-M-O", m="Al,P,Al", against="LATP", level=0.04) == 0
    out = capsys.readouterr().out
    assert out.count("Li-Al-O: ") == out.count("Li-P-O: ") == 1
    block = out.split("Li-Al-O: ")[1].split("\n\n")[0]
    assert "below 40 meV/atom" in block
    assert {"LiAl5O8", "Al2O3", "O2"} <= set(block.split())
    assert "LiAlO2" not in block
    assert "stable phases beyond" in block
    assert "(so has LATP)" in " ".join(out.split())


def test_json_is_one_object(capsys):
    assert run("Li-M-O", "--json", "--quiet", m="Al,Si") == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert [one["system"] for one in answer["maps"]] == ["Li-Al-O", "Li-Si-O"]
    assert answer["failed"] == {}
    assert 0.0 < answer["maps"][0]["share_within_level"] < 1.0
    assert captured.err == ""


def test_a_system_that_cannot_be_computed_is_named_and_the_others_are_written(capsys, tmp_path):
    folder = tmp_path / "maps"
    assert run("Li-M-O", m="Al,Xe", out=folder) == 3
    assert "failed: Li-Xe-O: element Xe" in capsys.readouterr().err
    names = {file.name for file in folder.iterdir()}
    assert names == {"map.csv", "map_phases.csv", "map.png", "map.svg", "map.pdf", "manifest.json"}
    assert set(pd.read_csv(folder / "map.csv")["system"]) == {"Li-Al-O"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["failed"].keys() == {"Li-Xe-O"}
    assert manifest["study"]["level_eV_per_atom"] == 0.05


@pytest.mark.proof
def test_files_keep_full_precision_and_the_same_bytes(tmp_path, embedded):
    for name in ("a", "b"):
        assert run("Li-M-O", "--quiet", m="Al,Si", out=tmp_path / name) == 0
    for file in ("map.csv", "map_phases.csv", "map.png", "map.svg", "map.pdf"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    with open(tmp_path / "a" / "map.csv", newline="") as file:
        points = [row for row in csv.DictReader(file) if row["system"] == "Li-Al-O"]
    one = composition_map(embedded, "Li-Al-O", "LLZO", divisions=12)
    found = [float(row["min_mutual_energy_eV_per_atom"]) for row in points]
    assert found == one.min_mutual_energy_eV_per_atom.tolist()


@pytest.mark.parametrize(
    ("system", "options", "said"),
    [
        ("Li-M-O", {}, "with --m"),
        ("Li-M-O", {"m": " , "}, "names no element"),
        ("Li-M-O", {"m": "Xe,Kr"}, "element Kr"),
        ("Li-Al-O", {"level": 0.0}, "--level"),
        ("Li-Al-O", {"level": float("nan")}, "--level"),
        ("Li-Al-O", {"divisions": 1}, "--divisions"),
        ("Li-Al-O", {"against": "no formula"}, "no formula"),
        ("Li-Xe-O", {}, "element Xe"),
    ],
)
def test_wrong_input_is_an_input_error(system, options, said):
    with pytest.raises(InputError, match=said):
        run(system, **options)
