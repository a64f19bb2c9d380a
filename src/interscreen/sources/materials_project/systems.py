"""Pull chemical systems into the store, each once; an answer that cannot be true is not kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import combinations

from ...errors import SourceError
from .client import Client
from .documents import ROUTES, STRUCTURE, SUMMARY, THERMO, Batch, read_documents
from .pull import (
    Progress,
    PullReport,
    Tally,
    alone,
    require_database,
    require_references,
    run_pull,
)  # fmt: skip
from .store import Store

_CHARACTERS = 2000  # of the list of systems in one request, as it is sent; the limit is 8000
_SYSTEMS = 100  # in one request
_CONTROL = ("Fe", "Li", "O")  # elements that every database has


def subsystems(elements: Iterable[str]) -> Iterator[str]:
    """Every chemical system of some elements, smallest first, as ``Li-O``."""
    symbols = sorted(set(elements))
    for size in range(1, len(symbols) + 1):
        yield from map("-".join, combinations(symbols, size))


def batches_of(systems: Iterable[str]) -> Iterator[list[str]]:
    """Split systems into lists that each fit into one request with room to spare."""
    batch: list[str] = []
    length = 0
    for system in systems:
        size = len(system) + 3  # a comma is sent as three characters
        if batch and (len(batch) == _SYSTEMS or length + size > _CHARACTERS):
            yield batch
            batch, length = [], 0
        batch.append(system)
        length += size
    if batch:
        yield batch


def pull_systems(
    client: Client,
    element_sets: Iterable[Collection[str]],
    *,
    structures: bool = False,
    progress: Progress | None = None,
    notify: Callable[[str], None] | None = None,
) -> PullReport:
    """Fetch every subsystem of some sets of elements that the store lacks, each once.

    ``progress`` is called with systems done and in all; ``notify`` is told in one line when the
    database changes under the pull.

    Raises
    ------
    SourceError
        When the service cannot be used, or answers what cannot be true (no phase of any element).
    OutputError
        When the store cannot be written.
    """
    sets = [frozenset(elements) for elements in element_sets]
    routes = (*ROUTES, STRUCTURE) if structures else ROUTES

    def work(store: Store, tally: Tally) -> frozenset[str]:
        elements = sorted(frozenset().union(*sets))
        if not store.complete or STRUCTURE in routes:
            _fetch(client, store, elements, routes, None, tally)
            present = store.elements()
            possible = [part for chosen in sets if (part := chosen & present)]
            systems = sorted(
                {system for chosen in possible for system in subsystems(chosen)},
                key=lambda system: (system.count("-"), system),
            )
            _fetch(client, store, systems, routes, progress, tally)
            new = set(possible).difference(store.pulled_sets())
            if new and not store.complete:
                store.mark_pulled(new)
        return frozenset(elements) - store.elements()

    return run_pull(client, work, notify)


def _fetch(
    client: Client,
    store: Store,
    systems: list[str],
    routes: tuple[str, ...],
    progress: Progress | None,
    tally: Tally,
) -> None:
    """Fetch what is missing of some systems."""
    wanted = [route for route in routes if route not in ROUTES or not store.complete]
    asked = [store.asked(route) for route in wanted]
    lacking = [name for name in systems if not all(name in known for known in asked)]
    done = len(systems) - len(lacking)
    for batch in batches_of(lacking):
        with alone(store):  # another process that pulls the same waits for one batch only
            for route in wanted:
                known = store.asked(route)  # by another process meanwhile
                missing = [name for name in batch if name not in known]
                if missing:
                    _fetch_batch(client, store, route, missing, tally)
                    if route == THERMO:
                        tally.systems += len(missing)
        done += len(batch)
        if progress is not None:
            progress(done, len(systems))


def _fetch_batch(
    client: Client, store: Store, route: str, systems: list[str], tally: Tally
) -> None:
    """Ask for all documents of some systems; keep them when the answer is whole and possible."""
    answer = _ask(client, route, systems, tally)
    kept = [answer]
    if route == THERMO:
        doubtful = [name for name in systems if "-" not in name and name not in answer.chemsys]
        if not answer.chemsys and not doubtful:
            # compounds without any phase: believed when their summaries, which have to be asked
            # for anyway, say the same and the service still knows what it has given
            kept.append(_ask(client, SUMMARY, systems, tally))
            if not kept[1].empty or not _still_known(client, store, tally):
                doubtful = systems
        if doubtful:
            _look_again(client, store, doubtful, answer, tally)
    elif answer.empty and _have_energies(store, systems):
        kept = [_ask(client, route, systems, tally)]  # an answer that cannot be: once more
        if kept[0].empty:
            raise SourceError(
                f"the Materials Project gives no {route} documents of {systems[0]} and "
                f"{len(systems) - 1} more systems although it has energies of them; try again "
                "later; what has arrived is kept"
            )
    require_database(client)
    if route == THERMO:
        require_references(
            ((row[2], row[3]) for row in answer.rows if "-" not in row[2]),
            "nothing of this answer is kept; try again later",
        )
        tally.documents += len(answer.rows)
    store.add(kept, systems)


def _ask(client: Client, route: str, systems: list[str], tally: Tally) -> Batch:
    """Ask for all pages of an answer."""
    answer = Batch(route)
    first, total = 0, 1
    while first < total:
        page = client.page(route, first=first, systems=systems)
        tally.requests += 1
        if first and page.total != total:
            require_database(client)
            raise SourceError(
                f"the Materials Project announced {total} and then {page.total} {route} documents "
                "for one question; run the same command again, what has arrived is kept"
            )
        total = page.total
        read_documents(route, page.documents, client.family, frozenset(systems), into=answer)
        first += client.page_size
    return answer


def _look_again(
    client: Client, store: Store, lacking: list[str], answer: Batch, tally: Tally
) -> None:
    """Ask once more for systems without a phase, together with elements that must have one."""
    known = sorted(store.elements() | {name for name in answer.chemsys if "-" not in name})
    control = sorted({*_CONTROL, *known[:1]} - set(lacking))
    again = _ask(client, THERMO, [*lacking, *control], tally)
    if again.empty:
        more = f" and {len(lacking) - 5} more systems" if len(lacking) > 5 else ""
        raise SourceError(
            f"the Materials Project answers that it has no {client.family} phase of "
            f"{', '.join(lacking[:5])}{more}, nor of {', '.join(control) or 'any element'}; try "
            "again later; nothing of this answer is kept"
        )
    answer.rows.extend(row for row in again.rows if row[2] in lacking)
    answer.left_aside.extend(again.left_aside)
    answer.chemsys.update({name: again.chemsys[name] for name in lacking})


def _still_known(client: Client, store: Store, tally: Tally) -> bool:
    """Whether the service gives a document again that it has given before."""
    known = store.read("SELECT material_id FROM documents LIMIT 1")
    tally.requests += 1
    return bool(known and client.page(THERMO, identifier=str(known[0][0])).documents)


def _have_energies(store: Store, systems: list[str]) -> bool:
    """Whether the store has documents of some systems, so that they must have summaries."""
    marks = ", ".join("?" * len(systems))
    return bool(store.read(f"SELECT 1 FROM documents WHERE chemsys IN ({marks}) LIMIT 1", systems))
