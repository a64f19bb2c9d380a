"""Answers from the store are those of pymatgen from the same entries; a store audits itself."""

import gzip
import json
import sqlite3
import warnings

import numpy as np
import pytest

import interscreen as si
from interscreen import react, stability_window
from interscreen.answers.documents import documents_of, documents_text
from interscreen.errors import InputError, SourceError
from interscreen.sources.materials_project.check import audit
from interscreen.sources.materials_project.store import Store, store_path
from interscreen.sources.open import SourceOptions, open_table
from service import Service
from service.documents import padded

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")

EXACT = 1e-6  # eV/atom and V
ALL = ("Fe", "Li", "O", "P")
OFFLINE = SourceOptions(offline=True)


@pytest.fixture(scope="module")
def computed(entries_file):
    """The entries that the documents were made from, and pymatgen's phase diagram of them."""
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    with gzip.open(entries_file) as stream:
        entries = [ComputedStructureEntry.from_dict(item) for item in json.load(stream)]
    return entries, PhaseDiagram(entries)


@pytest.fixture
def pulled(pull, four_elements):
    """Everything of Fe, Li, O and P, pulled into the store of this test."""
    with Service(four_elements) as service:
        pull(service, ALL)
    return open_table("mp", [ALL], options=OFFLINE)


@pytest.fixture
def filled(pull, open_store, four_elements):
    with Service(four_elements) as service:
        pull(service, ALL)
    return open_store()


# -- pymatgen ------------------------


def pymatgen_window(diagram, formula):
    """Reduction and oxidation potential [V]: where Li starts to be taken up and given off."""
    from pymatgen.core import Composition, Element

    lithium = Element("Li")
    reference = diagram.el_refs[lithium].energy_per_atom
    profile = diagram.get_element_profile(lithium, Composition(formula))
    levels = [(reference - float(p["chempot"]), float(p["evolution"])) for p in profile]
    level = next(i for i, (_, taken) in enumerate(levels) if abs(taken) < 1e-6)
    upper = levels[level + 1][0] if level + 1 < len(levels) else None
    return levels[level][0], upper


def test_the_front_door_opens_what_each_question_needs(pulled):
    db = si.load("mp", offline=True)
    assert repr(db) == "<Database mp: nothing asked yet>"
    found = db.window("LiFePO4", samples=20)
    assert found.assemblage_window_V == stability_window(pulled, "LiFePO4").assemblage_window_V
    assert found.provenance["source"] == "mp"
    first = db.table
    assert db.reaction("Li3PO4", "LiFePO4").min_mutual_energy_eV_per_atom <= 0.0
    assert db.table is first
    with pytest.raises(SourceError, match="Cu"):
        db.window("CuF2")
    assert {e.symbol for e in db.phase_diagram("Li-Fe-P-O").elements} == set(ALL)
    assert db.screen(["Li3PO4"], "LiFePO4").study["source"] == "mp"


@pytest.mark.parametrize(
    "formula",
    ["Li3PO4", *(pytest.param(f, marks=pytest.mark.proof) for f in ("LiFePO4", "FePO4"))],
)
def test_windows_are_those_of_pymatgen(pulled, computed, formula):
    from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram
    from pymatgen.core import Composition, Element

    entries, diagram = computed
    reduction, oxidation = pymatgen_window(diagram, formula)
    window = stability_window(pulled, formula)
    assert window.phase_window_V[0] == pytest.approx(reduction, abs=EXACT)
    assert window.phase_window_V == window.assemblage_window_V
    if oxidation is None:
        assert window.phase_window_V[1] is None
    else:
        assert window.phase_window_V[1] == pytest.approx(oxidation, abs=EXACT)
    # and by a second way of pymatgen's: the phase is stable at the potentials inside only
    reference = diagram.el_refs[Element("Li")].energy_per_atom
    wanted = Composition(formula).reduced_formula

    def stable_at(voltage):
        opened = GrandPotentialPhaseDiagram(entries, {Element("Li"): reference - voltage})
        return wanted in {
            entry.original_entry.composition.reduced_formula for entry in opened.stable_entries
        }

    lower, upper = window.phase_window_V
    assert not stable_at(lower - 1e-4)
    assert stable_at(lower + 1e-4)
    if upper is not None:
        assert stable_at(upper - 1e-4)
        assert not stable_at(upper + 1e-4)


def pymatgen_kinks(interface):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(sorted((x, energy) for _, x, energy, _, _ in interface.get_kinks())).T


def assert_same_curve(reaction, x, energy, kind="mutual"):
    ours = np.array([kink.mixing_fraction for kink in reaction.kinks])
    values = [getattr(kink, f"{kind}_energy_eV_per_atom") for kink in reaction.kinks]
    np.testing.assert_allclose(np.interp(x, ours, values), energy, atol=EXACT, rtol=0)
    np.testing.assert_allclose(np.interp(ours, x, energy), values, atol=EXACT, rtol=0)


@pytest.mark.parametrize(
    ("a", "b", "least"),
    [("LiFePO4", "Li3PO4", None), ("LiFePO4", "Li", -0.4), ("FePO4", "Li3PO4", -0.001)],
)
def test_reactions_are_those_of_pymatgen(pulled, computed, a, b, least):
    from pymatgen.analysis.interface_reactions import InterfacialReactivity
    from pymatgen.core import Composition

    _, diagram = computed
    reaction = react(pulled, a, b)
    for hull, kind in ((True, "mutual"), (False, "total")):
        interface = InterfacialReactivity(
            Composition(a), Composition(b), diagram, norm=True, use_hull_energy=hull
        )
        x, energy = pymatgen_kinks(interface)
        assert_same_curve(reaction, x, energy, kind)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(energy.min(), abs=EXACT)
    if least is None:  # the two coexist
        assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(0.0, abs=EXACT)
    else:
        assert reaction.min_mutual_energy_eV_per_atom < least


@pytest.mark.parametrize("potential", [1.0, 4.5])
def test_reactions_open_to_lithium_are_those_of_pymatgen(pulled, computed, potential):
    from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity
    from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram
    from pymatgen.core import Composition, Element

    entries, diagram = computed
    lithium = Element("Li")
    reference = diagram.el_refs[lithium].energy_per_atom
    first, second = Composition("LiFePO4"), Composition("Li3PO4")
    interface = GrandPotentialInterfacialReactivity(
        first,
        second,
        GrandPotentialPhaseDiagram(entries, {lithium: reference - potential}),
        diagram,
        include_no_mixing_energy=False,
        norm=True,
        use_hull_energy=True,
    )
    x, energy = pymatgen_kinks(interface)
    kept = [1.0 - c.get_atomic_fraction(lithium) for c in (first, second)]  # theirs: without Li
    energy = energy * (x * kept[0] + (1 - x) * kept[1])
    reaction = react(pulled, "LiFePO4", "Li3PO4", potential_V=potential)
    assert_same_curve(reaction, x, energy)


def test_every_formation_energy_is_pymatgens(filled, computed):
    entries, diagram = computed
    rows = dict(filled.read("SELECT material_id, formation_energy_eV_per_atom FROM documents"))
    assert len(rows) == len(entries) == 943
    for entry in entries:
        assert rows[str(entry.entry_id)] == pytest.approx(
            diagram.get_form_energy_per_atom(entry), abs=1e-9
        )


# -- audits ------------------------


def test_a_store_of_real_documents_agrees_with_the_service(filled):
    report = audit(filled)
    assert report["hull"] == "943 agree with the Materials Project's"
    assert report["hull_differences"] == 0
    assert report["check"] == "ok"
    assert report["pulled"] == ["Fe-Li-O-P"]
    assert sorted(report["element_symbols"]) == sorted(ALL)
    assert report["licences"] == {"BY-C": 943}
    assert report["theoretical"].endswith(" of 943")


@pytest.mark.parametrize("formula", ["LiFePO4", "Li2O"])
def test_a_store_that_has_lost_a_phase_of_the_hull_notices(filled, computed, formula):
    _, diagram = computed
    (lost,) = [
        str(entry.entry_id) for entry in diagram.stable_entries
        if entry.composition.reduced_formula == formula
    ]  # fmt: skip
    path = filled.path
    filled.close()
    with sqlite3.connect(path) as damaged:
        assert damaged.execute("DELETE FROM documents WHERE material_id = ?", (lost,)).rowcount == 1
    damaged.close()
    with Store(path) as store:
        report = audit(store)
    assert report["hull_differences"] >= 1
    assert "differ from the Materials Project's by more than 2 meV/atom" in report["hull"]
    assert "pull its elements into an empty folder" in report["hull"]
    assert report["check"] == "ok"  # the file itself is sound


def test_a_store_of_the_small_set_agrees_with_the_service(pull, open_store, service):
    pull(service, ("Al", "Li", "O", "P", "Ti"), ("Li", "S", "Ti"), ("Li", "Xe"), ("Li", "O", "Zr"))
    report = audit(open_store())
    assert report["hull_differences"] == 0
    assert report["hull"].endswith("agree with the Materials Project's")
    assert report["absent_elements"] == ["Xe"]
    assert report["left_aside"] == {"deprecated": 1}
    assert report["licences"]["BY-NC"] == 1


def test_only_systems_with_all_their_phases_are_compared(pull, open_store, service, small):
    # energies of Li-O-P have arrived, its summaries and the rest of the question have not
    service.fail("403", route="/materials/summary/", after=1)
    with pytest.raises(SourceError):
        pull(service, ("Li", "O", "P"))
    store = open_store()
    assert store.count("documents") == 14
    assert audit(store)["hull"] == "3 agree with the Materials Project's"


def test_a_complete_store_agrees_with_the_service(pull, open_store, service, small):
    pull(service, everything=True)
    report = audit(open_store())
    assert report["hull_differences"] == 0
    assert report["formulas"] == 291


def test_an_empty_store_cannot_be_audited(home):
    path = store_path("2026.04.13", "GGA_GGA+U")
    with (
        Store(path, create=("2026.04.13", "GGA_GGA+U")) as store,
        pytest.raises(InputError, match="empty; fill it with `interscreen data pull"),
    ):
        audit(store)


def test_an_answer_names_the_document_of_each_of_its_phases(pull, service, small):
    pull(service, ("Li", "O", "S", "Ti"))
    table = open_table("mp", [("Li", "O", "S", "Ti")], options=OFFLINE)
    answer = react(table, "Li2O", "TiS2").to_dict()
    documents = documents_of(answer, table)
    assert documents.keys() == {"Li2O", "TiS2", "Li2S", "Li2TiO3", "Li2TiS3", "Li4TiO4", "TiO2"}
    (number,) = small.ids("Li2O")
    for spelled in (number, padded(number)):  # a reactant by its identifier
        assert react(table, spelled, "TiS2").products == react(table, "Li2O", "TiS2").products
    assert documents["Li2O"] == {
        "material_id": number,
        "material_id_in_letters": padded(number),
        "theoretical": "no",
        "licence": "BY-C",
        "energy_above_hull_eV_per_atom": 0.0,
    }
    assert documents["Li2TiS3"]["licence"] == "BY-NC"
    text = documents_text(documents)
    assert f"  Li2O: {number} = {padded(number)}, made, 0 meV/atom above hull, BY-C" in text
    assert "  Li2TiS3: mp-aaahlltz, theoretical, 0 meV/atom above hull, BY-NC" in text
    assert max(map(len, text.splitlines())) <= 80
    embedded = si.load().table
    assert documents_of(react(embedded, "Li2O", "TiS2").to_dict(), embedded) == {}


def test_answers_and_runs_in_python_name_their_documents_too(pull, service, small, tmp_path):
    pull(service, ("Li", "O", "S", "Ti"))
    db = si.load("mp", offline=True)
    found = db.reaction("Li2O", "TiS2")
    (number,) = small.ids("Li2O")
    assert found.documents["Li2O"]["material_id_in_letters"] == padded(number)
    assert found.to_dict()["documents"] == found.documents
    assert db.window("TiO2").documents["TiO2"]["theoretical"] == "no"
    assert si.load().reaction("Li2O", "TiS2").documents == {}
    run = db.screen(["Li2O", "TiO2"], "Li2TiO3", out=tmp_path / "run")
    phases = run.phases.set_index("material")
    assert phases.loc["Li2O", "material_id"] == number
    assert phases.loc["Li2O", "material_id_in_letters"] == padded(number)
    named = {"Li2O", "TiO2", "Li2TiO3", *run.windows["material"]}
    assert named <= set(phases.index)
    for equation in run.reactions["equation"].dropna():
        left, right = equation.split(" -> ")
        for part in (left + " + " + right).split(" + "):
            assert part.split()[-1].strip("()") in phases.index, equation
    assert set(phases["licence"]) <= {"BY-C", "BY-NC"}
    checksum = db.table.source.sha256
    assert len(checksum) == 64
    assert run.manifest["source"]["sha256"] == found.provenance["sha256"] == checksum
    whole = db.screen("all", "Li2TiO3", out=tmp_path / "whole")
    assert whole.phases.set_index("material").loc["Li2O", "material_id"] == number
    assert not (tmp_path / "embedded" / "phases.csv").exists()
    si.load().screen(["LiF"], "Li2O", out=tmp_path / "embedded")
    assert (tmp_path / "embedded" / "results.csv").exists()
    assert not (tmp_path / "embedded" / "phases.csv").exists()
