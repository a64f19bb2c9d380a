"""Files, caches, the Materials Project's server code and clients, for the tests of sources."""

import gzip
import os
from pathlib import Path

import pytest

from interscreen.phases.cache import cache_folder
from interscreen.sources.materials_project import key

KEY = "k" * 32


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache folder and a key of this test's own, and no proxy between it and itself."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("INTERSCREEN_CACHE", str(folder))
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.delenv("PMG_MAPI_KEY", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    return folder


@pytest.fixture(scope="session")
def small():
    """Documents of the package's reference phases; see ``service.small_set``."""
    from service import require_server_code, small_set

    require_server_code()
    return small_set()


@pytest.fixture(scope="session")
def entries_file(shared):
    return shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"


@pytest.fixture(scope="session")
def four_elements(entries_file):
    """Documents of every computed entry of Fe, Li, O and P."""
    from service import from_entries, require_server_code

    require_server_code()
    return from_entries(entries_file)


@pytest.fixture(scope="session")
def recorded(shared):
    """Documents of Li-Fe-O that the service's own builder made of real calculations."""
    from service import from_recorded, require_server_code

    require_server_code()
    return from_recorded(shared / "data" / "mp_recorded" / "thermo_Li-Fe-O_made_by_emmet.json.gz")


@pytest.fixture
def service(home, small):
    from service import Service

    with Service(small) as running:
        yield running


@pytest.fixture
def notes():
    """What the clients of this test have told."""
    return []


@pytest.fixture
def waits():
    """How long the clients of this test would have waited [s]."""
    return []


@pytest.fixture
def connect(home, notes, waits):
    """Make clients that wait for nothing."""
    from interscreen.sources.materials_project.client import Client
    from interscreen.sources.materials_project.key import Key

    made = []

    def make(service, family="GGA_GGA+U", key=KEY, **options):
        options = {"notify": notes.append, "sleep": waits.append, **options}
        made.append(Client(Key(key, "the tests"), family, endpoint=service.endpoint, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def pull(connect, notes):
    """Pull element sets (or everything) from a service with a new client, and close the store."""
    from interscreen.sources.materials_project.pull import pull_everything, pull_systems

    def run(service, *sets, everything=False, family="GGA_GGA+U", **options):
        client = connect(service, family)
        if everything:
            report = pull_everything(client, notify=notes.append, **options)
        else:
            report = pull_systems(client, sets, notify=notes.append, **options)
        report.store.close()
        return report

    return run


@pytest.fixture
def open_store(home):
    """Open the store of a database version, read-only in spirit; closed at the end."""
    from interscreen.sources.materials_project.store import Store, store_path

    opened = []

    def run(version="2026.04.13", family="GGA_GGA+U"):
        opened.append(Store(store_path(version, family)))
        return opened[-1]

    yield run
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def subprocess_environment():
    """Build the environment of a child process: this package, these tests, one cache folder."""

    def build(folder):
        return {
            **os.environ,
            "INTERSCREEN_CACHE": str(folder),
            "MP_API_KEY": KEY,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")))
            ),
        }

    return build


@pytest.fixture
def write(tmp_path):
    """Write a file, compressed where its name says so."""

    def to_file(content, name="table.csv"):
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return to_file


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("INTERSCREEN_CACHE", str(folder))
    assert cache_folder() == folder
    return folder


@pytest.fixture
def no_key(monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    monkeypatch.setattr(key, "_from_settings", lambda: "")
