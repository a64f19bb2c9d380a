"""Pull chemical systems, or everything, into the store; what has arrived is not asked for again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ...errors import InputError, OutputError, SourceError
from ...formula import nearest
from .client import PAGE, Client
from .documents import ROUTES, STRUCTURE, SUMMARY, THERMO, Batch, read_documents
from .store import Store, store_path

_CHARACTERS = 2000  # of the list of systems in one request, as it is sent; the limit is 8000
_SYSTEMS = 100  # in one request
_RESTARTS = 2  # times that a new database may appear during one pull
_ZERO = 1e-6  # eV/atom
_CONTROL = ("Fe", "Li", "O")  # elements that every database has

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PullReport:
    """What a pull did.

    Attributes
    ----------
    store : Store
        Open, for reading.
    systems : int
        Chemical systems that were asked for now.
    documents : int
        Thermo documents that arrived now.
    requests : int
        Pages that were asked for.
    seconds : float
        Wall time [s].
    absent : frozenset of str
        Elements of the question that the database has no phase of.
    """

    store: Store
    systems: int
    documents: int
    requests: int
    seconds: float
    absent: frozenset[str]


@dataclass
class _Tally:
    systems: int = 0
    documents: int = 0
    requests: int = 0


class _NewDatabaseError(Exception):
    """The service answers from another database than a moment ago."""


def subsystems(elements: Iterable[str]) -> Iterator[str]:
    """Every chemical system of some elements, smallest first, as ``Li-O``."""
    symbols = sorted(set(elements))
    for count in range(1, len(symbols) + 1):
        for chosen in combinations(symbols, count):
            yield "-".join(chosen)


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

    Parameters
    ----------
    client : Client
    element_sets : iterable of collections of str
        Elements of each question.
    structures : bool
        Fetch structures, too.
    progress : callable, optional
        Called with systems done and in all.
    notify : callable, optional
        Told in one line when the database changes under the pull.

    Raises
    ------
    SourceError
        When the service cannot be used, or answers what cannot be true (no phase of any element).
    OutputError
        When the store cannot be written.
    """
    sets = [frozenset(elements) for elements in element_sets]
    routes = (*ROUTES, STRUCTURE) if structures else ROUTES
    started, tally = time.perf_counter(), _Tally()
    for _ in range(_RESTARTS + 1):
        store = Store(
            store_path(client.database, client.family), create=(client.database, client.family)
        )
        try:
            absent = _pull_sets(client, store, sets, routes, progress, tally)
        except _NewDatabaseError as news:
            store.close()
            _start_anew(client, news, notify)
            continue
        except BaseException:
            store.close()
            raise
        return PullReport(
            store, tally.systems, tally.documents, tally.requests,
            time.perf_counter() - started, absent,
        )  # fmt: skip
    raise _restless()


def pull_everything(
    client: Client,
    *,
    progress: Progress | None = None,
    notify: Callable[[str], None] | None = None,
) -> PullReport:
    """Fetch every document of the thermo type, page by page; see ``pull_systems``."""
    started, tally = time.perf_counter(), _Tally()
    for _ in range(_RESTARTS + 1):
        store = Store(
            store_path(client.database, client.family), create=(client.database, client.family)
        )
        try:
            if not store.complete:
                _pull_pages(client, store, progress, tally)
        except _NewDatabaseError as news:
            store.close()
            _start_anew(client, news, notify)
            continue
        except BaseException:
            store.close()
            raise
        seconds = time.perf_counter() - started
        return PullReport(store, 0, tally.documents, tally.requests, seconds, frozenset())
    raise _restless()


def _start_anew(
    client: Client, news: _NewDatabaseError, notify: Callable[[str], None] | None
) -> None:
    before, client.database = client.database, str(news)
    if notify is not None:
        notify(
            f"the Materials Project went from database {before} to {news} during the pull; "
            f"starting with {news}, what has arrived of {before} stays in its own store"
        )


def _restless() -> SourceError:
    return SourceError(
        f"the Materials Project changed its database {_RESTARTS + 1} times during the pull; run "
        "the same command again later"
    )


# -- systems ----------------------------------------------------------------------------------


def _pull_sets(
    client: Client,
    store: Store,
    sets: list[frozenset[str]],
    routes: tuple[str, ...],
    progress: Progress | None,
    tally: _Tally,
) -> frozenset[str]:
    """Fetch what is missing; return the elements that the database has no phase of."""
    elements = sorted({symbol for chosen in sets for symbol in chosen})
    if not store.complete or STRUCTURE in routes:
        _fetch(client, store, elements, routes, None, tally)
        present = store.elements()
        possible = [part for chosen in sets if (part := chosen & present)]
        systems = sorted(
            {system for chosen in possible for system in subsystems(chosen)},
            key=lambda system: (system.count("-"), system),
        )
        _fetch(client, store, systems, routes, progress, tally)
        if not store.complete:
            known = set(store.pulled_sets())
            new = [chosen for chosen in dict.fromkeys(possible) if chosen not in known]
            if new:
                store.mark_pulled(new)
    return frozenset(elements) - store.elements()


def _require_references(energies: Iterable[tuple[str, float]], remedy: str) -> None:
    """Refuse energies of elements [eV/atom] among which the reference phase of one is missing."""
    lowest: dict[str, float] = {}
    for symbol, energy in energies:
        lowest[symbol] = min(energy, lowest.get(symbol, energy))
    for symbol, energy in sorted(lowest.items()):
        if abs(energy) > _ZERO:
            raise SourceError(
                f"element {symbol}: its lowest phase in the Materials Project's answer lies "
                f"{energy:+.4f} eV/atom from zero, so its reference phase is missing; {remedy}"
            )


def _require_database(client: Client) -> None:
    """Refuse what came from another database than the store's."""
    now = client.current_database()
    if now != client.database:
        raise _NewDatabaseError(now)


def _fetch(
    client: Client,
    store: Store,
    systems: list[str],
    routes: tuple[str, ...],
    progress: Progress | None,
    tally: _Tally,
) -> None:
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
                    _fetch_batch(client, store, route, missing, tally)
                    if route == THERMO:
                        tally.systems += len(missing)
        done += len(batch)
        if progress is not None:
            progress(done, len(systems))


def _fetch_batch(
    client: Client, store: Store, route: str, systems: list[str], tally: _Tally
) -> None:
    """Ask for all documents of some systems; keep them when the answer is whole and possible."""
    answers = _ask(client, route, systems, tally)
    summaries: list[Batch] | None = None
    if route == THERMO:
        found = {name for answer in answers for name in answer.chemsys}
        doubtful = [name for name in systems if "-" not in name and name not in found]
        if not found and not doubtful:
            # compounds without any phase: believed when their summaries, which have to be asked
            # for anyway, say the same and the service still knows what it has given
            summaries = _ask(client, SUMMARY, systems, tally)
            if not _empty(summaries) or not _still_known(client, store, tally):
                doubtful = systems
        answers += _look_again(client, store, doubtful, found, tally)
    elif _empty(answers) and _have_energies(store, systems):
        answers = _ask(client, route, systems, tally)  # an answer that cannot be: once more
        if _empty(answers):
            raise SourceError(
                f"the Materials Project gives no {route} documents of {systems[0]} and "
                f"{len(systems) - 1} more systems although it has energies of them; try again "
                "later; what has arrived is kept"
            )
    _require_database(client)
    if route == THERMO:
        _require_references(
            ((row[2], row[3]) for answer in answers for row in answer.rows if "-" not in row[2]),
            "nothing of this answer is kept; try again later",
        )
        tally.documents += sum(len(answer.rows) for answer in answers)
    _keep(store, answers, systems)
    if summaries is not None:
        _keep(store, summaries, systems)


def _keep(store: Store, answers: list[Batch], systems: list[str]) -> None:
    """Store the pages of an answer, with the number of documents of each system in all of them."""
    whole: dict[str, int] = {}
    for answer in answers:
        for name, count in answer.chemsys.items():
            whole[name] = whole.get(name, 0) + count
    for answer in answers:
        answer.chemsys.update(whole)
    store.add(answers, systems)


def _ask(client: Client, route: str, systems: list[str], tally: _Tally) -> list[Batch]:
    answers: list[Batch] = []
    first, total = 0, 1
    while first < total:
        page = client.page(route, first=first, systems=systems)
        tally.requests += 1
        if first and page.total != total:
            _require_database(client)
            raise SourceError(
                f"the Materials Project announced {total} and then {page.total} {route} documents "
                "for one question; run the same command again, what has arrived is kept"
            )
        total = page.total
        answers.append(read_documents(route, page.documents, client.family, frozenset(systems)))
        first += PAGE
    return answers


def _look_again(
    client: Client, store: Store, lacking: list[str], found: set[str], tally: _Tally
) -> list[Batch]:
    """Ask once more for systems without a phase, together with elements that must have one.

    Raises
    ------
    SourceError
        When not even those have one: the service answers nothing at all.
    """
    if not lacking:
        return []
    known = sorted(store.elements() | {name for name in found if "-" not in name})
    control = sorted({*_CONTROL, *known[:1]} - set(lacking))
    again = _ask(client, THERMO, [*lacking, *control], tally)
    if _empty(again):
        more = f" and {len(lacking) - 5} more systems" if len(lacking) > 5 else ""
        raise SourceError(
            f"the Materials Project answers that it has no {client.family} phase of "
            f"{', '.join(lacking[:5])}{more}, nor of {', '.join(control) or 'any element'}; try "
            "again later; nothing of this answer is kept"
        )
    kept = set(lacking)
    return [
        Batch(
            THERMO,
            [row for row in answer.rows if row[2] in kept],
            answer.left_aside,
            [],
            {name: count for name, count in answer.chemsys.items() if name in kept},
        )
        for answer in again
    ]


def _still_known(client: Client, store: Store, tally: _Tally) -> bool:
    """Whether the service gives a document again that it has given before."""
    known = store.read("SELECT material_id FROM documents LIMIT 1")
    tally.requests += 1
    return bool(known and client.page(THERMO, identifier=str(known[0][0])).documents)


def _empty(answers: list[Batch]) -> bool:
    return not any(answer.rows or answer.structures for answer in answers)


def _have_energies(store: Store, systems: list[str]) -> bool:
    """Whether the store has documents of some systems, so that they must have summaries."""
    marks = ", ".join("?" * len(systems))
    return bool(store.read(f"SELECT 1 FROM documents WHERE chemsys IN ({marks}) LIMIT 1", systems))


# -- everything -------------------------------------------------------------------------------


def _pull_pages(client: Client, store: Store, progress: Progress | None, tally: _Tally) -> None:
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
    _require_references(
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
    client: Client, store: Store, route: str, progress: Progress | None, tally: _Tally
) -> int:
    """Fetch the pages of a route that have not arrived; return the number of its documents."""
    first, total = 0, 0
    while first == 0 or first < total:
        with _alone(store):
            done = store.pages(route)
            total = max((known for _, known in done.values()), default=0)
            if first not in done:
                page = client.page(route, first=first)
                tally.requests += 1
                _require_database(client)
                _check_total(store, route, total, page.total)
                answer = read_documents(route, page.documents, client.family, None)
                total = page.total
                store.add([answer], page=(first, len(page.documents), total))
                tally.documents += len(answer.rows) if route == THERMO else 0
        first += PAGE
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


def check_elements(symbols: Iterable[str]) -> frozenset[str]:
    """Check element symbols of a command line.

    Raises
    ------
    InputError
        For something that is no element.
    """
    from pymatgen.core import Element

    chosen = frozenset(symbol.strip() for symbol in symbols) - {""}
    if not chosen:
        raise InputError("elements: none given; write symbols with commas, as in Li,La,Zr,O")
    for symbol in sorted(chosen):
        if not Element.is_valid_symbol(symbol):
            known = [element.symbol for element in Element]
            raise InputError(f"elements: {symbol!r} is no element{nearest(symbol, known, 1)}")
    return chosen
