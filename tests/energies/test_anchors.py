"""Anchored energies: hand-worked phases, uniqueness, continuity, consistency."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interscreen.energies.anchors import Anchoring, amounts_of, compositions_of
from interscreen.energies.measured import KJ_PER_EV, gases, measured
from interscreen.energies.scale import anchored, on_scale
from interscreen.engine.batch import EVERYBODY, Sparse
from interscreen.errors import InputError
from interscreen.phases.source import ANCHORED


@pytest.fixture(scope="module")
def table(embedded):
    return embedded


@pytest.fixture(scope="module")
def scaled(table):
    return anchored(table)


@pytest.fixture(scope="module")
def anchoring(table):
    return Anchoring(table)


def energy_of(table, formula):
    return float(table.energies[table.find(formula)]) * sum(amounts_of(formula).values())


# Gibbs energies of formation at 298 K, kJ/mol (NIST-JANAF and Bureau of Mines), written out here
# so that a change of the file is noticed
G = {
    "Li2O": -562.1, "La2O3": -1706.0, "ZrO2": -1039.7, "Li2O2": -571.0, "Co3O4": -794.9,
    "CuS": -56.2, "BiF3": -838.2, "K2SO4": -1319.6, "K2O": -322.1, "CaSO4": -1322.2, "CaO": -603.5,
    "MnSO4": -957.7, "MnO": -362.9, "Na3PO4": -1790.7, "Na2O": -379.1, "Mg3(PO4)2": -3502.9,
    "MgO": -568.9, "AlPO4": -1617.9, "Al2O3": -1582.3, "LaPO4": -1781.6,
    "Li2SO4": -1321.1, "Y2O3": -1816.7,
}  # fmt: skip


def worked(table, formula, parts):
    """sum n_i G_i + [E - sum n_i E_i], eV/atom; parts are measured compounds, signed."""
    energy = energy_of(table, formula)
    for name, count in parts.items():
        energy += count * (G[name] / KJ_PER_EV - energy_of(table, name))
    return energy / sum(amounts_of(formula).values())


def by_a_third(*pairs):
    """Mean of salts less their bases: (salt, its number, base, its number), one unit of acid."""
    parts = {}
    for salt, n, base, m in pairs:
        for name, count in ((salt, n), (base, -m)):
            parts[name] = parts.get(name, 0.0) + count / len(pairs)
    return parts


# SO3 of a sulfate: K2SO4 - K2O, CaSO4 - CaO and MnSO4 - MnO, their mean
SULFATE = by_a_third(
    ("K2SO4", 1, "K2O", 1), ("CaSO4", 1, "CaO", 1), ("MnSO4", 1, "MnO", 1)
)  # fmt: skip
# P2O5 of a phosphate: 2 Na3PO4 - 3 Na2O, Mg3(PO4)2 - 3 MgO, 2 AlPO4 - Al2O3, 2 LaPO4 - La2O3
PHOSPHATE = by_a_third(
    ("Na3PO4", 2, "Na2O", 3), ("Mg3(PO4)2", 1, "MgO", 3),
    ("AlPO4", 2, "Al2O3", 1), ("LaPO4", 2, "La2O3", 1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "parts"),
    [
        ("Li7La3Zr2O12", {"Li2O": 3.5, "La2O3": 1.5, "ZrO2": 2.0}),
        # Co(III) lies beyond Co3O4: what oxygen is left over stands with Li as the peroxide
        ("LiCoO2", {"Li2O": 1 / 3, "Li2O2": 1 / 6, "Co3O4": 1 / 3}),
        ("Li3PO4", {"Li2O": 1.5, **{k: v / 2 for k, v in PHOSPHATE.items()}}),
        ("CuS", {"CuS": 1.0}),
        ("Li2SO4", {"Li2SO4": 1.0}),  # a measured salt has its own error, not the group's mean
        ("Y2(SO4)3", {"Y2O3": 1.0, **{k: 3 * v for k, v in SULFATE.items()}}),
        ("BiF3", {"BiF3": 1.0}),
    ],
)
def test_hand_worked(table, scaled, formula, parts):
    found = float(scaled.energies[scaled.find(formula)])
    assert found == pytest.approx(worked(table, formula, parts), abs=0.0006)


def test_what_is_anchored_is_near_what_was_measured(scaled):
    """Enthalpies and entropies that are no part of the data, kJ/mol at 298 K."""
    for formula, gibbs, within in [
        ("LiCoO2", -616.5, 0.02),  # -679.4 (Wang, Navrotsky 2004), S 52.5 J/(K mol)
        ("Li3PO4", -1963.0, 0.06),
        ("Li2SO4", -1321.7, 0.001),
        ("LaAlO3", -1713.0, 0.08),  # -69.6 from the oxides (Cheng, Navrotsky 2003): 65 meV off
    ]:
        atoms = sum(amounts_of(formula).values())
        found = float(scaled.energies[scaled.find(formula)])
        assert found == pytest.approx(gibbs / KJ_PER_EV / atoms, abs=within), formula


def test_anchors_have_their_measured_energies(table, scaled, anchoring):
    for name, (row, figures) in anchoring.known.items():
        if name in {a.name for a in anchoring.columns} and figures.phase == "s" and name != "WF6":
            at = figures.gibbs(298.15) / figures.atoms
            assert float(scaled.energies[row]) == pytest.approx(at, abs=1e-6), name


def test_elements_and_intermetallics_stay(table, scaled):
    for formula in ("Al2Cu", "LiAl", "Li9Al4", "Cu5Zn8", "LiIn"):
        row = table.find(formula)
        assert scaled.energies[row] == pytest.approx(table.energies[row], abs=1e-9)
    single = np.diff(table.indptr) == 1
    assert (scaled.energies[single] == table.energies[single]).all()


def test_lone_pair_fluorides_convert_where_calorimetry_says(scaled):
    for formula, volts in [("BiF3", 3.21), ("SbF3", 3.17), ("PbF2", 2.83), ("SnF2", 2.98)]:
        charge = amounts_of(formula)["F"]
        energy = energy_of(scaled, formula)
        lif = energy_of(scaled, "LiF")
        assert -(charge * lif - energy) / charge == pytest.approx(volts, abs=0.1), formula


def test_gases_are_gases(table, scaled):
    for formula, kj in [("CO2", -394.4), ("NH3", -16.4), ("SO2", -300.1)]:
        atoms = gases()[formula].atoms if formula in gases() else gases()["H3N"].atoms
        row = scaled.find(formula)
        assert float(scaled.energies[row]) * atoms * KJ_PER_EV == pytest.approx(kj, abs=0.5)
    water = scaled.find("H2O")  # the liquid is lower than the gas
    assert float(scaled.energies[water]) * 3 * KJ_PER_EV == pytest.approx(-237.1, abs=0.2)
    hydrate = scaled.find("H3ClO")
    assert table.counted[hydrate]
    assert not scaled.counted[hydrate]
    assert scaled.counted[scaled.find("NH4Cl")]
    assert "H3ClO" not in scaled.left_out_within(["H", "Cl", "O"])  # a rule, not a finding


LINE = [
    ("Li2O", "Co3O4"),
    ("Li2O", "O2"),
    ("LiFePO4", "FePO4"),
    ("Na2SO4", "Na2S"),
    ("CuF2", "LiF"),
]


@given(st.sampled_from(LINE), st.floats(0.0, 1.0), st.floats(1e-9, 1e-6))
@settings(max_examples=60, deadline=None)
def test_no_jump_where_a_composition_crosses_a_line(anchoring, line, share, step):
    def at(x):
        a, b = (amounts_of(name) for name in line)
        sizes = [sum(a.values()), sum(b.values())]
        each = {
            s: x * a.get(s, 0.0) / sizes[0] + (1 - x) * b.get(s, 0.0) / sizes[1] for s in {*a, *b}
        }
        names = anchoring.table.elements
        index = np.array(sorted(names.index(s) for s in each))
        parts = np.array([each[names[i]] for i in index])
        one = Sparse(np.array([0, len(index)]), index, parts, np.array([EVERYBODY]))
        return float(anchoring.shifts(one)[0])

    other = share + step if share < 0.5 else share - step
    assert abs(at(share) - at(other)) < 50.0 * step + 1e-9  # eV/atom: a bounded slope, no jump


def test_shifts_do_not_depend_on_how_a_composition_is_written(anchoring):
    table = anchoring.table
    rows = np.array([table.find("Li2O"), table.find("LiAlO2")])
    alone = [anchoring.shifts(compositions_of(table, rows[[k]]))[0] for k in range(2)]
    assert anchoring.shifts(compositions_of(table, rows)) == pytest.approx(alone, abs=1e-15)


def test_a_table_without_an_anchor_uses_the_mean_of_its_anion(make_table):
    table = make_table({"Li2O": -2.07, "FeO": -1.4, "MnO": -2.0, "CoO": -1.2, "Fe2LiO3": -1.6})
    anchoring = Anchoring(table)
    assert set(anchoring.known) == {"Li2O", "FeO", "MnO", "CoO"}
    assert np.isfinite(anchoring.shifts(compositions_of(table, np.arange(len(table))))).all()


def test_every_phase_of_the_table_is_anchored(table, scaled):
    assert np.isfinite(scaled.energies).all()
    assert scaled.source.scale == ANCHORED
    assert "anchored to calorimetry" in scaled.source.label


def test_scales_are_named(table, scaled):
    assert on_scale(table, "source") is table
    with pytest.raises(InputError, match=r"energies 'anchord': .*anchored"):
        on_scale(table, "anchord")
    with pytest.raises(InputError, match="anchored already"):
        on_scale(scaled, "source")


def test_measured_figures_have_sources():
    assert {one.source for one in measured().values()} <= {
        "NIST-JANAF", "FREED", "enthalpy", "by hand"
    }  # fmt: skip
    calcite = measured()["CaCO3"]
    assert calcite.gibbs(298.15) * KJ_PER_EV == pytest.approx(-1128.8, abs=1.0)
    assert np.isnan(measured()["BiF3"].gibbs(1900.0))  # its table ends before
