"""Run folders appear as a whole or not at all."""

import pytest

from interscreen.errors import OutputError
from interscreen.screening.folder import new_folder


def run(target, text):
    with new_folder(target) as folder:
        (folder / "manifest.json").write_text(text)


def test_folder_appears_when_complete(tmp_path):
    target = tmp_path / "a" / "run"
    with new_folder(target) as folder:
        (folder / "manifest.json").write_text("1")
        assert not target.exists()
    assert (target / "manifest.json").read_text() == "1"
    assert [entry.name for entry in target.parent.iterdir()] == ["run"]


def test_earlier_run_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "run"
    run(target, "old")
    (target / "extra.csv").write_text("x")
    run(target, "new")
    assert [entry.name for entry in target.iterdir()] == ["manifest.json"]
    assert (target / "manifest.json").read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_error_leaves_the_earlier_run_and_nothing_else(tmp_path):
    target = tmp_path / "run"
    run(target, "old")

    def broken():
        with new_folder(target) as folder:
            (folder / "results.csv").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert (target / "manifest.json").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_folder_with_other_files_is_refused(tmp_path):
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter.tex").write_text("years of work")
    with pytest.raises(OutputError, match="no interscreen run"):
        run(target, "x")
    assert (target / "chapter.tex").read_text() == "years of work"


def test_empty_folder_is_used(tmp_path):
    target = tmp_path / "empty"
    target.mkdir()
    run(target, "x")
    assert (target / "manifest.json").exists()


@pytest.mark.parametrize("place", ["file", "file/run"])
def test_place_that_cannot_be_a_folder_is_an_error(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="output folder"):
        run(tmp_path / place, "x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
