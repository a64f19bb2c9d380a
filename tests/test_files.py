"""Files that are there as a whole or not at all, and what counts as a number."""

import os
from fractions import Fraction

import numpy as np
import pytest

from interscreen.files import whole_file, write_whole
from interscreen.phases.units import is_number


def test_a_file_appears_when_it_is_whole_and_nothing_else_stays(tmp_path):
    place = tmp_path / "data.bin"
    write_whole(place, b"before")
    with whole_file(place) as file:
        file.write(b"aft")
        assert place.read_bytes() == b"before"
        file.write(b"er")
    assert place.read_bytes() == b"after"
    assert os.listdir(tmp_path) == ["data.bin"]
    plain = tmp_path / "plain"
    plain.touch()
    assert place.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_failure_at_any_step_keeps_what_was_there(tmp_path, monkeypatch, step):
    place = tmp_path / "data.bin"
    write_whole(place, b"before")

    def fail(*_args):
        raise OSError(28, "No space left on device")

    def write_half():
        with whole_file(place) as file:
            file.write(b"half")
            if step == "write":
                fail()

    if step != "write":
        monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_half()
    assert place.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["data.bin"]


def test_two_writers_at_once_do_not_mix(tmp_path):
    place = tmp_path / "data.bin"
    with whole_file(place) as one, whole_file(place) as two:
        one.write(b"one " * 1000)
        two.write(b"two")
    assert place.read_bytes() == b"one " * 1000  # the one that was moved there last
    assert os.listdir(tmp_path) == ["data.bin"]


def test_truth_values_and_texts_are_no_numbers():
    for value in (0, 1.5, float("nan"), np.float64(1), np.float32(1), np.int64(1), Fraction(1, 2)):
        assert is_number(value), value
    for value in (True, np.True_, "1", None, [1], 1j, np.array([1.0])):
        assert not is_number(value), value
