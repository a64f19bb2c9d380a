"""Named lists of compounds: what stands in them, and why."""

import pytest

from interscreen.files import data_rows
from interscreen.phases.compounds import GASEOUS, HYGROSCOPIC, VOLATILE, compound_lists
from interscreen.phases.formula import parse_formula
from interscreen.screen.where import element_lists

ROWS = data_rows("compound_lists.csv")


def test_every_row_is_a_reduced_formula_with_reason_and_reference():
    assert len(ROWS) == len({(row["formula"], row["list"]) for row in ROWS}) == 616
    assert not [row for row in ROWS if parse_formula(row["formula"]).reduced != row["formula"]]
    assert all(row["why"] and row["reference"] for row in ROWS)
    assert {row["list"] for row in ROWS} == {VOLATILE, HYGROSCOPIC}


def test_what_is_volatile_has_the_temperature_and_nothing_else_has():
    for row in ROWS:
        assert bool(row["temperature_C"]) == (row["list"] == VOLATILE)
        assert not row["temperature_C"] or -270 < float(row["temperature_C"]) <= 250


@pytest.mark.parametrize(
    ("names", "volatile", "gaseous"),
    [
        # boiling and sublimation points of the CRC Handbook
        ("WF6 ClF3 SF6 CF4 SiF4 BCl3 PF5 CO2 NH3 Cl2", True, True),
        ("IF5 BrF3 OsF6 TiCl4 SnCl4 MoF6 UF6 AlCl3 H2O I2 NbF5 RuF5 CI4", True, False),
        ("ZrCl4 FeCl3 MoCl5 LiF CuF2 WCl6 P2O5 HgCl2 S", False, False),  # above 250 C
        ("CF CF2 CH2", False, False),  # graphite fluoride, PTFE, polyethylene
    ],
)
def test_volatile_and_gaseous_compounds(names, volatile, gaseous):
    formulas = [parse_formula(name).reduced for name in names.split()]
    assert [f in compound_lists()[VOLATILE] for f in formulas] == [volatile] * len(formulas)
    assert [f in compound_lists()[GASEOUS] for f in formulas] == [gaseous] * len(formulas)


def test_hygroscopic_compounds_are_those_that_a_dry_room_is_built_for():
    known = compound_lists()[HYGROSCOPIC]
    assert {"LiCl", "CaCl2", "AlCl3", "FeCl3", "P2O5", "Li2O", "Li3N", "Li2S", "P2S5"} <= set(known)
    assert not {"LiF", "AlF3", "Al2O3", "Li2CO3", "Li3PO4", "Cu", "CuS"} & set(known)


def test_a_list_of_compounds_has_a_name_of_its_own():
    assert not set(compound_lists()) & set(element_lists())
