"""The key of the Materials Project: found, checked, and never shown."""

import copy
import pickle

import pytest

from interscreen.errors import InputError
from interscreen.sources.materials_project.key import Key, find_key, key_place

KEY = "aB3" + "x" * 29


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    """Start every test without any key."""
    from pymatgen.core import SETTINGS

    monkeypatch.delenv("MP_API_KEY", raising=False)
    monkeypatch.delenv("PMG_MAPI_KEY", raising=False)
    monkeypatch.delitem(SETTINGS, "PMG_MAPI_KEY", raising=False)


def test_no_key_is_no_error():
    assert find_key() is None
    assert key_place() == ""


def test_the_environment_comes_before_the_settings_of_pymatgen(monkeypatch):
    from pymatgen.core import SETTINGS

    monkeypatch.setitem(SETTINGS, "PMG_MAPI_KEY", "s" * 32)
    found = find_key()
    assert found.reveal() == "s" * 32
    assert "PMG_MAPI_KEY" in found.found_in
    monkeypatch.setenv("PMG_MAPI_KEY", "p" * 32)
    assert find_key().reveal() == "p" * 32
    monkeypatch.setenv("MP_API_KEY", KEY)
    found = find_key()
    assert (found.reveal(), found.found_in) == (KEY, "MP_API_KEY")
    assert key_place() == "MP_API_KEY"


def test_blanks_around_a_key_are_no_part_of_it(monkeypatch):
    monkeypatch.setenv("MP_API_KEY", f"  {KEY}\n")
    assert find_key().reveal() == KEY
    monkeypatch.setenv("MP_API_KEY", " \n")
    assert find_key() is None


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY[:16]}\n{KEY[16:]}",  # would end the header and begin another one
        f"{KEY[:16]}\r\nx-other: 1",
        KEY[:-1],
        KEY + "x",
        KEY[:16],
        KEY[:-1] + "-",
        KEY[:-1] + "\x00",
        KEY[:-1] + "ä",
        "Q7",
    ],
)
def test_what_cannot_be_a_key_is_refused_without_showing_it(text):
    with pytest.raises(InputError) as error:
        Key(text, "MP_API_KEY")
    message = str(error.value)
    assert "\n" not in message
    assert "MP_API_KEY" in message
    assert "dashboard" in message
    assert f"has {len(text)} characters" in message
    for part in (text, KEY[:5]):
        assert part not in message


def test_a_key_of_the_old_api_is_recognized():
    with pytest.raises(InputError, match="a key of the old API"):
        Key("k" * 16, "MP_API_KEY")
    with pytest.raises(InputError) as error:
        Key("k" * 20, "MP_API_KEY")
    assert "old API" not in str(error.value)


def test_a_key_does_not_show_itself():
    key = Key(KEY, "MP_API_KEY")
    for text in (repr(key), str(key), f"{key}", "%s" % key, repr([key])):  # noqa: UP031
        assert KEY not in text
        assert "MP_API_KEY" in text
    assert key.hidden_in(f"header {KEY}, again {KEY}") == "header <key>, again <key>"
    assert not hasattr(key, "__dict__")


def test_a_key_goes_to_no_other_process_and_no_file():
    key = Key(KEY, "MP_API_KEY")
    for leave in (pickle.dumps, copy.copy, copy.deepcopy, lambda k: pickle.dumps({"key": [k]})):
        with pytest.raises(TypeError, match="not stored or sent") as error:
            leave(key)
        assert KEY not in str(error.value)
