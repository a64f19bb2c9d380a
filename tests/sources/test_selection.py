"""Phases that are left out of equilibria: numbers checked by hand and against pymatgen."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interscreen import lithiate, react
from interscreen.engine.walk import lowest_energy
from interscreen.errors import InputError
from interscreen.phases.filters import Filters
from interscreen.phases.hull import hull_phases, stability
from interscreen.phases.source import Source
from interscreen.phases.table import ABOVE_HULL
from interscreen.sources.build import select
from interscreen.sources.open import SourceOptions, open_table
from interscreen.sources.rows import Rows

EXACT = 1e-9  # eV/atom


def rows_of(*lines, **columns):
    """Rows from (id, formula, energy, theoretical) or (formula, energy); all were made.

    LiS4 and LiCu3 are known artefacts, so they count only where the source says that they exist.
    """
    if len(lines[0]) == 2:
        lines = [("", formula, energy, None) for formula, energy in lines]
    ids, formulas, energies, theoretical = zip(*lines, strict=True)
    columns.setdefault("observed", np.ones(len(lines), dtype=np.int64))
    return Rows(
        formulas=formulas,
        energies=np.array(energies, dtype=float),
        ids=ids if any(ids) else None,
        theoretical=None if theoretical[0] is None else np.array(theoretical, dtype=np.int64),
        **columns,
    )


def choose(rows, *, all_phases=False, **choices):
    return select(rows, Source("made up"), Filters(**choices), all_phases=all_phases)


def refused(rows, **choices):
    with pytest.raises(InputError) as caught:
        choose(rows, **choices)
    message = str(caught.value)
    assert "\n" not in message
    return message


def counted(table):
    """Formulas that take part, the elements aside."""
    compounds = np.diff(table.indptr) > 1
    return {str(formula) for formula in table.formulas[table.counted & compounds]}


def phase(table, formula):
    """Energy, identifier and whether it counts."""
    row = int(np.flatnonzero(table.formulas == formula)[0])
    return float(table.energies[row]), str(table.ids[row]), bool(table.counted[row])


# The ground state of Li2S was only computed, LiS as a whole; LiS4 was made, and lies
# 0.02 eV/atom above LiS + S: -1.3 * 2/5 = -0.52.
SULFIDES = rows_of(
    ("s-li", "Li", 0.0, 0),
    ("s-s", "S8", 0.0, 0),
    ("s-1", "Li2S", -1.50, 1),
    ("s-2", "Li4S2", -1.48, 0),
    ("s-3", "Li8S4", -1.40, 0),
    ("s-4", "LiS", -1.30, 1),
    ("s-5", "LiS4", -0.50, -1),
)


# -- what no source counts unless somebody asks for it ------------------------

# LiCu3 and Li3Cu were never made; lithium azide was, but not with this energy
ARTEFACTS = rows_of(
    ("a-1", "Li", 0.0, 0), ("a-2", "Cu", 0.0, 0), ("a-3", "N2", 0.0, 0),
    ("a-4", "LiCu3", -0.034, 0), ("a-5", "Li3Cu", -0.03, 1), ("a-6", "LiN3", -0.417, 0),
    ("a-7", "Li3N", -0.46, 0),
    observed=None,
)  # fmt: skip


def test_known_artefacts_do_not_count_though_their_structures_are_not_theoretical():
    table = choose(ARTEFACTS)
    assert counted(table) == {"Li3N"}
    assert set(table.left_out) == {"LiCu3", "Li3Cu", "LiN3"}
    assert table.source.filters == {}
    everything = choose(ARTEFACTS, all_phases=True)
    assert counted(everything) == {"Li3N", "LiCu3", "Li3Cu", "LiN3"}


def test_a_source_is_believed_on_what_was_made_but_not_on_an_energy():
    made = replace(ARTEFACTS, observed=np.array([1, 1, 1, 1, -1, 1, 1]))
    assert counted(choose(made)) == {"Li3N", "LiCu3"}


@pytest.mark.parametrize("text", ["LiCu3", "Cu3Li", "a-4"])
def test_what_is_kept_counts_whatever_else_leaves_it_out(text):
    table = choose(ARTEFACTS, kept=[text])
    assert counted(table) == {"Li3N", "LiCu3"}
    assert table.source.filters == {"kept": [text]}
    assert f"{text} counted" in table.source.label
    firm = choose(ARTEFACTS, kept=[text, "Li3Cu"], theoretical=False, min_stability_eV_per_atom=0.1)
    assert counted(firm) == {"Li3N", "LiCu3", "Li3Cu"}


def test_the_default_can_be_spelled_out_and_holds_beside_all_phases():
    said = choose(ARTEFACTS, banned=["known"])
    assert counted(said) == counted(choose(ARTEFACTS))
    assert str(Filters(**said.source.filters)) == "without the known artefacts"
    never = replace(ARTEFACTS, observed=np.array([1, 1, 1, -1, -1, -1, 0]))
    assert counted(choose(never)) == set()
    assert counted(choose(never, all_phases=True, banned=["known"])) == {"Li3N"}


def test_what_is_kept_must_be_there_or_be_a_known_artefact():
    table = choose(ARTEFACTS, kept=["Zr4O"])
    assert table.source.notes == ("kept phase Zr4O: the source made up has no such phase",)
    assert refused(ARTEFACTS, kept=["LiCu4"]).endswith("did you mean LiCu3?")
    assert "take it off the list" in refused(ARTEFACTS, kept=["BaFBr"])
    assert counted(choose(ARTEFACTS, kept=["Li3N"])) == {"Li3N"}  # counts anyway


# -- theoretical phases ------------------------


def test_nothing_is_left_out_unasked():
    table = choose(SULFIDES)
    assert counted(table) == {"Li2S", "LiS", "LiS4"}
    assert phase(table, "Li2S") == (-1.50, "s-1", True)
    assert table.source.filters == {}
    assert ABOVE_HULL not in table.properties
    assert table.left_out == ()


def test_without_theoretical_phases_a_formula_has_its_lowest_experimental_polymorph():
    table = choose(SULFIDES, theoretical=False)
    assert phase(table, "Li2S") == (-1.48, "s-2", True)
    assert phase(table, "LiS") == (-1.30, "s-4", False)
    assert counted(table) == {"Li2S", "LiS4"}
    assert table.structures.tolist() == [1, 1, 3, 1, 1]
    assert table.source.n_rows == 7
    assert table.source.filters == {"theoretical": False}
    assert "no theoretical phases" in table.source.label


def test_answers_rest_on_the_experimental_polymorph():
    before, after = choose(SULFIDES), choose(SULFIDES, theoretical=False)
    assert react(before, "Li", "S").min_mutual_energy_eV_per_atom == pytest.approx(-1.50, abs=EXACT)
    result = react(after, "Li", "S")
    assert result.min_mutual_energy_eV_per_atom == pytest.approx(-1.48, abs=EXACT)
    assert result.equation == "2 Li + S -> Li2S"
    # LiS4 was made: with LiS gone it is what Li2S and S form together
    assert "LiS4" in react(after, "Li2S", "S").products
    assert "LiS4" not in react(before, "Li2S", "S").products
    # 2 Li + 1 S -> Li2S takes up Li at -(3 * -1.48) / 2
    assert lithiate(after, "LiS4").steps[-1].voltage_V == pytest.approx(
        (3 * 1.48 * 4 - 5 * 0.50) / 7, abs=EXACT
    )


def test_a_phase_that_is_left_out_can_still_be_a_reactant_with_its_own_energy():
    table = choose(SULFIDES, theoretical=False)
    result = react(table, "LiS", "Li")
    assert result.reactants[0]["energy_eV_per_atom"] == -1.30
    assert result.reactants[0]["energy_source"] == "phase"
    # 2/3 of the atoms of Li2S come with LiS
    assert result.min_mutual_energy_eV_per_atom == pytest.approx(-1.48 + 1.30 * 2 / 3, abs=EXACT)
    assert result.provenance["left_out_phases"] == []  # it is there, as what is in the flask
    other = react(table, "Li2S", "S")
    assert other.provenance["left_out_phases"] == ["LiS"]
    assert "LiS" not in other.products


def test_the_reference_state_of_an_element_counts_even_if_nobody_made_it():
    rows = rows_of(
        ("a", "Li", 0.0, 1), ("b", "Li", 0.05, 0), ("c", "Li3N", -0.4, 0), ("d", "N2", 0.0, 1)
    )
    table = choose(rows, theoretical=False)
    assert table.counted.all()
    assert phase(table, "Li") == (0.0, "a", True)
    assert table.left_out == ()


def test_without_a_column_the_question_is_refused_and_not_answered_with_everything():
    rows = rows_of(("Li", 0.0), ("S", 0.0), ("Li2S", -1.5))
    message = refused(rows, theoretical=False)
    for part in ("made up", "theoretical", "use the source mp or a table with a column"):
        assert part in message


def test_never_observed_phases_stay_out_along_with_those_that_are_chosen():
    rows = Rows(
        formulas=["Li", "S", "Li2S", "Li2S", "LiS", "LiS3"],
        energies=np.array([0.0, 0.0, -1.5, -1.48, -1.3, -0.6]),
        ids=list("abcdef"),
        observed=np.array([1, 1, 1, 1, 0, -1]),
        theoretical=np.array([0, 0, 1, 0, 0, 0]),
    )
    table = choose(rows, theoretical=False)
    assert counted(table) == {"Li2S", "LiS3"}
    assert phase(table, "Li2S")[:2] == (-1.48, "d")
    assert table.left_out == ("LiS",)
    assert counted(choose(rows, theoretical=False, all_phases=True)) == {"Li2S", "LiS", "LiS3"}
    assert counted(choose(rows, banned=["LiS3"])) == {"Li2S"}


# -- banned phases ------------------------

# without LiCu3 (margin 0.010), LiCu4 comes in: on the line to Li, -0.0256 * 15/16 = -0.024
COPPER = rows_of(
    ("c-li", "Li", 0.0, 0), ("c-cu", "Cu", 0.0, 0), ("c-1", "LiCu3", -0.034, 0),
    ("c-2", "LiCu3", -0.030, 0), ("c-3", "LiCu4", -0.0256, 0), ("c-4", "Li3Cu", 0.012, 0),
)  # fmt: skip


@pytest.mark.parametrize(
    "text", ["LiCu3", "Cu3Li", "Li2Cu6", "Cu3 Li1", "LiCu₃", " (LiCu3)2 ", "Li0.25Cu0.75"]
)
def test_a_formula_is_banned_in_any_notation(text):
    table = choose(COPPER, banned=[text])
    assert counted(table) == {"LiCu4", "Li3Cu"}
    assert phase(table, "LiCu3") == (-0.034, "c-1", False)  # the flask may still hold it
    assert table.left_out == ("LiCu3",)
    assert table.source.notes == ()
    assert text.strip() in table.source.label


def test_a_banned_identifier_is_one_polymorph():
    assert phase(choose(COPPER, banned=["c-1"]), "LiCu3") == (-0.030, "c-2", True)
    assert phase(choose(COPPER, banned=["c-2"]), "LiCu3") == (-0.034, "c-1", True)
    table = choose(COPPER, banned=["c-1", "c-2"])
    assert phase(table, "LiCu3") == (-0.034, "c-1", False)
    assert counted(table) == {"LiCu4", "Li3Cu"}
    for banned in (["c-1"], ["c-2"]):
        assert choose(COPPER, banned=banned).source.notes == ()


def test_an_identifier_that_reads_like_a_formula_is_an_identifier():
    rows = rows_of(
        ("P1", "Li", 0.0, 0), ("P2", "P", 0.0, 0), ("P3", "Li3P", -0.7, 0), ("P4", "Li3P", -0.6, 0)
    )
    assert phase(choose(rows, banned=["P3"]), "Li3P") == (-0.6, "P4", True)


@pytest.mark.parametrize("text", ["Cu", "Li2", "O2", "c-cu"])
def test_an_element_cannot_be_banned(text):
    message = refused(COPPER, banned=["LiCu3", text])
    assert f"banned: {text}" in message
    assert "zero of energy" in message


@pytest.mark.parametrize("text", ["Li2Cu", "CuF2", "Xe4F", "mp-404", "mvc-12"])
def test_a_banned_phase_that_is_not_there_is_an_error(text):
    assert f"banned: {text}: the source made up has no such phase" in refused(
        COPPER, banned=["LiCu3", text]
    )


def test_an_identifier_may_be_spelled_in_letters_or_in_numbers():
    rows = rows_of(
        ("mp-135", "Li", 0.0, 0), ("mp-30", "Cu", 0.0, 0), ("mp-19770", "LiCu3", -0.034, 0),
        ("mp-aaaczapr", "LiCu4", -0.026, 0),
    )  # fmt: skip
    from emmet.core.mpid import AlphaID

    letters = str(AlphaID("mp-19770", padlen=8))
    number = AlphaID("mp-aaaczapr").string
    for text in ("mp-19770", letters, letters.replace("mp-a", "mp-", 1)):
        assert counted(choose(rows, banned=[text])) == {"LiCu4"}
    assert counted(choose(rows, banned=[number])) == {"LiCu3"}


def test_notes_that_a_source_has_already_stay():
    source = Source("made up", notes=("mind the gap",))
    table = select(COPPER, source, Filters(banned=("LiCu3",)))
    assert table.source.notes == ("mind the gap",)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("licu3", "did you mean LiCu3"),
        ("LiXx3", "Xx"),
        ("Cu + Li", "+"),
        ("c-5", "no identifier of the source made up"),
        ("mp1234", "no formula"),
        ("Li-1Cu", "negative"),
    ],
)
def test_what_is_neither_an_identifier_nor_a_formula_is_refused(text, hint):
    message = refused(COPPER, banned=[text])
    assert "banned: " in message
    assert repr(text) in message
    assert hint in message


# -- limits on the energy above hull ------------------------


@pytest.mark.parametrize(
    ("limit", "counts"),
    [(0.1, True), (0.08, True), (0.0799999, False), (0.05, False), (0.0, False)],
)
def test_an_experimental_polymorph_counts_up_to_its_energy_above_the_full_hull(limit, counts):
    rows = rows_of(
        ("a", "Li", 0.0, 0), ("b", "S", 0.0, 0), ("c", "Li2S", -1.5, 1), ("d", "Li2S", -1.42, 0)
    )
    table = choose(rows, theoretical=False, max_energy_above_hull_eV_per_atom=limit)
    energy, identifier, is_counted = phase(table, "Li2S")
    assert is_counted is counts
    assert identifier == ("d" if counts else "c")
    assert energy == (-1.42 if counts else -1.5)
    # with the computed ground state among them, everything on the hull stays
    everything = choose(rows, max_energy_above_hull_eV_per_atom=limit)
    assert phase(everything, "Li2S") == (-1.5, "c", True)


@pytest.mark.parametrize(
    ("limit", "counts"), [(0.1, True), (0.08, True), (0.0799999, False), (0.05, False)]
)
def test_the_limit_is_measured_from_the_hull_of_all_phases(limit, counts):
    """LiS4 at -0.44 is 80 meV/atom above LiS + S, but on the hull of what experiments know."""
    rows = rows_of(
        ("a", "Li", 0.0, 0), ("b", "S", 0.0, 0), ("c", "Li2S", -1.42, 0), ("d", "LiS", -1.3, 1),
        ("e", "LiS4", -0.44, 0),
    )  # fmt: skip
    table = choose(rows, theoretical=False, max_energy_above_hull_eV_per_atom=limit)
    assert counted(table) == ({"Li2S", "LiS4"} if counts else {"Li2S"})
    assert hull_phases(choose(rows, theoretical=False))[-1]
    assert ("LiS4" in react(table, "Li2S", "S").products) is counts


def test_positive_formation_energies_are_above_the_hull_by_as_much():
    assert counted(choose(COPPER, max_energy_above_hull_eV_per_atom=0.0)) == {"LiCu3"}
    # Li3Cu: 0.012 above zero, and 0.034 / 3 more above LiCu3 + Li
    limit = 0.012 + 0.034 / 3
    assert "Li3Cu" in counted(choose(COPPER, max_energy_above_hull_eV_per_atom=limit))
    assert "Li3Cu" not in counted(choose(COPPER, max_energy_above_hull_eV_per_atom=limit - 1e-6))


def test_phases_above_the_hull_change_no_equilibrium():
    strict = choose(SULFIDES, max_energy_above_hull_eV_per_atom=0.0)
    assert counted(strict) == {"Li2S", "LiS"}
    everything = choose(SULFIDES)
    for pair in (("Li", "S"), ("Li2S", "S"), ("LiS4", "Li")):
        one, two = react(strict, *pair), react(everything, *pair)
        assert one.equation == two.equation
        assert one.min_mutual_energy_eV_per_atom == pytest.approx(
            two.min_mutual_energy_eV_per_atom, abs=EXACT
        )


# -- limits on stability ------------------------


def test_banning_by_name_brings_in_the_neighbour_and_the_rule_does_not():
    by_name = choose(COPPER, banned=["LiCu3"])
    assert set(react(by_name, "Li", "Cu").products) == {"LiCu4"}
    by_rule = choose(COPPER, min_stability_eV_per_atom=0.011)
    assert counted(by_rule) == set()
    result = react(by_rule, "Li", "Cu")
    assert result.min_mutual_energy_eV_per_atom == 0.0
    assert by_rule.left_out == ("LiCu3",)  # its neighbours are no loss: they are above the hull


@pytest.mark.parametrize(("limit", "counts"), [(0.0099, True), (0.01, True), (0.0101, False)])
def test_a_phase_exactly_as_stable_as_asked_for_counts(limit, counts):
    table = choose(COPPER, min_stability_eV_per_atom=limit)
    assert counted(table) == ({"LiCu3"} if counts else set())


def test_rounding_does_not_decide_about_a_phase_exactly_at_the_limit():
    """Margins that are round in decimals, but not in binary: 15/16 of LiCu4 hold LiCu3."""
    for k in range(1, 17):
        rows = rows_of(("Li", 0.0), ("Cu", 0.0), ("LiCu3", -0.034), ("LiCu4", -0.0016 * k))
        limit = round(0.034 - 0.0015 * k, 4)
        assert "LiCu3" in counted(choose(rows, min_stability_eV_per_atom=limit))
        assert "LiCu3" not in counted(choose(rows, min_stability_eV_per_atom=limit + 1e-6))


def test_a_polymorph_that_takes_the_place_of_a_ground_state_has_to_be_stable_itself():
    """Without Li2S, LiS and Li hold its composition at -1.3 * 2/3."""
    rows = rows_of(*zip(SULFIDES.ids, SULFIDES.formulas, SULFIDES.energies,
                        [0, 0, 1, 0, 0, 0, 0], strict=True))  # fmt: skip
    margin = 1.48 - 1.3 * 2 / 3
    for limit, expected in ((margin - 1e-6, "s-2"), (margin + 1e-6, "s-1")):
        table = choose(rows, theoretical=False, min_stability_eV_per_atom=limit)
        energy, identifier, is_counted = phase(table, "Li2S")
        assert identifier == expected
        assert is_counted == (expected == "s-2")
        assert energy == (-1.48 if is_counted else -1.5)
    assert phase(choose(rows, min_stability_eV_per_atom=margin + 1e-6), "Li2S")[2]


def test_elements_always_stay():
    table = choose(SULFIDES, min_stability_eV_per_atom=0.99, theoretical=False)
    assert counted(table) == set()
    assert [str(f) for f in table.formulas[table.counted]] == ["Li", "S"]
    assert react(table, "Li", "S").min_mutual_energy_eV_per_atom == 0.0


def test_what_is_left_out_is_told_if_it_lay_on_the_hull():
    table = choose(SULFIDES, theoretical=False, max_energy_above_hull_eV_per_atom=0.01)
    # Li2S at -1.48 is 20 meV/atom above the full hull: the whole formula goes
    assert counted(table) == set()
    assert set(table.left_out) == {"Li2S", "LiS"}
    assert table.properties[ABOVE_HULL].tolist() == [False, False, False, False, True]


def test_licences_are_a_choice_of_phases_too():
    rows = rows_of(
        ("a", "Li", 0.0, None), ("b", "S", 0.0, None), ("c", "Li2S", -1.5, None),
        ("d", "LiS", -1.3, None), ("e", "Li2S", -1.4, None),
        licences=["BY-NC", "", "BY-NC", "", "BY-C"],
    )  # fmt: skip
    table = choose(rows, licences=["BY-C"])
    assert counted(table) == {"Li2S", "LiS"}
    assert phase(table, "Li2S") == (-1.4, "e", True)
    assert table.properties["licence"].tolist() == ["BY-NC", "", "BY-C", ""]
    assert "made up (BY-C, BY-NC)" in refused(rows, licences=["CC0"])


# -- the full table of the Materials Project ------------------------

LIMIT = 0.035  # eV/atom, just above the margin of LiCu3
SYSTEM = ["Li", "Cu", "N", "F", "S"]


@pytest.fixture(scope="module")
def firm_full(full_csv):
    """The full table, with phases that are stable by 35 meV/atom only; takes some seconds."""
    return open_table(
        full_csv,
        options=SourceOptions(filters=Filters(min_stability_eV_per_atom=LIMIT), all_phases=True),
    )


@pytest.fixture(scope="module")
def part(full_csv, tmp_path_factory):
    """Table of the rows of the full one within a few elements: the same margins in no time."""
    from pymatgen.core import Composition

    lines = gzip.decompress(full_csv.read_bytes()).decode().splitlines()
    kept = lines[:1]
    for line in lines[1:]:
        formula = line.split(",")[0]
        letters = {c for c in formula if c.isalpha()}
        if letters <= set("LiCuNFS") and {e.symbol for e in Composition(formula)} <= set(SYSTEM):
            kept.append(line)
    path = tmp_path_factory.mktemp("part") / "part.csv"
    path.write_text("\n".join(kept) + "\n")

    def opened(**choices):
        filters = Filters(**choices)
        return open_table(path, options=SourceOptions(filters=filters, all_phases=True))

    return opened


def lithiation(table, formula):
    """Voltages and products of the steps."""
    return [(round(s.voltage_V, 3), set(s.products)) for s in lithiate(table, formula).steps]


@pytest.mark.proof
def test_the_margin_of_LiCu3_decides_about_its_step(full_table, firm_full, part):
    """Its margin is all of its formation energy, 34.2 meV/atom: Cu and Li form nothing else."""
    row = full_table.find("LiCu3")
    margin = float(stability(full_table, np.array([row])).margin[0])
    assert margin == pytest.approx(0.0342, abs=5e-5)
    assert margin == pytest.approx(-full_table.energies[row], abs=EXACT)
    with_step = [(3.639, {"Cu", "LiF"}), (0.137, {"LiCu3", "LiF"})]
    assert lithiation(full_table, "CuF2") == with_step
    for limit in (0.01, 0.02, margin):
        assert lithiation(part(min_stability_eV_per_atom=limit), "CuF2") == with_step
    assert lithiation(firm_full, "CuF2") == with_step[:1]


@pytest.mark.proof
def test_the_rule_brings_in_no_neighbour_where_the_name_does(full_table, firm_full, part):
    before = [(1.669, {"Cu", "LiN3"}), (0.513, {"Cu", "Li47Cu7N18"})]
    assert lithiation(full_table, "Cu3N")[:2] == before
    assert "LiCu3" in lithiation(full_table, "Cu3N")[-1][1]
    # by name: LiCu3 first, then Li47Cu7N18; what comes in lies within 2 meV/atom of the hull
    assert lithiation(part(banned=["LiCu3"]), "Cu3N") == [*before, (0.304, {"Cu", "Li3N"})]
    second = lithiation(part(banned=["LiCu3", "Li47Cu7N18"]), "Cu3N")
    assert any("Li49Cu8N19" in products for _, products in second)
    assert lithiation(firm_full, "Cu3N") == [before[0], (0.482, {"Cu", "Li3N"})]
    # the driving force between Cu3N and Li is none of that
    for table in (firm_full, part(banned=["LiCu3"])):
        result = react(table, "Cu3N", "Li")
        assert result.equation == "Cu3N + 3 Li -> 3 Cu + Li3N"
        assert result.min_mutual_energy_eV_per_atom == pytest.approx(
            react(full_table, "Cu3N", "Li").min_mutual_energy_eV_per_atom, abs=EXACT
        )
        assert result.reactants[0]["energy_eV_per_atom"] == pytest.approx(0.1898, abs=1e-4)


@pytest.mark.proof
def test_the_full_table_says_what_was_left_out_of_it(firm_full, full_table):
    assert 0 < firm_full.counted.sum() < full_table.counted.sum() == len(full_table)
    np.testing.assert_array_equal(firm_full.energies, full_table.energies)
    result = react(firm_full, "CuF2", "LiF")
    assert result.provenance["filters"] == {"min_stability_eV_per_atom": LIMIT}
    assert "stable by 35 meV/atom or more" in result.provenance["source_label"]
    assert {"LiCu5F12", "LiCu2F6"} <= set(result.provenance["left_out_phases"])
    assert "LiCuF3" not in result.provenance["left_out_phases"]  # above the hull anyway
    elements = np.diff(firm_full.indptr) == 1
    assert firm_full.counted[elements].all()


@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
def test_what_counts_and_its_hull_are_those_of_pymatgen(part, pd_entries):
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    symbols = {"Li", "Cu", "N", "F"}
    everything, firm = part(), part(min_stability_eV_per_atom=LIMIT)
    diagram = PhaseDiagram(pd_entries(everything, symbols))
    wanted = {
        entry.composition.reduced_formula
        for entry in diagram.stable_entries
        if not entry.is_element and diagram.get_phase_separation_energy(entry) <= -LIMIT
    }
    rows = firm.rows_within(symbols)
    found = {
        str(firm.formulas[row])
        for row in rows
        if firm.counted[row] and len(firm.composition(int(row))) > 1
    }
    assert {Composition(formula).reduced_formula for formula in found} == wanted
    assert {"CuF2", "LiF", "Li3N"} <= found
    after = PhaseDiagram(pd_entries(firm, symbols))
    result = stability(firm, rows)
    for row, above in zip(rows, result.energy_above_hull, strict=True):
        composition = Composition(str(firm.formulas[row]))
        hull = after.get_hull_energy_per_atom(composition)
        assert above == pytest.approx(firm.energies[row] - hull, abs=1e-6)


@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
@pytest.mark.parametrize("limit", [0.0, 0.05])
def test_the_energy_above_hull_of_what_counts_is_that_of_pymatgen(part, pd_entries, limit):
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    symbols = {"Li", "Cu", "F", "S"}
    everything, chosen = part(), part(max_energy_above_hull_eV_per_atom=limit)
    diagram = PhaseDiagram(pd_entries(everything, symbols))
    rows = everything.rows_within(symbols)
    for row in rows:
        entry_above = float(everything.energies[row]) - diagram.get_hull_energy_per_atom(
            Composition(str(everything.formulas[row]))
        )
        assert abs(entry_above - limit) > 1e-6 or limit == 0.0
        is_element = len(everything.composition(int(row))) == 1
        assert chosen.counted[row] == (is_element or entry_above <= limit + 1e-6)


# -- what must hold for any table ------------------------

_COMPOUNDS = ["Li3P", "LiP", "LiP7", "Li2S", "LiS", "LiS4", "P4S3", "P2S5", "Li3PS4", "Li7PS6"]


@st.composite
def tables(draw):
    """Rows with polymorphs, some of them theoretical, some phases close to the hull."""
    lines = [("e-1", "Li", 0.0, 0), ("e-2", "P", 0.0, 1), ("e-3", "S", 0.0, 0)]
    for number in range(draw(st.integers(4, 14))):
        energy = draw(st.integers(-200, 20)) / 100
        formula = draw(st.sampled_from(_COMPOUNDS))
        lines.append((f"r-{number}", formula, energy, draw(st.sampled_from([0, 0, 1, -1]))))
    return rows_of(*lines)


choices = st.fixed_dictionaries(
    {},
    optional={
        "theoretical": st.just(False),
        "banned": st.lists(st.sampled_from([*_COMPOUNDS, "r-0", "r-3"]), max_size=3).map(tuple),
        "max_energy_above_hull_eV_per_atom": st.sampled_from([0.0, 0.05, 0.3]),
        "min_stability_eV_per_atom": st.sampled_from([0.0, 0.02, 0.2, 0.9]),
    },
)


def without_absent(rows, chosen):
    """Phases only that this table has."""
    known = {*rows.ids, *rows.formulas}
    return {
        key: tuple(text for text in value if text in known) if key == "banned" else value
        for key, value in chosen.items()
    }


def hull_energy(table, amounts):
    system = table.within(["Li", "P", "S"])
    b = np.array([amounts[symbol] for symbol in system.elements], dtype=float)
    return lowest_energy(system.columns, system.energies, b / b.sum()).energy


@settings(max_examples=40)
@given(rows=tables(), chosen=choices, data=st.data())
def test_leaving_phases_out_never_makes_a_reaction_stronger(rows, chosen, data):
    before, after = choose(rows), choose(rows, **without_absent(rows, chosen))
    assert (after.counted <= before.counted).all()
    assert (after.energies >= before.energies).all()
    elements = np.diff(after.indptr) == 1
    assert after.counted[elements].all()
    assert (after.energies[elements] == 0.0).all()
    amounts = data.draw(
        st.fixed_dictionaries({symbol: st.integers(1, 9) for symbol in ("Li", "P", "S")})
    )
    assert hull_energy(after, amounts) >= hull_energy(before, amounts) - EXACT
    for pair in (("Li", "P"), ("Li", "S"), ("P", "S")):
        one, two = (react(t, *pair).min_mutual_energy_eV_per_atom for t in (before, after))
        assert two >= one - EXACT


@settings(max_examples=40)
@given(rows=tables(), chosen=choices, data=st.data())
def test_asking_for_more_stability_only_takes_phases_away(rows, chosen, data):
    chosen = without_absent(rows, chosen)
    chosen.pop("min_stability_eV_per_atom", None)
    limits = sorted(data.draw(st.lists(st.floats(0.0, 0.9), min_size=2, max_size=3)))
    found = [choose(rows, **chosen)]
    found += [choose(rows, **chosen, min_stability_eV_per_atom=limit) for limit in limits]
    for one, two in pairwise(found):
        assert (two.counted <= one.counted).all()
    # and every compound that still counts is as stable as asked for, on the hull of everything
    margin = stability(choose(rows)).margin
    compounds = np.diff(found[-1].indptr) > 1
    kept = found[-1].counted & compounds
    same = found[-1].energies == choose(rows).energies
    assert (margin[kept & same] >= limits[-1] - 2 * EXACT).all()


@settings(max_examples=40)
@given(rows=tables(), low=st.floats(0.0, 0.9), more=st.floats(0.0, 0.09))
def test_a_wider_limit_above_the_hull_only_lets_phases_in(rows, low, more):
    narrow = choose(rows, theoretical=False, max_energy_above_hull_eV_per_atom=low)
    wide = choose(rows, theoretical=False, max_energy_above_hull_eV_per_atom=low + more)
    assert (narrow.counted <= wide.counted).all()
    both = narrow.counted & wide.counted
    np.testing.assert_array_equal(narrow.energies[both], wide.energies[both])


def test_the_result_of_a_question_is_json_with_the_choices_in_it():
    table = choose(COPPER, banned=["LiCu3", "Cu4Li"], max_energy_above_hull_eV_per_atom=0.05)
    answer = json.loads(json.dumps(react(table, "Li", "Cu").to_dict()))
    assert answer["provenance"]["filters"] == {
        "banned": ["LiCu3", "Cu4Li"],
        "max_energy_above_hull_eV_per_atom": 0.05,
    }
    assert answer["provenance"]["left_out_phases"] == ["LiCu3"]
