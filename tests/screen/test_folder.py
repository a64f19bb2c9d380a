"""Run folders appear as a whole or not at all."""

import os
from pathlib import Path

import pytest

from interscreen.errors import OutputError
from interscreen.screen.folder import MANIFEST, new_folder, record_file, write_manifest

OWN = {"source": {}, "command": "interscreen screen", "versions": {}}


def run(target, text, *more):
    with new_folder(target) as folder:
        for name in ("results.csv", *more):
            (folder / name).write_text(text)
        write_manifest(folder, OWN)


def content(folder):
    return {file.name: file.read_text() for file in folder.iterdir() if file.name != MANIFEST}


def test_folder_appears_when_complete(tmp_path):
    target = tmp_path / "a" / "run"
    with new_folder(target) as folder:
        (folder / "results.csv").write_text("1")
        assert not target.exists()
    assert content(target) == {"results.csv": "1"}
    assert [entry.name for entry in target.parent.iterdir()] == ["run"]


def test_files_of_an_earlier_run_are_replaced_and_all_others_stay(tmp_path):
    target = tmp_path / "run"
    run(target, "old", "extra.csv")
    (target / "notes.txt").write_text("mine")
    (target / "src").mkdir()
    (target / "src" / "thesis.txt").write_text("years of work")
    run(target, "new")
    assert content(target.joinpath("src")) == {"thesis.txt": "years of work"}
    (target / "src" / "thesis.txt").unlink()
    (target / "src").rmdir()
    assert content(target) == {"results.csv": "new", "notes.txt": "mine"}
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
    assert content(target) == {"results.csv": "old"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("text", ["", "1", "[]", "{}", '{"name": "my web page"}', "{" * 5000,
                                  '{"files_sha256": {"thesis.txt": ""}}'])  # fmt: skip
def test_a_manifest_of_somebody_else_does_not_make_a_folder_a_run(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="no interscreen run"):
        run(tmp_path, "x")
    assert content(tmp_path) == {"thesis.txt": "years of work"}
    assert (tmp_path / MANIFEST).read_text() == text


def test_a_file_that_was_changed_or_is_in_the_way_is_refused_by_name(tmp_path):
    target = tmp_path / "run"
    run(target, "old")
    (target / "results.csv").write_text("my corrections")
    with pytest.raises(OutputError, match=r"results\.csv was changed since the run"):
        run(target, "new")
    assert content(target) == {"results.csv": "my corrections"}
    (target / "results.csv").write_text("old")
    (target / "windows.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"windows\.csv is not of this run"):
        run(target, "new", "windows.csv")
    assert content(target) == {"results.csv": "old", "windows.csv": "mine"}


def test_a_folder_that_was_left_half_replaced_is_taken_over(tmp_path, monkeypatch):
    target = tmp_path / "run"
    run(target, "old", "a.csv", "extra.csv")
    replace, moved = os.replace, []

    def killed(source, place):
        if moved.count("results.csv") and Path(place).parent == target:
            raise KeyboardInterrupt
        moved.append(Path(place).name)
        replace(source, place)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        run(target, "new", "a.csv", "z.csv")
    monkeypatch.undo()
    assert content(target) == {"a.csv": "new", "results.csv": "new", "extra.csv": "old"}
    run(target, "newer", "a.csv")
    assert content(target) == {"a.csv": "newer", "results.csv": "newer"}


def test_a_file_that_is_made_again_stays_ours(tmp_path):
    run(tmp_path / "run", "old")
    (tmp_path / "run" / "report.html").write_text("page")
    record_file(tmp_path / "run", "report.html")
    run(tmp_path / "run", "new")
    assert content(tmp_path / "run") == {"results.csv": "new"}


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
