"""Open a source: the embedded table, the Materials Project, or a table of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import InputError
from ..phases.cache import cached
from ..phases.energy_units import read_unit
from ..phases.filters import Filters
from ..phases.source import NOT_STATED, Source, run_family, thermo_type
from ..phases.table import PhaseTable
from . import EMBEDDED, MATBENCH, MATERIALS_PROJECT, REFERENCE
from .additions import with_additions
from .build import select
from .embedded import SOURCE, embedded_rows, embedded_table
from .entries import entries_rows
from .frames import Reading, frame_rows
from .rows import Rows
from .tables import TableFile

if TYPE_CHECKING:
    import pandas as pd

Origin: TypeAlias = "str | PathLike[str] | pd.DataFrame | Sequence[Any]"
"""A source by name or path, a table in memory, or a list of pymatgen entries."""


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """How a source is opened.

    Attributes
    ----------
    thermo_type : str
        Run family; ``GGA_GGA+U`` if empty.  For a table it says what the table holds.
    database : str
        Database version of the Materials Project; by default the newest local one that will do.
    offline : bool
        Make no request.
    filters : Filters
        Phases to leave out, and artefacts to count.
    add : tuple of str
        Files with entries of the user's own.
    formula_column, energy_column : str, optional
        Columns of a table.
    energy_unit : str, optional
        Unit of energies that are handed in and whose column states none, as ``kJ/mol``.
    family : str
        Of a file with several run families the one that counts.
    all_phases : bool
        Count known artefacts, and phases that the source marks as never observed, too.
    endpoint : str, optional
        Address of the Materials Project's service; by default ``MP_API_ENDPOINT`` or its own.
    energies : str
        Scale of the energies: ``source`` or ``anchored``; empty for the default of what is asked.
    given : tuple of str
        Measured energies that replace those of the source, as ``BiF3=-2.17eV/atom``.  Who opens
        the source puts these two choices into effect (energies.scale, energies.given).

    Examples
    --------
    >>> from interscreen import SourceOptions, open_table
    >>> open_table("embedded", options=SourceOptions(all_phases=True)).left_out
    ()
    """

    thermo_type: str = ""
    database: str = ""
    offline: bool = False
    filters: Filters = field(default_factory=Filters)
    add: tuple[str, ...] = ()
    formula_column: str | None = None
    energy_column: str | None = None
    energy_unit: str | None = None
    family: str = ""
    all_phases: bool = False
    endpoint: str | None = None
    energies: str = ""
    given: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.energy_unit:
            read_unit(self.energy_unit)

    @property
    def reading(self) -> Reading:
        """How the source is read, if it is a file."""
        return Reading(self.formula_column, self.energy_column, self.energy_unit, self.family)


@dataclass(frozen=True)
class _Opened:
    """A source that has not been read yet; the key is empty where its table is not kept on disk."""

    key: str
    source: Source
    read: Callable[[], tuple[Rows, Source]]


def default_source() -> tuple[str, str]:
    """Return the source of commands that name none, and why it is that one."""
    from .materials_project.key import key_place, old_key_place

    if place := key_place():
        return MATERIALS_PROJECT, f"the default because a key is set in {place}"
    old = old_key_place()
    more = f"; the one in {old} is of the old API: get a new one from your dashboard" if old else ""
    return EMBEDDED, f"the default without an API key{more}"


def open_table(
    source: Origin = "",
    elements: Sequence[Collection[str]] = (),
    *,
    options: SourceOptions | None = None,
    notify: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PhaseTable:
    """Open a source of phases.

    Parameters
    ----------
    source : str, path, DataFrame or sequence of pymatgen entries
        ``embedded`` (or ``reference``), ``mp`` or a table; the default is ``mp`` when an API key
        is set and ``embedded`` otherwise.  A DataFrame has the columns of such a table; entries
        have total energies, those of the elements among them.
    elements : sequence of collections of str
        Elements of each question that will be asked; ``mp`` pulls the systems among them that the
        local store lacks.
    options : SourceOptions, optional
    notify : callable, optional
        Is told in one line what happens meanwhile.
    progress : callable, optional
        Called with chemical systems done and in all during a pull.

    Raises
    ------
    InputError
        For a source, a file or a choice that cannot be used.
    SourceError
        When the Materials Project cannot be reached, refuses, or lacks what is needed.

    Examples
    --------
    >>> from interscreen import open_table
    >>> open_table("embedded").source.name
    'embedded'
    """
    options = options or SourceOptions()
    if isinstance(source, str | PathLike):
        name = fspath(source) or default_source()[0]
        if options.family and not options.add and name in (EMBEDDED, REFERENCE, MATERIALS_PROJECT):
            raise InputError(
                f"family {options.family}: a choice among the run families of a file; {name} has "
                "one (mp: --thermo-type)"
            )
        if name in (EMBEDDED, REFERENCE) and not (options.add or options.filters.active):
            _no_databases(name, options)
            table = embedded_table(all_phases=options.all_phases)
            return replace(table, source=_stated(table.source, options))
        opened = _open(name, elements, options, notify, progress)
    else:
        opened = _in_memory(source, options)

    def build() -> PhaseTable:
        rows, origin = opened.read()
        if options.add:
            reading = Reading(energy_unit=options.energy_unit, family=options.family)
            rows, origin = with_additions(options.add, rows, _stated(origin, options), reading)
        return select(rows, origin, options.filters, all_phases=options.all_phases)

    if opened.key and not options.add:
        known = replace(opened.source, filters=options.filters.to_dict())
        table = cached(opened.key, known, build)
    else:
        table = build()
    return replace(table, source=_stated(table.source, options))


def _in_memory(given: pd.DataFrame | Sequence[Any], options: SourceOptions) -> _Opened:
    """Open a DataFrame or a list of entries."""
    if options.database:
        raise InputError(
            f"database {options.database}: only the source mp has databases, no table in memory"
        )
    if not isinstance(given, Sequence) and hasattr(given, "columns"):
        source = Source("DataFrame")
        return _Opened("", source, lambda: frame_rows(given, 1, source, options.reading))
    if not isinstance(given, Sequence) or not all(hasattr(e, "energy_per_atom") for e in given):
        raise InputError(
            f"source {type(given).__name__}: neither a name, a path, a DataFrame nor a list of "
            "pymatgen entries"
        )
    rows, stated = entries_rows(
        given, Source("entries"), family=options.family, unit=options.energy_unit
    )
    return _Opened("", stated, lambda: (rows, stated))


def _open(
    name: str,
    elements: Sequence[Collection[str]],
    options: SourceOptions,
    notify: Callable[[str], None] | None,
    progress: Callable[[int, int], None] | None,
) -> _Opened:
    if name == MATERIALS_PROJECT:
        return _open_materials_project(elements, options, notify, progress)
    _no_databases(name, options)
    if name in (EMBEDDED, REFERENCE):
        choices = f"{options.all_phases}|{options.filters.key}"
        return _Opened(
            f"{EMBEDDED}|{embedded_table().fingerprint}|{choices}", SOURCE, embedded_rows
        )
    if name == MATBENCH:
        raise InputError(
            "source matbench: this table is part of the package now and needs no pull; call it "
            f"{EMBEDDED}"
        )
    file = TableFile(name, options.reading)
    return _Opened(file.key(options.all_phases, options.filters), file.source, file.read)


def _no_databases(name: str, options: SourceOptions) -> None:
    if options.database:
        raise InputError(
            f"database {options.database}: only the source mp has databases, not {name}"
        )


def _open_materials_project(
    elements: Sequence[Collection[str]],
    options: SourceOptions,
    notify: Callable[[str], None] | None,
    progress: Callable[[int, int], None] | None,
) -> _Opened:
    from .materials_project.local import Wanted, notes_on, store_for
    from .materials_project.store import Store
    from .materials_project.table import store_rows, store_source

    wanted = Wanted(
        thermo_type=options.thermo_type or Wanted.thermo_type,
        database=options.database,
        offline=options.offline,
    )
    store = store_for(wanted, elements, endpoint=options.endpoint, notify=notify, progress=progress)
    with store:
        source = replace(store_source(store), notes=notes_on(store, elements))
        state = f"{store.state}|{source.notes}"

    def read() -> tuple[Rows, Source]:
        with Store(store.path) as again:  # what has been added meanwhile does no harm
            return store_rows(again), source

    key = f"{MATERIALS_PROJECT}|{state}|{options.all_phases}|{options.filters.key}"
    return _Opened(key, source, read)


def _stated(source: Source, options: SourceOptions) -> Source:
    """Source with the run family that the user states, where it states none itself."""
    stated = run_family(options.thermo_type)
    if not stated or source.thermo_type == stated:
        return source
    if source.thermo_type != NOT_STATED:
        raise InputError(
            f"thermo type {options.thermo_type}: the source {source.name} is {source.thermo_type}; "
            "leave out --thermo-type, or use another source"
        )
    return replace(source, thermo_type=thermo_type(stated))
