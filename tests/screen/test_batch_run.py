"""A screen of everything in a source: the command, killed and continued, and on its own terms."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from interscreen.cli.main import main
from interscreen.phases.columns import columns_of
from interscreen.screen import batch
from interscreen.screen.batch import in_order
from interscreen.screen.choose import first_voltages

SMALL_SET = str(Path(__file__).parents[1] / "small_set.csv")
ALL = ["screen", "--source", SMALL_SET, "--electrolytes", "LLZO,LATP", "--samples", "20"]
FINAL = (
    "results.parquet", "ranking.csv", "uncertainty.csv", "sensitivity.csv", "windows.csv",
    "weights.csv",
)  # fmt: skip


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    done = capsys.readouterr()
    return code, done.out, done.err


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 25)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Bytes of the final files of a run in one go, in small chunks."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    done = start(folder, "--candidates", "all", "--jobs", "1")
    out, err = done.communicate(timeout=300)
    assert done.returncode == 0, err
    assert "LiF" in out
    return {name: (folder / name).read_bytes() for name in FINAL}


def start(folder, *arguments):
    """Run the command in a process (group) of its own, with small chunks."""
    code = (
        "import sys, interscreen.screen.batch as b; b.CHUNK = 8\n"
        "from interscreen.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *ALL, *arguments, "--out", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
        start_new_session=True,
    )  # fmt: skip


def parts(folder):
    return len(list((folder.parent / f".{folder.name}.partial").glob("*.parquet")))


def test_every_compound_of_the_source_is_screened(capsys, tmp_path, reference, small_chunks):
    code, out, err = run(
        capsys, *ALL, "--candidates", "all", "--jobs", "1", "--out", tmp_path / "run"
    )
    assert code == 0, err
    table = pq.read_table(tmp_path / "run" / "results.parquet")
    assert tuple(table.column_names) == columns_of("results")
    wanted = {str(f) for f, c in zip(reference.formulas, reference.counted, strict=True) if c}
    assert set(table["candidate"].to_pylist()) == wanted - {"Li"}
    assert len(table) == 2 * len(wanted - {"Li"})
    assert set(table["status"].to_pylist()) == {"ok"}
    ranking = pd.read_csv(tmp_path / "run" / "ranking.csv")
    assert {"overall", "LLZO", "LATP"} == set(ranking["electrolyte"])
    best = ranking.groupby("electrolyte").head(5)
    assert (
        best[["rank", "score_std_meV_per_atom", "rank_low", "weight_rank_low"]]
        .notna()
        .all(axis=None)
    )
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["candidates"] == len(wanted) - 1
    assert manifest["run_key"]
    assert manifest["source"]["source"] == SMALL_SET
    assert not (tmp_path / ".run.partial").exists()
    assert "candidate" in out


@pytest.mark.proof
def test_killed_at_random_moments_and_continued_the_files_are_the_same(tmp_path, undisturbed):
    folder = tmp_path / "run"
    rng = random.Random(7)
    kills = 0
    for _ in range(30):
        process = start(folder, "--candidates", "all", "--jobs", "1")
        before = parts(folder)
        wait = rng.randrange(1, 3)
        while process.poll() is None and kills < 5:
            if parts(folder) >= before + wait:
                time.sleep(rng.uniform(0.0, 0.03))
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.002)
        _, err = process.communicate(timeout=300)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, err
        assert not folder.exists()
    assert kills == 5
    assert "are there already" in err
    for name in FINAL:
        assert (folder / name).read_bytes() == undisturbed[name], name


@pytest.mark.proof
def test_two_workers_give_the_same_bytes(tmp_path, undisturbed):
    process = start(tmp_path / "run", "--candidates", "all", "--jobs", "2")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    for name in FINAL:
        assert (tmp_path / "run" / name).read_bytes() == undisturbed[name], name


@pytest.mark.proof
def test_ctrl_c_keeps_what_is_done(tmp_path, undisturbed):
    folder = tmp_path / "run"
    process = start(folder, "--candidates", "all", "--jobs", "1")
    while process.poll() is None and parts(folder) < 2:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert parts(folder) >= 2
    process = start(folder, "--candidates", "all", "--jobs", "1")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert (folder / "results.parquet").read_bytes() == undisturbed["results.parquet"]


@pytest.mark.proof
def test_a_finished_run_is_not_computed_again(capsys, tmp_path):
    query = [*ALL, "--candidates", "max_count=20", "--jobs", "1", "--out", tmp_path / "run"]
    assert run(capsys, *query)[0] == 0
    before = (tmp_path / "run" / "results.parquet").stat().st_mtime_ns
    code, _, err = run(capsys, *query)
    assert code == 0
    assert "holds this run already; --fresh" in err
    assert (tmp_path / "run" / "results.parquet").stat().st_mtime_ns == before
    code, _, err = run(capsys, *query, "--fresh")
    assert code == 0
    assert (tmp_path / "run" / "results.parquet").stat().st_mtime_ns > before


@pytest.mark.proof
def test_an_unfinished_run_of_another_study_is_refused(capsys, tmp_path, small_chunks, monkeypatch):
    from interscreen.screen import run_store

    query = [*ALL, "--candidates", "max_count=60", "--jobs", "1", "--out", tmp_path / "run"]

    def fail(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_store.RunStore, "finish", fail)
        assert run(capsys, *query)[0] == 130
    other = [*ALL, "--candidates", "max_count=61", "--jobs", "1", "--out", tmp_path / "run"]
    code, _, err = run(capsys, *other)
    assert code == 2
    assert "limit was 60, is 61" in err
    assert "--fresh" in err
    assert run(capsys, *other, "--fresh")[0] == 0


@pytest.mark.proof
def test_candidates_outside_what_the_source_holds_have_a_reason(capsys, tmp_path, monkeypatch):
    """A tenth of the systems has not been pulled: rows with reasons, everything else right."""
    from service import KEY, Service, require_server_code, small_set

    require_server_code()
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "cache"))
    with Service(small_set()) as service:
        monkeypatch.setenv("MP_API_ENDPOINT", service.endpoint)
        for elements in ("Li,La,Zr,O,F", "Li,Cu,F"):
            assert run(capsys, "data", "pull", "--elements", elements)[0] == 0
    code, _, err = run(
        capsys, "screen", "--source", "mp", "--offline", "--candidates", "all",
        "--electrolytes", "LLZO", "--jobs", "1", "--out", tmp_path / "run",
    )  # fmt: skip
    assert code == 3, err
    rows = pq.read_table(tmp_path / "run" / "results.parquet").to_pandas()
    copper = rows["elements"].str.contains("Cu")
    assert (rows.loc[copper, "status"] == "failed").all()
    assert rows.loc[copper, "reason"].str.contains("data pull --elements").all()
    assert rows.loc[copper, "deposited_mutual_eV_per_atom"].isna().all()
    assert (rows.loc[~copper, "status"] == "ok").all()
    assert "rows could not be computed" in err


@pytest.mark.proof
def test_study_file_with_a_query(capsys, tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        f"name: fluorides\nsource: {SMALL_SET}\nelectrolytes: [LATP]\n"
        "candidates: {query: {anion: fluoride, contains_lithium: false, converts_above_V: 1.0}}\n"
    )
    code, out, err = run(capsys, "screen", study, "--check")
    assert code == 0, err
    assert "candidates x 1 electrolyte" in out
    code, out, err = run(capsys, "screen", study, "--out", tmp_path / "run", "--jobs", "1")
    assert code == 0, err
    rows = pq.read_table(tmp_path / "run" / "results.parquet").to_pandas()
    assert {"CuF2", "AlF3"} <= set(rows["candidate"])
    assert rows["elements"].str.contains("F").all()
    assert (rows["first_voltage_V"] > 1.0).all()
    study.write_text(study.read_text().replace("anion: fluoride", "anion: fluorid"))
    code, _, err = run(capsys, "screen", study, "--check")
    assert code == 2
    assert "line 4" in err
    assert "fluoride" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--candidates", "all"], "--electrolytes"),
        (["--candidates", "n_element=2", "--electrolytes", "LLZO"], "n_elements"),
        (["--candidates", "all", "--electrolytes", "LLZX"], "LLZX"),
        (["--candidates", "all", "--electrolytes", "LLZO", "--backend", "dask"], "--scheduler"),
        (["--candidates", "all", "--electrolytes", "LLZO", "--scheduler", "x"], "--backend dask"),
        (["--fresh"], "--fresh"),
    ],
)
def test_mistakes_on_the_command_line(capsys, tmp_path, arguments, says):
    code, _, err = run(
        capsys, "screen", "--source", SMALL_SET, *arguments, "--out", tmp_path / "run"
    )
    assert code == 2
    assert says in err
    assert not (tmp_path / "run").exists()


@pytest.mark.proof
def test_top_looks_further_without_computing(capsys, tmp_path):
    folder = tmp_path / "run"
    assert run(capsys, *ALL, "--candidates", "all", "--jobs", "1", "--out", folder)[0] == 0
    code, out, err = run(
        capsys, "top", folder, "--electrolyte", "LATP", "--where",
        "role == conversion and elements has F", "--count", "3", "--json",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    rows = found if isinstance(found, list) else found["rows"]
    assert len(rows) == 3
    assert all("F" in row["elements"].split("-") for row in rows)
    code, out, err = run(
        capsys, "top", folder, "--electrolyte", "LATP", "--where", "role == alloy", "--count",
        "500", "--json",
    )  # fmt: skip
    assert code == 0, err
    rows = json.loads(out)["rows"]
    assert {"Al", "Mg", "Zn", "Ag", "Sn"} <= {row["candidate"] for row in rows}
    assert {row["role"] for row in rows} == {"alloy"}
    assert not {"F", "O", "S", "N"} & {e for row in rows for e in row["elements"].split("-")}


def test_voltages_and_order(reference):
    from interscreen import lithiate

    row = {str(formula): i for i, formula in enumerate(reference.formulas)}
    rows = [row["CuF2"], row["AlF3"], row["LiF"]]
    import numpy as np

    found = first_voltages(reference, np.array(rows))
    assert found[0] == pytest.approx(lithiate(reference, "CuF2").steps[0].voltage_V)
    assert found[2] == 0.0
    order = in_order(reference, np.arange(len(reference)))
    assert sorted(order.tolist()) == list(range(len(reference)))
    systems = ["-".join(reference.composition(int(i))) for i in order]
    seen = list(dict.fromkeys(systems))
    assert len(seen) == len(set(systems))
    assert [s for s in seen for _ in range(systems.count(s))] == systems
