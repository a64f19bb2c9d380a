"""reports/example is what the shipped study ``seeds`` gives today."""

import json
import math
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[1] / "reports" / "example"
REMEDY = "run make example and look at what changed"


pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    command = [sys.executable, "-m", "interscreen", "screen", "seeds", "--out", "reports/example"]
    done = subprocess.run(
        [*command, "--quiet"],
        capture_output=True, text=True, check=False, timeout=900, cwd=folder, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "reports" / "example"


class Skeleton(HTMLParser):
    """Elements with their identifiers and classes; of the texts only the headings."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], ""

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.inside = tag
        self.found.append((tag, known.get("id"), known.get("class"), known.get("type")))

    def handle_data(self, data):
        if self.inside in ("h1", "h2", "h3", "th", "style"):
            self.found.append(data)


def skeleton(folder):
    parser = Skeleton()
    parser.feed((folder / "report.html").read_text(encoding="utf-8"))
    return parser.found


def page_data(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1]
    )


def kept(folder):
    """Files of a run but for those that .gitignore leaves out of the example: large, or twice."""
    names = {file.name for file in folder.iterdir()} - {"reactions.csv"}
    return sorted(name for name in names if not name.endswith((".svg", ".pdf")))


def test_the_example_holds_what_a_run_writes(again):
    assert kept(EXAMPLE) == kept(again), REMEDY
    assert sum((EXAMPLE / name).stat().st_size for name in kept(EXAMPLE)) < 6e6
    assert (EXAMPLE / "report.html").stat().st_size < 3e6


def assert_close(ours, theirs, where):
    """Texts equal, numbers to 1e-9 (another processor rounds the last digit differently)."""
    assert list(ours.columns) == list(theirs.columns), where
    assert len(ours) == len(theirs), where
    for column in ours:
        one, other = ours[column], theirs[column]
        numbers = pd.to_numeric(one, errors="coerce"), pd.to_numeric(other, errors="coerce")
        text = numbers[0].isna() | numbers[1].isna()
        assert (one[text] == other[text]).all(), f"{where}, {column}: {REMEDY}"
        far = (numbers[0] - numbers[1]).abs() > 1e-9 * (1 + numbers[0].abs())
        assert not far.any(), f"{where}, {column}: {REMEDY}"


def test_the_tables_are_the_same(again):
    for name in (name for name in kept(again) if name.endswith(".csv")):
        ours, theirs = (
            pd.read_csv(folder / name, dtype=str, keep_default_na=False)
            for folder in (EXAMPLE, again)
        )
        assert_close(ours, theirs, name)


def test_a_changed_number_would_be_found():
    frame = pd.DataFrame({"name": ["a", "b"], "value": ["1.0", ""]})
    assert_close(frame, frame.assign(value=["1.0000000000001", ""]), "same")
    for changed in (["1.001", ""], ["1.0", "0"], ["", ""]):
        with pytest.raises(AssertionError):
            assert_close(frame, frame.assign(value=changed), "other")


def alike(one, other):
    """Whether two pieces of JSON say the same, numbers to 1e-9."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def test_the_page_has_the_same_structure_and_the_same_tables(again):
    assert skeleton(EXAMPLE) == skeleton(again), REMEDY
    ours, theirs = page_data(EXAMPLE), page_data(again)
    assert ours.keys() == theirs.keys()
    assert alike(ours["tables"], theirs["tables"]), REMEDY


def test_the_manifest_differs_in_place_and_time_only(again):
    ours, theirs = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (EXAMPLE, again)
    )
    assert ours.keys() == theirs.keys()
    for key in ("study", "source", "rows", "failed_rows", "warnings", "left_out_phases"):
        assert ours[key] == theirs[key], f"{key}: {REMEDY}"
