"""An import that is stopped or fails anywhere leaves the store as it was, and can be done again."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from interscreen.errors import InputError, OutputError
from interscreen.sources.materials_project.documents import SUMMARY, THERMO, Batch
from interscreen.sources.materials_project.exchange import export_store, import_file
from interscreen.sources.materials_project.store import Store, store_path

DATABASE = ("2026.04.13", "GGA_GGA+U")
OLD = {"Li": 0.0, "F2": 0.0, "LiF": -3.1}
NEW = {"Li": 0.0, "F2": 0.0, "LiF": -3.18, "Cu": 0.0, "CuF2": -1.8, "Cu3N": 0.19}
SYSTEMS = {"Li": "Li", "F2": "F", "LiF": "F-Li", "Cu": "Cu", "CuF2": "Cu-F", "Cu3N": "Cu-N"}


def fill(store, energies):
    rows = [
        (f"mp-{list(SYSTEMS).index(name)}", name, SYSTEMS[name], energy, *[None] * 8)
        for name, energy in energies.items()
    ]
    summaries = [(row[0], 0, 12.5, None, None, None) for row in rows]
    with store:
        for batch in (Batch(THERMO, rows), Batch(SUMMARY, summaries)):
            store.add(batch, ["Li", "F", "F-Li"])
        store.finish([frozenset({"Li", "F"})])


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with new energies; the cache is empty again."""
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "cache"))
    fill(store := Store(store_path(*DATABASE), create=DATABASE), NEW)
    with Store(store.path) as store:
        export_store(store, tmp_path / "new.parquet")
    store.path.unlink()
    return tmp_path / "new.parquet"


@pytest.fixture(params=["no store", "a store"])
def path(request, file):
    """Where the store is or will be."""
    path = store_path(*DATABASE)
    if request.param == "a store":
        fill(Store(path, create=DATABASE), OLD)
    return path


def energies(path):
    """Energies of a store; nothing where there is none.  It is whole by SQLite's own check."""
    if not path.is_file() or not path.stat().st_size:
        return {}
    with Store(path) as store:
        assert store.read("PRAGMA quick_check") == [("ok",)]
        found = dict(store.read("SELECT formula, formation_energy_eV_per_atom FROM documents"))
        assert store.count("summaries") == len(found)
        return found


def names(path):
    """What lies beside the store, kept ones aside."""
    return {one.name for one in path.parent.glob("*") if not one.name.startswith(f"{path.name}.2")}


class Failing(sqlite3.Connection):
    """A connection that fails at one of its calls."""

    calls, at = 0, 10**9

    def _step(self):
        Failing.calls += 1
        if Failing.calls == Failing.at:
            raise sqlite3.OperationalError("disk I/O error")

    def execute(self, *arguments):
        self._step()
        return super().execute(*arguments)

    def executemany(self, *arguments):
        self._step()
        return super().executemany(*arguments)

    def executescript(self, *arguments):
        self._step()
        return super().executescript(*arguments)


def test_every_step_of_the_store_may_fail(file, path, monkeypatch):
    before, left = energies(path), names(path)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Failing))
    for failing in range(1, 200):
        monkeypatch.setattr(Failing, "calls", 0)
        monkeypatch.setattr(Failing, "at", failing)
        try:
            import_file(file, replace=True).close()
        except (OutputError, InputError) as error:
            said = str(error)
        else:
            said = "store "
        assert said.startswith("store ")
        assert "\n" not in said
        count = Failing.calls
        monkeypatch.setattr(Failing, "at", 10**9)
        found = energies(path)
        assert found in (before, NEW)
        assert names(path) <= left | {path.name}
        if count < failing:
            break
        if found == NEW:  # begin again with the old one
            path.unlink()
            if before:
                fill(Store(path, create=DATABASE), OLD)
    assert 15 < failing < 199
    assert energies(path) == NEW


STOPPED = """
import json, os, resource, signal, sqlite3, sys
import pyarrow.parquet  # before the forks, and without threads yet
import interscreen.cli.data  # and whatever it needs
from interscreen.cli.main import main
from interscreen.sources.embedded import embedded_table

embedded_table()  # once for all children
how, file = getattr(signal, sys.argv[1], None), sys.argv[2]
connect = sqlite3.connect


def child(at):
    calls = [0]

    class Stopping(sqlite3.Connection):
        def execute(self, *a):
            calls[0] += 1
            if calls[0] == at and how:
                os.kill(os.getpid(), how)
            return super().execute(*a)

        def executemany(self, *a):
            self.execute("SELECT 1")
            return super().executemany(*a)

    sqlite3.connect = lambda *a, **k: connect(*a, **k, factory=Stopping)
    if not how:  # a full disk: no file grows beyond so many bytes
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * at, 1024 * at))
    code = main(["data", "import", file, "--replace", "--quiet"])
    os._exit(code if calls[0] >= at and how or code else 99)


codes, at = [], 0
while not codes or codes[-1] != 99:
    at += 1 if how == signal.SIGKILL else 5
    pid = os.fork()
    if not pid:
        child(at)
    _, status = os.waitpid(pid, 0)
    codes.append(os.waitstatus_to_exitcode(status))
    print(json.dumps(codes[-1]), flush=True)
    input()
"""


@pytest.mark.proof
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork to stop many imports quickly with")
@pytest.mark.parametrize(
    ("how", "code"), [("SIGKILL", -9), ("SIGTERM", 143), ("SIGHUP", 129), ("full", 2)]
)
def test_an_import_that_is_stopped_at_any_step_leaves_the_old_store_or_the_new_one(
    file, path, how, code
):
    before, left = energies(path), names(path)
    command = [sys.executable, "-c", STOPPED, how, str(file)]
    process = subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    steps = 0
    while line := process.stdout.readline():
        found = energies(path)
        assert found in (before, NEW), steps
        if how != "SIGKILL":
            assert names(path) <= left | {path.name}
        if (got := json.loads(line)) == 99:
            break
        steps += 1
        assert got == code
        if found == NEW:
            path.unlink()
            if before:
                fill(Store(path, create=DATABASE), OLD)
        process.stdin.write("\n")
        process.stdin.flush()
    process.stdin.close()
    assert process.wait(timeout=60) in (0, 1)  # its last question is answered by the end
    assert steps > 3
    assert energies(path) == NEW


def test_energies_of_another_scale_are_no_store(file, path, tmp_path):
    before = energies(path)
    with import_file(file, replace=True) as store, store.transaction() as write:
        write.execute(
            "UPDATE documents SET formation_energy_eV_per_atom = "
            "96.485 * formation_energy_eV_per_atom"
        )
    with Store(path) as store:
        export_store(store, tmp_path / "kJ.parquet")
    path.unlink()
    if before:
        fill(Store(path, create=DATABASE), OLD)
    with pytest.raises(InputError, match="they look like kJ/mol-atom"):
        import_file(tmp_path / "kJ.parquet", replace=True)
    assert energies(path) == before
