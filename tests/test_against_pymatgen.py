"""The same questions to pymatgen and to HiGHS, which know nothing of each other.

Conventions of pymatgen's ``InterfacialReactivity`` with ``norm=True``: the mixing ratio is the
atom fraction of the first reactant and energies are per atom, as here; with
``use_hull_energy=True`` its reaction energy is the mutual one, otherwise (both reactants being
phases of negative energy) the total one.  ``GrandPotentialInterfacialReactivity`` counts its
mixing ratio in atoms with Li and its energies per atom without Li.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from interscreen import PhaseTable, lithiate, react, stability_window

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pymatgen")

EXACT = 1e-6  # eV/atom and mixing fraction
KINK = 1e-4  # change of slope [eV/atom] from which both must see a kink


def counts(few, many):
    """Run a test on a few cases, and on many as a proof; the few are among them."""
    return pytest.mark.parametrize("count", [few, pytest.param(many, marks=pytest.mark.proof)])


def pymatgen_curve(table, entries, a, b, hull=True):
    """Phase diagram, mixing fractions and reaction energies [eV/atom] of pymatgen's route."""
    from pymatgen.analysis.interface_reactions import InterfacialReactivity
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    diagram = PhaseDiagram(entries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interface = InterfacialReactivity(
            Composition(a), Composition(b), diagram, norm=True, use_hull_energy=hull
        )
        kinks = sorted((x, energy) for _, x, energy, _, _ in interface.get_kinks())
    return diagram, *np.array(kinks).T


def our_curve(reaction, kind="mutual"):
    x = np.array([kink.mixing_fraction for kink in reaction.kinks])
    return x, np.array([getattr(kink, f"{kind}_energy_eV_per_atom") for kink in reaction.kinks])


def true_kinks(x, energy):
    """Inner points where the slope changes (pymatgen also lists where only the products do)."""
    if len(x) < 3:
        return x[:0]
    slopes = np.diff(energy) / np.diff(x)
    return x[1:-1][np.diff(slopes) > KINK]


def assert_same_curve(ours, theirs):
    """Two piecewise linear curves with the same values at all their points, and the same kinks."""
    (x, energy), (px, penergy) = ours, theirs
    np.testing.assert_allclose(np.interp(px, x, energy), penergy, atol=EXACT, rtol=0)
    np.testing.assert_allclose(np.interp(x, px, penergy), energy, atol=EXACT, rtol=0)
    for one, other in ((true_kinks(x, energy), px), (true_kinks(px, penergy), x)):
        for position in one:
            assert np.abs(other - position).min() < EXACT


def check_pair(table, entries, cheapest, a, b, rng):
    """Compare curve, minimum, reactants and hull energies; returns the minimum."""
    from pymatgen.analysis.phase_diagram import PDEntry
    from pymatgen.core import Composition

    reaction = react(table, a, b)
    diagram, px, mutual = pymatgen_curve(table, entries, a, b)
    assert_same_curve(our_curve(reaction), (px, mutual))
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(mutual.min(), abs=EXACT)
    if reaction.mixing_fraction is not None and reaction.min_mutual_energy_eV_per_atom < -EXACT:
        near = np.abs(px - reaction.mixing_fraction).argmin()
        assert px[near] == pytest.approx(reaction.mixing_fraction, abs=EXACT)
        assert mutual[near] == pytest.approx(mutual.min(), abs=EXACT)
    # reactants
    hulls = []
    for formula, reactant in zip((a, b), reaction.reactants, strict=True):
        composition = Composition(formula)
        entry = PDEntry(composition, reactant["energy_eV_per_atom"] * composition.num_atoms)
        assert reactant["energy_source"] == "phase"
        assert reactant["energy_above_hull_eV_per_atom"] == pytest.approx(
            diagram.get_e_above_hull(entry), abs=EXACT
        )
        hulls.append(reactant["energy_eV_per_atom"] - reactant["energy_above_hull_eV_per_atom"])
        assert hulls[-1] == pytest.approx(diagram.get_hull_energy_per_atom(composition), abs=EXACT)
    # and HiGHS for the hull along the line, from the entries that pymatgen got
    symbols = sorted({e.symbol for entry in entries for e in entry.composition})
    columns = np.array([[e.composition.get_atomic_fraction(s) for e in entries] for s in symbols])
    costs = np.array([entry.energy_per_atom for entry in entries])
    ends = [np.array([Composition(f).get_atomic_fraction(s) for s in symbols]) for f in (a, b)]
    x, energy = our_curve(reaction)
    for t in (0.0, 1.0, *rng.random(2)):
        hull = np.interp(t, x, energy) + t * hulls[0] + (1 - t) * hulls[1]
        exact = cheapest(columns, costs, t * ends[0] + (1 - t) * ends[1])
        assert hull == pytest.approx(exact, abs=EXACT)
    return reaction.min_mutual_energy_eV_per_atom


@counts(60, 240)
def test_random_pairs_of_the_reference_set(reference_all, pd_entries, draw_pairs, cheapest, count):
    rng = np.random.default_rng(0)
    pairs = draw_pairs(reference_all, seed=1, count=count, most=7)
    assert max(len(elements) for _, _, elements in pairs) == 7
    lowest = [
        check_pair(reference_all, pd_entries(reference_all, elements), cheapest, a, b, rng)
        for a, b, elements in pairs
    ]
    assert np.mean(np.array(lowest) < -0.01) > 0.4, "pairs that do nothing would prove little"


@counts(20, 60)
def test_random_pairs_without_the_left_out_phases(
    reference, pd_entries, draw_pairs, cheapest, count
):
    rng = np.random.default_rng(0)
    for a, b, elements in draw_pairs(reference, seed=2, count=count, most=6, with_element="Li"):
        check_pair(reference, pd_entries(reference, elements), cheapest, a, b, rng)


@counts(10, 100)
def test_random_pairs_of_the_full_table(full_table, pd_entries, draw_pairs, cheapest, count):
    rng = np.random.default_rng(0)
    pairs = draw_pairs(full_table, seed=3, count=count, most=6)
    pairs += draw_pairs(full_table, seed=4, count=count, most=6, with_element="Li")
    lowest = [
        check_pair(full_table, pd_entries(full_table, elements), cheapest, a, b, rng)
        for a, b, elements in pairs
    ]
    assert np.mean(np.array(lowest) < -0.01) > 0.4


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Li2O", "LiF"),  # coexisting phases
        ("Li", "CuF2"),  # an element
        ("O2", "Cu"),  # two elements
        ("Li", "Li2O2"),  # collinear with a phase in between
        ("Li2O", "O2"),
        ("LiF", "Li7La3Zr2O12"),  # end points on different faces
        ("Li3PO4", "LiPO3"),
        ("Al2O3", "Li5AlO4"),
        ("TiO2", "Ti3O5"),
    ],
)
def test_degenerate_pairs_agree_with_pymatgen(reference_all, pd_entries, cheapest, a, b):
    from pymatgen.core import Composition

    elements = {e.symbol for f in (a, b) for e in Composition(f)}
    entries = pd_entries(reference_all, elements)
    check_pair(reference_all, entries, cheapest, a, b, np.random.default_rng(0))


def test_phases_exactly_on_a_tie_line_and_twice_in_the_table(make_table, pd_entries, cheapest):
    # Li2O + P2O5: LiPO3 is a mixture of its neighbours to the last digit, Li4P2O7 lies below
    base = {"Li": 0.0, "P": 0.0, "O2": 0.0, "Li2O": -2.0, "P2O5": -2.5, "Li4P2O7": -2.75}
    on_line = (7 * -2.5 + 13 * -2.75) / 20
    table = make_table(
        {**base, "Li4P4O12": on_line, "LiPO3": on_line, "Li3PO4": (3 * -2.0 + 13 * -2.75) / 16}
    )
    entries = pd_entries(table, {"Li", "P", "O"})
    for a, b in [("Li2O", "P2O5"), ("LiPO3", "Li2O"), ("Li3PO4", "P2O5"), ("LiPO3", "Li3PO4")]:
        check_pair(table, entries, cheapest, a, b, np.random.default_rng(0))


@counts(15, 40)
def test_the_total_energy_is_pymatgens_with_the_phases_own_energies(
    reference_all, pd_entries, draw_pairs, count
):
    for a, b, elements in draw_pairs(reference_all, seed=5, count=count, most=6):
        reaction = react(reference_all, a, b)
        entries = pd_entries(reference_all, elements)
        _, x, total = pymatgen_curve(reference_all, entries, a, b, hull=False)
        assert_same_curve(our_curve(reaction, "total"), (x, total))


def test_doped_electrolytes_have_the_hull_energy_of_pymatgen(reference, pd_entries):
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    for name, formula in [
        ("LATP", "Li1.3Al0.3Ti1.7(PO4)3"),
        ("LAGP", "Li1.5Al0.5Ge1.5(PO4)3"),
        ("Li6.4La3Zr1.4Nb0.6O12", "Li6.4La3Zr1.4Nb0.6O12"),
    ]:
        composition = Composition(formula)
        diagram = PhaseDiagram(pd_entries(reference, {e.symbol for e in composition}))
        window = stability_window(reference, name)
        assert window.energy_eV_per_atom == pytest.approx(
            diagram.get_hull_energy_per_atom(composition), abs=EXACT
        )


# -- lithium ------------------------


def profile(diagram, formula):
    """Voltages and Li taken up per formula unit, from the oxidised side down to Li metal."""
    from pymatgen.core import Composition, Element

    lithium = Element("Li")
    reference = diagram.el_refs[lithium].energy_per_atom
    found = diagram.get_element_profile(lithium, Composition(formula))
    return [(reference - float(p["chempot"]), float(p["evolution"])) for p in found]


def check_lithium(table, diagram, formula):
    """Window and lithiation path against pymatgen's element profile of a stable phase."""
    levels = profile(diagram, formula)  # rising voltage, falling Li content
    level = next(i for i, (_, taken) in enumerate(levels) if abs(taken) < 1e-6)
    window = stability_window(table, formula)
    reduction, oxidation = window.phase_window_V
    assert window.assemblage_window_V == window.phase_window_V
    assert reduction == pytest.approx(levels[level][0], abs=EXACT)
    if level + 1 < len(levels):
        assert oxidation == pytest.approx(levels[level + 1][0], abs=EXACT)
    else:
        assert oxidation is None
    path = lithiate(table, formula)
    steps = [(levels[i][0], levels[i - 1][1]) for i in range(level, 0, -1)]
    assert len(path.steps) == len(steps)
    for ours, (voltage, taken) in zip(path.steps, steps, strict=True):
        assert ours.voltage_V == pytest.approx(voltage, abs=EXACT)
        own = path.steps[0].li_per_formula_start
        assert ours.li_per_formula_end - own == pytest.approx(taken, abs=EXACT)


def stable_formulas(table, entries_of, seed, count, most):
    """Seeded stable phases with their phase diagram together with Li."""
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        row = int(rng.choice(np.flatnonzero(table.counted & (table.energies < 0.0))))
        elements = set(table.composition(row)) | {"Li"}
        if len(elements) > most:
            continue
        diagram = PhaseDiagram(entries_of(table, elements))
        formula = str(table.formulas[row])
        names = {entry.composition.reduced_formula for entry in diagram.stable_entries}
        if Composition(formula).reduced_formula in names:
            found.append((formula, diagram))
    return found


@counts(20, 60)
def test_windows_and_paths_of_stable_reference_phases(reference_all, pd_entries, count):
    for formula, diagram in stable_formulas(reference_all, pd_entries, 6, count, 7):
        check_lithium(reference_all, diagram, formula)


@counts(8, 30)
def test_windows_and_paths_of_stable_phases_of_the_full_table(full_table, pd_entries, count):
    for formula, diagram in stable_formulas(full_table, pd_entries, 7, count, 5):
        check_lithium(full_table, diagram, formula)


def test_the_window_is_the_range_of_chemical_potentials_where_the_phase_is_stable(
    reference_all, pd_entries
):
    """A second routine of pymatgen, which walks the chemical potentials and not the hull."""
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition, Element

    for formula in ("Li3PO4", "LiTi2(PO4)3", "Li3PS4", "LiAlO2", "Li3AlF6", "Li2ZrF6"):
        composition = Composition(formula)
        diagram = PhaseDiagram(pd_entries(reference_all, {e.symbol for e in composition}))
        lowest, highest = diagram.get_chempot_range_stability_phase(composition, Element("Li"))[
            Element("Li")
        ]
        window = stability_window(reference_all, formula)
        assert window.phase_window_V[0] == pytest.approx(-highest, abs=EXACT)
        assert window.phase_window_V[1] == pytest.approx(-lowest, abs=EXACT)


# -- open to lithium ------------------------


def check_open_pair(table, entries, cheapest, a, b, potential):
    from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity
    from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PhaseDiagram
    from pymatgen.core import Composition, Element

    first, second = Composition(a), Composition(b)
    lithium = Element("Li")
    opened = GrandPotentialPhaseDiagram(entries, {lithium: -potential})
    interface = GrandPotentialInterfacialReactivity(
        first, second, opened, PhaseDiagram(entries),
        include_no_mixing_energy=False, norm=True, use_hull_energy=True,
    )  # fmt: skip
    kinks = sorted((x, energy) for _, x, energy, _, _ in interface.get_kinks())
    x, energy = np.array(kinks).T
    # theirs: per atom without Li; ours: per atom of both reactants as they are
    kept = [1.0 - c.get_atomic_fraction(lithium) for c in (first, second)]
    energy = energy * (x * kept[0] + (1 - x) * kept[1])
    reaction = react(table, a, b, potential_V=potential)
    assert_same_curve(our_curve(reaction), (x, energy))
    assert reaction.min_mutual_energy_eV_per_atom == pytest.approx(energy.min(), abs=EXACT)
    # HiGHS: grand-potential hull at the minimum and at both ends
    symbols = sorted({e.symbol for entry in entries for e in entry.composition} - {"Li"})
    bound = [entry for entry in entries if entry.composition.reduced_formula != "Li"]
    columns = np.array([[e.composition.get_atomic_fraction(s) for e in bound] for s in symbols])
    costs = np.array(
        [e.energy_per_atom + potential * e.composition.get_atomic_fraction(lithium) for e in bound]
    )
    ends = [np.array([c.get_atomic_fraction(s) for s in symbols]) for c in (first, second)]
    hulls = [cheapest(columns, costs, end) for end in ends]
    for position in (reaction.mixing_fraction or 0.5, 0.3):
        hull = cheapest(columns, costs, position * ends[0] + (1 - position) * ends[1])
        expected = hull - position * hulls[0] - (1 - position) * hulls[1]
        assert np.interp(position, *our_curve(reaction)) == pytest.approx(expected, abs=EXACT)


@counts(8, 30)
@pytest.mark.parametrize("potential", [0.0, 0.25, 2.0, 4.3])
def test_reactions_open_to_lithium(
    reference_all, pd_entries, draw_pairs, cheapest, potential, count
):
    for a, b, elements in draw_pairs(reference_all, seed=8, count=count, most=6):
        entries = pd_entries(reference_all, elements | {"Li"})
        check_open_pair(reference_all, entries, cheapest, a, b, potential)


@counts(3, 10)
def test_reactions_open_to_lithium_on_the_full_table(
    full_table, pd_entries, draw_pairs, cheapest, count
):
    for a, b, elements in draw_pairs(full_table, seed=9, count=count, most=5, with_element="Li"):
        for potential in (0.0, 2.5):
            check_open_pair(full_table, pd_entries(full_table, elements), cheapest, a, b, potential)


# -- entries of the user's own ------------------------


@counts((8, 8, 60), (1000, 40, 943))
def test_total_energies_give_the_same_answers_as_in_pymatgen(shared, count):
    """943 entries of Li-Fe-P-O with corrections: the same file to both."""
    import gzip
    import json

    from monty.json import MontyDecoder
    from pymatgen.analysis.interface_reactions import InterfacialReactivity
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

    path = shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    entries = MontyDecoder().process_decoded(json.loads(gzip.decompress(path.read_bytes())))
    diagram = PhaseDiagram(entries)
    table = PhaseTable.read(path)
    assert table.source.n_rows == len(entries) == 943
    stable = sorted({entry.composition.reduced_formula for entry in diagram.stable_entries})
    compounds = [formula for formula in stable if len(Composition(formula)) > 1]
    assert len(compounds) > 30
    n_lithium, n_pairs, n_above = count
    for formula in compounds[:n_lithium]:
        check_lithium(table, diagram, formula)
    rng = np.random.default_rng(10)
    for _ in range(n_pairs):
        a, b = rng.choice(stable, size=2, replace=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kinks = InterfacialReactivity(
                Composition(a), Composition(b), diagram, norm=True, use_hull_energy=True
            ).get_kinks()
        x, energy = np.array(sorted((k[1], k[2]) for k in kinks)).T
        assert_same_curve(our_curve(react(table, str(a), str(b))), (x, energy))
    # energies above the hull
    ours = {str(f): i for i, f in enumerate(table.formulas)}
    lowest: dict[str, float] = {}
    for entry in entries:
        formula = entry.composition.reduced_formula
        lowest[formula] = min(diagram.get_e_above_hull(entry), lowest.get(formula, np.inf))
    assert set(lowest) == set(ours)
    for formula, above in list(lowest.items())[:n_above]:
        window = stability_window(table, formula)
        assert window.energy_above_hull_eV_per_atom == pytest.approx(above, abs=EXACT)
    assert sum(table.structures) == 943
