"""Pulls into the store: what all have in common, and the pull of everything, page by page.

One process asks at a time, what has arrived is not asked for again, and the database may change
under a pull.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...errors import OutputError, SourceError
from .client import Client
from .documents import ROUTES, SUMMARY, THERMO, read_documents
from .store import Store, store_path

_RESTARTS = 2  # times that a new database may appear during one pull
_ZERO = 1e-6  # eV/atom

Progress = Callable[[int, int], None]


@dataclass
class Tally:
    """Chemical systems and pages that one pull has asked for, and thermo documents that came."""

    systems: int = 0
    documents: int = 0
    requests: int = 0


@dataclass
class PullReport(Tally):
    """What a pull did.

    The store is open, for reading; ``absent`` are elements of the question that the database has
    no phase of; time in s.
    """

    store: Store = field(kw_only=True)
    seconds: float = field(kw_only=True)
    absent: frozenset[str] = field(kw_only=True)


class NewDatabaseError(Exception):
    """The service answers from another database than a moment ago."""


def run_pull(
    client: Client,
    work: Callable[[Store, Tally], frozenset[str]],
    notify: Callable[[str], None] | None,
) -> PullReport:
    """Open the store of the service's database and do the work; again when that one changes.

    The work fetches into a store and returns the elements that the database has no phase of.
    """
    started, tally = time.perf_counter(), Tally()
    for _ in range(_RESTARTS + 1):
        place = store_path(client.database, client.family)
        store = Store(place, create=(client.database, client.family))
        try:
            absent = work(store, tally)
        except NewDatabaseError as news:
            store.close()
            before, client.database = client.database, str(news)
            if notify is not None:
                notify(
                    f"the Materials Project went from database {before} to {news} during the pull; "
                    f"starting with {news}, what has arrived of {before} stays in its own store"
                )
        except BaseException:
            store.close()
            raise
        else:
            seconds = time.perf_counter() - started
            return PullReport(**vars(tally), store=store, seconds=seconds, absent=absent)
    raise SourceError(
        f"the Materials Project changed its database {_RESTARTS + 1} times during the pull; run "
        "the same command again later"
    )


def require_references(energies: Iterable[tuple[str, float]], remedy: str) -> None:
    """Refuse energies of elements [eV/atom] among which the reference phase of one is missing."""
    lowest = dict(sorted(energies, reverse=True))  # the lowest of each symbol comes last
    for symbol, energy in sorted(lowest.items()):
        if abs(energy) > _ZERO:
            raise SourceError(
                f"element {symbol}: its lowest phase in the Materials Project's answer lies "
                f"{energy:+.4f} eV/atom from zero, so its reference phase is missing; {remedy}"
            )


def require_database(client: Client) -> None:
    """Refuse what came from another database than the store's."""
    now = client.current_database()
    if now != client.database:
        raise NewDatabaseError(now)


@contextlib.contextmanager
def alone(store: Store) -> Iterator[None]:
    """Let one process ask at a time, so that no document is asked for twice."""
    from filelock import FileLock

    lock: Any = FileLock(f"{store.path}.lock")
    try:
        lock.acquire(poll_interval=0.02)
    except OSError as error:
        raise OutputError(
            f"{store.path}.lock: cannot be locked ({error.strerror or error}); name another folder "
            "with --cache or INTERSCREEN_CACHE"
        ) from None
    try:
        yield
    finally:
        lock.release()


def pull_everything(
    client: Client,
    *,
    progress: Progress | None = None,
    notify: Callable[[str], None] | None = None,
) -> PullReport:
    """Fetch every document of the thermo type, page by page; see ``pull_systems``."""

    def work(store: Store, tally: Tally) -> frozenset[str]:
        if not store.complete:
            _pull_pages(client, store, progress, tally)
        return frozenset()

    return run_pull(client, work, notify)


def _pull_pages(client: Client, store: Store, progress: Progress | None, tally: Tally) -> None:
    for sweep in (1, 2):
        totals = {route: _sweep(client, store, route, progress, tally) for route in ROUTES}
        if all(_held(store, route) >= totals[route] for route in ROUTES):
            break
        if sweep == 2:
            raise SourceError(
                "the Materials Project's pages overlap, some documents have not arrived after two "
                "sweeps; run the same command again later; what has arrived is kept"
            )
        store.forget_pages()  # the order of the documents changed under the pull
    if not store.elements():
        raise SourceError(f"the Materials Project has no {client.family} phase of any element")
    require_references(
        store.read(
            "SELECT chemsys, formation_energy_eV_per_atom FROM documents "
            "WHERE chemsys NOT LIKE '%-%'"
        ),
        f"delete {store.path} and pull again",
    )
    store.mark_complete(totals)


def _held(store: Store, route: str) -> int:
    table = {THERMO: "documents", SUMMARY: "summaries"}[route]
    return store.count(table) + store.count(f"left_aside WHERE route = '{route}'")


def _sweep(
    client: Client, store: Store, route: str, progress: Progress | None, tally: Tally
) -> int:
    """Fetch the pages of a route that have not arrived; return the number of its documents."""
    first, total = 0, 0
    while first == 0 or first < total:
        with alone(store):
            done = store.pages(route)
            total = max((known for _, known in done.values()), default=0)
            if first not in done:
                page = client.page(route, first=first)
                tally.requests += 1
                require_database(client)
                _check_total(store, route, total, page.total)
                answer = read_documents(route, page.documents, client.family, None)
                total = page.total
                store.add([answer], page=(first, len(page.documents), total))
                tally.documents += len(answer.rows) if route == THERMO else 0
        first += client.page_size
        if progress is not None:
            progress(min(first, total), total)
    return total


def _check_total(store: Store, route: str, before: int, now: int) -> None:
    if not now:
        raise SourceError(
            f"the Materials Project answers that it has no {route} documents at all; try again "
            "later; what has arrived is kept"
        )
    if before and now != before:
        store.forget_pages()
        raise SourceError(
            f"the Materials Project announced {before} and then {now} {route} documents; run the "
            "same command again, what has arrived is kept"
        )
