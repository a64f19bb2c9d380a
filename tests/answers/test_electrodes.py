"""Stacks against other ions and other negative electrodes, held against pymatgen."""

import random

import pytest
from pymatgen.analysis.interface_reactions import InterfacialReactivity
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

import interscreen as si
from interscreen.answers.stacks import stacks
from interscreen.phases.electrode import CHARGES, Electrode, Ion

ELECTROLYTES = {
    "Li": ["Li6PS5Cl", "Li3PS4", "LATP"],
    "Na": ["Na3PS4", "Na3Zr2Si2PO12", "NaSbS2"],
    "K": ["K2SO4", "KAlO2", "K3PS4"],
    "Mg": ["MgB2H8", "MgSc2Se4", "Mg2SiO4"],
}
VOLTS = [0.0, 0.62, -0.2]


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


def cases():
    return [
        pytest.param(
            ion,
            volts,
            id=f"{ion} at {volts} V",
            marks=[] if (ion, volts) in (("Li", 0.62), ("Na", 0.0)) else pytest.mark.proof,
        )
        for ion in ELECTROLYTES
        for volts in VOLTS
    ]


def candidates(table, count=25):
    """Compounds on the hull with elements of batteries, of two or three elements."""
    from interscreen.screen.choose import hull_rows

    allowed = {table.position(s) for s in "Li Na K Mg Al Si P S O F Cl Ti Zn Cu Sn N Fe B".split()}
    rows = [
        row
        for row in hull_rows(table).tolist()
        if 2 <= table.indptr[row + 1] - table.indptr[row] <= 3
        and allowed.issuperset(table.element_index[table.indptr[row] : table.indptr[row + 1]])
    ]
    return [str(table.formulas[row]) for row in random.Random(14).sample(rows, count)]


def of_pymatgen(db, elements, ion, level):
    """The diagram of some elements, with the ion at its level in place of its metal."""
    entries = db.phase_diagram("-".join(sorted(elements))).all_entries
    shifted = [
        PDEntry(e.composition, e.energy + level * e.composition[ion] * (len(e.composition) > 1))
        for e in entries
    ]
    return PhaseDiagram(entries), PhaseDiagram(shifted)


@pytest.mark.parametrize(("ion", "volts"), cases())
def test_every_term_of_a_stack_is_that_of_pymatgen(db, ion, volts):
    """Contacts with the anode, conversion and converted layer of 25 candidates."""
    charge = CHARGES[ion]
    table = db.table.against(Electrode(Ion(ion), volts))
    names = candidates(db.table)
    other = ELECTROLYTES[ion][0]
    numbers = stacks(table, names, [other])
    theirs = Composition("Li6PS5Cl" if other == "Li6PS5Cl" else other)
    for k, name in enumerate(names):
        mine = Composition(name)
        elements = {str(e) for e in (*mine, *theirs)} | {ion}
        closed, beside = of_pymatgen(db, elements, ion, charge * volts)

        def mutual(one, two, diagram):
            if one.reduced_formula == two.reduced_formula:
                return 0.0
            contact = InterfacialReactivity(one, two, diagram, use_hull_energy=True)
            return min(0.0, *(e for _, _, e, *_ in contact.get_kinks()))

        metal = Composition(ion)
        with_anode = numbers.lithium.mutual[k, 0]
        x, shift = mine.get_atomic_fraction(ion), charge * volts
        given_off = beside.get_hull_energy_per_atom(mine) - (
            closed.get_hull_energy_per_atom(mine) + shift * x
        )
        expected = given_off if given_off < -1e-9 else mutual(metal, mine, beside)
        assert with_anode == pytest.approx(expected, abs=1e-6), name
        deposited = numbers.deposited[0, k, 0]
        assert deposited == pytest.approx(mutual(mine, theirs, closed), abs=1e-6), name

        rest = Composition({e: n for e, n in mine.items() if str(e) != ion})
        taken = numbers.lithium.uptake[k, 0]
        if rest:
            # a hair before the metal itself, where every amount of it would be in equilibrium
            grand = GrandPotentialPhaseDiagram(closed.all_entries, {Element(ion): -shift - 1e-9})
            energy = grand.get_hull_energy_per_atom(rest) * (1.0 - x)
            if taken > 0.0:
                gained = charge * taken * numbers.lithium.average_voltage[k, 0]
                there = numbers.lithium.own[k, 0] - gained + shift * (x + taken)
                assert there == pytest.approx(energy, abs=1e-6), name
            found = grand.get_decomposition(rest)
            held = sum(
                amount * e.original_comp[ion] / (e.original_comp.num_atoms - e.original_comp[ion])
                for e, amount in found.items()
            )
            assert x + taken == pytest.approx(held * (1.0 - x), abs=1e-6), name
        layer = Composition(mine / mine.num_atoms, allow_negative=True) + Composition(
            {ion: taken}, allow_negative=True
        )
        assert numbers.layer[0, k, 0] == pytest.approx(mutual(layer, theirs, closed), abs=1e-6)
