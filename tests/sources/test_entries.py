"""Lists of pymatgen entries: total energies become formation energies."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.core import Composition
from pymatgen.entries.computed_entries import (
    ComputedEntry,
    ConstantEnergyAdjustment,
    ManualEnergyAdjustment,
)

from interscreen import PhaseTable, react, stability_window
from interscreen.errors import InputError
from interscreen.phases.source import Source
from interscreen.sources.build import table_from_rows
from interscreen.sources.entries import entries_rows
from interscreen.sources.open import SourceOptions, open_table

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


# -- charges and isotopes ------------------------

TOTALS = {"Li": -1.9, "Fe": -8.4, "O": -4.95, "N": -8.3, "H": -3.4}


def oxide(formation, **amounts):
    """Entry with a formation energy [eV/atom]; amounts of elements with charges."""
    composition = Composition({symbol.replace("p", "+"): n for symbol, n in amounts.items()})
    total = sum(TOTALS[species.symbol] * n for species, n in composition.items())
    return ComputedEntry(composition, total + formation * composition.num_atoms)


def elements(*symbols):
    return [ComputedEntry(symbol, TOTALS[symbol]) for symbol in symbols]


def test_two_charges_of_an_element_are_one_element():
    """Magnetite: Fe2+ and Fe3+ add up; else FeO2 would be a phase, at another energy."""
    made = [*elements("Fe", "O"), oxide(-1.3, Fe2p=1, Fe3p=2, O=4), oxide(-1.37, Fe3p=2, O=3)]
    for found in (made, [entry.as_dict() for entry in made]):
        rows, _ = entries_rows(found, Source("mine"))
        assert rows.formulas == ["Fe1", "O1", "Fe3O4", "Fe2O3"]
        assert rows.energies.tolist() == pytest.approx([0.0, 0.0, -1.3, -1.37], abs=1e-12)


def test_nitrogen_keeps_both_of_its_atoms_and_deuterium_is_hydrogen():
    nitrate = {"N3-": 1, "N5+": 1, "H+": 4, "O2-": 3}
    water = {"H": 1, "D": 1, "O": 1}
    found = [
        {"composition": {symbol: 1}, "energy": TOTALS[symbol]} for symbol in ("N", "H", "O")
    ] + [{"composition": nitrate, "energy": -48.0}, {"composition": water, "energy": -14.7}]
    rows, _ = entries_rows(found, Source("mine"))
    table = table_from_rows(rows, Source("mine"))
    assert {"H4N2O3", "H2O"} <= set(rows.formulas) | set(table.formulas.tolist())
    water_row, nitrate_row = table.find("H2O"), table.find("NH4NO3")
    assert table.energies[water_row] == pytest.approx((-14.7 + 2 * 3.4 + 4.95) / 3, abs=1e-12)
    assert table.energies[nitrate_row] == pytest.approx(
        (-48.0 + 2 * 8.3 + 4 * 3.4 + 3 * 4.95) / 9, abs=1e-12
    )


# -- corrections and run families ------------------------


@pytest.mark.parametrize("way", [PhaseTable.from_entries, open_table])
def test_an_entry_without_its_correction_is_refused_by_name_and_counted(way):
    made = [
        entry("Li", LI, "GGA"), entry("F2", F, "GGA"),
        entry("LiF", -4.3, "GGA", correction=-0.9), entry("Li4F4", -4.2, "GGA"),
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"LiF is a GGA\(\+U\) entry without.*\(1 of 4 entries\)"):
        way(made)
    stated = [*made[:3], entry("Li4F4", -4.2, "GGA")]
    stated[3].energy_adjustments.append(ManualEnergyAdjustment(0.0))
    assert len(way(stated)) == 3


def mixed_scheme(value=-0.5, **names):
    """Adjustment of pymatgen's mixing scheme."""
    return ConstantEnergyAdjustment(value, **names)


@pytest.mark.parametrize(
    "names",
    [
        {"name": "MP GGA(+U)/R2SCAN mixing adjustment"},
        {"name": "mixing of GGA and r2SCAN"},
        {"cls": {"@module": "m", "@class": "MaterialsProjectDFTMixingScheme"}},
    ],
)
def test_adjustments_that_mix_families_make_a_family_of_their_own(names):
    made = [entry("Li", LI, "r2SCAN"), entry("F2", F, "r2SCAN"), entry("LiF", -4.7, "r2SCAN")]
    made[2].energy_adjustments.append(mixed_scheme(**names))
    for found in (made, [one.as_dict() for one in made]):
        with pytest.raises(InputError, match=r"\(GGA_GGA\+U_R2SCAN: 1, R2SCAN: 2\)"):
            entries_rows(found, Source("mine"))
    with pytest.raises(InputError, match="mixed run family"):
        entries_rows([made[2]], Source("mine"))


@pytest.mark.parametrize("key", ["run_type", "functional", "xc"])
def test_a_functional_is_a_family_wherever_it_is_stated(key):
    made = [{"composition": "Li", "energy": LI, "parameters": {key: "PBE"}},
            {"composition": "F2", "energy": 2 * F, "parameters": {key: "PBE_U"}},
            {"composition": "LiF", "energy": LI + F - 6.1, "data": {key: "r²SCAN"}}]  # fmt: skip
    with pytest.raises(InputError, match=r"\(GGA_GGA\+U: 2, R2SCAN: 1\)"):
        entries_rows(made, Source("mine"))
    rows = {"formula": ["Li", "F2", "LiF"], "e_form": [0.0, 0.0, -3.1], key: ["PBE", "PBE", "SCAN"]}
    with pytest.raises(InputError, match="of different run families"):
        open_table(pd.DataFrame(rows))


def test_entries_that_state_neither_a_run_type_nor_corrections_are_told():
    made = [{"composition": "Li", "energy": LI}, {"composition": "F2", "energy": 2 * F}]
    assert entries_rows(made, Source("mine"))[1].notes == ()
    made.append({"composition": "LiF", "energy": LI + F - 5.9})
    (note,) = entries_rows(made, Source("mine"))[1].notes
    assert note.startswith("mine: its entries state neither a run type nor corrections")
    made[2]["correction"] = -0.4
    assert entries_rows(made, Source("mine"))[1].notes == ()


def test_entries_of_one_family_beside_some_that_state_none_are_told():
    """One r2SCAN entry does not make the others r2SCAN without a word."""
    made = [{"composition": "Li", "energy": LI}, {"composition": "F2", "energy": 2 * F},
            {"composition": "LiF", "energy": LI + F - 6.1, "data": {"xc": "r2SCAN"}}]  # fmt: skip
    _, source = entries_rows(made, Source("mine"))
    assert source.notes == ("mine: 2 of 3 entries state no run family; they count as R2SCAN",)
    rows = {"formula": ["Li", "F2", "LiF"], "e_form": [0.0, 0.0, -3.1], "xc": ["", "PBE", "PBE"]}
    (note,) = open_table(pd.DataFrame(rows)).source.notes
    assert "1 of 3 rows state no run family; they count as GGA_GGA+U" in note


def test_one_of_several_families_may_be_chosen():
    made = [
        entry("Li", LI, "GGA"), entry("F2", F, "GGA"), entry("LiF", -4.3, "GGA", correction=-0.9),
        entry("Li", LI - 1, "r2SCAN"), entry("F2", F - 1, "r2SCAN"), entry("LiF", -5.8, "r2SCAN"),
    ]  # fmt: skip
    for family, energy in {"GGA": -2.9, "R2SCAN": -2.95}.items():
        table = open_table(made, options=SourceOptions(family=family))
        assert table.energies.min() == pytest.approx(energy, abs=1e-12)
        assert table.source.thermo_type == {"GGA": "GGA_GGA+U"}.get(family, family)
    with pytest.raises(
        InputError, match=r"--family HSE06: none of its entries \(GGA_GGA\+U: 3, R2"
    ):
        open_table(made, options=SourceOptions(family="HSE06"))


def test_measured_enthalpies_are_read_in_the_unit_they_are_in(tmp_path):
    """ExpEntry has kJ/mol in place of eV: Fe2O3, -825.5 kJ/mol."""
    from pymatgen.analysis.thermochemistry import ThermoData
    from pymatgen.entries.exp_entries import ExpEntry

    made = [
        ExpEntry(formula, [ThermoData("fH", formula, "solid", formula, value)])
        for formula, value in (("Fe", 0.0), ("O2", 0.0), ("Fe2O3", -825.5))
    ]
    path = tmp_path / "measured.json"
    path.write_text(json.dumps([one.as_dict() for one in made]))
    for found in (made, path):
        with pytest.raises(
            InputError, match="look like kJ/mol: say so with --energy-unit 'kJ/mol'"
        ):
            open_table(found)
        table = open_table(found, options=SourceOptions(energy_unit="kJ/mol"))
        assert table.energies.min() == pytest.approx(-825.5 / 96.48533212 / 5, abs=1e-9)


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
