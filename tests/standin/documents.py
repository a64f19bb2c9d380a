"""The documents of one database version: selected by query, changed into the next version."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from threading import Lock
from typing import Any

from .hulls import with_hulls
from .phases import Phase, Projection, amounts, total
from .query import Query, read_query, systems_asked, test_of

Rows = Sequence[int]
VERSION = "2026.10.1"


class Documents:
    """Rows of one database version, indexed by chemical system.

    Parameters
    ----------
    phases : iterable of Phase
        A material has one row for each type of energy; its summary is made from the first one.
    version : str
        What ``builder_meta.database_version`` says; a running stand-in puts its own there.
    """

    def __init__(self, phases: Iterable[Phase], *, version: str = VERSION):
        self.phases: tuple[Phase, ...] = tuple(phases)
        self.version = version
        self._systems: dict[str, array[int]] = {}
        self._first = bytearray(len(self.phases))
        seen: set[str] = set()
        for row, phase in enumerate(self.phases):
            self._systems.setdefault(phase.chemsys, array("l")).append(row)
            if phase.material_id not in seen:
                seen.add(phase.material_id)
                self._first[row] = 1
        self._selections: OrderedDict[tuple[Any, ...], Rows] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.phases)

    def __getitem__(self, material_id: str) -> Phase:
        """First row of a material."""
        return next(phase for phase in self.phases if phase.material_id == material_id)

    @property
    def systems(self) -> tuple[str, ...]:
        """Chemical systems that have a phase."""
        return tuple(self._systems)

    # -- answering ----------------------------------------------------------------

    def select(self, route: str, params: Mapping[str, str]) -> tuple[int, Iterator[dict[str, Any]]]:
        """Answer a request.

        Parameters
        ----------
        route : str
            ``"/materials/thermo/"`` or ``"/materials/summary/"``.
        params : mapping
            Its parameters, as text.

        Returns
        -------
        int, iterator of dict
            How many documents match, and those of the page with the fields asked for.

        Raises
        ------
        QueryError
            When the service would refuse it.
        """
        query = read_query(route, params)
        rows = self._selection(query)
        page = rows[query.skip : query.skip + query.limit] if query.limit else rows[query.skip :]
        make = Projection(route, query.fields)
        return len(rows), (make(self.phases[row], self.version) for row in page)

    def _selection(self, query: Query) -> Rows:
        """Rows that match, kept for the next pages of the same question."""
        key = (query.route, query.filters)
        with self._lock:
            if key in self._selections:
                self._selections.move_to_end(key)
                return self._selections[key]
        rows = self._matching(query)
        with self._lock:
            self._selections[key] = rows
            while len(self._selections) > 8:
                self._selections.popitem(last=False)
        return rows

    def _matching(self, query: Query) -> Rows:
        filters = dict(query.filters)
        rows: Rows = range(len(self.phases))
        if "chemsys" in filters:
            rows = self._in(set(systems_asked(filters["chemsys"])))
        if "material_ids" in filters:
            ids = {text.strip() for text in filters["material_ids"].split(",")}
            rows = [row for row in rows if self.phases[row].material_id in ids]
        if query.route.startswith("/materials/summary"):
            rows = [row for row in rows if self._first[row]]
        for name, value in query.filters:
            if test := test_of(name, value):
                rows = [row for row in rows if test(self.phases[row])]
        return rows if isinstance(rows, range) else array("l", rows)

    def _in(self, systems: Iterable[str]) -> list[int]:
        return sorted(row for system in systems for row in self._systems.get(system, ()))

    # -- other sets of documents ---------------------------------------------------

    def at(self, version: str) -> Documents:
        """Return the same documents under another version of the database."""
        other = copy(self)
        other.version = version
        return other

    def within(self, elements: Collection[str]) -> Documents:
        """Only the phases of these elements; energies above the hull stay right."""
        wanted = set(elements)
        keep = {system for system in self._systems if set(system.split("-")) <= wanted}
        return Documents((p for p in self.phases if p.chemsys in keep), version=self.version)

    def changed(
        self,
        new: Iterable[Phase] = (),
        gone: Collection[str] = (),
        moved: Mapping[str, float] | None = None,
        *,
        updated: str = "2026-12-01T12:00:00Z",
    ) -> Documents:
        """Derive the next database version.

        Parameters
        ----------
        new : iterable of Phase
            Added; without a total energy they get the one that fits the elements of this set.
        gone : collection of str
            Ids that are no longer there.
        moved : mapping
            By how much [eV/atom] all energies of a material change.
        updated : str
            Date of the last change of what is new or moved.

        Raises
        ------
        ValueError
            For an id that is not there, one that is there already, or an element that moves (all
            formation energies would have to move with it).
        """
        moved = dict(moved or {})
        ids = {phase.material_id: phase.chemsys for phase in self.phases}
        added = [self._with_total(phase)._replace(updated=updated) for phase in new]
        if missing := (set(gone) | set(moved)) - set(ids):
            raise ValueError(f"{sorted(missing)} are not among these documents")
        if elements := [i for i in moved if "-" not in ids[i]]:
            raise ValueError(f"{elements} are elements: their energies are the reference")
        if double := [p.material_id for p in added if p.material_id in set(ids) - set(gone)]:
            raise ValueError(f"{double} are there already: name them in gone, too")
        kept = [
            _moved(phase, moved[phase.material_id], updated)
            if phase.material_id in moved
            else phase
            for phase in self.phases
            if phase.material_id not in set(gone)
        ]
        return Documents(with_hulls(kept + added), version=self.version)

    def _with_total(self, phase: Phase) -> Phase:
        if phase.total is not None or phase.formation is None:
            return phase
        content = amounts(phase.formula)
        energy = 0.0
        for symbol, number in content.items():
            own = [
                total(self.phases[row])
                for row in self._systems.get(symbol, ())
                if self.phases[row].thermo_type == phase.thermo_type
            ]
            energy += number * min((e for e in own if e is not None), default=0.0)
        return phase._replace(total=phase.formation + energy / sum(content.values()))


def _moved(phase: Phase, delta: float, updated: str) -> Phase:
    shifted = {
        name: value + delta
        for name in ("formation", "total", "uncorrected")
        if (value := getattr(phase, name)) is not None
    }
    return phase._replace(updated=updated, **shifted)
