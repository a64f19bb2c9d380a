"""A store for a question: the local one where it has what is needed, a pull where not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, SourceError
from ...phases.formula import nearest, parse_formula
from ...phases.source import GGA, thermo_type
from .check import hidden_text
from .key import find_key
from .store import Store, database_of, find_stores, store_path, version_order


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which data of the Materials Project are wanted; see ``SourceOptions``."""

    thermo_type: str = GGA
    database: str = ""
    offline: bool = False


def any_store(wanted: Wanted) -> Store:
    """Return the newest store of a thermo type, or the one of a database; InputError for none."""
    for file in _files(wanted):
        return Store(file)
    version = f"of database {wanted.database} " if wanted.database else ""
    raise InputError(
        f"no {thermo_type(wanted.thermo_type)} store {version}here; see `interscreen data "
        "list`, or fill one with `interscreen data pull`"
    )


def local_store(wanted: Wanted, element_sets: Sequence[Collection[str]]) -> Store | None:
    """Return the newest store that has every system of the question, or None.

    Without a question (no element sets) any store will do.
    """
    return next(_covering(_files(wanted), element_sets), None)


def _files(wanted: Wanted) -> list[Path]:
    """Files of the stores that may do, newest database first."""
    family = thermo_type(wanted.thermo_type)
    if not wanted.database:
        return find_stores(family)
    file = store_path(wanted.database, family)
    return [file] if file.is_file() else []


def _covering(files: Iterable[Path], element_sets: Sequence[Collection[str]]) -> Iterator[Store]:
    """Open those stores that have every system of the question, one after the other."""
    for file in files:
        store = Store(file)
        sets = store.pulled_sets()
        # a store that is still empty answers no question, not even an empty one
        filled = sets or store.complete or store.absent()
        if filled and all(store.covers(e, sets) for e in element_sets):
            yield store
        else:
            store.close()


def notes_on(store: Store, element_sets: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Return what a user should know of a store that answers a question."""
    notes = []
    newest = database_of(find_stores(store.thermo_type)[0])
    if version_order(newest) > version_order(store.database):
        notes.append(
            f"database {store.database} answers, the newest seen is {newest} (`interscreen data "
            "update` moves a study)"
        )
    sets = [frozenset(elements) for elements in element_sets]
    hidden = {
        identifier: formula
        for identifier, formula in store.hidden().items()
        if formula and any(s.issuperset(parse_formula(formula).elements) for s in sets)
    }
    if hidden:
        notes.append(hidden_text(hidden))
    return tuple(notes)


def store_for(
    wanted: Wanted,
    element_sets: Sequence[Collection[str]],
    *,
    endpoint: str | None = None,
    notify: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """Return a store that has every system of the question; pull what is missing.

    SourceError when something is missing and cannot be pulled: offline, no key, another database by
    now, or the service fails.
    """
    tell = notify or (lambda text: None)
    if (found := local_store(wanted, element_sets)) is not None:
        if not wanted.database and element_sets:  # another one answers the same question, too
            files = [file for file in find_stores(found.thermo_type) if file != found.path]
            for other in _covering(files, element_sets):
                other.close()
                tell(
                    f"database {found.database} answers; {other.database}, in the store, too, "
                    f"answers with --database {other.database}"
                )
                break
        return _answerable(found, element_sets)
    missing = _missing(wanted, element_sets)
    if wanted.offline:
        raise SourceError(
            f"the local store lacks {missing}, and no request may be made (--offline): run "
            "`interscreen data pull` where there is network, then carry it over (`data export`)"
        )
    client = connect(wanted, missing, endpoint=endpoint, notify=notify)
    try:
        if wanted.database and version_order(client.database) != version_order(wanted.database):
            raise SourceError(
                f"database {wanted.database}: the local store lacks {missing}, and the Materials "
                f"Project serves {client.database} by now; leave out --database, or take only "
                "what `interscreen data info` lists for it"
            )
        from .pull import pull_systems

        report = pull_systems(client, element_sets, notify=notify, progress=progress)
    finally:
        client.close()
    tell(
        f"pulled {report.documents} documents of {report.systems} chemical systems "
        f"({report.requests} requests) in {report.seconds:.0f} s"
    )
    for symbol in sorted(report.absent):
        tell(
            f"warning: the Materials Project has no {report.store.thermo_type} phase of "
            f"{symbol}; questions with it will fail"
        )
    return _answerable(report.store, element_sets)


def _answerable(store: Store, element_sets: Sequence[Collection[str]]) -> Store:
    """Refuse when every question holds an element that the database has no phase of."""
    lacking = [store.absent().intersection(elements) for elements in element_sets]
    if lacking and all(lacking):
        store.close()
        raise InputError(
            f"element {min(lacking[0])}: the Materials Project (database {store.database}) has no "
            f"{store.thermo_type} phase of it; use another source or thermo type"
        )
    return store


def _missing(wanted: Wanted, element_sets: Sequence[Collection[str]]) -> str:
    """Name one system that no store covers, and how many more."""
    known: list[frozenset[str]] = []
    family = thermo_type(wanted.thermo_type)
    for file in _files(wanted)[:1]:
        with Store(file) as store:
            known = store.pulled_sets()
    lacking = [e for e in map(sorted, element_sets) if not any(k.issuperset(e) for k in known)]
    if not lacking:
        return f"some systems in one {family} database"
    from .pull import subsystems

    subs = {system for elements in lacking for system in subsystems(elements)}
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return f"{'-'.join(lacking[0])}{more} ({len(subs)} chemical systems, {family})"


def connect(wanted: Wanted, purpose: str, **options: Any) -> Any:
    """Return a client, with the key that is set; SourceError without one."""
    family = thermo_type(wanted.thermo_type)
    key = find_key()
    if key is None:
        raise SourceError(
            f"{purpose}: not in the local store, and no API key is set; get a key from your "
            "dashboard on the Materials Project's page and put it into MP_API_KEY or pymatgen's "
            "settings, or use --source embedded or a table"
        )
    from .client import Client

    return Client(key, family, **options)


def check_elements(symbols: Iterable[str]) -> frozenset[str]:
    """Check element symbols of a command line; InputError for something that is no element."""
    from pymatgen.core import Element

    chosen = frozenset(symbol.strip() for symbol in symbols) - {""}
    if not chosen:
        raise InputError("elements: none given; write symbols with commas, as in Li,La,Zr,O")
    for symbol in sorted(chosen):
        if not Element.is_valid_symbol(symbol):
            known = [element.symbol for element in Element]
            raise InputError(f"elements: {symbol!r} is no element{nearest(symbol, known, 1)}")
    return chosen
