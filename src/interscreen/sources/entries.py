"""pymatgen entries (total energies) -> formation energies -> PhaseTable."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..formula import whole_numbers
from ..phases import PhaseTable
from ..source import Source
from .build import build_table

_FAMILIES = {
    "GGA": "GGA_GGA+U",
    "GGA_U": "GGA_GGA+U",
    "GGA+U": "GGA_GGA+U",
    "PBE": "GGA_GGA+U",
    "PBE+U": "GGA_GGA+U",
    "R2SCAN": "R2SCAN",
    "SCAN": "SCAN",
}


def entries_table(
    entries: Sequence[Any], *, name: str = "entries", source: Source | None = None
) -> PhaseTable:
    """Build a phase table from pymatgen entries with total energies.

    Parameters
    ----------
    entries : sequence of pymatgen ``ComputedEntry``, ``ComputedStructureEntry`` or ``PDEntry``
        ``energy_per_atom`` [eV/atom] is used as it is, corrections included; the lowest entry of
        every element is the zero of energy.
    name : str
        Name of the source in results.

    Raises
    ------
    InputError
        When there are no entries, an element has no entry of its own, or entries of two run
        families (GGA/GGA+U, r2SCAN) are mixed.
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
    references: dict[str, float] = {}
    for composition, energy in zip(amounts, energies, strict=True):
        if len(composition) == 1:
            symbol = next(iter(composition))
            references[symbol] = min(energy, references.get(symbol, np.inf))
    missing = sorted(
        {symbol for composition in amounts for symbol in composition} - set(references)
    )
    if missing:
        raise InputError(
            f"{name}: no entry of the pure element {', '.join(missing)}; formation energies need "
            "one of each"
        )
    formation = np.array(
        [
            energy
            - sum(amount * references[symbol] for symbol, amount in composition.items())
            / sum(composition.values())
            for composition, energy in zip(amounts, energies, strict=True)
        ]
    )
    if source is None:
        source = Source(name=name)
    source = Source(
        **{**source.__dict__, "thermo_type": families.pop() if families else source.thermo_type}
    )
    return build_table(
        [_formula(composition) for composition in amounts],
        formation,
        source,
        ids=[str(getattr(entry, "entry_id", None) or "") for entry in entries],
        where="entry",
    )


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


def read_entries_file(content: bytes, file: Path, source: Source) -> PhaseTable:
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
    return entries_table(decoded, name=source.name, source=source)


def _family(entry: Any) -> str:
    parameters = getattr(entry, "parameters", None) or {}
    run_type = str(parameters.get("run_type") or "").upper()
    return _FAMILIES.get(run_type, run_type)
