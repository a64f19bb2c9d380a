"""A store for a question: the local one where it has what is needed, a pull where not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, SourceError
from ...phases.formula import nearest, parse_formula
from ...phases.source import GGA, thermo_type
from .check import hidden_text
from .client import Client
from .key import find_key
from .pull import pull_systems, subsystems
from .store import Store, database_of, find_stores, store_path, version_order


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which data of the Materials Project are wanted; see ``SourceOptions``."""

    thermo_type: str = GGA
    database: str = ""
    offline: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "thermo_type", thermo_type(self.thermo_type))

    def files(self) -> list[Path]:
        """Files of the stores that may do, newest database first."""
        if not self.database:
            return find_stores(self.thermo_type)
        file = store_path(self.database, self.thermo_type)
        return [file] if file.is_file() else []


def any_store(wanted: Wanted) -> Store:
    """Return the newest store of a thermo type, or the one of a database; InputError for none."""
    for file in wanted.files():
        return Store(file)
    version = f"of database {wanted.database} " if wanted.database else ""
    raise InputError(
        f"no {wanted.thermo_type} store {version}here; see `interscreen data list`, or "
        "fill one with `interscreen data pull`"
    )


def answering(wanted: Wanted, element_sets: Sequence[Collection[str]]) -> Iterator[Store]:
    """Open the stores that have every system of the question, newest database first.

    Without a question (no element sets) any store that holds something will do.
    """
    for file in wanted.files():
        store = Store(file)
        holds_something = store.complete or store.pulled_sets() or store.absent()
        if holds_something and not store.lacking(element_sets):
            yield store
        else:
            store.close()


def local_store(wanted: Wanted, element_sets: Sequence[Collection[str]]) -> Store | None:
    """Return the newest store that has every system of the question, or None."""
    return next(answering(wanted, element_sets), None)


def notes_on(store: Store, element_sets: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Return what a user should know of a store that answers a question."""
    notes = []
    newest = database_of(find_stores(store.thermo_type)[0], store.thermo_type)
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
    stores = answering(wanted, element_sets)
    store = next(stores, None)
    if store is None:
        store = _pulled(wanted, element_sets, endpoint, notify, progress)
    elif notify is not None and element_sets and (other := next(stores, None)) is not None:
        other.close()
        notify(
            f"database {store.database} answers; {other.database}, in the store, too, "
            f"answers with --database {other.database}"
        )
    lacking = [store.absent().intersection(elements) for elements in element_sets]
    if lacking and all(lacking):
        store.close()
        raise InputError(
            f"element {min(lacking[0])}: the Materials Project (database {store.database}) has no "
            f"{store.thermo_type} phase of it; use another source or thermo type"
        )
    return store


def _pulled(
    wanted: Wanted,
    element_sets: Sequence[Collection[str]],
    endpoint: str | None,
    notify: Callable[[str], None] | None,
    progress: Callable[[int, int], None] | None,
) -> Store:
    """Pull what is missing, and say what came."""
    missing = _missing(wanted, element_sets)
    if wanted.offline:
        raise SourceError(
            f"the local store lacks {missing}, and no request may be made (--offline): run "
            "`interscreen data pull` where there is network, then carry it over (`data export`)"
        )
    with closing(connect(wanted, missing, endpoint=endpoint, notify=notify)) as client:
        if wanted.database and version_order(client.database) != version_order(wanted.database):
            raise SourceError(
                f"database {wanted.database}: the local store lacks {missing}, and the Materials "
                f"Project serves {client.database} by now; leave out --database, or take only "
                "what `interscreen data info` lists for it"
            )
        report = pull_systems(client, element_sets, notify=notify, progress=progress)
    tell = notify or (lambda text: None)
    tell(
        f"pulled {report.documents} documents of {report.systems} chemical systems "
        f"({report.requests} requests) in {report.seconds:.0f} s"
    )
    for symbol in sorted(report.absent):
        tell(
            f"warning: the Materials Project has no {report.store.thermo_type} phase of "
            f"{symbol}; questions with it will fail"
        )
    return report.store


def _missing(wanted: Wanted, element_sets: Sequence[Collection[str]]) -> str:
    """Name one system that the newest store does not cover, and how many more."""
    lacking = list(map(frozenset, element_sets))
    for file in wanted.files()[:1]:
        with Store(file) as store:
            lacking = store.lacking(lacking)
    if not lacking:
        return "some systems in one database"
    systems = {system for elements in lacking for system in subsystems(elements)}
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    named = f"{'-'.join(sorted(lacking[0]))}{more}"
    return f"{named} ({len(systems)} chemical systems, {wanted.thermo_type})"


def connect(wanted: Wanted, purpose: str, **options: Any) -> Client:
    """Return a client, with the key that is set; SourceError without one."""
    if (key := find_key()) is None:
        raise SourceError(
            f"{purpose}: not in the local store, and no API key is set; get a key from your "
            "dashboard on the Materials Project's page and put it into MP_API_KEY or pymatgen's "
            "settings, or use --source embedded or a table"
        )
    return Client(key, wanted.thermo_type, **options)


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
