"""The compiled linear program against HiGHS, on random and on degenerate problems."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from interscreen.engine import walk as certified
from interscreen.engine.walk import compiled_kernel, lowest_energy, walk_line
from interscreen.errors import SolverError

compiled = compiled_kernel()
GENERIC = 0.4472135954999579
ACCURACY = 1e-9


def compositions(rng, m, n, whole):
    """``n`` columns with two to five of ``m`` elements each; whole numbers give exact ties."""
    columns = np.zeros((m, n))
    for j in range(n):
        chosen = rng.choice(m, size=min(m, int(rng.integers(2, 6))), replace=False)
        columns[chosen, j] = (
            rng.integers(1, 9, len(chosen)) if whole else rng.random(len(chosen)) + 1e-3
        )
    return columns / columns.sum(axis=0)


def problem(kind, m, n, seed):
    """Columns (identity first) and costs of one kind of problem."""
    rng = np.random.default_rng(seed)
    compounds = compositions(rng, m, n, whole=kind != "dense")
    costs = -4.0 * rng.random(n)
    if kind == "dense":
        compounds = rng.dirichlet(np.ones(m), n).T
    elif kind == "quantised":  # energies quoted to 0.1 eV: many exact ties
        costs = -np.round(4.0 * rng.random(n), 1)
    elif kind == "one plane":  # every phase on one facet: every reduced cost is zero
        costs = (-3.0 * rng.random(m)) @ compounds
    elif kind == "nearly one plane":
        costs = (-3.0 * rng.random(m)) @ compounds + rng.choice([0.0, 0.0, 1e-3], n)
    elif kind == "all alike":
        costs = np.full(n, -1.0)
    elif kind == "tiny energies":
        costs *= 1e-5
    columns = np.column_stack([np.eye(m), compounds])
    costs = np.concatenate([np.zeros(m), costs])
    if kind == "twins":  # the same phase twice
        twice = rng.integers(0, columns.shape[1], n // 2 + 1)
        columns = np.column_stack([columns, columns[:, twice]])
        costs = np.append(costs, costs[twice])
    elif kind == "near twins":  # energies that differ by less than any tolerance, or just not
        twice = rng.integers(m, columns.shape[1], n // 2 + 1)
        shift = rng.choice([1e-9, 1e-11, 1e-13, -1e-12], len(twice))
        columns = np.column_stack([columns, columns[:, twice]])
        costs = np.append(costs, costs[twice] + shift)
    elif kind == "on tie lines":  # phases that are exactly a mixture of two others
        pairs = rng.integers(0, columns.shape[1], (n // 2 + 1, 2))
        share = rng.choice([0.5, 0.25, 0.2, 1 / 3], len(pairs))
        columns = np.column_stack(
            [columns, columns[:, pairs[:, 0]] * share + columns[:, pairs[:, 1]] * (1 - share)]
        )
        costs = np.append(costs, costs[pairs[:, 0]] * share + costs[pairs[:, 1]] * (1 - share))
    return np.ascontiguousarray(columns), costs


def ends(kind, columns, seed):
    """Two end points of a line."""
    rng = np.random.default_rng(seed + 1)
    m, n = columns.shape
    a, b = columns[:, rng.integers(n)], columns[:, rng.integers(n)]
    if kind == "inside":
        a, b = rng.dirichlet(np.ones(m)), rng.dirichlet(np.ones(m))
    elif kind == "element":
        a = columns[:, rng.integers(m)]
    elif kind == "two elements":
        a, b = columns[:, 0], columns[:, 1]
    elif kind == "faces":
        points = []
        for _ in range(2):
            point = rng.dirichlet(np.ones(m)) * (rng.random(m) < 0.5)
            points.append(point / point.sum() if point.sum() else columns[:, 0])
        a, b = points
    elif kind == "equal":
        a = b
    elif kind == "collinear":
        a = 0.75 * a + 0.25 * b
    return a, b


def check_walk(columns, costs, b0, d, walk, cheapest, ts):
    """Everything a walk claims, at given places of the line."""
    finite = walk.slope[np.isfinite(walk.slope)]
    assert np.all(np.diff(walk.t) > 0)
    assert np.all(np.diff(finite) >= -1e-12), "the energy must be convex"
    for k, t in enumerate(walk.t):
        made = columns[:, walk.phases[k]] @ walk.amounts[k]
        np.testing.assert_allclose(made, b0 + t * d, atol=ACCURACY)
        assert costs[walk.phases[k]] @ walk.amounts[k] == pytest.approx(
            walk.energy[k], abs=ACCURACY
        )
        assert np.all(walk.amounts[k] >= 0)
    if len(walk.t) > 1:
        np.testing.assert_allclose(
            np.diff(walk.energy), walk.slope[: len(walk.t) - 1] * np.diff(walk.t), atol=ACCURACY
        )
    assert np.min(costs - walk.potentials @ columns) >= -ACCURACY, "a phase lies below the hull"
    for t in ts:
        if t > walk.t[-1]:
            energy = walk.energy[-1] + (t - walk.t[-1]) * walk.slope[-1]
        else:
            energy = np.interp(t, walk.t, walk.energy)
        assert energy == pytest.approx(cheapest(columns, costs, b0 + t * d), abs=ACCURACY)


NONE = np.empty(0, dtype=np.int64)  # no guess
KINDS = [
    "dense", "whole numbers", "quantised", "one plane", "nearly one plane", "all alike",
    "tiny energies", "twins", "near twins", "on tie lines",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("m", "n"), [(2, 6), (3, 20), (5, 120), (8, 300), (12, 600)])
def test_every_point_of_a_line_agrees_with_highs(kind, m, n, cheapest):
    places = ["inside", "phases", "element", "two elements", "faces", "equal", "collinear"]
    for number, place in enumerate(places):
        seed = 1000 * m + 10 * number
        columns, costs = problem(kind, m, n, seed)
        a, b = ends(place, columns, seed)
        walk = walk_line(
            columns, costs, b, a - b, start=GENERIC, low=0.0, high=1.0, keep_start=False
        )
        assert walk.t[0] == 0.0
        assert walk.t[-1] == 1.0
        grid = np.append(np.linspace(0, 1, 5), np.random.default_rng(seed).random(3))
        check_walk(columns, costs, b, a - b, walk, cheapest, grid)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [2, 4, 7, 12])
def test_a_ray_along_one_element_agrees_with_highs(kind, m, cheapest):
    for seed in range(3):
        columns, costs = problem(kind, m, 40 * m, 77 * m + seed)
        start = columns[:, np.random.default_rng(seed).integers(columns.shape[1])]
        direction = np.eye(m)[0]
        walk = walk_line(
            columns, costs, start, direction, start=0.0, low=-start[0], high=float("inf")
        )
        assert walk.t[walk.start] == 0.0
        assert walk.t[0] == pytest.approx(-start[0], abs=1e-15)
        # the element itself ends the ray: beyond the last point nothing changes any more
        assert walk.slope[-1] == pytest.approx(0.0, abs=1e-12)
        grid = np.concatenate([np.linspace(-start[0], 1.5, 6), [10.0]])
        check_walk(columns, costs, start, direction, walk, cheapest, grid)


def test_kinks_are_where_the_slope_changes_and_nowhere_else():
    columns = np.array([[1.0, 0.0, 0.5, 0.25], [0.0, 1.0, 0.5, 0.75]])
    costs = np.array([0.0, 0.0, -1.0, -0.5])  # the last one lies exactly on a tie line
    b = np.array([0.0, 1.0])
    walk = walk_line(
        columns, costs, b, np.array([1.0, -1.0]), start=GENERIC, low=0.0, high=1.0, keep_start=False
    )
    np.testing.assert_allclose(walk.t, [0.0, 0.5, 1.0], atol=1e-15)
    np.testing.assert_allclose(walk.energy, [0.0, -1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(walk.slope[:2], [-2.0, 2.0], atol=1e-12)
    costs[3] = -0.5 - 1e-6  # now it counts
    walk = walk_line(
        columns, costs, b, np.array([1.0, -1.0]), start=GENERIC, low=0.0, high=1.0, keep_start=False
    )
    np.testing.assert_allclose(walk.t, [0.0, 0.25, 0.5, 1.0], atol=1e-12)


def test_the_start_is_kept_on_request_even_without_a_kink():
    columns, costs = problem("dense", 4, 0, 0)
    b = np.full(4, 0.25)
    d = np.array([0.1, -0.1, 0.0, 0.0])
    kept = walk_line(columns, costs, b, d, start=0.5, low=0.0, high=1.0)
    assert kept.t.tolist() == [0.0, 0.5, 1.0]
    assert kept.start == 1
    dropped = walk_line(columns, costs, b, d, start=0.5, low=0.0, high=1.0, keep_start=False)
    assert dropped.t.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("m", [1, 2, 6, 12])
def test_the_elements_alone_have_energy_zero(m):
    b = np.random.default_rng(m).dirichlet(np.ones(m))
    point = lowest_energy(np.eye(m), np.zeros(m), b)
    assert point.energy == 0.0
    assert np.all(point.potentials == 0.0)


@pytest.mark.parametrize("m", [2, 5, 9, 12])
def test_one_composition_is_solved_with_chemical_potentials_that_prove_it(m, cheapest):
    columns, costs = problem("whole numbers", m, 60 * m, 5 * m)
    b = np.random.default_rng(m).dirichlet(np.ones(m))
    point = lowest_energy(columns, costs, b)
    assert point.energy == pytest.approx(cheapest(columns, costs, b), abs=ACCURACY)
    assert point.potentials @ b == pytest.approx(point.energy, abs=ACCURACY)
    assert np.min(costs - point.potentials @ columns) >= -ACCURACY


def test_the_walk_does_not_depend_on_where_it_starts():
    columns, costs = problem("whole numbers", 6, 300, 11)
    a, b = ends("phases", columns, 11)
    energies = []
    for start in (0.0, 0.1, GENERIC, 0.9, 1.0):
        walk = walk_line(columns, costs, b, a - b, start=start, low=0.0, high=1.0, keep_start=False)
        energies.append(np.interp(np.linspace(0, 1, 33), walk.t, walk.energy))
    for other in energies[1:]:
        np.testing.assert_allclose(other, energies[0], atol=ACCURACY)


def test_the_walk_does_not_depend_on_the_order_of_the_phases():
    columns, costs = problem("on tie lines", 6, 200, 3)
    a, b = ends("phases", columns, 3)
    order = np.concatenate([np.arange(6), 6 + np.random.default_rng(0).permutation(len(costs) - 6)])
    one = walk_line(columns, costs, b, a - b, start=GENERIC, low=0.0, high=1.0, keep_start=False)
    other = walk_line(
        columns[:, order], costs[order], b, a - b, start=GENERIC, low=0.0, high=1.0,
        keep_start=False,
    )  # fmt: skip
    np.testing.assert_allclose(one.t, other.t, atol=ACCURACY)
    np.testing.assert_allclose(one.energy, other.energy, atol=ACCURACY)


# -- certificates and fallbacks ------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_careful_mode_gives_the_same_answer(kind):
    columns, costs = problem(kind, 7, 150, 21)
    a, b = (end.copy() for end in ends("phases", columns, 21))
    results = []
    for careful in (False, True):
        answer = compiled.walk_line(columns, costs, b, a - b, GENERIC, 0.0, 1.0, 128, careful, NONE)
        status, first, _, last, ts, energies = answer[:6]
        lowest, imbalance = answer[10:12]
        assert status == compiled.OK
        assert lowest >= -ACCURACY
        assert imbalance <= ACCURACY
        points = slice(first, last + 1)
        results.append(np.interp(np.linspace(0, 1, 33), ts[points], energies[points]))
    np.testing.assert_allclose(results[0], results[1], atol=ACCURACY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_guess_makes_the_way_shorter_and_no_other_answer(kind):
    columns, costs = problem(kind, 7, 150, 21)
    a, b = (end.copy() for end in ends("phases", columns, 21))
    line = (b, a - b, GENERIC)
    ways = {
        "none": NONE,
        "best": compiled.first_basis(columns, costs, *line),
        "of other energies": compiled.first_basis(columns, 0.9 * costs + 0.01, *line),
        "singular": np.zeros(7, dtype=np.int64),
        "of another composition": compiled.first_basis(columns, costs, b[::-1].copy(), a - b, 0.0),
    }
    found, pivots = {}, {}
    for name, guess in ways.items():
        answer = compiled.walk_line(columns, costs, *line, 0.0, 1.0, 128, False, guess)
        status, first, _, last, ts, energies = answer[:6]
        assert status == compiled.OK
        assert answer[10] >= -ACCURACY
        points = slice(first, last + 1)
        found[name] = np.interp(np.linspace(0, 1, 33), ts[points], energies[points])
        pivots[name] = answer[12]
        np.testing.assert_allclose(found[name], found["none"], atol=ACCURACY)
    assert pivots["best"] <= pivots["none"]


@pytest.fixture(scope="module")
def plain():
    """The same functions in plain Python, as a short process uses them."""
    spec = spec_from_file_location("interscreen.engine.plain_kernel", compiled.__file__)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not hasattr(module.walk_line, "py_func")
    return module


@pytest.mark.parametrize("kind", KINDS)
def test_plain_python_walks_as_compiled_code_does(kind, plain):
    columns, costs = problem(kind, 5, 60, 4)
    a, b = (end.copy() for end in ends("phases", columns, 4))
    answers = []
    for kernel in (plain, compiled):
        with np.errstate(all="ignore"):
            answer = kernel.walk_line(columns, costs, b, a - b, GENERIC, 0.0, 1.0, 128, False, NONE)
        status, first, _, last, ts, energies = answer[:6]
        assert status == compiled.OK
        assert answer[10] >= -ACCURACY
        points = slice(first, last + 1)
        answers.append(np.interp(np.linspace(0, 1, 33), ts[points], energies[points]))
    np.testing.assert_allclose(answers[0], answers[1], atol=ACCURACY)


def test_more_kinks_than_there_is_room_for_are_walked_again_with_more_room(monkeypatch):
    columns, costs = problem("dense", 4, 300, 2)
    a, b = np.array([0.7, 0.1, 0.1, 0.1]), np.array([0.1, 0.1, 0.1, 0.7])
    line = {"start": GENERIC, "low": 0.0, "high": 1.0, "keep_start": False}
    roomy = walk_line(columns, costs, b, a - b, **line)
    assert len(roomy.t) > 5
    monkeypatch.setattr(certified, "_ROOM", 1)
    tight = walk_line(columns, costs, b, a - b, **line)
    np.testing.assert_allclose(tight.t, roomy.t, atol=ACCURACY)
    np.testing.assert_allclose(tight.energy, roomy.energy, atol=ACCURACY)


def test_what_cannot_be_certified_raises(monkeypatch):
    columns, costs = problem("dense", 4, 40, 2)
    b = np.full(4, 0.25)
    monkeypatch.setattr(certified, "CERTIFIED", -1.0)
    with pytest.raises(SolverError, match="44 phases of 4 elements could not be certified"):
        lowest_energy(columns, costs, b)


def test_a_line_that_leaves_the_compositions_raises():
    columns, costs = problem("dense", 4, 40, 2)
    b, d = np.full(4, 0.25), np.array([1.0, -1.0, 0.0, 0.0])
    with pytest.raises(SolverError, match="leaves the compositions"):
        walk_line(columns, costs, b, d, start=0.0, low=0.0, high=1.0)
    with pytest.raises(SolverError, match="leaves the compositions"):
        walk_line(columns, costs, b, d, start=0.0, low=0.0, high=float("inf"))


def test_a_negative_amount_in_the_composition_raises():
    columns, costs = problem("dense", 4, 40, 2)
    with pytest.raises(SolverError, match="could not be certified"):
        lowest_energy(columns, costs, np.array([-1e-6, 0.3, 0.3, 0.4]))


@pytest.mark.parametrize("place", ["cost of an element", "cost of a phase", "composition", "line"])
def test_a_number_that_is_none_raises_and_is_never_certified(place):
    columns, costs = problem("dense", 4, 40, 2)
    b, d = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.1, 0.1, -0.1, -0.1])
    if place == "cost of an element":
        costs[1] = np.nan
    elif place == "cost of a phase":
        costs[9] = np.nan
    elif place == "composition":
        b[2] = np.nan
    else:
        d[2] = np.nan
    with pytest.raises(SolverError):
        walk_line(columns, costs, b, d, start=GENERIC, low=0.0, high=1.0)


def test_ctrl_c_inside_compiled_code_stays_a_keyboard_interrupt(monkeypatch):
    """CPython reports it as a SystemError with the interrupt as its cause."""

    def interrupted(*arguments):
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

    columns, costs = np.eye(2), np.zeros(2)
    certified.walk_line(columns, costs, np.ones(2), np.zeros(2), start=0, low=0, high=0)
    monkeypatch.setattr(certified._warm[0], "walk_line", interrupted)
    with pytest.raises(KeyboardInterrupt):
        certified.walk_line(columns, costs, np.ones(2), np.zeros(2), start=0, low=0, high=0)
