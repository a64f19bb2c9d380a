"""Thermo and summary documents of one database version, as the service stores them."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

GGA, R2SCAN, MIXED = "GGA_GGA+U", "r2SCAN", "GGA_GGA+U_R2SCAN"  # as the service spells them
BY_C: dict[str, Any] = {"license": "BY-C", "batch_id": None}
BY_NC: dict[str, Any] = {"license": "BY-NC", "batch_id": "gnome_r2scan_statics"}
ON_HULL = 1e-6  # eV/atom

# Special cases of the small set
POLYMORPH_THEORETICAL, POLYMORPH_OBSERVED = "mp-3300001", "mp-3300002"  # of Li4P2O7, 20 meV apart
NON_COMMERCIAL = "mp-hlltz"  # BY-NC, and on the hull; newer than the change of identifiers
NO_FORMATION_ENERGY, DEPRECATED = "mp-3300004", "mp-3300005"

Document = dict[str, Any]


@dataclass
class Documents:
    """What the two routes serve."""

    thermo: list[Document] = field(default_factory=list)
    summary: list[Document] = field(default_factory=list)

    def with_hulls(self) -> Documents:
        """Fill in energies above the hull, by HiGHS: one linear program for each composition."""
        for kind in {document["thermo_type"] for document in self.thermo}:
            _hulls([document for document in self.thermo if document["thermo_type"] == kind])
        return self

    def within(self, *elements: str) -> Documents:
        """Only the documents of these elements."""
        keep = lambda d: set(d["chemsys"].split("-")) <= set(elements)  # noqa: E731
        return Documents([*filter(keep, self.thermo)], [*filter(keep, self.summary)])

    def without(self, *identifiers: str) -> Documents:
        """All but some materials; the energies above the hull stay those of all."""
        keep = lambda d: legacy(d["material_id"]) not in identifiers  # noqa: E731
        return Documents([*filter(keep, self.thermo)], [*filter(keep, self.summary)])

    def moved(self, by: Mapping[str, float]) -> Documents:
        """Derive a database in which materials lie elsewhere [eV/atom], by their identifiers."""
        thermo = deepcopy(self.thermo)
        for document in thermo:
            delta = by.get(legacy(document["material_id"]), 0.0)
            document["formation_energy_per_atom"] = (
                document["formation_energy_per_atom"] + delta if delta
                else document["formation_energy_per_atom"]
            )  # fmt: skip
        return Documents(thermo, self.summary).with_hulls()

    def energies(self, kind: str = GGA, systems: Iterable[str] | None = None) -> dict[str, float]:
        """Formation energies [eV/atom] that must arrive, by identifiers of the old form."""
        wanted = None if systems is None else set(systems)
        return {
            legacy(d["material_id"]): d["formation_energy_per_atom"]
            for d in self.thermo
            if d["thermo_type"] == kind and (wanted is None or d["chemsys"] in wanted)
            and not d["deprecated"] and d["formation_energy_per_atom"] is not None
        }  # fmt: skip

    def ids(self, formula: str) -> list[str]:
        """Identifiers of a formula in the old form, lowest formation energy first."""
        found = [d for d in self.thermo if d["formula_pretty"] == formula]
        found.sort(key=lambda d: d["formation_energy_per_atom"] or 0.0)
        return list(dict.fromkeys(legacy(d["material_id"]) for d in found))


def legacy(identifier: str) -> str:
    """``mp-aaaaaaft`` -> ``mp-149``, by emmet."""
    from emmet.core.mpid import AlphaID

    return str(AlphaID(identifier, padlen=8).string)


def padded(identifier: str) -> str:
    """``mp-149`` -> ``mp-aaaaaaft``, as the service stores it, by emmet."""
    from emmet.core.mpid import AlphaID

    return str(AlphaID(identifier, padlen=8))


def make(
    identifier: str, formula: str, formation: float | None, kinds: Iterable[str] = (GGA,),
    *, meta: dict[str, Any] = BY_C, deprecated: bool = False, cells: int = 1, **summary: Any,
) -> Documents:  # fmt: skip
    """Make the documents of one material; total energies are formation energies - 4 eV/atom."""
    amounts, pretty = read(formula)
    atoms = sum(amounts.values()) * cells
    common = {
        "material_id": padded(identifier), "formula_pretty": pretty, "nsites": atoms,
        "chemsys": "-".join(sorted(amounts)), "nelements": len(amounts), "deprecated": deprecated,
        "builder_meta": meta, "last_updated": "2026-04-13T00:00:00",
        "formation_energy_per_atom": formation, "energy_above_hull": None,
    }  # fmt: skip
    total = None if formation is None else formation + (0.0 if "-" in common["chemsys"] else -4.0)
    more = {
        "energy_per_atom": total, "uncorrected_energy_per_atom": total, "energy_type": "GGA",
        "energy_uncertainy_per_atom": None,  # so it is in every document of the service
    }  # fmt: skip
    thermo = [{**common, **more, "thermo_type": kind} for kind in kinds]
    facts = {"theoretical": None, "volume": 10.0 * atoms, "density": 3.0, "band_gap": None}
    return Documents(thermo, [{**common, **facts, "is_metal": False, **summary}])


@lru_cache(maxsize=200_000)
def read(formula: str) -> tuple[dict[str, int], str]:
    """Atoms of each element, and the formula as the service prints it."""
    from pymatgen.core import Composition

    found = Composition(formula)
    return {str(e): round(n) for e, n in found.items()}, str(found.reduced_formula)


@lru_cache(maxsize=1)
def _small() -> Documents:
    found = Documents()

    def add(*args: Any, **options: Any) -> None:
        made = make(*args, **options)
        found.thermo += made.thermo
        found.summary += made.summary

    text = (Path(__file__).parents[1] / "small_set.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        formula, energy = row["formula"], float(row["formation_energy_eV_per_atom"])
        number, metal = crc32(formula.encode()), row["conduction"] == "metal"
        gap = 0.0 if metal else float(row["band_gap_eV"]) if row["band_gap_eV"] else None
        if formula != "Li4P2O7":  # here come two polymorphs
            add(
                f"mp-{1_000_000 + number % 1_000_000}", formula, energy,
                theoretical=row["observed"] != "yes", band_gap=gap, cells=(1, 2, 4)[number % 3],
                is_metal=metal,
            )  # fmt: skip
            if set(read(formula)[0]) <= {"Li", "O", "F"}:
                for kind, scale in ((R2SCAN, 1.03), (MIXED, 1.02)):
                    other = {**found.thermo[-1], "thermo_type": kind}
                    other["formation_energy_per_atom"] = round(energy * scale, 4)
                    found.thermo.insert(0, other)
    add(POLYMORPH_THEORETICAL, "Li4P2O7", -2.758, theoretical=True)
    add(POLYMORPH_OBSERVED, "Li4P2O7", -2.738, theoretical=False)
    add(NON_COMMERCIAL, "Li4Ti2S6", -1.66, theoretical=True, meta=BY_NC)
    add(NO_FORMATION_ENERGY, "Li2CuO3", None, theoretical=True)
    add(DEPRECATED, "Li2ZrO4", -4.5, theoretical=True, deprecated=True)  # below the hull
    return found.with_hulls()


def small_set() -> Documents:
    """Documents of 290 phases around four interlayers, and some special cases.

    Formation energies are real ones (1 meV).  Phases of Li, O and F have r2SCAN and mixed
    documents, too, with energies of their own.
    """
    found = _small()
    return Documents(list(found.thermo), list(found.summary))


def from_recorded(file: Path) -> Documents:
    """Documents made by emmet's own builder from real calculations; see the file's origin."""
    thermo = json.loads(gzip.decompress(file.read_bytes()))["data"]
    summary = [
        {**document, "theoretical": False, "band_gap": None, "is_metal": None}
        for document in thermo
    ]
    return Documents(thermo, summary)


def from_entries(file: Path) -> Documents:
    """Documents of computed entries with their structures; hulls are pymatgen's."""
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    lowest: dict[str, Any] = {}
    for item in json.loads(gzip.decompress(file.read_bytes())):
        entry = ComputedStructureEntry.from_dict(item)
        known = lowest.setdefault(str(entry.entry_id), entry)
        if entry.energy_per_atom < known.energy_per_atom:
            lowest[str(entry.entry_id)] = entry
    diagram, found = PhaseDiagram(list(lowest.values())), Documents()
    for identifier, entry in lowest.items():
        formula = entry.composition.formula.replace(" ", "")
        made = make(identifier, formula, float(diagram.get_form_energy_per_atom(entry)))
        (thermo,), (summary,) = made.thermo, made.summary
        above = max(float(diagram.get_e_above_hull(entry) or 0.0), 0.0)
        thermo["energy_above_hull"] = above if above > ON_HULL else 0.0
        thermo["energy_per_atom"] = float(entry.energy_per_atom)
        thermo["uncorrected_energy_per_atom"] = float(entry.uncorrected_energy_per_atom)
        summary["volume"] = float(entry.structure.volume)
        summary["structure"] = entry.structure.as_dict()
        found.thermo.append(thermo)
        found.summary.append(summary)
    return found


def from_table(file: Path) -> Documents:
    """Documents of a CSV of cell formulas and formation energies, without hulls.

    Row n is ``mp-n``; an element without a row gets one.  For tests of size and speed.
    """
    found, systems = Documents(), set()
    data = file.read_bytes()
    lines = (gzip.decompress(data) if file.suffix == ".gz" else data).decode().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    for formula, _ in rows:
        systems.add("-".join(sorted(set(re.findall("[A-Z][a-z]?", formula)))))
    single = {system for system in systems if "-" not in system}
    rows += [(e, "0") for e in sorted({e for s in systems for e in s.split("-")} - single)]
    for number, (formula, energy) in enumerate(rows, start=1):
        made = make(f"mp-{number}", formula, float(energy))
        found.thermo += made.thermo
        found.summary += made.summary
    return found


def _hulls(documents: list[Document]) -> None:
    import numpy as np
    from scipy.optimize import linprog

    lowest: dict[tuple[tuple[str, int], ...], float] = {}
    ground: dict[tuple[tuple[str, int], ...], Document] = {}
    of: dict[tuple[tuple[str, int], ...], list[Document]] = defaultdict(list)
    for document in documents:
        energy = document["formation_energy_per_atom"]
        if energy is None:
            continue
        key = tuple(sorted(read(document["formula_pretty"])[0].items()))
        of[key].append(document)
        if not document["deprecated"] and energy <= lowest.get(key, energy):
            lowest[key], ground[key] = energy, document
    for key, members in of.items():
        symbols = [symbol for symbol, _ in key]
        within = [k for k in lowest if {s for s, _ in k} <= set(symbols)]
        columns = [[dict(k).get(s, 0) / sum(n for _, n in k) for k in within] for s in symbols]
        target = np.array([n for _, n in key]) / sum(n for _, n in key)
        answer = linprog([lowest[k] for k in within], A_eq=columns, b_eq=target, method="highs")
        height = float(answer.fun) if answer.success else 0.0
        for document in members:
            above = document["formation_energy_per_atom"] - height
            document["energy_above_hull"] = above if above > ON_HULL else 0.0
            document["decomposes_to"] = [
                {"material_id": ground[k]["material_id"], "formula": ground[k]["formula_pretty"]}
                for k, amount in zip(within, answer.x, strict=True)
                if above > ON_HULL and amount > ON_HULL
            ]
