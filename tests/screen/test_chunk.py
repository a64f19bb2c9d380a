"""Numbers of a screen of a whole source: those of the one-pair functions and of pymatgen."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from interscreen.screen.chunk import COLUMNS, TEXTS, Chunk, screen_chunk
from interscreen.screen.plan import build_plan
from interscreen.screen.rows import result_row

from interscreen.answers.stack import candidate_side, electrolyte_side, join, lithium_salts
from interscreen.errors import InputError
from interscreen.screen import chunk as chunk_module
from interscreen.screen.entries import MaterialEntry
from interscreen.screen.ranking import Weights, role_of, score_terms

EXACT = 1e-6  # eV/atom, V, mixing fraction
TIE = 1e-9  # eV/atom
ELECTROLYTES = ("LLZO", "LATP", "LAGP")
# what a row of a candidate that failed still says
ALWAYS = {
    "candidate", "id", "electrolyte", "status", "reason", "elements", "n_elements",
    "bare_mutual_eV_per_atom", "electrolyte_reduction_limit_V",
}  # fmt: skip


def entries(*names):
    return [MaterialEntry(formula=name) if isinstance(name, str) else name for name in names]


def rows_of(table, *formulas):
    """Rows of a table by formula, in the order asked for."""
    place = {str(formula): row for row, formula in enumerate(table.formulas)}
    return np.array([place[formula] for formula in formulas])


def screened(table, rows, electrolytes=ELECTROLYTES, plan=None):
    """Plan, and the answers of one chunk as dictionaries."""
    plan = plan or build_plan(table, entries(*electrolytes), Weights())
    return screen_chunk(plan, Chunk(0, table.only(np.asarray(rows)))).to_pylist()


class OnePair:
    """The same numbers by the functions for one candidate and one electrolyte."""

    def __init__(self, table, electrolytes=ELECTROLYTES):
        self.table = table
        self.candidates = {}
        self.electrolytes = {
            entry.label: electrolyte_side(table, entry.material) for entry in entries(*electrolytes)
        }
        self.largest = dict.fromkeys(COLUMNS, 0.0)

    def stack(self, row):
        name = row["candidate"]
        if name not in self.candidates:
            self.candidates[name] = candidate_side(self.table, name)
        side, other = self.candidates[name], self.electrolytes[row["electrolyte"]]
        stack = join(self.table, side, other)
        wanted = result_row(stack, side, other)
        salts = lithium_salts(side.products)
        wanted["role"] = role_of(wanted["lithium_mutual_eV_per_atom"], bool(salts))
        wanted["score_meV_per_atom"] = math.fsum(score_terms(wanted, Weights()).values())
        wanted["n_elements"] = len(side.lithium.reaction.provenance["elements"])
        wanted["lithium_mixing_fraction"] = stack.lithium.reaction.mixing_fraction
        # that of the candidate itself, without what an electrolyte of the user's own adds
        wanted["candidate_energy_above_hull_eV_per_atom"] = (
            side.window.energy_above_hull_eV_per_atom
        )
        return stack, wanted

    def check(self, row):
        """Compare a row in every column; the contacts to Li and as deposited by their minima."""
        where = (row["candidate"], row["electrolyte"])
        assert (row["status"], row["reason"]) == ("ok", ""), where
        stack, wanted = self.stack(row)
        symbols = set(row["elements"].split("-"))
        assert row["n_elements"] == len(symbols), where
        assert len(symbols | {"Li"}) == wanted.pop("n_elements"), where
        shared = [name for name in COLUMNS if name in wanted]
        assert len(shared) > 20
        for name in shared:
            ours, theirs = row[name], wanted[name]
            if name in TEXTS:
                assert ours == theirs, (*where, name)
            elif "mixing_fraction" not in name:
                assert (ours is None) == (theirs is None), (*where, name)
                if ours is not None:
                    assert ours == pytest.approx(theirs, abs=EXACT), (*where, name)
                    self.largest[name] = max(self.largest[name], abs(ours - theirs))
        for name in ("lithium", "deposited"):
            self._minimum(row, name, getattr(stack, name).reaction)

    def _minimum(self, row, name, reaction):
        """Mixing fraction and products; of minima that are equal either will do."""
        mixing, products = row[f"{name}_mixing_fraction"], row[f"{name}_products"]
        where = (row["candidate"], row["electrolyte"], name, mixing, products)
        if reaction.mixing_fraction is None:
            assert (mixing, products) == (None, ""), where
            return
        assert products.split(" + ") == sorted(products.split(" + ")), where
        lowest = reaction.min_mutual_energy_eV_per_atom
        minima = [k for k in reaction.kinks if k.mutual_energy_eV_per_atom < lowest + TIE]
        found = [kink for kink in minima if abs(kink.mixing_fraction - mixing) < EXACT]
        assert found, where
        assert set(found[0].products) == set(products.split(" + ")), where
        column = f"{name}_mixing_fraction"
        off = abs(found[0].mixing_fraction - mixing)
        self.largest[column] = max(self.largest[column], off)


def check_all(table, rows, electrolytes=ELECTROLYTES):
    """Every row against the one-pair functions; returns the rows."""
    found = screened(table, rows, electrolytes)
    one_pair = OnePair(table, electrolytes)
    for row in found:
        one_pair.check(row)
    assert len(found) == len(rows) * len(electrolytes)
    return found


# -- against the one-pair functions ------------------------


def test_every_column_of_the_reference_set_is_that_of_the_one_pair_functions(reference):
    rows = np.flatnonzero(reference.counted)
    found = check_all(reference, rows)
    assert {row["status"] for row in found} == {"ok"}
    assert {row["role"] for row in found} == {"conversion", "alloy", "coating"}
    roles = {row["candidate"]: row["role"] for row in found}
    assert {roles[name] for name in ("Al", "Mg", "Zn", "Ag", "Sn", "Si")} == {"alloy"}
    assert {roles[name] for name in ("CuF2", "Al2O3", "Cu3N", "CuS")} == {"conversion"}
    assert {roles[name] for name in ("LiF", "Li2O", "Cu", "Mo", "Li9Al4")} == {"coating"}
    wanted = [(str(reference.formulas[row]), e) for row in rows for e in ELECTROLYTES]
    assert [(row["candidate"], row["electrolyte"]) for row in found] == wanted
    assert {row["id"] for row in found} == {str(reference.ids[row]) for row in rows}


@pytest.fixture(scope="module")
def full_plan(full_table):
    return build_plan(full_table, entries(*ELECTROLYTES), Weights())


@pytest.fixture(scope="module")
def big_run(full_table, full_plan):
    """500 random candidates of the full table with one random electrolyte each."""
    rng = np.random.default_rng(4)
    rows = rng.choice(np.flatnonzero(full_table.counted), 500, replace=False)
    found = screened(full_table, rows, plan=full_plan)
    return [found[3 * i + k] for i, k in enumerate(rng.integers(0, 3, 500))]


def test_500_random_candidates_of_the_full_table_have_the_numbers_of_the_one_pair_functions(
    full_table, big_run
):
    one_pair = OnePair(full_table)
    for row in big_run:
        one_pair.check(row)
    assert max(one_pair.largest.values()) < EXACT
    assert {row["electrolyte"] for row in big_run} == set(ELECTROLYTES)
    assert sum(row["deposited_mutual_eV_per_atom"] < -0.01 for row in big_run) > 250
    assert sum(row["lithium_mutual_eV_per_atom"] < -0.01 for row in big_run) > 250


def elements_of(formula):
    from pymatgen.core import Composition

    return {element.symbol for element in Composition(formula)}


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


def lithium_profile(diagram, formula):
    """Voltages, rising, and Li taken up per formula above each, of pymatgen."""
    from pymatgen.core import Composition, Element

    metal = diagram.el_refs[Element("Li")].energy_per_atom
    levels = diagram.get_element_profile(Element("Li"), Composition(formula))
    return [(metal - float(p["chempot"]), float(p["evolution"])) for p in levels]


def check_lithium(row, diagram):
    """Window and uptake; above the hull the composition takes up and gives off Li at once."""
    levels = lithium_profile(diagram, row["candidate"])
    assert row["li_uptake_per_formula"] == pytest.approx(levels[0][1], abs=EXACT)
    reduced = next(i for i, (_, taken) in enumerate(levels) if taken < EXACT)
    assert row["reduction_limit_V"] == pytest.approx(levels[reduced][0] if reduced else 0.0,
                                                     abs=EXACT)  # fmt: skip
    oxidised = max(i for i, (_, taken) in enumerate(levels) if taken > -EXACT) + 1
    if oxidised < len(levels):
        assert row["oxidation_limit_V"] == pytest.approx(levels[oxidised][0], abs=EXACT)
    else:
        assert row["oxidation_limit_V"] is None
        assert "Li" not in row["elements"].split("-")


@pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")
def test_200_random_candidates_of_the_full_table_agree_with_pymatgen(
    full_table, big_run, pd_entries
):
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    electrolytes = {
        name: electrolyte_side(full_table, name).window.material for name in ELECTROLYTES
    }
    checked = 0
    for row in big_run:
        candidate, electrolyte = row["candidate"], electrolytes[row["electrolyte"]]
        own = elements_of(candidate)
        both = own | elements_of(electrolyte)
        if len(both) > 7:
            continue
        small = PhaseDiagram(pd_entries(full_table, own | {"Li"}))
        large = PhaseDiagram(pd_entries(full_table, both))
        composition = Composition(candidate)
        entry = PDEntry(composition, row["candidate_energy_eV_per_atom"] * composition.num_atoms)
        assert row["candidate_energy_above_hull_eV_per_atom"] == pytest.approx(
            small.get_e_above_hull(entry), abs=EXACT
        )
        check_lithium(row, small)
        converted = composition + Composition({"Li": row["li_uptake_per_formula"]})
        contacts = [
            ("lithium", small, "Li", candidate),
            ("deposited", large, candidate, electrolyte),
            ("layer", large, converted, electrolyte),
        ]
        if checked >= 100:
            del contacts[2]  # the slowest question
        for name, diagram, first, second in contacts:
            x, energy = contact(diagram, first, second)
            ours = row[f"{name}_mutual_eV_per_atom"]
            assert ours == pytest.approx(energy.min(), abs=EXACT), (candidate, name)
            if ours < -EXACT and name != "layer":
                mixing = row[f"{name}_mixing_fraction"]
                near = np.abs(x - mixing).argmin()
                assert x[near] == pytest.approx(mixing, abs=EXACT), (candidate, name)
                assert energy[near] == pytest.approx(ours, abs=EXACT), (candidate, name)
        checked += 1
        if checked == 200:
            break
    assert checked == 200


# -- electrolytes of every kind ------------------------

SOME = (
    "Al Cu O2 CuF2 Cu2O CuO Al2O3 ZrO2 La2O3 Li2O LiF Li3N AlN Li7La3Zr2O12 Li2ZrO3 LiAlO2 Li3PO4"
).split()


@pytest.mark.parametrize(
    "change",
    [
        {"energy_eV_per_atom": -0.05},  # against the hull
        {"energy_eV_per_atom": 0.03},
        {"energy_above_hull_eV_per_atom": 0.04},
        {"energy_above_hull_eV_per_atom": 0.0},
    ],
    ids=str,
)
def test_an_electrolyte_may_have_an_energy_of_its_own(reference, change):
    change = dict(change)
    hull = electrolyte_side(reference, "LLZO").window.energy_eV_per_atom
    below = change.get("energy_eV_per_atom", 0.0) < 0.0
    if "energy_eV_per_atom" in change:
        change["energy_eV_per_atom"] += hull
    given = MaterialEntry(formula="LLZO", name="mine", **change)
    found = check_all(reference, rows_of(reference, *SOME), (given, "LLZO"))
    mine = [row for row in found if row["electrolyte"] == "mine"]
    assert len(mine) == len(SOME)
    same = [
        row["deposited_mutual_eV_per_atom"]
        == pytest.approx(other["deposited_mutual_eV_per_atom"], abs=EXACT)
        for row, other in zip(mine, found[1::2], strict=True)
    ]
    assert all(same) == (not below), "mutual energies change only with the hull"


def test_an_electrolyte_needs_no_lithium_and_may_be_an_element(reference):
    found = check_all(reference, rows_of(reference, *SOME), ("ZrO2", "Al2O3 + 2 ZrO2", "Cu"))
    assert any(row["layer_mutual_eV_per_atom"] < -0.01 for row in found)


def without(table, *formulas):
    counted = table.counted.copy()
    counted[rows_of(table, *formulas)] = False
    return replace(table, counted=counted)


@pytest.mark.parametrize(
    ("electrolyte", "left_out"),
    [
        ("LLZO", ["Li7La3Zr2O12"]),
        ("Li2O", ["Li2O"]),
        ("Li3PO4 + 2 LiF", ["LiF"]),
        ("Li3PO4 + 2 LiF", ["LiF", "Li3PO4"]),
        ("Li3PO4 + 2 LiF", ["Li2O", "Cu2O"]),
    ],
)
def test_phases_of_an_electrolyte_compete_although_the_source_leaves_them_out(
    reference, electrolyte, left_out
):
    table = without(reference, *left_out)
    names = [name for name in SOME if name not in left_out]
    found = check_all(table, rows_of(table, *names), (electrolyte,))
    assert any(row["deposited_mutual_eV_per_atom"] < -0.01 for row in found)


def test_phases_that_a_filter_leaves_out_are_in_no_answer(reference):
    rng = np.random.default_rng(8)
    compounds = np.flatnonzero(reference.counted & (np.diff(reference.indptr) > 1))
    out = {str(reference.formulas[row]) for row in rng.choice(compounds, 40, replace=False)}
    table = without(reference, *out)
    found = check_all(table, np.flatnonzero(table.counted), ("LATP",))
    named = {
        product
        for row in found
        for column in ("lithium_products", "deposited_products", "worst_product", "bridge_product")
        for product in row[column].split(" + ")
    }
    assert len(named) > 40
    assert not named & out


def test_a_candidate_that_is_the_electrolyte_does_nothing_to_it(reference):
    (row,) = check_all(reference, rows_of(reference, "Li7La3Zr2O12"), ("LLZO",))
    assert row["deposited_mutual_eV_per_atom"] == 0.0
    assert row["deposited_products"] == ""
    assert row["deposited_mixing_fraction"] is None
    bare = row["bare_mutual_eV_per_atom"]
    assert row["lithium_mutual_eV_per_atom"] == pytest.approx(bare, abs=TIE)
    assert row["layer_mutual_eV_per_atom"] < 0.0, "what Li makes of it does react"


def test_energies_below_the_noise_choose_no_worst_product(make_table):
    """LiF and ZrO2 react by less than what counts as a reaction at all."""
    ends = {"LiF": -3.0, "ZrO2": -3.8, "CuF2": -1.8}
    mixed = (2 * ends["LiF"] + 3 * ends["ZrO2"]) / 5 - 8e-9
    table = make_table(
        {"Li": 0.0, "Cu": 0.0, "Zr": 0.0, "O2": 0.0, "F2": 0.0, **ends, "LiZrO2F": mixed}
    )
    (row,) = check_all(table, rows_of(table, "CuF2"), ("ZrO2",))
    assert row["conversion_products"] == "Cu + 2 LiF"
    assert (row["worst_product"], row["worst_product_mutual_eV_per_atom"]) == ("Cu", 0.0)


@pytest.mark.parametrize("name", ["LLZO", "YF3", "Li3PO4 + YN"])
def test_an_electrolyte_with_an_unknown_element_is_an_error_of_the_plan(make_table, name):
    table = make_table({"Li": 0.0, "P": 0.0, "O2": 0.0, "N2": 0.0, "F2": 0.0, "Li3PO4": -2.8})
    with pytest.raises(InputError, match=f"^electrolyte {re.escape(name)}: element (Y|La|Zr): "):
        build_plan(table, entries("Li3PO4", name), Weights())


def test_a_source_without_lithium_is_an_error_of_the_plan(make_table):
    with pytest.raises(InputError, match="no phase with Li"):
        build_plan(make_table({"Cu": 0.0, "F2": 0.0, "CuF2": -1.8}), entries("CuF2"), Weights())


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (
            {"alloy": {"volume_change_meV_per_percent": 0.1}},
            r"^ranking\.weights\.alloy\.volume_change_meV_per_percent: .* no volume_change_percent",
        ),
        (
            {"conversion": {"percolation_meV": 30}},
            r"^ranking\.weights\.conversion\.percolation_meV: .* no metal_percolates",
        ),
    ],
)
def test_weights_of_what_a_whole_source_has_no_numbers_for_are_refused(reference, weights, says):
    with pytest.raises(InputError, match=says):
        build_plan(reference, entries("LLZO"), Weights(**weights))


# -- rows that fail ------------------------


def assert_failed(row, reason):
    """A failed row says why, and gives nothing else that could be mistaken for an answer."""
    assert (row["status"], row["reason"]) == ("failed", reason)
    assert row["elements"]
    assert row["n_elements"] == len(row["elements"].split("-"))
    for name in set(COLUMNS) - ALWAYS:
        assert row[name] == ("" if name in TEXTS else None), name


def test_candidates_outside_a_closed_source_fail_and_the_others_are_right(reference):
    systems = ("Li La Zr O Cu F", "Li La Zr O Al N", "Li Al Ti P O Cu", "Ag F", "Li Mg O")
    source = replace(
        reference.source, closed=True, systems=tuple(frozenset(s.split()) for s in systems)
    )
    table = replace(reference, source=source)
    rows = np.flatnonzero(table.counted)
    found = screened(table, rows, ("LLZO", "LATP"))
    assert len(found) == 2 * len(rows)
    one_pair = OnePair(table, ("LLZO", "LATP"))
    states, reasons = {}, set()
    for row in found:
        try:
            one_pair.stack(row)
        except InputError as error:
            assert_failed(row, str(error))
            reasons.add(str(error))
        else:
            one_pair.check(row)
        states.setdefault(row["candidate"], []).append(row["status"])
    assert states["CuF2"] == ["ok", "failed"]
    assert states["Cu2O"] == ["ok", "ok"]
    assert states["AgF"] == states["LiMg"] == ["failed", "failed"]
    assert all("run `interscreen data pull" in reason for reason in reasons)
    assert sum(state == ["ok", "ok"] for state in states.values()) > 10


UNREADABLE, UNKNOWN = "Cu?F2", "element Xe: the source small set has no phase with it"


def test_a_tenth_of_the_candidates_unreadable_or_unknown_leaves_the_rest_right(
    reference, make_table
):
    plan = build_plan(reference, entries(*ELECTROLYTES), Weights())
    rows = np.flatnonzero(reference.counted)
    right = screened(reference, rows, plan=plan)
    phases = {str(reference.formulas[row]): float(reference.energies[row]) for row in rows}
    foreign = {f"{name}Xe": -0.1 for name in ("Li3", "CuF2", "AlO", "Zr2O3", "La", "NF")}
    foreign |= {f"XeF{n}": -0.2 for n in range(2, 11)}
    candidates = make_table({**phases, **foreign})
    formulas = candidates.formulas.astype(object)
    unreadable = np.arange(3, len(rows), 20)
    unknown = np.arange(len(rows), len(candidates))
    formulas[unreadable] = UNREADABLE
    order = np.random.default_rng(6).permutation(len(candidates))
    candidates = replace(candidates, formulas=formulas.astype(str))
    found = screen_chunk(plan, Chunk(0, candidates.only(order))).to_pylist()
    share = (len(unreadable) + len(unknown)) / len(candidates)
    assert 0.09 < share < 0.11
    for place, row in enumerate(order.tolist()):
        for k in range(3):
            answer = found[3 * place + k]
            assert answer["electrolyte"] == ELECTROLYTES[k]
            if row in unreadable:
                assert answer["candidate"] == UNREADABLE
                assert answer["reason"].startswith(f"formula '{UNREADABLE}': ")
                assert_failed(answer, answer["reason"])
            elif row in unknown:
                assert answer["reason"].startswith(UNKNOWN)
                assert_failed(answer, answer["reason"])
            else:
                assert answer == {**right[3 * row + k], "id": ""}


def poisoned(function, when):
    """A function that gets a composition that is none in place of the first of each call."""

    def call(columns, costs, compositions, other):
        if when(other):
            compositions = compositions.copy()
            compositions[0] = np.nan
        return function(columns, costs, compositions, other)

    return call


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("lithium_lines", lambda row: True),
        ("mutual_minima", lambda second: second.max() == 1.0),  # Li metal
        ("mutual_minima", lambda second: second.max() < 1.0),  # an electrolyte
    ],
    ids=["window", "lithium", "electrolyte"],
)
def test_what_is_not_certified_fails_and_the_others_are_right(reference, monkeypatch, name, when):
    plan = build_plan(reference, entries("LLZO", "LATP"), Weights())
    rows = np.flatnonzero(reference.counted)
    right = screened(reference, rows, plan=plan)
    monkeypatch.setattr(chunk_module, name, poisoned(getattr(chunk_module, name), when))
    found = screened(reference, rows, plan=plan)
    first = {}  # the first candidate of each chemical system is the one that is poisoned
    for row in right:
        first.setdefault(row["elements"], row["candidate"])
    wrong = [row["candidate"] == first[row["elements"]] for row in right]
    assert sum(not bad for bad in wrong) > 150
    for row, other, bad in zip(found, right, wrong, strict=True):
        if bad:
            assert_failed(row, chunk_module._UNCERTIFIED)
        elif name == "mutual_minima" and when(np.array([0.5])):
            # the first of the layers may be another candidate
            assert row == other or row["reason"] == chunk_module._UNCERTIFIED
        else:
            assert row == other


@pytest.mark.parametrize("field", ["energies", "atoms"])
def test_a_product_without_a_certified_contact_fails_those_that_end_in_it(reference, field):
    plan = build_plan(reference, entries("LLZO", "LATP"), Weights())
    rows = np.flatnonzero(reference.counted)
    right = screened(reference, rows, plan=plan)
    broken = getattr(plan, field).copy()
    broken[..., plan.names == "LiF"] = np.nan
    found = screened(reference, rows, plan=replace(plan, **{field: broken}))
    hit = 0
    for row, other in zip(found, right, strict=True):
        products = {part.split(" ")[-1] for part in other["conversion_products"].split(" + ")}
        if "LiF" in products:
            assert_failed(row, chunk_module._UNCERTIFIED)
            hit += 1
        else:
            assert row == other
    assert hit > 40


# -- the table ------------------------


def test_a_chunk_says_the_same_however_the_candidates_are_cut(reference):
    import pyarrow as pa

    plan = build_plan(reference, entries("LLZO", "LATP"), Weights())
    candidates = reference.only(np.flatnonzero(reference.counted))
    whole = screen_chunk(plan, Chunk(0, candidates))
    size = 13
    cut = [
        screen_chunk(plan, Chunk(n, candidates.only(np.arange(n, min(n + size, len(candidates))))))
        for n in range(0, len(candidates), size)
    ]
    assert pa.concat_tables(cut).combine_chunks().equals(whole.combine_chunks())
    shuffled = np.random.default_rng(2).permutation(len(candidates))
    other = screen_chunk(plan, Chunk(0, candidates.only(shuffled)))
    back = np.argsort(shuffled)
    rows = np.column_stack([2 * back, 2 * back + 1]).ravel()
    assert other.take(rows).combine_chunks().equals(whole.combine_chunks())


def test_the_columns_have_their_types_even_where_everything_failed(reference, make_table):
    import pyarrow as pa

    plan = build_plan(reference, entries("LLZO"), Weights())
    good = screen_chunk(plan, Chunk(0, reference.only(rows_of(reference, "CuF2", "Al"))))
    foreign = make_table({"Xe": 0.0, "XeF2": -0.3, "XeO3": -0.1})
    failed = screen_chunk(plan, Chunk(1, foreign))
    none = screen_chunk(plan, Chunk(2, reference.only(np.empty(0, dtype=np.int64))))
    assert failed["status"].to_pylist() == ["failed"] * 3
    assert len(none) == 0
    assert failed.schema == good.schema == none.schema
    assert tuple(good.column_names) == tuple(COLUMNS)
    for field in good.schema:
        wanted = pa.string() if field.name in TEXTS else pa.float64()
        assert field.type == (pa.int64() if field.name == "n_elements" else wanted)
    for row in failed.to_pylist():
        assert_failed(row, row["reason"])


def test_no_number_in_the_table_is_nan(reference):
    plan = build_plan(reference, entries("LLZO"), Weights())
    table = screen_chunk(plan, Chunk(0, reference.only(np.flatnonzero(reference.counted))))
    for name in set(COLUMNS) - set(TEXTS):
        values = [value for value in table[name].to_pylist() if value is not None]
        assert np.isfinite(values).all(), name
    for name in TEXTS:
        assert table[name].null_count == 0


def test_a_plan_without_progress_says_nothing_and_with_it_what_it_does(reference, capsys):
    said = []
    build_plan(reference, entries("LLZO"), Weights(), progress=said.append)
    assert said[0] == "hull of the source"
    assert any("stable against Li metal" in line for line in said)
    build_plan(reference, entries("LLZO"), Weights())
    assert capsys.readouterr() == ("", "")
