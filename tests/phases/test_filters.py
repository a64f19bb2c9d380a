"""Which phases may be products: what a choice accepts, refuses, records and says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from interscreen.errors import InputError
from interscreen.phases.filters import Filters
from interscreen.phases.source import Source

FULL = Filters(
    theoretical=False,
    banned=("LiCu3", "mp-1234"),
    kept=("Li3Cu",),
    max_energy_above_hull_eV_per_atom=0.1,
    min_stability_eV_per_atom=0.02,
    licences=("BY-C",),
)


def refused(**choices):
    with pytest.raises(InputError) as caught:
        Filters(**choices)
    message = str(caught.value)
    assert "\n" not in message
    assert next(iter(choices)) in message
    return message


# -- what is recorded ------------------------


def test_nothing_is_left_out_by_default():
    filters = Filters()
    assert not filters.active
    assert filters.to_dict() == {}
    assert str(filters) == ""


def test_every_choice_is_active_alone_and_tells_itself_apart():
    each = [Filters(**{name: value}) for name, value in FULL.to_dict().items()]
    assert len(each) == 6
    assert all(filters.active for filters in each)
    assert len({filters.key for filters in (*each, FULL, Filters())}) == 8
    assert all(len(filters.to_dict()) == 1 for filters in each)


def test_what_is_recorded_gives_the_same_choice_back_after_json():
    recorded = FULL.to_dict()
    assert recorded == {
        "theoretical": False,
        "banned": ["LiCu3", "mp-1234"],
        "kept": ["Li3Cu"],
        "max_energy_above_hull_eV_per_atom": 0.1,
        "min_stability_eV_per_atom": 0.02,
        "licences": ["BY-C"],
    }
    again = Filters(**json.loads(json.dumps(recorded)))
    assert again == FULL
    assert again.key == FULL.key


def test_a_limit_of_zero_is_a_choice_and_not_the_absence_of_one():
    filters = Filters(max_energy_above_hull_eV_per_atom=0, min_stability_eV_per_atom=0.0)
    assert filters.active
    assert filters.to_dict() == {
        "max_energy_above_hull_eV_per_atom": 0,
        "min_stability_eV_per_atom": 0.0,
    }
    assert "at most 0 meV/atom" in str(filters)


def test_one_line_says_it_all_in_meV():
    assert str(FULL) == (
        "no theoretical phases; without LiCu3, mp-1234; Li3Cu counted; "
        "products at most 100 meV/atom above the hull; "
        "products stable by 20 meV/atom or more; licence BY-C"
    )
    assert str(Filters(licences=("BY-C", "BY-NC"))) == "licence BY-C or BY-NC"
    assert str(Filters(min_stability_eV_per_atom=0.0005)) == (
        "products stable by 0.5 meV/atom or more"
    )


def test_the_label_of_a_source_says_what_was_left_out_and_added():
    source = Source(
        "table.csv", "sha256 0123", filters=FULL.to_dict(), added=({"file": "a.csv", "entries": 1},)
    )
    assert source.label == f"table.csv (sha256 0123; with 1 entry of a.csv; {FULL})"
    two = Source("t", "v", added=({"file": "a", "entries": 1}, {"file": "b", "entries": 3}))
    assert two.label == "t (v; with 4 entries of a, b)"
    assert Source("t", "v", statement="Said so.").label == "t (v): Said so."
    recorded = source.to_dict()
    assert recorded["filters"] == FULL.to_dict()
    assert recorded["added_entries"] == [{"file": "a.csv", "entries": 1}]
    assert recorded["source_label"] == source.label
    recorded["filters"]["banned"] = []  # a copy: the source stays as it was
    assert source.filters == FULL.to_dict()


# -- changing a choice ------------------------


def test_an_update_keeps_what_is_not_mentioned_and_joins_lists():
    more = FULL.updated(
        theoretical=None,
        banned=["Li2Cu", "LiCu3"],
        min_stability_eV_per_atom=0.0,
        max_energy_above_hull_eV_per_atom=None,
        licences=None,
    )
    assert more.banned == ("LiCu3", "mp-1234", "Li2Cu")  # once each
    assert more.min_stability_eV_per_atom == 0.0
    assert (more.theoretical, more.licences) == (False, ("BY-C",))
    assert more.max_energy_above_hull_eV_per_atom == 0.1
    assert Filters().updated() == Filters()
    assert FULL.banned == ("LiCu3", "mp-1234")


def test_an_update_is_checked_like_anything_else():
    with pytest.raises(InputError, match="min_stability_eV_per_atom"):
        FULL.updated(min_stability_eV_per_atom=-0.1)


def test_spaces_and_repetitions_in_lists_make_no_difference():
    assert Filters(banned=[" LiCu3 ", "LiCu3"], licences=["BY-C"]) == Filters(
        banned=("LiCu3",), licences=("BY-C",)
    )


# -- what is refused ------------------------


@pytest.mark.parametrize("name", ["max_energy_above_hull_eV_per_atom", "min_stability_eV_per_atom"])
class TestLimits:
    @pytest.mark.parametrize("value", [-0.001, float("nan"), float("inf")])
    def test_only_finite_numbers_of_zero_or_more(self, name, value):
        assert "zero or more" in refused(**{name: value})

    @pytest.mark.parametrize("value", ["0.1", True, False, [0.1]])
    def test_only_numbers(self, name, value):
        assert repr(value) in refused(**{name: value})

    @pytest.mark.parametrize(
        ("value", "meant"), [(10, "write 0.01"), (1, "write 0.001"), (25.0, "write 0.025")]
    )
    def test_a_number_in_meV_is_refused_with_the_number_that_was_meant(self, name, value, meant):
        message = refused(**{name: value})
        assert "meV/atom?" in message
        assert message.endswith(meant)

    @pytest.mark.parametrize("value", [0, 0.0, 0.999, np.float64(0.02), np.float32(0.5)])
    def test_anything_else_will_do(self, name, value):
        assert json.loads(json.dumps(Filters(**{name: value}).to_dict())) == {name: float(value)}


@pytest.mark.parametrize("name", ["banned", "kept", "licences"])
@pytest.mark.parametrize("value", ["LiCu3", 3, None, {"LiCu3"}])
def test_a_list_is_needed_where_there_may_be_several(name, value):
    assert "no list" in refused(**{name: value})


@pytest.mark.parametrize("value", [False, 1, None, "", "  "])
def test_entries_of_a_list_are_text(value):
    """A bare NO that YAML 1.1 reads as a truth value must not pass for a phase."""
    assert repr(value) in refused(banned=["LiCu3", value])


def test_a_phase_is_banned_or_kept():
    assert "LiCu3 is banned, too" in refused(kept=["LiCu3"], banned=["LiCu3"])


@pytest.mark.parametrize("value", ["no", 0, None])
def test_theoretical_is_true_or_false(value):
    assert "true or false" in refused(theoretical=value)
