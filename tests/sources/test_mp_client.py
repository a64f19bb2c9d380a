"""The client of the Materials Project: every fault passes or ends in one line; the key stays."""

import json
import logging
import math
import pickle
import threading
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import SimpleNamespace

import pytest

from interscreen.errors import InputError, SourceError
from interscreen.sources.materials_project import client as client_module
from interscreen.sources.materials_project.client import ATTEMPTS, Client
from interscreen.sources.materials_project.documents import STRUCTURE, SUMMARY, THERMO
from interscreen.sources.materials_project.key import Key
from interscreen.version import version
from service import HEARTBEAT, KEY, Service, bare, doubled, empty, nodata, short
from service import SUMMARY as SUMMARY_ROUTE
from service import THERMO as THERMO_ROUTE

PASSING = ("429", "500", "502", "503", "504", "cut", "json", "html", nodata, short, doubled, bare)
ROUTE = {THERMO: THERMO_ROUTE, SUMMARY: SUMMARY_ROUTE}


def asked(service, route):
    """Requests on a route so far."""
    return [request for request in service.requests if request.path == route]


def assert_one_good_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 800
    assert KEY not in message
    assert KEY not in "".join(traceback.format_exception(error.value))
    for part in parts:
        assert part in message
    assert error.value.exit_code == 4


# -- answers ------------------------


def test_the_client_knows_database_family_and_address(connect, service):
    client = connect(service)
    assert (client.database, client.family) == ("2026.04.13", "GGA_GGA+U")
    assert client.endpoint == service.endpoint


def test_a_page_holds_the_documents_of_the_systems_and_how_many_there_are(connect, service, small):
    client = connect(service)
    page = client.page(THERMO, systems=["Li-O", "Li-O-P"])
    held = small.energies(systems=["Li-O", "Li-O-P"])
    assert page.total == len(page.documents) == 6
    assert {d["thermo_type"] for d in page.documents.values()} == {"GGA_GGA+U"}
    assert held == {i: d["formation_energy_per_atom"] for i, d in page.documents.items()}
    assert all(d["builder_meta"] == {"license": "BY-C"} for d in page.documents.values())
    found = client.page(SUMMARY, systems=["Li-O"]).documents.values()
    assert all({"theoretical", "band_gap", "volume", "nsites"} <= set(d) for d in found)
    assert not any("structure" in d for d in found)


def test_a_range_of_energies_can_be_asked_for(connect, service, small):
    client = connect(service)
    held = small.energies()
    for low, high in ((-2.0, -1.0), (-math.inf, -2.0), (-1.5, math.inf), (-1.815, -1.815)):
        page = client.page(THERMO, between=(low, high))
        assert page.documents.keys() - {"mp-3300005"} == {
            identifier for identifier, energy in held.items() if low <= energy <= high
        }


def test_an_answer_without_a_system_that_has_documents_is_none(connect, service, small, waits):
    client = connect(service)
    page = client.page(THERMO, systems=["Li-O"], control="O")  # asked for, and not handed on
    assert {d["chemsys"] for d in page.documents.values()} == {"Li-O"}
    assert "O" in {
        d["chemsys"]
        for d in client.page(THERMO, systems=["Li-O", "O"], control="O").documents.values()
    }
    service.fail(empty)
    assert client.page(THERMO, systems=["Li-O"], control="O") == page
    assert len(waits) == 1


def test_a_system_without_phases_is_an_answer(connect, service, notes):
    page = connect(service).page(THERMO, systems=["Xe"])
    assert (page.documents, page.total) == ({}, 0)
    assert notes == []


def test_documents_can_be_asked_for_in_either_spelling(connect, service, small):
    (identifier,) = small.ids("CuF2")
    letters = next(d["material_id"] for d in small.thermo if d["formula_pretty"] == "CuF2")
    assert letters != identifier
    for text in (identifier, letters):
        assert connect(service).page(THERMO, identifiers=[text]).documents.keys() == {identifier}


def test_structures_are_asked_for_on_their_own(connect, home, four_elements):
    with Service(four_elements.within("Li")) as service:
        page = connect(service).page(STRUCTURE, systems=["Li"])
    assert page.documents
    assert all("structure" in d and "volume" not in d for d in page.documents.values())


def test_the_r2scan_family_is_asked_for_as_the_service_spells_it(connect, service):
    page = connect(service, "R2SCAN").page(THERMO, systems=["F-Li"])
    assert [d["thermo_type"] for d in page.documents.values()] == ["r2SCAN"]


def test_one_heartbeat_and_one_request_a_page(connect, service):
    client = connect(service)
    for _ in range(3):
        client.page(THERMO, systems=["Li"])
    assert [r.path for r in service.requests] == [HEARTBEAT] + 3 * [THERMO_ROUTE]


# -- faults that pass ------------------------


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_costs_one_more_request_and_one_line(connect, service, notes, waits, fault):
    client = connect(service)
    right = {route: client.page(route, systems=["Li-O"]) for route in ROUTE}
    name = fault if isinstance(fault, str) else fault.__name__
    for route, path in ROUTE.items():
        del notes[:], waits[:], service.requests[:]
        service.fail(fault, route=path, **({"retry_after": 0} if fault == "429" else {}))
        assert client.page(route, systems=["Li-O"]) == right[route]
        assert [request.fault for request in asked(service, path)] == [name, ""]
        assert len(notes) == len(waits) == 1
        assert "\n" not in notes[0]
        assert notes[0].startswith("the Materials Project: ")
        assert "next try in" in notes[0]
        assert "(1 of 5)" in notes[0]
        assert 0.4 <= waits[0] <= 0.6


@pytest.mark.parametrize("fault", ["502", "cut", "json"])
def test_a_passing_fault_of_the_heartbeat_costs_one_more_request_and_one_line(
    connect, service, notes, waits, fault
):
    options = {"retry_after": 0} if fault == "429" else {}
    service.fail(fault, route=HEARTBEAT, **options)
    client = connect(service)
    assert client.database == "2026.04.13"
    assert len(notes) == len(waits) == 1
    del notes[:]
    service.fail(fault, route=HEARTBEAT, **options)
    assert client.current_database() == "2026.04.13"
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("429", "too many requests (HTTP 429)"),
        ("502", "the service fails (HTTP 502)"),
        ("504", "the service fails (HTTP 504)"),
        ("cut", "it broke off"),
        ("json", "an answer that cannot be read"),
        ("html", "an answer that cannot be read"),
        (nodata, "an answer that cannot be read"),
        (short, "0 different documents where 2 were announced"),
        (doubled, "1 different documents where 2 were announced"),
        (bare, "documents without the fields that were asked for"),
    ],
)
def test_a_lasting_fault_ends_in_one_line(connect, service, notes, waits, fault, says):
    client = connect(service)
    for route, path in ROUTE.items():
        del notes[:], waits[:], service.requests[:]
        service.fail(
            fault, route=path, times=None, **({"retry_after": 0} if fault == "429" else {})
        )
        with pytest.raises(SourceError) as error:
            client.page(route, systems=["Li-O"])
        assert_one_good_line(
            error, says, f"{ATTEMPTS} times in a row", f"{route} documents", "--offline"
        )
        assert len(asked(service, path)) == ATTEMPTS
        assert len(notes) == len(waits) == ATTEMPTS - 1
        assert all(later > before for before, later in pairwise(waits))


@pytest.mark.parametrize("fault", ["502", "json"])
def test_a_lasting_fault_of_the_heartbeat_ends_in_one_line(connect, service, fault):
    service.fail(fault, route=HEARTBEAT, times=None)
    with pytest.raises(SourceError) as error:
        connect(service)
    assert_one_good_line(error, "times in a row (heartbeat)", "--offline")


@pytest.mark.parametrize("version", ["", "../2026", "2026 10"])
def test_a_heartbeat_without_a_database_version_is_no_answer(connect, home, small, version):
    with Service(small, version=version) as service, pytest.raises(SourceError) as error:
        connect(service)
    assert_one_good_line(error, "a heartbeat without a database version")


def test_an_answer_that_is_no_list_of_documents_is_no_answer(connect, service):
    client = connect(service, attempts=2)
    service.fail(lambda content: content.update(data=[[1]]), times=None)
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li"])
    assert_one_good_line(error, "a thermo document without material_id, 2 times in a row")


def test_a_service_that_is_not_there_ends_in_one_line(connect, service):
    service.stop()
    with pytest.raises(SourceError) as error:
        connect(service)
    assert_one_good_line(error, "no connection (refused)", "--offline")


def test_a_name_that_nobody_knows_is_told_apart(connect):
    with pytest.raises(SourceError) as error:
        connect(SimpleNamespace(endpoint="http://service.invalid/"), attempts=2)
    assert_one_good_line(error, "its name is not known here")


def test_a_service_that_does_not_answer_in_time_is_asked_again(
    connect, service, notes, monkeypatch
):
    client = connect(service)
    monkeypatch.setattr(client_module, "_TIME_LIMIT", (0.3, 0.3))
    for route, path in (*ROUTE.items(), ("", HEARTBEAT)):
        del notes[:]
        service.fail("hang", route=path, seconds=2)
        answer = client.page(route, systems=["Li"]) if route else client.current_database()
        assert answer
        assert notes
        assert "it timed out" in notes[0]


def test_a_proxy_that_stalls_is_told_within_five_seconds(connect, service, notes, monkeypatch):
    monkeypatch.setattr(client_module, "_SILENCE", 0.1)
    service.fail("hang", route=HEARTBEAT, seconds=0.5)
    connect(service)
    assert notes == ["the Materials Project: waiting for an answer (heartbeat)"]
    assert 3.0 < client_module._SILENCE + 4.0 <= 5.0
    assert all(0 < limit <= 60 for limit in client_module._TIME_LIMIT)


# -- faults that do not ------------------------


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_refused_key_is_not_tried_again(connect, service, notes, waits, status):
    client = connect(service)
    says = {"401": "Unauthorized", "403": "(temporarily) blocked"}[status]
    for route, path in ROUTE.items():
        del service.requests[:]
        service.fail(status, route=path)
        with pytest.raises(SourceError) as error:
            client.page(route, systems=["Li"])
        assert_one_good_line(
            error, f"HTTP {status}", "the key found in the tests", "dashboard", says
        )
        assert len(asked(service, path)) == 1
    service.fail(status, route=HEARTBEAT)
    with pytest.raises(SourceError, match=f"HTTP {status}, heartbeat"):
        connect(service)
    assert notes == waits == []


def test_the_text_of_a_block_is_shown(connect, service):
    client = connect(service)
    service.fail("403")
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li"])
    assert_one_good_line(error, "Your IP address or ASN", "support@materialsproject.org")


def test_a_wrong_key_is_refused_and_not_shown(connect, service):
    wrong = "w" * 32
    client = connect(service, key=wrong)
    with pytest.raises(SourceError, match="refuses the key found in the tests") as error:
        client.page(THERMO, systems=["Li"])
    assert wrong not in "".join(traceback.format_exception(error.value))


def test_a_request_that_the_service_does_not_understand_is_not_tried_again(
    connect, service, notes, monkeypatch
):
    client = connect(service)
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li-O"] * 2000)
    assert_one_good_line(error, "HTTP 414", "Request-URI Too Large")
    client.endpoint += "elsewhere/"
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li"])
    assert_one_good_line(error, "HTTP 404", "no Route matched", "MP_API_ENDPOINT")
    assert notes == []


def test_a_certificate_that_is_not_accepted_is_told_at_once(connect, service, notes, monkeypatch):
    import requests

    def refuse(*_, **__):
        raise requests.exceptions.SSLError("certificate verify failed: self-signed certificate")

    client = connect(service)
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li"])
    assert_one_good_line(error, "certificate is not accepted", "REQUESTS_CA_BUNDLE")
    assert notes == []


# -- waiting ------------------------


def test_the_service_may_say_how_long_to_wait(connect, service, notes, waits):
    client = connect(service)
    service.fail("429", retry_after=7)
    assert client.page(THERMO, systems=["Li"]).total == 1
    assert waits == [7.0]
    assert "next try in 7.0 s" in notes[0]


def test_the_service_may_say_until_when_to_wait(connect, service, waits):
    client = connect(service)
    service.fail("429", retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=40)))
    assert client.page(THERMO, systems=["Li"]).total == 1
    assert 30.0 < waits[0] <= 40.0
    for when in (datetime.now(UTC) - timedelta(days=1), "soon", -3):
        service.fail(
            "429", retry_after=format_datetime(when) if when.__class__ is datetime else when
        )
        assert client.page(THERMO, systems=["Li"]).total == 1
    assert all(0.4 <= wait <= 0.6 for wait in waits[1:])


@pytest.mark.parametrize(
    "asks",
    [301, 86_400, format_datetime(datetime.now(UTC) + timedelta(days=2))],
    ids=["301 s", "a day", "the day after tomorrow"],  # the date is another one in each worker
)
def test_a_service_that_asks_for_too_much_patience_is_left_alone(
    connect, service, waits, notes, asks
):
    client = connect(service)
    service.fail("429", retry_after=asks)
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li"])
    assert_one_good_line(error, "asks to wait", "run the same command later")
    assert waits == notes == []
    assert len(asked(service, THERMO_ROUTE)) == 1


def test_waiting_is_logged_where_nobody_listens(connect, service, caplog):
    client = connect(service, notify=None)
    service.fail("502")
    client.page(THERMO, systems=["Li"])
    assert "the service fails (HTTP 502)" in caplog.text


# -- the key ------------------------


def test_the_key_is_in_no_log_no_representation_and_no_pickle(connect, service, caplog):
    caplog.set_level(logging.DEBUG)
    levels = {
        name: logger.level
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    try:
        for name in levels:
            logging.getLogger(name).setLevel(logging.DEBUG)
        client = connect(service, notify=None)
        for fault in ("502", "cut", "json", "403"):
            service.fail(fault)
        with pytest.raises(SourceError):
            client.page(THERMO, systems=["Li"])
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert any("/materials/thermo/" in record.getMessage() for record in caplog.records)
    for record in caplog.records:
        assert KEY not in record.getMessage()
        assert KEY not in repr(record.args)
    for text in (repr(client), str(client), repr(vars(client)), repr(client._session)):
        assert KEY not in text
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)) as error:
        pickle.dumps(client)
    assert KEY not in str(error.value)


def test_the_key_is_taken_out_of_what_others_say(connect, service, monkeypatch):
    import requests

    def fail(*_, **__):
        raise requests.ConnectionError(f"no luck\nwith {KEY}")

    client = connect(service, attempts=2)
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", fail)
    with pytest.raises(SourceError) as error:
        client.page(THERMO, systems=["Li"])
    assert "no luck with <key>" in str(error.value)
    assert "\n" not in str(error.value)


class Recorder(BaseHTTPRequestHandler):
    """Notes the headers of each request; sends requests for documents elsewhere, if it is told."""

    def do_GET(self):
        state = self.server.state
        state.headers.append(dict(self.headers))
        if self.path.startswith(HEARTBEAT):
            body = {"db_version": "1", "version": "0.87.1", "access_controlled_batch_ids": []}
        else:
            body = {"data": [], "meta": {"total_doc": 0}}
            if state.elsewhere:
                self.send_response(302)
                self.send_header("Location", state.elsewhere + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def recorder():
    """Start servers that note headers."""
    running = []

    def start(elsewhere=""):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        server.daemon_threads = True
        server.state = SimpleNamespace(headers=[], elsewhere=elsewhere)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_the_key_does_not_follow_to_another_host(connect, recorder):
    other = recorder()
    for host in ("127.0.0.1", "localhost"):  # another port counts as another host
        first = recorder(elsewhere=f"http://{host}:{other.server_port}")
        client = connect(SimpleNamespace(endpoint=f"http://127.0.0.1:{first.server_port}/"))
        with pytest.raises(SourceError) as error:
            client.page(THERMO, systems=["Li"])
        address = f"it sends on to http://{host}:{other.server_port}/"
        assert_one_good_line(error, "HTTP 302", address, "not followed", "MP_API_ENDPOINT")
        assert any(headers.get("x-api-key") == KEY for headers in first.state.headers)
    assert other.state.headers == []


def test_every_request_says_which_program_asks(connect, recorder):
    server = recorder()
    client = connect(SimpleNamespace(endpoint=f"http://127.0.0.1:{server.server_port}/"))
    client.page(THERMO, systems=["Li"])
    for headers in server.state.headers:
        assert headers["user-agent"] == f"interscreen/{version()}"
        assert "gzip" in headers["Accept-Encoding"]


@pytest.mark.parametrize("name", ["MP_API_ENDPOINT", "MPRESTER_ENDPOINT"])
def test_the_address_may_come_from_the_environment(home, service, monkeypatch, name):
    monkeypatch.setenv(name, service.endpoint.rstrip("/"))
    client = Client(Key(KEY, "the tests"), "GGA_GGA+U")
    assert client.endpoint == service.endpoint
    client.close()


def test_a_name_that_can_be_none_is_no_connection(connect):
    with pytest.raises(SourceError) as error:
        connect(SimpleNamespace(endpoint=f"http://{'a' * 70}.org"), attempts=1)
    assert_one_good_line(error, "no connection", "label empty or too long")


@pytest.mark.parametrize("address", ["api.materialsproject.org", "file:///etc/hosts", "https:///"])
def test_an_address_that_is_none_is_told_at_once(connect, notes, address):
    with pytest.raises(InputError, match=f"MP_API_ENDPOINT: '{address}' is no address"):
        connect(SimpleNamespace(endpoint=address))
    assert notes == []
