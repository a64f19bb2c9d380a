"""The command ``plot``: files, data beside the figure, options, bad input."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from interscreen.cli import main as cli
from interscreen.report.figures import heatmap_data

REFERENCE = ("--source", "reference", "--quiet")
COMMANDS = {
    "reaction": ("reaction", "CuF2", "LLZO", *REFERENCE),
    "window": ("window", "LLZO", "LiF", "CuF2", *REFERENCE),
    "lithiation": ("lithiation", "CuF2", "AlF3", "LiF", *REFERENCE),
    "profile": ("profile", "LATP", "CuF2", "--from", "1", "--to", "4", *REFERENCE),
    "map": ("map", "Li-M-O", "--m", "Al,Si", "--against", "LLZO", "--divisions", "12", *REFERENCE),
}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """Folder of the shipped study."""
    folder = tmp_path_factory.mktemp("run") / "demo"
    assert cli.main(["screen", "--out", str(folder), "--quiet", "--samples", "0"]) == 0
    return folder


def plot(*arguments):
    return cli.main(["plot", *map(str, arguments)])


def error_of(capsys, *arguments):
    """Exit code 2 and one line on stderr; nothing on stdout."""
    assert plot(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("interscreen: error: ")
    return line


# -- files -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_kind_writes_all_formats_and_its_data(kind, tmp_path, capsys):
    assert plot(*COMMANDS[kind], "--out", tmp_path / "new" / "fig", "--width", "one") == 0
    names = {file.name for file in (tmp_path / "new").iterdir()}
    tables = {"fig.csv", "fig_phases.csv"} if kind == "map" else {"fig.csv"}
    assert names == {"fig.png", "fig.svg", "fig.pdf", *tables}
    said = capsys.readouterr()
    assert {line.rpartition("/")[2] for line in said.out.splitlines()} == names
    assert said.err == ""
    frame = pd.read_csv(tmp_path / "new" / "fig.csv")
    assert len(frame) > 0


def test_the_data_are_those_of_the_question(tmp_path, capsys):
    for kind in ("reaction", "window", "lithiation", "profile"):
        plot(*COMMANDS[kind], "--out", tmp_path / kind, "--format", "png")
    reaction = pd.read_csv(tmp_path / "reaction.csv")
    assert reaction.loc[reaction["is_minimum"], "mixing_fraction"].item() == pytest.approx(0.5)
    assert reaction["mutual_energy_eV_per_atom"].min() == pytest.approx(-0.3736, abs=2e-4)
    window = pd.read_csv(tmp_path / "window.csv").set_index("name")
    assert list(window["part"]) == ["electrolyte", "material", "material"]
    assert window.loc["LLZO", "reduction_limit_V"] == pytest.approx(0.05, abs=0.005)
    assert window.loc["LiF", "reduction_limit_V"] == 0
    path = pd.read_csv(tmp_path / "lithiation.csv")
    assert path.loc[path["candidate"] == "CuF2", "voltage_V"].item() == pytest.approx(
        3.64, abs=0.01
    )
    assert set(path["candidate"]) == {"CuF2", "AlF3"}  # LiF takes up no Li
    profile = pd.read_csv(tmp_path / "profile.csv")
    assert (profile["potential_V"].min(), profile["potential_V"].max()) == (1.0, 4.0)
    capsys.readouterr()


@pytest.mark.proof
def test_an_interface_can_be_open_to_lithium(tmp_path, capsys):
    plot("reaction", "LATP", "Li3PS4", "--potential", "2.5", "--out", tmp_path / "a", *REFERENCE)
    plot("reaction", "LATP", "Li3PS4", "--out", tmp_path / "b", *REFERENCE)
    one, other = (pd.read_csv(tmp_path / f"{name}.csv") for name in "ab")
    assert one["mutual_energy_eV_per_atom"].min() != other["mutual_energy_eV_per_atom"].min()
    capsys.readouterr()


@pytest.mark.proof
def test_the_same_command_gives_the_same_bytes(tmp_path, capsys):
    for folder in ("a", "b"):
        plot(*COMMANDS["reaction"], "--out", f"{tmp_path / folder}/")
    capsys.readouterr()
    files = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert files == [f"reaction_CuF2_LLZO.{kind}" for kind in ("csv", "pdf", "png", "svg")]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.proof
def test_profile_and_map_draw_the_same_figure_as_plot(tmp_path, capsys):
    for kind, out in (("profile", "profile"), ("map", "map")):
        arguments = COMMANDS[kind]
        assert cli.main([*arguments, "--out", str(tmp_path / kind)]) == 0
        plot(*arguments, "--out", tmp_path / f"plot-{kind}" / out)
        for file in (tmp_path / f"plot-{kind}").iterdir():
            assert file.read_bytes() == (tmp_path / kind / file.name).read_bytes(), file.name
    capsys.readouterr()


def test_out_may_name_a_folder_a_stem_or_one_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    for out, expected in (
        ("there", "there/window_LiF.png"),
        ("fig.v2", "fig.v2.png"),
        ("new/fig.png", "new/fig.png"),
        ("data.csv", "data.png"),
    ):
        plot("window", "LiF", "--out", out, "--format", "png", *REFERENCE)
        assert capsys.readouterr().out.splitlines() == [
            expected, expected.removesuffix(".png") + ".csv"
        ]  # fmt: skip
    plot("window", "LiF", "--out", "only.pdf", *REFERENCE)
    assert capsys.readouterr().out.split() == ["only.pdf", "only.csv"]
    plot("window", "Cu + 2 LiF", "--format", "svg,png", *REFERENCE)
    assert capsys.readouterr().out.split() == [
        "window_Cu-2-LiF.svg", "window_Cu-2-LiF.png", "window_Cu-2-LiF.csv"
    ]  # fmt: skip


def test_json_names_the_files(tmp_path, capsys):
    plot("window", "LiF", "--out", tmp_path / "fig", "--json", *REFERENCE)
    answer = json.loads(capsys.readouterr().out)
    assert [file.rpartition(".")[2] for file in answer["files"]] == ["png", "svg", "pdf", "csv"]
    assert answer["warnings"] == []


# -- a run -----------------------------------------------------------------------


@pytest.mark.proof
def test_the_heatmap_of_a_run_is_that_in_its_folder(run_folder, tmp_path, capsys):
    assert plot("heatmap", run_folder, "--out", tmp_path / "fig") == 0
    for ending in ("png", "svg", "pdf", "csv"):
        mine = (tmp_path / f"fig.{ending}").read_bytes()
        if ending == "csv":
            results = pd.read_csv(run_folder / "results.csv")[heatmap_data.PLOTTED]
            again = pd.read_csv(tmp_path / "fig.csv")
            key = ["candidate", "electrolyte"]
            pd.testing.assert_frame_equal(
                again.sort_values(key, ignore_index=True),
                results.sort_values(key, ignore_index=True),
            )
        assert mine == (run_folder / f"heatmap_reaction_energy.{ending}").read_bytes()
    capsys.readouterr()


def test_the_best_of_a_run_with_some_electrolytes(run_folder, tmp_path, capsys):
    arguments = ("--top", "2", "--electrolytes", "LATP, LLZO")
    plot("heatmap", run_folder, *arguments, "--out", tmp_path / "fig")
    frame = pd.read_csv(tmp_path / "fig.csv")
    ranking = pd.read_csv(run_folder / "ranking.csv")
    best = list(ranking.loc[ranking["electrolyte"] == "overall", "candidate"])[:2]
    assert list(dict.fromkeys(frame["candidate"])) == best
    assert list(dict.fromkeys(frame["electrolyte"])) == ["LATP", "LLZO"]


def test_a_run_that_cannot_be_drawn_is_one_line(run_folder, tmp_path, capsys):
    assert "no such folder" in error_of(capsys, "heatmap", tmp_path / "nowhere")
    assert "holds no results.csv" in error_of(capsys, "heatmap", tmp_path)
    assert "did you mean LATP" in error_of(capsys, "heatmap", run_folder, "--electrolytes", "LAT")
    assert "--top 0" in error_of(capsys, "heatmap", run_folder, "--top", "0")
    broken = tmp_path / "broken"
    shutil.copytree(run_folder, broken)
    (broken / "results.csv").write_text("changed")
    assert "results.csv was changed since the run" in error_of(capsys, "heatmap", broken)
    (broken / "manifest.json").unlink()  # nobody can tell any more
    shutil.copy(run_folder / "results.csv", broken)
    text = (broken / "results.csv").read_text()
    for content, said in (
        (text.replace("deposited_mutual_eV_per_atom", "other"), "column deposited_mutual"),
        ("", "cannot be read"),
        ('a,b\n1,2,3,4\n1,2\n"', "cannot be read"),
    ):
        (broken / "results.csv").write_text(content)
        assert said in error_of(capsys, "heatmap", broken)
    frame = pd.read_csv(run_folder / "results.csv", dtype=str)
    frame.loc[1, "layer_mutual_eV_per_atom"] = "much"
    frame.to_csv(broken / "results.csv", index=False)
    line = error_of(capsys, "heatmap", broken)
    assert "row 2, layer_mutual_eV_per_atom: 'much' is no number" in line


def test_a_table_of_a_run_or_of_something_else_is_not_overwritten(run_folder, tmp_path, capsys):
    before = {file.name: file.read_bytes() for file in run_folder.iterdir()}
    line = error_of(capsys, *COMMANDS["lithiation"], "--out", run_folder / "lithiation")
    assert "lithiation.png: belongs to a run; name another place" in line
    assert {file.name: file.read_bytes() for file in run_folder.iterdir()} == before
    (tmp_path / "mine.csv").write_text("my,own\n1,2\n")
    line = error_of(capsys, *COMMANDS["window"], "--out", tmp_path / "mine")
    assert "mine.csv: is there already" in line
    assert [file.name for file in tmp_path.iterdir()] == ["mine.csv"]
    (tmp_path / "photo.png").write_bytes(b"mine")
    line = error_of(capsys, *COMMANDS["window"], "--out", tmp_path / "photo")
    assert "photo.png: is there already; name another place, or replace it with --force" in line
    assert (tmp_path / "photo.png").read_bytes() == b"mine"
    assert plot(*COMMANDS["window"], "--out", tmp_path / "photo", "--force") == 0
    for _ in range(2):  # a figure may be drawn again
        assert plot(*COMMANDS["window"], "--out", tmp_path / "fig") == 0


# -- bad input -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "plot: name what"),
        (("window", "Xx2", *REFERENCE), "Xx is not an element"),
        (("window", "LiF", "--format", "gif", *REFERENCE), "--format gif: unknown"),
        (("window", "LiF", "--format", ",", *REFERENCE), "names none"),
        (("window", "LiF", "--out", " ", *REFERENCE), "--out: is empty"),
        (("window", "LiF", "--out", "a.pdf", "--format", "png", *REFERENCE), "ends in .pdf"),
        (("reaction", "CuF2", "LLZO", "--potential", "-1", *REFERENCE), "-1"),
        (("map", "Li-Al-O", "--against", "LLZO", "--level", "0", *REFERENCE), "--level"),
        (("lithiation", "XeF2", *REFERENCE), "element Xe"),
        (("profile", "CuF2", "LLZO", "--from", "3", "--to", "1", *REFERENCE), "3"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert said in error_of(capsys, *arguments)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    line = error_of(capsys, *COMMANDS["window"], "--out", tmp_path / "file" / "fig")
    assert "cannot be written" in line


def test_a_map_of_which_a_part_failed_is_drawn_and_has_exit_code_3(tmp_path, capsys):
    arguments = ("map", "Li-M-O", "--m", "Al,Xe", "--against", "LLZO", "--divisions", "8")
    assert plot(*arguments, "--out", tmp_path / "fig", *REFERENCE) == 3
    assert "Xe" in (tmp_path / "fig.svg").read_text()
    capsys.readouterr()


@pytest.mark.parametrize("kind", ["reaction", "window"])
def test_a_bare_figure_has_no_title_and_no_source(kind, tmp_path):
    for name, options in (("full", ()), ("bare", ("--bare",))):
        place = tmp_path / name
        assert plot(*COMMANDS[kind], "--format", "svg", "--out", place, *options) == 0
    full, bare = ((tmp_path / f"{name}.svg").read_text() for name in ("full", "bare"))
    for text in ("CC BY 4.0", {"reaction": "products at each kink", "window": "Stability"}[kind]):
        assert text in full
        assert text not in bare.partition("</metadata>")[2]
    # the numbers are the same, and the switch does not stay on
    assert (tmp_path / "full.csv").read_bytes() == (tmp_path / "bare.csv").read_bytes()
    again = tmp_path / "again"
    assert plot(*COMMANDS[kind], "--format", "svg", "--out", again) == 0
    assert again.with_suffix(".svg").read_text() == full
