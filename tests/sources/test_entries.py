"""Lists of pymatgen entries: total energies become formation energies."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.core import Composition
from pymatgen.entries.computed_entries import ComputedEntry

from interscreen import PhaseTable, react, stability_window
from interscreen.errors import InputError

LI, F, O = -1.9, -1.8, -4.9  # noqa: E741


def entry(formula, energy_per_atom, run_type=None, **kwargs):
    composition = Composition(formula)
    parameters = {"run_type": run_type} if run_type else {}
    return ComputedEntry(
        composition, energy_per_atom * composition.num_atoms, parameters=parameters, **kwargs
    )


@pytest.fixture
def entries():
    return [
        entry("Li", LI, entry_id="mp-1"),
        entry("Li2", LI + 0.1),
        entry("F2", F),
        entry("LiF", (LI + F) / 2 - 3.0, entry_id="mp-2"),
        entry("Li4F4", (LI + F) / 2 - 2.9),
    ]


def test_the_lowest_entry_of_each_element_is_the_zero_of_energy(entries):
    table = PhaseTable.from_entries(entries, name="mine")
    assert {str(f): float(e) for f, e in zip(table.formulas, table.energies, strict=True)} == (
        pytest.approx({"Li": 0.0, "F2": 0.0, "LiF": -3.0}, abs=1e-12)
    )
    assert table.structures.tolist() == [2, 1, 2]
    assert table.ids[0] == "mp-1"
    assert table.source.name == "mine"
    assert table.source.n_rows == 5
    assert react(table, "Li", "F2").min_mutual_energy_eV_per_atom == pytest.approx(-3.0)


def test_pdentries_and_corrections_count_as_they_are():
    corrected = ComputedEntry("Li2O", -10.0, correction=-0.9)
    table = PhaseTable.from_entries([PDEntry(Composition("Li"), LI), PDEntry(Composition("O2"),
                                    2 * O), corrected])  # fmt: skip
    row = table.find("Li2O")
    assert table.energies[row] == pytest.approx((-10.9 - 2 * LI - O) / 3, abs=1e-12)


def test_a_missing_element_is_named():
    with pytest.raises(InputError, match=r"no entry of the pure element F, O\b"):
        PhaseTable.from_entries([entry("Li", LI), entry("LiF", -4.0), entry("Li2O", -5.0)])


def test_an_empty_list_is_refused():
    with pytest.raises(InputError, match="no entries"):
        PhaseTable.from_entries([])


@pytest.mark.parametrize(
    ("families", "mixed"),
    [
        (("GGA", "GGA"), False),
        (("GGA", "GGA+U"), False),
        (("GGA", "GGA_U"), False),
        (("GGA+U", "PBE"), False),
        (("GGA", None), False),
        (("R2SCAN", "r2SCAN"), False),
        (("GGA", "R2SCAN"), True),
        (("GGA+U", "SCAN"), True),
        (("PBE", "HSE06"), True),
    ],
)
def test_families_of_calculations_never_share_a_hull(families, mixed):
    one, other = families
    made = [entry("Li", LI, one), entry("F2", F, other), entry("LiF", -4.0, other, correction=-0.9)]
    if mixed:
        with pytest.raises(InputError, match="different run families") as caught:
            PhaseTable.from_entries(made)
        family = one.upper().split("+")[0].replace("PBE", "GGA")
        assert f"--family {family}" in str(caught.value)
    else:
        table = PhaseTable.from_entries(made)
        assert table.source.thermo_type in {"GGA_GGA+U", "R2SCAN"}


def test_an_energy_that_is_no_number_is_refused(entries):
    with pytest.raises(InputError, match="nan"):
        PhaseTable.from_entries([*entries, entry("Li3F", float("nan"))])
    with pytest.raises(InputError, match="finite"):
        PhaseTable.from_entries([entry("Li", float("nan")), *entries[2:]])


def test_fractional_amounts_of_an_entry_keep_their_energy_per_atom():
    third = Composition({"Li": 1 / 3, "O": 2})
    made = [entry("Li", LI), entry("O2", O), ComputedEntry(third, third.num_atoms * -5.0)]
    table = PhaseTable.from_entries(made)
    row = table.find("LiO6")
    assert row is not None, [str(f) for f in table.formulas]
    assert table.energies[row] == pytest.approx(-5.0 - (LI + 6 * O) / 7, abs=1e-9)


def test_entries_of_fractional_compositions_are_the_compounds_that_they_are():
    """As ``Composition.fractional_composition`` gives them: two thirds Li, one third O."""
    oxide = Composition("Li2O").fractional_composition
    made = [PDEntry(Composition("Li"), LI), PDEntry(Composition("O"), O), PDEntry(oxide, -6.0)]
    table = PhaseTable.from_entries(made)
    assert "Li2O" in table.formulas.tolist()


# -- from a file ------------------------


@pytest.mark.parametrize("name", ["entries.json", "entries.json.gz"])
def test_entries_are_read_from_json(entries, tmp_path, name):
    text = json.dumps([made.as_dict() for made in entries]).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    table = PhaseTable.read(path)
    direct = PhaseTable.from_entries(entries)
    np.testing.assert_allclose(table.energies, direct.energies, atol=1e-12)
    assert table.formulas.tolist() == direct.formulas.tolist()
    again = PhaseTable.read(path)  # from the cache
    np.testing.assert_array_equal(again.energies, table.energies)
    assert again.source == table.source


@pytest.mark.parametrize(
    "text", ["{}", "[1, 2]", '[{"formula": "LiF"}]', '"LiF"', "not json", "", "[", "null"]
)
def test_json_that_holds_no_entries_is_refused_by_name(tmp_path, text):
    path = tmp_path / "entries.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"entries\.json"):
        PhaseTable.read(path)


@pytest.mark.proof
def test_a_file_of_the_materials_project_is_read(shared):
    path = shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    table = PhaseTable.read(path)
    assert table.elements == ("Li", "O", "P", "Fe")
    assert table.source.n_rows == table.structures.sum() == 943
    assert table.source.thermo_type == "GGA_GGA+U"
    assert all(str(i).startswith(("mp-", "mvc-")) for i in table.ids)
    window = stability_window(table, "LiFePO4").assemblage_window_V
    assert window == pytest.approx((2.333, 3.355), abs=1e-3)
