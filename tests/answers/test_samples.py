"""Stacks over sampled energies: against arithmetic, and against the functions for one pair."""

from dataclasses import replace

import numpy as np
import pytest

from interscreen.answers.sampled import sampled_reaction, sampled_window
from interscreen.answers.stack import stack
from interscreen.answers.stacks import OF_CANDIDATE, OF_ELECTROLYTE, OF_STACK, stacks
from interscreen.energies.errors import bond_errors
from interscreen.energies.sampling import BLOCK, EnergyModel, EnergySamples
from interscreen.energies.spread import spread
from interscreen.errors import InputError
from interscreen.phases.material import Material

SIGMA = 0.020
INDEPENDENT = EnergyModel(SIGMA, correlated=False)
SHARED = EnergyModel(0.0)  # the errors of bonds alone
LITHIUM = "lithium_mutual_eV_per_atom"
LAYER = "layer_mutual_eV_per_atom"


@pytest.fixture(scope="module")
def fluorides(make_table):
    # a bystander electrolyte that reacts with nothing
    return make_table({"CuF2": -1.8, "LiF": -3.0, "NaCl": -2.0})


def numbers_of(table, candidate, electrolyte, **options):
    """Every number of one stack, (samples + 1,) each."""
    found = stacks(table, [candidate], [electrolyte], **options).numbers
    return {key: values[0, 0] for key, values in found.items()}


def test_a_reaction_of_two_phases_has_the_analytic_standard_deviation(fluorides):
    """2 Li + CuF2 -> Cu + 2 LiF: per atom (4 E(LiF) - 3 E(CuF2)) / 5.

    Standard deviation sigma * sqrt((4/5)^2 + (3/5)^2) = sigma.
    """
    found = numbers_of(fluorides, "CuF2", "NaCl", model=INDEPENDENT, samples=4000)
    nominal, energy = found[LITHIUM][0], found[LITHIUM][1:]
    assert nominal == pytest.approx((4 * -3.0 - 3 * -1.8) / 5, abs=1e-12)
    assert np.std(energy, ddof=1) == pytest.approx(SIGMA, rel=0.05)
    assert np.mean(energy) == pytest.approx(nominal, abs=3 * SIGMA / 4000**0.5)
    # one step: V = -(2 * 2 E(LiF) - 3 E(CuF2)) / 2 per Li, both sides of the same energies
    assert found["average_voltage_V"] == pytest.approx(-found[LITHIUM] * 5 / 2, abs=1e-12)
    assert found["li_uptake_per_formula"] == pytest.approx(2.0)


def test_a_shared_error_that_cancels_does_cancel(make_table):
    """LiF + FeF2 -> LiFeF3 breaks no bond of cation and anion."""
    table = make_table({"LiF": -3.0, "FeF2": -2.4, "LiFeF3": -2.8})
    found = sampled_reaction(table, "LiF", "FeF2", model=SHARED, samples=200)
    assert found.uncertainty["min_mutual_energy_eV_per_atom"].standard_deviation == 0.0


def test_a_shared_error_that_does_not_cancel_stays(fluorides, make_table):
    """2 Li + S -> Li2S: one S in three atoms; 2 Li + CuF2 -> Cu + 2 LiF: other bonds to F."""
    table = make_table({"Li2S": -1.5, "NaCl": -2.0})
    energy = numbers_of(table, "S", "NaCl", model=SHARED, samples=4000)[LITHIUM]
    bond = bond_errors()["S", "s"].tabulated
    assert np.std(energy, ddof=1) == pytest.approx(2 * bond / 3, rel=0.05)
    energy = numbers_of(fluorides, "CuF2", "NaCl", model=SHARED, samples=4000)[LITHIUM]
    bonds = [bond_errors()["F", block].tabulated for block in "sd"]
    assert np.std(energy, ddof=1) == pytest.approx(2 * np.hypot(*bonds) / 5, rel=0.05)


def expected_numbers(table, candidate, electrolyte):
    """Numbers of a stack by the functions for single pairs."""
    found = stack(table, candidate, electrolyte)
    path = found.lithiation
    reactions = {
        name: getattr(found, name).reaction for name in ("bare", "lithium", "deposited", "layer")
    }
    worst = min(product.reaction.min_mutual_energy_eV_per_atom for product in found.products)
    mutual = {
        f"{name}_mutual_eV_per_atom": reaction.min_mutual_energy_eV_per_atom
        for name, reaction in reactions.items()
    }
    return {
        **mutual,
        "lithium_total_eV_per_atom": reactions["lithium"].total_energy_eV_per_atom,
        "worst_product_mutual_eV_per_atom": worst,
        "improvement_eV_per_atom": mutual[LAYER] - mutual["bare_mutual_eV_per_atom"],
        "first_voltage_V": path.steps[0].voltage_V if path.steps else None,
        "average_voltage_V": path.average_voltage_V,
        "bridge_margin_V": found.bridge_margin_V,
    }


def assert_same(numbers, expected, tolerance, what):
    for key, value in expected.items():
        right = np.nan if value is None else value
        assert numbers[key] == pytest.approx(right, abs=tolerance, nan_ok=True), (*what, key)


def test_the_first_sample_has_the_numbers_of_the_single_pairs(reference):
    candidates = ["CuF2", "Cu3N", "CuS", "Al", "LiF", "Cu + 2 LiF", "Li3PO4", "ZrO2"]
    candidates += [Material("AlF3", energy_eV_per_atom=-3.7)]
    candidates += [Material("SnF2", energy_above_hull_eV_per_atom=0.05, name="tin")]
    electrolytes = ["LLZO", "LATP", "LAGP"]
    no_error = EnergyModel(0.0, correlated=False)
    found = stacks(reference, candidates, electrolytes, model=no_error, samples=20).numbers
    for values in found.values():  # without errors all samples are the first one
        np.testing.assert_array_equal(values, np.broadcast_to(values[..., :1], values.shape))
    shape = len(electrolytes), len(candidates), 21
    for k, candidate in enumerate(candidates):
        for e, electrolyte in enumerate(electrolytes):
            numbers = {
                key: np.broadcast_to(values, shape)[e, k, 0] for key, values in found.items()
            }
            expected = expected_numbers(reference, candidate, electrolyte)
            assert_same(numbers, expected, 1e-9, (candidate, electrolyte))


def test_one_sample_is_the_screen_of_a_table_with_these_energies(reference):
    """Shift the energies of the table itself by one sample and ask about single pairs."""
    model = EnergyModel(0.030, seed=5)
    candidates = ["CuF2", "Cu3N", "SnS", "Al", "Li3PO4", "Cu + 2 LiF"]
    found = stacks(reference, candidates, ["LATP"], model=model, samples=25).numbers
    rows = np.flatnonzero(np.diff(reference.indptr) > 1)
    errors = EnergySamples(model, reference, rows, 0, 25).of_rows(rows)
    for number in (0, 11, 24):
        energies = reference.energies.copy()
        energies[rows] += errors[:, number]
        # what is no phase of an equilibrium with the energies as they are becomes none
        apart = (reference.energies >= 0.0) & (energies < 0.0)
        energies[apart] = reference.energies[apart]
        table = replace(reference, energies=energies)
        for k, candidate in enumerate(candidates):
            numbers = {
                key: np.broadcast_to(values, (1, len(candidates), 26))[0, k, number + 1]
                for key, values in found.items()
            }
            assert_same(numbers, expected_numbers(table, candidate, "LATP"), 1e-7, (candidate,))


def test_the_same_numbers_whatever_else_is_asked_and_in_any_number_of_threads(reference):
    alone = numbers_of(reference, "CuF2", "LATP", samples=BLOCK + 40)
    again = numbers_of(reference, "CuF2", "LATP", samples=BLOCK + 40, jobs=2)
    among = stacks(reference, ["CuS", "CuF2", "Al"], ["LLZO", "LATP"], samples=60, jobs=2).numbers
    other = numbers_of(reference, "CuF2", "LATP", model=EnergyModel(seed=2), samples=60)
    assert set(alone) == {*OF_CANDIDATE, *OF_ELECTROLYTE, *OF_STACK}
    for key, values in alone.items():
        assert len(values) == 1 + BLOCK + 40
        np.testing.assert_array_equal(values, again[key])
        np.testing.assert_array_equal(
            values[:61], np.broadcast_to(among[key], (2, 3, 61))[1, 1], key
        )
    assert alone[LAYER][0] == other[LAYER][0]
    assert not np.array_equal(alone[LAYER][1:61], other[LAYER][1:])
    # another block is not the first one again
    assert not np.array_equal(alone[LAYER][1:41], alone[LAYER][1 + BLOCK :])


def test_progress_ends_at_the_total(reference):
    seen = []
    stacks(
        reference, ["CuF2", "Al"], ["LLZO"], samples=BLOCK + 20,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(BLOCK, BLOCK + 20), (BLOCK + 20, BLOCK + 20)]


def test_a_single_stack_has_the_error_bars_of_a_study(reference):
    found = stack(reference, "CuF2", "LATP", samples=60)
    study = stacks(reference, ["CuS", "CuF2"], ["LATP"], samples=60).numbers[LAYER][0, 1]
    assert found.uncertainty[LAYER] == spread(study[1:], study[0])
    told = found.to_dict()
    assert told["uncertainty"]["bridge_margin_V"]["counted"] == 60
    nominal = stack(reference, "CuF2", "LATP").to_dict()
    assert {**told, "samples": 0, "uncertainty": {}} == {**nominal, "samples": 0, "uncertainty": {}}
    assert list(found.uncertainty_frame()["quantity"]) == list(found.uncertainty)
    with pytest.raises(InputError, match="samples 5: use 20"):
        stack(reference, "CuF2", "LATP", samples=5)


def test_single_reactions_and_windows_have_error_bars(fluorides, reference):
    # the same arithmetic as above: the standard deviation is that of one phase
    found = sampled_reaction(fluorides, "Li", "CuF2", model=INDEPENDENT, samples=4000)
    energy = found.uncertainty["min_mutual_energy_eV_per_atom"]
    assert energy.standard_deviation == pytest.approx(SIGMA, rel=0.05)
    assert energy.low < found.min_mutual_energy_eV_per_atom < energy.high
    # LiF gives off its Li at 2 |E(LiF)| per Li
    window = sampled_window(fluorides, "LiF", model=INDEPENDENT, samples=4000)
    assert window.uncertainty["oxidation_limit_V"].standard_deviation == pytest.approx(
        2 * SIGMA, rel=0.05
    )
    assert window.uncertainty["reduction_limit_V"].standard_deviation == 0.0
    # the numbers are those of a stack with the same seed
    numbers = numbers_of(reference, "CuF2", "LATP", samples=BLOCK + 20)
    again = sampled_reaction(reference, "CuF2", "LATP", samples=BLOCK + 20)
    deposited = spread(numbers["deposited_mutual_eV_per_atom"][1:])
    assert again.uncertainty["min_mutual_energy_eV_per_atom"] == deposited
    limit = spread(numbers["electrolyte_reduction_limit_V"][1:])
    again = sampled_window(reference, "LATP", samples=BLOCK + 20)
    assert again.uncertainty["reduction_limit_V"] == limit
    assert again.to_dict()["samples"] == BLOCK + 20
    with pytest.raises(InputError, match="use 20"):
        sampled_window(reference, "LATP", samples=1)
