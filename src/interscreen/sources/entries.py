"""pymatgen entries (total energies) -> formation energies -> PhaseTable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import hypot, inf, isfinite, nan
from typing import Any

import numpy as np

from ..errors import InputError
from ..phases.energy_units import read_unit
from ..phases.formula import parse_formula, whole_numbers
from ..phases.source import GGA, MIXED, Source, run_family
from ..phases.table import PhaseTable
from ..phases.units import HARTREE, KJ_PER_MOL, is_number
from .build import table_from_rows
from .families import FAMILY_KEYS, one_family
from .rows import Rows
from .scale import check_scale

_MOST_ATOMS = 1e6  # in an entry
# of the energy of a composition
_UNITS = {
    "eV/formula": 1.0,
    "kJ/mol": 1.0 / KJ_PER_MOL,
    "Ha/formula": HARTREE,
    "Ry/formula": HARTREE / 2,
}


@dataclass(frozen=True)
class Calculation:
    """What counts of an entry.

    Attributes
    ----------
    amounts : dict of str to float
        Atoms of each element, whatever its charges and isotopes.
    energy : float
        Total energy, corrections included [eV per composition].
    family : str
        Run family, empty where none is stated.
    corrected : bool
        Whether corrections are stated, be they zero.
    """

    amounts: dict[str, float]
    energy: float
    family: str = ""
    corrected: bool = False
    identifier: str = ""
    uncertainty: float = nan  # of the corrections [eV/atom]

    @property
    def n_atoms(self) -> float:
        """Atoms in the composition."""
        return sum(self.amounts.values())


def entries_table(entries: Sequence[Any], *, name: str = "entries") -> PhaseTable:
    """Build a phase table from pymatgen entries with total energies.

    ``energy_per_atom`` [eV/atom] is used as it is, corrections included; the lowest entry of every
    element is the zero of energy.

    Raises
    ------
    InputError
        When there are no entries, an element has no entry of its own, entries of two run
        families (GGA/GGA+U, r2SCAN) are mixed, or one lacks the correction of its anion.
    """
    return table_from_rows(*entries_rows(entries, Source(name)))


def entries_rows(
    entries: Sequence[Any],
    source: Source,
    *,
    references: Mapping[str, float] | None = None,
    family: str = "",
    unit: str | None = None,
) -> tuple[Rows, Source]:
    """Turn entries into rows with formation energies; the source says their run family.

    The entries are pymatgen's, or dictionaries as in their JSON.  ``references`` are total energies
    of the elements [eV/atom] for entries that bring none of their own; ``Rows.references`` holds
    those that were used.  ``family`` chooses among several; ``unit`` is that of the energies (eV,
    kJ/mol, Ha or Ry).  Errors: see ``entries_table``.
    """
    name = source.name
    if not len(entries):
        raise InputError(f"{name}: no entries in it")
    factor = _UNITS.get(read_unit(unit) if unit else "eV/formula")
    if factor is None:
        raise InputError(
            f"{name}: --energy-unit {unit}: the energy of an entry is that of its composition; "
            "state kJ/mol, Ha/formula or Ry/formula, or leave it out (eV)"
        )
    found = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(calculation(entry))
        except InputError as error:
            raise InputError(f"{name}, entry {number}: {error}") from None
    kept, stated, silent = one_family([one.family for one in found], name, "entries", family)
    chosen = [found[i] for i in kept]
    _require_corrections(chosen, name)
    energies = np.array([factor * one.energy / one.n_atoms for one in chosen])
    own: dict[str, float] = {}
    for one, energy in zip(chosen, energies, strict=True):
        if len(one.amounts) == 1:
            (symbol,) = one.amounts
            own[symbol] = min(energy, own.get(symbol, inf))
    needed = {symbol for one in chosen for symbol in one.amounts}
    # all from one place: the entries' own elements, or those of the source they are added to
    used = own if needed <= set(own) else dict(references or own)
    missing = sorted(needed - set(used))
    if missing:
        raise InputError(
            f"{name}: no entry of the pure element {', '.join(missing)}; formation energies need "
            f"one of each: add them to the file, or add the file to a source that has them "
            f"(--source mp --add {name})"
        )
    formation = energies - [
        sum(amount * used[symbol] for symbol, amount in one.amounts.items()) / one.n_atoms
        for one in chosen
    ]
    uncertainties = [one.uncertainty for one in chosen]
    rows = Rows(
        formulas=[_formula(one.amounts) for one in chosen],
        energies=formation,
        ids=[one.identifier for one in chosen],
        properties={"energy_uncertainty_eV_per_atom": uncertainties}
        if np.isfinite(uncertainties).any()
        else {},
        references={symbol: used[symbol] for symbol in sorted(needed)},
        where="entry",
        numbers=kept + 1,
    )
    came_in = read_unit(unit) if unit else ""
    rows, doubts = check_scale(rows, source, came_in, entries=True)
    notes = (*silent, *doubts)
    if not stated and not any(one.corrected for one in chosen) and any(map(_has_anion, chosen)):
        notes += (
            f"{name}: its entries state neither a run type nor corrections and count as they are; "
            "GGA energies of oxides, sulfides and halides need them "
            "(MaterialsProject2020Compatibility)",
        )
    return rows, replace(
        source, thermo_type=stated or source.thermo_type, notes=(*source.notes, *notes)
    )


def calculation(entry: Any) -> Calculation:
    """Read an entry, or its JSON; InputError for one that is no entry, or of another kind."""
    if isinstance(entry, Mapping):
        return _from_json(entry)
    adjustments = getattr(entry, "energy_adjustments", None) or ()
    stated = getattr(entry, "correction_uncertainty_per_atom", None)
    return Calculation(
        amounts=_amounts(entry.composition),
        energy=_number(float(entry.energy_per_atom), "energy") * entry.composition.num_atoms,
        family=_family(
            getattr(entry, "parameters", None),
            [getattr(entry, "data", None)],
            [(str(one.name), one.cls) for one in adjustments],
        ),
        corrected=bool(adjustments) or bool(getattr(entry, "correction", 0.0)),
        identifier=str(getattr(entry, "entry_id", None) or ""),
        uncertainty=nan if stated is None else float(stated),
    )


def _from_json(entry: Mapping[str, Any]) -> Calculation:
    kind = entry.get("@class", "ComputedEntry")
    structure = entry.get("structure")
    inner = structure.get("composition") if isinstance(structure, Mapping) else None
    composition = entry.get("composition") or inner
    if not isinstance(composition, Mapping | str):
        raise InputError(f"its composition is {composition!r}; write one as {{'Li': 2, 'O': 1}}")
    amounts = _amounts(composition)
    adjustments = entry.get("energy_adjustments") or []
    if not isinstance(adjustments, list) or not all(isinstance(a, Mapping) for a in adjustments):
        raise InputError("its energy_adjustments are no list of dictionaries")
    values = [_adjustment(one) for one in adjustments]
    correction = _number(entry.get("correction") or 0.0, "correction")
    correction = sum(value for value, _ in values) if values else correction
    known = [error for value, error in values if value and isfinite(error)]
    energy = entry.get("energy") if kind != "ExpEntry" else _enthalpy(entry.get("thermodata"))
    return Calculation(
        amounts=amounts,
        energy=_number(energy, "energy") + correction,
        family=_family(
            entry.get("parameters"),
            [entry.get("data"), entry],
            [(str(one.get("name", "")), one.get("cls")) for one in adjustments],
        ),
        corrected=bool(values) or correction != 0.0,
        identifier=str(entry.get("entry_id") or ""),
        # as pymatgen has it: none known is none stated
        uncertainty=(hypot(*known) or nan) / sum(amounts.values()),
    )


def _adjustment(one: Mapping[str, Any]) -> tuple[float, float]:
    """Value and standard deviation of an adjustment [eV per composition]."""
    if "value" in one:
        return _number(one["value"], "adjustment"), _error(one.get("uncertainty"))
    atoms = _number(one.get("n_atoms"), "n_atoms")
    if "adj_per_deg" in one:
        per_atom = _number(one["adj_per_deg"], "adjustment") * _number(one.get("temp"), "temp")
        error = _error(one.get("uncertainty_per_deg"))
        factor = atoms * _number(one.get("temp"), "temp")
    else:
        per_atom, factor = _number(one.get("adj_per_atom"), "adjustment"), atoms
        error = _error(one.get("uncertainty_per_atom"))
    return per_atom * atoms, error * factor


def _error(value: Any) -> float:
    return float(value) if is_number(value) and abs(value) < 1e300 else nan


def _enthalpy(data: Any) -> float | None:
    """Lowest enthalpy of formation of a solid in an ExpEntry, in the unit of its data (kJ/mol)."""
    known = [
        _number(one.get("value"), "enthalpy")
        for one in (data if isinstance(data, list) else ())
        if isinstance(one, Mapping)
        and one.get("type") == "fH"
        and one.get("phaseinfo") not in ("gas", "liquid")
    ]
    return min(known, default=None)


def _number(value: Any, what: str) -> float:
    if not is_number(value) or not abs(value) < 1e300:  # an int may be larger than any float
        raise InputError(f"its {what} is {value!r}, not a finite number")
    return float(value)


def _amounts(composition: Any) -> dict[str, float]:
    """Atoms of each element: the charges and isotopes of one element are added up."""
    from pymatgen.core import Composition, DummySpecies, Element

    if isinstance(composition, Mapping) and not isinstance(composition, Composition):
        for symbol, amount in composition.items():
            _number(amount, f"amount of {symbol}")
    try:
        read = Composition(composition)
    except Exception as error:  # pymatgen raises many kinds here
        raise InputError(
            f"its composition {str(composition)[:80]!r} cannot be read ({error})"
        ) from None
    amounts: dict[str, float] = {}
    for species, amount in read.items():
        if isinstance(species, DummySpecies):
            raise InputError(f"its composition has {species}, which is no element")
        symbol = Element.from_Z(species.Z).symbol
        amounts[symbol] = amounts.get(symbol, 0.0) + float(amount)
    total = sum(amounts.values())
    if not 0.0 < total <= _MOST_ATOMS:
        raise InputError(f"its composition has {total:g} atoms")
    return amounts


def _formula(composition: dict[str, float]) -> str:
    """Whole-number formula of a composition that may come in fractions (one third Li)."""
    largest = max(composition.values())
    ratios = [Fraction(n / largest).limit_denominator(1000) for n in composition.values()]
    if any(
        abs(float(ratio) * largest - amount) > 1e-6 * largest
        for ratio, amount in zip(ratios, composition.values(), strict=True)
    ):
        ratios = [Fraction(n).limit_denominator(1_000_000) for n in composition.values()]
    counts = whole_numbers(ratios)
    return "".join(f"{symbol}{n}" for symbol, n in zip(composition, counts, strict=True))


def _family(parameters: Any, beside: Sequence[Any], adjustments: Sequence[tuple[str, Any]]) -> str:
    """Run family: of mixed energies, as stated, or that of the pseudopotentials; or empty.

    ``beside`` are further places that may state it; adjustments have a name and a class.
    """
    for name, made_by in adjustments:
        kind = made_by.get("@class") if isinstance(made_by, Mapping) else type(made_by).__name__
        scan = "mixing" in name.lower() and "scan" in name.lower()
        if scan or "mixing adjustment" in name or kind == "MaterialsProjectDFTMixingScheme":
            return MIXED
    places = [place for place in (parameters, *beside) if isinstance(place, Mapping)]
    for key in FAMILY_KEYS:
        for place in places:
            if place.get(key):
                return run_family(str(place[key]))
    return GGA if any(place.get("is_hubbard") or place.get("hubbards") for place in places) else ""


# anions that the MP2020 scheme corrects; O and S also where they are not the most negative element
_CORRECTED = frozenset({"O", "S", "F", "Cl", "Br", "I", "N", "Se", "Si", "Sb", "Te", "H"})


def uncorrected(one: Calculation) -> bool:
    """Whether a GGA(+U) entry lacks the energy correction that its anion would have.

    The MP2020 scheme corrects every compound of these anions (A. Wang et al., Sci. Rep. 11, 15496
    (2021), doi:10.1038/s41598-021-94550-5), so such an entry is on the scale of the raw
    calculation.  A stated correction of zero is one: that of ozonides is.
    """
    return one.family == GGA and not one.corrected and _has_anion(one)


def _has_anion(one: Calculation) -> bool:
    """Whether the MP2020 scheme corrects compounds of these elements."""
    if len(one.amounts) < 2:
        return False
    from pymatgen.core import Element

    most_negative = max(one.amounts, key=lambda symbol: Element(symbol).X)
    return bool(one.amounts.keys() & {"O", "S"}) or most_negative in _CORRECTED


def _require_corrections(found: Sequence[Calculation], name: str) -> None:
    """Refuse entries on the scale of the raw calculation, whichever way they come in."""
    bare = [one for one in found if uncorrected(one)]
    if bare:
        formula = parse_formula(_formula(bare[0].amounts)).reduced
        raise InputError(
            f"{name}: {formula} is a GGA(+U) entry without energy "
            f"corrections ({len(bare)} of {len(found)} entries); correct them all with "
            "pymatgen: MaterialsProject2020Compatibility().process_entries(entries), or hand in "
            "formation energies as CSV"
        )
