"""The first screen: verdicts, the number that decides, measured cells, cautions, the picture."""

import re

import pytest
from test_html_data import RANKED, RESULT, write

from interscreen.report.page import write_report
from interscreen.report.page.data import read_run
from interscreen.report.page.picture import picture, ramp
from interscreen.report.page.sentences import CARE, SERIOUS, blocks, cautions, limits
from interscreen.report.page.verdicts import lone_pair, verdict

UNCERTAIN = {
    "candidate": "CuF2", "electrolyte": "LATP", "quantity": "layer_mutual_eV_per_atom",
    "value": "-0.0018", "standard_deviation": "0.02", "low_5_percent": "-0.0312",
    "high_95_percent": "0.0",
}  # fmt: skip


def folder_of(place, verdicts, **more):
    """Write a run of some candidates on LATP with a verdict each."""
    results = [{**RESULT, "candidate": name, "formula": name, "verdict": word, **more}
               for name, word in verdicts.items()]  # fmt: skip
    ranking = [{**RANKED, "candidate": name, "verdict": word, "score_meV_per_atom": str(-n)}
               for n, (name, word) in enumerate(verdicts.items())]  # fmt: skip
    write(place, "results.csv", results)
    write(place, "ranking.csv", ranking)
    write(place, "uncertainty.csv", [UNCERTAIN])
    return read_run(place)


def test_candidates_stand_in_the_list_of_their_verdict(tmp_path):
    run = folder_of(
        tmp_path, {"CuF2": "try", "CuS": "no gain", "AlF3": "reacts", "SnF2": "unsure",
                   "SrF2": "no lithium path"})  # fmt: skip
    (block,) = blocks(run)
    assert block.bare == "Bare lithium: −637 meV/atom."
    found = {title: [entry.name for entry in entries] for title, entries, _ in block.lists}
    assert found == {
        "Try": ["CuF<sub>2</sub>"],
        "No gain, or reacts": ["CuS", "AlF<sub>3</sub>", "SrF<sub>2</sub>"],
        "Unsure, because": ["SnF<sub>2</sub>"],
    }
    (first,) = block.lists[0][1]
    assert first.number == "<b>−2</b> (−31 to 0) meV/atom"
    assert first.layer == "becomes Cu + 2 LiF"
    assert "R 562 → 92 Ω per cell" in first.measured
    assert "10.1039/d3sc06347j" in first.measured
    words = [entry.word for entry in block.lists[1][1]]
    assert words == ["no gain over bare Li", "reacts", "no path for Li"]


def test_the_facing_phase_and_its_energy_decide_where_they_are_known(tmp_path):
    more = {"facing_product": "LiF", "facing_energy_meV_per_atom": "-1.5"}
    run = folder_of(tmp_path, {"CuF2": "try"}, **more)
    entry = blocks(run)[0].lists[0][1][0]
    assert entry.layer == "becomes Cu + 2 LiF, LiF faces LATP"


def test_the_number_is_the_one_that_the_verdict_rests_on(tmp_path):
    run = folder_of(tmp_path, {"CaF2": "try"}, verdict_reason="contact -3 (-12 to 0) meV/atom")
    entry = blocks(run)[0].lists[0][1][0]
    assert entry.number == "<b>−3</b> (−12 to 0) meV/atom"


def test_without_verdicts_there_is_one_list_and_nobody_is_best(tmp_path):
    run = folder_of(tmp_path, {"CuF2": "", "CuS": ""}, layer_mutual_eV_per_atom="-0.7")
    assert verdict(run.results[0]) == ""
    ((title, entries, more),) = blocks(run)[0].lists
    assert (title, len(entries), more) == ("In the order of the score", 2, 0)
    assert {entry.word for entry in entries} == {"no gain over bare Li"}
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert "is the best" not in page
    assert "100 %" not in page.split("<noscript>")[0].split("<main")[1]


def test_the_limits_of_thermodynamics_stand_on_the_first_screen(tmp_path):
    run = folder_of(tmp_path, {"CuF2": "try"})
    assert "did not predict the resistance or the critical current density" in limits(run)


def test_cautions_have_a_severity_and_no_words_of_the_command_line(tmp_path):
    more = {"deposited_mutual_eV_per_atom": "-0.374", "hygroscopic": "yes"}
    run = folder_of(tmp_path, {"SnF2": "try"}, **more)
    found = cautions(run)
    assert found[0][0] == SERIOUS
    assert (SERIOUS, "React before lithium reaches them, in meV/atom: "
            "SnF<sub>2</sub> with LATP (−374).") in found  # fmt: skip
    assert (CARE, "Hygroscopic, to be kept dry: SnF<sub>2</sub>.") in found
    text = " ".join(sentence for _, sentence in found)
    assert "Lone-pair cations, whose computed energies are less sure: SnF<sub>2</sub>" in text
    assert not re.search(r"--\w|docs/|interscreen ", text)


@pytest.mark.parametrize(
    ("formula", "cation"),
    [("SnF2", "Sn"), ("SnF4", ""), ("BiF3", "Bi"), ("PbO2", ""), ("PbO", "Pb"), ("Sb2S5", ""),
     ("Sb2O3", "Sb"), ("Cu + 2 LiF", ""), ("Bi", ""), ("TlF", "Tl")],
)  # fmt: skip
def test_a_lone_pair_is_told_by_the_charge(formula, cation):
    assert lone_pair(formula) == cation


def test_the_picture_has_bare_lithium_once_and_a_link_for_every_cell(tmp_path):
    run = folder_of(tmp_path, {"CuF2": "try", "CuS": "reacts"})
    names, cells = picture(run, ["CuF2", "CuS"], 500)
    assert names.count("<text") == 3
    assert re.findall(r'href="#([^"]+)"', cells) == ["CuF2/LATP", "CuS/LATP"]
    assert cells.count("bare lithium") == 1
    assert cells.count("<rect") == 1 + 2 * 3  # as deposited, layer, worst product
    assert "CuF2 | LATP: −1.8 meV/atom (90 %: −31 to 0)" in cells
    assert ">✓</text>" in cells
    assert ">✗</text>" in cells


def test_colours_go_from_light_to_dark():
    assert ramp(0.0) == ("#f9fafd", False)
    assert ramp(1.0)[1]
    assert ramp(2.0) == ramp(1.0)
