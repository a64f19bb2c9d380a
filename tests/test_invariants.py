"""What must hold for any material and any pair, on a small set."""

from __future__ import annotations

import csv
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interscreen import Material, lithiate, react, stability_window
from interscreen.engine.walk import lowest_energy
from interscreen.phases.formula import parse_formula
from interscreen.phases.material import compose

EXAMPLES = settings().max_examples  # of the profile: few in make test, 100 in make proofs

_LINES = (Path(__file__).parent / "small_set.csv").read_text().splitlines()
FORMULAS = sorted(
    row["formula"] for row in csv.DictReader(line for line in _LINES if not line.startswith("#"))
)
DOPED = [
    "LATP", "LAGP", "Li0.5CuF2", "Li6.5La3Zr1.5Nb0.5O12", "Li3.25Ge0.25P0.75S4", "LiSnF3",
    "Li0.1Al0.9N", "Cu2.95N", "Li7La3Zr2O11.5F0.5",
]  # fmt: skip
MIXTURES = ["Cu + 2 LiF", "3 Cu + Li3N", "Li9Al4 + 12 LiF", "Cu + Li2S", "0.5 Mg + LiF"]

formulas = st.sampled_from(FORMULAS)
materials = st.one_of(formulas, st.sampled_from(DOPED + MIXTURES))
potentials = st.one_of(st.none(), st.just(0.0), st.floats(0.0, 5.0).map(lambda v: round(v, 3)))


def few(a, b, most=9):
    """Whether a pair has no more elements than that (bigger systems only take longer)."""
    elements = {s for text in (a, b) for s in compose_any(text).elements}
    return len(elements) <= most


def compose_any(text):
    from interscreen.phases.material import resolve

    return resolve(text)[1]


def curve(reaction):
    x = np.array([kink.mixing_fraction for kink in reaction.kinks])
    return (
        x,
        np.array([kink.mutual_energy_eV_per_atom for kink in reaction.kinks]),
        np.array([kink.total_energy_eV_per_atom for kink in reaction.kinks]),
    )


@given(materials, materials, potentials)
@settings(max_examples=6 * EXAMPLES)
def test_the_mutual_curve_is_convex_negative_and_zero_at_both_ends(reference, a, b, potential):
    assume(few(a, b))
    if potential is not None:
        assume(not {a, b} <= {"Li"})
    x, mutual, total = curve(react(reference, a, b, potential_V=potential))
    assert x[0] == 0.0
    assert x[-1] == 1.0
    assert np.all(np.diff(x) > 1e-9)
    assert mutual[0] == pytest.approx(0.0, abs=1e-12)
    assert mutual[-1] == pytest.approx(0.0, abs=1e-12)
    assert np.all(mutual <= 1e-12)
    slopes = np.diff(mutual) / np.diff(x)
    assert np.all(np.diff(slopes) > 1e-10), "every point in between is a kink"
    straight = total - mutual
    np.testing.assert_allclose(straight, straight[0] + x * (straight[-1] - straight[0]), atol=1e-10)
    if potential is None:
        assert np.all(total <= mutual + 1e-10), "self-decomposition never costs energy"


@given(materials, materials, potentials)
@settings(max_examples=3 * EXAMPLES // 2)
def test_the_curve_is_mirrored_when_the_reactants_are_swapped(reference, a, b, potential):
    assume(few(a, b) and not (potential is not None and {a, b} <= {"Li"}))
    one = react(reference, a, b, potential_V=potential)
    other = react(reference, b, a, potential_V=potential)
    for left, right in zip(curve(one)[1:], curve(other)[1:], strict=True):
        np.testing.assert_allclose(left, right[::-1], atol=1e-10)
    np.testing.assert_allclose(curve(one)[0], 1.0 - curve(other)[0][::-1], atol=1e-9)
    assert one.reactants[0]["energy_eV_per_atom"] == pytest.approx(
        other.reactants[1]["energy_eV_per_atom"], abs=1e-12
    )
    # a tie between two kinks may fall either way; otherwise the same reaction is the best one
    first, second = sorted(k.mutual_energy_eV_per_atom for k in (*one.kinks, one.kinks[0]))[:2]
    if one.mixing_fraction is not None and second - first > 1e-8:
        assert one.products.keys() == other.products.keys()
        assert one.mixing_fraction == pytest.approx(1.0 - other.mixing_fraction, abs=1e-9)


def scaled(formula, factor):
    """The same composition as another formula unit, written as plain amounts."""
    amounts = parse_formula(formula).amounts
    return "".join(f"{symbol}{float(amount * factor):g}" for symbol, amount in amounts)


@given(
    formulas, formulas, st.sampled_from([2, 3, 7, Fraction(1, 2), Fraction(1, 4), Fraction(5, 2)])
)
@settings(max_examples=3 * EXAMPLES // 2)
def test_nothing_changes_when_a_formula_is_scaled(reference, a, b, factor):
    assume(few(a, b))
    one = react(reference, a, b)
    other = react(reference, scaled(a, factor), b)
    for left, right in zip(curve(one), curve(other), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-9)
    assert other.reactants[0]["energy_source"] == "phase"
    assert [k.products.keys() for k in one.kinks] == [k.products.keys() for k in other.kinks]
    window, again = (stability_window(reference, f) for f in (a, scaled(a, factor)))
    assert window.assemblage_window_V == pytest.approx(again.assemblage_window_V, abs=1e-9)


@given(
    st.sampled_from(["LATP", "LAGP", "Li0.5CuF2"]),
    formulas,
    st.sampled_from([2, 10, Fraction(1, 2)]),
)
@settings(max_examples=2 * EXAMPLES // 5)
def test_nothing_changes_when_a_doped_formula_is_scaled(reference, a, b, factor):
    formula = {"LATP": "Li1.3Al0.3Ti1.7(PO4)3", "LAGP": "Li1.5Al0.5Ge1.5(PO4)3"}.get(a, a)
    assume(few(formula, b))
    one, other = react(reference, a, b), react(reference, scaled(formula, factor), b)
    for left, right in zip(curve(one), curve(other), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-9)
    assert other.reactants[0]["energy_source"] == one.reactants[0]["energy_source"]


@given(materials, materials, potentials)
@settings(max_examples=6 * EXAMPLES)
def test_every_equation_balances_and_has_the_energy_it_claims(
    reference, assert_balanced, equation_sides, a, b, potential
):
    """Atoms on both sides, the mixing fraction and the total energy, read back from the text."""
    from pymatgen.core import Composition

    assume(few(a, b) and not (potential is not None and {a, b} <= {"Li"}))
    energies = dict(zip(reference.formulas.tolist(), reference.energies.tolist(), strict=True))
    reaction = react(reference, a, b, potential_V=potential)
    own = {r["formula"]: r["energy_eV_per_atom"] for r in reaction.reactants}
    sizes = {r["formula"]: float(compose(r["formula"]).n_atoms) for r in reaction.reactants}
    for kink in reaction.kinks:
        assert_balanced(kink.equation)
        if potential is not None and "Li" in own:
            continue  # Li of the reservoir and Li as a reactant look the same in the text
        left, right = equation_sides(kink.equation)
        left = {text[1:-1] if " + " in text else text: n for text, n in left.items()}
        assert kink.products == pytest.approx({f: float(n) for f, n in right.items()}, rel=1e-5)
        atoms = {f: float(left.get(f, 0)) * size for f, size in sizes.items()}
        total = sum(atoms.values())
        energy = -sum(atoms[f] * own[f] for f in atoms)
        for formula, amount in right.items():
            if formula == "Li" and potential is not None:
                per_atom = -potential
            else:
                per_atom = energies.get(formula, own.get(formula))
            energy += float(amount) * Composition(formula).num_atoms * per_atom
        if potential is not None:
            energy += float(left.get("Li", 0)) * potential
        # numbers over 99,999 are written with six digits
        assert kink.total_energy_eV_per_atom == pytest.approx(
            energy / total,
            abs=1e-9
            if max(left.values()).denominator == 1 and min(right.values()).denominator == 1
            else 1e-4,
        )
        if len(sizes) == 2:
            share = atoms[reaction.reactants[0]["formula"]] / total
            assert kink.mixing_fraction == pytest.approx(share, abs=1e-5)


# -- hull energies ------------------------

ELEMENTS = ["Li", "Al", "P", "O", "F"]


@given(
    st.lists(st.sampled_from(FORMULAS), min_size=2, max_size=40, unique=True),
    st.tuples(*[st.integers(0, 6) for _ in ELEMENTS]).filter(any),
    st.floats(-5.0, 0.5),
    st.lists(st.integers(0, 9), min_size=len(ELEMENTS), max_size=len(ELEMENTS)).filter(any),
)
@settings(max_examples=3 * EXAMPLES // 2)
def test_adding_a_phase_never_raises_a_hull_energy(
    reference, make_table, some, added, energy, amounts
):
    energies = dict(zip(reference.formulas.tolist(), reference.energies.tolist(), strict=True))
    base = {**dict.fromkeys(ELEMENTS, 0.0), **{f: energies[f] for f in some}}
    # all phases of the system, and as many others that do not matter
    base |= {f: e for f, e in energies.items() if set(compose(f).elements) <= {"Li", "P", "O"}}
    formula = "".join(f"{s}{n}" for s, n in zip(ELEMENTS, added, strict=True) if n)
    if sum(n > 0 for n in added) == 1:
        energy = abs(energy)  # an element may not lie below zero
    before, after = make_table(base), make_table({**base, f"({formula})1": energy})
    point = np.array(amounts, dtype=float) / sum(amounts)
    found = []
    for table in (before, after):
        system = table.within(ELEMENTS)
        order = [ELEMENTS.index(symbol) for symbol in system.elements]
        found.append(lowest_energy(system.columns, system.energies, point[order]).energy)
    assert found[1] <= found[0] + 1e-12
    assert found[0] <= 1e-12, "the elements are always possible"


@given(materials, materials)
@settings(max_examples=3 * EXAMPLES // 5)
def test_counting_the_left_out_phases_never_raises_a_hull_energy(reference, reference_all, a, b):
    assume(few(a, b))
    usual, everything = react(reference, a, b), react(reference_all, a, b)
    for one, other in zip(usual.reactants, everything.reactants, strict=True):
        hull = [r["energy_eV_per_atom"] - r["energy_above_hull_eV_per_atom"] for r in (one, other)]
        assert hull[1] <= hull[0] + 1e-10


# -- windows and lithiation ------------------------


@given(materials)
@settings(max_examples=2 * EXAMPLES)
def test_windows_are_ordered_and_empty_exactly_above_the_hull(reference, material):
    window = stability_window(reference, material)
    reduction, oxidation = window.assemblage_window_V
    assert reduction >= 0.0
    assert oxidation is None or oxidation >= reduction
    assert (oxidation is None) == (compose_any(material).amount("Li") == 0)
    above = window.energy_above_hull_eV_per_atom > 0 or window.energy_source == "hull"
    assert (window.phase_window_V is None) == above
    assert bool(window.phase_window_reason) == above
    if window.phase_window_V is not None:
        assert window.phase_window_V == window.assemblage_window_V
    assert (window.reduction_products == ()) == (reduction == 0.0)
    # the material together with Li metal can only gain, from the hull downwards
    at_zero = window.decomposition_energy_0V_eV_per_atom
    assert at_zero <= 1e-9 - window.energy_above_hull_eV_per_atom
    if window.energy_above_hull_eV_per_atom == 0.0:
        assert (at_zero == 0.0) == (reduction == 0.0)


@given(materials, st.floats(0.001, 0.5))
@settings(max_examples=3 * EXAMPLES // 5)
def test_an_energy_above_the_hull_takes_the_window_of_the_phase_but_not_of_the_assemblage(
    reference, material, above
):
    from interscreen.phases.material import resolve

    text = resolve(material)[0].formula
    # left-out phases and positive ones are compared as the hull has them
    on_hull = stability_window(reference, Material(text, energy_above_hull_eV_per_atom=0.0))
    lifted = stability_window(reference, Material(text, energy_above_hull_eV_per_atom=above))
    assert on_hull.phase_window_V == on_hull.assemblage_window_V
    assert lifted.phase_window_V is None
    assert lifted.assemblage_window_V == on_hull.assemblage_window_V
    assert lifted.decomposition_energy_0V_eV_per_atom == pytest.approx(
        on_hull.decomposition_energy_0V_eV_per_atom - above, abs=1e-9
    )


@given(materials)
@settings(max_examples=2 * EXAMPLES)
def test_lithiation_falls_in_voltage_rises_in_capacity_and_conserves_atoms(reference, material):
    path = lithiate(reference, material)
    unit = compose_any(material)
    window = stability_window(reference, material)
    voltages = [step.voltage_V for step in path.steps]
    assert all(high > low for high, low in pairwise(voltages))
    assert all(voltage > 0 for voltage in voltages)
    capacities = [0.0] + [step.capacity_mAh_per_g for step in path.steps]
    assert all(less < more for less, more in pairwise(capacities))
    if path.steps:
        assert path.steps[0].li_per_formula_start == pytest.approx(
            float(unit.amount("Li")), abs=1e-12
        )
        assert voltages[0] == pytest.approx(window.assemblage_window_V[0], abs=1e-12)
        assert set(path.steps[0].products) == set(window.reduction_products)
    for before, after in pairwise(path.steps):
        assert before.li_per_formula_end == after.li_per_formula_start
    for step in path.steps:
        assert step.li_per_formula_end > step.li_per_formula_start
        atoms: dict[str, float] = {}
        for formula, number in step.products.items():
            for symbol, count in compose(formula).amounts:
                atoms[symbol] = atoms.get(symbol, 0.0) + number * float(count)
        expected = {symbol: float(amount) for symbol, amount in unit.amounts}
        expected["Li"] = step.li_per_formula_end
        assert atoms == pytest.approx(expected, abs=1e-6)
    # energy released on the way = energy of the conversion at 0 V
    released = sum(
        s.voltage_V * (s.li_per_formula_end - s.li_per_formula_start) for s in path.steps
    )
    n_atoms = float(unit.n_atoms)
    assert window.decomposition_energy_0V_eV_per_atom == pytest.approx(
        -released / n_atoms - window.energy_above_hull_eV_per_atom, abs=1e-8
    )
    assert set(path.final_products) == set(path.final_amounts)
