"""Downloads from a server on the loopback interface that fails in every way it is told to."""

import errno
import gzip
import hashlib
import os
import random
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from interscreen.errors import InputError, InterscreenError, OutputError, SourceError
from interscreen.sources.download import download, public_address

CONTENT = random.Random(7).randbytes(600_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves ``content``; the n-th request is answered as ``plan[n]`` says, later ones well.

    A plan is a dict: ``status``, ``headers``, ``cut`` (close after so many bytes of the body),
    ``ranges`` (False: ignore Range), ``content``, ``chunked``, ``silent``, ``answer`` (headers of
    a partial answer to change), ``headers`` (those of any other answer).
    """

    def __init__(self):
        self.content, self.etag, self.modified = CONTENT, '"one"', ""
        self.plan, self.requests, self.sent = [], [], []
        self.released = threading.Event()

    def url(self, path="/file.json.gz", user=""):
        return f"http://{user}127.0.0.1:{self.port}{path}"


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that go away are what is tested here."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server.state
        number = len(server.requests)
        server.requests.append(SimpleNamespace(path=self.path, headers=self.headers))
        server.sent.append(0)
        step = server.plan[number] if number < len(server.plan) else {}
        if step.get("silent"):
            server.released.wait(20)
            self.close_connection = True
            return
        if step.get("status", 200) >= 300:
            self.send_response(step["status"])
            for name, value in step.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = step.get("content", server.content)
        mark = self.headers.get("If-Range")
        asked = self.headers.get("Range")
        start = 0
        if asked and step.get("ranges", True) and mark in (None, server.etag, server.modified):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        headers = {"Content-Length": str(len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if server.etag:
            headers["ETag"] = server.etag
        if server.modified:
            headers["Last-Modified"] = server.modified
        headers |= step.get("answer" if start else "headers", {})
        chunked = step.get("chunked", False)
        if chunked:
            del headers["Content-Length"]
            headers["Transfer-Encoding"] = "chunked"
        self.send_response(step.get("status", 206 if start else 200))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        body = content[start:][: step.get("cut")]
        server.sent[number] = len(body)  # before the client can have read it
        if chunked:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
            if "cut" not in step:
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(body)
        if "cut" in step:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    state = Server()
    http = Quiet(("127.0.0.1", 0), Handler)
    http.state = state
    state.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.released.set()
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def fetch(server, tmp_path):
    """Download without waiting; remembers pauses and messages, checks that nothing is left."""
    got = SimpleNamespace(pauses=[], said=[], target=tmp_path / "new" / "file.json.gz", steps=[])

    def run(url=None, **options):
        options = {
            "sleep": got.pauses.append,
            "on_retry": got.said.append,
            "progress": lambda done, total: got.steps.append((done, total)),
            **options,
        }
        try:
            return download(url or server.url(), got.target, **options)
        finally:
            left = (
                {p.name for p in got.target.parent.iterdir()} if got.target.parent.is_dir() else ()
            )
            assert set(left) <= {got.target.name}, "something half is left behind"

    got.run = run
    return got


def test_a_file_arrives_whole_with_its_checksum_and_progress(server, fetch):
    assert fetch.run() == SHA256
    assert fetch.target.read_bytes() == CONTENT
    done = [step[0] for step in fetch.steps]
    assert done == sorted(done)
    assert fetch.steps[-1] == (len(CONTENT), len(CONTENT))
    assert server.requests[0].headers["Accept-Encoding"] == "identity"
    assert "Range" not in server.requests[0].headers
    assert fetch.pauses == []


def test_an_empty_file_is_a_file(server, fetch):
    server.content = b""
    assert fetch.run() == hashlib.sha256(b"").hexdigest()
    assert fetch.target.read_bytes() == b""


@pytest.mark.parametrize("etag", ['"one"', "", 'W/"one"'])
def test_a_cut_connection_goes_on_where_it_broke_off(server, fetch, etag):
    server.etag = etag
    server.modified = "Wed, 21 Oct 2020 07:28:00 GMT" if etag.startswith("W/") else ""
    server.plan = [{"cut": 300_000}, {"cut": 100_000}]
    assert fetch.run() == SHA256
    assert fetch.target.read_bytes() == CONTENT
    assert [r.headers["Range"] for r in server.requests[1:]] != [None, None]
    expected = {"": None, '"one"': '"one"'}.get(etag, server.modified)
    assert [r.headers["If-Range"] for r in server.requests[1:]] == [expected, expected]
    # at most one chunk of each broken connection is asked for a second time
    assert len(CONTENT) <= sum(server.sent) <= len(CONTENT) + 2 * (1 << 16)
    assert len(fetch.pauses) == len(fetch.said) == 2
    assert "attempt 2 of 5" in fetch.said[0]
    assert "bytes" in fetch.said[0] or "broke off" in fetch.said[0]


def test_without_support_for_ranges_it_starts_again(server, fetch):
    server.plan = [{"cut": 300_000}, {"ranges": False}]
    assert fetch.run() == SHA256
    assert fetch.target.read_bytes() == CONTENT
    assert server.sent[1] == len(CONTENT)


def test_what_is_stored_packed_stays_packed(server, fetch):
    server.content = gzip.compress(CONTENT)
    server.plan = [{"headers": {"Content-Encoding": "gzip"}}]
    assert fetch.run() == hashlib.sha256(server.content).hexdigest()
    assert fetch.target.read_bytes() == server.content


@pytest.mark.parametrize("changed", [CONTENT[::-1], CONTENT[-200_000:]])
def test_a_file_that_changed_in_between_is_fetched_anew(server, fetch, changed):
    server.plan = [{"cut": 300_000, "content": CONTENT}]
    server.content = changed

    def change(_):
        server.etag = '"two"'

    assert fetch.run(sleep=change) == hashlib.sha256(changed).hexdigest()
    assert fetch.target.read_bytes() == changed
    assert server.requests[1].headers["If-Range"] == '"one"'
    assert server.sent[1] == len(changed)


@pytest.mark.parametrize(
    "answer",
    [
        {"ETag": '"two"'},
        {"Content-Range": "bytes 5-599999/600000"},
        {"Content-Range": "bytes 262144-599999/700000"},
        {"Content-Range": "nonsense"},
    ],
)
def test_a_rest_that_does_not_fit_is_not_appended(server, fetch, answer):
    server.plan = [{"cut": 262_144}, {"answer": answer}]
    assert fetch.run() == SHA256
    assert fetch.target.read_bytes() == CONTENT
    assert "changed" in fetch.said[1]
    assert server.requests[2].headers["Range"] is None


def test_a_rest_that_is_not_to_be_had_is_fetched_anew(server, fetch):
    server.plan = [{"cut": 262_144}, {"status": 416}]
    assert fetch.run() == SHA256
    assert server.requests[2].headers["Range"] is None


def test_a_file_of_unknown_length_is_complete_only_at_its_end(server, fetch):
    server.plan = [{"chunked": True, "cut": 200_000}, {"ranges": False, "chunked": True}]
    assert fetch.run() == SHA256
    assert fetch.target.read_bytes() == CONTENT
    assert fetch.steps[0] == (0, None)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_with_growing_pauses(server, fetch, status):
    server.plan = [{"status": status}] * 4
    assert fetch.run() == SHA256
    assert len(fetch.pauses) == 4
    for attempt, pause in enumerate(fetch.pauses):
        assert 0.5 * 2**attempt <= pause <= 1.5 * 2**attempt
    assert str(status) in fetch.said[0]


def test_retry_after_is_honoured_up_to_two_minutes(server, fetch):
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    values = ["7", "3600", soon, "whenever"]
    server.plan = [{"status": 429, "headers": {"Retry-After": value}} for value in values]
    assert fetch.run() == SHA256
    assert fetch.pauses[:2] == [7.0, 120.0]
    assert 40.0 <= fetch.pauses[2] <= 60.0
    assert 4.0 <= fetch.pauses[3] <= 12.0  # unreadable: the usual fourth pause


def test_it_gives_up_after_so_many_attempts(server, fetch):
    server.plan = [{"status": 503}] * 9
    with pytest.raises(SourceError, match=r"503 \(Service Unavailable\) \(3 attempts\).*path"):
        fetch.run(attempts=3)
    assert len(server.requests) == 3
    assert not fetch.target.exists()


def test_progress_starts_the_count_of_attempts_afresh(server, fetch):
    server.content = random.Random(8).randbytes(5 << 20)
    server.plan = [{"cut": 5 << 18}] * 3
    assert fetch.run(attempts=2) == hashlib.sha256(server.content).hexdigest()
    assert len(server.requests) == 4
    assert all(pause <= 1.5 for pause in fetch.pauses)


def test_attempts_that_bring_next_to_nothing_do_not_go_on_for_ever(server, fetch):
    server.plan = [{"cut": 70_000}] * 50
    with pytest.raises(SourceError, match="3 attempts"):
        fetch.run(attempts=3)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 410, 301])
def test_a_refusal_is_final_and_says_what_to_do(server, fetch, status):
    server.plan = [{"status": status}] * 2
    with pytest.raises(SourceError) as caught:
        fetch.run()
    assert len(server.requests) == 1
    assert f"127.0.0.1:{server.port}/file.json.gz" in str(caught.value)
    assert str(status) in str(caught.value)
    assert "give its path" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4
    assert not fetch.target.exists()


def test_a_partial_answer_nobody_asked_for_is_refused(server, fetch):
    server.plan = [{"status": 206}]
    with pytest.raises(SourceError, match="206"):
        fetch.run()


def test_a_server_that_is_not_there_is_a_source_error(fetch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x?key=geheim"
        with pytest.raises(SourceError, match=r"Connection refused.*2 attempts") as caught:
            fetch.run(url, attempts=2)
    assert "geheim" not in str(caught.value)


def test_a_silent_server_is_given_up(server, fetch):
    server.plan = [{"silent": True}] * 2
    with pytest.raises(SourceError, match=r"no answer within 0\.2 s"):
        fetch.run(attempts=2, timeout=0.2)


@pytest.mark.parametrize("status", [404, 503])
def test_no_credentials_in_any_message(server, fetch, status):
    server.plan = [{"status": status}] * 5
    with pytest.raises(SourceError) as caught:
        fetch.run(server.url("/file?token=geheim#frag", user="anna:pass%40wort@"))
    for text in (str(caught.value), *fetch.said):
        for secret in ("geheim", "anna", "pass", "frag"):
            assert secret not in text
    assert server.requests[0].path == "/file?token=geheim"
    assert server.requests[0].headers["Authorization"].startswith("Basic ")


def test_redirects_are_followed(server, fetch):
    server.plan = [{"status": 302, "headers": {"Location": "/elsewhere"}}]
    assert fetch.run() == SHA256
    assert server.requests[1].path == "/elsewhere"


def test_redirects_in_a_circle_end(server, fetch):
    server.plan = [{"status": 302, "headers": {"Location": "/file.json.gz"}}] * 99
    with pytest.raises(SourceError, match="TooManyRedirects"):
        fetch.run()


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/file?key=geheim", "ftp://127.0.0.1/file"])
def test_https_is_never_left_for_an_address_without_encryption(monkeypatch, fetch, location):
    import requests

    asked = []

    def send(self, request, **_):
        asked.append(request.url)
        response = requests.Response()
        response.status_code, response.url, response.request = 302, request.url, request
        response.headers["Location"] = location
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    with pytest.raises(SourceError, match="without encryption") as caught:
        fetch.run("https://127.0.0.1:1/file")
    assert asked == ["https://127.0.0.1:1/file"]
    assert "geheim" not in str(caught.value)


def test_a_certificate_that_is_not_trusted_is_final(monkeypatch, fetch):
    import ssl

    import requests

    asked = []

    def send(self, request, **_):
        asked.append(request.url)
        cause = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed")
        raise requests.exceptions.SSLError(f"url: {request.url}") from cause

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    with pytest.raises(SourceError, match="certificate verify failed: self-signed") as caught:
        fetch.run("https://127.0.0.1:1/file?key=geheim")
    assert len(asked) == 1
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hosts", "ftp://host/x", "http://", "https:///x", "http://h:x/", "http://[::"],
)
def test_an_address_that_is_none_is_wrong_input(fetch, url):
    with pytest.raises(InputError, match="https://host/path"):
        fetch.run(url)


def test_a_shown_address_has_neither_user_nor_query():
    shown = public_address("https://anna:p@ss@host.example:8443/a/b.json.gz?key=1#x")
    assert shown == "https://host.example:8443/a/b.json.gz"
    assert public_address("http://[::1]:80/a") == "http://[::1]:80/a"


def test_a_full_disk_is_an_output_error(monkeypatch, server, fetch):
    from interscreen.sources import download as module

    def full(self, chunk):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module._Partial, "append", full)
    with pytest.raises(OutputError, match="No space left on device"):
        fetch.run()
    assert len(server.requests) == 1
    assert not fetch.target.exists()


def test_a_folder_that_cannot_be_made_is_an_output_error(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        download(server.url(), tmp_path / "file" / "x")
    assert server.requests == []


@pytest.mark.parametrize("problem", [KeyboardInterrupt, InterscreenError])
def test_an_interrupted_download_leaves_the_earlier_file(server, fetch, problem):
    fetch.target.parent.mkdir()
    fetch.target.write_text("earlier")

    def stop(done, total):
        if done:
            raise problem

    with pytest.raises(problem):
        fetch.run(progress=stop)
    assert fetch.target.read_text() == "earlier"


def test_a_failed_download_leaves_the_earlier_file(server, fetch):
    fetch.target.parent.mkdir()
    fetch.target.write_text("earlier")
    server.plan = [{"cut": 300_000}, {"status": 404}]
    with pytest.raises(SourceError, match="404"):
        fetch.run()
    assert fetch.target.read_text() == "earlier"
