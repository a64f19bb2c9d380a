"""Pulls into the store: each chemical system once, whole, and nothing that cannot be true.

The service has no order of its documents, so pages of one question may overlap and miss some.  No
second page is ever asked for: a question with more documents than fit into one answer is cut into
ranges of the formation energy that do.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

from ...errors import OutputError, SourceError
from ...phases.source import GGA
from ..embedded import embedded_table
from .check import check_hull
from .client import PAGE, Client, Page
from .documents import ROUTES, STRUCTURE, THERMO, Batch, read_documents
from .store import Store, store_path

_RESTARTS = 2  # times that a new database may appear during one pull
_LOOK = 90.0  # s after which the service is asked again which database it serves
_ZERO = 1e-6  # eV/atom
_CHARACTERS = 5500  # of the list of systems in one request, as it is sent; the limit is 8190
_EXPECTED = (12.0, 14.0, 8.0, 3.0, 0.4)  # documents of a system of 1, 2, ... elements
_EXPECTATION, _FILL = 0.65, 0.8  # of an answer, that a batch and a cut aim at
_PIECES = 16  # that a question is cut into at once: the documents known so far are a sample
_CONTROL = ("Fe", "Li", "O")  # elements that every database has
Part = tuple[float, float]
WHOLE: Part = (-math.inf, math.inf)

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


def subsystems(elements: Iterable[str]) -> Iterator[str]:
    """Every chemical system of some elements, smallest first, as ``Li-O``."""
    symbols = sorted(set(elements))
    for size in range(1, len(symbols) + 1):
        yield from map("-".join, combinations(symbols, size))


def batches_of(systems: Iterable[str]) -> Iterator[list[str]]:
    """Split systems into lists that each fit into one request and, mostly, into one answer."""
    batch: list[str] = []
    length, documents = 0, 0.0
    for system in systems:
        size = len(system) + 3  # a comma is sent as three characters
        expected = _EXPECTED[min(system.count("-"), len(_EXPECTED) - 1)]
        if batch and (length + size > _CHARACTERS or documents + expected > _EXPECTATION * PAGE):
            yield batch
            batch, length, documents = [], 0, 0.0
        batch.append(system)
        length += size
        documents += expected
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
    database changes under the pull, and what the check of the hull finds.

    Raises
    ------
    SourceError
        When the service cannot be used, answers what cannot be true (no phase of any element), or
        holds a phase back that its own hull rests on.
    OutputError
        When the store cannot be written.
    """
    sets = [frozenset(elements) for elements in element_sets]
    routes = (*ROUTES, STRUCTURE) if structures else ROUTES

    def work(store: Store, tally: Tally) -> frozenset[str]:
        elements = sorted(frozenset().union(*sets))
        if not store.complete or structures:
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
                tally.requests += check_hull(client, store, new, notify)
                store.mark_pulled(new)
                if client.family != GGA and notify is not None:
                    _tell_coverage(client, store, systems, tally, notify)
        return frozenset(elements) - store.elements()

    return _run(client, work, notify)


def pull_everything(
    client: Client,
    *,
    progress: Progress | None = None,
    notify: Callable[[str], None] | None = None,
) -> PullReport:
    """Fetch every document of the thermo type that has a formation energy; see ``pull_systems``."""

    def work(store: Store, tally: Tally) -> frozenset[str]:
        if not store.complete:
            for route in ROUTES:
                _fetch_parts(client, store, route, progress, tally)
            if not store.elements():
                raise SourceError(
                    f"the Materials Project has no {client.family} phase of any element"
                )
            require_references(
                store.read(
                    "SELECT chemsys, formation_energy_eV_per_atom FROM documents "
                    "WHERE chemsys NOT LIKE '%-%'"
                ),
                f"delete {store.path} and pull again",
            )
            tally.requests += check_hull(client, store, None, notify)
            store.mark_complete()
        return frozenset()

    return _run(client, work, notify)


# -- what all pulls have in common -----------------------------------------------------------------


def _run(
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
            store.note_checksum()
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


def _tell_coverage(
    client: Client, store: Store, systems: list[str], tally: Tally, notify: Callable[[str], None]
) -> None:
    """Say how many phases a smaller run family has of some systems, beside the default."""
    batches = list(batches_of(systems))
    theirs = sum(client.count(batch, GGA) for batch in batches)
    tally.requests += len(batches)
    wanted = set(systems)
    held = store.read("SELECT chemsys FROM documents")
    own = sum(system in wanted for (system,) in held)
    notify(
        f"{client.family} has {own} documents of these systems, {GGA} {theirs}: an answer lacks "
        "the phases that nobody has calculated"
    )


def _require_database(client: Client) -> None:
    """Refuse what came from another database than the store's; asked now and then only."""
    if time.monotonic() - client.checked > _LOOK:
        now = client.current_database()
        if now != client.database:
            raise NewDatabaseError(now)


@contextlib.contextmanager
def _alone(store: Store) -> Iterator[None]:
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


def _cut(page: Page, part: Part, *, of_all: bool = False) -> list[Part]:
    """Cut a range of formation energies [eV/atom] so that each piece fits into one answer.

    The documents of the page are the sample, for the whole database (``of_all``) the embedded
    table is; a piece that is still too large is cut again.
    """
    low, high = part
    pieces = math.ceil(page.total / (_FILL * PAGE))
    if of_all and part == WHOLE:
        energies = sorted(embedded_table().energies.tolist())
    else:
        energies = sorted(
            float(value)
            for document in page.documents.values()
            if (value := document.get("formation_energy_per_atom")) is not None
        )
        pieces = min(_PIECES, pieces)
    cuts = {energies[len(energies) * k // pieces] for k in range(1, pieces)} if energies else set()
    edges = [low, *sorted(cut for cut in cuts if low <= cut < high), high]
    if len(edges) < 3:
        raise SourceError(
            f"the Materials Project has {page.total} documents at one formation energy "
            f"({low:g} to {high:g} eV/atom), more than it gives in one answer"
        )
    found = list(pairwise(edges))
    return [found[0], *((math.nextafter(a, math.inf), b) for a, b in found[1:])]


# -- some systems ----------------------------------------------------------------------------------


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
        with _alone(store):  # another process that pulls the same waits for one batch only
            for route in wanted:
                known = store.asked(route)  # by another process meanwhile
                missing = [name for name in batch if name not in known]
                if missing:
                    answer = _whole(client, store, route, missing, tally)
                    _require_database(client)
                    store.add([answer], missing)
                    if route == THERMO:
                        tally.systems += len(missing)
                        tally.documents += len(answer.rows)
        done += len(batch)
        if progress is not None:
            progress(done, len(systems))


def _whole(client: Client, store: Store, route: str, systems: list[str], tally: Tally) -> Batch:
    """Ask for all documents of some systems; SourceError for an answer that cannot be.

    An element that has arrived is asked for along with them: an answer without it is none.
    """
    known = sorted(store.elements() - set(systems))
    if not known:
        answer = _ask(client, route, systems, tally)
        if route == THERMO:
            lacking = [name for name in systems if name not in answer.chemsys]
            if lacking:
                _look_again(client, lacking, answer, tally)
    else:
        for _ in range(2):
            answer = _ask(client, route, [*systems, known[0]], tally)
            if answer.chemsys.pop(known[0], 0):
                break
        else:
            raise SourceError(
                f"the Materials Project gives no {route} documents of {known[0]} any more, nor of "
                f"{', '.join(systems[:5])} and {max(len(systems) - 5, 0)} more systems; nothing of "
                "this answer is kept; try again later"
            )
        if route == THERMO:
            answer.rows[:] = [row for row in answer.rows if row[2] != known[0]]
    if route == THERMO:
        require_references(
            ((row[2], row[3]) for row in answer.rows if "-" not in row[2]),
            "nothing of this answer is kept; try again later",
        )
    return answer


def _ask(client: Client, route: str, systems: list[str], tally: Tally) -> Batch:
    """Ask for all documents of some systems, in as many parts as are needed."""
    answer, parts = Batch(route), [WHOLE]
    while parts:
        part = parts.pop()
        page = client.page(route, systems=systems, between=part)
        tally.requests += 1
        if page.total > PAGE:
            parts += _cut(page, part)
        else:
            read_documents(route, page.documents, client.family, frozenset(systems), into=answer)
    return answer


def _look_again(client: Client, lacking: list[str], answer: Batch, tally: Tally) -> None:
    """Ask once more for elements without a phase, together with some that must have one."""
    control = sorted({*_CONTROL, *answer.chemsys} - set(lacking))[: len(_CONTROL)]
    again = _ask(client, THERMO, [*lacking, *control], tally)
    if again.empty:
        raise SourceError(
            f"the Materials Project answers that it has no {client.family} phase of "
            f"{', '.join(lacking)}, nor of {', '.join(control) or 'any element'}; try again "
            "later; nothing of this answer is kept"
        )
    answer.rows.extend(row for row in again.rows if row[2] in lacking)
    answer.left_aside.extend(again.left_aside)
    answer.chemsys.update({name: again.chemsys[name] for name in lacking})


# -- everything ------------------------------------------------------------------------------------


def _fetch_parts(
    client: Client, store: Store, route: str, progress: Progress | None, tally: Tally
) -> None:
    """Fetch all documents of a route, in parts that the store remembers."""
    total = 0
    while True:
        with _alone(store):
            parts = store.parts(route)
            if parts and all(number is not None for *_, number in parts):
                if progress is not None and total:  # those without an energy are never fetched
                    progress(store.held(route), store.held(route))
                return
            part = next(((a, b) for a, b, number in parts if number is None), WHOLE)
            page = client.page(route, between=part)
            tally.requests += 1
            total = max(total, page.total if part == WHOLE else store.held(route))
            if not page.total and part == WHOLE:
                raise SourceError(
                    f"the Materials Project answers that it has no {route} documents at all; try "
                    "again later; what has arrived is kept"
                )
            _require_database(client)
            answer = read_documents(route, page.documents, client.family, None)
            if page.total > PAGE:
                store.add(
                    [answer], parts={part: None, **dict.fromkeys(_cut(page, part, of_all=True))}
                )
            else:
                store.add([answer], parts={part: page.total})
                tally.documents += len(answer.rows) if route == THERMO else 0
        if progress is not None:
            progress(min(store.held(route), total), total)
