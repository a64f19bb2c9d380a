"""Documents of the Materials Project: what is kept, left aside, or refused altogether."""

import gzip
import json
import math
import zlib

import pytest

from interscreen.errors import InputError, SourceError
from interscreen.phases.identifiers import in_letters, spelled_as, stored
from interscreen.phases.source import GGA, MIXED, R2SCAN, thermo_type
from interscreen.sources.materials_project.documents import (
    STRUCTURE,
    SUMMARY,
    THERMO,
    read_documents,
)
from interscreen.sources.materials_project.store import DOCUMENTS, SUMMARIES

ASKED = frozenset({"Li", "Li-O", "O"})


def thermo(**changes):
    return {
        "material_id": "mp-1",
        "formula_pretty": "Li2O",
        "chemsys": "Li-O",
        "thermo_type": GGA,
        "formation_energy_per_atom": -2.0,
        "energy_above_hull": 0.0,
        "energy_per_atom": -4.7,
        "uncorrected_energy_per_atom": -4.5,
        "energy_uncertainy_per_atom": None,
        "energy_type": "GGA",
        "nsites": 6,
        "last_updated": {"$date": "2026-01-02T03:04:05Z"},
        "deprecated": False,
        "builder_meta": {"license": "BY-C"},
        **changes,
    }


def summary(**changes):
    return {
        "material_id": "mp-1",
        "chemsys": "Li-O",
        "theoretical": False,
        "volume": 60.0,
        "nsites": 6,
        "density": 2.0,
        "band_gap": 5.0,
        "is_metal": False,
        "deprecated": False,
        **changes,
    }


def listed(*documents):
    return {document["material_id"]: document for document in documents}


def test_identifiers_are_stored_in_one_spelling(shared):
    """Pairs as the live service gave them."""
    file = shared / "data" / "mp_recorded" / "summary_Mo2C_2026.json"
    pairs = json.loads(file.read_text())["pairs"]
    assert pairs["mp-aaaaaaft"] == "mp-149"
    for letters, number in pairs.items():
        assert stored(letters) == stored(number) == number
        assert in_letters(letters) == in_letters(number) == letters
        assert spelled_as(letters, {number}) == spelled_as(number, {number}) == number
    assert stored("mp-hlltz") == "mp-aaahlltz"  # newer than the change: it never had a number
    for text in ("c-1", "my entry", "", "mp-149-GGA"):
        assert stored(text) == in_letters(text) == text


def test_identifiers_are_spelled_as_the_service_does():
    """Against its own code, at the powers of 26 and around the last one that has a number."""
    from emmet.core.mpid import AlphaID

    edges = [0, 3347529, *(26**power for power in range(8))]
    for number in {max(0, edge + step) for edge in edges for step in range(-30, 31)}:
        for text in (f"mp-{number}", str(AlphaID(number, prefix="mp"))):
            theirs = AlphaID(text, padlen=8)
            assert (stored(text), in_letters(text)) == (str(theirs.string), str(theirs)), text


def test_what_is_kept_of_an_energy():
    batch = read_documents(THERMO, listed(thermo()), GGA, ASKED)
    assert dict(zip(DOCUMENTS, batch.rows[0], strict=True)) == {
        "material_id": "mp-1",
        "formula": "Li2O",
        "chemsys": "Li-O",
        "formation_energy_eV_per_atom": -2.0,
        "energy_above_hull_eV_per_atom": 0.0,
        "total_energy_eV_per_atom": -4.7,
        "uncorrected_energy_eV_per_atom": -4.5,
        "energy_uncertainty_eV_per_atom": None,
        "last_updated": "2026-01-02T03:04:05Z",
        "licence": "BY-C",
        "run_type": "GGA",
        "corrections": "",
    }
    assert batch.left_aside == []


def test_what_is_kept_of_a_summary():
    batch = read_documents(SUMMARY, listed(summary()), GGA, ASKED)
    assert dict(zip(SUMMARIES, batch.rows[0], strict=True)) == {
        "material_id": "mp-1",
        "theoretical": 0,
        "volume_A3_per_atom": 10.0,
        "density_g_per_cm3": 2.0,
        "band_gap_eV": 5.0,
        "is_metal": 0,
    }


def test_what_a_document_does_not_say_is_unknown_and_not_zero():
    bare = {name: thermo()[name] for name in ("material_id", "formula_pretty", "chemsys")}
    bare |= {"thermo_type": GGA, "formation_energy_per_atom": -2}
    (row,) = read_documents(THERMO, listed(bare), GGA, ASKED).rows
    assert row == ("mp-1", "Li2O", "Li-O", -2.0, None, None, None, None, "", "", "", "")
    found = listed({"material_id": "mp-1", "chemsys": "Li-O"})
    (row,) = read_documents(SUMMARY, found, GGA).rows
    assert row == ("mp-1", None, None, None, None, None)


def test_corrections_are_kept_by_name_with_their_uncertainty(entries_file):
    """A real entry of an iron phosphate, corrected by pymatgen: anion and transition metal."""
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    items = json.loads(gzip.decompress(entries_file.read_bytes()))
    item = next(i for i in items if len(i["energy_adjustments"]) > 1)
    entry = ComputedStructureEntry.from_dict(item)
    atoms = entry.composition.num_atoms
    run = entry.parameters["run_type"]
    entries = {run: {"energy_adjustments": item["energy_adjustments"]}}
    document = thermo(energy_type=run, nsites=atoms, entries=entries)
    (row,) = read_documents(THERMO, listed(document), GGA, ASKED).rows
    kept = dict(zip(DOCUMENTS, row, strict=True))
    corrections = json.loads(kept["corrections"])
    assert set(corrections) == {a.name for a in entry.energy_adjustments}
    assert sum(corrections.values()) == pytest.approx(entry.correction / atoms, abs=1e-7)
    uncertainty = entry.correction_uncertainty_per_atom
    assert kept["energy_uncertainty_eV_per_atom"] == pytest.approx(uncertainty, abs=1e-9)
    other = thermo(energy_type="r2SCAN", nsites=atoms, entries=entries)  # that of another run
    assert read_documents(THERMO, listed(other), GGA, ASKED).rows[0][-1] == ""


@pytest.mark.parametrize("energy", [None, math.nan, math.inf, "-2.0", True])
def test_a_document_without_a_formation_energy_is_left_aside(energy):
    documents = listed(thermo(formation_energy_per_atom=energy), thermo(material_id="mp-2"))
    batch = read_documents(THERMO, documents, GGA, ASKED)
    assert [row[0] for row in batch.rows] == ["mp-2"]
    assert batch.left_aside == [("mp-1", "no formation energy")]


def test_a_deprecated_document_is_left_aside():
    for route, document in ((THERMO, thermo(deprecated=True)), (SUMMARY, summary(deprecated=True))):
        batch = read_documents(route, listed(document), GGA, ASKED)
        assert batch.rows == []
        assert batch.left_aside == [("mp-1", "deprecated")]


@pytest.mark.parametrize(
    ("stated", "family"),
    [(MIXED, GGA), (R2SCAN, GGA), ("r2SCAN", GGA), ("", GGA), (None, GGA), (GGA, R2SCAN)],
)
def test_energies_of_another_run_family_are_refused(stated, family):
    documents = listed(thermo(), thermo(material_id="mp-2", thermo_type=stated))
    with pytest.raises(SourceError, match="share no table") as error:
        read_documents(THERMO, documents, family, ASKED)
    assert "mp-" in str(error.value)
    assert "nothing of this answer is kept" in str(error.value)


def test_the_services_own_spelling_of_r2scan_is_understood():
    for spelled in ("r2SCAN", "R2SCAN"):
        batch = read_documents(THERMO, listed(thermo(thermo_type=spelled)), R2SCAN, ASKED)
        assert len(batch.rows) == 1


def test_documents_of_systems_that_nobody_asked_for_are_refused():
    for route, document in ((THERMO, thermo(chemsys="Li-S")), (SUMMARY, summary(chemsys="Li-S"))):
        with pytest.raises(SourceError, match=r"mp-1 of Li-S, which was not asked for"):
            read_documents(route, listed(document), GGA, ASKED)
        assert len(read_documents(route, listed(document), GGA).rows) == 1
    (row,) = read_documents(THERMO, listed(thermo(chemsys="O-Li")), GGA, ASKED).rows
    assert row[2] == "Li-O"


def test_structures_are_kept_whole():
    document = {"material_id": "mp-1", "chemsys": "Li-O", "structure": {"sites": []}}
    documents = listed(document, {"material_id": "mp-2", "chemsys": "Li-O"})
    batch = read_documents(STRUCTURE, documents, GGA, ASKED)
    ((identifier, packed),) = batch.rows
    assert (identifier, json.loads(zlib.decompress(packed))) == ("mp-1", {"sites": []})
    assert batch.left_aside == [("mp-2", "no structure")]


# -- run families ------------------------


def test_run_families_are_found_however_they_are_written():
    assert thermo_type("GGA_GGA+U") == thermo_type(" gga_gga+u ") == GGA
    assert thermo_type("r2SCAN") == thermo_type("R2SCAN") == R2SCAN


def test_the_mixed_family_is_refused_with_the_reason():
    with pytest.raises(InputError, match="corrected anew in each chemical system"):
        thermo_type(MIXED)


def test_a_misspelled_family_gets_a_suggestion():
    with pytest.raises(InputError, match=r"'R2SCANN': unknown.*R2SCAN"):
        thermo_type("R2SCANN")
    with pytest.raises(InputError, match="use GGA_GGA"):
        thermo_type("PBE")
