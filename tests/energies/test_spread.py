"""Standard deviations, intervals and ranks over samples."""

import numpy as np
import pytest

from interscreen.energies.spread import rank_spread, spread


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


def test_shares_add_up_and_equal_ones_share_a_place():
    scores = np.array([[0.0, 0.0, -5.0, -9.0], [-1.0, -2.0, -2.0, -2.0]])
    found = rank_spread(scores)
    assert found.best.tolist() == [0.75, 0.25, 0.0, 0.0]
    # first sample: places 1, 2 shared, 3; second: 1, and three share the places 2 to 4
    assert found.top3 == pytest.approx([1.0, (1 + 2 / 3) / 2, (1 + 2 / 3) / 2, (0 + 2 / 3) / 2])
    assert found.best.sum() == pytest.approx(1.0)
    assert found.top3.sum() == pytest.approx(3.0)


def test_ranks_are_those_of_counting():
    rng = np.random.default_rng(4)
    scores = np.round(rng.normal(size=(40, 9)) * 2) * 5.0
    scores[3, 2] = np.nan
    found = rank_spread(scores)
    known = np.where(np.isnan(scores), -1e9, scores)
    ranks = np.array([[1 + (row > value).sum() for value in row] for row in known])
    assert found.low.tolist() == np.percentile(ranks, 5, axis=0, method="nearest").tolist()
    assert found.high.tolist() == np.percentile(ranks, 95, axis=0, method="nearest").tolist()
    assert found.top3.sum() == pytest.approx(3.0)
    assert found.best.sum() == pytest.approx(1.0)


def test_fewer_than_three_candidates_are_all_among_the_best_three():
    found = rank_spread(np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert found.top3.tolist() == [1.0, 1.0]
    assert found.best.tolist() == [0.5, 0.5]
