"""react: which energy a reactant has, which phases compete, and what is refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from interscreen import Material, react
from interscreen.errors import InputError

KEYS = {
    "reactants", "min_mutual_energy_eV_per_atom", "mixing_fraction", "total_energy_eV_per_atom",
    "equation", "products", "kinks", "potential_V", "competitors", "provenance",
    "conditions", "coexist", "self_decomposition", "min_total_energy_eV_per_atom", "at",
}  # fmt: skip


@pytest.fixture(scope="module")
def lithium_oxide(make_table):
    """Li2O and Li2O2 on the hull, LiO2 5 meV/atom above it, LiO3 (positive) far above."""
    return make_table({"Li2O": -2.0, "Li2O2": -1.65, "LiO2": -1.095, "LiO3": 0.1, "Li": 0, "O2": 0})


# -- the shape of a result ------------------------


def test_a_reaction_has_the_agreed_keys_and_is_plain_json(reference):
    reaction = react(reference, "CuF2", "LATP")
    data = reaction.to_dict()
    assert set(data) == KEYS
    assert json.loads(json.dumps(data)) == data
    for reactant in data["reactants"]:
        assert set(reactant) == {
            "input", "formula", "energy_eV_per_atom", "energy_source",
            "energy_above_hull_eV_per_atom",
        }  # fmt: skip
    for kink in data["kinks"]:
        assert {
            "mixing_fraction", "mutual_energy_eV_per_atom", "total_energy_eV_per_atom", "equation",
        } <= set(kink)  # fmt: skip
    for key in KEYS:
        assert hasattr(reaction, key), "attributes are named like the keys"
    assert data["potential_V"] is None
    assert data["reactants"][1]["input"] == "LATP"
    assert data["reactants"][1]["formula"] == "Li1.3Al0.3Ti1.7(PO4)3"
    assert data["provenance"]["source"] == "small set"
    assert "CC BY 4.0" in data["provenance"]["statement"]


def test_results_are_frozen(reference):
    reaction = react(reference, "CuF2", "LLZO")
    with pytest.raises(dataclasses.FrozenInstanceError):
        reaction.min_mutual_energy_eV_per_atom = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        reaction.kinks[0].mixing_fraction = 0.5


def test_the_frame_has_one_row_per_kink(reference):
    reaction = react(reference, "CuF2", "LLZO")
    frame = reaction.to_frame()
    assert len(frame) == len(reaction.kinks)
    assert set(frame.reactant_a) == {"CuF2"}
    assert frame.mixing_fraction.tolist() == [k.mixing_fraction for k in reaction.kinks]
    assert frame.equation.tolist() == [k.equation for k in reaction.kinks]


def test_the_minimum_is_one_of_the_kinks(reference):
    reaction = react(reference, "CuF2", "LLZO")
    best = min(reaction.kinks, key=lambda kink: kink.mutual_energy_eV_per_atom)
    assert reaction.min_mutual_energy_eV_per_atom == best.mutual_energy_eV_per_atom
    assert reaction.mixing_fraction == best.mixing_fraction
    assert reaction.total_energy_eV_per_atom == best.total_energy_eV_per_atom
    assert reaction.equation == best.equation
    assert reaction.products == best.products


def test_x_is_the_atom_fraction_of_the_first_reactant(reference, equation_sides):
    from pymatgen.core import Composition

    for a, b in [("CuF2", "LLZO"), ("LLZO", "CuF2"), ("Li", "LATP"), ("Cu + 2 LiF", "LAGP")]:
        reaction = react(reference, a, b)
        sizes = [
            5 if text.startswith("Cu + ") else Composition(text).num_atoms
            for text in (reactant["formula"] for reactant in reaction.reactants)
        ]
        for kink in reaction.kinks[1:-1]:
            left, _ = equation_sides(kink.equation)
            counts = [
                float(left.get(r["formula"], left.get(f"({r['formula']})", 0)))
                for r in reaction.reactants
            ]
            first, second = (n * size for n, size in zip(counts, sizes, strict=True))
            assert kink.mixing_fraction == pytest.approx(first / (first + second), abs=1e-9)


def test_both_ends_are_exact_and_free_of_energy(reference):
    for a, b in [("CuF2", "LLZO"), ("Li", "LATP"), ("AlF3", "LAGP"), ("Cu3N", "Li")]:
        kinks = react(reference, a, b).kinks
        assert kinks[0].mixing_fraction == 0.0
        assert kinks[-1].mixing_fraction == 1.0
        assert kinks[0].mutual_energy_eV_per_atom == 0.0
        assert kinks[-1].mutual_energy_eV_per_atom == 0.0


# -- which energy a reactant has ------------------------


def test_a_phase_of_the_table_has_its_own_energy(reference):
    cuf2, lithium = react(reference, "CuF2", "Li").reactants
    assert cuf2["energy_source"] == "phase"
    assert cuf2["energy_eV_per_atom"] == -1.815
    assert cuf2["energy_above_hull_eV_per_atom"] == 0.0
    assert lithium == {
        "input": "Li", "formula": "Li", "energy_eV_per_atom": 0.0, "energy_source": "phase",
        "energy_above_hull_eV_per_atom": 0.0,
    }  # fmt: skip


def test_a_positive_own_energy_counts(reference):
    reaction = react(reference, "Cu3N", "Li")
    nitride = reaction.reactants[0]
    assert nitride["energy_source"] == "phase"
    assert nitride["energy_eV_per_atom"] == 0.190
    assert nitride["energy_above_hull_eV_per_atom"] == pytest.approx(0.190, abs=1e-12)
    # pure Cu3N (x = 1) falls apart into the elements
    assert reaction.kinks[-1].total_energy_eV_per_atom == pytest.approx(-0.190, abs=1e-12)
    assert reaction.kinks[-1].equation == "2 Cu3N -> 6 Cu + N2"


@pytest.mark.parametrize("name", ["LATP", "LAGP"])
def test_a_doped_electrolyte_has_the_hull_energy(reference, name):
    reaction = react(reference, "CuF2", name)
    electrolyte = reaction.reactants[1]
    assert electrolyte["energy_source"] == "hull"
    assert electrolyte["energy_above_hull_eV_per_atom"] == 0.0
    assert reaction.total_energy_eV_per_atom == pytest.approx(
        reaction.min_mutual_energy_eV_per_atom, abs=1e-12
    )


def test_an_energy_above_the_hull_is_added_to_the_hull(reference):
    plain = react(reference, "CuF2", "LATP")
    reaction = react(reference, "CuF2", Material("LATP", energy_above_hull_eV_per_atom=0.029))
    before, after = plain.reactants[1], reaction.reactants[1]
    assert after["energy_source"] == "given"
    assert after["energy_above_hull_eV_per_atom"] == pytest.approx(0.029, abs=1e-12)
    assert after["energy_eV_per_atom"] == pytest.approx(before["energy_eV_per_atom"] + 0.029)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(
        plain.min_mutual_energy_eV_per_atom, abs=1e-12
    ), "the mutual part does not depend on it"
    assert reaction.total_energy_eV_per_atom == pytest.approx(
        plain.total_energy_eV_per_atom - (1 - reaction.mixing_fraction) * 0.029, abs=1e-12
    )


def test_a_given_energy_counts_and_its_phase_competes(lithium_oxide):
    # 1 eV/atom lower than the table: the phase lies on the hull and nothing happens to it
    reaction = react(lithium_oxide, Material("LiO2", energy_eV_per_atom=-2.1), "Li")
    oxide = reaction.reactants[0]
    assert oxide["energy_source"] == "given"
    assert oxide["energy_eV_per_atom"] == -2.1
    assert oxide["energy_above_hull_eV_per_atom"] == 0.0
    assert reaction.kinks[-1].equation == "LiO2 -> LiO2"
    # and above the hull it is where the table has it
    table_says = react(lithium_oxide, "LiO2", "Li")
    given = react(lithium_oxide, Material("LiO2", energy_eV_per_atom=-1.095), "Li")
    assert given.min_mutual_energy_eV_per_atom == pytest.approx(
        table_says.min_mutual_energy_eV_per_atom, abs=1e-12
    )
    assert given.reactants[0]["energy_above_hull_eV_per_atom"] == pytest.approx(0.005, abs=1e-12)


def test_a_mixture_with_a_given_energy_gives_equations_that_balance(reference, assert_balanced):
    reaction = react(reference, Material("Cu + 2 LiF", energy_eV_per_atom=-2.6), "LATP")
    assert reaction.reactants[0]["energy_eV_per_atom"] == -2.6
    for kink in reaction.kinks:
        assert_balanced(kink.equation)


def test_total_and_mutual_energy_differ_by_the_self_decomposition(lithium_oxide):
    reaction = react(lithium_oxide, "LiO3", "Li2O")
    a, b = (r["energy_above_hull_eV_per_atom"] for r in reaction.reactants)
    assert a > 0.9
    for kink in reaction.kinks:
        x = kink.mixing_fraction
        assert kink.total_energy_eV_per_atom == pytest.approx(
            kink.mutual_energy_eV_per_atom - x * a - (1 - x) * b, abs=1e-12
        )
    # Li2O + O2 is what drives LiO3: the mutual part is the synproportionation to Li2O2
    assert reaction.products == {"Li2O2": 5}


def test_a_reaction_worked_out_by_hand(make_table):
    # A + B -> AB at -1 eV/atom; A2B does not exist
    table = make_table({"LiF": -1.0, "Li": 0.0, "F2": 0.0})
    reaction = react(table, "Li", "F2")
    assert reaction.equation == "2 Li + F2 -> 2 LiF"
    assert reaction.mixing_fraction == pytest.approx(0.5, abs=1e-12)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(-1.0, abs=1e-12)
    assert [k.mixing_fraction for k in reaction.kinks] == pytest.approx([0.0, 0.5, 1.0], abs=1e-12)


# -- degenerate pairs ------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("LiF", "Li2O"),  # two stable neighbours
        ("Cu", "LiF"),
        ("Li2O", "Li2O2"),  # binary neighbours
        ("Li", "Li2O"),
        ("O2", "Li2O2"),
        ("CuF2", "CuF2"),  # the same twice
        ("CuF2", "Cu2F4"),
        ("Li", "Li"),
        ("O2", "O3"),
        ("LATP", "LATP"),
        ("Cu + 2 LiF", "Cu"),  # a mixture and one of its parts
    ],
)
def test_reactants_that_coexist_do_not_react_and_say_so(reference, a, b, assert_balanced):
    reaction = react(reference, a, b)
    assert reaction.min_mutual_energy_eV_per_atom == 0.0
    assert reaction.mixing_fraction is None
    assert reaction.total_energy_eV_per_atom is None
    assert reaction.equation is None
    assert reaction.products == {}
    for kink in reaction.kinks:
        assert kink.mutual_energy_eV_per_atom == 0.0
        assert_balanced(kink.equation)


@pytest.mark.parametrize(
    ("a", "b", "equation"),
    [
        ("Li", "O2", "4 Li + O2 -> 2 Li2O"),
        ("Li", "Li2O2", "2 Li + Li2O2 -> 2 Li2O"),  # collinear
        ("Li2O", "O2", "2 Li2O + O2 -> 2 Li2O2"),
        ("CuF2", "Li", "CuF2 + 2 Li -> 2 LiF + Cu"),
        ("LiO8", "Li3O", None),  # neither is a phase; both on one line
    ],
)
def test_elements_and_collinear_reactants_react_along_their_line(
    reference, a, b, equation, assert_balanced
):
    reaction = react(reference, a, b)
    assert reaction.min_mutual_energy_eV_per_atom < -0.01
    if equation:
        assert reaction.equation == equation
    for kink in reaction.kinks:
        assert_balanced(kink.equation)


def test_twelve_elements_at_once(full_table, assert_balanced):
    reaction = react(full_table, "LiNi0.8Mn0.1Co0.1Al0.05O2", "Li9.54Si1.74P1.44S11.7Cl0.3Br0.1")
    elements = reaction.provenance["elements"]
    assert len(elements) == 11
    reaction = react(full_table, "LiNi0.8Mn0.1Co0.1Al0.05F0.1O2", "Li9Si2PS11Cl0.3Br0.1")
    assert len(reaction.provenance["elements"]) == 12
    assert reaction.min_mutual_energy_eV_per_atom < -0.2
    for kink in reaction.kinks:
        assert_balanced(kink.equation)


@pytest.mark.parametrize("formula", ["2 CuF2", "0.5 CuF2", "2CuF2"])
def test_an_amount_before_a_formula_does_not_unbalance_the_equation(
    reference, formula, assert_balanced
):
    reaction = react(reference, formula, "LLZO")
    plain = react(reference, "CuF2", "LLZO")
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(
        plain.min_mutual_energy_eV_per_atom, abs=1e-12
    )
    for kink in reaction.kinks:
        assert_balanced(kink.equation)


ROUNDED = [
    "LiNi0.333333Mn0.333333Co0.333333O2",  # NMC 111 as people write it
    "LiNi0.33334Mn0.33333Co0.33333O2",
    "LiNi0.333Mn0.333Co0.333O2",
    "Li7La3Zr1.9999Ta0.0001O12",  # traces
    "Li7La3Zr1.999999Ta0.000001O12",
    "Li0.0001CoO2",
]


@pytest.mark.parametrize("formula", ROUNDED)
@pytest.mark.parametrize("other", ["LLZO", "CuF2"])
def test_rounded_and_trace_amounts_still_give_an_equation(full_table, imbalance, formula, other):
    """Products below the noise are left out, so these balance to the noise and not exactly."""
    data = react(full_table, formula, other).to_dict()
    assert data["equation"] is None or " -> " in data["equation"]
    for kink in data["kinks"]:
        assert imbalance(kink["equation"]) < 2e-5, kink["equation"]


# -- which phases compete ------------------------


def test_phases_that_nobody_made_are_left_out_by_default_and_named(reference, reference_all):
    usual = react(reference, "Li", "Cu")
    assert usual.min_mutual_energy_eV_per_atom == 0.0
    assert "LiCu3" in usual.provenance["left_out_phases"]
    everything = react(reference_all, "Li", "Cu")
    assert everything.equation == "Li + 3 Cu -> LiCu3"
    assert everything.provenance["left_out_phases"] == []


def test_the_converted_layer_of_cuf2_next_to_latp_with_and_without_the_artefact(
    reference, reference_all
):
    """The example of the issue: between poor and excellent stands LiCu3."""
    usual = react(reference, "Cu + 2 LiF", "LATP").min_mutual_energy_eV_per_atom
    assert usual == pytest.approx(-0.002, abs=1e-3)
    bare = react(reference, "Li", "LATP").min_mutual_energy_eV_per_atom
    assert bare == pytest.approx(-0.637, abs=2e-3)
    mixture = react(reference_all, "LiCu3 + 6 LiF", "LATP").min_mutual_energy_eV_per_atom
    assert mixture == pytest.approx(-0.102, abs=2e-3)
    worst = min(
        react(reference_all, product, "LATP").min_mutual_energy_eV_per_atom
        for product in ("LiCu3", "LiF")
    )
    assert worst == pytest.approx(-0.284, abs=2e-3)


def test_a_left_out_phase_that_is_handed_in_competes(reference):
    reaction = react(reference, "LiCu3", "LATP")
    alloy = reaction.reactants[0]
    assert alloy["energy_source"] == "phase"
    assert alloy["energy_eV_per_atom"] == -0.034
    assert alloy["energy_above_hull_eV_per_atom"] == 0.0
    assert reaction.kinks[-1].equation == "LiCu3 -> LiCu3"
    assert "LiCu3" not in reaction.provenance["left_out_phases"]
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(-0.284, abs=2e-3)
    inside = react(reference, "LiCu3 + 6 LiF", "LATP")
    assert inside.min_mutual_energy_eV_per_atom == pytest.approx(-0.102, abs=2e-3)
    # ... in that question only
    assert react(reference, "Li", "Cu").min_mutual_energy_eV_per_atom == 0.0


@pytest.mark.parametrize(
    ("mixture", "parts"),
    [
        ("Cu + 2 LiF", {"Cu": 1, "LiF": 2}),
        ("3 Cu + Li3N", {"Cu": 3, "Li3N": 1}),
        ("LiAl + 3 LiF", {"LiAl": 1, "LiF": 3}),
    ],
)
def test_a_mixture_has_the_energy_of_its_parts(reference, mixture, parts):
    from pymatgen.core import Composition

    energies = dict(zip(reference.formulas.tolist(), reference.energies.tolist(), strict=True))
    sizes = {formula: Composition(formula).num_atoms for formula in parts}
    expected = sum(n * sizes[f] * energies[f] for f, n in parts.items()) / sum(
        n * sizes[f] for f, n in parts.items()
    )
    unit = react(reference, mixture, "LATP").reactants[0]
    assert unit["energy_source"] == "phase"
    assert unit["energy_eV_per_atom"] == pytest.approx(expected, abs=1e-12)
    assert unit["formula"] == mixture


# -- open to lithium ------------------------


def test_at_a_potential_lithium_comes_from_and_goes_to_the_reservoir(reference, assert_balanced):
    reaction = react(reference, "CuF2", "LATP", potential_V=3.0)
    assert reaction.potential_V == 3.0
    at_cuf2 = reaction.kinks[-1].equation
    assert at_cuf2 == "CuF2 + 2 Li -> 2 LiF + Cu"
    for kink in reaction.kinks:
        assert_balanced(kink.equation)


def test_the_total_energy_at_a_potential_counts_the_lithium_taken_up(reference, equation_sides):
    """Energy of the equation as written, with Li at -V, per atom of both reactants."""
    from pymatgen.core import Composition

    energies = dict(zip(reference.formulas.tolist(), reference.energies.tolist(), strict=True))
    for potential in (0.0, 0.7, 2.2, 4.0):
        reaction = react(reference, "CuF2", "Li7La3Zr2O12", potential_V=potential)
        own = {r["formula"]: r["energy_eV_per_atom"] for r in reaction.reactants}
        for kink in reaction.kinks:
            left, right = equation_sides(kink.equation)
            atoms = sum(float(left.get(f, 0)) * Composition(f).num_atoms for f in own)
            energy = 0.0
            for side, sign in ((left, -1), (right, 1)):
                for formula, amount in side.items():
                    if formula == "Li":
                        per_atom = -potential
                    else:
                        per_atom = own.get(formula, energies[formula])
                    size = Composition(formula).num_atoms
                    energy += sign * float(amount) * size * per_atom
            assert kink.total_energy_eV_per_atom == pytest.approx(energy / atoms, abs=1e-9)


def test_the_mutual_energy_at_a_high_potential_is_the_one_without_lithium(make_table):
    # far above every voltage no phase keeps Li, so LiF and Li2O meet as F2 and O2
    table = make_table({"LiF": -3.0, "Li2O": -2.0, "OF2": -0.5, "Li": 0, "F2": 0, "O2": 0})
    reaction = react(table, "LiF", "Li2O", potential_V=50.0)
    assert reaction.equation == "2 LiF + Li2O -> 4 Li + OF2"
    # half the atoms of LiF and a third of those of Li2O stay: 2 F for 1 O at x = 4/7
    assert reaction.mixing_fraction == pytest.approx(4 / 7, abs=1e-12)
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(-0.5 * 3 / 7, abs=1e-12)


def test_lithium_as_a_reactant_at_a_potential_changes_nothing(reference, assert_balanced):
    for potential in (0.0, 0.5):
        reaction = react(reference, "Li", "LLZO", potential_V=potential)
        assert reaction.min_mutual_energy_eV_per_atom == 0.0
        for kink in reaction.kinks:
            assert_balanced(kink.equation)


def test_the_energy_of_a_reactant_does_not_depend_on_the_potential(reference):
    closed = react(reference, "CuF2", "LATP").reactants
    opened = react(reference, "CuF2", "LATP", potential_V=1.3).reactants
    for one, other in zip(closed, opened, strict=True):
        assert one["energy_source"] == other["energy_source"]
        for key in ("energy_eV_per_atom", "energy_above_hull_eV_per_atom"):
            assert one[key] == pytest.approx(other[key], abs=1e-12)


# -- what is refused ------------------------


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("cuf2", "LLZO", ["cuf2", "did you mean CuF2"]),
        ("CuF2", "LLZ0", ["LLZ0", "did you mean LLZO"]),
        ("XeF2", "LLZO", ["Xe", "small set", "Li", "Zr"]),
        ("CuF-2", "LLZO", ["CuF-2", "negative amount"]),
        ("CuF0", "LLZO", ["CuF0", "zero"]),
        ("0 Cu + LiF", "LLZO", ["0 Cu", "not positive"]),
        ("", "LLZO", ["empty"]),
        ("CuF2", False, ["False", "NO"]),
        ("Cu ++ LiF", "LLZO", ["Cu ++ LiF"]),
    ],
)
def test_reactants_that_cannot_be_read_are_refused_by_value(reference, a, b, says):
    with pytest.raises(InputError) as caught:
        react(reference, a, b)
    message = str(caught.value)
    assert "\n" not in message
    for part in says:
        assert part in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("potential", [-0.6, float("nan"), float("inf"), -float("inf"), 1e6])
def test_potentials_that_make_no_sense_are_refused(reference, potential):
    with pytest.raises(InputError, match="potential"):
        react(reference, "CuF2", "LLZO", potential_V=potential)


def test_two_times_lithium_at_a_potential_is_refused(reference):
    with pytest.raises(InputError, match="both reactants are Li"):
        react(reference, "Li", "Li", potential_V=0.5)


def test_a_source_without_lithium_cannot_answer_at_a_potential(make_table):
    table = make_table({"CuF2": -1.8, "Cu": 0.0, "F2": 0.0})
    with pytest.raises(InputError, match="Li"):
        react(table, "CuF2", "Cu", potential_V=0.5)


def test_an_element_with_a_given_negative_energy_is_refused(reference):
    """The elements are the zero of energy; another zero for one of them breaks every voltage."""
    with pytest.raises(InputError, match="Li"):
        react(reference, Material("Li", energy_eV_per_atom=-0.5), "LLZO")


def test_the_curve_is_given_without_numbers_that_are_none(reference):
    for potential in (None, 0.0, 1.0):
        for kink in react(reference, "CuF2", "LAGP", potential_V=potential).kinks:
            assert np.isfinite(kink.mutual_energy_eV_per_atom)
            assert np.isfinite(kink.total_energy_eV_per_atom)


def test_components_of_a_mixture_may_be_names_with_blanks_around_the_plus(reference):
    named = react(reference, "LATP + LiF", "Li")
    written = react(reference, "Li1.3Al0.3Ti1.7(PO4)3 + LiF", "Li")
    assert named.min_mutual_energy_eV_per_atom == written.min_mutual_energy_eV_per_atom
    assert named.reactants[0]["formula"] == "Li1.3Al0.3Ti1.7(PO4)3 + LiF"
    with pytest.raises(InputError, match="blanks around its plus"):
        react(reference, "Li1.3Al0.3Ti1.7(PO4)3+LiF", "Li")


def test_component_without_a_phase_has_the_hull_energy_of_its_own_composition(reference):
    mixture = react(reference, "LATP + CuF2", "Li").reactants[0]
    alone = react(reference, "LATP", "Li").reactants[0]["energy_eV_per_atom"]
    fluoride = react(reference, "CuF2", "Li").reactants[0]["energy_eV_per_atom"]
    n_latp, n_fluoride = 18.3, 3
    expected = (n_latp * alone + n_fluoride * fluoride) / (n_latp + n_fluoride)
    assert mixture["energy_eV_per_atom"] == pytest.approx(expected)
    assert mixture["energy_source"] == "hull"
    # the two react with each other: the mixture lies above its hull
    assert mixture["energy_above_hull_eV_per_atom"] > 0.01


def test_energies_per_formula_unit_are_those_of_the_equation(reference):
    reaction = react(reference, "Li", "CuF2")
    # 2 Li + CuF2 -> 2 LiF + Cu: 2 (-3.181) 2 - (-1.815) 3 = -7.279 eV per CuF2
    assert reaction.best.total_energy_per_formula(1) == pytest.approx(-7.279)
    assert reaction.best.total_energy_per_formula(0) == pytest.approx(-7.279 / 2)
    frame = reaction.to_frame()
    assert frame["total_energy_eV_per_formula_a"].isna().sum() == 1  # no Li at that end
    assert frame["mutual_energy_kJ_per_mol"].min() == pytest.approx(
        96.485 * reaction.min_mutual_energy_eV_per_atom, rel=1e-5
    )


def test_an_identifier_is_the_phase_that_the_source_has_under_it(reference):
    import pandas as pd

    import interscreen as si

    rows = {
        "id": ["mp-1", "mp-2", "mp-3", "mp-4", "mp-5", "mp-6"],
        "formula": ["Li", "F2", "Cu", "LiF", "CuF2", "CuF2"],
        "formation_energy_eV_per_atom": [0.0, 0.0, 0.0, -3.18, -1.81, -1.80],
    }
    db = si.load(pd.DataFrame(rows))
    found = db.reaction("mp-5", "Li")
    assert found.equation == "CuF2 + 2 Li -> 2 LiF + Cu"
    assert found.min_mutual_energy_eV_per_atom == pytest.approx((-2 * 3.18 * 2 + 3 * 1.81) / 5)
    assert db.stack("mp-5", "LiF").candidate == "mp-5"
    with pytest.raises(InputError, match="keeps the lowest structure of each formula it holds"):
        db.window("mp-6")
    with pytest.raises(InputError, match="states none"):
        react(reference, "mp-5", "Li")
