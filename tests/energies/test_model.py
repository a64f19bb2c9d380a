"""Sampled errors of the energies: sizes, correlations, seeds."""

import numpy as np
import pytest

from interscreen.energies.errors import ErrorModel, bond_errors, kind_of, own_errors
from interscreen.energies.sampling import BLOCK, EnergyModel, EnergySamples
from interscreen.energies.scale import anchored

MANY = BLOCK


def rows_of(table, *formulas):
    return np.array([list(table.formulas).index(formula) for formula in formulas])


@pytest.mark.parametrize(
    ("amounts", "kind"),
    [
        ({"Li": 2, "C": 1, "O": 3}, "carbonate"),
        ({"Li": 1, "O": 1, "H": 1}, "hydroxide"),
        ({"Li": 3, "P": 1, "O": 4}, "phosphate"),
        ({"Li": 7, "La": 3, "Zr": 2, "O": 12}, "oxide"),
        ({"Li": 6, "P": 1, "S": 5, "Cl": 1}, "mixed"),
        ({"Cu": 1, "F": 2}, "fluoride"),
        ({"Li": 9, "Al": 4}, "metallic"),
        ({"La": 1, "O": 1, "F": 1}, "mixed"),
    ],
)
def test_kinds(amounts, kind):
    assert kind_of(amounts) == kind


def test_the_independent_part_has_the_size_that_was_asked_for(make_table):
    table = make_table({"LiF": -3.0, "CuF2": -1.8, "Li2O": -2.0})
    model = EnergyModel(0.020, correlated=False)
    errors = EnergySamples(model, table, np.arange(3), 0, MANY).of_rows(np.arange(3))
    assert errors.shape == (3, MANY)
    assert np.std(errors, axis=1) == pytest.approx(0.020, rel=0.1)
    assert np.mean(errors, axis=1) == pytest.approx(0.0, abs=4 * 0.020 / MANY**0.5)
    assert abs(np.corrcoef(errors)[0, 1]) < 4 / MANY**0.5


def shared_of(table, *formulas):
    found = ErrorModel.of(table).shared(rows_of(table, *formulas))
    return {cause: sizes.tolist() for cause, sizes in found.items()}


def test_bonds_are_shared_by_the_charge_they_carry(make_table):
    """FeF2 and FeF3 are wrong by the same for each F; Fe in the oxide is another bond."""
    table = make_table({"LiF": -3.0, "FeF2": -2.4, "FeF3": -2.6, "FeO": -1.4, "Li2O": -2.0})
    found = shared_of(table, "FeF2", "FeF3", "FeO")
    iron = bond_errors()["F", "d"].tabulated
    assert found["Fe with F"] == pytest.approx([iron * 2 / 3, iron * 3 / 4, 0.0])
    assert found["Fe with O"] == pytest.approx([0.0, 0.0, bond_errors()["O", "d"].tabulated])
    model = EnergyModel(0.0)
    errors = EnergySamples(model, table, np.arange(len(table)), 0, MANY).of_rows(
        rows_of(table, "FeF2", "FeF3", "FeO")
    )
    assert errors[0] * 3 / 2 == pytest.approx(errors[1] * 4 / 3, abs=1e-12)
    assert np.std(errors[0]) == pytest.approx(iron * 2 / 3, rel=0.1)
    assert abs(np.corrcoef(errors)[0, 2]) < 4 / MANY**0.5


def test_on_the_anchored_scale_errors_are_those_of_the_measurements(embedded):
    table = anchored(embedded)
    found = shared_of(table, "LiF", "CuF2", "Li2SO4")
    assert set(found) == {"measured LiF", "measured CuF2", "measured Li2O"}
    assert found["measured CuF2"][1] == pytest.approx(0.029, abs=0.002)  # 8.4 kJ/mol
    own = ErrorModel.of(table).own(rows_of(table, "LiF", "CuF2", "Li2SO4"))
    assert own.tolist() == [0.0, 0.0, own_errors()["sulfate"]]


def test_oxyanions_as_tabulated_are_as_wrong_as_they_are_known_to_be(embedded):
    found = shared_of(embedded, "Li2SO4", "Li2CO3")
    assert 1.645 * 7 * found["group SO3"][0] == pytest.approx(1.9, abs=0.2)  # eV per S
    assert 1.645 * 6 * found["group CO2"][1] == pytest.approx(0.9, abs=0.2)


def test_the_shared_errors_can_be_left_out(make_table):
    table = make_table({"LiF": -3.0, "CuF2": -1.8})
    errors = EnergySamples(EnergyModel(0.0, correlated=False), table, np.arange(2), 0, 50)
    assert not errors.of_rows(np.arange(2)).any()


def test_elements_have_no_error(make_table):
    table = make_table({"LiF": -3.0, "Li": 0.0})
    samples = EnergySamples(EnergyModel(), table, np.arange(len(table)), 0, 50)
    assert not samples.of_rows(np.array([-1, -1])).any()
    lithium = [row for row in range(len(table)) if table.formulas[row] == "Li"]
    assert not samples.of_rows(np.array(lithium, dtype=int)).any()


def test_a_sample_depends_on_the_seed_and_the_formula_alone(make_table):
    small = make_table({"LiF": -3.0, "CuF2": -1.8})
    large = make_table({"Li2O": -2.0, "LiF": -2.9, "CuF2": -1.7, "CuO": -0.8})

    def errors(table, seed=1, block=0, count=60):
        model = EnergyModel(seed=seed)
        samples = EnergySamples(model, table, np.arange(len(table)), block, count)
        return samples.of_rows(rows_of(table, "LiF", "CuF2"))

    assert np.array_equal(errors(small), errors(large))
    assert np.array_equal(errors(small), errors(small, count=MANY)[:, :60])
    assert not np.array_equal(errors(small), errors(small, seed=2))
    assert not np.array_equal(errors(small), errors(small, block=1))


def test_a_phase_that_was_not_announced_is_an_error(make_table):
    table = make_table({"LiF": -3.0, "CuF2": -1.8})
    samples = EnergySamples(EnergyModel(), table, np.array([0]), 0, 20)
    with pytest.raises(IndexError):
        samples.of_rows(np.array([1]))
