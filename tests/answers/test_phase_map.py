"""A contact over temperature and the pressure of a gas."""

import json
from math import exp, log10

import pytest

import interscreen as si
from interscreen.answers.regions import EXACT
from interscreen.cli.main import main
from interscreen.errors import InputError
from interscreen.phases.columns import columns_of

AXES = {"temperatures": ("900K", "1300K"), "pressures": ("1e-3bar", "1bar")}


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


@pytest.fixture(scope="module")
def lime(db):
    return db.phase_map("CaCO3", "CaO", "CO2", **AXES)


def test_the_boundary_is_the_equilibrium_pressure(db, lime):
    assert [one.self_a_equation for one in lime.regions] == ["CaCO3 -> CO2(g) + CaO", None]
    assert [one.self_b_equation for one in lime.regions] == [None, "CaO + CO2(g) -> CaCO3"]
    assert sum(one.share for one in lime.regions) == pytest.approx(1.0)
    assert len(lime.boundaries) > 10
    for one in lime.boundaries[::4]:
        table = db.at(one.temperature_K, {"CO2": "1bar"}).table
        energies = {n: table.energies[table.find(n)] for n in ("CaCO3", "CaO", "CO2")}
        energy = 2 * energies["CaO"] + 3 * energies["CO2"] - 5 * energies["CaCO3"]
        expected = exp(-energy / (8.617333e-5 * one.temperature_K))
        # three decades high and 400 K wide; the pressure rises by 0.0084 decades a K at 1000 K
        off = 3.0 * EXACT + 400.0 * EXACT * 0.0105
        assert log10(one.pressure_bar) == pytest.approx(log10(expected), abs=off)


def test_a_region_is_what_is_answered_there(db, lime):
    for one in lime.regions:
        there = db.at(one.temperature_K, {"CO2": f"{one.pressure_bar}bar"})
        found = there.reaction("CaCO3", "CaO")
        assert found.self_decomposition[0].equation == one.self_a_equation
        assert found.self_decomposition[1].equation == one.self_b_equation


@pytest.mark.proof
def test_a_material_within_errors_of_the_hull_counts_as_stable(db):
    with pytest.warns(si.InterscreenWarning, match="counts as stable"):
        found = db.phase_map("LLZO", "LLZO", "CO2", **AXES)
    assert any("above the hull; here it counts as stable" in word for word in found.warnings)
    quiet = next(one for one in found.regions if found.happening(one) == "nothing")
    assert quiet.temperature_K > 1000.0
    assert quiet.share > 0.05
    carbonate = [one for one in found.regions if "Li2CO3" in (one.self_a_equation or "")]
    assert sum(one.share for one in carbonate) > 0.5


@pytest.mark.proof
def test_where_water_condenses_there_is_no_answer_and_the_rest_stands(db):
    found = db.phase_map("Li2O", "Li2O", "H2O", ("25C", "700C"), ("1e-2bar", "1bar"))
    refused = next(one for one in found.regions if one.reason)
    assert found.happening(refused).startswith("no answer: ")
    assert refused.temperature_K < 373.15
    panel = next(axes for axes in found.plot().axes if axes.get_xlabel())
    drawn = next(c for c in panel.collections if c.get_gid() == f"region-{refused.region}")
    assert drawn.get_hatch()
    assert drawn.get_edgecolor()[0][:3].max() < 0.9, "seen on white"
    assert any("Li2O + H2O(g) ->" in (one.self_a_equation or "") for one in found.regions)


def test_figure_tables_and_json(lime):
    assert set(lime.to_frame().columns) <= set(columns_of("phase_map"))
    assert set(lime.regions_frame().columns) <= set(columns_of("phase_map"))
    answered = lime.to_dict()
    assert answered["conditions"]["temperature_K"] is None
    assert answered["conditions"]["gases"] == {"CO2": None}
    assert "pieces" not in answered
    figure = lime.plot()
    panel = next(axes for axes in figure.axes if axes.get_xlabel())
    assert panel.get_xlabel() == "Temperature [°C]"
    drawn = {one.get_gid(): one for one in panel.collections}
    assert set(drawn) == {"region-1", "region-2", "boundaries"}
    assert len(drawn["boundaries"].get_segments()) == len(lime.boundaries)
    assert {text.get_text() for text in panel.texts} == {"1", "2"}


def test_the_command_writes_the_figure_and_answers(tmp_path, capsys):
    words = ["profile", "CaCO3", "CaO", "--over", "temperature,CO2", "--from", "900K,1e-3bar"]
    words += ["--to", "1300K,1bar", "--source", "embedded", "--json", "--out", str(tmp_path)]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["self_a_equation"] for one in found["regions"]] == ["CaCO3 -> CO2(g) + CaO", None]
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {
        *(f"phase_map.{kind}" for kind in ("png", "svg", "pdf", "csv")), "phase_map_regions.csv"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--over", "CO2,temperature"], "write temperature and one gas, as temperature,CO2"),
        (["--over", "temperature,CO2,O2"], "write temperature and one gas"),
        (["--over", "temperature,CO2", "--from", "25C"], "--from 25C: write temperature and pres"),
        (["--over", "temperature,CO2", "--temperature", "700C"], "--temperature: it is what is"),
        (["--over", "temperature,CO2", "--potential", "1"], "--potential: not over temperature"),
        (["--over", "temperature,Xe2"], "gas Xe2: no measured energies"),
        (["--over", "temperature,CO2", "--to", "20C,1bar"], "give a range that rises"),
    ],
)
def test_bad_words_are_one_line(words, told, capsys):
    assert main(["profile", "CaCO3", "CaO", "--source", "embedded", *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert told in said[-1]


def test_bad_levels_are_refused(db):
    with pytest.raises(InputError, match="use 0 or more, below 1"):
        db.phase_map("CaCO3", "CaO", "CO2", level_eV_per_atom=-0.1)
