"""Open elements and other ions than Li, against pymatgen on the same energies."""

import random

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram
from pymatgen.core import Composition, Element

import interscreen as si
from interscreen.answers.beside import ReservoirError
from interscreen.errors import InputError

REACTANTS = {
    "Li": ["LiCoO2", "LiFePO4", "Li3PS4", "Li2S"],
    "Na": ["NaCoO2", "Na3PS4", "NaCl", "Na2S"],
    "Mg": ["MgCl2", "MgS", "MgAl2O4", "Mg3N2"],
    "O": ["Li2S", "CuS", "Li3N", "FeS2"],
    "F": ["Li2S", "CuO", "Na2S", "Mg3N2"],
    "S": ["Li2O", "CuO", "Na3N", "Cu3N"],
}


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


def cases():
    rng = random.Random(14)
    for number in range(60):
        symbol = list(REACTANTS)[number % 6]
        first, second = rng.sample(REACTANTS[symbol], 2)
        yield pytest.param(symbol, first, second, rng.uniform(0.2, 3.0), id=f"{number} {symbol}")


@pytest.mark.parametrize(("symbol", "first", "second", "low"), cases())
def test_open_elements_agree_with_pymatgen(db, symbol, first, second, low):
    from interscreen.answers.beside import walk_beside
    from interscreen.answers.reactant import prepare

    system, (a, b) = prepare(db.table, [first, second], [symbol])
    walk = walk_beside(
        system, b.fractions, a.fractions - b.fractions,
        at=0.447, low=0.0, high=1.0, potentials={symbol: -low},
    )  # fmt: skip
    entries = db.phase_diagram("-".join(system.elements)).all_entries
    grand = GrandPotentialPhaseDiagram(entries, {Element(symbol): -low})
    for t, energy in zip(walk.t, walk.energy, strict=True):
        fractions = t * a.fractions + (1.0 - t) * b.fractions
        rest = {s: float(n) for s, n in zip(system.elements, fractions, strict=True) if s != symbol}
        expected = grand.get_hull_energy(Composition(rest))
        assert energy == pytest.approx(expected, abs=1e-6)


def test_oxygen_as_an_element_and_as_a_gas_is_the_same(db):
    """Its pressure as that of a reservoir of endless amount, and as a potential."""
    warm = db.at(973.0)
    gas = db.at(973.0, {"O2": 0.2}).reaction("LiCoO2", "LLZO", potential_V=3.0)
    element = warm.reaction("LiCoO2", "LLZO", open_elements={"Li": "3V", "O2": 0.2})
    assert element.equation == gas.equation
    np.testing.assert_allclose(
        [kink.total_energy_eV_per_atom for kink in element.kinks],
        [kink.total_energy_eV_per_atom for kink in gas.kinks],
        atol=1e-7,
    )
    assert element.conditions["open"]["Li"] == -3.0


def test_lithium_as_an_open_element_is_the_potential(db):
    one, other = (
        db.reaction("CuF2", "LATP", 2.0),
        db.reaction("CuF2", "LATP", open_elements={"Li": "2V"}),
    )
    assert one.to_dict()["kinks"] == other.to_dict()["kinks"]


def test_open_elements_that_react_are_refused(db):
    with pytest.raises(ReservoirError, match="react with each other to Li2O"):
        db.at(600.0).reaction("CuO", "ZnO", open_elements={"Li": "1V", "O2": 0.2})


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        ({"O2": 0.2}, "say at which temperature"),
        ({"Li": "much"}, "write its potential"),
        ({"Cu": "1V"}, "opened can be Li Na K"),
        ({"Na": "-1V"}, "give a potential from 0 V"),
    ],
)
def test_what_cannot_be_opened_is_said(db, opened, words):
    with pytest.raises(InputError, match=words):
        db.reaction("CuO", "ZnO", open_elements=opened)


# Gibbs energies of formation at 298 K [eV], NIST-JANAF: NaCl -3.983, MgCl2 -6.134, CuCl2 -1.673
@pytest.mark.parametrize(("ion", "volts"), [("Na", 3.983 - 1.673 / 2), ("Mg", (6.134 - 1.673) / 2)])
def test_conversion_against_another_metal_is_as_measured(embedded, ion, volts):
    found = si.load(energies="anchored").lithiation("CuCl2", ion=ion)
    energy = charge = 0.0
    z = {"Na": 1, "Mg": 2}[ion]
    for step in found.steps:
        taken = min(step.li_per_formula_end, 2.0 / z) - step.li_per_formula_start
        if taken > 0.0:
            energy += z * taken * step.voltage_V
            charge += z * taken
    assert charge == pytest.approx(2.0)
    assert energy / charge == pytest.approx(volts, abs=0.03)


def test_a_window_against_sodium_says_so(db):
    assert db.window("Na3PS4", ion="Na").assemblage_window_V == pytest.approx(
        (1.246, 2.130), abs=1e-3
    )
    found = db.window("Na3PS4")
    assert found.warnings[-1] == (
        "Na3PS4 holds no Li that could be given off; --ion Na asks for Na"
    )


def test_an_ion_that_is_none_is_refused(db):
    with pytest.raises(InputError, match="ion 'Cu': use one of Li Na K Mg Ca Zn Al"):
        db.window("LiF", ion="Cu")
