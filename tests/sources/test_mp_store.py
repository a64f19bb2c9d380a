"""The store of the Materials Project: whole or not at all, whatever happens to it."""

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from interscreen.errors import InputError, OutputError
from interscreen.sources.materials_project.documents import Batch
from interscreen.sources.materials_project.store import (
    FORMAT,
    Store,
    find_stores,
    store_path,
    stores_folder,
    version_order,
)
from interscreen.sources.materials_project.table import store_rows

VERSION, FAMILY = "2026.10.1", "GGA_GGA+U"


def energies(*identifiers, chemsys="Li", energy=0.0):
    more = (0.0, -1.9, -1.9, None, "", "BY-C", "GGA", "")
    rows = [(i, "Li", chemsys, energy, *more) for i in identifiers]
    return Batch("thermo", rows)


def make(version=VERSION, family=FAMILY):
    return Store(store_path(version, family), create=(version, family))


@pytest.fixture
def filled(home):
    """A closed store with 300 documents of Li, and its file."""
    with make() as store:
        store.add(energies(*(f"mp-{n}" for n in range(300))), ["Li"])
        store.finish([frozenset({"Li"})])
        path = store.path
    return path


def contents(path):
    with Store(path) as store:
        return (
            sorted(store.read("SELECT * FROM documents")),
            store.asked("thermo"),
            store.pulled_sets(),
            store.state,
        )


# -- names and versions ------------------------


def test_a_store_is_named_after_its_database_and_run_family(home):
    assert store_path(VERSION, FAMILY) == stores_folder() / "2026.10.1_GGA_GGA+U.sqlite"
    assert stores_folder() == home / "materials-project"
    for name in ("", "../2026.10.1", "a/b", ".hidden", "2026 10", "x\ny"):
        with pytest.raises(InputError, match="not one the Materials Project uses"):
            store_path(name, FAMILY)


def test_versions_are_ordered_by_age():
    versions = [
        "2022_10_28", "2025.2.12", "2025.2.12.post1", "2025.9.25", "2025.10.1", "2025_10_02",
        "2026.10.1",
    ]  # fmt: skip
    assert sorted(sorted(versions), key=version_order) == versions


def test_stores_are_found_newest_first(home):
    assert find_stores() == []
    for version in ("2025.9.25", "2025.10.1", "2024.12.18"):
        make(version).close()
    make("2025.9.25", "R2SCAN").close()
    (stores_folder() / "2027.1.1_GGA_GGA+U.sqlite.0123.part").write_bytes(b"")
    names = [file.name for file in find_stores(FAMILY)]
    assert names == [
        f"{version}_GGA_GGA+U.sqlite" for version in ("2025.10.1", "2025.9.25", "2024.12.18")
    ]
    assert [file.name for file in find_stores("R2SCAN")] == ["2025.9.25_R2SCAN.sqlite"]
    assert len(find_stores()) == 4


def test_a_store_knows_what_it_is(home):
    with make("2025.9.25", "R2SCAN") as store:
        assert (store.database, store.thermo_type) == ("2025.9.25", "R2SCAN")
        assert not store.complete
        assert store.read("PRAGMA quick_check") == [("ok",)]
        identity = store.about("identity")
    with make("2025.9.25", "R2SCAN") as again:
        assert again.about("identity") == identity
    assert os.listdir(stores_folder()) == ["2025.9.25_R2SCAN.sqlite"]


# -- what it covers ------------------------


def test_the_state_changes_with_every_change(filled):
    with Store(filled) as store:
        states = [store.state]
        store.add(energies("mp-x"), ["Li"])
        states.append(store.state)
        store.finish([frozenset({"Li", "O"})])
        states.append(store.state)
        assert store.state == states[-1]
    assert len(set(states)) == 3


def test_only_the_largest_pulled_sets_are_told(home):
    with make() as store:
        for text in ("Li", "Li-O", "Li-O-P", "Li-S", "Na", "Li-P"):
            store.finish([frozenset(text.split("-"))])
        assert store.pulled_sets() == [
            frozenset({"Li", "O", "P"}), frozenset({"Li", "S"}), frozenset({"Na"}),
        ]  # fmt: skip
        assert not store.lacking([{"O", "P"}])
        assert not store.lacking([{"Na"}])
        assert store.lacking([{"Li", "Na"}])
        assert store.lacking([{"Li", "O", "S"}])


def test_an_element_without_documents_is_absent_and_a_compound_is_not(home):
    with make() as store:
        store.add(energies("mp-1"), ["Li", "Xe", "Li-Xe"])
        assert store.absent() == {"Xe"}
        assert store.elements() == {"Li"}
        assert not store.lacking([{"Li", "Xe"}])
        store.finish(None)
        assert store.complete
        assert store.absent() == frozenset()
        assert not store.lacking([{"Na", "Cl"}])


def test_a_document_that_comes_again_replaces_the_one_before(home):
    with make() as store:
        store.add(energies("mp-1", "mp-2", energy=0.5))
        store.add(energies("mp-1", energy=0.0))
        found = store.read("SELECT material_id, formation_energy_eV_per_atom FROM documents")
    assert dict(found) == {"mp-1": 0.0, "mp-2": 0.5}


def test_an_answer_and_its_note_are_one(home):
    with make() as store:
        store.add(energies("mp-1"), ["low"], "thermo ranges")
        store.add(energies("mp-2"), ["Li"])
        with pytest.raises(InputError):
            store.add(energies("mp-3", energy=None), ["Li-O"])  # no energy, no row
        assert store.asked("thermo ranges") == {"low"}
        assert store.asked("thermo") == {"Li"}
        assert store.asked("summary") == store.asked("summary ranges") == set()
        assert store.count("documents") == 2


# -- identifiers, versions, formats ------------------------


def test_a_version_may_be_written_with_or_without_zeros(home):
    make("2026.04.13").close()
    assert store_path("2026.4.13", FAMILY) == store_path("2026.04.13", FAMILY)
    with make("2026.4.13") as store:
        assert store.database == "2026.04.13"
    assert len(find_stores()) == 1


@pytest.fixture
def of_before(filled):
    """A store without run types, with identifiers in letters, as it was on disk before."""
    with sqlite3.connect(filled) as old:
        for name in ("run_type", "corrections"):
            old.execute(f"ALTER TABLE documents DROP COLUMN {name}")
        old.execute("UPDATE documents SET material_id = 'mp-aaaaaaft' WHERE material_id = 'mp-149'")
        old.execute("PRAGMA user_version = 1")
    old.close()
    return filled


def test_a_store_of_the_format_before_is_read_and_renewed(of_before):
    with Store(of_before) as store:
        assert ("mp-149", None) in store.read("SELECT material_id, run_type FROM documents")
        assert not store.lacking([{"Li"}])
        assert len(store_rows(store)) == 300
        store.add(energies("mp-149"), ["Li"])  # the same one: no second row
        assert store.count("documents") == 300


def test_a_store_of_the_format_before_is_read_where_it_cannot_be_renewed(of_before, monkeypatch):
    content, genuine = of_before.read_bytes(), sqlite3.connect

    def connect(name, **options):
        return genuine(name.replace("mode=rw", "mode=ro"), **options)

    monkeypatch.setattr(sqlite3, "connect", connect)
    with Store(of_before) as store:
        assert "mp-149" in store_rows(store).ids
        assert len(store.rows()) == 300
    assert of_before.read_bytes() == content


def test_the_checksum_is_that_of_the_content(filled, home):
    with Store(filled) as store:
        first = store.checksum()
        store.finish([frozenset({"Li", "O"})])
        assert store.checksum() == first  # no document has changed
        store.add(energies("mp-1", energy=0.001))
        assert store.checksum() != first
        store.add(energies("mp-1"))
        assert store.checksum() == first


# -- damage ------------------------


def test_a_store_that_is_not_there(home):
    with pytest.raises(InputError, match="no such file; see `interscreen data list`"):
        Store(store_path(VERSION, FAMILY))
    assert not home.exists()


def other_database(path):
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE documents(id)")
    other.close()


def older_format(path):
    with sqlite3.connect(path) as store:
        store.execute("PRAGMA user_version = 0")
    store.close()


def newer_format(path):
    with sqlite3.connect(path) as store:
        store.execute(f"PRAGMA user_version = {FORMAT + 1}")
    store.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(b"not a database at all" * 400), "damaged.*pull again"),
        (other_database, "not a store of interscreen; move it elsewhere"),
        (older_format, r"of format \d+, this version of interscreen reads \d+; delete it"),
        (newer_format, r"of format \d+, this version of interscreen reads \d+; .*or use"),
    ],
)
def test_a_file_that_is_no_store_is_refused_with_a_remedy(filled, spoil, says):
    spoil(filled)
    for open_it in (lambda: Store(filled), make):
        with pytest.raises(InputError, match=says) as error:
            open_it()
        assert "\n" not in str(error.value)
        assert str(filled) in str(error.value)


@pytest.mark.parametrize("part", [0.9, 0.05])
def test_a_truncated_store_is_refused_with_a_remedy(filled, part):
    content = filled.read_bytes()
    filled.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(InputError, match=r"damaged.*delete it and pull again") as error:
        contents(filled)
    assert "\n" not in str(error.value)


def test_overwritten_pages_are_refused_with_a_remedy(filled):
    content = bytearray(filled.read_bytes())
    content[4096:-4096] = b"\xa5" * (len(content) - 8192)
    filled.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        contents(filled)


# -- folders and disks ------------------------


def test_a_file_in_place_of_the_folder(home, tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("no folder")
    for place in (file, file / "below"):
        monkeypatch.setenv("INTERSCREEN_CACHE", str(place))
        assert find_stores() == []
        with pytest.raises(OutputError, match="--cache or INTERSCREEN_CACHE") as error:
            make()
        assert "\n" not in str(error.value)
    assert file.read_text() == "no folder"


def test_a_full_disk_leaves_the_state_before(filled):
    before = contents(filled)
    with Store(filled) as store:
        pages = store.read("PRAGMA page_count")[0][0]
        store.read(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(OutputError, match="full; make room and run the same command") as error:
            store.add(energies(*(f"mp-x{n}" for n in range(3000))), ["Li-O"])
        assert "\n" not in str(error.value)
        assert store.count("documents") == 300
        store.read(f"PRAGMA max_page_count = {1 << 30}")
        store.add(energies("mp-y"), ["Li-O"])
    after = contents(filled)
    assert len(after[0]) == 301
    assert set(before[0]) < set(after[0])


def test_a_disk_that_is_full_from_the_start_leaves_nothing(home, monkeypatch):
    genuine = sqlite3.connect

    def connect(*args, **kwargs):
        connection = genuine(*args, **kwargs)
        connection.execute("PRAGMA max_page_count = 2")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(OutputError, match="full"):
        make()
    assert find_stores() == []


def test_a_file_that_was_never_filled_is_no_store_and_is_filled(filled):
    """What a kill before the first transaction leaves."""
    filled.write_bytes(b"")
    assert find_stores() == []
    with pytest.raises(InputError, match="not a store of interscreen"):
        Store(filled)
    with make() as store:
        assert store.count("documents") == 0
    assert find_stores() == [filled]


# -- kills and neighbours ------------------------

CHILD = """
import sys, time
from pathlib import Path
from interscreen.sources.materials_project.store import Store

with Store(Path(sys.argv[1])) as store, store.transaction() as write:
    write.execute(f"PRAGMA cache_size = {sys.argv[2]}")
    write.execute("DELETE FROM documents")
    write.executemany(
        "INSERT INTO documents VALUES (?, 'Li', 'Li', 9.0, 0, 0, 0, 0, ?, '', '', '')",
        ((f"mp-x{n}", "x" * 200) for n in range(5000)),
    )
    write.execute("INSERT OR REPLACE INTO systems VALUES ('thermo', 'Li-O', 5000)")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.proof
@pytest.mark.parametrize("spilled", [False, True])
def test_a_kill_inside_a_transaction_leaves_the_state_before(filled, home, spilled):
    # spilled: the changes do not fit into memory, so that the file itself is half written
    before = contents(filled)
    size = filled.stat().st_size
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(filled), "10" if spilled else "100000"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "ready\n"
    finally:
        child.kill()
        child.communicate()
    assert (filled.stat().st_size > size) == spilled
    assert contents(filled) == before
    with Store(filled) as store:
        assert store.read("PRAGMA quick_check") == [("ok",)]
        store.add(energies("mp-y"), ["Li"])
        assert store.count("documents") == 301


def test_what_a_killed_process_left_is_not_read_from_a_disk_where_it_cannot_be_undone(
    filled, monkeypatch
):
    journal = filled.with_name(filled.name + "-journal")
    journal.write_bytes(b"\x00" * 512)
    genuine, opened = sqlite3.connect, []

    class ReadOnly(sqlite3.Connection):
        def execute(self, *_):
            raise sqlite3.OperationalError("attempt to write a readonly database")

    def connect(name, **options):
        opened.append(name)
        return genuine(name, factory=ReadOnly, **options)

    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(OutputError, match="check the disk and the permissions"):
        Store(filled)
    assert not any("immutable" in name for name in opened)


def test_a_disk_without_locks_can_be_read(filled, monkeypatch):
    genuine = sqlite3.connect
    before = contents(filled)

    class Lockless(sqlite3.Connection):
        def execute(self, *_):
            raise sqlite3.OperationalError("disk I/O error")

    def connect(name, **options):
        return genuine(name, **options, **({} if "immutable" in name else {"factory": Lockless}))

    monkeypatch.setattr(sqlite3, "connect", connect)
    assert contents(filled) == before


def test_an_exception_inside_a_transaction_leaves_the_state_before(filled):
    before = contents(filled)

    def rows():
        yield energies("mp-x").rows[0]
        raise KeyboardInterrupt

    with Store(filled) as store:
        with pytest.raises(KeyboardInterrupt):
            store.add(Batch("thermo", rows()), ["Li-O"])
        assert store.count("documents") == 300
    assert contents(filled) == before


def test_several_threads_make_one_store(home):
    start = threading.Barrier(8)

    def run(number):
        start.wait()
        with make() as store:
            store.add(energies(f"mp-{number}"), ["Li"])
            return store.about("identity")

    with ThreadPoolExecutor(8) as threads:
        identities = set(threads.map(run, range(8)))
    assert len(identities) == 1
    with make() as store:
        assert store.count("documents") == 8
    assert os.listdir(stores_folder()) == ["2026.10.1_GGA_GGA+U.sqlite"]


def test_a_reader_sees_the_state_before_while_another_one_writes(filled):
    with Store(filled) as writer, Store(filled) as reader:
        with writer.transaction() as write:
            write.execute("DELETE FROM documents")
            assert reader.count("documents") == 300
        assert reader.count("documents") == 0
