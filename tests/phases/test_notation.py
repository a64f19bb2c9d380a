"""Formulas as people write them are read right, or refused with the form that is meant."""

from __future__ import annotations

import pytest

from interscreen import react, stability_window
from interscreen.errors import InputError
from interscreen.phases.formula import parse_formula, read_amounts, whole_numbers
from interscreen.phases.material import resolve
from interscreen.sources import tables

LATP = "Li1.3Al0.3Ti1.7(PO4)3"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        # hydrates and other adducts: a point before water is no decimal point
        *((text, "CuSO4(H2O)5") for text in (
            "CuSO4.5H2O", "CuSO4·5H2O", "CuSO4•5H2O", "CuSO4*5H2O", "CuSO4 · 5 H2O", "CuSO4 . 5H2O",
        )),
        ("MgCl2.6H2O", "MgCl2(H2O)6"),
        ("LiI.3H2O", "LiI(H2O)3"),
        ("LiOH.H2O", "LiOH(H2O)"),
        ("MgCl2.6NH3", "MgCl2(NH3)6"),
        ("Fe2(SO4)3.7H2O", "Fe2(SO4)3(H2O)7"),
        ("Na0.35CoO2.1.3H2O", "Na0.35CoO2(H2O)1.3"),
        ("Na0.35CoO2·1.3H2O", "Na0.35CoO2(H2O)1.3"),
        ("K0.3MnO2.0.5H2O", "K0.3MnO2(H2O)0.5"),
        ("Li0.5H2O", "Li0.5H2O"),  # no amount of zero
        ("0.5Li2MnO3·0.5LiCoO2", "(Li2MnO3)0.5(LiCoO2)0.5"),
        ("Al2O3.SiO2", "Al2O3(SiO2)"),
        ("3CaO.Al2O3", "(CaO)3(Al2O3)"),
        ("(1-x)Li2S·xP2S5 (x=0.25)", "(Li2S)0.75(P2S5)0.25"),
        ("0.75 Li2S · 0.25 P2S5", "(Li2S)0.75(P2S5)0.25"),
        ("CuSO4.xH2O (x=5)", "CuSO4(H2O)5"),
        ("CaSO4·½H2O", "CaSO4(H2O)1/2"),
        ("CaSO4.½H2O", "CaSO4(H2O)1/2"),
        ("CaSO4.1/2H2O", "CaSO4(H2O)1/2"),
        ("LiI.½H₂O", "LiI(H2O)1/2"),
        ("CuSO4˙5H2O", "CuSO4(H2O)5"),
        ("0.75Li2S.0.25P2S5", "(Li2S)0.75(P2S5)0.25"),
        ("0.5Li2MnO3.0.5LiCoO2", "(Li2MnO3)0.5(LiCoO2)0.5"),
        # decimals without a zero in front stay decimals
        ("Li3OCl.5Br.5", "Li3OCl.5Br.5"),
        ("Li3PS3.5O0.5", "Li3PS3.5O0.5"),
        ("Cl1.5Li5.5PS4.5", "Cl1.5Li5.5PS4.5"),
        ("LiNi.8Co.1Mn.1O2", "LiNi.8Co.1Mn.1O2"),
        # sums, differences and variables in subscripts
        ("Li1+0.3Al0.3Ti1.7(PO4)3", LATP),
        ("Na1+2Zr2Si2PO12", "Na3Zr2Si2PO12"),
        ("Li7-0.6Al0.2La3Zr2O12", "Li6.4Al0.2La3Zr2O12"),
        ("Li1+xAlxTi2-x(PO4)3, x=0.3", LATP),
        ("Li1+xAlxTi2-x(PO4)3 (x = 0.3)", LATP),
        ("Li1+xAlxTi2–x(PO4)3 with x=0.3", LATP),
        ("Li(1+x)Al(x)Ti(2-x)(PO4)3; x=0.3", LATP),
        ("Li7-3xAlxLa3Zr2O12 (x=0.2)", "Li6.4Al0.2La3Zr2O12"),
        ("Li6-xPS5-xCl1+x (x=0.5)", "Li5.5PS4.5Cl1.5"),
        ("Li3xLa2/3-xTiO3 (x=0.1)", "Li0.3La17/30TiO3"),
        ("La1-xSrxMnO3-δ (x=0.2, δ=0.05)", "La0.8Sr0.2MnO2.95"),
        ("LiNi1/3Co1/3Mn1/3O2", "LiNi1/3Co1/3Mn1/3O2"),
        # Unicode and markup
        ("Li₁.₃Al₀.₃Ti₁.₇(PO₄)₃", LATP),
        ("Li3\u00a0PO4", "Li3PO4"),
        ("Li3\u200bPO4", "Li3PO4"),
        ("“Li3PO4”", "Li3PO4"),
        ("Ｌｉ3PO4", "Li3PO4"),
        ("Li<sub>3</sub>PO<sub>4</sub>", "Li3PO4"),
        ("Li$_{3}$PO$_4$", "Li3PO4"),
        ("Li_{1.3}Al_{0.3}Ti_{1.7}(PO_4)_3", LATP),
        ("Li3 P1 O4", "Li3P1O4"),  # as pymatgen writes it
        ("Li3PS4(s)", "Li3PS4"),
        ("LiOH (cr)", "LiOH"),
    ],
)  # fmt: skip
def test_what_people_write_is_read(text, plain):
    found = parse_formula(text)
    assert found.text == plain
    assert found.amounts == parse_formula(plain).amounts
    assert found.notes == ()
    assert resolve(text)[1].amounts == found.amounts  # no number before it is lost


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("LiF 2", "write LiF2"),
        ("Li 7 La 3 Zr 2 O 12", "write Li7La3Zr2O12"),
        ("CuSO4 5H2O", "CuSO4·5H2O"),
        ("LiF Cu", "write LiFCu for one formula, LiF + Cu for a mixture"),
        ("Al2O3 LiF", "Al2O3 + LiF"),
        ("Li1+xAlxTi2-x(PO4)3", "x has no value"),
        ("LiCoO2 (x=0.3)", "it has no x"),
        ("LixCoO2 (x=1/0)", "x=1/0 is no number"),
        ("LixCoO2 (x=0)", "the amount of Li is zero"),
        ("Li1-xCoO2 (x=2)", "negative amount of Li"),
        ("LiNi1/0O2", "divides by zero"),
        ("Cu+2LiF", "Cu + 2 LiF"),
        ("CuF2+2LiF", "CuF2 + 2LiF"),  # or F4
        ("CuF2+0.5LiF", "CuF2 + 0.5LiF"),
        ("P2S5-3Li2S", "P2S5 + 3Li2S"),
        ("75Li2S-25P2S5", "a mixture is written 3 Li2S + P2S5"),
        ("Li2S–P2S5", "cannot read '-'"),
        ("Li+", "cannot read '+'"),
        ("Fe3+", "cannot read '+'"),
        ("Ca+2", "a charge; leave it out (Ca)"),
        ("O-2", "a charge, or a negative amount; leave it out (O)"),
        ("SO4-2", "leave the charge out (SO4)"),  # was SO2
        ("Fe³⁺", "'³⁺' is a charge"),
        ("LiF-", "a charge; leave it out (LiF)"),
        ("LiF / Cu", "write LiF + Cu for a mixture"),
        ("Cu+ 2 LiF", "write Cu + 2 LiF for a mixture"),
        ("LiF and Cu", "write LiF + Cu for a mixture"),
        ("LiF@C", "a mixture as Cu + 2 LiF"),
        ("Li1,3Al0,3Ti1,7(PO4)3", f"decimals with points: {LATP}"),
        ("Fe(II)O", "(II) is an oxidation state"),  # not FeI2O
        ("Fe(III)2O3", "(III) is an oxidation state"),
        ("Fe2(III)O3", "(III) is an oxidation state"),
        ("Ti(IV)O2", "(IV) is an oxidation state"),
        ("СuF2", "cyrillic capital letter es"),
        ("LiCl(aq)", "solutions"),
    ],
)
def test_what_may_mean_something_else_is_refused_with_the_right_form(text, says):
    with pytest.raises(InputError) as caught:
        parse_formula(text)
    assert says in str(caught.value)
    assert repr(text) in str(caught.value)


def test_a_number_before_a_hydrate_is_that_of_the_whole_only_behind_a_blank():
    whole = resolve("2 CuSO4·5H2O + Li")[1]
    assert (whole.text, whole.amount("Cu"), whole.amount("H")) == ("2 CuSO4(H2O)5 + Li", 2, 20)
    with pytest.raises(InputError, match="Write 2 CuSO4·5H2O, or the first part in brackets"):
        resolve("2CuSO4·5H2O + Li")


@pytest.mark.parametrize(
    ("text", "formula", "says"),
    [
        ("β-Li3PS4", "Li3PS4", "only the lowest energy"),
        ("α′-Li3PS4", "Li3PS4", "only the lowest energy"),
        ("gamma-Li3PO4", "Li3PO4", "only the lowest energy"),
        ("c-LLZO", "Li7La3Zr2O12", "only the lowest energy"),
        ("H2O(l)", "H2O", "no liquid and no gas"),
        ("TiO2(B)", "TiO2", "only the lowest energy"),  # bronze, without boron
        ("TiO2-B", "TiO2", "only the lowest energy"),
        ("TiO2 (anatase)", "TiO2", "only the lowest energy"),
        ("cubic LLZO", "Li7La3Zr2O12", "only the lowest energy"),
    ],
)
def test_what_reading_sets_aside_is_said(text, formula, says):
    _, unit = resolve(text)
    assert unit.text == formula
    (line,) = unit.warnings
    assert line.startswith(f"{text} read as {formula}")
    assert says in line


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Na2O.11Al2O3", "(Na2O)(Al2O3)11"),
        ("Al2O3.2SiO2.2H2O", "(Al2O3)(SiO2)2(H2O)2"),
        ("Li2O.Al2O3.4SiO2", "(Li2O)(Al2O3)(SiO2)4"),
        ("75Li2S.25P2S5", "(Li2S)75(P2S5)25"),
        ("SrO.6Fe2O3", "(SrO)(Fe2O3)6"),
        ("LiF.2HF", "(LiF)(HF)2"),
    ],
)
def test_a_point_before_a_compound_of_the_same_anion_is_none_of_decimals(text, plain):
    _, unit = resolve(text)
    assert unit.amounts == resolve(plain)[1].amounts
    assert unit.warnings == (f"{text} read as {text.replace('.', '·')}",)


@pytest.mark.parametrize("text", ["β-Al2O3", "β″-Al2O3", "beta-alumina"])
def test_beta_alumina_is_no_alumina(text):
    with pytest.raises(InputError, match="sodium aluminate, as Na") as caught:
        resolve(text)
    assert "if the elements" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "mutual_eV"),
    [
        ("CuSO4.5H2O", -0.776),
        ("MgCl2.6H2O", -0.564),
        ("Li1+0.3Al0.3Ti1.7(PO4)3", -0.637),
        ("Na1+2Zr2Si2PO12", -0.393),
    ],
)
def test_the_reaction_with_lithium_is_that_of_what_is_meant(embedded, text, mutual_eV):
    found = react(embedded, "Li", text)
    assert found.min_mutual_energy_eV_per_atom == pytest.approx(mutual_eV, abs=5e-4)


def test_a_hydrate_and_an_isotope_in_a_table_are_what_they_say(shared):
    table = tables.read_table(shared / "data" / "field" / "kJ_table.csv")
    hydrate = table.find("MgCl2(H2O)6")
    assert float(table.energies[hydrate]) == -1.9
    assert table.composition(hydrate) == {"H": 12, "O": 6, "Mg": 1, "Cl": 2}
    assert float(table.energies[table.find("H2O")]) == -0.9


@pytest.mark.proof
def test_every_formula_of_the_embedded_table_is_read_as_the_table_has_it(embedded):
    for row, text in enumerate(embedded.formulas.tolist()):
        amounts = read_amounts(text)
        counts = dict(zip(amounts, whole_numbers(list(amounts.values())), strict=True))
        assert counts == embedded.composition(row), text


def test_decimals_are_kept_in_the_answer(embedded):
    found = stability_window(embedded, "Li1+xAlxTi2-x(PO4)3 (x=0.3)")
    assert found.material == LATP
    assert found.assemblage_window_V == pytest.approx((2.168, 4.210), abs=1e-3)
