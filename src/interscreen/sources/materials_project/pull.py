"""Pulls into the store: each chemical system once, whole, and nothing that cannot be true.

The service has no order of its documents, so pages of one question may overlap and miss some.  No
second page is ever asked for: a question with more documents than fit into one answer is cut into
ranges of the formation energy that do.
"""

from __future__ import annotations

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

Progress = Callable[[int, int], None]
Notify = Callable[[str], None] | None


@dataclass(kw_only=True)
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

    def work(report: PullReport) -> None:
        store, elements = report.store, sorted(frozenset().union(*sets))
        routes = [*(() if store.complete else ROUTES), *([STRUCTURE] if structures else [])]
        if routes:
            _fetch(client, report, elements, routes)
            present = store.elements()
            possible = {part for chosen in sets if (part := chosen & present)}
            systems = {system for chosen in possible for system in subsystems(chosen)}
            order = sorted(systems, key=lambda system: (system.count("-"), system))
            _fetch(client, report, order, routes, progress)
            new = possible.difference(store.pulled_sets())
            if new and not store.complete:
                report.requests += check_hull(client, store, new, notify)
                store.finish(new)
                if client.family != GGA and notify is not None:
                    _tell_coverage(client, report, order, notify)
        report.absent = frozenset(elements) - store.elements()

    return _run(client, work)


def pull_everything(
    client: Client, *, progress: Progress | None = None, notify: Notify = None
) -> PullReport:
    """Fetch every document of the thermo type that has a formation energy; see ``pull_systems``."""

    def work(report: PullReport) -> None:
        if not report.store.complete:
            for route in ROUTES:
                _fetch_ranges(client, report, route, progress)
            require_whole(report.store)
            report.requests += check_hull(client, report.store, None, notify)
            report.store.finish(None)

    return _run(client, work)


def _run(client: Client, work: Callable[[PullReport], None]) -> PullReport:
    """Open the store of the service's database and do the work."""
    started = time.perf_counter()
    place = store_path(client.database, client.family)
    report = PullReport(store=Store(place, create=(client.database, client.family)))
    try:
        work(report)
    except BaseException:
        report.store.close()
        raise
    report.seconds = time.perf_counter() - started
    return report


def require_whole(store: Store) -> None:
    """Refuse a store of everything without elements, or without the reference phase of one."""
    elements = store.read(
        "SELECT chemsys, formation_energy_eV_per_atom FROM documents WHERE chemsys NOT LIKE '%-%'"
    )
    if not elements:
        raise SourceError(f"the Materials Project has no {store.thermo_type} phase of any element")
    _require_references(elements, f"delete {store.path} and pull again")


def _require_references(energies: Iterable[tuple[str, float]], remedy: str) -> None:
    """Refuse energies of elements [eV/atom] among which the reference phase of one is missing."""
    lowest = dict(sorted(energies, reverse=True))  # the lowest of each symbol comes last
    for symbol, energy in sorted(lowest.items()):
        if abs(energy) > _ZERO:
            raise SourceError(
                f"element {symbol}: its lowest phase in the Materials Project's answer lies "
                f"{energy:+.4f} eV/atom from zero, so its reference phase is missing; {remedy}"
            )


def _tell_coverage(
    client: Client, report: PullReport, systems: list[str], notify: Callable[[str], None]
) -> None:
    """Say how many phases a smaller run family has of some systems, beside the default."""
    batches = list(batches_of(systems))
    theirs = sum(client.page(THERMO, systems=batch, family=GGA).total for batch in batches)
    report.requests += len(batches)
    asked = report.store.read("SELECT chemsys, documents FROM systems WHERE route = ?", (THERMO,))
    own = sum(number for name, number in asked if name in set(systems))
    notify(
        f"{client.family} has {own} documents of these systems, {GGA} {theirs}: an answer lacks "
        "the phases that nobody has calculated"
    )


# -- asking ----------------------------------------------------------------------------------------


def _fetch(
    client: Client,
    report: PullReport,
    systems: Sequence[str],
    routes: Sequence[str],
    progress: Progress | None = None,
) -> None:
    """Fetch what is missing of some systems."""
    store = report.store
    asked = [store.asked(route) for route in routes]
    lacking = [name for name in systems if not all(name in known for known in asked)]
    done = len(systems) - len(lacking)
    for batch in batches_of(lacking):
        for route in routes:
            with store.alone():  # another process that pulls the same waits for one answer only
                known = store.asked(route)  # by another process meanwhile
                missing = [name for name in batch if name not in known]
                if not missing:
                    continue
                answer = _ask(client, report, route, missing)
                _require_references(
                    (row[2:4] for row in answer.rows if route == THERMO and "-" not in row[2]),
                    "nothing of this answer is kept; try again later",
                )
                store.add(answer, missing)
            if route == THERMO:
                report.systems += len(missing)
                report.documents += len(answer.rows)
        done += len(batch)
        if progress is not None:
            progress(done, len(systems))


def _fetch_ranges(
    client: Client, report: PullReport, route: str, progress: Progress | None
) -> None:
    """Fetch all documents of a route, in ranges of energy that the store remembers."""
    store, fact = report.store, f"{route}_documents"
    if not (total := int(store.about(fact) or 0)):
        total = client.page(route).total
        report.requests += 1
        if not total:
            raise SourceError(
                f"the Materials Project answers that it has no {route} documents at all; try "
                "again later; what has arrived is kept"
            )
        store.note(**{fact: str(total)})
    ranges = _cut(WHOLE, embedded_table().energies.tolist(), total, total)
    for number, part in enumerate(ranges, start=1):
        with store.alone():
            if str(part) not in store.asked(f"{route} ranges"):
                answer = _ask(client, report, route, None, part)
                store.add(answer, ranges=[str(part)])
                report.documents += len(answer.rows) if route == THERMO else 0
        if progress is not None:
            progress(total * number // len(ranges), total)


def _ask(
    client: Client,
    report: PullReport,
    route: str,
    systems: list[str] | None,
    part: Part = WHOLE,
) -> Batch:
    """Ask for all documents of some systems, in as many parts as are needed.

    An element that has arrived is asked for along with them: an answer without it is none.
    """
    answer, parts, known = Batch(route), [part], report.store.elements() or {_CONTROL}
    control = min(known & set(systems), default=min(known)) if systems else ""
    asked = frozenset(systems) if systems else None
    while parts:
        part = parts.pop()
        page = client.page(
            route, systems=systems or (), between=part, control=control if part == WHOLE else ""
        )
        report.requests += 1
        if page.total > PAGE:
            found = (d.get("formation_energy_per_atom") for d in page.documents.values())
            parts += _cut(part, [float(e) for e in found if e is not None], page.total, _PIECES)
        else:
            read_documents(route, page.documents, client.family, asked, into=answer)
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
