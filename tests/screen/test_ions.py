"""Studies of other ions and negative electrodes: what is written, and in which words."""

from __future__ import annotations

import json
import re

import pytest

import interscreen as si
from interscreen.cli.main import main
from interscreen.errors import InputError
from interscreen.screen.study_file import load_study

STUDY = """\
name: sodium
source: embedded
ion: Na
electrolytes: [Na3PS4]
candidates: [NaF, SnF2, Na3P]
uncertainty: {samples: 0}
sensitivity: false
jobs: 1
"""
ALONE = re.compile(r"\bLi\b|[Ll]ithium\b|[Ll]ithiation\b")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, _own_folders):
    place = tmp_path_factory.mktemp("ions")
    (place / "sodium.yaml").write_text(STUDY, encoding="utf-8")
    assert main(["screen", str(place / "sodium.yaml"), "--out", str(place / "run"), "--quiet"]) == 0
    return place


def test_numbers_of_a_study_of_sodium_are_single_answers(folder):
    run = si.open_run(folder / "run")
    assert run.electrode.label == "Na"
    db = si.load("embedded", energies="anchored").against(ion="Na")
    for row in run.results.to_dict("records"):
        found = db.stack(row["candidate"], "Na3PS4")
        assert row["layer_mutual_eV_per_atom"] == pytest.approx(found.layer.energy, abs=1e-9)
        assert row["bare_mutual_eV_per_atom"] == pytest.approx(found.bare.energy, abs=1e-9)
        assert row["lithium_mutual_eV_per_atom"] == pytest.approx(found.lithium.energy, abs=1e-9)
    salts = run.results.set_index("candidate")["bridge_product"]
    assert salts["SnF2"] == "NaF"


def test_the_page_and_the_figures_of_sodium_speak_of_sodium(folder):
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    body = page[page.index("<body>") : page.index('<section id="provenance"')]
    assert "between Na metal and Na<sub>3</sub>PS<sub>4</sub>" in body
    told = body.replace('#lithiation"', "").replace('"lithiation"', "").replace("lithiation-", "")
    assert not ALONE.search(told), ALONE.search(told)
    columns = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["columns"]
    for texts in columns.values():
        assert not ALONE.search(" ".join(texts[:3]).replace("no lithium path", "")), texts
    titles = {
        "heatmap_reaction_energy": "Reaction energies of Na | interlayer",
        "windows": "Stability windows against Na metal",
        "lithiation": "Sodiation down to Na metal",
    }
    for stem, title in titles.items():
        drawn = (folder / "run" / f"{stem}.svg").read_text(encoding="utf-8")
        assert title in drawn
        texts = re.findall(r">([^<>]+)<|<!-- (.*?) -->", drawn)
        assert not [t for pair in texts for t in pair if ALONE.search(t)], stem


def test_the_ranking_and_the_best_are_in_words_of_sodium(folder, capsys):
    assert main(["top", str(folder / "run"), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "with Na" in said
    assert not ALONE.search(said), said


def test_a_study_of_the_best_keeps_the_ion(folder):
    wanted = folder / "best.yaml"
    assert main(["top", str(folder / "run"), "--study", str(wanted), "--quiet"]) == 0
    study = load_study(str(wanted))
    assert (study.ion, study.anode) == ("Na", "Na")


@pytest.mark.parametrize(
    ("lines", "ion", "anode"),
    [
        ("anode: Li", "Li", "Li"),
        ("ion: Mg", "Mg", "Mg"),
        ("anode: {material: LiIn}", "Li", "LiIn"),
        ("anode: {material: LiIn, potential: 0.62V}", "Li", "LiIn@0.62V"),
        ("anode: 0.62V", "Li", "0.62V"),
        ("anode: 0.62", "Li", "0.62V"),
        ("ion: Na\nanode: Na3Sb", "Na", "Na3Sb"),
    ],
)
def test_ion_and_anode_of_a_study(tmp_path, lines, ion, anode):
    file = tmp_path / "study.yaml"
    file.write_text(f"name: s\nelectrolytes: [LPSCl]\ncandidates: [LiF]\n{lines}\n", "utf-8")
    study = load_study(str(file))
    assert (study.ion, study.anode) == (ion, anode)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("ion: Cu", "line 4: ion"),
        ("anode: Na", "line 4: anode"),
        ("anode: {metal: LiIn}", "line 4: anode.*name a material, a potential, or both"),
        ("anode: -0.7V", "line 4: anode.*down to -0.5 V"),
    ],
)
def test_an_ion_or_anode_that_is_none_is_told_with_its_line(tmp_path, lines, words):
    file = tmp_path / "study.yaml"
    file.write_text(f"name: s\nelectrolytes: [LPSCl]\ncandidates: [LiF]\n{lines}\n", "utf-8")
    with pytest.raises(InputError, match=words):
        load_study(str(file))


@pytest.mark.parametrize(
    ("options", "head", "conditions"),
    [
        (["NaF", "Na3PS4", "--ion", "Na"], "Na | NaF | Na3PS4", ("Na", None, 0.0)),
        (["LiF", "LPSCl", "--anode", "LiIn@0.62V"], "LiIn | LiF | LPSCl", ("Li", "LiIn", 0.62)),
        (["LiF", "LPSCl", "--anode", "0.62V"], "Li at 0.62 V | LiF | LPSCl", ("Li", None, 0.62)),
        (["LiF", "LPSCl", "--anode=-0.2V"], "Li at -0.2 V | LiF | LPSCl", ("Li", None, -0.2)),
    ],
)
def test_stack_on_the_command_line(capsys, options, head, conditions):
    source = ["--source", "embedded", "--quiet"]
    assert main(["stack", *options, *source]) == 0
    assert capsys.readouterr().out.splitlines()[0] == head
    assert main(["stack", *options, *source, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["conditions"]
    anode = found["anode"]
    assert (found["ion"], anode["material"], anode["potential_V"]) == conditions


def test_a_profile_against_sodium(capsys):
    options = ["Na3PS4", "NaCoO2", "--ion", "Na", "--source", "embedded", "--quiet"]
    assert main(["profile", *options]) == 0
    assert "open to Na from 0 to 5 V vs Na/Na+" in capsys.readouterr().out


def test_names_in_the_scripts_of_the_page_stay_those_of_the_data(folder):
    """Contacts are of the kind ``lithium`` whatever moves: scripts must find them."""
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    script = page[page.rindex("<script>") :]
    assert 'contact.kind === "lithium"' in script
    assert '"Mutual energy with Na metal"' in script
    assert '"Sodiation"' in script
    assert 'section id="lithiation"' in page
    assert not re.search(r"\bLi\b", script)
