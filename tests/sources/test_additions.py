"""Entries of the user's own: on the scale of the source, or refused."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from pymatgen.core import Composition
from pymatgen.entries.computed_entries import (
    CompositionEnergyAdjustment,
    ComputedEntry,
    ManualEnergyAdjustment,
)

from interscreen import react
from interscreen.errors import InputError
from interscreen.phases.filters import Filters
from interscreen.phases.source import Source
from interscreen.sources.additions import read_additions
from interscreen.sources.entries import calculation, uncorrected
from interscreen.sources.open import SourceOptions, open_table
from interscreen.sources.rows import Rows

EXACT = 1e-9  # eV/atom
BASE = (
    "formula,formation_energy_eV_per_atom,id\n"
    "Li,0,b-1\nCu,0,b-2\nF2,0,b-3\nS,0,b-4\n"
    "LiF,-3.0,b-5\nCuF2,-1.8,b-6\nLi2S,-1.5,b-7\nLiCu3,-0.034,b-8\n"
)
HEADER = "formula,formation_energy_eV_per_atom\n"
# total energies of the elements [eV/atom], as a store of the Materials Project holds them
ELEMENTS = {"Li": -1.9, "F": -1.85, "S": -4.1, "Cu": -4.1, "O": -4.95}


@pytest.fixture
def base(write):
    return write(BASE, "base.csv")


def entry(formula, formation, *, elements=None, run_type="", **kwargs):
    """Entry whose total energy belongs to a formation energy [eV/atom]."""
    composition = Composition(formula)
    elements = elements or ELEMENTS
    total = formation * composition.num_atoms + sum(
        elements[element.symbol] * n for element, n in composition.items()
    )
    parameters = {"run_type": run_type} if run_type else {}
    return ComputedEntry(composition, total, parameters=parameters, **kwargs)


def as_json(*entries):
    return json.dumps([one.as_dict() for one in entries])


def own_elements(*symbols, **options):
    return [entry(symbol, 0.0, **options) for symbol in symbols]


def opened(source, *files, **options):
    return open_table(source, options=SourceOptions(add=tuple(map(str, files)), **options))


def refused(source, *files, **options):
    with pytest.raises(InputError) as caught:
        opened(source, *files, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 2
    return message


def phase(table, formula):
    """Energy, identifier and whether it counts."""
    row = int(np.flatnonzero(table.formulas == formula)[0])
    return float(table.energies[row]), str(table.ids[row]), bool(table.counted[row])


# -- a table of formation energies ------------------------


def test_a_lower_entry_becomes_the_phase_and_a_higher_one_does_not(base, write):
    mine = write(HEADER + "Cu2F4,-1.9\nLiF,-2.9\n", "mine.csv")
    table = opened(base, mine)
    assert phase(table, "CuF2") == (-1.9, "mine.csv:1", True)
    assert phase(table, "LiF") == (-3.0, "b-5", True)
    assert table.structures[[int(np.flatnonzero(table.formulas == "LiF")[0])]] == [2]
    assert len(table) == 8
    assert table.source.n_rows == 10


def test_a_new_formula_becomes_a_product(base, write):
    before = react(open_table(base), "Li", "S")
    assert before.equation == "2 Li + S -> Li2S"
    mine = write("id,formula,e_form\nmy-1,LiS,-1.45\n", "mine.csv")
    table = opened(base, mine)
    # LiS + Li have -1.45 * 2/3 at Li2S, which stays
    result = react(table, "Li2S", "S")
    assert result.equation == "Li2S + S -> 2 LiS"
    # 3 of 4 atoms come with Li2S
    assert result.min_mutual_energy_eV_per_atom == pytest.approx(-1.45 + 1.5 * 3 / 4, abs=EXACT)
    assert phase(table, "LiS") == (-1.45, "my-1", True)


def test_a_new_element_may_come_with_the_entries(base, write):
    table = opened(base, write(HEADER + "Li3N,-0.4\n", "mine.csv"))
    assert "N" in table.elements
    assert react(table, "Li", "N2").equation == "6 Li + N2 -> 2 Li3N"


def test_the_file_its_checksum_and_its_entries_are_recorded(base, write):
    text = "material_id,formula,e_form\nmy-1,LiS,-1.45\n,CuS,-0.5\n"
    mine = write(text, "mine.csv")
    table = opened(base, mine)
    (recorded,) = table.source.to_dict()["added_entries"]
    assert recorded == {
        "file": str(mine),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "entries": 2,
        "formulas": ["LiS", "CuS"],
        "ids": ["my-1", "mine.csv:2"],
        "thermo_type": "not stated",
        "scale": "formation energies as given",
    }
    assert f"with 2 entries of {mine}" in table.source.label
    assert table.source.sha256 == hashlib.sha256(BASE.encode()).hexdigest()
    provenance = react(table, "Li", "S").to_dict()["provenance"]
    assert json.loads(json.dumps(provenance))["added_entries"] == [recorded]


def test_several_files_are_added_in_turn(base, write):
    one = write(HEADER + "LiS,-1.45\nCuS,-0.5\n", "one.csv")
    two = write(HEADER + "LiS,-1.46\nCuS,-0.4\n", "two.csv.gz")
    table = opened(base, one, two)
    assert phase(table, "LiS")[:2] == (-1.46, "two.csv.gz:1")
    assert phase(table, "CuS")[:2] == (-0.5, "one.csv:2")
    assert [file["file"] for file in table.source.added] == [str(one), str(two)]
    assert f"with 4 entries of {one}, {two}" in table.source.label


def test_a_changed_file_is_noticed(base, write):
    for energy in (-1.9, -2.0, -1.85):
        table = opened(base, write(HEADER + f"CuF2,{energy}\n", "mine.csv"))
        assert phase(table, "CuF2")[0] == energy
    assert phase(open_table(base), "CuF2")[0] == -1.8


def test_own_entries_obey_the_filters(base, write):
    mine = write("id,formula,e_form\nmy-1,LiS,-1.45\nmy-2,CuF2,-1.9\n", "mine.csv")

    def chosen(**choices):
        return opened(base, mine, filters=Filters(**choices))

    assert not phase(chosen(banned=["LiS"]), "LiS")[2]
    assert phase(chosen(banned=["my-2"]), "CuF2") == (-1.8, "b-6", True)
    # on the line from Li2S to S, LiS would have -1.5 * 3/4
    margin = 1.45 - 1.5 * 3 / 4
    assert phase(chosen(min_stability_eV_per_atom=margin - 1e-6), "LiS")[2]
    assert not phase(chosen(min_stability_eV_per_atom=margin + 1e-6), "LiS")[2]
    label = chosen(banned=["LiS"]).source.label
    assert "with 2 entries" in label
    assert "without LiS" in label


def test_own_entries_are_not_theoretical_unless_they_say_so(write):
    base = write(
        "formula,e_form,theoretical\nLi,0,no\nS,0,no\nLi2S,-1.5,yes\nLi2S,-1.4,no\n", "base.csv"
    )
    bare = write(HEADER + "LiS,-1.45\n", "bare.csv")
    says = write("formula,e_form,theoretical\nLiS4,-0.9,yes\n", "says.csv")
    table = opened(base, bare, says, filters=Filters(theoretical=False))
    assert phase(table, "LiS")[2]
    assert not phase(table, "LiS4")[2]
    assert phase(table, "Li2S")[0] == -1.4


def test_own_entries_do_not_make_a_table_say_what_is_theoretical(base, write):
    """The table is silent on it, so the filter is refused with added entries as without."""
    says = write("formula,e_form,theoretical\nLiS,-1.45,no\nLiS4,-0.9,yes\n", "says.csv")
    bare = write(HEADER + "LiS,-1.45\n", "bare.csv")
    for files in ((), (bare,), (says,), (bare, says)):
        assert "theoretical" in refused(base, *files, filters=Filters(theoretical=False))
    with_licence = write("formula,e_form,licence\nLiS,-1.45,BY-C\n", "licence.csv")
    assert "licence" in refused(base, with_licence, filters=Filters(licences=("BY-C",)))


def test_entries_that_are_marked_as_never_observed_stay_out(base, write):
    mine = write("formula,e_form,observed\nLiS,-1.45,no\nCuS,-0.5,yes\n", "mine.csv")
    table = opened(base, mine)
    assert not phase(table, "LiS")[2]
    assert phase(table, "CuS")[2]
    assert phase(opened(base, mine, all_phases=True), "LiS")[2]


def test_entries_can_be_added_to_the_embedded_table(write, embedded):
    before = react(embedded, "Li", "Cu")
    assert before.equation != "Li + Cu -> LiCu"
    table = opened("embedded", write(HEADER + "LiCu,-0.2\n", "mine.csv"))
    assert react(table, "Li", "Cu").equation == "Li + Cu -> LiCu"
    assert len(table) == len(embedded) + 1
    assert table.source.n_rows == embedded.source.n_rows + 1
    assert table.source.thermo_type == "GGA_GGA+U"
    assert open_table("embedded").source.added == ()


# -- pymatgen entries ------------------------


def test_total_energies_count_relative_to_elements_of_their_own(base, write):
    mine = write(
        as_json(
            entry("Li2S2", -1.45, entry_id="my-1"),
            entry("LiS4", -0.5),
            *own_elements("Li", "S"),
            entry("S", 0.1),
        ),
        "mine.json",
    )
    table = opened(base, mine)
    assert phase(table, "LiS")[1:] == ("my-1", True)
    assert phase(table, "LiS")[0] == pytest.approx(-1.45, abs=EXACT)
    assert phase(table, "LiS4")[0] == pytest.approx(-0.5, abs=EXACT)
    assert phase(table, "LiS4")[1] == "mine.json:2"
    assert phase(table, "S")[0] == 0.0
    (recorded,) = table.source.added
    assert recorded["scale"] == "total energies relative to the file's own elements"
    assert (recorded["entries"], recorded["ids"][:2]) == (5, ["my-1", "mine.json:2"])
    assert recorded["thermo_type"] == "not stated"


@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
def test_formation_energies_are_those_of_pymatgen(base, write):
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    made = [
        ComputedEntry("Li4S2", -26.123, correction=-1.006, entry_id="my-1"),
        ComputedEntry("Cu2S", -14.3, entry_id="my-2"),
        *[
            ComputedEntry(formula, energy)
            for formula, energy in (("Li2", -3.8), ("Cu", -4.1), ("S8", -33.0))
        ],
    ]
    diagram = PhaseDiagram(made)
    table = opened(base, write(as_json(*made), "mine.json.gz"))
    for one, formula in zip(made, ("Li2S", "Cu2S"), strict=False):
        assert phase(table, formula)[0] == pytest.approx(
            diagram.get_form_energy_per_atom(one), abs=EXACT
        )
        assert phase(table, formula)[1] == one.entry_id


def test_entries_without_elements_need_a_source_that_has_energies_of_elements(base, write):
    message = refused(base, write(as_json(entry("LiS", -1.45)), "mine.json"))
    assert "mine.json" in message
    assert "no entry of the pure element Li, S" in message


STORE = Rows(
    formulas=["Li", "F", "S", "Cu", "O", "LiF", "Li2S"],
    energies=np.array([0.0, 0.0, 0.0, 0.0, 0.0, -3.0, -1.5]),
    ids=[f"mp-{number}" for number in range(7)],
    theoretical=np.zeros(7, dtype=np.int64),
    licences=["BY-C"] * 7,
    references=ELEMENTS,
    where="document",
)
MP = Source("mp", "database 2026.10.1", thermo_type="GGA_GGA+U")


def read(path, rows=STORE, source=MP):
    (addition,) = read_additions([str(path)], rows, source)
    return addition


def refused_by_store(path, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("elements", [[], ["Li"], ["Li", "S"]])
def test_entries_are_on_the_scale_of_the_store_with_or_without_elements(write, elements):
    sulfide = entry("LiS", -1.2, run_type="GGA")
    sulfide.energy_adjustments.append(ManualEnergyAdjustment(-0.5))  # 2 atoms: -0.25 eV/atom
    made = [sulfide, *own_elements(*elements)]
    addition = read(write(as_json(*made), "mine.json"))
    assert addition.thermo_type == "GGA_GGA+U"
    assert addition.rows.energies[0] == pytest.approx(-1.45, abs=EXACT)
    assert addition.rows.energies[1:].tolist() == pytest.approx([0.0] * len(elements), abs=EXACT)
    own = "the file's own elements" if len(elements) == 2 else "the elements of mp"
    assert addition.scale == f"total energies relative to {own}"
    assert addition.rows.theoretical.tolist() == [0] * len(made)


@pytest.mark.parametrize("symbols", [("Li",), ("Li", "S")])
def test_noise_in_an_element_does_not_put_it_below_zero(write, symbols):
    """The store rounds, or holds another polymorph: 5 meV/atom are no other scale."""
    elements = {**ELEMENTS, "Li": ELEMENTS["Li"] - 0.005}
    made = [entry("LiS", -1.45), *own_elements(*symbols, elements=elements)]
    addition = read(write(as_json(*made), "mine.json"))
    assert (addition.rows.energies[1:] == 0.0).all()
    joined = STORE.joined(addition.rows)
    assert joined.energies.min() == -3.0
    # its own scale: 5 meV/atom of Li make half of it in LiS
    shift = 0.0025 if len(symbols) == 2 else 0.0
    assert addition.rows.energies[0] == pytest.approx(-1.45 + shift, abs=EXACT)


@pytest.mark.parametrize("shift", [0.2, -0.2, 0.011])
@pytest.mark.parametrize("symbols", [("Li",), ("Li", "S")])
def test_elements_on_another_scale_are_refused(write, symbols, shift):
    elements = {**ELEMENTS, "Li": ELEMENTS["Li"] + shift}
    made = [entry("LiS", -1.45), *own_elements(*symbols, elements=elements)]
    message = refused_by_store(write(as_json(*made), "mine.json"))
    for part in (
        "mine.json", f"its Li has {-1.9 + shift:.4f} eV/atom, that of mp -1.9000", "not the same",
        "formation energies as CSV", "without Li of their own",
    ):  # fmt: skip
        assert part in message


@pytest.mark.parametrize("symbols", [(), ("Li", "S")])
def test_another_run_family_is_refused_before_its_scale_is_looked_at(write, symbols):
    elements = {symbol: energy - 5.0 for symbol, energy in ELEMENTS.items()}
    made = [
        entry(formula, 0.0, elements=elements, run_type="R2SCAN") for formula in ("LiS", *symbols)
    ]
    message = refused_by_store(write(as_json(*made), "mine.json"))
    for part in ("mine.json", "R2SCAN", "source mp is GGA_GGA+U", "must not share a hull"):
        assert part in message


@pytest.mark.parametrize("run_type", ["GGA", "GGA+U", "GGA_U", "PBE"])
@pytest.mark.parametrize("formula", ["Li2O", "CuF2"])
def test_a_plain_calculation_of_an_oxide_or_fluoride_is_refused(write, run_type, formula):
    message = refused_by_store(write(as_json(entry(formula, -1.0, run_type=run_type)), "mine.json"))
    for part in ("mine.json", formula, "MaterialsProject2020Compatibility", "CSV"):
        assert part in message


@pytest.mark.filterwarnings("ignore")
def test_what_pymatgen_corrected_is_taken_with_its_correction(write):
    from pymatgen.entries.compatibility import MaterialsProject2020Compatibility

    raw = ComputedEntry("Li2O", -13.0, parameters={"run_type": "GGA", "hubbards": {}})
    processed = MaterialsProject2020Compatibility(check_potcar=False).process_entry(raw, clean=True)
    assert processed.correction == pytest.approx(-0.687, abs=1e-9)
    addition = read(write(as_json(processed), "mine.json"))
    expected = (-13.0 - 0.687 - 2 * ELEMENTS["Li"] - ELEMENTS["O"]) / 3
    assert addition.rows.energies.tolist() == pytest.approx([expected], abs=EXACT)


@pytest.mark.parametrize("formula", ["Li3PS4", "Li2S", "Li3N", "LiCl", "TiH2", "Mg2Si", "SO2"])
def test_every_anion_that_the_scheme_corrects_counts(formula):
    def lacks_it(run_type=None, **more):
        parameters = {"run_type": run_type}
        return uncorrected(
            calculation(ComputedEntry(formula, -10.0, parameters=parameters, **more))
        )

    assert lacks_it("GGA+U")
    assert not lacks_it("GGA+U", energy_adjustments=[ManualEnergyAdjustment(0.0)])
    assert not lacks_it("r2SCAN")
    assert not lacks_it()


@pytest.mark.parametrize("formula", ["LiAl", "Li3P", "SiC", "Cu3Ge", "Li"])
def test_what_the_scheme_does_not_correct_is_no_mistake(formula):
    plain = ComputedEntry(formula, -10.0, parameters={"run_type": "GGA"})
    assert not uncorrected(calculation(plain))


def test_a_stated_correction_of_zero_is_one(write):
    """That of ozonides is zero in the MP2020 scheme, and their entries state it."""
    ozonide = entry("LiO3", -0.9, run_type="GGA")
    assert "LiO3" in refused_by_store(write(as_json(ozonide), "bare.json"))
    ozonide.energy_adjustments.append(
        CompositionEnergyAdjustment(0.0, 3, 0.0, "MP2020 anion correction (ozonide)")
    )
    addition = read(write(as_json(ozonide), "mine.json"))
    assert addition.rows.energies.tolist() == pytest.approx([-0.9], abs=EXACT)


def test_a_choice_of_family_holds_for_added_entries(base, write):
    made = [entry("LiS", -1.2, run_type="r2SCAN"), entry("LiCu", -0.1, run_type="GGA")]
    mine = write(as_json(*made, *own_elements("Li", "S", "Cu")), "mine.json")
    assert "(GGA_GGA+U: 1, R2SCAN: 1)" in refused(base, mine)
    table = opened(base, mine, family="R2SCAN")
    assert phase(table, "LiS")[0] == pytest.approx(-1.2, abs=EXACT)
    assert "LiCu" not in table.formulas


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("formula,e_form\nCuF2,-5.42\n", "look like eV/formula"),
        ("formula,e_form\nLi3SF,-4.1\n", "below the hull of its composition"),
        ("formula,e_form\nLiS,-1450\n", "-1450 eV/atom"),
    ],
)
def test_an_added_phase_far_below_the_hull_is_refused(base, write, text, says):
    message = refused(base, write(text, "mine.csv"))
    assert "mine.csv" in message
    assert says in message


def test_the_unit_of_added_energies_may_be_stated(base, write):
    mine = write("formula,e_form\nCuF2,-542.7\n", "mine.csv")
    table = opened(base, mine, energy_unit="kJ/mol")
    assert phase(table, "CuF2")[0] == pytest.approx(-542.7 / 96.48533212 / 3, abs=EXACT)
    named = write("formula,e_form_kJ_per_mol\nCuF2,-542.7\n", "named.csv")
    assert phase(opened(base, named), "CuF2")[0] == phase(table, "CuF2")[0]


def test_a_correction_may_be_made_by_hand(write):
    by_hand = entry("CuF2", -1.8, run_type="GGA")
    by_hand.energy_adjustments.append(ManualEnergyAdjustment(-0.9))
    addition = read(write(as_json(by_hand), "mine.json"))
    assert addition.rows.energies.tolist() == pytest.approx([-1.8 - 0.9 / 3], abs=EXACT)


def test_an_r2scan_oxide_needs_no_correction(write):
    made = write(as_json(entry("Li2O", -2.0, run_type="r2SCAN")), "mine.json")
    source = Source("mp", "database 2026.10.1", thermo_type="R2SCAN")
    addition = read(made, source=source)
    assert (addition.thermo_type, len(addition.rows)) == ("R2SCAN", 1)
    assert "GGA_GGA+U" in refused_by_store(
        write(as_json(entry("LiCu", -0.1, run_type="GGA")), "gga.json"), source=source
    )


# -- run families ------------------------


def with_family(family):
    head, *lines = BASE.splitlines()
    return "\n".join([f"{head},thermo_type", *(f"{line},{family}" for line in lines)]) + "\n"


def test_a_table_of_another_run_family_is_refused(write):
    base = write(with_family("GGA_GGA+U"), "base.csv")
    mine = write("formula,e_form,thermo_type\nLiS,-1.45,R2SCAN\n", "mine.csv")
    message = refused(base, mine)
    for part in ("mine.csv", "R2SCAN", "base.csv is GGA_GGA+U", "must not share a hull"):
        assert part in message
    same = write("formula,e_form,thermo_type\nLiS,-1.45,GGA_GGA+U\n", "same.csv")
    table = opened(base, same)
    assert table.source.thermo_type == "GGA_GGA+U"
    assert table.source.added[0]["thermo_type"] == "GGA_GGA+U"
    assert "R2SCAN" in refused("reference", mine)


def test_two_files_of_different_families_are_refused_even_where_the_table_says_nothing(base, write):
    one = write("formula,e_form,thermo_type\nLiS,-1.4,GGA_GGA+U\n", "one.csv")
    two = write(
        as_json(*(entry(f, 0.0, run_type="R2SCAN") for f in ("LiS4", "Li", "S"))), "two.json"
    )
    for files in ((one, two), (two, one)):
        message = refused(base, *files)
        assert str(files[1]) in message
        assert f"{files[0]} is" in message
        assert "must not share a hull" in message
    silent = write(HEADER + "CuS,-0.5\n", "silent.csv")
    assert opened(base, silent, one).source.thermo_type == "GGA_GGA+U"


def test_what_the_user_states_about_the_table_holds_for_the_entries(base, write):
    mine = write("formula,e_form,thermo_type\nLiS,-1.45,R2SCAN\n", "mine.csv")
    message = refused(base, mine, thermo_type="GGA_GGA+U")
    assert "R2SCAN" in message
    assert "base.csv is GGA_GGA+U" in message
    assert opened(base, mine, thermo_type="R2SCAN").source.thermo_type == "R2SCAN"


# -- what cannot be used ------------------------


@pytest.mark.parametrize("name", ["gone.csv", "gone.json", "gone.json.gz", "gone.parquet"])
def test_a_missing_file_is_named(base, tmp_path, name):
    message = refused(base, str(tmp_path / name))
    assert name in message
    assert "no such file" in message


@pytest.mark.parametrize("name", ["mine.json", "mine.csv", "mine.xlsx"])
def test_a_folder_or_an_unknown_kind_of_file_is_no_traceback(base, tmp_path, name):
    (tmp_path / name).mkdir()
    assert name in refused(base, str(tmp_path / name))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("cuf2,-1.8", ["line 3", "'cuf2'", "did you mean CuF2"]),
        ("LiF,low", ["line 3", "LiF", "'low'"]),
        ("Li,-1.9", ["line 3", "element Li", "-1.9", "formation energies, not total energies"]),
    ],
)
def test_a_line_that_cannot_be_used_is_one_of_the_added_file(base, write, line, says):
    """And not line 11 of the table that it is added to."""
    mine = write(f"{HEADER}LiS,-1.45\n{line}\n", "mine.csv")
    message = refused(base, mine)
    for part in (str(mine), *says):
        assert part in message
    assert "base.csv" not in message


def test_an_added_energy_above_the_source_is_said_and_a_ban_puts_it_in_its_place(base, write):
    mine = write(HEADER + "CuF2,-1.7\n", "mine.csv")
    options = SourceOptions(add=(mine,))
    table = open_table(base, options=options)
    assert table.energies[table.find("CuF2")] == pytest.approx(-1.8)
    assert any("--set CuF2=-1.7000eV/atom" in note for note in table.source.notes)
    banned = SourceOptions(add=(mine,), filters=Filters(banned=("CuF2",)))
    table = open_table(base, options=banned)
    row = table.find("CuF2")
    assert table.counted[row]
    assert table.energies[row] == pytest.approx(-1.7)
    assert not any("--set" in note for note in table.source.notes)
