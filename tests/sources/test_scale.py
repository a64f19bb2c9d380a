"""Tables in another unit: converted where it is stated, refused with the likely one where not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interscreen.errors import InputError
from interscreen.phases.formula import read_amounts
from interscreen.sources.open import SourceOptions, open_table

KJ = 96.48533212
HARTREE = 27.211386245988


@pytest.fixture(scope="module")
def known(embedded):
    """Formation energies of the phases of Li, Fe, F and S [eV/atom], and their atoms."""
    rows = embedded.rows_within({"Li", "Fe", "F", "S"})
    formulas = [str(formula) for formula in embedded.formulas[rows]]
    atoms = np.array([sum(embedded.composition(int(row)).values()) for row in rows])
    return formulas, embedded.energies[rows], atoms


def opened(known, column, unit="", factor=1.0, of_formula=False):
    formulas, energies, atoms = known
    values = energies * factor * (atoms if of_formula else 1.0)
    options = SourceOptions(energy_unit=unit or None)
    return open_table(pd.DataFrame({"formula": formulas, column: values}), options=options)


UNITS = [
    ("kJ/mol", KJ, True),
    ("kJ/mol-atom", KJ, False),
    ("meV/atom", 1000.0, False),
    ("eV/formula", 1.0, True),
    ("Ha/atom", 1 / HARTREE, False),
    ("Ha/formula", 1 / HARTREE, True),
    ("Ry/atom", 2 / HARTREE, False),
    ("Ry/formula", 2 / HARTREE, True),
    ("kcal/mol", KJ / 4.184, True),
    ("J/mol", 1000 * KJ, True),
]


@pytest.mark.parametrize(("unit", "factor", "of_formula"), UNITS)
def test_a_table_in_another_unit_is_refused_with_the_option_that_makes_it_right(
    known, unit, factor, of_formula
):
    with pytest.raises(InputError, match=rf"look like {unit}: say so with --energy-unit '{unit}'"):
        opened(known, "formation_energy", "", factor, of_formula)
    table = opened(known, "formation_energy", unit, factor, of_formula)
    np.testing.assert_allclose(table.energies, known[1], atol=1e-12)


@pytest.mark.parametrize(("unit", "factor", "of_formula"), UNITS)
def test_the_unit_in_the_name_of_a_column_counts(known, unit, factor, of_formula):
    table = opened(known, f"Formation energy ({unit})", "", factor, of_formula)
    np.testing.assert_allclose(table.energies, known[1], atol=1e-12)
    (note,) = table.source.notes
    assert note.endswith(f"in {unit}")


def test_a_wrong_unit_in_the_name_or_the_option_is_noticed(known):
    with pytest.raises(InputError, match="look like eV/formula"):
        opened(known, "formation_energy_eV_per_atom", "", 1.0, of_formula=True)
    with pytest.raises(InputError, match="leave out --energy-unit"):
        opened(known, "formation_energy", "kJ/mol")


def test_energies_of_cells_cannot_be_converted(known):
    with pytest.raises(InputError, match="divide by them and call the column formation_energy_eV"):
        opened(known, "e_form (eV/cell)", "", 4.0, of_formula=True)
    with pytest.raises(InputError, match="look like energies of whole cells"):
        opened(known, "e_form", "", 4.0, of_formula=True)


def test_weakly_bound_compounds_per_formula_are_noticed_without_a_single_impossible_number():
    """Cu2O, CuS, Li3N, Li2S: none below -7 eV."""
    rows = {"Cu2O": -1.95, "CuS": -1.06, "Li3N": -1.68, "Li2S": -4.4}
    frame = pd.DataFrame({"formula": list(rows), "e_form": list(rows.values())})
    with pytest.raises(InputError, match="look like eV/formula"):
        open_table(frame)


FEW = ["LiF", "Li2O Li2O2", "Li2S", "Li3N", "Li3PO4 LiPO3 Li4P2O7 P2O5 Li2O",
       "LiAl LiMg Li2Mg CuAl2", "LiSn Li7Sn2 Li2Sn5 Li5Sn2"]  # fmt: skip


@pytest.mark.parametrize("formulas", FEW)
@pytest.mark.parametrize(("unit", "factor", "of_formula"), [*UNITS, ("eV", -1.0, False)])
def test_a_few_compounds_are_enough(embedded, formulas, unit, factor, of_formula):
    """Small tables of strongly and of weakly bound compounds; also with the sign turned."""
    names = formulas.split()
    right = [float(embedded.energies[embedded.find(name)]) for name in names]
    written = [float(sum(read_amounts(name).values())) if of_formula else 1.0 for name in names]
    values = [energy * factor * n for energy, n in zip(right, written, strict=True)]
    frame = pd.DataFrame({"formula": names, "e_form": values})
    with pytest.raises(InputError, match="signs are turned" if factor < 0 else "look like"):
        open_table(frame)
    if factor > 0:
        table = open_table(frame, options=SourceOptions(energy_unit=unit))
        found = [float(table.energies[table.find(name)]) for name in names]
        assert found == pytest.approx(right, abs=1e-12)


def test_energies_that_are_strange_but_few_are_taken_with_a_note():
    (note,) = open_table(pd.DataFrame({"formula": ["Li2O"], "e_form": [-0.9]})).source.notes
    assert "are these formation energies in eV/atom?" in note
    assert open_table(pd.DataFrame({"formula": ["Li2O"], "e_form": [-1.9]})).source.notes == ()


def test_total_energies_without_elements_are_no_formation_energies():
    """Li2O, Li2S, CuF2, Fe2O3 as calculated [eV/atom]."""
    rows = {"Li2O": -4.75, "Li2S": -4.0, "CuF2": -4.2, "Fe2O3": -6.7}
    frame = pd.DataFrame({"formula": list(rows), "E": list(rows.values())})
    with pytest.raises(InputError, match="look like total energies"):
        open_table(frame, options=SourceOptions(energy_column="E"))
    named = frame.rename(columns={"E": "energy_per_atom"})
    with pytest.raises(InputError, match=r"\(energy_per_atom: total energies\)"):
        open_table(named)


def test_distances_from_the_hull_are_no_formation_energies():
    frame = pd.DataFrame({"formula": ["Li2O", "LiF", "CuF2", "Al2O3"], "above": [0.0, 0, 0.01, 0]})
    with pytest.raises(InputError, match="name another column with --energy-column"):
        open_table(frame, options=SourceOptions(energy_column="above"))
    # whoever insists is believed
    table = open_table(frame, options=SourceOptions(energy_column="above", energy_unit="eV/atom"))
    assert table.energies.tolist() == [0.0, 0.0, 0.01, 0.0]


def test_what_nobody_has_measured_only_has_to_be_possible():
    frame = pd.DataFrame({"formula": ["LiPoAt2", "Po2At"], "e_form": [-0.4, -6.9]})
    assert open_table(frame).energies.tolist() == [-0.4, -6.9]
    with pytest.raises(InputError, match=r"row 2: Po2At has -7\.1 eV/atom"):
        open_table(frame.assign(e_form=[-0.4, -7.1]))


@pytest.mark.parametrize(
    ("column", "energy", "unit", "message"),
    [
        ("e_form_eV_per_atom", "-612", "kJ/mol", "look like kJ/mol, not eV/atom: correct the name"),
        ("e_form", "-612 kJ/mol", None, r"its unit into the head, as 'e_form \(kJ/mol\)'"),
        ("e_form", "-3.17 eV/atom", None, r"its unit into the head, as 'e_form \(eV/atom\)'"),
        ("e_form", "-3.17 furlong", None, "correct or remove it"),
    ],
)
def test_a_unit_in_a_cell_or_a_wrong_one_in_the_head_is_refused(column, energy, unit, message):
    frame = pd.DataFrame({"formula": ["LiF"], column: [energy]})
    with pytest.raises(InputError, match=message):
        open_table(frame, options=SourceOptions(energy_unit=unit))


def test_an_unknown_unit_or_a_family_without_a_file_is_refused():
    with pytest.raises(InputError, match="unit 'K': unknown"):
        SourceOptions(energy_unit="K")
    with pytest.raises(InputError, match="--thermo-type"):
        open_table("embedded", options=SourceOptions(family="R2SCAN"))
