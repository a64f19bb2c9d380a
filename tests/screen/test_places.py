"""Ranks over samples of the scores."""

import numpy as np
import pytest

from interscreen.screen.places import rank_spread


def test_shares_add_up_and_equal_ones_share_a_place():
    scores = np.array([[0.0, 0.0, -5.0, -9.0], [-1.0, -2.0, -2.0, -2.0]])
    found = rank_spread(scores, 0.0)
    assert found.best.tolist() == [0.75, 0.25, 0.0, 0.0]
    # first sample: places 1, 2 shared, 3; second: 1, and three share the places 2 to 4
    assert found.top3 == pytest.approx([1.0, (1 + 2 / 3) / 2, (1 + 2 / 3) / 2, (0 + 2 / 3) / 2])
    assert found.best.sum() == pytest.approx(1.0)
    assert found.top3.sum() == pytest.approx(3.0)


def test_ranks_are_those_of_counting():
    rng = np.random.default_rng(4)
    scores = np.round(rng.normal(size=(40, 9)) * 2) * 5.0
    scores[3, 2] = np.nan
    found = rank_spread(scores, 0.0)
    known = np.where(np.isnan(scores), -1e9, scores)
    ranks = np.array([[1 + (row > value).sum() for value in row] for row in known])
    assert found.low.tolist() == np.percentile(ranks, 5, axis=0, method="nearest").tolist()
    assert found.high.tolist() == np.percentile(ranks, 95, axis=0, method="nearest").tolist()
    assert found.top3.sum() == pytest.approx(3.0)
    assert found.best.sum() == pytest.approx(1.0)


def test_fewer_than_three_candidates_are_all_among_the_best_three():
    found = rank_spread(np.array([[1.0, 2.0], [2.0, 1.0]]), 0.0)
    assert found.top3.tolist() == [1.0, 1.0]
    assert found.best.tolist() == [0.5, 0.5]
