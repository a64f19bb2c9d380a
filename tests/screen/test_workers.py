"""Chunks computed in threads and on Dask: the same tables, whatever dies on the way."""

from __future__ import annotations

import gc
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

from interscreen.errors import InputError, OutputError, SourceError
from interscreen.screen import workers
from interscreen.screen.batch import Chunk, build_plan, screen_chunk
from interscreen.screen.entries import MaterialEntry
from interscreen.screen.weights import Weights
from interscreen.screen.workers import Workers, count_of, in_processes

SIZE = 8  # candidates
CHUNKS = 35


def computed(*arguments, **options):
    return workers.computed(screen_chunk, *arguments, **options)


def plan_for(table, *electrolytes):
    return build_plan(table, [MaterialEntry(formula=name) for name in electrolytes], Weights())


@pytest.fixture(scope="module")
def plan(reference):
    return plan_for(reference, "LLZO", "LATP")


@pytest.fixture(scope="module")
def chunks(reference):
    rows = np.flatnonzero(reference.counted)
    cut = [Chunk(n, part) for n, part in enumerate(np.array_split(rows, CHUNKS))]
    assert max(len(chunk.rows) for chunk in cut) <= SIZE
    return cut


@pytest.fixture(scope="module")
def serial(plan, chunks, tmp_path_factory):
    """Tables of one thread, by number."""
    folder = tmp_path_factory.mktemp("serial")
    found = dict(computed(plan, chunks, Workers(), folder))
    assert sorted(found) == list(range(CHUNKS))
    assert not list(folder.iterdir()), "threads need no files"
    return found


def assert_same(found, serial):
    """Every chunk once, and each with the same columns, types, numbers and nulls."""
    numbers = [number for number, _ in found]
    assert sorted(numbers) == sorted(serial), "each chunk exactly once"
    for number, table in found:
        assert table.schema == serial[number].schema
        assert table.equals(serial[number]), number


# -- how many ------------------------


def test_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert count_of(None, 100) == 6
    assert count_of(None, 5) == 5
    assert count_of(1, 100) == 1
    assert count_of(4, 100) == 4
    assert count_of(40, 100) == 40, "somebody who asks for more than the cores gets it"
    assert count_of(4, 2) == 2, "never more threads than chunks"
    assert count_of(-1, 100) == 6
    assert count_of(-2, 100) == 5
    assert count_of(-50, 100) == 1
    assert count_of(4, 0) == 1
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert count_of(None, 100) == 1


@pytest.mark.parametrize("number", [0, 1])
def test_small_studies_start_no_threads(number):
    assert count_of(None, number) == 1


def test_no_threads_at_all_are_refused():
    with pytest.raises(InputError, match="jobs: 0 worker processes; use 1 or more"):
        count_of(0, 100)


def test_dask_needs_its_scheduler_and_the_scheduler_needs_dask():
    with pytest.raises(InputError, match="--scheduler tcp://HOST:PORT"):
        Workers(backend="dask")
    with pytest.raises(InputError, match="only with --backend dask"):
        Workers(scheduler="tcp://127.0.0.1:8786")


# -- on this machine ------------------------


def test_two_threads_give_the_tables_of_one(plan, chunks, serial, tmp_path):
    assert_same(list(computed(plan, chunks, Workers(jobs=2), tmp_path)), serial)
    assert not list(tmp_path.iterdir())


def test_chunks_are_cut_as_they_are_needed_and_not_all_at_once(plan, chunks, tmp_path):
    handed = []

    def cut():
        for chunk in chunks:
            handed.append(chunk.number)
            yield chunk

    results = computed(plan, cut(), Workers(jobs=2), tmp_path)
    next(results)
    assert len(handed) < CHUNKS - 10
    rest = [number for number, _ in results]
    assert len(rest) == CHUNKS - 1
    assert handed == list(range(CHUNKS))


@pytest.mark.filterwarnings("ignore:.*cancelled:UserWarning")  # joblib counts what it drops
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_between_chunks_stops_the_run_and_leaves_no_file(plan, chunks, tmp_path, jobs):
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(computed(plan, chunks, Workers(jobs=jobs), tmp_path, check=check))
    assert len(calls) == 3
    assert not list(tmp_path.iterdir())
    assert len(list(computed(plan, chunks[:4], Workers(jobs=jobs), tmp_path))) == 4


def test_an_error_in_a_chunk_is_raised_and_the_rest_is_not_waited_for(plan, chunks, tmp_path):
    broken = Chunk(CHUNKS, np.array([10**9]))
    with pytest.raises(IndexError):
        list(computed(plan, [*chunks[:6], broken, *chunks[6:]], Workers(jobs=2), tmp_path))


# -- on Dask ------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two worker processes on the loopback interface."""
    distributed = pytest.importorskip(
        "distributed", reason="distributed is not installed: pip install 'interscreen[dask]'"
    )
    with distributed.LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", local_directory=str(tmp_path_factory.mktemp("dask")),
    ) as made:  # fmt: skip
        yield made


def on(cluster):
    return Workers(backend="dask", scheduler=cluster.scheduler_address)


def test_a_worker_maps_the_plan_into_memory_once(plan, tmp_path):
    with workers._private_plan(plan, tmp_path) as (file, digest):
        held = workers._loaded(file, digest)
        assert workers._loaded(file, digest) is held
        for name in ("energies", "counts", "indptr", "element_index"):
            values = getattr(held.partners.phases.table, name)
            assert isinstance(values, np.memmap), name
    assert not list(tmp_path.iterdir())


def test_a_plan_lies_where_only_the_user_gets_and_is_not_loaded_when_it_was_changed(tmp_path):
    class Stranger:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    with workers._private_plan({"mine": 1}, tmp_path) as (file, digest):
        assert stat.S_IMODE(Path(file).parent.stat().st_mode) == 0o700
        joblib.dump(Stranger(), file)
        with pytest.raises(OutputError, match=r"plan\.joblib: was changed since it was written"):
            workers._loaded(file, digest)
    assert not list(tmp_path.iterdir())


# -- processes ------------------------


def killed_once(number, folder):
    """Die as the system kills who takes too much memory, but not in the process of the test."""
    if number == 3 and os.getpid() != int((folder / "parent").read_text()):
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / f"{number}.{time.monotonic_ns()}").touch()
    return number


def test_a_killed_worker_process_costs_one_line_and_what_is_done_is_kept(tmp_path, caplog):
    (tmp_path / "parent").write_text(str(os.getpid()))
    found = list(in_processes(killed_once, [(n, tmp_path) for n in range(8)], 2))
    assert sorted(found) == list(range(8))
    (line,) = caplog.messages
    assert line.startswith("warning: a worker process was killed, most likely for want of memory")


PARENT = """
import os, sys, time
from interscreen.screen.workers import in_processes
def told(number):
    print(os.getpid(), flush=True)
    time.sleep(60)
list(in_processes(told, [(n,) for n in range(2)], 2))
"""


def test_worker_processes_end_when_their_parent_was_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    children = [int(parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    rest, _ = parent.communicate(timeout=15)  # nobody holds the pipe
    assert rest == ""
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline, "workers must end with their parent"
        time.sleep(0.1)


def test_a_folder_that_cannot_be_written_is_an_error_before_anything_is_computed(plan, chunks):
    options = Workers(backend="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(OutputError, match=r"^/dev/null/run: cannot be written"):
        next(computed(plan, chunks, options, Path("/dev/null/run")))


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path):
    with pytest.raises(OutputError, match=r"a worker cannot read it .* where all workers see it"):
        workers._one(screen_chunk, str(tmp_path / "plan-gone.joblib"), "", None)


@pytest.mark.proof
def test_two_dask_workers_give_the_tables_of_one_thread(plan, chunks, serial, tmp_path, cluster):
    assert_same(list(computed(plan, chunks, on(cluster), tmp_path)), serial)
    assert not list(tmp_path.iterdir())


@pytest.mark.proof
def test_dask_workers_find_a_folder_that_is_named_from_here(
    plan, chunks, serial, tmp_path, cluster, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # the workers started somewhere else
    (tmp_path / "run").mkdir()
    assert_same(list(computed(plan, chunks, on(cluster), Path("run"))), serial)


def test_dask_workers_that_live_on_never_answer_with_an_earlier_plan(
    reference, chunks, tmp_path, cluster
):
    for electrolyte in ("LLZO", "LATP"):
        found = computed(plan_for(reference, electrolyte), chunks[:8], on(cluster), tmp_path)
        named = {name for _, table in found for name in table["electrolyte"].to_pylist()}
        assert named == {electrolyte}


@pytest.mark.proof
def test_a_dask_worker_killed_in_the_middle_costs_nothing_but_time(
    plan, chunks, serial, tmp_path, cluster
):
    many = [Chunk(n, chunks[n % CHUNKS].rows) for n in range(6 * CHUNKS)]
    handed, found, killed = [], [], []

    def cut():
        for chunk in many:
            handed.append(chunk.number)
            yield chunk

    for result in computed(plan, cut(), on(cluster), tmp_path):
        found.append(result)
        if len(found) in (1, CHUNKS):
            assert len(handed) < len(many) - 10, "in the middle of the run"
            pids = [worker.pid for worker in cluster.workers.values()]
            victim = next(pid for pid in pids if pid and pid not in killed)
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
    assert len(killed) == 2
    assert_same(found, {n: serial[n % CHUNKS] for n in range(len(many))})
    deadline = time.monotonic() + 60.0
    while set(killed) & {worker.pid for worker in cluster.workers.values()}:
        assert time.monotonic() < deadline, "the cluster must notice that they died"
        time.sleep(0.05)


def deadly(plan, chunk):
    if chunk.number == 2:
        os._exit(9)
    return chunk.number, None


@pytest.mark.proof
def test_a_chunk_that_kills_every_worker_is_an_error_and_not_a_wait_for_ever(
    plan, chunks, tmp_path, cluster
):
    with pytest.raises(SourceError, match="a chunk killed its worker 4 times"):
        list(workers.computed(deadly, plan, chunks[:6], on(cluster), tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_a_scheduler_that_does_not_answer_is_a_source_error(
    plan, chunks, tmp_path, monkeypatch, address
):
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr(workers, "_PATIENCE", 1.0)
    options = Workers(backend="dask", scheduler=address)
    with pytest.raises(SourceError, match=f"^Dask scheduler {address}: .* within 1 s") as caught:
        next(computed(plan, chunks, options, tmp_path))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_scheduler_without_workers_is_a_source_error(plan, chunks, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr(workers, "_PATIENCE", 1.0)
    with distributed.LocalCluster(
        n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path / "dask"),
    ) as empty:  # fmt: skip
        with pytest.raises(SourceError, match=r"no worker within 1 s .*check that it runs and has"):
            next(computed(plan, chunks, on(empty), tmp_path))
        ours = [name for name in empty.scheduler.clients if name.startswith("Client")]
        assert not ours, "the client must be closed"


def test_without_the_package_the_error_says_what_to_install(plan, chunks, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    options = Workers(backend="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match=r"pip install 'interscreen\[dask\]'"):
        next(computed(plan, chunks, options, tmp_path))


@pytest.mark.proof
def test_a_client_that_could_not_be_built_is_not_closed_by_the_garbage_collector(
    plan, chunks, tmp_path, monkeypatch
):
    """While another client starts, that would make both wait for ever."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr(workers, "_PATIENCE", 1.0)
    closed = []
    monkeypatch.setattr(distributed.Client, "close", lambda self, *_, **__: closed.append(self))
    options = Workers(backend="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(SourceError):
        next(computed(plan, chunks, options, tmp_path))
    before = len(closed)
    left = [thing for thing in gc.get_objects() if isinstance(thing, distributed.Client)]
    assert left, "it failed late enough to be there"
    for client in left:
        client.__del__()
    assert len(closed) == before
