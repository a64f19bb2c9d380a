"""Questions over sampled energies: against arithmetic, and against the one-pair functions."""

import numpy as np
import pytest

from interscreen.answers.sampled_stacks import sample_stacks
from interscreen.answers.stack import stack
from interscreen.energies.sampling import BLOCK, EnergyModel
from interscreen.phases.material import Material

SIGMA = 0.020
NO_ERROR = EnergyModel(0.0, correlated=False)


def sample(table, candidates, electrolytes, **options):
    given = [[Material(m) if isinstance(m, str) else m for m in group]
             for group in (candidates, electrolytes)]  # fmt: skip
    return sample_stacks(table, *given, **options)


@pytest.fixture(scope="module")
def fluorides(make_table):
    # LiZO3-like bystander electrolyte that reacts with nothing
    return make_table({"CuF2": -1.8, "LiF": -3.0, "NaCl": -2.0})


def test_a_reaction_of_two_phases_has_the_analytic_standard_deviation(fluorides):
    """2 Li + CuF2 -> Cu + 2 LiF: per atom (4 E(LiF) - 3 E(CuF2)) / 5.

    Standard deviation sigma * sqrt((4/5)^2 + (3/5)^2) = sigma.
    """
    found = sample(
        fluorides, ["CuF2"], ["NaCl"], model=EnergyModel(SIGMA, correlated=False), samples=4000
    )
    energy = found.candidates["CuF2"]["lithium_mutual_eV_per_atom"]
    assert np.std(energy, ddof=1) == pytest.approx(SIGMA, rel=0.05)
    assert np.mean(energy) == pytest.approx((4 * -3.0 - 3 * -1.8) / 5, abs=3 * SIGMA / 4000**0.5)
    # one step: V = -(2 * 2 E(LiF) - 3 E(CuF2)) / 2 per Li, both sides of the same energies
    voltage = found.candidates["CuF2"]["average_voltage_V"]
    assert voltage == pytest.approx(-energy * 5 / 2, abs=1e-12)
    assert found.candidates["CuF2"]["li_uptake_per_formula"] == pytest.approx(2.0)


def test_a_correlated_error_that_cancels_does_cancel(fluorides):
    """Both sides of 2 Li + CuF2 -> Cu + 2 LiF hold two F."""
    found = sample(fluorides, ["CuF2"], ["NaCl"], model=EnergyModel(0.0), samples=200)
    energy = found.candidates["CuF2"]["lithium_mutual_eV_per_atom"]
    assert np.ptp(energy) < 1e-12
    # and LiF itself does vary: its oxidation limit is 2 |E(LiF)| per Li
    limit = sample(fluorides, ["LiF"], ["NaCl"], model=EnergyModel(0.0), samples=2000)
    spread = np.std(limit.candidates["LiF"]["oxidation_limit_V"])
    assert spread == pytest.approx(0.0026, rel=0.05)


def test_a_correlated_error_that_does_not_cancel_stays(make_table):
    """2 Li + S -> Li2S: one S in three atoms."""
    table = make_table({"Li2S": -1.5, "NaCl": -2.0})
    found = sample(table, ["S"], ["NaCl"], model=EnergyModel(0.0), samples=4000)
    energy = found.candidates["S"]["lithium_mutual_eV_per_atom"]
    assert np.std(energy, ddof=1) == pytest.approx(0.0093 / 3, rel=0.05)


def test_without_errors_the_samples_are_the_numbers_of_the_screen(reference):
    candidates = ["CuF2", "Cu3N", "CuS", "Al", "LiF", "Cu + 2 LiF", "Li3PO4", "ZrO2"]
    candidates += [Material("AlF3", energy_eV_per_atom=-3.7)]
    candidates += [Material("SnF2", energy_above_hull_eV_per_atom=0.05, name="tin")]
    electrolytes = ["LLZO", "LATP", "LAGP"]
    found = sample(reference, candidates, electrolytes, model=NO_ERROR, samples=20)
    for candidate in candidates:
        for electrolyte in electrolytes:
            nominal = stack(reference, candidate, electrolyte)
            numbers = found.numbers(nominal.candidate, nominal.electrolyte)
            path, window = nominal.lithiation, None
            expected = {
                "bare_mutual_eV_per_atom": nominal.bare.energy,
                "lithium_mutual_eV_per_atom": nominal.lithium.energy,
                "lithium_total_eV_per_atom": nominal.lithium.reaction.total_energy_eV_per_atom,
                "deposited_mutual_eV_per_atom": nominal.deposited.energy,
                "layer_mutual_eV_per_atom": nominal.layer.energy,
                "worst_product_mutual_eV_per_atom": nominal.worst_product.energy,
                "improvement_eV_per_atom": nominal.layer.energy - nominal.bare.energy,
                "bridge_margin_V": nominal.bridge_margin_V,
                "average_voltage_V": path.average_voltage_V,
                "first_voltage_V": path.steps[0].voltage_V if path.steps else window,
            }
            for key, value in expected.items():
                right = np.nan if value is None else value
                assert numbers[key] == pytest.approx(right, abs=1e-9, nan_ok=True), (
                    nominal.candidate, nominal.electrolyte, key,
                )  # fmt: skip


def test_one_sample_is_the_screen_of_a_table_with_these_energies(reference):
    """Shift the energies of the table itself by one sample and ask the one-pair functions."""
    from dataclasses import replace

    from interscreen.energies.sampling import EnergySamples

    model = EnergyModel(0.030, seed=5)
    candidates, electrolytes = ["CuF2", "Cu3N", "SnS", "Al", "Li3PO4", "Cu + 2 LiF"], ["LATP"]
    found = sample(reference, candidates, electrolytes, model=model, samples=25)
    rows = np.flatnonzero(np.diff(reference.indptr) > 1)
    errors = EnergySamples(model, reference, rows, 0, 25)
    for number in (0, 11, 24):
        energies = reference.energies.copy()
        energies[rows] += errors.of_rows(rows)[:, number]
        energies[(reference.energies >= 0.0) | (energies >= 0.0)] = np.maximum(
            reference.energies, energies
        )[(reference.energies >= 0.0) | (energies >= 0.0)]
        table = replace(reference, energies=energies)
        for candidate in candidates:
            nominal = stack(table, candidate, "LATP")
            numbers = found.numbers(candidate, "LATP")
            for key, value in {
                "lithium_mutual_eV_per_atom": nominal.lithium.energy,
                "deposited_mutual_eV_per_atom": nominal.deposited.energy,
                "layer_mutual_eV_per_atom": nominal.layer.energy,
                "worst_product_mutual_eV_per_atom": nominal.worst_product.energy,
                "bridge_margin_V": nominal.bridge_margin_V,
                "bare_mutual_eV_per_atom": nominal.bare.energy,
            }.items():
                assert numbers[key][number] == pytest.approx(value, abs=1e-7), (candidate, key)


def test_the_same_numbers_whatever_else_is_asked_and_however_it_is_divided(reference):
    alone = sample(reference, ["CuF2"], ["LATP"], samples=BLOCK + 40)
    among = sample(reference, ["CuS", "CuF2", "Al"], ["LLZO", "LATP"], samples=60, jobs=2)
    again = sample(reference, ["CuF2"], ["LATP"], samples=BLOCK + 40)
    other = sample(reference, ["CuF2"], ["LATP"], model=EnergyModel(seed=2), samples=60)
    for key, values in alone.numbers("CuF2", "LATP").items():
        assert len(values) == BLOCK + 40
        assert np.array_equal(values, again.numbers("CuF2", "LATP")[key], equal_nan=True)
        assert np.array_equal(values[:60], among.numbers("CuF2", "LATP")[key], equal_nan=True)
    key = "layer_mutual_eV_per_atom"
    assert not np.array_equal(
        alone.stacks["CuF2", "LATP"][key][:60], other.stacks["CuF2", "LATP"][key]
    )
    # another block is not the first one again
    values = alone.stacks["CuF2", "LATP"][key]
    assert not np.array_equal(values[:40], values[BLOCK:])


def test_what_cannot_be_computed_is_left_out(reference):
    found = sample(reference, ["CuF2", "UO2", "XyF"], ["LLZO", "LPSCl"], samples=20)
    assert set(found.candidates) == {"CuF2"}
    assert set(found.stacks) == {("CuF2", "LLZO")}


def test_progress_ends_at_the_total(reference):
    seen = []
    sample(
        reference, ["CuF2", "Al"], ["LLZO"], samples=BLOCK + 20,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen[-1][0] == seen[-1][1]
    assert all(0 < done <= total for done, total in seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_single_stack_has_the_error_bars_of_a_study(reference):
    from interscreen.answers.sampled import sampled_stack
    from interscreen.energies.spread import spread
    from interscreen.errors import InputError

    found = sampled_stack(reference, "CuF2", "LATP", samples=60)
    study = sample(reference, ["CuS", "CuF2"], ["LATP"], samples=60).numbers("CuF2", "LATP")
    layer = "layer_mutual_eV_per_atom"
    assert found.uncertainty[layer] == spread(study[layer])
    told = found.to_dict()
    assert told["uncertainty"]["bridge_margin_V"]["counted"] == 60
    nominal = stack(reference, "CuF2", "LATP").to_dict()
    assert {**told, "samples": 0, "uncertainty": {}} == {**nominal, "samples": 0, "uncertainty": {}}
    assert list(found.uncertainty_frame()["quantity"]) == list(found.uncertainty)
    with pytest.raises(InputError, match="samples 5: use 20"):
        sampled_stack(reference, "CuF2", "LATP", samples=5)


def test_single_reactions_and_windows_have_error_bars(fluorides, reference):
    from interscreen.answers.sampled import sampled_reaction, sampled_window
    from interscreen.errors import InputError

    # the same arithmetic as above: the standard deviation is that of one phase
    model = EnergyModel(SIGMA, correlated=False)
    found = sampled_reaction(fluorides, "Li", "CuF2", model=model, samples=4000)
    energy = found.uncertainty["min_mutual_energy_eV_per_atom"]
    assert energy.standard_deviation == pytest.approx(SIGMA, rel=0.05)
    assert energy.low < found.min_mutual_energy_eV_per_atom < energy.high
    # LiF gives off its Li at 2 |E(LiF)| per Li
    window = sampled_window(fluorides, "LiF", model=model, samples=4000)
    assert window.uncertainty["oxidation_limit_V"].standard_deviation == pytest.approx(
        2 * SIGMA, rel=0.05
    )
    assert window.uncertainty["reduction_limit_V"].standard_deviation == 0.0
    # the numbers are those of a stack with the same seed
    numbers = sample(reference, ["CuF2"], ["LATP"], samples=BLOCK + 20).numbers("CuF2", "LATP")
    again = sampled_reaction(reference, "CuF2", "LATP", samples=BLOCK + 20)
    from interscreen.energies.spread import spread

    deposited = spread(numbers["deposited_mutual_eV_per_atom"])
    assert again.uncertainty["min_mutual_energy_eV_per_atom"] == deposited
    limit = spread(numbers["electrolyte_reduction_limit_V"])
    again = sampled_window(reference, "LATP", samples=BLOCK + 20)
    assert again.uncertainty["reduction_limit_V"] == limit
    assert again.to_dict()["samples"] == BLOCK + 20
    with pytest.raises(InputError, match="use 20"):
        sampled_window(reference, "LATP", samples=1)
