"""Treatments of a study: steps one after another, in the tables and on the page."""

import pytest

import interscreen as si
from interscreen.answers.treat import treat
from interscreen.errors import InputError
from interscreen.screen.entries import TreatmentEntry, with_deposit

SEEDS = {
    "regenerated": ("LLZO", ["air 25C", "O2=1bar 600C"]),
    "etched": ("LLZO", ["+16 HF 25C", "Li 250C"]),
    "cathode": ("3 Li2CO3 + 2 Co3O4", ["air 700C"]),
    "ammonium": ("Li2CO3 + 2 NH4F", ["Ar 200C"]),
    "carbon": ("Li2CO3 + C", ["Ar 700C"]),
}


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


@pytest.fixture(scope="module")
def run(db, tmp_path_factory):
    study = si.Study(
        name="treated", candidates=["CuF2", "Cu + 2 LiF"], electrolytes=["LLZO"],
        sensitivity=False, uncertainty={"samples": 0},
        treatments=[
            *({"name": name, "of": of, "steps": steps} for name, (of, steps) in SEEDS.items()),
            {"steps": "deposit 0.5; Li 250C"},
            {"name": "bad", "of": "Li2O", "steps": ["H2=0.1 O2=0.1 500C"]},
        ],
    )  # fmt: skip
    return db.run(study, out=tmp_path_factory.mktemp("treated") / "run")


def rows_of(run, name):
    found = run.treatments
    return found[found["treatment"] == name].to_dict("records")


def test_the_seeds_end_as_the_papers_have_them(run):
    """Founding papers 002 and 004: what carbonate on garnet becomes, and what acid makes of it."""
    air, clean = rows_of(run, "regenerated")
    assert "Li2CO3" in air["phases_left"]
    assert (clean["phases_left"], clean["given_off"]) == ("Li7La3Zr2O12", "8 CO2(g)")
    assert clean["temperature_K"] == pytest.approx(873.15)
    acid, metal = rows_of(run, "etched")
    assert {"7 LiF", "3 LaF3"} <= set(acid["phases_left"].split(" + "))
    assert "LiF" in metal["phases_left"]
    assert metal["taken_up"].endswith(" Li")
    (cathode,) = rows_of(run, "cathode")
    assert (cathode["phases_left"], cathode["given_off"]) == ("6 LiCoO2", "3 CO2(g)")
    (salt,) = rows_of(run, "ammonium")
    assert salt["phases_left"] == "2 LiF"
    assert {"CO2(g)", "H2O(g)"} <= set(salt["given_off"].split(" + "))
    (carbon,) = rows_of(run, "carbon")
    assert (carbon["phases_left"], carbon["given_off"]) == ("Li2O", "2 CO(g)")


def test_deposited_candidates_are_treated_one_by_one(run, embedded):
    found = rows_of(run, "deposit 0.5; Li 250C")
    assert [(row["candidate"], row["step"]) for row in found] == [
        ("CuF2", 1), ("CuF2", 2), ("Cu + 2 LiF", 1), ("Cu + 2 LiF", 2),
    ]  # fmt: skip
    alone = treat(embedded, "LLZO", ["+0.5 CuF2", "Li 250C"]).steps
    units = dict(part.rpartition(" ")[::-2] for part in found[1]["phases_left"].split(" + "))
    assert set(units) == set(alone[1].phases)
    assert found[3]["phases_left"].count("LiF") == 1
    assert set(run.treatments["surface"]) > {"LLZO", "Li2O"}


def test_a_treatment_that_fails_is_a_row_with_its_reason(run):
    (row,) = rows_of(run, "bad")
    assert row["status"] == "failed"
    assert "react with each other without end" in row["reason"]
    assert rows_of(run, "carbon")[0]["status"] == "ok"


def test_the_page_shows_them(run):
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    part = page.partition('<section id="treatments"')[2].partition("</section>")[0]
    assert "regenerated" in part
    assert "8 CO<sub>2</sub></td>" in part
    assert "Could not be computed" in part
    assert '<a href="#treatments">' in page


def test_treatments_of_a_run_at_a_temperature_are_those_of_the_steps(db, embedded):
    """The study's own temperature is none of a treatment's."""
    hot = db.at("500C", {"O2": 0.2, "CO2": "400ppm"}).table
    for material, steps in SEEDS.values():
        one, other = (treat(table, material, steps).to_dict() for table in (embedded, hot))
        assert one["steps"] == other["steps"]


def test_a_list_of_steps_is_one_treatment():
    study = si.Study(
        name="x", candidates=["CuF2"], electrolytes=["LLZO"],
        treatments=["air 25C", "O2=1bar 500C"],
    )  # fmt: skip
    (one,) = study.treatments
    assert one.steps == ["air 25C", "O2=1bar 500C"]
    assert {"H", "C", "O"} <= frozenset().union(*study.element_sets)


def test_what_is_deposited_is_named_by_its_parts():
    assert with_deposit("deposit 0.5", "Cu + 2 LiF") == "+0.500000 Cu +1.000000 LiF"
    assert with_deposit("deposit 250C", "CuF2") == "+1.000000 CuF2 250C"
    assert not TreatmentEntry(steps=["air 25C"]).deposits


@pytest.mark.parametrize(
    ("treatments", "words"),
    [
        (["wash"], "'wash' is no treatment"),
        ([{"steps": ["air 9000C"]}], "use 250 to 2000 K"),
        ([{"steps": []}], "at least 1 item"),
        ([{"step": ["air"]}], "Extra inputs|Field required"),
        ([{"steps": ["air"], "of": "Li2Q"}], "Q is not an element"),
    ],
)
def test_mistakes_are_found_before_anything_is_computed(treatments, words):
    with pytest.raises(ValueError, match=words):
        si.Study(name="x", candidates=["CuF2"], electrolytes=["LLZO"], treatments=treatments)


def test_a_mistake_in_a_file_has_its_line(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(
        "name: x\nelectrolytes: [LLZO]\ncandidates: [LiF]\ntreatments:\n"
        "  - {of: LLZO, steps: [wash 3]}\n  - {steps: [air], off: LLZO}\n"
    )
    with pytest.raises(InputError) as told:
        si.load_study(file)
    lines = str(told.value).split("\n")
    assert len(lines) == 2
    assert "line 5" in lines[0]
    assert "'wash' is no treatment" in lines[0]
    assert "line 6" in lines[1]
    assert "unknown key" in lines[1]
    assert "did you mean of" in lines[1]
