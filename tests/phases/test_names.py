"""Names of the field stand for their formula, and its words are not read as elements."""

from __future__ import annotations

import warnings

import pytest
from pymatgen.core import Composition

import interscreen as si
from interscreen.errors import InputError, InterscreenWarning
from interscreen.files import data_yaml
from interscreen.phases.material import Material, phase_material, resolve
from interscreen.phases.names import electrolytes, names

WORDS = [word for group in data_yaml("names.yaml")["refused"].values() for word in group]


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("NCM811", "LiNi0.8Co0.1Mn0.1O2"),
        ("NMC811", "LiNi0.8Mn0.1Co0.1O2"),
        ("NMC532", "LiNi0.5Mn0.3Co0.2O2"),
        ("NCM523", "LiNi0.5Co0.2Mn0.3O2"),
        ("NCM622", "LiNi0.6Co0.2Mn0.2O2"),
        ("NMC111", "LiNi1/3Mn1/3Co1/3O2"),
        ("NMC333", "LiNi1/3Mn1/3Co1/3O2"),
        ("NCM-811", "LiNi0.8Co0.1Mn0.1O2"),
        ("NCA", "LiNi0.8Co0.15Al0.05O2"),
        ("LCO", "LiCoO2"),
        ("LFP", "LiFePO4"),
        ("LMO", "LiMn2O4"),
        ("LNMO", "LiNi0.5Mn1.5O4"),
        ("LTO", "Li4Ti5O12"),
        ("LiTFSI", "LiN(SO2CF3)2"),
        ("LiFSI", "LiN(SO2F)2"),
        ("NVP", "Na3V2(PO4)3"),
    ],
)
def test_cathodes_and_salts_are_read_and_it_is_said_how(name, formula):
    material, unit = resolve(name)
    assert (material.label, unit.text) == (name, formula)
    assert unit.warnings[0] == f"{name} read as {formula}"
    again, same = resolve(material)  # on the way into stacks and screens
    assert (again.label, same.warnings) == (name, unit.warnings)
    assert name not in electrolytes()


@pytest.mark.parametrize("text", ["NMC955", "NCM90", "NCM 9055", "NMC910"])
def test_digits_that_are_no_tenths_of_three_metals_are_refused(text):
    with pytest.raises(InputError, match=r"write the formula, as LiNi0\.9"):
        resolve(text)


def test_a_name_within_a_mixture_is_said_too():
    assert resolve("LCO + LATP")[1].warnings == ("LCO read as LiCoO2",)


def test_metals_of_a_layered_oxide_are_read_in_the_order_of_the_letters(embedded):
    """NCM811 on LLZO: the two hardly react (published: 0 to -2 meV/atom for LiCoO2)."""
    one, other = (si.react(embedded, name, "LLZO") for name in ("NCM811", "NMC811"))
    assert one.min_mutual_energy_eV_per_atom == pytest.approx(-0.0005, abs=1e-4)
    assert one.min_mutual_energy_eV_per_atom == other.min_mutual_energy_eV_per_atom


@pytest.mark.parametrize("word", WORDS)
def test_words_that_are_no_formulas_are_refused_with_their_meaning(word):
    with pytest.raises(InputError) as caught:
        resolve(word)
    assert str(caught.value).startswith(f"{word} (")
    with pytest.raises(InputError, match=r"lies? outside|write"):
        resolve(f"LiF + {word}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("PVDF", "polymers lie outside the method"),
        ("PVdF", "polymers lie outside the method"),
        ("PVDF–HFP", "polymers lie outside the method"),
        ("SN", "write S1N1 if the elements are meant"),
        ("SC", "write C; write S1C1 if the elements are meant"),
        ("Graphite", "write C"),
        ("NCM", "many compositions"),
        ("D2O", "D is an isotope of hydrogen"),
        ("CNTH", "T is an isotope of hydrogen"),
        ("LCOO", "did you mean LCO"),
    ],
)
def test_a_refusal_says_what_to_write(text, says):
    with pytest.raises(InputError) as caught:
        resolve(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "formula",
    "CoO PN SiC SnS PbS CO NO VC CF HF PS KB Sn Sc In Pb Co Cs No SnO2 SbS LiPN2 POF3".split(),
)
def test_compounds_that_look_like_words_stay_compounds(formula):
    _, unit = resolve(formula)
    assert (unit.text, unit.warnings) == (formula, ())


def test_elements_that_are_spelled_like_a_word_can_be_meant(embedded):
    """Sulfur nitride (S4N4, reduced SN) in the table, as a pymatgen composition and as text."""
    assert resolve("S1N1")[1].elements == ("N", "S")
    assert resolve(Composition("S4N4"))[1].elements == ("N", "S")
    phase = phase_material("SN")
    assert (phase.label, resolve(phase)[1].elements) == ("SN", ("N", "S"))
    assert phase_material("CuF2") == Material("CuF2")
    by_text = si.stability_window(embedded, "S1N1")
    assert by_text.energy_eV_per_atom == float(embedded.energies[embedded.find("SN")]) > 0.0


def test_a_users_own_name_comes_before_a_word(tmp_path, monkeypatch):
    own = tmp_path / "mine.yaml"
    own.write_text("SN: Sn\n")
    monkeypatch.setenv("INTERSCREEN_ELECTROLYTES", str(own))
    names.cache_clear()
    try:
        assert resolve("SN")[1].elements == ("Sn",)
    finally:
        monkeypatch.undo()
        names.cache_clear()


def test_python_and_screens_are_told_how_a_name_was_read(embedded):
    db = si.Database(embedded)
    with pytest.warns(InterscreenWarning, match="LTO read as Li4Ti5O12"):
        found = db.stack("LTO", "LATP")
    assert "LTO read as Li4Ti5O12" in found.warnings
    study = si.Study(name="s", candidates=["LTO", "LiF"], electrolytes=["LATP"], cathodes=["LCO"])
    run = si.run_study(study.model_copy(update={"sensitivity": False}), embedded)
    assert {"LCO read as LiCoO2", "LTO read as Li4Ti5O12"} <= set(run.warnings)
    said = dict(zip(run.results["candidate"], run.results["warnings"], strict=True))
    assert said["LTO"].startswith("LTO read as Li4Ti5O12")
    assert "read as" not in (said["LiF"] or "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        db.window("LATP")
