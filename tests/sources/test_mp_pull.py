"""Pulls from the Materials Project: each system once, nothing half, nothing twice."""

import json
import subprocess
import sys
import time
from collections import Counter

import pytest

from interscreen.errors import InputError, SourceError
from interscreen.sources.materials_project import client as client_module
from interscreen.sources.materials_project import pull as pull_module
from interscreen.sources.materials_project.check import audit
from interscreen.sources.materials_project.local import Wanted, check_elements, local_store
from interscreen.sources.materials_project.pull import WHOLE, batches_of, subsystems
from interscreen.sources.materials_project.store import find_stores
from interscreen.sources.open import SourceOptions, open_table
from service import KEY, SUMMARY, THERMO, Documents, Service, doubled, empty
from service.documents import (
    DEPRECATED,
    NO_FORMATION_ENERGY,
    NON_COMMERCIAL,
    legacy,
)

LIPO = ("Li", "O", "P")
EIGHT = ("Al", "Ge", "Li", "O", "P", "S", "Ti", "Zr")
OFFLINE = SourceOptions(offline=True)
ROUTE = {THERMO: "thermo", SUMMARY: "summary"}


def systems_of(*sets):
    return {system for elements in sets for system in subsystems(elements)}


def held_by(documents, systems=None, family="GGA_GGA+U"):
    """Formation energies [eV/atom] that must arrive, by id."""
    return documents.energies(family, systems)


def kept_in(store):
    return dict(store.read("SELECT material_id, formation_energy_eV_per_atom FROM documents"))


def data_requests(service):
    return service.asked()


def assert_each_once(service, *sets):
    """Each compound system once; elements may come along, to tell an empty answer by."""
    for route in (THERMO, SUMMARY):
        asked, wanted = service.systems(route), systems_of(*sets)
        assert asked.keys() - {"O"} == wanted - {"O"}, route
        assert {asked[name] for name in wanted if "-" in name} == {1}, route


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    assert error.value.exit_code == 4
    for part in parts:
        assert part in message


# -- lists of systems ------------------------


def test_every_subset_of_the_elements_is_a_system():
    assert list(subsystems(["O", "Li", "O"])) == ["Li", "O", "Li-O"]
    assert len(set(subsystems(EIGHT))) == 2**8 - 1


def test_elements_of_a_command_line_are_checked():
    assert check_elements(["Li", " O", ""]) == {"Li", "O"}
    with pytest.raises(InputError, match="none given"):
        check_elements([" "])
    with pytest.raises(InputError, match=r"'Lii' is no element.*Li"):
        check_elements(["Lii"])


@pytest.mark.proof
def test_requests_for_twelve_elements_stay_far_below_the_limit_of_the_service(service, pull):
    twelve = ("Ag", "Al", "Cu", "Ge", "La", "Mg", "Mo", "Nb", "Si", "Sn", "Ti", "Zn")
    systems = list(subsystems(twelve))
    batches = list(batches_of(systems))
    assert len(systems) == 4095
    assert [name for batch in batches for name in batch] == systems
    report = pull(service, twelve)
    assert max(r.line for r in service.requests) < 8000
    assert_each_once(service, twelve)
    assert report.systems == 4095


# -- a study ------------------------


@pytest.fixture(scope="module")
def forty_by_three(reference):
    """A study of forty candidates and three electrolytes."""
    from interscreen.screen.study import Study

    formulas = [
        str(reference.formulas[row])
        for row in range(len(reference))
        if 2 <= len(reference.composition(row)) <= 3 and reference.energies[row] < -0.5
    ]
    study = Study(
        name="forty", electrolytes=["LLZO", "LATP", "LAGP"], candidates=formulas[:80:2], jobs=1
    )
    assert len(study.candidates) == 40
    return study


@pytest.mark.proof
def test_a_study_asks_for_each_system_once_and_then_for_nothing(
    connect, pull, service, small, forty_by_three
):
    from interscreen.screen.run import run_study

    sets = forty_by_three.element_sets
    report = pull(service, *sets)
    systems = systems_of(*sets)
    assert_each_once(service, *sets)
    assert (report.systems, report.absent) == (len(systems), frozenset())
    assert report.documents == len(held_by(small, systems))
    assert report.requests == len(data_requests(service)) < 3.1 * len(list(batches_of(systems)))
    before = len(service.requests)
    again = pull(service, *sets)
    assert (again.systems, again.documents, again.requests) == (0, 0, 0)
    assert {r.path for r in service.requests[before:]} == {"/heartbeat"}
    before = len(service.requests)
    told = []
    table = open_table("mp", sets, notify=told.append)  # the store has it all: not even a client
    service.stop()
    assert len(service.requests) == before
    assert told == []
    results = run_study(forty_by_three, open_table("mp", sets, options=OFFLINE))
    assert len(results.results) == 120
    assert results.failed == 0
    assert len(table) == len(open_table("mp", sets, options=OFFLINE))


def test_a_store_holds_every_usable_document_of_its_systems(pull, open_store, service, small):
    report = pull(service, LIPO, ("Cu", "Li", "O"), ("Li", "O", "Zr"))
    systems = systems_of(LIPO, ("Cu", "Li", "O"), ("Li", "O", "Zr"))
    store = open_store()
    assert kept_in(store) == held_by(small, systems)
    assert report.documents == store.count("documents")
    assert store.asked("thermo") == store.asked("summary") == systems
    aside = dict(store.read("SELECT material_id, reason FROM left_aside WHERE route = 'thermo'"))
    assert aside == {DEPRECATED: "deprecated", NO_FORMATION_ENERGY: "no formation energy"}
    assert store.pulled_sets() == [
        frozenset(s) for s in (("Cu", "Li", "O"), ("Li", "O", "P"), ("Li", "O", "Zr"))
    ]


def test_a_larger_question_asks_only_for_what_is_new(pull, service):
    pull(service, LIPO)
    del service.requests[:]
    pull(service, LIPO, ("Li", "O", "P", "S"))
    new = systems_of(("Li", "O", "P", "S")) - systems_of(LIPO)
    assert {n for n in service.systems(THERMO) if n != "Li"} == new


def test_progress_ends_at_the_number_of_systems(pull, service):
    seen = []
    pull(service, EIGHT, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (255, 255)


def test_two_run_families_share_no_store(pull, open_store, service, small):
    pull(service, ("F", "Li", "O"))
    pull(service, ("F", "Li", "O"), family="R2SCAN")
    gga, r2scan = open_store(), open_store(family="R2SCAN")
    assert len(find_stores()) == 2
    systems = systems_of(("F", "Li", "O"))
    assert kept_in(gga) == held_by(small, systems)
    assert kept_in(r2scan) == held_by(small, systems, "r2SCAN")
    assert kept_in(gga) != kept_in(r2scan)
    wanted = Wanted(thermo_type="R2SCAN")
    with local_store(wanted, [("Li", "O")]) as found:
        assert found.thermo_type == "R2SCAN"
    assert local_store(wanted, [("Li", "P")]) is None


def test_the_coverage_of_a_smaller_run_family_is_told(pull, service, small, notes):
    pull(service, ("Cu", "F", "Li"), family="R2SCAN")
    own = len(held_by(small, systems_of(("F", "Li")), "r2SCAN"))
    theirs = len(held_by(small, systems_of(("F", "Li"))))
    assert own == theirs == 3  # Cu has no r2SCAN phase, so its systems are not asked for
    (told,) = notes
    assert told.startswith("R2SCAN has 3 documents of these systems, GGA_GGA+U 3")


def test_structures_come_on_demand_and_once(pull, open_store, home, four_elements):
    lithium = four_elements.within("Li", "O")
    with Service(lithium) as service:
        pull(service, ("Li", "O"))
        del service.requests[:]
        report = pull(service, ("Li", "O"), structures=True)
        assert {r.path for r in data_requests(service)} == {SUMMARY}
        assert report.requests == 2
        assert pull(service, ("Li", "O"), structures=True).requests == 0
    store = open_store()
    structures = {legacy(d["material_id"]): (d["material_id"], d["structure"])
                  for d in lithium.summary}  # fmt: skip
    for identifier in kept_in(store):
        letters, structure = structures[identifier]
        assert store.structure(identifier) == store.structure(letters)
        assert store.structure(identifier) == json.loads(json.dumps(structure))
    assert store.structure("mp-0") is None


# -- faults ------------------------


@pytest.mark.parametrize("route", [THERMO, SUMMARY])
@pytest.mark.parametrize("fault", ["502", "cut", empty])  # all of them: test_mp_client.py
def test_a_passing_fault_at_any_request_changes_nothing(
    home, pull, open_store, small, route, fault
):
    with Service(small) as service:
        for after in (0, 1):
            service.fail(fault, route=route, after=after)
        pull(service, LIPO, ("Li", "Zr"))
    assert kept_in(open_store()) == held_by(small, systems_of(LIPO, ("Li", "Zr")))
    assert not open_store().lacking([LIPO])


@pytest.mark.parametrize("route", [THERMO, SUMMARY])
@pytest.mark.parametrize("fault", ["502", "403"])
def test_after_a_failure_only_what_is_missing_is_asked_for(
    pull, open_store, service, small, route, fault, monkeypatch
):
    monkeypatch.setattr(pull_module, "_CHARACTERS", 500)
    service.fail(fault, route=route, times=None, after=2)
    with pytest.raises(SourceError) as error:
        pull(service, EIGHT)
    assert_one_line(error)
    kept = open_store()
    asked = kept.asked("thermo")
    assert len(asked) > 50
    assert kept_in(kept) == held_by(small, asked)
    assert kept.pulled_sets() == []
    assert kept.lacking([("Li", "O")])
    service.mend()
    report = pull(service, EIGHT)
    assert report.systems == 255 - len(asked)
    assert_each_once(service, EIGHT)
    assert kept_in(open_store()) == held_by(small, systems_of(EIGHT))


def test_the_key_is_in_no_file(pull, service, home):
    for fault in ("502", "json", "cut"):
        service.fail(fault)
    pull(service, LIPO)
    open_table("mp", [LIPO])
    files = [file for file in home.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} >= {".sqlite", ".npz"}
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file


# -- empty answers ------------------------


def test_one_empty_answer_about_compounds_does_not_make_holes(pull, open_store, service, small):
    service.fail(empty, after=1)  # the first one is about the elements
    pull(service, LIPO)
    assert kept_in(open_store()) == held_by(small, systems_of(LIPO))


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_service_that_answers_nothing_any_more_is_not_believed(
    pull, open_store, service, small, after
):
    for route in (THERMO, SUMMARY):
        service.fail(empty, route=route, times=None, after=after)
    with pytest.raises(SourceError) as error:
        pull(service, EIGHT)
    assert_one_line(error, "documents without those of", "nothing of this answer is kept")
    store = open_store()
    assert kept_in(store) == held_by(small, store.asked("thermo"))
    assert store.pulled_sets() == []
    assert store.absent() == frozenset()


@pytest.mark.parametrize("times", [1, None])
def test_energies_without_summaries_are_asked_for_again(pull, open_store, service, small, times):
    service.fail(empty, route=SUMMARY, times=times, after=1)
    if times is None:
        with pytest.raises(SourceError) as error:
            pull(service, LIPO)
        assert_one_line(error, "summary documents without those of", "6 times in a row")
        assert open_store().asked("summary") == set(LIPO)
        assert open_store().lacking([LIPO])
        return
    pull(service, LIPO)
    assert open_store().count("summaries") == len(held_by(small, systems_of(LIPO)))


def test_a_service_without_documents_fills_no_store(home, pull, open_store, small):
    with Service(Documents()) as service:
        for everything in (False, True):
            with pytest.raises(SourceError) as error:
                pull(service, *([] if everything else [LIPO]), everything=everything)
            assert_one_line(error, "try again later" if everything else "without those of O")
    store = open_store()
    for table in ("documents", "summaries", "systems", "pulled", "left_aside"):
        assert store.count(table) == 0
    assert local_store(Wanted(), [("Li", "O")]) is None


def test_large_systems_without_a_phase_are_asked_for_once(pull, open_store, service, small):
    # every batch but the first ones is empty for a reason
    pull(service, EIGHT)
    assert_each_once(service, EIGHT)
    counts = dict(
        open_store().read("SELECT chemsys, documents FROM systems WHERE route = 'thermo'")
    )
    usable = held_by(small)
    held = Counter(d["chemsys"] for d in small.summary if legacy(d["material_id"]) in usable)
    assert counts == {name: held[name] for name in systems_of(EIGHT)}
    assert counts["Al-Ge-Li-O-P-S-Ti-Zr"] == 0


def test_compounds_without_any_element_are_no_database(home, pull, open_store, small):
    compounds = Documents(*([d for d in route if "-" in d["chemsys"]]
                            for route in (small.thermo, small.summary)))  # fmt: skip
    with Service(compounds) as service, pytest.raises(SourceError) as error:
        pull(service, everything=True)
    assert_one_line(error, "no GGA_GGA+U phase of any element")
    assert not open_store().complete


def test_an_element_that_the_database_lacks_is_remembered(pull, open_store, service, notes):
    report = pull(service, ("Li", "Xe"))
    assert report.absent == {"Xe"}
    store = open_store()
    assert store.absent() == {"Xe"}
    assert store.elements() == {"Li"}
    assert not store.lacking([("Li", "Xe")])  # no request can help
    assert store.lacking([("Li", "O")])
    before = len(service.requests)
    for options in (SourceOptions(endpoint=service.endpoint), OFFLINE):
        with pytest.raises(InputError, match=r"element Xe: .* has no GGA_GGA\+U phase of it"):
            open_table("mp", [("Li", "Xe")], options=options)
    assert len(service.requests) == before


def test_a_question_without_the_lacking_element_is_answered(pull, open_store, service, small):
    report = pull(service, ("Li", "O", "Xe"), ("Li", "P"))
    assert report.absent == {"Xe"}
    assert kept_in(open_store()) == held_by(small, systems_of(("Li", "O"), ("Li", "P")))
    service.stop()
    table = open_table("mp", [("Li", "O", "Xe"), ("Li", "P")], options=OFFLINE)
    assert len(table.within(("Li", "O")).elements) == 2
    with pytest.raises(InputError, match="element Xe: the source mp has no phase with it"):
        table.within(("Li", "O", "Xe"))


def test_elements_alone_answer_nothing_about_their_compounds(pull, service):
    pull(service, ("Li",), ("O",))
    for sets in ((), [("Li",)]):
        table = open_table("mp", sets, options=OFFLINE)
        assert set(table.elements) == {"Li", "O"}
        with pytest.raises(InputError, match=r"data pull --elements Li,O"):
            table.within(("Li", "O"))


def test_an_element_without_its_reference_phase_is_refused(home, pull, open_store, small):
    lifted = Documents(
        [
            {**d, "formation_energy_per_atom": 0.1}
            if (d["chemsys"], d["thermo_type"]) == ("Li", "GGA_GGA+U")
            else d
            for d in small.thermo
        ],
        small.summary,
    )
    for everything in (False, True):
        with Service(lifted) as service, pytest.raises(SourceError) as error:
            pull(service, *([] if everything else [LIPO]), everything=everything)
        assert_one_line(error, "element Li", "+0.1000 eV/atom", "reference phase is missing")
        assert local_store(Wanted(), [LIPO]) is None
        if not everything:
            assert open_store().count("systems") == 0  # so the next pull asks again
    assert "delete" in str(error.value)


def test_documents_that_nobody_asked_for_are_refused(pull, open_store, service):
    service.fail(
        lambda content: (
            [d.update(chemsys="Cu-O") for d in content["data"] if d["chemsys"] == "Li"] and content
        )
    )
    with pytest.raises(SourceError, match="of Cu-O, which was not asked for"):
        pull(service, LIPO)
    assert open_store().count("systems") == 0


# -- no order, no pages ------------------------


@pytest.fixture
def forty(monkeypatch):
    """Forty documents in an answer in place of a thousand."""
    for module in (client_module, pull_module):
        monkeypatch.setattr(module, "PAGE", 40)


@pytest.mark.parametrize("seed", range(3))
def test_a_service_that_gives_its_documents_in_any_order_is_pulled_whole(
    pull, open_store, service, small, forty, seed
):
    service.shuffle(seed)
    report = pull(service, EIGHT)
    assert kept_in(open_store()) == held_by(small, systems_of(EIGHT))
    assert report.documents == len(held_by(small, systems_of(EIGHT)))
    assert not any("_skip" in r.params for r in service.requests)


def test_real_documents_of_three_elements_arrive_in_any_order(
    pull, open_store, home, recorded, monkeypatch
):
    for module in (client_module, pull_module):
        monkeypatch.setattr(module, "PAGE", 100)
    with Service(recorded) as service:
        service.shuffle()
        report = pull(service, ("Fe", "Li", "O"))
    assert report.documents == len(kept_in(open_store())) == 375
    assert audit(open_store())["hull"] == "375 agree with the Materials Project's"


def test_one_document_in_place_of_another_is_asked_for_again(pull, open_store, service, small):
    service.fail(doubled, after=1)
    pull(service, LIPO)
    assert kept_in(open_store()) == held_by(small, systems_of(LIPO))


def test_a_document_that_stays_away_leaves_a_store_that_answers_nothing(pull, open_store, service):
    service.fail(doubled, times=None, after=1)
    with pytest.raises(SourceError) as error:
        pull(service, LIPO)
    assert_one_line(error, "different documents where", "6 times in a row")
    assert local_store(Wanted(), [LIPO]) is None


def without(formula):
    """Leave out a formula, and announce one document less."""

    def leave_out(content):
        kept = [d for d in content["data"] if d.get("formula_pretty") != formula]
        content["meta"]["total_doc"] -= len(content["data"]) - len(kept)
        content["data"] = kept

    return leave_out


def test_a_phase_that_is_left_out_without_a_word_is_found_by_the_hull(
    home, pull, open_store, recorded
):
    """Li5FeO4 with a lowered number of documents: nothing but the hull tells."""
    lifo = ("Fe", "Li", "O")
    with Service(recorded) as service:
        service.fail(without("Li5FeO4"), after=1)  # the answer about compounds
        with pytest.raises(SourceError) as error:
            pull(service, lifo)
        assert_one_line(error, "left out mp-", "Li5FeO4", "run the same command again")
        assert local_store(Wanted(), [lifo]) is None
        before = len(service.asked())
        options = SourceOptions(endpoint=service.endpoint)
        assert len(open_table("mp", [lifo], options=options)) > 100  # the same, in a question
        again = service.asked()[before:]
    assert {r.params["chemsys"] for r in again} == {"Fe-Li-O,Fe"}
    assert open_store().count("documents") == 375


def test_documents_that_the_licence_rule_hides_are_told_and_not_taken_for_missing(
    home, pull, open_store, small, notes
):
    with Service(small, terms_accepted=False) as service:
        report = pull(service, ("Li", "S", "Ti"))
        assert report.requests == 2 * 2 + 2
        told = [note for note in notes if "BY-NC" in note]
        table = open_table("mp", [("Li", "S", "Ti")], options=OFFLINE)
    identifier = legacy(NON_COMMERCIAL)
    assert identifier not in kept_in(open_store())
    assert len(told) == 1
    for part in ("rests on 1 document that", "Li2TiS3", identifier, "accept its terms"):
        assert part in told[0]
    (note,) = table.source.notes
    assert identifier in note
    assert "; " not in note  # warnings of a table are kept apart by it
    assert open_table("mp", [("Li", "S")], options=OFFLINE).source.notes == ()
    report = audit(open_store())
    assert report["hidden"] == [identifier]
    assert "BY-NC" in report["hull"]


def test_more_documents_of_one_energy_than_fit_into_an_answer_are_an_error(
    home, pull, small, monkeypatch
):
    for module in (client_module, pull_module):
        monkeypatch.setattr(module, "PAGE", 5)
    with Service(small) as service, pytest.raises(SourceError) as error:
        pull(service, everything=True)  # 19 elements at zero
    assert_one_line(error, "documents at one formation energy", "more than it gives")


# -- new versions ------------------------


@pytest.fixture
def always_look(monkeypatch):
    """Ask after every answer which database is served, in place of every 90 s."""
    monkeypatch.setattr(pull_module, "_LOOK", -1.0)


def next_version(small):
    elements = held_by(small, {d["chemsys"] for d in small.thermo if "-" not in d["chemsys"]})
    return small.moved({i: 0.001 for i in held_by(small) if i not in elements})


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_new_version_during_a_pull_ends_it_and_the_next_one_takes_the_new(
    home, pull, open_store, small, always_look, after, everything
):
    new, question = next_version(small), () if everything else (LIPO,)
    with Service(small) as service:
        service.change_version_after(after, "2026.12.1", new)
        with pytest.raises(SourceError) as error:
            pull(service, *question, everything=everything)
        assert_one_line(error, "from database 2026.04.13 to 2026.12.1", "run the same command")
        report = pull(service, *question, everything=everything)
    assert report.store.database == "2026.12.1"
    wanted = None if everything else systems_of(LIPO)
    assert kept_in(open_store("2026.12.1")) == held_by(new, wanted)
    old = open_store()
    assert kept_in(old).items() <= held_by(small).items()
    assert old.lacking([LIPO])


# -- everything ------------------------


def ranges_asked(service):
    return Counter(
        (r.path, r.params.get("formation_energy_per_atom_min"),
         r.params.get("formation_energy_per_atom_max")) for r in service.asked()
    )  # fmt: skip


def test_everything_comes_in_ranges_of_energy(pull, open_store, service, small, forty):
    service.shuffle()
    seen = []
    report = pull(service, everything=True, progress=lambda *numbers: seen.append(numbers))
    assert set(ranges_asked(service).values()) == {1}
    assert (report.requests, report.documents) == (len(service.asked()), len(held_by(small)))
    assert report.requests < 40
    assert seen[-1][0] == seen[-1][1]
    store = open_store()
    assert store.complete
    assert kept_in(store) == held_by(small)
    again = pull(service, everything=True)
    assert (again.requests, again.documents) == (0, 0)


def test_a_complete_store_answers_every_question_and_asks_for_nothing(pull, service, small):
    pull(service, everything=True)
    del service.requests[:]
    assert pull(service, EIGHT, ("Li", "Xe")).requests == 0
    assert data_requests(service) == []
    service.stop()
    table = open_table("mp", [EIGHT, ("Li", "Xe")], options=OFFLINE)
    assert len(table.within(EIGHT).elements) == 8
    with pytest.raises(InputError, match="element Xe"):
        table.within(("Li", "Xe"))


@pytest.mark.parametrize("route", [THERMO, SUMMARY])
def test_after_a_failure_only_the_missing_ranges_are_asked_for(
    pull, open_store, service, small, forty, route
):
    service.fail("504", route=route, after=9, times=None)
    with pytest.raises(SourceError) as error:
        pull(service, everything=True)
    assert_one_line(error, "HTTP 504")
    assert not open_store().complete
    assert local_store(Wanted(), [("Li", "O")]) is None
    kept = {r: open_store().asked(f"{name} ranges") for r, name in ROUTE.items()}
    assert kept[THERMO]
    service.mend()
    del service.requests[:]
    pull(service, everything=True)
    assert ranges_asked(service)
    for path, low, high in ranges_asked(service):
        part = (float(low or "-inf"), float(high or "inf"))
        assert str(part) not in kept[path], path
        assert part != WHOLE or path != route
    assert kept_in(open_store()) == held_by(small)


def test_systems_pulled_before_are_no_obstacle_to_everything(pull, open_store, service, small):
    pull(service, LIPO)
    pull(service, everything=True)
    store = open_store()
    assert store.complete
    assert kept_in(store) == held_by(small)


# -- several processes ------------------------

CHILD = """
import sys
from interscreen.sources.materials_project.client import Client
from interscreen.sources.materials_project.key import find_key
from interscreen.sources.materials_project.pull import pull_systems

client = Client(find_key(), "GGA_GGA+U", endpoint=sys.argv[1], sleep=lambda seconds: None)
report = pull_systems(client, [name.split("-") for name in sys.argv[2:]])
print(report.systems, report.documents)
"""


@pytest.fixture
def start_pull(home, subprocess_environment):
    """Start pulls in processes of their own, which are killed at the end of the test."""
    running = []

    def start(service, *sets):
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", CHILD, service.endpoint, *("-".join(s) for s in sets)],
                env=subprocess_environment(home),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.proof
def test_a_killed_pull_goes_on_where_it_stopped(start_pull, pull, open_store, service, small):
    service.fail("hang", route=SUMMARY, after=1, seconds=60)
    process = start_pull(service, EIGHT)
    deadline = time.monotonic() + 60
    while not any(r.fault == "hang" for r in service.requests):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    left = open_store()
    energies, summaries = left.asked("thermo"), left.asked("summary")
    assert set(EIGHT) <= summaries < energies <= systems_of(EIGHT)
    assert kept_in(left) == held_by(small, energies)
    assert left.read("PRAGMA quick_check") == [("ok",)]
    assert local_store(Wanted(), [EIGHT]) is None
    del service.requests[:]
    report = pull(service, EIGHT)
    assert {n for n in service.systems(THERMO) if "-" in n} == systems_of(EIGHT) - energies
    assert {n for n in service.systems(SUMMARY) if "-" in n} == systems_of(EIGHT) - summaries
    assert report.systems == 255 - len(energies)
    assert kept_in(open_store()) == held_by(small, systems_of(EIGHT))


@pytest.mark.proof
def test_two_processes_share_the_work(start_pull, open_store, service, small):
    nine = (*EIGHT, "Cu")
    processes = [start_pull(service, nine) for _ in range(2)]
    done = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], done
    assert_each_once(service, nine)
    asked = [int(out.split()[0]) for out, _ in done]
    assert sum(asked) == 2**9 - 1
    store = open_store()
    assert kept_in(store) == held_by(small, systems_of(nine))
    report = audit(store)
    assert (report["check"], report["hull_differences"]) == ("ok", 0)
