"""The stand-in answers as the service does, and fails the way it is told to."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

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


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"_limit": 1001}, 400, "max limit is 1000"),
        ({"_skip": -1}, 400, "negative"),
        ({"_limit": "ten"}, 422, "integer"),
        ({"colour": "red"}, 400, "cannot be used: colour"),
        ({"theoretical": "true"}, 400, "cannot be used: theoretical"),
    ],
)
def test_bad_requests_are_refused_in_words(get, params, status, words):
    answer = get(**params)
    assert answer.status_code == status
    assert words in str(answer.json()["detail"])


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


# -- faults ------------------------------------------------------------------------


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
    (old,) = get(material_ids=DEPRECATED, _fields="deprecated").json()["data"]
    assert old == {"deprecated": True}
    assert get(SUMMARY, material_ids=DEPRECATED).json()["data"] == []
    assert len(get(SUMMARY, material_ids=DEPRECATED, deprecated="true").json()["data"]) == 1


@pytest.mark.proof
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


@pytest.mark.proof
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
