"""The embedded reference set: its figures, its sources and what it leaves out."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pandas as pd
import pytest

from interscreen import react, stability_window
from interscreen.sources.bundled import ELECTROLYTES, INTERLAYERS

CANDIDATES = ["CuF2", "CuS", "Cu3N", "AlF3"]
CONTACTS = ["Li", "LLZO", "LATP", "LAGP"]
NEVER_MADE = {"LiCu3", "Li47Cu7N18", "Zr4O", "Mg149P", "Mg149Ti", "Mg149Zr"}


@pytest.fixture(scope="module")
def text():
    return (files("interscreen") / "data" / "reference_phases.csv").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def header(text):
    return "\n".join(line for line in text.splitlines() if line.startswith("#"))


@pytest.fixture(scope="module")
def rows(text):
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def test_the_columns_are_the_documented_ones(rows):
    assert set(rows[0]) == {
        "formula", "formation_energy_eV_per_atom", "source", "observed", "observed_note",
        "density_g_per_cm3", "density_source", "conduction", "band_gap_eV", "conduction_source",
    }  # fmt: skip
    assert all(None not in row and None not in row.values() for row in rows), "ragged line"


def test_the_header_says_what_the_figures_are_and_where_they_end(header):
    for said in (
        "formation energies of the Materials Project",
        "Matbench v0.1",
        "CC BY 4.0",
        "1 meV/atom",
        "every phase that takes part in an equilibrium of the shipped interlayers with Li, LLZO, "
        "LATP and LAGP",
        "eV per atom",
    ):
        assert said in header


def test_the_statement_goes_into_every_result(reference):
    for result in (react(reference, "CuF2", "LLZO"), stability_window(reference, "LATP")):
        statement = result.provenance["statement"]
        assert "Matbench v0.1" in statement
        assert "CC BY 4.0" in statement
        assert "1 meV/atom" in statement
        assert result.provenance["source"] == "reference"
        assert result.provenance["n_phases"] == len(reference)
        assert result.provenance["citation"]


def test_each_formula_stands_once_and_reduced(rows):
    from pymatgen.core import Composition

    formulas = [Composition(row["formula"]).reduced_formula for row in rows]
    assert len(set(formulas)) == len(formulas)
    for row in rows:
        reduced, factor = Composition(row["formula"]).get_reduced_composition_and_factor()
        assert factor == 1 or len(reduced) == 1, row["formula"]


def test_every_element_of_the_set_has_its_reference(rows, reference):
    listed = {row["formula"] for row in rows}
    for symbol in reference.elements:
        assert symbol in listed or f"{symbol}2" in listed


def test_energies_are_given_to_one_mev(rows):
    for row in rows:
        assert re.fullmatch(r"-?\d\.\d{3}", row["formation_energy_eV_per_atom"]), row
        if row["source"] == "element reference":
            assert float(row["formation_energy_eV_per_atom"]) == 0.0
        else:
            assert row["source"] == "Matbench v0.1"


@pytest.mark.proof
def test_every_energy_is_the_lowest_of_the_full_table_to_rounding(rows, full_csv):
    """Read independently of the package, with pandas and pymatgen's reduced formulas."""
    from pymatgen.core import Composition

    frame = pd.read_csv(full_csv, keep_default_na=False)
    wanted = {Composition(row["formula"]).reduced_formula: row for row in rows}
    elements = {e.symbol for formula in wanted for e in Composition(formula)}
    other = re.compile("|".join(f"{symbol}(?![a-z])" for symbol in sorted(elements, key=len)[::-1]))
    # only rows without foreign elements are worth parsing
    inside = frame.formula.map(lambda f: not re.search("[A-Z]", other.sub("", f)))
    frame = frame[inside]
    reduced = frame.formula.map(lambda f: Composition(f).reduced_formula)
    lowest = frame.groupby(reduced).formation_energy_eV_per_atom.min()
    for formula, row in wanted.items():
        energy = float(row["formation_energy_eV_per_atom"])
        if row["source"] == "element reference":
            assert energy == 0.0
            continue
        assert energy == pytest.approx(lowest[formula], abs=0.0005 + 1e-9), formula


# -- observed ------------------------


def test_observed_is_yes_no_or_unknown(rows):
    assert {row["observed"] for row in rows} <= {"yes", "no", "unknown"}


def test_the_known_artefacts_are_marked_and_left_out(rows, reference, reference_all):
    marked = {row["formula"] for row in rows if row["observed"] == "no"}
    assert marked >= NEVER_MADE
    assert set(reference.left_out) == marked
    assert reference_all.left_out == ()
    assert len(reference) == len(reference_all)


def test_phases_that_everybody_knows_are_marked_observed(rows):
    observed = {row["formula"] for row in rows if row["observed"] == "yes"}
    assert observed >= {
        "CuF2", "CuS", "Cu3N", "AlF3", "LiF", "Li2S", "Li3N", "Li2O", "Li7La3Zr2O12", "LiAl",
        "Li9Al4", "Li3PO4", "LiTi2(PO4)3", "La2Zr2O7", "Cu2O", "CuO", "Li", "Cu",
    }  # fmt: skip


def test_a_phase_that_is_called_unmade_comes_with_a_reason(rows):
    for row in rows:
        if row["observed"] == "no":
            assert row["observed_note"], row["formula"]


# -- density and conduction ------------------------


def test_figures_have_a_source_and_make_sense(rows):
    for row in rows:
        name = row["formula"]
        if row["density_g_per_cm3"]:
            assert 0.3 < float(row["density_g_per_cm3"]) < 25, name
            assert row["density_source"], name
        else:
            assert not row["density_source"], name
        assert row["conduction"] in {"", "metal", "semiconductor", "insulator"}, name
        if row["conduction"]:
            assert row["conduction_source"], name
        else:
            assert not row["band_gap_eV"], name
        if row["band_gap_eV"]:
            assert 0 < float(row["band_gap_eV"]) < 20, name
            assert row["conduction"] != "metal", name
            # the rule of the header: below 3 eV a semiconductor, from there on an insulator
            wide = float(row["band_gap_eV"]) >= 3.0
            assert row["conduction"] == ("insulator" if wide else "semiconductor"), name


def test_every_source_key_is_explained_in_the_header(rows, header):
    known = set(re.findall(r"^# ([A-Za-z]+\d+|X-ray): ", header, flags=re.MULTILINE))
    assert "CRC97" in known
    used = {
        re.split(r"[ ,;(]", row[column])[0]
        for row in rows
        for column in ("density_source", "conduction_source")
        if row[column]
    }
    assert used <= known
    assert known <= used, "a reference that nothing cites"


def test_the_usual_conversion_products_have_density_and_conduction(rows):
    by_formula = {row["formula"]: row for row in rows}
    for formula in ("Cu", "LiF", "Li2S", "Li3N", "Li2O", "Al", "LiAl", "Li"):
        assert by_formula[formula]["density_g_per_cm3"], formula
        assert by_formula[formula]["conduction"], formula
    for formula in ("Cu", "Al", "Li", "LiAl"):
        assert by_formula[formula]["conduction"] == "metal"
    for formula in ("LiF", "Li2O", "Li2S"):
        assert by_formula[formula]["conduction"] == "insulator"


def test_the_columns_reach_the_table(reference):
    frame = reference.to_frame().set_index("formula")
    assert frame.density_g_per_cm3["LiF"] == pytest.approx(2.64, abs=0.02)
    assert frame.conduction["LiF"] == "insulator"
    assert frame.observed["LiCu3"] == "no"


# -- against the full table ------------------------


@pytest.mark.proof
@pytest.mark.parametrize("interlayer", INTERLAYERS)
def test_every_shipped_interlayer_reacts_as_with_the_full_table(
    reference_all, full_table, interlayer
):
    for contact in ("Li", *ELECTROLYTES):
        small, large = (react(table, interlayer, contact) for table in (reference_all, full_table))
        assert small.min_mutual_energy_eV_per_atom == pytest.approx(
            large.min_mutual_energy_eV_per_atom, abs=1e-3
        ), contact
        if interlayer in CANDIDATES:
            assert small.products.keys() == large.products.keys(), contact
            assert small.reactants[0]["energy_source"] == large.reactants[0]["energy_source"]
        assert small.provenance["warnings"] == []


@pytest.mark.proof
@pytest.mark.parametrize("material", [*CANDIDATES, *CONTACTS[1:]])
def test_windows_are_those_of_the_full_table(reference_all, full_table, material):
    small, large = (stability_window(table, material) for table in (reference_all, full_table))
    for one, other in zip(small.assemblage_window_V, large.assemblage_window_V, strict=True):
        assert one == pytest.approx(other, abs=0.01)
    assert small.reduction_products == large.reduction_products
    assert small.oxidation_products == large.oxidation_products
    assert small.decomposition_energy_0V_eV_per_atom == pytest.approx(
        large.decomposition_energy_0V_eV_per_atom, abs=3e-3
    )
