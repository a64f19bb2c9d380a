"""Open the source that a command line names, and say which one it is."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from ..errors import SourceError
from .command import Output, gathered, option, store_options

if TYPE_CHECKING:
    from ..database.database import Database
    from ..phases.table import PhaseTable
    from ..sources.open import SourceOptions

_SOURCE, _PRODUCTS = "Source of phases", "Which phases may be products"


@dataclass(frozen=True)
class Choice:
    """The source that a command line names, and what it says about it."""

    source: str
    thermo_type: str
    database: str
    offline: bool
    formula_column: str | None
    energy_column: str | None
    energy_unit: str | None
    family: str
    add: tuple[str, ...]
    all_phases: bool
    no_theoretical: bool
    ban: tuple[str, ...]
    keep: tuple[str, ...]
    max_above_hull: float | None
    min_stability: float | None
    licence: tuple[str, ...]
    energies: str | None
    given: tuple[str, ...]

    def options(self, study: SourceOptions | None = None) -> SourceOptions:
        """Return the choices of the command line, on top of those of a study."""
        from ..sources.open import SourceOptions

        before = study or SourceOptions()
        return replace(
            before,
            thermo_type=self.thermo_type or before.thermo_type,
            database=self.database or before.database,
            offline=self.offline,
            add=(*before.add, *self.add),
            filters=before.filters.updated(
                theoretical=False if self.no_theoretical else None,
                banned=self.ban,
                kept=self.keep,
                max_energy_above_hull_eV_per_atom=self.max_above_hull,
                min_stability_eV_per_atom=self.min_stability,
                licences=self.licence,
            ),
            formula_column=self.formula_column,
            energy_column=self.energy_column,
            energy_unit=self.energy_unit,
            family=self.family,
            all_phases=self.all_phases or before.all_phases,
            energies=self.energies or before.energies,
            given=(*before.given, *self.given),
        )


_of_source = functools.partial(option, section=_SOURCE)
_of_products = functools.partial(option, section=_PRODUCTS)
source_options = gathered(
    "choice",
    Choice,
    _of_source(
        "--source",
        "'mp' (the Materials Project; default when an API key is set), 'embedded' (Matbench v0.1; "
        "default without one), or a table: .csv, .csv.gz, .parquet, .json",
        metavar="SOURCE",
        default="",
    ),
    store_options(_SOURCE),
    _of_source("--offline", "mp: make no request", is_flag=True),
    _of_source("--formula-column", "formula column of the table", metavar="NAME"),
    _of_source("--energy-column", "formation-energy column [eV/atom]", metavar="NAME"),
    _of_source(
        "--energy-unit",
        "of energies whose column, or number, states none: eV/atom (default), meV/atom, "
        "eV/formula, kJ/mol, kJ/mol-atom",
        metavar="UNIT",
    ),
    _of_source(
        "--family",
        "of a file with several run families the one that counts (GGA_GGA+U, R2SCAN)",
        metavar="T",
        default="",
    ),
    _of_source(
        "--energies",
        "'source': as tabulated (default of questions and own tables), or 'anchored' to "
        "calorimetry (default of other screens; docs/anchored.md)",
        type=click.Choice(["source", "anchored"]),
    ),
    _of_source(
        "--set",
        "a measured energy in place of the source's: BiF3=-2.17eV/atom@298K",
        metavar="PHASE=ENERGY",
        multiple=True,
        key="given",
    ),
    _of_source("--add", "entries of your own: pymatgen JSON or CSV", metavar="FILE", multiple=True),
    _of_products(
        "--all-phases",
        "count known artefacts, and phases that the source marks as never observed, too",
        is_flag=True,
    ),
    _of_products("--no-theoretical", "leave out phases known from computations only", is_flag=True),
    _of_products(
        "--ban",
        "leave out a formula or an identifier; known: the known artefacts, as by default",
        metavar="PHASE",
        multiple=True,
    ),
    _of_products(
        "--keep", "count an artefact or another phase left out", metavar="PHASE", multiple=True
    ),
    _of_products(
        "--max-above-hull",
        "count only phases at most this far above the hull of all [eV/atom]",
        type=float,
        metavar="E",
    ),
    _of_products(
        "--min-stability",
        "count a phase only if the hull without it lies at least this far above it [eV/atom]",
        type=float,
        metavar="E",
    ),
    _of_products("--licence", "count only documents under it (BY-C)", metavar="L", multiple=True),
)


def asked(choice: Choice, output: Output, elements: Sequence[Collection[str]] = ()) -> Database:
    """Return the front door to the source of a command line, which says what may be wrong.

    It is opened now for the ``elements`` of several questions, or at the first question.
    """
    from ..database.database import Database

    def tell(line: str) -> None:
        output.say(f"warning: {line}")

    if elements:
        return Database(open_source(choice, output, elements), tell=tell)
    return Database(opener=lambda sets: open_source(choice, output, sets), tell=tell)


def open_source(
    choice: Choice,
    output: Output,
    elements: Sequence[Collection[str]],
    *,
    source: str = "",
    options: SourceOptions | None = None,
) -> PhaseTable:
    """Open ``--source``, or that of the study, or the default; say which and why.

    ``elements`` are those of each question, ``options`` stand in place of the command line's.
    """
    from ..energies.scale import prepared
    from ..phases.filters import Filters
    from ..phases.source import ANCHORED
    from ..sources import MATERIALS_PROJECT
    from ..sources.open import default_source, open_table

    name, why = choice.source, "as the command says"
    if not name:
        name, why = (source, "as the study says") if source else default_source()
    if name == MATERIALS_PROJECT:  # a pull may take a while: say first what is going on
        output.say(f"source {name}, {why}")
    try:
        chosen = options or choice.options()
        table = open_table(
            name, elements, options=chosen, notify=output.say, progress=output.progress()
        )
    except SourceError as error:
        if name == MATERIALS_PROJECT and not (choice.source or source):
            raise SourceError(f"{error}; --source embedded needs neither key nor network") from None
        raise
    table = prepared(table, chosen.energies, chosen.given)
    origin = table.source
    counts = f"{len(table)} formulas, {len(table.elements)} elements"
    which = f"{origin.version}, {origin.thermo_type}" if origin.closed else origin.version
    if name == MATERIALS_PROJECT:
        output.say(f"{which}: {counts}")
    else:
        output.say(f"source {origin.name} ({which}), {why}: {counts}")
    if origin.scale == ANCHORED:
        output.say("energies anchored to measured ones, 298 K (--energies source: as tabulated)")
    for text in origin.given:
        output.say(f"set {text}: in place of the source's energy in every equilibrium")
    if origin.filters:
        output.say(f"phases: {Filters(**origin.filters)}")
    for added in origin.added:
        count = f"{added['entries']} {'entry' if added['entries'] == 1 else 'entries'}"
        output.say(f"added {count} of {added['file']} ({added['scale']})")
    return table
