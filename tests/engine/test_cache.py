"""Compiled code is cached where that works, and nothing breaks where it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import interscreen

pytestmark = pytest.mark.proof  # everything here compiles anew

QUESTION = (
    "import interscreen; from interscreen import PhaseTable, react;"
    "print(interscreen.__file__);"
    "print(react(PhaseTable.reference(), 'CuF2', 'LLZO').min_mutual_energy_eV_per_atom)"
)
ANSWER = -0.3735  # eV/atom

# Three compilations of a few seconds each: the copies are made once and used for several questions.


def copy_package(folder: Path) -> Path:
    """Copy of the package without anything compiled; returns the folder to put on the path."""
    shutil.copytree(
        Path(interscreen.__file__).parent,
        folder / "interscreen",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", QUESTION],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("NUMBA")},
            "PYTHONPATH": str(folder),
            "INTERSCREEN_CACHE": str(folder / "tables"),
            **environment,
        },
    )


def check(process: subprocess.Popen[str], folder: Path) -> None:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    where, energy = out.splitlines()
    assert Path(where).is_relative_to(folder), "the copy must be what was imported"
    assert float(energy) == pytest.approx(ANSWER, abs=2e-3)
    assert "Traceback" not in err


def test_an_install_that_nothing_can_be_written_to_still_answers(tmp_path):
    folder = copy_package(tmp_path)
    # a file where the folder should be stops root, too, whom permissions do not
    (folder / "interscreen" / "engine" / "__pycache__").write_text("in the way")
    nowhere = "/dev/null/nowhere"
    check(
        start(
            folder,
            HOME=nowhere,
            XDG_CACHE_HOME=nowhere,
            NUMBA_CACHE_DIR=nowhere,
            INTERSCREEN_CACHE=nowhere,
        ),
        folder,
    )


@pytest.fixture(scope="module")
def compiled_copy(tmp_path_factory):
    """Copy of the package whose empty cache three processes filled at the same time."""
    folder = copy_package(tmp_path_factory.mktemp("parallel"))
    processes = [start(folder) for _ in range(3)]
    for process in processes:
        check(process, folder)
    return folder


def test_three_processes_can_start_at_once_on_an_empty_cache(compiled_copy):
    cache = compiled_copy / "interscreen" / "engine" / "__pycache__"
    assert list(cache.glob("kernel.walk_line*.nbi"))
    before = {file: file.stat().st_mtime_ns for file in cache.glob("*.nb?")}
    check(start(compiled_copy), compiled_copy)
    after = {file: file.stat().st_mtime_ns for file in cache.glob("*.nb?")}
    assert after == before, "the next process must find everything in the cache"


@pytest.mark.parametrize("damage", ["half the code", "one byte", "no index"])
def test_a_damaged_cache_is_left_aside(compiled_copy, tmp_path, damage):
    folder = tmp_path / "copy"
    shutil.copytree(compiled_copy, folder)  # keeps the times, so that the cache still counts
    cache = folder / "interscreen" / "engine" / "__pycache__"
    files = list(cache.glob("*.nbi" if damage == "no index" else "*.nbc"))
    assert files
    for file in files:
        content = file.read_bytes()
        place = len(content) // 2
        flipped = content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :]
        damaged = {"half the code": content[:place], "one byte": flipped, "no index": b"garbage"}
        file.write_bytes(damaged[damage])
    check(start(folder), folder)
