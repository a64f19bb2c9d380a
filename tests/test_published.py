"""Published windows and reaction energies, and the check numbers of the method guide.

All on the full Matbench table (Materials Project of 2018/2021).  Publications used other versions
of the Materials Project; where a figure moved with the data, the row below says by how much.
"""

from __future__ import annotations

import csv

import pytest

from interscreen import Material, lithiate, react, stability_window

VOLT = 0.02  # what the issue asks for
ENERGY = 0.02  # decomposition energy at 0 V [eV/atom]; published to 0.01
ABOVE_HULL = 0.002  # [eV/atom]; published to 1 meV

# figures that the data of this table do not give, and why
OXIDATION_MISSES = {
    "Li3N": (
        0.48,
        "0.45 was read off a figure of 2015; the row itself says that later data give 0.48",
    ),
}

# Materials without an own row in the table: their published energy above the hull is handed in.
GIVEN_ABOVE_HULL = {"LATP": 0.029, "LAGP": 0.0}


def rows(shared, name):
    with open(shared / "facts" / name, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def published_windows(shared):
    return {row["material"]: row for row in rows(shared, "published_windows.csv")}


WINDOWS = [
    "LLZO", "LATP", "LAGP", "Li3PS4", "Li6PS5Cl", "Li3PO4", "LiF", "LiCl", "Li2O", "Li2S", "Li3N",
]  # fmt: skip


def test_every_published_window_is_looked_at(published_windows):
    assert sorted(published_windows) == sorted(WINDOWS)


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_are_the_published_ones(full_table, published_windows, same_phases, name):
    row = published_windows[name]
    material = row["formula"]
    if name in GIVEN_ABOVE_HULL:
        material = Material(material, energy_above_hull_eV_per_atom=GIVEN_ABOVE_HULL[name])
    window = stability_window(full_table, material)
    reduction, oxidation = window.assemblage_window_V
    assert reduction == pytest.approx(float(row["reduction_V"]), abs=VOLT)
    expected = float(row["oxidation_V"])
    if name in OXIDATION_MISSES:
        assert abs(oxidation - expected) > VOLT, "no miss any more: take it off the list"
        expected = OXIDATION_MISSES[name][0]
    assert oxidation == pytest.approx(expected, abs=VOLT)
    if row["products_at_reduction"]:
        published = row["products_at_reduction"].split(" + ")
        assert same_phases(window.reduction_products, published)
    if row["products_at_oxidation"]:
        published = row["products_at_oxidation"].split(" + ")
        assert same_phases(window.oxidation_products, published)
    if row["energy_above_hull_meV_per_atom"]:
        above = float(row["energy_above_hull_meV_per_atom"]) / 1000
        assert window.energy_above_hull_eV_per_atom == pytest.approx(above, abs=ABOVE_HULL)
        assert (window.phase_window_V is None) == (above > 0)
    if row["decomposition_energy_0V_eV_per_atom"]:
        published = float(row["decomposition_energy_0V_eV_per_atom"])
        assert window.decomposition_energy_0V_eV_per_atom == pytest.approx(published, abs=ENERGY)


def test_the_energy_at_0_v_of_llzo_counts_its_own_energy(full_table):
    """-0.021 eV/atom as published, and -0.014 if the 7 meV/atom above the hull were forgotten."""
    window = stability_window(full_table, "LLZO")
    assert window.energy_source == "phase"
    assert window.decomposition_energy_0V_eV_per_atom == pytest.approx(-0.021, abs=1e-3)
    forgotten = stability_window(full_table, Material("LLZO", energy_above_hull_eV_per_atom=0.0))
    assert forgotten.decomposition_energy_0V_eV_per_atom == pytest.approx(-0.014, abs=1e-3)


def test_the_energy_at_0_v_of_latp_needs_its_energy_above_the_hull(full_table):
    """-1.56 eV/atom holds for the 29 meV/atom of the publication; the hull alone gives -1.53."""
    hull = stability_window(full_table, "LATP")
    assert hull.energy_source == "hull"
    assert hull.decomposition_energy_0V_eV_per_atom == pytest.approx(-1.5335, abs=1e-3)
    given = stability_window(full_table, Material("LATP", energy_above_hull_eV_per_atom=0.029))
    assert given.decomposition_energy_0V_eV_per_atom == pytest.approx(-1.56, abs=5e-3)


# Tolerance [eV/atom] of each published pair, and the reason where it is more than rounding.
REACTIONS = {
    ("LiCoO2", "Li7La3Zr2O12"): (0.002, "two publications give 0 and -2"),
    ("Al2O3", "Li7La3Zr2O12"): (0.005, "2021 data; here La4Al2O9 takes the place of LaAlO3"),
    ("Nb2O5", "Li7La3Zr2O12"): (0.015, "2021 data; the same reaction gives -121 meV/atom here"),
    ("Li2ZrO3", "Li7La3Zr2O12"): (0.002, "2019 data"),
    ("LiTi2(PO4)3", "Li7La3Zr2O12"): (0.007, "2019 data"),
    ("LiPO3", "Li7La3Zr2O12"): (0.002, "2019 data"),
    ("ZnCl2", "Li2S"): (0.022, "2016 data with the older sulfide correction; -249 meV/atom here"),
}


def test_every_published_pair_is_looked_at(shared):
    published = rows(shared, "published_reactions.csv")
    assert {(row["reactant_a"], row["reactant_b"]) for row in published} == set(REACTIONS)


@pytest.mark.parametrize("pair", REACTIONS, ids="|".join)
def test_pairs_are_the_published_ones_within_their_data_version(
    full_table, shared, same_phases, pair
):
    (row,) = (
        r for r in rows(shared, "published_reactions.csv")
        if (r["reactant_a"], r["reactant_b"]) == pair
    )  # fmt: skip
    tolerance, _ = REACTIONS[pair]
    reaction = react(full_table, *pair)
    published = float(row["min_mutual_energy_meV_per_atom"]) / 1000
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(published, abs=tolerance)
    products = row["products"].split(" + ") if row["products"] else []
    if pair[0] == "Al2O3":  # 2 meV/atom above the minimum of this table
        alike = [k for k in reaction.kinks if same_phases(k.products, products)]
        assert alike
        assert alike[0].mutual_energy_eV_per_atom == pytest.approx(published, abs=tolerance)
    elif products:
        assert same_phases(reaction.products, products)
    if pair[0] == "ZnCl2":
        assert reaction.mixing_fraction == pytest.approx(0.5, abs=1e-9)


# -- the check numbers of method.md ------------------------

PAIR = 0.002  # eV/atom, as the issue asks; the figures themselves have five digits


@pytest.mark.parametrize(
    ("a", "b", "energy"),
    [
        ("CuF2", "LLZO", -0.37357),
        ("CuF2", "LiTi2(PO4)3", -0.04044),
        ("CuF2", "LATP", -0.05097),
        ("AlF3", "LLZO", -0.20852),
        ("Li", "LATP", -0.63677),
    ],
)
def test_pair_energies_of_the_method_guide(full_table, a, b, energy):
    reaction = react(full_table, a, b)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(energy, abs=PAIR)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(energy, abs=6e-6)


def test_total_and_mutual_energy_of_lithium_and_latp_are_the_same(full_table):
    reaction = react(full_table, "Li", "LATP")
    assert reaction.total_energy_eV_per_atom == pytest.approx(
        reaction.min_mutual_energy_eV_per_atom, abs=1e-12
    )


def test_the_equation_of_copper_fluoride_and_llzo(full_table, equation_sides):
    reaction = react(full_table, "CuF2", "LLZO")
    left, right = equation_sides(reaction.equation)
    assert left == {"CuF2": 8, "Li7La3Zr2O12": 1}
    assert right == {"CuO": 8, "LiF": 7, "ZrO2": 2, "LaF3": 3}
    assert reaction.products == {"CuO": 8, "LiF": 7, "ZrO2": 2, "LaF3": 3}
    assert reaction.mixing_fraction == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(
    ("formula", "reduction", "oxidation"),
    [
        ("Li7La3Zr2O12", 0.049, 2.914),
        ("Li13Al3Ti17P30O120", 2.168, 4.210),
        ("Li15Al5Ge15P30O120", 2.705, 4.276),
        ("Li3PS4", 1.721, 2.363),
    ],
)
def test_windows_of_the_method_guide(full_table, formula, reduction, oxidation):
    window = stability_window(full_table, formula).assemblage_window_V
    assert window == pytest.approx((reduction, oxidation), abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "voltages"),
    [
        ("Li3PS4", [1.721, 1.267, 1.169, 0.936, 0.870]),
        ("CuF2", [3.639, 0.137]),  # the second is LiCu3, which nobody has made
        ("CuS", [1.840, 1.810, 1.761, 0.137]),
        ("AlF3", [1.290, 1.058, 0.359]),
    ],
)
def test_lithiation_steps_of_the_method_guide(full_table, formula, voltages):
    steps = lithiate(full_table, formula).steps
    found = [step.voltage_V for step in steps][: len(voltages)]
    assert found == pytest.approx(voltages, abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "after", "products"),
    [
        ("CuF2", 1, {"Cu": 1, "LiF": 2}),
        ("CuS", 3, {"Cu": 1, "Li2S": 1}),
        ("AlF3", 2, {"Al": 1, "LiF": 3}),
        ("AlF3", 3, {"LiAl": 1, "LiF": 3}),
        ("Li3PS4", 5, {"Li3P": 1, "Li2S": 4}),
    ],
)
def test_conversion_products_of_the_method_guide(full_table, formula, after, products):
    step = lithiate(full_table, formula).steps[after - 1]
    assert step.products == pytest.approx(products, abs=1e-9)


def test_copper_nitride_keeps_its_positive_energy(full_table):
    """The mutual minimum is -0.263; the total curve falls to -0.376, not to -0.263 (method.md)."""
    reaction = react(full_table, "Cu3N", "Li")
    nitride = reaction.reactants[0]
    assert nitride["energy_source"] == "phase"
    assert nitride["energy_eV_per_atom"] == pytest.approx(0.190, abs=1e-3)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(-0.263, abs=1e-3)
    total = min(kink.total_energy_eV_per_atom for kink in reaction.kinks)
    assert total == pytest.approx(-0.376, abs=1e-3)


def test_without_the_never_made_phases_the_copper_steps_end_at_copper(reference):
    for formula, steps in (("CuF2", 1), ("CuS", 3)):
        path = lithiate(reference, formula)
        assert len(path.steps) == steps
        assert "Cu" in path.final_products
