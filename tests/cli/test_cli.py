"""The command line: answers, files, exit codes, what is printed where."""

import contextlib
import csv
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from interscreen.cli.command import COMMANDS, root
from interscreen.cli.main import main
from interscreen.phases.names import names

FILES = {
    "anchors.csv", "scales.csv",
    "results.csv", "reactions.csv", "windows.csv", "lithiation.csv", "ranking.csv",
    "heatmap_reaction_energy.png", "heatmap_reaction_energy.svg", "heatmap_reaction_energy.pdf",
    "heatmap_reaction_energy.csv", "windows.png", "windows.svg", "windows.pdf",
    "lithiation.png", "lithiation.svg", "lithiation.pdf", "manifest.json", "weights.csv",
    "uncertainty.csv", "sensitivity.csv", "report.html",
}  # fmt: skip


def run(*arguments, cwd="."):
    """Run a command in this process; return its exit code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def python(code, **options):
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, timeout=120, **options,
    )  # fmt: skip


def answer(*arguments, **options):
    done = run(*arguments, "--json", **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(file):
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    done = run("screen", "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out", done


def test_the_page_of_all_commands_is_theirs():
    """docs/cli.md, and with it every command and option."""
    docs = Path(__file__).parents[2] / "docs"
    builder = runpy.run_path(str(docs / "build_cli.py"))
    page = (docs / "cli.md").read_text(encoding="utf-8")
    assert page == builder["page"](), "run make docs"
    top = click.Context(root, info_name="interscreen")
    contexts = list(builder["commands"](root, top))
    assert {context.command_path.split()[1] for context in contexts} == set(COMMANDS)
    for context in contexts:
        block = page.partition(f"\n## {context.command_path}\n")[2].partition("\n## ")[0]
        for title, records in builder["sections"](context).items():
            if f"[{title}](#" in block:  # options that several commands share
                block += page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
            for name, meaning in records:
                assert f"- `{name}`{': ' if meaning else ''}{meaning}\n" in f"{block}\n"


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_help_names_every_option(words):
    done = run(*words, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(" ".join(["Usage: interscreen", *words]))
    assert done.stderr == ""


def test_help_and_a_single_question_import_nothing_slow():
    answer("reaction", "CuF2", "LATP")  # the parsed table is in the cache from now on
    done = python(
        "import sys\n"
        "from interscreen.cli.main import main\n"
        "def slow(*names): return sorted(set(names) & set(sys.modules))\n"
        "codes = [main([*words, '--help']) for words in ([], ['reaction'], ['plot'], ['screen'])]\n"
        "found = slow('numpy', 'pandas', 'numba', 'pymatgen', 'matplotlib', 'pydantic', 'joblib')\n"
        "codes += [main([*words, '--quiet']) for words in (['window', 'LATP'],"
        " ['reaction', 'CuF2', 'LATP'])]\n"
        "found += slow('numba', 'pandas', 'scipy', 'matplotlib', 'pydantic', 'joblib')\n"
        "sys.exit(str((codes, found)))"
    )
    assert "-51.0 meV/atom" in done.stdout
    assert done.stderr.splitlines()[-1] == "([0, 0, 0, 0, 0, 0], [])"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reacton", "CuF2", "LATP"], "No such command 'reacton'. Did you mean 'reaction'?"),
        (["window", "LiF", "--sorce", "mp"], "'--sorce'. Did you mean '--source'?"),
        (["--sorce"], "No such option '--sorce'"),
        (["reaction", "CuF2"], "Missing argument 'B'"),
        (["lithiate", "CuF2", "LATP"], "unexpected extra argument"),
        (["window", "LiF", "--energy", "-1", "--above-hull", "0"], "--above-hull 0: not beside"),
        (["map", "Li-Al-O"], "Missing option '--against'"),
        (["plot", "window"], "Missing argument 'M...'"),
        (["data", "pull", "matbench"], "'matbench' is not 'mp'"),
    ],
)
def test_a_slip_on_the_command_line_is_one_line_with_the_nearest_name(words, said):
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("interscreen: error: ")
    assert said in line
    assert line.endswith(" --help)")


def test_a_value_may_start_with_a_minus():
    found = answer("window", "Li2O", "--energy", "-1.7")
    assert found["energy_source"] == "given"


def test_reaction_has_the_promised_keys():
    found = answer("reaction", "CuF2", "LATP")
    assert list(found) == [
        "reactants", "min_mutual_energy_eV_per_atom", "mixing_fraction",
        "total_energy_eV_per_atom", "equation", "products", "coexist", "self_decomposition",
        "min_total_energy_eV_per_atom", "kinks", "at", "potential_V", "competitors", "provenance",
        "conditions",
    ]  # fmt: skip
    assert [set(reactant) for reactant in found["reactants"]] == [
        {"input", "formula", "energy_eV_per_atom", "energy_source", "energy_above_hull_eV_per_atom"}
    ] * 2
    assert found["reactants"][1]["input"] == "LATP"
    assert found["reactants"][1]["formula"] == "Li1.3Al0.3Ti1.7(PO4)3"
    assert found["reactants"][1]["energy_source"] == "hull"
    assert found["min_mutual_energy_eV_per_atom"] == pytest.approx(-0.0510, abs=1e-4)
    assert set(found["kinks"][0]) >= {
        "mixing_fraction", "mutual_energy_eV_per_atom", "total_energy_eV_per_atom", "equation"
    }  # fmt: skip
    assert found["provenance"]["source"] == "embedded"
    assert "LiCu3" in found["provenance"]["left_out_phases"]


def test_window_has_the_promised_keys():
    found = answer("window", "LLZO")
    assert set(found) >= {
        "material", "assemblage_window_V", "phase_window_V", "energy_above_hull_eV_per_atom",
        "decomposition_energy_0V_eV_per_atom", "reduction_products", "oxidation_products",
        "provenance",
    }  # fmt: skip
    assert found["assemblage_window_V"] == pytest.approx([0.05, 2.91], abs=0.01)
    assert found["phase_window_V"] is None
    assert sorted(found["reduction_products"]) == ["La2O3", "Li2O", "Zr3O"]


def test_stable_against_lithium_is_a_reduction_limit_of_zero():
    assert answer("window", "LiF")["assemblage_window_V"][0] == 0.0


def test_lithiation_has_the_promised_keys():
    found = answer("lithiate", "CuF2")
    assert set(found) >= {"material", "steps", "final_products", "provenance"}
    (step,) = found["steps"]
    assert set(step) == {
        "voltage_V", "li_per_formula_start", "li_per_formula_end", "capacity_mAh_per_g", "products"
    }  # fmt: skip
    assert step["voltage_V"] == pytest.approx(3.639, abs=0.002)
    assert step["products"] == {"Cu": 1.0, "LiF": 2.0}


def test_text_answer_goes_to_stdout_and_the_rest_to_stderr():
    done = run("window", "Li2S")
    assert "2.341 V" in done.stdout
    assert "CC BY 4.0" in done.stdout
    assert "LiS4" in done.stdout
    assert "interscreen:" not in done.stdout
    assert "with LiS4: oxidation limit 2.139 V in place of 2.341" in done.stdout
    assert run("window", "Li2S", "--quiet").stderr == ""


def test_all_phases_brings_the_artefacts_back():
    assert answer("lithiate", "CuF2", "--all-phases")["final_products"] == ["LiCu3", "LiF"]


def test_own_energies_are_used_and_named():
    found = answer("reaction", "LATP", "Li", "--above-hull-a", "0.029")
    assert found["reactants"][0]["energy_source"] == "given"
    assert found["reactants"][0]["energy_above_hull_eV_per_atom"] == pytest.approx(0.029)


def test_an_energy_may_be_given_with_its_unit():
    """CuF2: -542.7 kJ/mol by calorimetry."""
    for given in (["-542.7 kJ/mol"], ["-542.7", "--energy-unit", "kJ/mol"]):
        found = answer("reaction", "CuF2", "LATP", "--energy-a", *given)
        energy = found["reactants"][0]["energy_eV_per_atom"]
        assert energy == pytest.approx(-542.7 / 96.48533212 / 3, abs=1e-9)
        assert found["min_mutual_energy_eV_per_atom"] == pytest.approx(-0.0313, abs=5e-5)
    found = answer("window", "LLZO", "--above-hull", "7 meV")
    assert found["energy_above_hull_eV_per_atom"] == pytest.approx(0.007, abs=1e-9)


def test_own_table_is_a_source(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("formula,e_form\nLi2O,-2.0\nNaN,0.1\nLi,0\nNa,0\n")
    found = answer("window", "Li2O", "--source", str(table))
    assert found["assemblage_window_V"] == [0.0, 3.0]
    assert found["provenance"]["n_phases"] == 4
    named = answer(
        "window", "Li2O", "--source", str(table), "--energy-column", "e_form",
        "--formula-column", "formula",
    )  # fmt: skip
    assert named["assemblage_window_V"] == [0.0, 3.0]
    nitride = answer("reaction", "NaN", "Na", "--source", str(table))
    assert nitride["reactants"][0]["energy_eV_per_atom"] == 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reaction", "cuf2", "LATP"], "did you mean CuF2"),
        (["reaction", "CuF2", "LATPP"], "did you mean LATP?"),
        (["window", "XeF2"], "element Xe"),
        (["window", "Li-1O"], "negative amount"),
        (["--jobs", "2", "window", "LiF"], "options of a command stand behind its name"),
        (["lithiate", ""], "empty formula"),
        (["window", "LiF", "--source", "nowhere.csv"], "nowhere.csv"),
        (["window", "LiF", "--source", "table.xlsx"], "unknown kind of file"),
        (["reaction", "LiF", "Li", "--potential", "-1"], "potential -1.0 V"),
        (["window", "LiF", "--above-hull", "-0.1"], "cannot be negative"),
        (["window", "LiF", "--energy", "much"], "energy 'much': no number"),
        (["window", "LiF", "--energy", "-3 bar"], "unit 'bar': unknown; write one of eV/atom"),
        (["window", "LLZO", "--energy", "-75.26"], "write -3.1358 if it is in eV/formula"),
        (["window", "LLZO", "--above-hull", "7"], "meant in meV/atom? Then write 0.007"),
        (["screen", "none.yaml"], "none.yaml"),
        (["screen", "--jobs", "0"], "0 worker processes"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, arguments, message):
    done = run(*arguments, "--quiet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("interscreen: error: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("formula,e_form\n", "empty"),
        ("formula,color\nLiF,blue\n", "formation-energy column"),
        ("stuff,e_form\nLiF,1\n", "formula column"),
        ("formula,e_form\nLiF,-3\nLi2O,NaN\n", "line 3"),
        ("formula,e_form\nLiF,-3\nLi2Ox,-2\n", "line 3"),
        ("formula,e_form\nLiF,-3\nLi-2O,-2\n", "negative amount"),
    ],
)
def test_bad_table_is_one_line_and_exit_code_2(tmp_path, text, message):
    table = tmp_path / "t.csv"
    table.write_text(text)
    done = run("window", "LiF", "--source", str(table), "--quiet")
    assert done.returncode == 2
    assert message in done.stderr
    assert str(table) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_demo_writes_every_file_and_prints_the_ranking(demo):
    folder, done = demo
    assert {entry.name for entry in folder.iterdir()} == FILES
    assert "LATP" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "CC BY 4.0" in " ".join(done.stdout.split())
    assert "contradicts; or by choice): Li3Cu, Li47Cu7N18" in " ".join(done.stdout.split())
    assert "move scores: CuF2 with LAGP -132 (LiCu3 put back)" in " ".join(done.stdout.split())
    assert "results in out/" in done.stderr


def test_demo_table_is_right(demo):
    folder, _ = demo
    found = {(r["candidate"], r["electrolyte"]): r for r in rows(folder / "results.csv")}
    copper = found["CuF2", "LATP"]
    assert 1000 * float(copper["layer_mutual_eV_per_atom"]) == pytest.approx(-1.9, abs=0.1)
    assert 1000 * float(copper["bare_mutual_eV_per_atom"]) == pytest.approx(-696, abs=1)  # anchored
    assert copper["layer"] == "Cu + 2 LiF"
    assert "CC BY 4.0" in copper["source"]
    kinks = rows(folder / "reactions.csv")
    assert sum(r["is_minimum"] == "True" for r in kinks) > 12
    assert rows(folder / "ranking.csv")[0]["electrolyte"] == "overall"


def test_manifest_says_what_the_run_was_made_from(demo):
    folder, _ = demo
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"]["source"] == "embedded"
    assert manifest["source"]["source_version"] == "Matbench v0.1, Materials Project 2018"
    assert manifest["source"]["n_phases"] == 95118
    assert manifest["command"] == "interscreen screen --out out"
    assert manifest["study"]["candidates"][0]["formula"] == "CuF2"
    assert manifest["versions"]["numpy"]
    assert manifest["wall_time_s"] > 0
    assert manifest["date"].endswith("+00:00")
    assert "LiCu3" in manifest["left_out_phases"]
    assert set(manifest["files_sha256"]) == FILES - {"manifest.json"}


@pytest.mark.proof
def test_same_bytes_whatever_the_jobs_and_one_object_as_json(demo, tmp_path):
    folder, _ = demo
    found = answer("screen", "--jobs", "2", "--out", "again", cwd=tmp_path)
    assert found["folder"] == "again"
    assert set(found["files"]) == FILES
    assert found["ranking"][0]["candidate"] == "CuF2"
    for name in FILES - {"manifest.json", "report.html"}:  # both say when
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def study(folder, **changes):
    text = {"name": "s", "electrolytes": "[LATP]", "candidates": "[CuF2, XeF2]", **changes}
    file = folder / "study.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in text.items()))
    return file


def test_failed_candidate_is_exit_code_3_and_a_complete_folder(tmp_path):
    done = run("screen", str(study(tmp_path)), "--samples", "20", cwd=tmp_path)
    assert done.returncode == 3
    assert "failed: XeF2" in done.stderr
    folder = tmp_path / "reports" / "s"
    assert {entry.name for entry in folder.iterdir()} == FILES
    found = {row["candidate"]: row for row in rows(folder / "results.csv")}
    assert found["XeF2"]["status"] == "failed"
    assert "element Xe" in found["XeF2"]["reason"]
    assert found["CuF2"]["status"] == "ok"


def test_all_failed_is_still_a_table_of_reasons(tmp_path):
    file = str(study(tmp_path, candidates="[XeF2]"))
    done = run("screen", file, "--samples", "20", "--out", "o", cwd=tmp_path)
    assert done.returncode == 3
    assert {entry.name for entry in (tmp_path / "o").iterdir()} == FILES


def test_check_only_checks(tmp_path):
    done = run("screen", str(study(tmp_path)), "--check", cwd=tmp_path)
    assert done.returncode == 0
    assert "2 candidates x 1 electrolyte," in done.stdout
    assert "XeF2" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.yaml"]


def test_every_mistake_of_a_study_is_a_line(tmp_path):
    file = study(tmp_path, candidates="[cuf2, false]", electrolite="LLZO")
    done = run("screen", str(file), "--quiet", cwd=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(str(file) in line and "line" in line for line in lines)
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.yaml"]


def test_electrolyte_unknown_to_the_source_leaves_no_folder(tmp_path):
    file = study(tmp_path, electrolytes="[Li2XeF8]")
    done = run("screen", str(file), "--quiet", cwd=tmp_path)
    assert done.returncode == 2
    assert "element Xe" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.yaml"]


def test_foreign_folder_is_not_touched(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    done = run("screen", "--out", "thesis", "--quiet", cwd=tmp_path)
    assert done.returncode == 2
    assert "holds files" in done.stderr
    assert [entry.name for entry in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_electrolytes_are_listed_and_extended_by_the_user(tmp_path, monkeypatch):
    own = tmp_path / "mine.yaml"
    own.write_text("ARGY: Li6PS5Br\n")
    monkeypatch.setenv("INTERSCREEN_ELECTROLYTES", str(own))
    names.cache_clear()
    found = answer("electrolytes")
    names.cache_clear()
    assert found["LATP"] == "Li1.3Al0.3Ti1.7(PO4)3"
    assert found["ARGY"] == "Li6PS5Br"


def test_closed_pipe_is_no_error():
    command = f"{sys.executable} -m interscreen reaction CuF2 LATP --quiet | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == "CuF2 | LATP"
    assert done.stderr == ""


def test_version_and_no_command():
    assert run("--version").stdout.startswith("interscreen ")
    bare = run()
    assert bare.returncode == 2
    assert "Usage" in bare.stderr


def test_installed_script_is_the_same_program():
    script = Path(sys.executable).with_name("interscreen")
    if not script.exists():
        pytest.skip("the interscreen script is not installed beside this Python")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["stack", "CuF2", "LATP"], ["Cu + 2 LiF | LATP", "-1.8", "bridge  LiF, margin 4.278 V"]),
        (["stack", "Al", "LATP"], ["no Li-bearing salt stable at 0 V"]),
        (["lithiate", "LiF"], ["takes up no Li"]),
        (["lithiate", "CuS"], ["1.76", "Cu + Li2S", "mean voltage"]),
        (["reaction", "LiF", "Li"], ["the two coexist"]),
        (["reaction", "LATP", "Li3PO4", "--potential", "1"], ["open to Li at 1 V"]),
        (["window", "CuF2"], ["none (no Li to give off)", "window of the phase"]),
        (["window", "LATP"], ["the hull energy stands in", "P"]),
        (["electrolytes"], ["LPSCl", "Li6PS5Cl"]),
    ],
)
def test_text_answers_say_it_in_words(arguments, parts):
    done = run(*arguments, "--quiet")
    assert done.returncode == 0, done.stderr
    for part in parts:
        assert part in done.stdout


@pytest.mark.proof
def test_progress_is_shown_on_a_terminal_only(tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    done = subprocess.run(
        [sys.executable, "-m", "interscreen", "screen", "--samples", "0", "--out", "o"],
        stdout=subprocess.DEVNULL, stderr=theirs, check=False, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # the other end is closed and everything is read
        pass
    os.close(ours)
    assert done.returncode == 0
    assert b"4/4" in shown


@pytest.mark.parametrize("swallowed", [False, True])
def test_interrupted_screen_leaves_nothing(tmp_path, monkeypatch, swallowed):
    """Ctrl-C during the third candidate, also where compiled code swallows the exception."""
    from interscreen.screen import detail

    right, calls = detail.lithiate, []

    def interrupted(table, material):
        calls.append(material)
        if len(calls) == 3:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                if not swallowed:
                    raise
        return right(table, material)

    monkeypatch.setattr(detail, "lithiate", interrupted)
    done = run("screen", "--jobs", "1", "--samples", "0", cwd=tmp_path)
    assert done.returncode == 130
    assert len(calls) == 3
    assert done.stderr.endswith("interscreen: interrupted\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.proof
def test_many_warnings_are_cut_short_on_the_terminal_but_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("interscreen.cli.screen._SHOWN", 0)
    file = study(tmp_path, candidates="[CuF2, CuS, Zr]")
    done = run("screen", str(file), "--all-phases", "--samples", "0", "--out", "o", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.count("interscreen: warning: ") == 0
    kept = json.loads((tmp_path / "o" / "manifest.json").read_text())["warnings"]
    assert "LiCu3 is among" in kept[0]
    assert f"and {len(kept)} more warnings in manifest.json" in done.stderr


def test_profile_writes_its_figure_and_its_table(tmp_path):
    done = run("profile", "CuF2", "LLZO", "--from", "1", "--to", "3", "--out", "p", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "most negative mutual energy" in done.stdout
    names = sorted(file.name for file in (tmp_path / "p").iterdir())
    assert names == ["profile.csv", "profile.pdf", "profile.png", "profile.svg"]
    table = rows(tmp_path / "p" / "profile.csv")
    assert float(table[0]["potential_V"]) == 1.0
    assert float(table[-1]["potential_V"]) == 3.0


def test_a_stack_has_error_bars_where_they_are_asked_for():
    done = run("stack", "CuF2", "LATP", "--samples", "40", "--quiet")
    assert done.returncode == 0
    assert re.search(r"bare Li +Li \| LATP +-636\.8 +± [34]\d\n", done.stdout)
    assert "±" not in run("stack", "CuF2", "LATP", "--quiet").stdout
    bad = run("stack", "CuF2", "LATP", "--samples", "3", "--quiet")
    assert bad.returncode == 2
    assert bad.stderr.count("\n") == 1
    assert "use 20 to 100000 samples" in bad.stderr


def test_a_stack_names_the_worst_state_on_the_way_and_looks_at_a_potential():
    done = run("stack", "CuF2", "LATP", "--potential", "2.5", "--quiet")
    assert re.search(r"on 3\.\d+ V +0\.\d+ +-\d+\.\d .*CuF2.*<- worst\n", done.stdout)
    assert "at 2.5 V the layer is Cu + 2 LiF" in done.stdout
    found = answer("stack", "CuF2", "LATP", "--potential", "2.5")
    assert found["way"]["worst_potential_V"] == found["way"]["states"][2]["to_V"]
    assert found["at_potential"]["products"].keys() == {"Cu", "LiF"}
    bad = run("stack", "CuF2", "LATP", "--potential", "-1", "--quiet")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)


def test_two_layers_are_a_stack_with_a_bar_between_them():
    done = run("stack", "Ag | LiF", "LPSCl", "--quiet")
    assert done.stdout.startswith("Li | Ag | LiF | LPSCl\n")
    assert re.search(r"without LiF +Li3Ag \| LPSCl +-\d+\.\d\n", done.stdout)
    assert "verdict try" in done.stdout
    assert answer("stack", "Ag | LiF", "LPSCl")["judgement"]["verdict"] == "try"
    for bad, word in (
        (("Ag | LiF | Al",), "A | B"),
        (("Ag | LiF", "--samples", "40"), "--samples"),
    ):
        done = run("stack", bad[0], "LPSCl", *bad[1:], "--quiet")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert word in done.stderr


def test_reactions_and_windows_have_error_bars_where_they_are_asked_for():
    done = run("reaction", "CuF2", "LLZO", "--samples", "40", "--quiet")
    assert re.search(r"mutual energy ± 1\d\d meV/atom; 90 % of the samples from -[56]", done.stdout)
    found = answer("window", "LATP", "--samples", "40")
    assert set(found["uncertainty"]) >= {"reduction_limit_V", "oxidation_limit_V"}
    assert 0.05 < found["uncertainty"]["reduction_limit_V"]["standard_deviation"] < 0.8
    bad = run("reaction", "CuF2", "LLZO", "--samples", "40", "--potential", "1", "--quiet")
    assert bad.returncode == 2
    assert "leave out --potential" in bad.stderr


def test_a_message_about_a_long_word_is_short(capsys):
    assert main(["window", "(" * 50_000]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said) < 2100
