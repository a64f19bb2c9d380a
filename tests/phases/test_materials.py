"""Names, mixtures and energies that a user may hand in."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from interscreen import Material, react
from interscreen.errors import InputError
from interscreen.phases.material import compose, resolve
from interscreen.phases.names import electrolytes, find_name, names

SHIPPED = {
    "LLZO": "Li7La3Zr2O12",
    "LATP": "Li1.3Al0.3Ti1.7(PO4)3",
    "LAGP": "Li1.5Al0.5Ge1.5(PO4)3",
    "LLZTO": "Li6.4La3Zr1.4Ta0.6O12",
    "LPSCl": "Li6PS5Cl",
    "LGPS": "Li10GeP2S12",
    "LLTO": "Li0.35La0.55TiO3",
    "LiPON": "Li2.86PO3.72N0.14",
    "LYC": "Li3YCl6",
}


@pytest.fixture
def own_list(tmp_path, monkeypatch):
    """A user's electrolyte list; what it holds counts at once."""
    file = tmp_path / "mine.yaml"

    def write(text):
        file.write_text(text)
        monkeypatch.setenv("INTERSCREEN_ELECTROLYTES", str(file))
        names.cache_clear()
        return file

    yield write
    monkeypatch.undo()
    names.cache_clear()


@pytest.mark.parametrize(("name", "formula"), SHIPPED.items())
def test_every_shipped_electrolyte_resolves_to_its_formula(name, formula):
    material, unit = resolve(name)
    assert material.formula == formula
    assert material.label == name
    assert unit.text == formula
    assert unit.warnings == ()
    assert find_name(name.lower()).formula == formula


def test_a_formula_is_not_mistaken_for_a_name():
    assert find_name("CuF2") is None
    material, unit = resolve("Li7La3Zr2O12")
    assert material.label == "Li7La3Zr2O12"
    assert unit.text == "Li7La3Zr2O12"


def test_a_name_keeps_the_energy_that_comes_with_it():
    material, _ = resolve(Material("LATP", energy_above_hull_eV_per_atom=0.029))
    assert material.formula == SHIPPED["LATP"]
    assert material.energy_above_hull_eV_per_atom == 0.029
    assert material.label == "LATP"
    assert resolve(Material("LATP", name="my glass"))[0].label == "my glass"


def test_a_misspelled_name_brings_a_suggestion():
    with pytest.raises(InputError, match="did you mean LPSCl"):
        resolve("LPSCI")


def test_the_users_list_adds_and_overrides_names(own_list, reference):
    own_list("LTP: LiTi2(PO4)3\nLATP: Li1.5Al0.5Ti1.5(PO4)3  # another composition\n")
    assert resolve("LTP")[0].formula == "LiTi2(PO4)3"
    assert resolve("ltp")[0].formula == "LiTi2(PO4)3"
    assert resolve("LATP")[1].amount("Al") == Fraction(1, 2)
    assert resolve("LLZO")[0].formula == SHIPPED["LLZO"]
    reaction = react(reference, "CuF2", "LTP")
    assert reaction.reactants[1]["formula"] == "LiTi2(PO4)3"
    assert reaction.reactants[1]["input"] == "LTP"


def test_without_the_users_list_the_shipped_one_holds():
    assert electrolytes() == SHIPPED


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("LTP: LiTi2(PO4)3x!\n", "LTP"),
        ("LTP: 5\n", "LTP"),
        ("- LTP\n", "NAME: FORMULA"),
        ("LTP: [LiF]\n", "LTP"),
        ("LTP: LiF\nLTP: Li2O\n", "line 2"),
        ("LTP: 'LiF\n", "line"),
    ],
)
def test_a_broken_list_is_refused_with_file_and_place(own_list, text, says):
    file = own_list(text)
    with pytest.raises(InputError) as caught:
        resolve("LTP")
    assert str(file) in str(caught.value)
    assert says in str(caught.value)


def test_a_bare_no_in_the_list_stays_nitrogen_monoxide(own_list):
    own_list("gas: NO\n")
    assert resolve("gas")[1].elements == ("N", "O")


def test_a_list_that_is_not_there_is_refused(own_list):
    file = own_list("LTP: LiF\n")
    file.unlink()
    names.cache_clear()
    with pytest.raises(InputError, match="no such file"):
        resolve("LTP")


def test_mixtures_count_the_atoms_of_all_their_parts():
    unit = compose("Cu + 2 LiF")
    assert unit.text == "Cu + 2 LiF"
    assert dict(unit.amounts) == {"Li": 2, "F": 2, "Cu": 1}
    assert unit.n_atoms == 5
    assert unit.amount("Zr") == 0
    assert compose("0.5 Al + Li2O").n_atoms == Fraction(7, 2)


@pytest.mark.parametrize("text", ["2 CuF2", "0.5 CuF2", "2CuF2"])
def test_the_text_of_a_unit_holds_the_atoms_of_that_unit(text):
    """A coefficient before a single formula must not be lost on the way into equations."""
    from pymatgen.core import Composition

    unit = compose(text)
    written = Composition(unit.text) if unit.text[0].isalpha() else None
    assert written is None or dict(unit.amounts) == {
        str(element): amount for element, amount in written.items()
    }, f"{unit.text} is shown for {dict(unit.amounts)}"


@pytest.mark.parametrize("value", [False, True, None, 7, 1.5, ["CuF2"]])
def test_a_formula_that_is_no_text_is_refused(value, reference):
    with pytest.raises(InputError, match="is not text"):
        Material(value)
    says = "NO in a YAML" if isinstance(value, bool) else "write a formula such as 'CuF2'"
    with pytest.raises(InputError, match=says):
        react(reference, value, "LLZO")


@pytest.mark.parametrize(
    "energies",
    [
        {"energy_eV_per_atom": float("nan")},
        {"energy_eV_per_atom": float("inf")},
        {"energy_eV_per_atom": -5000.0},
        {"energy_above_hull_eV_per_atom": float("nan")},
        {"energy_above_hull_eV_per_atom": -0.01},
        {"energy_eV_per_atom": -1.0, "energy_above_hull_eV_per_atom": 0.0},
    ],
)
def test_energies_that_cannot_be_meant_are_refused_by_name(energies):
    with pytest.raises(InputError, match="CuF2"):
        Material("CuF2", **energies)


def test_materials_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Material("CuF2").formula = "CuS"
