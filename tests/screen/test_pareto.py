"""The Pareto front: what nothing else beats in everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen.screen.places import pareto_front


def brute_force(values):
    """Compare every row with every other one."""
    front = []
    for row in values:
        if np.isnan(row).any():
            front.append(False)
            continue
        beats = [(other >= row).all() and (other > row).any() for other in values]
        front.append(not any(beats))
    return front


def test_front_worked_out_by_hand():
    #          best  beaten by 0  trades  equal to 2  beaten by all
    values = [[0, -5], [-1, -5], [-3, 0], [-3, 0], [-9, -9]]
    assert pareto_front(values).tolist() == [True, False, True, True, False]


def test_equal_rows_are_on_the_front_together():
    assert pareto_front(np.zeros((7, 3))).all()


def test_rows_with_missing_numbers_are_not_on_the_front_and_beat_nobody():
    values = [[np.nan, 100.0], [0.0, 0.0], [-1.0, np.nan], [-1.0, -1.0]]
    assert pareto_front(values).tolist() == [False, True, False, False]
    assert not pareto_front([[np.nan]]).any()


def test_no_rows_and_no_metrics():
    assert pareto_front(np.zeros((0, 3))).shape == (0,)
    assert pareto_front(np.zeros((3, 0))).all()


def test_one_metric_leaves_the_best():
    assert pareto_front([[1.0], [3.0], [3.0], [2.0]]).tolist() == [False, True, True, False]


@given(st.data())
def test_front_of_any_table_is_that_of_comparing_everything(data):
    k = data.draw(st.integers(1, 6))
    number = st.one_of(st.integers(-3, 0).map(float), st.floats(-2, 0), st.just(float("nan")))
    values = data.draw(st.lists(st.lists(number, min_size=k, max_size=k), max_size=30))
    table = np.array(values, dtype=float).reshape(len(values), k)
    assert pareto_front(table).tolist() == brute_force(table)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_front_of_more_rows_than_one_block_is_that_of_comparing_everything(k):
    rng = np.random.default_rng(k)
    values = np.round(rng.normal(size=(700, k)), 1)
    values[::7] = np.minimum(values[::7], 0.0)
    assert pareto_front(values).tolist() == brute_force(values)


def test_front_of_a_whole_source_beats_everything_else():
    """95,000 rows: no member beats another, and each other row is beaten by a member."""
    values = -np.random.default_rng(2).exponential(0.1, (95_000, 5))
    front = pareto_front(values)
    members = values[front]
    assert 100 < len(members) < 5_000
    for row in members[::10]:
        assert not ((members >= row).all(axis=1) & (members > row).any(axis=1)).any()
    for row in values[~front][::500]:
        assert ((members >= row).all(axis=1) & (members > row).any(axis=1)).any()
