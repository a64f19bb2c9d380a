"""What changed between two tables: found by composition, claimed only where both sources can."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from interscreen.errors import InputError
from interscreen.phases.difference import KINDS, Difference, PhaseChange, compare_tables
from interscreen.phases.hull import hull_phases
from interscreen.phases.source import Source

BEFORE = {"Li2O": -2.0, "Li2O2": -1.6, "LiF": -3.0, "Li3N": -0.4, "Cu2O": -0.5}
AFTER = {"HF": -1.4, "CuO": -0.8, "Li3N": -0.4, "LiF": -3.004, "Li2O2": -1.6, "Li2O": -2.2}


def formulas(phases):
    return [phase.formula for phase in phases]


def closed(table, *systems):
    """The table as what a store holds of some systems."""
    sets = tuple(frozenset(system.split("-")) for system in systems)
    return replace(table, source=Source("store", closed=True, systems=sets))


def keep(table, rows):
    """The table with some of its rows only."""
    lengths = np.diff(table.indptr)
    entries = np.repeat(np.isin(np.arange(len(table)), rows), lengths)
    per_row = ("formulas", "energies", "ids", "structures", "observed", "counted")
    return replace(
        table,
        **{name: getattr(table, name)[rows] for name in per_row},
        indptr=np.concatenate([[0], np.cumsum(lengths[rows])]),
        element_index=table.element_index[entries],
        counts=table.counts[entries],
        properties={},
    )


# -- a case that can be checked by hand ----------------------------------------


@pytest.fixture(scope="module")
def by_hand(make_table):
    ids = ["mp-1", "mp-2", "mp-3", "mp-4", "mp-5"]
    return compare_tables(make_table(BEFORE, ids=ids), make_table(AFTER))


def test_new_gone_moved_and_hull_changed_phases_are_told_apart(by_hand):
    assert formulas(by_hand.new) == ["CuO", "HF"]
    assert formulas(by_hand.gone) == ["Cu2O"]
    assert formulas(by_hand.moved) == ["Li2O"]
    assert formulas(by_hand.hull_changed) == ["Li2O2"]
    assert by_hand.compared_formulas == 4
    assert by_hand.compared_systems == 5  # Li-O, F-Li, Li-N, Cu-O and F-H
    assert (by_hand.not_comparable_a, by_hand.not_comparable_b) == (0, 0)
    assert by_hand.changed


def test_a_moved_phase_comes_with_its_numbers_in_both(by_hand):
    (oxide,) = by_hand.moved
    assert oxide == PhaseChange(
        formula="Li2O",
        chemical_system="Li-O",
        id_a="mp-1",
        id_b="",
        formation_energy_a_eV_per_atom=-2.0,
        formation_energy_b_eV_per_atom=-2.2,
        change_eV_per_atom=-2.2 - -2.0,
        energy_above_hull_a_eV_per_atom=0.0,
        energy_above_hull_b_eV_per_atom=0.0,
        stable_a=True,
        stable_b=True,
    )


def test_a_phase_leaves_the_hull_because_another_one_moved(by_hand):
    # half of the atoms are O: 3/4 of them in Li2O, 1/4 in O2; 0.75 * -2.2 = -1.65 < -1.6
    (peroxide,) = by_hand.hull_changed
    assert peroxide.change_eV_per_atom == 0.0
    assert (peroxide.stable_a, peroxide.stable_b) == (True, False)
    assert peroxide.energy_above_hull_a_eV_per_atom == 0.0
    assert peroxide.energy_above_hull_b_eV_per_atom == pytest.approx(0.05, abs=1e-9)


def test_a_phase_of_one_table_has_no_numbers_in_the_other(by_hand):
    gone = by_hand.gone[0]
    assert (gone.id_a, gone.formation_energy_a_eV_per_atom, gone.stable_a) == ("mp-5", -0.5, True)
    assert (gone.id_b, gone.formation_energy_b_eV_per_atom, gone.stable_b) == ("", None, None)
    assert gone.change_eV_per_atom is None
    assert by_hand.new[0].formation_energy_a_eV_per_atom is None
    assert by_hand.new[0].formation_energy_b_eV_per_atom == -0.8


def test_the_other_way_round_everything_is_the_other_way_round(make_table, by_hand):
    back = compare_tables(make_table(AFTER), make_table(BEFORE))
    assert formulas(back.new) == formulas(by_hand.gone)
    assert formulas(back.gone) == formulas(by_hand.new)
    for kind in ("moved", "hull_changed"):
        for there, here in zip(getattr(back, kind), getattr(by_hand, kind), strict=True):
            assert there.change_eV_per_atom == -here.change_eV_per_atom
            assert (there.stable_a, there.stable_b) == (here.stable_b, here.stable_a)


def test_a_change_of_exactly_the_tolerance_is_none(make_table):
    a, b = make_table({"LiF": -0.5}), make_table({"LiF": -0.505})
    assert abs(b.energies[0] - a.energies[0]) > 0.005  # in its last bit
    assert compare_tables(a, b).moved == ()
    assert formulas(compare_tables(a, b, tolerance_eV_per_atom=0.0049).moved) == ["LiF"]
    assert formulas(compare_tables(a, b, tolerance_eV_per_atom=0).moved) == ["LiF"]


def test_stable_phases_come_first_and_then_the_larger_changes(make_table):
    stable = {"LiF": -3.0, "Li2O": -2.0, "NaF": -2.0}
    unstable = {"Li2F": -0.5, "Li3F": -0.5}
    move = {"LiF": 0.01, "Li2O": -0.03, "NaF": 0.01, "Li2F": 0.3, "Li3F": 0.2}
    before = stable | unstable
    after = {formula: energy + move[formula] for formula, energy in before.items()}
    found = compare_tables(make_table(before), make_table(after))
    assert formulas(found.moved) == ["Li2O", "LiF", "NaF", "Li2F", "Li3F"]
    new = compare_tables(make_table({"NaCl": -1.0}), make_table(before | {"NaCl": -1.0})).new
    assert formulas(new) == ["Li2O", "LiF", "NaF", "Li2F", "Li3F"]


def test_where_the_hull_changed_the_height_above_it_decides_the_order(make_table):
    before = {"Li2O": -2.0, "Li2O2": -1.51, "Na2O": -1.0, "Na2O2": -0.8}
    after = {**before, "Li2O": -2.1, "Na2O": -1.5}  # 0.065 and 0.325 eV/atom above the hull
    found = compare_tables(make_table(before), make_table(after))
    assert formulas(found.hull_changed) == ["Na2O2", "Li2O2"]


def test_phases_that_are_not_counted_lie_on_no_hull(make_table):
    a = make_table({"Li2O": -2.0, "LiF": -3.0})
    b = replace(a, counted=np.array([False, True]))
    (oxide,) = compare_tables(a, b).hull_changed
    assert (oxide.formula, oxide.stable_a, oxide.stable_b) == ("Li2O", True, False)
    assert oxide.energy_above_hull_b_eV_per_atom == pytest.approx(-2.0)


def test_compositions_decide_and_not_how_formulas_are_written(make_table):
    a = make_table({"Li3PO4": -2.7, "LiCl": -2.0})
    b = make_table({"H2O": -1.0, "LiCl": -2.0, "Li3PO4": -2.8})  # other rows, other elements
    b = replace(b, formulas=np.array(["H2O", "ClLi", "PO4Li3"]))
    found = compare_tables(a, b)
    assert [phase.chemical_system for phase in found.moved] == ["Li-O-P"]
    assert formulas(found.new) == ["H2O"]
    assert found.gone == ()


# -- sources that do not hold everything ---------------------------------------


def test_closed_sources_are_compared_where_both_hold_a_system(make_table):
    a = closed(make_table({"Li2O": -2.0, "LiF": -3.0, "Na2O": -1.4}), "Li-O", "F-Li", "Na-O")
    b = closed(make_table({"Li2O": -2.0, "Li2O2": -1.6, "Li3N": -0.4, "NaO2": -0.9}),
               "Li-O", "Li-N", "Na-O")  # fmt: skip
    found = compare_tables(a, b)
    assert formulas(found.new) == ["Li2O2", "NaO2"]
    assert formulas(found.gone) == ["Na2O"]
    assert (found.not_comparable_a, found.not_comparable_b) == (1, 1)  # LiF, Li3N
    assert found.compared_systems == 2


def test_a_system_is_held_as_part_of_a_larger_one(make_table):
    a = closed(make_table({"Li2O": -2.0, "LiF": -3.0}), "F-Li-O")
    b = closed(make_table({"Li2O": -2.0, "Li2CO3": -1.9}), "C-Li-O")
    found = compare_tables(a, b)
    assert (found.new, found.gone) == ((), ())
    assert (found.not_comparable_a, found.not_comparable_b) == (1, 1)
    with_peroxide = closed(make_table({"Li2O": -2.0, "Li2O2": -1.6}), "C-Li-O")
    assert formulas(compare_tables(a, with_peroxide).new) == ["Li2O2"]


def test_a_source_without_a_claim_holds_everything(make_table):
    a = make_table({"Li2O": -2.0, "LiF": -3.0})
    b = closed(make_table({"Li2O": -2.0, "Li2O2": -1.6}), "Li-O")
    found = compare_tables(a, b)
    assert formulas(found.new) == ["Li2O2"]
    assert found.gone == ()
    assert (found.not_comparable_a, found.not_comparable_b) == (1, 0)


def test_the_hull_of_a_system_that_is_not_held_is_not_known(make_table):
    a = closed(make_table({"Li2O": -2.0, "LiF": -3.0, "Li2F": -2.5}), "Li-O")
    b = make_table({"Li2O": -2.0, "LiF": -3.1, "Li2F": -2.0})
    found = compare_tables(a, b)
    assert formulas(found.moved) == ["LiF", "Li2F"]
    for phase in found.moved:
        assert phase.stable_a is None
        assert phase.energy_above_hull_a_eV_per_atom is None
    assert [phase.stable_b for phase in found.moved] == [True, False]
    same = compare_tables(a, replace(b, energies=a.energies))
    assert not same.changed


def test_sources_with_nothing_in_common_show_no_change(make_table):
    a = closed(make_table({"Li2O": -2.0}), "Li-O")
    b = closed(make_table({"NaF": -2.9}), "F-Na")
    found = compare_tables(a, b)
    assert not found.changed
    assert (found.compared_formulas, found.compared_systems) == (0, 0)
    assert (found.not_comparable_a, found.not_comparable_b) == (1, 1)


# -- what cannot be compared ---------------------------------------------------


def with_source(table, **changes):
    return replace(table, source=replace(table.source, **changes))


def test_run_families_are_no_versions_of_a_database(make_table):
    table = make_table(BEFORE)
    gga = with_source(table, thermo_type="GGA_GGA+U")
    scan = with_source(table, thermo_type="R2SCAN")
    with pytest.raises(InputError, match=r"GGA_GGA\+U.*R2SCAN.*one family") as caught:
        compare_tables(gga, scan)
    assert "\n" not in str(caught.value)
    assert compare_tables(gga, gga).notes == ()
    assert compare_tables(gga, table).notes == (
        "run family not stated by B: energies of another family differ, too",
    )


@pytest.mark.parametrize("value", [-0.001, float("nan"), float("inf"), 5, "0.005", None, True])
def test_a_tolerance_that_is_none_is_refused(make_table, value):
    table = make_table(BEFORE)
    with pytest.raises(InputError, match="tolerance: ") as caught:
        compare_tables(table, table, tolerance_eV_per_atom=value)
    assert "eV/atom" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_notes_name_other_choices_behind_a_difference(make_table):
    table = make_table(BEFORE)
    filtered = with_source(table, filters={"theoretical": False})
    assert any(
        "leave out different phases" in note for note in compare_tables(table, filtered).notes
    )
    own = with_source(table, added=({"file": "own.csv", "entries": 1},))
    assert any("of the user's own" in note for note in compare_tables(table, own).notes)


# -- the reference set and the full table --------------------------------------


def test_nothing_changes_from_a_table_to_itself(reference):
    found = compare_tables(reference, reference, tolerance_eV_per_atom=0.0)
    assert not found.changed
    assert found.compared_formulas == len(reference)
    assert (found.not_comparable_a, found.not_comparable_b) == (0, 0)
    assert len(found.to_frame()) == 0


def test_every_phase_taken_out_of_the_reference_set_is_gone(reference):
    rows = np.arange(0, len(reference), 3)
    rest = np.setdiff1d(np.arange(len(reference)), rows)
    found = compare_tables(reference, keep(reference, rest))
    assert sorted(formulas(found.gone)) == sorted(reference.formulas[rows])
    assert found.new == found.moved == ()


def test_hulls_are_those_of_either_table(reference):
    rng = np.random.default_rng(3)
    shift = rng.choice([0.0, 0.004, 0.3], size=len(reference), p=[0.8, 0.1, 0.1])
    shift[np.diff(reference.indptr) == 1] = 0.0
    other = replace(reference, energies=reference.energies + shift)
    found = compare_tables(reference, other)
    before, after = hull_phases(reference), hull_phases(other)
    row = {formula: i for i, formula in enumerate(reference.formulas.tolist())}
    assert {row[f] for f in formulas(found.moved)} == set(np.flatnonzero(shift > 0.005))
    flipped = set(np.flatnonzero((before != after) & (shift < 0.005)).tolist())
    assert {row[f] for f in formulas(found.hull_changed)} == flipped
    assert len(flipped) == 4
    for phase in (*found.moved, *found.hull_changed):
        assert phase.stable_a == before[row[phase.formula]]
        assert phase.stable_b == after[row[phase.formula]]


@pytest.mark.proof
def test_exactly_the_perturbed_phases_of_a_full_table_are_found(full_table):
    rng = np.random.default_rng(7)
    compounds = rng.permutation(np.flatnonzero(np.diff(full_table.indptr) > 1))
    far, near, gone, new = np.split(compounds[:500], [200, 300, 400])
    energies = full_table.energies.copy()
    energies[far] += rng.choice([-0.02, 0.006], size=len(far))
    energies[near] += 0.004
    everything = np.arange(len(full_table))
    a = keep(full_table, np.setdiff1d(everything, new))
    b = keep(replace(full_table, energies=energies), np.setdiff1d(everything, gone))
    found = compare_tables(a, b)
    for kind, rows in (("moved", far), ("gone", gone), ("new", new)):
        assert sorted(formulas(getattr(found, kind))) == sorted(full_table.formulas[rows]), kind
    assert found.compared_formulas == len(full_table) - 200
    assert found.hull_changed
    assert all(phase.stable_a != phase.stable_b for phase in found.hull_changed)


# -- what can be done with it --------------------------------------------------


def test_the_dictionary_is_plain_json(by_hand):
    data = json.loads(json.dumps(by_hand.to_dict(), allow_nan=False))
    assert data == by_hand.to_dict()
    assert set(data) == {field.name for field in fields(Difference)}
    assert data["source_a"]["source"] == "made up"
    assert data["gone"][0]["formation_energy_b_eV_per_atom"] is None
    assert data["moved"][0]["stable_b"] is True


def test_the_frame_has_a_row_for_each_phase_that_changed(by_hand):
    frame = by_hand.to_frame()
    assert list(frame["formula"]) == ["CuO", "HF", "Cu2O", "Li2O", "Li2O2"]
    assert list(frame["change"]) == ["new", "new", "gone", "moved", "hull_changed"]
    assert set(frame["change"]) == set(KINDS)
    assert set(frame.columns) == {"change", *(field.name for field in fields(PhaseChange))}
