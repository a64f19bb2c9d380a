"""Formulas are read exactly, and what is no formula is refused in plain words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen.errors import InputError
from interscreen.phases.formula import (
    atomic_mass,
    element_formula,
    molar_mass,
    nearest,
    parse_formula,
    read_amounts,
    reduced_text,
    split_mixture,
    whole_numbers,
)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("CuF2", {"F": 2, "Cu": 1}),
        ("Li7La3Zr2O12", {"Li": 7, "O": 12, "Zr": 2, "La": 3}),
        (
            "Li1.3Al0.3Ti1.7(PO4)3",
            {
                "Li": Fraction(13, 10),
                "O": 12,
                "Al": Fraction(3, 10),
                "P": 3,
                "Ti": Fraction(17, 10),
            },
        ),
        ("Li0.3333333CoO2", {"Li": Fraction(1, 3), "O": 2, "Co": 1}),
        ("Ca(NO3)2", {"N": 2, "O": 6, "Ca": 1}),
        ("LiAl(Si2O5)2", {"Li": 1, "O": 10, "Al": 1, "Si": 4}),
        ("K4[Fe(CN)6]", {"C": 6, "N": 6, "K": 4, "Fe": 1}),
        ("Li₇La₃Zr₂O₁₂", {"Li": 7, "O": 12, "Zr": 2, "La": 3}),
        (" Li3 PO4 ", {"Li": 3, "O": 4, "P": 1}),
        ("LiFeLi2O", {"Li": 3, "O": 1, "Fe": 1}),
        ("Li0.5Li0.5F", {"Li": 1, "F": 1}),
        ("NH4NO3", {"H": 4, "N": 2, "O": 3}),
        ("HDO", {"H": 2, "O": 1}),  # isotopes are atoms of their element
        (
            "LiNi1/3Co1/3Mn1/3O2",
            {"Li": 1, "O": 2} | dict.fromkeys(("Mn", "Co", "Ni"), Fraction(1, 3)),
        ),
        ("Mo1.5Dy0.5O6", {"O": 6, "Mo": Fraction(3, 2), "Dy": Fraction(1, 2)}),
    ],
)
def test_amounts_are_exact_and_in_order_of_atomic_number(text, amounts):
    read = read_amounts(text)
    assert read == amounts
    assert list(read) == list(amounts)
    assert all(isinstance(value, Fraction) for value in read.values())


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("NaN", ("N", "Na")),  # sodium nitride, not a missing value
        ("NO", ("N", "O")),  # nitrogen monoxide, not False
        ("No", ("No",)),  # nobelium
        ("CO", ("C", "O")),
        ("Co", ("Co",)),
        ("InF", ("F", "In")),  # not infinity
    ],
)
def test_formulas_that_look_like_something_else_stay_formulas(text, elements):
    assert parse_formula(text).elements == elements


def test_a_multiple_is_shown_reduced_and_a_doped_formula_as_written():
    assert parse_formula("Li56La24Zr16O96").text == "Li7La3Zr2O12"
    assert parse_formula("Cu2F4") == parse_formula("CuF2")
    assert parse_formula("Li1.3Al0.3Ti1.7(PO4)3").text == "Li1.3Al0.3Ti1.7(PO4)3"
    assert (
        parse_formula("Li13Al3Ti17P30O120").counts == parse_formula("Li1.3Al0.3Ti1.7(PO4)3").counts
    )
    assert parse_formula("O3").text == "O2"


def test_a_formula_unit_knows_its_size_and_mass():
    lato = parse_formula("Li1.3Al0.3Ti1.7(PO4)3")
    assert lato.n_atoms == Fraction(183, 10)
    assert lato.amount("P") == 3
    assert lato.amount("La") == 0
    assert lato.counts == (13, 120, 3, 30, 17)
    assert molar_mass(parse_formula("CuF2").amounts) == pytest.approx(63.546 + 2 * 18.998, abs=2e-3)
    assert atomic_mass("Li") == pytest.approx(6.94, abs=5e-3)


@given(
    st.dictionaries(
        st.sampled_from("Li O F Al P S Ti Cu La Zr".split()),
        st.integers(1, 40),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 5),
)
def test_writing_and_reading_a_formula_gives_the_same_proportions(amounts, factor):
    text = reduced_text({symbol: factor * count for symbol, count in amounts.items()})
    read = parse_formula(text)
    again = dict(zip(read.elements, read.counts, strict=True))
    one = next(iter(amounts))
    assert again.keys() == amounts.keys()
    assert all(again[s] * amounts[one] == again[one] * amounts[s] for s in amounts)


@given(st.lists(st.fractions(min_value=Fraction(1, 50), max_value=50), min_size=1, max_size=5))
def test_whole_numbers_keep_the_proportions_and_have_no_common_divisor(values):
    import math

    whole = whole_numbers(values)
    assert math.gcd(*whole) == 1
    assert all(w * values[0] == whole[0] * v for w, v in zip(whole, values, strict=True))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty formula"),
        ("   ", "empty formula"),
        ("Li-1F2", "negative amount"),
        ("LiF-2", "negative amount"),
        ("Li0F2", "amount of Li is zero"),
        ("LiF0.0", "amount of F is zero"),
        ("Ca(NO3)0", "is zero"),
        ("Li0.000000009F", "the amount of Li is 0.000000009"),
        ("LiF99999999999999999999", "the amount of F is"),
        ("LiF1e309", "LiF1e309"),
        ("Li()", "cannot be read"),
        ("Li(O", "cannot be read"),
        ("Li+", "cannot read '+'"),
        ("CuF2!", "cannot read '!'"),
        ("Li7La3Zr2O12)", "cannot be read"),
        ("xyz", "cannot be read"),
        ("CuF2Xx", "Xx is not an element"),
        ("LATP", "LATP"),
        ("42", "42"),
    ],
)
def test_what_is_no_formula_is_refused_with_the_value_and_the_reason(text, says):
    with pytest.raises(InputError, match=r"formula") as caught:
        parse_formula(text)
    assert says in str(caught.value)
    if text.strip():
        assert repr(text)[1:-1] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"), [("cuf2", "CuF2"), ("co", "Co"), ("coo", "CoO"), ("licoo2", "LiCoO2")]
)
def test_wrong_capitals_bring_a_suggestion_with_the_same_elements(text, meant):
    with pytest.raises(InputError, match=rf"did you mean {meant}\?"):
        parse_formula(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("CuF2", [(1, "CuF2")]),
        ("Cu + 2 LiF", [(1, "Cu"), (2, "LiF")]),
        ("Cu + 2LiF", [(1, "Cu"), (2, "LiF")]),
        ("0.5 Al + 1.5 Li2O", [(Fraction(1, 2), "Al"), (Fraction(3, 2), "Li2O")]),
        ("1/3 La2O3 + 2 * LiF", [(Fraction(1, 3), "La2O3"), (2, "LiF")]),
    ],
)
def test_mixtures_are_split_into_amounts_and_formulas(text, parts):
    assert split_mixture(text) == parts


@pytest.mark.parametrize("text", ["0 Cu + LiF", "Cu + 0.0 LiF", "1/0 Cu + LiF", "", "Cu + 2 "])
def test_empty_parts_of_a_mixture_are_refused(text):
    with pytest.raises(InputError, match=r"formula|mixture"):
        [parse_formula(formula) for _, formula in split_mixture(text)]


def test_elements_are_written_as_the_phases_they_are():
    assert element_formula("O") == "O2"
    assert element_formula("Cu") == "Cu"
    assert element_formula("S") == "S"


def test_the_nearest_word_is_suggested_and_nothing_far_away():
    assert nearest("LLZ0", ["LLZO", "LATP"]) == "; did you mean LLZO?"
    assert nearest("zzzz", ["LLZO", "LATP"]) == ""
