"""Which store answers a question, when a pull is made, and what is said when none can be."""

import sqlite3

import numpy as np
import pytest

from interscreen.errors import InputError, SourceError
from interscreen.phases.filters import Filters
from interscreen.sources.materials_project.local import (
    Wanted,
    any_store,
    local_store,
    store_for,
)
from interscreen.sources.materials_project.store import find_stores, store_path
from interscreen.sources.open import SourceOptions, default_source, open_table
from service import Service

OLD, NEW = "2025.9.25", "2025.10.1"
LIO, LIOP = ("Li", "O"), ("Li", "O", "P")
OFFLINE = SourceOptions(offline=True)


@pytest.fixture
def two_versions(home, pull, small):
    """Li-O-P from an older database and Li-O from a newer one, in which compounds lie higher."""
    elements = {d["chemsys"] for d in small.thermo if "-" not in d["chemsys"]}
    fixed = small.energies(systems=elements)
    moved = small.moved({i: 0.05 for i in small.energies() if i not in fixed})
    with Service(small, version=OLD) as service:
        pull(service, LIOP)
    with Service(moved, version=NEW) as service:
        pull(service, LIO)


def chosen(wanted, *sets):
    store = local_store(wanted, sets)
    if store is None:
        return None
    with store:
        return store.database


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


# -- the store for a question ------------------------


def test_the_newest_store_that_covers_the_question_is_taken(two_versions):
    wanted = Wanted()
    assert chosen(wanted, LIO) == NEW
    assert chosen(wanted, LIOP) == OLD
    assert chosen(wanted, LIO, LIOP) == OLD
    assert chosen(wanted) == NEW
    assert chosen(wanted, ("Li", "S")) is None
    assert chosen(Wanted(thermo_type="R2SCAN"), LIO) is None


def test_a_database_can_be_named(two_versions):
    assert chosen(Wanted(database=OLD), LIO) == OLD
    assert chosen(Wanted(database=NEW), LIO) == NEW
    assert chosen(Wanted(database=NEW), LIOP) is None
    assert chosen(Wanted(database="2024.1.1"), LIO) is None
    with pytest.raises(InputError, match="not one the Materials Project uses"):
        local_store(Wanted(database="../x"), [LIO])


def test_two_versions_side_by_side_keep_their_own_energies(two_versions):
    new = open_table("mp", [LIO], options=OFFLINE)
    old = open_table("mp", [LIO], options=SourceOptions(offline=True, database=OLD))
    assert (new.source.version, old.source.version) == (f"database {NEW}", f"database {OLD}")
    energy = {}
    for table in (new, old):
        row = table.find("Li2O")
        energy[table.source.version] = float(table.energies[row])
    assert energy[f"database {NEW}"] - energy[f"database {OLD}"] == pytest.approx(0.05)


def test_any_store_is_the_newest_or_the_named_one(two_versions):
    for wanted, version in ((Wanted(), NEW), (Wanted(database=OLD), OLD)):
        with any_store(wanted) as store:
            assert store.database == version
    for wanted in (Wanted(database="2024.1.1"), Wanted(thermo_type="R2SCAN")):
        with pytest.raises(InputError, match="data list") as error:
            any_store(wanted)
        assert_one_line(error, wanted.thermo_type, wanted.database)


def test_a_damaged_store_is_named_and_not_passed_over(two_versions):
    store_path(NEW, "GGA_GGA+U").write_bytes(b"\x00" * 5000)
    with pytest.raises(InputError, match=r"2025\.10\.1_GGA_GGA\+U\.sqlite"):
        local_store(Wanted(), [LIOP])
    assert chosen(Wanted(database=OLD), LIOP) == OLD


# -- when something is missing ------------------------


def test_offline_what_is_missing_is_named(two_versions):
    with pytest.raises(SourceError) as error:
        open_table("mp", [LIO, ("Li", "S"), ("Li", "P", "S")], options=OFFLINE)
    assert error.value.exit_code == 4
    assert_one_line(error, "lacks Li-S and 1 more", "GGA_GGA+U", "--offline", "data pull")


def test_offline_with_an_empty_store(home):
    with pytest.raises(SourceError) as error:
        open_table("mp", [("Li", "P", "O")], options=OFFLINE)
    assert_one_line(error, "lacks Li-O-P (7 chemical systems, GGA_GGA+U)")
    assert not home.exists()


def test_sets_that_no_single_database_covers_are_not_mixed(two_versions, pull, small):
    with Service(small, version="2025.11.1") as service:
        pull(service, ("Li", "S"))
    with pytest.raises(SourceError) as error:
        open_table("mp", [LIOP, ("Li", "S")], options=OFFLINE)
    assert_one_line(error, "lacks Li-O-P")


def test_without_a_key_the_ways_out_are_named(home, no_key):
    for call in (
        lambda: store_for(Wanted(), [LIO]),
        lambda: open_table("mp", [LIO]),
    ):
        with pytest.raises(SourceError) as error:
            call()
        assert error.value.exit_code == 4
        assert_one_line(error, "Li-O", "no API key is set", "MP_API_KEY", "--source embedded")
    assert find_stores() == []


def test_a_key_that_cannot_be_one_is_refused_before_any_request(service, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "secret")
    with pytest.raises(InputError, match="has 6 characters") as error:
        open_table("mp", [LIO], options=SourceOptions(endpoint=service.endpoint))
    assert "secret" not in str(error.value)
    assert service.requests == []


def test_with_what_is_needed_no_key_is_needed(two_versions, no_key):
    assert len(open_table("mp", [LIO])) > 2


def test_a_named_database_that_the_service_has_left_behind(two_versions, service):
    options = SourceOptions(database=OLD, endpoint=service.endpoint)
    with pytest.raises(SourceError) as error:
        open_table("mp", [("Li", "S")], options=options)
    assert_one_line(error, f"database {OLD}", "serves 2026.04.13 by now", "leave out --database")
    assert {r.path for r in service.requests} == {"/heartbeat"}


def test_what_is_missing_is_pulled_and_told(connect, service):
    told, seen = [], []
    options = SourceOptions(endpoint=service.endpoint)
    table = open_table(
        "mp", [LIOP], options=options, notify=told.append, progress=lambda *n: seen.append(n)
    )
    (line,) = told
    assert line.startswith(f"pulled {len(table) + 1} documents of 7 chemical systems (4 requests)")
    assert seen[-1] == (7, 7)
    assert table.source.version == "database 2026.04.13"
    assert table.source.thermo_type == "GGA_GGA+U"
    del service.requests[:], told[:]
    again = open_table("mp", [LIOP], options=options, notify=told.append)
    np.testing.assert_array_equal(again.energies, table.energies)
    assert (service.requests, told) == ([], [])


def test_an_element_without_phases_is_told(connect, service):
    told = []
    options = SourceOptions(endpoint=service.endpoint)
    open_table("mp", [LIO, ("Li", "Xe")], options=options, notify=told.append)
    assert told[-1].startswith("warning: the Materials Project has no GGA_GGA+U phase of Xe")
    with pytest.raises(InputError, match="element Xe"):
        open_table("mp", [("Li", "Xe")], options=options)


def test_a_table_refuses_a_system_that_was_not_pulled(connect, service):
    table = open_table("mp", [LIO, ("Li", "P")], options=SourceOptions(endpoint=service.endpoint))
    with pytest.raises(InputError) as error:
        table.within(LIOP)
    assert_one_line(error, "Li-O-P", "`interscreen data pull --elements Li,O,P`")
    with pytest.raises(InputError, match="element S"):
        table.within(("Li", "S"))


def test_a_table_of_r2scan_is_one(connect, service):
    options = SourceOptions(endpoint=service.endpoint, thermo_type="r2scan")
    table = open_table("mp", [("F", "Li")], options=options)
    assert table.source.thermo_type == "R2SCAN"
    row = table.find("LiF")
    gga = open_table("mp", [("F", "Li")], options=SourceOptions(endpoint=service.endpoint))
    other = gga.find("LiF")
    assert table.energies[row] != gga.energies[other]
    assert "R2SCAN" in table.source.label


# -- tables ------------------------


def test_the_source_without_a_name_is_the_materials_project_where_a_key_is_set(
    home, pull, service, monkeypatch
):
    pull(service, LIO)
    assert default_source()[0] == "mp"
    assert open_table("", [LIO]).source.name == "mp"
    monkeypatch.delenv("MP_API_KEY")
    monkeypatch.setattr("interscreen.sources.materials_project.key._from_settings", lambda: "")
    assert open_table("", [LIO]).source.name == "embedded"


def test_every_output_says_where_the_energies_come_from(home, pull, service):
    pull(service, LIOP)
    described = open_table("mp", [LIOP]).source.to_dict()
    assert described["source"] == "mp"
    assert described["source_version"] == "database 2026.04.13"
    assert described["thermo_type"] == "GGA_GGA+U"
    assert "CC BY 4.0" in described["statement"]
    assert "10.1063/1.4812323" in described["citation"]
    assert (described["n_rows"], described["n_phases"]) == (14, 13)  # two polymorphs of Li4P2O7


def test_no_store_stays_open(home, pull, service, monkeypatch):
    pull(service, LIO)
    opened = []
    genuine = sqlite3.connect

    class Noted(sqlite3.Connection):
        closed = False

        def close(self):
            self.closed = True
            super().close()

    def connect(*args, **options):
        opened.append(genuine(*args, **options, factory=Noted))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    for _ in range(2):  # the second time from the cache of tables
        open_table("mp", [LIO], options=OFFLINE)
    with pytest.raises(SourceError):
        open_table("mp", [LIOP], options=OFFLINE)
    with pytest.raises(InputError):
        open_table("mp", [LIO], options=SourceOptions(filters=Filters(licences=("GPL",))))
    assert len(opened) >= 5
    assert all(connection.closed for connection in opened)


def test_a_table_is_read_anew_when_the_store_has_changed(home, pull, service):
    pull(service, LIO)
    before = open_table("mp", [LIO], options=OFFLINE)
    pull(service, LIOP)
    after = open_table("mp", [LIOP], options=OFFLINE)
    assert set(before.elements) == {"Li", "O"}
    assert set(after.elements) == {"Li", "O", "P"}
    assert len(open_table("mp", [LIO], options=OFFLINE)) == len(after)


def test_the_polymorph_that_somebody_made_stands_in_for_a_theoretical_one(home, pull, service):
    pull(service, LIOP)
    table = open_table("mp", [LIOP])
    assert table.energies[table.find("Li4P2O7")] == pytest.approx(-2.758)
    options = SourceOptions(filters=Filters(theoretical=False))
    made = open_table("mp", [LIOP], options=options)
    assert made.counted[made.find("Li4P2O7")]
    assert made.energies[made.find("Li4P2O7")] == pytest.approx(-2.738)
