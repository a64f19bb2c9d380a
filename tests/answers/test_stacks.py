"""Li | candidate | electrolyte: every contact, before and after conversion."""

import dataclasses

import pytest

from interscreen import Material, react, stability_window
from interscreen.answers.stack import is_lithium_salt, stack
from interscreen.phases.formula import split_mixture


def energies(found):
    return {contact.label: 1000 * contact.energy for contact in found.contacts}


def test_converted_copper_fluoride_protects_latp(reference):
    found = stack(reference, "CuF2", "LATP")
    assert found.lithiation.final_products == ("Cu", "LiF")
    assert energies(found) == pytest.approx(
        {
            "Li | LATP": -636.9,
            "Li | CuF2": -1455.8,
            "CuF2 | LATP": -51.4,
            "Cu + 2 LiF | LATP": -1.8,
            "Cu | LATP": 0.0,
            "LiF | LATP": -1.9,
        },
        abs=0.1,
    )
    assert found.worst_product.label == "LiF | LATP"


def test_never_observed_phase_turns_the_answer(reference_all):
    found = stack(reference_all, "CuF2", "LATP")
    assert found.lithiation.final_products == ("LiCu3", "LiF")
    assert found.layer.label == "LiCu3 + 6 LiF | LATP"
    assert 1000 * found.layer.energy == pytest.approx(-102, abs=0.5)
    assert found.worst_product.label == "LiCu3 | LATP"
    assert 1000 * found.worst_product.energy == pytest.approx(-284, abs=0.5)


def test_contacts_are_the_reactions_of_their_sides(reference):
    found = stack(reference, "CuS", "LAGP")
    for contact in found.contacts:
        a, b = contact.label.split(" | ")
        again = react(reference, a, b)
        assert contact.energy == pytest.approx(again.min_mutual_energy_eV_per_atom, abs=1e-12)
        assert contact.reaction.equation == again.equation


def test_layer_is_the_lithiated_composition(reference):
    found = stack(reference, "AlF3", "LLZO")
    assert found.layer.label == "Li9Al4 + 12 LiF | LLZO"
    assert found.lithiation.final_amounts == pytest.approx({"Li9Al4": 0.25, "LiF": 3.0})


def test_bridge_is_the_salt_that_reaches_highest(reference):
    found = stack(reference, "AlF3", "LATP")
    fluoride = stability_window(reference, "LiF")
    electrolyte = stability_window(reference, "LATP")
    assert found.bridge_product == "LiF"  # not the alloy Li9Al4
    assert found.bridge_margin_V == pytest.approx(
        fluoride.tolerance_window_V[1] - electrolyte.tolerance_window_V[0]
    )
    assert found.bridge_margin_V > 4


def test_without_a_salt_the_bridge_misses_the_whole_reduction_limit(reference):
    found = stack(reference, "Al", "LATP")
    assert found.bridge_product is None
    assert found.bridge_margin_V == -stability_window(reference, "LATP").tolerance_window_V[0]


def test_nitride_does_not_bridge_to_latp(reference):
    assert stack(reference, "Cu3N", "LATP").bridge_margin_V < -1


def test_inert_coating_is_its_own_layer(reference):
    found = stack(reference, "LiF", "LATP")
    assert found.lithium.energy == 0.0
    assert not found.lithiation.steps
    assert found.layer.energy == found.deposited.energy
    assert found.layer.label == found.deposited.label == "LiF | LATP"


@pytest.mark.parametrize(
    ("formula", "salt"),
    [("LiF", True), ("Li3N", True), ("Li9Al4", False), ("Li15Ge4", False), ("Cu", False),
     ("Cu2S", False), ("Li3PO4", True), ("LiC6", False), ("Li2C2", False), ("Li2CO3", True),
     ("Li2CN2", True), ("LiH", True), ("Li2Te", True), ("Li3Sb", False)],
)  # fmt: skip
def test_salt_holds_lithium_and_a_nonmetal(formula, salt):
    assert is_lithium_salt(formula) is salt


def test_stack_turns_into_plain_data(reference):
    found = stack(reference, "CuF2", "LLZO")
    data = found.to_dict()
    assert [contact["kind"] for contact in data["products"]] == ["product", "product"]
    assert data["layer"]["reaction"]["reactants"][0]["formula"] == "Cu + 2 LiF"
    frame = found.to_frame()
    assert list(frame["contact_kind"])[:4] == ["bare", "lithium", "deposited", "layer"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.candidate = "other"


def test_stable_candidate_keeps_the_energy_given_for_it(reference):
    given = Material("LiF", energy_eV_per_atom=-3.3, name="my salt")
    found = stack(reference, given, "LATP")
    assert not found.lithiation.steps
    (product,) = found.products
    assert product.energy == found.deposited.energy == found.layer.energy
    assert product.reaction.reactants[0]["energy_source"] == "given"


def test_stable_mixture_with_a_given_energy_is_a_layer(reference):
    found = stack(reference, Material("Cu + 2 LiF", energy_eV_per_atom=-2.7), "LATP")
    assert [contact.label for contact in found.products] == ["Cu + 2 LiF | LATP"]
    assert found.bridge_product == "Cu + 2 LiF"


def test_the_layer_of_a_mixture_by_mass_has_readable_numbers_and_the_ratios_of_its_path(reference):
    found = stack(reference, "83 wt% CuF2 + 17 wt% AlF3", "LLZO")
    layer = found.layer.label.split(" | ")[0]
    numbers = {name: float(n) for n, name in split_mixture(layer)}
    assert min(numbers.values()) == 1.0
    assert max(numbers.values()) < 100.0
    exact = found.lithiation.final_amounts
    units = exact[min(exact, key=exact.get)]
    assert {name: n * units for name, n in numbers.items()} == pytest.approx(exact, rel=1e-3)
