"""pymatgen entries (total energies) -> formation energies -> PhaseTable."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..phases.formula import whole_numbers
from ..phases.source import GGA, NOT_STATED, Source, run_family
from ..phases.table import PhaseTable
from .build import table_from_rows
from .rows import Rows


def entries_table(entries: Sequence[Any], *, name: str = "entries") -> PhaseTable:
    """Build a phase table from pymatgen entries with total energies.

    ``energy_per_atom`` [eV/atom] is used as it is, corrections included; the lowest entry of every
    element is the zero of energy.

    Raises
    ------
    InputError
        When there are no entries, an element has no entry of its own, or entries of two run
        families (GGA/GGA+U, r2SCAN) are mixed.
    """
    rows, family = entries_rows(entries, name=name)
    return table_from_rows(rows, Source(name=name, thermo_type=family or NOT_STATED))


def entries_rows(
    entries: Sequence[Any], *, name: str, references: Mapping[str, float] | None = None
) -> tuple[Rows, str]:
    """Turn entries into rows with formation energies; also return their run family, or "".

    ``references`` are total energies of the elements [eV/atom] for entries that bring none of
    their own; ``Rows.references`` holds those that were used.  Errors: see ``entries_table``.
    """
    if not len(entries):
        raise InputError(f"{name}: no entries in it")
    families = {_family(entry) for entry in entries} - {""}
    if len(families) > 1:
        raise InputError(
            f"{name}: entries of different run families ({', '.join(sorted(families))}) must not "
            "share a hull; hand in one family"
        )
    amounts = [
        {element.symbol: float(amount) for element, amount in entry.composition.items()}
        for entry in entries
    ]
    energies = np.array([float(entry.energy_per_atom) for entry in entries])
    own: dict[str, float] = {}
    for composition, energy in zip(amounts, energies, strict=True):
        if len(composition) == 1:
            (symbol,) = composition
            own[symbol] = min(energy, own.get(symbol, np.inf))
    needed = {symbol for composition in amounts for symbol in composition}
    # all from one place: the entries' own elements, or those of the source they are added to
    used = own if needed <= set(own) else dict(references or own)
    missing = sorted(needed - set(used))
    if missing:
        raise InputError(
            f"{name}: no entry of the pure element {', '.join(missing)}; formation energies need "
            "one of each"
        )
    formation = np.array(
        [
            energy
            - sum(amount * used[symbol] for symbol, amount in composition.items())
            / sum(composition.values())
            for composition, energy in zip(amounts, energies, strict=True)
        ]
    )
    stated = [getattr(entry, "correction_uncertainty_per_atom", None) for entry in entries]
    uncertainties = [float("nan") if value is None else float(value) for value in stated]
    rows = Rows(
        formulas=[_formula(composition) for composition in amounts],
        energies=formation,
        ids=[str(getattr(entry, "entry_id", None) or "") for entry in entries],
        properties={"energy_uncertainty_eV_per_atom": uncertainties}
        if np.isfinite(uncertainties).any()
        else {},
        references={symbol: used[symbol] for symbol in sorted(needed)},
        where="entry",
    )
    return rows, families.pop() if families else ""


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


def load_entries(content: bytes, file: Path) -> list[Any]:
    """Read a JSON file (gzipped or not) with a list of pymatgen entries."""
    from monty.json import MontyDecoder

    try:
        if file.name.lower().endswith(".gz"):
            content = gzip.decompress(content)
        decoded = MontyDecoder().process_decoded(json.loads(content))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: not readable as pymatgen entries ({error})") from None
    if not isinstance(decoded, list) or not all(
        hasattr(entry, "energy_per_atom") and hasattr(entry, "composition") for entry in decoded
    ):
        raise InputError(f"{file}: not a list of pymatgen entries (ComputedEntry, PDEntry, ...)")
    return decoded


def _family(entry: Any) -> str:
    parameters = getattr(entry, "parameters", None) or {}
    return run_family(str(parameters.get("run_type") or ""))


# anions that the MP2020 scheme corrects; O and S also where they are not the most negative element
_CORRECTED = frozenset({"O", "S", "F", "Cl", "Br", "I", "N", "Se", "Si", "Sb", "Te", "H"})


def uncorrected(entry: Any) -> bool:
    """Whether a GGA(+U) entry lacks the energy correction that its anion would have.

    The MP2020 scheme corrects every compound of these anions (A. Wang et al., Sci. Rep. 11, 15496
    (2021), doi:10.1038/s41598-021-94550-5), so such an entry is on the scale of the raw
    calculation.
    """
    elements = list(entry.composition)
    if _family(entry) != GGA or len(elements) < 2 or entry.correction:
        return False
    symbols = {element.symbol for element in elements}
    most_negative = max(elements, key=lambda element: element.X).symbol
    return bool(symbols & {"O", "S"}) or most_negative in _CORRECTED
