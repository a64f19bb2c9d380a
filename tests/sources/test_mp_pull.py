"""Pulls from the Materials Project: each system once, nothing half, nothing twice."""

import subprocess
import sys
import time
from collections import Counter

import pytest

from interscreen.errors import InputError, OutputError, SourceError
from interscreen.sources.materials_project import client as client_module
from interscreen.sources.materials_project.local import Wanted, check_elements, local_store
from interscreen.sources.materials_project.store import find_stores
from interscreen.sources.materials_project.systems import batches_of, subsystems
from interscreen.sources.materials_project.table import audit
from interscreen.sources.open import SourceOptions, open_table
from standin import Documents, StandIn
from standin.documents import VERSION
from standin.makers import DEPRECATED, NO_FORMATION_ENERGY
from standin.phases import GGA, SUMMARY, THERMO

KEY = "k" * 32
LIPO = ("Li", "O", "P")
EIGHT = ("Al", "Ge", "Li", "O", "P", "S", "Ti", "Zr")
OFFLINE = SourceOptions(offline=True)
PROOF = pytest.mark.proof


def systems_of(*sets):
    return {system for elements in sets for system in subsystems(elements)}


def held_by(documents, systems=None, family=GGA):
    """Formation energies [eV/atom] that must arrive, by id."""
    return {
        p.material_id: p.formation
        for p in documents.phases
        if p.thermo_type == family
        and (systems is None or p.chemsys in systems)
        and p.formation is not None
        and not p.deprecated
    }


def kept_in(store):
    return dict(store.read("SELECT material_id, formation_energy_eV_per_atom FROM documents"))


def data_requests(service):
    return [r for r in service.requests if r.path in (THERMO, SUMMARY)]


def assert_each_once(service, *sets):
    for route in (THERMO, SUMMARY):
        assert service.chemsys_requests(route) == Counter(systems_of(*sets)), route


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
def test_requests_for_twelve_elements_stay_far_below_the_limit_of_the_service(home, pull, small):
    class Measuring(StandIn):
        lines = ()

        def answer(self, target, key, line):
            self.lines = (*self.lines, line)
            return super().answer(target, key, line)

    twelve = ("Ag", "Al", "Cu", "Ge", "La", "Mg", "Mo", "Nb", "Si", "Sn", "Ti", "Zn")
    systems = list(subsystems(twelve))
    batches = list(batches_of(systems))
    assert len(systems) == 4095
    assert [name for batch in batches for name in batch] == systems
    assert max(len(",".join(batch)) for batch in batches) < 2000
    assert max(len(batch) for batch in batches) <= 100
    with Measuring(small) as service:
        report = pull(service, twelve)
        assert max(service.lines) < 8000
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
    assert report.requests == len(data_requests(service)) < 2.6 * len(list(batches_of(systems)))
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
    assert service.chemsys_requests(THERMO) == Counter(new)


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


def test_structures_come_on_demand_and_once(pull, open_store, home, four_elements):
    lithium = four_elements.within({"Li", "O"})
    with StandIn(lithium) as service:
        pull(service, ("Li", "O"))
        del service.requests[:]
        report = pull(service, ("Li", "O"), structures=True)
        assert {r.path for r in data_requests(service)} == {SUMMARY}
        assert report.requests == 2
        assert pull(service, ("Li", "O"), structures=True).requests == 0
    store = open_store()
    for identifier in kept_in(store):
        assert store.structure(identifier) == lithium[identifier].structure
    assert store.structure("mp-0") is None


# -- faults ------------------------


@pytest.mark.parametrize("route", [THERMO, SUMMARY, "/heartbeat"])
@pytest.mark.parametrize("fault", ["502", "cut", "empty"])  # all of them: test_mp_client.py
def test_a_passing_fault_at_any_request_changes_nothing(
    home, pull, open_store, small, route, fault
):
    with StandIn(small) as service:
        for after in (0, 1):
            service.fail(fault, route=route, after=after)
        pull(service, LIPO, ("Li", "Zr"))
    assert kept_in(open_store()) == held_by(small, systems_of(LIPO, ("Li", "Zr")))
    assert open_store().covers(LIPO)


@pytest.mark.parametrize("route", [THERMO, SUMMARY])
@pytest.mark.parametrize("fault", ["502", "403"])
def test_after_a_failure_only_what_is_missing_is_asked_for(
    pull, open_store, service, small, route, fault
):
    service.fail(fault, route=route, times=None, after=2)
    with pytest.raises(SourceError) as error:
        pull(service, EIGHT)
    assert_one_line(error)
    kept = open_store()
    asked = kept.asked("thermo")
    assert len(asked) > 50
    assert kept_in(kept) == held_by(small, asked)
    assert kept.pulled_sets() == []
    assert not kept.covers(("Li", "O"))
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


def test_a_folder_that_cannot_be_locked_is_named(pull, open_store, service):
    pull(service, ("Li",))
    lock = open_store().path.with_name(f"{open_store().path.name}.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    with pytest.raises(OutputError, match=r"cannot be locked.*--cache or INTERSCREEN"):
        pull(service, LIPO)


# -- empty answers ------------------------


def test_one_empty_answer_about_compounds_does_not_make_holes(pull, open_store, service, small):
    service.fail("empty", after=1)  # the first one is about the elements
    pull(service, LIPO)
    assert kept_in(open_store()) == held_by(small, systems_of(LIPO))


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_service_that_answers_nothing_any_more_is_not_believed(
    pull, open_store, service, small, after
):
    for route in (THERMO, SUMMARY):
        service.fail("empty", route=route, times=None, after=after)
    with pytest.raises(SourceError) as error:
        pull(service, EIGHT)
    assert_one_line(error, "nothing of this answer is kept", "try again later")
    store = open_store()
    assert kept_in(store) == held_by(small, store.asked("thermo"))
    assert store.pulled_sets() == []
    assert store.absent() == frozenset()


@pytest.mark.parametrize("times", [1, None])
def test_energies_without_summaries_are_asked_for_again(pull, open_store, service, small, times):
    service.fail("empty", route=SUMMARY, times=times, after=1)
    if times is None:
        with pytest.raises(SourceError) as error:
            pull(service, LIPO)
        assert_one_line(error, "gives no summary documents", "what has arrived is kept")
        assert open_store().asked("summary") == set(LIPO)
        assert not open_store().covers(LIPO)
        return
    pull(service, LIPO)
    assert open_store().count("summaries") == len(held_by(small, systems_of(LIPO)))


def test_a_service_without_documents_fills_no_store(home, pull, open_store, connect):
    with StandIn(Documents([])) as service:
        for everything in (False, True):
            with pytest.raises(SourceError) as error:
                pull(service, *([] if everything else [LIPO]), everything=everything)
            assert_one_line(error, "try again later")
    store = open_store()
    for table in ("documents", "summaries", "systems", "pages", "pulled", "left_aside"):
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
    held = Counter(
        p.chemsys for p in small.phases if p.thermo_type == GGA and p.material_id in usable
    )
    assert counts == {name: held[name] for name in systems_of(EIGHT)}
    assert counts["Al-Ge-Li-O-P-S-Ti-Zr"] == 0


def test_compounds_without_any_element_are_no_database(home, pull, open_store, small):
    compounds = Documents(p for p in small.phases if "-" in p.chemsys)
    with StandIn(compounds) as service, pytest.raises(SourceError) as error:
        pull(service, everything=True)
    assert_one_line(error, "no GGA_GGA+U phase of any element")
    assert not open_store().complete


def test_an_element_that_the_database_lacks_is_remembered(pull, open_store, service, notes):
    report = pull(service, ("Li", "Xe"))
    assert report.absent == {"Xe"}
    store = open_store()
    assert store.absent() == {"Xe"}
    assert store.elements() == {"Li"}
    assert store.covers(("Li", "Xe"))  # no request can help
    assert not store.covers(("Li", "O"))
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
    def lifted(everything):
        return Documents(
            p._replace(formation=0.1) if p.chemsys == "Li" and p.thermo_type == GGA else p
            for p in small.phases
        )

    for everything in (False, True):
        with StandIn(lifted(everything)) as service, pytest.raises(SourceError) as error:
            pull(service, *([] if everything else [LIPO]), everything=everything)
        assert_one_line(error, "element Li", "+0.1000 eV/atom", "reference phase is missing")
        assert local_store(Wanted(), [LIPO]) is None
        if not everything:
            assert open_store().count("systems") == 0  # so the next pull asks again
    assert "delete" in str(error.value)


def test_documents_that_nobody_asked_for_are_refused(
    connect, pull, open_store, service, monkeypatch
):
    from interscreen.sources.materials_project.client import Client, Page

    genuine = Client.page

    def foreign(self, route, **question):
        page = genuine(self, route, **question)
        changed = [{**document, "chemsys": "Cu-O"} for document in page.documents]
        return Page(changed, page.total)

    monkeypatch.setattr(Client, "page", foreign)
    with pytest.raises(SourceError, match="of Cu-O, which was not asked for"):
        pull(service, LIPO)
    assert open_store().count("systems") == 0


# -- new versions ------------------------


@pytest.fixture
def small_pages(monkeypatch):
    """Five documents a page in place of a thousand."""
    monkeypatch.setattr(client_module, "PAGE", 5)


def next_version(small, gone=()):
    moved = {p.material_id: 0.001 for p in small.phases if "-" in p.chemsys}
    return small.changed(
        gone=gone, moved={i: delta for i, delta in moved.items() if i not in set(gone)}
    )


@pytest.mark.parametrize("fewer", [False, True])
@pytest.mark.parametrize("after", [1, *(pytest.param(n, marks=PROOF) for n in (0, 2, 3, 4, 6))])
def test_a_new_version_between_two_pages_starts_anew(
    home, pull, open_store, small, notes, small_pages, after, fewer
):
    gone = [p.material_id for p in small.phases if p.chemsys == "Li-O-P"][:2] if fewer else []
    new = next_version(small, gone)
    with StandIn(small) as service:
        service.change_version_after(after, "2026.12.1", new)
        report = pull(service, LIPO)
    assert report.store.database == "2026.12.1"
    assert kept_in(open_store("2026.12.1")) == held_by(new, systems_of(LIPO))
    old = open_store()
    assert kept_in(old) == held_by(small, old.asked("thermo"))
    assert not old.covers(LIPO)
    (told,) = [note for note in notes if "went from database" in note]
    assert "from database 2026.10.1 to 2026.12.1 during the pull" in told


def test_a_version_that_never_rests_ends_in_one_line(home, pull, small):
    with StandIn(small) as service:
        for number in range(40):
            service.change_version_after(1, f"2027.1.{number}")
        for everything in (False, True):
            with pytest.raises(SourceError) as error:
                pull(service, *([] if everything else [LIPO]), everything=everything)
            assert_one_line(
                error, "changed its database 3 times", "run the same command again later"
            )


def test_a_total_that_changes_between_two_pages_is_refused(
    home, pull, open_store, small, small_pages
):
    fewer = small.changed(gone=[p.material_id for p in small.phases if p.chemsys == "Li-O-P"][:2])
    with StandIn(small) as service:
        service.change_version_after(3, VERSION, fewer)
        with pytest.raises(SourceError) as error:
            pull(service, LIPO)
        assert_one_line(error, "announced 11 and then 9", "run the same command again")
        assert open_store().asked("thermo") == set(LIPO)
        pull(service, LIPO)
    assert kept_in(open_store()) == held_by(fewer, systems_of(LIPO))


# -- everything ------------------------


@pytest.fixture
def hundreds(monkeypatch):
    """A hundred documents a page: three pages of energies, four of summaries."""
    monkeypatch.setattr(client_module, "PAGE", 100)


def pages_asked(service):
    return Counter((r.path, int(r.params.get("_skip", 0))) for r in data_requests(service))


def test_everything_comes_page_by_page(pull, open_store, service, small, hundreds):
    seen = []
    report = pull(service, everything=True, progress=lambda *numbers: seen.append(numbers))
    assert set(pages_asked(service).values()) == {1}
    assert [first for path, first in pages_asked(service) if path == THERMO] == [0, 100, 200]
    assert (report.requests, report.documents) == (6, len(held_by(small)))
    assert seen[2] == (294, 294)
    store = open_store()
    assert store.complete
    assert kept_in(store) == held_by(small)
    assert store.count("summaries") == len({p.material_id for p in small.phases}) - 1
    again = pull(service, everything=True)
    assert (again.requests, again.documents) == (0, 0)


def test_a_complete_store_answers_every_question_and_asks_for_nothing(
    pull, service, small, hundreds
):
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
def test_after_a_failure_only_the_missing_pages_are_asked_for(
    pull, open_store, service, small, hundreds, route
):
    service.fail("502", route=route, after=2, times=None)
    with pytest.raises(SourceError) as error:
        pull(service, everything=True)
    assert_one_line(error, "HTTP 502")
    assert not open_store().complete
    assert local_store(Wanted(), [("Li", "O")]) is None
    answered = {
        (r.path, int(r.params.get("_skip", 0))) for r in service.requests if r.status == 200
    }
    service.mend()
    del service.requests[:]
    pull(service, everything=True)
    assert pages_asked(service)
    assert not set(pages_asked(service)) & answered
    assert kept_in(open_store()) == held_by(small)


def test_systems_pulled_before_are_no_obstacle_to_everything(pull, open_store, service, small):
    pull(service, LIPO)
    pull(service, everything=True)
    store = open_store()
    assert store.complete
    assert kept_in(store) == held_by(small)


def test_a_total_that_changes_between_pages_is_refused_and_then_right(
    home, pull, open_store, small, hundreds
):
    fewer = small.changed(gone=["mp-3300001"])
    with StandIn(small) as service:
        service.change_version_after(2, VERSION, fewer)
        with pytest.raises(SourceError) as error:
            pull(service, everything=True)
        assert_one_line(error, "announced 294 and then 293", "run the same command again")
        assert not open_store().complete
        pull(service, everything=True)
    assert open_store().complete


@pytest.mark.parametrize("after", [1, *(pytest.param(n, marks=PROOF) for n in (0, 2, 4))])
def test_a_new_version_between_two_pages_of_everything_starts_anew(
    home, pull, open_store, small, notes, hundreds, after
):
    new = next_version(small, ["mp-3300001"])
    with StandIn(small) as service:
        service.change_version_after(after, "2026.12.1", new)
        pull(service, everything=True)
    assert open_store("2026.12.1").complete
    assert kept_in(open_store("2026.12.1")) == held_by(new)
    assert not open_store().complete
    kept = kept_in(open_store())
    assert kept == {i: held_by(small)[i] for i in kept}
    assert sum("went from database" in note for note in notes) == 1


def test_pages_that_overlap_are_swept_again(home, pull, open_store, small, hundreds):
    turned = Documents(small.phases[::-1])
    with StandIn(small) as service:
        service.change_version_after(1, VERSION, turned)
        pull(service, everything=True)
        thermo = [r for r in data_requests(service) if r.path == THERMO]
    assert len(thermo) == 6
    assert open_store().complete
    assert kept_in(open_store()) == held_by(small)


def test_pages_that_always_overlap_end_in_one_line(home, pull, open_store, small, hundreds):
    turned = Documents(small.phases[::-1])
    with StandIn(small) as service:
        for number in range(40):
            service.change_version_after(0, VERSION, (turned, small)[number % 2])
        with pytest.raises(SourceError) as error:
            pull(service, everything=True)
    assert_one_line(error, "pages overlap", "what has arrived is kept")
    assert not open_store().complete


# -- several processes ------------------------

CHILD = """
import sys
from interscreen.sources.materials_project.client import Client
from interscreen.sources.materials_project.key import find_key
from interscreen.sources.materials_project.systems import pull_systems

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
    service.fail("hang", route=SUMMARY, after=2, seconds=60)
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
    assert set(EIGHT) < summaries < energies < systems_of(EIGHT)
    assert kept_in(left) == held_by(small, energies)
    assert left.check() == "ok"
    assert local_store(Wanted(), [EIGHT]) is None
    del service.requests[:]
    report = pull(service, EIGHT)
    assert set(service.chemsys_requests(THERMO)) == systems_of(EIGHT) - energies
    assert set(service.chemsys_requests(SUMMARY)) == systems_of(EIGHT) - summaries
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
