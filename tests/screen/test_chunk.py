"""Numbers of a screen of a whole source: those of a study and of pymatgen, however it is cut."""

from __future__ import annotations

import re
import warnings
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest

from interscreen.answers import stacks as stacks_module
from interscreen.answers.stacks import UNCERTIFIED
from interscreen.errors import InputError
from interscreen.phases.columns import arrow_schema, columns_of
from interscreen.phases.material import elements_of, resolve
from interscreen.screen.batch import Chunk, build_plan, screen_chunk
from interscreen.screen.detail import WRITTEN
from interscreen.screen.entries import MaterialEntry
from interscreen.screen.run import run_study
from interscreen.screen.study import Study
from interscreen.screen.weights import Weights

EXACT = 1e-6  # eV/atom, V, mixing fraction
ELECTROLYTES = ("LLZO", "LATP", "LAGP")
# what a row of a candidate that failed still says
ALWAYS = {
    "candidate", "id", "electrolyte", "formula", "electrolyte_formula", "status", "reason",
    "elements", "n_elements", "observed", "volatile", "gaseous", "hygroscopic", "source",
}  # fmt: skip


def plan_for(table, *electrolytes, weights=None):
    entries = [MaterialEntry(formula=name) for name in electrolytes]
    return build_plan(table, entries, weights or Weights())


def rows_of(table, *formulas):
    """Rows of a table by formula, in the order asked for."""
    place = {str(formula): row for row, formula in enumerate(table.formulas)}
    return np.array([place[formula] for formula in formulas])


def screened(table, rows, electrolytes=ELECTROLYTES, plan=None, weights=None):
    """Answers of one chunk as dictionaries."""
    plan = plan or plan_for(table, *electrolytes, weights=weights)
    return screen_chunk(plan, Chunk(0, np.asarray(rows)))[1].to_pylist()


def without(table, *formulas):
    counted = table.counted.copy()
    counted[rows_of(table, *formulas)] = False
    return replace(table, counted=counted)


# -- which rows, and their numbers ---------------------------------------------------------------


def test_every_candidate_has_a_row_with_every_electrolyte(reference):
    rows = np.flatnonzero(reference.counted)
    found = screened(reference, rows)
    wanted = [(str(reference.formulas[row]), e) for row in rows for e in ELECTROLYTES]
    assert [(row["candidate"], row["electrolyte"]) for row in found] == wanted
    assert [row["id"] for row in found[::3]] == reference.ids[rows].tolist()
    assert {row["status"] for row in found} == {"ok"}
    assert {row["role"] for row in found} == {"conversion", "alloy", "coating"}


def test_a_row_is_that_of_a_study_of_the_same_candidates(reference):
    names = "CuF2 Al LiF Cu3N Li7La3Zr2O12 ZnO".split()
    study = Study(
        name="s", electrolytes=list(ELECTROLYTES), candidates=names, uncertainty={"samples": 0},
        sensitivity=False,
    )  # fmt: skip
    listed = run_study(study, reference).results.astype(object)
    listed = listed.where(listed.notna(), None).to_dict("records")
    for row, other in zip(screened(reference, rows_of(reference, *names)), listed, strict=True):
        for name in columns_of("results"):
            if name == "id" or name in WRITTEN:
                continue  # the source's own, and of those that are shown
            wanted = other[name] or (None if row[name] is None else other[name])
            if isinstance(wanted, float):
                wanted = pytest.approx(wanted, abs=1e-9)
            assert row[name] == wanted, (row["candidate"], row["electrolyte"], name)


def contact(diagram, first, second):
    """Mixing fractions and mutual energies of pymatgen."""
    from pymatgen.analysis.interface_reactions import InterfacialReactivity
    from pymatgen.core import Composition

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interface = InterfacialReactivity(
            Composition(first), Composition(second), diagram, norm=True, use_hull_energy=True
        )
        return np.array(sorted((kink[1], kink[2]) for kink in interface.get_kinks())).T


def check_lithium(row, diagram):
    """Window and uptake; above the hull the composition takes up and gives off Li at once."""
    from pymatgen.core import Composition, Element

    metal = diagram.el_refs[Element("Li")].energy_per_atom
    profile = diagram.get_element_profile(Element("Li"), Composition(row["candidate"]))
    levels = [(metal - float(p["chempot"]), float(p["evolution"])) for p in profile]
    assert row["li_uptake_per_formula"] == pytest.approx(levels[0][1], abs=EXACT)
    reduced = next(i for i, (_, taken) in enumerate(levels) if taken < EXACT)
    limit = levels[reduced][0] if reduced else 0.0
    assert row["reduction_limit_V"] == pytest.approx(limit, abs=EXACT)
    oxidised = max(i for i, (_, taken) in enumerate(levels) if taken > -EXACT) + 1
    if oxidised < len(levels):
        assert row["oxidation_limit_V"] == pytest.approx(levels[oxidised][0], abs=EXACT)
    else:
        assert row["oxidation_limit_V"] is None
        assert "Li" not in row["elements"].split("-")


@pytest.mark.proof
@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
def test_random_candidates_of_the_full_table_agree_with_pymatgen(full_table, pd_entries):
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    rng = np.random.default_rng(4)
    rows = rng.choice(np.flatnonzero(full_table.counted), 120, replace=False)
    found = screened(full_table, rows)
    checked = 0
    for row in (found[3 * i + k] for i, k in enumerate(rng.integers(0, 3, len(rows)))):
        electrolyte = resolve(row["electrolyte"])[1].text
        own = elements_of([row["candidate"]])
        both = own | elements_of([electrolyte])
        if len(both) > 7:
            continue
        small = PhaseDiagram(pd_entries(full_table, own))
        large = PhaseDiagram(pd_entries(full_table, both))
        composition = Composition(row["candidate"])
        entry = PDEntry(composition, row["candidate_energy_eV_per_atom"] * composition.num_atoms)
        assert row["candidate_energy_above_hull_eV_per_atom"] == pytest.approx(
            small.get_e_above_hull(entry), abs=EXACT
        )
        check_lithium(row, small)
        converted = composition + Composition({"Li": row["li_uptake_per_formula"]})
        for name, diagram, first, second in (
            ("lithium", small, "Li", row["candidate"]),
            ("deposited", large, row["candidate"], electrolyte),
            ("layer", large, converted, electrolyte),
        ):
            x, energy = contact(diagram, first, second)
            ours = row[f"{name}_mutual_eV_per_atom"]
            assert ours == pytest.approx(energy.min(), abs=EXACT), (row["candidate"], name)
            if ours < -EXACT and name != "layer":
                mixing = row[f"{name}_mixing_fraction"]
                near = np.abs(x - mixing).argmin()
                assert x[near] == pytest.approx(mixing, abs=EXACT), (row["candidate"], name)
                assert energy[near] == pytest.approx(ours, abs=EXACT), (row["candidate"], name)
        checked += 1
        if checked == 60:
            break
    assert checked == 60


def test_phases_that_a_filter_leaves_out_are_in_no_answer(reference):
    rng = np.random.default_rng(8)
    compounds = np.flatnonzero(reference.counted & (np.diff(reference.indptr) > 1))
    out = {str(reference.formulas[row]) for row in rng.choice(compounds, 40, replace=False)}
    table = without(reference, *out)
    named = {
        product
        for row in screened(table, np.flatnonzero(table.counted), ("LATP",))
        for column in ("lithium_products", "deposited_products", "worst_product", "bridge_product")
        for product in row[column].split(" + ")
    }
    assert len(named) > 40
    assert not named & out


def test_a_candidate_that_is_the_electrolyte_does_nothing_to_it(reference):
    (row,) = screened(reference, rows_of(reference, "Li7La3Zr2O12"), ("LLZO",))
    assert row["deposited_mutual_eV_per_atom"] == 0.0
    assert row["deposited_products"] == ""
    assert row["deposited_mixing_fraction"] is None
    bare = row["bare_mutual_eV_per_atom"]
    assert row["lithium_mutual_eV_per_atom"] == pytest.approx(bare, abs=1e-9)
    assert row["layer_mutual_eV_per_atom"] < 0.0, "what Li makes of it does react"


def test_energies_below_the_noise_choose_no_worst_product(make_table):
    """LiF and ZrO2 react by less than what counts as a reaction at all."""
    ends = {"LiF": -3.0, "ZrO2": -3.8, "CuF2": -1.8}
    mixed = (2 * ends["LiF"] + 3 * ends["ZrO2"]) / 5 - 8e-9
    table = make_table(
        {"Li": 0.0, "Cu": 0.0, "Zr": 0.0, "O2": 0.0, "F2": 0.0, **ends, "LiZrO2F": mixed}
    )
    (row,) = screened(table, rows_of(table, "CuF2"), ("ZrO2",))
    assert row["conversion_products"] == "Cu + 2 LiF"
    assert (row["worst_product"], row["worst_product_mutual_eV_per_atom"]) == ("Cu", 0.0)


def test_every_weight_counts_for_a_whole_source_too(reference):
    weights = Weights(percolation_meV=30)
    rows = rows_of(reference, "CuF2")
    (usual,), (weighed,) = (
        screened(reference, rows, ("LATP",), weights=chosen) for chosen in (None, weights)
    )
    assert usual["metal_percolates"] == "yes"
    change = weighed["score_meV_per_atom"] - usual["score_meV_per_atom"]
    assert change == pytest.approx(-30.0)


# -- what cannot be computed ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["LLZO", "YF3", "Li3PO4 + YN"])
def test_an_electrolyte_with_an_unknown_element_is_an_error_of_the_plan(make_table, name):
    table = make_table({"Li": 0.0, "P": 0.0, "O2": 0.0, "N2": 0.0, "F2": 0.0, "Li3PO4": -2.8})
    with pytest.raises(InputError, match=f"^electrolyte {re.escape(name)}: element (Y|La|Zr): "):
        plan_for(table, "Li3PO4", name)


def test_a_source_without_lithium_is_an_error_of_the_plan(make_table):
    with pytest.raises(InputError, match="no phase with"):
        plan_for(make_table({"Cu": 0.0, "F2": 0.0, "CuF2": -1.8}), "CuF2")


def assert_failed(row, reason):
    """A failed row says why, and gives nothing else that could be mistaken for an answer."""
    assert (row["status"], row["reason"]) == ("failed", reason)
    assert row["n_elements"] == len(row["elements"].split("-"))
    assert not [name for name in set(row) - ALWAYS if row[name] not in (None, "")]


def test_candidates_outside_a_closed_source_fail_and_the_others_are_right(reference):
    systems = ("Li La Zr O Cu F", "Li La Zr O Al N", "Li Al Ti P O Cu", "Ag F", "Li Mg O")
    systems = tuple(frozenset(text.split()) for text in systems)
    source = replace(reference.source, closed=True, systems=systems)
    table = replace(reference, source=source)
    rows = np.flatnonzero(table.counted)
    states = {}
    right = screened(reference, rows, ("LLZO", "LATP"))
    for row, other in zip(screened(table, rows, ("LLZO", "LATP")), right, strict=True):
        states.setdefault(row["candidate"], []).append(row["status"])
        needed = {"Li", *row["elements"].split("-"), *elements_of([row["electrolyte"]])}
        if any(needed <= system for system in systems):
            assert row["status"] == "ok"
            assert row["score_meV_per_atom"] == other["score_meV_per_atom"]
        else:
            assert_failed(row, row["reason"])
            assert "run `interscreen data pull" in row["reason"]
    assert states["CuF2"] == ["ok", "failed"]
    assert states["Cu2O"] == ["ok", "ok"]
    assert states["AgF"] == states["LiMg"] == ["failed", "failed"]


def test_what_is_not_certified_fails_and_the_others_are_right(reference, monkeypatch):
    rows = rows_of(reference, "CuF2", "Al", "LiF", "ZnO")
    plan = plan_for(reference, "LLZO", "LATP")
    right = screened(reference, rows, plan=plan)
    mutual_minima = stacks_module.mutual_minima

    def doubtful(*arguments, **options):
        found = mutual_minima(*arguments, **options)
        solved = found.solved.copy()
        solved[0] = False
        values = {field.name: getattr(found, field.name) for field in fields(found)}
        return type(found)(**{**values, "solved": solved})

    monkeypatch.setattr(stacks_module, "mutual_minima", doubtful)
    for row, other in zip(screened(reference, rows, plan=plan), right, strict=True):
        if row["candidate"] == "CuF2":  # the first of each call
            assert_failed(row, UNCERTIFIED)
        else:
            assert row == other or row["reason"] == UNCERTIFIED  # the first of the layers
    assert other["candidate"] == "ZnO"


# -- the table -----------------------------------------------------------------------------------


def test_a_chunk_says_the_same_however_the_candidates_are_cut(reference):
    plan = plan_for(reference, "LLZO", "LATP")
    rows = np.flatnonzero(reference.counted)
    _, whole = screen_chunk(plan, Chunk(0, rows))
    cut = [screen_chunk(plan, Chunk(n, part))[1] for n, part in enumerate(np.array_split(rows, 20))]
    assert pa.concat_tables(cut).combine_chunks().equals(whole.combine_chunks())
    shuffled = np.random.default_rng(2).permutation(len(rows))
    number, other = screen_chunk(plan, Chunk(7, rows[shuffled]))
    assert number == 7
    back = np.argsort(shuffled)
    order = np.column_stack([2 * back, 2 * back + 1]).ravel()
    assert other.take(order).combine_chunks().equals(whole.combine_chunks())


def test_the_columns_have_their_types_even_without_rows_and_no_number_is_nan(reference):
    plan = plan_for(reference, "LLZO")
    for rows in (np.flatnonzero(reference.counted), np.empty(0, dtype=np.int64)):
        _, table = screen_chunk(plan, Chunk(0, rows))
        assert table.schema == arrow_schema("results")
        assert len(table) == len(rows)
        for field in table.schema:
            if pa.types.is_floating(field.type):
                assert np.isfinite(table[field.name].drop_null().to_numpy()).all(), field.name
