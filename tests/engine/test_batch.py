"""Many walks at once against the single ones, the one-pair functions and HiGHS."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import interscreen
from interscreen import lithiate, react, stability_window
from interscreen.engine import batch
from interscreen.engine.batch import START, Problem, Sparse, mutual_minima, row_lines
from interscreen.engine.walk import walk_line
from interscreen.phases.material import compose

ACCURACY = 1e-9  # eV/atom, V and atom fractions
LITHIUM = 0  # its row in the problems below
KINDS = ["dense", "whole numbers", "quantised", "on tie lines", "all alike", "coexisting"]


def problem(kind, m, n, seed):
    """Columns (identity first) and costs; whole numbers and round energies give exact ties."""
    rng = np.random.default_rng([seed, m])
    if kind == "dense":
        compounds = rng.dirichlet(np.ones(m), n).T
    else:
        compounds = rng.integers(0, 5, (m, n)) * (rng.random((m, n)) < 0.6)
        one = rng.integers(0, m, n)
        compounds[one, np.arange(n)] += 1
        compounds[(one + 1 + rng.integers(0, m - 1, n)) % m, np.arange(n)] += 1  # no bare element
        compounds = compounds / compounds.sum(axis=0)
    costs = -3.0 * rng.random(n)
    if kind == "quantised":
        costs = np.round(costs, 1)
    elif kind == "all alike":
        costs = np.full(n, -1.0)
    elif kind == "coexisting":  # all on one plane: nothing reacts with anything
        costs = -2.0 * rng.random(m) @ compounds
    elif kind == "on tie lines":
        one, other = rng.integers(0, n, (2, n // 2))
        share = rng.choice([0.5, 0.25, 1 / 3], n // 2)
        between = compounds[:, one] * share + compounds[:, other] * (1.0 - share)
        compounds = np.column_stack([compounds, between])
        costs = np.append(costs, costs[one] * share + costs[other] * (1.0 - share))
    return (
        np.ascontiguousarray(np.column_stack([np.eye(m), compounds])),
        np.concatenate([np.zeros(m), costs]),
    )


def compositions(columns, second, seed):
    """Everything that may stand on the other side: degenerate cases first."""
    m, n = columns.shape
    rng = np.random.default_rng(seed)
    without = rng.dirichlet(np.ones(m))
    without[LITHIUM] = 0.0
    firsts = [
        second,
        columns[:, LITHIUM],  # nothing but Li
        columns[:, m - 1],  # another element
        0.75 * columns[:, n - 1] + 0.25 * second,  # on the line from a phase to the second
        without / without.sum(),
        *columns[:, rng.integers(0, n, 6)].T,
        *rng.dirichlet(np.ones(m), 3),
    ]
    return np.array(firsts)


def asked(columns, costs, firsts):
    """Problem, compositions, and one question about each, as the loops take them."""
    count = len(firsts)
    questions = np.arange(count), np.zeros(count, dtype=np.int64)
    return Problem.of_dense(columns, costs), Sparse.of_dense(np.asarray(firsts)), *questions


def renamed(names, columns):
    """Numbers of the full matrix, which has the pure rows in front; the first for nothing."""
    m, n = columns.shape
    return np.where(names < 0, 0, np.where(names < n - m, names + m, names - (n - m)))


def pairs(columns, costs, firsts, second):
    found = mutual_minima(*asked(columns, costs, firsts), second)
    return replace(found, phases=renamed(found.phases, columns))


def lines(columns, costs, firsts, row=LITHIUM):
    found = row_lines(*asked(columns, costs, firsts), row)
    return replace(found, phases=renamed(found.phases, columns), met=renamed(found.met, columns))


def check_equilibria(columns, costs, wanted, phases, amounts, energies):
    """Amounts balance, none is negative, and together they have the energy they claim."""
    assert amounts.min(initial=0.0) >= -ACCURACY
    for one, total in enumerate(wanted):
        made = columns[:, phases[one]] @ amounts[one]
        np.testing.assert_allclose(made, total, atol=ACCURACY)
        assert costs[phases[one]] @ amounts[one] == pytest.approx(energies[one], abs=ACCURACY)


# -- pairs ------------------------


def single_pair(columns, costs, first, second):
    """Walk and mutual energies at its points, as ``reactions`` computes them."""
    walk = walk_line(
        columns, costs, second, first - second, start=START, low=0.0, high=1.0, keep_start=False
    )
    return walk, walk.energy - walk.t * walk.energy[-1] - (1.0 - walk.t) * walk.energy[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("m", "n"), [(2, 6), (4, 60), (8, 250)])
def test_pairs_have_the_minimum_of_their_own_walk(kind, m, n):
    for seed in range(3):
        columns, costs = problem(kind, m, n, seed)
        second = columns[:, n - 3] if seed else np.full(m, 1.0 / m)
        firsts = compositions(columns, second, seed)
        found = pairs(columns, costs, firsts, second)
        assert found.solved.all()
        reached = []
        for one, first in enumerate(firsts):
            walk, mutual = single_pair(columns, costs, first, second)
            assert found.mutual[one] == pytest.approx(mutual.min(), abs=ACCURACY)
            assert found.hull[one] == pytest.approx(walk.energy[-1], abs=ACCURACY)
            # of equal minima any one will do, but it must be one
            there = np.interp(found.mixing[one], walk.t, mutual)
            assert there == pytest.approx(mutual.min(), abs=ACCURACY)
            reached.append(np.interp(found.mixing[one], walk.t, walk.energy))
        x = found.mixing[:, None]
        wanted = x * firsts + (1.0 - x) * second
        check_equilibria(columns, costs, wanted, found.phases, found.amounts, reached)


@pytest.mark.parametrize("kind", ["dense", "whole numbers", "on tie lines"])
def test_pairs_agree_with_highs(kind, cheapest):
    columns, costs = problem(kind, 5, 80, 11)
    second = columns[:, 20]
    firsts = compositions(columns, second, 11)
    found = pairs(columns, costs, firsts, second)
    end = cheapest(columns, costs, second)
    for one, first in enumerate(firsts):
        hull = cheapest(columns, costs, first)
        assert found.hull[one] == pytest.approx(hull, abs=ACCURACY)

        def mutual(x, first=first, hull=hull):
            both = cheapest(columns, costs, x * first + (1.0 - x) * second)
            return both - x * hull - (1.0 - x) * end

        assert mutual(found.mixing[one]) == pytest.approx(found.mutual[one], abs=ACCURACY)
        for x in np.linspace(0.0, 1.0, 9):
            assert mutual(x) >= found.mutual[one] - ACCURACY


def test_what_coexists_has_a_mutual_energy_of_exactly_zero():
    columns, costs = problem("dense", 4, 40, 3)
    second = columns[:, 17]
    alone = pairs(columns, costs, second[None, :], second)
    assert alone.mutual.tolist() == [0.0]
    plane, on_it = problem("coexisting", 4, 40, 3)
    found = pairs(plane, on_it, plane.T[10:30], plane[:, 5])
    assert found.solved.all()
    assert np.abs(found.mutual).max() < 1e-12


# -- lithium ------------------------


def single_line(columns, costs, composition):
    """Walk of a composition that takes up or gives off Li."""
    return walk_line(
        columns, costs, composition, columns[:, LITHIUM],
        start=0.0, low=-float(composition[LITHIUM]), high=float("inf"),
    )  # fmt: skip


def voltage(walk, interval):
    value = -float(walk.slope[interval])
    return value if value > 1e-9 else 0.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("m", "n"), [(2, 6), (4, 60), (8, 250)])
def test_lithium_lines_have_the_limits_and_the_end_of_their_own_walk(kind, m, n):
    for seed in range(3):
        columns, costs = problem(kind, m, n, seed)
        given = compositions(columns, columns[:, n - 3], seed)
        found = lines(columns, costs, given)
        assert found.solved.all()
        for one, composition in enumerate(given):
            walk = single_line(columns, costs, composition)
            start = walk.start
            assert found.hull[one] == pytest.approx(walk.energy[start], abs=ACCURACY)
            assert found.reduction[one] == pytest.approx(voltage(walk, start), abs=ACCURACY)
            assert np.isnan(found.oxidation[one]) == (start == 0)
            assert (start == 0) == (composition[LITHIUM] == 0.0), "there is no Li to give off"
            if start:
                assert found.oxidation[one] == pytest.approx(voltage(walk, start - 1), abs=ACCURACY)
            end = start
            while end < len(walk.t) - 1 and voltage(walk, end):
                end += 1
            assert found.uptake[one] == pytest.approx(walk.t[end], abs=ACCURACY)
            assert (found.uptake[one] > 0.0) == (found.reduction[one] > 0.0)
            assert found.final[one] == pytest.approx(walk.energy[end], abs=ACCURACY)
        wanted = given + found.uptake[:, None] * columns[:, LITHIUM]
        check_equilibria(columns, costs, wanted, found.phases, found.amounts, found.final)


@pytest.mark.parametrize("kind", ["dense", "whole numbers", "on tie lines"])
def test_lithium_lines_agree_with_highs(kind, cheapest):
    columns, costs = problem(kind, 5, 80, 12)
    given = compositions(columns, columns[:, 20], 12)
    found = lines(columns, costs, given)
    lithium = columns[:, LITHIUM]
    for one, composition in enumerate(given):
        hull = cheapest(columns, costs, composition)
        end = cheapest(columns, costs, composition + found.uptake[one] * lithium)
        assert found.hull[one] == pytest.approx(hull, abs=ACCURACY)
        assert found.final[one] == pytest.approx(end, abs=ACCURACY)
        # more Li gains nothing, and none less would have been enough
        assert cheapest(columns, costs, composition + (found.uptake[one] + 1.0) * lithium) == (
            pytest.approx(end, abs=ACCURACY)
        )
        if found.uptake[one]:
            before = cheapest(columns, costs, composition + 0.999 * found.uptake[one] * lithium)
            assert before > end + 1e-8
            # the voltage is what a little Li gains
            little = 1e-4 * found.uptake[one]
            gained = hull - cheapest(columns, costs, composition + little * lithium)
            assert found.reduction[one] == pytest.approx(gained / little, abs=1e-4)


def test_lithium_itself_is_stable_against_lithium():
    columns, costs = problem("dense", 4, 40, 5)
    found = lines(columns, costs, np.eye(4)[:1])
    assert found.reduction.tolist() == [0.0]
    assert found.oxidation.tolist() == [0.0]
    assert found.uptake.tolist() == [0.0]
    assert found.final.tolist() == [0.0]


# -- the same through the public functions ------------------------


@pytest.fixture(scope="module")
def made_up(make_table):
    """A table of four elements and Li with seeded energies, round ones among them."""
    rng = np.random.default_rng(42)
    symbols = ["Li", "Al", "Cu", "O", "F"]
    phases = dict.fromkeys(symbols, 0.0)
    for number in range(90):
        chosen = rng.choice(5, size=int(rng.integers(2, 5)), replace=False)
        amounts = rng.integers(1, 5, len(chosen))
        formula = "".join(f"{symbols[i]}{a}" for i, a in zip(chosen, amounts, strict=True))
        phases[formula] = round(-2.0 * rng.random(), 1 if number % 3 else 9)
    return make_table(phases)


def test_made_up_tables_have_the_answers_of_react_window_and_lithiate(made_up):
    system = made_up.within({"Li", "Al", "Cu", "O", "F"})
    row = system.elements.index("Li")
    rng = np.random.default_rng(1)
    inside = {system.name(j): column for j, column in enumerate(system.columns.T)}
    names = sorted(inside)
    assert {"Li", "Cu", "O2"} < set(names)
    firsts = np.array([inside[name] for name in names])
    reacting = 0
    for second in (*rng.choice(names, 6, replace=False), "Li", "Cu"):
        found = pairs(system.columns, system.energies, firsts, inside[second])
        assert found.solved.all()
        for one, first in enumerate(names):
            reaction = react(made_up, first, str(second))
            reacting += reaction.mixing_fraction is not None
            assert found.mutual[one] == pytest.approx(
                reaction.min_mutual_energy_eV_per_atom, abs=1e-8
            )
            if reaction.min_mutual_energy_eV_per_atom < -1e-6:
                equal = [
                    kink
                    for kink in reaction.kinks
                    if abs(kink.mixing_fraction - found.mixing[one]) < 1e-6
                ]
                assert len(equal) == 1
                assert equal[0].mutual_energy_eV_per_atom == pytest.approx(
                    found.mutual[one], abs=ACCURACY
                )
                products = {
                    system.name(int(phase))
                    for phase, amount in zip(found.phases[one], found.amounts[one], strict=True)
                    if amount > 1e-6
                }
                assert products == set(equal[0].products)
    assert reacting > 200
    line = lines(system.columns, system.energies, firsts, row)
    assert line.solved.all()
    for one, name in enumerate(names):
        window, path = stability_window(made_up, name), lithiate(made_up, name)
        reduction, oxidation = window.assemblage_window_V
        assert line.reduction[one] == pytest.approx(reduction, abs=ACCURACY)
        assert line.oxidation[one] == pytest.approx(
            np.nan if oxidation is None else oxidation, abs=ACCURACY, nan_ok=True
        )
        steps = path.steps
        taken = steps[-1].li_per_formula_end - steps[0].li_per_formula_start if steps else 0.0
        atoms = float(compose(name).n_atoms)
        assert line.uptake[one] * atoms == pytest.approx(taken, abs=ACCURACY)
        left = {
            system.name(int(phase))
            for phase, amount in zip(line.phases[one], line.amounts[one], strict=True)
            if amount > 1e-6
        }
        assert left == set(path.final_products)


# -- samples, owners, threads, and what is not certified ------------------------


def bound(problem, firsts, **questions):
    """Answers of both kinds to the same questions."""
    second = np.full(problem.rows, 1.0 / problem.rows)
    given = (problem, firsts, questions["of"], questions["sample"])
    jobs = questions.get("jobs", 1)
    return (
        mutual_minima(*given, second, jobs=jobs),
        row_lines(*given, LITHIUM, jobs=jobs),
    )


def test_samples_are_answered_together_as_each_alone_and_in_any_number_of_threads():
    columns, costs = problem("whole numbers", 5, 80, 6)
    firsts = Sparse.of_dense(columns.T[10:50])
    rng = np.random.default_rng(8)
    one = Problem.of_dense(columns, costs)
    several = replace(one, costs=one.costs + rng.normal(0.0, 0.02, (6, one.costs.shape[1])))
    of, sample = np.repeat(np.arange(40), 6), np.tile(np.arange(6), 40)
    together = bound(several, firsts, of=of, sample=sample)
    for number in range(6):
        costs[5:] = several.costs[number]
        alone = bound(
            Problem.of_dense(columns, costs), firsts, of=np.arange(40), sample=np.zeros(40, int)
        )
        # pairs begin where those of the first sample ended: another way to the same minimum
        mine, theirs = (found[0] for found in (together, alone))
        for name in ("solved", "mutual", "mixing", "hull"):
            one, other = getattr(mine, name)[number::6], getattr(theirs, name)
            np.testing.assert_allclose(one, other, rtol=0.0, atol=1e-12)
        for name, values in vars(alone[1]).items():
            np.testing.assert_array_equal(getattr(together[1], name)[number::6], values)
    threads = bound(several, firsts, of=of, sample=sample, jobs=2)
    for mine, theirs in zip(together, threads, strict=True):
        for name, values in vars(theirs).items():
            np.testing.assert_array_equal(getattr(mine, name), values)


def test_a_column_with_an_owner_takes_part_in_the_questions_of_its_owner_only():
    columns = np.column_stack([np.eye(2), [0.5, 0.5]])
    found = Problem.of_dense(columns, np.array([0.0, 0.0, -1.0]))
    mine = replace(found, columns=replace(found.columns, owner=np.array([7])))
    firsts = replace(Sparse.of_dense(np.eye(2)), owner=np.array([7, 3]))
    of, sample = np.array([0, 1]), np.zeros(2, dtype=np.int64)
    second = np.array([0.5, 0.5])
    assert mutual_minima(mine, firsts, of, sample, second).hull.tolist() == [0.0, 0.0]
    halves = replace(Sparse.of_dense(np.array([second, second])), owner=np.array([7, 3]))
    assert row_lines(mine, halves, of, sample, 0).hull.tolist() == [-1.0, 0.0]
    as_owner = mutual_minima(mine, firsts, of, sample, np.eye(2)[1], second_owner=7)
    assert as_owner.mutual.tolist() == [-1.0, 0.0]
    assert mutual_minima(mine, firsts, of, sample, np.eye(2)[0]).mutual.tolist() == [0.0, 0.0]


def test_what_is_added_counts_as_part_of_the_first():
    columns, costs = problem("dense", 4, 60, 9)
    firsts, second = columns.T[20:30], columns[:, 40]
    added = np.linspace(0.1, 2.0, len(firsts))
    found = mutual_minima(*asked(columns, costs, firsts), second, added=added, row=LITHIUM)
    more = firsts + added[:, None] * np.eye(4)[LITHIUM]
    right = pairs(columns, costs, more / more.sum(axis=1)[:, None], second)
    np.testing.assert_allclose(found.mutual, right.mutual, atol=ACCURACY)
    np.testing.assert_allclose(found.mixing, right.mixing, atol=ACCURACY)


def test_a_trace_that_is_added_in_one_sample_only_has_a_system_of_its_own():
    columns, costs = problem("dense", 4, 40, 3)
    several = Problem.of_dense(columns, costs)
    several = replace(several, costs=np.repeat(several.costs, 4, axis=0))
    first = np.array([[0.5, 0.5, 0.0, 0.0]])
    second, of = np.array([0.5, 0.0, 0.5, 0.0]), np.zeros(4, int)
    found = mutual_minima(
        several, Sparse.of_dense(first), of, np.arange(4), second,
        added=np.array([0.0, 0.0, 1e-12, 0.0]), row=3,
    )  # fmt: skip
    assert found.solved.all()
    np.testing.assert_allclose(found.mutual, found.mutual[0], atol=1e-9)


def test_more_than_64_rows_are_told_apart():
    """The same small system in the first rows and far behind."""
    columns, costs = problem("whole numbers", 4, 40, 3)
    right, right_line = pairs(columns, costs, columns.T[4:], columns[:, 9]), lines(
        columns, costs, columns.T[4:]
    )  # fmt: skip
    rows = np.array([2, 63, 64, 99])
    wide = np.zeros((100, 100 + 40))
    wide[:, :100] = np.eye(100)
    wide[np.ix_(rows, np.arange(100, 140))] = columns[:, 4:]
    far = np.concatenate([np.zeros(100), costs[4:]])
    found = pairs(wide, far, wide.T[100:], wide[:, 105])
    np.testing.assert_array_equal(found.mutual, right.mutual)
    line = lines(wide, far, wide.T[100:], int(rows[LITHIUM]))
    np.testing.assert_array_equal(line.uptake, right_line.uptake)
    np.testing.assert_array_equal(line.reduction, right_line.reduction)


def test_an_answer_that_cannot_be_certified_is_flagged_and_its_neighbours_are_right():
    columns, costs = problem("whole numbers", 5, 80, 4)
    second = columns[:, 30]
    firsts = columns.T[20:40].copy()
    right, line = pairs(columns, costs, firsts, second), lines(columns, costs, firsts)
    bad = firsts.copy()
    bad[3, 1] = np.nan
    bad[7, 2] = np.inf
    bad[11] = [-1e-6, 0.3, 0.3, 0.2, 0.2]  # a negative amount
    wrong = [3, 7, 11]
    others = np.setdiff1d(np.arange(len(firsts)), wrong)
    found, again = pairs(columns, costs, bad, second), lines(columns, costs, bad)
    assert np.flatnonzero(~found.solved).tolist() == wrong
    assert np.flatnonzero(~again.solved).tolist() == wrong
    for name in ("mutual", "mixing", "hull"):
        np.testing.assert_array_equal(getattr(found, name)[others], getattr(right, name)[others])
    for name in ("hull", "reduction", "oxidation", "uptake", "final"):
        np.testing.assert_array_equal(getattr(again, name)[others], getattr(line, name)[others])


@pytest.mark.parametrize("place", ["costs", "columns", "second"])
def test_a_number_that_is_none_is_never_certified(place):
    columns, costs = problem("whole numbers", 4, 30, 4)
    second = np.full(4, 0.25)
    columns[0, 10] = columns[0, 10] or 0.5
    {"costs": costs[10:], "columns": columns[0, 10:], "second": second}[place][0] = np.nan
    firsts = np.eye(4) * 0.6 + 0.1
    assert not pairs(columns, costs, firsts, second).solved.any()
    if place != "second":
        assert not lines(columns, costs, firsts).solved.any()


def test_more_kinks_than_there_is_room_for_are_walked_again_or_flagged(monkeypatch):
    columns, costs = problem("dense", 4, 300, 2)
    second, firsts = np.eye(4)[3], np.array([[0.7, 0.1, 0.1, 0.1], [0.0, 0.2, 0.3, 0.5]])
    right, line = pairs(columns, costs, firsts, second), lines(columns, costs, firsts)
    kinks = len(single_pair(columns, costs, firsts[0], second)[0].t)
    assert 3 < kinks < 32
    monkeypatch.setattr(batch, "SIZE", 4)  # the second try has eight times the room
    again = pairs(columns, costs, firsts, second)
    assert again.solved.tolist() == [True, True]
    np.testing.assert_allclose(again.mutual, right.mutual, atol=ACCURACY)
    np.testing.assert_allclose(
        lines(columns, costs, firsts).uptake, line.uptake, atol=ACCURACY
    )  # fmt: skip
    monkeypatch.setattr(batch, "SIZE", 0)
    assert pairs(columns, costs, firsts, second).solved.tolist() == [False, False]
    assert not lines(columns, costs, firsts).solved.any()


def test_nothing_to_do_gives_nothing():
    columns, costs = problem("dense", 4, 20, 2)
    none = np.empty((0, 4))
    assert pairs(columns, costs, none, columns[:, 5]).mutual.shape == (0,)
    assert len(lines(columns, costs, none).phases) == 0


def test_ctrl_c_inside_compiled_code_stays_a_keyboard_interrupt(monkeypatch):
    def interrupted(*arguments):
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

    monkeypatch.setattr(batch._kernel(), "pairs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pairs(np.eye(2), np.zeros(2), np.eye(2), np.eye(2)[0])


# -- the cache of compiled code ------------------------

# every other way to the compiled code must still work after it was compiled anew
QUESTIONS = """
import interscreen, numpy as np
from interscreen.engine.batch import Problem, Sparse, mutual_minima, row_lines
from interscreen.engine.walk import lowest_energy, walk_line
columns = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
costs = np.array([0.0, 0.0, -1.0])
given = Problem.of_dense(columns, costs), Sparse.of_dense(np.eye(2)[:1]), *np.zeros((2, 1), int)
print(interscreen.__file__)
print(mutual_minima(*given, np.eye(2)[1]).mutual[0])
print(row_lines(*given, 1).reduction[0])
print(lowest_energy(columns, costs, np.array([0.5, 0.5])).energy)
print(walk_line(
    columns, costs, np.eye(2)[1], np.array([1.0, -1.0]), start=0.4, low=0.0, high=1.0
).energy.min())
print(lowest_energy(columns, costs, np.array([0.75, 0.25])).energy)
"""
ANSWERS = [-1.0, 2.0, -1.0, -1.0, -0.5]


def ask(folder):
    """Ask the package in a folder in a process of its own; returns what it said on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS],
        capture_output=True, text=True, timeout=300, cwd=folder, check=False,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("NUMBA")},
            "PYTHONPATH": str(folder),
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    where, *answers = done.stdout.splitlines()
    assert Path(where).is_relative_to(folder), "the copy must be what was imported"
    assert [float(answer) for answer in answers] == pytest.approx(ANSWERS, abs=1e-12)
    return done.stderr


@pytest.mark.proof
def test_a_damaged_cache_of_the_loops_is_left_aside(tmp_path):
    pairs(np.eye(2), np.zeros(2), np.eye(2), np.eye(2)[0])  # fills the cache
    shutil.copytree(Path(interscreen.__file__).parent, tmp_path / "interscreen")
    cache = tmp_path / "interscreen" / "engine" / "__pycache__"
    if not list(cache.glob("batch_kernel.pairs*.nbc")):  # kept elsewhere: make one here
        ask(tmp_path)
    # one file each way: half the code, and an index that cannot be read
    codes = sorted(cache.glob("batch_kernel.pairs*.nbc"))
    indexes = sorted(cache.glob("batch_kernel.lines*.nbi"))
    assert codes
    assert indexes
    halves = {file: file.read_bytes()[: file.stat().st_size // 2] for file in codes}
    for file, half in halves.items():
        file.write_bytes(half)
    for file in indexes:
        file.write_bytes(b"garbage")
    ask(tmp_path)
    assert any(file.read_bytes() != half for file, half in halves.items()), "written anew"
    assert any(file.read_bytes() != b"garbage" for file in indexes)
