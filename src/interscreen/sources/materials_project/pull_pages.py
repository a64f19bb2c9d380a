"""Pull every document of a thermo type, page by page; what has arrived is not asked for again."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import SourceError
from .client import Client
from .documents import ROUTES, SUMMARY, THERMO, read_documents
from .pulling import (
    Progress,
    PullReport,
    Tally,
    alone,
    require_database,
    require_references,
    run_pull,
)
from .store import Store


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
    present = store.elements()
    if not present:
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
    aside = store.read("SELECT COUNT(*) FROM left_aside WHERE route = ?", (route,))[0][0]
    return store.count(table) + int(aside)


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
