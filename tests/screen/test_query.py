"""Candidates by query: every condition, what was written before, every mistake in words."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from interscreen.answers.lithiation import lithiate
from interscreen.errors import InputError
from interscreen.phases.classes import anion_classes
from interscreen.phases.hull import stability
from interscreen.screen.choose import choose, electrolyte_distances
from interscreen.screen.query import Query, parse_query
from interscreen.screen.study import Study
from interscreen.screen.study_file import load_study
from interscreen.screen.where import element_lists

PHASES = {
    "Li": 0.0, "Cu": 0.0, "F2": 0.0, "LiF": -3.1, "CuF2": -1.9, "CuF": -0.8, "Li2O": -2.0,
    "CuO": -0.8, "Cu2O": -0.6, "PbO": -1.4, "PbF2": -2.3, "LiCuO2": -1.2, "Cu2OF2": -1.0,
    "UO2": -3.7,
}  # fmt: skip


@pytest.fixture(scope="module")
def table(make_table):
    return make_table(PHASES)


def names(table, query):
    return [str(formula) for formula in table.formulas[choose(table, query).rows]]


@pytest.fixture
def voltages_are(monkeypatch):
    """Let a function stand for the computation of first voltages."""

    def set_to(function):
        monkeypatch.setattr(
            "interscreen.screen.choose.first_voltages", lambda table, rows: function(rows)
        )

    return set_to


# -- each condition ------------------------------------------------------------------------------


def test_no_condition_means_every_counted_formula_but_li(table, reference, full_table):
    assert names(table, "all") == [formula for formula in table.formulas if formula != "Li"]
    assert parse_query("all") == Query() == Query.model_validate("all") == Query(where=" ")
    choice = choose(reference, Query())
    assert len(choice) == int(reference.counted.sum()) - 1
    assert choice.counts == {"all": 279}
    assert choice.notes == ()
    rows = choose(full_table, Query()).rows
    assert len(rows) == 95_117  # 95,118 formulas
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("elements has F or elements has Pb", "F2 LiF CuF2 CuF PbO PbF2 Cu2OF2"),
        ("elements has Cu and elements has O", "CuO Cu2O LiCuO2 Cu2OF2"),
        ("not (elements has Cu or elements has F)", "Li2O PbO UO2"),
        ("elements only Cu-O-F", "Cu F2 CuF2 CuF CuO Cu2O Cu2OF2"),
        ("elements == Cu-O", "CuO Cu2O"),
        ("elements != Cu-O and elements has Cu and elements has O", "LiCuO2 Cu2OF2"),
        ("n_elements == 1", "Cu F2"),
        ("n_elements > 2", "LiCuO2 Cu2OF2"),
        ("2 <= n_elements <= 3 and elements has Li", "LiF Li2O LiCuO2"),
        ("anion == fluoride", "LiF CuF2 CuF PbF2 Cu2OF2"),
        ("anion != fluoride and not elements has Li", "CuO Cu2O PbO UO2"),
        ("not anion == fluoride and not elements has O", "Cu F2"),
        ("anion == oxyfluoride or anion == intermetallic", "Cu2OF2"),
        ("elements has toxic and not elements has O", "PbF2"),
        ("elements has radioactive", "UO2"),
        ("formula == CuF2 or formation_energy_eV_per_atom < -3.5", "CuF2 UO2"),
        ("structures == 1 and formula != CuF2 and elements only Cu-F", "Cu F2 CuF"),
    ],
)
def test_conditions_on_phases(table, where, expected):
    assert sorted(names(table, where)) == sorted(expected.split())


def test_phases_that_do_not_count_are_no_candidates(make_table):
    table = make_table(PHASES, observed=np.array([0 if f == "CuF" else 1 for f in PHASES]))
    assert "CuF" not in names(table, "all")
    assert names(table, "observed == yes") == names(table, "all")
    assert "CuF" in names(make_table(PHASES), "all")


def test_energy_above_hull_is_that_of_all_counted_phases(reference):
    above = stability(reference).energy_above_hull
    lithium = reference.formulas == "Li"
    for limit in (0.0, 0.01, 0.05, 1.0):
        chosen = choose(reference, f"energy_above_hull_eV_per_atom <= {limit}").rows
        expected = np.flatnonzero(reference.counted & ~lithium & (above <= limit + 1e-12))
        assert chosen.tolist() == expected.tolist()
    assert above.max() > 0.05  # the limits above make a difference


def test_numerical_noise_does_not_decide_at_a_limit(make_table):
    # 2 CuF -> Cu + CuF2 gives off 0.1 eV for each atom
    table = make_table({"CuF2": -1.0, "CuF": -0.65})
    (above,) = stability(table, np.array([1])).energy_above_hull
    assert above == pytest.approx(0.1)
    assert above != 0.1
    assert names(table, "energy_above_hull_eV_per_atom <= 0.1") == ["CuF2", "CuF"]
    assert names(table, "energy_above_hull_eV_per_atom == 0.1") == ["CuF"]
    assert names(table, "energy_above_hull_eV_per_atom <= 0.0999") == ["CuF2"]


def test_limit_keeps_the_nearest_to_the_hull_in_table_order(make_table):
    table = make_table(
        {"CuF2": -1.0, "CuF": -0.5, "PbF2": -2.0, "PbF": -1.4, "CuO": -1.0, "Cu2O": 0.1}
    )
    above = dict(zip(table.formulas.tolist(), stability(table).energy_above_hull, strict=True))
    assert above["PbF"] < above["CuF"] < above["Cu2O"]
    assert above["CuF2"] == above["PbF2"] == above["CuO"] == 0.0
    assert names(table, {"limit": 2}) == ["CuF2", "PbF2"]  # equal ones: the first in the table
    choice = choose(table, Query(limit=4))
    assert table.formulas[choice.rows].tolist() == ["CuF2", "PbF2", "PbF", "CuO"]
    assert "of 6 phases the 4 with the lowest energy above hull" in choice.notes[0]
    assert choice.counts == {"all": 6, "limit 4": 4}
    beyond = choose(table, Query(limit=1000))
    assert len(beyond) == 6
    assert beyond.notes == ()


def test_an_electrolyte_is_sorted_out_as_a_layer_on_itself(embedded):
    """LLZO on LLZO, by any of its names, and on LLZTO: one doped with the other."""
    query = "electrolyte_distance > 0.05 and elements == Li-La-Zr-O"

    def left(*electrolytes):
        rows = choose(embedded, query, electrolytes).rows
        return set(embedded.formulas[rows].tolist())

    assert "Li7La3Zr2O12" in left("LATP")
    for electrolyte in ("LLZO", "Li7La3Zr2O12", "Li14La6Zr4O24", "LLZTO", "Li6.5La3Zr1.5Ta0.5O12"):
        assert left(electrolyte) == left("LATP") - {"Li7La3Zr2O12"}
    assert left("LATP", "LLZO") == left("LLZO")
    with pytest.raises(InputError, match="electrolyte_distance: the distance to what"):
        choose(embedded, query)


def test_distances_to_electrolytes_are_shares_of_atoms_that_differ(reference):
    """By hand: LiF and Li2O have 1/2 and 2/3 Li; CuO has none, and 1/2 O as Li2O has 1/3."""
    found = dict(
        zip(reference.formulas, electrolyte_distances(reference, ["Li2O", "LiF"]), strict=True)
    )
    assert found["Li2O"] == found["LiF"] == 0.0
    assert found["CuO"] == pytest.approx(1.0 - 1.0 / 3.0)
    assert found["CuF2"] == pytest.approx(0.5)
    alone = electrolyte_distances(reference, ["LiF"])[reference.formulas == "Li2O"]
    assert alone == pytest.approx(0.5)


def test_first_voltage_is_that_of_lithiate(reference):
    where = "n_elements == 2 and not elements has Li and (elements has F or elements has N)"
    first = {}
    for name in names(reference, where):
        steps = lithiate(reference, name).steps
        first[name] = steps[0].voltage_V if steps else 0.0
    assert first["CuF2"] == pytest.approx(3.63, abs=0.02)
    for volts in (0.0, 1.5, 3.0):
        found = names(reference, f"{where} and first_voltage_V > {volts}")
        assert found == [name for name, v in first.items() if v > volts]


def test_what_must_be_computed_is_asked_once_for_what_the_other_parts_leave(
    table, monkeypatch, voltages_are
):
    asked = []

    def voltages(rows):
        asked.append(("voltage", rows.tolist()))
        return np.linspace(0.0, 3.0, len(rows))

    def above(table, rows):
        asked.append(("hull", rows.tolist()))
        return stability(table, rows)

    monkeypatch.setattr("interscreen.screen.choose.stability", above)
    query = Query(
        where="1 < first_voltage_V < 2.9 and energy_above_hull_eV_per_atom < 0.5 and "
        "energy_above_hull_eV_per_atom >= 0 and elements has Cu",
        limit=2,
    )
    voltages_are(voltages)
    choice = choose(table, query)
    copper = choose(table, "elements has Cu").rows.tolist()
    assert [what for what, _ in asked] == ["hull", "voltage"]
    assert asked[0][1] == copper
    assert set(choice.rows) < set(asked[1][1]) <= set(copper)
    assert list(choice.counts) == [
        "all", "elements has Cu", "energy_above_hull_eV_per_atom < 0.5",
        "energy_above_hull_eV_per_atom >= 0", "1 < first_voltage_V < 2.9", "limit 2",
    ]  # fmt: skip


def test_voltages_that_nobody_can_compute_are_noted(table, voltages_are):
    voltages_are(lambda rows: np.where(table.formulas[rows] == "CuO", np.nan, 2.0))
    choice = choose(table, "first_voltage_V > 1")
    assert "CuO" not in table.formulas[choice.rows]
    assert choice.notes == (
        "first_voltage_V: unknown, left out: 1 (CuO); `interscreen lithiate CuO` says why",
    )
    kept = choose(table, "not first_voltage_V < 1")
    assert "CuO" in table.formulas[kept.rows]
    assert "first_voltage_V: unknown, kept: 1 (CuO)" in kept.notes[0]
    voltages_are(lambda rows: np.full(len(rows), np.nan))
    with pytest.raises(InputError, match=r"first_voltage_V > 1: 0.*left out: 13 \(Cu, .*\.\.\."):
        choose(table, "first_voltage_V > 1")


def test_a_source_that_does_not_cover_li_with_the_candidate_leaves_it_out(make_table):
    table = make_table({"Li": 0.0, "CuF2": -1.0, "CuO": -1.0, "LiF": -3.0})
    source = replace(table.source, systems=(frozenset({"Li", "Cu", "F"}),), closed=True)
    choice = choose(replace(table, source=source), "first_voltage_V > 0.5 and n_elements == 2")
    assert table.formulas[choice.rows].tolist() == ["CuF2"]
    assert any("left out: 1 (CuO)" in note for note in choice.notes)


def test_columns_that_a_source_may_have(make_table):
    table = make_table(
        dict.fromkeys(["CuF2", "CuO", "CuF", "PbO"], -1.0),
        theoretical=np.array([0, 1, -1, 0]),
        properties={
            "band_gap_eV": np.array([3.0, float("nan"), 0.0, 1.5]),
            "is_metal": np.array(["no", "", "yes", "no"]),
        },
    )
    choice = choose(table, "theoretical != yes")
    assert table.formulas[choice.rows].tolist() == ["CuF2", "CuF", "PbO"]
    assert choice.notes == ("theoretical: unknown, kept: 1 (CuF)",)
    assert names(table, "theoretical == unknown") == ["CuF"]
    choice = choose(table, "band_gap_eV > 1 and is_metal == no")
    assert table.formulas[choice.rows].tolist() == ["CuF2", "PbO"]
    assert choice.notes == ("band_gap_eV: unknown, left out: 1 (CuO)",)


@pytest.mark.parametrize("column", ["theoretical", "band_gap_eV", "id"])
def test_a_source_without_a_column_says_so(make_table, column):
    for properties in ({}, {"theoretical": [-1, -1], "band_gap_eV": [float("nan")] * 2}):
        table = make_table({"CuF2": -1.0, "CuO": -1.0}, properties=properties)
        with pytest.raises(InputError, match=f"{column}: nothing in made up says it of any phase"):
            choose(table, f"{column} != {1 if column == 'band_gap_eV' else 'no'}")


# -- against a slow implementation, and against what it was before -------------------------------


def test_the_full_table_by_sets_of_elements(full_table):
    query = (
        "(elements has F or elements has S) and elements has Cu and not elements has toxic and "
        "elements only Cu-F-S-O-Li-Na-Pb and 2 <= n_elements <= 4"
    )
    allowed, banned = set("Cu F S O Li Na Pb".split()), set(element_lists()["toxic"])
    expected = []
    for row in range(len(full_table)):
        have = set(full_table.composition(row))
        if (
            full_table.counted[row]
            and have & {"F", "S"}
            and "Cu" in have
            and not have & banned
            and have <= allowed
            and 2 <= len(have) <= 4
        ):
            expected.append(row)
    choice = choose(full_table, query)
    assert choice.rows.tolist() == expected
    assert len(expected) > 10
    counts = list(choice.counts.values())
    assert counts == sorted(counts, reverse=True)
    classes = anion_classes(full_table)
    either = choose(full_table, "anion == phosphate or anion == thiophosphate").rows
    assert (
        either.tolist() == np.flatnonzero(classes["phosphate"] | classes["thiophosphate"]).tolist()
    )


GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "queries.json").read_text())


@pytest.mark.parametrize("source", ["reference", "full_table"])
def test_queries_of_the_former_form_find_the_same_candidates(source, request):
    table = request.getfixturevalue(source)
    for text, (number, digest) in GOLDEN[source].items():
        query = parse_query(text)
        choice = choose(table, query)
        found = " ".join(map(str, table.formulas[choice.rows]))
        assert len(choice) == number, text
        assert hashlib.sha256(found.encode()).hexdigest()[:16] == digest, text
        again = Query(where=query.where, limit=query.limit)
        assert again.where == query.where  # what the note says is a condition, too
        assert [note for note in choice.notes if "now written as" in note] == (
            [] if text == "all" else list(query.notes)
        )
        assert again.notes == ()


FORMER = {
    "any_of": (["F", "Cl"], "F+Cl", "(elements has F or elements has Cl)"),
    "all_of": (["Li", "O"], "Li+O", "elements has Li and elements has O"),
    "none_of": (["Pb", "Cd"], "Pb + Cd", "not (elements has Pb or elements has Cd)"),
    "only": (["Li", "No"], "Li+No", "elements only Li-No"),
    "n_elements": ([2, 3], "2 - 3", "2 <= n_elements <= 3"),
    "anion": ("fluoride", "fluoride", "anion == fluoride"),
    "contains_lithium": (False, "no", "not elements has Li"),
    "exclude": (["toxic"], "toxic", "not elements has toxic"),
    "experimental_only": ("yes", "yes", "theoretical != yes"),
    "max_energy_above_hull_eV_per_atom": (0.05, "0.05", "energy_above_hull_eV_per_atom <= 0.05"),
    "converts_above_V": (1.0, "1.0", "first_voltage_V > 1.0"),
}


def test_every_former_key_is_translated():
    for key, (value, text, where) in FORMER.items():
        assert Query.model_validate({key: value}).where == where
        assert parse_query(f" {key} = {text} ").where == where
    mapping = {key: value for key, (value, _, _) in FORMER.items()} | {"max_count": 10}
    query = Query.model_validate(mapping)
    assert query.where == " and ".join(where for _, _, where in FORMER.values())
    assert query.limit == 10
    text = ",".join(f"{key}={text}" for key, (_, text, _) in FORMER.items())
    short = text.replace("max_energy_above_hull_eV_per_atom", "max_above_hull")
    assert parse_query(f"all,{short},max_count=10") == query
    assert query.notes == (f'these candidates are now written as "{query.where}", limit 10',)
    assert parse_query("n_elements=2").where == "n_elements == 2"
    assert parse_query("contains_lithium=yes").where == "elements has Li"
    assert parse_query("experimental_only=no").where == ""
    assert Query.model_validate({"any_of": [], "max_count": None}).where == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n_elments=2", "n_elments: unknown key; did you mean n_elements?"),
        ("any_of=pb", "any_of: 'pb' is no symbol of an element; did you mean Pb?"),
        ("none_of=Pb+", "none_of: "),
        ("n_elements=two", "n_elements: n_elements holds numbers and 'two' is none"),
        ("anion=sulphide", "anion: anion is never 'sulphide'; did you mean sulfide?"),
        (
            "exclude=radiactive",
            "exclude: 'radiactive' is no symbol of an element; did you mean rad",
        ),
        ("contains_lithium=maybe", "contains_lithium: 'maybe' is neither yes nor no"),
        ("max_above_hull=50", "is it meant in meV/atom? Then write 0.05"),
        ("converts_above_V=1200", "is it meant in mV? Then write 1.2"),
        ("max_count=0", "limit: Input should be greater than or equal to 1"),
        ("max_count=2.5", "limit: Input should be a valid integer"),
        ("n_elments=2,any_of=pb,anion=x", "n_elments: unknown key"),
        ("n_elments=2,any_of=pb,anion=x", "any_of: 'pb'"),
        ("n_elments=2,any_of=pb,anion=x", "anion: anion is never 'x'"),
        ("any_of=F,any_of=Cl", "any_of stands twice; join its values with +"),
        ("foo", "position 1: 'foo' is no condition"),
        ("anion == sulphide", "position 10: anion is never 'sulphide'; did you mean sulfide?"),
        ("anion = fluoride and n_elements < 3", "position 7: cannot read '='; write =="),
    ],
)
def test_each_mistake_on_the_command_line_is_one_line(text, words):
    with pytest.raises(InputError) as caught:
        parse_query(text)
    assert str(caught.value).startswith(f"candidates {text!r}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_limit_of_the_command_line_is_checked():
    assert parse_query("all", 3) == Query(limit=3)
    assert parse_query("max_count=5,n_elements=2", 3).limit == 3
    with pytest.raises(InputError, match="limit: Input should be greater than or equal to 1"):
        parse_query("all", 0)


def test_a_query_survives_being_written_and_read_and_cannot_be_changed():
    query = Query(where="anion == fluoride  and\nn_elements < 3", limit=5)
    assert query.where == "anion == fluoride and n_elements < 3"
    assert Query.model_validate(json.loads(query.model_dump_json())) == query
    with pytest.raises(ValidationError):
        query.limit = 3


# -- in a study ----------------------------------------------------------------------------------


def study(folder, candidates):
    file = folder / "study.yaml"
    file.write_text(f"name: s\nelectrolytes: [LLZO]\ncandidates{candidates}\n", encoding="utf-8")
    return load_study(file)


@pytest.mark.parametrize(
    ("candidates", "query"),
    [
        (": all", Query()),
        (": {query: }", Query()),
        (": {limit: 5}", Query(limit=5)),
        (":\n  where: >-\n    elements has F\n    and n_elements < 3\n  limit: 7",
         Query(where="elements has F and n_elements < 3", limit=7)),
        (": {query: {where: elements has No}}", Query(where="elements has No")),
        (": {query: anion == fluoride}", Query(where="anion == fluoride")),
        (":\n  query: {any_of: [No, F], n_elements: 2, contains_lithium: no, max_count: 3}",
         Query(where="(elements has No or elements has F) and n_elements == 2 and "
                     "not elements has Li", limit=3)),
    ],
)  # fmt: skip
def test_a_study_takes_candidates_by_a_condition(tmp_path, candidates, query):
    found = study(tmp_path, candidates)
    assert (found.query.where, found.query.limit) == (query.where, query.limit)
    assert found.candidates == []
    assert Study(**json.loads(found.model_dump_json())).query == query


@pytest.mark.parametrize(
    ("candidates", "line", "says"),
    [
        (":\n  where: anion == fluorid", 4, "candidates.where: position 10: anion is never 'fluor"),
        (":\n  limit: 3\n  where: elements has Xx", 5, "candidates.where: position 14: 'Xx' is no"),
        (":\n  where: anion == oxide\n  limit: 0", 5, "candidates.limit: Input should be greater"),
        (":\n  where: anion == oxide\n  limit: true", 5, "candidates.limit: "),
        (":\n  where: anion == oxide\n  limt: 3", 5, "limt: unknown key; did you mean limit?"),
        (":\n  query:\n    wher: x", 4, "candidates.query: wher: unknown key; did you mean where?"),
        (":\n  query: {anion: fluorid}", 4, "candidates.query: anion: anion is never 'fluorid'"),
        (": {any_off: [F]}", 3, "candidates: any_off: unknown key; did you mean any_of?"),
    ],
)
def test_a_mistake_in_a_study_has_its_line(tmp_path, candidates, line, says):
    with pytest.raises(InputError) as caught:
        study(tmp_path, candidates)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'study.yaml'}, line {line}: ")
    assert says in message
    assert "\n" not in message


def test_elements_that_a_condition_allows_are_known_beforehand():
    def sets(where):
        found = Study(name="s", electrolytes=["Li2S"], candidates=[], query=where).element_sets
        return [" ".join(sorted(elements)) for elements in found]

    assert sets("anion == fluoride") == ["Li S"]
    assert sets("elements only Cu-F and n_elements < 3") == ["Cu F Li S"]
    assert sets("elements only Cu-F or elements has Cl") == ["Li S"]
    assert sets({"only": ["Cu", "F"]}) == ["Cu F Li S"]


# -- answers that are none -----------------------------------------------------------------------


def test_an_empty_answer_says_which_part_was_too_much(table):
    with pytest.raises(InputError) as caught:
        choose(table, "elements has Cu and n_elements == 4 and anion == oxide")
    assert str(caught.value) == (
        "the query leaves no phase of made up: all: 13, elements has Cu: 7, n_elements == 4: 0; "
        "relax n_elements == 4"
    )


def test_elements_that_the_source_does_not_have_are_noted(table):
    choice = choose(
        table, "(elements has F or elements has Xe) and not (elements has Kr or elements has Cd) "
        "and not elements has radioactive",
    )  # fmt: skip
    assert choice.notes == (
        "elements has F or elements has Xe: no phase of made up has Xe",
        "not (elements has Kr or elements has Cd): no phase of made up has Kr or Cd",
    )
    assert len(choice) == 6
    with pytest.raises(InputError, match=r"leaves no phase of made up.*no phase of made up has Xe"):
        choose(table, "elements only Xe")


def test_a_source_without_li_has_no_conversion_voltages(make_table):
    table = make_table({"CuF2": -1.0})
    with pytest.raises(InputError, match="no phase with Li"):
        choose(table, "first_voltage_V > 1")
    with pytest.raises(InputError, match=r"elements has Li: 0; relax elements has Li"):
        choose(table, "elements has Li")
    with pytest.raises(InputError, match="made up counts none but Li"):
        choose(make_table({"Li": 0.0}), Query())
