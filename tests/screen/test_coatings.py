"""Coatings of the cathode side: verdict, score and rank by the rules of the Li side."""

from __future__ import annotations

import numpy as np
import pytest

from interscreen import InputError, Study, load_study, run_study, stability_window
from interscreen.answers.cathode import cathode_side
from interscreen.phases.cathodes import find_cathode
from interscreen.phases.columns import columns_of
from interscreen.phases.material import resolve
from interscreen.screen.coatings import coating_terms, coatings_table, contact_and_gain
from interscreen.screen.entries import CathodeEntry, MaterialEntry
from interscreen.screen.study import library_coatings
from interscreen.screen.weights import Ranking
from interscreen.sources.embedded import embedded_table

PAPERS = (
    "LiNbO3 Li2ZrO3 Li3BO3 Li2SiO3 LiH2PO4 LiTi2(PO4)3 LiPO3 Nb2O5 Al2O3 LiTaO3"
).split()  # fmt: skip


@pytest.fixture(scope="module")
def embedded(_own_folders):
    return embedded_table()


def entries(*formulas):
    return [MaterialEntry(formula=formula) for formula in formulas]


def table_of(embedded, formulas, electrolyte="LPSCl", cathode="LCO", **more):
    theirs = [resolve(electrolyte)[0]]
    found = coatings_table(
        embedded, entries(*formulas), theirs, [find_cathode(cathode)], Ranking(), **more
    )
    return found.set_index("candidate")


def test_the_library_lists_the_coatings_of_the_papers_with_references():
    listed = library_coatings()
    assert {entry.formula for entry in listed} == set(PAPERS)
    assert all(entry.role == "cathode coating" and "10." in entry.reference for entry in listed)


def test_a_verdict_rests_on_the_lowest_of_five_numbers_and_its_gain(embedded):
    """LiNbO3 between LPSCl and LiCoO2, by hand: contacts 0, 0, -109; alone 0 and -88 meV/atom."""
    row = table_of(embedded, ["LiNbO3"]).loc["LiNbO3"]
    against = [
        row["discharged_mutual_eV_per_atom"], row["charged_mutual_eV_per_atom"],
        row["discharged_alone_eV_per_atom"], row["charged_alone_eV_per_atom"],
        row["electrolyte_mutual_eV_per_atom"],
    ]  # fmt: skip
    assert [1000 * one for one in against] == pytest.approx([0, 0, 0, -88.5, -108.7], abs=0.1)
    # what LPSCl has above its hull is no reaction with the cathode
    above = stability_window(embedded, "LPSCl").energy_above_hull_eV_per_atom
    bare = [row[f"bare_{state}_mutual_eV_per_atom"] for state in ("discharged", "charged")]
    bare += [row[f"bare_{state}_alone_eV_per_atom"] + above for state in ("discharged", "charged")]
    assert row["worst_meV_per_atom"] == pytest.approx(1000 * min(against))
    assert row["gain_meV_per_atom"] == pytest.approx(1000 * (min(against) - min(bare)))
    assert row["verdict"] == "reacts"
    assert row["verdict_reason"].startswith("contact with LPSCl -109 (")
    # margins of the tolerance window; the score: contacts, and 50 meV for each V that is missing
    low, high = stability_window(embedded, "LiNbO3").tolerance_window_V
    assert row["charge_margin_V"] == pytest.approx(high - 4.2)
    assert row["discharge_margin_V"] == pytest.approx(3.0 - low)
    assert row["score_meV_per_atom"] == pytest.approx(1000 * min(against) - 50 * (4.2 - high))


def test_borates_and_phosphates_come_before_the_oxides_between_sulfide_and_cobalt_oxide(embedded):
    """As published: Xiao et al. 2019 propose polyanionic oxides in place of LiNbO3 and Li2ZrO3."""
    found = table_of(embedded, ["LiNbO3", "Li2ZrO3", "Li3PO4", "Li3B7O12"])
    assert list(found.index)[:2] in (["Li3B7O12", "Li3PO4"], ["Li3PO4", "Li3B7O12"])
    assert set(found["verdict"][:2]) <= {"try", "unsure"}
    assert (found["gain_meV_per_atom"] > 400.0).all()  # of all that one would do without


def test_what_holds_no_lithium_and_takes_none_up_has_no_path(embedded):
    found = table_of(embedded, ["Al2O3", "Li3PO4"])
    assert found.loc["Al2O3", "verdict"] == "no lithium path"
    assert found.loc["Al2O3", "verdict_reason"] == "no Li-bearing salt and no Li taken up"
    assert np.isnan(found.loc["Al2O3", "charge_margin_V"])  # no Li that could be taken out of it
    assert list(found.index) == ["Li3PO4", "Al2O3"]


def test_a_decomposition_within_tolerance_is_that_of_the_window(embedded):
    """The gain at the potential is below 10 meV/atom where the tolerance window reaches it."""
    cathode = find_cathode("LCO")
    side = cathode_side(embedded, PAPERS, ["LATP"], cathode)
    alone = side.coatings.alone + side.coatings.above_hull
    reaches = [side.coatings.low <= 3.0, side.coatings.high >= 4.2]
    for gain, within in zip(alone, reaches, strict=True):
        assert np.array_equal(gain >= -0.010, within)


def test_terms_add_up_to_scores_in_every_sample(embedded):
    cathode, weights = find_cathode("LCO"), Ranking().weights
    side = cathode_side(embedded, PAPERS[:4], ["LATP", "LPSCl"], cathode, samples=20)
    terms = coating_terms(side, cathode, weights)
    assert all(term.shape == (2, 4, 21) and (term <= 0.0).all() for term in terms.values())
    contact, gain = contact_and_gain(side)
    assert (contact <= terms["cathode"] / weights.layer + 1e-9).all()
    assert (contact <= terms["electrolyte"] / weights.layer + 1e-9).all()
    assert gain[..., 0] == pytest.approx(
        contact[..., 0] - 1000 * side.electrolytes.worst.min(axis=0)[:, None, 0], abs=1e-9
    )


def test_samples_give_intervals_ties_and_the_same_figures(embedded):
    plain = table_of(embedded, ["LiPO3", "Li3PO4", "LiNbO3"])
    drawn = table_of(embedded, ["LiPO3", "Li3PO4", "LiNbO3"], samples=100)
    for column in ("score_meV_per_atom", "worst_meV_per_atom", "charged_open_mutual_eV_per_atom"):
        assert drawn.loc[plain.index, column].to_numpy() == pytest.approx(plain[column].to_numpy())
    assert drawn["score_low_meV_per_atom"].lt(drawn["score_high_meV_per_atom"]).all()
    assert drawn["probability_best"].sum() == pytest.approx(1.0)
    assert list(drawn["rank"]) == sorted(drawn["rank"])


def test_a_study_names_cathodes_and_gets_their_coatings(embedded):
    study = Study(
        name="s", candidates=["LiF"], electrolytes=["LATP", "LPSCl"], cathode="LCO",
        uncertainty={"samples": 0}, sensitivity=False,
    )  # fmt: skip
    found = run_study(study, embedded).coatings
    assert set(found["candidate"]) == set(PAPERS)
    assert list(found.columns) == list(columns_of("coatings"))
    assert len(found) == 2 * len(PAPERS)
    for _, block in found.groupby("electrolyte"):
        assert list(block["rank"]) == sorted(block["rank"])
    assert set(found["cathode"]) == {"LCO"}
    assert found["reference"].str.contains("10.").all()


def test_coatings_are_those_of_the_role_or_those_that_are_listed():
    candidates = ["LiF", {"formula": "Li3PO4", "role": "cathode coating"}]
    given = {"name": "s", "candidates": candidates, "electrolytes": ["LATP"], "cathode": ["LFP"]}
    assert [one.formula for one in Study(**given).judged_coatings] == ["Li3PO4"]
    listed = Study(**given, coatings=["LiAlO2"])
    assert [one.formula for one in listed.judged_coatings] == ["LiAlO2"]
    assert frozenset("Li Al O Fe P".split()) in listed.element_sets


def test_a_coating_that_cannot_be_computed_says_why_and_stops_nothing(reference):
    cathode = CathodeEntry(discharged="LiCuO2", charged="CuO2", potential_V=(2.0, 4.0)).cathode
    found = coatings_table(
        reference, entries("LiF", "UO2"), [resolve("LATP")[0]], [cathode], Ranking()
    )
    assert list(found["status"]) == ["ok", "failed"]
    assert "U" in found["reason"][1]


def test_mistakes_about_cathodes_are_said_with_their_lines(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(
        "name: s\nelectrolytes: [LATP]\ncandidates: [LiF]\ncathode:\n  - LCO\n  - V2O5\n"
        "  - {discharged: LiCoO2, charged: Li0.5CoO2, potential_V: [4.2, 3.0]}\n"
        "  - {discharged: LiFePO4, charged: FePO4, potential: [2.5, 4.0]}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        load_study(file)
    lines = str(caught.value).splitlines()
    assert any("line 6: cathode" in line and "not known" in line for line in lines)
    assert any("line 7: cathode" in line and "lower one first" in line for line in lines)
    assert any("line 8: cathode" in line and "did you mean potential_V" in line for line in lines)
    file.write_text(
        "name: s\nelectrolytes: [LATP]\ncandidates: [LiF]\ncathode: [LCO, LCO]\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="LCO stands on line 4 already"):
        load_study(file)
