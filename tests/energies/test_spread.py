"""Standard deviations and intervals over samples."""

import numpy as np
import pytest

from interscreen.energies.spread import spread, with_number


def test_the_interval_holds_ninety_percent():
    found = spread(np.arange(101.0))
    assert (found.low, found.high, found.counted) == (5.0, 95.0, 101)
    assert found.standard_deviation == pytest.approx(np.std(np.arange(101.0), ddof=1))


def test_standard_deviation_and_quantiles_are_those_of_numpy():
    values = np.random.default_rng(7).normal(-0.3, 0.02, 777)
    found = spread(values)
    assert found.standard_deviation == pytest.approx(np.std(values, ddof=1), rel=1e-12)
    assert found.low == pytest.approx(np.percentile(values, 5), rel=1e-12)
    assert found.high == pytest.approx(np.percentile(values, 95), rel=1e-12)


def test_samples_without_the_number_do_not_count():
    found = spread(np.array([1.0, np.nan, 3.0, np.nan]))
    assert found.counted == 2
    assert found.standard_deviation == pytest.approx(2.0**0.5)
    assert spread(np.array([np.nan, 1.0])).standard_deviation is None
    assert spread(np.array([np.nan])).low is None


def test_an_interval_reaches_as_far_as_its_number():
    samples = np.arange(101.0)
    assert (spread(samples, 50.0).low, spread(samples, 50.0).high) == (5.0, 95.0)
    assert (spread(samples, 97.0).low, spread(samples, 97.0).high) == (5.0, 97.0)
    assert (spread(samples, -3.0).low, spread(samples, -3.0).high) == (-3.0, 95.0)
    assert spread(samples, np.nan) == spread(samples)
    assert spread(samples, 97.0).standard_deviation == spread(samples).standard_deviation


def test_intervals_of_arrays_reach_as_far_as_their_numbers():
    low, high = with_number([-7.0, -50.0, np.nan], [-98.0, -60.0, -3.0], [-13.0, -40.0, -1.0])
    assert low.tolist() == [-98.0, -60.0, -3.0]
    assert high.tolist() == [-7.0, -40.0, -1.0]
