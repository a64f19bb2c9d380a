"""PhaseTable: frozen, lowest energy per formula, and the phases within some elements."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen import PhaseTable
from interscreen.errors import InputError
from interscreen.phases.formula import parse_formula

SMALL = {
    "Li": 0.0,
    "Li2O": -2.072,
    "Li2O2": -1.650,
    "Cu3N": 0.190,
    "CuO": -0.953,
    "LiF": -3.181,
    "CuF2": -1.815,
    "N2": 0.0,
    "NaN": -0.1,
}


def test_lengths_elements_and_order(make_table):
    table = make_table(SMALL)
    assert len(table) == len(SMALL)
    assert table.elements == ("Li", "N", "O", "F", "Na", "Cu")
    assert [str(f) for f in table.formulas] == list(SMALL)
    np.testing.assert_array_equal(table.energies, list(SMALL.values()))
    assert "9 formulas, 6 elements" in repr(table)


def test_a_table_cannot_be_changed(make_table):
    table = make_table(SMALL, properties={"density_g_per_cm3": list(range(len(SMALL)))})
    for name in (
        "formulas", "indptr", "element_index", "counts", "energies", "ids", "structures",
        "observed", "counted",
    ):  # fmt: skip
        array = getattr(table, name)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    with pytest.raises(ValueError, match="read-only"):
        table.properties["density_g_per_cm3"][0] = 7.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.energies = np.zeros(len(SMALL))
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.source.name = "another"


def test_a_system_handed_out_cannot_change_the_table(reference):
    system = reference.within(["Li", "O"])
    before = reference.energies.copy()
    system.energies[:] = -99.0
    system.columns[:] = 0.0
    np.testing.assert_array_equal(reference.energies, before)
    assert reference.within(["Li", "O"]).energies.min() > -3.0


def test_the_lowest_of_several_structures_counts_and_the_others_stay_countable():
    from interscreen.phases.source import Source
    from interscreen.sources.build import table_from_rows
    from interscreen.sources.rows import Rows

    formulas = ["LiF", "Li2F2", "F4Li4", "CuF2", "LiF", "Li", "Li2"]
    energies = np.array([-3.0, -3.2, -2.0, -1.8, -3.1, 0.02, 0.0])
    table = table_from_rows(Rows(formulas, energies, list("abcdefg")), Source("t"))
    assert [str(f) for f in table.formulas] == ["LiF", "CuF2", "Li"]
    np.testing.assert_array_equal(table.energies, [-3.2, -1.8, 0.0])
    np.testing.assert_array_equal(table.structures, [4, 1, 2])
    assert [str(i) for i in table.ids] == ["b", "d", "g"]
    assert table.source.n_rows == 7
    assert table.source.n_phases == 3


def test_an_observed_structure_comes_before_a_lower_one_that_nobody_made():
    from interscreen.phases.source import Source
    from interscreen.sources.build import table_from_rows
    from interscreen.sources.rows import Rows

    rows = Rows(["LiF", "LiF", "CuF"], np.array([-3.0, -3.5, -1.0]), observed=np.array([1, 0, 0]))
    table = table_from_rows(rows, Source("t"))
    assert table.energies[0] == -3.0
    assert table.counted.tolist() == [True, False]
    assert table.left_out == ("CuF",)
    everything = table_from_rows(rows, Source("t"), all_phases=True)
    assert everything.energies[0] == -3.5
    assert everything.counted.all()
    assert everything.left_out == ()


def test_within_gives_exactly_what_a_plain_set_filter_gives(reference_all):
    from pymatgen.core import Composition

    sets = [{str(e) for e in Composition(str(f)).elements} for f in reference_all.formulas]
    rng = np.random.default_rng(4)
    for _ in range(300):
        wanted = set(rng.choice(reference_all.elements, size=rng.integers(1, 9), replace=False))
        expected = [i for i, elements in enumerate(sets) if elements <= wanted]
        assert reference_all.rows_within(wanted).tolist() == expected
        system = reference_all.within(wanted)
        negative = [i for i in expected if reference_all.energies[i] < 0]
        assert system.rows[len(wanted) :].tolist() == negative
        assert sorted(system.elements) == sorted(wanted)


@pytest.mark.proof
def test_within_gives_exactly_what_a_plain_set_filter_gives_on_the_full_table(full_table):
    # 84 elements: the masks need more than one machine word
    assert len(full_table.elements) == 84
    names = np.array(full_table.elements)
    sets = [
        frozenset(names[full_table.element_index[start:stop]])
        for start, stop in zip(full_table.indptr[:-1], full_table.indptr[1:], strict=True)
    ]
    rng = np.random.default_rng(5)
    chosen = [set(rng.choice(names, size=size, replace=False)) for size in (1, 3, 6, 12)]
    chosen += [{"Li", "Cu", "F", "Al", "Ti", "P", "O"}, {"U", "Pu", "Bi", "O", "Th"}, set(names)]
    for wanted in chosen:
        expected = [i for i, elements in enumerate(sets) if elements <= wanted]
        assert full_table.rows_within(wanted).tolist() == expected


def test_within_copes_with_more_elements_than_a_machine_word_has_bits(make_table):
    from pymatgen.core import Element

    noble = {2, 10, 18, 36, 54, 86}
    symbols = [Element.from_Z(z).symbol for z in range(1, 95) if z not in noble]
    pairs = [(one, other) for one, other in zip(symbols, symbols[7:], strict=False)]
    pairs += [(symbols[0], symbol) for symbol in symbols[10:]]
    table = make_table({f"{one}{other}2": -1.0 for one, other in pairs})
    assert len(table.elements) == 88
    rng = np.random.default_rng(6)
    for size in (2, 5, 12, 40, 88):
        wanted = set(rng.choice(symbols, size=size, replace=False)) | {"H"}
        expected = [i for i, pair in enumerate(pairs) if set(pair) <= wanted]
        assert table.rows_within(wanted).tolist() == expected
        for i in expected[:5]:
            one, other = pairs[i]
            assert table.find(f"{one}{other}2") == i


def test_columns_of_a_system_are_the_compositions_of_its_phases(reference):
    from pymatgen.core import Composition

    system = reference.within(["Li", "Al", "Ti", "P", "O", "F"])
    m = len(system.elements)
    np.testing.assert_array_equal(system.columns[:, :m], np.eye(m))
    np.testing.assert_array_equal(system.energies[:m], np.zeros(m))
    np.testing.assert_allclose(system.columns.sum(axis=0), 1.0, atol=1e-15)
    for column in range(m, system.columns.shape[1]):
        composition = Composition(system.name(column)).fractional_composition
        expected = [composition[symbol] for symbol in system.elements]
        np.testing.assert_allclose(system.columns[:, column], expected, atol=1e-15)
        row = int(system.rows[column])
        assert system.energies[column] == reference.energies[row] < 0
        assert reference.counted[row]
    assert [system.name(k) for k in range(m)] == [
        Composition({s: 1}).reduced_formula for s in system.elements
    ]


def test_phases_that_nobody_made_are_left_out_and_named(reference, reference_all):
    system = reference.within(["Li", "Cu"])
    assert set(system.left_out) == {"LiCu3", "Li3Cu"}
    assert "LiCu3" not in [system.name(k) for k in range(system.columns.shape[1])]
    everything = reference_all.within(["Li", "Cu"])
    assert everything.left_out == ()
    assert "LiCu3" in [everything.name(k) for k in range(everything.columns.shape[1])]


def test_an_element_that_the_source_does_not_know_is_refused_with_the_known_ones(reference):
    with pytest.raises(InputError) as caught:
        reference.within(["Li", "Xe"])
    message = str(caught.value)
    assert "Xe" in message
    assert "small set" in message
    for known in reference.elements:
        assert f" {known}" in message


def test_an_element_without_an_own_row_is_known_when_a_compound_holds_it(make_table):
    table = make_table({"LiF": -3.0})
    assert table.elements == ("Li", "F")
    system = table.within(["Li", "F"])
    assert [system.name(k) for k in range(3)] == ["Li", "F2", "LiF"]


@pytest.mark.parametrize("formula", ["Li7La3Zr2O12", "LiCu3", "Cu3N", "Li", "O2", "MgAl2O4"])
def test_find_knows_counted_and_left_out_phases_alike(reference, formula):
    from pymatgen.core import Composition

    row = reference.find(formula)
    assert row is not None
    assert Composition(str(reference.formulas[row])).reduced_formula == formula


def test_find_tells_formulas_of_the_same_elements_apart(reference):
    for text, found in {"LiO": "Li2O2", "Li4O4": "Li2O2", "Li2O": "Li2O", "LiO0.5": "Li2O"}.items():
        assert str(reference.formulas[reference.find(text)]) == found
        assert reference.find(parse_formula(text)) == reference.find(text)
    for text in ("Li17O3", "LiFO", "XeF2"):
        assert reference.find(text) is None


def test_rows_of_the_fraction_matrix_sum_to_one_and_follow_the_formulas(reference_all):
    from pymatgen.core import Composition

    matrix = reference_all.fractions(reference_all.elements, np.arange(len(reference_all))).T
    assert matrix.shape == (len(reference_all), len(reference_all.elements))
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-14)
    for row, formula in enumerate(reference_all.formulas):
        fractions = Composition(str(formula)).fractional_composition
        for column in np.flatnonzero(matrix[row]):
            symbol = reference_all.elements[column]
            assert matrix[row, column] == pytest.approx(fractions[symbol], abs=1e-14)
        assert np.count_nonzero(matrix[row]) == len(fractions)
    some = reference_all.fractions(["O", "Li"], np.arange(len(reference_all))).T
    np.testing.assert_array_equal(
        some, matrix[:, [reference_all.elements.index("O"), reference_all.elements.index("Li")]]
    )


def test_a_table_as_a_frame_has_one_row_per_formula(reference):
    frame = reference.to_frame()
    assert len(frame) == len(reference)
    assert frame.loc[frame.formula == "LiCu3", ["observed", "counted"]].to_numpy().tolist() == [
        ["no", False]
    ]
    assert frame.formation_energy_eV_per_atom.tolist() == reference.energies.tolist()
    assert {"conduction", "band_gap_eV"} <= set(frame.columns)


@pytest.mark.proof
def test_the_full_table_has_all_rows_formulas_and_elements(full_table):
    assert full_table.source.n_rows == 132_752
    assert full_table.structures.sum() == 132_752
    assert full_table.source.n_phases == len(full_table) == 95_118
    assert len(set(full_table.formulas.tolist())) == 95_118
    assert len(full_table.elements) == 84


@pytest.mark.proof
def test_choosing_the_phases_of_seven_elements_among_95000_takes_under_a_millisecond(full_table):
    wanted = ["Li", "Cu", "F", "Al", "Ti", "P", "O"]
    full_table.within(wanted)
    times = []
    for _ in range(30):
        started = time.perf_counter()
        full_table.within(wanted)
        times.append(time.perf_counter() - started)
    assert min(times) < 1e-3


# -- what a table refuses ------------------------


@pytest.mark.parametrize(
    ("phases", "says"),
    [
        ({}, "no phases"),
        ({"LiF": float("nan")}, "row 1: the formation energy of LiF is nan"),
        ({"Li": 0.0, "LiF": float("inf")}, "row 2: the formation energy of LiF is inf"),
        ({"Li": 0.0, "LiXx": -1.0}, "row 2: formula 'LiXx'"),
        ({"Li": -1.9, "LiF": -4.0}, "row 1: the element Li has the formation energy -1.9"),
        ({"Li": 0.0, "Li-1F": -1.0}, "row 2: formula 'Li-1F': negative amount"),
    ],
)
def test_rows_that_cannot_be_used_are_refused_with_their_number(make_table, phases, says):
    with pytest.raises(InputError) as caught:
        make_table(phases)
    assert says in str(caught.value)
    assert "made up" in str(caught.value)


def test_an_element_above_zero_does_not_move_the_reference(make_table):
    table = make_table({"Li": 0.05, "LiF": -3.0})
    assert table.energies[0] == 0.05
    assert table.within(["Li", "F"]).energies.tolist() == [0.0, 0.0, -3.0]


FORMULAS = ["LiF", "Li2O", "Li2O2", "CuO", "Cu2O", "CuF2", "CuF", "LiCuO", "Li2CuO2", "LiCuF3"]


@given(
    st.lists(
        st.tuples(st.sampled_from(FORMULAS), st.floats(-4, 0.5), st.integers(1, 3)),
        min_size=1,
        max_size=25,
    )
)
def test_whatever_the_order_of_the_rows_the_lowest_energy_counts(rows):
    from interscreen.phases.source import Source
    from interscreen.sources.build import table_from_rows
    from interscreen.sources.rows import Rows

    formulas = [f"({formula}){factor}" for formula, _, factor in rows]
    table = table_from_rows(Rows(formulas, np.array([e for _, e, _ in rows])), Source("t"))
    lowest: dict[str, float] = {}
    count: dict[str, int] = {}
    for formula, energy, _ in rows:
        lowest[formula] = min(energy, lowest.get(formula, np.inf))
        count[formula] = count.get(formula, 0) + 1
    from pymatgen.core import Composition

    named = [Composition(str(f)).reduced_formula for f in table.formulas]
    expected = {Composition(f).reduced_formula: energy for f, energy in lowest.items()}
    assert dict(zip(named, table.energies.tolist(), strict=True)) == expected
    counted = {Composition(f).reduced_formula: n for f, n in count.items()}
    assert dict(zip(named, table.structures.tolist(), strict=True)) == counted


def test_the_public_names_are_where_others_expect_them():
    import interscreen

    assert {"PhaseTable", "react", "stability_window", "lithiate"} <= set(interscreen.__all__)
    assert interscreen.PhaseTable is PhaseTable
    with pytest.raises(AttributeError, match="no attribute"):
        _ = interscreen.nothing_like_it
