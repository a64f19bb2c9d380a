"""The five papers that interscreen began with: every system is asked, and what is claimed of it."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from interscreen import composition_map, lithiate, react, run_study, stability_window
from interscreen.phases.formula import parse_formula
from interscreen.phases.material import compose
from interscreen.screen.study_file import load_study
from interscreen.validation.cells import BARE, measured_stacks

# where the study holds a system, by its role in the papers; the others are single questions
PLACES = {
    "candidates": ("interlayer", "filler", "additive", "cathode coating"),
    "electrolytes": ("electrolyte",),
    "cathodes": ("cathode", "conductor"),
    "air": ("air",),
}
# rounded in the list; as whole numbers, which are neutral, in the study
WRITTEN = {"LiNi0.333333Co0.333333Mn0.333333O2": "Li3NiCoMnO6"}


@pytest.fixture(scope="module")
def systems(shared):
    with (shared / "facts" / "seed_systems.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of_role(systems, *roles):
    found = (row["formula"] for row in systems if row["role"] in roles)
    return list(dict.fromkeys(WRITTEN.get(formula, formula) for formula in found))


def amounts(formula):
    return compose(formula).amounts


def test_the_study_holds_every_material_of_the_papers(systems):
    study = load_study("seeds")
    for place, roles in PLACES.items():
        held = {amounts(entry.formula) for entry in getattr(study, place)}
        wanted = {amounts(formula) for formula in of_role(systems, *roles)}
        more = {amounts(name) for name in ("LATP", "LAGP")} if place == "electrolytes" else set()
        assert held == wanted | more, place  # LATP and LAGP stand in the claims
    known = {role for roles in PLACES.values() for role in roles}
    assert {row["role"] for row in systems} - known == {"treatment", "crucible", "maps"}


def test_every_candidate_says_who_used_it():
    for entry in load_study("seeds").candidates:
        assert "paper" in entry.reference, entry.label


def test_the_studies_say_the_same_of_the_same_layer():
    library = {amounts(entry.formula): entry for entry in load_study("library").candidates}
    both = [e for e in load_study("seeds").candidates if amounts(e.formula) in library]
    assert len(both) == 43
    for entry in both:
        other = library[amounts(entry.formula)]
        assert (entry.role, entry.products) == (other.role, other.products), entry.label


@pytest.mark.proof
def test_every_row_of_the_study_is_answered(embedded):
    """47 candidates with 6 electrolytes, 9 cathodes and air; none has a reason to be left out."""
    plain = {"sensitivity": False, "uncertainty": {"samples": 0}}
    study = load_study("seeds")
    found = run_study(type(study).model_validate(study.model_dump() | plain), embedded)
    assert (len(found.results), found.failed) == (47 * 6, 0)
    assert set(found.surroundings["status"]) == {"ok"}
    for column in ("deposited", "layer", "worst_product"):
        assert np.isfinite(found.results[f"{column}_mutual_eV_per_atom"]).all()


def test_treatments_and_crucibles_are_answered(systems, embedded):
    for formula in of_role(systems, "treatment", "crucible"):
        assert react(embedded, formula, "LLZO").min_mutual_energy_eV_per_atom <= 0.0


def test_all_measured_cells_are_answered(embedded):
    cells = measured_stacks(embedded)
    assert len(cells) == 53
    assert [cell.status for cell in cells].count("ok") == 36
    for cell in cells:
        if cell.status == BARE:
            assert cell.reason == "no interlayer: a line of reference, not a point"
            bare = react(embedded, "Li", cell.measured.electrolyte_formula)
            assert bare.min_mutual_energy_eV_per_atom < 0.0
        elif cell.status == "ok":
            assert np.isfinite(cell.metrics.score_meV_per_atom)
        else:  # organic and liquid ones
            assert cell.reason


# -- what the papers claim, where it is a statement about an equilibrium ------------------------


@pytest.mark.parametrize(
    ("candidate", "layer"),
    [
        ("CuF2", "Cu LiF"),
        ("CuS", "Cu Li2S"),
        ("Cu3N", "Cu Li3N"),
        ("Zn", "LiZn"),
        ("AlF3", "Li9Al4 LiF"),
        ("Al2O3", "Li9Al4 Li2O"),  # "Li-Al alloy on heating"
        ("LiNO3", "Li3N Li2O"),
    ],
)
def test_layers_become_what_the_papers_found(embedded, candidate, layer):
    assert set(lithiate(embedded, candidate).final_products) == set(layer.split())


@pytest.mark.parametrize(
    ("partner", "forms"),
    [
        ("CO2", "Li2CO3"),
        ("H2O", "LiHO"),
        ("HF", "LiF LaF3"),
        ("HCl", "LiCl"),
        ("H3PO4", "Li3PO4"),
        ("LiPO2F2", "LiF"),
        ("Co3O4", "LiCoO2"),
        ("LiNi0.5Co0.2Mn0.3O2", "NiO"),  # the paper: Ni is reduced in N2
    ],
)
def test_llzo_becomes_what_the_papers_found(embedded, partner, forms):
    made = {parse_formula(name).amounts for name in react(embedded, partner, "LLZO").products}
    assert {parse_formula(name).amounts for name in forms.split()} <= made


def test_niobium_of_a_garnet_is_reduced_and_its_zirconium_hardly(embedded):
    doped = stability_window(embedded, "Li6.75La3Zr1.75Nb0.25O12")
    assert doped.assemblage_window_V[0] == pytest.approx(0.624, abs=1e-3)
    assert "LiNbO2" in doped.reduction_products  # Nb(5+) to Nb(3+)
    plain = stability_window(embedded, "LLZO")
    assert plain.assemblage_window_V == pytest.approx((0.05, 2.91), abs=0.005)
    assert set(plain.reduction_products) == {"Zr3O", "La2O3", "Li2O"}


def test_of_the_cathodes_layered_oxides_suit_llzo_best(embedded):
    energies = {
        name: 1000 * react(embedded, name, "LLZO").min_mutual_energy_eV_per_atom
        for name in ("LiCoO2", "LiNi0.8Co0.1Mn0.1O2", "Li3NiCoMnO6", "LiMn2O4", "LiFePO4", "S")
    }
    assert energies["LiCoO2"] == pytest.approx(-1.0, abs=0.1)
    assert energies["Li3NiCoMnO6"] < energies["LiNi0.8Co0.1Mn0.1O2"] < 0.0
    for reacts in ("LiMn2O4", "LiFePO4", "S"):
        assert energies[reacts] < -50.0


def test_oxides_that_llzo_hardly_touches_are_many_for_metals_and_few_for_nonmetals(embedded):
    def width(element):
        found = composition_map(embedded, f"Li-{element}-O", "LLZO", divisions=40)
        return (found.to_frame()["min_mutual_energy_eV_per_atom"] > -0.050).mean()

    wide = [width(element) for element in "Ti Zr Ta V Ga Ge Sn Cr Mo W".split()]
    narrow = [width(element) for element in "B C N Si P".split()]
    assert min(wide) > 0.7
    assert max(narrow) < 0.65
