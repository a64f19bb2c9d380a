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
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...errors import InputError, OutputError
from ...phases.cache import cache_folder
from ...phases.identifiers import in_letters, stored
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
    age = version_order(database)
    same = (f for f in find_stores(thermo_type) if version_order(database_of(f)) == age)
    return next(same, stores_folder() / f"{database}_{thermo_type}.sqlite")


def _family_of(file: Path) -> str:
    return next((name for name in POOLED if file.stem.endswith(f"_{name}")), "")


def database_of(file: Path) -> str:
    """Database version of a store, by its name."""
    return file.stem.removesuffix(f"_{_family_of(file)}")


def version_order(database: str) -> tuple[int, ...]:
    """Key that sorts database versions (2025.9.25, 2026_10_01, 2026.10.1.post1) by age."""
    return tuple(int(part) for part in re.findall(r"\d+", database))


def find_stores(thermo_type: str | None = None) -> list[Path]:
    """Files of all stores, newest database first; one that was never filled is none."""
    found = (
        file for file in stores_folder().glob("*.sqlite")
        if thermo_type in (None, _family_of(file)) and file.stat().st_size
    )  # fmt: skip
    key = lambda file: (version_order(database_of(file)), _family_of(file), file)  # noqa: E731
    return sorted(found, key=key, reverse=True)


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
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise sqlite3.OperationalError(error.strerror) from None
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
        with self.alone() as write:
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
            with contextlib.suppress(OutputError):  # a read-only disk: it answers as it is
                self._renew()

    def _renew(self) -> None:
        """Bring a store of the format before to this one: columns, identifiers."""
        with self.alone() as write:
            known = {row[1] for row in self.read("PRAGMA table_info(documents)")}
            for name in set(DOCUMENTS) - known:
                write.execute(f"ALTER TABLE documents ADD COLUMN {name} TEXT")
            for table in (*_TABLES.values(), "left_aside"):
                for (text,) in self.read(f"SELECT material_id FROM {table}"):
                    write.execute(
                        f"UPDATE OR REPLACE {table} SET material_id = ? WHERE material_id = ?",
                        (stored(text), text),
                    )
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
        found = self.read("SELECT DISTINCT chemsys FROM documents WHERE chemsys NOT LIKE '%-%'")
        return frozenset(symbol for (symbol,) in found)

    def absent(self) -> frozenset[str]:
        """Elements that were asked for and have no phase in this database."""
        if self.complete:
            return frozenset()
        return frozenset(n for n in self.asked(THERMO) if "-" not in n) - self.elements()

    def covers(self, elements: Collection[str], sets: list[frozenset[str]] | None = None) -> bool:
        """Whether a question about these elements can be answered without a request."""
        wanted = frozenset(elements)
        if self.complete or wanted & self.absent():
            return True  # absent: no request can help, the question will fail with a reason
        return any(wanted <= known for known in (self.pulled_sets() if sets is None else sets))

    def asked(self, route: str) -> set[str]:
        """Chemical systems that have been asked for on a route."""
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
        for row in self.read(
            f"SELECT {', '.join((*DOCUMENTS[:8], *SUMMARIES[1:]))} FROM documents "
            "LEFT JOIN summaries USING (material_id) ORDER BY material_id"
        ):
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def structure(self, identifier: str) -> dict[str, Any] | None:
        """Structure of one document as pymatgen's dictionary, where it was pulled."""
        spellings = (stored(identifier), in_letters(identifier), identifier)
        query = "SELECT structure FROM structures WHERE material_id IN (?, ?, ?)"
        found = self.read(query, spellings)
        return dict(json.loads(zlib.decompress(found[0][0]))) if found else None

    def check(self) -> str:
        """SQLite's own check of the file: ``ok`` or what is wrong."""
        return str(self.read("PRAGMA quick_check")[0][0])

    def copy(self, file: Path) -> None:
        """Write the store as it is to another file."""
        self.read("VACUUM INTO ?", (str(file),))

    # -- writing -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Let no other process write meanwhile; a transaction inside is part of it."""
        with self._problems():
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside becomes visible at once, or not at all."""
        with self.alone() as write:
            yield write
            write.execute("UPDATE about SET value = value + 1 WHERE key = 'revision'")
            write.execute("UPDATE about SET value = ? WHERE key = 'changed'", (_now(),))

    def note(self, **facts: str) -> None:
        """Note facts about the store."""
        with self.transaction() as write:
            write.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", facts.items())

    def add(
        self, batch: Batch, systems: Collection[str] = (), ranges: Collection[str] = ()
    ) -> None:
        """Keep an answer, in one transaction with the note of what it answers completely.

        It answers chemical systems, or ranges of a pull of everything (by their names).
        """
        route = batch.route
        new: dict[str, list[tuple[Any, ...]]] = {
            _TABLES[route]: batch.rows,
            "left_aside": [(route, *entry) for entry in batch.left_aside],
            "systems": [
                *((route, name, batch.chemsys.get(name, 0)) for name in systems),
                *((f"{route} ranges", name, len(batch.rows)) for name in ranges),
            ],
        }
        with self.transaction() as write:
            for table, rows in new.items():
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    write.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)

    def forget(self, systems: Iterable[str]) -> None:
        """Ask for some chemical systems again in the next pull."""
        with self.transaction() as write:
            write.executemany("DELETE FROM systems WHERE chemsys = ?", [(s,) for s in systems])
            write.execute("DELETE FROM systems WHERE route LIKE '% ranges'")

    def finish(self, sets: Iterable[frozenset[str]] | None) -> None:
        """Note element sets whose systems have all arrived (None: everything), and the checksum."""
        if sets is None:
            self.note(complete="yes")
        else:
            names = [("-".join(sorted(elements)),) for elements in sets]
            with self.transaction() as write:
                write.executemany("INSERT OR IGNORE INTO pulled VALUES (?)", names)
        with self.alone() as write:  # a question need not read everything
            entry = ("checksum", f"{self.about('revision')} {self.checksum()}")
            write.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", entry)
