"""`validate`: the package against published numbers and measured cells, and its statistics."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from interscreen import PhaseTable
from interscreen.answers.stack import stack
from interscreen.cli import main as cli
from interscreen.errors import InputError
from interscreen.phases.artefacts import known_artefacts
from interscreen.phases.columns import COLUMNS
from interscreen.report.text.validation import validation_text
from interscreen.validation import PARTS, element_sets, validate
from interscreen.validation.cells import (
    BARE,
    CCD,
    LEFT_OUT,
    METRICS,
    RATIO,
    RESISTANCE,
    Cell,
    Metrics,
    measured_stacks,
)
from interscreen.validation.correlation import (
    bootstrap_interval,
    holm,
    permutation_p,
    smallest_significant,
    spearman,
)
from interscreen.validation.facts import (
    judgement,
    known_miss,
    measured_cells,
    published_reactions,
    published_windows,
    tolerance,
)
from interscreen.validation.predictive import FEWEST, NOTHING, TOO_FEW, correlate
from interscreen.validation.published import (
    MISS,
    NOT_COMPUTED,
    OUTSIDE,
    WITHIN,
    compare_published,
)

TABLES = ("published_windows.csv", "published_reactions.csv", "interlayer_experiments.csv")


@pytest.fixture(scope="module")
def of_reference(reference):
    return validate(reference)


@pytest.fixture(scope="module")
def of_embedded(embedded):
    return validate(embedded)


@pytest.fixture(scope="module")
def of_full_table(full_table):
    return validate(full_table)


def changed(table, energies):
    """Table with other formation energies [eV/atom] of some phases."""
    found = table.energies.copy()
    for formula, energy in energies.items():
        (row,) = np.flatnonzero(table.formulas == formula)
        found[row] = energy
    return replace(table, energies=found)


# ---- the data of the package --------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_the_package_holds_the_shared_facts_with_their_references(shared, name):
    own = (files("interscreen") / "data" / name).read_text(encoding="utf-8")
    # measured cells were corrected against the papers since
    if name != "interlayer_experiments.csv":
        assert own == (shared / "facts" / name).read_text(encoding="utf-8")
    assert all(row["reference"] for row in csv.DictReader(own.splitlines()))


def test_every_published_number_has_a_class_and_a_tolerance_with_its_reason():
    for published in (*published_windows(), *published_reactions()):
        allowed = tolerance(published)
        assert allowed.value > 0
        assert allowed.reason


def test_every_known_miss_belongs_to_a_published_number_and_is_not_that_number():
    published = {(p.item, p.quantity): p for p in (*published_windows(), *published_reactions())}
    for miss in judgement()["known_misses"]:
        key = (miss["item"], miss["quantity"])
        assert published[key].value != miss["here"]
        assert known_miss(*key).reason


def test_names_in_the_choices_are_names_of_cells():
    cells = measured_cells()
    assert set(judgement()["resistance_per_cell"]) <= {cell.interlayer for cell in cells}
    assert set(judgement()["undoped"]) <= {cell.electrolyte_formula for cell in cells}


def test_a_resistance_per_cell_is_never_one_per_area():
    for cell in measured_cells():
        per_cell = "ohm per" in cell.note or "ohm is a symmetric cell" in cell.note
        assert (cell.resistance_after_ohm_per_cell is not None) == per_cell
        assert cell.resistance_after_ohm_cm2 is None or not per_cell


def test_every_column_of_the_files_is_registered(of_reference):
    for part in PARTS:
        assert set(of_reference.to_frame(part).columns) <= set(COLUMNS)


# ---- statistics, by hand ------------------------------------------------------------------------


def test_spearman_with_a_tie_by_hand():
    """Ranks 1 2.5 2.5 4 and 1 3 2 4: sum of products 4.5, squares 4.5 and 5."""
    assert spearman([10, 20, 20, 90], [1, 3, 2, 4]) == pytest.approx(4.5 / np.sqrt(4.5 * 5.0))


def test_spearman_is_that_of_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(7)
    for n in (6, 12, 21):
        x, y = rng.integers(0, 8, n), rng.normal(size=n)  # ties on one side
        assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic)


def test_a_constant_side_has_no_coefficient():
    assert np.isnan(spearman([1, 1, 1], [1, 2, 3]))
    assert np.isnan(permutation_p([1, 1, 1], [1, 2, 3]))
    assert np.isnan(bootstrap_interval([1, 1, 1], [1, 2, 3])).all()


def test_the_permutation_p_of_four_pairs_is_counted():
    """Order 1 2 4 3: 1 - 6 * 2 / 60 = 0.8; as far from zero are 1 + 3 orders at either end."""
    found = []
    for order in permutations(range(1, 5)):
        squares = sum((i - j) ** 2 for i, j in zip(range(1, 5), order, strict=True))
        found.append(abs(1 - 6 * squares / 60))
    expected = sum(value >= 0.8 - 1e-9 for value in found) / 24
    assert expected == 8 / 24
    assert permutation_p([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(expected)
    assert permutation_p([1, 2, 3, 4], [1, 2, 3, 4]) == pytest.approx(2 / 24)


def test_random_permutations_agree_with_all_of_them():
    x, y = np.arange(7.0), np.array([1.0, 0, 3, 2, 6, 4, 5])
    assert permutation_p(x, y, most=5000, seed=3) == pytest.approx(permutation_p(x, y), abs=0.01)
    assert permutation_p(np.arange(30.0), np.arange(30.0), most=100) == pytest.approx(1 / 101)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_the_interval_of_a_perfect_order_is_one_and_noise_contains_zero():
    x = np.arange(20.0)
    assert bootstrap_interval(x, x**3) == pytest.approx((1.0, 1.0))
    low, high = bootstrap_interval(x, np.random.default_rng(5).normal(size=20))
    assert low < 0 < high


def test_the_interval_covers_a_known_coefficient_about_as_often_as_it_says():
    """Normal pairs with correlation 0.6 have a Spearman coefficient of 6/pi asin(0.3)."""
    true, hits = 6 / np.pi * np.arcsin(0.3), 0
    rng = np.random.default_rng(11)
    for _ in range(100):
        x = rng.normal(size=20)
        low, high = bootstrap_interval(x, 0.6 * x + 0.8 * rng.normal(size=20), samples=400)
        hits += low <= true <= high
    assert 85 <= hits <= 99  # the docstring says: somewhat too narrow


def test_the_smallest_significant_coefficient_is_that_of_the_tables():
    """Critical values of Pearson's r, two-sided: 0.444 for 20 pairs, 0.632 for 10 (p = 0.05)."""
    assert smallest_significant(20, 0.05) == pytest.approx(0.444, abs=5e-4)
    assert smallest_significant(10, 0.05) == pytest.approx(0.632, abs=5e-4)


# ---- what the pages say -------------------------------------------------------------------------


def page(name):
    """Return the text of a page, each white space a blank."""
    return " ".join((Path(__file__).parents[1] / name).read_text(encoding="utf-8").split())


def test_pages_count_the_measured_cells_as_the_table_does():
    cells = measured_cells()
    counted = sum(cell.computable for cell in cells)
    assert f"the {counted} of {len(cells)} measured cells that can be computed" in page("README.md")
    resistances = [c for c in cells if c.computable and c.resistance_after_ohm_cm2 is not None]
    assert f"({counted} of {len(cells)} cells can be computed, {len(resistances)} at most" in page(
        "docs/method.md"
    )
    bare = sum(cell.kind == "none" for cell in cells)
    validation = page("docs/validation.md")
    assert (
        f"{len(cells)} measured cells: {counted} with an interlayer that can be computed, {bare} "
        f"bare ones, {len(cells) - counted - bare} outside the method" in validation
    )
    assert f"With {len(resistances)} cells only" in validation


def test_clean_surfaces_are_compared_on_the_page_as_in_the_terminal(of_reference):
    text = " ".join(" ".join(validation_text(of_reference).split()).split("For scale: ")[1:])
    sentence = text.split(" source:")[0]
    assert sentence.startswith("clean LLZTO without any interlayer reaches 6.95 ohm cm2")
    assert sentence in page("docs/validation.md")


def test_negative_controls_are_rows_like_the_others():
    fails = {cell.interlayer for cell in measured_cells() if cell.outcome == "fails"}
    assert fails == {"Li3N", "PVDF without CuF2", "Si (thicker than 180 nm)"}
    assert {cell.outcome for cell in measured_cells()} == {"works", "fails"}


# ---- published numbers --------------------------------------------------------------------------


def test_the_embedded_table_is_within_every_tolerance(of_embedded):
    assert of_embedded.counts == {WITHIN: 32, MISS: 5}
    assert of_embedded.passed
    assert Counter(cell.status for cell in of_embedded.cells) == {"ok": 36, BARE: 7, LEFT_OUT: 10}


@pytest.mark.proof
def test_the_full_table_answers_everything_and_misses_two(of_full_table):
    assert of_full_table.counts == {WITHIN: 35, MISS: 2}
    misses = {row.item for row in of_full_table.published if row.verdict == MISS}
    assert misses == {"Nb2O5 | Li7La3Zr2O12", "ZnCl2 | Li2S"}
    assert of_full_table.passed


def test_a_verdict_needs_a_number_and_everything_else_a_reason(of_reference):
    for row in of_reference.published:
        assert (row.value is None) == (row.verdict == NOT_COMPUTED)
        assert (row.reason == "") == (row.verdict == WITHIN)
        if row.verdict == WITHIN:
            assert abs(row.value - row.published) <= row.tolerance
    reasons = {row.item: row.reason for row in of_reference.published}
    assert "element Cl" in reasons["LiCl"]


@pytest.mark.parametrize(
    ("item", "artefact", "counted", "left_out"),
    [("Li2S", "LiS4", 2.139, 2.341), ("Li3N", "LiN3", 0.482, 0.614)],
)
def test_both_values_are_given_where_an_artefact_decides(
    of_embedded, item, artefact, counted, left_out
):
    everything = compare_published(PhaseTable.reference(all_phases=True))
    for result in (of_embedded.published, everything):
        (row,) = (r for r in result if (r.item, r.quantity) == (item, "oxidation_limit_V"))
        assert row.artefacts == (artefact,)
        assert row.value_with_artefacts == pytest.approx(counted, abs=1e-3)
        assert row.value_without_artefacts == pytest.approx(left_out, abs=1e-3)
        expected = (left_out, MISS) if result is of_embedded.published else (counted, WITHIN)
        assert (row.value, row.verdict) == (pytest.approx(expected[0], abs=1e-3), expected[1])


def test_a_known_miss_is_no_blank_cheque(reference):
    """Nb2O5 | LLZO may be -121 in place of -135 meV/atom, and nothing else."""
    wrong = changed(reference, {"LaNbO4": -3.56})  # -3.559 eV/atom in the set
    rows = {row.item: row for row in compare_published(wrong)}
    assert rows["Nb2O5 | Li7La3Zr2O12"].verdict == MISS
    very_wrong = changed(reference, {"LaNbO4": -3.7})
    rows = {row.item: row for row in compare_published(very_wrong)}
    assert rows["Nb2O5 | Li7La3Zr2O12"].verdict == OUTSIDE


def test_a_wrong_energy_fails(reference):
    """Li2O 0.1 eV/atom too stable lifts the oxidation limit of Li2O by 0.28 V."""
    result = validate(changed(reference, {"Li2O": -2.165}))
    outside = {(row.item, row.quantity) for row in result.published if row.verdict == OUTSIDE}
    assert ("Li2O", "oxidation_limit_V") in outside
    assert not result.passed


def test_a_source_that_answers_nothing_does_not_pass(make_table):
    result = validate(make_table({"NaCl": -2.1, "Na": 0.0, "Cl": 0.0}))
    assert set(result.counts) == {NOT_COMPUTED}
    assert not result.passed
    assert "Nothing was compared" in validation_text(result)


# ---- measured cells -----------------------------------------------------------------------------


def test_every_measured_cell_has_its_stack_on_the_full_table(of_full_table, full_table):
    counted = Counter(cell.status for cell in of_full_table.cells)
    assert counted == {"ok": 36, BARE: 7, LEFT_OUT: 10}
    for cell in of_full_table.cells:
        if cell.status in (BARE, LEFT_OUT):
            assert cell.metrics is None
            continue
        one = stack(full_table, cell.measured.deposited_phases, cell.measured.electrolyte_formula)
        assert cell.metrics.layer_mutual_eV_per_atom == one.layer.energy
        assert cell.metrics.lithium_mutual_eV_per_atom == one.lithium.energy
        assert cell.metrics.improvement_eV_per_atom == one.layer.energy - one.bare.energy


def test_the_products_of_the_experiments_are_the_computed_ones_without_artefacts(reference):
    """CuF2 on LATP gave Cu + LiF, CuS on LAGP Cu + Li2S (XPS; see the references of the rows)."""
    cells = {cell.measured.interlayer: cell for cell in measured_stacks(reference)}
    assert cells["CuF2 (10 wt% in PVDF)"].layer == "Cu + 2 LiF"
    assert cells["CuS"].layer == "Cu + Li2S"


def test_artefacts_in_a_layer_are_named(of_full_table):
    named = {cell.measured.interlayer for cell in of_full_table.cells if cell.artefacts}
    assert named == {
        "CuF2 (10 wt% in PVDF)", "CuF2 (7 um)", "CuF2 (32 um)", "CuS", "Cu3N", "Cu6Sn5"
    }  # fmt: skip
    assert "LiCu3" in known_artefacts()


def test_cells_beyond_the_source_say_why(of_reference):
    failed = [cell for cell in of_reference.cells if cell.status == "failed"]
    assert len(failed) == 18
    assert all("element" in cell.reason and cell.metrics is None for cell in failed)
    assert all(cell.computed_electrolyte == "" for cell in failed)


def test_undoped_garnet_stands_in_only_when_asked_for(reference):
    cells = measured_stacks(reference, undoped=True)
    garnets = [c for c in cells if c.metrics and c.measured.electrolyte in ("LLZTO", "LLCZN")]
    assert {c.computed_electrolyte for c in garnets} == {"Li7La3Zr2O12"}
    assert {c.computed_electrolyte for c in measured_stacks(reference) if c.metrics} == {
        "Li7La3Zr2O12",
        "Li1.3Al0.3Ti1.7(PO4)3",
        "Li1.5Al0.5Ge1.5(PO4)3",
    }


def test_measurements_of_a_cell(of_reference):
    cells = {cell.measured.interlayer: cell for cell in of_reference.cells}
    fluoride, nitride = cells["CuF2 (10 wt% in PVDF)"], cells["Cu3N"]
    assert fluoride.measurement(RESISTANCE) is None  # ohm per cell: the area is not known
    assert fluoride.measurement(RATIO) == pytest.approx(np.log10(92 / 562))
    assert nitride.measurement(RESISTANCE) == pytest.approx(np.log10(83.4))
    assert nitride.measurement(RATIO) == pytest.approx(np.log10(83.4 / 1138.5))
    assert nitride.measurement(CCD) == 1.2


# ---- correlations -------------------------------------------------------------------------------


def made_up(values, currents):
    """Cells whose metrics all are one number each, with a critical current density each."""
    template = next(cell for cell in measured_cells() if cell.interlayer == "AlF3")
    return [
        Cell(
            measured=replace(template, deposited_phases=str(i), ccd_after_mA_cm2=current),
            computed_electrolyte="",
            status="ok",
            reason="",
            role="",
            layer="",
            artefacts=(),
            metrics=Metrics(**dict.fromkeys(METRICS, value)),
        )
        for i, (value, current) in enumerate(zip(values, currents, strict=True))
    ]


def of_metric(rows, metric, measurement="ccd", cells="LLZTO"):
    return next(
        r for r in rows if (r.cells, r.metric, r.measurement) == (cells, metric, measurement)
    )


def test_a_perfect_order_is_strong_and_an_opposite_one_against_expectation():
    values = np.linspace(-0.1, 0.0, 15)
    cells = made_up(values, values + 1)
    rows = correlate(cells, cells, cells)
    first = of_metric(rows, "lithium_mutual_eV_per_atom")
    assert (first.spearman, first.kendall) == pytest.approx((1.0, 1.0))
    assert first.expected_sign == -1  # a strong driving force is the negative one
    assert first.verdict == "strong, against expectation"
    assert of_metric(rows, "layer_mutual_eV_per_atom").verdict == "same order as another"


def test_noise_predicts_nothing_and_five_cells_are_too_few():
    rng = np.random.default_rng(2)
    cells = made_up(rng.normal(size=20), rng.random(20))
    assert of_metric(correlate(cells, cells, cells), METRICS[0]).verdict == NOTHING
    few = cells[: FEWEST - 1]
    row = of_metric(correlate(few, few, few), METRICS[0])
    assert (row.verdict, row.spearman, row.p_value) == (TOO_FEW, None, None)


def test_resistances_and_currents_expect_opposite_signs(of_full_table):
    for metric in METRICS:
        signs = [of_metric(of_full_table.correlations, metric, m) for m in (RESISTANCE, CCD)]
        assert signs[0].expected_sign == -signs[1].expected_sign


def test_numbers_of_cells_on_the_full_table(of_full_table):
    """Of 53 rows, counted by hand: 17 are not computed, two in ohm per cell, some lack numbers."""
    rows = of_full_table.correlations
    counts = {
        (group, m): of_metric(rows, "score_meV_per_atom", m, group).n_cells
        for group in ("all", "LLZTO", "LLZO")
        for m in (RESISTANCE, CCD, RATIO)
    }
    assert counts == {
        ("all", RESISTANCE): 27,
        ("all", CCD): 25,
        ("all", RATIO): 4,
        ("LLZTO", RESISTANCE): 5,
        ("LLZTO", CCD): 6,
        ("LLZTO", RATIO): 1,
        ("LLZO", RESISTANCE): 20,
        ("LLZO", CCD): 13,
        ("LLZO", RATIO): 0,
    }
    assert of_metric(rows, "score_meV_per_atom", CCD).n_interlayers == 6


def test_coefficients_follow_from_the_cells(of_full_table):
    from scipy.stats import spearmanr

    cells = [c for c in of_full_table.cells if c.metrics and c.measured.electrolyte == "LLZO"]
    cells = [c for c in cells if c.measured.ccd_after_mA_cm2 is not None]
    expected = spearmanr(
        [c.metrics.bridge_margin_V for c in cells], [c.measured.ccd_after_mA_cm2 for c in cells]
    )
    row = of_metric(of_full_table.correlations, "bridge_margin_V", cells="LLZO")
    assert row.spearman == pytest.approx(expected.statistic)
    assert row.p_value == pytest.approx(expected.pvalue, abs=0.03)


def test_nothing_is_claimed_that_the_correction_takes_away(of_full_table):
    for row in of_full_table.correlations:
        if row.verdict.startswith(("weak", "moderate", "strong")):
            assert row.p_holm < 0.05
            assert row.rho_low * row.rho_high > 0
        if row.p_holm is not None:
            assert row.p_holm >= row.p_value
    improvement = of_metric(of_full_table.correlations, "improvement_eV_per_atom", cells="LLZTO")
    assert improvement.same_order_as == "layer_mutual_eV_per_atom"  # one bare contact for all
    assert improvement.p_holm is None


def test_the_honest_zero_of_the_docs_still_holds(of_full_table):
    """docs/validation.md says that nothing is predicted: whoever changes that changes the page."""
    verdicts = {row.verdict for row in of_full_table.correlations}
    assert not [v for v in verdicts if v.startswith(("weak", "moderate", "strong"))]


# ---- the command --------------------------------------------------------------------------------


def run(capsys, *arguments):
    code = cli.main(["validate", "--quiet", *arguments])
    return code, capsys.readouterr().out


def test_the_command_prints_tables_of_100_columns(capsys):
    code, out = run(capsys, "--source", "embedded")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert "32 within tolerance, 5 known misses, 0 outside" in out
    assert "with LiS4 counted" in out
    code, out = run(capsys, "--source", "embedded", "--undoped")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert "Doped garnets were computed as Li7La3Zr2O12" in out
    assert "Rank correlation" in out


def test_the_text_on_the_full_table_says_what_a_user_should_conclude(of_full_table):
    text = validation_text(of_full_table)
    assert max(map(len, text.splitlines())) <= 100
    assert "interlayers have a lower resistance" in " ".join(text.split())
    assert "LiCu3, an artefact of the hull, is in the layer of CuF2" in text


def test_a_wrong_energy_has_exit_code_3(capsys, reference, tmp_path):
    frame = changed(reference, {"Li2O": -2.165}).to_frame()
    file = tmp_path / "wrong.csv"
    frame[["formula", "formation_energy_eV_per_atom"]].to_csv(file, index=False)
    code, out = run(capsys, "--source", str(file))
    assert code == 3
    assert "OUTSIDE" in out


def test_files_and_json_hold_the_same_numbers(capsys, tmp_path):
    import pandas as pd

    code, out = run(capsys, "--source", "embedded", "--json", "--out", str(tmp_path / "v"))
    assert code == 0
    found = json.loads(out)
    assert {file.stem for file in (tmp_path / "v").iterdir()} == {*PARTS, "manifest"}
    for part in PARTS:
        frame = pd.read_csv(tmp_path / "v" / f"{part}.csv", keep_default_na=False)
        assert len(frame) == len(found[part])
        assert set(frame.columns) == set(found[part][0])
    frame = pd.read_csv(tmp_path / "v" / "correlations.csv", keep_default_na=False)
    for row, entry in zip(frame.to_dict("records"), found["correlations"], strict=True):
        assert row["metric"] == entry["metric"]


def test_another_part_is_refused(of_reference):
    with pytest.raises(InputError, match="published, cells, correlations"):
        of_reference.to_frame("windows")


def test_a_source_that_is_fetched_is_asked_for_every_system():
    sets = element_sets()
    assert frozenset("Li La Zr Ta O Cu N".split()) in sets
    assert frozenset("Li P S Cl".split()) in sets
    garnets = [elements for elements in element_sets(undoped=True) if "La" in elements]
    assert {"Ta" in elements for elements in garnets} == {True, False}  # Ta2O5 brings its own
    assert sum("Ta" in elements for elements in garnets) == 2
