"""Competing phases: counted against sets of elements, and what is said where there are none."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from interscreen import PhaseTable, lithiate, react, stability_window, stack
from interscreen.answers.competitors import Competitors, competitors, competitors_of
from interscreen.answers.materials import materials_of, materials_of_rows
from interscreen.phases.material import compose, resolve

ELECTROLYTES = ("Li", "LLZO", "LATP", "Li3PS4")
WARNING = "has no compound of Cl and K with Li: that KCl does not react with Li"


@pytest.fixture(scope="module")
def embedded():
    return PhaseTable.reference()


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [
        ("CuF2", "Li", (1, 2)),  # LiCuF2; CuF and CuF3 of Cu-F, CuF2 itself is no competitor
        ("CuF2 + LiF", "Li", (1, 2)),  # and LiF is none, either
        ("LiF", "Li", (0, 0)),
        ("Cu", "CuF2", (2, 0)),
        ("NaF", "LiF", (0, 0)),
        ("Cu", "Cu", (0, 0)),
    ],
)
def test_reactants_and_elements_are_no_competitors(make_table, a, b, count):
    energies = dict.fromkeys("CuF2 CuF CuF3 LiF LiCuF2 NaF".split(), -1.0)
    table = make_table({"Li": 0.0, "Cu": 0.0, "F2": 0.0, "Na": 0.0, **energies})
    assert competitors_of(table, a, b) == Competitors(*count)


def test_phases_that_are_not_counted_are_no_competitors_and_unstable_ones_are(make_table):
    table = make_table({"Li": 0.0, "Zn": 0.0, "LiZn": 0.2, "LiZn3": -0.1})
    assert competitors_of(table, "Zn").all_elements == 2
    counted = table.counted & (table.formulas != "LiZn3")
    assert competitors_of(replace(table, counted=counted), "Zn").all_elements == 1


def test_of_many_candidates_they_are_those_by_sets_of_elements(embedded):
    systems = [frozenset(embedded.composition(row)) for row in range(len(embedded))]
    known = Counter(s for s, c in zip(systems, embedded.counted, strict=True) if c and len(s) > 1)
    rows = np.random.default_rng(7).choice(np.flatnonzero(embedded.counted), 300, replace=False)
    theirs = materials_of(embedded, ELECTROLYTES)
    together, less = competitors(embedded, materials_of_rows(embedded, rows), theirs)
    for e, name in enumerate(ELECTROLYTES):
        unit = resolve(name)[1]
        own = frozenset(unit.elements) if embedded.find(unit.parts[0][1]) else None
        for k, row in enumerate(rows.tolist()):

            def count(system, row=row, own=own):
                reactants = (systems[row] == system) + (own == system)
                return max(0, known[system] - (reactants if len(system) > 1 else 0))

            joint = systems[row] | frozenset(unit.elements)
            assert together[e, k] == count(joint)
            assert less[e, k] == max(count(joint - {element}) for element in joint)


def test_a_material_that_is_stable_for_want_of_data_is_said_to_be(embedded):
    assert competitors_of(embedded, "KCl") == Competitors(0, 2)
    answers = [
        react(embedded, "Li", "KCl"),
        react(embedded, "KCl", "Li"),
        stability_window(embedded, "KCl"),
        lithiate(embedded, "KCl"),
        stack(embedded, "KCl", "LLZO"),
    ]
    for answer in answers:
        assert len([line for line in answer.warnings if WARNING in line]) == 1


@pytest.mark.parametrize("name", ["LiF", "CsCl", "CuF2", "LLZO", "Cu"])
def test_nothing_is_said_of_what_reacts_holds_lithium_or_has_competitors(embedded, name):
    assert not any("want of data" in line for line in lithiate(embedded, name).warnings)
    assert not any("want of data" in line for line in stability_window(embedded, name).warnings)


def test_answers_carry_their_competitors(embedded):
    found = react(embedded, "CuF2", "Li").to_dict()["competitors"]
    assert found == lithiate(embedded, "CuF2").to_dict()["competitors"]
    assert found == {"all_elements": 38, "one_less": 2}
    assert "Li" not in compose("CuF2").elements
