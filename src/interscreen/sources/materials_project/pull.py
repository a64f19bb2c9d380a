"""Pulls into the store: each chemical system once, whole, and nothing that cannot be true.

The service has no order of its documents, so pages of one question may overlap and miss some.  No
second page is ever asked for: a question with more documents than fit into one answer is cut into
ranges of the formation energy that do.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from ...errors import SourceError
from ...phases.source import GGA
from ..embedded import embedded_table
from .check import check_hull
from .client import PAGE, Client
from .documents import ROUTES, STRUCTURE, THERMO, Batch, read_documents
from .store import Store, store_path

_LOOK = 90.0  # s after which the service is asked again which database it serves
_ZERO = 1e-6  # eV/atom
_CHARACTERS = 5500  # of the list of systems in one request, as it is sent; the limit is 8190
_EXPECTED = (12.0, 14.0, 8.0, 3.0, 0.4)  # documents of a system of 1, 2, ... elements
_EXPECTATION, _FILL = 0.65, 0.8  # of an answer, that a batch and a cut aim at
_PIECES = 16  # that a question is cut into at once: the documents known so far are a sample
_CONTROL = "O"  # an element that every database has
Part = tuple[float, float]  # a range of formation energies [eV/atom]
WHOLE: Part = (-math.inf, math.inf)
Question = tuple[str, list[str], Part]  # a route, and chemical systems or a range

Progress = Callable[[int, int], None]
Notify = Callable[[str], None] | None


@dataclass
class PullReport:
    """What a pull did.

    Systems and requests that it has asked for, and thermo documents that came.  The store is open,
    for reading; ``absent`` are elements of the question that the database has no phase of; time
    in s.
    """

    store: Store
    systems: int = 0
    documents: int = 0
    requests: int = 0
    seconds: float = 0.0
    absent: frozenset[str] = frozenset()


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


@contextlib.contextmanager
def pulling(database: str, family: str) -> Iterator[PullReport]:
    """Open the store of a database for a pull; it stays open, unless the pull fails."""
    started = time.perf_counter()
    report = PullReport(Store(store_path(database, family), create=(database, family)))
    try:
        yield report
    except BaseException:
        report.store.close()
        raise
    report.seconds = time.perf_counter() - started


def pull_systems(
    client: Client,
    element_sets: Iterable[Collection[str]],
    *,
    structures: bool = False,
    progress: Progress | None = None,
    notify: Notify = None,
) -> PullReport:
    """Fetch every subsystem of some sets of elements that the store lacks, each once.

    ``progress`` is called with systems done and in all; ``notify`` is told in one line what the
    check of the hull finds.

    Raises
    ------
    SourceError
        When the service cannot be used, changes its database meanwhile, answers what cannot be
        true (no phase of any element), or holds a phase back that its own hull rests on.
    OutputError
        When the store cannot be written.
    """
    sets = [frozenset(elements) for elements in element_sets]
    elements = frozenset[str]().union(*sets)
    with pulling(client.database, client.family) as report:
        store = report.store
        complete = store.complete
        routes = [*(() if complete else ROUTES), *([STRUCTURE] if structures else [])]
        _fetch(client, report, _questions(store, routes, elements), len(elements))
        present = store.elements() if routes else frozenset()
        possible = {part for chosen in sets if (part := chosen & present)}
        systems = {system for chosen in possible for system in subsystems(chosen)}
        _fetch(client, report, _questions(store, routes, systems), len(systems), progress)
        new = possible.difference(store.pulled_sets())
        if new and not complete:
            check_hull(client, store, new, notify)
            store.finish(new)
            if client.family != GGA and notify is not None:
                _tell_coverage(client, store, systems, notify)
        report.absent = elements - store.elements()
        report.requests = client.answers
    return report


def pull_everything(
    client: Client, *, progress: Progress | None = None, notify: Notify = None
) -> PullReport:
    """Fetch every document of the thermo type that has a formation energy; see ``pull_systems``."""
    with pulling(client.database, client.family) as report:
        store = report.store
        for route in () if store.complete else ROUTES:
            if not (total := int(store.about(f"{route}_documents") or 0)):
                if not (total := client.page(route).total):
                    raise SourceError(
                        f"the Materials Project answers that it has no {route} documents at all; "
                        "try again later; what has arrived is kept"
                    )
                store.note(**{f"{route}_documents": str(total)})
            ranges = _cut(WHOLE, embedded_table().energies.tolist(), total, total)
            _fetch(client, report, [(route, [], part) for part in ranges], total, progress)
        if not store.complete:
            require_references(store, f"delete {store.path} and pull again")
            check_hull(client, store, None, notify)
            store.finish(None)
        report.requests = client.answers
    return report


def require_references(store: Store, remedy: str, systems: Collection[str] = ()) -> None:
    """Refuse a store without elements, or without the reference phase of one.

    ``systems``: look at the elements among them only, which need not have any phase.
    """
    lowest = store.lowest("formation_energy_eV_per_atom")
    if not lowest and not systems:
        raise SourceError(f"the Materials Project has no {store.thermo_type} phase of any element")
    for symbol, energy in lowest.items():
        if abs(energy) > _ZERO and (not systems or symbol in systems):
            raise SourceError(
                f"element {symbol}: its lowest phase in the Materials Project's answer lies "
                f"{energy:+.4f} eV/atom from zero, so its reference phase is missing; {remedy}"
            )


def _tell_coverage(
    client: Client, store: Store, systems: Collection[str], notify: Callable[[str], None]
) -> None:
    """Say how many phases a smaller run family has of some systems, beside the default."""
    pages = (client.page(THERMO, systems=b, family=GGA) for b in batches_of(sorted(systems)))
    theirs = sum(page.total for page in pages)
    own = sum(name in systems for (name,) in store.read("SELECT chemsys FROM documents"))
    notify(
        f"{client.family} has {own} documents of these systems, {GGA} {theirs}: an answer lacks "
        "the phases that nobody has calculated"
    )


# -- asking ----------------------------------------------------------------------------------------


def _questions(store: Store, routes: Sequence[str], systems: Iterable[str]) -> list[Question]:
    """Ask for what is missing of some systems, the small ones first."""
    known = [store.asked(route) for route in routes]
    order = sorted(systems, key=lambda system: (system.count("-"), system))
    lacking = [name for name in order if not all(name in asked for asked in known)]
    return [(route, batch, WHOLE) for batch in batches_of(lacking) for route in routes]


def _fetch(
    client: Client,
    report: PullReport,
    questions: Sequence[Question],
    total: int,
    progress: Progress | None = None,
) -> None:
    """Ask questions whose answers the store lacks, and keep answer by answer."""
    store = report.store
    for number, (route, systems, part) in enumerate(questions, start=1):
        asked_as = route if systems else f"{route} ranges"
        with store.transaction():  # another process that pulls the same waits for one answer only
            known = store.asked(asked_as)  # by another process meanwhile
            missing = [name for name in systems or [str(part)] if name not in known]
            if missing:
                answer = _ask(client, store, route, missing if systems else [], part)
                store.add(answer, missing, asked_as)
                if systems:
                    remedy = "nothing of this answer is kept; try again later"
                    require_references(store, remedy, missing)
                if route == THERMO:
                    report.systems += len(missing) if systems else 0
                    report.documents += len(answer.rows)
        if progress is not None:
            progress(total * number // len(questions), total)


def _ask(client: Client, store: Store, route: str, systems: Sequence[str], part: Part) -> Batch:
    """Ask for all documents of some systems (none: of all), in as many parts as are needed.

    An element that has arrived is asked for along with them: an answer without it is none.
    """
    answer, parts, known = Batch(route), [part], store.elements() or {_CONTROL}
    control = min(known & set(systems), default=min(known)) if systems else ""
    while parts:
        part = parts.pop()
        page = client.page(
            route, systems=systems, between=part, control=control if part == WHOLE else ""
        )
        if page.total > PAGE:
            found = (d.get("formation_energy_per_atom") for d in page.documents.values())
            parts += _cut(part, [float(e) for e in found if e is not None], page.total, _PIECES)
        else:
            read_documents(route, page.documents, client.family, frozenset(systems), into=answer)
    if time.monotonic() - client.checked > _LOOK:
        now = client.current_database()
        if now != client.database:
            raise SourceError(
                f"the Materials Project went from database {client.database} to {now} during the "
                "pull; nothing of this answer is kept: run the same command again"
            )
    return answer


def _cut(part: Part, sample: list[float], total: int, most: int) -> list[Part]:
    """Cut a range of formation energies [eV/atom] so that each piece fits into one answer.

    A sample of its documents says where; a piece that is still too large is cut again.
    """
    low, high = part
    pieces = min(most, math.ceil(total / (_FILL * PAGE)))
    energies = sorted(sample)
    cuts = {energies[len(energies) * k // pieces] for k in range(1, pieces)} if energies else set()
    edges = [low, *sorted(cut for cut in cuts if low <= cut < high), high]
    if len(edges) < 3 and total > PAGE:
        raise SourceError(
            f"the Materials Project has {total} documents at one formation energy "
            f"({low:g} to {high:g} eV/atom), more than it gives in one answer"
        )
    found = list(pairwise(edges))
    return [found[0], *((math.nextafter(a, math.inf), b) for a, b in found[1:])]
