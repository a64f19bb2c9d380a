"""Files of public cases that were read wrongly: the right number, or a refusal that leads on."""

from __future__ import annotations

import pytest

from interscreen import react, stability_window
from interscreen.errors import InputError
from interscreen.sources.open import SourceOptions, open_table


@pytest.fixture(scope="module")
def field(shared):
    folder = shared / "data" / "field"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there (files of public cases)")
    return folder


def window(path, material, **options):
    table = open_table(path, options=SourceOptions(**options))
    return stability_window(table, material).assemblage_window_V


def refused(path, **options):
    with pytest.raises(InputError) as caught:
        open_table(path, options=SourceOptions(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


LLZO = pytest.approx((0.0489, 2.9136), abs=1e-4)  # of the full table


@pytest.mark.parametrize("name", ["kA_fe3o4_charges.json", "kA_fe3o4_plain.json"])
def test_charges_of_one_element_are_added_up(field, name):
    table = open_table(field / name)
    assert table.energies[table.find("Fe3O4")] == pytest.approx(-1.31429, abs=1e-5)
    assert table.find("FeO2") is None
    assert stability_window(table, "Fe3O4").assemblage_window_V[0] == pytest.approx(2.0, abs=1e-9)
    assert stability_window(table, "Fe2O3").assemblage_window_V[0] == pytest.approx(2.1, abs=1e-9)


def test_manganese_of_two_charges(field):
    """-61 eV less 3 x 9.1 and 4 x 4.95 eV, 7 atoms."""
    table = open_table(field / "kA_mn3o4_charges.json")
    energy = table.energies[table.find("Mn3O4")]
    assert energy == pytest.approx((-61.0 + 3 * 9.1 + 4 * 4.95) / 7, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "unit"), [("kB_kJ_per_mol.csv", "kJ/mol"), ("kB_meV.csv", "meV/atom")]
)
def test_another_unit_is_named_and_right_once_it_is_stated(field, name, unit):
    assert f"--energy-unit '{unit}'" in refused(field / name)
    assert window(field / name, "LLZO", energy_unit=unit) == LLZO
    assert f"--energy-unit '{unit}'" in refused("embedded", add=(str(field / name),))


def test_measured_entries_are_in_kj_per_mol(field):
    assert "--energy-unit 'kJ/mol'" in refused(field / "kB_expentries.json")
    table = open_table(field / "kB_expentries.json", options=SourceOptions(energy_unit="kJ/mol"))
    assert table.energies.min() == pytest.approx(-1.7111, abs=1e-4)


def test_total_energies_without_elements(field):
    file = field / "kB_total_energies_no_elements.csv"
    assert "energy_per_atom: total energies" in refused(file)
    assert "look like total energies" in refused(file, energy_column="energy_per_atom")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("kC_uncorrected.json", "6 of 9"), ("kC_one_uncorrected.json", "1 of 9"),
        ("kC_gga_only.json", "3 of 7"), ("kC_real_uncorrected.json", "867 of 943"),
    ],
)  # fmt: skip
def test_entries_without_corrections_are_refused_both_ways(field, name, count):
    for message in (refused(field / name), refused("embedded", add=(str(field / name),))):
        assert f"without energy corrections ({count} entries)" in message
        assert "MaterialsProject2020Compatibility().process_entries" in message


def test_corrected_entries_are_right(field):
    assert window(field / "kC_corrected.json", "FeO")[0] == pytest.approx(1.854, abs=5e-4)


def test_a_real_download_with_ozonides_is_taken_both_ways(shared):
    file = shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    expected = pytest.approx((2.333, 3.355), abs=1e-3)
    assert window(file, "LiFePO4") == expected
    (added,) = open_table("embedded", options=SourceOptions(add=(str(file),))).source.added
    assert added["entries"] == 943


def test_run_families_are_counted_and_one_may_be_chosen(field):
    message = refused(field / "kE_run_type.csv")
    assert "(GGA_GGA+U: 3, R2SCAN: 1)" in message
    assert "--family GGA_GGA+U or --family R2SCAN" in message
    oxide = window(field / "kE_run_type.csv", "Li2O", family="GGA_GGA+U")
    assert oxide == pytest.approx((0.0, 3 * 2.07 / 2), abs=1e-9)
    assert "(GGA_GGA+U_R2SCAN: 4)" in refused(field / "kE_thermo_type_mixed.csv")


def test_a_comma_too_many(field):
    assert "line 2: 5 fields, the head has 4" in refused(field / "kF_shift.csv")
    assert window(field / "k6_ok.csv", "Li2O2") == pytest.approx((2.910, 3.300), abs=1e-9)


@pytest.mark.parametrize("kind", ["semicolon", "deccomma", "tab", "utf16"])
def test_tables_as_they_are_saved(field, kind):
    assert window(field / f"c_{kind}.csv", "LLZO") == LLZO


def test_documents_of_the_service_are_a_table(shared):
    folder = shared / "data" / "mp_recorded"
    file = folder / "thermo_Li-Fe-O_made_by_emmet.json.gz"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    table = open_table(file)
    assert table.source.thermo_type == "GGA_GGA+U"
    assert table.source.n_rows == 375


def test_an_energy_in_kj_per_mol_gives_the_right_reaction(embedded):
    from interscreen import Material
    from interscreen.phases.energy_units import converted

    with pytest.raises(InputError, match=r"write -1\.8749 if it is in kJ/mol"):
        Material("CuF2", energy_eV_per_atom=-542.7)
    mine = Material("CuF2", energy_eV_per_atom=converted(-542.7, "kJ/mol", 3))
    minimum = react(embedded, mine, "LATP").min_mutual_energy_eV_per_atom
    assert minimum == pytest.approx(-0.0313, abs=5e-5)
    with pytest.raises(InputError, match=r"CuF2: -5\.42 .* write -1\.8067 if it is in eV/formula"):
        react(embedded, Material("CuF2", energy_eV_per_atom=-5.42), "LATP")
