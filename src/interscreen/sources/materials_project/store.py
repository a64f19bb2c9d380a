"""The local store: one SQLite file per database version and thermo type.

SQLite because a batch of documents and the note that its systems have been asked for become one
transaction: a kill at any moment leaves the state before it, and two processes may write at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...errors import InputError, OutputError
from ...phases.cache import cache_folder
from ...phases.identifiers import stored
from ...phases.source import POOLED
from .documents import STRUCTURE, SUMMARY, THERMO, Batch

FORMAT = 2  # 1: before the change of identifiers, and without run types
_APPLICATION = 0x1257C2EE  # marks the file as a store of interscreen
_BUSY = 600.0  # s to wait for another process that asks or writes
VERSION_NAME = re.compile(r"[A-Za-z0-9][\w.\-]*")

DOCUMENTS = (
    "material_id", "formula", "chemsys", "formation_energy_eV_per_atom",
    "energy_above_hull_eV_per_atom", "total_energy_eV_per_atom",
    "uncorrected_energy_eV_per_atom", "energy_uncertainty_eV_per_atom", "last_updated", "licence",
    "run_type", "corrections",
)  # fmt: skip
SUMMARIES = (
    "material_id", "theoretical", "volume_A3_per_atom", "density_g_per_cm3", "band_gap_eV",
    "is_metal",
)  # fmt: skip
TRUTHS = ("no", "yes")  # 0 and 1, in words
COLUMNS = (*DOCUMENTS, *SUMMARIES[1:])
_TABLES = {THERMO: "documents", SUMMARY: "summaries", STRUCTURE: "structures"}
_SCHEMA = (
    "about(key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    f"documents({DOCUMENTS[0]} TEXT PRIMARY KEY, {DOCUMENTS[1]} TEXT NOT NULL, "
    f"{DOCUMENTS[2]} TEXT NOT NULL, {DOCUMENTS[3]} REAL NOT NULL, "
    f"{' REAL, '.join(DOCUMENTS[4:8])} REAL, {' TEXT, '.join(DOCUMENTS[8:])} TEXT)",
    f"summaries({SUMMARIES[0]} TEXT PRIMARY KEY, theoretical INTEGER, "
    f"{' REAL, '.join(SUMMARIES[2:5])} REAL, is_metal INTEGER)",
    "left_aside(route TEXT, material_id TEXT, reason TEXT NOT NULL, "
    "PRIMARY KEY(route, material_id))",
    # what has been asked for: chemical systems, or (another route) ranges of energies
    "systems(route TEXT, chemsys TEXT, documents INTEGER NOT NULL, PRIMARY KEY(route, chemsys))",
    "pulled(elements TEXT PRIMARY KEY)",
    "structures(material_id TEXT PRIMARY KEY, structure BLOB NOT NULL)",
)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def stores_folder() -> Path:
    """Folder of the stores, below the user's cache folder."""
    return cache_folder() / "materials-project"


def store_path(database: str, thermo_type: str) -> Path:
    """File of one database version (2026.4.13 is 2026.04.13) and thermo type."""
    if not VERSION_NAME.fullmatch(database):
        raise InputError(
            f"database version {database!r}: not one the Materials Project uses; see "
            "`interscreen data list`"
        )
    for file in find_stores(thermo_type):
        if version_order(database_of(file, thermo_type)) == version_order(database):
            return file
    return stores_folder() / f"{database}_{thermo_type}.sqlite"


def database_of(file: Path, thermo_type: str) -> str:
    """Database version of a store, by its name."""
    return file.stem.removesuffix(f"_{thermo_type}")


def version_order(database: str) -> tuple[int, ...]:
    """Key that sorts database versions (2025.9.25, 2026_10_01, 2026.10.1.post1) by age."""
    return tuple(int(part) for part in re.findall(r"\d+", database))


def find_stores(thermo_type: str | None = None) -> list[Path]:
    """Files of all stores, newest database first; one that was never filled is none."""
    found = [
        (version_order(database_of(file, family)), family, file)
        for family in ([thermo_type] if thermo_type else POOLED)
        for file in stores_folder().glob(f"*_{family}.sqlite")
        if file.stat().st_size
    ]
    return [file for *_, file in sorted(found, reverse=True)]


class Store:
    """One open store; a context manager.

    ``create`` is the database version and thermo type for which it is made where it is absent.
    InputError when it is absent, damaged or of another format; OutputError when it cannot be made
    or written.
    """

    def __init__(self, path: Path, *, create: tuple[str, str] | None = None) -> None:
        self.path = path
        if create is None and not path.is_file():
            raise InputError(f"store {path}: no such file; see `interscreen data list`")
        with self._problems():
            with contextlib.suppress(OSError):  # SQLite says so then
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._open(f"rw{'c' if create else ''}")
            try:
                if create is not None:
                    self._make(*create)
                self._check()
            except BaseException:
                self._connection.close()
                raise
        self.database = self.about("database_version")
        self.thermo_type = self.about("thermo_type")

    def _open(self, mode: str) -> sqlite3.Connection:
        # for writing even where it is only read: what a killed process began is taken back then
        uri = self.path.absolute().as_uri()
        options: dict[str, Any] = {"uri": True, "timeout": _BUSY, "isolation_level": None}
        connection: sqlite3.Connection = sqlite3.connect(f"{uri}?mode={mode}", **options)
        try:
            connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            if "locked" in str(error) or Path(f"{self.path}-journal").exists():
                raise
            # a read-only disk without locks: nobody can be writing there
            connection = sqlite3.connect(f"{uri}?immutable=1", **options)
        return connection

    def _make(self, database: str, thermo_type: str) -> None:
        """Fill a new file, whole or not at all; a kill leaves an empty one, which is none."""
        about = {
            "database_version": database, "thermo_type": thermo_type, "identity": uuid4().hex,
            "revision": "0", "made": _now(), "changed": _now(),
        }  # fmt: skip
        if self.read("SELECT 1 FROM sqlite_schema"):
            return
        with self.transaction() as write:
            if self.read("SELECT 1 FROM sqlite_schema"):  # another process was faster
                return
            for table in _SCHEMA:
                write.execute(f"CREATE TABLE {table} WITHOUT ROWID")
            write.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            write.execute(f"PRAGMA application_id = {_APPLICATION}")
            write.execute(f"PRAGMA user_version = {FORMAT}")

    def _check(self) -> None:
        """Refuse another file; bring a store of the format before to this one where possible."""
        if self.read("PRAGMA application_id") != [(_APPLICATION,)]:
            raise InputError(f"store {self.path}: not a store of interscreen; move it elsewhere")
        ((version,),) = self.read("PRAGMA user_version")
        if version not in (1, FORMAT):
            raise InputError(
                f"store {self.path}: of format {version}, this version of interscreen reads "
                f"{FORMAT}; delete it and pull again, or use the version that wrote it"
            )
        if version == 1:
            try:
                self._renew()
            except OutputError:  # a read-only disk: what is renewed is a copy in memory
                copy = sqlite3.connect(":memory:", isolation_level=None)
                self._connection.backup(copy)
                self._connection.close()
                self._connection = copy
                self._renew()

    def _renew(self) -> None:
        """Bring a store of the format before to this one: columns, identifiers."""
        self._connection.create_function("stored", 1, stored)
        with self.transaction() as write:
            for name in DOCUMENTS[10:]:
                write.execute(f"ALTER TABLE documents ADD COLUMN {name} TEXT")
            for table in (*_TABLES.values(), "left_aside"):
                write.execute(f"UPDATE OR REPLACE {table} SET material_id = stored(material_id)")
            write.execute(f"PRAGMA user_version = {FORMAT}")

    @contextlib.contextmanager
    def _problems(self) -> Iterator[None]:
        """SQLite's complaints in one line each."""
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "full" in text:
                remedy = "make room and run the same command again; what has arrived is kept"
            elif "locked" in text:
                remedy = "another process has been busy for ten minutes; try again"
            else:
                remedy = (
                    "check the disk and the permissions, or name another folder with --cache or "
                    "INTERSCREEN_CACHE"
                )
            raise OutputError(f"store {self.path}: {text}; {remedy}") from None
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"store {self.path}: damaged ({error}); delete it and pull again"
            ) from None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # -- reading -----------------------------------------------------------------------------------

    def read(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        with self._problems():
            return self._connection.execute(query, tuple(values)).fetchall()

    def rows(self) -> list[tuple[Any, ...]]:
        """Return ``COLUMNS`` of all documents, in order of their identifiers."""
        return self.read(
            f"SELECT {', '.join(COLUMNS)} FROM documents LEFT JOIN summaries USING (material_id) "
            "ORDER BY material_id"
        )

    def about(self, key: str) -> str:
        """Return one fact about the store; empty when it is not there."""
        found = self.read("SELECT value FROM about WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    @property
    def complete(self) -> bool:
        """Whether every document of the database has been pulled."""
        return self.about("complete") == "yes"

    @property
    def state(self) -> str:
        """Text that changes with the content."""
        return f"{self.about('identity')}/{self.about('revision')}"

    def pulled_sets(self) -> list[frozenset[str]]:
        """Element sets whose systems have all arrived, the largest only."""
        sets = [frozenset(text.split("-")) for (text,) in self.read("SELECT * FROM pulled")]
        largest: list[frozenset[str]] = []
        for elements in sorted(sets, key=lambda elements: (-len(elements), sorted(elements))):
            if not any(elements <= other for other in largest):
                largest.append(elements)
        return largest

    def elements(self) -> frozenset[str]:
        """Elements that have a phase of their own."""
        return frozenset(self.lowest("formation_energy_eV_per_atom"))

    def lowest(self, column: str) -> dict[str, float]:
        """Return the lowest of some energy of each element [eV/atom]."""
        found = self.read(
            f"SELECT chemsys, MIN({column}) AS least FROM documents WHERE chemsys NOT LIKE '%-%' "
            "GROUP BY chemsys HAVING least IS NOT NULL ORDER BY chemsys"
        )
        return dict(found)

    def absent(self) -> frozenset[str]:
        """Elements that were asked for and have no phase in this database."""
        if self.complete:
            return frozenset()
        return frozenset(n for n in self.asked(THERMO) if "-" not in n) - self.elements()

    def lacking(self, element_sets: Iterable[Collection[str]]) -> list[frozenset[str]]:
        """Return the sets of elements about which no question can be answered without a request.

        With an element that the database has no phase of, no request can help.
        """
        if self.complete:
            return []
        absent, known = self.absent(), self.pulled_sets()
        return [
            wanted for wanted in map(frozenset, element_sets)
            if not wanted & absent and not any(wanted <= pulled for pulled in known)
        ]  # fmt: skip

    def asked(self, route: str) -> set[str]:
        """Chemical systems that have been asked for on a route, or ranges (``thermo ranges``)."""
        found = self.read("SELECT chemsys FROM systems WHERE route = ?", (route,))
        return {chemsys for (chemsys,) in found}

    def count(self, table: str) -> int:
        """Rows of a table of the store."""
        return int(self.read(f"SELECT COUNT(*) FROM {table}")[0][0])

    def hidden(self) -> dict[str, str]:
        """Documents that the service's own hull rests on and the key was not shown: id, formula."""
        return dict(json.loads(self.about("hidden") or "{}"))

    def checksum(self) -> str:
        """Checksum of the content: every document with its numbers, in order (hexadecimal)."""
        revision, _, known = self.about("checksum").partition(" ")
        if known and revision == self.about("revision"):
            return known
        digest = hashlib.sha256()
        for row in self.rows():
            digest.update(repr(row[:8] + row[len(DOCUMENTS) :]).encode())  # what numbers rest on
        return digest.hexdigest()

    def structure(self, identifier: str) -> dict[str, Any] | None:
        """Structure of one document as pymatgen's dictionary, where it was pulled."""
        query = "SELECT structure FROM structures WHERE material_id = ?"
        found = self.read(query, (stored(identifier),))
        return dict(json.loads(zlib.decompress(found[0][0]))) if found else None

    # -- writing -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Let no other process write meanwhile; what is written is seen at once, or not at all.

        A transaction inside another one is part of it.
        """
        write = self._connection
        if write.in_transaction:
            yield write
            return
        with self._problems():
            write.execute("BEGIN IMMEDIATE")
            before = write.total_changes
            try:
                yield write
                if write.total_changes > before:
                    write.execute("UPDATE about SET value = value + 1 WHERE key = 'revision'")
                    write.execute("UPDATE about SET value = ? WHERE key = 'changed'", (_now(),))
                write.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    write.execute("ROLLBACK")
                raise

    def copy(self, file: Path) -> None:
        """Write the store to another file, as it was before a transaction that has begun."""
        with contextlib.closing(self._open("rw")) as reader:
            reader.execute("VACUUM INTO ?", (str(file),))

    def note(self, **facts: str) -> None:
        """Note facts about the store."""
        with self.transaction() as write:
            write.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", facts.items())

    def add(self, batch: Batch, names: Iterable[str] = (), asked_as: str = "") -> None:
        """Keep an answer, in one transaction with the note of what it answers completely.

        ``names`` are chemical systems, or ranges (``asked_as``: "thermo ranges").
        """
        route = batch.route
        with self.transaction() as write:
            for row in batch.rows:
                marks = ", ".join("?" * len(row))
                write.execute(f"INSERT OR REPLACE INTO {_TABLES[route]} VALUES ({marks})", row)
            aside = [(route, *entry) for entry in batch.left_aside]
            write.executemany("INSERT OR REPLACE INTO left_aside VALUES (?, ?, ?)", aside)
            found = Counter(row[2] for row in batch.rows if route == THERMO)
            asked = [(asked_as or route, name, found[name]) for name in names]
            write.executemany("INSERT OR REPLACE INTO systems VALUES (?, ?, ?)", asked)

    def forget(self, systems: Iterable[str]) -> None:
        """Ask for some chemical systems again in the next pull."""
        with self.transaction() as write:
            write.executemany("DELETE FROM systems WHERE chemsys = ?", [(s,) for s in systems])
            write.execute("DELETE FROM systems WHERE route LIKE '% ranges'")

    def finish(self, sets: Iterable[frozenset[str]] | None) -> None:
        """Note element sets whose systems have all arrived (None: everything), and the checksum."""
        names = [("-".join(sorted(elements)),) for elements in sets or ()]
        with self.transaction() as write:
            write.executemany("INSERT OR IGNORE INTO pulled VALUES (?)", names)
            if sets is None:
                self.note(complete="yes")
            self.note(checksum="")  # of the revision to come; a question need not read everything
            self.note(checksum=f"{int(self.about('revision')) + 1} {self.checksum()}")
