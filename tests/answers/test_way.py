"""A layer on its way to Li metal: every state of charge, exactly, and one potential."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import interscreen as si
from interscreen import InputError, lithiate, profile, react
from interscreen.answers.stack import stack
from interscreen.answers.way import at_potential, layer_way
from interscreen.sources.embedded import embedded_table

PAIRS = [
    (layer, electrolyte)
    for layer in ("CuF2", "AlF3", "CuS", "Cu3N", "LiF", "Cu + 2 LiF")
    for electrolyte in ("LLZO", "LATP")
]


@pytest.fixture(scope="module")
def embedded(_own_folders):
    return embedded_table()


@pytest.mark.parametrize(("layer", "electrolyte"), PAIRS)
def test_every_state_is_a_reaction_of_its_own(embedded, layer, electrolyte):
    """Also those in the middle of a plateau: their mixture reacts by exactly what is said."""
    for state in layer_way(embedded, layer, electrolyte).states:
        again = react(embedded, state.layer, electrolyte).min_mutual_energy_eV_per_atom
        assert state.mutual_eV_per_atom == pytest.approx(again, abs=1e-9)


@pytest.mark.parametrize(("layer", "electrolyte"), PAIRS)
def test_the_way_goes_from_the_deposited_to_the_converted_layer(embedded, layer, electrolyte):
    way, found = (ask(embedded, layer, electrolyte) for ask in (layer_way, stack))
    assert way.states[0].mutual_eV_per_atom == pytest.approx(found.deposited.energy, abs=1e-9)
    assert way.states[-1].mutual_eV_per_atom == pytest.approx(found.layer.energy, abs=1e-9)
    path = lithiate(embedded, layer)
    between = [state for state in way.states if state.to_V is None or state.from_V < state.to_V]
    assert len(between) == len(path.steps) + 1
    for state, step in zip(between[1:], path.steps, strict=True):
        assert state.to_V == pytest.approx(step.voltage_V, abs=1e-9)
        taken = step.li_per_formula_end - path.steps[0].li_per_formula_start
        assert state.li_taken_up == pytest.approx(taken, abs=1e-9)
        assert state.phases == pytest.approx(step.products, abs=1e-9)
    assert found.way.to_dict() == way.to_dict()


@pytest.mark.parametrize(("layer", "electrolyte"), PAIRS)
def test_no_mixture_on_a_plateau_reacts_more_than_the_worst_state(embedded, layer, electrolyte):
    """A grid is never below the exact minimum, and comes near to it where it is fine."""
    way = layer_way(embedded, layer, electrolyte)
    ends = [state for state in way.states if state.to_V is None or state.from_V < state.to_V]
    worst = min(state.mutual_eV_per_atom for state in way.states)
    lowest = min(state.mutual_eV_per_atom for state in ends)
    for one, other in itertools.pairwise(ends):
        for share in np.linspace(0.1, 0.9, 9):
            parts = [
                (f"{(1 - share):.6f}", list(one.phases.items())),
                (f"{share:.6f}", list(other.phases.items())),
            ]
            mixture = " + ".join(
                f"{float(factor) * amount:.9f} {name}"
                for factor, phases in parts
                for name, amount in phases
                if float(factor) * amount > 1e-6
            )
            contact = react(embedded, mixture, electrolyte).min_mutual_energy_eV_per_atom
            assert contact >= worst - 1e-8
            lowest = min(lowest, contact)
    if len(ends) > 1:
        assert lowest == pytest.approx(worst, abs=0.003)


def test_half_converted_copper_fluoride_is_worse_on_latp_than_before_and_after(embedded):
    """-51.0 as deposited, -1.8 with Li, but -65.8 meV/atom where 19 % of it are converted."""
    way = layer_way(embedded, "CuF2", "LATP")
    contacts = [1000 * state.mutual_eV_per_atom for state in way.states]
    assert contacts == pytest.approx([-51.0, -65.8, -1.8], abs=0.1)
    assert way.worst is way.states[1]
    assert way.worst.layer == "7 Cu + 30 CuF2 + 14 LiF"
    assert way.worst.li_taken_up == pytest.approx(14 / 37)  # per CuF2
    assert way.worst_potential_V == pytest.approx(lithiate(embedded, "CuF2").steps[0].voltage_V)


def test_the_worst_state_as_deposited_has_no_potential(embedded):
    way = layer_way(embedded, "AlF3", "LLZO")
    assert way.worst.layer == "AlF3"
    assert way.worst_potential_V is None
    assert [round(1000 * state.mutual_eV_per_atom) for state in way.states] == [
        -209, -139, -53, -31, -26, -27, -26,
    ]  # fmt: skip


@pytest.mark.parametrize("volts", [0.0, 0.1, 1.2, 2.5, 3.639, 4.5])
def test_at_a_potential_the_interface_is_that_of_reaction_and_profile(embedded, volts):
    found = at_potential(embedded, "CuF2", "LATP", volts)
    opened = react(embedded, "CuF2", "LATP", volts)
    assert found.open_mutual_eV_per_atom == opened.min_mutual_energy_eV_per_atom
    curve = profile(embedded, "CuF2", "LATP", 0.0, 5.0)
    at = [point.potential_V for point in curve.points]
    energy = np.interp(volts, at, [point.mutual_eV_per_atom for point in curve.points])
    assert found.open_mutual_eV_per_atom == pytest.approx(energy, abs=1e-9)
    alone = [one.energy_eV_per_atom for one in opened.self_decomposition]
    said = found.to_dict()["self_decomposition"]
    assert [said[side]["energy_eV_per_atom"] for side in ("candidate", "electrolyte")] == alone
    closed = react(embedded, found.state.layer, "LATP").min_mutual_energy_eV_per_atom
    assert found.state.mutual_eV_per_atom == pytest.approx(closed, abs=1e-9)
    for phase, contact in found.products.items():
        assert contact == react(embedded, phase, "LATP").min_mutual_energy_eV_per_atom


def test_at_a_potential_the_layer_is_that_of_its_path(embedded):
    step = lithiate(embedded, "CuS").steps[0]
    above, below = (
        at_potential(embedded, "CuS", "LAGP", step.voltage_V + shift) for shift in (1e-6, -1e-6)
    )
    on = at_potential(embedded, "CuS", "LAGP", step.voltage_V)
    assert above.state.layer == "CuS"
    assert below.state.phases == pytest.approx(step.products)
    assert on.plateau
    assert not above.plateau
    assert not below.plateau
    assert on.state.layer == "CuS"


def test_the_first_state_is_the_candidate_itself(embedded):
    """Also one that lies above the hull, and one that is made of several phases."""
    assert layer_way(embedded, "Cu3N", "LATP").states[0].phases == {"Cu3N": 1.0}
    assert layer_way(embedded, "Cu + 2 LiF", "LATP").states[0].phases == {"Cu": 1.0, "LiF": 2.0}
    assert at_potential(embedded, "Cu3N", "LATP", 3.0).state.phases == {"Cu3N": 1.0}


@pytest.mark.parametrize("layer", ["LiOH", "Cu3N", "CuF2"])
def test_gases_that_form_at_a_temperature_are_no_part_of_the_layer(embedded, layer):
    warm = si.Database(embedded).at(900.0)
    found = warm.stack(layer, "LATP")
    for state in found.way.states:
        assert not any(name.endswith("(g)") for name in state.phases)
        again = warm.reaction(state.layer, "LATP").min_mutual_energy_eV_per_atom
        assert state.mutual_eV_per_atom == pytest.approx(again, abs=1e-8)
    assert found.way.states[0].mutual_eV_per_atom == pytest.approx(found.deposited.energy, abs=1e-9)
    assert found.way.states[-1].mutual_eV_per_atom == pytest.approx(found.layer.energy, abs=1e-9)


@pytest.mark.parametrize(
    ("anode", "ion", "layer"),
    [("0.6V", "Li", "SnF2"), ("", "Na", "SnF2"), ("4.5V", "Li", "LiCoO2"), ("0.5V", "Na", "CuS")],
)
def test_the_way_ends_at_the_anode(embedded, anode, ion, layer):
    """Also at one that is no metal, of another ion, and one that takes Li out of the layer."""
    electrolyte = "LATP" if ion == "Li" else "Na3Zr2Si2PO12"
    db = si.Database(embedded)
    found = db.stack(layer, electrolyte, anode=anode, ion=ion, potential_V=1.0)
    last = found.way.states[-1]
    assert found.way.ion == ion
    assert last.mutual_eV_per_atom == pytest.approx(found.layer.energy, abs=1e-9)
    assert last.phases == pytest.approx(found.lithiation.final_amounts, abs=1e-9)
    assert (last.li_taken_up < 0.0) == (layer == "LiCoO2")
    opened = found.at_potential.opened
    assert list(opened.open_elements) == [ion]
    alone = db.against("", ion=ion).reaction(layer, electrolyte, potential_V=1.0)
    assert opened.min_mutual_energy_eV_per_atom == alone.min_mutual_energy_eV_per_atom


def test_beside_gases_that_are_named_there_is_no_way(embedded):
    warm = si.Database(embedded).at("500C", {"O2": 0.21})
    assert warm.stack("CuF2", "LATP").way is None
    with pytest.raises(InputError, match="leave --potential or --gas out"):
        warm.stack("CuF2", "LATP", potential_V=1.0)


def test_above_its_window_the_layer_is_what_oxidation_leaves(embedded):
    assert at_potential(embedded, "LiF", "LLZO", 7.0).state.layer == "F2"
    with pytest.raises(InputError, match="potential"):
        at_potential(embedded, "LiF", "LLZO", -1.0)
