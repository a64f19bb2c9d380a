"""Rows of a source: which of them a choice leaves out, and rows of the user's own after them."""

from __future__ import annotations

import numpy as np
import pytest

from interscreen.errors import InputError
from interscreen.phases.filters import Filters
from interscreen.sources.rows import Rows


def make(*formulas, **columns):
    energies = columns.pop("energies", [-1.0] * len(formulas))
    for name in ("theoretical", "observed"):
        if columns.get(name) is not None:
            columns[name] = np.array(columns[name], dtype=np.int64)
    return Rows(formulas=list(formulas), energies=np.array(energies, dtype=float), **columns)


def left_out(rows, **choices):
    return rows.left_out(Filters(**choices), "table.csv").tolist()


def refused(rows, **choices):
    with pytest.raises(InputError) as caught:
        rows.left_out(Filters(**choices), "table.csv")
    message = str(caught.value)
    assert "\n" not in message
    return message


# -- row by row ------------------------


@pytest.mark.parametrize("column", [None, [-1, -1]])
def test_a_source_that_does_not_say_what_is_theoretical_cannot_be_asked(column):
    message = refused(make("LiF", "Li2O", theoretical=column), theoretical=False)
    for part in ("table.csv", "theoretical", "column theoretical (yes, no)", "mp"):
        assert part in message


def test_documents_without_a_licence_stay():
    rows = make("LiF", "Li2O", "Li2S", licences=["BY-C", "BY-NC", ""])
    assert left_out(rows, licences=["BY-C"]) == [False, True, False]
    assert left_out(rows, licences=["BY-NC"]) == [True, False, False]
    assert left_out(rows, licences=["BY-NC", "BY-C"]) == [False] * 3


@pytest.mark.parametrize("wanted", [["CC0"], ["by-c"], ["BY-C", "BY-NCC"]])
def test_an_unknown_licence_is_refused_with_those_that_there_are(wanted):
    rows = make("LiF", "Li2O", "Li2S", licences=["BY-NC", "BY-C", ""])
    message = refused(rows, licences=wanted)
    assert wanted[-1] in message
    assert "table.csv (BY-C, BY-NC)" in message


def test_a_part_of_the_database_may_lack_one_of_its_licences():
    rows = make("LiF", "Li2O", licences=["BY-C", ""])
    assert left_out(rows, licences=["BY-C", "BY-NC"]) == [False, False]
    assert "(BY-C)" in refused(rows, licences=["BY-NC"])  # nothing of that kind is here


@pytest.mark.parametrize("column", [None, ["", ""]])
def test_rows_without_licences_cannot_be_asked_for_one(column):
    message = refused(make("LiF", "Li2O", licences=column), licences=["BY-C"])
    for part in ("table.csv", "carry no licence", "column licence"):
        assert part in message


def test_choices_add_up():
    rows = make(
        "LiF", "LiF", "LiF", "LiF", theoretical=[1, 0, 0, 0], licences=["", "BY-NC", "BY-C", ""]
    )
    assert left_out(rows, theoretical=False, licences=["BY-C"]) == [True, True, False, False]


# -- joined ------------------------


def test_joined_rows_stand_one_after_the_other():
    one = make("LiF", "Li2O", energies=[-3.0, -2.0], ids=["a", "b"], references={"Li": -1.9})
    two = make("Li2S", energies=[-1.5], ids=["c"], references={"Li": 0.0}, where="entry")
    both = one.joined(two)
    assert len(both) == 3
    assert list(both.formulas) == ["LiF", "Li2O", "Li2S"]
    assert both.energies.tolist() == [-3.0, -2.0, -1.5]
    assert list(both.ids) == ["a", "b", "c"]
    assert both.references == {"Li": -1.9}  # the scale stays that of the source
    assert (len(one), len(two)) == (2, 1)


def test_what_one_side_lacks_is_unknown():
    full = make(
        "LiF", ids=["a"], observed=[1], theoretical=[0], licences=["BY-C"],
        properties={"density_g_per_cm3": [2.6], "conduction": ["insulator"]},
    )  # fmt: skip
    bare = make("Li2O", "Li2S")
    both = full.joined(bare)
    assert list(both.ids) == ["a", "", ""]
    assert both.observed.tolist() == [1, -1, -1]
    assert both.theoretical.tolist() == [0, -1, -1]
    assert list(both.licences) == ["BY-C", "", ""]
    assert list(both.properties["conduction"]) == ["insulator", "", ""]
    assert both.properties["density_g_per_cm3"][0] == 2.6
    assert np.isnan(both.properties["density_g_per_cm3"][1:]).all()
    other = bare.joined(full)
    assert list(other.ids) == ["", "", "a"]
    assert other.observed.tolist() == [-1, -1, 1]
    assert list(other.properties["conduction"]) == ["", "", "insulator"]
    nothing = bare.joined(bare)
    assert (nothing.ids, nothing.observed, nothing.theoretical, nothing.licences) == (None,) * 4


@pytest.mark.parametrize("column", [None, [-1, -1]])
def test_own_rows_do_not_answer_for_a_source_that_says_nothing(column):
    """Or a filter would seem to work and leave out nothing but rows of the user's own."""
    own = make("Li2S", "Li2Se", theoretical=[0, 1], licences=["BY-C", "BY-NC"])
    texts = None if column is None else ["", ""]
    both = make("LiF", "Li2O", theoretical=column, licences=texts).joined(own).joined(own)
    assert "theoretical" in refused(both, theoretical=False)
    assert "licence" in refused(both, licences=["BY-C"])
    known = make("LiF", "Li2O", theoretical=[1, -1], licences=["BY-NC", ""]).joined(own)
    assert left_out(known, theoretical=False) == [True, False, False, True]
    assert left_out(known, licences=["BY-C"]) == [True, False, False, True]
