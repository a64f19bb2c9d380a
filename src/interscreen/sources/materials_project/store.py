"""The local store: one SQLite file per database version and thermo type.

SQLite because a batch of documents and the note that its systems have been asked for become one
transaction: a kill at any moment leaves the state before it, and two processes may write at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...errors import InputError, OutputError
from ...phases.cache import cache_folder
from ...phases.identifiers import in_letters, stored
from ...phases.source import POOLED
from .documents import SUMMARY, THERMO, Batch

FORMAT = 2
_READABLE = (1, FORMAT)  # 1: before the change of identifiers, and without run types
_APPLICATION = 0x1257C2EE  # marks the file as a store of interscreen
_BUSY = 120.0  # s to wait for another process that writes
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
_PARTS = (  # ranges of formation energies [eV/atom] of a pull of everything; NULL: not yet fetched
    "CREATE TABLE parts(route TEXT, low REAL, high REAL, documents INTEGER, "
    "PRIMARY KEY(route, low, high)) WITHOUT ROWID"
)
_SCHEMA = f"""
CREATE TABLE about(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents({DOCUMENTS[0]} TEXT PRIMARY KEY, {DOCUMENTS[1]} TEXT NOT NULL,
  {DOCUMENTS[2]} TEXT NOT NULL, {DOCUMENTS[3]} REAL NOT NULL,
  {", ".join(f"{name} REAL" for name in DOCUMENTS[4:8])},
  {", ".join(f"{name} TEXT" for name in DOCUMENTS[8:])}) WITHOUT ROWID;
CREATE TABLE summaries({SUMMARIES[0]} TEXT PRIMARY KEY, theoretical INTEGER,
  {", ".join(f"{name} REAL" for name in SUMMARIES[2:5])}, is_metal INTEGER) WITHOUT ROWID;
CREATE TABLE left_aside(route TEXT, material_id TEXT, reason TEXT NOT NULL,
  PRIMARY KEY(route, material_id)) WITHOUT ROWID;
CREATE TABLE systems(route TEXT, chemsys TEXT, documents INTEGER NOT NULL,
  PRIMARY KEY(route, chemsys)) WITHOUT ROWID;
{_PARTS};
CREATE TABLE pulled(elements TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE structures(material_id TEXT PRIMARY KEY, structure BLOB NOT NULL) WITHOUT ROWID;
"""
_TABLES = {THERMO: "documents", SUMMARY: "summaries"}
_WIDTHS = {
    "documents": len(DOCUMENTS), "summaries": len(SUMMARIES), "left_aside": 3, "structures": 2,
    "systems": 3, "parts": 4,
}  # fmt: skip


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
    same = (
        file for file in find_stores(thermo_type)
        if version_order(database_of(file)) == version_order(database)
    )  # fmt: skip
    return next(same, stores_folder() / f"{database}_{thermo_type}.sqlite")


def database_of(file: Path) -> str:
    """Database version of a store, by its name."""
    return next(
        (n for f in POOLED if (n := file.stem.removesuffix(f"_{f}")) != file.stem), file.stem
    )


def version_order(database: str) -> tuple[Any, ...]:
    """Key that sorts database versions (2025.9.25, 2026_10_01, 2026.10.1.post1) by age."""
    return tuple(int(part) for part in re.findall(r"\d+", database))


def find_stores(thermo_type: str | None = None) -> list[Path]:
    """Files of all stores, newest database first."""
    found = []
    for file in stores_folder().glob("*.sqlite"):
        family = next((name for name in POOLED if file.stem.endswith(f"_{name}")), "")
        if thermo_type in (None, family):
            found.append((version_order(database_of(file)), family, file))
    return [file for *_, file in sorted(found, reverse=True)]


def beside(path: Path) -> Path:
    """Name of a store that is not yet in its place, beside it."""
    return path.with_name(f"{path.name}.{uuid4().hex}.part")


def put_in_place(temporary: Path, path: Path) -> bool:
    """Put a store into its place; False where another process was faster."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a disk without links
        if path.exists():
            return False
        os.replace(temporary, path)
    return True


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
            if create is not None and not path.is_file():
                self._make(*create)
            self._connection = self._open()
            try:
                self._check()
                if create is not None:
                    self._renew()
            except BaseException:
                self._connection.close()
                raise
        self.database = self.about("database_version")
        self.thermo_type = self.about("thermo_type")

    def _open(self) -> sqlite3.Connection:
        # for writing even where it is only read: what a killed process began is taken back then
        uri = self.path.absolute().as_uri()
        options: dict[str, Any] = {"uri": True, "timeout": _BUSY, "isolation_level": None}
        connection: sqlite3.Connection = sqlite3.connect(f"{uri}?mode=rw", **options)
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
        """Put an empty store into its place, whole or not at all."""
        temporary = beside(self.path)
        about = {
            "database_version": database, "thermo_type": thermo_type, "identity": uuid4().hex,
            "revision": "0", "made": _now(), "changed": _now(),
        }  # fmt: skip
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as write:
                write.executescript(
                    f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION}; "
                    f"PRAGMA user_version = {FORMAT}; COMMIT"
                )
                write.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            put_in_place(temporary, self.path)
        except OSError as error:
            raise OutputError(
                f"{self.path.parent}: cannot be written ({error.strerror}); name another folder "
                "with --cache or INTERSCREEN_CACHE"
            ) from None
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _check(self) -> None:
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise InputError(f"store {self.path}: not a store of interscreen; move it elsewhere")
        if version not in _READABLE:
            raise InputError(
                f"store {self.path}: of format {version}, this version of interscreen reads "
                f"{FORMAT}; delete it and pull again, or use the version that wrote it"
            )

    def _renew(self) -> None:
        """Bring a store of the format before to this one: columns, identifiers."""
        if self._connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for name in DOCUMENTS[10:]:
            self._connection.execute(f"ALTER TABLE documents ADD COLUMN {name} TEXT")
        self._connection.execute(_PARTS)
        for table in ("documents", "summaries", "left_aside", "structures"):
            letters = f"SELECT material_id FROM {table} WHERE material_id GLOB '*-[a-z]*'"
            for (identifier,) in self._connection.execute(letters).fetchall():
                self._connection.execute(
                    f"UPDATE OR REPLACE {table} SET material_id = ? WHERE material_id = ?",
                    (stored(identifier), identifier),
                )
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        self._connection.execute("COMMIT")

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
                remedy = "another process has been writing for two minutes; try again"
            else:
                remedy = "check the disk and the permissions, or name another folder with --cache"
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
        sets = sorted(
            (frozenset(text.split("-")) for (text,) in self.read("SELECT elements FROM pulled")),
            key=lambda elements: (-len(elements), sorted(elements)),
        )
        largest: list[frozenset[str]] = []
        for elements in sets:
            if not any(elements <= other for other in largest):
                largest.append(elements)
        return largest

    def elements(self) -> frozenset[str]:
        """Elements that have a phase of their own."""
        found = self.read("SELECT chemsys FROM documents WHERE chemsys NOT LIKE '%-%'")
        return frozenset(symbol for (symbol,) in found)

    def absent(self) -> frozenset[str]:
        """Elements that were asked for and have no phase in this database."""
        if self.complete:
            return frozenset()
        found = self.read(
            "SELECT chemsys FROM systems WHERE route = ? AND documents = 0 "
            "AND chemsys NOT LIKE '%-%'",
            (THERMO,),
        )
        return frozenset(symbol for (symbol,) in found)

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

    def held(self, route: str) -> int:
        """Documents of a route that have arrived, those left aside among them."""
        return self.count(_TABLES[route]) + self.count(f"left_aside WHERE route = '{route}'")

    def knows(self, column: str) -> bool:
        """Whether documents have a column: a store of the format before lacks some."""
        return column in {row[1] for row in self.read("PRAGMA table_info(documents)")}

    def known_ids(self) -> set[str]:
        """Return the identifiers of all documents that have arrived."""
        query = "SELECT material_id FROM documents UNION SELECT material_id FROM left_aside"
        return {identifier for (identifier,) in self.read(query)}

    def hidden(self) -> dict[str, str]:
        """Documents that the service's own hull rests on and the key was not shown: id, formula."""
        return dict(json.loads(self.about("hidden") or "{}"))

    def note_hidden(self, documents: Mapping[str, str]) -> None:
        """Note such documents."""
        found = json.dumps({**self.hidden(), **documents})
        with self.transaction() as write:
            write.execute("INSERT OR REPLACE INTO about VALUES ('hidden', ?)", (found,))

    def forget(self, systems: Iterable[str]) -> None:
        """Ask for some chemical systems again in the next pull."""
        with self.transaction() as write:
            write.executemany("DELETE FROM systems WHERE chemsys = ?", [(s,) for s in systems])
            write.execute("DELETE FROM parts")

    def checksum(self) -> str:
        """Checksum of the content: every document with its numbers, in order (hexadecimal)."""
        revision, _, known = self.about("checksum").partition(" ")
        if known and revision == self.about("revision"):
            return known
        digest = hashlib.sha256()
        columns = ", ".join((*DOCUMENTS[:8], *SUMMARIES[1:]))
        for row in self.read(
            f"SELECT {columns} FROM documents LEFT JOIN summaries USING (material_id) "
            "ORDER BY material_id"
        ):
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def note_checksum(self) -> None:
        """Keep the checksum until the content changes: a question need not read everything."""
        entry = ("checksum", f"{self.about('revision')} {self.checksum()}")
        with self._problems():
            self._connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", entry)

    def structure(self, identifier: str) -> dict[str, Any] | None:
        """Structure of one document as pymatgen's dictionary, where it was pulled."""
        spellings = (stored(identifier), in_letters(identifier), identifier)
        query = "SELECT structure FROM structures WHERE material_id IN (?, ?, ?)"
        found = self.read(query, spellings)
        return dict(json.loads(zlib.decompress(found[0][0]))) if found else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside becomes visible at once, or not at all; one may hold others."""
        if self._connection.in_transaction:
            yield self._connection
            return
        with self._problems():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute(
                    "UPDATE about SET value = CAST(value AS INTEGER) + 1 WHERE key = 'revision'"
                )
                self._connection.execute(
                    "UPDATE about SET value = ? WHERE key = 'changed'", (_now(),)
                )
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def add(
        self,
        batches: Iterable[Batch],
        systems: Collection[str] = (),
        parts: Mapping[tuple[float, float], int | None] | None = None,
    ) -> None:
        """Keep answers, in one transaction with the note of what they answer completely.

        They answer chemical systems, or parts of a pull of everything: ranges of formation energies
        [eV/atom] and their documents, None where they are still to be fetched.  A part that comes
        with others has been cut into them.
        """
        with self.transaction() as write:
            for batch in batches:
                route = batch.route
                new: dict[str, list[tuple[Any, ...]]] = {
                    "left_aside": [(route, *entry) for entry in batch.left_aside],
                    "structures": [
                        (identifier, zlib.compress(json.dumps(structure).encode()))
                        for identifier, structure in batch.structures
                    ],
                    "systems": [(route, name, batch.chemsys.get(name, 0)) for name in systems],
                    "parts": [(route, *part, number) for part, number in (parts or {}).items()],
                }
                if route in _TABLES:
                    new[_TABLES[route]] = batch.rows
                for table, rows in new.items():
                    marks = ", ".join("?" * _WIDTHS[table])
                    write.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
                if len(parts or ()) > 1:
                    cut = (route, *next(iter(parts or ())))
                    write.execute("DELETE FROM parts WHERE route = ? AND low = ? AND high = ?", cut)

    def parts(self, route: str) -> list[tuple[float, float, int | None]]:
        """Return the parts of a pull of everything: range [eV/atom] and documents, if fetched."""
        return self.read("SELECT low, high, documents FROM parts WHERE route = ?", (route,))

    def mark_pulled(self, sets: Iterable[frozenset[str]]) -> None:
        """Note element sets whose systems have all arrived."""
        with self.transaction() as write:
            write.executemany(
                "INSERT OR IGNORE INTO pulled VALUES (?)",
                [("-".join(sorted(elements)),) for elements in sets],
            )

    def mark_complete(self) -> None:
        """Note that every document has arrived."""
        with self.transaction() as write:
            write.execute("INSERT OR REPLACE INTO about VALUES ('complete', 'yes')")

    def copy(self, file: Path) -> None:
        """Write the store as it is to another file."""
        self.read("VACUUM INTO ?", (str(file),))

    def check(self) -> str:
        """SQLite's own check of the file: ``ok`` or what is wrong."""
        return str(self.read("PRAGMA quick_check")[0][0])
