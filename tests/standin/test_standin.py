"""The stand-in answers as the service does, and fails the way it is told to."""

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from standin import StandIn, from_entries, from_table, ids_of, make_phase, small_set
from standin.hulls import with_hulls
from standin.makers import (
    DEPRECATED,
    NO_FORMATION_ENERGY,
    NON_COMMERCIAL,
    POLYMORPH_OBSERVED,
    POLYMORPH_THEORETICAL,
)
from standin.phases import GGA, MIXED, R2SCAN, SUMMARY, THERMO

KEY = "k" * 32


@pytest.fixture(scope="module")
def documents():
    return small_set()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    """No proxy between this process and itself."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def service(documents):
    with StandIn(documents) as running:
        yield running


@pytest.fixture
def get(service):
    """Ask the stand-in directly; the answer is a response of requests."""
    with requests.Session() as session:
        session.headers["x-api-key"] = KEY

        def ask(route=THERMO, **params):
            return session.get(service.endpoint[:-1] + route, params=params, timeout=20)

        yield ask


@pytest.fixture
def client(service):
    """The unmodified client of the Materials Project; it remembers heartbeats by address."""
    mp_api = pytest.importorskip("mp_api.client")
    from mp_api.client.core.client import _Rester

    _Rester._get_heartbeat_info.cache_clear()
    with mp_api.MPRester(
        api_key=KEY, endpoint=service.endpoint, mute_progress_bars=True, use_document_model=False
    ) as rester:
        yield rester
    _Rester._get_heartbeat_info.cache_clear()


# -- the client of the service -----------------------------------------------------


def test_the_client_finds_version_and_documents(client, documents):
    assert client.db_version == "2026.10.1"
    found = client.materials.thermo.search(
        chemsys=["Li-O", "O-P-Li"],
        thermo_types=[GGA],
        fields=["material_id", "formation_energy_per_atom", "builder_meta.license"],
    )
    held = [p for p in documents.phases if p.chemsys in ("Li-O", "Li-O-P") and p.thermo_type == GGA]
    assert len(held) == 6
    assert found == [
        {
            "material_id": p.material_id,
            "formation_energy_per_atom": p.formation,
            "builder_meta": {"license": "BY-C"},
        }
        for p in held
    ]


def test_the_client_pages_through_everything_once(client, service, documents):
    systems = list(documents.systems)
    thermo = client.materials.thermo.search(
        chemsys=systems, thermo_types=[GGA], fields=["material_id"], chunk_size=37
    )
    held = [p.material_id for p in documents.phases if p.thermo_type == GGA]
    assert [doc["material_id"] for doc in thermo] == held
    pages = [r for r in service.requests if r.path == THERMO]
    assert [int(r.params.get("_skip", 0)) for r in pages] == list(range(0, len(held), 37))
    assert service.chemsys_requests(THERMO) == Counter(systems)

    summary = client.materials.summary.search(
        chemsys=systems, fields=["material_id", "theoretical", "is_metal", "band_gap"]
    )
    assert {doc["material_id"] for doc in summary} == set(held) - {DEPRECATED}
    assert all(doc["is_metal"] == (doc["band_gap"] == 0.0) for doc in summary)
    assert {doc["theoretical"] for doc in summary} == {True, False}


def test_the_document_models_of_the_client_take_every_field(service):
    client = pytest.importorskip("mp_api.client")
    with client.MPRester(api_key=KEY, endpoint=service.endpoint, mute_progress_bars=True) as rester:
        for search in (rester.materials.thermo.search, rester.materials.summary.search):
            docs = search(chemsys="Li-O-P")
            assert {str(doc.formula_pretty) for doc in docs} == {"Li3PO4", "Li4P2O7", "LiPO3"}
            assert {str(doc.builder_meta.license) for doc in docs} == {"BY-C"}
            assert all(doc.density > 0 and doc.composition for doc in docs)


def test_the_client_rewrites_the_name_of_r2scan_and_still_finds_it(client):
    for name in ("R2SCAN", "r2SCAN"):
        found = client.materials.thermo.search(
            chemsys="Li-F", thermo_types=[name], fields=["thermo_type", "formation_energy_per_atom"]
        )
        assert found == [{"thermo_type": R2SCAN, "formation_energy_per_atom": -3.2764}]
    every = client.materials.thermo.search(chemsys="Li-F", fields=["thermo_type"])
    assert {doc["thermo_type"] for doc in every} == {GGA, R2SCAN, MIXED}


def test_a_long_list_of_systems_is_refused_and_one_of_ids_is_split_by_the_client(client, documents):
    from mp_api.client.core.exceptions import MPRestError

    with pytest.raises(MPRestError, match="414"):
        client.materials.thermo.search(chemsys=list(documents.systems) * 10, fields=["material_id"])
    ids = sorted({p.material_id for p in documents.phases}) * 5
    found = client.materials.thermo.search(
        material_ids=ids, thermo_types=[GGA], fields=["material_id"]
    )
    assert {doc["material_id"] for doc in found} == set(ids)


def test_the_client_tries_again_where_it_does_so_and_fails_where_it_does_not(client, service):
    from mp_api.client.core.exceptions import MPRestError

    def search():
        return client.materials.thermo.search(chemsys="Li-O", fields=["material_id"])

    right = search()
    for fault, options in (("429", {"retry_after": 0}), ("502", {}), ("504", {}), ("refuse", {})):
        service.fail(fault, times=2, **options)
        assert search() == right, fault
    for fault in ("500", "503", "403", "401", "cut"):
        service.fail(fault)
        with pytest.raises(MPRestError):
            search()
    for fault, error in (("json", ValueError), ("html", ValueError), ("nodata", KeyError)):
        service.fail(fault)
        with pytest.raises(error):
            search()
    for fault in ("empty", "short"):  # the client takes both for an answer
        service.fail(fault)
        assert search() == [], fault
    assert search() == right


# -- queries -----------------------------------------------------------------------


def test_without_fields_only_the_ids_come(get):
    (thermo,) = get(chemsys="Li-F", thermo_types=GGA).json()["data"]
    assert set(thermo) == {"thermo_id", "material_id", "last_updated"}
    assert thermo["thermo_id"] == f"{thermo['material_id']}_{GGA}"
    (summary,) = get(SUMMARY, chemsys="Li-F").json()["data"]
    assert set(summary) == {"material_id", "last_updated"}


def test_systems_are_sorted_and_wild_cards_hold(get):
    for asked in ("Li-O-P", "P-O-Li", "O-P-Li,Li-P-O"):
        assert get(chemsys=asked).json()["meta"]["total_doc"] == 4
    wild = get(chemsys="Li-P-*", _fields="chemsys,nelements", _limit=1000).json()["data"]
    assert wild
    assert all({"Li", "P"} < set(d["chemsys"].split("-")) for d in wild)
    assert {d["nelements"] for d in wild} == {3}
    nothing = get(chemsys="Li-Xe").json()
    assert (nothing["data"], nothing["meta"]["total_doc"]) == ([], 0)


def test_filters_of_formula_id_licence_and_numbers(get):
    pair = get(formula="Li4P2O7").json()["data"]
    assert {d["material_id"] for d in pair} == {POLYMORPH_THEORETICAL, POLYMORPH_OBSERVED}
    assert len(get(formula="Li2O,LiF", thermo_types=GGA).json()["data"]) == 2
    (one,) = get(material_ids=f"{NON_COMMERCIAL},mp-1", license="BY-NC").json()["data"]
    assert one["material_id"] == NON_COMMERCIAL
    assert get(material_ids=NON_COMMERCIAL, license="BY-C").json()["data"] == []
    assert get(license="free").status_code == 422
    low = get(formation_energy_per_atom_max=-4.2, thermo_types=GGA, _fields="formula_pretty")
    assert {d["formula_pretty"] for d in low.json()["data"]} == {"LaF3", "LaOF", "Li2ZrO4"}
    metals = get(SUMMARY, is_metal="true", _limit=1000, _fields="band_gap").json()["data"]
    assert {d["band_gap"] for d in metals} == {0.0}


def test_pages_by_number_and_by_skip_are_the_same(get):
    everything = get(thermo_types=GGA, _limit=1000).json()
    total = everything["meta"]["total_doc"]
    assert len(everything["data"]) == total > 250
    assert get(thermo_types=GGA).json()["data"] == everything["data"][:100]
    third = everything["data"][40:60]
    assert get(thermo_types=GGA, _limit=20, _skip=40).json()["data"] == third
    assert get(thermo_types=GGA, _page=3, _per_page=20).json()["data"] == third
    assert get(thermo_types=GGA, _limit=20, _skip=total).json()["data"] == []


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"_limit": 1001}, 400, "max limit is 1000"),
        ({"_page": 1, "_per_page": 1001}, 400, "max limit is 1000"),
        ({"_skip": -1}, 400, "negative"),
        ({"_limit": "ten"}, 422, "integer"),
        ({"colour": "red"}, 400, "cannot be used: colour"),
        ({"theoretical": "true"}, 400, "cannot be used: theoretical"),
        ({"formula": "li2o"}, 400, "formulas"),
    ],
)
def test_bad_requests_are_refused_in_words(get, params, status, words):
    answer = get(**params)
    assert answer.status_code == status
    assert words in str(answer.json()["detail"])


def test_longest_request_line(get, service):
    fixed = len(f"GET {THERMO}?chemsys= HTTP/1.1")
    assert get(chemsys="A" * (8000 - fixed)).status_code == 200
    answer = get(chemsys="A" * (8001 - fixed))
    assert answer.status_code == 414
    assert answer.headers["Content-Type"] == "text/html"
    assert get(chemsys="Li-O").status_code == 200  # on the same connection
    assert [r.status for r in service.requests] == [200, 414, 200]


def test_only_the_right_key_gets_in_and_the_heartbeat_needs_none(service):
    for headers in ({}, {"x-api-key": "q" * 32}):
        answer = requests.get(service.endpoint + THERMO[1:], headers=headers, timeout=20)
        assert answer.status_code == 401
        assert answer.json()["message"]
    for path in ("heartbeat", "heartbeat/"):
        beat = requests.get(service.endpoint + path, timeout=20).json()
        assert beat["db_version"] == "2026.10.1"
        assert beat["version"] == "0.87.1"
        assert beat["access_controlled_batch_ids"] == ["gnome_r2scan_statics"]
    assert requests.get(service.endpoint + "nothing/", timeout=20).status_code == 404


def test_without_the_terms_accepted_non_commercial_documents_are_not_there(documents):
    with StandIn(documents, terms_accepted=False) as service:
        params = {"material_ids": NON_COMMERCIAL, "license": "BY-NC"}
        url = service.endpoint + THERMO[1:]
        answer = requests.get(url, params, headers={"x-api-key": KEY}, timeout=20)
    assert answer.json()["meta"]["total_doc"] == 0


# -- faults ------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["401", "403", "429", "500", "502", "503", "504"])
def test_a_status_that_was_armed_comes_once(get, service, fault):
    service.fail(fault)
    answer = get(chemsys="Li-O")
    assert answer.status_code == int(fault)
    assert ("<html>" in answer.text) == (fault.startswith("5"))
    assert get(chemsys="Li-O").status_code == 200
    assert service.requests[0].fault == fault
    assert service.chemsys_requests() == {"Li-O": 1}


def test_too_many_requests_say_when_to_come_back(get, service):
    service.fail("429", retry_after=7)
    assert get().headers["Retry-After"] == "7"


def test_a_cut_answer_breaks_off_in_the_middle(get, service):
    service.fail("cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get(chemsys="Li-O")
    assert get(chemsys="Li-O").status_code == 200


def test_a_refused_request_gets_no_answer(get, service):
    service.fail("refuse")
    with pytest.raises(requests.exceptions.ConnectionError):
        get(chemsys="Li-O")
    assert [r.status for r in service.requests] == [0]


def test_spoilt_content(get, service):
    total = get(chemsys="Li-O").json()["meta"]["total_doc"]
    assert total > 2
    for fault in ("json", "html"):
        service.fail(fault)
        answer = get(chemsys="Li-O")
        assert answer.status_code == 200
        with pytest.raises(ValueError, match=r"line 1|char"):
            answer.json()
    for fault, promised in (("empty", 0), ("short", total)):
        service.fail(fault)
        answer = get(chemsys="Li-O").json()
        assert answer["data"] == []
        assert answer["meta"]["total_doc"] == promised
    service.fail("nodata")
    assert set(get(chemsys="Li-O").json()) == {"meta"}


def test_a_hanging_answer_comes_late_and_a_stop_does_not_wait_for_it(get, service):
    service.fail("hang", seconds=0.2)
    begin = time.monotonic()
    assert get(chemsys="Li-O").status_code == 200
    assert time.monotonic() - begin >= 0.2
    service.fail("hang", seconds=600)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, chemsys="Li-O")
        while len(service.requests) < 2:
            time.sleep(0.01)
        service.stop()
        assert isinstance(waiting.exception(), requests.exceptions.ConnectionError)


def test_faults_wait_their_turn_on_their_route(get, service):
    service.fail("503", after=1, times=2)
    service.fail("403", after=1)
    service.fail("500", route=SUMMARY, times=None)
    assert [get().status_code for _ in range(6)] == [200, 503, 503, 200, 403, 200]
    assert [get(SUMMARY).status_code for _ in range(3)] == [500] * 3
    service.fail("504", route="/heartbeat")
    assert [get("/heartbeat").status_code for _ in range(2)] == [504, 200]
    service.mend()
    assert get(SUMMARY).status_code == 200


def test_mistakes_in_arming_are_errors(service):
    for bad in ({"fault": "418"}, {"fault": "503", "seconds": 3}, {"fault": "503", "route": "/x"}):
        with pytest.raises(ValueError, match=r"418|seconds|/x"):
            service.fail(**bad)


def test_stopped_means_closed_and_a_new_start_has_the_same_address(get, service):
    endpoint = service.endpoint
    assert get().status_code == 200
    service.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        get()
    service.start()
    assert service.endpoint == endpoint
    assert get().status_code == 200


# -- versions ----------------------------------------------------------------------


def test_the_version_changes_between_two_pages(get, service, documents):
    service.change_version_after(1, "2026.12.1", documents.changed(gone=[POLYMORPH_OBSERVED]))
    seen = []
    for skip in (0, 100):
        page = get(thermo_types=GGA, _skip=skip, _fields="builder_meta.database_version").json()
        versions = {d["builder_meta"]["database_version"] for d in page["data"]}
        seen.append((versions, page["meta"]["total_doc"]))
    first, second = seen
    assert first[0] == {"2026.10.1"}
    assert second == ({"2026.12.1"}, first[1] - 1)
    assert get("/heartbeat").json()["db_version"] == service.version == "2026.12.1"
    assert [r.version for r in service.requests[:2]] == ["2026.10.1", "2026.12.1"]
    service.set_version("2027.1.1")
    assert get("/heartbeat").json()["db_version"] == "2027.1.1"
    assert get(material_ids=POLYMORPH_OBSERVED).json()["data"] == []


def test_a_changed_set_holds_what_is_new_gone_and_moved(documents):
    (cuf2,) = ids_of(documents, "CuF2")
    (licu3,) = ids_of(documents, "LiCu3")
    new = make_phase("Li(CuF2)2", -2.2, theoretical=False)
    later = documents.changed(new=[new], gone=[licu3], moved={cuf2: 0.030})
    assert later[cuf2].formation == pytest.approx(documents[cuf2].formation + 0.030)
    assert later[cuf2].total == pytest.approx(documents[cuf2].total + 0.030)
    assert later[cuf2].updated > documents[cuf2].updated
    assert ids_of(later, "LiCu3") == []
    reference = {s: documents[ids_of(documents, s)[0]].total for s in ("Li", "Cu", "F2")}
    elements = (reference["Li"] + 2 * reference["Cu"] + 4 * reference["F2"]) / 7
    assert later[new.material_id].total == pytest.approx(-2.2 + elements)
    assert later[new.material_id].above_hull is not None
    assert documents[cuf2].updated == "2026-09-30T12:00:00Z"  # the old set stays as it is
    lithium = ids_of(documents, "Li")[0]
    for bad in ({"gone": ["mp-0"]}, {"moved": {lithium: 0.1}}, {"new": [documents[cuf2]]}):
        with pytest.raises(ValueError, match="mp-"):
            documents.changed(**bad)


def test_a_subset_of_elements_keeps_its_hull(documents):
    few = documents.within({"Li", "P", "O", "F"})
    assert 10 < len(few) < len(documents)
    assert all(set(p.chemsys.split("-")) <= {"Li", "P", "O", "F"} for p in few.phases)
    again = {(p.material_id, p.thermo_type): p.above_hull for p in with_hulls(few.phases)}
    for phase in few.phases:  # up to five elements by pymatgen, all together by HiGHS
        assert phase.above_hull == pytest.approx(
            again[phase.material_id, phase.thermo_type], abs=1e-6
        )


# -- the documents -----------------------------------------------------------------


def test_energies_of_the_small_set_belong_together(documents):
    from pymatgen.core import Composition

    for kind in (GGA, R2SCAN, MIXED):
        family = [p for p in documents.phases if p.thermo_type == kind]
        reference = {p.chemsys: p.total for p in family if "-" not in p.chemsys}
        for phase in family:
            if phase.formation is None:
                continue
            content = Composition(phase.formula).fractional_composition
            elements = sum(x * reference[str(symbol)] for symbol, x in content.items())
            assert phase.total == pytest.approx(phase.formation + elements)
    assert len({p.total for p in documents.phases if "-" not in p.chemsys}) > 15
    assert len({p.material_id for p in documents.phases if p.thermo_type == GGA}) == 294


def test_special_cases_of_the_small_set(get, documents):
    ground, other = (documents[i] for i in (POLYMORPH_THEORETICAL, POLYMORPH_OBSERVED))
    assert ground.theoretical
    assert not other.theoretical
    assert other.formation - ground.formation == pytest.approx(0.020)
    assert (ground.above_hull, other.above_hull) == (0.0, pytest.approx(0.020))
    assert documents[NON_COMMERCIAL].license == "BY-NC"
    assert documents[NON_COMMERCIAL].above_hull == 0.0
    (none,) = get(
        material_ids=NO_FORMATION_ENERGY, _fields="formation_energy_per_atom,energy_above_hull"
    ).json()["data"]
    assert none == {"formation_energy_per_atom": None, "energy_above_hull": None}
    (old,) = get(material_ids=DEPRECATED, _fields="deprecated,is_stable").json()["data"]
    assert old == {"deprecated": True, "is_stable": False}
    assert get(SUMMARY, material_ids=DEPRECATED).json()["data"] == []
    assert len(get(SUMMARY, material_ids=DEPRECATED, deprecated="true").json()["data"]) == 1


def test_the_entries_of_iron_lithium_oxygen_phosphorus(shared):
    documents = from_entries(shared / "data" / "mp_entries_Fe-Li-O-P.json.gz")
    assert len(documents) == 943
    stable = [p for p in documents.phases if p.above_hull == 0.0]
    assert len(stable) == 40
    assert not any(p.theoretical for p in stable)
    params = {
        "chemsys": "Fe-Li-O-P",
        "_limit": "1000",
        "_fields": "material_id,structure,theoretical,volume,nsites",
    }
    total, summaries = documents.select(SUMMARY, params)
    made = list(summaries)
    assert total == len(made) == 375
    assert {len(doc["structure"]["sites"]) == doc["nsites"] for doc in made} == {True}
    assert 0.2 < sum(doc["theoretical"] for doc in made) / total < 0.6
    again = with_hulls(documents.phases)  # the formation energies alone give the same hull
    for one, two in zip(documents.phases, again, strict=True):
        assert one.above_hull == pytest.approx(two.above_hull, abs=1e-6)


def test_the_table_of_132752_is_served_page_by_page(full_csv):
    documents = from_table(full_csv)
    assert len(documents) == 132_752
    seen: set[str] = set()
    for skip in range(0, 132_752, 1000):
        params = {"_skip": str(skip), "_limit": "1000", "_fields": "material_id,chemsys"}
        total, page = documents.select(THERMO, params)
        assert total == 132_752
        seen.update(doc["material_id"] for doc in page)
    assert len(seen) == 132_752
    lowest = min(p.formation for p in documents.phases if p.chemsys == "Li")
    assert lowest == 0.0
    (llzo,) = documents.select(THERMO, {"formula": "Li7La3Zr2O12", "_fields": "formula_pretty"})[1]
    assert llzo == {"formula_pretty": "Li7La3Zr2O12"}


# -- the machinery -----------------------------------------------------------------


def test_requests_at_the_same_time_are_all_answered_and_noted(service, documents):
    systems = list(documents.systems)[:60]

    def ask(system):
        url = service.endpoint + THERMO[1:]
        answer = requests.get(url, {"chemsys": system}, headers={"x-api-key": KEY}, timeout=20)
        return answer.json()["meta"]["total_doc"]

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(ask, systems))
    assert counts == [sum(p.chemsys == s for p in documents.phases) for s in systems]
    assert service.chemsys_requests() == Counter(systems)


def test_the_program_prints_its_address_and_serves():
    program = Path(__file__).with_name("server.py")
    started = subprocess.Popen(
        [sys.executable, str(program), "--port", "0", "--db-version", "2027.2.2"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout is not None
        endpoint = started.stdout.readline().strip()
        beat = requests.get(endpoint + "heartbeat", timeout=20).json()
        assert beat["db_version"] == "2027.2.2"
    finally:
        started.terminate()
        started.communicate(timeout=20)
