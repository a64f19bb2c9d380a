"""A run that is killed goes on where it was; nothing half is ever taken for a result."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from interscreen.errors import OutputError, SourceError
from interscreen.screening import run_store
from interscreen.screening.run_key import RunKey, decode, encode
from interscreen.screening.run_store import RunStore

CHUNKS = 6
STUDY = {"candidates": {"query": {"max": 10, "exclude": ["Tc", "U"]}}, "electrolytes": ["LLZO"]}

# what the processes that get killed have in common with this one
COMMON = """
import hashlib, json, os, signal, sys, time
from pathlib import Path
import pyarrow as pa
import pyarrow.parquet as pq
from interscreen.screening.run_key import RunKey
from interscreen.screening.run_store import RunStore

def chunk(number):
    rows = range(20)
    return pa.table({
        "candidate": [f"A{number}B{i}" for i in rows],
        "energy_eV_per_atom": [None if i % 7 == 3 else (i - number) / 7 for i in rows],
        "role": [("conversion", "coating", None)[(i + number) % 3] for i in rows],
        "n_elements": [i + number for i in rows],
    })

def write(folder, tables):
    first = next(tables)
    with pq.ParquetWriter(folder / "results.parquet", first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    digest = hashlib.sha256((folder / "results.parquet").read_bytes()).hexdigest()
    text = json.dumps({"run_key": KEY.hash, "files_sha256": {"results.parquet": digest}})
    (folder / "manifest.json").write_text(text)

def run(target):
    with RunStore.open(target, KEY) as store:
        for number in store.missing:
            store.add(number, chunk(number))
        if not store.complete:
            store.finish(write)
"""
SHARED_NAMES: dict = {}
exec(COMMON, SHARED_NAMES)
chunk = SHARED_NAMES["chunk"]


def make_key(**changes):
    fields = {"study": STUDY, "table": "ab" * 32, "table_label": "a table", "version": "1"}
    return RunKey(**{**fields, "chunks": CHUNKS, **changes})


KEY = make_key()


def write_for(key):
    def write(folder, tables):
        SHARED_NAMES["KEY"] = key
        SHARED_NAMES["write"](folder, tables)

    return write


def run(target, key=KEY, **options):
    """Do a whole run, or what is left of it."""
    with RunStore.open(target, key, **options) as store:
        for number in store.missing:
            store.add(number, chunk(number))
        if not store.complete:
            store.finish(write_for(key))


def begin(target, chunks, key=KEY):
    with RunStore.open(target, key) as store:
        for number in chunks:
            store.add(number, chunk(number))
    return store


def missing(target, key=KEY):
    with RunStore.open(target, key) as store:
        return store.missing


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def script(text, key=KEY):
    return f"{COMMON}\nKEY = RunKey.from_json({key.to_json()!r})\n{text}"


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Final files of a run that nothing happened to."""
    target = tmp_path_factory.mktemp("undisturbed") / "run"
    run(target)
    return content(target)


# -- the usual course ------------------------------------------------------------


def test_run_is_made_continued_and_finished(tmp_path, undisturbed):
    target = tmp_path / "deep" / "run"
    with RunStore.open(target, KEY) as store:
        assert store.missing == list(range(CHUNKS))
        store.add(3, chunk(3))
        store.add(0, chunk(0))
    assert not target.exists()
    with RunStore.open(target, KEY) as store:
        assert store.missing == [1, 2, 4, 5]
        assert not store.complete
        for number in (5, 1, 4, 2):
            store.add(number, chunk(number))
        assert store.finish(write_for(KEY)) == target
        assert store.complete
    assert content(target) == undisturbed
    assert names(target.parent) == ["run"]


def test_tables_come_back_in_order_as_they_were_handed_in(tmp_path):
    handed = [chunk(number).replace_schema_metadata({"note": str(number)}) for number in range(6)]
    handed[2] = handed[2].slice(0, 0)
    handed[4] = pa.concat_tables([handed[4].slice(3, 9), handed[4].slice(12)])
    seen = []

    def look(folder, tables):
        seen.extend(tables)
        (folder / "manifest.json").write_text(json.dumps({"run_key": KEY.hash}))

    with RunStore.open(tmp_path / "run", KEY) as store:
        for number in (5, 2, 0, 4, 1, 3):
            store.add(number, handed[number])
        store.finish(look)
    assert len(seen) == 6
    for one, other in zip(seen, handed, strict=True):
        assert one.equals(other)
        assert one.schema.equals(other.schema, check_metadata=True)


def test_one_table_at_a_time_is_in_memory(tmp_path):
    alive, counted = [], []

    def look(folder, tables):
        for table in tables:
            counted.append(sum(one() is not None for one in alive))
            alive.append(weakref.ref(table))
            del table
        (folder / "manifest.json").write_text(json.dumps({"run_key": KEY.hash}))

    begin(tmp_path / "run", range(CHUNKS))
    with RunStore.open(tmp_path / "run", KEY) as store:
        store.finish(look)
    assert counted == [0] * CHUNKS  # nobody else held an earlier one


def test_complete_run_is_left_as_it_is(tmp_path):
    run(tmp_path / "run")
    before = (tmp_path / "run" / "results.parquet").stat()
    with RunStore.open(tmp_path / "run", KEY) as store:
        assert store.complete
        assert store.missing == []
        with pytest.raises(ValueError, match="complete: True"):
            store.finish(write_for(KEY))
    assert (tmp_path / "run" / "results.parquet").stat() == before
    assert names(tmp_path) == ["run"]


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_run_with_a_changed_file_is_not_complete(tmp_path, harm, undisturbed):
    run(tmp_path / "run")
    file = tmp_path / "run" / "results.parquet"
    file.write_bytes(file.read_bytes()[:-9]) if harm == "changed" else file.unlink()
    assert missing(tmp_path / "run") == list(range(CHUNKS))
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed


def test_complete_run_of_another_key_is_replaced_when_finished(tmp_path, undisturbed):
    other = make_key(version="0")
    run(tmp_path / "run", other)
    (tmp_path / "run" / "extra.csv").write_text("x")
    begin(tmp_path / "run", [1, 2])
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["run_key"] == other.hash
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed
    assert names(tmp_path) == ["run"]


def test_fresh_forgets_chunks_of_any_key_and_a_complete_run(tmp_path, undisturbed):
    begin(tmp_path / "run", [1, 2], make_key(version="0"))
    with RunStore.open(tmp_path / "run", KEY, fresh=True) as store:
        assert store.missing == list(range(CHUNKS))
    run(tmp_path / "run")
    with RunStore.open(tmp_path / "run", KEY, fresh=True) as store:
        assert not store.complete
        assert store.missing == list(range(CHUNKS))
    assert content(tmp_path / "run") == undisturbed  # until another one is finished


def test_run_without_chunks_can_be_finished(tmp_path):
    def empty(folder, tables):
        assert list(tables) == []
        (folder / "manifest.json").write_text(json.dumps({"run_key": key.hash}))

    key = make_key(chunks=0)
    with RunStore.open(tmp_path / "run", key) as store:
        store.finish(empty)
    assert names(tmp_path / "run") == ["manifest.json"]


def test_nothing_is_left_of_a_run_that_stored_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), RunStore.open(tmp_path / "a" / "b" / "run", KEY):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_interrupt_keeps_the_chunks_for_the_next_time(tmp_path):
    def interrupted():
        with RunStore.open(tmp_path / "run", KEY) as store:
            store.add(2, chunk(2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == [".run.partial"]
    assert missing(tmp_path / "run") == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("number", [0, -1, CHUNKS])
def test_chunk_that_is_not_missing_is_a_mistake(tmp_path, number):
    with RunStore.open(tmp_path / "run", KEY) as store:
        store.add(0, chunk(0))
        with pytest.raises(ValueError, match="not missing"):
            store.add(number, chunk(0))
        with pytest.raises(ValueError, match="5 chunks are missing"):
            store.finish(write_for(KEY))


# -- keys ------------------------------------------------------------------------


def refusal(tmp_path, key, first=KEY):
    begin(tmp_path / "run", [0, 1], first)
    with pytest.raises(OutputError) as error:
        RunStore.open(tmp_path / "run", key)
    assert missing(tmp_path / "run", first) == [2, 3, 4, 5]  # nothing is lost
    text = one_line(error)
    assert f"output folder {tmp_path / 'run'}: an unfinished run is there (2 of 6" in text
    assert "--fresh" in text
    assert error.value.exit_code == 2
    return text


def test_changed_study_is_refused_with_what_changed(tmp_path):
    study = {
        "candidates": {"query": {"max": 20, "exclude": ["Tc"]}},
        "electrolytes": ["LLZO", "LATP"],
        "potentials": True,
    }
    text = refusal(tmp_path, make_key(study=study, chunks=9))
    assert (
        "the study changed (candidates.query.max was 10, is 20; "
        'candidates.query.exclude[1] was "U", is nothing; '
        'electrolytes[1] was nothing, is "LATP"; and 1 more)'
    ) in text
    assert "number of chunks" not in text  # that only follows


def test_long_values_are_shown_where_they_differ(tmp_path):
    first, second = (make_key(study={"note": "x" * 500 + end + "y" * 500}) for end in "ab")
    text = refusal(tmp_path, second, first)
    assert "xxxay" in text
    assert "xxxby" in text
    assert len(text) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("pair", [(1, 1.0), (1, True), (None, 0), ("1", 1)])
def test_values_that_python_takes_for_equal_are_told_apart(tmp_path, pair):
    first, second = (make_key(study={"above_V": value}) for value in pair)
    text = refusal(tmp_path, second, first)
    assert f"above_V was {json.dumps(pair[0])}, is {json.dumps(pair[1])}" in text


def test_changed_table_is_refused_with_both_names(tmp_path):
    text = refusal(tmp_path, make_key(table="cd" * 32, table_label="another\ntable"))
    assert "but the table changed (was a table, is another table);" in text


def test_changed_table_of_the_same_name_is_refused_with_both_fingerprints(tmp_path):
    text = refusal(tmp_path, make_key(table="cd" * 32))
    assert "still called a table, but its fingerprint was abababababab, is cdcdcdcdcdcd" in text


def test_changed_version_is_refused(tmp_path):
    text = refusal(tmp_path, make_key(version="2"))
    assert "another version of results (was 1, is 2)" in text


def test_changed_number_of_chunks_is_refused(tmp_path):
    assert "number of chunks changed (was 6, is 7)" in refusal(tmp_path, make_key(chunks=7))


def test_table_that_moved_and_order_of_keys_change_nothing(tmp_path):
    moved = make_key(study=dict(reversed(STUDY.items())), table_label="/elsewhere/table.csv")
    begin(tmp_path / "run", [0, 1])
    assert missing(tmp_path / "run", moved) == [2, 3, 4, 5]


def test_key_is_what_json_makes_of_it():
    assert make_key(study={"a": (1, 2), "b": {3: 4}}).hash == (
        make_key(study={"b": {"3": 4}, "a": [1, 2]}).hash
    )
    assert RunKey.from_json(KEY.to_json()) == KEY
    with pytest.raises(ValueError, match="JSON"):
        make_key(study={"a": float("nan")})
    with pytest.raises(TypeError):
        make_key(study={"a": object()})
    with pytest.raises(ValueError, match="-1 chunks"):
        make_key(chunks=-1)


# -- damage ----------------------------------------------------------------------


def part(tmp_path, number):
    return tmp_path / ".run.partial" / "parts" / f"{number:05d}.parquet"


@pytest.mark.parametrize("harm", ["empty", "short", "flipped", "other key", "other chunk"])
def test_damaged_chunk_is_missing_and_computed_again(tmp_path, harm, undisturbed):
    begin(tmp_path / "run", range(4))
    data = part(tmp_path, 2).read_bytes()
    data = {
        "empty": b"",
        "short": data[: len(data) // 2],
        "flipped": data[:200] + bytes([data[200] ^ 1]) + data[201:],
        "other key": encode(chunk(2), make_key(version="0").hash, 2),
        "other chunk": part(tmp_path, 1).read_bytes(),
    }[harm]
    part(tmp_path, 2).write_bytes(data)
    with RunStore.open(tmp_path / "run", KEY) as store:
        assert store.missing == [2, 4, 5]
        assert store.damaged == (2,)
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed


def test_no_flipped_bit_passes_for_the_stored_chunk():
    """Every byte of a file in turn: noticed, or it says the same (padding, statistics)."""
    table = chunk(1)
    data = encode(table, KEY.hash, 1)
    noticed = 0
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        read = decode(bytes(changed), KEY.hash, 1)
        noticed += read is None
        assert read is None or read.equals(table)
    assert noticed > len(data) // 4


def test_damage_while_finishing_is_told_and_mended_by_the_next_run(tmp_path, undisturbed):
    begin(tmp_path / "run", range(CHUNKS))

    def damaged():
        with RunStore.open(tmp_path / "run", KEY) as store:
            assert store.missing == []
            part(tmp_path, 4).write_bytes(b"PAR1")
            store.finish(write_for(KEY))

    with pytest.raises(OutputError, match=r"chunk 4 was damaged .* same command again"):
        damaged()
    assert missing(tmp_path / "run") == [4]
    run(tmp_path / "run")
    assert content(tmp_path / "run") == undisturbed


def test_chunks_without_their_key_are_refused_until_fresh(tmp_path):
    begin(tmp_path / "run", [0])
    (tmp_path / ".run.partial" / "run.json").write_text("{")
    with pytest.raises(OutputError, match=r"run\.json, which says of what.*--fresh"):
        RunStore.open(tmp_path / "run", KEY)
    assert part(tmp_path, 0).exists()
    with RunStore.open(tmp_path / "run", KEY, fresh=True) as store:
        assert store.missing == list(range(CHUNKS))


def test_chunk_bytes_depend_on_the_table_alone():
    pieces = pa.concat_tables([chunk(1).slice(0, 7), chunk(1).slice(7)])
    assert encode(chunk(1), KEY.hash, 1) == encode(chunk(1), KEY.hash, 1)
    assert decode(encode(pieces, KEY.hash, 1), KEY.hash, 1).equals(chunk(1))


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.5, None, float("nan"), -0.0, float("-inf")]),
        pa.array([1, None, 2**53 + 1]),
        pa.array([True, None, False] * 5),
        pa.array(["", None, "Li₂O", "x" * 999]),
        pa.array([b"", None, b"\xff"]),
        pa.array(["a", None], pa.large_string()),
        pa.nulls(3),
        pa.array([], pa.string()),
        pa.array([None, None], pa.float32()),
        pa.array([float(i) for i in range(9)]).slice(3, 4),
        pa.array(["a", "bc", None, "def", "g"]).slice(1, 3),
        pa.array([1.0, 2.0, 3.0], mask=np.array([False, True, False])),
    ],
    ids=str,
)
def test_columns_that_chunks_hold_survive(values):
    table = pa.table({"x": values})
    read = decode(encode(table, KEY.hash, 0), KEY.hash, 0)
    assert read is not None
    assert read.schema == table.schema
    assert repr(read["x"].to_pylist()) == repr(values.to_pylist())


def test_column_of_another_type_is_a_mistake():
    with pytest.raises(TypeError, match="column x: a chunk cannot hold"):
        encode(pa.table({"x": [[1, 2]]}), KEY.hash, 0)


# -- kills -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_a_random_moment_the_same_files_come_out(tmp_path, seed, undisturbed):
    draw = random.Random(seed)
    moment, pause = draw.randrange(CHUNKS), draw.random() * 0.02
    text = script(
        "with RunStore.open(Path(sys.argv[1]), KEY) as store:\n"
        "    while True:\n"  # again and again, so that it never ends by itself
        "        for number in range(5):\n"
        "            store._missing.add(number)\n"
        "            store.add(number, chunk(number))\n"
    )
    target = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", text, str(target)])
    try:
        while moment and not part(tmp_path, moment - 1).exists():
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(pause)
    finally:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert len(missing(target)) <= CHUNKS - moment
    run(target)
    assert content(target) == undisturbed
    assert names(tmp_path) == ["run"]


EVERY_STEP = """
import traceback
import filelock, numpy, pandas  # once, not in every child
os.fsync = lambda handle: None  # a kill is no power cut

target = Path(sys.argv[1])
OLD = json.loads(sys.argv[2])
STEPS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"}

def begin_again():
    import shutil
    shutil.rmtree(target.parent, ignore_errors=True)
    target.mkdir(parents=True)
    for name, text in OLD.items():
        (target / name).write_text(text)

def in_a_child(work):
    pid = os.fork()
    if not pid:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def killed_at(step):
    left = [step]
    def hook(event, arguments):
        if event in STEPS and str(target.parent) in str(arguments[0]):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    run(target)

def look():
    return {path.name: path.read_text("latin-1") for path in target.iterdir()}

begin_again()
assert in_a_child(lambda: run(target)) == 0
new = look()
assert new != OLD
step = 0
while True:
    begin_again()
    status = in_a_child(lambda: killed_at(step))
    if status == 0:
        break
    assert status == -signal.SIGKILL, (step, status)
    def opened():
        with RunStore.open(target, KEY) as store:
            assert look() == (new if store.complete else OLD)
    assert in_a_child(opened) == 0, f"after step {step}"
    assert in_a_child(lambda: run(target)) == 0, f"after step {step}"
    assert look() == new, f"after step {step}"
    assert os.listdir(target.parent) == ["run"], f"after step {step}"
    step += 1
print(step)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_killed_before_any_step_of_the_file_system_nothing_is_lost(tmp_path):
    """Every file opened, renamed, made or removed in turn: old run or new run, never half."""
    key = make_key(chunks=2)
    old = {"manifest.json": '{"run_key": "old"}', "results.csv": "old"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            script(EVERY_STEP, key),
            str(tmp_path / "place" / "run"),
            json.dumps(old),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30


# -- two processes ---------------------------------------------------------------


def test_second_process_is_refused_until_the_first_is_gone(tmp_path):
    text = script(
        "with RunStore.open(Path(sys.argv[1]), KEY) as store:\n"
        "    store.add(0, chunk(0))\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(600)\n"
    )
    target = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(target)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n"
        for fresh in (False, True):
            with pytest.raises(OutputError) as error:
                RunStore.open(target, KEY, fresh=fresh)
            text = one_line(error)
            assert f"output folder {target}: another process is working on it; wait" in text
            assert error.value.exit_code == 2
        assert part(tmp_path, 0).exists()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert missing(target) == [1, 2, 3, 4, 5]
    assert names(tmp_path) == [".run.partial"]


def test_second_store_of_one_process_is_refused(tmp_path):
    with RunStore.open(tmp_path / "run", KEY):
        with pytest.raises(OutputError, match="another process"):
            RunStore.open(tmp_path / "run", KEY)
        with RunStore.open(tmp_path / "other", KEY) as other:
            assert other.missing


def test_lock_on_a_file_that_was_removed_meanwhile_does_not_count(tmp_path, monkeypatch):
    """Whoever finishes removes the lock file; one who had it open already must look again."""
    import filelock

    acquire, path = filelock.FileLock.acquire, tmp_path / ".run.partial.lock"
    calls = []

    def late(self, *args, **options):
        result = acquire(self, *args, **options)
        calls.append(len(calls))
        if len(calls) == 1:
            path.unlink()
        elif len(calls) == 2:
            path.rename(path.with_suffix(".other"))
            path.touch()
        return result

    monkeypatch.setattr(filelock.FileLock, "acquire", late)
    with RunStore.open(tmp_path / "run", KEY):
        monkeypatch.undo()
        assert calls == [0, 1, 2]
        with pytest.raises(OutputError, match="another process"):
            RunStore.open(tmp_path / "run", KEY)


def test_system_without_locks_is_an_error(tmp_path, monkeypatch):
    import filelock

    def missing_lock(self, *args, **options):
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", missing_lock)
    with pytest.raises(OutputError, match=os.strerror(errno.ENOLCK)):
        RunStore.open(tmp_path / "run", KEY)


def test_target_made_anew_after_a_kill_in_the_swap_is_replaced(tmp_path, undisturbed):
    target = tmp_path / "run"
    begin(target, range(CHUNKS))
    aside = tmp_path / ".run.partial" / "replaced"
    for folder in (aside, target):
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
    run(target)
    assert content(target) == undisturbed
    assert names(tmp_path) == ["run"]


# -- systems that do not write ---------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_chunk_that_cannot_be_written_is_an_error_and_nothing_is_lost(
    tmp_path, monkeypatch, call, number, undisturbed
):
    def broken(*_):
        raise OSError(number, os.strerror(number))

    target = tmp_path / "run"
    with RunStore.open(target, KEY) as store:
        store.add(0, chunk(0))
        with monkeypatch.context() as patch:
            patch.setattr(run_store.os, call, broken)
            with pytest.raises(OutputError) as error:
                store.add(1, chunk(1))
        text = one_line(error)
        assert f"output folder {target}: cannot be written ({os.strerror(number)})" in text
        assert "run the same command again" in text
        assert "finished chunks are kept" in text
        assert ("make room" in text) == (number == errno.ENOSPC)
        assert error.value.exit_code == 2
        assert names(part(tmp_path, 0).parent) == ["00000.parquet"]
        assert store.missing == [1, 2, 3, 4, 5]
        store.add(1, chunk(1))  # there is room again
    run(target)
    assert content(target) == undisturbed


FULL = """
import resource
with RunStore.open(Path(sys.argv[1]), KEY) as store:
    store.add(0, chunk(0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        store.add(1, chunk(1))
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
def test_file_that_the_system_refuses_in_the_middle_leaves_nothing(tmp_path):
    """A real refusal of the kernel, after the first bytes."""
    done = subprocess.run(
        [sys.executable, "-c", script(FULL), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"OutputError output folder {tmp_path / 'run'}: cannot be")
    assert "make room" in done.stdout
    assert names(part(tmp_path, 0).parent) == ["00000.parquet"]
    assert missing(tmp_path / "run") == [1, 2, 3, 4, 5]


def test_place_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_store.os, "replace", full)
    with pytest.raises(OutputError, match="make room"):
        RunStore.open(tmp_path / "a" / "run", KEY)
    assert names(tmp_path) == []


def test_place_taken_by_something_else_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    for place in ("file", "file/run", "thesis"):
        with pytest.raises(OutputError, match="output folder"):
            RunStore.open(tmp_path / place, KEY, fresh=True)
    assert names(tmp_path) == ["file", "thesis"]


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
@pytest.mark.parametrize("fresh", [False, True])
def test_working_place_taken_by_something_else_is_refused(tmp_path, kind, fresh):
    place = tmp_path / ".run.partial"
    if kind == "file":
        place.write_text("x")
    elif kind == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
        (place / "chapter.tex").write_text("x")
    before = names(tmp_path)
    with pytest.raises(OutputError, match=r"\.run\.partial .* move it away"):
        RunStore.open(tmp_path / "run", KEY, fresh=fresh)
    assert names(tmp_path) == before
    assert kind != "folder" or names(place) == ["chapter.tex"]


# -- finishing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thrown", "seen"),
    [
        (RuntimeError("broken"), RuntimeError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, "full"), OutputError),
        (SourceError("gone"), SourceError),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_interrupted_finish_keeps_the_chunks_and_the_earlier_run(
    tmp_path, thrown, seen, undisturbed
):
    target = tmp_path / "run"
    run(target, make_key(version="0"))
    before = content(target)
    begin(target, range(CHUNKS))

    def broken(folder, tables):
        next(tables)
        (folder / "results.parquet").write_text("half")
        raise thrown

    with pytest.raises(seen), RunStore.open(target, KEY) as store:
        store.finish(broken)
    assert content(target) == before
    assert names(tmp_path / ".run.partial") == ["parts", "run.json"]
    assert missing(target) == []
    run(target)
    assert content(target) == undisturbed


def test_earlier_run_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    target = tmp_path / "run"
    run(target, make_key(version="0"))
    before = content(target)
    rename = Path.rename

    def broken(self, new):
        if self.name == "final":
            raise OSError(errno.EIO, "broken")
        return rename(self, new)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(OutputError, match="Input/output error"):
        run(target)
    assert content(target) == before
    assert missing(target) == []


def test_earlier_run_survives_even_when_it_cannot_be_put_back(tmp_path, monkeypatch):
    """Moved aside, and the system fails for good: the working folder stays, whatever is in it."""
    target = tmp_path / "run"
    run(target, make_key(version="0"))
    before = content(target)
    rename = Path.rename

    def broken(self, new):
        if self.name in ("final", "replaced"):
            raise OSError(errno.EIO, "broken")
        return rename(self, new)

    def empty(folder, tables):
        (folder / "manifest.json").write_text(json.dumps({"run_key": key.hash}))

    key = make_key(chunks=0)  # no chunk that would be a reason to keep the folder
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", broken)
        with pytest.raises(OutputError), RunStore.open(target, key) as store:
            store.finish(empty)
    assert content(tmp_path / ".run.partial" / "replaced") == before
    with RunStore.open(target, key, fresh=True):
        assert content(target) == before


def test_final_files_that_do_not_state_their_key_are_a_mistake(tmp_path):
    begin(tmp_path / "run", range(CHUNKS))
    with (
        RunStore.open(tmp_path / "run", KEY) as store,
        pytest.raises(ValueError, match="run_key"),
    ):
        store.finish(lambda folder, tables: None)
    assert not (tmp_path / "run").exists()
    assert missing(tmp_path / "run") == []


def test_rest_of_a_finished_run_is_cleared_away(tmp_path):
    """A process killed while it cleared up; the next command may be the same or another one."""
    for key in (KEY, make_key(version="2")):
        run(tmp_path / "run")
        folder = tmp_path / ".run.partial"
        (folder / "parts").mkdir(parents=True)
        (folder / "run.json").write_text(KEY.to_json())
        with RunStore.open(tmp_path / "run", key) as store:
            assert store.complete == (key is KEY)
            assert len(store.missing) == (0 if key is KEY else CHUNKS)
        assert names(tmp_path) == ["run"]


def test_manifest_states_checksums_that_hold(undisturbed):
    stated = json.loads(undisturbed["manifest.json"])["files_sha256"]["results.parquet"]
    assert stated == hashlib.sha256(undisturbed["results.parquet"]).hexdigest()
