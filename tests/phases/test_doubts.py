"""A formula that cannot be meant as it stands is told in one line, and no other."""

from __future__ import annotations

from fractions import Fraction

import pytest

import interscreen as si
from interscreen.phases.doubts import doubts
from interscreen.phases.formula import parse_formula
from interscreen.phases.notation import number_text


def lines(text: str) -> tuple[str, ...]:
    return doubts(parse_formula(text))


# charges by hand: Li 1, La 3, Ti 4, Al 3, Zr 4, In 3, P 5, O -2, Cl -1
@pytest.mark.parametrize(
    ("text", "charge", "nearest"),
    [
        ("Li0.33La0.56TiO3", "0.01 positive charges too many", "Li0.32La0.56TiO3"),
        ("Li0.27La0.57TiO3", "0.02 positive charges too few", "Li0.29La0.57TiO3"),
        ("Li0.33La0.557TiO3", "0.001 positive charges too many", "Li0.329La0.557TiO3"),
        ("La0.67TiO3", "0.01 positive charges too many", "La2/3TiO3"),
        ("Li6.28Al0.24La3Zr2O11.98", "0.04 positive charges too many", "Li6.28Al0.24La3Zr2O12"),
        ("Li1.33Al0.3Ti1.7(PO4)3", "0.03 positive charges too many", "Li1.3Al0.3Ti1.7(PO4)3"),
        ("Li1.07Al0.69Ti1.46(PO4)3", "0.02 positive charges too few", "Li1.09Al0.69Ti1.46(PO4)3"),
        ("Li2.63In0.7Zr0.3Cl6", "0.07 positive charges too few", "Li2.7In0.7Zr0.3Cl6"),
    ],
)
def test_rounded_digits_are_told_with_the_nearest_neutral_formula(text, charge, nearest):
    (line,) = lines(text)
    assert line.startswith(f"{text} is not neutral, {charge} ")
    assert line.endswith(f"(nearest neutral formula: {nearest})")
    assert lines(nearest) == ()


@pytest.mark.parametrize(
    "text",
    # neutral as they are (7.88 charges of either sign in Li2.88PO3.73N0.14)
    "Li2.88PO3.73N0.14 Li1.3Al0.3Ti1.7(PO4)3 Li5.5PS4.5Cl1.5 Li6.4La3Zr1.4Ta0.6O12 "
    "Li6.6Si0.6Sb0.4S5I Li10.35Si1.35P1.65S12 Li9.54Si1.74P1.44S11.7Cl0.3 Li3.25Ge0.25P0.75S4 "
    "Na3.4Zr2Si2.4P0.6O12 Li2.99Ba0.005ClO Y0.08Zr0.92O1.96 Ce0.8Gd0.2O1.9 "
    # mixed valence, metals, partly filled hosts
    "Li0.5CoO2 Li0.99CoO2 Li0.9NiO2 LiNi0.33Co0.33Mn0.33O2 Fe0.95O Fe3O4 Co3O4 LiMn2O4 Cu1.8S "
    "TiO1.9 Li4.1Ti5O12 Li1.5Al Cu0.9Zn0.1 Li2O2 KO2 Li2S6".split(),
)
def test_no_other_formula_is_told(text):
    assert lines(text) == ()


@pytest.mark.proof
def test_charges_of_the_compounds_that_were_made_are_no_alarm(embedded):
    """Whole numbers are no rounding; of the same compounds in decimals one in 1,000 is told."""
    told, asked = 0, 0
    for row in (embedded.observed == 1).nonzero()[0].tolist():
        text = str(embedded.formulas[row])
        assert not any("not neutral" in line for line in lines(text))
        unit = parse_formula(text)
        tenths = "".join(f"{s}{number_text(Fraction(n, 10))}" for s, n in unit.amounts)
        asked += 1
        told += any("not neutral" in line for line in lines(tenths))
    assert asked > 3000
    assert told <= 0.001 * asked


@pytest.mark.parametrize("text", ["C2H4O", "CH4", "C3H3N", "C2H5OH", "LiN(SO2CF3)2"])
def test_molecules_are_told(text):
    assert any("molecules lie outside the method" in line for line in lines(text))


@pytest.mark.parametrize("text", "NaHCO3 CO2 H2O LiOH CH3Li C SiC NH3 NH4Cl CF LiH2PO4".split())
def test_crystals_and_gases_are_not(text):
    assert lines(text) == ()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("CUF2", "CuF2"),
        ("NIO", "NiO"),
        ("SIO2", "SiO2"),
        ("SNO2", "SnO2"),
        ("LiCOO2", "LiCoO2"),
        ("BIF3", "BiF3"),
        ("PBI2", "PbI2"),
        ("COF2", "CoF2"),
        ("HFO2", "HfO2"),
        ("CSI", "CsI"),
    ],
)
def test_capitals_that_may_be_meant_as_a_metal_are_told(text, meant):
    (line,) = lines(text)
    assert line.endswith(f"write {meant})")
    assert lines(meant) == ()


def test_compounds_of_the_same_letters_are_not():
    assert [text for text in ("BiSI", "CO", "NO", "CS2", "HF", "POF3") if lines(text)] == []


def test_results_hold_it(embedded):
    (line,) = si.stability_window(embedded, "Li0.27La0.57TiO3").warnings
    assert "Li0.29La0.57TiO3" in line
    assert line in si.react(embedded, "CuS", "Li0.27La0.57TiO3").warnings
    assert line in si.lithiate(embedded, "Li0.27La0.57TiO3").warnings


def test_a_rounded_electrolyte_of_a_study_is_told(shared, embedded):
    study = si.load_study(shared / "data" / "field" / "kH_rounded_study.yaml")
    warnings = si.run_study(study, embedded).warnings
    told = [line for line in warnings if "not neutral" in line]
    assert [line.split()[0] for line in told] == ["Li0.27La0.57TiO3"]
    assert "Li0.29La0.57TiO3" in told[0]
