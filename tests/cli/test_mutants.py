"""Studies, runs, stores and words of the command line with something broken in them.

Each is answered in one line per mistake with a code of its own, and nothing half-written is left.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
import xml.dom.minidom
from pathlib import Path

import pytest

from interscreen.cli.main import main
from interscreen.files import checksum

SMALL_SET = next(Path(__file__).parents[1].glob("**/small_set.csv"))
SOURCE = ["--source", str(SMALL_SET), "--energies", "source"]
STUDY = """\
name: small
electrolytes: [LLZO, {formula: LATP, energy_above_hull_eV_per_atom: 0.02}]
candidates:
  - CuF2
  - {formula: AlF3, name: fluoride, products: LiAl and LiF, reference: "doi:10.1/x"}
cathodes: [LiCoO2]
filters: {banned: [LiCu3]}
ranking: {tie_meV_per_atom: 10.0}
uncertainty: {samples: 0}
set: [BiF3=-2.17eV/atom@298K]
jobs: 1
"""
BYTES = [
    b",", b":", b"- ", b"\t", b"\0", b"[", b"{", b"}", b"&a ", b"*a", b"!!python/object:os.system ",
    b"\xff", b"\x1b[31m", b"1e309", b".nan", b"null", b"9" * 5000, b"x" * 300, b"<<: *a\n", b"|\n",
    b"%", b"2001-99-99", b"\xe2\x80\xae", b"---\n", b"!!set ", b"!!timestamp ", b"? ", b"\n", b"'",
]  # fmt: skip
WORDS = [
    "", " ", "\0", "x" * 5000, "(" * 5000, "[" * 50_000, "\x1b[31m", "1e309", "nan", "-1", "LiF\n",
    "../..", "/dev/null", "/dev/full/x", "=1+1", "Li" + "9" * 400, "Li0." + "0" * 400 + "1F",
    "\udcff", "constructor", "__proto__", "overall", "a" * 300 + ".csv", "\u202eLiF", "Li1e309F",
    "*", "+", "LiF +",
]  # fmt: skip
COMMANDS = [
    ["window", "{}"], ["reaction", "{}", "LiF"], ["lithiate", "{}"], ["stack", "{}", "LLZO"],
    ["reaction", "LiF", "CuF2", "--potential", "{}"], ["window", "LiF", "--energy", "{}"],
    ["window", "LiF", "--above-hull", "{}"], ["map", "{}", "--with", "LiF"],
    ["screen", "--check", "{}"], ["screen", "--check", "--out", "{}"],
    ["screen", "--check", "--candidates", "{}", "--electrolytes", "LLZO"],
    ["screen", "--check", "--candidates", "all", "--electrolytes", "{}"],
    ["top", "{}"], ["top", "run", "--where", "{}"], ["top", "run", "--csv", "{}"],
    ["top", "run", "--columns", "{}"], ["top", "run", "--electrolyte", "{}"], ["report", "{}"],
    ["report", "run", "--out", "{}"], ["plot", "heatmap", "{}"],
    ["plot", "heatmap", "run", "--top", "{}"],
    ["data", "import", "{}"], ["data", "info", "--database", "{}"],
    ["window", "LiF", "--set", "{}"],
]  # fmt: skip


def broken(rng, content):
    """Change, take out or put in a few bytes, or cut."""
    for _ in range(rng.choice([1, 1, 3])):
        place = rng.randrange(max(len(content), 1))
        kind = rng.randrange(5)
        if kind == 0:
            content = content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
        elif kind == 1:
            content = content[:place] + content[place + rng.randrange(1, 20) :]
        elif kind == 4:
            content = content[:place]
        else:
            content = content[:place] + rng.choice(BYTES) + content[place:]
    return content


def asked(words, capsys, codes=(0, 2, 3, 4, 5)):
    """Run a command; its code, which is one of the documented ones, and no line is a traceback."""
    code = main(words)
    said = capsys.readouterr().err
    assert code in codes, (words, said)
    assert "Traceback" not in said, words
    assert "\x1b" not in said, words
    lines = [line for line in said.splitlines() if line.startswith("interscreen: error: ")]
    assert bool(lines) == (code in (1, 2, 4, 5)), (words, said)
    return code


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def run(tmp_path_factory, reference):
    from interscreen.database.run import write_run
    from interscreen.screen.study import Study

    study = Study(name="two", candidates=["LiF", "CuF2"], electrolytes=["LATP", "LLZO"], jobs=1,
                  uncertainty={"samples": 0})  # fmt: skip
    folder = tmp_path_factory.mktemp("run") / "run"
    write_run(study, reference, folder, command=["interscreen"])
    return folder


def test_broken_studies(here, capsys):
    rng = random.Random(1)
    refused = 0
    for _ in range(250):
        (here / "s.yaml").write_bytes(broken(rng, STUDY.encode()))
        refused += asked(["screen", "s.yaml", "--check", *SOURCE], capsys) == 2
        assert [file.name for file in here.iterdir()] == ["s.yaml"]
    assert refused > 100


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_broken_words(here, run, capsys, words):
    shutil.copytree(run, here / "run")
    before = {file.name: file.read_bytes() for file in (here / "run").iterdir()}
    source = SOURCE if words[0] not in ("top", "report", "plot", "data") else []
    for word in WORDS:
        asked([one.replace("{}", word) for one in words] + source, capsys)
        assert {file.name: file.read_bytes() for file in (here / "run").iterdir()} == before
        assert not list(here.glob(".*")), word


def test_broken_runs(here, run, capsys):
    """With right checksums, as somebody who wants to be believed would write them."""
    rng = random.Random(2)
    names = ["results.csv", "ranking.csv", "reactions.csv", "sensitivity.csv", "manifest.json"]
    for number in range(30):
        folder = here / f"run{number}"
        shutil.copytree(run, folder)
        name = names[number % len(names)]
        (folder / name).write_bytes(broken(rng, (folder / name).read_bytes()))
        if name != "manifest.json":
            manifest = json.loads((folder / "manifest.json").read_text())
            manifest["files_sha256"][name] = checksum(folder / name)
            (folder / "manifest.json").write_text(json.dumps(manifest))
        elif number % 2:
            manifest = json.loads((run / "manifest.json").read_text())
            key = rng.choice(list(manifest))
            manifest[key] = rng.choice([None, [], {}, 1e308, "x", [[]], True, {"": None}])
            (folder / "manifest.json").write_text(json.dumps(manifest))
        for words in (["top", str(folder)], ["report", str(folder), "--out", "page.html"],
                      ["top", str(folder), "--study", "new.yaml", "--force"]):  # fmt: skip
            asked(words, capsys)
        if name == "results.csv":
            asked(["plot", "heatmap", str(folder), "--format", "svg", "--out", "f"], capsys)
            if Path("f.svg").exists():
                xml.dom.minidom.parse("f.svg")


def test_broken_stores(here, capsys, monkeypatch):
    from interscreen.sources.materials_project.store import Store, store_path

    monkeypatch.setenv("INTERSCREEN_CACHE", str(here / "cache"))
    path = store_path("2025.9.25", "GGA_GGA+U")
    Store(path, create=("2025.9.25", "GGA_GGA+U")).close()
    phases = [("mp-1", "Li", "Li", 0.0), ("mp-2", "F2", "F", 0.0), ("mp-3", "LiF", "F-Li", -3.1)]
    columns = "material_id, formula, chemsys, formation_energy_eV_per_atom"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as write:
        write.executemany(f"INSERT INTO documents ({columns}) VALUES (?, ?, ?, ?)", phases)
        write.execute("INSERT INTO pulled VALUES ('F-Li')")
    whole, rng = path.read_bytes(), random.Random(3)
    for _ in range(50):
        content = bytearray(whole)
        for _ in range(rng.choice([1, 5, 50])):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        cut = rng.choice([len(content), len(content), rng.randrange(len(content))])
        path.write_bytes(content[:cut])
        for words in (["window", "LiF", "--source", "mp", "--offline", "--energies", "source"],
                      ["data", "info"], ["data", "list"],
                      ["data", "export", "x.parquet", "--force"]):  # fmt: skip
            asked(words, capsys)


# -- what is larger than it looks ------------------------


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "line 6: more than 1000000 values"),
        ("a: &a [*a]", "*a stands within itself"),
        ("[" * 100_000, "nested more than 32 levels"),
        ("{a: " * 100_000, "nested more than 32 levels"),
        ("- " * 50_000, "nested more than 32 levels"),
        ("x" * (17 * 1024**2), "more than 16777216 characters"),
        ("name: [!!python/object/apply:os.system [x]]", "electrolytes: is missing"),
    ],
)
def test_studies_that_are_larger_than_any(here, capsys, text, said):
    (here / "s.yaml").write_text(text)
    assert main(["screen", "s.yaml", "--check"]) == 2
    assert said in capsys.readouterr().err


def test_a_word_of_brackets_is_written_at_once():
    from interscreen.report.markup import linked

    assert linked("(" * 50_000) == "(" * 50_000


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('{formula: LiF, name: "a\\nb"}', "holds the control character"),
        ('{formula: LiF, name: "\\e[31m"}', "holds the control character"),
        ("{formula: LiF, name: =1+1}", "begins with '=', which spreadsheets take for a formula"),
        ('{formula: LiF, name: "@x"}', "begins with '@'"),
        ("{formula: LiF, name: %s}" % ("x" * 201), "201 characters, at most 200"),
        ("{formula: LiF, products: =HYPERLINK}", "begins with '='"),
    ],
)
def test_names_that_would_do_something_elsewhere_are_refused(here, capsys, entry, said):
    (here / "s.yaml").write_text(f"name: s\nelectrolytes: [LATP]\ncandidates: [{entry}]\n")
    assert main(["screen", "s.yaml", "--check", *SOURCE]) == 2
    assert "s.yaml, line 3: " in (line := capsys.readouterr().err)
    assert said in line


@pytest.mark.parametrize(
    ("electrolytes", "said"),
    [
        ("[{formula: LATP, name: overall}]", "overall: stands for the mean over all electrolytes"),
        ("[LLZO, llzo]", "LLZO stands on line 2 already"),
    ],
)
def test_electrolytes_that_would_be_counted_wrongly_are_refused(here, capsys, electrolytes, said):
    (here / "s.yaml").write_text(f"name: s\nelectrolytes: {electrolytes}\ncandidates: [LiF]\n")
    assert main(["screen", "s.yaml", "--check", *SOURCE]) == 2
    assert said in capsys.readouterr().err


def test_an_electrolyte_is_counted_once(capsys):
    words = ["screen", "--candidates", "all", "--electrolytes", "LLZO,LLZO", "--check", *SOURCE]
    assert main(words) == 2
    assert "--electrolytes: LLZO stands twice; remove one" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "said"), [("LiF 2", "LiF 2"), ("Li0.000000009F", "0.000000009")])
def test_formulas_that_would_be_misread_are_refused(capsys, text, said):
    assert main(["window", text, *SOURCE]) == 2
    assert said in capsys.readouterr().err
