"""The embedded table: what it holds, against the published files and the small set."""

import csv
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from interscreen import lithiate, react
from interscreen.phases.artefacts import artefacts, known_artefacts
from interscreen.phases.formula import parse_formula, reduced_text
from interscreen.phases.hull import known_hull_phases
from interscreen.phases.suspects import evidence
from interscreen.sources.embedded import embedded_table

DATA = files("interscreen") / "data"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def file():
    return pq.read_table(str(DATA / "embedded.parquet"))


def test_every_formula_of_matbench_is_in_it(embedded):
    assert (len(embedded), len(embedded.elements)) == (95118, 84)
    assert embedded.source.n_rows == int(embedded.structures.sum()) == 132752
    elements = np.diff(embedded.indptr) == 1
    assert elements.sum() == 84
    assert (embedded.energies[elements] == 0.0).all()


def test_energies_and_compositions_are_those_of_the_published_file(embedded, full_table):
    row_of = {formula: row for row, formula in enumerate(full_table.formulas.tolist())}
    rows = np.array([row_of[formula] for formula in embedded.formulas.tolist()])
    np.testing.assert_allclose(embedded.energies, full_table.energies[rows], atol=1e-6)
    np.testing.assert_array_equal(embedded.structures, full_table.structures[rows])
    for row in range(0, len(embedded), 97):
        assert embedded.composition(row) == full_table.composition(int(rows[row]))


def test_formulas_are_written_as_everywhere(embedded):
    for row in range(0, len(embedded), 997):
        assert str(embedded.formulas[row]) == reduced_text(embedded.composition(row))


def test_the_file_says_where_everything_comes_from(file):
    about = {key.decode(): value.decode() for key, value in file.schema.metadata.items()}
    assert "Matbench v0.1" in about["source"]
    assert about["licence"] == "CC BY 4.0"
    for doi in ("s41524-020-00406-3", "1.4812323", "s11837-013-0755-4", "acs.jpclett.8b00124"):
        assert doi in about["citation"]
    known = {line.partition(":")[0] for line in about["references"].splitlines()}
    for column in ("density_source", "conduction_source"):
        keys = {text.partition(" ")[0].rstrip(",") for text in file[column].unique().to_pylist()
                if text}  # fmt: skip
        assert keys <= known
    assert file["pbe_band_gap_eV"].null_count == 95118 - 78164
    assert file["volume_A3_per_atom"].null_count == 95118 - 40271
    measured = file["measured_band_gap_eV"].drop_null().to_pylist()
    assert min(measured) > 0.0  # the zeros of the published list are computed


def test_what_was_made_has_evidence(embedded):
    made = evidence()
    assert (embedded.observed == 1).sum() == len(made)
    assert made["Al2O3"] == "calorimetry, list"
    assert made["SnO2"].startswith("measured gap, calorimetry")
    assert made["H2O"] == "calorimetry"
    for formula in ("AlO", "ScO", "GaH", "LiN"):  # gases
        assert formula not in made


# -- artefacts ------------------------


def test_each_artefact_has_a_reason_and_a_reference():
    text = (DATA / "artefacts.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    keys = {line[2:].partition(":")[0] for line in text.splitlines() if line.startswith("# ")}
    assert len(rows) == len(artefacts()) > 60
    for row in rows:
        unit = parse_formula(row["formula"])
        assert row["formula"] == reduced_text(dict(zip(unit.elements, unit.counts, strict=True)))
        assert len(row["reason"]) > 20
        assert row["reference"] in keys


def test_artefacts_are_in_the_table_and_do_not_count(embedded):
    named = set(embedded.formulas[embedded.observed == 0].tolist())
    assert named == known_artefacts() == set(embedded.left_out)
    assert embedded_table(all_phases=True).left_out == ()


def test_no_dilute_supercell_counts(embedded):
    dilute = np.char.find(embedded.formulas, "Mg149") >= 0
    assert dilute.sum() > 55
    assert not embedded.counted[dilute].any()


def test_no_neighbour_takes_the_place_of_a_nitride_of_lithium_and_copper(embedded):
    products = {p for step in lithiate(embedded, "Cu3N").steps for p in step.products}
    assert not any({"Li", "Cu", "N"} == set(parse_formula(p).elements) for p in products)


# -- how it is read ------------------------


def test_its_hull_is_known_at_once(embedded, monkeypatch):
    def slow(*arguments):
        raise AssertionError("computed again")

    monkeypatch.setattr("interscreen.phases.hull.hull_phases", slow)
    on_hull = known_hull_phases(embedded)
    row = {formula: i for i, formula in enumerate(embedded.formulas.tolist())}
    assert on_hull[row["LiF"]]
    assert on_hull[row["Li"]]
    assert not on_hull[row["LiCu3"]]
    everything = known_hull_phases(embedded_table(all_phases=True))
    assert everything[row["LiCu3"]]
    assert on_hull.sum() > 35000


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no /proc to read")
def test_a_first_question_loads_no_pandas_and_takes_little_memory():
    script = (
        "import re, sys\n"
        "from interscreen import react, stability_window\n"
        "from interscreen.sources.open import open_table\n"
        "table = open_table('embedded'); table.within(['Li', 'Cu', 'F'])\n"
        "assert 'pandas' not in sys.modules\n"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert int(found.stdout) < 160_000  # kB


def test_the_check_numbers_of_tin_and_copper(embedded):
    (first, *_) = lithiate(embedded, "SnO2").steps
    assert first.voltage_V == pytest.approx(1.99, abs=0.02)
    assert react(embedded, "CuF2", "LLZO").min_mutual_energy_eV_per_atom == pytest.approx(
        -0.37357, abs=1e-4
    )


@pytest.mark.proof
def test_the_script_builds_the_same_table_again():
    folder = os.environ.get("INTERSCREEN_PUBLISHED")
    if not folder:
        pytest.skip("INTERSCREEN_PUBLISHED names no folder with the published files")
    found = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build_embedded.py", folder, "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
