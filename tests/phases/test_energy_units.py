"""Energies as people hand them in: units are read, and a number is believed where it can be."""

from __future__ import annotations

import pytest

from interscreen import Material
from interscreen.errors import InputError
from interscreen.phases.energy_units import (
    check_distance,
    converted,
    read_energy,
    read_unit,
    split_column,
)


@pytest.mark.parametrize(
    ("name", "what", "unit"),
    [
        ("formation_energy_eV_per_atom", "formation_energy", "eV/atom"),
        ("formation_energy_per_atom", "formation_energy", ""),
        ("formation_energy_peratom", "formation_energy", ""),
        ("e_form", "e_form", ""),
        ("Formation energy (kJ/mol)", "formation_energy", "kJ/mol"),
        ("formation_energy_kJ_per_mol", "formation_energy", "kJ/mol"),
        ("formation_energy_kJ_per_mol_atom", "formation_energy", "kJ/mol-atom"),
        ("formation_energy_per_atom_kJ_per_mol", "formation_energy", "kJ/mol-atom"),
        ("dHf [kJ/mol of atoms]", "dhf", "kJ/mol-atom"),
        ("dHf kJ mol-1", "dhf", "kJ/mol"),
        ("Formation energy [eV/f.u.]", "formation_energy", "eV/formula"),
        ("e_form (eV/fu)", "e_form", "eV/formula"),
        ("formation_energy_eV_per_formula_unit", "formation_energy", "eV/formula"),
        ("e_form (eV/atom, PBE)", "e_form", "eV/atom"),
        ("e_form_meV", "e_form", "meV/atom"),
        ("formation_energy_per_atom_meV", "formation_energy", "meV/atom"),
        ("formation energy (eV/cell)", "formation_energy", "eV/cell"),
        ("enthalpy_formation_cell", "enthalpy_formation", "eV/cell"),
        ("energy_above_hull", "energy_above_hull", ""),
    ],
)
def test_the_name_of_a_column_states_its_unit(name, what, unit):
    assert split_column(name) == (what, unit)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("eV/atom", "eV/atom"), ("eV per f.u.", "eV/formula"), ("KJ/MOL", "kJ/mol"),
        ("kJ/g-atom", "kJ/mol-atom"), ("meV", "meV/atom"), ("kcal/mol", "kcal/mol"),
    ],
)  # fmt: skip
def test_a_unit_is_read_however_it_is_spelled(text, unit):
    assert read_unit(text) == unit


@pytest.mark.parametrize("text", ["K", "furlongs/atom", "", "formation_energy_eV"])
def test_an_unknown_unit_is_refused_with_those_there_are(text):
    with pytest.raises(InputError, match=r"unknown; write one of eV/atom, eV/formula, kJ/mol"):
        read_unit(text)


def test_a_number_may_have_its_unit_beside_it():
    assert read_energy("-542.7 kJ/mol") == (-542.7, "kJ/mol")
    assert read_energy("7meV") == (7.0, "meV/atom")
    assert read_energy(" \N{MINUS SIGN}1.2e-1 ") == (-0.12, "")


def test_conversions_by_hand():
    """CuF2 has 3 atoms; 1 eV per particle is 96.48533 kJ/mol, 1 kcal is 4.184 kJ."""
    in_atoms = {
        "eV/atom": -1.8, "meV/atom": -1800.0, "eV/formula": -5.4, "kJ/mol": -521.0207934,
        "kJ/mol-atom": -173.6735978, "kcal/mol": -124.5269583,
    }  # fmt: skip
    for unit, value in in_atoms.items():
        assert converted(value, unit, 3) == pytest.approx(-1.8, abs=1e-8)
    with pytest.raises(InputError, match="how many atoms the cell has"):
        converted(-10.0, "eV/cell", 3)


@pytest.mark.parametrize(
    ("formula", "energy", "says"),
    [
        ("CuF2", -542.7, "write -1.8749 if it is in kJ/mol, -0.5427 if it is in meV/atom"),
        ("LLZO", -75.26, "write -3.1358 if it is in eV/formula"),
        ("Cu3N", 190.0, "0.1900 if it is in meV/atom"),
        ("LiF", float("nan"), "no formation energy is nan eV/atom"),
        ("LiF", -7.1, "no formation energy is -7.1 eV/atom"),
        ("LiF", 1e309, "no formation energy is inf eV/atom"),
    ],
)
def test_an_energy_that_no_phase_has_is_refused_with_what_it_may_be(formula, energy, says):
    with pytest.raises(InputError) as caught:
        Material(formula, energy_eV_per_atom=energy)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_phase_lies_a_whole_electronvolt_above_the_hull():
    with pytest.raises(InputError, match=r"LLZO.*meant in meV/atom\? Then write 0\.007"):
        Material("LLZO", energy_above_hull_eV_per_atom=7)
    assert Material("LLZO", energy_above_hull_eV_per_atom=0.5).energy_eV_per_atom is None


@pytest.mark.parametrize(
    ("energy", "hull", "n_atoms", "says"),
    [
        (-5.42, -1.815, 3, "write -1.8067 if it is in eV/formula"),  # CuF2
        (-6.36, -3.18, 2, "write -3.1800 if it is in eV/formula"),  # LiF
        (-1.66, -0.415, 4, "write -0.4150 if it is in eV/formula"),  # Li3N
        (-4.76, -2.07, 3, "is it a total energy?"),  # Li2O as calculated
        (0.02, -3.14, 24, "meant above the hull"),  # LLZO
        (-0.0188, -1.815, 3, "no formation energy in eV/atom"),
    ],
)
def test_an_energy_far_from_the_hull_is_refused_with_what_it_may_be(energy, hull, n_atoms, says):
    with pytest.raises(InputError) as caught:
        check_distance("it", energy, hull, n_atoms)
    assert says in str(caught.value)


@pytest.mark.parametrize("distance", [-0.6, -0.3, -0.05, 0.0, 0.19, 0.9])
def test_new_phases_measured_ones_and_metastable_ones_are_taken(distance):
    check_distance("it", -1.0 + distance, -1.0, 5)
