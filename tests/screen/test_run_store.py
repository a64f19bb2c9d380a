"""A run that is killed goes on where it was; nothing half is ever taken for a result."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interscreen.errors import OutputError
from interscreen.screen.folder import write_manifest
from interscreen.screen.run_store import RunStore

CHUNKS = 6
KEY = {
    "study": {"electrolytes": ["LLZO"], "query": {"max": 10}},
    "table": "ab" * 32,
    "version": "1",
}
OWN = {"source": {}, "command": "interscreen screen", "versions": {}}


def chunk(number):
    return pa.table({"candidate": [f"A{number}B{i}" for i in range(20)],
                     "energy_eV_per_atom": [None if i % 7 == 3 else i / 7 for i in range(20)],
                     "n_elements": [i + number for i in range(20)]})  # fmt: skip


def run(target, key=KEY, *, stop_after=None, pause=0.0, **options):
    """Do a whole run, or what is left of it."""
    with RunStore.open(target, key, CHUNKS, **options) as store:
        for number in list(store.missing)[:stop_after]:
            time.sleep(pause)
            store.add(number, chunk(number))
        if stop_after is not None:
            return list(store.missing)

        def write(folder):
            first = next(tables := store.tables())
            with pq.ParquetWriter(folder / "results.parquet", first.schema) as writer:
                writer.write_table(first)
                for table in tables:
                    writer.write_table(table)
            write_manifest(folder, {**OWN, "run_key": store.hash})

        if not store.complete:
            store.finish(write)
    return store.complete


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Final files of a run that nothing happened to."""
    target = tmp_path_factory.mktemp("undisturbed") / "run"
    run(target)
    return content(target)


def test_a_run_goes_on_where_it_stopped_and_leaves_nothing_beside_it(tmp_path, undisturbed):
    target = tmp_path / "deep" / "run"
    assert run(target, stop_after=4) == [4, 5]
    assert not target.exists()
    assert run(target, stop_after=1) == [5]
    run(target)
    assert content(target) == undisturbed
    assert [entry.name for entry in target.parent.iterdir()] == ["run"]
    before = (target / "results.parquet").stat().st_mtime_ns
    run(target)  # it is complete
    assert (target / "results.parquet").stat().st_mtime_ns == before


def test_nothing_is_left_of_a_run_that_stored_nothing(tmp_path):
    run(tmp_path / "run", stop_after=0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"study": {"electrolytes": ["LATP"], "query": {"max": 10}}},
         'study.electrolytes was ["LLZO"], is ["LATP"]'),
        ({"table": "cd" * 32}, "table was"),
        ({"version": "2"}, 'version was "1", is "2"'),
    ],
)  # fmt: skip
def test_another_question_is_refused_with_what_changed(tmp_path, change, told, undisturbed):
    run(tmp_path / "run", stop_after=2)
    with pytest.raises(OutputError) as error:
        run(tmp_path / "run", {**KEY, **change})
    assert told in str(error.value)
    assert "--fresh" in str(error.value)
    assert run(tmp_path / "run", stop_after=0) == [2, 3, 4, 5]  # nothing was lost
    run(tmp_path / "run", {**KEY, **change}, fresh=True)
    run(tmp_path / "run")  # a finished run of another key is replaced
    assert content(tmp_path / "run") == undisturbed


def test_fresh_computes_a_complete_run_again(tmp_path):
    run(tmp_path / "run")
    assert run(tmp_path / "run", fresh=True, stop_after=1) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_run_with_a_changed_file_is_not_complete(tmp_path, harm, undisturbed):
    run(tmp_path / "run")
    file = tmp_path / "run" / "results.parquet"
    if harm == "gone":
        file.unlink()
        run(tmp_path / "run")
        assert content(tmp_path / "run") == undisturbed
        return
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(OutputError, match=r"results.parquet was changed since the run"):
        run(tmp_path / "run")


def test_a_damaged_chunk_is_told_and_computed_by_the_next_start(tmp_path, undisturbed):
    run(tmp_path / "run", stop_after=6)
    part = tmp_path / ".run.partial" / "00003.parquet"
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(OutputError, match="chunk 3 was damaged"):
        run(tmp_path / "run")
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path):
    with (
        RunStore.open(tmp_path / "run", KEY, CHUNKS),
        pytest.raises(OutputError, match="another process is working on it"),
    ):
        run(tmp_path / "run")
    run(tmp_path / "run")


def test_what_is_not_ours_stays(tmp_path, undisturbed):
    for place in (tmp_path / "run", tmp_path / ".other.partial"):
        place.mkdir()
        (place / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="output folder"):
        run(tmp_path / "run", fresh=True)
    run(tmp_path / "other", fresh=True)
    assert content(tmp_path / "other") == undisturbed
    for place in ("run", ".other.partial"):
        assert content(tmp_path / place) == {"thesis.txt": b"years of work"}


def test_a_full_disk_is_one_line_and_keeps_what_is_finished(tmp_path, monkeypatch, undisturbed):
    run(tmp_path / "run", stop_after=2)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as error:
        run(tmp_path / "run")
    assert "No space left on device" in str(error.value)
    assert "\n" not in str(error.value)
    monkeypatch.undo()
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_a_random_moment_the_same_files_come_out(tmp_path, seed, undisturbed):
    text = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        f"import test_run_store as t; t.run(t.Path({str(tmp_path / 'run')!r}), pause=0.05)"
    )
    draw = random.Random(seed)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", text])
        limit = time.monotonic() + 30.0
        while not (tmp_path / ".run.partial").exists() and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(draw.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed
