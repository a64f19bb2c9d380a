"""Two layers one upon the other: their contacts are those of single questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

import interscreen as si
from interscreen import react
from interscreen.answers.two_layers import two_layers
from interscreen.screen.judge import judged_layers
from interscreen.sources.embedded import embedded_table


@pytest.fixture(scope="module")
def embedded(_own_folders):
    return embedded_table()


@pytest.mark.parametrize(
    ("first", "second", "electrolyte"),
    [("AlF3", "Li3PO4", "LATP"), ("Ag", "LiF", "LPSCl"), ("Al", "Al2O3", "LLZO")],
)
def test_every_contact_is_a_reaction_of_its_own(embedded, first, second, electrolyte):
    found = si.Database(embedded).two_layers(first, second, electrolyte)
    layers = [si.lithiate(embedded, one).final_amounts for one in (first, second)]
    one, two = (" + ".join(f"{n:.9f} {name}" for name, n in layer.items()) for layer in layers)
    wanted = [
        ("Li", first), (first, second), (one, second), (one, two), (second, electrolyte),
        (two, electrolyte),
    ]  # fmt: skip
    for contact, sides in zip(found.contacts, wanted, strict=True):
        alone = react(embedded, *sides).min_mutual_energy_eV_per_atom
        assert contact.energy == pytest.approx(alone, abs=1e-8), contact.label
        assert contact.reaction.min_mutual_energy_eV_per_atom == pytest.approx(alone, abs=1e-8)
    direct = react(embedded, one, electrolyte).min_mutual_energy_eV_per_atom
    assert found.without_second.energy == pytest.approx(direct, abs=1e-8)
    bare = react(embedded, "Li", electrolyte).min_mutual_energy_eV_per_atom
    decides = min(found.contacts[3].energy, found.contacts[5].energy)
    assert found.worst.energy == decides
    assert found.gain_eV_per_atom == pytest.approx(decides - bare)


def test_lif_below_silver_keeps_it_off_the_sulfide(embedded):
    """Li3Ag reacts with LPSCl by 409 meV/atom, LiF with neither; Li3PO4 does not outlive Li."""
    found = two_layers(embedded, "Ag", "LiF", "LPSCl")
    assert (found.worst.energy, found.without_second.energy < -0.4) == (0.0, True)
    assert judged_layers(found)["verdict"] == "try"
    assert found.bridge_product == "LiF"
    open_way = replace(found, bridge_product=None, bridge_margin_V=-1.7)  # electrons pass
    assert judged_layers(open_way) == {
        "verdict": "unsure", "verdict_reason": "contact 0 (-85 to 0) meV/atom",
    }  # fmt: skip
    other = two_layers(embedded, "AlF3", "Li3PO4", "LATP")
    assert other.worst.label == "4 Li2O + Li3P | LATP"
    assert judged_layers(other)["verdict"] == "reacts"
    blocked = two_layers(embedded, "Al", "Mo", "LLZO")
    assert not blocked.has_lithium_path
    assert judged_layers(blocked)["verdict"] == "no lithium path"


def test_the_second_layer_decides_as_it_does_alone(embedded):
    """The same material twice is one layer."""
    twice, once = two_layers(embedded, "CuF2", "CuF2", "LATP"), si.stack(embedded, "CuF2", "LATP")
    assert twice.worst.energy == once.layer.energy
    assert twice.contacts[1].energy == 0.0
    assert twice.bridge_margin_V == once.bridge_margin_V
