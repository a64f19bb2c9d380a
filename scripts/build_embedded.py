"""Build src/interscreen/data/embedded.parquet, the table of phases in the package.

Two files of the Python index hold everything that was published elsewhere; nothing is installed::

    pip download --no-deps --ignore-requires-python -d FOLDER crabnet==2.0.8 reaction-network==8.3.0
    python scripts/build_embedded.py FOLDER            # writes the table
    python scripts/build_embedded.py FOLDER --check    # says whether the one in place is the same

The same versions of pyarrow and pymatgen give the same bytes (the file's metadata name them); other
versions give the same contents.  What was added by hand stands in scripts/embedded/figures.csv and
src/interscreen/data/artefacts.csv, each with its references.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import statistics
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from interscreen.errors import InputError
from interscreen.files import data_rows
from interscreen.phases.formula import atomic_number, read_amounts, reduced_text, whole_numbers
from interscreen.phases.hull import hull_phases
from interscreen.sources.embedded import table_of

HERE = Path(__file__).parent
TARGET = HERE.parent / "src" / "interscreen" / "data" / "embedded.parquet"
PUBLISHED = {
    "crabnet-2.0.8-py3-none-any.whl": (
        "4901565abaa5b4cd1a7841b9de647a3906df21676b226a7abf972d113f92054a"
    ),
    "reaction_network-8.3.0-py3-none-any.whl": (
        "294e9850515f7c2943d017eac4f35ca2d74cc441bc26c275b7b445dc1f4455a5"
    ),
}
CRABNET, NETWORK = PUBLISHED
MEASURED = "exp_compounds.json.gz"  # of pymatgen.analysis.compatibility
MEASURED_SHA256 = "1c77f299b6e50b23abeea421793da35acca9583f322e01a38224789e6e3f6aac"

INSULATING_GAP_EV = 3.0  # measured; the rule of figures.csv

# A measured Gibbs energy of formation (300 K) that lies further above the computed energy of the
# solid belongs to a gas [eV/atom]: AlO, ScO, GaH.  Molecules of non-metals have a weaker bond in
# the solid than metals have, and sulfates and hydrates a larger error: three elements, or no
# metal, have the wider limit.
GAS_EV, WIDE_GAS_EV = 0.5, 0.9
NONMETALS = frozenset("H C N O F Si P S Cl As Se Br I".split())

SOURCE = (
    "formation energies and PBE band gaps of the Materials Project (2018) as published in Matbench "
    "v0.1, tasks mp_e_form and mp_gap: lowest energy per formula, median gap; measured band gaps: "
    "Matbench v0.1, task expt_gap, those above zero (its zeros are computed); volumes: OQMD, as "
    "packed with crabnet 2.0.8; measured compounds: pymatgen's exp_compounds, FREED and NIST-JANAF "
    "as packed with reaction-network 8.3.0; densities and conduction: the references below"
)
LICENCE = "CC BY 4.0"
CITATION = (
    "A. Dunn, Q. Wang, A. Ganose, D. Dopp, A. Jain, npj Comput. Mater. 6, 138 (2020), "
    "doi:10.1038/s41524-020-00406-3; A. Jain et al., APL Mater. 1, 011002 (2013), "
    "doi:10.1063/1.4812323; volumes: J. E. Saal et al., JOM 65, 1501 (2013), "
    "doi:10.1007/s11837-013-0755-4; S. Kirklin et al., npj Comput. Mater. 1, 15010 (2015), "
    "doi:10.1038/npjcompumats.2015.10; measured band gaps: Y. Zhuo, A. Mansouri Tehrani, "
    "J. Brgoch, J. Phys. Chem. Lett. 9, 1668 (2018), doi:10.1021/acs.jpclett.8b00124"
)
GAP_SOURCE = "Zhuo2018"


def main() -> int:
    """Build the table, or compare the one in place with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the downloaded packages")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--out", type=Path, default=TARGET, help="file to write")
    chosen = parser.parse_args()
    table = build(chosen.folder)
    content = packed(table)
    digest = hashlib.sha256(content).hexdigest()
    if not chosen.check:
        chosen.out.write_bytes(content)
        print(f"{chosen.out}: {len(table)} formulas, {len(content):,} bytes, sha256 {digest}")
        return 0
    there = chosen.out.read_bytes()
    same = pq.read_table(io.BytesIO(there)).equals(table)
    print(f"bytes {'the same' if there == content else 'differ'}; contents "
          f"{'the same' if same else 'DIFFER'}")  # fmt: skip
    return 0 if same else 1


def build(folder: Path) -> pa.Table:
    """Return the table."""
    crabnet, network = opened(folder / CRABNET), opened(folder / NETWORK)
    matbench = "crabnet/data/matbench/{}.csv"
    oqmd = "crabnet/data/benchmark_data/OQMD_Volume_per_atom/{}.csv"
    energies = by_formula(rows_of(crabnet, matbench.format("mp_e_form")))
    gaps = by_formula(rows_of(crabnet, matbench.format("mp_gap")))
    measured = by_formula(r for r in rows_of(crabnet, matbench.format("expt_gap")) if r[1] > 0.0)
    volumes = by_formula(
        row for part in ("train", "val", "test") for row in rows_of(crabnet, oqmd.format(part))
    )
    lowest = {formula: min(values) for formula, values in energies.items()}
    made = calorimetry(network, lowest)
    figures = {row["formula"]: row for row in csv.DictReader(plain_lines())}
    artefacts = {row["formula"] for row in data_rows("artefacts.csv")}
    strange = sorted((set(figures) | artefacts) - set(lowest))
    if strange:
        raise SystemExit(f"not among the formulas of Matbench: {', '.join(strange)}")

    numbers = {formula: composition(formula) for formula in lowest}
    formulas = sorted(numbers, key=lambda formula: numbers[formula])
    symbols = sorted({s for f in formulas for s in read_amounts(f)}, key=atomic_number)
    place = {atomic_number(symbol): i for i, symbol in enumerate(symbols)}
    columns: dict[str, list[Any]] = defaultdict(list)
    for formula in formulas:
        known: Mapping[str, str] = figures.get(formula, {})
        gap = known.get("band_gap_eV") or median(measured, formula)
        conduction, stated = known.get("conduction"), known.get("conduction_source")
        if not conduction and gap:
            conduction = "insulator" if float(gap) >= INSULATING_GAP_EV else "semiconductor"
            stated = GAP_SOURCE
        observed, evidence = observation(
            known, formula in artefacts, formula in measured, formula in made
        )
        atoms, counts = numbers[formula]
        row = {
            "formula": formula,
            "element_index": [place[number] for number in atoms],
            "counts": counts,
            "formation_energy_eV_per_atom": 0.0 if len(atoms) == 1 else lowest[formula],
            "structures": len(energies[formula]),
            "pbe_band_gap_eV": median(gaps, formula),
            "measured_band_gap_eV": None if gap is None else float(gap),
            "volume_A3_per_atom": median(volumes, formula),
            "observed": observed,
            "observed_evidence": evidence,
            "density_g_per_cm3": float(known.get("density_g_per_cm3") or "nan"),
            "density_source": known.get("density_source") or None,
            "conduction": conduction or None,
            "conduction_source": stated or None,
        }
        for name, value in row.items():
            columns[name].append(value)
    text, number = pa.dictionary(pa.int16(), pa.string()), pa.float32()
    types = {
        "formula": pa.string(), "element_index": pa.list_(pa.uint8()),
        "counts": pa.list_(pa.uint16()), "structures": pa.int16(), "observed": text,
        "observed_evidence": text, "density_source": text, "conduction": text,
        "conduction_source": text,
    }  # fmt: skip
    arrays = {
        name: pa.array(
            [None if isinstance(v, float) and np.isnan(v) else v for v in values],
            type=types.get(name, number),
        )
        for name, values in columns.items()
    }
    about = {
        "elements": " ".join(symbols),
        "source": SOURCE,
        "licence": LICENCE,
        "citation": CITATION,
        "structures": str(sum(len(values) for values in energies.values())),
        "references": "\n".join(references()),
        "made_with": f"pyarrow {version('pyarrow')}, pymatgen {version('pymatgen')}",
    }
    return with_hulls(pa.table(arrays).replace_schema_metadata(about), about)


def with_hulls(table: pa.Table, about: dict[str, str]) -> pa.Table:
    """Add which phases lie on the hull, of all that count and of all there are."""
    counted = table_of(pq.ParquetFile(io.BytesIO(packed(table))))
    everything = replace(counted, counted=np.ones(len(counted), dtype=bool))
    for name, phases in (("on_hull", counted), ("on_hull_all", everything)):
        table = table.append_column(name, pa.array(hull_phases(phases)))
        about[name] = phases.fingerprint
    return table.replace_schema_metadata(about)


def packed(table: pa.Table) -> bytes:
    """Return the Parquet file."""
    floats = [field.name for field in table.schema if field.type == pa.float32()]
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=19,
        row_group_size=len(table),
        data_page_size=32_768,  # small pages take little memory to read
        use_dictionary=[f.name for f in table.schema if f.name not in (*floats, "formula")],
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
        write_statistics=False,
    )
    return sink.getvalue()


def observation(
    known: Mapping[str, str], artefact: bool, gap: bool, calorimetry: bool
) -> tuple[str, str | None]:
    """Return yes, no or unknown, and the evidence."""
    if artefact:
        return "no", "artefact"
    note = known.get("observed_note") or ""
    evidence = ["measured gap"] * gap + ["calorimetry"] * calorimetry
    if known.get("observed") == "yes":
        evidence.append("list" + f" ({note})" * bool(note))
    if evidence:
        return "yes", ", ".join(evidence)
    return "unknown", note or None


def calorimetry(network: zipfile.ZipFile, lowest: Mapping[str, float]) -> set[str]:
    """Formulas whose energy of formation was measured, gases aside."""
    content = (files("pymatgen.analysis.compatibility") / MEASURED).read_bytes()
    check(MEASURED, content, MEASURED_SHA256)
    found = {reduced(entry["formula"]) for entry in json.loads(gzip.decompress(content))} - {None}
    for name in ("freed", "nist"):
        packed_file = network.read(f"rxn_network/data/{name}/compounds.json.gz")
        for text, by_temperature in json.loads(gzip.decompress(packed_file)).items():
            formula = reduced(text)
            if formula is None or formula not in lowest:
                continue
            amounts = read_amounts(text)
            energy = by_temperature[min(by_temperature, key=lambda t: abs(float(t) - 300.0))]
            wide = len(amounts) > 2 or NONMETALS.issuperset(amounts)
            above = energy / float(sum(amounts.values())) - lowest[formula]
            if len(amounts) > 1 and above < (WIDE_GAS_EV if wide else GAS_EV):
                found.add(formula)
    # an element is made, whatever its state
    return found | {formula for formula in lowest if len(read_amounts(formula)) == 1}


def opened(path: Path) -> zipfile.ZipFile:
    """Open a package whose checksum is the published one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SystemExit(f"{path}: no such file; see the first lines of this script") from None
    check(path.name, content, PUBLISHED[path.name])
    return zipfile.ZipFile(io.BytesIO(content))


def check(name: str, content: bytes, sha256: str) -> None:
    """Stop for another file than the published one."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name}: its sha256 is {found}, not {sha256}")


def rows_of(package: zipfile.ZipFile, name: str) -> Iterator[tuple[str, float]]:
    """Formulas and numbers of a CSV file with two columns."""
    lines = io.TextIOWrapper(package.open(name), "utf-8")
    for row in csv.DictReader(lines):
        yield row["formula"], float(row["target"])


def by_formula(rows: Iterable[tuple[str, float]]) -> dict[str, list[float]]:
    """Numbers of each reduced formula; texts that are no formula are left aside."""
    found: dict[str, list[float]] = defaultdict(list)
    known: dict[str, str | None] = {}
    for text, value in rows:
        if text not in known:
            known[text] = reduced(text)
        formula = known[text]
        if formula:
            found[formula].append(value)
    return found


def composition(formula: str) -> tuple[list[int], list[int]]:
    """Atomic numbers of a formula, and how many atoms of each."""
    amounts = read_amounts(formula)
    counts = whole_numbers(list(amounts.values()))
    return [atomic_number(symbol) for symbol in amounts], list(counts)


def reduced(text: str) -> str | None:
    """Return a formula as the package writes it; None for what is no formula."""
    try:
        amounts = read_amounts(text)
    except InputError:
        return None
    return reduced_text(dict(zip(amounts, whole_numbers(list(amounts.values())), strict=True)))


def median(values: Mapping[str, list[float]], formula: str) -> float | None:
    """Median of what is known of a formula."""
    return statistics.median(values[formula]) if formula in values else None


def plain_lines() -> list[str]:
    """Lines of figures.csv without its comments."""
    lines = (HERE / "embedded" / "figures.csv").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def references() -> list[str]:
    """Short keys of figures.csv and what they stand for."""
    lines = (HERE / "embedded" / "figures.csv").read_text(encoding="utf-8").splitlines()
    notes = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    start = next(i for i, line in enumerate(notes) if line.startswith("REFERENCES"))
    return [*notes[start + 1 :], f"{GAP_SOURCE}: see the citation"]


if __name__ == "__main__":
    sys.exit(main())
