"""reports/example is what the shipped study gives today."""

import json
import os
import platform
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "reports" / "example"
REMEDY = "run make example and look at what changed"


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    done = subprocess.run(
        [sys.executable, "-m", "interscreen", "screen", "--out", "reports/example", "--quiet"],
        capture_output=True, text=True, check=False, timeout=300, cwd=folder, env=dict(os.environ),
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


def test_the_example_holds_what_a_run_writes(again):
    assert {f.name for f in EXAMPLE.iterdir()} == {f.name for f in again.iterdir()}, REMEDY
    assert sum(f.stat().st_size for f in EXAMPLE.iterdir()) < 4e6


def test_the_tables_are_the_same_byte_for_byte(again):
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("made on x86-64; other processors round the last digit differently")
    for file in sorted(again.glob("*.csv")):
        assert (EXAMPLE / file.name).read_bytes() == file.read_bytes(), f"{file.name}: {REMEDY}"


def test_the_page_has_the_same_structure_and_the_same_tables(again):
    assert skeleton(EXAMPLE) == skeleton(again), REMEDY
    ours, theirs = page_data(EXAMPLE), page_data(again)
    assert ours.keys() == theirs.keys()
    assert ours["tables"] == theirs["tables"], REMEDY


def test_the_manifest_differs_in_place_and_time_only(again):
    ours, theirs = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (EXAMPLE, again)
    )
    assert ours.keys() == theirs.keys()
    for key in ("study", "source", "rows", "failed_rows", "warnings", "left_out_phases"):
        assert ours[key] == theirs[key], f"{key}: {REMEDY}"
