"""The front door: what is public, what it takes, what it gives, and what its documents say."""

import doctest
import inspect
import json
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.core import Composition, Element, Species
from pymatgen.entries.computed_entries import ComputedEntry

import interscreen as si
from interscreen.cli.main import main
from interscreen.screen.verdict import VERDICTS

pytestmark = pytest.mark.filterwarnings("ignore::interscreen.InterscreenWarning")

DOCS = Path(__file__).parents[1] / "docs" / "python.md"


@pytest.fixture(scope="module")
def db(_own_folders):
    return si.load()


# -- what is public -------------------------------------------------------------------------------


def test_all_is_what_can_be_imported_and_nothing_else():
    assert sorted(si.__all__) == sorted(si._HOMES)
    assert si.__all__ == sorted(si.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sample_stacks'"):
        si.sample_stacks  # noqa: B018


@pytest.mark.parametrize("name", ["interscreen", *si.__all__])
def test_what_is_public_has_a_docstring_whose_example_works(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    thing = si if name == "interscreen" else getattr(si, name)
    text = inspect.getdoc(thing)
    assert thing.__doc__
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert test.examples, f"{name} has no example"
    said = []
    failed = doctest.DocTestRunner().run(test, out=said.append).failed
    assert not failed, "".join(said)


def test_the_public_parts_of_the_door_have_docstrings():
    for thing in (si.Database, si.Run):
        for name, member in vars(thing).items():
            if not name.startswith("_") and (callable(member) or hasattr(member, "fget")):
                assert inspect.getdoc(getattr(thing, name)), f"{thing.__name__}.{name}"


def test_every_block_of_the_document_runs(tmp_path, monkeypatch):
    import matplotlib as mpl

    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 5
    names = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{DOCS.name}, block {number + 1}", "exec"), names)


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, interscreen; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "pymatgen", "matplotlib", "numba"} & set(ran.stdout.split())


# -- where the phases come from -------------------------------------------------------------------


def test_without_a_source_the_embedded_table_is_meant_whatever_keys_are_set(monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "x" * 32)
    assert si.load().table.source.name == "embedded"


def test_a_table_in_memory_and_on_disk_answers_alike(reference, tmp_path):
    import pandas as pd

    frame = reference.to_frame()
    frame.to_csv(tmp_path / "mine.csv", index=False)
    nominal = si.react(reference, "CuF2", "LATP").min_mutual_energy_eV_per_atom
    renamed = frame.rename(columns={"formula": "what", "formation_energy_eV_per_atom": "energy"})
    for source, options in (
        (frame, {}),
        (tmp_path / "mine.csv", {}),
        (str(tmp_path / "mine.csv"), {}),
        (renamed, {"formula_column": "what", "energy_column": "energy"}),
        (reference, {}),
    ):
        db = si.Database(source) if source is reference else si.load(source, **options)
        found = db.reaction("CuF2", "LATP")
        assert found.min_mutual_energy_eV_per_atom == pytest.approx(nominal, abs=1e-12)
    with pytest.raises(si.InputError, match="no formula column found among what"):
        si.load(renamed)
    with pytest.raises(si.InputError, match="only the source mp has databases"):
        si.load(frame, database="2025.9.25")
    with pytest.raises(si.InputError, match="neither a name, a path, a DataFrame nor a list"):
        si.load(7)
    assert si.load(pd.concat([frame, frame])).table.source.n_phases == len(frame)


def test_entries_are_brought_to_formation_energies():
    entries = [PDEntry(Composition("Li"), -1.9), PDEntry(Composition("F2"), -3.8)]
    entries.append(PDEntry(Composition("LiF"), -10.0))
    db = si.load(entries)
    assert db.window("LiF").assemblage_window_V[1] == pytest.approx(6.2)
    assert db.window(entries[2]).material == "LiF"


@pytest.mark.proof
def test_choices_of_phases_reach_the_table(tmp_path):
    without = si.load(ban=["Cu2O"], filters={"min_stability_eV_per_atom": 0.001})
    assert "Cu2O" in without.reaction("Cu", "CuO").provenance["left_out_phases"]
    assert without.table.source.filters["banned"] == ["Cu2O"]
    assert len(si.load(all_phases=True).table.left_out) < len(si.load().table.left_out)
    with pytest.raises(si.InputError, match="no such file"):
        si.load(add=[tmp_path / "none.json"])


# -- questions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        "CuF2",
        si.Material("CuF2"),
        si.Material(Composition("CuF2")),
        Composition("CuF2"),
        Composition({Species("Cu", 2): 1, Species("F", -1): 2}),
        ComputedEntry("CuF2", -20.0),
        PDEntry(Composition("Cu2F4"), -30.0),
    ],
    ids=lambda given: f"{type(given).__name__} {given}"[:40],
)
def test_a_material_is_taken_in_every_form(db, given):
    nominal = db.reaction("CuF2", "LATP").min_mutual_energy_eV_per_atom
    found = db.reaction(given, "LATP")
    assert found.min_mutual_energy_eV_per_atom == pytest.approx(nominal, abs=1e-12)
    assert found.reactants[0]["energy_source"] == "phase"  # not the total energy of an entry
    assert db.lithiation(given).final_products == ("Cu", "LiF")
    assert si.layer_metrics(db.table, given).metal_percolates is True


def test_no_digit_of_a_composition_is_rounded_away(db):
    third = 1.0 / 3.0
    doped = Composition({"Li": 1 + third, "Al": third, "Ti": 2 - third, "P": 3, "O": 12})
    written = "Li1.333333333Al0.333333333Ti1.666666667P3O12"
    assert db.window(doped).assemblage_window_V == db.window(written).assemblage_window_V
    assert db.reaction(Element("Li"), "LATP").equation == db.reaction("Li", "LATP").equation
    tiny = Composition({"Li": 0.00001, "F": 1})
    assert si.Material(tiny).formula == "Li0.00001F"


def test_a_formation_energy_that_an_entry_states_is_taken(db):
    entry = ComputedEntry("CuF2", -20.0, data={"formation_energy_per_atom": -1.5})
    reactant = db.reaction(entry, "LATP").reactants[0]
    assert (reactant["energy_eV_per_atom"], reactant["energy_source"]) == (-1.5, "given")


@pytest.mark.parametrize("given", [None, 7, False, ["CuF2"], object()])
def test_what_is_no_material_is_refused_in_one_line(db, given):
    with pytest.raises(si.InputError, match=r"^formula .* is not text; .*") as error:
        db.window(given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("ask", "arguments"),
    [
        (lambda db, n: db.reaction("CuF2", "LATP", samples=n), ["reaction", "CuF2", "LATP"]),
        (lambda db, n: db.window("LATP", n), ["window", "LATP"]),
        (lambda db, n: db.stack("CuF2", "LATP", n), ["stack", "CuF2", "LATP"]),
    ],
    ids=["reaction", "window", "stack"],
)
@pytest.mark.parametrize("samples", [0, 40])
def test_python_and_the_command_line_give_the_same_object(db, capsys, ask, arguments, samples):
    with_samples = [*arguments, "--samples", str(samples)] if samples else arguments
    assert main([*with_samples, "--source", "embedded", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    judged = told.pop("judgement", None)  # of a stack, by the rules of a screen
    assert (judged is not None) == (arguments[0] == "stack")
    assert judged is None or judged["verdict"] in VERDICTS
    found = ask(db, samples)
    assert json.loads(json.dumps(found.to_dict())) == told
    assert ("uncertainty" in told) == bool(samples)
    assert (len(found.uncertainty) > 0) == bool(samples)


def test_error_bars_of_a_lithiation_are_those_of_a_screen(db):
    found = db.lithiation("CuF2", samples=60, model=si.EnergyModel(seed=3))
    of_stack = db.stack("CuF2", "LATP", samples=60, model=si.EnergyModel(seed=3))
    assert set(found.uncertainty) == {
        "first_voltage_V", "average_voltage_V", "li_uptake_per_formula"
    }  # fmt: skip
    for key, spread in found.uncertainty.items():
        assert spread == of_stack.uncertainty[key]
    assert found.to_dict()["samples"] == 60
    assert found.uncertainty != db.lithiation("CuF2", samples=60).uncertainty


def test_error_bars_that_cannot_be_given_are_refused(db):
    with pytest.raises(si.InputError, match="closed interfaces only; leave out potential_V"):
        db.reaction("CuF2", "LATP", potential_V=1.0, samples=100)
    with pytest.raises(si.InputError, match="samples 5: use 20"):
        db.window("LATP", samples=5)
    with pytest.raises(si.InputError, match="say how often, as samples=1000"):
        db.stack("CuF2", "LATP", model=si.EnergyModel())


def test_every_answer_can_be_drawn_and_listed(db, reference):
    for found in (
        db.reaction("CuF2", "LATP"),
        db.reaction("LiF", "LATP", 2.0),
        db.window("LATP"),
        db.lithiation("CuF2"),
        db.lithiation("LiF"),
        db.profile("CuF2", "LATP", 1.0, 3.0),
        db.map("Li-Al-O", "LATP", divisions=10),
        db.stack("CuF2", "LATP"),
    ):
        wide, narrow = found.plot(), found.plot(width="one", bare=True)
        assert type(wide).__name__ == "Figure"
        assert narrow.get_size_inches()[0] <= wide.get_size_inches()[0]
        assert len(found.to_frame()) or not getattr(found, "steps", True)
        json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(si.InputError, match="there is no figure of it"):
        si.layer_metrics(reference, "CuF2").plot()


def test_a_phase_diagram_has_the_counted_phases(db):
    diagram = db.phase_diagram("Li-Cu-F")
    names = {entry.composition.reduced_formula for entry in diagram.all_entries}
    assert {"Li", "Cu", "F2", "LiF", "CuF2"} <= names
    window = db.window("CuF2")
    entry = next(e for e in diagram.all_entries if e.composition.reduced_formula == "CuF2")
    assert diagram.get_form_energy_per_atom(entry) == pytest.approx(window.energy_eV_per_atom)
    assert "LATP" not in names
    assert len(db.phase_diagram(["Li", "LATP"]).elements) == 5
    with pytest.raises(si.InputError, match="element Xe: the source embedded"):
        db.phase_diagram("Li-Xe")


@pytest.mark.proof
def test_validation_is_that_of_the_function(db, embedded):
    assert db.validate().counts == si.validate(embedded).counts


# -- warnings -------------------------------------------------------------------------------------


def test_each_warning_comes_once_for_a_database_and_points_at_the_call():
    db = si.load(all_phases=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answers = [db.lithiation("CuO"), db.stack("CuO", "LATP"), db.reaction("CuO", "LATP")]
    told = [str(one.message) for one in caught]
    assert any("a known artefact" in line for line in told)
    assert sorted(told) == sorted({line for answer in answers for line in answer.warnings})
    assert {one.category for one in caught} == {si.InterscreenWarning}
    assert {Path(one.filename) for one in caught} == {Path(__file__)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        db.lithiation("CuO")
    with pytest.warns(si.InterscreenWarning):
        si.load(all_phases=True).lithiation("CuO")


def test_warnings_can_be_told_to_somebody_else(reference):
    told, opened = [], []

    def opener(sets):
        opened.append(sets)
        return reference

    db = si.Database(opener=opener, tell=told.append)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = db.window("CuO")
    assert told == list(found.warnings)
    assert opened == [[frozenset({"Cu", "Li", "O"})]]


def test_notes_of_the_source_are_told_when_it_is_loaded(reference):
    told = []
    source = replace(reference.source, notes=("mind the gap",))
    si.Database(replace(reference, source=source), tell=told.append)
    assert told == ["mind the gap"]


# -- runs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(db):
    return db.screen(["CuF2", Composition("LiF"), {"formula": "AlF3"}], ["LATP", "LLZO"], 40)


def test_a_run_has_the_numbers_of_the_study(run, embedded):
    study = si.Study(
        name="the same",
        candidates=["CuF2", "LiF", "AlF3"],
        electrolytes=["LATP", "LLZO"],
        uncertainty={"samples": 40},
    )
    found = si.run_study(study, embedded)
    for name in ("results", "ranking", "windows", "uncertainty"):
        mine, theirs = getattr(run, name), getattr(found, name)
        assert list(mine.columns) == list(theirs.columns)
        for key in theirs.columns:
            if theirs[key].dtype.kind == "f":
                values = mine[key].to_numpy(dtype=float, na_value=np.nan)
                assert values == pytest.approx(theirs[key].to_numpy(), nan_ok=True)
    assert list(run.ranking["candidate"]) == list(found.ranking["candidate"])
    assert (run.failed, run.left_out) == (found.failed, found.left_out)
    assert run.surroundings.empty
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        run.nothing  # noqa: B018


def test_the_best_of_a_run_are_those_of_the_command_line(db, tmp_path, capsys):
    folder = tmp_path / "run"
    kept = db.screen(["CuF2", "LiF", "AlF3"], "LATP", out=folder, sensitivity=False)
    assert main(["top", str(folder), "--electrolyte", "LATP", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for found in (kept, si.open_run(folder)):
        best = found.best("LATP", 10)
        assert list(best["candidate"]) == [row["candidate"] for row in told["rows"]]
        score = "score_meV_per_atom"
        assert list(best[score]) == pytest.approx([row[score] for row in told["rows"]])
        assert len(found.best(count=1, where="role == 'conversion'")) == 1
        assert list(found.best("overall")["candidate"]) == list(found.best()["candidate"])
    names = {file.name for file in folder.iterdir()}
    assert {"results.csv", "ranking.csv", "manifest.json", "report.html", "windows.svg"} <= names
    assert si.open_run(folder / "results.csv").ranking.equals(kept.ranking)
    with pytest.raises(si.InputError, match="holds neither results"):
        si.open_run(tmp_path)
    (folder / "results.csv").write_text("candidate,electrolyte\nLiF,LATP\n")
    with pytest.raises(
        si.InputError, match=r"results\.csv was changed since the run.*run the screen again"
    ):
        si.open_run(folder).best()


def test_a_run_is_shown_drawn_and_reported(run, tmp_path):
    assert repr(run) == (
        "<Run screen: 3 candidates x 2 electrolytes, 0 rows failed; first overall: LiF>"
    )
    assert "The tables could not be made" not in run._repr_html_()
    assert type(run.plot(count=2)).__name__ == "Figure"
    page = run.report(tmp_path / "page.html")
    assert "CuF2" in page.read_text(encoding="utf-8")
    with pytest.raises(si.InputError, match="temporary; name a file"):
        run.report()


def test_candidates_of_the_source_itself(db, tmp_path):
    run = db.screen("n_elements=2,anion=fluoride", ["LATP"], out=tmp_path / "whole", jobs=1)
    assert (tmp_path / "whole" / "report.html").is_file()
    assert set(run.results["electrolyte"]) == {"LATP"}
    best = run.best("LATP", 3)
    first = run.ranking[run.ranking["electrolyte"] == "LATP"]
    assert list(first["candidate"])[:3] == list(best["candidate"])
    assert type(run.plot()).__name__ == "Figure"
    assert si.open_run(tmp_path / "whole").study["query"] == run.study["query"]


def test_a_study_runs_on_the_phases_of_the_database(db, tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text("name: mine\ncandidates: [LiF, CuF2]\nelectrolytes: [LATP]\nsource: mp\n")
    run = db.run(si.load_study(file))
    assert run.study["source"] == "embedded"
    assert list(run.ranking["candidate"]) == ["LiF", "CuF2"]


def test_materials_of_a_screen_come_alone_or_in_any_iterable(db):
    import pandas as pd

    for candidates in (pd.Series(["LiF"]), (name for name in ["LiF"]), Composition("LiF")):
        run = db.screen(candidates, Composition("Li3PO4"), cathodes="LiCoO2", sensitivity=False)
        assert list(run.results["candidate"]) == ["LiF"]
        assert set(run.surroundings["partner"]) == {"LiCoO2"}


def test_rows_that_fail_are_told():
    db = si.load()
    with pytest.warns(si.InterscreenWarning, match="1 rows could not be computed"):
        run = db.screen(["LiF", "XeF2"], "LATP")
    assert run.failed == 1


@pytest.mark.parametrize(
    ("candidates", "options", "says"),
    [
        (["LiF", "LiF"], {}, "candidates: LiF stands twice"),
        ([{"formula": "LiF", "rol": "coating"}], {}, r"candidates.0.rol: Extra inputs"),
        (["Lif"], {}, "Lif"),
        ([], {}, "candidates: none given"),
        (["LiF"], {"samples": 5}, "samples 5: use 20"),
        (["LiF"], {"ranking": {"tie": 3}}, "ranking.tie: Extra inputs"),
        ("n_element=2", {}, "n_element: unknown key"),
    ],
)
def test_a_screen_that_cannot_be_asked_is_refused_in_one_line(db, candidates, options, says):
    with pytest.raises(si.InputError, match=says) as error:
        db.screen(candidates, "LATP", **options)
    assert "\n" not in str(error.value)
