"""The front door: a table of phases that is asked, and the runs that come of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from ..answers.anode import against, elements_of_anode
from ..answers.as_made import WITHIN_EV
from ..answers.decompose import Decomposition, decompose, heating_conditions
from ..answers.documents import with_documents
from ..answers.lithiation import Lithiation, lithiate
from ..answers.map import CompositionMap, composition_map, read_system
from ..answers.phase_map import PhaseMap, phase_map
from ..answers.profile import profile
from ..answers.profile_result import Profile
from ..answers.provenance import Answered
from ..answers.put_back import with_put_back
from ..answers.reactant import identified, is_identifier
from ..answers.reaction import Reaction, react
from ..answers.sampled import sampled_lithiation, sampled_reaction, sampled_window
from ..answers.scan import TEMPERATURE, Scan, scan
from ..answers.stack import Stack, stack
from ..answers.sweep import POINTS, Sweep, sweep
from ..answers.treat import Treatment, read_step, treat
from ..answers.two_layers import TwoLayers, two_layers
from ..answers.way import at_potential
from ..answers.window import Window, stability_window
from ..energies.anchors import Anchoring
from ..energies.conditions import at_conditions, read_conditions
from ..energies.gases import gas_named
from ..energies.sampling import EnergyModel
from ..energies.scale import prepared
from ..errors import InputError, InterscreenWarning
from ..phases.cathodes import Cathode, find_cathode
from ..phases.conditions import BACKGROUND_BAR, ROOM_K
from ..phases.electrode import LITHIUM, Ion
from ..phases.filters import Filters
from ..phases.material import Given, elements_of
from ..phases.result import Result
from ..phases.series import at as at_x
from ..phases.series import read_span, require_x
from ..phases.source import TABULATED
from ..phases.table import PhaseTable
from ..sources import EMBEDDED, MATERIALS_PROJECT
from ..sources.open import Origin, SourceOptions, open_table
from .run import Progress, Run, study_of, write_run

if TYPE_CHECKING:
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    from ..answers.cathode import CathodeStack
    from ..screen.ranking import Ranking
    from ..screen.study import Study
    from ..validation import Validation

ElementSets = Sequence[frozenset[str]]
Found = TypeVar("Found", bound=Result)
Single = TypeVar("Single", bound=Answered)

_SHOWN = 5  # warnings of a run that are given one by one


def load(
    source: Origin = EMBEDDED,
    *,
    filters: Filters | Mapping[str, Any] | None = None,
    ban: Iterable[str] = (),
    keep: Iterable[str] = (),
    add: Iterable[str | PathLike[str]] = (),
    all_phases: bool = False,
    thermo_type: str = "",
    database: str = "",
    offline: bool = False,
    formula_column: str | None = None,
    energy_column: str | None = None,
    energy_unit: str | None = None,
    family: str = "",
    endpoint: str | None = None,
    energies: str = TABULATED,
    given: Iterable[str] = (),
) -> Database:
    """Load a source of phases, ready for questions.

    Parameters
    ----------
    source : str, path, DataFrame or sequence of pymatgen entries
        ``"embedded"`` (the table of the package), ``"mp"`` (the Materials Project: each question
        fetches what the local store lacks), or the path of a table.  A
        DataFrame has columns with formulas and formation energies [eV/atom]; entries have total
        energies, those of the elements among them.  Without a source the embedded table is meant,
        whatever keys are set.
    filters : Filters or mapping, optional
        Phases to leave out, as ``{"theoretical": False}``.
    ban : iterable of str
        Formulas or identifiers to leave out, on top of those of ``filters``.
    keep : iterable of str
        Known artefacts or other phases that count although they are left out by default.
    add : iterable of path
        Files with entries of your own.
    all_phases : bool
        Count known artefacts, and phases that the source marks as never observed, too.
    thermo_type, database, offline, formula_column, energy_column, energy_unit, family, endpoint
        See ``SourceOptions``.
    energies : str
        ``"source"``: as tabulated, to compare with publications and with pymatgen; or
        ``"anchored"``: on the scale of calorimetry (docs/anchored.md).
    given : iterable of str
        Measured energies that replace those of the source, as ``"BiF3=-2.17eV/atom@298K"``.

    Raises
    ------
    InputError
        For a source, a file or a choice that cannot be used.
    SourceError
        When a service cannot be reached, refuses, or lacks what is needed.

    Examples
    --------
    >>> import interscreen as si
    >>> db = si.load()
    >>> db
    <Database embedded: 95118 formulas, 84 elements>
    >>> import pandas as pd
    >>> rows = {"formula": ["Li", "F2", "LiF"], "formation_energy_eV_per_atom": [0, 0, -3.18]}
    >>> si.load(pd.DataFrame(rows)).window("LiF").assemblage_window_V
    (0.0, 6.36)
    """
    if not isinstance(filters, Filters):
        filters = Filters(**dict(filters or {}))
    options = SourceOptions(
        thermo_type=thermo_type,
        database=database,
        offline=offline,
        filters=filters.updated(
            banned=[ban] if isinstance(ban, str) else list(ban),
            kept=[keep] if isinstance(keep, str) else list(keep),
        ),
        add=tuple(fspath(file) for file in ([add] if isinstance(add, str | PathLike) else add)),
        formula_column=formula_column,
        energy_column=energy_column,
        energy_unit=energy_unit,
        family=family,
        all_phases=all_phases,
        endpoint=endpoint,
        energies=energies,
        given=(given,) if isinstance(given, str) else tuple(given),
    )
    return Database(source, options)


class Database:
    """Phases with their energies, and every question that can be put to them.

    Made by ``load``.  Materials are text (a formula, a mixture such as ``"Cu + 2 LiF"``, a name
    such as ``"LATP"``), a ``Material`` (which may have an energy of its own), or a pymatgen
    ``Composition``, ``Element``, structure or entry.  An entry brings its composition: its energy
    is a total energy and not taken for a formation energy, unless its ``data`` states one.

    Every question has error bars where ``samples`` says how often the energies are sampled (1000
    is a good number); ``model`` says what is assumed about their errors.

    Warnings about an answer are given as ``InterscreenWarning``, each once per database; an
    answer holds all of its own in ``warnings``.

    Parameters
    ----------
    source, options
        See ``load``; or a ``PhaseTable`` as source.
    opener : callable, optional
        Opens the source for some chemical systems when a question needs them.
    tell : callable, optional
        Told each warning, in place of ``warnings.warn``.
    ion : Ion
        What moves, where ``opener`` brings another electrode than Li metal.

    Examples
    --------
    >>> import interscreen as si
    >>> db = si.load()
    >>> db.reaction("Li", "CuF2").equation
    '2 Li + CuF2 -> 2 LiF + Cu'
    >>> db.window("LiF", samples=100).uncertainty["oxidation_limit_V"].counted
    100
    """

    def __init__(
        self,
        source: Origin | PhaseTable = EMBEDDED,
        options: SourceOptions | None = None,
        *,
        opener: Callable[[ElementSets], PhaseTable] | None = None,
        tell: Callable[[str], None] | None = None,
        ion: Ion = LITHIUM,
    ) -> None:
        self._source, self._options = source, options or SourceOptions()
        self._opener, self._teller, self._ion = opener, tell, ion
        self._told: set[str] = set()
        self._table = source if isinstance(source, PhaseTable) else None
        of_service = isinstance(source, str) and source == MATERIALS_PROJECT
        self._fetched = of_service or opener is not None
        if not self._fetched:
            self._tell(self.table.source.notes, stacklevel=4)

    @property
    def table(self) -> PhaseTable:
        """The phases; of a source that is fetched those of the last question."""
        return self._holding([])

    def __repr__(self) -> str:
        table = self._table
        if table is None:
            return f"<Database {self._source}: nothing asked yet>"
        counts = f"{len(table)} formulas, {len(table.elements)} elements"
        return f"<Database {table.source.name}: {counts}>"

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    def at(
        self,
        temperature_K: float | str,
        gases: Mapping[str, float | str] | None = None,
        *,
        pressure: float | str = 1.0,
        closed_gas: bool = False,
        background_bar: float = BACKGROUND_BAR,
    ) -> Database:
        """Return these phases at a temperature, with gases at their pressures.

        Every question can be put to it.  Its energies are anchored to measured Gibbs energies at
        that temperature, whatever the scale here (docs/temperature.md).

        Parameters
        ----------
        temperature_K : float or str
            A number [K], ``"973K"`` or ``"700C"``; 250 to 2000 K.
        gases : mapping, optional
            Gases of endless amount: shares of all gases (``0.21``, ``"400ppm"``) or pressures with
            their unit (``"20mbar"``).
        pressure : float or str
            All gases together, a number [bar] or text with a unit.
        closed_gas : bool
            Gases without a name leave only when they reach that pressure.
        background_bar : float
            Pressure at which they leave otherwise [bar].

        Raises
        ------
        InputError
            For conditions that cannot be read, an unknown gas, or one with an element that the
            source lacks.

        Examples
        --------
        >>> import interscreen as si
        >>> air = si.load().at("700C", {"CO2": "400ppm", "O2": 0.21})
        >>> air.reaction("Li2O", "CO2").reactants[0]["formula"]
        'Li2O'
        """
        conditions = read_conditions(
            temperature_K,
            gases,
            pressure=pressure,
            closed_gas=closed_gas,
            background_bar=background_bar,
        )
        more = elements_of(conditions.gases, lithium=False)
        return Database(
            opener=lambda sets: at_conditions(
                self._holding([frozenset(some) | more for some in sets]), conditions
            ),
            tell=self._teller,
        )

    def against(self, anode: str | float = "", *, ion: str = "Li") -> Database:
        """Return these phases with another negative electrode; every question can be put to it.

        Ask for a temperature (``at``) before, as the potential of an alloy follows from it.

        Parameters
        ----------
        anode : str or float
            ``"LiIn"`` (its potential follows from the hull of the source), ``"0.62V"`` or a number
            [V against the metal of the ion], or both, as ``"LiIn@0.62V"``; the metal by default.
        ion : str
            What moves: ``"Li"``, ``"Na"``, ``"K"``, ``"Mg"``, ``"Ca"``, ``"Zn"`` or ``"Al"``.

        Raises
        ------
        InputError
            For an electrode that cannot be read, and a material that neither holds nor takes up
            the ion.

        Examples
        --------
        >>> import interscreen as si
        >>> si.load().against("0.62V").stack("LiF", "LLZO").bare.label
        'Li at 0.62 V | LLZO'
        """
        moves = Ion(ion)
        more = elements_of_anode(anode, moves)
        return Database(
            opener=lambda sets: against(
                self._holding([more, *(frozenset(some) | {ion} for some in sets)]), anode, moves
            ),
            tell=self._teller,
            ion=moves,
        )

    def _moving(self, ion: str | None, anode: str | float = "") -> Database:
        """Return these phases, with another electrode where one is named."""
        if ion is None and anode == "":
            return self
        return self.against(anode, ion=self._ion.symbol if ion is None else ion)

    # -- questions --------------------------------------------------------------------------------

    def reaction(
        self,
        a: Given,
        b: Given,
        potential_V: float | None = None,
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
        open_elements: Mapping[str, str | float] | None = None,
        at: float | None = None,
        by: str = "atom",
    ) -> Reaction:
        """Return the reaction of two materials over all mixing ratios.

        Parameters
        ----------
        a, b : str, Material, or pymatgen Composition, Element or entry
        potential_V : float, optional
            Potential of Li [V against Li/Li+]; None for a closed interface.
        samples : int
            Samples of the energies for error bars, as 1000; 0 for none.
        model : EnergyModel, optional
            What is assumed about the errors of the energies.
        open_elements : mapping, optional
            Further elements at a fixed potential, as ``{"Na": "2V", "O2": 0.21}``; a gas needs a
            temperature (``at``).
        at : float, optional
            Share of the first material at which the energies are given, too.
        by : str
            Share of what: ``"atom"``, ``"mole"``, ``"weight"`` or ``"volume"``.

        Raises
        ------
        InputError, SolverError
            See ``react``; InputError also for error bars at a potential.
        """
        opened = dict(open_elements or {})
        if (samples or model) and (potential_V is not None or opened):
            raise InputError(
                "samples: error bars are there for closed interfaces only; leave out potential_V"
            )
        bars = _bars(samples, model)
        return self._asked(
            lambda table: react(table, a, b, potential_V, open_elements=opened, at=at, by=by),
            (a, b, *opened),
            (lambda table: sampled_reaction(table, a, b, at=at, by=by, **bars)) if bars else None,
            lithium=potential_V is not None,
        )

    def window(
        self,
        m: Given,
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
        tolerance_meV_per_atom: float = 10.0,
        ion: str | None = None,
    ) -> Window:
        """Return the stability window of a material against Li/Li+; see ``reaction``.

        ``tolerance_meV_per_atom`` is that of its ``tolerance_window_V``; ``ion`` is another mobile
        ion: ``"Na"``, ``"K"``, ``"Mg"``, ``"Ca"``, ``"Zn"`` or ``"Al"``.
        """
        bars = _bars(samples, model)
        tolerance: dict[str, Any] = {"tolerance_meV_per_atom": tolerance_meV_per_atom}
        return self._moving(ion)._asked(
            lambda table: stability_window(table, m, **tolerance),
            (m,),
            (lambda table: sampled_window(table, m, **tolerance, **bars)) if bars else None,
        )

    def lithiation(
        self,
        m: Given,
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
        ion: str | None = None,
    ) -> Lithiation:
        """Return the way of a material to equilibrium with Li metal; see ``window``."""
        bars = _bars(samples, model)
        return self._moving(ion)._asked(
            lambda table: lithiate(table, m),
            (m,),
            (lambda table: sampled_lithiation(table, m, **bars)) if bars else None,
        )

    def stack(
        self,
        candidate: Given,
        electrolyte: Given,
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
        potential_V: float | None = None,
        cathode: str | Cathode | None = None,
        coating: Given | None = None,
        ion: str | None = None,
        anode: str | float = "",
    ) -> Stack:
        """Return every contact of Li | candidate | electrolyte, before and after conversion.

        Parameters
        ----------
        candidate, electrolyte, samples, model
            See ``reaction``.
        potential_V : float, optional
            Potential at which the layer is looked at, too [V against the metal of the ion].
        cathode : str or Cathode, optional
            What the electrolyte meets on its other side: ``"LCO"``, or both states and their
            potentials, ``"LiCoO2/Li0.5CoO2@3.0-4.2V"``.
        coating : str, Material, or pymatgen Composition, Element or entry
            What lies between the two.
        ion, anode
            Another negative electrode in the place of Li metal, as for ``against``.
        """
        if ion is not None or anode != "":
            return self._moving(ion, anode).stack(
                candidate, electrolyte, samples, model=model, potential_V=potential_V,
                cathode=cathode, coating=coating,
            )  # fmt: skip
        bars = _bars(samples, model)
        if coating is not None and cathode is None:
            raise InputError("coating: goes between electrolyte and cathode; name a cathode, too")
        beyond = find_cathode(cathode) if isinstance(cathode, str) else cathode
        found = self._asked(
            lambda table: stack(table, candidate, electrolyte),
            (candidate, electrolyte),
            (lambda table: stack(table, candidate, electrolyte, **bars)) if bars else None,
        )
        if potential_V is not None:
            sides = [candidate, electrolyte, self._ion.symbol]
            table = self._holding([elements_of(sides, lithium=False)])
            there = at_potential(table, candidate, electrolyte, potential_V)
            found = replace(found, at_potential=there)
        if beyond is None:
            return found
        return replace(found, cathode_side=self._beyond(electrolyte, beyond, coating, bars))

    def two_layers(self, first: Given, second: Given, electrolyte: Given) -> TwoLayers:
        """Return every contact of Li | first | second | electrolyte; see ``stack``."""
        parts = (first, second, electrolyte)
        self._holding(
            [
                elements_of([*pair, self._ion.symbol], lithium=False)
                for pair in combinations(parts, 2)
            ]
        )
        return self._said(two_layers(self.table, first, second, electrolyte))

    def _beyond(
        self, electrolyte: Given, cathode: Cathode, coating: Given | None, bars: dict[str, Any]
    ) -> CathodeStack:
        """Contacts from an electrolyte to a cathode, and what to make of the coating."""
        from ..answers.cathode import cathode_stack
        from ..screen.coatings import judged_coating

        parts = [electrolyte, *([] if coating is None else [coating]), cathode.discharged]
        pairs = ([*pair, self._ion.symbol] for pair in combinations(parts, 2))
        table = self._holding([elements_of(pair, lithium=False) for pair in pairs])
        found = cathode_stack(table, electrolyte, cathode, coating)
        if coating is not None:
            row = judged_coating(table, coating, electrolyte, cathode, **bars)
            found = replace(found, judged=row)
        return self._said(found)

    def sweep(self, candidate: str, electrolyte: str, x: str, points: int = POINTS) -> Sweep:
        """Return a stack along a ratio of phases, or a dopant, and where its phases change.

        Parameters
        ----------
        candidate, electrolyte : str
            At least one with x: ``Cu + x LiF``, ``Li{7-3x}Al{x}La3Zr2O12``.
        x : str
            First and last value, as ``0..4``.
        points : int
            Evenly spaced values of x; those at which phases change come on top.
        """
        require_x([candidate, electrolyte])
        low, high = read_span(x)
        both = [at_x(text, (low + high) / 2) for text in (candidate, electrolyte)]
        table = self._holding([elements_of([*both, self._ion.symbol], lithium=False)])
        return self._said(sweep(table, candidate, electrolyte, x, points=points))

    def profile(
        self, a: Given, b: Given, start: float = 0.0, end: float = 5.0, step: float | None = None
    ) -> Profile:
        """Return the reactions of two materials over a range of potentials of Li (``against``: Na).

        Parameters
        ----------
        a, b : str, Material, or pymatgen Composition, Element or entry
        start, end : float
            Ends of the range [V against Li/Li+].
        step : float, optional
            Adds points at regular distances [V]; the curves need none.
        """
        return self._asked(lambda table: profile(table, a, b, start, end, step), (a, b))

    def scan(
        self,
        a: Given,
        b: Given,
        over: str = "temperature",
        start: float | str = "25C",
        end: float | str = "1000C",
        *,
        gases: Mapping[str, float | str] | None = None,
        temperature_K: float | str = ROOM_K,
        pressure: float | str = 1.0,
        closed_gas: bool = False,
        potential_V: float | None = None,
    ) -> Scan:
        """Return where the answer of a contact changes with temperature or with a gas.

        Parameters
        ----------
        a, b : str, Material, or pymatgen Composition, Element or entry
        over : str
            ``"temperature"``, or a gas, as ``"CO2"``.
        start, end : float or str
            Temperatures (``"25C"``, a number [K]) or pressures (``"1e-6bar"``, a number [bar]).
        gases, temperature_K, pressure, closed_gas
            What stays, as for ``at``.
        potential_V : float, optional
            Potential of Li [V against Li/Li+].
        """
        conditions = read_conditions(temperature_K, gases, pressure=pressure, closed_gas=closed_gas)
        more = [*conditions.gases, *([] if over == TEMPERATURE else [gas_named(over)])]
        table = self._holding([elements_of([a, b, *more], lithium=potential_V is not None)])
        return self._said(
            scan(table, a, b, over, start, end, conditions=conditions, potential_V=potential_V)
        )

    def phase_map(
        self,
        a: Given,
        b: Given,
        gas: str,
        temperatures: tuple[float | str, float | str] = ("25C", "1000C"),
        pressures: tuple[float | str, float | str] = ("1e-6bar", "1bar"),
        *,
        gases: Mapping[str, float | str] | None = None,
        pressure: float | str = 1.0,
        closed_gas: bool = False,
        level_eV_per_atom: float = WITHIN_EV,
    ) -> PhaseMap:
        """Return the regions of temperature and a gas in which the same happens at a contact.

        Parameters
        ----------
        a, b : str, Material, or pymatgen Composition, Element or entry
        gas : str
            Whose pressure is followed, as ``"CO2"``.
        temperatures, pressures : tuple of two float or str
            Ends of the axes: ``"25C"``, a number [K]; ``"1e-6bar"``, a number [bar].
        gases, pressure, closed_gas
            What stays, as for ``at``.
        level_eV_per_atom : float
            A reaction between the two that is weaker counts as none.
        """
        conditions = read_conditions(ROOM_K, gases, pressure=pressure, closed_gas=closed_gas)
        more = [*conditions.gases, gas_named(gas)]
        table = self._holding([elements_of([a, b, *more], lithium=False)])
        return self._said(
            phase_map(
                table, a, b, gas, temperatures, pressures,
                conditions=conditions, level_eV_per_atom=level_eV_per_atom,
            )
        )  # fmt: skip

    def decompose(
        self,
        m: Given,
        gases: Mapping[str, float | str] | None = None,
        *,
        pressure: float | str | None = None,
    ) -> Decomposition:
        """Return the temperature at which a material starts to give off gas, and what is left.

        Parameters
        ----------
        m : str, Material, or pymatgen Composition, Element or entry
        gases : mapping, optional
            Gases of endless amount, as for ``at``.
        pressure : float or str, optional
            Pressure at which a gas without a name leaves, a number [bar] or text with a unit; by
            default 1e-6 bar.
        """
        conditions = heating_conditions(gases, pressure)
        table = self._holding([elements_of([m, *conditions.gases], lithium=False)])
        return self._said(decompose(table, m, conditions))

    def treat(self, m: Given, steps: str | Sequence[str]) -> Treatment:
        """Return what is left of a thin surface after some treatments, one after another.

        Parameters
        ----------
        m : str, Material, or pymatgen Composition, Element or entry
        steps : str or sequence of str
            As ``["air 25C", "O2=1bar 500C", "+2 HF", "Li 300C", "Ar 700C"]``; in one text with
            semicolons between them.
        """
        each = steps.split(";") if isinstance(steps, str) else list(steps)
        more = {symbol for text in each for symbol in read_step(text).elements}
        table = self._holding([elements_of([m, *sorted(more)])])
        return self._said(treat(table, m, each))

    def map(
        self, system: str | Sequence[str], against: Given, *, divisions: int = 200
    ) -> CompositionMap:
        """Return the reaction energies of a whole ternary system with one partner.

        Parameters
        ----------
        system : str or sequence of str
            Three elements, as ``"Li-Al-O"``.
        against : str, Material, or pymatgen Composition, Element or entry
            The partner.
        divisions : int
            Of a side of the triangle.
        """
        elements = frozenset(read_system(system)) | elements_of([against], lithium=False)
        table = self._holding([elements])
        return self._said(composition_map(table, system, against, divisions=divisions))

    def phase_diagram(self, system: str | Iterable[str]) -> PhaseDiagram:
        """Return the counted phases of some elements as a phase diagram of pymatgen.

        Parameters
        ----------
        system : str or iterable of str
            Elements, as ``"Li-Cu-F"``; or materials that hold them, as ``["Li", "LATP"]``.

        Returns
        -------
        pymatgen.analysis.phase_diagram.PhaseDiagram
            Its energies are formation energies: the elements lie at zero.

        Raises
        ------
        InputError
            For an element that the source does not know.
        """
        from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
        from pymatgen.core import Composition

        parts = system.split("-") if isinstance(system, str) else system
        elements = elements_of(parts, lithium=False)
        table = self._holding([elements])
        table.within(elements)  # says what is missing, if anything is
        entries = [PDEntry(Composition(symbol), 0.0) for symbol in sorted(elements)]
        for row in table.rows_within(elements):
            composition = Composition(table.composition(row))
            if table.counted[row] and len(composition) > 1:
                energy = float(table.energies[row]) * composition.num_atoms
                named = {"id": str(table.ids[row])}
                entries.append(PDEntry(composition, energy, str(table.formulas[row]), named))
        return PhaseDiagram(entries)

    def anchors(self, phases: str | Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the measured compounds that phases are anchored to, and how many of each.

        Parameters
        ----------
        phases : str or iterable of str
            Formulas.

        Raises
        ------
        InputError
            For an element that the source does not know.

        Examples
        --------
        >>> import interscreen as si
        >>> si.load().anchors("Li7La3Zr2O12")
        {'Li7La3Zr2O12': {'Li2O': 3.5, 'ZrO2': 2.0, 'La2O3': 1.5}}
        """
        names = [phases] if isinstance(phases, str) else list(phases)
        table = self._holding([elements_of([name], lithium=False) for name in names])
        return {name: Anchoring.of(table).parts(name) for name in names}

    def validate(self, *, undoped: bool = False) -> Validation:
        """Hold the source against published numbers and measured cells; see ``validate``."""
        from ..validation import element_sets, validate

        table = self._holding(element_sets(undoped=undoped))
        return self._said(validate(table, undoped=undoped))

    # -- screens ----------------------------------------------------------------------------------

    def screen(
        self,
        candidates: str | Iterable[Given | dict[str, Any]],
        electrolytes: Given | Iterable[Given | dict[str, Any]],
        samples: int = 0,
        *,
        model: EnergyModel | None = None,
        cathode: str | Sequence[str] = (),
        coatings: Given | Iterable[Given | dict[str, Any]] = (),
        cathodes: Given | Iterable[Given] = (),
        air: Given | Iterable[Given] = (),
        ion: str | None = None,
        anode: str | float = "",
        sensitivity: bool = True,
        ranking: Ranking | Mapping[str, Any] | None = None,
        jobs: int | None = None,
        out: str | PathLike[str] | None = None,
        name: str = "screen",
        progress: Progress | None = None,
    ) -> Run:
        """Screen candidates against electrolytes and rank them.

        Parameters
        ----------
        candidates : iterable of materials, or str
            Materials, or dictionaries with the keys of a study (``formula``, ``role``, ...).  Text
            chooses candidates from the source itself: ``"all"``, or conditions such as
            ``"n_elements=2,anion=fluoride"``.
        electrolytes : material or iterable of materials
        samples, model
            See ``reaction``.
        cathode : str or sequence of str
            Cathodes that coatings are ranked for (``Run.coatings``), as for ``stack``.
        coatings : material or iterable of materials
            These coatings; by default candidates of the role ``cathode coating``, or those of the
            library; of candidates by conditions these.
        cathodes, air : material or iterable of materials
            What touches the electrolyte on its other side, and what the stack meets before.
        ion, anode
            See ``stack``.
        sensitivity : bool
            Whether suspect phases are left out in turn, and those that do not count put back.
        ranking : Ranking or mapping, optional
            Weights of the score, and from when on scores differ.
        jobs : int, optional
            Worker processes, -1 for one per core.
        out : path, optional
            Folder that keeps the run, with figures and page as the command line writes them.
            Without it the run lasts as long as the object.
        name : str
            Name of the screen, in its page.
        progress : callable, optional
            Called with candidates done and in all.
        """
        _bars(samples, model)
        study = study_of(
            candidates,
            model or EnergyModel(),
            samples,
            {
                "electrolytes": electrolytes,
                "coatings": coatings,
                "cathodes": cathodes,
                "air": air,
            },
            name=name,
            cathode=[cathode] if isinstance(cathode, str) else list(cathode),
            sensitivity=sensitivity,
            ranking=ranking or {},
            jobs=jobs,
        )
        return self._moving(ion, anode)._run(study, out, progress)

    def run(
        self,
        study: Study,
        *,
        out: str | PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Run a study on these phases, whatever source it names.

        Parameters
        ----------
        study : Study
            As ``load_study`` reads it.
        out, progress
            See ``screen``.
        """
        return self._run(study, out, progress)

    def _run(self, study: Study, out: str | PathLike[str] | None, progress: Progress | None) -> Run:
        table = self._holding(study.element_sets)
        study = study.with_source(table.source.name, self._options)
        keep: TemporaryDirectory[str] | None = None
        if out is None:
            keep = TemporaryDirectory(prefix="interscreen-")
            out = Path(keep.name) / study.name
        how: dict[str, Any] = {} if progress is None else {"progress": progress}
        write_run(study, table, Path(out), command=["Database.run"], figures=not keep, **how)
        run = Run(out, keep)
        said = [*run.warnings[:_SHOWN]]
        if len(run.warnings) > _SHOWN:
            said.append(f"and {len(run.warnings) - _SHOWN} more warnings in run.warnings")
        if run.failed:
            said.append(f"{run.failed} rows could not be computed: run.results says why (reason)")
        self._tell(said, stacklevel=4)
        return run

    # -- inside -----------------------------------------------------------------------------------

    def _asked(
        self,
        ask: Callable[[PhaseTable], Single],
        materials: Sequence[Given],
        sample: Callable[[PhaseTable], Single] | None = None,
        *,
        lithium: bool = True,
    ) -> Single:
        """Ask, with error bars where ``sample`` gives them; say what left-out phases change."""
        known = [given for given in materials if not is_identifier(given)]
        if len(known) < len(materials):  # its elements are not known before the source is open
            table = self._holding([elements_of([*known, self._ion.symbol], lithium=False)])
            known = [identified(table, given) for given in materials]
        more = [self._ion.symbol] if lithium else []
        elements = elements_of([*known, *more], lithium=False)
        table = self._holding([elements])
        found = with_put_back((sample or ask)(table), table, elements, ask)
        self._tell(found.warnings, stacklevel=4)
        return with_documents(found, table)

    def _holding(self, sets: ElementSets) -> PhaseTable:
        """Return a table that holds some chemical systems; fetch what is missing."""
        table = self._table
        if table is None or (self._fetched and not all(table.source.covers(s) for s in sets)):
            if self._opener is not None:
                table = self._opener(sets)
            else:
                assert not isinstance(self._source, PhaseTable)
                chosen = self._options
                table = open_table(self._source, sets, options=chosen)
                table = prepared(table, chosen.energies, chosen.given)
            self._table = table
        return table

    def _said(self, found: Found) -> Found:
        self._tell(found.warnings, stacklevel=4)
        return with_documents(found, self.table)

    def _tell(self, lines: Iterable[str], stacklevel: int) -> None:
        """Warn of what was not said yet."""
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                if self._teller is not None:
                    self._teller(line)
                else:
                    warnings.warn(line, InterscreenWarning, stacklevel=stacklevel)


def _bars(samples: int, model: EnergyModel | None) -> dict[str, Any]:
    """Return the arguments of a question with error bars; none for one without."""
    if model is not None and not samples:
        raise InputError("model: says how energies are sampled; say how often, as samples=1000")
    return {"samples": samples, "model": model} if samples else {}
