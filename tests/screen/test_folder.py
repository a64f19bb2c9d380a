"""Run folders appear as a whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from interscreen.cli.main import main
from interscreen.errors import InputError, OutputError
from interscreen.files import csv_bytes
from interscreen.screen import folder
from interscreen.screen.folder import (
    MANIFEST,
    new_folder,
    record_file,
    require_unaltered,
    write_manifest,
)

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


STEPS = ("replace", "rename", "unlink", "fsync", "rmdir")


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_whatever_step_fails_the_place_holds_a_run_or_can_be_taken_over(
    tmp_path, monkeypatch, error
):
    """Every call that changes the disk fails once: the old run, the new one, or said so."""
    monkeypatch.setattr(folder, "_YOUNG", -1.0)
    for failing in range(100):
        target = tmp_path / str(failing) / "run"
        run(target, "old", "a.csv", "extra.csv")
        calls = []

        def once(right, calls=calls, failing=failing):
            def call(*arguments, **options):
                calls.append(right)
                if len(calls) == failing + 1:
                    raise error
                return right(*arguments, **options)

            return call

        with pytest.MonkeyPatch.context() as patch:
            for step in STEPS:
                patch.setattr(os, step, once(getattr(os, step)))
            try:
                run(target, "new", "a.csv", "z.csv")
            except (OutputError, KeyboardInterrupt) as error_now:
                said = str(error_now)
            else:
                said = ""
        assert said in ("", f"output folder {target}: cannot be written (Input/output error)")
        found = content(target)
        if found not in (OLD, NEW):
            with pytest.raises(InputError, match="stopped while it replaced this run"):
                require_unaltered(target)
        run(target, "new", "a.csv", "z.csv")
        assert content(target) == NEW
        require_unaltered(target)
        assert [entry.name for entry in target.parent.iterdir()] == ["run"]
        if len(calls) <= failing:
            break
    assert 10 < failing < 99


OLD = {"results.csv": "old", "a.csv": "old", "extra.csv": "old"}
NEW = {"results.csv": "new", "a.csv": "new", "z.csv": "new"}


def test_the_folder_that_a_killed_process_left_goes_with_the_next_run(tmp_path, monkeypatch):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from interscreen.screen.folder import new_folder\n"
        "with new_folder(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], check=False, timeout=60)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(folder, "_YOUNG", -1.0)
    with new_folder(tmp_path / "run") as mine:  # that of a process which works is left alone
        run(tmp_path / "run", "new")
        assert mine.is_dir()
        assert sorted(e.name for e in tmp_path.iterdir()) == sorted([mine.name, "run"])
        write_manifest(mine, OWN)


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


# -- what was changed is not believed, what is there is not lost ------------------------


@pytest.fixture
def finished(reference, tmp_path):
    from interscreen.database.run import write_run
    from interscreen.screen.study import Study

    study = Study(name="two", candidates=["LiF", "CuF2"], electrolytes=["LATP"], jobs=1,
                  uncertainty={"samples": 0}, sensitivity=False)  # fmt: skip
    write_run(study, reference, tmp_path / "run", command=["interscreen"])
    return tmp_path / "run"


ASKED = [("top",), ("report",), ("plot", "heatmap")]


@pytest.mark.parametrize("change", ["a number", "gone", "added", "manifest"])
def test_an_altered_run_is_refused_by_name(finished, tmp_path, capsys, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    name = {"gone": "ranking.csv", "added": "uncertainty.csv"}.get(change, "results.csv")
    file = finished / name
    if change == "gone":
        file.unlink()
    elif change == "added":
        file.write_text("candidate,electrolyte\n")
    elif change == "manifest":
        name = "manifest.json"
        (finished / MANIFEST).write_text("[" * 100_000)
    else:
        file.write_text(file.read_text().replace("-0.05", "-0.01"))
    for words in ASKED:
        assert main([*words, str(finished)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert name in line


def test_a_run_without_checksums_is_believed_with_a_warning(finished, capsys, caplog):
    (finished / MANIFEST).unlink()
    assert main(["top", str(finished)]) == 0
    assert any("has no checksums" in line for line in caplog.messages)


def test_top_writes_no_file_of_the_run_and_nothing_that_is_there(finished, tmp_path, capsys):
    before = content_of(finished)
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    for file in (finished / "results.csv", finished / "windows.csv", mine):
        assert main(["top", str(finished), "--csv", str(file)]) == 2
    assert "belongs to a run" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert main(["top", str(finished), "--csv", str(finished / "results.csv"), "--force"]) == 2
    assert content_of(finished) == before
    assert main(["top", str(finished), "--csv", str(mine), "--force"]) == 0
    assert mine.read_text().startswith("rank,")


def test_a_disk_that_fills_up_leaves_what_was_there(finished, tmp_path, capsys, monkeypatch):
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["top", str(finished), "--csv", str(mine), "--force"]) == 2
    assert main(["report", str(finished), "--out", str(tmp_path / "page.html")]) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.csv", "run"]
    assert mine.read_text() == "mine"


def test_a_page_that_somebody_changed_is_replaced_only_when_asked_to(finished, tmp_path, capsys):
    page = finished / "report.html"
    assert main(["report", str(finished)]) == 0
    written = page.read_text(encoding="utf-8")
    page.write_text(written + "my notes", encoding="utf-8")
    assert main(["report", str(finished)]) == 2
    assert "report.html: was changed since it was written" in capsys.readouterr().err
    assert main(["report", str(finished), "--force"]) == 0
    assert page.read_text(encoding="utf-8") == written
    mine, ours = tmp_path / "mine.html", tmp_path / "ours.html"
    mine.write_text("<p>mine")
    assert main(["report", str(finished), "--out", str(mine)]) == 2
    for _ in range(2):  # our own page may be made again
        assert main(["report", str(finished), "--out", str(ours)]) == 0
    assert mine.read_text() == "<p>mine"


def test_cells_that_a_spreadsheet_would_execute_are_texts():
    frame = pd.DataFrame({"id": ["=1+1", "@x", "LiF"], "energy": [-1.0, 0.0, 1.0]})
    assert csv_bytes(frame) == b"id,energy\n'=1+1,-1.0\n'@x,0.0\nLiF,1.0\n"


def content_of(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}
