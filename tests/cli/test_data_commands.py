"""The commands about data and the source mp, as a user runs them, against the server code."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from interscreen.cli.main import main
from service import KEY, Service, require_server_code, small_set

STUDY = """
name: small
source: mp
electrolytes: [LLZO, LATP]
candidates: [CuF2, AlF3, Cu + 2 LiF]
"""


@pytest.fixture
def service(monkeypatch, tmp_path):
    """A service that the commands of this process talk to, with a store of their own."""
    require_server_code()
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "cache"))
    with Service(small_set()) as service:
        monkeypatch.setenv("MP_API_ENDPOINT", service.endpoint)
        yield service


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def run(capsys, *arguments):
    """Exit code, stdout and stderr of a command in this process."""
    code = main([str(argument) for argument in arguments])
    done = capsys.readouterr()
    assert KEY not in done.out + done.err
    return code, done.out, done.err


def answer(capsys, *arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.proof
def test_a_study_is_pulled_once_and_then_answered_without_a_request(
    capsys, service, study, tmp_path
):
    code, _, err = run(capsys, "data", "pull", "--study", study)
    assert code == 0, err
    assert "database 2026.04.13, GGA_GGA+U" in err
    assert "agree with the Materials Project's" in err
    assert {n for name, n in service.systems().items() if "-" in name} == {1}
    asked = len(service.requests)
    service.stop()
    code, _, err = run(capsys, "screen", study, "--out", tmp_path / "out")
    assert code == 0, err
    assert err.startswith("interscreen: source mp, as the study says\n")
    assert "database 2026.04.13, GGA_GGA+U" in err
    assert len(service.requests) == asked
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["source"]["source_version"] == "database 2026.04.13"
    assert manifest["source"]["thermo_type"] == "GGA_GGA+U"
    assert manifest["study"]["source"] == "mp"
    for file in [*(tmp_path / "out").iterdir(), *(tmp_path / "cache").rglob("*")]:
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_a_question_pulls_what_it_needs_and_says_why_mp_is_the_source(capsys, service):
    code, out, err = run(capsys, "window", "Li7La3Zr2O12")
    assert code == 0, err
    assert err.splitlines()[0] == (
        "interscreen: source mp, the default because a key is set in MP_API_KEY"
    )
    assert "pulled" in err
    assert "0.05" in out  # the reduction limit of LLZO
    asked = len(service.requests)
    again = run(capsys, "window", "Li7La3Zr2O12")
    assert again[1] == out
    assert len(service.requests) == asked


def test_without_a_key_the_embedded_table_is_the_default_and_says_so(capsys, monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    monkeypatch.setattr("interscreen.sources.materials_project.key._from_settings", lambda: "")
    code, _, err = run(capsys, "window", "Li2S")
    assert code == 0
    assert err.splitlines()[0].startswith("interscreen: source embedded (Matbench v0.1, ")
    assert "the default without an API key" in err
    code, _, err = run(capsys, "window", "Li2S", "--source", "mp")
    assert code == 4
    assert "no API key is set" in err
    assert "--source embedded" in err


def test_pull_needs_to_know_what(capsys, service):
    code, _, err = run(capsys, "data", "pull")
    assert code == 2
    assert "--elements" in err
    code, _, err = run(capsys, "data", "pull", "--elements", "Li,Xx")
    assert code == 2
    assert "'Xx' is no element" in err
    code, _, err = run(capsys, "data", "pull", "--elements", ",")
    assert code == 2
    assert not service.requests


@pytest.mark.parametrize("family", ["GGA_GGA+U_R2SCAN", "gga_gga+u_r2scan"])
def test_the_mixed_type_is_refused_with_the_reason(capsys, service, family):
    for command in (["data", "pull", "--elements", "Li,O"], ["window", "Li2O"]):
        code, _, err = run(capsys, *command, "--thermo-type", family)
        assert code == 2
        assert "in each chemical system" in err
        assert "GGA_GGA+U (the default) or R2SCAN" in err
    assert not service.requests


def test_r2scan_has_a_store_and_energies_of_its_own(capsys, service):
    gga = answer(capsys, "window", "Li2O")
    r2scan = answer(capsys, "window", "Li2O", "--thermo-type", "R2SCAN")
    assert r2scan["provenance"]["thermo_type"] == "R2SCAN"
    assert r2scan["energy_eV_per_atom"] != gga["energy_eV_per_atom"]
    listed = answer(capsys, "data", "list")["stores"]
    assert {entry["thermo_type"] for entry in listed} == {"GGA_GGA+U", "R2SCAN"}


def test_everything_page_by_page(capsys, service, monkeypatch):
    for module in ("client", "pull"):
        monkeypatch.setattr(f"interscreen.sources.materials_project.{module}.PAGE", 100)
    report = answer(capsys, "data", "pull", "--all")
    assert report["documents"] == report["documents_in_store"] > 250
    assert report["requests"] > 4
    info = answer(capsys, "data", "info")
    assert info["complete"]
    assert info["hull_differences"] == 0
    assert info["left_aside"] == {"deprecated": 1}
    assert info["licences"] == {"BY-C": 291, "BY-NC": 1}
    asked = len(service.requests)
    assert answer(capsys, "data", "pull", "--all")["requests"] == 0
    assert answer(capsys, "stack", "CuS", "LAGP")["candidate"] == "CuS"
    # the pull asks which database is current, the question asks nothing
    assert all(r.path.startswith("/heartbeat") for r in service.requests[asked:])


def test_an_element_without_phases_ends_the_pull_with_what_is_there(capsys, service):
    code, _, err = run(capsys, "data", "pull", "--elements", "Li,O,Xe")
    assert code == 4
    assert "element Xe" in err
    code, _, err = run(capsys, "window", "Li2O", "--offline")
    assert code == 0, err
    code, _, err = run(capsys, "reaction", "XeF2", "Li2O")
    assert code == 2
    assert "Xe" in err


@pytest.mark.proof
def test_a_failing_candidate_does_not_stop_a_study(capsys, service, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(STUDY.replace("AlF3", "XeF2"), encoding="utf-8")
    code, _, err = run(capsys, "screen", file, "--out", tmp_path / "out")
    assert code == 3
    assert "failed: XeF2: element Xe" in err
    assert "no GGA_GGA+U phase of Xe" in err


def test_export_and_import_carry_a_study_to_a_machine_without_network(
    capsys, service, study, tmp_path, monkeypatch
):
    run(capsys, "data", "pull", "--study", study)
    run(capsys, "data", "pull", "--elements", "Li,S")
    code, _, err = run(capsys, "data", "export", tmp_path / "e.parquet", "--study", study)
    assert code == 0, err
    expected = answer(capsys, "stack", "CuF2", "LLZO")
    service.stop()
    monkeypatch.delenv("MP_API_KEY")
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "node"))
    direct = answer(capsys, "stack", "CuF2", "LLZO", "--source", tmp_path / "e.parquet")
    code, _, err = run(capsys, "window", "LaPO4", "--source", tmp_path / "e.parquet")
    assert code == 2
    assert "data pull --elements La,Li,O,P" in err
    code, _, err = run(capsys, "data", "import", tmp_path / "e.parquet")
    assert code == 0, err
    there = answer(capsys, "stack", "CuF2", "LLZO", "--source", "mp", "--offline")

    for name in ("lithium", "deposited", "layer"):
        values = {
            found[name]["reaction"]["min_mutual_energy_eV_per_atom"]
            for found in (direct, there, expected)
        }
        assert len(values) == 1, name
        assert (values.pop() < 0.0) == (name != "layer")
    code, _, err = run(capsys, "window", "Li2S", "--source", "mp", "--offline")
    assert code == 4
    assert "Li-S" in err
    code, _, err = run(capsys, "data", "export", tmp_path / "no.parquet", "--elements", "Li,S")
    assert code == 2
    assert not (tmp_path / "no.parquet").exists()


def test_diff_tells_what_a_new_database_changes(capsys, service, study):
    run(capsys, "data", "pull", "--study", study)
    documents = small_set()
    service.set_version("2026.12.1", documents.moved({documents.ids("CuF2")[0]: 0.03}))
    code, _, err = run(capsys, "data", "pull", "--study", study)
    assert code == 0, err
    assert "answers from database 2026.12.1" in err
    code, out, err = run(capsys, "data", "diff", "2026.04.13", "2026.12.1", "--study", study)
    assert code == 0, err
    assert "CuF2" in out
    assert "+30.0" in out
    found = answer(capsys, "data", "diff", "2026.04.13", "2026.12.1", "--study", study)
    assert [row["formula"] for row in found["phases"]["moved"]] == ["CuF2"]
    changed = {row["candidate"] for row in found["answers"]["numbers"]}
    assert changed == {"CuF2", "Cu + 2 LiF"}  # of the latter: where it is oxidised to CuF2
    # a question is answered from the newest database that holds its systems
    newest = answer(capsys, "reaction", "CuF2", "LLZO")
    pinned = answer(capsys, "reaction", "CuF2", "LLZO", "--database", "2026.04.13")
    assert newest["provenance"]["source_version"] == "database 2026.12.1"
    assert pinned["provenance"]["source_version"] == "database 2026.04.13"
    code, _, err = run(capsys, "data", "diff", "2026.04.13", "2025.1.1")
    assert code == 2
    assert "2025.1.1" in err


def test_update_moves_a_study_as_a_whole_and_says_what_changes(capsys, service, study):
    run(capsys, "data", "pull", "--study", study)
    code, out, err = run(capsys, "data", "update", "--study", study)
    assert code == 0, err
    assert "database 2026.04.13, before 2026.04.13" in err
    documents = small_set()
    service.set_version("2026.12.1", documents.moved({documents.ids("CuF2")[0]: 0.03}))
    run(capsys, "data", "pull", "--elements", "Li,S")  # the store knows of a newer database now
    warned = answer(capsys, "reaction", "CuF2", "LLZO")["provenance"]
    assert warned["source_version"] == "database 2026.04.13"
    (warning,) = warned["warnings"]
    assert warning.startswith("database 2026.04.13 answers, the newest seen is 2026.12.1")
    code, out, err = run(capsys, "data", "update", "--study", study)
    assert code == 0, err
    assert "database 2026.12.1, before 2026.04.13" in err
    assert "+30.0" in out
    moved = answer(capsys, "reaction", "CuF2", "LLZO")["provenance"]
    assert moved["source_version"] == "database 2026.12.1"
    assert moved["warnings"] == []
    assert len(moved["sha256"]) == 64
    assert moved["sha256"] != warned["sha256"]
    code, _, err = run(capsys, "reaction", "CuF2", "LLZO")
    assert "2026.04.13, in the store, too, answers with --database 2026.04.13" in err


def test_a_banned_identifier_may_be_spelled_either_way(capsys, service):
    (number,) = small_set().ids("Li2O2")
    from emmet.core.mpid import AlphaID

    for text in (number, str(AlphaID(number, padlen=8))):
        found = answer(capsys, "reaction", "Li2O", "O2", "--ban", text)
        assert found["provenance"]["left_out_phases"] == ["Li2O2"]
    code, _, err = run(capsys, "reaction", "Li2O", "O2", "--ban", "mp-19770")
    assert code == 2
    assert "banned: mp-19770: the source mp has no such phase" in err


def test_structures_come_only_when_asked_for(capsys, service, shared):
    from service import from_entries

    service.set_version(
        "2026.04.13", from_entries(shared / "data" / "mp_entries_Fe-Li-O-P.json.gz")
    )
    run(capsys, "data", "pull", "--elements", "Li,O")
    assert not any("structure" in r.params.get("_fields", "") for r in service.requests)
    code, out, err = run(capsys, "data", "structure", "mp-1960")
    assert code == 2
    assert "--structures" in err
    code, _, err = run(capsys, "data", "pull", "--elements", "Li,O", "--structures")
    assert code == 0, err
    code, out, _ = run(capsys, "data", "structure", "mp-1960")
    assert code == 0
    assert "_chemical_formula_structural   Li2O" in out
    assert service.systems()["Li-O"] == 1


def test_an_empty_store_says_how_to_fill_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path))
    code, out, _ = run(capsys, "data", "list")
    assert code == 0
    assert "interscreen data pull" in out
    for command in (["info"], ["export", tmp_path / "f.parquet"], ["structure", "mp-1"]):
        code, _, err = run(capsys, "data", *command)
        assert code == 2
        assert "interscreen data" in err
    code, _, err = run(capsys, "data")
    assert code == 2
    assert "pull, update, list, info" in err


def test_a_folder_for_the_store_can_be_named(capsys, service, tmp_path, monkeypatch):
    code, _, err = run(
        capsys, "data", "pull", "--elements", "Li,O", "--cache", tmp_path / "elsewhere"
    )
    assert code == 0, err
    assert (tmp_path / "elsewhere/materials-project/2026.04.13_GGA_GGA+U.sqlite").is_file()
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "cache"))
    assert answer(capsys, "data", "list")["stores"] == []
    found = answer(capsys, "data", "list", "--cache", tmp_path / "elsewhere")["stores"]
    assert found[0]["documents"] == 4
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, "data", "pull", "--elements", "Li,O", "--cache", tmp_path / "file")
    assert code == 2
    assert "--cache" in err


def test_a_service_that_stays_down_ends_with_exit_code_4_and_the_store_intact(
    capsys, service, monkeypatch
):
    monkeypatch.setattr("interscreen.sources.materials_project.client._FIRST_WAIT", 0.001)
    run(capsys, "data", "pull", "--elements", "Li,O")
    service.fail("503", times=None)
    code, out, err = run(capsys, "data", "pull", "--elements", "Li,O,F")
    assert code == 4
    assert out == ""
    assert "too many" not in err
    assert [line for line in err.splitlines() if "error" in line] == [
        "interscreen: error: the Materials Project: the service fails (HTTP 503), 6 times in a row "
        "(thermo documents of 1 system); nothing of this answer is kept, what has arrived before "
        "is: run the same command later, or work from the store with --offline"
    ]
    assert err.count("next try in") == 5
    assert run(capsys, "window", "Li2O", "--offline")[0] == 0
    service.mend()
    assert run(capsys, "data", "pull", "--elements", "Li,O,F")[0] == 0
    assert service.systems()["Li-O"] == 1


@pytest.mark.proof
def test_choices_of_phases_reach_the_manifest(capsys, service, study, tmp_path):
    code, _, err = run(
        capsys, "screen", study, "--out", tmp_path / "out", "--no-theoretical", "--ban", "Zr3O",
        "--min-stability", "0.005", "--licence", "BY-C",
    )  # fmt: skip
    assert code == 0, err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    chosen = {
        "theoretical": False,
        "banned": ["Zr3O"],
        "min_stability_eV_per_atom": 0.005,
        "licences": ["BY-C"],
    }
    assert manifest["source"]["filters"] == chosen
    assert manifest["study"]["filters"].items() >= chosen.items()
    assert "no theoretical phases; without Zr3O" in err
    assert "Zr3O" in manifest["left_out_phases"]


@pytest.mark.proof
def test_the_same_from_a_process_of_its_own(service, tmp_path):
    """Nothing of this process helps: address and key are those of the environment."""
    environment = {
        **os.environ,
        "MP_API_KEY": KEY,
        "MP_API_ENDPOINT": service.endpoint,
        "INTERSCREEN_CACHE": str(tmp_path / "outside"),
        "NO_PROXY": "127.0.0.1",
    }

    def process(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "interscreen", *arguments],
            capture_output=True, text=True, env=environment, timeout=300, check=False,
        )  # fmt: skip
        assert KEY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    first = process("window", "LiF")
    assert first.returncode == 0, first.stderr
    assert "pulled" in first.stderr
    service.stop()
    second = process("window", "LiF", "--offline")
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert not list((tmp_path / "outside").rglob("*.part*"))
