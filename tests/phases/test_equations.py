"""Equations balance exactly, in the smallest whole numbers."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interscreen.errors import SolverError
from interscreen.phases.equation import balance, format_side
from interscreen.phases.formula import parse_formula
from interscreen.phases.material import compose


def term(text, units):
    return (text, compose(text).amounts, units)


def atoms(formula, units):
    return (formula, units * float(parse_formula(formula).n_atoms))


def test_amounts_known_to_numerical_accuracy_become_whole_numbers(assert_balanced):
    noise = 1.0 + 3e-10
    equation = balance(
        [term("CuF2", 8 / 48 * noise), term("Li7La3Zr2O12", 1 / 48)],
        [
            atoms("CuO", 8 / 48),
            atoms("LiF", 7 / 48 * noise),
            atoms("ZrO2", 2 / 48),
            atoms("LaF3", 3 / 48),
        ],
    )
    assert equation.text == "8 CuF2 + Li7La3Zr2O12 -> 8 CuO + 7 LiF + 3 LaF3 + 2 ZrO2"
    assert equation.reactants == {"CuF2": 8, "Li7La3Zr2O12": 1}
    assert equation.products == {"CuO": 8, "LiF": 7, "LaF3": 3, "ZrO2": 2}
    assert list(equation.products.values()) == [8, 7, 3, 2], "largest amount first"
    assert_balanced(equation.text)


def test_amounts_are_plain_numbers_that_json_knows():
    equation = balance([term("Li", 0.2), term("F2", 0.1)], [atoms("LiF", 0.2)])
    assert json.loads(json.dumps(equation.products)) == {"LiF": 2}


def test_noise_among_the_products_is_left_out():
    equation = balance(
        [term("Cu3N", 0.25)], [atoms("Cu", 0.75), atoms("N2", 0.125), ("CuF2", 4e-7), ("LiF", 0.0)]
    )
    assert equation.text == "2 Cu3N -> 6 Cu + N2"


def test_a_reactant_that_takes_no_part_is_left_out():
    equation = balance([term("CuF2", 1 / 3), term("LiF", 0.0)], [atoms("CuF2", 1 / 3)])
    assert equation.text == "CuF2 -> CuF2"


def test_collinear_reactants_and_products_keep_their_amounts(assert_balanced):
    # Li2O2 lies between Li2O and O2: the balance alone does not fix the amounts
    equation = balance(
        [term("Li2O", 0.25), term("Li2O2", 0.0625)],
        [atoms("Li2O", 0.25), atoms("Li2O2", 0.0625)],
    )
    assert equation.text == "4 Li2O + Li2O2 -> 4 Li2O + Li2O2"
    assert_balanced(equation.text)


def test_equal_reactants_are_added_up(assert_balanced):
    equation = balance([term("LiF", 0.125), term("LiF", 0.375)], [atoms("LiF", 0.5)])
    assert_balanced(equation.text)
    assert set(equation.reactants) == {"LiF"}


@pytest.mark.parametrize(
    ("exchanged", "text"),
    [
        (2.0, "CuF2 + 2 Li -> 2 LiF + Cu"),
        (-1.0, "2 LiF -> 2 Li + F2"),
    ],
)
def test_lithium_from_the_reservoir_stands_on_the_side_where_it_belongs(exchanged, text):
    if exchanged > 0:
        equation = balance(
            [term("CuF2", 1.0)], [atoms("Cu", 1.0), atoms("LiF", 2.0)], [("Li", exchanged)]
        )
    else:
        equation = balance([term("LiF", 1.0)], [atoms("F2", 0.5)], [("Li", exchanged)])
    assert equation.text == text


def test_a_mixture_stands_in_brackets(assert_balanced):
    equation = balance([term("Cu + 2 LiF", 2.0)], [atoms("Cu", 2.0), atoms("LiF", 4.0)])
    assert equation.text == "(Cu + 2 LiF) -> 2 LiF + Cu"
    assert_balanced(equation.text)
    assert format_side({"Cu + 2 LiF": 9, "LATP": 1}) == "9 (Cu + 2 LiF) + LATP"


def test_doped_formulas_balance_exactly(assert_balanced):
    equation = balance(
        [term("Li1.3Al0.3Ti1.7(PO4)3", 1.0)],
        [atoms("LiTi2(PO4)3", 0.85), atoms("AlPO4", 0.3), atoms("Li3PO4", 0.15)],
    )
    assert equation.text == "20 Li1.3Al0.3Ti1.7(PO4)3 -> 17 LiTi2(PO4)3 + 6 AlPO4 + 3 Li3PO4"
    assert_balanced(equation.text)


def test_numbers_too_large_to_read_are_given_per_unit_of_the_first_reactant(assert_balanced):
    x = Fraction(765433, 10**6)
    equation = balance(
        [term("LiNi0.765433Co0.234567O2", 1.0)],
        [atoms("LiNiO2", float(x)), atoms("LiCoO2", float(1 - x))],
    )
    assert equation.text == "LiNi0.765433Co0.234567O2 -> 0.765433 LiNiO2 + 0.234567 LiCoO2"
    assert_balanced(equation.text)


@pytest.mark.parametrize(
    "products",
    [
        [("Cu", 1.0)],  # fluorine is missing
        [("Cu", 1.0), ("F2", 4.0)],  # the right phases in wrong amounts
        [("Cu", 1.0), ("F2", 2.0), ("LiF", 0.5)],  # lithium out of nowhere
    ],
)
def test_what_does_not_balance_raises(products):
    with pytest.raises(SolverError, match="no balance"):
        balance([term("CuF2", 1.0)], products)


PHASES = ["Li2O", "LiF", "CuF2", "Cu", "La2O3", "LaF3", "Li3PO4", "AlPO4", "ZrO2", "Zr3O", "O2"]


@given(
    st.dictionaries(st.sampled_from(PHASES), st.integers(1, 30), min_size=1, max_size=6),
    st.floats(1e-3, 1e3),
)
def test_any_mixture_of_phases_gives_an_equation_with_its_own_amounts(amounts, scale):
    """The mixture is handed in as one compound, so that the amounts are known beforehand."""
    total: dict[str, Fraction] = {}
    for formula, number in amounts.items():
        for symbol, count in parse_formula(formula).amounts:
            total[symbol] = total.get(symbol, Fraction(0)) + number * count
    units = scale / float(sum(total.values()))
    # independent products only: otherwise the amounts are not unique
    rows = [[dict(parse_formula(f).amounts).get(s, 0) for s in total] for f in amounts]
    assume(np.linalg.matrix_rank(np.array(rows, dtype=float)) == len(amounts))
    assume(min(amounts.values()) / float(sum(total.values())) * scale > 1e-4)
    text = "".join(f"{symbol}{count}" for symbol, count in total.items())
    equation = balance(
        [(text, tuple(total.items()), units)],
        [(f, n * units * float(parse_formula(f).n_atoms)) for f, n in amounts.items()],
    )
    assert equation.reactants == {text: 1}
    assert equation.products == amounts
