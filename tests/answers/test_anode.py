"""The negative electrode as people write it, and answers beside it."""

from __future__ import annotations

import re

import pytest

import interscreen as si
from interscreen.answers.anode import against, anode_parts
from interscreen.answers.cathode import cathode_side, cathode_stack
from interscreen.answers.reaction import react
from interscreen.errors import InputError
from interscreen.phases.cathodes import find_cathode
from interscreen.phases.electrode import Electrode, Ion
from interscreen.report.text.answers import lithiation_text, stack_text
from interscreen.report.text.explain import explain_text
from interscreen.report.text.profile import profile_text
from interscreen.report.text.way import potential_lines, way_lines
from interscreen.screen.judge import judged

ALONE = re.compile(r"\bLi\b|[Ll]ithi")
CATHODES = {
    "Na": "NaCoO2/Na0.5CoO2@2.0-3.8V",
    "Mg": "MgMn2O4/Mg0.5Mn2O4@1.5-3.0V",
    "Al": "Al2V2O7/AlV2O7@1.0-2.0V",
}


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", 0.0)),
        ("Li", ("", 0.0)),
        ("0.62V", ("", 0.62)),
        ("0.62 V", ("", 0.62)),
        (0.62, ("", 0.62)),
        (-0.3, ("", -0.3)),
        ("LiIn", ("LiIn", None)),
        ("LiIn@0.62V", ("LiIn", 0.62)),
        ("LiIn @ 0.62", ("LiIn", 0.62)),
    ],
)
def test_an_anode_is_read_as_people_write_it(text, parts):
    assert anode_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@0.62V", "name the material before the @"),
        ("LiIn@high", "write its potential as LiIn@0.62V"),
        ("-0.6V", r"potential -0.6 V: .*down to -0.5 V"),
        ("nan V", "nan"),
        ("Na", "say that Na moves"),
        ("Xx", "Xx"),
    ],
)
def test_an_anode_that_is_none_is_one_line(text, words):
    with pytest.raises(InputError, match=words) as told:
        anode_parts(text)
    assert "\n" not in str(told.value)


# measured: Li-In 0.62 V, Li-Al 0.38, Li-Sn 0.53 (Huggins, J. Power Sources 1989), Na3Sb 0.4 to 0.8
@pytest.mark.parametrize(
    ("anode", "ion", "volts", "off"),
    [("LiIn", "Li", 0.62, 0.13), ("LiAl", "Li", 0.38, 0.1), ("Li2Sn5", "Li", 0.76, 0.15),
     ("Na3Sb", "Na", 0.6, 0.2)],
)  # fmt: skip
def test_the_potential_of_an_alloy_is_that_of_its_hull(embedded, anode, ion, volts, off):
    found = against(embedded, anode, Ion(ion)).electrode
    assert found.potential_V == pytest.approx(volts, abs=off)
    assert found.computed
    assert "from the hull of the source" in found.text


def test_the_alloy_and_its_metal_are_one_electrode(embedded):
    """In takes up Li nearly where LiIn gives it off: LiIn3 lies between."""
    one, other = (against(embedded, name).electrode.potential_V for name in ("In", "LiIn"))
    assert one == pytest.approx(other, abs=0.002)


def test_what_takes_up_no_ion_is_no_anode(embedded):
    words = "anode Cu: takes up no Li above 0 V .* state its potential, as Cu@0.62V"
    with pytest.raises(InputError, match=words):
        against(embedded, "Cu")


def test_ions_put_their_names_into_sentences():
    assert Ion("Na").words("Li metal, vs Li/Li+, Lithiation of LiF") == (
        "Na metal, vs Na/Na+, Sodiation of LiF"
    )
    assert Ion("Mg").words(r"V vs Li/Li$^{+}$ Li/Li⁺") == r"V vs Mg/Mg$^{2+}$ Mg/Mg²⁺"
    assert Ion().words("Li metal") == "Li metal"
    alloy = Electrode(Ion("Na"), 0.55, "Na3Sb")
    assert alloy.words("bare Li; Li metal; Li taken up") == "bare Na3Sb; Na3Sb; Na taken up"


def test_an_answer_of_sodium_has_no_word_of_lithium(db):
    sodium = db.against(ion="Na")
    found = sodium.stack("SnF2", "Na3PS4", potential_V=1.0)
    anode = Electrode.of(found.conditions)
    assert anode.ion == Ion("Na")
    row = judged(sodium.table, "SnF2", "Na3PS4")
    texts = [
        stack_text(found),
        *way_lines(found.way),
        *potential_lines(found.at_potential),
        explain_text(row, anode),
        lithiation_text(sodium.lithiation("NaF")),
        lithiation_text(sodium.lithiation("SnF2")),
        profile_text(sodium.profile("SnF2", "Na3PS4", 0.0, 3.0)),
    ]
    for text in texts:
        assert not ALONE.search(text), text
    assert stack_text(found).startswith("Na | SnF2 | Na3PS4\n")
    shown = [found, sodium.window("NaF"), sodium.lithiation("SnF2"), sodium.lithiation("NaF")]
    for one in [*shown, sodium.profile("SnF2", "Na3PS4", 0.0, 3.0)]:
        card = re.sub(
            r"<style.*?</style>|<img[^>]*>|<svg.*?</svg>", "", one._repr_html_(), flags=re.S
        )
        assert not ALONE.search(f"{card} {one!r}".replace("<Lithiation ", "")), card


@pytest.mark.parametrize(
    ("ion", "anode", "layer", "electrolyte"),
    [("Na", "", "SnF2", "Na3PS4"), ("Li", "0.62V", "SnF2", "LPSCl"),
     ("Mg", "", "Sb2S3", "MgSc2Se4")],
)  # fmt: skip
def test_the_way_of_a_layer_ends_at_the_anode(db, ion, anode, layer, electrolyte):
    beside = db.against(anode, ion=ion)
    found = beside.stack(layer, electrolyte)
    first, last = found.way.states[0], found.way.states[-1]
    assert first.mutual_eV_per_atom == pytest.approx(found.deposited.energy, abs=1e-9)
    assert last.mutual_eV_per_atom == pytest.approx(found.layer.energy, abs=1e-9)
    assert last.from_V == pytest.approx(beside.table.electrode.potential_V)
    assert last.to_V > last.from_V
    for state in found.way.states:
        again = react(beside.table, state.layer, electrolyte).min_mutual_energy_eV_per_atom
        assert state.mutual_eV_per_atom == pytest.approx(again, abs=1e-9)


def test_a_layer_may_give_off_lithium_to_the_anode(embedded):
    """Li3N is oxidised at 0.44 V: beside 0.62 V it becomes N2."""
    found = si.Database(embedded).stack("Li3N", "LPSCl", anode="0.62V")
    assert found.lithiation.final_products == ("N2",)
    assert found.lithiation.uptake_per_formula == pytest.approx(-3.0)
    assert found.way.states[-1].mutual_eV_per_atom == pytest.approx(found.layer.energy, abs=1e-9)


@pytest.mark.parametrize("ion", CATHODES)
def test_cathodes_of_other_ions_are_answered_as_single_questions(embedded, ion):
    table = against(embedded, "", Ion(ion))
    cathode = find_cathode(CATHODES[ion])
    assert cathode.ion == ion
    coating, electrolyte = f"{ion}F{Ion(ion).charge}".replace("F1", "F"), "LATP"
    found = cathode_side(table, [coating, "ZrO2"], [electrolyte], cathode)
    for k, name in enumerate([coating, "ZrO2"]):
        for state, (other, volts) in enumerate(
            zip(cathode.states, cathode.potentials, strict=True)
        ):
            opened = react(table, name, other, volts)
            assert found.coatings.open[state, k, 0] == pytest.approx(
                opened.min_mutual_energy_eV_per_atom, abs=1e-9
            )
            assert found.coatings.alone[state, k, 0] == pytest.approx(
                opened.self_decomposition[0].energy_eV_per_atom, abs=1e-9
            )
    with pytest.raises(InputError, match=f"{ion} leaves it, but Li moves"):
        cathode_stack(embedded, electrolyte, cathode)


def test_a_cathode_of_lithium_is_refused_beside_sodium(db):
    with pytest.raises(InputError, match="cathode LCO: Li leaves it, but Na moves"):
        db.stack("NaF", "Na3PS4", ion="Na", cathode="LCO")


def test_a_plated_metal_is_allowed_down_to_half_a_volt(db):
    """At -0.2 V each Li that is taken up gains 0.2 eV more."""
    at_zero, below = (db.stack("CuF2", "LPSCl", anode=f"{v}V") for v in (0.0, -0.2))
    zero, plated = (stack.lithiation for stack in (at_zero, below))
    assert plated.average_voltage_V <= zero.average_voltage_V + 1e-9
    assert plated.steps[0].voltage_V == pytest.approx(zero.steps[0].voltage_V, abs=1e-9)
    assert below.bare.energy < at_zero.bare.energy - 0.05
    with pytest.raises(InputError, match=r"down to -0\.5 V"):
        db.stack("CuF2", "LPSCl", anode="-0.6V")
