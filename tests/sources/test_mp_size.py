"""A pull of everything: the whole shared table as documents of the service."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.proof
def test_everything_fits_into_a_gibibyte_and_answers_as_the_table_does(full_csv, tmp_path):
    from interscreen import PhaseTable, stability_window
    from service import require_server_code

    require_server_code()
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "pull_everything.py"),
            "--source",
            str(full_csv),
            "--tasks",
            "pair",
            "--json",
            str(tmp_path / "figures.json"),
        ],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["documents"] > 130_000
    assert figures["pair_requests"] <= 8
    assert figures["pair_heartbeats"] == 1
    assert figures["requests"] < 3.5 * 133
    assert figures["peak_memory_MiB"] < 1024
    assert "132752 documents" in done.stderr  # says how many and how long
    assert " s\n" in done.stderr
    expected = stability_window(PhaseTable.read(full_csv), "Li3PS4").assemblage_window_V
    assert figures["Li3PS4_window_V"] == pytest.approx(expected, abs=1e-9)
