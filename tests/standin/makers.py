"""Three sets of documents: real entries of Fe-Li-O-P, a table of 132,752, a small one by hand."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from .documents import Documents
from .hulls import SAME, with_hulls
from .phases import GGA, MIXED, R2SCAN, Phase, amounts, composition_key, make_phase, system_of


def from_entries(path: str | Path) -> Documents:
    """Documents of computed entries with their structures (a list in JSON, perhaps gzipped).

    Formation energies and energies above the hull are pymatgen's, from the corrected energies as
    they stand in the file; phases on the hull are not theoretical.
    """
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    raw = json.loads(_bytes(path))
    by_id: dict[str, tuple[Any, dict[str, Any]]] = {}
    for item in raw:
        entry = ComputedStructureEntry.from_dict(item)
        known = by_id.get(str(entry.entry_id))
        if known is None or entry.energy_per_atom < known[0].energy_per_atom:
            by_id[str(entry.entry_id)] = (entry, item["structure"])
    diagram = PhaseDiagram([entry for entry, _ in by_id.values()])

    def row(material_id: str, entry: Any, structure: dict[str, Any]) -> Phase:
        above = float(diagram.get_e_above_hull(entry) or 0.0)
        formula = entry.composition.formula.replace(" ", "")
        uncertainty = float(entry.correction_uncertainty_per_atom)
        return Phase(
            material_id,
            formula,
            system_of(formula),
            float(diagram.get_form_energy_per_atom(entry)),
            total=float(entry.energy_per_atom),
            uncorrected=float(entry.uncorrected_energy_per_atom),
            uncertainty=None if math.isnan(uncertainty) else uncertainty,
            above_hull=above if above > SAME else 0.0,
            volume=float(entry.structure.volume),
            theoretical=None if above > SAME else False,
            structure=structure,
        )

    return Documents(row(key, entry, structure) for key, (entry, structure) in by_id.items())


def from_table(path: str | Path) -> Documents:
    """Documents of a CSV of cell formulas and formation energies, for tests of size and speed.

    Row n is ``mp-n``.  The elements are at zero, so energies per atom are formation energies; an
    element without a row gets one.  ``energy_above_hull`` is a lower bound only: the distance to
    the lowest phase of the same composition (a hull of 84 elements would take minutes).
    """
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(_bytes(path)), encoding="utf-8"))
    next(reader)
    phases = [
        Phase(f"mp-{number}", formula, system_of(formula), float(energy))
        for number, (formula, energy) in enumerate(reader, start=1)
    ]
    systems = {phase.chemsys for phase in phases}
    missing = {symbol for system in systems for symbol in system.split("-")} - systems
    for number, symbol in enumerate(sorted(missing), start=len(phases) + 1):
        phases.append(Phase(f"mp-{number}", symbol, symbol, 0.0))
    return Documents(with_hulls(phases))


# Special cases of the small set, by the id of the document
POLYMORPH_THEORETICAL = "mp-3300001"  # ground state of Li4P2O7 that nobody made ...
POLYMORPH_OBSERVED = "mp-3300002"  # ... and the one 20 meV/atom above it that somebody did
# BY-NC, and on the hull: leaving it out changes answers; ids of new materials are letters
NON_COMMERCIAL = "mp-hlltz"
NO_FORMATION_ENERGY = "mp-3300004"
DEPRECATED = "mp-3300005"  # so low that an answer that counts it is plainly wrong
# MP2020 corrections of anions [eV/atom] and their uncertainties, rounded
CORRECTIONS = {
    "O": (-0.687, 0.002),
    "S": (-0.503, 0.009),
    "N": (-0.361, 0.009),
    "F": (-0.462, 0.003),
}


def small_set() -> Documents:
    """Documents of 290 phases around four interlayers, and some special cases.

    Formation energies are the real ones (rounded to 1 meV); total energies are made up, other than
    zero for the elements, and belong together.  Phases of Li, O and F have r2SCAN and mixed
    documents, too, with energies of their own.
    """
    return Documents(_small_phases())


@lru_cache(maxsize=1)
def _small_phases() -> tuple[Phase, ...]:
    phases = [*_reference_phases(), *_special_phases()]
    family = [p for p in phases if set(p.chemsys.split("-")) <= {"Li", "O", "F"}]
    for kind, scale in ((R2SCAN, 1.03), (MIXED, 1.02)):
        for phase in family:
            energy = round((phase.formation or 0.0) * scale, 4)
            phases.append(phase._replace(thermo_type=kind, formation=energy))
    return tuple(with_hulls(_with_totals(phase) for phase in phases))


def _reference_phases() -> Iterator[Phase]:
    text = (Path(__file__).parent / "small_set.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    for row in rows:
        formula = row["formula"]
        if formula == "Li4P2O7":  # here come two polymorphs
            continue
        number = crc32(formula.encode())
        material_id = f"mp-{1_000_000 + number % 1_000_000}"
        metal = row["conduction"] == "metal"
        made = make_phase(formula, float(row["formation_energy_eV_per_atom"]), material_id)
        units = (1, 2, 4)[number % 3]
        cell = "".join(f"{symbol}{n * units}" for symbol, n in amounts(made.formula).items())
        yield made._replace(
            formula=cell,
            theoretical=row["observed"] != "yes",
            band_gap=0.0 if metal else float(row["band_gap_eV"]) if row["band_gap_eV"] else None,
        )


def _special_phases() -> Iterator[Phase]:
    yield make_phase("Li8P4O14", -2.758, POLYMORPH_THEORETICAL, theoretical=True)
    yield make_phase("Li8P4O14", -2.738, POLYMORPH_OBSERVED, theoretical=False)
    yield make_phase(
        "Li4Ti2S6",
        -1.66,
        NON_COMMERCIAL,
        theoretical=True,
        license="BY-NC",
        batch_id="gnome_r2scan_statics",
    )
    yield make_phase("Li2CuO3", None, NO_FORMATION_ENERGY, theoretical=True)
    yield make_phase("Li2ZrO4", -4.5, DEPRECATED, theoretical=True, deprecated=True)


def _with_totals(phase: Phase) -> Phase:
    """Add made-up energies of the elements, and take the corrections off again."""
    content = amounts(phase.formula)
    atoms = sum(content.values())
    shift = {GGA: 0.0, R2SCAN: -5.0, MIXED: 0.0}[phase.thermo_type]
    elements = sum(n * _element_energy(symbol) for symbol, n in content.items()) / atoms
    total = (-4.0 if phase.formation is None else phase.formation) + elements + shift
    compound = "-" in phase.chemsys and phase.thermo_type == GGA
    parts = [
        (CORRECTIONS[symbol][0] * n / atoms, CORRECTIONS[symbol][1] * n / atoms)
        for symbol, n in content.items()
        if compound and symbol in CORRECTIONS
    ]
    return phase._replace(
        total=total,
        uncorrected=total - sum(correction for correction, _ in parts),
        uncertainty=math.hypot(*(sigma for _, sigma in parts)) if parts else None,
    )


def _element_energy(symbol: str) -> float:
    return -1.5 - crc32(symbol.encode()) % 8000 / 1000


def _bytes(path: str | Path) -> bytes:
    data = Path(path).read_bytes()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def ids_of(documents: Documents, formula: str) -> list[str]:
    """Ids of a composition, lowest formation energy first."""
    key = composition_key(make_phase(formula, None).formula)
    found = [p for p in documents.phases if composition_key(p.formula) == key]
    found.sort(key=lambda p: math.inf if p.formation is None else p.formation)
    return list(dict.fromkeys(p.material_id for p in found))
