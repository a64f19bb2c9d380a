"""JSON in the forms that people have it in; nothing in it is imported."""

from __future__ import annotations

import gzip
import json
import sys
from contextlib import suppress

import pytest
from monty.json import MontyEncoder
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry
from pymatgen.entries.entry_tools import EntrySet

from interscreen import PhaseTable
from interscreen.errors import InputError
from interscreen.sources import json_files

# total energies [eV per composition] that give LiF -3 eV/atom
ENTRIES = [
    ComputedEntry("Li", -1.9, entry_id="a-1"),
    ComputedEntry("F2", -3.6, entry_id="a-2"),
    ComputedEntry("LiF", -9.7, entry_id="a-3"),
]
DICTS = [entry.as_dict() for entry in ENTRIES]
LINES = "\n".join(json.dumps(entry) for entry in DICTS)
DOCUMENTS = [
    {"material_id": f"mp-{n}", "formula_pretty": formula, "formation_energy_per_atom": energy,
     "composition": {"Li": 1.0}, "symmetry": {"number": 1}, "theoretical": False}
    for n, (formula, energy) in enumerate({"Li": 0.0, "F2": 0.0, "LiF": -3.0}.items())
]  # fmt: skip
COLUMNS = {"formula": ["Li", "F2", "LiF"], "e_form": [0.0, 0.0, -3.0]}


def read(tmp_path, content, name="a.json"):
    path = tmp_path / name
    data = (content if isinstance(content, str) else json.dumps(content, cls=MontyEncoder)).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return PhaseTable.read(path)


def refused(tmp_path, content, name="a.json"):
    with pytest.raises(InputError) as caught:
        read(tmp_path, content, name)
    message = str(caught.value)
    assert "\n" not in message
    assert "a.json" in message
    return message


FORMS = {
    "list": DICTS,
    "PDEntry": [PDEntry(e.composition, e.energy).as_dict() for e in ENTRIES],
    "without classes": [{"composition": e.composition.as_dict(), "energy": e.energy,
                         "entry_id": e.entry_id} for e in ENTRIES],
    "formulas as text": [{"composition": e.formula, "energy": e.energy} for e in ENTRIES],
    "PhaseDiagram": PhaseDiagram(ENTRIES).as_dict(),
    "old PhaseDiagram": {"@module": "pymatgen.analysis.phase_diagram", "@class": "PhaseDiagram",
                         "all_entries": DICTS, "elements": []},
    "EntrySet": EntrySet(ENTRIES).as_dict() | {"@class": "EntrySet"},
    "dict with entries": {"entries": DICTS, "made": "today"},
    "dict of entries by id": {entry["entry_id"]: entry for entry in DICTS},
    "entries by id": {"entries": {entry["entry_id"]: entry for entry in DICTS}},
    "list of a PhaseDiagram": [PhaseDiagram(ENTRIES).as_dict()],
    "list of a list": [DICTS],
    "entries further inside": {"result": {"entries": DICTS}},
    "documents": DOCUMENTS,
    "documents with charges": [
        {"formation_energy_per_atom": energy, "composition": composition}
        for composition, energy in (
            ({"Li0+": 1.0}, 0.0), ({"F": 2.0}, 0.0), ({"Li+": 1.0, "F-": 0.5, "F": 0.5}, -3.0),
        )
    ],
    "an answer of the service": {"data": DOCUMENTS, "meta": {"total_doc": 3}},
    "columns of lists": COLUMNS,
    "pandas columns": {name: dict(enumerate(values)) for name, values in COLUMNS.items()},
    "pandas split": {"columns": list(COLUMNS), "index": [0, 1, 2],
                     "data": list(zip(*COLUMNS.values(), strict=True))},
    "pandas index": {n: {name: values[n] for name, values in COLUMNS.items()} for n in range(3)},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_form_gives_the_same_table(tmp_path, form):
    table = read(tmp_path, FORMS[form])
    assert set(table.formulas.tolist()) == {"Li", "F2", "LiF"}
    assert table.energies[table.find("LiF")] == pytest.approx(-3.0, abs=1e-12)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a.json.gz", "a.jsonl.gz"])
def test_one_entry_on_each_line(tmp_path, name):
    assert read(tmp_path, LINES, name).energies.min() == pytest.approx(-3.0, abs=1e-12)


def optimade(data=None, **more):
    """Answer of one OPTIMADE server, as it sends it."""
    rows = [
        {"id": name, "type": "structures",
         "attributes": {"chemical_formula_reduced": name, "_oqmd_delta_e": energy, "elements": []}}
        for name, energy in {"Li": 0.0, "F2": 0.0, "LiF": -3.1}.items()
    ]  # fmt: skip
    return {
        "data": rows if data is None else data,
        "errors": [],
        "meta": {"data_returned": 3},
    } | more


def saved(*answers):
    """Return what ``optimade-get`` writes: by endpoint, filter and server."""
    return {"structures": {"a filter": {f"server {i}": one for i, one in enumerate(answers)}}}


@pytest.mark.parametrize("found", [optimade(), saved(optimade())])
def test_an_answer_of_an_optimade_server_is_a_table(tmp_path, found):
    table = read(tmp_path, found)
    row = table.find("LiF")
    assert (table.energies[row], table.ids[row]) == (-3.1, "LiF")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (optimade(meta={"data_returned": 4}), "3 of the 4 entries that the server has"),
        (saved(optimade([], errors=["a wrong filter"])), "error: .*a wrong filter"),
        (saved(optimade(), optimade()), "answers of 2 databases, whose scales differ"),
    ],
)
def test_an_answer_of_an_optimade_server_that_is_none_is_refused(tmp_path, found, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, found)


def test_a_structure_stands_for_its_composition(tmp_path):
    cell = Structure(Lattice.cubic(4.0), ["Li+", "F-"], [[0, 0, 0], [0.5] * 3])
    entry = ComputedStructureEntry(cell, -9.7).as_dict()
    assert read(tmp_path, [*DICTS[:2], entry]).find("LiF") is not None
    del entry["composition"]
    assert read(tmp_path, [*DICTS[:2], entry]).find("LiF") is not None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"@class": "GrandPotentialPhaseDiagram", "all_entries": DICTS},
         "a GrandPotentialPhaseDiagram"),
        ([{**DICTS[0], "@class": "GibbsComputedStructureEntry"}], "a GibbsComputedStructureEntry"),
        ([{**DICTS[0], "@class": "TransformedPDEntry"}], "a TransformedPDEntry"),
        ({"a": DICTS[:2], "b": DICTS[2:]}, "a PhaseDiagram, an EntrySet"),
        ({"some": 1, "thing": 2}, "a dictionary with the keys some, thing"),
        ([1, 2], "entry 1: 1 is no entry"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("not json", "it is no JSON"),
        ([{**DICTS[0], "composition": None}], "entry 1: its composition is None"),
        ([{**DICTS[0], "composition": {"Xx": 1}}], "entry 1: its composition"),
        ([{**DICTS[0], "composition": {"Li": -1}}], "entry 1: its composition"),
        ([{**DICTS[0], "composition": {"Li": 0}}], "entry 1: its composition has 0 atoms"),
        ([{**DICTS[0], "composition": {"Li": 10**400}}], "not a finite number"),
        (json.dumps(DICTS).replace("-1.9", "1e309"), "entry 1: its energy is inf"),
        (json.dumps(DICTS).replace("-1.9", "NaN"), "entry 1: its energy is nan"),
        ([{**DICTS[0], "composition": {"Li": 1e30}}], "1e+30 atoms"),
        ([{**DICTS[0], "energy": "-1.9"}], "its energy is '-1.9'"),
        ([{**DICTS[0], "energy_adjustments": 3}], "energy_adjustments are no list"),
        ([{**DICTS[0], "energy_adjustments": [{}]}], "its n_atoms is None"),
        ({"@module": "numpy", "@class": "array", "data": [], "shape": [10**9]}, "a array"),
    ],
)  # fmt: skip
def test_other_forms_and_damaged_entries_are_named(tmp_path, content, says):
    assert says in refused(tmp_path, content)


def test_the_number_of_values_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(json_files, "MOST_VALUES", 1000)
    assert "more than 1000 values" in refused(tmp_path, "[" + "[]," * 600 + "[]]")


BOOM = {"@module": "interscreen_boom", "@class": "Boom", "@version": None}


@pytest.mark.parametrize(
    "content",
    [
        BOOM, [BOOM], {"entries": [BOOM]}, [{**DICTS[0], **BOOM}],
        [*DICTS[:2], {**DICTS[2], "data": BOOM}],
        [*DICTS[:2], {**DICTS[2], "energy_adjustments": [{**BOOM, "value": 0.0, "cls": BOOM}]}],
        [{**DICTS[0], "composition": BOOM}],
        {**PhaseDiagram(ENTRIES).as_dict(), "elements": [BOOM]},
        [{**document, "symmetry": BOOM} for document in DOCUMENTS],
    ],
)  # fmt: skip
def test_no_module_that_a_file_names_is_imported(tmp_path, monkeypatch, content):
    (tmp_path / "interscreen_boom.py").write_text("raise SystemExit('executed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    with suppress(InputError):
        read(tmp_path, content)
    assert "interscreen_boom" not in sys.modules


def test_what_is_read_is_what_pymatgen_reads(tmp_path, shared):
    """Every entry of a real download, with its corrections and their errors."""
    from monty.json import MontyDecoder

    path = shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    from interscreen.sources.entries import calculation

    with gzip.open(path) as packed:
        found = json.load(packed)[::30]
    for entry in found:
        entry["structure"] = None
        entry["@class"] = "ComputedEntry"
        theirs = MontyDecoder().process_decoded(entry)
        ours = calculation(entry)
        assert ours.energy == pytest.approx(theirs.energy, abs=1e-9)
        assert Composition(ours.amounts) == theirs.composition
        assert ours.uncertainty == pytest.approx(
            theirs.correction_uncertainty_per_atom, abs=1e-12, nan_ok=True
        )
        same = calculation(theirs)
        assert (ours.family, ours.corrected, ours.identifier) == (
            same.family, same.corrected, same.identifier,
        )  # fmt: skip
