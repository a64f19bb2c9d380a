"""Candidates by query: every condition against a slow second opinion, every mistake in words."""

import json
import math

import numpy as np
import pytest
from pydantic import ValidationError

from interscreen.answers.lithiation import lithiate
from interscreen.errors import InputError
from interscreen.files import load_yaml
from interscreen.phases.classes import ANION_CLASSES, anion_classes
from interscreen.phases.hull import stability
from interscreen.screen.choose import choose
from interscreen.screen.query import Query, element_lists, parse_query

pytestmark = pytest.mark.filterwarnings("ignore:No Pauling electronegativity")  # XeF2, NiAr

EXAMPLE = (
    "n_elements=2-3,none_of=Pb+Cd,anion=fluoride+oxide,exclude=radioactive+toxic,"
    "contains_lithium=no,max_above_hull=0.05,converts_above_V=1.0,max_count=1000"
)
PHASES = {
    "Li": 0.0,
    "Cu": 0.0,
    "F2": 0.0,
    "LiF": -3.1,
    "CuF2": -1.9,
    "CuF": -0.8,
    "Li2O": -2.0,
    "CuO": -0.8,
    "Cu2O": -0.6,
    "PbO": -1.4,
    "PbF2": -2.3,
    "LiCuO2": -1.2,
    "Cu2OF2": -1.0,
    "UO2": -3.7,
}


@pytest.fixture(scope="module")
def table(make_table):
    return make_table(PHASES)


def names(table, query, **kwargs):
    if isinstance(query, str):
        query = parse_query(query)
    return [str(formula) for formula in table.formulas[choose(table, query, **kwargs).rows]]


# -- each condition ------------------------------------------------------------------------------


def test_no_condition_means_every_counted_formula_but_li(table, reference, full_table):
    assert names(table, "all") == [formula for formula in table.formulas if formula != "Li"]
    assert parse_query("all") == Query() == Query.model_validate("all")
    choice = choose(reference, Query())
    assert len(choice) == int(reference.counted.sum()) - 1
    assert choice.counts == {"all": 279}
    assert choice.notes == ()
    rows = choose(full_table, Query()).rows
    assert len(rows) == 95_117  # 95,118 formulas
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("any_of=F+Pb", "F2 LiF CuF2 CuF PbO PbF2 Cu2OF2"),
        ("all_of=Cu+O", "CuO Cu2O LiCuO2 Cu2OF2"),
        ("none_of=Cu+F", "Li2O PbO UO2"),
        ("only=Cu+O+F", "Cu F2 CuF2 CuF CuO Cu2O Cu2OF2"),
        ("n_elements=1", "Cu F2"),
        ("n_elements=3", "LiCuO2 Cu2OF2"),
        ("n_elements=2-3,any_of=Li", "LiF Li2O LiCuO2"),
        ("anion=fluoride", "LiF CuF2 CuF PbF2 Cu2OF2"),
        ("anion=oxyfluoride+intermetallic", "Cu2OF2"),
        ("contains_lithium=yes", "LiF Li2O LiCuO2"),
        ("contains_lithium=no,all_of=O", "CuO Cu2O PbO Cu2OF2 UO2"),
        ("exclude=toxic,any_of=Pb+U", "UO2"),
        ("exclude=radioactive+toxic,any_of=O,contains_lithium=no", "CuO Cu2O Cu2OF2"),
        (" any_of = F , n_elements = 2 - 3 ,none_of=Pb", "LiF CuF2 CuF Cu2OF2"),
    ],
)
def test_conditions_of_composition(table, query, expected):
    chosen = names(table, query)
    assert sorted(chosen) == sorted(
        str(table.formulas[table.find(_amounts(name))]) for name in expected.split()
    )


def _amounts(formula):
    from pymatgen.core import Composition

    counts = {str(element): int(n) for element, n in Composition(formula).items()}
    return [(symbol, n // math.gcd(*counts.values())) for symbol, n in counts.items()]


def test_phases_that_do_not_count_are_no_candidates(make_table):
    table = make_table(PHASES, observed=np.array([0 if f == "CuF" else 1 for f in PHASES]))
    assert "CuF" not in names(table, "all")
    assert "CuF" in names(make_table(PHASES), "all")


def test_energy_above_hull_is_that_of_all_counted_phases(reference):
    above = stability(reference).energy_above_hull
    lithium = reference.formulas == "Li"
    for limit in (0.0, 0.01, 0.05, 1.0):
        chosen = choose(reference, Query(max_energy_above_hull_eV_per_atom=limit)).rows
        expected = np.flatnonzero(reference.counted & ~lithium & (above <= limit + 1e-12))
        assert chosen.tolist() == expected.tolist()
    assert above.max() > 0.05  # the limits above make a difference


def test_a_phase_at_the_limit_is_kept(make_table):
    # 2 CuF -> Cu + CuF2 gives off 0.1 eV for each atom
    table = make_table({"CuF2": -1.0, "CuF": -0.65})
    (above,) = stability(table, np.array([1])).energy_above_hull
    assert above == pytest.approx(0.1)
    assert names(table, Query(max_energy_above_hull_eV_per_atom=float(above))) == ["CuF2", "CuF"]
    assert names(table, "max_above_hull=0.1") == ["CuF2", "CuF"]
    assert names(table, "max_above_hull=0.0999") == ["CuF2"]


def test_max_count_keeps_the_nearest_to_the_hull_in_table_order(make_table):
    table = make_table(
        {"CuF2": -1.0, "CuF": -0.5, "PbF2": -2.0, "PbF": -1.4, "CuO": -1.0, "Cu2O": 0.1}
    )
    above = dict(zip(table.formulas.tolist(), stability(table).energy_above_hull, strict=True))
    assert above["PbF"] < above["CuF"] < above["Cu2O"]
    assert above["CuF2"] == above["PbF2"] == above["CuO"] == 0.0
    assert names(table, "max_count=2") == ["CuF2", "PbF2"]  # equal ones: the first in the table
    assert names(table, "max_count=4") == ["CuF2", "PbF2", "PbF", "CuO"]
    choice = choose(table, Query(max_count=4))
    assert "of 6 phases the 4 with the lowest energy above hull" in choice.notes[0]
    assert choice.counts == {"all": 6, "max_count=4": 4}


def test_max_count_beyond_what_there_is_changes_nothing(table):
    choice = choose(table, Query(max_count=1000))
    assert choice.rows.tolist() == choose(table, Query()).rows.tolist()
    assert choice.notes == ()


def test_max_count_after_all_other_conditions(reference):
    query = parse_query("any_of=O,n_elements=3,max_above_hull=0.03,max_count=5")
    above = stability(reference).energy_above_hull
    wide = choose(reference, parse_query("any_of=O,n_elements=3,max_above_hull=0.03")).rows
    lowest = sorted(wide, key=lambda row: (round(above[row], 9), row))[:5]
    assert choose(reference, query).rows.tolist() == sorted(lowest)
    assert list(choose(reference, query).counts)[-1] == "max_count=5"


def test_first_conversion_voltage_is_that_of_lithiate(reference):
    wide = choose(reference, parse_query("n_elements=2,contains_lithium=no,any_of=F+S+N")).rows
    first = {}
    for row in wide:
        steps = lithiate(reference, str(reference.formulas[row])).steps
        first[str(reference.formulas[row])] = steps[0].voltage_V if steps else 0.0
    assert first["CuF2"] == pytest.approx(3.63, abs=0.02)
    for volts in (0.0, 1.0, 1.5, 3.0):
        query = f"n_elements=2,contains_lithium=no,any_of=F+S+N,converts_above_V={volts}"
        assert names(reference, query) == [name for name, v in first.items() if v > volts]


def test_voltages_are_asked_once_for_what_the_other_conditions_leave(table):
    asked = []

    def voltages(rows):
        asked.append(rows.tolist())
        return np.linspace(0.0, 3.0, len(rows))

    choice = choose(
        table, parse_query("all_of=Cu,converts_above_V=1.4,max_count=2"), voltages=voltages
    )
    assert len(asked) == 1
    assert asked[0] == choose(table, Query(all_of=["Cu"])).rows.tolist()
    assert len(choice) == 2
    assert set(choice.rows) <= set(asked[0])
    assert list(choice.counts) == ["all", "all_of=Cu", "converts_above_V=1.4", "max_count=2"]


def test_voltages_that_nobody_can_compute_are_left_out_with_a_note(table):
    def voltages(rows):
        return np.where(table.formulas[rows] == "CuO", np.nan, 2.0)

    choice = choose(table, Query(converts_above_V=1.0), voltages=voltages)
    assert "CuO" not in table.formulas[choice.rows]
    (note,) = choice.notes
    assert "left out: 1 (CuO)" in note
    assert "interscreen lithiate CuO" in note
    with pytest.raises(InputError, match=r"converts_above_V=1\.0: 0.*left out: 13 \(Cu, .*\.\.\."):
        choose(table, Query(converts_above_V=1.0), voltages=lambda rows: np.full(len(rows), np.nan))


def test_a_source_that_does_not_cover_li_with_the_candidate_leaves_it_out(make_table):
    from dataclasses import replace

    table = make_table({"Li": 0.0, "CuF2": -1.0, "CuO": -1.0, "LiF": -3.0})
    source = replace(table.source, systems=(frozenset({"Li", "Cu", "F"}),), closed=True)
    choice = choose(replace(table, source=source), parse_query("converts_above_V=0.5,n_elements=2"))
    assert table.formulas[choice.rows].tolist() == ["CuF2"]
    assert any("left out: 1 (CuO)" in note for note in choice.notes)


def test_experimental_only_leaves_out_what_is_said_to_be_theoretical(make_table):
    formulas = ["CuF2", "CuO", "CuF", "PbO"]
    theoretical = np.array([0, 1, -1, 0])
    table = make_table(
        dict.fromkeys(formulas, -1.0), properties={"theoretical": theoretical.tolist()}
    )
    choice = choose(table, Query(experimental_only=True))
    assert table.formulas[choice.rows].tolist() == ["CuF2", "CuF", "PbO"]
    assert choice.notes == ("experimental_only: unknown origin, kept: 1",)
    assert len(choose(table, Query(experimental_only=False))) == 4


@pytest.mark.parametrize("stated", [None, [-1, -1]])
def test_experimental_only_needs_a_source_that_says_so(make_table, stated):
    properties = {} if stated is None else {"theoretical": stated}
    table = make_table({"CuF2": -1.0, "CuO": -1.0}, properties=properties)
    with pytest.raises(InputError, match="made up says which phases are theoretical; leave it out"):
        choose(table, Query(experimental_only=True))


# -- against a slow implementation ---------------------------------------------------------------

QUERIES = [
    "any_of=F+Cl+Xe",
    "all_of=Li+O",
    "none_of=O+F+Og",
    "only=Li+Na+K+F+Cl+Br+I",
    "n_elements=4-5",
    "contains_lithium=yes,n_elements=2",
    "contains_lithium=no,n_elements=3,any_of=S+Se",
    "exclude=radioactive+toxic",
    "exclude=precious+noble_gases,any_of=Cu+Ag+Au",
    "any_of=F+S,all_of=Cu,none_of=H+C,only=Cu+F+S+O+Li+Na,n_elements=2-4,exclude=toxic",
]


def slow(table, query):
    """Rows by sets of symbols, one by one."""
    banned = {symbol for name in query.exclude for symbol in element_lists()[name]}
    rows = []
    for row in range(len(table)):
        have = set(table.composition(row))
        low, high = query.n_elements or (0, 99)
        if (
            table.counted[row]
            and have != {"Li"}
            and (not query.any_of or have & set(query.any_of))
            and have >= set(query.all_of)
            and not have & set(query.none_of)
            and (not query.only or have <= set(query.only))
            and low <= len(have) <= high
            and query.contains_lithium in (None, "Li" in have)
            and not have & banned
        ):
            rows.append(row)
    return rows


@pytest.mark.parametrize("text", QUERIES)
def test_the_full_table_by_sets_of_elements(full_table, text):
    query = parse_query(text)
    expected = slow(full_table, query)
    choice = choose(full_table, query)
    assert choice.rows.tolist() == expected
    assert len(choice) > 0
    assert list(choice.counts.values())[-1] == len(expected)


def test_counts_of_the_full_table_fall_and_end_at_the_answer(full_table):
    query = parse_query(
        "n_elements=2-3,none_of=Pb+Cd,anion=fluoride+oxide,exclude=radioactive+toxic,"
        "contains_lithium=no"
    )
    choice = choose(full_table, query)
    counts = list(choice.counts.values())
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == len(choice)
    assert list(choice.counts) == ["all", *query.conditions().values()]


def test_the_same_query_gives_the_same_rows(full_table):
    query = parse_query("anion=fluoride,n_elements=3,none_of=H,max_count=50")
    one, other = choose(full_table, query), choose(full_table, query)
    assert one.rows.tolist() == other.rows.tolist()
    assert one.counts == other.counts
    assert one.notes == other.notes


# -- anion classes -------------------------------------------------------------------------------

CLASSES = {
    "CuF2": "fluoride halide",
    "Li3PO4": "oxide phosphate",
    "LiPO3": "oxide phosphate",
    "Li2SO4": "oxide sulfate",
    "Na2SO3": "oxide",
    "Li2CO3": "oxide carbonate",
    "LiNO3": "oxide nitrate",
    "Li2SiO3": "oxide silicate",
    "LiBO2": "oxide borate",
    "Mn7SiO12": "oxide silicate",
    "Cr3PO7": "oxide phosphate",
    "SiO2": "oxide",
    "P2O5": "oxide",
    "Li2O2": "oxide",
    "Li7La3Zr2O12": "oxide",
    "LiMn2O4": "oxide",
    "LiPF6": "fluoride halide",
    "LiBF4": "fluoride halide",
    "LaOF": "oxide fluoride oxyfluoride oxyhalide halide",
    "Sn2OF2": "oxide fluoride oxyfluoride oxyhalide halide",
    "Li3OCl": "oxide chloride oxyhalide halide",
    "LiClO4": "oxide",
    "LiIO3": "oxide",
    "Ca5P3ClO12": "oxide chloride phosphate oxyhalide halide",
    "MoO2Cl2": "oxide chloride oxyhalide halide",
    "LiCl": "chloride halide",
    "CsPbBr3": "bromide halide",
    "CsICl2": "chloride halide",
    "Li6PS5Cl": "sulfide chloride thiophosphate halide chalcogenide",
    "Li6PS5I": "sulfide iodide thiophosphate halide chalcogenide",
    "Li3PS4": "sulfide thiophosphate chalcogenide",
    "Li10GeP2S12": "sulfide thiophosphate chalcogenide",
    "Li4GeS4": "sulfide chalcogenide",
    "P2S5": "sulfide chalcogenide",
    "FeS2": "sulfide chalcogenide",
    "TiSSe": "sulfide selenide chalcogenide",
    "Bi2Te3": "telluride chalcogenide",
    "La2O2S": "oxide sulfide oxysulfide chalcogenide",
    "Bi2O2Se": "oxide selenide chalcogenide",
    "Na2SeO4": "oxide",
    "Sr2CuGaO3S": "oxide sulfide oxysulfide chalcogenide",
    "Na2S2O3": "oxide",
    "Li3N": "nitride",
    "Cu3N": "nitride",
    "LiNH2": "nitride",
    "BN": "nitride",
    "Si2N2O": "oxide nitride oxynitride",
    "Li2PO2N": "oxide nitride oxynitride",
    "NH4Cl": "chloride halide",
    "N2H8SO4": "oxide sulfate",
    "NaCN": "nitride",
    "Mg3P2": "phosphide",
    "LaFePO": "oxide phosphide",
    "LaFeAsO": "oxide arsenide",
    "Na3SbO4": "oxide",
    "Li3Sb": "antimonide",
    "Mg2Si": "silicide",
    "Li15Ge4": "germanide",
    "TiB2": "boride",
    "LiC6": "carbide",
    "Ti3SiC2": "carbide silicide",
    "LiH": "hydride",
    "LiBH4": "hydride",
    "Li4B3H12I": "hydride iodide halide",
    "NaAlH4": "hydride",
    "LiOH": "oxide",
    "CrHO2": "oxide",
    "MnHO2": "oxide",
    "LaHO": "oxide hydride",
    "Ca2NH": "nitride hydride",
    "NaC2H3O2": "oxide",
    "LiAl": "intermetallic",
    "LiCu3": "intermetallic",
    "Ni3Sn": "intermetallic",
    "CsAu": "intermetallic",
    "XeF2": "fluoride halide",
    "NiAr": "",
    "S": "",
    "C": "",
    "Ag": "",
    "O2": "",
}


@pytest.fixture(scope="module")
def classed(make_table):
    # H, He ... in the table or not must make no difference: see the test on subsets
    return make_table(dict.fromkeys(CLASSES, 0.0))


@pytest.mark.parametrize(("formula", "expected"), CLASSES.items())
def test_anion_classes_of_well_known_compounds(classed, formula, expected):
    row = classed.find(_amounts(formula))
    found = {name for name, mask in anion_classes(classed).items() if mask[row]}
    assert found == set(expected.split())


def test_every_class_has_an_example(classed):
    classes = anion_classes(classed)
    assert list(classes) == list(ANION_CLASSES)
    assert [name for name, mask in classes.items() if not mask.any()] == []


@pytest.mark.parametrize("formula", ["Li6PS5Cl", "LiAl", "Li3N", "CuF2", "LiBH4"])
def test_the_class_of_a_phase_does_not_depend_on_the_rest_of_the_table(make_table, formula):
    table = make_table({formula: 0.0})
    found = {name for name, mask in anion_classes(table).items() if mask[0]}
    assert found == set(CLASSES[formula].split())


SIMPLE = (
    "fluoride oxide chloride nitride bromide iodide sulfide selenide carbide hydride phosphide "
    "arsenide telluride antimonide boride germanide silicide"
).split()
OF = "F O Cl N Br I S Se C H P As Te Sb B Ge Si".split()


def test_every_compound_of_the_full_table_is_intermetallic_or_something_ide(full_table):
    classes = anion_classes(full_table)
    simple = np.array([classes[name] for name in SIMPLE])
    compound = np.diff(full_table.indptr) > 1
    assert ((simple.any(axis=0) ^ classes["intermetallic"]) == compound).all()
    for name, symbol in zip(SIMPLE, OF, strict=True):
        number = full_table.elements.index(symbol)
        has = np.isin(full_table.element_index, number)
        has = np.add.reduceat(has.astype(int), full_table.indptr[:-1]) > 0
        assert not (classes[name] & ~has).any()
        if symbol in ("O", "F"):
            assert (classes[name] == (has & compound)).all()
    assert (classes["halide"] == simple[[0, 2, 4, 5]].any(axis=0)).all()
    assert (classes["chalcogenide"] == simple[[6, 7, 12]].any(axis=0)).all()
    assert (classes["oxyfluoride"] == (classes["oxide"] & classes["fluoride"])).all()
    for name in ("phosphate", "sulfate", "carbonate", "nitrate", "borate", "silicate"):
        assert not (classes[name] & ~classes["oxide"]).any()
    assert not (classes["phosphate"] & classes["phosphide"]).any()
    assert not (classes["thiophosphate"] & classes["oxide"]).any()


def charge_rule(have):
    """Simple classes of one composition, atom by atom, as the docstring has the rule."""
    from interscreen.phases.classes import _ANIONS, _BESIDE_HYDRIDE, _HIGHEST_STATE

    first = next((symbol for symbol in OF if symbol in have), None)
    anions, found = [], set()
    for symbol in (symbol for symbol in OF if symbol in have):
        name, _, oxygen = _ANIONS[symbol]
        states = _BESIDE_HYDRIDE if symbol == "H" else _HIGHEST_STATE
        payers = have.keys() - {*anions, symbol}
        pay = sum(states.get(payer, 0) * have[payer] for payer in payers)
        owed = sum(_ANIONS[anion][1] * have[anion] for anion in [*anions, symbol])
        oxoanion = have.get("O", 0) / have[symbol] >= oxygen
        if symbol in (first, "O") or (pay >= owed and not oxoanion):
            anions.append(symbol)
            if symbol not in ("N", "C") or symbol == first or "H" not in have:
                found.add(name)
    return found


def test_anion_classes_of_the_full_table_follow_the_rule_one_by_one(full_table):
    classes = anion_classes(full_table)
    compounds = np.flatnonzero(np.diff(full_table.indptr) > 1)
    for row in np.random.default_rng(4).choice(compounds, 4000, replace=False).tolist():
        found = {name for name in SIMPLE if classes[name][row]}
        assert found == charge_rule(full_table.composition(row)), full_table.formulas[row]


def test_several_classes_mean_any_of_them(classed):
    classes = anion_classes(classed)
    either = choose(classed, parse_query("anion=phosphate+thiophosphate")).rows
    expected = np.flatnonzero(classes["phosphate"] | classes["thiophosphate"])
    assert either.tolist() == expected.tolist()


# -- named lists ---------------------------------------------------------------------------------


def test_lists_name_elements_once_each_with_a_reason():
    from importlib.resources import files

    from pymatgen.core import Element

    text = (files("interscreen") / "data" / "element_lists.yaml").read_text(encoding="utf-8")
    raw = load_yaml(text, "element_lists.yaml")
    assert list(element_lists()) == ["radioactive", "precious", "toxic", "noble_gases"]
    for name, symbols in element_lists().items():
        assert len(raw[name]["why"]) > 40
        assert len(symbols) == len(set(symbols))
        for symbol in symbols:
            assert Element(symbol).symbol == symbol
    assert all(len(reason) > 20 for reason in raw["toxic"]["elements"].values())


def test_radioactive_means_tc_pm_and_everything_beyond_bismuth():
    from pymatgen.core import Element

    numbers = sorted(Element(symbol).Z for symbol in element_lists()["radioactive"])
    assert numbers == [43, 61, *range(84, 119)]


def test_silver_and_bismuth_stay_usable():
    assert {"Ag", "Bi"}.isdisjoint(
        symbol for symbols in element_lists().values() for symbol in symbols
    )
    assert set(element_lists()["precious"]) == set("Ru Rh Pd Os Ir Pt Au".split())
    assert set(element_lists()["toxic"]) == set("Be As Cd Hg Tl Pb".split())


# -- reading and writing -------------------------------------------------------------------------


def test_the_command_line_form_reads_every_key():
    assert parse_query(EXAMPLE) == Query(
        n_elements=(2, 3),
        none_of=["Pb", "Cd"],
        anion=["fluoride", "oxide"],
        exclude=["radioactive", "toxic"],
        contains_lithium=False,
        max_energy_above_hull_eV_per_atom=0.05,
        converts_above_V=1.0,
        max_count=1000,
    )


@pytest.mark.parametrize(
    "text", ["all", EXAMPLE, *QUERIES, "experimental_only=yes", "converts_above_V=0.1"]
)
def test_a_query_survives_being_written_and_read(text):
    query = parse_query(text)
    assert parse_query(str(query)) == query
    assert Query.model_validate(str(query)) == query
    assert Query.model_validate(json.loads(query.model_dump_json())) == query
    assert hash(parse_query(str(query))) == hash(query)


def test_a_study_writes_it_as_a_mapping():
    data = load_yaml(
        "any_of: [No, F, N]\nall_of: Cu\nn_elements: [2, 4]\nanion: halide\ncontains_lithium: no\n"
        "exclude: [toxic, precious]\nmax_energy_above_hull_eV_per_atom: 0.05\nmax_count: 10\n",
        "study",
    )
    query = Query.model_validate(data)
    assert query.any_of == ("N", "F", "No")
    assert query.all_of == ("Cu",)
    assert query.contains_lithium is False
    assert str(query) == (
        "any_of=N+F+No,all_of=Cu,n_elements=2-4,anion=halide,contains_lithium=no,"
        "exclude=precious+toxic,max_above_hull=0.05,max_count=10"
    )


def test_the_same_question_is_the_same_query_however_it_is_written():
    one = parse_query("any_of=F+Cl+F,anion=oxide+fluoride,exclude=toxic+precious,n_elements=2")
    other = Query(
        exclude=("precious", "toxic"), n_elements=[2, 2], anion=["fluoride", "oxide"],
        any_of=["Cl", "F"],
    )  # fmt: skip
    assert one == other
    assert str(one) == str(other)
    assert parse_query("all,any_of=F") == Query(any_of=["F"])
    assert parse_query("max_energy_above_hull_eV_per_atom=0.1") == parse_query("max_above_hull=0.1")
    assert Query(any_of=[], max_count=None) == Query()


def test_a_query_cannot_be_changed():
    with pytest.raises(ValidationError):
        Query().max_count = 3


# -- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no condition"),
        ("foo", "'foo' is no condition"),
        ("n_elments=2", "n_elments: unknown key; did you mean n_elements?"),
        ("any_of=F,any_of=Cl", "any_of stands twice; join its values with +"),
        ("any_of=pb", "any_of: 'pb' is no element symbol; did you mean Pb?"),
        ("none_of=Pb+", "none_of: '' is no element symbol"),
        ("only=D", "only: 'D' is no element symbol"),
        ("n_elements=0", "n_elements: '0' is no number of elements; write 2, or [2, 3]"),
        ("n_elements=two", "n_elements: 'two' is no number of elements"),
        ("n_elements=3-2", "n_elements: from 3 to 2; the smaller number comes first"),
        ("anion=sulphide", "anion: 'sulphide' is no anion class; did you mean sulfide?"),
        ("anion=x", "anion: 'x' is no anion class (known: fluoride, oxide, "),
        ("exclude=radiactive", "'radiactive' is no list of elements; did you mean radioactive?"),
        ("exclude=Pb", "(known: radioactive, precious, toxic, noble_gases)"),
        ("contains_lithium=maybe", "contains_lithium: 'maybe' is neither yes nor no"),
        ("max_above_hull=50", "max_above_hull: 50 eV/atom is far beyond any use; is it meant in "
         "meV/atom? Then write 0.05"),
        ("max_above_hull=-0.1", "-0.1 eV/atom; a number of zero or more is needed"),
        ("max_above_hull=nan", "nan eV/atom; a number of zero or more is needed"),
        ("max_above_hull=low", "max_above_hull: 'low' is no number [eV/atom]"),
        ("converts_above_V=1200", "is it meant in mV? Then write 1.2"),
        ("converts_above_V=inf", "inf V; a number of zero or more is needed"),
        ("max_count=0", "max_count: 0 is no whole number of 1 or more"),
        ("max_count=2.5", "max_count: 2.5 is no whole number of 1 or more"),
    ],
)  # fmt: skip
def test_each_mistake_on_the_command_line_is_named_with_the_known_keys(text, words):
    with pytest.raises(InputError) as caught:
        parse_query(text)
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"query {text!r}: ")
    assert "keys: any_of, all_of, none_of, only, n_elements, anion" in message
    assert "\n" not in message


def test_every_mistake_comes_at_once():
    text = "n_elments=2,foo,none_of=pb+Xx,max_above_hull=50,anion=sulphide,max_count=0"
    with pytest.raises(InputError) as caught:
        parse_query(text)
    for words in ("n_elments", "'foo'", "'pb'", "'Xx'", "meV/atom", "sulphide", "max_count: 0"):
        assert words in str(caught.value).removeprefix(f"query {text!r}: ")


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        ({"any_off": ["F"]}, ("any_off",), ""),
        ({"any_of": ["F", False]}, ("any_of", 1), "False is no element symbol"),
        ({"any_of": ["F", "Fl", "cl"]}, ("any_of", 2), "did you mean"),
        ({"none_of": None}, ("none_of",), "None is no list"),
        ({"none_of": {"Pb": 1}}, ("none_of",), "is no list"),
        ({"anion": 3}, ("anion",), "3 is no list"),
        ({"anion": ["oxide", 3]}, ("anion", 1), "3 is no anion class"),
        ({"n_elements": [2, 3, 4]}, ("n_elements",), "is no number of elements"),
        ({"n_elements": []}, ("n_elements",), "is no number of elements"),
        ({"n_elements": True}, ("n_elements",), "is no number of elements"),
        ({"n_elements": 2.0}, ("n_elements",), "is no number of elements"),
        ({"contains_lithium": 1}, ("contains_lithium",), "1 is neither yes nor no"),
        ({"experimental_only": "perhaps"}, ("experimental_only",), "neither yes nor no"),
        ({"max_energy_above_hull_eV_per_atom": "0.05"}, None, "'0.05' is no number [eV/atom]"),
        ({"max_energy_above_hull_eV_per_atom": True}, None, "True is no number"),
        ({"max_energy_above_hull_eV_per_atom": math.nan}, None, "nan eV/atom"),
        ({"converts_above_V": "1"}, ("converts_above_V",), "'1' is no number [V]"),
        ({"max_count": True}, ("max_count",), "True is no whole number"),
        ("any_off=F", (), "any_off: unknown key; did you mean any_of?"),
        (["F"], (), ""),
    ],
)
def test_each_mistake_in_a_study_has_its_place(data, place, words):
    with pytest.raises(ValidationError) as caught:
        Query.model_validate(data)
    (problem,) = caught.value.errors()
    assert words in problem["msg"]
    if place is not None:
        assert problem["loc"] == place
    else:
        assert problem["loc"] == tuple(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("all_of=Pb+Cu,none_of=Pb", "all_of: Pb is ruled out by none_of"),
        ("all_of=Pb,exclude=toxic", "all_of: Pb is ruled out by the list toxic"),
        ("all_of=Cu+F,only=F", "all_of: Cu is ruled out by only"),
        ("all_of=Li,contains_lithium=no", "all_of: Li is ruled out by contains_lithium"),
        ("any_of=Pb+U,exclude=toxic+radioactive",
         "each of its elements is ruled out (Pb by the list toxic, U by the list radioactive)"),
        ("contains_lithium=yes,none_of=Li", "contains_lithium: Li is ruled out by none_of"),
        ("contains_lithium=yes,only=F+Cl", "contains_lithium: Li is ruled out by only"),
        ("all_of=Li+F+O,n_elements=2", "n_elements: 3 elements of all_of are more than 2"),
        ("only=F+Cu,n_elements=3-4", "n_elements: 2 elements of only are fewer than 3"),
    ],
)  # fmt: skip
def test_conditions_that_contradict_each_other_are_refused(text, words):
    with pytest.raises(InputError) as caught:
        parse_query(text)
    assert words in str(caught.value)


def test_conditions_that_merely_overlap_are_none():
    assert parse_query("any_of=Pb+Cu,exclude=toxic,none_of=Li,contains_lithium=no").any_of


# -- answers that are none -----------------------------------------------------------------------


def test_an_empty_answer_says_which_condition_was_too_much(table):
    with pytest.raises(InputError) as caught:
        choose(table, parse_query("any_of=Cu,anion=oxide,n_elements=4"))
    assert str(caught.value) == (
        "the query leaves no phase of made up: all: 13, any_of=Cu: 7, n_elements=4: 0; "
        "relax n_elements=4"
    )


@pytest.mark.parametrize("text", ["any_of=Xe+Kr", "all_of=Cu+Xe", "only=Xe"])
def test_elements_that_the_source_does_not_have_leave_nothing(table, text):
    with pytest.raises(InputError, match=r"leaves no phase of made up.*no phase of made up has"):
        choose(table, parse_query(text))


def test_elements_that_the_source_does_not_have_are_noted(table):
    choice = choose(table, parse_query("any_of=F+Xe,none_of=Kr+Cd+Pb,exclude=radioactive"))
    assert choice.notes == (
        "any_of: no phase of made up has Xe",
        "none_of: no phase of made up has Kr or Cd",
    )
    assert len(choice) == 5


def test_a_source_without_li_has_no_conversion_voltages(make_table):
    table = make_table({"CuF2": -1.0})
    with pytest.raises(InputError, match="no phase with Li"):
        choose(table, Query(converts_above_V=1.0))
    with pytest.raises(InputError, match=r"contains_lithium=yes: 0; relax contains_lithium=yes"):
        choose(table, Query(contains_lithium=True))


def test_a_source_of_nothing_but_li_has_no_candidates(make_table):
    with pytest.raises(InputError, match="made up counts none but Li"):
        choose(make_table({"Li": 0.0}), Query())


def test_voltages_of_the_wrong_shape_are_an_error_of_the_program(table):
    with pytest.raises(ValueError, match=r"shape \(1,\) for rows of shape \(13,\)"):
        choose(table, Query(converts_above_V=1.0), voltages=lambda rows: np.zeros(1))
