"""The wheel: small, complete, and enough for an answer without a key and without a network."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_NETWORK = """
import socket

def refused(*args, **kwargs):
    raise OSError("this test has no network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refused
"""
pytestmark = pytest.mark.proof


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, so that nothing of it stays in the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    asked = subprocess.run(
        [*pip, "download", "--no-deps", "--dest", str(folder / "asked"), "setuptools>=69"],
        capture_output=True, check=False,
    )  # fmt: skip
    if asked.returncode:
        pytest.skip("pip finds no setuptools: the package index cannot be reached")
    copy = folder / "copy"
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", copy / "src", ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, copy)
    run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, copy)
    (file,) = folder.glob("*.whl")
    return file


def test_it_holds_every_file_of_the_package_in_less_than_4_mb(wheel):
    assert wheel.stat().st_size < 4e6
    package = ROOT / "src" / "interscreen"
    files = {
        str(file.relative_to(package.parent))
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        assert files <= set(archive.namelist())


def test_in_an_empty_environment_it_answers_without_key_and_network(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "--quiet", "install", wheel)
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(NO_NETWORK)
    environment = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("MP_", "PMG_", "INTERSCREEN_", "XDG_", "PYTHON", "COVERAGE"))
    } | {"HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "blocked")}  # fmt: skip
    here = {"cwd": tmp_path, "env": environment}

    def interscreen(*arguments):
        return run(python.with_name("interscreen"), *arguments, **here)

    place = run(python, "-c", "import interscreen; print(interscreen.__file__)", **here)
    assert place.startswith(str(tmp_path / "env"))
    answer = json.loads(interscreen("reaction", "CuF2", "LATP", "--json"))
    assert answer["min_mutual_energy_eV_per_atom"] == pytest.approx(-0.05097, abs=1e-5)
    assert "64 candidates x 10 electrolytes" in interscreen("screen", "library", "--check")
    interscreen("screen", "--samples", "0", "--out", "run")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "embedded (Matbench v0.1, Materials Project 2018; energies anchored" in page
