"""Signals, streams and the last net: one line, a code, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interscreen.cli import ask
from interscreen.cli.main import main

SMALL_SET = next(Path(__file__).parents[1].glob("**/small_set.csv"))
MAIN = [sys.executable, "-m", "interscreen"]
STUDY = "{name: many, electrolytes: [LLZO, LATP], candidates: [%s], jobs: 2}"
MIXTURES = [f"{n} LiF + {m} CuF2" for n in range(1, 7) for m in (5, 7, 11, 13)]


def start(*arguments, **options):
    return subprocess.Popen(
        [*MAIN, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def children_of(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            for child in task.read_text().split():
                found += [int(child), *children_of(child)]
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to see the workers in")
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGTERM, 143, "terminated"),
        pytest.param(signal.SIGHUP, 129, "terminated", marks=pytest.mark.proof),
        pytest.param(signal.SIGINT, 130, "interrupted", marks=pytest.mark.proof),
    ],
)
def test_a_stopped_study_leaves_no_folder_and_no_process(tmp_path, number, code, word):
    (tmp_path / "many.yaml").write_text(STUDY % ", ".join(MIXTURES))
    source = ("--source", str(SMALL_SET), "--energies", "source")
    process = start("screen", "many.yaml", *source, "--out", "o/run", cwd=tmp_path)
    deadline = time.monotonic() + 120
    while len(workers := children_of(process.pid)) < 3:  # two of them, and who counts their files
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)  # nobody holds the pipe
    assert process.returncode == code
    assert err.endswith(f"interscreen: {word}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["many.yaml"]
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "workers must end"
        time.sleep(0.1)


def test_hup_stays_ignored_under_nohup():
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from interscreen.cli import signals\n"
        "with signals.heard(): os.kill(os.getpid(), signal.SIGHUP)\n"
        "assert signals.came() == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_narrow_stdout_gets_ascii_for_the_signs_it_lacks(encoding):
    done = subprocess.run(
        [*MAIN, "reaction", "CuF2", "LATP", "--samples", "50"],
        env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, timeout=120,
        check=True,
    )  # fmt: skip
    text = done.stdout.decode(encoding)
    assert ("+/-" if encoding == "ascii" else "±") in text
    assert b"Traceback" not in done.stderr
    done = subprocess.run(
        [*MAIN, "reaction", "CuF2", "LATP", "--json"],
        env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, timeout=120,
        check=True,
    )  # fmt: skip
    assert json.loads(done.stdout.decode(encoding))["min_mutual_energy_eV_per_atom"] < 0


@pytest.mark.parametrize(
    ("redirect", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&- <&-", 0), (">/dev/full", 2)]
)
def test_closed_and_full_streams_are_no_traceback(redirect, code):
    command = f"{sys.executable} -m interscreen electrolytes {redirect}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    if code:
        assert done.stderr.splitlines()[-1].endswith("(No space left on device)")


def test_escape_sequences_of_a_name_are_written_out(capsys):
    assert main(["window", "Li\x1b[31mF\x9b2J"]) == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\x9b" not in said
    assert "\\x1b[31m" in said


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ZeroDivisionError("a\nb"), 1, "error: unexpected ZeroDivisionError: a; the details are"),
        (RecursionError(), 1, "error: unexpected RecursionError: no more is known; the details"),
        (MemoryError(), 2, "error: there is not enough memory"),
        (OSError(36, "File name too long", "x"), 2, "error: x: cannot be read or written (File"),
    ],
)
def test_what_nobody_foresaw_is_one_line_and_a_file(
    tmp_path, monkeypatch, capsys, error, code, line
):
    def broken(*_, **__):
        raise error

    key = "k" * 32
    monkeypatch.setenv("MP_API_KEY", key)
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path))
    monkeypatch.setattr(ask, "asked", broken)
    assert main(["window", "LiF"]) == code
    said = capsys.readouterr().err
    assert said.startswith(f"interscreen: {line}")
    assert said.count("\n") == 1
    files = list(tmp_path.glob("errors/*.log"))
    assert len(files) == (code == 1)
    for file in files:
        assert "interscreen window LiF" in file.read_text()
        assert "Traceback" in file.read_text()
