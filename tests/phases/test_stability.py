"""Energy above hull and margin: against pymatgen, HiGHS, and the hull without any shortcut."""

from __future__ import annotations

import numpy as np
import pytest

from interscreen.engine.walk import lowest_energy
from interscreen.errors import InputError
from interscreen.phases.hull import hull_phases, stability

EXACT = 1e-6  # eV/atom, against pymatgen
SAME = 2e-9  # eV/atom, two certified answers to one question
SYSTEMS = ["Li P S", "Li Cu F O", "Li La Zr O", "Al Li Ti P O", "Li N Si Zn"]


def lengths(table):
    """Number of elements of each phase."""
    return np.diff(table.indptr)


def of(table, result, formula):
    """Energy above hull and margin of a formula."""
    place = int(np.flatnonzero(table.formulas[result.rows] == formula)[0])
    return result.energy_above_hull[place], result.margin[place]


def hulls_without_shortcut(table, row, counted, solve):
    """Hull energy at a phase, with and without it, from every phase that takes part."""
    symbols = list(table.composition(row))
    fractions = table.fractions(symbols, np.arange(len(table))).T
    inside = table.rows_within(symbols)
    inside = inside[counted[inside]]
    found = []
    for members in (inside, inside[inside != row]):
        columns = np.hstack([np.eye(len(symbols)), fractions[members].T])
        costs = np.concatenate([np.zeros(len(symbols)), table.energies[members]])
        found.append(solve(columns, costs, fractions[row]))
    return found


def check_row(table, result, place, counted, solve, tolerance):
    row = int(result.rows[place])
    hull, without = hulls_without_shortcut(table, row, counted, solve)
    energy = table.energies[row]
    above, margin = result.energy_above_hull[place], result.margin[place]
    assert above == pytest.approx(energy - hull, abs=tolerance), table.formulas[row]
    assert margin == pytest.approx(without - energy, abs=tolerance), table.formulas[row]


@pytest.fixture(scope="module")
def made_up(make_table):
    """Tables with many phases close to the hull, some of them on tie lines."""

    def make(seed):
        rng = np.random.default_rng(seed)
        symbols = np.array(["Li", "P", "S", "Cl", "Zr"])
        pull = rng.uniform(0.0, 4.0, size=(5, 5))
        phases = {}
        for _ in range(70):
            counts = rng.integers(0, 5, size=5)
            counts[rng.permutation(5)[: rng.integers(1, 4)]] = 0
            if np.count_nonzero(counts) < 2:
                continue
            counts //= np.gcd.reduce(counts)
            c = counts / counts.sum()
            energy = -c @ pull @ c * rng.uniform(0.8, 1.0) + rng.choice([0.0, 0.0, 0.4])
            if seed % 3 == 0:
                energy = round(energy, 1)  # ties, zeros
            formula = "".join(f"{s}{n}" for s, n in zip(symbols, counts, strict=True) if n)
            phases.setdefault(formula, energy)
        return make_table({"P": 0.0, "S": 0.05, **phases})

    return make


# -- small cases whose answer can be seen --------------------------------------


def test_a_single_compound_is_as_stable_as_its_formation_energy(make_table):
    table = make_table({"Li3N": -0.4})
    result = stability(table)
    assert result.energy_above_hull.tolist() == [0.0]
    assert result.margin == pytest.approx([0.4], abs=1e-12)


def test_a_phase_on_a_tie_line_has_a_margin_of_exactly_zero(make_table):
    between = {"LiPO3": (1, 1), "Li3PO4": (3, 1), "Li4P2O7": (2, 1), "LiP3O8": (1, 3)}
    energies = {f: (a * 3 * -2.0 + b * 7 * -2.2) / (3 * a + 7 * b) for f, (a, b) in between.items()}
    for chosen in [*([formula] for formula in between), list(between)]:
        table = make_table({"Li2O": -2.0, "P2O5": -2.2, **{f: energies[f] for f in chosen}})
        result = stability(table)
        for formula in chosen:
            assert of(table, result, formula) == (0.0, 0.0)  # 4e-16 when nothing is rounded
            assert not np.signbit(of(table, result, formula)).any()
        assert of(table, result, "Li2O") == pytest.approx((0.0, 2.0), abs=1e-9)
        assert hull_phases(table).all()


def test_what_a_phase_on_the_hull_leaves_behind_includes_tie_lines_to_it(make_table):
    table = make_table({"LiS": -1.0, "Li3S": -0.5})
    result = stability(table)
    assert of(table, result, "Li3S") == (0.0, 0.0)
    # without LiS: 2/3 of its atoms go to Li3S, the rest is S
    assert of(table, result, "LiS") == pytest.approx((0.0, 1.0 - 0.5 * 2 / 3), abs=1e-12)


def test_a_phase_just_above_the_hull_takes_over_when_the_stable_one_goes(make_table):
    table = make_table({"Li2S": -1.0, "Li19S10": -0.95, "Li3S": -0.74})
    result = stability(table)
    assert of(table, result, "Li3S")[0] == pytest.approx(0.01, abs=1e-9)
    share = (1 / 3) / (10 / 29)  # atoms of Li19S10 in Li2S when the rest is Li
    with_li = 0.95 * share
    between = (1 / 3 - 1 / 4) / (10 / 29 - 1 / 4)  # when the rest is Li3S
    with_li3s = 0.95 * between + 0.74 * (1 - between)
    assert of(table, result, "Li2S")[1] == pytest.approx(1.0 - max(with_li, with_li3s), abs=1e-9)


def test_positive_formation_energies_lie_above_a_hull_of_zero(make_table):
    table = make_table({"Cu3N": 0.19, "Li3N": -0.4, "LiCuN": 0.1})
    result = stability(table)
    assert of(table, result, "Cu3N") == pytest.approx((0.19, -0.19), abs=1e-12)
    # Li is scarce: with all of it 4 of 9 atoms are in Li3N, the rest are Cu and N
    above, margin = of(table, result, "LiCuN")
    assert above == pytest.approx(0.1 + 0.4 * (4 / 9), abs=1e-9)
    assert margin == -above
    assert hull_phases(table).tolist() == [False, True, False]


def test_a_compound_at_zero_where_nothing_is_stable_is_just_on_the_hull(make_table):
    table = make_table({"LiMg": 0.0, "LiNa": 0.1})
    assert of(table, stability(table), "LiMg") == (0.0, 0.0)


@pytest.mark.parametrize("takes_part", [True, False])
def test_elements_are_their_own_reference(make_table, takes_part):
    table = make_table({"Li": 0.0, "S": 0.25, "Li2S": -1.5, "P4S3": -0.3})
    counted = np.array([takes_part, takes_part, True, True])
    result = stability(table, counted=counted)
    assert of(table, result, "Li") == (0.0, np.inf)
    assert of(table, result, "S") == (0.25, -0.25)
    assert of(table, result, "Li2S") == pytest.approx((0.0, 1.5), abs=1e-12)
    assert hull_phases(table, counted).tolist() == [True, False, True, True]


def test_a_phase_that_does_not_take_part_may_lie_below_the_hull(make_table):
    table = make_table({"Li2S": -1.5, "Li3S": -0.5, "LiS": -1.4})
    counted = np.array([False, True, True])
    result = stability(table, counted=counted)
    below, margin = of(table, result, "Li2S")
    assert below < -0.1
    assert margin == -below
    # as stable as if it took part, and the others do not see it
    assert margin == of(table, stability(table), "Li2S")[1]
    alone = make_table({"Li3S": -0.5, "LiS": -1.4})
    for formula in ("Li3S", "LiS"):
        assert of(table, result, formula) == of(alone, stability(alone), formula)
    assert not hull_phases(table, counted)[0]


# -- what was asked for --------------------------------------------------------


def test_any_rows_in_any_order_give_the_numbers_of_the_whole_table(reference):
    whole = stability(reference)
    assert whole.rows.tolist() == list(range(len(reference)))
    rows = np.random.default_rng(3).integers(0, len(reference), size=60)  # some of them twice
    some = stability(reference, rows)
    assert some.rows.tolist() == rows.tolist()
    np.testing.assert_allclose(some.energy_above_hull, whole.energy_above_hull[rows], atol=SAME)
    np.testing.assert_allclose(some.margin, whole.margin[rows], atol=SAME)
    nothing = stability(reference, np.array([], dtype=int))
    assert len(nothing.rows) == len(nothing.margin) == len(nothing.energy_above_hull) == 0


def test_without_a_mask_the_counted_phases_of_the_table_take_part(reference, reference_all):
    left_out = ~reference.counted
    assert left_out.any()
    default = stability(reference)
    explicit = stability(reference_all, counted=reference.counted)
    np.testing.assert_array_equal(default.margin, explicit.margin)
    everything = stability(reference, counted=np.ones(len(reference), dtype=bool))
    np.testing.assert_array_equal(everything.margin, stability(reference_all).margin)
    assert (everything.energy_above_hull[left_out] >= 0.0).all()
    assert (default.energy_above_hull[left_out] < 0.0).any()


def test_hull_phases_are_those_at_zero_that_take_part(reference):
    result = stability(reference)
    wanted = (result.energy_above_hull == 0.0) & reference.counted
    assert hull_phases(reference).tolist() == wanted.tolist()
    assert 0 < wanted.sum() < len(reference)


def test_progress_reaches_the_number_of_different_rows(reference):
    steps = []
    stability(reference, np.array([5, 5, 9, 40]), progress=lambda *step: steps.append(step))
    assert steps[-1] == (3, 3)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([0, 290], "290 is no row of PhaseTable"),
        ([-1], "-1 is no row"),
        ([0.5], "float64"),
        ([True, False], "flatnonzero"),
        ([[0, 1]], "one dimension"),
    ],
)
def test_rows_that_the_table_does_not_have_are_refused(reference, rows, text):
    assert len(reference) == 290
    with pytest.raises(InputError, match=text):
        stability(reference, np.array(rows))


@pytest.mark.parametrize("mask", [np.ones(3, dtype=bool), np.ones(290, dtype=int)])
def test_a_mask_of_another_shape_or_kind_is_refused(reference, mask):
    for ask in (stability, hull_phases):
        with pytest.raises(InputError, match="one bool for each of the 290 phases"):
            ask(reference, counted=mask)


def test_the_arguments_are_left_as_they_were(reference):
    counted = reference.counted.copy()
    rows = np.arange(50)[::-1].copy()
    stability(reference, rows, counted=counted)
    assert counted.tolist() == reference.counted.tolist()
    assert rows.tolist() == list(range(50))[::-1]


# -- the same numbers by other routes -------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_made_up_tables_agree_with_brute_force(made_up, cheapest, seed):
    table = made_up(seed)
    rng = np.random.default_rng(seed)
    counted = rng.random(len(table)) < (1.0 if seed < 2 else 0.7)
    result = stability(table, counted=counted)
    inside = np.flatnonzero(lengths(table) > 1)
    on_hull = result.energy_above_hull[inside] == 0.0
    assert on_hull.sum() >= 3
    assert (~on_hull).sum() >= 3
    for place in inside:
        check_row(table, result, place, counted, cheapest, 1e-8)


def certified(columns, costs, b):
    return lowest_energy(columns, costs, b).energy


@pytest.mark.proof
def test_leaving_out_columns_changes_no_number_of_the_full_table(full_table):
    """Phases above their own hull are left out of larger systems; here they are not."""
    rng = np.random.default_rng(11)
    some = rng.choice(np.flatnonzero(lengths(full_table) > 1), size=40, replace=False)
    elements = set()
    for row in some[:4]:
        elements |= set(full_table.composition(int(row)))
    # a whole pool, so that its subsystems are pruned, and single rows, where they are not
    pool = full_table.rows_within(sorted(elements | {"O", "Li", "P", "S", "Cl", "F"}))
    pool = pool[lengths(full_table)[pool] > 1]
    assert len(pool) > 300
    counted = rng.random(len(full_table)) < 0.9
    for rows, step in ((pool, 1 + len(pool) // 400), (some, 1)):
        result = stability(full_table, rows, counted=counted)
        for place in range(0, len(rows), step):
            check_row(full_table, result, place, counted, certified, SAME)


def check_against_pymatgen(table, entries, symbols):
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    diagram = PhaseDiagram(entries(table, set(symbols)))
    rows = table.rows_within(symbols)
    rows = rows[table.counted[rows]]
    result = stability(table, rows)
    entry_of = {entry.composition.reduced_composition: entry for entry in diagram.all_entries}
    stable = []
    for row, above, margin in zip(rows, result.energy_above_hull, result.margin, strict=True):
        composition = Composition(str(table.formulas[row]))
        entry = entry_of[composition.reduced_composition]
        assert above == pytest.approx(diagram.get_e_above_hull(entry), abs=EXACT)
        separation = diagram.get_phase_separation_energy(entry)
        if len(composition) == 1:
            assert margin == np.inf  # pymatgen: zero
            assert separation == 0.0
        else:
            assert margin == pytest.approx(-separation, abs=EXACT), composition
            if above == 0.0:
                stable.append((entry, margin))
    return diagram, stable


@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "which", ["reference", pytest.param("full_table", marks=pytest.mark.proof)]
)
def test_both_numbers_agree_with_pymatgen(request, pd_entries, which, system):
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    table = request.getfixturevalue(which)
    diagram, stable = check_against_pymatgen(table, pd_entries, system.split())
    assert stable
    # the margin once more, from a phase diagram that does not hold the phase
    for entry, margin in stable[:: 1 + len(stable) // 3]:
        rest = PhaseDiagram([other for other in diagram.all_entries if other is not entry])
        hull = rest.get_hull_energy_per_atom(entry.composition)
        assert margin == pytest.approx(hull - entry.energy_per_atom, abs=EXACT)


# -- what must hold ------------------------------------------------------------


def check_monotonic(table, counted, fewer):
    assert not (fewer & ~counted).any()
    before, after = stability(table, counted=counted), stability(table, counted=fewer)
    assert (after.energy_above_hull <= before.energy_above_hull + SAME).all()
    assert (after.margin >= before.margin - SAME).all()
    assert np.isfinite(after.energy_above_hull).all()
    assert not np.isnan(after.margin).any()
    assert (after.energy_above_hull[fewer] >= 0.0).all()
    above = before.energy_above_hull > 0.0
    np.testing.assert_array_equal(before.margin[above], -before.energy_above_hull[above])
    return before, after


@pytest.mark.parametrize("seed", range(3))
def test_leaving_phases_out_never_lowers_a_hull(made_up, seed):
    table = made_up(100 + seed)
    rng = np.random.default_rng(seed)
    counted = np.ones(len(table), dtype=bool)
    for _ in range(4):
        fewer = counted & (rng.random(len(table)) < 0.8)
        check_monotonic(table, counted, fewer)
        counted = fewer


def test_leaving_a_stable_phase_out_raises_its_hull_by_its_margin(reference):
    counted = reference.counted
    stable = np.flatnonzero(hull_phases(reference) & (lengths(reference) > 1))
    for row in np.random.default_rng(5).choice(stable, size=12, replace=False):
        fewer = counted.copy()
        fewer[row] = False
        before, after = check_monotonic(reference, counted, fewer)
        assert before.energy_above_hull[row] == 0.0
        assert after.energy_above_hull[row] == pytest.approx(-before.margin[row], abs=SAME)
        assert after.margin[row] == pytest.approx(before.margin[row], abs=SAME)


def test_phases_above_the_hull_decide_no_energy_above_hull(reference_all):
    everything = stability(reference_all)
    hull_only = stability(reference_all, counted=hull_phases(reference_all))
    np.testing.assert_allclose(
        hull_only.energy_above_hull, everything.energy_above_hull, atol=SAME, rtol=0
    )
    # but they do decide margins
    assert (hull_only.margin > everything.margin + 1e-3).any()


def test_hull_phases_are_kept_in_the_cache_for_the_same_table_only(
    reference, tmp_path, monkeypatch
):
    from dataclasses import replace

    from interscreen.phases import hull as module

    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path))
    first = module.known_hull_phases(reference)
    assert (first == hull_phases(reference)).all()
    with monkeypatch.context() as patch:
        patch.setattr(module, "hull_phases", lambda table: pytest.fail("computed again"))
        assert (module.known_hull_phases(reference) == first).all()
    fewer = replace(reference, counted=reference.counted & (reference.formulas != "CuF2"))
    assert not module.known_hull_phases(fewer)[np.flatnonzero(reference.formulas == "CuF2")].any()
    (kept,) = [file for file in tmp_path.rglob("*.flags") if file.stat().st_size][:1]
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")  # damaged: computed again
    assert (module.known_hull_phases(reference) == first).all()
