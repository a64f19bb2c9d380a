"""Changes as text: every kind of change, rounded for reading, and nothing where nothing changed."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from interscreen.phases.difference import compare_tables
from interscreen.phases.source import Source
from interscreen.report.text.changes import difference_text, screen_difference_text
from interscreen.screen.compare import compare_screens
from interscreen.screen.run import run_study
from interscreen.screen.study import Study
from interscreen.screen.study_file import default_study

BEFORE = {"Li2O": -2.0, "Li2O2": -1.6, "LiF": -3.0, "Cu2O": -0.5}
AFTER = {"Li2O": -2.2, "Li2O2": -1.6, "LiF": -3.004, "CuO": -0.8, "NaF": -2.9, "Na2F": -1.0}


@pytest.fixture(scope="module")
def tables(make_table):
    ids = ["mp-1", "mp-2", "mp-3", "mp-4"]
    return make_table(BEFORE, ids=ids), make_table(AFTER, ids=["mp-9", *ids[1:], "", "mp-7"])


@pytest.fixture(scope="module")
def demo(reference):
    return run_study(default_study(), reference)


@pytest.fixture(scope="module")
def fluoride(reference):
    """The demo with LiF 10 meV/atom higher."""
    energies = reference.energies + np.where(reference.formulas == "LiF", 0.010, 0.0)
    return run_study(default_study(), replace(reference, energies=energies))


def block(text, title):
    """Lines of the block whose title begins like this."""
    (found,) = [part for part in text.split("\n\n") if part.startswith(title)]
    return found.splitlines()


def cells(line):
    """Cells of a line of a table."""
    return re.split(r"  +", line.strip())


# -- tables --------------------------------------------------------------------


def test_each_kind_of_change_has_its_table(tables):
    text = difference_text(compare_tables(*tables))
    new = block(text, "new in B: 3")
    assert cells(new[1]) == ["formula", "A", "B", "change", "hull A", "hull B", "id"]
    assert cells(new[2]) == ["CuO", "-", "-800.0", "-", "-", "stable", "mp-4"]
    assert cells(new[3]) == ["NaF", "-", "-2900.0", "-", "-", "stable"]
    # 2/3 of its atoms are Na: NaF and Na give 2/3 * -2.9 eV/atom there
    assert cells(new[4]) == ["Na2F", "-", "-1000.0", "-", "-", "933.3", "mp-7"]
    gone = block(text, "gone from A: 1")
    assert cells(gone[2]) == ["Cu2O", "-500.0", "-", "-", "stable", "-", "mp-4"]
    moved = block(text, "moved by more than 5.0 meV/atom: 1")
    assert cells(moved[2]) == [
        "Li2O", "-2000.0", "-2200.0", "-200.0", "stable", "stable", "mp-1 -> mp-9",
    ]  # fmt: skip
    hull = block(text, "on the hull in one only, not moved by more than 5.0 meV/atom: 1")
    assert cells(hull[2]) == ["Li2O2", "-1600.0", "-1600.0", "0.0", "stable", "50.0", "mp-2"]


def test_columns_stand_below_each_other(tables):
    lines = block(difference_text(compare_tables(*tables)), "new in B")
    for word in (" B", "hull B"):
        end = lines[1].index(word) + len(word)
        assert all(line[end - 1] != " " and line[end : end + 1] in ("", " ") for line in lines[1:5])


def test_only_so_many_phases_are_shown(tables):
    found = compare_tables(*tables)
    lines = block(difference_text(found, limit=2), "new in B: 3")
    assert len(lines) == 5
    assert lines[-1] == "  and 1 more"
    assert "more" not in difference_text(found, limit=3).replace("more than", "")
    counts = difference_text(found, limit=0)
    assert block(counts, "new in B: 3") == ["new in B: 3"]
    assert "CuO" not in counts


def test_tables_without_a_change_say_so(reference):
    text = difference_text(compare_tables(reference, reference))
    assert text.endswith("\nnothing changed by more than 5.0 meV/atom")
    assert "compared: 290 formulas that both have; 180 chemical systems that both hold" in text
    assert text.startswith("A: small set (Matbench v0.1)")


def test_what_could_not_be_compared_is_said(make_table):
    def store(phases, *systems):
        table = make_table(phases)
        sets = tuple(frozenset(system.split("-")) for system in systems)
        return replace(table, source=Source("mp", closed=True, version="v", systems=sets))

    a = store({"Li2O": -2.0, "LiF": -3.0, "Li2O2": -1.6}, "Li-O", "F-Li")
    text = difference_text(compare_tables(a, store({"Li2O": -2.0, "Li3N": -0.4}, "Li-O", "Li-N")))
    assert "1 formula that both have; 1 chemical system that both hold" in text
    assert "not comparable: 1 formula of A only" in text
    assert "not comparable: 1 formula of B only" in text
    assert "note: run family not stated by A and B" in text
    assert "gone from A: 1" in text
    assert "new in B: none" in text
    apart = difference_text(compare_tables(a, store({"NaF": -2.9}, "F-Na")))
    assert apart.endswith("\nnothing to compare")
    assert "not comparable: 3 formulas of A only" in apart


def test_a_phase_that_is_not_counted_is_left_out(make_table):
    a = make_table({"Li2O": -2.0, "LiF": -3.0})
    text = difference_text(compare_tables(a, replace(a, counted=np.array([False, True]))))
    assert cells(block(text, "on the hull")[2])[-2:] == ["stable", "left out"]


# -- screens -------------------------------------------------------------------


def test_numbers_come_in_units_that_can_be_read(demo, fluoride):
    text = screen_difference_text(compare_screens(demo, fluoride), limit=30)
    lines = block(text, "numbers changed by more than 5.0 meV/atom or 0.010 V: 25")
    rows = [cells(line) for line in lines[2:]]
    assert ["CuF2", "lithium mutual", "-1455.8", "-1447.8", "+8.0", "meV/atom"] in rows
    assert ["AlF3 to Al + LiF", "voltage", "1.057", "1.017", "-0.040", "V"] in rows
    assert ["CuF2 | LLZO", "bridge margin", "6.367", "6.347", "-0.020", "V"] in rows
    assert ["LiF", "oxidation limit", "6.362", "6.342", "-0.020", "V"] in rows
    assert len(rows) == 25


def test_products_stand_below_each_other(demo, fluoride):
    text = screen_difference_text(compare_screens(demo, fluoride))
    assert block(text, "products changed: 2") == [
        "products changed: 2",
        "  CuF2 | LAGP: layer equation",
        "    A  Cu + Ge5P6O25 + GeO2 + Li3AlF6 + Li4P2O7",
        "    B  Cu + GeO2 + Li2GeF6 + Li3AlF6 + Li4P2O7",
        "  LiF | LAGP: equation",
        "    A  Ge5P6O25 + GeO2 + Li3AlF6 + Li4P2O7",
        "    B  GeO2 + Li2GeF6 + Li3AlF6 + Li4P2O7",
    ]
    assert block(text, "places changed, of 16 (scores in meV/atom): none")


def test_only_so_many_answers_are_shown(demo, fluoride):
    found = compare_screens(demo, fluoride)
    text = screen_difference_text(found, limit=1)
    assert block(text, "numbers changed")[-1] == "  and 24 more"
    assert block(text, "products changed")[-1] == "  and 1 more"
    counts = screen_difference_text(found, limit=0)
    assert block(counts, "numbers changed")[0].endswith(": 25")
    assert len(block(counts, "numbers changed")) == len(block(counts, "products changed")) == 1


def test_lines_fit_eighty_columns(demo, fluoride, reference, reference_all):
    lines = [
        *screen_difference_text(compare_screens(demo, fluoride), 1000).splitlines(),
        *screen_difference_text(
            compare_screens(demo, run_study(default_study(), reference_all)), 1000
        ).splitlines(),
        *difference_text(compare_tables(reference, reference_all), 1000).splitlines(),
    ]
    assert len(lines) > 100
    assert max(len(line) for line in lines) <= 80
    assert not any(line.endswith(" ") for line in lines)


def test_a_screen_without_a_change_says_so(demo):
    text = screen_difference_text(compare_screens(demo, demo))
    assert text.endswith("\nno answer changed by more than 5.0 meV/atom or 0.010 V")
    assert "compared: 12 rows" in text


def test_failures_values_that_appear_and_roles_are_named(make_table):
    phases = {"LiF": -3.0, "Li2O": -2.0, "NaF": -3.2}
    study = Study(name="s", electrolytes=["Li2O"], candidates=["LiF", "NaF"])
    before = run_study(study, make_table(phases))
    del phases["NaF"]
    after = run_study(study, make_table({**phases, "Li2F": -2.5}))
    text = screen_difference_text(compare_screens(before, after))
    (failure,) = block(text, "rows computed in one only: 1")[1:2]
    assert failure.startswith("  NaF, Li2O: failed in B: element Na: ")
    rows = [cells(line) for line in block(text, "numbers changed")[2:]]
    assert ["LiF", "first voltage", "-", "1.500", "-", "V"] in rows
    places = [cells(line) for line in block(text, "places changed, of 2")[2:]]
    assert places[0][:4] == ["Li2O", "LiF", "1", "1"]
    assert places[0][-1] == "coating -> conversion"
    assert places[1] == ["Li2O", "NaF", "2", "-", "0.0", "-", "coating -> failed"]
